import Air
import Geodesy
import Glibc
import Testing

@testable import Exercises

private let start = Timestamp(seconds: 1_763_683_200)  // 2025-11-21T00:00:00Z

private func reports(_ scenario: inout Scenario, seconds: Double, step: Double = 60) -> [SensorReport] {
    var reports: [SensorReport] = []
    var time = 0.0
    while time < seconds {
        time = min(time + step, seconds)
        scenario.next(until: start.advanced(by: time), into: &reports)
    }
    return reports
}

@Suite struct ScenarioTests {
    @Test("the same seed gives the same reports, in whatever steps it is asked", arguments: [1, 7] as [UInt64])
    func deterministic(seed: UInt64) {
        var a = Scenario(.init(seed: seed, aircraftCount: 100, start: start))
        var b = a
        let first = reports(&a, seconds: 60, step: 60)
        let second = reports(&b, seconds: 60, step: 0.37)
        #expect(first == second)
        #expect(first.count > 1000)
    }

    @Test("another seed gives another sky")
    func seeds() {
        var a = Scenario(.init(seed: 1, aircraftCount: 20, start: start))
        var b = Scenario(.init(seed: 2, aircraftCount: 20, start: start))
        #expect(reports(&a, seconds: 10) != reports(&b, seconds: 10))
    }

