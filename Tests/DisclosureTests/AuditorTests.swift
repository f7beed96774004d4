import Air
import Ledger
import Releasability
import Testing

@testable import Disclosure

/// Japan's lane for Australia, as both have it.
struct Copies {
    let lane: Lane
    let node: EntrySigner
    let log: NoteSigner
    let australia: NoteSigner
    let salts: SaltSecret

    var entries: [Entry] = []
    var heads: [SignedNote] = []
    var tree: LaneLog

    init() throws {
        let japan = try #require(Nation("jp")), australia = try #require(Nation("au"))
        func secret(_ octet: UInt8) -> [UInt8] { [UInt8](repeating: octet, count: 32) }
        self.lane = try #require(Lane(nation: japan, realm: .test, audience: "au"))
        self.node = try #require(EntrySigner(nation: japan, realm: .test, node: "kasuga", secret: secret(1)))
        self.australia = try #require(
            NoteSigner(name: Lane.domain(australia, .test), algorithm: .cosignature, secret: secret(3)))
        self.salts = try #require(SaltSecret(secret(4)))
        self.log = try #require(
            NoteSigner(name: self.lane.origin, algorithm: .ed25519, secret: [UInt8](repeating: 2, count: 32)))
        self.tree = LaneLog(lane: self.lane)
    }

    var policy: LaneAuditor.Policy {
        LaneAuditor.Policy(
            log: self.log.key, cosigners: [self.australia.key], nodes: KeyRing([self.node.key]))
    }

    mutating func append(_ statement: DisclosureStatement, at time: Timestamp) throws {
        let entry = try statement.entry(
            lane: self.lane, sequence: self.tree.size, time: time, signer: self.node, salts: self.salts)
        try self.tree.append(entry.leaf)
        self.entries.append(entry)
    }

    /// Signs the head; Australia cosigns it a second later.
    mutating func sign(at time: Timestamp, isCosigned: Bool = true) throws {
        let head = try self.tree.head(signedBy: self.log)
        var witness = LaneWitness(lane: self.lane, policy: SignaturePolicy(required: [self.log.key]))
        self.heads.append(
            isCosigned
                ? head.with(
                    try witness.cosign(head, from: 0, proof: [], by: self.australia, at: UInt64(time.seconds) + 1))
                : head)
    }

    /// Twenty minutes of showings, a head each minute.
    static func session() throws -> Copies {
        var copies = try Copies()
        var sender = Sender()
        for minute in 0..<20 {
            let time = midnight.advanced(by: Double(60 * minute))
            sender.book.roll(at: time)
            for number in 0..<5 as Range<UInt64> where (minute + Int(number)) % 7 != 0 {
                sender.show(number, "\(minute) \(number)", terms(grid: minute % 10 == 3 ? 5000 : 0), at: time)
            }
            sender.book.withdraw(UInt64(minute % 5), reason: "outside-area", at: time)
            _ = sender.write()
            for statement in sender.written[copies.entries.count...] { try copies.append(statement, at: time) }
            try copies.sign(at: time)
        }
        return copies
    }

    func report(
        _ leaves: [[UInt8]], bodies: [[UInt8]?], heads: [SignedNote], others: [SignedNote] = []
    ) -> LaneAuditor.Report {
        var auditor = LaneAuditor(lane: self.lane, policy: self.policy, heads: heads, others: others)
        for (leaf, body) in zip(leaves, bodies) { auditor.add(leaf, body: body) }
        return auditor.finish()
    }

    var leaves: [[UInt8]] { self.entries.map(\.leaf.octets) }
    var bodies: [[UInt8]?] { self.entries.map(\.body.encoded) }
    var none: [[UInt8]?] { self.entries.map { _ in nil } }
}

@Suite("The auditor") struct AuditorTests {
    static let session = Result { try Copies.session() }

    @Test("the copies of both hold, with bodies, with the partner's, and with none")
    func holds() throws {
        let copies = try Self.session.get()
        let partner = copies.entries.map { Optional($0.withholding(DisclosureStatement.isPrivate).body.encoded) }
        for bodies in [copies.bodies, partner, copies.none] {
            let report = copies.report(copies.leaves, bodies: bodies, heads: copies.heads, others: copies.heads)
            #expect(report.faults == [])
            #expect(report.entries == UInt64(copies.entries.count))
            #expect(report.heads == 20 && report.receipts == 20)
            #expect(report.receiptedEntries == report.entries)
            #expect(LaneAudit(sender: report, receiver: report).holds)
        }
    }

