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
    /// No section has more interfaces: further ones are passed over.
    static let interfacesMax = 4096

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
        guard captured > 0, captured <= Self.packetMax, captured <= length || length == 0, length <= Self.packetMax,
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
    ///
    /// The end of a block that is too long for a packet is not looked at: it may lie far behind.
    func blockLength(_ bytes: Span<UInt8>, at: Int) -> Int? {
        guard at + 12 <= bytes.count else { return nil }
        var isLittleEndian = self.isLittleEndian
        // A section says its own byte order, in a word that follows its length.
        if bigEndian32(bytes, at) == 0x0A0D_0D0A {
            guard let order = Self.sectionOrder(bytes, at: at) else { return nil }
            isLittleEndian = order
        }
        let word = bigEndian32(bytes, at + 4)
        let length = Int(isLittleEndian ? word.byteSwapped : word)
        guard length >= 12, length % 4 == 0 else { return nil }
        if length > Self.packetMax + 1024 { return self.isPacketBlock(bytes, at: at) ? nil : length }
        guard at + length <= bytes.count, bigEndian32(bytes, at + length - 4) == word else { return nil }
        return length
    }

    /// Whether a block that can be told from others begins at `at`: an interface, a packet, a section.
    func isKnownBlock(_ bytes: Span<UInt8>, at: Int) -> Bool {
        guard let length = self.blockLength(bytes, at: at), length <= Self.packetMax + 1024 else { return false }
        return bigEndian32(bytes, at) == 0x0A0D_0D0A || self.isPacketBlock(bytes, at: at)
            || self.word(bytes, at) == 1 && length >= 20
    }

    private func isPacketBlock(_ bytes: Span<UInt8>, at: Int) -> Bool {
        let type = self.word(bytes, at)
        return type == 6 || type == 3
    }

    private static func sectionOrder(_ bytes: Span<UInt8>, at: Int) -> Bool? {
        switch bigEndian32(bytes, at + 8) {
        case 0x1A2B_3C4D: false
        case 0x4D3C_2B1A: true
        default: nil
        }
    }

    /// Reads a block: an interface is remembered, a packet is answered.
    mutating func readBlock(_ bytes: Span<UInt8>, at: Int, length: Int) -> Packet? {
        let body = at + 8
        let end = at + length - 4
        if bigEndian32(bytes, at) == 0x0A0D_0D0A, let order = Self.sectionOrder(bytes, at: at) {
            self.isLittleEndian = order
            self.interfaces = []
            return nil
        }
        switch self.word(bytes, at) {
        case 1 where body + 8 <= end && self.interfaces.count < Self.interfacesMax:
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
