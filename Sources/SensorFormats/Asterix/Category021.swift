import Air
import Geodesy

/// ADS-B target reports, editions 2.x.
///
/// Source: EUROCONTROL-SPEC-0149-12, category 021, edition 2.7.
enum Category021 {
    static let items = [
        "010", "073", "071", "040", "130", "131", "080", "090", "210", "140", "145", "070", "155", "157", "160", "161",
        "170", "200", "077",
    ]
    static let source = 0
    static let timeOfReception = 1
    static let timeOfApplicability = 2
    static let descriptor = 3
    static let position = 4
    static let finePosition = 5
    static let address = 6
    static let quality = 7
    static let version = 8
    static let geometricHeight = 9
    static let flightLevel = 10
    static let mode3A = 11
    static let barometricRate = 12
    static let geometricRate = 13
    static let groundVector = 14
    static let trackNumber = 15
    static let identification = 16
    static let status = 17
    static let timeOfTransmission = 18
}

/// ADS-B target reports, edition 0.23.
///
/// Source: EUROCONTROL, category 021, edition 0.23.
enum Category021Old {
    static let items = [
        "010", "030", "040", "130", "080", "090", "140", "145", "155", "157", "160", "170", "210",
    ]
    static let source = 0
    static let time = 1
    static let descriptor = 2
    static let position = 3
    static let address = 4
    static let quality = 5
    static let geometricHeight = 6
    static let flightLevel = 7
    static let barometricRate = 8
    static let geometricRate = 9
    static let groundVector = 10
    static let identification = 11
}

extension NavigationQuality {
    /// One standard deviation of each axis where nothing is said of the quality: as NACp 7, a tenth of a mile.
    static let unstatedDeviation = 185.2 / ModeSAccuracy.radius95

    /// What I021/090 says, by the version of I021/210 if it is there: one standard deviation of each horizontal axis,
    /// metres, and of each component of velocity, metres per second.
    static func deviations(_ bytes: Span<UInt8>, at offset: Int, version: UInt8?) -> (
        position: Double, velocity: Double
    ) {
        let first = bytes[offset]
        let category = first >> 1 & 15
        let velocity = ModeSAccuracy.velocityRadius(category: first >> 5) / ModeSAccuracy.radius95
        if version == 0 { return (self.deviation(uncertaintyCategory: category), velocity) }
        var quality = NavigationQuality()
        quality.version = version ?? 2
        // Unknown; so it remains where only the NIC is sent.
        quality.accuracyCategory = 0
        if first & 1 != 0 {
            let second = bytes[offset + 1]
            quality.accuracyCategory = second >> 1 & 15
            quality.integrityLevel = second >> 5 & 3
            if second & 1 != 0, version ?? 2 >= 2 { quality.designAssurance = bytes[offset + 2] >> 3 & 3 }
        }
        let containment = ModeSAccuracy.containmentRadius(category: category)
        return (quality.positionDeviation(typeCode: 0, containment: containment), velocity)
    }

    /// One standard deviation of each horizontal axis of a version 0 position, metres, by NUCp.
    static func deviation(uncertaintyCategory category: UInt8) -> Double {
        // Type codes 18 to 9 stand for the categories 0 to 9.
        ModeSAccuracy.positionRadius(typeCode: 18 - min(category, 9)) / ModeSAccuracy.radius95
    }
}

