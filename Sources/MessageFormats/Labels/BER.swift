/// Why some octets are no value of ASN.1 that is read here, and where.
public struct BERError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        case endsEarly, trailingOctets, tag, length, indefiniteLength, value, twice, tooMany
    }

    public let code: Code
    /// Octets from the beginning of the label.
    public let offset: Int

    public var description: String { "octet \(self.offset): \(self.code)" }
}

/// Steps through values of ASN.1 in the basic encoding rules, definite lengths only.
///
/// The members of a SET may stand in any order, as BER allows; what DER forbids beyond that is refused where it could
/// hide something: lengths and integers longer than they need be.
///
/// Source: ITU-T X.690 (02/2021), clause 8.
struct BERReader {
    private let bytes: [UInt8]
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.offset = 0
        self.end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.offset = range.lowerBound
        self.end = range.upperBound
    }

    var isAtEnd: Bool { self.offset >= self.end }

    func error(_ code: BERError.Code) -> BERError { BERError(code: code, offset: self.offset) }

    var tag: UInt8? { self.isAtEnd ? nil : self.bytes[self.offset] }

    /// The contents of the next value, which must have this tag of one octet.
    mutating func value(_ tag: UInt8) throws(BERError) -> BERReader {
        guard let found = self.tag else { throw self.error(.endsEarly) }
        guard found == tag else { throw self.error(.tag) }
        guard self.offset + 1 < self.end else { throw self.error(.endsEarly) }
        var start = self.offset + 2
        var length = Int(self.bytes[self.offset + 1])
        if length == 0x80 { throw self.error(.indefiniteLength) }
        if length > 0x80 {
            let count = length - 0x80
            guard count <= 3 else { throw self.error(.length) }
            guard start + count <= self.end else { throw self.error(.endsEarly) }
            length = self.bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 0x80, count == 1 || length >= 1 << (8 * (count - 1)) else { throw self.error(.length) }
            start += count
        }
        guard length <= self.end - start else { throw self.error(.endsEarly) }
        self.offset = start + length
        return BERReader(self.bytes, start..<start + length)
    }

    func finish() throws(BERError) {
        if !self.isAtEnd { throw self.error(.trailingOctets) }
    }

    private var contents: ArraySlice<UInt8> { self.bytes[self.offset..<self.end] }

    /// INTEGER of 0 to 2³¹ − 1 (8.3).
    func number() throws(BERError) -> UInt32 {
        let octets = self.contents
        guard let first = octets.first, first < 0x80, octets.count <= 5 else { throw self.error(.value) }
        if octets.count > 1, first == 0, octets[octets.startIndex + 1] < 0x80 { throw self.error(.value) }
        let value = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard value <= UInt64(Int32.max) else { throw self.error(.value) }
        return UInt32(value)
    }

    /// The dotted form of an OBJECT IDENTIFIER, arcs below 2⁶³ (8.19).
    func identifier() throws(BERError) -> String {
        var arcs: [UInt64] = []
        var arc: UInt64 = 0
        var open = false
        for octet in self.contents {
            if !open, octet == 0x80 { throw self.error(.value) }
            guard arc < 1 << 56 else { throw self.error(.value) }
            arc = arc << 7 | UInt64(octet & 0x7F)
            open = octet >= 0x80
            if !open {
                guard arcs.count < 62 else { throw self.error(.tooMany) }
                arcs.append(arc)
                arc = 0
            }
        }
        guard !open, let first = arcs.first else { throw self.error(.value) }
        let root = min(first / 40, 2)
        return ([root, first - root * 40] + arcs.dropFirst()).map(String.init).joined(separator: ".")
    }

    /// The numbers of the bits that are set in a BIT STRING, the first being 0 (8.6).
    func bits() throws(BERError) -> [UInt32] {
        let octets = self.contents
        guard let unused = octets.first, unused < 8, octets.count > 1 || unused == 0 else { throw self.error(.value) }
        guard octets.count <= 4096 else { throw self.error(.tooMany) }
        var result: [UInt32] = []
        for (index, octet) in octets.dropFirst().enumerated() {
            let last = index == octets.count - 2
            if last, octet & (UInt8(1 << unused) &- 1) != 0 { throw self.error(.value) }
            for bit in 0..<8 where octet & (0x80 >> bit) != 0 { result.append(UInt32(index * 8 + bit)) }
        }
        return result
    }

    func utf8() throws(BERError) -> String {
        guard let text = String(validating: self.contents, as: UTF8.self) else { throw self.error(.value) }
        return text
    }

    /// PrintableString: letters, digits, space and `'()+,-./:=?`.
    func printable() throws(BERError) -> String {
        let text = String(decoding: self.contents, as: UTF8.self)
        let allowed = text.utf8.allSatisfy { octet in
            (octet | 0x20 >= 0x61 && octet | 0x20 <= 0x7A) || (octet >= 0x30 && octet <= 0x39)
                || " '()+,-./:=?".utf8.contains(octet)
        }
        guard allowed else { throw self.error(.value) }
        return text
    }
}
