/// Finds Mode S frames in a Beast binary stream that arrives in pieces.
///
///     | 0x1A | type | 48-bit count of 12 MHz | signal | 2, 7 or 14 bytes of frame |
///
/// Type '1' is Mode A/C (2 bytes), '2' a short and '3' a long Mode S frame, '4' and '5' a status of the receiver
/// (14 bytes); readsb may put the receiver's number, type 0xE3 with 8 bytes, before a frame. Each 0x1A after the type is sent twice. A single 0x1A begins a new frame wherever it stands, so a reader
/// that lost its place finds it again at the next frame.
///
/// The reader is a value of fixed size: what it keeps between pieces is at most one frame. Each byte ends in exactly
/// one count: `frameBytes`, `otherBytes`, `garbageBytes` or `pendingBytes`.
///
/// Source: the Mode-S Beast's documentation (jetvision wiki, "Mode-S Beast: Data Output Formats").
public struct BeastReader: Hashable, Sendable {
    /// Bytes of Mode S frames handed over, with framing.
    public private(set) var frameBytes = 0
    /// Bytes of whole frames that are not Mode S: Mode A/C and receiver status.
    public private(set) var otherBytes = 0
    /// Bytes that belong to no whole frame.
    public private(set) var garbageBytes = 0
    /// Bytes of the unfinished frame at the end of what was read.
    public private(set) var pendingBytes = 0
    /// Mode S frames handed over.
    public private(set) var frameCount = 0
    /// Whole Mode A/C and status frames skipped.
    public private(set) var otherCount = 0
    /// How often the reader lost its place and looked for the next frame.
    public private(set) var resynchronisations = 0

    private enum State: UInt8 {
        case outside, afterEscape, inside, insideAfterEscape
    }

    private var state = State.outside
    private var isLost = false
    private var type: UInt8 = 0
    private var needed = 0
    private var filled = 0
    // Count, signal and frame of the unfinished frame, in the order of the wire: 21 bytes at most.
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0

    public init() {}

    /// Bytes read so far.
    public var bytesRead: Int { self.frameBytes + self.otherBytes + self.garbageBytes + self.pendingBytes }

    /// Reads the next piece of the stream and hands over each Mode S frame that it completes.
    ///
    /// - Parameter lost: is told the offset at which each stretch of garbage begins.
    /// - Complexity: O(bytes), no allocation.
    public mutating func read(
        _ bytes: Span<UInt8>, lost: (Int) -> Void = { _ in }, _ body: (ReceivedModeSFrame) -> Void
    ) {
        var position = 0
        let count = bytes.count
        while position < count {
            if self.state == .outside, let length = self.takeWhole(bytes, at: position, body) {
                position += length
            } else {
                self.take(bytes[position], lost, body)
                position += 1
            }
        }
    }

    /// Forgets an unfinished frame, which becomes garbage: the connection ended.
    public mutating func reset() {
        self.garbageBytes += self.pendingBytes
        self.forgetFrame()
        self.isLost = false
    }

