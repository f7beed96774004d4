import Air
import Geodesy
import Testing

@testable import Tracking

/// A nation by two letters.
func nationOf(_ code: String) -> Nation {
    guard let nation = Nation(code) else { preconditionFailure("two letters are a nation") }
    return nation
}

/// A nation of a test: its tracker, what it tells, and what it was told to say.
struct Teller {
    var nation: Nation
    var tracker: Tracker
    var maker: TrackletMaker

    init(_ code: String, _ sensors: [Sensor], audiences: Int = 1, epoch: UInt32 = 1, firstID: UInt32 = 1) {
        self.nation = nationOf(code)
        var parameters = TrackerParameters()
        parameters.firstID = TrackID(firstID)
        self.tracker = Tracker(sensors: sensors, parameters: parameters)
        self.tracker.keepJournal()
        self.maker = TrackletMaker(originator: self.nation, epoch: epoch)
        for _ in 0..<audiences { _ = self.maker.addAudience() }
    }

    mutating func process(_ reports: Span<SensorReport>, now: Timestamp) {
        var changes: [TrackChange] = []
        self.tracker.process(reports, now: now, into: &changes)
        self.maker.take(from: &self.tracker)
    }

    mutating func tell(_ audience: Int = 0, now: Timestamp, every period: Double = 0) -> [Tracklet] {
        var tracklets: [Tracklet] = []
        self.maker.tell(audience, of: self.tracker, now: now, every: period, into: &tracklets)
        return tracklets
    }
}

/// The radars of two nations on both sides of `home`, numbered by nation.
func radar(of nation: UInt8, _ sic: UInt8, at site: Geodetic, period: Double) -> Sensor {
    var sensor = radar(sic, at: site, period: period, elevation: true)
    sensor.id = SensorID(sac: nation, sic: sic)
    return sensor
}

let westSite = home.moved(distance: 60_000, azimuth: 1.5 * .pi)
let eastSite = home.moved(distance: 70_000, azimuth: 0.5 * .pi)

/// Plays the reports a quarter of a second at a time.
func play(_ reports: [SensorReport], seconds: Double, _ turn: (Span<SensorReport>, Timestamp, Double) -> Void) {
    var next = 0
    for step in 1...Int(seconds * 4) {
        let time = Double(step) / 4
        let now = Timestamp(seconds: time)
        var end = next
        while end < reports.count, reports[end].receivedAt <= now { end += 1 }
        turn(reports.span.extracting(next..<end), now, time)
        next = end
    }
}

extension FusedPicture {
    mutating func take(_ tracklets: [Tracklet], now: Timestamp) {
        var changes: [SystemTrackChange] = []
        self.process(tracklets.span, now: now, into: &changes)
    }

    func picture(at seconds: Double) -> [SystemTrack] {
        var tracks: [SystemTrack] = []
        self.forEachTrack(predictedTo: Timestamp(seconds: seconds)) { tracks.append($0) }
        return tracks
    }
}

@Suite("Tracklets and the fused picture")
struct FusionTests {
    static func flights(identified: Bool = true) -> [Flight] {
        (0..<4).map { i in
            let origin = home.moved(distance: 20_000 + 15_000 * Double(i), azimuth: 1.3 * Double(i))
            var place = origin
            place.height = 8_000 + 500 * Double(i)
            return .straight(
                from: place, speed: 180 + 20 * Double(i), course: 0.8 * Double(i),
                identity: identified ? address(0x4B_0000 + UInt32(i)) : Identity())
        }
    }

    static func sensors() -> [Sensor] {
        [radar(of: 1, 1, at: westSite, period: 4), radar(of: 2, 2, at: eastSite, period: 5)]
    }

