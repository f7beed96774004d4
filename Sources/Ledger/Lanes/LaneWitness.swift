/// Why a head that a partner shows is not taken.
public enum LaneRefusal: Error, Hashable, Sendable {
    /// It is not signed as it must be, or no head.
    case note(NoteError)
    /// It is the head of another log.
    case otherLog(String)
    /// The proof begins at another size than the one held: send one from there.
    case wrongOldSize(held: UInt64)
    /// The log is shorter than the head held, which its nation signed: it was rolled back.
    case rolledBack(held: SignedNote, offered: SignedNote)
    /// The nation signed two heads that cannot both be.
    case forked(Equivocation)
    /// Nothing shows that the log grew from the head held. Its tiles tell whether it forked: `Equivocation.between`.
    case notShown(MerkleTree.Refusal, held: SignedNote?, offered: SignedNote)
    /// An entry is refused.
    case entry(EntryRefusal, sequence: UInt64)
    /// The head is of another count of entries than came with it.
    case wrongCount(expected: UInt64, found: UInt64)
    /// A cosignature needs a time, and a key for cosignatures.
    case cannotCosign
}

/// The last head of a lane that was taken, and what may follow it.
struct WatchedHead: Hashable, Sendable {
    let lane: Lane
    let policy: SignaturePolicy
    private(set) var note: SignedNote?
    private(set) var head: Checkpoint?

    init(lane: Lane, policy: SignaturePolicy) {
        self.lane = lane
        self.policy = policy
    }

    var size: UInt64 { self.head?.size ?? 0 }

    /// The head that a note shows, when it is of this lane, not shorter than the one held, and no other of the same size.
    func check(_ offered: SignedNote) throws(LaneRefusal) -> Checkpoint {
        let head: Checkpoint
        do throws(NoteError) {
            try self.policy.verify(offered)
            head = try Checkpoint(parsing: offered.text)
        } catch { throw .note(error) }
        guard head.origin.utf8.elementsEqual(self.lane.origin.utf8) else { throw .otherLog(head.origin) }
        guard let note, let held = self.head else { return head }
        guard head.size >= held.size else { throw .rolledBack(held: note, offered: offered) }
        if head.size == held.size, head.root != held.root {
            throw .forked(Equivocation(evidence: .heads(note, offered, prefix: nil)))
        }
        return head
    }

    mutating func take(_ offered: SignedNote, _ head: Checkpoint) {
        self.note = offered
        self.head = head
    }

    static func cosignature(
        of note: SignedNote, by signer: NoteSigner, at timestamp: UInt64
    ) throws(LaneRefusal) -> NoteSignature {
        guard 1...UInt64(Int64.max) ~= timestamp, signer.key.algorithm == .cosignature else { throw .cannotCosign }
        do { return try signer.sign(note.text, timestamp: timestamp) } catch { throw .note(error) }
    }
}

/// One who watches that a log only grows, without its entries.
///
/// It cosigns a head after it has seen that the log begins with the last one it cosigned; the first one it takes on trust.
///
/// Source: C2SP tlog-witness, "add-checkpoint".
public struct LaneWitness: Hashable, Sendable {
    private var watched: WatchedHead

    /// A witness of a log whose heads `policy` believes, that has seen none.
    public init(lane: Lane, policy: SignaturePolicy) { self.watched = WatchedHead(lane: lane, policy: policy) }

    /// The last head that was cosigned.
    public var head: SignedNote? { self.watched.note }
    /// Its size.
    public var size: UInt64 { self.watched.size }

    /// Takes a head and cosigns it. Make the witness durable before the cosignature is sent.
    ///
    /// - Parameters:
    ///   - oldSize: where the proof begins.
    ///   - proof: of consistency; empty from 0, or for the head held.
    ///   - timestamp: seconds since 1970.
    /// - Throws: `LaneRefusal`, and nothing is taken.
    public mutating func cosign(
        _ offered: SignedNote, from oldSize: UInt64, proof: [LedgerHash], by signer: NoteSigner, at timestamp: UInt64
    ) throws(LaneRefusal) -> NoteSignature {
        let head = try self.watched.check(offered)
        guard oldSize == self.watched.size else { throw .wrongOldSize(held: self.watched.size) }
        if let note = self.watched.note, let held = self.watched.head, held.size > 0 {
            do {
                try MerkleTree.verifyConsistency(
                    from: held.size, held.root, to: head.size, head.root, proof: proof)
            } catch { throw .notShown(error, held: note, offered: offered) }
        } else if !proof.isEmpty {
            throw .notShown(
                .wrongLength(expected: 0, found: proof.count), held: self.watched.note, offered: offered)
        }
        let signature = try WatchedHead.cosignature(of: offered, by: signer, at: timestamp)
        self.watched.take(offered, head)
        return signature
    }
}

