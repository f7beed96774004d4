/// A value of CBOR, in the one form that its deterministic encoding gives it.
///
/// Two values are equal when their encodings are: text is compared by its octets, and a NaN equals itself.
///
/// Source: RFC 8949 §2 and §4.2.1 (core deterministic encoding).
public enum CBOR: Sendable {
    /// 0 … 2⁶⁴ − 1.
    case unsigned(UInt64)
    /// −1 − n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    case map(CBORMap)
    indirect case tagged(UInt64, CBOR)
    /// `false` 20, `true` 21, `null` 22, `undefined` 23; else 0 … 19 and 32 … 255.
    case simple(UInt8)
    case double(Double)

    /// The simple value 20.
    public static var `false`: CBOR { .simple(20) }
    /// The simple value 21.
    public static var `true`: CBOR { .simple(21) }
    /// The simple value 22.
    public static var null: CBOR { .simple(22) }

    /// A whole number.
    public init(_ number: Int64) {
        self = number >= 0 ? .unsigned(UInt64(number)) : .negative(UInt64(~number))
    }

    /// The whole number, where it is one of 64 bits with a sign.
    public var integer: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): Int64(exactly: value).map { ~$0 }
        default: nil
        }
    }

    /// The deterministic encoding.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.value(self)
        return writer.octets
    }
}

extension CBOR: Hashable {
    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.encoded == rhs.encoded }
    public func hash(into hasher: inout Hasher) { hasher.combine(self.encoded) }
}

extension CBOR: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self.init(value) }
}

/// Pairs of keys and values, in the order of the keys' encodings, no key twice.
public struct CBORMap: Sendable {
    /// A key and its value.
    public struct Pair: Sendable {
        public let key: CBOR
        public let value: CBOR

        /// A pair.
        public init(_ key: CBOR, _ value: CBOR) {
            self.key = key
            self.value = value
        }
    }
    /// The pairs, in order.
    public let pairs: [Pair]

    /// A map of pairs in any order; nil when a key stands twice.
    public init?(_ pairs: [Pair]) {
        let sorted = pairs.map { ($0.key.encoded, $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.0 == next.0 { return nil }
        self.pairs = sorted.map(\.1)
    }

    init(sorted pairs: [Pair]) { self.pairs = pairs }

    /// The value under a key.
    public subscript(key: CBOR) -> CBOR? { self.pairs.first { $0.key == key }?.value }
}

/// Why octets are not CBOR in deterministic encoding, and where.
public struct CBORError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong; the raw value is a text for people.
    public enum Reason: String, Hashable, Sendable {
        case truncated = "ends early"
        case trailing = "octets after the end"
        case reserved = "a reserved form"
        case indefinite = "an indefinite length"
        case notShortest = "a number not in its shortest form"
        case notANumber = "a NaN with a payload"
        case notUTF8 = "text that is not UTF-8"
        case duplicateKey = "a key twice in a map"
        case unsortedKeys = "keys of a map out of order"
        case tooDeep = "nested too deep"
        case tooLong = "more octets than allowed"
        case unexpected = "another item than the form asks for"
    }
    /// What is wrong.
    public let reason: Reason
    /// Where the item begins, octets from the beginning.
    public let offset: Int

    public var description: String { "octet \(self.offset): \(self.reason.rawValue)" }
}

/// Writes items, each in its shortest form.
struct CBORWriter {
    var octets: [UInt8] = []

    mutating func head(_ major: UInt8, _ argument: UInt64) {
        let high = major << 5
        switch argument {
        case ..<24: self.octets.append(high | UInt8(argument))
        case ...0xFF:
            self.octets.append(high | 24)
            self.octets.append(UInt8(argument))
        case ...0xFFFF: self.number(high | 25, argument, octets: 2)
        case ...0xFFFF_FFFF: self.number(high | 26, argument, octets: 4)
        default: self.number(high | 27, argument, octets: 8)
        }
    }

