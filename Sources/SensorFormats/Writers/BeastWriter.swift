public import Air
import Geodesy
import Glibc

/// Writes ADS-B plots as the frames that the aircraft would have sent, in the Beast form that receivers give out.
///
/// For each plot a position (even and odd in turn) and a velocity, and with each fifth the identification. The time of
/// a frame is a counter of 12 MHz that is nought at midnight, UTC.
///
/// - Complexity: no allocation for a frame once the buffer has grown; a small entry for each aircraft ever written.
public struct BeastWriter: Sendable {
    /// Plots that are no airborne position of an aircraft with an address.
    public private(set) var unwritten = 0
    private var bytes: [UInt8] = []
    /// How many plots of an aircraft were written.
    private var counts: [ICAOAddress: UInt8] = [:]

    public init() {}

    /// Adds the frames of a plot.
    public mutating func append(_ plot: Plot) {
        guard plot.kind == .broadcast, !plot.isOnGround, let address = plot.identity.address,
            case .geodetic(let latitude, let longitude, let deviation) = plot.measurement
        else {
            self.unwritten += 1
            return
        }
        let count = self.counts[address, default: 0]
        let place = CompactPosition.Degrees(latitude: latitude * 180 / .pi, longitude: longitude * 180 / .pi)
        guard let compact = CompactPosition(place, isOdd: count % 2 == 1) else {
            self.unwritten += 1
            return
        }
        self.counts[address] = count == 9 ? 0 : count + 1
        self.put(
            Squitter.position(
                compact, altitude: plot.pressureAltitude, deviation: deviation, hasIdentPulse: plot.hasIdentPulse),
            of: address, at: plot.measuredAt)
        if let velocity = plot.velocity {
            var difference: Double?
            if let height = plot.geometricHeight, let altitude = plot.pressureAltitude {
                difference = height - altitude
            }
            self.put(
                Squitter.velocity(velocity, climbRate: plot.climbRate, heightDifference: difference), of: address,
                at: plot.measuredAt)
        }
        if count % 5 == 0, let callsign = plot.identity.callsign {
            self.put(Squitter.identification(callsign), of: address, at: plot.measuredAt)
        }
    }

    /// Hands out the bytes that were written since the last time.
    public mutating func take(_ body: (Span<UInt8>) throws -> Void) rethrows {
        defer { self.bytes.removeAll(keepingCapacity: true) }
        try body(self.bytes.span)
    }

    /// One frame, of middling strength.
    private mutating func put(_ message: UInt64, of address: ICAOAddress, at time: Timestamp) {
        let received = ReceivedModeSFrame(
            frame: Squitter.frame(address: address, message: message), ticks: UInt64(time.secondsOfDay * 12e6),
            signal: 0x80)
        received.appendBeast(to: &self.bytes)
    }
}

/// Extended squitters as aircraft compose them.
///
/// Source: ICAO Annex 10 vol. IV, 3.1.2.8.6; the messages: RTCA DO-260B, 2.2.3.2.
enum Squitter {
    /// Downlink format 17 around a message.
    ///
    ///     | DF 5 = 17 | CA 3 = 5, airborne | AA 24 | ME 56 | PI 24 |
    static func frame(address: ICAOAddress, message: UInt64) -> ModeSFrame {
        let head = UInt64(0x8D00_0000 | address.rawValue)
        return ModeSParity.sealed(
            ModeSFrame(high: head << 32 | message >> 24 & 0xFFFF_FFFF, low: message << 40, isLong: true))
    }

    /// Identification and category, the latter not told.
    ///
    ///     | TC 5 = 4 | category 3 | 8 characters of 6 |
    static func identification(_ callsign: Callsign) -> UInt64 {
        var bits: UInt64 = 4 << 3
        for index in 0..<8 { bits = bits << 6 | (callsign.packed >> (56 - 8 * UInt64(index))) & 0x3F }
        return bits
    }

    /// Airborne position with barometric altitude.
    ///
    ///     | TC 5 | surveillance status 2 | NIC supplement 1 | altitude 12 | T 1 | F 1 | latitude 17 | longitude 17 |
    ///
    /// - Parameters:
    ///   - altitude: metres.
    ///   - deviation: of one axis, metres; chooses the type code.
    static func position(_ compact: CompactPosition, altitude: Double?, deviation: Double, hasIdentPulse: Bool)
        -> UInt64
    {
        // Type 9 with a containment of 7.5 m, 10 of 25 m, 11 of 0.1 NM, 12 of 0.2, 13 of 0.5 (0.6), 14 of 1 NM …
        let category = NavigationAccuracy.position(deviation: deviation)
        let type: UInt64 = category >= 10 ? 10 : category >= 8 ? 11 : category >= 1 ? UInt64(19 - category) : 18
        var bits = type << 3 | (hasIdentPulse ? 3 << 1 : 0)
        bits = bits << 12 | UInt64(Self.altitudeCode(altitude))
        bits = bits << 2 | (compact.isOdd ? 1 : 0)
        bits = bits << 17 | UInt64(compact.latitude)
        return bits << 17 | UInt64(compact.longitude)
    }

    /// Altitude in steps of 25 ft, the Q bit set; nought when there is none or it lies beyond the scale.
    static func altitudeCode(_ altitude: Double?) -> UInt16 {
        guard let altitude else { return 0 }
        let steps = ((altitude / 0.3048 + 1000) / 25).rounded()
        guard steps >= 0, steps < 2048 else { return 0 }
        let code = UInt16(steps)
        return (code & 0x7F0) << 1 | 0x10 | code & 0xF
    }

    /// Velocity over ground.
    ///
    ///     | TC 5 = 19 | subtype 3 | intent 1 | IFR 1 | NACv 3 | west 1 | east–west 10 | south 1 | north–south 10 |
    ///     | source 1 | down 1 | rate 9 | – 2 | below 1 | difference 7 |
    ///
    /// Subtype 1 in knots, 2 (from 1,022 kt) in 4 kt; rate in 64 ft/min; difference of geometric height and altitude in
    /// 25 ft; each is one more than its value, and nought says that there is none.
    static func velocity(_ velocity: Plot.Velocity, climbRate: Double?, heightDifference: Double?) -> UInt64 {
        func steps(_ value: Double, _ unit: Double, max: Double) -> UInt64 {
            let scaled = (abs(value) / unit).rounded()
            return scaled.isNaN ? 0 : UInt64(min(scaled, max)) + 1
        }
        let knot = 1852.0 / 3600
        let isFast = max(abs(velocity.east), abs(velocity.north)) >= 1021.5 * knot
        let unit = isFast ? 4 * knot : knot
        var bits: UInt64 = 19 << 3 | (isFast ? 2 : 1)
        bits = bits << 5 | UInt64(NavigationAccuracy.velocity(deviation: velocity.deviation))
        bits = bits << 11 | (velocity.east < 0 ? 1 << 10 : 0) | steps(velocity.east, unit, max: 1022)
        bits = bits << 11 | (velocity.north < 0 ? 1 << 10 : 0) | steps(velocity.north, unit, max: 1022)
        bits = bits << 1 | 1  // barometric
        if let climbRate {
            bits = bits << 10 | (climbRate < 0 ? 1 << 9 : 0) | steps(climbRate, 64 * 0.3048 / 60, max: 510)
        } else {
            bits <<= 10
        }
        bits <<= 2
        guard let heightDifference else { return bits << 8 }
        return bits << 8 | (heightDifference < 0 ? 1 << 7 : 0) | steps(heightDifference, 25 * 0.3048, max: 126)
    }
}