/// One who receives a log entry by entry: the audience.
///
/// Its cosignature under a head is its receipt for every entry before it.
public struct LaneFollower: Hashable, Sendable {
    private var watched: WatchedHead
    /// The right edge of what was received.
    public private(set) var frontier = Frontier()

    /// A follower of a log whose heads `policy` believes, that has received nothing.
    public init(lane: Lane, policy: SignaturePolicy) { self.watched = WatchedHead(lane: lane, policy: policy) }

    /// A follower that goes on after the last head that it took; nil when `frontier` is not the head's.
    public init?(lane: Lane, policy: SignaturePolicy, head: SignedNote, frontier: Frontier) {
        self.init(lane: lane, policy: policy)
        guard let checkpoint = try? self.watched.check(head), checkpoint.size == frontier.size,
            checkpoint.root == frontier.root
        else { return nil }
        self.watched.take(head, checkpoint)
        self.frontier = frontier
    }

    /// The last head that was taken.
    public var head: SignedNote? { self.watched.note }
    /// Entries received, and so the sequence of the next one.
    public var size: UInt64 { self.frontier.size }

    /// What a partner's head is to the one held, before any entry comes: at first contact this finds a roll-back, and two
    /// histories of one length.
    ///
    /// - Returns: how many entries are missing.
    /// - Throws: `LaneRefusal`.
    public func missing(upTo offered: SignedNote) throws(LaneRefusal) -> UInt64 {
        try self.watched.check(offered).size - self.size
    }

    /// Takes the entries between the head held and a new one, all or none.
    ///
    /// - Parameter keys: of the nodes, to verify each entry's own signature at once; without, the head's signature alone
    ///   vouches for them, at a small part of the cost.
    /// - Throws: `LaneRefusal`, and nothing is taken.
    public mutating func receive(
        _ leaves: some Sequence<EntryLeaf>, head offered: SignedNote, keys: KeyRing? = nil
    ) throws(LaneRefusal) {
        var reception = try self.reception(of: offered, keys: keys)
        for leaf in leaves { try reception.add(leaf) }
        try self.take(reception)
    }

    /// Entries on their way to a head, taken one by one, so that a long way needs no memory.
    public struct Reception: Sendable {
        fileprivate let lane: Lane
        fileprivate let keys: KeyRing?
        fileprivate let offered: SignedNote
        fileprivate let head: Checkpoint
        fileprivate let begin: UInt64
        fileprivate var frontier: Frontier

        /// Entries that are still missing.
        public var missing: UInt64 { self.head.size - self.frontier.size }

        /// Adds the next entry.
        ///
        /// - Throws: `LaneRefusal`, and the entry is not added.
        public mutating func add(_ leaf: EntryLeaf) throws(LaneRefusal) {
            let sequence = self.frontier.size
            guard sequence < self.head.size else {
                throw .wrongCount(expected: self.head.size - self.begin, found: sequence + 1 - self.begin)
            }
            do throws(EntryRefusal) {
                try leaf.verifyPlace(in: self.lane, at: sequence)
                if let keys { try leaf.verifySignature(keys: keys) }
            } catch { throw .entry(error, sequence: sequence) }
            self.frontier.append(leaf.hash)
        }
    }

    /// Begins to receive the entries before a head; nothing is taken before `take`.
    public func reception(of offered: SignedNote, keys: KeyRing? = nil) throws(LaneRefusal) -> Reception {
        Reception(
            lane: self.watched.lane, keys: keys, offered: offered, head: try self.watched.check(offered),
            begin: self.size, frontier: self.frontier)
    }

    /// Takes what was received, when it is all there and leads to the head.
    ///
    /// - Throws: `LaneRefusal`, and nothing is taken.
    public mutating func take(_ reception: Reception) throws(LaneRefusal) {
        let head = try self.watched.check(reception.offered)
        guard reception.frontier.size == head.size, reception.begin == self.size else {
            throw .wrongCount(
                expected: head.size - self.size, found: reception.frontier.size - reception.begin)
        }
        guard reception.frontier.root == head.root else {
            throw .notShown(.wrongRoot, held: self.watched.note, offered: reception.offered)
        }
        self.frontier = reception.frontier
        self.watched.take(reception.offered, head)
    }

    /// The receipt for all entries before the last head. Make the follower durable before it is sent.
    ///
    /// - Parameter timestamp: seconds since 1970.
    /// - Throws: `LaneRefusal.cannotCosign` when nothing was received.
    public func receipt(by signer: NoteSigner, at timestamp: UInt64) throws(LaneRefusal) -> NoteSignature {
        guard let note = self.watched.note else { throw .cannotCosign }
        return try WatchedHead.cosignature(of: note, by: signer, at: timestamp)
    }
}
