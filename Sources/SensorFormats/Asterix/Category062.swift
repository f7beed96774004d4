import Air
import Geodesy
import Glibc

/// System track data.
///
/// Source: EUROCONTROL-SPEC-0149-9, category 062, edition 1.21.
enum Category062 {
    static let items = [
        "010", "070", "105", "185", "060", "245", "380", "040", "080", "136", "130", "135", "220", "390", "500",
    ]
    static let source = 0
    static let time = 1
    static let position = 2
    static let velocity = 3
    static let mode3A = 4
    static let targetIdentification = 5
    static let aircraftData = 6
    static let trackNumber = 7
    static let status = 8
    static let measuredLevel = 9
    static let geometricAltitude = 10
    static let barometricAltitude = 11
    static let climbRate = 12
    static let flightPlan = 13
    static let accuracy = 14

    /// Slots of the profile that hold the compound items, from 0.
    static let aircraftDataSlot = 10
    static let flightPlanSlot = 20
    static let accuracySlot = 26
    /// One standard deviation of a system track that says nothing of its accuracy, metres.
    static let deviationUnknown = 100.0
    /// One standard deviation of a velocity component that says nothing of its accuracy, metres per second.
    static let velocityDeviationUnknown = 5.0
}

/// System track data before the first release of the category.
///
/// Source: EUROCONTROL, category 062, edition 0.17.
enum Category062Old {
    static let items = ["010", "070", "105", "180", "060", "380", "040", "080", "136", "130", "220", "390"]
    static let source = 0
    static let time = 1
    static let position = 2
    static let velocity = 3
    static let mode3A = 4
    static let modeS = 5
    static let trackNumber = 6
    static let status = 7
    static let measuredLevel = 8
    static let geometricAltitude = 9
    static let climbRate = 10
    static let flightPlan = 11

    /// Slots of the profile that hold the compound items, from 0.
    static let modeSSlot = 18
    static let flightPlanSlot = 20
}

