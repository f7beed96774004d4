public import Air
import Glibc

/// What an aircraft broadcasts of itself: the 56 bits ME of DF 17 and 18, read by their type code.
///
///     | TC 5 | as the type code says, 51 |
///
/// Source: RTCA DO-260B, 2.2.3.2; ICAO Doc 9871, appendices A to C.
@frozen public enum ExtendedSquitter: Hashable, Sendable {
    /// TC 1 to 4.
    case identification(AircraftIdentification)
    /// TC 5 to 8.
    case surfacePosition(SurfacePosition)
    /// TC 0, 9 to 18, 20 to 22.
    case airbornePosition(AirbornePosition)
    /// The coarse layout of TIS-B, which has no type code.
    case coarsePosition(CoarsePosition)
    /// TC 19, subtypes 1 to 4.
    case velocity(AirborneVelocity)
    /// TC 19 of TIS-B.
    case trafficVelocity(TrafficVelocity)
    /// TC 28, subtypes 1 and 2.
    case status(AircraftStatus)
    /// TC 29, subtypes 0 and 1.
    case targetState(TargetState)
    /// TC 31, subtypes 0 and 1.
    case operationalStatus(OperationalStatus)
    /// TC 23 to 27 and 30, and the reserved subtypes of the others.
    case reserved(ReservedSquitter)

    /// Reads the lower 56 bits of `payload` as an aircraft sends them, itself or through ADS-R.
    @inlinable public init(_ payload: UInt64) {
        let typeCode = UInt8(truncatingIfNeeded: payload >> 51 & 0x1F)
        let subtype = UInt8(truncatingIfNeeded: payload >> 48 & 7)
        switch typeCode {
        case 1...4: self = .identification(AircraftIdentification(payload))
        case 5...8: self = .surfacePosition(SurfacePosition(payload))
        case 0, 9...18, 20...22: self = .airbornePosition(AirbornePosition(payload))
        case 19 where subtype >= 1 && subtype <= 4: self = .velocity(AirborneVelocity(payload))
        case 28 where subtype == 1 || subtype == 2: self = .status(AircraftStatus(payload))
        case 29 where subtype >> 1 <= 1: self = .targetState(TargetState(payload))
        case 31 where subtype <= 1: self = .operationalStatus(OperationalStatus(payload))
        default: self = .reserved(ReservedSquitter(payload))
        }
    }

    /// Reads the lower 56 bits of `payload` as a ground station of TIS-B sends them: positions and identifications as
    /// aircraft do, velocities with a quality of their own.
    @inlinable public init(trafficService payload: UInt64) {
        let subtype = UInt8(truncatingIfNeeded: payload >> 48 & 7)
        switch payload >> 51 & 0x1F {
        case 0...18, 20...22: self.init(payload)
        case 19 where subtype >= 1 && subtype <= 4: self = .trafficVelocity(TrafficVelocity(payload))
        default: self = .reserved(ReservedSquitter(payload))
        }
    }
}

/// `count` bits of ME from bit `first`, numbered from 1 as the standard does.
@inlinable @inline(__always) func payloadBits(_ payload: UInt64, _ first: UInt64, _ count: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: payload >> (57 &- first &- count) & (1 << count &- 1))
}

@inlinable @inline(__always) func payloadBit(_ payload: UInt64, _ index: UInt64) -> Bool {
    payload >> (56 &- index) & 1 == 1
}

/// Who an aircraft is and of what size.
///
///     | TC 5 | category 3 | 8 characters of 6 bits |
///
/// Source: RTCA DO-260B, 2.2.3.2.5 (BDS 0,8).
@frozen public struct AircraftIdentification: Hashable, Sendable {
    /// 1 to 4: emitter category set D, C, B, A.
    public var typeCode: UInt8
    /// Category within the set, 0 (none given) to 7.
    public var category: UInt8
    /// The identification; nil if blank or spoilt.
    public var callsign: Callsign?

