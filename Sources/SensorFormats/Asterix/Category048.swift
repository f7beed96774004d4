import Air
import Geodesy

/// Monoradar target reports.
///
/// Source: EUROCONTROL-SPEC-0149-4, category 048, edition 1.32.
enum Category048 {
    static let items = ["010", "140", "020", "040", "070", "090", "110", "161", "220", "240", "230", "120"]
    static let source = 0
    static let time = 1
    static let descriptor = 2
    static let polar = 3
    static let mode3A = 4
    static let flightLevel = 5
    static let height3D = 6
    static let trackNumber = 7
    static let address = 8
    static let identification = 9
    static let capability = 10
    static let doppler = 11
}

extension PlotSink {
    /// One record of category 048 to a plot.
    ///
    ///     020  | TYP 3 | SIM 1 | RDP 1 | SPI 1 | RAB 1 | FX |  | TST 1 | …
    ///     040  | RHO 16, 1/256 NM | THETA 16, 360°/2¹⁶ |
    ///     070  | V 1 | G 1 | L 1 | – | code 12 |      V: not validated, G: garbled
    ///     090  | V 1 | G 1 | FL 14 signed, 1/4 FL |
    ///     110  | – 2 | height 14 signed, 25 ft |       above mean sea level, taken as height above the ellipsoid
    ///     120  | CAL 1 | RDS 1 | – 5 | FX |  D 1 | – 5 | CAL 10 signed, 1 m/s |    D: doubtful
    ///     230  | COM 3 | STAT 3 | …                    STAT 1 and 3: on the ground; 4 and 5: SPI
    mutating func category048(
        _ bytes: Span<UInt8>, _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category048
        let descriptor = Int(offsets[Item.descriptor])
        var kind = Plot.Kind.secondary
        var hasIdentPulse = false
        if descriptor != 0 {
            let first = bytes[descriptor]
            let isTest = first & 1 != 0 && bytes[descriptor + 1] & 0x80 != 0
            // Simulated, from a fixed field monitor, or a test target.
            guard first & 0b0001_0010 == 0, !isTest else {
                tally.testTargets += 1
                return
            }
            switch first >> 5 {
            case 0:
                tally.withoutPosition += 1
                return
            case 1: kind = .primary
            case 2: kind = .secondary
            case 4, 5: kind = .modeS
            default: kind = .combined
            }
            hasIdentPulse = first & 0b0000_0100 != 0
        }
        let polar = Int(offsets[Item.polar])
        guard polar != 0 else {
            tally.withoutPosition += 1
            return
        }
        var plot = Plot(
            sensor: self.sensor(bytes, at: offsets[Item.source]), measuredAt: self.time(bytes, at: offsets[Item.time]),
            receivedAt: self.receivedAt, kind: kind,
            measurement: .polar(
                range: Double(bigEndian16(bytes, polar)) * (Wire.nauticalMile / 256),
                azimuth: Double(bigEndian16(bytes, polar + 2)) * Wire.azimuth16, elevation: nil))
        plot.hasIdentPulse = hasIdentPulse
        let mode3A = Int(offsets[Item.mode3A])
        if mode3A != 0, bytes[mode3A] & 0xC0 == 0 { plot.identity.mode3A = Mode3A(bigEndian16(bytes, mode3A)) }
        let level = Int(offsets[Item.flightLevel])
        if level != 0, bytes[level] & 0xC0 == 0 {
            plot.pressureAltitude = signed14(bytes, level) * Wire.quarterFlightLevel
        }
        let height = Int(offsets[Item.height3D])
        if height != 0 { plot.geometricHeight = signed14(bytes, height) * (25 * Wire.foot) }
        let track = Int(offsets[Item.trackNumber])
        if track != 0 { plot.sensorTrackNumber = bigEndian16(bytes, track) & 0x0FFF }
        let address = Int(offsets[Item.address])
        if address != 0 { plot.identity.address = ICAOAddress(bigEndian24(bytes, address)) }
        let identification = Int(offsets[Item.identification])
        if identification != 0 { plot.identity.callsign = sixBitCallsign(bytes, identification) }
        let doppler = Int(offsets[Item.doppler])
        // The calculated speed, if it is there and not doubtful.
        if doppler != 0, bytes[doppler] & 0x80 != 0, bytes[doppler + 1] & 0x80 == 0 {
            plot.dopplerSpeed = Double(Int16(bitPattern: bigEndian16(bytes, doppler + 1) << 6) >> 6)
        }
        let capability = Int(offsets[Item.capability])
        if capability != 0 {
            let status = (bytes[capability] >> 2) & 7
            plot.isOnGround = status == 1 || status == 3
            if status == 4 || status == 5 { plot.hasIdentPulse = true }
        }
        self.add(plot, &tally)
    }
}
