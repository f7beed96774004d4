/// A string of up to 1,536 bits, stored inline; the first bit is the most significant one.
public struct BitString: Hashable, Sendable {
    /// The most bits that it holds; the longest message that is kept in one is of AIS and has 1,064.
    public static let capacity = 1536

    private var words = InlineArray<24, UInt64>(repeating: 0)
    /// How many bits it holds.
    public private(set) var count = 0

    /// No bits.
    public init() {}

    /// The bits of up to 192 bytes; nil if there are more.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count * 8 <= Self.capacity else { return nil }
        for i in bytes.indices { self.append(UInt64(bytes[i]), bits: 8) }
    }

    /// The number in `bits` bits (0...64) from `position` on; bits outside of the string are 0.
    public func number(at position: Int, bits: Int) -> UInt64 {
        guard bits > 0, bits <= 64, position >= 0, position < Self.capacity else { return 0 }
        let (word, offset) = (position >> 6, position & 63)
        var value = self.words[word] << UInt64(offset)
        if offset + bits > 64, word + 1 < 24 { value |= self.words[word + 1] >> UInt64(64 - offset) }
        return value >> UInt64(64 - bits)
    }

    /// Appends the lowest `bits` bits (0...64) of a number; what finds no room is cut off.
    public mutating func append(_ value: UInt64, bits: Int) {
        guard bits > 0, bits <= 64 else { return }
        var (value, bits) = (value, bits)
        if self.count + bits > Self.capacity {
            value >>= UInt64(self.count + bits - Self.capacity)
            bits = Self.capacity - self.count
            guard bits > 0 else { return }
        }
        let aligned = value << UInt64(64 - bits)
        let (word, offset) = (self.count >> 6, self.count & 63)
        self.words[word] |= aligned >> UInt64(offset)
        if offset + bits > 64 { self.words[word + 1] = aligned << UInt64(64 - offset) }
        self.count += bits
    }

    /// Appends another string; what finds no room is cut off.
    public mutating func append(_ other: BitString) {
        var at = 0
        while at < other.count {
            let bits = min(64, other.count - at)
            self.append(other.number(at: at, bits: bits), bits: bits)
            at += bits
        }
    }

    /// The part from `start` up to `end`, as far as it is there.
    public func part(_ start: Int, _ end: Int) -> BitString {
        var result = BitString()
        var at = max(0, start)
        let end = min(end, self.count)
        while at < end {
            let bits = min(64, end - at)
            result.append(self.number(at: at, bits: bits), bits: bits)
            at += bits
        }
        return result
    }

    /// Cuts off all beyond `count` bits, or adds zeros up to them.
    public mutating func resize(to count: Int) {
        if count > self.count {
            self.count = min(count, Self.capacity)
        } else {
            self = self.part(0, max(0, count))
        }
    }

    /// The bytes, the last filled up with zeros.
    public var bytes: [UInt8] {
        stride(from: 0, to: self.count, by: 8).map { UInt8(truncatingIfNeeded: self.number(at: $0, bits: 8)) }
    }

    public static func == (a: BitString, b: BitString) -> Bool {
        guard a.count == b.count else { return false }
        for i in 0..<24 where a.words[i] != b.words[i] { return false }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.count)
        for i in 0..<24 { hasher.combine(self.words[i]) }
    }
}
