import Air
import BenchSupport
import Crypto
import Foundation
import Ledger

/// `kumiko-bench-ledger [--entries N]`: the speed of entries, tree and catching up, beside that of Ed25519 and SHA-256.
/// `kumiko-bench-ledger write DIRECTORY [N]`: a log of N entries as files, for `scripts/check_ledger.py`.
/// `kumiko-bench-ledger books`: what the books of disclosure cost for each showing.
/// `kumiko-bench-ledger durable DIRECTORY [N]`: entries made, appended and on the disk per second, and the start with N of them.
/// `kumiko-bench-ledger hammer DIRECTORY`: writes until it is killed; `hold DIRECTORY [FOLDER]` verifies: for `scripts/kill_ledger.py`.
@main
struct Main {
    static func main() throws {
        guard let world = World() else { return }
        var rest = CommandLine.arguments.dropFirst()
        switch rest.popFirst() {
        case nil: try Speed(world: world, count: 1_000_000).run()
        case "--entries":
            guard let count = rest.popFirst().flatMap({ UInt64($0) }), count > 0 else { return Self.usage() }
            try Speed(world: world, count: count).run()
        case "write":
            guard let directory = rest.popFirst() else { return Self.usage() }
            let number = rest.popFirst()
            let count = number.map { UInt64($0) ?? 0 } ?? 1000
            guard count > 0 else { return Self.usage() }
            do {
                try Export(world: world, directory: directory).write(count)
            } catch {
                say("kumiko-bench-ledger: \(error)")
                exit(1)
            }
        case "books": try Books().run()
        case "durable":
            guard let directory = rest.popFirst() else { return Self.usage() }
            let count = rest.popFirst().map { UInt64($0) ?? 0 } ?? 1_000_000
            guard count > 0 else { return Self.usage() }
            try Durable(world: world, directory: directory, count: count).run()
        case "hammer":
            guard let directory = rest.popFirst() else { return Self.usage() }
            try Hammer(world: world, directory: directory).run()
        case "hold":
            guard let directory = rest.popFirst() else { return Self.usage() }
            try Hammer(world: world, directory: directory).verify(export: rest.popFirst())
        default: Self.usage()
        }
    }

    static func usage() {
        say(
            "usage: kumiko-bench-ledger [--entries N] | write DIRECTORY [N] | books | durable DIRECTORY [N] | "
                + "hammer DIRECTORY | hold DIRECTORY [FOLDER]")
        exit(64)
    }
}

/// How fast.
struct Speed {
    let world: World
    let count: UInt64

    /// Seconds of processor time of a pass.
    private func spent(_ pass: () throws -> Void) rethrows -> Double {
        let begin = Machine.threadTime
        try pass()
        return Machine.threadTime - begin
    }

    func run() throws {
        say(Machine.line)
        say("Processor time of one core.\n")
        let made = 20_000 as UInt64
        let bodies = (0..<made).compactMap { self.world.body($0) }
        var entries: [Entry] = []
        let signing = try self.spent {
            for (sequence, body) in bodies.enumerated() { entries.append(try self.world.entry(UInt64(sequence), body)) }
        }
        let leaf = entries[0].leaf.octets
        let body = entries[0].body.encoded

        var table = Table("raw, the same library", "octets", "per s", "µs")
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
        let message = [UInt8](repeating: 7, count: leaf.count)
        let signature = try key.signature(for: message)
        let publicKey = key.publicKey
        func add(_ name: String, _ octets: Int, _ seconds: Double) {
            table.add(name, text(octets), text(1 / seconds), text(seconds * 1e6, 2))
        }
        add("Ed25519 sign", leaf.count, measure { consume(try? key.signature(for: message)) })
        add("Ed25519 verify", leaf.count, measure { consume(publicKey.isValidSignature(signature, for: message)) })
        add("SHA-256", leaf.count, measure { consume(SHA256.hash(data: message)) })
        let node = [UInt8](repeating: 7, count: 65)
        add("SHA-256", 65, measure { consume(SHA256.hash(data: node)) })
        table.print()

        table = Table("of an entry", "octets", "per s", "µs")
        let sealing = self.spent {
            for sequence in 0..<made { consume(self.world.body(sequence).map(\.root)) }
        }
        add("body of five fields: salts, commitments, root", body.count, sealing / Double(made))
        add("signed", leaf.count, signing / Double(made))
        var log = LaneLog(lane: self.world.lane)
        let appending = try self.spent { for entry in entries { try log.append(entry.leaf) } }
        add("appended: hashed, tiles, bundles", leaf.count, appending / Double(made))
        let total = sealing + signing + appending
        add("all of it", leaf.count + body.count, total / Double(made))
        let keys = KeyRing([self.world.node.key])
        let octets = entries.map(\.leaf.octets)
        var parsed: [EntryLeaf] = []
        let parsing = try self.spent { for leaf in octets { parsed.append(try EntryLeaf(parsing: leaf)) } }
        add("leaf read", leaf.count, parsing / Double(made))
        let verifying = try self.spent {
            for (sequence, leaf) in parsed.enumerated() {
                try leaf.verify(in: self.world.lane, at: UInt64(sequence), keys: keys)
            }
        }
        add("leaf verified", leaf.count, verifying / Double(made))
        let reading = try self.spent {
            for body in entries.map(\.body.encoded) { consume(try EntryBody(parsing: body).root) }
        }
        add("body read, root made", body.count, reading / Double(made))
        table.print()

        try self.resync(octets)
    }

