/// How a tag's categories take part in the decision on access.
///
/// Source: Open XML SPIF 2.1, `tagType` and `enumType`; ADatP-4774.1 3.3.4.
public enum TagType: UInt8, Hashable, Sendable, CaseIterable {
    case restrictive, permissive, enumeratedRestrictive, enumeratedPermissive, informative

    /// What a reader must hold.
    public enum Rule: Hashable, Sendable { case all, any, none }

    /// All categories of a restrictive tag, any of a permissive one, none of an informative one.
    public var rule: Rule {
        switch self {
        case .restrictive, .enumeratedRestrictive: .all
        case .permissive, .enumeratedPermissive: .any
        case .informative: .none
        }
    }
}

/// What names one category in all policies: the set it is of, its type, and its number (`lacv`) there.
public struct CategoryKey: Hashable, Sendable, CustomStringConvertible {
    public var tagSet: OID
    public var type: TagType
    public var lacv: UInt32

    public init(tagSet: OID, type: TagType, lacv: UInt32) {
        self.tagSet = tagSet
        self.type = type
        self.lacv = lacv
    }

    public var description: String { "\(self.tagSet) \(self.type) \(self.lacv)" }
}

/// What the originator says of the confidentiality of a thing, in the terms of one policy.
///
/// A label is a value and knows no names: only its policy says what it means and whether it may be written so.
///
/// Source: ITU-T X.841 (10/2000), `ConfidentialityLabel`.
public struct SecurityLabel: Hashable, Sendable {
    public var policy: OID
    /// The number (`lacv`) of the classification.
    public var classification: UInt32
    public var categories: Set<CategoryKey>
    /// Words to the reader, without force in a decision.
    public var privacyMark: String?

    public init(
        policy: OID, classification: UInt32, categories: Set<CategoryKey> = [], privacyMark: String? = nil
    ) {
        self.policy = policy
        self.classification = classification
        self.categories = categories
        self.privacyMark = privacyMark
    }
}

/// What a person or system may see, in the terms of one policy.
///
/// Source: ITU-T X.841 (10/2000), clearance; a classification that is not in the list is not held, whatever its rank.
public struct SecurityClearance: Hashable, Sendable {
    public var policy: OID
    public var classifications: Set<UInt32>
    public var categories: Set<CategoryKey>

    public init(policy: OID, classifications: Set<UInt32>, categories: Set<CategoryKey> = []) {
        self.policy = policy
        self.classifications = classifications
        self.categories = categories
    }
}
