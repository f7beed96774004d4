import Air

extension AsterixRecordBuffer {
    /// Category 048, a monoradar target report.
    ///
    ///     | FRN 1 I010 | 2 I140 | 3 I020 | 4 I040 | 5 I070 | 6 I090 | 8 I220 | 9 I240 | 11 I161 | 13 I200 | 19 I110 |
    ///     | 21 I230 |
    ///
    /// - Returns: false when the plot has no range below 256 NM.
    mutating func write048(_ plot: Plot, isSimulated: Bool) -> Bool {
        guard case .polar(let range, let azimuth, _) = plot.measurement, range >= 0, azimuth.isFinite,
            (range / 1852 * 256).rounded() <= 65_535
        else { return false }
        let isModeS = plot.identity.address != nil
        self.item(1)
        self.putSource(plot.sensor)
        self.item(2)
        self.putTime(plot.measuredAt)
        self.item(3)
        // PSR 1, SSR 2, SSR + PSR 3, roll-call 5, roll-call + PSR 7.
        let type =
            switch plot.kind {
            case .primary: 1
            case .combined: isModeS ? 7 : 3
            default: isModeS || plot.kind == .modeS ? 5 : 2
            }
        self.put8(type << 5 | (isSimulated ? 0x10 : 0) | (plot.hasIdentPulse ? 0x04 : 0))
        self.item(4)
        self.put16(Self.units(range, 1852 / 256, 0...65_535))
        self.putDirection(azimuth)
        if let code = plot.identity.mode3A {
            self.item(5)
            self.put16(Int(code.rawValue))
        }
        if let altitude = plot.pressureAltitude {
            self.item(6)
            self.put16(Self.units(altitude, 30.48 / 4, -8192...8191) & 0x3FFF)
        }
        if let address = plot.identity.address {
            self.item(8)
            self.put24(Int(address.rawValue))
        }
        if let callsign = plot.identity.callsign {
            self.item(9)
            self.putCharacters(callsign)
        }
        if let number = plot.sensorTrackNumber, number < 4096 {
            self.item(11)
            self.put16(Int(number))
        }
        if let velocity = plot.velocity {
            self.item(13)
            self.putGroundVector(velocity, max: 65_535)
        }
        if let height = plot.geometricHeight {
            self.item(19)
            self.put16(Self.units(height, 25 * 0.3048, -8192...8191) & 0x3FFF)
        }
        if isModeS {
            // Comm-A and Comm-B; flight status; altitude in steps of 25 ft; identification if it was given.
            let flightStatus = plot.hasIdentPulse ? 5 : plot.isOnGround ? 1 : 0
            self.item(21)
            self.put16(1 << 13 | flightStatus << 10 | 1 << 6 | (plot.identity.callsign == nil ? 0 : 1 << 5))
        }
        return true
    }
}
