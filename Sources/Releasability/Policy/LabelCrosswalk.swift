public import Air

/// Why a label of ours has no words in a security policy.
public enum CrosswalkRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case otherPolicy
    case unknownLevel(UInt8)
    /// The policy has no restrictive category for a caveat.
    case unknownCaveat(String)
    /// Nobody is named, and the policy would take that for everybody.
    case forNobody
    /// No choice of categories names these nations and no other.
    case nations(NationSet)
    /// The policy has no category for the rule on passing on, and without one more would be allowed.
    case onward(Onward)
    case invalid([LabelFault])
    /// What was written would be read as wider.
    case wider

    public var description: String {
        switch self {
        case .otherPolicy: "the label is of another policy"
        case .unknownLevel(let level): "the policy has no level \(level)"
        case .unknownCaveat(let name): "the policy has no category for the caveat \(name)"
        case .forNobody: "the label names nobody whom it may be released to"
        case .nations(let nations):
            "no categories say " + nations.nations.map(\.description).joined(separator: ", ") + " and nobody else"
        case .onward(let onward): "the policy has no category for the onward rule \(onward.name)"
        case .invalid(let faults): faults.map(\.description).joined(separator: "; ")
        case .wider: "the policy's words would be read as wider than the label"
        }
    }
}

/// How the labels that ride on data and those of one security policy say the same thing.
///
/// | `Label` | security policy |
/// |---|---|
/// | classification | the classification of that rank, the lowest 0 |
/// | caveats | restrictive categories, by name (`Tag set/name` where two tag sets have the name) |
/// | releasable-to | permissive categories: any of a tag, and each tag; by a table, since `NATO` is many nations |
/// | onward | categories, by a table |
/// | originators | nothing: they are given beside the label |
///
/// In both directions what comes out is as narrow or narrower. A permissive tag of which the table knows nothing becomes
/// the caveat that nobody is cleared for, and a label without a permissive category is releasable to nobody. Informative
/// categories have no counterpart, and are left out.
public struct LabelCrosswalk: Sendable {
    public let policy: SecurityPolicy
    public let vocabulary: Vocabulary
    /// The number of the policy in the vocabulary.
    public let id: PolicyID
    /// Whom a permissive category means.
    public let nations: [CategoryKey: NationSet]
    /// The tag set whose categories are written for nations.
    public let releaseTagSet: OID
    /// Categories that are written on every label.
    public let always: Set<CategoryKey>
    /// What a category says of passing on.
    public let onward: [CategoryKey: Onward]
    /// What a label without such a category says of it.
    public let onwardOtherwise: Onward

    /// A crosswalk, if its tables name what policy and vocabulary have.
    ///
    /// - Parameter vocabulary: has the policy by its identifier or name, and the caveats by the names of categories; those
    ///   it does not have are read as the caveat that nobody is cleared for.
    /// - Throws: ``SecurityPolicyError``.
    public init(
        policy: SecurityPolicy, vocabulary: Vocabulary, nations: [CategoryKey: NationSet], releaseTagSet: OID,
        always: Set<CategoryKey> = [], onward: [CategoryKey: Onward] = [:], onwardOtherwise: Onward = .never
    ) throws(SecurityPolicyError) {
        var problems: [SecurityPolicyProblem] = []
        func problem(_ code: SecurityPolicyProblem.Code, _ text: String) {
            problems.append(SecurityPolicyProblem(line: 0, code: code, text: text))
        }
        let byID = vocabulary.policy(policy.id.description)
        self.id = byID == .unknown ? vocabulary.policy(policy.name) : byID
        if self.id == .unknown { problem(.unresolved, "the vocabulary has no policy \(policy.name)") }
        if policy.classifications.count > 256 { problem(.badValue, "there are more than 256 classifications") }
        if !policy.tagSets.contains(where: { $0.id == releaseTagSet }) {
            problem(.unresolved, "there is no tag set \(releaseTagSet)")
        }
        for key in Set(nations.keys).union(always).union(onward.keys) where policy.entry(key) == nil {
            problem(.unresolved, "there is no category \(key)")
        }
        for key in nations.keys where key.type.rule != .any { problem(.badValue, "\(key) is not permissive") }
        for key in onward.keys where key.type.rule == .any { problem(.badValue, "\(key) is permissive") }
        if !problems.isEmpty { throw SecurityPolicyError(problems) }
        self.policy = policy
        self.vocabulary = vocabulary
        self.nations = nations
        self.releaseTagSet = releaseTagSet
        self.always = always
        self.onward = onward
        self.onwardOtherwise = onwardOtherwise
    }

