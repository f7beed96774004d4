public import Air
internal import Geodesy

/// A decision for people: the answer, the rule that gave it, and a sentence that says why.
public struct Decision: Sendable, CustomStringConvertible {
    /// The answer.
    public enum Answer: Hashable, Sendable {
        case release
        case redact(Redactions)
        case withhold(Refusal)
    }

    public let answer: Answer
    /// The agreement that decided, or came nearest to; nil where none was asked.
    public let agreement: String?
    /// Why, in one sentence.
    public let explanation: String
    /// The same for the machine.
    public let verdict: Verdict

    /// The name of the rule: that of the agreement which permits, or of the refusal.
    public var rule: String {
        switch self.answer {
        case .withhold(let refusal): refusal.name
        case .release, .redact: self.agreement ?? "own-operators"
        }
    }

    public var description: String { self.explanation }
}

extension Policy {
    /// What may go to an audience at a time, and why.
    ///
    /// The answer is that of `verdict`; the sentence costs some microseconds.
    public func decide(_ goods: Goods, to audience: Audience, at time: Timestamp) -> Decision {
        let verdict = self.verdict(goods, to: audience, at: time)
        let agreement =
            verdict.agreement == Verdict.noAgreement ? nil : self.agreements[Int(verdict.agreement)]
        let answer: Decision.Answer =
            verdict.refusal.map { .withhold($0) }
            ?? (verdict.redactions.isEmpty ? .release : .redact(verdict.redactions))
        let sentence =
            verdict.refusal.map {
                "withheld from \(audience): " + self.reason($0, goods, to: audience, at: time, agreement)
            } ?? self.permission(verdict, goods, to: audience, agreement)
        return Decision(answer: answer, agreement: agreement?.name, explanation: sentence, verdict: verdict)
    }

    /// What an audience may be shown at a time, whatever the goods: a sentence for each agreement with it.
    public func terms(for audience: Audience, at time: Timestamp) -> [String] {
        self.agreements.filter { self.isBetween($0, audience) }.map { agreement in
            let force =
                agreement.realm != self.realm
                ? "is of realm \(agreement.realm), not \(self.realm)"
                : time < agreement.from
                    ? "begins \(Self.day(agreement.from))"
                    : time >= agreement.to
                        ? "ended \(Self.day(agreement.to))" : "is in force until \(Self.day(agreement.to))"
            let clauses = agreement.clauses.map { clause in
                let kinds = clause.kinds.map(\.description).sorted().joined(separator: ", ")
                var text = Self.verb(clause.effect) + " \(kinds)"
                if let areas = clause.areas {
                    text += areas.count == 1 ? " in one area" : " in \(areas.count) areas"
                }
                if let heights = clause.heights {
                    text += " from \(Self.number(heights.lowerBound)) m to \(Self.number(heights.upperBound)) m"
                }
                if clause.delay > 0 { text += ", \(clause.delay) s old or older" }
                let taken = Self.words(clause.redactions)
                return text + (taken.isEmpty || clause.effect == .forbid ? "" : ", " + taken)
            }
            return "\(agreement.name) \(force): it " + clauses.joined(separator: "; it ")
        }
    }

    private static func verb(_ effect: Clause.Effect) -> String {
        switch effect {
        case .permit: "releases"
        case .restrict: "restricts"
        case .forbid: "never releases"
        }
    }

    private func permission(
        _ verdict: Verdict, _ goods: Goods, to audience: Audience, _ agreement: Agreement?
    ) -> String {
        guard let agreement else { return "released to \(audience): they are of \(self.nation), cleared and named" }
        let others = self.agreements.count { $0.name != agreement.name && self.isBetween($0, audience) }
        let taken = Self.words(verdict.redactions)
        return "released to \(audience): agreement \(agreement.name) covers \(goods.kind) of originator "
            + "\(goods.label.map { "\($0.originators)" } ?? "")" + (taken.isEmpty ? "" : ", \(taken)")
            + "; onward: \(verdict.onward.name)"
            + (others == 0 ? "" : "; none of the \(others) others with \(audience) permits more")
    }

