/// The number of a transponder register, BDS1 in the upper four bits and BDS2 in the lower: 0x40 is BDS 4,0.
///
/// Source: ICAO Doc 9871, 2nd ed., table A-2-1 (allocation of registers).
@frozen public struct CommBRegister: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Position in the air, as broadcast.
    public static let airbornePosition = CommBRegister(rawValue: 0x05)
    /// Position on the ground, as broadcast.
    public static let surfacePosition = CommBRegister(rawValue: 0x06)
    /// Status of the squitters.
    public static let squitterStatus = CommBRegister(rawValue: 0x07)
    /// Identification and category, as broadcast.
    public static let squitterIdentification = CommBRegister(rawValue: 0x08)
    /// Velocity in the air, as broadcast.
    public static let airborneVelocity = CommBRegister(rawValue: 0x09)
    /// What the data link can do.
    public static let dataLinkCapability = CommBRegister(rawValue: 0x10)
    /// Which registers the aircraft fills.
    public static let commonUsageCapability = CommBRegister(rawValue: 0x17)
    /// The aircraft's identification.
    public static let identification = CommBRegister(rawValue: 0x20)
    /// The aircraft's and the airline's registration.
    public static let registration = CommBRegister(rawValue: 0x21)
    /// A resolution advisory of ACAS.
    public static let resolutionAdvisory = CommBRegister(rawValue: 0x30)
    /// What altitude the crew has selected.
    public static let selectedVerticalIntention = CommBRegister(rawValue: 0x40)
    /// Routine meteorological report.
    public static let meteorologicalRoutine = CommBRegister(rawValue: 0x44)
    /// Meteorological hazards.
    public static let meteorologicalHazard = CommBRegister(rawValue: 0x45)
    /// Track and turn.
    public static let trackAndTurn = CommBRegister(rawValue: 0x50)
    /// State relative to the air.
    public static let airReferencedState = CommBRegister(rawValue: 0x53)
    /// Heading and speed.
    public static let headingAndSpeed = CommBRegister(rawValue: 0x60)

    /// As it is written: `4,0`.
    public var description: String {
        String(self.rawValue >> 4, radix: 16, uppercase: true) + ","
            + String(self.rawValue & 15, radix: 16, uppercase: true)
    }

    /// The fields that are read; empty for a register that is unknown here, or that has the layout of a squitter.
    public var fields: [CommBField] { CommB.tables[Int(self.rawValue)] }
}
