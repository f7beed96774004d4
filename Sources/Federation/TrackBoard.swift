internal import Air
internal import Disclosure
internal import Ledger
internal import Releasability

/// What one partner is shown of the node's own tracks, and what of it waits: memory is of the tracks, not of the changes.
///
/// A track waits at most once, and at most one news of it is on its way; its content is asked for when it can be sent.
struct TrackBoard: Sendable {
    private struct Slot: Sendable {
        var own: TrackID
        /// The audience's own number; 0 while it has none.
        var number: UInt32 = 0
        var isUsed = true
        var isWaiting = false
        var isFlying = false
        /// It changed while news of it was on its way.
        var isAgain = false
        /// The partner has it.
        var isShown = false
        /// The news on its way is the last.
        var isLast = false
        /// What was told last.
        var told: Told?
        var terms = -1
    }

    /// By what one state of a track is told from the next.
    private struct Told: Hashable {
        var measuredAt: Timestamp
        var receivedAt: Timestamp
        var status: Track.Status
    }

    private struct Terms: Sendable {
        var key: TermsKey
        var id: TermsID
        var label: [UInt8]
    }

    private struct TermsKey: Hashable {
        var label: UInt32
        var isTracklet: Bool
        var verdict: Verdict
    }

    private struct Flight: Sendable {
        var number: UInt64
        var slots: [Int32]
    }

    let partner: Nation
    let lane: Lane
    private(set) var book: DisclosureBook
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var index: [TrackID: Int32] = [:]
    /// New ones, dropped ones and those whose statement just became durable, before the others.
    private var first = Queue<Int32>()
    private var rest = Queue<Int32>()
    /// Those whose statement is not durable, in the order of their tickets.
    private var undisclosed = Queue<(ticket: UInt64, slot: Int32)>()
    private var flights = Queue<Flight>()
    private var numbers: UInt32 = 0
    private var batches: UInt64 = 0
    private var states: CompiledRelease
    private var tracklets: CompiledRelease
    private var terms: [Terms] = []
    private var termsIndex: [TermsKey: Int] = [:]
    private var codec = TrackCodec()
    /// Delays of the agreements, nanoseconds, the least first.
    private var delays: [Int64] = []
    private(set) var waitingCount = 0
    private(set) var shownCount = 0
    private(set) var conflated: UInt64 = 0
    private(set) var lost: UInt64 = 0
    /// Something was shown since the book was last rolled.
    private(set) var isCounting = false

    init(_ partner: Nation, _ lane: Lane, _ setting: Setting, _ open: OpenTracks, at now: Timestamp) {
        self.partner = partner
        self.lane = lane
        self.book = DisclosureBook(
            recovering: [], after: open, settings: setting.limits.disclosure, at: now,
            seed: setting.seed("shown \(partner)"))
        self.states = CompiledRelease(
            setting.policy, to: .nation(partner), kind: .tracks, realm: setting.identity.realm)
        self.tracklets = CompiledRelease(
            setting.policy, to: .nation(partner), kind: .tracklets, realm: setting.identity.realm)
        self.delays = self.states.delays.map { Int64($0) * 1_000_000_000 }
    }

    /// Batches that were sent.
    var sent: UInt64 { self.batches }
    var flightCount: Int { self.flights.count }
    var hasWaiting: Bool { self.waitingCount > 0 }
    /// Whether tracks must be looked at again as time passes.
    var hasDelays: Bool { (self.delays.last ?? 0) > 0 }
    var due: Timestamp { self.book.due }

    /// The policy from now on: everything is judged again.
    mutating func adopt(_ setting: Setting) {
        self.states = CompiledRelease(
            setting.policy, to: .nation(self.partner), kind: .tracks, realm: setting.identity.realm)
        self.tracklets = CompiledRelease(
            setting.policy, to: .nation(self.partner), kind: .tracklets, realm: setting.identity.realm)
        self.delays = self.states.delays.map { Int64($0) * 1_000_000_000 }
        self.terms.removeAll()
        self.termsIndex.removeAll()
        for slot in self.slots.indices { self.slots[slot].terms = -1 }
    }

    // MARK: What waits

    mutating func note(_ notice: TrackChangeNotice) {
        self.enqueue(notice.track, isFirst: notice.change != .moved)
    }

