import Air
import Disclosure
import Federation
import Ledger
import Releasability

/// What a node must do within its patience: say a warning to a partner on a link that stands.
struct UrgentDuty: Sendable {
    let nation: Int
    let partner: Int
    let record: Int
    let link: LinkID
    let start: UInt64
    /// The clock as it was: when it was set meanwhile, nothing is due.
    let clock: Int64
}

/// What judges a run: it knows all that was said and done, by whom and when, and holds every step against the rules. It shares
/// no code of decision with the nodes.
struct Oracle: Sendable {
    let world: World
    let limits: FederationLimits
    /// Broken rules that were not handed on yet.
    private(set) var found: [(Rule, String)] = []

    /// Nations that may be accused: hostile, or set back.
    var suspects: Members = []
    var rolledBack: Members = []
    /// Nations whose clock was set back: intervals of their books may overlap.
    var setBack: Members = []
    /// Somebody changed a message on its way.
    var wasForged = false

    // What is true.
    var planned: [Int: PlannedRecord] = [:]
    var states: [TrueState] = []
    private var measured: [Int: Int64] = [:]
    /// By record: to whom it might go when it was given first, and at every instant since.
    private var released: [Int: Members] = [:]
    private var always: [Int: Members] = [:]
    /// By record and audience: what was taken out when it was given first.
    private var taken: [[Int]: Taken] = [:]
    private var recorded: Set<Int> = []
    /// By record: in whose lanes it was durable when its node said so.
    private var stored: [Int: Members] = [:]
    /// The records of entries, also of those whose body is withheld.
    private var records: [LedgerHash: String] = [:]
    private var policies: [SmallPolicy]

    // What was said.
    /// By nation: the leaves that its node made.
    private var leaves: [Set<LedgerHash>]
    /// By sender and receiver: the roots of heads by their sizes, and the leaves by their places.
    private var roots: [[[UInt64: LedgerHash]]]
    private var said: [[[UInt64: LedgerHash]]]
    /// By record: whom its content was sent to.
    private var told: [Int: Members] = [:]
    /// Links on which warnings go before their turn.
    private var quick: Set<LinkID> = []
    /// Batches of tracks that honest nodes signed.
    private var batches: Set<BatchKey> = []
    /// Batches that a start of a node has taken.
    private var takenBatches: Set<TakenBatch> = []
    /// By observer and accused.
    private(set) var accused: [[Bool]]
    /// Last receipts, by sender and receiver, as they left the receiver.
    private var receipts: [[UInt64]]
    /// Entries of each lane that must be there in the end.
    private var due: [[Int]]

    private struct Taken: Hashable {
        var grid: UInt32
        var hidesIdentities: Bool

        /// The widest that one of the agreements permits: the finer place, then identities.
        init?(_ permits: [SmallAgreement]) {
            guard
                let widest = permits.min(by: {
                    ($0.grid, $0.hidesIdentities ? 1 : 0) < ($1.grid, $1.hidesIdentities ? 1 : 0)
                })
            else { return nil }
            self.grid = widest.grid
            self.hidesIdentities = widest.hidesIdentities
        }

        /// Whether all that this takes was taken then.
        func isCovered(by then: Self?) -> Bool {
            guard let then else { return false }
            return self.grid <= then.grid && (!self.hidesIdentities || then.hidesIdentities)
        }
    }
    private struct BatchKey: Hashable {
        var nation: Nation
        var audience: String
        var number: BatchNumber
    }
    private struct TakenBatch: Hashable {
        var place: Int
        var start: UInt64
        var batch: BatchKey
    }

    init(world: World, limits: FederationLimits) {
        self.world = world
        self.limits = limits
        let count = world.nations.count
        self.policies = world.policies
        self.leaves = Array(repeating: [], count: count)
        self.roots = Array(repeating: Array(repeating: [:], count: count), count: count)
        self.said = self.roots
        self.accused = Array(repeating: Array(repeating: false, count: count), count: count)
        self.due = Array(repeating: Array(repeating: 0, count: count), count: count)
        self.receipts = Array(repeating: Array(repeating: 0, count: count), count: count)
    }

    mutating func note(_ rule: Rule, _ detail: String) { self.found.append((rule, detail)) }
    mutating func reported() { self.found.removeAll() }

    private func name(_ place: Int) -> String { self.world.nations[place].description }

