import Air
import Geodesy

extension AsterixRecordBuffer {
    /// Category 034, a sector crossing or north marker, with the status if there is news of it.
    ///
    ///     | FRN 1 I010 | 2 I000 | 3 I030 | 4 I020 | 5 I041 | 6 I050 | 11 I120 |
    mutating func write034(_ crossing: SectorCrossing, status: SensorStatus?) {
        let isNorth = crossing.azimuth == 0
        self.item(1)
        self.putSource(crossing.sensor)
        self.item(2)
        self.put8(isNorth ? 1 : 2)
        self.item(3)
        self.putTime(crossing.measuredAt)
        if !isNorth {
            self.item(4)
            self.put8(Self.units(crossing.azimuth, 2 * .pi / 256, 0...256))
        }
        if let period = crossing.period {
            self.item(5)
            self.put16(Self.units(period, 1 / 128, 0...65_535))
        }
        guard let status else { return }
        self.item(6)
        self.put8(0x80)  // the common part only
        self.put8(status.isOperational ? 0 : 0x80)
        guard let site = status.site else { return }
        self.item(11)
        self.put16(Self.units(site.height, 1, -32_768...32_767))
        self.put24(Self.units(site.latitudeDegrees, 180 / 8_388_608, -4_194_304...4_194_304))
        self.put24(Self.units(site.longitudeDegrees, 180 / 8_388_608, -8_388_608...8_388_607))
    }
}
