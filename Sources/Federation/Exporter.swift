internal import Air
internal import Disclosure
internal import Ledger
internal import Releasability

/// What is told to one partner: the lane that only this nation writes, and its tracks.
struct Exporter: Sendable {
    /// An entry on its way to the disk, or just written.
    private struct Fresh: Sendable {
        var entry: Entry
        var facts: LaneEntry.Facts?
        /// The own number of the record that it holds.
        var record: UInt64?
        /// A warning, and what it was made from, should the disk keep it waiting.
        var isUrgent: Bool
        var source: Waiting?
    }

    /// Entries under one head.
    private struct Group: Sendable {
        var from: UInt64
        var entries: [Fresh]
        var head: SignedNote
        var octets: Int
        var end: UInt64 { self.from + UInt64(self.entries.count) }
    }

    private struct Urgent: Sendable {
        var sequence: UInt64
        var entry: Entry
        var id: String?
        /// When it is sent, or sent again.
        var due: Timestamp
        var wait: Int64
        var isSent = false
    }

    private struct Waiting: Sendable {
        var record: Record
        var since: Timestamp
        /// The leaf under which it went out before the disk had it.
        var early: LedgerHash?
    }

    /// How a link stands.
    private enum Phase: Sendable {
        case greeting
        /// The head that the receiver holds is looked up.
        case checking(Hello, Checkpoint)
        case open
    }

    private struct Link: Sendable {
        var id: LinkID
        var node: String
        var phase = Phase.greeting
        var version = ProtocolVersion.current
        var openedAt: Timestamp
        var heardAt: Timestamp
        /// When a probe was answered.
        var probedAt: Timestamp?
        /// The next entry to send.
        var position: UInt64 = 0
        /// The next entry that the receiver has no receipt for on this link.
        var receipted: UInt64 = 0
        /// Heads that were sent and have no receipt.
        var heads = Queue<(size: UInt64, note: SignedNote)>()
        var isLoading = false
        var isBulk = false
        /// What was loaded and waits for room.
        var ready: EntryBatch?
        var readyWithheld: UInt64 = 0
        var leavesGranted: UInt64 = 0
        var leavesSent: UInt64 = 0
        /// Batches of entries since the last one of tracks.
        var run = 0
        var isOpen: Bool { if case .open = self.phase { true } else { false } }
    }

    let partner: Nation
    let lane: Lane
    private let log: NoteSigner?
    private var edge: Frontier
    /// The last head that is durable.
    private var head: SignedNote?
    private var headed: UInt64
    private var entering: [Fresh] = []
    private var enteringTicket: UInt64?
    private var heading: Group?
    private var recent = Queue<Group>()
    private var recentEntries = 0
    private var recentOctets = 0
    private var receipt: Receipt?
    private var urgents: [Urgent] = []
    private var waitingUrgents = Queue<Waiting>()
    private var waiting = Queue<Waiting>()
    private var statements = Queue<(statement: DisclosureStatement, ticket: UInt64, isLast: Bool)>()
    private var earlyCount: UInt64 = 0
    /// The last records that were taken: those in a row, and warnings.
    private var lastRecord: UInt64
    private var lastWarning: UInt64
    /// Records that were taken and may not be seen any more.
    private var dropped: [UInt64] = []
    private var link: Link?
    private(set) var board: TrackBoard
    private var flushAt: Timestamp?
    private var lookAt: Timestamp?
    private var incarnation: UInt64?
    private(set) var isRevoked = false
    /// The store's log is not the one that was signed.
    private var isBroken = false
    var figures = PartnerFigures()

    /// Nanoseconds between two looks at tracks that go with a delay.
    private static let lookInterval: Int64 = 4_000_000_000

    init(_ partner: Nation, _ lane: Lane, _ setting: Setting, _ state: OwnLane?, at now: Timestamp) {
        self.partner = partner
        self.lane = lane
        self.log = setting.identity.logSigner(lane)
        self.edge = state?.frontier ?? Frontier()
        self.head = state?.head
        self.headed = self.edge.size
        self.receipt = state?.receipt
        self.lastRecord = state?.lastRecord ?? 0
        self.lastWarning = state?.lastWarning ?? 0
        self.board = TrackBoard(partner, lane, setting, state?.open ?? OpenTracks(), at: now)
        if let head = state?.head {
            let checkpoint = try? Checkpoint(parsing: head.text)
            self.isBroken =
                checkpoint?.size != self.edge.size || checkpoint?.root != self.edge.root
                || checkpoint?.origin != lane.origin
        } else {
            self.isBroken = self.edge.size > 0
        }
        for own in state?.unheaded ?? [] {
            guard own.sequence == self.edge.size, let entry = try? Entry(parsing: own.octets) else {
                self.isBroken = true
                break
            }
            self.edge.append(entry.leaf.hash)
            self.entering.append(Fresh(entry: entry, record: own.record, isUrgent: own.isUrgent))
        }
        for own in state?.urgents ?? [] {
            guard let entry = try? Entry(parsing: own.octets) else { continue }
            self.addUrgent(own.sequence, entry, setting, at: now)
        }
    }

