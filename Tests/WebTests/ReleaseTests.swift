import Air
import Foundation
import Geodesy
import HTTPTypes
import HummingbirdTesting
import MessageFormats
import NIOCore
import Releasability
import Storage
import Testing

@testable import Node
@testable import Web

/// A node of Japan with an agreement with the United States: tracks and sensors, without identities.
private struct Allied: Sendable {
    let desk: ReleaseDesk
    let node: StillNode
    let shared: LabelSet
    let own: LabelSet

    init() throws {
        let policy = try Policy(files: [
            (
                "policy.yaml",
                """
                nation: jp
                realm: exercise(edge)
                policies:
                  - {name: trilateral, classifications: [unclassified, restricted, secret], caveats: [eyes]}
                clearances:
                  - {audience: us, policy: trilateral, classification_max: secret}
                  - {audience: kr, policy: trilateral, classification_max: secret}
                """
            ),
            (
                "us.yaml",
                """
                name: jp-us
                between: [jp, us]
                realm: exercise(edge)
                from: 2020-01-01T00:00:00Z
                to: 2036-01-01T00:00:00Z
                policy: trilateral
                classification_max: secret
                onward: never
                clauses:
                  - {permit: [tracks], areas: everywhere, position_grid_m: 5000, withhold: [identities]}
                """
            ),
        ])
        let book = LabelBook()
        func label(_ yaml: String) throws -> LabelSet { book.set(of: try Label(yaml: yaml, policy: policy)) }
        self.shared = try label(
            "{policy: trilateral, classification: restricted, releasable_to: [us], onward: releasable}")
        self.own = try label("{policy: trilateral, classification: secret, caveats: eyes}")
        self.desk = ReleaseDesk(policy, realm: .exercise("edge"), labels: book)
        self.node = StillNode(release: self.desk)
    }

    func track(_ id: UInt32, _ labels: LabelSet) -> Track {
        var track = WebTests.track(id, callsign: "SECRET\(id % 10)", address: 0x84_AB00 + id, level: 350)
        track.labels = labels
        return track
    }

    func enter(_ tracks: [Track], dropped: [TrackID] = []) {
        self.node.picture.apply(tracks.map { .updated($0) } + dropped.map { .dropped($0, at: noon) })
        self.desk.take(
            PictureDelta(isSnapshot: false, updated: tracks, dropped: dropped), of: self.node.picture, at: noon)
    }
}

@Suite("Release over HTTP") struct ReleaseAPITests {
    @Test("without agreements nobody is an audience, tracks have no label, and what is asked is answered with why")
    func without() async throws {
        let node = StillNode()
        node.picture.apply([.updated(track(17))])
        let audiences = try object(try await answer(node, "/api/audiences"))
        #expect((audiences["audiences"] as? [Any])?.isEmpty == true && audiences["nation"] == nil)
        let one = try object(try await answer(node, "/api/tracks/17"))
        #expect((value(one, "properties") as? [String: Any])?["label"] == nil)
        for path in ["/api/tracks?as=us", "/api/tracks/17/release", "/api/release/terms?to=us", "/api/sensors?as=us"] {
            let response = try await answer(node, path)
            #expect(response.status == .notFound, "\(path)")
            let problem = try object(response)
            #expect((value(problem, "detail") as? String)?.contains("no agreements") == true)
        }
    }

    @Test("the node's own tracks carry their label in words; one made from something unlabelled carries null")
    func labels() async throws {
        let allied = try Allied()
        allied.enter([allied.track(17, allied.shared.union(allied.own)), allied.track(18, .unlabelled)])
        let label = value(try object(try await answer(allied.node, "/api/tracks/17")), "properties", "label")
        let told: [String: any Hashable] = [
            "policy": "trilateral", "classification": "secret", "originators": ["jp"], "releasableTo": NSNull(),
            "caveats": ["eyes"], "onward": "never",
        ]
        let words = try #require(label as? [String: Any])
        #expect(NSDictionary(dictionary: words) == NSDictionary(dictionary: told))
        let bare = value(try object(try await answer(allied.node, "/api/tracks/18")), "properties", "label")
        #expect(bare is NSNull)
        let all = try object(try await answer(allied.node, "/api/tracks"))
        #expect((value(all, "features") as? [Any])?.count == 2)
        #expect(value(all, "features", 0, "properties", "agreement") == nil)
    }

