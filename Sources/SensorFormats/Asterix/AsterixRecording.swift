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
    /// Counts of records and problems; problems of the frames among them.
    public var tally: AsterixTally
    /// The editions found for the sources of categories 021 and 062.
    public var foundEditions: [AsterixSource: AsterixEdition]

    /// A few lines for people: counts by category, problems by kind, the editions chosen.
    public var text: String {
        var lines = [
            "\(self.format.rawValue), \(self.bytes) bytes, \(self.datagrams) datagrams, \(self.tally.blocks) blocks, "
                + "\(self.tally.recordCount) records"
        ]
        for category in 0..<256 where self.tally.records[category] > 0 {
            lines.append("category \(Self.three(category)): \(self.tally.records[category]) records")
        }
        for (source, edition) in self.foundEditions.sorted(by: { $0.key < $1.key })
        where source.category == 21 || edition.major == 0 {
            lines.append(
                "category \(Self.three(Int(source.category))) of \(source.sensor): read by edition \(edition.number), "
                    + "which its blocks fit")
        }
        for category in 0..<256 where self.tally.unknownCategories[category] > 0 {
            lines.append("category \(Self.three(category)): \(self.tally.unknownCategories[category]) blocks unknown")
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

    public var description: String {
        switch self {
        case .unknownFormat: "not a recording of a known format"
        case .notAsterix(let format): "a recording of format \(format.rawValue), which holds no ASTERIX"
        }
    }
}

/// How many datagrams are looked at for the edition of category 021 before the first is decoded.
private let primedDatagrams = 2000

/// Decodes a whole recording to JSON Lines, one object for each record.
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
    editions: AsterixEditions = AsterixEditions(), sink: (Span<UInt8>) throws -> Void,
    problem: (AsterixProblem) -> Void
) throws -> AsterixSummary {
    guard let format = format ?? RecordingFormat.detect(recording, name: name) else {
        throw RecordingError.unknownFormat
    }
    guard var datagrams = DatagramReader(format: format), var looking = DatagramReader(format: format) else {
        throw RecordingError.notAsterix(format)
    }
    var reader = AsterixBlockReader(editions: editions)
    for _ in 0..<primedDatagrams {
        guard let datagram = looking.next(in: recording) else { break }
        reader.prime(recording, range: datagram.range)
    }
    var json = AsterixJSONSink()
    var problems: [AsterixProblem] = []
    var count = 0
    while true {
        let datagram = datagrams.next(in: recording)
        for framing in datagrams.problems {
            reader.tally.note(framing)
            problem(framing)
        }
        datagrams.problems.removeAll(keepingCapacity: true)
        guard let datagram else { break }
        count += 1
        json.setCapture(
            datagram.capturedAt.map { Timestamp(nanoseconds: $0) }, secondsOfDay: datagram.secondsOfDay)
        reader.read(recording, range: datagram.range, sink: &json, problems: &problems)
        for one in problems { problem(one) }
        problems.removeAll(keepingCapacity: true)
        if json.writer.count >= 1 << 16 {
            try json.writer.withBytes { try sink($0) }
            json.writer.removeAll()
        }
    }
    if json.writer.count > 0 { try json.writer.withBytes { try sink($0) } }
    return AsterixSummary(
        format: format, bytes: recording.count, datagrams: count, otherPackets: datagrams.otherPackets,
        tally: reader.tally, foundEditions: reader.foundEditions)
}

/// Decodes a whole recording to reports, each datagram received when its recording says.
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
        decoder.prime(recording, range: datagram.range)
    }
    var clock = RecordingClock(start: start)
    var reports: [SensorReport] = []
    var problems: [AsterixProblem] = []
    var count = 0
    while let datagram = datagrams.next(in: recording) {
        count += 1
        let receivedAt = clock.time(of: datagram, in: recording)
        decoder.decode(
            recording, range: datagram.range, receivedAt: receivedAt, into: &reports, problems: &problems)
        try body(reports)
        reports.removeAll(keepingCapacity: true)
        problems.removeAll(keepingCapacity: true)
    }
    var tally = decoder.tally
    for framing in datagrams.problems { tally.note(framing) }
    return AsterixSummary(
        format: format, bytes: recording.count, datagrams: count, otherPackets: datagrams.otherPackets, tally: tally,
        foundEditions: decoder.foundEditions)
}
