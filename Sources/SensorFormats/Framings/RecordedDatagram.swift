/// One payload of a recording: where it is and when it was recorded.
public struct RecordedDatagram: Hashable, Sendable {
    /// The payload, as a range of the bytes that the reader was given; of `assembled`, if there is that.
    public var range: Range<Int>
    /// Nanoseconds since 1970 by the recorder's clock; nil where the recording has none.
    public var capturedAt: Int64?
    /// Seconds since midnight by the recorder's clock, where it knows only the time of day.
    public var secondsOfDay: Double?
    /// Where it was sent to, where the recording says it.
    public var destination: RecordedEndpoint?
    /// Error, line and day of a FINAL frame, eight bits each; 0 elsewhere.
    public var finalMark: UInt32 = 0
    /// The datagram as it was put together, if it came in fragments.
    public var assembled: [UInt8]?
    /// Where in the recording the first fragment's payload was.
    public var assembledAt = 0

    public init(
        range: Range<Int>, capturedAt: Int64? = nil, secondsOfDay: Double? = nil,
        destination: RecordedEndpoint? = nil, finalMark: UInt32 = 0, assembled: [UInt8]? = nil, assembledAt: Int = 0
    ) {
        self.range = range
        self.capturedAt = capturedAt
        self.secondsOfDay = secondsOfDay
        self.destination = destination
        self.finalMark = finalMark
        self.assembled = assembled
        self.assembledAt = assembledAt
    }

    /// Lends the bytes in which `range` lies: those that the reader was given, or those that were put together.
    @inlinable public func withBytes<Result>(in given: Span<UInt8>, _ body: (Span<UInt8>) throws -> Result) rethrows
        -> Result
    {
        if let assembled { return try body(assembled.span) }
        return try body(given)
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

    /// An address of version 4, its 32 bits in a number.
    public init(address: UInt32, port: UInt16) {
        self.init(upper: 0, lower: UInt64(address), isIPv6: false, port: port)
    }

    init(upper: UInt64, lower: UInt64, isIPv6: Bool, port: UInt16) {
        self.upper = upper
        self.lower = lower
        self.isIPv6 = isIPv6
        self.port = port
    }

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
