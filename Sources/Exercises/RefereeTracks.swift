public import Air
import Foundation
import Geodesy

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
    ///
    /// - Parameter time: seconds since the scenario's start; the state of the track must hold for it.
    public mutating func append(_ track: Track, time: Double) {
        func short(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        let c = track.covariance
        let order = [1, 0, 3, 2]
        let rows = order.map { i in "[" + order.map { j in short(c[i, j], 4) }.joined(separator: ",") + "]" }
        self.text += "{\"time\":\(time),\"id\":\"\(track.id)\",\"lat\":\(short(track.position.latitudeDegrees, 7)),"
        self.text += "\"lon\":\(short(track.position.longitudeDegrees, 7)),\"alt\":\(short(track.position.height, 1)),"
        let scale = RefereeScenario.speedScale(height: track.position.height)
        self.text += "\"vn\":\(short(track.velocity.north / scale, 3)),\"ve\":\(short(track.velocity.east / scale, 3)),"
        self.text += "\"icao24\":" + (track.address.map { "\"\($0.value)\"" } ?? "null")
        self.text += ",\"cov\":[\(rows.joined(separator: ","))]}\n"
    }

    /// Writes all lines to a file.
    public func write(to path: String) throws {
        try Data(self.text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
