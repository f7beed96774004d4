internal import Air
internal import Geodesy
internal import SensorFormats
internal import Transport

/// Turns what one feed brings into reports: the decoder of its format, and what streams need to find their frames.
struct FeedDecoder: Sendable {
    /// The state of one connection of a stream.
    private struct Stream {
        var reader = BeastReader()
        var connection: UInt32 = 0
        var nextSequence: UInt32 = 0
    }

    private(set) var asterix: AsterixDecoder?
    private(set) var modeS: ModeSDecoder?
    private var streams: [UInt16: Stream] = [:]
    private let time: Configuration.TimeSource
    /// Scratch: what was wrong; the decoder's tally counts it.
    private var problems: [AsterixProblem] = []

    init(_ feed: Configuration.Feed, sensors: [Sensor]) {
        self.time = feed.time
        switch feed.format {
        case .asterix(let editions):
            var known = AsterixEditions()
            for edition in editions { known.use(edition) }
            self.asterix = AsterixDecoder(editions: known)
        case .beast(let receiver):
            let sensor = sensors.first { $0.id == receiver }
            self.modeS = ModeSDecoder(ModeSDecoder.Configuration(sensor: receiver, site: sensor?.site))
        }
    }

    /// Decodes one datagram, or the next bytes of a stream, and appends its reports.
    mutating func decode(_ bytes: Span<UInt8>, of item: IngestItem, into reports: inout [SensorReport]) {
        let first = reports.count
        let receivedAt = Timestamp(nanoseconds: item.receivedAt)
        if self.asterix != nil {
            self.problems.removeAll(keepingCapacity: true)
            self.asterix?.decode(bytes, receivedAt: receivedAt, into: &reports, problems: &self.problems)
        } else {
            self.decodeStream(bytes, of: item, receivedAt: receivedAt, into: &reports)
        }
        if self.time == .arrival {
            for index in first..<reports.count { reports[index].measuredAtReplaced = receivedAt }
        }
    }

    private mutating func decodeStream(
        _ bytes: Span<UInt8>, of item: IngestItem, receivedAt: Timestamp, into reports: inout [SensorReport]
    ) {
        var stream = self.streams[item.slot] ?? Stream()
        if stream.connection != item.connection || stream.nextSequence != item.sequence { stream.reader.reset() }
        stream.connection = item.connection
        stream.nextSequence = item.sequence &+ 1
        stream.reader.read(bytes) { received in
            self.modeS?.decode(
                received.frame, isMultilaterated: received.isMultilaterated, receivedAt: receivedAt, into: &reports)
        }
        self.streams[item.slot] = stream
    }

    /// Bytes of streams that were no frame.
    var garbageBytes: Int { self.streams.values.reduce(0) { $0 + $1.reader.garbageBytes } }
}

extension SensorReport {
    /// Puts another time in the place of the sensor's.
    fileprivate var measuredAtReplaced: Timestamp {
        get { self.measuredAt }
        set {
            switch self {
            case .plot(var plot):
                plot.measuredAt = newValue
                self = .plot(plot)
            case .sector(var crossing):
                crossing.measuredAt = newValue
                self = .sector(crossing)
            case .status(var status):
                status.measuredAt = newValue
                self = .status(status)
            }
        }
    }
}
