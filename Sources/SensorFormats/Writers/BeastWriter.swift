public import Air
import Geodesy
import Glibc

/// Writes ADS-B plots as the frames that the aircraft would have sent, in the Beast form that receivers give out.
///
/// For each plot a position (even and odd in turn) and a velocity, and with each fifth the identification. The time of
/// a frame is a counter of 12 MHz that is nought at midnight, UTC.
///
/// - Complexity: no allocation for a frame once the buffer has grown; one small entry for each aircraft ever written.
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
            case .geodetic(let latitude, let longitude, let deviation) = plot.measurement,
            abs(latitude) <= .pi / 2, abs(longitude) <= 2 * .pi
        else {
            self.unwritten += 1
            return
        }
        let count = self.counts[address, default: 0]
        self.counts[address] = count == 9 ? 0 : count + 1
        let position = SquitterFrame.position(
            latitude: latitude * 180 / .pi, longitude: wrappedAngle(longitude) * 180 / .pi,
            altitude: plot.pressureAltitude, deviation: deviation, isOdd: count % 2 == 1,
            hasIdentPulse: plot.hasIdentPulse)
        self.put(SquitterFrame(address: address, message: position), at: plot.measuredAt)
        if let velocity = plot.velocity {
            var difference: Double?
            if let height = plot.geometricHeight, let altitude = plot.pressureAltitude {
                difference = height - altitude
            }
            self.put(
                SquitterFrame(
                    address: address,
                    message: SquitterFrame.velocity(
                        velocity, climbRate: plot.climbRate, heightDifference: difference)), at: plot.measuredAt)
        }
        if count % 5 == 0, let callsign = plot.identity.callsign {
            self.put(
                SquitterFrame(address: address, message: SquitterFrame.identification(callsign)), at: plot.measuredAt)
        }
    }

    /// Hands out the bytes that were written since the last time.
    public mutating func take(_ body: (Span<UInt8>) throws -> Void) rethrows {
        defer { self.bytes.removeAll(keepingCapacity: true) }
        try body(self.bytes.span)
    }

    /// One frame of 14 bytes.
    ///
    ///     | 0x1A | '3' | counter 48 | signal 8 | frame 112 |, each 0x1A after the first doubled
    private mutating func put(_ frame: SquitterFrame, at time: Timestamp) {
        let counter = UInt64(time.secondsOfDay * 12e6)
        self.bytes.append(0x1A)
        self.bytes.append(0x33)
        for index in 0..<6 { self.putEscaped(UInt8(truncatingIfNeeded: counter >> (40 - 8 * UInt64(index)))) }
        self.putEscaped(0x80)
        for index in 0..<4 { self.putEscaped(UInt8(truncatingIfNeeded: frame.head >> (24 - 8 * UInt32(index)))) }
        for index in 0..<7 { self.putEscaped(UInt8(truncatingIfNeeded: frame.message >> (48 - 8 * UInt64(index)))) }
        for index in 0..<3 { self.putEscaped(UInt8(truncatingIfNeeded: frame.parity >> (16 - 8 * UInt32(index)))) }
    }

    private mutating func putEscaped(_ byte: UInt8) {
        self.bytes.append(byte)
        if byte == 0x1A { self.bytes.append(byte) }
    }
}

/// An extended squitter, downlink format 17.
///
///     | DF 5 | CA 3 | AA 24 | ME 56 | PI 24 |
///
/// Source: ICAO Annex 10 vol. IV, 3.1.2.8.6; the messages: RTCA DO-260B, 2.2.3.2.
struct SquitterFrame: Hashable, Sendable {
    /// DF 17, CA 5 (airborne) and the address.
    var head: UInt32
    /// ME, the lower 56 bits.
    var message: UInt64

    init(address: ICAOAddress, message: UInt64) {
        self.head = 0x8D << 24 | address.rawValue
        self.message = message & 0xFF_FFFF_FFFF_FFFF
    }

