import Air

/// The JSON view: each record as one line of JSON.
///
///     {"category":48,"edition":"1.32","offset":3,"length":62,"I048/010":{"SAC":20,"SIC":129},
///      "I048/040":{"RHO":{"value":75.3125,"unit":"NM"},"THETA":{"value":12.5,"unit":"°"}},…}
///
/// Items are keyed by category and number, fields by the standard's short names. A quantity is its value in the
/// standard's unit, exact to 14 decimals, with the unit beside it; a plain number or code is a number; 24 bits and more
/// without a scale (an address, a register) are hexadecimal digits; codes are octal digits, characters a string
/// without trailing blanks (`"0x…"` if a six-bit code is no character). Repetitions are arrays, compounds hold the
/// parts that are present. Octets of an extended item that the edition does not know are hex under `_more`; expansion
/// fields that do not have the structure of their table are hex as a whole. Spare bits are left out.
struct AsterixJSONSink: AsterixRecordSink, ~Copyable {
    var writer = JSONWriter()
    var capturedAt: Timestamp?
    var secondsOfDay: Double?

    var takesUndecided: Bool { true }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        var offsets = AsterixLayout.Offsets(repeating: 0)
        let end = try layout.walk(bytes, words, from: start, to: limit, offsets: &offsets)
        self.take(layout, bytes, range: start..<end)
        return end
    }

    private mutating func take(_ layout: AsterixLayout, _ bytes: Span<UInt8>, range: Range<Int>) {
        self.writer.beginObject()
        self.writer.key("category")
        self.writer.integer(layout.edition.category)
        self.writer.key("edition")
        self.writer.string(layout.edition.number)
        self.writer.key("offset")
        self.writer.integer(range.lowerBound)
        self.writer.key("length")
        self.writer.integer(range.count)
        if let capturedAt = self.capturedAt {
            self.writer.key("capturedAt")
            self.writer.string(capturedAt.description)
        } else if let secondsOfDay = self.secondsOfDay {
            self.writer.key("capturedAtSecondsOfDay")
            self.writer.number(secondsOfDay, decimals: 3)
        }
        self.items(layout, bytes, range)
        self.writer.endObject()
        self.writer.endLine()
    }

    /// The record has been walked over: all that follows lies within it.
    private mutating func items(_ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>) {
        let wordStorage = layout.words
        let keyStorage = layout.keys
        let words = wordStorage.span
        let keys = keyStorage.span
        let limit = range.upperBound
        let profile = layout.profiles[layout.profile(of: bytes, words, from: range.lowerBound, to: limit)]
        var at = range.lowerBound
        while bytes[at] & 1 != 0 { at += 1 }
        at += 1
        let specificationEnd = at
        var first = 0
        for octet in range.lowerBound..<specificationEnd {
            for bit in 0..<7 where bytes[octet] & (0x80 >> UInt8(bit)) != 0 {
                let node = Int(words[profile + 1 + 2 * (first + bit)])
                at = self.node(node, at, limit, layout, words, keys, bytes)
            }
            first += 7
        }
    }

    /// Writes the key of `word` if it has one.
    @inline(__always)
    private mutating func key(_ word: UInt32, _ keys: Span<UInt8>) {
        guard word != 0 else { return }
        let start = Int(word >> 12)
        self.writer.raw(keys.extracting(start..<start + Int(word & 0xFFF)), isValue: false)
    }

    /// Writes one item or part and answers with the offset behind it.
    private mutating func node(
        _ node: Int, _ start: Int, _ limit: Int, _ layout: AsterixLayout, _ words: Span<UInt32>, _ keys: Span<UInt8>,
        _ bytes: Span<UInt8>
    ) -> Int {
        typealias Kind = AsterixLayout.Kind
        let head = words[node]
        var at = start
        guard head & 0xFF != Kind.randomSequence else {
            return self.randomSequence(start, limit, layout, words, keys, bytes)
        }
        self.key(words[node + 1], keys)
        let isObject = head & Kind.isObject != 0
        switch head & 0xFF {
        case Kind.fixed:
            if isObject { self.writer.beginObject() }
            self.fields(node + AsterixLayout.Node.operands, at * 8, words, keys, bytes)
            if isObject { self.writer.endObject() }
            return at + Int(head >> 16)
        case Kind.extended:
            self.writer.beginObject()
            let parts = Int(words[node + 3])
            var part = 0
            var more = true
            while more, part < parts {
                let octets = Int(words[node + 4 + 2 * part] & 0xFFFF)
                self.fields(Int(words[node + 5 + 2 * part]), at * 8, words, keys, bytes)
                at += octets
                more = words[node + 4 + 2 * part] >> 16 != 0 && bytes[at - 1] & 1 != 0
                part += 1
            }
            if more {
                let unknown = at
                while bytes[at] & 1 != 0 { at += 1 }
                at += 1
                self.writer.key("_more")
                self.writer.hex(bytes.extracting(unknown..<at))
            }
            self.writer.endObject()
            return at
        case Kind.repetitive:
            var count = 0
            for _ in 0..<Int(words[node + 3]) {
                count = count << 8 | Int(bytes[at])
                at += 1
            }
            self.writer.beginArray()
            for _ in 0..<count { at = self.node(node + 4, at, limit, layout, words, keys, bytes) }
            self.writer.endArray()
            return at
        case Kind.repetitiveFX:
            self.writer.beginArray()
            repeat {
                if isObject { self.writer.beginObject() }
                self.fields(node + 4, at * 8, words, keys, bytes)
                if isObject { self.writer.endObject() }
                at += Int(words[node + 3])
            } while bytes[at - 1] & 1 != 0
            self.writer.endArray()
            return at
        case Kind.compound:
            return self.compound(node, start, limit, layout, words, keys, bytes)
        default:
            let end = at + Int(bytes[at])
            let content = Int(words[node + 3])
            if content != 0, layout.skip(content, words, bytes, from: at + 1, to: end) == end {
                _ = self.node(content, at + 1, end, layout, words, keys, bytes)
            } else {
                self.writer.hex(bytes.extracting(at + 1..<end))
            }
            return end
        }
    }

    private mutating func compound(
        _ node: Int, _ start: Int, _ limit: Int, _ layout: AsterixLayout, _ words: Span<UInt32>, _ keys: Span<UInt8>,
        _ bytes: Span<UInt8>
    ) -> Int {
        let fixedOctets = Int(words[node + 3])
        var at = start
        if fixedOctets == 0 {
            while bytes[at] & 1 != 0 { at += 1 }
            at += 1
        } else {
            at += fixedOctets
        }
        self.writer.beginObject()
        let specificationEnd = at
        let perOctet = fixedOctets == 0 ? 7 : 8
        var first = 0
        for octet in start..<specificationEnd {
            for bit in 0..<perOctet where bytes[octet] & (0x80 >> UInt8(bit)) != 0 {
                at = self.node(Int(words[node + 5 + first + bit]), at, limit, layout, words, keys, bytes)
            }
            first += perOctet
        }
        self.writer.endObject()
        return at
    }

    /// Items out of order are written under their own keys, as if they stood in order.
    private mutating func randomSequence(
        _ start: Int, _ limit: Int, _ layout: AsterixLayout, _ words: Span<UInt32>, _ keys: Span<UInt8>,
        _ bytes: Span<UInt8>
    ) -> Int {
        var at = start + 1
        for _ in 0..<bytes[start] {
            guard let node = layout.sequencedNode(Int(bytes[at]) - 1, words) else { return at }
            at = self.node(node, at + 1, limit, layout, words, keys, bytes)
        }
        return at
    }

    /// Writes the fields that the instructions from `first` on describe; `bit` is the first bit of them.
    private mutating func fields(
        _ first: Int, _ bit: Int, _ words: Span<UInt32>, _ keys: Span<UInt8>, _ bytes: Span<UInt8>
    ) {
        var word = first
        var bit = bit
        while true {
            let instruction = words[word]
            let count = Int(instruction >> 8)
            switch instruction & 0xFF {
            case FieldOp.end: return
            case FieldOp.spare:
                word += 2
            case FieldOp.unsigned:
                self.key(words[word + 2], keys)
                self.writer.number(unsigned: bits(bytes, at: bit, count: count))
                word += 3
            case FieldOp.signed:
                self.key(words[word + 2], keys)
                self.writer.number(mantissa: signed(bits(bytes, at: bit, count: count), count: count), decimals: 0)
                word += 3
            case FieldOp.quantity, FieldOp.signedQuantity:
                let raw = bits(bytes, at: bit, count: count)
                let isSigned = instruction & 0xFF == FieldOp.signedQuantity
                self.quantity(word + 2, isSigned ? signed(raw, count: count) : Int64(bitPattern: raw), words, keys)
                word += 7
            case FieldOp.hex:
                self.key(words[word + 2], keys)
                self.hex(bytes, bit, count)
                word += 3
            case FieldOp.octal:
                self.key(words[word + 2], keys)
                self.writer.octal(bits(bytes, at: bit, count: count), digits: (count + 2) / 3)
                word += 3
            case FieldOp.ascii:
                self.key(words[word + 2], keys)
                self.ascii(bytes, bit, count)
                word += 3
            case FieldOp.sixBit:
                self.key(words[word + 2], keys)
                self.writer.sixBit(bits(bytes, at: bit, count: count), count)
                word += 3
            case FieldOp.register:
                self.key(words[word + 2], keys)
                self.writer.beginObject()
                self.writer.key("BDS")
                self.writer.hex(bits(bytes, at: bit + 56, count: 8), digits: 2)
                self.writer.key("MB")
                self.writer.hex(bits(bytes, at: bit, count: 56), digits: 14)
                self.writer.endObject()
                word += 3
            case FieldOp.open:
                self.key(words[word + 1], keys)
                self.writer.beginObject()
                word += 2
                continue
            case FieldOp.close:
                self.writer.endObject()
                word += 1
                continue
            default:
                self.choice(word, bit, count, words, keys, bytes)
                word += 6 + 7 * Int(words[word + 5])
            }
            bit += count
        }
    }

    /// Operands at `word`: key, unit, factor (low, high), shift and digits.
    @inline(__always)
    private mutating func quantity(_ word: Int, _ raw: Int64, _ words: Span<UInt32>, _ keys: Span<UInt8>) {
        self.key(words[word], keys)
        let factor = Int64(words[word + 2]) | Int64(words[word + 3]) << 32
        let mantissa = DecimalScale.mantissa(of: raw, factor: factor, shift: Int(words[word + 4] & 0xFF))
        self.writer.number(mantissa: mantissa, decimals: Int(words[word + 4] >> 8))
        let unit = words[word + 1]
        guard unit != 0 else { return }
        let start = Int(unit >> 12)
        self.writer.rest(keys.extracting(start..<start + Int(unit & 0xFFF)))
    }

    private mutating func choice(
        _ word: Int, _ bit: Int, _ count: Int, _ words: Span<UInt32>, _ keys: Span<UInt8>, _ bytes: Span<UInt8>
    ) {
        let selector = bits(bytes, at: bit - Int(words[word + 3]), count: Int(words[word + 4]))
        let raw = bits(bytes, at: bit, count: count)
        for i in 0..<Int(words[word + 5]) {
            let alternative = word + 6 + 7 * i
            guard UInt64(words[alternative]) == selector else { continue }
            let isSigned = words[alternative + 1] == FieldOp.signedQuantity
            self.quantity(
                alternative + 2, isSigned ? signed(raw, count: count) : Int64(bitPattern: raw), words, keys)
            return
        }
        self.key(words[word + 2], keys)
        self.writer.number(unsigned: raw)
    }

    private mutating func hex(_ bytes: Span<UInt8>, _ bit: Int, _ count: Int) {
        guard count > 64 else {
            self.writer.hex(bits(bytes, at: bit, count: count), digits: (count + 3) / 4)
            return
        }
        self.writer.hex(bytes.extracting(bit / 8..<(bit + count) / 8))
    }

    private mutating func ascii(_ bytes: Span<UInt8>, _ bit: Int, _ count: Int) {
        var letters = InlineArray<256, UInt8>(repeating: 0)
        var length = 0
        for i in 0..<min(256, count / 8) {
            letters[i] = UInt8(truncatingIfNeeded: bits(bytes, at: bit + 8 * i, count: 8))
            if letters[i] != 0x20 { length = i + 1 }
        }
        self.writer.string(latin1: letters.span.extracting(0..<length))
    }
}