    @Test("reports come in the order of their times, each once, within the asked span")
    func ordered() {
        var scenario = Scenario(.init(seed: 3, aircraftCount: 200, start: start))
        let all = reports(&scenario, seconds: 120, step: 7)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.measuredAt <= $1.measuredAt })
        #expect(all.allSatisfy { $0.measuredAt >= start && $0.measuredAt < start.advanced(by: 120) })
        #expect(Set(all).count == all.count)
    }

    @Test("the sky stays about as full for three hours, and no aircraft is in two places")
    func steady() {
        let scenario = Scenario(.init(seed: 5, aircraftCount: 300, start: start))
        for hour in [0.0, 0.5, 1, 2, 3] {
            let truth = scenario.truth(at: start.advanced(by: hour * 3600))
            #expect(truth.count > 255 && truth.count <= 300, "\(truth.count) after \(hour) h")
            #expect(Set(truth.map(\.aircraft.serial)).count == truth.count)
            let addresses = truth.compactMap(\.aircraft.identity.address)
            #expect(Set(addresses).count == addresses.count)
        }
    }

    @Test("aircraft fly as aircraft do", arguments: [nil, Wind.westerly])
    func plausible(wind: Wind?) {
        var traffic = Traffic(seed: 11, count: 250, wind: wind)
        func next(_ second: Double) -> [AircraftState] {
            traffic.advance(to: second)
            return traffic.states(at: second)
        }
        var before: [UInt32: AircraftState] = [:]
        var below: [Double] = []
        for second in 0..<1500 {
            let now = next(Double(second))
            for state in now {
                let kind = state.aircraft.kind
                let speed = (pow2(state.velocity.east) + pow2(state.velocity.north)).squareRoot()
                let range: ClosedRange<Double> =
                    switch kind {
                    case .airliner: 60...330
                    case .regional: 50...240
                    case .general: 15...120
                    case .helicopter: 10...120
                    case .fast: 60...420
                    // Not of the built-in traffic.
                    case .supersonic, .drone, .balloon: 0...0
                    }
                #expect(range.contains(speed), "\(kind) \(state.aircraft.serial) at \(speed) m/s")
                #expect(state.position.height > -20 && state.position.height < 14_000)
                #expect(abs(state.velocity.up) < (kind == .fast ? 40 : 22), "\(kind) \(state.aircraft.serial)")
                if kind == .airliner, state.position.height < 2900, wind == nil { below.append(speed) }
                guard let old = before[state.aircraft.serial] else { continue }
                // It moves as its velocity says, and the velocity changes no faster than its bank allows.
                let frame = LocalFrame(origin: old.position)
                let moved = frame.displacement(of: state.position)
                let meanEast = (old.velocity.east + state.velocity.east) / 2
                let meanNorth = (old.velocity.north + state.velocity.north) / 2
                #expect(abs(moved.east - meanEast) < 2 && abs(moved.north - meanNorth) < 2)
                let turned = wrappedAngle(
                    atan2(state.velocity.east, state.velocity.north) - atan2(old.velocity.east, old.velocity.north))
                let acceleration = abs(turned) * speed
                let bank = kind == .fast ? 50.0 : 25.0
                #expect(
                    acceleration < 9.81 * tan(bank * .pi / 180) + 0.2,
                    "\(kind) \(state.aircraft.serial) turns with \(acceleration) m/s²")
            }
            before = Dictionary(uniqueKeysWithValues: now.map { ($0.aircraft.serial, $0) })
        }
        // 250 kt indicated are at most 300 kt through the air up to 9,500 ft.
        #expect(below.allSatisfy { $0 < 155 })
    }

    @Test("what is asked ahead comes true, and the past can be asked again")
    func truth() {
        var scenario = Scenario(.init(seed: 9, aircraftCount: 120, start: start))
        let instant = start.advanced(by: 90.25)
        let ahead = scenario.truth(at: instant)
        _ = reports(&scenario, seconds: 90.25, step: 1)
        let now = scenario.truth(at: instant)
        _ = reports(&scenario, seconds: 300)
        let after = scenario.truth(at: instant)
        #expect(ahead == after)
        #expect(ahead.count == now.count)
        for (a, b) in zip(ahead, now) {
            #expect(a.aircraft == b.aircraft)
            #expect(Geocentric(a.position).distance(to: Geocentric(b.position)) < 0.5)
        }
    }

    @Test("a plot lies where its aircraft is at the moment the beam passes")
    func plots() {
        var scenario = Scenario(.init(seed: 4, aircraftCount: 150, start: start))
        let frames = Dictionary(
            uniqueKeysWithValues: scenario.sensors.map { ($0.id, LocalFrame(origin: $0.site)) })
        let deviations = Dictionary(uniqueKeysWithValues: scenario.sensors.map { ($0.id, $0) })
        var phase: [SensorID: (time: Timestamp, period: Double)] = [:]
        var checked = 0
        var late = 0
        let oracle = scenario
        scenario.forEach(until: start.advanced(by: 40)) { item in
            switch item.report {
            case .sector(let crossing):
                if let period = crossing.period { phase[crossing.sensor] = (crossing.measuredAt, period) }
            case .status: break
            case .plot(let plot):
                guard let serial = item.origin, checked < 300,
                    let state = oracle.truth(at: plot.measuredAt).first(where: { $0.aircraft.serial == serial }),
                    let frame = frames[plot.sensor], let sensor = deviations[plot.sensor]
                else { return }
                checked += 1
                switch plot.measurement {
                case .polar(let range, let azimuth, _):
                    let place = Polar(frame.displacement(of: state.position))
                    #expect(abs(place.range - range) < 6 * 60)
                    #expect(abs(wrappedAngle(place.azimuth - azimuth)) < 6 * 0.15 * .pi / 180)
                    if let (north, period) = phase[plot.sensor] {
                        let beam = 2 * .pi * plot.measuredAt.seconds(since: north) / period
                        // An aircraft right beside the radar may have slipped out of a sector while it began.
                        if abs(wrappedAngle(beam - place.azimuth)) > 0.002 { late += 1 }
                    }
                    #expect(sensor.coverage.contains(place.range))
                case .geodetic(let latitude, let longitude, let deviation):
                    let claimed = Geodetic(
                        latitude: latitude, longitude: longitude, height: state.position.height)
                    let error = Geocentric(claimed).distance(to: Geocentric(state.position))
                    #expect(error < 6 * deviation)
                }
            }
        }
        #expect(checked == 300)
        #expect(late < 3)
    }

    @Test("a radar looks at an aircraft once a turn")
    func oncePerTurn() {
        var scenario = Scenario(.init(seed: 6, aircraftCount: 400, start: start))
        let periods = Dictionary(
            uniqueKeysWithValues: scenario.sensors.compactMap { sensor -> (SensorID, Double)? in
                guard case .radar(let period) = sensor.kind else { return nil }
                return (sensor.id, period)
            })
        struct Key: Hashable {
            var sensor: SensorID
            var serial: UInt32
        }
        var last: [Key: Timestamp] = [:]
        var gaps = [0, 0, 0]
        scenario.forEach(until: start.advanced(by: 170)) { item in
            guard case .plot(let plot) = item.report, let serial = item.origin, let period = periods[plot.sensor]
            else { return }
            let key = Key(sensor: plot.sensor, serial: serial)
            if let before = last[key] {
                let turns = plot.measuredAt.seconds(since: before) / period
                gaps[turns < 0.6 ? 0 : turns < 1.4 ? 1 : 2] += 1
            }
            last[key] = plot.measuredAt
        }
        #expect(gaps[0] == 0)
        // Detection probability 0.97, and some leave coverage and come back.
        #expect(Double(gaps[1]) > 0.94 * Double(gaps[1] + gaps[2]), "\(gaps)")
    }

    @Test("each turn has a north mark and 32 sectors, and one radar falls silent and returns")
    func sectors() throws {
        var scenario = Scenario(.init(seed: 8, aircraftCount: 60, start: start))
        let all = reports(&scenario, seconds: 420)
        let sangun = try #require(scenario.sensors.first { $0.name == "Sangun" })
        var words: [String] = []
        var silent = 0
        for report in all where report.sensor == sangun.id {
            let time = report.measuredAt.seconds(since: start)
            if case .status(let status) = report {
                words.append(status.isOperational ? "up" : "down")
            } else if time > 200, time < 300 {
                silent += 1
            }
        }
        #expect(words.filter { $0 == "down" }.count == 1)
        #expect(words.first == "up" && words.last == "up")
        #expect(silent == 0)
        let yamada = try #require(scenario.sensors.first { $0.name == "Yamada" })
        let crossings = all.compactMap { report -> SectorCrossing? in
            if case .sector(let crossing) = report, crossing.sensor == yamada.id { crossing } else { nil }
        }
        #expect(abs(crossings.count - Int(420 / 8.0 * 32)) <= 32)
        for (a, b) in zip(crossings, crossings.dropFirst()) {
            #expect(abs(wrappedAngle(b.azimuth - a.azimuth - .pi / 16)) < 1e-9)
            #expect(abs(b.measuredAt.seconds(since: a.measuredAt) - 0.25) < 1e-6)
        }
    }

    @Test("all ways of being seen occur")
    func variety() {
        var scenario = Scenario(.init(seed: 2, aircraftCount: 300, start: start))
        let all = reports(&scenario, seconds: 60)
        var kinds: [Plot.Kind: Int] = [:]
        for case .plot(let plot) in all { kinds[plot.kind, default: 0] += 1 }
        for kind in [Plot.Kind.primary, .secondary, .modeS, .combined, .broadcast] {
            #expect(kinds[kind, default: 0] > 50, "\(kind): \(kinds[kind, default: 0])")
        }
        let truth = scenario.truth(at: start)
        #expect(Set(truth.map(\.aircraft.kind)).count == 5)
        #expect(truth.contains { $0.aircraft.transponder == .none })
        #expect(truth.contains { $0.aircraft.transponder == .modeAC })
    }

    @Test("airways lead from every airport to every other and to every gate")
    func airways() {
        for a in Airport.all.indices {
            for b in Airport.all.indices where a != b {
                let way = Airways.shared.way(from: Airways.pointCount + a, to: Airways.pointCount + b)
                #expect(!way.isEmpty)
                #expect(way.allSatisfy { $0 < Airways.pointCount })
            }
            for gate in AirwayPoint.all.indices where AirwayPoint.all[gate].gateWeight > 0 {
                #expect(!Airways.shared.way(from: gate, to: Airways.pointCount + a).isEmpty)
            }
        }
    }
}
