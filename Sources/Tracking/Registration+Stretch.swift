import Air
import Geodesy
import Glibc

/// The normal equations of one stretch: a parabola x (place, velocity, acceleration over ground: eight numbers), and the
/// biases of the sensors that saw it. In arrays: held in place, they would be copied with what holds them.
struct StretchSums: Sendable {
    /// One measurement: y = c·x + h·b + noise.
    struct Row: Sendable {
        var c: SIMD8<Double>
        var h: Bias
        var y: Double
        var weight: Double
        var place: Int
        /// Which noise of its sensor it has, or −1.
        var kind: Int
    }

    static let blocksMax = 24

    var xx = [SIMD8<Double>](repeating: .zero, count: 8)
    var ex = SIMD8<Double>.zero
    var yy = 0.0
    var rows: [Row] = []
    /// Block (0 the altitude datum, then the sites) of each place in the sums.
    var blocks = [Int32](repeating: 0, count: Self.blocksMax)
    var active = [UInt8](repeating: 0, count: Self.blocksMax)
    var count = 0
    /// How many numbers of the flight its measurements determine.
    var freedom = 6
    /// Five rows a block: biases with x, biases with biases of the same block, vector.
    var bx = [SIMD8<Double>](repeating: .zero, count: 5 * Self.blocksMax)
    var bb = [SIMD8<Double>](repeating: .zero, count: 5 * Self.blocksMax)
    var eb = [SIMD8<Double>](repeating: .zero, count: Self.blocksMax)

    mutating func clear() {
        for i in 0..<8 { self.xx[i] = .zero }
        self.ex = .zero
        self.yy = 0
        self.rows.removeAll(keepingCapacity: true)
        self.count = 0
    }

    /// The place of a block in the sums, or −1 if there is no more room.
    mutating func place(of block: Int, active: UInt8) -> Int {
        for i in 0..<self.count where Int(self.blocks[i]) == block { return i }
        guard self.count < Self.blocksMax else { return -1 }
        let i = self.count
        self.blocks[i] = Int32(block)
        self.active[i] = active
        self.eb[i] = .zero
        for k in 5 * i..<5 * i + 5 {
            self.bx[k] = .zero
            self.bb[k] = .zero
        }
        self.count += 1
        return i
    }

    /// Adds a measurement y = c·x + h·b + noise.
    @inline(__always) mutating func add(
        _ y: Double, _ c: SIMD8<Double>, _ h: Bias, at place: Int, variance: Double, biases: UInt8,
        kind: Int = -1
    ) {
        let weight = 1 / variance
        let wc = weight * c
        for i in 0..<8 { self.xx[i] += c[i] * wc }
        self.ex += y * wc
        self.yy += weight * y * y
        self.rows.append(Row(c: c, h: h, y: y, weight: weight, place: place, kind: kind))
        guard biases != 0 else { return }
        let wh = weight * h
        self.eb[place] += y * wh
        for k in 0..<5 where biases & (1 << UInt8(k)) != 0 {
            self.bx[5 * place + k] += h[k] * wc
            self.bb[5 * place + k] += h[k] * wh
        }
    }

    /// Eliminates the flight: replaces `bx` by W = L⁻¹ Λxb and `ex` by ω = L⁻¹ ηx, with Λxx = L Lᵀ.
    ///
    /// - Returns: false if the flight is not determined.
    mutating func eliminate() -> Bool {
        for j in 0..<8 {
            var diagonal = self.xx[j][j]
            for m in 0..<j { diagonal -= self.xx[j][m] * self.xx[j][m] }
            guard diagonal > 1e-12 else { return false }
            let root = diagonal.squareRoot()
            self.xx[j][j] = root
            for i in j + 1..<8 {
                var sum = self.xx[i][j]
                for m in 0..<j { sum -= self.xx[i][m] * self.xx[j][m] }
                self.xx[i][j] = sum / root
            }
        }
        self.ex = self.forward(self.ex)
        for b in 0..<self.count {
            for k in 0..<5 where self.active[b] & (1 << UInt8(k)) != 0 {
                self.bx[5 * b + k] = self.forward(self.bx[5 * b + k])
            }
        }
        return true
    }

    /// The fit of the flight, once it is eliminated: L⁻ᵀ ω.
    func flight() -> SIMD8<Double> {
        var x = self.ex
        for i in (0..<8).reversed() {
            x[i] /= self.xx[i][i]
            for m in 0..<i { x[m] -= self.xx[i][m] * x[i] }
        }
        return x
    }

