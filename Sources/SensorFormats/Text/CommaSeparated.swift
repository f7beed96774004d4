/// The fields of one line of comma-separated values: up to 32, more are not looked at.
///
/// Blanks, tabs, a carriage return and quotes around a field are no part of it; a comma within quotes is not provided
/// for, since no feed read here has one.
struct CommaSeparated: Sendable {
    private var ends = InlineArray<32, Int32>(repeating: 0)
    /// How many fields.
    private(set) var count = 0

    @inline(__always) init(_ line: Span<UInt8>) {
        // Eight bytes at once: those that are commas have their highest bit set, as in "Bit Twiddling Hacks", S. E.
        // Anderson, "Determine if a word has a zero byte", in the form that is exact for every byte.
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        var start = 0
        while start &+ 8 <= line.count {
            let other = TextNumber.word(line, start) ^ 0x2C2C_2C2C_2C2C_2C2C
            var commas = ~(((other & low) &+ low) | other | low)
            while commas != 0, self.count < 31 {
                self.ends[self.count] = Int32(truncatingIfNeeded: start &+ commas.trailingZeroBitCount &>> 3)
                self.count &+= 1
                commas &= commas &- 1
            }
            start &+= 8
        }
        while start < line.count {
            if line[start] == UInt8(ascii: ","), self.count < 31 {
                self.ends[self.count] = Int32(truncatingIfNeeded: start)
                self.count &+= 1
            }
            start &+= 1
        }
        self.ends[self.count] = Int32(truncatingIfNeeded: line.count)
        self.count &+= 1
    }

    /// Where field `index` lies; empty if there is none.
    @inline(__always) func field(_ index: Int, of line: Span<UInt8>) -> Range<Int> {
        guard index < self.count else { return 0..<0 }
        var start = index == 0 ? 0 : Int(self.ends[index - 1]) + 1
        var end = Int(self.ends[index])
        while start < end, Self.isPadding(line[start]) { start += 1 }
        while start < end, Self.isPadding(line[end - 1]) { end -= 1 }
        return start..<end
    }

    @inline(__always) private static func isPadding(_ byte: UInt8) -> Bool {
        // A bit for each of them; letters and digits are above, so that one comparison settles most.
        byte <= 0x22 && 0x5_0000_2200 as UInt64 &>> UInt64(byte) & 1 != 0
    }
}

/// Numbers of text, read without making a string of it.
enum TextNumber {
    private static let powers: InlineArray<19, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ]

    /// The eight bytes from `at` on, the first in the lowest bits.
    @inline(__always) static func word(_ text: Span<UInt8>, _ at: Int) -> UInt64 {
        // That they are there is checked, and any eight bytes are a number.
        unsafe UInt64(littleEndian: text.bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// A decimal number with or without sign, point and exponent; nil for anything else.
    ///
    /// Eighteen digits count; with more than fifteen of them the result may be off by a unit of the last place.
    static func decimal(_ text: Span<UInt8>, _ range: Range<Int>) -> Double? {
        var at = range.lowerBound
        let end = range.upperBound
        var isNegative = false
        if at < end, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        var mantissa: UInt64 = 0
        var exponent = 0
        var digits = 0
        var isFraction = false
        while at < end {
            let digit = text[at] &- 0x30
            if digit <= 9 {
                digits += 1
                if mantissa < 100_000_000_000_000_000 {
                    mantissa = mantissa &* 10 &+ UInt64(digit)
                    if isFraction { exponent -= 1 }
                } else if !isFraction {
                    exponent += 1
                }
            } else if text[at] == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0, digits < 64 else { return nil }
        if at < end {
            guard text[at] | 0x20 == UInt8(ascii: "e"), let more = self.integer(text, (at + 1)..<end),
                more.magnitude < 400
            else { return nil }
            exponent += Int(more)
        }
        var value = Double(mantissa)
        while exponent < 0 {
            value /= self.powers[min(18, -exponent)]
            exponent += min(18, -exponent)
        }
        while exponent > 0 {
            value *= self.powers[min(18, exponent)]
            exponent -= min(18, exponent)
        }
        guard value.isFinite else { return nil }
        return isNegative ? -value : value
    }

    /// A whole number of up to eighteen digits with or without sign; nil for anything else.
    static func integer(_ text: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        var at = range.lowerBound
        var isNegative = false
        if at < range.upperBound, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < range.upperBound, range.upperBound - at <= 18 else { return nil }
        var value: Int64 = 0
        while at < range.upperBound {
            let digit = text[at] &- 0x30
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
            at += 1
        }
        return isNegative ? -value : value
    }

    /// A 24-bit address of up to six hexadecimal digits; nil for anything else.
    static func address(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        guard !range.isEmpty, range.count <= 6 else { return nil }
        var value: UInt32 = 0
        for at in range {
            guard let digit = hexDigit(text[at]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// A Mode 3/A code of up to four octal digits, without leading zeros if need be; nil for anything else.
    static func squawk(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
        guard !range.isEmpty, range.count <= 4 else { return nil }
        var value: UInt16 = 0
        for at in range {
            let digit = text[at] &- 0x30
            guard digit <= 7 else { return nil }
            value = value << 3 | UInt16(digit)
        }
        return value
    }

    /// Eight characters of an identification, packed as `Callsign` has them; nil if blank, longer or with other
    /// characters.
    static func callsign(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard !range.isEmpty, range.count <= 8 else { return nil }
        var packed: UInt64 = 0
        for at in range {
            var byte = text[at]
            if byte >= 0x61, byte <= 0x7A { byte -= 0x20 }
            guard byte == 0x20 || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) else { return nil }
            packed = packed << 8 | UInt64(byte)
        }
        for _ in range.count..<8 { packed = packed << 8 | 0x20 }
        return packed
    }
}
