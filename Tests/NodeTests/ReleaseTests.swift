import Air
import Geodesy
import Releasability
import SensorFormats
import Testing

@testable import Node

/// Agreements for tests: of Japan, with us (all tracks), au (coarse, a minute old) and the public (nothing).
enum Desk {
    static let words = """
        nation: jp
        realm: test
        policies:
          - name: trilateral
            classifications: [unclassified, restricted, secret]
            caveats: [eyes]
        clearances:
          - {audience: us, policy: trilateral, classification_max: secret, caveats: [eyes]}
          - {audience: au, policy: trilateral, classification_max: restricted}
          - {audience: public, policy: trilateral, classification_max: unclassified}
          - {audience: operators/controller, policy: trilateral, classification_max: secret}
        """
    static let usa = """
        name: jp-us
        between: [jp, us]
        realm: test
        from: 2020-01-01T00:00:00Z
        to: 2036-01-01T00:00:00Z
        policy: trilateral
        classification_max: secret
        caveats: [eyes]
        onward: never
        clauses:
          - {permit: [tracks, plots, sensor-status], areas: everywhere}
        """
    static let australia = """
        name: jp-au
        between: [au, jp]
        realm: test
        from: 2020-01-01T00:00:00Z
        to: 2036-01-01T00:00:00Z
        policy: trilateral
        classification_max: restricted
        onward: never
        clauses:
          - {permit: [tracks, plots], areas: everywhere, delay_s: 60, position_grid_m: 5000, withhold: [identities]}
        """

    static func policy(_ words: String = Desk.words) throws -> Policy {
        try Policy(files: [("au.yaml", Self.australia), ("policy.yaml", words), ("us.yaml", Self.usa)])
    }

    static func label(_ yaml: String) throws -> Label { try Label(yaml: yaml, policy: try self.policy()) }

    /// Releasable to both partners.
    static func shared() throws -> Label {
        try self.label("{policy: trilateral, classification: restricted, releasable_to: [us, au]}")
    }

    /// Releasable to nobody.
    static func own() throws -> Label { try self.label("{policy: trilateral, classification: secret}") }

    static let noon = Timestamp(seconds: 1_795_262_400)

    static func track(_ id: UInt32, _ labels: LabelSet, at time: Timestamp = noon, east: Double = 140) -> Track {
        var track = Track(
            id: TrackID(id), status: .confirmed, measuredAt: time, receivedAt: time,
            position: Geodetic(latitudeDegrees: 36, longitudeDegrees: east, height: 10_000))
        track.address = Track.Aged(ICAOAddress(0x84_0000 + id), at: time)
        track.velocity = EastNorthUp(east: 200, north: 0, up: 0)
        track.covariance = Matrix([[2500, 0, 0, 0], [0, 1600, 0, 0], [0, 0, 4, 0], [0, 0, 0, 9]])
        track.heightVariance = 900
        track.labels = labels
        return track
    }

    static func tracks(_ picture: Picture) -> [Track] {
        var tracks: [Track] = []
        picture.snapshot().forEach { tracks.append(copy $0) }
        return tracks.sorted { $0.id < $1.id }
    }
}

@Suite("Labels of a node") struct LabelBookTests {
    @Test("a set has the join of its labels; with something unlabelled in it, or nothing, it has none")
    func joins() throws {
        let book = LabelBook()
        let (shared, own) = (try Desk.shared(), try Desk.own())
        let a = book.set(of: shared), b = book.set(of: own)
        #expect(book.set(of: shared) == a && a != b)
        #expect(book.label(of: a) == shared)
        #expect(book.label(of: a.union(b)) == shared.combined(with: own))
        #expect(book.label(of: a.union(b))?.releasableTo == nil)
        #expect(book.label(of: []) == nil && book.label(of: .unlabelled) == nil)
        #expect(book.label(of: a.union(.unlabelled)) == nil)
        #expect(book.label(of: LabelSet(number: 40)) == nil)
    }

