/// What the generated code reads and writes with: a place in the bytes and a place in the arrays of fields.
///
/// The generated code asks `has` before it reads octets of an item, and stores without asking. Both are safe because
///
/// - `limit` is at most the end of the bytes (`AsterixLayout.generatedFields` demands it), `at` never goes back, and each octet
///   that is read lies before one for which `has` was true, or is checked here;
/// - an octet gives at most eight fields. A field has at least one bit; a mark of structure stands for an octet that is
///   no field (a count, a length, a field specification or octets beyond the edition), for spare bits, for an element's
///   field specification, or for an FX bit (`count` of a repetition by FX). `AsterixLayout.generatedFields` makes room for eight
///   fields an octet of the block's rest before it begins, and `AsterixFields.margin` is behind that room for the ids,
///   which are stored four at a time.
///
/// It lives no longer than the bytes and the room that are lent to it (`AsterixLayout.generatedFields`).
@safe struct AsterixFieldWriter {
    private let bytes: UnsafePointer<UInt8>
    private let ids: UnsafeMutablePointer<UInt16>
    private let values: UnsafeMutablePointer<Int64>
    /// Where the record begins.
    private let record: Int
    /// Where its block ends, or the explicit item that is read.
    let limit: Int
    /// The next octet.
    var at: Int
    /// How many fields have been stored.
    var count: Int

    /// Where a reader came to; `at` is below zero where it failed.
    typealias End = (at: Int, count: Int)
    static let bad: End = (-1, 0)
    /// Where this one stands.
    @inline(__always) var end: End { (self.at, self.count) }

    /// - Parameters:
    ///   - bytes: has at least `limit` octets.
    ///   - ids, values: have room for eight fields for each octet from `start` to `limit`.
    @unsafe init(
        _ bytes: UnsafePointer<UInt8>, from start: Int, to limit: Int, ids: UnsafeMutablePointer<UInt16>,
        values: UnsafeMutablePointer<Int64>
    ) {
        unsafe self.bytes = bytes
        unsafe self.ids = ids
        unsafe self.values = values
        self.record = start
        self.limit = limit
        self.at = start
        self.count = 0
    }

    // MARK: Octets

    /// Whether that many octets are left.
    @inline(__always) func has(_ octets: Int) -> Bool { self.at &+ octets <= self.limit }

    @inline(__always) private func octet(_ offset: Int) -> UInt64 {
        unsafe UInt64(self.bytes[self.at &+ offset])
    }

    @inline(__always) private func load<Word: FixedWidthInteger>(_ offset: Int, as: Word.Type) -> UInt64 {
        unsafe UInt64(
            truncatingIfNeeded: Word(
                bigEndian: UnsafeRawPointer(self.bytes).loadUnaligned(fromByteOffset: self.at &+ offset, as: Word.self))
        )
    }

    // So many octets from `offset` on, most significant first; `has` has said that they are there.
    @inline(__always) func load1(_ offset: Int) -> UInt64 { self.octet(offset) }
    @inline(__always) func load2(_ offset: Int) -> UInt64 { self.load(offset, as: UInt16.self) }
    @inline(__always) func load3(_ offset: Int) -> UInt64 { self.load2(offset) << 8 | self.octet(offset &+ 2) }
    @inline(__always) func load4(_ offset: Int) -> UInt64 { self.load(offset, as: UInt32.self) }
    @inline(__always) func load5(_ offset: Int) -> UInt64 { self.load4(offset) << 8 | self.octet(offset &+ 4) }
    @inline(__always) func load6(_ offset: Int) -> UInt64 { self.load4(offset) << 16 | self.load2(offset &+ 4) }
    @inline(__always) func load7(_ offset: Int) -> UInt64 { self.load4(offset) << 24 | self.load3(offset &+ 4) }
    @inline(__always) func load8(_ offset: Int) -> UInt64 { self.load(offset, as: UInt64.self) }

    // MARK: Fields

    /// Stores the ids of four fields from `index` on, the first in the lowest bits; those of later fields may be stored
    /// over them.
    @inline(__always) func ids(_ index: Int, _ four: UInt64) {
        unsafe UnsafeMutableRawPointer(self.ids + (self.count &+ index)).storeBytes(
            of: four.littleEndian, as: UInt64.self)
    }

    /// Stores the id of one field.
    @inline(__always) func id(_ index: Int, _ id: UInt16) { unsafe self.ids[self.count &+ index] = id }

    /// Stores the number of the field at `index` behind those that are done.
    @inline(__always) func put(_ index: Int, _ value: UInt64) {
        unsafe self.values[self.count &+ index] = Int64(bitPattern: value)
    }

    /// Stores a number with a sign: the bits of `word` behind the first `skipped`, and of those the first `bits`.
    @inline(__always) func put(_ index: Int, _ word: UInt64, skipping skipped: UInt64, signed bits: UInt64) {
        unsafe self.values[self.count &+ index] = Int64(bitPattern: word &<< skipped) &>> Int64(64 &- bits)
    }

