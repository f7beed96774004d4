import Air
import Geodesy
import Testing

@testable import Exercises

private let start = Timestamp(seconds: 1_767_268_800)
private let middle = Geodetic(latitudeDegrees: 52, longitudeDegrees: 10)

private func configuration(
    _ groups: [TrafficGroup], sites: [Site] = [], seed: UInt64 = 1, wind: Wind? = nil
) -> Scenario.Configuration {
    var configuration = Scenario.Configuration(seed: seed, aircraftCount: 0, start: start, wind: wind, sites: sites)
    configuration.groups = groups
    return configuration
}

private func group(
    _ pattern: TrafficGroup.Pattern, _ kind: Aircraft.Kind, count: Int, radius: Double = 50_000,
    heights: ClosedRange<Double>? = nil, speeds: ClosedRange<Double>? = nil,
    equipment: TrafficGroup.Equipment = .init(shares: .init(modeS: 1))
) -> TrafficGroup {
    TrafficGroup(
        pattern, kinds: [kind: 1], count: count, centre: middle, radius: radius, heights: heights, speeds: speeds,
        time: 0..<300, equipment: equipment)
}

/// A radar in the middle without noise or misses, that turns in four seconds.
private func radar(
    _ sic: UInt8 = 1, primary: Bool = true, secondary: Bool = true, _ change: (inout Site) -> Void = { _ in }
) -> Site {
    let channel = Sensor.Channel(rangeDeviation: 0, azimuthDeviation: 0, detectionProbability: 1)
    var site = Site(
        sensor: Sensor(
            id: SensorID(sac: 1, sic: sic), name: "R\(sic)",
            site: Geodetic(latitudeDegrees: 52.3, longitudeDegrees: 9.8, height: 100), kind: .radar(period: 4),
            primary: primary ? channel : nil, secondary: secondary ? channel : nil, coverage: 100...400_000,
            elevationMax: .pi / 2, falsePlotsPerScan: 0))
    site.firstNorth = 1.3
    change(&site)
    return site
}

private func items(_ configuration: Scenario.Configuration, seconds: Double = 300) -> [Outbox.Item] {
    var scenario = Scenario(configuration)
    var items: [Outbox.Item] = []
    scenario.forEach(until: start.advanced(by: seconds)) { items.append($0) }
    return items
}

private func plots(_ items: [Outbox.Item]) -> [(plot: Plot, item: Outbox.Item)] {
    items.compactMap { item in if case .plot(let plot) = item.report { (plot, item) } else { nil } }
}

private func distance(_ a: Motion, _ b: Motion) -> Double {
    Geocentric(a.position).distance(to: Geocentric(b.position))
}

@Suite("Groups of traffic") struct GroupTests {
    private static let patterns: [TrafficGroup] = [
        group(.random, .airliner, count: 5), group(.random, .fast, count: 5), group(.random, .supersonic, count: 5),
        group(.random, .drone, count: 10, radius: 3000), group(.hovering, .helicopter, count: 5),
        group(.drifting, .balloon, count: 5), group(.formation(spacing: 700, splits: [100, 200]), .fast, count: 4),
        group(.crossing(angle: 0.3, missDistance: 200, heightDifference: 50), .airliner, count: 3),
        group(
            .airway(
                points: [
                    Geodetic(latitudeDegrees: 51.5, longitudeDegrees: 9.5, height: 9000),
                    Geodetic(latitudeDegrees: 52, longitudeDegrees: 10, height: 9500),
                    Geodetic(latitudeDegrees: 52.2, longitudeDegrees: 11, height: 8000),
                ], interval: 60), .airliner, count: 50),
    ]

