import Air
import Crypto
import Federation
import Foundation
import Ledger
import SwiftProtobuf
import Testing

@testable import FederationWire

/// SplitMix64.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// One of each message, with all its fields.
struct Samples {
    let requests: [Request]
    let deliveries: [Delivery]

    init() throws {
        let jp = try #require(Nation("jp")), au = try #require(Nation("au"))
        let realm = Realm.exercise("Keen Sword")
        let lane = try #require(Lane(nation: jp, realm: realm, audience: "au"))
        let signer = try #require(
            NoteSigner(name: lane.origin, algorithm: .ed25519, secret: [UInt8](repeating: 7, count: 32)))
        let head = try SignedNote(
            Checkpoint(origin: lane.origin, size: 3, root: MerkleTree.emptyRoot).text, signedBy: signer)
        let other = try SignedNote(
            Checkpoint(origin: lane.origin, size: 3, root: LedgerHash(hashing: [1].span)).text, signedBy: signer)
        let hash = LedgerHash(hashing: [2].span)
        let number = BatchNumber(epoch: .max, number: 3)
        let probe = Probe(number: 4, sentAt: Timestamp(nanoseconds: .min))
        self.requests = [
            .hello(
                Hello(
                    versions: .v1 ... .v2, nation: au, realm: realm, node: "au-1", partner: jp, incarnation: .max,
                    held: head, lastBatch: number)),
            .hello(
                Hello(
                    versions: .v2 ... .v2, nation: au, realm: .live, node: "a", partner: jp, incarnation: 0, held: nil,
                    lastBatch: nil)),
            .credit(Credit(leavesUpTo: .max, taken: number)), .credit(Credit(leavesUpTo: 0, taken: nil)),
            .receipt(Receipt(size: 3, signature: try #require(head.signatures.first))),
            .urgentReceipt(sequence: .max, leaf: hash), .probe(probe),
            .conviction(Equivocation(evidence: .heads(head, other, prefix: nil))),
        ]
        self.deliveries =
            [
                .welcome(
                    Welcome(
                        version: .v2, nation: jp, realm: realm, node: "jp-1", head: head, epoch: 5,
                        bookBegan: Timestamp(nanoseconds: 6))),
                .welcome(
                    Welcome(
                        version: .v1, nation: jp, realm: .test, node: "jp-1", head: nil, epoch: 0,
                        bookBegan: Timestamp(nanoseconds: -1))),
                .entries(EntryBatch(from: 7, entries: [[1, 2], [UInt8](repeating: 3, count: 300)], head: head)),
                .urgent([4, 5]),
                .tracks(
                    TrackBatch(
                        lane: lane, node: "jp-1", number: number, sentAt: Timestamp(nanoseconds: .max),
                        leaves: [.shown([UInt8](repeating: 6, count: 200)), .withheld(hash)], keyID: .max,
                        signature: [UInt8](repeating: 8, count: 64))),
                .echo(
                    Echo(probe: probe, receivedAt: Timestamp(nanoseconds: 1), sentAt: Timestamp(nanoseconds: 2))),
            ] + Self.refusals.map { .refusal($0) }
    }

    /// Each reason that crosses whole.
    static let refusals: [LinkRefusal] = [
        .noCommonVersion(.v1 ... .v2), .outOfTurn, .wrongNation, .wrongRealm, .notAddressed, .replaced,
        .unknownHead(size: 9), .batch("root"), .overrun, .malformed("Hello.nation"), .revoked, .silent, .ending,
    ]
}

@Suite("Messages as protocol buffers")
struct MessageTests {
    @Test("each message comes back as it went out")
    func roundTrip() throws {
        let samples = try Samples()
        for request in samples.requests {
            let octets: [UInt8] = try Kumiko_Federation_V1_Request(request).serializedBytes()
            #expect(try Request(Kumiko_Federation_V1_Request(serializedBytes: octets)) == request)
        }
        for delivery in samples.deliveries {
            let octets: [UInt8] = try Kumiko_Federation_V1_Delivery(delivery).serializedBytes()
            #expect(try Delivery(Kumiko_Federation_V1_Delivery(serializedBytes: octets)) == delivery)
        }
    }

