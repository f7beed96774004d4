import Air
import Geodesy
import Releasability
import Testing

@Suite("Released plots")
struct PlotReleaseTests {
    private static let noon = Timestamp(seconds: 1_795_262_400)
    private static let hidden = SensorID(sac: 0, sic: 0)

    private static func plot(_ measurement: Plot.Measurement) -> Plot {
        var plot = Plot(
            sensor: SensorID(sac: 20, sic: 129), measuredAt: noon.advanced(by: 7.25),
            receivedAt: noon.advanced(by: 7.75),
            kind: .broadcast, measurement: measurement, pressureAltitude: 9_000, geometricHeight: 9_100,
            velocity: Plot.Velocity(north: 0, east: 200, deviation: 5), climbRate: 3,
            identity: Identity(address: ICAOAddress(0x84_0001)), sensorTrackNumber: 77, hasIdentPulse: true)
        plot.dopplerSpeed = 12
        plot.labels = LabelSet(number: 5)
        return plot
    }

    private static let broadcast = plot(.geodetic(latitude: 0.6, longitude: 2.4, deviation: 20))
    private static let echo = plot(.polar(range: 80_000, azimuth: 1, elevation: 0.1))

    @Test("an echo has no place to decide by; a broadcast has, with the height that it says")
    func spots() {
        #expect(!Self.echo.spot.hasPosition && Self.echo.spot.position.height.isNaN)
        #expect(Self.broadcast.spot.hasPosition && Self.broadcast.spot.position.height == 9_100)
        var bare = Self.broadcast
        bare.geometricHeight = nil
        #expect(bare.spot.position.height == 9_000)
        bare.pressureAltitude = nil
        #expect(bare.spot.position.height.isNaN)
    }

    @Test("unredacted it is what it was, but for the numbers of its labels")
    func whole() throws {
        for plot in [Self.broadcast, Self.echo] {
            var expected = plot
            expected.labels = .unlabelled
            #expect(plot.redacted(Redactions(), numbered: Self.hidden) == expected)
        }
    }

    @Test("identities and heights are taken from both; of an echo nothing can be taken of place, time and sensor")
    func parts() throws {
        for plot in [Self.broadcast, Self.echo] {
            let anonymous = try #require(plot.redacted(Redactions(parts: .identities), numbered: Self.hidden))
            #expect(anonymous.identity == Identity() && anonymous.sensorTrackNumber == nil && !anonymous.hasIdentPulse)
            let flat = try #require(plot.redacted(Redactions(parts: .height), numbered: Self.hidden))
            #expect(flat.pressureAltitude == nil && flat.geometricHeight == nil && flat.climbRate == nil)
        }
        let flat = try #require(Self.echo.redacted(Redactions(parts: .height), numbered: Self.hidden))
        #expect(flat.measurement == .polar(range: 80_000, azimuth: 1, elevation: nil))
        for redactions in [Redactions(positionGrid: 1000), Redactions(timeGrid: 1000), Redactions(parts: .sensors)] {
            #expect(Self.echo.redacted(redactions, numbered: Self.hidden) == nil)
        }
        let secret = try #require(Self.broadcast.redacted(Redactions(parts: .sensors), numbered: Self.hidden))
        #expect(secret.sensor == Self.hidden && secret.kind == .systemTrack && secret.dopplerSpeed == nil)
        #expect(secret.measurement == Self.broadcast.measurement && secret.measuredAt == Self.broadcast.measuredAt)
    }

    @Test("on a grid all plots of a cell are one place, and the time goes back with the place")
    func grid() throws {
        var places: Set<Plot.Measurement> = []
        for step in 0..<20 {
            let plot = Self.plot(
                .geodetic(latitude: 0.6 + 1e-6 * Double(step), longitude: 2.4, deviation: Double(step)))
            let coarse = try #require(plot.redacted(Redactions(positionGrid: 10_000), numbered: Self.hidden))
            places.insert(coarse.measurement)
            #expect(coarse.measuredAt == Self.noon.advanced(by: 7) && coarse.receivedAt == Self.noon.advanced(by: 7))
            #expect(coarse.sensor == Self.hidden)
        }
        #expect(places.count <= 2)
        let late = try #require(Self.broadcast.redacted(Redactions(timeGrid: 10_000), numbered: Self.hidden))
        guard case .geodetic(let latitude, let longitude, let deviation) = late.measurement else {
            Issue.record("a broadcast position stays one")
            return
        }
        #expect(late.measuredAt == Self.noon && late.sensor == Self.broadcast.sensor && deviation == 20)
        // 7.25 s at 200 m/s to the west.
        let moved = (2.4 - longitude) * cosine(0.6) * 6_378_000
        #expect(abs(moved - 1_450) < 10 && abs(latitude - 0.6) < 1e-6, "\(moved)")
        var still = Self.broadcast
        still.velocity = nil
        let wide = try #require(still.redacted(Redactions(timeGrid: 10_000), numbered: Self.hidden))
        guard case .geodetic(_, _, let reach) = wide.measurement else { return }
        #expect(reach > 2_000 && reach < 2_500)
    }

    @Test("numbers that are none do not go where something is taken")
    func broken() {
        let plot = Self.plot(.geodetic(latitude: 0.6, longitude: 2.4, deviation: .nan))
        #expect(plot.redacted(Redactions(positionGrid: 1000), numbered: Self.hidden) == nil)
        var mad = Self.broadcast
        mad.velocity = Plot.Velocity(north: .infinity, east: 0, deviation: 1)
        #expect(mad.redacted(Redactions(timeGrid: 1000), numbered: Self.hidden) == nil)
    }

    private func cosine(_ x: Double) -> Double { 1 - x * x / 2 + x * x * x * x / 24 - x * x * x * x * x * x / 720 }
}
