public import Air
internal import Crypto
internal import SwiftASN1
internal import X509

/// The certificates that an authority has revoked: an X.509 revocation list, signed and numbered.
///
///     CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
///     TBSCertList ::= SEQUENCE { version 1, signature, issuer, thisUpdate, nextUpdate,
///                                revokedCertificates OPTIONAL, [0] crlExtensions }
///
/// Source: RFC 5280 §5. A list without a number or without `nextUpdate` is refused: one could not tell an old one.
/// swift-certificates has no revocation lists, so this is written on its ASN.1.
public struct RevocationList: Hashable, Sendable {
    /// Counts up with each list of the authority.
    public let number: UInt64
    /// When it was made.
    public let thisUpdate: Timestamp
    /// When the next one is due; from then on it vouches for nothing.
    public let nextUpdate: Timestamp
    /// What is revoked, in the list's order.
    public let serials: [SerialNumber]
    /// The list, DER.
    public let der: [UInt8]

    private let revoked: Set<SerialNumber>

    /// Octets that a list has at most.
    public static var octetsMax: Int { 1 << 20 }

    /// Whether the certificate of this serial number is revoked.
    public func contains(_ serial: SerialNumber) -> Bool { self.revoked.contains(serial) }

    /// Reads a list and verifies that `authority` has signed it.
    init(der: [UInt8], authority: Authority) throws(RevocationRefusal) {
        guard der.count <= Self.octetsMax else { throw .tooLong(octets: der.count) }
        let list: CertificateList
        do { list = try CertificateList(derEncoded: der) } catch { throw .malformed }
        guard list.issuer == authority.certificate.subject else { throw .otherIssuer }
        guard list.algorithm == authority.algorithm.identifier, list.signature.paddingBits == 0,
            authority.certificate.publicKey.isValidSignature(
                list.signature.bytes, for: list.toBeSigned, signatureAlgorithm: authority.algorithm.x509)
        else { throw .wrongSignature }
        guard !list.hasUnknownCritical else { throw .unknownExtension }
        guard let number = list.number, let next = list.nextUpdate else { throw .malformed }
        self.number = number
        self.thisUpdate = list.thisUpdate
        self.nextUpdate = next
        self.serials = list.revoked.map(\.serial)
        self.der = der
        self.revoked = Set(self.serials)
    }

    /// Holds a list against the time, and against the one held before.
    ///
    /// - Throws: `RevocationRefusal`: `notYet`, `stale`, `rolledBack`, `twoOfOneNumber`.
    func follow(_ held: RevocationList?, at time: Timestamp) throws(RevocationRefusal) {
        guard time < self.nextUpdate else { throw .stale(self.nextUpdate) }
        guard self.thisUpdate <= time.advanced(by: Self.skew) else { throw .notYet(self.thisUpdate) }
        guard let held else { return }
        guard self.number >= held.number else { throw .rolledBack(held: held.number, offered: self.number) }
        guard self.number > held.number || self.der == held.der else { throw .twoOfOneNumber(self.number) }
    }

    /// Seconds by which the clocks of two nations may differ.
    static let skew = 300.0

    /// Signs a list.
    static func sign(
        number: UInt64, revoked: [(serial: SerialNumber, since: Timestamp)], authority: Authority, key: AuthorityKey,
        from thisUpdate: Timestamp, to nextUpdate: Timestamp
    ) throws(IdentityError) -> [UInt8] {
        do {
            let body = try CertificateList.toBeSigned(
                algorithm: authority.algorithm.identifier, issuer: authority.certificate.subject,
                thisUpdate: thisUpdate, nextUpdate: nextUpdate, revoked: revoked, number: number,
                authorityKey: SubjectKeyIdentifier(hash: authority.certificate.publicKey).keyIdentifier)
            let signature = try key.sign(body)
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(body)
                try CertificateList.serialize(algorithm: authority.algorithm.identifier, into: &coder)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
            }
            return coder.serializedBytes
        } catch { throw .cryptography("\(error)") }
    }

    /// Serial numbers with the time since when, to carry them into the next list.
    var entries: [(serial: SerialNumber, since: Timestamp)] {
        get throws(RevocationRefusal) {
            do { return try CertificateList(derEncoded: self.der).revoked } catch { throw .malformed }
        }
    }
}

