/// The view of all leaf fields: bytes of ASTERIX to numbers.
///
/// One decoder serves one feed, in the order of arrival.
///
/// - Complexity: a nanosecond or two for each field where the layout has code of its own (`AsterixGenerated`), some ten
///   otherwise; nothing is allocated for a record once `AsterixFields` has grown to the largest datagram.
public struct AsterixFieldDecoder: Sendable {
    private var reader: AsterixBlockReader

    /// A decoder for one feed.
    public init(editions: AsterixEditions = AsterixEditions()) { self.reader = AsterixBlockReader(editions: editions) }

    /// What has been seen so far.
    public var tally: AsterixTally { self.reader.tally }

    /// The editions found for the sources of categories 021 and 062 where none was named.
    public var foundEditions: [AsterixSource: AsterixEdition] { self.reader.foundEditions }

    /// Lets a datagram vote on the editions of its sources without decoding it.
    public mutating func prime(_ recording: Span<UInt8>, range: Range<Int>) {
        self.reader.prime(recording, range: range)
    }

    /// Decodes the datagram that is `range` of a recording.
    ///
    /// - Parameters:
    ///   - fields: gets its records, in place of those that were there.
    ///   - problems: gets what could not be decoded appended, with offsets in the recording.
    public mutating func decode(
        _ recording: Span<UInt8>, range: Range<Int>, into fields: inout AsterixFields,
        problems: inout [AsterixProblem]
    ) {
        fields.removeAll()
        self.reader.read(recording, range: range, sink: &fields, problems: &problems)
    }
}

extension AsterixFields: AsterixRecordSink {
    var takesUndecided: Bool { true }

    @inline(__always) mutating func readWhole(_ code: UInt8, _ bytes: Span<UInt8>, from start: Int, to limit: Int)
        -> (at: Int, count: Int)
    { self.generated(code, bytes, from: start, to: limit) }

    @inline(__always) mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        try layout.fields(bytes, words, from: start, to: limit, into: &self)
    }
}
