internal import Air
internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// The signature algorithms that are allowed: ECDSA on the curve of the authority, with the digest of its size.
enum SignatureKind: Hashable, Sendable {
    case p256, p384

    var x509: Certificate.SignatureAlgorithm { self == .p256 ? .ecdsaWithSHA256 : .ecdsaWithSHA384 }
    /// ecdsa-with-SHA256, ecdsa-with-SHA384 (RFC 5758 §3.2).
    var identifier: ASN1ObjectIdentifier {
        self == .p256 ? [1, 2, 840, 10045, 4, 3, 2] : [1, 2, 840, 10045, 4, 3, 3]
    }

    /// The kind of a public key; nil for any but P-256 and P-384.
    init?(_ key: Certificate.PublicKey) {
        if P256.Signing.PublicKey(key) != nil {
            self = .p256
        } else if P384.Signing.PublicKey(key) != nil {
            self = .p384
        } else {
            return nil
        }
    }
}

/// A national certificate authority in one realm, by its certificate.
struct Authority: Hashable, Sendable {
    let nation: Nation
    let realm: Realm
    let certificate: Certificate
    let der: [UInt8]
    let algorithm: SignatureKind
    let notBefore: Timestamp
    let notAfter: Timestamp
    let fingerprint: Fingerprint

    /// Octets that a certificate has at most.
    static let octetsMax = 8192

    /// Reads the certificate of an authority: self-signed, allowed to sign certificates and lists, none below it, and named
    /// by nation and realm. Its dates are not held against the time here.
    ///
    /// - Throws: `IntroductionRefusal.authority`.
    init(der: [UInt8], nation: Nation, realm: Realm) throws(IntroductionRefusal) {
        guard der.count <= Self.octetsMax else { throw .authority("longer than \(Self.octetsMax) octets") }
        guard let certificate = strictCertificate(der) else { throw .authority("no certificate") }
        guard let algorithm = SignatureKind(certificate.publicKey),
            certificate.signatureAlgorithm == algorithm.x509
        else { throw .authority("its key and signature must be P-256 with SHA-256, or P-384 with SHA-384") }
        guard certificate.issuer == certificate.subject,
            certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
        else { throw .authority("not signed by itself") }
        let extensions = certificate.extensions
        guard case .isCertificateAuthority(maxPathLength: 0)? = try? extensions.basicConstraints else {
            throw .authority("its basic constraints must be CA:TRUE, pathlen:0")
        }
        guard let usage = try? extensions.keyUsage, usage.keyCertSign, usage.cRLSign else {
            throw .authority("its key usage must have keyCertSign and cRLSign")
        }
        let uris = names(of: certificate).uris
        guard uris == [NodeName.authority(nation, realm)] else {
            throw .authority("its only URI must be \(NodeName.authority(nation, realm))")
        }
        for item in extensions where item.critical {
            guard Self.known.contains(item.oid) else { throw .authority("a critical extension that is not known") }
        }
        self.nation = nation
        self.realm = realm
        self.certificate = certificate
        self.der = der
        self.algorithm = algorithm
        self.notBefore = Timestamp(seconds: certificate.notValidBefore.timeIntervalSince1970)
        self.notAfter = Timestamp(seconds: certificate.notValidAfter.timeIntervalSince1970)
        self.fingerprint = Fingerprint(of: der)
    }

    // What a name constraint says is kept in any case: a leaf's nation must be its authority's.
    private static let known: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.nameConstraints,
        .X509ExtensionID.subjectAlternativeName,
    ]

    /// Whether the authority has signed `text`.
    func hasSigned(_ text: [UInt8], signature: [UInt8]) -> Bool {
        self.certificate.publicKey.isValidSignature(signature, for: text, signatureAlgorithm: self.algorithm.x509)
    }
}

/// Reads a certificate of version 3; nil for any other, and when its signature is not written in the one form of DER: what
/// surrounds the signed part is itself not signed, and the library takes unused bits and zeroes there as they come.
func strictCertificate(_ der: [UInt8]) -> Certificate? {
    guard let certificate = try? Certificate(derEncoded: der), certificate.version == .v3,
        let node = try? DER.parse(der), case .constructed(let nodes) = node.content,
        let last = nodes.reduce(nil as ASN1Node?, { $1 }), let signature = try? ASN1BitString(derEncoded: last),
        signature.paddingBits == 0, signature.bytes.elementsEqual(certificate.signature.rawRepresentation)
    else { return nil }
    return certificate
}

/// The alternative names of a certificate.
func names(of certificate: Certificate) -> (uris: [String], hosts: Int, others: Int) {
    guard let names = try? certificate.extensions.subjectAlternativeNames else { return ([], 0, 0) }
    var found: (uris: [String], hosts: Int, others: Int) = ([], 0, 0)
    for name in names {
        switch name {
        case .uniformResourceIdentifier(let uri): found.uris.append(uri)
        case .dnsName, .ipAddress: found.hosts += 1
        default: found.others += 1
        }
    }
    return found
}

/// The private key of an authority.
struct AuthorityKey: Sendable {
    let key: Certificate.PrivateKey
    let kind: SignatureKind

