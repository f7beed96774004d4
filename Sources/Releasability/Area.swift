public import Geodesy
internal import Glibc

/// An area of the ellipsoid: a box between parallels and meridians, or a polygon whose sides are geodesics.
public struct Area: Hashable, Sendable {
    /// What cannot be an area.
    public enum Failure: Error, Hashable, Sendable {
        case notFinite
        /// Latitudes are within ±90°, longitudes within ±180°; a polygon keeps 0.1° from the poles.
        case beyondTheGlobe
        /// South must lie below north.
        case upsideDown
        case fewerThanThreeCorners
        /// A side is longer than 5,000 km or has no length: which way it goes cannot be told.
        case side(Int)
        /// It goes around a pole.
        case aroundPole
    }

    /// A side of a polygon: north of it where tan φ > a cos λ + b sin λ.
    struct Side: Hashable, Sendable {
        /// Longitudes east of the area's west, radians.
        var from: Double
        var to: Double
        var a: Double
        var b: Double
    }

    /// The parallels and the meridian that hold it in, radians; `width` goes east from `west`.
    let south: Double
    let north: Double
    let west: Double
    let width: Double
    /// None of a box.
    let sides: [Side]

    /// A box; where `east` is less than `west` it goes over the antimeridian. Its borders belong to it.
    public init(south: Double, west: Double, north: Double, east: Double) throws(Failure) {
        guard south.isFinite, west.isFinite, north.isFinite, east.isFinite else { throw .notFinite }
        guard abs(south) <= .pi / 2, abs(north) <= .pi / 2, abs(west) <= .pi, abs(east) <= .pi else {
            throw .beyondTheGlobe
        }
        guard south < north else { throw .upsideDown }
        self.south = south
        self.north = north
        self.west = west
        self.width = east < west ? east - west + 2 * .pi : east - west
        self.sides = []
    }

    /// A polygon; what lies within an odd number of its turns belongs to it. The last corner joins the first.
    ///
    /// Sides are cut to 100 km, and each piece is taken as a great circle of the corners' normals: within 1 m of the
    /// geodesic.
    public init(corners: [Geodetic]) throws(Failure) {
        guard corners.count >= 3 else { throw .fewerThanThreeCorners }
        for corner in corners {
            guard corner.latitude.isFinite, corner.longitude.isFinite else { throw .notFinite }
            guard abs(corner.latitude) <= 89.9 * .pi / 180, abs(corner.longitude) <= .pi else { throw .beyondTheGlobe }
        }
        var points: [Geodetic] = []
        for (i, corner) in corners.enumerated() {
            let next = corners[(i + 1) % corners.count]
            let line = corner.geodesic(to: next)
            guard line.distance > 0, line.distance <= 5_000_000 else { throw .side(i) }
            let pieces = Int((line.distance / 100_000).rounded(.up))
            points.append(corner)
            for k in 1..<max(pieces, 1) {
                points.append(
                    corner.moved(distance: line.distance * Double(k) / Double(pieces), azimuth: line.azimuth))
            }
        }
        // Longitudes that go on over the antimeridian, and come back to where they began unless a pole is inside.
        var east: [Double] = [points[0].longitude]
        for i in 1...points.count {
            let step = wrappedAngle(points[i % points.count].longitude - points[i - 1].longitude)
            east.append(east[i - 1] + step)
        }
        guard abs(east[points.count] - east[0]) < 1e-6 else { throw .aroundPole }
        let least = east.min() ?? 0, most = east.max() ?? 0
        guard most - least < 2 * .pi, most > least else { throw .aroundPole }
        self.west = wrappedAngle(least)
        self.width = most - least
        // Sides bulge to the poles by no more than 0.01 radians in 100 km: the bounds only save work.
        self.south = max((points.map(\.latitude).min() ?? 0) - 0.01, -.pi / 2)
        self.north = min((points.map(\.latitude).max() ?? 0) + 0.01, .pi / 2)
        self.sides = points.indices.compactMap { i in
            let p = points[i], q = points[(i + 1) % points.count]
            let (from, to) = (min(east[i], east[i + 1]) - least, max(east[i], east[i + 1]) - least)
            guard to > from else { return nil }
            // The plane of both normals: n = p × q.
            let n = Self.cross(Self.normal(p), Self.normal(q))
            guard n.z != 0 else { return nil }
            return Side(from: from, to: to, a: -n.x / n.z, b: -n.y / n.z)
        }
    }

    private static func normal(_ p: Geodetic) -> SIMD3<Double> {
        SIMD3(cos(p.latitude) * cos(p.longitude), cos(p.latitude) * sin(p.longitude), sin(p.latitude))
    }

    private static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }

    /// Whether a place, radians, lies in it. Not a number lies nowhere.
    public func contains(latitude: Double, longitude: Double) -> Bool {
        AreaBounds(self, firstSide: 0).contains(latitude: latitude, longitude: longitude, self.sides.span)
    }
}

/// An area without a reference: its sides stand in a list beside it.
struct AreaBounds: Sendable {
    var south: Double
    var north: Double
    var west: Double
    var width: Double
    var firstSide: Int32
    var sideCount: Int32

    init(_ area: Area, firstSide: Int) {
        self.south = area.south
        self.north = area.north
        self.west = area.west
        self.width = area.width
        self.firstSide = Int32(firstSide)
        self.sideCount = Int32(area.sides.count)
    }

    @inline(__always)
    func contains(latitude: Double, longitude: Double, _ sides: borrowing Span<Area.Side>) -> Bool {
        guard latitude >= self.south, latitude <= self.north else { return false }
        var x = longitude - self.west
        if x < 0 { x += 2 * .pi }
        if x >= 2 * .pi { x -= 2 * .pi }
        guard x >= 0, x <= self.width else { return false }
        return self.sideCount == 0 || self.isInside(x, latitude: latitude, longitude: longitude, sides)
    }

    /// Counts the sides between the place and the north pole.
    private func isInside(
        _ x: Double, latitude: Double, longitude: Double, _ sides: borrowing Span<Area.Side>
    ) -> Bool {
        let (tangent, cosine, sine) = (tan(latitude), cos(longitude), sin(longitude))
        var isInside = false
        for i in Int(self.firstSide)..<Int(self.firstSide + self.sideCount) {
            let side = sides[i]
            if x >= side.from, x < side.to, tangent < side.a * cosine + side.b * sine { isInside.toggle() }
        }
        return isInside
    }
}
