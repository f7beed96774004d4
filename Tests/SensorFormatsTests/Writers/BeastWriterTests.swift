import Air
import Foundation
import Geodesy
import Testing

@testable import SensorFormats

/// The vectors of NASA's verified CPR library, where they are at hand (they are not ours to keep here).
private let vectors: URL = {
    let data =
        ProcessInfo.processInfo.environment["KUMIKO_DATA"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/data")
    return data.appendingPathComponent("modes/nasa_cpr/airborne/benchmarks/encoding")
}()

private func hasVectors() -> Bool {
    let there = FileManager.default.fileExists(atPath: vectors.path)
    if !there { print("skipped: the CPR vectors are not at \(vectors.path)") }
    return there
}

private func text(_ frame: SquitterFrame) -> String {
    String(frame.head, radix: 16, uppercase: true)
        + String(String(frame.message | 1 << 56, radix: 16, uppercase: true).dropFirst())
        + String(String(frame.parity | 1 << 24, radix: 16, uppercase: true).dropFirst())
}

@Suite struct BeastWriterTests {
    @Test("an identification is the frame that KLM1023 sent")
    func identification() throws {
        let callsign = try #require(Callsign("KLM1023"))
        let frame = SquitterFrame(
            address: ICAOAddress(0x4840D6), message: SquitterFrame.identification(callsign))
        #expect(text(frame) == "8D4840D6202CC371C32CE0576098")
    }

    @Test("an even and an odd position are the frames that 40621D sent")
    func positions() {
        let even = SquitterFrame.position(
            latitude: 52.2572021484375, longitude: 3.91937255859375, altitude: 38_000 * 0.3048, deviation: 20,
            isOdd: false, hasIdentPulse: false)
        #expect(text(SquitterFrame(address: ICAOAddress(0x40621D), message: even)) == "8D40621D58C382D690C8AC2863A7")
        let odd = SquitterFrame.position(
            latitude: 52.26578017412606, longitude: 3.938912527901786, altitude: 38_000 * 0.3048, deviation: 20,
            isOdd: true, hasIdentPulse: false)
        #expect(text(SquitterFrame(address: ICAOAddress(0x40621D), message: odd)) == "8D40621D58C386435CC412692AD6")
    }

    @Test("a velocity has the fields of 485020's")
    func velocity() {
        let knot = 1852.0 / 3600
        let message = SquitterFrame.velocity(
            Plot.Velocity(north: -159 * knot, east: -8 * knot, deviation: 100), climbRate: -832 * 0.3048 / 60,
            heightDifference: 550 * 0.3048)
        // The frame that was sent, 8D485020994409940838175B284F, has the IFR bit set, and its rate is geometric.
        #expect(message ^ (1 << 46 | 1 << 20) == 0x99_4409_9408_3817)
    }

    @Test("above 1,021 knots the steps are of four")
    func supersonic() {
        let knot = 1852.0 / 3600
        let message = SquitterFrame.velocity(
            Plot.Velocity(north: 0, east: 1200 * knot, deviation: 1), climbRate: nil, heightDifference: nil)
        #expect(message >> 48 & 7 == 2)
        #expect(message >> 32 & 0x3FF == 301)
        #expect(message >> 21 & 0x3FF == 1)
    }

    @Test(
        "an altitude beyond the scale of 25 ft is none",
        arguments: [(-1013, false), (-1000, true), (50_175, true), (50_200, false)])
    func altitude(feet: Int, isThere: Bool) {
        #expect((SquitterFrame.altitudeCode(Double(feet) * 0.3048) != 0) == isThere)
    }

    @Test(
        "compact positions equal those of NASA's verified library", .enabled(if: hasVectors()),
        arguments: ["MOPS-table-2-139.csv", "t6-3awb.csv", "t6-4awb.csv"])
    func compact(file: String) throws {
        let lines = try String(contentsOf: vectors.appendingPathComponent(file), encoding: .utf8).split(separator: "\n")
        var checked = 0
        for line in lines {
            let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count == 5, let latitude = UInt32(fields[1], radix: 16),
                let longitude = UInt32(fields[2], radix: 16)
            else { continue }
            let unit = 360 / 4_294_967_296.0
            let result = SquitterFrame.compact(
                Double(Int32(bitPattern: latitude)) * unit, Double(Int32(bitPattern: longitude)) * unit,
                isOdd: fields[0] == "1")
            let expected = (UInt32(fields[3], radix: 16), UInt32(fields[4], radix: 16))
            #expect(result.latitude == expected.0 && result.longitude == expected.1, "\(line)")
            checked += 1
        }
        #expect(checked > 200)
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
