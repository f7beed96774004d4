import Air
import GRDB
import Glibc
import Ledger
import Testing

@testable import Storage

/// A directory of its own for a test, gone with it.
private final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/kumiko-ledger-XXXXXX".utf8CString)
        self.path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = unsafe mkdtemp(base) else { return "" }
            return unsafe String(cString: made)
        }
        precondition(!self.path.isEmpty, "a test needs a scratch directory")
    }

    var file: String { "\(self.path)/\(LedgerStore.fileName)" }

    deinit {
        let names = ["", "-wal", "-shm"].map { LedgerStore.fileName + $0 }
        for name in names + ["kumiko.lock", "copy.sqlite", "acknowledged"] { unsafe unlink("\(self.path)/\(name)") }
        unsafe rmdir(self.path)
    }
}

/// Japan's lane for Australia, and Australia's for Japan, with the keys of both.
private struct World {
    let ours: Lane
    let theirs: Lane
    let node: EntrySigner
    let theirNode: EntrySigner
    let log: NoteSigner
    let theirLog: NoteSigner
    let australia: NoteSigner
    let salts: SaltSecret

    init() throws {
        let jp = try #require(Nation("jp")), au = try #require(Nation("au"))
        func secret(_ octet: UInt8) -> [UInt8] { [UInt8](repeating: octet, count: 32) }
        self.ours = try #require(Lane(nation: jp, realm: .test, audience: "au"))
        self.theirs = try #require(Lane(nation: au, realm: .test, audience: "jp"))
        self.node = try #require(EntrySigner(nation: jp, realm: .test, node: "kasuga", secret: secret(1)))
        self.theirNode = try #require(EntrySigner(nation: au, realm: .test, node: "darwin", secret: secret(2)))
        self.log = try #require(NoteSigner(name: self.ours.origin, algorithm: .ed25519, secret: secret(3)))
        self.theirLog = try #require(NoteSigner(name: self.theirs.origin, algorithm: .ed25519, secret: secret(4)))
        self.australia = try #require(
            NoteSigner(name: Lane.domain(au, .test), algorithm: .cosignature, secret: secret(5)))
        self.salts = try #require(SaltSecret(secret(6)))
    }

    func entry(_ sequence: UInt64, theirs: Bool = false, text: String = "") throws -> Entry {
        let lane = theirs ? self.theirs : self.ours
        let salts = self.salts.salts(lane: lane, sequence: sequence)
        let body = try #require(EntryBody([("note", .text("\(sequence)\(text)"))]) { salts[$0] })
        return try (theirs ? self.theirNode : self.node).entry(
            lane: lane, sequence: sequence, kind: "note", time: Timestamp(nanoseconds: Int64(sequence)),
            label: MerkleTree.emptyRoot, body: body)
    }

    func receipt(_ head: SignedNote, at time: UInt64 = 1_795_262_400) throws -> SignedNote {
        var witness = LaneWitness(lane: self.ours, policy: SignaturePolicy(required: [self.log.key]))
        return head.with(try witness.cosign(head, from: 0, proof: [], by: self.australia, at: time))
    }

    /// Entries with a head behind each `step`, written to a store.
    func fill(_ store: LedgerStore, _ log: inout LaneLog, to count: UInt64, step: UInt64 = 100) throws {
        while log.size < count {
            var batch = LedgerBatch()
            for _ in 0..<min(step, count - log.size) {
                let entry = try self.entry(log.size)
                try log.append(entry.leaf)
                batch.append(entry)
            }
            batch.add(head: try log.head(signedBy: self.log), of: self.ours)
            try store.write(batch)
        }
    }
}

