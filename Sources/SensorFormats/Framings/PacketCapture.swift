/// The headers of libpcap and pcapng files.
///
/// Source: IETF draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
struct PacketCapture: Sendable {
    /// One captured packet: its bytes and when it came.
    struct Packet {
        var range: Range<Int>
        var nanoseconds: Int64?
        var linkType: UInt32
    }

    /// Octets of the file header and of a packet's header of a pcap file.
    static let fileHeader = 24
    static let packetHeader = 16
    /// No packet is longer: what says so is damaged.
    static let packetMax = 1 << 18

    private(set) var isLittleEndian = true
    private(set) var linkType: UInt32 = 1
    private var isNanoseconds = false
    private var lastSeconds: UInt32?
    /// Interfaces of a pcapng section: link type and ticks of a second.
    private var interfaces: [(linkType: UInt32, ticks: UInt64)] = []

    private func word(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
        let value = bigEndian32(bytes, at)
        return self.isLittleEndian ? value.byteSwapped : value
    }

    private func half(_ bytes: Span<UInt8>, _ at: Int) -> UInt16 {
        let value = bigEndian16(bytes, at)
        return self.isLittleEndian ? value.byteSwapped : value
    }

    // MARK: pcap

    /// Reads | magic 32 | version 32 | zone 32 | accuracy 32 | snap length 32 | link type 32 |.
    mutating func readFileHeader(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= Self.fileHeader else { return false }
        switch bigEndian32(bytes, 0) {
        case 0xA1B2_C3D4: (self.isLittleEndian, self.isNanoseconds) = (false, false)
        case 0xD4C3_B2A1: (self.isLittleEndian, self.isNanoseconds) = (true, false)
        case 0xA1B2_3C4D: (self.isLittleEndian, self.isNanoseconds) = (false, true)
        case 0x4D3C_B2A1: (self.isLittleEndian, self.isNanoseconds) = (true, true)
        default: return false
        }
        // The upper bits speak of a frame check sequence.
        self.linkType = self.word(bytes, 20) & 0xFFFF
        return true
    }

    /// Whether | seconds 32 | fraction 32 | captured 32 | length 32 | at `at` can be a packet's header.
    func isPacket(_ bytes: Span<UInt8>, at: Int) -> Bool {
        guard at + Self.packetHeader <= bytes.count else { return false }
        let captured = Int(self.word(bytes, at + 8))
        let length = Int(self.word(bytes, at + 12))
        guard captured <= Self.packetMax, captured <= length || length == 0, length <= Self.packetMax,
            at + Self.packetHeader + captured <= bytes.count
        else { return false }
        return self.word(bytes, at + 4) < (self.isNanoseconds ? 1_000_000_000 : 1_000_000)
    }

    /// Whether the packet at `at` is followed by another, at most a day away, or ends the file.
    func isFollowed(_ bytes: Span<UInt8>, at: Int) -> Bool {
        let next = at + Self.packetHeader + Int(self.word(bytes, at + 8))
        if next == bytes.count { return true }
        let seconds = Int64(self.word(bytes, at))
        if let last = self.lastSeconds, abs(seconds - Int64(last)) > 86_400 { return false }
        return self.isPacket(bytes, at: next) && abs(Int64(self.word(bytes, next)) - seconds) <= 86_400
    }

    mutating func packet(_ bytes: Span<UInt8>, at: Int) -> Packet {
        let seconds = self.word(bytes, at)
        let fraction = Int64(self.word(bytes, at + 4))
        self.lastSeconds = seconds
        let start = at + Self.packetHeader
        return Packet(
            range: start..<start + Int(self.word(bytes, at + 8)),
            nanoseconds: Int64(seconds) * 1_000_000_000 + (self.isNanoseconds ? fraction : fraction * 1000),
            linkType: self.linkType)
    }

    // MARK: pcapng

    /// The length of the block at `at`, which stands before and behind its body; nil if they do not agree.
    mutating func blockLength(_ bytes: Span<UInt8>, at: Int) -> Int? {
        guard at + 12 <= bytes.count else { return nil }
        // A section says its own byte order, in a word that follows its length.
        if bigEndian32(bytes, at) == 0x0A0D_0D0A {
            switch bigEndian32(bytes, at + 8) {
            case 0x1A2B_3C4D: self.isLittleEndian = false
            case 0x4D3C_2B1A: self.isLittleEndian = true
            default: return nil
            }
            self.interfaces = []
        }
        let length = Int(self.word(bytes, at + 4))
        guard length >= 12, length % 4 == 0, at + length <= bytes.count,
            Int(self.word(bytes, at + length - 4)) == length
        else { return nil }
        return length
    }

    /// Reads a block: an interface is remembered, a packet is answered.
    mutating func readBlock(_ bytes: Span<UInt8>, at: Int, length: Int) -> Packet? {
        let body = at + 8
        let end = at + length - 4
        switch self.word(bytes, at) {
        case 1 where body + 8 <= end:
            self.interfaces.append((UInt32(self.half(bytes, body)), self.ticks(bytes, from: body + 8, to: end)))
            return nil
        case 6 where body + 20 <= end:
            let interface = Int(self.word(bytes, body))
            let captured = Int(self.word(bytes, body + 12))
            guard interface < self.interfaces.count, captured <= end - body - 20 else { return nil }
            let ticks = UInt64(self.word(bytes, body + 4)) << 32 | UInt64(self.word(bytes, body + 8))
            let (linkType, second) = self.interfaces[interface]
            let (whole, part) = ticks.quotientAndRemainder(dividingBy: second)
            let nanoseconds = UInt64((Double(part) / Double(second) * 1e9).rounded())
            guard whole < 9_000_000_000 else { return nil }
            return Packet(
                range: body + 20..<body + 20 + captured, nanoseconds: Int64(whole * 1_000_000_000 + nanoseconds),
                linkType: linkType)
        case 3 where body + 4 <= end:
            guard let interface = self.interfaces.first else { return nil }
            let captured = min(Int(self.word(bytes, body)), end - body - 4)
            return Packet(range: body + 4..<body + 4 + captured, nanoseconds: nil, linkType: interface.linkType)
        default: return nil
        }
    }