    /// Everything is looked at: all tracks that there are, and those shown that are no more.
    mutating func noteAll(_ tracks: [TrackID]) {
        for slot in self.slots.indices where self.slots[slot].isUsed && self.slots[slot].isShown {
            self.enqueue(Int32(slot), isFirst: false)
        }
        for track in tracks { self.enqueue(track, isFirst: false) }
    }

    private mutating func enqueue(_ track: TrackID, isFirst: Bool) {
        if let slot = self.index[track] {
            self.enqueue(slot, isFirst: isFirst)
            return
        }
        let slot: Int32
        if let old = self.free.popLast() {
            slot = old
            self.slots[Int(old)] = Slot(own: track)
        } else {
            slot = Int32(self.slots.count)
            self.slots.append(Slot(own: track))
        }
        self.index[track] = slot
        self.enqueue(slot, isFirst: isFirst)
    }

    private mutating func enqueue(_ slot: Int32, isFirst: Bool) {
        let place = Int(slot)
        if self.slots[place].isFlying {
            if self.slots[place].isAgain { self.conflated += 1 }
            self.slots[place].isAgain = true
            return
        }
        guard !self.slots[place].isWaiting else {
            self.conflated += 1
            return
        }
        self.slots[place].isWaiting = true
        self.waitingCount += 1
        if isFirst { self.first.append(slot) } else { self.rest.append(slot) }
    }

    /// Nothing waits any more; what is shown stays so.
    mutating func rest(_ source: inout some TrackSource) {
        for slot in self.slots.indices where self.slots[slot].isUsed {
            self.slots[slot].isWaiting = false
            self.slots[slot].isAgain = false
            if !self.slots[slot].isShown, !self.slots[slot].isFlying { self.release(Int32(slot), &source) }
        }
        self.waitingCount = 0
        self.first.removeAll()
        self.rest.removeAll()
        self.undisclosed.removeAll()
    }

    private mutating func release(_ slot: Int32, _ source: inout some TrackSource) {
        let place = Int(slot)
        if self.slots[place].isShown { self.shownCount -= 1 }
        if self.slots[place].number != 0 { source.forget(self.slots[place].own, for: self.partner) }
        self.index[self.slots[place].own] = nil
        self.slots[place].isUsed = false
        self.slots[place].isShown = false
        self.free.append(slot)
    }

    // MARK: Sending

    /// The next batch, not signed.
    struct Draft {
        var number: UInt64
        var sentAt: Timestamp
        var leaves: [TrackBatch.Leaf] = []
        var hashes: [LedgerHash] = []
        var octets = 0
    }

    /// Takes what waits, as far as it may be sent; nil when that is nothing.
    mutating func draft(
        leavesMax: Int, octetsMax: Int, _ setting: Setting, _ source: inout some TrackSource, at now: Timestamp
    ) -> Draft? {
        self.roll(at: now)
        let number = BatchNumber(epoch: setting.start, number: self.batches + 1)
        var draft = Draft(number: number.number, sentAt: self.book.laneTime(now))
        var salts = TrackBatch.Salts(secret: setting.identity.saltSecret, lane: self.lane, number: number)
        var flight = Flight(number: number.number, slots: [])
        while draft.leaves.count < leavesMax, draft.octets < octetsMax,
            let slot = self.first.popFirst() ?? self.rest.popFirst()
        {
            guard self.slots[Int(slot)].isUsed, self.slots[Int(slot)].isWaiting else { continue }
            self.slots[Int(slot)].isWaiting = false
            self.waitingCount -= 1
            switch self.tell(slot, salts.salt(of: draft.leaves.count), setting, &source, draft.sentAt, now) {
            case .nothing:
                guard !self.slots[Int(slot)].isShown else { continue }
                // A statement may have announced what was never shown.
                self.book.withdraw(UInt64(self.slots[Int(slot)].number), reason: "withdrawn", at: now)
                self.release(slot, &source)
            case .wait(let ticket):
                self.slots[Int(slot)].isWaiting = true
                self.waitingCount += 1
                self.undisclosed.append((ticket, slot))
            case .leaf(let hash):
                let octets = self.codec.octets
                draft.leaves.append(.shown(octets))
                draft.hashes.append(hash)
                draft.octets += octets.count
                self.slots[Int(slot)].isFlying = true
                flight.slots.append(slot)
            }
        }
        guard !draft.leaves.isEmpty else { return nil }
        self.batches += 1
        self.flights.append(flight)
        return draft
    }

    private enum Telling {
        case nothing
        case wait(ticket: UInt64)
        case leaf(LedgerHash)
    }

