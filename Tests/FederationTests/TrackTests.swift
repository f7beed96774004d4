import Air
import Federation
import Geodesy
import Ledger
import Releasability
import Testing

@Suite struct TrackTests {
    @Test func aTrackIsDisclosedBeforeItIsShownAndKeepsTheAudiencesNumber() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        alliance.move(jp, 700, label(jp, to: [us]))
        alliance.pass(seconds: 0.1)
        let heard = alliance[us].heard.filter { !$0.isReset }
        #expect(heard.count == 1)
        guard case .state(let track)? = heard.first?.items.first?.news else {
            Issue.record("no state")
            return
        }
        #expect(track.id == TrackID(1))
        #expect(abs(track.position.latitude - 35 * .pi / 180) < 1e-9)
        #expect(heard.first?.items.first?.label == label(jp, to: [us]))
        // The statement was durable before the batch left.
        let firstBatch = alliance.deliveries.firstIndex {
            if case .tracks = $0.delivery { true } else { false }
        }!
        #expect(firstBatch > 0)
        #expect(alliance[jp].disk.own.values.first?.count == 1)
        // What is the originator's alone does not go.
        let sent = alliance[us].disk.held.values.joined().compactMap { try? Entry(parsing: $0) }
        #expect(sent.first?.leaf.statement.kind == "disclosure.opened")
        #expect(sent.first?.body["local"] == nil)
        #expect(alliance[us].alarms.isEmpty)
    }

    @Test func aTrackThatMayNotBeSeenAnyMoreIsWithdrawnAsOneThatEnded() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        alliance.move(jp, 1, label(jp, to: [us]))
        alliance.move(jp, 2, label(jp, to: [us]))
        alliance.pass(seconds: 1)
        alliance.move(jp, 1, label(jp, to: [jp]))
        alliance[jp].node.source.table[TrackID(2)] = nil
        alliance.give(jp, .tracks([TrackChangeNotice(TrackID(2), .dropped)]))
        alliance.pass(seconds: 1)
        let withdrawn = alliance[us].heard.flatMap(\.items).compactMap { item -> UInt32? in
            if case .withdrawn(let number) = item.news { number.rawValue } else { nil }
        }
        #expect(withdrawn.sorted() == [1, 2])
        #expect(alliance[jp].node.figures(of: us)?.tracksShown == 0)
        // Both are told in the same words.
        let statements = alliance[us].disk.held.values.joined().compactMap { try? Entry(parsing: $0) }.filter {
            $0.leaf.statement.kind == "disclosure.withdrawn"
        }
        let reasons = statements.flatMap { entry -> [CBOR] in
            guard case .array(let rows) = entry.body["tracks"] else { return [] }
            return rows.compactMap { if case .array(let row) = $0 { row[2] } else { nil } }
        }
        #expect(Set(reasons) == ["withdrawn"])
        // Shown again, it is another number.
        alliance.move(jp, 1, label(jp, to: [us]))
        alliance.pass(seconds: 1)
        #expect(alliance[us].heard.last?.items.first?.news.track == TrackID(3))
        #expect(alliance[us].alarms.isEmpty)
    }

    @Test func withoutCreditTenMinutesOfFiveThousandTracksWaitOnceEach() {
        var limits = FederationLimits()
        limits.leavesCredit = 100
        limits.silentAfter = 3_600_000_000_000
        var alliance = Alliance([jp, us], limits: limits)
        let link = alliance.dial(us, jp)
        for id in 1...5000 { alliance[jp].node.source.set(UInt32(id), label(jp, to: [us]), at: alliance.now) }
        alliance.cut.insert(link)
        let tracks = (1...5000).map { TrackChangeNotice(TrackID($0), .moved) }
        for step in 1...150 {
            alliance.now = noon.advanced(by: 4 * Double(step))
            for id in 1...5000 {
                alliance[jp].node.source.table[TrackID(UInt32(id))]!.payload.measuredAt = alliance.now
            }
            alliance.give(jp, .tracks(tracks))
            alliance.give(jp, .tick)
        }
        let figures = alliance[jp].node.figures(of: us)!
        #expect(figures.tracksWaiting + 100 >= 5000 && figures.tracksWaiting <= 5000)
        #expect(figures.leavesSent <= 100)
        #expect(figures.conflated + 5000 + 100 + 200 >= 150 * 5000)
        // The link is lost and comes back: the newest of each, once.
        alliance.cut = []
        alliance.hangUp(link)
        alliance[us].heard = []
        _ = alliance.dial(us, jp)
        alliance.pass(seconds: 2)
        let states = alliance[us].heard.flatMap(\.items).compactMap { item -> Track? in
            if case .state(let track) = item.news { track } else { nil }
        }
        #expect(states.count == 5000)
        #expect(states.allSatisfy { $0.measuredAt == noon.advanced(by: 600) })
    }

    @Test func newsThatALinkLostIsToldAgainAndWhatArrivedIsNot() {
        var alliance = Alliance([jp, us])
        var link = alliance.dial(us, jp)
        for id in 1...10 { alliance.move(jp, UInt32(id), label(jp, to: [us])) }
        alliance.pass(seconds: 1)
        #expect(alliance[jp].node.source.acknowledgedCount == 10)
        alliance.cut.insert(link)
        for id in 1...5 { alliance.move(jp, UInt32(id), label(jp, to: [us])) }
        alliance.pass(seconds: 0.5)
        alliance.hangUp(link)
        alliance[us].heard = []
        link = alliance.dial(us, jp)
        alliance.pass(seconds: 0.5)
        #expect(alliance[jp].node.source.lostCount == 5)
        let told = alliance[us].heard.flatMap(\.items).map(\.news.track.rawValue)
        #expect(told.sorted() == [1, 2, 3, 4, 5])
        #expect(alliance[jp].node.figures(of: us)?.newsLost == 5)
    }

    @Test func whatAnAudienceMayNotSeeChangesNoOctetOfWhatItReceives() {
        func run(_ hasSecrets: Bool) -> [[UInt8]] {
            var alliance = Alliance([jp, us, au])
            _ = alliance.dial(us, jp)
            _ = alliance.dial(au, jp)
            var random = SplitMix(seed: 7)
            for step in 1...60 {
                alliance.pass(seconds: 0.05)
                let id = UInt32(random.next() % 6)
                alliance.move(jp, 1000 + id, label(jp, to: [us, au]), latitude: 30 + Double(id))
                if hasSecrets {
                    alliance.move(jp, 2000 + UInt32(random.next() % 9), label(jp, to: [us]))
                    alliance.move(jp, 3000, label(jp, to: [us, au], level: 2))
                } else {
                    _ = random.next()
                }
                if step % 7 == 0 { alliance.record(jp, UInt64(2 * step), to: [us, au], text: "\(step)") }
                if step % 5 == 0, hasSecrets {
                    alliance.record(jp, UInt64(2 * step + 1), to: [us], isUrgent: step % 2 == 0)
                }
            }
            alliance.pass(seconds: 90)
            return alliance.deliveries.filter { $0.receiver == au }.map {
                Array("\($0.at.nanoseconds) \($0.delivery)".utf8)
            }
        }
        let with = run(true), without = run(false)
        #expect(with.count > 60)
        #expect(with == without)
    }

    @Test func aDelayShowsTheStateOfThen() {
        let clauses = [Clause(.permit, [.tracks], delay: 60)]
        var alliance = Alliance([jp, us], policies: [jp: policy(jp, with: [us], clauses: clauses)])
        _ = alliance.dial(us, jp)
        for step in 0..<40 {
            alliance[jp].node.source.set(
                1, label(jp, to: [us]), at: alliance.now, latitude: 30 + Double(step) / 10)
            let state = alliance[jp].node.source.table[TrackID(1)]!
            alliance[jp].node.source.history[TrackID(1), default: []].append(state)
            alliance.give(jp, .tracks([TrackChangeNotice(TrackID(1), step == 0 ? .new : .moved)]))
            alliance.pass(seconds: 4)
        }
        let states = alliance[us].heard.flatMap { batch in
            batch.items.compactMap { item -> (Timestamp, Track)? in
                if case .state(let track) = item.news { (batch.sentAt, track) } else { nil }
            }
        }
        #expect(states.count >= 20)
        #expect(states.allSatisfy { $0.0.seconds(since: $0.1.measuredAt) >= 60 })
    }
}

struct SplitMix {
    var state: UInt64
    init(seed: UInt64) { self.state = seed }
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
