internal import Crypto

/// Sixteen octets that nobody can guess, so that a short value cannot be found from its commitment.
public struct Salt: Hashable, Sendable {
    /// The sixteen octets.
    public let octets: [UInt8]

    /// A salt by its octets; nil unless there are 16.
    public init?(_ octets: some Collection<UInt8>) {
        guard octets.count == 16 else { return nil }
        self.octets = Array(octets)
    }
}

/// A secret out of which salts come: the same for the same place of the same entry, so that a node that is started again
/// writes the same octets.
///
///     entry's secret = HMAC-SHA256(secret, origin ‖ 0x0A ‖ sequence)
///     salt           = the first 16 octets of SHA-256(entry's secret ‖ field)
///
/// Sequence and field in eight octets each, high one first. Source: RFC 2104.
public struct SaltSecret: Sendable {
    private let key: SymmetricKey

    /// A secret of 32 octets; nil for another count.
    public init?(_ octets: [UInt8]) {
        guard octets.count == 32 else { return nil }
        self.key = SymmetricKey(data: octets)
    }

    /// The salts of an entry.
    public func salts(lane: Lane, sequence: UInt64) -> EntrySalts {
        var message = Array(lane.origin.utf8)
        message.append(0x0A)
        message.append(bigEndian: sequence)
        return EntrySalts(secret: Array(HMAC<SHA256>.authenticationCode(for: message, using: self.key)))
    }
}

/// The salts of one entry.
public struct EntrySalts: Sendable {
    fileprivate let secret: [UInt8]

    /// The salt of a field.
    public subscript(field: Int) -> Salt? {
        var message = self.secret
        message.append(bigEndian: UInt64(truncatingIfNeeded: field))
        return Salt(LedgerHash(hashing: message.span).octets.prefix(16))
    }
}

extension [UInt8] {
    mutating func append(bigEndian number: UInt64) {
        for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
            self.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

/// What an entry says, field by field; any of them can be withheld from a copy, and the rest still verifies.
///
///     body   [ field … ]              in the order of their names
///     field  [ salt, name, value ]    or, withheld, its commitment: 32 octets
///     commitment = SHA-256(0x00 ‖ field),  root = the root of RFC 6962 over the commitments
public struct EntryBody: Hashable, Sendable {
    /// One field.
    public enum Field: Hashable, Sendable {
        case shown(salt: Salt, name: String, value: CBOR)
        case withheld(commitment: LedgerHash)

        /// What stands for the field in the root.
        public var commitment: LedgerHash {
            switch self {
            case .shown(let salt, let name, let value):
                MerkleTree.leafHash(Self.encoded(salt, name, value).span)
            case .withheld(let commitment): commitment
            }
        }

        static func encoded(_ salt: Salt, _ name: String, _ value: CBOR) -> [UInt8] {
            var writer = CBORWriter()
            writer.head(4, 3)
            writer.bytes(salt.octets)
            writer.text(name)
            writer.value(value)
            return writer.octets
        }
    }

    /// The fields, those that are shown in the order of their names' octets.
    public let fields: [Field]
    /// The root over the commitments: what the originator signs of the body.
    public let root: LedgerHash

    /// Octets of a body at most.
    public static var octetsMax: Int { 1 << 20 }
    /// Fields of a body at most.
    public static var fieldsMax: Int { 1024 }

    /// A body of named values, each with the salt at its place in the order of the names.
    ///
    /// - Parameters:
    ///   - values: in any order.
    ///   - salt: called with 0, 1, … for the first, second, … field by name.
    /// Nil when a name is empty or stands twice, a salt is nil, or there are more than 1,024.
    public init?(_ values: [(name: String, value: CBOR)], salt: (Int) -> Salt?) {
        guard values.count <= Self.fieldsMax else { return nil }
        let sorted = values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var fields: [Field] = []
        for (place, field) in sorted.enumerated() {
            guard !field.name.isEmpty, let salt = salt(place) else { return nil }
            if place > 0, sorted[place - 1].name.utf8.elementsEqual(field.name.utf8) { return nil }
            fields.append(.shown(salt: salt, name: field.name, value: field.value))
        }
        self.init(trusted: fields)
    }

    private init(trusted fields: [Field]) {
        self.fields = fields
        self.root = MerkleTree.root(of: fields.lazy.map(\.commitment))
    }

    /// The value of a field that is shown.
    public subscript(name: String) -> CBOR? {
        for case .shown(_, let other, let value) in self.fields where other.utf8.elementsEqual(name.utf8) {
            return value
        }
        return nil
    }

    /// A copy in which the fields that `isWithheld` names are replaced by their commitments, name and all.
    public func withholding(_ isWithheld: (String) -> Bool) -> Self {
        Self(
            trusted: self.fields.map { field in
                guard case .shown(_, let name, _) = field, isWithheld(name) else { return field }
                return .withheld(commitment: field.commitment)
            })
    }

    /// The body's octets.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.head(4, UInt64(self.fields.count))
        for field in self.fields {
            switch field {
            case .shown(let salt, let name, let value): writer.octets += Field.encoded(salt, name, value)
            case .withheld(let commitment): writer.hash(commitment)
            }
        }
        return writer.octets
    }

    /// Reads a body.
    ///
    /// - Throws: `CBORError`: also for names out of order or twice, and for more than 1,024 fields.
    public init(parsing octets: [UInt8]) throws(CBORError) {
        var reader = try CBORReader(octets, octetsMax: Self.octetsMax)
        let count = try reader.array()
        guard count <= Self.fieldsMax else { throw CBORError(reason: .tooLong, offset: 0) }
        var fields: [Field] = []
        var last: String?
        for _ in 0..<count {
            let start = reader.offset
            if reader.nextMajor == 2 {
                fields.append(.withheld(commitment: try reader.hash()))
                continue
            }
            try reader.octet(0x83)
            guard let salt = Salt(try reader.bytes()) else { throw CBORError(reason: .unexpected, offset: start) }
            let name = try reader.text()
            guard !name.isEmpty else { throw CBORError(reason: .unexpected, offset: start) }
            if let last, !last.utf8.lexicographicallyPrecedes(name.utf8) {
                throw CBORError(
                    reason: last.utf8.elementsEqual(name.utf8) ? .duplicateKey : .unsortedKeys, offset: start)
            }
            last = name
            fields.append(.shown(salt: salt, name: name, value: try reader.value(depth: 2)))
        }
        try reader.end()
        self.init(trusted: fields)
    }
}
