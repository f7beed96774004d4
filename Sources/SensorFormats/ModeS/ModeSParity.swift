/// The cyclic redundancy check of Mode S.
///
/// G(x) = x²⁴ + x²³ + … + x¹² + x¹⁰ + x³ + 1, that is 0xFFF409 without its leading one.
/// The check is linear, so that of a frame is the exclusive-or of what each of its bytes contributes at its place:
/// eleven independent look-ups, no chain from one byte to the next.
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.3.3 (error protection).
public enum ModeSParity {
    /// The polynomial without x²⁴.
    public static let polynomial: UInt32 = 0xFFF409

    /// What byte value b, followed by k bytes of data, adds to the check: entry 256 k + b; k = 0...10.
    @usableFromInline static let contributions: InlineArray<2816, UInt32> = {
        var table = InlineArray<2816, UInt32>(repeating: 0)
        for value in 0..<256 {
            var remainder = UInt32(value) << 16
            for place in 0..<11 {
                for _ in 0..<8 {
                    remainder = (remainder << 1 ^ (remainder & 0x80_0000 == 0 ? 0 : polynomial)) & 0xFF_FFFF
                }
                table[place * 256 + value] = remainder
            }
        }
        return table
    }()

    /// What remains when the check of a frame's data is taken from its last 24 bits.
    ///
    /// Zero for an intact DF 17 or 18; the interrogator code for an intact DF 11; the address of the aircraft for an
    /// intact reply with address parity (DF 0, 4, 5, 16, 20, 21, 24).
    ///
    /// - Complexity: 4 or 11 look-ups, no allocation.
    @inlinable public static func residual(_ frame: ModeSFrame) -> UInt32 {
        @inline(__always) func at(_ place: UInt64, _ bits: UInt64) -> UInt32 {
            // A place is at most 10 and a byte at most 255: always inside the 2,816 entries.
            contributions[Int(truncatingIfNeeded: place &* 256 | bits & 0xFF)]
        }
        let high = frame.high
        guard frame.isLong else {
            return at(3, high >> 56) ^ at(2, high >> 48) ^ at(1, high >> 40) ^ at(0, high >> 32) ^ frame.parity
        }
        let first = at(10, high >> 56) ^ at(9, high >> 48) ^ at(8, high >> 40) ^ at(7, high >> 32)
        let second = at(6, high >> 24) ^ at(5, high >> 16) ^ at(4, high >> 8) ^ at(3, high)
        let third = at(2, frame.low >> 56) ^ at(1, frame.low >> 48) ^ at(0, frame.low >> 40)
        return first ^ second ^ third ^ frame.parity
    }

    /// The frame whose last 24 bits are the check of its data, overlaid with an address or interrogator code.
    public static func sealed(_ frame: ModeSFrame, overlay: UInt32 = 0) -> ModeSFrame {
        let bare =
            frame.isLong
            ? ModeSFrame(high: frame.high, low: frame.low & 0xFFFF_FF00_0000_0000, isLong: true)
            : ModeSFrame(high: frame.high & 0xFFFF_FFFF_0000_0000, low: 0, isLong: false)
        let check = UInt64((self.residual(bare) ^ overlay) & 0xFF_FFFF)
        return frame.isLong
            ? ModeSFrame(high: bare.high, low: bare.low | check << 16, isLong: true)
            : ModeSFrame(high: bare.high | check << 8, low: 0, isLong: false)
    }
}
