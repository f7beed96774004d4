public import Air
public import Ledger

/// A version of what two nodes say to each other. A node speaks its own and the next-older one.
@frozen public struct ProtocolVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Entries in order, tracks, receipts.
    public static let v1 = Self(1)
    /// And urgent entries before their turn, probes of clock and round trip.
    public static let v2 = Self(2)
    public static let current = Self.v2
    public static let oldest = Self.v1

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    public var description: String { "\(self.rawValue)" }
}

/// What the receiver of a link says: it opens the link, and the partner delivers.
public enum Request: Hashable, Sendable {
    /// The first message, and only the first.
    case hello(Hello)
    /// Leaves of tracks that may still be delivered, and the last batch that was taken.
    case credit(Credit)
    /// All entries before a head are durable: the cosignature under it. The receipt of the partner.
    case receipt(Receipt)
    /// An urgent entry is durable, before its turn in the lane. From version 2.
    case urgentReceipt(sequence: UInt64, leaf: LedgerHash)
    /// Asks for an echo. From version 2.
    case probe(Probe)
    /// Two histories of the partner, proven.
    case conviction(Equivocation)
}

/// What the sender of a link says.
public enum Delivery: Hashable, Sendable {
    /// The answer to `hello`.
    case welcome(Welcome)
    /// The end of the link, with the reason; nothing follows.
    case refusal(LinkRefusal)
    /// Entries of the lane in their order.
    case entries(EntryBatch)
    /// One entry before its turn: a warning. It comes again in its turn. From version 2.
    case urgent([UInt8])
    /// States of tracks.
    case tracks(TrackBatch)
    /// The answer to a probe. From version 2.
    case echo(Echo)
}

/// Who asks, for which lane, and what it holds already.
public struct Hello: Hashable, Sendable {
    /// The versions that it speaks.
    public var versions: ClosedRange<ProtocolVersion>
    /// Who it is; it must be what its certificate says.
    public var nation: Nation
    public var realm: Realm
    public var node: String
    /// Whom it takes the other for.
    public var partner: Nation
    /// Of the receiver's start: with another one it has forgotten all tracks.
    public var incarnation: UInt64
    /// The head of the partner's lane that is durable at the receiver; nil at first contact.
    public var held: SignedNote?
    /// The last batch of tracks that was taken: the sender's epoch and number; nil when none is remembered.
    public var lastBatch: BatchNumber?

    public init(
        versions: ClosedRange<ProtocolVersion>, nation: Nation, realm: Realm, node: String, partner: Nation,
        incarnation: UInt64, held: SignedNote?, lastBatch: BatchNumber?
    ) {
        self.versions = versions
        self.nation = nation
        self.realm = realm
        self.node = node
        self.partner = partner
        self.incarnation = incarnation
        self.held = held
        self.lastBatch = lastBatch
    }
}

/// The sender's answer to `hello`.
public struct Welcome: Hashable, Sendable {
    /// The version that is spoken from now on.
    public var version: ProtocolVersion
    public var nation: Nation
    public var realm: Realm
    public var node: String
    /// The head of the lane; nil while it has no entry.
    public var head: SignedNote?
    /// Of the sender's start: with another one its numbers of tracks begin anew.
    public var epoch: UInt64
    /// When the sender's book of disclosure for this audience began: `ReceiptBook.began(at:)`.
    public var bookBegan: Timestamp

    public init(
        version: ProtocolVersion, nation: Nation, realm: Realm, node: String, head: SignedNote?, epoch: UInt64,
        bookBegan: Timestamp
    ) {
        self.version = version
        self.nation = nation
        self.realm = realm
        self.node = node
        self.head = head
        self.epoch = epoch
        self.bookBegan = bookBegan
    }
}

/// Entries of a lane, one after the other, and the head that they lead to: each batch verifies by itself.
public struct EntryBatch: Hashable, Sendable {
    /// The sequence of the first.
    public var from: UInt64
    /// Each `Entry.encoded`, as far as the audience may see it.
    public var entries: [[UInt8]]
    /// The head whose size is `from + entries.count`.
    public var head: SignedNote

    public init(from: UInt64, entries: [[UInt8]], head: SignedNote) {
        self.from = from
        self.entries = entries
        self.head = head
    }
}

/// The number of a batch of tracks: counted per audience from 1 in each epoch of the sender.
public struct BatchNumber: Hashable, Comparable, Sendable {
    public var epoch: UInt64
    public var number: UInt64

    public init(epoch: UInt64, number: UInt64) {
        self.epoch = epoch
        self.number = number
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.epoch, lhs.number) < (rhs.epoch, rhs.number)
    }
}

