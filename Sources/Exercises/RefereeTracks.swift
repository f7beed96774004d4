public import Air
import Foundation
import Geodesy
public import Scoring

extension TrackReport {
    /// The state of a track at a report time, as the referee is told of it.
    ///
    /// - Parameter time: seconds since the scenario's start; the state of the track must hold for it.
    public init(_ track: Track, time: Double) {
        var covariance = Matrix<4, 4>.zero
        let order = [1, 0, 3, 2]
        for i in 0..<4 { for j in 0..<4 { covariance[i, j] = track.covariance[order[i], order[j]] } }
        let scale = RefereeScenario.speedScale(height: track.position.height)
        self.init(
            time: time, track: "\(track.id)", latitude: track.position.latitude, longitude: track.position.longitude,
            altitude: track.position.height, velocityNorth: track.velocity.north / scale,
            velocityEast: track.velocity.east / scale, identity: track.address.map { "\($0.value)" },
            covariance: covariance)
    }
}

/// Writes tracks in the referee's form, one JSON object a line.
public struct RefereeTracks: Sendable {
    private var text = ""

    /// No line yet.
    public init() {}

    /// Adds the state of a track at a report time.
    ///
    ///     {"time":15.0,"id":"7","lat":…,"lon":…,"alt":…,"vn":…,"ve":…,"icao24":"4ca123","cov":[[…],[…],[…],[…]]}
    ///
    /// `cov` is over (north m, east m, north m/s, east m/s).
    public mutating func append(_ report: TrackReport) {
        func short(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        let degree = Double.pi / 180
        self.text += "{\"time\":\(report.time),\"id\":\"\(report.track)\","
        self.text += "\"lat\":\(short(report.latitude / degree, 7)),\"lon\":\(short(report.longitude / degree, 7)),"
        if let altitude = report.altitude { self.text += "\"alt\":\(short(altitude, 1))," }
        self.text += "\"vn\":\(short(report.velocityNorth, 3)),\"ve\":\(short(report.velocityEast, 3)),"
        self.text += "\"icao24\":" + (report.identity.map { "\"\($0)\"" } ?? "null")
        if let c = report.covariance {
            let rows = (0..<4).map { i in "[" + (0..<4).map { j in short(c[i, j], 4) }.joined(separator: ",") + "]" }
            self.text += ",\"cov\":[\(rows.joined(separator: ","))]"
        }
        self.text += "}\n"
    }

    /// Adds the state of a track at a report time, seconds since the scenario's start.
    public mutating func append(_ track: Track, time: Double) { self.append(TrackReport(track, time: time)) }

    /// Writes all lines to a file.
    public func write(to path: String) throws {
        try Data(self.text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
