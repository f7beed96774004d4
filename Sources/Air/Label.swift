/// The policy that a label's classification is a word of: its number in a `Vocabulary`.
@frozen public struct PolicyID: Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// No policy that is known, or several at once: nothing is released under it.
    @inlinable public static var unknown: Self { Self(rawValue: 0) }
}

/// A restriction that only those who are cleared for it by name may pass: its number in a `Vocabulary`, 0...127.
@frozen public struct Caveat: Hashable, Sendable {
    public let rawValue: UInt8

    /// Numbers above 127 are taken for the unknown caveat.
    @inlinable public init(rawValue: UInt8) { self.rawValue = min(rawValue, 127) }

    /// A caveat that the vocabulary has no room for. Nobody is cleared for it.
    @inlinable public static var unknown: Self { Self(rawValue: 127) }
}

/// A set of caveats.
@frozen public struct CaveatSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt128

    @inlinable public init(rawValue: UInt128) { self.rawValue = rawValue }

    /// The set of one caveat.
    @inlinable public init(_ caveat: Caveat) { self.rawValue = 1 << UInt128(caveat.rawValue) }

    /// The set of the unknown caveat.
    @inlinable public static var unknown: Self { Self(Caveat.unknown) }

    @inlinable public func contains(_ caveat: Caveat) -> Bool { self.contains(Self(caveat)) }

    /// Its caveats by their numbers.
    public var caveats: [Caveat] {
        var caveats: [Caveat] = []
        var rest = self.rawValue
        while rest != 0 {
            caveats.append(Caveat(rawValue: UInt8(rest.trailingZeroBitCount)))
            rest &= rest - 1
        }
        return caveats
    }
}

/// What a receiver may do with goods that others originated; the smaller is the narrower.
@frozen public enum Onward: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    /// They are for the receiver alone.
    case never = 0
    /// Each passing on needs the originator's consent: originator control (ORCON).
    case originatorConsent = 1
    /// They may be passed on to whom the label names.
    case releasable = 2

    /// The word of files and texts.
    public var name: String {
        switch self {
        case .never: "never"
        case .originatorConsent: "originator-consent"
        case .releasable: "releasable"
        }
    }

    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Who made a datum, how it is classified, to whom it may go: what rides on every datum.
///
/// Labels are a semilattice: `combined(with:)` is associative, commutative and idempotent, and what comes out is never wider
/// than what went in.
///
/// Source: D. E. Denning, "A lattice model of secure information flow", CACM 19 (1976).
@frozen public struct Label: Hashable, Sendable {
    /// Whose words the classification and the caveats are.
    public var policy: PolicyID
    /// The level in the policy's order, the lowest 0.
    public var classification: UInt8
    /// The nations whose sensors or people the datum is made from. Nothing without an originator is released.
    public var originators: NationSet
    /// Whom it may be shown to; nil where nobody has said it, which is nobody.
    public var releasableTo: NationSet?
    /// Restrictions that a receiver must be cleared for, each of them.
    public var caveats: CaveatSet
    /// What a receiver may do with it.
    public var onward: Onward

    public init(
        policy: PolicyID, classification: UInt8, originators: NationSet, releasableTo: NationSet? = nil,
        caveats: CaveatSet = [], onward: Onward = .never
    ) {
        self.policy = policy
        self.classification = classification
        self.originators = originators
        self.releasableTo = releasableTo
        self.caveats = caveats
        self.onward = onward
    }

    /// The label of what is derived from both: the join.
    ///
    /// The higher classification, the common part of the releasable-to, all caveats, all originators, the narrower onward
    /// rule. Words of two policies cannot be compared: their join is of `PolicyID.unknown`, so translate before.
    public func combined(with other: Label) -> Label {
        var both: NationSet?
        if let mine = self.releasableTo, let theirs = other.releasableTo { both = mine.intersection(theirs) }
        return Label(
            policy: self.policy == other.policy ? self.policy : .unknown,
            classification: max(self.classification, other.classification),
            originators: self.originators.union(other.originators), releasableTo: both,
            caveats: self.caveats.union(other.caveats), onward: min(self.onward, other.onward))
    }

