/// One rule of its policy that a label breaks.
public enum LabelFault: Hashable, Sendable, CustomStringConvertible {
    case otherPolicy(OID)
    case unknownClassification(UInt32)
    case unknownCategory(CategoryKey)
    case obsoleteClassification(String)
    case obsoleteCategory(String)
    case excludedClass(category: String, classification: String, line: Int)
    case requiredClass(category: String, classification: String, line: Int)
    case excludedCategory(category: String, by: String, line: Int)
    case requiredCategories(by: String, SecurityPolicy.RequiredCategories)
    case selection(tag: String, count: Int, line: Int)

    public var description: String {
        switch self {
        case .otherPolicy(let id): "the label is of policy \(id)"
        case .unknownClassification(let lacv): "the policy has no classification \(lacv)"
        case .unknownCategory(let key): "the policy has no category \(key)"
        case .obsoleteClassification(let name): "\(name) is obsolete, and not for new labels"
        case .obsoleteCategory(let name): "\(name) is obsolete, and not for new labels"
        case .excludedClass(let category, let classification, let line):
            "\(category) may not stand on \(classification)" + Self.at(line)
        case .requiredClass(let category, let classification, let line):
            "\(category) may stand on \(classification) only" + Self.at(line)
        case .excludedCategory(let category, let by, let line): "\(by) excludes \(category)" + Self.at(line)
        case .requiredCategories(let by, let group):
            "\(by) requires \(group.operation) of " + group.choices.map(Self.name).joined(separator: ", ")
                + Self.at(group.line)
        case .selection(let tag, let count, let line): "\(count) categories of \(tag) are not allowed" + Self.at(line)
        }
    }

    private static func at(_ line: Int) -> String { line > 0 ? " (line \(line) of the policy)" : "" }

    private static func name(_ match: SecurityPolicy.CategoryMatch) -> String {
        "\(match.tagSet) \(match.type)" + (match.lacv.map { " \($0)" } ?? "")
    }
}

/// A label that its policy does not allow.
public struct LabelFaults: Error, Hashable, Sendable, CustomStringConvertible {
    public let faults: [LabelFault]

    public init(faults: [LabelFault]) { self.faults = faults }

    public var description: String { self.faults.map(\.description).joined(separator: "; ") }
}

extension SecurityPolicy {
    /// Whether the policy allows a label.
    public func isValid(_ label: SecurityLabel, asNew: Bool = false) -> Bool {
        self.faults(of: label, asNew: asNew).isEmpty
    }

    /// Every rule that a label breaks, in the order of the policy; none when it is valid.
    ///
    /// - Parameter asNew: whether the label is being written now, so that obsolete values are faults.
    ///
    /// Source: ADatP-4774.1 Ed. A V1, 3.3.3 (required), table 3 (excluded, obsolete), 3.3.4 (selection).
    public func faults(of label: SecurityLabel, asNew: Bool = false) -> [LabelFault] {
        guard label.policy == self.id else { return [.otherPolicy(label.policy)] }
        var faults: [LabelFault] = []
        let classification = self.classification(label.classification)
        if let classification {
            if asNew, classification.obsolete { faults.append(.obsoleteClassification(classification.name)) }
            for group in classification.required where !self.isMet(group, by: label.categories) {
                faults.append(.requiredCategories(by: classification.name, group))
            }
        } else {
            faults.append(.unknownClassification(label.classification))
        }
        let unknown = label.categories.filter { self.entry($0) == nil }
        faults += unknown.sorted { ($0.tagSet, $0.lacv) < ($1.tagSet, $1.lacv) }.map { .unknownCategory($0) }

        var counts = [Int](repeating: 0, count: self.tags.count)
        for entry in self.orderedEntries(label.categories) {
            let category = entry.category
            counts[entry.tag] += 1
            if asNew, category.obsolete { faults.append(.obsoleteCategory(category.name)) }
            if let classification {
                if category.excludedClasses.contains(classification.name) {
                    faults.append(
                        .excludedClass(
                            category: category.name, classification: classification.name, line: category.line))
                }
                if let needed = category.requiredClass, needed != classification.name {
                    faults.append(.requiredClass(category: category.name, classification: needed, line: category.line))
                }
            }
            for match in category.excluded {
                for key in self.keys(match) where label.categories.contains(key) && key != entry.key {
                    let name = self.entry(key)?.category.name ?? key.description
                    faults.append(.excludedCategory(category: name, by: category.name, line: match.line))
                }
            }
            for group in category.required where !self.isMet(group, by: label.categories) {
                faults.append(.requiredCategories(by: category.name, group))
            }
        }
        for (tag, count) in zip(self.tags, counts) where count < tag.selectionMin || count > tag.selectionMax {
            faults.append(.selection(tag: tag.name, count: count, line: tag.line))
        }
        return faults
    }

    /// Whether a requirement is met; a choice is met when any of its categories is there.
    func isMet(_ group: RequiredCategories, by categories: Set<CategoryKey>) -> Bool {
        let met = group.choices.count { self.keys($0).contains(where: categories.contains) }
        return switch group.operation {
        case .onlyOne: met == 1
        case .oneOrMore: met >= 1
        case .all: met == group.choices.count
        }
    }
}
