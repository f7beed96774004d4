import Air
import Exercises
import Foundation
import Geodesy
import GuardTrials
import Testing
import Tracking

@testable import Plausibility

/// Recordings of others, which are not part of this repository: beside it, or where KUMIKO_DATA says.
private let recordings: String = {
    if let named = ProcessInfo.processInfo.environment["KUMIKO_DATA"] { return named }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return root.deletingLastPathComponent().appending(path: "shared/data").path
}()

private let areRecordingsThere: Bool = {
    let found = FileManager.default.fileExists(atPath: recordings + "/asterix")
    if !found { print("No recordings under \(recordings): the tests that read them are skipped.") }
    return found
}()

@Suite("Plausibility: attacks and honest skies") struct TrialTests {
    /// The least share of the attacked that is found. What is missed: an aircraft that no radar or receiver covers in
    /// time, one alone in its cell of the map, one that is dragged where radar looks too seldom.
    static func detectionMin(_ kind: Deception.Kind) -> Double {
        switch kind {
        case .jamming, .renamed, .drag: 0.7
        case .teleport, .freezing, .spoofing: 0.8
        default: 0.95
        }
    }

    @Test("each attack is found by its rule, and hardly anything honest is marked", arguments: Deception.Kind.allCases)
    func attacks(kind: Deception.Kind) {
        let score = GuardTrial.score(kind, seed: 5, aircraftCount: 500, duration: 180)
        #expect(score.attacked > 0)
        #expect(score.detectionRate >= Self.detectionMin(kind), "\(score.detected) of \(score.attacked)")
        #expect(score.falseMarkRate <= 1e-5, "\(score.honestMarked) of \(score.honest)")
        #expect(
            Double(score.honestMarkedByAny) <= 3e-4 * Double(score.honest),
            "\(score.honestMarkedByAny) of \(score.honest)")
    }

    @Test(
        "of an honest recording hardly a plot is marked", .enabled(if: areRecordingsThere),
        arguments: HonestRecording.all)
    func honest(recording: HonestRecording) throws {
        guard let tally = try recording.judged(in: recordings) else { return }
        let rate = Double(tally.marked) / Double(max(tally.plots, 1))
        let rules = Doubt.allCases.filter { tally[$0] > 0 }.map { "\($0.name) \(tally[$0])" }
        print("\(recording.name): \(tally.marked) of \(tally.plots) plots marked. \(rules.joined(separator: ", "))")
        #expect(tally.plots > 1000)
        if recording.broken.isEmpty { #expect(rate <= 0.002) }
        for doubt in Doubt.allCases {
            if recording.broken.contains(doubt) {
                #expect(tally[doubt] > 0)
            } else {
                #expect(Double(tally[doubt]) <= 0.001 * Double(tally.plots), "\(doubt.name)")
            }
        }
    }

    @Test("a track bears the names of the rules that its plots broke, and nothing is hidden")
    func tracks() throws {
        let flight = Flight()
        var watch = PlausibilityGuard(sensors: [radar, receiver])
        var tracker = Tracker(sensors: [radar, receiver])
        var changes: [TrackChange] = []
        var newest: Track?
        var plots = 0
        for second in 0..<90 {
            var plot = flight.broadcast(Double(second))
            if (30..<40).contains(second) { plot.geometricHeight = 15_000 }
            var reports: [SensorReport] = [.plot(plot)]
            watch.judge(&reports)
            #expect(reports.count == 1)
            tracker.process(reports.span, now: start.advanced(by: Double(second) + 0.1), into: &changes)
            for case .updated(let track) in changes {
                newest = track
                plots = Int(track.plotCount)
            }
            changes.removeAll()
            if second == 60 { #expect(newest?.doubts.names == ["altitude-mismatch"]) }
        }
        // The mark is held for a minute after the last plot that raised it was received.
        #expect(newest?.doubts == .altitudeMismatch)
        #expect(plots == 90)
        for second in 100..<102 {
            let reports: [SensorReport] = [.plot(flight.broadcast(Double(second)))]
            tracker.process(reports.span, now: start.advanced(by: Double(second)), into: &changes)
        }
        guard case .updated(let track) = changes.last else { throw Missing() }
        #expect(track.doubts == [])
    }

    @Test("a broadcast that is dragged away leads the track astray less when it is doubted")
    func dragged() throws {
        // Mean distance of the address's tracks from the truth while the broadcast is 1.5 to 4 km off.
        func error(isGuarded: Bool) -> Double {
            var watch = PlausibilityGuard(sensors: [radar, receiver])
            var tracker = Tracker(sensors: [radar, receiver])
            var changes: [TrackChange] = []
            var (sum, count) = (0.0, 0.0)
            for second in 0..<260 {
                let t = Double(second)
                var said = Flight()
                if second > 60 { said.from = said.from.moved(distance: 20 * (t - 60), azimuth: 2.4) }
                var reports: [SensorReport] = [.plot(said.broadcast(t))]
                if second % 5 == 0 { reports.append(.plot(Flight().reply(t + 0.2))) }
                if isGuarded { watch.judge(&reports) }
                tracker.process(reports.span, now: start.advanced(by: t + 0.5), into: &changes)
                for case .updated(let track) in changes where second > 135 {
                    let truth = Flight().place(track.measuredAt.seconds(since: start))
                    sum += track.position.geodesic(to: truth).distance
                    count += 1
                }
                changes.removeAll()
            }
            return sum / max(count, 1)
        }
        let (doubted, believed) = (error(isGuarded: true), error(isGuarded: false))
        print(
            "A broadcast dragged 1.5 to 4 km away: the track is \(Int(doubted)) m off, \(Int(believed)) m where it is believed."
        )
        #expect(doubted < 0.7 * believed, "\(doubted) m and \(believed) m")
    }

    @Test("a broadcaster that a working radar does not see is marked; one that it sees, or with the radar off, is not")
    func radarSilent() {
        func marked(isSeen: Bool, isOn: Bool) -> Bool {
            var watch = PlausibilityGuard(sensors: [radar, receiver])
            var tracker = Tracker(sensors: [radar, receiver])
            var changes: [TrackChange] = []
            var isMarked = false
            var other = Flight()
            other.address = 0x86_7777
            other.from = other.from.moved(distance: 90_000, azimuth: 4)
            for second in 0..<60 {
                let t = Double(second)
                var reports: [SensorReport] = [.plot(Flight().broadcast(t))]
                if second % 5 == 0 {
                    if isOn { reports.append(.plot(other.reply(t + 0.1))) }
                    if isSeen { reports.append(.plot(Flight().reply(t + 0.2))) }
                }
                watch.judge(&reports)
                let now = start.advanced(by: t + 0.5)
                tracker.process(reports.span, now: now, into: &changes)
                watch.judge(&changes, now: now)
                for case .updated(let track) in changes where track.doubts.contains(.radarSilent) { isMarked = true }
                changes.removeAll()
            }
            return isMarked
        }
        #expect(marked(isSeen: false, isOn: true))
        #expect(!marked(isSeen: true, isOn: true))
        #expect(!marked(isSeen: false, isOn: false))
    }

    @Test("a flood of invented addresses grows nothing and does not push out what is known")
    func flood() {
        var watch = PlausibilityGuard(
            sensors: [receiver], configuration: .init(aircraftMax: 512, messagesMax: 4096, areasMax: 64))
        var random = SplitMix64(seed: 4)
        var ghost = Flight()
        for second in 0..<60 {
            var reports: [SensorReport] = [.plot(Flight().broadcast(Double(second)))]
            for _ in 0..<300 where second > 5 {
                ghost.address = UInt32(truncatingIfNeeded: random.next()) & 0x7F_FFFF
                reports.append(.plot(ghost.broadcast(Double(second))))
            }
            watch.judge(&reports)
        }
        var jumped = Flight()
        jumped.from = jumped.from.moved(distance: 5_000, azimuth: 1)
        #expect(watch.doubts(of: jumped.broadcast(60)).contains(.impossibleMotion))
        #expect(watch.tally.plots == 60 + 300 * 54 + 1)
    }

    @Test("an area in which four aircraft jump alike is told, with its bounds")
    func areas() throws {
        var watch = PlausibilityGuard(sensors: [receiver])
        for second in 0..<20 {
            for index in 0..<6 {
                var flight = Flight()
                flight.address += UInt32(index)
                flight.from = flight.from.moved(distance: 3_000 * Double(index), azimuth: 1)
                if second >= 10, index < 4 { flight.from = flight.from.moved(distance: 7_000, azimuth: 3) }
                _ = watch.doubts(of: flight.broadcast(Double(second) + 0.1 * Double(index)))
            }
        }
        let area = try #require(watch.doubtfulAreas(at: start.advanced(by: 20)).first)
        #expect(area.doubts == .commonShift && area.aircraftCount == 6)
        #expect((area.southDegrees...area.northDegrees).contains(35.5))
        #expect((area.westDegrees...area.eastDegrees).contains(139.2))
        #expect(watch.doubtfulAreas(at: start.advanced(by: 400)).isEmpty)
        // Of the two that did not jump nothing is said.
        var honest = Flight()
        honest.address += 5
        honest.from = honest.from.moved(distance: 15_000, azimuth: 1)
        #expect(watch.doubts(of: honest.broadcast(20.5)) == [])
    }
}

private struct Missing: Error {}
