internal import Air
internal import Disclosure
internal import Ledger
internal import Releasability

/// What is heard from one partner: its lane for this nation, entry by entry, and its tracks.
struct Importer: Sendable {
    private struct Link: Sendable {
        var id: LinkID
        var isOpen = false
        var node: String?
        var version = ProtocolVersion.current
        var epoch: UInt64 = 0
        var openedAt: Timestamp
        var heardAt: Timestamp
        var probeAt: Timestamp
        var probes: UInt64 = 0
        var leavesGranted: UInt64 = 0
        var leavesTaken: UInt64 = 0
        var urgentsPending = 0
    }

    let partner: Nation
    let lane: Lane
    private var follower: LaneFollower?
    /// The edge that the store gave, from which the follower goes on once there are keys.
    private let kept: Frontier
    /// The last head that is durable, and its size.
    private var durable: SignedNote?
    private var durableSize: UInt64 = 0
    /// Entries that were verified and are on their way to the disk, with those that have had their effect.
    private var arriving = Queue<(sequence: UInt64, entry: Entry, hasEffect: Bool)>()
    private var arrivingHeads = Queue<(size: UInt64, note: SignedNote)>()
    /// Warnings whose turn has not come, durable or on their way to the disk.
    private var urgents: [HeldUrgent] = []
    private var conviction: Equivocation?
    private var link: Link?
    /// The epoch of the partner's tracks, and the last batch of each originator by this partner.
    private var lastBatch: BatchNumber?
    private var book: ReceiptBook?
    /// The fold of the statements that were durable at the start, for the book.
    private let open: OpenTracks
    private var clock = ClockFilter()
    private var isRevoked = false
    private var isBroken = false
    private var seen: Set<UInt32> = []
    var figures = PartnerFigures()

    init(_ partner: Nation, _ lane: Lane, _ setting: Setting, _ state: HeldLane?) {
        self.partner = partner
        self.lane = lane
        self.durable = state?.head
        self.durableSize = state?.frontier.size ?? 0
        self.urgents = state?.urgents ?? []
        self.conviction = state?.conviction
        self.kept = state?.frontier ?? Frontier()
        self.open = state?.open ?? OpenTracks()
        self.adopt(setting)
    }

    /// The keys of the partner, from now on.
    mutating func adopt(_ setting: Setting) {
        guard let keys = setting.keys(of: self.partner) else { return }
        let policy = SignaturePolicy(required: [keys.log])
        guard let follower = self.follower, let head = follower.head else {
            if let durable {
                self.follower = LaneFollower(lane: self.lane, policy: policy, head: durable, frontier: self.kept)
                self.isBroken = self.follower == nil
            } else {
                self.follower = LaneFollower(lane: self.lane, policy: policy)
            }
            return
        }
        // Under a new key the head held must be signed anew: until it is, nothing is taken.
        if let next = LaneFollower(lane: self.lane, policy: policy, head: head, frontier: follower.frontier) {
            self.follower = next
        }
    }

    mutating func recover(_ outputs: inout [FederationOutput]) {
        if self.isBroken, let durable { outputs.append(.alarm(.notShown(self.lane, held: nil, offered: durable))) }
    }

    mutating func revoke(_ outputs: inout [FederationOutput]) {
        self.isRevoked = true
        self.end(.revoked, &outputs)
    }

    mutating func restore() { self.isRevoked = false }

    // MARK: The link

    var linkID: LinkID? { self.link?.id }
    /// The partner's node, once it has said who it is.
    var linkNode: String? { self.link?.node }

    mutating func dialled(
        _ id: LinkID, _ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        if self.link != nil { self.end(.replaced, &outputs) }
        guard self.conviction == nil, !self.isBroken, !self.isRevoked else {
            outputs.append(.close(id, self.isRevoked ? .revoked : .entry(.cannotCosign)))
            return
        }
        self.link = Link(id: id, openedAt: now, heardAt: now, probeAt: now)
        outputs.append(
            .ask(
                id,
                .hello(
                    Hello(
                        versions: setting.limits.versions, nation: setting.identity.nation,
                        realm: setting.identity.realm, node: setting.identity.node, partner: self.partner,
                        incarnation: setting.start, held: self.durable, lastBatch: self.lastBatch))))
    }

