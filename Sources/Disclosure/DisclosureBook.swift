public import Air
public import Ledger

/// One showing of one track, before its octets leave.
public struct Showing: Sendable {
    /// The audience's own number of the track.
    public var number: UInt64
    /// The originator's own id, which its own ledger keeps and the partner's copy does not have.
    public var local: UInt64
    /// On what terms: `DisclosureBook.number(of:)`.
    public var terms: TermsID
    /// The hash of the octets that are shown: the leaf hash in the batch is one.
    public var digest: LedgerHash
    /// The time of the batch, which the audience sees too.
    public var time: Timestamp

    public init(number: UInt64, local: UInt64, terms: TermsID, digest: LedgerHash, time: Timestamp) {
        self.number = number
        self.local = local
        self.terms = terms
        self.digest = digest
        self.time = time
    }
}

/// Whether something may be shown now.
public enum Coverage: Hashable, Sendable {
    /// A durable statement covers it, and it is counted: send it.
    case covered
    /// Nothing is counted; ask again when this ticket is durable.
    case wait(ticket: UInt64)
    /// Nothing is counted; the interval is over: call `roll(at:)`, then ask again.
    case due
    /// Nothing is counted: the time is before the interval. Times of a lane never go back: `laneTime`.
    case late
}

/// What a nation must have said, durably, before it shows something to one audience: the sender's side of a lane.
///
///     number(of: terms) ─┐
///     show(…) ───────────┴─▶ covered: send     wait(ticket): leave it for the next batch
///     roll(at:)              at the end of an interval: summaries are queued
///     takeStatements()   ──▶ sign, append, make durable, then durable(through:)
///
/// A track's first showing, a change of its terms, and its withdrawal are one statement each, many tracks to an entry; what is
/// shown in between is counted, and said once each interval with the digest of all of it. The digest depends on the track's
/// number, the octets and the times alone, all of which the audience has too, so it can hold the summary against what it saw.
///
/// A record whose entry stands in this audience's lane is its own disclosure: it is not fed here. Any other record or warning is
/// fed to `show(record:)`.
public struct DisclosureBook: Sendable {
    /// How a book is kept. Both sides must keep a lane by the same.
    public struct Settings: Hashable, Sendable {
        /// Nanoseconds of an interval, at least a second; intervals begin at its multiples since 1970.
        public let interval: Int64

        /// Intervals of so many seconds, 1 to 86,400; what is beyond is put at the end.
        public init(seconds: Int = 60) { self.interval = Int64(min(max(seconds, 1), 86_400)) * 1_000_000_000 }

        /// When the interval of a time began.
        func begin(of time: Int64) -> Int64 {
            let rest = time % self.interval
            return time - (rest < 0 ? rest + self.interval : rest)
        }

        /// 1970 to 2262 less an interval: no sum of such a time and an interval overflows.
        static func isTime(_ time: Int64) -> Bool { 0..<(Int64.max - 200_000_000_000_000) ~= time }

        /// The nearest such time.
        static func clamped(_ time: Int64) -> Int64 { min(max(time, 0), Int64.max - 200_000_000_000_001) }
    }

    private enum Change {
        case opened(Opening)
        case changed(Opening)
        case withdrawn(Withdrawal)
        case other(DisclosureStatement)

        var number: UInt64? {
            switch self {
            case .opened(let opening), .changed(let opening): opening.number
            case .withdrawn(let withdrawal): withdrawal.number
            case .other: nil
            }
        }
    }

    /// How it is kept.
    public let settings: Settings
    private var table: ShowTable
    private var terms: [DisclosureTerms] = []
    private var numbers: [DisclosureTerms: TermsID] = [:]
    private var queue: [Change] = []
    /// The ticket of the last change that was queued.
    private var issued: UInt64 = 0
    private var durable: UInt64 = 0
    /// When the book began: tell the audience before the first batch, for `ReceiptBook.began(at:)`.
    public let began: Timestamp
    /// The interval.
    private var from: Int64
    private var end: Int64

