public import Air

/// A message of Protocol Buffers as a tree: its fields in the order they came, those without a meaning too.
public struct ProtoMessage: Hashable, Sendable {
    public indirect enum Value: Hashable, Sendable {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        /// Text, bytes, or a message that is not read.
        case bytes([UInt8])
        case message(ProtoMessage)
    }

    public struct Field: Hashable, Sendable {
        public var number: UInt32
        public var value: Value
    }

    /// How deep messages may lie in one another.
    static let depthMax = 32
    /// How many fields a message may have in all: bounds the memory, and the time of looking for single fields.
    static let fieldsMax = 16_384

    public var fields: [Field] = []

    public init() {}

    // MARK: Wire

    /// Reads a message of a schema.
    ///
    /// A field whose wire type is not that of the schema is kept and has no meaning, as one with an unknown number. Of
    /// a single field that comes again the last value counts, of a choice the last member; messages are merged.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>, of type: Int, in schema: ProtoSchema) throws(ProtoError) {
        var budget = Self.fieldsMax
        try self.init(bytes, range, schema.messages[type], schema, depth: 0, &budget)
    }

    private init(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ type: ProtoSchema.Message, _ schema: ProtoSchema, depth: Int,
        _ budget: inout Int
    ) throws(ProtoError) {
        guard depth < Self.depthMax else { throw .tooDeep(offset: range.lowerBound) }
        var reader = ProtoReader(bytes, range)
        while !reader.isAtEnd {
            let start = reader.offset
            guard budget > 0 else { throw .tooManyFields(offset: start) }
            budget -= 1
            let tag = try reader.tag(bytes)
            let known = type.field(tag.number)
            let fits = known?.kind.wireType == tag.type
            switch tag.type {
            case 0: self.take(tag.number, .varint(try reader.varint(bytes)), fits ? known : nil, type, schema)
            case 1: self.take(tag.number, .fixed64(try reader.fixed(bytes, 8)), fits ? known : nil, type, schema)
            case 5:
                self.take(
                    tag.number, .fixed32(UInt32(truncatingIfNeeded: try reader.fixed(bytes, 4))), fits ? known : nil,
                    type, schema)
            default:
                let content = try reader.lengthDelimited(bytes)
                if let known, known.isPacked {
                    try self.unpack(bytes, content, known, type, schema, &budget)
                } else if fits, case .message(let inner) = known?.kind {
                    let message = try ProtoMessage(
                        bytes, content, schema.messages[inner], schema, depth: depth + 1, &budget)
                    self.take(tag.number, .message(message), known, type, schema)
                } else {
                    let octets = content.map { bytes[$0] }
                    if fits, known?.kind == .string, String(validating: octets, as: UTF8.self) == nil {
                        throw .badText(offset: start)
                    }
                    self.take(tag.number, .bytes(octets), fits ? known : nil, type, schema)
                }
            }
        }
    }

    private mutating func unpack(
        _ bytes: Span<UInt8>, _ content: Range<Int>, _ field: ProtoSchema.Field, _ type: ProtoSchema.Message,
        _ schema: ProtoSchema, _ budget: inout Int
    ) throws(ProtoError) {
        var reader = ProtoReader(bytes, content)
        while !reader.isAtEnd {
            guard budget > 0 else { throw .tooManyFields(offset: reader.offset) }
            budget -= 1
            switch field.kind.wireType {
            case 0: self.take(field.number, .varint(try reader.varint(bytes)), field, type, schema)
            case 1: self.take(field.number, .fixed64(try reader.fixed(bytes, 8)), field, type, schema)
            default:
                self.take(
                    field.number, .fixed32(UInt32(truncatingIfNeeded: try reader.fixed(bytes, 4))), field, type, schema)
            }
        }
    }

    private mutating func take(
        _ number: UInt32, _ value: Value, _ known: ProtoSchema.Field?, _ type: ProtoSchema.Message,
        _ schema: ProtoSchema
    ) {
        guard let known, !known.isRepeated else { return self.fields.append(Field(number: number, value: value)) }
        if let choice = known.choice {
            self.fields.removeAll { other in
                other.number != number && type.field(other.number)?.choice == choice
            }
        }
        guard let index = self.fields.firstIndex(where: { $0.number == number && $0.value.fits(known) }) else {
            return self.fields.append(Field(number: number, value: value))
        }
        if case .message(let old) = self.fields[index].value, case .message(let new) = value,
            case .message(let inner) = known.kind
        {
            var merged = old
            // Merging is reading one behind the other.
            for field in new.fields {
                merged.take(
                    field.number, field.value, schema.messages[inner].field(field.number), schema.messages[inner],
                    schema)
            }
            self.fields[index].value = .message(merged)
        } else {
            self.fields[index].value = value
        }
    }

    /// Appends the message's bytes.
    func append(to bytes: inout [UInt8], as type: ProtoSchema.Message?, in schema: ProtoSchema) {
        var i = 0
        while i < self.fields.count {
            let field = self.fields[i]
            let known = type?.field(field.number)
            if let known, known.isPacked, field.value.fits(known) {
                var packed: [UInt8] = []
                while i < self.fields.count, self.fields[i].number == field.number, self.fields[i].value.fits(known) {
                    self.fields[i].value.appendContent(to: &packed)
                    i += 1
                }
                appendVarint(UInt64(field.number) << 3 | 2, to: &bytes)
                appendVarint(UInt64(packed.count), to: &bytes)
                bytes += packed
                continue
            }
            appendVarint(UInt64(field.number) << 3 | field.value.wireType, to: &bytes)
            switch field.value {
            case .varint, .fixed32, .fixed64: field.value.appendContent(to: &bytes)
            case .bytes(let octets):
                appendVarint(UInt64(octets.count), to: &bytes)
                bytes += octets
            case .message(let message):
                var inner: [UInt8] = []
                var innerType: ProtoSchema.Message?
                if case .message(let index) = known?.kind { innerType = schema.messages[index] }
                message.append(to: &inner, as: innerType, in: schema)
                appendVarint(UInt64(inner.count), to: &bytes)
                bytes += inner
            }
            i += 1
        }
    }

    // MARK: Fields

    /// The last value of a field.
    func value(_ number: UInt32) -> Value? { self.fields.last { $0.number == number }?.value }

    /// Text; nil if it is not there.
    public func string(_ number: UInt32) -> String? {
        guard case .bytes(let octets) = self.value(number) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    public func strings(_ number: UInt32) -> [String] {
        self.fields.compactMap { field in
            guard field.number == number, case .bytes(let octets) = field.value else { return nil }
            return String(decoding: octets, as: UTF8.self)
        }
    }

    public func double(_ number: UInt32) -> Double? {
        guard case .fixed64(let bits) = self.value(number) else { return nil }
        return Double(bitPattern: bits)
    }

    public func float(_ number: UInt32) -> Float? {
        guard case .fixed32(let bits) = self.value(number) else { return nil }
        return Float(bitPattern: bits)
    }

    /// A whole number or the number of an enumeration.
    public func integer(_ number: UInt32) -> Int32? {
        guard case .varint(let value) = self.value(number) else { return nil }
        return Int32(truncatingIfNeeded: value)
    }

    public func message(_ number: UInt32) -> ProtoMessage? {
        guard case .message(let message) = self.value(number) else { return nil }
        return message
    }

    public func messages(_ number: UInt32) -> [ProtoMessage] {
        self.fields.compactMap { field in
            guard field.number == number, case .message(let message) = field.value else { return nil }
            return message
        }
    }

    /// A google.protobuf.Timestamp; nil if it is not there or beyond what can be told.
    public func time(_ number: UInt32) -> Timestamp? {
        guard case .bytes(let octets) = self.value(number) else { return nil }
        return Self.time(octets)
    }

    static func time(_ octets: [UInt8]) -> Timestamp? {
        var (seconds, nanoseconds) = (Int64(0), Int32(0))
        var reader = ProtoReader(octets.span, 0..<octets.count)
        do throws(ProtoError) {
            while !reader.isAtEnd {
                let tag = try reader.tag(octets.span)
                switch (tag.number, tag.type) {
                case (1, 0): seconds = Int64(bitPattern: try reader.varint(octets.span))
                case (2, 0): nanoseconds = Int32(truncatingIfNeeded: try reader.varint(octets.span))
                case (_, 0): _ = try reader.varint(octets.span)
                case (_, 1): _ = try reader.fixed(octets.span, 8)
                case (_, 5): _ = try reader.fixed(octets.span, 4)
                default: _ = try reader.lengthDelimited(octets.span)
                }
            }
        } catch { return nil }
        // From 1970 to 2255: the difference of any two is a number again.
        guard (0..<1_000_000_000).contains(nanoseconds), (0..<9_000_000_000).contains(seconds) else { return nil }
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + Int64(nanoseconds))
    }

    // MARK: Making

    mutating func set(_ number: UInt32, _ text: String) { self.add(number, .bytes(Array(text.utf8))) }
    mutating func set(_ number: UInt32, _ value: Bool) { self.add(number, .varint(value ? 1 : 0)) }
    mutating func set(_ number: UInt32, _ value: Int32) {
        self.add(number, .varint(UInt64(bitPattern: Int64(value))))
    }
    mutating func set(_ number: UInt32, _ message: ProtoMessage) { self.add(number, .message(message)) }
    mutating func set(_ number: UInt32, _ bytes: [UInt8]) { self.add(number, .bytes(bytes)) }

    mutating func set(_ number: UInt32, _ time: Timestamp) {
        let billion: Int64 = 1_000_000_000
        var (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: billion)
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + billion) }
        var inner: [UInt8] = []
        if seconds != 0 {
            inner.append(0x08)
            appendVarint(UInt64(bitPattern: seconds), to: &inner)
        }
        if rest != 0 {
            inner.append(0x10)
            appendVarint(UInt64(rest), to: &inner)
        }
        self.add(number, .bytes(inner))
    }

    private mutating func add(_ number: UInt32, _ value: Value) {
        self.fields.append(Field(number: number, value: value))
    }
}

