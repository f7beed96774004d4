import Glibc

/// One hypothesis of how a target moves: mean and covariance of position, velocity and turn rate in the track's frame.
///
/// Kept in blocks, because every step of the filter is a step on blocks: p and v are east and north, metres and
/// metres per second; w is the turn rate, radians per second, from east towards north. A model without a turn rate
/// leaves w and its covariances zero.
struct Motion {
    var p: SIMD2<Double>
    var v: SIMD2<Double>
    var w = 0.0
    var pp: Matrix2
    /// Covariance of p (rows) with v (columns).
    var pv: Matrix2
    var vv: Matrix2
    var pw = SIMD2<Double>.zero
    var vw = SIMD2<Double>.zero
    var ww = 0.0

    init(p: SIMD2<Double>, v: SIMD2<Double>, pp: Matrix2, vv: Matrix2) {
        self.p = p
        self.v = v
        self.pp = pp
        self.pv = .zero
        self.vv = vv
    }

    /// Straight flight for `dt` seconds (also backwards), with white acceleration of density q.
    ///
    /// p ← p + v dt; Q = q [dt³/3, dt²/2; dt²/2, dt]
    ///
    /// Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, "Estimation with Applications to Tracking and Navigation",
    /// 6.2.2.
    @inline(__always) mutating func flyStraight(_ dt: Double, noise q: Double) {
        self.p += dt * self.v
        self.pp = self.pp + dt * (self.pv + self.pv.transposed) + (dt * dt) * self.vv
        self.pv = self.pv + dt * self.vv
        self.addNoise(q, dt)
    }

    /// A turn of estimated rate for `dt` seconds (also backwards), linearised in the rate.
    ///
    /// p ← p + A(w) v, v ← B(w) v, A = [s/w, −(1−c)/w; (1−c)/w, s/w], B = [c, −s; s, c], s = sin w dt, c = cos w dt
    ///
    /// Source: Bar-Shalom, Li, Kirubarajan, 11.7.
    @inline(__always) mutating func turn(_ dt: Double, noise q: Double, rateNoise: Double) {
        let angle = self.w * dt
        let (s, c) = (sin(angle), cos(angle))
        let along: Double, aside: Double, alongRate: Double, asideRate: Double
        if abs(angle) > 1e-3 {
            along = s / self.w
            aside = (1 - c) / self.w
            alongRate = (dt * c - along) / self.w
            asideRate = (dt * s - aside) / self.w
        } else {
            along = dt * (1 - angle * angle / 6)
            aside = dt * angle / 2
            alongRate = -angle * dt * dt / 3
            asideRate = dt * dt / 2
        }
        let aa = Matrix2(along, -aside, aside, along)
        let bb = Matrix2(c, -s, s, c)
        let a = Matrix2(alongRate, -asideRate, asideRate, alongRate) * self.v
        let b = dt * (Matrix2(-s, -c, c, -s) * self.v)
        self.p += aa * self.v
        self.v = bb * self.v
        // F P Fᵀ with F = [I A a; 0 B b; 0 0 1]: first G = F P by blocks, then G Fᵀ.
        let vp = self.pv.transposed
        let gpp = self.pp + aa * vp + outer(a, self.pw)
        let gpv = self.pv + aa * self.vv + outer(a, self.vw)
        let gpw = self.pw + aa * self.vw + self.ww * a
        let gvv = bb * self.vv + outer(b, self.vw)
        let gvw = bb * self.vw + self.ww * b
        self.pp = (gpp + gpv * aa.transposed + outer(gpw, a)).symmetrised
        self.pv = gpv * bb.transposed + outer(gpw, b)
        self.vv = (gvv * bb.transposed + outer(gvw, b)).symmetrised
        self.pw = gpw
        self.vw = gvw
        self.ww += rateNoise * max(dt, 0)
        self.addNoise(q, dt)
    }

