public import Air
import Foundation
import Geodesy

/// A scenario in the referee's form: a directory with `sensors.json` and `plots.jsonl`.
///
/// Times count from the scenario's start, which is put at 1970-01-01T00:00:00Z.
public struct RefereeScenario: Sendable {
    /// What is wrong with a scenario's files.
    public enum Malformed: Error, Hashable, CustomStringConvertible {
        /// A file is missing or cannot be read.
        case unreadable(path: String)
        /// `sensors.json` is not what the referee describes.
        case sensors(reason: String)
        /// A line of `plots.jsonl` is not a flat JSON object with the fields of a plot; lines count from 1.
        case plot(line: Int, reason: String)

        public var description: String {
            switch self {
            case .unreadable(let path): "\(path) is missing or cannot be read"
            case .sensors(let reason): "sensors.json: \(reason)"
            case .plot(let line, let reason): "plots.jsonl, line \(line): \(reason)"
            }
        }
    }

    /// The sensors, numbered by nation (system area code) and place in the file (system identification code).
    public let sensors: [Sensor]
    /// Names of the sensors in the files, in the same order.
    public let names: [String]
    /// The nations' nodes that the sensors belong to, by the system area code of their sensors less one.
    public let nodes: [String]
    /// The plots in the order of their arrival.
    public var reports: [SensorReport]
    /// Seconds between the instants at which a tracker is asked for its picture.
    public let reportPeriod: Double
    /// Length of the scenario, seconds.
    public let duration: Double

    /// Reads a directory.
    public init(directory: String) throws {
        let (list, specifications) = try Self.readSensors("\(directory)/sensors.json")
        self.reportPeriod = list.reportPeriod
        self.duration = list.duration
        self.sensors = specifications.map(\.sensor)
        self.names = list.sensors.map(\.id)
        self.nodes = Self.nodes(of: list)
        self.reports = try Self.readPlots("\(directory)/plots.jsonl", specifications, names: self.names)
    }

    /// How much faster an aircraft is than the point below it.
    ///
    /// The referee's velocities are those at which latitude and longitude change, of the point on the ellipsoid; ours
    /// are the aircraft's own. At 10 km of height the difference is 0.16 %.
    static func speedScale(height: Double) -> Double { 1 + height / 6_371_000 }

    private struct SensorList: Decodable {
        var duration: Double
        var reportPeriod: Double
        var sensors: [Entry]

        struct Channel: Decodable {
            var pd: Double
            var rangeSd: Double
            var azimuthSd: Double
            var elevationSd: Double?

            var channel: Sensor.Channel {
                Sensor.Channel(
                    rangeDeviation: self.rangeSd, azimuthDeviation: self.azimuthSd * .pi / 180,
                    elevationDeviation: self.elevationSd.map { $0 * .pi / 180 }, detectionProbability: self.pd)
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
            var maxRange: Double
            var minRange: Double
            var maxElevation: Double?
            var psr: Channel?
            var ssr: Channel?
            var clutter: Double?
            var positionSd: Double?
            var velocitySd: Double?
        }
    }

    private struct Specification {
        var sensor: Sensor
        var positionDeviation: Double
        var velocityDeviation: Double
    }

    /// The nodes in the order of their first sensors.
    private static func nodes(of list: SensorList) -> [String] {
        var nodes: [String] = []
        for entry in list.sensors where !nodes.contains(entry.node) { nodes.append(entry.node) }
        return nodes
    }

    /// The nodes' sensors, each node as a nation of two letters that stand for its place: `aa`, `ab` and so on.
    public var nations: [(nation: Nation, sensors: [Sensor])] {
        self.nodes.indices.compactMap { index in
            let letters: [UInt8] = [97 + UInt8(index / 26 % 26), 97 + UInt8(index % 26)]
            guard let nation = Nation(String(decoding: letters, as: UTF8.self)) else { return nil }
            return (nation, self.sensors.filter { Int($0.id.sac) == index + 1 })
        }
    }