extension ProtoMessage.Value {
    var wireType: UInt64 {
        switch self {
        case .varint: 0
        case .fixed64: 1
        case .bytes, .message: 2
        case .fixed32: 5
        }
    }

    /// Whether it is what the schema says.
    func fits(_ field: ProtoSchema.Field) -> Bool {
        switch (self, field.kind) {
        case (.message, .message): true
        case (.bytes, .message), (.message, _): false
        default: self.wireType == UInt64(field.kind.wireType)
        }
    }

    fileprivate func appendContent(to bytes: inout [UInt8]) {
        switch self {
        case .varint(let value): appendVarint(value, to: &bytes)
        case .fixed32(let value): for i in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * i))) }
        case .fixed64(let value): for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
        case .bytes, .message: break
        }
    }
}

// MARK: What is missing

/// A rule of the standard that a message breaks: where and which.
public struct SapientViolation: Hashable, Sendable, CustomStringConvertible {
    public enum Rule: UInt8, Hashable, Sendable {
        /// A mandatory field is not there, or a mandatory enumeration is "unspecified".
        case missing
        /// None of a mandatory choice is there.
        case noChoice
        /// Text that should be a UUID, a ULID.
        case notUUID
        case notULID

        /// In words.
        public var text: String {
            switch self {
            case .missing: "is missing"
            case .noChoice: "has none of its choices"
            case .notUUID: "is no UUID"
            case .notULID: "is no ULID"
            }
        }
    }

