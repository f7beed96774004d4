import Air

/// Text of numbers and times appended to bytes.
extension [UInt8] {
    mutating func append(text: StaticString) {
        // The buffer of a literal lives as long as the program.
        unsafe self.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// `value` as decimal digits, at least `digits` of them.
    mutating func append(number value: Int64, digits: Int = 1) {
        if value < 0 { self.append(UInt8(ascii: "-")) }
        var power: UInt64 = 1
        var count = 1
        while count < 19, count < digits || value.magnitude / power >= 10 {
            power *= 10
            count += 1
        }
        while power > 0 {
            self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value.magnitude / power % 10))
            power /= 10
        }
    }

    /// `value` rounded to `decimals` places, all of which are written; nothing if it is not finite or beyond 9e12.
    mutating func append(decimal value: Double, decimals: Int) {
        var scale: Int64 = 1
        for _ in 0..<Swift.max(0, Swift.min(6, decimals)) { scale *= 10 }
        guard value.isFinite, abs(value) < 9e12 else { return }
        let scaled = Int64((value * Double(scale)).rounded(.toNearestOrAwayFromZero))
        if scaled < 0, scaled > -scale { self.append(UInt8(ascii: "-")) }
        self.append(number: scaled / scale)
        guard decimals > 0 else { return }
        self.append(UInt8(ascii: "."))
        self.append(number: Int64(scaled.magnitude % scale.magnitude), digits: decimals)
    }

    /// The lowest `digits` hexadecimal digits, upper case.
    mutating func append(hex value: UInt32, digits: Int) {
        for i in 0..<digits {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt32(4 * (digits - 1 - i))) & 15
            self.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + (nibble - 10))
        }
    }

    /// Four octal digits.
    mutating func append(squawk: Mode3A) {
        for i: UInt16 in 0..<4 {
            self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: squawk.rawValue >> (9 - 3 * i)) & 7)
        }
    }

    /// An identification without the blanks that fill it.
    mutating func append(callsign: Callsign) {
        let count = 8 - callsign.packed.trailingBlanks
        for i in 0..<count { self.append(UInt8(truncatingIfNeeded: callsign.packed >> UInt64(56 - 8 * i))) }
    }
}
