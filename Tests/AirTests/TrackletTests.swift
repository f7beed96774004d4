import Air
import Geodesy
import Testing

@Suite("A tracklet")
struct TrackletTests {
    /// A tracklet of one measured place (and velocity), so many metres from 50° N 8° E.
    static func tracklet(
        _ place: (east: Double, north: Double), velocity: (east: Double, north: Double)? = nil, at time: Double,
        sequence: UInt32 = 1, noise: Double = 1
    ) -> Tracklet {
        guard let nation = Nation("jp") else { preconditionFailure("two letters are a nation") }
        var tracklet = Tracklet(
            originator: nation, track: TrackID(7), epoch: 1, sequence: sequence,
            from: Timestamp(seconds: time - 1), measuredAt: Timestamp(seconds: time),
            position: Geodetic(latitudeDegrees: 50, longitudeDegrees: 8, height: 9_000))
        tracklet.information[0, 0] = 1 / 2_500.0
        tracklet.information[1, 1] = 1 / 10_000.0
        if velocity != nil {
            tracklet.information[2, 2] = 0.04
            tracklet.information[3, 3] = 0.04
        }
        var x = Vector<4>.zero
        (x[0], x[1]) = place
        (x[2], x[3]) = velocity ?? (0, 0)
        tracklet.vector = tracklet.information * x
        tracklet.vertical.heightInformation = 0.01
        tracklet.vertical.heightVector = 90
        tracklet.accelerationNoise = noise
        tracklet.plotCount = 1
        return tracklet
    }

    static func estimate(_ t: Tracklet) throws -> Vector<4> { try t.information.solved(t.vector) }

    @Test("two that follow one another add up to a place and a velocity, where neither told a velocity")
    func sum() throws {
        let first = Self.tracklet((0, 0), at: 100, sequence: 1, noise: 1e-9)
        let second = Self.tracklet((2_000, 1_000), at: 110, sequence: 2, noise: 1e-9)
        let sum = first.combined(with: second)
        #expect(sum.isSound)
        #expect(sum.sequence == 1...2)
        #expect(sum.plotCount == 2)
        #expect(sum.from == first.from && sum.measuredAt == second.measuredAt)
        let x = try Self.estimate(sum)
        #expect(abs(x[0] - 2_000) < 1e-3 && abs(x[1] - 1_000) < 1e-3)
        #expect(abs(x[2] - 200) < 1e-3 && abs(x[3] - 100) < 1e-3)
        #expect(abs(sum.vertical.heightVector / sum.vertical.heightInformation - 9_000) < 600)
    }

    @Test("adding is the same from the left and from the right")
    func associative() {
        let a = Self.tracklet((0, 0), at: 100, sequence: 1), b = Self.tracklet((900, 400), at: 105, sequence: 2)
        let c = Self.tracklet((2_000, 1_000), at: 110, sequence: 3)
        let left = a.combined(with: b).combined(with: c)
        let right = a.combined(with: b.combined(with: c))
        // Not to the last bit: noise enters in two steps on the one side, at once on the other.
        for i in 0..<4 {
            #expect(abs(left.information[i, i] - right.information[i, i]) <= 0.2 * left.information[i, i])
        }
        #expect(left.sequence == right.sequence && left.plotCount == right.plotCount)
    }

    @Test("information fades with the time that it is moved over, and never grows", arguments: [-8.0, -1, 1, 5, 60])
    func fades(t: Double) throws {
        let before = Self.tracklet((50, -20), velocity: (200, 30), at: 100, noise: 5)
        let after = before.moved(to: Timestamp(seconds: 100 + t))
        #expect(after.isSound)
        let x = try Self.estimate(after)
        #expect(abs(x[0] - 50 - 200 * t) < 1e-6 * (1 + abs(t)) * 1e3 && abs(x[2] - 200) < 1e-6)
        #expect(after.information[0, 0] < before.information[0, 0])
        // The covariance is that of a Kalman prediction.
        let covariance = try after.information.inverted()
        let s = abs(t)
        #expect(abs(covariance[0, 0] - (2_500 + 25 * t * t + 5 * s * s * s / 3)) < 1e-6 * covariance[0, 0])
        #expect(abs(covariance[0, 2] - (25 * t + 5 * t * s / 2)) < 1e-6 * covariance[0, 0])
    }

    @Test("a place without a velocity stays without when it is moved")
    func rank() {
        let moved = Self.tracklet((50, -20), at: 100).moved(to: Timestamp(seconds: 103))
        let m = moved.information
        #expect(abs(m[0, 0] * m[2, 2] - m[0, 2] * m[0, 2]) < 1e-9 * m[0, 0] * m[2, 2])
        #expect(moved.isSound)
    }

    @Test("another origin changes the numbers and not the place")
    func replanted() throws {
        let before = Self.tracklet((1_000, 2_000), velocity: (200, 30), at: 100)
        let there = Geodetic(latitudeDegrees: 50.1, longitudeDegrees: 8.1, height: 9_000)
        let after = before.replanted(at: there)
        let x = try Self.estimate(before), y = try Self.estimate(after)
        func place(_ origin: Geodetic, _ x: Vector<4>) -> Geocentric {
            let frame = LocalFrame(origin: Geodetic(latitude: origin.latitude, longitude: origin.longitude))
            let drop = (x[0] * x[0] + x[1] * x[1]) / (2 * 6_380_000)
            return frame.place(at: EastNorthUp(east: x[0], north: x[1], up: 9_000 - drop))
        }
        #expect(place(before.position, x).distance(to: place(after.position, y)) < 0.5)
        let speeds = (x[2] * x[2] + x[3] * x[3], y[2] * y[2] + y[3] * y[3])
        #expect(abs(speeds.0 - speeds.1) < 1e-6 * speeds.0)
    }

    @Test("coarsened, it tells the same place less surely")
    func diluted() throws {
        let before = Self.tracklet((50, -20), velocity: (200, 30), at: 100)
        let after = before.diluted(by: 1_000 * 1_000)
        let x = try Self.estimate(after), covariance = try after.information.inverted()
        #expect(abs(x[0] - 50) < 1e-6 && abs(covariance[0, 0] - 1_002_500) < 1)
    }

    @Test("numbers that no track has are refused")
    func unsound() {
        let sound = Self.tracklet((50, -20), at: 100)
        #expect(sound.isSound)
        func broken(_ change: (inout Tracklet) -> Void) -> Bool {
            var tracklet = sound
            change(&tracklet)
            return !tracklet.isSound
        }
        #expect(broken { $0.information[0, 0] = .nan })
        #expect(broken { $0.information[0, 0] = -1 })
        #expect(broken { $0.information[0, 1] = 1e-4 })
        #expect(broken { ($0.information[0, 1], $0.information[1, 0]) = (1, 1) })
        #expect(broken { $0.vector[3] = .infinity })
        #expect(broken { $0.vertical.crossInformation = .nan })
        #expect(broken { $0.position.latitude = .nan })
        #expect(broken { $0.accelerationNoise = -1 })
        #expect(broken { $0.evidence = .nan })
        #expect(broken { $0.from = Timestamp(seconds: 200) })
        #expect(broken { $0.geometricHeight = Track.Aged(.nan, at: $0.from) })
    }
}
