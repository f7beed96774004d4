import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

/// What recordings of one sensor alone have taught.
@Suite("One sensor alone") struct AloneTests {
    private static let site = Geodetic(latitudeDegrees: 41.3, longitudeDegrees: 2.1, height: 50)

    /// A minute and a half of an aircraft that broadcasts once a second, or when `isHeard`.
    private static func broadcasts(
        _ seconds: Int = 90, deviation: Double = 30,
        isHeard: (Int) -> Bool = { _ in true }
    ) -> [SensorReport] {
        let begin = Self.site.moved(distance: 60_000, azimuth: 0.5)
        return (0..<seconds).filter(isHeard).map { second in
            let now = Timestamp(seconds: 1_000 + Double(second)),
                place = begin.moved(
                    distance: 220 * Double(second), azimuth: 2)
            var plot = Plot(
                sensor: SensorID(sac: 2, sic: 1), measuredAt: now, receivedAt: now,
                kind: .broadcast,
                measurement: .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: deviation),
                pressureAltitude: 10_000, identity: Identity(address: ICAOAddress(0x34_0001)))
            plot.velocity = Plot.Velocity(north: 220 * cos(2.0), east: 220 * sin(2.0), deviation: 3)
            return .plot(plot)
        }
    }

    /// The numbers of the confirmed tracks at each second; time passes by the second, as in a node, and another aircraft
    /// is always heard.
    private static func numbers(_ reports: [SensorReport], seconds: Int = 90, firstLag: Double = 0) -> [[TrackID]] {
        var tracker = Tracker(sensors: [receiver(1, at: Self.site)])
        var changes: [TrackChange] = []
        return (0..<seconds).map { second in
            let now = Timestamp(seconds: 1_000 + Double(second))
            let far = Self.site.moved(distance: 100_000 + 200 * Double(second), azimuth: 4)
            var other = Plot(
                sensor: SensorID(sac: 2, sic: 1), measuredAt: now.advanced(by: second == 0 ? firstLag : 0),
                receivedAt: now,
                kind: .broadcast,
                measurement: .geodetic(latitude: far.latitude, longitude: far.longitude, deviation: 30),
                pressureAltitude: 9_000, identity: Identity(address: ICAOAddress(0x34_0002)))
            other.velocity = Plot.Velocity(north: 200 * cos(4.0), east: 200 * sin(4.0), deviation: 3)
            let chunk = reports.filter { $0.receivedAt == now } + [.plot(other)]
            tracker.process(chunk.span, now: now, into: &changes)
            var numbers: [TrackID] = []
            tracker.forEachTrack(predictedTo: now) { track in
                if track.address?.value == ICAOAddress(0x34_0001) { numbers.append(track.id) }
            }
            return numbers
        }
    }

    @Test("a clock that jumps does not blind the only sensor", arguments: [1.0, -1.7, 20])
    func clock(jump: Double) {
        // The first plot of another is stamped otherwise than all that follow; then a new aircraft comes.
        let numbers = Self.numbers(Self.broadcasts(isHeard: { $0 >= 30 }), firstLag: jump)
        #expect(numbers[35...].allSatisfy { $0.count == 1 })
    }

    @Test("an aircraft that says that it may be miles off keeps its one track")
    func inexact() {
        let numbers = Self.numbers(Self.broadcasts(deviation: 7_566))
        #expect(numbers[5...].allSatisfy { $0.count == 1 })
        #expect(Set(numbers.joined()).count == 1)
    }

    @Test("a gap in what is broadcast does not end a track", arguments: [8, 12, 18])
    func gap(length: Int) {
        let numbers = Self.numbers(Self.broadcasts(isHeard: { !(40..<40 + length).contains($0) }))
        #expect(numbers[5...].allSatisfy { $0.count == 1 })
        #expect(Set(numbers.joined()).count == 1)
    }
}
