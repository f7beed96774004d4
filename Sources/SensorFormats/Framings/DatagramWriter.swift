public import Air

/// Writes datagrams as a recording: the other way of `DatagramReader`.
///
/// The payload is written as it is, byte for byte. Times are as fine as the format has them, cut off: FINAL 10 ms,
/// ORADIS 1 ms, pcap 1 µs.
public struct DatagramWriter: Sendable {
    /// The formats that can be written.
    public static let formats: [RecordingFormat] = [.asterix, .final, .oradis, .hdlc, .pcap]

    /// What is written.
    public let format: RecordingFormat
    /// Datagrams written.
    public private(set) var count = 0
    /// Datagrams that are longer than a frame of the format can be, and were not written.
    public private(set) var tooLong = 0
    private var bytes: [UInt8] = []
    private var isBegun = false

    /// Nil if the format is not among `formats`.
    public init?(format: RecordingFormat) {
        guard Self.formats.contains(format) else { return nil }
        self.format = format
    }

    /// Adds a datagram.
    ///
    /// - Parameters:
    ///   - payload: the blocks.
    ///   - time: when it was received.
    ///   - destination: where it was sent to; captures show 127.0.0.1:8600 where nothing is known.
    ///   - finalMark: error, line and day of a FINAL frame.
    /// - Returns: false if it is too long.
    @discardableResult public mutating func append(
        _ payload: Span<UInt8>, at time: Timestamp, destination: RecordedEndpoint? = nil, finalMark: UInt32 = 0
    ) -> Bool {
        guard payload.count <= self.payloadMax(destination) else {
            self.tooLong += 1
            return false
        }
        self.count += 1
        switch self.format {
        case .final:
            self.put(UInt64(payload.count + 12), octets: 2)
            self.put(UInt64(finalMark), octets: 3)
            self.put(UInt64(Self.partsOfDay(time, 10_000_000)), octets: 3)
            self.put(payload)
            self.put(0xA5A5_A5A5, octets: 4)
        case .oradis:
            self.put(UInt64(payload.count + 6), octets: 2)
            self.put(UInt64(Self.partsOfDay(time, 1_000_000)), octets: 4)
            self.put(payload)
        case .hdlc:
            let start = self.bytes.count
            self.bytes += [1, 3]
            self.put(payload)
            var sequence = CheckSequence()
            sequence.take(self.bytes.span, start..<self.bytes.count)
            self.bytes += [sequence.octets.0, sequence.octets.1]
        case .pcap:
            self.putPacket(payload, time, destination ?? RecordedEndpoint(address: 0x7F00_0001, port: 8600))
        default:
            self.put(payload)
        }
        return true
    }

    /// Hands out the bytes that were written since the last time.
    public mutating func take(_ body: (Span<UInt8>) throws -> Void) rethrows {
        if !self.isBegun {
            self.isBegun = true
            if self.format == .pcap { self.bytes.insert(contentsOf: Self.captureHeader, at: 0) }
        }
        defer { self.bytes.removeAll(keepingCapacity: true) }
        try body(self.bytes.span)
    }

    /// How many bytes wait to be taken.
    public var waiting: Int { self.bytes.count }

    private func payloadMax(_ destination: RecordedEndpoint?) -> Int {
        switch self.format {
        case .final: 65_535 - 12
        case .oradis: 65_535 - 6
        case .hdlc: Framing.lineFrameMax
        case .pcap: 65_535 - 8 - (destination?.isIPv6 == true ? 0 : 20)
        default: .max
        }
    }

    /// Whole parts of so many nanoseconds since midnight.
    private static func partsOfDay(_ time: Timestamp, _ nanoseconds: Int64) -> Int64 {
        let day: Int64 = 86_400_000_000_000
        return ((time.nanoseconds % day + day) % day) / nanoseconds
    }