    mutating func closed() { self.link = nil }

    /// Ends the link; the sender is told nothing but that.
    mutating func end(_ reason: LinkRefusal, _ outputs: inout [FederationOutput]) {
        guard let link else { return }
        self.figures.refusals[reason.name, default: 0] += 1
        outputs.append(.close(link.id, reason))
        self.closed()
    }

    mutating func delivery(
        _ delivery: Delivery, _ setting: Setting, _ journal: inout Journal, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        self.link?.heardAt = now
        self.figures.heardAt = now
        switch delivery {
        case .refusal(let reason):
            if case .unknownHead = reason, let durable {
                outputs.append(.alarm(.notShown(self.lane, held: durable, offered: durable)))
            }
            self.figures.refusals["refused-" + reason.name, default: 0] += 1
            outputs.append(.close(link.id, reason))
            self.closed()
            return
        case .welcome(let welcome):
            guard !link.isOpen else { return self.end(.outOfTurn, &outputs) }
            self.welcome(welcome, setting, &journal, at: now, &outputs)
            return
        default: break
        }
        guard link.isOpen else { return self.end(.outOfTurn, &outputs) }
        switch delivery {
        case .refusal, .welcome: break
        case .entries(let batch): self.receive(batch, setting, &journal, at: now, &outputs)
        case .urgent(let octets):
            guard link.version >= .v2 else { return self.end(.outOfTurn, &outputs) }
            self.receive(urgent: octets, setting, &journal, &outputs)
        case .tracks(let batch): self.receive(batch, setting, at: now, &outputs)
        case .echo(let echo):
            guard link.version >= .v2, echo.probe.number <= link.probes else {
                return self.end(.outOfTurn, &outputs)
            }
            self.clock.add(echo, at: now)
        }
    }

    private mutating func welcome(
        _ welcome: Welcome, _ setting: Setting, _ journal: inout Journal, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link, let follower else { return }
        guard welcome.nation == self.partner else { return self.end(.wrongNation, &outputs) }
        guard welcome.realm == setting.identity.realm else { return self.end(.wrongRealm, &outputs) }
        guard setting.keys(of: self.partner)?.nodes.contains(where: { $0.node == welcome.node }) == true else {
            return self.end(.revoked, &outputs)
        }
        guard setting.limits.versions.contains(welcome.version) else {
            return self.end(.noCommonVersion(setting.limits.versions), &outputs)
        }
        if let head = welcome.head {
            do throws(LaneRefusal) { _ = try follower.missing(upTo: head) } catch {
                return self.refuse(error, &journal, &outputs)
            }
        } else if let held = follower.head, follower.size > 0 {
            // Who has signed a head has entries.
            outputs.append(.alarm(.rolledBack(self.lane, held: held, offered: held)))
            return self.end(.entry(.rolledBack(held: held, offered: held)), &outputs)
        }
        self.link?.isOpen = true
        self.link?.node = welcome.node
        self.link?.version = welcome.version
        self.link?.epoch = welcome.epoch
        self.link?.leavesGranted = setting.limits.leavesCredit
        if self.lastBatch.map({ $0.epoch != welcome.epoch }) ?? true {
            self.lastBatch = BatchNumber(epoch: welcome.epoch, number: 0)
            self.seen.removeAll()
            outputs.append(
                .tracks(
                    PartnerTracks(
                        nation: self.partner, node: welcome.node, via: self.partner, batch: nil, isReset: true,
                        sentAt: now, items: [])))
        }
        var book =
            self.book
            ?? ReceiptBook(
                after: self.open, at: now, settings: setting.limits.disclosure,
                seed: setting.seed("received \(self.partner)"))
        self.report(book.began(at: welcome.bookBegan), &outputs)
        self.book = book
        if let durable, self.durableSize > 0 { self.sendReceipt(durable, self.durableSize, setting, at: now, &outputs) }
        outputs.append(
            .ask(link.id, .credit(Credit(leavesUpTo: setting.limits.leavesCredit, taken: self.lastBatch))))
        self.pump(setting, at: now, &outputs)
    }

