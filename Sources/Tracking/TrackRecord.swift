import Air
import Geodesy
import Glibc

/// One track as the tracker keeps it.
struct TrackRecord: Sendable {
    /// Number, identity, times and contributors; state and covariance are filled in when it is told.
    var track: Track
    /// Its newest state: an entry of the history.
    var newest: Int32 = -1
    /// Logarithm of how much likelier its plots and misses are if it is a target than if they were all false.
    var score: Double
    /// The score it began with.
    var startScore: Double
    var isConfirmed = false
    /// Whether it was confirmed once and has ended for all who are told.
    var hasFaded = false
    /// The radar whose echo it began with, or −1, and where that was: metres, radians.
    var birthSite: Int32 = -1
    var birthRange = 0.0
    var birthAzimuth = 0.0
    /// Where its slant ranges are kept, for want of a height; or −1.
    var slants: Int32 = -1
    /// Tracks that a radar has seen beside this one.
    var apart = Neighbours()
    /// Looks in vain since the last plot.
    var misses = 0
    /// When it was last measured by a reply or a broadcast.
    var repliedAt = Timestamp(nanoseconds: .min)
    /// Key of its identity, or 0; and the next slot that bears the same.
    var key: UInt64 = 0
    var nextOfKey: Int32 = -1
    /// An older track that may be the same aircraft, and for how many sweeps it has been so.
    var twin = TrackID(0)
    var twinSweeps = 0
    /// Whether it waits in the list of what has changed.
    var isTouched = false

    /// The track as it is told, `dt` seconds after the instant of its newest state, which is moved by that.
    func snapshot(_ state: inout TrackState, after dt: Double, _ k: borrowing TrackerParameters) -> Track {
        if dt > 0 { state.mixture.advance(dt, k) } else if dt < 0 { state.mixture.shift(dt, k) }
        if dt != 0 { state.vertical.advance(dt, noise: k.climbNoise) }
        let motion = state.mixture.blended(k)
        let vertical = state.vertical
        let place = state.frame.place(motion.p, height: vertical.height)
        let m = state.frame.rotation(to: TangentFrame(below: place)), t = m.transposed
        let v = m * motion.v
        let pp = m * motion.pp * t, pv = m * motion.pv * t, vv = m * motion.vv * t
        var track = self.track
        track.measuredAt = state.time.advanced(by: dt)
        track.position = Ground(below: place).geodetic
        track.position.height = vertical.height
        track.velocity = EastNorthUp(east: v.x, north: v.y, up: vertical.climb)
        track.covariance = Matrix([
            [pp.a, pp.b, pv.a, pv.b], [pp.b, pp.d, pv.c, pv.d], [pv.a, pv.c, vv.a, vv.b], [pv.b, pv.d, vv.b, vv.d],
        ])
        track.heightVariance = vertical.hh
        track.climbVariance = vertical.cc
        track.status = !self.isConfirmed ? .tentative : self.misses >= k.coastingMisses ? .coasting : .confirmed
        return track
    }
}

/// The last four tracks that were seen beside a track, and when.
struct Neighbours: Sendable {
    private var ids = InlineArray<4, TrackID>(repeating: TrackID(0))
    private var times = InlineArray<4, Timestamp>(repeating: Timestamp(nanoseconds: .min))

    /// When a track was last seen beside this one.
    func time(_ id: TrackID) -> Timestamp? {
        for i in 0..<4 where self.ids[i] == id && self.times[i].nanoseconds != .min { return self.times[i] }
        return nil
    }

    /// Notes a neighbour in the place of the one seen longest ago.
    mutating func note(_ id: TrackID, at instant: Timestamp) {
        var place = 0
        for i in 0..<4 {
            if self.ids[i] == id {
                self.times[i] = max(self.times[i], instant)
                return
            }
            if self.times[i] < self.times[place] { place = i }
        }
        self.ids[place] = id
        self.times[place] = instant
    }
}

/// Where a track is, roughly: what the search for candidates reads.
struct CoarseTrack: Sendable {
    /// Earth-centred, metres and metres per second.
    var place = SIMD3<Double>.zero
    var velocity = SIMD3<Double>.zero
    var time = Timestamp(nanoseconds: 0)
    /// Variance of the place, m², and of the velocity, m²/s².
    var placeVariance = 0.0
    var velocityVariance = 0.0
    /// Metres, and its variance, m².
    var height = 0.0
    var heightVariance = 0.0
    var isLive = false
    var isConfirmed = false

    /// Where it is at another time, and the variance of that.
    @inline(__always) func at(_ instant: Timestamp) -> (place: SIMD3<Double>, variance: Double) {
        let dt = instant.seconds(since: self.time)
        // 20 m/s² in any direction for as long as it was not seen, as one standard deviation at most 3 km.
        let swerve = min(10 * dt * dt, 3_000)
        return (
            self.place + dt * self.velocity, self.placeVariance + dt * dt * self.velocityVariance + swerve * swerve
        )
    }
}

/// A plot held against a track; what the track would be if they belong together has the same place in `states`.
struct Hypothesis: Sendable {
    var plot: Int32
    var slot: Int32
    /// The entry of the history that it follows on.
    var base: Int32
    /// Whether only one motion of the track was looked at.
    var isGlance: Bool
    /// Squared Mahalanobis distance under the likeliest motion.
    var distance: Double
    /// Log-likelihood ratio of belonging together against the plot being false.
    var gain: Double
}
