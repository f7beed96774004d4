/// Writes a recording of Mode S in another form, piece by piece: the same frames with counts and signals.
public struct ModeSConverter: Sendable {
    /// The forms that can be written.
    public static let formats: [ModeSRecording] = [.beast, .avr]

    /// What is written.
    public let target: ModeSRecording
    /// Frames written.
    public private(set) var written = 0
    /// Stretches that were no frame.
    public private(set) var problems = 0
    private var reader: ModeSRecordingReader

    /// Nil if the target is not among `formats`.
    public init?(from format: ModeSRecording, to target: ModeSRecording) {
        guard Self.formats.contains(target) else { return nil }
        self.target = target
        self.reader = ModeSRecordingReader(format)
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
        var (written, problems) = (0, 0)
        let isBeast = self.target == .beast
        self.reader.read(
            piece, isLast: isLast,
            problem: {
                problems += 1
                problem($0)
            }
        ) { recorded in
            written += 1
            var received = recorded.received
            if received.ticks == 0, recorded.receivedAt != nil, recorded.elapsed >= 0, recorded.elapsed < 2e7 {
                received.ticks = UInt64(recorded.elapsed * 12e6) & 0xFFFF_FFFF_FFFF
            }
            if isBeast { received.appendBeast(to: &target) } else { received.appendAVR(to: &target) }
        }
        self.written += written
        self.problems += problems
    }
}

extension ReceivedModeSFrame {
    /// Appends the frame as a line of AVR: `*…;`, or with count and signal `<…;` where it has them.
    public func appendAVR(to text: inout [UInt8]) {
        func put(_ value: UInt64, digits: Int) {
            for digit in 0..<digits {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - digit))) & 15
                text.append(nibble < 10 ? 0x30 + nibble : 0x37 + nibble)
            }
        }
        let isPlain = self.ticks == 0 && self.signal == 0
        text.append(UInt8(ascii: isPlain ? "*" : "<"))
        if !isPlain {
            put(self.ticks, digits: 12)
            put(UInt64(self.signal), digits: 2)
        }
        for index in 0..<self.frame.byteCount { put(UInt64(self.frame.byte(index)), digits: 2) }
        text += [UInt8(ascii: ";"), 0x0A]
    }
}
