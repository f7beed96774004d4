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
    /// What may be looked at beyond that: for the first bytes of a file.
    static let looksAtFirst = 1 << 20
    /// How far one step searches.
    static let searchMax = 1 << 16
    /// No step looks further than so many bytes: a search, and blocks behind what it found.
    static let lookahead = searchMax + 2 * 65_536 + 4 * unverifiedMax

    private var looked = 0
    private var isSearching = false

    /// The next block, as a datagram of its own, or bytes that are none.
    enum Step {
        case block(Range<Int>)
        case noBlock(Range<Int>)
    }

    /// - Parameters:
    ///   - bytes: the file, or a piece of it that ends with the file or `lookahead` bytes behind `at`.
    ///   - at: where the last step ended.
    ///   - place: the offset of `at` in the file.
    mutating func next(_ bytes: Span<UInt8>, at: Int, place: Int) -> Step {
        let end = bytes.count
        if self.isSearching {
            let found = self.search(bytes, from: at, place: place)
            if found > at { return .noBlock(at..<found) }
        }
        guard at + 3 <= end else { return .noBlock(at..<end) }
        let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        let isKnown = AsterixLayouts.knows(bytes[at])
        if next > at + 3, next <= end, bytes[at] != 0 {
            if self.isWholeBlock(bytes, at: at, place: place) ?? true { return .block(at..<next) }
            if self.isPlausible(bytes, at: next, depth: 3, place: place) { return .block(at..<next) }
        }
        let found = self.search(bytes, from: at + 1, place: place)
        return isKnown ? .block(at..<found) : .noBlock(at..<found)
    }

    /// Whether a block at `at` may be believed, up to `depth` blocks being looked through whose records tell nothing.
    mutating func isPlausible(_ bytes: Span<UInt8>, at: Int, depth: Int, place: Int = 0) -> Bool {
        let end = bytes.count
        if at == end { return true }
        guard at + 3 <= end, bytes[at] != 0 else { return false }
        let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        guard next > at + 3, next <= end else { return false }
        if self.isWholeBlock(bytes, at: at, place: place) ?? false { return true }
        guard next - at <= Self.unverifiedMax else { return false }
        return depth == 0 || self.isPlausible(bytes, at: next, depth: depth - 1, place: place)
    }

    /// Whether records fill the block at `at`; nil if no more may be looked at.
    private mutating func isWholeBlock(_ bytes: Span<UInt8>, at: Int, place: Int) -> Bool? {
        guard self.looked < place * Self.looksPerByte + Self.looksAtFirst else { return nil }
        let (isWhole, cost) = AsterixLayouts.isWholeBlock(bytes, at: at, to: bytes.count)
        self.looked += cost
        return isWhole
    }

    /// The next block that records fill, or how far it was looked for.
    private mutating func search(_ bytes: Span<UInt8>, from start: Int, place: Int) -> Int {
        let limit = min(bytes.count, start + Self.searchMax)
        self.isSearching = false
        for at in start..<max(start, limit) {
            guard let isWhole = self.isWholeBlock(bytes, at: at, place: place) else { break }
            guard isWhole else { continue }
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            // A short block may fill itself by chance: then one behind it must, too.
            if length >= 16 || self.isPlausible(bytes, at: at + length, depth: 1, place: place) { return at }
        }
        self.isSearching = limit < bytes.count
        return limit
    }
}

/// Blocks one behind the other, by their lengths alone.
enum BlockChain {
    /// Whether lengths lead from block to block exactly to the end of a range that is not empty.
    static func fills(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while at + 3 <= range.upperBound, bytes[at] != 0 {
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard length >= 3 else { return false }
            at += length
        }
        return at == range.upperBound && !range.isEmpty
    }
}
