/// What a file of recorded sensor data is.
public enum RecordingFormat: String, Hashable, Sendable, CaseIterable {
    /// ASTERIX blocks, one behind the other (`.ast`, `.raw`, `.bin`).
    case asterix
    /// ASTERIX in FINAL frames with their time of day (`.ff`).
    case final
    /// A packet capture of libpcap, either byte order, microseconds or nanoseconds.
    case pcap
    /// A packet capture in blocks.
    case pcapng
    /// Mode S frames of a Beast receiver, binary.
    case beast
    /// Mode S frames as hexadecimal lines between `*` or `@` and `;`.
    case avr
    /// Lines of comma-separated values with Mode S frames.
    case csv

    /// Whether its content is datagrams with ASTERIX in them.
    public var holdsDatagrams: Bool {
        switch self {
        case .asterix, .final, .pcap, .pcapng: true
        case .beast, .avr, .csv: false
        }
    }

    /// The kind of Mode S recording that it is; nil if it is none.
    public var modeS: ModeSRecording? {
        switch self {
        case .beast: .beast
        case .avr: .avr
        case .csv: .csv
        case .asterix, .final, .pcap, .pcapng: nil
        }
    }

    /// Finds out by the content what a file is, with its name as a hint where the content leaves a doubt.
    ///
    /// - Returns: nil if it is none of them.
    /// - Complexity: looks at the first 64 KiB.
    public static func detect(_ bytes: Span<UInt8>, name: String? = nil) -> RecordingFormat? {
        let count = bytes.count
        guard count >= 3 else { return nil }
        if count >= 4 {
            switch bigEndian32(bytes, 0) {
            case 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1: return .pcap
            case 0x0A0D_0D0A: return .pcapng
            default: break
            }
        }
        if FinalFrame.isFrame(bytes, at: 0, to: count) { return .final }
        switch ModeSRecording.detect(bytes) {
        case .beast: return .beast
        case .avr: return .avr
        case .csv: return .csv
        case nil: break
        }
        return self.looksLikeBlocks(bytes, name) ? .asterix : nil
    }

    /// Whole blocks of known categories, or lengths that lead to the end; a damaged beginning is passed over.
    private static func looksLikeBlocks(_ bytes: Span<UInt8>, _ name: String?) -> Bool {
        let count = bytes.count
        var framer = BlockFramer()
        if framer.isPlausible(bytes, at: 0, depth: 4) { return true }
        let lower = name?.lowercased() ?? ""
        let isNamedSo = [".ast", ".asterix", ".raw", ".bin"].contains { lower.hasSuffix($0) }
        if isNamedSo, bytes[0] != 0, AsterixLayouts.knows(bytes[0]) { return true }
        var budget = 1 << 20
        for at in 0..<min(count, 1 << 16) {
            guard budget > 0 else { return false }
            let (isWhole, cost) = AsterixLayouts.isWholeBlock(bytes, at: at, to: count)
            budget -= cost
            guard isWhole else { continue }
            let next = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
            if next == count || AsterixLayouts.isWholeBlock(bytes, at: next, to: count).0 { return true }
        }
        return false
    }
}

/// One payload of a recording: where it is and when it was recorded.
public struct RecordedDatagram: Hashable, Sendable {
    /// The payload, as a range of the recording.
    public var range: Range<Int>
    /// Nanoseconds since 1970 by the recorder's clock; nil where the recording has none.
    public var capturedAt: Int64?
    /// Seconds since midnight by the recorder's clock, where it knows only the time of day.
    public var secondsOfDay: Double?
    /// Where it was sent to, where the recording says it.
    public var destination: RecordedEndpoint?

    public init(
        range: Range<Int>, capturedAt: Int64? = nil, secondsOfDay: Double? = nil,
        destination: RecordedEndpoint? = nil
    ) {
        self.range = range
        self.capturedAt = capturedAt
        self.secondsOfDay = secondsOfDay
        self.destination = destination
    }
}

/// An address and port of the Internet Protocol, as it was recorded.
public struct RecordedEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The upper 64 bits of an IPv6 address; 0 for IPv4.
    public var upper: UInt64
    /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    public var lower: UInt64
    public var isIPv6: Bool
    public var port: UInt16

    /// `224.3.66.66:8600` or `[ff02:0:0:0:0:0:0:1]:8600`.
    public var description: String {
        guard self.isIPv6 else {
            let a = (0..<4).map { "\(self.lower >> UInt64(24 - 8 * $0) & 0xFF)" }
            return a.joined(separator: ".") + ":\(self.port)"
        }
        let groups = (0..<8).map { i in
            String((i < 4 ? self.upper : self.lower) >> UInt64(48 - 16 * (i % 4)) & 0xFFFF, radix: 16)
        }
        return "[" + groups.joined(separator: ":") + "]:\(self.port)"
    }
}
