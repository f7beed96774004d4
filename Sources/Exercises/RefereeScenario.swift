public import Air
import Foundation
import Geodesy

/// A scenario in the referee's form: a directory with `sensors.json` and `plots.jsonl`.
///
/// Times count from the scenario's start, which is put at 1970-01-01T00:00:00Z.
public struct RefereeScenario: Sendable {
    /// What is wrong with a scenario's files.
    public enum Malformed: Error, Hashable {
        /// A file is missing or cannot be read.
        case unreadable(path: String)
        /// `sensors.json` is not what the referee describes.
        case sensors(reason: String)
        /// A line of `plots.jsonl` is not a flat JSON object with the fields of a plot; lines count from 1.
        case plot(line: Int, reason: String)
    }

    /// The sensors, numbered by nation (system area code) and place in the file (system identification code).
    public let sensors: [Sensor]
    /// Names of the sensors in the files, in the same order.
    public let names: [String]
    /// The plots in the order of their arrival.
    public let reports: [SensorReport]
    /// Seconds between the instants at which a tracker is asked for its picture.
    public let reportPeriod: Double
    /// Length of the scenario, seconds.
    public let duration: Double

    /// Reads a directory.
    public init(directory: String) throws {
        let (list, specifications) = try Self.readSensors("\(directory)/sensors.json")
        self.reportPeriod = list.report_period
        self.duration = list.duration
        self.sensors = specifications.map(\.sensor)
        self.names = list.sensors.map(\.id)
        self.reports = try Self.readPlots("\(directory)/plots.jsonl", specifications, names: self.names)
    }

    private struct SensorList: Decodable {
        var duration: Double
        var report_period: Double
        var sensors: [Entry]

        struct Channel: Decodable {
            var pd: Double
            var range_sd: Double
            var azimuth_sd: Double
            var elevation_sd: Double?

            var channel: Sensor.Channel {
                Sensor.Channel(
                    rangeDeviation: self.range_sd, azimuthDeviation: self.azimuth_sd * .pi / 180,
                    elevationDeviation: self.elevation_sd.map { $0 * .pi / 180 }, detectionProbability: self.pd)
            }
        }

        struct Entry: Decodable {
            var id: String
            var node: String
            var kind: String
            var lat: Double
            var lon: Double
            var height: Double
            var period: Double
            var max_range: Double
            var min_range: Double
            var max_elevation: Double?
            var psr: Channel?
            var ssr: Channel?
            var clutter: Double?
            var position_sd: Double?
            var velocity_sd: Double?
        }
    }

    private struct Specification {
        var sensor: Sensor
        var positionDeviation: Double
        var velocityDeviation: Double
    }

    private static func readSensors(_ path: String) throws -> (SensorList, [Specification]) {
        guard let data = FileManager.default.contents(atPath: path) else { throw Malformed.unreadable(path: path) }
        let list: SensorList
        do { list = try JSONDecoder().decode(SensorList.self, from: data) } catch {
            throw Malformed.sensors(reason: "\(error)")
        }
        guard list.report_period > 0, list.duration >= 0, list.sensors.count < 256 else {
            throw Malformed.sensors(reason: "report_period, duration or the number of sensors is out of range")
        }
        var nations: [String] = []
        let specifications = list.sensors.enumerated().map { index, entry in
            if !nations.contains(entry.node) { nations.append(entry.node) }
            let nation = nations.firstIndex(of: entry.node) ?? 0
            return Specification(
                sensor: Sensor(
                    id: SensorID(sac: UInt8(nation + 1), sic: UInt8(index)), name: entry.id,
                    site: Geodetic(latitudeDegrees: entry.lat, longitudeDegrees: entry.lon, height: entry.height),
                    kind: entry.kind == "adsb" ? .receiver : .radar(period: entry.period),
                    primary: entry.psr?.channel, secondary: entry.ssr?.channel,
                    coverage: min(entry.min_range, entry.max_range)...max(entry.min_range, entry.max_range),
                    elevationMax: (entry.max_elevation ?? 60) * .pi / 180, falsePlotsPerScan: entry.clutter ?? 0),
                positionDeviation: entry.position_sd ?? 20, velocityDeviation: entry.velocity_sd ?? 1)
        }
        return (list, specifications)
    }