extension PlotSink {
    /// One record of category 062 to a plot.
    ///
    ///     105  latitude and longitude, 32 bits signed each, 180°/2²⁵
    ///     185  Vx (east), Vy (north), 16 bits signed each, 1/4 m/s
    ///     060  | V 1 | G 1 | CH 1 | – | code 12 |
    ///     080  | MON 1 | SPI 1 | … | FX |  | SIM 1 | TSE 1 | … | FX | …
    ///     136  measured FL, 135 | QNH 1 | 15 signed, 1/4 FL |, 130 geometric, 6.25 ft, 220 6.25 ft/min
    ///     380  compound: ADR 24, ID 48, …    390  compound: TAG 16, CSN 7 ASCII, …
    ///     500  compound: APC | X 16, 1/2 m | Y 16 |, COV, APW, AGA, ABA, ATV | X 8, 1/4 m/s | Y 8 |, …
    mutating func category062(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>,
        _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category062
        let end = range.upperBound
        let status = Int(offsets[Item.status])
        var hasIdentPulse = false
        var isOnGround = false
        if status != 0 {
            hasIdentPulse = bytes[status] & 0x40 != 0
            if bytes[status] & 1 != 0 {
                let second = bytes[status + 1]
                guard second & 0x80 == 0 else {
                    tally.testTargets += 1
                    return
                }
                guard second & 0x40 == 0 else {
                    tally.trackEnds += 1
                    return
                }
            }
            // SFC is in the sixth octet (fifth extension), since edition 1.18.
            var octet = 0
            while octet < 5, status + octet < end, bytes[status + octet] & 1 != 0 { octet += 1 }
            if octet == 5, status + 5 < end { isOnGround = bytes[status + 5] & 0x10 != 0 }
        }
        let position = Int(offsets[Item.position])
        guard position != 0 else {
            tally.withoutPosition += 1
            return
        }
        let latitude = signed32(bytes, position) * (.pi / 33_554_432)
        let longitude = signed32(bytes, position + 4) * (.pi / 33_554_432)
        guard isPlace(latitude, longitude) else {
            tally.withoutPosition += 1
            return
        }
        var deviation = Item.deviationUnknown
        var velocityDeviation = Item.velocityDeviationUnknown
        let accuracy = Int(offsets[Item.accuracy])
        if accuracy != 0 {
            let node = layout.node(ofSlot: Item.accuracySlot)
            if let at = layout.part(0, of: node, bytes, from: accuracy, to: end) {
                let x = Double(bigEndian16(bytes, at)) / 2
                let y = Double(bigEndian16(bytes, at + 2)) / 2
                let both = ((x * x + y * y) / 2).squareRoot()
                if both > 0 { deviation = both }
            }
            if let at = layout.part(5, of: node, bytes, from: accuracy, to: end) {
                let x = Double(bytes[at]) / 4
                let y = Double(bytes[at + 1]) / 4
                let both = ((x * x + y * y) / 2).squareRoot()
                if both > 0 { velocityDeviation = both }
            }
        }
        var plot = Plot(
            sensor: self.sensor(bytes, at: offsets[Item.source]), measuredAt: self.time(bytes, at: offsets[Item.time]),
            receivedAt: self.receivedAt, kind: .systemTrack,
            measurement: .geodetic(latitude: latitude, longitude: longitude, deviation: deviation))
        plot.hasIdentPulse = hasIdentPulse
        plot.isOnGround = isOnGround
        let velocity = Int(offsets[Item.velocity])
        if velocity != 0 {
            plot.velocity = Plot.Velocity(
                north: signed16(bytes, velocity + 2) / 4, east: signed16(bytes, velocity) / 4,
                deviation: velocityDeviation)
        }
        let mode3A = Int(offsets[Item.mode3A])
        if mode3A != 0, bytes[mode3A] & 0xC0 == 0 { plot.identity.mode3A = Mode3A(bigEndian16(bytes, mode3A)) }
        let track = Int(offsets[Item.trackNumber])
        if track != 0 { plot.sensorTrackNumber = bigEndian16(bytes, track) }
        let measured = Int(offsets[Item.measuredLevel])
        let barometric = Int(offsets[Item.barometricAltitude])
        if measured != 0 {
            plot.pressureAltitude = signed16(bytes, measured) * Wire.quarterFlightLevel
        } else if barometric != 0, bytes[barometric] & 0x80 == 0 {
            // With the QNH correction it is an altitude above the sea, not a pressure altitude.
            plot.pressureAltitude = signed15(bytes, barometric) * Wire.quarterFlightLevel
        }
        let geometric = Int(offsets[Item.geometricAltitude])
        if geometric != 0 { plot.geometricHeight = signed16(bytes, geometric) * (6.25 * Wire.foot) }
        let climb = Int(offsets[Item.climbRate])
        if climb != 0 { plot.climbRate = signed16(bytes, climb) * Wire.climb }
        let derived = Int(offsets[Item.aircraftData])
        if derived != 0 {
            let node = layout.node(ofSlot: Item.aircraftDataSlot)
            if let at = layout.part(0, of: node, bytes, from: derived, to: end) {
                plot.identity.address = ICAOAddress(bigEndian24(bytes, at))
            }
            if let at = layout.part(1, of: node, bytes, from: derived, to: end) {
                plot.identity.callsign = sixBitCallsign(bytes, at)
            }
        }
        let identification = Int(offsets[Item.targetIdentification])
        // STI 0 and 1: the identification came from the aircraft; otherwise it stands for something else.
        if plot.identity.callsign == nil, identification != 0, bytes[identification] & 0xC0 < 0x80 {
            plot.identity.callsign = sixBitCallsign(bytes, identification + 1)
        }
        let plan = Int(offsets[Item.flightPlan])
        if plot.identity.callsign == nil, plan != 0,
            let at = layout.part(1, of: layout.node(ofSlot: Item.flightPlanSlot), bytes, from: plan, to: end)
        {
            plot.identity.callsign = asciiCallsign(bytes, at, count: 7)
        }
        self.add(plot, &tally)
    }

