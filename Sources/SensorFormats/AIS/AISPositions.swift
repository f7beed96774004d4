import Glibc

/// Messages 1, 2 and 3: position of a class A ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.1.
public struct AISPositionReport: Hashable, Sendable {
    /// 0 under way by engine, 1 at anchor, 2 not under command, … 15 undefined.
    public var navigationStatus: UInt8 = 15
    /// 4.733 √(degrees a minute), to starboard positive; ±127 more than 5° in 30 s, −128 not available.
    public var turnRaw: Int8 = -128
    /// 1/10 knot.
    public var speedRaw: UInt16 = 1023
    /// Better than 10 m.
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    /// 1/10 degree.
    public var courseRaw: UInt16 = 3600
    /// Degrees.
    public var headingRaw: UInt16 = 511
    /// Second of the minute, UTC; 60 not available, 61 manual, 62 dead reckoning, 63 inoperative.
    public var second: UInt8 = 60
    /// 0 not available, 1 none, 2 a special manoeuvre.
    public var manoeuvre: UInt8 = 0
    private var spare: UInt8 = 0
    /// Receiver autonomous integrity monitoring is in use.
    public var hasRAIM = false
    public var state = AISCommunicationState()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C, type: UInt8) {
        self.state.isIncremental = type == 3
        c.field("navigationStatus", &self.navigationStatus, bits: 4)
        c.field("turn", &self.turnRaw, bits: 8, scale: AISQuantity.turn)
        c.field("speedKnots", &self.speedRaw, bits: 10, scale: AISQuantity.speed)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        c.field("courseDegrees", &self.courseRaw, bits: 12, scale: AISQuantity.course)
        c.field("headingDegrees", &self.headingRaw, bits: 9, scale: AISQuantity.heading)
        c.field("second", &self.second, bits: 6)
        c.mayEnd()
        c.field("manoeuvre", &self.manoeuvre, bits: 2)
        c.spare(&self.spare, bits: 3)
        c.flag("hasRAIM", &self.hasRAIM)
        self.state.code(&c, hasSelector: false)
    }

    /// How fast the ship turns, degrees a minute, to starboard positive; nil if not measured.
    public var turnDegreesPerMinute: Double? {
        guard self.turnRaw > -127, self.turnRaw < 127 else { return nil }
        let root = Double(self.turnRaw) / 4.733
        return copysign(root * root, root)
    }
    /// Speed over ground, knots.
    public var speedKnots: Double? { AISQuantity.speed.value(self.speedRaw) }
    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
    /// Course over ground, degrees from true north.
    public var courseDegrees: Double? { AISQuantity.course.value(self.courseRaw) }
    /// Where the bow points, degrees from true north.
    public var headingDegrees: Double? { AISQuantity.heading.value(self.headingRaw) }
}

/// Messages 4 and 11: time and position of a base station, or of a ship that was asked for the time.
///
/// Source: ITU-R M.1371-5, annex 8, 3.2.
public struct AISBaseStationReport: Hashable, Sendable {
    /// 0 not available.
    public var year: UInt16 = 0
    /// 0 not available.
    public var month: UInt8 = 0
    /// 0 not available.
    public var day: UInt8 = 0
    /// 24 not available.
    public var hour: UInt8 = 24
    /// 60 not available.
    public var minute: UInt8 = 60
    /// 60 not available.
    public var second: UInt8 = 60
    /// Better than 10 m.
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    /// What gives the position: 0 undefined, 1 GPS, 2 GLONASS, … 15 internal GNSS.
    public var positionDevice: UInt8 = 0
    /// A class A station is to send message 27 though it is heard by this station.
    public var asksForLongRange = false
    private var spare: UInt16 = 0
    public var hasRAIM = false
    public var state = AISCommunicationState()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("year", &self.year, bits: 14)
        c.field("month", &self.month, bits: 4)
        c.field("day", &self.day, bits: 5)
        c.field("hour", &self.hour, bits: 5)
        c.field("minute", &self.minute, bits: 6)
        c.field("second", &self.second, bits: 6)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        c.mayEnd()
        c.field("positionDevice", &self.positionDevice, bits: 4)
        c.flag("asksForLongRange", &self.asksForLongRange)
        c.spare(&self.spare, bits: 9)
        c.flag("hasRAIM", &self.hasRAIM)
        self.state.code(&c, hasSelector: false)
    }

    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
}

