public import Air

/// Who would be shown something.
public enum Audience: Hashable, Sendable, CustomStringConvertible {
    /// The node of a partner.
    case nation(Nation)
    /// Everybody.
    case everybody
    /// People of one's own nation, by their role.
    case operators(role: String)

    public var description: String {
        switch self {
        case .nation(let nation): nation.description
        case .everybody: "the public"
        case .operators(let role): "operators (\(role))"
        }
    }
}

/// The words for the levels of one policy, the lowest first.
public struct ClassificationOrder: Hashable, Sendable {
    public var policy: PolicyID
    /// At most 256.
    public var names: [String]

    public init(policy: PolicyID, names: [String]) {
        self.policy = policy
        self.names = names
    }
}

/// What an audience may see at all, whatever is agreed.
public struct Clearance: Hashable, Sendable {
    public var audience: Audience
    public var policy: PolicyID
    public var classificationMax: UInt8
    /// The caveats that it is cleared for.
    public var caveats: CaveatSet

    public init(_ audience: Audience, policy: PolicyID, classificationMax: UInt8, caveats: CaveatSet = []) {
        self.audience = audience
        self.policy = policy
        self.classificationMax = classificationMax
        self.caveats = caveats
    }
}

/// A policy that contradicts itself.
public enum PolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Two agreements have one name, so that a decision could cite either.
    case duplicateAgreement(String)
    /// An agreement has fewer than two parties.
    case parties(String)
    /// An agreement ends before it begins.
    case force(String)
    /// An agreement permits nothing.
    case nothingPermitted(String)
    /// A policy has two orders, or an audience two clearances of one policy.
    case ambiguous(String)
    /// More than 60,000 agreements.
    case tooMany

    public var description: String {
        switch self {
        case .duplicateAgreement(let name): "two agreements are named \(name); rename one"
        case .parties(let name): "agreement \(name) has fewer than two parties; name two nations, or one and the public"
        case .force(let name): "agreement \(name) ends before it begins; mend its from and to"
        case .nothingPermitted(let name): "agreement \(name) has no clause that permits; add one"
        case .ambiguous(let what): "\(what) stands twice; keep one"
        case .tooMany: "there are more than 60000 agreements; keep fewer"
        }
    }
}

/// What one nation may release, to whom and under which rule: agreements, clearances and the order of classifications.
///
/// A value: the same policy, goods, audience and time always give the same decision.
public struct Policy: Sendable {
    /// The nation that decides.
    public let nation: Nation
    /// The world whose data it decides on.
    public let realm: Realm
    public let vocabulary: Vocabulary
    public let orders: [ClassificationOrder]
    public let clearances: [Clearance]
    /// By their names.
    public let agreements: [Agreement]

    public init(
        nation: Nation, realm: Realm, vocabulary: Vocabulary, orders: [ClassificationOrder], clearances: [Clearance],
        agreements: [Agreement]
    ) throws(PolicyError) {
        self.nation = nation
        self.realm = realm
        self.vocabulary = vocabulary
        self.orders = orders
        self.clearances = clearances
        self.agreements = agreements.sorted { $0.name < $1.name }
        guard agreements.count <= 60_000 else { throw .tooMany }
        var policies: Set<PolicyID> = []
        for order in orders where !policies.insert(order.policy).inserted {
            throw .ambiguous("the order of policy \(vocabulary.name(of: order.policy) ?? "unknown")")
        }
        var cleared: [Audience: Set<PolicyID>] = [:]
        for clearance in clearances
        where !cleared[clearance.audience, default: []].insert(clearance.policy).inserted {
            throw .ambiguous("the clearance of \(clearance.audience)")
        }
        var names: Set<String> = []
        for agreement in agreements {
            guard names.insert(agreement.name).inserted else { throw .duplicateAgreement(agreement.name) }
            let parties = agreement.parties.count + (agreement.parties.includesPublic ? 1 : 0)
            guard parties >= 2, agreement.parties.count >= 1 else { throw .parties(agreement.name) }
            guard agreement.from < agreement.to else { throw .force(agreement.name) }
            guard agreement.clauses.contains(where: { $0.effect == .permit && !$0.kinds.isEmpty }) else {
                throw .nothingPermitted(agreement.name)
            }
        }
    }

    /// The name of a level; nil where the policy is not known or has no such level.
    public func name(ofClassification level: UInt8, in policy: PolicyID) -> String? {
        guard let names = self.orders.first(where: { $0.policy == policy })?.names, Int(level) < names.count else {
            return nil
        }
        return names[Int(level)]
    }
}
