import Air
import BenchSupport
import Foundation
import Geodesy
import RecordingTrials

/// The plots of some aircraft and what became of the tracks that bear their address, a line each.
enum Trace {
    static func print(_ recording: Recording, _ addresses: Set<ICAOAddress>, in folder: String) throws {
        guard let reports = try recording.reports(in: folder) else { return }
        say(recording.name)
        var bearers: Set<TrackID> = []
        _ = Followed(recording, reports) { chunk, changes in
            for case .plot(let plot) in chunk {
                guard let address = plot.identity.address, addresses.contains(address) else { continue }
                say("\(plot.measuredAt) \(address) \(plot.kind) \(Self.place(plot)) \(Self.marks(plot))")
            }
            for change in changes {
                switch change {
                case .updated(let track):
                    guard let address = track.address?.value, addresses.contains(address) else { continue }
                    bearers.insert(track.id)
                    let deviation = (track.covariance[0, 0] + track.covariance[1, 1]).squareRoot()
                    say(
                        "\(track.measuredAt) \(address)   track \(track.id) \(track.status) plots \(track.plotCount) "
                            + "at \(text(track.position.latitudeDegrees, 4)) \(text(track.position.longitudeDegrees, 4)) "
                            + "\(text(track.groundSpeed)) m/s ± \(text(deviation)) m")
                case .dropped(let id, let time):
                    if bearers.contains(id) { say("\(time)          track \(id) dropped") }
                }
            }
        }
    }

    private static func place(_ plot: Plot) -> String {
        switch plot.measurement {
        case .polar(let range, let azimuth, _): "\(text(range)) m \(text(azimuth * 180 / .pi, 2))°"
        case .geodetic(let latitude, let longitude, let deviation):
            "\(text(latitude * 180 / .pi, 4)) \(text(longitude * 180 / .pi, 4)) ± \(text(deviation)) m"
        }
    }

    private static func marks(_ plot: Plot) -> String {
        var marks: [String] = [plot.isOnGround ? "on ground" : "\(text(plot.pressureAltitude ?? .nan)) m"]
        if let velocity = plot.velocity {
            marks.append("\(text((velocity.north * velocity.north + velocity.east * velocity.east).squareRoot())) m/s")
        }
        if let number = plot.sensorTrackNumber { marks.append("number \(number)") }
        if !plot.doubts.isEmpty { marks.append("\(plot.doubts)") }
        return marks.joined(separator: ", ")
    }
}