    @Test("a label beyond the sixty-third is unlabelled, and counted")
    func full() throws {
        let book = LabelBook()
        var label = try Desk.shared()
        for second in 0..<70 as Range<UInt8> {
            let code = "a\(Character(UnicodeScalar(97 + second % 26)))"
            label.releasableTo = [try #require(Nation(code))]
            label.classification = second / 26
            let set = book.set(of: label)
            #expect((set == .unlabelled) == (second >= 63))
        }
        #expect(book.refused == 7)
    }

    private static let other = SensorID(sac: 0, sic: 9)

    /// A node with one radar that has a label of its own, and another one that comes by the same feed.
    private static func node(own: Label?, feed: Label?, node label: Label?) throws -> KumikoNode {
        var configuration = KumikoNodeTests.configuration([KumikoNodeTests.injected])
        var second = KumikoNodeTests.radar
        second.id = self.other
        configuration.sensors.append(second)
        configuration.nation = Nation("jp")
        configuration.release = Configuration.Release(policy: try Desk.policy(), label: label)
        configuration.feeds[0].label = feed
        configuration.sensorLabels = own.map { [KumikoNodeTests.radar.id: $0] } ?? [:]
        return try KumikoNode(
            configuration, clock: .played(from: KumikoNodeTests.start, speed: 0), log: KumikoNodeTests.quiet)
    }

    /// An aircraft's turns as one radar or the other sees it.
    private static func fly(_ node: KumikoNode, _ turns: Range<Int>, by sensor: SensorID) async {
        for turn in turns {
            let now = KumikoNodeTests.start.advanced(by: 4 * Double(turn))
            await node.advance(to: now)
            var writer = AsterixWriter()
            writer.append(
                .plot(
                    Plot(
                        sensor: sensor, measuredAt: now, receivedAt: now, kind: .modeS,
                        measurement: .polar(range: 80_000 + 900 * Double(turn), azimuth: .pi / 4, elevation: nil),
                        pressureAltitude: 10_000, identity: Identity(address: ICAOAddress(0x86D624)))))
            var bytes: [UInt8] = []
            writer.takeDatagrams { _, datagram in for i in datagram.indices { bytes.append(datagram[i]) } }
            await node.inject(bytes, into: 0, receivedAt: now)
        }
    }

    @Test("the nearest word holds: the sensor's, else the feed's, else the node's; without any there is no label")
    func nearest() async throws {
        let labels = try ["unclassified", "restricted", "secret"].map {
            try Desk.label("{policy: trilateral, classification: \($0), releasable_to: [us]}")
        }
        let cases: [(own: Label?, feed: Label?, node: Label?, got: Label?)] = [
            (labels[0], labels[1], labels[2], labels[0]), (nil, labels[1], labels[2], labels[1]),
            (nil, nil, labels[2], labels[2]), (nil, nil, nil, nil),
        ]
        for (own, feed, label, got) in cases {
            let node = try Self.node(own: own, feed: feed, node: label)
            await Self.fly(node, 0..<6, by: KumikoNodeTests.radar.id)
            let track = try #require(Desk.tracks(node.picture).first)
            #expect(node.release?.label(of: track) == got)
            #expect(node.sensors.first { $0.id == KumikoNodeTests.radar.id }?.label == got)
        }
    }

    @Test("a track never forgets a sensor that once contributed, however many others came after")
    func memory() async throws {
        let (shared, own) = (try Desk.shared(), try Desk.own())
        let node = try Self.node(own: own, feed: shared, node: nil)
        await Self.fly(node, 0..<6, by: Self.other)
        let before = try #require(Desk.tracks(node.picture).first)
        #expect(node.release?.label(of: before) == shared)
        await Self.fly(node, 6..<7, by: KumikoNodeTests.radar.id)
        await Self.fly(node, 7..<40, by: Self.other)
        let after = try #require(Desk.tracks(node.picture).first)
        #expect(after.id == before.id && after.contributions[0].sensor == Self.other)
        #expect(node.release?.label(of: after) == shared.combined(with: own))
    }
}

@Suite("What an audience may see") struct AudienceTests {
    private let book = LabelBook()