    private mutating func number(_ first: UInt8, _ value: UInt64, octets: Int) {
        self.octets.append(first)
        for place in (0..<octets).reversed() {
            self.octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }

    mutating func integer(_ value: Int64) {
        if value >= 0 { self.head(0, UInt64(value)) } else { self.head(1, UInt64(~value)) }
    }

    mutating func bytes(_ value: [UInt8]) {
        self.head(2, UInt64(value.count))
        self.octets += value
    }

    mutating func hash(_ value: LedgerHash) { self.bytes(value.octets) }

    mutating func text(_ value: String) {
        self.head(3, UInt64(value.utf8.count))
        self.octets += value.utf8
    }

    mutating func value(_ value: CBOR) {
        switch value {
        case .unsigned(let number): self.head(0, number)
        case .negative(let number): self.head(1, number)
        case .bytes(let octets): self.bytes(octets)
        case .text(let text): self.text(text)
        case .array(let items):
            self.head(4, UInt64(items.count))
            for item in items { self.value(item) }
        case .map(let map):
            self.head(5, UInt64(map.pairs.count))
            for pair in map.pairs {
                self.value(pair.key)
                self.value(pair.value)
            }
        case .tagged(let tag, let item):
            self.head(6, tag)
            self.value(item)
        case .simple(let number): self.head(7, UInt64(number))
        case .double(let number): self.double(number)
        }
    }

    private mutating func double(_ value: Double) {
        if value.isNaN {
            self.number(0xF9, 0x7E00, octets: 2)
        } else if let half = Float16(exactly: value) {
            self.number(0xF9, UInt64(half.bitPattern), octets: 2)
        } else if let single = Float(exactly: value) {
            self.number(0xFA, UInt64(single.bitPattern), octets: 4)
        } else {
            self.number(0xFB, value.bitPattern, octets: 8)
        }
    }
}

/// Reads items, and refuses all that a deterministic encoder does not write.
struct CBORReader {
    let octets: [UInt8]
    private(set) var offset = 0

    /// Items within items, at most.
    static var depthMax: Int { 16 }

    init(_ octets: [UInt8], octetsMax: Int) throws(CBORError) {
        guard octets.count <= octetsMax else { throw CBORError(reason: .tooLong, offset: octetsMax) }
        self.octets = octets
    }

    /// The type and the argument of the next item, whose octets begin at `start`.
    private mutating func head() throws(CBORError) -> (major: UInt8, information: UInt8, argument: UInt64, start: Int) {
        let start = self.offset
        guard start < self.octets.count else { throw CBORError(reason: .truncated, offset: start) }
        let first = self.octets[start]
        let major = first >> 5, information = first & 31
        self.offset += 1
        guard information >= 24 else { return (major, information, UInt64(information), start) }
        guard information != 31 else { throw CBORError(reason: .indefinite, offset: start) }
        guard information < 28 else { throw CBORError(reason: .reserved, offset: start) }
        let count = 1 << Int(information - 24)
        guard self.octets.count - self.offset >= count else { throw CBORError(reason: .truncated, offset: start) }
        var argument: UInt64 = 0
        for _ in 0..<count {
            argument = argument << 8 | UInt64(self.octets[self.offset])
            self.offset += 1
        }
        // Floating-point numbers have their own shortest form.
        if major != 7 {
            let least: UInt64 = count == 1 ? 24 : 1 << UInt64(4 * count)
            guard argument >= least else { throw CBORError(reason: .notShortest, offset: start) }
        }
        return (major, information, argument, start)
    }

    private mutating func head(_ major: UInt8) throws(CBORError) -> UInt64 {
        let head = try self.head()
        guard head.major == major else { throw CBORError(reason: .unexpected, offset: head.start) }
        return head.argument
    }

    /// An item that must be exactly this one octet.
    mutating func octet(_ expected: UInt8) throws(CBORError) {
        guard self.offset < self.octets.count else { throw CBORError(reason: .truncated, offset: self.offset) }
        guard self.octets[self.offset] == expected else { throw CBORError(reason: .unexpected, offset: self.offset) }
        self.offset += 1
    }

    mutating func unsigned() throws(CBORError) -> UInt64 { try self.head(0) }

    mutating func integer() throws(CBORError) -> Int64 {
        let head = try self.head()
        let magnitude = Int64(exactly: head.argument)
        guard head.major < 2, let magnitude else { throw CBORError(reason: .unexpected, offset: head.start) }
        return head.major == 0 ? magnitude : ~magnitude
    }

    mutating func bytes() throws(CBORError) -> [UInt8] { try self.string(2) }

    mutating func hash() throws(CBORError) -> LedgerHash {
        let start = self.offset
        guard let hash = LedgerHash(try self.string(2)) else { throw CBORError(reason: .unexpected, offset: start) }
        return hash
    }

    mutating func text() throws(CBORError) -> String {
        let start = self.offset
        guard let text = String(validating: try self.string(3), as: UTF8.self) else {
            throw CBORError(reason: .notUTF8, offset: start)
        }
        return text
    }

    private mutating func string(_ major: UInt8) throws(CBORError) -> [UInt8] {
        let start = self.offset
        let count = try self.head(major)
        return try self.string(count, start)
    }

