/// Writes the few forms of deterministic CBOR that news of tracks has, without a tree between (RFC 8949 §4.2.1).
struct PlainWriter {
    private(set) var octets: [UInt8] = []

    mutating func removeAll() { self.octets.removeAll(keepingCapacity: true) }

    mutating func raw(_ octets: [UInt8]) { self.octets += octets }

    @inline(__always) mutating func head(_ major: UInt8, _ value: UInt64) {
        let high = major << 5
        if value < 24 {
            self.octets.append(high | UInt8(truncatingIfNeeded: value))
            return
        }
        let count: UInt64 = value < 1 << 8 ? 1 : value < 1 << 16 ? 2 : value < 1 << 32 ? 4 : 8
        self.octets.append(high | UInt8(truncatingIfNeeded: 24 + count.trailingZeroBitCount))
        self.bigEndian(value, count: count)
    }

    @inline(__always) mutating func bigEndian(_ value: UInt64, count: UInt64) {
        var shift = 8 * count
        while shift > 0 {
            shift -= 8
            self.octets.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    @inline(__always) mutating func unsigned(_ value: UInt64) { self.head(0, value) }

    @inline(__always) mutating func integer(_ value: Int64) {
        value >= 0 ? self.head(0, UInt64(value)) : self.head(1, UInt64(~value))
    }

    mutating func null() { self.octets.append(0xF6) }

    mutating func text(_ value: String) {
        self.head(3, UInt64(value.utf8.count))
        self.octets += value.utf8
    }

    @inline(__always) mutating func single(_ value: Float) { self.bigEndian(UInt64(value.bitPattern), count: 4) }

    /// An `Int64` in octets of its own, so that another value is not longer.
    @inline(__always) mutating func fixed(_ value: Int64) {
        self.bigEndian(UInt64(bitPattern: value), count: 8)
    }
}

/// Octets that are no news of a track.
struct PlainError: Error, Hashable {
    var offset: Int
}

/// Reads what `PlainWriter` writes, and nothing else.
struct PlainReader {
    private let octets: [UInt8]
    private(set) var offset: Int

    init(_ octets: [UInt8], from offset: Int) {
        self.octets = octets
        self.offset = offset
    }

    var error: PlainError { PlainError(offset: self.offset) }

    @inline(__always) private mutating func bigEndian(count: Int) throws(PlainError) -> UInt64 {
        guard self.octets.count - self.offset >= count else { throw self.error }
        var value: UInt64 = 0
        for _ in 0..<count {
            value = value << 8 | UInt64(self.octets[self.offset])
            self.offset += 1
        }
        return value
    }

    @inline(__always) mutating func head() throws(PlainError) -> (major: UInt8, value: UInt64) {
        guard self.offset < self.octets.count else { throw self.error }
        let first = self.octets[self.offset]
        let information = first & 31
        self.offset += 1
        if information < 24 { return (first >> 5, UInt64(information)) }
        guard information < 28, first >> 5 < 7 else { throw self.error }
        let count = 1 << Int(information - 24)
        let value = try self.bigEndian(count: count)
        guard value >= (count == 1 ? 24 : 1 << UInt64(4 * count)) else { throw self.error }
        return (first >> 5, value)
    }

    @inline(__always) mutating func head(_ major: UInt8) throws(PlainError) -> UInt64 {
        let head = try self.head()
        guard head.major == major else { throw self.error }
        return head.value
    }

    @inline(__always) mutating func unsigned(max: UInt64) throws(PlainError) -> UInt64 {
        let value = try self.head(0)
        guard value <= max else { throw self.error }
        return value
    }

    @inline(__always) mutating func integer(_ range: ClosedRange<Int64>) throws(PlainError) -> Int64 {
        let head = try self.head()
        guard head.major < 2, let magnitude = Int64(exactly: head.value) else { throw self.error }
        let value = head.major == 0 ? magnitude : ~magnitude
        guard range.contains(value) else { throw self.error }
        return value
    }

    /// Whether a null is next; then it is read.
    @inline(__always) mutating func null() -> Bool {
        guard self.offset < self.octets.count, self.octets[self.offset] == 0xF6 else { return false }
        self.offset += 1
        return true
    }

    @inline(__always) mutating func array(_ count: UInt64) throws(PlainError) {
        guard try self.head(4) == count else { throw self.error }
    }

    mutating func text(countMax: Int) throws(PlainError) -> String {
        let count = try self.unsignedCount(3, countMax)
        let end = self.offset + count
        guard let text = String(validating: self.octets[self.offset..<end], as: UTF8.self) else {
            throw self.error
        }
        self.offset = end
        return text
    }

    /// How many octets or items follow, no more than are there.
    mutating func unsignedCount(_ major: UInt8, _ countMax: Int) throws(PlainError) -> Int {
        let count = try self.head(major)
        guard count <= UInt64(countMax), count <= UInt64(self.octets.count - self.offset) else { throw self.error }
        return Int(count)
    }

    @inline(__always) mutating func single() throws(PlainError) -> Float {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: try self.bigEndian(count: 4)))
        guard value.isFinite, !(value.isZero && value.sign == .minus) else { throw self.error }
        return value
    }

    @inline(__always) mutating func double() throws(PlainError) -> Double {
        let value = Double(bitPattern: try self.bigEndian(count: 8))
        guard value.isFinite, !(value.isZero && value.sign == .minus) else { throw self.error }
        return value
    }

    func end() throws(PlainError) {
        guard self.offset == self.octets.count else { throw self.error }
    }
}