    @inlinable public init(_ payload: UInt64) {
        self.typeCode = UInt8(truncatingIfNeeded: payloadBits(payload, 1, 5))
        self.category = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 3))
        self.callsign = Callsign(sixBit: payload & 0xFFFF_FFFF_FFFF)
    }

    /// The letter of the category set as ASCII: A for type code 4, D for 1.
    @inlinable public var categorySet: UInt8 { UInt8(ascii: "A") &+ ((4 &- self.typeCode) & 3) }
}

/// Where an aircraft on the ground is.
///
///     | TC 5 | movement 7 | S 1 | ground track 7 | T 1 | F 1 | latitude 17 | longitude 17 |
///
/// Source: RTCA DO-260B, 2.2.3.2.4 (BDS 0,6).
@frozen public struct SurfacePosition: Hashable, Sendable {
    /// 5 to 8.
    public var typeCode: UInt8
    /// The speed as it is coded, 0...127.
    public var movement: UInt8
    /// Track over ground, degrees from true north in steps of 360/128; nil if not valid.
    public var trackDegrees: Double?
    /// Whether the time of the position is a whole 0.2 s of UTC.
    public var isTimeSynchronised: Bool
    /// Where.
    public var position: CompactPosition

    @inlinable public init(_ payload: UInt64) {
        self.typeCode = UInt8(truncatingIfNeeded: payloadBits(payload, 1, 5))
        self.movement = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 7))
        self.trackDegrees = payloadBit(payload, 13) ? Double(payloadBits(payload, 14, 7)) * (360.0 / 128) : nil
        self.isTimeSynchronised = payloadBit(payload, 21)
        self.position = CompactPosition(
            isOdd: payloadBit(payload, 22), latitude: payloadBits(payload, 23, 17),
            longitude: payloadBits(payload, 40, 17))
    }

    /// Speed over ground, knots: the lower end of the coded interval; nil if not known. 175 stands for 175 and more.
    ///
    /// Source: RTCA DO-260B, table 2-43 (movement).
    @inlinable public var groundSpeedKnots: Double? {
        let code = Double(self.movement)
        return switch self.movement {
        case 1: 0
        case 2...8: 0.125 + (code - 2) * 0.125
        case 9...12: 1 + (code - 9) * 0.25
        case 13...38: 2 + (code - 13) * 0.5
        case 39...93: 15 + (code - 39)
        case 94...108: 70 + (code - 94) * 2
        case 109...123: 100 + (code - 109) * 5
        case 124: 175
        default: nil
        }
    }
}

/// Where an aircraft in the air is.
///
///     | TC 5 | SS 2 | SAF or NIC-B 1 | altitude 12 | T 1 | F 1 | latitude 17 | longitude 17 |
///
/// Type code 0 has an altitude and no position.
///
/// Source: RTCA DO-260B, 2.2.3.2.3 (BDS 0,5).
@frozen public struct AirbornePosition: Hashable, Sendable {
    /// 0, 9 to 18 (pressure altitude), 20 to 22 (height above the ellipsoid).
    public var typeCode: UInt8
    /// 0 nothing, 1 permanent alert (emergency), 2 temporary alert (code changed), 3 special position indication.
    public var surveillanceStatus: UInt8
    /// NIC supplement B in version 2, single antenna flag before.
    public var supplement: Bool
    /// Pressure altitude, or height above the ellipsoid.
    public var altitude: ModeSAltitude
    /// Whether the time of the position is a whole 0.2 s of UTC.
    public var isTimeSynchronised: Bool
    /// Where; meaningless in type code 0.
    public var position: CompactPosition