    static func who(_ id: Int) -> String { "identity-\(100_000_000 + id)" }
    static func exactly(_ id: Int) -> String { "exactly-\(100_000_000 + id)" }

    // MARK: - people

    func measuredAt(_ id: Int) -> Int64? { self.measured[id] }

    private func permits(_ record: PlannedRecord, by policy: SmallPolicy, to partner: Int, at time: Int64)
        -> [SmallAgreement]
    {
        policy.permits(
            record.kind, record.label, record.spot, measuredAt: self.measured[record.id] ?? time, to: partner, at: time)
    }

    /// A record is given to its nation's node, the first time or again.
    mutating func submitted(
        _ record: PlannedRecord, by nation: Int, at time: Int64, policy: SmallPolicy, revoked: Set<Int>
    ) {
        if self.measured[record.id] == nil { self.measured[record.id] = time }
        var members: Members = []
        for partner in self.world.nations.indices
        where !revoked.contains(partner) {
            let permits = self.permits(record, by: policy, to: partner, at: time)
            guard let taken = Taken(permits) else { continue }
            members.insert(Members(partner))
            // Given again after a crash, it may stand in the lane as it was written then.
            if self.taken[[record.id, partner]] == nil { self.taken[[record.id, partner]] = taken }
            if self.taken[[record.id, partner]] != taken { self.always[record.id]?.remove(Members(partner)) }
        }
        self.released[record.id, default: []].formUnion(members)
        self.always[record.id] = self.always[record.id]?.intersection(members) ?? members
    }

    mutating func policyChanged(of nation: Int, to policy: SmallPolicy, at time: Int64) {
        self.policies[nation] = policy
        self.narrow(nation, at: time)
    }

    /// A partner is none any more: what was not there by now need not come.
    mutating func revokes(_ nation: Int, _ partner: Int) {
        for id in self.always.keys where self.planned[id]?.nation == nation {
            self.always[id]?.remove(Members(partner))
        }
    }

    /// What is releasable now no more is no more to be asked for in the end.
    private mutating func narrow(_ nation: Int, at time: Int64) {
        for (id, members) in self.always {
            guard let record = self.planned[id], record.nation == nation, !members.isEmpty else { continue }
            for partner in self.world.nations.indices where members.contains(partner) {
                // An entry is written once: where more is to be taken out than was then, it is withheld.
                let taken = Taken(self.permits(record, by: self.policies[nation], to: partner, at: time))
                if taken?.isCovered(by: self.taken[[id, partner]]) != true {
                    self.always[id]?.remove(Members(partner))
                }
            }
        }
    }

    /// A node says that a record is durable.
    mutating func isRecorded(_ id: Int, audiences: Int, store: Store) {
        self.recorded.insert(id)
        guard let record = self.planned[id] else { return }
        let marker = Array(record.marker.utf8)
        var found: Members = [], count = 0
        for (partner, own) in store.own.enumerated()
        where own.entries.contains(where: { Self.contains($0.octets, marker) }) {
            found.insert(Members(partner))
            count += 1
        }
        self.stored[id] = found
        // Given again after a crash, it counts those lanes alone that did not have it.
        if count < audiences {
            self.note(.early, "record \(id) is said to be durable for \(audiences) audiences, and is for \(count)")
        }
        for partner in self.world.nations.indices
        where self.always[id]?.contains(partner) == true && !found.contains(partner) {
            self.note(.lost, "record \(id) is said to be durable, and is not in the lane to \(self.name(partner))")
        }
    }

    /// Whether a record may go to everybody.
    func isWithheld(_ id: Int) -> Bool {
        (self.always[id] ?? []).rawValue.nonzeroBitCount < self.world.nations.count - 1
    }

    func duty(_ record: PlannedRecord, to partner: Int, link: LinkID?, start: UInt64, clock: Int64) -> UrgentDuty? {
        guard record.isUrgent, let link, self.quick.contains(link), self.limits.urgentsMax >= 1024,
            self.always[record.id]?.contains(partner) == true
        else { return nil }
        return UrgentDuty(
            nation: record.nation, partner: partner, record: record.id, link: link, start: start, clock: clock)
    }

