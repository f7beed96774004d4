import Air
import SensorFormats
import Testing

@Suite("Extended length messages") struct CommDTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    private static let address: UInt32 = 0x4840D6

    /// | 11 | – | KE | ND | MD 80 | AP |, MD of ten equal bytes.
    private func segment(_ number: UInt64, _ byte: UInt64, acknowledges: Bool = false, of address: UInt32 = address)
        throws
        -> ModeSMessage
    {
        let head = 0b11 << 62 | (acknowledges ? 1 << 60 : 0) | number << 56
        let fill = byte &* 0x0101_0101_0101_0101
        let frame = ModeSFrame(high: head | fill >> 8, low: fill << 40 & 0xFFFF_FF00_0000_0000, isLong: true)
        return try ModeSMessage(ModeSParity.sealed(frame, overlay: address))
    }

    /// DF 4 with DR.
    private func request(_ request: UInt64, of address: UInt32 = address) throws -> ModeSMessage {
        try ModeSMessage(
            ModeSParity.sealed(
                ModeSFrame(high: 4 << 59 | request << 51, low: 0, isLong: false), overlay: address))
    }

    private func assemble(_ messages: [(Double, ModeSMessage)], end: Double = 100) -> ([CommDMessage], UInt64) {
        var assembler = CommDAssembler()
        var all: [CommDMessage] = []
        for (seconds, message) in messages {
            assembler.take(message, receivedAt: Self.start.advanced(by: seconds)) { all.append($0) }
        }
        assembler.advance(to: Self.start.advanced(by: end)) { all.append($0) }
        return (all, assembler.incompleteCount)
    }

    @Test("a segment's fields are those of the standard's bits") func fields() throws {
        let message = try self.segment(5, 0xA1)
        #expect(message.downlinkFormat == 24)
        #expect(message.address == ICAOAddress(Self.address))
        let segment = try #require(message.commDSegment)
        #expect(!segment.isAcknowledgement && segment.number == 5 && segment.acknowledgedSegments == nil)
        for index in 0..<10 { #expect(segment.byte(index) == 0xA1) }
        #expect(segment.byte(10) == 0 && segment.byte(-1) == 0)
        // TAS, bits 17 to 32 of the frame: segments 0 and 15.
        let frame = ModeSFrame(high: 0b1101 << 60 | 0x8001 << 32, low: 0, isLong: true)
        let answer = try #require(try ModeSMessage(ModeSParity.sealed(frame, overlay: 1)).commDSegment)
        #expect(answer.isAcknowledgement && answer.acknowledgedSegments == 0x8001)
        #expect(try self.request(18).commDSegment == nil)
    }

    @Test("announced segments are put together in the order of their numbers, as soon as all are there")
    func announced() throws {
        let (all, incomplete) = self.assemble(
            [
                (0, try self.request(18)), (0.1, try self.segment(2, 0xCC)), (0.2, try self.segment(0, 0xAA)),
                (0.25, try self.segment(0, 0xAA)), (0.3, try self.segment(1, 0xBB)), (0.4, try self.segment(0, 0x11)),
            ])
        let bytes = [UInt8](repeating: 0xAA, count: 10) + [UInt8](repeating: 0xBB, count: 10)
        #expect(all.count == 2)
        let first = try #require(all.first)
        #expect(first.bytes == bytes + [UInt8](repeating: 0xCC, count: 10))
        #expect(first.wasAnnounced && first.address == ICAOAddress(Self.address))
        #expect(first.receivedAt == Self.start.advanced(by: 0.3))
        #expect(all.last?.bytes.count == 10 && all.last?.wasAnnounced == false)
        #expect(incomplete == 0)
    }

    @Test("sixteen segments are a whole message") func longest() throws {
        let messages = [(0.0, try self.request(31))] + (0..<16).map { (0.1, try! self.segment($0, $0)) }
        let (all, _) = self.assemble(messages)
        #expect(all.map(\.bytes.count) == [160])
        #expect(all.first?.bytes == (0..<160).map { UInt8($0 / 10) })
    }

    @Test("every loss of a segment leaves an announced message incomplete and counted", arguments: 0..<4)
    func lost(index: Int) throws {
        var messages = (0..<4).map { (0.1, try! self.segment(UInt64($0), UInt64($0))) }
        messages.remove(at: index)
        let (all, incomplete) = self.assemble([(0, try self.request(19))] + messages)
        #expect(all.isEmpty && incomplete == 1)
    }

    @Test("what nobody announced ends by silence or by another message") func unannounced() throws {
        let (silent, none) = self.assemble([(0, try self.segment(0, 1)), (0.5, try self.segment(1, 2))], end: 3)
        #expect(silent.map(\.bytes.count) == [20] && silent.first?.wasAnnounced == false && none == 0)
        let (another, _) = self.assemble(
            [(0, try self.segment(0, 1)), (0.5, try self.segment(1, 2)), (1, try self.segment(0, 9))])
        #expect(another.map(\.bytes.count) == [20, 10])
        let (hole, incomplete) = self.assemble([(0, try self.segment(0, 1)), (0.5, try self.segment(2, 2))])
        #expect(hole.isEmpty && incomplete == 1)
        #expect(self.assemble([(0, try self.segment(0, 1, acknowledges: true))]).0.isEmpty)
    }

    @Test("aircraft are kept apart, and no flood of them makes it grow or trap", arguments: 0..<10 as Range<UInt64>)
    func flood(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        let (two, _) = self.assemble(
            [
                (0, try self.segment(0, 1)), (0.1, try self.segment(0, 2, of: 0xABCDEF)), (0.2, try self.segment(1, 1)),
                (0.3, try self.segment(1, 2, of: 0xABCDEF)),
            ])
        #expect(Set(two.map(\.bytes)) == [[UInt8](repeating: 1, count: 20), [UInt8](repeating: 2, count: 20)])
        var assembler = CommDAssembler(silence: 1)
        for index in 0..<3000 {
            let address = UInt32(random.next() % 40)
            let message =
                random.next() % 8 == 0
                ? try self.request(random.next() % 32, of: address)
                : try self.segment(random.next() % 16, random.next() % 3, of: address)
            let time =
                random.next() % 100 == 0
                ? Timestamp(nanoseconds: Int64(bitPattern: random.next()))
                : Self.start.advanced(by: Double(index) / 100)
            assembler.take(message, receivedAt: time) { whole in
                #expect(whole.bytes.count % 10 == 0 && whole.bytes.count <= 160 && !whole.bytes.isEmpty)
            }
        }
    }
}