    @inlinable public init(_ payload: UInt64) {
        self.typeCode = UInt8(truncatingIfNeeded: payloadBits(payload, 1, 5))
        self.surveillanceStatus = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 2))
        self.supplement = payloadBit(payload, 8)
        self.altitude = ModeSAltitude(code12: payloadBits(payload, 9, 12))
        self.isTimeSynchronised = payloadBit(payload, 21)
        self.position = CompactPosition(
            isOdd: payloadBit(payload, 22), latitude: payloadBits(payload, 23, 17),
            longitude: payloadBits(payload, 40, 17))
    }

    /// Whether the altitude is a height above the ellipsoid rather than a pressure altitude.
    @inlinable public var isGeometric: Bool { self.typeCode >= 20 }
    /// Whether the message has a position at all.
    @inlinable public var hasPosition: Bool { self.typeCode != 0 }
    /// Whether the position is the filling of a transponder that has none: TC 15, no altitude, longitude 0 and the
    /// lower twelve bits of the latitude 0.
    ///
    /// Source: flightaware/dump1090, mode_s.c (seen of two types of aircraft).
    @inlinable public var isPlaceholder: Bool {
        self.typeCode == 15 && self.altitude == .unavailable && self.position.longitude == 0
            && self.position.latitude & 0xFFF == 0
    }
}

/// How an aircraft in the air moves.
///
///     | 19 | subtype 3 | intent 1 | IFR 1 | NACv 3 | motion 22 | source 1 | sign 1 | rate 9 | – 2 | sign 1 | Δh 7 |
///     motion of subtypes 1, 2:  | west 1 | speed 10 | south 1 | speed 10 |       1 kt, or 4 kt (supersonic)
///     motion of subtypes 3, 4:  | S 1 | heading 10 | true 1 | airspeed 10 |
///
/// In every magnitude 0 means unknown and n means n − 1.
///
/// Source: RTCA DO-260B, 2.2.3.2.6 (BDS 0,9).
@frozen public struct AirborneVelocity: Hashable, Sendable {
    /// What the speed is measured against.
    @frozen public enum Motion: Hashable, Sendable {
        /// The ground: components in knots, east and north positive.
        case overGround(eastKnots: Int32?, northKnots: Int32?)
        /// The air: degrees of heading (magnetic, unless the operational status says true) and airspeed in knots.
        case throughAir(headingDegrees: Double?, airspeedKnots: Int32?, isTrueAirspeed: Bool)
    }

    /// 1 to 4; 2 and 4 are supersonic.
    public var subtype: UInt8
    /// The aircraft's intent changed.
    public var hasIntentChange: Bool
    /// It can do IFR applications of version 1; reserved since.
    public var hasIFRCapability: Bool
    /// NACv, navigation accuracy category for velocity, 0...4.
    public var accuracyCategory: UInt8
    /// Speed and direction.
    public var motion: Motion
    /// Rate of climb, feet a minute in steps of 64.
    public var verticalRateFeetPerMinute: Int32?
    /// Whether the rate of climb is barometric rather than geometric.
    public var isVerticalRateBarometric: Bool
    /// Height above the ellipsoid less pressure altitude, feet in steps of 25.
    public var geometricMinusBarometricFeet: Int32?

    @inlinable public init(_ payload: UInt64) {
        @inline(__always) func magnitude(_ first: UInt64, _ count: UInt64, step: Int32, isNegative: Bool) -> Int32? {
            let code = Int32(truncatingIfNeeded: payloadBits(payload, first, count))
            return code == 0 ? nil : (code - 1) * (isNegative ? -step : step)
        }
        let subtype = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 3))
        let step: Int32 = subtype == 2 || subtype == 4 ? 4 : 1
        self.subtype = subtype
        self.hasIntentChange = payloadBit(payload, 9)
        self.hasIFRCapability = payloadBit(payload, 10)
        self.accuracyCategory = UInt8(truncatingIfNeeded: payloadBits(payload, 11, 3))
        self.motion =
            subtype <= 2
            ? .overGround(
                eastKnots: magnitude(15, 10, step: step, isNegative: payloadBit(payload, 14)),
                northKnots: magnitude(26, 10, step: step, isNegative: payloadBit(payload, 25)))
            : .throughAir(
                headingDegrees: payloadBit(payload, 14) ? Double(payloadBits(payload, 15, 10)) * (360.0 / 1024) : nil,
                airspeedKnots: magnitude(26, 10, step: step, isNegative: false), isTrueAirspeed: payloadBit(payload, 25)
            )
        self.isVerticalRateBarometric = payloadBit(payload, 36)
        self.verticalRateFeetPerMinute = magnitude(38, 9, step: 64, isNegative: payloadBit(payload, 37))
        self.geometricMinusBarometricFeet = magnitude(50, 7, step: 25, isNegative: payloadBit(payload, 49))
    }
}

