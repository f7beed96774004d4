import Air
import Geodesy
import Glibc

/// From information to estimates; jumps and what follows of them.
extension Registration {
    /// L of A = L Lᵀ in place of the lower triangle; false if A is not positive definite.
    static func decompose(_ a: inout [Double], _ n: Int) -> Bool {
        for j in 0..<n {
            for i in j..<n {
                let sum = a[i * n + j] - Self.product(a, i * n, j * n, j)
                if i == j {
                    guard sum > 0, sum.isFinite else { return false }
                    a[j * n + j] = sum.squareRoot()
                } else {
                    a[i * n + j] = sum / a[j * n + j]
                }
            }
        }
        return true
    }

    /// The sum of products of two stretches of an array; four sums side by side, as each waits for its last addition.
    @inline(__always) private static func product(_ a: borrowing [Double], _ x: Int, _ y: Int, _ count: Int) -> Double {
        var sums = SIMD4<Double>.zero
        var m = 0
        while m + 4 <= count {
            let left = SIMD4<Double>(a[x + m], a[x + m + 1], a[x + m + 2], a[x + m + 3])
            let right = SIMD4<Double>(a[y + m], a[y + m + 1], a[y + m + 2], a[y + m + 3])
            sums += left * right
            m += 4
        }
        var sum = sums.sum()
        while m < count {
            sum += a[x + m] * a[y + m]
            m += 1
        }
        return sum
    }

    /// x ← L⁻¹ x.
    static func forward(_ l: inout [Double], _ n: Int, _ x: inout [Double]) {
        for i in 0..<n {
            var sum = x[i]
            for m in 0..<i { sum -= l[i * n + m] * x[m] }
            x[i] = sum / l[i * n + i]
        }
    }

    /// x ← L⁻ᵀ x.
    static func backward(_ l: inout [Double], _ n: Int, _ x: inout [Double]) {
        for i in (0..<n).reversed() {
            let value = x[i] / l[i * n + i]
            x[i] = value
            for m in 0..<i { x[m] -= l[i * n + m] * value }
        }
    }

    /// Replaces L by its inverse, row by row: X[i] = (e[i] − Σ L[i,m] X[m]) / L[i,i].
    static func invert(_ l: inout [Double], _ n: Int, scratch row: inout [Double]) {
        for i in 0..<n {
            let diagonal = 1 / l[i * n + i]
            for j in 0..<i {
                row[j] = l[i * n + j]
                l[i * n + j] = 0
            }
            for m in 0..<i {
                let f = row[m] * diagonal
                guard f != 0 else { continue }
                for j in 0...m { l[i * n + j] -= f * l[m * n + j] }
            }
            l[i * n + i] = diagonal
        }
    }

    /// The estimates from all information and the priors, with the marginal covariance of each sensor's.
    mutating func solve() {
        self.order.removeAll(keepingCapacity: true)
        self.order.append(0)
        for site in self.entries.indices {
            for k in 0..<5 where self.entries[site].active & (1 << UInt8(k)) != 0 {
                self.order.append(Int32(5 * (site + 1) + k))
            }
        }
        let n = self.order.count
        while self.factor.count < n * n { self.factor.append(0) }
        while self.solution.count < n { self.solution.append(0) }
        for i in 0..<n {
            let row = Int(self.order[i])
            let begin = row * self.rowLength
            for j in 0...i { self.factor[i * n + j] = self.information[begin + Int(self.order[j])] }
            let (mean, deviation) = self.prior(of: row)
            let prior = 1 / (deviation * deviation)
            self.factor[i * n + i] += prior
            self.solution[i] = self.vector[row] + prior * mean
        }
        guard Self.decompose(&self.factor, n) else { return }
        Self.forward(&self.factor, n, &self.solution)
        Self.backward(&self.factor, n, &self.solution)
        while self.corrections.count < n { self.corrections.append(0) }
        Self.invert(&self.factor, n, scratch: &self.corrections)
        // P = L⁻ᵀ L⁻¹, of which only the blocks on the diagonal are wanted.
        for i in 0..<n {
            let row = Int(self.order[i])
            var j = i
            while j >= 0, Int(self.order[j]) / 5 == row / 5 {
                var sum = 0.0
                for m in i..<n { sum += self.factor[m * n + i] * self.factor[m * n + j] }
                let column = Int(self.order[j])
                self.covariance[5 * row + column % 5] = sum
                self.covariance[25 * (row / 5) + 5 * (column % 5) + row % 5] = sum
                j -= 1
            }
            let deviation = max(self.covariance[5 * row + row % 5], 0).squareRoot()
            if row < 5 {
                self.datum = (self.solution[i], deviation)
            } else {
                let site = row / 5 - 1, k = row % 5
                // The short memory is of what the estimate is wrong by.
                self.entries[site].recentVector -=
                    (self.solution[i] - self.entries[site].estimate[k]) * self.entries[site].recent[k]
                self.entries[site].estimate[k] = self.solution[i]
                self.entries[row / 5 - 1].deviation[row % 5] = deviation
            }
        }
        self.compareClocks()
        self.apply()
    }

