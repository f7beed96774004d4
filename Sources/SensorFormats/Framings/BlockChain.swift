/// How ASTERIX blocks follow each other in a file without frames.
///
/// A block's length is all there is to find the next one by, and it may lie. So a block is believed if records fill it;
/// or, its category unknown or its records damaged, if a block stands where it says that it ends. Otherwise the file is
/// searched, byte by byte, for the next block that records fill.
enum BlockChain {
    /// What is longer is not believed without records that fill it: longer blocks do not fit into a datagram.
    static let unverifiedMax = 4096

    /// Whether a block at `at` may be believed, up to `depth` blocks being looked through whose records tell nothing.
    static func isPlausible(_ bytes: Span<UInt8>, at: Int, to end: Int, depth: Int) -> Bool {
        if at == end { return true }
        guard at + 3 <= end, bytes[at] != 0 else { return false }
        let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        guard next > at + 3, next <= end else { return false }
        if AsterixLayouts.isWholeBlock(bytes, at: at, to: end).0 { return true }
        guard next - at <= self.unverifiedMax else { return false }
        return depth == 0 || self.isPlausible(bytes, at: next, to: end, depth: depth - 1)
    }
}

/// Walks a file of bare blocks.
struct BlockFramer: Sendable {
    /// How many bytes the search for lost blocks may still look at; it keeps hostile files linear.
    private var budget: Int?
    private static let looksPerByte = 16

    /// The next block, as a datagram of its own, or the bytes that are none.
    enum Step {
        case block(Range<Int>)
        case noBlock(Range<Int>)
    }

    mutating func next(_ bytes: Span<UInt8>, at: Int) -> Step {
        let end = bytes.count
        if self.budget == nil { self.budget = end * Self.looksPerByte + 1 << 16 }
        guard at + 3 <= end else { return .noBlock(at..<end) }
        let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
        let next = at + length
        let isKnown = AsterixLayouts.knows(bytes[at])
        if length > 3, next <= end {
            if isKnown, AsterixLayouts.isWholeBlock(bytes, at: at, to: end).0 { return .block(at..<next) }
            if bytes[at] != 0, BlockChain.isPlausible(bytes, at: next, to: end, depth: 3) { return .block(at..<next) }
        }
        let found = self.search(bytes, from: at + 1)
        return isKnown ? .block(at..<found) : .noBlock(at..<found)
    }

    private mutating func search(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let end = bytes.count
        var at = start
        var budget = self.budget ?? 0
        defer { self.budget = budget }
        while at < end, budget > 0 {
            let (isWhole, cost) = AsterixLayouts.isWholeBlock(bytes, at: at, to: end)
            budget -= cost
            if isWhole {
                let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
                if BlockChain.isPlausible(bytes, at: next, to: end, depth: 1) || next - at >= 16 { return at }
            }
            at += 1
        }
        return end
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
