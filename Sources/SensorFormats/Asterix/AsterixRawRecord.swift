public import Air

/// The raw view of a record: where it lies and what it has, and nothing decoded. For forwarding and filtering.
public struct AsterixRawRecord: Hashable, Sendable {
    /// Category and edition it was divided by.
    public let edition: AsterixEdition
    /// The block that it is in, header included, as a range of the bytes that were read.
    public let block: Range<Int>
    /// The record, field specification included.
    public let range: Range<Int>
    /// Who sent it (item 010); nil where the record does not begin with that.
    public let sensor: SensorID?
    /// Which slots of the field specification are set: slot 1 is the highest bit; slots beyond 64 are left out.
    public let slots: UInt64
    /// Which of the edition's profiles the record follows; 0 unless it has several (category 001).
    public let profile: Int

    /// Whether an item is there.
    ///
    /// - Complexity: looks for the name among those of the edition; `AsterixItemSet` does that once for many records.
    public func has(_ item: AsterixItem) -> Bool {
        guard item.category == self.edition.category, let layout = AsterixLayouts.all[self.edition] else {
            return false
        }
        return self.slots & layout.slots(of: [item], profile: self.profile) != 0
    }
}

extension AsterixLayout {
    /// The slots of items in a profile, as bits of `AsterixRawRecord.slots`.
    func slots(of items: some Sequence<AsterixItem>, profile: Int) -> UInt64 {
        var slots: UInt64 = 0
        guard profile < self.slotNames.count else { return 0 }
        for item in items where item.category == self.edition.category {
            for (slot, name) in self.slotNames[profile].enumerated() where name == item.name && slot < 64 {
                slots |= 1 << UInt64(63 - slot)
            }
        }
        return slots
    }

    /// The offset behind the record that begins at `start`.
    @inline(__always)
    func end(of bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int) throws(AsterixRecordFault)
        -> Int
    {
        var offsets = Offsets(repeating: 0)
        return try self.walk(bytes, words, from: start, to: limit, offsets: &offsets)
    }

    /// The number of the profile that a record follows.
    @inline(__always)
    func profile(of bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        guard self.selector != nil else { return 0 }
        let storage = self.words
        return self.profile(of: bytes, storage.span, from: range.lowerBound, to: range.upperBound)
    }

    /// The slots that a record's field specification names, in the form of `AsterixRawRecord.slots`.
    @inline(__always)
    static func slots(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var slots: UInt64 = 0
        var at = range.lowerBound
        var shift = 57
        while at < range.upperBound {
            let octet = bytes[at]
            if shift >= 0 {
                slots |= UInt64(octet >> 1) << UInt64(shift)
            } else if shift > -7 {
                slots |= UInt64(octet >> 1) >> UInt64(-shift)
            }
            if octet & 1 == 0 { break }
            shift -= 7
            at += 1
        }
        return slots
    }
}

/// Items to look for, made ready for each edition that is met.
struct AsterixItemSet: Sendable {
    let items: [AsterixItem]
    private var known: [(layout: ObjectIdentifier, slots: [UInt64])] = []

    init(_ items: [AsterixItem]) { self.items = items }

    /// The slots of the items in a profile of a layout.
    mutating func slots(in layout: AsterixLayout, profile: Int) -> UInt64 {
        let id = ObjectIdentifier(layout)
        for entry in self.known where entry.layout == id { return entry.slots[profile] }
        let slots = layout.profiles.indices.map { layout.slots(of: self.items, profile: $0) }
        self.known.append((id, slots))
        return slots[profile]
    }
}

/// Divides datagrams into records without decoding any: the raw view.
///
/// - Complexity: that of walking over the items; no allocation for a record.
public struct AsterixRawReader: Sendable {
    private var reader: AsterixBlockReader
    private var raw: RawSink
    private var select: SelectSink

    /// - Parameters:
    ///   - editions: by which records are divided.
    ///   - filter: which records are handed over.
    public init(editions: AsterixEditions = AsterixEditions(), filter: AsterixFilter = AsterixFilter()) {
        self.reader = AsterixBlockReader(editions: editions)
        self.raw = RawSink(filter: AsterixFilterRun(filter))
        self.select = SelectSink(filter: AsterixFilterRun(filter))
    }

    /// What has been seen so far, records that the filter kept back among it.
    public var tally: AsterixTally { self.reader.tally }

