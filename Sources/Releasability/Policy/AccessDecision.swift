/// Whether a clearance opens a label, and if not, why.
public enum AccessDecision: Hashable, Sendable, CustomStringConvertible {
    case permitted
    /// The clearance speaks in the terms of another policy.
    case otherPolicy(OID)
    /// The label is not one that the policy allows: what is not understood is not shown.
    case invalidLabel([LabelFault])
    case classificationNotHeld(String)
    case categoryNotHeld(String)
    /// None of the categories of a permissive tag is held.
    case noneHeld(tag: String)

    public var isPermitted: Bool { self == .permitted }

    public var description: String {
        switch self {
        case .permitted: "permitted"
        case .otherPolicy(let id): "the clearance is of policy \(id)"
        case .invalidLabel(let faults): "the label is not valid: " + faults.map(\.description).joined(separator: "; ")
        case .classificationNotHeld(let name): "the clearance does not hold \(name)"
        case .categoryNotHeld(let name): "the clearance does not hold \(name)"
        case .noneHeld(let tag): "the clearance holds none of the label's categories of \(tag)"
        }
    }
}

extension SecurityPolicy {
    /// Whether a clearance opens a label: the classification is held, every restrictive category is held, and of each
    /// permissive tag one category at least. Informative categories decide nothing.
    ///
    /// Source: ITU-T X.841 (10/2000), annex on the access control decision function; ACP 145(A), tag types 1, 2, 3, 6, 7.
    public func permits(_ clearance: SecurityClearance, _ label: SecurityLabel) -> AccessDecision {
        guard clearance.policy == self.id else { return .otherPolicy(clearance.policy) }
        let faults = self.faults(of: label)
        guard faults.isEmpty, let classification = self.classification(label.classification) else {
            return .invalidLabel(faults)
        }
        guard clearance.classifications.contains(label.classification) else {
            return .classificationNotHeld(classification.name)
        }
        var open: [Int: Bool] = [:]
        for entry in self.orderedEntries(label.categories) {
            let held = clearance.categories.contains(entry.key)
            switch entry.key.type.rule {
            case .all: if !held { return .categoryNotHeld(entry.category.name) }
            case .any: open[entry.tag, default: false] = open[entry.tag, default: false] || held
            case .none: break
            }
        }
        if let closed = open.filter({ !$0.value }).keys.min() { return .noneHeld(tag: self.tags[closed].name) }
        return .permitted
    }
}