    private func desk() throws -> ReleaseDesk {
        ReleaseDesk(try Desk.policy(), realm: .test, labels: self.book)
    }

    private func picture(_ desk: ReleaseDesk, _ name: String) throws -> ReleasedPicture {
        let audience = try #require(Audience(name: name))
        return try #require(desk.picture(for: audience))
    }

    private func take(_ desk: ReleaseDesk, _ changes: [TrackChange], into picture: Picture, at now: Timestamp) {
        picture.apply(changes)
        var updated: [Track] = [], dropped: [TrackID] = []
        for change in changes {
            switch change {
            case .updated(let track): updated.append(track)
            case .dropped(let id, _): dropped.append(id)
            }
        }
        desk.take(PictureDelta(isSnapshot: false, updated: updated, dropped: dropped), of: picture, at: now)
    }

    @Test("partners with a clearance and the public are audiences; one's own operators and strangers are not")
    func audiences() throws {
        let desk = try self.desk()
        #expect(desk.audiences.map(\.name) == ["au", "public", "us"])
        for name in ["jp", "kr", "operators/controller"] {
            let audience = try #require(Audience(name: name))
            #expect(desk.picture(for: audience) == nil)
        }
        #expect(Audience(name: "nobody") == nil && Audience(name: "operators/") == nil)
    }

    @Test("what may go is shown, renumbered and with its label; what may not is counted by its rule")
    func shown() throws {
        let desk = try self.desk()
        let picture = Picture()
        let shared = self.book.set(of: try Desk.shared()), own = self.book.set(of: try Desk.own())
        self.take(
            desk,
            [
                .updated(Desk.track(501, own)), .updated(Desk.track(502, shared)),
                .updated(Desk.track(503, shared.union(own))), .updated(Desk.track(504, .unlabelled)),
                .updated(Desk.track(505, shared)),
            ], into: picture, at: Desk.noon)
        let us = try self.picture(desk, "us")
        let tracks = Desk.tracks(us.picture)
        #expect(tracks.map(\.id) == [TrackID(1), TrackID(2)])
        #expect(tracks.map(\.address?.value) == [ICAOAddress(0x84_0000 + 502), ICAOAddress(0x84_0000 + 505)])
        #expect(tracks.allSatisfy { $0.labels.isEmpty })
        let terms = try #require(us.terms(of: TrackID(1)))
        let label = try Desk.shared()
        #expect(terms.agreement == "jp-us" && terms.label == label && terms.redactions.isEmpty)
        let rows = try #require(desk.tally(of: us.audience)).rows
        #expect(rows.map(\.answer) == ["release", "withhold", "withhold"])
        #expect(rows.map(\.reason) == [nil, "no-label", "not-releasable-to"] && rows.map(\.tracks) == [2, 1, 2])
        // What ends, or is withheld from now on, is gone for the audience too.
        self.take(
            desk, [.dropped(TrackID(502), at: Desk.noon), .updated(Desk.track(505, shared.union(own)))], into: picture,
            at: Desk.noon)
        #expect(us.picture.count == 0 && us.allTerms.isEmpty)
        self.take(desk, [.updated(Desk.track(506, shared))], into: picture, at: Desk.noon)
        #expect(Desk.tracks(us.picture).map(\.id) == [TrackID(3)])
    }

