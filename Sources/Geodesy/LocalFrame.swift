import Glibc

/// A straight-line displacement in a local frame, metres: east, north, up.
@frozen public struct EastNorthUp: Hashable, Sendable {
    public var east: Double
    public var north: Double
    public var up: Double

    @inlinable public init(east: Double, north: Double, up: Double) {
        self.east = east
        self.north = north
        self.up = up
    }
}

/// What a radar measures of a place: slant range, azimuth, elevation, seen from the radar.
@frozen public struct Polar: Hashable, Sendable {
    /// The straight-line distance, metres.
    public var range: Double
    /// Clockwise from true north, radians, in [0, 2π).
    public var azimuth: Double
    /// Above the horizontal plane of the radar, radians.
    public var elevation: Double

    @inlinable public init(range: Double, azimuth: Double, elevation: Double) {
        self.range = range
        self.azimuth = azimuth
        self.elevation = elevation
    }
}

extension Polar {
    /// The polar form of a displacement.
    public init(_ d: EastNorthUp) {
        let ground = (d.east * d.east + d.north * d.north).squareRoot()
        let azimuth = atan2(d.east, d.north)
        self.init(
            range: (ground * ground + d.up * d.up).squareRoot(),
            azimuth: azimuth < 0 ? azimuth + 2 * .pi : azimuth, elevation: atan2(d.up, ground))
    }
}

extension EastNorthUp {
    /// The displacement of a polar measurement.
    public init(_ p: Polar) {
        let ground = p.range * cos(p.elevation)
        self.init(east: ground * sin(p.azimuth), north: ground * cos(p.azimuth), up: p.range * sin(p.elevation))
    }
}

/// A right-handed tangent frame: east, north, and up along the ellipsoid's normal at its origin.
///
/// The conversions are exact: no flat Earth, no effective radius, no refraction.
@frozen public struct LocalFrame: Sendable {
    /// The origin.
    public let origin: Geodetic
    /// The origin in Earth-centred axes, metres.
    public let centre: Geocentric
    /// Rows east, north, up, in Earth-centred axes.
    public let axes: Matrix<3, 3>

    /// The frame at `origin`.
    public init(origin: Geodetic) {
        self.origin = origin
        self.centre = Geocentric(origin)
        let (sLat, cLat) = (sin(origin.latitude), cos(origin.latitude))
        let (sLon, cLon) = (sin(origin.longitude), cos(origin.longitude))
        self.axes = Matrix([[-sLon, cLon, 0], [-sLat * cLon, -sLat * sLon, cLat], [cLat * cLon, cLat * sLon, sLat]])
    }

    /// The displacement of a place from the origin, in this frame.
    @inlinable public func displacement(of place: Geocentric) -> EastNorthUp {
        let (x, y, z) = (place.x - self.centre.x, place.y - self.centre.y, place.z - self.centre.z)
        return EastNorthUp(
            east: self.axes[0, 0] * x + self.axes[0, 1] * y + self.axes[0, 2] * z,
            north: self.axes[1, 0] * x + self.axes[1, 1] * y + self.axes[1, 2] * z,
            up: self.axes[2, 0] * x + self.axes[2, 1] * y + self.axes[2, 2] * z)
    }

    /// The place at a displacement from the origin.
    @inlinable public func place(at d: EastNorthUp) -> Geocentric {
        Geocentric(
            x: self.centre.x + self.axes[0, 0] * d.east + self.axes[1, 0] * d.north + self.axes[2, 0] * d.up,
            y: self.centre.y + self.axes[0, 1] * d.east + self.axes[1, 1] * d.north + self.axes[2, 1] * d.up,
            z: self.centre.z + self.axes[0, 2] * d.east + self.axes[1, 2] * d.north + self.axes[2, 2] * d.up)
    }

    /// The displacement of a geodetic place.
    public func displacement(of place: Geodetic) -> EastNorthUp { self.displacement(of: Geocentric(place)) }

    /// The rotation that takes this frame's east, north, up components into those of `other`.
    @inlinable public func rotation(to other: LocalFrame) -> Matrix<3, 3> { other.axes.timesTransposed(self.axes) }

    /// The straight line at which a target of known height above the ellipsoid is seen at a slant range.
    ///
    /// The elevation is such that the place at (range, azimuth, elevation) has the height; solved by a secant
    /// iteration on the exact ellipsoid that stops at 1 mm.
    ///
    /// - Parameters:
    ///   - range: slant range, metres.
    ///   - azimuth: radians from true north.
    ///   - height: of the target above the ellipsoid, metres.
    /// - Returns: the place, with the asked height where one exists on the beam; a target that stands lower or higher
    ///   than the range can reach is put straight below or above the radar.
    public func place(range: Double, azimuth: Double, height: Double) -> Geocentric {
        let (sinAzimuth, cosAzimuth) = (sin(azimuth), cos(azimuth))
        // Sphere of the radius of curvature in the direction of the beam: good to metres, then corrected.
        let sLat = sin(self.origin.latitude)
        let w2 = 1 - WGS84.eccentricitySquared * sLat * sLat
        let n = WGS84.semiMajorAxis / w2.squareRoot()
        let m = n * (1 - WGS84.eccentricitySquared) / w2
        let radius = 1 / (cosAzimuth * cosAzimuth / m + sinAzimuth * sinAzimuth / n) + self.origin.height
        func up(for height: Double) -> Double {
            let rise = height - self.origin.height
            let up = (rise * (2 * radius + rise) - range * range) / (2 * radius)
            return min(max(up, -range), range)
        }
        func place(up: Double) -> Geocentric {
            let ground = max(range * range - up * up, 0).squareRoot()
            return self.place(at: EastNorthUp(east: ground * sinAzimuth, north: ground * cosAzimuth, up: up))
        }
        var asked = height
        var result = place(up: up(for: asked))
        for _ in 0..<6 {
            let error = height - Geodetic(result).height
            guard abs(error) > 1e-3 else { break }
            asked += error
            result = place(up: up(for: asked))
        }
        return result
    }
}
