import Air
import Testing

@testable import SensorFormats

/// Packet captures made by hand around one payload.
enum Packet {
    static let payload = block(34, Worked.category034)

    static func big(_ value: Int, _ octets: Int) -> [UInt8] {
        (0..<octets).map { UInt8(truncatingIfNeeded: value >> (8 * (octets - 1 - $0))) }
    }

    static func user() -> [UInt8] {
        big(8600, 2) + big(8600, 2) + big(8 + payload.count, 2) + [0, 0] + payload
    }

    static func internet4(fragment: Int = 0) -> [UInt8] {
        let udp = user()
        return [0x45, 0] + big(20 + udp.count, 2) + [0, 0] + big(fragment, 2) + [
            64, 17, 0, 0, 10, 0, 0, 1, 224, 3, 66, 66,
        ]
            + udp
    }

    /// The datagram of `internet4` in three pieces of 8, 8 and the rest.
    static func fragments4() -> [[UInt8]] {
        let udp = user()
        return [(0..<8, 0x2000), (8..<16, 0x2001), (16..<udp.count, 0x0002)].map { range, place in
            [0x45, 0] + big(20 + range.count, 2) + [0, 77] + big(place, 2) + [
                64, 17, 0, 0, 10, 0, 0, 1, 224, 3, 66, 66,
            ] + udp[range]
        }
    }

    static func fragments6() -> [[UInt8]] {
        let udp = user()
        return [(0..<8, 1), (8..<16, 9), (16..<udp.count, 16)].map { range, place in
            [0x60, 0, 0, 0] + big(8 + range.count, 2) + [44, 64] + [UInt8](repeating: 0x20, count: 16) + [0xFF, 2]
                + [UInt8](repeating: 0, count: 13) + [1] + [17, 0] + big(place, 2) + [0, 0, 0, 77] + udp[range]
        }
    }

    static func internet6() -> [UInt8] {
        let udp = user()
        // One hop-by-hop header before UDP.
        return [0x60, 0, 0, 0] + big(8 + udp.count, 2) + [0, 64] + [UInt8](repeating: 0x20, count: 16) + [0xFF, 2]
            + [UInt8](repeating: 0, count: 13) + [1] + [17, 0, 1, 4, 0, 0, 0, 0] + udp
    }

    static let addresses = [UInt8](repeating: 2, count: 12)

    /// Link type and packet.
    static let links: [(name: String, type: UInt8, packet: [UInt8])] = [
        ("Ethernet", 1, addresses + [0x08, 0x00] + internet4() + [0, 0, 0, 0]),
        ("VLAN", 1, addresses + [0x81, 0x00, 0x00, 0x05, 0x08, 0x00] + internet4()),
        ("QinQ", 1, addresses + [0x88, 0xA8, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xDD] + internet6()),
        ("Linux cooked", 113, [UInt8](repeating: 0, count: 14) + [0x08, 0x00] + internet4()),
        ("Linux cooked v2", 20, [0x08, 0x00] + [UInt8](repeating: 0, count: 18) + internet4()),
        ("raw IP", 101, internet4()),
        ("raw IPv6", 101, internet6()),
        ("loopback", 0, [2, 0, 0, 0] + internet4()),
    ]

    static func word(_ value: Int, _ isLittleEndian: Bool) -> [UInt8] {
        isLittleEndian ? big(value, 4).reversed() : big(value, 4)
    }

    static func pcap(_ type: Int, _ packets: [[UInt8]], little: Bool = true, nanoseconds: Bool = false) -> [UInt8] {
        var bytes = word(nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4, little)
        bytes += little ? [2, 0, 4, 0] : [0, 2, 0, 4]
        bytes += word(0, little) + word(0, little) + word(65_535, little) + word(type, little)
        for packet in packets {
            bytes += word(1_683_014_400, little) + word(250_000, little)
            bytes += word(packet.count, little) + word(packet.count, little) + packet
        }
        return bytes
    }
}

/// All datagrams of a recording, and the reader behind its end.
func datagrams(_ bytes: [UInt8], _ format: RecordingFormat) -> ([RecordedDatagram], DatagramReader) {
    var found: [RecordedDatagram] = []
    guard var reader = DatagramReader(format: format) else { preconditionFailure("a format of datagrams") }
    while let datagram = reader.next(in: bytes.span) { found.append(datagram) }
    return (found, reader)
}

@Suite("Framings of recordings") struct FramingTests {
    @Test("a payload is found behind every link layer", arguments: 0..<8)
    func links(number: Int) throws {
        let (name, type, packet) = Packet.links[number]
        let linkType = name == "Linux cooked v2" ? 276 : Int(type)
        let bytes = Packet.pcap(linkType, [packet, packet])
        #expect(RecordingFormat.detect(bytes.span) == .pcap)
        let (found, reader) = datagrams(bytes, .pcap)
        #expect(found.count == 2 && reader.problems.isEmpty, "\(name)")
        for datagram in found {
            #expect(Array(bytes[datagram.range]) == Packet.payload, "\(name)")
            #expect(datagram.capturedAt == 1_683_014_400_250_000_000)
            #expect(datagram.destination?.port == 8600)
        }
        let destination = found.first?.destination?.description
        #expect(destination == "224.3.66.66:8600" || destination == "[ff02:0:0:0:0:0:0:1]:8600")
    }

