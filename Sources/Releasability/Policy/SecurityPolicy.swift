/// The rules by which one authority labels: its classifications, categories, what may stand beside what, how it is marked
/// for people, and what it means in the terms of others.
///
/// A policy that exists is consistent: every reference in it was resolved when it was made. What it says of other
/// policies is resolved when a label is translated.
///
/// Source: Open XML SPIF schema 2.1 (http://www.xmlspif.org/spif); ADatP-4774.1 Ed. A V1, chapter 3.
public struct SecurityPolicy: Sendable {
    public let name: String
    public let id: OID
    /// By rank, lowest first.
    public let classifications: [Classification]
    public let tagSets: [CategoryTagSet]
    public let equivalentPolicies: [EquivalentPolicy]
    public let markings: Markings

    /// Every category with where it stands, in the order of the policy: the order of a marking.
    let entries: [Entry]
    private let entryIndex: [CategoryKey: Int]
    private let tagSetNames: [String: Int]

    struct Entry: Sendable {
        var key: CategoryKey
        var tagSet: Int
        /// Number of the tag among all tags of the policy.
        var tag: Int
        var category: Category
    }
    let tags: [CategoryTag]

    /// A policy, if its parts agree with each other.
    ///
    /// - Throws: ``SecurityPolicyError`` with each problem and the line it is on.
    public init(
        name: String, id: OID, classifications: [Classification], tagSets: [CategoryTagSet] = [],
        equivalentPolicies: [EquivalentPolicy] = [], markings: Markings = Markings()
    ) throws(SecurityPolicyError) {
        var problems: [SecurityPolicyProblem] = []
        func problem(_ line: Int, _ code: SecurityPolicyProblem.Code, _ text: String) {
            problems.append(SecurityPolicyProblem(line: line, code: code, text: text))
        }
        if name.isEmpty { problem(0, .missing, "a policy needs a name") }
        if classifications.isEmpty { problem(0, .missing, "a policy needs a classification") }
        self.name = name
        self.id = id
        self.classifications = classifications.sorted { $0.hierarchy < $1.hierarchy }
        self.tagSets = tagSets
        self.equivalentPolicies = equivalentPolicies
        self.markings = markings

        var seen: Set<String> = []
        for item in classifications {
            if !seen.insert("n \(item.name)").inserted {
                problem(item.line, .duplicate, "a second classification is named \(item.name)")
            }
            if !seen.insert("v \(item.lacv)").inserted {
                problem(item.line, .duplicate, "a second classification has lacv \(item.lacv)")
            }
            if !seen.insert("h \(item.hierarchy)").inserted {
                problem(item.line, .duplicate, "a second classification has hierarchy \(item.hierarchy)")
            }
        }

        var entries: [Entry] = []
        var entryIndex: [CategoryKey: Int] = [:]
        var tagSetNames: [String: Int] = [:]
        var tags: [CategoryTag] = []
        var ids: Set<OID> = []
        for (set, tagSet) in tagSets.enumerated() {
            if !ids.insert(tagSet.id).inserted {
                problem(tagSet.line, .duplicate, "a second tag set has id \(tagSet.id)")
            }
            if tagSetNames.updateValue(set, forKey: tagSet.name) != nil {
                problem(tagSet.line, .duplicate, "a second tag set is named \(tagSet.name)")
            }
            var names: Set<String> = []
            for tag in tagSet.tags {
                for category in tag.categories {
                    let key = CategoryKey(tagSet: tagSet.id, type: tag.type, lacv: category.lacv)
                    if entryIndex.updateValue(entries.count, forKey: key) != nil {
                        problem(
                            category.line, .duplicate,
                            "a second \(tag.type) category of \(tagSet.name) has lacv \(category.lacv)")
                    }
                    if !names.insert("\(tag.type.rule) \(category.name)").inserted {
                        problem(
                            category.line, .duplicate, "a second category of \(tagSet.name) is named \(category.name)")
                    }
                    entries.append(Entry(key: key, tagSet: set, tag: tags.count, category: category))
                }
                tags.append(tag)
            }
        }
        self.entries = entries
        self.entryIndex = entryIndex
        self.tagSetNames = tagSetNames
        self.tags = tags

        // References, now that all that can be referred to is known.
        let classNames = Set(classifications.map(\.name))
        let policyNames = Set(equivalentPolicies.map(\.name))
        func check(_ match: CategoryMatch) {
            guard let set = tagSetNames[match.tagSet] else {
                return problem(match.line, .unresolved, "there is no tag set named \(match.tagSet)")
            }
            let found = entries.contains {
                $0.tagSet == set && $0.key.type == match.type && (match.lacv == nil || match.lacv == $0.key.lacv)
            }
            if !found {
                let which = match.lacv.map { "with lacv \($0)" } ?? "at all"
                problem(match.line, .unresolved, "\(match.tagSet) has no \(match.type) category \(which)")
            }
        }
        func check(_ required: [RequiredCategories], resolving: Bool) {
            for group in required {
                if group.choices.isEmpty { problem(group.line, .missing, "a requirement names no category") }
                if resolving { group.choices.forEach(check) }
            }
        }
        func check(policy: String, _ line: Int) {
            if !policyNames.contains(policy) {
                problem(line, .unresolved, "\(policy) is not among the equivalent policies")
            }
        }
        for item in classifications {
            check(item.required, resolving: true)
            for equivalent in item.equivalents {
                check(policy: equivalent.policy, equivalent.line)
                check(equivalent.required, resolving: false)
            }
        }
        var equivalentNames: Set<String> = []
        for policy in equivalentPolicies {
            if !equivalentNames.insert(policy.name).inserted {
                problem(policy.line, .duplicate, "a second equivalent policy is named \(policy.name)")
            }
            check(policy.required, resolving: false)
        }
        for tag in tags {
            if tag.selectionMin > tag.selectionMax {
                problem(tag.line, .badValue, "\(tag.name) wants at least more than at most")
            }
            for category in tag.categories {
                var excluded: Set<String> = []
                for name in category.excludedClasses {
                    if !classNames.contains(name) {
                        problem(category.line, .unresolved, "there is no classification named \(name)")
                    }
                    if !excluded.insert(name).inserted {
                        problem(category.line, .duplicateExcludedClass, "\(category.name) excludes \(name) twice")
                    }
                }
                if let name = category.requiredClass, !classNames.contains(name) {
                    problem(category.line, .unresolved, "there is no classification named \(name)")
                }
                check(category.required, resolving: true)
                category.excluded.forEach(check)
                for equivalent in category.equivalents { check(policy: equivalent.policy, equivalent.line) }
            }
        }
        if !problems.isEmpty { throw SecurityPolicyError(problems) }
    }