    /// Ticks of a second by the option if_tsresol (9); a million where it is absent.
    private func ticks(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> UInt64 {
        var at = start
        while at + 4 <= end {
            let code = self.half(bytes, at)
            let length = Int(self.half(bytes, at + 2))
            if code == 0 { break }
            if code == 9, length >= 1, at + 4 < end {
                let resolution = bytes[at + 4]
                let exponent = Int(resolution & 0x7F)
                if resolution & 0x80 != 0 { return 1 << UInt64(min(exponent, 62)) }
                var ticks: UInt64 = 1
                for _ in 0..<min(exponent, 18) { ticks *= 10 }
                return ticks
            }
            at += 4 + (length + 3) / 4 * 4
        }
        return 1_000_000
    }
}

/// From a captured packet to the payload of UDP in it.
///
/// Sources: IEEE 802.3, 802.1Q, 802.1ad; tcpdump.org link-layer header types; RFC 791, 8200, 768.
enum LinkLayer {
    enum Content {
        case datagram(Range<Int>, RecordedEndpoint)
        case fragment
        case other
    }

    static func datagram(_ bytes: Span<UInt8>, _ range: Range<Int>, linkType: UInt32, isLittleEndian: Bool) -> Content {
        let start = range.lowerBound
        let end = range.upperBound
        switch linkType {
        case 1:  // Ethernet
            guard start + 14 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start + 12), at: start + 14, to: end)
        case 113:  // Linux cooked
            guard start + 16 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start + 14), at: start + 16, to: end)
        case 276:  // Linux cooked, version 2
            guard start + 20 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start), at: start + 20, to: end)
        case 0, 108:  // Loopback of BSD: an address family in the byte order of the host or of the network
            return self.internet(bytes, at: start + 4, to: end)
        case 12, 14, 101, 228, 229:  // IP without anything before it
            return self.internet(bytes, at: start, to: end)
        default: return .other
        }
    }

    /// Passes over VLAN tags, one in another too.
    private static func tagged(_ bytes: Span<UInt8>, _ type: UInt16, at: Int, to end: Int) -> Content {
        var type = type
        var at = at
        while type == 0x8100 || type == 0x88A8 || type == 0x9100 {
            guard at + 4 <= end else { return .other }
            type = bigEndian16(bytes, at + 2)
            at += 4
        }
        return type == 0x0800 || type == 0x86DD ? self.internet(bytes, at: at, to: end) : .other
    }

    private static func internet(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at < end else { return .other }
        switch bytes[at] >> 4 {
        case 4: return self.internet4(bytes, at: at, to: end)
        case 6: return self.internet6(bytes, at: at, to: end)
        default: return .other
        }
    }

    private static func internet4(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at + 20 <= end, bytes[at + 9] == 17 else { return .other }
        let header = Int(bytes[at] & 15) * 4
        let total = Int(bigEndian16(bytes, at + 2))
        guard header >= 20 else { return .other }
        // More fragments, or an offset.
        if bigEndian16(bytes, at + 6) & 0x3FFF != 0 { return .fragment }
        // Short frames are padded behind the datagram; a length of zero is left to be filled in by the card.
        let limit = total >= header ? min(end, at + total) : end
        return self.user(
            bytes, at: at + header, to: limit, upper: 0, lower: UInt64(bigEndian32(bytes, at + 16)), isIPv6: false)
    }

    private static func internet6(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at + 40 <= end else { return .other }
        let length = Int(bigEndian16(bytes, at + 4))
        let limit = length > 0 ? min(end, at + 40 + length) : end
        var next = bytes[at + 6]
        var header = at + 40
        while next != 17 {
            guard header + 8 <= limit else { return .other }
            switch next {
            case 0, 43, 60:
                next = bytes[header]
                header += (Int(bytes[header + 1]) + 1) * 8
            case 44:
                if bigEndian16(bytes, header + 2) & 0xFFF9 != 0 { return .fragment }
                next = bytes[header]
                header += 8
            default: return .other
            }
        }
        let upper = UInt64(bigEndian32(bytes, at + 24)) << 32 | UInt64(bigEndian32(bytes, at + 28))
        let lower = UInt64(bigEndian32(bytes, at + 32)) << 32 | UInt64(bigEndian32(bytes, at + 36))
        return self.user(bytes, at: header, to: limit, upper: upper, lower: lower, isIPv6: true)
    }

    private static func user(
        _ bytes: Span<UInt8>, at: Int, to end: Int, upper: UInt64, lower: UInt64, isIPv6: Bool
    ) -> Content {
        guard at + 8 <= end else { return .other }
        let length = Int(bigEndian16(bytes, at + 4))
        let limit = length >= 8 ? min(end, at + length) : end
        let port = bigEndian16(bytes, at + 2)
        return .datagram(
            at + 8..<limit, RecordedEndpoint(upper: upper, lower: lower, isIPv6: isIPv6, port: port))
    }
}
