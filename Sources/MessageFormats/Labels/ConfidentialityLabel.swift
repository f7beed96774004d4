public import Air
public import Releasability

/// A confidentiality label of STANAG 4774, in the names of its policy.
///
/// Source: ADatP-4774 Ed. A V1, appendix 1 (syntax of the label) and appendix 2 (of the clearance).
public struct ConfidentialityLabel: Hashable, Sendable {
    static let namespace = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
    static let clearanceNamespace = "urn:nato:stanag:4774:confidentialityclearance:1:0"

    /// Whose label it is, by the name of its element.
    public enum Kind: String, Hashable, Sendable {
        /// The originator's own.
        case originator = "originatorConfidentialityLabel"
        /// An equivalent of it in another policy.
        case alternative = "alternativeConfidentialityLabel"
        /// Of the metadata themselves.
        case metadata = "metadataConfidentialityLabel"
    }

    /// Categories of one tag set that have one kind of force.
    public struct Category: Hashable, Sendable {
        public var rule: TagType.Rule
        /// The name of the tag set.
        public var tagName: String
        /// The identifier of the tag set, when it is said.
        public var tagSet: OID?
        public var values: [String]
    }

    /// Who made the label.
    public struct Originator: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable {
            case rfc822Name, dNSName, directoryName, uniformResourceIdentifier, iPAddress, x400Address
            case userPrincipalName, jID
        }

        public var kind: Kind
        public var name: String

