import Air
import Geodesy
import Testing

@testable import SensorFormats

/// 2026-11-21, 01:00:00 UTC: 3,600 s of the day are 0x070800 of 1/128 s.
private let hour = Timestamp(seconds: 1_795_219_200 + 3600)
private let sensor = SensorID(sac: 210, sic: 1)

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: " ")
}

private func datagrams(_ writer: inout AsterixWriter) -> [(sensor: SensorID, bytes: [UInt8])] {
    var result: [(sensor: SensorID, bytes: [UInt8])] = []
    writer.takeDatagrams { sensor, bytes in
        result.append((sensor, (0..<bytes.count).map { bytes[$0] }))
    }
    return result
}

private let modeS = Plot(
    sensor: sensor, measuredAt: hour, receivedAt: hour, kind: .combined,
    measurement: .polar(range: 185_200, azimuth: .pi / 2, elevation: nil), pressureAltitude: 350 * 30.48,
    identity: Identity(address: ICAOAddress(0x84_0001), mode3A: Mode3A(0o2654), callsign: Callsign("ANA123")))

@Suite struct AsterixWriterTests {
    @Test("a Mode S plot is a record of category 048, byte for byte")
    func target() {
        var writer = AsterixWriter()
        writer.append(.plot(modeS))
        let out = datagrams(&writer)
        #expect(out.count == 1)
        #expect(
            hex(out[0].bytes)
                == "30 00 1F "  // category 48, 31 bytes
                + "FD C1 02 "  // items 010 140 020 040 070 090 – FX, 220 240 FX, 230
                + "D2 01 07 08 00 E0 64 00 40 00 05 AC 05 78 84 00 01 04 E0 71 CB 38 20 20 60")
    }

    @Test("a primary echo has no more than its place, and a descriptor says so")
    func primary() {
        var writer = AsterixWriter(isSimulated: true)
        var plot = modeS
        plot.kind = .primary
        plot.identity = Identity()
        plot.pressureAltitude = nil
        plot.measurement = .polar(range: 1852, azimuth: 2 * .pi - 1e-9, elevation: nil)
        writer.append(.plot(plot))
        #expect(hex(datagrams(&writer)[0].bytes) == "30 00 0E F0 D2 01 07 08 00 30 01 00 00 00")
    }

    @Test("a level below the standard surface is negative, in two's complement")
    func belowZero() {
        var writer = AsterixWriter()
        var plot = modeS
        plot.kind = .secondary
        plot.identity = Identity(mode3A: Mode3A(0o7700))
        plot.pressureAltitude = -304.8
        plot.hasIdentPulse = true
        writer.append(.plot(plot))
        #expect(
            hex(datagrams(&writer)[0].bytes) == "30 00 12 FC D2 01 07 08 00 44 64 00 40 00 0F C0 3F D8")
    }

    @Test("a north marker carries the turn's time and the radar's status and place")
    func north() {
        var writer = AsterixWriter()
        writer.append(
            .status(
                SensorStatus(
                    sensor: sensor, measuredAt: hour, receivedAt: hour, isOperational: false,
                    site: Geodetic(latitudeDegrees: 45, longitudeDegrees: 135, height: 60))))
        #expect(datagrams(&writer).isEmpty)
        writer.append(
            .sector(SectorCrossing(sensor: sensor, measuredAt: hour, receivedAt: hour, azimuth: 0, period: 8)))
        writer.append(
            .sector(SectorCrossing(sensor: sensor, measuredAt: hour, receivedAt: hour, azimuth: .pi / 2)))
        #expect(
            hex(datagrams(&writer)[0].bytes)
                == "22 00 1F ED 10 D2 01 01 07 08 00 04 00 80 80 00 3C 20 00 00 60 00 00 "
                + "F0 D2 01 02 07 08 00 40")
    }

    @Test("an ADS-B plot is a record of category 021, byte for byte")
    func broadcast() {
        var writer = AsterixWriter()
        writer.append(.plot(broadcastPlot))
        #expect(
            hex(datagrams(&writer)[0].bytes)
                == "15 00 35 CB 19 7B 6B 80 "  // 010 040 071 131, 080 073, 140 090 210 070 145, 200 155 160 077, 170
                + "D2 01 00 07 08 00 10 00 00 00 30 00 00 00 84 00 01 07 08 00 06 40 51 72 12 05 AC 05 78 40 "
                + "00 64 08 00 40 00 07 08 00 04 E0 71 CB 38 20")
    }

    @Test("midnight is nought, and the end of the day rounds to it")
    func midnight() {
        var writer = AsterixWriter()
        var plot = modeS
        plot.measuredAt = Timestamp(nanoseconds: hour.nanoseconds - 3_600_000_000_001)
        writer.append(.plot(plot))
        let bytes = datagrams(&writer)[0].bytes
        #expect(Array(bytes[8..<11]) == [0, 0, 0])
    }

    @Test("blocks keep their lengths, datagrams their limit, and sensors to themselves", arguments: [200, 1400, 9000])
    func blocks(limit: Int) {
        var writer = AsterixWriter(datagramMax: limit)
        var sent = [SensorID: Int]()
        for index in 0..<1000 {
            let sensor = SensorID(sac: 1, sic: UInt8(index % 7))
            var plot = modeS
            plot.sensor = sensor
            if index % 3 == 0 { plot = broadcastPlot }
            plot.sensor = sensor
            writer.append(.plot(plot))
            if index % 10 == 0 {
                writer.append(
                    .sector(SectorCrossing(sensor: sensor, measuredAt: hour, receivedAt: hour, azimuth: 1)))
            }
            sent[sensor, default: 0] += index % 10 == 0 ? 2 : 1
        }
        #expect(writer.unwritten == 0)
        for (_, bytes) in datagrams(&writer) {
            #expect(bytes.count <= limit)
            var offset = 0
            while offset < bytes.count {
                #expect([0x15, 0x22, 0x30].contains(bytes[offset]))
                let length = Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
                #expect(length > 3)
                offset += max(length, 1)
            }
            #expect(offset == bytes.count)
        }
        #expect(datagrams(&writer).isEmpty)
    }

    @Test("what no category can carry is counted, and nothing traps")
    func unwritten() {
        var writer = AsterixWriter()
        for value in [Double.nan, .infinity, -.infinity, -1, 1e300, 480_000] {
            var plot = modeS
            plot.measurement = .polar(range: value, azimuth: 0, elevation: nil)
            writer.append(.plot(plot))
            plot.measurement = .polar(range: 1000, azimuth: value, elevation: nil)
            plot.pressureAltitude = value
            plot.geometricHeight = value
            plot.velocity = Plot.Velocity(north: value, east: value, deviation: value)
            writer.append(.plot(plot))
            plot.kind = .broadcast
            writer.append(.plot(plot))
            plot.measurement = .geodetic(latitude: value, longitude: value, deviation: value)
            plot.climbRate = value
            writer.append(.plot(plot))
            plot.measurement = .geodetic(latitude: 0, longitude: 0, deviation: value)
            writer.append(.plot(plot))
            writer.append(
                .sector(
                    SectorCrossing(sensor: sensor, measuredAt: hour, receivedAt: hour, azimuth: value, period: value)))
        }
        var plot = modeS
        plot.kind = .systemTrack
        writer.append(.plot(plot))
        #expect(writer.unwritten > 12)
        #expect(!datagrams(&writer).isEmpty)
    }

    @Test(
        "accuracy categories are those whose bounds the deviation keeps",
        arguments: [(2.9, 11), (10, 10), (30, 9), (31, 8), (92.6, 8), (185.2, 7), (20_000, 0), (.nan, 0)])
    func accuracy(radius: Double, category: Int) {
        #expect(NavigationAccuracy.position(deviation: radius / NavigationAccuracy.radius95) == category)
    }
}

private let broadcastPlot = Plot(
    sensor: sensor, measuredAt: hour, receivedAt: hour, kind: .broadcast,
    measurement: .geodetic(latitude: .pi / 4, longitude: .pi * 0.75, deviation: 30 / 2.4477),
    pressureAltitude: 350 * 30.48, geometricHeight: 3048,
    velocity: Plot.Velocity(north: 0, east: 231.5, deviation: 3 / 2.4477), climbRate: 3.175,
    identity: Identity(address: ICAOAddress(0x84_0001), mode3A: Mode3A(0o2654), callsign: Callsign("ANA123")))
