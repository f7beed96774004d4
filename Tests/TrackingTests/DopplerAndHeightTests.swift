import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

@Suite("Doppler speeds, and heights from slant ranges")
struct DopplerAndHeightTests {
    /// The reports of a radar that measures Doppler speeds, with its sign.
    static func withDoppler(_ reports: [SensorReport], _ flights: [Flight], sign: Double, _ sensor: Sensor)
        -> [SensorReport]
    {
        let frame = LocalFrame(origin: sensor.site)
        return reports.map { report in
            guard case .plot(var plot) = report, case .polar(let range, _, _) = plot.measurement else { return report }
            let t = plot.measuredAt.seconds
            func rangeAt(_ flight: Flight, _ t: Double) -> Double {
                Polar(frame.displacement(of: flight.place(t))).range
            }
            let flight = flights.min { abs(rangeAt($0, t) - range) < abs(rangeAt($1, t) - range) }
            guard let flight else { return report }
            plot.dopplerSpeed = sign * (rangeAt(flight, t + 0.5) - rangeAt(flight, t - 0.5)).rounded()
            return .plot(plot)
        }
    }

    @Test(
        "the sign of a radar's Doppler speeds is found out, and then tracks know their speed sooner",
        arguments: [1.0, -1.0])
    func doppler(sign: Double) throws {
        let sensor = radar(1, at: home, period: 4)
        let flights = (0..<4).map { number -> Flight in
            let n = Double(number)
            let origin = home.moved(distance: 40_000 + 20_000 * n, azimuth: 1.2 * n).raised(to: 8_000)
            return .straight(from: origin, speed: 230, course: 1.2 * n + 0.3)
        }
        var sky = Sky([sensor], flights, seed: 5)
        let plain = sky.reports(seconds: 80)
        let reports = Self.withDoppler(plain, flights, sign: sign, sensor)
        var tracker = Tracker(sensors: [sensor]), without = Tracker(sensors: [sensor])
        tracker.run(reports, seconds: 80) { _, _ in }
        without.run(plain, seconds: 80) { _, _ in }
        #expect(tracker.sites[0].dopplerSign == sign)
        #expect(without.sites[0].dopplerSign == 0)
        // A new aircraft comes straight in: two plots, 4 s apart.
        let late = Flight.straight(
            from: home.moved(distance: 70_000, azimuth: 5.5).raised(to: 8_000), speed: 250, course: 5.5 - .pi)
        var second = Sky([sensor], [late], seed: 8)
        let shift: (SensorReport) -> SensorReport = { report in
            guard case .plot(var plot) = report else { return report }
            plot.measuredAt = plot.measuredAt.advanced(by: 80)
            plot.receivedAt = plot.measuredAt
            return .plot(plot)
        }
        let some = second.reports(seconds: 8).filter { if case .plot = $0 { true } else { false } }
        let informed = Self.withDoppler(some, [late], sign: sign, sensor).map(shift)
        var changes: [TrackChange] = []
        func deviation(_ tracker: inout Tracker, _ reports: [SensorReport]) -> Double {
            for report in reports { tracker.process([report].span, now: report.arrival, into: &changes) }
            let slot = tracker.records.indices.last {
                tracker.records[$0].track.plotCount == 2 && tracker.coarse[$0].time > Timestamp(seconds: 80)
            }
            guard let slot else { return .nan }
            var state = tracker.history.state(tracker.records[slot].newest)
            let motion = state.mixture.blended(tracker.parameters)
            // Along the radial direction, which is that of its flight.
            let u = SIMD2(sin(5.5), cos(5.5))
            return dot(u, motion.vv * u).squareRoot()
        }
        let (a, b) = (deviation(&tracker, informed), deviation(&without, some.map(shift)))
        #expect(a < 8, "\(a)")
        #expect(a < 0.5 * b, "\(a) with, \(b) without")
    }

    @Test("a scalar speed is taken in as the textbook does", arguments: 0..<20 as Range<UInt64>)
    func radialUpdate(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var motion = Motion(
            p: SIMD2(100, -50), v: SIMD2(200, 80), pp: Matrix2(400, 50, 50, 300), vv: Matrix2(90, 10, 10, 60))
        motion.pv = Matrix2(30, 5, -8, 20)
        let u = SIMD2(cos(Double(seed)), sin(Double(seed)))
        let z = 150 + 20 * random.gauss(), r = 9.0
        let before = motion
        let result = motion.take(speed: z, along: u, variance: r)
        let s = dot(u, before.vv * u) + r
        let y: Double = z - dot(u, before.v)
        let distance: Double = y * y / s
        #expect(abs(result.distance - distance) < 1e-9)
        let gain = (1 / s) * (before.vv * u)
        let v = before.v + y * gain
        let variance: Double = before.vv.a - s * gain.x * gain.x
        #expect(abs(v.x - motion.v.x) < 1e-9)
        #expect(abs(v.y - motion.v.y) < 1e-9)
        #expect(abs(motion.vv.a - variance) < 1e-9)
        #expect(motion.isSound)
    }

    @Test("three radars without elevation find the height of an echo", arguments: 0..<4 as Range<UInt64>)
    func slantHeight(seed: UInt64) throws {
        let sensors = [
            radar(1, at: home), radar(2, at: home.moved(distance: 45_000, azimuth: 1.5), period: 5),
            radar(3, at: home.moved(distance: 40_000, azimuth: 3.2), period: 6),
        ]
        // Over the middle of the three, high above what is supposed where nothing is known.
        let flight = Flight.straight(
            from: home.moved(distance: 9_000, azimuth: 3.9).raised(to: 10_500), speed: 150, course: 2.2)
        var sky = Sky(sensors, [flight], seed: seed)
        let reports = sky.reports(seconds: 150)
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: 150) { _, _ in }
        let track = try #require(tracker.picture(at: 150).first { distance($0, flight, at: 150) < 2_000 })
        let error = track.position.height - flight.place(150).height
        #expect(abs(error) < 900, "\(error) ± \(track.heightVariance.squareRoot())")
        #expect(abs(error) < 4 * track.heightVariance.squareRoot())
        #expect(track.heightVariance < 1_000 * 1_000)
    }
}