/// Message 9: position of an aircraft of search and rescue.
///
/// Source: ITU-R M.1371-5, annex 8, 3.7.
public struct AISAircraftReport: Hashable, Sendable {
    /// Metres.
    public var altitudeRaw: UInt16 = 4095
    /// Knots.
    public var speedRaw: UInt16 = 1023
    /// Better than 10 m.
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    /// 1/10 degree.
    public var courseRaw: UInt16 = 3600
    /// Second of the minute, UTC; 60 and more as in message 1.
    public var second: UInt8 = 60
    /// The altitude is barometric, else by satellite.
    public var isAltitudeBarometric = false
    private var spare: UInt8 = 0
    /// No keyboard and display (DTE).
    public var lacksTerminal = false
    private var spare2: UInt8 = 0
    /// In assigned mode, else autonomous.
    public var isAssigned = false
    public var hasRAIM = false
    public var state = AISCommunicationState()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("altitudeMetres", &self.altitudeRaw, bits: 12, scale: AISQuantity.altitude)
        c.field("speedKnots", &self.speedRaw, bits: 10, scale: AISQuantity.aircraftSpeed)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        c.field("courseDegrees", &self.courseRaw, bits: 12, scale: AISQuantity.course)
        c.field("second", &self.second, bits: 6)
        c.mayEnd()
        c.flag("isAltitudeBarometric", &self.isAltitudeBarometric)
        c.spare(&self.spare, bits: 7)
        c.flag("lacksTerminal", &self.lacksTerminal)
        c.spare(&self.spare2, bits: 3)
        c.flag("isAssigned", &self.isAssigned)
        c.flag("hasRAIM", &self.hasRAIM)
        self.state.code(&c, hasSelector: true)
    }

    public var altitudeMetres: Double? { AISQuantity.altitude.value(self.altitudeRaw) }
    public var speedKnots: Double? { AISQuantity.aircraftSpeed.value(self.speedRaw) }
    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
    public var courseDegrees: Double? { AISQuantity.course.value(self.courseRaw) }
}

/// Message 18: position of a class B ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.16.
public struct AISClassBPosition: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// 1/10 knot.
    public var speedRaw: UInt16 = 1023
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    /// 1/10 degree.
    public var courseRaw: UInt16 = 3600
    /// Degrees.
    public var headingRaw: UInt16 = 511
    public var second: UInt8 = 60
    private var spare2: UInt8 = 0
    /// Carrier-sense ("CS") unit, else self-organised ("SO").
    public var isCarrierSense = false
    public var hasDisplay = false
    /// Has digital selective calling.
    public var hasDSC = false
    /// Can use the whole marine band, else only the upper 525 kHz.
    public var usesWholeBand = false
    /// Obeys message 22.
    public var obeysMessage22 = false
    public var isAssigned = false
    public var hasRAIM = false
    public var state = AISCommunicationState()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 8)
        c.field("speedKnots", &self.speedRaw, bits: 10, scale: AISQuantity.speed)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        c.field("courseDegrees", &self.courseRaw, bits: 12, scale: AISQuantity.course)
        c.field("headingDegrees", &self.headingRaw, bits: 9, scale: AISQuantity.heading)
        c.field("second", &self.second, bits: 6)
        c.mayEnd()
        c.spare(&self.spare2, bits: 2)
        c.flag("isCarrierSense", &self.isCarrierSense)
        c.flag("hasDisplay", &self.hasDisplay)
        c.flag("hasDSC", &self.hasDSC)
        c.flag("usesWholeBand", &self.usesWholeBand)
        c.flag("obeysMessage22", &self.obeysMessage22)
        c.flag("isAssigned", &self.isAssigned)
        c.flag("hasRAIM", &self.hasRAIM)
        self.state.code(&c, hasSelector: true)
    }

    public var speedKnots: Double? { AISQuantity.speed.value(self.speedRaw) }
    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
    public var courseDegrees: Double? { AISQuantity.course.value(self.courseRaw) }
    public var headingDegrees: Double? { AISQuantity.heading.value(self.headingRaw) }
}

/// Message 19: position, name and size of a class B ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.17.
public struct AISClassBExtended: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// 1/10 knot.
    public var speedRaw: UInt16 = 1023
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    /// 1/10 degree.
    public var courseRaw: UInt16 = 3600
    /// Degrees.
    public var headingRaw: UInt16 = 511
    public var second: UInt8 = 60
    private var spare2: UInt8 = 0
    public var name = AISText(characters: 20)
    /// 30 fishing, 60–69 passenger, 70–79 cargo, 80–89 tanker, …
    public var shipType: UInt8 = 0
    public var dimensions = AISDimensions()
    public var positionDevice: UInt8 = 0
    public var hasRAIM = false
    public var lacksTerminal = false
    public var isAssigned = false
    private var spare3: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 8)
        c.field("speedKnots", &self.speedRaw, bits: 10, scale: AISQuantity.speed)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        c.field("courseDegrees", &self.courseRaw, bits: 12, scale: AISQuantity.course)
        c.field("headingDegrees", &self.headingRaw, bits: 9, scale: AISQuantity.heading)
        c.field("second", &self.second, bits: 6)
        c.spare(&self.spare2, bits: 4)
        c.text("name", &self.name, characters: 20)
        c.field("shipType", &self.shipType, bits: 8)
        self.dimensions.code(&c)
        c.mayEnd()
        c.field("positionDevice", &self.positionDevice, bits: 4)
        c.flag("hasRAIM", &self.hasRAIM)
        c.flag("lacksTerminal", &self.lacksTerminal)
        c.flag("isAssigned", &self.isAssigned)
        c.spare(&self.spare3, bits: 4)
    }

    public var speedKnots: Double? { AISQuantity.speed.value(self.speedRaw) }
    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
    public var courseDegrees: Double? { AISQuantity.course.value(self.courseRaw) }
    public var headingDegrees: Double? { AISQuantity.heading.value(self.headingRaw) }
}

