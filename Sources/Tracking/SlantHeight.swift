import Air
import Geodesy
import Glibc

/// The slant ranges of the tracks that need them: most report a height.
struct SlantPool: Sendable {
    var looks: [SlantLooks] = []
    private var free: [Int32] = []

    /// An empty place.
    mutating func take() -> Int32 {
        if let place = self.free.popLast() {
            self.looks[Int(place)] = SlantLooks()
            return place
        }
        self.looks.append(SlantLooks())
        return Int32(self.looks.count - 1)
    }

    /// Gives a place back; −1 is none.
    mutating func release(_ place: Int32) {
        if place >= 0 { self.free.append(place) }
    }
}

/// The newest slant ranges of a track that reports no height, each of another radar that measures no elevation.
///
/// Three ranges from three places meet in one point: its height is what a track without Mode C lacks. Bearings help with the
/// rest.
struct SlantLooks: Sendable {
    /// 48 octets, a multiple of 16, for the reason given at `TrackerParameters.Motion`.
    struct Look: Sendable {
        var site = -1
        var measuredAt = Timestamp(nanoseconds: .min / 2)
        var range = 0.0
        var azimuth = 0.0
        var rangeVariance = 0.0
        var azimuthVariance = 0.0
    }

    static let count = 4
    /// Looks older than this are not used, seconds.
    static let ageMax = 13.0
    private var looks = InlineArray<4, Look>(repeating: Look())
    private var solvedAt = Timestamp(nanoseconds: .min / 2)

    /// Notes a range in the place of the same radar's last one, or of the oldest.
    mutating func note(_ plot: borrowing PreparedPlot) {
        var place = 0
        for i in 0..<Self.count {
            if self.looks[i].site == plot.site {
                place = i
                break
            }
            if self.looks[i].measuredAt < self.looks[place].measuredAt { place = i }
        }
        self.looks[place] = Look(
            site: plot.site, measuredAt: plot.plot.measuredAt, range: plot.measured.range,
            azimuth: atan2(plot.measured.sinAzimuth, plot.measured.cosAzimuth),
            rangeVariance: plot.measured.rangeVariance,
            azimuthVariance: plot.measured.azimuthVariance)
    }

    /// The height of a track above the ellipsoid by the ranges of three or four radars, once in ten seconds.
    ///
    /// Least squares of (east, north, height) over ranges, and bearings as distances across, of each look moved to one
    /// time with the velocity of the track; its uncertainty enters the ranges: σ² + dt² σv².
    ///
    /// - Returns: metres and m²; nil if there are too few looks or their geometry says nothing.
    mutating func height(
        of state: borrowing TrackState, velocity v: SIMD2<Double>, velocityVariance: Double, at start: SIMD2<Double>,
        _ sites: borrowing [Site]
    ) -> (height: Double, variance: Double)? {
        guard state.time.seconds(since: self.solvedAt) >= 10 else { return nil }
        var fresh = 0
        for i in 0..<Self.count where state.time.seconds(since: self.looks[i].measuredAt) < Self.ageMax { fresh += 1 }
        guard fresh >= 3 else { return nil }
        var p = start, h = state.vertical.height
        var normal = InlineArray<6, Double>(repeating: 0)
        for _ in 0..<4 {
            normal = InlineArray(repeating: 0)
            var right = SIMD3<Double>.zero
            for i in 0..<Self.count {
                let dt = self.looks[i].measuredAt.seconds(since: state.time)
                guard dt > -Self.ageMax else { continue }
                let site = self.looks[i].site
                let place = state.frame.place(p + dt * v, height: h + dt * state.vertical.climb)
                let d = place - sites[site].centre
                let r = dot(d, d).squareRoot()
                let (sinus, cosine) = (sin(self.looks[i].azimuth), cos(self.looks[i].azimuth))
                let beam = sinus * sites[site].east + cosine * sites[site].north
                let aside = cosine * sites[site].east - sinus * sites[site].north
                guard r > 1, dot(d, beam) > 0 else { return nil }
                let drift = dt * dt * velocityVariance
                Self.add(
                    &normal, &right,
                    SIMD3(dot(d, state.frame.east), dot(d, state.frame.north), dot(d, state.frame.up)) / r,
                    self.looks[i].range - r, self.looks[i].rangeVariance + drift)
                Self.add(
                    &normal, &right,
                    SIMD3(dot(aside, state.frame.east), dot(aside, state.frame.north), dot(aside, state.frame.up)),
                    -dot(d, aside), r * r * self.looks[i].azimuthVariance + drift)
            }
            guard let step = Self.solve(normal, right) else { return nil }
            p += SIMD2(step.x, step.y)
            h += step.z
            if abs(step.z) < 1 { break }
        }
        self.solvedAt = state.time
        guard h > -500, h < 25_000, let variance = Self.lastVariance(normal) else { return nil }
        return (h, variance)
    }

    /// Adds a row g of weight 1/σ² to the normal equations; the matrix by its upper triangle.
    @inline(__always) private static func add(
        _ n: inout InlineArray<6, Double>, _ right: inout SIMD3<Double>, _ g: SIMD3<Double>, _ y: Double,
        _ variance: Double
    ) {
        let w = 1 / variance
        n[0] += w * g.x * g.x
        n[1] += w * g.x * g.y
        n[2] += w * g.x * g.z
        n[3] += w * g.y * g.y
        n[4] += w * g.y * g.z
        n[5] += w * g.z * g.z
        right += (w * y) * g
    }

    /// Cofactors of the last row, and the determinant.
    @inline(__always) private static func determinant(_ n: InlineArray<6, Double>) -> Double {
        n[0] * (n[3] * n[5] - n[4] * n[4]) - n[1] * (n[1] * n[5] - n[4] * n[2]) + n[2] * (n[1] * n[4] - n[3] * n[2])
    }

    private static func lastVariance(_ n: InlineArray<6, Double>) -> Double? {
        let variance = (n[0] * n[3] - n[1] * n[1]) / Self.determinant(n)
        return variance.isFinite && variance > 0 ? variance : nil
    }

    private static func solve(_ n: InlineArray<6, Double>, _ b: SIMD3<Double>) -> SIMD3<Double>? {
        let determinant = Self.determinant(n)
        guard determinant > 1e-30 else { return nil }
        let f = 1 / determinant
        let (a, c, d) = (n[3] * n[5] - n[4] * n[4], n[2] * n[4] - n[1] * n[5], n[1] * n[4] - n[2] * n[3])
        let (e, g, h) = (n[0] * n[5] - n[2] * n[2], n[1] * n[2] - n[0] * n[4], n[0] * n[3] - n[1] * n[1])
        let x = SIMD3(a * b.x + c * b.y + d * b.z, c * b.x + e * b.y + g * b.z, d * b.x + g * b.y + h * b.z) * f
        return (x.x + x.y + x.z).isFinite ? x : nil
    }
}