extension PlotSink {
    /// One record of category 021, edition 2.x, to a plot.
    ///
    ///     040  | ATP 3 | ARC 2 | RC 1 | RAB 1 | FX |  | DCR 1 | GBS 1 | SIM 1 | TST 1 | SAA 1 | CL 2 | FX |
    ///     130  latitude and longitude, 24 bits signed each, 180°/2²³      131  32 bits signed each, 180°/2³⁰
    ///     090  | NUCr or NACv 3 | NUCp or NIC 4 | FX |  | NICbaro 1 | SIL 2 | NACp 4 | FX |  | – 2 | SILs 1 | SDA 2 | GVA 2 | FX |
    ///     210  | – | VNS 1 | VN 3 | LTT 3 |          VN 0: DO-260 (NUC), 1: DO-260A, 2: DO-260B (NAC)
    ///     160  | RE 1 | speed 15, 2⁻¹⁴ NM/s | track 16, 360°/2¹⁶ |
    ///     155, 157  | RE 1 | rate 15 signed, 6.25 ft/min |
    ///     145  16 signed, 1/4 FL      140  16 signed, 6.25 ft      200  | … | SS 2 |, 3: SPI
    mutating func category021(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ offsets: borrowing AsterixLayout.Offsets,
        _ tally: inout AsterixTally
    ) {
        typealias Item = Category021
        var isOnGround = false
        let descriptor = Int(offsets[Item.descriptor])
        if descriptor != 0 {
            let first = bytes[descriptor]
            let second = first & 1 != 0 ? bytes[descriptor + 1] : 0
            // From a field monitor; simulated; a test.
            guard first & 0b10 == 0, second & 0b0011_0000 == 0 else {
                tally.testTargets += 1
                return
            }
            isOnGround = second & 0b0100_0000 != 0
        }
        let latitude: Double
        let longitude: Double
        let fine = Int(offsets[Item.finePosition])
        let coarse = Int(offsets[Item.position])
        if fine != 0 {
            latitude = signed32(bytes, fine) * (.pi / 1_073_741_824)
            longitude = signed32(bytes, fine + 4) * (.pi / 1_073_741_824)
        } else if coarse != 0 {
            latitude = signed24(bytes, coarse) * (.pi / 8_388_608)
            longitude = signed24(bytes, coarse + 3) * (.pi / 8_388_608)
        } else {
            tally.withoutPosition += 1
            return
        }
        guard isPlace(latitude, longitude) else {
            tally.withoutPosition += 1
            return
        }
        var deviation = NavigationQuality.unstatedDeviation
        var velocityDeviation = ModeSAccuracy.velocityRadius(category: 0) / ModeSAccuracy.radius95
        let quality = Int(offsets[Item.quality])
        if quality != 0 {
            let version = offsets[Item.version] == 0 ? nil : (bytes[Int(offsets[Item.version])] >> 3) & 7
            (deviation, velocityDeviation) = NavigationQuality.deviations(bytes, at: quality, version: version)
        }
        var time = offsets[Item.timeOfApplicability]
        if time == 0 { time = offsets[Item.timeOfReception] }
        if time == 0 { time = offsets[Item.timeOfTransmission] }
        var plot = Plot(
            sensor: self.sensor(bytes, at: offsets[Item.source]), measuredAt: self.time(bytes, at: time),
            receivedAt: self.receivedAt, kind: .broadcast,
            measurement: .geodetic(latitude: latitude, longitude: longitude, deviation: deviation))
        plot.isOnGround = isOnGround
        let address = Int(offsets[Item.address])
        if address != 0 { plot.identity.address = ICAOAddress(bigEndian24(bytes, address)) }
        let height = Int(offsets[Item.geometricHeight])
        // The most negative and the most positive number say that the height is beyond what fits.
        if height != 0 {
            let raw = signed16(bytes, height)
            if abs(raw) < 32_767 { plot.geometricHeight = raw * (6.25 * Wire.foot) }
        }
        let level = Int(offsets[Item.flightLevel])
        if level != 0 { plot.pressureAltitude = signed16(bytes, level) * Wire.quarterFlightLevel }
        let mode3A = Int(offsets[Item.mode3A])
        if mode3A != 0 { plot.identity.mode3A = Mode3A(bigEndian16(bytes, mode3A)) }
        let barometric = Int(offsets[Item.barometricRate])
        let geometric = Int(offsets[Item.geometricRate])
        if barometric != 0, bytes[barometric] & 0x80 == 0 {
            plot.climbRate = signed15(bytes, barometric) * Wire.climb
        } else if geometric != 0, bytes[geometric] & 0x80 == 0 {
            plot.climbRate = signed15(bytes, geometric) * Wire.climb
        }
        let vector = Int(offsets[Item.groundVector])
        if vector != 0, bytes[vector] & 0x80 == 0 {
            plot.velocity = groundVelocity(
                speed: Double(bigEndian16(bytes, vector)) * Wire.groundSpeed,
                track: Double(bigEndian16(bytes, vector + 2)) * Wire.azimuth16, deviation: velocityDeviation)
        }
        let track = Int(offsets[Item.trackNumber])
        if track != 0 { plot.sensorTrackNumber = bigEndian16(bytes, track) & 0x0FFF }
        let identification = Int(offsets[Item.identification])
        if identification != 0 { plot.identity.callsign = sixBitCallsign(bytes, identification) }
        let status = Int(offsets[Item.status])
        if status != 0 { plot.hasIdentPulse = bytes[status] & 3 == 3 }
        self.add(plot, &tally)
    }

