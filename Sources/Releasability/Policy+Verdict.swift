public import Air
internal import Geodesy

extension Policy {
    /// What may go to an audience at a time: the rules one after the other, as they are written.
    ///
    /// Total: whatever is not known is withheld. `CompiledRelease` answers the same for many goods of one audience.
    ///
    /// - Complexity: O(agreements × clauses × sides of areas); no allocation.
    public func verdict(_ goods: Goods, to audience: Audience, at time: Timestamp) -> Verdict {
        if let refusal = self.refusal(goods.label, realm: goods.realm, to: audience) { return .withheld(refusal) }
        guard let label = goods.label else { return .withheld(.noLabel) }
        let spot = Spot(position: goods.position, measuredAt: goods.measuredAt)
        if let refusal = spot.refusal(at: time) { return .withheld(refusal) }
        if case .operators = audience {
            return Verdict(refusal: nil, onward: label.onward, agreement: Verdict.noAgreement, redactions: Redactions())
        }
        var best = Verdict.withheld(.noAgreement)
        for (index, agreement) in self.agreements.enumerated() where self.isBetween(agreement, audience) {
            best.consider(
                self.verdict(
                    goods.kind, label, spot, to: audience, at: time, under: agreement, UInt16(index)))
        }
        return best
    }

    /// Whether an agreement binds this nation and the audience.
    func isBetween(_ agreement: Agreement, _ audience: Audience) -> Bool {
        guard agreement.parties.contains(self.nation) else { return false }
        switch audience {
        case .nation(let nation): return agreement.parties.contains(nation)
        case .everybody: return agreement.parties.includesPublic
        case .operators: return false
        }
    }

    private func verdict(
        _ kind: GoodsKind, _ label: Label, _ spot: Spot, to audience: Audience, at time: Timestamp,
        under agreement: Agreement, _ index: UInt16
    ) -> Verdict {
        guard agreement.realm == self.realm else { return .withheld(.otherRealm, by: index) }
        guard time < agreement.to else { return .withheld(.noLongerInForce, by: index) }
        guard time >= agreement.from else { return .withheld(.notYetInForce, by: index) }
        guard agreement.clauses.contains(where: { $0.effect == .permit && $0.kinds.contains(kind) }) else {
            return .withheld(.kindNotCovered, by: index)
        }
        if let refusal = self.refusal(label, to: audience, under: agreement) { return .withheld(refusal, by: index) }
        var terms = Terms()
        for clause in agreement.clauses where clause.kinds.contains(kind) {
            let isPlaced =
                clause.areas.map { areas in
                    spot.hasPosition
                        && areas.contains {
                            $0.contains(latitude: spot.position.latitude, longitude: spot.position.longitude)
                        }
                } ?? true
            terms.apply(
                clause.effect, delay: clause.delay, clause.redactions, isPlaced: isPlaced,
                mayBePlaced: isPlaced || !spot.hasPosition && clause.areas?.isEmpty == false,
                heights: clause.heights, spot.position.height)
        }
        return terms.verdict(
            age: time.nanoseconds &- spot.measuredAt.nanoseconds, onward: min(label.onward, agreement.onward), by: index
        )
    }

    /// What a label and a realm alone forbid to an audience.
    func refusal(_ label: Label?, realm: Realm, to audience: Audience) -> Refusal? {
        guard let label else { return .noLabel }
        guard label.policy != .unknown, let order = self.orders.first(where: { $0.policy == label.policy }) else {
            return .unknownPolicy
        }
        guard Int(label.classification) < order.names.count else { return .unknownClassification }
        guard self.vocabulary.known.isSuperset(of: label.caveats) else { return .unknownCaveat }
        guard label.originators.count > 0 else { return .noOriginator }
        guard realm == self.realm else { return .wrongRealm }
        if case .nation(self.nation) = audience { return .ownNation }
        guard self.clearances.contains(where: { $0.audience == audience }) else { return .unknownAudience }
        guard
            let clearance = self.clearances.first(where: { $0.audience == audience && $0.policy == label.policy }),
            label.classification <= clearance.classificationMax
        else { return .notCleared }
        guard clearance.caveats.isSuperset(of: label.caveats) else { return .notClearedForCaveat }
        let isNamed =
            switch audience {
            case .nation(let nation): label.releasableTo?.contains(nation) == true
            case .everybody: label.releasableTo?.includesPublic == true
            case .operators:
                label.releasableTo?.contains(self.nation) == true || label.originators == [self.nation]
            }
        return isNamed ? nil : .notReleasableTo
    }

