import Air
import Exercises
import Geodesy
import Glibc
import Tracking

/// How many plots the tracker takes in a second of one core, and what it holds for each track.
///
/// The reports are made first and lie in memory; only the tracker's calls are timed, by processor time, in batches of a
/// tenth of a second of the sky, as a node that drains its sockets would make them.
func benchmarkTracker() {
    print("tracker: aircraft, plots, plots/s on one core, tracks, resident bytes a track")
    for (aircraft, seconds) in [(200, 300.0), (5_000, 30.0), (50_000, 12.0)] {
        let sky = BenchmarkSky(aircraft: aircraft, seconds: seconds, seed: 1)
        let before = residentBytes()
        var tracker = Tracker(sensors: sky.sensors)
        var changes: [TrackChange] = []
        var used = 0.0
        var next = 0
        var now = 0.0
        while next < sky.reports.count {
            now += 0.1
            var end = next
            while end < sky.reports.count, sky.times[end] <= now { end += 1 }
            let begin = processorSeconds()
            tracker.process(sky.reports.span.extracting(next..<end), now: Timestamp(seconds: now), into: &changes)
            used += processorSeconds() - begin
            changes.removeAll(keepingCapacity: true)
            next = end
        }
        let held = max(residentBytes() - before, 0)
        let tracks = tracker.counts.confirmed
        print(
            "  \(aircraft), \(sky.reports.count), \(Int(Double(sky.reports.count) / used)), \(tracks), "
                + "\(held / max(tracks, 1))")
    }
}

/// Aircraft that fly straight over a square of sixteen Mode S radars and four receivers, and what these report.
struct BenchmarkSky {
    private(set) var sensors: [Sensor] = []
    private(set) var reports: [SensorReport] = []
    /// When each report is received, seconds.
    private(set) var times: [Double] = []

    init(aircraft: Int, seconds: Double, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let centre = Geodetic(latitudeDegrees: 48, longitudeDegrees: 8)
        func uniform(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &random) }
        for index in 0..<20 {
            let site = Self.place(centre, Double(index % 4 - 2) * 350_000, Double(index / 4 % 4 - 2) * 350_000, 200)
            let isRadar = index < 16
            self.sensors.append(
                Sensor(
                    id: SensorID(sac: 1, sic: UInt8(index)), name: "\(index)", site: site,
                    kind: isRadar ? .radar(period: [4, 6, 8, 10][index % 4]) : .receiver,
                    coverage: 500...(isRadar ? 250_000 : 300_000)))
        }
        var timed: [(Double, SensorReport)] = []
        let frames = self.sensors.map { LocalFrame(origin: $0.site) }
        for number in 0..<aircraft {
            let (north, east) = (uniform(-900_000...900_000), uniform(-900_000...900_000))
            let (course, speed, height) = (uniform(0...6.28), uniform(80...280), uniform(1_000...12_000))
            let identity = Identity(address: ICAOAddress(UInt32(number + 1)))
            func at(_ t: Double) -> Geodetic {
                Self.place(centre, north + speed * t * cos(course), east + speed * t * sin(course), height)
            }
            for (sensor, frame) in zip(self.sensors, frames) {
                let first = Polar(frame.displacement(of: at(0)))
                guard sensor.coverage.contains(first.range) else { continue }
                var period = 1.0
                var t = uniform(0...1)
                if case .radar(let turn) = sensor.kind {
                    period = turn
                    t = turn * first.azimuth / (2 * .pi)
                }
                while t < seconds {
                    let place = at(t)
                    let stamp = Timestamp(seconds: t)
                    let measurement: Plot.Measurement
                    if case .receiver = sensor.kind {
                        measurement = .geodetic(
                            latitude: place.latitude + uniform(-2e-6...2e-6),
                            longitude: place.longitude + uniform(-2e-6...2e-6), deviation: 15)
                    } else {
                        let polar = Polar(frame.displacement(of: place))
                        measurement = .polar(
                            range: polar.range + uniform(-50...50), azimuth: polar.azimuth + uniform(-2e-3...2e-3),
                            elevation: nil)
                    }
                    let plot = Plot(
                        sensor: sensor.id, measuredAt: stamp, receivedAt: stamp,
                        kind: sensor.kind == .receiver ? .broadcast : .modeS, measurement: measurement,
                        pressureAltitude: height, identity: identity)
                    timed.append((t, .plot(plot)))
                    t += period
                }
            }
        }
        timed.sort { $0.0 < $1.0 }
        self.reports = timed.map(\.1)
        self.times = timed.map(\.0)
    }

    /// A place by metres north and east of another: good enough to fly about.
    private static func place(_ centre: Geodetic, _ north: Double, _ east: Double, _ height: Double) -> Geodetic {
        let latitude = centre.latitude + north / 6_371_000
        return Geodetic(
            latitude: latitude, longitude: centre.longitude + east / (6_371_000 * cos(latitude)), height: height)
    }
}

/// Seconds that this process has computed.
private func processorSeconds() -> Double {
    var time = timespec()
    // The pointer lives as long as the call.
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Bytes of this process that are in memory.
private func residentBytes() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard unsafe fgets(&line, 127, file) != nil else { return 0 }
    let text = String(decoding: line.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}