    /// Entries, with those that are not durable.
    var size: UInt64 { self.edge.size }

    // MARK: Recovery and writing

    /// Signs the head over what a crash left without one.
    mutating func recover(_ setting: Setting, _ journal: inout Journal, _ outputs: inout [FederationOutput]) {
        guard !self.isBroken else {
            outputs.append(.alarm(.ownLog(self.lane)))
            return
        }
        if !self.entering.isEmpty { self.signHead(&journal) }
    }

    /// All entries of the write are durable: the head over them is signed, and goes into the next write.
    ///
    /// - Returns: the own numbers of the records that are durable now.
    mutating func entered(_ setting: Setting, _ journal: inout Journal, at now: Timestamp) -> [UInt64] {
        if let ticket = self.enteringTicket {
            self.board.disclosed(through: ticket)
            self.enteringTicket = nil
            if self.link?.isOpen == true, self.board.isReady { self.wakeTracks(setting, at: now) }
        }
        let records = self.entering.compactMap(\.record)
        let first = self.edge.size - UInt64(self.entering.count)
        for (place, fresh) in self.entering.enumerated() where fresh.isUrgent {
            self.addUrgent(first + UInt64(place), fresh.entry, setting, at: now)
        }
        self.signHead(&journal)
        return records
    }

    private mutating func signHead(_ journal: inout Journal) {
        guard !self.entering.isEmpty, let log else { return }
        let checkpoint = Checkpoint(origin: self.lane.origin, size: self.edge.size, root: self.edge.root)
        guard let note = try? SignedNote(checkpoint.text, signedBy: log) else {
            self.isBroken = true
            return
        }
        self.heading = Group(
            from: self.headed, entries: self.entering, head: note,
            octets: self.entering.reduce(0) { $0 + $1.entry.leaf.octets.count + 512 })
        self.entering = []
        journal.add(.ownHead(self.lane, note, self.edge))
        journal.add(.headed)
    }

    /// The head is durable: what it covers may be sent.
    mutating func headed(_ setting: Setting) {
        guard let group = self.heading else { return }
        self.heading = nil
        self.head = group.head
        self.headed = group.end
        self.recent.append(group)
        self.recentEntries += group.entries.count
        self.recentOctets += group.octets
        while self.recentEntries > 4 * setting.limits.batchEntriesMax
            || self.recentOctets > 4 * setting.limits.batchOctetsMax, let old = self.recent.popFirst()
        {
            self.recentEntries -= old.entries.count
            self.recentOctets -= old.octets
        }
    }

    private mutating func addUrgent(_ sequence: UInt64, _ entry: Entry, _ setting: Setting, at now: Timestamp) {
        let id = entry.recordID
        // What went out before the disk had it, or was to go, is here now: said again after its turn, it would be taken for
        // another one.
        self.urgents.removeAll { $0.sequence >= HeldUrgent.early && $0.id == id && id != nil }
        self.urgents.append(
            Urgent(sequence: sequence, entry: entry, id: id, due: now, wait: setting.limits.urgentRetry))
        if self.urgents.count > setting.limits.urgentsMax { self.urgents.removeFirst() }
    }

    /// Whether there is room for another record.
    func hasRoom(_ limits: FederationLimits) -> Bool {
        !self.isRevoked && self.waiting.count + self.waitingUrgents.count < limits.recordsWaitingMax
    }

    /// Whether a record may be seen by this audience now.
    func mayTake(_ record: Record, _ setting: Setting, at now: Timestamp) -> Bool {
        guard !self.isRevoked, !self.isBroken, record.originator != self.partner,
            record.number > (record.isUrgent ? self.lastWarning : self.lastRecord)
        else { return false }
        return setting.policy.release(
            Labelled(record, label: record.label), realm: setting.identity.realm, to: .nation(self.partner), at: now,
            numbered: ()) != nil
    }

    mutating func take(_ record: Record, at now: Timestamp) {
        let item = Waiting(record: record, since: now)
        if record.isUrgent {
            self.lastWarning = record.number
            self.waitingUrgents.append(item)
        } else {
            self.lastRecord = record.number
            self.waiting.append(item)
        }
    }