    /// Adds what white acceleration does in `dt` seconds; nothing when going backwards.
    @inline(__always) private mutating func addNoise(_ q: Double, _ dt: Double) {
        guard dt > 0 else { return }
        let (vv, pv, pp) = (q * dt, q * dt * dt / 2, q * dt * dt * dt / 3)
        self.pp.a += pp
        self.pp.d += pp
        self.pv.a += pv
        self.pv.d += pv
        self.vv.a += vv
        self.vv.d += vv
    }

    /// Takes in a measured position with noise covariance r, in Joseph's form.
    ///
    /// S = Ppp + R, K = P Hᵀ S⁻¹, P ← (I − K H) P (I − K H)ᵀ + K R Kᵀ with H = [I 0 0], written out by blocks.
    ///
    /// - Returns: the squared Mahalanobis distance, no unit, and the log-likelihood, log 1/m².
    @discardableResult
    @inline(__always) mutating func take(
        position z: SIMD2<Double>, noise r: Matrix2
    ) -> (distance: Double, likelihood: Double) {
        let s = self.pp + r
        let si = s.inverse
        let y = z - self.p
        let siy = si * y
        let distance = dot(y, siy)
        let kp = self.pp * si, kv = self.pv.transposed * si, kw = si.transposed * self.pw
        self.p += self.pp * siy
        self.v += self.pv.transposed * siy
        self.w += dot(self.pw, siy)
        let keep = Matrix2(1 - kp.a, -kp.b, -kp.c, 1 - kp.d)
        let rkvT = r * kv.transposed
        let ppOld = self.pp, pvOld = self.pv, pwOld = self.pw
        self.pp = (keep * ppOld * keep.transposed + kp * r * kp.transposed).symmetrised
        self.pv = keep * (pvOld - ppOld * kv.transposed) + kp * rkvT
        let cross = kv * pvOld
        self.vv = (self.vv - cross - cross.transposed + kv * s * kv.transposed).symmetrised
        self.pw = keep * (pwOld - ppOld * kw) + kp * (r * kw)
        self.vw = self.vw - kv * pwOld - pvOld.transposed * kw + kv * (s * kw)
        self.ww = max(self.ww - 2 * dot(kw, pwOld) + dot(kw, s * kw), 0)
        return (distance, -0.5 * (distance + log(max(s.determinant, 1e-300))) - logTwoPi)
    }

    /// Takes in a reported velocity with noise covariance r, in Joseph's form: as `take(position:)` with H = [0 I 0].
    @discardableResult
    @inline(__always) mutating func take(
        velocity z: SIMD2<Double>, noise r: Matrix2
    ) -> (distance: Double, likelihood: Double) {
        let s = self.vv + r
        let si = s.inverse
        let y = z - self.v
        let siy = si * y
        let distance = dot(y, siy)
        let kp = self.pv * si, kv = self.vv * si, kw = si.transposed * self.vw
        self.p += self.pv * siy
        self.v += self.vv * siy
        self.w += dot(self.vw, siy)
        let keep = Matrix2(1 - kv.a, -kv.b, -kv.c, 1 - kv.d)
        let vvOld = self.vv, pvOld = self.pv, vwOld = self.vw
        let cross = kp * pvOld.transposed
        self.pp = (self.pp - cross - cross.transposed + kp * s * kp.transposed).symmetrised
        self.pv = (pvOld - kp * vvOld) * keep.transposed + kp * r * kv.transposed
        self.vv = (keep * vvOld * keep.transposed + kv * r * kv.transposed).symmetrised
        self.pw = self.pw - kp * vwOld - pvOld * kw + kp * (s * kw)
        self.vw = keep * (vwOld - vvOld * kw) + kv * (r * kw)
        self.ww = max(self.ww - 2 * dot(kw, vwOld) + dot(kw, s * kw), 0)
        return (distance, -0.5 * (distance + log(max(s.determinant, 1e-300))) - logTwoPi)
    }

