import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

@Suite("The tracker")
struct TrackerTests {
    /// `#` the radar saw the aircraft in this turn, `.` it looked in vain; after each turn `t` tentative, `C` confirmed,
    /// `o` coasting, `x` no track.
    func draw(_ scans: String, identity: Identity) -> String {
        let seen = scans.map { $0 == "#" }
        var flight = Flight.straight(
            from: home.moved(distance: 80_000, azimuth: 0.5).raised(to: 9_000), speed: 220, course: 1.2,
            identity: identity)
        flight.isSeen = { $0 < seen.count && seen[$0] }
        let sensor = radar(1, at: home)
        var sky = Sky([sensor], [flight], seed: 5)
        let seconds = 4.0 * Double(seen.count)
        let reports = sky.reports(seconds: seconds + 8)
        var tracker = Tracker(sensors: [sensor])
        var drawing = ""
        // Half a turn after the beam passed the aircraft.
        tracker.run(reports, seconds: seconds + 2, every: 0.25) { time, tracker in
            guard (time - 2).truncatingRemainder(dividingBy: 4) == 0, time > 2 else { return }
            if let track = tracker.picture(at: time).first {
                drawing += track.status == .coasting ? "o" : "C"
            } else {
                drawing += tracker.counts.tentative > 0 ? "t" : "x"
            }
        }
        return drawing
    }

    @Test(
        "three echoes or two replies confirm, two looks in vain make a track coast, more end it",
        arguments: [
            ("######", "tttCCC", false), ("####....##", "", false), ("###.......", "", true), ("##..#..#", "", true),
            ("#..", "", false), ("#.#.#.#.#.#", "", false),
        ])
    func life(scans: String, expected: String, isIdentified: Bool) {
        #expect(self.draw(scans, identity: isIdentified ? address(0x4CA123) : Identity()) == expected)
    }
}

extension Geodetic {
    /// The same place at another height.
    func raised(to height: Double) -> Geodetic {
        Geodetic(latitude: self.latitude, longitude: self.longitude, height: height)
    }
}
