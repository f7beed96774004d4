import Air
import Federation
import Ledger
import Releasability
import Testing

@Suite struct RelayTests {
    /// The United States may pass on to Australia what Japan lets it; Australia knows Japan's keys.
    static func policies() -> [Nation: Policy] {
        let clauses = [Clause(.permit, [.warnings, .records("note")])]
        func agreement(_ name: String, _ parties: NationSet, onward: Onward) -> Agreement {
            Agreement(
                name, between: parties, realm: .live, from: noon.advanced(by: -1e6), to: noon.advanced(by: 1e6),
                originators: [jp, us, au], policy: trilateral, classificationMax: 1, onward: onward, clauses: clauses)
        }
        func policy(_ nation: Nation, _ agreements: [Agreement]) -> Policy {
            sure(
                try? Policy(
                    nation: nation, realm: .live, vocabulary: words,
                    orders: [ClassificationOrder(policy: trilateral, names: ["open", "restricted", "secret"])],
                    clearances: [jp, us, au].filter { $0 != nation }.map {
                        Clearance(.nation($0), policy: trilateral, classificationMax: 1)
                    }, agreements: agreements))
        }
        return [
            jp: policy(jp, [agreement("jp-us", [jp, us], onward: .releasable)]),
            us: policy(
                us, [agreement("jp-us", [jp, us], onward: .releasable), agreement("us-au", [us, au], onward: .never)]),
            au: policy(au, [agreement("us-au", [us, au], onward: .never)]),
        ]
    }

    @Test func whatTheOriginatorsLabelAllowsIsPassedOnAsTheOriginatorSignedItAndNoFurther() throws {
        var alliance = Alliance([jp, us, au], policies: Self.policies())
        _ = alliance.dial(us, jp)
        _ = alliance.dial(au, us)
        _ = alliance.dial(jp, us)
        func record(_ number: UInt64, _ label: Label, _ text: String) -> Record {
            Record(
                number: number, id: "jp-\(number)", kind: "note", goods: .records("note"), label: label,
                measuredAt: noon, fields: [Record.Field("text", .text(text))])
        }
        alliance.give(jp, .record(record(1, label(jp, to: [us, au], onward: .releasable), "may")))
        alliance.give(jp, .record(record(2, label(jp, to: [us, au], onward: .never), "may not")))
        alliance.give(jp, .record(record(3, label(jp, to: [us], onward: .releasable), "not named")))
        #expect(alliance[us].effects.count == 3)
        let policy = alliance[us].node.policy
        for (place, effect) in alliance[us].effects.enumerated() {
            let record = try #require(Record(passingOn: effect.entry, number: UInt64(place + 1), in: policy))
            alliance.give(us, .record(record))
        }
        #expect(alliance[us].recorded == [1, 2, 3])
        #expect(alliance[us].node.figures(of: au)?.relayed == 1 && alliance[us].node.figures(of: jp)?.relayed == 0)
        let outer = try #require(alliance[au].effects.first?.entry)
        #expect(alliance[au].effects.count == 1)
        // Nothing went back.
        #expect(alliance[jp].effects.isEmpty)
        let ring = KeyRing([keys(jp, for: us), keys(us, for: au)].flatMap(\.nodes))
        let relayed = try RelayedEntry(outer, for: au, keys: ring)
        #expect(relayed.originator == jp && relayed.via == us && relayed.id == "jp-1")
        #expect(text(relayed.entry) == "may")
        #expect(Record(passingOn: outer, number: 9, in: alliance[au].node.policy).map { $0.number } == nil)
        #expect(throws: RelayRefusal.entry(.unknownKey(node: "one", keyID: relayed.entry.leaf.keyID))) {
            try RelayedEntry(outer, for: au, keys: KeyRing(keys(us, for: au).nodes))
        }
        #expect(throws: RelayRefusal.wrongNation(jp)) { try RelayedEntry(outer, for: jp, keys: ring) }
        #expect(throws: RelayRefusal.notRelayed) { try RelayedEntry(relayed.entry, for: au, keys: ring) }
    }
}
