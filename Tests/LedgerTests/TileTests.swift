import Foundation
import Testing

@testable import Ledger

@Suite("Tiles")
struct TileTests {
    @Test(
        "paths are those of the specification",
        arguments: [
            (0, 0, 256, "tile/0/000"), (0, 1_234_067, 256, "tile/0/x001/x234/067"), (1, 0, 17, "tile/1/000.p/17"),
            (0, 273, 112, "tile/0/273.p/112"), (2, 0, 1, "tile/2/000.p/1"), (0, 999, 256, "tile/0/999"),
            (0, 1000, 256, "tile/0/x001/000"), (7, 0, 255, "tile/7/000.p/255"),
            (0, 72_057_594_037_927_935, 256, "tile/0/x072/x057/x594/x037/x927/935"),
        ] as [(UInt8, UInt64, Int, String)])
    func paths(level: UInt8, index: UInt64, width: Int, path: String) throws {
        let tile = try #require(Tile(level: level, index: index, width: width))
        #expect(tile.path == path)
        #expect(Tile.Name(path: path) == .hashes(tile))
        if level == 0 {
            let entries = path.replacing("tile/0", with: "tile/entries")
            #expect(tile.entriesPath == entries)
            #expect(Tile.Name(path: entries) == .entries(tile))
        }
    }

