public import Releasability

/// Why bytes are no label, or clearance, that this node can act on.
public enum LabelError: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    case tooLong
    case xml(XMLError)
    /// Neither a known XML element nor a set of ASN.1.
    case unknownFormat
    case noPolicy
    case unknownPolicy(String)
    /// The name and the identifier of the policy do not belong together.
    case policyMismatch(name: String, id: OID)
    case unknownClassification(String)
    case unknownCategory(String)
    case missing(String, TextPlace)
    case badValue(String, TextPlace)
    /// What the standard forbids, or what is not read here and could restrict.
    case notAccepted(String, TextPlace)
    case ber(BERError)

    public var description: String {
        switch self {
        case .empty: "there is nothing to read"
        case .tooLong: "the label is too long"
        case .xml(let error): "\(error)"
        case .unknownFormat: "the format of the label is unknown"
        case .noPolicy: "the label names no policy"
        case .unknownPolicy(let name): "the policy \(name) is unknown"
        case .policyMismatch(let name, let id): "the policy \(name) is not \(id)"
        case .unknownClassification(let name): "the policy has no classification \(name)"
        case .unknownCategory(let name): "the policy has no category \(name)"
        case .missing(let what, let place): "\(place): \(what) is missing"
        case .badValue(let what, let place): "\(place): \(what) is not a value that is allowed"
        case .notAccepted(let what, let place): "\(place): \(what) is not accepted"
        case .ber(let error): "\(error)"
        }
    }
}

/// Values as the schemas write them.
enum LabelValue {
    /// 0 to 2³¹ − 1 in decimal, leading zeros allowed, no sign.
    static func number(_ text: String) -> UInt32? {
        guard !text.isEmpty, text.utf8.count <= 16, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let value = UInt64(text), value <= UInt64(Int32.max)
        else { return nil }
        return UInt32(value)
    }
}

/// Reads labels and clearances in every format that is read here.
public enum LabelReader {
    /// The longest label taken.
    public static let octetsMax = 65_536

    /// The label in some bytes: XML of STANAG 4774 or of surevine/spiffing, or an ESS security label in BER.
    ///
    /// - Throws: ``LabelError``; a label of an unknown policy, classification or category is no label here.
    public static func label(_ bytes: [UInt8], policies: PolicyCatalogue) throws(LabelError) -> SecurityLabel {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.octetsMax else { throw .tooLong }
        guard bytes[0] != ESSLabel.tag else { return try ESSLabel(ber: bytes).label(policies: policies) }
        let root = try Self.element(bytes)
        switch root.namespace {
        case ConfidentialityLabel.namespace:
            return try ConfidentialityLabel(root).label(policies: policies)
        case PlainLabel.namespace: return try PlainLabel.label(root, policies: policies)
        default: throw .unknownFormat
        }
    }

    /// The clearance in some bytes: XML of STANAG 4774 or of surevine/spiffing.
    ///
    /// - Throws: ``LabelError``.
    public static func clearance(_ bytes: [UInt8], policies: PolicyCatalogue) throws(LabelError) -> SecurityClearance {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.octetsMax else { throw .tooLong }
        let root = try Self.element(bytes)
        switch root.namespace {
        case ConfidentialityLabel.clearanceNamespace:
            return try ConfidentialityLabel.clearance(root, policies: policies)
        case PlainLabel.namespace: return try PlainLabel.clearance(root, policies: policies)
        default: throw .unknownFormat
        }
    }

    static func element(_ bytes: [UInt8]) throws(LabelError) -> XMLElement {
        do { return try XMLElement(parsing: bytes) } catch { throw .xml(error) }
    }
}