    @Test("a partner that is behind holds too, and what is outstanding is told")
    func behind() throws {
        let copies = try Self.session.get()
        let ours = copies.report(copies.leaves, bodies: copies.bodies, heads: copies.heads)
        let size = Int((try? Checkpoint(parsing: copies.heads[12].text).size) ?? 0)
        let theirs = copies.report(
            Array(copies.leaves[..<size]), bodies: copies.none, heads: Array(copies.heads[...12]), others: copies.heads)
        let audit = LaneAudit(sender: ours, receiver: theirs)
        #expect(theirs.faults == [])
        #expect(audit.holds)
        #expect(audit.outstanding == UInt64(copies.entries.count - size))
    }

    @Test(
        "whatever bit of whatever leaf, body or head is changed, it is found", arguments: 1...12 as ClosedRange<UInt64>)
    func flipped(seed: UInt64) throws {
        var dice = Dice(seed)
        let copies = try Self.session.get()
        func flip(_ octets: inout [UInt8]) {
            octets[Int.random(in: 0..<octets.count, using: &dice)] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        }
        var leaves = copies.leaves
        let place = Int.random(in: 0..<leaves.count, using: &dice)
        flip(&leaves[place])
        #expect(!copies.report(leaves, bodies: copies.none, heads: copies.heads).holds)
        var bodies = copies.bodies.map { $0 ?? [] }
        flip(&bodies[place])
        #expect(!copies.report(copies.leaves, bodies: bodies, heads: copies.heads).holds)
        var heads = copies.heads
        let chosen = Int.random(in: 0..<heads.count, using: &dice)
        var octets = heads[chosen].octets
        flip(&octets)
        guard let head = try? SignedNote(parsing: octets) else { return }
        heads[chosen] = head
        #expect(!copies.report(copies.leaves, bodies: copies.none, heads: heads).holds)
    }

    @Test("an entry that is left out, added or moved is found", arguments: 1...6 as ClosedRange<UInt64>)
    func moved(seed: UInt64) throws {
        var dice = Dice(seed)
        let copies = try Self.session.get()
        let place = Int.random(in: 0..<copies.leaves.count - 1, using: &dice)
        var leaves = copies.leaves
        leaves.remove(at: place)
        #expect(!copies.report(leaves, bodies: copies.none, heads: copies.heads).holds)
        leaves = copies.leaves
        leaves.swapAt(place, place + 1)
        #expect(!copies.report(leaves, bodies: copies.none, heads: copies.heads).holds)
        leaves = copies.leaves
        leaves.append(leaves[place])
        #expect(!copies.report(leaves, bodies: copies.none + [nil], heads: copies.heads).holds)
    }

    @Test("a copy that ends early lacks entries that were signed")
    func truncated() throws {
        let copies = try Self.session.get()
        let found = UInt64(copies.leaves.count - 1)
        let report = copies.report(Array(copies.leaves.dropLast()), bodies: copies.none, heads: copies.heads)
        #expect(report.faults.contains(.entriesMissing(head: found + 1, found: found)))
    }

    @Test("a head without the audience's receipt is named")
    func noReceipt() throws {
        var copies = try Copies()
        try copies.append(.withdrawn([Withdrawal(number: 1, reason: "ended", time: midnight)]), at: midnight)
        try copies.sign(at: midnight, isCosigned: false)
        // The last one may still wait.
        #expect(copies.report(copies.leaves, bodies: copies.none, heads: copies.heads).holds)
        try copies.append(.withdrawn([Withdrawal(number: 1, reason: "ended", time: midnight)]), at: midnight)
        try copies.sign(at: midnight)
        let report = copies.report(copies.leaves, bodies: copies.none, heads: copies.heads)
        #expect(report.faults == [.notCosigned(size: 1)])
        #expect(report.faults[0].description == "the head of 1 entries has no receipt of its audience")
    }

