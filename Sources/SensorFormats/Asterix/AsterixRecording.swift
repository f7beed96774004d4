public import Air

/// What became of a recording.
public struct AsterixSummary: Sendable {
    public var format: RecordingFormat
    /// Size of the recording.
    public var bytes: Int
    /// Datagrams (or bare blocks) in it.
    public var datagrams: Int
    /// Packets that are no UDP datagram.
    public var otherPackets: Int
    /// Records that were wanted and handed out.
    public var written: Int
    /// Plots that the filter kept back because it asks for an area and the radar's site is not known, by radar.
    public var unplaced: [SensorID: Int]
    /// Counts of records and problems; problems of the frames among them.
    public var tally: AsterixTally
    /// The editions found for the sources of categories 021 and 062.
    public var foundEditions: [AsterixSource: AsterixEdition]

    /// A few lines for people: counts by category, problems by kind, the editions chosen.
    public var text: String {
        var lines = [
            "\(self.format.rawValue), \(counted(self.bytes, "byte")), \(counted(self.datagrams, "datagram")), "
                + "\(counted(self.tally.blocks, "block")), \(counted(self.tally.recordCount, "record"))"
        ]
        for category in 0..<256 where self.tally.records[category] > 0 {
            lines.append("category \(Self.three(category)): \(counted(self.tally.records[category], "record"))")
        }
        if self.written < self.tally.recordCount {
            lines.append("records that the filter let through: \(self.written)")
        }
        for (source, edition) in self.foundEditions.sorted(by: { $0.key < $1.key })
        where source.category == 21 || edition.major == 0 {
            lines.append(
                "category \(Self.three(Int(source.category))) of \(source.sensor): read by edition \(edition.number), "
                    + "which its blocks fit")
        }
        for category in 0..<256 where self.tally.unknownCategories[category] > 0 {
            lines.append(
                "category \(Self.three(category)): \(counted(self.tally.unknownCategories[category], "block")) unknown")
        }
        for fault in AsterixFault.allCases where self.tally.count(of: fault) > 0 {
            lines.append("\(fault.text): \(self.tally.count(of: fault))")
        }
        if self.otherPackets > 0 { lines.append("packets that are no UDP datagram: \(self.otherPackets)") }
        if self.tally.trailerBytes > 0 { lines.append("bytes behind the last block: \(self.tally.trailerBytes)") }
        if self.tally.skippedBytes > 0 { lines.append("bytes skipped: \(self.tally.skippedBytes)") }
        return lines.joined(separator: "\n")
    }

    private static func three(_ category: Int) -> String {
        let digits = "\(category)"
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}

/// Why a recording could not be decoded at all.
public enum RecordingError: Error, Hashable, CustomStringConvertible {
    /// It is none of the formats.
    case unknownFormat
    /// It is a format that holds no ASTERIX.
    case notAsterix(RecordingFormat)
    /// It cannot be written in that format.
    case notWritable(RecordingFormat)

    public var description: String {
        switch self {
        case .unknownFormat: "not a recording of a known format"
        case .notAsterix(let format): "a recording of format \(format.rawValue), which holds no ASTERIX"
        case .notWritable(let format): "datagrams cannot be written in format \(format.rawValue)"
        }
    }
}

/// How many datagrams are looked at for the edition of category 021 before the first is decoded.
private let primedDatagrams = 2000

/// What is written of each record.
public enum AsterixView: Sendable {
    /// An object of JSON, a line each.
    case json
    /// A tree of items and fields, with meanings.
    case text
    /// A line of items, fields and values.
    case line
}

/// Decodes a recording piece by piece to text, a record at a time.
public struct AsterixRecordingDecoder: ~Copyable {
    private var datagrams: DatagramReader
    private var looking: DatagramReader
    private var reader: AsterixBlockReader
    private let view: AsterixView
    private var json: FilteredSink<AsterixJSONSink>
    private var text: FilteredSink<AsterixTextSink>
    private var problems: [AsterixProblem] = []
    private var count = 0
    private var isPrimed = false
    private var bytes = 0