    /// Ends the link because of what a head or an entry proves, and tells the sender what it is accused of.
    private mutating func refuse(
        _ refusal: LaneRefusal, _ journal: inout Journal, _ outputs: inout [FederationOutput]
    ) {
        switch refusal {
        case .forked(let proof): self.convict(proof, &journal, &outputs)
        case .rolledBack(let held, let offered):
            outputs.append(.alarm(.rolledBack(self.lane, held: held, offered: offered)))
        case .notShown(_, let held, let offered):
            outputs.append(.alarm(.notShown(self.lane, held: held, offered: offered)))
        default: break
        }
        self.end(.entry(refusal), &outputs)
    }

    private mutating func convict(
        _ proof: Equivocation, _ journal: inout Journal, _ outputs: inout [FederationOutput]
    ) {
        self.conviction = proof
        journal.add(.convicted(self.lane, proof))
        outputs.append(.alarm(.equivocation(self.lane, proof)))
        if let link { outputs.append(.ask(link.id, .conviction(proof))) }
    }

    // MARK: Entries

    private mutating func receive(
        _ batch: EntryBatch, _ setting: Setting, _ journal: inout Journal, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let follower, !batch.entries.isEmpty else {
            return self.end(.malformed("no entries"), &outputs)
        }
        let limits = setting.limits
        guard batch.entries.count <= limits.batchEntriesMax,
            batch.from <= UInt64(Int64.max) - UInt64(limits.batchEntriesMax)
        else { return self.end(.overrun, &outputs) }
        let end = batch.from + UInt64(batch.entries.count)
        guard batch.from <= follower.size else {
            return self.end(
                .entry(
                    .entry(.outOfOrder(expected: follower.size, found: batch.from), sequence: follower.size)),
                &outputs)
        }
        guard end > follower.size else {
            // Sent again over a new link, while the first one is on its way to the disk, or there by now: then its receipt
            // went before the sender knew for what.
            self.figures.duplicates += UInt64(batch.entries.count)
            if end == follower.size {
                do throws(LaneRefusal) { _ = try follower.missing(upTo: batch.head) } catch {
                    return self.refuse(error, &journal, &outputs)
                }
            }
            if let durable, end <= self.durableSize {
                self.sendReceipt(durable, self.durableSize, setting, at: now, &outputs)
            }
            return
        }
        guard end - self.durableSize <= limits.entriesUnreceiptedMax + UInt64(limits.batchEntriesMax) else {
            return self.end(.overrun, &outputs)
        }
        let skipped = Int(follower.size - batch.from)
        self.figures.duplicates += UInt64(skipped)
        var entries: [Entry] = []
        entries.reserveCapacity(batch.entries.count - skipped)
        // Where few come, each one's own signature is verified; in a long row the head's vouches for them.
        let keys = batch.entries.count - skipped <= limits.entriesVerifiedMax ? setting.keys : nil
        do throws(LaneRefusal) {
            var reception = try follower.reception(of: batch.head, keys: keys)
            for octets in batch.entries[skipped...] {
                let sequence = follower.size + UInt64(entries.count)
                let entry: Entry
                do throws(EntryRefusal) { entry = try Entry(parsing: octets) } catch {
                    throw .entry(error, sequence: sequence)
                }
                // A warning that came before its turn must be the one that stands here.
                if let early = self.urgents.first(where: { $0.sequence == sequence }), early.leaf != entry.leaf.hash,
                    let first = try? Entry(parsing: early.octets)
                {
                    let proof = Equivocation(evidence: .entries(first.leaf, entry.leaf))
                    if (try? proof.verify(
                        lane: self.lane, policy: SignaturePolicy(required: []), keys: setting.keys)) != nil
                    {
                        throw .forked(proof)
                    }
                }
                try reception.add(entry.leaf)
                entries.append(entry)
            }
            var next = follower
            try next.take(reception)
            self.follower = next
        } catch { return self.refuse(error, &journal, &outputs) }
        let from = follower.size
        for (place, entry) in entries.enumerated() {
            let hash = entry.leaf.hash
            let id = entry.recordID
            let hasEffect = self.urgents.contains {
                $0.leaf == hash || $0.sequence >= HeldUrgent.early && id != nil && $0.id == id
            }
            if hasEffect {
                self.urgents.removeAll {
                    $0.leaf == hash || $0.sequence >= HeldUrgent.early && id != nil && $0.id == id
                }
            }
            self.arriving.append((from + UInt64(place), entry, hasEffect))
        }
        self.figures.entriesReceived += UInt64(entries.count)
        self.arrivingHeads.append((end, batch.head))
        if let frontier = self.follower?.frontier {
            journal.add(
                .heldEntries(
                    self.lane, from: from, entries: Array(batch.entries[skipped...]), head: batch.head, frontier))
        }
        journal.add(.held(size: end))
    }

