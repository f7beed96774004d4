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
    /// Where in the recording the bytes begin.
    var origin = 0
    /// What stands behind the place of each record of the datagram: when it was captured.
    private var captured: [UInt8] = []
    /// The minute since 1970 that it is of.
    private var capturedMinute: Int64?
    private var scratch = JSONWriter(capacity: 64)
    private var fields = AsterixFields()
    private var texts = [AsterixText?](repeating: nil, count: 256)
    private let hasMeanings: Bool

    /// - Parameter hasMeanings: whether codes have their meaning beside them, and Mode S registers what they hold.
    init(hasMeanings: Bool = false) { self.hasMeanings = hasMeanings }

    var takesUndecided: Bool { true }

    /// The recorder's clock for the records to come: an instant, or a time of day, or nothing.
    mutating func setCapture(_ capturedAt: Timestamp?, secondsOfDay: Double?) {
        guard let capturedAt else {
            self.captured.removeAll(keepingCapacity: true)
            self.capturedMinute = nil
            guard let secondsOfDay else { return }
            self.scratch.removeAll()
            self.scratch.key("capturedAtSecondsOfDay")
            self.scratch.number(secondsOfDay, decimals: 3)
            return self.capture()
        }
        // Within a minute only its last digits change: `…:07.125Z"`.
        let milliseconds = capturedAt.nanoseconds / 1_000_000
        let minute = milliseconds / 60_000
        if capturedAt.nanoseconds < 0 || minute != self.capturedMinute {
            self.captured.removeAll(keepingCapacity: true)
            self.scratch.removeAll()
            self.scratch.key("capturedAt")
            self.scratch.string(capturedAt.description)
            self.capture()
            self.capturedMinute = minute
            return
        }
        let end = self.captured.count
        var rest = UInt64(milliseconds % 60_000)
        for digit in 0..<5 {
            // The point stands between them.
            self.captured[end - (digit < 3 ? 3 + digit : 4 + digit)] =
                UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
            rest /= 10
        }
    }

    /// Puts what the scratch holds behind a comma.
    private mutating func capture() {
        self.captured.append(UInt8(ascii: ","))
        self.scratch.withBytes { bytes in for i in bytes.indices { self.captured.append(bytes[i]) } }
    }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        self.fields.removeAll()
        let end = try layout.fields(bytes, words, from: start, to: limit, into: &self.fields)
        let text = self.text(of: layout)
        let captured = self.captured
        self.writer.record(self.fields, text, captured.span, bytes, origin: self.origin)
        return end
    }

    private mutating func text(of layout: AsterixLayout) -> AsterixText {
        if let text = self.texts[Int(layout.edition.category)], text.layout === layout { return text }
        let text =
            self.hasMeanings
            ? AsterixText(layout, readsRegisters: true) {
                AsterixMeanings.texts(edition: layout.edition, field: $0)
            } : AsterixText(layout)
        self.texts[Int(layout.edition.category)] = text
        return text
    }
}

extension JSONWriter {
    /// Writes one record as a line.
    ///
    /// - Parameters:
    ///   - captured: what stands behind its place, with a comma before it.
    ///   - bytes: what it was read from.
    ///   - origin: where in the recording they begin.
    mutating func record(
        _ fields: borrowing AsterixFields, _ text: AsterixText, _ captured: Span<UInt8>, _ bytes: Span<UInt8>,
        origin: Int
    ) {
        let pieceStorage = text.pieces
        let pieces = pieceStorage.span
        let range = fields.range
        var out = self.cursor(room: 256 + captured.count)
        out.put(pieces, Int(text.head.start), Int(text.head.length))
        out.number(UInt64(origin + range.lowerBound))
        for byte in ",\"length\":".utf8 { out.put(byte) }
        out.number(UInt64(range.count))
        for index in captured.indices { out.put(captured[index]) }
        fields.withSpans { ids, values in
            self.values(ids, values, text, pieces, bytes, record: range.lowerBound, &out)
        }
        out.put(UInt8(ascii: "}"))
        out.put(UInt8(ascii: "\n"))
        self.resume(out, needsComma: false)
    }

