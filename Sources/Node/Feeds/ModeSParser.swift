internal import Air
internal import SensorFormats
internal import Transport

/// How Mode S frames are written: what finds them in a stream.
protocol ModeSFraming: Sendable {
    /// How what was no frame is counted: the name and help of a figure.
    static var garbageFigure: (name: String, help: String) { get }

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
    static var garbageFigure: (name: String, help: String) {
        ("garbage_bytes", "Bytes of a stream that were no frame.")
    }
    mutating func frames(in bytes: Span<UInt8>, _ body: (ReceivedModeSFrame) -> Void) { self.read(bytes, body) }
    var garbage: Int { self.garbageBytes }
    mutating func startAfresh() -> Int {
        self.reset()
        return 0
    }
}

extension AVRReader: ModeSFraming {
    static var garbageFigure: (name: String, help: String) {
        ("garbage_lines", "Lines of a stream that were no message.")
    }
    mutating func frames(in bytes: Span<UInt8>, _ body: (ReceivedModeSFrame) -> Void) { self.read(bytes, body) }
    var garbage: Int { self.problemCount }
    mutating func startAfresh() -> Int {
        defer { self = AVRReader() }
        return self.problemCount
    }
}

/// Mode S frames that one receiver sends, or several whose copies of a transmission are joined.
struct ModeSParser<Framing: ModeSFraming>: FeedParser {
    private var decoder: ModeSDecoder
    private var readers: [UInt16: Framing] = [:]
    private var places = StreamPlaces()
    /// Nil where there is one receiver: nothing comes twice.
    private var merger: ModeSMerger?
    private var lines = BaseStationWriter()
    /// Of readers that were started afresh.
    private var lostGarbage = 0

    /// - Parameter isMerged: several receivers send.
    init(_: Framing.Type, receiver: SensorID, sensors: [Sensor], isMerged: Bool) {
        let sensor = sensors.first { $0.id == receiver }
        self.decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: receiver, site: sensor?.site))
        self.merger = isMerged ? ModeSMerger() : nil
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        let receivedAt = Timestamp(nanoseconds: item.receivedAt)
        var reader = self.readers[item.slot] ?? Framing()
        if !self.places.continues(item) { self.lostGarbage += reader.startAfresh() }
        reader.frames(in: bytes) { received in
            if self.merger?.take(received, from: Int(item.slot), receivedAt: receivedAt) == false { return }
            self.take(received, receivedAt, &decoded)
        }
        self.readers[item.slot] = reader
        if decoded.wants.lines { self.lines.take { decoded.lines.append(copying: $0) } }
    }

    private mutating func take(_ received: ReceivedModeSFrame, _ receivedAt: Timestamp, _ decoded: inout Decoded) {
        if decoded.wants.frames {
            received.appendBeast(to: &decoded.frames.bytes)
            decoded.frames.count += 1
        }
        guard decoded.wants.lines, let message = try? ModeSMessage(received.frame) else {
            self.decoder.decode(
                received.frame, isMultilaterated: received.isMultilaterated, receivedAt: receivedAt,
                into: &decoded.reports)
            return
        }
        let answer = self.decoder.decode(
            message, isMultilaterated: received.isMultilaterated, receivedAt: receivedAt, into: &decoded.reports)
        let before = self.lines.messageCount
        self.lines.append(message, answer: answer, receivedAt: receivedAt)
        decoded.lines.count += self.lines.messageCount - before
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        let counts = self.decoder.counts
        let garbage = self.readers.values.reduce(self.lostGarbage) { $0 + $1.garbage }
        let figure = Framing.garbageFigure
        var metrics =
            ModeSDecoder.Verdict.allCases.filter { $0 != .accepted }.map { label.unused(counts[$0], "\($0)") } + [
                label.counter("messages", counts.total, "Messages of a feed, of whatever use."),
                label.counter(figure.name, garbage, figure.help),
            ]
        if let merger = self.merger {
            metrics += [
                label.counter("copies", merger.copyCount, "Frames that another receiver had brought already."),
                label.counter("crowded", merger.crowded, "Frames whose copies could no longer be told: too many came."),
            ]
        }
        return metrics
    }

    func writeAircraft(now: Timestamp, to json: inout JSONWriter) -> Bool {
        AircraftJSON.write(self.decoder, now: now, to: &json)
        return true
    }
}
