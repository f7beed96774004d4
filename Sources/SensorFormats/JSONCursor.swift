/// A place in a `JSONWriter`'s buffer that is written to without a question for each byte.
///
/// Whoever takes one (`JSONWriter.cursor`) has made room first, says of each piece how long it can be, and gives the
/// cursor back (`JSONWriter.resume`). Pieces of text are copied sixteen bytes at a time, so up to `slack` bytes behind
/// the end may be written, and `JSONWriter` keeps that many behind its capacity.
@safe struct JSONCursor {
    // Within the buffer that the writer owns; `at` only grows, and only by what room was made for.
    private let base: UnsafeMutablePointer<UInt8>
    private(set) var at: Int

    /// Bytes behind the text that may be written and mean nothing.
    static let slack = 32

    @unsafe init(_ base: UnsafeMutablePointer<UInt8>, at: Int) {
        unsafe self.base = base
        self.at = at
    }

    @inline(__always) private func store<Word>(_ word: Word, _ offset: Int = 0) {
        unsafe UnsafeMutableRawPointer(self.base + (self.at &+ offset)).storeBytes(of: word, as: Word.self)
    }

    /// Writes one byte.
    @inline(__always) mutating func put(_ byte: UInt8) {
        self.store(byte)
        self.at &+= 1
    }

    /// Writes `length` bytes from `start` on of a text with `slack` bytes behind its end.
    @inline(__always) mutating func put(_ text: Span<UInt8>, _ start: Int, _ length: Int) {
        unsafe text.withUnsafeBytes { text in
            // The pieces of a text are laid out by `AsterixText`, which pads its end.
            precondition(start >= 0 && start &+ length &+ Self.slack <= text.count, "a piece beyond its text")
            unsafe self.store(text.loadUnaligned(fromByteOffset: start, as: SIMD16<UInt8>.self))
            guard length > 16 else { return }
            var done = 16
            repeat {
                unsafe self.store(text.loadUnaligned(fromByteOffset: start &+ done, as: SIMD16<UInt8>.self), done)
                done &+= 16
            } while done < length
        }
        self.at &+= length
    }

    // MARK: Numbers

    /// The eight decimal digits of a number below 10⁸, the first in the lowest byte, as numbers 0...9.
    ///
    /// Halves, quarters and eighths are divided side by side in one word: n / 100 as n · 10486 / 2²⁰ for n < 10⁴, and
    /// n / 10 as n · 103 / 2¹⁰ for n < 100.
    @inline(__always) static func eightDigits(_ number: UInt64) -> UInt64 {
        let high = number / 10_000
        let halves = high | (number &- high &* 10_000) << 32
        let hundreds = (halves &* 10_486) &>> 20 & 0x0000_007F_0000_007F
        let quarters = hundreds | (halves &- hundreds &* 100) &<< 16
        let tens = (quarters &* 103) &>> 10 & 0x000F_000F_000F_000F
        return tens | (quarters &- tens &* 10) &<< 8
    }

    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// Writes a whole number: at most 20 bytes.
    @inline(__always) mutating func number(_ number: UInt64) {
        if number < 10 { return self.put(UInt8(truncatingIfNeeded: number) &+ 0x30) }
        self.longNumber(number)
    }

    @inline(__always) private mutating func longNumber(_ number: UInt64) {
        if number < 100 {
            let tens = (number &* 103) &>> 10
            self.store(UInt16(truncatingIfNeeded: tens | (number &- tens &* 10) &<< 8).littleEndian &+ 0x3030)
            self.at &+= 2
        } else if number < 100_000_000 {
            self.headDigits(number)
        } else {
            let high = number / 100_000_000
            if high < 100_000_000 {
                self.headDigits(high)
            } else {
                let highest = high / 100_000_000
                self.headDigits(highest)
                self.tailDigits(high &- highest &* 100_000_000)
            }
            self.tailDigits(number &- high &* 100_000_000)
        }
    }

