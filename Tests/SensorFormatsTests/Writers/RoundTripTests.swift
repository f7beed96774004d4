import Air
import Geodesy
import Testing

@testable import SensorFormats

/// Numbers for tests, from a seed (SplitMix64, Steele, Lea and Flood 2014).
struct Draw: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// nil in one of three.
    mutating func perhaps<Value>(_ value: (inout Draw) -> Value) -> Value? {
        Int.random(in: 0..<3, using: &self) == 0 ? nil : value(&self)
    }

    mutating func within(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }

    mutating func callsign() -> Callsign? {
        let letters = Array("ABCXYZ0189")
        return Callsign(
            String((0..<Int.random(in: 1...8, using: &self)).map { _ in letters.randomElement(using: &self) ?? "A" }))
    }

    mutating func identity() -> Identity {
        Identity(
            address: self.perhaps { ICAOAddress(UInt32.random(in: 1..<0xFF_FFFF, using: &$0)) },
            mode3A: self.perhaps { Mode3A(UInt16.random(in: 0..<4096, using: &$0)) }, callsign: self.callsign())
    }
}

/// Near midnight, so that times of day wrap.
private let midnight = Timestamp(seconds: 1_795_219_200)

/// The reports that the bytes of `reports` decode to, in order.
private func decoded(_ reports: [SensorReport], receivedAt: Timestamp) -> [SensorReport] {
    var writer = AsterixWriter()
    for report in reports { writer.append(report) }
    #expect(writer.unwritten == 0)
    var decoder = AsterixDecoder()
    var result: [SensorReport] = []
    var problems: [AsterixProblem] = []
    writer.takeDatagrams { _, bytes in
        decoder.decode(bytes, receivedAt: receivedAt, into: &result, problems: &problems)
    }
    #expect(problems.isEmpty)
    return result
}

private func isNear(_ a: Double?, _ b: Double?, _ lsb: Double) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): abs(a - b) <= lsb / 2 * 1.000_001
    default: false
    }
}

private func isNear(_ a: Timestamp, _ b: Timestamp) -> Bool { abs(a.seconds(since: b)) <= 0.5 / 128 + 1e-6 }

@Suite struct RoundTripTests {
    @Test("a radar's plot comes back within the steps of its items", arguments: 0..<20 as Range<UInt64>)
    func radar(seed: UInt64) {
        var draw = Draw(state: seed)
        var sent: [Plot] = []
        for _ in 0..<200 {
            var plot = Plot(
                sensor: SensorID(sac: 210, sic: 7), measuredAt: midnight.advanced(by: draw.within(-5...5)),
                receivedAt: midnight, kind: [.primary, .secondary, .combined].randomElement(using: &draw) ?? .primary,
                measurement: .polar(
                    range: draw.within(0...474_000), azimuth: draw.within(0...6.283_185), elevation: nil))
            if plot.kind != .primary {
                plot.identity = draw.identity()
                plot.pressureAltitude = draw.perhaps { $0.within(-600...20_000) }
                plot.hasIdentPulse = draw.perhaps { _ in true } ?? false
                plot.sensorTrackNumber = draw.perhaps { UInt16.random(in: 0..<4096, using: &$0) }
            }
            if plot.identity.address != nil {
                if plot.kind == .secondary { plot.kind = .modeS }
                plot.isOnGround = !plot.hasIdentPulse && (draw.perhaps { _ in true } ?? false)
            }
            plot.geometricHeight = draw.perhaps { $0.within(-100...30_000) }
            sent.append(plot)
        }
        let received = decoded(sent.map { .plot($0) }, receivedAt: midnight)
        #expect(received.count == sent.count)
        for (report, plot) in zip(received, sent) {
            guard case .plot(let back) = report, case .polar(let r1, let a1, _) = back.measurement,
                case .polar(let r2, let a2, _) = plot.measurement
            else {
                Issue.record("\(report) for \(plot)")
                continue
            }
            #expect(back.sensor == plot.sensor && back.kind == plot.kind && back.identity == plot.identity)
            #expect(isNear(back.measuredAt, plot.measuredAt))
            #expect(isNear(r1, r2, 1852 / 256))
            #expect(isNear(wrappedAngle(a1 - a2), 0, 2 * .pi / 65_536))
            #expect(isNear(back.pressureAltitude, plot.pressureAltitude, 25 * 0.3048))
            #expect(isNear(back.geometricHeight, plot.geometricHeight, 25 * 0.3048))
            #expect(back.sensorTrackNumber == plot.sensorTrackNumber)
            #expect(back.isOnGround == plot.isOnGround && back.hasIdentPulse == plot.hasIdentPulse)
        }
    }

