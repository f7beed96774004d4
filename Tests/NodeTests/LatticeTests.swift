import Air
import Exercises
import Foundation
import Identity
import Logging
import Releasability
import Testing

@testable import Node

/// Two nations' nodes on this machine, linked over TLS, each with a part of an exercise's sensors.
private struct Pair {
    let folder: URL
    let nodes: [KumikoNode]
    let scenario: Scenario
    let clock: NodeClock

    /// - Parameter clauses: of the one agreement, of jp and au.
    init(clauses: String, aircraft: Int = 40) throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "kumiko-lattice-\(UUID().uuidString)")
        let now = NodeClock.real().now
        self.scenario = Scenario(Scenario.Configuration(seed: 5, aircraftCount: aircraft, start: now))
        let nations = [try #require(Nation("jp")), try #require(Nation("au"))]
        let ports = [Int.random(in: 20_000..<40_000), Int.random(in: 40_000..<60_000)]
        var identities: [NationFolder] = []
        for nation in nations {
            try FileManager.default.createDirectory(
                at: self.folder.appending(path: "\(nation)/agreements"), withIntermediateDirectories: true)
            identities.append(
                try NationFolder.create(
                    at: self.folder.appending(path: "\(nation)/identity").path, nation: nation, realm: .test,
                    node: "one", hosts: ["127.0.0.1"], at: now))
        }
        for number in 0..<2 {
            _ = try identities[number].partners.add(identities[1 - number].introduction.octets, at: now)
        }
        self.clock = .played(from: now, speed: 10)
        var nodes: [KumikoNode] = []
        for (number, nation) in nations.enumerated() {
            let home = self.folder.appending(path: "\(nation)")
            let other = nations[1 - number]
            try """
            nation: \(nation)
            realm: test
            policies:
              - {name: words, classifications: [unclassified, restricted]}
            clearances:
              - {audience: \(other), policy: words, classification_max: restricted}
            """.write(to: home.appending(path: "agreements/policy.yaml"), atomically: true, encoding: .utf8)
            try """
            name: au-jp
            between: [au, jp]
            realm: test
            from: 2020-01-01T00:00:00Z
            to: 2100-01-01T00:00:00Z
            policy: words
            classification_max: restricted
            onward: never
            clauses:
            \(clauses)
            """.write(to: home.appending(path: "agreements/au-jp.yaml"), atomically: true, encoding: .utf8)
            let yaml = """
                node: {name: \(nation), nation: \(nation), realm: test}
                http: {port: 0}
                history: {directory: \(home.path)/history}
                release:
                  agreements: \(home.path)/agreements
                  label: {policy: words, classification: restricted, releasable_to: [\(other)]}
                federation:
                  identity: \(home.path)/identity
                  ledger: \(home.path)/ledger
                  listen: 127.0.0.1:\(ports[number])
                  partners:
                    - {nation: \(other), address: "127.0.0.1:\(ports[1 - number])"}
                """
            var configuration = try Configuration(yaml: yaml)
            configuration.sensors = self.scenario.sensors.filter { (Int($0.id.sic) % 2 == 0) == (number == 0) }
            configuration.feeds = [ScenarioFeed.feed]
            nodes.append(
                try KumikoNode(
                    configuration, clock: self.clock,
                    log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        }
        self.nodes = nodes
    }

    func remove() { try? FileManager.default.removeItem(at: self.folder) }

    /// Runs both until `isDone`, or half a minute.
    func run(until isDone: @Sendable @escaping ([KumikoNode]) async -> Bool) async throws -> Bool {
        let (nodes, scenario) = (self.nodes, self.scenario)
        for node in nodes { try await node.open() }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for node in nodes {
                group.addTask {
                    try await node.run()
                    return false
                }
            }
            group.addTask {
                var feed = ScenarioFeed(scenario)
                await feed.play(into: nodes)
                return false
            }
            group.addTask {
                for _ in 0..<300 {
                    if await isDone(nodes) { return true }
                    try await Task.sleep(for: .milliseconds(100))
                }
                return false
            }
            let first = try await group.next() ?? false
            group.cancelAll()
            while let _ = try? await group.next() {}
            return first
        }
    }
}

