public import Air
import Geodesy
import Glibc

/// How far a partner's places and clock lie from those of the nation whose picture it is, found on the tracks that both see.
///
/// State (east, north, clock): metres and seconds, a slow Kalman filter on the innovations of the partner's tracklets,
///
/// ν = z − p̂ = b − v τ + e, e ~ (0, f (P + R)),
///
/// z the tracklet's place, p̂ and v those that the picture foretells for its time stamp. What is found is applied once it
/// is significant, and then the filter goes on with what is left: as the picture had taken in a part of the error, that
/// comes out by and by.
///
/// Source: Y. Bar-Shalom, P. K. Willett, X. Tian, "Tracking and Data Fusion" (2011), 10 (registration between platforms).
public struct NationRegistration: Sendable {
    /// The partner.
    public let nation: Nation
    /// East and north, metres, that the partner's places lie too far; seconds that its clock is fast.
    public private(set) var offset: (east: Double, north: Double, clock: Double) = (0, 0, 0)
    /// Whether the places, and whether the clock, are corrected.
    public private(set) var correctsPlace = false
    public private(set) var correctsClock = false
    /// How many innovations were looked at.
    public private(set) var looks = 0

    private var covariance = Matrix<3, 3>.zero
    private var updatedAt: Timestamp?

    init(_ nation: Nation, _ k: FusionParameters) {
        self.nation = nation
        self.covariance[0, 0] = k.placePrior * k.placePrior
        self.covariance[1, 1] = k.placePrior * k.placePrior
        self.covariance[2, 2] = k.clockPrior * k.clockPrior
    }

    /// One standard deviation of each part of the offset.
    public var deviation: (east: Double, north: Double, clock: Double) {
        (
            self.covariance[0, 0].squareRoot(), self.covariance[1, 1].squareRoot(), self.covariance[2, 2].squareRoot()
        )
    }

    /// Takes in one innovation.
    ///
    /// - Parameters:
    ///   - innovation: of the tracklet as it came, east and north, metres.
    ///   - s: its covariance, m².
    ///   - velocity: of the track, metres per second.
    mutating func take(
        _ innovation: SIMD2<Double>, covariance s: Matrix2, velocity: SIMD2<Double>, at instant: Timestamp,
        _ k: FusionParameters
    ) {
        let dt = self.updatedAt.map { max(0, instant.seconds(since: $0)) } ?? 0
        self.updatedAt = max(self.updatedAt ?? instant, instant)
        self.covariance[0, 0] += k.placeDrift * k.placeDrift * dt
        self.covariance[1, 1] += k.placeDrift * k.placeDrift * dt
        self.covariance[2, 2] += k.clockDrift * k.clockDrift * dt
        var h = Matrix<2, 3>.zero
        h[0, 0] = 1
        h[1, 1] = 1
        h[0, 2] = -velocity.x
        h[1, 2] = -velocity.y
        let f = k.innovationCorrelation
        var noise = Matrix<2, 2>.zero
        (noise[0, 0], noise[0, 1], noise[1, 0], noise[1, 1]) = (f * s.a, f * s.b, f * s.c, f * s.d)
        let ph = self.covariance.timesTransposed(h)
        var residual = Vector<2>.zero
        residual[0] = innovation.x - self.offset.east + velocity.x * self.offset.clock
        residual[1] = innovation.y - self.offset.north + velocity.y * self.offset.clock
        guard let inverse = try? (h * ph + noise).symmetrised.inverted() else { return }
        // One innovation beyond four deviations is of a wrong association.
        let weighed = inverse * residual
        guard residual[0] * weighed[0] + residual[1] * weighed[1] < 16 else { return }
        let gain = ph * inverse
        let step = gain * residual
        self.offset.east += step[0]
        self.offset.north += step[1]
        self.offset.clock += step[2]
        self.covariance = (self.covariance - gain * ph.transposed).symmetrised
        self.looks += 1
        self.correctsPlace = self.isSignificant(
            self.offset.east * self.offset.east + self.offset.north * self.offset.north,
            variance: max(self.covariance[0, 0], self.covariance[1, 1]), least: k.placeLeast, is: self.correctsPlace)
        self.correctsClock = self.isSignificant(
            self.offset.clock * self.offset.clock, variance: self.covariance[2, 2], least: k.clockLeast,
            is: self.correctsClock)
    }

