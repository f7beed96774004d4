/// A JSON value as it was read; numbers keep their decimals exactly.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// mantissa × 10^exponent
    case number(mantissa: Int64, exponent: Int)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of an object, in their order.
struct JSONObject: Sendable {
    var members: [(key: String, value: JSONValue)] = []

    subscript(key: String) -> JSONValue? {
        get { self.members.first { $0.key == key }?.value }
        set {
            let known = self.members.firstIndex { $0.key == key }
            switch (known, newValue) {
            case (let known?, let value?): self.members[known].value = value
            case (let known?, nil): self.members.remove(at: known)
            case (nil, let value?): self.members.append((key, value))
            case (nil, nil): break
            }
        }
    }
}

/// Why text is no JSON that can be read here.
public struct JSONReadingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where, in bytes.
    public let offset: Int
    /// What is wrong.
    public let reason: String

    public var description: String { "at byte \(self.offset): \(self.reason)" }
}

/// Reads one JSON value.
///
/// - Complexity: O(bytes); an allocation for each text, array and object.
///
/// Source: RFC 8259. Numbers of more than 18 digits are refused, as are values nested deeper than 32.
struct JSONReader {
    private static let depthMax = 32
    private var at = 0

    /// Reads `text`, which holds one value and nothing else but white space.
    static func read(_ text: Span<UInt8>) throws(JSONReadingError) -> JSONValue {
        var reader = Self()
        let value = try reader.value(text, depth: 0)
        reader.skipSpace(text)
        guard reader.at == text.count else { throw reader.error("more than one value") }
        return value
    }

    private mutating func value(_ text: Span<UInt8>, depth: Int) throws(JSONReadingError) -> JSONValue {
        guard depth < Self.depthMax else { throw self.error("nested too deeply") }
        self.skipSpace(text)
        guard self.at < text.count else { throw self.error("the text ends") }
        switch text[self.at] {
        case UInt8(ascii: "{"): return try self.object(text, depth: depth)
        case UInt8(ascii: "["):
            self.at += 1
            var elements: [JSONValue] = []
            if self.take("]", text) { return .array(elements) }
            while true {
                elements.append(try self.value(text, depth: depth + 1))
                if self.take("]", text) { return .array(elements) }
                guard self.take(",", text) else { throw self.error("no , or ] in an array") }
            }
        case UInt8(ascii: "\""): return .string(try self.string(text))
        case UInt8(ascii: "t"): return try self.word("true", text, .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", text, .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", text, .null)
        default: return try self.number(text)
        }
    }

    private mutating func object(_ text: Span<UInt8>, depth: Int) throws(JSONReadingError) -> JSONValue {
        self.at += 1
        var object = JSONObject()
        if self.take("}", text) { return .object(object) }
        while true {
            self.skipSpace(text)
            guard self.at < text.count, text[self.at] == UInt8(ascii: "\"") else { throw self.error("no key") }
            let key = try self.string(text)
            guard self.take(":", text) else { throw self.error("no : behind a key") }
            object.members.append((key, try self.value(text, depth: depth + 1)))
            if self.take("}", text) { return .object(object) }
            guard self.take(",", text) else { throw self.error("no , or } in an object") }
        }
    }

    private mutating func word(_ word: StaticString, _ text: Span<UInt8>, _ value: JSONValue) throws(JSONReadingError)
        -> JSONValue
    {
        for byte in word.description.utf8 {
            guard self.at < text.count, text[self.at] == byte else { throw self.error("no value") }
            self.at += 1
        }
        return value
    }

    private mutating func number(_ text: Span<UInt8>) throws(JSONReadingError) -> JSONValue {
        var isNegative = false
        if text[self.at] == UInt8(ascii: "-") {
            isNegative = true
            self.at += 1
        }
        var mantissa: Int64 = 0
        var exponent = 0
        var digits = 0
        var isFraction = false
        while self.at < text.count {
            let byte = text[self.at]
            if let digit = Self.digit(byte) {
                digits += 1
                guard mantissa < 100_000_000_000_000_000 else { throw self.error("a number of too many digits") }
                mantissa = mantissa * 10 + digit
                if isFraction { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !isFraction, digits > 0 {
                isFraction = true
            } else {
                break
            }
            self.at += 1
        }
        guard digits > 0, text[self.at - 1] != UInt8(ascii: ".") else { throw self.error("no value") }
        if self.at < text.count, text[self.at] | 0x20 == UInt8(ascii: "e") {
            self.at += 1
            exponent += try self.exponent(text)
        }
        return .number(mantissa: isNegative ? -mantissa : mantissa, exponent: exponent)
    }

    private mutating func exponent(_ text: Span<UInt8>) throws(JSONReadingError) -> Int {
        var isNegative = false
        if self.at < text.count, text[self.at] == UInt8(ascii: "-") || text[self.at] == UInt8(ascii: "+") {
            isNegative = text[self.at] == UInt8(ascii: "-")
            self.at += 1
        }
        var value = 0
        var digits = 0
        while self.at < text.count, let digit = Self.digit(text[self.at]) {
            guard digits < 3 else { throw self.error("an exponent of too many digits") }
            value = value * 10 + Int(digit)
            digits += 1
            self.at += 1
        }
        guard digits > 0 else { throw self.error("an exponent without digits") }
        return isNegative ? -value : value
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int64(byte - UInt8(ascii: "0")) : nil
    }

    private mutating func string(_ text: Span<UInt8>) throws(JSONReadingError) -> String {
        self.at += 1
        var bytes: [UInt8] = []
        while self.at < text.count {
            let byte = text[self.at]
            self.at += 1
            if byte == UInt8(ascii: "\"") {
                guard let string = String(validating: bytes, as: UTF8.self) else { throw self.error("no UTF-8") }
                return string
            }
            guard byte >= 0x20 else { throw self.error("a control character in a text") }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            try self.escape(text, &bytes)
        }
        throw self.error("a text does not end")
    }

    private mutating func escape(_ text: Span<UInt8>, _ bytes: inout [UInt8]) throws(JSONReadingError) {
        guard self.at < text.count else { throw self.error("a text does not end") }
        let byte = text[self.at]
        self.at += 1
        switch byte {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "u"):
            var value = try self.hexadecimal(text)
            if value >= 0xD800, value < 0xDC00 {
                guard self.at + 1 < text.count, text[self.at] == UInt8(ascii: "\\"),
                    text[self.at + 1] == UInt8(ascii: "u")
                else { throw self.error("half a character") }
                self.at += 2
                let low = try self.hexadecimal(text)
                guard low >= 0xDC00, low < 0xE000 else { throw self.error("half a character") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw self.error("half a character") }
            bytes += Array(String(Character(scalar)).utf8)
        default: throw self.error("an unknown escape")
        }
    }

    private mutating func hexadecimal(_ text: Span<UInt8>) throws(JSONReadingError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard self.at < text.count, let digit = hexDigit(text[self.at]) else {
                throw self.error("an unknown escape")
            }
            value = value << 4 | UInt32(digit)
            self.at += 1
        }
        return value
    }

    private mutating func take(_ letter: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
        self.skipSpace(text)
        guard self.at < text.count, text[self.at] == UInt8(ascii: letter) else { return false }
        self.at += 1
        return true
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while self.at < text.count {
            switch text[self.at] {
            case 0x20, 0x09, 0x0A, 0x0D: self.at += 1
            default: return
            }
        }
    }

    private func error(_ reason: String) -> JSONReadingError { JSONReadingError(offset: self.at, reason: reason) }
}
