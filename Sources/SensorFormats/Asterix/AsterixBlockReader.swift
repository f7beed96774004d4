public import Air

/// One sender of one category.
public struct AsterixSource: Hashable, Comparable, Sendable {
    public var category: UInt8
    public var sensor: SensorID

    public init(category: UInt8, sensor: SensorID) {
        self.category = category
        self.sensor = sensor
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.category, lhs.sensor.rawValue) < (rhs.category, rhs.sensor.rawValue)
    }
}

/// Takes the records that a block reader finds.
protocol AsterixRecordSink: ~Copyable {
    /// Whether it takes records of category 021 before it is clear by which edition they must be read.
    var takesUndecided: Bool { get }

    /// A block whose records follow, as a range of the bytes; its length may reach beyond what is there.
    mutating func begin(block: Range<Int>)

    /// Reads records by a layout's own code (`AsterixGenerated`), up to the end or to one that is damaged.
    ///
    /// - Parameters:
    ///   - start: where the first record begins in `bytes`; its block ends at `limit`, at most the end of `bytes`.
    /// - Returns: the offset behind the last whole record, and how many there were; `start` and none where it reads by
    ///   the layout alone.
    mutating func readWhole(_ code: UInt8, _ bytes: Span<UInt8>, from start: Int, to limit: Int) -> (
        at: Int, count: Int
    )

    /// Reads one record and takes it, if it is whole.
    ///
    /// - Parameters:
    ///   - words: the layout's instructions.
    ///   - start: where the record begins in `bytes`; its block ends at `limit`.
    /// - Returns: the offset behind the record.
    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int
}

extension AsterixRecordSink where Self: ~Copyable {
    @inline(__always) mutating func begin(block: Range<Int>) {}

    @inline(__always) mutating func readWhole(_ code: UInt8, _ bytes: Span<UInt8>, from start: Int, to limit: Int)
        -> (at: Int, count: Int)
    { (start, 0) }
}

/// Divides datagrams into blocks and blocks into records; one bad record costs the rest of its block, never the next.
struct AsterixBlockReader: Sendable {
    private(set) var editions: AsterixEditions
    var tally = AsterixTally()
    /// Where in the recording the bytes begin: offsets of problems are counted from there.
    var origin = 0
    private var layouts: [AsterixLayout?]
    /// By category, the code of the layout that all its blocks are read by, wherever they come from; 0 if they differ, or
    /// if the layout has none. A whole block is read with this number alone: no reference is counted for it.
    private var codes = InlineArray<256, UInt8>(repeating: 0)
    /// Older editions to choose between, of categories for which none was named.
    private var automatic = AsterixLayouts.older
    /// For each source of a category with an older edition: above zero speaks for the newest, below for the older.
    private var votes: [AsterixSource: Int] = [:]
    /// Sources whose blocks do not fit the edition that they are read by, and another does.
    private var contradictions: [AsterixSource: Contradiction] = [:]

    /// The source that was asked for last and the edition it is known to send, so that one feed's blocks are not looked
    /// up each.
    private var known: (source: AsterixSource, layout: AsterixLayout)?

    /// Beyond this many votes more of them are not counted, so that a source that changes is soon followed.
    static let votesMax = 8
    /// From this sum on a source is read by the older edition.
    static let votesForOlder = -2

    init(editions: AsterixEditions) {
        self.editions = editions
        self.layouts = AsterixLayouts.newest
        for category in UInt8.min...UInt8.max {
            guard let edition = editions.edition(of: category) else { continue }
            self.layouts[Int(category)] = AsterixLayouts.all[edition]
            self.automatic[Int(category)] = nil
        }
        guard !editions.namesSensors else { return }
        for category in 0..<256 where self.automatic[category] == nil {
            self.codes[category] = self.layouts[category]?.generated ?? 0
        }
    }

