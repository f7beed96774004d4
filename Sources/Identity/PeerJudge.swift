public import Air
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// Who is at the other end, as its certificate proves.
public struct Peer: Hashable, Sendable {
    /// Which node of which nation.
    public let name: NodeName
    /// The certificate's serial number.
    public let serial: SerialNumber
    /// When the certificate ends: no stream may outlive it.
    public let notAfter: Timestamp
    /// Of the authority that vouches for it.
    public let authority: Fingerprint

    /// Whose node.
    public var nation: Nation { self.name.nation }
    /// In which world.
    public var realm: Realm { self.name.realm }
    /// Its name.
    public var node: String { self.name.node }
}

/// Why a peer is refused, each with a sentence; the raw value is the name under which it is counted.
public enum PeerRefusal: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case noCertificate = "no_certificate"
    case malformed = "malformed"
    case strayCertificates = "stray_certificates"
    case notNamed = "not_named"
    case severalNames = "several_names"
    case ownNation = "own_nation"
    case otherRealm = "other_realm"
    case unknownNation = "unknown_nation"
    case unexpectedNation = "unexpected_nation"
    case nationRevoked = "nation_revoked"
    case authorityNotInForce = "authority_not_in_force"
    case wrongIssuer = "wrong_issuer"
    case wrongAlgorithm = "wrong_algorithm"
    case wrongSignature = "wrong_signature"
    case unknownExtension = "unknown_extension"
    case isAuthority = "is_authority"
    case wrongUsage = "wrong_usage"
    case wrongPurpose = "wrong_purpose"
    case weakKey = "weak_key"
    case notYetValid = "not_yet_valid"
    case expired = "expired"
    case listNotCurrent = "list_not_current"
    case revoked = "revoked"
    case denied = "denied"

    public var description: String {
        switch self {
        case .noCertificate: "it showed no certificate"
        case .malformed: "its certificate is none of RFC 5280, or too long"
        case .strayCertificates: "it showed other certificates than its own and its authority's"
        case .notNamed: "its certificate names no node as kumiko://NATION/REALM/NODE"
        case .severalNames: "its certificate has more than one such name, or names of a kind that has no place there"
        case .ownNation: "its certificate names this node's own nation"
        case .otherRealm: "it is of another realm"
        case .unknownNation: "its nation is no partner"
        case .unexpectedNation: "it is of another nation than the one that was called"
        case .nationRevoked: "its nation's authority was revoked here"
        case .authorityNotInForce: "its nation's authority is not in force at this time"
        case .wrongIssuer: "the authority of the nation it names did not issue its certificate"
        case .wrongAlgorithm: "its certificate is signed by an algorithm that is not allowed"
        case .wrongSignature: "its certificate is not signed by the authority of the nation it names"
        case .unknownExtension: "its certificate has a critical extension that is not known"
        case .isAuthority: "its certificate is an authority's"
        case .wrongUsage: "its certificate's key usage is not that of a node"
        case .wrongPurpose: "its certificate is not for this side of a connection"
        case .weakKey: "its key is not on P-256 or P-384"
        case .notYetValid: "its certificate is not valid yet; compare the clocks"
        case .expired: "its certificate has ended"
        case .listNotCurrent: "its nation's revocation list has ended; ask the partner for a new introduction"
        case .revoked: "its nation has revoked its certificate"
        case .denied: "its certificate was revoked here"
        }
    }
}

/// Decides whether a certificate is that of a partner's node. It is all of the verification there is: the TLS library's own is
/// replaced by it.
///
/// There is nothing to search: the leaf names its nation, that nation has one pinned authority, and no authority stands
/// between. So the signature is verified directly; swift-certificates' `Verifier` would build paths out of what the stranger
/// sends, asynchronously, and leave usage, purpose, names and revocation to be checked here all the same.
///
/// A value: make a new one (`NationFolder.judge`) when the partners change. Cost: one verification of ECDSA.
public struct PeerJudge: Sendable {
    /// At which end of the connection the other is.
    public enum Role: Hashable, Sendable {
        case client, server
    }

    private struct Standing: Sendable {
        var authority: Authority
        var revocations: RevocationList
        var isRevoked: Bool
        var denied: Set<SerialNumber>
    }

    /// This node's nation.
    public let nation: Nation
    /// The realm of all whom it meets.
    public let realm: Realm
    private let realmText: String
    private let standings: [Nation: Standing]

    init(nation: Nation, realm: Realm, partners: [Partner]) {
        self.nation = nation
        self.realm = realm
        self.realmText = NodeName.text(of: realm)
        var standings: [Nation: Standing] = [:]
        for partner in partners {
            standings[partner.nation] = Standing(
                authority: partner.introduction.authority, revocations: partner.revocations,
                isRevoked: partner.isRevoked, denied: Set(partner.deniedSerials))
        }
        self.standings = standings
    }

