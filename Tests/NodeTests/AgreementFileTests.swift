import Air
import Foundation
import Geodesy
import Node
import Releasability
import Testing

@Suite("Files of agreements")
struct AgreementFileTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "agreements")

    static let policy = """
        nation: jp
        realm: live
        policies:
          - name: trilateral
            classifications: [unclassified, restricted, secret]
            caveats: [eyes]
        clearances:
          - {audience: us, policy: trilateral, classification_max: secret, caveats: [eyes]}
          - {audience: public, policy: trilateral, classification_max: unclassified}
        """

    /// Line 12 begins the clauses.
    static let agreement = """
        name: jp-us
        between: [jp, us]
        realm: live
        from: 2026-01-01T00:00:00Z
        to: 2027-01-01T00:00:00Z
        originators: [jp, us]
        policy: trilateral
        classification_max: secret
        caveats: [eyes]
        onward: originator-consent
        consents: [us]
        clauses:
          - permit: [tracks, records/incident]
            areas:
              - box: {south_deg: 20, west_deg: 170, north_deg: 40, east_deg: -170}
              - polygon: [{latitude_deg: 30, longitude_deg: 130}, {latitude_deg: 40, longitude_deg: 130}, {latitude_deg: 35, longitude_deg: 140}]
            height_min_m: 3000
            delay_s: 60
            position_grid_m: 5000
            time_grid_s: 2.5
            withhold: [identities, sensors]
          - restrict: [tracks]
            areas: everywhere
            height_max_m: 4000
            delay_s: 120
          - forbid: [tracks]
            areas: everywhere
            height_min_m: 12000
            height_max_m: 13000
        """

    static func words() throws -> PolicyFile { try PolicyFile(yaml: self.policy) }

    @Test("an agreement is read as it is written")
    func reading() throws {
        let agreement = try AgreementFile(yaml: Self.agreement, policy: Self.words()).agreement
        #expect(agreement.name == "jp-us")
        #expect(agreement.parties.description == "jp us")
        #expect(agreement.originators.description == "jp us")
        #expect(agreement.consents.description == "us")
        #expect(agreement.from.description == "2026-01-01T00:00:00.000Z")
        #expect(agreement.classificationMax == 2)
        #expect(agreement.caveats == CaveatSet(Caveat(rawValue: 0)))
        #expect(agreement.onward == .originatorConsent)
        #expect(agreement.clauses.map(\.effect) == [.permit, .restrict, .forbid])
        let clause = agreement.clauses[0]
        #expect(clause.kinds == [.tracks, .records("incident")])
        #expect(clause.areas?.count == 2)
        #expect(clause.areas?[0].contains(latitude: 0.5, longitude: -3.1) == true)
        #expect(clause.areas?[1].contains(latitude: 0.61, longitude: 2.3) == true)
        #expect(clause.heights == 3000...100_000)
        #expect(clause.delay == 60)
        #expect(
            clause.redactions == Redactions(positionGrid: 5000, timeGrid: 2500, parts: [.identities, .sensors]))
        #expect(agreement.clauses[1].areas == nil)
        #expect(agreement.clauses[2].heights == 12_000...13_000)
    }

    /// What is changed, the line that is reported, the key, and a part of the remedy.
    static let mistakes: [(from: String, to: String, line: Int, key: String, remedy: String)] = [
        ("name: jp-us\n", "nam: jp-us\n", 1, "nam", "did you mean `name`?"),
        ("between: [jp, us]", "between: [jp]", 2, "between", "two nations at least"),
        ("between: [jp, us]", "between: [kr, us]", 2, "between", "does not name jp"),
        ("between: [jp, us]", "between: [jp, usa]", 2, "between", "`usa`; write the two letters"),
        ("realm: live", "realm: war", 3, "realm", "write live, test, or exercise(NAME)"),
        ("from: 2026-01-01T00:00:00Z", "from: tomorrow", 4, "from", "write an instant in UTC"),
        ("to: 2027", "to: 2025", 5, "to", "is not after `from`"),
        ("originators: [jp, us]", "originators: [jp, public]", 6, "originators", "`public`"),
        ("policy: trilateral", "policy: bilateral", 7, "policy", "write one of trilateral"),
        (
            "classification_max: secret", "classification_max: top", 8, "classification_max",
            "unclassified, restricted, secret"
        ),
        ("caveats: [eyes]", "caveats: [noforn]", 9, "caveats", "which policy.yaml does not know"),
        (
            "onward: originator-consent", "onward: always", 10, "onward", "never, originator-consent, releasable"
        ),
        ("permit: [tracks, ", "permit: [trakcs, ", 13, "clauses[0].permit", "`trakcs`; write tracks"),
        (
            "permit: [tracks, records/incident]", "permit: [records/]", 13, "clauses[0].permit", "records/ and a type"
        ),
        (
            "areas: everywhere\n    height_max_m: 4000", "areas: here\n    height_max_m: 4000", 23, "clauses[1].areas",
            "everywhere"
        ),
        (
            "    areas: everywhere\n    height_max_m: 4000", "    height_max_m: 4000", 22, "clauses[1].areas",
            "are missing"
        ),
        ("south_deg: 20", "south_deg: 50", 15, "clauses[0].areas[0].box", "north below its south"),
        ("south_deg: 20", "south_deg: 120", 15, "clauses[0].areas[0].box.south_deg", "-90.0 to 90.0"),
        (", {latitude_deg: 35, longitude_deg: 140}]", "]", 16, "clauses[0].areas[1].polygon", "three corners"),
        ("- box: {", "- circle: {", 15, "clauses[0].areas[0].box", "or `polygon` must be there"),
        ("delay_s: 60\n", "delay_s: 1 minute\n", 18, "clauses[0].delay_s", "whole number"),
        ("position_grid_m: 5000", "position_grid_m: 1", 19, "clauses[0].position_grid_m", "from 10"),
        ("time_grid_s: 2.5", "time_grid_s: nan", 20, "clauses[0].time_grid_s", "seconds"),
        ("[identities, sensors]", "[identity]", 21, "clauses[0].withhold", "identities, height or sensors"),
        ("height_max_m: 4000\n    delay_s: 120", "height_max_m: 4000", 22, "clauses[1].restrict", "restricts nothing"),
        ("  - forbid: [tracks]", "  - forbid: [tracks]\n    permit: [tracks]", 27, "clauses[2].permit", "has one"),
        ("  - forbid: [tracks]", "  - forbid: [tracks]\n    delay_s: 5", 27, "clauses[2].delay_s", "is no key"),
        ("height_max_m: 13000", "height_max_m: 11000", 29, "clauses[2].height_max_m", "is below"),
        ("realm: live", "realm: live\nrealm: test", 3, "realm", "stands twice"),
        ("clauses:", "clauses: {", 12, "", ""),
    ]

    @Test("a mistake is told with its line, its key and the remedy", arguments: 0..<mistakes.count)
    func mistake(index: Int) throws {
        let (from, to, line, key, remedy) = Self.mistakes[index]
        let yaml = Self.agreement.replacing(from, with: to, maxReplacements: 1)
        #expect(yaml != Self.agreement)
        let words = try Self.words()
        let error = try #require(throws: ConfigurationError.self) { try AgreementFile(yaml: yaml, policy: words) }
        if remedy.isEmpty { return }
        #expect(
            error.problems.contains { $0.line == line && $0.key == key && $0.text.contains(remedy) }, "\(error)")
    }

    @Test("what is missing is told", arguments: ["name", "between", "realm", "from", "to", "policy", "onward"])
    func missing(key: String) throws {
        let lines = Self.agreement.split(separator: "\n").filter { !$0.hasPrefix("\(key):") }
        let words = try Self.words()
        let error = try #require(throws: ConfigurationError.self) {
            try AgreementFile(yaml: lines.joined(separator: "\n"), policy: words)
        }
        #expect(error.problems.contains { $0.key == key && $0.text.contains("is missing; add") }, "\(error)")
    }

    @Test(
        "a policy's mistakes are told",
        arguments: [
            ("nation: jp", "nation: japan", 1, "nation"),
            ("realm: live", "realm: exercise()", 2, "realm"),
            ("[unclassified, restricted, secret]", "[secret, secret]", 5, "policies[0].classifications"),
            ("audience: us", "audience: operators/", 8, "clearances[0].audience"),
            ("audience: public", "audience: us", 9, "clearances[1].audience"),
            ("classification_max: secret", "classification_max: top", 8, "clearances[0].classification_max"),
            ("caveats: [eyes]}", "caveats: [ears]}", 8, "clearances[0].caveats"),
            ("nation: jp", "nation: jp\npartners: [us]", 2, "partners"),
        ])
    func policyMistake(from: String, to: String, line: Int, key: String) throws {
        let yaml = Self.policy.replacing(from, with: to, maxReplacements: 1)
        let error = try #require(throws: ConfigurationError.self) { try PolicyFile(yaml: yaml) }
        #expect(error.problems.contains { $0.line == line && $0.key == key }, "\(error)")
    }

    @Test("the examples are a policy: who gets what, and why not")
    func examples() throws {
        let policy = try Policy(folder: Self.folder.path)
        #expect(policy.agreements.map(\.name) == ["camp-david-air", "jp-au-air-picture", "jp-us-tracks"])
        let now = Timestamp(seconds: 1_800_000_000)  // 2027-01-15
        func goods(_ kind: GoodsKind, age: Double, latitude: Double, height: Double) -> Goods {
            Goods(
                kind,
                label: Label(
                    policy: policy.vocabulary.policy("trilateral"), classification: 1, originators: [policy.nation],
                    releasableTo: NationSet(["us", "kr", "au"].compactMap { Nation($0) })),
                realm: .live, position: Geodetic(latitudeDegrees: latitude, longitudeDegrees: 127.5, height: height),
                measuredAt: now.advanced(by: -age))
        }
        func rule(_ goods: Goods, _ code: String) -> String {
            guard let nation = Nation(code) else { return "" }
            let decision = policy.decide(goods, to: .nation(nation), at: now)
            if case .redact(let redactions) = decision.answer { return "\(decision.rule) \(redactions.parts.rawValue)" }
            return decision.rule
        }
        let high = goods(.tracks, age: 90, latitude: 30, height: 9000)
        #expect(rule(high, "us") == "jp-us-tracks")
        #expect(rule(high, "kr") == "kind-not-covered")
        #expect(rule(high, "au") == "jp-au-air-picture 1")
        #expect(rule(goods(.tracks, age: 90, latitude: 26, height: 9000), "au") == "jp-au-air-picture 5")
        #expect(rule(goods(.tracks, age: 9, latitude: 30, height: 9000), "au") == "too-young")
        #expect(rule(goods(.tracks, age: 90, latitude: 30, height: 900), "au") == "outside-heights")
        #expect(rule(goods(.tracks, age: 90, latitude: 50, height: 9000), "au") == "outside-area")
        #expect(rule(goods(.warnings, age: 0, latitude: 30, height: 0), "kr") == "camp-david-air")
    }

    @Test("one bad file is no policy, and the file is named")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "agreements-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        func failure() throws -> String {
            "\(try #require(throws: PolicyFolderError.self) { try Policy(folder: folder.path) })"
        }
        #expect(try failure().hasPrefix("policy.yaml: is missing"))
        try write("policy.yaml", Self.policy)
        try write("a.yaml", Self.agreement)
        #expect(try Policy(folder: folder.path).agreements.count == 1)
        try write("b.yaml", Self.agreement)
        #expect(try failure() == "b.yaml: is named `jp-us` as a.yaml is; rename one of them")
        try write("b.yaml", Self.agreement.replacing("realm: live", with: "realm: war"))
        #expect(try failure() == "b.yaml: line 3: realm: is `war`; write live, test, or exercise(NAME)")
        #expect(throws: PolicyFolderError.self) { try Policy(folder: folder.path + "/nowhere") }
    }
}