    /// Reads the blocks of one datagram, which is `range` of `bytes`.
    ///
    /// A block whose length does not fit gives the whole records that are there. What follows the last block and is
    /// none (its category unknown and its length beyond the end) is a trailer.
    mutating func read(
        _ bytes: Span<UInt8>, range: Range<Int>, sink: inout some AsterixRecordSink & ~Copyable,
        problems: inout [AsterixProblem]
    ) {
        let end = min(range.upperBound, bytes.count)
        var at = max(0, range.lowerBound)
        var blocks = 0
        while at < end {
            let rest = end - at
            guard rest >= 3 else {
                if blocks > 0 {
                    self.tally.trailerBytes += rest
                } else {
                    self.report(at, rest, category: 0, .badBlockLength, &problems)
                }
                return
            }
            let category = bytes[at]
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            let code = self.codes[Int(category)]
            var reached = at + 3
            var count = 0
            if code != 0, length >= 3 {
                (reached, count) = sink.readWhole(code, bytes, from: reached, to: min(at + length, end))
                if reached == at + length {
                    blocks += 1
                    self.tally.blocks += 1
                    self.count(category, count, length)
                    at = reached
                    continue
                }
            }
            let isKnown = self.layouts[Int(category)] != nil
            if blocks > 0, !isKnown, !Self.chainsToEnd(bytes, from: at, to: end) {
                self.tally.trailerBytes += rest
                return
            }
            guard length >= 3 else {
                // Behind a good block this is filling; alone it is a lie, and there is no telling where the next begins.
                if blocks > 0 {
                    self.tally.trailerBytes += rest
                } else {
                    self.report(at, rest, category: category, .badBlockLength, &problems)
                }
                return
            }
            guard isKnown else {
                let there = min(length, rest)
                self.report(at, there, category: category, .unknownCategory, &problems)
                at += there
                continue
            }
            blocks += 1
            self.block(
                bytes, at: at, from: reached, count: count, end: min(at + length, end), isWhole: length <= rest, &sink,
                &problems)
            at += length
        }
    }