    private static func readPlots(
        _ path: String, _ specifications: [Specification], names: [String]
    ) throws -> [SensorReport] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Malformed.unreadable(path: path) }
        let places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        var reports: [SensorReport] = []
        var line = 0
        var begin = data.startIndex
        while begin < data.endIndex {
            let end = data[begin...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
            line += 1
            if end > begin {
                do throws(FlatJSON.Malformed) {
                    let fields = try FlatJSON.fields(of: data[begin..<end])
                    reports.append(.plot(try Self.plot(fields, specifications, places)))
                } catch {
                    throw Malformed.plot(line: line, reason: error.reason)
                }
            }
            begin = end + 1
        }
        return reports
    }

    private static func plot(
        _ fields: [String: FlatJSON.Value], _ specifications: [Specification], _ places: [String: Int]
    ) throws(FlatJSON.Malformed) -> Plot {
        func number(_ name: String) throws(FlatJSON.Malformed) -> Double {
            guard case .number(let value) = fields[name] else { throw FlatJSON.Malformed(reason: "no number \(name)") }
            return value
        }
        func text(_ name: String) -> String? {
            if case .text(let value) = fields[name] { return value }
            return nil
        }
        guard let name = text("sensor"), let index = places[name] else {
            throw FlatJSON.Malformed(reason: "no known sensor")
        }
        let specification = specifications[index]
        let identity = Identity(
            address: text("icao24").flatMap { ICAOAddress(hex: $0) },
            mode3A: text("mode3a").flatMap { Mode3A(octal: $0) })
        let measuredAt = Timestamp(seconds: try number("time"))
        let receivedAt = Timestamp(seconds: try number("received"))
        let degree = Double.pi / 180
        if fields["range"] != nil {
            let elevation: Double? = fields["elevation"] == nil ? nil : try number("elevation") * degree
            let isReply = identity.address != nil || identity.mode3A != nil
            return Plot(
                sensor: specification.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt,
                kind: identity.address != nil ? .modeS : isReply ? .secondary : .primary,
                measurement: .polar(
                    range: try number("range"), azimuth: try number("azimuth") * degree, elevation: elevation),
                pressureAltitude: fields["modec"] == nil ? nil : try number("modec"), identity: identity)
        }
        return Plot(
            sensor: specification.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt, kind: .broadcast,
            measurement: .geodetic(
                latitude: try number("lat") * degree, longitude: try number("lon") * degree,
                deviation: specification.positionDeviation),
            geometricHeight: fields["alt"] == nil ? nil : try number("alt"),
            velocity: Plot.Velocity(
                north: try number("vn"), east: try number("ve"), deviation: specification.velocityDeviation),
            identity: identity)
    }
}

/// JSON objects without nesting, as the referee's plots are: a fraction of the time of a general reader.
enum FlatJSON {
    enum Value: Equatable {
        case number(Double)
        case text(String)
        case null
    }

    struct Malformed: Error, Equatable {
        var reason: String
    }

    /// The fields of one object.
    static func fields(of bytes: Data) throws(Malformed) -> [String: Value] {
        var fields: [String: Value] = [:]
        var at = bytes.startIndex
        func peek() -> UInt8 { at < bytes.endIndex ? bytes[at] : 0 }
        func skipBlanks() { while peek() == 0x20 || peek() == 0x09 || peek() == 0x0D { at += 1 } }
        func expect(_ byte: UInt8) throws(Malformed) {
            skipBlanks()
            guard peek() == byte else {
                throw Malformed(
                    reason: "expected '\(Character(UnicodeScalar(byte)))' at byte \(at - bytes.startIndex)")
            }
            at += 1
        }
        func text() throws(Malformed) -> String {
            try expect(UInt8(ascii: "\""))
            let begin = at
            while at < bytes.endIndex, peek() != UInt8(ascii: "\"") {
                guard peek() != UInt8(ascii: "\\") else { throw Malformed(reason: "escapes are not expected here") }
                at += 1
            }
            let text = String(decoding: bytes[begin..<at], as: UTF8.self)
            try expect(UInt8(ascii: "\""))
            return text
        }
        try expect(UInt8(ascii: "{"))
        skipBlanks()
        if peek() == UInt8(ascii: "}") { return fields }
        while true {
            skipBlanks()
            let name = try text()
            try expect(UInt8(ascii: ":"))
            skipBlanks()
            if peek() == UInt8(ascii: "\"") {
                fields[name] = .text(try text())
            } else {
                let begin = at
                while at < bytes.endIndex, peek() != UInt8(ascii: ","), peek() != UInt8(ascii: "}") { at += 1 }
                let word = String(decoding: bytes[begin..<at], as: UTF8.self)
                if word == "null" {
                    fields[name] = .null
                } else if let value = Double(word) {
                    fields[name] = .number(value)
                } else {
                    throw Malformed(reason: "\(name) is neither text, number nor null")
                }
            }
            skipBlanks()
            if peek() == UInt8(ascii: "}") { return fields }
            try expect(UInt8(ascii: ","))
        }
    }
}
