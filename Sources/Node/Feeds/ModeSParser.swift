internal import Air
internal import SensorFormats
internal import Transport

/// How Mode S frames are written: what finds them in a stream.
protocol ModeSFraming: Sendable {
    init()
    mutating func frames(in bytes: Span<UInt8>, _ body: (ReceivedModeSFrame) -> Void)
    /// What was no frame, bytes or lines.
    var garbage: Int { get }
    /// Forgets an unfinished frame: the connection ended.
    ///
    /// - Returns: garbage that `garbage` will no longer tell.
    mutating func startAfresh() -> Int
}

extension BeastReader: ModeSFraming {
    mutating func frames(in bytes: Span<UInt8>, _ body: (ReceivedModeSFrame) -> Void) { self.read(bytes, body) }
    var garbage: Int { self.garbageBytes }
    mutating func startAfresh() -> Int {
        self.reset()
        return 0
    }
}

extension AVRReader: ModeSFraming {
    mutating func frames(in bytes: Span<UInt8>, _ body: (ReceivedModeSFrame) -> Void) { self.read(bytes, body) }
    var garbage: Int { self.problemCount }
    mutating func startAfresh() -> Int {
        defer { self = AVRReader() }
        return self.problemCount
    }
}

/// Mode S frames that receivers send as a stream, or one or more in a datagram.
struct ModeSParser<Framing: ModeSFraming>: FeedParser {
    private var decoder: ModeSDecoder
    private var readers: [UInt16: Framing] = [:]
    private var places = StreamPlaces()
    /// Of readers that were started afresh.
    private var lostGarbage = 0
    private let garbageName: String
    private let garbageHelp: String

    init(
        _: Framing.Type, receiver: SensorID, sensors: [Sensor], garbage: (name: String, help: String)
    ) {
        let sensor = sensors.first { $0.id == receiver }
        self.decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: receiver, site: sensor?.site))
        (self.garbageName, self.garbageHelp) = garbage
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        let receivedAt = Timestamp(nanoseconds: item.receivedAt)
        var reader = self.readers[item.slot] ?? Framing()
        if !self.places.continues(item) { self.lostGarbage += reader.startAfresh() }
        reader.frames(in: bytes) { received in
            self.decoder.decode(
                received.frame, isMultilaterated: received.isMultilaterated, receivedAt: receivedAt,
                into: &decoded.reports)
            guard decoded.keepsFrames else { return }
            received.appendBeast(to: &decoded.frames)
            decoded.frameCount += 1
        }
        self.readers[item.slot] = reader
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        let counts = self.decoder.counts
        let garbage = self.readers.values.reduce(self.lostGarbage) { $0 + $1.garbage }
        return ModeSDecoder.Verdict.allCases.filter { $0 != .accepted }.map { label.unused(counts[$0], "\($0)") } + [
            label.counter("messages", counts.total, "Mode S messages."),
            label.counter(self.garbageName, garbage, self.garbageHelp),
        ]
    }
}
