/// What an aircraft's ADS-B can do and how good its navigation is.
///
///     | 31 | subtype 3 | capability 16 | mode 16 | version 3 | NIC-A 1 | NACp 4 | GVA or BAQ 2 | SIL 2 | NICbaro 1 |
///     | HRD 1 | SILs 1 | – 1 |
///
///     capability, airborne:    | 0 2 | TCAS 1 | 1090 ES in 1 | – 2 | ARV 1 | TS 1 | TC 2 | UAT in 1 | – 5 |
///     capability, surface:     | 0 2 | POA 1 | 1090 ES in 1 | – 2 | B2 low 1 | UAT in 1 | NACv 3 | NIC-C 1 | size 4 |
///     mode:                    | 0 2 | RA 1 | IDENT 1 | ATC 1 | SAF 1 | SDA 2 | antenna (surface) 8 |
///     version 0, capability:   | en route 4 | terminal 4 | approach 4 | surface 4 |         mode likewise
///
/// Subtype 0 is airborne, 1 on the surface (there the bit of NICbaro says whether the surface track is a heading).
/// TCAS is "not operational" in version 1, "operational" in 2; 1090 ES in is "CDTI" in version 1. POA and ATC are of
/// version 1 only; UAT in, NACv, NIC-C, SAF, SDA, antenna and SILs of version 2 only. In version 0 but for the version
/// only TCAS and CDTI of the capability en route are defined.
///
/// Source: RTCA DO-260B, 2.2.3.2.7.2; DO-260A, 2.2.3.2.7.3; DO-260, 2.2.3.2.7.3 (BDS 6,5).
@frozen public struct OperationalStatus: Hashable, Sendable {
    /// 0 airborne, 1 on the surface.
    public var subtype: UInt8
    /// Capability class, 16 bits (on the surface 12, then length and width code 4).
    public var capability: UInt16
    /// Operational mode, 16 bits.
    public var mode: UInt16
    /// 0 DO-260, 1 DO-260A, 2 DO-260B, 3 DO-260C.
    public var version: UInt8
    /// NIC supplement A.
    public var nicSupplementA: Bool
    /// NACp, navigation accuracy category for position, 0...11.
    public var accuracyCategory: UInt8
    /// GVA, geometric vertical accuracy, 0...2 (version 2); BAQ, barometric altitude quality (version 1); subtype 0.
    public var verticalAccuracy: UInt8
    /// SIL, source integrity level, 0...3.
    public var integrityLevel: UInt8
    /// The pressure altitude is cross-checked with another source (subtype 0).
    public var isBarometricAltitudeChecked: Bool
    /// Whether surface positions give the heading rather than the track (subtype 1).
    public var isSurfaceTrackHeading: Bool
    /// HRD: directions are from magnetic rather than true north.
    public var isHeadingMagnetic: Bool
    /// Whether the SIL is per sample rather than per hour (version 2).
    public var isIntegrityPerSample: Bool

    @inlinable public init(_ payload: UInt64) {
        self.subtype = UInt8(truncatingIfNeeded: payloadBits(payload, 6, 3))
        self.capability = UInt16(truncatingIfNeeded: payloadBits(payload, 9, 16))
        self.mode = UInt16(truncatingIfNeeded: payloadBits(payload, 25, 16))
        self.version = UInt8(truncatingIfNeeded: payloadBits(payload, 41, 3))
        self.nicSupplementA = payloadBit(payload, 44)
        self.accuracyCategory = UInt8(truncatingIfNeeded: payloadBits(payload, 45, 4))
        self.verticalAccuracy = UInt8(truncatingIfNeeded: payloadBits(payload, 49, 2))
        self.integrityLevel = UInt8(truncatingIfNeeded: payloadBits(payload, 51, 2))
        self.isBarometricAltitudeChecked = self.subtype == 0 && payloadBit(payload, 53)
        self.isSurfaceTrackHeading = self.subtype == 1 && payloadBit(payload, 53)
        self.isHeadingMagnetic = payloadBit(payload, 54)
        self.isIntegrityPerSample = payloadBit(payload, 55)
    }

    /// Bit `index` of the capability, numbered 9 to 24 as in ME, if the message is of such a subtype and version.
    @inlinable @inline(__always)
    func capability(_ index: UInt16, subtype: UInt8, from version: UInt8, to last: UInt8 = 7) -> Bool? {
        self.subtype == subtype && self.version >= version && self.version <= last
            ? self.capability >> (24 &- index) & 1 == 1 : nil
    }

    /// Bit `index` of the mode, numbered 25 to 40 as in ME, if the message is of such a version.
    @inlinable @inline(__always) func mode(_ index: UInt16, from version: UInt8, to last: UInt8 = 7) -> Bool? {
        self.version >= version && self.version <= last ? self.mode >> (40 &- index) & 1 == 1 : nil
    }

