import Air
import Geodesy
import Glibc

/// Information of any rank, as independent scalar measurements of a state: what each motion of a mixture can take in turn.
///
/// Y = L D Lᵀ, y = L D z: each column h of L is a measurement z = hᵀx + e, e ~ (0, 1/d); those with d = 0 measure nothing.
///
/// Source: G. J. Bierman, "Factorization Methods for Discrete Sequential Estimation" (1977), III.
struct InformationLines {
    var count = 0
    /// Along which direction of place and velocity.
    var places = InlineArray<4, SIMD2<Double>>(repeating: .zero)
    var velocities = InlineArray<4, SIMD2<Double>>(repeating: .zero)
    var values = InlineArray<4, Double>(repeating: 0)
    var variances = InlineArray<4, Double>(repeating: 0)
    /// Of height and climb.
    var verticals = InlineArray<2, SIMD2<Double>>(repeating: .zero)
    var verticalValues = InlineArray<2, Double>(repeating: 0)
    var verticalVariances = InlineArray<2, Double>(repeating: 0)
    var verticalCount = 0

    init() {}

    /// The information of a tracklet, in the plane of a track's frame.
    init(_ tracklet: borrowing Tracklet, in frame: borrowing TangentFrame) {
        let at = tracklet.position
        let own = TangentFrame(below: SIMD3(Geocentric(Geodetic(latitude: at.latitude, longitude: at.longitude))))
        var y = tracklet.information
        var v = tracklet.vector
        for k in 0..<4 {
            let d = y[k, k]
            guard d > 1e-9 * tracklet.information[k, k], d > (k < 2 ? 1e-14 : 1e-10) else { continue }
            var h = Vector<4>.zero
            for i in k..<4 { h[i] = y[i, k] / d }
            let z = v[k] / d
            for i in k..<4 {
                for j in k..<4 { y[i, j] -= d * h[i] * h[j] }
                v[i] -= d * h[i] * z
            }
            self.places[self.count] = SIMD2(h[0], h[1])
            self.velocities[self.count] = SIMD2(h[2], h[3])
            self.values[self.count] = z
            self.variances[self.count] = 1 / d
            self.count += 1
        }
        self.reframe(
            own.rotation(to: frame), origin: frame.coordinates(of: own.place(.zero, height: at.height)).p)
        let u = tracklet.vertical
        if u.heightInformation > 1e-10 {
            let d = u.heightInformation, l = u.crossInformation / d
            self.add(vertical: SIMD2(1, l), u.heightVector / d, 1 / d)
            let rest = u.climbInformation - d * l * l
            if rest > 1e-6 * u.climbInformation, rest > 1e-8 {
                self.add(vertical: SIMD2(0, 1), (u.climbVector - l * u.heightVector) / rest, 1 / rest)
            }
        } else if u.climbInformation > 1e-8 {
            self.add(vertical: SIMD2(0, 1), u.climbVector / u.climbInformation, 1 / u.climbInformation)
        }
    }

    private mutating func add(vertical h: SIMD2<Double>, _ value: Double, _ variance: Double) {
        self.verticals[self.verticalCount] = h
        self.verticalValues[self.verticalCount] = value
        self.verticalVariances[self.verticalCount] = variance
        self.verticalCount += 1
    }

    /// The same in a plane whose axes are turned by m and in which the old origin lies at `origin`.
    mutating func reframe(_ m: Matrix2, origin: SIMD2<Double>) {
        // hᵀ x with x = M⁻¹ (x' − origin): h' = M h and z' = z + h'ᵀ origin.
        for i in 0..<self.count {
            self.places[i] = m * self.places[i]
            self.velocities[i] = m * self.velocities[i]
            self.values[i] += dot(self.places[i], origin)
        }
    }
}