    private static func readSensors(_ path: String) throws -> (SensorList, [Specification]) {
        guard let data = FileManager.default.contents(atPath: path) else { throw Malformed.unreadable(path: path) }
        let list: SensorList
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { list = try decoder.decode(SensorList.self, from: data) } catch {
            throw Malformed.sensors(reason: "\(error)")
        }
        guard list.reportPeriod > 0, list.duration >= 0, list.sensors.count < 256 else {
            throw Malformed.sensors(reason: "report_period, duration or the number of sensors is out of range")
        }
        let nations = Self.nodes(of: list)
        let specifications = list.sensors.enumerated().map { index, entry in
            let nation = nations.firstIndex(of: entry.node) ?? 0
            return Specification(
                sensor: Sensor(
                    id: SensorID(sac: UInt8(nation + 1), sic: UInt8(index)), name: entry.id,
                    site: Geodetic(latitudeDegrees: entry.lat, longitudeDegrees: entry.lon, height: entry.height),
                    kind: entry.kind == "adsb" ? .receiver : .radar(period: entry.period),
                    primary: entry.psr?.channel, secondary: entry.ssr?.channel,
                    coverage: min(entry.minRange, entry.maxRange)...max(entry.minRange, entry.maxRange),
                    elevationMax: (entry.maxElevation ?? 60) * .pi / 180, falsePlotsPerScan: entry.clutter ?? 0),
                positionDeviation: entry.positionSd ?? 20, velocityDeviation: entry.velocitySd ?? 1)
        }
        return (list, specifications)
    }

    private static func readPlots(
        _ path: String, _ specifications: [Specification], names: [String]
    ) throws -> [SensorReport] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Malformed.unreadable(path: path) }
        let places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        var reader = RefereeLineReader(bytes: [UInt8](data))
        var reports: [SensorReport] = []
        var line = 0
        do throws(RefereeLineReader.Malformed) {
            while reader.hasMore {
                line += 1
                if let fields = try reader.next() {
                    reports.append(.plot(try Self.plot(fields, specifications, places)))
                }
            }
        } catch {
            throw Malformed.plot(line: line, reason: error.reason)
        }
        return reports
    }

    private static func plot(
        _ fields: RefereeLineReader.Fields, _ specifications: [Specification], _ places: [String: Int]
    ) throws(RefereeLineReader.Malformed) -> Plot {
        guard let name = fields.sensor, let index = places[name] else {
            throw RefereeLineReader.Malformed(reason: "no known sensor")
        }
        guard let time = fields.time else { throw RefereeLineReader.Malformed(reason: "no time") }
        let specification = specifications[index]
        let identity = Identity(
            address: fields.icao24.flatMap { ICAOAddress(hex: $0) },
            mode3A: fields.mode3a.flatMap { Mode3A(octal: $0) })
        let measuredAt = Timestamp(seconds: time)
        let receivedAt = Timestamp(seconds: fields.received ?? time)
        let degree = Double.pi / 180
        if let range = fields.range, let azimuth = fields.azimuth {
            let isReply = identity.address != nil || identity.mode3A != nil
            return Plot(
                sensor: specification.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt,
                kind: identity.address != nil ? .modeS : isReply ? .secondary : .primary,
                measurement: .polar(
                    range: range, azimuth: azimuth * degree, elevation: fields.elevation.map { $0 * degree }),
                pressureAltitude: fields.modec, identity: identity)
        }
        guard let latitude = fields.lat, let longitude = fields.lon else {
            throw RefereeLineReader.Malformed(reason: "neither range and azimuth nor lat and lon")
        }
        var plot = Plot(
            sensor: specification.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt, kind: .broadcast,
            measurement: .geodetic(
                latitude: latitude * degree, longitude: longitude * degree,
                deviation: specification.positionDeviation),
            geometricHeight: fields.alt, identity: identity)
        if let north = fields.vn, let east = fields.ve {
            let scale = Self.speedScale(height: fields.alt ?? 0)
            plot.velocity = Plot.Velocity(
                north: scale * north, east: scale * east, deviation: specification.velocityDeviation)
        }
        return plot
    }
}

