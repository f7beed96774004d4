public import Air

/// Why a frame is no message.
public enum ModeSError: Error, Hashable, Sendable {
    /// A short frame with a long format (DF 16 and above) or the other way round.
    case lengthMismatch(downlinkFormat: UInt8, bytes: Int)
}

/// One Mode S reply or squitter: a frame with its parity worked out and its fields within reach. No heap.
///
///     DF 0   | VS 1 | CC 1 | – 1 | SL 3 | – 2 | RI 4 | – 2 | AC 13 | AP 24 |
///     DF 4   | FS 3 | DR 5 | UM 6 | AC 13 | AP 24 |          DF 20: + MB 56
///     DF 5   | FS 3 | DR 5 | UM 6 | ID 13 | AP 24 |          DF 21: + MB 56
///     DF 11  | CA 3 | AA 24 | PI 24 |
///     DF 16  as DF 0 (no CC) with MV 56
///     DF 17  | CA 3 | AA 24 | ME 56 | PI 24 |                DF 18: CF 3 for CA
///     DF 24  | – 1 | KE 1 | ND 4 | MD 80 | AP 24 |           format 24 has two bits
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.6 to 3.1.2.8.
@frozen public struct ModeSMessage: Hashable, Sendable {
    /// The bits.
    public let frame: ModeSFrame
    /// What the parity leaves: see `ModeSParity.residual`.
    public let residual: UInt32

    /// Works out the parity of a frame.
    ///
    /// - Throws: `ModeSError.lengthMismatch` when the format wants another length.
    /// - Complexity: 4 or 11 look-ups, no allocation.
    @inlinable public init(_ frame: ModeSFrame) throws(ModeSError) {
        guard (frame.high >> 63 == 1) == frame.isLong else {
            throw .lengthMismatch(downlinkFormat: frame.downlinkFormat, bytes: frame.byteCount)
        }
        self.frame = frame
        self.residual = ModeSParity.residual(frame)
    }

    /// A message whose parity is known to leave nothing.
    init(intact frame: ModeSFrame) {
        self.frame = frame
        self.residual = 0
    }

    /// Which message it is: 0, 4, 5, 11, 16, 17, 18, 19, 20, 21, 24, or one that the standard does not use.
    @inlinable public var downlinkFormat: UInt8 { self.frame.downlinkFormat }

    /// How the address is known.
    public enum AddressSource: UInt8, Hashable, Sendable {
        /// Sent in the clear, beside a parity that can be checked.
        case announced
        /// Taken out of the parity: true if the message is intact, which only a known address can show.
        case parity
    }

    /// How the address is known, or nil where the format has none (DF 19 and the unused ones).
    @inlinable public var addressSource: AddressSource? {
        switch self.downlinkFormat {
        case 11, 17, 18: .announced
        case 0, 4, 5, 16, 20, 21, 24: .parity
        default: nil
        }
    }

    /// The address, in the clear (AA) or out of the parity (AP); nil where the format has none.
    @inlinable public var address: ICAOAddress? {
        switch self.addressSource {
        case .announced: ICAOAddress(self.frame.bits(9, 24))
        case .parity: ICAOAddress(self.residual)
        case nil: nil
        }
    }

    /// Whether the parity proves the message whole; nil where the parity alone cannot tell.
    ///
    /// DF 17 and 18 leave zero, DF 11 an interrogator code of at most seven bits.
    @inlinable public var isIntact: Bool? {
        switch self.downlinkFormat {
        case 11: self.residual & 0xFF_FF80 == 0
        case 17, 18: self.residual == 0
        default: nil
        }
    }

    /// The code of the radar that asked (DF 11): CL in bits 7...5, IC in bits 4...1; zero for a squitter.
    @inlinable public var interrogatorCode: UInt8? {
        self.downlinkFormat == 11 && self.residual & 0xFF_FF80 == 0 ? UInt8(truncatingIfNeeded: self.residual) : nil
    }

    /// II (0...15) or SI (1...63) of the radar that asked (DF 11): CL 0 says II; CL 1 to 4 say SI 0, 16, 32, 48 + IC.
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.5.2.1.2 (IC) and 3.1.2.5.2.1.3 (CL).
    @inlinable public var interrogator: (code: UInt8, isSurveillance: Bool)? {
        guard let overlay = self.interrogatorCode else { return nil }
        let label = overlay >> 4
        return label == 0 || label > 4 ? (overlay & 0xF, false) : ((label - 1) * 16 + overlay & 0xF, true)
    }

