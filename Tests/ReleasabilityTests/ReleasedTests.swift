import Air
import Foundation
import Geodesy
import Releasability
import Testing

@Suite("Released payloads")
struct ReleasedTests {
    static func track(_ chance: inout Chance, at time: Timestamp) -> Track {
        var track = Track(
            id: TrackID(UInt32(chance.next(below: 1 << 30))), status: .confirmed, measuredAt: time,
            receivedAt: time.advanced(by: 0.3),
            position: Geodetic(
                latitude: chance.within(0.3, 0.9), longitude: chance.within(2, 2.7), height: chance.within(0, 12_000)))
        track.bornAt = time.advanced(by: -chance.within(0, 1000))
        track.velocity = EastNorthUp(
            east: chance.within(-300, 300), north: chance.within(-300, 300), up: chance.within(-10, 10))
        for i in 0..<2 {
            track.covariance[i, i] = chance.within(10, 10_000)
            track.covariance[i + 2, i + 2] = chance.within(1, 100)
        }
        track.address = Track.Aged(ICAOAddress(UInt32(chance.next(below: 1 << 24))), at: time)
        track.mode3A = Track.Aged(Mode3A(UInt16(chance.next(below: 4096))), at: time)
        track.callsign = Callsign("JAL\(chance.next(below: 1000))").map { Track.Aged($0, at: time) }
        track.pressureAltitude = Track.Aged(track.position.height, at: time)
        track.contribute(sensor: SensorID(sac: 210, sic: UInt8(chance.next(below: 255))), measuredAt: time)
        track.plotCount = UInt32(chance.next(below: 100))
        track.doubtLog.note(.radarDiffers, at: time)
        return track
    }

    /// All that a track tells, as text: two of one text are the same to whoever gets them.
    static func text(_ t: Track) -> String {
        let looks = (0..<Int(t.contributionCount)).map { "\(t.contributions[$0])" }
        let covariance = (0..<16).map { t.covariance[$0 / 4, $0 % 4] }
        return "\(t.id) \(t.status) \(t.measuredAt.nanoseconds) \(t.receivedAt.nanoseconds) \(t.bornAt.nanoseconds) "
            + "\(t.position) \(t.velocity) \(covariance) \(t.heightVariance) \(t.climbVariance) "
            + "\(String(describing: t.pressureAltitude)) \(String(describing: t.geometricHeight)) "
            + "\(String(describing: t.address)) \(String(describing: t.mode3A)) \(String(describing: t.callsign)) "
            + "\(t.isOnGround) \(t.lastKind) \(looks) \(t.plotCount) \(t.doubtLog)"
    }

    @Test("what an audience sees is the same whatever else there is", arguments: 1...8 as ClosedRange<UInt64>)
    func nonInterference(seed: UInt64) throws {
        var chance = Chance(state: seed)
        let places = try World.places(), time = day(40)
        var shown = 0, different = 0
        for _ in 0..<25 {
            let policy = try World(&chance, places: places).policy
            var tracks = (0..<25).map { _ in
                Labelled(
                    Self.track(&chance, at: time.advanced(by: -chance.within(0, 120))), label: World.label(&chance))
            }
            for audience in Words.audiences {
                func view(_ tracks: [Labelled<Track>]) -> [String] {
                    var lines: [String] = []
                    for track in tracks {
                        let released = policy.release(
                            track, realm: .live, to: audience, at: time, numbered: TrackID(UInt32(lines.count)))
                        if let released {
                            lines.append("\(Self.text(released.payload)) \(released.label) \(released.verdict)")
                        }
                    }
                    return lines
                }
                let before = view(tracks)
                shown += before.count
                // What is not for this audience becomes another of the kind, or goes.
                tracks = tracks.compactMap { track in
                    func isShown(_ track: Labelled<Track>) -> Bool {
                        policy.release(track, realm: .live, to: audience, at: time, numbered: TrackID(0)) != nil
                    }
                    guard !isShown(track) else { return track }
                    if chance.chance(0.3) { return nil }
                    let other = Labelled(
                        Self.track(&chance, at: time.advanced(by: -chance.within(0, 120))), label: World.label(&chance))
                    return isShown(other) ? track : other
                }
                if view(tracks) != before { different += 1 }
            }
        }
        #expect(different == 0)
        #expect(shown > 20)
    }