    @Test("byte orders and fractions of the second are read from the header")
    func orders() {
        for little in [true, false] {
            for nanoseconds in [true, false] {
                let bytes = Packet.pcap(101, [Packet.internet4()], little: little, nanoseconds: nanoseconds)
                let (found, _) = datagrams(bytes, .pcap)
                let expected: Int64 = nanoseconds ? 1_683_014_400_000_250_000 : 1_683_014_400_250_000_000
                #expect(found.first?.capturedAt == expected)
            }
        }
    }

    @Test("packets that are no datagram are counted")
    func others() {
        var other = Packet.internet4()
        other[9] = 6
        let (found, reader) = datagrams(Packet.pcap(101, [other, Packet.internet4()]), .pcap)
        #expect(found.count == 1 && reader.otherPackets == 1 && reader.problems.isEmpty)
    }

    @Test("fragments are put together in whatever order they come", arguments: [false, true], 0..<3)
    func fragments(isIPv6: Bool, order: Int) throws {
        var pieces = isIPv6 ? Packet.fragments6() : Packet.fragments4()
        // In order, backwards, and one of them twice.
        if order == 1 { pieces.reverse() }
        if order == 2 { pieces.insert(pieces[1], at: 0) }
        let (found, reader) = datagrams(Packet.pcap(101, pieces), .pcap)
        #expect(reader.problems.isEmpty)
        let datagram = try #require(found.first)
        #expect(found.count == 1)
        #expect(datagram.assembled.map { Array($0[datagram.range]) } == Packet.payload)
        #expect(datagram.destination?.port == 8600)
    }

    @Test("fragments of which one is missing or does not fit are told with their place")
    func lostFragments() {
        let pieces = Packet.fragments4()
        let (found, reader) = datagrams(Packet.pcap(101, [pieces[0], pieces[2]]), .pcap)
        #expect(found.isEmpty && reader.problems.map(\.fault) == [.fragment])
        #expect(reader.problems.first?.offset == 24 + 16 + 20)
        // An overlap in part spoils the datagram.
        var moved = pieces[1]
        moved[7] -= 1
        let (other, spoilt) = datagrams(Packet.pcap(101, [pieces[0], moved, pieces[2]]), .pcap)
        #expect(other.isEmpty && spoilt.problems.contains { $0.fault == .fragment })
        // However many datagrams stay unfinished, no more than a few are kept.
        let many = (0..<100).map { number in
            var piece = pieces[0]
            piece[5] = UInt8(number)
            return piece
        }
        let (none, full) = datagrams(Packet.pcap(101, many), .pcap)
        #expect(none.isEmpty && full.problems.count == 100)
    }

    @Test("a damaged packet header costs its packet")
    func damaged() {
        var bytes = Packet.pcap(101, [[UInt8]](repeating: Packet.internet4(), count: 5))
        let second = 24 + 16 + Packet.internet4().count
        bytes[second + 10] = 0x7F
        let (found, reader) = datagrams(bytes, .pcap)
        #expect(found.count == 4)
        #expect(reader.problems.map(\.fault) == [.badFrame])
    }

