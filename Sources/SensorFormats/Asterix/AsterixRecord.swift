/// A record that is composed: from values set by path, or from a line of the JSON view.
///
///     var record = try AsterixRecord(edition: AsterixEdition(category: 48, major: 1, minor: 32))
///     try record.set("I048/010/SAC", 20)
///     try record.set("I048/040/RHO", 75.3125)          // in the standard's unit
///     try record.set("I048/070/MODE3A", text: "4004")   // digits and characters as the JSON view writes them
///     try record.set("I048/250[1]/MBDATA", text: "…")  // element 1 of a repetition, from 0
///     try record.append(to: &encoder)
///
/// Of a group, or a part of an extended item, all fields are sent: those that were not set are zero.
///
/// - Complexity: one allocation or more for each value; what is sent often is better decoded once and changed.
public struct AsterixRecord: Sendable {
    /// The edition that it is made by.
    public let edition: AsterixEdition
    private let layout: AsterixLayout
    private var items = JSONObject()

    /// An empty record.
    ///
    /// - Throws: `unknownEdition`.
    public init(edition: AsterixEdition) throws(AsterixEncodingError) {
        guard let layout = AsterixLayouts.all[edition] else { throw .unknownEdition("category \(edition)") }
        self.edition = edition
        self.layout = layout
    }

    /// A record from a line of the JSON view; without `edition` it is read by the newest.
    ///
    /// The view does not hold spare bits that are not zero, field specifications longer than needed, the order of random
    /// field sequencing, and blanks at the end of texts that are followed by others; all else comes back as it was.
    ///
    /// - Throws: `JSONReadingError`, `AsterixEncodingError`.
    public init(json line: Span<UInt8>) throws {
        guard case .object(let object) = try JSONReader.read(line) else {
            throw AsterixEncodingError.unfitValue("a record that is no object")
        }
        guard case .number(let category, 0)? = object["category"], let category = UInt8(exactly: category) else {
            throw AsterixEncodingError.unfitValue("category")
        }
        guard let newest = AsterixLayouts.newest[Int(category)] else {
            throw AsterixEncodingError.unknownEdition("category \(category)")
        }
        var edition = newest.edition
        if case .string(let text)? = object["edition"] {
            let numbers = text.split(separator: ".").compactMap { UInt8($0) }
            guard numbers.count == 2 else { throw AsterixEncodingError.unknownEdition(text) }
            edition = AsterixEdition(category: category, major: numbers[0], minor: numbers[1])
        }
        try self.init(edition: edition)
        for (key, value) in object.members where key.hasPrefix("I") { self.items[key] = value }
    }

    /// Sets a field to a value in the standard's unit, rounded to its LSB.
    ///
    /// - Throws: `unknownField`, `unfitValue`.
    public mutating func set(_ path: String, _ value: Double) throws(AsterixEncodingError) {
        let field = try self.field(path)
        let raw = (value * Double(field.denominator) / Double(field.numerator)).rounded()
        guard let raw = Int64(exactly: raw) else { throw .unfitValue(path) }
        try self.set(path, .object(JSONObject(members: [("raw", .number(mantissa: raw, exponent: 0))])))
    }

    /// Sets a field to digits or characters, as the JSON view writes them.
    ///
    /// - Throws: `unknownField`.
    public mutating func set(_ path: String, text: String) throws(AsterixEncodingError) {
        _ = try self.field(path)
        try self.set(path, .string(text))
    }

    /// Encodes the record into a block.
    public func append(to encoder: inout AsterixEncoder) throws(AsterixEncodingError) {
        var composer = AsterixComposer()
        try composer.compose(self.items, self.layout)
        try encoder.append(composer.fields, composer.bytes.span)
    }

    /// The fields of the record as if it had been read, and what their places lie in.
    func compose(_ body: (borrowing AsterixFields, Span<UInt8>) throws -> Void) throws {
        var composer = AsterixComposer()
        try composer.compose(self.items, self.layout)
        try body(composer.fields, composer.bytes.span)
    }

