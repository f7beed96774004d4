/// What knows the hashes of perfect subtrees: tiles on a disk, or leaves in memory.
public protocol HashSource {
    associatedtype Failure: Error
    /// The hash of the leaves `index << level ..< (index + 1) << level`, all of which the tree has.
    mutating func hash(level: UInt8, index: UInt64) throws(Failure) -> LedgerHash
}

extension HashSource {
    /// The hash of a subtree; O(log count) hashes are asked for.
    ///
    /// - Precondition: the source's tree has these leaves, and they make a subtree.
    mutating func hash(of range: Range<UInt64>) throws(Failure) -> LedgerHash {
        var parts: [LedgerHash] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let level = UInt8(63 - (range.upperBound - position).leadingZeroBitCount)
            parts.append(try self.hash(level: level, index: position >> UInt64(level)))
            position += 1 << UInt64(level)
        }
        guard var hash = parts.popLast() else { return MerkleTree.emptyRoot }
        while let left = parts.popLast() { hash = MerkleTree.nodeHash(left, hash) }
        return hash
    }

    /// The root of the tree of the first `size` leaves.
    public mutating func root(size: UInt64) throws(Failure) -> LedgerHash { try self.hash(of: 0..<size) }

    /// The proof that the leaf at `index` is in the tree of the first `size` leaves; nil where there is no such leaf.
    ///
    /// Source: RFC 6962 §2.1.1.
    public mutating func inclusionProof(of index: UInt64, size: UInt64) throws(Failure) -> [LedgerHash]? {
        guard index < size else { return nil }
        return try self.subtreeProof(of: index..<index + 1, size: size)
    }

    /// The proof that the first `size` leaves begin with the first `oldSize`; nil when `oldSize` is 0 or more than `size`.
    ///
    /// Source: RFC 6962 §2.1.2.
    public mutating func consistencyProof(from oldSize: UInt64, to size: UInt64) throws(Failure) -> [LedgerHash]? {
        try self.subtreeProof(of: 0..<oldSize, size: size)
    }

    /// The proof that a subtree is of the tree of the first `size` leaves; nil where there is no such subtree.
    ///
    /// Source: draft-ietf-plants-merkle-tree-certs-03 §4.4.
    public mutating func subtreeProof(of subtree: Range<UInt64>, size: UInt64) throws(Failure) -> [LedgerHash]? {
        guard let ranges = try? MerkleTree.proofRanges(subtree, size: size) else { return nil }
        var proof: [LedgerHash] = []
        for range in ranges { proof.append(try self.hash(of: range)) }
        return proof
    }
}
