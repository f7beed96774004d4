import Foundation
import Geodesy
public import Scoring

/// Truth and tracks in the referee's form: `truth.jsonl` and `tracks.jsonl`, one JSON object a line.
public enum RefereePicture {
    /// What is wrong with a file of truth or tracks.
    public enum Malformed: Error, Hashable, CustomStringConvertible {
        /// The file is missing or cannot be read.
        case unreadable(path: String)
        /// A line is not an object with the fields that it must have; lines count from 1.
        case line(path: String, line: Int, reason: String)

        public var description: String {
            switch self {
            case .unreadable(let path): "\(path) is missing or cannot be read"
            case .line(let path, let line, let reason): "\(path), line \(line): \(reason)"
            }
        }
    }

    /// The true states of a file, in its order.
    ///
    ///     {"time":15.0,"id":"T0001","lat":…,"lon":…,"alt":…,"vn":…,"ve":…,"icao24":"4af7c5","kind":"airliner"}
    ///
    /// Degrees, metres and m/s; `icao24` and `kind` may be missing.
    public static func truth(path: String) throws(Malformed) -> [TruthState] {
        try Self.rows(path) { (fields) throws(RefereeLineReader.Malformed) in
            let state = try Self.state(fields)
            guard let altitude = fields.alt else { throw RefereeLineReader.Malformed(reason: "no alt") }
            guard
                [state.time, state.latitude, state.longitude, state.north, state.east, altitude].allSatisfy(\.isFinite)
            else { throw RefereeLineReader.Malformed(reason: "a number that is not finite") }
            return TruthState(
                time: state.time, target: state.id,
                position: Geodetic(latitude: state.latitude, longitude: state.longitude, height: altitude),
                velocityNorth: state.north, velocityEast: state.east, identity: fields.icao24,
                kind: fields.kind ?? "unknown")
        }
    }

    /// The reports of a file of tracks, in its order.
    ///
    ///     {"time":15.0,"id":"7","lat":…,"lon":…,"alt":…,"vn":…,"ve":…,"icao24":"4ca123","cov":[[…],[…],[…],[…]]}
    ///
    /// `alt`, `icao24` and `cov` may be missing; `cov` is over (north m, east m, north m/s, east m/s).
    public static func tracks(path: String) throws(Malformed) -> [TrackReport] {
        try Self.rows(path) { (fields) throws(RefereeLineReader.Malformed) in
            let state = try Self.state(fields)
            var report = TrackReport(
                time: state.time, track: state.id, latitude: state.latitude, longitude: state.longitude,
                altitude: fields.alt, velocityNorth: state.north, velocityEast: state.east, identity: fields.icao24)
            if let numbers = fields.cov, !numbers.isEmpty {
                guard numbers.count == 16 else { throw RefereeLineReader.Malformed(reason: "cov is not 4 × 4") }
                var covariance = Matrix<4, 4>.zero
                for (index, number) in numbers.enumerated() { covariance[index / 4, index % 4] = number }
                report.covariance = covariance
            }
            return report
        }
    }

    private struct State {
        var time: Double
        var id: String
        var latitude: Double
        var longitude: Double
        var north: Double
        var east: Double
    }

    private static func state(_ fields: RefereeLineReader.Fields) throws(RefereeLineReader.Malformed) -> State {
        func need<Value>(_ value: Value?, _ name: String) throws(RefereeLineReader.Malformed) -> Value {
            guard let value else { throw RefereeLineReader.Malformed(reason: "no \(name)") }
            return value
        }
        let degree = Double.pi / 180
        return State(
            time: try need(fields.time, "time"), id: try need(fields.id, "id"),
            latitude: try need(fields.lat, "lat") * degree, longitude: try need(fields.lon, "lon") * degree,
            north: try need(fields.vn, "vn"), east: try need(fields.ve, "ve"))
    }

    private static func rows<Row>(
        _ path: String, _ row: (RefereeLineReader.Fields) throws(RefereeLineReader.Malformed) -> Row
    ) throws(Malformed) -> [Row] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Malformed.unreadable(path: path) }
        var reader = RefereeLineReader(bytes: [UInt8](data))
        var rows: [Row] = []
        var line = 0
        do throws(RefereeLineReader.Malformed) {
            while reader.hasMore {
                line += 1
                if let fields = try reader.next() { rows.append(try row(fields)) }
            }
        } catch {
            throw Malformed.line(path: path, line: line, reason: error.reason)
        }
        return rows
    }
}
