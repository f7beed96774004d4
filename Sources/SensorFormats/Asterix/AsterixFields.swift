/// The typed view of one record: every leaf field as a number, in the order of the wire.
///
///     ids:     2   3   4   …     index of the field in its edition's list (`AsterixEdition.fields`)
///     values:  20  129 3686509   the raw number, sign-extended where the field has a sign
///
/// A field wider than 64 bits, and octets that have no table, are a place in the record: `offset << 32 | length`, from
/// the record's first octet. The buffer is made once and used again for each record; nothing is allocated for one.
///
/// **Nothing of the record is lost.** Where the fields alone would not give back the same octets, marks of structure
/// (`AsterixField.Kind.isStructure`) say what is different:
///
/// - `count` stands before the elements of each repetition. Where they are of no fixed length, `element` stands before
///   each of them; otherwise each has all its fields.
/// - An item or part is present if one of its fields is, or a mark of it; an extended item reaches as far as its fields do.
/// - `specification` stands before the first field of a record or compound whose field specification ends with an octet
///   that names nothing (longer than needed, or of no part at all), and is the place of those octets.
/// - `more` stands behind the fields of an extended item that goes on beyond the edition.
/// - `spare` stands behind the fields of its group or part, in the order of the bits, only if it is not zero.
/// - `sequence` says how many items follow by random field sequencing, `sequenceSlot` stands before each of them.
/// - An explicit item whose octets fit its table exactly has the fields of that; any other is `octets`.
///
/// So the octets of a record are a function of its fields (and of the places that they name).
///
/// - Complexity: O(fields) for looking up one of them.
@safe public struct AsterixFields: ~Copyable {
    // Two owned blocks of memory of `capacity` numbers (and a margin of ids, see `reserve`): the type is not copyable,
    // so nobody else writes or frees them, and each access is checked against `count` or `capacity`. Code that writes
    // unchecked (`AsterixFieldWriter`) does so between a `reserve` for all that a record can give and the next.
    private(set) var ids: UnsafeMutablePointer<UInt16>
    private(set) var values: UnsafeMutablePointer<Int64>
    private(set) var capacity: Int
    /// How many fields the record has, marks of structure included.
    public internal(set) var count = 0
    /// Where the record lies in the bytes that it was read from.
    public internal(set) var range = 0..<0
    /// The layout that it was read by.
    private(set) var layout: AsterixLayout?

    /// Ids may be stored four at a time: so many more fit behind the last.
    static let margin = 8

    /// An empty buffer; it grows with the first records.
    public init() {
        self.capacity = 512
        unsafe self.ids = .allocate(capacity: self.capacity + Self.margin)
        unsafe self.values = .allocate(capacity: self.capacity + Self.margin)
    }

    deinit {
        unsafe self.ids.deallocate()
        unsafe self.values.deallocate()
    }

    // MARK: Reading

    /// The edition that the record was read by; nil before the first.
    public var edition: AsterixEdition? { self.layout?.edition }

    /// The id of the field at `index`.
    public func id(_ index: Int) -> Int {
        precondition(index >= 0 && index < self.count, "the record has no field of that index")
        return Int(unsafe self.ids[index])
    }

    /// The raw number of the field at `index`.
    public func raw(_ index: Int) -> Int64 {
        precondition(index >= 0 && index < self.count, "the record has no field of that index")
        return unsafe self.values[index]
    }

    /// Lends the ids and the raw numbers of all fields.
    public func withSpans<Result>(_ body: (Span<UInt16>, Span<Int64>) throws -> Result) rethrows -> Result {
        let ids = unsafe UnsafeBufferPointer(start: UnsafePointer(self.ids), count: self.count)
        let values = unsafe UnsafeBufferPointer(start: UnsafePointer(self.values), count: self.count)
        return try unsafe body(ids.span, values.span)
    }

    /// What the field at `index` is.
    public func field(_ index: Int) -> AsterixField {
        guard let layout = self.layout else { preconditionFailure("no record was read") }
        return layout.fields[self.id(index)]
    }

    /// The octets of a field that is a place, in the bytes that the record was read from.
    public func place(_ index: Int) -> Range<Int> {
        let value = self.raw(index)
        let start = self.range.lowerBound + Int(value >> 32)
        return start..<start + Int(value & 0xFFFF_FFFF)
    }

    /// The index of the first field of that path (`I048/040/RHO`) from `start` on; nil if the record has none.
    public func index(of path: String, from start: Int = 0) -> Int? {
        guard let layout = self.layout, let wanted = layout.fieldIDs[path] else { return nil }
        for index in max(0, start)..<max(start, self.count) where wanted.contains(self.id(index)) { return index }
        return nil
    }

    /// The value of the first field of that path in its unit; nil if the record has none, or if it is a place.
    public func value(of path: String) -> Double? {
        guard let index = self.index(of: path) else { return nil }
        let field = self.field(index)
        return field.isPlace ? nil : field.value(of: self.raw(index))
    }

    /// The value of the field at `index` as text without its unit: decimal, octal or hexadecimal digits or characters.
    ///
    /// - Parameter bytes: what the record was read from.
    public func text(_ index: Int, _ bytes: Span<UInt8>) -> String {
        let field = self.field(index)
        var writer = JSONWriter(capacity: 64)
        writer.value(field, self.raw(index), bytes, record: self.range.lowerBound)
        let text = writer.text
        return text.first == "\"" ? String(text.dropFirst().dropLast()) : text
    }

    // MARK: Writing

    /// Empties the buffer for a record that begins at `start`.
    @inline(__always) mutating func begin(_ layout: AsterixLayout, at start: Int) {
        self.count = 0
        self.range = start..<start
        // Compared first: a record more of the same layout costs no counting of references.
        if self.layout !== layout { self.layout = layout }
    }

    /// Makes room for `count` fields in all.
    @inline(__always) mutating func reserve(_ count: Int) {
        if count > self.capacity { self.grow(to: count) }
    }

    @inline(never) private mutating func grow(to count: Int) {
        let larger = max(count, self.capacity * 2)
        let ids = UnsafeMutablePointer<UInt16>.allocate(capacity: larger + Self.margin)
        let values = UnsafeMutablePointer<Int64>.allocate(capacity: larger + Self.margin)
        unsafe ids.update(from: self.ids, count: self.count)
        unsafe values.update(from: self.values, count: self.count)
        unsafe self.ids.deallocate()
        unsafe self.values.deallocate()
        unsafe self.ids = ids
        unsafe self.values = values
        self.capacity = larger
    }

    /// Appends a field.
    mutating func append(_ id: Int, _ value: Int64) {
        self.reserve(self.count + 1)
        unsafe self.ids[self.count] = UInt16(truncatingIfNeeded: id)
        unsafe self.values[self.count] = value
        self.count += 1
    }

    /// Changes the number of a field.
    mutating func set(_ index: Int, _ value: Int64) {
        precondition(index >= 0 && index < self.count, "the record has no field of that index")
        unsafe self.values[index] = value
    }
}
