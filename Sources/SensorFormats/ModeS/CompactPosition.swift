import Glibc

/// A position as it travels: the lower bits of where it lies within its zone of latitude and of longitude.
///
/// Compact position reporting divides the globe into 60 (even) or 59 (odd) zones of latitude, each into NL or NL − 1
/// of longitude, and sends only the place inside the zone. An even and an odd report together name the zone (global
/// decoding); so does a known place less than half a zone away (local decoding).
///
/// All angles here are degrees, those of the wire's definition.
///
/// Source: RTCA DO-260B, appendix A, A.1.7; C++ and PVS of github.com/nasa/cpr for the cases at the zone's edges.
@frozen public struct CompactPosition: Hashable, Sendable {
    /// Whether the odd grid is used (59 zones of latitude).
    public var isOdd: Bool
    /// The latitude within its zone, in 2⁻ᴺᵇ of a zone.
    public var latitude: UInt32
    /// The longitude within its zone, in 2⁻ᴺᵇ of a zone.
    public var longitude: UInt32

    @inlinable public init(isOdd: Bool, latitude: UInt32, longitude: UInt32) {
        self.isOdd = isOdd
        self.latitude = latitude
        self.longitude = longitude
    }

    /// A latitude and longitude in degrees.
    @frozen public struct Degrees: Hashable, Sendable {
        /// −90...90, north positive.
        public var latitude: Double
        /// −180 ..< 180, east positive.
        public var longitude: Double

        @inlinable public init(latitude: Double, longitude: Double) {
            self.latitude = latitude
            self.longitude = longitude
        }
    }

    /// How many bits the report has, and over what it repeats.
    public enum Coding: UInt8, Hashable, Sendable {
        /// 17 bits in zones of 6°: airborne position; 5.1 m.
        case airborne
        /// 17 bits of 19, in zones of 1.5°: surface position; 1.3 m.
        case surface
        /// 12 bits in zones of 6°: coarse TIS-B position; 163 m.
        case coarse
        /// 14 bits in zones of 6°: trajectory intent.
        case intent

        /// Steps of one zone of the grid, 2ᴺᵇ.
        @inlinable var steps: Double {
            switch self {
            case .airborne, .surface: 131_072
            case .coarse: 4096
            case .intent: 16384
            }
        }
        /// The angle over which the report repeats: all round, or a quarter of it.
        @inlinable var turn: Double { self == .surface ? 90 : 360 }
    }

    // The latitudes, degrees, at which the number of zones of longitude becomes less than 59, 58, … 2:
    // lat = acos √((1 − cos(π / 30)) / (1 − cos(2π / NL))) · 180 / π, and 87 for NL = 2.
    @usableFromInline static let transitions: InlineArray<64, Double> = {
        var latitudes = InlineArray<64, Double>(repeating: .infinity)
        for zones in 2...59 {
            let ratio = (1 - cos(.pi / 30)) / (1 - cos(2 * .pi / Double(zones)))
            latitudes[59 - zones] = zones == 2 ? 87 : acos(ratio.squareRoot()) * 180 / .pi
        }
        return latitudes
    }()

    /// NL, the number of zones of longitude at a latitude: 59 at the equator, 1 beyond 87°.
    ///
    /// - Parameter latitude: degrees; a NaN counts as a pole.
    /// - Complexity: six comparisons.
    ///
    /// Source: RTCA DO-260B, A.1.7.2.d.
    @inlinable public static func longitudeZones(at latitude: Double) -> Int {
        let magnitude = latitude.magnitude
        // How many of the transitions lie at or below the latitude; at exactly 87° there are still two zones.
        var below = 0
        var step = 32
        while step > 0 {
            if below + step <= 58, magnitude >= self.transitions[below + step - 1] { below += step }
            step >>= 1
        }
        if magnitude == 87 { return 2 }
        if !(magnitude <= 90) { return 1 }
        return 59 - below
    }

    @inlinable @inline(__always) static func modulo(_ value: Double, _ divisor: Double) -> Double {
        value - divisor * (value / divisor).rounded(.down)
    }

    /// The longitude of the same direction in −180 ..< 180.
    @inlinable @inline(__always) static func wrapped(_ longitude: Double) -> Double {
        longitude >= -180 && longitude < 180 ? longitude : self.modulo(longitude + 180, 360) - 180
    }

