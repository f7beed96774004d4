public import Releasability

/// Reads security policies in Open XML SPIF, versions 1.0 to 2.1.
///
/// Every problem of the file is found in one go and named with its line. Of what the schema knows, what would change a
/// decision and is not read is refused rather than left out: a policy that is half understood is more open than its
/// authority meant.
///
/// Source: http://www.xmlspif.org/schema/2017/12/xmlspif.xsd (2.1); ADatP-4774.1 Ed. A V1, chapter 3.
public struct SPIFReader {
    static let namespace = "http://www.xmlspif.org/spif"
    private var problems: [SecurityPolicyProblem] = []

    /// The policy of a file.
    ///
    /// - Throws: `SecurityPolicyError` with each problem.
    public static func read(_ bytes: [UInt8]) throws(SecurityPolicyError) -> SecurityPolicy {
        let root: XMLElement
        do {
            root = try XMLElement(parsing: bytes)
        } catch {
            throw SecurityPolicyError([
                SecurityPolicyProblem(
                    line: error.place.line, code: .malformed, text: "column \(error.place.column): \(error.text)")
            ])
        }
        var reader = SPIFReader()
        return try reader.policy(root)
    }

    private mutating func problem(_ element: XMLElement, _ code: SecurityPolicyProblem.Code, _ text: String) {
        self.problems.append(SecurityPolicyProblem(line: element.place.line, code: code, text: text))
    }

    // MARK: Elements

    private mutating func policy(_ root: XMLElement) throws(SecurityPolicyError) -> SecurityPolicy {
        guard root.name == "SPIF", root.namespace == Self.namespace || root.namespace.isEmpty else {
            throw SecurityPolicyError([
                SecurityPolicyProblem(line: root.place.line, code: .notAPolicy, text: "<SPIF> is expected")
            ])
        }
        if let version = root["schemaVersion"], !["1.0", "2.0", "2.1"].contains(version) {
            throw SecurityPolicyError([
                SecurityPolicyProblem(
                    line: root.place.line, code: .unsupported,
                    text: "schema version \(version) is not read; 1.0, 2.0 and 2.1 are")
            ])
        }
        self.expect(
            root,
            children: [
                "defaultSecurityPolicyId", "securityPolicyId", "updateInfo", "securityClassifications",
                "securityCategoryTagSets", "privacyMarks", "equivalentPolicies", "markingData", "markingQualifier",
                "extensions",
            ],
            attributes: [
                "schemaVersion", "version", "creationDate", "originatorDN", "keyIdentifier", "privilegeId", "rbacId",
                "userRefURI", "docRefURI",
            ])
        let identity = self.only(root, "securityPolicyId")
        let name = identity.map { self.string($0, "name") } ?? ""
        let id = identity.flatMap { self.oid($0, "id") }

        var classifications: [SecurityPolicy.Classification] = []
        if let list = self.only(root, "securityClassifications") {
            self.expect(list, children: ["securityClassification"], attributes: [])
            for child in list.children("securityClassification") {
                if let item = self.classification(child) { classifications.append(item) }
            }
        }
        var tagSets: [SecurityPolicy.CategoryTagSet] = []
        for list in root.children("securityCategoryTagSets") {
            self.expect(list, children: ["securityCategoryTagSet"], attributes: [])
            for child in list.children("securityCategoryTagSet") {
                if let item = self.tagSet(child) { tagSets.append(item) }
            }
        }
        var equivalents: [SecurityPolicy.EquivalentPolicy] = []
        for list in root.children("equivalentPolicies") {
            self.expect(list, children: ["equivalentPolicy"], attributes: [])
            for child in list.children("equivalentPolicy") {
                self.expect(child, children: ["requiredCategory"], attributes: ["name", "id", "docRefURI"])
                guard let id = self.oid(child, "id") else { continue }
                equivalents.append(
                    SecurityPolicy.EquivalentPolicy(
                        name: self.string(child, "name"), id: id, required: self.required(child),
                        line: child.place.line))
            }
        }
        var markings = self.markings(root)
        if let identity {
            self.expect(identity, children: ["markingData", "markingQualifier"], attributes: ["name", "id"])
            let own = self.markings(identity)
            markings.phrases += own.phrases
            markings.qualifiers += own.qualifiers
        }
        // With what is wrong so far, what of the references is wrong as well, so that all of it can be put right at once.
        do {
            let policy = try SecurityPolicy(
                name: name, id: id ?? Self.nowhere, classifications: classifications, tagSets: tagSets,
                equivalentPolicies: equivalents, markings: markings)
            if self.problems.isEmpty { return policy }
        } catch {
            self.problems += error.problems
        }
        throw SecurityPolicyError(self.problems)
    }