    init?(pem: [UInt8]) {
        guard let der = Base64.soleBlock("PRIVATE KEY", pem), let key = try? Certificate.PrivateKey(derBytes: der),
            let kind = SignatureKind(key.publicKey)
        else { return nil }
        self.key = key
        self.kind = kind
    }

    init(generating kind: SignatureKind) {
        self.kind = kind
        self.key =
            switch kind {
            case .p256: Certificate.PrivateKey(P256.Signing.PrivateKey())
            case .p384: Certificate.PrivateKey(P384.Signing.PrivateKey())
            }
    }

    /// PKCS #8 as PEM.
    var pem: String {
        get throws(IdentityError) {
            do { return try Base64.block("PRIVATE KEY", self.key.serializeAsPEM().derBytes) } catch {
                throw .cryptography("\(error)")
            }
        }
    }

    /// ECDSA over `octets`, as DER.
    func sign(_ octets: [UInt8]) throws(IdentityError) -> [UInt8] {
        do { return try self.key.sign(bytes: octets, signatureAlgorithm: self.kind.x509).rawRepresentation } catch {
            throw .cryptography("\(error)")
        }
    }

    /// Makes the certificate of a new authority.
    func selfSigned(
        _ nation: Nation, _ realm: Realm, from notBefore: Timestamp, to notAfter: Timestamp
    ) throws(IdentityError) -> [UInt8] {
        do {
            // Two authorities of one nation have two names, so that a chain cannot be taken for another's.
            let mark = Hexadecimal.encode(Self.serial().suffix(4))
            let kind = NodeName.text(of: realm).prefix { $0 != "/" }
            let name = try DistinguishedName {
                CountryName("\(nation)".uppercased())
                OrganizationName("Kumiko")
                CommonName("\(nation) \(kind) authority \(mark)")
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(bytes: Self.serial()),
                publicKey: self.key.publicKey, notValidBefore: Date(notBefore), notValidAfter: Date(notAfter),
                issuer: name, subject: name, signatureAlgorithm: self.kind.x509,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    Critical(NameConstraints(permittedURIDomains: ["\(nation)"]))
                    SubjectAlternativeNames([.uniformResourceIdentifier(NodeName.authority(nation, realm))])
                    SubjectKeyIdentifier(hash: self.key.publicKey)
                },
                issuerPrivateKey: self.key)
            return try derOf(certificate)
        } catch { throw .cryptography("\(error)") }
    }

    /// Issues a certificate for a node's TLS.
    func leaf(
        _ name: NodeName, hosts: [HostName], key: Certificate.PublicKey, authority: Authority,
        from notBefore: Timestamp, to notAfter: Timestamp
    ) throws(IdentityError) -> [UInt8] {
        guard notAfter <= authority.notAfter else { throw .authorityExpires(authority.notAfter) }
        do {
            let names: [GeneralName] = [.uniformResourceIdentifier(name.uri)] + hosts.map(\.generalName)
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(bytes: Self.serial()), publicKey: key,
                notValidBefore: Date(max(notBefore, authority.notBefore)), notValidAfter: Date(notAfter),
                issuer: authority.certificate.subject,
                subject: try DistinguishedName {
                    CountryName("\(name.nation)".uppercased())
                    OrganizationName("Kumiko")
                    CommonName(name.node)
                },
                signatureAlgorithm: self.kind.x509,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth, .clientAuth])
                    SubjectAlternativeNames(names)
                    SubjectKeyIdentifier(hash: key)
                    AuthorityKeyIdentifier(
                        keyIdentifier: SubjectKeyIdentifier(hash: authority.certificate.publicKey).keyIdentifier)
                },
                issuerPrivateKey: self.key)
            return try derOf(certificate)
        } catch { throw .cryptography("\(error)") }
    }

    /// 16 octets by chance, positive and without a leading zero.
    private static func serial() -> [UInt8] {
        var octets = randomOctets(16)
        octets[0] = octets[0] & 0x3F | 0x40
        return octets
    }
}

/// A name by which a node is reached.
enum HostName: Hashable, Sendable {
    case dns(String)
    case ip([UInt8])

    /// Reads a name of the DNS, or an address of version 4 or 6; nil for any other.
    init?(_ text: some StringProtocol) {
        if let octets = addressOctets(String(text)) {
            self = .ip(octets)
            return
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard 1...253 ~= text.utf8.count,
            labels.allSatisfy({ label in
                1...63 ~= label.utf8.count && !label.hasPrefix("-")
                    && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { octet in
                        switch octet {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            })
        else { return nil }
        self = .dns(text.lowercased())
    }

    var generalName: GeneralName {
        switch self {
        case .dns(let name): .dnsName(name)
        case .ip(let octets): .ipAddress(ASN1OctetString(contentBytes: octets[...]))
        }
    }
}

extension Date {
    /// The instant, in whole seconds, as certificates have them.
    init(_ time: Timestamp) { self.init(timeIntervalSince1970: time.seconds.rounded(.down)) }
}

/// Octets of the system's chance, fit for keys (`getrandom`).
func randomOctets(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// A certificate's DER.
func derOf(_ certificate: Certificate) throws -> [UInt8] {
    var coder = DER.Serializer()
    try coder.serialize(certificate)
    return coder.serializedBytes
}
