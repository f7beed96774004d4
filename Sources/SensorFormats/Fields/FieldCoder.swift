/// How the number on the wire becomes a quantity: (raw · multiplier + offset) / (divisor · 10^decimals).
struct FieldScale: Sendable {
    var multiplier: Int64 = 1
    var offset: Int64 = 0
    var divisor: Int64 = 1
    var decimals = 0
    /// The raw number that stands for "not available".
    var notAvailable: Int64?

    /// The quantity; nil if it is not available.
    func value(_ raw: some BinaryInteger) -> Double? {
        let raw = Int64(truncatingIfNeeded: raw)
        guard raw != self.notAvailable else { return nil }
        return Double(raw * self.multiplier + self.offset) / self.denominator
    }

    /// One division, rounded once: the nearest number to the decimal.
    private var denominator: Double {
        var power = Double(self.divisor)
        for _ in 0..<self.decimals { power *= 10 }
        return power
    }

    /// The nearest raw number, brought into `range`; the one for "not available" if the quantity is nil or no number.
    func raw<Raw: FixedWidthInteger>(_ value: Double?, in range: ClosedRange<Raw>) -> Raw {
        guard let value, value.isFinite else { return Raw(truncatingIfNeeded: self.notAvailable ?? 0) }
        let scaled = ((value * self.denominator - Double(self.offset)) / Double(self.multiplier)).rounded()
        return Raw(min(max(scaled, Double(range.lowerBound)), Double(range.upperBound)))
    }
}

/// What walks over the fields of a message in the order of the wire: it reads them, writes them or shows them.
///
/// A message says its layout once, in a function over any coder, and is decoded, encoded and written as JSON by it.
protocol FieldCoder: ~Copyable {
    /// The next bit.
    var position: Int { get }
    /// Behind the last bit of the message.
    var end: Int { get }

    /// A number, signed as its type is.
    mutating func field<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value, bits: Int, scale: FieldScale?)
    mutating func flag(_ name: StaticString, _ value: inout Bool)
    /// Bits without a meaning, kept.
    mutating func spare<Value: FixedWidthInteger>(_ value: inout Value, bits: Int)
    /// All bits up to `reserved` bits before the end.
    mutating func data(_ name: StaticString, _ value: inout BitString, before reserved: Int)
    /// As `data`, of six-bit characters.
    mutating func text(_ name: StaticString, _ value: inout BitString)
    mutating func text(_ name: StaticString, _ value: inout AISText, characters: Int)
    /// So many bytes: ASCII without the zeros behind it, or shown as hexadecimal digits.
    mutating func bytes(_ name: StaticString, _ value: inout BitString, count: Int, isText: Bool)
    mutating func mmsi(_ name: StaticString, _ value: inout UInt32)
    /// A bit further on that says how to read what is before it.
    mutating func lookahead(_ value: inout Bool, at position: Int)
    /// The message may end from here on: what is behind its end is zero.
    mutating func mayEnd()

    mutating func beginObject(_ name: StaticString)
    mutating func endObject()
    mutating func beginArray(_ name: StaticString)
    mutating func nextElement()
    mutating func endArray()
}

extension FieldCoder where Self: ~Copyable {
    mutating func field<Value: FixedWidthInteger>(_ name: StaticString, _ value: inout Value, bits: Int) {
        self.field(name, &value, bits: bits, scale: nil)
    }

    /// Whether so many bits are left.
    func has(_ bits: Int) -> Bool { self.position + bits <= self.end }
}

/// Reads fields from a string of bits.
struct FieldReader: FieldCoder {
    private let bits: BitString
    private(set) var position = 0
    let end: Int
    /// Numbers of whole bytes have their lowest byte first (Remote ID).
    private let isLittleEndian: Bool
    private var isRequired = true
    /// Whether the string ended before a field that has to be there.
    private(set) var isCutOff = false

    init(_ bits: BitString, isLittleEndian: Bool = false) {
        self.bits = bits
        self.end = bits.count
        self.isLittleEndian = isLittleEndian
    }