    /// Significant at four deviations; and until it is below two, so that it does not come and go.
    private func isSignificant(_ square: Double, variance: Double, least: Double, is before: Bool) -> Bool {
        let deviations = before ? 2.0 : 4.0
        return self.looks >= 50 && square > deviations * deviations * variance && square > least * least
    }

    /// A tracklet of the partner as it would be without the offset.
    func corrected(_ tracklet: Tracklet) -> Tracklet {
        guard self.correctsPlace || self.correctsClock else { return tracklet }
        var result = tracklet
        if self.correctsPlace {
            var b = Vector<4>.zero
            (b[0], b[1]) = (self.offset.east, self.offset.north)
            result.vector = tracklet.vector - tracklet.information * b
        }
        if self.correctsClock {
            result.measuredAt = tracklet.measuredAt.advanced(by: -self.offset.clock)
            result.from = min(tracklet.from, result.measuredAt)
        }
        return result
    }
}

extension FusedPicture {
    /// What is known of the offsets of each partner.
    public var registrations: [NationRegistration] { self.partners }

    /// A partner's tracklet as it is taken in.
    mutating func registered(_ tracklet: Tracklet) -> Tracklet {
        guard let home = self.home, tracklet.originator != home,
            let place = self.partners.firstIndex(where: { $0.nation == tracklet.originator })
        else { return tracklet }
        return self.partners[place].corrected(tracklet)
    }

    /// Holds a partner's tracklet against what the picture foretells, where the nation whose picture it is sees the track too.
    mutating func observe(_ tracklet: Tracklet, at slot: Int) {
        guard let home = self.home, tracklet.originator != home, self.records[slot].base.isConfirmed,
            tracklet.plotCount > 0, tracklet.sequence.lowerBound > 3
        else { return }
        var seen = false
        var c = Int(self.records[slot].first)
        while c >= 0 {
            let contributor = self.contributors[c]
            if contributor.nation == home, contributor.misfits == 0,
                abs(tracklet.measuredAt.seconds(since: contributor.measuredAt)) < 10
            {
                seen = true
            }
            c = Int(contributor.next)
        }
        guard seen else { return }
        let y = Matrix2(
            tracklet.information[0, 0], tracklet.information[0, 1], tracklet.information[1, 0],
            tracklet.information[1, 1])
        // A place that is known to a kilometre in any direction.
        guard y.determinant > 0, y.determinant / (y.a + y.d) > 1e-6 else { return }
        let k = self.parameters.tracker
        let newest = self.records[slot].base.newest
        let entry = self.history.earlier(tracklet.measuredAt, from: newest)
        self.history.read(entry >= 0 ? entry : newest, into: &self.state)
        let dt = tracklet.measuredAt.seconds(since: self.state.time)
        guard dt < 15, dt > -1 else { return }
        if dt >= 0 { self.state.mixture.advance(dt, k) } else { self.state.mixture.shift(dt, k) }
        let motion = self.state.mixture.blended(k)
        let at = tracklet.position
        let own = TangentFrame(below: SIMD3(Geocentric(Geodetic(latitude: at.latitude, longitude: at.longitude))))
        let place = self.state.frame.place(motion.p, height: self.state.vertical.height)
        let m = self.state.frame.rotation(to: own)
        let p = own.coordinates(of: place).p, v = m * motion.v
        // The velocity that the tracklet tells, if any, is no matter: its place given the velocity that is foretold.
        let c2 = Matrix2(
            tracklet.information[0, 2], tracklet.information[0, 3], tracklet.information[1, 2],
            tracklet.information[1, 3])
        let r = y.inverse
        let z = r * (SIMD2(tracklet.vector[0], tracklet.vector[1]) - c2 * v)
        let index: Int
        if let known = self.partners.firstIndex(where: { $0.nation == tracklet.originator }) {
            index = known
        } else {
            self.partners.append(NationRegistration(tracklet.originator, self.parameters))
            index = self.partners.count - 1
        }
        self.partners[index].take(
            z - p, covariance: m * motion.pp * m.transposed + r, velocity: v, at: tracklet.measuredAt, self.parameters)
    }
}