/// Message 21: an aid to navigation, real or virtual.
///
/// Source: ITU-R M.1371-5, annex 8, 3.19.
public struct AISAidToNavigation: Hashable, Sendable {
    /// 1 reference point, 2 RACON, 5–19 fixed, 20–31 floating, …
    public var aidType: UInt8 = 0
    /// The first twenty characters of the name.
    public var name = AISText(characters: 20)
    public var isAccurate = false
    /// 1/10,000 minute.
    public var longitudeRaw: Int32 = 181 * 600_000
    /// 1/10,000 minute.
    public var latitudeRaw: Int32 = 91 * 600_000
    public var dimensions = AISDimensions()
    public var positionDevice: UInt8 = 0
    public var second: UInt8 = 60
    /// A floating aid is not where it should be; only while `second` is at most 59.
    public var isOffPosition = false
    /// State of light and RACON, by the region.
    public var status: UInt8 = 0
    public var hasRAIM = false
    /// There is no aid there: another station sends this for it.
    public var isVirtual = false
    public var isAssigned = false
    private var spare: UInt8 = 0
    /// Up to fourteen more characters of the name, and spare bits up to the byte.
    public var nameExtension = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("aidType", &self.aidType, bits: 5)
        c.text("name", &self.name, characters: 20)
        c.flag("isAccurate", &self.isAccurate)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 28, scale: AISQuantity.longitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 27, scale: AISQuantity.latitude)
        self.dimensions.code(&c)
        c.mayEnd()
        c.field("positionDevice", &self.positionDevice, bits: 4)
        c.field("second", &self.second, bits: 6)
        c.flag("isOffPosition", &self.isOffPosition)
        c.field("status", &self.status, bits: 8)
        c.flag("hasRAIM", &self.hasRAIM)
        c.flag("isVirtual", &self.isVirtual)
        c.flag("isAssigned", &self.isAssigned)
        c.spare(&self.spare, bits: 1)
        if c.has(6) || self.nameExtension.count > 0 { c.text("nameExtension", &self.nameExtension) }
    }

    /// The whole name.
    public var fullName: String { self.name.description + AISText.text(of: self.nameExtension) }
    public var longitudeDegrees: Double? { AISQuantity.longitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.latitude.value(self.latitudeRaw) }
}

/// Message 27: a coarse position that satellites can hear.
///
/// Source: ITU-R M.1371-5, annex 8, 3.25.
public struct AISLongRangePosition: Hashable, Sendable {
    public var isAccurate = false
    public var hasRAIM = false
    /// As in message 1.
    public var navigationStatus: UInt8 = 15
    /// 1/10 minute.
    public var longitudeRaw: Int32 = 181 * 600
    /// 1/10 minute.
    public var latitudeRaw: Int32 = 91 * 600
    /// Knots.
    public var speedRaw: UInt8 = 63
    /// Degrees.
    public var courseRaw: UInt16 = 511
    /// The position is older than five seconds.
    public var isLate = false
    private var spare: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.flag("isAccurate", &self.isAccurate)
        c.flag("hasRAIM", &self.hasRAIM)
        c.field("navigationStatus", &self.navigationStatus, bits: 4)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 18, scale: AISQuantity.coarseLongitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 17, scale: AISQuantity.coarseLatitude)
        c.field("speedKnots", &self.speedRaw, bits: 6, scale: AISQuantity.coarseSpeed)
        c.field("courseDegrees", &self.courseRaw, bits: 9, scale: AISQuantity.coarseCourse)
        c.mayEnd()
        c.flag("isLate", &self.isLate)
        c.spare(&self.spare, bits: 1)
    }

    public var speedKnots: Double? { AISQuantity.coarseSpeed.value(self.speedRaw) }
    public var longitudeDegrees: Double? { AISQuantity.coarseLongitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.coarseLatitude.value(self.latitudeRaw) }
    public var courseDegrees: Double? { AISQuantity.coarseCourse.value(self.courseRaw) }
}