    /// Chooses the part of each estimate that is subtracted.
    ///
    /// Of sensors that have not jumped, no more than what the sensors' estimates together show that there are errors at
    /// all: x V / (V + σ²), V the variance of errors over sensors, V = Σ w (x² − σ²) / Σ w with w = (V + σ²)⁻². Else twenty
    /// sensors without errors would each be made wrong by the noise of its own estimate.
    ///
    /// Source: B. Efron, C. Morris, "Stein's estimation rule and its competitors – an empirical Bayes approach", Journal
    /// of the American Statistical Association 68 (1973).
    mutating func apply() {
        guard self.isCorrecting else { return }
        for k in 0..<BiasIndex.count {
            var variance = 0.0
            for _ in 0..<4 {
                var sum = 0.0, total = 0.0
                for entry in self.entries
                where entry.active & (1 << UInt8(k)) != 0 && entry.stretches > 0 && entry.jumps == 0 {
                    let own = entry.deviation[k] * entry.deviation[k]
                    let weight = 1 / ((variance + own) * (variance + own))
                    sum += weight * (entry.estimate[k] * entry.estimate[k] - own)
                    total += weight
                }
                variance = total > 0 ? max(sum / total, 0) : 0
            }
            for site in self.entries.indices where self.entries[site].active & (1 << UInt8(k)) != 0 {
                let entry = self.entries[site]
                let own = entry.deviation[k] * entry.deviation[k]
                let common = entry.jumps > 0 ? 1 : variance / max(variance + own, 1e-30)
                self.entries[site].applied[k] = min(common, self.worth(entry.estimate[k], own)) * entry.estimate[k]
            }
        }
    }

    /// The part of a single estimate that is subtracted: 1 − c σ²/x², not below 0.
    ///
    /// An estimate that is not larger than its own uncertainty does more harm to a sensor without bias than good to one
    /// with it.
    ///
    /// Source: W. James, C. Stein, "Estimation with quadratic loss" (1961), positive part.
    private func worth(_ estimate: Double, _ variance: Double) -> Double {
        let squared = estimate * estimate
        return squared > 0 ? max(0, 1 - self.parameters.shrinkage * variance / squared) : 0
    }

    /// The deviations of the clocks against the mean of those that were compared, weighed as the priors weigh them.
    ///
    /// var(bᵢ − Σ wⱼ bⱼ) = |X (eᵢ − w)|², X = L⁻¹ of the solution
    private mutating func compareClocks() {
        let n = self.order.count
        for m in 0..<n { self.solution[m] = 0 }
        var total = 0.0
        for j in 0..<n where Int(self.order[j]) % 5 == BiasIndex.time && self.isCompared(Int(self.order[j])) {
            let deviation = self.prior(of: Int(self.order[j])).deviation
            let weight = 1 / (deviation * deviation)
            total += weight
            for m in j..<n { self.solution[m] += weight * self.factor[m * n + j] }
        }
        guard total > 0 else { return }
        for i in 0..<n where Int(self.order[i]) % 5 == BiasIndex.time && self.isCompared(Int(self.order[i])) {
            var sum = 0.0
            for m in 0..<n {
                let own = m >= i ? self.factor[m * n + i] : 0
                let d = own - self.solution[m] / total
                sum += d * d
            }
            self.entries[Int(self.order[i]) / 5 - 1].deviation[BiasIndex.time] = sum.squareRoot()
        }
    }

