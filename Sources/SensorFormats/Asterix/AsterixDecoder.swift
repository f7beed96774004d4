public import Air

/// The plot view: bytes of ASTERIX to what a tracker needs, and nothing else.
///
/// Categories 048, 021 (0.23 and 2.x) and 062 give plots, 034 sector crossings and states of radars, 063 and 065
/// states. Other categories are walked over and counted. One decoder serves one feed, in the order of arrival.
///
/// - Complexity: a few dozen instructions for each item of a record; no allocation but the growth of the arrays.
public struct AsterixDecoder: Sendable {
    private var reader: AsterixBlockReader
    private var sink = PlotSink()

    /// A decoder for one feed.
    public init(editions: AsterixEditions = AsterixEditions()) { self.reader = AsterixBlockReader(editions: editions) }

    /// What has been seen so far.
    public var tally: AsterixTally { self.reader.tally }

    /// The editions found for the sources of categories 021 and 062 where none was named.
    public var foundEditions: [AsterixSource: AsterixEdition] { self.reader.foundEditions }

    /// Decodes one datagram: one or more blocks, perhaps a trailer.
    ///
    /// - Parameters:
    ///   - datagram: the payload; any bytes whatever.
    ///   - receivedAt: when it came; times of day are taken as the nearest to it.
    ///   - reports: gets what was decoded appended.
    ///   - problems: gets what could not be decoded appended, with offsets in the datagram.
    public mutating func decode(
        _ datagram: Span<UInt8>, receivedAt: Timestamp, into reports: inout [SensorReport],
        problems: inout [AsterixProblem]
    ) {
        self.decode(
            datagram, range: 0..<datagram.count, receivedAt: receivedAt, into: &reports, problems: &problems)
    }

    /// Decodes the datagram that is `range` of a recording; problems carry offsets in the recording.
    public mutating func decode(
        _ recording: Span<UInt8>, range: Range<Int>, receivedAt: Timestamp, into reports: inout [SensorReport],
        problems: inout [AsterixProblem]
    ) {
        swap(&self.sink.reports, &reports)
        self.sink.receivedAt = receivedAt
        self.reader.read(recording, range: range, sink: &self.sink, problems: &problems)
        swap(&self.sink.reports, &reports)
    }

    /// Lets a datagram vote on the editions of its sources without decoding it.
    public mutating func prime(_ recording: Span<UInt8>, range: Range<Int>) {
        self.reader.prime(recording, range: range)
    }
}
