public import Air
import Crypto
import FoundationEssentials

/// What an originator signs of an entry: who says it, where it stands, and the root of what it says.
///
///     { 1: origin of the lane, 2: sequence, 3: node, 4: kind, 5: time in ns since 1970, 6: label's digest,
///       7: root of the body, 8: [ leaf hash of an entry it refers to … ] }
///
/// 8 is left out when empty. It holds none of the content, so a log of statements can be shown to an auditor.
public struct EntryStatement: Hashable, Sendable {
    /// The log that it is for; of its nation and realm.
    public var lane: Lane
    /// Its place in the log, from 0: the index of its leaf.
    public var sequence: UInt64
    /// The node that says it: a token.
    public var node: String
    /// What kind of thing it says: a token, for example `disclosure.track`.
    public var kind: String
    /// When, by the node's clock.
    public var time: Timestamp
    /// The digest of its label.
    public var label: LedgerHash
    /// The root of its body.
    public var body: LedgerHash
    /// The leaf hashes of entries, of any log, that it refers to; 64 at most.
    public var references: [LedgerHash]

    /// References of a statement at most.
    public static var referencesMax: Int { 64 }

    /// A statement of these parts; what cannot be is found when it is signed.
    public init(
        lane: Lane, sequence: UInt64, node: String, kind: String, time: Timestamp, label: LedgerHash, body: LedgerHash,
        references: [LedgerHash] = []
    ) {
        self.lane = lane
        self.sequence = sequence
        self.node = node
        self.kind = kind
        self.time = time
        self.label = label
        self.body = body
        self.references = references
    }

    /// The deterministic encoding.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.octets.reserveCapacity(192 + 34 * self.references.count)
        writer.head(5, self.references.isEmpty ? 7 : 8)
        writer.head(0, 1)
        writer.text(self.lane.origin)
        writer.head(0, 2)
        writer.head(0, self.sequence)
        writer.head(0, 3)
        writer.text(self.node)
        writer.head(0, 4)
        writer.text(self.kind)
        writer.head(0, 5)
        writer.integer(self.time.nanoseconds)
        writer.head(0, 6)
        writer.hash(self.label)
        writer.head(0, 7)
        writer.hash(self.body)
        if !self.references.isEmpty {
            writer.head(0, 8)
            writer.head(4, UInt64(self.references.count))
            for reference in self.references { writer.hash(reference) }
        }
        return writer.octets
    }

    /// Reads a statement.
    ///
    /// - Throws: `CBORError`; a lane, node or kind that cannot be is `unexpected`.
    public init(parsing octets: [UInt8]) throws(CBORError) {
        var reader = try CBORReader(octets, octetsMax: EntryBundle.entryMax)
        let count = try reader.map()
        guard 7...8 ~= count else { throw CBORError(reason: .unexpected, offset: 0) }
        try reader.octet(1)
        var start = reader.offset
        guard let lane = Lane(origin: try reader.text()) else { throw CBORError(reason: .unexpected, offset: start) }
        try reader.octet(2)
        let sequence = try reader.unsigned()
        try reader.octet(3)
        start = reader.offset
        let node = try reader.text()
        guard Lane.isToken(node) else { throw CBORError(reason: .unexpected, offset: start) }
        try reader.octet(4)
        start = reader.offset
        let kind = try reader.text()
        guard Lane.isToken(kind) else { throw CBORError(reason: .unexpected, offset: start) }
        try reader.octet(5)
        let time = Timestamp(nanoseconds: try reader.integer())
        try reader.octet(6)
        let label = try reader.hash()
        try reader.octet(7)
        let body = try reader.hash()
        var references: [LedgerHash] = []
        if count == 8 {
            try reader.octet(8)
            start = reader.offset
            let number = try reader.array()
            guard 1...Self.referencesMax ~= number else { throw CBORError(reason: .unexpected, offset: start) }
            for _ in 0..<number { references.append(try reader.hash()) }
        }
        try reader.end()
        self.init(
            lane: lane, sequence: sequence, node: node, kind: kind, time: time, label: label, body: body,
            references: references)
    }
}