    private func isCompared(_ row: Int) -> Bool { row >= 5 && self.entries[row / 5 - 1].stretches > 0 }

    private func prior(of row: Int) -> (mean: Double, deviation: Double) {
        guard row >= 5 else { return (0, self.parameters.altitudeDatumDeviation) }
        let entry = self.entries[row / 5 - 1]
        return (entry.priorMean[row % 5], entry.priorDeviation[row % 5])
    }

    /// Takes a block out of the information, leaving to the others what it said of them.
    ///
    /// Λoo ← Λoo − Λos (Λss + P₀⁻¹)⁻¹ Λso
    mutating func eliminate(_ block: Int) {
        let rows = 5 * (self.entries.count + 1)
        for i in 0..<rows {
            for j in 0..<i { self.information[j * self.rowLength + i] = self.information[i * self.rowLength + j] }
        }
        for k in 0..<5 {
            let pivotRow = 5 * block + k
            let (mean, deviation) = self.prior(of: pivotRow)
            guard deviation > 0 else { continue }
            let prior = 1 / (deviation * deviation)
            let pivot = self.information[pivotRow * self.rowLength + pivotRow] + prior
            let value = self.vector[pivotRow] + prior * mean
            for i in 0..<rows where i != pivotRow {
                let f = self.information[i * self.rowLength + pivotRow] / pivot
                guard f != 0 else { continue }
                for j in 0..<rows where j != pivotRow {
                    self.information[i * self.rowLength + j] -= f * self.information[pivotRow * self.rowLength + j]
                }
                self.vector[i] -= f * value
            }
            for i in 0..<rows {
                self.information[i * self.rowLength + pivotRow] = 0
                self.information[pivotRow * self.rowLength + i] = 0
            }
            self.vector[pivotRow] = 0
        }
    }

    /// Lets old information fade.
    mutating func fade(_ seconds: Double) {
        let keep = exp(-seconds / self.parameters.memory), keepRecent = exp(-seconds / self.parameters.shortMemory)
        let rows = 5 * (self.entries.count + 1)
        for i in 0..<rows {
            for j in 0...i { self.information[i * self.rowLength + j] *= keep }
            self.vector[i] *= keep
        }
        for site in self.entries.indices {
            for k in 0..<5 { self.entries[site].recent[k] *= keepRecent }
            self.entries[site].recentVector *= keepRecent
            self.entries[site].hits *= keepRecent
            self.entries[site].vain *= keepRecent
        }
    }

    /// What the short memory says that the estimate is wrong by, and the squared Mahalanobis distance of that, both
    /// memories' covariances taken into account.
    ///
    /// δ = Λ⁻¹ η, d² = ηᵀ (Λ + Λ P Λ)⁻¹ η
    func recentError(of site: Int) -> (error: Bias, distance: Double) {
        let recent = self.entries[site].recent, vector = self.entries[site].recentVector
        var information = recent, both = recent
        var product = recent
        for k in 0..<5 {
            information[k][k] += 1 / Self.anything[k]
            both[k] = information[k]
            product[k] = .zero
            for m in 0..<5 {
                // Row k of Λ P, and then of Λ P Λ.
                var sum = 0.0
                for l in 0..<5 { sum += recent[k][l] * self.covariance[25 * (site + 1) + 5 * l + m] }
                product[k][m] = sum
            }
        }
        for k in 0..<5 { for m in 0..<5 { both[k] += product[k][m] * recent[m] } }
        guard let error = Self.solved(information, vector), let weighted = Self.solved(both, vector) else {
            return (.zero, 0)
        }
        return (error, (vector * weighted).sum())
    }

