/// What the generated code turns fields into octets with: a place in the arrays of fields and one in the octets.
///
/// The generated code writes what is usual. Where it meets anything else (marks of structure, a value too large, fields out
/// of order) it fails, and `AsterixEncoder` does the record by its plan, which also says what is wrong. So here:
///
/// - ids are compared and values measured without a branch; what does not fit is gathered in `wrong`;
/// - ids and values are read up to eight behind the last field (`AsterixFields` has that margin), more only behind `has`;
/// - the octets have room for 280 for each field and 64 more (`AsterixEncoder` makes it): every part and every field
///   specification has a field of its own or the count of a repetition, no word has more than eight octets, no place more
///   than 255.
///
/// It lives no longer than the arrays and the room that are lent to it.
@safe struct AsterixOctetWriter {
    private let ids: UnsafePointer<UInt16>
    private let values: UnsafePointer<Int64>
    private let octets: UnsafeMutablePointer<UInt8>
    private let count: Int
    /// What the places among the fields lie in, and where their record begins there.
    private let source: UnsafeBufferPointer<UInt8>
    private let record: Int
    /// The next field.
    private(set) var field = 0
    /// Its id; one that no field has behind the last.
    private(set) var next: UInt16
    /// The next octet.
    private(set) var at = 0
    /// Not zero if something was not as the code expects it.
    var wrong: UInt64 = 0

    /// Where a writer came to; `field` is below zero where it failed.
    typealias End = (field: Int, at: Int, wrong: UInt64)
    static let bad: End = (-1, 0, 1)
    /// Where this one stands.
    @inline(__always) var end: End { (self.field, self.at, self.wrong) }

    /// - Parameters:
    ///   - ids, values: `count` fields and eight more that may be read.
    ///   - octets: room for 280 octets a field and 64 more.
    @unsafe init(
        ids: UnsafePointer<UInt16>, values: UnsafePointer<Int64>, count: Int, octets: UnsafeMutablePointer<UInt8>,
        source: UnsafeBufferPointer<UInt8>, record: Int
    ) {
        unsafe self.ids = ids
        unsafe self.values = values
        unsafe self.octets = octets
        self.count = count
        unsafe self.source = source
        self.record = record
        self.next = count > 0 ? unsafe ids[0] : .max
    }

    // MARK: Fields

    /// Whether that many fields are left.
    @inline(__always) func has(_ fields: Int) -> Bool { self.field &+ fields <= self.count }

    /// The number of the field at `index` from the next on.
    @inline(__always) func value(_ index: Int) -> UInt64 { unsafe UInt64(bitPattern: self.values[self.field &+ index]) }

    /// Demands the ids of up to four fields from `index` on, the first in the lowest bits.
    @inline(__always) mutating func demand(_ index: Int, _ four: UInt64, _ mask: UInt64) {
        let ids = unsafe UInt64(
            littleEndian: UnsafeRawPointer(self.ids + (self.field &+ index)).loadUnaligned(as: UInt64.self))
        self.wrong |= (ids ^ four) & mask
    }

    /// Demands one of the ids from `first` to `last` for the field at `index`.
    @inline(__always) mutating func demand(_ index: Int, from first: UInt16, to last: UInt16) {
        let id = unsafe self.ids[self.field &+ index]
        self.wrong |= id >= first && id <= last ? 0 : 1
    }

    /// Whether the next field is one of those from `first` on up to, not with, `end`.
    @inline(__always) func isNext(_ first: UInt16, _ end: UInt16) -> Bool { self.next >= first && self.next < end }

    /// Goes behind that many fields.
    @inline(__always) mutating func advance(_ fields: Int) {
        self.field &+= fields
        self.next = self.field < self.count ? unsafe self.ids[self.field] : .max
    }

    /// Takes the mark that is next and writes its number in that many octets; nil if it needs more.
    @inline(__always) mutating func count(octets: Int) -> Int? {
        let count = self.value(0)
        guard count &>> UInt64(8 &* octets) == 0 else { return nil }
        self.put(count &<< UInt64(64 &- 8 &* octets), octets)
        self.advance(1)
        return Int(count)
    }

    // MARK: Octets

    /// Writes the first octets of a word, the highest first.
    @inline(__always) mutating func put(_ word: UInt64, _ octets: Int) {
        unsafe UnsafeMutableRawPointer(self.octets + self.at).storeBytes(of: word.bigEndian, as: UInt64.self)
        self.at &+= octets
    }

    /// Copies the octets that the field at `index` is the place of, which must be `octets` many if that is not nil; false if
    /// there are others, more than 254, or none at that place.
    @inline(__always) mutating func place(_ index: Int, _ octets: Int?) -> Bool {
        let value = Int(truncatingIfNeeded: self.value(index))
        let length = value & 0xFFFF_FFFF
        let start = self.record &+ value >> 32
        guard start >= 0, length <= 254, unsafe start &+ length <= self.source.count, octets ?? length == length else {
            return false
        }
        for i in 0..<length { unsafe self.octets[self.at &+ i] = self.source[start &+ i] }
        self.at &+= length
        return true
    }

    /// Writes the explicit item whose octets are a place: the next field.
    @inline(__always) mutating func explicit() -> Bool {
        let start = self.open(1)
        guard self.place(0, nil) else { return false }
        self.advance(1)
        return self.closeExplicit(start)
    }

    /// Sets the FX bit of the octet written last.
    @inline(__always) func extend() { unsafe self.octets[self.at &- 1] |= 1 }

    /// Leaves room for a field specification and answers with its place.
    @inline(__always) mutating func open(_ octets: Int) -> Int {
        self.at &+= octets
        return self.at &- octets
    }

    /// Writes a field specification with FX bits at `start`, where room for `octets` was left, and closes up behind it.
    @inline(__always) mutating func close(_ start: Int, _ octets: Int, _ named: UInt64) {
        let length = 8 &- named.trailingZeroBitCount &>> 3
        if length < octets {
            let gap = octets &- length
            var from = start &+ octets
            while from < self.at {
                let word = unsafe UnsafeRawPointer(self.octets + from).loadUnaligned(as: UInt64.self)
                unsafe UnsafeMutableRawPointer(self.octets + (from &- gap)).storeBytes(of: word, as: UInt64.self)
                from &+= 8
            }
            self.at &-= gap
        }
        let word = named | 0x0101_0101_0101_0101 << UInt64(8 &* (9 &- length))
        for i in 0..<length {
            unsafe self.octets[start &+ i] = UInt8(truncatingIfNeeded: word &>> UInt64(56 &- 8 &* i))
        }
    }

    /// Writes a field specification of a fixed number of octets at `start`.
    @inline(__always) func closeFixed(_ start: Int, _ octets: Int, _ named: UInt64) {
        for i in 0..<octets {
            unsafe self.octets[start &+ i] = UInt8(truncatingIfNeeded: named &>> UInt64(56 &- 8 &* i))
        }
    }

    /// Writes the length of an explicit item into its first octet, which is at `start`; false if it is too long for that.
    @inline(__always) func closeExplicit(_ start: Int) -> Bool {
        let length = self.at &- start
        unsafe self.octets[start] = UInt8(truncatingIfNeeded: length)
        return length <= 255
    }

    /// Goes on where a writer came to; false where it failed.
    @inline(__always) mutating func resume(_ end: End) -> Bool {
        self.at = end.at
        self.wrong = end.wrong
        self.field = max(0, end.field)
        self.advance(0)
        return end.field >= 0
    }
}