/// Why an entry is refused.
public enum EntryRefusal: Error, Hashable, Sendable {
    /// The octets are no entry.
    case malformed(CBORError)
    /// It cannot be made: a node or kind that is no token, too many references, or longer than 65,535 octets.
    case cannotBe
    /// It is of another nation than the log.
    case wrongNation(Nation)
    /// It is of another world than the log.
    case wrongRealm(Realm)
    /// It is for another audience than the log.
    case wrongAudience(String)
    /// It stands where another number belongs.
    case outOfOrder(expected: UInt64, found: UInt64)
    /// Nobody known signs with this key under this node's name.
    case unknownKey(node: String, keyID: UInt32)
    /// The signature does not hold.
    case wrongSignature
    /// The body is not the one that was signed.
    case wrongBody
    /// The cryptographic library did not sign.
    case notSigned
}

/// The public key of a node of a nation in a realm.
public struct NodeKey: Hashable, Sendable {
    /// Whose node.
    public let nation: Nation
    /// In which world.
    public let realm: Realm
    /// Its name, a token.
    public let node: String
    /// The key under the name `kumiko/jp/live/node/NODE`: its vkey is how it is handed over.
    public let key: NoteKey

    /// A key by its 32 octets; nil when the node is no token.
    public init?(nation: Nation, realm: Realm, node: String, octets: [UInt8]) {
        guard Lane.isToken(node),
            let key = NoteKey(
                name: Lane.nodeKeyName(nation, realm, node), algorithm: .ed25519, octets: octets)
        else { return nil }
        self.nation = nation
        self.realm = realm
        self.node = node
        self.key = key
    }
}

/// Signs the entries of a node in a realm.
public struct EntrySigner: Sendable {
    /// The public half.
    public let key: NodeKey
    private let secret: Curve25519.Signing.PrivateKey

    /// A signer by the 32 octets of its private key; nil when the node is no token, or they are not 32.
    public init?(nation: Nation, realm: Realm, node: String, secret: [UInt8]) {
        guard let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret),
            let key = NodeKey(
                nation: nation, realm: realm, node: node, octets: [UInt8](secret.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        self.secret = secret
    }

    /// Signs what a body says.
    ///
    /// - Throws: `EntryRefusal.cannotBe`; `wrongNation` or `wrongRealm` when the lane is not of the signer's.
    public func entry(
        lane: Lane, sequence: UInt64, kind: String, time: Timestamp, label: LedgerHash, body: EntryBody,
        references: [LedgerHash] = []
    ) throws(EntryRefusal) -> Entry {
        guard lane.nation == self.key.nation else { throw .wrongNation(lane.nation) }
        guard lane.realm == self.key.realm else { throw .wrongRealm(lane.realm) }
        guard Lane.isToken(kind), references.count <= EntryStatement.referencesMax else { throw .cannotBe }
        let statement = EntryStatement(
            lane: lane, sequence: sequence, node: self.key.node, kind: kind, time: time, label: label,
            body: body.root, references: references)
        let payload = statement.encoded
        let message = EntryLeaf.message(realm: lane.realm, keyID: self.key.key.id, payload: payload)
        guard let signature = try? self.secret.signature(for: message) else { throw .notSigned }
        let leaf = EntryLeaf(
            statement: statement, keyID: self.key.key.id, payload: payload, signature: [UInt8](signature))
        guard leaf.octets.count <= EntryBundle.entryMax else { throw .cannotBe }
        return Entry(leaf: leaf, body: body)
    }

    /// Signs what is no entry: Ed25519 over `domain ‖ octets`.
    ///
    /// - Parameter domain: begins with `kumiko/` and says what is signed and in which realm, so that no signature can be taken
    ///   for another; a Sig_structure begins otherwise.
    /// - Throws: `EntryRefusal.cannotBe` for another domain.
    public func signature(under domain: String, over octets: [UInt8]) throws(EntryRefusal) -> [UInt8] {
        guard domain.hasPrefix("kumiko/") else { throw .cannotBe }
        guard let signature = try? self.secret.signature(for: Array(domain.utf8) + octets) else { throw .notSigned }
        return [UInt8](signature)
    }
}

/// The public keys of nodes: whom to believe what.
public struct KeyRing: Sendable {
    private struct Place: Hashable {
        var name: String
        var id: UInt32
    }
    private var keys: [Place: Curve25519.Signing.PublicKey] = [:]

    /// A ring that believes these keys.
    public init(_ keys: some Sequence<NodeKey> = []) {
        for key in keys { self.insert(key) }
    }

    /// Believes a key from now on. A node may have several, for the time in which one replaces another.
    public mutating func insert(_ key: NodeKey) {
        self.keys[Place(name: key.key.name, id: key.key.id)] = try? Curve25519.Signing.PublicKey(
            rawRepresentation: key.key.octets)
    }

