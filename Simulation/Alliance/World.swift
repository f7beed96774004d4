import Air
import Exercises
import Geodesy
import Ledger
import Releasability

/// A set of at most eight nations of a run, by their places.
struct Members: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ place: Int) { self.rawValue = 1 << UInt8(place) }
    func contains(_ place: Int) -> Bool { self.rawValue >> UInt8(place) & 1 == 1 }
}

/// What is said in a run: three kinds are enough for all rules that tell kinds apart.
enum SmallKind: Int, CaseIterable, Sendable {
    case report, warning, track

    var goods: GoodsKind {
        switch self {
        case .report: .records("report")
        case .warning: .warnings
        case .track: .tracks
        }
    }
}

/// A label of the small world.
struct SmallLabel: Hashable, Sendable {
    var level: Int
    var originators: Members
    var releasableTo: Members?
    /// Bit 0 and 1: the two caveats that have a name. Bit 2: one that has none.
    var caveats: Int
    var onward: Onward
}

/// Where and when something is; degrees, and nanoseconds by its originator's clock.
struct SmallSpot: Hashable, Sendable {
    var latitude: Double
    var longitude: Double
    var measuredAt: Int64
}

/// A box of degrees.
struct SmallBox: Hashable, Sendable {
    var south: Double, west: Double, north: Double, east: Double

    func contains(_ spot: SmallSpot) -> Bool {
        spot.latitude >= self.south && spot.latitude <= self.north && spot.longitude >= self.west
            && spot.longitude <= self.east
    }
}

/// An agreement of the small world: what the rules look at, and no more.
struct SmallAgreement: Hashable, Sendable {
    var name: String
    var parties: Members
    /// Nanoseconds.
    var from: Int64
    var to: Int64
    var originators: Members
    var kinds: Set<SmallKind>
    var levelMax: Int
    var caveats: Int
    var onward: Onward
    var consents: Members
    /// Nil: everywhere.
    var area: SmallBox?
    var forbidden: SmallBox?
    /// Metres.
    var grid: UInt32
    var hidesIdentities: Bool
}

/// What one nation goes by.
struct SmallPolicy: Hashable, Sendable {
    var nation: Int
    var agreements: [SmallAgreement]
    /// Highest level of each partner; -1: no clearance.
    var levels: [Int]
    /// Caveats of each partner.
    var caveats: [Int]

    /// The rules of docs/releasability.md once more, with nothing of the room that decides in earnest: under which agreements
    /// a datum may go. Empty: it may not.
    func permits(
        _ kind: SmallKind, _ label: SmallLabel, _ spot: SmallSpot?, measuredAt: Int64, to partner: Int, at time: Int64
    ) -> [SmallAgreement] {
        guard partner != self.nation, self.levels[partner] >= label.level else { return [] }
        guard label.caveats & 4 == 0, label.caveats & ~self.caveats[partner] == 0 else { return [] }
        guard !label.originators.isEmpty, label.releasableTo?.contains(partner) == true else { return [] }
        guard measuredAt - time <= 10_000_000_000 else { return [] }
        return self.agreements.filter { agreement in
            guard agreement.parties.contains(self.nation), agreement.parties.contains(partner) else { return false }
            guard agreement.from <= time, time < agreement.to, agreement.kinds.contains(kind) else { return false }
            guard label.originators.isSubset(of: agreement.originators), label.level <= agreement.levelMax,
                label.caveats & ~agreement.caveats == 0
            else { return false }
            let others = label.originators.subtracting([Members(self.nation), Members(partner)])
            if !others.isEmpty {
                if label.onward == .never { return false }
                if label.onward == .originatorConsent, !others.isSubset(of: agreement.consents) { return false }
            }
            // What has no place may be in any area: it is forbidden where something is, and permitted only everywhere.
            if let forbidden = agreement.forbidden {
                guard let spot, !forbidden.contains(spot) else { return false }
            }
            if let area = agreement.area {
                guard let spot, area.contains(spot) else { return false }
            }
            return true
        }
    }
}

