public import Air

/// Who the unmanned aircraft is.
///
///     | id type 4, aircraft type 4 | id 20 bytes | reserved 3 bytes |
///
/// Source: ASTM F3411-22a, table 5.
public struct RemoteIDBasicID: Hashable, Sendable {
    /// 0 none, 1 serial number, 2 registration, 3 UUID of traffic management, 4 session.
    public var idType: UInt8 = 0
    /// 0 none, 1 aeroplane, 2 helicopter or multirotor, 3 gyroplane, 4 hybrid lift, … 15 other.
    public var aircraftType: UInt8 = 0
    /// Twenty bytes.
    public var id = BitString()
    private var reserved: UInt32 = 0

    public init() {}

    /// An identifier to send.
    public init(_ identifier: UASIdentifier, aircraftType: UInt8) {
        self.idType = identifier.kind.rawValue
        self.aircraftType = aircraftType
        self.id.append(identifier.first, bits: 64)
        self.id.append(identifier.second, bits: 64)
        self.id.append(UInt64(identifier.third), bits: 32)
    }

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("idType", &self.idType, bits: 4)
        c.field("aircraftType", &self.aircraftType, bits: 4)
        c.bytes("id", &self.id, count: 20, isText: self.idType == 1 || self.idType == 2)
        c.spare(&self.reserved, bits: 24)
    }

    /// The identifier; nil if there is none or its type is not defined.
    public var identifier: UASIdentifier? {
        guard let kind = UASIdentifier.Kind(rawValue: self.idType) else { return nil }
        var octets = InlineArray<20, UInt8>(repeating: 0)
        for i in 0..<20 { octets[i] = UInt8(truncatingIfNeeded: self.id.number(at: 8 * i, bits: 8)) }
        return UASIdentifier(kind, octets.span)
    }
}

/// Where the unmanned aircraft is and how it moves.
///
///     | status 4, reserved 1, height over ground 1, west 1, fast 1 | direction 8 | speed 8 | climb 8 |
///     | latitude 32 | longitude 32 | pressure altitude 16 | geodetic altitude 16 | height 16 |
///     | vertical 4, horizontal accuracy 4 | baro 4, speed accuracy 4 | tenths of the hour 16 |
///     | reserved 4, time accuracy 4 | reserved 8 |
///
/// Source: ASTM F3411-22a, section 5.4.5.7.
public struct RemoteIDLocation: Hashable, Sendable {
    /// 0 undeclared, 1 on the ground, 2 airborne, 3 emergency, 4 Remote ID failure.
    public var status: UInt8 = 0
    private var reserved: UInt8 = 0
    /// The height is above the ground, else above the take-off place.
    public var isHeightOverGround = false
    /// Add 180° to the direction.
    public var isWest = false
    /// Speed in steps of 0.75 m/s above 63.75 m/s, else of 0.25 m/s.
    public var isFast = true
    /// 0...179 degrees; 181 with `isWest`: not available.
    public var directionRaw: UInt8 = 181
    /// See `isFast`; 255 with it: not available.
    public var speedRaw: UInt8 = 255
    /// Half metres a second, up positive.
    public var climbRaw: Int8 = 126
    /// 1/10,000,000 degree; both 0: not available.
    public var latitudeRaw: Int32 = 0
    public var longitudeRaw: Int32 = 0
    /// Half metres above −1,000 m, in the standard atmosphere.
    public var pressureAltitudeRaw: UInt16 = 0
    /// Half metres above −1,000 m, over the WGS-84 ellipsoid.
    public var geodeticAltitudeRaw: UInt16 = 0
    /// Half metres above −1,000 m.
    public var heightRaw: UInt16 = 0
    /// 1 < 150 m, 2 < 45 m, 3 < 25 m, 4 < 10 m, 5 < 3 m, 6 < 1 m; 0 unknown.
    public var verticalAccuracy: UInt8 = 0
    /// 1 < 10 NM, … 9 < 30 m, 10 < 10 m, 11 < 3 m, 12 < 1 m; 0 unknown.
    public var horizontalAccuracy: UInt8 = 0
    /// As `verticalAccuracy`, of the pressure altitude.
    public var pressureAccuracy: UInt8 = 0
    /// 1 < 10 m/s, 2 < 3 m/s, 3 < 1 m/s, 4 < 0.3 m/s; 0 unknown.
    public var speedAccuracy: UInt8 = 0
    /// Tenths of a second after the full hour, UTC.
    public var tenthsOfHour: UInt16 = 0xFFFF
    private var reserved2: UInt8 = 0
    /// Tenths of a second; 0 unknown.
    public var timeAccuracy: UInt8 = 0
    private var reserved3: UInt8 = 0

