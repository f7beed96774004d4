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
        tracker.run(reports, seconds: seconds, every: 0.25) { time, tracker in
            guard (time - 2).truncatingRemainder(dividingBy: 4) == 0 else { return }
            if let track = tracker.picture(at: time).first {
                drawing += track.status == .coasting ? "o" : "C"
            } else {
                drawing += tracker.counts.tentative > 0 ? "t" : "x"
            }
        }
        return drawing
    }

    @Test(
        "two plots in clear air confirm, two looks in vain make a track coast, more end it",
        arguments: [
            ("######", "tCCCCC", false), ("####......", "tCCCCooooo", false), ("#.#.#.#.#.#", "ttttCCCCCCC", false),
            ("#...", "tttx", false), ("###.......", "tCCCooottx", true), ("##..#..#", "tCCoCCoC", true),
        ])
    func life(scans: String, expected: String, isIdentified: Bool) {
        #expect(self.draw(scans, identity: isIdentified ? address(0x4CA123) : Identity()) == expected)
    }

    @Test("aircraft on crossing paths keep their numbers", arguments: 0..<10 as Range<UInt64>)
    func crossing(seed: UInt64) {
        let sensors = [
            radar(1, at: home, elevation: true),
            radar(2, at: home.moved(distance: 90_000, azimuth: 2), period: 5, elevation: true),
        ]
        // They meet after 100 s, 60 km from home, at an angle of 30°, both without a transponder.
        let meeting = home.moved(distance: 60_000, azimuth: 0.8).raised(to: 8_000)
        let flights = [1.0, 1.0 + 0.52].map { course in
            Flight.straight(from: meeting.moved(distance: 22_000, azimuth: course + .pi), speed: 220, course: course)
        }
        var sky = Sky(sensors, flights, seed: seed)
        let reports = sky.reports(seconds: 200)
        var tracker = Tracker(sensors: sensors)
        var owners: [[TrackID]] = [[], []]
        tracker.run(reports, seconds: 200) { time, tracker in
            guard time == 60 || time == 170 else { return }
            for (index, flight) in flights.enumerated() {
                let near = tracker.picture(at: time).filter { distance($0, flight, at: time) < 1_000 }
                #expect(near.count == 1)
                owners[index] += near.map(\.id)
            }
        }
        for owner in owners { #expect(owner.count == 2 && owner.first == owner.last) }
    }

    @Test("errors are as large as the covariance says, straight ahead and in turns")
    func consistency() {
        let sensors = [
            radar(1, at: home, elevation: true), radar(2, at: home.moved(distance: 120_000, azimuth: 2), period: 6),
        ]
        let frame = LocalFrame(origin: home.raised(to: 0))
        var straight: [Double] = [], turning: [Double] = []
        for seed in 0..<30 as Range<UInt64> {
            // 120 s straight at 230 m/s, a turn of 90° at 3 m/s², straight again.
            let speed = 230.0, rate = 3.0 / 230, end = 120 + (.pi / 2) / rate
            let flight = Flight(
                place: { t in
                    let w = min(max(t - 120, 0), end - 120) * rate
                    let radius = speed / rate
                    let before = speed * min(t, 120), after = speed * max(t - end, 0)
                    let east = before + radius * sin(w) + after * cos(w)
                    let north = radius * (1 - cos(w)) + after * sin(w)
                    return Geodetic(
                        frame.place(at: EastNorthUp(east: east - 20_000, north: north + 70_000, up: 0))
                    ).raised(to: 9_000)
                }, identity: seed % 2 == 0 ? address(7) : Identity())
            var sky = Sky(sensors, [flight], seed: seed)
            let reports = sky.reports(seconds: 320)
            var tracker = Tracker(sensors: sensors)
            tracker.run(reports, seconds: 320) { time, tracker in
                guard time > 60, let track = tracker.picture(at: time).first else { return }
                let error = normalisedError(track, flight, at: time)
                if time > 122, time < end { turning.append(error) } else if time < 120 { straight.append(error) }
            }
        }
        let quiet = straight.reduce(0, +) / Double(straight.count)
        let turn = turning.reduce(0, +) / Double(turning.count)
        #expect(straight.count > 1_500 && turning.count > 3_000)
        #expect(quiet > 0.3 && quiet < 1.3, "straight: \(quiet)")
        #expect(turn > 0.5 && turn < 2.5, "turning: \(turn)")
    }

    @Test("two tracks that turn out to be one aircraft become one, and the older keeps its number")
    func duplicates() {
        let sensors = [
            radar(1, at: home, elevation: true),
            radar(2, at: home.moved(distance: 60_000, azimuth: 1.5), period: 5, elevation: true),
        ]
        let flight = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 0).raised(to: 9_000), speed: 200, course: 1.5)
        var sky = Sky(sensors, [flight], seed: 11)
        // The second radar is 3 km off for a minute, then right.
        sky.rangeBias = { sic, t in sic == 2 && t < 60 ? 3_000 : 0 }
        let reports = sky.reports(seconds: 180)
        var tracker = Tracker(sensors: sensors)
        var pictures: [Double: [TrackID]] = [:]
        tracker.run(reports, seconds: 180) { time, tracker in pictures[time] = tracker.picture(at: time).map(\.id) }
        #expect(pictures[58]?.count == 2)
        #expect(pictures[150]?.count == 1 && pictures[150]?.first == pictures[58]?.min())
        #expect(tracker.tally.confirmed == 2)
    }

    @Test("an echo that begins to answer keeps its number and gains its address")
    func naming() {
        let sensors = [radar(1, at: home, elevation: true), receiver(9, at: home)]
        let dark = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 0).raised(to: 9_000), speed: 200, course: 1.5)
        var answering = dark
        answering.identity = address(0x840042)
        var first = Sky(sensors, [dark], seed: 3), second = Sky([sensors[1]], [answering], seed: 4)
        let reports =
            first.reports(seconds: 120)
            + second.reports(seconds: 180).filter { $0.receivedAt.seconds > 60 }
        var tracker = Tracker(sensors: sensors)
        let sorted = reports.enumerated().sorted {
            ($0.element.receivedAt.nanoseconds, $0.offset) < ($1.element.receivedAt.nanoseconds, $1.offset)
        }.map(\.element)
        var ids: Set<TrackID> = []
        tracker.run(sorted, seconds: 180) { time, tracker in
            let picture = tracker.picture(at: time)
            #expect(picture.count <= 1)
            for track in picture {
                ids.insert(track.id)
                if time < 60 { #expect(track.address == nil) }
                if time > 62 { #expect(track.address?.value == ICAOAddress(0x840042)) }
            }
        }
        #expect(ids.count == 1)
    }

    @Test("eight radars with thirty false plots a turn and nothing in the sky make next to no track")
    func clutter() {
        let sensors = (0..<8).map { index in
            radar(
                UInt8(index + 1), at: home.moved(distance: 150_000, azimuth: Double(index) * .pi / 4), period: 10,
                elevation: true, falsePlots: 30)
        }
        var sky = Sky(sensors, [], seed: 8)
        sky.clutter = 30
        let reports = sky.reports(seconds: 600)
        var tracker = Tracker(sensors: sensors)
        var most = 0
        tracker.run(reports, seconds: 600) { _, tracker in most = max(most, tracker.counts.tentative) }
        #expect(tracker.tally.plots == 8 * 30 * 60)
        #expect(tracker.tally.confirmed <= 5)
        // Those that were begun are given up soon, and their room is used again.
        #expect(most < 1_200)
        #expect(tracker.slotCount < 1_300)
    }

    @Test("one address in two places is two tracks, and each keeps its plots")
    func addressConflict() {
        let sensors = [radar(1, at: home), radar(2, at: home.moved(distance: 100_000, azimuth: 1), period: 6)]
        let flights = [0.3, 2.2].map { azimuth in
            Flight.straight(
                from: home.moved(distance: 120_000, azimuth: azimuth).raised(to: 10_000), speed: 240, course: azimuth,
                identity: address(0xABCDEF))
        }
        var sky = Sky(sensors, flights, seed: 21)
        let reports = sky.reports(seconds: 300)
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: 300) { time, tracker in
            guard time > 20 else { return }
            let picture = tracker.picture(at: time)
            #expect(picture.count == 2)
            for flight in flights { #expect(picture.filter { distance($0, flight, at: time) < 500 }.count == 1) }
        }
        #expect(tracker.tally.confirmed == 2)
        #expect(tracker.tally.addressConflicts == 1)
    }

    @Test("a code that many share does not draw plots to one of them, and one that is alone does")
    func codes() {
        let sensors = [radar(1, at: home)]
        for code in [0o7000, 0o2345] as [UInt16] {
            let flights = [0.0, 0.9].map {
                Flight.straight(
                    from: home.moved(distance: 60_000, azimuth: $0).raised(to: 3_000), speed: 80, course: 2,
                    identity: Identity(mode3A: Mode3A(code + UInt16($0 > 0 && code != 0o7000 ? 1 : 0))))
            }
            var sky = Sky(sensors, flights, seed: 2)
            let reports = sky.reports(seconds: 120)
            var tracker = Tracker(sensors: sensors)
            tracker.run(reports, seconds: 120) { time, tracker in
                guard time > 20 else { return }
                for flight in flights {
                    #expect(tracker.picture(at: time).filter { distance($0, flight, at: time) < 1_000 }.count == 1)
                }
            }
            #expect(tracker.tally.confirmed == 2)
        }
    }

    @Test("a radar that is silent misses nothing; one that looks in vain does")
    func silence() {
        let sensor = radar(1, at: home)
        var flight = Flight.straight(
            from: home.moved(distance: 100_000, azimuth: 1).raised(to: 9_000), speed: 220, course: 0.2,
            identity: address(5))
        for isFailing in [true, false] {
            var fallen: Double?
            flight.isSeen = { isFailing || $0 < 15 }
            var sky = Sky([sensor], [flight], seed: 6)
            if isFailing { sky.isSilent = { _, t in t >= 60 } }
            let reports = sky.reports(seconds: 200)
            var tracker = Tracker(sensors: [sensor])
            let changes = tracker.run(reports, seconds: 200) { time, tracker in
                if time > 20, fallen == nil, tracker.picture(at: time).isEmpty { fallen = time }
            }
            // In vain: after some four turns. Silent: when no one can say any more where it is.
            if isFailing {
                #expect((fallen ?? 0) > 90 && (fallen ?? 999) < 125, "\(fallen ?? 0)")
            } else {
                #expect((fallen ?? 0) > 68 && (fallen ?? 999) < 90, "\(fallen ?? 0)")
            }
            let drops = changes.filter { if case .dropped = $0 { true } else { false } }
            #expect(drops.count == 1)
        }
    }

    @Test("a flight of six hundred kilometres is followed through all its frames")
    func longFlight() {
        let flight = Flight.straight(
            from: home.moved(distance: 300_000, azimuth: -1.2).raised(to: 11_000), speed: 250, course: 1.8,
            identity: address(0x400001))
        let sensors = [receiver(1, at: home), radar(1, at: home)]
        var sky = Sky(sensors, [flight], seed: 9)
        let reports = sky.reports(seconds: 2_400)
        var tracker = Tracker(sensors: sensors)
        var squares = 0.0, count = 0.0
        tracker.run(reports, seconds: 2_400, every: 5) { time, tracker in
            guard time > 30 else { return }
            let picture = tracker.picture(at: time)
            #expect(picture.count == 1)
            for track in picture {
                squares += pow(distance(track, flight, at: time), 2)
                count += 1
                #expect(abs(track.groundSpeed - 250) < 2.5)
                #expect(abs(track.position.height - 11_000) < 60)
            }
        }
        #expect((squares / count).squareRoot() < 15)
    }

    @Test(
        "the pole and the date line are places like others",
        arguments: [
            (Geodetic(latitudeDegrees: 89.6, longitudeDegrees: 30, height: 10_000), 0.05),
            (Geodetic(latitudeDegrees: -89.7, longitudeDegrees: -100, height: 10_000), 3.1),
            (Geodetic(latitudeDegrees: 55, longitudeDegrees: 179.7, height: 10_000), 1.57),
            (Geodetic(latitudeDegrees: 0.1, longitudeDegrees: -179.8, height: 10_000), 4.4),
        ])
    func ends(start: Geodetic, course: Double) {
        let flight = Flight.straight(from: start, speed: 240, course: course, identity: address(0x400002))
        let site = start.moved(distance: 90_000, azimuth: course + 0.6).raised(to: 20)
        for sensors in [[receiver(1, at: site)], [radar(1, at: site)]] {
            var sky = Sky(sensors, [flight], seed: 13)
            let reports = sky.reports(seconds: 500)
            var tracker = Tracker(sensors: sensors)
            var errors: [Double] = [], speeds: [Double] = []
            tracker.run(reports, seconds: 500, every: 2) { time, tracker in
                guard time > 60 else { return }
                let picture = tracker.picture(at: time)
                #expect(picture.count == 1)
                for track in picture {
                    errors.append(distance(track, flight, at: time))
                    speeds.append(abs(track.groundSpeed - 240))
                }
            }
            #expect(tracker.tally.confirmed == 1)
            #expect((errors.max() ?? 1e9) < 500)
            #expect((speeds.max() ?? 1e9) < 25)
        }
    }

    @Test("absurd plots are counted and trap nothing", arguments: 0..<20 as Range<UInt64>)
    func absurd(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let sensors = [
            radar(1, at: home, elevation: true), receiver(2, at: home),
            radar(3, at: Geodetic(latitudeDegrees: 90, longitudeDegrees: 0)),
        ]
        let odd: [Double] = [
            .nan, .infinity, -.infinity, 0, -0.0, -1, 1, 1e-300, 1e300, .pi / 2, -.pi / 2, .pi, 1.5707963267948966,
            6.283185307179586, 470_000, 1e7, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 51 * .pi / 180, 0.17,
        ]
        func number() -> Double {
            Bool.random(using: &random)
                ? odd[Int.random(in: 0..<odd.count, using: &random)] : Double(bitPattern: random.next())
        }
        var reports: [SensorReport] = []
        for step in 0..<4_000 {
            let sensor = SensorID(sac: UInt8.random(in: 1...3, using: &random), sic: .random(in: 1...4, using: &random))
            let usual = Timestamp(seconds: Double(step) / 50)
            let at =
                Int.random(in: 0..<20, using: &random) == 0
                ? Timestamp(nanoseconds: Int64(bitPattern: random.next()) / 2) : usual
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                reports.append(
                    .sector(
                        SectorCrossing(
                            sensor: sensor, measuredAt: at, receivedAt: usual, azimuth: number(), period: number())))
            case 1:
                reports.append(
                    .status(
                        SensorStatus(
                            sensor: sensor, measuredAt: at, receivedAt: usual,
                            isOperational: Bool.random(using: &random))))
            default:
                let isPolar = Bool.random(using: &random)
                var plot = Plot(
                    sensor: sensor, measuredAt: at, receivedAt: usual, kind: isPolar ? .primary : .broadcast,
                    measurement: isPolar
                        ? .polar(
                            range: Bool.random(using: &random) ? .random(in: 0...300_000, using: &random) : number(),
                            azimuth: Bool.random(using: &random) ? .random(in: 0...6.3, using: &random) : number(),
                            elevation: Bool.random(using: &random) ? number() : nil)
                        : .geodetic(
                            latitude: Bool.random(using: &random) ? 0.9 : number(),
                            longitude: Bool.random(using: &random) ? 0.17 : number(), deviation: number()))
                if Bool.random(using: &random) { plot.pressureAltitude = number() }
                if Bool.random(using: &random) { plot.geometricHeight = number() }
                if Bool.random(using: &random) { plot.climbRate = number() }
                if Bool.random(using: &random) {
                    plot.velocity = Plot.Velocity(north: number(), east: number(), deviation: number())
                }
                if Bool.random(using: &random) {
                    plot.identity.address = ICAOAddress(.random(in: 0...5, using: &random))
                }
                if Bool.random(using: &random) { plot.identity.mode3A = Mode3A(.random(in: 0...5, using: &random)) }
                reports.append(.plot(plot))
            }
        }
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: 100) { time, tracker in
            for track in tracker.picture(at: time) {
                #expect(track.position.latitude.isFinite && track.position.longitude.isFinite)
                #expect(track.groundSpeed.isFinite && track.covariance[0, 0] > 0)
            }
        }
        #expect(tracker.tally.absurd > 100)
        #expect(tracker.tally.plots > 3_000)
    }

    @Test("a plot that comes late by a second helps, one that comes late by a minute is counted")
    func late() {
        let sensors = [radar(1, at: home), radar(2, at: home.moved(distance: 50_000, azimuth: 1), period: 5)]
        let flight = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 1).raised(to: 9_000), speed: 220, course: 0.2,
            identity: address(5))
        var sky = Sky(sensors, [flight], seed: 6)
        var reports = sky.reports(seconds: 120)
        for index in reports.indices {
            guard case .plot(var plot) = reports[index], plot.sensor.sic == 2 else { continue }
            let isVeryLate = plot.measuredAt.seconds > 50 && plot.measuredAt.seconds < 54
            plot.receivedAt = plot.measuredAt.advanced(by: isVeryLate ? 60 : 1)
            reports[index] = .plot(plot)
        }
        reports = reports.enumerated().sorted {
            ($0.element.receivedAt.nanoseconds, $0.offset) < ($1.element.receivedAt.nanoseconds, $1.offset)
        }.map(\.element)
        var tracker = Tracker(sensors: sensors)
        tracker.run(reports, seconds: 120) { time, tracker in
            guard time > 20 else { return }
            #expect(tracker.picture(at: time).filter { distance($0, flight, at: time) < 400 }.count == 1)
        }
        #expect(tracker.tally.late == 1)
        #expect(tracker.tally.outOfOrder >= 4)
        #expect(tracker.tally.confirmed == 1)
    }

    @Test(
        "within the lag limit, plots out of order end in the same tracks as plots in order",
        arguments: 0..<8 as Range<UInt64>)
    func outOfOrder(seed: UInt64) {
        let sensors = [
            radar(1, at: home), radar(2, at: home.moved(distance: 50_000, azimuth: 1), period: 5),
            receiver(3, at: home),
        ]
        let flights = (0..<12).map { number -> Flight in
            let n = Double(number)
            let origin = home.moved(distance: 60_000 + 5_000 * n, azimuth: 0.5 * n).raised(to: 9_000)
            return Flight.straight(
                from: origin, speed: 200 + 10 * n, course: 0.7 * n, identity: address(UInt32(number + 1)))
        }
        var sky = Sky(sensors, flights, seed: seed)
        let ordered = sky.reports(seconds: 90)
        var random = SplitMix64(state: seed)
        let delays: [UInt8: Double] = [1: 0.2, 2: 1.4, 3: 0.1]
        let late = ordered.map { report -> SensorReport in
            guard case .plot(var plot) = report else { return report }
            let delay = delays[plot.sensor.sic, default: 0] + .random(in: 0..<1, using: &random)
            plot.receivedAt = plot.measuredAt.advanced(by: delay)
            return .plot(plot)
        }
        let shuffled = late.sorted { (a: SensorReport, b: SensorReport) -> Bool in a.arrival < b.arrival }
        var parameters = TrackerParameters()
        parameters.lagMax = 4
        // What is learned of the sensors meanwhile depends on the order.
        parameters.registration.mode = .off
        var first = Tracker(sensors: sensors, parameters: parameters)
        var second = Tracker(sensors: sensors, parameters: parameters)
        var changes: [TrackChange] = []
        let end = Timestamp(seconds: 95)
        for report in ordered { first.process([report].span, now: report.arrival, into: &changes) }
        for report in shuffled { second.process([report].span, now: report.arrival, into: &changes) }
        #expect(second.tally.outOfOrder > 50)
        #expect(second.tally.late == 0)
        #expect(first.counts.confirmed == flights.count && second.counts.confirmed == flights.count)
        var places: [UInt32: Track] = [:]
        first.forEachTrack(predictedTo: end) { places[$0.address?.value.rawValue ?? 0] = $0 }
        second.forEachTrack(predictedTo: end) { track in
            guard let other = places[track.address?.value.rawValue ?? 0] else {
                Issue.record("a track of its own: \(track.id)")
                return
            }
            // Frames that are put below the track at other moments differ by centimetres.
            #expect(Geocentric(track.position).distance(to: Geocentric(other.position)) < 0.5)
            #expect(abs(track.velocity.east - other.velocity.east) < 0.05)
            #expect(abs(track.velocity.north - other.velocity.north) < 0.05)
            let (a, b) = (track.covariance[0, 0], other.covariance[0, 0])
            #expect(abs(a - b) < 0.02 * b)
            #expect(track.measuredAt == other.measuredAt)
        }
    }

    @Test("a single wrong time of the caller ends no track")
    func leapingClock() {
        let sensor = radar(1, at: home)
        let flight = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 1).raised(to: 9_000), speed: 220, course: 0.2,
            identity: address(5))
        var sky = Sky([sensor], [flight], seed: 6)
        let reports = sky.reports(seconds: 120)
        var tracker = Tracker(sensors: [sensor])
        var changes: [TrackChange] = []
        var next = 0
        for step in 1...480 {
            let now = Timestamp(seconds: Double(step) / 4)
            var end = next
            while end < reports.count, reports[end].receivedAt <= now { end += 1 }
            tracker.process(
                reports.span.extracting(next..<end), now: step == 200 ? now.advanced(by: 36_000) : now, into: &changes)
            next = end
        }
        #expect(tracker.counts.confirmed == 1)
        #expect(tracker.picture(at: 120).first.map { distance($0, flight, at: 120) < 300 } == true)
        #expect(changes.allSatisfy { if case .dropped = $0 { false } else { true } })
        #expect(tracker.tally.confirmed == 1)
    }

    @Test("plots of a radar that no one told of are counted, until someone does")
    func unknownSensor() {
        let sensor = radar(1, at: home)
        let flight = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 1).raised(to: 9_000), speed: 220, course: 0.2,
            identity: address(5))
        var sky = Sky([sensor], [flight], seed: 6)
        let reports = sky.reports(seconds: 60)
        var tracker = Tracker(sensors: [])
        tracker.run(reports, seconds: 60) { _, _ in }
        #expect(tracker.tally.unknownSensor == 15)
        #expect(tracker.tally.initiated == 0)
        tracker = Tracker(sensors: [])
        tracker.setSensor(sensor)
        tracker.run(reports, seconds: 60) { _, _ in }
        #expect(tracker.tally.confirmed == 1)
        // A receiver needs no site: it says where the aircraft is, not where it is seen from.
        var second = Sky([receiver(7, at: home)], [flight], seed: 6)
        tracker = Tracker(sensors: [])
        tracker.run(second.reports(seconds: 20), seconds: 20) { _, _ in }
        #expect(tracker.tally.confirmed == 1)
    }

    @Test("more sensors than were foreseen lose no track")
    func manySensors() {
        var tracker = Tracker(sensors: [radar(1, at: home)])
        let flight = Flight.straight(
            from: home.moved(distance: 90_000, azimuth: 1).raised(to: 9_000), speed: 220, course: 0.2,
            identity: address(5))
        var sky = Sky([radar(1, at: home)], [flight], seed: 6)
        let reports = sky.reports(seconds: 120)
        tracker.run(reports, seconds: 120) { time, tracker in if time > 10 { #expect(tracker.counts.confirmed == 1) } }
        for sic in 2..<70 as Range<UInt8> {
            tracker.setSensor(radar(sic, at: home.moved(distance: 1_000 * Double(sic), azimuth: 1)))
        }
        var changes: [TrackChange] = []
        tracker.advance(to: Timestamp(seconds: 122), into: &changes)
        #expect(tracker.counts.confirmed == 1)
    }

    @Test("the same reports make the same changes, and a copy of the tracker goes its own way")
    func determinism() {
        let sensors = [
            radar(1, at: home, elevation: true, falsePlots: 20),
            radar(2, at: home.moved(distance: 90_000, azimuth: 2), period: 5), receiver(3, at: home),
        ]
        var random = SplitMix64(state: 77)
        let flights = (0..<40).map { index in
            Flight.straight(
                from: home.moved(
                    distance: .random(in: 20_000...200_000, using: &random), azimuth: .random(in: 0...6, using: &random)
                ).raised(to: 8_000),
                speed: .random(in: 60...300, using: &random), course: .random(in: 0...6, using: &random),
                identity: index % 3 == 0 ? Identity() : address(UInt32(index)))
        }
        var sky = Sky(sensors, flights, seed: 4)
        sky.clutter = 20
        let reports = sky.reports(seconds: 90)
        func history() -> String {
            var tracker = Tracker(sensors: sensors)
            var copy = tracker
            let changes = tracker.run(reports, seconds: 90) { _, _ in }
            copy.run(reports, seconds: 10) { _, _ in }
            return "\(changes)\(tracker.tally)"
        }
        let first = history()
        #expect(first == history())
        #expect(first.count > 100_000)
    }

    @Test("what one call brings of one sensor is associated jointly, whatever the order")
    func jointAssociation() {
        // Two echoes 700 m apart; each plot lies nearer to the left one's place, and only together do they fit.
        let sensor = radar(1, at: home)
        let flights = [-350.0, 350].map { aside in
            Flight.straight(
                from: home.moved(distance: 60_000, azimuth: 0.8).moved(distance: aside, azimuth: 0.8 + .pi / 2).raised(
                    to: 6_000),
                speed: 200, course: 0.8)
        }
        var sky = Sky([sensor], flights, seed: 17)
        let reports = sky.reports(seconds: 160)
        for isReversed in [false, true] {
            var tracker = Tracker(sensors: [sensor])
            var ordered = reports
            if isReversed {
                for index in 1..<ordered.count {
                    guard case .plot = ordered[index], case .plot = ordered[index - 1] else { continue }
                    ordered.swapAt(index, index - 1)
                }
            }
            var ids: [Set<TrackID>] = [[], []]
            tracker.run(ordered, seconds: 160, every: 4) { time, tracker in
                guard time > 40 else { return }
                let picture = tracker.picture(at: time)
                for (index, flight) in flights.enumerated() {
                    if let nearest = picture.min(by: { distance($0, flight, at: time) < distance($1, flight, at: time) }
                    ) {
                        ids[index].insert(nearest.id)
                    }
                }
            }
            #expect(ids[0].count == 1 && ids[1].count == 1 && ids[0] != ids[1])
            #expect(tracker.tally.byAssignment > 20)
        }
    }

    @Test("a track, the tracker's record of it and its sensors' looks stay small")
    func sizes() {
        // At 50,000 tracks and 16 sensors: under 150 MB.
        let perTrack =
            MemoryLayout<TrackRecord>.stride + MemoryLayout<CoarseTrack>.stride + 16 * MemoryLayout<Int64>.stride
        #expect(perTrack < 3_000, "\(perTrack) bytes: \(MemoryLayout<TrackRecord>.stride) of record")
    }
}

extension Geodetic {
    /// The same place at another height.
    func raised(to height: Double) -> Geodetic {
        Geodetic(latitude: self.latitude, longitude: self.longitude, height: height)
    }
}

extension SensorReport {
    /// When it was received.
    var arrival: Timestamp {
        switch self {
        case .plot(let plot): plot.receivedAt
        case .sector(let crossing): crossing.receivedAt
        case .status(let status): status.receivedAt
        }
    }
}

@Suite("Plots in falling order")
struct FallingOrderTests {
    @Test("of plots of one aircraft that come in falling order no more than the history's bound is filtered anew")
    func bound() {
        var tracker = Tracker(sensors: [receiver(1, at: home)])
        var changes: [TrackChange] = []
        let count = 1_000
        for index in 0..<count {
            // One plot before all others, for a state that they follow on.
            let time = Timestamp(seconds: index == 0 ? 97.1 : 100 - 2.8 * Double(index - 1) / Double(count))
            let plot = Plot(
                sensor: SensorID(sac: 2, sic: 1), measuredAt: time, receivedAt: Timestamp(seconds: 100),
                kind: .broadcast,
                measurement: .geodetic(latitude: home.latitude, longitude: home.longitude, deviation: 30),
                pressureAltitude: 9_000, identity: address(0x4CA123))
            tracker.process([.plot(plot)].span, now: Timestamp(seconds: 100), into: &changes)
        }
        #expect(tracker.tally.late >= count - TrackHistory.laterMax - 2)
        #expect(tracker.tally.associated + tracker.tally.initiated + tracker.tally.late == count)
    }
}
