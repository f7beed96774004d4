import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

@Suite("Tracks near each other")
struct ClusterTests {
    let sensors = [
        radar(1, at: home, elevation: true),
        radar(2, at: home.moved(distance: 90_000, azimuth: 2), period: 5, elevation: true),
    ]

    /// The number of the one track within a distance of each flight, or nil.
    func owners(_ tracker: Tracker, _ flights: [Flight], at time: Double, within reach: Double) -> [TrackID?] {
        let picture = tracker.picture(at: time)
        return flights.map { flight in
            picture.min { distance($0, flight, at: time) < distance($1, flight, at: time) }
                .flatMap { distance($0, flight, at: time) < reach ? $0.id : nil }
        }
    }

    @Test("two aircraft that cross at ten degrees keep their numbers in nine of ten cases")
    func shallowCrossing() {
        var kept = 0
        for seed in 0..<20 as Range<UInt64> {
            let meeting = home.moved(distance: 60_000, azimuth: 0.8).raised(to: 8_000)
            let flights = [1.0, 1.0 + 10 * .pi / 180].map { course in
                Flight.straight(
                    from: meeting.moved(distance: 22_000, azimuth: course + .pi), speed: 220, course: course)
            }
            var sky = Sky(self.sensors, flights, seed: seed)
            let reports = sky.reports(seconds: 200)
            var tracker = Tracker(sensors: self.sensors)
            var before: [TrackID?] = [], after: [TrackID?] = []
            tracker.run(reports, seconds: 200) { time, tracker in
                if time == 50 { before = self.owners(tracker, flights, at: time, within: 1_000) }
                if time == 180 { after = self.owners(tracker, flights, at: time, within: 1_000) }
            }
            if before == after, before[0] != nil, before[0] != before[1] { kept += 1 }
        }
        #expect(kept >= 18, "\(kept) of 20")
    }

    @Test("four aircraft in formation, often one echo, are four tracks, and go on under their numbers when they split")
    func formation() {
        var kept = 0, lost = 0, unresolved = 0
        for seed in 0..<6 as Range<UInt64> {
            let leader = home.moved(distance: 55_000, azimuth: 0.6).raised(to: 7_000)
            // Abreast and behind, 900 to 1,800 m apart; after 160 s each goes its own way.
            let flights = [(0.0, 0.0), (900, 1.4), (1_500, 2.6), (1_800, 4.4)].enumerated().map { index, offset in
                let origin = leader.moved(distance: offset.0, azimuth: offset.1).raised(to: 7_000)
                return Flight(place: { t in
                    let split = origin.moved(distance: 210 * min(t, 160), azimuth: 2.2)
                    return split.moved(distance: 210 * max(t - 160, 0), azimuth: 2.2 + 0.25 * (Double(index) - 1.5))
                        .raised(to: 7_000)
                })
            }
            var sky = Sky(self.sensors, flights, seed: seed)
            let reports = merged(sky.reports(seconds: 240), range: 150, azimuth: 0.8 * .pi / 180)
            var tracker = Tracker(sensors: self.sensors)
            var before: [TrackID?] = [], after: [TrackID?] = []
            tracker.run(reports, seconds: 240) { time, tracker in
                if time == 150 { before = self.owners(tracker, flights, at: time, within: 1_500) }
                if time == 230 { after = self.owners(tracker, flights, at: time, within: 1_500) }
                if time > 150, time < 160, tracker.picture(at: time).count < 4 { lost += 1 }
            }
            unresolved += tracker.tally.unresolved
            kept += zip(before, after).count { $0 != nil && $0 == $1 }
            #expect(tracker.picture(at: 240).count == 4)
        }
        #expect(kept >= 18, "\(kept) of 24 kept their number")
        #expect(lost == 0)
        #expect(unresolved > 20)
    }

