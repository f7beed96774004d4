internal import Air
internal import SensorFormats
internal import Transport

/// Messages one behind the other, and how many.
struct MessageRun: Sendable {
    var bytes: [UInt8] = []
    var count = 0

    mutating func append(copying more: Span<UInt8>) {
        unsafe more.withUnsafeBufferPointer { unsafe self.bytes.append(contentsOf: $0) }
    }
}

/// What decoding gives: reports, what outlets ask for beside them, and what is to be sent back.
struct Decoded: Sendable {
    /// What outlets want to have of Mode S frames.
    struct Wants: Hashable, Sendable {
        /// The frames themselves, in Beast binary.
        var frames = false
        /// BaseStation lines.
        var lines = false
    }

    /// Bytes for the sender of a stream.
    struct Answer: Sendable {
        var slot: UInt16
        var connection: UInt32
        var bytes: [UInt8]
        /// The connection is to be closed then.
        var isLast: Bool
    }

    var reports: [SensorReport] = []
    var frames = MessageRun()
    var lines = MessageRun()
    var answers: [Answer] = []
    let wants: Wants

    init(wants: Wants = Wants()) { self.wants = wants }
}

/// Turns the bytes of one format into reports, and counts what it could not use.
protocol FeedParser: Sendable {
    /// Decodes one datagram, or the next bytes of a stream.
    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded)
    /// Is told the time about once a second.
    mutating func tick(at now: Timestamp, into decoded: inout Decoded)
    /// What it has counted.
    func metrics(_ label: FeedLabel) -> [Metric]
    /// Writes what it knows as `aircraft.json`; false when it knows nothing of that kind.
    func writeAircraft(now: Timestamp, to json: inout JSONWriter) -> Bool
}

extension FeedParser {
    mutating func tick(at now: Timestamp, into decoded: inout Decoded) {}
    func writeAircraft(now: Timestamp, to json: inout JSONWriter) -> Bool { false }
}

/// Makes figures of one feed.
struct FeedLabel: Sendable {
    static let unusedHelp = "Records or messages that were not used, by cause."
    let feed: String

    func counter(
        _ name: String, _ value: some BinaryInteger, _ help: String, _ more: (name: String, value: String)? = nil
    ) -> Metric {
        Metric(
            "kumiko_feed_\(name)_total", .counter, Double(value), help: help,
            labels: [(name: "feed", value: self.feed)] + (more.map { [$0] } ?? []))
    }

    func gauge(_ name: String, _ value: some BinaryInteger, _ help: String) -> Metric {
        Metric("kumiko_feed_\(name)", .gauge, Double(value), help: help, labels: [(name: "feed", value: self.feed)])
    }

    /// What was not used, for a cause.
    func unused(_ value: some BinaryInteger, _ cause: String) -> Metric {
        self.counter("unused", value, Self.unusedHelp, (name: "cause", value: cause))
    }
}

/// Whether the next bytes of each connection continue the last.
struct StreamPlaces: Sendable {
    private var places: [UInt16: (connection: UInt32, next: UInt32)] = [:]

    /// - Returns: false when a reader must start afresh: another connection, or something in between was lost.
    mutating func continues(_ item: IngestItem) -> Bool {
        let place = self.places[item.slot]
        self.places[item.slot] = (item.connection, item.sequence &+ 1)
        return place.map { $0.connection == item.connection && $0.next == item.sequence } ?? true
    }
}

/// What one feed brings, to reports: the parser of its format, and the time that the feed goes by.
struct FeedDecoder: Sendable {
    private var parser: any FeedParser
    private let time: Configuration.TimeSource
    private(set) var reportCount: UInt64 = 0

    init(_ feed: Configuration.Feed, sensors: [Sensor]) {
        self.time = feed.time
        self.parser = feed.parser(sensors: sensors)
    }

    /// Decodes one datagram, or the next bytes of a stream, and appends its reports.
    mutating func decode(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        let first = decoded.reports.count
        self.parser.parse(bytes, of: item, into: &decoded)
        self.reportCount &+= UInt64(decoded.reports.count - first)
        guard self.time == .arrival else { return }
        for index in first..<decoded.reports.count {
            decoded.reports[index].measuredAtReplaced = Timestamp(nanoseconds: item.receivedAt)
        }
    }

    /// Lets time pass for the parser.
    mutating func tick(at now: Timestamp, into decoded: inout Decoded) { self.parser.tick(at: now, into: &decoded) }

    func writeAircraft(now: Timestamp, to json: inout JSONWriter) -> Bool {
        self.parser.writeAircraft(now: now, to: &json)
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        [label.counter("reports", self.reportCount, "Reports that were decoded.")] + self.parser.metrics(label)
    }
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
