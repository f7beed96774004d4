import Air
import Exercises
import Geodesy
import SensorFormats
import Testing

@testable import Node

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "exercises")

private func exercise(_ name: String) throws -> ScenarioFile {
    try ScenarioFile(yaml: String(contentsOf: folder.appending(path: "\(name).yaml"), encoding: .utf8))
}

@Suite("Exercises as files")
struct ScenarioFileTests {
    static let ready = ["quiet-sky", "formation-and-crossing", "weather-and-jamming", "sensor-faults"]

    @Test("each ready exercise loads, and gives the same bytes each time", arguments: ready)
    func readyOnes(name: String) throws {
        let file = try exercise(name)
        #expect(file.duration == 300)
        func record() throws -> [Scenario.File: [UInt8]] {
            var files: [Scenario.File: [UInt8]] = [:]
            try Scenario(file.configuration).record(duration: 60, reportPeriod: file.reportPeriod) {
                files[$0, default: []] += $1
            }
            return files
        }
        let files = try record()
        #expect(try files == record())
        let plots = (files[.plots] ?? []).filter { $0 == UInt8(ascii: "\n") }.count
        #expect(plots > 300, "\(plots)")
    }

    @Test("every ready exercise is tested")
    func allReady() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files) == Set(Self.ready.map { "\($0).yaml" }))
    }

    @Test("the examples of the documentation load")
    func examples() throws {
        let page = folder.deletingLastPathComponent().appending(path: "docs/exercises.md")
        let pieces = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```yaml\n").dropFirst()
        #expect(pieces.count == 2)
        for piece in pieces {
            let file = try ScenarioFile(yaml: piece.components(separatedBy: "```")[0])
            #expect(Scenario(file.configuration).aircraftCount >= 16)
        }
    }

    @Test("what a file says of a sensor is what the sensor is")
    func sensors() throws {
        let file = try exercise("sensor-faults")
        let sites = file.configuration.sites
        #expect(sites.map(\.sensor.name) == ["Turned", "Wrong clock", "Ailing", "Receiver"])
        let degree = Double.pi / 180
        let turned = sites[0].registration
        #expect(turned.offset == .init(range: 120, azimuth: 0.2 * degree, rangeGain: 0.0005))
        #expect(turned.hourlyDrift == .init(azimuth: 0.3 * degree))
        #expect(turned.jumps == [.init(at: 180, change: .init(range: -200, azimuth: 0.5 * degree))])
        #expect(sites[1].registration.offset.time == 0.25 && sites[1].registration.hourlyDrift.time == 0.6)
        #expect(sites[1].registration.jumps == [.init(at: 200, change: .init(time: 1.5))])
        #expect(sites[1].sensor.primary == nil && sites[1].hasModeS && sites[1].firstNorth == 3)
        #expect(sites[2].latency == Latency(fixed: 0.4, exponentialMean: 0.5) && !sites[2].hasModeS)
        #expect(
            sites[2].failures == [
                SensorFailure(.primaryLost, time: 30..<70),
                SensorFailure(.blind(from: 300 * degree, to: 30 * degree), time: 70..<120),
                SensorFailure(.outage, time: 120..<180), SensorFailure(.noGo, time: 200..<240),
                SensorFailure(.silent, time: 250..<280),
            ])
        #expect(sites[3].sensor.kind == .receiver)
        #expect(file.configuration.start == Timestamp(seconds: 1_772_362_800))
    }

    @Test(
        "what is wrong in a file is said with its line, its key and the remedy",
        arguments: [
            (
                "name: x",
                "line 1: area: is missing; add `area: {latitude_deg: 52, longitude_deg: 10, radius_m: 200000}`\n"
                    + "line 1: sensors: are missing; add one at least (docs/exercises.md), or `built_in_sensors: true`"
            ),
            ("sede: 2\nbuilt_in_sensors: true", "line 1: sede: is no key of this section; did you mean `seed`?"),
            (
                "built_in_sensors: true\nduration_s: 0",
                "line 2: duration_s: is `0`; write a number of seconds from 1.0 to 86400.0"
            ),
            (
                "built_in_sensors: true\nstart: noon",
                "line 2: start: is `noon`; write an instant in UTC before 2190, for example 2026-03-01T08:00:00Z"
            ),
            (
                "built_in_sensors: true\ntraffic:\n  - group: flock",
                "line 3: traffic[0].group: is `flock`; write one of random, airway, formation, crossing, helicopter, "
                    + "drone-swarm, supersonic, balloon, japan-and-korea"
            ),
            (
                "built_in_sensors: true\ntraffic:\n  - group: airway\n    interval_s: 60",
                "line 3: traffic[0].points: needs two points at least; write each as "
                    + "`- {latitude_deg: 52, longitude_deg: 10, height_m: 10000}`"
            ),
            (
                "built_in_sensors: true\ntraffic:\n  - group: random\n    height_m: [5000, 1000]",
                "line 4: traffic[0].height_m: must be one number of metres, or the least and the largest: "
                    + "`height_m: [100, 200]`"
            ),
            (
                "built_in_sensors: true\njamming:\n  - {sensor: 9/9, azimuth_deg: 10, width_deg: 5}",
                "line 3: jamming[0].sensor: is `9/9`; write the id or name of a radar under sensors: with a primary "
                    + "channel"
            ),
            (
                "area: {latitude_deg: 1, longitude_deg: 1, radius_m: 9000}\nsensors:\n  - id: 1/1\n    kind: receiver\n"
                    + "    latitude_deg: 1\n    longitude_deg: 1\n    failures:\n      - {kind: blind}",
                "line 8: sensors[0].failures[0].kind: is `blind`; write one of silent"
            ),
            (
                "area: {latitude_deg: 1, longitude_deg: 1, radius_m: 9000}\nsensors:\n  - id: 1/1\n    kind: primary\n"
                    + "    latitude_deg: 1\n    longitude_deg: 1\n    period_s: 4\n    phase_s: 5",
                "line 8: sensors[0].phase_s: is not below `period_s`; write when the beam first passes the north"
            ),
        ])
    func problems(text: String, expected: String) {
        #expect {
            _ = try ScenarioFile(yaml: text)
        } throws: {
            ($0 as? ConfigurationError)?.description == expected
        }
    }

    @Test("the built-in traffic is one of the groups")
    func builtIn() throws {
        let file = try ScenarioFile(
            yaml: "built_in_sensors: true\nseed: 4\ntraffic:\n  - group: japan-and-korea\n    count: 40\n"
                + "wind: {towards_deg: 90, speed_m_per_s: 45}")
        let demo = Scenario(.init(seed: 4, aircraftCount: 40, start: file.configuration.start))
        let instant = file.configuration.start.advanced(by: 20)
        #expect(Scenario(file.configuration).truth(at: instant) == demo.truth(at: instant))
    }
}