    /// Whether lengths lead from block to block exactly to the end.
    private static func chainsToEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        var at = start
        while at + 3 <= end {
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard length >= 3 else { return false }
            at += length
        }
        return at == end
    }

    private mutating func report(
        _ offset: Int, _ length: Int, category: UInt8, edition: AsterixEdition? = nil, item: String? = nil,
        _ fault: AsterixFault, _ problems: inout [AsterixProblem]
    ) {
        let problem = AsterixProblem(
            offset: self.origin + offset, length: length, category: category, edition: edition, item: item,
            fault: fault)
        self.tally.note(problem)
        problems.append(problem)
    }

    /// Reads the records of a block from `first` on; `count` of them are read already.
    private mutating func block(
        _ bytes: Span<UInt8>, at start: Int, from first: Int, count: Int, end: Int, isWhole: Bool,
        _ sink: inout some AsterixRecordSink & ~Copyable, _ problems: inout [AsterixProblem]
    ) {
        self.tally.blocks += 1
        let category = bytes[start]
        guard let layout = self.layout(of: category, bytes, from: start + 3, to: end) else { return }
        let isTaken = category != 21 || sink.takesUndecided || self.isDecided(bytes, from: start + 3, to: end)
        var at = first
        var records = count
        sink.begin(block: start..<end)
        let storage = layout.words
        let words = storage.span
        do throws(AsterixRecordFault) {
            while at < end {
                if isTaken {
                    at = try sink.read(layout, bytes, words, from: at, to: end, tally: &self.tally)
                } else {
                    var offsets = AsterixLayout.Offsets(repeating: 0)
                    at = try layout.walk(bytes, words, from: at, to: end, offsets: &offsets)
                    self.tally.undecidedEdition += 1
                }
                records += 1
            }
            if !isWhole { self.report(at, 0, category: category, edition: layout.edition, .blockBeyondEnd, &problems) }
        } catch {
            let item = layout.itemName(profile: error.profile, slot: error.slot)
            let fault = !isWhole && error.fault == .truncatedRecord ? .blockBeyondEnd : error.fault
            self.report(
                at, end - at, category: category, edition: layout.edition, item: item, fault, &problems)
            guard isWhole else { return self.count(category, records, at - start) }
            if self.automatic[Int(category)] != nil, !self.isNamed(category, bytes, from: start + 3, to: end) {
                self.reconsider(category, bytes, from: start + 3, to: end)
            } else if let fitting = self.contradiction(category, layout, bytes, from: start + 3, to: end) {
                let problem = AsterixProblem(
                    offset: self.origin + start, length: 0, category: category, edition: layout.edition,
                    fault: .wrongEdition, sensor: Self.sensor(bytes, from: start + 3, to: end), fitting: fitting)
                self.tally.note(problem)
                problems.append(problem)
            }
        }
        self.count(category, records, at - start)
    }

    private mutating func count(_ category: UInt8, _ records: Int, _ bytes: Int) {
        self.tally.records[Int(category)] += records
        self.tally.acceptedBytes += bytes
    }

    // MARK: Editions

    /// The layout for a block, from what is configured and, for some categories, from what its blocks have shown.
    private mutating func layout(of category: UInt8, _ bytes: Span<UInt8>, from start: Int, to end: Int)
        -> AsterixLayout?
    {
        guard self.automatic[Int(category)] != nil || self.editions.namesSensors else {
            return self.layouts[Int(category)]
        }
        let sensor = Self.sensor(bytes, from: start, to: end)
        if self.editions.namesSensors, let sensor,
            let edition = self.editions.edition(of: category, sensor: sensor)
        {
            return AsterixLayouts.all[edition]
        }
        let source = AsterixSource(category: category, sensor: sensor ?? SensorID(rawValue: 0))
        if let known = self.known, known.source == source { return known.layout }
        guard let usual = self.layouts[Int(category)], let old = self.automatic[Int(category)] else {
            return self.layouts[Int(category)]
        }
        // A source that is known by many blocks is asked again only when one of them cannot be read.
        var sum = self.votes[source] ?? 0
        if abs(sum) < Self.votesMax { sum = self.vote(source, usual, old, bytes, from: start, to: end) }
        // Plots of category 021 wait for the decision, so that one vote is enough to walk over the block.
        let layout = sum <= (category == 21 ? -1 : Self.votesForOlder) ? old : usual
        if abs(sum) == Self.votesMax { self.known = (source, layout) }
        return layout
    }

    /// The layout to explain a single block by: the one it fits, where two come into question.
    func layoutToExplain(_ category: UInt8, _ bytes: Span<UInt8>, from start: Int, to end: Int) -> AsterixLayout? {
        if let sensor = Self.sensor(bytes, from: start, to: end),
            let edition = self.editions.edition(of: category, sensor: sensor)
        {
            return AsterixLayouts.all[edition]
        }
        guard let usual = self.layouts[Int(category)], let old = self.automatic[Int(category)] else {
            return self.layouts[Int(category)]
        }
        return !usual.fits(bytes, from: start, to: end) && old.fits(bytes, from: start, to: end) ? old : usual
    }

    // MARK: Editions that do not fit

    /// Notes that a whole block of a source could not be read by an edition; answers with another that it fits, once
    /// for a source, when chance is ruled out.
    ///
    /// A single damaged block may chance to fill another edition: so it takes three that fill the same one, and they
    /// must be more than one in sixty-four of all blocks meanwhile.
    private mutating func contradiction(
        _ category: UInt8, _ layout: AsterixLayout, _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) -> AsterixEdition? {
        let sensor = Self.sensor(bytes, from: start, to: end) ?? SensorID(rawValue: 0)
        let source = AsterixSource(category: category, sensor: sensor)
        var known = self.contradictions[source] ?? Contradiction(since: self.tally.blocks)
        guard !known.isReported,
            self.contradictions.count < Self.contradictionsMax || self.contradictions[source] != nil
        else { return nil }
        let fitting = AsterixLayouts.all.filter { edition, other in
            edition.category == category && other !== layout && other.fits(bytes, from: start, to: end)
        }.keys.max()
        guard let fitting else { return nil }
        known.count = known.edition == fitting ? known.count + 1 : 1
        known.edition = fitting
        known.isReported = known.count >= 3 && known.count * 64 >= self.tally.blocks - known.since
        self.contradictions[source] = known
        return known.isReported ? fitting : nil
    }

    private struct Contradiction {
        var since: Int
        var count = 0
        var edition: AsterixEdition?
        var isReported = false
    }

    /// So many sources are watched, and no more.
    private static let contradictionsMax = 256

    /// Whether the edition of a block's sender was named.
    private func isNamed(_ category: UInt8, _ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard self.editions.namesSensors, let sensor = Self.sensor(bytes, from: start, to: end) else { return false }
        return self.editions.edition(of: category, sensor: sensor) != nil
    }

    /// Lets a block that could not be read vote on the edition of its source.
    private mutating func reconsider(_ category: UInt8, _ bytes: Span<UInt8>, from start: Int, to end: Int) {
        guard let old = self.automatic[Int(category)], let usual = self.layouts[Int(category)] else { return }
        let sensor = Self.sensor(bytes, from: start, to: end) ?? SensorID(rawValue: 0)
        let source = AsterixSource(category: category, sensor: sensor)
        guard abs(self.votes[source] ?? 0) == Self.votesMax else { return }
        self.vote(source, usual, old, bytes, from: start, to: end)
    }

    /// Asks the editions whether the block is theirs, and answers with the sum of votes.
    ///
    /// A block that only one of them fills exactly is a vote for it. A single damaged block may chance to fill the
    /// wrong one: so it takes two votes for the older edition, and a source that is known by many is not swayed by one.
    @discardableResult private mutating func vote(
        _ source: AsterixSource, _ usual: AsterixLayout, _ old: AsterixLayout, _ bytes: Span<UInt8>, from start: Int,
        to end: Int
    ) -> Int {
        let sum = self.votes[source] ?? 0
        let present = sum <= Self.votesForOlder ? old : usual
        let presentFits = present.fits(bytes, from: start, to: end)
        let otherFits = (present === old ? usual : old).fits(bytes, from: start, to: end)
        guard presentFits != otherFits else { return sum }
        let ballot = presentFits == (present === old) ? -1 : 1
        let next = max(-Self.votesMax, min(Self.votesMax, sum + ballot))
        self.votes[source] = next
        self.known = nil
        return next
    }

    /// Lets the first blocks of a recording vote on the edition before any of them is decoded.
    mutating func prime(_ bytes: Span<UInt8>, range: Range<Int>) {
        var at = range.lowerBound
        while at + 3 < range.upperBound {
            let end = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
            guard end > at + 3, end <= range.upperBound else { return }
            let category = bytes[at]
            if let usual = self.layouts[Int(category)], let old = self.automatic[Int(category)],
                !self.isNamed(category, bytes, from: at + 3, to: end)
            {
                let sensor = Self.sensor(bytes, from: at + 3, to: end) ?? SensorID(rawValue: 0)
                self.vote(
                    AsterixSource(category: category, sensor: sensor), usual, old, bytes, from: at + 3, to: end)
            }
            at = end
        }
    }

    /// Whether it is known by which edition a block of category 021 is to be read: most of its blocks tell at once.
    private func isDecided(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard self.automatic[21] != nil else { return true }
        let sensor = Self.sensor(bytes, from: start, to: end)
        if let sensor, self.editions.edition(of: 21, sensor: sensor) != nil { return true }
        let source = AsterixSource(category: 21, sensor: sensor ?? SensorID(rawValue: 0))
        if let known = self.known, known.source == source { return true }
        let sum = self.votes[source] ?? 0
        return sum > 0 || sum <= Self.votesForOlder
    }

    /// The editions found for the sources of categories that have an older one.
    var foundEditions: [AsterixSource: AsterixEdition] {
        var found: [AsterixSource: AsterixEdition] = [:]
        for (source, sum) in self.votes where sum > 0 || sum <= Self.votesForOlder {
            let layouts = sum < 0 ? self.automatic : self.layouts
            found[source] = layouts[Int(source.category)]?.edition
        }
        return found
    }

    /// The time of day of the first record of a block that has one, in seconds since midnight.
    ///
    /// - Returns: nil if there is none, or while it is not clear by which edition the block is to be read.
    mutating func secondsOfDay(_ bytes: Span<UInt8>, range: Range<Int>) -> Double? {
        let start = range.lowerBound + 3
        guard start < range.upperBound, range.upperBound <= bytes.count else { return nil }
        let category = bytes[range.lowerBound]
        let length = Int(bytes[start - 2]) << 8 | Int(bytes[start - 1])
        let end = min(range.lowerBound + max(3, length), range.upperBound)
        guard let layout = self.layout(of: category, bytes, from: start, to: end),
            category != 21 || self.isDecided(bytes, from: start, to: end)
        else { return nil }
        let storage = layout.words
        let words = storage.span
        var at = start
        while at < end {
            var offsets = AsterixLayout.Offsets(repeating: 0)
            guard let next = try? layout.walk(bytes, words, from: at, to: end, offsets: &offsets) else { return nil }
            var time = offsets[1]
            if time == 0, category == 21, layout.edition.major > 0 {
                time = max(offsets[Category021.timeOfApplicability], offsets[Category021.timeOfTransmission])
            }
            if time != 0 { return Double(bigEndian24(bytes, Int(time))) / 128 }
            at = next
        }
        return nil
    }

    /// Item 010 of a record, which is the first in every profile that has it in slot 1.
    static func sensor(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> SensorID? {
        guard start < end, bytes[start] & 0x80 != 0 else { return nil }
        var at = start
        while at < end, bytes[at] & 1 != 0 { at += 1 }
        guard at + 2 < end else { return nil }
        return SensorID(sac: bytes[at + 1], sic: bytes[at + 2])
    }
}
