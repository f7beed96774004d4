import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

/// What is wrong with one sensor, from some second on.
struct Wrong {
    var range = 0.0
    /// Degrees.
    var azimuth = 0.0
    var elevation = 0.0
    var time = 0.0
    var from = 0.0

    func applied(to report: SensorReport) -> SensorReport {
        guard case .plot(var plot) = report, plot.measuredAt >= Timestamp(seconds: self.from) else { return report }
        plot.measuredAt = plot.measuredAt.advanced(by: self.time)
        if case .polar(let range, let azimuth, let elevation) = plot.measurement {
            plot.measurement = .polar(
                range: range + self.range, azimuth: azimuth + self.azimuth * .pi / 180,
                elevation: elevation.map { $0 + self.elevation * .pi / 180 })
        }
        return .plot(plot)
    }
}

@Suite("Registration of sensors")
struct RegistrationTests {
    static let sensors = [
        radar(1, at: home, elevation: true),
        radar(2, at: home.moved(distance: 120_000, azimuth: 1), period: 5, elevation: true),
        radar(3, at: home.moved(distance: 150_000, azimuth: 2.5), period: 6),
    ]
    static let wrong: [UInt8: Wrong] = [
        1: Wrong(range: 70, azimuth: 0.12, elevation: -0.1, time: 0.08),
        2: Wrong(range: -110, azimuth: -0.2, time: -0.1),
        3: Wrong(range: 40, azimuth: 0.05, time: 0.05),
    ]

    /// Aircraft that fly straight over the three radars, or at each other's height without an address.
    static func flights(_ count: Int, isIdentified: Bool, _ random: inout SplitMix64) -> [Flight] {
        (0..<count).map { index in
            let start = home.moved(
                distance: .random(in: 20_000..<220_000, using: &random), azimuth: .random(in: 0..<6.28, using: &random))
            return .straight(
                from: start.raised(to: .random(in: 6_000..<11_000, using: &random)),
                speed: .random(in: 180..<250, using: &random), course: .random(in: 0..<6.28, using: &random),
                identity: isIdentified ? address(UInt32(0x400000 + index)) : Identity())
        }
    }

    /// The three radars and a receiver.
    static let all = sensors + [receiver(1, at: home)]
    /// What they report, without errors, of fifty aircraft that broadcast.
    static let busy: [SensorReport] = {
        var random = SplitMix64(state: 7)
        var sky = Sky(all, flights(50, isIdentified: true, &random), seed: 7)
        return sky.reports(seconds: 250)
    }()

    /// Reports with the sensors' errors.
    static func reports(_ reports: [SensorReport], _ wrong: [UInt8: Wrong]) -> [SensorReport] {
        reports.map { report in
            guard report.sensor.sac == 1 else { return report }
            return wrong[report.sensor.sic]?.applied(to: report) ?? report
        }
    }

