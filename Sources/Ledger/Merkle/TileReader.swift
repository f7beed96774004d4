/// Where tiles are read from: a directory, a database, a partner's server.
public protocol TileSource {
    /// The octets of a tile, or nil when it is not there.
    mutating func octets(of tile: Tile) throws -> [UInt8]?
}

/// Tiles in memory.
public struct TileStore: TileSource, Sendable {
    private var tiles: [Tile: [UInt8]] = [:]

    /// No tile.
    public init() {}

    /// Keeps tiles.
    public mutating func write(_ tiles: [(tile: Tile, octets: [UInt8])]) {
        for (tile, octets) in tiles { self.tiles[tile] = octets }
    }

    public func octets(of tile: Tile) -> [UInt8]? { self.tiles[tile] }
}

/// Reads hashes, and so roots and proofs, out of tiles.
///
/// It believes its tiles: who reads those of others compares the root that comes out with a signed one, and verifies proofs.
public struct TileReader<Source: TileSource>: HashSource {
    /// Why a hash is not to be had.
    public enum Failure: Error {
        /// The tile is not there.
        case missing(Tile)
        /// The tile has not 32 octets for each of its hashes.
        case wrongLength(Tile, octets: Int)
        /// No tree of this size has such a node.
        case outOfRange(level: UInt8, index: UInt64)
        /// The source failed.
        case source(any Error)
    }

    /// Leaves of the tree, which tells how wide the tiles at the right edge are.
    public let size: UInt64
    private var source: Source
    private var read: [Tile: [LedgerHash]] = [:]
    /// Tiles that are kept; then all are let go.
    private static var keptMax: Int { 1024 }

    /// Reads a tree of `size` leaves.
    public init(size: UInt64, source: Source) {
        self.size = size
        self.source = source
    }

    public mutating func hash(level: UInt8, index: UInt64) throws(Failure) -> LedgerHash {
        guard level < 64, index <= UInt64.max >> UInt64(level),
            let (tile, first, count) = Tile.holding(level: level, index: index, size: self.size)
        else { throw .outOfRange(level: level, index: index) }
        let hashes = try self.hashes(of: tile)
        return count == 1 ? hashes[first] : TileWriter.perfectRoot(hashes[first..<first + count])
    }

    private mutating func hashes(of tile: Tile) throws(Failure) -> [LedgerHash] {
        if let kept = self.read[tile] { return kept }
        let octets: [UInt8]?
        do { octets = try self.source.octets(of: tile) } catch { throw .source(error) }
        // A partial tile may be gone once the full one is there.
        var found = octets
        if found == nil, !tile.isFull, let full = Tile(level: tile.level, index: tile.index) {
            do { found = try self.source.octets(of: full) } catch { throw .source(error) }
            if let all = found, all.count == Tile.widthMax * LedgerHash.byteCount {
                found = Array(all.prefix(tile.width * LedgerHash.byteCount))
            }
        }
        guard let found else { throw .missing(tile) }
        guard found.count == tile.width * LedgerHash.byteCount else {
            throw .wrongLength(tile, octets: found.count)
        }
        var hashes: [LedgerHash] = []
        hashes.reserveCapacity(tile.width)
        for place in 0..<tile.width {
            let begin = place * LedgerHash.byteCount
            if let hash = LedgerHash(found[begin..<begin + LedgerHash.byteCount]) { hashes.append(hash) }
        }
        if self.read.count >= Self.keptMax { self.read.removeAll(keepingCapacity: true) }
        self.read[tile] = hashes
        return hashes
    }
}