/// Reads lines that each hold one JSON object, as the referee's plots, truth and tracks are.
///
/// Not a general reader of JSON: that one takes ten times as long, and these files are large. What is nested is passed
/// over, but for a covariance.
struct RefereeLineReader {
    /// The fields that a plot, a true state or a track may have; others are passed over.
    struct Fields: Equatable {
        var time: Double?
        var received: Double?
        var range: Double?
        var azimuth: Double?
        var elevation: Double?
        var modec: Double?
        var lat: Double?
        var lon: Double?
        var alt: Double?
        var vn: Double?
        var ve: Double?
        var sensor: String?
        var icao24: String?
        var mode3a: String?
        var id: String?
        var kind: String?
        /// Row by row.
        var cov: [Double]?
    }

    struct Malformed: Error, Equatable {
        var reason: String
    }

    private let bytes: [UInt8]
    private var at = 0
    private var lineBegin = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Whether a line is left.
    var hasMore: Bool { self.at < self.bytes.count }

    /// The fields of the next line, nil if it is blank.
    mutating func next() throws(Malformed) -> Fields? {
        self.lineBegin = self.at
        self.skipBlanks()
        if self.peek == UInt8(ascii: "\n") || self.at == self.bytes.count {
            self.at += 1
            return nil
        }
        var fields = Fields()
        try self.expect(UInt8(ascii: "{"))
        self.skipBlanks()
        while self.peek != UInt8(ascii: "}") {
            let name = try self.text()
            self.skipBlanks()
            try self.expect(UInt8(ascii: ":"))
            self.skipBlanks()
            if self.peek == UInt8(ascii: "\"") {
                let value = try self.text()
                switch name {
                case "sensor": fields.sensor = value
                case "icao24": fields.icao24 = value
                case "mode3a": fields.mode3a = value
                case "id": fields.id = value
                case "kind": fields.kind = value
                default: break
                }
            } else if self.peek == UInt8(ascii: "[") || self.peek == UInt8(ascii: "{") {
                let numbers = try self.nested(keep: name == "cov")
                if name == "cov" { fields.cov = numbers }
            } else {
                let begin = self.at
                let value = try self.number()
                switch name {
                // A number may name a track; its digits are the name.
                case "id": fields.id = value.map { _ in String(decoding: self.bytes[begin..<self.at], as: UTF8.self) }
                case "time": fields.time = value
                case "received": fields.received = value
                case "range": fields.range = value
                case "azimuth": fields.azimuth = value
                case "elevation": fields.elevation = value
                case "modec": fields.modec = value
                case "lat": fields.lat = value
                case "lon": fields.lon = value
                case "alt": fields.alt = value
                case "vn": fields.vn = value
                case "ve": fields.ve = value
                default: break
                }
            }
            self.skipBlanks()
            if self.peek == UInt8(ascii: ",") {
                self.at += 1
                self.skipBlanks()
            } else if self.peek != UInt8(ascii: "}") {
                throw self.malformed("',' or '}'")
            }
        }
        self.at += 1
        self.skipBlanks()
        guard self.at >= self.bytes.count || self.peek == UInt8(ascii: "\n") else {
            throw self.malformed("end of line")
        }
        self.at += 1
        return fields
    }

    /// The byte to be read, 0 at the end.
    private var peek: UInt8 { self.at < self.bytes.count ? self.bytes[self.at] : 0 }

    private func malformed(_ expected: String) -> Malformed {
        Malformed(reason: "expected \(expected) at byte \(self.at - self.lineBegin) of the line")
    }

