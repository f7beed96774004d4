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

    @Test("a sensor that is set aside is let go when no other sees its aircraft any more, and held again when one does")
    func solitude() throws {
        let sensors = Self.all, jumped = sensors[1].id
        let wrong = [UInt8(2): Wrong(time: 30, from: 100)]
        // From second 100 to 200 radar 2 is all there is.
        let reports = Self.reports(Self.busy, wrong).filter { report in
            guard report.sensor != jumped, case .plot(let plot) = report else { return true }
            return !(Timestamp(seconds: 100)..<Timestamp(seconds: 200)).contains(plot.measuredAt)
        }
        var tracker = Tracker(sensors: sensors)
        var quarantined: [Double] = []
        var atEnd = SensorRegistration.State.unknown
        tracker.run(reports, seconds: 250) { time, tracker in
            atEnd = tracker.registration(of: jumped)?.state ?? .unknown
            if atEnd == .quarantined { quarantined.append(time) }
        }
        #expect(quarantined.contains { $0 < 130 }, "the jump is seen")
        #expect(!quarantined.contains { (175..<200).contains($0) }, "nobody could bring it back")
        #expect(atEnd == .registered, "the others are back")
        #expect(tracker.tally.setAside + tracker.tally.quarantined > 0)
    }

    @Test("plots of a quarantined sensor that begin nothing are counted")
    func counted() {
        let jumped = Self.all[1].id
        let reports = Self.reports(Self.busy, [2: Wrong(azimuth: -8, from: 100)])
        var tracker = Tracker(sensors: Self.all)
        var before = 0, isQuarantined = false
        tracker.run(reports, seconds: 150) { _, tracker in
            if tracker.registration(of: jumped)?.state == .quarantined { isQuarantined = true }
            if !isQuarantined { before = tracker.tally.quarantined }
        }
        #expect(isQuarantined)
        #expect(before == 0)
        #expect(tracker.tally.quarantined > 0)
        var sum = TrackerTally()
        sum.add(tracker.tally)
        sum.add(tracker.tally)
        #expect(sum.quarantined == 2 * tracker.tally.quarantined)
    }

    @Test(
        "where no sensor is wrong hardly anything is subtracted; one that is wrong among them loses most of its error")
    func pooled() {
        var tracker = Tracker(sensors: Self.all)
        tracker.run(Self.busy, seconds: 120) { _, _ in }
        for site in 0..<3 {
            let entry = tracker.registration.entries[site]
            for k in 0..<BiasIndex.count where entry.deviation[k] > 0 {
                #expect(abs(entry.applied[k]) <= abs(entry.estimate[k]))
                #expect(abs(entry.applied[k]) < 2 * entry.deviation[k], "sensor \(site + 1), bias \(k)")
            }
        }
        var wrong = Tracker(sensors: Self.all)
        wrong.run(Self.reports(Self.busy, [2: Wrong(range: 120, azimuth: 0.3)]), seconds: 120) { _, _ in }
        let entry = wrong.registration.entries[1]
        #expect(abs(entry.applied[BiasIndex.range] - 120) < 20)
        #expect(abs(entry.applied[BiasIndex.azimuth] * 180 / .pi - 0.3) < 0.03)
    }

    @Test("two hundred sensors are registered together")
    func many() throws {
        var random = SplitMix64(state: 11)
        var sensors: [Sensor] = []
        var wrong: [UInt8: Wrong] = [:]
        // A chain of radars 25 km apart: each shares its sky with a dozen others.
        for index in 0..<200 {
            let sic = UInt8(index + 1)
            var sensor = radar(sic, at: home.moved(distance: 25_000 * Double(index), azimuth: .pi / 2))
            sensor.coverage = 500...150_000
            sensors.append(sensor)
            wrong[sic] = Wrong(
                range: .random(in: -100..<100, using: &random), azimuth: .random(in: -0.2..<0.2, using: &random),
                time: .random(in: -0.1..<0.1, using: &random))
        }
        let seconds = 90.0
        var timed: [(Double, SensorReport)] = []
        for index in 0..<300 {
            let start = home.moved(distance: .random(in: 0..<5e6, using: &random), azimuth: .pi / 2)
                .moved(distance: .random(in: -60_000..<60_000, using: &random), azimuth: 0).raised(to: 9_000)
            let flight = Flight.straight(
                from: start, speed: .random(in: 180..<250, using: &random),
                course: .random(in: 0..<6.28, using: &random), identity: address(UInt32(0x400000 + index)))
            for sensor in sensors where start.geodesic(to: sensor.site).distance < 120_000 {
                let frame = LocalFrame(origin: sensor.site)
                var t = Double.random(in: 0..<4, using: &random)
                while t < seconds {
                    let polar = Polar(frame.displacement(of: flight.place(t)))
                    let plot = Plot(
                        sensor: sensor.id, measuredAt: Timestamp(seconds: t), receivedAt: Timestamp(seconds: t),
                        kind: .modeS,
                        measurement: .polar(
                            range: polar.range + 30 * random.gauss(),
                            azimuth: polar.azimuth + 0.06 * .pi / 180 * random.gauss(), elevation: nil),
                        pressureAltitude: 9_000, identity: flight.identity)
                    timed.append((t, .plot(plot)))
                    t += 4
                }
            }
        }
        let reports = Self.reports(timed.sorted { $0.0 < $1.0 }.map(\.1), wrong)
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: seconds) { _, _ in }
        var squares = SIMD2<Double>.zero, count = 0.0
        for (index, sensor) in sensors.enumerated() {
            let told = try #require(tracker.registration(of: sensor.id))
            guard told.state == .registered, let range = told.range, let azimuth = told.azimuth else { continue }
            let truth = try #require(wrong[UInt8(index + 1)])
            let error = SIMD2(range.value - truth.range, azimuth.value * 180 / .pi - truth.azimuth)
            squares += error * error
            count += 1
        }
        #expect(count > 150)
        // What all clocks have in common no plot shows: it stays where the priors hold it.
        let common = sensors.compactMap { tracker.registration(of: $0.id)?.time.value }.reduce(0, +) / 200
        #expect(abs(common) < 1e-3)
        #expect((squares.x / count).squareRoot() < 15)
        #expect((squares.y / count).squareRoot() < 0.02)
    }

    @Test(
        "sparse equations solved a step at a time have the solution and the inverse of all at once",
        arguments: [1, 4, 7, 40])
    func sparse(n: Int) {
        var random = SplitMix64(state: UInt64(n))
        var a = [Double](repeating: 0, count: n * n), x = (0..<n).map { _ in Double.random(in: -1..<1, using: &random) }
        var solver = RegistrationSolver()
        solver.clear()
        for i in 0..<n {
            // The last row is full, as that of the altitude datum is.
            let first = i == n - 1 ? 0 : max(0, i - Int.random(in: 0...6, using: &random))
            solver.append(from: first, value: 0)
            for j in first...i {
                let value = i == j ? Double(n) + 2 : .random(in: -1..<1, using: &random)
                a[i * n + j] = value
                a[j * n + i] = value
                solver.add(value, i, j)
            }
        }
        for i in 0..<n { for j in 0..<n { solver.solution[i] += a[i * n + j] * x[j] } }
        solver.begin()
        var steps = 0
        while solver.phase == .factor || solver.phase == .invert {
            solver.step(50)
            steps += 1
        }
        #expect(solver.phase == .done)
        #expect(n < 40 || steps > 10)
        for i in 0..<n { #expect(abs(solver.solution[i] - x[i]) < 1e-10) }
        // The dense inverse, a column at a time.
        var l = a
        #expect(Registration.decompose(&l, n))
        for j in 0..<n {
            x = (0..<n).map { $0 == j ? 1 : 0 }
            Registration.forward(&l, n, &x)
            Registration.backward(&l, n, &x)
            for i in j..<n where a[i * n + j] != 0 { #expect(abs(solver.inverse(i, j) - x[i]) < 1e-10) }
        }
    }

    @Test("equations that have no solution are given up")
    func singular() {
        var solver = RegistrationSolver()
        solver.clear()
        solver.append(from: 0, value: 1)
        solver.append(from: 0, value: 1)
        for (i, j) in [(0, 0), (1, 0), (1, 1)] { solver.add(1, i, j) }
        solver.begin()
        solver.step(1_000)
        #expect(solver.phase == .failed)
    }
}