    /// The patience is over.
    mutating func isDue(_ duty: UrgentDuty) {
        guard self.always[duty.record]?.contains(duty.partner) == true else { return }
        if self.told[duty.record]?.contains(duty.partner) != true {
            self.note(
                .urgent,
                "warning \(duty.record) of \(self.name(duty.nation)) has not left for \(self.name(duty.partner))")
        }
    }

    // MARK: - what leaves a node

    mutating func writes(_ place: Int, _ write: FederationWrite) {
        for case .ownEntry(_, let entry) in write.changes {
            self.leaves[place].insert(entry.leaf)
            self.records[entry.leaf] = (try? Entry(parsing: entry.octets))?.recordID
        }
    }

    /// A receiver speaks.
    mutating func asks(_ place: Int, _ sender: Int, _ request: Request, store: Store) {
        let held = store.state.held.first { $0.lane.nation == self.world.nations[sender] }
        switch request {
        case .receipt(let receipt):
            let durable = held?.frontier.size ?? 0
            if receipt.size > durable {
                self.note(
                    .receipt,
                    "\(self.name(place)) gives \(self.name(sender)) its receipt for \(receipt.size), and holds \(durable)"
                )
            }
            self.receipts[sender][place] = max(self.receipts[sender][place], receipt.size)
        case .urgentReceipt(let sequence, let leaf):
            if held?.urgents.contains(where: { $0.leaf == leaf }) != true, !self.isHeld(leaf, of: sender, in: store) {
                self.note(
                    .receipt,
                    "\(self.name(place)) acknowledges warning \(sequence) of \(self.name(sender)), and does not hold it"
                )
            }
        case .hello(let hello):
            if let note = hello.held, let size = Request.size(note), size > held?.frontier.size ?? 0 {
                self.note(.receipt, "\(self.name(place)) says that it holds \(size) of \(self.name(sender))")
            }
            self.receipts[sender][place] = max(
                self.receipts[sender][place], hello.held.flatMap { Request.size($0) } ?? 0)
        case .credit, .probe, .conviction: break
        }
    }

    /// A sender speaks: the last look before the wire.
    mutating func delivers(
        _ place: Int, _ receiver: Int, _ link: LinkID, _ delivery: Delivery, at time: Int64, station: Station,
        _ report: inout Report
    ) {
        switch delivery {
        case .refusal: return
        case .welcome, .echo, .entries, .urgent, .tracks:
            if station.revoked.contains(receiver) {
                self.note(.revoked, "\(self.name(place)) says \(delivery.name) to \(self.name(receiver))")
            }
        }
        let store = station.disk.durable
        switch delivery {
        case .welcome(let welcome):
            if welcome.version >= .v2 { self.quick.insert(link) }
            if let head = welcome.head { self.shows(head, place, receiver, store) }
            if (welcome.head.flatMap { Request.size($0) } ?? 0) > 0 { report.note(.resumed) }
        case .entries(let batch):
            self.shows(batch.head, place, receiver, store)
            if batch.entries.count > self.limits.batchEntriesMax {
                self.note(.bound, "\(batch.entries.count) entries in one batch")
            }
            let unreceipted = batch.from + UInt64(batch.entries.count)
            if unreceipted > self.receipts[place][receiver] + self.limits.entriesUnreceiptedMax
                + UInt64(self.limits.batchEntriesMax)
            {
                self.note(
                    .bound,
                    "\(unreceipted) entries sent, \(self.receipts[place][receiver]) receipted by \(self.name(receiver))"
                )
            }
            for (count, octets) in batch.entries.enumerated() {
                self.discloses(octets, at: batch.from + UInt64(count), place, receiver, time, station, &report)
            }
        case .urgent(let octets):
            self.discloses(octets, at: nil, place, receiver, time, station, &report)
        case .tracks(let batch): self.shows(batch, place, receiver, time, station, &report)
        case .refusal, .echo: break
        }
    }

    /// A head leaves.
    private mutating func shows(_ note: SignedNote, _ place: Int, _ receiver: Int, _ store: Store) {
        guard let head = try? Checkpoint(parsing: note.text) else {
            self.note(.fork, "\(self.name(place)) shows \(self.name(receiver)) a head that is none")
            return
        }
        if head.size > 0, store.own[receiver].heads[head.size]?.text != note.text {
            self.note(
                .early, "\(self.name(place)) shows \(self.name(receiver)) its head \(head.size), which is not durable")
        }
        if let root = self.roots[place][receiver].updateValue(head.root, forKey: head.size), root != head.root,
            !self.rolledBack.contains(place)
        {
            self.note(.fork, "\(self.name(place)) shows \(self.name(receiver)) two heads of size \(head.size)")
        }
    }