    private mutating func tell(
        _ slot: Int32, _ salt: [UInt8], _ setting: Setting, _ source: inout some TrackSource, _ sentAt: Timestamp,
        _ now: Timestamp
    ) -> Telling {
        let place = Int(slot)
        let own = self.slots[place].own
        let number = self.slots[place].number == 0 ? self.numbers + 1 : self.slots[place].number
        let news: News
        switch self.released(own, TrackID(number), setting, &source, now) {
        case .news(let found): news = found
        case .unchanged: return .nothing
        case .hidden:
            guard self.slots[place].isShown else { return .nothing }
            // Nothing tells whether it ended or may not be shown.
            self.book.withdraw(UInt64(number), reason: "withdrawn", at: now)
            guard self.codec.encode(.withdrawn(TrackID(number)), label: [], after: salt) else { return .nothing }
            self.slots[place].isLast = true
            return .leaf(MerkleTree.leafHash(self.codec.octets.span))
        }
        if let told = news.told, self.slots[place].isShown, told == self.slots[place].told,
            news.terms == self.slots[place].terms
        {
            return .nothing
        }
        guard self.codec.encode(news.news, label: self.terms[news.terms].label, after: salt) else {
            if news.isTracklet { source.lost(own, for: self.partner) }
            return .nothing
        }
        let hash = MerkleTree.leafHash(self.codec.octets.span)
        let showing = Showing(
            number: UInt64(number), local: UInt64(own.rawValue), terms: self.terms[news.terms].id, digest: hash,
            time: sentAt)
        switch self.book.show(showing) {
        case .covered:
            self.isCounting = true
            self.slots[place].told = news.told
            self.slots[place].terms = news.terms
            self.slots[place].isLast = news.isLast
            if news.isLast { self.book.withdraw(UInt64(number), reason: "withdrawn", at: now) }
            if !self.slots[place].isShown { self.shownCount += 1 }
            self.slots[place].isShown = true
            return .leaf(hash)
        case .wait(let ticket):
            if number == self.numbers + 1, self.slots[place].number == 0 { self.numbers += 1 }
            self.slots[place].number = number
            if news.isTracklet { source.lost(own, for: self.partner) }
            return .wait(ticket: ticket)
        case .due, .late:
            // The book was rolled, and the batch has its time: neither can be.
            if news.isTracklet { source.lost(own, for: self.partner) }
            return .nothing
        }
    }

    private struct News {
        var news: TrackNews
        var terms: Int
        var told: Told?
        var isTracklet = false
        var isLast = false
    }

    private enum Answer {
        case news(News)
        /// It may be told, and there is nothing new.
        case unchanged
        /// It ended, or may not be told.
        case hidden
    }

    /// What of a track may be told now.
    private mutating func released(
        _ own: TrackID, _ number: TrackID, _ setting: Setting, _ source: inout some TrackSource, _ now: Timestamp
    ) -> Answer {
        if source.offersTracklets, let answer = self.tracklet(own, number, setting, &source, now) { return answer }
        for delay in self.delays {
            guard let state = source.state(of: own, at: Timestamp(nanoseconds: now.nanoseconds &- delay)) else {
                continue
            }
            let label = self.states.number(of: state.label)
            guard let released = self.states.release(state.payload, label: label, at: now, numbered: number),
                let terms = self.terms(label, released.verdict, released.label, isTracklet: false, setting)
            else { continue }
            let news = News(
                news: .state(released.payload), terms: terms,
                told: Told(
                    measuredAt: state.payload.measuredAt, receivedAt: state.payload.receivedAt,
                    status: state.payload.status))
            return .news(news)
        }
        return .hidden
    }

