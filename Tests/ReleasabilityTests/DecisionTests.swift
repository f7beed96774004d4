import Air
import Geodesy
import Releasability
import Testing

/// Japan's agreements with the United States, Korea, Australia and the public.
enum Japan {
    static let sea = Result { try Area(south: 0.4, west: 2.1, north: 0.8, east: 2.6) }

    static func policy(realm: Realm = .live) throws -> Policy {
        var open = Agreement(
            "open", between: nations("jp public"), realm: .live, from: day(0), to: day(100), policy: Words.tri,
            classificationMax: 0, clauses: [Clause(.permit, [.tracks], delay: 600)])
        open.onward = .releasable
        return try Policy(
            nation: Words.jp, realm: realm, vocabulary: Words.vocabulary, orders: Words.orders,
            clearances: [
                Clearance(.nation(nation("us")), policy: Words.tri, classificationMax: 2, caveats: Words.eyes),
                Clearance(.nation(nation("kr")), policy: Words.tri, classificationMax: 1),
                Clearance(.nation(nation("au")), policy: Words.tri, classificationMax: 1),
                Clearance(.everybody, policy: Words.tri, classificationMax: 0),
                Clearance(.operators(role: "controller"), policy: Words.tri, classificationMax: 2),
            ],
            agreements: [
                open,
                Agreement(
                    "camp-david-air", between: nations("jp us kr au"), realm: .live, from: day(10), to: day(100),
                    policy: Words.tri, classificationMax: 1, clauses: [Clause(.permit, [.tracks])]),
                Agreement(
                    "jp-us", between: nations("jp us"), realm: .live, from: day(0), to: day(100), policy: Words.tri,
                    classificationMax: 2, caveats: Words.eyes, onward: .originatorConsent,
                    clauses: [
                        Clause(.permit, [.tracks, .plots, .sensorStatus], areas: [self.sea.get()]),
                        Clause(.permit, [.tracks], heights: 0...5000, redactions: Redactions(positionGrid: 2000)),
                        Clause(.forbid, [.tracks], areas: [self.sea.get()], heights: 9000...9100),
                    ]),
                Agreement(
                    "jp-us-old", between: nations("jp us"), realm: .live, from: day(-100), to: day(0),
                    policy: Words.tri, classificationMax: 2, clauses: [Clause(.permit, [.tracks])]),
            ])
    }

    static let here = Geodetic(latitude: 0.6, longitude: 2.3, height: 8000)

    static func goods(
        _ originators: String, _ releasable: String?, level: UInt8 = 1, caveats: CaveatSet = [],
        onward: Onward = .never, kind: GoodsKind = .tracks, at position: Geodetic? = here, measured: Timestamp
    ) -> Goods {
        Goods(
            kind,
            label: Label(
                policy: Words.tri, classification: level, originators: nations(originators),
                releasableTo: releasable.map { nations($0) }, caveats: caveats, onward: onward),
            realm: .live, position: position, measuredAt: measured)
    }
}

@Suite("Decisions")
struct DecisionTests {
    static func decide(
        _ goods: Goods, _ audience: Audience = .nation(nation("us")), at time: Timestamp = day(5)
    ) throws -> Decision {
        try Japan.policy().decide(goods, to: audience, at: time)
    }