    @Test("flights of every sort move as their velocity says and never jump", arguments: patterns)
    func smooth(group: TrafficGroup) {
        var traffic = Traffic(configuration([group], wind: .westerly))
        #expect(traffic.slots.count >= group.count || group.count == 50 && traffic.slots.count >= 5)
        for index in traffic.slots.indices {
            let (birth, end) = (traffic.slots[index].birth, traffic.slots[index].flight.end ?? 0)
            #expect(end > 0 && end <= 300.001)
            if group.count < 50 { #expect(birth == 0 && end > 299.9) }
            var last = traffic.motion(index, at: birth)
            var time = birth + 0.5
            while time < end {
                let motion = traffic.motion(index, at: time)
                #expect(motion.position.height > -1 && motion.position.height < 25_000)
                let mean = EastNorthUp(
                    east: (last.velocity.east + motion.velocity.east) / 2,
                    north: (last.velocity.north + motion.velocity.north) / 2,
                    up: (last.velocity.up + motion.velocity.up) / 2)
                let d = LocalFrame(origin: last.position).displacement(of: motion.position)
                let error =
                    ((d.east - 0.5 * mean.east) * (d.east - 0.5 * mean.east)
                    + (d.north - 0.5 * mean.north) * (d.north - 0.5 * mean.north)
                    + (d.up - 0.5 * mean.up) * (d.up - 0.5 * mean.up)).squareRoot()
                // Rates of turn and climb begin at once: up to 40 m/s of climb, a turn of 3 g.
                #expect(error < 12, "\(time)")
                last = motion
                time += 0.5
            }
        }
    }

    @Test("another set of sensors leaves the flights as they are, another seed does not")
    func flightsAreTheirOwn() {
        let a = Scenario(configuration(Self.patterns))
        let b = Scenario(configuration(Self.patterns, sites: [radar()]))
        let c = Scenario(configuration(Self.patterns, seed: 2))
        let instant = start.advanced(by: 77)
        #expect(a.truth(at: instant) == b.truth(at: instant))
        #expect(a.truth(at: instant) != c.truth(at: instant))
        #expect(a.aircraftCount == a.truth(at: instant).count || a.truth(at: instant).count > 40)
    }

    @Test("another group behind them leaves groups as they are")
    func groupsAreTheirOwn() {
        let few = Scenario(configuration(Array(Self.patterns.prefix(4)))).truth(at: start.advanced(by: 50))
        let all = Scenario(configuration(Self.patterns)).truth(at: start.advanced(by: 50))
        #expect(Array(all.prefix(few.count)) == few)
    }

    @Test("a formation keeps together until its wingmen leave")
    func formation() {
        var traffic = Traffic(configuration([Self.patterns[6]]))
        func apart(_ index: Int, _ time: Double) -> Double {
            distance(traffic.motion(0, at: time), traffic.motion(index, at: time))
        }
        // Right and left of the first rank are 700 m off, the outermost one 1,400 m, and leaves first.
        for time in stride(from: 0.0, to: 100, by: 10) {
            #expect(abs(apart(1, time) - 700) < 30 && abs(apart(2, time) - 700) < 30)
            #expect(abs(apart(3, time) - 1400) < 60)
        }
        #expect(apart(3, 190) > 2000 && abs(apart(2, 190) - 700) < 30)
        #expect(apart(2, 290) > 2000 && abs(apart(1, 290) - 700) < 30)
    }

    @Test("aircraft that cross meet as near as was said")
    func crossing() {
        var traffic = Traffic(configuration([Self.patterns[7]]))
        for pair in 0..<3 {
            let apart = stride(from: 0.0, to: 300, by: 0.5).map {
                distance(traffic.motion(2 * pair, at: $0), traffic.motion(2 * pair + 1, at: $0))
            }
            let nearest = apart.min() ?? .infinity
            #expect(nearest < 215 && nearest > 45)
            #expect((apart.first ?? 0) > 1000 && (apart.last ?? 0) > 1000)
        }
    }

    @Test("a helicopter stands still at times, and a balloon goes with the wind")
    func slow() {
        func speed(_ motion: Motion) -> Double {
            (motion.velocity.east * motion.velocity.east + motion.velocity.north * motion.velocity.north).squareRoot()
        }
        var traffic = Traffic(configuration([Self.patterns[4], Self.patterns[5]], wind: .westerly))
        for index in 0..<5 {
            let speeds = stride(from: 0.0, to: 300, by: 1).map { speed(traffic.motion(index, at: $0)) }
            #expect(speeds.filter { $0 < 0.5 }.count > 15 && (speeds.max() ?? 0) > 20)
        }
        for index in 5..<10 {
            let motion = traffic.motion(index, at: 200)
            let wind = Wind.westerly.speed(motion.position.height)
            #expect(speed(motion) > 0.6 * wind && speed(motion) < 1.4 * wind && motion.velocity.east > 0)
        }
    }

    @Test("addresses are never given twice, codes only where that is asked for")
    func identities() {
        func codes(_ share: Double) -> (addresses: Int, codes: Int) {
            let all = group(
                .random, .airliner, count: 500,
                equipment: .init(shares: .init(broadcast: 1, modeS: 1), duplicateCodeShare: share))
            let aircraft = Traffic(configuration([all])).slots.map(\.aircraft)
            return (
                Set(aircraft.compactMap(\.identity.address)).count, Set(aircraft.compactMap(\.identity.mode3A)).count
            )
        }
        #expect(codes(0) == (500, 500))
        let shared = codes(0.3)
        #expect(shared.addresses == 500 && (300...400).contains(shared.codes))
    }
}

@Suite("Faults of sensors") struct SensorFaultTests {
    private static let traffic = group(.random, .airliner, count: 12)