        public init(_ kind: Kind, _ name: String) {
            self.kind = kind
            self.name = name
        }
    }

    public var kind: Kind
    public var policyName: String
    public var policyID: OID?
    public var classification: String
    public var privacyMark: String?
    public var categories: [Category]
    public var originator: Originator?
    public var createdAt: Timestamp?
    public var reviewAt: Timestamp?

    // MARK: Reading

    /// The label of a document.
    ///
    /// A label without `CreationDateTime` is read, though the schema requires it: those in circulation lack it. So is
    /// `URL` for the `URI` of a policy. A succession is not: it would end the label at a time that is not looked at here.
    ///
    /// - Throws: ``LabelError``.
    public init(_ bytes: [UInt8]) throws(LabelError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= LabelReader.octetsMax else { throw .tooLong }
        try self.init(try LabelReader.element(bytes))
    }

    init(_ root: XMLElement) throws(LabelError) {
        guard root.namespace == Self.namespace, let kind = Kind(rawValue: root.name) else { throw .unknownFormat }
        self.kind = kind
        try Self.expect(
            root, ["ConfidentialityInformation", "OriginatorID", "CreationDateTime"], ["Id", "ReviewDateTime"])
        let information = try Self.one(root, "ConfidentialityInformation")
        try Self.expect(information, ["PolicyIdentifier", "Classification", "PrivacyMark", "Category"], [])
        (self.policyName, self.policyID) = try Self.policy(information)

        let classification = try Self.one(information, "Classification")
        try Self.expect(classification, [], [])
        self.classification = try Self.token(classification)
        self.privacyMark = try Self.optional(information, "PrivacyMark")?.text
        self.categories = try Self.categories(information)

        if let element = try Self.optional(root, "OriginatorID") {
            guard let kind = Originator.Kind(rawValue: element["IDType"] ?? "") else {
                throw .badValue("IDType", element.place)
            }
            self.originator = Originator(kind, element.text)
        }
        if let element = try Self.optional(root, "CreationDateTime") {
            guard let time = XMLDateTime.read(element.token) else { throw .badValue("the time", element.place) }
            self.createdAt = time
        }
        if let text = root["ReviewDateTime"] {
            guard let time = XMLDateTime.read(text) else { throw .badValue("ReviewDateTime", root.place) }
            self.reviewAt = time
        }
    }

    /// The label in the numbers of its policy.
    ///
    /// - Throws: ``LabelError`` when the policy, the classification or a category is unknown.
    public func label(policies: PolicyCatalogue) throws(LabelError) -> SecurityLabel {
        let policy = try Self.policy(self.policyName, self.policyID, policies)
        guard let classification = policy.classification(named: self.classification) else {
            throw .unknownClassification(self.classification)
        }
        return SecurityLabel(
            policy: policy.id, classification: classification.lacv,
            categories: try Self.keys(self.categories, policy), privacyMark: self.privacyMark)
    }

    /// The clearance of a document.
    static func clearance(_ root: XMLElement, policies: PolicyCatalogue) throws(LabelError) -> SecurityClearance {
        guard root.name == "ConfidentialityClearance" else { throw .unknownFormat }
        try self.expect(root, ["ClassificationList"], [])
        for child in root.children
        where child.namespace == self.namespace && child.name != "PolicyIdentifier" && child.name != "Category" {
            throw .notAccepted("<\(child.name)>", child.place)
        }
        let inner = XMLElement(root, in: self.namespace)
        let (name, id) = try self.policy(inner)
        let policy = try self.policy(name, id, policies)
        var classifications: Set<UInt32> = []
        for element in XMLElement(try self.one(root, "ClassificationList"), in: self.namespace).children(
            "Classification")
        {
            let name = try self.token(element)
            guard let found = policy.classification(named: name) else { throw .unknownClassification(name) }
            classifications.insert(found.lacv)
        }
        return SecurityClearance(
            policy: policy.id, classifications: classifications,
            categories: try self.keys(try self.categories(inner), policy))
    }

    private static func policy(
        _ name: String, _ id: OID?, _ policies: PolicyCatalogue
    ) throws(LabelError) -> SecurityPolicy {
        guard let policy = policies[named: name] else { throw .unknownPolicy(name) }
        if let id, id != policy.id { throw .policyMismatch(name: name, id: id) }
        return policy
    }

    private static func keys(
        _ categories: [Category], _ policy: SecurityPolicy
    ) throws(LabelError) -> Set<CategoryKey> {
        var keys: Set<CategoryKey> = []
        for category in categories {
            for value in category.values {
                let key = policy.category(named: value, tagSet: category.tagName, rule: category.rule)
                guard let key, category.tagSet == nil || category.tagSet == key.tagSet else {
                    throw .unknownCategory("\(category.tagName): \(value)")
                }
                keys.insert(key)
            }
        }
        return keys
    }

    // MARK: Elements

    private static func policy(_ parent: XMLElement) throws(LabelError) -> (name: String, id: OID?) {
        let element = try self.one(parent, "PolicyIdentifier")
        try self.expect(element, [], ["URI", "URL"])
        var id: OID?
        for text in [element["URI"], element["URL"]].compactMap({ $0 }) {
            let read = try self.urn(text, element)
            if let id, id != read { throw .badValue("URI and URL", element.place) }
            id = read
        }
        return (try self.token(element), id)
    }

    private static func categories(_ parent: XMLElement) throws(LabelError) -> [Category] {
        var result: [Category] = []
        for element in parent.children("Category") {
            // IntegerValue and BitStringValue "SHALL NOT be used" (page App 1-9).
            try self.expect(element, ["GenericValue"], ["Type", "TagName", "URI"])
            let rule: TagType.Rule
            switch element["Type"] {
            case "RESTRICTIVE": rule = .all
            case "PERMISSIVE": rule = .any
            case "INFORMATIVE": rule = .none
            default: throw .badValue("Type", element.place)
            }
            guard let name = element["TagName"] else { throw .missing("TagName", element.place) }
            var set: OID?
            if let text = element["URI"] { set = try self.urn(text, element) }
            var values: [String] = []
            for value in element.children("GenericValue") {
                // A string of the schema, not a token: what is inside it stands.
                guard let first = value.text.firstIndex(where: { !$0.isWhitespace }),
                    let last = value.text.lastIndex(where: { !$0.isWhitespace })
                else { throw .missing("the text of <GenericValue>", value.place) }
                values.append(String(value.text[first...last]))
            }
            // A category that names nothing could be one whose value was lost.
            if values.isEmpty { throw .missing("<GenericValue>", element.place) }
            result.append(Category(rule: rule, tagName: name, tagSet: set, values: values))
        }
        return result
    }

    private static func urn(_ text: String, _ element: XMLElement) throws(LabelError) -> OID {
        let head = text.prefix(8)
        guard head.lowercased() == "urn:oid:", let id = OID(text.dropFirst(8)) else {
            throw .badValue("\"\(text)\"", element.place)
        }
        return id
    }

    private static func token(_ element: XMLElement) throws(LabelError) -> String {
        let token = element.token
        if token.isEmpty { throw .missing("the text of <\(element.name)>", element.place) }
        return token
    }

    private static func one(_ parent: XMLElement, _ name: String) throws(LabelError) -> XMLElement {
        guard let element = try self.optional(parent, name) else { throw .missing("<\(name)>", parent.place) }
        return element
    }

    private static func optional(_ parent: XMLElement, _ name: String) throws(LabelError) -> XMLElement? {
        let found = parent.children(name)
        if found.count > 1 { throw .notAccepted("a second <\(name)>", found[1].place) }
        return found.first
    }

    /// Elements of other namespaces and attributes with one are extensions, and left out.
    private static func expect(
        _ element: XMLElement, _ children: Set<String>, _ attributes: Set<String>
    ) throws(LabelError) {
        for child in element.children where child.namespace == element.namespace && !children.contains(child.name) {
            throw .notAccepted("<\(child.name)>", child.place)
        }
        for attribute in element.attributes
        where attribute.namespace.isEmpty && !attributes.contains(attribute.name) {
            throw .notAccepted("\(attribute.name) of <\(element.name)>", attribute.place)
        }
    }

    // MARK: Writing

    /// A label in the names of its policy, ready to be written.
    ///
    /// - Parameters:
    ///   - reviewAt: when the originator looks at it again; the standard requires it of a label without a succession.
    /// - Throws: `LabelFaults` when the policy does not allow the label.
    public init(
        _ label: SecurityLabel, policy: SecurityPolicy, kind: Kind = .originator, originator: Originator? = nil,
        createdAt: Timestamp, reviewAt: Timestamp
    ) throws(LabelFaults) {
        let faults = policy.faults(of: label)
        guard faults.isEmpty, let classification = policy.classification(label.classification) else {
            throw LabelFaults(faults: faults)
        }
        self.kind = kind
        self.policyName = policy.name
        self.policyID = policy.id
        self.classification = classification.name
        self.privacyMark = label.privacyMark
        self.originator = originator
        self.createdAt = createdAt
        self.reviewAt = reviewAt
        self.categories = []
        for key in policy.ordered(label.categories) {
            guard let name = policy.category(key)?.category.name,
                let set = policy.tagSets.first(where: { $0.id == key.tagSet })
            else { continue }
            if let index = self.categories.firstIndex(where: { $0.tagSet == set.id && $0.rule == key.type.rule }) {
                self.categories[index].values.append(name)
            } else {
                self.categories.append(
                    Category(rule: key.type.rule, tagName: set.name, tagSet: set.id, values: [name]))
            }
        }
    }

    /// The document; equal labels give equal bytes.
    public var xml: [UInt8] {
        var writer = XMLWriter()
        var attributes = [("xmlns:slab", Self.namespace)]
        if let reviewAt { attributes.append(("ReviewDateTime", "\(reviewAt)")) }
        writer.start("slab:\(self.kind.rawValue)", attributes)
        writer.start("slab:ConfidentialityInformation")
        writer.element(
            "slab:PolicyIdentifier", self.policyID.map { [("URI", "urn:oid:\($0)")] } ?? [], text: self.policyName)
        writer.element("slab:Classification", text: self.classification)
        if let privacyMark { writer.element("slab:PrivacyMark", text: privacyMark) }
        for category in self.categories {
            let type =
                switch category.rule {
                case .all: "RESTRICTIVE"
                case .any: "PERMISSIVE"
                case .none: "INFORMATIVE"
                }
            var attributes = [("Type", type), ("TagName", category.tagName)]
            if let id = category.tagSet { attributes.append(("URI", "urn:oid:\(id)")) }
            writer.start("slab:Category", attributes)
            for value in category.values { writer.element("slab:GenericValue", text: value) }
            writer.end()
        }
        writer.end()
        if let originator {
            writer.element("slab:OriginatorID", [("IDType", originator.kind.rawValue)], text: originator.name)
        }
        if let createdAt { writer.element("slab:CreationDateTime", text: "\(createdAt)") }
        writer.end()
        return writer.bytes
    }
}

