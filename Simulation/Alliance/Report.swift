/// What must come up again and again, or the runs prove less than they seem to: each at least once in a few hundred seeds.
public enum Sometimes: Int, CaseIterable, Sendable {
    // What the runs do to the nodes.
    case cutBothWays, cutOneWay, linkBroken, crash, crashMidStep, writesLost, writesKept, writeError, diskFull,
        diskStall
    case rolledBack, clockJump
    case forgedRepeat, forgedReorder, forgedReplay, forgedChange, forgedMessage
    case hostileGarbage, hostileReplay, hostileForeignEntry, hostileForgedSignature, hostileSecondHead, hostileOverrun
    case policyChanged, partnerRevoked, partnerRestored
    // What the nodes do.
    case recordReleased, recordWithheld, contentWithheldLater, urgentBeforeItsTurn
    case resumed, caughtUpFromDisk, receipt, urgentReceipt
    case trackReleased, trackRedacted, trackEnded
    case linkRefused, alarm, rollBackFound, forkFound

    /// The case's name as words.
    public var words: String {
        var text = ""
        for character in String(describing: self) {
            if character.isUppercase { text += " " + character.lowercased() } else { text.append(character) }
        }
        return text
    }
}

/// A rule that a run broke.
public enum Rule: String, CaseIterable, Sendable {
    /// Something left that was not releasable to whom it left for, by the policy of that moment.
    case leak = "released what was not releasable"
    /// Something left to a partner who was revoked.
    case revoked = "spoke to a revoked partner"
    /// Tracks left before their disclosure was durable.
    case undisclosed = "tracks left before their disclosure was durable"
    /// An entry or head left that was not durable.
    case early = "sent what was not durable"
    /// A receipt left for what was not durable at who gave it.
    case receipt = "acknowledged what was not durable"
    /// An entry took effect twice, or tracks of one batch.
    case twice = "applied twice"
    /// A lane took effect with a gap, or out of order.
    case order = "out of order"
    /// Something took effect that its originator never wrote, or that another wrote in its name.
    case forged = "took what its originator never said"
    /// Two heads of one size, or two entries for one place, by an honest node.
    case fork = "signed two histories"
    /// A queue grew beyond its bound.
    case bound = "beyond a bound"
    /// An urgent entry waited behind others.
    case urgent = "an urgent entry waited behind others"
    /// Numbers tell what is withheld.
    case number = "numbers tell what is withheld"
    /// Something acknowledged is gone after a crash.
    case lost = "lost what was acknowledged"
    /// Not all that was released is there in the end.
    case converged = "did not converge"
    /// The books of both sides differ in the end.
    case books = "the books of both sides differ"
    /// A crime without a criminal, or a criminal without an alarm.
    case alarm = "a false alarm"
    case silence = "a crime without an alarm"
    /// The same seed went another way.
    case determinism = "one seed, two runs"
}

/// A rule that was broken, when, and by what.
public struct Violation: Sendable, CustomStringConvertible {
    public let rule: Rule
    /// Seconds of the simulation.
    public let time: Double
    public let detail: String

    public var description: String { "\(self.rule.rawValue): \(self.detail) (at \(self.time) s)" }
}

/// What a run was.
public struct Report: Sendable {
    public let seed: UInt64
    /// Of all inputs and outputs of all nodes, with their times.
    public var trace: UInt64 = 0
    /// Seconds of the simulation.
    public var seconds = 0.0
    /// Inputs that the nodes took.
    public var steps = 0
    /// Messages that arrived.
    public var messages = 0
    /// Entries that took effect, urgent ones among them, and states of tracks that arrived.
    public var entries = 0
    public var warnings = 0
    public var tracks = 0
    private var counts = [Int](repeating: 0, count: Sometimes.allCases.count)
    /// The first first; at most three of each rule are kept.
    public private(set) var violations: [Violation] = []

    init(seed: UInt64) { self.seed = seed }

    mutating func note(_ event: Sometimes, _ count: Int = 1) { self.counts[event.rawValue] += count }

    mutating func note(_ violation: Violation) {
        guard self.violations.count(where: { $0.rule == violation.rule }) < 3 else { return }
        self.violations.append(violation)
    }

    public func count(_ event: Sometimes) -> Int { self.counts[event.rawValue] }
}