/// The nations of a run, their keys, and what they agreed at the beginning. All follows from the seed.
struct World: Sendable {
    static let realm = Realm.test
    /// When a run begins: 2027-01-15T08:00:00Z.
    static let begin: Int64 = 1_800_000_000_000_000_000
    static let levels = ["unclassified", "confidential", "secret"]

    let nations: [Nation]
    let vocabulary: Vocabulary
    let policyID: PolicyID
    var policies: [SmallPolicy]

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed, stream: 0x3031)
        let names = ["jp", "us", "au", "kr", "nz"]
        let count = 3 + random.index(below: 10) / 5 + random.index(below: 10) / 8
        self.nations = names.prefix(min(count, 5)).compactMap { Nation($0) }
        var vocabulary = Vocabulary()
        self.policyID = vocabulary.register(policy: "alliance")
        _ = vocabulary.register(caveat: "eyes")
        _ = vocabulary.register(caveat: "air")
        self.vocabulary = vocabulary
        let places = self.nations.indices
        var agreements: [SmallAgreement] = []
        for one in places {
            for other in places where other > one {
                // Each is bound to the first, so that the whole hangs together; the rest as it comes.
                if one == 0 || random.chance(0.6) {
                    agreements.append(
                        Self.agreement(
                            "pair-\(one)-\(other)", parties: [Members(one), Members(other)], nations: places.count,
                            isWide: one == 0, &random))
                }
                if random.chance(0.3) {
                    agreements.append(
                        Self.agreement(
                            "second-\(one)-\(other)", parties: [Members(one), Members(other)], nations: places.count,
                            isWide: false, &random))
                }
            }
        }
        if random.chance(0.5) {
            agreements.append(
                Self.agreement(
                    "all", parties: Members(rawValue: UInt8(1 << places.count - 1)), nations: places.count,
                    isWide: false, &random))
        }
        self.policies = places.map { nation in
            SmallPolicy(
                nation: nation, agreements: agreements,
                levels: places.map { $0 == nation || random.chance(0.7) ? 2 : random.index(below: 3) },
                caveats: places.map { _ in random.index(below: 4) | (random.chance(0.5) ? 1 : 0) })
        }
    }

    static func agreement(
        _ name: String, parties: Members, nations: Int, isWide: Bool, _ random: inout SplitMix64
    ) -> SmallAgreement {
        let year: Int64 = 365 * 86_400 * 1_000_000_000
        // Some begin or end while the run lasts.
        let from = random.chance(0.1) ? Self.begin + Int64(random.uniform(0...40) * 1e9) : Self.begin - year
        let to = random.chance(0.1) ? Self.begin + Int64(random.uniform(40...50) * 1e9) : Self.begin + year
        var kinds = Set(SmallKind.allCases)
        if !isWide { for kind in SmallKind.allCases where random.chance(0.3) { kinds.remove(kind) } }
        if kinds.isEmpty { kinds = [.report] }
        return SmallAgreement(
            name: name, parties: parties, from: from, to: to,
            originators: isWide || random.chance(0.3) ? Members(rawValue: UInt8(1 << nations - 1)) : parties,
            kinds: kinds, levelMax: isWide ? 2 : random.index(below: 3), caveats: random.index(below: 4),
            onward: [.never, .originatorConsent, .releasable][random.index(below: 3)],
            consents: random.chance(0.5) ? Members(rawValue: UInt8(random.index(below: 1 << nations))) : [],
            area: random.chance(isWide ? 0.1 : 0.3) ? Self.box(&random) : nil,
            forbidden: random.chance(0.15) ? Self.box(&random) : nil,
            grid: random.chance(0.2) ? 5_000 : 0, hidesIdentities: random.chance(0.2))
    }

    private static func box(_ random: inout SplitMix64) -> SmallBox {
        let south = random.uniform(20...35), west = random.uniform(120...140)
        return SmallBox(
            south: south, west: west, north: south + random.uniform(2...15), east: west + random.uniform(2...20))
    }

    /// A label as people write them: mostly shown to many, sometimes to nobody, sometimes with what nobody knows.
    func label(of nation: Int, _ random: inout SplitMix64) -> SmallLabel {
        let all = Members(rawValue: UInt8(1 << self.nations.count - 1))
        return SmallLabel(
            level: random.chance(0.6) ? 0 : random.index(below: 3), originators: Members(nation),
            releasableTo: random.chance(0.5)
                ? all
                : random.chance(0.1) ? nil : Members(rawValue: UInt8(random.index(below: 1 << self.nations.count))),
            caveats: random.chance(0.7) ? 0 : random.chance(0.05) ? 4 : random.index(below: 4),
            onward: [.never, .originatorConsent, .releasable][random.index(below: 3)])
    }

    // MARK: - the same in earnest

    func set(_ members: Members) -> NationSet {
        NationSet(self.nations.indices.filter { members.contains($0) }.map { self.nations[$0] })
    }

    func label(_ small: SmallLabel) -> Label {
        Label(
            policy: self.policyID, classification: UInt8(small.level), originators: self.set(small.originators),
            releasableTo: small.releasableTo.map { self.set($0) },
            caveats: CaveatSet(rawValue: UInt128(small.caveats & 3))
                .union(small.caveats & 4 != 0 ? .unknown : []), onward: small.onward)
    }

    static func geodetic(_ spot: SmallSpot, height: Double = .nan) -> Geodetic {
        Geodetic(latitude: spot.latitude * .pi / 180, longitude: spot.longitude * .pi / 180, height: height)
    }

    private static func area(_ box: SmallBox) throws -> Area {
        try Area(
            south: box.south * .pi / 180, west: box.west * .pi / 180, north: box.north * .pi / 180,
            east: box.east * .pi / 180)
    }

    private func agreement(_ small: SmallAgreement) throws -> Agreement {
        let kinds = Set(small.kinds.map(\.goods))
        let redactions = Redactions(
            positionGrid: small.grid, parts: small.hidesIdentities ? .identities : [])
        var clauses = [
            Clause(.permit, kinds, areas: try small.area.map { [try Self.area($0)] }, redactions: redactions)
        ]
        if let forbidden = small.forbidden { clauses.append(Clause(.forbid, kinds, areas: [try Self.area(forbidden)])) }
        return Agreement(
            small.name, between: self.set(small.parties), realm: Self.realm,
            from: Timestamp(nanoseconds: small.from), to: Timestamp(nanoseconds: small.to),
            originators: self.set(small.originators), policy: self.policyID, classificationMax: UInt8(small.levelMax),
            caveats: CaveatSet(rawValue: UInt128(small.caveats)), onward: small.onward,
            consents: self.set(small.consents), clauses: clauses)
    }

    /// - Throws: when the small world contradicts itself, which it never does.
    func policy(_ small: SmallPolicy) throws -> Policy {
        try Policy(
            nation: self.nations[small.nation], realm: Self.realm, vocabulary: self.vocabulary,
            orders: [ClassificationOrder(policy: self.policyID, names: Self.levels)],
            clearances: self.nations.indices.filter { $0 != small.nation && small.levels[$0] >= 0 }.map {
                Clearance(
                    .nation(self.nations[$0]), policy: self.policyID, classificationMax: UInt8(small.levels[$0]),
                    caveats: CaveatSet(rawValue: UInt128(small.caveats[$0])))
            },
            agreements: try small.agreements.map { try self.agreement($0) })
    }

    /// Thirty-two octets of a secret, out of the seed: no real key is ever made so.
    static func secret(seed: UInt64, _ purpose: String) -> [UInt8] {
        LedgerHash(hashing: Array("simulation \(seed) \(purpose)".utf8).span).octets
    }
}
