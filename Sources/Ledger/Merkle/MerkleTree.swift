internal import Crypto

/// The hash tree of RFC 6962: what proves that an entry is in a log, and that a log only grew.
///
/// A *proof* is a list of hashes, from the leaf's side to the root's. Proofs of inclusion and of consistency, of trees and of
/// subtrees, are one thing: the proof that the hash of the leaves `start ..< end` belongs to a tree of `size` leaves.
///
/// Source: RFC 6962 §2.1; RFC 9162 §2.1; draft-ietf-plants-merkle-tree-certs-03 §4 (subtrees).
public enum MerkleTree {
    /// Why a proof is refused.
    public enum Refusal: Error, Hashable, Sendable {
        /// The leaf, or the range of leaves, is not in a tree of that size.
        case outOfRange
        /// No tree has a subtree of that range: its start is no multiple of the power of two that holds it.
        case notASubtree
        /// Of an empty tree nothing is proven.
        case emptyTree
        /// The proof has more or fewer hashes than one of these sizes has.
        case wrongLength(expected: Int, found: Int)
        /// The proof does not lead to the older root, or the subtree's.
        case wrongOldRoot
        /// The proof does not lead to the root.
        case wrongRoot
    }

    /// The root of the tree without leaves: the hash of nothing.
    public static let emptyRoot = LedgerHash(SHA256())

    /// SHA-256 of 0x00 and `entry`.
    public static func leafHash(_ entry: Span<UInt8>) -> LedgerHash {
        var hasher = SHA256()
        hasher.update(0 as UInt8)
        hasher.update(entry)
        return LedgerHash(hasher)
    }

    /// SHA-256 of 0x01 and both children.
    public static func nodeHash(_ left: LedgerHash, _ right: LedgerHash) -> LedgerHash {
        var hasher = SHA256()
        hasher.update(1 as UInt8)
        hasher.update(left)
        hasher.update(right)
        return LedgerHash(hasher)
    }

    /// The root over leaf hashes; O(n).
    public static func root(of leaves: some Sequence<LedgerHash>) -> LedgerHash {
        var frontier = Frontier()
        for leaf in leaves { frontier.append(leaf) }
        return frontier.root
    }

    /// Whether some tree has a node over these leaves: not empty, and the start a multiple of the smallest power of two
    /// that is not smaller than the count.
    static func isSubtree(_ start: UInt64, _ end: UInt64) -> Bool {
        guard start < end else { return false }
        guard start > 0 else { return true }
        let bits = UInt64.bitWidth - (end - start - 1).leadingZeroBitCount
        return bits < 64 && start & (1 << UInt64(bits) - 1) == 0
    }

    /// The largest power of two below `size`, which is at least 2: where RFC 6962 cuts a tree.
    static func split(_ size: UInt64) -> UInt64 { 1 << UInt64(63 - (size - 1).leadingZeroBitCount) }

    /// The way from a root down to the subtree `start ..< end`: at each fork the way goes on, one hash is proven beside it.
    struct Descent {
        enum Step {
            /// The subtree lies to the left.
            case left
            /// The subtree lies to the right.
            case right
            /// The subtree holds all of the left, and goes on in the right.
            case both
        }
        var start: UInt64
        var end: UInt64
        var base: UInt64 = 0
        var size: UInt64
        /// Whether the bottom is the subtree itself, whose hash is known to who verifies.
        var whole = true

        /// The next fork with the range of leaves beside the way, or nil at the bottom.
        mutating func next() -> (step: Step, beside: Range<UInt64>)? {
            if self.start == 0, self.end == self.size { return nil }
            let half = MerkleTree.split(self.size)
            let middle = self.base + half
            if self.end <= half {
                let beside = middle..<self.base + self.size
                self.size = half
                return (.left, beside)
            }
            let beside = self.base..<middle
            let step: Step = self.start >= half ? .right : .both
            if step == .both { self.whole = false }
            self.start = step == .right ? self.start - half : 0
            self.end -= half
            self.base = middle
            self.size -= half
            return (step, beside)
        }
    }

    /// The ranges of leaves whose hashes make up the proof that `subtree` is of a tree of `size` leaves, from below.
    ///
    /// - Throws: `Refusal` when there is none.
    static func proofRanges(_ subtree: Range<UInt64>, size: UInt64) throws(Refusal) -> [Range<UInt64>] {
        guard subtree.upperBound <= size else { throw .outOfRange }
        guard !subtree.isEmpty else { throw .emptyTree }
        guard self.isSubtree(subtree.lowerBound, subtree.upperBound) else { throw .notASubtree }
        var descent = Descent(start: subtree.lowerBound, end: subtree.upperBound, size: size)
        var ranges: [Range<UInt64>] = []
        while let fork = descent.next() { ranges.append(fork.beside) }
        if !descent.whole { ranges.append(descent.base..<descent.base + descent.size) }
        return ranges.reversed()
    }