extension XMLElement {
    /// The element as if it were of another namespace, so that its children there are found.
    init(_ element: XMLElement, in namespace: String) {
        self = element
        self.namespace = namespace
    }
}

/// Instants as XML Schema writes them, with the zone that makes them instants.
enum XMLDateTime {
    /// `2026-11-21T13:00:00.5Z`, `2026-11-21T14:00:00+01:00`; years 1970 to 2261.
    ///
    /// Source: W3C XML Schema 1.1 part 2, 3.3.7 and 3.3.28; days of the calendar after H. Hinnant, days_from_civil.
    static func read(_ text: String) -> Timestamp? {
        let octets = Array(text.utf8)
        guard octets.count >= 20, octets.count <= 64, octets[4] == 0x2D, octets[7] == 0x2D, octets[10] == 0x54,
            octets[13] == 0x3A, octets[16] == 0x3A
        else { return nil }
        func digits(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= octets.count else { return nil }
            var value: Int64 = 0
            for octet in octets[range] {
                guard octet >= 0x30, octet <= 0x39 else { return nil }
                value = value * 10 + Int64(octet - 0x30)
            }
            return value
        }
        guard let year = digits(0..<4), let month = digits(5..<7), let day = digits(8..<10), let hour = digits(11..<13),
            let minute = digits(14..<16), let second = digits(17..<19), year >= 1970, year <= 2261, month >= 1,
            month <= 12, day >= 1, hour <= 23, minute <= 59, second <= 59
        else { return nil }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }

        var offset = 19
        var nanoseconds: Int64 = 0
        if octets[offset] == 0x2E {
            offset += 1
            let start = offset
            var unit: Int64 = 100_000_000
            while offset < octets.count, octets[offset] >= 0x30, octets[offset] <= 0x39 {
                nanoseconds += Int64(octets[offset] - 0x30) * unit
                unit /= 10
                offset += 1
            }
            if offset == start { return nil }
        }
        guard offset < octets.count else { return nil }
        var zone: Int64 = 0
        if octets[offset] == 0x5A {
            guard offset + 1 == octets.count else { return nil }
        } else {
            guard octets[offset] == 0x2B || octets[offset] == 0x2D, octets.count == offset + 6,
                octets[offset + 3] == 0x3A, let hours = digits(offset + 1..<offset + 3),
                let minutes = digits(offset + 4..<offset + 6), hours <= 14, minutes <= 59
            else { return nil }
            zone = (hours * 60 + minutes) * (octets[offset] == 0x2B ? 1 : -1)
        }
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let seconds = days * 86_400 + (hour * 60 + minute - zone) * 60 + second
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }
}
