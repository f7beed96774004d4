import Air
import Crypto
import Foundation
import Testing

@testable import Ledger

/// A small world: Japan's log for Australia.
struct World {
    let lane: Lane
    let node: EntrySigner
    let nation: NoteSigner
    let australia: NoteSigner
    let salts: SaltSecret
    let keys: KeyRing
    let policy: SignaturePolicy

    init(realm: Realm = .live, audience: String = "au") throws {
        let jp = try #require(Nation("jp"))
        self.lane = try #require(Lane(nation: jp, realm: realm, audience: audience))
        self.node = try #require(
            EntrySigner(nation: jp, realm: realm, node: "kasuga", secret: [UInt8](repeating: 1, count: 32)))
        self.nation = try #require(
            NoteSigner(name: self.lane.origin, algorithm: .ed25519, secret: [UInt8](repeating: 2, count: 32)))
        let au = try #require(Nation("au"))
        self.australia = try #require(
            NoteSigner(
                name: Lane.domain(au, realm), algorithm: .cosignature, secret: [UInt8](repeating: 3, count: 32)))
        self.salts = try #require(SaltSecret([UInt8](repeating: 4, count: 32)))
        self.keys = KeyRing([self.node.key])
        self.policy = SignaturePolicy(required: [self.nation.key])
    }

    func entry(_ sequence: UInt64, callsign: String = "JAL123") throws -> Entry {
        let salts = self.salts.salts(lane: self.lane, sequence: sequence)
        let body = try #require(
            EntryBody([
                ("track", .unsigned(sequence)), ("callsign", .text(callsign)), ("latitude", .double(35.5)),
                ("rule", "agreement/jp-au/3"),
            ]) { salts[$0] })
        return try self.node.entry(
            lane: self.lane, sequence: sequence, kind: "disclosure.track",
            time: Timestamp(nanoseconds: 1_795_266_000_000_000_000 + Int64(sequence)),
            label: LedgerHash(hashing: Array("label".utf8).span), body: body)
    }
}

@Suite("Entries")
struct EntryTests {
    @Test("the octets of an entry are these")
    func golden() throws {
        let entry = try World().entry(5)
        let hexa = hexadecimal(entry.leaf.octets)
        #expect(entry.leaf.octets.count == 209)
        // COSE_Sign1, algorithm −8, four octets of key id, no unprotected header, a payload of 128 octets.
        #expect(hexa.hasPrefix("d28449a201270444"))
        #expect(hexa.dropFirst(24).hasPrefix("a05880a7"))
        // As hashlib, cryptography and cbor2 make it out of the tables of docs/ledger.md.
        #expect(entry.leaf.hash.description == "acb4adc46c15aa66a7dd3a6879b79c4a9c8af9b91d8e3096f19bf49bb5cc1489")
        #expect(try EntryLeaf(parsing: entry.leaf.octets) == entry.leaf)
        #expect(try Entry(parsing: entry.encoded) == entry)
    }

    @Test("an entry verifies in its lane, at its place, under its node's key")
    func verifies() throws {
        let world = try World()
        let entry = try Entry(parsing: world.entry(5).encoded)
        try entry.leaf.verify(in: world.lane, at: 5, keys: world.keys)
        #expect(entry.body["callsign"] == "JAL123")
        #expect(entry.body["track"] == 5)
        #expect(entry.body["nothing"] == nil)
    }

