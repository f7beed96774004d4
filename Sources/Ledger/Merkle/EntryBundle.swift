/// The entries beside a tile of level 0: each one's length in two octets, high one first, then its octets.
///
/// Source: C2SP tlog-tiles, "Log entries".
public enum EntryBundle {
    /// Octets that an entry has at most.
    public static var entryMax: Int { 65_535 }

    /// Why octets are no bundle.
    public enum Refusal: Error, Hashable, Sendable {
        /// An entry's length or octets end early.
        case truncated(offset: Int)
        /// There are more than 256 entries.
        case tooMany
    }

    /// Adds an entry to a bundle; false, and nothing added, when it is too long.
    public static func append(_ entry: Span<UInt8>, to bundle: inout [UInt8]) -> Bool {
        guard entry.count <= Self.entryMax else { return false }
        bundle.append(UInt8(entry.count >> 8))
        bundle.append(UInt8(entry.count & 255))
        for place in entry.indices { bundle.append(entry[place]) }
        return true
    }

    /// The entries of a bundle.
    public static func entries(of bundle: [UInt8]) throws(Refusal) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var offset = 0
        while offset < bundle.count {
            guard entries.count < Tile.widthMax else { throw .tooMany }
            guard bundle.count - offset >= 2 else { throw .truncated(offset: offset) }
            let length = Int(bundle[offset]) << 8 | Int(bundle[offset + 1])
            guard bundle.count - offset - 2 >= length else { throw .truncated(offset: offset) }
            entries.append(Array(bundle[(offset + 2)..<(offset + 2 + length)]))
            offset += 2 + length
        }
        return entries
    }
}