    public init() { self.isWest = true }

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("status", &self.status, bits: 4)
        c.spare(&self.reserved, bits: 1)
        c.flag("isHeightOverGround", &self.isHeightOverGround)
        c.flag("isWest", &self.isWest)
        c.flag("isFast", &self.isFast)
        // The two flags are behind; what they mean together is known by now.
        c.field("directionDegrees", &self.directionRaw, bits: 8, scale: self.directionScale)
        c.field("speedMetresPerSecond", &self.speedRaw, bits: 8, scale: self.speedScale)
        c.field("climbMetresPerSecond", &self.climbRaw, bits: 8, scale: RemoteIDQuantity.climb)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 32, scale: RemoteIDQuantity.degrees)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 32, scale: RemoteIDQuantity.degrees)
        c.field("pressureAltitudeMetres", &self.pressureAltitudeRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("geodeticAltitudeMetres", &self.geodeticAltitudeRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("heightMetres", &self.heightRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("verticalAccuracy", &self.verticalAccuracy, bits: 4)
        c.field("horizontalAccuracy", &self.horizontalAccuracy, bits: 4)
        c.field("pressureAccuracy", &self.pressureAccuracy, bits: 4)
        c.field("speedAccuracy", &self.speedAccuracy, bits: 4)
        c.field("secondsOfHour", &self.tenthsOfHour, bits: 16, scale: RemoteIDQuantity.secondsOfHour)
        c.spare(&self.reserved2, bits: 4)
        c.field("timeAccuracySeconds", &self.timeAccuracy, bits: 4, scale: FieldScale(decimals: 1, notAvailable: 0))
        c.spare(&self.reserved3, bits: 8)
    }

    private var directionScale: FieldScale {
        self.isWest ? FieldScale(offset: 180, notAvailable: 181) : FieldScale()
    }

    private var speedScale: FieldScale {
        self.isFast
            ? FieldScale(multiplier: 75, offset: 6375, decimals: 2, notAvailable: 255)
            : FieldScale(multiplier: 25, decimals: 2)
    }

    /// Direction of flight, degrees from true north, 0 ..< 360.
    public var directionDegrees: Double? {
        get {
            guard let value = self.directionScale.value(self.directionRaw), value < 360 else { return nil }
            return value
        }
        set {
            guard let newValue, newValue.isFinite, newValue >= 0, newValue <= 360 else {
                (self.isWest, self.directionRaw) = (true, 181)
                return
            }
            let whole = newValue.rounded() == 360 ? 0 : newValue.rounded()
            self.isWest = whole >= 180
            self.directionRaw = UInt8(self.isWest ? whole - 180 : whole)
        }
    }

    /// Speed over ground, metres per second, 0...254.25; more is sent as that.
    public var speedMetresPerSecond: Double? {
        get { self.speedScale.value(self.speedRaw) }
        set {
            guard let newValue, newValue.isFinite, newValue >= 0 else {
                (self.isFast, self.speedRaw) = (true, 255)
                return
            }
            self.isFast = newValue > 63.75
            self.speedRaw = self.speedScale.raw(newValue, in: 0...(self.isFast ? 254 : 255))
        }
    }

    /// Rate of climb, metres per second, −62...62.
    public var climbMetresPerSecond: Double? {
        get { RemoteIDQuantity.climb.value(self.climbRaw) }
        set { self.climbRaw = RemoteIDQuantity.climb.raw(newValue, in: -124...124) }
    }

    /// Latitude and longitude, degrees.
    public var position: (latitude: Double, longitude: Double)? {
        get {
            guard self.latitudeRaw != 0 || self.longitudeRaw != 0,
                let latitude = RemoteIDQuantity.degrees.value(self.latitudeRaw), latitude.magnitude <= 90,
                let longitude = RemoteIDQuantity.degrees.value(self.longitudeRaw), longitude.magnitude <= 180
            else { return nil }
            return (latitude, longitude)
        }
        set {
            let (latitude, longitude) = (Int32(900_000_000), Int32(1_800_000_000))
            self.latitudeRaw = newValue.map { RemoteIDQuantity.degrees.raw($0.0, in: -latitude...latitude) } ?? 0
            self.longitudeRaw = newValue.map { RemoteIDQuantity.degrees.raw($0.1, in: -longitude...longitude) } ?? 0
        }
    }

    public var pressureAltitudeMetres: Double? {
        get { RemoteIDQuantity.altitude.value(self.pressureAltitudeRaw) }
        set { self.pressureAltitudeRaw = RemoteIDQuantity.altitude.raw(newValue, in: 1...UInt16.max) }
    }

    public var geodeticAltitudeMetres: Double? {
        get { RemoteIDQuantity.altitude.value(self.geodeticAltitudeRaw) }
        set { self.geodeticAltitudeRaw = RemoteIDQuantity.altitude.raw(newValue, in: 1...UInt16.max) }
    }

    public var heightMetres: Double? {
        get { RemoteIDQuantity.altitude.value(self.heightRaw) }
        set { self.heightRaw = RemoteIDQuantity.altitude.raw(newValue, in: 1...UInt16.max) }
    }

    /// Seconds after the full hour, UTC, 0...3600.
    public var secondsOfHour: Double? {
        get { self.tenthsOfHour <= 36_000 ? RemoteIDQuantity.secondsOfHour.value(self.tenthsOfHour) : nil }
        set { self.tenthsOfHour = RemoteIDQuantity.secondsOfHour.raw(newValue, in: 0...36_000) }
    }

    /// The radius that holds the true place with 95 %, metres; nil if unknown.
    ///
    /// Source: ASTM F3411-22a, section 5.4.5.7: the categories of NACp, and 12 for less than 1 m.
    public var positionRadius: Double? {
        self.horizontalAccuracy == 12 ? 1 : ModeSAccuracy.positionRadius(category: self.horizontalAccuracy)
    }
}

/// One page of a signature or other proof; page 0 says how many there are.
///
///     page 0:    | type 4, page 4 | last page 8 | length 8 | seconds since 2019 32 | data 17 bytes |
///     others:    | type 4, page 4 | data 23 bytes |
///
/// Source: ASTM F3411-22a, section 5.4.5.
public struct RemoteIDAuthentication: Hashable, Sendable {
    /// 0 none, 1 signature of the id, 2 of the operator's id, 3 of the message set, 4 network, 5 specific.
    public var authenticationType: UInt8 = 0
    /// 0...15.
    public var page: UInt8 = 0
    /// Page 0 only.
    public var lastPage: UInt8 = 0
    /// Page 0 only: bytes of the proof on all pages.
    public var length: UInt8 = 0
    /// Page 0 only: seconds since 2019-01-01T00:00:00Z.
    public var secondsSince2019: UInt32 = 0
    /// 17 bytes on page 0, 23 on the others.
    public var data = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("authenticationType", &self.authenticationType, bits: 4)
        c.field("page", &self.page, bits: 4)
        if self.page == 0 {
            c.field("lastPage", &self.lastPage, bits: 8)
            c.field("length", &self.length, bits: 8)
            c.field("secondsSince2019", &self.secondsSince2019, bits: 32)
        }
        c.bytes("data", &self.data, count: self.page == 0 ? 17 : 23, isText: false)
    }
}