    @Test("the tracklets of one nation rebuild its tracks, with their covariance", arguments: 0..<2 as Range<UInt64>)
    func rebuild(seed: UInt64) throws {
        let sensors = [Self.sensors()[0]]
        var sky = Sky(sensors, Self.flights(), seed: seed)
        let reports = sky.reports(seconds: 80)
        var teller = Teller("jp", sensors)
        var picture = FusedPicture()
        play(reports, seconds: 80) { reports, now, _ in
            teller.process(reports, now: now)
            picture.take(teller.tell(now: now), now: now)
        }
        let own = teller.tracker.picture(at: 80), fused = picture.picture(at: 80)
        #expect(own.count == 4 && fused.count == 4)
        for track in own {
            let twin = try #require(fused.first { $0.track.address?.value == track.address?.value })
            // Not to the last digit: the first two plots came as one.
            #expect(twin.track.position.geodesic(to: track.position).distance < 15)
            let ratio = twin.track.covariance[0, 0] / track.covariance[0, 0]
            #expect(ratio > 0.85 && ratio < 1.3)
            #expect(twin.contributions.map(\.nation) == [nationOf("jp")])
        }
        #expect(picture.tally.lost == 0 && picture.tally.repeated == 0)
    }

    @Test(
        "two nations' pictures are consistent, and near that of one tracker over all their sensors",
        arguments: [SharedSky.Sharing.tracklets, .tracks, .plots])
    func nearCentral(sharing: SharedSky.Sharing) {
        var squares = (fused: 0.0, central: 0.0, alone: 0.0), nees = 0.0, count = 0.0
        for seed in 0..<2 as Range<UInt64> {
            let sensors = Self.sensors(), flights = Self.flights(identified: seed % 2 == 0)
            var sky = Sky(sensors, flights, seed: seed)
            let reports = sky.reports(seconds: 90)
            var shared = SharedSky(
                nations: [(nationOf("jp"), [sensors[0]]), (nationOf("us"), [sensors[1]])], sharing: sharing)
            var alone = SharedSky(nations: [(nationOf("jp"), [sensors[0]])], sharing: .none)
            var central = Tracker(sensors: sensors)
            play(reports, seconds: 90) { reports, now, time in
                var changes: [TrackChange] = []
                central.process(reports, now: now, into: &changes)
                shared.process(reports, now: now)
                alone.process(reports, now: now)
                guard time >= 30, time.truncatingRemainder(dividingBy: 5) == 0 else { return }
                var tracks: [Track] = [], own: [Track] = []
                shared.forEachTrack(of: 0, predictedTo: now) { tracks.append($0) }
                alone.forEachTrack(of: 0, predictedTo: now) { own.append($0) }
                for flight in flights {
                    func nearest(_ tracks: [Track]) -> Track? {
                        tracks.min { distance($0, flight, at: time) < distance($1, flight, at: time) }
                    }
                    guard let a = nearest(tracks), let b = nearest(central.picture(at: time)), let c = nearest(own)
                    else {
                        Issue.record("no track at \(time) s")
                        return
                    }
                    squares.fused += distance(a, flight, at: time) * distance(a, flight, at: time)
                    squares.central += distance(b, flight, at: time) * distance(b, flight, at: time)
                    squares.alone += distance(c, flight, at: time) * distance(c, flight, at: time)
                    nees += normalisedError(a, flight, at: time)
                    count += 1
                }
                if tracks.count != flights.count { Issue.record("\(tracks.count) tracks at \(time) s") }
            }
        }
        let limit =
            switch sharing {
            case .plots: 1.03
            // Heights that one radar's elevations tell are not those that two radars' do.
            case .tracklets: 1.15
            default: 1.3
            }
        #expect((squares.fused / squares.central).squareRoot() < limit)
        #expect(squares.fused < squares.alone)
        // Straight flight, which the motions at work allow to turn: below 1.
        #expect(nees / count < 1.2)
    }