    /// A book that begins.
    ///
    /// - Parameters:
    ///   - time: now; intervals begin here, and then at multiples of their length.
    ///   - seed: of its table's order, which nobody sees.
    public init(at time: Timestamp, settings: Settings = Settings(), seed: UInt64 = 0) {
        self.settings = settings
        self.table = ShowTable(seed: seed)
        self.from = Settings.clamped(time.nanoseconds)
        self.end = settings.begin(of: self.from) + settings.interval
        self.began = Timestamp(nanoseconds: self.from)
    }

    /// A book that goes on after a crash or a stop, out of the statements of its lane.
    ///
    /// What was shown after the last summary nobody counted: a statement that says so, and closes all that was open, is
    /// queued. Those tracks begin anew.
    ///
    /// - Parameters:
    ///   - statements: of the lane, all of them or those since a snapshot of `OpenTracks`.
    ///   - time: now.
    public init(
        recovering statements: some Sequence<DisclosureStatement>, after snapshot: OpenTracks = OpenTracks(),
        settings: Settings = Settings(), at time: Timestamp, seed: UInt64 = 0
    ) {
        var open = snapshot
        for statement in statements { open.apply(statement) }
        // Nothing is shown in an interval that is summed up.
        let end = max(time, open.latest ?? time)
        self.init(at: end, settings: settings, seed: seed)
        let numbers = open.uncounted
        for begin in stride(from: 0, to: numbers.count, by: DisclosureStatement.tracksMax) {
            let part = Array(numbers[begin..<min(numbers.count, begin + DisclosureStatement.tracksMax)])
            self.enqueue(
                .other(
                    .interrupted(Interruption(from: min(open.counted ?? end, end), to: end, numbers: part))))
        }
    }

    // MARK: Terms

    /// The number of terms in this book, which never forgets them. Costs a search by hash: ask once for each decision of the
    /// policy, not each showing.
    public mutating func number(of terms: DisclosureTerms) -> TermsID {
        if let id = self.numbers[terms] { return id }
        let id = TermsID(rawValue: UInt32(truncatingIfNeeded: self.terms.count))
        self.terms.append(terms)
        self.numbers[terms] = id
        return id
    }

    // MARK: Showing

    /// A time for a batch: now, or the begin of the interval when the clock was put back behind it.
    public func laneTime(_ now: Timestamp) -> Timestamp {
        max(now, Timestamp(nanoseconds: self.from))
    }

    /// When the interval is over.
    public var due: Timestamp { Timestamp(nanoseconds: self.end) }

    /// Tracks that the audience sees.
    public var openCount: Int { self.table.rows.count { $0.isOpen } }

    /// Whether a track may be shown now; if so it is counted.
    ///
    /// Under 100 ns where it is covered, without allocation.
    public mutating func show(_ showing: Showing) -> Coverage {
        let time = showing.time.nanoseconds
        guard time >= self.from else { return .late }
        guard time < self.end else { return Settings.isTime(time) ? .due : .late }
        guard let slot = self.table.slot(of: showing.number) else {
            return self.open(showing)
        }
        let row = self.table[slot]
        guard row.isOpen, row.terms == showing.terms else { return self.change(slot, showing) }
        guard row.ticket <= self.durable else { return .wait(ticket: row.ticket) }
        self.table.count(slot, showing.digest, at: time)
        return .covered
    }

    @inline(never) private mutating func open(_ showing: Showing) -> Coverage {
        let ticket = self.enqueue(.opened(self.opening(showing)))
        _ = self.table.insert(
            ShowTable.Row(
                number: showing.number, local: showing.local, ticket: ticket, terms: showing.terms, isOpen: true,
                last: .min))
        return .wait(ticket: ticket)
    }

    @inline(never) private mutating func change(_ slot: Int, _ showing: Showing) -> Coverage {
        let wasOpen = self.table[slot].isOpen
        let opening = self.opening(showing)
        let ticket = self.enqueue(wasOpen ? .changed(opening) : .opened(opening))
        self.table[slot].isOpen = true
        self.table[slot].local = showing.local
        self.table[slot].terms = showing.terms
        self.table[slot].ticket = ticket
        return .wait(ticket: ticket)
    }

    private func opening(_ showing: Showing) -> Opening {
        Opening(
            number: showing.number, local: showing.local, terms: self.terms[Int(showing.terms.rawValue)],
            time: showing.time)
    }

