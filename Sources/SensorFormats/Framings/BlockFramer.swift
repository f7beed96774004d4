/// Finds ASTERIX blocks in a file without frames.
///
/// A block's length is all there is to find the next one by, and it may lie. So a block is believed if records fill it;
/// or, its category unknown or its records damaged, if blocks stand where it says that it ends. Otherwise the file is
/// searched, byte by byte, for the next block that records fill.
struct BlockFramer: Sendable {
    /// What is longer is not believed without records that fill it: longer blocks do not fit into a datagram.
    static let unverifiedMax = 4096
    /// How many bytes are looked at for each byte of the file; beyond that only lengths are followed, so that hostile
    /// files cost linear time too.
    static let looksPerByte = 16

    private var budget: Int?

    /// The next block, as a datagram of its own, or bytes that are none.
    enum Step {
        case block(Range<Int>)
        case noBlock(Range<Int>)
    }

    mutating func next(_ bytes: Span<UInt8>, at: Int) -> Step {
        let end = bytes.count
        guard at + 3 <= end else { return .noBlock(at..<end) }
        let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        let isKnown = AsterixLayouts.knows(bytes[at])
        if next > at + 3, next <= end, bytes[at] != 0 {
            if self.isWholeBlock(bytes, at: at) ?? true { return .block(at..<next) }
            if self.isPlausible(bytes, at: next, depth: 3) { return .block(at..<next) }
        }
        let found = self.search(bytes, from: at + 1)
        return isKnown ? .block(at..<found) : .noBlock(at..<found)
    }

    /// Whether a block at `at` may be believed, up to `depth` blocks being looked through whose records tell nothing.
    mutating func isPlausible(_ bytes: Span<UInt8>, at: Int, depth: Int) -> Bool {
        let end = bytes.count
        if at == end { return true }
        guard at + 3 <= end, bytes[at] != 0 else { return false }
        let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        guard next > at + 3, next <= end else { return false }
        if self.isWholeBlock(bytes, at: at) ?? false { return true }
        guard next - at <= Self.unverifiedMax else { return false }
        return depth == 0 || self.isPlausible(bytes, at: next, depth: depth - 1)
    }

    /// Whether records fill the block at `at`; nil if no more may be looked at.
    private mutating func isWholeBlock(_ bytes: Span<UInt8>, at: Int) -> Bool? {
        let budget = self.budget ?? (bytes.count * Self.looksPerByte + 65_536)
        guard budget > 0 else { return nil }
        let (isWhole, cost) = AsterixLayouts.isWholeBlock(bytes, at: at, to: bytes.count)
        self.budget = budget - cost
        return isWhole
    }

    private mutating func search(_ bytes: Span<UInt8>, from start: Int) -> Int {
        for at in start..<bytes.count {
            guard let isWhole = self.isWholeBlock(bytes, at: at) else { break }
            guard isWhole else { continue }
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            // A short block may fill itself by chance: then one behind it must, too.
            if length >= 16 || self.isPlausible(bytes, at: at + length, depth: 1) { return at }
        }
        return bytes.count
    }
}

/// The frames of FINAL recordings.
///
///     | length 16, the whole frame | error 8 | line 8 | day 8 | time of day 24, 10 ms | payload | A5 A5 A5 A5 |
enum FinalFrame {
    static let header = 8
    static let trailer = 4

    /// Whether a whole frame begins at `at`.
    static func isFrame(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Bool {
        guard at + self.header + self.trailer <= end else { return false }
        let next = at + Int(bigEndian16(bytes, at))
        guard next >= at + self.header + self.trailer, next <= end else { return false }
        return self.isTrailer(bytes, at: next - self.trailer)
    }

    static func isTrailer(_ bytes: Span<UInt8>, at: Int) -> Bool { bigEndian32(bytes, at) == 0xA5A5_A5A5 }
}
