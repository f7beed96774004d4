import Air
import Federation
import Geodesy
import Ledger
import Releasability
import Testing

@Suite struct CodecTests {
    static func track(_ random: inout SplitMix) -> Track {
        func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }
        func time() -> Timestamp { noon.advanced(by: 100 * unit()) }
        var track = Track(
            id: TrackID(UInt32(truncatingIfNeeded: random.next())), status: .coasting, measuredAt: time(),
            receivedAt: time(),
            position: Geodetic(
                latitude: (unit() - 0.5) * .pi, longitude: (unit() - 0.5) * 2 * .pi,
                height: unit() < 0.1 ? .nan : unit() * 20_000))
        track.bornAt = time()
        track.velocity = EastNorthUp(east: unit() * 300, north: -unit() * 300, up: unit() * 10)
        for i in 0..<4 { track.covariance[i, i] = unit() * 1000 }
        track.covariance[0, 1] = unit()
        track.covariance[1, 0] = track.covariance[0, 1]
        track.heightVariance = unit() * 100
        track.climbVariance = unit()
        if unit() < 0.7 { track.address = Track.Aged(ICAOAddress(UInt32(random.next() & 0xFFFFFF)), at: time()) }
        if unit() < 0.7 { track.mode3A = Track.Aged(Mode3A(UInt16(random.next() & 0xFFF)), at: time()) }
        if unit() < 0.7, let callsign = Callsign("ANA\(random.next() % 1000)") {
            track.callsign = Track.Aged(callsign, at: time())
        }
        if unit() < 0.5 { track.pressureAltitude = Track.Aged(unit() * 12_000, at: time()) }
        if unit() < 0.5 { track.geometricHeight = Track.Aged(unit() * 12_000, at: time()) }
        for _ in 0..<(random.next() % 9) {
            track.contribute(sensor: SensorID(rawValue: UInt16(truncatingIfNeeded: random.next())), measuredAt: time())
        }
        track.plotCount = UInt32(random.next() % 1000)
        track.isOnGround = unit() < 0.5
        track.lastKind = .broadcast
        if unit() < 0.3 { track.doubtLog.note(.radarDiffers, at: track.receivedAt) }
        return track
    }

    static let words = LabelWords(
        policy: "trilateral", classification: "restricted", originators: [jp], releasableTo: [au, us],
        caveats: ["eyes"], onward: .originatorConsent)

    static func tracklet() -> Tracklet {
        var tracklet = Tracklet(
            originator: jp, track: TrackID(9), epoch: 3, sequence: 7, from: noon,
            measuredAt: noon.advanced(by: 4), position: Geodetic(latitude: 0.6, longitude: 2.4, height: 9000))
        tracklet.sequence = 7...12
        tracklet.information = .identity
        tracklet.vector[0] = 12.5
        tracklet.vertical.heightInformation = 0.25
        tracklet.evidence = 3.5
        tracklet.plotCount = 4
        tracklet.isLast = true
        tracklet.callsign = Track.Aged(sure(Callsign("JAL5")), at: noon)
        return tracklet
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func newsIsReadAsItWasWrittenAndWrittenAgainAsItWasRead(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let track = Self.track(&random)
        var codec = TrackCodec()
        do {
            let isEncoded = codec.encode(.state(track), label: Self.words.encoded)
            #expect(isEncoded)
        }
        let octets = codec.octets
        guard case (.state(let read), let words)? = TrackCodec.decode(octets, of: jp) else {
            Issue.record("not read")
            return
        }
        #expect(words == Self.words)
        #expect(read.id == track.id && read.status == track.status && read.measuredAt == track.measuredAt)
        #expect(read.receivedAt == track.receivedAt && read.bornAt == track.bornAt)
        #expect(abs(read.position.latitude - track.position.latitude) <= 0.5e-9)
        #expect(abs(read.position.longitude - track.position.longitude) <= 0.5e-9)
        #expect(read.position.height.isNaN == track.position.height.isNaN)
        #expect(abs(read.velocity.east - track.velocity.east) <= 0.0005)
        #expect(abs(read.covariance[0, 1] - track.covariance[0, 1]) <= 1e-7)
        #expect(read.callsign == track.callsign && read.mode3A == track.mode3A && read.address == track.address)
        #expect(read.contributionCount == track.contributionCount && read.plotCount == track.plotCount)
        #expect(read.doubts == track.doubts && read.isOnGround == track.isOnGround && read.lastKind == .broadcast)
        do {
            let isEncoded = codec.encode(.state(read), label: Self.words.encoded)
            #expect(isEncoded)
        }
        #expect(codec.octets == octets)
    }

    @Test func aTrackletAndAWithdrawalAreReadAsTheyWereWritten() {
        var codec = TrackCodec()
        do {
            let isEncoded = codec.encode(.tracklet(Self.tracklet()), label: Self.words.encoded)
            #expect(isEncoded)
        }
        let octets = codec.octets
        guard case (.tracklet(let read), Self.words)? = TrackCodec.decode(octets, of: jp) else {
            Issue.record("not read")
            return
        }
        #expect(read.sequence == 7...12 && read.epoch == 3 && read.isLast && read.vector[0] == 12.5)
        #expect(codec.encode(.tracklet(read), label: Self.words.encoded) && codec.octets == octets)
        do {
            let isEncoded = codec.encode(.withdrawn(TrackID(77)), label: [])
            #expect(isEncoded)
        }
        guard case (.withdrawn(TrackID(77)), nil)? = TrackCodec.decode(codec.octets, of: jp) else {
            Issue.record("not read")
            return
        }
    }

    @Test func everyTruncationIsRefusedAndEveryBitFlipIsRefusedOrIsOtherNewsInItsOneForm() {
        var random = SplitMix(seed: 3)
        var codec = TrackCodec()
        var subjects: [[UInt8]] = []
        for _ in 0..<4 {
            do {
                let isEncoded = codec.encode(.state(Self.track(&random)), label: Self.words.encoded)
                #expect(isEncoded)
            }
            subjects.append(codec.octets)
        }
        do {
            let isEncoded = codec.encode(.tracklet(Self.tracklet()), label: Self.words.encoded)
            #expect(isEncoded)
        }
        subjects.append(codec.octets)
        do {
            let isEncoded = codec.encode(.withdrawn(TrackID(1 << 20)), label: [])
            #expect(isEncoded)
        }
        subjects.append(codec.octets)
        var refused = 0, other = 0
        for octets in subjects {
            for count in 0..<octets.count {
                #expect(TrackCodec.decode(Array(octets.prefix(count)), of: jp).map { _ in true } == nil)
            }
            #expect(TrackCodec.decode(octets + [0], of: jp).map { _ in true } == nil)
            for bit in 0..<8 * octets.count {
                var flipped = octets
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let (news, words) = TrackCodec.decode(flipped, of: jp) else {
                    refused += 1
                    continue
                }
                other += 1
                do {
                    let isEncoded = codec.encode(news, label: words?.encoded ?? [])
                    #expect(isEncoded)
                }
                #expect(codec.octets == flipped)
            }
        }
        #expect(refused > 1000 && other > 1000)
    }

    @Test func whatNoTrackCanHaveIsNotEncoded() {
        var codec = TrackCodec()
        var track = Track(
            id: TrackID(1), status: .confirmed, measuredAt: noon, receivedAt: noon,
            position: Geodetic(latitude: .nan, longitude: 0, height: 0))
        do {
            let isEncoded = codec.encode(.state(track), label: Self.words.encoded)
            #expect(!isEncoded)
        }
        track.position.latitude = 0
        track.velocity.east = .infinity
        do {
            let isEncoded = codec.encode(.state(track), label: Self.words.encoded)
            #expect(!isEncoded)
        }
        track.velocity.east = 0
        track.covariance[0, 0] = 1e300
        do {
            let isEncoded = codec.encode(.state(track), label: Self.words.encoded)
            #expect(!isEncoded)
        }
    }

    @Test func aLabelCrossesInWordsAndWhatIsNotKnownIsUnknown() {
        let mine = policy(jp, with: [us])
        let original = label(jp, to: [us, au], level: 1, onward: .originatorConsent)
        let words = LabelWords(original, in: mine)!
        #expect(LabelWords(encoded: words.encoded) == words)
        #expect(words.label(in: mine) == original)
        var foreign = words
        foreign.policy = "martian"
        #expect(foreign.label(in: mine).policy == .unknown)
        foreign = words
        foreign.classification = "ultra"
        #expect(foreign.label(in: mine).policy == .unknown)
        foreign = words
        foreign.caveats = ["nobody"]
        #expect(foreign.label(in: mine).caveats.contains(Caveat.unknown))
    }
}