    @Test("an entry of another nation, world, audience or place, or by a key that is unknown or removed, is refused")
    func refused() throws {
        let world = try World()
        let leaf = try world.entry(5).leaf
        let jp = world.lane.nation, us = try #require(Nation("us"))
        func lane(_ nation: Nation, _ realm: Realm, _ audience: String) throws -> Lane {
            try #require(Lane(nation: nation, realm: realm, audience: audience))
        }
        #expect(throws: EntryRefusal.wrongNation(jp)) {
            try leaf.verify(in: lane(us, .live, "au"), at: 5, keys: world.keys)
        }
        #expect(throws: EntryRefusal.wrongRealm(.live)) {
            try leaf.verify(in: lane(jp, .test, "au"), at: 5, keys: world.keys)
        }
        #expect(throws: EntryRefusal.wrongAudience("au")) {
            try leaf.verify(in: lane(jp, .live, "us"), at: 5, keys: world.keys)
        }
        #expect(throws: EntryRefusal.outOfOrder(expected: 6, found: 5)) {
            try leaf.verify(in: world.lane, at: 6, keys: world.keys)
        }
        let id = world.node.key.key.id
        #expect(throws: EntryRefusal.unknownKey(node: "kasuga", keyID: id)) {
            try leaf.verify(in: world.lane, at: 5, keys: KeyRing([]))
        }
        var keys = world.keys
        keys.remove(world.node.key)
        #expect(throws: EntryRefusal.unknownKey(node: "kasuga", keyID: id)) {
            try leaf.verify(in: world.lane, at: 5, keys: keys)
        }
        // The same secret under another node's name is another key.
        let other = try #require(
            EntrySigner(nation: jp, realm: .live, node: "omaezaki", secret: [UInt8](repeating: 1, count: 32)))
        #expect(throws: EntryRefusal.unknownKey(node: "kasuga", keyID: id)) {
            try leaf.verify(in: world.lane, at: 5, keys: KeyRing([other.key]))
        }
    }

    @Test("what was signed in an exercise is not signed live, even by the same secret and with the realm written over")
    func realms() throws {
        let live = try World()
        let exercise = try World(realm: .exercise("Keen Sword"))
        #expect(exercise.lane.origin == "kumiko/jp/exercise/Keen%20Sword/au")
        #expect(Lane(origin: exercise.lane.origin) == exercise.lane)
        let leaf = try exercise.entry(5).leaf
        #expect(throws: EntryRefusal.wrongRealm(.exercise("Keen Sword"))) {
            try leaf.verify(in: live.lane, at: 5, keys: live.keys)
        }
        // The statement says live; the signature was made over the exercise's domain.
        var statement = leaf.statement
        statement.lane = live.lane
        let id = live.node.key.key.id
        let message = EntryLeaf.message(realm: .exercise("Keen Sword"), keyID: id, payload: statement.encoded)
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
        let signature = try key.signature(for: message)
        let forged = EntryLeaf(
            statement: statement, keyID: id, payload: statement.encoded, signature: [UInt8](signature))
        #expect(throws: EntryRefusal.wrongSignature) { try forged.verify(in: live.lane, at: 5, keys: live.keys) }
    }

    @Test("a signer signs for its own nation and realm alone, and nothing that cannot be")
    func signer() throws {
        let world = try World()
        let body = try #require(EntryBody([]) { _ in nil })
        func sign(_ lane: Lane?, kind: String = "k", references: Int = 0) throws {
            _ = try world.node.entry(
                lane: #require(lane), sequence: 0, kind: kind, time: Timestamp(nanoseconds: -1), label: body.root,
                body: body, references: Array(repeating: body.root, count: references))
        }
        let us = try #require(Nation("us"))
        #expect(throws: EntryRefusal.wrongNation(us)) { try sign(Lane(nation: us, realm: .live, audience: "au")) }
        #expect(throws: EntryRefusal.wrongRealm(.test)) {
            try sign(Lane(nation: world.lane.nation, realm: .test, audience: "au"))
        }
        #expect(throws: EntryRefusal.cannotBe) { try sign(world.lane, kind: "No Token") }
        #expect(throws: EntryRefusal.cannotBe) { try sign(world.lane, references: 65) }
        try sign(world.lane, references: 64)
        #expect(
            EntrySigner(nation: us, realm: .live, node: "A B", secret: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(EntrySigner(nation: us, realm: .live, node: "a", secret: [1]) == nil)
    }

    @Test("a redacted copy verifies under the same signature, and says nothing of what is withheld")
    func redaction() throws {
        let world = try World()
        let entry = try world.entry(5)
        let copy = entry.withholding { $0 == "callsign" || $0 == "latitude" }
        let octets = copy.encoded
        let read = try Entry(parsing: octets)
        #expect(read == copy)
        try read.leaf.verify(in: world.lane, at: 5, keys: world.keys)
        #expect(read.body["callsign"] == nil && read.body["track"] == 5)
        for secret in ["JAL123", "callsign", "latitude"] {
            #expect(octets.firstRange(of: Array(secret.utf8)) == nil)
        }
        // All of it may go; the root stays.
        #expect(entry.withholding { _ in true }.body.root == entry.body.root)
    }

    @Test("a field changed, left out, moved or salted otherwise is not the body that was signed")
    func tampering() throws {
        let entry = try World().entry(5)
        for place in entry.body.fields.indices {
            guard case .shown(let salt, let name, let value) = entry.body.fields[place] else { continue }
            let wrongSalt = try #require(Salt([UInt8](repeating: 0, count: 16)))
            for field in [
                EntryBody.Field.shown(salt: salt, name: name, value: .null),
                .shown(salt: wrongSalt, name: name, value: value), .shown(salt: salt, name: name + "x", value: value),
            ] {
                var fields = entry.body.fields
                fields[place] = field
                #expect(throws: EntryRefusal.wrongBody) { try Entry(entry.leaf, Self.body(fields)) }
            }
            var fields = entry.body.fields
            fields.remove(at: place)
            #expect(throws: EntryRefusal.wrongBody) { try Entry(entry.leaf, Self.body(fields)) }
        }
        #expect(throws: EntryRefusal.malformed(CBORError(reason: .unsortedKeys, offset: 240))) {
            let fields = Array(entry.body.fields.reversed())
            var writer = CBORWriter()
            writer.head(4, 2)
            writer.bytes(entry.leaf.octets)
            writer.bytes(Self.octets(fields))
            _ = try Entry(parsing: writer.octets)
        }
    }

    static func octets(_ fields: [EntryBody.Field]) -> [UInt8] {
        var writer = CBORWriter()
        writer.head(4, UInt64(fields.count))
        for field in fields {
            switch field {
            case .shown(let salt, let name, let value):
                writer.octets += EntryBody.Field.encoded(salt, name, value)
            case .withheld(let commitment): writer.hash(commitment)
            }
        }
        return writer.octets
    }

    static func body(_ fields: [EntryBody.Field]) throws -> EntryBody { try EntryBody(parsing: self.octets(fields)) }

    @Test("salts differ by lane, entry and field, and are the same again")
    func salts() throws {
        let world = try World(), other = try World(audience: "us")
        var seen: Set<Salt> = []
        for lane in [world.lane, other.lane] {
            for sequence in 0..<10 as Range<UInt64> {
                for field in 0..<10 {
                    let salt = try #require(world.salts.salts(lane: lane, sequence: sequence)[field])
                    #expect(seen.insert(salt).inserted)
                    #expect(world.salts.salts(lane: lane, sequence: sequence)[field] == salt)
                }
            }
        }
        #expect(SaltSecret([1, 2, 3]) == nil)
    }

    @Test("a body names each field once")
    func names() throws {
        let salt = try #require(Salt([UInt8](repeating: 0, count: 16)))
        #expect(EntryBody([("a", 1), ("a", 2)]) { _ in salt } == nil)
        #expect(EntryBody([("", 1)]) { _ in salt } == nil)
        #expect(EntryBody([("a", 1)]) { _ in nil } == nil)
        // One name in two forms of Unicode is two names, in the order of their octets.
        let body = try #require(EntryBody([("\u{e9}", 1), ("e\u{301}", 2)]) { _ in salt })
        #expect(body["\u{e9}"] == 1 && body["e\u{301}"] == 2)
        #expect(try EntryBody(parsing: body.encoded) == body)
    }

    @Test(
        "what is no origin line is refused",
        arguments: [
            "", "kumiko", "kumiko/jp/live", "kumiko/JP/live/au", "kumiko/jp/Live/au", "kumiko/jp/live/au/",
            "kumiko/jp/live/",
            "kumiko/jp/live/AU", "kumiko/jp/live/-au", "kumiko/jp/exercise/au", "kumiko/jp/exercise//au",
            "kumiko/jp/exercise/a%20/b/au", "kumiko/jp/exercise/a%2/au", "kumiko/jp/exercise/%61/au",
            "kumiko/jp/exercise/a%2b/au", "kumiko/jp/exercise/a b/au", "kumiko/jp/exercise/%FF/au", "Kumiko/jp/live/au",
            "kumiko/jpn/live/au", "/kumiko/jp/live/au", "kumiko/jp/live/a\u{301}u",
        ])
    func badOrigins(text: String) { #expect(Lane(origin: text) == nil) }

    @Test(
        "no truncation or mutation of an entry traps, and none verifies with another meaning",
        arguments: [1, 2] as [UInt64])
    func mutations(seed: UInt64) throws {
        let world = try World()
        let entry = try world.entry(5)
        let octets = entry.encoded
        var chance = Seeded(seed)
        func check(_ octets: [UInt8]) {
            guard let read = try? Entry(parsing: octets) else { return }
            #expect(read.encoded == octets)
            guard (try? read.leaf.verify(in: world.lane, at: 5, keys: world.keys)) != nil else { return }
            #expect(read == entry)
        }
        for length in 0..<octets.count {
            #expect(throws: EntryRefusal.self) { try Entry(parsing: Array(octets.prefix(length))) }
        }
        for _ in 0..<10_000 { check(octets.mutated(using: &chance)) }
        let leaf = entry.leaf.octets
        for length in 0..<leaf.count {
            #expect(throws: EntryRefusal.self) { try EntryLeaf(parsing: Array(leaf.prefix(length))) }
        }
        for _ in 0..<10_000 {
            let changed = leaf.mutated(using: &chance)
            guard let read = try? EntryLeaf(parsing: changed) else { continue }
            #expect(read.octets == changed)
            if (try? read.verify(in: world.lane, at: 5, keys: world.keys)) != nil { #expect(read == entry.leaf) }
        }
    }
}
