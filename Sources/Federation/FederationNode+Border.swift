public import Air
public import Disclosure
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
    /// Something of this nation's is to be recorded and told: it enters the lane of each audience that may see it. Answered
    /// by `recorded` or `refused`.
    case record(Record)
    /// Own tracks that changed; their content is asked of the source when it can be sent.
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
    /// A message came, on a link that was accepted.
    case request(LinkID, Request)
    /// A message came, on a link that was dialled.
    case delivery(LinkID, Delivery)
    /// The last bulk message on the link left: there is room for another.
    case sent(LinkID)
    /// All changes of a write are durable. Writes become durable in their order.
    case written(UInt64)
    /// The answer to `load`.
    case loaded(LinkID, LoadedEntries)
    /// Time passes; call it at the time that `nextWake` says.
    case tick
}

/// What a node's federation wants done, in this order.
public enum FederationOutput: Sendable {
    /// Make durable, in one transaction, then say `written`.
    ///
    /// One is on its way for each partner; a store may put several that wait into one transaction, in their order.
    case write(FederationWrite)
    /// Read entries of an own lane for a partner that catches up, then say `loaded`.
    ///
    /// At most so many entries and octets (but one entry at least), and cut so that a durable head stands behind the last.
    case load(LinkID, lane: Lane, from: UInt64, countMax: Int, octetsMax: Int)
    case ask(LinkID, Request)
    /// Say to a receiver. An `urgent` one goes before all that waits; a bulk one (entries, tracks) is answered by `sent`.
    case deliver(LinkID, Delivery)
    /// End the link. Where the other is to know why, a `refusal` was delivered before.
    case close(LinkID, LinkRefusal)
    /// A partner's entry is durable here: whoever folds state takes it, each once. `isUrgent`: before its turn.
    ///
    /// After a crash no effect is repeated: fold the entries that the store has, then the warnings whose turn has not come,
    /// and know by its leaf hash what was folded before its turn.
    case effect(Entry, isUrgent: Bool)
    /// Partner tracks, verified.
    case tracks(PartnerTracks)
    /// A record is durable in the lane of each audience that may see it: in how many.
    case recorded(UInt64, audiences: Int)
    /// A record was not taken; nothing of it is kept.
    case refused(UInt64, RecordRefusal)
    /// What a partner's books and this node's do not agree on, or a crime that is proven.
    case alarm(FederationAlarm)
}

/// What the store has of an own lane from a place on.
public struct LoadedEntries: Hashable, Sendable {
    public var lane: Lane
    public var from: UInt64
    /// Own copies, `Entry.encoded`.
    public var entries: [[UInt8]]
    /// The durable head whose size is `from`; nil where there is none, or `from` is 0.
    public var headBefore: SignedNote?
    /// The durable head whose size is `from + entries.count`; nil where there is none.
    public var headAfter: SignedNote?

    public init(
        lane: Lane, from: UInt64, entries: [[UInt8]], headBefore: SignedNote?, headAfter: SignedNote?
    ) {
        self.lane = lane
        self.from = from
        self.entries = entries
        self.headBefore = headBefore
        self.headAfter = headAfter
    }
}

/// Why a record is not taken.
public enum RecordRefusal: Error, Hashable, Sendable {
    /// Too much waits for the disk: try again later.
    case full
    /// It cannot be an entry: an empty name or one twice, a kind that is no token, or too long.
    case cannotBe(EntryRefusal)
}

/// What a person must hear.
public enum FederationAlarm: Hashable, Sendable {
    /// A partner signed two things of one log that cannot both be.
    case equivocation(Lane, Equivocation)
    /// A partner's log is shorter than a head that it signed.
    case rolledBack(Lane, held: SignedNote, offered: SignedNote)
    /// Nothing shows that a partner's log grew from the head held.
    case notShown(Lane, held: SignedNote?, offered: SignedNote)
    /// A partner holds a head that this nation signed and this node does not have: its store was rolled back, or another
    /// node writes the same lane.
    case unknownHead(Lane, SignedNote)
    /// A partner holds less than it gave its receipt for: its store was rolled back.
    case receiverRolledBack(Lane, receipted: UInt64, held: UInt64)
    /// A partner proves two histories of this nation.
    case convicted(by: Nation, Equivocation)
    /// A partner's books and what came from it differ.
    case books(Nation, Discrepancy)
    /// The log of an own lane, as the store gives it, is not the one that was signed: nothing is sent of it.
    case ownLog(Lane)
}
