/// One field of a layout that no other field divides, or a mark of structure: what a number in `AsterixFields` means.
public struct AsterixField: Hashable, Sendable {
    /// How the bits are read, and what the number beside the field's id in `AsterixFields` then is.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// A code; the number is the bits.
        case code
        /// A whole number or bits as they are; the number is the bits.
        case unsigned
        /// A whole number with a sign; the number is sign-extended.
        case signed
        /// A number of LSBs; the number is the bits.
        case quantity
        /// A number of LSBs with a sign; the number is sign-extended.
        case signedQuantity
        /// Octal digits (a Mode 1, 2 or 3/A code); the number is the bits.
        case octal
        /// ASCII characters.
        case ascii
        /// Characters of six bits, ICAO Annex 10, vol. IV, table 3-9.
        case sixBit
        /// Bits read as hexadecimal digits: addresses and long bit strings.
        case hex
        /// A BDS register: 56 bits of it, then 8 bits of its number.
        case register
        /// The octets of an explicit item (behind its length), where its content has no table or does not fit it.
        case octets

        /// Structure: the octets of a field specification that is not the one its items need (longer, or naming none).
        case specification
        /// Structure: octets of an extended item behind those that the edition knows.
        case more
        /// Structure: how often a repetition's content follows.
        case count
        /// Structure: an element of a repetition begins whose content is of no fixed length; the number counts from 0.
        case element
        /// Structure: spare bits that are not zero; the number is the bits.
        case spare
        /// Structure: how many items follow by random field sequencing.
        case sequence
        /// Structure: the slot, from 1, of the next item of random field sequencing.
        case sequenceSlot

        /// Whether it says how the record is put together, and no value that a sensor sent.
        public var isStructure: Bool { self.rawValue >= Kind.specification.rawValue }
    }

    /// Category, item and names, such as `I048/040/RHO`.
    public let path: String
    /// How it is read.
    public let kind: Kind
    /// Its width; 0 if it is not fixed.
    public let bits: Int
    /// The LSB as an exact fraction, in `unit`; 1/1 where there is none.
    public let numerator: Int64
    public let denominator: Int64
    /// The standard's unit, or nothing.
    public let unit: String
    /// The scale for decimal text.
    let scale: DecimalScale?

    init(
        path: String, kind: Kind, bits: Int, numerator: Int64 = 1, denominator: Int64 = 1, unit: String = "",
        scale: DecimalScale? = nil
    ) {
        self.path = path
        self.kind = kind
        self.bits = bits
        self.numerator = numerator
        self.denominator = denominator
        self.unit = unit
        self.scale = scale
    }

    /// Whether the number of the field is a place in the record, `offset << 32 | length`, and not the bits themselves.
    public var isPlace: Bool {
        self.kind == .octets || self.kind == .specification || self.kind == .more || self.bits > 64
    }

    /// A raw number in the field's unit, as the nearest `Double`.
    public func value(of raw: Int64) -> Double {
        Double(raw) * Double(self.numerator) / Double(self.denominator)
    }

    /// A raw number in the field's unit, as an exact decimal of at most 14 places.
    public func decimal(of raw: Int64) -> AsterixDecimal {
        guard let scale = self.scale else { return AsterixDecimal(mantissa: raw, decimals: 0) }
        return AsterixDecimal(
            mantissa: DecimalScale.mantissa(of: raw, factor: scale.factor, shift: Int(scale.shift)),
            decimals: Int(scale.digits))
    }
}

/// A decimal number: mantissa / 10^decimals.
public struct AsterixDecimal: Hashable, Sendable, CustomStringConvertible {
    public let mantissa: Int64
    public let decimals: Int

    /// Without zeros at the end: `75.3125`.
    public var description: String {
        var writer = JSONWriter(capacity: 64)
        writer.number(mantissa: self.mantissa, decimals: self.decimals)
        return writer.text
    }
}

extension AsterixEdition {
    /// The fields of this edition's layout, by their ids; empty if there is no table of it.
    public var fields: [AsterixField] { AsterixLayouts.all[self]?.fields ?? [] }
}
