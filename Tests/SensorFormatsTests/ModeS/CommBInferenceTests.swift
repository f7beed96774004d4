import Air
import Foundation
import SensorFormats
import Testing

@Suite("Which register a reply holds") struct CommBInferenceTests {
    private func register(_ hex: String) throws -> CommBRegister? {
        let message = try ModeSMessage(.hex(hex))
        let context = CommBContext(altitudeFeet: message.altitude?.feet)
        return CommBInference.register(of: try #require(message.commB), context: context)
    }

    @Test(
        "the replies of the books are known by themselves",
        arguments: [
            ("A000029C85E42F313000007047D3", 0x40), ("A000139381951536E024D4CCF6B5", 0x50),
            ("A00004128F39F91A7E27C46ADC21", 0x60), ("A000083E202CC371C31DE0AA1CCF", 0x20),
            ("A0000638FA81C10000000081A92F", 0x17), ("A800178D10010080F50000D5893C", 0x10),
            ("A0001692185BD5CF400000DFC696", 0x44),
        ] as [(String, UInt8)])
    func books(hex: String, register: UInt8) throws {
        #expect(try self.register(hex)?.rawValue == register)
    }

    @Test("a register of zeros is unknown") func zeros() { #expect(CommBInference.register(of: 0) == nil) }

    /// A transponder that knows neither: bits 24 and 46 say that a 5,0 stands still, or a 6,0 likewise.
    @Test("what two layouts explain alike is unknown") func alike() {
        #expect(CommBInference.register(of: 0x100000400, context: CommBContext(altitudeFeet: -125)) == nil)
    }

    @Test("random bits are nearly always unknown", arguments: 0..<4 as Range<UInt64>) func noise(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var taken = 0
        let count = 100_000
        for _ in 0..<count {
            let context = CommBContext(altitudeFeet: Int32(random.next() % 40_000))
            if CommBInference.register(of: random.next() >> 8, context: context) != nil { taken += 1 }
        }
        #expect(taken * 400 < count, "\(taken) of \(count)")
    }

    @Test("numbers beyond all sense do no harm") func extremes() {
        var state = CommBState()
        for altitude in [Int32.min, -100_000, 0, 200_000, .max] {
            for track in [Float.nan, .infinity, -.infinity, 1e30, 0] {
                let context = CommBContext(altitudeFeet: altitude, trackDegrees: track, groundSpeedKnots: track)
                for payload in [UInt64.max, 0xFF_FFFF_FFFF_FFFF, 0x8195_1536_E024_D4, 0x8F39_F91A_7E27_C4] {
                    _ = CommBInference.register(of: payload, context: context, state: &state, at: .max)
                    _ = CommBInference.register(of: payload, context: context, state: &state, at: .min)
                }
            }
        }
    }

    @Test("the state of an aircraft is small") func size() { #expect(MemoryLayout<CommBState>.size <= 56) }

    /// Right, unknown and wrong, of payloads with the register that the radar asked for.
    private struct Score {
        var right = 0
        var unknown = 0
        var wrong = 0

        var total: Int { self.right + self.unknown + self.wrong }
    }

    /// The rules were made with one half of the aircraft, by a hash of the address.
    @Test(
        "on payloads whose register is known the goals hold on either half of the aircraft",
        .enabled(if: ModeSData.has("bds_ground_truth_cat048.csv.gz")))
    func truth() throws {
        let text = String(decoding: try ModeSData.unpacked("bds_ground_truth_cat048.csv.gz"), as: UTF8.self)
        var states: [UInt32: CommBState] = [:]
        var alone = [Score(), Score()]
        var known = [Score(), Score()]
        for line in text.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            let truth = try #require(UInt8(cells[7], radix: 16))
            // 0,0 is what a radar calls a broadcast, whatever register it held.
            guard truth != 0 else { continue }
            let message = try ModeSMessage(.hex(String(cells[9])))
            let address = try #require(message.address).rawValue
            let payload = try #require(message.commB)
            let context = CommBContext(altitudeFeet: message.altitude?.feet)
            let time = Int64(try #require(Double(cells[1])) * 1e9)
            let half = Int((address &* 0x9E37_79B1) >> 31)
            func count(_ register: CommBRegister?, _ score: inout Score) {
                if register?.rawValue == truth {
                    score.right += 1
                } else if register == nil {
                    score.unknown += 1
                } else {
                    score.wrong += 1
                }
            }
            count(CommBInference.register(of: payload, context: context), &alone[half])
            count(
                CommBInference.register(
                    of: payload, context: context, state: &states[address, default: CommBState()], at: time),
                &known[half])
        }
        #expect(alone[0].total + alone[1].total == 95_602)
        for half in 0..<2 {
            #expect(Double(alone[half].right) >= 0.995 * Double(alone[half].total), "\(alone[half])")
            #expect(Double(known[half].right) >= 0.999 * Double(known[half].total), "\(known[half])")
            #expect(alone[half].wrong == 0, "\(alone[half])")
            #expect(known[half].wrong == 0, "\(known[half])")
        }
    }
}

@Suite("Registers in the decoder") struct CommBDecoderTests {
    private static let start = Timestamp(seconds: 1_700_000_000)

    /// An aircraft that is heard, and whose altitude is known.
    private func decoder(_ reports: inout [SensorReport]) -> ModeSDecoder {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        decoder.decode(.sealed("5D40621D"), receivedAt: Self.start, into: &reports)
        return decoder
    }

    @Test("a reply's register is told, and remembered with the aircraft") func register() throws {
        var reports: [SensorReport] = []
        var decoder = self.decoder(&reports)
        let frame = ModeSFrame.sealed("A000183881951536E024D4", overlay: 0x40621D)
        let answer = decoder.decode(frame, receivedAt: Self.start.advanced(by: 1), into: &reports)
        #expect(answer.register == .trackAndTurn)
        let state = try #require(decoder.aircraft(ICAOAddress(0x40621D)))
        #expect(state.commB.track == 0x81951536E024D4)
        #expect(state.commB.heading == 0)
        // Of an aircraft never heard in the clear nothing is believed.
        let stranger = ModeSFrame.sealed("A000183881951536E024D4", overlay: 0x123456)
        #expect(decoder.decode(stranger, receivedAt: Self.start, into: &reports).register == nil)
    }

    @Test("a position has the velocity of BDS 5,0 where none is broadcast") func velocity() throws {
        var reports: [SensorReport] = []
        var decoder = self.decoder(&reports)
        for i in 0..<6 {
            let data = i % 2 == 0 ? "8D40621D58C382D690C8AC" : "8D40621D58C386435CC412"
            decoder.decode(.sealed(data), receivedAt: Self.start.advanced(by: Double(i)), into: &reports)
            decoder.decode(
                .sealed("A000183881951536E024D4", overlay: 0x40621D),
                receivedAt: Self.start.advanced(by: Double(i) + 0.1),
                into: &reports)
        }
        guard case .plot(let plot) = try #require(reports.last) else { Issue.record("no plot"); return }
        let velocity = try #require(plot.velocity)
        // 438 kt on 114.26°.
        #expect(abs(velocity.east - 438 * 1852 / 3600 * sin(114.2578125 * .pi / 180)) < 0.01)
        #expect(abs(velocity.north - 438 * 1852 / 3600 * cos(114.2578125 * .pi / 180)) < 0.01)
        #expect(velocity.deviation > 2.4 && velocity.deviation < 4)
    }

    @Test("the JSON view has the register and its fields beside MB") func json() throws {
        let frames = [
            "*5D40621D\(self.tail("5D40621D"));",
            "*A000183881951536E024D4\(self.tail("A000183881951536E024D4", 0x40621D));",
        ]
        let text = [UInt8](frames.joined(separator: "\n").utf8)
        var lines: [UInt8] = []
        _ = try decodeModeSToJSONLines(
            text.span, format: .avr, configuration: ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)),
            sink: { piece in for i in piece.indices { lines.append(piece[i]) } })
        let last = try #require(String(decoding: lines, as: UTF8.self).split(separator: "\n").last)
        #expect(last.contains(#""MB":"81951536e024d4""#))
        #expect(last.contains(#""BDS":"5,0","register":{"rollDegrees":2.109375,"trueTrackDegrees":114.2578125,"#))
    }

    private func tail(_ data: String, _ overlay: UInt32 = 0) -> String {
        String("\(ModeSFrame.sealed(data, overlay: overlay))".suffix(6))
    }
}
