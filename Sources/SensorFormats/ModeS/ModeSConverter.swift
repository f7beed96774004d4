public import Air

/// Writes a recording of Mode S in another form, piece by piece: the same frames with counts and signals, or what a
/// BaseStation feed says of them.
public struct ModeSConverter: ~Copyable {
    /// The forms that can be written.
    public static let formats: [RecordingFormat] = [.beast, .avr, .sbs]

    /// What is written.
    public let target: RecordingFormat
    /// Frames or lines written.
    public private(set) var written = 0
    /// Stretches that were no frame.
    public private(set) var problems = 0
    private var reader: ModeSRecordingReader
    private var decoder: ModeSDecoder
    private var lines = BaseStationWriter()
    private var plots: [SensorReport] = []
    private let start: Timestamp

    /// - Parameters:
    ///   - start: the time of the first frame of a recording that has none (Beast, AVR); for BaseStation lines.
    /// - Returns: nil if the target is not among `formats`.
    public init?(from format: ModeSRecording, to target: RecordingFormat, start: Timestamp) {
        guard Self.formats.contains(target) else { return nil }
        self.target = target
        self.start = start
        self.reader = ModeSRecordingReader(format)
        self.decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
    }

    /// Converts the next piece.
    ///
    /// A frame that has no count of its receiver gets one of the recording's times, if that has them (CSV).
    ///
    /// - Parameters:
    ///   - isLast: whether the recording ends with it.
    ///   - target: gets the frames appended.
    ///   - problem: is told each stretch that is no frame.
    public mutating func read(
        _ piece: Span<UInt8>, isLast: Bool, into target: inout [UInt8], problem: (ModeSProblem) -> Void
    ) {
        var problems = 0
        var reader = self.reader
        reader.read(
            piece, isLast: isLast,
            problem: {
                problems += 1
                problem($0)
            }
        ) { self.take($0, &target) }
        self.reader = reader
        self.problems += problems
        self.lines.take { append($0, 0..<$0.count, to: &target) }
    }

    private mutating func take(_ recorded: RecordedModeSFrame, _ target: inout [UInt8]) {
        var received = recorded.received
        if self.target == .sbs {
            guard let message = try? ModeSMessage(received.frame) else { return }
            let time = recorded.receivedAt ?? self.start.advanced(by: recorded.elapsed)
            self.plots.removeAll(keepingCapacity: true)
            let answer = self.decoder.decode(
                message, isMultilaterated: received.isMultilaterated, receivedAt: time, into: &self.plots)
            self.lines.append(message, answer: answer, receivedAt: time)
            self.written = self.lines.messageCount
            return
        }
        self.written += 1
        if received.ticks == 0, recorded.receivedAt != nil, recorded.elapsed >= 0, recorded.elapsed < 2e7 {
            received.ticks = UInt64(recorded.elapsed * 12e6) & 0xFFFF_FFFF_FFFF
        }
        if self.target == .beast {
            received.appendBeast(to: &target)
        } else {
            received.appendAVR(
                to: &target, form: received.ticks == 0 && received.signal == 0 ? .plain : .timedWithSignal)
        }
    }
}