    /// Moves what waits into the lane, as much as one head may cover.
    ///
    /// Call it when the next write will hold it, and no other entries are on their way to the disk.
    mutating func enter(_ setting: Setting, _ journal: inout Journal, at now: Timestamp) {
        if self.isBroken || self.isRevoked || !self.entering.isEmpty { return }
        if self.board.hasStatements {
            let taken = self.board.takeStatements()
            for (place, statement) in taken.statements.enumerated() {
                self.statements.append((statement, taken.ticket, place == taken.statements.count - 1))
            }
        }
        let limits = setting.limits
        var octets = 0
        func hasRoom(_ count: Int) -> Bool { count < limits.batchEntriesMax && octets < limits.batchOctetsMax }
        func add(_ entry: Entry, _ facts: LaneEntry.Facts?, _ source: Waiting?) {
            let isUrgent = source?.record.isUrgent ?? false
            let own = OwnEntry(
                sequence: self.edge.size, leaf: entry.leaf.hash, octets: entry.encoded, isUrgent: isUrgent,
                record: source?.record.number)
            octets += own.octets.count
            self.edge.append(own.leaf)
            self.entering.append(
                Fresh(
                    entry: entry, facts: facts, record: own.record, isUrgent: isUrgent,
                    source: isUrgent ? source : nil))
            if source?.record.originator != nil { self.figures.relayed += 1 }
            journal.add(.ownEntry(self.lane, own))
        }
        func add(_ item: Waiting) {
            if let (entry, facts) = self.entry(item, setting, at: now) {
                add(entry, facts, item)
            } else {
                self.dropped.append(item.record.number)
            }
        }
        while hasRoom(self.entering.count), let item = self.waitingUrgents.popFirst() {
            add(item)
        }
        while hasRoom(self.entering.count), let next = self.statements.popFirst() {
            guard
                let entry = try? next.statement.entry(
                    lane: self.lane, sequence: self.edge.size, time: self.board.book.laneTime(now),
                    signer: setting.identity.signer, salts: setting.identity.salts)
            else {
                self.isBroken = true
                return
            }
            add(entry, nil, nil)
            if next.isLast { self.enteringTicket = next.ticket }
        }
        while hasRoom(self.entering.count), let item = self.waiting.popFirst() {
            add(item)
        }
        if !self.entering.isEmpty { journal.add(.entered) }
    }

    /// Records that were taken, and that nobody may see any more.
    mutating func takeDropped() -> [UInt64] {
        defer { self.dropped = [] }
        return self.dropped
    }

    /// Whether something waits for the disk that no write holds yet.
    var wantsDisk: Bool {
        !self.isBroken && !self.isRevoked
            && (!self.waiting.isEmpty || !self.waitingUrgents.isEmpty || !self.statements.isEmpty
                || self.board.hasStatements)
    }

    /// The entry of what waits, judged at the last moment.
    private func entry(
        _ item: Waiting, _ setting: Setting, at now: Timestamp, sequence: UInt64? = nil
    ) -> (Entry, LaneEntry.Facts)? {
        let identity = setting.identity
        guard
            let released = setting.policy.release(
                Labelled(item.record, label: item.record.label), realm: identity.realm, to: .nation(self.partner),
                at: now, numbered: ()),
            let (fields, label) = LaneEntry.fields(
                released.payload, released.label, late: item.early, of: item.record,
                taken: released.verdict.redactions, in: setting.policy)
        else { return nil }
        let sequence = sequence ?? self.edge.size
        let salts = identity.salts.salts(lane: self.lane, sequence: sequence)
        var references = released.payload.references
        if let early = item.early { references.append(early) }
        guard let body = EntryBody(fields, salt: { salts[$0] }),
            let entry = try? identity.signer.entry(
                lane: self.lane, sequence: sequence, kind: released.payload.kind, time: now, label: label, body: body,
                references: references)
        else { return nil }
        let goods = Goods(
            item.record.goods, label: item.record.label, realm: identity.realm, position: item.record.position,
            measuredAt: item.record.measuredAt)
        return (entry, LaneEntry.Facts(goods: goods, taken: released.verdict.redactions))
    }

    /// Whether a record can be an entry at all.
    func refusal(_ record: Record, _ setting: Setting, at now: Timestamp) -> RecordRefusal? {
        let names = record.fields.map(\.name)
        let taken: Set<String> = ["id", "label", "goods", "measured", "place", "late", LaneEntry.own]
        guard Set(names).count == names.count, taken.isDisjoint(with: names), !names.contains(""),
            record.id.utf8.count <= 256, record.references.count < EntryStatement.referencesMax
        else { return .cannotBe(.cannotBe) }
        return self.entry(Waiting(record: record, since: now), setting, at: now) == nil ? .cannotBe(.cannotBe) : nil
    }