    private mutating func take(_ count: Int) -> UInt64 {
        let value = self.bits.number(at: self.position, bits: count)
        self.position += count
        if self.isRequired, self.position > self.end { self.isCutOff = true }
        return value
    }

    mutating func field<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value, bits: Int, scale: FieldScale?
    ) {
        var raw = self.take(bits)
        if self.isLittleEndian, bits > 8 { raw = raw.byteSwapped >> UInt64(64 - bits) }
        if Value.isSigned {
            let shift = UInt64(64 - bits)
            value = Value(truncatingIfNeeded: Int64(bitPattern: raw << shift) >> Int64(shift))
        } else {
            value = Value(truncatingIfNeeded: raw)
        }
    }

    mutating func flag(_ name: StaticString, _ value: inout Bool) { value = self.take(1) == 1 }

    mutating func spare<Value: FixedWidthInteger>(_ value: inout Value, bits: Int) {
        value = Value(truncatingIfNeeded: self.take(bits))
    }

    mutating func data(_ name: StaticString, _ value: inout BitString, before reserved: Int) {
        let end = max(self.position, self.end - reserved)
        value = self.bits.part(self.position, end)
        self.position = end
    }

    mutating func text(_ name: StaticString, _ value: inout BitString) { self.data(name, &value, before: 0) }

    mutating func text(_ name: StaticString, _ value: inout AISText, characters: Int) {
        value = AISText(characters: characters)
        for i in 0..<characters { value.setCode(UInt8(truncatingIfNeeded: self.take(6)), at: i) }
    }

    mutating func bytes(_ name: StaticString, _ value: inout BitString, count: Int, isText: Bool) {
        value = self.bits.part(self.position, self.position + 8 * count)
        self.position += 8 * count
        if self.isRequired, self.position > self.end { self.isCutOff = true }
    }

    mutating func mmsi(_ name: StaticString, _ value: inout UInt32) { self.field(name, &value, bits: 30, scale: nil) }

    mutating func lookahead(_ value: inout Bool, at position: Int) {
        value = self.bits.number(at: position, bits: 1) == 1
    }

    mutating func mayEnd() { self.isRequired = false }
    mutating func beginObject(_ name: StaticString) {}
    mutating func endObject() {}
    mutating func beginArray(_ name: StaticString) {}
    mutating func nextElement() {}
    mutating func endArray() {}
}

/// Writes fields to a string of bits of known length: what lies beyond is cut off.
struct FieldWriter: FieldCoder {
    private(set) var bits = BitString()
    let end: Int
    private let isLittleEndian: Bool

    init(end: Int, isLittleEndian: Bool = false) {
        self.end = min(end, BitString.capacity)
        self.isLittleEndian = isLittleEndian
    }

    var position: Int { self.bits.count }

    private mutating func put(_ value: UInt64, _ count: Int) {
        let room = self.end - self.bits.count
        guard room > 0, count > 0 else { return }
        let masked = value & (UInt64.max >> UInt64(64 - count))
        if count <= room {
            self.bits.append(masked, bits: count)
        } else {
            self.bits.append(masked >> UInt64(count - room), bits: room)
        }
    }

    mutating func field<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value, bits: Int, scale: FieldScale?
    ) {
        var raw = UInt64(truncatingIfNeeded: value)
        if self.isLittleEndian, bits > 8 { raw = (raw << UInt64(64 - bits)).byteSwapped }
        self.put(raw, bits)
    }

    mutating func flag(_ name: StaticString, _ value: inout Bool) { self.put(value ? 1 : 0, 1) }

    mutating func spare<Value: FixedWidthInteger>(_ value: inout Value, bits: Int) {
        self.put(UInt64(truncatingIfNeeded: value), bits)
    }

    mutating func data(_ name: StaticString, _ value: inout BitString, before reserved: Int) {
        self.bits.append(value.part(0, max(0, self.end - reserved - self.bits.count)))
    }

    mutating func text(_ name: StaticString, _ value: inout BitString) { self.data(name, &value, before: 0) }

    mutating func text(_ name: StaticString, _ value: inout AISText, characters: Int) {
        for i in 0..<characters { self.put(UInt64(value.code(at: i)), 6) }
    }

    mutating func bytes(_ name: StaticString, _ value: inout BitString, count: Int, isText: Bool) {
        var padded = value
        padded.resize(to: min(8 * count, max(0, self.end - self.bits.count)))
        self.bits.append(padded)
    }

    mutating func mmsi(_ name: StaticString, _ value: inout UInt32) { self.field(name, &value, bits: 30, scale: nil) }
    mutating func lookahead(_ value: inout Bool, at position: Int) {}
    mutating func mayEnd() {}
    mutating func beginObject(_ name: StaticString) {}
    mutating func endObject() {}
    mutating func beginArray(_ name: StaticString) {}
    mutating func nextElement() {}
    mutating func endArray() {}
}

