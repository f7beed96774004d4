import Foundation
import Geodesy
import Scoring

/// Six objects and their tracks, with one of each fault: exchanged numbers, gaps, a double, a false identity, an object
/// that is held late, a track of nothing, a report off the grid.
enum SmallSky {
    static let degree = Double.pi / 180

    private static func path(_ j: Int, _ k: Int) -> (lat: Double, lon: Double, vn: Double, ve: Double) {
        let (object, step) = (Double(j), Double(k))
        return (
            50 + 0.03 * object + 0.0008 * step * cos(object),
            8 + 0.04 * object + 0.0012 * step * sin(object + 0.02 * step),
            60 + 20 * object + (k > 20 ? 3 * step : 0), 100 - 10 * object
        )
    }

    private static var states: [(j: Int, k: Int)] {
        (0..<40).flatMap { k in (0..<6).filter { $0 < 4 || (5..<30).contains(k) }.map { ($0, k) } }
    }

    private static func identity(_ j: Int) -> String? { j % 2 == 0 ? "4ca00\(j)" : nil }

    static var truth: [TruthState] {
        self.states.map { j, k in
            let p = self.path(j, k)
            return TruthState(
                time: Double(5 * k), target: "T\(j)",
                position: Geodetic(latitudeDegrees: p.lat, longitudeDegrees: p.lon, height: 3000 + 100 * Double(j)),
                velocityNorth: p.vn, velocityEast: p.ve, identity: self.identity(j), kind: j < 3 ? "airliner" : "jet")
        }
    }

    static var tracks: [TrackReport] {
        let covariance = Matrix<4, 4>([
            [22500, 900, 90, 10], [900, 16900, 10, 60], [90, 10, 25, 2], [10, 60, 2, 16],
        ])
        var reports: [TrackReport] = []
        for (j, k) in self.states {
            if j == 2 && (k == 10 || (20..<24).contains(k)) || j == 5 && k < 12 { continue }
            let p = self.path(j, k)
            let (object, step) = (Double(j), Double(k))
            var report = TrackReport(
                time: Double(5 * k), track: "\(j < 2 && k >= 25 ? 1 - j : j)",
                latitude: (p.lat + 0.002 * sin(3 * step + object)) * self.degree,
                longitude: (p.lon + 0.002 * cos(2 * step + object)) * self.degree,
                altitude: j == 2 ? nil : 3000 + 100 * object + 20 * sin(step), velocityNorth: p.vn + 5 * sin(step),
                velocityEast: p.ve + 3 * cos(step), identity: j == 4 && k >= 20 ? "4ca00f" : self.identity(j),
                covariance: j < 4 ? covariance : nil)
            reports.append(report)
            if j == 3 && k >= 15 {
                report.track = "3b"
                report.latitude += 0.004 * self.degree
                reports.append(report)
            }
        }
        for k in 3..<14 {
            reports.append(
                TrackReport(
                    time: Double(5 * k), track: "x", latitude: 51.5 * self.degree,
                    longitude: (8 + 0.001 * Double(k)) * self.degree, velocityNorth: 10, velocityEast: 10))
        }
        var stray = reports[0]
        stray.time = 2.5
        return reports + [stray]
    }
}
