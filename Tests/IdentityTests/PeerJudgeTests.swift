import Air
import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import Identity

@Suite("The judge of peers")
struct PeerJudgeTests {
    /// Japan, which knows Australia and Korea; and what forges theirs.
    struct Stage {
        let workshop: Workshop
        var japan: NationFolder
        let australia: NationFolder
        let korea: NationFolder
        let forger: Forger
        let name = "kumiko://au/live/au-1"

        init() throws {
            self.workshop = try Workshop()
            self.japan = try self.workshop.nation("jp")
            self.australia = try self.workshop.nation("au")
            self.korea = try self.workshop.nation("kr")
            try self.japan.meet(self.australia)
            try self.japan.meet(self.korea)
            self.forger = try Forger(self.australia)
        }

        var draft: Forger.Draft { Forger.Draft(self.name) }

        func verdict(
            _ chain: [[UInt8]], as role: PeerJudge.Role = .server, expecting: Nation? = nil, at time: Timestamp = now
        ) -> PeerRefusal? {
            do throws(PeerRefusal) {
                _ = try self.japan.judge.judge(chain: chain, as: role, expecting: expecting, at: time)
                return nil
            } catch { return error }
        }

        func verdict(
            _ draft: Forger.Draft, as role: PeerJudge.Role = .server, at time: Timestamp = now
        ) throws -> PeerRefusal? {
            try self.verdict([self.forger.der(draft)], as: role, at: time)
        }
    }

    @Test(
        "a certificate as the authority writes it is let in at both ends, with and without the authority's own behind it"
    )
    func good() throws {
        let stage = try Stage()
        for role in [PeerJudge.Role.client, .server] {
            #expect(try stage.verdict(stage.draft, as: role) == nil)
            let chain = [stage.australia.tls.chain[0], stage.australia.introduction.certificate]
            #expect(stage.verdict(chain, as: role, expecting: stage.australia.nation) == nil)
        }
        // What RFC 5280 lets be left out, and what is not critical.
        #expect(try stage.verdict(stage.draft.with { $0.constraints = nil }) == nil)
        let unknown = Certificate.Extension(oid: [1, 3, 6, 1, 4, 1, 99_999, 1], critical: false, value: [5, 0])
        #expect(try stage.verdict(stage.draft.with { $0.more = [unknown] }) == nil)
        let p384 = Certificate.PublicKey(P384.Signing.PrivateKey().publicKey)
        #expect(try stage.verdict(stage.draft.with { $0.publicKey = p384 }) == nil)
    }

    @Test("without a certificate, or with octets that are none, nobody is let in")
    func none() throws {
        let stage = try Stage()
        let leaf = stage.australia.tls.chain[0]
        #expect(stage.verdict([]) == .noCertificate)
        #expect(stage.verdict([[]]) == .malformed)
        #expect(stage.verdict([leaf + [0]]) == .malformed)
        #expect(stage.verdict([[UInt8](repeating: 0x30, count: 9000)]) == .malformed)
        #expect(stage.verdict([Array(Base64.block("CERTIFICATE", leaf).utf8)]) == .malformed)
    }

    @Test("an authority that calls itself as the partner's does, forges nothing")
    func forgedAuthority() throws {
        let stage = try Stage()
        let other = P256.Signing.PrivateKey()
        #expect(try stage.verdict(stage.draft.with { $0.signer = .init(other) }) == .wrongSignature)
        let name = stage.forger.authority.certificate.subject
        let twin = try stage.forger.der(
            Forger.Draft("kumiko://au/live").with {
                $0.subject = name
                $0.signer = .init(other)
                $0.publicKey = .init(other.publicKey)
                $0.constraints = .isCertificateAuthority(maxPathLength: 0)
                $0.usage = KeyUsage(keyCertSign: true, cRLSign: true)
            })
        let leaf = try stage.forger.der(stage.draft.with { $0.signer = .init(other) })
        #expect(stage.verdict([leaf, twin]) == .strayCertificates)
        #expect(stage.verdict([leaf, stage.australia.introduction.certificate]) == .wrongSignature)
        let own = try DistinguishedName { CommonName("self") }
        #expect(try stage.verdict(stage.draft.with { $0.issuer = own }) == .wrongIssuer)
    }

