/// Takes the datagrams out of a recording, in its order.
///
/// The reader holds a place and no bytes: it is given the recording whole, or the piece of it that is in memory. What
/// it finds does not depend on the pieces.
///
/// - Complexity: linear in the recording, damaged ones too.
public struct DatagramReader: Sendable {
    /// A piece of a recording that does not reach to its end must hold so many bytes behind `offset`.
    public static let lookahead = 1 << 20

    /// What the recording is.
    public let format: RecordingFormat
    /// Frames or blocks read.
    public private(set) var frames = 0
    /// Packets that are no UDP datagram.
    public private(set) var otherPackets = 0
    /// Damaged frames, bytes that are no block, and lost fragments; with offsets in the recording.
    public internal(set) var problems: [AsterixProblem] = []
    /// Where in the recording the next frame is looked for.
    public private(set) var offset = 0

    private var blocks = BlockFramer()
    private var capture = PacketCapture()
    private var fragments = Fragments()
    /// Bytes passed over that may go on.
    private var skipped: AsterixProblem?
    /// Looks at bytes while a damaged place is searched; bounded as in `BlockFramer`.
    private var looked = 0
    private var isSearching = false
    /// A datagram of ORADIS frames of which some are still to be handed out: the rest of its range.
    private var oradis: RecordedDatagram?
    private var oradisOffset = 0

    /// A reader at the beginning of a recording; nil if the format does not hold datagrams.
    public init?(format: RecordingFormat) {
        guard format.holdsDatagrams else { return nil }
        self.format = format
    }

    /// The next datagram of a recording that lies whole in memory, or nil at the end.
    public mutating func next(in recording: Span<UInt8>) -> RecordedDatagram? {
        self.next(in: recording, from: 0, isComplete: true)
    }

    /// The next datagram in a piece of a recording.
    ///
    /// - Parameters:
    ///   - window: the piece.
    ///   - base: where in the recording it begins; not behind `offset`.
    ///   - isComplete: whether it reaches to the recording's end.
    /// - Returns: nil at the recording's end, or while the piece holds no more than `lookahead` bytes behind `offset`.
    public mutating func next(in window: Span<UInt8>, from base: Int, isComplete: Bool) -> RecordedDatagram? {
        if let inner = self.nextOradis(window, base) { return inner }
        while true {
            let at = self.offset - base
            guard at >= 0, at < window.count else { break }
            guard isComplete || window.count - at >= Self.lookahead else { return nil }
            let found: RecordedDatagram? =
                switch self.format {
                case .asterix: self.nextBlock(window, at)
                case .pcap: self.nextPacket(window, at, base)
                case .pcapng: self.nextCaptureBlock(window, at, base)
                default: self.nextFrame(window, at)
                }
            if let found {
                self.endSkip()
                return found
            }
        }
        if isComplete {
            self.endSkip()
            for lost in self.fragments.giveUp() { self.note(lost) }
        }
        return nil
    }

    /// Passes over bytes; those that follow one another are one problem.
    private mutating func skip(_ count: Int, _ fault: AsterixFault) {
        if var known = self.skipped, known.fault == fault, known.offset + known.length == self.offset {
            known.length += count
            self.skipped = known
        } else {
            self.endSkip()
            self.skipped = AsterixProblem(offset: self.offset, length: count, category: 0, fault: fault)
        }
        self.offset += count
    }

    private mutating func endSkip() {
        guard let skipped else { return }
        self.problems.append(skipped)
        self.skipped = nil
    }

    /// How many bytes may have been looked at by now.
    private var lookedMax: Int { self.offset * BlockFramer.looksPerByte + BlockFramer.looksAtFirst }

    private mutating func nextBlock(_ bytes: Span<UInt8>, _ at: Int) -> RecordedDatagram? {
        switch self.blocks.next(bytes, at: at, place: self.offset) {
        case .block(let range):
            self.frames += 1
            self.offset += range.count
            return RecordedDatagram(range: range)
        case .noBlock(let range):
            self.skip(range.count, .noBlock)
            return nil
        }
    }

    private mutating func nextFrame(_ bytes: Span<UInt8>, _ at: Int) -> RecordedDatagram? {
        let header = Framing.header(self.format)
        if self.offset < header {
            guard at + header <= bytes.count else {
                self.skip(bytes.count - at, .badFrame)
                return nil
            }
            self.offset = header
            return nil
        }
        if !self.isSearching, let frame = Framing.frame(self.format, bytes, at: at) {
            self.frames += 1
            self.offset += frame.next - at
            return RecordedDatagram(
                range: frame.payload, secondsOfDay: frame.secondsOfDay, finalMark: frame.mark)
        }
        // The next frame that is whole, wherever it begins.
        let limit = min(bytes.count, at + 1 + BlockFramer.searchMax)
        let found = Framing.search(
            self.format, bytes, from: at + (self.isSearching ? 0 : 1), to: limit, looked: &self.looked,
            lookedMax: self.lookedMax)
        self.isSearching = found == limit && limit < bytes.count
        self.skip(found - at, .badFrame)
        return nil
    }

    // MARK: Packet captures

