public import Disclosure
public import Ledger

/// What must be durable before a node goes on: all of it or nothing.
public struct FederationWrite: Sendable {
    /// One thing to keep.
    public enum Change: Sendable {
        /// The next entry of an own lane.
        case ownEntry(Lane, OwnEntry)
        /// The head of an own lane over all entries that are durable, and the right edge under it. All heads are kept: one
        /// that a partner holds is looked up when it comes back.
        case ownHead(Lane, SignedNote, Frontier)
        /// A partner's receipt under the head of that size.
        case receipt(Lane, Receipt)
        /// The partner has a warning before its turn.
        case urgentReceived(Lane, sequence: UInt64)
        /// Entries of a partner's lane, behind those that are kept, the head that they lead to and the edge under it.
        case heldEntries(Lane, from: UInt64, entries: [[UInt8]], head: SignedNote, Frontier)
        /// A partner's warning before its turn.
        case heldUrgent(Lane, HeldUrgent)
        /// Proof that a lane has two histories: nothing more is taken of it.
        case convicted(Lane, Equivocation)
    }

    /// Rises by one from write to write.
    public let number: UInt64
    public var changes: [Change]

    public init(number: UInt64, changes: [Change]) {
        self.number = number
        self.changes = changes
    }
}

/// An entry of an own lane.
public struct OwnEntry: Hashable, Sendable {
    public var sequence: UInt64
    /// The hash of its leaf.
    public var leaf: LedgerHash
    /// The own copy, `Entry.encoded`: the partner's has no field that is the originator's alone.
    public var octets: [UInt8]
    /// A warning: it is repeated until the partner has it.
    public var isUrgent: Bool
    /// `Record.number` of the record that it holds; it is told to nobody.
    public var record: UInt64?

    public init(sequence: UInt64, leaf: LedgerHash, octets: [UInt8], isUrgent: Bool, record: UInt64?) {
        self.record = record
        self.sequence = sequence
        self.leaf = leaf
        self.octets = octets
        self.isUrgent = isUrgent
    }
}

/// A partner's warning that is here before its turn.
public struct HeldUrgent: Hashable, Sendable {
    public var sequence: UInt64
    public var leaf: LedgerHash
    /// The record's `id`; nil where it is withheld.
    public var id: String?
    /// `Entry.encoded`.
    public var octets: [UInt8]

    public init(sequence: UInt64, leaf: LedgerHash, id: String?, octets: [UInt8]) {
        self.sequence = sequence
        self.leaf = leaf
        self.id = id
        self.octets = octets
    }

    /// Sequences from here on stand in no log: of warnings that went out before the disk had them.
    public static let early: UInt64 = 1 << 63
}

/// An own lane as it is durable.
public struct OwnLane: Sendable {
    public let lane: Lane
    /// The last head, and the edge under it.
    public var head: SignedNote?
    public var frontier = Frontier()
    /// Entries behind the head, in their order: at most those of one write or two.
    public var unheaded: [OwnEntry] = []
    /// The partner's last receipt.
    public var receipt: Receipt?
    /// Warnings that the partner is not known to have, in their order.
    public var urgents: [OwnEntry] = []
    /// The last record that is in the lane, and the last warning: each of both kinds enters in its own order.
    public var lastRecord: UInt64 = 0
    public var lastWarning: UInt64 = 0
    /// The fold of the lane's statements of disclosure.
    public var open = OpenTracks()

    public init(lane: Lane) { self.lane = lane }

    public mutating func apply(_ entry: OwnEntry) {
        self.unheaded.append(entry)
        if entry.isUrgent { self.urgents.append(entry) }
        if let number = entry.record {
            if entry.isUrgent {
                self.lastWarning = max(self.lastWarning, number)
            } else {
                self.lastRecord = max(self.lastRecord, number)
            }
        }
        if let parsed = try? Entry(parsing: entry.octets), let statement = try? DisclosureStatement(parsed) {
            self.open.apply(statement)
        }
    }
}

/// A partner's lane as it is durable.
public struct HeldLane: Sendable {
    public let lane: Lane
    /// The last head that was taken, and the edge under it.
    public var head: SignedNote?
    public var frontier = Frontier()
    /// Warnings whose turn has not come.
    public var urgents: [HeldUrgent] = []
    /// The proof that it has two histories.
    public var conviction: Equivocation?
    /// The fold of the lane's statements of disclosure.
    public var open = OpenTracks()

    public init(lane: Lane) { self.lane = lane }

    /// Takes note of entries that came in their turn: warnings among them are held no longer.
    public mutating func apply(_ entries: [[UInt8]], head: SignedNote, _ frontier: Frontier) {
        for octets in entries {
            guard let entry = try? Entry(parsing: octets) else { continue }
            if let statement = try? DisclosureStatement(entry) { self.open.apply(statement) }
            guard !self.urgents.isEmpty else { continue }
            let id = entry.recordID
            self.urgents.removeAll {
                $0.leaf == entry.leaf.hash || $0.sequence >= HeldUrgent.early && id != nil && $0.id == id
            }
        }
        self.head = head
        self.frontier = frontier
    }
}

/// All that a node goes on from after a start: the fold of its durable writes. A store may keep it otherwise, as long as it gives
/// the same.
public struct FederationState: Sendable {
    /// By partner, in the order of their names.
    public var own: [OwnLane] = []
    public var held: [HeldLane] = []
    /// The number of the last write.
    public var writes: UInt64 = 0

    /// Nothing was ever written.
    public init() {}

    /// Takes a write that is durable.
    public mutating func apply(_ write: FederationWrite) {
        self.writes = max(self.writes, write.number)
        for change in write.changes {
            switch change {
            case .ownEntry(let lane, let entry): self.own[self.place(ofOwn: lane)].apply(entry)
            case .ownHead(let lane, let head, let frontier):
                let place = self.place(ofOwn: lane)
                self.own[place].head = head
                self.own[place].frontier = frontier
                self.own[place].unheaded.removeAll { $0.sequence < frontier.size }
            case .receipt(let lane, let receipt):
                let place = self.place(ofOwn: lane)
                self.own[place].receipt = receipt
                self.own[place].urgents.removeAll { $0.sequence < receipt.size }
            case .urgentReceived(let lane, let sequence):
                self.own[self.place(ofOwn: lane)].urgents.removeAll { $0.sequence == sequence }
            case .heldEntries(let lane, _, let entries, let head, let frontier):
                self.held[self.place(ofHeld: lane)].apply(entries, head: head, frontier)
            case .heldUrgent(let lane, let urgent): self.held[self.place(ofHeld: lane)].urgents.append(urgent)
            case .convicted(let lane, let proof): self.held[self.place(ofHeld: lane)].conviction = proof
            }
        }
    }

    private mutating func place(ofOwn lane: Lane) -> Int {
        if let place = self.own.firstIndex(where: { $0.lane == lane }) { return place }
        self.own.append(OwnLane(lane: lane))
        self.own.sort { $0.lane.audience < $1.lane.audience }
        return self.own.firstIndex { $0.lane == lane } ?? 0
    }

    private mutating func place(ofHeld lane: Lane) -> Int {
        if let place = self.held.firstIndex(where: { $0.lane == lane }) { return place }
        self.held.append(HeldLane(lane: lane))
        self.held.sort { $0.lane.nation < $1.lane.nation }
        return self.held.firstIndex { $0.lane == lane } ?? 0
    }
}

extension Entry {
    /// The `id` of the record that it holds.
    public var recordID: String? {
        if case .text(let id) = self.body["id"] { id } else { nil }
    }
}
