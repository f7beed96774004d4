import Air
import Foundation
import Ledger
import SwiftASN1
import Testing
import X509

@testable import Identity

@Suite("The book of partners")
struct PartnerBookTests {
    struct Stage {
        let workshop: Workshop
        var japan: NationFolder
        var australia: NationFolder
        let nation: Nation

        init() throws {
            self.workshop = try Workshop()
            self.japan = try self.workshop.nation("jp")
            self.australia = try self.workshop.nation("au")
            self.nation = self.australia.nation
            try self.japan.meet(self.australia)
        }

        /// Introductions of the numbers 1 to `count`.
        mutating func introductions(_ count: Int) throws -> [[UInt8]] {
            var all = [self.australia.introduction.octets]
            while all.count < count {
                try self.australia.renew(at: now)
                all.append(self.australia.introduction.octets)
            }
            return all
        }
    }

    private func refusal(_ body: () throws(IdentityError) -> some Any) -> IntroductionRefusal? {
        do throws(IdentityError) {
            _ = try body()
            return nil
        } catch {
            guard case .introduction(let refusal) = error else { return nil }
            return refusal
        }
    }

    @Test("an earlier introduction, or a second one of the same number, is refused")
    func rolledBack() throws {
        var stage = try Stage()
        let all = try stage.introductions(3)
        var book = stage.japan.partners
        #expect(try book.add(all[2], at: now) == .updated)
        #expect(
            self.refusal { () throws(IdentityError) in try book.add(all[1], at: now) }
                == .rolledBack(held: 3, offered: 2))
        // A nation that puts an old state of its folder back, and signs again.
        let twin = try Forger(stage.australia)
        let other = try Introduction.sign(
            number: 3, authority: twin.authority, key: twin.key, logKey: [UInt8](repeating: 9, count: 32),
            cosigner: stage.australia.cosigner.key, nodeKeys: [stage.australia.entrySigner.key],
            revocations: stage.australia.introduction.revocations.der)
        #expect(self.refusal { () throws(IdentityError) in try book.add(other, at: now) } == .twoOfOneNumber(3))
        #expect(try NationFolder(opening: stage.japan.path).partners[stage.nation]?.introduction.number == 3)
    }

    @Test("another authority of a known nation is refused until the partner was removed")
    func otherAuthority() throws {
        let stage = try Stage()
        let second = try stage.workshop.nation("au", folder: "au-2")
        var book = stage.japan.partners
        let held = stage.australia.introduction.fingerprint
        #expect(
            self.refusal { () throws(IdentityError) in try book.add(second.introduction.octets, at: now) }
                == .otherAuthority(stage.nation, held: held, offered: second.introduction.fingerprint))
        try book.remove(stage.nation)
        #expect(book[stage.nation] == nil)
        #expect(throws: IdentityError.noPartner(stage.nation)) { try book.remove(stage.nation) }
        #expect(try book.add(second.introduction.octets, at: now) == .added)
    }

    @Test("an authority that was revoked does not come back, another one of its nation does")
    func revokedAuthority() throws {
        let stage = try Stage()
        let second = try stage.workshop.nation("au", folder: "au-2")
        var book = stage.japan.partners
        try book.revoke(stage.nation)
        #expect(book[stage.nation]?.nodeKeys.isEmpty == true)
        try book.remove(stage.nation)
        #expect(
            self.refusal { () throws(IdentityError) in try book.add(stage.australia.introduction.octets, at: now) }
                == .revoked(stage.nation))
        #expect(try book.add(second.introduction.octets, at: now) == .added)
        #expect(book[stage.nation]?.isRevoked == false)
        #expect(
            try NationFolder(opening: stage.japan.path).judge.judge(chain: second.tls.chain, as: .client, at: now).name
                == second.name)
    }

    @Test("a key of a node that was revoked here is believed no more, also after the next introduction")
    func revokedKey() throws {
        var stage = try Stage()
        let first = stage.australia.entrySigner.key
        try stage.australia.renew(withNodeKey: true, at: now)
        try stage.japan.meet(stage.australia)
        try stage.japan.partners.revoke(key: first.key)
        #expect(stage.japan.partners[stage.nation]?.nodeKeys == [stage.australia.entrySigner.key])
        try stage.australia.renew(at: now)
        try stage.japan.meet(stage.australia)
        #expect(stage.japan.partners[stage.nation]?.nodeKeys == [stage.australia.entrySigner.key])
        #expect(throws: IdentityError.self) { try stage.japan.partners.revoke(key: stage.japan.entrySigner.key.key) }
    }

    @Test("a first introduction must have the fingerprint that was heard")
    func fingerprint() throws {
        let stage = try Stage()
        let korea = try stage.workshop.nation("kr")
        let right = korea.introduction.fingerprint
        var book = stage.japan.partners
        let wrong = stage.australia.introduction.fingerprint
        #expect(
            self.refusal { () throws(IdentityError) in
                try book.add(korea.introduction.octets, fingerprint: wrong, at: now)
            }
                == .otherFingerprint(right))
        #expect(right.description.count == 79)
        for text in ["\(right)", "\(right)".uppercased(), right.digits, right.description.replacing(" ", with: ":")] {
            #expect(Fingerprint(text) == right)
        }
        for text in ["", "00", right.digits + "00", String(right.digits.dropLast()) + "g"] {
            #expect(Fingerprint(text) == nil)
        }
        #expect(try book.add(korea.introduction.octets, fingerprint: right, at: now) == .added)
    }

    @Test("one's own nation, another realm, and an authority not in force are no partners")
    func misplaced() throws {
        let stage = try Stage()
        var book = stage.japan.partners
        let own = try stage.workshop.nation("jp", folder: "jp-2").introduction.octets
        #expect(
            self.refusal { () throws(IdentityError) in try book.add(own, at: now) } == .ownNation(stage.japan.nation))
        let exercise = try stage.workshop.nation("kr", .exercise("a"), folder: "kr-2").introduction.octets
        #expect(
            self.refusal { () throws(IdentityError) in try book.add(exercise, at: now) } == .otherRealm(.exercise("a")))
        let early = try stage.workshop.nation("kr", at: now.advanced(by: 10 * day)).introduction.octets
        guard case .authority? = self.refusal({ () throws(IdentityError) in try book.add(early, at: now) }) else {
            Issue.record("an authority of the future was taken")
            return
        }
        #expect(try book.add(early, at: now.advanced(by: 11 * day)) == .added)
    }

    @Test("an authority's certificate that is not one is refused, though it signs the introduction")
    func badAuthority() throws {
        let stage = try Stage()
        let forger = try Forger(stage.australia)
        let good = stage.australia.introduction
        let subject = forger.authority.certificate.subject
        let draft = Forger.Draft("kumiko://au/live").with {
            $0.subject = subject
            $0.publicKey = forger.key.key.publicKey
            $0.constraints = .isCertificateAuthority(maxPathLength: 0)
            $0.usage = .init(keyCertSign: true, cRLSign: true)
            $0.purposes = nil
        }
        func taken(_ draft: Forger.Draft) throws -> Bool {
            let text = String(decoding: good.octets, as: UTF8.self)
            let old = Base64.block("CERTIFICATE", good.certificate)
            var lines = text.replacing(old, with: Base64.block("CERTIFICATE", try forger.der(draft)))
            lines = String(lines[..<(try #require(lines.range(of: "signature "))).lowerBound])
            lines += "signature \(Base64.encode(try forger.key.sign(Array(lines.utf8))))\n"
            do throws(IntroductionRefusal) {
                _ = try Introduction(parsing: Array(lines.utf8))
                return true
            } catch { return false }
        }
        #expect(try taken(draft))
        #expect(try !taken(draft.with { $0.constraints = .notCertificateAuthority }))
        #expect(try !taken(draft.with { $0.constraints = .isCertificateAuthority(maxPathLength: nil) }))
        #expect(try !taken(draft.with { $0.constraints = .isCertificateAuthority(maxPathLength: 1) }))
        #expect(try !taken(draft.with { $0.constraints = nil }))
        #expect(try !taken(draft.with { $0.usage = .init(keyCertSign: true) }))
        #expect(try !taken(draft.with { $0.usage = nil }))
        for uri in ["kumiko://kr/live", "kumiko://au/test", "kumiko://au/live/au-1"] {
            #expect(try !taken(draft.with { $0.names = [.uniformResourceIdentifier(uri)] }))
        }
        #expect(try !taken(draft.with { $0.names = [] }))
        #expect(try !taken(draft.with { $0.algorithm = .ecdsaWithSHA512 }))
        #expect(try !taken(draft.with { $0.subject = try? .init { CommonName("other") } }))
    }

    @Test("an introduction cut short anywhere is refused")
    func truncated() throws {
        let octets = try Stage().australia.introduction.octets
        for count in octets.indices {
            #expect(throws: IntroductionRefusal.self) { try Introduction(parsing: Array(octets[..<count])) }
        }
        #expect(throws: IntroductionRefusal.notText) { try Introduction(parsing: octets + [0]) }
        #expect(throws: IntroductionRefusal.self) { try Introduction(parsing: octets + [0x0A]) }
        #expect(throws: IntroductionRefusal.tooLong(octets: 3 << 20)) {
            try Introduction(parsing: [UInt8](repeating: 0x61, count: 3 << 20))
        }
    }

    @Test("an introduction with one bit of any octet turned is refused", arguments: [1, 2] as [UInt64])
    func flipped(seed: UInt64) throws {
        let octets = try Stage().australia.introduction.octets
        var dice = Dice(state: seed)
        var accepted: [Int] = []
        for place in octets.indices {
            var changed = octets
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            if (try? Introduction(parsing: changed)) != nil { accepted.append(place) }
        }
        #expect(accepted == [])
    }

    @Test("a refusal names the line")
    func lines() throws {
        let text = String(decoding: try Stage().australia.introduction.octets, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        func line(of lines: [String]) -> Int? {
            do throws(IntroductionRefusal) {
                _ = try Introduction(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
                return nil
            } catch {
                guard case .badLine(let line, _) = error else { return nil }
                return line
            }
        }
        for index in lines.indices {
            var changed = lines
            changed[index] = "?"
            #expect(line(of: changed) == index + 1)
            // A key of the form with a value that is none.
            let word = lines[index].prefix { $0 != " " }
            guard word.count < lines[index].count, index > 0, !word.hasPrefix("-") else { continue }
            changed[index] = "\(word) ?"
            #expect(line(of: changed) == index + 1)
        }
        #expect(line(of: lines + ["more"]) == lines.count + 1)
    }

    @Test("what a partner's file says is verified again when the folder is opened")
    func damagedFiles() throws {
        var stage = try Stage()
        try stage.japan.partners.revoke(certificate: SerialNumber([7]), of: stage.nation)
        let folder = stage.japan.path + "/partners"
        for (file, text, line) in [
            ("denied", "kumiko denied v2\n", 1), ("denied", "kumiko denied v1\nnation au\n", 2),
            ("denied", "kumiko denied v1\ncertificate au 07\ncertificate au 7\n", 3), ("denied", "", 0),
            ("au.introduction", "kumiko introduction v1\nnation a\n", 2), ("au.crl", "", 0),
        ] {
            let url = URL(filePath: "\(folder)/\(file)")
            let good = try? Data(contentsOf: url)
            try Data(text.utf8).write(to: url)
            setMode(url.path, 0o600)
            do throws(IdentityError) {
                _ = try NationFolder(opening: stage.japan.path)
                Issue.record("\(file) \(text)")
            } catch {
                guard case .malformed(let path, line, _) = error else {
                    Issue.record("\(file) \(text): \(error)")
                    continue
                }
                #expect(path == "\(folder)/\(file)")
            }
            if let good { try good.write(to: url) } else { try FileManager.default.removeItem(at: url) }
        }
        // A file under another nation's name.
        try FileManager.default.copyItem(atPath: folder + "/au.introduction", toPath: folder + "/kr.introduction")
        #expect(throws: IdentityError.self) { try NationFolder(opening: stage.japan.path) }
    }

    @Test("two that change one book at a time do not undo each other")
    func twoWriters() throws {
        let stage = try Stage()
        var (one, two) = (stage.japan.partners, stage.japan.partners)
        try one.revoke(certificate: SerialNumber([1]), of: stage.nation)
        try two.revoke(certificate: SerialNumber([2]), of: stage.nation)
        try one.revoke(certificate: SerialNumber([2]), of: stage.nation)
        #expect(one.denials == two.denials)
        #expect(one.denials.count == 2)
    }
}

@Suite("Revocation lists")
struct RevocationListTests {
    @Test("a list that came over a stream is kept, and an earlier one is refused from then on")
    func follow() throws {
        let workshop = try Workshop()
        var japan = try workshop.nation("jp")
        var australia = try workshop.nation("au")
        let nation = australia.nation
        try japan.meet(australia)
        let chain = australia.tls.chain
        let first = australia.introduction
        try australia.revoke(australia.tls.serial, at: now)
        let second = australia.introduction
        try australia.renew(at: now)
        let third = australia.introduction

        #expect(try !japan.partners.accept(revocations: first.revocations.der, of: nation, at: now))
        #expect(try japan.partners.accept(revocations: third.revocations.der, of: nation, at: now))
        #expect(throws: PeerRefusal.revoked) { try japan.judge.judge(chain: chain, as: .client, at: now) }
        #expect(throws: IdentityError.revocations(.rolledBack(held: 3, offered: 2))) {
            try japan.partners.accept(revocations: second.revocations.der, of: nation, at: now)
        }
        // An introduction with an earlier list within is taken; the later list goes on.
        #expect(try japan.partners.add(second.octets, at: now) == .updated)
        #expect(japan.partners[nation]?.revocations.number == 3)
        japan = try NationFolder(opening: japan.path)
        #expect(japan.partners[nation]?.revocations.number == 3)
        #expect(throws: PeerRefusal.revoked) { try japan.judge.judge(chain: chain, as: .client, at: now) }
        #expect(throws: IdentityError.revocations(.stale(third.revocations.nextUpdate))) {
            try japan.partners.accept(revocations: third.revocations.der, of: nation, at: now.advanced(by: 90 * day))
        }
        #expect(throws: IdentityError.noPartner(japan.nation)) {
            try japan.partners.accept(revocations: third.revocations.der, of: japan.nation, at: now)
        }
    }

    @Test("lists of the future, of another, of the same number, or without a number are refused")
    func refused() throws {
        let workshop = try Workshop()
        var japan = try workshop.nation("jp")
        let australia = try workshop.nation("au")
        let korea = try workshop.nation("kr")
        let nation = australia.nation
        try japan.meet(australia)
        let forger = try Forger(australia)
        func list(_ number: UInt64, _ serials: [[UInt8]] = [], from: Timestamp = now, forger: Forger) throws -> [UInt8]
        {
            try RevocationList.sign(
                number: number, revoked: serials.map { (SerialNumber($0), now) }, authority: forger.authority,
                key: forger.key,
                from: from, to: from.advanced(by: day))
        }
        func refusal(_ der: [UInt8]) -> RevocationRefusal? {
            do throws(IdentityError) {
                _ = try japan.partners.accept(revocations: der, of: nation, at: now)
                return nil
            } catch {
                guard case .revocations(let refusal) = error else { return nil }
                return refusal
            }
        }
        let early = now.advanced(by: 600)
        #expect(try refusal(list(2, from: early, forger: forger)) == .notYet(early))
        #expect(try refusal(list(1, forger: forger)) == .twoOfOneNumber(1))
        #expect(try refusal(list(0, forger: forger)) == .rolledBack(held: 1, offered: 0))
        #expect(try refusal(list(2, forger: Forger(korea))) == .otherIssuer)
        var impostor = forger
        impostor.key = AuthorityKey(generating: .p256)
        #expect(try refusal(list(2, forger: impostor)) == .wrongSignature)
        #expect(refusal([]) == .malformed)
        #expect(refusal([UInt8](repeating: 0, count: 2 << 20)) == .tooLong(octets: 2 << 20))
        #expect(try refusal(list(.max, [[1], [0x80], [UInt8](repeating: 0xFF, count: 20)], forger: forger)) == nil)
        let held = try #require(japan.partners[nation]).revocations
        #expect(held.number == .max)
        #expect(held.serials.map(\.octets) == [[1], [0x80], [UInt8](repeating: 0xFF, count: 20)])
        #expect(held.contains(SerialNumber([0, 0x80])))
        #expect(!held.contains(SerialNumber([0])))
    }

    @Test("a list of another make is read, but not without number or end, nor with what is critical and unknown")
    func otherMakes() throws {
        let workshop = try Workshop()
        let forger = try Forger(workshop.nation("au"))
        let number: ASN1ObjectIdentifier = [2, 5, 29, 20]
        let unknown: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 99_999, 1]
        func extensions(_ items: [(id: ASN1ObjectIdentifier, isCritical: Bool)], _ coder: inout DER.Serializer) throws {
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                for item in items {
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(item.id)
                        if item.isCritical { try coder.serialize(true) }
                        try coder.serialize(ASN1OctetString(contentBytes: [2, 1, 7]))
                    }
                }
            }
        }
        func algorithm(_ coder: inout DER.Serializer) throws {
            try coder.appendConstructedNode(identifier: .sequence) {
                try $0.serialize(forger.authority.algorithm.identifier)
            }
        }
        func read(
            _ items: [(id: ASN1ObjectIdentifier, isCritical: Bool)],
            entry: [(id: ASN1ObjectIdentifier, isCritical: Bool)],
            hasEnd: Bool = true
        ) throws -> RevocationRefusal? {
            var body = DER.Serializer()
            try body.appendConstructedNode(identifier: .sequence) { body in
                try body.serialize(1)
                try algorithm(&body)
                try body.serialize(forger.authority.certificate.subject)
                try body.serialize(UTCTime(year: 2026, month: 11, day: 21, hours: 12, minutes: 0, seconds: 0))
                if hasEnd {
                    try body.serialize(UTCTime(year: 2027, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0))
                }
                try body.appendConstructedNode(identifier: .sequence) { body in
                    try body.appendConstructedNode(identifier: .sequence) { body in
                        try body.serialize(42)
                        try body.serialize(UTCTime(year: 2026, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0))
                        if !entry.isEmpty { try extensions(entry, &body) }
                    }
                }
                try body.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) {
                    try extensions(items, &$0)
                }
            }
            var list = DER.Serializer()
            try list.appendConstructedNode(identifier: .sequence) { list in
                list.serializeRawBytes(body.serializedBytes)
                try algorithm(&list)
                try list.serialize(ASN1BitString(bytes: forger.key.sign(body.serializedBytes)[...]))
            }
            do throws(RevocationRefusal) {
                let read = try RevocationList(der: list.serializedBytes, authority: forger.authority)
                #expect(read.number == 7)
                #expect(read.contains(SerialNumber([42])))
                return nil
            } catch { return error }
        }
        #expect(try read([(number, false)], entry: []) == nil)
        #expect(try read([(number, true), (unknown, false)], entry: [(unknown, false)]) == nil)
        #expect(try read([(number, false), (unknown, true)], entry: []) == .unknownExtension)
        #expect(try read([(number, false)], entry: [(unknown, true)]) == .unknownExtension)
        #expect(try read([(unknown, false)], entry: []) == .malformed)
        #expect(try read([(number, false), (number, false)], entry: []) == .malformed)
        #expect(try read([(number, false)], entry: [], hasEnd: false) == .malformed)
    }

    @Test("a list cut short or with one bit turned is refused")
    func damaged() throws {
        let workshop = try Workshop()
        var australia = try workshop.nation("au")
        try australia.revoke(SerialNumber([5]), at: now)
        let authority = australia.introduction.authority
        let der = australia.introduction.revocations.der
        _ = try RevocationList(der: der, authority: authority)
        for count in der.indices {
            #expect(throws: RevocationRefusal.self) {
                try RevocationList(der: Array(der[..<count]), authority: authority)
            }
        }
        var accepted: [Int] = []
        for bit in 0..<der.count * 8 {
            var octets = der
            octets[bit / 8] ^= 1 << UInt8(bit % 8)
            if (try? RevocationList(der: octets, authority: authority)) != nil { accepted.append(bit) }
        }
        #expect(accepted == [])
    }

    @Test(
        "dates go to a list and back",
        arguments: [0, 951_782_400, 1_795_266_000, 2_524_607_999, 2_524_608_000, 7_000_000_000] as [Int64])
    func dates(seconds: Int64) throws {
        let workshop = try Workshop()
        let forger = try Forger(workshop.nation("au"))
        let time = Timestamp(nanoseconds: seconds * 1_000_000_000 + 999_999_999)
        let der = try RevocationList.sign(
            number: 7, revoked: [(SerialNumber([1]), time)], authority: forger.authority, key: forger.key, from: time,
            to: time.advanced(by: day))
        let list = try RevocationList(der: der, authority: forger.authority)
        #expect(list.thisUpdate == Timestamp(nanoseconds: seconds * 1_000_000_000))
        #expect(list.nextUpdate == Timestamp(nanoseconds: (seconds + 86_400) * 1_000_000_000))
    }
}
