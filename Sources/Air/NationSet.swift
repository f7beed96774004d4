/// A set of nations: one bit for each of the 676 pairs of letters, so that no set is too large and no registry is needed.
///
/// One bit more says that everybody is meant, whom no nation stands for: the public.
///
/// - Complexity: every operation takes eleven words, and allocates nothing.
@frozen public struct NationSet: Hashable, Sendable {
    @usableFromInline var words: InlineArray<11, UInt64>

    /// Nobody.
    @inlinable public init() { self.words = InlineArray(repeating: 0) }

    public init(_ nations: some Sequence<Nation>) {
        self.init()
        for nation in nations { self.insert(nation) }
    }

    /// Where the bit of a nation stands: 26 times the first letter, and the second.
    @inlinable static func bit(_ nation: Nation) -> Int {
        Int(nation.rawValue >> 8) * 26 + Int(nation.rawValue & 0xFF) - 97 * 27
    }

    @usableFromInline static let publicBit = 26 * 26

    @inlinable func has(_ bit: Int) -> Bool { self.words[bit >> 6] >> UInt64(bit & 63) & 1 == 1 }

    @inlinable public func contains(_ nation: Nation) -> Bool { self.has(Self.bit(nation)) }

    @inlinable public mutating func insert(_ nation: Nation) {
        let bit = Self.bit(nation)
        self.words[bit >> 6] |= 1 << UInt64(bit & 63)
    }

    @inlinable public mutating func remove(_ nation: Nation) {
        let bit = Self.bit(nation)
        self.words[bit >> 6] &= ~(1 << UInt64(bit & 63))
    }

    /// Whether the public is meant. It is nobody's nation, and implies none.
    @inlinable public var includesPublic: Bool {
        get { self.has(Self.publicBit) }
        set {
            let mask: UInt64 = 1 << UInt64(Self.publicBit & 63)
            if newValue { self.words[Self.publicBit >> 6] |= mask } else { self.words[Self.publicBit >> 6] &= ~mask }
        }
    }

    @inlinable public func union(_ other: Self) -> Self {
        var result = self
        for i in 0..<11 { result.words[i] |= other.words[i] }
        return result
    }

    @inlinable public func intersection(_ other: Self) -> Self {
        var result = self
        for i in 0..<11 { result.words[i] &= other.words[i] }
        return result
    }

    @inlinable public func subtracting(_ other: Self) -> Self {
        var result = self
        for i in 0..<11 { result.words[i] &= ~other.words[i] }
        return result
    }

    @inlinable public func isSubset(of other: Self) -> Bool { self.subtracting(other).isEmpty }

    @inlinable public var isEmpty: Bool {
        var any: UInt64 = 0
        for i in 0..<11 { any |= self.words[i] }
        return any == 0
    }

    /// How many nations it has; the public is none.
    public var count: Int {
        var count = self.includesPublic ? -1 : 0
        for i in 0..<11 { count += self.words[i].nonzeroBitCount }
        return count
    }

    /// Its nations by their letters.
    public var nations: [Nation] {
        var nations: [Nation] = []
        for i in 0..<11 {
            var word = self.words[i]
            while word != 0 {
                let bit = i << 6 | word.trailingZeroBitCount
                if bit < Self.publicBit { nations.append(Nation(bit: bit)) }
                word &= word - 1
            }
        }
        return nations
    }

    @inlinable public static func == (lhs: Self, rhs: Self) -> Bool {
        var difference: UInt64 = 0
        for i in 0..<11 { difference |= lhs.words[i] ^ rhs.words[i] }
        return difference == 0
    }

    public func hash(into hasher: inout Hasher) {
        for i in 0..<11 { hasher.combine(self.words[i]) }
    }
}

extension NationSet: ExpressibleByArrayLiteral {
    public init(arrayLiteral nations: Nation...) { self.init(nations) }
}

extension NationSet: CustomStringConvertible {
    /// Its nations by their letters, `public` last: `jp us`.
    public var description: String {
        (self.nations.map(\.description) + (self.includesPublic ? ["public"] : [])).joined(separator: " ")
    }
}

extension Nation {
    /// The nation whose bit in a `NationSet` stands at `bit`, 0 ..< 676.
    fileprivate init(bit: Int) { self.init(rawValue: UInt16(97 + bit / 26) << 8 | UInt16(97 + bit % 26)) }
}
