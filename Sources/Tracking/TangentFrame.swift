import Geodesy
import Glibc

/// East, north and up at a place on the ellipsoid near a track, in Earth-centred axes; the frame in which it is filtered.
///
/// A frame is a tangent plane, so a height above the ellipsoid is the up-component and the drop of the Earth below
/// the plane: h = u + (e² + n²) / 2R. The track's frame follows it within a few kilometres, where that is good to
/// centimetres.
struct TangentFrame {
    /// The origin, on the ellipsoid, metres from the Earth's centre.
    var centre: SIMD3<Double>
    var east: SIMD3<Double>
    var north: SIMD3<Double>
    var up: SIMD3<Double>
    /// Half the curvature of the ellipsoid here, 1/m.
    var halfCurvature: Double

    /// A frame by its origin and the sines and cosines of its latitude and longitude.
    @inline(__always) init(
        centre: SIMD3<Double>, sinLatitude: Double, cosLatitude: Double, sinLongitude: Double, cosLongitude: Double,
        halfCurvature: Double
    ) {
        self.centre = centre
        self.east = SIMD3(-sinLongitude, cosLongitude, 0)
        self.north = SIMD3(-sinLatitude * cosLongitude, -sinLatitude * sinLongitude, cosLatitude)
        self.up = SIMD3(cosLatitude * cosLongitude, cosLatitude * sinLongitude, sinLatitude)
        self.halfCurvature = halfCurvature
    }

    /// The frame below a place given in Earth-centred axes.
    init(below place: SIMD3<Double>) {
        let ground = Ground(below: place)
        let w2 = 1 - WGS84.eccentricitySquared * ground.sinLatitude * ground.sinLatitude
        let n = WGS84.semiMajorAxis / w2.squareRoot()
        let m = n * (1 - WGS84.eccentricitySquared) / w2
        self.init(
            centre: place, sinLatitude: ground.sinLatitude, cosLatitude: ground.cosLatitude,
            sinLongitude: ground.sinLongitude, cosLongitude: ground.cosLongitude, halfCurvature: 0.25 / m + 0.25 / n)
        self.centre -= ground.height * self.up
    }

    /// The Earth-centred place at east and north `p` and height `h`.
    @inline(__always) func place(_ p: SIMD2<Double>, height h: Double) -> SIMD3<Double> {
        let u = h - self.halfCurvature * dot(p, p)
        return self.centre + p.x * self.east + p.y * self.north + u * self.up
    }

    /// East, north and the height above the ellipsoid of an Earth-centred place.
    @inline(__always) func coordinates(of place: SIMD3<Double>) -> (p: SIMD2<Double>, height: Double) {
        let d = place - self.centre
        let p = SIMD2(dot(d, self.east), dot(d, self.north))
        return (p, dot(d, self.up) + self.halfCurvature * dot(p, p))
    }

    /// The rotation of east and north components of this frame into those of another one nearby.
    @inline(__always) func rotation(to other: TangentFrame) -> Matrix2 {
        // Only the turn about the vertical: the tilt between frames kilometres apart is below one part in 10⁶.
        let c = dot(self.east, other.east), s = dot(self.east, other.north)
        let length = (c * c + s * s).squareRoot()
        return length > 0 ? Matrix2(c / length, -s / length, s / length, c / length) : .diagonal(1)
    }
}

/// Geodetic latitude, longitude and height of an Earth-centred place, as sines and cosines.
struct Ground {
    var sinLatitude: Double
    var cosLatitude: Double
    var sinLongitude: Double
    var cosLongitude: Double
    var height: Double

    /// One step of Bowring's formula, without a trigonometric function: below 1 mm up to 100 km of height.
    ///
    /// Source: B. R. Bowring, "The accuracy of geodetic latitude and height equations", Survey Review 28 (1985).
    @inline(__always) init(below place: SIMD3<Double>) {
        let (a, b, e2) = (WGS84.semiMajorAxis, WGS84.semiMinorAxis, WGS84.eccentricitySquared)
        let second = e2 / (1 - e2)
        let p = (place.x * place.x + place.y * place.y).squareRoot()
        let r = (p * p + place.z * place.z).squareRoot()
        // tan β = (b z / a p) (1 + e'² b / r), β the parametric latitude.
        let up = b * place.z * (1 + second * b / max(r, 1)), across = a * p
        let length = max((up * up + across * across).squareRoot(), 1e-300)
        let s = up / length, c = across / length
        let z = place.z + second * b * s * s * s, q = p - e2 * a * c * c * c
        let norm = max((z * z + q * q).squareRoot(), 1e-300)
        self.sinLatitude = z / norm
        self.cosLatitude = q / norm
        self.sinLongitude = p > 0 ? place.y / p : 0
        self.cosLongitude = p > 0 ? place.x / p : 1
        self.height =
            p * self.cosLatitude + place.z * self.sinLatitude
            - a * (1 - e2 * self.sinLatitude * self.sinLatitude).squareRoot()
    }

    /// The same place in radians.
    var geodetic: Geodetic {
        Geodetic(
            latitude: atan2(self.sinLatitude, self.cosLatitude),
            longitude: atan2(self.sinLongitude, self.cosLongitude), height: self.height)
    }
}

extension SIMD3<Double> {
    @inline(__always) init(_ place: Geocentric) { self.init(place.x, place.y, place.z) }
}