    /// Decides who shows this chain.
    ///
    /// - Parameters:
    ///   - chain: DER, the leaf first; the authority's own certificate may follow.
    ///   - role: which end the other is.
    ///   - expecting: the nation that was called, at the calling end.
    ///   - time: now.
    /// - Throws: `PeerRefusal`.
    public func judge(
        chain: [[UInt8]], as role: Role, expecting: Nation? = nil, at time: Timestamp
    ) throws(PeerRefusal) -> Peer {
        guard let der = chain.first else { throw .noCertificate }
        guard der.count <= Authority.octetsMax, let leaf = Leaf(der: der) else { throw .malformed }
        let name = try leaf.name()
        guard name.nation != self.nation else { throw .ownNation }
        guard self.isOwn(name.realm) else { throw .otherRealm }
        guard expecting == nil || expecting == name.nation else { throw .unexpectedNation }
        guard let standing = self.standings[name.nation] else { throw .unknownNation }
        let authority = standing.authority
        guard chain.count == 1 || chain.count == 2 && chain[1] == authority.der else { throw .strayCertificates }
        try leaf.verify(issuedBy: authority, for: role, at: time)
        let peer = Peer(
            name: name, serial: leaf.serial, notAfter: leaf.notAfter, authority: authority.fingerprint)
        try self.review(peer, at: time)
        return peer
    }

    private func isOwn(_ realm: Realm) -> Bool { NodeName.text(of: realm) == self.realmText }

    /// Decides whether one who was let in may stay: the nation is still a partner under the same authority, and nothing has
    /// ended or been revoked since.
    ///
    /// - Throws: `PeerRefusal`.
    public func review(_ peer: Peer, at time: Timestamp) throws(PeerRefusal) {
        guard peer.nation != self.nation else { throw .ownNation }
        guard self.isOwn(peer.realm) else { throw .otherRealm }
        guard let standing = self.standings[peer.nation] else { throw .unknownNation }
        guard standing.authority.fingerprint == peer.authority else { throw .wrongIssuer }
        guard !standing.isRevoked else { throw .nationRevoked }
        guard standing.authority.notBefore <= time, time <= standing.authority.notAfter else {
            throw .authorityNotInForce
        }
        guard time <= peer.notAfter else { throw .expired }
        guard !standing.denied.contains(peer.serial) else { throw .denied }
        guard !standing.revocations.contains(peer.serial) else { throw .revoked }
        guard time < standing.revocations.nextUpdate else { throw .listNotCurrent }
    }
}

/// The certificate of a node.
struct Leaf: Sendable {
    let certificate: Certificate
    let serial: SerialNumber
    let notBefore: Timestamp
    let notAfter: Timestamp

    init?(der: [UInt8]) {
        guard let certificate = strictCertificate(der) else { return nil }
        self.certificate = certificate
        self.serial = SerialNumber(certificate.serialNumber.bytes)
        self.notBefore = Timestamp(seconds: certificate.notValidBefore.timeIntervalSince1970)
        self.notAfter = Timestamp(seconds: certificate.notValidAfter.timeIntervalSince1970)
    }

    /// The one node it names.
    func name() throws(PeerRefusal) -> NodeName {
        let names = names(of: self.certificate)
        guard let uri = names.uris.first else { throw .notNamed }
        guard names.uris.count == 1, names.others == 0 else { throw .severalNames }
        guard let name = NodeName(uri: uri) else { throw .notNamed }
        return name
    }

    /// The names by which it is reached.
    var hosts: [HostName] {
        guard let names = try? self.certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap {
            switch $0 {
            case .dnsName(let name): .dns(name)
            case .ipAddress(let octets): .ip(Array(octets.bytes))
            default: nil
            }
        }
    }

    /// Holds the certificate against its authority, its purpose and the time.
    func verify(
        issuedBy authority: Authority, for role: PeerJudge.Role, at time: Timestamp
    ) throws(PeerRefusal) {
        let certificate = self.certificate
        guard certificate.issuer == authority.certificate.subject else { throw .wrongIssuer }
        guard certificate.signatureAlgorithm == authority.algorithm.x509 else { throw .wrongAlgorithm }
        guard authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate) else {
            throw .wrongSignature
        }
        let extensions = certificate.extensions
        for item in extensions where item.critical {
            guard Self.known.contains(item.oid) else { throw .unknownExtension }
        }
        // RFC 5280 §4.2.1.9: without basic constraints it is no authority.
        do {
            if case .isCertificateAuthority? = try extensions.basicConstraints { throw PeerRefusal.isAuthority }
        } catch { throw .isAuthority }
        guard let usage = try? extensions.keyUsage, usage.digitalSignature, !usage.keyCertSign, !usage.cRLSign else {
            throw .wrongUsage
        }
        let purpose: ExtendedKeyUsage.Usage = role == .server ? .serverAuth : .clientAuth
        guard let purposes = try? extensions.extendedKeyUsage, purposes.contains(purpose) else {
            throw .wrongPurpose
        }
        guard SignatureKind(certificate.publicKey) != nil else { throw .weakKey }
        guard self.notBefore <= time else { throw .notYetValid }
        guard time <= self.notAfter else { throw .expired }
    }

    private static let known: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName,
    ]
}