    /// An entry leaves.
    private mutating func discloses(
        _ octets: [UInt8], at sequence: UInt64?, _ place: Int, _ receiver: Int, _ time: Int64, _ station: Station,
        _ report: inout Report
    ) {
        guard let entry = try? Entry(parsing: octets) else {
            self.note(.forged, "\(self.name(place)) sends \(self.name(receiver)) what is no entry")
            return
        }
        let leaf = entry.leaf.hash, own = station.disk.durable.own[receiver].entries
        if let sequence {
            if let other = self.said[place][receiver].updateValue(leaf, forKey: sequence), other != leaf,
                !self.rolledBack.contains(place)
            {
                self.note(.fork, "\(self.name(place)) sends \(self.name(receiver)) two entries at \(sequence)")
            }
            if sequence >= UInt64(own.count) || own[Int(sequence)].leaf != leaf {
                self.note(
                    .early, "\(self.name(place)) sends \(self.name(receiver)) entry \(sequence), which is not durable")
            }
        } else {
            self.leaves[place].insert(leaf)
            if entry.leaf.statement.sequence >= HeldUrgent.early {
                self.records[leaf] = entry.recordID
            } else if !own.contains(where: { $0.leaf == leaf }) {
                self.note(.early, "\(self.name(place)) sends \(self.name(receiver)) a warning that is not durable")
            }
        }
        if entry.leaf.statement.lane.nation != self.world.nations[place]
            || entry.leaf.statement.lane.audience != self.world.nations[receiver].description
        {
            self.note(
                .forged, "\(self.name(place)) sends \(self.name(receiver)) an entry of \(entry.leaf.statement.lane)")
        }
        // Whatever the entry is, the text tells.
        let kind = entry.leaf.statement.kind
        guard kind == "report" || kind == "warning" else {
            if Self.contains(octets, Array("secret-".utf8)) {
                self.note(.leak, "an entry of kind \(kind) tells \(self.name(receiver)) of a record")
            }
            return
        }
        var seen: [Int] = []
        for prefix in ["secret-", "identity-", "exactly-"] { seen += Self.numbers(octets, after: Array(prefix.utf8)) }
        if seen.isEmpty {
            report.note(.contentWithheldLater)
            guard let sequence, sequence < UInt64(own.count) else { return }
            for id in Set(Self.numbers(own[Int(sequence)].octets, after: Array("secret-".utf8))) {
                guard let record = self.planned[id] else { continue }
                let taken = Taken(self.permits(record, by: station.policy, to: receiver, at: time))
                if self.always[id]?.contains(receiver) == true,
                    taken?.isCovered(by: self.taken[[id, receiver]]) == true
                {
                    self.note(
                        .converged,
                        "\(self.name(place)) withholds record \(id) from \(self.name(receiver)), who may see it")
                }
                self.always[id]?.remove(Members(receiver))
            }
            return
        }
        for id in Set(seen).sorted() {
            guard let record = self.planned[id], record.nation == place else {
                self.note(
                    .leak, "\(self.name(place)) tells \(self.name(receiver)) of record \(id), which is not its own")
                continue
            }
            self.told[id, default: []].insert(Members(receiver))
            let permits = self.permits(record, by: station.policy, to: receiver, at: time)
            let showsWho = Self.contains(octets, Array(Self.who(id).utf8))
            let showsPlace = Self.contains(octets, Array(Self.exactly(id).utf8))
            let isPermitted = permits.contains {
                !(showsWho && $0.hidesIdentities) && !(showsPlace && $0.grid > 0)
            }
            if permits.isEmpty {
                self.note(.leak, "\(self.name(place)) tells \(self.name(receiver)) of record \(id)")
            } else if !isPermitted {
                self.note(.leak, "\(self.name(place)) tells \(self.name(receiver)) more of record \(id) than it may")
            }
            report.note(.recordReleased)
        }
    }