extension AirborneVelocity {
    /// Speed over ground, knots; nil if a component is unknown.
    public var groundSpeedKnots: Double? {
        guard case .overGround(let east?, let north?) = self.motion else { return nil }
        return Double(east * east + north * north).squareRoot()
    }

    /// Track over ground, degrees from true north in 0 ..< 360; nil if a component is unknown.
    public var trackDegrees: Double? {
        guard case .overGround(let east?, let north?) = self.motion else { return nil }
        let track = atan2(Double(east), Double(north)) * 180 / .pi
        return track < 0 ? track + 360 : track
    }
}

/// An emergency, or a resolution advisory of ACAS.
///
///     | 28 | subtype 3 | emergency 3 | Mode A 13 | – 32 |                                       subtype 1
///     | 28 | subtype 3 | ARA 14 | RAC 4 | RAT 1 | MTE 1 | TTI 2 | TID 26 |                      subtype 2
///
/// Source: RTCA DO-260B, 2.2.3.2.7.8 (BDS 6,1).
@frozen public struct AircraftStatus: Hashable, Sendable {
    /// 1 emergency and Mode A code, 2 resolution advisory.
    public var subtype: UInt8
    /// 0 none, 1 general, 2 medical, 3 minimum fuel, 4 no communications, 5 unlawful interference, 6 downed (subtype 1).
    public var emergency: UInt8
    /// The Mode 3/A code (subtype 1; version 0 sends none, which is 0000).
    public var mode3A: Mode3A?
    /// The advisory (subtype 2).
    public var advisory: ResolutionAdvisory?

    @inlinable public init(_ payload: UInt64) {
        self.subtype = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 3))
        self.emergency = self.subtype == 1 ? UInt8(truncatingIfNeeded: payloadBits(payload, 9, 3)) : 0
        self.mode3A = self.subtype == 1 ? Mode3A(identity13: payloadBits(payload, 12, 13)) : nil
        self.advisory = self.subtype == 2 ? ResolutionAdvisory(payload, hasThreat: true) : nil
    }
}

/// What the crew has selected, and how good the navigation is.
///
///     subtype 1 (version 2):
///     | 29 | subtype 2 | SILs 1 | type 1 | altitude 11 | pressure 9 | S 1 | heading 9 | NACp 4 | NICbaro 1 | SIL 2 |
///     | mode valid 1 | autopilot 1 | VNAV 1 | altitude hold 1 | IMF 1 | approach 1 | TCAS 1 | LNAV 1 | – 2 |
///     subtype 0 (version 1):
///     | 29 | subtype 2 | vertical source 2 | type 1 | – 1 | capability 2 | vertical mode 2 | altitude 10 |
///     | horizontal source 2 | angle 9 | track 1 | horizontal mode 2 | NACp 4 | NICbaro 1 | SIL 2 | – 5 | TCAS 2 |
///     | emergency 3 |
///
/// Source: RTCA DO-260B, 2.2.3.2.7.1; RTCA DO-260A, 2.2.3.2.7.1 (BDS 6,2).
@frozen public struct TargetState: Hashable, Sendable {
    /// 0 in version 1, 1 in version 2.
    public var subtype: UInt8
    /// Selected altitude, feet in steps of 32 (version 2) or 100 (version 1); nil if not given.
    public var selectedAltitudeFeet: Int32?
    /// The altitude is the flight management system's rather than the control panel's (version 2).
    public var isAltitudeFromFMS: Bool
    /// Barometric setting, millibars in steps of 0.8 (version 2); nil if not given.
    public var pressureSettingMillibars: Double?
    /// Selected heading (version 2), or target heading or track (version 1), degrees; nil if not given.
    public var selectedHeadingDegrees: Double?
    /// NACp, navigation accuracy category for position, 0...11.
    public var accuracyCategory: UInt8
    /// The pressure altitude is cross-checked with another source.
    public var isBarometricAltitudeChecked: Bool
    /// SIL, source integrity level, 0...3.
    public var integrityLevel: UInt8
    /// Whether the SIL is per sample rather than per hour (version 2).
    public var isIntegrityPerSample: Bool
    /// Whether the mode bits hold anything (version 2).
    public var areModesValid: Bool
    /// Autopilot engaged.
    public var hasAutopilot: Bool
    /// Vertical navigation engaged.
    public var hasVerticalNavigation: Bool
    /// Altitude hold engaged.
    public var hasAltitudeHold: Bool
    /// Approach mode engaged.
    public var isApproaching: Bool
    /// TCAS or ACAS works.
    public var isACASOperational: Bool
    /// Lateral navigation engaged.
    public var hasLateralNavigation: Bool
    /// What only version 1 says.
    public var intent: TargetIntent?