    @Test("an ADS-B plot comes back within the steps of its items", arguments: 0..<20 as Range<UInt64>)
    func broadcast(seed: UInt64) {
        var draw = Draw(state: seed)
        var sent: [Plot] = []
        for _ in 0..<200 {
            let radius: Double = [3.0, 10, 30, 92.6, 185.2, 555.6].randomElement(using: &draw) ?? 30
            let bound: Double = [0.3, 1.0, 3, 10].randomElement(using: &draw) ?? 1
            var plot = Plot(
                sensor: SensorID(sac: 210, sic: 21), measuredAt: midnight.advanced(by: draw.within(-5...5)),
                receivedAt: midnight, kind: .broadcast,
                measurement: .geodetic(
                    latitude: draw.within(-1.57...1.57), longitude: draw.within(-3.1415...3.1415),
                    deviation: radius / NavigationAccuracy.radius95), identity: draw.identity())
            plot.pressureAltitude = draw.perhaps { $0.within(-400...40_000) }
            plot.geometricHeight = draw.perhaps { $0.within(-400...40_000) }
            plot.velocity = draw.perhaps {
                Plot.Velocity(
                    north: $0.within(-400...400), east: $0.within(-400...400),
                    deviation: bound / NavigationAccuracy.radius95)
            }
            plot.climbRate = draw.perhaps { $0.within(-80...80) }
            plot.sensorTrackNumber = draw.perhaps { UInt16.random(in: 0..<4096, using: &$0) }
            plot.isOnGround = Bool.random(using: &draw)
            plot.hasIdentPulse = Bool.random(using: &draw)
            sent.append(plot)
        }
        let received = decoded(sent.map { .plot($0) }, receivedAt: midnight)
        #expect(received.count == sent.count)
        for (report, plot) in zip(received, sent) {
            guard case .plot(let back) = report, case .geodetic(let lat1, let lon1, let dev1) = back.measurement,
                case .geodetic(let lat2, let lon2, let dev2) = plot.measurement
            else {
                Issue.record("\(report) for \(plot)")
                continue
            }
            #expect(back.sensor == plot.sensor && back.kind == .broadcast && back.identity == plot.identity)
            #expect(isNear(back.measuredAt, plot.measuredAt))
            #expect(isNear(lat1, lat2, .pi / 0x4000_0000) && isNear(lon1, lon2, .pi / 0x4000_0000))
            #expect(abs(dev1 / dev2 - 1) < 0.01)
            #expect(isNear(back.pressureAltitude, plot.pressureAltitude, 25 * 0.3048))
            #expect(isNear(back.geometricHeight, plot.geometricHeight, 6.25 * 0.3048))
            #expect(isNear(back.climbRate, plot.climbRate, 6.25 * 0.3048 / 60))
            #expect((back.velocity == nil) == (plot.velocity == nil))
            if let a = back.velocity, let b = plot.velocity {
                // Half a step of speed, and half a step of direction at 570 m/s.
                #expect(abs(a.north - b.north) < 0.1 && abs(a.east - b.east) < 0.1)
                #expect(abs(a.deviation / b.deviation - 1) < 0.01)
            }
            #expect(back.sensorTrackNumber == plot.sensorTrackNumber)
            #expect(back.isOnGround == plot.isOnGround && back.hasIdentPulse == plot.hasIdentPulse)
        }
    }

