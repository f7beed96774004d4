import Air
import Testing

@testable import Ledger

@Suite("Lanes")
struct LaneTests {
    let world: World
    init() throws { self.world = try World() }

    /// What a log handed out, under its paths.
    struct Disk: TileSource {
        var files: [String: [UInt8]] = [:]
        mutating func write(_ files: [LaneLog.File]) { for file in files { self.files[file.path] = file.octets } }
        func octets(of tile: Tile) -> [UInt8]? { self.files[tile.path] }
    }

    func leaves(_ range: Range<Int>, callsign: String = "JAL123") throws -> [EntryLeaf] {
        try range.map { try self.world.entry(UInt64($0), callsign: callsign).leaf }
    }

    @Test("a log goes from its nation to its audience, which cosigns each head; and goes on after a restart")
    func wholeWay() throws {
        var log = LaneLog(lane: self.world.lane)
        var disk = Disk()
        var follower = LaneFollower(lane: self.world.lane, policy: self.world.policy)
        var witness = LaneWitness(lane: self.world.lane, policy: self.world.policy)
        for (number, count) in [3, 0, 250, 3, 1, 300, 211].enumerated() {
            let leaves = try self.leaves(Int(log.size)..<Int(log.size) + count)
            let before = log.size
            try log.append(leaves)
            disk.write(log.takeFiles())
            #expect(log.takeFiles().isEmpty)
            let head = try log.head(signedBy: self.world.nation)
            #expect(try follower.missing(upTo: head) == UInt64(count))
            try follower.receive(leaves, head: head, keys: self.world.keys)
            let receipt = try follower.receipt(by: self.world.australia, at: UInt64(100 + number))
            let policy = SignaturePolicy(
                required: [self.world.nation.key], cosigners: [self.world.australia.key], cosignersNeeded: 1)
            try policy.verify(head.with(receipt))
            var reader = TileReader(size: log.size, source: disk)
            let proof = try reader.consistencyProof(from: before, to: log.size) ?? []
            let cosignature = try witness.cosign(
                head, from: before, proof: proof, by: self.world.australia, at: UInt64(100 + number))
            #expect(cosignature == receipt)
            // Either side starts again.
            let bundle = Tile(level: 0, index: log.size >> 8, width: Int(log.size & 255)).flatMap {
                disk.files[$0.entriesPath]
            }
            log = try LaneLog(lane: self.world.lane, head: log.head, tiles: disk, lastBundle: bundle ?? [])
            follower = try #require(
                LaneFollower(
                    lane: self.world.lane, policy: self.world.policy, head: head, frontier: follower.frontier))
        }
        #expect(log.size == 768 && witness.size == 768)
        // Every entry is where its sequence says.
        for number in 0..<768 {
            let tile = try #require(Tile(level: 0, index: UInt64(number >> 8)))
            let entries = try EntryBundle.entries(of: disk.files[tile.entriesPath] ?? [])
            let leaf = try EntryLeaf(parsing: entries[number & 255])
            try leaf.verify(in: self.world.lane, at: UInt64(number), keys: KeyRing([self.world.node.key]))
        }
    }

    @Test("a log refuses what is not next, and of a batch takes all or nothing")
    func order() throws {
        var log = LaneLog(lane: self.world.lane)
        let leaves = try self.leaves(0..<5)
        #expect(throws: EntryRefusal.outOfOrder(expected: 0, found: 1)) { try log.append(leaves[1]) }
        #expect(throws: EntryRefusal.outOfOrder(expected: 2, found: 3)) {
            try log.append([leaves[0], leaves[1], leaves[3]])
        }
        #expect(log.size == 0 && log.takeFiles().isEmpty)
        try log.append(leaves)
        #expect(log.size == 5)
    }

    @Test("a log does not go on from tiles that are not those of the head it signed")
    func restart() throws {
        var log = LaneLog(lane: self.world.lane)
        var disk = Disk()
        try log.append(try self.leaves(0..<300))
        disk.write(log.takeFiles())
        let head = log.head
        let bundle = disk.files["tile/entries/001.p/44"] ?? []
        _ = try LaneLog(lane: self.world.lane, head: head, tiles: disk, lastBundle: bundle)
        #expect { try LaneLog(lane: self.world.lane, head: head, tiles: disk, lastBundle: []) } throws: {
            if case LaneLog.ResumeError.wrongBundle = $0 { true } else { false }
        }
        var torn = disk
        torn.files["tile/0/001.p/44"]?[5] ^= 1
        #expect { try LaneLog(lane: self.world.lane, head: head, tiles: torn, lastBundle: bundle) } throws: {
            if case LaneLog.ResumeError.otherRoot = $0 { true } else { false }
        }
        torn.files["tile/0/001.p/44"] = nil
        #expect { try LaneLog(lane: self.world.lane, head: head, tiles: torn, lastBundle: bundle) } throws: {
            if case LaneLog.ResumeError.tiles = $0 { true } else { false }
        }
        let other = Checkpoint(origin: "kumiko/us/live/au", size: head.size, root: head.root)
        #expect { try LaneLog(lane: self.world.lane, head: other, tiles: disk, lastBundle: bundle) } throws: {
            if case LaneLog.ResumeError.otherLane = $0 { true } else { false }
        }
    }

    /// A log with its disk and the follower of it.
    func grown(_ count: Int, callsign: String = "JAL123", common: Int = 0) throws -> (LaneLog, Disk, [EntryLeaf]) {
        var log = LaneLog(lane: self.world.lane)
        var disk = Disk()
        let leaves =
            try self.leaves(0..<min(common, count)) + self.leaves(min(common, count)..<count, callsign: callsign)
        try log.append(leaves)
        disk.write(log.takeFiles())
        return (log, disk, leaves)
    }

    @Test("a log that was rolled back is found at first contact")
    func rollBack() throws {
        let (log, _, leaves) = try self.grown(20)
        var follower = LaneFollower(lane: self.world.lane, policy: self.world.policy)
        let held = try log.head(signedBy: self.world.nation)
        try follower.receive(leaves, head: held)
        let offered = try self.grown(15).0.head(signedBy: self.world.nation)
        #expect(throws: LaneRefusal.rolledBack(held: held, offered: offered)) { try follower.missing(upTo: offered) }
        #expect(throws: LaneRefusal.rolledBack(held: held, offered: offered)) {
            try follower.receive([], head: offered)
        }
        #expect(follower.size == 20 && follower.head == held)
    }

    @Test("two histories are found, and what is found convinces a third", arguments: [(20, 20), (20, 31), (7, 300)])
    func fork(held: Int, offered: Int) throws {
        let (log, disk, leaves) = try self.grown(held)
        let (other, otherDisk, otherLeaves) = try self.grown(offered, callsign: "JAL999", common: 5)
        _ = disk
        var follower = LaneFollower(lane: self.world.lane, policy: self.world.policy)
        var witness = LaneWitness(lane: self.world.lane, policy: self.world.policy)
        let first = try log.head(signedBy: self.world.nation)
        let second = try other.head(signedBy: self.world.nation)
        try follower.receive(leaves, head: first)
        _ = try witness.cosign(first, from: 0, proof: [], by: self.world.australia, at: 1)
        var reader = TileReader(size: other.size, source: otherDisk)
        let proof = try reader.consistencyProof(from: log.size, to: other.size) ?? []
        #expect(throws: LaneRefusal.self) { try follower.receive(otherLeaves.dropFirst(held), head: second) }
        #expect(throws: LaneRefusal.self) {
            try witness.cosign(second, from: log.size, proof: proof, by: self.world.australia, at: 2)
        }
        #expect(follower.head == first && witness.head == first)
        let made = try Equivocation.between(second, first, source: &reader)
        let evidence = try #require(made)
        if held == offered {
            #expect(throws: LaneRefusal.forked(Equivocation(evidence: .heads(first, second, prefix: nil)))) {
                try follower.missing(upTo: second)
            }
        }
        // The third party has the octets and the keys.
        let read = try Equivocation(parsing: evidence.encoded)
        #expect(read == evidence)
        try read.verify(lane: self.world.lane, policy: self.world.policy, keys: KeyRing([]))
    }

    @Test("an honest log cannot be accused", arguments: [(20, 20), (20, 31), (7, 300)])
    func honest(held: Int, offered: Int) throws {
        let (log, _, _) = try self.grown(held)
        let (later, disk, _) = try self.grown(offered)
        let first = try log.head(signedBy: self.world.nation), second = try later.head(signedBy: self.world.nation)
        var reader = TileReader(size: later.size, source: disk)
        let none = try Equivocation.between(first, second, source: &reader)
        #expect(none == nil)
        let root = LedgerHash(hashing: secret.span)
        let proof = try reader.consistencyProof(from: log.size, to: later.size) ?? []
        let lies: [Equivocation.Evidence] = [
            .heads(first, second, prefix: nil), .heads(second, first, prefix: nil), .heads(first, first, prefix: nil),
            .heads(first, second, prefix: .init(root: root, proof: proof)),
            .heads(first, second, prefix: .init(root: log.head.root, proof: proof)),
            .heads(second, first, prefix: .init(root: root, proof: [])),
            .heads(first, second, prefix: .init(root: root, proof: [root])),
        ]
        for lie in lies {
            #expect(throws: Equivocation.Refusal.self) {
                try Equivocation(evidence: lie).verify(
                    lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
            }
        }
        // Nor by heads that somebody else signed.
        let stranger = try #require(NoteSigner(name: self.world.lane.origin, algorithm: .ed25519, secret: secret))
        let forged = try SignedNote(
            Checkpoint(origin: self.world.lane.origin, size: first.text.isEmpty ? 0 : log.size, root: root).text,
            signedBy: stranger)
        #expect(throws: Equivocation.Refusal.self) {
            try Equivocation(evidence: .heads(first, forged, prefix: nil)).verify(
                lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
        }
    }

    @Test("two entries signed for one place are a proof; one entry signed twice, or two of two places, are none")
    func entries() throws {
        let one = try self.world.entry(5).leaf, other = try self.world.entry(5, callsign: "JAL999").leaf
        let evidence = try Equivocation(parsing: Equivocation(evidence: .entries(one, other)).encoded)
        try evidence.verify(lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
        #expect(throws: Equivocation.Refusal.consistent) {
            try Equivocation(evidence: .entries(one, one)).verify(
                lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
        }
        #expect(throws: Equivocation.Refusal.notComparable) {
            try Equivocation(evidence: .entries(one, self.world.entry(6).leaf)).verify(
                lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
        }
        #expect(throws: Equivocation.Refusal.self) {
            try evidence.verify(lane: self.world.lane, policy: self.world.policy, keys: KeyRing([]))
        }
    }

    @Test("a witness asks for a proof from the size it holds, and cosigns nothing without one")
    func witness() throws {
        let (log, _, _) = try self.grown(20)
        let (later, disk, _) = try self.grown(31)
        var witness = LaneWitness(lane: self.world.lane, policy: self.world.policy)
        let first = try log.head(signedBy: self.world.nation), second = try later.head(signedBy: self.world.nation)
        let root = LedgerHash(hashing: secret.span)
        func cosign(_ note: SignedNote, from: UInt64, proof: [LedgerHash] = [], at time: UInt64 = 1) throws {
            _ = try witness.cosign(note, from: from, proof: proof, by: self.world.australia, at: time)
        }
        #expect(throws: LaneRefusal.wrongOldSize(held: 0)) { try cosign(first, from: 3) }
        #expect(throws: LaneRefusal.notShown(.wrongLength(expected: 0, found: 1), held: nil, offered: first)) {
            try cosign(first, from: 0, proof: [root])
        }
        #expect(throws: LaneRefusal.cannotCosign) { try cosign(first, from: 0, at: 0) }
        #expect(witness.head == nil)
        try cosign(first, from: 0)
        #expect(throws: LaneRefusal.wrongOldSize(held: 20)) { try cosign(second, from: 0) }
        var reader = TileReader(size: later.size, source: disk)
        let proof = try reader.consistencyProof(from: 20, to: 31) ?? []
        #expect(throws: LaneRefusal.self) { try cosign(second, from: 20) }
        #expect(throws: LaneRefusal.self) { try cosign(second, from: 20, proof: proof.reversed()) }
        try cosign(second, from: 20, proof: proof)
        try cosign(second, from: 31, at: 9)
        let stranger = try #require(NoteSigner(name: self.world.lane.origin, algorithm: .ed25519, secret: secret))
        let forged = try SignedNote(second.text, signedBy: stranger)
        #expect(throws: LaneRefusal.note(.missingSignature(name: self.world.lane.origin))) {
            try cosign(forged, from: 31)
        }
        let elsewhere = try SignedNote(
            Checkpoint(origin: "kumiko/jp/live/us", size: 40, root: root).text, signedBy: self.world.nation)
        #expect(throws: LaneRefusal.otherLog("kumiko/jp/live/us")) { try cosign(elsewhere, from: 31) }
    }

    @Test("a follower takes no entry that is changed, missing, out of order, or more than the head covers")
    func follower() throws {
        let (log, _, leaves) = try self.grown(20)
        var follower = LaneFollower(lane: self.world.lane, policy: self.world.policy)
        let head = try log.head(signedBy: self.world.nation)
        #expect(throws: LaneRefusal.wrongCount(expected: 20, found: 19)) {
            try follower.receive(leaves.dropLast(), head: head)
        }
        #expect(throws: LaneRefusal.entry(.outOfOrder(expected: 0, found: 19), sequence: 0)) {
            try follower.receive(leaves.reversed(), head: head)
        }
        var changed = leaves
        changed[7] = try self.world.entry(7, callsign: "JAL999").leaf
        #expect(throws: LaneRefusal.notShown(.wrongRoot, held: nil, offered: head)) {
            try follower.receive(changed, head: head)
        }
        #expect(throws: LaneRefusal.entry(.unknownKey(node: "kasuga", keyID: self.world.node.key.key.id), sequence: 0))
        {
            try follower.receive(leaves, head: head, keys: KeyRing([]))
        }
        #expect(throws: LaneRefusal.cannotCosign) { try follower.receipt(by: self.world.australia, at: 1) }
        #expect(follower.size == 0)
        try follower.receive(leaves, head: head, keys: self.world.keys)
        // Again is no harm: the same head, no entry.
        try follower.receive([], head: head)
    }

    @Test(
        "whatever a log does, who watches it takes a head if and only if it goes on from the one held",
        arguments: 1...20 as ClosedRange<UInt64>)
    func anyHistory(seed: UInt64) throws {
        var chance = Seeded(seed)
        var follower = LaneFollower(lane: self.world.lane, policy: self.world.policy)
        var witness = LaneWitness(lane: self.world.lane, policy: self.world.policy)
        var history: [EntryLeaf] = [], held: [EntryLeaf] = []
        var taken = 0
        for step in 0..<40 {
            switch Int.random(in: 0..<10, using: &chance) {
            case 0:
                // The log is rolled back, and goes on otherwise.
                history.removeLast(Int.random(in: 0...min(30, history.count), using: &chance))
            case 1: history = held
            default: break
            }
            let count = Int.random(in: 0...25, using: &chance)
            history += try self.leaves(history.count..<history.count + count, callsign: "STEP\(step)")
            guard Bool.random(using: &chance) else { continue }
            var log = LaneLog(lane: self.world.lane)
            var disk = Disk()
            try log.append(history)
            disk.write(log.takeFiles())
            let head = try log.head(signedBy: self.world.nation)
            var reader = TileReader(size: log.size, source: disk)
            let proof = try reader.consistencyProof(from: UInt64(held.count), to: log.size) ?? []
            let goesOn = history.starts(with: held)
            let before = follower
            let isTaken =
                (try? follower.receive(history.dropFirst(held.count), head: head)) != nil
            let isCosigned =
                (try? witness.cosign(
                    head, from: UInt64(held.count), proof: proof, by: self.world.australia, at: 1)) != nil
            #expect(isTaken == goesOn && isCosigned == goesOn)
            if goesOn {
                held = history
                taken += 1
            } else {
                #expect(follower == before)
                guard let old = follower.head, history.count >= held.count else { continue }
                let proof = try Equivocation.between(old, head, source: &reader)
                try #require(proof).verify(
                    lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
            }
        }
        #expect(taken > 0 && follower.size == UInt64(held.count) && witness.size == UInt64(held.count))
    }

    @Test("no truncation or mutation of a proof of equivocation traps, and none accuses with another meaning")
    func mutations() throws {
        var chance = Seeded(3)
        let (log, _, _) = try self.grown(20)
        let (other, disk, _) = try self.grown(31, callsign: "JAL999")
        var reader = TileReader(size: other.size, source: disk)
        let made = try Equivocation.between(
            log.head(signedBy: self.world.nation), other.head(signedBy: self.world.nation), source: &reader)
        let octets = try #require(made).encoded
        for length in 0..<octets.count {
            #expect(throws: Equivocation.Refusal.self) { try Equivocation(parsing: Array(octets.prefix(length))) }
        }
        for _ in 0..<10_000 {
            guard let read = try? Equivocation(parsing: octets.mutated(using: &chance)) else { continue }
            try? read.verify(lane: self.world.lane, policy: self.world.policy, keys: self.world.keys)
        }
    }
}