extension Motion {
    /// Takes in a scalar measurement z = hᵀ(p, v) + e of variance r.
    ///
    /// - Returns: squared Mahalanobis distance and log-likelihood.
    @discardableResult
    @inline(__always) mutating func take(
        _ z: Double, place hp: SIMD2<Double>, velocity hv: SIMD2<Double>, variance r: Double
    ) -> (distance: Double, likelihood: Double) {
        let a = self.pp * hp + self.pv * hv
        let b = self.pv.transposed * hp + self.vv * hv
        let c = dot(self.pw, hp) + dot(self.vw, hv)
        let s = dot(hp, a) + dot(hv, b) + r
        let y = z - dot(hp, self.p) - dot(hv, self.v)
        let f = 1 / s
        self.p += (f * y) * a
        self.v += (f * y) * b
        self.w += f * y * c
        self.pp = (self.pp - f * outer(a, a)).symmetrised
        self.pv = self.pv - f * outer(a, b)
        self.vv = (self.vv - f * outer(b, b)).symmetrised
        self.pw -= (f * c) * a
        self.vw -= (f * c) * b
        self.ww = max(self.ww - f * c * c, 0)
        let distance = y * y * f
        return (distance, -0.5 * (distance + log(s) + logTwoPi))
    }
}

extension MotionMixture {
    /// Takes information into every motion, and weighs them anew.
    ///
    /// - Returns: the smallest squared Mahalanobis distance of a motion, and the log-likelihood of the mixture.
    @inline(__always) mutating func take(
        _ z: borrowing InformationLines, classMin: Double
    ) -> (distance: Double, likelihood: Double) {
        guard z.count > 0 else { return (0, 0) }
        var least = Double.infinity
        var top = -Double.infinity
        var logs = InlineArray<7, Double>(repeating: 0)
        for j in self.low..<self.high {
            var distance = 0.0, likelihood = 0.0
            for i in 0..<z.count {
                let fit = self.motions[j].take(
                    z.values[i], place: z.places[i], velocity: z.velocities[i], variance: z.variances[i])
                distance += fit.distance
                likelihood += fit.likelihood
            }
            least = min(least, distance)
            top = max(top, likelihood)
            logs[j] = likelihood
        }
        var sum = 0.0
        for j in self.low..<self.high {
            self.weights[j] *= exp(logs[j] - top)
            sum += self.weights[j]
        }
        let f = 1 / sum
        for j in self.low..<self.high { self.weights[j] = max(self.weights[j] * f, 1e-9) }
        if !self.rests { self.keepClasses(classMin) }
        return (least, top + log(sum))
    }
}

extension Vertical {
    /// Takes in a scalar measurement z = h₀ height + h₁ climb + e of variance r.
    ///
    /// - Returns: squared Mahalanobis distance.
    @discardableResult
    mutating func take(_ z: Double, along h: SIMD2<Double>, variance r: Double) -> Double {
        let a = self.hh * h.x + self.hc * h.y, b = self.hc * h.x + self.cc * h.y
        let s = h.x * a + h.y * b + r
        let y = z - h.x * self.height - h.y * self.climb
        self.height += a * y / s
        self.climb += b * y / s
        self.hh -= a * a / s
        self.hc -= a * b / s
        self.cc -= b * b / s
        return y * y / s
    }
}

extension TrackState {
    /// Moves the state to an instant not before its own and takes in information of that instant.
    ///
    /// - Returns: the squared Mahalanobis distance in the plane under the likeliest motion, and the log-likelihood.
    @inline(__always) mutating func take(
        _ z: borrowing InformationLines, at instant: Timestamp, _ k: borrowing TrackerParameters
    ) -> (distance: Double, likelihood: Double) {
        let dt = instant.seconds(since: self.time)
        self.time = instant
        self.mixture.advance(max(dt, 0), k)
        self.vertical.advance(max(dt, 0), noise: k.climbNoise)
        for i in 0..<z.verticalCount {
            self.vertical.take(z.verticalValues[i], along: z.verticals[i], variance: z.verticalVariances[i])
        }
        return self.mixture.take(z, classMin: k.classProbabilityMin)
    }

    /// As `take`, but what surprises the class of motions at work is held against the other one too.
    @inline(__always) mutating func takeOrWake(
        _ z: borrowing InformationLines, at instant: Timestamp, _ k: borrowing TrackerParameters
    ) -> (distance: Double, likelihood: Double) {
        guard self.mixture.rests, z.count > 0 else { return self.take(z, at: instant, k) }
        let before = copy self
        let fit = self.take(z, at: instant, k)
        guard fit.distance > k.wakeDistance else { return fit }
        self = before
        self.mixture.wake(k)
        return self.take(z, at: instant, k)
    }
}