    /// Verifies that the leaves of a subtree are those of a tree, at the same places.
    ///
    /// With `start` 0 it is the proof of consistency of RFC 6962 §2.1.2; with one leaf that of inclusion, §2.1.1. An empty
    /// subtree is of every tree.
    ///
    /// - Parameters:
    ///   - subtree: the half-open range of its leaves.
    ///   - subroot: the hash of the subtree.
    /// - Throws: `Refusal`. O(log size).
    public static func verifySubtree(
        _ subtree: Range<UInt64>, hash subroot: LedgerHash, size: UInt64, root: LedgerHash, proof: [LedgerHash]
    ) throws(Refusal) {
        guard subtree.upperBound <= size else { throw .outOfRange }
        guard !subtree.isEmpty else {
            guard proof.isEmpty else { throw .wrongLength(expected: 0, found: proof.count) }
            guard subroot == Self.emptyRoot else { throw .wrongOldRoot }
            return
        }
        guard self.isSubtree(subtree.lowerBound, subtree.upperBound) else { throw .notASubtree }
        var descent = Descent(start: subtree.lowerBound, end: subtree.upperBound, size: size)
        // A tree of 2⁶⁴ leaves is 64 high.
        var steps = InlineArray<64, Descent.Step>(repeating: .left)
        var height = 0
        while let fork = descent.next() {
            steps[height] = fork.step
            height += 1
        }
        let expected = height + (descent.whole ? 0 : 1)
        guard proof.count == expected else { throw .wrongLength(expected: expected, found: proof.count) }
        var used = 0
        var known = subroot
        if !descent.whole {
            known = proof[0]
            used = 1
        }
        var old = known, new = known
        while height > 0 {
            height -= 1
            let beside = proof[used]
            used += 1
            switch steps[height] {
            case .left: new = self.nodeHash(new, beside)
            case .right: new = self.nodeHash(beside, new)
            case .both:
                new = self.nodeHash(beside, new)
                old = self.nodeHash(beside, old)
            }
        }
        guard old == subroot else { throw .wrongOldRoot }
        guard new == root else { throw .wrongRoot }
    }

    /// Verifies that a leaf is in a tree.
    ///
    /// Source: RFC 6962 §2.1.1; RFC 9162 §2.1.3.2. Throws `Refusal`; O(log size).
    public static func verifyInclusion(
        of leaf: LedgerHash, at index: UInt64, size: UInt64, root: LedgerHash, proof: [LedgerHash]
    ) throws(Refusal) {
        guard index < size else { throw .outOfRange }
        try self.verifySubtree(index..<index + 1, hash: leaf, size: size, root: root, proof: proof)
    }

    /// Verifies that a leaf is in the subtree `subtree` of some tree.
    ///
    /// Source: draft-ietf-plants-merkle-tree-certs-03 §4.3. Throws `Refusal`; O(log count).
    public static func verifyInclusion(
        of leaf: LedgerHash, at index: UInt64, subtree: Range<UInt64>, hash: LedgerHash, proof: [LedgerHash]
    ) throws(Refusal) {
        guard self.isSubtree(subtree.lowerBound, subtree.upperBound) else { throw .notASubtree }
        guard subtree.contains(index) else { throw .outOfRange }
        try self.verifyInclusion(
            of: leaf, at: index - subtree.lowerBound, size: subtree.upperBound - subtree.lowerBound, root: hash,
            proof: proof)
    }

    /// Verifies that a tree of `size` leaves begins with the tree of `oldSize` leaves.
    ///
    /// From an empty tree nothing is proven, and it is refused; who starts from nothing needs no proof.
    ///
    /// Source: RFC 6962 §2.1.2; RFC 9162 §2.1.4.2. Throws `Refusal`; O(log size).
    public static func verifyConsistency(
        from oldSize: UInt64, _ oldRoot: LedgerHash, to size: UInt64, _ root: LedgerHash, proof: [LedgerHash]
    ) throws(Refusal) {
        guard oldSize <= size else { throw .outOfRange }
        guard oldSize > 0 else { throw .emptyTree }
        try self.verifySubtree(0..<oldSize, hash: oldRoot, size: size, root: root, proof: proof)
    }
}
