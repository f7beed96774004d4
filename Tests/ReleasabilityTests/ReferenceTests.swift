import Air
import Geodesy
import Releasability
import Testing

extension Policy {
    /// A verdict in the words of the reference.
    func answer(_ verdict: Verdict) -> Reference.Answer {
        let name = verdict.agreement == Verdict.noAgreement ? nil : self.agreements[Int(verdict.agreement)].name
        return verdict.refusal.map { .withheld($0, by: name) }
            ?? .released(by: name, verdict.redactions, verdict.onward)
    }
}

@Suite("Decisions beside the reference")
struct ReferenceTests {
    @Test("120,000 random decisions are the reference's, compiled or not", arguments: 1...4 as ClosedRange<UInt64>)
    func differential(seed: UInt64) throws {
        var chance = Chance(state: seed)
        let places = try World.places()
        var seen: [String: Int] = [:]
        var different = 0
        for _ in 0..<300 {
            let world = try World(&chance, places: places)
            let reference = Reference(policy: world.policy, places: world.places)
            for _ in 0..<4 {
                let audience = chance.one(of: Words.audiences), kind = chance.one(of: Words.kinds)
                let realm: Realm = chance.chance(0.95) ? .live : chance.one(of: Words.realms)
                let time = day(chance.within(-2, 130))
                var compiled = CompiledRelease(world.policy, to: audience, kind: kind, realm: realm)
                for _ in 0..<25 {
                    let goods = World.goods(&chance, at: time, kind: kind, realm: realm)
                    let expected = reference.answer(goods, audience, time)
                    let verdict = world.policy.verdict(goods, to: audience, at: time)
                    let number = compiled.number(of: goods.label)
                    let item = CompiledRelease.Item(
                        label: number, Spot(position: goods.position, measuredAt: goods.measuredAt))
                    let fast = compiled.verdict(item, at: time)
                    if world.policy.answer(verdict) != expected || fast != verdict {
                        different += 1
                        if different < 4 {
                            Issue.record("\(expected) \(verdict) \(fast): \(goods) to \(audience) at \(time)")
                        }
                    }
                    seen[verdict.refusal?.name ?? (verdict.redactions.isEmpty ? "release" : "redact"), default: 0] += 1
                }
            }
        }
        #expect(different == 0)
        // Every rule was met, else the comparison says nothing of it.
        for name in Refusal.allCases.map(\.name) + ["release", "redact"] {
            #expect(seen[name, default: 0] > 0, "\(name) was never met")
        }
    }

    @Test("every combination of a small world is decided as the reference does")
    func exhaustive() throws {
        let inside = try Place.box(30, 120, 40, 140)
        let clearances = ["us", "kr"].map { Clearance(.nation(nation($0)), policy: Words.tri, classificationMax: 1) }
        let policy = try Policy(
            nation: Words.jp, realm: .live, vocabulary: Words.vocabulary, orders: Words.orders,
            clearances: clearances + [
                Clearance(.everybody, policy: Words.tri, classificationMax: 0),
                Clearance(.operators(role: "controller"), policy: Words.tri, classificationMax: 2),
            ],
            agreements: [
                Agreement(
                    "tri", between: nations("jp us kr"), realm: .live, from: day(0), to: day(10), policy: Words.tri,
                    classificationMax: 1, onward: .originatorConsent, consents: nations("us"),
                    clauses: [
                        Clause(.permit, [.tracks], areas: [inside.area]),
                        Clause(.permit, [.warnings], redactions: Redactions(parts: .identities)),
                    ]),
                Agreement(
                    "two", between: nations("jp us"), realm: .live, from: day(5), to: day(20), policy: Words.tri,
                    classificationMax: 2, caveats: Words.eyes, onward: .releasable,
                    clauses: [Clause(.permit, [.tracks], delay: 60, redactions: Redactions(positionGrid: 1000))]),
            ])
        let reference = Reference(policy: policy, places: [inside.area: inside])
        let positions: [Geodetic?] = [
            Geodetic(latitudeDegrees: 35, longitudeDegrees: 130), Geodetic(latitudeDegrees: 50, longitudeDegrees: 130),
            Geodetic(latitude: .nan, longitude: 0), nil,
        ]
        let releasable: [NationSet?] = [nil, nations(""), nations("us"), nations("us kr public")]
        var count = 0, different = 0, released = 0
        for originators in ["jp", "us", "jp us", "jp kr"] {
            for level in 0...3 as ClosedRange<UInt8> {
                for releasableTo in releasable {
                    for caveats in [[], Words.eyes, .unknown] as [CaveatSet] {
                        for onward in Onward.allCases {
                            let label = Label(
                                policy: Words.tri, classification: level, originators: nations(originators),
                                releasableTo: releasableTo, caveats: caveats, onward: onward)
                            for kind in [.tracks, .warnings] as [GoodsKind] {
                                for position in positions {
                                    for time in [-1, 7, 15].map(day) {
                                        for age in [0.0, 90] {
                                            let goods = Goods(
                                                kind, label: label, realm: .live, position: position,
                                                measuredAt: time.advanced(by: -age))
                                            for audience in [
                                                .nation(nation("us")), .nation(nation("kr")), .everybody,
                                            ] as [Audience] {
                                                let verdict = policy.verdict(goods, to: audience, at: time)
                                                count += 1
                                                released += verdict.isReleased ? 1 : 0
                                                if policy.answer(verdict) != reference.answer(goods, audience, time) {
                                                    different += 1
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(count == 4 * 4 * 4 * 3 * 3 * 2 * 4 * 3 * 2 * 3)
        #expect(different == 0)
        #expect(released > 100)
    }
}
