/// Makes the tiles of a growing log out of its leaf hashes.
///
/// It keeps the tiles of the right edge alone: 256 hashes of each of log₂₅₆ n levels, so 24 KB for a million entries.
public struct TileWriter: Sendable {
    /// The right edge, from which the root comes.
    public private(set) var frontier = Frontier()
    /// The hashes of the tile that grows, of each level.
    private var edge: [[LedgerHash]] = []
    /// Full tiles that `takeTiles` has not handed out.
    private var done: [(tile: Tile, octets: [UInt8])] = []
    private var published: UInt64 = 0

    /// An empty log.
    public init() {}

    /// A log that goes on where it ended, read off its tiles.
    ///
    /// - Throws: what `tiles` throws.
    public init<Source: TileSource>(size: UInt64, tiles: inout TileReader<Source>) throws(TileReader<Source>.Failure) {
        var hashes: [LedgerHash] = []
        var position: UInt64 = 0
        while position < size {
            let level = UInt8(63 - (size - position).leadingZeroBitCount)
            hashes.append(try tiles.hash(level: level, index: position >> UInt64(level)))
            position += 1 << UInt64(level)
        }
        if let frontier = Frontier(size: size, hashes: hashes) { self.frontier = frontier }
        var level: UInt8 = 0
        while level < 8, size >> (8 * UInt64(level)) > 0 {
            let count = size >> (8 * UInt64(level))
            var row: [LedgerHash] = []
            for index in (count & ~255)..<count { row.append(try tiles.hash(level: 8 * level, index: index)) }
            self.edge.append(row)
            level += 1
        }
        self.published = size
    }

    /// Leaves.
    public var size: UInt64 { self.frontier.size }
    /// The root over all leaves.
    public var root: LedgerHash { self.frontier.root }

    /// Adds a leaf.
    public mutating func append(_ leaf: LedgerHash) {
        self.frontier.append(leaf)
        var hash = leaf
        var level = 0
        while true {
            if level == self.edge.count { self.edge.append([]) }
            self.edge[level].append(hash)
            guard self.edge[level].count == Tile.widthMax else { return }
            let count = self.size >> (8 * UInt64(level))
            if let tile = Tile(level: UInt8(level), index: (count - 1) >> 8) {
                self.done.append((tile, Self.octets(self.edge[level])))
            }
            hash = Self.perfectRoot(self.edge[level])
            self.edge[level].removeAll(keepingCapacity: true)
            level += 1
        }
    }

    /// The tiles to write before a checkpoint of the present size is shown: those full since the last call, and those of
    /// the right edge that have grown.
    public mutating func takeTiles() -> [(tile: Tile, octets: [UInt8])] {
        var tiles = self.done
        for (level, row) in self.edge.enumerated() where !row.isEmpty {
            let count = self.size >> (8 * UInt64(level))
            guard count > self.published >> (8 * UInt64(level)) else { continue }
            if let tile = Tile(level: UInt8(level), index: count >> 8, width: row.count) {
                tiles.append((tile, Self.octets(row)))
            }
        }
        self.done.removeAll()
        self.published = self.size
        return tiles
    }

    private static func octets(_ hashes: [LedgerHash]) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(hashes.count * LedgerHash.byteCount)
        for hash in hashes { octets += hash.octets }
        return octets
    }

    /// The root over a power of two of hashes.
    static func perfectRoot(_ hashes: some RandomAccessCollection<LedgerHash>) -> LedgerHash {
        var row = Array(hashes)
        while row.count > 1 {
            for place in 0..<row.count / 2 { row[place] = MerkleTree.nodeHash(row[2 * place], row[2 * place + 1]) }
            row.removeLast(row.count / 2)
        }
        return row.first ?? MerkleTree.emptyRoot
    }
}
