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

/// A Maritime Mobile Service Identity: nine decimal digits that name a ship, an aircraft or a station at sea.
///
/// Source: ITU-R M.585-9, annex 1.
@frozen public struct MMSI: Hashable, Sendable, CustomStringConvertible {
    /// What the leading digits say that the number is of.
    public enum Kind: UInt8, Hashable, Sendable {
        /// MIDxxxxxx, and 98MIDxxxx for craft that belong to a ship.
        case ship
        /// 111MIDxxx: aircraft of search and rescue.
        case aircraft
        /// 00MIDxxxx.
        case coastStation
        /// 99MIDxxxx.
        case aidToNavigation
        /// 970, 972, 974: a search and rescue transmitter, a man overboard, an emergency beacon.
        case distressBeacon
        /// 0MIDxxxxx, 8MIDxxxxx and whatever has no rule.
        case other
    }

    /// The number, 30 bits on the wire; above 999,999,999 it is nobody's.
    public let rawValue: UInt32

    /// The lower 30 bits of `rawValue`.
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue & 0x3FFF_FFFF }

    /// What the leading digits say.
    public var kind: Kind {
        switch self.rawValue {
        case 200_000_000...799_999_999, 982_000_000...987_999_999: .ship
        case 111_000_000...111_999_999: .aircraft
        case 2_000_000...7_999_999: .coastStation
        case 992_000_000...997_999_999: .aidToNavigation
        case 970_000_000...970_999_999, 972_000_000...972_999_999, 974_000_000...974_999_999: .distressBeacon
        default: .other
        }
    }

    /// Nine decimal digits (ten of a number that is nobody's).
    public var description: String {
        let digits = String(self.rawValue)
        return String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }
}

/// The identifier that an unmanned aircraft broadcasts, stored inline: up to twenty bytes and what they are.
///
/// Source: ASTM F3411-22a, table 5 (Basic ID).
@frozen public struct UASIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// What the bytes are.
    public enum Kind: UInt8, Hashable, Sendable {
        /// Manufacturer's serial number, ANSI/CTA-2063-A.
        case serialNumber = 1
        /// Registration given by a civil aviation authority.
        case registration = 2
        /// UUID given by traffic management, 16 bytes.
        case trafficManagement = 3
        /// Session identifier, its first byte says of which kind.
        case session = 4
    }

    /// What the bytes are.
    public let kind: Kind
    /// Bytes 0 to 7, the first in the highest; unused ones are zero.
    public let first: UInt64
    /// Bytes 8 to 15.
    public let second: UInt64
    /// Bytes 16 to 19.
    public let third: UInt32

    /// Packs the first twenty bytes; nil if all are zero.
    public init?(_ kind: Kind, _ bytes: Span<UInt8>) {
        var words = (UInt64(0), UInt64(0), UInt64(0))
        for i in 0..<min(20, bytes.count) {
            let shift = UInt64(56 - 8 * (i & 7))
            switch i >> 3 {
            case 0: words.0 |= UInt64(bytes[i]) << shift
            case 1: words.1 |= UInt64(bytes[i]) << shift
            default: words.2 |= UInt64(bytes[i]) << shift
            }
        }
        guard words != (0, 0, 0) else { return nil }
        self.kind = kind
        self.first = words.0
        self.second = words.1
        self.third = UInt32(truncatingIfNeeded: words.2 >> 32)
    }

    /// Byte `i`, 0...19.
    func byte(_ i: Int) -> UInt8 {
        switch i >> 3 {
        case 0: UInt8(truncatingIfNeeded: self.first >> UInt64(56 - 8 * i))
        case 1: UInt8(truncatingIfNeeded: self.second >> UInt64(56 - 8 * (i & 7)))
        default: UInt8(truncatingIfNeeded: self.third >> UInt32(24 - 8 * (i & 7)))
        }
    }

    /// The text without the zeros behind it; hexadecimal digits where the bytes are no text.
    public var description: String {
        var bytes = (0..<20).map { self.byte($0) }
        if self.kind == .serialNumber || self.kind == .registration {
            while bytes.last == 0 { bytes.removeLast() }
            if bytes.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
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
    /// The number of a ship, aircraft or station in the maritime mobile service (AIS).
    public var mmsi: MMSI?
    /// The identifier of an unmanned aircraft (Remote ID).
    public var uas: UASIdentifier?

    @inlinable public init(
        address: ICAOAddress? = nil, mode3A: Mode3A? = nil, callsign: Callsign? = nil, mmsi: MMSI? = nil,
        uas: UASIdentifier? = nil
    ) {
        self.address = address
        self.mode3A = mode3A
        self.callsign = callsign
        self.mmsi = mmsi
        self.uas = uas
    }
}
