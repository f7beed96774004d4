import Glibc

/// The plots and tracks of one cluster, and which assignment explains them best if tracks that fly alike also swerve alike.
///
/// The innovations of aircraft in formation share what the leader has done since the last look: taken for independent, a
/// turn that nobody has seen moves every track onto its neighbour's plot as soon as one of them is not detected. Here an
/// innovation is a displacement common to all mates, of zero mean and variance C, and an error of its own, of covariance
/// D = P + R; the likelihood of an assignment is that of all its innovations together,
///
/// ∫ N(c; 0, C) ∏ N(νᵢⱼ − c; 0, Dᵢⱼ) dc,
///
/// found pair by pair: each conditions c. Candidates: the cheapest assignment for independent tracks, and for each pair as
/// an anchor the cheapest one given what that pair says of c.
///
/// Complexity: pairs × that of an assignment. No allocation in the steady state.
///
/// Source: S. Blackman, R. Popoli, "Design and Analysis of Modern Tracking Systems" (1999), 6.11 (group tracking).
struct Formation: Sendable {
    /// A plot held against a track.
    struct Pair: Sendable {
        /// Of the list of hypotheses, or −1: outside the gate.
        var hypothesis: Int32 = -1
        /// Log-likelihood ratio for independent tracks.
        var gain = -Double.infinity
        /// The same but for the horizontal innovation.
        var rest = 0.0
        /// Horizontal innovation, metres.
        var innovation = SIMD2<Double>.zero
        /// Covariance of its own part, m².
        var noise = Matrix2.zero
    }

    /// Clusters with more plots or tracks than this are left to the assignment alone.
    static let most = 10

    private(set) var rows = 0
    private(set) var columns = 0
    private var pairs: [Pair] = []
    /// Of each track: velocity, metres per second, and the variance of the common displacement, m².
    private var velocities: [SIMD2<Double>] = []
    private var swerves: [Double] = []
    /// The track of each row, or −1.
    private var candidate: [Int] = []
    private var best: [Int] = []
    private var isMate: [Bool] = []
    private var assignment = Assignment()

    mutating func begin(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        self.pairs.removeAll(keepingCapacity: true)
        self.pairs.append(contentsOf: repeatElement(Pair(), count: rows * columns))
        self.velocities.removeAll(keepingCapacity: true)
        self.swerves.removeAll(keepingCapacity: true)
    }

    /// Adds the next track.
    mutating func addTrack(velocity: SIMD2<Double>, swerve: Double) {
        self.velocities.append(velocity)
        self.swerves.append(swerve)
    }

    mutating func set(_ row: Int, _ column: Int, _ pair: Pair) { self.pairs[row * self.columns + column] = pair }

    /// The hypothesis of a row in the best assignment, or −1.
    func hypothesis(ofRow row: Int) -> Int {
        self.best[row] < 0 ? -1 : Int(self.pairs[row * self.columns + self.best[row]].hypothesis)
    }

    /// Finds the best assignment.
    ///
    /// - Parameter likeness: difference of velocities below which tracks fly alike, metres per second.
    mutating func solve(likeness: Double) {
        self.isMate.removeAll(keepingCapacity: true)
        self.isMate.append(contentsOf: repeatElement(false, count: self.columns))
        self.assign { pair, _ in pair.gain }
        self.best.removeAll(keepingCapacity: true)
        self.best.append(contentsOf: self.candidate)
        for column in 0..<self.columns {
            var mates = 0
            for other in 0..<self.columns {
                let d = self.velocities[other] - self.velocities[column]
                self.isMate[other] = dot(d, d) < likeness * likeness
                if self.isMate[other] { mates += 1 }
            }
            guard mates > 1 else { continue }
            // Worth what it is among these mates: values under different mates cannot be compared.
            var most = self.value(of: self.best)
            for row in 0..<self.rows {
                let anchor = self.pairs[row * self.columns + column]
                guard anchor.hypothesis >= 0 else { continue }
                var common = Common(variance: self.swerves[column])
                _ = common.take(anchor)
                self.assign { pair, isMate in
                    var known = common
                    return !isMate
                        ? pair.gain : pair.hypothesis == anchor.hypothesis ? 1e3 : known.take(pair) + pair.rest
                }
                let value = self.value(of: self.candidate)
                if value > most + 1e-9 {
                    most = value
                    self.best.removeAll(keepingCapacity: true)
                    self.best.append(contentsOf: self.candidate)
                }
            }
        }
    }

    /// What is known of the common displacement.
    private struct Common {
        var mean = SIMD2<Double>.zero
        var covariance: Matrix2

        init(variance: Double) { self.covariance = .diagonal(variance) }

        /// Takes an innovation in; its log-likelihood.
        mutating func take(_ pair: Pair) -> Double {
            let sum = self.covariance + pair.noise
            let inverse = sum.inverse
            let error = pair.innovation - self.mean
            let gain = self.covariance * inverse
            self.mean += gain * error
            self.covariance = (self.covariance - gain * self.covariance).symmetrised
            return -0.5 * (dot(error, inverse * error) + log(4 * .pi * .pi * sum.determinant))
        }
    }

    /// The cheapest assignment under a gain of each pair inside the gate.
    private mutating func assign(_ gain: (Pair, Bool) -> Double) {
        self.assignment.begin(rows: self.rows, tracks: self.columns)
        for row in 0..<self.rows {
            for column in 0..<self.columns {
                let pair = self.pairs[row * self.columns + column]
                guard pair.hypothesis >= 0 else { continue }
                let value = gain(pair, self.isMate[column])
                if value.isFinite { self.assignment.setCost(row: row, column: column, -value) }
            }
        }
        self.assignment.solve()
        self.candidate.removeAll(keepingCapacity: true)
        for row in 0..<self.rows {
            let column = self.assignment.column(ofRow: row)
            let isTrack = column < self.columns && self.pairs[row * self.columns + column].hypothesis >= 0
            self.candidate.append(isTrack ? column : -1)
        }
    }

    /// The log-likelihood ratio of an assignment: the likelier of independent tracks and of mates that swerve alike.
    private func value(of assigned: [Int]) -> Double {
        var apart = 0.0, together = 0.0, others = 0.0
        var swerve = 0.0
        for row in 0..<self.rows where assigned[row] >= 0 && self.isMate[assigned[row]] {
            swerve = max(swerve, self.swerves[assigned[row]])
        }
        var common = Common(variance: swerve)
        for row in 0..<self.rows where assigned[row] >= 0 {
            let pair = self.pairs[row * self.columns + assigned[row]]
            if self.isMate[assigned[row]] {
                apart += pair.gain
                together += common.take(pair) + pair.rest
            } else {
                others += pair.gain
            }
        }
        let larger = max(apart, together)
        return others + larger + log(exp(apart - larger) + exp(together - larger))
    }
}