    /// TCAS or ACAS works (airborne).
    @inlinable public var isACASOperational: Bool? {
        self.subtype != 0 ? nil : (self.capability >> 13 & 1 == 1) == (self.version >= 2)
    }
    /// A traffic display is fed by 1090 MHz (1090 ES in; CDTI before version 2).
    @inlinable public var has1090In: Bool? { self.subtype <= 1 ? self.capability >> 12 & 1 == 1 : nil }
    /// ARV: air-referenced velocity can be sent (airborne, from version 1 on).
    @inlinable public var hasAirReferencedVelocity: Bool? { self.capability(15, subtype: 0, from: 1) }
    /// TS: target state can be sent (airborne, from version 1 on).
    @inlinable public var hasTargetState: Bool? { self.capability(16, subtype: 0, from: 1) }
    /// TC: 0 no trajectory change reports, 1 one, 2 several (airborne, from version 1 on).
    @inlinable public var trajectoryChange: UInt8? {
        self.subtype == 0 && self.version >= 1 ? UInt8(truncatingIfNeeded: self.capability >> 6 & 3) : nil
    }
    /// UAT can be received (from version 2 on).
    @inlinable public var hasUATIn: Bool? {
        self.capability(19, subtype: 0, from: 2) ?? self.capability(16, subtype: 1, from: 2)
    }
    /// POA: the position is that of the reference point, not of the antenna (surface, version 1).
    @inlinable public var isPositionOffsetApplied: Bool? { self.capability(11, subtype: 1, from: 1, to: 1) }
    /// B2 low: a ground vehicle's transmitter of less than 70 W (surface, from version 1 on).
    @inlinable public var isLowPower: Bool? { self.capability(15, subtype: 1, from: 1) }
    /// NIC supplement C (surface, version 2).
    @inlinable public var nicSupplementC: Bool { self.capability(20, subtype: 1, from: 2) ?? false }
    /// NACv (surface, version 2).
    @inlinable public var velocityAccuracyCategory: UInt8? {
        self.subtype == 1 && self.version >= 2 ? UInt8(truncatingIfNeeded: self.capability >> 5 & 7) : nil
    }
    /// Length and width code (surface, from version 1 on), 0...15.
    @inlinable public var sizeCode: UInt8? {
        self.subtype == 1 && self.version >= 1 ? UInt8(truncatingIfNeeded: self.capability & 15) : nil
    }
    /// Upper bounds of the aircraft's length and width, metres; nil where the code says nothing.
    ///
    /// Source: RTCA DO-260B, table 2-74.
    public var sizeMetres: (length: Double, width: Double)? {
        guard let code = self.sizeCode, code > 0 || self.version == 1 else { return nil }
        let widths: InlineArray<16, Double> = [
            11.5, 23, 28.5, 34, 33, 38, 39.5, 45, 45, 52, 59.5, 67, 72.5, 80, 80, 90,
        ]
        return (15 + Double(code >> 1) * 10, widths[Int(code)])
    }

    /// A resolution advisory is active (from version 1 on).
    @inlinable public var hasAdvisory: Bool? { self.mode(27, from: 1) }
    /// The special position indication is on (from version 1 on).
    @inlinable public var hasIdentPulse: Bool? { self.mode(28, from: 1) }
    /// The crew receives services of air traffic control (version 1).
    @inlinable public var receivesATC: Bool? { self.mode(29, from: 1, to: 1) }
    /// SAF: the transmitter uses one antenna (version 2).
    @inlinable public var hasSingleAntenna: Bool? { self.mode(30, from: 2) }
    /// SDA, system design assurance, 0...3 (version 2).
    @inlinable public var designAssurance: UInt8? {
        self.version >= 2 ? UInt8(truncatingIfNeeded: self.mode >> 8 & 3) : nil
    }
    /// How far the antenna is from the axis, metres, right of it positive (surface, version 2); nil if not told.
    ///
    /// Source: RTCA DO-260B, table 2-66.
    @inlinable public var antennaLateralMetres: Int32? {
        guard self.subtype == 1, self.version >= 2, self.mode >> 5 & 7 != 0 else { return nil }
        let distance = Int32(self.mode >> 5 & 3) * 2
        return self.mode >> 7 & 1 == 1 ? distance : -distance
    }
    /// How far the antenna is behind the nose, metres (surface, version 2); nil if not told or already taken off.
    ///
    /// Source: RTCA DO-260B, table 2-67.
    @inlinable public var antennaLongitudinalMetres: Int32? {
        let code = Int32(self.mode & 31)
        return self.subtype == 1 && self.version >= 2 && code >= 2 ? (code - 1) * 2 : nil
    }
    /// The position is already that of the reference point (surface, version 2).
    @inlinable public var isAntennaOffsetApplied: Bool? {
        self.subtype == 1 && self.version >= 2 ? self.mode & 31 == 1 : nil
    }
}