/// How much may come.
public struct Credit: Hashable, Sendable {
    /// Leaves of tracks, counted from the beginning of the link, up to which the sender may deliver.
    public var leavesUpTo: UInt64
    /// The last batch that was taken.
    public var taken: BatchNumber?

    public init(leavesUpTo: UInt64, taken: BatchNumber?) {
        self.leavesUpTo = leavesUpTo
        self.taken = taken
    }
}

/// The receiver's cosignature under a head of the sender's lane.
public struct Receipt: Hashable, Sendable {
    /// Size of the head.
    public var size: UInt64
    public var signature: NoteSignature

    public init(size: UInt64, signature: NoteSignature) {
        self.size = size
        self.signature = signature
    }
}

/// A question for the time, by the asker's clock.
public struct Probe: Hashable, Sendable {
    public var number: UInt64
    public var sentAt: Timestamp

    public init(number: UInt64, sentAt: Timestamp) {
        self.number = number
        self.sentAt = sentAt
    }
}

/// The answer: offset and round trip follow as in RFC 5905 §8, from four times.
public struct Echo: Hashable, Sendable {
    public var probe: Probe
    /// When the probe came and the echo left, by the answerer's clock.
    public var receivedAt: Timestamp
    public var sentAt: Timestamp

    public init(probe: Probe, receivedAt: Timestamp, sentAt: Timestamp) {
        self.probe = probe
        self.receivedAt = receivedAt
        self.sentAt = sentAt
    }
}

/// States of tracks under one signature of their originator's node.
///
/// Each leaf is a salt of 16 octets and a `TrackNews` as deterministic CBOR; the signature is Ed25519 over
///
///     "kumiko/tracks/v1 " ‖ origin of the lane ‖ 0x0A ‖ node ‖ 0x0A ‖ epoch ‖ number ‖ time ‖ count ‖ root
///
/// with numbers in eight octets, the high one first, and the root of RFC 6962 over the leaves' hashes. Who relays it
/// replaces the leaves that the next one may not see by their hashes, and it still verifies.
public struct TrackBatch: Hashable, Sendable {
    /// A leaf, or what stands for it.
    public enum Leaf: Hashable, Sendable {
        case shown([UInt8])
        case withheld(LedgerHash)
    }

    /// The lane of the originator: nation, realm and first audience.
    public var lane: Lane
    /// The originator's node that signed.
    public var node: String
    public var number: BatchNumber
    public var sentAt: Timestamp
    public var leaves: [Leaf]
    /// Which key of the node signed.
    public var keyID: UInt32
    public var signature: [UInt8]

    public init(
        lane: Lane, node: String, number: BatchNumber, sentAt: Timestamp, leaves: [Leaf], keyID: UInt32,
        signature: [UInt8]
    ) {
        self.lane = lane
        self.node = node
        self.number = number
        self.sentAt = sentAt
        self.leaves = leaves
        self.keyID = keyID
        self.signature = signature
    }
}

/// Why a link is ended.
public enum LinkRefusal: Hashable, Sendable, Error {
    /// No version is spoken by both.
    case noCommonVersion(ClosedRange<ProtocolVersion>)
    /// The first message is no `hello`, a second one came, or a message of another version.
    case outOfTurn
    /// `hello` says another nation than the certificate, or it is no partner.
    case wrongNation
    /// Of another world.
    case wrongRealm
    /// The other takes this node for another nation's.
    case notAddressed
    /// A newer link of the same partner took its place.
    case replaced
    /// The head that the receiver holds is not one of this log: one of both was rolled back, or there are two histories.
    case unknownHead(size: UInt64)
    /// A head, entry or batch does not verify.
    case entry(LaneRefusal)
    case batch(String)
    /// More than was granted, or beyond a bound of size.
    case overrun
    /// Octets that are no message.
    case malformed(String)
    /// The partner, or its node, was revoked.
    case revoked
    /// No message for too long.
    case silent
    /// The node ends.
    case ending
}

extension LinkRefusal {
    /// The reason's name, the same in figures, messages and texts.
    public var name: String {
        switch self {
        case .noCommonVersion: "no-common-version"
        case .outOfTurn: "out-of-turn"
        case .wrongNation: "wrong-nation"
        case .wrongRealm: "wrong-realm"
        case .notAddressed: "not-addressed"
        case .replaced: "replaced"
        case .unknownHead: "unknown-head"
        case .entry: "entry"
        case .batch: "batch"
        case .overrun: "overrun"
        case .malformed: "malformed"
        case .revoked: "revoked"
        case .silent: "silent"
        case .ending: "ending"
        }
    }
}
