/// The place of a tile in a tlog-tiles log: 256 hashes of one level side by side, or fewer at the right edge.
///
///     tile/L/N        256 hashes; at level 0 of leaves, above of the full tiles one level below
///     tile/L/N.p/W    W hashes, 1 to 255
///     tile/entries/…  the entries themselves
///
/// Source: C2SP tlog-tiles, "Merkle Tree".
public struct Tile: Hashable, Sendable {
    /// 0 for tiles of leaves; 8 for the highest that a count of 64 bits can have.
    public let level: UInt8
    /// Which of its level.
    public let index: UInt64
    /// Hashes in it, 1 to 256.
    public let width: Int

    /// Hashes in a full tile.
    public static var widthMax: Int { 256 }

    /// A tile by its place; nil where no tree of less than 2⁶⁴ leaves has it.
    public init?(level: UInt8, index: UInt64, width: Int = Self.widthMax) {
        guard level < 8, 1...Self.widthMax ~= width else { return nil }
        // The last leaf must have a number.
        guard index <= (UInt64.max >> (8 * UInt64(level))) >> 8 else { return nil }
        self.init(trusted: level, index, width)
    }

    private init(trusted level: UInt8, _ index: UInt64, _ width: Int) {
        self.level = level
        self.index = index
        self.width = width
    }

    /// Whether it can grow no more.
    public var isFull: Bool { self.width == Self.widthMax }

    /// Where the hashes stand, for example `tile/0/x001/x234/067` or `tile/1/000.p/17`.
    public var path: String { "tile/\(self.level)/" + self.place }

    /// Where the entries of a tile of level 0 stand, for example `tile/entries/000.p/15`.
    public var entriesPath: String { "tile/entries/" + self.place }

    private var place: String {
        var text = Self.three(self.index % 1000)
        var rest = self.index / 1000
        while rest > 0 {
            text = "x" + Self.three(rest % 1000) + "/" + text
            rest /= 1000
        }
        return self.isFull ? text : text + ".p/\(self.width)"
    }

    private static func three(_ number: UInt64) -> String {
        String("00\(number)".suffix(3))
    }

    /// What a path names: a tile, or the bundle of entries beside one of level 0.
    public enum Name: Hashable, Sendable {
        case hashes(Tile)
        case entries(Tile)

        /// Reads a path; nil unless it is written as `path` and `entriesPath` write it.
        public init?(path: some StringProtocol) {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[0] == "tile" else { return nil }
            let isEntries = parts[1] == "entries"
            guard let level = isEntries ? 0 : UInt8(parts[1]) else { return nil }
            var index: UInt64 = 0
            var width = Tile.widthMax
            var isLast = false
            for (number, part) in parts.dropFirst(2).enumerated() {
                if isLast {
                    // The width after ".p".
                    guard number == parts.count - 3, let value = Int(part) else { return nil }
                    width = value
                    continue
                }
                var digits = Substring(part)
                if digits.hasPrefix("x") { digits.removeFirst() } else { isLast = true }
                if isLast, digits.hasSuffix(".p") {
                    guard number == parts.count - 4 else { return nil }
                    digits.removeLast(2)
                } else if isLast {
                    guard number == parts.count - 3 else { return nil }
                }
                guard digits.utf8.count == 3, let value = UInt64(digits) else { return nil }
                let (product, overflow) = index.multipliedReportingOverflow(by: 1000)
                let (sum, carry) = product.addingReportingOverflow(value)
                guard !overflow, !carry else { return nil }
                index = sum
            }
            guard isLast, let tile = Tile(level: level, index: index, width: width) else { return nil }
            // One form only: no sign, no zero too many, no `.p/256`.
            guard path == (isEntries ? tile.entriesPath : tile.path) else { return nil }
            self = isEntries ? .entries(tile) : .hashes(tile)
        }
    }

    /// The tile that holds the hash of a perfect subtree in a tree of `size` leaves, and where in it.
    static func holding(level: UInt8, index: UInt64, size: UInt64) -> (tile: Tile, first: Int, count: Int)? {
        let tileLevel = level / 8
        let within = UInt64(level % 8)
        let first = index << within
        let tileIndex = first >> 8
        let total = size >> (8 * UInt64(tileLevel))
        guard total > tileIndex << 8 else { return nil }
        let width = Int(min(256, total - tileIndex << 8))
        let place = Int(first & 255)
        guard place + 1 << Int(within) <= width, let tile = Tile(level: tileLevel, index: tileIndex, width: width)
        else { return nil }
        return (tile, place, 1 << Int(within))
    }

    /// The tiles that a log must have published for a tree of `size` leaves and had not for one of `oldSize`, from below; O(n / 256), so
    /// not for a size that somebody else claims.
    ///
    /// Source: C2SP tlog-tiles, "Partial Tiles".
    public static func added(from oldSize: UInt64 = 0, to size: UInt64) -> [Tile] {
        var tiles: [Tile] = []
        for level in 0..<8 as Range<UInt8> {
            let shift = 8 * UInt64(level)
            let old = oldSize >> shift
            let new = size >> shift
            guard new > old else { break }
            for index in (old >> 8)...(new >> 8) {
                let width = Int(min(256, new - index << 8))
                guard width > 0, let tile = Tile(level: level, index: index, width: width) else { continue }
                tiles.append(tile)
            }
        }
        return tiles
    }
}
