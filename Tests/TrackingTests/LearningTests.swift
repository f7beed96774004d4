import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

@Suite("What a tracker learns of its sensors")
struct LearningTests {
    @Test("a blind sector is learned, and the other ones stay what they are", arguments: 0..<5 as Range<UInt64>)
    func blindSector(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var table = DetectionTable(rangeMax: 300_000)
        for _ in 0..<6_000 {
            let azimuth = Double.random(in: 0..<(2 * .pi), using: &random)
            let isBlind = azimuth > 1 && azimuth < 1.5
            table.note(
                isHit: !isBlind && Double.random(in: 0..<1, using: &random) < 0.9,
                range: .random(in: 0..<300_000, using: &random), height: .random(in: 0..<12_000, using: &random),
                azimuth: azimuth, replies: true)
        }
        #expect(table.probability(0.9, range: 100_000, height: 9_000, azimuth: 1.25, replies: true) < 0.3)
        #expect(table.probability(0.9, range: 100_000, height: 9_000, azimuth: 1.25 - 2 * .pi, replies: true) < 0.3)
        #expect(table.probability(0.9, range: 100_000, height: 9_000, azimuth: 4, replies: true) > 0.75)
    }

    @Test("what was never looked at is what it is said to be, and any number has its place")
    func nominal() {
        var table = DetectionTable(rangeMax: 300_000)
        #expect(abs(table.probability(0.8, range: 1, height: 0, azimuth: 0, replies: false) - 0.8) < 1e-6)
        for number in [-1e9, -7, 0, 7, 1e9] {
            table.note(isHit: true, range: number, height: number, azimuth: number, replies: false)
            let p = table.probability(0.8, range: number, height: number, azimuth: number, replies: true)
            #expect(p >= 0 && p <= 0.99)
        }
    }

    @Test("the clutter of a cell is counted and fades again", arguments: 0..<5 as Range<UInt64>)
    func clutter(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var map = ClutterMap(rangeMin: 0, rangeMax: 200_000, perTurn: 10)
        let nominal = 10.0 / 640
        #expect(map.rate(range: 55_000, azimuth: 0.3, at: 0, period: 5) == nominal)
        for turn in 0..<60 {
            for _ in 0..<12 {
                map.note(
                    1, range: 55_000, azimuth: 0.3, at: 5 * (Double(turn) + .random(in: 0..<1, using: &random)),
                    period: 5)
            }
        }
        let rain = map.rate(range: 55_000, azimuth: 0.3, at: 300, period: 5)
        #expect(rain > 6 && rain < 13)
        #expect(map.rate(range: 150_000, azimuth: 3, at: 300, period: 5) < nominal)
        #expect(map.rate(range: 55_000, azimuth: 0.3, at: 300 + 5 * 100, period: 5) < 0.1)
    }

    @Test("rain makes fewer tracks once it is known, and an aircraft beside it is tracked as fast as ever")
    func rain() {
        var random = SplitMix64(state: 9)
        let sensor = radar(1, at: home, period: 5)
        var tracker = Tracker(sensors: [sensor])
        var changes: [TrackChange] = []
        var early = 0, late = 0
        let frame = LocalFrame(origin: home)
        let flight = Flight.straight(
            from: home.moved(distance: 80_000, azimuth: 4).raised(to: 8_000), speed: 220, course: 1)
        for turn in 0..<120 {
            var reports: [SensorReport] = []
            func add(_ range: Double, _ azimuth: Double) {
                let time = Timestamp(seconds: 5 * (Double(turn) + azimuth / (2 * .pi)))
                reports.append(
                    .plot(
                        Plot(
                            sensor: sensor.id, measuredAt: time, receivedAt: time, kind: .primary,
                            measurement: .polar(range: range, azimuth: azimuth, elevation: nil))))
            }
            for _ in 0..<25 {
                add(.random(in: 60_000..<90_000, using: &random), .random(in: 0.6..<1, using: &random))
            }
            if turn >= 100 {
                let polar = Polar(frame.displacement(of: flight.place(5 * Double(turn))))
                add(polar.range, polar.azimuth)
            }
            reports.sort { $0.arrival < $1.arrival }
            tracker.process(reports.span, now: Timestamp(seconds: 5 * Double(turn + 1)), into: &changes)
            let rain = tracker.picture(at: Double(5 * turn + 5)).filter {
                distance($0, flight, at: Double(5 * turn + 5)) > 10_000
            }
            if turn < 20 { early += rain.count } else if turn >= 60 { late += rain.count }
        }
        #expect(Double(late) / 60 < 0.75 * Double(early) / 20, "\(early) in 20 turns, \(late) in 60")
        #expect(tracker.picture(at: 600).contains { distance($0, flight, at: 600) < 1_500 })
    }
}