    private func field(_ path: String) throws(AsterixEncodingError) -> AsterixField {
        // `I048/250[1]/BDS1` is the path `I048/250/BDS1` in all elements.
        var plain = ""
        var isIndex = false
        for letter in path {
            if letter == "[" { isIndex = true }
            if !isIndex { plain.append(letter) }
            if letter == "]" { isIndex = false }
        }
        guard let ids = self.layout.fieldIDs[plain] else { throw .unknownField(path) }
        // Of alternatives the last: the first is for a value that none of them has.
        return self.layout.fields[ids.upperBound - 1]
    }

    private mutating func set(_ path: String, _ value: JSONValue) throws(AsterixEncodingError) {
        let names = path.split(separator: "/")
        guard names.count > 1 else { throw .unknownField(path) }
        let steps = [names[0] + "/" + names[1]] + names.dropFirst(2)
        self.items = try Self.set(self.items, steps[...], value, path)
    }

    private static func set(
        _ object: JSONObject, _ steps: ArraySlice<Substring>, _ value: JSONValue, _ path: String
    ) throws(AsterixEncodingError) -> JSONObject {
        guard let step = steps.first else { throw .unknownField(path) }
        let parts = step.split(separator: "[")
        let key = String(parts.first ?? "")
        var object = object
        guard parts.count == 2 else {
            object[key] = try self.inner(object[key], steps.dropFirst(), value, path)
            return object
        }
        guard parts[1].hasSuffix("]"), let index = Int(parts[1].dropLast()), index >= 0, index < 1 << 16 else {
            throw .unknownField(path)
        }
        var elements: [JSONValue] = []
        if case .array(let known)? = object[key] { elements = known }
        while elements.count <= index { elements.append(.null) }
        elements[index] = try self.inner(elements[index], steps.dropFirst(), value, path)
        object[key] = .array(elements)
        return object
    }

    private static func inner(
        _ known: JSONValue?, _ steps: ArraySlice<Substring>, _ value: JSONValue, _ path: String
    ) throws(AsterixEncodingError) -> JSONValue {
        guard !steps.isEmpty else { return value }
        guard case .object(let object)? = known else { return .object(try self.set(JSONObject(), steps, value, path)) }
        return .object(try self.set(object, steps, value, path))
    }
}

/// Encodes a line of the JSON view.
///
/// - Throws: `JSONReadingError` where it is no JSON, `AsterixEncodingError` where it is no record.
public func encodeAsterixJSONLine(_ line: Span<UInt8>, into encoder: inout AsterixEncoder) throws {
    try AsterixRecord(json: line).append(to: &encoder)
}

/// Makes the typed fields of a record out of named values.
struct AsterixComposer: ~Copyable {
    var fields = AsterixFields()
    /// What the places among the fields lie in.
    var bytes: [UInt8] = []

    /// Makes the record anew.
    mutating func compose(_ items: JSONObject, _ layout: AsterixLayout) throws(AsterixEncodingError) {
        self.bytes.removeAll(keepingCapacity: true)
        self.fields.removeAll()
        let profile = try self.profile(items, layout)
        var used = 0
        for item in AsterixShapes.items(of: layout)[profile] {
            guard let item, let value = items[item.name] else { continue }
            used += 1
            try self.emit(item, value, layout)
        }
        guard used == items.members.count else {
            let names = AsterixShapes.items(of: layout)[profile].map { $0?.name }
            throw .unknownField(items.members.first { !names.contains($0.key) }?.key ?? "a key that is there twice")
        }
        self.fields.endRecord(layout, 0..<0, first: 0)
    }