    /// Holds the estimates against what is wrong: times against each other, as their mean cannot be seen.
    static func check(
        _ tracker: Tracker, _ sensors: [Sensor], _ wrong: [UInt8: Wrong], range: Double, azimuth: Double, time: Double,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        var shift = 0.0
        for sensor in sensors {
            let told = try #require(tracker.registration(of: sensor.id), sourceLocation: location)
            let truth = sensor.id.sac == 1 ? wrong[sensor.id.sic] ?? Wrong() : Wrong()
            shift += (told.time.value - truth.time) / Double(sensors.count)
        }
        for sensor in sensors {
            let told = try #require(tracker.registration(of: sensor.id), sourceLocation: location)
            let truth = sensor.id.sac == 1 ? wrong[sensor.id.sic] ?? Wrong() : Wrong()
            #expect(told.state == .registered, "\(sensor.name)", sourceLocation: location)
            #expect(abs(told.time.value - truth.time - shift) < time, "\(sensor.name)", sourceLocation: location)
            if let estimate = told.range {
                #expect(abs(estimate.value - truth.range) < range, "\(sensor.name)", sourceLocation: location)
                #expect(
                    abs(estimate.value - truth.range) < 4.5 * estimate.deviation, "\(sensor.name)",
                    sourceLocation: location)
            }
            if let estimate = told.azimuth {
                let error = estimate.value - truth.azimuth * .pi / 180
                #expect(abs(error) < azimuth * .pi / 180, "\(sensor.name)", sourceLocation: location)
                #expect(abs(error) < 4.5 * estimate.deviation, "\(sensor.name)", sourceLocation: location)
            }
            if let estimate = told.elevation, estimate.deviation < 0.05 * .pi / 180 {
                let error = estimate.value - truth.elevation * .pi / 180
                #expect(abs(error) < 0.05 * .pi / 180, "\(sensor.name)", sourceLocation: location)
            }
        }
    }

    @Test("errors of radars are found within two minutes where aircraft broadcast")
    func withBroadcasts() throws {
        var tracker = Tracker(sensors: Self.all)
        tracker.run(Self.reports(Self.busy, Self.wrong), seconds: 120) { _, _ in }
        try Self.check(tracker, Self.all, Self.wrong, range: 15, azimuth: 0.015, time: 0.03)
    }

    @Test("errors of radars are found within five minutes from echoes alone")
    func withoutBroadcasts() throws {
        let seed: UInt64 = 2
        var random = SplitMix64(state: seed)
        var sky = Sky(Self.sensors, Self.flights(40, isIdentified: false, &random), seed: seed)
        var tracker = Tracker(sensors: Self.sensors)
        tracker.run(Self.reports(sky.reports(seconds: 300), Self.wrong), seconds: 300) { _, _ in }
        try Self.check(tracker, Self.sensors, Self.wrong, range: 20, azimuth: 0.02, time: 0.06)
    }

    @Test(
        "a radar whose errors or clock jump is set aside within a minute and comes back",
        arguments: [
            Wrong(azimuth: 0.4, from: 100), Wrong(azimuth: -8, from: 100), Wrong(range: 400, from: 100),
            Wrong(time: 0.8, from: 100), Wrong(time: 30, from: 100), Wrong(time: -2.5, from: 100),
        ])
    func jumps(wrong: Wrong) throws {
        let sensors = Self.all
        var tracker = Tracker(sensors: sensors)
        var quarantined: [SensorID: Double] = [:]
        tracker.run(Self.reports(Self.busy, [2: wrong]), seconds: 250) { time, tracker in
            for sensor in sensors where tracker.registration(of: sensor.id)?.state == .quarantined {
                quarantined[sensor.id] = quarantined[sensor.id] ?? time
            }
        }
        #expect(Set(quarantined.keys) == [sensors[1].id], "no other sensor is suspected")
        #expect(try #require(quarantined[sensors[1].id]) < 165)
        let told = try #require(tracker.registration(of: sensors[1].id))
        #expect(told.jumps >= 1)
        try Self.check(tracker, sensors, [2: wrong], range: 20, azimuth: 0.02, time: 0.06)
    }

    @Test("sensors without errors are not suspected, and their tracks stay as good", arguments: 1..<3 as Range<UInt64>)
    func withoutErrors(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let sensors = Self.sensors + [receiver(1, at: home)]
        let flights = Self.flights(30, isIdentified: true, &random)
        var sky = Sky(sensors, flights, seed: seed)
        let reports = sky.reports(seconds: 120)
        func error(_ mode: SensorRegistration.Mode) -> Double {
            var parameters = TrackerParameters()
            parameters.registration.mode = mode
            var tracker = Tracker(sensors: sensors, parameters: parameters)
            var sum = 0.0, count = 0
            tracker.run(reports, seconds: 120, every: 5) { time, tracker in
                for sensor in sensors {
                    #expect(tracker.registration(of: sensor.id)?.state != .quarantined)
                }
                for track in tracker.picture(at: time) {
                    guard let key = track.address?.value.rawValue else { continue }
                    let d = distance(track, flights[Int(key) - 0x400000], at: time)
                    sum += d * d
                    count += 1
                }
            }
            return (sum / Double(max(count, 1))).squareRoot()
        }
        let without = error(.off), with = error(.correct)
        #expect(with < 1.06 * without)
        #expect(error(.estimate) == without, "what is only estimated changes nothing")
    }

    @Test("with the errors subtracted, tracks are nearer to the truth")
    func better() {
        var random = SplitMix64(state: 3)
        let flights = Self.flights(40, isIdentified: true, &random)
        let quiet = flights.map { flight in
            var flight = flight
            flight.identity = Identity(mode3A: flight.identity.address.map { Mode3A(UInt16($0.rawValue & 0xFFF)) })
            return flight
        }
        var sky = Sky(Self.sensors, quiet, seed: 3)
        let reports = Self.reports(sky.reports(seconds: 240), Self.wrong)
        func error(_ mode: SensorRegistration.Mode) -> Double {
            var parameters = TrackerParameters()
            parameters.registration.mode = mode
            var tracker = Tracker(sensors: Self.sensors, parameters: parameters)
            var sum = 0.0, count = 0
            tracker.run(reports, seconds: 240, every: 5) { time, tracker in
                guard time > 120 else { return }
                for track in tracker.picture(at: time) {
                    let d = flights.map { distance(track, $0, at: time) }.min() ?? 0
                    sum += d * d
                    count += 1
                }
            }
            return (sum / Double(max(count, 1))).squareRoot()
        }
        #expect(error(.correct) < 0.7 * error(.off))
    }

    @Test("a radar twice as noisy as it is said to be is registered all the same")
    func noisy() throws {
        let sensors = Self.all
        let reports = Self.reports(Self.busy, Self.wrong)
        let proud = sensors.map { sensor in
            var sensor = sensor
            sensor.secondary?.rangeDeviation /= 2
            sensor.secondary?.azimuthDeviation /= 2
            return sensor
        }
        var tracker = Tracker(sensors: proud)
        tracker.run(reports, seconds: 180) { _, _ in }
        try Self.check(tracker, sensors, Self.wrong, range: 20, azimuth: 0.02, time: 0.03)
    }

    @Test("plots that are held up on their way are not taken for a clock that jumped")
    func stalled() throws {
        let sensors = Self.all
        // The line of radar 1 stands still from second 60 to 64, and then delivers all at once.
        let reports = Self.busy.map { report in
            guard report.sensor == sensors[0].id, case .plot(var plot) = report,
                (Timestamp(seconds: 60)..<Timestamp(seconds: 64)).contains(plot.measuredAt)
            else { return report }
            plot.receivedAt = Timestamp(seconds: 64)
            return .plot(plot)
        }.enumerated().sorted { ($0.element.receivedAt, $0.offset) < ($1.element.receivedAt, $1.offset) }.map(\.element)
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: 100) { _, tracker in
            #expect(tracker.registration(of: sensors[0].id)?.state != .quarantined)
        }
        #expect(tracker.registration(of: sensors[0].id)?.jumps == 0)
    }

    @Test("one sensor alone is never registered, and sensors beyond the limit are left as they are")
    func limits() throws {
        var random = SplitMix64(state: 8)
        let flights = Self.flights(10, isIdentified: true, &random)
        var sky = Sky([Self.sensors[0]], flights, seed: 8)
        var alone = Tracker(sensors: [Self.sensors[0]])
        alone.run(sky.reports(seconds: 60), seconds: 60) { _, _ in }
        #expect(alone.registration(of: Self.sensors[0].id)?.state == .unknown)
        #expect(alone.registration(of: SensorID(sac: 9, sic: 9)) == nil)
        var parameters = TrackerParameters()
        parameters.registration.sensorsMax = 2
        var two = Tracker(sensors: Self.sensors, parameters: parameters)
        var whole = Sky(Self.sensors, flights, seed: 8)
        two.run(whole.reports(seconds: 60), seconds: 60) { _, _ in }
        #expect(two.registration(of: Self.sensors[2].id)?.state == .unknown)
        #expect(two.registration(of: Self.sensors[2].id)?.isApplied == false)
        parameters.registration.mode = .off
        let off = Tracker(sensors: Self.sensors, parameters: parameters)
        #expect(off.registration(of: Self.sensors[0].id) == nil)
    }

    @Test("the inverse of a triangular matrix is its inverse", arguments: [1, 4, 7, 20])
    func triangular(n: Int) {
        var random = SplitMix64(state: UInt64(n))
        var a = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<i { a[i * n + j] = .random(in: -1..<1, using: &random) }
            a[i * n + i] = Double(n) + 1
        }
        var l = a
        #expect(Registration.decompose(&l, n))
        var inverse = l, scratch = [Double](repeating: 0, count: n)
        Registration.invert(&inverse, n, scratch: &scratch)
        for i in 0..<n {
            for j in 0...i {
                var product = 0.0, square = 0.0
                for m in j...i { product += l[i * n + m] * inverse[m * n + j] }
                for m in 0...j { square += l[i * n + m] * l[j * n + m] }
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-12)
                #expect(abs(square - a[i * n + j]) < 1e-12)
            }
        }
    }
}
