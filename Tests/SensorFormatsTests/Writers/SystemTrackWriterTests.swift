import Air
import Geodesy
import Testing

@testable import SensorFormats

/// 2026-11-21, 01:00:00 UTC: 3,600 s of the day are 0x070800 of 1/128 s.
private let hour = Timestamp(seconds: 1_795_219_200 + 3600)
private let system = SensorID(sac: 210, sic: 99)

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: " ")
}

private func datagrams(_ writer: inout SystemTrackWriter) -> [[UInt8]] {
    var result: [[UInt8]] = []
    writer.takeDatagrams { bytes in result.append((0..<bytes.count).map { bytes[$0] }) }
    return result
}

/// A track over 45° N 90° E that flies north-east and climbs, with round numbers throughout.
private func track(_ id: UInt32, _ status: Track.Status = .confirmed) -> Track {
    var track = Track(
        id: TrackID(id), status: status, measuredAt: hour, receivedAt: hour,
        position: Geodetic(latitudeDegrees: 45, longitudeDegrees: 90, height: 10_668))
    track.bornAt = hour.advanced(by: -10)
    track.velocity = EastNorthUp(east: 100, north: 200, up: 1.5875)
    track.covariance = Matrix([[400, -100, 0, 0], [-100, 900, 0, 0], [0, 0, 1, 0], [0, 0, 0, 4]])
    track.heightVariance = 30.48 * 30.48
    track.climbVariance = 0.3175 * 0.3175
    track.pressureAltitude = Track.Aged(10_668, at: hour.advanced(by: -1))
    track.address = Track.Aged(ICAOAddress(0x84_0001), at: hour)
    track.callsign = Callsign("ANA123").map { Track.Aged($0, at: hour) }
    track.mode3A = Track.Aged(Mode3A(0o2654), at: hour.advanced(by: -2))
    track.lastKind = .combined
    track.contribute(sensor: SensorID(sac: 1, sic: 1), measuredAt: hour.advanced(by: -0.5))
    return track
}