    /// Tracks leave.
    private mutating func shows(
        _ batch: TrackBatch, _ place: Int, _ receiver: Int, _ time: Int64, _ station: Station, _ report: inout Report
    ) {
        let isOwn = batch.lane.nation == self.world.nations[place]
        if isOwn {
            self.batches.insert(
                BatchKey(nation: batch.lane.nation, audience: batch.lane.audience, number: batch.number))
        }
        if batch.leaves.count > self.limits.leavesMax {
            self.note(.bound, "\(batch.leaves.count) leaves in one batch")
        }
        let open =
            station.disk.durable.state.own.first {
                $0.lane.audience == self.world.nations[receiver].description
            }?.open.numbers ?? []
        for case .shown(let octets) in batch.leaves {
            guard let news = TrackCodec.decode(octets, from: 16, of: batch.lane.nation)?.news else {
                self.note(.forged, "\(self.name(place)) sends \(self.name(receiver)) a leaf that is none")
                continue
            }
            guard case .state(let track) = news else { continue }
            report.note(.trackReleased)
            if isOwn, !open.contains(UInt64(news.track.rawValue)) {
                self.note(
                    .undisclosed, "\(self.name(place)) shows \(self.name(receiver)) track \(news.track)")
            }
            let candidates = self.truths(of: track, nation: batch.lane.nation)
            if candidates.isEmpty {
                self.note(.forged, "\(self.name(place)) shows \(self.name(receiver)) a track that never was")
                continue
            }
            if track.callsign == nil { report.note(.trackRedacted) }
            let isPermitted = candidates.contains { truth in
                station.policy.permits(
                    .track, truth.label, truth.spot, measuredAt: truth.measuredAt, to: receiver, at: time
                ).contains { agreement in
                    (track.callsign == nil || !agreement.hidesIdentities)
                        && (agreement.grid == 0 || track.measuredAt.nanoseconds % 1_000_000_000 == 0)
                }
            }
            if !isPermitted {
                self.note(
                    .leak,
                    "\(self.name(place)) shows \(self.name(receiver)) track \(candidates[0].track) of \(batch.lane.nation)"
                )
            }
        }
    }

    /// The true states that a state which was shown may be.
    private func truths(of track: Track, nation: Nation) -> [TrueState] {
        guard let place = self.world.nations.firstIndex(of: nation) else { return [] }
        if let callsign = track.callsign {
            guard let truth = Sky.truth(of: callsign.value), self.states.indices.contains(truth),
                self.states[truth].nation == place
            else { return [] }
            return [self.states[truth]]
        }
        return self.states.filter { truth in
            truth.nation == place
                && (truth.measuredAt == track.measuredAt.nanoseconds
                    || truth.measuredAt / 1_000_000_000 * 1_000_000_000 == track.measuredAt.nanoseconds)
        }
    }

    /// Bulk messages of a link that wait for the wire.
    mutating func waits(_ place: Int, bulk: Int) {
        if bulk > 2 { self.note(.bound, "\(bulk) bulk messages of \(self.name(place)) wait for a link") }
    }

    /// Whether a store has a warning in its turn: by its leaf, or, where that stands in no log, by its record.
    private func isHeld(_ leaf: LedgerHash, of nation: Int, in store: Store) -> Bool {
        let record = self.records[leaf]
        return store.held[nation].contains { octets in
            guard let entry = try? Entry(parsing: octets) else { return false }
            return entry.leaf.hash == leaf || record != nil && entry.recordID == record
        }
    }

    // MARK: - what a node takes

