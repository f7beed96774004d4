public import Air

/// Why a stretch of a Mode S file is no message.
public struct ModeSProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Beast: bytes that belong to no whole frame, up to the next one.
        case garbage
        /// Beast: the file ends inside a frame of which so many bytes are there.
        case truncated(bytes: Int)
        /// AVR: see the problem.
        case text(AVRReader.Problem)
        /// CSV: a line without seconds in decimals.
        case noTime
        /// CSV: a line without 14 or 28 hexadecimal digits of a frame, or 32 or 46 of a Beast frame.
        case noFrame
        /// The frame's length does not fit its format.
        case lengthMismatch(downlinkFormat: UInt8, bytes: Int)

        /// In words.
        public var text: String {
            switch self {
            case .garbage: "bytes that belong to no Beast frame"
            case .truncated(let bytes): "the file ends after \(counted(bytes, "byte")) of a Beast frame"
            case .text(.notAFrame): "text that begins no AVR frame"
            case .text(.badDigit): "an AVR frame with a character that is no hexadecimal digit"
            case .text(.badLength): "an AVR frame of a length that no Mode S frame has"
            case .noTime: "a line without a time in decimal seconds"
            case .noFrame: "a line without a Mode S frame in hexadecimal digits"
            case .lengthMismatch(let format, let bytes):
                "a frame of \(counted(bytes, "byte")) cannot be DF \(format)"
            }
        }
    }

    /// Bytes from the start of the file.
    public var offset: Int
    public var reason: Reason

    public init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "offset \(self.offset): \(self.reason.text)" }
}

/// A frame of a recording with its place in time.
public struct RecordedModeSFrame: Hashable, Sendable {
    /// The frame, its offset in the file, and what the receiver said of it.
    public var received: ReceivedModeSFrame
    /// When it was received, where the recording says so (CSV).
    public var receivedAt: Timestamp?
    /// Seconds since the first frame, by the times of the recording or the receiver's count of 12 MHz; 0 throughout a
    /// recording that has neither.
    public var elapsed: Double
}

/// A file of Mode S frames.
public enum ModeSRecording: UInt8, Hashable, Sendable, CaseIterable {
    /// Beast binary, as it comes over TCP from a receiver.
    case beast
    /// AVR text, `*…;`.
    case avr
    /// Lines of comma-separated fields, one of them a time in seconds, one a frame (plain or Beast) in hexadecimal.
    case csv

    /// Whether the bytes begin a gzip member: to be unpacked first.
    public static func isGzip(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
    }

    /// What kind of recording the bytes are; nil if none.
    ///
    /// Looks at the first 16 KiB: at least one frame must be there, and frames must be most of what is there.
    public static func detect(_ bytes: Span<UInt8>) -> ModeSRecording? {
        let head = bytes.extracting(first: 16384)
        if self.isGzip(bytes) { return nil }
        var beast = BeastReader()
        var fitting = 0
        beast.read(head) { received in
            if received.frame.isLong == (received.frame.high >> 63 == 1) { fitting += 1 }
        }
        if fitting * 2 > beast.frameCount, beast.frameBytes + beast.otherBytes > beast.garbageBytes { return .beast }
        var avr = AVRReader()
        avr.read(head) { _ in }
        if avr.frameCount > 0, avr.frameCount + avr.otherCount > avr.problemCount { return .avr }
        var (frames, others) = (0, 0)
        // The last line may be cut off by the head's end.
        let text = head.count < bytes.count ? head.extracting(first: Self.lastLineStart(head)) : head
        self.readCSV(text, problem: { _ in others += 1 }) { _, _ in frames += 1 }
        return frames > others ? .csv : nil
    }

    /// Hands over each frame of a file in its order, and each stretch that is none.
    ///
    /// - Complexity: O(bytes); Beast and AVR allocate nothing.
    public func read(_ bytes: Span<UInt8>, problem: (ModeSProblem) -> Void, _ body: (RecordedModeSFrame) -> Void) {
        var reader = ModeSRecordingReader(self)
        reader.read(bytes, isLast: true, problem: problem, body)
    }

    // MARK: CSV

    private static func lastLineStart(_ bytes: Span<UInt8>) -> Int {
        var end = bytes.count
        while end > 0, bytes[end - 1] != 0x0A { end -= 1 }
        return end
    }

