import Air
import Geodesy
import Testing

@testable import Exercises

private let address = ICAOAddress(0x84_0001)

private func instant(_ second: Int) -> Timestamp { Timestamp(seconds: 1000 + Double(second)) }

private func plot(_ second: Int, _ address: ICAOAddress?, isOnGround: Bool = false) -> Plot {
    Plot(
        sensor: SensorID(sac: 1, sic: 1), measuredAt: instant(second), receivedAt: instant(second), kind: .modeS,
        measurement: .polar(range: 50_000, azimuth: 1, elevation: nil), identity: Identity(address: address),
        isOnGround: isOnGround)
}

private func track(
    _ id: UInt32, _ second: Int, _ status: Track.Status, _ address: ICAOAddress?, north: Double = 0,
    altitude: Double? = nil
) -> TrackChange {
    // It flies east at 200 m/s.
    let place = Geodetic(
        latitude: 0.6 + north / 6_371_000,
        longitude: 2.4 + 200 * Double(second) / (6_371_000 * 0.825_335_614_909_678))
    var track = Track(
        id: TrackID(id), status: status, measuredAt: instant(second), receivedAt: instant(second), position: place)
    track.velocity = EastNorthUp(east: 200, north: 0, up: 0)
    track.address = address.map { .init($0, at: instant(second)) }
    track.pressureAltitude = altitude.map { .init($0, at: instant(second)) }
    return .updated(track)
}

/// Plots `#` and tracks, one letter a second: `t` tentative, `C` confirmed, `o` coasting, blank: no track.
///
/// A lower-case `c` is a confirmed track that has no address yet.
private func measure(plots: String, tracks: [String], turn: Double = 1) -> Continuity.Summary {
    var continuity = Continuity(turn: turn)
    let lines = tracks.map { Array($0) }
    for second in 0..<100 {
        if second < plots.count, Array(plots)[second] == "#" { continuity.add(plot(second, address)) }
        for (index, line) in lines.enumerated() {
            let id = UInt32(index + 1)
            let now = second < line.count ? line[second] : " "
            let before = second > 0 && second <= line.count ? line[second - 1] : " "
            switch now {
            case "t": continuity.add(track(id, second, .tentative, address))
            case "C": continuity.add(track(id, second, .confirmed, address))
            case "c": continuity.add(track(id, second, .confirmed, nil, north: 40_000))
            case "o": continuity.add(track(id, second, .coasting, address))
            default: if before != " " { continuity.add(.dropped(TrackID(id), at: instant(second))) }
            }
        }
    }
    return continuity.summary
}

@Suite struct ContinuityTests {
    @Test(
        "time with a confirmed track counts from the first plot to the last",
        arguments: [
            ("###########", "CCCCCCCCCCC", 10.0, 10.0),
            ("###########", "ttttCCCCCCC", 10, 6),
            ("###########", "CCCCCCCCCCCCCCCCooooo", 10, 10),
            ("###########", "CCCCCoooCCC", 10, 10),
            ("###########", "CCCC    CCC", 10, 6),
            ("###########", "           ", 10, 0),
            ("###########", "ccccCCCCCCC", 10, 6),
            ("#  #  #  #", "CCCCCCCCCC", 9, 9),
            // Four turns without a plot: it is not seen in between.
            ("###    ###", "CCC    CCC", 4, 4),
            ("###    ###", "CCCoooo   ", 4, 2),
        ] as [(String, String, Double, Double)])
    func tracked(plots: String, line: String, seen: Double, tracked: Double) throws {
        let summary = measure(plots: plots, tracks: [line])
        let row = try #require(summary.rows.first)
        #expect(summary.rows.count == 1)
        #expect(abs(row.seen - seen) < 1e-6)
        #expect(abs(row.tracked - tracked) < 1e-6)
        #expect(row.doubled == 0)
        #expect(abs(summary.trackedShare - tracked / seen) < 1e-9)
    }

    @Test(
        "two at once are two confirmed or coasting tracks with one address at one instant",
        arguments: [
            (["CCCCCCCCCCC", "    CCC    "], 3.0), (["CCCCCCCCCCC", "    ttt    "], 0),
            (["CCCCCCCCCCC", "    ccc    "], 0),
            // One takes over in the instant in which the other ends.
            (["CCCCC      ", "     CCCCCC"], 0), (["CCCCCo     ", "     CCCCCC"], 1),
            (["CCCCCooooo ", "     CCCCCC"], 5), (["CCCCCCC    ", "    CCC    ", "     CCC   "], 3),
        ] as [([String], Double)])
    func doubled(tracks: [String], seconds: Double) {
        let summary = measure(plots: "###########", tracks: tracks)
        #expect(abs(summary.rows[0].doubled - seconds) < 1e-6)
        #expect(summary.doubledCount == (seconds > 0 ? 1 : 0))
        #expect(summary.doubledShare == (seconds > 0 ? 1 : 0))
    }

    @Test("without the first two turns, a track that is confirmed at the third plot is never missing")
    func settled() {
        let summary = measure(plots: "###########", tracks: ["ttCCCCCCCCC"])
        #expect(abs(summary.trackedShare - 0.8) < 1e-9)
        #expect(summary.trackedShareSettled == 1)
        #expect(!summary.isGood)
    }