    private mutating func nextPacket(_ bytes: Span<UInt8>, _ at: Int, _ base: Int) -> RecordedDatagram? {
        if self.offset == 0 {
            guard self.capture.readFileHeader(bytes) else {
                self.skip(bytes.count, .badFrame)
                return nil
            }
            self.offset = PacketCapture.fileHeader
            return nil
        }
        guard !self.isSearching, self.capture.isPacket(bytes, at: at) else {
            let limit = min(bytes.count, at + 1 + BlockFramer.searchMax)
            var next = at + (self.isSearching ? 0 : 1)
            while next < limit, !(self.capture.isPacket(bytes, at: next) && self.capture.isFollowed(bytes, at: next)) {
                next += 1
            }
            self.isSearching = next == limit && limit < bytes.count
            self.skip(next - at, .badFrame)
            return nil
        }
        let packet = self.capture.packet(bytes, at: at)
        self.frames += 1
        self.offset += packet.range.upperBound - at
        return self.datagram(bytes, packet, base)
    }

    private mutating func nextCaptureBlock(_ bytes: Span<UInt8>, _ at: Int, _ base: Int) -> RecordedDatagram? {
        guard !self.isSearching, let length = self.capture.blockLength(bytes, at: at) else {
            let limit = min(bytes.count, at + 1 + BlockFramer.searchMax)
            var next = at + (self.isSearching ? 0 : 1)
            while next < limit, !self.capture.isKnownBlock(bytes, at: next) { next += 1 }
            self.isSearching = next == limit && limit < bytes.count
            self.skip(next - at, .badFrame)
            return nil
        }
        guard at + length <= bytes.count else {
            // Too long for a packet: passed over without a look.
            self.offset += length
            return nil
        }
        let packet = self.capture.readBlock(bytes, at: at, length: length)
        self.offset += length
        guard let packet else { return nil }
        self.frames += 1
        return self.datagram(bytes, packet, base)
    }

    private mutating func datagram(_ bytes: Span<UInt8>, _ packet: PacketCapture.Packet, _ base: Int)
        -> RecordedDatagram?
    {
        switch LinkLayer.datagram(bytes, packet.range, linkType: packet.linkType) {
        case .datagram(let payload, let destination):
            let datagram = RecordedDatagram(
                range: payload, capturedAt: packet.nanoseconds, destination: destination)
            guard Framing.isOradis(bytes, payload) else { return datagram }
            return self.unwrap(datagram, bytes, base)
        case .fragment(let fragment):
            return self.assemble(fragment, packet, bytes, base)
        case .other:
            self.otherPackets += 1
            return nil
        }
    }

    private mutating func assemble(
        _ fragment: Fragment, _ packet: PacketCapture.Packet, _ bytes: Span<UInt8>, _ base: Int
    ) -> RecordedDatagram? {
        let (answer, gaveWay) = self.fragments.add(fragment, bytes, offset: base + fragment.payload.lowerBound)
        if let gaveWay { self.note(gaveWay) }
        switch answer {
        case .waiting: return nil
        case .lost(let lost):
            self.note(lost)
            return nil
        case .whole(let assembled, let offset):
            let key = fragment.key
            guard
                case .datagram(let payload, let destination) = LinkLayer.user(
                    assembled.span, at: 0, to: assembled.count, upper: key.targetUpper, lower: key.target,
                    isIPv6: key.isIPv6)
            else {
                self.otherPackets += 1
                return nil
            }
            let datagram = RecordedDatagram(
                range: payload, capturedAt: packet.nanoseconds, destination: destination, assembled: assembled,
                assembledAt: offset)
            guard Framing.isOradis(assembled.span, payload) else { return datagram }
            return self.unwrap(datagram, bytes, base)
        }
    }

    private mutating func note(_ lost: Fragments.Unfinished) {
        self.problems.append(
            AsterixProblem(offset: lost.offset, length: lost.count, category: 0, fault: .fragment))
    }

    // MARK: ORADIS in datagrams

    private mutating func unwrap(_ datagram: RecordedDatagram, _ window: Span<UInt8>, _ base: Int)
        -> RecordedDatagram?
    {
        self.oradis = datagram
        self.oradisOffset = base
        return self.nextOradis(window, base)
    }

    /// The next frame of a datagram of ORADIS frames; the piece may have moved meanwhile.
    private mutating func nextOradis(_ window: Span<UInt8>, _ base: Int) -> RecordedDatagram? {
        guard var datagram = self.oradis else { return nil }
        let moved = datagram.assembled == nil ? self.oradisOffset - base : 0
        let rest = datagram.range.lowerBound + moved..<datagram.range.upperBound + moved
        let frame = datagram.withBytes(in: window) { bytes in
            rest.lowerBound >= 0 && rest.upperBound <= bytes.count
                ? Framing.oradis(bytes, at: rest.lowerBound, to: rest.upperBound) : nil
        }
        guard let frame else {
            self.oradis = nil
            return nil
        }
        datagram.range = frame.next..<rest.upperBound
        self.oradis = datagram.range.isEmpty ? nil : datagram
        self.oradisOffset = base
        datagram.range = frame.payload
        datagram.secondsOfDay = frame.secondsOfDay
        return datagram
    }
}
