import Air
import SensorFormats
import Testing

@Suite("Several receivers") struct ModeSMergerTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    private static func frame(_ number: UInt64) -> ModeSFrame {
        var one = ModeSTransponder()
        one.address = UInt32(truncatingIfNeeded: number) & 0xFF_FFFF
        return number % 3 == 0 ? one.allCall() : one.velocity(rate: number % 500)
    }

    /// Which frames are firsts: `(frame, receiver, milliseconds)` in, and who heard what.
    private func merge(_ heard: [(UInt64, Int, Int)], capacity: Int = 1024) -> (firsts: [Int], hearings: [ModeSHearing])
    {
        var merger = ModeSMerger(capacity: capacity)
        var hearings: [ModeSHearing] = []
        var firsts: [Int] = []
        for (index, (number, receiver, milliseconds)) in heard.enumerated() {
            let received = ReceivedModeSFrame(frame: Self.frame(number), signal: UInt8(10 * receiver + 5))
            let isFirst = merger.take(
                received, from: receiver, receivedAt: Self.start.advanced(by: Double(milliseconds) / 1000)
            ) { hearings.append($0) }
            if isFirst { firsts.append(index) }
        }
        merger.finish { hearings.append($0) }
        #expect(Int(merger.firstCount) == firsts.count && Int(merger.copyCount) == heard.count - firsts.count)
        return (firsts, hearings)
    }

    @Test("what three receivers heard is one transmission, told with all who heard it and the strongest")
    func copies() throws {
        let (firsts, hearings) = self.merge([(1, 0, 0), (2, 1, 10), (1, 2, 20), (1, 1, 120), (2, 0, 300)])
        #expect(firsts == [0, 1])
        #expect(hearings.map(\.frame) == [Self.frame(1), Self.frame(2)])
        #expect(hearings.map(\.receiverCount) == [3, 2])
        #expect(hearings.map(\.receivers) == [0b111, 0b11])
        #expect(hearings.map(\.bestSignal) == [25, 15])
        #expect(hearings.map(\.bestReceiver) == [2, 1])
        #expect(hearings.map(\.transmissions) == [1, 1])
        #expect(try #require(hearings.first).firstAt == Self.start)
    }

    @Test("the same bits sent twice are two transmissions, in whatever order the copies come")
    func repeated() {
        for order in [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]] {
            let (firsts, hearings) = self.merge(order.enumerated().map { (7, $1, $0 * 40) })
            #expect(firsts.count == 2 && firsts.first == 0)
            #expect(hearings.count == 1 && hearings.first?.transmissions == 2 && hearings.first?.receiverCount == 2)
        }
    }

    @Test("the window ends half a second after the first copy, and with a clock put back") func window() {
        #expect(self.merge([(1, 0, 0), (1, 1, 500)]).firsts == [0])
        #expect(self.merge([(1, 0, 0), (1, 1, 501)]).firsts == [0, 1])
        #expect(self.merge([(1, 0, 1000), (1, 1, 400)]).firsts == [0, 1])
    }

    @Test("a copy with one wrong bit is a copy, before and after the whole one") func damaged() {
        let whole = Self.frame(1)
        for bit in [6, 40, 100, 112] {
            for frames in [[whole, whole.flipping(bit)], [whole.flipping(bit), whole]] {
                var merger = ModeSMerger()
                let firsts = frames.enumerated().map {
                    merger.take(ReceivedModeSFrame(frame: $1), from: $0, receivedAt: Self.start)
                }
                #expect(firsts == [true, false])
            }
            var merger = ModeSMerger()
            let two = [whole, whole.flipping(bit).flipping(bit == 6 ? 7 : 6)].enumerated().map {
                merger.take(ReceivedModeSFrame(frame: $1), from: $0, receivedAt: Self.start)
            }
            #expect(two == [true, true])
        }
    }

    @Test(
        "of each content as many are firsts as the receiver that heard most brought", arguments: 0..<40 as Range<UInt64>
    )
    func count(seed: UInt64) {
        var random = SeededRandom(state: seed)
        // All within one window: the oracle is a count for each content and receiver.
        let heard = (0..<300).map { index in
            (random.next() % 40, Int(random.next() % 5), index)
        }
        var most: [UInt64: [Int: Int]] = [:]
        for (number, receiver, _) in heard { most[number, default: [:]][receiver, default: 0] += 1 }
        let (firsts, hearings) = self.merge(heard)
        #expect(firsts.count == most.values.reduce(0) { $0 + ($1.values.max() ?? 0) })
        #expect(hearings.count == most.count)
        for hearing in hearings {
            let number = most.first { Self.frame($0.key) == hearing.frame }
            #expect(hearing.receiverCount == number?.value.count)
        }
    }

    @Test("a flood neither grows it nor makes it trap, and each content leaves once", arguments: 0..<8 as Range<UInt64>)
    func flood(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var merger = ModeSMerger(capacity: 16)
        var left = 0
        for index in 0..<20_000 {
            let frame = ModeSFrame(high: random.next() % 64 << 40, low: random.next() % 4 << 16, isLong: index % 2 == 0)
            let time =
                random.next() % 50 == 0
                ? Timestamp(nanoseconds: Int64(bitPattern: random.next()))
                : Self.start.advanced(by: Double(index) / 1e4)
            _ = merger.take(
                ReceivedModeSFrame(frame: frame), from: Int(truncatingIfNeeded: random.next()), receivedAt: time
            ) { _ in left += 1 }
        }
        merger.finish { _ in left += 1 }
        #expect(merger.crowded > 0 && left > 0 && UInt64(left) <= merger.firstCount)
        #expect(merger.firstCount + merger.copyCount == 20_000)
    }

    @Test(
        "three receivers of the long flight, each with its own losses, make each plot once",
        .enabled(if: ModeSData.has("rs1090_long_flight.csv.gz")))
    func longFlight() throws {
        let (frames, _) = ModeSData.frames(try ModeSData.unpacked("rs1090_long_flight.csv.gz"), .csv)
        var (alone, joined) = (
            ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 1, sic: 1))),
            ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 1, sic: 1)))
        )
        var merger = ModeSMerger()
        var (expected, got): ([SensorReport], [SensorReport]) = ([], [])
        var random = SeededRandom(state: 3)
        for recorded in frames {
            let time = try #require(recorded.receivedAt)
            // Receiver 0 hears all: else two transmissions of the same bits, each heard by others, would be one.
            let mask = random.next() % 8 | 1
            alone.decode(recorded.received.frame, receivedAt: time, into: &expected)
            // In an order of their own, up to 50 ms late; time is that of the first copy.
            for (delay, receiver) in [2, 0, 1].enumerated() where mask >> UInt64(receiver) & 1 == 1 {
                var received = recorded.received
                // A third of the copies that are not the first are damaged.
                if delay == 2, mask == 7, random.next() % 3 == 0 { received.frame = received.frame.flipping(70) }
                if merger.take(received, from: receiver, receivedAt: time) {
                    joined.decode(received.frame, receivedAt: time, into: &got)
                }
            }
        }
        #expect(got.count == expected.count)
        // Replies with address parity cannot be mended: their damaged copies are other contents, of unknown address.
        #expect(got == expected)
    }
}