@Suite("Exercises on the wire")
struct ScenarioWireTests {
    /// Files by their names.
    private static func record(_ file: ScenarioFile) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        let list = try ScenarioWire.record(file) { files[$0, default: []] += $1 }
        #expect(list.allSatisfy { $0.unwritten == 0 && $0.count > 0 })
        #expect(Set(list.map(\.name)).union(["kumiko.yaml"]) == Set(files.keys))
        return files
    }

    private static func reports(_ file: ScenarioFile) -> [SensorReport] {
        var scenario = Scenario(file.configuration)
        var reports: [SensorReport] = []
        scenario.next(until: file.configuration.start.advanced(by: file.duration), into: &reports)
        return reports
    }

    /// Half of the least step of each item, a little more for the arithmetic.
    private static func expectEqual(_ sent: Plot, _ got: Plot, frame: LocalFrame) {
        #expect(got.kind == sent.kind && got.identity == sent.identity)
        #expect(abs(got.measuredAt.seconds(since: sent.measuredAt)) <= 0.5 / 128 + 1e-6)
        switch (sent.measurement, got.measurement) {
        case (.polar(let range, let azimuth, let elevation), .polar(let gotRange, let gotAzimuth, nil)):
            #expect(abs(gotRange - range) <= 0.5 * 1852 / 256 + 1e-6)
            #expect(abs(wrappedAngle(gotAzimuth - azimuth)) <= .pi / 65_536 + 1e-9)
            if let elevation {
                let d = EastNorthUp(Polar(range: range, azimuth: azimuth, elevation: elevation))
                let height = Geodetic(frame.place(at: d)).height
                #expect(abs((got.geometricHeight ?? .nan) - height) <= 12.5 * 0.3048 + 1e-6)
            }
        case (.geodetic(let latitude, let longitude, _), .geodetic(let gotLatitude, let gotLongitude, _)):
            #expect(
                abs(gotLatitude - latitude) <= .pi / 0x4000_0000 && abs(gotLongitude - longitude) <= .pi / 0x4000_0000)
            #expect(abs((got.geometricHeight ?? .nan) - (sent.geometricHeight ?? 0)) <= 3.125 * 0.3048 + 1e-6)
            let (a, b) = (sent.velocity, got.velocity)
            #expect(abs((b?.north ?? .nan) - (a?.north ?? 0)) < 0.1 && abs((b?.east ?? .nan) - (a?.east ?? 0)) < 0.1)
            #expect(abs((got.climbRate ?? .nan) - (sent.climbRate ?? 0)) <= 3.125 * 0.3048 / 60 + 1e-6)
        default: Issue.record("a plot of another form")
        }
        #expect((got.pressureAltitude == nil) == (sent.pressureAltitude == nil))
        if let a = sent.pressureAltitude, let b = got.pressureAltitude { #expect(abs(a - b) <= 3.81 + 1e-6) }
    }

    @Test(
        "what goes out as ASTERIX comes back within half a step, in the same order",
        arguments: ScenarioFileTests.ready)
    func asterix(name: String) throws {
        var file = try exercise(name)
        file.duration = 80
        let files = try Self.record(file)
        let sent = Self.reports(file)
        var plotCount = 0, crossings = 0
        for site in file.configuration.sites {
            let id = site.sensor.id
            let frame = LocalFrame(origin: site.sensor.site)
            let bytes = try #require(files["\(id.sac)-\(id.sic).pcap"])
            var reader = try #require(DatagramReader(format: .pcap))
            var decoder = AsterixDecoder()
            var got: [SensorReport] = []
            var problems: [AsterixProblem] = []
            while let datagram = reader.next(in: bytes.span) {
                decoder.decode(
                    bytes.span, range: datagram.range,
                    receivedAt: Timestamp(nanoseconds: datagram.capturedAt ?? 0), into: &got, problems: &problems)
            }
            #expect(problems.isEmpty)
            func plots(_ reports: [SensorReport]) -> [Plot] {
                reports.compactMap { if case .plot(let plot) = $0, plot.sensor == id { plot } else { nil } }
            }
            func marks(_ reports: [SensorReport]) -> [SectorCrossing] {
                reports.compactMap { if case .sector(let mark) = $0, mark.sensor == id { mark } else { nil } }
            }
            let (sentPlots, gotPlots) = (plots(sent), plots(got))
            #expect(sentPlots.count == gotPlots.count)
            for (a, b) in zip(sentPlots, gotPlots) { Self.expectEqual(a, b, frame: frame) }
            let (sentMarks, gotMarks) = (marks(sent), marks(got))
            #expect(sentMarks.count == gotMarks.count)
            for (a, b) in zip(sentMarks, gotMarks) {
                #expect(abs(wrappedAngle(a.azimuth - b.azimuth)) <= .pi / 256 + 1e-9)
                #expect(abs(a.measuredAt.seconds(since: b.measuredAt)) <= 0.5 / 128 + 1e-6)
            }
            plotCount += gotPlots.count
            crossings += gotMarks.count
        }
        #expect(plotCount > 500 && crossings > 300, "\(plotCount) plots, \(crossings) sectors")
    }

    @Test("what goes out as Beast comes back within CPR's step")
    func beast() throws {
        var file = try exercise("quiet-sky")
        file.duration = 60
        let bytes = try #require(try Self.record(file)["210-21.beast"])
        let receiver = SensorID(sac: 210, sic: 21)
        var sent: [ICAOAddress: [Plot]] = [:]
        for case .plot(let plot) in Self.reports(file) where plot.sensor == receiver {
            if let address = plot.identity.address { sent[address, default: []].append(plot) }
        }
        var reader = BeastReader()
        var decoder = ModeSDecoder(.init(sensor: receiver))
        var reports: [SensorReport] = []
        let midnight = Timestamp(secondsOfDay: 0, nearest: file.configuration.start.advanced(by: -30_000))
        reader.read(bytes.span) { frame in
            let time = midnight.advanced(by: Double(frame.ticks) / 12e6)
            decoder.decode(frame.frame, receivedAt: time, into: &reports)
        }
        var count = 0
        for case .plot(let plot) in reports {
            guard let address = plot.identity.address, case .geodetic(let latitude, let longitude, _) = plot.measurement
            else { continue }
            let nearest = sent[address]?.min {
                abs($0.measuredAt.seconds(since: plot.measuredAt)) < abs($1.measuredAt.seconds(since: plot.measuredAt))
            }
            guard case .geodetic(let sentLatitude, let sentLongitude, _) = nearest?.measurement else {
                Issue.record("a plot that nobody sent")
                continue
            }
            let place = Geodetic(latitude: latitude, longitude: longitude)
            #expect(place.geodesic(to: Geodetic(latitude: sentLatitude, longitude: sentLongitude)).distance < 5.1)
            count += 1
        }
        // The first position of an aircraft needs two frames, and is believed when the next agrees.
        let total = sent.values.reduce(0) { $0 + $1.count }
        #expect(count > 100 && count >= total - 3 * sent.count, "\(count) of \(total)")
        #expect(reader.garbageBytes == 0)
    }

    @Test("the sensors are written as a node's configuration")
    func sensorList() throws {
        var file = try exercise("weather-and-jamming")
        file.duration = 2
        let text = try #require(try Self.recordText(file))
        let configuration = try Configuration(yaml: text)
        #expect(configuration.realm == .exercise("scenario"))
        #expect(configuration.sensors.count == 3)
        for (a, b) in zip(configuration.sensors, file.configuration.sites.map(\.sensor)) {
            #expect(a.id == b.id && a.name == b.name && a.kind == b.kind && a.coverage == b.coverage)
            #expect((a.primary == nil) == (b.primary == nil) && (a.secondary == nil) == (b.secondary == nil))
            #expect(abs((a.primary?.elevationDeviation ?? 0) - (b.primary?.elevationDeviation ?? 0)) < 1e-12)
            #expect(a.site.geodesic(to: b.site).distance < 0.001)
        }
    }

    private static func recordText(_ file: ScenarioFile) throws -> String? {
        var text: [UInt8] = []
        _ = try ScenarioWire.record(file) { if $0 == "kumiko.yaml" { text += $1 } }
        return String(decoding: text, as: UTF8.self)
    }

    @Test("a live node refuses an exercise, an exercise takes it")
    func realm() throws {
        let scenario = "scenario: {file: exercises/quiet-sky.yaml}\n"
        #expect {
            _ = try Configuration(yaml: scenario)
        } throws: {
            ($0 as? ConfigurationError)?.description
                == "line 1: scenario.file: is an exercise, which cannot be played into a live node; write "
                + "`realm: exercise(NAME)` under node:"
        }
        let configuration = try Configuration(yaml: scenario + "node: {realm: exercise(autumn)}")
        #expect(configuration.scenarioFile == "exercises/quiet-sky.yaml")
    }
}
