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
/// The buffer holds the records of one datagram, or one alone; what is asked of it is said of the selected record, which
/// is the last that was read until `select` names another.
///
/// - Complexity: O(fields of the record) for looking up one of them by its path.
@safe public struct AsterixFields: ~Copyable {
    // Owned blocks of memory: the type is not copyable, so nobody else writes or frees them. `ids` and `values` have
    // `capacity` numbers (and a margin, see below), of which `total` are there, `records` likewise; each access is
    // checked against these. Code that writes unchecked (`AsterixFieldWriter`) has its room from `withRoom`.
    private var ids: UnsafeMutablePointer<UInt16>
    private var values: UnsafeMutablePointer<Int64>
    private var capacity: Int
    /// How many fields are stored, of all records.
    private(set) var total = 0

    /// Where the fields of a record are, and what it was read from and by.
    struct Record {
        var first = 0
        var count = 0
        var range = 0..<0
        /// The index of its layout; or the number of that one's code, below zero.
        var layout = 0
    }

    private var records: UnsafeMutablePointer<Record>
    private var recordCapacity: Int
    /// How many records are there.
    public private(set) var recordCount = 0
    private var selected = Record()
    /// The layouts that the records were read by: seldom more than one.
    private var layouts: [AsterixLayout] = []
    /// The last of them. It is compared with alone: that costs no counting of references.
    private var lastLayout: ObjectIdentifier?

    /// Ids may be stored four at a time: so many more fit behind the last.
    private static let margin = 8

    /// An empty buffer; it grows with the first records.
    public init() {
        self.capacity = 512
        self.recordCapacity = 64
        unsafe self.records = .allocate(capacity: self.recordCapacity)
        unsafe self.ids = Self.zeros(self.capacity + Self.margin)
        unsafe self.values = Self.zeros(self.capacity + Self.margin)
    }

    /// Memory of zeros: what lies behind the last field is read by the encoder's code (`AsterixOctetWriter`).
    private static func zeros<Number: FixedWidthInteger>(_ count: Int) -> UnsafeMutablePointer<Number> {
        let memory = UnsafeMutablePointer<Number>.allocate(capacity: count)
        unsafe memory.initialize(repeating: 0, count: count)
        return unsafe memory
    }

    deinit {
        unsafe self.ids.deallocate()
        unsafe self.values.deallocate()
        unsafe self.records.deallocate()
    }

    // MARK: Records

    /// Turns to the record at `index`.
    public mutating func select(_ index: Int) {
        precondition(index >= 0 && index < self.recordCount, "there is no record of that index")
        self.selected = unsafe self.records[index]
    }

    /// Forgets all records and keeps the buffer.
    public mutating func removeAll() {
        self.total = 0
        self.recordCount = 0
        self.selected = Record()
    }

    /// Where the record lies in the bytes that it was read from.
    public var range: Range<Int> { self.selected.range }

    /// The edition that the record was read by; nil if there is no record.
    public var edition: AsterixEdition? { self.layout?.edition }

    /// The layout that the record was read by.
    var layout: AsterixLayout? {
        guard self.recordCount > 0 else { return nil }
        let index = self.selected.layout
        return index < 0 ? AsterixLayouts.coded[-index] : self.layouts[index]
    }

    /// How many fields the record has, marks of structure included.
    public var count: Int { self.selected.count }

    // MARK: Reading

    /// The id of the field at `index`.
    public func id(_ index: Int) -> Int {
        precondition(index >= 0 && index < self.selected.count, "the record has no field of that index")
        return Int(unsafe self.ids[self.selected.first + index])
    }

    /// The raw number of the field at `index`.
    public func raw(_ index: Int) -> Int64 {
        precondition(index >= 0 && index < self.selected.count, "the record has no field of that index")
        return unsafe self.values[self.selected.first + index]
    }

