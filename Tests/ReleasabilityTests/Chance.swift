import Air
import Geodesy
import Releasability

/// Steele, Lea and Flood's generator: the same seed gives the same world.
struct Chance {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(count))
    }

    mutating func unit() -> Double { Double(self.next(below: 1 << 53)) * 0x1p-53 }
    mutating func within(_ low: Double, _ high: Double) -> Double { low + (high - low) * self.unit() }
    mutating func chance(_ share: Double) -> Bool { self.unit() < share }
    mutating func one<Element>(of list: [Element]) -> Element { list[self.next(below: list.count)] }
    mutating func some<Element>(of list: [Element], share: Double) -> [Element] {
        list.filter { _ in self.chance(share) }
    }
}

func nation(_ code: String) -> Nation { Nation(code) ?? Words.jp }

func nations(_ codes: String) -> NationSet {
    var set = NationSet(codes.split(separator: " ").filter { $0 != "public" }.compactMap { Nation($0) })
    set.includesPublic = codes.contains("public")
    return set
}

func day(_ day: Double) -> Timestamp { Timestamp(seconds: 1_790_000_000 + day * 86_400) }

/// The words of the tests' worlds.
enum Words {
    static let jp = Nation("jp") ?? NationSet().nations[0]
    static let vocabulary: Vocabulary = {
        var words = Vocabulary()
        for name in ["tri", "bi"] { _ = words.register(policy: name) }
        for name in ["orcon", "crypto", "eyes"] { _ = words.register(caveat: name) }
        return words
    }()
    static let tri = vocabulary.policy("tri")
    static let bi = vocabulary.policy("bi")
    static let eyes = CaveatSet(vocabulary.caveat("eyes"))
    static let orders = [
        ClassificationOrder(policy: tri, names: ["unclassified", "restricted", "secret"]),
        ClassificationOrder(policy: bi, names: ["open", "closed"]),
    ]
    static let kinds: [GoodsKind] = [.tracks, .tracklets, .plots, .warnings, .sensorStatus, .records("incident")]
    static let audiences: [Audience] =
        ["us", "kr", "au", "jp", "ph"].map { .nation(nation($0)) } + [.everybody, .operators(role: "controller")]
    static let realms: [Realm] = [.live, .test, .exercise("dawn")]
}

/// An area, and what it was made of.
struct Place {
    var area: Area
    var isInside: (_ latitude: Double, _ longitude: Double) -> Bool

    /// Degrees.
    static func box(_ south: Double, _ west: Double, _ north: Double, _ east: Double) throws -> Place {
        let r = Double.pi / 180
        let area = try Area(south: south * r, west: west * r, north: north * r, east: east * r)
        return Place(area: area) { latitude, longitude in
            guard latitude >= south * r, latitude <= north * r else { return false }
            return west <= east
                ? longitude >= west * r && longitude <= east * r : longitude >= west * r || longitude <= east * r
        }
    }

    /// Degrees.
    static func polygon(_ corners: [(Double, Double)]) throws -> Place {
        let corners = corners.map { Geodetic(latitudeDegrees: $0.0, longitudeDegrees: $0.1) }
        return Place(area: try Area(corners: corners)) { latitude, longitude in
            Reference.winds(corners, around: Geodetic(latitude: latitude, longitude: longitude))
        }
    }
}

/// A policy by chance.
struct World {
    var policy: Policy
    var places: [Area: Place]

    static func places() throws -> [Place] {
        [
            try .box(24, 122, 46, 146), try .box(30, 125, 40, 132), try .box(-12, 170, 20, -150),
            try .polygon([(33, 124), (43, 124), (43, 134), (33, 134)]),
            try .polygon([(20, 120), (50, 130), (25, 150), (30, 132)]),
            try .polygon([(-10, 172), (15, -175), (5, -160), (-15, -165)]),
        ]
    }