    /// CA, what the transponder can do (DF 11, 17): 4 on the ground, 5 airborne, 0 level 1, 6 and 7 unsaid.
    @inlinable public var capability: UInt8? {
        self.downlinkFormat == 11 || self.downlinkFormat == 17 ? UInt8(truncatingIfNeeded: self.frame.bits(6, 3)) : nil
    }

    /// CF, what kind of non-transponder sent it (DF 18).
    @inlinable public var controlField: UInt8? {
        self.downlinkFormat == 18 ? UInt8(truncatingIfNeeded: self.frame.bits(6, 3)) : nil
    }

    /// FS, alert, special position indication and airborne or on the ground (DF 4, 5, 20, 21).
    @inlinable public var flightStatus: UInt8? {
        self.isSurveillanceReply ? UInt8(truncatingIfNeeded: self.frame.bits(6, 3)) : nil
    }

    /// DR, what the transponder asks to be asked for (DF 4, 5, 20, 21).
    @inlinable public var downlinkRequest: UInt8? {
        self.isSurveillanceReply ? UInt8(truncatingIfNeeded: self.frame.bits(9, 5)) : nil
    }

    /// UM, which interrogator is served by what (DF 4, 5, 20, 21).
    @inlinable public var utilityMessage: UInt8? {
        self.isSurveillanceReply ? UInt8(truncatingIfNeeded: self.frame.bits(14, 6)) : nil
    }

    /// VS, 1 on the ground (DF 0, 16).
    @inlinable public var verticalStatus: UInt8? {
        self.isAirAir ? UInt8(truncatingIfNeeded: self.frame.bits(6, 1)) : nil
    }

    /// CC, 1 if the transponder can use crosslink (DF 0).
    @inlinable public var crosslinkCapability: UInt8? {
        self.downlinkFormat == 0 ? UInt8(truncatingIfNeeded: self.frame.bits(7, 1)) : nil
    }

    /// SL, the sensitivity level at which ACAS works, 0 if it does not (DF 0, 16).
    @inlinable public var sensitivityLevel: UInt8? {
        self.isAirAir ? UInt8(truncatingIfNeeded: self.frame.bits(9, 3)) : nil
    }

    /// RI, what ACAS can do or how fast the aircraft can fly (DF 0, 16).
    @inlinable public var replyInformation: UInt8? {
        self.isAirAir ? UInt8(truncatingIfNeeded: self.frame.bits(14, 4)) : nil
    }

    /// AC, the pressure altitude (DF 0, 4, 16, 20).
    @inlinable public var altitude: ModeSAltitude? {
        switch self.downlinkFormat {
        case 0, 4, 16, 20: ModeSAltitude(code13: self.frame.bits(20, 13))
        default: nil
        }
    }

    /// ID, the Mode 3/A code (DF 5, 21).
    @inlinable public var mode3A: Mode3A? {
        self.downlinkFormat == 5 || self.downlinkFormat == 21 ? Mode3A(identity13: self.frame.bits(20, 13)) : nil
    }

    /// Whether the aircraft says that it is on the ground; nil if it does not say.
    @inlinable public var isOnGround: Bool? {
        switch self.downlinkFormat {
        case 0, 16: self.frame.bits(6, 1) == 1
        case 4, 5, 20, 21:
            switch self.frame.bits(6, 3) {
            case 0, 2: false
            case 1, 3: true
            default: nil
            }
        case 11, 17:
            switch self.frame.bits(6, 3) {
            case 4: true
            case 5: false
            default: nil
            }
        default: nil
        }
    }

    /// Whether a special position indication is on (FS 4 and 5); nil if the format cannot say.
    @inlinable public var hasIdentPulse: Bool? { self.flightStatus.map { $0 == 4 || $0 == 5 } }

    /// MB, the Comm-B register that was asked for, in 56 bits (DF 20, 21).
    @inlinable public var commB: UInt64? {
        self.downlinkFormat == 20 || self.downlinkFormat == 21 ? self.frame.payload : nil
    }

    /// MV, the ACAS message, in 56 bits (DF 16).
    @inlinable public var acasMessage: UInt64? { self.downlinkFormat == 16 ? self.frame.payload : nil }