    /// One record of category 062, edition 0.17, to a plot.
    ///
    ///     105  latitude and longitude, 24 bits signed each, 180°/2²³
    ///     180  | speed 16, 2⁻¹⁴ NM/s | heading 16, 360°/2¹⁶ |
    ///     080  | MON 1 | SPI 1 | … | FX |  | SIM 1 | TSE 1 | … | FX | …
    ///     380  compound: MB repetitive, ADR 24, ID 48, …    390  compound: TAG 16, CSN 7 ASCII, …
    mutating func category062Old(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>,
        _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category062Old
        let end = range.upperBound
        let status = Int(offsets[Item.status])
        var hasIdentPulse = false
        if status != 0 {
            hasIdentPulse = bytes[status] & 0x40 != 0
            let second = bytes[status] & 1 != 0 ? bytes[status + 1] : 0
            guard second & 0x80 == 0 else {
                tally.testTargets += 1
                return
            }
            guard second & 0x40 == 0 else {
                tally.trackEnds += 1
                return
            }
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
        var plot = Plot(
            sensor: self.sensor(bytes, at: offsets[Item.source]), measuredAt: self.time(bytes, at: offsets[Item.time]),
            receivedAt: self.receivedAt, kind: .systemTrack,
            measurement: .geodetic(
                latitude: latitude, longitude: longitude, deviation: Category062.deviationUnknown))
        plot.hasIdentPulse = hasIdentPulse
        let velocity = Int(offsets[Item.velocity])
        if velocity != 0 {
            plot.velocity = groundVelocity(
                speed: Double(bigEndian16(bytes, velocity)) * Wire.groundSpeed,
                track: Double(bigEndian16(bytes, velocity + 2)) * Wire.azimuth16,
                deviation: Category062.velocityDeviationUnknown)
        }
        let mode3A = Int(offsets[Item.mode3A])
        if mode3A != 0 { plot.identity.mode3A = Mode3A(bigEndian16(bytes, mode3A)) }
        let track = Int(offsets[Item.trackNumber])
        if track != 0 { plot.sensorTrackNumber = bigEndian16(bytes, track) & 0x7FFF }
        let level = Int(offsets[Item.measuredLevel])
        if level != 0 { plot.pressureAltitude = signed16(bytes, level) * Wire.quarterFlightLevel }
        let geometric = Int(offsets[Item.geometricAltitude])
        if geometric != 0 { plot.geometricHeight = signed16(bytes, geometric) * (6.25 * Wire.foot) }
        let climb = Int(offsets[Item.climbRate])
        if climb != 0 { plot.climbRate = signed16(bytes, climb) * Wire.climb }
        let modeS = Int(offsets[Item.modeS])
        if modeS != 0 {
            let node = layout.node(ofSlot: Item.modeSSlot)
            if let at = layout.part(1, of: node, bytes, from: modeS, to: end) {
                plot.identity.address = ICAOAddress(bigEndian24(bytes, at))
            }
            if let at = layout.part(2, of: node, bytes, from: modeS, to: end) {
                plot.identity.callsign = sixBitCallsign(bytes, at)
            }
        }
        let plan = Int(offsets[Item.flightPlan])
        if plot.identity.callsign == nil, plan != 0,
            let at = layout.part(1, of: layout.node(ofSlot: Item.flightPlanSlot), bytes, from: plan, to: end)
        {
            plot.identity.callsign = asciiCallsign(bytes, at, count: 7)
        }
        self.add(plot, &tally)
    }
}

/// A velocity from speed (m/s) and track angle (radians from north).
func groundVelocity(speed: Double, track: Double, deviation: Double) -> Plot.Velocity {
    Plot.Velocity(north: speed * cos(track), east: speed * sin(track), deviation: deviation)
}

/// A callsign of ASCII letters, digits and blanks; nil if it is blank or anything else is in it.
func asciiCallsign(_ bytes: Span<UInt8>, _ at: Int, count: Int) -> Callsign? {
    var packed: UInt64 = 0
    for i in 0..<8 {
        let byte = i < count ? bytes[at + i] : 0x20
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x20: break
        default: return nil
        }
        packed = packed << 8 | UInt64(byte)
    }
    return Callsign(packed: packed)
}