    /// An entry takes effect.
    mutating func takes(_ station: inout Station, _ entry: Entry, isUrgent: Bool) {
        let statement = entry.leaf.statement, leaf = entry.leaf.hash
        guard let nation = self.world.nations.firstIndex(of: statement.lane.nation), nation != station.place else {
            self.note(.forged, "\(self.name(station.place)) takes an entry of \(statement.lane)")
            return
        }
        let title = "\(self.name(station.place)) takes \(statement.sequence) of \(statement.lane)"
        if statement.lane.audience != self.world.nations[station.place].description
            || !self.suspects.contains(nation) && !self.leaves[nation].contains(leaf)
        {
            self.note(.forged, title + ", which nobody wrote")
        }
        let store = station.disk.durable
        let held = store.state.held.first { $0.lane == statement.lane }
        if isUrgent {
            if held?.urgents.contains(where: { $0.leaf == leaf }) != true,
                !self.isHeld(leaf, of: nation, in: store)
            {
                self.note(.early, title + " before its turn, and it is not durable")
            }
        } else {
            if statement.sequence >= UInt64(store.held[nation].count)
                || (try? Entry(parsing: store.held[nation][Int(statement.sequence)]))?.leaf.hash != leaf
            {
                self.note(.early, title + ", and it is not durable")
            }
            if statement.sequence < station.folds[nation].next {
                self.note(.order, title + ", and was at \(station.folds[nation].next)")
            }
            // What lies between took effect before its turn, or is a statement of the books.
            for place in station.folds[nation].next..<max(statement.sequence, station.folds[nation].next) {
                guard place < UInt64(store.held[nation].count),
                    let skipped = try? Entry(parsing: store.held[nation][Int(place)])
                else { continue }
                let hasTaken =
                    station.folds[nation].leaves.contains(skipped.leaf.hash)
                    || self.records[skipped.leaf.hash].map { station.folds[nation].records.contains($0) } == true
                let kind = skipped.leaf.statement.kind
                if !hasTaken, kind == "report" || kind == "warning" {
                    self.note(.order, title + ", and \(place) never took effect")
                }
            }
            station.folds[nation].next = max(station.folds[nation].next, statement.sequence + 1)
        }
        // An early warning stands in no log: whoever could say it again on the link after its turn would be believed. TLS
        // keeps him out.
        if self.wasForged, statement.sequence >= HeldUrgent.early {
            station.folds[nation].leaves.insert(leaf)
            if let id = entry.recordID { station.folds[nation].records.insert(id) }
            return
        }
        if !station.folds[nation].leaves.insert(leaf).inserted { self.note(.twice, title + " again") }
        if let id = entry.recordID, !station.folds[nation].records.insert(id).inserted {
            self.note(.twice, title + ": record \(id) again")
        }
    }

    /// Tracks of a partner arrive.
    mutating func sees(_ station: inout Station, _ tracks: PartnerTracks) {
        guard let nation = self.world.nations.firstIndex(of: tracks.nation),
            let via = self.world.nations.firstIndex(of: tracks.via), nation != station.place
        else {
            self.note(.forged, "\(self.name(station.place)) sees tracks of \(tracks.nation) by \(tracks.via)")
            return
        }
        let picture = via * self.world.nations.count + nation
        if tracks.isReset { station.pictures[picture].removeAll() }
        if let number = tracks.batch {
            let audience = via == nation ? station.place : via
            let key = BatchKey(
                nation: tracks.nation, audience: self.world.nations[audience].description, number: number)
            if !self.suspects.contains(nation), !self.batches.contains(key) {
                self.note(.forged, "\(self.name(station.place)) sees batch \(number.number) of \(tracks.nation)")
            }
            if !self.takenBatches.insert(TakenBatch(place: station.place, start: station.start, batch: key)).inserted,
                via == nation
            {
                self.note(.twice, "\(self.name(station.place)) sees batch \(number.number) of \(tracks.nation) again")
            }
        }
        for item in tracks.items {
            switch item.news {
            case .state(let track):
                let truth = track.callsign.flatMap { Sky.truth(of: $0.value) }
                station.pictures[picture][track.id] = .some(truth)
                if !self.suspects.contains(nation), self.truths(of: track, nation: tracks.nation).isEmpty {
                    self.note(.forged, "\(self.name(station.place)) sees a track of \(tracks.nation) that never was")
                }
            case .tracklet: break
            case .withdrawn(let number): station.pictures[picture][number] = nil
            }
        }
    }

    // MARK: - alarms

    /// A node ends a link: among honest ones only for reasons that need no crime.
    mutating func closes(_ place: Int, _ refusal: LinkRefusal) {
        guard !self.wasForged, self.suspects.isEmpty else { return }
        switch refusal {
        case .replaced, .revoked, .silent, .ending, .wrongNation: break
        case .noCommonVersion, .outOfTurn, .wrongRealm, .notAddressed, .unknownHead, .entry, .batch, .overrun,
            .malformed:
            self.note(.alarm, "\(self.name(place)) ends a link: \(refusal.name) \(refusal)")
        }
    }