    /// MV read as a resolution advisory: the coordination reply whose VDS is BDS 3,0 (DF 16).
    ///
    /// Source: ICAO Annex 10, vol. IV, 4.3.8.4.2.4.
    public var resolutionAdvisory: ResolutionAdvisory? {
        guard let message = self.acasMessage, message >> 48 == 0x30 else { return nil }
        return ResolutionAdvisory(message, hasThreat: false)
    }

    /// AF, what the application of a military squitter is (DF 19); its other 104 bits are not published.
    @inlinable public var applicationField: UInt8? {
        self.downlinkFormat == 19 ? UInt8(truncatingIfNeeded: self.frame.bits(6, 3)) : nil
    }

    /// A segment of a downlinked extended length message, or the acknowledgement of an uplinked one (DF 24).
    @inlinable public var commDSegment: CommDSegment? {
        self.downlinkFormat == 24 ? CommDSegment(self.frame) : nil
    }

    /// ME, the register that the aircraft broadcast, in 56 bits (DF 17, 18).
    @inlinable public var extendedSquitterPayload: UInt64? {
        self.downlinkFormat == 17 || self.downlinkFormat == 18 ? self.frame.payload : nil
    }

    /// What kind of station sends an extended squitter, and of whom it speaks.
    ///
    /// Source: RTCA DO-260B, table 2-13 (CF).
    public enum SquitterSource: UInt8, Hashable, Sendable {
        /// DF 17, or DF 18 with CF 0: the aircraft itself, under its ICAO address.
        case aircraft
        /// CF 1: the aircraft or vehicle itself, under an address that is not ICAO's.
        case anonymous
        /// CF 2: a ground station of TIS-B, which has the position from radar or multilateration.
        case trafficService
        /// CF 3: the same in the coarse layout.
        case coarseTrafficService
        /// CF 4: a ground station on TIS-B and ADS-R themselves.
        case management
        /// CF 5: TIS-B of an aircraft whose address is not ICAO's.
        case anonymousTrafficService
        /// CF 6: a ground station that repeats what it received on another link (ADS-R).
        case rebroadcast
        /// CF 7.
        case reserved
    }

    /// Who sends; nil for what is no extended squitter.
    @inlinable public var squitterSource: SquitterSource? {
        switch self.downlinkFormat {
        case 17: .aircraft
        case 18: SquitterSource(rawValue: UInt8(truncatingIfNeeded: self.frame.bits(6, 3)))
        default: nil
        }
    }

    /// The register that was broadcast, read; nil where CF gives ME another meaning (management, reserved).
    @inlinable public var extendedSquitter: ExtendedSquitter? {
        switch self.squitterSource {
        case .aircraft, .anonymous, .rebroadcast: ExtendedSquitter(self.frame.payload)
        case .trafficService, .anonymousTrafficService: ExtendedSquitter(trafficService: self.frame.payload)
        case .coarseTrafficService: .coarsePosition(CoarsePosition(self.frame.payload))
        case .management, .reserved, nil: nil
        }
    }

    /// IMF of TIS-B and ADS-R: the address is not ICAO's (or, of TIS-B, a Mode A code and track number); nil where the
    /// message has no such bit.
    ///
    ///     CF 3        ME bit 1
    ///     CF 2 and 6  airborne position 8, surface position 21, velocity 9
    ///     CF 6        besides: target state 51, aircraft status and operational status 56
    ///     CF 1 and 5  always
    ///
    /// Source: RTCA DO-260B, 2.2.17 (TIS-B) and 2.2.18 (ADS-R).
    @inlinable public var isAddressForeign: Bool? {
        let payload = self.frame.payload
        switch self.squitterSource {
        case .anonymous, .anonymousTrafficService: return true
        case .coarseTrafficService: return payloadBit(payload, 1)
        case .trafficService, .rebroadcast:
            let isRebroadcast = self.squitterSource == .rebroadcast
            return switch payload >> 51 {
            case 0, 9...18, 20...22: payloadBit(payload, 8)
            case 5...8: payloadBit(payload, 21)
            case 19: payloadBit(payload, 9)
            case 28 where isRebroadcast, 31 where isRebroadcast: payloadBit(payload, 56)
            case 29 where isRebroadcast: payloadBit(payload, 51)
            default: nil
            }
        default: return nil
        }
    }

    @inlinable @inline(__always) var isSurveillanceReply: Bool {
        switch self.downlinkFormat {
        case 4, 5, 20, 21: true
        default: false
        }
    }

    @inlinable @inline(__always) var isAirAir: Bool { self.downlinkFormat == 0 || self.downlinkFormat == 16 }
}