    @Test(
        "what is no path is refused",
        arguments: [
            "", "tile", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/00/000", "tile/8/000",
            "tile/64/000", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
            "tile/0/000.p/+1", "tile/0/x001", "tile/0/001/000", "tile/0/x001/000/000", "tile/0/+01", "tile/0/-01",
            "tile/-1/000", "/tile/0/000", "tile/0/000/", "tile/0/000.p/1/1", "tile/entry/000", "tile/0/x001.p/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/1/x072/x057/x594/x037/x927/935", "tile/0/0\u{301}00",
        ])
    func badPaths(path: String) { #expect(Tile.Name(path: path) == nil) }

    @Test("a tree of 70,000 has the tiles that the specification names")
    func seventyThousand() {
        let tiles = Tile.added(to: 70_000)
        #expect(tiles.filter { $0.level == 0 && $0.isFull }.count == 273)
        #expect(
            tiles.filter { !$0.isFull }.map(\.path) == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
        #expect(tiles.filter { $0.level == 1 && $0.isFull }.map(\.path) == ["tile/1/000"])
        #expect(Tile.added(to: 256).map(\.path) == ["tile/0/000", "tile/1/000.p/1"])
        #expect(Tile.added(from: 255, to: 256).map(\.path) == ["tile/0/000", "tile/1/000.p/1"])
        #expect(Tile.added(from: 256, to: 257).map(\.path) == ["tile/0/001.p/1"])
        #expect(Tile.added(from: 7, to: 7) == [])
        #expect(Tile.added(to: 0) == [])
    }

    static func leaf(_ number: Int) -> LedgerHash { MerkleTree.leafHash(Array("\(number)".utf8).span) }

    @Test(
        "a log written in batches reads back: roots, proofs, and a writer that goes on",
        arguments: [1, 2, 3] as [UInt64])
    func written(seed: UInt64) throws {
        var chance = Seeded(seed)
        var writer = TileWriter()
        var store = TileStore()
        var sizes: [(UInt64, LedgerHash)] = []
        let total = 70_000
        while writer.size < total {
            let before = writer.size
            let batch = Int.random(in: 0...4000, using: &chance)
            for number in Int(before)..<min(total, Int(before) + batch) { writer.append(Self.leaf(number)) }
            let tiles = writer.takeTiles()
            #expect(Set(tiles.map(\.tile)) == Set(Tile.added(from: before, to: writer.size)))
            #expect(tiles.allSatisfy { $0.octets.count == 32 * $0.tile.width })
            store.write(tiles)
            sizes.append((writer.size, writer.root))
            if Bool.random(using: &chance) {
                var reader = TileReader(size: writer.size, source: store)
                let again = try TileWriter(size: writer.size, tiles: &reader)
                #expect(again.frontier == writer.frontier)
                writer = again
            }
        }
        var reader = TileReader(size: writer.size, source: store)
        for (size, root) in sizes where size > 0 {
            let found = try reader.root(size: size)
            #expect(found == root)
            let madeProof = try reader.consistencyProof(from: size, to: writer.size)
            let proof = try #require(madeProof)
            try MerkleTree.verifyConsistency(from: size, root, to: writer.size, writer.root, proof: proof)
        }
        for _ in 0..<200 {
            let index = Int.random(in: 0..<total, using: &chance)
            let madeProof = try reader.inclusionProof(of: UInt64(index), size: writer.size)
            let proof = try #require(madeProof)
            try MerkleTree.verifyInclusion(
                of: Self.leaf(index), at: UInt64(index), size: writer.size, root: writer.root, proof: proof)
        }
    }

    @Test("a tile that is missing, too short, or that no such tree has is named")
    func missing() throws {
        var writer = TileWriter()
        for number in 0..<300 { writer.append(Self.leaf(number)) }
        let tiles = writer.takeTiles()
        let whole = try #require(Tile(level: 0, index: 0)), part = try #require(Tile(level: 0, index: 1, width: 44))
        var store = TileStore()
        store.write(tiles.filter { $0.tile != whole })
        store.write([(part, [1, 2, 3])])
        var reader = TileReader(size: 300, source: store)
        #expect { try reader.hash(level: 0, index: 3) } throws: {
            if case TileReader<TileStore>.Failure.missing(whole) = $0 { true } else { false }
        }
        #expect { try reader.hash(level: 0, index: 256) } throws: {
            if case TileReader<TileStore>.Failure.wrongLength(part, octets: 3) = $0 { true } else { false }
        }
        for (level, index) in [(0, 300), (1, 150), (9, 0), (63, 1), (200, 0), (8, UInt64.max)] as [(UInt8, UInt64)] {
            #expect(throws: TileReader<TileStore>.Failure.self) { try reader.hash(level: level, index: index) }
        }
    }

    @Test("a partial tile that is gone is read off the full one")
    func pruned() throws {
        var writer = TileWriter()
        for number in 0..<256 { writer.append(Self.leaf(number)) }
        var store = TileStore()
        store.write(writer.takeTiles())
        var reader = TileReader(size: 100, source: store)
        let root = try reader.root(size: 100)
        #expect(root == MerkleTree.root(of: (0..<100).map(Self.leaf)))
    }

    @Test("a bundle of entries reads back; every truncation of it is refused or shorter")
    func bundles() throws {
        var bundle: [UInt8] = []
        let entries = [[], [1], Array(repeating: 7, count: 300)] as [[UInt8]]
        for entry in entries { #expect(EntryBundle.append(entry.span, to: &bundle)) }
        #expect(try EntryBundle.entries(of: bundle) == entries)
        for length in 0..<bundle.count {
            let found = try? EntryBundle.entries(of: Array(bundle.prefix(length)))
            #expect(found.map { $0.count < 3 } ?? true)
        }
        let long = [UInt8](repeating: 0, count: 65_536)
        #expect(!EntryBundle.append(long.span, to: &bundle))
        #expect(throws: EntryBundle.Refusal.tooMany) {
            try EntryBundle.entries(of: [UInt8](repeating: 0, count: 514))
        }
    }

    struct Folder: TileSource {
        func octets(of tile: Tile) throws -> [UInt8]? {
            (try? Data(contentsOf: log.appending(path: tile.path))).map { [UInt8]($0) }
        }
    }
    static let log = data.appending(path: "tlog/tessera-testdata/testdata/log")

    @Test(
        "the log that Tessera wrote verifies: every head, every entry in it, and that it only grew",
        .enabled(if: FileManager.default.fileExists(atPath: log.path), "../shared/data/tlog is not there"))
    func tessera() throws {
        let key = try #require(
            NoteKey(vkey: "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"))
        var heads: [Checkpoint] = []
        for size in 1...15 {
            let octets = try Data(contentsOf: Self.log.appending(path: "checkpoint.\(size)"))
            let note = try SignedNote(parsing: [UInt8](octets))
            #expect(note.octets == [UInt8](octets))
            try SignaturePolicy(required: [key]).verify(note)
            let head = try Checkpoint(parsing: note.text)
            #expect(head.text == note.text)
            heads.append(head)
            #expect(head.origin == "example.com/log/testdata" && head.size == size)
            var reader = TileReader(size: head.size, source: Folder())
            let root = try reader.root(size: head.size)
            #expect(root == head.root)
            let tile = try #require(Tile(level: 0, index: 0, width: size))
            let bundle = try Data(contentsOf: Self.log.appending(path: tile.entriesPath))
            let entries = try EntryBundle.entries(of: [UInt8](bundle))
            #expect(entries.count == size)
            for (index, entry) in entries.enumerated() {
                let madeProof = try reader.inclusionProof(of: UInt64(index), size: head.size)
                let proof = try #require(madeProof)
                try MerkleTree.verifyInclusion(
                    of: MerkleTree.leafHash(entry.span), at: UInt64(index), size: head.size, root: head.root,
                    proof: proof)
                let receipt = InclusionReceipt(index: UInt64(index), proof: proof, head: note)
                #expect(try InclusionReceipt(parsing: Array(receipt.description.utf8)) == receipt)
                try receipt.verify(
                    entry: entry.span, origin: "example.com/log/testdata", policy: SignaturePolicy(required: [key]))
            }
            for old in heads {
                let madeProof = try reader.consistencyProof(from: old.size, to: head.size)
                let proof = try #require(madeProof)
                try MerkleTree.verifyConsistency(
                    from: old.size, old.root, to: head.size, head.root, proof: proof)
            }
        }
        let empty = try Data(contentsOf: Self.log.appending(path: "checkpoint.0"))
        #expect(try Checkpoint(parsing: SignedNote(parsing: [UInt8](empty)).text).size == 0)
    }
}