    /// The answer where tracklets may go; nil where a state is to be asked for instead.
    private mutating func tracklet(
        _ own: TrackID, _ number: TrackID, _ setting: Setting, _ source: inout some TrackSource, _ now: Timestamp
    ) -> Answer? {
        // Whether it may be told at all is known before the source gives it away.
        let isThere: Bool
        if let state = source.state(of: own, at: now) {
            let label = self.tracklets.number(of: state.label)
            let verdict = self.tracklets.verdict(CompiledRelease.Item(label: label, state.payload.spot), at: now)
            guard verdict.isReleased, verdict.redactions.isEmpty else {
                // What was gained while it may not be told is not told later, in a sum.
                source.forget(own, for: self.partner)
                return nil
            }
            isThere = true
        } else {
            guard let slot = self.index[own], self.slots[Int(slot)].isShown else { return .hidden }
            isThere = false
        }
        guard let gained = source.tracklet(of: own, for: self.partner, at: now) else {
            return isThere ? .unchanged : .hidden
        }
        let label = self.tracklets.number(of: gained.label)
        guard let released = self.tracklets.release(gained.payload, label: label, at: now, numbered: number),
            let terms = self.terms(label, released.verdict, released.label, isTracklet: true, setting)
        else {
            source.lost(own, for: self.partner)
            return isThere ? nil : .hidden
        }
        return .news(
            News(
                news: .tracklet(released.payload), terms: terms, told: nil, isTracklet: true,
                isLast: gained.payload.isLast))
    }

    private mutating func terms(
        _ label: UInt32, _ verdict: Verdict, _ released: Label, isTracklet: Bool, _ setting: Setting
    ) -> Int? {
        let key = TermsKey(label: label, isTracklet: isTracklet, verdict: verdict)
        if let known = self.termsIndex[key] { return known }
        guard let words = LabelWords(released, in: setting.policy),
            Int(verdict.agreement) < setting.policy.agreements.count
        else { return nil }
        let encoded = words.encoded
        let terms = DisclosureTerms(
            kind: isTracklet ? .tracklets : .tracks, rule: setting.policy.agreements[Int(verdict.agreement)].name,
            redactions: verdict.redactions, onward: verdict.onward, label: LedgerHash(hashing: encoded.span))
        self.terms.append(Terms(key: key, id: self.book.number(of: terms), label: encoded))
        self.termsIndex[key] = self.terms.count - 1
        return self.terms.count - 1
    }

    // MARK: What became of it

    /// The partner surely has all batches up to one.
    mutating func acknowledge(through number: UInt64, _ source: inout some TrackSource) {
        while let flight = self.flights.first, flight.number <= number {
            _ = self.flights.popFirst()
            for slot in flight.slots { self.land(slot, isLost: false, &source) }
        }
    }

    /// All that is on its way was lost with the link.
    mutating func lose(_ source: inout some TrackSource) {
        while let flight = self.flights.popFirst() {
            for slot in flight.slots {
                self.lost += 1
                self.land(slot, isLost: true, &source)
            }
        }
    }

    /// The partner's node is another than it was: it has nothing.
    mutating func forget(_ source: inout some TrackSource) {
        self.lose(&source)
        source.forget(for: self.partner)
        for slot in self.slots.indices where self.slots[slot].isUsed {
            self.slots[slot].told = nil
        }
    }

    private mutating func land(_ slot: Int32, isLost: Bool, _ source: inout some TrackSource) {
        let place = Int(slot)
        self.slots[place].isFlying = false
        let isAgain = self.slots[place].isAgain
        self.slots[place].isAgain = false
        if isLost {
            source.lost(self.slots[place].own, for: self.partner)
            self.slots[place].told = nil
            self.slots[place].isLast = false
            self.enqueue(slot, isFirst: true)
            return
        }
        source.acknowledged(self.slots[place].own, by: self.partner)
        if self.slots[place].isLast {
            let own = self.slots[place].own
            self.release(slot, &source)
            if isAgain { self.enqueue(own, isFirst: true) }
        } else if isAgain {
            self.enqueue(slot, isFirst: false)
        }
    }

    // MARK: The book

    mutating func roll(at now: Timestamp) {
        guard now >= self.book.due else { return }
        self.book.roll(at: now)
        self.isCounting = false
    }

    var hasStatements: Bool { self.book.hasStatements }

    mutating func takeStatements() -> (statements: [DisclosureStatement], ticket: UInt64) {
        self.book.takeStatements()
    }

    /// Statements are durable: what waited for them goes first.
    mutating func disclosed(through ticket: UInt64) {
        self.book.durable(through: ticket)
        while let next = self.undisclosed.first, next.ticket <= ticket {
            _ = self.undisclosed.popFirst()
            if self.slots[Int(next.slot)].isWaiting { self.first.append(next.slot) }
        }
    }

    /// What is told of a revoked partner's tracks: nothing more.
    mutating func close(at now: Timestamp) { self.book.close(reason: "withdrawn", at: now) }

    /// Whether something waits that a batch could take now.
    var isReady: Bool { !self.first.isEmpty || !self.rest.isEmpty }
}
