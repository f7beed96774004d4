import Air
import Allocations
import BenchSupport
import Geodesy
import Glibc
import Releasability

/// `kumiko-bench-release`: how many release decisions one core makes a second, compiled and interpreted, and what they ask
/// of the heap. Both judge the same goods, and must agree on each.
@main
struct Main {
    static let time = Timestamp(nanoseconds: 1_795_266_000_000_000_000)

    static func main() throws {
        guard CommandLine.arguments.count == 1 else {
            say("usage: kumiko-bench-release")
            exit(64)
        }
        say(Machine.line + "\n")
        var table = Table(
            "audience", "agreements", "labels", "decisions", "released", "redacted", "compiled/s", "interpreted/s",
            "ns each", "allocations", "differing")
        let policy = try Self.policy(agreements: 12)
        for (audience, name) in [
            (Audience.nation(Self.us), "us: areas as boxes"), (.nation(Self.au), "au: polygon, floor, delay, grid"),
            (.nation(Self.kr), "kr: no tracks agreed"), (.everybody, "the public"),
        ] {
            Self.judge(policy, audience, name, &table)
        }
        // Nothing is decided by the label alone: every clause and every area is asked.
        Self.judge(policy, .nation(Self.us), "us: all may go", areAllGood: true, &table)
        Self.judge(policy, .nation(Self.au), "au: all may go, redacted", areAllGood: true, &table)
        table.print()
        try Self.redaction(policy)
    }

    static func nation(_ code: String) -> Nation {
        guard let nation = Nation(code) else { preconditionFailure("\(code) is no nation") }
        return nation
    }
    static let jp = nation("jp"), us = nation("us"), kr = nation("kr"), au = nation("au")

    /// Japan's agreements with three partners and the public, and others that do not concern them.
    static func policy(agreements: Int) throws -> Policy {
        var words = Vocabulary()
        let tri = words.register(policy: "trilateral")
        let eyes = CaveatSet(words.register(caveat: "eyes"))
        let box = try Area(south: 0.4, west: 2.1, north: 0.8, east: 2.6)
        let polygon = try Area(corners: [
            Geodetic(latitudeDegrees: 24, longitudeDegrees: 122), Geodetic(latitudeDegrees: 34, longitudeDegrees: 124),
            Geodetic(latitudeDegrees: 46, longitudeDegrees: 141), Geodetic(latitudeDegrees: 36, longitudeDegrees: 145),
            Geodetic(latitudeDegrees: 25, longitudeDegrees: 132),
        ])
        func agreement(_ name: String, _ parties: NationSet, _ level: UInt8, _ clauses: [Clause]) -> Agreement {
            Agreement(
                name, between: parties, realm: .live, from: self.time.advanced(by: -86_400),
                to: self.time.advanced(by: 86_400), policy: tri, classificationMax: level, caveats: eyes,
                onward: .originatorConsent, clauses: clauses)
        }
        var open = NationSet([self.jp])
        open.includesPublic = true
        var all = [
            agreement("jp-us", [self.jp, self.us], 3, [Clause(.permit, [.tracks, .plots], areas: [box])]),
            agreement(
                "jp-us-kr", [self.jp, self.us, self.kr], 2, [Clause(.permit, [.warnings])]),
            agreement(
                "jp-au", [self.jp, self.au], 2,
                [
                    Clause(
                        .permit, [.tracks], areas: [polygon], heights: 3000...30_000, delay: 60,
                        redactions: Redactions(positionGrid: 5000, timeGrid: 10_000, parts: .sensors)),
                    Clause(.forbid, [.tracks], areas: [box], heights: 12_000...13_000),
                ]),
            agreement(
                "open", open, 0,
                [
                    Clause(
                        .permit, [.tracks], areas: [box], delay: 600,
                        redactions: Redactions(positionGrid: 20_000, parts: .identities))
                ]),
        ]
        for i in all.count..<agreements { all.append(agreement("z\(i)", [self.us, self.kr], 1, all[0].clauses)) }
        return try Policy(
            nation: self.jp, realm: .live, vocabulary: words,
            orders: [ClassificationOrder(policy: tri, names: ["open", "restricted", "confidential", "secret"])],
            clearances: [
                Clearance(.nation(self.us), policy: tri, classificationMax: 3, caveats: eyes),
                Clearance(.nation(self.kr), policy: tri, classificationMax: 2),
                Clearance(.nation(self.au), policy: tri, classificationMax: 2),
                Clearance(.everybody, policy: tri, classificationMax: 0),
            ], agreements: all)
    }

