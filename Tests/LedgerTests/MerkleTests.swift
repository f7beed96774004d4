import Foundation
import Testing

@testable import Ledger

/// Where the data of others lie: `KUMIKO_DATA`, or `../shared/data` of the package.
let data: URL = {
    if let path = ProcessInfo.processInfo.environment["KUMIKO_DATA"] { return URL(filePath: path) }
    var root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    while root.path.count > 1 {
        let folder = root.appending(path: "shared/data")
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        root.deleteLastPathComponent()
    }
    return root
}()

/// A seeded generator of chance (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { self.state = seed }
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The tree as RFC 6962 §2.1 defines it, word for word.
struct NaiveTree: HashSource {
    var leaves: [LedgerHash]

    init(count: Int) {
        self.leaves = (0..<count).map { MerkleTree.leafHash(Array("leaf \($0)".utf8).span) }
    }

    func mth(_ range: Range<Int>) -> LedgerHash {
        if range.isEmpty { return MerkleTree.emptyRoot }
        if range.count == 1 { return self.leaves[range.lowerBound] }
        var k = 1
        while k * 2 < range.count { k *= 2 }
        let middle = range.lowerBound + k
        return MerkleTree.nodeHash(self.mth(range.lowerBound..<middle), self.mth(middle..<range.upperBound))
    }

    func path(_ m: Int, _ range: Range<Int>) -> [LedgerHash] {
        if range.count == 1 { return [] }
        var k = 1
        while k * 2 < range.count { k *= 2 }
        let middle = range.lowerBound + k
        return m < k
            ? self.path(m, range.lowerBound..<middle) + [self.mth(middle..<range.upperBound)]
            : self.path(m - k, middle..<range.upperBound) + [self.mth(range.lowerBound..<middle)]
    }

    func subproof(_ m: Int, _ range: Range<Int>, _ b: Bool) -> [LedgerHash] {
        if m == range.count { return b ? [] : [self.mth(range)] }
        var k = 1
        while k * 2 < range.count { k *= 2 }
        let middle = range.lowerBound + k
        return m <= k
            ? self.subproof(m, range.lowerBound..<middle, b) + [self.mth(middle..<range.upperBound)]
            : self.subproof(m - k, middle..<range.upperBound, false) + [self.mth(range.lowerBound..<middle)]
    }

    mutating func hash(level: UInt8, index: UInt64) throws(Never) -> LedgerHash {
        self.mth(Int(index) << Int(level)..<(Int(index) + 1) << Int(level))
    }
}

@Suite("Merkle tree")
struct MerkleTests {
    struct Vector: Decodable {
        var leafIdx: UInt64?, treeSize: UInt64?, start: UInt64?, end: UInt64?, size: UInt64?
        var size1: UInt64?, size2: UInt64?
        var root: Data?, leafHash: Data?, root1: Data?, root2: Data?
        var proof: [Data]?
        var wantErr: Bool

        /// The vectors hold roots of any length; what is no hash stands for one that nothing else has.
        static func hash(_ octets: Data?) -> LedgerHash {
            let octets = [UInt8](octets ?? Data())
            return LedgerHash(octets) ?? LedgerHash(hashing: octets.span)
        }

        func check() throws {
            let proof = (self.proof ?? []).map(Self.hash)
            let subtree = (self.start ?? 0)..<max(self.start ?? 0, self.end ?? 0)
            if let start, let end, start > end { throw MerkleTree.Refusal.notASubtree }
            if let leafIdx, let leafHash {
                guard leafHash.count == 32 else { throw MerkleTree.Refusal.outOfRange }
                if let treeSize {
                    try MerkleTree.verifyInclusion(
                        of: Self.hash(leafHash), at: leafIdx, size: treeSize, root: Self.hash(self.root), proof: proof)
                } else {
                    try MerkleTree.verifyInclusion(
                        of: Self.hash(leafHash), at: leafIdx, subtree: subtree, hash: Self.hash(self.root),
                        proof: proof)
                }
            } else if let size1, let size2 {
                try MerkleTree.verifyConsistency(
                    from: size1, Self.hash(self.root1), to: size2, Self.hash(self.root2), proof: proof)
            } else {
                try MerkleTree.verifySubtree(
                    subtree, hash: Self.hash(self.root1), size: self.size ?? 0, root: Self.hash(self.root2),
                    proof: proof)
            }
        }
    }

