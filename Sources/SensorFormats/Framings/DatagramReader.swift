public import Air

/// Takes the datagrams out of a recording, in its order: bare blocks, FINAL frames, packet captures.
///
/// The reader holds a place and no bytes: the same bytes are given to each call.
///
/// - Complexity: linear in the recording, damaged ones too.
public struct DatagramReader: Sendable {
    /// What the recording is.
    public let format: RecordingFormat
    /// Frames or blocks read.
    public private(set) var frames = 0
    /// Packets that are no UDP datagram.
    public private(set) var otherPackets = 0
    /// Damaged frames, bytes that are no block, and fragments; with offsets in the recording.
    public internal(set) var problems: [AsterixProblem] = []
    /// Where the next frame is looked for.
    public private(set) var offset = 0

    private var blocks = BlockFramer()
    private var capture = PacketCapture()

    /// A reader at the beginning of a recording; nil if the format does not hold datagrams.
    public init?(format: RecordingFormat) {
        guard format.holdsDatagrams else { return nil }
        self.format = format
    }

    /// The next datagram, or nil at the end.
    public mutating func next(in bytes: Span<UInt8>) -> RecordedDatagram? {
        while self.offset < bytes.count {
            let found: RecordedDatagram? =
                switch self.format {
                case .asterix: self.nextBlock(bytes)
                case .final: self.nextFinal(bytes)
                case .pcap: self.nextPacket(bytes)
                case .pcapng: self.nextCaptureBlock(bytes)
                case .beast, .avr, .csv: nil
                }
            if let found { return found }
        }
        return nil
    }

    private mutating func skip(to next: Int, _ fault: AsterixFault) {
        self.problems.append(
            AsterixProblem(offset: self.offset, length: next - self.offset, category: 0, fault: fault))
        self.offset = next
    }

    private mutating func nextBlock(_ bytes: Span<UInt8>) -> RecordedDatagram? {
        switch self.blocks.next(bytes, at: self.offset) {
        case .block(let range):
            self.frames += 1
            self.offset = range.upperBound
            return RecordedDatagram(range: range)
        case .noBlock(let range):
            self.skip(to: range.upperBound, .noBlock)
            return nil
        }
    }

    private mutating func nextFinal(_ bytes: Span<UInt8>) -> RecordedDatagram? {
        let at = self.offset
        let end = bytes.count
        guard FinalFrame.isFrame(bytes, at: at, to: end) else {
            // The next frame that is whole, wherever it begins.
            var next = at + 1
            while next < end, !FinalFrame.isFrame(bytes, at: next, to: end) { next += 1 }
            self.skip(to: next, .badFrame)
            return nil
        }
        let next = at + Int(bigEndian16(bytes, at))
        self.frames += 1
        self.offset = next
        return RecordedDatagram(
            range: at + FinalFrame.header..<next - FinalFrame.trailer,
            secondsOfDay: Double(bigEndian24(bytes, at + 5)) / 100)
    }

    // MARK: Packet captures

    private mutating func nextPacket(_ bytes: Span<UInt8>) -> RecordedDatagram? {
        let end = bytes.count
        if self.offset == 0 {
            guard self.capture.readFileHeader(bytes) else {
                self.skip(to: end, .badFrame)
                return nil
            }
            self.offset = PacketCapture.fileHeader
            return nil
        }
        let at = self.offset
        guard self.capture.isPacket(bytes, at: at) else {
            var next = at + 1
            while next < end, !(self.capture.isPacket(bytes, at: next) && self.capture.isFollowed(bytes, at: next)) {
                next += 1
            }
            self.skip(to: next, .badFrame)
            return nil
        }
        let packet = self.capture.packet(bytes, at: at)
        self.frames += 1
        self.offset = packet.range.upperBound
        return self.datagram(bytes, packet, linkType: self.capture.linkType)
    }

