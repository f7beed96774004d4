import Air
import Geodesy
import Glibc

/// The filters of a track at one instant.
struct TrackState: Sendable {
    /// The instant that the filters stand at.
    var time: Timestamp
    var frame: TangentFrame
    var mixture: MotionMixture
    var vertical: Vertical

    init(time: Timestamp, frame: TangentFrame, mixture: MotionMixture, vertical: Vertical) {
        self.time = time
        self.frame = frame
        self.mixture = mixture
        self.vertical = vertical
    }

    /// A state moved to the time of a plot, with the plot taken in.
    ///
    /// A plot older than the state is taken in at its own time by a state moved back, with what the target may have done
    /// in between as noise of the plot: an approximation that only the first plots of a track need, as there is no older
    /// state to begin from.
    ///
    /// - Parameter fit: the squared Mahalanobis distance under the likeliest motion, and the log-likelihood.
    @inline(__always) init(
        _ base: borrowing TrackState, taking z: borrowing PreparedPlot, from site: borrowing Site,
        _ k: borrowing TrackerParameters, fit: inout (distance: Double, likelihood: Double)
    ) {
        self = copy base
        let dt = z.plot.measuredAt.seconds(since: self.time)
        fit = self.take(z, after: dt, from: site, k)
        // What the class at work does not foretell, the other one may.
        if self.mixture.rests, fit.distance > k.wakeDistance {
            self = copy base
            self.mixture.wake(k)
            fit = self.take(z, after: dt, from: site, k)
        }
    }

    @inline(__always) private mutating func take(
        _ z: borrowing PreparedPlot, after dt: Double, from site: borrowing Site, _ k: borrowing TrackerParameters
    ) -> (distance: Double, likelihood: Double) {
        if dt >= 0 {
            self.time = z.plot.measuredAt
            self.mixture.advance(dt, k)
        } else {
            self.mixture.shift(dt, k)
        }
        self.vertical.advance(dt, noise: k.climbNoise)
        var sighting = self.vertical.sight(z, from: site, in: self.frame, k)
        if dt < 0 {
            let q = self.mixture.noise(k)
            sighting.planar.noise = sighting.planar.noise + .diagonal(-q * dt * dt * dt / 3)
            sighting.planar.velocityNoise = sighting.planar.velocityNoise + .diagonal(-q * dt)
        }
        let taken = self.mixture.take(sighting.planar, classMin: k.classProbabilityMin)
        if dt < 0 {
            self.mixture.shift(-dt, k)
            self.vertical.advance(-dt, noise: 0)
        }
        return (taken.distance + sighting.distance, taken.likelihood + sighting.likelihood)
    }

    /// Brings the frame's origin below the track once it has moved some kilometres away.
    mutating func recentre(_ k: borrowing TrackerParameters) {
        let p = self.mixture.blended(k).p
        guard dot(p, p) > 3_000 * 3_000 else { return }
        let next = TangentFrame(below: self.frame.place(p, height: self.vertical.height))
        let m = self.frame.rotation(to: next)
        // The place itself becomes the origin, and not the new origin's place in the old plane: at height, under a tilted
        // vertical, these lie metres apart.
        self.mixture.reframe(m, shift: m * p)
        self.frame = next
    }
}

/// The states of all tracks after their newest plots, so that one that comes late can be taken in where it belongs.
///
/// A pool of entries, chained from the newest to the oldest of each track; what lies behind the lag limit is freed as new plots
/// come, but for one state to begin from.
struct TrackHistory: Sendable {
    struct Entry: Sendable {
        var state: TrackState
        /// The plot that led to it.
        var plot: PreparedPlot
    }

    /// What a walk along a chain reads: apart from the entries, which are large.
    private struct Link: Sendable {
        /// Of the entry's state.
        var time: Timestamp
        /// The entry before it, or −1.
        var previous: Int32
    }

    private(set) var entries: [Entry] = []
    private var links: [Link] = []
    private var free: [Int32] = []

    /// How many entries are in use.
    var count: Int { self.entries.count - self.free.count }

    /// Notes a state that follows on `previous` (−1: none).
    mutating func add(_ state: borrowing TrackState, _ plot: borrowing PreparedPlot, after previous: Int32) -> Int32 {
        guard let place = self.free.popLast() else {
            self.entries.append(Entry(state: copy state, plot: copy plot))
            self.links.append(Link(time: state.time, previous: previous))
            return Int32(self.entries.count - 1)
        }
        self.entries[Int(place)].state = copy state
        self.entries[Int(place)].plot = copy plot
        self.links[Int(place)] = Link(time: state.time, previous: previous)
        return place
    }

    /// The entry before one, or −1.
    func previous(_ entry: Int32) -> Int32 { self.links[Int(entry)].previous }

    /// Puts an entry behind another one in its chain.
    mutating func link(_ entry: Int32, to previous: Int32) { self.links[Int(entry)].previous = previous }

    mutating func setState(_ entry: Int32, _ state: borrowing TrackState) {
        self.entries[Int(entry)].state = copy state
        self.links[Int(entry)].time = state.time
    }

    /// The newest entry of a chain that is not newer than an instant; the oldest one if all are.
    func entry(at instant: Timestamp, from newest: Int32) -> Int32 {
        var entry = newest
        while entry >= 0, self.links[Int(entry)].time > instant, self.links[Int(entry)].previous >= 0 {
            entry = self.links[Int(entry)].previous
        }
        return entry
    }

    /// Frees what lies behind the first entry not newer than an instant.
    mutating func trim(_ newest: Int32, to instant: Timestamp) {
        var entry = newest
        while entry >= 0, self.links[Int(entry)].time > instant { entry = self.links[Int(entry)].previous }
        guard entry >= 0 else { return }
        let rest = self.links[Int(entry)].previous
        self.links[Int(entry)].previous = -1
        self.remove(rest)
    }

    /// Frees a chain.
    mutating func remove(_ newest: Int32) {
        var entry = newest
        while entry >= 0 {
            self.free.append(entry)
            entry = self.links[Int(entry)].previous
        }
    }
}