    @Test("two heads of one size are named, whichever copy has them")
    func forked() throws {
        var one = try Copies(), other = try Copies()
        try one.append(.withdrawn([Withdrawal(number: 1, reason: "ended", time: midnight)]), at: midnight)
        try other.append(.withdrawn([Withdrawal(number: 2, reason: "ended", time: midnight)]), at: midnight)
        try one.sign(at: midnight)
        try other.sign(at: midnight)
        let report = one.report(one.leaves, bodies: one.none, heads: one.heads, others: other.heads)
        #expect(report.faults.contains(.twoHeads(size: 1)))
    }

    @Test("times that go back, or come after the receipt, are named; so are statements that contradict each other")
    func times() throws {
        var copies = try Copies()
        let opening = Opening(number: 1, local: 1, terms: terms(), time: midnight)
        try copies.append(.opened([opening]), at: midnight)
        try copies.append(.opened([opening]), at: midnight.advanced(by: -60))
        try copies.append(
            .withdrawn([Withdrawal(number: 2, reason: "ended", time: midnight)]), at: midnight.advanced(by: 60))
        try copies.sign(at: midnight)
        let report = copies.report(copies.leaves, bodies: copies.bodies, heads: copies.heads)
        #expect(
            report.faults == [
                .timeWentBack(sequence: 1, seconds: 60), .contradiction(.openedTwice(number: 1), sequence: 1),
                .postDated(sequence: 2, seconds: 59), .contradiction(.notOpen(number: 2), sequence: 2),
            ])
    }

    @Test("keys are read as they are handed over, and a line that is none is named")
    func keys() throws {
        let copies = try Self.session.get()
        let text =
            "# of the exercise\nlog \(copies.log.key)\n\n\(copies.australia.key) # AU\nnode \(copies.node.key.key)\r\n"
        let keys = try AuditKeys(parsing: text)
        let policy = try #require(keys.policy(for: copies.lane))
        #expect(policy.log == copies.log.key)
        #expect(policy.cosigners == [copies.australia.key])
        #expect(keys.nodes == [copies.node.key])
        #expect(
            keys.text(for: copies.lane)
                == "log \(copies.log.key)\ncosigner \(copies.australia.key)\nnode \(copies.node.key.key)\n")
        let other = try #require(Lane(origin: "kumiko/jp/test/us"))
        #expect(keys.policy(for: other) == nil)
        for (line, text) in [
            (1, "x"), (2, "\nlog x+00000000+AAAA"), (1, "cosigner \(copies.log.key)"), (1, "log a \(copies.log.key)"),
        ] {
            let fault = #expect(throws: AuditKeys.Fault.self) { _ = try AuditKeys(parsing: text) }
            #expect(fault?.line == line)
        }
    }

    @Test("who saw a track: from when to when, by which rule, how often")
    func whoSaw() throws {
        var copies = try Copies()
        var sender = Sender()
        sender.show(7, "a", terms(), at: midnight)
        sender.show(7, "b", terms(), at: midnight.advanced(by: 10))
        sender.show(7, "c", terms(grid: 5000), at: midnight.advanced(by: 70))
        sender.book.withdraw(7, reason: "ended", at: midnight.advanced(by: 80))
        _ = sender.book.show(
            record: RecordShowing(
                id: "w1", local: "w-0815", terms: terms("warnings"), digest: hash("w"), time: midnight))
        sender.book.roll(at: midnight.advanced(by: 121))
        _ = sender.write()
        var history = DisclosureHistory()
        for statement in sender.written {
            try copies.append(statement, at: midnight)
            try history.apply(try #require(copies.entries.last))
        }
        let found = history.whoSaw("1007")
        #expect(found.map(\.count) == [2, 1])
        #expect(found.map(\.from) == [midnight, midnight.advanced(by: 70)])
        #expect(found.map(\.to) == [midnight.advanced(by: 70), midnight.advanced(by: 80)])
        #expect(found.map { $0.terms?.rule } == ["jp-au-air", "jp-au-air"])
        #expect(found.allSatisfy { $0.audience == "au" })
        #expect(history.whoSaw("au/7") == found)
        #expect(history.whoSaw("w-0815").map(\.terms?.rule) == ["warnings"])
        #expect(history.whoSaw("7").isEmpty)
        #expect(history.shown(to: "au", at: midnight.advanced(by: 75)) == [found[1]])
        #expect(history.shown(to: "au", at: midnight.advanced(by: 80)).isEmpty)
        #expect(history.shown(to: "us", at: midnight).isEmpty)
    }
}