@Suite struct SystemTrackWriterTests {
    @Test("a track is a record of category 062, byte for byte")
    func record() {
        var writer = SystemTrackWriter(source: system)
        writer.append(track(7))
        #expect(
            hex(datagrams(&writer)[0])
                == "3E 00 47 "
                // 010 015 070 105 185 FX, 060 380 040 080 290 FX, 200 295 136 135 220 FX, 500
                + "BB 5F ED 04 D2 63 01 07 08 00 00 80 00 00 01 00 00 00 01 90 03 20 "
                // MON and FX, TSB; the ages of the track, of PSR and Mode S; climbing
                + "05 AC C0 84 00 01 04 E0 71 CB 38 20 00 01 81 20 D0 28 02 02 F4 "
                // ages of level and code, measured and calculated level, 312.5 ft/min
                + "90 04 08 05 78 05 78 00 32 "
                // 20 m and 30 m, covariance −10 m², as angles, 1 FL, 1 and 2 m/s, 62.5 ft/min
                + "ED 80 00 28 00 3C FF EC 00 32 00 2F 04 04 08 0A")
    }

    @Test("what a consumer reads is what the tracker holds, within the wire's steps")
    func roundTrip() throws {
        var writer = SystemTrackWriter(source: system)
        var sent = track(1)
        sent.geometricHeight = Track.Aged(10_700, at: hour)
        sent.isOnGround = true
        writer.append(sent)
        let plots = decoded(datagrams(&writer))
        let plot = try #require(plots.first)
        #expect(plots.count == 1 && plot.kind == .systemTrack && plot.sensor == system)
        #expect(plot.measuredAt == hour && plot.sensorTrackNumber == 1 && plot.isOnGround)
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else {
            Issue.record("\(plot.measurement)")
            return
        }
        #expect(abs(latitude - .pi / 4) < 1e-7 && abs(longitude - .pi / 2) < 1e-7)
        #expect(abs(deviation - ((400.0 + 900) / 2).squareRoot()) < 0.5)
        #expect(plot.velocity?.east == 100 && plot.velocity?.north == 200)
        #expect(plot.identity.address == ICAOAddress(0x84_0001) && plot.identity.mode3A == Mode3A(0o2654))
        #expect(plot.identity.callsign == Callsign("ANA123"))
        #expect(abs((plot.pressureAltitude ?? 0) - 10_668) < 4)
        #expect(abs((plot.geometricHeight ?? 0) - 10_668) < 1)
        #expect(abs((plot.climbRate ?? 0) - 1.5875) < 0.02)
    }

    private func decoded(_ datagrams: [[UInt8]]) -> [Plot] {
        var decoder = AsterixDecoder()
        var reports: [SensorReport] = []
        var problems: [AsterixProblem] = []
        for datagram in datagrams {
            decoder.decode(datagram.span, receivedAt: hour, into: &reports, problems: &problems)
        }
        #expect(problems.isEmpty)
        return reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
    }

    @Test("a track that is dropped is told once more, with TSE; one that was never told is not")
    func lastReport() {
        var writer = SystemTrackWriter(source: system)
        writer.append(track(1))
        writer.append(track(2, .tentative))
        #expect(writer.count == 1)
        _ = datagrams(&writer)
        writer.drop(TrackID(2), at: hour)
        writer.drop(TrackID(1), at: hour)
        writer.drop(TrackID(1), at: hour)
        #expect(
            hex(datagrams(&writer)[0])
                == "3E 00 17 B9 0C D2 63 01 07 08 00 00 80 00 00 01 00 00 00 00 01 01 40")
        #expect(writer.count == 0)
    }

    @Test("an exercise says of every track that it is simulated, and a consumer of live data takes none")
    func simulated() {
        var writer = SystemTrackWriter(source: system, isSimulated: true)
        writer.append(track(1))
        writer.append(track(2))
        writer.drop(TrackID(2), at: hour)
        #expect(decoded(datagrams(&writer)).isEmpty)
    }

    @Test("a number belongs to one track at a time, goes round, and is counted when there is none left")
    func numbers() {
        var writer = SystemTrackWriter(source: system, tellsTentative: true, datagramMax: 9000)
        for id in 1...65_540 as ClosedRange<UInt32> { writer.append(track(id, .tentative)) }
        #expect(writer.count == 65_535 && writer.unnumbered == 5)
        writer.drop(TrackID(10), at: hour)
        _ = datagrams(&writer)
        writer.append(track(70_000))
        let plots = decoded(datagrams(&writer))
        #expect(plots.map(\.sensorTrackNumber) == [10])
    }

    @Test("the same, from a few: a number that has become free is not the next to be used")
    func goesRound() {
        var writer = SystemTrackWriter(source: system)
        writer.append(track(1))
        writer.drop(TrackID(1), at: hour)
        writer.append(track(2))
        #expect(decoded(datagrams(&writer)).map(\.sensorTrackNumber) == [1, 2])
    }

    @Test("absurd numbers are held within what the wire can say, and nothing traps")
    func absurd() {
        var writer = SystemTrackWriter(source: system)
        for value in [Double.nan, .infinity, -.infinity, 1e300, -1e300] {
            var odd = track(1)
            odd.position = Geodetic(latitude: value, longitude: value, height: value)
            odd.velocity = EastNorthUp(east: value, north: value, up: value)
            odd.covariance = Matrix(repeating: value)
            odd.heightVariance = value
            odd.climbVariance = value
            odd.pressureAltitude = Track.Aged(value, at: Timestamp(seconds: value))
            odd.geometricHeight = Track.Aged(value, at: hour)
            odd.bornAt = Timestamp(seconds: value)
            writer.append(odd)
        }
        _ = decoded(datagrams(&writer))
    }

    @Test("sensors and the service are told as categories 063 and 065, and read back")
    func status() {
        var writer = SystemTrackWriter(source: system, service: 4)
        writer.append(AsterixServiceState(isDegraded: true, isOverloaded: true), at: hour)
        writer.append(
            AsterixSensorState(sensor: SensorID(sac: 1, sic: 2), connection: .operational), at: hour)
        writer.append(
            AsterixSensorState(
                sensor: SensorID(sac: 1, sic: 3), connection: .notConnected, isInhibited: true, hasNoPlots: true),
            at: hour)
        let out = datagrams(&writer)
        #expect(
            hex(out[0])
                == "41 00 0C F4 D2 63 01 04 07 08 00 60 "
                + "3F 00 18 F8 D2 63 04 07 08 00 01 02 00 F8 D2 63 04 07 08 00 01 03 C1 84")
        var decoder = AsterixDecoder()
        var reports: [SensorReport] = []
        var problems: [AsterixProblem] = []
        let first = out[0]
        decoder.decode(first.span, receivedAt: hour, into: &reports, problems: &problems)
        #expect(problems.isEmpty)
        #expect(reports.map(\.sensor) == [system, SensorID(sac: 1, sic: 2), SensorID(sac: 1, sic: 3)])
        let states = reports.compactMap { if case .status(let status) = $0 { status.isOperational } else { nil } }
        #expect(states == [true, true, false])
    }

    @Test("no datagram is longer than asked", arguments: [200, 1400, 9000])
    func bounded(limit: Int) {
        var writer = SystemTrackWriter(source: system, datagramMax: limit)
        for id in 1...2000 as ClosedRange<UInt32> { writer.append(track(id)) }
        let out = datagrams(&writer)
        #expect(out.allSatisfy { $0.count <= limit })
        #expect(decoded(out).count == 2000)
    }
}
