import Releasability

/// The XML of surevine/spiffing for labels and clearances: numbers only, meant for tests.
///
/// Source: surevine/spiffing 170af8c, `src/label.cc`, `src/clearance.cc`.
enum PlainLabel {
    static let namespace = "http://surevine.com/xmlns/spiffy"

    static func label(_ root: XMLElement, policies: PolicyCatalogue) throws(LabelError) -> SecurityLabel {
        guard root.name == "label" else { throw .unknownFormat }
        let policy = try self.policy(root, policies)
        let found = root.children("classification")
        guard let first = found.first else { throw .missing("<classification>", root.place) }
        if found.count > 1 { throw .notAccepted("a second <classification>", found[1].place) }
        let lacv = try self.lacv(first)
        guard policy.classification(lacv) != nil else { throw .unknownClassification("\(lacv)") }
        return SecurityLabel(policy: policy.id, classification: lacv, categories: try self.categories(root, policy))
    }

    static func clearance(_ root: XMLElement, policies: PolicyCatalogue) throws(LabelError) -> SecurityClearance {
        guard root.name == "clearance" else { throw .unknownFormat }
        let policy = try self.policy(root, policies)
        var classifications: Set<UInt32> = []
        for element in root.children("classification") {
            let lacv = try self.lacv(element)
            guard policy.classification(lacv) != nil else { throw .unknownClassification("\(lacv)") }
            classifications.insert(lacv)
        }
        return SecurityClearance(
            policy: policy.id, classifications: classifications, categories: try self.categories(root, policy))
    }

    private static func policy(_ root: XMLElement, _ policies: PolicyCatalogue) throws(LabelError) -> SecurityPolicy {
        for child in root.children where !["policy", "classification", "tag"].contains(child.name) {
            throw .notAccepted("<\(child.name)>", child.place)
        }
        let found = root.children("policy")
        guard let element = found.first else { throw .noPolicy }
        if found.count > 1 { throw .notAccepted("a second <policy>", found[1].place) }
        let text = element["id"] ?? ""
        guard let id = OID(text) else { throw .badValue("the id \"\(text)\"", element.place) }
        guard let policy = policies[id] else { throw .unknownPolicy(text) }
        return policy
    }

    private static func lacv(_ element: XMLElement) throws(LabelError) -> UInt32 {
        guard let text = element["lacv"] else { throw .missing("lacv", element.place) }
        guard let number = LabelValue.number(text) else { throw .badValue("lacv \"\(text)\"", element.place) }
        return number
    }

    private static func categories(
        _ root: XMLElement, _ policy: SecurityPolicy
    ) throws(LabelError) -> Set<CategoryKey> {
        var keys: Set<CategoryKey> = []
        for element in root.children("tag") {
            let type: TagType
            switch element["type"] {
            case "restrictive": type = .restrictive
            case "permissive": type = .permissive
            case "enumeratedRestrictive": type = .enumeratedRestrictive
            case "enumeratedPermissive": type = .enumeratedPermissive
            case "informative": type = .informative
            default: throw .badValue("the type of <tag>", element.place)
            }
            guard let set = OID(element["id"] ?? "") else { throw .badValue("the id of <tag>", element.place) }
            let key = CategoryKey(tagSet: set, type: type, lacv: try self.lacv(element))
            guard policy.category(key) != nil else { throw .unknownCategory("\(key)") }
            keys.insert(key)
        }
        return keys
    }
}