    private func reason(
        _ refusal: Refusal, _ goods: Goods, to audience: Audience, at time: Timestamp, _ agreement: Agreement?
    ) -> String {
        let label = goods.label
        let originators = label.map { "\($0.originators)" } ?? ""
        let name = agreement?.name ?? ""
        let level = label.map {
            self.name(ofClassification: $0.classification, in: $0.policy) ?? "\($0.classification)"
        }
        let policy = label.flatMap { self.vocabulary.name(of: $0.policy) } ?? "unknown"
        switch refusal {
        case .noLabel: return "they carry no label"
        case .unknownPolicy: return "the label's policy (\(policy)) is not known here"
        case .unknownClassification: return "policy \(policy) has no level \(label?.classification ?? 0)"
        case .unknownCaveat: return "the label has a caveat that is not known here"
        case .noOriginator: return "the label names no originator"
        case .wrongRealm: return "they are of realm \(goods.realm), and this node decides on \(self.realm)"
        case .ownNation: return "\(self.nation) is this node's own nation and no partner"
        case .unknownAudience: return "no clearance is kept for it"
        case .notCleared: return "it is not cleared for \(level ?? "") of policy \(policy)"
        case .notClearedForCaveat:
            let caveats = self.clearances.first { $0.audience == audience && $0.policy == label?.policy }?.caveats ?? []
            return "it is not cleared for caveat \(self.names(label?.caveats.subtracting(caveats) ?? []))"
        case .notReleasableTo:
            return label?.releasableTo.map {
                $0.isEmpty ? "the label is releasable to nobody" : "the label is releasable to \($0) only"
            }
                ?? "the label does not say to whom it is releasable"
        case .badPosition: return "their position is no place on the globe"
        case .badTime: return "their time of measurement (\(goods.measuredAt)) is ahead of the clock, or no time"
        case .noAgreement: return "no agreement between \(self.nation) and it is kept here"
        case .otherRealm, .noLongerInForce, .notYetInForce:
            let why =
                refusal == .otherRealm
                ? "is of another realm"
                : refusal == .notYetInForce
                    ? "begins \(Self.day(agreement?.from ?? time))" : "ended \(Self.day(agreement?.to ?? time))"
            return "no agreement in force covers \(goods.kind) of originator \(originators) (agreement \(name) \(why))"
        case .kindNotCovered: return "agreement \(name) does not cover \(goods.kind)"
        case .originatorNotCovered:
            let uncovered = label?.originators.subtracting(agreement?.originators ?? []) ?? []
            return "agreement \(name) does not cover goods of originator \(uncovered)"
        case .policyNotCovered: return "agreement \(name) does not cover labels of policy \(policy)"
        case .classificationNotCovered:
            let most = agreement.flatMap { self.name(ofClassification: $0.classificationMax, in: $0.policy) } ?? ""
            return "they are \(level ?? ""), and agreement \(name) goes up to \(most)"
        case .caveatNotCovered:
            let caveats = label?.caveats.subtracting(agreement?.caveats ?? []) ?? []
            return "agreement \(name) does not cover caveat \(self.names(caveats))"
        case .onwardNever: return "they are of originator \(originators), who lets nobody pass them on"
        case .originatorControl:
            var others = label?.originators.subtracting(agreement?.consents ?? []) ?? []
            others.remove(self.nation)
            if case .nation(let nation) = audience { others.remove(nation) }
            return "they are under originator control, and agreement \(name) records no consent of \(others)"
        case .outsideArea:
            return goods.position == nil
                ? "they have no position, and agreement \(name) covers areas only"
                : "they are outside the areas of agreement \(name)"
        case .outsideHeights:
            return goods.position?.height.isFinite == true
                ? "their height (\(Self.number(goods.position?.height ?? 0)) m) is outside that of agreement \(name)"
                : "their height is not known, and agreement \(name) asks for it"
        case .tooYoung: return "agreement \(name) asks for a delay, and they are not old enough yet"
        case .forbidden: return "agreement \(name) forbids \(goods.kind) there"
        }
    }

    private func names(_ caveats: CaveatSet) -> String {
        caveats.caveats.map { self.vocabulary.name(of: $0) ?? "unknown" }.joined(separator: ", ")
    }

    private static func words(_ redactions: Redactions) -> String {
        var words: [String] = []
        if redactions.positionGrid > 0 { words.append("position to \(redactions.positionGrid) m") }
        if redactions.timeGrid > 0 { words.append("times to \(redactions.timeGrid) ms") }
        for (name, part) in Redactions.Parts.names where redactions.parts.contains(part) {
            words.append("without \(name)")
        }
        return words.joined(separator: ", ")
    }

    /// The day of an instant, with its time where that is not midnight.
    private static func day(_ time: Timestamp) -> String {
        let text = "\(time)"
        return time.secondsOfDay == 0 ? String(text.prefix(10)) : String(text.prefix(19)) + "Z"
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value.rounded()).map { "\($0)" } ?? "\(value)"
    }
}