    /// Stands where the file has no identifier; no policy is ever made with it.
    private static let nowhere: OID = {
        guard let oid = OID("0.0") else { preconditionFailure("0.0 is an identifier") }
        return oid
    }()

    private mutating func classification(_ element: XMLElement) -> SecurityPolicy.Classification? {
        self.expect(
            element, children: ["equivalentClassification", "markingData", "markingQualifier", "requiredCategory"],
            attributes: ["name", "lacv", "hierarchy", "color", "obsolete"])
        let name = self.string(element, "name")
        let obsolete = self.flag(element, "obsolete")
        let markings = self.markings(element)
        let required = self.required(element)
        var equivalents: [SecurityPolicy.EquivalentClassification] = []
        for child in element.children("equivalentClassification") {
            self.expect(child, children: ["requiredCategory"], attributes: ["policyRef", "lacv", "applied"])
            let policy = self.string(child, "policyRef")
            let required = self.required(child)
            guard let lacv = self.number(child, "lacv"), let applied = self.applied(child) else { continue }
            equivalents.append(
                SecurityPolicy.EquivalentClassification(
                    policy: policy, lacv: lacv, applied: applied, required: required, line: child.place.line))
        }
        guard let lacv = self.number(element, "lacv"), let rank = self.number(element, "hierarchy") else { return nil }
        return SecurityPolicy.Classification(
            name: name, lacv: lacv, hierarchy: Int32(clamping: rank), color: element["color"], obsolete: obsolete,
            markings: markings, required: required, equivalents: equivalents, line: element.place.line)
    }

    private mutating func tagSet(_ element: XMLElement) -> SecurityPolicy.CategoryTagSet? {
        // `equivalentSecurityCategoryTagSet` only makes more labels translatable.
        self.expect(
            element, children: ["securityCategoryTag", "equivalentSecurityCategoryTagSet"], attributes: ["name", "id"])
        var tags: [SecurityPolicy.CategoryTag] = []
        for child in element.children("securityCategoryTag") {
            self.expect(
                child, children: ["tagCategory", "markingQualifier", "markingData"],
                attributes: [
                    "name", "tagType", "enumType", "tag7Encoding", "singleSelection", "maxSelection", "minSelection",
                ])
            let type = self.tagType(child)
            var most = Int.max
            if child["maxSelection"] != nil, let number = self.number(child, "maxSelection") { most = Int(number) }
            if self.flag(child, "singleSelection") { most = min(most, 1) }
            var least = 0
            if child["minSelection"] != nil, let number = self.number(child, "minSelection") { least = Int(number) }
            let markings = self.markings(child)
            let categories = child.children("tagCategory").compactMap { self.category($0) }
            guard let type else { continue }
            tags.append(
                SecurityPolicy.CategoryTag(
                    name: child["name"] ?? "", type: type, selectionMin: least, selectionMax: most,
                    markings: markings, categories: categories, line: child.place.line))
        }
        let name = self.string(element, "name")
        guard let id = self.oid(element, "id") else { return nil }
        return SecurityPolicy.CategoryTagSet(name: name, id: id, tags: tags, line: element.place.line)
    }