    @Test("a coarse track tells its cell, and nothing of where in it")
    func cells() throws {
        var chance = Chance(state: 7)
        let redactions = Redactions(positionGrid: 5000, timeGrid: 10_000, parts: [.identities, .height])
        let time = Timestamp(nanoseconds: day(3).nanoseconds / 10_000_000_000 * 10_000_000_000)
        var different = 0
        for _ in 0..<200 {
            var a = Self.track(&chance, at: time)
            a.velocity = EastNorthUp(east: 0, north: 0, up: 0)
            let coarse = try #require(a.redacted(redactions, numbered: TrackID(1)))
            // Elsewhere in the cell, at another instant of ten seconds, by another sensor, of another name.
            var b = Self.track(&chance, at: time.advanced(by: 4))
            b.bornAt = a.bornAt
            b.covariance = a.covariance
            b.velocity = EastNorthUp(east: 0.1, north: 0.1, up: 3)
            b.position = coarse.position
            b.position.latitude += chance.within(-0.49, 0.49) * 5000 / 6_371_009
            b.position.longitude += chance.within(-0.49, 0.49) * 5000 / 6_371_009
            let other = try #require(b.redacted(redactions, numbered: TrackID(1)))
            if Self.text(other) != Self.text(coarse) { different += 1 }
        }
        #expect(different == 0)
    }

    @Test("the middle of a cell leans to no side, and is its own middle")
    func unbiased() throws {
        var chance = Chance(state: 3)
        var east = 0.0, north = 0.0, far = 0.0
        let count = 4000
        for _ in 0..<count {
            let track = Self.track(&chance, at: day(3))
            var still = track
            still.velocity = EastNorthUp(east: 0, north: 0, up: 0)
            let coarse = try #require(still.redacted(Redactions(positionGrid: 10_000), numbered: TrackID(1)))
            let d = LocalFrame(origin: still.position).displacement(of: coarse.position)
            east += d.east
            north += d.north
            far = max(far, (d.east * d.east + d.north * d.north).squareRoot())
            let again = try #require(coarse.redacted(Redactions(positionGrid: 10_000), numbered: TrackID(1)))
            #expect(again.position == coarse.position)
        }
        // 10 km / √12 / √4000 is 46 m.
        #expect(abs(east) / Double(count) < 200)
        #expect(abs(north) / Double(count) < 200)
        #expect(far < 7300)
    }

    @Test("a coarse time moves the place back along the velocity")
    func times() throws {
        var chance = Chance(state: 9)
        let whole = Timestamp(nanoseconds: day(3).nanoseconds / 60_000_000_000 * 60_000_000_000)
        var track = Self.track(&chance, at: whole.advanced(by: 42.5))
        track.velocity = EastNorthUp(east: 200, north: 0, up: 10)
        let coarse = try #require(track.redacted(Redactions(timeGrid: 60_000), numbered: TrackID(1)))
        #expect(coarse.measuredAt == whole)
        #expect(abs(coarse.position.geodesic(to: track.position).distance - 42.5 * 200) < 1)
        #expect(abs(track.position.height - coarse.position.height - 425) < 1e-6)
        for time in [coarse.receivedAt, coarse.bornAt, coarse.contributions[0].measuredAt] {
            #expect(time.nanoseconds % 60_000_000_000 == 0)
        }
        #expect(coarse.doubts == track.doubts)
    }

    @Test("what is withheld of a track is gone")
    func parts() throws {
        var chance = Chance(state: 11)
        let track = Self.track(&chance, at: day(3))
        let nameless = try #require(track.redacted(Redactions(parts: .identities), numbered: TrackID(4)))
        #expect(nameless.id == TrackID(4))
        #expect(nameless.address == nil && nameless.mode3A == nil && nameless.callsign == nil)
        #expect(nameless.position == track.position)
        let flat = try #require(track.redacted(Redactions(parts: .height), numbered: TrackID(4)))
        #expect(flat.position.height == 0 && flat.velocity.up == 0 && flat.pressureAltitude == nil)
        #expect(!flat.spot.position.height.isFinite)
        let blind = try #require(track.redacted(Redactions(parts: .sensors), numbered: TrackID(4)))
        #expect(blind.contributionCount == 0 && blind.plotCount == 0 && blind.lastKind == .systemTrack)
        #expect(blind.contributions[0].sensor == SensorID(rawValue: 0))
        var broken = track
        broken.velocity.east = .nan
        #expect(broken.redacted(Redactions(positionGrid: 1), numbered: TrackID(1)) == nil)
    }

