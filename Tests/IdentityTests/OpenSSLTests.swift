import Air
import Foundation
import Testing

@testable import Identity

/// What is issued here, held against a program that nobody here wrote.
@Suite("OpenSSL reads what is issued", .enabled(if: OpenSSL.path != nil, "openssl is not on this machine"))
struct OpenSSLTests {
    @Test(
        "it verifies the leaf under the authority for both ends, and shows what must be in it",
        arguments: NationFolder.Curve.allCases)
    func certificates(curve: NationFolder.Curve) throws {
        let workshop = try Workshop()
        let folder = try workshop.nation(
            "jp", .exercise("Keen Sword"), node: "kasuga", hosts: ["kasuga.example", "192.0.2.1"], curve: curve)
        let (authority, leaf) = (folder.path + "/introduction", folder.path + "/tls-1.pem")
        let at = ["-attime", "\(Int(now.seconds))", "-x509_strict", "-CAfile", authority]
        for purpose in ["sslserver", "sslclient"] {
            let result = try OpenSSL.run(["verify"] + at + ["-purpose", purpose, leaf])
            #expect(result.status == 0, "\(result.text)")
        }
        #expect(try OpenSSL.run(["verify"] + at + ["-purpose", "smimesign", leaf]).status != 0)
        #expect(
            try OpenSSL.run(["verify", "-attime", "\(Int(now.seconds + 31 * day))", "-CAfile", authority, leaf]).status
                != 0)

        let shown = try OpenSSL.run(["x509", "-in", leaf, "-noout", "-text"]).text
        for part in [
            "URI:kumiko://jp/exercise/Keen%20Sword/kasuga", "DNS:kasuga.example", "IP Address:192.0.2.1",
            "TLS Web Server Authentication, TLS Web Client Authentication", "CA:FALSE", "Digital Signature",
            "NIST CURVE: P-256", curve == .p256 ? "ecdsa-with-SHA256" : "ecdsa-with-SHA384",
        ] { #expect(shown.contains(part), "\(part) is not in:\n\(shown)") }
        let root = try OpenSSL.run(["x509", "-in", authority, "-noout", "-text"]).text
        for part in [
            "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Name Constraints: critical", "URI:jp",
            "URI:kumiko://jp/exercise/Keen%20Sword", curve == .p256 ? "P-256" : "P-384",
        ] { #expect(root.contains(part), "\(part) is not in:\n\(root)") }

        let fingerprint = try OpenSSL.run(["x509", "-in", authority, "-noout", "-fingerprint", "-sha256"]).text
        let digits = fingerprint.split(separator: "=").last.map(String.init) ?? ""
        #expect(Fingerprint(digits.trimmingCharacters(in: .whitespacesAndNewlines)) == folder.introduction.fingerprint)
    }

    @Test("it reads the private keys, and they are those of the certificates")
    func keys() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        for (key, kind) in [
            ("ca.key", "NIST CURVE: P-256"), ("tls-1.key", "NIST CURVE: P-256"), ("node-1.key", "ED25519 Private-Key"),
            ("log.key", "ED25519 Private-Key"), ("cosigner.key", "ED25519 Private-Key"),
        ] {
            let result = try OpenSSL.run(["pkey", "-in", "\(folder.path)/\(key)", "-noout", "-text"])
            #expect(result.status == 0 && result.text.contains(kind), "\(key): \(result.text)")
        }
        for (certificate, key) in [("introduction", "ca.key"), ("tls-1.pem", "tls-1.key")] {
            let one = try OpenSSL.run(["x509", "-in", "\(folder.path)/\(certificate)", "-noout", "-pubkey"])
            let two = try OpenSSL.run(["pkey", "-in", "\(folder.path)/\(key)", "-pubout"])
            #expect(one.status == 0 && one.text == two.text)
        }
    }

    @Test("it verifies the revocation list, and refuses the leaf once that is on it")
    func revocation() throws {
        let workshop = try Workshop()
        var folder = try workshop.nation("jp")
        let leaf = folder.path + "/tls-1.pem"
        let authority = folder.path + "/introduction"
        let arguments = [
            "verify", "-attime", "\(Int(now.seconds))", "-x509_strict", "-crl_check", "-CAfile", authority, "-CRLfile",
            authority, leaf,
        ]
        var result = try OpenSSL.run(arguments)
        #expect(result.status == 0, "\(result.text)")
        try folder.revoke(folder.tls.serial, at: now)
        result = try OpenSSL.run(arguments)
        #expect(result.status != 0 && result.text.contains("certificate revoked"), "\(result.text)")
        let list = try OpenSSL.run(["crl", "-in", authority, "-noout", "-text", "-CAfile", authority])
        for part in ["verify OK", "X509v3 CRL Number: \n                2", "Serial Number: "] {
            #expect(list.text.contains(part), "\(part) is not in:\n\(list.text)")
        }
    }

    @Test("a leaf that the authority issues for another nation fails its own name constraint there too")
    func nameConstraint() throws {
        let workshop = try Workshop()
        let folder = try workshop.nation("jp")
        let der = try Forger(folder).der(Forger.Draft("kumiko://kr/live/kr-1"))
        let leaf = workshop.path + "/kr.pem"
        try Data(Base64.block("CERTIFICATE", der).utf8).write(to: URL(filePath: leaf))
        let result = try OpenSSL.run(
            ["verify", "-attime", "\(Int(now.seconds))", "-CAfile", folder.path + "/introduction", leaf])
        #expect(result.status != 0 && result.text.contains("permitted subtree violation"), "\(result.text)")
    }
}

enum OpenSSL {
    static let path = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.path))
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