/// What the operator says of the flight, free text.
///
/// Source: ASTM F3411-22a, section 5.4.5.
public struct RemoteIDSelfID: Hashable, Sendable {
    /// 0 text, 1 emergency, 2 extended status, 201...255 private.
    public var descriptionType: UInt8 = 0
    /// 23 bytes of ASCII.
    public var description = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("descriptionType", &self.descriptionType, bits: 8)
        c.bytes("description", &self.description, count: 23, isText: true)
    }
}

/// Where the operator is, and the group and area of the flight.
///
///     | reserved 3, classification 3, operator's place 2 | latitude 32 | longitude 32 | aircraft 16 |
///     | radius 8 | ceiling 16 | floor 16 | EU category 4, class 4 | operator's altitude 16 | time 32 | reserved 8 |
///
/// Source: ASTM F3411-22a, section 5.4.5.
public struct RemoteIDSystem: Hashable, Sendable {
    private var reserved: UInt8 = 0
    /// 0 undeclared, 1 European Union.
    public var classification: UInt8 = 0
    /// 0 take-off, 1 live, 2 fixed.
    public var operatorLocationType: UInt8 = 0
    /// 1/10,000,000 degree; both 0: not available.
    public var operatorLatitudeRaw: Int32 = 0
    public var operatorLongitudeRaw: Int32 = 0
    /// How many aircraft are in the group.
    public var aircraftCount: UInt16 = 1
    /// Tens of metres.
    public var areaRadiusRaw: UInt8 = 0
    /// Half metres above −1,000 m, over the ellipsoid.
    public var areaCeilingRaw: UInt16 = 0
    public var areaFloorRaw: UInt16 = 0
    /// 0 undeclared, 1 open, 2 specific, 3 certified.
    public var categoryEU: UInt8 = 0
    /// 0 undeclared, 1 class 0, … 7 class 6.
    public var classEU: UInt8 = 0
    /// Half metres above −1,000 m, over the ellipsoid.
    public var operatorAltitudeRaw: UInt16 = 0
    /// Seconds since 2019-01-01T00:00:00Z.
    public var secondsSince2019: UInt32 = 0
    private var reserved2: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.reserved, bits: 3)
        c.field("classification", &self.classification, bits: 3)
        c.field("operatorLocationType", &self.operatorLocationType, bits: 2)
        c.field("operatorLatitudeDegrees", &self.operatorLatitudeRaw, bits: 32, scale: RemoteIDQuantity.degrees)
        c.field("operatorLongitudeDegrees", &self.operatorLongitudeRaw, bits: 32, scale: RemoteIDQuantity.degrees)
        c.field("aircraftCount", &self.aircraftCount, bits: 16)
        c.field("areaRadiusMetres", &self.areaRadiusRaw, bits: 8, scale: RemoteIDQuantity.radius)
        c.field("areaCeilingMetres", &self.areaCeilingRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("areaFloorMetres", &self.areaFloorRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("categoryEU", &self.categoryEU, bits: 4)
        c.field("classEU", &self.classEU, bits: 4)
        c.field("operatorAltitudeMetres", &self.operatorAltitudeRaw, bits: 16, scale: RemoteIDQuantity.altitude)
        c.field("secondsSince2019", &self.secondsSince2019, bits: 32)
        c.spare(&self.reserved2, bits: 8)
    }
}

/// Who the operator is.
///
/// Source: ASTM F3411-22a, section 5.4.5.
public struct RemoteIDOperatorID: Hashable, Sendable {
    /// 0 operator's id, 201...255 private.
    public var idType: UInt8 = 0
    /// Twenty bytes of ASCII.
    public var id = BitString()
    private var reserved: UInt32 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("idType", &self.idType, bits: 8)
        c.bytes("id", &self.id, count: 20, isText: true)
        c.spare(&self.reserved, bits: 24)
    }
}
