/// Why a label has no translation into another policy.
public enum TranslationRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The label is not valid where it comes from.
    case invalid([LabelFault])
    /// The two policies do not know each other.
    case notEquivalent(String)
    case noClassification(String)
    case noCategory(String)
    /// The policy names what the other one does not have, or has as obsolete.
    case unresolved(String)
    /// A classification would rank lower there than another one that ranks lower here, or would come back lower.
    case lowersClassification(from: String, to: String)
    /// A category that decides on access would be left out, or decide nothing there.
    case lowersCategory(String)
    /// Categories of two tags, each of which must be met, would come to stand in one tag, of which any suffices.
    case widensTag(String)
    /// The other policy requires something and leaves open what.
    case choice(by: String)
    /// What comes out is not valid where it goes to.
    case resultInvalid([LabelFault])

    public var description: String {
        switch self {
        case .invalid(let faults): "the label is not valid: " + faults.map(\.description).joined(separator: "; ")
        case .notEquivalent(let name): "there is no equivalence with \(name)"
        case .noClassification(let name): "\(name) has no equivalent"
        case .noCategory(let name): "\(name) has no equivalent"
        case .unresolved(let name): "the other policy has no \(name)"
        case .lowersClassification(let from, let to): "\(to) is lower than \(from)"
        case .lowersCategory(let name): "\(name) would no longer restrict"
        case .widensTag(let name): "\(name) would open what two tags close"
        case .choice(let name): "\(name) leaves a choice"
        case .resultInvalid(let faults): "the result is not valid: " + faults.map(\.description).joined(separator: "; ")
        }
    }
}

extension SecurityPolicy {
    /// The label in the terms of another policy, by the equivalences of this one; never a lower one.
    ///
    /// What the equivalences say is trusted as far as they are consistent. Refused is a translation
    /// - of what has no equivalent, or loses a category that is not informative;
    /// - that turns the order of classifications round, or that the two policies would bring back lower;
    /// - that puts categories of two tags, of each of which one must be held, into one permissive tag of which one
    ///   suffices;
    /// - whose result the other policy does not allow on a new label.
    ///
    /// Source: ADatP-4774.1 Ed. A V1, 3.6 and tables 7 to 9, for what an equivalence is. The refusals are this project's.
    public func translate(
        _ label: SecurityLabel, to other: SecurityPolicy
    ) throws(TranslationRefusal) -> SecurityLabel {
        let faults = self.faults(of: label)
        guard faults.isEmpty, let from = self.classification(label.classification) else { throw .invalid(faults) }
        if other.id == self.id { return label }
        let names = Set(self.equivalentPolicies.filter { $0.id == other.id }.map(\.name))
        if names.isEmpty { throw .notEquivalent(other.name) }

        let (equivalent, to) = try self.equivalent(of: from, names, other)
        try self.checkOrder(from, to, names, other)

        var result = SecurityLabel(policy: other.id, classification: to.lacv, privacyMark: label.privacyMark)
        /// Which tag of this policy filled a permissive tag of the other.
        var filled: [Int: Int] = [:]
        for entry in self.orderedEntries(label.categories) {
            let name = entry.category.name
            let rule = entry.key.type.rule
            let found = entry.category.equivalents.filter { names.contains($0.policy) && $0.applied.outward }
            if found.isEmpty { throw .noCategory(name) }
            var kept = false
            for key in found.compactMap(\.key) {
                guard let target = other.entry(key), !target.category.obsolete else { throw .unresolved("\(key)") }
                switch key.type.rule {
                case .all: kept = true
                case .any:
                    if rule == .any { kept = true }
                    if filled.updateValue(entry.tag, forKey: target.tag) ?? entry.tag != entry.tag {
                        throw .widensTag(other.tags[target.tag].name)
                    }
                case .none: break
                }
                result.categories.insert(key)
            }
            if rule != .none, !kept || found.contains(where: { $0.key == nil }) { throw .lowersCategory(name) }
        }
        let required =
            self.equivalentPolicies.filter { $0.id == other.id }.flatMap { policy in
                policy.required.map { (policy.name, $0) }
            } + equivalent.required.map { (from.name, $0) }
        for (by, group) in required { try other.add(group, by: by, to: &result, filled) }

        let left = other.faults(of: result, asNew: true)
        if !left.isEmpty { throw .resultInvalid(left) }
        return result
    }

    /// The highest of the equivalents of a classification.
    private func equivalent(
        of from: Classification, _ names: Set<String>, _ other: SecurityPolicy
    ) throws(TranslationRefusal) -> (EquivalentClassification, Classification) {
        var best: (EquivalentClassification, Classification)?
        for item in from.equivalents where names.contains(item.policy) && item.applied.outward {
            guard let target = other.classification(item.lacv), !target.obsolete else {
                throw .unresolved("classification \(item.lacv)")
            }
            if let held = best, held.1.hierarchy >= target.hierarchy { continue }
            best = (item, target)
        }
        guard let best else { throw .noClassification(from.name) }
        return best
    }

    private func checkOrder(
        _ from: Classification, _ to: Classification, _ names: Set<String>, _ other: SecurityPolicy
    ) throws(TranslationRefusal) {
        for lower in self.classifications where lower.hierarchy < from.hierarchy {
            for item in lower.equivalents where names.contains(item.policy) && item.applied.outward {
                if let target = other.classification(item.lacv), target.hierarchy > to.hierarchy {
                    throw .lowersClassification(from: from.name, to: to.name)
                }
            }
        }
        // What the other policy says of it, and what this one makes of it when it is read.
        let namesHere = Set(other.equivalentPolicies.filter { $0.id == self.id }.map(\.name))
        let theirs = to.equivalents.filter { namesHere.contains($0.policy) && $0.applied.outward }
            .compactMap { self.classification($0.lacv)?.hierarchy }.max()
        let ours = self.classifications.filter { here in
            here.equivalents.contains { names.contains($0.policy) && $0.applied.inward && $0.lacv == to.lacv }
        }.map(\.hierarchy).max()
        for back in [theirs, ours] {
            if let back, back < from.hierarchy { throw .lowersClassification(from: from.name, to: to.name) }
        }
    }

    /// Puts what a requirement asks for on a label of this policy.
    private func add(
        _ group: RequiredCategories, by name: String, to label: inout SecurityLabel, _ filled: [Int: Int]
    ) throws(TranslationRefusal) {
        for choice in group.choices where self.keys(choice).isEmpty {
            throw .unresolved("\(choice.tagSet) \(choice.type)")
        }
        if self.isMet(group, by: label.categories) { return }
        let choices = group.operation == .all ? group.choices : group.choices.count == 1 ? group.choices : []
        if choices.isEmpty { throw .choice(by: name) }
        for choice in choices where !self.keys(choice).contains(where: label.categories.contains) {
            let keys = self.keys(choice)
            guard keys.count == 1, let key = keys.first, let entry = self.entry(key) else { throw .choice(by: name) }
            if key.type.rule == .any, filled[entry.tag] != nil { throw .widensTag(self.tags[entry.tag].name) }
            label.categories.insert(key)
        }
    }
}