    /// Reads whole lines; `offset` is where they begin in the file.
    static func readCSV(
        _ bytes: Span<UInt8>, offset: Int = 0, problem: (ModeSProblem) -> Void,
        _ body: (ReceivedModeSFrame, Timestamp) -> Void
    ) {
        var start = 0
        // A byte order mark is no part of the first field.
        if offset == 0, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
        let firstLine = start
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            let line = bytes.extracting(start..<end)
            switch self.readLine(line, offset: offset + start) {
            case .frame(let received, let time): body(received, time)
            case .blank: break
            // The first line may hold the names of the columns.
            case .problem(let reason):
                if offset > 0 || start != firstLine {
                    problem(ModeSProblem(offset: offset + start, reason: reason))
                }
            }
            start = end + 1
        }
    }

    private enum Line {
        case frame(ReceivedModeSFrame, Timestamp)
        case blank
        case problem(ModeSProblem.Reason)
    }

    private static func readLine(_ line: Span<UInt8>, offset: Int) -> Line {
        var time: Timestamp?
        var best: Range<Int>?
        var isBlank = true
        let fields = CommaSeparated(line)
        for index in 0..<fields.count {
            let field = fields.field(index, of: line)
            guard !field.isEmpty else { continue }
            isBlank = false
            if time == nil, let seconds = self.decimalSeconds(line.extracting(field)) {
                time = seconds
            } else if [14, 28, 32, 46].contains(field.count), field.count > best?.count ?? 0,
                field.allSatisfy({ hexDigit(line[$0]) != nil })
            {
                best = field
            }
        }
        if isBlank { return .blank }
        guard let time else { return .problem(.noTime) }
        guard let best, let received = self.frame(line.extracting(best), offset: offset) else {
            return .problem(.noFrame)
        }
        return .frame(received, time)
    }

    /// Up to eleven digits, a point and up to nine more, exactly; nil for anything else.
    private static func decimalSeconds(_ field: Span<UInt8>) -> Timestamp? {
        var nanoseconds: Int64 = 0
        var whole = 0
        var decimals: Int?
        // Ten digits of seconds reach the year 2286, all that a `Timestamp` holds.
        guard field.count <= 20 else { return nil }
        for i in field.indices {
            let byte = field[i]
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
            } else if byte >= 0x30, byte <= 0x39 {
                if let count = decimals {
                    if count == 9 { continue }
                    decimals = count + 1
                } else {
                    whole += 1
                    guard whole <= 9 || (whole == 10 && nanoseconds < 900_000_000) else { return nil }
                }
                nanoseconds = nanoseconds * 10 + Int64(byte - 0x30)
            } else {
                return nil
            }
        }
        guard whole > 0 else { return nil }
        for _ in (decimals ?? 0)..<9 { nanoseconds *= 10 }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// A plain frame of 14 or 28 digits, or a Beast frame (nothing doubled) of 32 or 46.
    private static func frame(_ field: Span<UInt8>, offset: Int) -> ReceivedModeSFrame? {
        func number(_ first: Int, _ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for i in first..<(first + count) { value = value << 4 | UInt64(hexDigit(field[i]) ?? 0) }
            return value
        }
        let lead = field.count > 28 ? 18 : 0
        let isLong = field.count - lead == 28
        if lead > 0 {
            guard number(0, 4) == (isLong ? 0x1A33 : 0x1A32) else { return nil }
        }
        return ReceivedModeSFrame(
            frame: ModeSFrame(
                high: number(lead, isLong ? 16 : 14) << (isLong ? 0 : 8),
                low: isLong ? number(lead + 16, 12) << 16 : 0, isLong: isLong),
            ticks: lead > 0 ? number(4, 12) : 0, signal: lead > 0 ? UInt8(number(16, 2)) : 0, offset: offset)
    }
}

/// Adds up the steps of a receiver's count of 12 MHz.
///
/// A step backwards, or of more than a minute, is none: the receiver was started anew, or frames of several receivers
/// with counts of their own were joined.
struct ReceiverClock {
    private var last: UInt64 = 0
    private var elapsed = 0.0

    mutating func advance(to received: ReceivedModeSFrame) -> Double {
        guard received.receiverSeconds != nil else { return self.elapsed }
        let step = (received.ticks &- self.last) & 0xFFFF_FFFF_FFFF
        if self.last != 0, step < 60 * 12_000_000 { self.elapsed += Double(step) / 12e6 }
        self.last = received.ticks
        return self.elapsed
    }
}
