import Air
import Foundation
import Geodesy
import Testing

@testable import Exercises

private struct PlotLine: Decodable {
    var time: Double
    var received: Double
    var sensor: String
    var range: Double?
    var azimuth: Double?
    var icao24: String?
    var mode3a: String?
    var modec: Double?
    var lat: Double?
    var lon: Double?
    var alt: Double?
    var vn: Double?
    var ve: Double?
}

private struct TruthLine: Decodable {
    var time: Double
    var id: String
    var lat: Double
    var lon: Double
    var alt: Double
    var vn: Double
    var ve: Double
    var vu: Double
    var icao24: String?
    var mode3a: String?
    var kind: String
}

private struct SensorFile: Decodable {
    struct Entry: Decodable {
        var id: String
        var kind: String
        var lat: Double
        var lon: Double
        var height: Double
        var period: Double
        var phase: Double?
    }
    var duration: Double
    var reportPeriod: Double
    var sensors: [Entry]

    enum CodingKeys: String, CodingKey {
        case duration, sensors
        case reportPeriod = "report_period"
    }
}

private struct HiddenFile: Decodable {
    var origin: [String?]
}

private func lines<Line: Decodable>(_ bytes: [UInt8], of _: Line.Type) throws -> [Line] {
    try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: Data($0)) }
}

@Suite struct ScenarioDirectoryTests {
    @Test("a recorded scenario has sensors, plots, truth and the origin of every plot, and they agree")
    func recording() throws {
        let start = Timestamp(seconds: 1_763_683_200)
        let scenario = Scenario(.init(seed: 21, aircraftCount: 80, start: start))
        var files: [Scenario.File: [UInt8]] = [:]
        try scenario.record(duration: 60) { files[$0, default: []] += $1 }

        let sensors = try JSONDecoder().decode(SensorFile.self, from: Data(files[.sensors] ?? []))
        #expect(sensors.duration == 60 && sensors.reportPeriod == 5)
        #expect(sensors.sensors.map(\.id) == scenario.sensors.map(\.name))
        let plots = try lines(files[.plots] ?? [], of: PlotLine.self)
        let truth = try lines(files[.truth] ?? [], of: TruthLine.self)
        let hidden = try JSONDecoder().decode(HiddenFile.self, from: Data(files[.hidden] ?? []))
        #expect(plots.count == hidden.origin.count && plots.count > 1000)
        #expect(plots.allSatisfy { $0.time >= 0 && $0.time < 60 && $0.received == $0.time })
        #expect(zip(plots, plots.dropFirst()).allSatisfy { $0.received <= $1.received })
        #expect(truth.allSatisfy { $0.time.truncatingRemainder(dividingBy: 5) == 0 && $0.time <= 60 })

        // A plot lies near the truth of its aircraft five seconds before or after.
        let byID = Dictionary(grouping: truth, by: \.id)
        let sites = Dictionary(uniqueKeysWithValues: sensors.sensors.map { ($0.id, $0) })
        var near = 0
        for (plot, origin) in zip(plots, hidden.origin) {
            guard let origin, let states = byID[origin], let site = sites[plot.sensor],
                let state = states.min(by: { abs($0.time - plot.time) < abs($1.time - plot.time) })
            else { continue }
            let position = Geodetic(latitudeDegrees: state.lat, longitudeDegrees: state.lon, height: state.alt)
            let place: Geodetic
            if let lat = plot.lat, let lon = plot.lon {
                place = Geodetic(latitudeDegrees: lat, longitudeDegrees: lon)
            } else if let range = plot.range, let azimuth = plot.azimuth {
                let frame = LocalFrame(
                    origin: Geodetic(
                        latitudeDegrees: site.lat, longitudeDegrees: site.lon, height: site.height))
                place = Geodetic(
                    frame.place(range: range, azimuth: azimuth * .pi / 180, height: state.alt))
                // The beam was there at that time.
                let phase = try #require(site.phase)
                let beam = (plot.time - phase) / site.period * 360
                #expect(abs(wrappedAngle((beam - azimuth) * .pi / 180)) < 0.02)
            } else {
                Issue.record("a plot without a place")
                continue
            }
            #expect(place.geodesic(to: position).distance < 4000)
            if let address = plot.icao24 { #expect(address == state.icao24) }
            near += 1
        }
        #expect(near > 900)
    }

    @Test("a directory is written as the recording is, and a place that is none is an error")
    func directory() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("kumiko-scenario-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scenario = Scenario(.init(seed: 2, aircraftCount: 20, start: Timestamp(seconds: 0)))
        try scenario.write(to: path, duration: 20)
        var files: [Scenario.File: [UInt8]] = [:]
        try scenario.record(duration: 20) { files[$0, default: []] += $1 }
        for file in Scenario.File.allCases {
            let written = FileManager.default.contents(atPath: "\(path)/\(file.rawValue)")
            #expect(written.map { [UInt8]($0) } == files[file])
        }
        #expect(throws: Scenario.Unwritable.self) { try scenario.write(to: "/dev/null/x", duration: 1) }
    }
}