    @inline(__always) private func forward(_ right: SIMD8<Double>) -> SIMD8<Double> {
        var x = right
        for i in 0..<8 {
            var sum = x[i]
            for m in 0..<i { sum -= self.xx[i][m] * x[m] }
            x[i] = sum / self.xx[i][i]
        }
        return x
    }
}

/// The flight that a stretch is linearised about.
struct NominalFlight {
    let middle: Timestamp
    /// Where it is in the middle, Earth-centred, and how it moves there.
    var centre: SIMD3<Double>
    var velocity: SIMD3<Double>
    var acceleration: SIMD3<Double>
    let frame: TangentFrame
    let isStraight: Bool
    let turning: Double

    init(
        middle: Timestamp, centre: SIMD3<Double>, velocity: SIMD3<Double>, acceleration: SIMD3<Double>, turning: Double
    ) {
        self.turning = turning
        self.middle = middle
        self.centre = centre
        self.velocity = velocity
        self.acceleration = acceleration
        self.frame = TangentFrame(below: centre)
        self.isStraight = acceleration == .zero
    }

    /// Moves it by what a fit says; false if that is too little to matter, and nothing was moved.
    mutating func move(by x: SIMD8<Double>) -> Bool {
        let (e, n) = (self.frame.east, self.frame.north)
        // Not its height: the track, of many looks, knows that better, and slant range bends with it.
        let place = x[0] * e + x[1] * n, change = x[3] * e + x[4] * n
        guard dot(change, change) > 1 || dot(place, place) > 1e4 else { return false }
        self.centre += place
        self.velocity += change
        if !self.isStraight { self.acceleration += x[6] * e + x[7] * n }
        return true
    }
}

/// One bias of one sensor in a stretch, after the line is eliminated.
struct Member: Sendable {
    var place: Int
    /// Row in the information on all biases: five a block.
    var row: Int
    /// L⁻¹ Λxb.
    var w: SIMD8<Double>
    /// Λbb with the other biases of the same sensor.
    var own: SIMD8<Double>
    /// ηb − Wᵀ ω.
    var g: Double
    /// The estimate.
    var bias: Double
}

extension Registration {
    /// The prior of the flight about where the track has it: wide, as the track has the same biases.
    private static let flightVariance = (place: 9e6, speed: 1e4, climb: 400.0, turn: 25.0)
    /// Part of a turn's acceleration that may come and go within a stretch, one standard deviation.
    private static let turnUnrest = 0.3

    /// Evaluates the stretch of a witness against a nominal flight, and takes in what it says.
    ///
    /// - Parameters:
    ///   - place, velocity, time: of the track now, Earth-centred.
    ///   - acceleration: the mean over the stretch if it was turned in; zero: it was straight.
    ///   - turning: the square of what the mean may be as far as the track shows, m²/s⁴.
    mutating func evaluate(
        _ witness: Int, place: SIMD3<Double>, velocity last: SIMD3<Double>, acceleration: SIMD3<Double>,
        turning: Double, time: Timestamp, sites: borrowing [Site]
    ) {
        let first = witness * Self.sightingsMax, count = self.witnesses[witness].count
        var low = self.sightings[first].measuredAt, high = low
        for i in first + 1..<first + count {
            low = min(low, self.sightings[i].measuredAt)
            high = max(high, self.sightings[i].measuredAt)
        }
        let middle = low.advanced(by: 0.5 * high.seconds(since: low))
        let back = middle.seconds(since: time)
        var flight = NominalFlight(
            middle: middle, centre: place + back * last + (0.5 * back * back) * acceleration,
            velocity: last + back * acceleration, acceleration: acceleration, turning: turning)
        guard self.sum(first..<first + count, about: flight, sites) else { return }
        // The track's velocity is made of these plots, and differs from their fit by what depends on their noise: times
        // that noise it would look like a clock's error, some 20 ms between radars. Residuals of a fit do not depend on it.
        if flight.move(by: self.sums.flight()) {
            guard self.sum(first..<first + count, about: flight, sites) else { return }
        }
        self.conclude()
    }