@Suite("Lattice", .serialized)
struct LatticeTests {
    @Test("two nations make one picture of what both see, and each knows who told what")
    func onePicture() async throws {
        let pair = try Pair(clauses: "  - {permit: [tracks, tracklets], areas: everywhere}")
        defer { pair.remove() }
        let isDone = try await pair.run { nodes in
            nodes.allSatisfy { node in
                let all = node.origins?.all.values.map { Set($0.contributions.map(\.nation)) } ?? []
                guard let own = node.info.nation else { return false }
                return all.contains { $0.count == 2 } && all.contains { !$0.isEmpty && !$0.contains(own) }
            }
        }
        #expect(isDone)
        for node in pair.nodes {
            #expect(node.trouble == nil)
            #expect(node.picture.count >= node.own.count / 2)
        }
    }

    @Test("what the agreement does not cover stays at home, and what it takes away is away")
    func redacted() async throws {
        let pair = try Pair(
            clauses: """
                  - permit: [tracks]
                    areas: [{box: {south_deg: 20, west_deg: 120, north_deg: 36, east_deg: 150}}]
                    position_grid_m: 5000
                    withhold: [identities]
                """)
        defer { pair.remove() }
        let isDone = try await pair.run { nodes in
            nodes.allSatisfy { node in (node.origins?.all.values.count { $0.contributions.count >= 1 } ?? 0) > 5 }
                && nodes.allSatisfy { node in
                    node.origins?.all.values.contains { origins in
                        origins.contributions.contains { $0.nation != node.info.nation }
                    } == true
                }
        }
        #expect(isDone)
        for node in pair.nodes {
            for origins in node.origins?.all.values.map({ $0 }) ?? [] {
                for contribution in origins.contributions where contribution.nation != node.info.nation {
                    #expect(contribution.address == nil)
                    #expect(contribution.callsign == nil)
                    #expect(contribution.form == .track)
                    // The middle of a cell of five kilometres may lie a little outside.
                    #expect(contribution.latitude < 36.05 * .pi / 180)
                }
            }
        }
    }

    @Test("what a partner was shown is kept as it was told, with the rule, and at a past second")
    func shown() async throws {
        let pair = try Pair(clauses: "  - {permit: [tracks], areas: everywhere, position_grid_m: 2000}")
        defer { pair.remove() }
        let clock = pair.clock
        let isDone = try await pair.run { nodes in
            guard let au = Nation("au"), let book = nodes[0].shown(to: au), book.picture.count > 5 else { return false }
            guard let sights = try? await book.shown(at: clock.now.advanced(by: -8)) else { return false }
            return sights.count > 5 && sights.allSatisfy { $0.terms.agreement == "au-jp" }
        }
        #expect(isDone)
        let au = try #require(Nation("au"))
        let book = try #require(pair.nodes[0].shown(to: au))
        // Before the beginning nothing was shown.
        #expect(try await book.shown(at: pair.scenario.configuration.start.advanced(by: -60)).isEmpty)
        let told = book.picture.snapshot()
        told.forEach { track in
            let terms = book.terms(of: track.id)
            #expect(terms == nil || terms?.redactions.positionGrid == 2000)
        }
    }

    @Test("a node does not start on keys that others can read, and says what to do")
    func openKeys() throws {
        let pair = try Pair(clauses: "  - {permit: [tracks], areas: everywhere}")
        defer { pair.remove() }
        let identity = pair.folder.appending(path: "jp/identity")
        let names = try FileManager.default.contentsOfDirectory(atPath: identity.path)
        let key = try #require(names.first { $0.contains("key") })
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: identity.appending(path: key).path)
        #expect {
            try NationFolder(opening: identity.path)
        } throws: {
            "\($0)".contains("chmod 0600")
        }
    }

    @Test("the configuration names what is wrong with a partner's entry")
    func configuration() {
        #expect {
            try Configuration(
                yaml: """
                    node: {nation: jp, realm: test}
                    federation:
                      identity: nation
                      partners:
                        - {nation: jp, address: "nowhere"}
                        - {nation: "Australia"}
                    """)
        } throws: {
            let text = "\($0)"
            return text.contains("address") && text.contains("own") && text.contains("ISO 3166-1")
        }
    }
}
