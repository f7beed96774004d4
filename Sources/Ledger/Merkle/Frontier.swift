/// The right edge of a growing tree: the roots of the perfect trees that its size is the sum of.
///
/// All that appending and the root need: at most 64 hashes, whatever the size. What others call a compact range from 0.
///
///     size 13 = 8 + 4 + 1:   [ root of 0..<8 | root of 8..<12 | leaf 12 ]
public struct Frontier: Hashable, Sendable {
    /// Leaves.
    public private(set) var size: UInt64 = 0
    /// The roots, those of the larger trees first.
    public private(set) var hashes: [LedgerHash] = []

    /// The tree without leaves.
    public init() {}

    /// A right edge as it was kept; nil unless there is one hash for each bit of `size` that is set, and for
    /// 2⁶³ leaves and more.
    public init?(size: UInt64, hashes: [LedgerHash]) {
        guard size <= UInt64(Int64.max), hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// Adds a leaf; O(log n), one node on the mean.
    public mutating func append(_ leaf: LedgerHash) {
        var hash = leaf
        for _ in 0..<(~self.size).trailingZeroBitCount {
            hash = MerkleTree.nodeHash(self.hashes.removeLast(), hash)
        }
        self.hashes.append(hash)
        self.size += 1
    }

    /// The root over all leaves; O(log n).
    public var root: LedgerHash {
        guard var hash = self.hashes.last else { return MerkleTree.emptyRoot }
        for other in self.hashes.dropLast().reversed() { hash = MerkleTree.nodeHash(other, hash) }
        return hash
    }
}
