import Air
import Foundation
import Geodesy
import Testing

@testable import Exercises

@Suite("The referee's form")
struct RefereeTests {
    static let sensors = """
        {"centre":[52.0,10.0],"half_width":500000.0,"duration":60,"report_period":5,"sensors":[
        {"id":"A-LR1","node":"A","kind":"psr3d","lat":53.5,"lon":4.75,"height":359.0,"period":10.0,"phase":6.1,
         "max_range":470000.0,"min_range":2000.0,"max_elevation":40,
         "psr":{"pd":0.9,"range_sd":60.0,"azimuth_sd":0.15,"elevation_sd":0.35},"clutter":30.0},
        {"id":"B-ADSB","node":"B","kind":"adsb","lat":54.5,"lon":6.0,"height":90.0,"period":2.0,"max_range":380000.0,
         "min_range":0.0,"pd":0.9,"position_sd":20.0,"altitude_sd":12.0,"velocity_sd":0.8}]}
        """

    /// A directory that is removed when the test is over.
    func inDirectory(plots: String, _ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("referee-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(Self.sensors.utf8).write(to: directory.appendingPathComponent("sensors.json"))
        try Data(plots.utf8).write(to: directory.appendingPathComponent("plots.jsonl"))
        try body(directory.path)
    }

    @Test("sensors and plots of a directory come out in our words and units")
    func reading() throws {
        let plots = """
            {"time":0.0132,"sensor":"A-LR1","range":209607.2,"azimuth":90.0,"elevation":7.127,"received":0.5}

            {"time":0.1,"sensor":"A-LR1","range":1.5e5,"azimuth":180,"mode3a":"4477","modec":10241.28,"icao24":"4e2a9c","received":0.2}
            {"time":1, "sensor":"B-ADSB", "icao24":"4e2a9d", "lat":-52.5, "lon":10.25, "alt":10000.0, "vn":-100.0, "ve":50.5, "note":null}
            """
        try self.inDirectory(plots: plots) { path in
            let scenario = try RefereeScenario(directory: path)
            #expect(scenario.reportPeriod == 5 && scenario.duration == 60)
            #expect(scenario.names == ["A-LR1", "B-ADSB"])
            #expect(scenario.sensors.map(\.id.description) == ["1/0", "2/1"])
            #expect(scenario.sensors[0].kind == .radar(period: 10))
            #expect(scenario.sensors[0].primary?.elevationDeviation == 0.35 * .pi / 180)
            #expect(scenario.sensors[0].secondary == nil)
            #expect(scenario.sensors[0].coverage == 2_000...470_000)
            #expect(scenario.sensors[1].kind == .receiver)
            let read = scenario.reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
            #expect(read.count == 3)
            #expect(read[0].kind == .primary && read[0].identity == Identity())
            #expect(
                read[0].measurement == .polar(range: 209_607.2, azimuth: .pi / 2, elevation: 7.127 * (.pi / 180)))
            #expect(read[0].measuredAt == Timestamp(nanoseconds: 13_200_000))
            #expect(read[0].receivedAt == Timestamp(nanoseconds: 500_000_000))
            #expect(read[1].kind == .modeS && read[1].pressureAltitude == 10_241.28)
            #expect(read[1].measurement == .polar(range: 150_000, azimuth: .pi, elevation: nil))
            #expect(read[1].identity == Identity(address: ICAOAddress(0x4E2A9C), mode3A: Mode3A(0o4477)))
            #expect(read[2].kind == .broadcast && read[2].receivedAt == read[2].measuredAt)
            #expect(read[2].geometricHeight == 10_000)
            // The aircraft is faster than the point below it by height over radius.
            #expect(abs((read[2].velocity?.north ?? 0) + 100.157) < 0.001)
        }
    }

    @Test(
        "what is wrong with a line is said with its number",
        arguments: [
            ("{\"time\":1,\"sensor\":\"A-LR1\",\"range\":1,\"azimuth\":2", "',' or '}'"),
            ("{\"time\":1,\"sensor\":\"C\",\"range\":1,\"azimuth\":2}", "no known sensor"),
            ("{\"sensor\":\"A-LR1\",\"range\":1,\"azimuth\":2}", "no time"),
            ("{\"time\":1,\"sensor\":\"A-LR1\"}", "neither range"),
            ("{\"time\":x,\"sensor\":\"A-LR1\"}", "a number"), ("[1]", "'{'"), ("{\"time", "a text"),
            ("{\"a\\u0041\":1}", "without escapes"), ("{\"time\":1} x", "end of line"),
        ])
    func malformed(line: String, reason: String) throws {
        try self.inDirectory(plots: "\n\(line)\n") { path in
            do {
                _ = try RefereeScenario(directory: path)
                Issue.record("\(line) was taken")
            } catch RefereeScenario.Malformed.plot(let number, let found) {
                #expect(number == 2)
                #expect(found.contains(reason), "\(found)")
            }
        }
    }

    @Test("numbers are read as the language reads them", arguments: 0..<200 as Range<UInt64>)
    func numbers(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let digits = Int.random(in: 0...9, using: &random)
        let scale = [1.0, 1e3, 1e6, 1e-4][Int.random(in: 0..<4, using: &random)]
        let text = String(format: "%.\(digits)f", Double.random(in: -1...1, using: &random) * scale)
        var reader = RefereeLineReader(bytes: Array("{\"time\":\(text),\"lat\":1e-7}".utf8))
        let fields = try reader.next()
        #expect(fields?.time == Double(text))
        #expect(fields?.lat == 1e-7)
        #expect(!reader.hasMore)
    }

    @Test("a missing directory is said to be missing")
    func missing() {
        #expect(throws: RefereeScenario.Malformed.unreadable(path: "/nowhere/sensors.json")) {
            try RefereeScenario(directory: "/nowhere")
        }
    }

    @Test("a track is written as the referee wants it: north before east, degrees, metres")
    func writing() throws {
        var track = Track(
            id: TrackID(7), status: .confirmed, measuredAt: Timestamp(seconds: 15), receivedAt: Timestamp(seconds: 15),
            position: Geodetic(latitudeDegrees: 52.5, longitudeDegrees: -3.25))
        track.velocity = EastNorthUp(east: 50.5, north: -100, up: 3)
        for i in 0..<4 { track.covariance[i, i] = Double(i + 1) }
        track.covariance[0, 3] = 0.5
        track.covariance[3, 0] = 0.5
        track.address = Track.Aged(ICAOAddress(0x4CA123), at: track.measuredAt)
        var tracks = RefereeTracks()
        tracks.append(track, time: 15)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("tracks-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: path) }
        try tracks.write(to: path.path)
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        #expect(object?["time"] as? Double == 15 && object?["id"] as? String == "7")
        #expect(object?["lat"] as? Double == 52.5 && object?["lon"] as? Double == -3.25)
        #expect(object?["vn"] as? Double == -100 && object?["ve"] as? Double == 50.5)
        #expect(object?["icao24"] as? String == "4ca123")
        // The covariance of east with north's velocity, 0.5, has moved to row 1, column 2.
        #expect(object?["cov"] as? [[Double]] == [[2, 0, 0, 0], [0, 1, 0.5, 0], [0, 0.5, 4, 0], [0, 0, 0, 3]])
    }
}