    @Test("with `as` only what the audience may see is told: its tracks under its numbers, redacted, and no sensor")
    func view() async throws {
        let allied = try Allied()
        allied.enter([allied.track(501, allied.own), allied.track(502, allied.shared), allied.track(503, .unlabelled)])
        let collection = try object(try await answer(allied.node, "/api/tracks?as=us"))
        let features = try #require(collection["features"] as? [Any])
        #expect(features.count == 1 && value(features, 0, "id") as? Int == 1)
        let properties = try #require(value(features, 0, "properties") as? [String: Any])
        #expect(properties["callsign"] == nil && properties["address"] == nil)
        #expect(properties["agreement"] as? String == "jp-us")
        #expect(value(properties, "redactions", "positionGridMetres") as? Int == 5000)
        // The agreement lets nobody pass it on, whatever the label allows.
        #expect(value(properties, "label", "onward") as? String == "never")
        let one = try object(try await answer(allied.node, "/api/tracks/1?as=us"))
        #expect((value(one, "properties", "sensors") as? [Any])?.isEmpty == true)
        #expect(try await answer(allied.node, "/api/tracks/502?as=us").status == .notFound)
        let sensors = try object(try await answer(allied.node, "/api/sensors?as=us"))
        #expect((value(sensors, "sensors") as? [Any])?.isEmpty == true)
        for path in ["/api/tracks?as=us", "/api/tracks/1?as=us", "/api/sensors?as=us"] {
            let text = String(buffer: try await answer(allied.node, path).body)
            #expect(
                !text.contains("SECRET") && !text.lowercased().contains("84ab") && !text.contains("Tower"), "\(path)")
        }
        #expect(try await answer(allied.node, "/api/tracks/1/history?as=us").status == .badRequest)
    }

    @Test(
        "an audience that is none here is told apart from a word that names none",
        arguments: [
            ("de", 404), ("jp", 404), ("public", 404), ("operators/x", 404), ("", 400), ("usa", 400), ("u5", 400),
        ])
    func strangers(name: String, status: Int) async throws {
        let allied = try Allied()
        for path in ["/api/tracks", "/api/tracks/stream", "/api/sensors", "/api/tracks/1"] {
            let response = try await answer(allied.node, "\(path)?as=\(name)")
            #expect(response.status.code == status && response.headers[.contentType] == "application/problem+json")
        }
    }

    @Test("audiences come with how much they see, and which rules withhold the rest")
    func audiences() async throws {
        let allied = try Allied()
        allied.enter([allied.track(1, allied.own), allied.track(2, allied.shared), allied.track(3, .unlabelled)])
        let json = try object(try await answer(allied.node, "/api/audiences"))
        #expect(json["nation"] as? String == "jp")
        #expect(value(json, "audiences", 0, "name") as? String == "kr")
        #expect(value(json, "audiences", 1, "name") as? String == "us")
        #expect(value(json, "audiences", 1, "tracks") as? Int == 1)
        let withheld = try #require(value(json, "audiences", 1, "withheld") as? [[String: Any]])
        #expect(withheld.map { $0["rule"] as? String } == ["no-label", "not-cleared-for-caveat"])
        #expect(withheld.map { $0["tracks"] as? Int } == [1, 1])
    }

    @Test("a track says to whom it goes, by which rule and why; also to those who are no partner")
    func release() async throws {
        let allied = try Allied()
        allied.enter([allied.track(1, allied.own), allied.track(2, allied.shared)])
        let all = try object(try await answer(allied.node, "/api/tracks/2/release"))
        #expect(value(all, "track") as? Int == 2 && value(all, "at") as? String == "2026-11-21T12:00:00.000Z")
        #expect(value(all, "label", "classification") as? String == "restricted")
        let decisions = try #require(all["decisions"] as? [[String: Any]])
        #expect(decisions.map { $0["to"] as? String } == ["kr", "us"])
        #expect(decisions.map { $0["answer"] as? String } == ["withhold", "redact"])
        #expect(decisions.map { $0["rule"] as? String } == ["not-releasable-to", "jp-us"])
        #expect(value(decisions, 1, "shown", "id") as? Int == 1 && value(decisions, 0, "shown") == nil)
        #expect((value(decisions, 1, "sentence") as? String)?.hasPrefix("released to us: agreement jp-us") == true)
        for (to, rule) in [("jp", "own-nation"), ("de", "unknown-audience"), ("public", "unknown-audience")] {
            let one = try object(try await answer(allied.node, "/api/tracks/2/release?to=\(to)"))
            #expect(value(one, "decisions", 0, "rule") as? String == rule)
        }
        // In another year the same track would not go.
        let later = try object(try await answer(allied.node, "/api/tracks/2/release?to=us&at=2040-01-01T00:00:00Z"))
        #expect(value(later, "decisions", 0, "rule") as? String == "no-longer-in-force")
        #expect(value(later, "decisions", 0, "shown") == nil)
        for (path, status) in [
            ("/api/tracks/9/release", 404), ("/api/tracks/2/release?to=x", 400), ("/api/tracks/2/release?at=now", 400),
            ("/api/tracks/2/release?at=0633-12-21T02:17:33.7Z", 404),
            ("/api/tracks/2/release?at=2026-01-01T00:00:00Z", 503),
        ] {
            #expect(try await answer(allied.node, path).status.code == status, "\(path)")
        }
    }

    @Test("of a former time the place is that of history")
    func formerly() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kumiko-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let history = try TrackHistory(in: DataDirectory(folder.path))
        let allied = try Allied()
        history.append([
            TrackPoint(
                track: TrackID(2), measuredAt: noon.advanced(by: -100),
                position: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139, height: 1000))
        ])
        await history.flush()
        let node = StillNode(history: history, release: allied.desk)
        node.picture.apply([.updated(allied.track(2, allied.shared))])
        let then = try object(try await answer(node, "/api/tracks/2/release?to=us&at=2026-11-21T11:58:30Z"))
        #expect(value(then, "measuredAt") as? String == "2026-11-21T11:58:20.000Z")
        #expect(value(then, "decisions", 0, "answer") as? String == "redact")
        let before = try await answer(node, "/api/tracks/2/release?to=us&at=2026-11-21T11:00:00Z")
        #expect(before.status == .notFound)
        await history.close()
    }

    @Test("terms are told in sentences, of an audience without agreement none")
    func terms() async throws {
        let allied = try Allied()
        let us = try object(try await answer(allied.node, "/api/release/terms?to=us"))
        #expect((us["terms"] as? [String])?.count == 1)
        #expect((us["terms"] as? [String])?.first?.hasPrefix("jp-us is in force until 2036-01-01") == true)
        let kr = try object(try await answer(allied.node, "/api/release/terms?to=kr&at=2026-11-21T11:58:30.5Z"))
        #expect((kr["terms"] as? [String])?.isEmpty == true && kr["at"] as? String == "2026-11-21T11:58:30.500Z")
        #expect(try await answer(allied.node, "/api/release/terms").status == .badRequest)
    }

    @Test("the stream of an audience is byte for byte the same whether or not there is anything that is not for it")
    func nonInterference() async throws {
        var worlds: [[String]] = []
        for hasSecrets in [true, false] {
            let allied = try Allied()
            let hidden = { @Sendable (ids: [UInt32]) in hasSecrets ? ids.map { allied.track($0, allied.own) } : [] }
            allied.enter(hidden([1, 3, 5]) + [2, 4, 6].map { allied.track($0, allied.shared) })
            let story = try await running(allied.node) { port, _ in
                let client = try await RawClient.get("/api/tracks/stream?as=us", port: port)
                _ = await client.text { !events($0).isEmpty }
                allied.enter(hidden([7, 1]) + [allied.track(8, allied.shared)], dropped: [TrackID(4)])
                let text = await client.text { events($0).contains { $0.name == "delta" } }
                await client.close()
                return events(text).map { "\($0.name) \($0.data)" }
            }
            worlds.append(Array(Set(story)).sorted())
            #expect(story.contains { $0.hasPrefix("delta") && $0.contains("\"dropped\":[2]") })
        }
        #expect(worlds[0] == worlds[1])
        #expect(!worlds[0].contains { $0.contains("SECRET") || $0.contains("Tower") })
    }
}