    private mutating func skipBlanks() {
        while self.peek == 0x20 || self.peek == 0x09 || self.peek == 0x0D { self.at += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws(Malformed) {
        guard self.peek == byte else { throw self.malformed("'\(Character(UnicodeScalar(byte)))'") }
        self.at += 1
    }

    private mutating func text() throws(Malformed) -> String {
        try self.expect(UInt8(ascii: "\""))
        let begin = self.at
        while self.peek != UInt8(ascii: "\"") {
            guard self.at < self.bytes.count, self.peek != UInt8(ascii: "\\"), self.peek >= 0x20 else {
                throw self.malformed("a text without escapes")
            }
            self.at += 1
        }
        let text = String(decoding: self.bytes[begin..<self.at], as: UTF8.self)
        self.at += 1
        return text
    }

    /// Passes an array or object; answers with the numbers in it if they are to be kept.
    private mutating func nested(keep: Bool) throws(Malformed) -> [Double] {
        var numbers: [Double] = []
        if keep { numbers.reserveCapacity(16) }
        var depth = 0
        repeat {
            switch self.peek {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                self.at += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                self.at += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0D: self.at += 1
            case UInt8(ascii: "\""): _ = try self.text()
            default:
                let begin = self.at
                let value = try self.number()
                guard self.at > begin else { throw self.malformed("']' or '}'") }
                if keep, let value { numbers.append(value) }
            }
        } while depth > 0
        return numbers
    }

    /// A number, or nil for `null`, `true` and `false`.
    private mutating func number() throws(Malformed) -> Double? {
        let begin = self.at
        var digits: UInt64 = 0
        var count = 0, decimals = 0
        let isNegative = self.peek == UInt8(ascii: "-")
        if isNegative { self.at += 1 }
        var isFraction = false
        loop: while true {
            switch self.peek {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits = digits &* 10 &+ UInt64(self.peek - UInt8(ascii: "0"))
                count += 1
                if isFraction { decimals += 1 }
            case UInt8(ascii: ".") where !isFraction: isFraction = true
            default: break loop
            }
            self.at += 1
        }
        let isPlain = count > 0 && count <= 15 && self.peek != UInt8(ascii: "e") && self.peek != UInt8(ascii: "E")
        if isPlain {
            // Both exact, so that the quotient is correctly rounded.
            let value = Double(digits) / Self.powers[decimals]
            return isNegative ? -value : value
        }
        while self.at < self.bytes.count, ![0x2C, 0x5D, 0x7D, 0x0A, 0x20, 0x09, 0x0D].contains(self.peek) {
            self.at += 1
        }
        let word = String(decoding: self.bytes[begin..<self.at], as: UTF8.self)
        if word == "null" || word == "true" || word == "false" { return nil }
        guard let value = Double(word) else { throw self.malformed("a number") }
        return value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}

extension RefereeScenario {
    /// Gives the plots as they arrive, a quarter of a second of them at a time, and asks for a picture at the multiples
    /// of the report period, with only those received by then.
    ///
    /// - Parameters:
    ///   - take: gets the reports of a turn and its end.
    ///   - tell: is asked for the picture at an instant, so many seconds after the start.
    public func play(
        take: (borrowing Span<SensorReport>, Timestamp) throws -> Void, tell: (Timestamp, Double) throws -> Void
    ) rethrows {
        let turn = 0.25
        var next = 0, step = 0, told = 0
        while Double(told) * self.reportPeriod <= self.duration {
            let time = Double(told) * self.reportPeriod
            let report = Timestamp(seconds: time)
            let now = min(Timestamp(seconds: Double(step) * turn), report)
            var end = next
            while end < self.reports.count, case .plot(let plot) = self.reports[end], plot.receivedAt <= now {
                end += 1
            }
            try take(self.reports.span.extracting(next..<end), now)
            next = end
            if now == report {
                try tell(report, time)
                told += 1
            } else {
                step += 1
            }
        }
    }
}
