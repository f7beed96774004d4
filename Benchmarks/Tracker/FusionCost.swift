import Air
import BenchSupport
import Foundation
import Geodesy
import Tracking

/// `kumiko-bench-tracker fusion [TRACKS]`: what a fused picture of two nations costs, one core: each tells of every track
/// once a second, without addresses, so that every joining is by kinematics.
enum FusionCost {
    static func run(_ rest: ArraySlice<String>) {
        let sizes = rest.first.flatMap { Int($0) }.map { [$0] } ?? [10_000, 100_000]
        say(Main.row("tracks", 8, ["tracklets/s", "ms a turn", "bytes a track", "believed", "joined"]))
        for size in sizes { Self.run(max(size, 16)) }
    }

    private static func run(_ count: Int) {
        guard let jp = Nation("jp"), let us = Nation("us") else { return }
        let side = Int(Double(count).squareRoot().rounded(.up))
        var tracklets: [Tracklet] = []
        var courses: [(east: Double, north: Double)] = []
        var places: [Geodetic] = []
        var random: UInt64 = 1
        func uniform() -> Double {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(random >> 11) / Double(1 << 53)
        }
        for i in 0..<count {
            // Eight kilometres apart: 100,000 over 2,500 km.
            let place = Geodetic(
                latitudeDegrees: 30 + 0.072 * Double(i / side), longitudeDegrees: 120 + 0.09 * Double(i % side),
                height: 6_000 + 6_000 * uniform())
            places.append(place)
            let course = 2 * Double.pi * uniform()
            courses.append((220 * sin(course), 220 * cos(course)))
        }
        func tell(_ second: Int) {
            tracklets.removeAll(keepingCapacity: true)
            let now = Timestamp(seconds: Double(second))
            for i in 0..<count {
                var place = places[i]
                place.latitude += Double(second) * courses[i].north / 6_371_000
                place.longitude += Double(second) * courses[i].east / (6_371_000 * cos(place.latitude))
                for nation in [jp, us] {
                    var t = Tracklet(
                        originator: nation, track: TrackID(UInt32(i + 1)), epoch: 1, sequence: UInt32(second),
                        from: now.advanced(by: -1), measuredAt: now.advanced(by: -0.1 * uniform()), position: place)
                    t.information[0, 0] = 1 / 2_500.0
                    t.information[1, 1] = 1 / 6_400.0
                    t.vector[0] = 100 * (uniform() - 0.5) / 2_500
                    t.vector[1] = 150 * (uniform() - 0.5) / 6_400
                    t.vertical.heightInformation = 1 / 400.0
                    t.vertical.heightVector = place.height / 400
                    (t.plotCount, t.status, t.evidence) = (1, .confirmed, 10)
                    tracklets.append(t)
                }
            }
        }
        tell(1)
        let before = Machine.memory("VmRSS")
        var picture = FusedPicture(home: jp)
        var changes: [SystemTrackChange] = []
        var seconds = 0.0, taken = 0
        let rounds = 12
        for second in 1...rounds {
            tell(second)
            let begin = Machine.threadTime
            // A tenth at a time, as streams bring them.
            let share = (tracklets.count + 9) / 10
            for part in 0..<10 {
                let low = min(part * share, tracklets.count), high = min(low + share, tracklets.count)
                picture.process(
                    tracklets.span.extracting(low..<high),
                    now: Timestamp(seconds: Double(second) + 0.1 * Double(part)), into: &changes)
                changes.removeAll(keepingCapacity: true)
            }
            if second > 4 {
                seconds += Machine.threadTime - begin
                taken += tracklets.count
            }
        }
        let bytes = max(0, Machine.memory("VmRSS") - before) / count
        say(
            Main.row(
                "\(count)", 8,
                [
                    text(Double(taken) / seconds, 0), text(1e3 * seconds / Double(rounds - 4), 1), "\(bytes)",
                    "\(picture.counts.confirmed)", "\(picture.tally.joinedByKinematics)",
                ]))
    }
}