/// The ASN.1 of a revocation list.
private struct CertificateList: DERParseable {
    var toBeSigned: ArraySlice<UInt8>
    var algorithm: ASN1ObjectIdentifier
    var signature: ASN1BitString
    var issuer: DistinguishedName
    var thisUpdate: Timestamp
    var nextUpdate: Timestamp?
    var revoked: [(serial: SerialNumber, since: Timestamp)] = []
    var number: UInt64?
    var hasUnknownCritical = false

    private static let cRLNumber: ASN1ObjectIdentifier = [2, 5, 29, 20]
    private static let authorityKeyIdentifier: ASN1ObjectIdentifier = [2, 5, 29, 35]
    private static let wrong = ASN1Error.invalidASN1Object(reason: "revocation list")

    init(derEncoded node: ASN1Node) throws {
        let parts = try DER.sequence(node, identifier: .sequence) { nodes in
            guard let body = nodes.next() else { throw Self.wrong }
            return (body, try Self.algorithm(&nodes), try ASN1BitString(derEncoded: &nodes))
        }
        self.toBeSigned = parts.0.encodedBytes
        self.algorithm = parts.1
        self.signature = parts.2
        let outer = parts.1
        self = try DER.sequence(parts.0, identifier: .sequence) { nodes in
            guard try Int(derEncoded: &nodes) == 1, try Self.algorithm(&nodes) == outer else { throw Self.wrong }
            guard let name = nodes.next(), let this = nodes.next() else { throw Self.wrong }
            let issuer = try DistinguishedName(derEncoded: name)
            var list = try Self(
                toBeSigned: parts.0.encodedBytes, algorithm: outer, signature: parts.2, issuer: issuer,
                thisUpdate: Self.time(this))
            var next = nodes.next()
            if let node = next, node.identifier == .utcTime || node.identifier == .generalizedTime {
                list.nextUpdate = try Self.time(node)
                next = nodes.next()
            }
            if let node = next, node.identifier == .sequence {
                try list.readRevoked(node)
                next = nodes.next()
            }
            if let node = next {
                guard node.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific) else {
                    throw Self.wrong
                }
                guard case .constructed(let inner) = node.content else { throw Self.wrong }
                var nodes = inner.makeIterator()
                guard let extensions = nodes.next(), nodes.next() == nil else { throw Self.wrong }
                try list.readExtensions(extensions)
            }
            return list
        }
    }

    private init(
        toBeSigned: ArraySlice<UInt8>, algorithm: ASN1ObjectIdentifier, signature: ASN1BitString,
        issuer: DistinguishedName, thisUpdate: Timestamp
    ) {
        self.toBeSigned = toBeSigned
        self.algorithm = algorithm
        self.signature = signature
        self.issuer = issuer
        self.thisUpdate = thisUpdate
    }

    private mutating func readRevoked(_ node: ASN1Node) throws {
        let entries = try DER.sequence(node, identifier: .sequence) { nodes in
            var entries: [(serial: SerialNumber, since: Timestamp, hasCritical: Bool)] = []
            while let entry = nodes.next() {
                entries.append(
                    try DER.sequence(entry, identifier: .sequence) { nodes in
                        let serial = try ArraySlice<UInt8>(derEncoded: &nodes)
                        guard let time = nodes.next() else { throw Self.wrong }
                        let since = try Self.time(time)
                        let extensions = try nodes.next().map(Self.extensions) ?? []
                        return (SerialNumber(serial), since, extensions.contains { $0.isCritical })
                    })
            }
            return entries
        }
        self.revoked = entries.map { ($0.serial, $0.since) }
        if entries.contains(where: \.hasCritical) { self.hasUnknownCritical = true }
    }

    private mutating func readExtensions(_ node: ASN1Node) throws {
        for item in try Self.extensions(node) {
            if item.id == Self.cRLNumber {
                guard self.number == nil else { throw Self.wrong }
                self.number = try UInt64(derEncoded: [UInt8](item.value))
            } else if item.isCritical {
                self.hasUnknownCritical = true
            }
        }
    }

    private static func extensions(
        _ node: ASN1Node
    ) throws -> [(id: ASN1ObjectIdentifier, isCritical: Bool, value: ArraySlice<UInt8>)] {
        try DER.sequence(node, identifier: .sequence) { nodes in
            var found: [(id: ASN1ObjectIdentifier, isCritical: Bool, value: ArraySlice<UInt8>)] = []
            while let item = nodes.next() {
                found.append(
                    try DER.sequence(item, identifier: .sequence) { nodes in
                        let id = try ASN1ObjectIdentifier(derEncoded: &nodes)
                        let isCritical = try DER.decodeDefault(&nodes, defaultValue: false)
                        return (id, isCritical, try ASN1OctetString(derEncoded: &nodes).bytes)
                    })
            }
            return found
        }
    }

    private static func algorithm(_ nodes: inout ASN1NodeCollection.Iterator) throws -> ASN1ObjectIdentifier {
        // The identifiers of ECDSA have no parameters (RFC 5758 §3.2).
        guard let node = nodes.next() else { throw Self.wrong }
        return try DER.sequence(node, identifier: .sequence) { try ASN1ObjectIdentifier(derEncoded: &$0) }
    }

    private static func time(_ node: ASN1Node) throws -> Timestamp {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return Timestamp(
                year: time.year, month: time.month, day: time.day, hour: time.hours, minute: time.minutes,
                second: time.seconds)
        }
        let time = try GeneralizedTime(derEncoded: node)
        return Timestamp(
            year: time.year, month: time.month, day: time.day, hour: time.hours, minute: time.minutes,
            second: time.seconds)
    }

    static func serialize(algorithm: ASN1ObjectIdentifier, into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(algorithm) }
    }

    static func toBeSigned(
        algorithm: ASN1ObjectIdentifier, issuer: DistinguishedName, thisUpdate: Timestamp, nextUpdate: Timestamp,
        revoked: [(serial: SerialNumber, since: Timestamp)], number: UInt64, authorityKey: ArraySlice<UInt8>
    ) throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(1)
            try Self.serialize(algorithm: algorithm, into: &coder)
            try coder.serialize(issuer)
            try Self.serialize(thisUpdate, into: &coder)
            try Self.serialize(nextUpdate, into: &coder)
            if !revoked.isEmpty {
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for entry in revoked {
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.serialize(entry.serial.octets[...])
                            try Self.serialize(entry.since, into: &coder)
                        }
                    }
                }
            }
            try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try Self.serialize(
                        Self.authorityKeyIdentifier,
                        AuthorityKeyIdentifier(keyIdentifier: authorityKey).makeCertificateExtension().value,
                        into: &coder)
                    var value = DER.Serializer()
                    try value.serialize(number)
                    try Self.serialize(Self.cRLNumber, value.serializedBytes[...], into: &coder)
                }
            }
        }
        return coder.serializedBytes
    }

    private static func serialize(
        _ id: ASN1ObjectIdentifier, _ value: ArraySlice<UInt8>, into coder: inout DER.Serializer
    ) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(id)
            try coder.serialize(ASN1OctetString(contentBytes: value))
        }
    }

    private static func serialize(_ time: Timestamp, into coder: inout DER.Serializer) throws {
        let (year, month, day, seconds) = time.civil
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        // RFC 5280 §5.1.2.4: until 2049 the year has two digits.
        if 1950..<2050 ~= year {
            try coder.serialize(
                UTCTime(year: year, month: month, day: day, hours: hour, minutes: minute, seconds: second))
        } else {
            try coder.serialize(
                GeneralizedTime(
                    year: year, month: month, day: day, hours: hour, minutes: minute, seconds: second,
                    fractionalSeconds: 0))
        }
    }
}

extension Timestamp {
    /// An instant by its date and time of day, UTC; what lies beyond the range is put at its end.
    ///
    /// Source: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
    init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(seconds: Double(days) * 86_400 + Double(hour * 3600 + minute * 60 + second))
    }

    /// Year, month, day, and seconds of that day, UTC; what is less than a second is cut off.
    ///
    /// Source: H. Hinnant, as above, civil_from_days.
    var civil: (year: Int, month: Int, day: Int, seconds: Int) {
        let second = 1_000_000_000
        let seconds = (Int(self.nanoseconds) - (Int(self.nanoseconds) % second + second) % second) / second
        let ofDay = (seconds % 86_400 + 86_400) % 86_400
        let z = (seconds - ofDay) / 86_400 + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1, ofDay
        )
    }
}