    @Test("where a delay is agreed, what goes is the state of then")
    func delayed() throws {
        let policy = try Japan.policy()
        var compiled = CompiledRelease(policy, to: .everybody, kind: .tracks, realm: .live)
        var chance = Chance(state: 13)
        let label = Japan.goods("jp", "public", level: 0, measured: day(5)).label
        let track = Self.track(&chance, at: day(5))
        var asked: [Timestamp] = []
        let released = compiled.release(at: day(5), numbered: TrackID(1)) { then in
            asked.append(then)
            var state = track
            state.measuredAt = then
            return Labelled(state, label: label)
        }
        #expect(asked == [day(5).advanced(by: -600)])
        #expect(released?.payload.measuredAt == day(5).advanced(by: -600))
        #expect(released?.label.onward == .never)
        // A state that is not of then does not go.
        let young = compiled.release(at: day(5), numbered: TrackID(1)) { _ in Labelled(track, label: label) }
        #expect(young == nil)
    }

    @Test("the label that goes along has the agreement's onward rule where that is narrower")
    func onward() throws {
        let policy = try Japan.policy()
        var chance = Chance(state: 19)
        var track = Self.track(&chance, at: day(5))
        track.position = Japan.here
        for (stated, expected) in [(Onward.releasable, Onward.originatorConsent), (.never, .never)] {
            let label = Japan.goods("jp", "us", onward: stated, measured: day(5)).label
            let released = try #require(
                policy.release(
                    Labelled(track, label: label), realm: .live, to: .nation(nation("us")), at: day(5),
                    numbered: TrackID(3)))
            #expect(released.label.onward == expected)
            #expect(released.label.releasableTo == nations("us"))
            #expect(released.payload.id == TrackID(3))
            #expect(released.payload.contributionCount == 1)
        }
    }

    @Test("a compiled release serves its own kind, and labels that it gave a number")
    func numbers() throws {
        let policy = try Japan.policy()
        var chance = Chance(state: 17)
        let track = Self.track(&chance, at: day(5))
        let label = Japan.goods("jp", "us", measured: day(5)).label
        var plots = CompiledRelease(policy, to: .nation(nation("us")), kind: .plots, realm: .live)
        let number = plots.number(of: label)
        #expect(plots.release(track, label: number, at: day(5), numbered: TrackID(1)) == nil)
        let spot = Spot(position: Japan.here, measuredAt: day(5))
        #expect(plots.verdict(CompiledRelease.Item(label: number, spot), at: day(5)).isReleased)
        #expect(plots.verdict(CompiledRelease.Item(label: 4_000_000_000, spot), at: day(5)).refusal == .noLabel)
    }

    /// The folder of the built modules, if the tests run beside it.
    static var modules: URL? {
        var folder = URL(filePath: CommandLine.arguments[0])
        for _ in 0..<4 {
            folder = folder.deletingLastPathComponent()
            let modules = folder.appending(path: "Modules")
            if FileManager.default.fileExists(atPath: modules.appending(path: "Releasability.swiftmodule").path) {
                return modules
            }
        }
        return nil
    }

    /// Runs the compiler on a text; nil where there is no compiler or no module.
    static func compile(_ text: String) throws -> (status: Int32, output: String)? {
        guard let modules else { return nil }
        let file = FileManager.default.temporaryDirectory.appending(path: "forge-\(UUID().uuidString).swift")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swiftc", "-typecheck", "-swift-version", "6", "-I", modules.path, file.path]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 127 ? nil : (process.terminationStatus, output)
    }

    @Test("no other room can make a released payload: the compiler says so")
    func forgery() throws {
        let opening = "import Air\nimport Releasability\nfunc use(_ v: Verdict, _ l: Label) {\n"
        guard let honest = try Self.compile(opening + "_ = v.isReleased\n}\n") else {
            print("no compiler or no module beside the tests: forgery was not tried")
            return
        }
        try #require(honest.status == 0, "\(honest.output)")
        let forged = try #require(
            try Self.compile(
                opening + "_ = Released<Int>(payload: 1, label: l, audience: .everybody, "
                    + "decidedAt: Timestamp(nanoseconds: 0), verdict: v)\n}\n"))
        #expect(forged.status != 0)
        #expect(forged.output.contains("inaccessible due to 'internal' protection level"))
    }

    @Test("nobody looks into the room to make one")
    func noBackDoor() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var count = 0
        for folder in ["Sources", "Tests", "Benchmarks", "Fuzzing", "Tools"] {
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            for case let file as URL in files?.allObjects ?? [] where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                count += 1
                #expect(!text.contains("@testable import " + "Releasability"), "\(file.path)")
                if !file.path.contains("Releasability") {
                    #expect(!text.contains("unsafeBitCast") || !text.contains("Released<"), "\(file.path)")
                }
            }
        }
        #expect(count > 100)
    }
}
