public import Air
public import Ledger

/// How what a sender says that it showed differs from what was received.
public enum Discrepancy: Hashable, Sendable {
    /// Fewer showings were received than the sender counts: lost on a link that was cut, or never sent.
    case fewerReceived(number: UInt64, from: Timestamp, stated: UInt32, received: UInt32)
    /// More showings were received than the sender counts: it shows what it does not own up to.
    case moreReceived(number: UInt64, from: Timestamp, stated: UInt32, received: UInt32)
    /// As many, and other octets.
    case otherContent(number: UInt64, from: Timestamp, stated: LedgerHash, received: LedgerHash)
    /// As many and the same octets, and other times of the first or last.
    case otherTimes(number: UInt64, from: Timestamp)
    /// Received in an interval whose summary does not name it.
    case notSummedUp(number: UInt64, from: Timestamp, received: UInt32)
    /// The interval's summary was not there before too many others were.
    case summaryMissing(from: Timestamp, tracks: Int)
    /// The interval that is summed up is none in which something was received, or has other bounds.
    case otherInterval(from: Timestamp, to: Timestamp, tracks: Int)
    /// Received with a time that lies before the interval.
    case late(number: UInt64, time: Timestamp)
    /// The statements contradict each other.
    case statements(OpenTracks.Fault)
}

/// What an audience received, counted as the sender counts, and held against what the sender's ledger says: the receiver's side
/// of a lane.
///
/// Statements and showings come by two ways, and neither waits for the other: a summary is held until something of a later
/// interval was received, or `settle(before:)` says that nothing more comes.
public struct ReceiptBook: Sendable {
    private struct Interval {
        var from: Int64
        var to: Int64
        /// By number, in order.
        var tallies: [Tally]
        /// Which of them a summary has named.
        var isCompared: [Bool]
    }

    /// How the sender keeps the lane.
    public let settings: DisclosureBook.Settings
    /// Intervals that wait for their summary at most.
    public let waitingMax: Int
    /// Summaries that wait for their interval to end at most; a million tracks.
    private static var heldMax: Int { 1024 }
    private var table: ShowTable
    private var began: Int64?
    private var from: Int64?
    private var end: Int64 = 0
    private var waiting: [Interval] = []
    /// Intervals that begin before this have ended.
    private var ended: Int64 = .min
    private var held: [IntervalSummary] = []
    private var tracks = OpenTracks()
    private var listening: Int64
    /// Summaries of tracks that were as received.
    public private(set) var agreed: UInt64 = 0
    /// Summaries of tracks that were not compared, because this book did not listen for the whole interval.
    public private(set) var notCompared: UInt64 = 0

    /// A book that has received nothing.
    ///
    /// - Parameters:
    ///   - time: since when it listens: intervals that began before are not compared.
    ///   - seed: of the order of its table, which must be a secret: the sender chooses the numbers.
    ///   - snapshot: the fold of the lane's statements that were received before.
    public init(
        after snapshot: OpenTracks = OpenTracks(), at time: Timestamp,
        settings: DisclosureBook.Settings = DisclosureBook.Settings(), waitingMax: Int = 10, seed: UInt64
    ) {
        self.tracks = snapshot
        self.settings = settings
        self.waitingMax = max(1, waitingMax)
        self.table = ShowTable(seed: seed)
        self.listening = time.nanoseconds
    }

    /// Takes note of when the sender's book began: `DisclosureBook.began`, said before the first batch of each stream.
    public mutating func began(at time: Timestamp) -> [Discrepancy] {
        let time = DisclosureBook.Settings.clamped(time.nanoseconds)
        guard time != self.began else { return [] }
        self.began = time
        return self.end(at: time)
    }

    /// Counts what was received. Under 100 ns, without allocation, but for the first of each interval.
    ///
    /// - Parameters:
    ///   - digest: the hash of the octets that were shown, made here.
    ///   - time: of the batch, as the sender wrote it.
    public mutating func received(_ number: UInt64, digest: LedgerHash, at time: Timestamp) -> [Discrepancy] {
        let now = time.nanoseconds
        var found: [Discrepancy] = []
        if self.from == nil || now >= self.end {
            guard DisclosureBook.Settings.isTime(now) else { return [.late(number: number, time: time)] }
            let begin = self.settings.begin(of: now)
            let from = max(begin, self.began ?? begin)
            guard now >= from, now >= self.ended else { return [.late(number: number, time: time)] }
            found = self.end(at: from)
            self.from = from
            self.end = begin + self.settings.interval
        }
        guard let from, now >= from else {
            found.append(.late(number: number, time: time))
            return found
        }
        let slot =
            self.table.slot(of: number)
            ?? self.table.insert(
                ShowTable.Row(
                    number: number, local: 0, ticket: 0, terms: TermsID(rawValue: 0), isOpen: false, last: .min))
        self.table.count(slot, digest, at: now)
        return found
    }