    @Test("one partner's authority never speaks for another nation")
    func otherNation() throws {
        let stage = try Stage()
        let korean = try Forger(stage.korea)
        #expect(stage.verdict([try korean.der(stage.draft)]) == .wrongIssuer)
        let australian = stage.forger.authority.certificate.subject
        #expect(stage.verdict([try korean.der(stage.draft.with { $0.issuer = australian })]) == .wrongSignature)
        #expect(
            stage.verdict([try korean.der(stage.draft), stage.korea.introduction.certificate]) == .strayCertificates)
        #expect(try stage.verdict(Forger.Draft("kumiko://jp/live/jp-1")) == .ownNation)
        #expect(stage.verdict(stage.japan.tls.chain) == .ownNation)
        #expect(try stage.verdict(Forger.Draft("kumiko://us/live/us-1")) == .unknownNation)
        #expect(stage.verdict(stage.korea.tls.chain, expecting: stage.australia.nation) == .unexpectedNation)
        #expect(stage.verdict(stage.korea.tls.chain, expecting: stage.korea.nation) == nil)
    }

    @Test(
        "a certificate must name one node, in the one form",
        arguments: [
            ([], PeerRefusal.notNamed),
            (["https://au/live/au-1"], .notNamed), (["kumiko://au/live"], .notNamed), (["kumiko://"], .notNamed),
            (["kumiko://AU/live/au-1"], .notNamed), (["kumiko://au/live/AU-1"], .notNamed),
            (["kumiko://au/live/au-1/"], .notNamed), (["kumiko://au/live/au-1?x"], .notNamed),
            (["kumiko://au/live/au-1/b"], .notNamed), (["kumiko://au//au-1"], .notNamed),
            (["KUMIKO://au/live/au-1"], .notNamed), (["kumiko://au/live/%61u-1"], .notNamed),
            (["kumiko://au/exercise//au-1"], .notNamed), (["kumiko://au@jp/live/au-1"], .notNamed),
            (["kumiko://au/live/" + String(repeating: "a", count: 65)], .notNamed),
            (["kumiko://au/live/au-1", "kumiko://au/live/au-1"], .severalNames),
            (["kumiko://au/live/au-1", "kumiko://kr/live/kr-1"], .severalNames),
            (["kumiko://au/live/au-1", "https://example.org"], .severalNames),
            (["kumiko://au/test/au-1"], .otherRealm), (["kumiko://au/exercise/Keen%20Sword/au-1"], .otherRealm),
        ] as [([String], PeerRefusal)])
    func naming(uris: [String], refusal: PeerRefusal) throws {
        let stage = try Stage()
        let draft = stage.draft.with { $0.names = uris.map { .uniformResourceIdentifier($0) } }
        #expect(try stage.verdict(draft) == refusal)
    }

    @Test("names of hosts beside it do no harm, names of people do")
    func otherNames() throws {
        let stage = try Stage()
        let uri = GeneralName.uniformResourceIdentifier(stage.name)
        let address = GeneralName.ipAddress(ASN1OctetString(contentBytes: [192, 0, 2, 1]))
        #expect(try stage.verdict(stage.draft.with { $0.names = [.dnsName("a.example"), uri, address] }) == nil)
        #expect(try stage.verdict(stage.draft.with { $0.names = [uri, .rfc822Name("a@example")] }) == .severalNames)
        #expect(try stage.verdict(stage.draft.with { $0.names = [.dnsName(stage.name)] }) == .notNamed)
        #expect(
            try stage.verdict(
                stage.draft.with {
                    $0.names = []
                    $0.subject = try? DistinguishedName { CommonName(stage.name) }
                }) == .notNamed)
    }

    @Test("live and exercises never meet, nor do two exercises")
    func realms() throws {
        let workshop = try Workshop()
        let realms: [Realm] = [
            .live, .test, .exercise("Keen Sword"), .exercise("keen sword"), .exercise("北/海+1"), .exercise("caf\u{E9}"),
            .exercise("cafe\u{301}"),
        ]
        var folders: [NationFolder] = []
        for (number, realm) in realms.enumerated() {
            let partner = try workshop.nation("au", realm, folder: "au-\(number)")
            #expect(NodeName(uri: partner.name.uri) == partner.name)
            var own = try workshop.nation("jp", realm, folder: "jp-\(number)")
            try own.meet(partner)
            folders.append(own)
            folders.append(partner)
        }
        for own in folders where own.nation == Nation("jp") {
            for partner in folders where partner.nation == Nation("au") {
                let chain = partner.tls.chain
                if NodeName.text(of: partner.realm) == NodeName.text(of: own.realm) {
                    #expect(try own.judge.judge(chain: chain, as: .client, at: now).name == partner.name)
                } else {
                    #expect(throws: PeerRefusal.otherRealm) { try own.judge.judge(chain: chain, as: .client, at: now) }
                    #expect(throws: IdentityError.introduction(.otherRealm(partner.realm))) {
                        var book = own.partners
                        _ = try book.add(partner.introduction.octets, at: now)
                    }
                }
            }
        }
    }

    @Test("a certificate counts from its first second to its last")
    func validity() throws {
        let stage = try Stage()
        let (first, last) = (now.advanced(by: -100), now.advanced(by: 100))
        let draft = stage.draft.with { ($0.from, $0.to) = (first, last) }
        #expect(try stage.verdict(draft, at: first) == nil)
        #expect(try stage.verdict(draft, at: last) == nil)
        #expect(try stage.verdict(draft, at: first.advanced(by: -0.001)) == .notYetValid)
        #expect(try stage.verdict(draft, at: last.advanced(by: 0.001)) == .expired)
        #expect(stage.verdict(stage.australia.tls.chain, at: now.advanced(by: 31 * day)) == .expired)
        #expect(stage.verdict(stage.australia.tls.chain, at: now.advanced(by: -2 * 3600)) == .notYetValid)
        for extreme in [Int64.min, -1, 0, Int64.max] {
            #expect(stage.verdict(stage.australia.tls.chain, at: Timestamp(nanoseconds: extreme)) != nil)
        }
    }

    @Test("nobody outlives the authority or its revocation list")
    func authorityEnds() throws {
        let workshop = try Workshop()
        var terms = NationFolder.Terms()
        terms.authorityDays = 40
        let australia = try workshop.nation("au", terms: terms)
        var japan = try workshop.nation("jp")
        try japan.meet(australia)
        let long = try Forger(australia).der(
            Forger.Draft("kumiko://au/live/a").with { $0.to = now.advanced(by: 200 * day) })
        let judge = japan.judge
        #expect(try judge.judge(chain: [long], as: .client, at: now.advanced(by: 39 * day)).node == "a")
        #expect(throws: PeerRefusal.authorityNotInForce) {
            try judge.judge(chain: [long], as: .client, at: now.advanced(by: 41 * day))
        }
        let stage = try Stage()
        let draft = stage.draft.with { $0.to = now.advanced(by: 200 * day) }
        #expect(try stage.verdict(draft, at: now.advanced(by: 89 * day)) == nil)
        #expect(try stage.verdict(draft, at: now.advanced(by: 91 * day)) == .listNotCurrent)
    }

    @Test("a certificate is only for the side of the connection that it names")
    func purposes() throws {
        let stage = try Stage()
        let client = stage.draft.with { $0.purposes = [.clientAuth] }
        let server = stage.draft.with { $0.purposes = [.serverAuth] }
        #expect(try stage.verdict(client, as: .client) == nil)
        #expect(try stage.verdict(client, as: .server) == .wrongPurpose)
        #expect(try stage.verdict(server, as: .server) == nil)
        #expect(try stage.verdict(server, as: .client) == .wrongPurpose)
        for purposes in [nil, [ExtendedKeyUsage.Usage.any], [.codeSigning, .ocspSigning]] {
            #expect(try stage.verdict(stage.draft.with { $0.purposes = purposes }) == .wrongPurpose)
        }
    }

    @Test("a certificate must be for signing, and not for an authority's work")
    func usages() throws {
        let stage = try Stage()
        let usages: [KeyUsage?] = [
            nil, KeyUsage(keyEncipherment: true), KeyUsage(digitalSignature: true, keyCertSign: true),
            KeyUsage(digitalSignature: true, cRLSign: true),
        ]
        for usage in usages { #expect(try stage.verdict(stage.draft.with { $0.usage = usage }) == .wrongUsage) }
        for depth in [nil, 0, 3] {
            let constraints = BasicConstraints.isCertificateAuthority(maxPathLength: depth)
            #expect(try stage.verdict(stage.draft.with { $0.constraints = constraints }) == .isAuthority)
        }
        // The authority's own certificate names no node.
        #expect(stage.verdict([stage.australia.introduction.certificate]) == .notNamed)
    }

    @Test("no authority below the nation's is believed")
    func chains() throws {
        let stage = try Stage()
        let below = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("below") }
        let middle = try stage.forger.der(
            stage.draft.with {
                $0.subject = name
                $0.publicKey = .init(below.publicKey)
                $0.constraints = .isCertificateAuthority(maxPathLength: nil)
                $0.usage = KeyUsage(digitalSignature: true, keyCertSign: true)
            })
        let leaf = try stage.forger.der(
            stage.draft.with {
                $0.issuer = name
                $0.signer = .init(below)
            })
        let root = stage.australia.introduction.certificate
        #expect(stage.verdict([leaf]) == .wrongIssuer)
        #expect(stage.verdict([leaf, root]) == .wrongIssuer)
        #expect(stage.verdict([leaf, middle]) == .strayCertificates)
        #expect(stage.verdict([leaf, middle, root]) == .strayCertificates)
        #expect(stage.verdict([stage.australia.tls.chain[0], root, root]) == .strayCertificates)
        #expect(stage.verdict([middle]) == .isAuthority)
    }

    @Test("only the algorithm of the authority's curve is allowed")
    func algorithms() throws {
        let stage = try Stage()
        for algorithm in [Certificate.SignatureAlgorithm.ecdsaWithSHA384, .ecdsaWithSHA512] {
            #expect(try stage.verdict(stage.draft.with { $0.algorithm = algorithm }) == .wrongAlgorithm)
        }
        let edwards = Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
        #expect(
            try stage.verdict(
                stage.draft.with {
                    $0.signer = edwards
                    $0.algorithm = .ed25519
                }) == .wrongAlgorithm)
        let weak = [
            Certificate.PublicKey(P521.Signing.PrivateKey().publicKey), edwards.publicKey,
        ]
        for key in weak { #expect(try stage.verdict(stage.draft.with { $0.publicKey = key }) == .weakKey) }
        // ecdsa-with-SHA256 in one or both places turned into ecdsa-with-SHA224, SHA-1 with RSA, and an algorithm of nobody.
        let leaf = stage.australia.tls.chain[0]
        let sha256: [UInt8] = [0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
        for last: [UInt8] in [[0x03, 0x01], [0x03, 0x03], [0x03, 0x7F], [0x01, 0x02]] {
            let patched = leaf.patched(sha256, Array(sha256.dropLast(2)) + last)
            #expect(patched != leaf)
            #expect([.malformed, .wrongAlgorithm].contains(stage.verdict([patched])))
        }
    }

    @Test("a critical extension that is not known refuses the certificate")
    func criticalExtensions() throws {
        let stage = try Stage()
        let unknown = Certificate.Extension(oid: [1, 3, 6, 1, 4, 1, 99_999, 1], critical: true, value: [5, 0])
        #expect(try stage.verdict(stage.draft.with { $0.more = [unknown] }) == .unknownExtension)
        let constraints = try Certificate.Extension(NameConstraints(permittedURIDomains: ["au"]), critical: true)
        #expect(try stage.verdict(stage.draft.with { $0.more = [constraints] }) == .unknownExtension)
    }

    @Test("what was revoked, there or here, is refused and may not stay")
    func revocation() throws {
        var stage = try Stage()
        let chain = stage.australia.tls.chain
        let before = stage.japan.judge
        let peer = try before.judge(chain: chain, as: .client, at: now)
        try before.review(peer, at: now)

        var australia = stage.australia
        try australia.revoke(australia.tls.serial, at: now.advanced(by: 60))
        #expect(try stage.japan.partners.add(australia.introduction.octets, at: now.advanced(by: 60)) == .updated)
        #expect(stage.verdict(chain) == .revoked)
        #expect(throws: PeerRefusal.revoked) { try stage.japan.judge.review(peer, at: now) }

        let korean = stage.korea.tls
        try stage.japan.partners.revoke(certificate: korean.serial, of: stage.korea.nation)
        #expect(stage.verdict(korean.chain) == .denied)
        #expect(
            try stage.japan.judge.judge(
                chain: [Forger(stage.korea).der(.init("kumiko://kr/live/b"))], as: .client, at: now
            ).node == "b")
        try stage.japan.partners.revoke(stage.korea.nation)
        #expect(stage.verdict(korean.chain) == .nationRevoked)
        #expect(try stage.verdict([Forger(stage.korea).der(.init("kumiko://kr/live/b"))]) == .nationRevoked)
        #expect(try NationFolder(opening: stage.japan.path).partners[stage.korea.nation]?.isRevoked == true)

        try stage.japan.partners.remove(stage.australia.nation)
        #expect(stage.verdict(chain) == .unknownNation)
        #expect(throws: PeerRefusal.unknownNation) { try stage.japan.judge.review(peer, at: now) }
        #expect(throws: PeerRefusal.expired) { try before.review(peer, at: now.advanced(by: 31 * day)) }
    }

    @Test("a certificate cut short anywhere is refused")
    func truncated() throws {
        let stage = try Stage()
        let judge = stage.japan.judge
        let leaf = stage.australia.tls.chain[0]
        for count in leaf.indices {
            #expect(throws: PeerRefusal.self) {
                try judge.judge(chain: [Array(leaf[..<count])], as: .server, at: now)
            }
        }
    }

    @Test("a signature has one form only: no unused bits, no zeroes before its numbers")
    func signatureForm() throws {
        let stage = try Stage()
        for _ in 0..<32 {
            let leaf = try stage.forger.der(stage.draft)
            let signed = try Certificate(derEncoded: leaf)
            let signature = signed.signature.rawRepresentation
            #expect(leaf.suffix(signature.count) == signature[...])
            for unused in 1...7 as ClosedRange<UInt8> {
                var octets = leaf
                octets[leaf.count - signature.count - 1] = unused
                #expect(stage.verdict([octets]) == .malformed)
            }
        }
    }

    @Test("a certificate with one bit turned, wherever, is refused")
    func flipped() throws {
        let stage = try Stage()
        let judge = stage.japan.judge
        let leaf = stage.australia.tls.chain[0]
        var accepted: [Int] = []
        for bit in 0..<leaf.count * 8 {
            var octets = leaf
            octets[bit / 8] ^= 1 << UInt8(bit % 8)
            if (try? judge.judge(chain: [octets], as: .server, at: now)) != nil { accepted.append(bit) }
        }
        #expect(accepted == [])
    }

    @Test(
        "10,000 certificates with several bits, octets or stretches damaged are refused", arguments: [1, 2] as [UInt64])
    func damaged(seed: UInt64) throws {
        let stage = try Stage()
        let judge = stage.japan.judge
        let leaf = stage.australia.tls.chain[0]
        var dice = Dice(state: seed)
        var accepted = 0
        for _ in 0..<5000 {
            var octets = leaf
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                let place = Int.random(in: 0..<octets.count, using: &dice)
                switch Int.random(in: 0..<5, using: &dice) {
                case 0: octets[place] = UInt8.random(in: .min ... .max, using: &dice)
                case 1: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
                case 2: octets.remove(at: place)
                case 3: octets.insert(UInt8.random(in: .min ... .max, using: &dice), at: place)
                default:
                    let end = min(octets.count, place + Int.random(in: 1...32, using: &dice))
                    octets.replaceSubrange(place..<end, with: octets[place..<end].reversed())
                }
            }
            if octets != leaf, (try? judge.judge(chain: [octets], as: .server, at: now)) != nil { accepted += 1 }
        }
        #expect(accepted == 0)
    }

    @Test("each refusal has a name of its own and a sentence")
    func sentences() {
        #expect(Set(PeerRefusal.allCases.map(\.description)).count == PeerRefusal.allCases.count)
        for refusal in PeerRefusal.allCases {
            #expect(refusal.rawValue.allSatisfy { $0.isLowercase || $0 == "_" })
        }
    }
}