    /// The report of a place.
    ///
    /// YZ = ⌊2ᴺᵇ · mod(lat, Dlat) / Dlat + ½⌋, Rlat = Dlat (YZ / 2ᴺᵇ + ⌊lat / Dlat⌋),
    /// XZ = ⌊2ᴺᵇ · mod(lon, Dlon) / Dlon + ½⌋ with Dlon = 360 / max(NL(Rlat) − i, 1).
    ///
    /// The intent report uses the even grid whatever `isOdd` says.
    ///
    /// - Parameter place: degrees; nil comes back for what is not finite or not on the globe.
    public init?(_ place: Degrees, isOdd: Bool, coding: Coding = .airborne) {
        guard place.latitude.isFinite, place.longitude.isFinite, abs(place.latitude) <= 90 else { return nil }
        let odd = isOdd && coding != .intent
        // A surface report has 19 bits of which 17 are sent.
        let steps = coding == .surface ? 524_288 : coding.steps
        let zones = odd ? 59.0 : 60.0
        // The product before the quotient: exact for an angle that is a multiple of 360/2³².
        let scaled = place.latitude * zones / 360
        let zone = scaled.rounded(.down)
        let latitude = (steps * (scaled - zone) + 0.5).rounded(.down)
        let recovered = 360 * (latitude / steps + zone) / zones
        let columns = Double(max(Self.longitudeZones(at: recovered) - (odd ? 1 : 0), 1))
        let column = place.longitude * columns / 360
        let longitude = (steps * (column - column.rounded(.down)) + 0.5).rounded(.down)
        let mask = UInt32(coding.steps) - 1
        self.init(isOdd: odd, latitude: UInt32(latitude) & mask, longitude: UInt32(longitude) & mask)
    }

    /// The place of this report that lies nearest to a known one.
    ///
    /// True if the known place is less than half a zone away: 180 NM for airborne, 45 NM for surface reports.
    ///
    /// - Parameter reference: degrees.
    /// - Returns: degrees; nil if the latitude comes out beyond a pole.
    /// - Complexity: no allocation.
    ///
    /// Source: RTCA DO-260B, A.1.7.5 and A.1.7.6 (locally unambiguous decoding).
    @inlinable public func decoded(near reference: Degrees, coding: Coding = .airborne) -> Degrees? {
        let odd = self.isOdd && coding != .intent
        let steps = coding.steps
        let dLat = coding.turn / (odd ? 59 : 60)
        let yz = Double(self.latitude) / steps
        let referenceRow = reference.latitude / dLat
        let row = (0.5 + referenceRow - yz).rounded(.down)
        let latitude = dLat * (row + yz)
        guard latitude >= -90, latitude <= 90 else { return nil }
        let dLon = coding.turn / Double(max(Self.longitudeZones(at: latitude) - (odd ? 1 : 0), 1))
        let xz = Double(self.longitude) / steps
        let column = (0.5 + reference.longitude / dLon - xz).rounded(.down)
        return Degrees(latitude: latitude, longitude: Self.wrapped(dLon * (column + xz)))
    }

    /// The place of the newer of an even and an odd report.
    ///
    /// j = ⌊59 YZ₀ − 60 YZ₁ + ½⌋, Rlatᵢ = Dlatᵢ (mod(j, 60 − i) + YZᵢ), m = ⌊XZ₀ (NL − 1) − XZ₁ NL + ½⌋.
    ///
    /// - Parameters:
    ///   - isOddNewer: which one's place is wanted.
    ///   - reference: where the receiver or the aircraft is about, degrees: a surface pair has four (and in longitude
    ///     several) solutions a quarter of the globe apart, of which the nearest is taken. Not used for airborne pairs.
    /// - Returns: degrees; nil if the reports lie in different zones of longitude, the latitude comes out beyond a
    ///   pole, or a surface pair has no reference.
    /// - Complexity: no allocation.
    ///
    /// Source: RTCA DO-260B, A.1.7.7 (airborne) and A.1.7.8 (surface).
    @inlinable public static func decoded(
        even: CompactPosition, odd: CompactPosition, isOddNewer: Bool, coding: Coding = .airborne,
        reference: Degrees? = nil
    ) -> Degrees? {
        let steps = coding.steps
        let turn = coding.turn
        let (y0, y1) = (Double(even.latitude) / steps, Double(odd.latitude) / steps)
        let j = (59 * y0 - 60 * y1 + 0.5).rounded(.down)
        var latitude0 = turn / 60 * (self.modulo(j, 60) + y0)
        var latitude1 = turn / 59 * (self.modulo(j, 59) + y1)
        if coding == .surface {
            // Two candidates, 90° apart: the northern one and that below it.
            guard let reference else { return nil }
            let newest = isOddNewer ? latitude1 : latitude0
            if (newest - 90 - reference.latitude).magnitude < (newest - reference.latitude).magnitude {
                latitude0 -= 90
                latitude1 -= 90
            }
        } else {
            if latitude0 >= 270 { latitude0 -= 360 }
            if latitude1 >= 270 { latitude1 -= 360 }
        }
        guard latitude0.magnitude <= 90, latitude1.magnitude <= 90 else { return nil }
        let zones = self.longitudeZones(at: latitude0)
        guard zones == self.longitudeZones(at: latitude1) else { return nil }
        let nl = Double(zones)
        let (x0, x1) = (Double(even.longitude) / steps, Double(odd.longitude) / steps)
        let m = (x0 * (nl - 1) - x1 * nl + 0.5).rounded(.down)
        let columns = Double(max(zones - (isOddNewer ? 1 : 0), 1))
        var longitude = turn / columns * (self.modulo(m, columns) + (isOddNewer ? x1 : x0))
        if coding == .surface, let reference {
            longitude += 90 * ((reference.longitude - longitude) / 90).rounded(.toNearestOrEven)
        }
        return Degrees(latitude: isOddNewer ? latitude1 : latitude0, longitude: self.wrapped(longitude))
    }
}