@Suite("The ledger's store") struct LedgerStoreTests {
    @Test("what was written is there after a restart: entries, bodies, heads, receipts, state and proofs")
    func restart() throws {
        let scratch = Scratch(), world = try World()
        var log = LaneLog(lane: world.ours)
        let proof = Equivocation(
            evidence: .entries(try world.entry(0, theirs: true).leaf, try world.entry(0, theirs: true, text: "x").leaf))
        do {
            let store = try LedgerStore(in: DataDirectory(scratch.path))
            try world.fill(store, &log, to: 700)
            var batch = LedgerBatch()
            let theirs = try world.entry(0, theirs: true)
            batch.append(leaf: theirs.leaf)
            batch.add(head: try world.receipt(log.head(signedBy: world.log)), of: world.ours)
            batch.set([1, 2], scope: "au", key: "cursor")
            batch.set([3], scope: "au", key: "gone")
            batch.set([4], scope: "us", key: "cursor")
            batch.keep(proof, of: world.theirs)
            try store.write(batch)
            var second = LedgerBatch()
            second.set([5], scope: "au", key: "cursor")
            second.set(nil, scope: "au", key: "gone")
            try store.write(second)
            #expect(throws: StorageError.self) { _ = try LedgerStore(in: DataDirectory(scratch.path)) }
            try store.close()
            #expect(throws: LedgerError.self) { try store.write(second) }
        }
        for verify in [LedgerStore.Verification.everything, .edge] {
            let store = try LedgerStore(in: DataDirectory(scratch.path), verify: verify)
            #expect(store.lanes == [world.theirs, world.ours])
            #expect(store.size(of: world.ours) == 700 && store.size(of: world.theirs) == 1)
            #expect(store.frontier(of: world.ours).root == log.head.root)
            #expect(try store.log(of: world.ours).head == log.head)
            #expect(store.head(of: world.ours)?.signatures.count == 2)
            #expect(store.receipt(of: world.ours) == store.head(of: world.ours))
            #expect(try store.heads(of: world.ours).count == 1)
            #expect(store.head(of: world.theirs) == nil)
            let entries = try store.entries(of: world.ours, in: 250..<9000)
            #expect(entries.count == 450)
            #expect(try entries.first?.entry() == world.entry(250))
            #expect(try store.entries(of: world.theirs, in: 0..<1).map(\.body) == [nil])
            #expect(try store.value(scope: "au", key: "cursor") == [5])
            #expect(try store.values(scope: "au").map(\.key) == ["cursor"])
            #expect(try store.proofs(of: world.theirs) == [proof])
            try store.close()
        }
    }