    /// Hands over a frame that lies whole in `bytes` and has no 0x1A inside; its length, or nil if it is not so.
    @inline(__always)
    private mutating func takeWhole(_ bytes: Span<UInt8>, at position: Int, _ body: (ReceivedModeSFrame) -> Void)
        -> Int?
    {
        // 24 bytes are read whatever the type: the last few frames of a piece go byte by byte.
        guard bytes.count - position >= 26, bytes[position] == 0x1A else { return nil }
        let type = bytes[position + 1]
        guard type == UInt8(ascii: "2") || type == UInt8(ascii: "3") else { return nil }
        let isLong = type == UInt8(ascii: "3")
        let raw = unsafe bytes.bytes
        // Inside the piece: position + 2 + 24 bytes were checked just above.
        let a = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position + 2, as: UInt64.self).bigEndian
        let b = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position + 10, as: UInt64.self).bigEndian
        let c = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position + 18, as: UInt64.self).bigEndian
        let unused: UInt64 = isLong ? 0 : 0xFFFF
        // The bytes beyond the frame must not count: 21 bytes are 8, 8 and 5; 14 are 8 and 6.
        if Self.holdsEscape(a) || Self.holdsEscape(b & ~unused) || (isLong && Self.holdsEscape(c & ~0xFF_FFFF)) {
            return nil
        }
        let length = isLong ? 23 : 16
        self.emit(a, b, c, isLong: isLong, offset: self.bytesRead, length: length, body)
        return length
    }

    /// Whether one of the eight bytes is 0x1A.
    ///
    /// Source: Warren, "Hacker's Delight", 2nd ed., 6–1 (find first zero byte).
    @inline(__always) private static func holdsEscape(_ word: UInt64) -> Bool {
        let x = word ^ 0x1A1A_1A1A_1A1A_1A1A
        return (x &- 0x0101_0101_0101_0101) & ~x & 0x8080_8080_8080_8080 != 0
    }

    @inline(__always)
    private mutating func emit(
        _ first: UInt64, _ second: UInt64, _ third: UInt64, isLong: Bool, offset: Int, length: Int,
        _ body: (ReceivedModeSFrame) -> Void
    ) {
        // 6 bytes of count, 1 of signal, then the frame from the eighth byte on.
        let frame = ModeSFrame(
            high: first << 56 | second >> 8, low: second << 56 | third >> 8, isLong: isLong)
        self.frameBytes += length
        self.frameCount += 1
        self.isLost = false
        body(
            ReceivedModeSFrame(
                frame: frame, ticks: first >> 16, signal: UInt8(truncatingIfNeeded: first >> 8), offset: offset))
    }

    private mutating func lose(_ count: Int, _ lost: (Int) -> Void) {
        if !self.isLost {
            lost(self.bytesRead - self.pendingBytes)
            self.resynchronisations += 1
        }
        self.isLost = true
        self.garbageBytes += count
    }

    /// Takes one byte; the law that `takeWhole` only makes faster.
    private mutating func take(_ byte: UInt8, _ lost: (Int) -> Void, _ body: (ReceivedModeSFrame) -> Void) {
        let isEscape = byte == 0x1A
        switch self.state {
        case .outside:
            if isEscape {
                self.state = .afterEscape
                self.pendingBytes = 1
            } else {
                self.lose(1, lost)
            }
        case .afterEscape:
            self.begin(byte, lost)
        case .inside:
            self.pendingBytes += 1
            if isEscape { self.state = .insideAfterEscape } else { self.store(byte, body) }
        case .insideAfterEscape:
            if isEscape {
                self.pendingBytes += 1
                self.state = .inside
                self.store(byte, body)
            } else {
                // A single 0x1A inside a frame: that frame was cut off, and another begins.
                self.lose(self.pendingBytes - 1, lost)
                self.pendingBytes = 1
                self.begin(byte, lost)
            }
        }
    }

    private mutating func begin(_ type: UInt8, _ lost: (Int) -> Void) {
        let needed: Int
        switch type {
        case UInt8(ascii: "1"): needed = 9
        case UInt8(ascii: "2"): needed = 14
        case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "5"): needed = 21
        case 0xE3: needed = 8
        default:
            // Twice 0x1A is a doubled byte of a frame whose beginning was lost; anything else is no type.
            self.lose(2, lost)
            self.forgetFrame()
            return
        }
        self.forgetFrame()
        self.type = type
        self.needed = needed
        self.pendingBytes = 2
        self.state = .inside
    }

    /// Leaves nothing of an unfinished frame behind: two readers that have read the same are equal.
    private mutating func forgetFrame() {
        self.state = .outside
        self.pendingBytes = 0
        (self.type, self.needed, self.filled) = (0, 0, 0)
        (self.first, self.second, self.third) = (0, 0, 0)
    }

    private mutating func store(_ byte: UInt8, _ body: (ReceivedModeSFrame) -> Void) {
        let shift = UInt64(56 - 8 * (self.filled & 7))
        switch self.filled >> 3 {
        case 0: self.first |= UInt64(byte) << shift
        case 1: self.second |= UInt64(byte) << shift
        default: self.third |= UInt64(byte) << shift
        }
        self.filled += 1
        guard self.filled == self.needed else { return }
        let (length, offset) = (self.pendingBytes, self.bytesRead - self.pendingBytes)
        let (type, first, second, third) = (self.type, self.first, self.second, self.third)
        self.forgetFrame()
        if type == UInt8(ascii: "2") || type == UInt8(ascii: "3") {
            self.emit(
                first, second, third, isLong: type == UInt8(ascii: "3"), offset: offset, length: length, body)
        } else {
            self.otherBytes += length
            self.otherCount += 1
            self.isLost = false
        }
    }
}

extension ReceivedModeSFrame {
    /// Appends the frame in Beast binary form, each 0x1A of it doubled.
    public func appendBeast(to bytes: inout [UInt8]) {
        bytes.append(0x1A)
        bytes.append(UInt8(ascii: self.frame.isLong ? "3" : "2"))
        func append(_ byte: UInt8) {
            bytes.append(byte)
            if byte == 0x1A { bytes.append(byte) }
        }
        for i in 0..<6 { append(UInt8(truncatingIfNeeded: self.ticks >> UInt64(40 - 8 * i))) }
        append(self.signal)
        for i in 0..<self.frame.byteCount { append(self.frame.byte(i)) }
    }
}
