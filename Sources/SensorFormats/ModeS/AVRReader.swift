/// Finds Mode S frames in AVR text that arrives in pieces.
///
///     *8D4840D6202CC371C32CE0576098;                 frame
///     #8D4840D6202CC371C32CE0576098;0000001F;        frame and its running number
///     @0123456789AB8D4840D6202CC371C32CE0576098;     48-bit count of 12 MHz, frame (also with %)
///     <0123456789ABFF8D4840D6202CC371C32CE0576098;   count, signal, frame
///
/// Digits of either case; blanks and line ends between frames. Four digits are a Mode A/C reply and are skipped.
/// The reader is a value of fixed size; what it keeps between pieces is at most one frame.
///
/// Source: the Mode-S Beast's documentation (jetvision wiki, "Mode-S Beast: Data Output Formats").
public struct AVRReader: Sendable {
    /// Why a line is no frame.
    public enum Problem: UInt8, Error, Hashable, Sendable {
        /// Something that begins no frame.
        case notAFrame
        /// A character inside a frame that is no hexadecimal digit.
        case badDigit
        /// As many digits as no frame has.
        case badLength
    }

    /// Mode S frames handed over.
    public private(set) var frameCount = 0
    /// Mode A/C replies skipped.
    public private(set) var otherCount = 0
    /// Stretches of text that were no frame.
    public private(set) var problemCount = 0
    /// Bytes read so far.
    public private(set) var bytesRead = 0

    private enum State: UInt8 {
        case outside, inside, afterNumbered, skippingLine
    }

    private var state = State.outside
    private var start: UInt8 = 0
    private var startOffset = 0
    private var digits = 0
    private var nibbles = InlineArray<42, UInt8>(repeating: 0)

    public init() {}

    /// Reads the next piece of text; hands over each frame that it completes and each problem with its offset.
    ///
    /// - Complexity: O(bytes), no allocation.
    public mutating func read(
        _ bytes: Span<UInt8>, problem: (Int, Problem) -> Void = { _, _ in }, _ body: (ReceivedModeSFrame) -> Void
    ) {
        for i in bytes.indices {
            self.take(bytes[i], problem, body)
            self.bytesRead += 1
        }
    }

    private mutating func take(
        _ byte: UInt8, _ problem: (Int, Problem) -> Void, _ body: (ReceivedModeSFrame) -> Void
    ) {
        let isLineEnd = byte == 0x0A || byte == 0x0D
        switch self.state {
        case .afterNumbered where isLineEnd:
            self.state = .outside
        case .afterNumbered where hexDigit(byte) != nil || byte == UInt8(ascii: ";") || byte == 0x20:
            break
        case .outside, .afterNumbered:
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "<"):
                self.state = .inside
                self.start = byte
                self.startOffset = self.bytesRead
                self.digits = 0
            case 0x0A, 0x0D, 0x20, 0x09:
                break
            default:
                self.fail(.notAFrame, at: self.bytesRead, problem)
            }
        case .skippingLine:
            if isLineEnd { self.state = .outside }
        case .inside:
            if let digit = hexDigit(byte) {
                guard self.digits < 42 else { return self.fail(.badLength, at: self.startOffset, problem) }
                self.nibbles[self.digits] = digit
                self.digits += 1
            } else if byte == UInt8(ascii: ";") {
                self.finish(problem, body)
            } else {
                self.fail(isLineEnd ? .badLength : .badDigit, at: self.startOffset, problem)
                if isLineEnd { self.state = .outside }
            }
        }
    }

    private mutating func fail(_ reason: Problem, at offset: Int, _ problem: (Int, Problem) -> Void) {
        self.problemCount += 1
        self.state = .skippingLine
        problem(offset, reason)
    }

    private mutating func finish(_ problem: (Int, Problem) -> Void, _ body: (ReceivedModeSFrame) -> Void) {
        self.state = .outside
        let lead =
            switch self.start {
            case UInt8(ascii: "@"), UInt8(ascii: "%"): 12
            case UInt8(ascii: "<"): 14
            default: 0
            }
        switch self.digits - lead {
        case 14, 28:
            let isLong = self.digits - lead == 28
            let frame = ModeSFrame(
                high: self.number(lead, isLong ? 16 : 14) << (isLong ? 0 : 8),
                low: isLong ? self.number(lead + 16, 12) << 16 : 0, isLong: isLong)
            self.frameCount += 1
            body(
                ReceivedModeSFrame(
                    frame: frame, ticks: lead == 0 ? 0 : self.number(0, 12),
                    signal: lead == 14 ? UInt8(truncatingIfNeeded: self.number(12, 2)) : 0,
                    offset: self.startOffset))
            if self.start == UInt8(ascii: "#") { self.state = .afterNumbered }
        case 4:
            self.otherCount += 1
        default:
            self.fail(.badLength, at: self.startOffset, problem)
            self.state = .outside
        }
    }

    private func number(_ first: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for i in first..<(first + count) { value = value << 4 | UInt64(self.nibbles[i]) }
        return value
    }
}

/// How a frame is written as a line of AVR text.
public enum AVRForm: UInt8, Hashable, Sendable, CaseIterable {
    /// `*…;`: the frame alone.
    case plain
    /// `@…;`: the count of 12 MHz before it.
    case timed
    /// `<…;`: count and signal before it.
    case timedWithSignal
}

extension ReceivedModeSFrame {
    /// Appends the frame as a line of AVR text in upper-case digits.
    public func appendAVR(to bytes: inout [UInt8], form: AVRForm = .plain) {
        func append(_ value: UInt64, digits: UInt64) {
            for i in 0..<digits {
                let nibble = UInt8(truncatingIfNeeded: value >> (4 * (digits - 1 - i))) & 15
                bytes.append(nibble < 10 ? 0x30 + nibble : 0x37 + nibble)
            }
        }
        switch form {
        case .plain: bytes.append(UInt8(ascii: "*"))
        case .timed: bytes.append(UInt8(ascii: "@"))
        case .timedWithSignal: bytes.append(UInt8(ascii: "<"))
        }
        if form != .plain { append(self.ticks, digits: 12) }
        if form == .timedWithSignal { append(UInt64(self.signal), digits: 2) }
        if self.frame.isLong {
            append(self.frame.high, digits: 16)
            append(self.frame.low >> 16, digits: 12)
        } else {
            append(self.frame.high >> 8, digits: 14)
        }
        bytes.append(UInt8(ascii: ";"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
