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

    /// A state of nothing, to be read into.
    static let none = TrackState(
        time: Timestamp(nanoseconds: 0), frame: TangentFrame(below: SIMD3(WGS84.semiMajorAxis, 0, 0)),
        mixture: MotionMixture(
            Motion(p: .zero, v: .zero, pp: .zero, vv: .zero), agile: 0.5, parameters: TrackerParameters()),
        vertical: Vertical(height: 0, climb: 0, hh: 0, cc: 0))

    init(time: Timestamp, frame: TangentFrame, mixture: MotionMixture, vertical: Vertical) {
        self.time = time
        self.frame = frame
        self.mixture = mixture
        self.vertical = vertical
    }

    /// Moves the state to the time of a plot and takes the plot in.
    ///
    /// A plot older than the state is taken in at its own time by a state moved back, with what the target may have done
    /// in between as noise of the plot: an approximation that only the first plots of a track need, as there is no older
    /// state to begin from.
    ///
    /// - Returns: the squared Mahalanobis distance under the likeliest motion, and the log-likelihood.
    @inline(__always) mutating func take(
        _ z: borrowing Measured, from site: borrowing Site, _ k: borrowing TrackerParameters
    ) -> (distance: Double, likelihood: Double) {
        let dt = z.measuredAt.seconds(since: self.time)
        if dt >= 0 {
            self.time = z.measuredAt
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

    /// As `take`, but what surprises the class of motions at work is held against the other one too.
    @discardableResult
    @inline(__always) mutating func takeOrWake(
        _ z: borrowing Measured, from site: borrowing Site, _ k: borrowing TrackerParameters
    ) -> (distance: Double, likelihood: Double) {
        guard self.mixture.rests else { return self.take(z, from: site, k) }
        let before = copy self
        let fit = self.take(z, from: site, k)
        guard fit.distance > k.wakeDistance else { return fit }
        self = before
        self.mixture.wake(k)
        return self.take(z, from: site, k)
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
