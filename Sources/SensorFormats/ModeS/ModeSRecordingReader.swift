import Air

/// Takes the frames out of a recording of Mode S that comes in pieces, in its order.
///
/// What it finds does not depend on the pieces; what it keeps between them is at most one frame or line.
public struct ModeSRecordingReader: Sendable {
    /// A line is given up that is longer.
    static let lineMax = 1 << 16

    /// What the recording is.
    public let format: ModeSRecording
    private var clock = ReceiverClock()
    private var beast = BeastReader()
    private var avr = AVRReader()
    /// The beginning of a line, and where it is in the recording.
    private var line: [UInt8] = []
    private var lineOffset = 0
    private var first: Timestamp?

    /// A reader at the beginning of a recording.
    public init(_ format: ModeSRecording) { self.format = format }

    /// Hands over each frame that a piece completes, and each stretch that is none.
    ///
    /// - Parameter isLast: whether the recording ends with it.
    /// - Complexity: O(bytes); Beast and AVR allocate nothing.
    public mutating func read(
        _ piece: Span<UInt8>, isLast: Bool, problem: (ModeSProblem) -> Void, _ body: (RecordedModeSFrame) -> Void
    ) {
        switch self.format {
        case .beast:
            self.beast.read(piece, lost: { problem(ModeSProblem(offset: $0, reason: .garbage)) }) { received in
                body(
                    RecordedModeSFrame(
                        received: received, receivedAt: nil, elapsed: self.clock.advance(to: received)))
            }
            let pending = self.beast.pendingBytes
            if isLast, pending > 0 {
                problem(
                    ModeSProblem(offset: self.beast.bytesRead - pending, reason: .truncated(bytes: pending)))
            }
        case .avr:
            self.avr.read(piece, problem: { problem(ModeSProblem(offset: $0, reason: .text($1))) }) { received in
                body(
                    RecordedModeSFrame(
                        received: received, receivedAt: nil, elapsed: self.clock.advance(to: received)))
            }
        case .csv:
            var start = 0
            // What was left of the last piece, up to the end of its line.
            if !self.line.isEmpty {
                while start < piece.count, piece[start] != 0x0A { start += 1 }
                if start < piece.count { start += 1 }
                append(piece, 0..<start, to: &self.line)
                guard isLast || self.line.last == 0x0A || self.line.count > Self.lineMax else { return }
                let line = self.line
                self.line = []
                self.lines(line.span, problem, body)
            }
            var end = piece.count
            while !isLast, end > start, piece[end - 1] != 0x0A { end -= 1 }
            self.lines(piece.extracting(start..<end), problem, body)
            append(piece, end..<piece.count, to: &self.line)
        }
    }

    private mutating func lines(
        _ text: Span<UInt8>, _ problem: (ModeSProblem) -> Void, _ body: (RecordedModeSFrame) -> Void
    ) {
        ModeSRecording.readCSV(text, offset: self.lineOffset, problem: problem) { received, time in
            let start = self.first ?? time
            self.first = start
            body(RecordedModeSFrame(received: received, receivedAt: time, elapsed: time.seconds(since: start)))
        }
        self.lineOffset += text.count
    }
}