    @Test("a refused entry crosses by the name of its reason alone")
    func lane() throws {
        let head = try #require(
            try Samples().deliveries.compactMap { if case .welcome(let w) = $0 { w.head } else { nil } }.first)
        let message = Kumiko_Federation_V1_Delivery(.refusal(.entry(.rolledBack(held: head, offered: head))))
        #expect(message.refusal.text == "rolledBack")
        #expect(try Delivery(message) == .refusal(.malformed("refused by the partner: rolledBack")))
    }

    @Test("a reason that is not known yet ends the link as well, and a text is cut")
    func reasons() throws {
        var message = Kumiko_Federation_V1_Refusal()
        message.reason = .UNRECOGNIZED(99)
        #expect(LinkRefusal(message) == .malformed("refused by the partner for reason 99"))
        message.reason = .noCommonVersion
        message.oldestVersion = 3
        message.newestVersion = 2
        #expect(LinkRefusal(message) == .malformed("no common version, of 3 to 2"))
        message.reason = .batch
        message.text = String(repeating: "日本", count: 1000)
        guard case .batch(let text) = LinkRefusal(message) else {
            Issue.record("another reason")
            return
        }
        #expect(text.utf8.count == 1023)
    }

    @Test("fields that a reader does not know are skipped")
    func unknownFields() throws {
        for request in try Samples().requests {
            let octets: [UInt8] = try Kumiko_Federation_V1_Request(request).serializedBytes()
            // Field 1000, two octets.
            let longer = octets + [0xC2, 0x3E, 2, 1, 2]
            #expect(try Request(Kumiko_Federation_V1_Request(serializedBytes: longer)) == request)
        }
    }

    @Test("what is not of the form is refused, by the name of its field")
    func forms() throws {
        let samples = try Samples()
        func request(_ at: Int, _ field: String, _ change: (inout Kumiko_Federation_V1_Request) -> Void) {
            var message = Kumiko_Federation_V1_Request(samples.requests[at])
            change(&message)
            #expect { try Request(message) } throws: { ($0 as? WireFault)?.field == field }
        }
        func delivery(_ at: Int, _ field: String, _ change: (inout Kumiko_Federation_V1_Delivery) -> Void) {
            var message = Kumiko_Federation_V1_Delivery(samples.deliveries[at])
            change(&message)
            #expect { try Delivery(message) } throws: { ($0 as? WireFault)?.field == field }
        }
        request(0, "Request.say") { $0.say = nil }
        request(0, "Hello.oldest_version") { $0.hello.oldestVersion = 0 }
        request(0, "Hello.oldest_version") { $0.hello.oldestVersion = 3 }
        for nation in ["", "JP", "j", "jpn", "日"] { request(0, "Hello.nation") { $0.hello.nation = nation } }
        for realm in ["", "LIVE", "exercise()", "exercise(" + String(repeating: "x", count: 65) + ")", "play"] {
            request(0, "Hello.realm") { $0.hello.realm = realm }
        }
        for node in ["", "A", "a/b", String(repeating: "a", count: 65)] {
            request(0, "Hello.node") { $0.hello.node = node }
        }
        request(0, "Hello.partner") { $0.hello.partner = "AU" }
        for note in ["", "x", String(repeating: "x", count: 65_537)] {
            request(0, "Hello.held") { $0.hello.held = note }
        }
        request(4, "Receipt.cosignature") { $0.receipt.cosignature += "\n" }
        request(4, "Receipt.cosignature") { $0.receipt.cosignature = String(repeating: "x", count: 1025) }
        request(5, "UrgentReceipt.leaf") { $0.urgentReceipt.leaf = Data(repeating: 0, count: 31) }
        request(7, "Conviction.equivocation") { $0.conviction.equivocation = Data(repeating: 0, count: 196_609) }
        request(7, "Conviction.equivocation") { $0.conviction.equivocation.removeLast() }
        delivery(0, "Delivery.say") { $0.say = nil }
        delivery(0, "Welcome.version") { $0.welcome.version = 0 }
        delivery(0, "Welcome.head") { $0.welcome.head = "x" }
        delivery(2, "Entries.entries") { $0.entries.entries = [Data](repeating: Data([1]), count: 4097) }
        delivery(2, "Entries.entries") { $0.entries.entries[0] = Data() }
        delivery(2, "Entries.from") { $0.entries.from = .max }
        delivery(2, "Entries.head") { $0.entries.head = "" }
        delivery(3, "Urgent.entry") { $0.urgent.entry = Data() }
        delivery(4, "Tracks.lane") { $0.tracks.lane = "kumiko/jp/live" }
        delivery(4, "Tracks.node") { $0.tracks.node = "" }
        delivery(4, "Tracks.number") { $0.tracks.clearNumber() }
        delivery(4, "Tracks.signature") { $0.tracks.signature.removeLast() }
        delivery(4, "Tracks.leaves") {
            $0.tracks.leaves = [Kumiko_Federation_V1_Leaf](repeating: $0.tracks.leaves[0], count: 1025)
        }
        delivery(4, "Leaf.shown") { $0.tracks.leaves[0].shown = Data(repeating: 0, count: 16_385) }
        delivery(4, "Leaf.shown") { $0.tracks.leaves[0].shown = Data(repeating: 0, count: 16) }
        delivery(4, "Leaf.withheld") { $0.tracks.leaves[1].withheld = Data(repeating: 0, count: 33) }
        delivery(4, "Leaf.leaf") { $0.tracks.leaves[1].leaf = nil }
        delivery(5, "Echo.probe") { $0.echo.clearProbe() }
    }