    @Test("a follower and a log go on from what is stored")
    func goesOn() throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        var log = LaneLog(lane: world.ours)
        try world.fill(store, &log, to: 300)
        let policy = SignaturePolicy(required: [world.log.key])
        let head = try #require(store.head(of: world.ours))
        var follower = try #require(
            LaneFollower(lane: world.ours, policy: policy, head: head, frontier: store.frontier(of: world.ours)))
        log = try store.log(of: world.ours)
        try world.fill(store, &log, to: 600, step: 70)
        try follower.receive(
            try store.entries(of: world.ours, in: 300..<600).map(\.leaf), head: log.head(signedBy: world.log))
        #expect(follower.size == 600)
    }

    @Test(
        "files, roots and proofs are those of the log",
        arguments: [1, 255, 256, 257, 1000, 65_536 + 300] as [UInt64])
    func files(size: UInt64) throws {
        let scratch = Scratch(), world = try World()
        var log = LaneLog(lane: world.ours)
        do {
            let store = try LedgerStore(in: DataDirectory(scratch.path))
            try Self.fill(store, world, &log, size)
            try store.close()
        }
        let again = try LedgerStore(in: DataDirectory(scratch.path), verify: .edge)
        #expect(again.frontier(of: world.ours).root == log.head.root)
    }

    private static func fill(_ store: LedgerStore, _ world: World, _ log: inout LaneLog, _ size: UInt64) throws {
        // Leaves that are signed take too long to make so many: one signature will do, nobody looks at it.
        let first = try world.entry(0)
        var files: [String: [UInt8]] = [:]
        var roots: [UInt64: LedgerHash] = [:]
        let olds = [1, size / 2, size - 1, size]
        var batch = LedgerBatch()
        for sequence in 0..<size {
            var statement = first.leaf.statement
            statement.sequence = sequence
            let leaf = EntryLeaf.assembled(statement, keyID: 0, signature: first.leaf.signature)
            try log.append(leaf)
            batch.append(leaf: leaf)
            if olds.contains(log.size) { roots[log.size] = log.head.root }
        }
        for file in log.takeFiles() { files[file.path] = file.octets }
        batch.add(head: try log.head(signedBy: world.log), of: world.ours)
        try store.write(batch)
        for (path, octets) in files { #expect(try store.file(path, of: world.ours) == octets, "\(path)") }
        #expect(try store.file("checkpoint", of: world.ours) == log.head(signedBy: world.log).octets)
        #expect(try store.file("tile/0/999", of: world.ours) == nil)
        #expect(try store.file("tile/entries/999", of: world.ours) == nil)
        #expect(try store.file("tile/7/000", of: world.ours) == nil)
        #expect(try store.file("../ledger.sqlite", of: world.ours) == nil)
        #expect(try store.file("tile/0/000", of: world.theirs) == nil)
        var reader = TileReader(size: size, source: store.tiles(of: world.ours))
        for old in olds where old > 0 {
            let root = try #require(roots[old])
            #expect(try store.root(of: world.ours, size: old) == root)
            let proof = try #require(try reader.consistencyProof(from: old, to: size))
            try MerkleTree.verifyConsistency(from: old, root, to: size, log.head.root, proof: proof)
        }
    }

    @Test("a lane is exported as the files of its log, with the bodies where all are there")
    func export() throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        var log = LaneLog(lane: world.ours)
        #expect(throws: LedgerError.self) { try store.export(world.ours) { _, _ in } }
        try world.fill(store, &log, to: 300)
        func files() throws -> [String: [UInt8]] {
            var files: [String: [UInt8]] = [:]
            try store.export(world.ours) { files[$0, default: []] += $1 }
            return files
        }
        var found = try files()
        #expect(
            found.keys.sorted() == [
                "bodies", "checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000",
                "tile/entries/001.p/44",
            ])
        for file in log.takeFiles() { #expect(found[file.path] == file.octets) }
        var batch = LedgerBatch()
        let entry = try world.entry(300)
        batch.append(leaf: entry.leaf)
        try log.append(entry.leaf)
        try store.write(batch)
        #expect(try files() == found)
        var second = LedgerBatch()
        second.add(head: try log.head(signedBy: world.log), of: world.ours)
        try store.write(second)
        found = try files()
        #expect(found["bodies"] == nil)
        #expect(found["checkpoint"] == (try log.head(signedBy: world.log)).octets)
    }

    @Test("a batch that cannot be is refused whole, and the others of its transaction are not")
    func refused() throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        var log = LaneLog(lane: world.ours)
        try world.fill(store, &log, to: 10)
        let head = try log.head(signedBy: world.log)
        var gap = LedgerBatch(), twice = LedgerBatch(), fork = LedgerBatch(), good = LedgerBatch(),
            ahead = LedgerBatch()
        var foreign = LedgerBatch(), note = LedgerBatch()
        gap.set([1], scope: "a", key: "gap")
        gap.append(try world.entry(10))
        gap.append(try world.entry(12))
        twice.append(try world.entry(9))
        good.append(try world.entry(10))
        good.set([1], scope: "a", key: "good")
        var other = LaneLog(lane: world.ours)
        for sequence in 0..<10 as Range<UInt64> { try other.append(world.entry(sequence, text: "other").leaf) }
        fork.add(head: try other.head(signedBy: world.log), of: world.ours)
        try log.append(world.entry(10).leaf)
        try log.append(world.entry(11).leaf)
        ahead.add(head: try log.head(signedBy: world.log), of: world.ours)
        foreign.add(head: head, of: world.theirs)
        note.add(head: try SignedNote("no head\n", signedBy: world.log), of: world.ours)
        let errors = store.write([gap, twice, fork, good, ahead, foreign, note])
        guard case .outOfOrder(world.ours, 11, 12)? = errors[0], case .outOfOrder(world.ours, 10, 9)? = errors[1],
            case .wrongRoot(world.ours, 10, other.head.root, _)? = errors[2], errors[3] == nil,
            case .headAhead(world.ours, 12, 11)? = errors[4], case .notAHead(world.theirs)? = errors[5],
            case .notAHead(world.ours)? = errors[6]
        else {
            Issue.record("\(errors)")
            return
        }
        for case let error? in errors { #expect(!error.description.isEmpty) }
        #expect(store.size(of: world.ours) == 11)
        #expect(try store.values(scope: "a").map(\.key) == ["good"])
        #expect(store.lanes == [world.ours])
        #expect(store.stopped == nil)
    }

    @Test("receipts are kept, heads that nobody cosigned go with the next, and signatures under one head add up")
    func receipts() throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        var log = LaneLog(lane: world.ours)
        var notes: [SignedNote] = []
        for size in [10, 20, 30, 40] as [UInt64] {
            try world.fill(store, &log, to: size)
            notes.append(try log.head(signedBy: world.log))
        }
        // The receipt for 20 comes when its head is long gone.
        var batch = LedgerBatch()
        batch.add(head: try world.receipt(notes[1]), of: world.ours)
        try store.write(batch)
        #expect(store.receipt(of: world.ours)?.text == notes[1].text)
        #expect(store.head(of: world.ours) == notes[3])
        #expect(try store.heads(of: world.ours).map(\.text) == [notes[1].text, notes[3].text])
        try world.fill(store, &log, to: 50)
        #expect(try store.heads(of: world.ours, from: 21).map(\.text) == [log.head.text])
    }

    @Test("an older backup is found by what the partner acknowledged")
    func rollback() throws {
        let scratch = Scratch(), world = try World()
        var log = LaneLog(lane: world.ours)
        do {
            let store = try LedgerStore(in: DataDirectory(scratch.path))
            try world.fill(store, &log, to: 500)
            try store.backUp(to: scratch.path + "/copy.sqlite")
            try world.fill(store, &log, to: 900)
            #expect(try store.compare(log.head, with: world.ours) == .held)
            try store.close()
        }
        unsafe unlink(scratch.file)
        unsafe rename(scratch.path + "/copy.sqlite", scratch.file)
        let old = try LedgerStore(in: DataDirectory(scratch.path))
        let found = try old.compare(log.head, with: world.ours)
        #expect(found == .rolledBack(stored: 500, acknowledged: 900))
        var other = LaneLog(lane: world.ours)
        for sequence in 0..<100 as Range<UInt64> { try other.append(world.entry(sequence, text: "other").leaf) }
        #expect(
            try old.compare(other.head, with: world.ours)
                == .forked(size: 100, stored: old.root(of: world.ours, size: 100)))
    }

    @Test("another one reads while it is written, and never writes")
    func reading() throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        var log = LaneLog(lane: world.ours)
        try world.fill(store, &log, to: 300)
        let other = try LedgerStore(reading: scratch.path, verify: .everything)
        try world.fill(store, &log, to: 400)
        #expect(other.size(of: world.ours) == 300)
        #expect(try other.entries(of: world.ours, in: 0..<300).count == 300)
        #expect(throws: LedgerError.self) { try other.write(LedgerBatch()) }
        #expect(throws: LedgerError.self) { _ = try LedgerStore(reading: scratch.path + "/none") }
    }

    // MARK: What breaks

    @Test("a full disk is said, nothing of the batch is there, and with room it goes on")
    func full() throws {
        let scratch = Scratch(), world = try World()
        var log = LaneLog(lane: world.ours)
        do {
            let store = try LedgerStore(in: DataDirectory(scratch.path), verify: .everything, pagesMax: 60)
            var error: LedgerError?
            do { try world.fill(store, &log, to: 10_000, step: 50) } catch let found as LedgerError { error = found }
            guard case .full? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(store.stopped == nil)
            let size = store.size(of: world.ours)
            #expect(size == log.size - 50)
            // A smaller batch may still fit, or not: what counts is that it is said.
            log = try store.log(of: world.ours)
            #expect(log.size == size)
            try store.close()
        }
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        #expect(store.size(of: world.ours) == log.size)
        try world.fill(store, &log, to: log.size + 500)
    }

    /// A ledger of 600 entries, to be put into many directories.
    private struct Master {
        let world: World
        let entries: [Entry]
        let head: Checkpoint
        let file: [UInt8]

        init() throws {
            let scratch = Scratch()
            self.world = try World()
            var log = LaneLog(lane: self.world.ours)
            let store = try LedgerStore(in: DataDirectory(scratch.path))
            try self.world.fill(store, &log, to: 600, step: 300)
            self.entries = try store.entries(of: self.world.ours, in: 0..<600).compactMap { try $0.entry() }
            self.head = log.head
            try store.close()
            let descriptor = unsafe open(scratch.file, O_RDONLY)
            var octets = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
            _ = unsafe octets.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
            Glibc.close(descriptor)
            self.file = octets
        }

        func put(_ octets: [UInt8], into scratch: Scratch) {
            let descriptor = unsafe open(scratch.file, O_WRONLY | O_CREAT, 0o600)
            _ = unsafe octets.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            Glibc.close(descriptor)
        }
    }

    @Test("whatever bit of the file is changed, what is read is right or an error says so")
    func corrupted() throws {
        let master = try Master()
        #expect(master.entries.count == 600)
        for seed in 1...60 {
            let scratch = Scratch()
            var octets = master.file
            octets[seed * 7919 * 97 % octets.count] ^= 1 << UInt8(seed % 8)
            master.put(octets, into: scratch)
            do {
                let store = try LedgerStore(in: DataDirectory(scratch.path))
                // An octet that nothing uses, or of a body: that is found when it is read.
                #expect(store.frontier(of: master.world.ours).root == master.head.root)
                let stored = try store.entries(of: master.world.ours, in: 0..<600)
                for (entry, stored) in zip(master.entries, stored) {
                    #expect(stored.leaf == entry.leaf)
                    guard let found = try? stored.entry() else { continue }
                    #expect(found == entry)
                }
            } catch let error as LedgerError { #expect(!error.description.isEmpty) }
        }
    }

    @Test("leaves that are gone, or changed in ways that the database does not see, are found at the start")
    func tampered() throws {
        let changes = [
            "DELETE FROM leaf WHERE place & 1023 = 599", "DELETE FROM leaf WHERE place & 1023 = 3",
            "DELETE FROM leaf WHERE place & 1023 >= 300", "DELETE FROM tile WHERE place & 1023 = 1",
            "UPDATE leaf SET octets = x'00' WHERE place & 1023 = 17", "UPDATE tile SET root = zeroblob(32)",
            "UPDATE leaf SET octets = x'00' WHERE place & 1023 = 599", "UPDATE head SET note = x'00'",
            "UPDATE lane SET origin = 'kumiko/jp/live/au'", "UPDATE lane SET origin = 'x'",
        ]
        let master = try Master()
        for change in changes {
            let scratch = Scratch()
            master.put(master.file, into: scratch)
            let queue = try DatabaseQueue(path: scratch.file)
            try queue.write { db in try db.execute(sql: change) }
            try queue.close()
            #expect(throws: LedgerError.self, "\(change)") { _ = try LedgerStore(in: DataDirectory(scratch.path)) }
        }
    }

    @Test("a file that is no ledger, or one of another program or a later version, is left as it is")
    func foreign() throws {
        for sql in [
            "CREATE TABLE a (b)", "PRAGMA application_id = \(0x4B55_4D4C); PRAGMA user_version = 2; CREATE TABLE a (b)",
        ] {
            let scratch = Scratch()
            let queue = try DatabaseQueue(path: scratch.file)
            try queue.write { db in try db.execute(sql: sql) }
            try queue.close()
            let error = #expect(throws: LedgerError.self) { _ = try LedgerStore(in: DataDirectory(scratch.path)) }
            switch error {
            case .storage(.foreign), .storage(.newer): break
            default: Issue.record("\(String(describing: error))")
            }
        }
    }

    // MARK: Many submitters

    @Test("many submitters share a sync, each is told after it, in order, and one that cannot be is refused alone")
    func group() async throws {
        let scratch = Scratch(), world = try World()
        let store = try LedgerStore(in: DataDirectory(scratch.path))
        let writer = LedgerWriter(store: store, windowMilliseconds: 50)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<20 {
                group.addTask {
                    for step in 0..<5 {
                        var batch = LedgerBatch()
                        batch.set([UInt8(step)], scope: "\(task)", key: "step")
                        try await writer.write(batch)
                        #expect(try store.value(scope: "\(task)", key: "step") == [UInt8(step)])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(writer.counters.batches == 100)
        #expect(writer.counters.transactions < 100)
        var wrong = LedgerBatch()
        wrong.append(try world.entry(7))
        let batch = wrong
        await #expect(throws: LedgerError.self) { try await writer.write(batch) }
        #expect(writer.counters.refused == 1)
    }
}

@Suite("The ledger's store and processes that end") struct LedgerCrashTests {
    @Test("what was acknowledged before kill -9 is there, whole, and its root verifies")
    func killed() async throws {
        let scratch = Scratch()
        let path = scratch.path
        for round in 0..<20 as Range<UInt32> {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as UInt32] in
                let world = try World()
                let store = try LedgerStore(in: DataDirectory(path), verify: .everything)
                let note = unsafe open(path + "/acknowledged", O_WRONLY | O_CREAT, 0o600)
                // From another thread, at any point of a transaction.
                signal(SIGALRM) { _ in _ = kill(getpid(), SIGKILL) }
                ualarm(3000 + round * 2500, 0)
                var log = try store.log(of: world.ours)
                while true {
                    try world.fill(store, &log, to: log.size + 7, step: 7)
                    var size = log.size
                    _ = unsafe pwrite(note, &size, 8, 0)
                }
            }
            var acknowledged: UInt64 = 0
            let note = unsafe open(path + "/acknowledged", O_RDONLY)
            if note >= 0 {
                _ = unsafe pread(note, &acknowledged, 8, 0)
                Glibc.close(note)
            }
            let world = try World()
            let store = try LedgerStore(in: DataDirectory(path))
            #expect(store.size(of: world.ours) >= acknowledged)
            let size = store.size(of: world.ours)
            #expect(size % 7 == 0)
            #expect(try store.log(of: world.ours).size == size)
            for stored in try store.entries(of: world.ours, in: 0..<size) { #expect(try stored.entry() != nil) }
            try store.close()
        }
    }

    @Test("a write that fails stops the store for good, and what was acknowledged is there afterwards")
    func failed() async throws {
        let scratch = Scratch()
        let path = scratch.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let world = try World()
            let store = try LedgerStore(in: DataDirectory(path))
            var log = LaneLog(lane: world.ours)
            try world.fill(store, &log, to: 100)
            // From now on no file may grow beyond what it has: a write fails with EFBIG, as a broken disk fails with EIO.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 120_000, rlim_max: 120_000)
            precondition(unsafe setrlimit(__rlimit_resource_t(1), &limit) == 0)
            var error: LedgerError?
            do { try world.fill(store, &log, to: 100_000) } catch let found as LedgerError { error = found }
            guard case .stopped? = error, store.stopped != nil else { exit(2) }
            let size = store.size(of: world.ours)
            guard size == log.size - 100 else { exit(3) }
            // A smaller one, which would fit, is refused too.
            var batch = LedgerBatch()
            batch.set([1], scope: "a", key: "b")
            guard case .stopped? = store.write([batch])[0] else { exit(4) }
            exit(0)
        }
        let world = try World()
        let store = try LedgerStore(in: DataDirectory(path))
        #expect(store.size(of: world.ours) >= 100)
        #expect(try store.value(scope: "a", key: "b") == nil)
    }

    @Test("a second process is refused while one holds the ledger")
    func second() async throws {
        let scratch = Scratch()
        let path = scratch.path
        let store = try LedgerStore(in: DataDirectory(path))
        await #expect(processExitsWith: .success) { [path = path as String] in
            do {
                _ = try LedgerStore(in: DataDirectory(path))
                exit(2)
            } catch let error as StorageError {
                guard case .inUse = error else { exit(3) }
                exit(0)
            }
        }
        withExtendedLifetime(store) {}
    }
}
