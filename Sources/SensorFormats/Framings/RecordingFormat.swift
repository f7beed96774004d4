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

    /// Blocks from the first byte on, or behind a damaged beginning.
    ///
    /// A few bytes look like a block by chance: one in a million of noise, and many more of samples with small numbers
    /// in two octets. So it takes whole blocks of `wholeOctets` in a row, behind a damaged beginning `searchedOctets` in
    /// `searchedBlocks`, or some that reach to the end; or, where records are damaged or categories unknown,
    /// `linkedBlocks` of which each begins where the one before it ends.
    private static func looksLikeBlocks(_ bytes: Span<UInt8>, _ name: String?) -> Bool {
        let lower = name?.lowercased() ?? ""
        let isNamedSo = lower.hasSuffix(".ast") || lower.hasSuffix(".asterix")
        var budget = 1 << 20
        if self.beginsWhole(bytes, at: 0, least: isNamedSo ? 1 : Self.wholeOctets, &budget) { return true }
        if self.beginsLinked(bytes, known: isNamedSo ? 4 : Self.linkedBlocks) { return true }
        if isNamedSo, self.isCutOff(bytes, at: 0) { return true }
        for at in 1..<max(1, min(bytes.count, 1 << 16)) {
            guard budget > 0 else { return false }
            if self.beginsWhole(bytes, at: at, least: Self.searchedOctets, blocks: Self.searchedBlocks, &budget) {
                return true
            }
        }
        return false
    }

    /// So many octets of whole blocks are no chance.
    private static let wholeOctets = 32
    /// Among so many places that are tried it takes more.
    private static let searchedOctets = 128
    private static let searchedBlocks = 4
    /// So many lengths that lead from block to block are none.
    private static let linkedBlocks = 16

    /// Whether blocks that records fill begin at `start`: `least` octets of them in so many blocks, or up to the end, or,
    /// from the beginning of the file, up to a block of a known category that the end cuts off.
    private static func beginsWhole(
        _ bytes: Span<UInt8>, at start: Int, least: Int, blocks leastBlocks: Int = 1, _ budget: inout Int
    ) -> Bool {
        var at = start
        var blocks = 0
        while at - start < least || blocks < leastBlocks {
            if at == bytes.count { return at > start }
            let (isWhole, cost) = AsterixLayouts.isWholeBlock(bytes, at: at, to: bytes.count)
            budget -= cost
            guard isWhole else { break }
            at += Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            blocks += 1
        }
        return at - start >= least && blocks >= leastBlocks || start == 0 && at > 0 && self.isCutOff(bytes, at: at)
    }

    /// Whether a block of a known category begins at `at` that reaches beyond the end.
    private static func isCutOff(_ bytes: Span<UInt8>, at: Int) -> Bool {
        guard at < bytes.count, AsterixLayouts.knows(bytes[at]) else { return false }
        guard at + 3 <= bytes.count else { return true }
        return at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])) > bytes.count
    }

    /// Whether lengths lead from block to block, from the first byte to the end or past so many of
    /// known categories.
    private static func beginsLinked(_ bytes: Span<UInt8>, known least: Int) -> Bool {
        var at = 0
        var known = 0
        var links = 0
        while at + 3 <= bytes.count, bytes[at] != 0, links < 2 * Self.linkedBlocks {
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard length > 3, length <= BlockFramer.unverifiedMax else { return false }
            if AsterixLayouts.knows(bytes[at]) { known += 1 }
            links += 1
            at += length
        }
        return known >= least || at == bytes.count
    }
}