    /// A⁻¹ x of five rows, by Cholesky's decomposition; nil if A is not positive definite.
    private static func solved(_ matrix: InlineArray<5, Bias>, _ right: Bias) -> Bias? {
        var a = matrix
        var x = right
        for j in 0..<5 {
            var diagonal = a[j][j]
            for m in 0..<j { diagonal -= a[j][m] * a[j][m] }
            guard diagonal > 0 else { return nil }
            a[j][j] = diagonal.squareRoot()
            for i in j + 1..<5 {
                var sum = a[i][j]
                for m in 0..<j { sum -= a[i][m] * a[j][m] }
                a[i][j] = sum / a[j][j]
            }
        }
        for i in 0..<5 {
            for m in 0..<i { x[i] -= a[i][m] * x[m] }
            x[i] /= a[i][i]
        }
        for i in (0..<5).reversed() {
            x[i] /= a[i][i]
            for m in 0..<i { x[m] -= a[i][m] * x[i] }
        }
        return x
    }

    /// Whether a bias is known as well as a registered sensor's should be, times `slack`.
    func isKnown(_ site: Int, slack: Double) -> Bool {
        let k = self.parameters, entry = self.entries[site]
        return entry.deviation[BiasIndex.range] < slack * k.registeredRange
            && entry.deviation[BiasIndex.azimuth] < slack * k.registeredAzimuth
            // An elevation that is never measured (of replies, of a radar whose echoes have one) holds up nothing.
            && (entry.deviation[BiasIndex.elevation] < slack * k.registeredElevation
                || entry.deviation[BiasIndex.elevation] > 0.95 * entry.priorDeviation[BiasIndex.elevation])
            && entry.deviation[BiasIndex.time] < slack * k.registeredTime
    }

    /// Moves each sensor from state to state; at most one jump a time, the clearest.
    mutating func judge(_ now: Timestamp) {
        var worst = -1, distance = self.parameters.jumpDistance
        var jump = Bias.zero
        self.isSettled = self.entries.contains { $0.state == .registered }
        for site in self.entries.indices where self.entries[site].active != 0 {
            let recent = self.recentError(of: site)
            let isSettled = recent.distance < 20 && self.isKnown(site, slack: 0.15)
            if !isSettled, self.entries[site].state != .unknown { self.isSettled = false }
            self.entries[site].thinning = self.entries[site].state == .registered && isSettled ? 4 : 1
            switch self.entries[site].state {
            case .unknown:
                if self.entries[site].stretches >= 3 { self.enter(.estimating, site, now) }
            case .estimating:
                if self.isKnown(site, slack: 1) {
                    self.enter(.registered, site, now)
                } else if self.entries[site].jumps > 0, self.entries[site].stretchesSinceJump < 10,
                    !self.isAlone(site, now)
                {
                    // It was let go because it was alone, and is no longer.
                    self.enter(.quarantined, site, now)
                }
            case .registered:
                if self.isBlind(site) {
                    worst = site
                    distance = .infinity
                    jump = self.matters(recent.error, site) ? recent.error : .zero
                } else if recent.distance > distance, self.matters(recent.error, site),
                    now.seconds(since: self.entries[site].since) > self.parameters.shortMemory
                {
                    worst = site
                    distance = recent.distance
                    jump = recent.error
                } else if !self.isKnown(site, slack: 2) {
                    self.enter(.estimating, site, now)
                }
            case .quarantined:
                let age = now.seconds(since: self.entries[site].since)
                if recent.distance > self.parameters.jumpDistance, self.matters(recent.error, site), age > 20 {
                    // What was believed of it after the jump was wrong.
                    self.restart(site, error: recent.error, deviation: Self.afterJump)
                    self.entries[site].since = now
                } else if self.isAlone(site, now) {
                    // Nobody could bring it back, and without it nothing would be seen.
                    self.enter(.estimating, site, now)
                } else if self.entries[site].stretchesSinceJump >= 10, age > 10, self.isKnown(site, slack: 1) {
                    self.enter(.registered, site, now)
                }
            }
        }
        guard worst >= 0 else { return }
        self.quarantine(worst, error: jump, deviation: Self.afterJump, now)
    }

