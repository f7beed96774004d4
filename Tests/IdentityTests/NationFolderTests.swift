import Air
import FoundationEssentials
import Glibc
import Ledger
import Testing

@testable import Identity

@Suite("A nation's folder", .serialized)
struct NationFolderTests {
    private func files(_ folder: NationFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("two nations that were introduced know each other at both ends", arguments: NationFolder.Curve.allCases)
    func introduced(curve: NationFolder.Curve) throws {
        let workshop = try Workshop()
        var japan = try workshop.nation("jp", curve: curve)
        let australia = try workshop.nation("au", curve: curve)
        try japan.meet(australia)
        for role in [PeerJudge.Role.client, .server] {
            let peer = try japan.judge.judge(chain: australia.tls.chain, as: role, expecting: Nation("au"), at: now)
            #expect(peer.name == australia.name)
            #expect(peer.serial == australia.tls.serial)
            #expect(peer.notAfter == now.advanced(by: 30 * day))
        }
        let again = try NationFolder(opening: japan.path + "/")
        #expect(again.name == japan.name)
        #expect(again.salt == japan.salt)
        #expect(again.tls.keyPEM == japan.tls.keyPEM)
        #expect(again.partners.partners.map(\.nation) == [australia.nation])
    }

    @Test("what it signs, a partner verifies by the introduction alone")
    func keys() throws {
        let workshop = try Workshop()
        let australia = try workshop.nation("au", .exercise("Keen Sword"))
        let introduction = try Introduction(parsing: australia.introduction.octets)
        let signer = try #require(australia.logSigner(audience: "jp"))
        let note = try SignedNote("kumiko/au/exercise/Keen%20Sword/jp\n0\n", signedBy: signer)
        let key = try #require(introduction.logKey(audience: "jp"))
        #expect(key.name == "kumiko/au/exercise/Keen%20Sword/jp")
        #expect(try note.verified(by: [key]).count == 1)
        #expect(introduction.logKey(audience: "JP") == nil)
        #expect(introduction.cosigner == australia.cosigner.key)
        #expect(introduction.cosigner.name == "kumiko/au/exercise/Keen%20Sword")
        #expect(introduction.nodeKeys == [australia.entrySigner.key])
        #expect(introduction.nodeKeys.first?.node == "au-1")
    }

    @Test("every secret of a new folder is another, and another nation's are others")
    func secretsDiffer() throws {
        let workshop = try Workshop()
        var seen: Set<String> = []
        for code in ["jp", "au"] {
            let folder = try workshop.nation(code)
            for file in try self.files(folder) where file.hasSuffix(".key") {
                let text = try String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)
                #expect(seen.insert(text).inserted, "\(file)")
            }
        }
        #expect(seen.count == 12)
    }