    /// Takes in a speed along a direction u (of length 1, or less where it points up), variance r: h = [0 0; u; 0].
    @discardableResult
    @inline(__always) mutating func take(
        speed z: Double, along u: SIMD2<Double>, variance r: Double
    ) -> (distance: Double, likelihood: Double) {
        let hp = self.pv * u, hv = self.vv * u, hw = dot(self.vw, u)
        let s = dot(u, hv) + r
        let y = z - dot(u, self.v)
        let f = 1 / s
        self.p += (f * y) * hp
        self.v += (f * y) * hv
        self.w += f * y * hw
        // P − K S Kᵀ: for a scalar as sound as Joseph's form, as every diagonal keeps its sign.
        self.pp = (self.pp - f * outer(hp, hp)).symmetrised
        self.pv = self.pv - f * outer(hp, hv)
        self.vv = (self.vv - f * outer(hv, hv)).symmetrised
        self.pw -= (f * hw) * hp
        self.vw -= (f * hw) * hv
        self.ww = max(self.ww - f * hw * hw, 0)
        let distance = y * y * f
        return (distance, -0.5 * (distance + log(s) + logTwoPi))
    }

    /// The same state in a frame whose axes are turned by the rotation m and whose origin lies at `shift`.
    @inline(__always) mutating func reframe(_ m: Matrix2, shift: SIMD2<Double>) {
        let t = m.transposed
        self.p = m * self.p - shift
        self.v = m * self.v
        self.pp = (m * self.pp * t).symmetrised
        self.pv = m * self.pv * t
        self.vv = (m * self.vv * t).symmetrised
        self.pw = m * self.pw
        self.vw = m * self.vw
    }

    /// Whether there is a turn rate, or may be one.
    @inline(__always) var mayTurn: Bool { self.w != 0 || self.ww != 0 }

    /// Whether every number is one and the variances are positive.
    var isSound: Bool {
        (self.p.x + self.p.y + self.v.x + self.v.y + self.w + self.pp.a + self.vv.a + self.ww).isFinite
            && self.pp.a > 0 && self.pp.d > 0 && self.vv.a > 0 && self.vv.d > 0 && self.pp.determinant > 0
    }
}

/// log 2π.
let logTwoPi = 1.8378770664093453

/// What a target may be and how it may move: two interacting multiple model filters side by side.
///
/// A transport flies straight (0) or turns gently to the left (1) or right (2); an agile aircraft flies straight (3), turns hard to
/// the left (4) or right (5), or does something else with force (6). Within a class the motions interact; which class it
/// is, the plots decide. So an airliner is filtered for an airliner's turns, and a fighter not lost in a fighter's.
///
/// A turn begins with a lateral acceleration that is ordinary for its class, a ± σ, to its side: the rate is a/|v|. A
/// single turn of unknown side would begin with a rate of zero mean, and need two looks more to find the side.
///
/// A class that has fallen to the least probability it is given rests: its motions are neither moved nor weighed, until
/// a plot surprises the other one. Most targets are filtered by the motions of one class only.
///
/// Source: H. Blom, Y. Bar-Shalom, IEEE Trans. Automatic Control 33/8 (1988); X. R. Li, Y. Bar-Shalom, "Multiple-model
/// estimation with variable structure", ibid. 41/4 (1996).
struct MotionMixture {
    var motions: InlineArray<7, Motion>
    var weights: InlineArray<7, Double>
    /// The motions that are at work: from the first of a class to the last of a class.
    private(set) var low = 0
    private(set) var high = Self.count

    /// The first motion of the agile class.
    static let firstAgile = 3
    static let count = 7

    init(_ motion: Motion, agile: Double, parameters k: borrowing TrackerParameters) {
        self.motions = InlineArray(repeating: motion)
        self.weights = InlineArray(repeating: 0)
        for j in 0..<Self.count {
            if k.motions[j].turns {
                let speed = max(dot(motion.v, motion.v).squareRoot(), k.turnSpeedMin)
                self.motions[j].w = k.motions[j].acceleration / speed
                let rate = k.motions[j].accelerationDeviation / speed
                self.motions[j].ww = rate * rate
            }
            self.weights[j] = k.motions[j].share * (j < Self.firstAgile ? 1 - agile : agile)
        }
    }