    /// Which profile the value of the selecting field names.
    private mutating func profile(_ items: JSONObject, _ layout: AsterixLayout) throws(AsterixEncodingError) -> Int {
        guard let selector = layout.selector, let item = AsterixShapes.items(of: layout)[0][selector.slot],
            let value = items[item.name]
        else { return 0 }
        var bit = 0
        for leaf in item.parts.first?.leaves ?? [] {
            if bit == selector.bit, let value = Self.member(value, leaf.names) {
                let raw = try self.raw(leaf.id, value, layout)
                return raw >= 0 && raw < selector.profiles.count ? selector.profiles[Int(raw)] : 0
            }
            bit += leaf.bits
        }
        return 0
    }

    // MARK: Structure

    private mutating func emit(_ shape: AsterixShape, _ value: JSONValue, _ layout: AsterixLayout)
        throws(AsterixEncodingError)
    {
        switch shape.kind {
        case AsterixLayout.Kind.fixed:
            try self.whole(shape.parts[0], value, layout)
        case AsterixLayout.Kind.extended:
            try self.extended(shape, value, layout)
        case AsterixLayout.Kind.repetitive:
            guard case .array(let elements) = value, let element = shape.children[0] else {
                throw .unfitValue(layout.fields[shape.firstID].path)
            }
            self.fields.append(shape.firstID, Int64(elements.count))
            for (index, one) in elements.enumerated() {
                if element.kind != AsterixLayout.Kind.fixed { self.fields.append(shape.firstID + 1, Int64(index)) }
                try self.emit(element, one, layout)
            }
        case AsterixLayout.Kind.repetitiveFX:
            guard case .array(let elements) = value else { throw .unfitValue(layout.fields[shape.firstID].path) }
            self.fields.append(shape.firstID, Int64(elements.count))
            for one in elements { try self.whole(shape.parts[0], one, layout) }
        case AsterixLayout.Kind.compound:
            guard case .object(let object) = value else { throw .unfitValue(layout.fields[shape.firstID].path) }
            if object.members.isEmpty {
                self.fields.append(shape.firstID, AsterixLayout.place(0, max(1, shape.octets)))
            }
            var used = 0
            for child in shape.children {
                guard let child, let inner = object[child.name] else { continue }
                used += 1
                try self.emit(child, inner, layout)
            }
            guard used == object.members.count else {
                let name = object.members.first { one in !shape.children.contains { $0?.name == one.key } }?.key ?? ""
                throw .unknownField(layout.fields[shape.firstID].path + "/" + name)
            }
        case AsterixLayout.Kind.explicit:
            if case .string = value {
                try self.place(shape.firstID, value, layout)
            } else if let content = shape.children.first ?? nil {
                try self.emit(content, value, layout)
            } else {
                throw .unfitValue(layout.fields[shape.firstID].path)
            }
        default: throw .unfitValue(shape.name)
        }
    }

    /// A part that must be there; what it does not name is an error.
    private mutating func whole(_ part: AsterixShape.Part, _ value: JSONValue, _ layout: AsterixLayout)
        throws(AsterixEncodingError)
    {
        let used = try self.part(part, value, layout)
        guard used == Self.leafCount(value) else { throw self.unknown(value, [part], layout) }
    }

    private mutating func extended(_ shape: AsterixShape, _ value: JSONValue, _ layout: AsterixLayout)
        throws(AsterixEncodingError)
    {
        let more = Self.member(value, ["_more"])
        var last = more == nil ? 0 : shape.parts.count - 1
        for (index, part) in shape.parts.enumerated()
        where part.leaves.contains(where: { Self.member(value, $0.names) != nil && !$0.isSpare }) {
            last = max(last, index)
        }
        var used = more == nil ? 0 : 1
        for part in shape.parts[...last] { used += try self.part(part, value, layout) }
        if let more { try self.place(shape.firstID, more, layout) }
        guard used == Self.leafCount(value) else { throw self.unknown(value, shape.parts, layout) }
    }