    /// For example `detection_report.location.datum` or `registration.mode_definition[1].task`.
    public var path: String
    public var rule: Rule

    public var description: String { "\(self.path) \(self.rule.text)" }
}

extension ProtoMessage {
    /// Appends what breaks the rules of the schema, at most `limit` in all.
    func check(
        _ type: ProtoSchema.Message, _ schema: ProtoSchema, path: String, limit: Int,
        into violations: inout [SapientViolation]
    ) {
        func note(_ name: String, _ rule: SapientViolation.Rule) {
            guard violations.count < limit else { return }
            violations.append(SapientViolation(path: path.isEmpty ? name : "\(path).\(name)", rule: rule))
        }
        var choices: Set<UInt8> = []
        for field in type.fields {
            let values = self.fields.filter { $0.number == field.number && $0.value.fits(field) }.map(\.value)
            if field.isMandatory, values.isEmpty { note(field.name, .missing) }
            if let choice = field.choice, field.isChoiceMandatory {
                if !values.isEmpty {
                    choices.insert(choice)
                } else if !choices.contains(choice) {
                    let members = type.fields.filter { $0.choice == choice }
                    // Said once, at the first member.
                    let isThere = self.fields.contains { one in members.contains { $0.number == one.number } }
                    if members.first?.number == field.number, !isThere {
                        note(members.map(\.name).joined(separator: "|"), .noChoice)
                    }
                }
            }
            for (index, value) in values.enumerated() {
                let name = field.isRepeated ? "\(field.name)[\(index)]" : field.name
                switch (value, field.kind) {
                case (.message(let inner), .message(let innerType)):
                    inner.check(
                        schema.messages[innerType], schema, path: path.isEmpty ? name : "\(path).\(name)", limit: limit,
                        into: &violations)
                case (.varint(0), .enumeration) where field.isMandatory: note(name, .missing)
                case (.bytes(let text), .string):
                    if text.isEmpty, field.isMandatory { note(name, .missing) }
                    if field.form == .uuid, !isUUID(text) { note(name, .notUUID) }
                    if field.form == .ulid, !isULID(text) { note(name, .notULID) }
                default: break
                }
            }
        }
    }
}

