import Air
import BenchSupport
import Foundation
import Ledger
import Storage
import Synchronization

/// Entries made, appended and on the disk per second, and the start with many of them.
struct Durable {
    let world: World
    let directory: String
    let count: UInt64

    func run() throws {
        say(Machine.line)
        guard !FileManager.default.fileExists(atPath: self.directory) else {
            say("kumiko-bench-ledger: \(self.directory) is there already; name a directory to be made")
            exit(64)
        }
        try self.sync()
        for (lanes, size) in [(1, 1), (1, 50), (8, 50), (8, 200)] { try self.group(lanes: lanes, size: size) }
        try self.start()
        try FileManager.default.removeItem(atPath: self.directory)
    }

    /// What the disk does without anything else: 4,096 octets written and synced.
    private func sync() throws {
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        let path = self.directory + "/sync"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
        let page = [UInt8](repeating: 1, count: 4096)
        let begin = Machine.monotonic
        let syncs = 200
        for _ in 0..<syncs {
            _ = unsafe page.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            fdatasync(descriptor)
        }
        let seconds = Double(Machine.monotonic - begin) / 1e9
        close(descriptor)
        unsafe unlink(path)
        say("Raw: 4,096 octets written and synced \(text(Double(syncs) / seconds)) times a second.\n")
    }

    /// Submitters that make entries, sign them and a head, and go on without waiting for the disk, at most 64 batches ahead.
    private func group(lanes: Int, size: Int) throws {
        let directory = try DataDirectory("\(self.directory)/\(lanes)-\(size)")
        let store = try LedgerStore(in: directory)
        let writer = LedgerWriter(store: store)
        let entries = size == 1 ? 5000 : 100_000
        let perLane = entries / lanes / size
        let latencies = Mutex<[UInt64]>([])
        let failed = Mutex(0)
        let begin = Machine.monotonic
        let spent = Machine.processTime(getpid())
        let threads = (0..<min(2, lanes)).map { thread in
            let world = self.world
            let ended = DispatchSemaphore(value: 0)
            let work = Thread {
                let room = DispatchSemaphore(value: 64)
                var logs: [(LaneLog, NoteSigner)] = []
                for number in 0..<lanes where number % 2 == thread || lanes == 1 {
                    guard let lane = world.lane(number) else { continue }
                    logs.append((LaneLog(lane: lane), world.signer(of: lane)))
                }
                for _ in 0..<perLane {
                    for place in logs.indices {
                        let submitted = Machine.monotonic
                        guard let batch = try? world.batch(&logs[place].0, logs[place].1, size) else { continue }
                        room.wait()
                        writer.submit(batch) { error in
                            if error != nil { failed.withLock { $0 += 1 } }
                            latencies.withLock { $0.append(Machine.monotonic - submitted) }
                            room.signal()
                        }
                    }
                }
                for _ in 0..<64 { room.wait() }
                for _ in 0..<64 { room.signal() }
                ended.signal()
            }
            work.stackSize = 1 << 22
            work.start()
            return ended
        }
        for thread in threads { thread.wait() }
        let seconds = Double(Machine.monotonic - begin) / 1e9
        let processor = Machine.processTime(getpid()) - spent
        let made = Double(perLane * lanes * size)
        let sorted = latencies.withLock { $0.sorted() }
        func latency(_ part: Double) -> String {
            text(Double(sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]) / 1e6, 1)
        }
        var table = Table(
            "\(lanes) lanes, \(size) entries and a head to a batch", "entries/s", "processor µs each", "entries a sync",
            "p50 ms",
            "p99 ms", "not there")
        table.add(
            "made, signed, appended, on the disk", text(made / seconds), text(processor / made * 1e6, 1),
            text(made / Double(writer.counters.transactions)), latency(0.5), latency(0.99),
            text(failed.withLock { $0 }))
        table.print()
        try store.close()
    }

    private func start() throws {
        let path = "\(self.directory)/start"
        let head: Checkpoint
        do {
            let store = try LedgerStore(in: DataDirectory(path))
            guard let body = self.world.body(0) else { return }
            let first = try self.world.entry(0, body).leaf
            var log = LaneLog(lane: self.world.lane)
            // One signature will do: what is looked at is the tree.
            while log.size < self.count {
                var batch = LedgerBatch()
                for _ in 0..<min(20_000, self.count - log.size) {
                    var statement = first.statement
                    statement.sequence = log.size
                    let leaf = EntryLeaf.assembled(statement, keyID: first.keyID, signature: first.signature)
                    try log.append(leaf)
                    batch.append(leaf: leaf)
                }
                batch.add(head: try log.head(signedBy: self.world.nation), of: self.world.lane)
                try store.write(batch)
            }
            head = log.head
            try store.close()
        }
        var table = Table("start with \(text(Int(self.count))) entries", "seconds", "processor seconds")
        for (name, verify) in [
            ("every leaf hashed, every page checked", LedgerStore.Verification.everything), ("the right edge", .edge),
        ] {
            let begin = Machine.monotonic
            let spent = Machine.processTime(getpid())
            let store = try LedgerStore(in: DataDirectory(path), verify: verify)
            let seconds = Double(Machine.monotonic - begin) / 1e9
            guard store.frontier(of: self.world.lane).root == head.root else { throw CocoaError(.fileReadCorruptFile) }
            table.add(name, text(seconds, 2), text(Machine.processTime(getpid()) - spent, 2))
            if case .everything = verify {
                let begin = Machine.monotonic
                var reader = TileReader(size: self.count, source: store.tiles(of: self.world.lane))
                let old = self.count / 2 + 1
                let proof = try reader.consistencyProof(from: old, to: self.count) ?? []
                try MerkleTree.verifyConsistency(
                    from: old, store.root(of: self.world.lane, size: old), to: self.count, head.root, proof: proof)
                table.add(
                    "proof from half of it, made and verified", text(Double(Machine.monotonic - begin) / 1e9, 3), "")
                let reading = Machine.monotonic
                var octets = 0
                try store.forEachEntry(of: self.world.lane, in: 0..<self.count) { octets += $0.leaf.octets.count }
                table.add("all entries read", text(Double(Machine.monotonic - reading) / 1e9, 2), "")
            }
            try store.close()
        }
        table.print()
        let size =
            (try? FileManager.default.attributesOfItem(atPath: path + "/" + LedgerStore.fileName)[.size] as? Int) ?? 0
        say("\(text(Double(size) / Double(self.count), 1)) octets of the file to an entry without a body")
    }
}