extension JSONWriter {
    /// Writes the value of a field, without its unit.
    ///
    /// - Parameters:
    ///   - raw: its number in `AsterixFields`.
    ///   - record: where its record begins in `bytes`.
    mutating func value(_ field: AsterixField, _ raw: Int64, _ bytes: Span<UInt8>, record: Int) {
        switch field.kind {
        case .quantity, .signedQuantity:
            let decimal = field.decimal(of: raw)
            self.number(mantissa: decimal.mantissa, decimals: decimal.decimals)
        case .octal: self.octal(UInt64(bitPattern: raw), digits: (field.bits + 2) / 3)
        case .ascii: self.ascii(field, raw, bytes, record: record)
        case .sixBit: self.sixBit(UInt64(bitPattern: raw), field.bits)
        case .register: self.hex(UInt64(bitPattern: raw), digits: 16)
        case .signed: self.number(mantissa: raw, decimals: 0)
        case _ where field.isPlace:
            let start = record + Int(raw >> 32)
            self.hex(bytes.extracting(start..<start + Int(raw & 0xFFFF_FFFF)))
        case .hex: self.hex(UInt64(bitPattern: raw), digits: (field.bits + 3) / 4)
        default: self.number(unsigned: UInt64(bitPattern: raw))
        }
    }