    /// What a label alone forbids under an agreement.
    func refusal(_ label: Label, to audience: Audience, under agreement: Agreement) -> Refusal? {
        guard label.originators.isSubset(of: agreement.originators) else { return .originatorNotCovered }
        guard label.policy == agreement.policy else { return .policyNotCovered }
        guard label.classification <= agreement.classificationMax else { return .classificationNotCovered }
        guard agreement.caveats.isSuperset(of: label.caveats) else { return .caveatNotCovered }
        // What is neither one's own nor the receiver's is passed on, and the originator's rule holds.
        var others = label.originators
        others.remove(self.nation)
        if case .nation(let nation) = audience { others.remove(nation) }
        guard !others.isEmpty else { return nil }
        switch label.onward {
        case .never: return .onwardNever
        case .originatorConsent: return others.isSubset(of: agreement.consents) ? nil : .originatorControl
        case .releasable: return nil
        }
    }
}

extension Verdict {
    /// Takes the verdict of one more agreement: what permits more, or else what came farther; the first of equals stays.
    @inline(__always) mutating func consider(_ other: Verdict) {
        switch (self.refusal, other.refusal) {
        case (nil, nil):
            if other.redactions.isWider(than: self.redactions)
                || other.redactions == self.redactions && other.onward > self.onward
            {
                self = other
            }
        case (nil, _): break
        case (_, nil): self = other
        case (let mine?, let theirs?): if theirs.rawValue > mine.rawValue { self = other }
        }
    }
}

/// What the clauses of one agreement come to.
struct Terms {
    private var isPermitted = false
    private var isForbidden = false
    private var farthest = Refusal.outsideArea
    private var delay: UInt32 = 0
    private var redactions = Redactions()

    /// Takes one clause.
    ///
    /// - Parameters:
    ///   - isPlaced: whether the goods are known to lie in its areas.
    ///   - mayBePlaced: whether they may lie there, for all that is known.
    @inline(__always) mutating func apply(
        _ effect: Clause.Effect, delay: UInt32, _ redactions: Redactions, isPlaced: Bool, mayBePlaced: Bool,
        heights: ClosedRange<Double>?, _ height: Double
    ) {
        switch effect {
        case .restrict, .forbid:
            // A height that is not known may be within.
            guard mayBePlaced else { return }
            if let heights, height.isFinite, !heights.contains(height) { return }
            if effect == .forbid {
                self.isForbidden = true
            } else {
                self.delay = max(self.delay, delay)
                self.redactions = self.redactions.combined(with: redactions)
            }
        case .permit:
            guard isPlaced else { return }
            if let heights, !height.isFinite || !heights.contains(height) {
                self.farthest = .outsideHeights
                return
            }
            self.isPermitted = true
            self.delay = max(self.delay, delay)
            self.redactions = self.redactions.combined(with: redactions)
        }
    }

    /// - Parameter age: since the measurement, nanoseconds.
    @inline(__always) func verdict(age: Int64, onward: Onward, by agreement: UInt16) -> Verdict {
        if self.isForbidden { return .withheld(.forbidden, by: agreement) }
        if !self.isPermitted { return .withheld(self.farthest, by: agreement) }
        if self.delay > 0, age < Int64(self.delay) * 1_000_000_000 { return .withheld(.tooYoung, by: agreement) }
        return Verdict(refusal: nil, onward: onward, agreement: agreement, redactions: self.redactions)
    }
}