    init(_ chance: inout Chance, places: [Place]) throws {
        let agreements = (0..<chance.next(below: 6)).map { i in
            var parties = NationSet(chance.some(of: ["us", "kr", "au"].map { nation($0) }, share: 0.6))
            if chance.chance(0.95) { parties.insert(Words.jp) }
            if parties.count == 0 { parties.insert(nation("us")) }
            parties.includesPublic = parties.count < 2 || chance.chance(0.2)
            let from = Double(chance.next(below: 60))
            return Agreement(
                "agreement-\(chance.next(below: 1000))-\(i)", between: parties,
                realm: chance.chance(0.9) ? .live : chance.one(of: Words.realms), from: day(from),
                to: day(from + 1 + Double(chance.next(below: 100))),
                originators: chance.chance(0.5) ? nil : nations("jp us kr"),
                policy: chance.chance(0.9) ? Words.tri : Words.bi, classificationMax: UInt8(chance.next(below: 4)),
                caveats: chance.chance(0.5) ? Words.vocabulary.known : Self.caveats(&chance, share: 0.5),
                onward: chance.one(of: Onward.allCases),
                consents: NationSet(chance.some(of: ["us", "kr"].map { nation($0) }, share: 0.4)),
                clauses: [Self.clause(.permit, &chance, places)]
                    + (0..<chance.next(below: 3)).map { _ in
                        Self.clause(chance.one(of: [.permit, .permit, .restrict, .forbid]), &chance, places)
                    })
        }
        var clearances: [Clearance] = []
        for audience in Words.audiences where chance.chance(0.9) {
            for policy in [Words.tri, Words.bi] where chance.chance(0.9) {
                clearances.append(
                    Clearance(
                        audience, policy: policy, classificationMax: UInt8(chance.next(below: 4)),
                        caveats: chance.chance(0.6) ? Words.vocabulary.known : Self.caveats(&chance, share: 0.5)))
            }
        }
        self.policy = try Policy(
            nation: Words.jp, realm: .live, vocabulary: Words.vocabulary, orders: Words.orders, clearances: clearances,
            agreements: agreements)
        self.places = Dictionary(places.map { ($0.area, $0) }) { first, _ in first }
    }

    static func caveats(_ chance: inout Chance, share: Double) -> CaveatSet {
        chance.some(of: Words.vocabulary.known.caveats, share: share).reduce(into: []) { $0.formUnion(CaveatSet($1)) }
    }

    static func clause(_ effect: Clause.Effect, _ chance: inout Chance, _ places: [Place]) -> Clause {
        let low = chance.within(-100, 9000)
        let kinds = chance.some(of: Words.kinds, share: 0.6)
        return Clause(
            effect, Set(kinds.isEmpty ? [.tracks] : kinds),
            areas: chance.chance(0.4) ? nil : chance.some(of: places, share: 0.4).map(\.area),
            heights: chance.chance(0.6) ? nil : low...(low + chance.within(0, 10_000)),
            delay: chance.chance(0.6) ? 0 : UInt32(chance.next(below: 120)),
            redactions: Redactions(
                positionGrid: chance.chance(0.6) ? 0 : UInt32(chance.next(below: 3) * 1000),
                timeGrid: chance.chance(0.6) ? 0 : UInt32(chance.next(below: 3) * 500),
                parts: chance.chance(0.6) ? [] : Redactions.Parts(rawValue: UInt8(chance.next(below: 8)))))
    }

    static func label(_ chance: inout Chance) -> Label? {
        if chance.chance(0.02) { return nil }
        let originators = ["jp", "jp", "jp", "us", "jp us", "jp kr", "us kr", "au", "jp us kr", ""]
        let audiences = ["us kr au jp public", "us kr au jp public", "us kr jp", "jp us", "au", "public", ""]
        return Label(
            policy: chance.chance(0.9) ? Words.tri : chance.one(of: [Words.bi, .unknown, PolicyID(rawValue: 9)]),
            classification: UInt8(chance.chance(0.8) ? chance.next(below: 2) : chance.next(below: 5)),
            originators: nations(chance.one(of: originators)),
            releasableTo: chance.chance(0.05) ? nil : nations(chance.one(of: audiences)),
            caveats: chance.chance(0.6)
                ? [] : chance.chance(0.05) ? .unknown : Self.caveats(&chance, share: 0.4),
            onward: chance.one(of: Onward.allCases))
    }

    static func position(_ chance: inout Chance) -> Geodetic? {
        if chance.chance(0.05) { return nil }
        var position = Geodetic(
            latitudeDegrees: chance.chance(0.8) ? chance.within(20, 50) : chance.within(-90, 90),
            longitudeDegrees: chance.chance(0.8) ? chance.within(118, 150) : chance.within(-180, 180),
            height: chance.chance(0.05) ? .nan : chance.within(-50, 16_000))
        if chance.chance(0.01) { position.latitude = chance.one(of: [.nan, .infinity, 2]) }
        if chance.chance(0.01) { position.longitude = chance.one(of: [.nan, -.infinity, 4]) }
        return position
    }

    static func goods(_ chance: inout Chance, at time: Timestamp, kind: GoodsKind, realm: Realm) -> Goods {
        var measuredAt = time.advanced(by: -chance.within(-1, 130))
        if chance.chance(0.01) { measuredAt = chance.one(of: [time.advanced(by: 11), Timestamp(nanoseconds: .min)]) }
        return Goods(
            kind, label: Self.label(&chance), realm: realm, position: Self.position(&chance), measuredAt: measuredAt)
    }
}