    @Test("an aircraft with two echoes in every fourth look is one track, as long as such echoes are doubted")
    func splitEchoes() {
        var parameters = TrackerParameters()
        #expect((0..<8).allSatisfy { self.tracksOfOne(seed: $0, parameters) == 1 })
        parameters.splitEchoes = 0
        #expect((0..<8).contains { self.tracksOfOne(seed: $0, parameters) > 1 })
    }

    /// The most tracks at one time of an aircraft with second echoes.
    func tracksOfOne(seed: UInt64, _ parameters: TrackerParameters) -> Int {
        let flight = Flight.straight(
            from: home.moved(distance: 70_000, azimuth: 0.3).raised(to: 9_000), speed: 230, course: 1.7)
        var sky = Sky(self.sensors, [flight], seed: seed)
        var random = SplitMix64(state: seed + 100)
        var reports: [SensorReport] = []
        for report in sky.reports(seconds: 300) {
            reports.append(report)
            guard case .plot(var plot) = report, case .polar(let range, let azimuth, let elevation) = plot.measurement,
                Double.random(in: 0..<1, using: &random) < 0.25
            else { continue }
            plot.measurement = .polar(range: range + 110, azimuth: azimuth + 0.006, elevation: elevation)
            reports.append(.plot(plot))
        }
        var tracker = Tracker(sensors: self.sensors, parameters: parameters)
        var most = 0
        tracker.run(reports, seconds: 300) { time, tracker in
            if time > 30 { most = max(most, tracker.picture(at: time).count) }
        }
        return most
    }

    @Test("tracks that fly alike are displaced alike, even if one of them is not seen")
    func displacedFormation() {
        // Tracks at 0, 1,000 and 2,500 m; all went 900 m farther than foreseen, and the last one was not seen.
        let tracks = [0.0, 1_000, 2_500], plots = [900.0, 1_900]
        let swerve = 800.0 * 800
        for (likeness, expected) in [(50.0, [0, 1]), (0.0, [1, 2])] {
            var formation = Formation()
            formation.begin(rows: 2, columns: 3)
            for _ in tracks { formation.addTrack(velocity: SIMD2(200, 0), swerve: swerve) }
            for (row, plot) in plots.enumerated() {
                for (column, track) in tracks.enumerated() {
                    let d = plot - track
                    let variance = swerve + 100 * 100
                    formation.set(
                        row, column,
                        Formation.Pair(
                            hypothesis: Int32(10 * row + column),
                            gain: 25 - 0.5 * d * d / variance - log(2 * .pi * variance), rest: 25,
                            innovation: SIMD2(d, 0), noise: .diagonal(100 * 100)))
                }
            }
            formation.solve(likeness: likeness)
            #expect((0..<2).map { formation.hypothesis(ofRow: $0) } == [expected[0], 10 + expected[1]])
        }
    }
}

/// The reports of radars that do not resolve echoes nearer to each other than this: metres, radians.
func merged(_ reports: [SensorReport], range: Double, azimuth: Double) -> [SensorReport] {
    var result: [SensorReport] = []
    for report in reports {
        if case .plot(var plot) = report, case .polar(let r, let a, let e) = plot.measurement {
            let near = result.indices.reversed().prefix(40).first { index in
                guard case .plot(let other) = result[index], case .polar(let s, let b, _) = other.measurement else {
                    return false
                }
                return other.sensor == plot.sensor && abs(plot.measuredAt.seconds(since: other.measuredAt)) < 1
                    && abs(r - s) < range && abs(a - b) < azimuth
            }
            if let near, case .plot(let other) = result[near], case .polar(let s, let b, let f) = other.measurement {
                plot.measurement = .polar(
                    range: (r + s) / 2, azimuth: (a + b) / 2, elevation: e.flatMap { e in f.map { (e + $0) / 2 } })
                plot.measuredAt = other.measuredAt
                plot.receivedAt = other.receivedAt
                result[near] = .plot(plot)
                continue
            }
        }
        result.append(report)
    }
    return result
}
