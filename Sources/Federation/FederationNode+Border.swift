public import Air
public import Ledger
public import Releasability

/// A link to a partner's node, one direction of goods: the number is the shell's, never used twice.
@frozen public struct LinkID: Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What happens to a node's federation.
public enum FederationInput: Sendable {
    /// Something of this nation's is to be recorded and told: it enters the lane of each audience that may see it.
    case record(Record)
    /// Own tracks that changed, with label and place; their content is asked of the source when it can be sent.
    case tracks([TrackChangeNotice])
    /// The policy from now on.
    case policy(Policy)
    /// Who signs for partners' nodes and logs, from now on; whoever is gone is revoked.
    case partners([PartnerKeys])
    /// This node dialled a partner's, and the link stands: it will say `hello`.
    case dialled(LinkID, Nation)
    /// A partner's node, known by its certificate, dialled this one.
    case accepted(LinkID, Nation, node: String)
    /// The link is gone.
    case closed(LinkID)
    /// A message came.
    case request(LinkID, Request)
    case delivery(LinkID, Delivery)
    /// The last bulk message on the link left: there is room for another.
    case sent(LinkID)
    /// All changes of a write are durable.
    case written(UInt64)
    /// Entries that were asked for with `load`.
    case loaded(LinkID, lane: Lane, from: UInt64, entries: [[UInt8]])
    /// Time passes; call it at least as often as `nextWake` says.
    case tick
}

/// What a node's federation wants done, in this order.
public enum FederationOutput: Sendable {
    /// Make durable, in one transaction, then say `written`.
    case write(FederationWrite)
    /// Read entries of an own lane for a partner that catches up, then say `loaded`.
    case load(LinkID, lane: Lane, from: UInt64, countMax: Int)
    case ask(LinkID, Request)
    /// Say to a receiver. An `urgent` one goes before all that waits; a bulk one (entries, tracks) is answered by `sent`.
    case deliver(LinkID, Delivery)
    case close(LinkID, LinkRefusal)
    /// A partner's entry is durable here, once: whoever folds state takes it. `isUrgent`: before its turn.
    case effect(Entry, isUrgent: Bool)
    /// Partner tracks, verified.
    case tracks(PartnerTracks)
    /// What a partner's books and this node's do not agree on, or a crime that is proven.
    case alarm(FederationAlarm)
}