/// Writes fields as keys and values of the JSON object that is open; those behind the message's end are left out.
struct FieldJSON: FieldCoder, ~Copyable {
    var writer: JSONWriter
    private(set) var position = 0
    let end: Int
    private var isInElement = false

    init(_ writer: consuming JSONWriter, end: Int) {
        self.writer = writer
        self.end = end
    }

    /// Counts the bits; false if the message ends before.
    private mutating func step(_ bits: Int) -> Bool {
        self.position += bits
        return self.position <= self.end
    }

    mutating func field<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value, bits: Int, scale: FieldScale?
    ) {
        guard self.step(bits) else { return }
        self.writer.key(name)
        guard let scale else { return self.writer.integer(value) }
        let raw = Int64(truncatingIfNeeded: value)
        if raw == scale.notAvailable {
            self.writer.null()
        } else if scale.divisor == 1 {
            self.writer.number(mantissa: raw * scale.multiplier + scale.offset, decimals: scale.decimals)
        } else {
            // 1/10,000 of a minute has no end as a decimal of a degree: seven are a centimetre.
            self.writer.number(Double(raw * scale.multiplier + scale.offset) / Double(scale.divisor), decimals: 7)
        }
    }

    mutating func flag(_ name: StaticString, _ value: inout Bool) {
        guard self.step(1) else { return }
        self.writer.key(name)
        self.writer.bool(value)
    }

    mutating func spare<Value: FixedWidthInteger>(_ value: inout Value, bits: Int) { _ = self.step(bits) }

    mutating func data(_ name: StaticString, _ value: inout BitString, before reserved: Int) {
        self.position += value.count
        guard value.count > 0 else { return }
        self.writer.key(name)
        self.writer.hex(value.bytes.span)
    }

    mutating func text(_ name: StaticString, _ value: inout BitString) {
        self.position += value.count
        self.writer.key(name)
        self.writer.string(AISText.text(of: value))
    }

    mutating func text(_ name: StaticString, _ value: inout AISText, characters: Int) {
        guard self.step(6 * characters) else { return }
        self.writer.key(name)
        self.writer.string(value.description)
    }

    mutating func bytes(_ name: StaticString, _ value: inout BitString, count: Int, isText: Bool) {
        guard self.step(8 * count) else { return }
        self.writer.key(name)
        var octets = value.bytes
        guard isText else { return self.writer.hex(octets.span) }
        while octets.last == 0 { octets.removeLast() }
        self.writer.string(latin1: octets.span)
    }

    mutating func mmsi(_ name: StaticString, _ value: inout UInt32) {
        guard self.step(30) else { return }
        self.writer.key(name)
        self.writer.string(AISText.digits(mmsi: value))
    }

    mutating func lookahead(_ value: inout Bool, at position: Int) {}
    mutating func mayEnd() {}

    mutating func beginObject(_ name: StaticString) {
        self.writer.key(name)
        self.writer.beginObject()
    }

    mutating func endObject() { self.writer.endObject() }

    mutating func beginArray(_ name: StaticString) {
        self.writer.key(name)
        self.writer.beginArray()
        self.isInElement = false
    }

    mutating func nextElement() {
        if self.isInElement { self.writer.endObject() }
        self.writer.beginObject()
        self.isInElement = true
    }

    mutating func endArray() {
        if self.isInElement { self.writer.endObject() }
        self.isInElement = false
        self.writer.endArray()
    }
}