    /// - Parameters:
    ///   - format: what the recording is.
    ///   - filter: which records are written.
    ///   - view: how.
    ///   - only: the items that trees and lines have of them; all if there are none.
    ///   - hasMeanings: whether codes in JSON and lines have their meaning beside them; trees always have it.
    ///   - countMax: how many records at most.
    /// - Throws: `RecordingError.notAsterix` if the format holds none.
    public init(
        format: RecordingFormat, editions: AsterixEditions = AsterixEditions(),
        filter: AsterixFilter = AsterixFilter(), view: AsterixView = .json, only: [AsterixItem] = [],
        hasMeanings: Bool = false, countMax: Int = .max
    ) throws(RecordingError) {
        guard let datagrams = DatagramReader(format: format) else { throw .notAsterix(format) }
        self.datagrams = datagrams
        self.looking = datagrams
        self.reader = AsterixBlockReader(editions: editions)
        self.view = view
        let json = AsterixJSONSink(hasMeanings: hasMeanings)
        self.json = FilteredSink(json, filter: AsterixFilterRun(filter), countMax: countMax)
        let text = AsterixTextSink(view == .line ? .line : .tree, hasMeanings: hasMeanings, only: only)
        self.text = FilteredSink(text, filter: AsterixFilterRun(filter), countMax: countMax)
    }

    /// Decodes the datagrams that lie in a piece of the recording.
    ///
    /// The first piece tells the editions of sources of categories 021 and 062 before anything is decoded.
    ///
    /// - Parameters:
    ///   - window: the piece, `from` the offset `base` of the recording; whether it reaches to the end.
    ///   - sink: gets the text in pieces of whole lines, some 64 KiB each.
    ///   - problem: gets each problem as it is met, after the text of the records before it.
    /// - Returns: the offset from which on the next piece must begin; nil if no more records are wanted.
    /// - Throws: what `sink` throws.
    public mutating func read(
        _ window: Span<UInt8>, from base: Int = 0, isComplete: Bool = true, sink: (Span<UInt8>) throws -> Void,
        problem: (AsterixProblem) -> Void
    ) throws -> Int? {
        if !self.isPrimed { self.prime(window, base, isComplete) }
        while self.json.remaining > 0, self.text.remaining > 0 {
            let datagram = self.datagrams.next(in: window, from: base, isComplete: isComplete)
            for framing in self.datagrams.problems {
                self.reader.tally.note(framing)
                problem(framing)
            }
            self.datagrams.problems.removeAll(keepingCapacity: true)
            guard let datagram else { break }
            self.count += 1
            let origin = datagram.assembled == nil ? base : datagram.assembledAt
            self.reader.origin = origin
            datagram.withBytes(in: window) { self.read($0, datagram, origin) }
            for one in self.problems { problem(one) }
            self.problems.removeAll(keepingCapacity: true)
            if self.json.base.writer.count + self.text.base.text.count >= 1 << 16 { try self.flush(sink) }
        }
        self.bytes = base + window.count
        try self.flush(sink)
        return self.json.remaining > 0 && self.text.remaining > 0 ? self.datagrams.offset : nil
    }

    private mutating func read(_ bytes: Span<UInt8>, _ datagram: RecordedDatagram, _ origin: Int) {
        let capturedAt = datagram.capturedAt.map { Timestamp(nanoseconds: $0) }
        switch self.view {
        case .json:
            self.json.base.setCapture(capturedAt, secondsOfDay: datagram.secondsOfDay)
            self.json.base.origin = origin
            self.reader.read(bytes, range: datagram.range, sink: &self.json, problems: &self.problems)
        case .text, .line:
            self.text.base.capturedAt = capturedAt
            self.text.base.secondsOfDay = datagram.secondsOfDay
            self.text.base.origin = origin
            self.reader.read(bytes, range: datagram.range, sink: &self.text, problems: &self.problems)
        }
    }

    private mutating func flush(_ sink: (Span<UInt8>) throws -> Void) throws {
        if self.json.base.writer.count > 0 { try self.json.base.writer.withBytes { try sink($0) } }
        self.json.base.writer.removeAll()
        if !self.text.base.text.isEmpty { try sink(self.text.base.text.span) }
        self.text.base.text.removeAll(keepingCapacity: true)
    }

    private mutating func prime(_ window: Span<UInt8>, _ base: Int, _ isComplete: Bool) {
        self.isPrimed = true
        for _ in 0..<primedDatagrams {
            guard let datagram = self.looking.next(in: window, from: base, isComplete: isComplete) else { return }
            datagram.withBytes(in: window) { self.reader.prime($0, range: datagram.range) }
        }
    }

