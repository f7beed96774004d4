public import Air

/// Which tracks the statements of a lane leave open: what a book and an auditor fold them into.
public struct OpenTracks: Hashable, Sendable {
    /// How a statement contradicts those before it.
    public enum Fault: Error, Hashable, Sendable {
        /// Opened, and was open.
        case openedTwice(number: UInt64)
        /// Changed, withdrawn or interrupted, and was not open.
        case notOpen(number: UInt64)
        /// Summed up, and was neither open nor withdrawn since the interval began.
        case summedUpUnopened(number: UInt64)
        /// Summed up again for the same interval.
        case summedUpTwice(number: UInt64, from: Timestamp)
        /// Summed up on other terms than those on which it is shown.
        case otherTerms(number: UInt64)
        /// The interval begins before the end of the last one.
        case overlapping(from: Timestamp, last: Timestamp)
    }

    private struct Open: Hashable, Sendable {
        var since: Timestamp
        var terms: DisclosureTerms
    }
    private var open: [UInt64: Open] = [:]
    /// Those withdrawn since the last interval that was summed up.
    private var closed: [UInt64: Timestamp] = [:]
    /// Those summed up in the last interval.
    private var summed: Set<UInt64> = []
    private var interval: (from: Timestamp, to: Timestamp)?
    /// The latest time that a statement names.
    public private(set) var latest: Timestamp?

    /// Nothing is open.
    public init() {}

    /// The tracks that are open, in the order of their numbers.
    public var numbers: [UInt64] { self.open.keys.sorted() }

    /// The tracks that may have been shown since they were last summed up, in the order of their numbers.
    public var uncounted: [UInt64] {
        (Array(self.open.keys) + self.closed.keys.filter { self.open[$0] == nil }).sorted()
    }

    /// The end of the last interval that was summed up, or when the first track was opened; nil before that.
    public var counted: Timestamp? { self.interval?.to ?? self.open.values.map(\.since).min() }

    private mutating func saw(_ time: Timestamp) { self.latest = max(time, self.latest ?? time) }

    /// Adds a statement, and says in what it contradicts those before it.
    @discardableResult public mutating func apply(_ statement: DisclosureStatement) -> [Fault] {
        var faults: [Fault] = []
        switch statement {
        case .opened(let openings):
            for opening in openings {
                if self.open.updateValue(Open(since: opening.time, terms: opening.terms), forKey: opening.number) != nil
                {
                    faults.append(.openedTwice(number: opening.number))
                }
                self.saw(opening.time)
            }
        case .changed(let openings):
            for opening in openings {
                let since = self.open[opening.number]?.since
                if since == nil { faults.append(.notOpen(number: opening.number)) }
                self.open[opening.number] = Open(since: since ?? opening.time, terms: opening.terms)
                self.saw(opening.time)
            }
        case .withdrawn(let withdrawals):
            for withdrawal in withdrawals {
                if self.open.removeValue(forKey: withdrawal.number) == nil {
                    faults.append(.notOpen(number: withdrawal.number))
                }
                self.closed[withdrawal.number] = withdrawal.time
                self.saw(withdrawal.time)
            }
        case .summary(let summary):
            if let interval, interval == (summary.from, summary.to) {
                for track in summary.tracks where self.summed.contains(track.tally.number) {
                    faults.append(.summedUpTwice(number: track.tally.number, from: summary.from))
                }
            } else {
                if let interval, summary.from < interval.to {
                    faults.append(.overlapping(from: summary.from, last: interval.to))
                }
                self.interval = (summary.from, summary.to)
                // What was withdrawn before it, and is not summed up by now, was not shown any more.
                self.closed = self.closed.filter { $0.value >= summary.from }
                self.summed.removeAll(keepingCapacity: true)
            }
            for track in summary.tracks {
                let number = track.tally.number
                self.summed.insert(number)
                // Withdrawn in the interval, it is summed up once more, and then no longer.
                let wasClosed = self.closed.removeValue(forKey: number) != nil
                if let open = self.open[number] {
                    if open.terms != track.terms { faults.append(.otherTerms(number: number)) }
                } else if !wasClosed {
                    faults.append(.summedUpUnopened(number: number))
                }
            }
            self.saw(summary.to)
        case .interrupted(let interruption):
            for number in interruption.numbers {
                let wasOpen = self.open.removeValue(forKey: number) != nil
                if self.closed.removeValue(forKey: number) == nil, !wasOpen {
                    faults.append(.notOpen(number: number))
                }
            }
            self.saw(interruption.to)
        case .shown(let record): self.saw(record.time)
        }
        return faults
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.open == rhs.open && lhs.closed == rhs.closed && lhs.summed == rhs.summed && lhs.latest == rhs.latest
            && lhs.interval?.from == rhs.interval?.from && lhs.interval?.to == rhs.interval?.to
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.latest) }
}