    // MARK: Policy

    mutating func adopt(_ setting: Setting, _ source: inout some TrackSource, at now: Timestamp) {
        self.board.adopt(setting)
        // What was loaded was judged by the old policy.
        self.link?.ready = nil
        if self.link?.isOpen == true {
            self.board.noteAll(source.tracks)
            self.wakeTracks(setting, at: now)
            self.lookAt = self.nextLook(setting, at: now)
        }
    }

    mutating func revoke(_ source: inout some TrackSource, _ outputs: inout [FederationOutput]) {
        guard !self.isRevoked else { return }
        self.isRevoked = true
        self.end(.revoked, &source, &outputs)
        self.dropped += (self.waiting.elements + self.waitingUrgents.elements).map(\.record.number)
        self.waiting.removeAll()
        self.waitingUrgents.removeAll()
    }

    mutating func restore() { self.isRevoked = false }

    // MARK: The link

    var linkID: LinkID? { self.link?.id }
    var linkNode: String? { self.link?.node }

    mutating func accepted(
        _ id: LinkID, node: String, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        if self.link != nil { self.end(.replaced, &source, &outputs) }
        self.link = Link(id: id, node: node, openedAt: now, heardAt: now)
    }

    /// The link is gone.
    mutating func closed(_ source: inout some TrackSource) {
        self.link = nil
        self.flushAt = nil
        self.lookAt = nil
        self.board.rest(&source)
        for place in self.urgents.indices { self.urgents[place].isSent = false }
    }

    /// Ends the link, and says why.
    mutating func end(
        _ reason: LinkRefusal, _ source: inout some TrackSource, _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        self.figures.refusals[reason.name, default: 0] += 1
        outputs.append(.deliver(link.id, .refusal(reason)))
        outputs.append(.close(link.id, reason))
        self.closed(&source)
    }

    mutating func request(
        _ request: Request, _ setting: Setting, _ source: inout some TrackSource, _ journal: inout Journal,
        at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        self.link?.heardAt = now
        self.figures.heardAt = now
        if case .hello(let hello) = request {
            guard case .greeting = link.phase else { return self.end(.outOfTurn, &source, &outputs) }
            if let refusal = self.hello(hello, setting, &source, at: now, &outputs) {
                self.end(refusal, &source, &outputs)
            }
            return
        }
        guard link.isOpen else { return self.end(.outOfTurn, &source, &outputs) }
        switch request {
        case .hello: break
        case .credit(let credit): self.credit(credit, setting, &source, at: now, &outputs)
        case .receipt(let receipt): self.receive(receipt, setting, &source, &journal, &outputs)
        case .urgentReceipt(let sequence, let leaf):
            guard link.version >= .v2 else { return self.end(.outOfTurn, &source, &outputs) }
            guard
                let place = self.urgents.firstIndex(where: {
                    $0.sequence == sequence && $0.entry.leaf.hash == leaf
                })
            else { return }
            self.urgents.remove(at: place)
            if sequence < HeldUrgent.early { journal.add(.urgentReceived(self.lane, sequence: sequence)) }
        case .probe(let probe):
            guard link.version >= .v2 else { return self.end(.outOfTurn, &source, &outputs) }
            // Whoever asks more often than anybody needs gets no answer: echoes wait for no room.
            if let last = link.probedAt, now.nanoseconds &- last.nanoseconds < setting.limits.probeInterval / 10 {
                return
            }
            self.link?.probedAt = now
            outputs.append(.deliver(link.id, .echo(Echo(probe: probe, receivedAt: now, sentAt: now))))
        case .conviction(let proof):
            if let log,
                (try? proof.verify(
                    lane: self.lane, policy: SignaturePolicy(required: [log.key]),
                    keys: KeyRing([setting.identity.signer.key]))) != nil
            {
                outputs.append(.alarm(.convicted(by: self.partner, proof)))
            } else {
                self.end(.malformed("conviction"), &source, &outputs)
            }
        }
    }