    /// The label of what is derived from all of `labels`; nil, which is for nobody, if one of them is missing or none is
    /// given.
    public static func combine(_ labels: some Sequence<Label?>) -> Label? {
        var result: Label?
        for label in labels {
            guard let label else { return nil }
            result = result?.combined(with: label) ?? label
        }
        return result
    }

    /// Whether it is in every part as narrow as `other` or narrower: `combined(with: other)` is itself.
    public func isAsNarrow(as other: Label) -> Bool {
        let reaches =
            switch (self.releasableTo, other.releasableTo) {
            case (nil, _): true
            case (_, nil): false
            case (let mine?, let theirs?): mine.isSubset(of: theirs)
            }
        return reaches && (self.policy == other.policy || self.policy == .unknown)
            && self.classification >= other.classification && other.originators.isSubset(of: self.originators)
            && self.caveats.isSuperset(of: other.caveats) && self.onward <= other.onward
    }
}

/// A datum with its label; a missing label is for nobody.
public struct Labelled<Payload: Sendable>: Sendable {
    public var payload: Payload
    public var label: Label?

    public init(_ payload: Payload, label: Label?) {
        self.payload = payload
        self.label = label
    }
}

/// The names of policies and caveats, each with its number, so that labels are small and compare at once.
///
/// Numbers mean something only beside the vocabulary that gave them: they are never sent or stored. Register the names of
/// one's own policies first, so that foreign texts cannot take the room.
public struct Vocabulary: Hashable, Sendable {
    /// The names of policies (an object identifier or a name); the number of the first is 1.
    public private(set) var policies: [String] = []
    /// The names of caveats; the number of the first is 0.
    public private(set) var caveats: [String] = []

    /// How many policies have room; more are unknown.
    public static let policiesMax = 1024
    /// How many caveats have room; more are unknown.
    public static let caveatsMax = 127

    public init() {}

    /// The number of a policy that is known; `unknown` for any other.
    public func policy(_ name: some StringProtocol) -> PolicyID {
        self.policies.firstIndex { $0 == name }.map { PolicyID(rawValue: UInt16($0 + 1)) } ?? .unknown
    }

    /// The number of a policy, which is known from now on; `unknown` if there is no room or no name.
    public mutating func register(policy name: String) -> PolicyID {
        let known = self.policy(name)
        guard known == .unknown, !name.isEmpty, self.policies.count < Self.policiesMax else { return known }
        self.policies.append(name)
        return PolicyID(rawValue: UInt16(self.policies.count))
    }

    /// The number of a caveat that is known; `unknown` for any other.
    public func caveat(_ name: some StringProtocol) -> Caveat {
        self.caveats.firstIndex { $0 == name }.map { Caveat(rawValue: UInt8($0)) } ?? .unknown
    }

    /// The number of a caveat, which is known from now on; `unknown` if there is no room or no name.
    public mutating func register(caveat name: String) -> Caveat {
        let known = self.caveat(name)
        guard known == .unknown, !name.isEmpty, self.caveats.count < Self.caveatsMax else { return known }
        self.caveats.append(name)
        return Caveat(rawValue: UInt8(self.caveats.count - 1))
    }

    /// The name of a policy; nil if it has none.
    public func name(of policy: PolicyID) -> String? {
        let index = Int(policy.rawValue) - 1
        return self.policies.indices.contains(index) ? self.policies[index] : nil
    }

    /// The name of a caveat; nil if it has none.
    public func name(of caveat: Caveat) -> String? {
        let index = Int(caveat.rawValue)
        return self.caveats.indices.contains(index) ? self.caveats[index] : nil
    }

    /// All caveats that have a name.
    public var known: CaveatSet {
        // 127 names fill all bits but the one of the unknown.
        CaveatSet(rawValue: (1 << UInt128(self.caveats.count)) - 1)
    }
}