    @Test("a policy officer reads why: the agreement begins later")
    func notYet() throws {
        let decision = try Self.decide(
            Japan.goods("us", "au jp", onward: .releasable, measured: day(1)), .nation(nation("au")), at: day(1))
        #expect(decision.rule == "not-yet-in-force")
        #expect(decision.agreement == "camp-david-air")
        #expect(
            decision.explanation
                == "withheld from au: no agreement in force covers tracks of originator us (agreement camp-david-air "
                + "begins \(String(day(10).description.prefix(19)))Z)")
    }

    @Test("a policy officer reads why: one sentence for each rule")
    func sentences() throws {
        let us = Audience.nation(nation("us")), now = day(5)
        var unlabelled = Japan.goods("jp", "us", measured: now)
        unlabelled.label = nil
        var foreign = Japan.goods("jp", "us", measured: now)
        foreign.label?.policy = PolicyID(rawValue: 77)
        var exercise = Japan.goods("jp", "us", measured: now)
        exercise.realm = .exercise("dawn")
        let cases: [(Goods, Audience, String)] = [
            (unlabelled, us, "they carry no label"),
            (foreign, us, "the label's policy (unknown) is not known here"),
            (Japan.goods("jp", "us", level: 9, measured: now), us, "policy tri has no level 9"),
            (
                Japan.goods("jp", "us", caveats: .unknown, measured: now), us,
                "the label has a caveat that is not known here"
            ),
            (Japan.goods("", "us", measured: now), us, "the label names no originator"),
            (exercise, us, "they are of realm exercise(dawn), and this node decides on live"),
            (Japan.goods("jp", "jp", measured: now), .nation(Words.jp), "jp is this node's own nation and no partner"),
            (Japan.goods("jp", "ph", measured: now), .nation(nation("ph")), "no clearance is kept for it"),
            (
                Japan.goods("jp", "kr", level: 2, measured: now), .nation(nation("kr")),
                "it is not cleared for secret of policy tri"
            ),
            (
                Japan.goods("jp", "kr", caveats: Words.eyes, measured: now), .nation(nation("kr")),
                "it is not cleared for caveat eyes"
            ),
            (Japan.goods("jp", "kr au", measured: now), us, "the label is releasable to au kr only"),
            (Japan.goods("jp", nil, measured: now), us, "the label does not say to whom it is releasable"),
            (Japan.goods("jp", "", measured: now), us, "the label is releasable to nobody"),
            (
                Japan.goods("jp", "us", at: Geodetic(latitude: .nan, longitude: 0), measured: now), us,
                "their position is no place on the globe"
            ),
            (
                Japan.goods("jp", "us", kind: .warnings, measured: now), us,
                "agreement jp-us does not cover warnings"
            ),
            (
                Japan.goods("jp kr", "us", measured: now), us, "agreement jp-us does not cover goods of originator kr"
            ),
            (
                Japan.goods("jp", "us", at: Geodetic(latitude: 0, longitude: 0, height: 8000), measured: now), us,
                "their height (8000 m) is outside that of agreement jp-us"
            ),
            (
                Japan.goods("jp", "us", kind: .plots, at: nil, measured: now), us,
                "they have no position, and agreement jp-us covers areas only"
            ),
            (
                Japan.goods(
                    "jp", "us", at: Geodetic(latitude: 0.6, longitude: 2.3, height: 9050), measured: now), us,
                "agreement jp-us forbids tracks there"
            ),
            (
                Japan.goods("jp", "public", level: 0, measured: now), .everybody,
                "agreement open asks for a delay, and they are not old enough yet"
            ),
        ]
        for (goods, audience, sentence) in cases {
            let decision = try Self.decide(goods, audience)
            #expect(decision.explanation == "withheld from \(audience): \(sentence)")
        }
    }

    @Test("a policy officer reads why: what permits, what is taken, what the receiver may do")
    func permission() throws {
        let here = try Self.decide(Japan.goods("jp", "us", onward: .releasable, measured: day(5)))
        #expect(
            here.explanation == "released to us: agreement jp-us covers tracks of originator jp; onward: "
                + "originator-consent; none of the 2 others with us permits more")
        let low = try Self.decide(
            Japan.goods("jp", "us", at: Geodetic(latitude: 0, longitude: 0, height: 100), measured: day(5)))
        #expect(low.answer == .redact(Redactions(positionGrid: 2000)))
        #expect(low.explanation.contains("position to 2000 m"))
        let own = try Self.decide(Japan.goods("jp", nil, measured: day(5)), .operators(role: "controller"))
        #expect(own.rule == "own-operators")
        #expect(own.explanation == "released to operators (controller): they are of jp, cleared and named")
    }

    @Test("inside one agreement the most restrictive clause holds, among agreements the widest")
    func combination() throws {
        // Both clauses of jp-us apply here, and the second coarsens.
        let low = Japan.goods("jp", "us", at: Geodetic(latitude: 0.6, longitude: 2.3, height: 100), measured: day(5))
        #expect(try Self.decide(low).answer == .redact(Redactions(positionGrid: 2000)))
        // From the tenth day another agreement releases the same tracks as they are.
        let later = try Self.decide(low, at: day(11))
        #expect(later.answer == .release)
        #expect(later.agreement == "camp-david-air")
    }

    @Test("another's goods are passed on by the originator's leave only")
    func onward() throws {
        var agreement = Agreement(
            "all", between: nations("jp us kr"), realm: .live, from: day(0), to: day(9), policy: Words.tri,
            classificationMax: 2, clauses: [Clause(.permit, [.tracks])])
        func rule(_ onward: Onward) throws -> String {
            try Policy(
                nation: Words.jp, realm: .live, vocabulary: Words.vocabulary, orders: Words.orders,
                clearances: [Clearance(.nation(nation("kr")), policy: Words.tri, classificationMax: 2)],
                agreements: [agreement]
            ).decide(
                Japan.goods("jp us", "kr", onward: onward, measured: day(1)), to: .nation(nation("kr")), at: day(1)
            ).rule
        }
        #expect(try rule(.never) == "onward-never")
        #expect(try rule(.originatorConsent) == "originator-control")
        #expect(try rule(.releasable) == "all")
        agreement.consents = nations("us")
        #expect(try rule(.originatorConsent) == "all")
    }

    @Test("the terms with an audience are told")
    func terms() throws {
        let terms = try Japan.policy().terms(for: .nation(nation("us")), at: day(5))
        #expect(terms.count == 3)
        #expect(terms[1].hasPrefix("jp-us is in force until "))
        #expect(terms[1].contains("it releases tracks from 0 m to 5000 m, position to 2000 m"))
        #expect(terms[1].hasSuffix("it never releases tracks in one area from 9000 m to 9100 m"))
        #expect(try Japan.policy().terms(for: .nation(nation("ph")), at: day(5)).isEmpty)
    }

    @Test("a policy that contradicts itself is refused")
    func contradictions() throws {
        func failure(_ change: (inout Agreement) -> Void, count: Int = 1) -> PolicyError? {
            var agreement = Agreement(
                "a", between: nations("jp us"), realm: .live, from: day(0), to: day(1), policy: Words.tri,
                classificationMax: 0, clauses: [Clause(.permit, [.tracks])])
            change(&agreement)
            do throws(PolicyError) {
                _ = try Policy(
                    nation: Words.jp, realm: .live, vocabulary: Words.vocabulary, orders: Words.orders,
                    clearances: [], agreements: Array(repeating: agreement, count: count))
                return nil
            } catch { return error }
        }
        #expect(failure { _ in } == nil)
        #expect(failure({ _ in }, count: 2) == .duplicateAgreement("a"))
        #expect(failure { $0.parties = nations("jp") } == .parties("a"))
        #expect(failure { $0.parties = nations("public") } == .parties("a"))
        #expect(failure { $0.to = $0.from } == .force("a"))
        #expect(failure { $0.clauses = [Clause(.forbid, [.tracks])] } == .nothingPermitted("a"))
    }
}