    /// Says that a track is shown no more; nothing when it was not.
    ///
    /// - Parameter reason: the name of the rule that withholds it now, or `ended` when there is no such track any more.
    public mutating func withdraw(_ number: UInt64, reason: String, at time: Timestamp) {
        guard let slot = self.table.slot(of: number), self.table[slot].isOpen else { return }
        self.table[slot].isOpen = false
        self.enqueue(.withdrawn(Withdrawal(number: number, reason: reason, time: self.laneTime(time))))
    }

    /// Says that every track is shown no more, and sums up: the end of the book. Another one goes on after it.
    public mutating func close(reason: String, at time: Timestamp) {
        for row in self.table.rows.sorted(by: { $0.number < $1.number }) where row.isOpen {
            self.withdraw(row.number, reason: reason, at: time)
        }
        let now = min(max(self.laneTime(time).nanoseconds, self.from), self.end)
        self.summarise(to: now)
        self.from = now
    }

    /// Queues the statement of a record or a warning whose entry does not stand in this lane; show it when the ticket is
    /// durable.
    public mutating func show(record: RecordShowing) -> UInt64 { self.enqueue(.other(.shown(record))) }

    /// Ends intervals that are over: their summaries are queued. O(tracks), once in an interval.
    public mutating func roll(at time: Timestamp) {
        guard Settings.isTime(time.nanoseconds), time.nanoseconds >= self.end else { return }
        self.summarise(to: self.end)
        self.from = self.settings.begin(of: time.nanoseconds)
        self.end = self.from + self.settings.interval
    }

    private mutating func summarise(to end: Int64) {
        let tallies = self.table.tallies()
        for first in stride(from: 0, to: tallies.count, by: DisclosureStatement.tracksMax) {
            let part = tallies[first..<min(tallies.count, first + DisclosureStatement.tracksMax)]
            self.enqueue(
                .other(
                    .summary(
                        IntervalSummary(
                            from: Timestamp(nanoseconds: self.from), to: Timestamp(nanoseconds: end),
                            tracks: part.map { slot, tally in
                                IntervalSummary.Track(
                                    tally: tally, terms: self.terms[Int(self.table[slot].terms.rawValue)])
                            }))))
        }
        self.table.begin()
    }

    // MARK: Statements

    @discardableResult private mutating func enqueue(_ change: Change) -> UInt64 {
        self.queue.append(change)
        self.issued += 1
        return self.issued
    }

    /// Whether there is something to take.
    public var hasStatements: Bool { !self.queue.isEmpty }

    /// What to sign, append and make durable now, in this order and in one transaction; then call `durable(through:)` with
    /// the ticket.
    public mutating func takeStatements() -> (statements: [DisclosureStatement], ticket: UInt64) {
        var statements: [DisclosureStatement] = []
        var opened: [Opening] = [], changed: [Opening] = [], withdrawn: [Withdrawal] = []
        // Of one track the order is kept: a statement of it that would overtake another one ends the group.
        var grouped: Set<UInt64> = []
        func flush() {
            if !opened.isEmpty { statements.append(.opened(opened)) }
            if !changed.isEmpty { statements.append(.changed(changed)) }
            if !withdrawn.isEmpty { statements.append(.withdrawn(withdrawn)) }
            opened.removeAll()
            changed.removeAll()
            withdrawn.removeAll()
            grouped.removeAll()
        }
        for change in self.queue {
            if let number = change.number {
                if !grouped.insert(number).inserted {
                    flush()
                    grouped.insert(number)
                }
            } else {
                flush()
            }
            switch change {
            case .opened(let opening): opened.append(opening)
            case .changed(let opening): changed.append(opening)
            case .withdrawn(let withdrawal): withdrawn.append(withdrawal)
            case .other(let statement): statements.append(statement)
            }
            if max(opened.count, changed.count, withdrawn.count) == DisclosureStatement.tracksMax { flush() }
        }
        flush()
        self.queue.removeAll(keepingCapacity: true)
        return (statements, self.issued)
    }

    /// Says that what was taken with a ticket is durable.
    public mutating func durable(through ticket: UInt64) {
        self.durable = max(self.durable, min(ticket, self.issued))
    }

    /// Whether what was queued under a ticket is durable.
    public func isDurable(_ ticket: UInt64) -> Bool { ticket <= self.durable }
}
