internal import FoundationEssentials

/// Lines of a text file, so that each refusal names the line.
struct LineReader {
    private let lines: [Substring]
    private var next = 0

    /// The number of the line last read, counted from 1.
    var line: Int { self.next }
    /// Whether every line has been read.
    var isAtEnd: Bool { self.next == self.lines.count }

    /// Lines that a text has at most, so that empty ones do not fill memory.
    private static let linesMax = 65_536

    /// Splits a text whose every line is ended, and which has no other control characters; nil for any other.
    init?(_ octets: [UInt8]) {
        guard octets.last == 0x0A, octets.count(where: { $0 == 0x0A }) <= Self.linesMax,
            octets.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }),
            let text = String(validating: octets, as: UTF8.self)
        else { return nil }
        self.lines = text.utf8.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false).map(Substring.init)
    }

    /// The next line, and nil behind the last.
    mutating func read() -> Substring? {
        guard self.next < self.lines.count else { return nil }
        defer { self.next += 1 }
        return self.lines[self.next]
    }

    /// Whether the next line begins with `key` and one space.
    func isNext(_ key: String) -> Bool { self.next < self.lines.count && self.lines[self.next].hasPrefix(key + " ") }

    /// What `parse` makes of that which stands behind `key` and one space on the next line; where there is no such line, or
    /// `parse` takes it for none, nil, and the line stays unread.
    mutating func value<Value>(_ key: String, _ parse: (String) -> Value?) -> Value? {
        guard self.isNext(key), let value = parse(String(self.lines[self.next].dropFirst(key.utf8.count + 1))) else {
            return nil
        }
        self.next += 1
        return value
    }

    /// Reads a block of PEM (RFC 7468 §3, strict form) of this label; nil when the line last read is not of one.
    mutating func block(_ label: String) -> [UInt8]? {
        guard self.read() == "-----BEGIN \(label)-----" else { return nil }
        var octets: [UInt8] = []
        var isLast = false
        while let line = self.read() {
            if line == "-----END \(label)-----" { return octets.isEmpty ? nil : octets }
            // Only the last line may be shorter than 64, so that one content has one form.
            guard !isLast, 1...64 ~= line.utf8.count, let more = Base64.decode(line) else { return nil }
            isLast = more.count < 48
            octets += more
        }
        return nil
    }
}

/// Base 64 of RFC 4648 §4 in its one canonical form.
enum Base64 {
    static func encode(_ octets: [UInt8]) -> String { Data(octets).base64EncodedString() }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = String(text)
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        return [UInt8](data)
    }

    /// A block of PEM, its last line ended.
    static func block(_ label: String, _ octets: [UInt8]) -> String {
        var text = "-----BEGIN \(label)-----\n"
        var rest = Self.encode(octets)[...]
        while !rest.isEmpty {
            text += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return text + "-----END \(label)-----\n"
    }

    /// The content of a text that is one block of PEM of this label and no more; nil for any other.
    static func soleBlock(_ label: String, _ octets: [UInt8]) -> [UInt8]? {
        guard var reader = LineReader(octets), let content = reader.block(label), reader.isAtEnd else { return nil }
        return content
    }
}

/// Hexadecimal digits, small letters.
enum Hexadecimal {
    static func encode(_ octets: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8.map { octet -> UInt8? in
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }
}

extension UInt64 {
    /// A number as ASCII digits without sign or leading zeroes; nil for anything else.
    init?(strict digits: some StringProtocol) {
        guard let value = UInt64(digits), String(value) == digits else { return nil }
        self = value
    }
}
