/// What is known of an aircraft beside the register that it sends.
@frozen public struct CommBContext: Hashable, Sendable {
    /// Pressure altitude: of the reply itself (DF 20), else the last one known.
    public var altitudeFeet: Int32?
    /// True track, degrees, as it broadcast a short while ago.
    public var trackDegrees: Float?
    /// Ground speed, knots, as it broadcast a short while ago.
    public var groundSpeedKnots: Float?
    /// The identification that it broadcast, eight ASCII bytes; 0 if none.
    public var callsign: UInt64

    @inlinable public init(
        altitudeFeet: Int32? = nil, trackDegrees: Float? = nil, groundSpeedKnots: Float? = nil, callsign: UInt64 = 0
    ) {
        self.altitudeFeet = altitudeFeet
        self.trackDegrees = trackDegrees
        self.groundSpeedKnots = groundSpeedKnots
        self.callsign = callsign
    }
}

/// What an aircraft has answered: the last register of each common kind that was believed, and when. 56 bytes.
public struct CommBState: Hashable, Sendable {
    /// BDS 4,0; 0 if none yet, as all the others.
    public private(set) var intention: UInt64 = 0
    /// BDS 5,0.
    public private(set) var track: UInt64 = 0
    /// BDS 6,0.
    public private(set) var heading: UInt64 = 0
    /// BDS 1,0.
    public private(set) var dataLink: UInt64 = 0
    /// BDS 1,7.
    public private(set) var capability: UInt64 = 0
    private var intentionAt: UInt32 = 0
    private var trackAt: UInt32 = 0
    private var headingAt: UInt32 = 0

    public init() {}

    /// A time in tenths of a second, which come round after 13 years.
    @inline(__always) static func tenths(_ nanoseconds: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: nanoseconds / 100_000_000)
    }

    /// Seconds between two times, to either side.
    @inline(__always) private static func age(_ now: UInt32, _ then: UInt32) -> Float {
        Float(Int32(bitPattern: now &- then).magnitude) * 0.1
    }

    @inline(__always) func intentionAge(_ now: UInt32) -> Float { Self.age(now, self.intentionAt) }
    @inline(__always) func trackAge(_ now: UInt32) -> Float { Self.age(now, self.trackAt) }
    @inline(__always) func headingAge(_ now: UInt32) -> Float { Self.age(now, self.headingAt) }

    /// Whether BDS 1,7 says that the aircraft fills a register; nil if it has not said.
    @inline(__always) func fills(bit: UInt64) -> Bool? {
        self.capability == 0 ? nil : self.capability >> (56 &- bit) & 1 == 1
    }

    /// Takes a register that is believed.
    mutating func note(_ register: CommBRegister, _ payload: UInt64, at now: UInt32) {
        switch register {
        case .selectedVerticalIntention:
            self.intention = payload
            self.intentionAt = now
        case .trackAndTurn:
            self.track = payload
            self.trackAt = now
        case .headingAndSpeed:
            self.heading = payload
            self.headingAt = now
        case .dataLinkCapability: self.dataLink = payload
        case .commonUsageCapability: self.capability = payload
        default: break
        }
    }
}