    mutating func hears(_ place: Int, _ alarm: FederationAlarm, _ report: inout Report) {
        func accuse(_ nation: Nation, _ isProof: Bool) {
            guard let accused = self.world.nations.firstIndex(of: nation) else { return }
            self.accused[place][accused] = true
            if !self.suspects.contains(accused), isProof || !self.wasForged, !self.suspects.contains(place) {
                self.note(.alarm, "\(self.name(place)): \(alarm.summary)")
            }
        }
        switch alarm {
        case .equivocation(let lane, _):
            report.note(.forkFound)
            accuse(lane.nation, true)
        case .rolledBack(let lane, _, _):
            report.note(.rollBackFound)
            accuse(lane.nation, false)
        case .notShown(let lane, _, _): accuse(lane.nation, false)
        case .unknownHead(let lane, _):
            report.note(.rollBackFound)
            accuse(lane.nation, false)
            if let other = self.world.nations.firstIndex(where: { $0.description == lane.audience }) {
                self.accused[other][place] = true
            }
        case .receiverRolledBack(let lane, _, _):
            report.note(.rollBackFound)
            if let nation = self.world.nations.first(where: { $0.description == lane.audience }) {
                accuse(nation, false)
            }
        case .convicted(let nation, _): accuse(nation, false)
        case .books(let nation, let discrepancy):
            switch discrepancy {
            case .fewerReceived, .summaryMissing, .otherInterval: break
            case .moreReceived, .otherContent, .otherTimes, .notSummedUp, .late, .statements:
                if let other = self.world.nations.firstIndex(of: nation), self.setBack.contains(other) { return }
                accuse(nation, false)
            }
        case .ownLog: self.note(.alarm, "\(self.name(place)): \(alarm.summary)")
        }
    }

    // MARK: - the end

    /// What is written from now on may still be on its way in the end.
    mutating func lastCall(_ stations: [Station]) {
        for sender in stations {
            for receiver in stations {
                self.due[sender.place][receiver.place] = sender.disk.durable.own[receiver.place].entries.count
            }
        }
    }

    /// Long after the last fault: what must be there, is.
    mutating func judge(stations: [Station], at now: Int64) {
        for sender in stations.indices {
            self.narrow(sender, at: stations[sender].clock.reading(at: now))
            for receiver in stations.indices where receiver != sender {
                guard !self.suspects.contains(sender), !self.suspects.contains(receiver) else { continue }
                self.judgeRecorded(stations[sender], stations[receiver])
                guard !stations[sender].revoked.contains(receiver), !stations[receiver].revoked.contains(sender) else {
                    continue
                }
                self.judgeLane(stations[sender], stations[receiver])
                self.judgeTracks(stations[sender], stations[receiver], at: now)
            }
        }
        for place in stations.indices where self.rolledBack.contains(place) {
            self.judgeRollBack(stations[place], stations)
        }
    }

    /// What a node said was durable stands in its lanes, for those whom it may go to and nobody else.
    private mutating func judgeRecorded(_ sender: Station, _ receiver: Station) {
        let own = sender.disk.durable.own[receiver.place].entries
        var inLane: Set<Int> = []
        for entry in own {
            for id in Set(Self.numbers(entry.octets, after: Array("secret-".utf8))) {
                if !inLane.insert(id).inserted {
                    self.note(
                        .twice, "record \(id) stands twice in \(sender.place)'s lane to \(self.name(receiver.place))")
                }
                if self.released[id]?.contains(receiver.place) != true {
                    self.note(
                        .leak,
                        "record \(id) stands in the lane of \(self.name(sender.place)) to \(self.name(receiver.place))"
                    )
                }
            }
        }
        for id in self.recorded where self.planned[id]?.nation == sender.place {
            if self.stored[id]?.contains(receiver.place) == true, !inLane.contains(id) {
                self.note(
                    .lost,
                    "record \(id) is not in the lane of \(self.name(sender.place)) to \(self.name(receiver.place))")
            }
        }
    }

