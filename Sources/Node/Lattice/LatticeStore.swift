internal import Air
internal import Disclosure
internal import Dispatch
internal import Federation
internal import Ledger
internal import Storage
internal import Synchronization

/// The durable side of federation: what the core writes, as batches of the ledger, and what it goes on from.
///
/// Beside the entries and heads lie, as values of the ledger's state: the number of the last write, those of the last
/// records, and the warnings that wait for a partner, or for their turn.
final class LatticeStore: Sendable {
    private static let scope = "federation"

    let ledger: LedgerStore
    private let writer: LedgerWriter
    private let identity: FederationIdentity
    private let refused = Mutex<String?>(nil)
    /// By scope, the warnings that wait, as they are when all that was submitted is durable: several changes of one
    /// write may be of the same warning, and whoever submits waits for no reader of the file.
    private let waiting = Mutex<[String: [String: [UInt8]]]>([:])
    private let reading = DispatchQueue(label: "kumiko.ledger.reader", qos: .userInitiated)

    init(_ ledger: LedgerStore, identity: FederationIdentity) {
        self.ledger = ledger
        self.writer = LedgerWriter(store: ledger)
        self.identity = identity
    }

    /// Why something was not written; nil while all was. The partner whom it concerns is told nothing more from then on.
    var trouble: String? { self.ledger.stopped ?? self.refused.withLock { $0 } }

    var counters: LedgerWriter.Counters { self.writer.counters }

    // MARK: Writing

    /// - Parameter done: called when it is durable, in the order of the writes; never if it cannot be.
    func submit(_ write: FederationWrite, done: @escaping @Sendable () -> Void) {
        self.writer.submit(self.batch(write)) { error in
            if let error { self.refused.withLock { $0 = $0 ?? "\(error)" } } else { done() }
        }
    }

    private func batch(_ write: FederationWrite) -> LedgerBatch {
        var batch = LedgerBatch()
        // Of what came while another write was on its way, the last head stands for all: a batch has one over its entries.
        var heads: [(lane: Lane, note: SignedNote)] = []
        for change in write.changes {
            self.add(change, to: &batch)
            guard case .heldEntries(let lane, _, _, let head, _) = change else { continue }
            heads.removeAll { $0.lane == lane }
            heads.append((lane, head))
        }
        for head in heads { batch.add(head: head.note, of: head.lane) }
        batch.set(Self.octets(write.number), scope: Self.scope, key: "writes")
        return batch
    }

    private func add(_ change: FederationWrite.Change, to batch: inout LedgerBatch) {
        switch change {
        case .ownEntry(let lane, let own):
            if let entry = try? Entry(parsing: own.octets) { batch.append(entry) }
            if own.isUrgent { self.keep([1], lane, Self.key(own.sequence), in: &batch) }
            if let record = own.record {
                let key = (own.isUrgent ? "warning/" : "record/") + lane.origin
                batch.set(Self.octets(record), scope: Self.scope, key: key)
            }
        case .ownHead(let lane, let head, _): batch.add(head: head, of: lane)
        case .receipt(let lane, let receipt):
            // The head that was signed: the same text has the same signature.
            if let head = self.head(of: lane, size: receipt.size) {
                batch.add(head: head.with(receipt.signature), of: lane)
            }
            batch.set(Self.octets(receipt.size), scope: Self.scope, key: "receipt/\(lane.origin)")
            for (key, _) in self.waiting(of: lane) where key < Self.key(receipt.size) {
                self.keep(nil, lane, key, in: &batch)
            }
        case .urgentReceived(let lane, let sequence): self.keep(nil, lane, Self.key(sequence), in: &batch)
        case .heldEntries(let lane, _, let entries, _, _):
            let waiting = self.waiting(of: lane)
            for octets in entries {
                guard let entry = try? Entry(parsing: octets) else { continue }
                batch.append(entry)
                guard !waiting.isEmpty else { continue }
                let (leaf, id) = (entry.leaf.hash, entry.recordID)
                for (key, value) in waiting {
                    guard let held = Self.held(key, value) else { continue }
                    if held.leaf == leaf || held.sequence >= HeldUrgent.early && id != nil && held.id == id {
                        self.keep(nil, lane, key, in: &batch)
                    }
                }
            }
        case .heldUrgent(let lane, let urgent):
            self.keep(urgent.octets, lane, Self.key(urgent.sequence), in: &batch)
        case .convicted(let lane, let proof): batch.keep(proof, of: lane)
        }
    }