    /// The classification with a number.
    public func classification(_ lacv: UInt32) -> Classification? { self.classifications.first { $0.lacv == lacv } }

    /// The category with a key, and the tag it is of.
    public func category(_ key: CategoryKey) -> (category: Category, tag: CategoryTag)? {
        self.entry(key).map { ($0.category, self.tags[$0.tag]) }
    }

    func entry(_ key: CategoryKey) -> Entry? { self.entryIndex[key].map { self.entries[$0] } }

    /// Those of some categories that the policy knows, in its order.
    public func ordered(_ keys: Set<CategoryKey>) -> [CategoryKey] {
        keys.compactMap { self.entryIndex[$0] }.sorted().map { self.entries[$0].key }
    }

    func orderedEntries(_ keys: Set<CategoryKey>) -> [Entry] {
        keys.compactMap { self.entryIndex[$0] }.sorted().map { self.entries[$0] }
    }

    /// Whether the names of the policy are compared without regard to case.
    ///
    /// Source: ADatP-4774 Ed. A V1, page 5-2: so for the policies NATO and PUBLIC.
    private func same(_ a: String, _ b: String) -> Bool {
        if a == b { return true }
        guard self.ignoresCase else { return false }
        return a.utf8.elementsEqual(b.utf8) { Self.small($0) == Self.small($1) }
    }

    private var ignoresCase: Bool { Self.caseless(self.name) }

    static func caseless(_ name: String) -> Bool {
        let small = String(decoding: name.utf8.map(Self.small), as: UTF8.self)
        return small == "nato" || small == "public"
    }

    static func small(_ octet: UInt8) -> UInt8 { octet >= 0x41 && octet <= 0x5A ? octet | 0x20 : octet }

    /// The classification with a name.
    public func classification(named name: String) -> Classification? {
        self.classifications.first { $0.name == name } ?? self.classifications.first { self.same($0.name, name) }
    }

    /// The category with a name, of the set with a name and of a rule.
    public func category(named name: String, tagSet: String, rule: TagType.Rule) -> CategoryKey? {
        let sets = self.tagSets.indices.filter { self.same(self.tagSets[$0].name, tagSet) }
        let exact = sets.filter { self.tagSets[$0].name == tagSet }
        guard let set = exact.first ?? sets.first else { return nil }
        let choices = self.entries.filter { $0.tagSet == set && $0.key.type.rule == rule }
        return choices.first { $0.category.name == name }?.key
            ?? choices.first { self.same($0.category.name, name) }?.key
    }

    /// The keys that a rule speaks of.
    func keys(_ match: CategoryMatch) -> [CategoryKey] {
        guard let set = self.tagSetNames[match.tagSet] else { return [] }
        return self.entries.filter {
            $0.tagSet == set && $0.key.type == match.type && (match.lacv == nil || match.lacv == $0.key.lacv)
        }.map(\.key)
    }
}

/// The policies that a node knows.
public struct PolicyCatalogue: Sendable {
    public private(set) var policies: [OID: SecurityPolicy] = [:]

    public init() {}

    /// Takes a policy in.
    ///
    /// - Throws: ``SecurityPolicyError`` when another one has its identifier or its name.
    public mutating func add(_ policy: SecurityPolicy) throws(SecurityPolicyError) {
        if self.policies[policy.id] != nil || self[named: policy.name] != nil {
            throw SecurityPolicyError([
                SecurityPolicyProblem(
                    line: 0, code: .duplicate, text: "there is a policy \(policy.name) (\(policy.id)) already")
            ])
        }
        self.policies[policy.id] = policy
    }

    public subscript(id: OID) -> SecurityPolicy? { self.policies[id] }

    /// The policy with a name; the names NATO and PUBLIC are compared without regard to case.
    public subscript(named name: String) -> SecurityPolicy? {
        self.policies.values.first { $0.name == name }
            ?? self.policies.values.first {
                SecurityPolicy.caseless(name) && SecurityPolicy.caseless($0.name)
                    && $0.name.utf8.elementsEqual(name.utf8) { SecurityPolicy.small($0) == SecurityPolicy.small($1) }
            }
    }
}