    @inline(__always)
    private mutating func values(
        _ ids: Span<UInt16>, _ values: Span<Int64>, _ text: AsterixText, _ pieces: Span<UInt8>, _ bytes: Span<UInt8>,
        record: Int, _ out: inout JSONCursor
    ) {
        typealias Action = AsterixText.Action
        typealias Form = AsterixText.Form
        let entryStorage = text.entries
        let entries = entryStorage.span
        let room = text.fieldMax
        var open = OpenContainers()
        for index in ids.indices {
            if !self.hasRoom(room, behind: out) {
                self.resume(out, needsComma: false)
                out = self.cursor(room: room)
            }
            let id = Int(ids[index])
            let raw = values[index]
            let action = entries[id].action
            var before = entries[id].before
            if action != Action.value {
                open.turn(to: id, entries[id], text, pieces, &out)
                guard action <= Action.begin else { continue }
                // The comma before the first of a container is left out.
                if open.isEmpty {
                    before.start += 1
                    before.length -= 1
                    open.isEmpty = false
                }
            }
            out.put(pieces, Int(before.start), Int(before.length))
            switch entries[id].form {
            case Form.unsigned: out.number(UInt64(bitPattern: raw))
            case Form.signed:
                if raw < 0 { out.put(UInt8(ascii: "-")) }
                out.number(raw.magnitude)
            case Form.binary:
                if raw < 0 { out.put(UInt8(ascii: "-")) }
                let shift = UInt64(entries[id].shift)
                let product = raw.magnitude &* entries[id].factor
                out.number(product &>> shift)
                out.fraction((product & (1 &<< shift &- 1)) &* entries[id].multiplier)
            case Form.decimal:
                let mantissa = DecimalScale.mantissa(
                    of: raw, factor: Int64(bitPattern: entries[id].factor), shift: Int(entries[id].shift))
                if mantissa < 0 { out.put(UInt8(ascii: "-")) }
                let whole = mantissa.magnitude / entries[id].power
                out.number(whole)
                out.fraction((mantissa.magnitude &- whole &* entries[id].power) &* entries[id].multiplier)
            case Form.octal: out.octal(UInt64(bitPattern: raw), digits: Int(entries[id].digits))
            case Form.hex: out.hex(UInt64(bitPattern: raw), digits: Int(entries[id].digits))
            case Form.eightCharacters where out.eightCharacters(UInt64(bitPattern: raw)): break
            case Form.register:
                for byte in "{\"BDS\":".utf8 { out.put(byte) }
                out.hex(UInt64(bitPattern: raw) & 0xFF, digits: 2)
                for byte in ",\"MB\":".utf8 { out.put(byte) }
                out.hex(UInt64(bitPattern: raw) &>> 8, digits: 14)
                out.put(UInt8(ascii: "}"))
            case Form.registerNumber:
                out.number(UInt64(bitPattern: raw))
                // Register and first half stand just before, unless the record is of another edition's making.
                guard index >= 2, ids[index &- 1] == ids[index] &- 1, ids[index &- 2] == ids[index] &- 2 else { break }
                self.resume(out, needsComma: true)
                self.contents(UInt64(bitPattern: values[index &- 2]), values[index &- 1] << 4 | raw)
                out = self.cursor(room: room)
            case Form.registerWithFields:
                self.resume(out, needsComma: false)
                self.register(UInt64(bitPattern: raw))
                out = self.cursor(room: room)
            case Form.meaning:
                out.number(UInt64(bitPattern: raw))
                let meaning = text.meanings[Int(entries[id].multiplier) &+ Int(truncatingIfNeeded: raw)]
                out.put(pieces, Int(meaning.start), Int(meaning.length))
            default:
                self.resume(out, needsComma: false)
                self.value(text.layout.fields[id], raw, bytes, record: record)
                out = self.cursor(room: room)
            }
            let behind = entries[id].behind
            if behind.length > 0 { out.put(pieces, Int(behind.start), Int(behind.length)) }
        }
        if !self.hasRoom(room, behind: out) {
            self.resume(out, needsComma: false)
            out = self.cursor(room: room)
        }
        open.close(to: 0, text, &out)
    }

    /// Writes a Mode S register, its number being the last of the eight octets, and what it holds.
    private mutating func register(_ raw: UInt64) {
        self.beginObject()
        self.key("BDS")
        self.hex(raw & 0xFF, digits: 2)
        self.key("MB")
        self.hex(raw >> 8, digits: 14)
        self.contents(raw >> 8, Int64(raw & 0xFF))
        self.endObject()
    }

    /// Writes what a register holds, `"register":{…}`; nothing if it is none that is read here.
    private mutating func contents(_ payload: UInt64, _ number: Int64) {
        let mark = self.mark
        self.key("register")
        self.beginObject()
        if CommB.write(CommBRegister(rawValue: UInt8(truncatingIfNeeded: number)), payload, to: &self) {
            self.endObject()
        } else {
            self.rewind(to: mark)
        }
    }

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

/// The containers that are open at a place of a record's text.
private struct OpenContainers {
    private var open = InlineArray<16, Int16>(repeating: 0)
    private var depth = 0
    /// Whether nothing stands in the innermost yet.
    var isEmpty = false

    /// Closes and opens what the field `id`, the first of its part or a mark, demands.
    @inline(__always) mutating func turn(
        to id: Int, _ entry: AsterixText.Entry, _ text: AsterixText, _ pieces: Span<UInt8>, _ out: inout JSONCursor
    ) {
        typealias Action = AsterixText.Action
        let container = Int(entry.container)
        guard entry.action != Action.none else { return }
        while self.depth > 0, !text.containers[Int(self.open[self.depth - 1])].ids.contains(id) {
            self.close(to: self.depth - 1, text, &out)
        }
        // A container that begins anew is closed if it is open, and so is all within the one of an element.
        switch entry.action {
        case Action.begin, Action.open: self.close(to: text.containers[container].depth - 1, text, &out)
        case Action.element: self.close(to: text.containers[container].depth, text, &out)
        case Action.closeAll: self.close(to: 0, text, &out)
        default: break
        }
        if container >= 0 { self.enter(container, text, pieces, &out) }
    }

    /// Opens a container and those around it.
    private mutating func enter(
        _ container: Int, _ text: AsterixText, _ pieces: Span<UInt8>, _ out: inout JSONCursor
    ) {
        let entered = text.containers[container]
        guard entered.depth > self.depth else { return }
        if entered.parent >= 0 { self.enter(Int(entered.parent), text, pieces, &out) }
        let comma = Int32(self.isEmpty ? 1 : 0)
        out.put(pieces, Int(entered.before.start + comma), Int(entered.before.length - comma))
        self.open[self.depth] = Int16(truncatingIfNeeded: container)
        self.depth += 1
        self.isEmpty = true
    }

    /// Closes the innermost until so many are open.
    mutating func close(to depth: Int, _ text: AsterixText, _ out: inout JSONCursor) {
        while self.depth > depth {
            self.depth -= 1
            out.put(text.containers[Int(self.open[self.depth])].close)
            self.isEmpty = false
        }
    }
}
