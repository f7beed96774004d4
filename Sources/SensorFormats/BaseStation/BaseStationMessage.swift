public import Air

/// One line of a BaseStation feed (port 30003), as SBS receivers and their successors give out.
///
///     MSG,3,1,1,4CA2E6,1,2016/03/11,13:07:16.663,2016/03/11,13:07:16.626,,38000,,,51.4510,-0.3560,,,0,0,0,0
///     kind, type, session, aircraft, address, flight, date and time generated, date and time logged, callsign,
///     altitude, ground speed, track, latitude, longitude, rate of climb, squawk, alert, emergency, ident, ground
///
/// A field that the line does not have, or has empty, is nil.
///
/// Source: "SBS-1 Socket Data", Kinetic Avionic (homepages.mcb.net/bones); as written by readsb.
public struct BaseStationMessage: Hashable, Sendable {
    /// What a line tells.
    @frozen public enum Kind: Hashable, Sendable {
        /// SEL: the user chose an aircraft.
        case selection
        /// ID: an aircraft was identified.
        case identification
        /// AIR: a new aircraft.
        case aircraft
        /// STA: the status of an aircraft changed (`callsign` is nil; PL, SL, RM, AD or OK).
        case status(BaseStationStatus)
        /// CLK: the time.
        case clock
        /// MSG: the aircraft sent something, 1...8.
        ///
        /// 1 identification, 2 surface position, 3 airborne position, 4 airborne velocity, 5 altitude reply, 6 identity
        /// reply, 7 air-to-air reply, 8 all-call reply.
        case transmission(UInt8)
    }

    public var kind: Kind
    /// Who it is about; nil in CLK.
    public var address: ICAOAddress?
    /// The address is not ICAO's (readsb writes a tilde before it).
    public var isAddressForeign = false
    /// When the line was made, by the clock and in the time zone of its maker, taken as UTC.
    public var generatedAt: Timestamp?
    /// When it was written, likewise.
    public var loggedAt: Timestamp?
    public var callsign: Callsign?
    /// Pressure altitude (of Mode C), in feet.
    public var altitudeFeet: Int32?
    public var groundSpeedKnots: Double?
    /// True track, degrees.
    public var trackDegrees: Double?
    /// WGS-84, degrees.
    public var latitude: Double?
    /// WGS-84, degrees.
    public var longitude: Double?
    public var verticalRateFeetPerMinute: Int32?
    public var mode3A: Mode3A?
    /// The squawk was changed.
    public var hasAlert: Bool?
    /// The squawk is one of emergency.
    public var hasEmergency: Bool?
    public var hasIdentPulse: Bool?
    public var isOnGround: Bool?

    public init(kind: Kind, address: ICAOAddress? = nil) {
        self.kind = kind
        self.address = address
    }
}

/// The status in an STA line.
public enum BaseStationStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// PL: no position for a while.
    case positionLost
    /// SL: no signal for a while.
    case signalLost
    /// RM: taken off the list.
    case removed
    /// AD: deleted.
    case deleted
    /// OK: heard again.
    case ok

    /// The two letters of the line.
    public var letters: StaticString {
        switch self {
        case .positionLost: "PL"
        case .signalLost: "SL"
        case .removed: "RM"
        case .deleted: "AD"
        case .ok: "OK"
        }
    }
}

/// Why a line of a BaseStation feed is no message.
public struct BaseStationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The first field is none of MSG, SEL, ID, AIR, STA and CLK.
        case unknownKind
        /// MSG with a type other than 1 to 8.
        case unknownType
        /// STA with an unknown status.
        case unknownStatus
        /// Fewer fields than the kind has.
        case tooFewFields
        /// No address of hexadecimal digits where the kind has one.
        case badAddress
        /// A field that is no number, no squawk or no callsign, or beyond its range.
        case badField
        /// Longer than any line of this format.
        case tooLong

        /// In words.
        public var text: String {
            switch self {
            case .unknownKind: "begins no BaseStation message"
            case .unknownType: "a MSG whose type is not 1 to 8"
            case .unknownStatus: "an STA with an unknown status"
            case .tooFewFields: "fewer fields than the message has"
            case .badAddress: "no address of hexadecimal digits"
            case .badField: "a value that cannot be"
            case .tooLong: "longer than a BaseStation message"
            }
        }
    }

    /// From 1.
    public var line: Int
    /// Bytes from the start of the feed to the line.
    public var offset: Int
    public var reason: Reason
    /// The field with the fault, from 1; 0 where it is the line as a whole.
    public var field: UInt8

    public var description: String {
        "line \(self.line), offset \(self.offset): \(self.reason.text)"
            + (self.field == 0 ? "" : " (field \(self.field))")
    }
}
