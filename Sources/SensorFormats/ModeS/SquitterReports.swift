public import Air

/// A position of TIS-B in the coarse layout of DF 18, CF 3.
///
///     | IMF 1 | SS 2 | volume 4 | altitude 12 | S 1 | track 5 | speed 6 | F 1 | latitude 12 | longitude 12 |
///
/// Source: RTCA DO-260B, 2.2.17.3.5.
@frozen public struct CoarsePosition: Hashable, Sendable {
    /// IMF: the address is not ICAO's.
    public var isAddressForeign: Bool
    /// 0 nothing, 1 permanent alert (emergency), 2 temporary alert (code changed), 3 special position indication.
    public var surveillanceStatus: UInt8
    /// SVID, which service volume of the ground station it is of, 0...15.
    public var serviceVolume: UInt8
    /// Pressure altitude.
    public var altitude: ModeSAltitude
    /// Track over ground, degrees from true north in steps of 11.25; nil if not valid.
    public var trackDegrees: Double?
    /// The speed as it is coded, 0...63.
    public var speedCode: UInt8
    /// Where, in 163 m.
    public var position: CompactPosition

    @inlinable public init(_ payload: UInt64) {
        self.isAddressForeign = payloadBit(payload, 1)
        self.surveillanceStatus = UInt8(truncatingIfNeeded: payloadBits(payload, 2, 2))
        self.serviceVolume = UInt8(truncatingIfNeeded: payloadBits(payload, 4, 4))
        self.altitude = ModeSAltitude(code12: payloadBits(payload, 8, 12))
        self.trackDegrees = payloadBit(payload, 20) ? Double(payloadBits(payload, 21, 5)) * 11.25 : nil
        self.speedCode = UInt8(truncatingIfNeeded: payloadBits(payload, 26, 6))
        self.position = CompactPosition(
            isOdd: payloadBit(payload, 32), latitude: payloadBits(payload, 33, 12),
            longitude: payloadBits(payload, 45, 12))
    }

    /// Speed over ground, knots: the lower end of the coded interval (0, 16, 48, 80 …); nil if not known.
    @inlinable public var groundSpeedKnots: Int32? {
        switch self.speedCode {
        case 0: nil
        case 1: 0
        default: 16 + (Int32(self.speedCode) - 2) * 32
        }
    }
}

/// A velocity of TIS-B: that of an aircraft, with the station's quality in the place of what the station cannot know.
///
///     | 19 | subtype 3 | IMF 1 | NACp 4 | motion 22 | GEO 1 | sign 1 | rate 9 | as GEO says, 10 |
///     GEO 0:  | NIC-A 1 | NACv 3 | SIL 2 | – 4 |          GEO 1:  | – 2 | sign 1 | Δh 7 |
///
/// Source: RTCA DO-260B, 2.2.17.3.4.
@frozen public struct TrafficVelocity: Hashable, Sendable {
    /// Motion and rate of climb; of its other fields only what GEO lets be there.
    public var velocity: AirborneVelocity
    /// IMF: the address is not ICAO's.
    public var isAddressForeign: Bool
    /// NACp, navigation accuracy category for position, 0...11.
    public var accuracyCategory: UInt8
    /// NIC supplement A (GEO 0).
    public var nicSupplementA: Bool?
    /// SIL, source integrity level, 0...3 (GEO 0).
    public var integrityLevel: UInt8?

    @inlinable public init(_ payload: UInt64) {
        self.velocity = AirborneVelocity(payload)
        self.velocity.hasIntentChange = false
        self.velocity.hasIFRCapability = false
        self.isAddressForeign = payloadBit(payload, 9)
        self.accuracyCategory = UInt8(truncatingIfNeeded: payloadBits(payload, 10, 4))
        if payloadBit(payload, 36) {
            self.velocity.accuracyCategory = 0
            self.nicSupplementA = nil
            self.integrityLevel = nil
        } else {
            self.velocity.accuracyCategory = UInt8(truncatingIfNeeded: payloadBits(payload, 48, 3))
            self.velocity.geometricMinusBarometricFeet = nil
            self.nicSupplementA = payloadBit(payload, 47)
            self.integrityLevel = UInt8(truncatingIfNeeded: payloadBits(payload, 51, 2))
        }
        // The bit that names the source of the rate in ADS-B is GEO here.
        self.velocity.isVerticalRateBarometric = !payloadBit(payload, 36)
    }
}

