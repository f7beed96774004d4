import SensorFormats
import Testing

@Suite("Mode S frames out") struct ModeSWritingTests {
    private func random(_ random: inout SeededRandom) -> ReceivedModeSFrame {
        // 0x1A, which Beast doubles, is frequent.
        func word() -> UInt64 {
            var word: UInt64 = 0
            for _ in 0..<8 { word = word << 8 | (random.next() % 3 == 0 ? 0x1A : random.next() & 0xFF) }
            return word
        }
        return ReceivedModeSFrame(
            frame: ModeSFrame(high: word(), low: word(), isLong: word() % 2 == 0), ticks: word() & 0xFFFF_FFFF_FFFF,
            signal: UInt8(truncatingIfNeeded: word()))
    }

    @Test(
        "frames written as Beast are read back, and written again are the same bytes",
        arguments: 0..<20 as Range<UInt64>)
    func beast(seed: UInt64) {
        var generator = SeededRandom(state: seed)
        let frames = (0..<200).map { _ in self.random(&generator) }
        var bytes: [UInt8] = []
        for frame in frames { frame.appendBeast(to: &bytes) }
        var reader = BeastReader()
        var (again, read): ([UInt8], [ReceivedModeSFrame]) = ([], [])
        reader.read(bytes.span) { received in
            received.appendBeast(to: &again)
            var received = received
            received.offset = 0
            read.append(received)
        }
        #expect(read == frames && again == bytes && reader.garbageBytes == 0)
    }

    @Test(
        "frames written as AVR are read back, and written again are the same text", arguments: 0..<20 as Range<UInt64>)
    func avr(seed: UInt64) {
        var generator = SeededRandom(state: seed)
        for form in AVRForm.allCases {
            let frames = (0..<100).map { _ in self.random(&generator) }
            var bytes: [UInt8] = []
            for frame in frames { frame.appendAVR(to: &bytes, form: form) }
            var reader = AVRReader()
            var (again, read): ([UInt8], [ReceivedModeSFrame]) = ([], [])
            reader.read(bytes.span) { received in
                received.appendAVR(to: &again, form: form)
                var received = received
                received.offset = 0
                read.append(received)
            }
            #expect(again == bytes && reader.problemCount == 0)
            #expect(read.map(\.frame) == frames.map(\.frame))
            if form != .plain { #expect(read.map(\.ticks) == frames.map(\.ticks)) }
            if form == .timedWithSignal { #expect(read == frames) }
        }
    }

    @Test("a published frame in each form of AVR") func worked() {
        let received = ReceivedModeSFrame(
            frame: .hex("8D4840D6202CC371C32CE0576098"), ticks: 0x0123_4567_89AB, signal: 0xF0)
        for (form, text) in [
            (AVRForm.plain, "*8D4840D6202CC371C32CE0576098;\n"),
            (.timed, "@0123456789AB8D4840D6202CC371C32CE0576098;\n"),
            (.timedWithSignal, "<0123456789ABF08D4840D6202CC371C32CE0576098;\n"),
        ] {
            var bytes: [UInt8] = []
            received.appendAVR(to: &bytes, form: form)
            #expect(String(decoding: bytes, as: UTF8.self) == text)
        }
    }

    @Test(
        "the Mode S frames of a receiver's recording are written back byte for byte",
        .enabled(if: ModeSData.has("traffic_sample_dump1090.bin")))
    func recording() throws {
        let bytes = try ModeSData.bytes("traffic_sample_dump1090.bin")
        var reader = BeastReader()
        var (again, kept): ([UInt8], [UInt8]) = ([], [])
        var ends: [(Int, Int)] = []
        reader.read(bytes.span) { received in
            let before = again.count
            received.appendBeast(to: &again)
            ends.append((received.offset, again.count - before))
        }
        for (offset, length) in ends { kept += bytes[offset..<min(offset + length, bytes.count)] }
        #expect(again == kept && again.count == reader.frameBytes && reader.frameCount > 200)
    }
}
