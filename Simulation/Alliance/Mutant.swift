/// A bug to plant, one for each rule: the oracle must find it, or its silence about the others proves nothing.
///
/// They are planted around the nodes, in what goes in and comes out, or in what a node is given to go by: the code that runs in
/// earnest has no hook for them.
public enum Mutant: String, CaseIterable, Sendable {
    /// The shell says `written` before the disk has it.
    case writtenBeforeSync = "written-before-sync"
    /// The shell says so only where a write states what tracks are shown.
    case shownBeforeStated = "shown-before-stated"
    /// A write is lost, and nobody is told.
    case lostWrite = "lost-write"
    /// Each tenth effect is handed on twice.
    case effectTwice = "effect-twice"
    /// The node forgets at a start what it holds of its partners.
    case forgetsHeld = "forgets-held"
    /// The node goes by a policy that does not look at levels.
    case blindToLevels = "blind-to-levels"
    /// The node goes by a policy that takes every label for one that names everybody.
    case blindToNames = "blind-to-names"
    /// A change of policy reaches the node only at its next start.
    case lateRevocation = "late-revocation"
    /// A partner who was revoked is not.
    case ignoredRevocation = "ignored-revocation"
    /// Redactions are not in the policy that the node goes by.
    case noRedaction = "no-redaction"
    /// A copy of the disk is put back without anybody's knowledge.
    case silentRollBack = "silent-roll-back"
    /// A batch of entries reaches the fold without its first.
    case gap = "gap"
    /// A warning is sent as all else is, and not before its turn.
    case urgentInTurn = "urgent-in-turn"
    /// The shell does not say when a message left, and takes all at once.
    case noBackPressure = "no-back-pressure"
    /// The end of a track is not told.
    case ghost = "ghost"

    /// By which rules it must be found; another one does not count.
    public var rules: Set<Rule> {
        switch self {
        case .writtenBeforeSync: [.early, .receipt]
        case .shownBeforeStated: [.undisclosed]
        case .lostWrite: [.lost, .receipt, .fork, .order, .twice, .books]
        case .effectTwice: [.twice]
        case .forgetsHeld: [.twice, .order]
        case .blindToLevels, .blindToNames, .lateRevocation, .noRedaction: [.leak]
        case .ignoredRevocation: [.revoked]
        case .silentRollBack: [.fork, .lost]
        case .gap: [.order, .converged]
        case .urgentInTurn: [.urgent]
        case .noBackPressure: [.bound]
        case .ghost: [.converged]
        }
    }
}