    private mutating func nextCaptureBlock(_ bytes: Span<UInt8>) -> RecordedDatagram? {
        let end = bytes.count
        guard let length = self.capture.blockLength(bytes, at: self.offset) else {
            self.skip(to: end, .badFrame)
            return nil
        }
        let packet = self.capture.readBlock(bytes, at: self.offset, length: length)
        self.offset += length
        guard let packet else { return nil }
        self.frames += 1
        return self.datagram(bytes, packet, linkType: packet.linkType)
    }

    private mutating func datagram(_ bytes: Span<UInt8>, _ packet: PacketCapture.Packet, linkType: UInt32)
        -> RecordedDatagram?
    {
        switch LinkLayer.datagram(bytes, packet.range, linkType: linkType, isLittleEndian: self.capture.isLittleEndian)
        {
        case .datagram(let payload, let destination):
            return RecordedDatagram(range: payload, capturedAt: packet.nanoseconds, destination: destination)
        case .fragment:
            self.problems.append(
                AsterixProblem(
                    offset: packet.range.lowerBound, length: packet.range.count, category: 0, fault: .fragment))
            return nil
        case .other:
            self.otherPackets += 1
            return nil
        }
    }
}

/// Gives each datagram of a recording an instant, so that it can be replayed on its own clock.
///
/// A packet capture brings its own clock, FINAL frames a time of day, bare blocks the times of day in their records. A
/// recorder's clock that is more than a minute away from the records (set to local time, or wrong: some are) is put
/// right by the difference found at the first record with a time. Times of day are taken as the nearest to the datagram
/// before, so that midnight is passed.
public struct RecordingClock: Sendable {
    private var last: Timestamp
    private var correction: Double?
    private var reader = AsterixBlockReader(editions: AsterixEditions())
    /// A time of day far from the one before: it is believed when others follow that agree with it.
    private var doubted: (time: Timestamp, count: Int)?
    private var isStarted = false

    private static let toleranceSeconds = 60.0
    private static let jumpSeconds = 600.0
    private static let witnesses = 5

    /// - Parameter start: an instant within twelve hours of the first datagram; packet captures bring their own.
    public init(start: Timestamp) { self.last = start }

    /// The instant of a datagram; as that of the one before if nothing tells.
    public mutating func time(of datagram: RecordedDatagram, in bytes: Span<UInt8>) -> Timestamp {
        let recorder: Timestamp
        if let nanoseconds = datagram.capturedAt {
            recorder = Timestamp(nanoseconds: nanoseconds)
        } else if let seconds = datagram.secondsOfDay {
            recorder = Timestamp(secondsOfDay: seconds, nearest: self.last.advanced(by: -(self.correction ?? 0)))
        } else {
            if let seconds = self.reader.secondsOfDay(bytes, range: datagram.range) {
                self.advance(to: Timestamp(secondsOfDay: seconds, nearest: self.last))
            }
            return self.last
        }
        if self.correction == nil, let seconds = self.reader.secondsOfDay(bytes, range: datagram.range) {
            let difference = Timestamp(secondsOfDay: seconds, nearest: recorder).seconds(since: recorder)
            self.correction = abs(difference) > Self.toleranceSeconds ? difference : 0
        }
        self.last = recorder.advanced(by: self.correction ?? 0)
        return self.last
    }

    /// Takes a time of the records, unless it is a jump that no others confirm: single records are wrong by hours.
    private mutating func advance(to time: Timestamp) {
        guard self.isStarted, abs(time.seconds(since: self.last)) > Self.jumpSeconds else {
            self.isStarted = true
            self.doubted = nil
            self.last = time
            return
        }
        if let (before, count) = self.doubted, abs(time.seconds(since: before)) <= Self.jumpSeconds {
            self.doubted = (time, count + 1)
            if count + 1 >= Self.witnesses {
                self.doubted = nil
                self.last = time
            }
        } else {
            self.doubted = (time, 1)
        }
    }
}