    private mutating func put(_ value: UInt64, octets: Int) {
        for octet in 0..<octets {
            self.bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (octets - 1 - octet))))
        }
    }

    private mutating func put(_ payload: Span<UInt8>) {
        self.bytes.append(addingCapacity: payload.count) { room in
            for index in payload.indices { room.append(payload[index]) }
        }
    }

    // MARK: Captures

    /// Microseconds, the low octet first, Ethernet: what every reader of captures understands.
    private static let captureHeader: [UInt8] = [
        0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 4, 0, 1, 0, 0, 0,
    ]

    private mutating func putLow(_ value: Int) {
        for octet in 0..<4 { self.bytes.append(UInt8(truncatingIfNeeded: value >> (8 * octet))) }
    }

    /// | seconds | µs | length twice | addresses of Ethernet, from nobody | IP | UDP | payload |.
    private mutating func putPacket(_ payload: Span<UInt8>, _ time: Timestamp, _ destination: RecordedEndpoint) {
        let length = 14 + (destination.isIPv6 ? 40 : 20) + 8 + payload.count
        let microseconds = max(0, time.nanoseconds) / 1000
        self.putLow(Int(microseconds / 1_000_000))
        self.putLow(Int(microseconds % 1_000_000))
        self.putLow(length)
        self.putLow(length)
        self.bytes.append(addingCapacity: 12) { room in for _ in 0..<12 { room.append(0) } }
        self.put(destination.isIPv6 ? 0x86DD : 0x0800, octets: 2)
        let header = self.bytes.count
        if destination.isIPv6 {
            self.put(6 << 28, octets: 4)
            self.put(UInt64(payload.count + 8), octets: 2)
            self.put(17 << 8 | 64, octets: 2)
            // From the loopback, which is nobody else.
            self.put(0, octets: 8)
            self.put(1, octets: 8)
            self.put(destination.upper, octets: 8)
            self.put(destination.lower, octets: 8)
        } else {
            self.put(0x4500, octets: 2)
            self.put(UInt64(payload.count + 28), octets: 2)
            self.put(0x0000_4000, octets: 4)
            self.put(64 << 8 | 17, octets: 2)
            self.put(0, octets: 2)
            self.put(0x7F00_0001, octets: 4)
            self.put(destination.lower, octets: 4)
            let sum = self.onesSum(of: header..<header + 20, from: 0)
            self.bytes[header + 10] = UInt8(truncatingIfNeeded: ~sum >> 8)
            self.bytes[header + 11] = UInt8(truncatingIfNeeded: ~sum)
        }
        let user = self.bytes.count
        self.put(UInt64(destination.port), octets: 2)
        self.put(UInt64(destination.port), octets: 2)
        self.put(UInt64(payload.count + 8), octets: 2)
        self.put(0, octets: 2)
        self.put(payload)
        // The sum goes over addresses, length and protocol too.
        let pseudo = UInt32(payload.count + 8) + 17
        let addresses = destination.isIPv6 ? header + 8..<header + 40 : header + 12..<header + 20
        let sum = self.onesSum(
            of: user..<self.bytes.count, from: UInt32(self.onesSum(of: addresses, from: pseudo)))
        let sent = ~sum == 0 ? 0xFFFF : ~sum
        self.bytes[user + 6] = UInt8(truncatingIfNeeded: sent >> 8)
        self.bytes[user + 7] = UInt8(truncatingIfNeeded: sent)
    }

    /// The sum of RFC 1071, not yet complemented.
    private func onesSum(of range: Range<Int>, from start: UInt32) -> UInt16 {
        let bytes = self.bytes.span
        var sum = UInt64(start)
        var at = range.lowerBound
        while at + 1 < range.upperBound {
            sum += UInt64(bigEndian16(bytes, at))
            at += 2
        }
        if at < range.upperBound { sum += UInt64(bytes[at]) << 8 }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
        return UInt16(truncatingIfNeeded: sum)
    }
}