/// What ACAS tells the crew to do, as it is broadcast or sent on.
///
///     ARA 14 | RAC 4 | RAT 1 | MTE 1 | TTI 2 | TID 26         TTI, TID: BDS 3,0 of Comm-B and of the squitter only
///     ARA:  | 1 | corrective 1 | down 1 | increased 1 | reversal 1 | crossing 1 | positive 1 | – 7 |
///           | 0 | up: correct 1, climb 1 | down: correct 1, descend 1 | crossing 1 | reversal 1 | – 7 |     if MTE is 1
///     TID:  | address 24 | – 2 |  (TTI 1)        | altitude 13 | range 7 | bearing 6 |  (TTI 2)
///
/// Source: ICAO Annex 10, vol. IV, 4.3.8.4.2.2.1 (BDS 3,0).
@frozen public struct ResolutionAdvisory: Hashable, Sendable {
    /// The 48 bits as they came.
    public var contents: UInt64

    /// The lower 48 bits; without the threat of a coordination reply, which has none.
    @inlinable public init(_ payload: UInt64, hasThreat: Bool) {
        self.contents = hasThreat ? payload & 0xFFFF_FFFF_FFFF : payload & 0xFFFF_F000_0000
    }

    /// The bits as the standard numbers them in BDS 3,0, where ARA begins with 9.
    @inlinable @inline(__always) func bit(_ index: UInt64) -> Bool { payloadBit(self.contents, index) }
    @inlinable @inline(__always) func bits(_ first: UInt64, _ count: UInt64) -> UInt32 {
        payloadBits(self.contents, first, count)
    }

    /// ARA, 14 bits.
    @inlinable public var activeAdvisories: UInt16 { UInt16(truncatingIfNeeded: self.bits(9, 14)) }
    /// RAC: do not pass below 8, above 4, do not turn left 2, right 1.
    @inlinable public var complements: UInt8 { UInt8(truncatingIfNeeded: self.bits(23, 4)) }
    /// RAT: the advisory has ended, up to 18 s ago.
    @inlinable public var isTerminated: Bool { self.bit(27) }
    /// MTE: there are several threats.
    @inlinable public var hasSeveralThreats: Bool { self.bit(28) }
    /// TTI: 0 no threat is told, 1 by its address, 2 by altitude, range and bearing.
    @inlinable public var threatType: UInt8 { UInt8(truncatingIfNeeded: self.bits(29, 2)) }
    /// The threat's address (TTI 1).
    @inlinable public var threatAddress: ICAOAddress? {
        self.threatType == 1 ? ICAOAddress(self.bits(31, 24)) : nil
    }
    /// The threat's pressure altitude (TTI 2).
    @inlinable public var threatAltitude: ModeSAltitude? {
        self.threatType == 2 ? ModeSAltitude(code13: self.bits(31, 13)) : nil
    }
    /// The threat's range, tenths of a nautical mile, 127 for 12.55 NM and more (TTI 2); nil if not estimated.
    @inlinable public var threatRangeTenths: UInt8? {
        let code = UInt8(truncatingIfNeeded: self.bits(44, 7))
        guard self.threatType == 2, code > 0 else { return nil }
        return code - 1
    }
    /// The threat's bearing from the nose, degrees, the middle of a step of 6 (TTI 2); nil if not estimated.
    @inlinable public var threatBearingDegrees: UInt16? {
        let code = UInt16(truncatingIfNeeded: self.bits(51, 6))
        guard self.threatType == 2, code >= 1, code <= 60 else { return nil }
        return 6 * code - 3
    }

    /// What kind of advice the first bits of ARA are.
    public enum Sense: UInt8, Hashable, Sendable {
        /// No vertical advice is active.
        case none
        /// For one threat, or the same for all.
        case single
        /// Different for several threats.
        case several
    }
    @inlinable public var sense: Sense { self.bit(9) ? .single : self.hasSeveralThreats ? .several : .none }
}