    /// Entries up to a size are durable: they take effect, and the partner gets its receipt.
    mutating func held(
        _ size: UInt64, _ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        while let first = self.arrivingHeads.first, first.size <= size {
            self.durable = first.note
            self.durableSize = first.size
            _ = self.arrivingHeads.popFirst()
        }
        while let first = self.arriving.first, first.sequence < size {
            _ = self.arriving.popFirst()
            if !first.hasEffect { outputs.append(.effect(first.entry, isUrgent: false)) }
            if let statement = try? DisclosureStatement(first.entry), var book = self.book {
                self.report(book.compare(statement), &outputs)
                self.book = book
            }
        }
        if let durable { self.sendReceipt(durable, self.durableSize, setting, at: now, &outputs) }
    }

    private mutating func sendReceipt(
        _ head: SignedNote, _ size: UInt64, _ setting: Setting, at now: Timestamp,
        _ outputs: inout [FederationOutput]
    ) {
        guard let link, link.isOpen else { return }
        let seconds = UInt64(max(1, now.nanoseconds / 1_000_000_000))
        guard
            let note = try? SignedNote(head.text, signedBy: setting.identity.cosigner, at: seconds),
            let signature = note.signatures.first
        else { return }
        outputs.append(.ask(link.id, .receipt(Receipt(size: size, signature: signature))))
    }

    private mutating func receive(
        urgent octets: [UInt8], _ setting: Setting, _ journal: inout Journal, _ outputs: inout [FederationOutput]
    ) {
        guard let link, let follower else { return }
        let entry: Entry
        do throws(EntryRefusal) {
            entry = try Entry(parsing: octets)
            try entry.leaf.verify(in: self.lane, at: entry.leaf.statement.sequence, keys: setting.keys)
        } catch { return self.end(.entry(.entry(error, sequence: follower.size)), &outputs) }
        let sequence = entry.leaf.statement.sequence, leaf = entry.leaf.hash, id = entry.recordID
        // It is here in its turn, on its way to the disk.
        if sequence >= HeldUrgent.early, id != nil, self.arriving.elements.contains(where: { $0.entry.recordID == id })
        {
            self.figures.duplicates += 1
            return
        }
        // In its turn it was here before.
        if sequence < self.durableSize {
            self.figures.duplicates += 1
            outputs.append(.ask(link.id, .urgentReceipt(sequence: sequence, leaf: leaf)))
            return
        }
        if sequence < follower.size {
            self.figures.duplicates += 1
            return
        }
        if let known = self.urgents.first(where: { $0.sequence == sequence }) {
            self.figures.duplicates += 1
            if known.leaf == leaf {
                if !self.isFlying(leaf) {
                    outputs.append(.ask(link.id, .urgentReceipt(sequence: sequence, leaf: leaf)))
                }
            } else if let first = try? Entry(parsing: known.octets) {
                self.refuse(
                    .forked(Equivocation(evidence: .entries(first.leaf, entry.leaf))), &journal, &outputs)
            }
            return
        }
        // More than are kept before their turn: it comes in its turn, and has no receipt before. The sender cannot know how
        // many are kept; to end the link would keep the lane from ever coming to their turn.
        guard self.urgents.count < setting.limits.urgentsMax else { return }
        let urgent = HeldUrgent(sequence: sequence, leaf: leaf, id: id, octets: octets)
        self.urgents.append(urgent)
        self.flyingUrgents.append((leaf, entry, self.hasEffect(urgent)))
        self.figures.urgentsReceived += 1
        journal.add(.heldUrgent(self.lane, urgent))
        journal.add(.heldUrgent(leaf))
    }

