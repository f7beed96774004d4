import Geodesy
import Glibc

/// A place on the ellipsoid in Earth-centred axes, metres, and the vertical there.
struct Place {
    var ground: SIMD3<Double>

    /// Of latitude and longitude; finite numbers.
    @inline(__always) init(sinLatitude: Double, cosLatitude: Double, sinLongitude: Double, cosLongitude: Double) {
        let e2 = WGS84.eccentricitySquared
        let n = WGS84.semiMajorAxis / (1 - e2 * sinLatitude * sinLatitude).squareRoot()
        self.ground = SIMD3(
            n * cosLatitude * cosLongitude, n * cosLatitude * sinLongitude, n * (1 - e2) * sinLatitude)
    }

    init(_ place: Geodetic) {
        self.init(
            sinLatitude: sin(place.latitude), cosLatitude: cos(place.latitude), sinLongitude: sin(place.longitude),
            cosLongitude: cos(place.longitude))
    }

    /// Below a place in the air.
    ///
    /// Down the normal of the ellipsoid at the point below the geocentre's line, good to metres for what flies.
    @inline(__always) init(below place: SIMD3<Double>, height: Double) {
        let (a2, b2) = (WGS84.semiMajorAxis * WGS84.semiMajorAxis, WGS84.semiMinorAxis * WGS84.semiMinorAxis)
        let normal = SIMD3(place.x / a2, place.y / a2, place.z / b2)
        self.ground = place - (height / length(normal)) * normal
    }

    /// The vertical, near enough for differences of heights: the direction from the Earth's centre.
    @inline(__always) var up: SIMD3<Double> { self.ground / length(self.ground) }
}

/// Sine and cosine together, good to 10⁻¹³ for angles below 10³: a plot needs four, and the library's cost more than a rule.
///
/// Taylor's series on −π/4...π/4 after as many quarter turns are taken off.
@inline(__always) func sineCosine(_ angle: Double) -> (Double, Double) {
    let quarters = (angle * (2 / .pi)).rounded()
    let x = angle - quarters * (.pi / 2)
    let x2 = x * x
    let s =
        x
        * (1 + x2
            * (-1 / 6 + x2
                * (1 / 120 + x2
                    * (-1 / 5_040 + x2 * (1 / 362_880 + x2 * (-1 / 39_916_800 + x2 * (1 / 6_227_020_800)))))))
    let c =
        1 + x2
        * (-1 / 2 + x2
            * (1 / 24 + x2
                * (-1 / 720
                    + x2
                    * (1 / 40_320 + x2 * (-1 / 3_628_800 + x2 * (1 / 479_001_600 - x2 * (1 / 87_178_291_200)))))))
    switch Int(quarters) & 3 {
    case 0: return (s, c)
    case 1: return (c, -s)
    case 2: return (-s, -c)
    default: return (-c, s)
    }
}

@inline(__always) func dot(_ x: SIMD3<Double>, _ y: SIMD3<Double>) -> Double { x.x * y.x + x.y * y.y + x.z * y.z }
@inline(__always) func length(_ x: SIMD3<Double>) -> Double { dot(x, x).squareRoot() }
@inline(__always) func length(_ x: SIMD3<Float>) -> Float { (x.x * x.x + x.y * x.y + x.z * x.z).squareRoot() }

/// A plot's place as the rules work with it.
struct Sighting {
    /// On the ellipsoid, Earth-centred, metres.
    var ground: SIMD3<Double>
    /// Reported velocity over ground, Earth-centred, m/s.
    var velocity: SIMD3<Float>?
    /// One standard deviation of the place, m, as far as it is believed; and as it is stated.
    var deviation: Float
    var statedDeviation: Float
    /// One standard deviation of the velocity, m/s.
    var velocityDeviation: Float
    /// Pressure altitude or height, m.
    var height: Double?
    /// When it was measured, nanoseconds; of reception where the stamp is doubted.
    var time: Int64
    /// Slant range of a radar, m; 0 of others.
    var range: Double
    /// Cell of the map, of a geodetic plot.
    var cell: Int32
    /// Whether its sensor can see that far.
    var isWithinReach: Bool
}
