import Air
import SensorFormats
import Testing

@Suite("Mending of wrong bits") struct ModeSRepairTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    /// A position, an identification of a non-transponder, and a squitter of DF 11.
    private static let frames = [
        ModeSFrame.hex("8D40621D58C382D690C8AC2863A7"), .hex("903a23fff90200040049006c5021"),
        ModeSTransponder().allCall(),
    ]

    @Test("every single wrong bit after the format is found and mended", arguments: 0..<3)
    func single(index: Int) throws {
        let frame = Self.frames[index]
        let whole = try ModeSMessage(frame)
        #expect(whole.isIntact == true && whole.mended == nil)
        // In DF 11 the last seven bits cannot be told from an interrogator's code.
        for bit in 6...(frame.isLong ? 112 : 49) {
            let damaged = try ModeSMessage(frame.flipping(bit))
            #expect(damaged.isIntact == false)
            let mended = try #require(damaged.mended)
            #expect(mended.bit == bit)
            #expect(mended.message == whole)
        }
        if !frame.isLong {
            for bit in 50...56 {
                let damaged = try ModeSMessage(frame.flipping(bit))
                #expect(damaged.isIntact == true && damaged.interrogatorCode == 1 << UInt8(56 - bit))
            }
        }
    }

    @Test("no two wrong bits are mended, whichever they are", arguments: 0..<3) func double(index: Int) throws {
        let frame = Self.frames[index]
        let last = frame.isLong ? 112 : 49
        for a in 6...last {
            for b in 6...last where a < b {
                #expect(try ModeSMessage(frame.flipping(a).flipping(b)).mended == nil)
            }
        }
    }

    @Test("three and four wrong bits are never mended to another message", arguments: 0..<20 as Range<UInt64>)
    func more(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for _ in 0..<500 {
            var frame = Self.frames[Int(random.next() % 2)]
            var bits: Set<Int> = []
            while bits.count < 3 + Int(seed % 2) { bits.insert(.random(in: 6...112, using: &random)) }
            for bit in bits { frame = frame.flipping(bit) }
            #expect(try ModeSMessage(frame).mended == nil)
        }
    }

    @Test("replies with address parity are never mended") func replies() throws {
        let one = ModeSTransponder()
        for format: UInt64 in [0, 4, 5, 16, 20, 21, 24] {
            let reply = one.reply(format, 0x0C38)
            for bit in 6...reply.byteCount * 8 { #expect(try ModeSMessage(reply.flipping(bit)).mended == nil) }
        }
    }

    private func decoder() -> ModeSDecoder {
        ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
    }

    @Test("a damaged frame makes no aircraft, whether one bit is wrong or two") func newcomers() {
        var decoder = self.decoder()
        var reports: [SensorReport] = []
        for frame in Self.frames {
            for bit in 6...(frame.isLong ? 112 : 49) {
                for damaged in [frame.flipping(bit), frame.flipping(bit).flipping(bit == 6 ? 7 : 6)]
                where damaged != frame {
                    let answer = decoder.decode(damaged, receivedAt: Self.start, into: &reports)
                    #expect(answer.verdict == .corrupt && answer.mendedBit == 0)
                }
            }
        }
        #expect(decoder.aircraftCount == 0 && decoder.counts.mended == 0 && reports.isEmpty)
    }

    @Test("a mended position follows a trusted one and changes nothing else") func follows() throws {
        var decoder = self.decoder()
        var reports: [SensorReport] = []
        let one = ModeSTransponder()
        var seconds = 0.0
        func send(_ frame: ModeSFrame) -> ModeSDecoder.Answer {
            seconds += 0.5
            return decoder.decode(frame, receivedAt: Self.start.advanced(by: seconds), into: &reports)
        }
        // Not yet trusted: nothing is made of it.
        _ = send(one.airborne(isOdd: false))
        let early = send(one.airborne(isOdd: true).flipping(60))
        #expect(early.verdict == .accepted && early.mendedBit == 60 && early.positionVerdict == .none)
        for i in 0..<4 { _ = send(one.airborne(isOdd: i % 2 == 1)) }
        let before = try #require(decoder.aircraft(ICAOAddress(one.address)))
        let plots = reports.count
        #expect(plots > 0)
        let mended = send(one.airborne(isOdd: false).flipping(60))
        #expect(mended.positionVerdict == .confirmed && mended.mendedBit == 60)
        #expect(reports.count == plots + 1)
        var other = one
        other.place.latitude += 2
        #expect(send(other.airborne(isOdd: false).flipping(60)).positionVerdict == .implausible)
        #expect(send(one.identification.flipping(60)).verdict == .accepted)
        #expect(send(one.status(version: 2, nacp: 9).flipping(60)).verdict == .accepted)
        #expect(reports.count == plots + 1)
        let after = try #require(decoder.aircraft(ICAOAddress(one.address)))
        #expect(after.callsign == nil && after.quality == before.quality)
        #expect(after.position?.at == before.position?.at, "its own place is not the next one's reference")
        #expect(decoder.counts.mended == 5)
        // Vouched for by undamaged messages only.
        seconds += 60
        #expect(send(one.velocity().flipping(60)).verdict == .corrupt)
    }

    @Test("noise is hardly ever mended, and then of no use", arguments: 0..<10 as Range<UInt64>)
    func noise(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var decoder = self.decoder()
        var reports: [SensorReport] = []
        decoder.decode(ModeSTransponder().velocity(), receivedAt: Self.start, into: &reports)
        for _ in 0..<20_000 {
            let high = random.next() & 0x00FF_FFFF_FFFF_FFFF | 0x8D << 56
            decoder.decode(
                ModeSFrame(high: high, low: random.next(), isLong: true), receivedAt: Self.start, into: &reports)
        }
        #expect(decoder.aircraftCount <= 2 && decoder.counts.mended <= 1 && reports.isEmpty)
    }
}