    /// A number below 10⁸ without zeros before it; it must not be zero.
    @inline(__always) private mutating func headDigits(_ number: UInt64) {
        let digits = Self.eightDigits(number)
        let zeros = digits.trailingZeroBitCount & ~7
        self.store(((digits | Self.zeros) &>> UInt64(truncatingIfNeeded: zeros)).littleEndian)
        self.at &+= 8 &- zeros &>> 3
    }

    /// A number below 10⁸ with all its eight digits.
    @inline(__always) private mutating func tailDigits(_ number: UInt64) {
        self.store((Self.eightDigits(number) | Self.zeros).littleEndian)
        self.at &+= 8
    }

    /// Writes a point and `fraction` / 10¹⁶ without zeros at the end; nothing if it is zero. At most 17 bytes.
    @inline(__always) mutating func fraction(_ fraction: UInt64) {
        guard fraction != 0 else { return }
        self.store(UInt8(ascii: "."))
        let high = fraction / 100_000_000
        let low = fraction &- high &* 100_000_000
        let first = Self.eightDigits(high)
        self.store((first | Self.zeros).littleEndian, 1)
        if low == 0 {
            self.at &+= 9 &- first.leadingZeroBitCount &>> 3
        } else {
            let second = Self.eightDigits(low)
            self.store((second | Self.zeros).littleEndian, 9)
            self.at &+= 17 &- second.leadingZeroBitCount &>> 3
        }
    }

    /// Writes the lowest `digits` (1...16) hexadecimal digits in quotes, lower case: at most 18 bytes.
    @inline(__always) mutating func hex(_ value: UInt64, digits: Int) {
        self.put(UInt8(ascii: "\""))
        let word = value &<< UInt64(truncatingIfNeeded: 64 &- 4 &* digits)
        self.store(Self.hexDigits(word &>> 32).littleEndian)
        if digits > 8 { self.store(Self.hexDigits(word & 0xFFFF_FFFF).littleEndian, 8) }
        self.at &+= digits
        self.put(UInt8(ascii: "\""))
    }

    /// The digits of 32 bits, the first in the lowest byte.
    @inline(__always) private static func hexDigits(_ value: UInt64) -> UInt64 {
        var spread = (value | value &<< 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread &<< 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (spread &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
        return (spread &+ Self.zeros &+ isLetter &* 39).byteSwapped
    }

    /// Writes the lowest `digits` (1...21) octal digits in quotes: at most 23 bytes.
    @inline(__always) mutating func octal(_ value: UInt64, digits: Int) {
        self.put(UInt8(ascii: "\""))
        if digits == 4 {
            let high = value &>> 9 & 7 | (value &>> 6 & 7) &<< 8
            let low = (value &>> 3 & 7) &<< 16 | (value & 7) &<< 24
            self.store(UInt32(truncatingIfNeeded: high | low).littleEndian | 0x3030_3030)
            self.at &+= 4
        } else {
            for place in 0..<digits {
                let digit = value &>> UInt64(truncatingIfNeeded: 3 &* (digits &- 1 &- place)) & 7
                self.put(UInt8(truncatingIfNeeded: digit) | 0x30)
            }
        }
        self.put(UInt8(ascii: "\""))
    }

    /// Writes eight characters of six bits in quotes without the blanks at the end: at most 10 bytes.
    ///
    /// - Returns: false, and nothing is written, if a code is no character.
    @inline(__always) mutating func eightCharacters(_ raw: UInt64) -> Bool {
        var letters: UInt64 = 0
        var isCharacter = true
        for place in 0..<8 {
            let letter = sixBitLetter(
                UInt8(truncatingIfNeeded: raw &>> UInt64(truncatingIfNeeded: 42 &- 6 &* place)) & 0x3F)
            isCharacter = isCharacter && letter != 0
            letters |= UInt64(letter) &<< UInt64(truncatingIfNeeded: 8 &* place)
        }
        guard isCharacter else { return false }
        let blanks = (letters ^ 0x2020_2020_2020_2020).leadingZeroBitCount &>> 3
        self.put(UInt8(ascii: "\""))
        self.store(letters.littleEndian)
        self.at &+= 8 &- blanks
        self.put(UInt8(ascii: "\""))
        return true
    }
}