    /// The labels that the goods have, in turn.
    static func labels(_ policy: Policy) -> [Label?] {
        let tri = policy.vocabulary.policy("trilateral")
        var labels: [Label?] = [nil]
        for level in 0...4 as ClosedRange<UInt8> {
            for releasable in [[self.us, self.kr, self.au], [self.us], []] as [NationSet] {
                for originators in [[self.jp], [self.jp, self.us]] as [NationSet] {
                    var releasable = releasable
                    releasable.includesPublic = level == 0
                    labels.append(
                        Label(
                            policy: tri, classification: level, originators: originators, releasableTo: releasable,
                            onward: .releasable))
                }
            }
        }
        return labels
    }

    /// A small generator: the same goods in each run.
    struct Chance {
        var state: UInt64 = 5

        mutating func unit() -> Double {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(self.state >> 11) * 0x1p-53
        }
    }

    static func judge(
        _ policy: Policy, _ audience: Audience, _ name: String, areAllGood: Bool = false, _ table: inout Table
    ) {
        let labels = Self.labels(policy)
        var compiled = CompiledRelease(policy, to: audience, kind: .tracks, realm: .live)
        let numbers = labels.map { compiled.number(of: $0) }
        var chance = Chance()
        var goods: [Goods] = [], items: [CompiledRelease.Item] = []
        for _ in 0..<100_000 {
            var position = Geodetic(
                latitude: 0.35 + 0.5 * chance.unit(), longitude: 2 + 0.7 * chance.unit(),
                height: 14_000 * chance.unit())
            var measuredAt = self.time.advanced(by: -1200 * chance.unit() * chance.unit())
            var index = Int(chance.unit() * Double(labels.count))
            if areAllGood {
                position = Geodetic(
                    latitude: 0.58 + 0.04 * chance.unit(), longitude: 2.3 + 0.08 * chance.unit(),
                    height: 4000 + 7000 * chance.unit())
                measuredAt = self.time.advanced(by: -100 - 900 * chance.unit())
                index = 1
            }
            goods.append(
                Goods(.tracks, label: labels[index], realm: .live, position: position, measuredAt: measuredAt))
            items.append(CompiledRelease.Item(label: numbers[index], Spot(position: position, measuredAt: measuredAt)))
        }
        var verdicts = Array(repeating: policy.verdict(goods[0], to: audience, at: self.time), count: goods.count)
        let seconds = measure {
            var span = verdicts.mutableSpan
            compiled.judge(items.span, at: self.time, into: &span)
        }
        let before = kumiko_allocations()
        do {
            var span = verdicts.mutableSpan
            compiled.judge(items.span, at: self.time, into: &span)
        }
        let asked = kumiko_allocations() - before
        var slow = verdicts
        let naive = measure {
            for i in goods.indices { slow[i] = policy.verdict(goods[i], to: audience, at: self.time) }
        }
        let count = Double(goods.count)
        table.add(
            name, text(policy.agreements.count), text(labels.count), text(goods.count),
            text(verdicts.count { $0.isReleased }), text(verdicts.count { $0.isReleased && !$0.redactions.isEmpty }),
            text(count / seconds), text(count / naive), text(seconds / count * 1e9, 1), text(Int(asked)),
            text(zip(slow, verdicts).count { $0 != $1 }))
    }

    /// Whole tracks, decided and redacted.
    static func redaction(_ policy: Policy) throws {
        var table = Table("tracks decided and redacted", "tracks", "went", "tracks/s", "ns each", "allocations")
        for (audience, name) in [(Audience.nation(Self.us), "us: as they are"), (.nation(Self.au), "au: 5 km, 10 s")] {
            var compiled = CompiledRelease(policy, to: audience, kind: .tracks, realm: .live)
            let label = Self.labels(policy)[1].map { compiled.number(of: $0) } ?? 0
            var chance = Chance()
            let tracks = (0..<20_000).map { i in
                var track = Track(
                    id: TrackID(UInt32(i)), status: .confirmed, measuredAt: self.time.advanced(by: -100),
                    receivedAt: self.time.advanced(by: -99),
                    position: Geodetic(
                        latitude: 0.6 + 0.1 * chance.unit(), longitude: 2.3 + 0.1 * chance.unit(), height: 9000))
                track.velocity = EastNorthUp(east: 200, north: 80, up: 1)
                return track
            }
            var went = 0
            func pass() {
                went = 0
                for track in tracks {
                    let released = compiled.release(track, label: label, at: self.time, numbered: TrackID(1))
                    if released != nil { went += 1 }
                }
            }
            let seconds = measure { pass() }
            let before = kumiko_allocations()
            pass()
            let asked = kumiko_allocations() - before
            let count = Double(tracks.count)
            table.add(
                name, text(tracks.count), text(went), text(count / seconds), text(seconds / count * 1e9),
                text(Int(asked)))
        }
        table.print()
    }
}
