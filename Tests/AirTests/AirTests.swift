import Geodesy
import Testing

@testable import Air

@Suite("Words")
struct AirTests {
    @Test(
        "an instant is written as RFC 3339",
        arguments: [
            (0 as Int64, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123_000_000, "2000-02-29T00:00:00.123Z"),
            (1_795_266_000_000_000_000, "2026-11-21T13:00:00.000Z"),
            (-1_000_000, "1969-12-31T23:59:59.999Z"),
        ])
    func rfc3339(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
    }

    @Test(
        "a time of day is put on the day that makes it nearest",
        arguments: [
            ("just before midnight, heard just after", 86_399.5, 5.0, -5.5),
            ("just after midnight, heard just before", 0.5, 86_399.0, 1.5),
            ("the same day", 43_200.0, 43_201.0, -1.0),
        ])
    func timeOfDay(name: String, secondsOfDay: Double, heardAt: Double, difference: Double) {
        let midnight = Timestamp(nanoseconds: 1_795_219_200_000_000_000)
        let heard = midnight.advanced(by: heardAt)
        let measured = Timestamp(secondsOfDay: secondsOfDay, nearest: heard)
        #expect(abs(measured.seconds(since: heard) - difference) < 1e-6, "\(name)")
        #expect(abs(measured.secondsOfDay - secondsOfDay) < 1e-6)
    }

    @Test("absurd seconds become an instant, not a trap", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func absurd(seconds: Double) {
        _ = Timestamp(seconds: seconds)
        _ = Timestamp(nanoseconds: .max).advanced(by: seconds)
        _ = Timestamp(secondsOfDay: seconds, nearest: Timestamp(nanoseconds: 0))
    }

    @Test("addresses, codes and callsigns are read and written alike")
    func identities() {
        #expect(ICAOAddress(hex: "00a1b2")?.description == "00a1b2")
        #expect(ICAOAddress(hex: "a1b2") == nil && ICAOAddress(hex: "xyzxyz") == nil)
        #expect(Mode3A(octal: "0421")?.description == "0421")
        #expect(Mode3A(octal: "8000") == nil)
        #expect(Mode3A(octal: "7700")?.isShared == true && Mode3A(octal: "4213")?.isShared == false)
        #expect(Callsign("JAL123  ")?.description == "JAL123")
        #expect(Callsign("        ") == nil && Callsign("ab") == nil)
        #expect(SensorID(sac: 20, sic: 129).description == "20/129")
    }

    @Test("the newest contribution stands first, and eight are kept")
    func contributions() {
        var track = Track(
            id: TrackID(1), status: .tentative, measuredAt: Timestamp(nanoseconds: 0),
            receivedAt: Timestamp(nanoseconds: 0), position: Geodetic(latitude: 0, longitude: 0))
        for i in 0..<10 {
            track.contribute(sensor: SensorID(rawValue: UInt16(i)), measuredAt: Timestamp(seconds: Double(i)))
        }
        #expect(track.contributionCount == 8)
        #expect(track.contributions[0].sensor.rawValue == 9 && track.contributions[7].sensor.rawValue == 2)
        track.contribute(sensor: SensorID(rawValue: 5), measuredAt: Timestamp(seconds: 20))
        #expect(track.contributionCount == 8)
        #expect(track.contributions[0].sensor.rawValue == 5)
        #expect((0..<8).filter { track.contributions[$0].sensor.rawValue == 5 }.count == 1)
    }

    @Test("each rule has a bit, a name and a sentence of its own")
    func doubts() {
        #expect(Set(Doubt.allCases.map(\.name)).count == 16 && Set(Doubt.allCases.map(\.explanation)).count == 16)
        for doubt in Doubt.allCases {
            #expect(Doubts(doubt).rules == [doubt] && doubt.explanation.hasSuffix("."))
        }
        #expect(Doubts([.replay, .impossibleMotion]).names == ["impossible-motion", "replay"])
        #expect(Doubts([.replay, .fromPast]).description == "replay, from-past")
    }

    @Test("a track keeps a doubt for its time after the last plot that raised it, also when the seconds wrap")
    func doubtLog() {
        for begin in [0.0, 65_530, 1_795_266_000] {
            var log = DoubtLog()
            func at(_ second: Double) -> Timestamp { Timestamp(seconds: begin + second) }
            log.note([.fromPast, .replay], at: at(0))
            log.note(.fromPast, at: at(40))
            log.note([], at: at(90))
            #expect(log.doubts == [.fromPast, .replay])
            log.note([], at: at(101))
            #expect(log.doubts == .replay)
            log.note([], at: at(301))
            #expect(log.doubts == [])
        }
        #expect(MemoryLayout<DoubtLog>.size <= 34)
    }
}
