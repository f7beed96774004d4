public import Air

/// An altitude as a reply or squitter codes it.
@frozen public enum ModeSAltitude: Hashable, Sendable {
    /// All bits zero: the aircraft has no altitude to give.
    case unavailable
    /// Bits that no encoder sends.
    case invalid
    /// Feet, in steps of 25 (Q = 1) or of 100 (Gillham code).
    case feet(Int32)
    /// The M bit is set: twelve bits that are to be metres, in a coding that the standard leaves open.
    case metric(raw: UInt16)

    /// The altitude in feet, where it was given in feet.
    @inlinable public var feet: Int32? {
        if case .feet(let value) = self { value } else { nil }
    }

    /// Reads the 13-bit altitude code of DF 0, 4, 16 and 20.
    ///
    ///     | C1 A1 C2 A2 C4 A4 | M | B1 Q B2 D2 B4 D4 |
    ///
    /// Q = 1: eleven bits N (without M and Q), altitude = 25 N − 1000 ft. Q = 0: Gillham code, steps of 100 ft.
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.6.5.4 (AC: altitude code).
    @inlinable public init(code13 code: UInt32) {
        if code & 0x1FFF == 0 {
            self = .unavailable
        } else if code & 0x40 != 0 {
            self = .metric(raw: UInt16(truncatingIfNeeded: (code >> 7 & 0x3F) << 6 | code & 0x3F))
        } else if code & 0x10 != 0 {
            let n = (code >> 7 & 0x3F) << 5 | (code >> 5 & 1) << 4 | code & 0xF
            self = .feet(Int32(truncatingIfNeeded: n) * 25 - 1000)
        } else {
            self = Self.gillham(code)
        }
    }

    /// Reads the 12-bit altitude of an airborne position: the 13-bit code without its M bit.
    ///
    /// Source: RTCA DO-260B, 2.2.3.2.3.4.
    @inlinable public init(code12 code: UInt32) {
        self.init(code13: (code & 0xFC0) << 1 | code & 0x3F)
    }

    /// Reads a Gillham (Mode C) altitude from its 13-bit order with M and Q zero.
    ///
    /// D2 D4 A1 A2 A4 B1 B2 B4 is a reflected binary (Grey) number of 500 ft; C1 C2 C4 one of 100 ft with the values 1
    /// to 5 (7 stands for 5), counted downwards in every odd 500 ft. Altitude = 500 m + 100 n − 1300 ft.
    ///
    /// Source: ICAO Annex 10, vol. IV, appendix to chapter 3 (SSR automatic pressure altitude transmission code).
    @usableFromInline static func gillham(_ code: UInt32) -> ModeSAltitude {
        func bit(_ index: UInt32) -> UInt32 { code >> index & 1 }
        // From the left: C1 12, A1 11, C2 10, A2 9, C4 8, A4 7, M 6, B1 5, Q 4, B2 3, D2 2, B4 1, D4 0.
        var fives =
            bit(2) << 7 | bit(0) << 6 | bit(11) << 5 | bit(9) << 4 | bit(7) << 3 | bit(5) << 2 | bit(3) << 1 | bit(1)
        fives ^= fives >> 4
        fives ^= fives >> 2
        fives ^= fives >> 1
        var ones = bit(12) << 2 | bit(10) << 1 | bit(8)
        ones ^= ones >> 2
        ones ^= ones >> 1
        if ones == 7 { ones = 5 }
        guard ones >= 1, ones <= 5, bit(12) | bit(10) | bit(8) != 0 else { return .invalid }
        // Grey 101 and 111 are binary 6 and 5: 6 never occurs, 5 is written as 100, binary 7.
        if code >> 8 & 0b10101 == 0b10101 { return .invalid }
        if fives & 1 == 1 { ones = 6 - ones }
        return .feet(Int32(fives) * 500 + Int32(ones) * 100 - 1300)
    }
}

extension Mode3A {
    /// Reads the 13-bit identity of DF 5, 21 and of the aircraft status squitter.
    ///
    ///     | C1 A1 C2 A2 C4 A4 | X | B1 D1 B2 D2 B4 D4 |
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.6.7.1 (ID: identity).
    @inlinable public init(identity13 code: UInt32) {
        @inline(__always) func bit(_ index: UInt32) -> UInt32 { code >> index & 1 }
        let a = bit(7) << 2 | bit(9) << 1 | bit(11)
        let b = bit(1) << 2 | bit(3) << 1 | bit(5)
        let c = bit(8) << 2 | bit(10) << 1 | bit(12)
        let d = bit(0) << 2 | bit(2) << 1 | bit(4)
        self.init(UInt16(truncatingIfNeeded: a << 9 | b << 6 | c << 3 | d))
    }
}

extension Callsign {
    /// Reads eight characters of six bits each: A to Z are 1 to 26, the blank 32, digits 48 to 57.
    ///
    /// Nil if all are blank or zero, or if one of them is no letter, digit or blank.
    ///
    /// Source: ICAO Annex 10, vol. IV, table 3-9 (character set).
    @inlinable public init?(sixBit characters: UInt64) {
        var packed: UInt64 = 0
        for i: UInt64 in 0..<8 {
            let code = characters >> (42 - 6 * i) & 0x3F
            switch code {
            case 1...26: packed = packed << 8 | (code + 0x40)
            case 48...57, 32: packed = packed << 8 | code
            // Unused places are blanks by the standard, zeros by some aircraft.
            case 0: packed = packed << 8 | 0x20
            default: return nil
            }
        }
        self.init(packed: packed)
    }
}
