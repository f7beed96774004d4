import Air
import Geodesy

/// What a plot brought to its track, as the filter took it in: the equivalent measurement of the update.
///
/// For a filter of several motions the difference of two blended states is no measurement (a motion that proves right
/// narrows the blend without a plot); each motion by itself gains exactly HᵀR⁻¹H, the same for all: so that is what is kept.
struct TrackGain: Sendable {
    var track: TrackID
    var measuredAt: Timestamp
    var frame: TangentFrame
    var planar: PlanarMeasurement
    /// The height filter at the time of the plot, before and after.
    var before: Vertical
    var after: Vertical
    /// White acceleration noise over all motions, m²/s³.
    var noise: Double
}

/// What tracks gained since the journal was last read, and which have ended.
struct TrackJournal: Sendable {
    var gains: [TrackGain] = []
    var ended: [TrackID] = []
}

extension Tracker {
    /// Keeps, from now on, what each track gains, until a `TrackletMaker` takes it.
    public mutating func keepJournal() { if self.journal == nil { self.journal = TrackJournal() } }

    /// Notes what the plot of a hypothesis brings, in the frame of the state that it follows on.
    mutating func noteGain(_ h: Int) {
        let index = Int(self.hypotheses[h].plot)
        self.history.read(self.hypotheses[h].base, single: true, into: &self.gaining)
        let z = self.slice.span[index].measured
        var vertical = self.gaining.vertical
        vertical.advance(z.measuredAt.seconds(since: self.gaining.time), noise: self.parameters.climbNoise)
        let before = vertical
        let sighting = vertical.sight(z, from: self.sites.span[z.site], in: self.gaining.frame, self.parameters)
        self.journal?.gains.append(
            TrackGain(
                track: self.records[Int(self.hypotheses[h].slot)].track.id, measuredAt: z.measuredAt,
                frame: self.gaining.frame, planar: sighting.planar, before: before, after: vertical,
                noise: self.states[h].mixture.noise(self.parameters)))
    }
}

extension TrackGain {
    /// The gain as a tracklet of one plot, at the place of its frame.
    func tracklet(originator: Nation, epoch: UInt32, from: Timestamp) -> Tracklet {
        var ground = Ground(below: self.frame.centre)
        ground.height = self.after.height
        var t = Tracklet(
            originator: originator, track: self.track, epoch: epoch, sequence: 1, from: min(from, self.measuredAt),
            measuredAt: self.measuredAt, position: ground.geodetic)
        let z = self.planar
        let y = z.noise.inverse
        t.information[0, 0] = y.a
        t.information[0, 1] = y.b
        t.information[1, 0] = y.b
        t.information[1, 1] = y.d
        let p = y * z.position
        (t.vector[0], t.vector[1]) = (p.x, p.y)
        if z.hasVelocity {
            let y = z.velocityNoise.inverse
            t.information[2, 2] = y.a
            t.information[2, 3] = y.b
            t.information[3, 2] = y.b
            t.information[3, 3] = y.d
            let v = y * z.velocity
            (t.vector[2], t.vector[3]) = (v.x, v.y)
        }
        if z.hasRadialSpeed {
            let y = (1 / z.radialSpeedVariance) * outer(z.radial, z.radial)
            t.information[2, 2] += y.a
            t.information[2, 3] += y.b
            t.information[3, 2] += y.c
            t.information[3, 3] += y.d
            t.vector[2] += z.radialSpeed / z.radialSpeedVariance * z.radial.x
            t.vector[3] += z.radialSpeed / z.radialSpeedVariance * z.radial.y
        }
        t.vertical = self.gainOfHeight
        t.accelerationNoise = self.noise
        t.plotCount = 1
        return t
    }

    /// The information of the height filter after the plot less that before: the inverse of a Kalman update.
    ///
    /// P₁⁻¹ − P₀⁻¹, P₁⁻¹ x₁ − P₀⁻¹ x₀; nothing where rounding leaves no positive difference.
    private var gainOfHeight: Tracklet.Vertical {
        var gain = Tracklet.Vertical()
        guard self.after.hh < self.before.hh * (1 - 1e-9) || self.after.cc < self.before.cc * (1 - 1e-9) else {
            return gain
        }
        let a = Matrix2(self.after.hh, self.after.hc, self.after.hc, self.after.cc).inverse
        let b = Matrix2(self.before.hh, self.before.hc, self.before.hc, self.before.cc).inverse
        let y = a - b
        guard y.a >= 0, y.d >= -1e-9 * a.d, y.b.magnitude < 1e9 else { return gain }
        gain.heightInformation = y.a
        gain.climbInformation = max(y.d, 0)
        // Of a height alone the rest is rounding.
        let limit = (y.a * gain.climbInformation).squareRoot()
        gain.crossInformation = min(max(y.b, -limit), limit)
        let x = a * SIMD2(self.after.height, self.after.climb), x0 = b * SIMD2(self.before.height, self.before.climb)
        (gain.heightVector, gain.climbVector) = (x.x - x0.x, x.y - x0.y)
        return gain
    }
}