    private mutating func hello(
        _ hello: Hello, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) -> LinkRefusal? {
        guard hello.nation == self.partner, hello.node == self.link?.node else { return .wrongNation }
        guard hello.realm == setting.identity.realm else { return .wrongRealm }
        guard hello.partner == setting.identity.nation else { return .notAddressed }
        let versions = setting.limits.versions
        let version = min(hello.versions.upperBound, versions.upperBound)
        guard version >= hello.versions.lowerBound, version >= versions.lowerBound else {
            return .noCommonVersion(versions)
        }
        guard !self.isBroken, let log else { return .unknownHead(size: self.headed) }
        self.link?.version = version
        guard let held = hello.held else {
            self.welcome(hello, nil, setting, &source, at: now, &outputs)
            return nil
        }
        let checkpoint: Checkpoint
        do throws(NoteError) {
            try SignaturePolicy(required: [log.key]).verify(held)
            checkpoint = try Checkpoint(parsing: held.text)
        } catch { return .entry(.note(error)) }
        guard checkpoint.origin == self.lane.origin else { return .entry(.otherLog(checkpoint.origin)) }
        // A head that this nation signed, and that is none of this log.
        guard checkpoint.size <= self.headed else {
            outputs.append(.alarm(.unknownHead(self.lane, held)))
            return .unknownHead(size: checkpoint.size)
        }
        self.link?.phase = .checking(hello, checkpoint)
        if checkpoint.size == 0 {
            self.welcome(hello, checkpoint, setting, &source, at: now, &outputs)
        } else if let known = self.knownHead(checkpoint.size) {
            return self.check(known, setting, &source, at: now, &outputs)
        } else if let link {
            self.link?.isLoading = true
            outputs.append(self.load(link.id, from: checkpoint.size, setting))
        }
        return nil
    }

    private func knownHead(_ size: UInt64) -> SignedNote? {
        if size == self.headed { return self.head }
        return self.recent.elements.first { $0.end == size }?.head
    }

    /// Holds the head that the receiver has against the one that this log had at that size.
    private mutating func check(
        _ known: SignedNote?, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) -> LinkRefusal? {
        guard case .checking(let hello, let checkpoint) = self.link?.phase else { return .outOfTurn }
        guard let known, known.text == checkpoint.text else {
            if let held = hello.held { outputs.append(.alarm(.unknownHead(self.lane, held))) }
            return .unknownHead(size: checkpoint.size)
        }
        self.welcome(hello, checkpoint, setting, &source, at: now, &outputs)
        return nil
    }

    private func load(_ id: LinkID, from: UInt64, _ setting: Setting) -> FederationOutput {
        .load(
            id, lane: self.lane, from: from, countMax: setting.limits.batchEntriesMax,
            octetsMax: 2 * setting.limits.batchOctetsMax)
    }

    private mutating func welcome(
        _ hello: Hello, _ held: Checkpoint?, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        let size = held?.size ?? 0
        if let receipt, size < receipt.size {
            outputs.append(.alarm(.receiverRolledBack(self.lane, receipted: receipt.size, held: size)))
        }
        self.link?.phase = .open
        self.link?.position = size
        self.link?.receipted = size
        if let note = hello.held, size > 0 { self.link?.heads.append((size, note)) }
        outputs.append(
            .deliver(
                link.id,
                .welcome(
                    Welcome(
                        version: link.version, nation: setting.identity.nation, realm: setting.identity.realm,
                        node: setting.identity.node, head: self.head, epoch: setting.start,
                        bookBegan: self.board.book.began))))
        // What the receiver has of the tracks.
        if self.incarnation == hello.incarnation {
            if let last = hello.lastBatch, last.epoch == setting.start {
                self.board.acknowledge(through: last.number, &source)
            }
            self.board.lose(&source)
        } else {
            self.board.forget(&source)
        }
        self.incarnation = hello.incarnation
        self.board.noteAll(source.tracks)
        self.wakeTracks(setting, at: now)
        self.lookAt = self.nextLook(setting, at: now)
        for place in self.urgents.indices {
            self.urgents[place].due = now
            self.urgents[place].wait = setting.limits.urgentRetry
        }
    }

    private mutating func credit(
        _ credit: Credit, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        self.link?.leavesGranted = max(link.leavesGranted, credit.leavesUpTo)
        if let taken = credit.taken {
            // Nobody can have taken what was not sent.
            guard taken.epoch == setting.start, taken.number <= self.board.sent else {
                return self.end(.outOfTurn, &source, &outputs)
            }
            self.board.acknowledge(through: taken.number, &source)
        }
        if self.board.isReady { self.wakeTracks(setting, at: now) }
    }

