import Air
import Geodesy
import Glibc

/// What two estimates whose common past is not known come to, by inverse covariance intersection.
///
/// Γ = (ω A + (1 − ω) B)⁻¹, P = (A⁻¹ + B⁻¹ − Γ)⁻¹, x = P ((A⁻¹ − ω Γ) a + (B⁻¹ − (1 − ω) Γ) b),
/// with the ω in 0...1 of the least trace of P's place, found by golden section. Consistent whatever information both
/// share, and nearer than covariance intersection.
///
/// - Returns: mean and covariance; nil if a covariance has no inverse.
///
/// Source: B. Noack, J. Sijs, M. Reinhardt, U. D. Hanebeck, "Decentralized data fusion with inverse covariance
/// intersection", Automatica 79 (2017), theorem 1.
func inverseCovarianceIntersection(
    _ a: Vector<4>, _ covarianceA: Matrix<4, 4>, _ b: Vector<4>, _ covarianceB: Matrix<4, 4>
) -> (mean: Vector<4>, covariance: Matrix<4, 4>)? {
    guard let ia = try? covarianceA.inverted(), let ib = try? covarianceB.inverted() else { return nil }
    func joined(_ w: Double) -> (gamma: Matrix<4, 4>, covariance: Matrix<4, 4>)? {
        guard let gamma = try? (w * covarianceA + (1 - w) * covarianceB).inverted(),
            let p = try? (ia + ib - gamma).symmetrised.inverted()
        else { return nil }
        return (gamma, p.symmetrised)
    }
    func cost(_ w: Double) -> Double {
        guard let p = joined(w)?.covariance else { return .infinity }
        // A second's flight makes a velocity's error a place's.
        return p[0, 0] + p[1, 1] + p[2, 2] + p[3, 3]
    }
    let ratio = 0.618_033_988_749_895
    var (low, high) = (0.001, 0.999)
    var left = high - ratio * (high - low), right = low + ratio * (high - low)
    var costLeft = cost(left), costRight = cost(right)
    for _ in 0..<9 {
        if costLeft < costRight {
            (high, right, costRight) = (right, left, costLeft)
            left = high - ratio * (high - low)
            costLeft = cost(left)
        } else {
            (low, left, costLeft) = (left, right, costRight)
            right = low + ratio * (high - low)
            costRight = cost(right)
        }
    }
    let w = costLeft < costRight ? left : right
    guard let (gamma, p) = joined(w) else { return nil }
    let mean = p * ((ia - w * gamma) * a + (ib - (1 - w) * gamma) * b)
    return (mean, p)
}

extension Track {
    /// Where a track is at another instant if it flies straight on, under white acceleration of density q.
    func foretold(at instant: Timestamp, noise q: Double) -> Track {
        let dt = instant.seconds(since: self.measuredAt)
        guard dt != 0 else { return self }
        var result = self
        let frame = TangentFrame(
            below: SIMD3(Geocentric(Geodetic(latitude: self.position.latitude, longitude: self.position.longitude))))
        let height = self.position.height + dt * self.velocity.up
        let place = frame.place(dt * SIMD2(self.velocity.east, self.velocity.north), height: height)
        result.position = Ground(below: place).geodetic
        result.position.height = height
        result.measuredAt = instant
        var f = Matrix<4, 4>.identity
        f[0, 2] = dt
        f[1, 3] = dt
        var p = f * self.covariance * f.transposed
        let s = abs(dt)
        for i in 0..<2 {
            p[i, i] += q * s * s * s / 3
            p[i, i + 2] += q * dt * s / 2
            p[i + 2, i] = p[i, i + 2]
            p[i + 2, i + 2] += q * s
        }
        result.covariance = p.symmetrised
        result.heightVariance += dt * dt * self.climbVariance
        return result
    }

    /// Takes over the state of another track of the same instant.
    mutating func assume(stateOf other: Track) {
        self.measuredAt = other.measuredAt
        self.position = other.position
        self.velocity = other.velocity
        self.covariance = other.covariance
        self.heightVariance = other.heightVariance
        self.climbVariance = other.climbVariance
    }

    /// Joins the state with that of another track of the same instant, whatever both have in common.
    mutating func intersect(with other: Track) {
        let frame = TangentFrame(
            below: SIMD3(Geocentric(Geodetic(latitude: self.position.latitude, longitude: self.position.longitude))))
        let its = frame.coordinates(of: SIMD3(Geocentric(other.position))).p
        var (a, b) = (Vector<4>.zero, Vector<4>.zero)
        (b[0], b[1]) = (its.x, its.y)
        (a[2], a[3]) = (self.velocity.east, self.velocity.north)
        (b[2], b[3]) = (other.velocity.east, other.velocity.north)
        guard let (mean, covariance) = inverseCovarianceIntersection(a, self.covariance, b, other.covariance) else {
            return
        }
        if other.heightVariance < self.heightVariance {
            self.position.height = other.position.height
            self.heightVariance = other.heightVariance
            self.velocity.up = other.velocity.up
            self.climbVariance = other.climbVariance
        }
        let height = self.position.height
        self.position = Ground(below: frame.place(SIMD2(mean[0], mean[1]), height: height)).geodetic
        self.position.height = height
        self.velocity.east = mean[2]
        self.velocity.north = mean[3]
        self.covariance = covariance
    }
}
