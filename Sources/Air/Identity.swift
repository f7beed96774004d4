/// The 24-bit aircraft address of a Mode S transponder.
///
/// Source: ICAO Annex 10, vol. III, part I, chapter 9.
@frozen public struct ICAOAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address; the upper eight bits are zero.
    public let rawValue: UInt32

    /// The lower 24 bits of `rawValue`.
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue & 0xFF_FFFF }

    /// Reads six hexadecimal digits; anything else is nil.
    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 6, let value = UInt32(hex, radix: 16) else { return nil }
        self.init(value)
    }

    /// Six lower-case hexadecimal digits.
    public var description: String {
        let digits = String(self.rawValue, radix: 16)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// A Mode 3/A code: four octal digits.
@frozen public struct Mode3A: Hashable, Sendable, CustomStringConvertible {
    /// Twelve bits, A4 first; 0o7700 is an emergency.
    public let rawValue: UInt16

    /// The lower twelve bits of `rawValue`.
    @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue & 0o7777 }

    /// Reads four octal digits; anything else is nil.
    public init?(octal: some StringProtocol) {
        guard octal.utf8.count == 4, let value = UInt16(octal, radix: 8) else { return nil }
        self.init(value)
    }

    /// Four octal digits.
    public var description: String {
        let digits = String(self.rawValue, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Whether many aircraft share this code by rule, so that it identifies none of them.
    ///
    /// 0000 (no code), 1000 (Mode S conspicuity), 2000 (entering without a code), 7000 (VFR), 1200 (VFR, US),
    /// 7500, 7600, 7700 (unlawful interference, radio failure, emergency).
    public var isShared: Bool {
        switch self.rawValue {
        case 0o0000, 0o1000, 0o1200, 0o2000, 0o7000, 0o7500, 0o7600, 0o7700: true
        default: false
        }
    }
}

/// An aircraft identification: up to eight letters, digits and inner blanks, stored inline.
@frozen public struct Callsign: Hashable, Sendable, CustomStringConvertible {
    /// Eight ASCII bytes, the first in the highest; unused ones are blanks (0x20).
    public let packed: UInt64

    /// Packs the first eight bytes of `text`; nil if it is blank or holds anything but letters, digits and blanks.
    public init?(_ text: some StringProtocol) {
        var packed: UInt64 = 0
        var count = 0
        for byte in text.utf8 where count < 8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "): break
            default: return nil
            }
            packed = packed << 8 | UInt64(byte)
            count += 1
        }
        while count < 8 {
            packed = packed << 8 | 0x20
            count += 1
        }
        self.init(packed: packed)
    }

    /// Takes eight packed ASCII bytes as they are; nil if all are blanks.
    @inlinable public init?(packed: UInt64) {
        guard packed != 0x2020_2020_2020_2020 else { return nil }
        self.packed = packed
    }

    /// The text without trailing blanks.
    public var description: String {
        var bytes: [UInt8] = (0..<8).map { UInt8(truncatingIfNeeded: self.packed >> (56 - 8 * UInt64($0))) }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What a report says of who it is about; each part may be missing.
@frozen public struct Identity: Hashable, Sendable {
    /// The Mode S address.
    public var address: ICAOAddress?
    /// The Mode 3/A code, only where the reply was validated and not garbled.
    public var mode3A: Mode3A?
    /// The aircraft identification.
    public var callsign: Callsign?

    @inlinable public init(address: ICAOAddress? = nil, mode3A: Mode3A? = nil, callsign: Callsign? = nil) {
        self.address = address
        self.mode3A = mode3A
        self.callsign = callsign
    }
}