    /// The warnings of a lane that wait, in the order of their numbers.
    private func waiting(of lane: Lane) -> [(key: String, octets: [UInt8])] {
        self.waiting.withLock { waiting in
            self.read(lane, &waiting)
            return (waiting[Self.urgents(lane)] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// Keeps a warning that waits, or lets it go.
    private func keep(_ octets: [UInt8]?, _ lane: Lane, _ key: String, in batch: inout LedgerBatch) {
        self.waiting.withLock { waiting in
            self.read(lane, &waiting)
            waiting[Self.urgents(lane)]?[key] = octets
        }
        batch.set(octets, scope: Self.urgents(lane), key: key)
    }

    /// Reads, once, what the file has.
    private func read(_ lane: Lane, _ waiting: inout [String: [String: [UInt8]]]) {
        let scope = Self.urgents(lane)
        guard waiting[scope] == nil, let values = try? self.ledger.values(scope: scope) else { return }
        waiting[scope] = Dictionary(values.map { ($0.key, $0.octets) }) { $1 }
    }

    // MARK: Reading

    /// Reads entries of an own lane for a partner that catches up, cut at the last durable head.
    func load(
        _ lane: Lane, from: UInt64, countMax: Int, octetsMax: Int, done: @escaping @Sendable (LoadedEntries) -> Void
    ) {
        self.reading.async {
            var entries: [[UInt8]] = []
            var octets = 0
            let size = self.ledger.head(of: lane).flatMap { try? Checkpoint(parsing: $0.text).size } ?? 0
            if from < size {
                let range = from..<min(size, from + UInt64(max(countMax, 1)))
                guard let read = try? self.ledger.entries(of: lane, in: range) else {
                    // The disk is busy or worse; that there is nothing would be another thing to say.
                    self.reading.asyncAfter(deadline: .now() + 1) {
                        self.load(lane, from: from, countMax: countMax, octetsMax: octetsMax, done: done)
                    }
                    return
                }
                for stored in read {
                    guard let entry = try? stored.entry() else { break }
                    let encoded = entry.encoded
                    guard entries.isEmpty || octets + encoded.count <= octetsMax else { break }
                    octets += encoded.count
                    entries.append(encoded)
                }
            }
            done(
                LoadedEntries(
                    lane: lane, from: from, entries: entries,
                    headBefore: from == 0 ? nil : self.head(of: lane, size: from),
                    headAfter: self.head(of: lane, size: from + UInt64(entries.count))))
        }
    }

    /// The head of an own lane at a size that it has grown beyond; the signature is the one that was given then, as Ed25519
    /// gives one text one signature.
    private func head(of lane: Lane, size: UInt64) -> SignedNote? {
        guard size > 0, let last = self.ledger.head(of: lane), let newest = try? Checkpoint(parsing: last.text),
            size <= newest.size
        else { return nil }
        if size == newest.size { return last }
        guard let root = try? self.ledger.root(of: lane, size: size) else { return nil }
        let head = Checkpoint(origin: lane.origin, size: size, root: root)
        return self.identity.logSigner(lane).flatMap { try? SignedNote(head.text, signedBy: $0) }
    }

    // MARK: Starting

    /// A number larger than that of every start before; durable when this returns.
    func beginStart() throws -> UInt64 {
        let start = try self.number("start") + 1
        var batch = LedgerBatch()
        batch.set(Self.octets(start), scope: Self.scope, key: "start")
        try self.ledger.write(batch)
        return start
    }

    /// What the node goes on from.
    ///
    /// - Complexity: reads every entry once, to know what was disclosed and not yet ended.
    func recover() throws -> FederationState {
        var state = FederationState()
        state.writes = try self.number("writes")
        for lane in self.ledger.lanes {
            if lane.nation == self.identity.nation {
                state.own.append(try self.own(lane))
            } else {
                state.held.append(try self.held(lane))
            }
        }
        state.own.sort { $0.lane.audience < $1.lane.audience }
        state.held.sort { $0.lane.nation < $1.lane.nation }
        return state
    }

    private func own(_ lane: Lane) throws -> OwnLane {
        var own = OwnLane(lane: lane)
        own.head = self.ledger.head(of: lane)
        let size = try own.head.map { try Checkpoint(parsing: $0.text).size } ?? 0
        let urgents = Set(try self.ledger.values(scope: Self.urgents(lane)).map(\.key))
        var sequence: UInt64 = 0
        try self.ledger.forEachEntry(of: lane, in: 0..<self.ledger.size(of: lane)) { stored in
            defer { sequence += 1 }
            if sequence < size { own.frontier.append(stored.leaf.hash) }
            guard let entry = try stored.entry() else { return }
            let isUrgent = urgents.contains(Self.key(sequence))
            if let statement = try? DisclosureStatement(entry) { own.open.apply(statement) }
            guard sequence >= size || isUrgent else { return }
            let kept = OwnEntry(
                sequence: sequence, leaf: stored.leaf.hash, octets: entry.encoded, isUrgent: isUrgent, record: nil)
            if sequence >= size { own.unheaded.append(kept) }
            if isUrgent { own.urgents.append(kept) }
        }
        own.lastRecord = try self.number("record/\(lane.origin)")
        own.lastWarning = try self.number("warning/\(lane.origin)")
        let receipted = try self.number("receipt/\(lane.origin)")
        if receipted > 0, let note = self.ledger.receipt(of: lane) {
            own.receipt = note.signatures.last.map { Receipt(size: receipted, signature: $0) }
        }
        return own
    }

    private func held(_ lane: Lane) throws -> HeldLane {
        var held = HeldLane(lane: lane)
        held.head = self.ledger.head(of: lane)
        held.frontier = self.ledger.frontier(of: lane)
        held.urgents = try self.ledger.values(scope: Self.urgents(lane)).compactMap(Self.held)
        held.conviction = try self.ledger.proofs(of: lane).first
        try self.ledger.forEachEntry(of: lane, in: 0..<self.ledger.size(of: lane)) { stored in
            guard let entry = try stored.entry(), let statement = try? DisclosureStatement(entry) else { return }
            held.open.apply(statement)
        }
        return held
    }

    private static func held(_ key: String, _ octets: [UInt8]) -> HeldUrgent? {
        guard let sequence = UInt64(key, radix: 16), let entry = try? Entry(parsing: octets) else { return nil }
        return HeldUrgent(sequence: sequence, leaf: entry.leaf.hash, id: entry.recordID, octets: octets)
    }

    private static func urgents(_ lane: Lane) -> String { "urgents/\(lane.origin)" }

    /// Sixteen digits, so that keys are in the order of their numbers.
    private static func key(_ sequence: UInt64) -> String {
        let digits = String(sequence, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func octets(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }

    private func number(_ key: String) throws -> UInt64 {
        let octets = try self.ledger.value(scope: Self.scope, key: key) ?? []
        return octets.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