    /// Lends the ids and the raw numbers of all fields.
    public func withSpans<Result>(_ body: (Span<UInt16>, Span<Int64>) throws -> Result) rethrows -> Result {
        let ids = unsafe UnsafeBufferPointer(start: UnsafePointer(self.ids) + self.selected.first, count: self.count)
        let values = unsafe UnsafeBufferPointer(
            start: UnsafePointer(self.values) + self.selected.first, count: self.count)
        return try unsafe body(ids.span, values.span)
    }

    /// What the field at `index` is.
    public func field(_ index: Int) -> AsterixField {
        guard let layout = self.layout else { preconditionFailure("there is no record") }
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

    /// Makes room for so many fields more.
    @inline(__always) mutating func reserve(_ count: Int) {
        if count > self.capacity &- self.total { self.grow(count) }
    }

    @inline(never) private mutating func grow(_ count: Int) {
        let larger = max(self.total + count, self.capacity * 2)
        let ids: UnsafeMutablePointer<UInt16> = unsafe Self.zeros(larger + Self.margin)
        let values: UnsafeMutablePointer<Int64> = unsafe Self.zeros(larger + Self.margin)
        unsafe ids.update(from: self.ids, count: self.total)
        unsafe values.update(from: self.values, count: self.total)
        unsafe self.ids.deallocate()
        unsafe self.values.deallocate()
        unsafe self.ids = ids
        unsafe self.values = values
        self.capacity = larger
    }

    /// Appends a field to the record that is being read.
    mutating func append(_ id: Int, _ value: Int64) {
        self.reserve(1)
        unsafe self.ids[self.total] = UInt16(truncatingIfNeeded: id)
        unsafe self.values[self.total] = value
        self.total += 1
    }

    /// Changes the number of the field at `index` of all.
    mutating func set(_ index: Int, _ value: Int64) {
        precondition(index >= 0 && index < self.total, "there is no field of that index")
        unsafe self.values[index] = value
    }

    /// Takes back the fields from `index` of all on: those of a record that proved bad.
    mutating func truncate(to index: Int) { self.total = min(self.total, max(0, index)) }

    /// Makes a record of the fields from `first` of all on, and selects it.
    @inline(__always) mutating func endRecord(_ layout: AsterixLayout, _ range: Range<Int>, first: Int) {
        if self.lastLayout != ObjectIdentifier(layout) { self.turn(to: layout) }
        self.endRecord(range, first: first, layout: self.layouts.count - 1)
    }

    /// The same by the code of a layout of `AsterixLayouts`.
    @inline(__always) mutating func endRecord(_ code: UInt8, _ range: Range<Int>, first: Int) {
        self.endRecord(range, first: first, layout: -Int(code))
    }

    @inline(__always) private mutating func endRecord(_ range: Range<Int>, first: Int, layout: Int) {
        if self.recordCount == self.recordCapacity { self.growRecords() }
        self.selected = Record(
            first: first, count: self.total - first, range: range, layout: layout)
        unsafe self.records[self.recordCount] = self.selected
        self.recordCount += 1
    }

    @inline(never) private mutating func turn(to layout: AsterixLayout) {
        // Records that are gone need no layout.
        if self.recordCount == 0 { self.layouts.removeAll(keepingCapacity: true) }
        self.layouts.append(layout)
        self.lastLayout = ObjectIdentifier(layout)
    }

    @inline(never) private mutating func growRecords() {
        let records = UnsafeMutablePointer<Record>.allocate(capacity: self.recordCapacity * 2)
        unsafe records.update(from: self.records, count: self.recordCount)
        unsafe self.records.deallocate()
        unsafe self.records = records
        self.recordCapacity *= 2
    }

    /// Lends the arrays, behind the fields that are there, to code that stores up to `room` fields unchecked and
    /// answers with how many those are, or with a number below zero if the record is bad.
    @inline(__always) mutating func withRoom(
        _ room: Int, _ body: (UnsafeMutablePointer<UInt16>, UnsafeMutablePointer<Int64>) -> Int
    ) -> Bool {
        self.reserve(room)
        let count = unsafe body(self.ids + self.total, self.values + self.total)
        self.total += max(0, count)
        return count >= 0
    }
}
