import Glibc

/// The ellipsoid of the World Geodetic System 1984.
///
/// Source: NIMA TR8350.2, 3rd ed., table 3.1.
public enum WGS84 {
    /// Semi-major axis a, metres.
    public static let semiMajorAxis = 6_378_137.0
    /// Flattening f, no unit.
    public static let flattening = 1 / 298.257223563
    /// Semi-minor axis b = a (1 − f), metres.
    public static let semiMinorAxis = semiMajorAxis * (1 - flattening)
    /// First eccentricity squared e² = f (2 − f), no unit.
    public static let eccentricitySquared = flattening * (2 - flattening)
}

/// A place on or above the ellipsoid.
@frozen public struct Geodetic: Hashable, Sendable {
    /// Latitude, radians, north positive.
    public var latitude: Double
    /// Longitude, radians, east positive.
    public var longitude: Double
    /// Height above the ellipsoid, metres.
    public var height: Double

    /// A place from radians and metres.
    @inlinable public init(latitude: Double, longitude: Double, height: Double = 0) {
        self.latitude = latitude
        self.longitude = longitude
        self.height = height
    }

    /// A place from degrees and metres.
    @inlinable public init(latitudeDegrees: Double, longitudeDegrees: Double, height: Double = 0) {
        self.init(latitude: latitudeDegrees * .pi / 180, longitude: longitudeDegrees * .pi / 180, height: height)
    }

    /// Latitude in degrees.
    @inlinable public var latitudeDegrees: Double { self.latitude * 180 / .pi }
    /// Longitude in degrees.
    @inlinable public var longitudeDegrees: Double { self.longitude * 180 / .pi }
}

/// A place in Earth-centred, Earth-fixed axes, metres: x to (0°, 0°), z to the north pole.
@frozen public struct Geocentric: Hashable, Sendable {
    public var x: Double
    public var y: Double
    public var z: Double

    @inlinable public init(x: Double, y: Double, z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The straight-line distance, metres.
    @inlinable public func distance(to other: Geocentric) -> Double {
        let (dx, dy, dz) = (self.x - other.x, self.y - other.y, self.z - other.z)
        return (dx * dx + dy * dy + dz * dz).squareRoot()
    }
}

extension Geocentric {
    /// The Earth-centred place of a geodetic one.
    ///
    /// x = (N + h) cos φ cos λ, y = (N + h) cos φ sin λ, z = (N (1 − e²) + h) sin φ, N = a / √(1 − e² sin² φ)
    public init(_ place: Geodetic) {
        let (sinLatitude, cosLatitude) = (sin(place.latitude), cos(place.latitude))
        let n = WGS84.semiMajorAxis / (1 - WGS84.eccentricitySquared * sinLatitude * sinLatitude).squareRoot()
        let radius = (n + place.height) * cosLatitude
        self.init(
            x: radius * cos(place.longitude), y: radius * sin(place.longitude),
            z: (n * (1 - WGS84.eccentricitySquared) + place.height) * sinLatitude)
    }
}

extension Geodetic {
    /// The geodetic place of an Earth-centred one; at the Earth's centre the latitude is taken as 90°.
    ///
    /// Bowring's parametric start and two Newton-like corrections: below 1 µm from −10 km to 1,000 km of height.
    ///
    /// Source: B. R. Bowring, "Transformation from spatial to geographical coordinates", Survey Review 23 (1976).
    public init(_ place: Geocentric) {
        let (a, b, e2) = (WGS84.semiMajorAxis, WGS84.semiMinorAxis, WGS84.eccentricitySquared)
        let secondEccentricitySquared = e2 / (1 - e2)
        let p = (place.x * place.x + place.y * place.y).squareRoot()
        let longitude = p == 0 ? 0 : atan2(place.y, place.x)
        var parametric = atan2(place.z * a, p * b)
        var latitude = 0.0
        for _ in 0..<3 {
            let (s, c) = (sin(parametric), cos(parametric))
            latitude = atan2(place.z + secondEccentricitySquared * b * s * s * s, p - e2 * a * c * c * c)
            parametric = atan2((1 - WGS84.flattening) * sin(latitude), cos(latitude))
        }
        let (s, c) = (sin(latitude), cos(latitude))
        // Of the two ways to the height the one that does not divide by a small number; they agree elsewhere.
        let n = a / (1 - e2 * s * s).squareRoot()
        let height = c > 0.7 ? p / c - n : place.z / s - n * (1 - e2)
        self.init(latitude: latitude, longitude: longitude, height: height)
    }
}