    private mutating func string(_ count: UInt64, _ start: Int) throws(CBORError) -> [UInt8] {
        guard count <= UInt64(self.octets.count - self.offset) else {
            throw CBORError(reason: .truncated, offset: start)
        }
        let begin = self.offset
        self.offset += Int(count)
        return Array(self.octets[begin..<self.offset])
    }

    /// The count of an array whose items follow.
    mutating func array() throws(CBORError) -> Int { try self.count(4) }
    /// The count of a map whose pairs follow.
    mutating func map() throws(CBORError) -> Int { try self.count(5) }

    private mutating func count(_ major: UInt8) throws(CBORError) -> Int {
        let start = self.offset
        let count = try self.head(major)
        // Each item has an octet at least.
        guard count <= UInt64(self.octets.count - self.offset) else {
            throw CBORError(reason: .truncated, offset: start)
        }
        return Int(count)
    }

    /// Nothing must follow.
    func end() throws(CBORError) {
        guard self.offset == self.octets.count else { throw CBORError(reason: .trailing, offset: self.offset) }
    }

    /// The type of the next item, or nil at the end.
    var nextMajor: UInt8? { self.offset < self.octets.count ? self.octets[self.offset] >> 5 : nil }

    mutating func value(depth: Int = 0) throws(CBORError) -> CBOR {
        let head = try self.head()
        guard depth < Self.depthMax else { throw CBORError(reason: .tooDeep, offset: head.start) }
        switch head.major {
        case 0: return .unsigned(head.argument)
        case 1: return .negative(head.argument)
        case 2: return .bytes(try self.string(head.argument, head.start))
        case 3:
            guard let text = String(validating: try self.string(head.argument, head.start), as: UTF8.self) else {
                throw CBORError(reason: .notUTF8, offset: head.start)
            }
            return .text(text)
        case 4:
            guard head.argument <= UInt64(self.octets.count - self.offset) else {
                throw CBORError(reason: .truncated, offset: head.start)
            }
            var items: [CBOR] = []
            for _ in 0..<Int(head.argument) { items.append(try self.value(depth: depth + 1)) }
            return .array(items)
        case 5:
            guard head.argument <= UInt64(self.octets.count - self.offset) / 2 else {
                throw CBORError(reason: .truncated, offset: head.start)
            }
            var pairs: [CBORMap.Pair] = []
            var last: ArraySlice<UInt8>?
            for _ in 0..<Int(head.argument) {
                let begin = self.offset
                let key = try self.value(depth: depth + 1)
                let octets = self.octets[begin..<self.offset]
                if let last, !last.lexicographicallyPrecedes(octets) {
                    throw CBORError(
                        reason: last.elementsEqual(octets) ? .duplicateKey : .unsortedKeys, offset: begin)
                }
                last = octets
                pairs.append(CBORMap.Pair(key, try self.value(depth: depth + 1)))
            }
            return .map(CBORMap(sorted: pairs))
        case 6: return .tagged(head.argument, try self.value(depth: depth + 1))
        default: return try Self.simple(head.information, head.argument, head.start)
        }
    }

    private static func simple(_ information: UInt8, _ argument: UInt64, _ start: Int) throws(CBORError) -> CBOR {
        let number: Double
        let isShortest: Bool
        switch information {
        case ..<24: return .simple(UInt8(argument))
        case 24:
            guard argument >= 32 else { throw CBORError(reason: .reserved, offset: start) }
            return .simple(UInt8(argument))
        case 25:
            number = Double(Float16(bitPattern: UInt16(argument)))
            isShortest = true
        case 26:
            number = Double(Float(bitPattern: UInt32(argument)))
            isShortest = Float16(exactly: number) == nil
        default:
            number = Double(bitPattern: argument)
            isShortest = Float(exactly: number) == nil
        }
        if number.isNaN {
            guard information == 25, argument == 0x7E00 else { throw CBORError(reason: .notANumber, offset: start) }
            return .double(.nan)
        }
        guard isShortest else { throw CBORError(reason: .notShortest, offset: start) }
        return .double(number)
    }
}

extension CBOR {
    /// Reads one value, and refuses what is not in deterministic encoding.
    ///
    /// Nothing is reserved ahead of what the octets hold, and items nest 16 deep at most.
    ///
    /// - Throws: `CBORError`, with the place and the reason.
    public init(parsing octets: [UInt8], octetsMax: Int = 1 << 20) throws(CBORError) {
        var reader = try CBORReader(octets, octetsMax: octetsMax)
        self = try reader.value()
        try reader.end()
    }
}