    /// The remainder of the first 88 bits, by x²⁴ + x²³ + … with the generator 0x1FFF409.
    ///
    /// Source: ICAO Annex 10 vol. IV, 3.1.2.3.3.
    var parity: UInt32 {
        var remainder: UInt32 = 0
        func push(_ byte: UInt8) {
            remainder ^= UInt32(byte) << 16
            for _ in 0..<8 {
                remainder <<= 1
                if remainder & 0x100_0000 != 0 { remainder ^= 0x1FF_F409 }
            }
        }
        for index in 0..<4 { push(UInt8(truncatingIfNeeded: self.head >> (24 - 8 * UInt32(index)))) }
        for index in 0..<7 { push(UInt8(truncatingIfNeeded: self.message >> (48 - 8 * UInt64(index)))) }
        return remainder
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
    ///   - latitude: degrees.
    ///   - longitude: degrees.
    ///   - altitude: metres.
    ///   - deviation: of one axis, metres; chooses the type code.
    static func position(
        latitude: Double, longitude: Double, altitude: Double?, deviation: Double, isOdd: Bool, hasIdentPulse: Bool
    ) -> UInt64 {
        // Type 9 with a containment of 7.5 m, 10 of 25 m, 11 of 0.1 NM, 12 of 0.2, 13 of 0.5 (0.6), 14 of 1 NM …
        let category = NavigationAccuracy.position(deviation: deviation)
        let type: UInt64 = category >= 10 ? 10 : category >= 8 ? 11 : category >= 1 ? UInt64(19 - category) : 18
        let (encodedLatitude, encodedLongitude) = Self.compact(latitude, longitude, isOdd: isOdd)
        var bits = type << 3 | (hasIdentPulse ? 3 << 1 : 0)
        bits = bits << 12 | UInt64(Self.altitudeCode(altitude))
        bits = bits << 2 | (isOdd ? 1 : 0)
        bits = bits << 17 | UInt64(encodedLatitude)
        return bits << 17 | UInt64(encodedLongitude)
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

    /// A position in the compact form of airborne messages, 17 bits each.
    ///
    /// Dlat = 360°/(60 − i), YZ = ⌊2¹⁷ mod(lat, Dlat)/Dlat + ½⌋, Rlat = Dlat (YZ/2¹⁷ + ⌊lat/Dlat⌋),
    /// Dlon = 360°/max(NL(Rlat) − i, 1), XZ likewise; i is 0 for even and 1 for odd.
    ///
    /// Source: RTCA DO-260B, A.1.7.3.
    static func compact(_ latitude: Double, _ longitude: Double, isOdd: Bool) -> (latitude: UInt32, longitude: UInt32) {
        let i = isOdd ? 1.0 : 0
        let scale = 131_072.0
        func part(_ value: Double, of zone: Double) -> (index: Double, zones: Double) {
            let zones = (value / zone).rounded(.down)
            return ((scale * (value - zone * zones) / zone + 0.5).rounded(.down), zones)
        }
        let latitudeZone = 360 / (60 - i)
        let (y, zones) = part(latitude, of: latitudeZone)
        let recovered = latitudeZone * (y / scale + zones)
        let longitudeZone = 360 / max(Self.longitudeZones(recovered) - i, 1)
        let (x, _) = part(longitude, of: longitudeZone)
        return (UInt32(y) & 0x1FFFF, UInt32(x) & 0x1FFFF)
    }

    /// NL: how many zones of longitude there are at a latitude in degrees, 1...59.
    ///
    /// NL = ⌊2π / acos(1 − (1 − cos(π/30)) / cos² lat)⌋
    ///
    /// Source: RTCA DO-260B, A.1.7.2.d.
    static func longitudeZones(_ latitude: Double) -> Double {
        let size = abs(latitude)
        if size < 1e-9 { return 59 }
        if size > 87 { return 1 }
        if size == 87 { return 2 }
        let cosine = cos(size * .pi / 180)
        return (2 * .pi / acos(1 - (1 - cos(.pi / 30)) / (cosine * cosine))).rounded(.down)
    }
}