    /// What each plot has too much: range, azimuth and time.
    private static func errors(_ configuration: Scenario.Configuration) -> [(at: Double, Registration.Offset)] {
        var traffic = Traffic(configuration)
        let frame = LocalFrame(origin: configuration.sites[0].sensor.site)
        let places = Dictionary(
            uniqueKeysWithValues: traffic.slots.indices.map { (traffic.slots[$0].aircraft.serial, $0) })
        return plots(items(configuration)).compactMap { plot, item in
            guard let origin = item.origin, let index = places[origin],
                case .polar(let range, let azimuth, _) = plot.measurement
            else { return nil }
            let truth = Polar(frame.displacement(of: traffic.motion(index, at: item.measured).position))
            return (
                item.measured,
                Registration.Offset(
                    range: range - truth.range, azimuth: wrappedAngle(azimuth - truth.azimuth),
                    rangeGain: truth.range,
                    time: plot.measuredAt.seconds(since: start) - item.measured)
            )
        }
    }

    @Test("bias, gain, drift, jump and clock are in the plots as they were set")
    func bias() {
        let registration = Registration(
            offset: .init(range: 100, azimuth: 0.002, rangeGain: 0.001, time: 0.25),
            hourlyDrift: .init(azimuth: 0.036, time: -0.36),
            jumps: [.init(at: 150, change: .init(range: -300, time: 1))])
        let errors = Self.errors(
            configuration([Self.traffic], sites: [radar { $0.registration = registration }]))
        #expect(errors.count > 700)
        for (at, error) in errors {
            let jumped = at >= 150 ? 1.0 : 0
            // The truth of an instant is compared, and the beam's meeting with the aircraft is found to a millimetre.
            #expect(abs(error.range - (100 - 300 * jumped + 0.001 * error.rangeGain)) < 0.1)
            #expect(abs(error.azimuth - (0.002 + 0.036 * at / 3600)) < 1e-6)
            #expect(abs(error.time - (0.25 - 0.36 * at / 3600 + jumped)) < 1e-6)
        }
    }

    @Test("an outage is told and then silent, a cut line is silent, and NOGO data go on")
    func outages() {
        let site = radar {
            $0.failures = [
                SensorFailure(.outage, time: 40..<80), SensorFailure(.silent, time: 120..<160),
                SensorFailure(.noGo, time: 200..<240),
            ]
        }
        let items = items(configuration([Self.traffic], sites: [site]))
        func count(_ time: Range<Double>) -> Int { items.filter { time.contains($0.measured) }.count }
        #expect(count(0..<40) > 300 && count(80..<120) > 300 && count(200..<240) > 300)
        #expect(count(48..<80) == 0 && count(120.2..<160) == 0)
        let bad = items.compactMap { item in
            if case .status(let status) = item.report, !status.isOperational { item.measured } else { nil as Double? }
        }
        #expect(bad.filter { (40..<48).contains($0) }.count == 1)
        #expect(bad.filter { (200..<240).contains($0) }.count == 10 && bad.count == 11)
    }

    @Test("a lost channel and a blind sector give nothing")
    func channels() {
        let site = radar {
            $0.failures = [
                SensorFailure(.primaryLost, time: 40..<80), SensorFailure(.secondaryLost, time: 80..<120),
                SensorFailure(.blind(from: 5, to: 1), time: 120..<300),
            ]
        }
        let plots = plots(items(configuration([Self.traffic], sites: [site])))
        func kinds(_ time: Range<Double>) -> Set<Plot.Kind> {
            Set(plots.filter { time.contains($0.item.measured) }.map(\.plot.kind))
        }
        #expect(kinds(0..<40) == [.combined] && kinds(40..<80) == [.modeS] && kinds(80..<120) == [.primary])
        for (plot, item) in plots where item.measured > 120 {
            guard case .polar(_, let azimuth, _) = plot.measurement else { continue }
            #expect(azimuth > 1 && azimuth < 5)
        }
    }