    /// Believes a key no more.
    public mutating func remove(_ key: NodeKey) {
        self.keys[Place(name: key.key.name, id: key.key.id)] = nil
    }

    /// Verifies what `EntrySigner.signature` made.
    ///
    /// - Throws: `EntryRefusal.unknownKey` or `wrongSignature`. One verification of Ed25519.
    public func verify(
        _ signature: [UInt8], under domain: String, over octets: [UInt8], of nation: Nation, realm: Realm, node: String,
        keyID: UInt32
    ) throws(EntryRefusal) {
        guard let key = self.keys[Place(name: Lane.nodeKeyName(nation, realm, node), id: keyID)] else {
            throw .unknownKey(node: node, keyID: keyID)
        }
        guard domain.hasPrefix("kumiko/"), key.isValidSignature(signature, for: Array(domain.utf8) + octets) else {
            throw .wrongSignature
        }
    }

    func key(of statement: EntryStatement, id: UInt32) -> Curve25519.Signing.PublicKey? {
        self.keys[
            Place(
                name: Lane.nodeKeyName(statement.lane.nation, statement.lane.realm, statement.node), id: id)]
    }
}

/// What stands in the log for an entry: the signed statement, as COSE_Sign1.
///
///     18([ << {1: -8, 4: key id} >>, {}, << statement >>, signature ])
///
/// The signature is Ed25519 over the Sig_structure of RFC 9052 §4.4, whose external data are `kumiko/entry/v1` and the
/// realm, so that what was signed in an exercise verifies nowhere else.
public struct EntryLeaf: Hashable, Sendable {
    /// What is signed.
    public let statement: EntryStatement
    /// Which key of the node signed.
    public let keyID: UInt32
    /// Ed25519, 64 octets.
    public let signature: [UInt8]
    /// The octets that the log holds.
    public let octets: [UInt8]
    private let payload: Range<Int>

    init(statement: EntryStatement, keyID: UInt32, payload: [UInt8], signature: [UInt8]) {
        var writer = CBORWriter()
        writer.octets.reserveCapacity(payload.count + 84)
        writer.octets += [0xD2, 0x84]
        writer.bytes(Self.protected(keyID))
        writer.octets.append(0xA0)
        writer.head(2, UInt64(payload.count))
        let begin = writer.octets.count
        writer.octets += payload
        self.payload = begin..<writer.octets.count
        writer.bytes(signature)
        self.octets = writer.octets
        self.statement = statement
        self.keyID = keyID
        self.signature = signature
    }

    /// A leaf with a signature that was made elsewhere, or does not hold: nothing is verified.
    package static func assembled(_ statement: EntryStatement, keyID: UInt32, signature: [UInt8]) -> Self {
        Self(statement: statement, keyID: keyID, payload: statement.encoded, signature: signature)
    }

    /// Reads a leaf. What it says is not to be believed before `verify`.
    public init(parsing octets: [UInt8]) throws(EntryRefusal) {
        do throws(CBORError) {
            var reader = try CBORReader(octets, octetsMax: EntryBundle.entryMax)
            try reader.octet(0xD2)
            try reader.octet(0x84)
            let start = reader.offset
            let protected = try reader.bytes()
            guard protected.count == 9 else { throw CBORError(reason: .unexpected, offset: start) }
            let keyID = protected.suffix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            guard protected == Self.protected(keyID) else { throw CBORError(reason: .unexpected, offset: start) }
            try reader.octet(0xA0)
            let payload = try reader.bytes()
            let end = reader.offset
            let signature = try reader.bytes()
            guard signature.count == 64 else { throw CBORError(reason: .unexpected, offset: end) }
            try reader.end()
            self.statement = try EntryStatement(parsing: payload)
            self.payload = end - payload.count..<end
            self.keyID = keyID
            self.signature = signature
            self.octets = octets
        } catch {
            throw .malformed(error)
        }
    }

    /// The hash of the leaf in its log: by it other entries refer to this one.
    public var hash: LedgerHash { MerkleTree.leafHash(self.octets.span) }

    /// Verifies that the entry is of a lane, at a place, and signed by a key of its node.
    ///
    /// - Parameter keys: of the nodes; nil leaves the signature out, where that of a head vouches for the entry.
    /// - Throws: `EntryRefusal`. One verification of Ed25519.
    public func verify(in lane: Lane, at sequence: UInt64, keys: KeyRing?) throws(EntryRefusal) {
        try self.verifyPlace(in: lane, at: sequence)
        if let keys { try self.verifySignature(keys: keys) }
    }

