public import Air
internal import Geodesy

/// A policy made ready for one audience and one kind of goods: what depends on the label alone is decided beforehand.
///
/// It gives the verdicts of `Policy.verdict`, at any time. Make it anew when the policy changes.
public struct CompiledRelease: Sendable {
    /// A datum to judge.
    @frozen public struct Item: Sendable {
        /// What `number(of:)` gave.
        public var label: UInt32
        public var spot: Spot

        @inlinable public init(label: UInt32, _ spot: Spot) {
            self.label = label
            self.spot = spot
        }
    }

    private struct Candidate: Sendable {
        var from: Timestamp
        var to: Timestamp
        var agreement: UInt16
        var onward: Onward
        var isOtherRealm: Bool
        var coversKind: Bool
        var firstClause: Int32
        var clauseCount: Int32

        /// What forbids any label at a time.
        @inline(__always) func refusal(at time: Timestamp) -> Refusal? {
            if self.isOtherRealm { return .otherRealm }
            if time >= self.to { return .noLongerInForce }
            if time < self.from { return .notYetInForce }
            return self.coversKind ? nil : .kindNotCovered
        }
    }

    private struct Conditions: Sendable {
        var effect: Clause.Effect
        var isEverywhere: Bool
        var heights: ClosedRange<Double>?
        var delay: UInt32
        var redactions: Redactions
        var firstArea: Int32
        var areaCount: Int32
    }

    public let policy: Policy
    public let audience: Audience
    public let kind: GoodsKind
    public let realm: Realm
    private let isForOperators: Bool
    private var candidates: [Candidate] = []
    private var clauses: [Conditions] = []
    private var areas: [AreaBounds] = []
    private var sides: [Area.Side] = []
    /// Of each label, the reason that no agreement can help.
    private var refusals: [Refusal?] = []
    /// Of each label and candidate, the reason that the label gives under it.
    private var refusalsUnder: [Refusal?] = []
    private var onward: [Onward] = []
    private var labels: [Label?] = []
    private var numbers: [Label: UInt32] = [:]

    /// - Parameter realm: of the goods.
    public init(_ policy: Policy, to audience: Audience, kind: GoodsKind, realm: Realm) {
        self.policy = policy
        self.audience = audience
        self.kind = kind
        self.realm = realm
        if case .operators = audience { self.isForOperators = true } else { self.isForOperators = false }
        for (index, agreement) in policy.agreements.enumerated() where policy.isBetween(agreement, audience) {
            let clauses = agreement.clauses.filter { $0.kinds.contains(kind) }
            self.candidates.append(
                Candidate(
                    from: agreement.from, to: agreement.to, agreement: UInt16(index), onward: agreement.onward,
                    isOtherRealm: agreement.realm != policy.realm,
                    coversKind: clauses.contains { $0.effect == .permit },
                    firstClause: Int32(self.clauses.count), clauseCount: Int32(clauses.count)))
            for clause in clauses { self.append(clause) }
        }
        self.append(nil)
    }

    private mutating func append(_ clause: Clause) {
        self.clauses.append(
            Conditions(
                effect: clause.effect, isEverywhere: clause.areas == nil, heights: clause.heights,
                delay: clause.delay, redactions: clause.redactions, firstArea: Int32(self.areas.count),
                areaCount: Int32(clause.areas?.count ?? 0)))
        for area in clause.areas ?? [] {
            self.areas.append(AreaBounds(area, firstSide: self.sides.count))
            self.sides += area.sides
        }
    }

    private mutating func append(_ label: Label?) {
        self.refusals.append(self.policy.refusal(label, realm: self.realm, to: self.audience))
        self.onward.append(label?.onward ?? .never)
        self.labels.append(label)
        for candidate in self.candidates {
            let agreement = self.policy.agreements[Int(candidate.agreement)]
            self.refusalsUnder.append(
                label.map { self.policy.refusal($0, to: self.audience, under: agreement) } ?? .noLabel)
        }
    }

    /// How many labels are kept; those beyond are withheld as if they were missing.
    public static let labelsMax = 1 << 20

    /// The number of a label, for `Item`; a missing label is 0.
    ///
    /// - Complexity: O(1) for a label that was asked for before, else O(agreements).
    public mutating func number(of label: Label?) -> UInt32 {
        guard let label else { return 0 }
        if let number = self.numbers[label] { return number }
        guard self.refusals.count < Self.labelsMax else { return 0 }
        let number = UInt32(self.refusals.count)
        self.numbers[label] = number
        self.append(label)
        return number
    }

    /// The label of a number; nil if nobody gave it.
    func label(_ number: UInt32) -> Label? {
        Int(number) < self.labels.count ? self.labels[Int(number)] : nil
    }

    /// How old goods must be under the agreements with this audience, seconds; the least first.
    public var delays: [UInt32] {
        let delays = self.clauses.filter { $0.effect != .forbid }.map(\.delay)
        return Set(delays).sorted()
    }

    /// Judges many goods.
    ///
    /// - Parameter verdicts: as many as `items`; what is left over stays as it is.
    /// - Complexity: O(items × agreements with the audience × clauses); no allocation.
    public func judge(_ items: Span<Item>, at time: Timestamp, into verdicts: inout MutableSpan<Verdict>) {
        for i in 0..<min(items.count, verdicts.count) { verdicts[i] = self.verdict(items[i], at: time) }
    }

    /// Judges one datum.
    @inline(__always) public func verdict(_ item: Item, at time: Timestamp) -> Verdict {
        let refusals = self.refusals.span
        // A number that nobody gave is no label.
        let label = Int(item.label) < refusals.count ? Int(item.label) : 0
        if let refusal = refusals[label] ?? item.spot.refusal(at: time) { return .withheld(refusal) }
        if self.isForOperators {
            return Verdict(
                refusal: nil, onward: self.onward[label], agreement: Verdict.noAgreement, redactions: Redactions())
        }
        let candidates = self.candidates.span, refusalsUnder = self.refusalsUnder.span
        let age = time.nanoseconds &- item.spot.measuredAt.nanoseconds
        var best = Verdict.withheld(.noAgreement)
        for c in 0..<candidates.count {
            let candidate = candidates[c]
            if let early = candidate.refusal(at: time) ?? refusalsUnder[label * candidates.count + c] {
                best.consider(.withheld(early, by: candidate.agreement))
                continue
            }
            let terms = self.terms(item.spot, candidate)
            best.consider(
                terms.verdict(
                    age: age, onward: min(self.onward[label], candidate.onward), by: candidate.agreement))
        }
        return best
    }

    /// What the clauses of an agreement come to for a datum.
    @inline(__always) private func terms(_ spot: Spot, _ candidate: Candidate) -> Terms {
        let clauses = self.clauses.span, areas = self.areas.span, sides = self.sides.span
        var terms = Terms()
        for k in Int(candidate.firstClause)..<Int(candidate.firstClause + candidate.clauseCount) {
            let clause = clauses[k]
            var isPlaced = clause.isEverywhere
            if !isPlaced, spot.hasPosition {
                for a in Int(clause.firstArea)..<Int(clause.firstArea + clause.areaCount)
                where areas[a].contains(
                    latitude: spot.position.latitude, longitude: spot.position.longitude, sides)
                {
                    isPlaced = true
                    break
                }
            }
            terms.apply(
                clause.effect, delay: clause.delay, clause.redactions, isPlaced: isPlaced,
                mayBePlaced: isPlaced || !spot.hasPosition && clause.areaCount > 0,
                heights: clause.heights, spot.position.height)
        }
        return terms
    }
}