/// Eight, four, four, four and twelve hexadecimal digits between hyphens.
private func isUUID(_ text: [UInt8]) -> Bool {
    guard text.count == 36 else { return false }
    for (i, byte) in text.enumerated() {
        let isHyphen = i == 8 || i == 13 || i == 18 || i == 23
        guard isHyphen ? byte == UInt8(ascii: "-") : hexDigit(byte) != nil else { return false }
    }
    return true
}

/// 26 digits of Crockford's base 32, the first at most 7 (128 bits).
private func isULID(_ text: [UInt8]) -> Bool {
    guard text.count == 26, let first = text.first, (0x30...0x37).contains(first) else { return false }
    let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz".utf8)
    return text.allSatisfy { digits.contains($0) }
}

// MARK: JSON

extension ProtoMessage {
    /// Writes the fields of the schema as keys and values of an object that the caller has begun.
    ///
    /// Keys are the schema's names, enumerations by name (by number where there is none), times in seconds, bytes and
    /// unknown fields (`_unknown`) as hexadecimal digits.
    func writeFields(_ type: ProtoSchema.Message, _ schema: ProtoSchema, to writer: inout JSONWriter) {
        for field in type.fields {
            let values = self.fields.filter { $0.number == field.number && $0.value.fits(field) }.map(\.value)
            guard !values.isEmpty else { continue }
            writer.key(field.name)
            if field.isRepeated { writer.beginArray() }
            for value in field.isRepeated ? values[...] : values.suffix(1) {
                Self.write(value, field.kind, schema, to: &writer)
            }
            if field.isRepeated { writer.endArray() }
        }
        let unknown = self.fields.filter { one in !(type.field(one.number).map { one.value.fits($0) } ?? false) }
        guard !unknown.isEmpty else { return }
        var rest = ProtoMessage()
        rest.fields = unknown
        var bytes: [UInt8] = []
        rest.append(to: &bytes, as: nil, in: schema)
        writer.key("_unknown")
        writer.hex(bytes.span)
    }

    private static func write(
        _ value: Value, _ kind: ProtoSchema.Kind, _ schema: ProtoSchema, to writer: inout JSONWriter
    ) {
        switch (value, kind) {
        case (.message(let inner), .message(let type)):
            writer.beginObject()
            inner.writeFields(schema.messages[type], schema, to: &writer)
            writer.endObject()
        case (.bytes(let text), .string): writer.string(String(decoding: text, as: UTF8.self))
        case (.bytes(let octets), .time):
            if let time = self.time(octets) {
                writer.number(mantissa: time.nanoseconds, decimals: 9)
            } else {
                writer.hex(octets.span)
            }
        case (.bytes(let octets), _): writer.hex(octets.span)
        case (.varint(let value), .bool): writer.bool(value != 0)
        case (.varint(let value), .enumeration(let type)):
            let number = Int(Int32(truncatingIfNeeded: value))
            let names = schema.enumerations[type].names
            if names.indices.contains(number), let name = names[number] {
                writer.string(name)
            } else {
                writer.integer(number)
            }
        case (.varint(let value), _): writer.integer(Int32(truncatingIfNeeded: value))
        case (.fixed64(let bits), _): self.write(Double(bitPattern: bits), to: &writer)
        case (.fixed32(let bits), _): self.write(Float(bitPattern: bits), to: &writer)
        case (.message, _): break
        }
    }

    /// The shortest text that reads as the same number; infinities and what is no number as protobuf's JSON has them.
    private static func write(
        _ value: some BinaryFloatingPoint & LosslessStringConvertible, to writer: inout JSONWriter
    ) {
        guard value.isFinite else {
            return writer.string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
        let text = Array(value.description.utf8)
        writer.raw(text.span, isValue: true)
    }
}
