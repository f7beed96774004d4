import Testing

@testable import Geodesy

@Suite("Ellipsoid and frames")
struct EllipsoidTests {
    @Test(
        "the corners of the ellipsoid are where they belong",
        arguments: [
            (0.0, 0.0, 0.0, 6_378_137.0, 0.0, 0.0),
            (0.0, 90.0, 100.0, 0.0, 6_378_237.0, 0.0),
            (90.0, 0.0, 0.0, 0.0, 0.0, 6_356_752.314245),
            (-90.0, 0.0, 1000.0, 0.0, 0.0, -6_357_752.314245),
        ])
    func corners(latitude: Double, longitude: Double, height: Double, x: Double, y: Double, z: Double) {
        let place = Geocentric(
            Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height))
        #expect(place.distance(to: Geocentric(x: x, y: y, z: z)) < 1e-6)
    }

    @Test("there and back is within a micrometre, from the deepest sea to space", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let place = Geodetic(
            latitudeDegrees: .random(in: -90...90, using: &random),
            longitudeDegrees: .random(in: -180...180, using: &random),
            height: .random(in: -10_000...1_000_000, using: &random))
        let back = Geodetic(Geocentric(place))
        #expect(Geocentric(back).distance(to: Geocentric(place)) < 1e-6)
        #expect(abs(back.height - place.height) < 1e-6)
    }

    @Test("the Earth's centre and the poles are places, not numbers that are none")
    func degenerate() {
        for z in [0, 6_356_752.0, -6_356_752.0] {
            let place = Geodetic(Geocentric(x: 0, y: 0, z: z))
            #expect(place.latitude.isFinite && place.longitude.isFinite && place.height.isFinite)
        }
    }

    /// Geoscience Australia, "Geodetic calculation methods", Flinders Peak to Buninyong (GRS80; WGS-84 differs by
    /// a tenth of a millimetre over the Earth's axis).
    @Test("the geodesic from Flinders Peak to Buninyong")
    func vincenty() {
        func degrees(_ d: Double, _ m: Double, _ s: Double) -> Double { d + m / 60 + s / 3600 }
        let flinders = Geodetic(
            latitudeDegrees: -degrees(37, 57, 3.72030), longitudeDegrees: degrees(144, 25, 29.52440))
        let buninyong = Geodetic(
            latitudeDegrees: -degrees(37, 39, 10.15610), longitudeDegrees: degrees(143, 55, 35.38390))
        let line = flinders.geodesic(to: buninyong)
        #expect(abs(line.distance - 54_972.271) < 1e-3)
        #expect(abs(line.azimuth * 180 / .pi + 360 - degrees(306, 52, 5.37)) < 1e-5)
        #expect(abs(line.finalAzimuth * 180 / .pi + 180 - degrees(127, 10, 25.07)) < 1e-5)
        let reached = flinders.moved(distance: line.distance, azimuth: line.azimuth)
        #expect(Geocentric(reached).distance(to: Geocentric(buninyong)) < 1e-3)
    }

    @Test("moved and measured agree, also over the date line and near the poles", arguments: 0..<200 as Range<UInt64>)
    func geodesics(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let start = Geodetic(
            latitudeDegrees: .random(in: -89...89, using: &random),
            longitudeDegrees: .random(in: -180...180, using: &random))
        let distance = Double.random(in: 1...15_000_000, using: &random)
        let end = start.moved(distance: distance, azimuth: .random(in: -3...3, using: &random))
        #expect(abs(start.geodesic(to: end).distance - distance) < 1e-3)
    }

    @Test("nearly antipodal places get the great circle")
    func antipodal() {
        let line = Geodetic(latitudeDegrees: 0, longitudeDegrees: 0).geodesic(
            to: Geodetic(latitudeDegrees: 0.5, longitudeDegrees: 179.7))
        #expect(abs(line.distance / 19_936_288 - 1) < 0.006)
    }

    @Test("a displacement comes back through a frame", arguments: 0..<100 as Range<UInt64>)
    func frame(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let frame = LocalFrame(
            origin: Geodetic(
                latitudeDegrees: .random(in: -90...90, using: &random),
                longitudeDegrees: .random(in: -180...180, using: &random), height: 500))
        let d = EastNorthUp(
            east: .random(in: -4e5...4e5, using: &random), north: .random(in: -4e5...4e5, using: &random),
            up: .random(in: -1e4...2e4, using: &random))
        let back = frame.displacement(of: frame.place(at: d))
        #expect(abs(back.east - d.east) < 1e-6 && abs(back.north - d.north) < 1e-6 && abs(back.up - d.up) < 1e-6)
        let again = EastNorthUp(Polar(d))
        #expect(abs(again.east - d.east) < 1e-6 && abs(again.north - d.north) < 1e-6 && abs(again.up - d.up) < 1e-6)
    }

    @Test("north, east and up of a frame point there")
    func axes() {
        let origin = Geodetic(latitudeDegrees: 35, longitudeDegrees: 139)
        let frame = LocalFrame(origin: origin)
        let north = frame.displacement(of: Geodetic(latitudeDegrees: 35.001, longitudeDegrees: 139))
        #expect(north.north > 110 && abs(north.east) < 1e-6)
        let east = frame.displacement(of: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139.001))
        #expect(east.east > 90 && abs(east.north) < 1)
        #expect(
            abs(frame.displacement(of: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139, height: 7)).up - 7) < 1e-6)
    }

    @Test("a slant range with a height is put at that height and range", arguments: 0..<200 as Range<UInt64>)
    func slantRange(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let frame = LocalFrame(
            origin: Geodetic(
                latitudeDegrees: .random(in: -80...80, using: &random), longitudeDegrees: 139,
                height: .random(in: 0...1500, using: &random)))
        let range = Double.random(in: 30_000...470_000, using: &random)
        let height = Double.random(in: 0...15_000, using: &random)
        let place = frame.place(range: range, azimuth: .random(in: 0...6.28, using: &random), height: height)
        #expect(abs(Geodetic(place).height - height) < 0.01)
        #expect(abs(place.distance(to: frame.centre) - range) < 1e-6)
    }

    @Test("an aircraft higher than the slant range is put straight above, at the range")
    func overhead() {
        let frame = LocalFrame(origin: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139))
        let place = frame.place(range: 5000, azimuth: 1, height: 12_000)
        #expect(abs(place.distance(to: frame.centre) - 5000) < 1e-6)
    }

    @Test(
        "an angle is wrapped into (−π, π]",
        arguments: [(0, 0), (1, 1), (-1, 1), (3, 1), (3.5, -0.5), (-3.5, 0.5), (-1.5, 0.5), (1001.25, -0.75)]
            as [(Double, Double)])
    func wrapped(turnsTimesTwo: Double, expected: Double) {
        #expect(abs(wrappedAngle(turnsTimesTwo * .pi) - expected * .pi) < 1e-9)
    }
}