    /// Stores a place of octets from `offset` on.
    @inline(__always) func put(_ index: Int, place offset: Int, _ length: Int) {
        unsafe self.values[self.count &+ index] = AsterixLayout.place(self.at &+ offset &- self.record, length)
    }

    /// Goes behind octets that were read and fields that were stored.
    @inline(__always) mutating func next(_ octets: Int, _ fields: Int) {
        self.at &+= octets
        self.count &+= fields
    }

    /// Stores a mark of structure, or a count.
    @inline(__always) mutating func mark(_ id: UInt16, _ value: Int) {
        self.id(0, id)
        unsafe self.values[self.count] = Int64(value)
        self.count &+= 1
    }

    /// Stores spare bits if they are not zero.
    @inline(__always) mutating func spare(_ id: UInt16, _ bits: UInt64) {
        if bits != 0 { self.mark(id, Int(truncatingIfNeeded: bits)) }
    }

    /// Changes the number of a mark that was stored as the field `index`.
    @inline(__always) func set(_ index: Int, _ value: Int) { unsafe self.values[index] = Int64(value) }

    // MARK: Structure

    /// Reads a field specification with FX bits: its octets, the first in the highest bits, FX bits as they are.
    ///
    /// Octets from the ninth on must name nothing. One whose last octet names nothing is noted under `id`.
    ///
    /// - Returns: nil if it does not end, or names a slot beyond the eighth octet.
    @inline(__always) mutating func specification(_ id: UInt16) -> UInt64? {
        if self.has(8) {
            let word = self.load8(0)
            let ends = ~word & 0x0101_0101_0101_0101
            if ends != 0 {
                // The end is the first octet without FX.
                let bits = ends.leadingZeroBitCount &+ 1
                let named = word & (~0 &<< UInt64(truncatingIfNeeded: 64 &- bits))
                if word &>> UInt64(truncatingIfNeeded: 64 &- bits) & 0xFF == 0 {
                    self.mark(id, Int(AsterixLayout.place(self.at &- self.record, bits &>> 3)))
                }
                self.at &+= bits &>> 3
                return named
            }
        }
        let (word, end) = self.longSpecification(id)
        return self.resume(end) ? word : nil
    }

    /// The same near the end of the block, octet by octet.
    ///
    /// What is not inlined takes the writer by value: so that of the generated code stays in registers.
    @inline(never) private func longSpecification(_ id: UInt16) -> (UInt64, End) {
        var r = self
        var word: UInt64 = 0
        var octet: UInt64
        repeat {
            guard r.has(1) else { return (0, Self.bad) }
            octet = r.octet(0)
            let shift = 56 - 8 * (r.at - self.at)
            if shift >= 0 { word |= octet << UInt64(shift) } else if octet > 1 { return (0, Self.bad) }
            r.at += 1
        } while octet & 1 != 0
        if octet == 0 { r.mark(id, Int(AsterixLayout.place(self.at - self.record, r.at - self.at))) }
        return (word, r.end)
    }

    /// Reads a field specification of a fixed number of octets (1...8); one that names nothing is noted.
    @inline(__always) mutating func specification(_ id: UInt16, octets: Int) -> UInt64? {
        guard self.has(octets) else { return nil }
        var word: UInt64 = 0
        for index in 0..<octets { word |= self.octet(index) << UInt64(56 - 8 * index) }
        if word == 0 { self.mark(id, Int(AsterixLayout.place(self.at - self.record, octets))) }
        self.at += octets
        return word
    }

    /// Passes over the octets of an extended item beyond the edition.
    @inline(never) func more(_ id: UInt16) -> End {
        var r = self
        repeat {
            guard r.has(1) else { return Self.bad }
            r.at += 1
        } while unsafe r.bytes[r.at - 1] & 1 != 0
        r.mark(id, Int(AsterixLayout.place(self.at - self.record, r.at - self.at)))
        return r.end
    }

    /// Where the explicit item ends that begins here; nil if its length is zero or beyond the limit.
    @inline(__always) func explicitEnd() -> Int? {
        guard self.has(1) else { return nil }
        let length = Int(self.octet(0))
        return length > 0 && self.has(length) ? self.at + length : nil
    }

    /// The same writer for the content of an explicit item that ends at `end`.
    @inline(__always) func content(to end: Int) -> Self { Self(self, limit: end) }

    private init(_ other: Self, limit: Int) {
        unsafe self.bytes = other.bytes
        unsafe self.ids = other.ids
        unsafe self.values = other.values
        self.record = other.record
        self.limit = limit
        self.at = other.at + 1
        self.count = other.count
    }

    /// Goes behind an explicit item that ends at `end`, by what a reader of its content came to; octets that are not as
    /// the table says are kept as they are.
    @inline(__always) mutating func explicit(_ id: UInt16, to end: Int, _ content: End = Self.bad) {
        if content.at == end {
            self.count = content.count
        } else {
            self.mark(id, Int(AsterixLayout.place(self.at + 1 - self.record, end - self.at - 1)))
        }
        self.at = end
    }

    /// Goes on where a reader came to; false where it failed.
    @inline(__always) mutating func resume(_ end: End) -> Bool {
        self.at = end.at
        self.count = end.count
        return end.at >= 0
    }
}
