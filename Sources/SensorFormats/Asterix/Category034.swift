import Air
import Geodesy

/// Monoradar service messages.
///
/// Source: EUROCONTROL-SPEC-0149-2b, category 034, edition 1.29.
enum Category034 {
    static let items = ["010", "030", "000", "020", "041", "050", "120"]
    static let source = 0
    static let time = 1
    static let type = 2
    static let sector = 3
    static let period = 4
    static let status = 5
    static let position = 6
}

extension PlotSink {
    /// One record of category 034: a north marker or sector crossing, and what the radar says of itself.
    ///
    ///     000  1: north marker, 2: sector crossing
    ///     020  8 bits, 360°/2⁸      041  16 bits, 1/128 s
    ///     050  compound: COM | NOGO 1 | …
    ///     120  | height 16 signed, m | latitude 24 signed, 180°/2²³ | longitude likewise |
    mutating func category034(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>,
        _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category034
        let sensor = self.sensor(bytes, at: offsets[Item.source])
        let measuredAt = self.time(bytes, at: offsets[Item.time])
        let type = offsets[Item.type] == 0 ? 0 : bytes[Int(offsets[Item.type])]
        if type == 1 || type == 2 {
            let sector = Int(offsets[Item.sector])
            // A crossing that does not say where is of no use; a north marker needs no sector.
            if type == 1 || sector != 0 {
                let azimuth = type == 1 ? 0 : Double(bytes[sector]) * (2 * .pi / 256)
                let period = Int(offsets[Item.period])
                let seconds = period == 0 ? 0 : Double(bigEndian16(bytes, period)) / 128
                self.reports.append(
                    .sector(
                        SectorCrossing(
                            sensor: sensor, measuredAt: measuredAt, receivedAt: self.receivedAt, azimuth: azimuth,
                            period: seconds > 0 ? seconds : nil)))
                tally.sectors += 1
            }
        }
        var isOperational: Bool?
        let status = Int(offsets[Item.status])
        // COM is the first part: it follows the field specification of the item.
        if status != 0, bytes[status] & 0x80 != 0 {
            var common = status
            while common + 1 < range.upperBound, bytes[common] & 1 != 0 { common += 1 }
            if common + 1 < range.upperBound { isOperational = bytes[common + 1] & 0x80 == 0 }
        }
        let position = Int(offsets[Item.position])
        guard isOperational != nil || position != 0 else { return }
        var report = SensorStatus(
            sensor: sensor, measuredAt: measuredAt, receivedAt: self.receivedAt, isOperational: isOperational ?? true)
        if position != 0 {
            report.site = Geodetic(
                latitude: signed24(bytes, position + 2) * (.pi / 8_388_608),
                longitude: signed24(bytes, position + 5) * (.pi / 8_388_608), height: signed16(bytes, position))
        }
        self.add(report, &tally)
    }
}