    /// What became of the recording so far.
    public var summary: AsterixSummary {
        AsterixSummary(
            format: self.datagrams.format, bytes: self.bytes, datagrams: self.count,
            otherPackets: self.datagrams.otherPackets, written: self.json.count + self.text.count,
            unplaced: self.view == .json ? self.json.filter.unplaced : self.text.filter.unplaced,
            tally: self.reader.tally,
            foundEditions: self.reader.foundEditions)
    }
}

/// Hands on the records that a filter lets through, so many and no more.
struct FilteredSink<Base: AsterixRecordSink & ~Copyable>: AsterixRecordSink, ~Copyable {
    var base: Base
    private(set) var remaining: Int
    private(set) var count = 0
    private(set) var filter: AsterixFilterRun

    init(_ base: consuming Base, filter: AsterixFilterRun, countMax: Int) {
        self.base = base
        self.filter = filter
        self.remaining = countMax
    }

    var takesUndecided: Bool { self.base.takesUndecided }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        if self.filter.letsAll, self.remaining > 0 {
            let end = try self.base.read(layout, bytes, words, from: start, to: limit, tally: &tally)
            self.remaining -= 1
            self.count += 1
            return end
        }
        let end = try layout.end(of: bytes, words, from: start, to: limit)
        guard self.remaining > 0, self.filter.lets(layout, bytes, start..<end) else { return end }
        self.remaining -= 1
        self.count += 1
        return try self.base.read(layout, bytes, words, from: start, to: limit, tally: &tally)
    }
}

/// Decodes a recording that lies whole in memory to JSON Lines, one object for each record.
///
/// - Parameters:
///   - recording: the file's bytes.
///   - format: what it is; found out if nil.
///   - name: the file's name, a hint for finding out.
///   - sink: gets the text in pieces of whole lines, some 64 KiB each.
///   - problem: gets each problem as it is met, after the text of the records before it was written.
/// - Returns: counts.
/// - Throws: `RecordingError` if there is nothing to decode; what `sink` throws.
public func decodeAsterixToJSONLines(
    _ recording: Span<UInt8>, format: RecordingFormat? = nil, name: String? = nil,
    editions: AsterixEditions = AsterixEditions(), filter: AsterixFilter = AsterixFilter(),
    sink: (Span<UInt8>) throws -> Void, problem: (AsterixProblem) -> Void
) throws -> AsterixSummary {
    guard let format = format ?? RecordingFormat.detect(recording, name: name) else {
        throw RecordingError.unknownFormat
    }
    var decoder = try AsterixRecordingDecoder(format: format, editions: editions, filter: filter)
    _ = try decoder.read(recording, sink: sink, problem: problem)
    return decoder.summary
}

/// Decodes a recording that lies whole in memory to reports, each datagram received when its recording says.
///
/// - Parameters:
///   - start: an instant within twelve hours of the first datagram, for recordings that know only times of day.
///   - body: gets the reports of each datagram.
/// - Throws: `RecordingError` if there is nothing to decode; what `body` throws.
public func decodeAsterixToReports(
    _ recording: Span<UInt8>, format: RecordingFormat? = nil, name: String? = nil,
    editions: AsterixEditions = AsterixEditions(), start: Timestamp,
    body: ([SensorReport]) throws -> Void
) throws -> AsterixSummary {
    guard let format = format ?? RecordingFormat.detect(recording, name: name) else {
        throw RecordingError.unknownFormat
    }
    guard var datagrams = DatagramReader(format: format), var looking = DatagramReader(format: format) else {
        throw RecordingError.notAsterix(format)
    }
    var decoder = AsterixDecoder(editions: editions)
    for _ in 0..<primedDatagrams {
        guard let datagram = looking.next(in: recording) else { break }
        datagram.withBytes(in: recording) { decoder.prime($0, range: datagram.range) }
    }
    var clock = RecordingClock(start: start)
    var reports: [SensorReport] = []
    var problems: [AsterixProblem] = []
    var count = 0
    while let datagram = datagrams.next(in: recording) {
        count += 1
        let receivedAt = clock.time(of: datagram, in: recording)
        datagram.withBytes(in: recording) {
            decoder.decode(
                $0, range: datagram.range, receivedAt: receivedAt, into: &reports, problems: &problems)
        }
        try body(reports)
        reports.removeAll(keepingCapacity: true)
        problems.removeAll(keepingCapacity: true)
    }
    var tally = decoder.tally
    for framing in datagrams.problems { tally.note(framing) }
    return AsterixSummary(
        format: format, bytes: recording.count, datagrams: count, otherPackets: datagrams.otherPackets,
        written: tally.recordCount, unplaced: [:], tally: tally, foundEditions: decoder.foundEditions)
}
