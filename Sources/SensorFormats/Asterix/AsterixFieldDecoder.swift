/// Takes the records of a field decoder.
public protocol AsterixFieldSink: ~Copyable {
    /// One record: its fields, and the bytes that it was read from (`fields.range` of them).
    mutating func take(_ fields: borrowing AsterixFields, _ bytes: Span<UInt8>)
}

/// The view of all leaf fields: bytes of ASTERIX to one buffer of numbers for each record.
///
/// One decoder serves one feed, in the order of arrival.
///
/// - Complexity: a few instructions for each field where the layout has code of its own (`AsterixFields`), some dozen
///   otherwise; no allocation for a record.
public struct AsterixFieldDecoder: ~Copyable {
    private var reader: AsterixBlockReader
    /// Nil only while a datagram is decoded.
    private var fields: AsterixFields? = AsterixFields()

    /// A decoder for one feed.
    public init(editions: AsterixEditions = AsterixEditions()) { self.reader = AsterixBlockReader(editions: editions) }

    /// What has been seen so far.
    public var tally: AsterixTally { self.reader.tally }

    /// Lets a datagram vote on the editions of its sources without decoding it.
    public mutating func prime(_ recording: Span<UInt8>, range: Range<Int>) {
        self.reader.prime(recording, range: range)
    }

    /// Decodes the datagram that is `range` of a recording.
    ///
    /// - Parameters:
    ///   - sink: gets each record.
    ///   - problems: gets what could not be decoded appended, with offsets in the recording.
    public mutating func decode<Sink: AsterixFieldSink & ~Copyable>(
        _ recording: Span<UInt8>, range: Range<Int>, into sink: inout Sink, problems: inout [AsterixProblem]
    ) {
        // Both are moved in and out again: nothing is copied.
        var taker = FieldTaker(fields: self.fields.take() ?? AsterixFields(), sink: sink)
        self.reader.read(recording, range: range, sink: &taker, problems: &problems)
        self.fields = .some(taker.fields)
        sink = taker.sink
    }
}

/// Reads records to fields for a sink.
private struct FieldTaker<Sink: AsterixFieldSink & ~Copyable>: AsterixRecordSink, ~Copyable {
    var fields: AsterixFields
    var sink: Sink

    var takesUndecided: Bool { true }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        let end = try layout.fields(bytes, words, from: start, to: limit, into: &self.fields)
        self.sink.take(self.fields, bytes)
        return end
    }
}