    @Test("under a delay the state of then is shown, coarse, and ends as late as it was shown")
    func delay() throws {
        let desk = try self.desk()
        let picture = Picture()
        let shared = self.book.set(of: try Desk.shared())
        let au = try self.picture(desk, "au")
        for second in 0...150 {
            let now = Desk.noon.advanced(by: Double(second))
            var changes: [TrackChange] = []
            if second < 100 {
                changes = [.updated(Desk.track(9, shared, at: now, east: 140 + 0.01 * Double(second)))]
            } else if second == 100 {
                changes = [.dropped(TrackID(9), at: now)]
            }
            self.take(desk, changes, into: picture, at: now)
            let seen = Desk.tracks(au.picture)
            guard second >= 60 else {
                #expect(seen.isEmpty)
                continue
            }
            let track = try #require(seen.first, "at \(second) s")
            let age = now.seconds(since: track.measuredAt)
            #expect(age >= 60 && age <= 66 + Double(max(second - 155, 0)), "\(age) s at \(second) s")
            #expect(track.address == nil && track.id == TrackID(1))
            #expect(
                abs(track.position.longitudeDegrees - 140 - 0.01 * track.measuredAt.seconds(since: Desk.noon)) < 0.06)
        }
        for second in 151...170 {
            self.take(desk, [], into: picture, at: Desk.noon.advanced(by: Double(second)))
            #expect(au.picture.count == (second < 160 ? 1 : 0), "at \(second) s")
        }
        let rows = try #require(desk.tally(of: au.audience)).rows
        #expect(rows.allSatisfy { $0.tracks == 0 })
    }

    @Test("a state that may not go leaves a gap: an older one is not shown for it")
    func gap() throws {
        let desk = try self.desk()
        let picture = Picture()
        let shared = self.book.set(of: try Desk.shared()), own = self.book.set(of: try Desk.own())
        let au = try self.picture(desk, "au")
        for second in 0...140 {
            let now = Desk.noon.advanced(by: Double(second))
            let labels = second < 20 ? shared : shared.union(own)
            self.take(desk, [.updated(Desk.track(9, labels, at: now))], into: picture, at: now)
            #expect(au.picture.count == (60..<80 ~= second ? 1 : 0), "at \(second) s")
        }
    }

    @Test("when an agreement ends, what was shown under it ends, also of tracks that do not move")
    func ends() throws {
        let desk = try self.desk()
        let picture = Picture()
        let end = Timestamp(seconds: 2_082_758_400)  // 2036-01-01
        let shared = self.book.set(of: try Desk.shared())
        let before = end.advanced(by: -0.5)
        self.take(desk, [.updated(Desk.track(9, shared, at: before))], into: picture, at: before)
        let us = try self.picture(desk, "us")
        #expect(us.picture.count == 1)
        desk.take(nil, of: picture, at: end)
        #expect(us.picture.count == 0)
        let rows = try #require(desk.tally(of: us.audience)).rows
        #expect(rows.contains { $0.reason == "no-longer-in-force" && $0.tracks == 1 })
    }

    @Test("what an audience sees is the same whether or not there is anything that is not for it", arguments: 1...20)
    func nonInterference(seed: UInt64) throws {
        var chance = SplitMix(state: seed)
        let shared = self.book.set(of: try Desk.shared()), own = self.book.set(of: try Desk.own())
        var worlds: [[String]] = []
        // The same random changes, with and without those of tracks that are for nobody.
        var rounds: [[TrackChange]] = []
        for second in 0..<200 {
            let now = Desk.noon.advanced(by: Double(second))
            rounds.append(
                (0..<20).map { _ -> TrackChange in
                    let id = UInt32(chance.below(40)) + 1
                    if chance.below(12) == 0 { return .dropped(TrackID(id), at: now) }
                    let labels = id % 2 == 0 ? shared : id % 4 == 1 ? own : LabelSet.unlabelled
                    return .updated(
                        Desk.track(
                            id, labels, at: now.advanced(by: -Double(chance.below(5))), east: 135 + Double(id) / 7))
                })
        }
        for hasSecrets in [true, false] {
            let desk = ReleaseDesk(try Desk.policy(), realm: .test, labels: self.book)
            let picture = Picture()
            var story: [String] = []
            for (second, changes) in rounds.enumerated() {
                let visible = changes.filter { change in
                    switch change {
                    case .updated(let track): hasSecrets || track.id.rawValue % 2 == 0
                    case .dropped(let id, _): hasSecrets || id.rawValue % 2 == 0
                    }
                }
                self.take(desk, visible, into: picture, at: Desk.noon.advanced(by: Double(second)))
                for audience in desk.audiences {
                    story.append("\(second) \(audience.name) \(Desk.tracks(audience.picture))")
                }
            }
            worlds.append(story)
        }
        #expect(worlds[0] == worlds[1])
        #expect(worlds[0].contains { $0.contains("au [") && $0.contains("Track(") })
    }
}