    /// A partner that has nothing catches up with the whole log.
    private func resync(_ octets: [[UInt8]]) throws {
        // The bundles as they come over the wire. Beyond the first entries the signatures are those of others: whoever
        // catches up by the head's signature does not look at them.
        var log = LaneLog(lane: self.world.lane)
        var files: [LaneLog.File] = []
        for sequence in 0..<self.count {
            let leaf = octets[Int(sequence % UInt64(octets.count))]
            try log.append(sequence < UInt64(octets.count) ? EntryLeaf(parsing: leaf) : Self.renumbered(leaf, sequence))
            if sequence & 0xFFFF == 0xFFFF { files += log.takeFiles() }
        }
        files += log.takeFiles()
        let head = try log.head(signedBy: self.world.nation)
        var tiles: [String: [UInt8]] = [:]
        for file in files { tiles[file.path] = file.octets }
        let bundles = Tile.added(to: log.size).filter { $0.level == 0 }.compactMap { tiles[$0.entriesPath] }
        let size = bundles.reduce(0) { $0 + $1.count }

        var table = Table("\(text(Double(self.count))) entries", "seconds", "per entry µs", "octets per entry")
        let policy = SignaturePolicy(required: [self.world.nation.key])
        var follower = LaneFollower(lane: self.world.lane, policy: policy)
        let catching = try self.spent {
            var reception = try follower.reception(of: head)
            for bundle in bundles {
                for entry in try EntryBundle.entries(of: bundle) { try reception.add(EntryLeaf(parsing: entry)) }
            }
            try follower.take(reception)
        }
        func row(_ name: String, _ seconds: Double, _ octets: Double) {
            table.add(
                name, text(seconds, 4), text(seconds / Double(self.count) * 1e6, 3), octets > 0 ? text(octets, 1) : "–")
        }
        row("caught up: read, placed, hashed, head verified", catching, Double(size) / Double(self.count))
        let keys = KeyRing([self.world.node.key])
        let sample = try octets.map { try EntryLeaf(parsing: $0) }
        let verified = try self.spent { for leaf in sample { try leaf.verifySignature(keys: keys) } }
        row(
            "and each signature (from \(text(octets.count)))",
            catching + verified / Double(octets.count) * Double(self.count), Double(size) / Double(self.count))
        struct Memory: TileSource {
            let tiles: [String: [UInt8]]
            func octets(of tile: Tile) -> [UInt8]? { self.tiles[tile.path] }
        }
        let source = Memory(tiles: tiles)
        let old = self.count / 2 + 1
        let half = try self.spent {
            var reader = TileReader(size: log.size, source: source)
            let root = try reader.root(size: old)
            let proof = try reader.consistencyProof(from: old, to: log.size) ?? []
            try MerkleTree.verifyConsistency(
                from: old, root, to: log.size, log.head.root, proof: proof)
        }
        row("consistency from half: proof made of tiles, verified", half, 0)
        let hashes = files.reduce(0) { $1.path.hasPrefix("tile/entries") ? $0 : $0 + $1.octets.count }
        let all = try self.spent {
            var writer = TileWriter()
            var reader = TileReader(size: log.size, source: source)
            for index in 0..<log.size { writer.append(try reader.hash(level: 0, index: index)) }
            guard writer.root == log.head.root else { return }
            consume(writer.takeTiles())
        }
        row("tiles audited from leaf hashes to root", all, Double(hashes) / Double(self.count))
        table.print()
        say("Memory, most: \(text(Machine.memory("VmHWM") / 1_000_000)) MB")
    }

    /// A leaf with another sequence. Its signature does not hold.
    private static func renumbered(_ octets: [UInt8], _ sequence: UInt64) throws -> EntryLeaf {
        let leaf = try EntryLeaf(parsing: octets)
        var statement = leaf.statement
        statement.sequence = sequence
        return EntryLeaf.assembled(statement, keyID: leaf.keyID, signature: leaf.signature)
    }
}