    /// One record of category 021, edition 0.23, to a plot.
    ///
    ///     040  | DCR 1 | GBS 1 | SIM 1 | TST 1 | RAB 1 | SAA 1 | SPI 1 | – |  | ATP 3 | ARC 2 | – 3 |
    ///     090  | … | PA 4 |      a NUCp      160  | speed 16 signed, 2⁻¹⁴ NM/s | track 16 |
    mutating func category021Old(
        _ bytes: Span<UInt8>, _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category021Old
        let descriptor = Int(offsets[Item.descriptor])
        let flags = descriptor == 0 ? 0 : bytes[descriptor]
        guard flags & 0b0011_1000 == 0 else {
            tally.testTargets += 1
            return
        }
        let position = Int(offsets[Item.position])
        guard position != 0 else {
            tally.withoutPosition += 1
            return
        }
        let latitude = signed24(bytes, position) * (.pi / 8_388_608)
        let longitude = signed24(bytes, position + 3) * (.pi / 8_388_608)
        guard isPlace(latitude, longitude) else {
            tally.withoutPosition += 1
            return
        }
        let quality = Int(offsets[Item.quality])
        let deviation =
            quality == 0
            ? NavigationQuality.unstatedDeviation
            : NavigationQuality.deviation(uncertaintyCategory: bytes[quality + 1] & 15)
        var plot = Plot(
            sensor: self.sensor(bytes, at: offsets[Item.source]), measuredAt: self.time(bytes, at: offsets[Item.time]),
            receivedAt: self.receivedAt, kind: .broadcast,
            measurement: .geodetic(latitude: latitude, longitude: longitude, deviation: deviation))
        plot.isOnGround = flags & 0b0100_0000 != 0
        plot.hasIdentPulse = flags & 0b0000_0010 != 0
        let address = Int(offsets[Item.address])
        if address != 0 { plot.identity.address = ICAOAddress(bigEndian24(bytes, address)) }
        let height = Int(offsets[Item.geometricHeight])
        if height != 0 { plot.geometricHeight = signed16(bytes, height) * (6.25 * Wire.foot) }
        let level = Int(offsets[Item.flightLevel])
        if level != 0 { plot.pressureAltitude = signed16(bytes, level) * Wire.quarterFlightLevel }
        let barometric = Int(offsets[Item.barometricRate])
        let geometric = Int(offsets[Item.geometricRate])
        if barometric != 0 {
            plot.climbRate = signed16(bytes, barometric) * Wire.climb
        } else if geometric != 0 {
            plot.climbRate = signed16(bytes, geometric) * Wire.climb
        }
        let vector = Int(offsets[Item.groundVector])
        if vector != 0, bytes[vector] & 0x80 == 0 {
            plot.velocity = groundVelocity(
                speed: Double(bigEndian16(bytes, vector)) * Wire.groundSpeed,
                track: Double(bigEndian16(bytes, vector + 2)) * Wire.azimuth16,
                deviation: ModeSAccuracy.velocityRadius(category: 0) / ModeSAccuracy.radius95)
        }
        let identification = Int(offsets[Item.identification])
        if identification != 0 { plot.identity.callsign = sixBitCallsign(bytes, identification) }
        self.add(plot, &tally)
    }
}

/// Whether it is on the Earth: numbers of foreign bytes may lie beyond the poles.
@inline(__always) func isPlace(_ latitude: Double, _ longitude: Double) -> Bool {
    abs(latitude) <= .pi / 2 && abs(longitude) <= .pi
}