    /// Ends the intervals that began before a time: what was received goes behind what waits for its summary, and summaries
    /// that were held are compared.
    private mutating func end(at time: Int64) -> [Discrepancy] {
        var found: [Discrepancy] = []
        if let from, from < time {
            let tallies = self.table.tallies().map(\.tally)
            self.table.removeAll()
            self.from = nil
            self.waiting.append(
                Interval(
                    from: from, to: min(self.end, time), tallies: tallies,
                    isCompared: Array(repeating: false, count: tallies.count)))
        }
        guard time > self.ended else { return found }
        self.ended = time
        let ready = self.held.filter { $0.from.nanoseconds < time }
        self.held.removeAll { $0.from.nanoseconds < time }
        for summary in ready { found += self.compare(summary) }
        while self.waiting.count > self.waitingMax {
            let first = self.waiting.removeFirst()
            guard first.from >= self.listening else { continue }
            found.append(
                .summaryMissing(
                    from: Timestamp(nanoseconds: first.from), tracks: first.isCompared.count { !$0 }))
        }
        return found
    }

    /// Holds a statement of the sender's ledger against what was received.
    public mutating func compare(_ statement: DisclosureStatement) -> [Discrepancy] {
        var found = self.tracks.apply(statement).map { Discrepancy.statements($0) }
        switch statement {
        case .summary(let summary):
            if summary.from.nanoseconds < self.ended || self.held.count >= Self.heldMax {
                found += self.compare(summary)
            } else {
                self.held.append(summary)
            }
        case .interrupted(let interruption):
            found += self.end(at: interruption.to.nanoseconds)
            // What nobody counted cannot be compared.
            let numbers = Set(interruption.numbers)
            for place in self.waiting.indices
            where self.waiting[place].to > interruption.from.nanoseconds
                && self.waiting[place].from < interruption.to.nanoseconds
            {
                for (index, tally) in self.waiting[place].tallies.enumerated() where numbers.contains(tally.number) {
                    self.waiting[place].isCompared[index] = true
                    self.notCompared += 1
                }
            }
        case .opened, .changed, .withdrawn, .shown: break
        }
        return found
    }

    private mutating func compare(_ summary: IntervalSummary) -> [Discrepancy] {
        var found: [Discrepancy] = []
        let from = summary.from.nanoseconds
        guard from >= self.listening else {
            self.notCompared += UInt64(summary.tracks.count)
            self.waiting.removeAll { $0.from <= from && $0.from < self.listening }
            return []
        }
        // Earlier intervals are done with: all their summaries were before this one.
        while let first = self.waiting.first, first.from < from {
            found += self.settle(first)
            self.waiting.removeFirst()
        }
        guard let place = self.waiting.firstIndex(where: { $0.from == from }) else {
            if self.waiting.contains(where: { $0.from < summary.to.nanoseconds && $0.to > from }) {
                return found + [.otherInterval(from: summary.from, to: summary.to, tracks: summary.tracks.count)]
            }
            for track in summary.tracks {
                found.append(
                    .fewerReceived(
                        number: track.tally.number, from: summary.from, stated: track.tally.count, received: 0))
            }
            return found
        }
        for track in summary.tracks {
            let stated = track.tally
            guard let index = self.waiting[place].tallies.firstIndex(of: stated.number) else {
                found.append(
                    .fewerReceived(number: stated.number, from: summary.from, stated: stated.count, received: 0))
                continue
            }
            let received = self.waiting[place].tallies[index]
            self.waiting[place].isCompared[index] = true
            if stated.count > received.count {
                found.append(
                    .fewerReceived(
                        number: stated.number, from: summary.from, stated: stated.count, received: received.count))
            } else if stated.count < received.count {
                found.append(
                    .moreReceived(
                        number: stated.number, from: summary.from, stated: stated.count, received: received.count))
            } else if stated.digest != received.digest {
                found.append(
                    .otherContent(
                        number: stated.number, from: summary.from, stated: stated.digest, received: received.digest))
            } else if Self.differs(stated.first, received.first, from) || Self.differs(stated.last, received.last, from)
            {
                found.append(.otherTimes(number: stated.number, from: summary.from))
            } else {
                self.agreed += 1
            }
        }
        return found
    }

    private static func differs(_ one: Timestamp, _ other: Timestamp, _ begin: Int64) -> Bool {
        DisclosureStatement.milliseconds(one.nanoseconds, since: begin)
            != DisclosureStatement.milliseconds(other.nanoseconds, since: begin)
    }

    private func settle(_ interval: Interval) -> [Discrepancy] {
        guard interval.from >= self.listening else { return [] }
        var found: [Discrepancy] = []
        for (tally, isCompared) in zip(interval.tallies, interval.isCompared) where !isCompared {
            found.append(
                .notSummedUp(
                    number: tally.number, from: Timestamp(nanoseconds: interval.from), received: tally.count))
        }
        return found
    }

    /// Ends the intervals that end before a time: nothing of them comes any more, neither showing nor statement.
    public mutating func settle(before time: Timestamp) -> [Discrepancy] {
        var found = self.end(at: self.settings.begin(of: DisclosureBook.Settings.clamped(time.nanoseconds)))
        while let first = self.waiting.first, first.to <= time.nanoseconds {
            found += self.settle(first)
            self.waiting.removeFirst()
        }
        return found
    }
}

extension [Tally] {
    /// Where the tally of a number is, among tallies in the order of their numbers.
    fileprivate func firstIndex(of number: UInt64) -> Int? {
        var low = 0, high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < self.count && self[low].number == number ? low : nil
    }
}
