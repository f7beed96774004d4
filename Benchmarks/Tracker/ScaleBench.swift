import Air
import Allocations
import BenchSupport
import Geodesy
import Glibc
import Region
import Tracking

/// `kumiko-bench-tracker scale`: speed, memory and pauses of the tracker from 200 to 100,000 tracks, and how they grow with
/// tracks and clutter. Completeness stands beside them: speed is not bought with lost tracks.
enum ScaleBench {
    /// What one run has shown.
    struct Result {
        var plots = 0
        var seconds = 0.0
        /// Seconds of the scenario that were measured.
        var span = 0.0
        var allocations = 0.0
        var pauseWall = 0.0
        var pauseProcessor = 0.0
        var plotsOfPause = 0
        var bytes = 0
        var tracks = 0
        var tentative = 0
        var covered = 0
        var tracked = 0
        /// Confirmed tracks that no aircraft is near.
        var astray = 0

        var nanosecondsPerPlot: Double { self.seconds / Double(max(self.plots, 1)) * 1e9 }
    }

    static func run(_ arguments: ArraySlice<String>) {
        say(Machine.line)
        let square = 1e6
        let quick = arguments.contains("--quick")
        var sectors = 0, rest = arguments
        while let next = rest.popFirst() {
            switch next {
            case "--quick": continue
            case "--sectors":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { Main.usage() }
                sectors = count
            default: Main.usage()
            }
        }
        // As dense as the referee's (200 aircraft on 1,000 km × 1,000 km), then ever denser: 200 sensors see but so far.
        var sizes: [(String, RegionSky.Size)] = [
            ("200", RegionSky.Size(aircraft: 210, edge: square, sensors: 20)),
            ("1,000", RegionSky.Size(aircraft: 1_060, edge: 5.squareRoot() * square, sensors: 100)),
            ("10,000", RegionSky.Size(aircraft: 11_500, edge: 10.squareRoot() * square, sensors: 200)),
            ("100,000", RegionSky.Size(aircraft: 124_000, edge: 4 * square, sensors: 200)),
        ]
        if quick { sizes.removeLast() }
        say("\nOne core: 60 s of warming up, then measured; the scenario is made while it runs and not timed.\n")
        var table = Table(
            "aircraft", "edge km", "sensors", "plots/s of the scenario", "plots/s taken", "ns/plot", "core used",
            "allocations/plot",
            "longest call", "of it processor", "its plots", "bytes/track", "tracks", "tentative", "complete", "astray")
        var results: [Result] = []
        for (name, size) in sizes {
            let result = Self.measure(size, warm: 60, seconds: Self.seconds(size), sectors: sectors)
            results.append(result)
            table.add(
                name, text(size.edge / 1e3), text(size.sensors), text(Double(result.plots) / result.span),
                text(Double(result.plots) / result.seconds), text(result.nanosecondsPerPlot),
                text(result.seconds / result.span * 100, 1) + "%",
                text(result.allocations / Double(result.plots), 5), text(result.pauseWall * 1e3, 2) + " ms",
                text(result.pauseProcessor * 1e3, 2) + " ms", text(result.plotsOfPause),
                text(Double(result.bytes) / Double(max(result.tracks + result.tentative, 1))), text(result.tracks),
                text(result.tentative), Self.share(result), text(result.astray))
        }
        table.print()
        let last = quick ? 2 : 3
        let growth =
            log(results[last].nanosecondsPerPlot / results[0].nanosecondsPerPlot)
            / log(Double(sizes[last].1.aircraft) / Double(sizes[0].1.aircraft))
        say(
            "  Growth from \(sizes[0].0) to \(sizes[last].0): time per plot as tracks ^ \(text(growth, 3)) (linear: 0)."
        )
        say("  complete: of the aircraft reported in the last 20 s, those with a confirmed track within 2 km.")
        say("  astray: confirmed tracks without an aircraft within 2 km.\n")
        Self.clutter(sectors)
        say("  \(Machine.load)\n")
    }

    private static func share(_ result: Result) -> String {
        text(Double(result.tracked) / Double(max(result.covered, 1)) * 100, 2) + "%"
    }

    private static func seconds(_ size: RegionSky.Size) -> Double {
        size.aircraft > 50_000 ? 12 : size.aircraft > 5_000 ? 20 : 60
    }

