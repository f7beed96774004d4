/// Why bytes are no message in the wire format of Protocol Buffers.
public enum ProtoError: Error, Hashable, Sendable {
    /// The bytes end within a field.
    case truncated(offset: Int)
    /// A number of more than ten bytes.
    case badVarint(offset: Int)
    /// Field number 0, or above 2²⁹ − 1.
    case badFieldNumber(offset: Int)
    /// A group (3, 4), which proto3 does not have, or a type that does not exist (6, 7).
    case badWireType(offset: Int)
    /// A text that is not UTF-8.
    case badText(offset: Int)
    /// Messages within messages, deeper than 32.
    case tooDeep(offset: Int)
    /// More than 16,384 fields in all.
    case tooManyFields(offset: Int)
}

/// Reads the wire format of Protocol Buffers: tags, and what is behind them. The bytes are handed in anew each time: a
/// value that keeps a span cannot be stored.
///
///     tag = number << 3 | type;   type 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes; lowest byte first
///
/// Source: protobuf.dev, "Encoding".
struct ProtoReader {
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self.offset = max(0, range.lowerBound)
        self.end = min(range.upperBound, bytes.count)
    }

    var isAtEnd: Bool { self.offset >= self.end }

    mutating func varint(_ bytes: Span<UInt8>) throws(ProtoError) -> UInt64 {
        let start = self.offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard self.offset < self.end else { throw .truncated(offset: start) }
            let byte = bytes[self.offset]
            self.offset += 1
            // Bits beyond the 64th are lost, as in the other implementations.
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift < 70 else { throw .badVarint(offset: start) }
        }
    }

    mutating func tag(_ bytes: Span<UInt8>) throws(ProtoError) -> (number: UInt32, type: UInt8) {
        let start = self.offset
        let value = try self.varint(bytes)
        guard value >> 3 > 0, value >> 3 < 1 << 29 else { throw .badFieldNumber(offset: start) }
        let type = UInt8(value & 7)
        guard type < 3 || type == 5 else { throw .badWireType(offset: start) }
        return (UInt32(value >> 3), type)
    }

    mutating func fixed(_ bytes: Span<UInt8>, _ count: Int) throws(ProtoError) -> UInt64 {
        guard self.end - self.offset >= count else { throw .truncated(offset: self.offset) }
        var value: UInt64 = 0
        for i in 0..<count { value |= UInt64(bytes[self.offset + i]) << UInt64(8 * i) }
        self.offset += count
        return value
    }

    mutating func lengthDelimited(_ bytes: Span<UInt8>) throws(ProtoError) -> Range<Int> {
        let start = self.offset
        let length = try self.varint(bytes)
        guard length <= UInt64(self.end - self.offset) else { throw .truncated(offset: start) }
        let range = self.offset..<(self.offset + Int(length))
        self.offset = range.upperBound
        return range
    }
}

/// Appends a number in groups of seven bits, the lowest first.
func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
}