    /// Sums what the plots of a stretch say about a nominal flight, and eliminates the flight.
    ///
    /// - Returns: false if they do not determine it.
    private mutating func sum(_ range: Range<Int>, about flight: NominalFlight, _ sites: borrowing [Site]) -> Bool {
        let middle = flight.middle, centre = flight.centre
        let velocity = flight.velocity, acceleration = flight.acceleration
        let frame = flight.frame
        let height = frame.coordinates(of: centre).height
        let v = Self.turned(velocity, into: frame)
        let bend = Self.turned(acceleration, into: frame)
        let isStraight = flight.isStraight
        self.sums.clear()
        let k = self.parameters
        let unrest = 0.25 * (k.acceleration * k.acceleration + Self.turnUnrest * Self.turnUnrest * flight.turning)
        for i in range {
            let z = self.sightings[i]
            let site = Int(z.site)
            let bias = self.entries[site].estimate
            let noise = self.entries[site].noise
            let block = self.sums.place(of: site + 1, active: self.entries[site].active)
            guard block >= 0 else { continue }
            let tau = z.measuredAt.seconds(since: middle) - bias[BiasIndex.time]
            let here = centre + tau * velocity + (0.5 * tau * tau) * acceleration
            // A clock's error shows in the way flown in it.
            let vNow = v + tau * bend
            let swerve = unrest * tau * tau * tau * tau
            if z.isPolar {
                let d = here - sites[site].centre
                let e = dot(d, sites[site].east), n = dot(d, sites[site].north), u = dot(d, sites[site].up)
                let g2 = e * e + n * n
                let g = g2.squareRoot(), r = (g2 + u * u).squareRoot()
                // Overhead, azimuth and the flat line mean nothing.
                guard g > sites[site].nearMin, g > 0.3 * r else { continue }
                let gain = bias[BiasIndex.gain]
                let along = Self.turned(d / r, into: frame)
                Self.add(
                    &self.sums, z.z.x - r * (1 + gain) - bias[BiasIndex.range], along, tau,
                    Bias(1, 0, 0, -dot(along, vNow), r, 0, 0, 0), at: block, variance: noise[0] * z.first + swerve,
                    biases: 0b1_1001, kind: 0)
                let side = (n * sites[site].east - e * sites[site].north) / g
                let azimuth = z.z.y - bias[BiasIndex.azimuth]
                let across = Self.turned(side, into: frame)
                Self.add(
                    &self.sums, sin(azimuth) * n - cos(azimuth) * e, across, tau,
                    Bias(0, g, 0, -dot(across, vNow), 0, 0, 0, 0), at: block,
                    variance: noise[1] * g2 * z.second + swerve,
                    biases: 0b0_1010, kind: 1)
                if z.hasElevation {
                    let rise = (-(u / g) * (e * sites[site].east + n * sites[site].north) + g * sites[site].up) / r
                    let elevation = z.z.z - bias[BiasIndex.elevation]
                    let lift = Self.turned(rise, into: frame)
                    Self.add(
                        &self.sums, sin(elevation) * g - cos(elevation) * u, lift, tau,
                        Bias(0, 0, r, -dot(lift, vNow), 0, 0, 0, 0), at: block,
                        variance: noise[2] * r * r * z.third + swerve,
                        biases: 0b0_1100, kind: 2)
                }
            } else {
                let d = z.z - here
                Self.add(
                    &self.sums, dot(d, frame.east), SIMD3(1, 0, 0), tau, Bias(0, 0, 0, -vNow.x, 0, 0, 0, 0), at: block,
                    variance: noise[3] * z.first + swerve, biases: 0b0_1000, kind: 3)
                Self.add(
                    &self.sums, dot(d, frame.north), SIMD3(0, 1, 0), tau, Bias(0, 0, 0, -vNow.y, 0, 0, 0, 0), at: block,
                    variance: noise[3] * z.first + swerve, biases: 0b0_1000, kind: 3)
                if z.hasVelocity {
                    let dv = z.velocity - velocity - tau * acceleration
                    let turning = 4 * unrest * tau * tau
                    var c = SIMD8<Double>.zero
                    c[3] = 1
                    c[6] = tau
                    self.sums.add(dot(dv, frame.east), c, .zero, at: block, variance: z.second + turning, biases: 0)
                    c = .zero
                    c[4] = 1
                    c[7] = tau
                    self.sums.add(dot(dv, frame.north), c, .zero, at: block, variance: z.second + turning, biases: 0)
                }
            }
            if z.heightKind != 0 {
                let drop = frame.halfCurvature * tau * tau * (v.x * v.x + v.y * v.y)
                let nominal = height + tau * (v.z + 0.5 * tau * bend.z) + drop
                if z.heightKind == 1 {
                    Self.add(
                        &self.sums, z.height - nominal, SIMD3(0, 0, 1), tau, .zero, at: block,
                        variance: z.heightVariance, biases: 0)
                } else {
                    let datum = self.sums.place(of: 0, active: 1)
                    guard datum >= 0 else { continue }
                    Self.add(
                        &self.sums, z.height - nominal - self.datum.estimate, SIMD3(0, 0, 1), tau,
                        Bias(1, 0, 0, 0, 0, 0, 0, 0), at: datum, variance: z.heightVariance, biases: 1)
                }
            }
        }
        let prior = Self.flightVariance
        let turn = isStraight ? k.acceleration * k.acceleration + flight.turning : prior.turn
        let variance = SIMD8(
            prior.place, prior.place, prior.place, prior.speed, prior.speed, prior.climb, turn, turn)
        for i in 0..<8 { self.sums.xx[i][i] += 1 / variance[i] }
        self.sums.freedom = isStraight ? 6 : 8
        return self.sums.rows.count >= self.sums.freedom + 2 && self.sums.eliminate()
    }