    @Test("late reports come in another order than they were measured, and nothing else changes")
    func latency() {
        let prompt = plots(items(configuration([Self.traffic], sites: [radar()])))
        let late = plots(
            items(
                configuration(
                    [Self.traffic],
                    sites: [radar { $0.latency = Latency(fixed: 0.5, exponentialMean: 0.4) }])))
        #expect(zip(late, late.dropFirst()).allSatisfy { $0.item.time <= $1.item.time })
        #expect(zip(late, late.dropFirst()).contains { $0.item.measured > $1.item.measured })
        let delays = late.map { $0.plot.receivedAt.seconds(since: $0.plot.measuredAt) }
        #expect(delays.allSatisfy { $0 >= 0.499_999 })
        #expect(abs(delays.reduce(0, +) / Double(delays.count) - 0.9) < 0.1)
        func places(_ plots: [(plot: Plot, item: Outbox.Item)]) -> Set<Plot.Measurement> {
            Set(plots.filter { $0.item.measured < 280 }.map(\.plot.measurement))
        }
        #expect(places(late) == places(prompt))
    }

    @Test("echoes that a radar cannot tell apart are one plot, and those of others stay two", arguments: [true, false])
    func merging(isCoarse: Bool) {
        let pair = group(
            .formation(spacing: 150, splits: []), .airliner, count: 2, equipment: .init(shares: .init(none: 1)))
        let site = radar {
            $0.resolution = isCoarse ? Resolution(range: 230, azimuth: 0.03) : Resolution(range: 1, azimuth: 0.0001)
        }
        let plots = plots(items(configuration([pair], sites: [site])))
        #expect(isCoarse ? (70...76).contains(plots.count) : (144...152).contains(plots.count), "\(plots.count)")
        #expect(zip(plots, plots.dropFirst()).allSatisfy { $0.item.time <= $1.item.time })
    }

    @Test("weather lies where the wind has carried it, noise of a jammer in its strobe")
    func nuisances() {
        let site = radar {
            $0.jamming = [
                JammingStrobe(time: 100..<200, azimuth: 6.2, width: 0.3, plotsPerScan: 20, primaryLoss: 1)
            ]
        }
        var configuration = configuration([Self.traffic], sites: [site])
        configuration.weather = [
            WeatherCell(
                centre: Geodetic(latitudeDegrees: 52, longitudeDegrees: 10.3, height: 5000), radius: 8000, speed: 50,
                towards: 1, plotsPerScan: 15)
        ]
        let frame = LocalFrame(origin: site.sensor.site)
        var (weather, noise) = (0, 0)
        for (plot, item) in plots(items(configuration)) {
            guard case .polar(let range, let azimuth, _) = plot.measurement else { continue }
            let isInStrobe = abs(wrappedAngle(azimuth - 6.2)) <= 0.15
            guard item.origin == nil else {
                if isInStrobe, (100..<200).contains(item.measured) { #expect(plot.kind == .modeS) }
                continue
            }
            let cell = configuration.weather[0].middle(at: item.measured)
            let place = Geodetic(frame.place(range: range, azimuth: azimuth, height: 2500))
            if place.geodesic(to: cell).distance < 8500 {
                weather += 1
            } else {
                #expect(isInStrobe && (96..<204).contains(item.measured))
                noise += 1
            }
        }
        #expect((950...1300).contains(weather), "\(weather)")
        #expect((400...600).contains(noise), "\(noise)")
    }

    @Test("small things are seen only near")
    func small() {
        let drones = group(.random, .drone, count: 20, radius: 90_000)
        let near = radar(secondary: false) {
            $0.sensor.coverage = 100...60_000
            $0.sensor.site.height = 800
        }
        for (plot, _) in plots(items(configuration([drones], sites: [near]))) {
            guard case .polar(let range, _, _) = plot.measurement else { continue }
            #expect(range < 0.32 * 60_000)
        }
    }
}