@Suite("Areas")
struct AreaTests {
    @Test("polygons hold what their geodesic sides go around", arguments: 1...3 as ClosedRange<UInt64>)
    func polygons(seed: UInt64) throws {
        var chance = Chance(state: seed)
        var different = 0, inside = 0
        for place in try World.places() {
            for _ in 0..<1500 {
                let latitude = chance.within(-0.4, 1), longitude = chance.within(-.pi, .pi)
                let isInside = place.area.contains(latitude: latitude, longitude: longitude)
                inside += isInside ? 1 : 0
                if isInside != place.isInside(latitude, longitude) { different += 1 }
            }
        }
        #expect(different == 0)
        #expect(inside > 100)
    }

    @Test("a side lies within a metre of its geodesic")
    func sides() throws {
        let corners = [(35.0, 125.0), (38, 145), (50, 135)].map {
            Geodetic(latitudeDegrees: $0.0, longitudeDegrees: $0.1)
        }
        let area = try Area(corners: corners)
        let side = corners[0].geodesic(to: corners[1])
        for k in 1..<40 {
            let azimuth = side.azimuth
            let point = corners[0].moved(distance: side.distance * Double(k) / 40, azimuth: azimuth)
            let ahead = point.geodesic(to: corners[1]).azimuth
            let left = point.moved(distance: 1, azimuth: ahead - .pi / 2)
            let right = point.moved(distance: 1, azimuth: ahead + .pi / 2)
            #expect(area.contains(latitude: left.latitude, longitude: left.longitude))
            #expect(!area.contains(latitude: right.latitude, longitude: right.longitude))
        }
    }

    @Test("what is no area is refused")
    func failures() {
        func failure(_ corners: [(Double, Double)]) -> Area.Failure? {
            do throws(Area.Failure) {
                _ = try Area(corners: corners.map { Geodetic(latitudeDegrees: $0.0, longitudeDegrees: $0.1) })
                return nil
            } catch { return error }
        }
        #expect(failure([(0, 0), (1, 1)]) == .fewerThanThreeCorners)
        #expect(failure([(0, 0), (.nan, 1), (2, 2)]) == .notFinite)
        #expect(failure([(0, 0), (95, 1), (2, 2)]) == .beyondTheGlobe)
        #expect(failure([(0, 0), (0, 0), (2, 2)]) == .side(0))
        #expect(failure([(0, 0), (0, 80), (2, 2)]) == .side(0))
        #expect(failure([(70, 0), (70, 90), (70, 180), (70, -90)]) == .aroundPole)
        #expect(throws: Area.Failure.upsideDown) { try Area(south: 1, west: 0, north: 0, east: 1) }
        #expect(throws: Area.Failure.notFinite) { try Area(south: .nan, west: 0, north: 0, east: 1) }
        #expect(throws: Area.Failure.beyondTheGlobe) { try Area(south: 0, west: 0, north: 2, east: 1) }
    }
}