    /// Leaves a single motion at work, which interacts with none.
    @inline(__always) mutating func single() {
        self.high = self.low + 1
        self.weights[self.low] = 1
    }

    /// Says which motions are at work, when a mixture is read from where it was kept.
    @inline(__always) mutating func setAtWork(_ low: Int, _ high: Int) { (self.low, self.high) = (low, high) }

    /// Lets the motions interact and moves each `dt` seconds ahead.
    ///
    /// - Parameter dt: seconds, not negative.
    @inline(__always) mutating func advance(_ dt: Double, _ k: borrowing TrackerParameters) {
        // A turn begins and ends at any time: over a long gap the motions interact again and again.
        var left = dt
        while left > 0 {
            let step = left > 1.5 * k.interactionStep ? k.interactionStep : left
            self.step(step, k)
            left -= step
        }
    }

    @inline(__always) private mutating func step(_ dt: Double, _ k: borrowing TrackerParameters) {
        if self.low == 0, self.high >= Self.firstAgile { self.interact(dt, k, from: 0, to: Self.firstAgile) }
        if self.high == Self.count { self.interact(dt, k, from: Self.firstAgile, to: Self.count) }
        for j in self.low..<self.high {
            if k.motions[j].turns {
                self.motions[j].turn(dt, noise: k.motions[j].noise, rateNoise: k.motions[j].turnRateNoise)
            } else {
                self.motions[j].flyStraight(dt, noise: k.motions[j].noise)
            }
        }
    }

    /// Moves each motion `dt` seconds, forwards or backwards, adding no noise: for a plot out of order.
    @inline(__always) mutating func shift(_ dt: Double, _ k: borrowing TrackerParameters) {
        for j in self.low..<self.high {
            if k.motions[j].turns {
                self.motions[j].turn(dt, noise: 0, rateNoise: 0)
            } else {
                self.motions[j].flyStraight(dt, noise: 0)
            }
        }
    }

    /// The interaction step of one class: each motion starts from what the others may have turned into.
    ///
    /// A motion is left at the rate of 1/stay, for the others in proportion to their shares.
    @inline(__always) private mutating func interact(
        _ dt: Double, _ k: borrowing TrackerParameters, from low: Int, to high: Int
    ) {
        // A class has four motions at most: fewer to copy than the seven.
        var old = InlineArray<4, Motion>(repeating: self.motions[low])
        for i in low + 1..<high { old[i - low] = self.motions[i] }
        var out = InlineArray<7, Double>(repeating: 0)
        var after = self.weights
        for i in low..<high {
            let leaving = self.weights[i] * (1 - exp(-dt / k.motions[i].stay))
            out[i] = leaving / (1 - k.motions[i].share)
            after[i] -= leaving
        }
        for j in low..<high {
            var share = InlineArray<7, Double>(repeating: 0)
            var sum = 0.0
            for i in low..<high {
                share[i] = i == j ? after[j] : out[i] * k.motions[j].share
                sum += share[i]
            }
            let f = 1 / max(sum, 1e-300)
            for i in low..<high { share[i] *= f }
            self.motions[j] = Self.blend(
                &old, first: low, share, from: low, to: high, turning: k.motions[j].turns ? j : -1, k)
            self.weights[j] = sum
        }
    }

