/// The bits of one Mode S reply or squitter: 56 or 112 of them, inline.
///
/// Bits are numbered as the standard does, from 1, the first transmitted one first.
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.3 (data structure).
@frozen public struct ModeSFrame: Hashable, Sendable {
    /// Bits 1 to 64, bit 1 highest.
    public let high: UInt64
    /// Bits 65 to 112 in the upper 48 bits, the rest zero; all zero in a short frame.
    public let low: UInt64
    /// Whether the frame has 112 bits rather than 56.
    public let isLong: Bool

    /// A frame from its packed bits; what lies beyond its length is cleared.
    @inlinable public init(high: UInt64, low: UInt64, isLong: Bool) {
        self.high = isLong ? high : high & 0xFFFF_FFFF_FFFF_FF00
        self.low = isLong ? low & 0xFFFF_FFFF_FFFF_0000 : 0
        self.isLong = isLong
    }

    /// Takes seven or fourteen bytes; nil for any other number.
    @inlinable public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == 7 || bytes.count == 14 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for i in 0..<min(8, bytes.count) { high |= UInt64(bytes[i]) << (56 - 8 * UInt64(i)) }
        for i in min(8, bytes.count)..<bytes.count { low |= UInt64(bytes[i]) << (120 - 8 * UInt64(i)) }
        self.init(high: high, low: low, isLong: bytes.count == 14)
    }

    /// Reads 14 or 28 hexadecimal digits; anything else is nil.
    public init?(hex: some StringProtocol) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var count: UInt64 = 0
        for byte in hex.utf8 {
            guard count < 28, let digit = hexDigit(byte) else { return nil }
            if count < 16 {
                high |= UInt64(digit) << (60 - 4 * count)
            } else {
                low |= UInt64(digit) << (124 - 4 * count)
            }
            count += 1
        }
        guard count == 14 || count == 28 else { return nil }
        self.init(high: high, low: low, isLong: count == 28)
    }

    /// How many bytes the frame has: 7 or 14.
    @inlinable public var byteCount: Int { self.isLong ? 14 : 7 }

    /// Byte `index` of the frame, from 0; zero beyond its end.
    @inlinable public func byte(_ index: Int) -> UInt8 {
        if index < 8 { return UInt8(truncatingIfNeeded: self.high >> (56 - 8 * UInt64(truncatingIfNeeded: index))) }
        return index < 14
            ? UInt8(truncatingIfNeeded: self.low >> (120 - 8 * UInt64(truncatingIfNeeded: index))) : 0
    }

    /// The frame's bytes, first one first; a short frame is followed by seven zeros.
    public var bytes: InlineArray<14, UInt8> {
        var bytes = InlineArray<14, UInt8>(repeating: 0)
        for i in 0..<14 { bytes[i] = self.byte(i) }
        return bytes
    }

    /// `count` bits from bit `first`, numbered from 1; at most 32, of the first 64 bits of the frame.
    @inlinable @inline(__always) func bits(_ first: UInt64, _ count: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (self.high << (first &- 1)) >> (64 &- count))
    }

    /// The downlink format, bits 1 to 5; 24 for every value from 24 up, of which only two bits are a format.
    @inlinable public var downlinkFormat: UInt8 { UInt8(truncatingIfNeeded: min(self.high >> 59, 24)) }

    /// Bits 33 to 88 of a long frame (ME, MB or MV) in the lower 56 bits.
    @inlinable public var payload: UInt64 { (self.high & 0xFFFF_FFFF) << 24 | self.low >> 40 }

    /// The last 24 bits: parity, or parity overlaid with an address or interrogator code.
    @inlinable public var parity: UInt32 {
        self.isLong
            ? UInt32(truncatingIfNeeded: (self.low >> 16) & 0xFF_FFFF)
            : UInt32(truncatingIfNeeded: (self.high >> 8) & 0xFF_FFFF)
    }

    /// The frame with bit `index` (from 1) turned over; out of range, the frame itself.
    @inlinable public func flipping(_ index: Int) -> ModeSFrame {
        guard index >= 1, index <= self.byteCount * 8 else { return self }
        return index <= 64
            ? ModeSFrame(high: self.high ^ (1 << UInt64(64 - index)), low: self.low, isLong: self.isLong)
            : ModeSFrame(high: self.high, low: self.low ^ (1 << UInt64(128 - index)), isLong: self.isLong)
    }
}

extension ModeSFrame: CustomStringConvertible {
    /// 14 or 28 lower-case hexadecimal digits.
    public var description: String {
        var text = ""
        text.reserveCapacity(28)
        for i in 0..<self.byteCount {
            for nibble in [self.byte(i) >> 4, self.byte(i) & 15] {
                text.unicodeScalars.append(Unicode.Scalar(nibble < 10 ? 0x30 + nibble : 0x57 + nibble))
            }
        }
        return text
    }
}

/// A frame as a receiver hands it over.
@frozen public struct ReceivedModeSFrame: Hashable, Sendable {
    /// The timestamp that receivers give to positions found by multilateration: the letters "MLAT" in it.
    ///
    /// Source: wiedehopf/readsb, MAGIC_MLAT_TIMESTAMP (a de-facto mark).
    public static let multilaterationTicks: UInt64 = 0xFF00_4D4C_4154

    /// The bits.
    public var frame: ModeSFrame
    /// The receiver's counter, 48 bits, usually of 12 MHz from its start; 0 where the feed has none.
    public var ticks: UInt64
    /// Strength, 0...255 of the receiver's full scale; 0 where the feed has none.
    public var signal: UInt8
    /// Bytes from the start of the stream or file to the frame's first byte.
    public var offset: Int

    @inlinable public init(frame: ModeSFrame, ticks: UInt64 = 0, signal: UInt8 = 0, offset: Int = 0) {
        self.frame = frame
        self.ticks = ticks
        self.signal = signal
        self.offset = offset
    }

    /// Whether the frame was made by a multilateration server, not received from the aircraft as it stands.
    @inlinable public var isMultilaterated: Bool { self.ticks == Self.multilaterationTicks }

    /// Seconds of the receiver's counter at 12 MHz; nil where there is no count.
    @inlinable public var receiverSeconds: Double? {
        self.ticks == 0 || self.isMultilaterated ? nil : Double(self.ticks) / 12e6
    }
}

/// The value of an ASCII hexadecimal digit, or nil.
@inlinable @inline(__always) func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte &- 0x30
    case 0x41...0x46: byte &- 0x37
    case 0x61...0x66: byte &- 0x57
    default: nil
    }
}