@Suite("Labels as STANAG 4774") struct LabelAPITests {
    /// A security policy of two levels and two releases.
    private static let spif = """
        <?xml version="1.0" encoding="UTF-8"?>
        <spif:SPIF xmlns:spif="http://www.xmlspif.org/spif" schemaVersion="2.1" version="1" creationDate="20260101000000Z"
            originatorDN="CN=Kumiko" keyIdentifier="00" privilegeId="1.3.6.1.4.1.9999.1" rbacId="1.3.6.1.4.1.9999.2">
          <spif:securityPolicyId name="trilateral" id="1.3.6.1.4.1.9999.3"/>
          <spif:securityClassifications>
            <spif:securityClassification name="unclassified" lacv="1" hierarchy="1"/>
            <spif:securityClassification name="restricted" lacv="2" hierarchy="2"/>
            <spif:securityClassification name="secret" lacv="3" hierarchy="3"/>
          </spif:securityClassifications>
          <spif:securityCategoryTagSets>
            <spif:securityCategoryTagSet name="Release To" id="1.3.6.1.4.1.9999.4">
              <spif:securityCategoryTag name="Release To" tagType="permissive">
                <spif:tagCategory name="USA" lacv="1"/>
                <spif:tagCategory name="KOR" lacv="2"/>
              </spif:securityCategoryTag>
            </spif:securityCategoryTagSet>
          </spif:securityCategoryTagSets>
        </spif:SPIF>
        """
    private static let section = """
        node: {nation: jp, realm: exercise(edge)}
        release:
          agreements: here
          crosswalk:
            policy: FILE
            releaseTagSet: Release To
            nations: {USA: us, KOR: [kr]}
            reviewDays: 10
        """

