/// The quantities of AIS: how the number on the wire is read, and which one means "not available".
///
/// Source: ITU-R M.1371-5, annex 8, section 3.
enum AISQuantity {
    /// 1/10,000 minute; 181° is not available.
    static let longitude = FieldScale(divisor: 600_000, notAvailable: 181 * 600_000)
    /// 1/10,000 minute; 91° is not available.
    static let latitude = FieldScale(divisor: 600_000, notAvailable: 91 * 600_000)
    /// 1/10 minute; 181° is not available.
    static let coarseLongitude = FieldScale(divisor: 600, notAvailable: 181 * 600)
    /// 1/10 minute; 91° is not available.
    static let coarseLatitude = FieldScale(divisor: 600, notAvailable: 91 * 600)
    /// 1/10 knot; 1022 is 102.2 knots and more, 1023 is not available.
    static let speed = FieldScale(decimals: 1, notAvailable: 1023)
    /// Knots; 1022 is 1022 knots and more, 1023 is not available.
    static let aircraftSpeed = FieldScale(notAvailable: 1023)
    /// Knots; 63 is not available.
    static let coarseSpeed = FieldScale(notAvailable: 63)
    /// 1/10 degree; 3600 is not available.
    static let course = FieldScale(decimals: 1, notAvailable: 3600)
    /// Degrees; 511 is not available.
    static let coarseCourse = FieldScale(notAvailable: 511)
    /// Degrees; 511 is not available.
    static let heading = FieldScale(notAvailable: 511)
    /// Metres; 4094 is 4,094 m and more, 4095 is not available.
    static let altitude = FieldScale(notAvailable: 4095)
    /// 1/10 metre; 0 is not available, 255 is 25.5 m and more.
    static let draught = FieldScale(decimals: 1, notAvailable: 0)
    /// Degrees a minute as sent: 4.733 √rate, with sign; −128 is not available.
    static let turn = FieldScale(notAvailable: -128)
}

/// How far the antenna is from the ends and sides of what carries it, metres; all zero: not known.
///
/// Source: ITU-R M.1371-5, annex 8, 3.3.3.
public struct AISDimensions: Hashable, Sendable {
    /// 511 is 511 m and more.
    public var toBowMetres: UInt16 = 0
    public var toSternMetres: UInt16 = 0
    /// 63 is 63 m and more.
    public var toPortMetres: UInt8 = 0
    public var toStarboardMetres: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("toBowMetres", &self.toBowMetres, bits: 9)
        c.field("toSternMetres", &self.toSternMetres, bits: 9)
        c.field("toPortMetres", &self.toPortMetres, bits: 6)
        c.field("toStarboardMetres", &self.toStarboardMetres, bits: 6)
    }
}

/// How a station uses the time slots of the channel: says nothing of a place, but of who hears whom.
///
///     SOTDMA | sync 2 | time-out 3 | sub-message 14: offset, hour 5 minute 7, slot number or stations heard |
///     ITDMA  | sync 2 | increment 13 | slots 3 | keep 1 |
///
/// Source: ITU-R M.1371-5, annex 2, 3.3.7.2 and 3.3.7.3.
public struct AISCommunicationState: Hashable, Sendable {
    /// Incremental (ITDMA) instead of self-organised (SOTDMA) access.
    public var isIncremental = false
    /// 0 UTC direct, 1 UTC indirect, 2 by a base station, 3 by another station.
    public var syncState: UInt8 = 0
    /// Frames until a new slot is chosen; says what the sub-message is.
    public var slotTimeout: UInt8 = 0
    /// Time-out 0: slots to the next transmission.
    public var slotOffset: UInt16 = 0
    /// Time-out 1: hour and minute, UTC.
    public var hour: UInt8 = 0
    public var minute: UInt8 = 0
    private var spare: UInt8 = 0
    /// Time-outs 2, 4 and 6.
    public var slotNumber: UInt16 = 0
    /// Time-outs 3, 5 and 7: how many stations this one hears.
    public var receivedStations: UInt16 = 0
    /// ITDMA: slots to the next transmission.
    public var slotIncrement: UInt16 = 0
    /// ITDMA: how many slots are taken, less one.
    public var slotCount: UInt8 = 0
    /// ITDMA: the slot stays taken for one more frame.
    public var keepsSlot = false

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C, hasSelector: Bool) {
        c.beginObject("communicationState")
        if hasSelector { c.flag("isIncremental", &self.isIncremental) }
        c.field("syncState", &self.syncState, bits: 2)
        if self.isIncremental {
            c.field("slotIncrement", &self.slotIncrement, bits: 13)
            c.field("slotCount", &self.slotCount, bits: 3)
            c.flag("keepsSlot", &self.keepsSlot)
        } else {
            c.field("slotTimeout", &self.slotTimeout, bits: 3)
            switch self.slotTimeout {
            case 0: c.field("slotOffset", &self.slotOffset, bits: 14)
            case 1:
                c.field("hour", &self.hour, bits: 5)
                c.field("minute", &self.minute, bits: 7)
                c.spare(&self.spare, bits: 2)
            case 2, 4, 6: c.field("slotNumber", &self.slotNumber, bits: 14)
            default: c.field("receivedStations", &self.receivedStations, bits: 14)
            }
        }
        c.endObject()
    }
}
