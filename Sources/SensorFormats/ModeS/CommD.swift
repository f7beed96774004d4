public import Air

/// One segment of Comm-D, the extended length messages of Mode S.
///
///     | DF 2 = 11 | – 1 | KE 1 | ND 4 | MD 80 | AP 24 |
///
/// KE 0: MD is segment ND of a message from the aircraft. KE 1: MD acknowledges the segments of a message to it, TAS in
/// its bits 9 to 24 (bits 17 to 32 of the frame), the first of them for segment 0.
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.7.3 (Comm-D reply) and 3.1.2.7.4.2.6 (TAS).
@frozen public struct CommDSegment: Hashable, Sendable {
    /// KE: whether this acknowledges an uplinked message rather than carries a downlinked one.
    public var isAcknowledgement: Bool
    /// ND, the number of the segment, 0...15.
    public var number: UInt8
    /// The first 16 bits of MD.
    public var high: UInt16
    /// The other 64.
    public var low: UInt64

    @inlinable init(_ frame: ModeSFrame) {
        self.isAcknowledgement = frame.bits(4, 1) == 1
        self.number = UInt8(truncatingIfNeeded: frame.bits(5, 4))
        self.high = UInt16(truncatingIfNeeded: frame.bits(9, 16))
        self.low = UInt64(frame.bits(25, 32)) << 32 | (frame.high & 0xFF) << 24 | frame.low >> 40
    }

    /// TAS: bit 15 is segment 0; nil in a segment of a message.
    @inlinable public var acknowledgedSegments: UInt16? {
        guard self.isAcknowledgement else { return nil }
        return UInt16(truncatingIfNeeded: self.high << 8) | UInt16(truncatingIfNeeded: self.low >> 56)
    }

    /// Byte `index` of MD, 0...9.
    @inlinable public func byte(_ index: Int) -> UInt8 {
        switch index {
        case 0, 1: UInt8(truncatingIfNeeded: self.high >> UInt16(8 - 8 * index))
        case 2...9: UInt8(truncatingIfNeeded: self.low >> UInt64(72 - 8 * index))
        default: 0
        }
    }
}

/// A whole message that an aircraft sent in segments.
public struct CommDMessage: Hashable, Sendable {
    /// Who sent it.
    public var address: ICAOAddress
    /// When its last segment came.
    public var receivedAt: Timestamp
    /// Ten bytes for each segment, in the order of their numbers.
    public var bytes: [UInt8]
    /// Whether the aircraft had announced how many segments there are (DR 16 to 31); if not, the last one is a guess.
    public var wasAnnounced: Bool
}

/// Puts the segments of downlinked extended length messages together.
///
/// The frame does not say which segment is the last. The aircraft does, beforehand: DR of DF 4, 5, 20 and 21 asks to be
/// asked for n = DR − 15 segments (16 to 31). Segments may be lost and sent again; the same number with other contents
/// begins another message. A message that nobody announced ends when no further segment has come for `silence`.
///
/// A value of fixed size: so many aircraft at once, of which the one longest silent gives way to a new one.
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.7.7 (downlink ELM protocol) and table of DR codes, 3.1.2.6.5.2.
public struct CommDAssembler: Sendable {
    private struct Assembly {
        var address: UInt32 = .max
        var heardAt = Int64.min
        /// Bit n: segment n is there.
        var present: UInt16 = 0
        /// Segments announced, 0 if none were.
        var announced: UInt8 = 0
        /// Segment n is entry n.
        var segments = InlineArray<16, CommDSegment?>(repeating: nil)
    }

    private var assemblies = InlineArray<16, Assembly>(repeating: Assembly())
    private let silence: Int64
    /// Messages given up because segments of them were missing.
    public private(set) var incompleteCount: UInt64 = 0

    /// - Parameter silence: seconds after which no further segment is waited for.
    public init(silence: Double = 2) { self.silence = Int64(min(max(silence, 0.1), 3600) * 1e9) }

    /// Takes a message whose address is believed; hands over each extended length message that ended.
    ///
    /// - Complexity: sixteen comparisons for DF 24 and replies that announce; allocates for a whole message only.
    public mutating func take(_ message: ModeSMessage, receivedAt: Timestamp, _ body: (CommDMessage) -> Void) {
        guard let address = message.address else { return }
        if let request = message.downlinkRequest {
            guard request >= 16 else { return }
            let index = self.assembly(of: address, receivedAt.nanoseconds, body)
            self.assemblies[index].announced = request - 15
            self.assemblies[index].heardAt = receivedAt.nanoseconds
        } else if let segment = message.commDSegment, !segment.isAcknowledgement {
            let now = receivedAt.nanoseconds
            let index = self.assembly(of: address, now, body)
            let number = Int(segment.number)
            if let before = self.assemblies[index].segments[number], before != segment {
                let announced = self.assemblies[index].announced
                self.end(index, body)
                self.assemblies[index].announced = announced
            }
            self.assemblies[index].segments[number] = segment
            self.assemblies[index].present |= 1 << UInt16(number)
            self.assemblies[index].heardAt = now
            let announced = self.assemblies[index].announced
            if announced > 0, self.assemblies[index].present == UInt16(truncatingIfNeeded: 1 << UInt32(announced) - 1) {
                self.end(index, body)
            }
        }
    }

    /// Ends what has been silent for long enough.
    public mutating func advance(to time: Timestamp, _ body: (CommDMessage) -> Void) {
        for index in 0..<16 where self.assemblies[index].address != .max {
            let (silent, isFar) = time.nanoseconds.subtractingReportingOverflow(self.assemblies[index].heardAt)
            if isFar || silent > self.silence || silent < -self.silence {
                self.end(index, body)
                self.assemblies[index].address = .max
            }
        }
    }

    private mutating func assembly(of address: ICAOAddress, _ now: Int64, _ body: (CommDMessage) -> Void) -> Int {
        self.advance(to: Timestamp(nanoseconds: now), body)
        var oldest = 0
        for index in 0..<16 {
            if self.assemblies[index].address == address.rawValue { return index }
            // A free place counts as the oldest of all.
            let heardAt = self.assemblies[index].address == .max ? Int64.min : self.assemblies[index].heardAt
            let best = self.assemblies[oldest].address == .max ? Int64.min : self.assemblies[oldest].heardAt
            if heardAt < best { oldest = index }
        }
        self.end(oldest, body)
        self.assemblies[oldest].address = address.rawValue
        self.assemblies[oldest].heardAt = now
        return oldest
    }

    /// Hands over what is whole and leaves the place empty, its address as it was.
    private mutating func end(_ index: Int, _ body: (CommDMessage) -> Void) {
        let one = self.assemblies[index]
        self.assemblies[index] = Assembly()
        self.assemblies[index].address = one.address
        self.assemblies[index].heardAt = one.heardAt
        guard one.present != 0 else { return }
        let count = one.announced > 0 ? Int(one.announced) : 16 - one.present.leadingZeroBitCount
        guard one.present == UInt16(truncatingIfNeeded: 1 << UInt32(count) - 1) else {
            self.incompleteCount += 1
            return
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 10)
        for number in 0..<count {
            guard let segment = one.segments[number] else { continue }
            for place in 0..<10 { bytes.append(segment.byte(place)) }
        }
        body(
            CommDMessage(
                address: ICAOAddress(one.address), receivedAt: Timestamp(nanoseconds: one.heardAt), bytes: bytes,
                wasAnnounced: one.announced > 0))
    }
}
