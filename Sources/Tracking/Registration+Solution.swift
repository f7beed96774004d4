import Air
import Geodesy
import Glibc

/// From information to estimates; jumps and what follows of them.
extension Registration {
    /// L of A = L Lᵀ in place of the lower triangle; false if A is not positive definite.
    static func decompose(_ a: inout [Double], _ n: Int) -> Bool {
        for j in 0..<n {
            for i in j..<n {
                let sum = a[i * n + j] - RegistrationSolver.dot(a, i * n, j * n, j)
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

    /// Multiplications of one step of a solution: a few milliseconds.
    private static let stepWork = 4_000_000

    /// Begins a solution from all information and the priors of the sensors that anything is known of.
    mutating func beginSolution() {
        self.sortSites()
        self.unknowns.removeAll(keepingCapacity: true)
        for site in self.siteOrder {
            let row = 5 * (Int(site) + 1)
            guard self.information[Self.entry(row + BiasIndex.time, row + BiasIndex.time)] > 0 else { continue }
            for k in 0..<5 where self.entries[Int(site)].active & (1 << UInt8(k)) != 0 {
                self.unknowns.append(Int32(row + k))
            }
        }
        // Every sensor that reports heights shares the altitude datum.
        self.unknowns.append(0)
        self.solver.clear()
        for i in self.unknowns.indices {
            let row = Int(self.unknowns[i])
            var block = i
            while block > 0, Int(self.unknowns[block - 1]) / 5 == row / 5 { block -= 1 }
            var first = 0
            while first < block, self.information[Self.entry(row, Int(self.unknowns[first]))] == 0 { first += 1 }
            let (mean, deviation) = self.prior(of: row)
            let prior = 1 / (deviation * deviation)
            self.solver.append(from: first, value: self.vector[row] + prior * mean)
            for j in first...i { self.solver.add(self.information[Self.entry(row, Int(self.unknowns[j]))], i, j) }
            self.solver.add(prior, i, i)
        }
        self.solver.begin()
    }

    /// Goes on with a solution, and takes it over when it is complete.
    ///
    /// - Returns: whether it was completed.
    mutating func goOn() -> Bool {
        self.solver.step(Self.stepWork)
        if self.solver.phase == .failed { self.solver.stop() }
        guard self.solver.phase == .done else { return false }
        self.solver.stop()
        for i in self.unknowns.indices {
            let row = Int(self.unknowns[i])
            var j = i
            while j >= 0, Int(self.unknowns[j]) / 5 == row / 5 {
                let column = Int(self.unknowns[j]), value = self.solver.inverse(i, j)
                self.covariance[5 * row + column % 5] = value
                self.covariance[25 * (row / 5) + 5 * (column % 5) + row % 5] = value
                j -= 1
            }
            let deviation = max(self.covariance[5 * row + row % 5], 0).squareRoot()
            if row < 5 {
                self.datum = (self.solver.solution[i], deviation)
            } else {
                let site = row / 5 - 1, k = row % 5
                // The short memory is of what the estimate is wrong by.
                self.entries[site].recentVector -=
                    (self.solver.solution[i] - self.entries[site].estimate[k]) * self.entries[site].recent[k]
                self.entries[site].estimate[k] = self.solver.solution[i]
                self.entries[site].deviation[k] = deviation
            }
        }
        self.holdCommonTime()
        self.compareClocks()
        self.apply()
        return true
    }

    /// Puts the sites into the order of the coordinate in which they are spread most.
    private mutating func sortSites() {
        guard self.siteOrder.isEmpty else { return }
        var low = SIMD3<Double>(repeating: .infinity), high = -low
        for entry in self.entries where entry.active != 0 {
            low = pointwiseMin(low, entry.place)
            high = pointwiseMax(high, entry.place)
        }
        let size = high - low
        let axis = size.x > max(size.y, size.z) ? 0 : size.y > size.z ? 1 : 2
        for site in self.entries.indices where self.entries[site].active != 0 { self.siteOrder.append(Int32(site)) }
        self.siteOrder.sort { self.entries[Int($0)].place[axis] < self.entries[Int($1)].place[axis] }
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

    /// Holds what all compared clocks have in common at the priors' mean.
    ///
    /// No plot shows it: flights moved along themselves fit as well. But each stretch is fitted near the track, which is made
    /// with the biases known so far, and so bears witness for them; without a hold, thousands of stretches carry all clocks
    /// away together. With the clocks, the information gathered is moved, whose witness was for the old ones.
    ///
    /// b ← b − c 1, η ← η − Λ c 1 over the clocks, c = Σ wⱼ (bⱼ − b₀ⱼ) / Σ wⱼ, w = 1/σ₀²
    private mutating func holdCommonTime() {
        var sum = 0.0, total = 0.0
        for unknown in self.unknowns where self.isComparedClock(Int(unknown)) {
            let (mean, deviation) = self.prior(of: Int(unknown))
            let weight = 1 / (deviation * deviation)
            sum += weight * (self.entries[Int(unknown) / 5 - 1].estimate[BiasIndex.time] - mean)
            total += weight
        }
        guard total > 0 else { return }
        let common = sum / total
        for unknown in self.unknowns where self.isComparedClock(Int(unknown)) {
            self.entries[Int(unknown) / 5 - 1].estimate[BiasIndex.time] -= common
            for row in self.unknowns {
                self.vector[Int(row)] -= self.information[Self.entry(Int(row), Int(unknown))] * common
            }
        }
    }

    /// The deviations of the clocks against the mean of those that were compared, weighed as the priors weigh them.
    ///
    /// var(bᵢ − Σ wⱼ bⱼ) = Pᵢᵢ − 2 (P w)ᵢ + wᵀ P w
    private mutating func compareClocks() {
        let n = self.unknowns.count
        while self.corrections.count < n { self.corrections.append(0) }
        var total = 0.0
        for i in 0..<n {
            let deviation = self.prior(of: Int(self.unknowns[i])).deviation
            self.corrections[i] = self.isComparedClock(Int(self.unknowns[i])) ? 1 / (deviation * deviation) : 0
            total += self.corrections[i]
        }
        guard total > 0 else { return }
        self.solver.forward(&self.corrections)
        var common = 0.0
        for i in 0..<n { common += self.corrections[i] * self.corrections[i] }
        self.solver.backward(&self.corrections)
        for i in 0..<n where self.isComparedClock(Int(self.unknowns[i])) {
            let square =
                self.solver.inverse(i, i) - 2 * self.corrections[i] / total + common / (total * total)
            self.entries[Int(self.unknowns[i]) / 5 - 1].deviation[BiasIndex.time] = max(square, 0).squareRoot()
        }
    }

    /// Whether a row is of the clock of a sensor that shared an aircraft with another one.
    @inline(__always) private func isComparedClock(_ row: Int) -> Bool {
        row >= 5 && row % 5 == BiasIndex.time && self.entries[row / 5 - 1].stretches > 0
    }

    private func prior(of row: Int) -> (mean: Double, deviation: Double) {
        guard row >= 5 else { return (0, self.parameters.altitudeDatumDeviation) }
        let entry = self.entries[row / 5 - 1]
        return (entry.priorMean[row % 5], entry.priorDeviation[row % 5])
    }

    /// Takes a block out of the information, leaving to the others what it said of them.
    ///
    /// Λoo ← Λoo − Λos (Λss + P₀⁻¹)⁻¹ Λso
    mutating func eliminate(_ block: Int) {
        self.solver.stop()
        let rows = self.vector.count
        while self.corrections.count < rows { self.corrections.append(0) }
        for k in 0..<5 {
            let pivotRow = 5 * block + k
            let (mean, deviation) = self.prior(of: pivotRow)
            guard deviation > 0 else { continue }
            let prior = 1 / (deviation * deviation)
            let pivot = self.information[Self.entry(pivotRow, pivotRow)] + prior
            let value = self.vector[pivotRow] + prior * mean
            for i in 0..<rows {
                self.corrections[i] = self.information[Self.entry(i, pivotRow)]
                self.information[Self.entry(i, pivotRow)] = 0
            }
            self.corrections[pivotRow] = 0
            self.vector[pivotRow] = 0
            for i in 0..<rows {
                let f = self.corrections[i] / pivot
                guard f != 0 else { continue }
                self.vector[i] -= f * value
                let begin = Self.entry(i, 0)
                for j in 0...i { self.information[begin + j] -= f * self.corrections[j] }
            }
        }
    }

    /// Lets old information fade.
    mutating func fade(_ seconds: Double) {
        let keep = exp(-seconds / self.parameters.memory), keepRecent = exp(-seconds / self.parameters.shortMemory)
        for i in self.information.indices { self.information[i] *= keep }
        for i in self.vector.indices { self.vector[i] *= keep }
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
            // A clock that was put back must not make a state last until the old time comes again.
            self.entries[site].since = min(self.entries[site].since, now)
            self.entries[site].comparedAt = min(self.entries[site].comparedAt, now)
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
            guard i != BiasIndex.gain else {
                // How range grows is the air's doing: it begins anew as of a sensor never heard, and does not jump.
                wide[i] = self.parameters.gainDeviation
                continue
            }
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
