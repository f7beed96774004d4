import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

/// Four sectors whose borders cross at `home`.
private let quarters = SectorGrid(
    from: Geodetic(latitudeDegrees: 49, longitudeDegrees: 5), to: Geodetic(latitudeDegrees: 55, longitudeDegrees: 15),
    rows: 2, columns: 2)

private let sensors = [
    radar(1, at: Geodetic(latitudeDegrees: 51.2, longitudeDegrees: 9, height: 100)),
    radar(2, at: Geodetic(latitudeDegrees: 52.9, longitudeDegrees: 11.1, height: 200), period: 6),
    radar(3, at: Geodetic(latitudeDegrees: 52.6, longitudeDegrees: 8.6, height: 50), period: 10, elevation: true),
]

/// What a picture has shown of each flight, second by second.
private struct Account {
    var numbers: [Set<TrackID>]
    /// Seconds without a track, after the first one.
    var gaps = 0
    /// Seconds in which there were more tracks than flights.
    var surplus = 0
    var sectors: Set<Int> = []

    /// Runs reports through sectors and notes what is told of flights that never come nearer to each other than `reach`.
    init(_ flights: [Flight], seed: UInt64, seconds: Double, reach: Double = 2_000, broadcast: Bool = false) {
        var all = sensors
        if broadcast { all.append(receiver(9, at: Geodetic(latitudeDegrees: 51.5, longitudeDegrees: 9.5))) }
        var sky = Sky(all, flights, seed: seed)
        let reports = sky.reports(seconds: seconds)
        var tracker = SectoredTracker(sensors: all, grid: quarters)
        self.numbers = Array(repeating: [], count: flights.count)
        var told: Set<TrackID> = []
        var changes: [TrackChange] = []
        var next = 0
        for step in 1...Int(seconds * 4) {
            let time = Double(step) / 4, now = Timestamp(seconds: time)
            var end = next
            while end < reports.count, reports[end].receivedAt <= now { end += 1 }
            tracker.process(reports.span.extracting(next..<end), now: now, into: &changes)
            next = end
            for change in changes {
                switch change {
                case .updated(let track): told.insert(track.id)
                case .dropped(let id, _): told.remove(id)
                }
            }
            changes.removeAll()
            guard step % 4 == 0, time > 30 else { continue }
            var picture: [Track] = []
            tracker.forEachTrack(predictedTo: now) { picture.append($0) }
            #expect(Set(picture.map(\.id)) == told)
            #expect(picture.count == tracker.counts.confirmed)
            for track in picture { #expect(tracker.track(track.id, predictedTo: now)?.id == track.id) }
            if picture.count > flights.count { self.surplus += 1 }
            for (index, flight) in flights.enumerated() {
                let mine = picture.filter { distance($0, flight, at: time) < reach }
                if mine.isEmpty { self.gaps += 1 }
                for track in mine { self.numbers[index].insert(track.id) }
                self.sectors.insert(quarters.sector(of: SIMD3(Geocentric(flight.place(time)))))
            }
        }
    }
}

@Suite struct SectoredTrackerTests {
    private let middle = Geodetic(latitudeDegrees: 52, longitudeDegrees: 10, height: 9_000)

    @Test(arguments: [1, 2, 3] as [UInt64])
    func anAircraftThatCrossesBordersKeepsItsNumber(seed: UInt64) {
        let flights = [
            Flight.straight(
                from: self.middle.moved(distance: 45_000, azimuth: 4.0), speed: 240, course: 0.9,
                identity: address(0x3C_0001)),
            // An echo only.
            Flight.straight(
                from: self.middle.moved(distance: 40_000, azimuth: 1.6).moved(distance: 12_000, azimuth: 0), speed: 220,
                course: 4.7),
            Flight.straight(
                from: self.middle.moved(distance: 35_000, azimuth: 0.1).moved(distance: 15_000, azimuth: 4.71),
                speed: 200, course: 3.3,
                identity: Identity(mode3A: Mode3A(octal: "4271"))),
        ]
        let account = Account(flights, seed: seed, seconds: 330)
        #expect(account.sectors.count >= 3)
        #expect(account.numbers.map(\.count) == [1, 1, 1])
        #expect(account.gaps == 0)
        #expect(account.surplus == 0)
    }

    @Test(arguments: [4, 5] as [UInt64])
    func aFormationAlongABorderIsNeitherDoubledNorSwapped(seed: UInt64) {
        // A kilometre and a half apart, to both sides of the border between west and east.
        let flights = (0..<4).map { index in
            Flight.straight(
                from: Geodetic(
                    latitudeDegrees: 51.7 + 0.002 * Double(index), longitudeDegrees: 10 + 0.022 * (Double(index) - 1.5),
                    height: 7_000), speed: 210, course: 0, identity: address(0x3C_0100 + UInt32(index)))
        }
        let account = Account(flights, seed: seed, seconds: 300, reach: 600, broadcast: true)
        #expect(account.sectors.count == 4)
        #expect(account.numbers.map(\.count) == [1, 1, 1, 1])
        #expect(account.gaps == 0)
        #expect(account.surplus == 0)
    }

    @Test(arguments: [6, 7] as [UInt64])
    func anAircraftThatCirclesOverABorderKeepsItsNumber(seed: UInt64) {
        let radius = 6_000.0, speed = 150.0
        let flight = Flight(
            place: { t in middle.moved(distance: radius, azimuth: speed / radius * t) }, identity: address(0x3C_0200))
        let account = Account([flight], seed: seed, seconds: 400, broadcast: true)
        #expect(account.sectors.count == 4)
        #expect(account.numbers.map(\.count) == [1])
        #expect(account.gaps == 0)
        #expect(account.surplus == 0)
    }