    /// Whether a radar that sends plots finds few of the tracks that it looks at.
    private func isBlind(_ site: Int) -> Bool {
        let entry = self.entries[site]
        return entry.vain > 30 && entry.hits < 0.6 * entry.vain
    }

    /// Whether no sensor that is trusted has for a while seen aircraft that this one sees or looks at.
    private func isAlone(_ site: Int, _ now: Timestamp) -> Bool {
        now.seconds(since: self.entries[site].comparedAt) > self.parameters.solitude
    }

    /// What may be supposed of the errors after a jump, one standard deviation each.
    static let afterJump = Bias(500, 1 * .pi / 180, 1 * .pi / 180, 1, 1e-4, 0, 0, 0)

    /// Whether an error is more than a drift.
    private func matters(_ error: Bias, _ site: Int) -> Bool {
        let k = self.parameters
        return abs(error[BiasIndex.range]) > 2 * k.registeredRange
            || abs(error[BiasIndex.azimuth]) > 2 * k.registeredAzimuth
            || abs(error[BiasIndex.elevation]) > 3 * k.registeredElevation
            || abs(error[BiasIndex.time]) > 2 * k.registeredTime
    }

    private mutating func enter(_ state: SensorRegistration.State, _ site: Int, _ now: Timestamp) {
        self.entries[site].state = state
        self.entries[site].since = now
    }

    /// Sets a sensor aside and begins anew about where the short memory has its errors.
    mutating func quarantine(_ site: Int, error: Bias, deviation: Bias, _ now: Timestamp) {
        self.enter(.quarantined, site, now)
        self.entries[site].jumps += 1
        self.restart(site, error: error, deviation: deviation)
        // Stretches that began before the jump hold plots of both kinds.
        for witness in self.witnesses.indices where self.witnesses[witness].slot >= 0 {
            let first = witness * Self.sightingsMax
            let end = first + self.witnesses[witness].count
            for i in first..<end where Int(self.sightings[i].site) == site {
                self.dismiss(witness)
                break
            }
        }
        // The others' short memories hold the jumped plots too.
        for other in self.entries.indices {
            self.entries[other].recent = InlineArray(repeating: .zero)
            self.entries[other].recentVector = .zero
        }
    }

    /// Sets a sensor aside whose clock has jumped; its other errors are about what they were.
    ///
    /// A sensor that no other has ever seen the same aircraft as is not set aside: nobody could bring it back, and
    /// without it nothing would be seen.
    mutating func quarantineClock(_ site: Int, _ error: Double, _ now: Timestamp) {
        guard self.entries[site].state != .unknown else { return }
        var jump = Bias.zero, deviation = 3 * self.entries[site].deviation
        jump[BiasIndex.time] = error
        deviation[BiasIndex.time] = 0.5
        self.quarantine(site, error: jump, deviation: deviation, now)
    }

    /// Forgets a sensor's errors and begins anew about its estimate and what that is said to be wrong by.
    private mutating func restart(_ site: Int, error: Bias, deviation: Bias) {
        var mean = Bias.zero, wide = Bias.zero
        for i in 0..<5 where self.entries[site].active & (1 << UInt8(i)) != 0 {
            let isClock = i == BiasIndex.time
            let limit = isClock ? 120 : 10 * Self.afterJump[i]
            wide[i] = deviation[i]
            mean[i] = self.entries[site].estimate[i] + min(max(error[i], -limit), limit)
        }
        self.entries[site].stretchesSinceJump = 0
        self.entries[site].hits = 0
        self.entries[site].vain = 0
        self.entries[site].recent = InlineArray(repeating: .zero)
        self.entries[site].recentVector = .zero
        self.forget(site, mean: mean, deviation: wide)
    }
}