    /// Plots that the filter kept back because it asks for an area and the radar's site is not known, by radar.
    public var unplaced: [SensorID: Int] {
        self.raw.filter.unplaced.merging(self.select.filter.unplaced, uniquingKeysWith: +)
    }

    /// The editions found for sources where none was named.
    public var foundEditions: [AsterixSource: AsterixEdition] { self.reader.foundEditions }

    /// Lets a datagram vote on the editions of its sources.
    public mutating func prime(_ bytes: Span<UInt8>, range: Range<Int>) { self.reader.prime(bytes, range: range) }

    /// Counts problems of the framing.
    mutating func note(_ problem: AsterixProblem) { self.reader.tally.note(problem) }

    /// Hands over the records of the datagram that is `range` of `bytes`, in their order.
    ///
    /// - Parameters:
    ///   - origin: where `bytes` begins in the recording; offsets of problems are counted from that.
    ///   - records: gets them appended, their ranges in `bytes`.
    ///   - problems: gets what could not be read appended.
    public mutating func read(
        _ bytes: Span<UInt8>, range: Range<Int>, origin: Int = 0, into records: inout [AsterixRawRecord],
        problems: inout [AsterixProblem]
    ) {
        self.reader.origin = origin
        swap(&self.raw.records, &records)
        self.reader.read(bytes, range: range, sink: &self.raw, problems: &problems)
        swap(&self.raw.records, &records)
    }

    /// Hands over a datagram with only the records that the filter lets through.
    ///
    /// Its blocks are made anew: the kept records byte for byte behind a header with their length. Blocks without one,
    /// trailers and damage are left out; without a filter the same is left of a datagram that has neither.
    ///
    /// - Parameters:
    ///   - origin: as for `read`.
    ///   - kept: gets the octets appended.
    ///   - problems: as for `read`.
    /// - Returns: how many records were kept.
    @discardableResult public mutating func select(
        _ bytes: Span<UInt8>, range: Range<Int>, origin: Int = 0, into kept: inout [UInt8],
        problems: inout [AsterixProblem]
    ) -> Int {
        self.reader.origin = origin
        swap(&self.select.kept, &kept)
        self.select.count = 0
        self.reader.read(bytes, range: range, sink: &self.select, problems: &problems)
        self.select.endBlock()
        swap(&self.select.kept, &kept)
        return self.select.count
    }
}

private struct RawSink: AsterixRecordSink {
    var filter: AsterixFilterRun
    var records: [AsterixRawRecord] = []
    private var block = 0..<0

    init(filter: AsterixFilterRun) { self.filter = filter }

    var takesUndecided: Bool { true }

    mutating func begin(block: Range<Int>) { self.block = block }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        let range = try start..<layout.end(of: bytes, words, from: start, to: limit)
        guard self.filter.lets(layout, bytes, range) else { return range.upperBound }
        self.records.append(
            AsterixRawRecord(
                edition: layout.edition, block: self.block, range: range,
                sensor: AsterixBlockReader.sensor(bytes, from: range.lowerBound, to: range.upperBound),
                slots: AsterixLayout.slots(bytes, range), profile: layout.profile(of: bytes, range)))
        return range.upperBound
    }
}

/// Copies the records that the filter lets through, in blocks.
private struct SelectSink: AsterixRecordSink {
    var filter: AsterixFilterRun
    var kept: [UInt8] = []
    var count = 0
    private var header: Int?

    init(filter: AsterixFilterRun) { self.filter = filter }

    var takesUndecided: Bool { true }

    mutating func begin(block: Range<Int>) { self.endBlock() }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        let range = try start..<layout.end(of: bytes, words, from: start, to: limit)
        guard self.filter.lets(layout, bytes, range) else { return range.upperBound }
        self.count += 1
        if self.header == nil {
            self.header = self.kept.count
            self.kept.append(layout.edition.category)
            self.kept.append(0)
            self.kept.append(0)
        }
        append(bytes, range, to: &self.kept)
        return range.upperBound
    }

    /// Writes the length of the block that was begun.
    mutating func endBlock() {
        guard let header else { return }
        let length = self.kept.count - header
        self.kept[header + 1] = UInt8(truncatingIfNeeded: length >> 8)
        self.kept[header + 2] = UInt8(truncatingIfNeeded: length)
        self.header = nil
    }
}

/// Appends a range of bytes.
func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to target: inout [UInt8]) {
    target.append(addingCapacity: range.count) { room in for at in range { room.append(bytes[at]) } }
}