/// What version 1 says of the target in a target state message.
///
///     | 29 | 0 2 | source 2 | MSL 1 | – 1 | capability 2 | vertical mode 2 | altitude 10 |
///     | source 2 | angle 9 | track 1 | horizontal mode 2 | … 8 | – 5 | TCAS 2 | emergency 3 |
///
/// Source: RTCA DO-260A, 2.2.3.2.7.1.3.
@frozen public struct TargetIntent: Hashable, Sendable {
    /// Where the altitude is from: 0 nothing, 1 control panel, 2 the altitude held, 3 flight management system.
    public var verticalSource: UInt8
    /// The altitude is above mean sea level rather than a flight level.
    public var isAboveSeaLevel: Bool
    /// Which altitudes the aircraft can tell: 0 held, 1 or selected, 2 or of the flight plan.
    public var altitudeCapability: UInt8
    /// 0 unknown, 1 acquiring, 2 capturing or maintaining the altitude.
    public var verticalMode: UInt8
    /// Where the direction is from: 0 nothing, 1 control panel, 2 the direction held, 3 flight management system.
    public var horizontalSource: UInt8
    /// The direction is a track rather than a heading.
    public var isTrack: Bool
    /// 0 unknown, 1 acquiring, 2 capturing or maintaining the direction.
    public var horizontalMode: UInt8
    /// A resolution advisory of TCAS is active.
    public var hasAdvisory: Bool
    /// As in the aircraft status.
    public var emergency: UInt8

    @inlinable public init(_ payload: UInt64) {
        @inline(__always) func code(_ first: UInt64, _ count: UInt64) -> UInt8 {
            UInt8(truncatingIfNeeded: payloadBits(payload, first, count))
        }
        self.verticalSource = code(8, 2)
        self.isAboveSeaLevel = payloadBit(payload, 10)
        self.altitudeCapability = code(12, 2)
        self.verticalMode = code(14, 2)
        self.horizontalSource = code(26, 2)
        self.isTrack = payloadBit(payload, 37)
        self.horizontalMode = code(38, 2)
        self.hasAdvisory = payloadBit(payload, 53)
        self.emergency = code(54, 3)
    }
}

/// A message whose contents the standard leaves to tests, to systems on the ground or to later versions.
///
///     | TC 5 | subtype 3 | 48 |
///
/// Source: RTCA DO-260B, table 2-14 and 2.2.3.2.7; DO-260A, 2.2.3.2.7.3 (Mode A code of a test message).
@frozen public struct ReservedSquitter: Hashable, Sendable {
    /// What the type code is kept for.
    public enum Purpose: UInt8, Hashable, Sendable {
        /// TC 23: of tests.
        case test
        /// TC 24: the status of a system on the ground (multilateration).
        case surfaceSystemStatus
        /// TC 27: how the trajectory will change.
        case trajectoryChange
        /// TC 30: coordination between aircraft, version 0 only.
        case operationalCoordination
        /// Anything else.
        case reserved
    }

    /// 0...31.
    public var typeCode: UInt8
    /// 0...7.
    public var subtype: UInt8
    /// The other 48 bits.
    public var contents: UInt64

    @inlinable public init(_ payload: UInt64) {
        self.typeCode = UInt8(truncatingIfNeeded: payloadBits(payload, 1, 5))
        self.subtype = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 3))
        self.contents = payload & 0xFFFF_FFFF_FFFF
    }

    /// What the type code is kept for.
    @inlinable public var purpose: Purpose {
        switch self.typeCode {
        case 23: .test
        case 24: .surfaceSystemStatus
        case 27: .trajectoryChange
        case 30: .operationalCoordination
        default: .reserved
        }
    }

    /// The Mode 3/A code that aircraft of version 1 put into test messages of subtype 7.
    @inlinable public var mode3A: Mode3A? {
        self.typeCode == 23 && self.subtype == 7 ? Mode3A(identity13: payloadBits(self.contents, 9, 13)) : nil
    }
}
