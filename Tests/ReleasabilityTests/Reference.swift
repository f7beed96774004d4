import Air
import Foundation
import Geodesy
import Releasability

/// The rules once more, as slowly and plainly as they can be said: what the room is held against.
struct Reference {
    var policy: Policy
    var places: [Area: Place]

    enum Answer: Hashable {
        case released(by: String?, Redactions, Onward)
        case withheld(Refusal, by: String?)
    }

    /// Names of nations and `public`.
    static func names(_ set: NationSet) -> Set<String> { Set(set.description.split(separator: " ").map(String.init)) }

    func answer(_ goods: Goods, _ audience: Audience, _ time: Timestamp) -> Answer {
        guard let label = goods.label else { return .withheld(.noLabel, by: nil) }
        let levels = self.policy.orders.filter { $0.policy == label.policy }.flatMap(\.names)
        let caveats = Set(label.caveats.caveats)
        let known = Set(self.policy.vocabulary.caveats.map { self.policy.vocabulary.caveat($0) })
        let cleared = self.policy.clearances.filter { $0.audience == audience }
        let here = cleared.filter { $0.policy == label.policy }
        let own = self.policy.nation.description
        let whom: String? =
            switch audience {
            case .nation(let nation): nation.description
            case .everybody: "public"
            case .operators: nil
            }
        let originators = Self.names(label.originators)
        let releasable = label.releasableTo.map(Self.names) ?? []
        let general: [(Refusal, Bool)] = [
            (.unknownPolicy, levels.isEmpty),
            (.unknownClassification, Int(label.classification) >= levels.count),
            (.unknownCaveat, !caveats.isSubset(of: known)),
            (.noOriginator, originators.isEmpty),
            (.wrongRealm, goods.realm.description != self.policy.realm.description),
            (.ownNation, whom == own),
            (.unknownAudience, cleared.isEmpty),
            (.notCleared, !here.contains { $0.classificationMax >= label.classification }),
            (.notClearedForCaveat, !here.contains { caveats.isSubset(of: Set($0.caveats.caveats)) }),
            (
                .notReleasableTo,
                whom.map { !releasable.contains($0) } ?? (!releasable.contains(own) && originators != [own])
            ),
            (.badPosition, goods.position.map { !Self.isOnGlobe($0) } ?? false),
            (.badTime, goods.measuredAt.nanoseconds == .min || goods.measuredAt > time.advanced(by: 10)),
        ]
        if let broken = general.first(where: \.1) { return .withheld(broken.0, by: nil) }
        guard let whom else { return .released(by: nil, Redactions(), label.onward) }
        var permits: [(name: String, Redactions, Onward)] = []
        var refusals: [(name: String, Refusal)] = []
        for agreement in self.policy.agreements.sorted(by: { $0.name < $1.name }) {
            guard Self.names(agreement.parties).isSuperset(of: [own, whom]) else { continue }
            let clauses = agreement.clauses.filter { $0.kinds.contains(goods.kind) }
            let permitting = clauses.filter { $0.effect == .permit }
            let here = permitting.filter { self.isPlaced(goods, $0) }
            let applying = here.filter { self.isHigh(goods, $0) }
            let limiting = clauses.filter { $0.effect == .restrict && self.mayApply(goods, $0) }
            let others = originators.subtracting([own, whom])
            let rules: [(Refusal, Bool)] = [
                (.otherRealm, agreement.realm.description != self.policy.realm.description),
                (.noLongerInForce, time >= agreement.to),
                (.notYetInForce, time < agreement.from),
                (.kindNotCovered, permitting.isEmpty),
                (.originatorNotCovered, !originators.isSubset(of: Self.names(agreement.originators))),
                (.policyNotCovered, agreement.policy != label.policy),
                (.classificationNotCovered, agreement.classificationMax < label.classification),
                (.caveatNotCovered, !caveats.isSubset(of: Set(agreement.caveats.caveats))),
                (.onwardNever, !others.isEmpty && label.onward == .never),
                (
                    .originatorControl,
                    label.onward == .originatorConsent && !others.isSubset(of: Self.names(agreement.consents))
                ),
                (.forbidden, clauses.contains { $0.effect == .forbid && self.mayApply(goods, $0) }),
                (.outsideArea, here.isEmpty),
                (.outsideHeights, applying.isEmpty),
                (
                    .tooYoung,
                    (applying + limiting).contains {
                        $0.delay > 0 && time.seconds(since: goods.measuredAt) < Double($0.delay)
                    }
                ),
            ]
            if let broken = rules.first(where: \.1) {
                refusals.append((agreement.name, broken.0))
            } else {
                let all = (applying + limiting).map(\.redactions)
                let redactions = Redactions(
                    positionGrid: all.map(\.positionGrid).max() ?? 0, timeGrid: all.map(\.timeGrid).max() ?? 0,
                    parts: all.reduce(into: []) { $0.formUnion($1.parts) })
                permits.append(
                    (agreement.name, redactions, [agreement.onward, label.onward].min() ?? .never))
            }
        }
        func rank(_ r: Redactions, _ onward: Onward) -> [Int] {
            [
                Int(r.positionGrid), Int(r.timeGrid), r.parts.contains(.identities) ? 1 : 0,
                r.parts.contains(.height) ? 1 : 0, r.parts.contains(.sensors) ? 1 : 0, -Int(onward.rawValue),
            ]
        }
        // The first of the smallest: `min` keeps the first of equals.
        if let widest = permits.min(by: { rank($0.1, $0.2).lexicographicallyPrecedes(rank($1.1, $1.2)) }) {
            return .released(by: widest.name, widest.1, widest.2)
        }
        guard let farthest = refusals.map(\.1).max() else { return .withheld(.noAgreement, by: nil) }
        return .withheld(farthest, by: refusals.first { $0.1 == farthest }?.name)
    }

    static func isOnGlobe(_ p: Geodetic) -> Bool {
        p.latitude >= -.pi / 2 && p.latitude <= .pi / 2 && p.longitude >= -.pi && p.longitude <= .pi
    }

    func isPlaced(_ goods: Goods, _ clause: Clause) -> Bool {
        guard let areas = clause.areas else { return true }
        guard let p = goods.position else { return false }
        return areas.contains { self.places[$0]?.isInside(p.latitude, p.longitude) == true }
    }

    func isHigh(_ goods: Goods, _ clause: Clause) -> Bool {
        guard let heights = clause.heights else { return true }
        guard let height = goods.position?.height, height.isFinite else { return false }
        return height >= heights.lowerBound && height <= heights.upperBound
    }

    /// A clause that forbids does so unless it is known that it does not apply.
    func mayApply(_ goods: Goods, _ clause: Clause) -> Bool {
        let isElsewhere = goods.position != nil && !self.isPlaced(goods, clause) || clause.areas?.isEmpty == true
        let isKnownHeight = goods.position?.height.isFinite == true
        return !isElsewhere && !(isKnownHeight && !self.isHigh(goods, clause))
    }

    /// Whether a polygon winds around a place: the azimuths to its corners go once about. Seen from a place, a geodesic
    /// turns by less than half a circle.
    static func winds(_ corners: [Geodetic], around place: Geodetic) -> Bool {
        // What is far away may have the polygon around its antipode.
        guard corners[0].geodesic(to: place).distance < 6_000_000 else { return false }
        let azimuths = corners.map { place.geodesic(to: $0).azimuth }
        let turns = azimuths.indices.map { wrappedAngle(azimuths[($0 + 1) % azimuths.count] - azimuths[$0]) }
        return abs(turns.reduce(0, +)) > .pi
    }
}
