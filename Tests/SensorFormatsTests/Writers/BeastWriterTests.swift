import Air
import Geodesy
import Testing

@testable import SensorFormats

@Suite struct BeastWriterTests {
    @Test("an identification is the frame that KLM1023 sent")
    func identification() throws {
        let callsign = try #require(Callsign("KLM1023"))
        let frame = Squitter.frame(address: ICAOAddress(0x4840D6), message: Squitter.identification(callsign))
        #expect("\(frame)" == "8d4840d6202cc371c32ce0576098")
    }

    @Test(
        "an even and an odd position are the frames that 40621D sent",
        arguments: [
            (false, 52.2572021484375, 3.91937255859375, "8d40621d58c382d690c8ac2863a7"),
            (true, 52.26578017412606, 3.938912527901786, "8d40621d58c386435cc412692ad6"),
        ] as [(Bool, Double, Double, String)])
    func positions(isOdd: Bool, latitude: Double, longitude: Double, expected: String) throws {
        let compact = try #require(
            CompactPosition(.init(latitude: latitude, longitude: longitude), isOdd: isOdd))
        let message = Squitter.position(compact, altitude: 38_000 * 0.3048, deviation: 20, hasIdentPulse: false)
        #expect("\(Squitter.frame(address: ICAOAddress(0x40621D), message: message))" == expected)
    }

    @Test("a velocity has the fields of 485020's")
    func velocity() {
        let knot = 1852.0 / 3600
        let message = Squitter.velocity(
            Plot.Velocity(north: -159 * knot, east: -8 * knot, deviation: 100), climbRate: -832 * 0.3048 / 60,
            heightDifference: 550 * 0.3048)
        // The frame that was sent, 8D485020994409940838175B284F, has the IFR bit set, and its rate is geometric.
        #expect(message ^ (1 << 46 | 1 << 20) == 0x99_4409_9408_3817)
    }

    @Test("above 1,021 knots the steps are of four")
    func supersonic() {
        let knot = 1852.0 / 3600
        let message = Squitter.velocity(
            Plot.Velocity(north: 0, east: 1200 * knot, deviation: 1), climbRate: nil, heightDifference: nil)
        #expect(message >> 48 & 7 == 2)
        #expect(message >> 32 & 0x3FF == 301)
        #expect(message >> 21 & 0x3FF == 1)
    }

    @Test(
        "an altitude beyond the scale of 25 ft is none",
        arguments: [(-1013, false), (-1000, true), (50_175, true), (50_200, false)])
    func altitude(feet: Int, isThere: Bool) {
        #expect((Squitter.altitudeCode(Double(feet) * 0.3048) != 0) == isThere)
    }

    @Test("a frame is framed: 0x1A, type, counter, signal, 14 bytes, each 0x1A within doubled")
    func framing() {
        var writer = BeastWriter()
        let time = Timestamp(seconds: 1_795_219_200 + 3600)
        for address in 0..<600 as Range<UInt32> {
            writer.append(
                Plot(
                    sensor: SensorID(sac: 1, sic: 1), measuredAt: time, receivedAt: time, kind: .broadcast,
                    measurement: .geodetic(latitude: 0.6, longitude: 2.4 + Double(address) * 1e-4, deviation: 12),
                    pressureAltitude: 10_000, velocity: .init(north: 200, east: 10, deviation: 1),
                    identity: Identity(address: ICAOAddress(0x1A0000 + address), callsign: Callsign("ANA1"))))
        }
        #expect(writer.unwritten == 0)
        var frames = 0
        writer.take { bytes in
            var offset = 0
            while offset < bytes.count {
                #expect(bytes[offset] == 0x1A && bytes[offset + 1] == 0x33)
                offset += 2
                var plain: [UInt8] = []
                while plain.count < 21 {
                    if bytes[offset] == 0x1A {
                        #expect(bytes[offset + 1] == 0x1A)
                        offset += 1
                    }
                    plain.append(bytes[offset])
                    offset += 1
                }
                // 3,600 s of 12 MHz
                #expect(plain.prefix(6).reduce(0) { $0 << 8 | UInt64($1) } == 43_200_000_000)
                #expect(plain[7] == 0x8D)
                frames += 1
            }
        }
        #expect(frames == 1800)
        writer.take { #expect($0.count == 0) }
    }
}