/// Chance from a seed (SplitMix64).
private struct SplitMix {
    var state: UInt64

    mutating func below(_ count: UInt64) -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return (z ^ (z >> 31)) % count
    }
}

@Suite("Release in the configuration") struct ReleaseConfigurationTests {
    private func configuration(_ yaml: String) throws -> Configuration {
        try Configuration(yaml: yaml) { folder throws(PolicyFolderError) in
            guard folder == "agreements" else { return try Policy(folder: folder) }
            return try Policy(files: [("policy.yaml", Desk.words), ("us.yaml", Desk.usa)])
        }
    }

    private static let node = "node: {nation: jp, realm: test}\n"

    @Test("agreements and labels of node, feed and sensor are read")
    func read() throws {
        let configuration = try self.configuration(
            Self.node + """
                release:
                  agreements: agreements
                  label: {policy: trilateral, classification: secret}
                sensors:
                  - id: 1/2
                    kind: receiver
                    latitude: 35
                    longitude: 139
                    label:
                      policy: trilateral
                      classification: unclassified
                      releasable_to: [us, public]
                      caveats: [eyes]
                      onward: releasable
                      originators: [kr]
                feeds:
                  - name: partner
                    format: asterix
                    listen: 127.0.0.1:8600
                    label: {policy: trilateral, classification: restricted, releasable_to: us}
                  - name: mine
                    format: asterix
                    listen: 127.0.0.1:8601
                """)
        let release = try #require(configuration.release)
        #expect(release.policy.agreements.map(\.name) == ["jp-us"])
        #expect(release.label?.classification == 2 && release.label?.releasableTo == nil)
        let own = try #require(configuration.sensorLabels[SensorID(sac: 1, sic: 2)])
        #expect(own.releasableTo?.description == "us public" && own.onward == .releasable)
        #expect(own.originators.description == "kr" && own.caveats.caveats.count == 1)
        #expect(configuration.feeds.map(\.label?.classification) == [1, nil])
    }

    @Test(
        "every mistake is told with its line and what to do",
        arguments: [
            ("release: {}", "line 2: release.agreements: is missing"),
            ("release: {agreements: nowhere}", "line 2: release.agreements: in nowhere: nowhere: cannot be read"),
            (
                "release:\n  agreements: agreements\n  label: {policy: x, classification: secret}",
                "line 4: release.label.policy: is `x`, which policy.yaml does not know"
            ),
            (
                "release:\n  agreements: agreements\n  label: {policy: trilateral, classification: top}",
                "line 4: release.label.classification: is `top`; write one of unclassified"
            ),
            (
                "release:\n  agreements: agreements\n  label: {policy: trilateral, classification: secret, relto: us}",
                "line 4: release.label.relto: is no key"
            ),
            (
                "feeds:\n  - name: a\n    format: asterix\n    listen: 127.0.0.1:1\n    label: {policy: trilateral}",
                "line 6: feeds[0].label: has no meaning without agreements"
            ),
        ])
    func mistakes(text: String, told: String) {
        #expect {
            _ = try self.configuration(Self.node + text)
        } throws: { error in
            let text = "\(error)"
            #expect(text.contains(told), "\(text)")
            return text.contains(told)
        }
    }

    @Test("agreements of another nation or realm than the node's are refused")
    func otherNation() {
        for node in ["node: {nation: us, realm: test}\n", "node: {nation: jp}\n", "node: {realm: test}\n"] {
            #expect(throws: ConfigurationError.self) {
                _ = try self.configuration(node + "release: {agreements: agreements}")
            }
        }
    }
}
