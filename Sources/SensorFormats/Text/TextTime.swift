import Air

extension TextNumber {
    /// Days since 1970-01-01 of a day of the Gregorian calendar; nil if there is none.
    ///
    /// Source: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard year >= 1970, year <= 2261, month >= 1, month <= 12, day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64 = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        guard day <= length else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date `2016/03/11` (or with hyphens) as days since 1970; nil for anything else.
    static func date(_ text: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        guard range.count == 10, let year = self.digits(text, range.lowerBound, 4),
            let month = self.digits(text, range.lowerBound + 5, 2),
            let day = self.digits(text, range.lowerBound + 8, 2),
            text[range.lowerBound + 4] == text[range.lowerBound + 7]
        else { return nil }
        return self.day(year: year, month: month, day: day)
    }

    /// The time of day `13:07:16`, with up to nine decimals, in nanoseconds; nil for anything else.
    static func timeOfDay(_ text: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        let start = range.lowerBound
        guard range.count >= 8, range.count <= 18, let hour = self.pair(text, start),
            let minute = self.pair(text, start + 3), let second = self.pair(text, start + 6), hour < 24,
            minute < 60, second <= 60, text[start + 2] == UInt8(ascii: ":"), text[start + 5] == UInt8(ascii: ":")
        else { return nil }
        var fraction: Int64 = 0
        if range.count > 8 {
            guard text[start + 8] == UInt8(ascii: "."), range.count > 9 else { return nil }
            guard let decimals = self.digits(text, start + 9, range.count - 9) else { return nil }
            fraction = decimals
            if range.count == 12 { fraction *= 1_000_000 } else { for _ in range.count..<18 { fraction *= 10 } }
        }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction
    }

    @inline(__always) private static func pair(_ text: Span<UInt8>, _ start: Int) -> Int64? {
        let (tens, ones) = (text[start] &- 0x30, text[start + 1] &- 0x30)
        return tens <= 9 && ones <= 9 ? Int64(tens) * 10 + Int64(ones) : nil
    }

    /// `count` decimal digits; the caller knows that they are within the text.
    private static func digits(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for at in start..<(start + count) {
            let digit = text[at] &- 0x30
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }
}