    private mutating func category(_ element: XMLElement) -> SecurityPolicy.Category? {
        self.expect(
            element,
            children: [
                "equivalentSecCategoryTag", "markingData", "markingQualifier", "excludedClass", "requiredCategory",
                "excludedCategory",
            ],
            attributes: ["name", "lacv", "requiredClass", "obsolete"])
        let name = self.string(element, "name")
        let obsolete = self.flag(element, "obsolete")
        let markings = self.markings(element)
        let required = self.required(element)
        let excluded = element.children("excludedCategory").compactMap { self.match($0) }
        var equivalents: [SecurityPolicy.EquivalentCategory] = []
        for child in element.children("equivalentSecCategoryTag") {
            if let item = self.equivalent(child) { equivalents.append(item) }
        }
        guard let lacv = self.number(element, "lacv") else { return nil }
        return SecurityPolicy.Category(
            name: name, lacv: lacv, obsolete: obsolete, requiredClass: element["requiredClass"],
            excludedClasses: element.children("excludedClass").map(\.token), required: required, excluded: excluded,
            equivalents: equivalents, markings: markings, line: element.place.line)
    }

    private mutating func equivalent(_ element: XMLElement) -> SecurityPolicy.EquivalentCategory? {
        self.expect(
            element, children: [],
            attributes: ["policyRef", "tagSetId", "tagType", "enumType", "lacv", "applied", "action"])
        let policy = self.string(element, "policyRef")
        guard let applied = self.applied(element) else { return nil }
        let line = element.place.line
        if let action = element["action"] {
            guard action == "discard" else {
                self.problem(element, .badValue, "the action \(action) is not discard")
                return nil
            }
            return SecurityPolicy.EquivalentCategory(policy: policy, key: nil, applied: applied, line: line)
        }
        guard let set = self.oid(element, "tagSetId"), let type = self.tagType(element),
            let lacv = self.number(element, "lacv")
        else { return nil }
        return SecurityPolicy.EquivalentCategory(
            policy: policy, key: CategoryKey(tagSet: set, type: type, lacv: lacv), applied: applied, line: line)
    }

    private mutating func required(_ element: XMLElement) -> [SecurityPolicy.RequiredCategories] {
        var result: [SecurityPolicy.RequiredCategories] = []
        for child in element.children("requiredCategory") {
            self.expect(child, children: ["categoryGroup"], attributes: ["operation"])
            let choices = child.children("categoryGroup").compactMap { self.match($0) }
            let operation: SecurityPolicy.RequiredCategories.Operation
            switch child["operation"] {
            case "onlyOne": operation = .onlyOne
            case "oneOrMore": operation = .oneOrMore
            case "all": operation = .all
            default:
                self.problem(child, .badValue, "operation is onlyOne, oneOrMore or all")
                continue
            }
            result.append(SecurityPolicy.RequiredCategories(operation, choices, line: child.place.line))
        }
        return result
    }

    private mutating func match(_ element: XMLElement) -> SecurityPolicy.CategoryMatch? {
        self.expect(element, children: [], attributes: ["tagSetRef", "tagType", "enumType", "lacv", "all"])
        let all = self.flag(element, "all")
        if all, element["lacv"] != nil { self.problem(element, .badValue, "lacv and all stand together") }
        let set = self.string(element, "tagSetRef")
        guard let type = self.tagType(element) else { return nil }
        var lacv: UInt32?
        if element["lacv"] != nil {
            guard let number = self.number(element, "lacv") else { return nil }
            lacv = number
        }
        return SecurityPolicy.CategoryMatch(tagSet: set, type: type, lacv: lacv, line: element.place.line)
    }

    private mutating func markings(_ element: XMLElement) -> Markings {
        var result = Markings()
        for child in element.children("markingData") {
            self.expect(child, children: ["code"], attributes: ["phrase"])
            var phrase = Markings.Phrase(language: Self.language(child), text: child["phrase"])
            for code in child.children("code") {
                switch code.token {
                case "noNameDisplay": phrase.hidesName = true
                case "noMarkingDisplay": phrase.hidesPhrase = true
                case "suppressClassName": phrase.suppressesClassification = true
                case "replacePolicy": phrase.replacesPolicy = true
                default: phrase.places.formUnion(self.places(code.token, code))
                }
            }
            result.phrases.append(phrase)
        }
        for child in element.children("markingQualifier") {
            // `code` for `markingCode` is a slip of files in circulation; it is left aside, and the words stand everywhere.
            self.expect(child, children: ["qualifier"], attributes: ["markingCode", "code"])
            let places = child["markingCode"].map { self.places($0, child) } ?? []
            for item in child.children("qualifier") {
                self.expect(item, children: [], attributes: ["markingQualifier", "qualifierCode"])
                guard let kind = Markings.Qualifier.Kind(rawValue: item["qualifierCode"] ?? "") else {
                    self.problem(item, .badValue, "qualifierCode is prefix, suffix or separator")
                    continue
                }
                result.qualifiers.append(
                    Markings.Qualifier(
                        kind, self.string(item, "markingQualifier"),
                        language: Self.language(item), places: places))
            }
        }
        return result
    }