    /// The words for the levels of the policy.
    public var order: ClassificationOrder {
        ClassificationOrder(policy: self.id, names: self.policy.classifications.map(\.name))
    }

    /// The name of the caveat that a restrictive category is.
    private func caveat(_ entry: SecurityPolicy.Entry) -> String {
        let name = entry.category.name
        let others = self.policy.entries.contains {
            $0.key.type.rule == .all && $0.category.name == name && $0.tagSet != entry.tagSet
        }
        return others ? "\(self.policy.tagSets[entry.tagSet].name)/\(name)" : name
    }

    /// What a label of the policy means here.
    ///
    /// - Throws: ``LabelFaults`` when the policy does not allow it.
    public func label(_ label: SecurityLabel, originators: NationSet) throws(LabelFaults) -> Label {
        let faults = self.policy.faults(of: label)
        guard faults.isEmpty,
            let level = self.policy.classifications.firstIndex(where: { $0.lacv == label.classification })
        else { throw LabelFaults(faults: faults) }
        var caveats: CaveatSet = []
        var onward: Onward?
        /// Whom each permissive tag opens; nil where the table knows none of its categories.
        var tags: [Int: NationSet?] = [:]
        for entry in self.policy.orderedEntries(label.categories) {
            if let rule = self.onward[entry.key] { onward = min(onward ?? rule, rule) }
            switch entry.key.type.rule {
            case .all:
                if self.onward[entry.key] == nil {
                    caveats.insert(CaveatSet(self.vocabulary.caveat(self.caveat(entry))))
                }
            case .any:
                let opened = tags[entry.tag] ?? nil
                if let nations = self.nations[entry.key] {
                    tags[entry.tag] = .some((opened ?? NationSet()).union(nations))
                } else {
                    tags[entry.tag] = .some(opened)
                }
            case .none: break
            }
        }
        var releasableTo: NationSet?
        for nations in tags.values {
            guard let nations else {
                caveats.insert(.unknown)
                continue
            }
            releasableTo = releasableTo?.intersection(nations) ?? nations
        }
        return Label(
            policy: self.id, classification: UInt8(clamping: level), originators: originators,
            releasableTo: releasableTo, caveats: caveats, onward: onward ?? self.onwardOtherwise)
    }

    /// A label of ours in the words of the policy; read again, it is as narrow or narrower.
    public func securityLabel(_ label: Label) throws(CrosswalkRefusal) -> SecurityLabel {
        guard label.policy == self.id else { throw .otherPolicy }
        guard Int(label.classification) < self.policy.classifications.count else {
            throw .unknownLevel(label.classification)
        }
        var result = SecurityLabel(
            policy: self.policy.id, classification: self.policy.classifications[Int(label.classification)].lacv,
            categories: self.always)
        for caveat in label.caveats.caveats {
            let name = self.vocabulary.name(of: caveat)
            let found = self.policy.entries.first {
                $0.key.type.rule == .all && self.onward[$0.key] == nil && !$0.category.obsolete
                    && self.caveat($0) == name
            }
            guard let found else { throw .unknownCaveat(name ?? "unknown") }
            result.categories.insert(found.key)
        }
        guard let wanted = label.releasableTo, !wanted.isEmpty else { throw .forNobody }
        result.categories.formUnion(try self.release(to: wanted))
        if let key = self.onward.filter({ $0.value == label.onward }).keys.min(by: { $0.lacv < $1.lacv }) {
            result.categories.insert(key)
        } else if self.onwardOtherwise > label.onward {
            throw .onward(label.onward)
        }
        let faults = self.policy.faults(of: result, asNew: true)
        if !faults.isEmpty { throw .invalid(faults) }
        guard let read = try? self.label(result, originators: label.originators), read.isAsNarrow(as: label) else {
            throw .wider
        }
        return result
    }

    /// The categories that together name exactly some nations, none that another one of them includes.
    private func release(to wanted: NationSet) throws(CrosswalkRefusal) -> Set<CategoryKey> {
        var chosen: [(key: CategoryKey, nations: NationSet)] = []
        for entry in self.policy.entries where entry.key.tagSet == self.releaseTagSet && !entry.category.obsolete {
            guard let nations = self.nations[entry.key], !nations.isEmpty, nations.isSubset(of: wanted) else {
                continue
            }
            if chosen.contains(where: { nations.isSubset(of: $0.nations) }) { continue }
            chosen.removeAll { $0.nations.isSubset(of: nations) }
            chosen.append((entry.key, nations))
        }
        let named = chosen.reduce(NationSet()) { $0.union($1.nations) }
        guard named == wanted else { throw .nations(wanted.subtracting(named)) }
        return Set(chosen.map(\.key))
    }
}