    /// Whether the same warning had its effect under another number: early, once for each start of its node, or in the lane.
    private func hasEffect(_ urgent: HeldUrgent) -> Bool {
        guard let id = urgent.id else { return false }
        return self.urgents.contains {
            $0.leaf != urgent.leaf && $0.id == id
                && ($0.sequence >= HeldUrgent.early || urgent.sequence >= HeldUrgent.early)
        }
    }

    private var flyingUrgents: [(leaf: LedgerHash, entry: Entry, hasEffect: Bool)] = []

    private func isFlying(_ leaf: LedgerHash) -> Bool { self.flyingUrgents.contains { $0.leaf == leaf } }

    /// A warning is durable before its turn.
    mutating func heldUrgent(_ leaf: LedgerHash, _ outputs: inout [FederationOutput]) {
        guard let place = self.flyingUrgents.firstIndex(where: { $0.leaf == leaf }) else { return }
        let urgent = self.flyingUrgents.remove(at: place)
        if !urgent.hasEffect { outputs.append(.effect(urgent.entry, isUrgent: true)) }
        if let link, link.isOpen {
            outputs.append(
                .ask(link.id, .urgentReceipt(sequence: urgent.entry.leaf.statement.sequence, leaf: leaf)))
        }
    }

    // MARK: Tracks

    private mutating func receive(
        _ batch: TrackBatch, _ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        guard let link else { return }
        guard !batch.leaves.isEmpty, batch.leaves.count <= setting.limits.leavesMax,
            link.leavesTaken + UInt64(batch.leaves.count) <= link.leavesGranted
        else { return self.end(.overrun, &outputs) }
        guard batch.lane.origin == self.lane.origin else { return self.end(.batch("other-lane"), &outputs) }
        guard batch.number.epoch == link.epoch else { return self.end(.batch("other-epoch"), &outputs) }
        guard let last = self.lastBatch, batch.number > last else {
            self.figures.duplicates += 1
            return
        }
        let hashes: [LedgerHash]
        do throws(EntryRefusal) { hashes = try batch.verify(keys: setting.keys) } catch {
            return self.end(.entry(.entry(error, sequence: batch.number.number)), &outputs)
        }
        var tracks = PartnerTracks(
            nation: batch.lane.nation, node: batch.node, via: self.partner, batch: batch.number, isReset: false,
            sentAt: batch.sentAt, items: [])
        tracks.items.reserveCapacity(batch.leaves.count)
        for leaf in batch.leaves {
            guard case .shown(let octets) = leaf else { return self.end(.batch("withheld"), &outputs) }
            guard
                let (news, words) = TrackCodec.decode(octets, from: TrackBatch.saltCount, of: batch.lane.nation)
            else { return self.end(.batch("leaf"), &outputs) }
            // Whoever sends what it learned from others counts it twice.
            if let words, words.originators != [self.partner] { return self.end(.batch("originators"), &outputs) }
            tracks.items.append(
                PartnerTracks.Item(news, words: words, label: words.map { self.label($0, setting) }))
        }
        for item in tracks.items { self.seen.insert(item.news.track.rawValue) }
        guard self.seen.count <= setting.limits.partnerTracksMax else { return self.end(.overrun, &outputs) }
        if var book = self.book {
            var found: [Discrepancy] = []
            for (place, item) in tracks.items.enumerated() {
                if case .withdrawn(let number) = item.news {
                    self.seen.remove(number.rawValue)
                    continue
                }
                found += book.received(UInt64(item.news.track.rawValue), digest: hashes[place], at: batch.sentAt)
            }
            self.book = book
            self.report(found, &outputs)
        }
        self.lastBatch = batch.number
        self.link?.leavesTaken += UInt64(batch.leaves.count)
        self.figures.batchesReceived += 1
        self.figures.leavesReceived += UInt64(batch.leaves.count)
        outputs.append(.tracks(tracks))
        let granted = link.leavesTaken + UInt64(batch.leaves.count) + setting.limits.leavesCredit
        self.link?.leavesGranted = granted
        outputs.append(.ask(link.id, .credit(Credit(leavesUpTo: granted, taken: batch.number))))
    }

