import Exercises

/// Which faults a run has, and how often: drawn anew for each seed, so that some runs have none of a kind and others little else.
///
/// Source: A. Groce, C. Zhang, E. Eide, Y. Chen, J. Regehr, "Swarm testing", ISSTA 2012.
struct FaultMix: Sendable {
    /// Seconds of a message on its way, the least, and what comes on top at random.
    var delay = 0.02
    var jitter = 0.05
    /// Octets a second of a link; a bulk message takes its share of time.
    var rate = 1e6
    /// Mean seconds between cuts of a pair of nations; infinite: none. So for all that follow.
    var cutEvery = Double.infinity
    /// Mean seconds of a cut.
    var cutFor = 5.0
    /// The part of cuts that go one way only.
    var oneWay = 0.0
    /// Mean seconds between breaks of a link, losing what is on its way.
    var resetEvery = Double.infinity
    var crashEvery = Double.infinity
    /// Mean seconds that a node is down.
    var downFor = 2.0
    /// The part of crashes that fall between two outputs of one step.
    var midStep = 0.0
    /// Mean seconds until a write is durable.
    var syncIn = 0.005
    /// The chance that a write stalls for seconds.
    var stall = 0.0
    /// The chance that a write fails, and with it the node.
    var writeError = 0.0
    /// Mean seconds between times in which the disk is full, and no write comes through.
    var fullEvery = Double.infinity
    /// Seconds by which a clock is wrong at the beginning, at most, and its drift.
    var skew = 0.0
    var drift = 0.0
    var jumpEvery = Double.infinity
    /// The chance that a message on its way is repeated, moved, changed or made up by somebody who should not be there.
    var forgery = 0.0
    /// A node is set back to an older copy of its disk, once.
    var rollsBack = false
    /// A nation whose node breaks the rules, with keys that hold.
    var hasHostile = false
    /// Mean seconds between changes of policy and between revocations.
    var policyEvery = Double.infinity
    var revokeEvery = Double.infinity
    /// Partners take tracks slowly.
    var isSlow = false
    /// A burst of records and tracks before each urgent one.
    var isSaturated = false

    /// No fault at all.
    static let none = Self()

    /// The mix of a seed.
    init(seed: UInt64, seconds: Double) {
        var random = SplitMix64(seed: seed, stream: 0xFA)
        func often(_ least: Double, _ most: Double, in part: Double) -> Double {
            random.chance(part) ? random.uniform(least...most) : .infinity
        }
        self.delay = random.chance(0.2) ? random.uniform(0.1...1.5) : random.uniform(0.001...0.1)
        self.jitter = random.chance(0.3) ? 0 : random.uniform(0...0.5)
        self.rate = random.chance(0.2) ? random.uniform(4e3...4e4) : random.uniform(1e5...1e7)
        self.cutEvery = often(5, 60, in: 0.6)
        self.cutFor = random.uniform(0.5...20)
        self.oneWay = random.uniform(0...1)
        self.resetEvery = often(4, 60, in: 0.6)
        self.crashEvery = often(4, 60, in: 0.7)
        self.downFor = random.uniform(0.1...10)
        self.midStep = random.uniform(0...1)
        self.syncIn = random.chance(0.2) ? random.uniform(0.05...0.8) : random.uniform(0.0005...0.02)
        self.stall = random.chance(0.3) ? random.uniform(0...0.05) : 0
        self.writeError = random.chance(0.25) ? random.uniform(0...0.01) : 0
        self.fullEvery = often(15, 60, in: 0.2)
        self.skew = random.chance(0.5) ? random.uniform(0...3) : 0
        self.drift = random.chance(0.5) ? random.uniform(-5e-4...5e-4) : 0
        self.jumpEvery = often(10, 60, in: 0.25)
        self.forgery = random.chance(0.4) ? random.uniform(0...0.03) : 0
        self.rollsBack = random.chance(0.08)
        self.hasHostile = random.chance(0.2)
        self.policyEvery = often(5, 40, in: 0.6)
        self.revokeEvery = often(15, 80, in: 0.25)
        self.isSlow = random.chance(0.3)
        self.isSaturated = random.chance(0.3)
    }

    private init() {}
}