    @Test("a tracklet that comes again is left out, and one that is lost is counted and harms nothing")
    func repeatedAndLost() throws {
        let sensors = Self.sensors(), flights = Self.flights()
        var sky = Sky([sensors[0]], flights, seed: 5)
        let reports = sky.reports(seconds: 100)
        var teller = Teller("jp", [sensors[0]])
        var once = FusedPicture(), twice = FusedPicture(), lossy = FusedPicture()
        var told = 0, kept = 0
        play(reports, seconds: 100) { reports, now, _ in
            teller.process(reports, now: now)
            let news = teller.tell(now: now)
            once.take(news, now: now)
            twice.take(news, now: now)
            twice.take(news, now: now)
            var some: [Tracklet] = []
            for tracklet in news {
                told += 1
                if tracklet.sequence.lowerBound == 1 || told % 3 != 0 {
                    some.append(tracklet)
                    kept += 1
                }
            }
            lossy.take(some, now: now)
        }
        #expect(once.tally.repeated == 0 && twice.tally.repeated == twice.tally.taken)
        #expect(picturesAreEqual(once.picture(at: 100), twice.picture(at: 100)))
        #expect(lossy.tally.lost > 0 && lossy.tally.lost >= told - kept - 4)
        for flight in flights {
            let track = try #require(
                lossy.picture(at: 100).map(\.track).min {
                    distance($0, flight, at: 100) < distance($1, flight, at: 100)
                })
            #expect(distance(track, flight, at: 100) < 250)
            #expect(normalisedError(track, flight, at: 100) < 4)
        }
    }

    @Test("an outage costs no memory, and what waited is told in one tracklet a track", arguments: [5.0, 60])
    func outage(seconds: Double) throws {
        let sensors = Self.sensors(), flights = Self.flights()
        var sky = Sky([sensors[0]], flights, seed: 6)
        let reports = sky.reports(seconds: 100)
        var teller = Teller("jp", [sensors[0]])
        var picture = FusedPicture()
        play(reports, seconds: 100) { reports, now, time in
            teller.process(reports, now: now)
            if time < 30 || time >= 30 + seconds {
                let news = teller.tell(now: now)
                if time == 30 + seconds { #expect(news.count == 4) }
                picture.take(news, now: now)
            } else {
                #expect(teller.maker.memory(of: 0).waiting <= 4)
            }
        }
        #expect(picture.tally.lost == 0 && picture.picture(at: 100).count == 4)
        for flight in flights {
            let track = try #require(
                picture.picture(at: 100).map(\.track).min {
                    distance($0, flight, at: 100) < distance($1, flight, at: 100)
                })
            #expect(distance(track, flight, at: 100) < 200)
            #expect(normalisedError(track, flight, at: 100) < 4)
        }
    }

    @Test("tracklets of two nations that come late and out of order give the picture that they give in order")
    func outOfOrder() throws {
        let sensors = Self.sensors(), flights = Self.flights()
        var sky = Sky(sensors, flights, seed: 7)
        let reports = sky.reports(seconds: 100)
        var jp = Teller("jp", [sensors[0]]), us = Teller("us", [sensors[1]])
        var prompt = FusedPicture(), late = FusedPicture()
        var queue: [(at: Double, Tracklet)] = []
        play(reports, seconds: 100) { reports, now, time in
            jp.process(reports.ofNation(1).span, now: now)
            us.process(reports.ofNation(2).span, now: now)
            let own = jp.tell(now: now), theirs = us.tell(now: now)
            prompt.take(own + theirs, now: now)
            late.take(own, now: now)
            for tracklet in theirs { queue.append((time + 2, tracklet)) }
            late.take(queue.filter { $0.at <= time }.map(\.1), now: now)
            queue.removeAll { $0.at <= time }
        }
        #expect(late.tally.outOfOrder > 20)
        for track in prompt.picture(at: 98).map(\.track) {
            let twin = try #require(
                late.picture(at: 98).map(\.track).first { $0.address?.value == track.address?.value })
            #expect(twin.position.geodesic(to: track.position).distance < 60)
        }
    }

    @Test(
        "what an audience sees does not depend, to the last bit, on what is not released to it",
        arguments: 0..<4 as Range<UInt64>)
    func nonInterference(seed: UInt64) {
        let open = Self.sensors()
        let hidden = radar(of: 3, 3, at: home.moved(distance: 30_000, azimuth: 0.1), period: 4)
        func run(withHidden: Bool) -> [[SystemTrack]] {
            // The secret flight is seen by the hidden sensor alone, among aircraft that all see.
            var flights = Self.flights(identified: seed % 2 == 0)
            var sky = Sky(open, flights, seed: seed)
            let seen = sky.reports(seconds: 40)
            flights.append(.straight(from: home, speed: 250, course: 1))
            var secret = Sky([hidden], flights, seed: seed &+ 1_000)
            let unseen = withHidden ? secret.reports(seconds: 40) : []
            let all = (seen + unseen).enumerated().sorted {
                ($0.element.receivedAt, $0.offset) < ($1.element.receivedAt, $1.offset)
            }.map(\.element)
            // Three nations; the third releases to the first alone. Makers have an audience for each class.
            var jp = Teller("jp", [open[0]], audiences: 2), us = Teller("us", [open[1]], audiences: 2)
            var au = Teller("au", [hidden], audiences: 2)
            var full = FusedPicture(home: nationOf("jp")), released = FusedPicture(home: nationOf("jp"))
            var seenByUS: [[SystemTrack]] = []
            play(all, seconds: 40) { reports, now, time in
                jp.process(reports.ofNation(1).span, now: now)
                us.process(reports.ofNation(2).span, now: now)
                if withHidden { au.process(reports.ofNation(3).span, now: now) }
                full.take(jp.tell(0, now: now) + us.tell(0, now: now), now: now)
                if withHidden { full.take(au.tell(0, now: now), now: now) }
                released.take(jp.tell(1, now: now, every: 1) + us.tell(1, now: now, every: 1), now: now)
                seenByUS.append(released.picture(at: time))
            }
            if withHidden { #expect(full.picture(at: 40).count > released.picture(at: 40).count) }
            return seenByUS
        }
        let with = run(withHidden: true), without = run(withHidden: false)
        #expect(with.count == without.count)
        #expect(zip(with, without).allSatisfy { picturesAreEqual($0, $1) })
    }
}

