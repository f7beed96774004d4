public import Air
public import Ledger

/// What a nation hands to a partner: its authority, its keys, and what it has revoked; signed by the authority.
///
///     kumiko introduction v1
///     nation jp
///     realm live                      or test, or exercise/Keen%20Sword
///     number 3                        counts up; an earlier one is refused
///     -----BEGIN CERTIFICATE-----     of the authority
///     log base64(key)                 Ed25519, of every log of the nation, under the log's name
///     cosigner vkey
///     node vkey                       once for each key of a node, at least one
///     -----BEGIN X509 CRL-----
///     signature base64(DER)           ECDSA over all lines above, ended
///
/// The certificate is believed because people compared its fingerprint; all else because it has signed it. No certificate or
/// list can be taken for an introduction, nor one for it: their octets begin with 0x30, and these with `k`.
public struct Introduction: Sendable {
    /// Whose.
    public let nation: Nation
    /// Of which world.
    public let realm: Realm
    /// Counts up with each introduction of the authority.
    public let number: UInt64
    /// Of the authority's certificate.
    public let fingerprint: Fingerprint
    /// The key with which the nation cosigns: `kumiko/jp/live`.
    public let cosigner: NoteKey
    /// The keys of its nodes, in the file's order.
    public let nodeKeys: [NodeKey]
    /// What the authority has revoked when it made this.
    public let revocations: RevocationList
    /// The file.
    public let octets: [UInt8]

    let authority: Authority
    private let logKey: [UInt8]

    /// Octets that an introduction has at most.
    public static var octetsMax: Int { 1 << 21 }
    /// Keys of nodes that it has at most.
    static let nodeKeysMax = 256

    private static let title = "kumiko introduction v1"

    /// When the authority's certificate ends.
    public var notAfter: Timestamp { self.authority.notAfter }
    /// The certificate of the authority, DER.
    public var certificate: [UInt8] { self.authority.der }

    /// The key of the nation's log for an audience; nil when the audience is no token.
    public func logKey(audience: String) -> NoteKey? {
        Lane(nation: self.nation, realm: self.realm, audience: audience).flatMap {
            NoteKey(name: $0.origin, algorithm: .ed25519, octets: self.logKey)
        }
    }

    /// Reads an introduction, and verifies that the authority in it has signed it. Who that authority is, it does not tell.
    ///
    /// - Throws: `IntroductionRefusal`, with the line.
    public init(parsing octets: [UInt8]) throws(IntroductionRefusal) {
        guard octets.count <= Self.octetsMax else { throw .tooLong(octets: octets.count) }
        guard var reader = LineReader(octets) else { throw .notText }
        guard reader.read() == Self.title[...] else { throw .badLine(1, "must be: \(Self.title)") }
        guard let nation = reader.value("nation", { Nation($0) }) else {
            throw .badLine(reader.line + 1, "must be: nation, and two letters")
        }
        guard let realm = reader.value("realm", NodeName.realm) else {
            throw .badLine(reader.line + 1, "must be: realm live, realm test or realm exercise/NAME")
        }
        guard let number = reader.value("number", { UInt64(strict: $0) }) else {
            throw .badLine(reader.line + 1, "must be: number, and digits")
        }
        guard let certificate = reader.block("CERTIFICATE") else {
            throw .badLine(reader.line, "is no part of a certificate in PEM")
        }
        let authority = try Authority(der: certificate, nation: nation, realm: realm)
        let domain = Lane.domain(nation, realm)
        guard
            let log = reader.value(
                "log",
                { text in
                    Base64.decode(text).flatMap { NoteKey(name: domain, algorithm: .ed25519, octets: $0)?.octets }
                })
        else { throw .badLine(reader.line + 1, "must be: log, and a key in base 64") }
        guard
            let cosigner = reader.value(
                "cosigner",
                { vkey in
                    NoteKey(vkey: vkey).flatMap { $0.algorithm == .cosignature && $0.name == domain ? $0 : nil }
                })
        else { throw .badLine(reader.line + 1, "must be: cosigner, and the vkey of \(domain)") }
        var keys: [NodeKey] = []
        while reader.isNext("node") {
            guard keys.count < Self.nodeKeysMax,
                let key = reader.value("node", { Self.nodeKey($0, nation, realm) })
            else {
                throw .badLine(reader.line + 1, "must be: node, and the vkey of \(domain)/node/NODE")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw .badLine(reader.line + 1, "must be: node, and a vkey") }
        guard let list = reader.block("X509 CRL") else {
            throw .badLine(reader.line, "is no part of a revocation list in PEM")
        }
        do { self.revocations = try RevocationList(der: list, authority: authority) } catch {
            throw .revocations(error)
        }
        guard let signature = reader.value("signature", { Base64.decode($0) }) else {
            throw .badLine(reader.line + 1, "must be: signature, and base 64")
        }
        guard reader.isAtEnd else { throw .badLine(reader.line + 1, "stands behind the signature") }
        let signed = octets.dropLast("signature \(Base64.encode(signature))\n".utf8.count)
        guard authority.hasSigned(Array(signed), signature: signature) else { throw .wrongSignature }
        self.nation = nation
        self.realm = realm
        self.number = number
        self.authority = authority
        self.fingerprint = authority.fingerprint
        self.logKey = log
        self.cosigner = cosigner
        self.nodeKeys = keys
        self.octets = octets
    }

    /// Writes and signs an introduction.
    static func sign(
        number: UInt64, authority: Authority, key: AuthorityKey, logKey: [UInt8], cosigner: NoteKey,
        nodeKeys: [NodeKey], revocations: [UInt8]
    ) throws(IdentityError) -> [UInt8] {
        var text = "\(Self.title)\nnation \(authority.nation)\nrealm \(NodeName.text(of: authority.realm))\n"
        text += "number \(number)\n" + Base64.block("CERTIFICATE", authority.der)
        text += "log \(Base64.encode(logKey))\ncosigner \(cosigner)\n"
        text += nodeKeys.map { "node \($0.key)\n" }.joined()
        text += Base64.block("X509 CRL", revocations)
        text += try "signature \(Base64.encode(key.sign(Array(text.utf8))))\n"
        return Array(text.utf8)
    }

    private static func nodeKey(_ vkey: String, _ nation: Nation, _ realm: Realm) -> NodeKey? {
        let name = Lane.domain(nation, realm) + "/node/"
        guard let key = NoteKey(vkey: vkey), key.name.hasPrefix(name),
            let found = NodeKey(
                nation: nation, realm: realm, node: String(key.name.dropFirst(name.count)), octets: key.octets),
            found.key == key
        else { return nil }
        return found
    }
}