    @Test("nothing that can be printed of a folder holds a secret")
    func unprintable() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        var printed = "\(folder) \(String(reflecting: folder)) \([folder.tls]) \(String(reflecting: folder.tls))"
        dump(folder, to: &printed)
        dump((folder.tls, [folder.entrySigner.key]), to: &printed)
        #expect(!printed.contains("PRIVATE"))
        #expect(!printed.contains("\(folder.salt.map(\.description).joined(separator: ", "))"))
        #expect(printed.utf8.count < 4000, "\(printed)")
    }

    @Test("files and folders are their owner's only from the start, whatever the mask")
    func modes() throws {
        let workshop = try Workshop()
        let mask = umask(0)
        defer { umask(mask) }
        let folder = try workshop.nation("jp")
        #expect(try self.mode(folder.path) == 0o700)
        #expect(try self.mode(folder.path + "/partners") == 0o700)
        let files = try self.files(folder)
        #expect(
            files == [
                "ca.key", "cosigner.key", "introduction", "log.key", "node-1.key", "partners", "salt.key", "tls-1.key",
                "tls-1.pem",
            ])
        for file in files where file != "partners" { #expect(try self.mode("\(folder.path)/\(file)") == 0o600) }
    }

    @Test(
        "a file that others may read or write is refused, with the remedy",
        arguments: [0o640, 0o620, 0o604, 0o602, 0o610])
    func openFiles(mode: UInt32) throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        try folder.meet(workshop.nation("au"))
        let files = try self.files(folder).filter { $0 != "partners" } + ["partners/au.introduction"]
        for file in files {
            let path = "\(folder.path)/\(file)"
            setMode(path, mode)
            let refusal = IdentityError.open(path: path, mode: mode, needed: 0o600)
            #expect(throws: refusal) { try NationFolder(opening: folder.path) }
            #expect(refusal.description.contains("chmod 0600 \(path)"))
            setMode(path, 0o600)
        }
        _ = try NationFolder(opening: folder.path)
    }

    @Test(
        "a folder that others may read or write is refused, with the remedy", arguments: [0o750, 0o701, 0o702, 0o777])
    func openFolders(mode: UInt32) throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        for path in [folder.path, folder.path + "/partners"] {
            setMode(path, mode)
            #expect(throws: IdentityError.open(path: path, mode: mode, needed: 0o700)) {
                try NationFolder(opening: folder.path)
            }
            setMode(path, 0o700)
        }
    }

    @Test("links, pipes and folders in the place of files are refused")
    func notPlain() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        for file in try self.files(folder) {
            let path = "\(folder.path)/\(file)"
            let aside = workshop.path + "/aside"
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: aside)
            #expect(throws: IdentityError.notPlain(path: path)) { try NationFolder(opening: folder.path) }
            try FileManager.default.removeItem(atPath: path)
            try #require(unsafe mkfifo(path, 0o600) == 0)
            #expect(throws: IdentityError.notPlain(path: path)) { try NationFolder(opening: folder.path) }
            try FileManager.default.removeItem(atPath: path)
            if file != "partners" {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                setMode(path, 0o700)
                #expect(throws: IdentityError.notPlain(path: path)) { try NationFolder(opening: folder.path) }
                try FileManager.default.removeItem(atPath: path)
            }
            try FileManager.default.moveItem(atPath: aside, toPath: path)
        }
        let link = workshop.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
        for path in [link, link + "/", link + "//"] {
            #expect(throws: IdentityError.notPlain(path: link)) { try NationFolder(opening: path) }
        }
    }

    @Test("a file of another user is refused", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func foreign() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        for path in [folder.path, folder.path + "/log.key", folder.path + "/partners"] {
            try #require(unsafe chown(path, 65_534, 0) == 0)
            #expect(throws: IdentityError.foreign(path: path, owner: 65_534)) { try NationFolder(opening: folder.path) }
            try #require(unsafe chown(path, 0, 0) == 0)
        }
    }

    @Test("nothing is written over: a second folder of the same name is refused, and the first one stays")
    func neverOver() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        #expect(throws: IdentityError.exists(path: folder.path)) { try workshop.nation("jp") }
        #expect(try NationFolder(opening: folder.path).salt == folder.salt)
        #expect(throws: IdentityError.self) { try workshop.nation("au", folder: "no/such/folder") }
    }

    @Test("a folder that was not made to its end is refused, whatever is missing")
    func incomplete() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        for file in try self.files(folder) where file != "ca.key" {
            let path = "\(folder.path)/\(file)"
            try FileManager.default.moveItem(atPath: path, toPath: workshop.path + "/aside")
            #expect(throws: IdentityError.self) { try NationFolder(opening: folder.path) }
            try FileManager.default.moveItem(atPath: workshop.path + "/aside", toPath: path)
        }
        #expect(throws: IdentityError.missing(path: workshop.path + "/kr")) {
            try NationFolder(opening: workshop.path + "/kr")
        }
    }

    @Test("a key in the place of another is refused, and so is a damaged one", arguments: [1] as [UInt64])
    func swapped(seed: UInt64) throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        let keys = ["cosigner.key", "log.key", "node-1.key", "tls-1.key", "salt.key"]
        var dice = Dice(state: seed)
        for file in keys {
            let url = URL(filePath: "\(folder.path)/\(file)")
            let good = try Data(contentsOf: url)
            var trials: [Data] = [Data(), good.dropLast(), good + good, Data(repeating: 0, count: 100_000)]
            trials += try keys.filter { $0 != file && file != "salt.key" }.map {
                try Data(contentsOf: URL(filePath: "\(folder.path)/\($0)"))
            }
            if file != "salt.key" {
                for _ in 0..<40 {
                    var octets = good
                    octets[Int.random(in: 0..<octets.count, using: &dice)] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
                    trials.append(octets)
                }
            }
            for trial in trials {
                try trial.write(to: url)
                #expect(throws: IdentityError.self) { try NationFolder(opening: folder.path) }
            }
            try good.write(to: url)
        }
        _ = try NationFolder(opening: folder.path)
    }

    @Test("the authority's key may be kept elsewhere: only renewing and revoking need it")
    func offline() throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        let safe = workshop.path + "/safe.key"
        try FileManager.default.moveItem(atPath: folder.path + "/ca.key", toPath: safe)
        folder = try NationFolder(opening: folder.path)
        #expect(throws: IdentityError.noAuthorityKey(path: folder.path + "/ca.key")) { try folder.renew(at: now) }
        #expect(throws: IdentityError.noAuthorityKey(path: folder.path + "/ca.key")) {
            try folder.revoke(SerialNumber([1]), at: now)
        }
        let before = folder.tls.serial
        try folder.renew(authorityKey: safe, at: now)
        #expect(folder.tls.serial != before)
        setMode(safe, 0o644)
        #expect(throws: IdentityError.open(path: safe, mode: 0o644, needed: 0o600)) {
            try folder.renew(authorityKey: safe, at: now)
        }
        let other = try workshop.nation("au")
        #expect(throws: IdentityError.self) { try folder.renew(authorityKey: other.path + "/ca.key", at: now) }
        #expect(throws: IdentityError.self) { try folder.renew(authorityKey: other.path + "/log.key", at: now) }
    }

    @Test("renewing gives a new certificate under the same names, and partners take the new introduction by themselves")
    func renewed() throws {
        let workshop = try Workshop()
        var australia = try workshop.nation("au", hosts: ["kasuga.example", "192.0.2.1", "2001:db8::1"])
        var japan = try workshop.nation("jp")
        try japan.meet(australia)
        let first = australia.tls
        let hosts = try #require(Leaf(der: first.chain[0])).hosts
        #expect(
            hosts == [
                .dns("kasuga.example"), .ip([192, 0, 2, 1]),
                .ip([0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]),
            ])
        let later = now.advanced(by: 25 * day)
        try australia.renew(withNodeKey: true, at: later)
        #expect(try #require(Leaf(der: australia.tls.chain[0])).hosts == hosts)
        #expect(australia.tls.notAfter == later.advanced(by: 30 * day))
        #expect(try self.files(australia).filter { $0.hasPrefix("tls") } == ["tls-1.pem", "tls-2.key", "tls-2.pem"])
        // Both certificates are good for as long as they last, also before the partner has heard.
        #expect(
            try japan.judge.judge(chain: australia.tls.chain, as: .client, at: later).serial == australia.tls.serial)
        #expect(try japan.judge.judge(chain: first.chain, as: .client, at: later).serial == first.serial)
        #expect(try japan.partners.add(australia.introduction.octets, at: later) == .updated)
        #expect(try japan.partners.add(australia.introduction.octets, at: later) == .unchanged)
        let keys = try #require(japan.partners[australia.nation]).nodeKeys
        #expect(keys.count == 2)
        #expect(keys.last == australia.entrySigner.key)
        try australia.renew(hosts: ["b.example"], at: later)
        #expect(try #require(Leaf(der: australia.tls.chain[0])).hosts == [.dns("b.example")])
        #expect(australia.introduction.number == 3)
        #expect(australia.introduction.revocations.number == 3)
    }

    @Test("a renewal that was cut off at any point leaves a folder that opens and renews")
    func cutOff() throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        let old = try Data(contentsOf: URL(filePath: folder.path + "/introduction"))
        try folder.renew(withNodeKey: true, at: now)
        // As if it had ended just before the introduction.
        try old.write(to: URL(filePath: folder.path + "/introduction"))
        folder = try NationFolder(opening: folder.path)
        #expect(folder.introduction.nodeKeys == [folder.entrySigner.key])
        // As if it had ended before the certificate, and in the middle of its writing.
        for draft in ["tls-3.key", "tls-3.pem.new", "introduction.new"] {
            try Data("cut".utf8).write(to: URL(filePath: "\(folder.path)/\(draft)"))
            setMode("\(folder.path)/\(draft)", 0o600)
        }
        folder = try NationFolder(opening: folder.path)
        try folder.renew(at: now)
        #expect(folder.introduction.number == 2)
        #expect(folder.introduction.nodeKeys.count == 2)
        #expect(try self.files(folder).contains("tls-4.pem"))
        #expect(try !self.files(folder).contains("tls-3.key"))
    }

    @Test("nothing is signed beyond the authority's own end, nor for terms that make no sense")
    func terms() throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        #expect(throws: IdentityError.authorityExpires(folder.introduction.notAfter)) {
            try folder.renew(at: now.advanced(by: 3640 * day))
        }
        for days in [Int.min, -1, 0, 36_501, Int.max] {
            var terms = NationFolder.Terms()
            terms.leafDays = days
            #expect(throws: IdentityError.self) { try folder.renew(terms: terms, at: now) }
        }
    }

    @Test(
        "names that cannot be are refused",
        arguments: ["", "A", "a b", "-a", ".a", "a/b", "ä", String(repeating: "a", count: 65), "a\n"])
    func badNames(node: String) throws {
        let workshop = try Workshop()
        #expect(throws: IdentityError.self) { try workshop.nation("jp", node: node) }
        #expect(!FileManager.default.fileExists(atPath: workshop.path + "/jp"))
    }

    @Test(
        "hosts that cannot be are refused",
        arguments: ["", "a..b", "-a.b", "a_b", "a b", "*.example", "ä.example", String(repeating: "a.", count: 130)])
    func badHosts(host: String) throws {
        let workshop = try Workshop()
        #expect(throws: IdentityError.self) { try workshop.nation("jp", hosts: [host]) }
    }

    @Test("what ends is told before it ends, with what to do")
    func due() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        func due(_ days: Double) -> [String] { folder.due(at: now.advanced(by: days * day)) }
        #expect(due(0) == [])
        #expect(due(19.9) == [])
        #expect(due(20).count == 1)
        #expect(due(20).first?.contains("ends at 2026-12-21T13:00:00.000Z; run: kumiko nation renew") == true)
        #expect(due(31).first?.contains("has ended") == true)
        #expect(due(60).count == 2)
        #expect(due(3650).count == 3)
    }

    @Test("a folder opens at every instant while another renews it")
    func whileRenewing() async throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { @concurrent in
                var folder = folder
                for _ in 0..<20 { try folder.renew(at: now) }
            }
            group.addTask { @concurrent in
                for _ in 0..<60 { _ = try NationFolder(opening: folder.path) }
            }
            try await group.waitForAll()
        }
        #expect(try NationFolder(opening: folder.path).introduction.number == 21)
    }

    @Test("revoking a certificate of one's own counts up list and introduction, and only once")
    func revoke() throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        let first = folder.tls.serial
        try folder.renew(at: now)
        try folder.revoke(#require(SerialNumber("00\(first)".uppercased())), at: now)
        #expect(folder.introduction.revocations.serials == [first])
        #expect(folder.introduction.revocations.number == 3)
        #expect(throws: IdentityError.self) { try folder.revoke(first, at: now) }
        #expect(try folder.issued().map(\.isRevoked) == [true, false])
        #expect(SerialNumber("00:\(first)") == first)
        for text in ["", "0", "00", "0x12", "1", "zz", String(repeating: "11", count: 21)] {
            #expect(SerialNumber(text) == nil)
        }
        try folder.renew(at: now.advanced(by: day))
        #expect(folder.introduction.revocations.serials == [first])
        #expect(folder.introduction.revocations.thisUpdate == now.advanced(by: day))
    }
}