    @Test("another number is counted, and a single plot is not an aircraft")
    func numbers() {
        let summary = measure(plots: "###########", tracks: ["CCCC       ", "     CCCCCC"])
        #expect(summary.numberChanges == 1)
        #expect(measure(plots: "     #", tracks: ["CCCCCC"]).rows.isEmpty)
        #expect(!measure(plots: "     #", tracks: ["CCCCCC"]).isGood)
    }

    @Test("plots may come out of order", arguments: 0..<50 as Range<UInt64>)
    func late(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let seconds = (0..<60).filter { _ in random.chance(0.4) }
        var ordered = Continuity(turn: 1)
        var shuffled = Continuity(turn: 1)
        for second in seconds { ordered.add(plot(second, address)) }
        for second in seconds.shuffled(using: &random) { shuffled.add(plot(second, address)) }
        #expect(ordered.summary.rows == shuffled.summary.rows)
    }

    @Test("plots on the ground and without an address can be left out")
    func ground() {
        var continuity = Continuity(turn: 1, includesGround: false)
        for second in 0..<5 {
            continuity.add(plot(second, address, isOnGround: true))
            continuity.add(plot(second, nil))
        }
        #expect(continuity.summary.rows.isEmpty)
    }

    @Test(
        "an anonymous track beside one with an address is its double after three updates",
        arguments: [
            (300.0, nil, 3, 1), (300, nil, 2, 0), (700, nil, 9, 0), (300, 10_050, 3, 1), (300, 10_300, 9, 0),
        ] as [(Double, Double?, Int, Int)])
    func anonymous(north: Double, altitude: Double?, updates: Int, duplicates: Int) {
        var continuity = Continuity(turn: 4)
        for turn in 0..<updates {
            continuity.add(track(1, turn * 8, .confirmed, address, altitude: 10_000))
            // The other sensor looks three seconds later.
            continuity.add(track(2, turn * 8 + 3, .confirmed, nil, north: north, altitude: altitude))
        }
        #expect(continuity.summary.anonymousDuplicates == duplicates)
    }

    @Test(
        "another track that takes over while the aircraft is seen is a change; a second one that ends first is none",
        arguments: [
            (["CCCCC            ", "     CCCCCCCCCCCC"], 1), (["CCCCC            ", "        CCCCCCCCC"], 1),
            (["CCCCCCCCCCCCCCCCC", "     CCCC        "], 0), (["CCCCCCCCCC       ", "     CCCCCCCCCCCC"], 1),
            (["CCCCC       CCCCC"], 0), (["CCCCCCCCCCCCCCCCC"], 0),
        ])
    func changesInSight(tracks: [String], changes: Int) {
        let summary = measure(plots: "#################", tracks: tracks)
        #expect(summary.numberChangesInSight == changes)
        #expect(summary.swaps.isEmpty)
    }

    @Test("time with two tracks is no time with one; the longest stretch of one track counts; nobody is missed")
    func shares() {
        let summary = measure(plots: "###########", tracks: ["CCCCCCCCCC ", "     CCCCCC"])
        #expect(abs(summary.doubledTimeShare - 0.5) < 1e-9)
        #expect(abs(summary.aloneShare - 0.5) < 1e-9)
        #expect(summary.longest == 10)
        #expect(summary.missedCount == 0)
        #expect(measure(plots: "###########", tracks: []).missedCount == 1)
    }

    @Test("a track that has ended and is picked up by a plot from before its end is not two")
    func pickedUp() {
        var continuity = Continuity(turn: 1)
        for second in 0..<20 {
            continuity.add(plot(second, address))
            continuity.add(track(1, second, .confirmed, address))
            if second == 9 { continuity.add(.dropped(TrackID(1), at: instant(12))) }
        }
        #expect(continuity.summary.doubledCount == 0)
        #expect(continuity.summary.trackedShare == 1)
    }

    @Test("a track that changes from one address to another is told with both and the time")
    func swaps() {
        let other = ICAOAddress(0x84_0002)
        var continuity = Continuity(turn: 1)
        for second in 0..<10 {
            continuity.add(plot(second, address))
            continuity.add(track(1, second, .confirmed, second < 5 ? address : other))
        }
        #expect(
            continuity.summary.swaps == [
                .init(track: TrackID(1), at: instant(5), from: address, to: other)
            ])
    }

    @Test("the text says what the figures are and which aircraft are worst")
    func text() {
        let summary = measure(plots: "###########", tracks: ["CCCCCooooo ", "     CCCCCC"])
        #expect(
            summary.description == """
                aircraft with a Mode S address: 1, seen for 0.00 h in all
                ever two confirmed tracks at once: 1 = 100.00 % (limit 2.00 %)
                with a confirmed track while seen: 100.00 % (limit 97.00 %)
                the same without the first two turns (2.0 s): 100.00 %
                changes of track number: 1, 0 of them while seen
                changes of a track's address: 0
                anonymous tracks beside one with an address: 0
                worst:
                  840001  seen 10 s in 11 plots, with a track 100.00 %, doubled 5 s, 2 tracks
                """)
    }
}
