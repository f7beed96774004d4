/// What a file of recorded sensor data is.
public enum RecordingFormat: String, Hashable, Sendable, CaseIterable {
    /// ASTERIX blocks, one behind the other (`.ast`, `.raw`, `.bin`).
    case asterix
    /// ASTERIX in FINAL frames with their time of day (`.ff`), also called IOSS.
    case final
    /// FINAL frames with a number of four octets behind the length (IOSS with sequence numbers).
    case iossSequence
    /// ASTERIX in ORADIS frames: length and time of day before the blocks.
    case oradis
    /// ASTERIX blocks with ten octets behind each, one a time of day of a GPS clock, behind a header of 2,200 (`.gps`).
    case gps
    /// ASTERIX in HDLC frames with their check sequence, as lines of radars carry it.
    case hdlc
    /// ASTERIX in RFF frames: milliseconds since the beginning and a length, behind a header of 128 octets.
    case rff
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
    /// Sentences of AIS (NMEA 0183), a line each.
    case ais
    /// Lines of a BaseStation feed (SBS).
    case sbs
    /// State vectors of the OpenSky Network, comma-separated.
    case openSky
    /// Records of ASTERIX as lines of JSON, as `kumiko decode` writes them.
    case json

    /// Whether its content is datagrams with ASTERIX in them.
    public var holdsDatagrams: Bool {
        switch self {
        case .asterix, .final, .iossSequence, .oradis, .gps, .hdlc, .rff, .pcap, .pcapng: true
        case .beast, .avr, .csv, .ais, .sbs, .openSky, .json: false
        }
    }

    /// Whether it knows the date of what it holds, not only a time of day.
    public var bringsDate: Bool {
        switch self {
        case .pcap, .pcapng, .csv, .sbs, .openSky: true
        default: false
        }
    }

    /// The kind of Mode S recording that it is; nil if it is none.
    public var modeS: ModeSRecording? {
        switch self {
        case .beast: .beast
        case .avr: .avr
        case .csv: .csv
        default: nil
        }
    }

    /// Finds out by the content what a file is, with its name as a hint where the content leaves a doubt.
    ///
    /// - Parameters:
    ///   - bytes: the beginning of the file, 256 KiB of it at least, or all.
    ///   - name: the file's name.
    /// - Returns: nil if it is none of them.
    /// - Complexity: looks at no more than the first 256 KiB.
    public static func detect(_ bytes: Span<UInt8>, name: String? = nil) -> RecordingFormat? {
        let bytes = bytes.extracting(first: 1 << 18)
        let count = bytes.count
        guard count >= 3 else { return nil }
        if count >= 4 {
            switch bigEndian32(bytes, 0) {
            case 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1: return .pcap
            case 0x0A0D_0D0A: return .pcapng
            default: break
            }
        }
        if let frame = Framing.frame(.final, bytes, at: 0) {
            // With and without a sequence number the frame ends alike: the blocks tell where it begins.
            let numbered = Framing.frame(.iossSequence, bytes, at: 0)
            let isNumbered =
                !BlockChain.fills(bytes, frame.payload) && numbered != nil
                && BlockChain.fills(bytes, numbered?.payload ?? 0..<0)
            return isNumbered ? .iossSequence : .final
        }
        if self.startsLikeJSON(bytes) { return .json }
        if AISReceiver.detects(bytes) { return .ais }
        switch ModeSRecording.detect(bytes) {
        case .beast: return .beast
        case .avr: return .avr
        case .csv: return .csv
        case nil: break
        }
        if BaseStationReader.detect(bytes) { return .sbs }
        if OpenSkyReader.detect(bytes) { return .openSky }
        for format in [RecordingFormat.hdlc, .oradis, .gps, .rff] where Framing.begins(format, bytes) { return format }
        return self.looksLikeBlocks(bytes, name) ? .asterix : nil
    }

    /// Whether the first line is a record of the JSON view.
    private static func startsLikeJSON(_ bytes: Span<UInt8>) -> Bool {
        let beginning = Array("{\"category\":".utf8)
        return bytes.count > beginning.count && beginning.indices.allSatisfy { bytes[$0] == beginning[$0] }
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