    /// Writes all fields of a part, and answers with how many were named.
    private mutating func part(_ part: AsterixShape.Part, _ value: JSONValue, _ layout: AsterixLayout)
        throws(AsterixEncodingError) -> Int
    {
        var used = 0
        var raws: [Int: Int64] = [:]
        for leaf in part.leaves where !leaf.isSpare {
            guard let named = Self.member(value, leaf.names) else {
                // Not set: zero, or blanks.
                if layout.fields[leaf.id].isPlace {
                    try self.place(leaf.id, .string(""), layout)
                } else {
                    self.fields.append(leaf.id, 0)
                }
                continue
            }
            used += 1
            var id = leaf.id
            if let selector = leaf.selector {
                id = leaf.alternatives.first { $0.value == raws[selector] }?.id ?? leaf.id
            }
            if layout.fields[id].isPlace {
                try self.place(id, named, layout)
            } else {
                let raw = try self.raw(id, named, layout)
                // Kept for those that are chosen by it.
                if part.hasChoice { raws[id] = raw }
                self.fields.append(id, raw)
            }
        }
        return used
    }

    /// The value that names lead to; with none the value itself. Null is a value that is not there.
    private static func member(_ value: JSONValue, _ names: [String]) -> JSONValue? {
        var value = value
        for name in names {
            guard case .object(let object) = value, let inner = object[name] else { return nil }
            value = inner
        }
        if case .null = value { return nil }
        return value
    }

    /// How many fields an object names, those of groups within it counted singly; what a register holds is none.
    private static func leafCount(_ value: JSONValue) -> Int {
        switch value {
        case .null: return 0
        case .object(let object) where !self.isLeaf(object):
            return object.members.reduce(0) { $0 + ($1.key == "register" ? 0 : self.leafCount($1.value)) }
        default: return 1
        }
    }

    /// Whether an object is the value of one field: a quantity with its unit, a register, a code with its meaning.
    private static func isLeaf(_ object: JSONObject) -> Bool {
        object["value"] != nil || object["raw"] != nil || (object["BDS"] != nil && object["MB"] != nil)
    }

    private func unknown(_ value: JSONValue, _ parts: [AsterixShape.Part], _ layout: AsterixLayout)
        -> AsterixEncodingError
    {
        let id = parts.first?.leaves.first?.id ?? 0
        guard case .object(let object) = value else { return .unfitValue(layout.fields[id].path) }
        let known = parts.flatMap(\.leaves).map(\.names.first)
        let name = object.members.first { !known.contains($0.key) }?.key ?? ""
        return .unknownField(layout.fields[id].path + " … " + name)
    }

    // MARK: Values

    /// Adds a field that is a place.
    private mutating func place(_ id: Int, _ value: JSONValue, _ layout: AsterixLayout) throws(AsterixEncodingError) {
        let field = layout.fields[id]
        guard case .string(let text) = value else { throw .unfitValue(field.path) }
        let start = self.bytes.count
        if field.kind == .ascii {
            try self.characters(text, field)
        } else {
            let digits = Array(text.utf8)
            guard digits.count.isMultiple(of: 2) else { throw .unfitValue(field.path) }
            for i in stride(from: 0, to: digits.count, by: 2) {
                guard let high = hexDigit(digits[i]), let low = hexDigit(digits[i + 1]) else {
                    throw .unfitValue(field.path)
                }
                self.bytes.append(high << 4 | low)
            }
            if field.bits > 0, text.isEmpty { self.bytes += [UInt8](repeating: 0, count: field.bits / 8) }
        }
        let length = self.bytes.count - start
        guard field.bits == 0 || length * 8 == field.bits else { throw .unfitValue(field.path) }
        self.fields.append(id, AsterixLayout.place(start, length))
    }