    @inline(__always) private static func turned(
        _ d: SIMD3<Double>, into frame: borrowing TangentFrame
    ) -> SIMD3<Double> {
        SIMD3(dot(d, frame.east), dot(d, frame.north), dot(d, frame.up))
    }

    @inline(__always) private static func add(
        _ sums: inout StretchSums, _ y: Double, _ a: SIMD3<Double>, _ tau: Double, _ h: Bias, at place: Int,
        variance: Double, biases: UInt8, kind: Int = -1
    ) {
        let half = 0.5 * tau * tau
        let c = SIMD8(a.x, a.y, a.z, tau * a.x, tau * a.y, tau * a.z, half * a.x, half * a.y)
        sums.add(y, c, h, at: place, variance: variance, biases: biases, kind: kind)
    }

    /// Judges a stretch whose flight is eliminated, and adds its information to that of the biases.
    ///
    /// S = Λbb − Wᵀ W is the information on the biases, g = ηb − Wᵀ ω that on what their estimates are wrong by; the fit
    /// is judged by yᵀ R⁻¹ y − ωᵀ ω − gᵀ (S + P⁻¹)⁻¹ g, P the covariance of the estimates, χ² of as many degrees as there
    /// are measurements less the flight's numbers.
    private mutating func conclude() {
        self.members.removeAll(keepingCapacity: true)
        for p in 0..<self.sums.count {
            for k in 0..<5 where self.sums.active[p] & (1 << UInt8(k)) != 0 {
                let block = Int(self.sums.blocks[p]), w = self.sums.bx[5 * p + k]
                self.members.append(
                    Member(
                        place: p, row: 5 * block + k, w: w, own: self.sums.bb[5 * p + k],
                        g: self.sums.eb[p][k] - (w * self.sums.ex).sum(), bias: self.bias(of: block, k)))
            }
        }
        // Row by row, below the diagonal and on it: S.
        let n = self.members.count
        while self.small.count < n * n { self.small.append(0) }
        var doubt = 0.0
        for i in 0..<n {
            let member = self.members[i]
            for j in 0...i {
                var s = -(member.w * self.members[j].w).sum()
                if self.members[j].place == member.place {
                    let other = self.members[j].row % 5
                    s += member.own[other]
                    doubt += (i == j ? 1 : 2) * s * self.covariance[5 * member.row + other]
                }
                self.small[i * n + j] = s
            }
        }
        let degrees = Double(self.sums.rows.count - self.sums.freedom)
        let limit = degrees + 4 * (2 * degrees).squareRoot()
        var misfit = self.sums.yy - (self.sums.ex * self.sums.ex).sum()
        let isDoubtful = doubt > 0.05 * degrees
        let isSample = (self.tally.fits + self.tally.misfits) % 4 == 0
        if isDoubtful, misfit > limit || isSample { misfit -= self.explained(by: -1) }
        if isSample { self.learnNoise(isDoubtful, fits: misfit <= limit) }
        if misfit > limit {
            self.tally.misfits += 1
            self.blame(misfit, limit)
            return
        }
        self.tally.fits += 1
        for p in 0..<self.sums.count where self.sums.blocks[p] > 0 {
            let site = Int(self.sums.blocks[p]) - 1
            self.entries[site].stretches += 1
            self.entries[site].stretchesSinceJump += 1
            self.remember(p, as: site)
        }
        for i in 0..<n {
            let row = self.members[i].row, bias = self.members[i].bias
            for j in 0..<i {
                let s = self.small[i * n + j]
                let column = self.members[j].row
                self.information[Self.entry(row, column)] += s
                self.vector[row] += s * self.members[j].bias
                self.vector[column] += s * bias
            }
            let s = self.small[i * n + i]
            self.information[Self.entry(row, row)] += s
            self.vector[row] += s * bias + self.members[i].g
        }
    }

