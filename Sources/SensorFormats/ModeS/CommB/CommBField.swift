/// One field of a Comm-B register: where its bits are and what they mean.
///
/// Bits are numbered as the standard does, from 1 to 56. A field with a status bit holds something only where that bit
/// is 1. A quantity is (number × scale + offset) / 10^decimals in the unit that its key names, exactly.
///
/// Source: ICAO Doc 9871, 2nd ed., appendix A (data formats of transponder registers).
public struct CommBField: Sendable {
    /// How the bits are to be read.
    public enum Kind: UInt8, Sendable {
        /// A number without sign.
        case unsigned
        /// A number in two's complement, its sign being the first bit.
        case signed
        /// One bit.
        case flag
        /// A number that stands for a word of a list.
        case code
        /// Bits of which each stands for something.
        case bits
        /// Characters of six bits.
        case text
    }

    /// The name, with the wire's unit where there is one, as JSON has it.
    public let key: StaticString
    public let kind: Kind
    /// The status bit; 0 if the field has none.
    public let status: UInt8
    /// The first bit.
    public let first: UInt8
    /// How many bits.
    public let count: UInt8
    /// What one step is worth.
    public let scale: Int64
    /// What zero stands for.
    public let offset: Int64
    /// By which power of ten scale and offset are multiplied.
    public let decimals: UInt8

    @inline(__always) init(
        _ key: StaticString, _ kind: Kind, status: UInt8 = 0, _ first: UInt8, _ count: UInt8 = 1, scale: Int64 = 1,
        decimals: UInt8 = 0, offset: Int64 = 0
    ) {
        self.key = key
        self.kind = kind
        self.status = status
        self.first = first
        self.count = count
        self.scale = scale
        self.offset = offset
        self.decimals = decimals
    }

    /// Whether the status bit says that the field holds something.
    @inline(__always) public func isPresent(in register: UInt64) -> Bool {
        self.status == 0 || register >> (56 &- UInt64(self.status)) & 1 == 1
    }

    /// The bits as a number, whatever the status bit says.
    @inline(__always) public func raw(in register: UInt64) -> Int64 {
        let bits = register >> (57 &- UInt64(self.first) &- UInt64(self.count)) & (1 << UInt64(self.count) &- 1)
        guard self.kind == .signed else { return Int64(bitPattern: bits) }
        let unused = 64 &- UInt64(self.count)
        return Int64(bitPattern: bits &<< unused) &>> Int64(unused)
    }

    /// The quantity times 10^`decimals`; nil where the status bit says that there is none.
    @inline(__always) public func mantissa(in register: UInt64) -> Int64? {
        self.isPresent(in: register) ? self.raw(in: register) &* self.scale &+ self.offset : nil
    }

    /// The quantity in the unit of the key; nil where the status bit says that there is none.
    @inline(__always) public func value(in register: UInt64) -> Double? {
        guard let mantissa = self.mantissa(in: register) else { return nil }
        var power = 1.0
        for _ in 0..<self.decimals { power *= 10 }
        return Double(mantissa) / power
    }

    /// The bits of the field, where they are in the register.
    @inline(__always) var mask: UInt64 {
        (1 << UInt64(self.count) &- 1) << (57 &- UInt64(self.first) &- UInt64(self.count))
    }

    /// The status bit, where it is in the register; 0 if there is none.
    @inline(__always) var statusBit: UInt64 { self.status == 0 ? 0 : 1 << (56 &- UInt64(self.status)) }

    /// Writes key and value as members of an object.
    public func write(_ register: UInt64, to writer: inout JSONWriter) {
        writer.key(self.key)
        self.writeValue(register, to: &writer)
    }

    /// Writes the value; null where the status bit says that there is none.
    public func writeValue(_ register: UInt64, to writer: inout JSONWriter) {
        guard let mantissa = self.mantissa(in: register) else { return writer.null() }
        switch self.kind {
        case .unsigned, .signed, .code: writer.number(mantissa: mantissa, decimals: Int(self.decimals))
        case .flag: writer.bool(mantissa != 0)
        case .bits: writer.hex(UInt64(bitPattern: mantissa), digits: (Int(self.count) + 3) / 4)
        case .text:
            guard let text = self.text(UInt64(bitPattern: mantissa)) else { return writer.null() }
            writer.string(latin1: text.letters.span.extracting(0..<text.count))
        }
    }

    /// The value for people: the digits or letters of its JSON; nil where the status bit says that there is none.
    func valueText(_ register: UInt64) -> String? {
        guard self.isPresent(in: register) else { return nil }
        var writer = JSONWriter(capacity: 64)
        self.writeValue(register, to: &writer)
        let text = writer.text.filter { $0 != "\"" }
        return text == "null" ? nil : text
    }

    /// The characters, with blanks for zeros; trailing ones, which are filling, are not counted.
    ///
    /// Nil if all are blank or one of the codes is no character, as in an identification.
    func text(_ bits: UInt64) -> (letters: InlineArray<9, UInt8>, count: Int)? {
        var letters = InlineArray<9, UInt8>(repeating: 0x20)
        var length = 0
        for i in 0..<min(9, Int(self.count) / 6) {
            let code = UInt8(truncatingIfNeeded: bits >> (UInt64(self.count) - 6 * UInt64(i + 1))) & 0x3F
            let letter = code == 0 ? 0x20 : sixBitLetter(code)
            guard letter != 0 else { return nil }
            letters[i] = letter
            if letter != 0x20 { length = i + 1 }
        }
        return length > 0 ? (letters, length) : nil
    }
}