    private mutating func judgeLane(_ sender: Station, _ receiver: Station) {
        let own = sender.disk.durable.own[receiver.place].entries
        let held = receiver.disk.durable.held[sender.place]
        let title = "\(self.name(sender.place)) to \(self.name(receiver.place))"
        let due = self.due[sender.place][receiver.place]
        guard due...own.count ~= held.count else {
            self.note(.converged, "lane of \(title): \(own.count) entries written, \(held.count) received")
            return
        }
        for (entry, octets) in zip(own, held) {
            let theirs = try? Entry(parsing: octets)
            if theirs?.leaf.hash != entry.leaf { self.note(.books, "lane of \(title) differs at \(entry.sequence)") }
        }
        let receipt =
            sender.disk.durable.state.own.first {
                $0.lane.audience == self.world.nations[receiver.place].description
            }?.receipt?.size ?? 0
        if receipt < UInt64(due) || receipt > UInt64(held.count) {
            self.note(.books, "lane of \(title): \(own.count) entries, receipt for \(receipt)")
        }
        // Each has taken effect.
        for octets in held {
            guard let entry = try? Entry(parsing: octets) else { continue }
            let kind = entry.leaf.statement.kind
            let fold = receiver.folds[sender.place]
            if kind == "report" || kind == "warning", !fold.leaves.contains(entry.leaf.hash),
                self.records[entry.leaf.hash].map({ fold.records.contains($0) }) != true
            {
                self.note(.converged, "\(entry.leaf.statement.sequence) of \(title) never took effect")
            }
        }
        for (id, members) in self.always where members.contains(receiver.place) {
            guard let record = self.planned[id], record.nation == sender.place, self.recorded.contains(id) else {
                continue
            }
            if !receiver.folds[sender.place].records.contains(record.marker) {
                self.note(.converged, "record \(id) of \(title) is not there")
            }
        }
    }

    private mutating func judgeTracks(_ sender: Station, _ receiver: Station, at now: Int64) {
        guard let source = sender.core?.source else { return }
        let reading = sender.clock.reading(at: now)
        var wanted = 0, exact: [Int] = []
        for truth in source.truths {
            let state = self.states[truth]
            let permits = sender.policy.permits(
                .track, state.label, state.spot, measuredAt: state.measuredAt, to: receiver.place, at: reading)
            guard !permits.isEmpty else { continue }
            wanted += 1
            if permits.allSatisfy({ !$0.hidesIdentities }) { exact.append(truth) }
        }
        let picture = receiver.pictures[sender.place * self.world.nations.count + sender.place]
        let title = "\(self.name(receiver.place)) sees of \(self.name(sender.place))"
        if picture.count != wanted {
            self.note(.converged, "\(title) \(picture.count) tracks, and may see \(wanted)")
            return
        }
        let shown = Set(picture.values.compactMap(\.self))
        for truth in exact where !shown.contains(truth) {
            self.note(.converged, "\(title) not the newest state of track \(self.states[truth].track)")
        }
    }

    /// Who was set back behind what a partner holds was found out.
    private mutating func judgeRollBack(_ station: Station, _ stations: [Station]) {
        for other in stations where other.place != station.place && !self.suspects.contains(other.place) {
            guard !station.revoked.contains(other.place), !other.revoked.contains(station.place) else { continue }
            let own = station.disk.durable.own[other.place].entries
            let held = other.disk.durable.held[station.place]
            let isBehind =
                held.count > own.count
                || zip(own, held).contains { (try? Entry(parsing: $1))?.leaf.hash != $0.leaf }
            if isBehind, !self.accused[other.place][station.place], !self.accused[station.place][station.place] {
                self.note(
                    .silence, "\(self.name(station.place)) was set back, and \(self.name(other.place)) did not see it")
            }
        }
    }

    // MARK: - octets

    static func contains(_ octets: [UInt8], _ text: [UInt8]) -> Bool {
        guard octets.count >= text.count else { return false }
        var place = 0
        while place <= octets.count - text.count {
            var length = 0
            while length < text.count, octets[place + length] == text[length] { length += 1 }
            if length == text.count { return true }
            place += 1
        }
        return false
    }

    /// The numbers of records that stand behind a text.
    static func numbers(_ octets: [UInt8], after text: [UInt8]) -> [Int] {
        var found: [Int] = []
        var place = 0
        while place + text.count + 9 <= octets.count {
            var length = 0
            while length < text.count, octets[place + length] == text[length] { length += 1 }
            if length == text.count,
                let digits = String(validating: octets[(place + length)..<(place + length + 9)], as: UTF8.self),
                let number = Int(digits), number >= 100_000_000
            {
                found.append(number - 100_000_000)
                place += length
            }
            place += 1
        }
        return found
    }
}