    /// Compares the residuals of a stretch with the noise that they should have.
    ///
    /// s ← s exp(η (min(ν²/σ², 9) − 0.97)): a plot far off says no more than one three deviations off, and 0.97 is the mean
    /// of that for a normal ν.
    private mutating func learnNoise(_ isDoubtful: Bool, fits: Bool) {
        let n = self.members.count
        while self.corrections.count < 5 * StretchSums.blocksMax { self.corrections.append(0) }
        for i in 0..<5 * StretchSums.blocksMax { self.corrections[i] = 0 }
        var line = self.sums.ex
        if isDoubtful {
            // What `explained` has left: L and L⁻¹ g.
            Self.backward(&self.factor, n, &self.solution)
            for i in 0..<n {
                self.corrections[5 * self.members[i].place + self.members[i].row % 5] = self.solution[i]
                line -= self.solution[i] * self.members[i].w
            }
        }
        for i in (0..<8).reversed() {
            line[i] /= self.sums.xx[i][i]
            for m in 0..<i { line[m] -= self.sums.xx[i][m] * line[i] }
        }
        let fitted = Double(self.sums.rows.count) / Double(self.sums.rows.count - self.sums.freedom)
        for row in self.sums.rows where row.kind >= 0 {
            var residual = row.y - (row.c * line).sum()
            if isDoubtful { for k in 0..<5 { residual -= row.h[k] * self.corrections[5 * row.place + k] } }
            let site = Int(self.sums.blocks[row.place]) - 1
            // What no longer fits a sensor that did is a jump, not noise.
            guard fits || self.entries[site].state != .registered else { continue }
            let square = min(residual * residual * row.weight * fitted, 9)
            let scale = self.entries[site].noise[row.kind] * exp(0.02 * (square - 0.97))
            self.entries[site].noise[row.kind] = min(max(scale, 0.2), 30)
        }
    }

    /// The estimate of a bias of a block.
    @inline(__always) private func bias(of block: Int, _ index: Int) -> Double {
        block == 0 ? self.datum.estimate : self.entries[block - 1].estimate[index]
    }

    /// Adds what a stretch says of one sensor alone to the sensor's short memory.
    private mutating func remember(_ p: Int, as site: Int) {
        // What a sensor is held against must itself be trusted.
        for q in 0..<self.sums.count where q != p && self.sums.blocks[q] > 0 {
            if self.entries[Int(self.sums.blocks[q]) - 1].state == .quarantined { return }
        }
        let n = self.members.count
        for i in 0..<n where self.members[i].place == p {
            let k = self.members[i].row % 5
            for j in 0...i where self.members[j].place == p {
                let l = self.members[j].row % 5
                let s = self.small[i * n + j]
                self.entries[site].recent[k][l] += s
                if l != k { self.entries[site].recent[l][k] += s }
            }
            self.entries[site].recentVector[k] += self.members[i].g
        }
    }

    /// A stretch that does not fit: if it does without one sensor, that sensor alone is told so.
    private mutating func blame(_ misfit: Double, _ limit: Double) {
        var best = -1, gain = 0.0, second = 0.0
        for p in 0..<self.sums.count where self.sums.blocks[p] > 0 {
            let explained = self.explained(by: p)
            if explained > gain {
                second = gain
                gain = explained
                best = p
            } else {
                second = max(second, explained)
            }
        }
        guard best >= 0, misfit - gain <= limit, misfit - second > limit else { return }
        self.remember(best, as: Int(self.sums.blocks[best]) - 1)
    }

    /// gᵀ (S + P⁻¹)⁻¹ g of all sensors with their covariances, or of one whose bias may be anything.
    private mutating func explained(by only: Int) -> Double {
        let size = self.members.count
        self.order.removeAll(keepingCapacity: true)
        for i in 0..<size where only < 0 || self.members[i].place == only { self.order.append(Int32(i)) }
        let n = self.order.count
        while self.factor.count < n * n { self.factor.append(0) }
        while self.solution.count < n { self.solution.append(0) }
        for i in 0..<n {
            let member = Int(self.order[i])
            for j in 0...i { self.factor[i * n + j] = self.small[member * size + Int(self.order[j])] }
            self.solution[i] = self.members[member].g
            let row = self.members[member].row
            let variance = only < 0 ? self.covariance[5 * row + row % 5] : Self.anything[row % 5]
            self.factor[i * n + i] += 1 / max(variance, 1e-30)
        }
        guard Self.decompose(&self.factor, n) else { return 0 }
        Self.forward(&self.factor, n, &self.solution)
        var sum = 0.0
        for i in 0..<n { sum += self.solution[i] * self.solution[i] }
        return sum
    }

    /// Variances of biases that may be anything.
    static let anything = Bias(1e8, 0.01, 0.01, 100, 1e-4, 0, 0, 0)
}