    @Test func sectorsSideBySideDoAsOneAfterTheOther() async {
        var sky = Sky(
            sensors,
            (0..<12).map {
                Flight.straight(
                    from: self.middle.moved(distance: 90_000, azimuth: Double($0)), speed: 200,
                    course: Double($0) + 3, identity: $0 % 3 == 0 ? Identity() : address(0x40_0000 + UInt32($0)))
            }, seed: 8)
        sky.clutter = 5
        let reports = sky.reports(seconds: 90)
        var one = SectoredTracker(sensors: sensors, grid: quarters), other = one
        var first: [TrackChange] = [], second: [TrackChange] = []
        var next = 0
        for step in 1...360 {
            let now = Timestamp(seconds: Double(step) / 4)
            var end = next
            while end < reports.count, reports[end].receivedAt <= now { end += 1 }
            one.process(reports.span.extracting(next..<end), now: now, into: &first)
            await other.process(Array(reports[next..<end]), now: now, into: &second) { sectors, now in
                await withTaskGroup(of: (Int, SectoredTracker.Sector).self) { group in
                    for (index, sector) in sectors.enumerated() {
                        group.addTask {
                            var sector = sector
                            sector.process(now: now)
                            return (index, sector)
                        }
                    }
                    var done: [(Int, SectoredTracker.Sector)] = []
                    for await result in group { done.append(result) }
                    return done.sorted { $0.0 < $1.0 }.map(\.1)
                }
            }
            next = end
        }
        #expect(first.count > 100)
        #expect(first.map(\.summary) == second.map(\.summary))
        #expect(one.tally == other.tally)
    }

    @Test func everyPlaceIsOfOneSectorAlsoAtThePolesAndTheDateLine() {
        let grid = SectorGrid(
            from: Geodetic(latitudeDegrees: -60, longitudeDegrees: 170),
            to: Geodetic(latitudeDegrees: 60, longitudeDegrees: -170), rows: 3, columns: 2)
        for latitude in stride(from: -90.0, through: 90, by: 15) {
            for longitude in stride(from: -180.0, through: 180, by: 15) {
                let place = SIMD3(
                    Geocentric(Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: 10_000)))
                let near = grid.near(place, within: 30_000)
                #expect(near.home == grid.sector(of: place))
                #expect((0..<grid.count).contains(near.home))
                #expect(grid.contains(near, near.home))
            }
        }
        func sector(_ latitude: Double, _ longitude: Double) -> Int {
            grid.sector(
                of: SIMD3(Geocentric(Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude))))
        }
        #expect(sector(0, 179) == 2)
        #expect(sector(0, -179) == 3)
        #expect(sector(0, 100) == 2)
        #expect(sector(0, -100) == 3)
        #expect(sector(89, 179) == 4)
        #expect(sector(-89, -179) == 1)
        let seam = SIMD3(Geocentric(Geodetic(latitudeDegrees: 0, longitudeDegrees: 180)))
        #expect(grid.near(seam, within: 20_000).columns == 0...1)
    }

    @Test func plotsOfNoPlaceAreCountedOnce() {
        var tracker = SectoredTracker(sensors: sensors, grid: quarters)
        let now = Timestamp(seconds: 1)
        let plots = [Double.nan, .infinity, -1, 1e30].map { range in
            SensorReport.plot(
                Plot(
                    sensor: sensors[0].id, measuredAt: now, receivedAt: now, kind: .primary,
                    measurement: .polar(range: range, azimuth: 1, elevation: nil)))
        }
        var changes: [TrackChange] = []
        tracker.process(plots.span, now: now, into: &changes)
        #expect(changes.isEmpty)
        #expect(tracker.tally.plots == 4)
        #expect(tracker.tally.absurd == 4)
    }
}

extension TrackChange {
    fileprivate var summary: String {
        switch self {
        case .updated(let track): "\(track.id) \(track.measuredAt.nanoseconds) \(track.position)"
        case .dropped(let id, let instant): "\(id) dropped \(instant.nanoseconds)"
        }
    }
}

@Suite("A track on its way between sectors")
struct PassageTests {
    @Test("the radar that a track began with is the same one where sectors number their radars otherwise")
    func birthRadar() throws {
        var first = Tracker(sensors: sensors)
        var changes: [TrackChange] = []
        let time = Timestamp(seconds: 100)
        let plot = Plot(
            sensor: sensors[2].id, measuredAt: time, receivedAt: time, kind: .primary,
            measurement: .polar(range: 40_000, azimuth: 1, elevation: 0.1))
        first.process([.plot(plot)].span, now: time, into: &changes)
        let slot = try #require(first.records.indices.first)
        #expect(first.sites[Int(first.records[slot].birthSite)].id == sensors[2].id)
        for others in [[sensors[2]], [sensors[1], sensors[2]], sensors.reversed()] {
            var second = Tracker(sensors: others)
            second.adopt(first.passage(of: slot), time)
            let birth = Int(second.records[0].birthSite)
            #expect(second.sites[birth].id == sensors[2].id)
            #expect(second.sites[second.history.plot(second.records[0].newest).site].id == sensors[2].id)
        }
    }
}
