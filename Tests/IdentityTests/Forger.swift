import Air
import Crypto
import Foundation
import SwiftASN1
import X509

@testable import Identity

/// Writes certificates that a partner's authority would not, with its key or another.
struct Forger {
    var authority: Authority
    var key: AuthorityKey

    /// Takes the authority's key out of a folder.
    init(_ folder: NationFolder) throws {
        let pem = try Data(contentsOf: URL(filePath: folder.path + "/ca.key"))
        guard let key = AuthorityKey(pem: [UInt8](pem)) else { throw CocoaError(.coderInvalidValue) }
        self.authority = folder.introduction.authority
        self.key = key
    }

    struct Draft {
        var names: [GeneralName] = []
        var constraints: BasicConstraints? = .notCertificateAuthority
        var usage: KeyUsage? = KeyUsage(digitalSignature: true)
        var purposes: [ExtendedKeyUsage.Usage]? = [.serverAuth, .clientAuth]
        var from = now.advanced(by: -3600)
        var to = now.advanced(by: 30 * day)
        var publicKey = Certificate.PublicKey(P256.Signing.PrivateKey().publicKey)
        var issuer: DistinguishedName?
        var signer: Certificate.PrivateKey?
        var algorithm: Certificate.SignatureAlgorithm?
        var more: [Certificate.Extension] = []
        var serial = Certificate.SerialNumber()
        var subject: DistinguishedName?

        init(_ uris: String...) { self.names = uris.map { .uniformResourceIdentifier($0) } }

        func with(_ change: (inout Draft) -> Void) -> Draft {
            var draft = self
            change(&draft)
            return draft
        }
    }

    func der(_ draft: Draft) throws -> [UInt8] {
        var extensions = Certificate.Extensions()
        if let constraints = draft.constraints { try extensions.append(.init(constraints, critical: true)) }
        if let usage = draft.usage { try extensions.append(.init(usage, critical: true)) }
        if let purposes = draft.purposes {
            try extensions.append(.init(ExtendedKeyUsage(purposes), critical: false))
        }
        if !draft.names.isEmpty {
            try extensions.append(.init(SubjectAlternativeNames(draft.names), critical: false))
        }
        for item in draft.more { try extensions.append(item) }
        let certificate = try Certificate(
            version: .v3, serialNumber: draft.serial, publicKey: draft.publicKey,
            notValidBefore: Date(draft.from), notValidAfter: Date(draft.to),
            issuer: draft.issuer ?? self.authority.certificate.subject,
            subject: draft.subject ?? DistinguishedName { CommonName("forged") },
            signatureAlgorithm: draft.algorithm ?? self.authority.algorithm.x509, extensions: extensions,
            issuerPrivateKey: draft.signer ?? self.key.key)
        return try derOf(certificate)
    }
}

extension Array<UInt8> {
    /// The octets with every `old` in them replaced by `new`.
    func patched(_ old: [UInt8], _ new: [UInt8]) -> [UInt8] {
        var octets = self
        var place = 0
        while place + old.count <= octets.count {
            if Array(octets[place..<place + old.count]) == old {
                octets.replaceSubrange(place..<place + old.count, with: new)
            }
            place += 1
        }
        return octets
    }
}

/// SplitMix64: the same seed gives the same numbers.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
