import Air
import Geodesy
import Testing

@testable import Tracking

/// Tracklets of one target as a nation might tell them, made without a tracker: one plot each, good to 50 m.
struct ScriptedTeller {
    var nation: Nation
    var track: TrackID
    var epoch: UInt32 = 1
    var sequence: UInt32 = 0
    var address: ICAOAddress?
    var mode3A: Mode3A?
    var status = Track.Status.confirmed
    /// Metres that its places are off, and seconds that its clock is fast.
    var bias = (east: 0.0, north: 0.0)
    var clock = 0.0
    var random = SplitMix64(state: 1)

    init(_ code: String, track: UInt32, seed: UInt64 = 1) {
        self.nation = nationOf(code)
        self.track = TrackID(track)
        self.random.state = seed
    }

    mutating func tell(_ place: (Double) -> Geodetic, at time: Double, isLast: Bool = false) -> Tracklet {
        self.sequence += 1
        let stamp = Timestamp(seconds: time + self.clock)
        let truth = place(time)
        var t = Tracklet(
            originator: self.nation, track: self.track, epoch: self.epoch, sequence: self.sequence,
            from: stamp.advanced(by: -1), measuredAt: stamp, position: truth)
        t.information[0, 0] = 1 / 2_500.0
        t.information[1, 1] = 1 / 2_500.0
        t.vector[0] = (self.bias.east + 50 * self.random.gauss()) / 2_500
        t.vector[1] = (self.bias.north + 50 * self.random.gauss()) / 2_500
        t.vertical.heightInformation = 1 / 400.0
        t.vertical.heightVector = truth.height / 400
        t.plotCount = 1
        t.evidence = 10
        t.status = self.status
        t.isLast = isLast
        t.address = self.address.map { Track.Aged($0, at: stamp) }
        t.mode3A = self.mode3A.map { Track.Aged($0, at: stamp) }
        return t
    }
}

/// Straight on from `home`, so many metres to the east of it.
func line(offset: Double = 0, speed: Double = 200, course: Double = 0) -> (Double) -> Geodetic {
    var origin = home.moved(distance: offset, azimuth: .pi / 2)
    origin.height = 9_000
    return { t in
        var place = origin.moved(distance: speed * t, azimuth: course)
        place.height = 9_000
        return place
    }
}

@Suite("The rules of the fused picture")
struct FusionRulesTests {
    @Test("what two nations say of one aircraft otherwise is shown with both values")
    func identityDiffers() throws {
        var jp = ScriptedTeller("jp", track: 1, seed: 2), us = ScriptedTeller("us", track: 9, seed: 3)
        jp.address = ICAOAddress(0x84_0001)
        us.address = jp.address
        jp.mode3A = Mode3A(0o4321)
        us.mode3A = Mode3A(0o4322)
        var picture = FusedPicture()
        for time in 1...20 {
            let now = Timestamp(seconds: Double(time))
            picture.take([jp.tell(line(), at: Double(time)), us.tell(line(), at: Double(time))], now: now)
        }
        let tracks = picture.picture(at: 20)
        let track = try #require(tracks.first)
        #expect(tracks.count == 1)
        #expect(track.disagreements == .mode3A)
        #expect(track.contributions.map { $0.mode3A?.value } == [Mode3A(0o4321), Mode3A(0o4322)])
        #expect(track.originators == NationSet([nationOf("jp"), nationOf("us")]))
        #expect(track.track.mode3A?.value == Mode3A(0o4321))
    }

    @Test("one address at two places is two tracks that name each other, and no mean of both")
    func positionDiffers() throws {
        var jp = ScriptedTeller("jp", track: 1, seed: 2), us = ScriptedTeller("us", track: 9, seed: 3)
        jp.address = ICAOAddress(0x84_0001)
        us.address = jp.address
        var picture = FusedPicture()
        for time in 1...20 {
            let now = Timestamp(seconds: Double(time))
            picture.take(
                [jp.tell(line(), at: Double(time)), us.tell(line(offset: 30_000), at: Double(time))], now: now)
        }
        let tracks = picture.picture(at: 20)
        #expect(tracks.count == 2)
        #expect(tracks.contains { $0.disagreements.contains(.position) && $0.rival != nil })
        for (track, offset) in zip(tracks, [0.0, 30_000]) {
            #expect(track.track.position.geodesic(to: line(offset: offset)(20)).distance < 200)
        }
    }