    /// The Gaussian with the mean and covariance of a mixture.
    ///
    /// - Parameters:
    ///   - m: the motions from `first` on; only read; `inout`, because an array that is passed by value is copied at every
    ///     look into it.
    ///   - turning: the motion whose turn rate is kept, while the others begin its turn; or −1.
    @inline(__always) static func blend<let length: Int>(
        _ m: inout InlineArray<length, Motion>, first: Int, _ share: InlineArray<7, Double>, from low: Int,
        to high: Int,
        turning: Int, _ k: borrowing TrackerParameters
    ) -> Motion {
        var p = SIMD2<Double>.zero, v = SIMD2<Double>.zero
        for i in low..<high {
            p += share[i] * m[i - first].p
            v += share[i] * m[i - first].v
        }
        var result = Motion(p: p, v: v, pp: .zero, vv: .zero)
        var begun = 0.0
        if turning >= 0 {
            let s = share[turning]
            let speed = max(dot(v, v).squareRoot(), k.turnSpeedMin)
            begun = k.motions[turning].acceleration / speed
            let deviation = k.motions[turning].accelerationDeviation / speed
            result.w = s * m[turning - first].w + (1 - s) * begun
            let kept = m[turning - first].w - result.w, fresh = begun - result.w
            result.ww = s * (m[turning - first].ww + kept * kept) + (1 - s) * (deviation * deviation + fresh * fresh)
            result.pw = s * m[turning - first].pw
            result.vw = s * m[turning - first].vw
        }
        for i in low..<high {
            let s = share[i]
            let dp = m[i - first].p - p, dv = m[i - first].v - v
            result.pp = result.pp + s * (m[i - first].pp + outer(dp, dp))
            result.pv = result.pv + s * (m[i - first].pv + outer(dp, dv))
            result.vv = result.vv + s * (m[i - first].vv + outer(dv, dv))
            if turning >= 0 {
                let dw = (i == turning ? m[i - first].w : begun) - result.w
                result.pw += (s * dw) * dp
                result.vw += (s * dw) * dv
            }
        }
        return result
    }

    /// Mean and covariance over all motions.
    @inline(__always) mutating func blended(_ k: borrowing TrackerParameters) -> Motion {
        Self.blend(&self.motions, first: 0, self.weights, from: self.low, to: self.high, turning: -1, k)
    }

    /// Whether a class rests.
    @inline(__always) var rests: Bool { self.high - self.low < Self.count }

    /// Lets the class that rests begin anew from what the other one has found.
    @inline(__always) mutating func wake(_ k: borrowing TrackerParameters) {
        guard self.rests else { return }
        let least = k.classProbabilityMin
        let first = self.low == 0 ? Self.firstAgile : 0, end = self.low == 0 ? Self.count : Self.firstAgile
        let mean = self.blended(k)
        for j in self.low..<self.high { self.weights[j] *= 1 - least }
        for j in first..<end {
            self.motions[j] = mean
            self.weights[j] = k.motions[j].share * least
            if k.motions[j].turns {
                let speed = max(dot(mean.v, mean.v).squareRoot(), k.turnSpeedMin)
                let rate = k.motions[j].accelerationDeviation / speed
                self.motions[j].w = k.motions[j].acceleration / speed
                self.motions[j].ww = rate * rate
            }
        }
        (self.low, self.high) = (0, Self.count)
    }

    /// The same in a frame whose axes are turned by the rotation m and whose origin lies at `shift`.
    @inline(__always) mutating func reframe(_ m: Matrix2, shift: SIMD2<Double>) {
        for j in self.low..<self.high { self.motions[j].reframe(m, shift: shift) }
    }

    /// White acceleration noise over all motions, m²/s³.
    @inline(__always) func noise(_ k: borrowing TrackerParameters) -> Double {
        var sum = 0.0
        for j in self.low..<self.high { sum += self.weights[j] * k.motions[j].noise }
        return sum
    }

