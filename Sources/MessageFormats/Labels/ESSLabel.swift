public import Releasability

/// A security label as S/MIME carries it, in numbers.
///
///     ESSSecurityLabel ::= SET {
///         security-policy-identifier  OBJECT IDENTIFIER OPTIONAL,
///         security-classification     INTEGER OPTIONAL,
///         privacy-mark                PrintableString | UTF8String OPTIONAL,
///         security-categories              SET OF SEQUENCE { type [0] OBJECT IDENTIFIER, value [1] ANY } OPTIONAL }
///
/// Categories are read in the five forms of ACP 145(A); in others (SDN.801) they are refused, not left out.
///
/// Source: RFC 2634, 3.2; ITU-T X.841 (10/2000); ACP 145(A), tag types.
public struct ESSLabel: Hashable, Sendable {
    static let tag: UInt8 = 0x31
    static let categoriesMax = 4096

    public var policy: OID?
    public var classification: UInt32?
    public var privacyMark: String?
    public var categories: Set<CategoryKey> = []

    /// The label in some octets of BER.
    ///
    /// - Throws: ``LabelError``.
    public init(ber bytes: [UInt8]) throws(LabelError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= LabelReader.octetsMax else { throw .tooLong }
        do { try self.read(bytes) } catch { throw .ber(error) }
    }

    private mutating func read(_ bytes: [UInt8]) throws(BERError) {
        var outer = BERReader(bytes)
        var set = try outer.value(Self.tag)
        try outer.finish()
        var sets = 0
        while let tag = set.tag {
            let member = try set.value(tag)
            switch tag {
            case 0x06:
                guard self.policy == nil else { throw member.error(.twice) }
                self.policy = try Self.oid(member)
            case 0x02:
                guard self.classification == nil else { throw member.error(.twice) }
                self.classification = try member.number()
            case 0x0C, 0x13:
                guard self.privacyMark == nil else { throw member.error(.twice) }
                self.privacyMark = tag == 0x0C ? try member.utf8() : try member.printable()
            case 0x31:
                sets += 1
                guard sets == 1 else { throw member.error(.twice) }
                var members = member
                while !members.isAtEnd { try self.category(&members) }
            default: throw member.error(.tag)
            }
        }
    }

    private static func oid(_ reader: BERReader) throws(BERError) -> OID {
        guard let oid = OID(try reader.identifier()) else { throw reader.error(.value) }
        return oid
    }

    /// `type [0] IMPLICIT, value [1] EXPLICIT`.
    private mutating func category(_ members: inout BERReader) throws(BERError) {
        var sequence = try members.value(0x30)
        let type = try sequence.value(0x80)
        var wrapped = try sequence.value(0xA1)
        try sequence.finish()
        var tag = try wrapped.value(0x30)
        try wrapped.finish()
        let set = try Self.oid(try tag.value(0x06))
        let form = try type.identifier()
        let kind: TagType
        var numbers: [UInt32]
        switch form {
        case "2.16.840.1.101.2.1.8.3.0": (kind, numbers) = (.restrictive, try tag.value(0x03).bits())
        case "2.16.840.1.101.2.1.8.3.1": (kind, numbers) = (.enumeratedPermissive, try Self.numbers(&tag))
        case "2.16.840.1.101.2.1.8.3.2": (kind, numbers) = (.permissive, try tag.value(0x03).bits())
        case "2.16.840.1.101.2.1.8.3.3":
            kind = .informative
            numbers = tag.tag == 0x03 ? try tag.value(0x03).bits() : try Self.numbers(&tag)
        case "2.16.840.1.101.2.1.8.3.4": (kind, numbers) = (.enumeratedRestrictive, try Self.numbers(&tag))
        default: throw type.error(.value)
        }
        try tag.finish()
        // A category that names nothing could be one whose value was lost.
        if numbers.isEmpty { throw type.error(.value) }
        guard self.categories.count + numbers.count <= Self.categoriesMax else { throw type.error(.tooMany) }
        for lacv in numbers { self.categories.insert(CategoryKey(tagSet: set, type: kind, lacv: lacv)) }
    }

    private static func numbers(_ tag: inout BERReader) throws(BERError) -> [UInt32] {
        var set = try tag.value(0x31)
        var result: [UInt32] = []
        while !set.isAtEnd {
            guard result.count < Self.categoriesMax else { throw set.error(.tooMany) }
            result.append(try set.value(0x02).number())
        }
        return result
    }

    /// The label, if its policy knows all that it names.
    ///
    /// - Throws: ``LabelError``.
    public func label(policies: PolicyCatalogue) throws(LabelError) -> SecurityLabel {
        guard let id = self.policy else { throw .noPolicy }
        guard let policy = policies[id] else { throw .unknownPolicy(id.description) }
        guard let classification else { throw .unknownClassification("none") }
        guard policy.classification(classification) != nil else { throw .unknownClassification("\(classification)") }
        if let unknown = self.categories.first(where: { policy.category($0) == nil }) {
            throw .unknownCategory("\(unknown)")
        }
        return SecurityLabel(
            policy: id, classification: classification, categories: self.categories, privacyMark: self.privacyMark)
    }
}