    static let vectors: [String] = {
        let folder = data.appending(path: "tlog/merkle-testdata/testdata")
        let all = FileManager.default.enumerator(atPath: folder.path)?.allObjects.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".json") }.sorted()
    }()

    @Test("every vector of transparency-dev/merkle is judged as its makers judge it", arguments: vectors)
    func vector(file: String) throws {
        let url = data.appending(path: "tlog/merkle-testdata/testdata").appending(path: file)
        let vector = try JSONDecoder().decode(Vector.self, from: Data(contentsOf: url))
        if vector.wantErr {
            #expect(throws: MerkleTree.Refusal.self) { try vector.check() }
        } else {
            #expect(throws: Never.self) { try vector.check() }
        }
    }

    @Test("the root of nothing is the hash of nothing")
    func nothing() {
        #expect(MerkleTree.emptyRoot.description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("all 518 vectors are there", .enabled(if: !vectors.isEmpty, "../shared/data/tlog is not there"))
    func vectorsAreThere() { #expect(Self.vectors.count == 518) }

    static let count = 130

    @Test("the frontier has the root of the definition, for every size up to 130")
    func frontier() {
        let tree = NaiveTree(count: Self.count)
        var frontier = Frontier()
        for size in 0...Self.count {
            #expect(frontier.root == tree.mth(0..<size))
            #expect(Frontier(size: frontier.size, hashes: frontier.hashes) == frontier)
            if size < Self.count { frontier.append(tree.leaves[size]) }
        }
        #expect(Frontier(size: 3, hashes: []) == nil)
    }

    @Test("inclusion proofs are those of the definition, and verify, for every leaf of every size up to 130")
    func inclusion() throws {
        var tree = NaiveTree(count: Self.count)
        for size in 1...Self.count {
            let root = tree.mth(0..<size)
            for index in 0..<size {
                let madeProof = tree.inclusionProof(of: UInt64(index), size: UInt64(size))
                let proof = try #require(madeProof)
                #expect(proof == tree.path(index, 0..<size))
                try MerkleTree.verifyInclusion(
                    of: tree.leaves[index], at: UInt64(index), size: UInt64(size), root: root, proof: proof)
            }
            let none = tree.inclusionProof(of: UInt64(size), size: UInt64(size))
            #expect(none == nil)
        }
    }

    @Test("consistency proofs are those of the definition, and verify, for every two sizes up to 130")
    func consistency() throws {
        var tree = NaiveTree(count: Self.count)
        for size in 1...Self.count {
            let root = tree.mth(0..<size)
            for old in 1...size {
                let madeProof = tree.consistencyProof(from: UInt64(old), to: UInt64(size))
                let proof = try #require(madeProof)
                #expect(proof == tree.subproof(old, 0..<size, true))
                try MerkleTree.verifyConsistency(
                    from: UInt64(old), tree.mth(0..<old), to: UInt64(size), root, proof: proof)
            }
        }
        let ofNothing = tree.consistencyProof(from: 0, to: 5), backwards = tree.consistencyProof(from: 6, to: 5)
        #expect(ofNothing == nil && backwards == nil)
    }

    @Test("subtree proofs verify for every subtree of every size up to 40, and no other range is one")
    func subtrees() throws {
        var tree = NaiveTree(count: 40)
        for size in 1...40 {
            for start in 0..<size {
                for end in start + 1...size {
                    var width = 1
                    while width < end - start { width *= 2 }
                    let proof = tree.subtreeProof(of: UInt64(start)..<UInt64(end), size: UInt64(size))
                    guard start % width == 0 else {
                        #expect(proof == nil)
                        continue
                    }
                    try MerkleTree.verifySubtree(
                        UInt64(start)..<UInt64(end), hash: tree.mth(start..<end), size: UInt64(size),
                        root: tree.mth(0..<size), proof: #require(proof))
                }
            }
        }
    }

    @Test("no proof survives a changed octet, a hash more or less, or another place", arguments: [1, 2, 3] as [UInt64])
    func broken(seed: UInt64) throws {
        var chance = Seeded(seed)
        var tree = NaiveTree(count: Self.count)
        for _ in 0..<300 {
            let size = UInt64.random(in: 2...UInt64(Self.count), using: &chance)
            let old = UInt64.random(in: 1..<size, using: &chance)
            let root = tree.mth(0..<Int(size)), oldRoot = tree.mth(0..<Int(old))
            let madeProof = tree.consistencyProof(from: old, to: size)
            let proof = try #require(madeProof)
            let madePath = tree.inclusionProof(of: old, size: size)
            let path = try #require(madePath)
            var octets = proof.map(\.octets)
            octets[Int.random(in: 0..<proof.count, using: &chance)][Int.random(in: 0..<32, using: &chance)] ^= 4
            for wrong in [octets.compactMap { LedgerHash($0) }, proof.dropLast(), proof + [root]] {
                #expect(throws: MerkleTree.Refusal.self) {
                    try MerkleTree.verifyConsistency(from: old, oldRoot, to: size, root, proof: Array(wrong))
                }
            }
            #expect(throws: MerkleTree.Refusal.self) {
                try MerkleTree.verifyInclusion(
                    of: tree.leaves[Int(old)], at: old - 1, size: size, root: root, proof: path)
            }
            #expect(throws: MerkleTree.Refusal.self) {
                try MerkleTree.verifyInclusion(
                    of: tree.leaves[Int(old - 1)], at: old, size: size, root: root, proof: path)
            }
        }
    }
}