    /// Takes in a position, and a velocity where one was reported, in every motion, and weighs them anew.
    ///
    /// - Returns: the smallest squared Mahalanobis distance of a motion, and the log-likelihood of the mixture.
    @inline(__always) mutating func take(
        _ z: borrowing PlanarMeasurement, classMin: Double
    ) -> (distance: Double, likelihood: Double) {
        var least = Double.infinity
        var top = -Double.infinity
        var logs = InlineArray<7, Double>(repeating: 0)
        for j in self.low..<self.high {
            var (distance, likelihood) = self.motions[j].take(position: z.position, noise: z.noise)
            if z.hasVelocity {
                let second = self.motions[j].take(velocity: z.velocity, noise: z.velocityNoise)
                distance += second.distance
                likelihood += second.likelihood
            }
            if z.hasRadialSpeed {
                let third = self.motions[j].take(
                    speed: z.radialSpeed, along: z.radial, variance: z.radialSpeedVariance)
                distance += third.distance
                likelihood += third.likelihood
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

    /// Lets a class rest that has become too unlikely; never does one die out: what was an airliner's life long may turn
    /// out to be none.
    @inline(__always) mutating func keepClasses(_ least: Double) {
        var calm = 0.0, agile = 0.0
        for j in 0..<Self.firstAgile { calm += self.weights[j] }
        for j in Self.firstAgile..<Self.count { agile += self.weights[j] }
        if agile < least * (calm + agile) {
            self.high = Self.firstAgile
        } else if calm < least * (calm + agile) {
            self.low = Self.firstAgile
        } else {
            return
        }
        let f = 1 / max(calm, agile)
        for j in self.low..<self.high { self.weights[j] *= f }
    }
}

/// A measurement in the plane of a track's frame.
struct PlanarMeasurement {
    var position: SIMD2<Double>
    var noise: Matrix2
    var hasVelocity = false
    var velocity = SIMD2<Double>.zero
    var velocityNoise = Matrix2.zero
    /// A speed along a direction.
    var hasRadialSpeed = false
    var radialSpeed = 0.0
    var radial = SIMD2<Double>.zero
    var radialSpeedVariance = 0.0
}

/// Height and rate of climb: a constant-velocity filter of its own.
struct Vertical {
    /// Metres above the ellipsoid, or in the standard atmosphere where that is what is reported.
    var height: Double
    /// Metres per second, up positive.
    var climb: Double
    var hh: Double
    var hc = 0.0
    var cc: Double

    /// Moves `dt` seconds, forwards with noise of density q, or backwards without.
    @inline(__always) mutating func advance(_ dt: Double, noise q: Double) {
        self.height += dt * self.climb
        self.hh += dt * (2 * self.hc + dt * self.cc)
        self.hc += dt * self.cc
        if dt > 0 {
            self.hh += q * dt * dt * dt / 3
            self.hc += q * dt * dt / 2
            self.cc += q * dt
        }
        // Where no height is ever measured, the uncertainty must not grow beyond what can be flown.
        self.limit(height: 4_000, climb: 50)
    }

    /// Scales the covariance down to these standard deviations, keeping the correlation.
    @inline(__always) private mutating func limit(height: Double, climb: Double) {
        if self.hh > height * height {
            self.hc *= height / self.hh.squareRoot()
            self.hh = height * height
        }
        if self.cc > climb * climb {
            self.hc *= climb / self.cc.squareRoot()
            self.cc = climb * climb
        }
    }

    /// Takes in a measured height of variance r, in Joseph's form.
    ///
    /// - Returns: squared Mahalanobis distance and log-likelihood, log 1/m.
    @discardableResult
    @inline(__always) mutating func take(
        height z: Double, variance r: Double
    ) -> (distance: Double, likelihood: Double) {
        let s = self.hh + r
        let y = z - self.height
        let distance = y * y / s
        let kh = self.hh / s, kc = self.hc / s
        self.height += kh * y
        self.climb += kc * y
        let keep = 1 - kh
        let hcOld = self.hc
        self.hc = keep * (hcOld - kc * self.hh) + kh * r * kc
        self.cc = self.cc - 2 * kc * hcOld + kc * kc * s
        self.hh = keep * keep * self.hh + kh * kh * r
        return (distance, -0.5 * (distance + log(s) + logTwoPi))
    }

    /// Takes in a reported rate of climb of variance r.
    @inline(__always) mutating func take(climb z: Double, variance r: Double) {
        let s = self.cc + r
        let y = z - self.climb
        let kh = self.hc / s, kc = self.cc / s
        self.height += kh * y
        self.climb += kc * y
        let keep = 1 - kc
        self.hh = self.hh - 2 * kh * self.hc + kh * kh * s
        self.hc = keep * (self.hc - kh * self.cc) + kc * r * kh
        self.cc = keep * keep * self.cc + kc * kc * r
    }
}