    private var labels: [LabelWords: Label] = [:]

    /// A label in own numbers; what was translated before is known.
    private mutating func label(_ words: LabelWords, _ setting: Setting) -> Label {
        if let known = self.labels[words] { return known }
        let label = words.label(in: setting.policy)
        if self.labels.count >= 1024 { self.labels.removeAll() }
        self.labels[words] = label
        return label
    }

    /// The policy from now on.
    mutating func adoptPolicy() { self.labels.removeAll() }

    /// What was shown on a link that was cut did not come: that is no reason for alarm.
    private mutating func report(_ found: [Discrepancy], _ outputs: inout [FederationOutput]) {
        for discrepancy in found {
            switch discrepancy {
            case .fewerReceived: self.figures.showingsMissed += 1
            default: outputs.append(.alarm(.books(self.partner, discrepancy)))
            }
        }
    }

    // MARK: Time

    mutating func pump(_ setting: Setting, at now: Timestamp, _ outputs: inout [FederationOutput]) {
        guard let link else { return }
        guard link.isOpen else {
            if now.nanoseconds &- link.openedAt.nanoseconds >= 3 * setting.limits.silentAfter {
                self.end(.silent, &outputs)
            }
            return
        }
        guard link.version >= .v2 else { return }
        if now.nanoseconds &- link.heardAt.nanoseconds >= setting.limits.silentAfter {
            return self.end(.silent, &outputs)
        }
        if now >= link.probeAt {
            self.link?.probes += 1
            self.link?.probeAt = Timestamp(nanoseconds: now.nanoseconds &+ setting.limits.probeInterval)
            outputs.append(.ask(link.id, .probe(Probe(number: link.probes + 1, sentAt: now))))
        }
    }

    func nextWake(_ limits: FederationLimits) -> Timestamp? {
        guard let link else { return nil }
        guard link.isOpen else { return Timestamp(nanoseconds: link.openedAt.nanoseconds &+ 3 * limits.silentAfter) }
        guard link.version >= .v2 else { return nil }
        return min(link.probeAt, Timestamp(nanoseconds: link.heardAt.nanoseconds &+ limits.silentAfter))
    }

    /// Adds what is heard to what is told.
    func add(to figures: inout PartnerFigures) {
        figures.incoming = self.link.map { $0.isOpen ? .open : .opening } ?? .down
        figures.incomingVersion = self.link.flatMap { $0.isOpen ? $0.version : nil }
        figures.heldEntries = self.durableSize
        figures.entriesReceived = self.figures.entriesReceived
        figures.urgentsReceived = self.figures.urgentsReceived
        figures.batchesReceived = self.figures.batchesReceived
        figures.leavesReceived = self.figures.leavesReceived
        figures.duplicates = self.figures.duplicates
        figures.showingsMissed = self.figures.showingsMissed
        figures.clockOffset = self.clock.best?.offset
        figures.roundTrip = self.clock.best?.roundTrip
        figures.heardAt = [figures.heardAt, self.figures.heardAt].compactMap { $0 }.max()
        figures.refusals.merge(self.figures.refusals, uniquingKeysWith: +)
    }
}