    /// Verifies that the entry says that it is of a lane, at a place.
    func verifyPlace(in lane: Lane, at sequence: UInt64) throws(EntryRefusal) {
        guard self.statement.lane.nation == lane.nation else { throw .wrongNation(self.statement.lane.nation) }
        guard self.statement.lane.realm == lane.realm else { throw .wrongRealm(self.statement.lane.realm) }
        guard self.statement.lane.audience == lane.audience else {
            throw .wrongAudience(self.statement.lane.audience)
        }
        // Unicode has names of exercises that are equal as text and not as octets.
        guard self.statement.lane.origin.utf8.elementsEqual(lane.origin.utf8) else {
            throw .wrongRealm(self.statement.lane.realm)
        }
        guard self.statement.sequence == sequence else {
            throw .outOfOrder(expected: sequence, found: self.statement.sequence)
        }
    }

    /// Verifies that a key of the node that it names signed it, in the realm that it names.
    public func verifySignature(keys: KeyRing) throws(EntryRefusal) {
        guard let key = keys.key(of: self.statement, id: self.keyID) else {
            throw .unknownKey(node: self.statement.node, keyID: self.keyID)
        }
        let message = Self.message(
            realm: self.statement.lane.realm, keyID: self.keyID, payload: self.octets[self.payload])
        guard key.isValidSignature(self.signature, for: message) else { throw .wrongSignature }
    }

    private static func protected(_ keyID: UInt32) -> [UInt8] {
        [
            0xA2, 0x01, 0x27, 0x04, 0x44, UInt8(truncatingIfNeeded: keyID >> 24),
            UInt8(truncatingIfNeeded: keyID >> 16),
            UInt8(truncatingIfNeeded: keyID >> 8), UInt8(truncatingIfNeeded: keyID),
        ]
    }

    /// The Sig_structure of RFC 9052 §4.4.
    static func message(realm: Realm, keyID: UInt32, payload: some Collection<UInt8>) -> [UInt8] {
        var writer = CBORWriter()
        writer.octets.reserveCapacity(payload.count + 64)
        writer.head(4, 4)
        writer.text("Signature1")
        writer.bytes(Self.protected(keyID))
        writer.bytes(Array("kumiko/entry/v1 \(realm)".utf8))
        writer.head(2, UInt64(payload.count))
        writer.octets += payload
        return writer.octets
    }
}

/// An entry: what stands in the log, and what it says.
///
///     [ << leaf >>, << body >> ]
public struct Entry: Hashable, Sendable {
    /// What stands in the log.
    public let leaf: EntryLeaf
    /// What it says, as far as it is shown.
    public let body: EntryBody

    init(leaf: EntryLeaf, body: EntryBody) {
        self.leaf = leaf
        self.body = body
    }

    /// Puts a leaf and a body together.
    ///
    /// - Throws: `EntryRefusal.wrongBody` when the body, whole or in part withheld, is not the one that was signed.
    public init(_ leaf: EntryLeaf, _ body: EntryBody) throws(EntryRefusal) {
        guard body.root == leaf.statement.body else { throw .wrongBody }
        self.init(leaf: leaf, body: body)
    }

    /// A copy without some of its fields, which verifies as this one does.
    public func withholding(_ isWithheld: (String) -> Bool) -> Self {
        Self(leaf: self.leaf, body: self.body.withholding(isWithheld))
    }

    /// The entry's octets.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.head(4, 2)
        writer.bytes(self.leaf.octets)
        writer.bytes(self.body.encoded)
        return writer.octets
    }

    /// Reads an entry; its body is that of its leaf, the signature is still to be verified.
    public init(parsing octets: [UInt8]) throws(EntryRefusal) {
        let leaf: [UInt8], body: EntryBody
        do throws(CBORError) {
            var reader = try CBORReader(octets, octetsMax: EntryBundle.entryMax + EntryBody.octetsMax + 16)
            try reader.octet(0x82)
            leaf = try reader.bytes()
            let start = reader.offset
            let content = try reader.bytes()
            try reader.end()
            do throws(CBORError) { body = try EntryBody(parsing: content) } catch {
                throw CBORError(
                    reason: error.reason, offset: start + (reader.offset - start - content.count) + error.offset)
            }
        } catch { throw .malformed(error) }
        try self.init(EntryLeaf(parsing: leaf), body)
    }
}