    private static func clutter(_ sectors: Int) {
        var table = Table(
            "1,000 aircraft, false plots ×", "plots/s of the scenario", "ns/plot", "core used", "tentative", "complete",
            "astray")
        var first: Result?
        var last: Result?
        for factor in [1.0, 4, 16] {
            let size = RegionSky.Size(
                aircraft: 1_000, edge: 5.squareRoot() * 1e6, sensors: 100, clutter: factor, seed: 2)
            let result = Self.measure(size, warm: 40, seconds: 20, sectors: sectors)
            if first == nil { first = result }
            last = result
            table.add(
                text(factor), text(Double(result.plots) / result.span), text(result.nanosecondsPerPlot),
                text(result.seconds / result.span * 100, 1) + "%", text(result.tentative), Self.share(result),
                text(result.astray))
        }
        table.print()
        guard let first, let last else { return }
        let growth = log(last.seconds / first.seconds) / log(Double(last.plots) / Double(first.plots))
        say("  Growth with clutter: processor time as plots ^ \(text(growth, 3)) (linear: 1).")
    }

    // MARK: One run

    private static func measure(
        _ size: RegionSky.Size, warm: Double, seconds: Double, sectors: Int
    ) -> Result {
        guard sectors > 0 else { return Self.measure(size, warm: warm, seconds: seconds) { Tracker(sensors: $0) } }
        return Self.measure(size, warm: warm, seconds: seconds) { sensors in
            SectoredTracker(sensors: sensors, grid: SectorGrid(around: sensors.map(\.site), count: sectors))
        }
    }

    static func measure(
        _ size: RegionSky.Size, warm: Double, seconds: Double, _ make: ([Sensor]) -> some TrackerUnderTest
    ) -> Result {
        var sky = RegionSky(size)
        var result = Result()
        var bytes = Self.heap
        var tracker = make(sky.sensors)
        result.bytes = Self.heap - bytes
        var reports: [SensorReport] = []
        var changes: [TrackChange] = []
        reports.reserveCapacity(100_000)
        changes.reserveCapacity(100_000)
        let before = Int((warm / RegionSky.step).rounded()), during = Int((seconds / RegionSky.step).rounded())
        var counted = 0
        for step in 0..<(before + during) {
            reports.removeAll(keepingCapacity: true)
            changes.removeAll(keepingCapacity: true)
            sky.advance(into: &reports)
            if step == before { counted = tracker.tally.plots }
            let plots = tracker.tally.plots
            bytes = Self.heap
            let allocations = kumiko_allocations(), wall = Machine.monotonic, processor = Machine.threadTime
            tracker.process(reports.span, now: Timestamp(seconds: sky.time), into: &changes)
            let spent = Machine.threadTime - processor, passed = Double(Machine.monotonic - wall) / 1e9
            let asked = kumiko_allocations() - allocations
            result.bytes += Self.heap - bytes
            guard step >= before else { continue }
            result.seconds += spent
            result.allocations += Double(asked)
            result.pauseWall = max(result.pauseWall, passed)
            if spent > result.pauseProcessor {
                result.pauseProcessor = spent
                result.plotsOfPause = tracker.tally.plots - plots
            }
        }
        result.plots = tracker.tally.plots - counted
        result.span = seconds
        (result.tracks, result.tentative) = tracker.counts
        Self.compare(sky, tracker, &result)
        return result
    }

    /// Bytes that the heap has given out.
    private static var heap: Int { Int(kumiko_heap()) }

    /// How many aircraft have a track, and how many tracks an aircraft.
    private static func compare(_ sky: RegionSky, _ tracker: some TrackerUnderTest, _ result: inout Result) {
        let reach = 2_000.0
        func cell(_ place: Geocentric) -> SIMD3<Int32> {
            SIMD3(
                Int32((place.x / reach).rounded(.down)), Int32((place.y / reach).rounded(.down)),
                Int32((place.z / reach).rounded(.down)))
        }
        // On the ground: a track without a height may lie kilometres above or below.
        func ground(_ place: Geodetic) -> Geocentric {
            Geocentric(Geodetic(latitude: place.latitude, longitude: place.longitude))
        }
        var tracks: [SIMD3<Int32>: [Geocentric]] = [:]
        var aircraft: [SIMD3<Int32>: [Geocentric]] = [:]
        func isNear(_ place: Geocentric, _ others: [SIMD3<Int32>: [Geocentric]]) -> Bool {
            let middle = cell(place)
            for x in Int32(-1)...1 {
                for y in Int32(-1)...1 {
                    for z in Int32(-1)...1 {
                        for other in others[middle &+ SIMD3(x, y, z)] ?? [] where place.distance(to: other) < reach {
                            return true
                        }
                    }
                }
            }
            return false
        }
        tracker.forEachTrack(predictedTo: Timestamp(seconds: sky.time)) { track in
            let place = ground(track.position)
            tracks[cell(place), default: []].append(place)
        }
        for index in sky.aircraft.indices {
            let place = ground(sky.place(index, at: sky.time))
            aircraft[cell(place), default: []].append(place)
            guard sky.time - sky.aircraft[index].seenAt < 20 else { continue }
            result.covered += 1
            if isNear(place, tracks) { result.tracked += 1 }
        }
        for place in tracks.values.joined() where !isNear(place, aircraft) { result.astray += 1 }
    }
}