    @Test("aircraft that flew as one are two once they part, and the second nation's takes a track of its own")
    func split() throws {
        var jp = ScriptedTeller("jp", track: 1, seed: 2), us = ScriptedTeller("us", track: 9, seed: 3)
        var picture = FusedPicture()
        let straight = line()
        let away: (Double) -> Geodetic = { t in
            var place = straight(t).moved(distance: t > 30 ? 60 * (t - 30) : 0, azimuth: .pi / 2)
            place.height = 9_000
            return place
        }
        var counts: [Int] = []
        for time in 1...70 {
            let now = Timestamp(seconds: Double(time))
            picture.take([jp.tell(straight, at: Double(time)), us.tell(away, at: Double(time))], now: now)
            counts.append(picture.picture(at: Double(time)).count)
        }
        #expect(counts[29] == 1)
        #expect(counts[69] == 2)
        #expect(picture.tally.split == 1)
        let nearest = try #require(
            picture.picture(at: 70).map { $0.track.position.geodesic(to: away(70)).distance }.min())
        #expect(nearest < 150)
    }

    @Test("two aircraft side by side that both nations see stay two, and each has both nations")
    func formation() {
        var tellers = [
            ScriptedTeller("jp", track: 1, seed: 2), ScriptedTeller("jp", track: 2, seed: 3),
            ScriptedTeller("us", track: 8, seed: 4), ScriptedTeller("us", track: 9, seed: 5),
        ]
        let places = [line(), line(offset: 400), line(), line(offset: 400)]
        var picture = FusedPicture()
        for time in 1...40 {
            let now = Timestamp(seconds: Double(time))
            picture.take(tellers.indices.map { tellers[$0].tell(places[$0], at: Double(time)) }, now: now)
        }
        let tracks = picture.picture(at: 40)
        #expect(tracks.count == 2)
        #expect(tracks.allSatisfy { $0.contributions.count == 2 && $0.originators.count == 2 })
    }

    @Test("a node that began anew numbers anew: its old tracks end, and nothing is there twice")
    func epoch() {
        var first = ScriptedTeller("jp", track: 1, seed: 2)
        var picture = FusedPicture()
        for time in 1...10 {
            picture.take([first.tell(line(), at: Double(time))], now: Timestamp(seconds: Double(time)))
        }
        var second = ScriptedTeller("jp", track: 1, seed: 3)
        second.epoch = 2
        var changes: [SystemTrackChange] = []
        let news = [second.tell(line(), at: 11)]
        picture.process(news.span, now: Timestamp(seconds: 11), into: &changes)
        let old = [first.tell(line(), at: 12)]
        picture.process(old.span, now: Timestamp(seconds: 12), into: &changes)
        #expect(picture.picture(at: 12).count == 1)
        #expect(picture.tally.repeated == 1)
        let dropped = changes.count {
            if case .dropped = $0 { true } else { false }
        }
        #expect(dropped == 1)
    }

    @Test("what is told to have ended ends, and who is silent is let go; the slots are used again")
    func ends() {
        var picture = FusedPicture()
        for round in 0..<20 {
            var jp = ScriptedTeller("jp", track: UInt32(2 * round + 1)), us = ScriptedTeller("us", track: UInt32(round))
            let begin = Double(round) * 100
            for time in stride(from: 1.0, through: 10, by: 1) {
                picture.take(
                    [jp.tell(line(), at: begin + time), us.tell(line(offset: 50_000), at: begin + time)],
                    now: Timestamp(seconds: begin + time))
            }
            picture.take([jp.tell(line(), at: begin + 11, isLast: true)], now: Timestamp(seconds: begin + 11))
            #expect(picture.picture(at: begin + 11).count == 1)
            for time in stride(from: 12.0, through: 80, by: 1) {
                picture.take([], now: Timestamp(seconds: begin + time))
            }
            #expect(picture.picture(at: begin + 80).isEmpty)
        }
        #expect(picture.records.count <= 4 && picture.contributors.count <= 4)
    }

    @Test("a partner's offset of place and clock is found on common tracks, and corrected")
    func registration() throws {
        var picture = FusedPicture(home: nationOf("jp"))
        let courses = [0.0, 1.6, 3.1, 4.7]
        var tellers: [(jp: ScriptedTeller, us: ScriptedTeller)] = courses.indices.map { i in
            var jp = ScriptedTeller("jp", track: UInt32(i + 1), seed: UInt64(i))
            var us = ScriptedTeller("us", track: UInt32(i + 1), seed: UInt64(i + 50))
            jp.address = ICAOAddress(0x84_0000 + UInt32(i))
            us.address = jp.address
            us.bias = (80, -60)
            us.clock = 0.4
            return (jp, us)
        }
        for time in 1...200 {
            let now = Timestamp(seconds: Double(time) + 0.5)
            for i in courses.indices {
                let path = line(offset: 20_000 * Double(i), course: courses[i])
                var news = [tellers[i].jp.tell(path, at: Double(time))]
                if time % 2 == 0 { news.append(tellers[i].us.tell(path, at: Double(time))) }
                picture.take(news, now: now)
            }
        }
        let us = try #require(picture.registrations.first)
        #expect(us.nation == nationOf("us") && us.correctsPlace && us.correctsClock)
        #expect(abs(us.offset.east - 80) < 25 && abs(us.offset.north + 60) < 25)
        #expect(abs(us.offset.clock - 0.4) < 0.12)
        let tracks = picture.picture(at: 200)
        #expect(tracks.count == 4)
        for (track, i) in zip(tracks, courses.indices) {
            let place = line(offset: 20_000 * Double(i), course: courses[i])(200)
            #expect(track.track.position.geodesic(to: place).distance < 80)
        }
    }

    @Test("without an offset none is corrected", arguments: 0..<3 as Range<UInt64>)
    func noRegistration(seed: UInt64) throws {
        var picture = FusedPicture(home: nationOf("jp"))
        var jp = ScriptedTeller("jp", track: 1, seed: seed), us = ScriptedTeller("us", track: 2, seed: seed + 9)
        for time in 1...200 {
            picture.take(
                [jp.tell(line(), at: Double(time)), us.tell(line(), at: Double(time))],
                now: Timestamp(seconds: Double(time)))
        }
        let registration = try #require(picture.registrations.first)
        #expect(registration.looks > 100)
        #expect(!registration.correctsPlace && !registration.correctsClock)
    }

    @Test("covariance intersection of two equal estimates is that estimate: what is known twice is known once")
    func intersection() throws {
        var p = Matrix<4, 4>.identity
        p[0, 0] = 900
        p[1, 1] = 2_500
        p[0, 1] = 300
        p[1, 0] = 300
        p[0, 2] = 10
        p[2, 0] = 10
        var x = Vector<4>.zero
        x[0] = 12
        x[3] = -4
        let same = try #require(inverseCovarianceIntersection(x, p, x, p))
        for i in 0..<4 {
            #expect(abs(same.mean[i] - x[i]) < 1e-9)
            for j in 0..<4 { #expect(abs(same.covariance[i, j] - p[i, j]) < 1e-6 * 2_500) }
        }
        // Of one that knows the east and one that knows the north, both are kept; and never more than both together tell.
        var a = Matrix<4, 4>.diagonal(100), b = a
        (a[0, 0], b[1, 1]) = (10_000, 10_000)
        let joined = try #require(inverseCovarianceIntersection(x, a, x, b))
        #expect(joined.covariance[0, 0] < 250 && joined.covariance[1, 1] < 250)
        let naive = try (a.inverted() + b.inverted()).inverted()
        #expect(joined.covariance[0, 0] >= naive[0, 0] && joined.covariance[1, 1] >= naive[1, 1])
    }

    @Test("a partner's whole tracks alone make a picture, and are believed as far as they tell")
    func wholeTracks() throws {
        var picture = FusedPicture()
        var changes: [SystemTrackChange] = []
        func whole(_ time: Double, spread: Double) -> Track {
            var track = Track(
                id: TrackID(4), status: .confirmed, measuredAt: Timestamp(seconds: time),
                receivedAt: Timestamp(seconds: time), position: line()(time))
            track.velocity = EastNorthUp(east: 0, north: 200, up: 0)
            track.covariance = .diagonal(25)
            track.covariance[0, 0] = spread * spread
            track.covariance[1, 1] = spread * spread
            track.heightVariance = 400
            track.climbVariance = 4
            return track
        }
        for time in stride(from: 1.0, through: 20, by: 1) {
            let now = Timestamp(seconds: time)
            picture.process(whole(time, spread: 60), from: nationOf("us"), now: now, into: &changes)
            picture.process(whole(time, spread: 90), from: nationOf("au"), now: now, into: &changes)
            picture.advance(to: now, into: &changes)
        }
        let tracks = picture.picture(at: 20)
        let track = try #require(tracks.first)
        #expect(tracks.count == 1 && track.contributions.map(\.form) == [.track, .track])
        #expect(track.track.covariance[0, 0] <= 61 * 61 && track.track.covariance[0, 0] > 40 * 40)
        picture.end(TrackID(4), from: nationOf("us"), now: Timestamp(seconds: 21), into: &changes)
        picture.end(TrackID(4), from: nationOf("au"), now: Timestamp(seconds: 21), into: &changes)
        #expect(picture.picture(at: 21).isEmpty)
    }

    @Test("what a partner may tell of a track changes from states to tracklets and back, and the track goes on")
    func formChanges() throws {
        var picture = FusedPicture()
        var changes: [SystemTrackChange] = []
        var sender = ScriptedTeller("us", track: 4)
        var ids: Set<TrackID> = []
        for time in stride(from: 1.0, through: 90, by: 1) {
            let now = Timestamp(seconds: time)
            if (30..<60).contains(time) {
                picture.process([sender.tell(line(), at: time)].span, now: now, into: &changes)
            } else {
                var track = Track(
                    id: TrackID(4), status: .confirmed, measuredAt: now, receivedAt: now, position: line()(time))
                track.velocity = EastNorthUp(east: 0, north: 200, up: 0)
                track.covariance = .diagonal(25)
                track.covariance[0, 0] = 2_500
                track.covariance[1, 1] = 2_500
                track.heightVariance = 400
                track.climbVariance = 4
                picture.process(track, from: nationOf("us"), now: now, into: &changes)
                picture.advance(to: now, into: &changes)
            }
            let tracks = picture.picture(at: time)
            guard let shown = tracks.first else { continue }
            ids.insert(shown.track.id)
            #expect(tracks.count == 1, "at \(time)")
            let error = LocalFrame(origin: line()(time)).displacement(of: Geocentric(shown.track.position))
            #expect((error.east * error.east + error.north * error.north).squareRoot() < 500, "at \(time)")
        }
        #expect(ids.count == 1)
    }

    @Test("no tracklet that a partner may send harms the picture", arguments: 0..<5 as Range<UInt64>)
    func foreign(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var picture = FusedPicture(home: nationOf("jp"))
        var good = ScriptedTeller("jp", track: 1, seed: 4)
        let strange: [Double] = [0, -1, 1, 1e300, -1e300, .nan, .infinity, 1e-300, 1e14, 1e8]
        for time in 1...60 {
            var news = [good.tell(line(), at: Double(time))]
            for _ in 0..<4 {
                var bad = ScriptedTeller("us", track: .random(in: 0..<3, using: &random), seed: random.next())
                bad.sequence = UInt32.random(in: 0..<80, using: &random)
                bad.epoch = .random(in: 1..<3, using: &random)
                if Bool.random(using: &random) { bad.address = ICAOAddress(.random(in: 0..<4, using: &random)) }
                var t = bad.tell(line(), at: Double(time) + .random(in: -30..<30, using: &random))
                for _ in 0..<Int.random(in: 0..<3, using: &random) {
                    let value = strange.randomElement(using: &random) ?? 0
                    let (i, j) = (Int.random(in: 0..<4, using: &random), Int.random(in: 0..<4, using: &random))
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0: t.information[i, j] = value
                    case 1: t.vector[i] = value
                    case 2: t.position.latitude = value
                    case 3: t.position.height = value
                    case 4: t.accelerationNoise = value
                    case 5: t.vertical.heightVector = value
                    case 6: t.measuredAt = Timestamp(seconds: value)
                    default: t.evidence = value
                    }
                }
                news.append(t)
            }
            picture.take(news, now: Timestamp(seconds: Double(time)))
        }
        let own = picture.picture(at: 60).filter { $0.contributions.contains { $0.nation == nationOf("jp") } }
        #expect(own.count == 1)
        #expect(picture.tally.unsound > 0)
        #expect(picture.picture(at: 60).allSatisfy { $0.track.position.latitude.isFinite })
    }
}
