import Glibc

/// A small seeded generator of random numbers: the same seed gives the same exercise, on any machine.
///
/// Not for keys or anything that must not be guessed.
///
/// Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
@frozen public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// A generator whose whole sequence follows from `seed`.
    @inlinable public init(seed: UInt64) { self.state = seed }

    /// A generator of its own for each `stream` of one seed, so that drawing from one does not move the others.
    @inlinable public init(seed: UInt64, stream: UInt64) {
        var first = SplitMix64(seed: seed)
        var second = SplitMix64(seed: first.next() ^ stream &* 0xD605_0B54_6F3B_9A5D)
        self.state = second.next()
    }

    @inlinable public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0 ..< 1.
    @inlinable public mutating func unit() -> Double { Double(self.next() >> 11) * 0x1p-53 }

    /// A number within `range`.
    @inlinable public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * self.unit()
    }

    /// True with probability `p`.
    @inlinable public mutating func chance(_ p: Double) -> Bool { self.unit() < p }

    /// A whole number in 0 ..< `count`.
    @inlinable public mutating func index(below count: Int) -> Int {
        precondition(count > 0, "a choice needs something to choose from")
        return Int(self.next() % UInt64(count))  // the bias is below 2⁻⁴⁰ for any list that fits in memory
    }

    /// A number of the standard normal distribution (Box and Muller).
    public mutating func gaussian() -> Double {
        let radius = (-2 * log(1 - self.unit())).squareRoot()
        return radius * cos(2 * .pi * self.unit())
    }

    /// A number of the Poisson distribution.
    ///
    /// - Complexity: proportional to `mean` (Knuth), in steps of at most 30 so that e^−mean does not vanish.
    public mutating func poisson(mean: Double) -> Int {
        var count = 0
        var left = min(max(mean, 0), 1e6)
        while left > 0 {
            let floor = exp(-min(left, 30))
            left -= 30
            var product = self.unit()
            while product > floor {
                count += 1
                product *= self.unit()
            }
        }
        return count
    }

    /// The index of one of `weights`, in proportion to it.
    mutating func index(weights: [Double]) -> Int {
        var left = self.unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return weights.count - 1
    }
}