    private static let words = """
        nation: jp
        realm: exercise(edge)
        policies:
          - {name: trilateral, classifications: [unclassified, restricted, secret], caveats: [eyes]}
        clearances:
          - {audience: us, policy: trilateral, classification_max: secret}
        """

    private static func release(_ text: String = section, words: String = words) throws -> Configuration.Release? {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kumiko-spif-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "policy.xml")
        try Data(self.spif.utf8).write(to: file)
        return try Configuration(yaml: text.replacing("FILE", with: file.path)) { _ throws(PolicyFolderError) in
            try Policy(files: [("policy.yaml", words)])
        }.release
    }

    @Test("a label comes in the words of the configured policy; one that it cannot say exactly does not")
    func label() async throws {
        let release = try #require(try Self.release())
        let book = LabelBook()
        let desk = ReleaseDesk(
            release.policy, realm: .exercise("edge"), labels: book, crosswalk: release.crosswalk)
        let node = StillNode(release: desk)
        func enter(_ id: UInt32, _ yaml: String?) throws {
            var track = WebTests.track(id)
            track.labels = book.set(of: try yaml.map { try Label(yaml: $0, policy: release.policy) })
            node.picture.apply([.updated(track)])
        }
        try enter(1, "{policy: trilateral, classification: restricted, releasable_to: [us, kr]}")
        try enter(2, "{policy: trilateral, classification: restricted, releasable_to: [us, de]}")
        try enter(3, "{policy: trilateral, classification: restricted, releasable_to: us, caveats: eyes}")
        try enter(4, nil)
        let response = try await answer(node, "/api/tracks/1/label")
        #expect(response.status == .ok && response.headers[.contentType] == "application/xml")
        let xml = [UInt8](response.body.readableBytesView)
        let read = try ConfidentialityLabel(xml)
        #expect(read.policyName == "trilateral" && read.classification == "restricted")
        #expect(read.categories.map(\.values) == [["USA", "KOR"]])
        #expect(read.createdAt == noon && read.reviewAt == noon.advanced(by: 864_000))
        for id in 2...5 {
            let response = try await answer(node, "/api/tracks/\(id)/label")
            #expect(response.status == .notFound, "\(id)")
        }
        #expect(try await answer(StillNode(), "/api/tracks/1/label").status == .notFound)
    }

    @Test(
        "a crosswalk that does not fit is refused with what to do",
        arguments: [
            (
                "releaseTagSet: Release To", "releaseTagSet: Nations",
                "is no tag set of the policy; write one of Release To"
            ),
            ("USA: us", "FRA: fr", "crosswalk.nations.FRA: is no permissive category"),
            ("policy: FILE", "policy: /nowhere.xml", "crosswalk.policy: cannot be read"),
            ("reviewDays: 10", "reviewDay: 10", "reviewDay: is no key of this section; did you mean `reviewDays`?"),
            ("reviewDays: 10", "onward: {ORCON: originator-consent}", "is no restrictive or informative category"),
        ])
    func mistakes(old: String, new: String, told: String) {
        #expect {
            _ = try Self.release(Self.section.replacing(old, with: new))
        } throws: { "\($0)".contains(told) }
        #expect {
            _ = try Self.release(words: Self.words.replacing("unclassified, restricted", with: "restricted, official"))
        } throws: { "\($0)".contains("write the same in policy.yaml") }
    }
}
