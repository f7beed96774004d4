import Foundation
import Testing

@testable import Ledger

let secret = [UInt8](repeating: 7, count: 32)

@Suite("Signed notes")
struct NoteTests {
    /// The example of C2SP signed-note.
    static let example =
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

    @Test("the example of the specification verifies, and is written as it was read")
    func specification() throws {
        let key = try #require(NoteKey(vkey: Self.exampleKey))
        #expect(key.description == Self.exampleKey)
        let note = try SignedNote(parsing: Array(Self.example.utf8))
        #expect(note.description == Self.example)
        #expect(note.text == "This is an example message.\n")
        #expect(try note.verified(by: [key]) == [SignedNote.Verified(key: key, timestamp: nil)])
        try SignaturePolicy(required: [key]).verify(note)
    }

    @Test(
        "a signature under a known name and id that does not hold makes the note forged; those of others do not count")
    func forged() throws {
        let key = try #require(NoteKey(vkey: Self.exampleKey))
        let note = try SignedNote(parsing: Array(Self.example.replacing("example message", with: "other message").utf8))
        #expect(throws: NoteError.wrongSignature(name: "example.com/foo")) { try note.verified(by: [key]) }
        let stranger = try #require(NoteKey(name: "example.com/foo", algorithm: .ed25519, octets: secret))
        #expect(try note.verified(by: [stranger]) == [])
        #expect(throws: NoteError.missingSignature(name: "example.com/foo")) {
            try SignaturePolicy(required: [stranger]).verify(note)
        }
        #expect(throws: NoteError.noSignatures) { try SignaturePolicy(required: []).verify(note) }
    }

    @Test(
        "what is no note is refused",
        arguments: [
            "", "\n", "\n\n", "a\n", "a\n\n", "a\n\nb\n", "a\n— k AAAAAAA=\n", "a\n\n— k AAAAAAA=",
            "a\n\n— k  AAAAAAA=\n",
            "a\n\n—  AAAAAAA=\n", "a\n\n— k+ AAAAAAA=\n", "a\n\n— k AAAAAA==\n", "a\n\n— k AAAAAAB=\n",
            "a\n\n— k AAAA AAA=\n",
            "a\n\n— k AAAAAAA\n", "a\n\n- k AAAAAAA=\n", "a\t\n\n— k AAAAAAA=\n", "a\n\n— k AAAAAAA=\n\n",
            "a\n\n— k\u{2003}k AAAAAAA=\n", "a\r\n\n— k AAAAAAA=\n", "a\n\n— k AAAAAAA=\nb\n", "a\n\n— k AAAA\nAAA=\n",
        ])
    func badNotes(text: String) {
        #expect(throws: NoteError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test("text may hold empty lines, a hundred signatures are read, one more is not")
    func limits() throws {
        let note = try SignedNote(parsing: Array("a\n\nb\n\n— k AAAAAAA=\n".utf8))
        #expect(note.text == "a\n\nb\n")
        let lines = (0..<100).map { "— k\($0) AAAAAAA=\n" }.joined()
        #expect(try SignedNote(parsing: Array("a\n\n\(lines)".utf8)).signatures.count == 100)
        #expect(throws: NoteError.tooManySignatures) {
            try SignedNote(parsing: Array("a\n\n\(lines)— k AAAAAAA=\n".utf8))
        }
        #expect(throws: NoteError.tooLong(octets: 1_000_001)) {
            try SignedNote(parsing: [UInt8](repeating: 97, count: 1_000_001))
        }
        #expect(throws: NoteError.notText) { try SignedNote(parsing: [0xFF, 10, 10, 0xE2, 10]) }
    }

    @Test(
        "what is no verifier key is refused",
        arguments: [
            "", "a", "a+b", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "+530d903a+AekyeRrm56g=",
        ])
    func badKeys(vkey: String) { #expect(NoteKey(vkey: vkey) == nil) }

    @Test("a cosignature is made over its header, its time and the whole checkpoint")
    func cosignature() throws {
        let log = try #require(NoteSigner(name: "kumiko/jp/live/au", algorithm: .ed25519, secret: secret))
        let other = [UInt8](repeating: 9, count: 32)
        let cosigner = try #require(NoteSigner(name: "kumiko/au/live", algorithm: .cosignature, secret: other))
        let head = Checkpoint(origin: "kumiko/jp/live/au", size: 3, root: LedgerHash(hashing: secret.span))
        let note = try SignedNote(head.text, signedBy: log)
        let both = note.with(try cosigner.sign(head.text, timestamp: 1_679_315_147))
        let read = try SignedNote(parsing: both.octets)
        #expect(read == both)
        let policy = SignaturePolicy(required: [log.key], cosigners: [cosigner.key], cosignersNeeded: 1)
        #expect(try policy.verify(read).map(\.timestamp) == [nil, 1_679_315_147])
        #expect(throws: NoteError.tooFewCosigners(needed: 1, found: 0)) { try policy.verify(note) }
        var early = policy
        early.notAfter = 1_679_315_146
        #expect(throws: NoteError.tooFewCosigners(needed: 1, found: 0)) { try early.verify(read) }
        #expect(NoteKey(vkey: cosigner.key.description) == cosigner.key)
        // The message is the specification's; a plain signature over the same text is none.
        #expect(
            String(decoding: cosigner.key.message(text: head.text, timestamp: 5), as: UTF8.self)
                == "cosignature/v1\ntime 5\n" + head.text)
        let plain = try #require(NoteSigner(name: "kumiko/au/live", algorithm: .ed25519, secret: other))
        #expect(plain.key.id != cosigner.key.id)
        #expect(throws: NoteError.tooFewCosigners(needed: 1, found: 0)) {
            try policy.verify(note.with(try plain.sign(head.text, timestamp: 0)))
        }
        // Another time breaks it.
        var octets = try cosigner.sign(head.text, timestamp: 1_679_315_147).octets
        octets[7] ^= 1
        #expect(throws: NoteError.wrongSignature(name: "kumiko/au/live")) {
            try policy.verify(note.with(NoteSignature(trusted: cosigner.key.name, cosigner.key.id, octets)))
        }
    }

    @Test(
        "what is no checkpoint is refused, with its line",
        arguments: [
            ("", 1), ("\n", 1), ("o\n", 2), ("o\n01\n", 2), ("o\n+1\n", 2), ("o\n-1\n", 2),
            ("o\n18446744073709551616\n", 2), ("o\n1\nAAAA\n", 3),
            ("o\n1\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs\n", 3),
            ("o\n1\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=", 4),
            ("o\n1\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\nmore\n", 4),
            ("o\n0\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n", 3),
        ])
    func badCheckpoints(text: String, line: Int) {
        #expect(throws: NoteError.badCheckpointLine(line)) { try Checkpoint(parsing: text) }
    }

    @Test("no truncation or mutation of a note traps or verifies", arguments: [1] as [UInt64])
    func mutations(seed: UInt64) throws {
        var chance = Seeded(seed)
        let log = try #require(NoteSigner(name: "kumiko/jp/live/au", algorithm: .ed25519, secret: secret))
        let head = Checkpoint(origin: "kumiko/jp/live/au", size: 300, root: LedgerHash(hashing: secret.span))
        let octets = try SignedNote(head.text, signedBy: log).octets
        let policy = SignaturePolicy(required: [log.key])
        func check(_ octets: [UInt8]) {
            guard let note = try? SignedNote(parsing: octets) else { return }
            _ = try? Checkpoint(parsing: note.text)
            #expect(note.octets == octets)
            // What verifies still is the same text: a signature of somebody else may be added, or a name changed to one.
            if (try? policy.verify(note)) != nil { #expect(note.text == head.text) }
        }
        for length in 0..<octets.count { check(Array(octets.prefix(length))) }
        for _ in 0..<10_000 { check(octets.mutated(using: &chance)) }
    }

    @Test("no truncation or mutation of a receipt traps or verifies for another place", arguments: [2] as [UInt64])
    func receiptMutations(seed: UInt64) throws {
        var chance = Seeded(seed)
        let log = try #require(NoteSigner(name: "kumiko/jp/live/au", algorithm: .ed25519, secret: secret))
        var tree = NaiveTree(count: 9)
        let note = try SignedNote(
            Checkpoint(origin: "kumiko/jp/live/au", size: 9, root: tree.mth(0..<9)).text, signedBy: log)
        let proof = tree.inclusionProof(of: 5, size: 9) ?? []
        let octets = Array(InclusionReceipt(index: 5, proof: proof, head: note).description.utf8)
        let policy = SignaturePolicy(required: [log.key])
        let entry = Array("leaf 5".utf8)
        func check(_ octets: [UInt8], _ isChanged: Bool) {
            guard let receipt = try? InclusionReceipt(parsing: octets) else {
                #expect(isChanged)
                return
            }
            if (try? receipt.verify(entry: entry.span, origin: "kumiko/jp/live/au", policy: policy)) != nil {
                #expect(receipt.index == 5 && receipt.proof == proof && receipt.head.text == note.text)
            } else {
                #expect(isChanged)
            }
        }
        check(octets, false)
        for length in 0..<octets.count { check(Array(octets.prefix(length)), true) }
        for _ in 0..<10_000 {
            let changed = octets.mutated(using: &chance)
            check(changed, changed != octets)
        }
    }

    @Test("a request to a witness is read as the specification writes it")
    func request() throws {
        // The example of C2SP tlog-witness.
        let text = """
            old 20852014
            PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
            jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
            5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
            /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

            example.com/behind-the-sofa
            20852163
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
            — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=

            """
        let request = try WitnessRequest(parsing: Array(text.utf8))
        #expect(request.description == text)
        #expect(request.oldSize == 20_852_014 && request.proof.count == 4)
        #expect(try Checkpoint(parsing: request.head.text).size == 20_852_163)
        let first = WitnessRequest(oldSize: 0, proof: [], head: request.head)
        #expect(try WitnessRequest(parsing: Array(first.description.utf8)) == first)
        for (wrong, line) in [
            ("", 1), ("old", 1), ("old 1", 2), ("old 01\n\n", 1), ("old 1\nAAAA\n\n", 2), ("new 1\n\n", 1),
            ("old 1\n" + String(repeating: "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n", count: 64) + "\n", 65),
        ] {
            #expect(throws: InclusionReceipt.Refusal.badLine(line)) { try WitnessRequest(parsing: Array(wrong.utf8)) }
        }
        #expect(throws: InclusionReceipt.Refusal.note(.noSignatures)) {
            try WitnessRequest(parsing: Array("old 1\n\n".utf8))
        }
    }

    @Test(
        "a key of small order, under which one signature holds for any text, is none",
        arguments: [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ])
    func smallOrder(digits: String) {
        #expect(NoteKey(name: "k", algorithm: .ed25519, octets: octets(digits)) == nil)
    }
}

extension [UInt8] {
    /// A copy with one to three octets changed, taken out, put in or said twice.
    func mutated(using chance: inout Seeded) -> Self {
        var octets = self
        for _ in 0..<Int.random(in: 1...3, using: &chance) {
            let place = Int.random(in: 0..<Swift.max(1, octets.count), using: &chance)
            guard place < octets.count else { return octets }
            switch Int.random(in: 0..<6, using: &chance) {
            case 0: octets[place] = UInt8.random(in: 0...255, using: &chance)
            case 1: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
            case 2: octets.remove(at: place)
            case 3: octets.insert(UInt8.random(in: 0...255, using: &chance), at: place)
            case 4:
                octets.insert(
                    contentsOf: octets[place..<Swift.min(place + 40, octets.count)], at: place)
            default: octets[place] = [0, 0x0A, 0x20, 0x7F, 0xFF, 0x5F, 0x9F, 0x1B].randomElement(using: &chance) ?? 0
            }
        }
        return octets
    }
}