    private mutating func ascii(_ field: AsterixField, _ raw: Int64, _ bytes: Span<UInt8>, record: Int) {
        guard field.isPlace else { return self.ascii(UInt64(bitPattern: raw), field.bits) }
        let start = record + Int(raw >> 32)
        var end = start + Int(raw & 0xFFFF_FFFF)
        while end > start, bytes[end - 1] == 0x20 { end -= 1 }
        self.string(latin1: bytes.extracting(start..<end))
    }

    /// Writes characters of eight bits, without the blanks at the end.
    mutating func ascii(_ raw: UInt64, _ count: Int) {
        var letters = InlineArray<8, UInt8>(repeating: 0)
        var length = 0
        for i in 0..<min(8, count / 8) {
            letters[i] = UInt8(truncatingIfNeeded: raw >> UInt64(count - 8 * (i + 1)))
            if letters[i] != 0x20 { length = i + 1 }
        }
        self.string(latin1: letters.span.extracting(0..<length))
    }

    /// Writes characters of six bits, without the blanks at the end; `"0x…"` if a code is no character.
    mutating func sixBit(_ raw: UInt64, _ count: Int) {
        var letters = InlineArray<16, UInt8>(repeating: 0)
        let characters = min(10, count / 6)
        var length = 0
        for i in 0..<characters {
            letters[i] = sixBitLetter(UInt8(truncatingIfNeeded: raw >> UInt64(6 * (characters - 1 - i))) & 0x3F)
            if letters[i] == 0 {
                let digits = String(raw, radix: 16)
                self.string("0x" + String(repeating: "0", count: max(0, (count + 3) / 4 - digits.count)) + digits)
                return
            }
            if letters[i] != 0x20 { length = i + 1 }
        }
        self.string(latin1: letters.span.extracting(0..<length))
    }
}