    /// An empty `xml:lang` is no language (XML 1.0, 2.12).
    private static func language(_ element: XMLElement) -> String? {
        let tag = element.attribute("lang", namespace: XMLReader.xml)?.value
        return tag?.isEmpty == true ? nil : tag
    }

    private mutating func places(_ code: String, _ element: XMLElement) -> Set<MarkingPlace> {
        if code == "pageTopBottom" { return [.pageTop, .pageBottom] }
        if let place = MarkingPlace(rawValue: code) { return [place] }
        self.problem(element, .badValue, "\(code) is no marking code")
        return []
    }

    // MARK: Values

    /// Notes elements and attributes that are not read. Those of other namespaces are extensions.
    private mutating func expect(_ element: XMLElement, children: Set<String>, attributes: Set<String>) {
        for child in element.children where child.namespace == element.namespace && !children.contains(child.name) {
            self.problem(child, .unsupported, "<\(child.name)> in <\(element.name)> is not read")
        }
        for attribute in element.attributes
        where attribute.namespace.isEmpty && !attributes.contains(attribute.name) {
            self.problem(element, .unsupported, "\(attribute.name) of <\(element.name)> is not read")
        }
    }

    private mutating func only(_ element: XMLElement, _ name: String) -> XMLElement? {
        let found = element.children(name)
        if found.count != 1 { self.problem(element, .missing, "<\(element.name)> needs one <\(name)>") }
        return found.first
    }

    private mutating func string(_ element: XMLElement, _ name: String) -> String {
        guard let value = element[name] else {
            self.problem(element, .missing, "<\(element.name)> needs \(name)")
            return ""
        }
        return value
    }

    private mutating func oid(_ element: XMLElement, _ name: String) -> OID? {
        guard let value = element[name] else {
            self.problem(element, .missing, "<\(element.name)> needs \(name)")
            return nil
        }
        if let oid = OID(value) { return oid }
        self.problem(element, .badValue, "\(name) \"\(value)\" is no object identifier")
        return nil
    }

    /// A number of 0 to 2³¹ − 1, as `xs:int` of the schema without a sign; leading zeros are allowed.
    private mutating func number(_ element: XMLElement, _ name: String) -> UInt32? {
        guard let value = element[name] else {
            self.problem(element, .missing, "<\(element.name)> needs \(name)")
            return nil
        }
        if let number = LabelValue.number(value) { return number }
        self.problem(element, .badValue, "\(name) \"\(value)\" is no number of 0 to 2147483647")
        return nil
    }

    private mutating func flag(_ element: XMLElement, _ name: String) -> Bool {
        switch element[name] {
        case nil, "false", "0": return false
        case "true", "1": return true
        default:
            self.problem(element, .badValue, "\(name) is true or false")
            return false
        }
    }

    private mutating func applied(_ element: XMLElement) -> SecurityPolicy.Applied? {
        switch element["applied"] {
        case "encrypt": return .encrypt
        case "decrypt": return .decrypt
        case "both": return .both
        default:
            self.problem(element, .badValue, "applied is encrypt, decrypt or both")
            return nil
        }
    }

    private mutating func tagType(_ element: XMLElement) -> TagType? {
        switch (element["tagType"], element["enumType"]) {
        case ("restrictive", _): return .restrictive
        case ("permissive", _): return .permissive
        case ("enumerated", "restrictive"): return .enumeratedRestrictive
        case ("enumerated", "permissive"): return .enumeratedPermissive
        case ("tagType7", _): return .informative
        default:
            self.problem(
                element, .badValue,
                "tagType is restrictive, permissive, tagType7 or enumerated (with enumType restrictive or permissive)")
            return nil
        }
    }
}