extension Span<SensorReport> {
    /// The reports of one nation's sensors.
    func ofNation(_ sac: UInt8) -> [SensorReport] {
        var own: [SensorReport] = []
        for i in self.indices where self[i].sensor.sac == sac { own.append(self[i]) }
        return own
    }
}

/// Whether two pictures are the same to the last bit.
func picturesAreEqual(_ a: [SystemTrack], _ b: [SystemTrack]) -> Bool {
    func bits(_ x: SystemTrack) -> [UInt64] {
        let t = x.track
        var words = [
            UInt64(t.id.rawValue), UInt64(t.status.rawValue), UInt64(bitPattern: t.measuredAt.nanoseconds),
            UInt64(bitPattern: t.receivedAt.nanoseconds), t.position.latitude.bitPattern,
            t.position.longitude.bitPattern, t.position.height.bitPattern, t.velocity.east.bitPattern,
            t.velocity.north.bitPattern, t.velocity.up.bitPattern, t.heightVariance.bitPattern,
            UInt64(t.plotCount), UInt64(t.address?.value.rawValue ?? 0), UInt64(x.disagreements.rawValue),
            UInt64(x.rival?.rawValue ?? 0),
        ]
        for i in 0..<4 { for j in 0..<4 { words.append(t.covariance[i, j].bitPattern) } }
        for c in x.contributions {
            words += [
                UInt64(c.nation.rawValue), UInt64(c.track.rawValue), UInt64(bitPattern: c.measuredAt.nanoseconds),
                c.latitude.bitPattern, c.longitude.bitPattern,
            ]
        }
        return words
    }
    return a.count == b.count && zip(a, b).allSatisfy { bits($0) == bits($1) }
}