    @inlinable public init(_ payload: UInt64) {
        self.subtype = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 2))
        self.intent = self.subtype == 0 ? TargetIntent(payload) : nil
        self.accuracyCategory = UInt8(truncatingIfNeeded: payloadBits(payload, 40, 4))
        self.isBarometricAltitudeChecked = payloadBit(payload, 44)
        self.integrityLevel = UInt8(truncatingIfNeeded: payloadBits(payload, 45, 2))
        if self.subtype == 1 {
            let altitude = Int32(truncatingIfNeeded: payloadBits(payload, 10, 11))
            let pressure = payloadBits(payload, 21, 9)
            self.selectedAltitudeFeet = altitude == 0 ? nil : (altitude - 1) * 32
            self.isAltitudeFromFMS = payloadBit(payload, 9)
            self.pressureSettingMillibars = pressure == 0 ? nil : 800 + Double(pressure - 1) * 0.8
            self.selectedHeadingDegrees =
                payloadBit(payload, 30) ? Double(payloadBits(payload, 31, 9)) * (180.0 / 256) : nil
            self.isIntegrityPerSample = payloadBit(payload, 8)
            self.areModesValid = payloadBit(payload, 47)
            self.hasAutopilot = self.areModesValid && payloadBit(payload, 48)
            self.hasVerticalNavigation = self.areModesValid && payloadBit(payload, 49)
            self.hasAltitudeHold = self.areModesValid && payloadBit(payload, 50)
            self.isApproaching = self.areModesValid && payloadBit(payload, 52)
            self.isACASOperational = payloadBit(payload, 53)
            self.hasLateralNavigation = self.areModesValid && payloadBit(payload, 54)
        } else {
            let altitude = Int32(truncatingIfNeeded: payloadBits(payload, 16, 10))
            let angle = payloadBits(payload, 28, 9)
            let (verticalSource, horizontalSource) = (payloadBits(payload, 8, 2), payloadBits(payload, 26, 2))
            self.selectedAltitudeFeet = verticalSource == 0 || altitude > 1010 ? nil : altitude * 100 - 1000
            self.isAltitudeFromFMS = verticalSource == 3
            self.pressureSettingMillibars = nil
            self.selectedHeadingDegrees = horizontalSource == 0 || angle > 359 ? nil : Double(angle)
            self.isIntegrityPerSample = false
            self.areModesValid = false
            self.hasAutopilot = false
            self.hasVerticalNavigation = false
            self.hasAltitudeHold = false
            self.isApproaching = false
            self.isACASOperational = !payloadBit(payload, 52)
            self.hasLateralNavigation = false
        }
    }
}