    /// Appends characters and blanks behind them.
    private mutating func characters(_ text: String, _ field: AsterixField) throws(AsterixEncodingError) {
        let letters = text.unicodeScalars
        guard letters.count * 8 <= field.bits, letters.allSatisfy({ $0.value < 256 }) else {
            throw .unfitValue(field.path)
        }
        for letter in letters { self.bytes.append(UInt8(letter.value)) }
        for _ in letters.count..<field.bits / 8 { self.bytes.append(0x20) }
    }

    /// The number of a field that is no place.
    private mutating func raw(_ id: Int, _ value: JSONValue, _ layout: AsterixLayout) throws(AsterixEncodingError)
        -> Int64
    {
        let field = layout.fields[id]
        var value = value
        if case .object(let object) = value {
            if case .number(let raw, 0)? = object["raw"] { return raw }
            if let inner = object["value"] {
                value = inner
            } else if field.kind == .register, case .string(let number)? = object["BDS"],
                case .string(let message)? = object["MB"], number.utf8.count == 2, message.utf8.count == 14,
                let number = UInt64(number, radix: 16), let message = UInt64(message, radix: 16)
            {
                return Int64(bitPattern: message << 8 | number)
            }
        }
        switch value {
        case .number(let mantissa, let exponent):
            guard let raw = Self.count(mantissa, exponent, field) else { throw .unfitValue(field.path) }
            return raw
        case .string(let text):
            guard let raw = try self.raw(text, field) else { throw .unfitValue(field.path) }
            return raw
        default: throw .unfitValue(field.path)
        }
    }

    private mutating func raw(_ text: String, _ field: AsterixField) throws(AsterixEncodingError) -> Int64? {
        switch field.kind {
        case .octal: return UInt64(text, radix: 8).map { Int64(bitPattern: $0) }
        case .hex, .register: return UInt64(text, radix: 16).map { Int64(bitPattern: $0) }
        case .sixBit:
            if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16).map { Int64(bitPattern: $0) } }
            let characters = field.bits / 6
            guard text.utf8.count <= characters else { return nil }
            var raw: UInt64 = 0
            for letter in text.utf8 {
                let code = letter & 0x3F
                guard sixBitLetter(code) == letter else { return nil }
                raw = raw << 6 | UInt64(code)
            }
            for _ in text.utf8.count..<characters { raw = raw << 6 | 0x20 }
            return Int64(bitPattern: raw)
        case .ascii:
            let start = self.bytes.count
            try self.characters(text, field)
            let raw = self.bytes[start...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            self.bytes.removeLast(self.bytes.count - start)
            return Int64(bitPattern: raw)
        default: return nil
        }
    }

    /// mantissa × 10^exponent in LSBs, to the nearest; nil if it is beyond 64 bits.
    private static func count(_ mantissa: Int64, _ exponent: Int, _ field: AsterixField) -> Int64? {
        var above = Int128(mantissa)
        var below: Int128 = 1
        guard exponent > -20, exponent < 20 else { return nil }
        for _ in 0..<abs(exponent) {
            if exponent > 0 { above *= 10 } else { below *= 10 }
        }
        let (scaled, overflow) = above.multipliedReportingOverflow(by: Int128(field.denominator))
        let (unit, beyond) = below.multipliedReportingOverflow(by: Int128(field.numerator))
        guard !overflow, !beyond else { return nil }
        // A number that is none of LSBs is only rounded where there is a scale.
        if field.scale == nil, scaled % unit != 0 { return nil }
        let half = scaled < 0 ? -unit / 2 : unit / 2
        return Int64(exactly: (scaled + half) / unit)
    }
}

/// The shapes of the layouts, made when first asked for.
enum AsterixShapes {
    private static let all: [AsterixEdition: [[AsterixShape?]]] = AsterixLayouts.all.mapValues { layout in
        layout.profiles.indices.map { AsterixShape.items(of: layout, profile: $0) }
    }

    /// The items of each profile of a layout, by slot.
    static func items(of layout: AsterixLayout) -> [[AsterixShape?]] { self.all[layout.edition] ?? [] }
}