extension World {
    /// One of many lanes.
    func lane(_ number: Int) -> Lane? { Lane(nation: self.lane.nation, realm: self.lane.realm, audience: "a\(number)") }

    func signer(of lane: Lane) -> NoteSigner {
        NoteSigner(name: lane.origin, algorithm: .ed25519, secret: [UInt8](repeating: 2, count: 32)) ?? self.nation
    }

    /// The next entries of a lane, signed, and the head over them.
    func batch(_ log: inout LaneLog, _ signer: NoteSigner, _ size: Int) throws -> LedgerBatch {
        var batch = LedgerBatch()
        for _ in 0..<size {
            let salts = self.salts.salts(lane: log.lane, sequence: log.size)
            guard
                let body = EntryBody(
                    [
                        ("track", .unsigned(log.size % 5000)), ("from", .unsigned(1_795_266_000 + log.size)),
                        ("to", .unsigned(1_795_266_010 + log.size)), ("rule", "agreement/jp-au/3"),
                        ("shown", .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: log.size), count: 32))),
                    ], salt: { salts[$0] })
            else { throw EntryRefusal.cannotBe }
            let entry = try self.node.entry(
                lane: log.lane, sequence: log.size, kind: "disclosure.track",
                time: Timestamp(nanoseconds: 1_795_266_000_000_000_000 + Int64(log.size) * 1_000_000),
                label: self.label,
                body: body)
            try log.append(entry.leaf)
            batch.append(entry)
        }
        _ = log.takeFiles()
        batch.add(head: try log.head(signedBy: signer), of: log.lane)
        return batch
    }
}

/// Writes until it is killed, and says after each batch what is on the disk.
struct Hammer {
    let world: World
    let directory: String

    func run() throws {
        let store = try LedgerStore(in: DataDirectory(self.directory))
        let writer = LedgerWriter(store: store, windowMilliseconds: 2)
        var logs: [(LaneLog, NoteSigner)] = []
        for number in 0..<3 {
            guard let lane = self.world.lane(number) else { continue }
            logs.append((try store.log(of: lane), self.world.signer(of: lane)))
        }
        let room = DispatchSemaphore(value: 8)
        while true {
            for place in logs.indices {
                var batch = try self.world.batch(&logs[place].0, logs[place].1, 5)
                let lane = logs[place].0.lane
                let size = logs[place].0.size
                batch.set(Array("\(size)".utf8), scope: lane.audience, key: "size")
                room.wait()
                writer.submit(batch) { error in
                    say(error.map { "error \($0)" } ?? "\(lane.audience) \(size)")
                    room.signal()
                }
            }
        }
    }

    /// Opens, verifies all, and says how much of each lane is there; writes the first lane to a folder, for
    /// `scripts/check_ledger.py`.
    func verify(export folder: String? = nil) throws {
        let store = try LedgerStore(in: DataDirectory(self.directory))
        let keys = KeyRing([self.world.node.key])
        for lane in store.lanes {
            let size = store.size(of: lane)
            let state = try store.value(scope: lane.audience, key: "size").map { String(decoding: $0, as: UTF8.self) }
            // The last entries' own signatures and bodies too; those before were verified when they were the last.
            var sequence = size - min(size, 500)
            try store.forEachEntry(of: lane, in: sequence..<size) { stored in
                try stored.leaf.verify(in: lane, at: sequence, keys: keys)
                guard try stored.entry() != nil else { throw EntryRefusal.wrongBody }
                sequence += 1
            }
            guard let head = store.head(of: lane), try Checkpoint(parsing: head.text).size == size else {
                throw EntryRefusal.wrongBody
            }
            say("\(lane.audience) \(size) \(state ?? "none")")
        }
        if let folder, let lane = self.world.lane(0) {
            try store.export(lane) { path, octets in
                let file = URL(filePath: folder).appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                var content = (try? Data(contentsOf: file)) ?? Data()
                content += octets
                try content.write(to: file)
            }
            let keys = "log \(self.world.signer(of: lane).key)\nnode \(self.world.node.key.key)\n"
            try Data(keys.utf8).write(to: URL(filePath: folder).appending(path: "keys"))
        }
        try store.close()
    }
}