    private mutating func receive(
        _ receipt: Receipt, _ setting: Setting, _ source: inout some TrackSource, _ journal: inout Journal,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link, let keys = setting.keys(of: self.partner) else { return }
        // One for a head that a later receipt covered says nothing new.
        guard receipt.size >= link.receipted else { return }
        guard receipt.size <= self.headed else { return self.end(.outOfTurn, &source, &outputs) }
        // Over a link before this one it may have got more than it had on its disk when it said hello.
        guard
            let head = link.heads.elements.first(where: { $0.size == receipt.size })?.note
                ?? self.knownHead(receipt.size)
        else { return }
        let signed = head.with(receipt.signature)
        guard let found = try? signed.verified(by: [keys.cosigner]), !found.isEmpty else {
            return self.end(.entry(.note(.wrongSignature(name: keys.cosigner.name))), &source, &outputs)
        }
        while let first = self.link?.heads.first, first.size <= receipt.size { _ = self.link?.heads.popFirst() }
        self.link?.receipted = receipt.size
        if receipt.size > link.position {
            self.link?.position = receipt.size
            self.link?.ready = nil
        }
        guard receipt.size > self.receipt?.size ?? 0 else { return }
        self.receipt = receipt
        self.urgents.removeAll { $0.sequence < receipt.size }
        journal.add(.receipt(self.lane, receipt))
    }

    mutating func sent() { self.link?.isBulk = false }

    mutating func loaded(
        _ loaded: LoadedEntries, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link, link.isLoading, loaded.lane == self.lane else { return }
        self.link?.isLoading = false
        if case .checking(_, let checkpoint) = link.phase {
            guard loaded.from == checkpoint.size else {
                return self.end(.unknownHead(size: loaded.from), &source, &outputs)
            }
            if let refusal = self.check(loaded.headBefore, setting, &source, at: now, &outputs) {
                self.end(refusal, &source, &outputs)
            }
            return
        }
        guard loaded.from == link.position else { return }
        guard let head = loaded.headAfter, let checkpoint = try? Checkpoint(parsing: head.text),
            !loaded.entries.isEmpty,
            checkpoint.size == loaded.from + UInt64(loaded.entries.count)
        else {
            self.isBroken = true
            outputs.append(.alarm(.ownLog(self.lane)))
            return self.end(.unknownHead(size: loaded.from), &source, &outputs)
        }
        var batch = EntryBatch(from: loaded.from, entries: [], head: head)
        var withheld: UInt64 = 0
        for octets in loaded.entries {
            guard let entry = try? Entry(parsing: octets) else {
                self.isBroken = true
                outputs.append(.alarm(.ownLog(self.lane)))
                return self.end(.unknownHead(size: loaded.from), &source, &outputs)
            }
            let copy = LaneEntry.copy(entry, for: self.partner, in: setting.policy, at: now)
            if copy.isWithheld { withheld += 1 }
            batch.entries.append(copy.octets)
        }
        self.link?.ready = batch
        self.link?.readyWithheld = withheld
    }

    // MARK: Time

    private static func next(_ now: Timestamp, _ step: Int64) -> Timestamp {
        let rest = now.nanoseconds % step
        let begin = now.nanoseconds - (rest < 0 ? rest + step : rest)
        return Timestamp(nanoseconds: begin == now.nanoseconds ? begin : begin + step)
    }

    /// Tracks are sent at the next multiple of the interval, whatever woke them: the times of sending depend on nothing that
    /// the partner does not get.
    private mutating func wakeTracks(_ setting: Setting, at now: Timestamp) {
        guard self.flushAt == nil else { return }
        self.flushAt = Self.next(now, setting.limits.trackInterval)
    }

    /// When all tracks are to be looked at again, though none has changed: where agreements ask for a delay, and when one of
    /// them begins or ends.
    private func nextLook(_ setting: Setting, at now: Timestamp) -> Timestamp? {
        var look = self.board.hasDelays ? Self.next(now.advanced(by: 0.001), Self.lookInterval) : nil
        for agreement in setting.policy.agreements
        where agreement.parties.contains(setting.identity.nation) && agreement.parties.contains(self.partner) {
            for time in [agreement.from, agreement.to] where time > now { look = min(look ?? time, time) }
        }
        return look
    }

    mutating func note(_ notices: [TrackChangeNotice], _ setting: Setting, at now: Timestamp) {
        guard self.link?.isOpen == true else { return }
        for notice in notices { self.board.note(notice) }
        if self.board.isReady { self.wakeTracks(setting, at: now) }
    }

