public import Air
internal import Crypto
public import Ledger
internal import SwiftASN1
internal import X509

/// What TLS needs of a node.
///
/// Its description, also the one that the language makes, does not hold the key.
public struct TLSIdentity: Sendable, CustomStringConvertible, CustomReflectable {
    /// The certificate of the node, DER; those of others are pinned, so no authority follows.
    public let chain: [[UInt8]]
    /// Its private key, PKCS #8 as PEM.
    public let keyPEM: String
    /// The certificate's serial number.
    public let serial: SerialNumber
    /// When it begins.
    public let notBefore: Timestamp
    /// When it ends: before that, renew.
    public let notAfter: Timestamp

    public var description: String { "certificate \(self.serial), until \(self.notAfter)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Who a node is: its nation's authority, its own keys, and its partners, in one folder that only its owner may read.
///
/// | file | what |
/// |---|---|
/// | `ca.key` | the authority's private key; may be kept elsewhere, only `renew` and `revoke` need it |
/// | `tls-N.pem`, `tls-N.key` | the certificate of the node for TLS, and its private key; the highest N counts |
/// | `node-N.key` | Ed25519, signs entries; the highest N signs, the others are still believed |
/// | `log.key`, `cosigner.key` | Ed25519, sign heads and cosign |
/// | `salt.key` | 32 octets, from which the salts of entries' fields are made |
/// | `introduction` | what partners get: authority, public keys, revocation list |
/// | `partners/` | what partners gave: ``PartnerBook`` |
///
/// The `introduction` is written last, so a folder without it was not made to its end. A description, also the one that the
/// language makes, holds none of the secrets: it may stand in a log.
public struct NationFolder: Sendable, CustomStringConvertible, CustomReflectable {
    /// The curve of the authority's key.
    public enum Curve: String, Hashable, Sendable, CaseIterable {
        case p256, p384
    }

    /// How long things live, in days.
    public struct Terms: Hashable, Sendable {
        /// The authority.
        public var authorityDays = 3650
        /// The node's certificate.
        public var leafDays = 30
        /// The revocation list. Partners refuse a nation whose list has ended, so it outlives a long outage.
        public var listDays = 90

        /// Ten years, thirty days, ninety days.
        public init() {}
    }

    /// The folder.
    public let path: String
    /// This node.
    public let name: NodeName
    /// What partners get.
    public let introduction: Introduction
    /// The certificate for TLS and its key.
    public let tls: TLSIdentity
    /// Signs the node's entries.
    public let entrySigner: EntrySigner
    /// Cosigns partners' heads.
    public let cosigner: NoteSigner
    /// 32 octets that nobody else may know.
    public let salt: [UInt8]
    /// The partners.
    public var partners: PartnerBook

    /// Of the log keys: `logSigner` signs under the name of each lane with it.
    public let logSecret: [UInt8]
    private let folder: PrivateFolder

    /// The nation.
    public var nation: Nation { self.name.nation }
    /// The world.
    public var realm: Realm { self.name.realm }
    /// The node's name.
    public var node: String { self.name.node }

    public var description: String { "\(self.name) in \(self.path)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Signs the heads of the nation's log for an audience; nil when the audience is no token.
    public func logSigner(audience: String) -> NoteSigner? {
        Lane(nation: self.nation, realm: self.realm, audience: audience).flatMap {
            NoteSigner(name: $0.origin, algorithm: .ed25519, secret: self.logSecret)
        }
    }

    /// Decides about peers, by the partners as they are now.
    public var judge: PeerJudge {
        PeerJudge(nation: self.nation, realm: self.realm, partners: self.partners.partners)
    }

    /// Makes a folder with a new authority and new keys.
    ///
    /// - Parameters:
    ///   - path: must not be there yet.
    ///   - hosts: names of the DNS and addresses by which the node is reached; they stand in its certificate.
    ///   - time: now.
    /// - Throws: `IdentityError`: `exists`, `argument`, `system`.
    public static func create(
        at path: String, nation: Nation, realm: Realm, node: String, hosts: [String] = [], curve: Curve = .p256,
        terms: Terms = Terms(), at time: Timestamp
    ) throws(IdentityError) -> NationFolder {
        guard let name = NodeName(nation: nation, realm: realm, node: node) else {
            throw .argument(
                "'\(node)' in the realm \(realm) is no name: small letters, digits, hyphens and full stops, at most 64, "
                    + "and an exercise's name has 1 to 64 octets")
        }
        let hosts = try Self.hosts(hosts)
        try Self.check(terms)
        let folder = PrivateFolder(path)
        try folder.make()
        try PrivateFolder(folder.file(Self.partnersFolder)).make()
        let key = AuthorityKey(generating: curve == .p256 ? .p256 : .p384)
        let der = try key.selfSigned(
            nation, realm, from: time.advanced(by: -Self.backdated),
            to: time.advanced(by: Double(terms.authorityDays) * 86_400))
        let authority: Authority
        do throws(IntroductionRefusal) {
            authority = try Authority(der: der, nation: nation, realm: realm)
        } catch { throw .introduction(error) }
        try folder.create(Self.authorityKey, Array(key.pem.utf8))
        for file in ["node-1.key", Self.logKey, Self.cosignerKey] { try Self.makeSecret(file, in: folder) }
        try folder.create(Self.saltKey, Array(Base64.block(Self.saltLabel, randomOctets(32)).utf8))
        try Self.issue(1, name, hosts, authority, key, terms, at: time, in: folder)
        let list = try RevocationList.sign(
            number: 1, revoked: [], authority: authority, key: key, from: time,
            to: time.advanced(by: Double(terms.listDays) * 86_400))
        try Self.introduce(1, name, authority, key, list, in: folder)
        return try NationFolder(opening: path)
    }

    /// Opens a folder. That its certificates are in force is not asked here; `tls.notAfter` tells.
    ///
    /// - Throws: `IdentityError`: `open`, `foreign` and `notPlain` when anybody but the owner could read or change a file, with
    ///   the remedy; `missing`, `incomplete`, `malformed`.
    public init(opening path: String) throws(IdentityError) {
        // Not while another process renews: it takes away keys that were just listed.
        self = try PrivateFolder(path).locked { () throws(IdentityError) in try NationFolder(reading: path) }
    }

    private init(reading path: String) throws(IdentityError) {
        let folder = PrivateFolder(path)
        let names = try folder.names()
        guard names.contains(Self.introductionFile) else { throw .incomplete(path: folder.path) }
        // Also those that this program does not read itself: a key that is open to others is known to others.
        for name in names where name != Self.partnersFolder { try folder.check(name) }
        let introduction = try Introduction(Self.introductionFile, in: folder)
        let (leaf, tls) = try Self.newestLeaf(names, introduction.authority, in: folder)
        self.name = leaf
        self.path = folder.path
        self.folder = folder
        self.introduction = introduction
        self.tls = tls
        self.salt = try Self.block(Self.saltKey, Self.saltLabel, in: folder)
        guard self.salt.count == 32 else {
            throw .malformed(path: folder.file(Self.saltKey), line: 0, reason: "must have 32 octets")
        }
        self.logSecret = try Self.secret(Self.logKey, in: folder)
        let domain = Lane.domain(leaf.nation, leaf.realm)
        guard
            let cosigner = NoteSigner(
                name: domain, algorithm: .cosignature, secret: try Self.secret(Self.cosignerKey, in: folder)),
            cosigner.key == introduction.cosigner
        else { throw Self.mismatch(Self.cosignerKey, in: folder) }
        self.cosigner = cosigner
        // One that is not in the introduction is of a renewal that did not come to its end.
        var signer: EntrySigner?
        for number in Self.numbers("node-", ".key", names) {
            let secret = try Self.secret("node-\(number).key", in: folder)
            let found = EntrySigner(nation: leaf.nation, realm: leaf.realm, node: leaf.node, secret: secret)
            if let found, introduction.nodeKeys.contains(found.key) { signer = found }
        }
        guard let signer else { throw Self.mismatch("node-1.key", in: folder) }
        self.entrySigner = signer
        self.partners = try PartnerBook(
            folder: PrivateFolder(folder.file(Self.partnersFolder)), nation: leaf.nation, realm: leaf.realm)
        guard let key = self.logSigner(audience: leaf.node)?.key, key == introduction.logKey(audience: leaf.node)
        else { throw Self.mismatch(Self.logKey, in: folder) }
    }

    /// Makes a new certificate and key for TLS, a new revocation list and a new introduction. Earlier private keys for TLS are
    /// deleted, earlier certificates stay.
    ///
    /// - Parameters:
    ///   - authorityKey: the file of the authority's private key where it is kept elsewhere.
    ///   - withNodeKey: also a new key for entries; the earlier ones are still believed.
    ///   - hosts: in the place of those of the certificate before.
    /// - Throws: `IdentityError`: `noAuthorityKey`, `authorityExpires`.
    public mutating func renew(
        authorityKey: String? = nil, withNodeKey: Bool = false, hosts: [String]? = nil, terms: Terms = Terms(),
        at time: Timestamp
    ) throws(IdentityError) {
        try Self.check(terms)
        let path = self.path
        let given = try hosts.map { hosts throws(IdentityError) in try Self.hosts(hosts) }
        self = try self.folder.locked { () throws(IdentityError) -> NationFolder in
            let now = try NationFolder(reading: path)
            let folder = now.folder
            let authority = now.introduction.authority
            let key = try now.key(of: authority, authorityKey)
            let names = try folder.names()
            // A key without a certificate is of a renewal that did not come to its end.
            let number = max(
                Self.numbers("tls-", ".pem", names).last ?? 0, Self.numbers("tls-", ".key", names).last ?? 0)
            try Self.issue(
                number + 1, now.name, given ?? now.hosts, authority, key, terms, at: time, in: folder)
            for old in Self.numbers("tls-", ".key", names) { try folder.remove("tls-\(old).key") }
            if withNodeKey {
                try Self.makeSecret("node-\((Self.numbers("node-", ".key", names).last ?? 0) + 1).key", in: folder)
            }
            try now.reissue(authority, key, adding: nil, terms, at: time)
            return try NationFolder(reading: path)
        }
    }

    /// What ends soon or has ended, a sentence for each: to be said at every start, and each day.
    public func due(at time: Timestamp) -> [String] {
        let remedy = "run: kumiko nation renew"
        return [
            ("the node's certificate for TLS", self.tls.notAfter, 10.0, remedy),
            ("the nation's revocation list", self.introduction.revocations.nextUpdate, 30.0, remedy),
            (
                "the nation's authority", self.introduction.notAfter, 180.0,
                "make a new folder, and introduce it to all partners"
            ),
        ].compactMap { what, end, days, remedy in
            guard time.advanced(by: days * 86_400) >= end else { return nil }
            return time >= end
                ? "\(what) has ended at \(end), and partners refuse it; \(remedy)" : "\(what) ends at \(end); \(remedy)"
        }
    }

    /// A certificate that the authority has issued to this node.
    public struct Issued: Hashable, Sendable {
        /// Its number.
        public let serial: SerialNumber
        /// When it ends.
        public let notAfter: Timestamp
        /// Whether it was revoked.
        public let isRevoked: Bool
    }

    /// The certificates for TLS that are in the folder, the oldest first.
    ///
    /// - Throws: `IdentityError`, as opening does.
    public func issued() throws(IdentityError) -> [Issued] {
        var found: [Issued] = []
        for number in Self.numbers("tls-", ".pem", try self.folder.names()) {
            let file = "tls-\(number).pem"
            guard let leaf = Leaf(der: try Self.block(file, "CERTIFICATE", in: self.folder)) else {
                throw .malformed(path: self.folder.file(file), line: 0, reason: PeerRefusal.malformed.description)
            }
            found.append(
                Issued(
                    serial: leaf.serial, notAfter: leaf.notAfter,
                    isRevoked: self.introduction.revocations.contains(leaf.serial)))
        }
        return found
    }

    /// Revokes a certificate of one's own authority, and makes the introduction that tells it.
    ///
    /// - Throws: `IdentityError.noAuthorityKey`; `.argument` when it was revoked before.
    public mutating func revoke(
        _ serial: SerialNumber, authorityKey: String? = nil, terms: Terms = Terms(), at time: Timestamp
    ) throws(IdentityError) {
        let path = self.path
        self = try self.folder.locked { () throws(IdentityError) -> NationFolder in
            let now = try NationFolder(reading: path)
            guard !now.introduction.revocations.contains(serial) else {
                throw .argument("\(serial) is revoked already")
            }
            let authority = now.introduction.authority
            try now.reissue(authority, now.key(of: authority, authorityKey), adding: serial, terms, at: time)
            return try NationFolder(reading: path)
        }
    }

    // MARK: - Files

    private static let authorityKey = "ca.key"
    private static let logKey = "log.key"
    private static let cosignerKey = "cosigner.key"
    private static let saltKey = "salt.key"
    private static let saltLabel = "KUMIKO SALT"
    private static let introductionFile = "introduction"
    private static let partnersFolder = "partners"
    /// Octets that a file of a key or certificate has at most.
    private static let fileMax = 65_536
    /// Seconds by which certificates begin earlier, for partners whose clocks are slow.
    private static let backdated = 3600.0

    private var hosts: [HostName] {
        self.tls.chain.first.flatMap { Leaf(der: $0) }?.hosts ?? []
    }

    /// The numbers N of files `prefixNsuffix`, ascending.
    private static func numbers(_ prefix: String, _ suffix: String, _ names: [String]) -> [UInt64] {
        names.compactMap { name -> UInt64? in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
            return UInt64(strict: name.dropFirst(prefix.count).dropLast(suffix.count)).flatMap {
                $0 < UInt64.max ? $0 : nil
            }
        }.sorted()
    }

    private static func hosts(_ texts: [String]) throws(IdentityError) -> [HostName] {
        var hosts: [HostName] = []
        for text in texts {
            guard let host = HostName(text) else {
                throw .argument("'\(text)' is neither a name of the DNS nor an address")
            }
            hosts.append(host)
        }
        return hosts
    }

    private static func check(_ terms: Terms) throws(IdentityError) {
        for (name, days) in [
            ("authority", terms.authorityDays), ("certificate", terms.leafDays), ("list", terms.listDays),
        ] where !(1...36_500 ~= days) {
            throw .argument("the term of the \(name) is from 1 to 36500 days, not \(days)")
        }
    }

    private static func mismatch(_ name: String, in folder: PrivateFolder) -> IdentityError {
        .malformed(
            path: folder.file(name), line: 0,
            reason: "it is not the key that the introduction tells partners of; take both from one backup")
    }

    /// A private key of Ed25519 as PKCS #8 has it (RFC 8410 §7): these octets, then the 32 of the key.
    private static let ed25519Head: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    private static func makeSecret(_ name: String, in folder: PrivateFolder) throws(IdentityError) {
        let secret = [UInt8](Curve25519.Signing.PrivateKey().rawRepresentation)
        try folder.create(name, Array(Base64.block("PRIVATE KEY", Self.ed25519Head + secret).utf8))
    }

    private static func secret(_ name: String, in folder: PrivateFolder) throws(IdentityError) -> [UInt8] {
        let octets = try Self.block(name, "PRIVATE KEY", in: folder)
        guard octets.count == 48, octets.starts(with: Self.ed25519Head) else {
            throw .malformed(path: folder.file(name), line: 0, reason: "no private key of Ed25519 in PKCS #8")
        }
        return Array(octets[16...])
    }

    private static func block(
        _ name: String, _ label: String, in folder: PrivateFolder
    ) throws(IdentityError) -> [UInt8] {
        guard let octets = Base64.soleBlock(label, try folder.read(name, max: Self.fileMax)) else {
            throw .malformed(
                path: folder.file(name), line: 0, reason: "must be one block of PEM, \(label), and no more")
        }
        return octets
    }

    private static func newestLeaf(
        _ names: [String], _ authority: Authority, in folder: PrivateFolder
    ) throws(IdentityError) -> (NodeName, TLSIdentity) {
        guard let number = Self.numbers("tls-", ".pem", names).last else {
            throw .missing(path: folder.file("tls-1.pem"))
        }
        let file = "tls-\(number).pem"
        let der = try Self.block(file, "CERTIFICATE", in: folder)
        guard let leaf = Leaf(der: der) else {
            throw .malformed(path: folder.file(file), line: 0, reason: PeerRefusal.malformed.description)
        }
        let name: NodeName
        do throws(PeerRefusal) {
            name = try leaf.name()
            // At the time when it began: an ended one must still open, so that it can be renewed.
            try leaf.verify(issuedBy: authority, for: .server, at: leaf.notBefore)
            try leaf.verify(issuedBy: authority, for: .client, at: leaf.notBefore)
        } catch { throw .malformed(path: folder.file(file), line: 0, reason: "\(error)") }
        guard name.nation == authority.nation, name.realm == authority.realm else {
            throw .malformed(path: folder.file(file), line: 0, reason: "it names another nation or realm")
        }
        let keyFile = "tls-\(number).key"
        let key = try Self.block(keyFile, "PRIVATE KEY", in: folder)
        guard let secret = try? Certificate.PrivateKey(derBytes: key), secret.publicKey == leaf.certificate.publicKey,
            (try? secret.serializeAsPEM().derBytes) == key
        else { throw .malformed(path: folder.file(keyFile), line: 0, reason: "it is not the key of \(file)") }
        return (
            name,
            TLSIdentity(
                chain: [der], keyPEM: Base64.block("PRIVATE KEY", key), serial: leaf.serial,
                notBefore: leaf.notBefore, notAfter: leaf.notAfter)
        )
    }

    private func key(of authority: Authority, _ elsewhere: String?) throws(IdentityError) -> AuthorityKey {
        let path = elsewhere ?? self.folder.file(Self.authorityKey)
        let octets: [UInt8]
        do throws(IdentityError) {
            octets = try PrivateFolder.readAlone(path, max: Self.fileMax)
        } catch {
            if case .missing = error { throw .noAuthorityKey(path: path) }
            throw error
        }
        guard let key = AuthorityKey(pem: octets), key.key.publicKey == authority.certificate.publicKey else {
            throw .malformed(path: path, line: 0, reason: "it is not the private key of this nation's authority")
        }
        return key
    }

    private static func issue(
        _ number: UInt64, _ name: NodeName, _ hosts: [HostName], _ authority: Authority, _ key: AuthorityKey,
        _ terms: Terms, at time: Timestamp, in folder: PrivateFolder
    ) throws(IdentityError) {
        let secret = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let der = try key.leaf(
            name, hosts: hosts, key: secret.publicKey, authority: authority, from: time.advanced(by: -Self.backdated),
            to: time.advanced(by: Double(terms.leafDays) * 86_400))
        let pem: String
        do { pem = try Base64.block("PRIVATE KEY", secret.serializeAsPEM().derBytes) } catch {
            throw .cryptography("\(error)")
        }
        // The key first: the certificate's file is what counts.
        try folder.create("tls-\(number).key", Array(pem.utf8))
        try folder.replace("tls-\(number).pem", Array(Base64.block("CERTIFICATE", der).utf8))
    }

    /// Signs the next revocation list and the introduction that carries it.
    private func reissue(
        _ authority: Authority, _ key: AuthorityKey, adding serial: SerialNumber?, _ terms: Terms, at time: Timestamp
    ) throws(IdentityError) {
        let before = self.introduction.revocations
        guard before.number < .max, self.introduction.number < .max else {
            throw .argument("the numbers of introductions are at their end; make a new folder")
        }
        var revoked: [(serial: SerialNumber, since: Timestamp)]
        do throws(RevocationRefusal) { revoked = try before.entries } catch { throw .revocations(error) }
        if let serial { revoked.append((serial, time)) }
        let list = try RevocationList.sign(
            number: before.number + 1, revoked: revoked, authority: authority, key: key, from: time,
            to: time.advanced(by: Double(terms.listDays) * 86_400))
        try Self.introduce(
            self.introduction.number + 1, self.name, authority, key, list, in: self.folder)
    }

    private static func introduce(
        _ number: UInt64, _ name: NodeName, _ authority: Authority, _ key: AuthorityKey, _ list: [UInt8],
        in folder: PrivateFolder
    ) throws(IdentityError) {
        var nodeKeys: [NodeKey] = []
        for number in Self.numbers("node-", ".key", try folder.names()) {
            let file = "node-\(number).key"
            guard
                let signer = EntrySigner(
                    nation: name.nation, realm: name.realm, node: name.node, secret: try Self.secret(file, in: folder))
            else { throw .malformed(path: folder.file(file), line: 0, reason: "no private key of Ed25519") }
            nodeKeys.append(signer.key)
        }
        let domain = Lane.domain(name.nation, name.realm)
        guard
            let cosigner = NoteSigner(
                name: domain, algorithm: .cosignature, secret: try Self.secret(Self.cosignerKey, in: folder)),
            let log = NoteSigner(
                name: domain, algorithm: .ed25519, secret: try Self.secret(Self.logKey, in: folder))
        else { throw .argument("\(domain) is no name of a key") }
        let octets = try Introduction.sign(
            number: number, authority: authority, key: key, logKey: log.key.octets, cosigner: cosigner.key,
            nodeKeys: nodeKeys, revocations: list)
        // What cannot be read again must not be handed over.
        do throws(IntroductionRefusal) { _ = try Introduction(parsing: octets) } catch { throw .introduction(error) }
        try folder.replace(Self.introductionFile, octets)
    }
}
