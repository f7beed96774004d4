/// An instant in UTC, nanoseconds since 1970-01-01T00:00:00Z (leap seconds not counted).
///
/// Good from 1678 to 2262.
@frozen public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since the epoch.
    public var nanoseconds: Int64

    /// An instant by its nanoseconds since 1970.
    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// An instant by its seconds since 1970; what lies beyond the range is put at its end.
    @inlinable public init(seconds: Double) {
        let value = (seconds * 1e9).rounded()
        self.nanoseconds = value.isNaN ? 0 : Int64(max(-9.2e18, min(9.2e18, value)))
    }

    /// Seconds since 1970.
    @inlinable public var seconds: Double { Double(self.nanoseconds) / 1e9 }

    @inlinable public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// Seconds from `other` until this instant.
    @inlinable public func seconds(since other: Timestamp) -> Double {
        Double(self.nanoseconds &- other.nanoseconds) / 1e9
    }

    /// The instant `seconds` later.
    @inlinable public func advanced(by seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: self.nanoseconds &+ Timestamp(seconds: seconds).nanoseconds)
    }

    /// Nanoseconds of one day.
    @usableFromInline static let day: Int64 = 86_400_000_000_000

    /// The instant with the given time of day that lies nearest to a known one.
    ///
    /// ASTERIX sends the time since the last midnight, UTC; a recording that crosses midnight, or a plot measured
    /// before midnight and received after it, comes out right.
    ///
    /// - Parameters:
    ///   - secondsOfDay: since midnight UTC, 0 ..< 86,400 (512 s of 24 bits at 1/128 s beyond a day are folded in).
    ///   - reference: an instant less than twelve hours away.
    public init(secondsOfDay: Double, nearest reference: Timestamp) {
        let midnight = reference.nanoseconds - Self.floorMod(reference.nanoseconds, Self.day)
        var result = midnight + Timestamp(seconds: secondsOfDay).nanoseconds
        let difference = result - reference.nanoseconds
        if difference > Self.day / 2 { result -= Self.day }
        if difference < -Self.day / 2 { result += Self.day }
        self.init(nanoseconds: result)
    }

    /// Seconds since midnight, UTC, 0 ..< 86,400.
    public var secondsOfDay: Double { Double(Self.floorMod(self.nanoseconds, Self.day)) / 1e9 }

    private static func floorMod(_ a: Int64, _ b: Int64) -> Int64 {
        let r = a % b
        return r < 0 ? r + b : r
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 with milliseconds, for example `2026-11-21T13:00:00.000Z`.
    public var description: String {
        let daysSinceEpoch = (self.nanoseconds - Self.floorMod(self.nanoseconds, Self.day)) / Self.day
        let milliseconds = Self.floorMod(self.nanoseconds, Self.day) / 1_000_000
        let (year, month, day) = Self.civil(daysSinceEpoch: daysSinceEpoch)
        func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let fraction = milliseconds % 1000
        let three = fraction < 10 ? "00\(fraction)" : fraction < 100 ? "0\(fraction)" : "\(fraction)"
        return "\(year)-\(two(month))-\(two(day))T\(two(milliseconds / 3_600_000)):"
            + "\(two(milliseconds / 60_000 % 60)):\(two(milliseconds / 1000 % 60)).\(three)Z"
    }

    /// Year, month and day of the Gregorian calendar.
    ///
    /// Source: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    private static func civil(daysSinceEpoch: Int64) -> (Int64, Int64, Int64) {
        let z = daysSinceEpoch + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