    @Test("a pcapng file gives its packets with their interface's clock")
    func nextGeneration() {
        func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
            let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
            return Packet.big(type, 4) + Packet.big(padded.count + 12, 4) + padded + Packet.big(padded.count + 12, 4)
        }
        let packet = Packet.internet4()
        let ticks = 1_683_014_400 * 1000 + 125
        let bytes =
            block(0x0A0D_0D0A, [0x1A, 0x2B, 0x3C, 0x4D, 0, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
            + block(1, [0, 101, 0, 0, 0, 0, 0xFF, 0xFF, 0, 9, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0])
            + block(
                6,
                Packet.big(0, 4) + Packet.big(ticks >> 32, 4) + Packet.big(ticks, 4) + Packet.big(packet.count, 4)
                    + Packet.big(packet.count, 4) + packet)
        #expect(RecordingFormat.detect(bytes.span) == .pcapng)
        let (found, reader) = datagrams(bytes, .pcapng)
        #expect(reader.problems.isEmpty)
        #expect(found.first?.capturedAt == 1_683_014_400_125_000_000)
        #expect(found.first.map { Array(bytes[$0.range]) } == Packet.payload)
    }

    @Test("FINAL frames carry their time of day, and a damaged one costs itself")
    func final() {
        let frame =
            Packet.big(Packet.payload.count + 12, 2) + [0, 0, 0, 0x5C, 0x18, 0x90] + Packet.payload
            + [0xA5, 0xA5, 0xA5, 0xA5]
        var broken = frame
        broken[1] &+= 1
        let bytes = frame + broken + frame
        #expect(RecordingFormat.detect(bytes.span) == .final)
        let (found, reader) = datagrams(bytes, .final)
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.secondsOfDay == 60_356 && Array(bytes[$0.range]) == Packet.payload })
        #expect(reader.problems.map(\.fault) == [.badFrame])
    }

    @Test("formats are told apart by their content")
    func detection() {
        func detect(_ bytes: [UInt8], _ name: String? = nil) -> RecordingFormat? {
            RecordingFormat.detect(bytes.span, name: name)
        }
        #expect(detect(Packet.payload) == .asterix)
        #expect(detect(Packet.payload + Packet.payload) == .asterix)
        let short: [UInt8] = [0x1A, 0x32, 0, 0, 0, 0, 0, 0, 0, 0x5D, 0x48, 0x40, 0xD6, 0, 0, 0]
        #expect(detect(short + short) == .beast)
        #expect(detect(Array("*8D4840D6202CC371C32CE0576098;\n".utf8)) == .avr)
        #expect(detect(Array("1457996402.5,8d4840d6202cc371c32ce0576098\n".utf8)) == .csv)
        #expect(detect([]) == nil)
        #expect(detect(Array("hello world".utf8)) == nil)
        #expect(detect([0, 0, 0, 0, 0, 0, 0, 0]) == nil)
        // A broken first block: the name, or a whole block later, tells.
        #expect(detect([48, 0xFF, 0xFF, 1, 2], "x.ast") == .asterix)
        #expect(detect([48, 0xFF, 0xFF, 1, 2] + Packet.payload + Packet.payload) == .asterix)
    }

    @Test("noise and samples of a radio that begin like a block are no recording", arguments: 0..<60 as Range<UInt64>)
    func noise(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var bytes: [UInt8] = []
        switch seed % 3 {
        // Any octets; eight bits a sample around 127; sixteen bits a sample with small numbers.
        case 0: for _ in 0..<100_000 { bytes.append(UInt8(random.below(256))) }
        case 1: for _ in 0..<100_000 { bytes.append(UInt8(120 + random.below(8) + random.below(8))) }
        default:
            for _ in 0..<50_000 {
                let sample = random.below(40) + random.below(40) - 40
                bytes += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
            }
        }
        #expect(RecordingFormat.detect(bytes.span, name: "iq.raw") == nil)
        // A block that is whole, and one whose record is not.
        let whole: [UInt8] = [34, 0, 11, 0xF0, 1, 2, 2, 0, 0, 0, 0]
        for beginning in [whole, [48, 0, 40], [62, 1, 0, 0xFF, 0xFF]] {
            let file = beginning + bytes
            for name in ["iq.raw", "iq.bin", "iq"] {
                #expect(RecordingFormat.detect(file.span, name: name) == nil, "\(name) \(beginning)")
            }
        }
        // Good blocks before it are a recording with a bad end.
        let recording = Packet.payload + Packet.payload + bytes
        #expect(RecordingFormat.detect(recording.span) == .asterix)
    }

    @Test("blocks of unknown categories, damaged ones and such that are cut off are a recording all the same")
    func leniency() {
        var damaged: [UInt8] = []
        for last in 0..<20 as Range<UInt8> { damaged += [48, 0, 6, 0x01, 0x01, last] }
        damaged += [0, 0, 0]
        #expect(RecordingFormat.detect(damaged.span) == .asterix)
        #expect(RecordingFormat.detect([250, 0, 5, 1, 2, 251, 0, 4, 9].span) == .asterix)
        #expect(RecordingFormat.detect(Array(Packet.payload.dropLast(3)).span, name: "x.ast") == .asterix)
    }

    @Test("a recorder's clock that is hours off is put right by the records; a good one is kept")
    func clock() {
        // The records say 51,180.375 s of the day, the recorder two hours more.
        let bytes = Packet.payload
        let day = 1_683_014_400.0 - 28_800
        var clock = RecordingClock(start: Timestamp(seconds: day + 40_000))
        let wrong = RecordedDatagram(range: 0..<bytes.count, secondsOfDay: 58_380.375)
        let first = clock.time(of: wrong, in: bytes.span)
        #expect(abs(first.seconds - (day + 51_180.375)) < 1e-5)
        let later = RecordedDatagram(range: 0..<0, secondsOfDay: 58_390.375)
        #expect(abs(clock.time(of: later, in: bytes.span).seconds(since: first) - 10) < 1e-6)
        var good = RecordingClock(start: Timestamp(seconds: 0))
        let captured = Int64((day + 51_190) * 1e9)
        let datagram = RecordedDatagram(range: 0..<bytes.count, capturedAt: captured)
        #expect(good.time(of: datagram, in: bytes.span).nanoseconds == captured)
    }
}