    /// Does what is due, and sends what may be sent.
    mutating func pump(
        _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        if self.board.isCounting { self.board.roll(at: now) }
        guard let link else { return }
        let silence = now.nanoseconds &- link.heardAt.nanoseconds
        if link.isOpen {
            if link.version >= .v2, silence >= setting.limits.silentAfter {
                return self.end(.silent, &source, &outputs)
            }
        } else {
            if now.nanoseconds &- link.openedAt.nanoseconds >= 3 * setting.limits.silentAfter {
                self.end(.silent, &source, &outputs)
            }
            return
        }
        self.sendUrgents(setting, at: now, &outputs)
        if let lookAt, now >= lookAt {
            self.board.noteAll(source.tracks)
            self.lookAt = self.nextLook(setting, at: now)
            self.wakeTracks(setting, at: now)
        }
        self.sendBulk(setting, &source, at: now, &outputs)
    }

    private mutating func sendUrgents(_ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]) {
        guard let link, link.version >= .v2 else { return }
        self.goEarly(setting, at: now)
        for place in self.urgents.indices where self.urgents[place].due <= now {
            // What went in its turn needs no second way.
            let copy = LaneEntry.copy(self.urgents[place].entry, for: self.partner, in: setting.policy, at: now)
            self.urgents[place].due = Timestamp(nanoseconds: now.nanoseconds &+ self.urgents[place].wait)
            self.urgents[place].wait = min(2 * self.urgents[place].wait, setting.limits.urgentRetryMax)
            guard !copy.isWithheld else { continue }
            self.urgents[place].isSent = true
            self.figures.urgentsSent += 1
            outputs.append(.deliver(link.id, .urgent(copy.octets)))
        }
    }

    /// Warnings that the disk keeps waiting too long go out under a number that stands in no log; when they are entered they
    /// are marked late and name what went out.
    private mutating func goEarly(_ setting: Setting, at now: Timestamp) {
        let patience = setting.limits.urgentPatience
        func isDue(_ item: Waiting) -> Bool {
            item.early == nil && now.nanoseconds &- item.since.nanoseconds >= patience
        }
        for place in self.entering.indices {
            guard let item = self.entering[place].source, isDue(item) else { continue }
            // It has its place in the lane, and is not durable: it must not be seen with that place.
            let leaf = self.goEarly(item, setting, at: now)
            self.entering[place].source?.early = leaf
        }
        for item in self.waitingUrgents.elements where isDue(item) {
            guard let leaf = self.goEarly(item, setting, at: now) else { continue }
            self.waitingUrgents.updateAll {
                if $0.record.number == item.record.number { $0.early = leaf }
            }
        }
    }

    private mutating func goEarly(_ item: Waiting, _ setting: Setting, at now: Timestamp) -> LedgerHash? {
        self.earlyCount += 1
        let sequence = HeldUrgent.early | (setting.start & 0x7F_FFFF_FFFF) << 24 | (self.earlyCount & 0xFF_FFFF)
        guard let (entry, _) = self.entry(item, setting, at: now, sequence: sequence) else { return nil }
        self.figures.urgentsEarly += 1
        self.addUrgent(sequence, entry, setting, at: now)
        return entry.leaf.hash
    }

    private mutating func sendBulk(
        _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        guard let link, !link.isBulk else { return }
        let areTracksDue = self.flushAt.map { $0 <= now } ?? false
        if !(areTracksDue && link.run >= 4), self.sendEntries(setting, at: now, &outputs) {
            self.link?.run += 1
            return
        }
        guard areTracksDue else { return }
        self.sendTracks(setting, &source, at: now, &outputs)
        // Entries may have been left waiting for it.
        if self.link?.isBulk == false, self.sendEntries(setting, at: now, &outputs) { self.link?.run += 1 }
    }

    private mutating func sendEntries(
        _ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) -> Bool {
        guard let link, !self.isBroken else { return false }
        if let ready = link.ready {
            self.link?.ready = nil
            self.deliver(ready, withheld: link.readyWithheld, &outputs)
            return true
        }
        guard link.position < self.headed, !link.isLoading,
            link.position - link.receipted < setting.limits.entriesUnreceiptedMax
        else { return false }
        if let first = self.recent.first, first.from <= link.position {
            var batch: EntryBatch?
            var octets = 0, withheld: UInt64 = 0
            for group in self.recent.elements where group.from >= link.position {
                guard
                    batch == nil && group.from == link.position
                        || (batch?.entries.count ?? 0) + group.entries.count <= setting.limits.batchEntriesMax
                            && octets < setting.limits.batchOctetsMax / 2
                else { break }
                if batch == nil { batch = EntryBatch(from: group.from, entries: [], head: group.head) }
                for fresh in group.entries {
                    let copy = self.copy(fresh, setting, at: now)
                    if copy.isWithheld { withheld += 1 }
                    octets += copy.octets.count
                    batch?.entries.append(copy.octets)
                }
                batch?.head = group.head
            }
            if let batch {
                self.deliver(batch, withheld: withheld, &outputs)
                return true
            }
        }
        self.link?.isLoading = true
        outputs.append(self.load(link.id, from: link.position, setting))
        return false
    }

    private func copy(
        _ fresh: Fresh, _ setting: Setting, at now: Timestamp
    ) -> (octets: [UInt8], isWithheld: Bool) {
        if let facts = fresh.facts {
            return LaneEntry.copy(fresh.entry, facts, for: self.partner, in: setting.policy, at: now)
        }
        return LaneEntry.copy(fresh.entry, for: self.partner, in: setting.policy, at: now)
    }

    private mutating func deliver(_ batch: EntryBatch, withheld: UInt64, _ outputs: inout [FederationOutput]) {
        guard let link else { return }
        let end = batch.from + UInt64(batch.entries.count)
        self.link?.position = end
        self.link?.heads.append((end, batch.head))
        self.link?.isBulk = true
        self.figures.entriesSent += UInt64(batch.entries.count)
        self.figures.entriesWithheld += withheld
        outputs.append(.deliver(link.id, .entries(batch)))
    }

    private mutating func sendTracks(
        _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        self.flushAt = nil
        let credit = link.leavesGranted - min(link.leavesGranted, link.leavesSent)
        guard credit > 0, self.board.flightCount < setting.limits.batchesUnacknowledgedMax else { return }
        let identity = setting.identity
        guard
            let draft = self.board.draft(
                leavesMax: Int(min(credit, UInt64(setting.limits.leavesMax))),
                octetsMax: setting.limits.batchOctetsMax, setting, &source, at: now)
        else { return }
        let number = BatchNumber(epoch: setting.start, number: draft.number)
        let message = TrackBatch.message(
            lane: self.lane, node: identity.node, number: number, sentAt: draft.sentAt, count: draft.leaves.count,
            root: MerkleTree.root(of: draft.hashes))
        guard let signature = try? identity.signer.signature(under: TrackBatch.domain, over: message) else { return }
        // Not when nothing was to be sent: whether a track that the partner may not see has changed must not tell.
        self.link?.run = 0
        self.link?.leavesSent += UInt64(draft.leaves.count)
        self.link?.isBulk = true
        self.figures.batchesSent += 1
        self.figures.leavesSent += UInt64(draft.leaves.count)
        self.figures.leafOctetsSent += UInt64(draft.octets)
        outputs.append(
            .deliver(
                link.id,
                .tracks(
                    TrackBatch(
                        lane: self.lane, node: identity.node, number: number, sentAt: draft.sentAt,
                        leaves: draft.leaves, keyID: identity.signer.key.key.id, signature: signature))))
        // Whatever is left goes in the next one.
        if self.board.isReady { self.flushAt = Timestamp(nanoseconds: now.nanoseconds + 1) }
    }

    /// When something is due.
    func nextWake(_ limits: FederationLimits) -> Timestamp? {
        var wake: Timestamp?
        func consider(_ time: Timestamp?) {
            guard let time else { return }
            wake = wake.map { min($0, time) } ?? time
        }
        if self.board.isCounting { consider(self.board.due) }
        guard let link else { return wake }
        guard link.isOpen else {
            consider(Timestamp(nanoseconds: link.openedAt.nanoseconds &+ 3 * limits.silentAfter))
            return wake
        }
        if link.version >= .v2 {
            consider(Timestamp(nanoseconds: link.heardAt.nanoseconds &+ limits.silentAfter))
            for urgent in self.urgents { consider(urgent.due) }
            for item in Array(self.waitingUrgents.elements) + self.entering.compactMap(\.source)
            where item.early == nil {
                consider(Timestamp(nanoseconds: item.since.nanoseconds &+ limits.urgentPatience))
            }
        }
        if !link.isBulk { consider(self.flushAt) }
        consider(self.lookAt)
        return wake
    }

    var currentFigures: PartnerFigures {
        var figures = self.figures
        figures.outgoing = self.link.map { $0.isOpen ? .open : .opening } ?? .down
        figures.outgoingVersion = self.link.flatMap { $0.isOpen ? $0.version : nil }
        figures.laneEntries = self.headed
        figures.laneReceipted = self.receipt?.size ?? 0
        figures.urgentsWaiting = self.urgents.count + self.waitingUrgents.count
        figures.conflated = self.board.conflated
        figures.newsLost = self.board.lost
        figures.tracksShown = self.board.shownCount
        figures.tracksWaiting = self.board.waitingCount
        return figures
    }
}