    @Test("crossings, north markers and statuses come back, a sensor's in its order")
    func service() throws {
        let sensor = SensorID(sac: 210, sic: 2)
        let site = Geodetic(latitudeDegrees: 35.83, longitudeDegrees: 140.58, height: 60)
        var sent: [SensorReport] = []
        for sector in 0..<64 {
            let time = midnight.advanced(by: Double(sector) * 0.25 - 8)
            if sector % 32 == 0 {
                sent.append(
                    .status(
                        SensorStatus(
                            sensor: sensor, measuredAt: time, receivedAt: midnight, isOperational: sector == 0,
                            site: site)))
            }
            sent.append(
                .sector(
                    SectorCrossing(
                        sensor: sensor, measuredAt: time, receivedAt: midnight,
                        azimuth: Double(sector % 32) * .pi / 16, period: sector % 32 == 0 ? 8 : nil)))
        }
        let received = decoded(sent, receivedAt: midnight)
        let crossings = received.compactMap { if case .sector(let crossing) = $0 { crossing } else { nil } }
        let sentCrossings = sent.compactMap { if case .sector(let crossing) = $0 { crossing } else { nil } }
        #expect(crossings == sentCrossings)
        let statuses = received.compactMap { if case .status(let status) = $0 { status } else { nil } }
        #expect(statuses.map(\.isOperational) == [true, false])
        let place = try #require(statuses.first?.site)
        #expect(abs(place.latitude - site.latitude) < .pi / 8_388_608)
        #expect(abs(place.longitude - site.longitude) < .pi / 8_388_608)
        #expect(place.height == 60)
    }

    @Test("an aircraft's broadcasts come back through Beast, CPR and all", arguments: [35.6, -33.9, 60.2, 0.01])
    func beast(latitude: Double) throws {
        var writer = BeastWriter()
        var reader = BeastReader()
        var decoder = ModeSDecoder(.init(sensor: SensorID(sac: 1, sic: 9)))
        var worst = 0.0
        var positions = 0
        let address = ICAOAddress(0x84_1A1A)
        let callsign = try #require(Callsign("JAL516"))
        for second in 0..<60 {
            let time = midnight.advanced(by: 3600 + Double(second))
            let place = Geodetic(
                latitudeDegrees: latitude, longitudeDegrees: 139.9 + Double(second) * 0.002, height: 10_000)
            writer.append(
                Plot(
                    sensor: SensorID(sac: 1, sic: 9), measuredAt: time, receivedAt: time, kind: .broadcast,
                    measurement: .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: 12),
                    pressureAltitude: 10_058.4, geometricHeight: 10_058.4 + 152.4,
                    velocity: .init(north: -30, east: 200, deviation: 1.2), climbRate: -5,
                    identity: Identity(address: address, callsign: callsign)))
            var reports: [SensorReport] = []
            writer.take { bytes in
                reader.read(bytes) { decoder.decode($0.frame, receivedAt: time, into: &reports) }
            }
            for report in reports {
                guard case .plot(let plot) = report,
                    case .geodetic(let latitude, let longitude, _) = plot.measurement
                else { continue }
                positions += 1
                worst = max(
                    worst, Geodetic(latitude: latitude, longitude: longitude).geodesic(to: place).distance)
                #expect(plot.identity.address == address)
                #expect(abs((plot.pressureAltitude ?? 0) - 10_058.4) < 4)
                guard second > 10 else { continue }
                #expect(plot.identity.callsign == callsign)
                #expect(abs((plot.velocity?.north ?? 0) + 30) < 0.3 && abs((plot.velocity?.east ?? 0) - 200) < 0.3)
                #expect(abs((plot.climbRate ?? 0) + 5) < 0.17)
                #expect(abs((plot.geometricHeight ?? 0) - 10_210.8) < 8)
            }
        }
        #expect(positions > 50)
        #expect(worst < 5.1)
        #expect(reader.garbageBytes == 0 && reader.frameCount == 132)
    }
}
