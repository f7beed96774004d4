/// How long to wait before the next try: doubling from the first wait to the longest, each drawn from its upper half.
///
/// The draw keeps many nodes that lost the same receiver from coming back in step; a seed makes it repeatable.
///
/// Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015 ("equal jitter").
public struct Backoff: Sendable {
    /// The longest first wait, seconds.
    public let first: Double
    /// The longest of all waits, seconds.
    public let longest: Double
    private var tries = 0
    private var random: UInt64

    /// - Parameters:
    ///   - first: seconds, above 0.
    ///   - longest: seconds, not below `first`.
    ///   - seed: of the draw.
    public init(first: Double = 0.5, longest: Double = 30, seed: UInt64) {
        precondition(first > 0 && longest >= first, "waits grow from above zero")
        self.first = first
        self.longest = longest
        self.random = seed
    }

    /// The next wait, seconds.
    public mutating func next() -> Double {
        var limit = self.first
        for _ in 0..<self.tries where limit < self.longest { limit *= 2 }
        self.tries = min(self.tries + 1, 64)
        limit = min(limit, self.longest)
        return limit * (0.5 + 0.5 * self.uniform())
    }

    /// The last try went well: the next wait is a first one again.
    public mutating func reset() { self.tries = 0 }

    /// A number in 0 ..< 1.
    ///
    /// Source: S. Vigna, SplitMix64, public domain, 2015.
    private mutating func uniform() -> Double {
        self.random &+= 0x9E37_79B9_7F4A_7C15
        var z = self.random
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}