    @Test("every beginning of a message, and every message with one bit changed, is read or refused")
    func truncatedAndFlipped() throws {
        let samples = try Samples()
        var read = 0, refused = 0
        func attempt(_ octets: [UInt8]) {
            Self.attempt(octets) ? (read += 1) : (refused += 1)
        }
        for octets in try Self.octets(of: samples) {
            for length in 0..<octets.count { attempt(Array(octets.prefix(length))) }
            for bit in 0..<octets.count * 8 {
                var changed = octets
                changed[bit >> 3] ^= 1 << UInt8(bit & 7)
                attempt(changed)
            }
        }
        #expect(read > 0)
        #expect(refused > 0)
    }

    @Test("ten thousand messages changed by chance are read or refused", arguments: [1 as UInt64, 2, 3, 4])
    func mutated(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let corpus = try Self.octets(of: Samples())
        var read = 0
        for _ in 0..<2500 {
            var octets = corpus[Int.random(in: 0..<corpus.count, using: &random)]
            for _ in 0...Int.random(in: 0..<6, using: &random) {
                let place = Int.random(in: 0...octets.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0 where place < octets.count: octets[place] = UInt8.random(in: 0...255, using: &random)
                case 1 where place < octets.count: octets.remove(at: place)
                case 2: octets.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 3: octets.replaceSubrange(place..<octets.count, with: octets.prefix(place))
                default:
                    let other = corpus[Int.random(in: 0..<corpus.count, using: &random)]
                    octets.replaceSubrange(place..<octets.count, with: other.suffix(place))
                }
            }
            if Self.attempt(octets) { read += 1 }
        }
        #expect(read < 2500)
    }

    private static func octets(of samples: Samples) throws -> [[UInt8]] {
        try samples.requests.map { try Kumiko_Federation_V1_Request($0).serializedBytes() }
            + samples.deliveries.map { try Kumiko_Federation_V1_Delivery($0).serializedBytes() }
    }

    /// Reads octets as both kinds of message; what is read must come back as it is.
    private static func attempt(_ octets: [UInt8]) -> Bool {
        var isRead = false
        if let message = try? Kumiko_Federation_V1_Request(serializedBytes: octets), let request = try? Request(message)
        {
            #expect((try? Request(Kumiko_Federation_V1_Request(request))) == request)
            isRead = true
        }
        if let message = try? Kumiko_Federation_V1_Delivery(serializedBytes: octets),
            let delivery = try? Delivery(message)
        {
            #expect((try? Delivery(Kumiko_Federation_V1_Delivery(delivery))) == delivery)
            isRead = true
        }
        return isRead
    }
}

@Suite("What the description and its Swift have in common")
struct DescriptionTests {
    @Test("the generated Swift is of this description: scripts/generate_proto.sh makes it anew")
    func digest() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try Data(contentsOf: root.appending(path: "protocol/kumiko/federation/v1/federation.proto"))
        let digest = SHA256.hash(data: text).map { String(format: "%02x", $0) }.joined()
        #expect(digest == FederationDescription.sha256)
    }
}
