import Air
import Testing

@testable import SensorFormats

@Suite("Framings, both ways") struct DatagramWriterTests {
    private let payloads: [[UInt8]] = [
        block(34, Worked.category034), block(48, Worked.category048),
        block(48, Worked.category048, Worked.category048) + block(34, Worked.category034),
    ]
    private let start = Timestamp(nanoseconds: 1_683_014_400_250_000_000)

    private func written(_ format: RecordingFormat, to destination: RecordedEndpoint? = nil) throws -> [UInt8] {
        var writer = try #require(DatagramWriter(format: format))
        var bytes: [UInt8] = []
        for (index, payload) in self.payloads.enumerated() {
            writer.append(
                payload.span, at: self.start.advanced(by: Double(index)), destination: destination,
                finalMark: 0x01_02_1F)
        }
        writer.take { append($0, 0..<$0.count, to: &bytes) }
        #expect(writer.count == self.payloads.count && writer.tooLong == 0)
        return bytes
    }

    @Test("what is written is detected and read again", arguments: DatagramWriter.formats)
    func again(format: RecordingFormat) throws {
        let bytes = try self.written(format)
        #expect(RecordingFormat.detect(bytes.span) == format)
        let (read, reader) = datagrams(bytes, format)
        let found = read.map { Array(bytes[$0.range]) }
        for (index, datagram) in read.enumerated() {
            let time = self.start.advanced(by: Double(index))
            if format == .pcap { #expect(datagram.capturedAt == time.nanoseconds) }
            if format == .pcap { #expect(datagram.destination?.description == "127.0.0.1:8600") }
            if format == .final { #expect(datagram.finalMark == 0x01_02_1F) }
            if format == .final || format == .oradis { #expect(datagram.secondsOfDay == time.secondsOfDay) }
        }
        #expect(reader.problems.isEmpty)
        // Bare blocks know nothing of datagrams.
        #expect(found.flatMap { $0 } == self.payloads.flatMap { $0 })
        if format != .asterix { #expect(found == self.payloads) }
    }

    @Test("captures carry valid sums of IP and UDP", arguments: [false, true])
    func sums(isIPv6: Bool) throws {
        let destination = RecordedEndpoint(
            upper: isIPv6 ? 0xFF02 << 48 : 0, lower: isIPv6 ? 1 : 0xE003_4242, isIPv6: isIPv6, port: 8600)
        let bytes = try self.written(.pcap, to: destination)
        func sum(_ range: Range<Int>, _ start: Int = 0) -> Int {
            var sum = start
            for at in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
                sum += Int(bytes[at]) << 8 | (at + 1 < range.upperBound ? Int(bytes[at + 1]) : 0)
            }
            while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
            return sum
        }
        let header = 24 + 16 + 14
        let user = header + (isIPv6 ? 40 : 20)
        let length = self.payloads[0].count + 8
        if !isIPv6 { #expect(sum(header..<user) == 0xFFFF) }
        let addresses = sum(isIPv6 ? header + 8..<header + 40 : header + 12..<header + 20)
        #expect(sum(user..<user + length, addresses + 17 + length) == 0xFFFF)
        #expect(datagrams(bytes, .pcap).0.first?.destination == destination)
    }

    @Test(
        "what does not fit into a frame is not written and counted", arguments: [RecordingFormat.final, .oradis, .pcap])
    func tooLong(format: RecordingFormat) throws {
        var writer = try #require(DatagramWriter(format: format))
        let long = [UInt8](repeating: 0, count: 65_530)
        let isWritten = writer.append(long.span, at: self.start)
        #expect(!isWritten)
        #expect(writer.tooLong == 1 && writer.count == 0)
    }

    @Test("a check sequence is that of the standard: 0x906E over the digits 1 to 9")
    func checkSequence() {
        var sequence = CheckSequence()
        sequence.take(Array("123456789".utf8).span, 0..<9)
        #expect(sequence.octets == (0x6E, 0x90))
    }

    @Test("a line's frames are found behind flags and noise; a wrong check sequence costs its frame")
    func line() throws {
        let frame = try self.written(.hdlc)
        var broken = frame
        broken[5] ^= 1
        let bytes = [0x7E, 0x7E] + frame + [0x7E] + broken + frame
        #expect(RecordingFormat.detect(bytes.span) == .hdlc)
        let (found, reader) = datagrams(bytes, .hdlc)
        #expect(found.count == 8)
        #expect(reader.problems.map(\.fault) == [.badFrame])
    }

    @Test("IOSS frames with numbers and RFF frames are told from others and read")
    func others() throws {
        let payload = self.payloads[2]
        let numbered =
            Packet.big(payload.count + 16, 2) + Packet.big(77, 4) + [0, 0, 0] + Packet.big(5_118_000, 3) + payload + [
                0xA5, 0xA5, 0xA5, 0xA5,
            ]
        let twice = numbered + numbered
        #expect(RecordingFormat.detect(twice.span) == .iossSequence)
        let first = try #require(datagrams(twice, .iossSequence).0.first)
        #expect(Array(twice[first.range]) == payload && first.secondsOfDay == 51_180)
        let rff =
            [UInt8](repeating: 0x20, count: 128) + Packet.big(1000, 4) + Packet.big(payload.count, 2).reversed()
            + payload
            + Packet.big(2000, 4) + Packet.big(payload.count, 2).reversed() + payload
        #expect(RecordingFormat.detect(rff.span) == .rff)
        let (relative, reader) = datagrams(rff, .rff)
        #expect(relative.map { Array(rff[$0.range]) } == [payload, payload] && reader.problems.isEmpty)
    }

    @Test("frames of ORADIS in a datagram are datagrams of their own, with their times")
    func oradis() throws {
        let inner = try self.written(.oradis)
        let udp = Packet.big(8600, 2) + Packet.big(8600, 2) + Packet.big(8 + inner.count, 2) + [0, 0] + inner
        let packet =
            [0x45, 0] + Packet.big(20 + udp.count, 2) + [0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2] + udp
        let bytes = Packet.pcap(101, [packet, packet])
        let found = datagrams(bytes, .pcap).0
        #expect(found.allSatisfy { $0.secondsOfDay != nil && $0.capturedAt != nil })
        #expect(found.map { Array(bytes[$0.range]) } == self.payloads + self.payloads)
    }
}
