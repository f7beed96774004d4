/// One thing that is wrong with a policy, and where.
public struct SecurityPolicyProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// No well-formed XML.
        case malformed
        /// XML, and no policy.
        case notAPolicy
        /// A version, element or attribute that changes what the policy means and is not read here.
        case unsupported
        case missing, badValue, duplicate, duplicateExcludedClass, unresolved
    }

    /// Line of the file, from 1; 0 for a policy that no file held.
    public var line: Int
    public var code: Code
    public var text: String

    public init(line: Int, code: Code, text: String) {
        self.line = line
        self.code = code
        self.text = text
    }

    public var description: String { self.line > 0 ? "line \(self.line): \(self.text)" : self.text }
}

/// Why there is no policy: each problem, in the order of the file.
public struct SecurityPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    public let problems: [SecurityPolicyProblem]

    public init(_ problems: [SecurityPolicyProblem]) { self.problems = problems.sorted { $0.line < $1.line } }

    public var description: String { self.problems.map(\.description).joined(separator: "\n") }
}

extension SecurityPolicy {
    /// A level: `RESTRICTED`.
    public struct Classification: Sendable {
        public var name: String
        public var lacv: UInt32
        /// Rank: the higher, the more harm.
        public var hierarchy: Int32
        /// A name of CSS or `#rrggbb`, for the screen.
        public var color: String?
        /// Still read on old labels, no longer written on new ones.
        public var obsolete: Bool
        public var markings: Markings
        public var required: [RequiredCategories]
        public var equivalents: [EquivalentClassification]
        public var line: Int

        public init(
            name: String, lacv: UInt32, hierarchy: Int32, color: String? = nil, obsolete: Bool = false,
            markings: Markings = Markings(), required: [RequiredCategories] = [],
            equivalents: [EquivalentClassification] = [], line: Int = 0
        ) {
            self.name = name
            self.lacv = lacv
            self.hierarchy = hierarchy
            self.color = color
            self.obsolete = obsolete
            self.markings = markings
            self.required = required
            self.equivalents = equivalents
            self.line = line
        }
    }

    /// Tags under one object identifier: `Releasable To`.
    public struct CategoryTagSet: Sendable {
        public var name: String
        public var id: OID
        public var tags: [CategoryTag]
        public var line: Int

        public init(name: String, id: OID, tags: [CategoryTag], line: Int = 0) {
            self.name = name
            self.id = id
            self.tags = tags
            self.line = line
        }
    }

    /// Categories of one type, and how many of them a label may carry.
    public struct CategoryTag: Sendable {
        public var name: String
        public var type: TagType
        public var selectionMin: Int
        public var selectionMax: Int
        public var markings: Markings
        public var categories: [Category]
        public var line: Int

        public init(
            name: String, type: TagType, selectionMin: Int = 0, selectionMax: Int = .max,
            markings: Markings = Markings(), categories: [Category], line: Int = 0
        ) {
            self.name = name
            self.type = type
            self.selectionMin = selectionMin
            self.selectionMax = selectionMax
            self.markings = markings
            self.categories = categories
            self.line = line
        }
    }

    /// One value of a tag, and what may stand beside it: `KFOR`.
    public struct Category: Sendable {
        public var name: String
        public var lacv: UInt32
        public var obsolete: Bool
        public var requiredClass: String?
        public var excludedClasses: [String]
        public var required: [RequiredCategories]
        public var excluded: [CategoryMatch]
        public var equivalents: [EquivalentCategory]
        public var markings: Markings
        public var line: Int

        public init(
            name: String, lacv: UInt32, obsolete: Bool = false, requiredClass: String? = nil,
            excludedClasses: [String] = [], required: [RequiredCategories] = [], excluded: [CategoryMatch] = [],
            equivalents: [EquivalentCategory] = [], markings: Markings = Markings(), line: Int = 0
        ) {
            self.name = name
            self.lacv = lacv
            self.obsolete = obsolete
            self.requiredClass = requiredClass
            self.excludedClasses = excludedClasses
            self.required = required
            self.excluded = excluded
            self.equivalents = equivalents
            self.markings = markings
            self.line = line
        }
    }

    /// One category of a tag set, or any of a type in it when `lacv` is nil.
    public struct CategoryMatch: Hashable, Sendable {
        public var tagSet: String
        public var type: TagType
        public var lacv: UInt32?
        public var line: Int

        public init(tagSet: String, type: TagType, lacv: UInt32?, line: Int = 0) {
            self.tagSet = tagSet
            self.type = type
            self.lacv = lacv
            self.line = line
        }
    }

    /// Categories that must be on the label too.
    public struct RequiredCategories: Hashable, Sendable {
        /// How many of the choices must be met: exactly one, one at least, each.
        public enum Operation: Hashable, Sendable { case onlyOne, oneOrMore, all }

        public var operation: Operation
        public var choices: [CategoryMatch]
        public var line: Int

        public init(_ operation: Operation, _ choices: [CategoryMatch], line: Int = 0) {
            self.operation = operation
            self.choices = choices
            self.line = line
        }
    }

    /// In which direction an equivalence holds: when we write for others, when we read theirs, or both.
    public enum Applied: Hashable, Sendable {
        case encrypt, decrypt, both

        var outward: Bool { self != .decrypt }
        var inward: Bool { self != .encrypt }
    }

    /// Another policy that this one knows, and what every label translated into it must carry there.
    public struct EquivalentPolicy: Sendable {
        public var name: String
        public var id: OID
        public var required: [RequiredCategories]
        public var line: Int

        public init(name: String, id: OID, required: [RequiredCategories] = [], line: Int = 0) {
            self.name = name
            self.id = id
            self.required = required
            self.line = line
        }
    }

    /// A classification in the terms of another policy, and what must stand beside it there.
    public struct EquivalentClassification: Sendable {
        public var policy: String
        public var lacv: UInt32
        public var applied: Applied
        public var required: [RequiredCategories]
        public var line: Int

        public init(
            policy: String, lacv: UInt32, applied: Applied, required: [RequiredCategories] = [], line: Int = 0
        ) {
            self.policy = policy
            self.lacv = lacv
            self.applied = applied
            self.required = required
            self.line = line
        }
    }

    /// A category in the terms of another policy; one without a key is left out there.
    public struct EquivalentCategory: Sendable {
        public var policy: String
        public var key: CategoryKey?
        public var applied: Applied
        public var line: Int

        public init(policy: String, key: CategoryKey?, applied: Applied, line: Int = 0) {
            self.policy = policy
            self.key = key
            self.applied = applied
            self.line = line
        }
    }
}
