/// Why fields could not be encoded; the field or item is named by its path.
public enum AsterixEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No record was read or composed.
    case noRecord
    /// There is no table of that edition.
    case unknownEdition(String)
    /// The edition has no field of that path.
    case unknownField(String)
    /// The raw number does not fit into the field's bits.
    case outOfRange(String, Int64)
    /// The text or the kind of value is none that the field can hold.
    case unfitValue(String)
    /// A field is not there that its neighbours need: all fields of a group, or of a part of an extended item, go together.
    case missing(String)
    /// A field stands where the order of the edition has no place for it.
    case misplaced(String)
    /// The profile of the record has no such item.
    case notInProfile(String)
    /// More octets than the length or more elements than the count before them can say.
    case tooLong(String)
    /// The record does not fit into a block of the size that was asked for.
    case recordTooLarge(Int)

    /// In words.
    public var description: String {
        switch self {
        case .noRecord: "there is no record to encode"
        case .unknownEdition(let edition): "there is no table of \(edition)"
        case .unknownField(let path): "the edition has no field \(path)"
        case .outOfRange(let path, let raw): "\(path): \(raw) does not fit into its bits"
        case .unfitValue(let path): "\(path): not a value for this field"
        case .missing(let path): "\(path) is missing"
        case .misplaced(let path): "\(path) stands where it cannot be"
        case .notInProfile(let path): "\(path) is not in the profile of this record"
        case .tooLong(let path): "\(path) is longer than its length can say"
        case .recordTooLarge(let octets): "a record of \(octets) octets does not fit into a block"
        }
    }
}

extension AsterixFields {
    /// The selected record of others, alone. The places among its fields lie in the same bytes.
    public init(copying other: borrowing AsterixFields) {
        self.init()
        guard let layout = other.layout else { return }
        for index in 0..<other.count { self.append(other.id(index), other.raw(index)) }
        self.endRecord(layout, other.range, first: 0)
    }
}

/// Fields to octets: the other direction of `AsterixFieldDecoder`.
///
///     | category | length, 2 octets | record: FSPEC, items | record | … |  next block
///
/// Field specifications, extents, counts and lengths follow from the fields that are there; where marks of structure say
/// that a record was put together in another way, it is so again: encoding what was decoded gives the same octets. Records
/// of one category share a block until it would be longer than `blockMax`; each block is finished as it stands.
///
/// - Complexity: a few instructions for each field; no allocation for a record once the buffer has grown.
///
/// Source: EUROCONTROL-SPEC-0149, part 1, paragraphs 4.2 and 4.3.
public struct AsterixEncoder: ~Copyable {
    /// No block is made longer, octets.
    public let blockMax: Int
    private var octets = AsterixOctets()
    private var plans: [AsterixEdition: AsterixEncodePlan] = [:]
    private var plan: AsterixEncodePlan?
    /// Where the block begins that still takes records; nil if none does.
    private var block: Int?

    /// An encoder without any block.
    ///
    /// - Parameter blockMax: the longest block, 4...65,535 octets.
    public init(blockMax: Int = 65_535) {
        precondition((4...65_535).contains(blockMax), "the length of a block has two octets")
        self.blockMax = blockMax
    }

    /// How many octets the blocks have.
    public var count: Int { self.octets.count }

    /// Lends the blocks, one behind the other.
    public func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        try self.octets.withBytes(body)
    }

    /// Forgets all blocks; the memory is kept.
    public mutating func clear() {
        self.octets.count = 0
        self.block = nil
    }

    /// Ends the block: the next record begins a new one.
    public mutating func endBlock() { self.block = nil }

    /// Adds a record to its block, or begins one.
    ///
    /// - Parameters:
    ///   - fields: the record, of several the selected one.
    ///   - bytes: what the places of `fields` lie in: the bytes that it was read from.
    /// - Throws: what does not fit; then nothing is added.
    public mutating func append(_ fields: borrowing AsterixFields, _ bytes: Span<UInt8>) throws(AsterixEncodingError) {
        guard let layout = fields.layout else { throw .noRecord }
        let before = self.octets.count
        let category = layout.edition.category
        var begin = before
        if let block = self.block, self.octets[block] == category {
            begin = block
        } else {
            self.octets.append(category)
            self.octets.append(0, octets: 2)
        }
        do throws(AsterixEncodingError) {
            try self.record(fields, bytes, layout)
        } catch {
            self.octets.count = before
            throw error
        }
        if self.octets.count - begin > self.blockMax {
            guard begin < before else {
                let size = self.octets.count - before - 3
                self.octets.count = before
                throw .recordTooLarge(size)
            }
            // The record moves into a block of its own.
            self.octets.insert(3, at: before)
            self.octets[before] = category
            begin = before
            guard self.octets.count - begin <= self.blockMax else {
                let size = self.octets.count - before - 3
                self.octets.count = before
                throw .recordTooLarge(size)
            }
        }
        let length = self.octets.count - begin
        self.octets[begin + 1] = UInt8(truncatingIfNeeded: length >> 8)
        self.octets[begin + 2] = UInt8(truncatingIfNeeded: length)
        self.block = begin
    }

    /// Adds the octets of a record alone, without a block around it; they end any block.
    public mutating func appendBare(_ fields: borrowing AsterixFields, _ bytes: Span<UInt8>)
        throws(AsterixEncodingError)
    {
        guard let layout = fields.layout else { throw .noRecord }
        self.block = nil
        let before = self.octets.count
        do throws(AsterixEncodingError) {
            try self.record(fields, bytes, layout)
        } catch {
            self.octets.count = before
            throw error
        }
    }

    private mutating func record(_ fields: borrowing AsterixFields, _ bytes: Span<UInt8>, _ layout: AsterixLayout)
        throws(AsterixEncodingError)
    {
        if self.plan?.layout !== layout {
            self.plan = self.plans[layout.edition]
            if self.plan?.layout !== layout {
                self.plan = AsterixEncodePlan(layout)
                self.plans[layout.edition] = self.plan
            }
        }
        guard let plan = self.plan else { throw .noRecord }
        let failure = fields.withSpans { ids, values -> AsterixEncodingError? in
            unsafe ids.withUnsafeBufferPointer { ids in
                unsafe values.withUnsafeBufferPointer { values in
                    guard let ids = ids.baseAddress, let values = values.baseAddress, fields.count > 0 else {
                        return .noRecord
                    }
                    if plan.hasCode,
                        unsafe self.octets.write(
                            plan, ids, values, fields.count, bytes, record: fields.range.lowerBound)
                    {
                        return nil
                    }
                    var emitter = unsafe AsterixEmitter(ids, values, fields.count, record: fields.range.lowerBound)
                    do throws(AsterixEncodingError) {
                        try emitter.record(plan, bytes, &self.octets)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
        }
        if let failure { throw failure }
    }
}

/// Octets that grow at their end.
@safe struct AsterixOctets: ~Copyable {
    // Owned memory of `capacity` octets and eight more, so that a whole word can be stored at the end; nobody else has it,
    // and what is written behind `count` is never read.
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    fileprivate(set) var count = 0

    init() {
        self.capacity = 1 << 16
        unsafe self.memory = .allocate(capacity: self.capacity + 8)
    }

    deinit { unsafe self.memory.deallocate() }

    func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        try unsafe body(UnsafeBufferPointer(start: self.memory, count: self.count).span)
    }

    subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < self.count, "no octet there")
            return unsafe self.memory[index]
        }
        set {
            precondition(index >= 0 && index < self.count, "no octet there")
            unsafe self.memory[index] = newValue
        }
    }

    /// Makes room for that many octets more.
    @inline(__always) mutating func reserve(_ more: Int) {
        if self.count &+ more > self.capacity { self.grow(more) }
    }

    @inline(never) private mutating func grow(_ more: Int) {
        let capacity = max(self.capacity * 2, self.count + more)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + 8)
        unsafe memory.update(from: self.memory, count: self.count)
        unsafe self.memory.deallocate()
        unsafe self.memory = memory
        self.capacity = capacity
    }

    @inline(__always) mutating func append(_ octet: UInt8) {
        self.reserve(1)
        unsafe self.memory[self.count] = octet
        self.count &+= 1
    }

    /// Appends the lowest octets of a number, the highest of them first.
    mutating func append(_ value: UInt64, octets: Int) {
        for i in stride(from: octets - 1, through: 0, by: -1) {
            self.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i)))
        }
    }

    /// Appends the first octets of a word, its highest first; at most eight.
    @inline(__always) mutating func append(word: UInt64, octets: Int) {
        self.reserve(8)
        unsafe UnsafeMutableRawPointer(self.memory + self.count).storeBytes(
            of: word.bigEndian, toByteOffset: 0, as: UInt64.self)
        self.count &+= octets
    }

    mutating func append(zeros: Int) {
        self.reserve(zeros)
        for i in 0..<zeros { unsafe self.memory[self.count + i] = 0 }
        self.count += zeros
    }

    mutating func append(_ bytes: Span<UInt8>) {
        self.reserve(bytes.count)
        for i in bytes.indices { unsafe self.memory[self.count + i] = bytes[i] }
        self.count += bytes.count
    }

    /// Appends a record by the code of its layout; false if it is none that the code can write, then nothing is appended.
    ///
    /// - Parameters:
    ///   - ids, values: `count` fields and eight more that may be read.
    @inline(__always) mutating func write(
        _ plan: borrowing AsterixEncodePlan, _ ids: UnsafePointer<UInt16>, _ values: UnsafePointer<Int64>, _ count: Int,
        _ bytes: Span<UInt8>, record: Int
    ) -> Bool {
        // As much as `AsterixOctetWriter` needs.
        self.reserve(280 &* count &+ 64)
        let last = unsafe Int(ids[count &- 1])
        guard last < plan.idCount else { return false }
        let slot = unsafe Int(plan.slots[plan.firstSlots &+ last])
        guard slot < 56 else { return false }
        let end = unsafe bytes.withUnsafeBufferPointer { bytes in
            let writer = unsafe AsterixOctetWriter(
                ids: ids, values: values, count: count, octets: self.memory + self.count, source: bytes, record: record)
            return AsterixGenerated.write(plan.layout.generated, writer, slot / 7 &+ 1)
        }
        guard end.field == count, end.wrong == 0 else { return false }
        self.count &+= end.at
        return true
    }

    /// Takes octets out.
    mutating func remove(_ octets: Int, at index: Int) {
        precondition(index >= 0 && octets >= 0 && index + octets <= self.count, "no octets there")
        for i in index + octets..<max(index + octets, self.count) { unsafe self.memory[i - octets] = self.memory[i] }
        self.count -= octets
    }

    /// Sets bits of an octet that is there.
    @inline(__always) mutating func set(_ bits: UInt8, at index: Int) {
        precondition(index >= 0 && index < self.count, "no octet there")
        unsafe self.memory[index] |= bits
    }

    /// Makes room in the middle; what is in it then is undefined.
    mutating func insert(_ octets: Int, at index: Int) {
        precondition(index >= 0 && index <= self.count, "no octet there")
        self.reserve(octets)
        for i in stride(from: self.count - 1, through: index, by: -1) {
            unsafe self.memory[i + octets] = self.memory[i]
        }
        self.count += octets
    }
}

/// Writes the octets of one record.
@safe private struct AsterixEmitter: ~Copyable {
    // The fields of a record that is borrowed as long as this lives: read up to `count`, never written.
    private let ids: UnsafePointer<UInt16>
    private let values: UnsafePointer<Int64>
    private let count: Int
    private let record: Int
    private var at = 0

    /// No record is longer than a block, nor is its field specification.
    private static let specificationMax = 65_532

    /// - Parameters:
    ///   - ids, values: have `count` fields.
    ///   - record: where the record begins that the places lie in.
    @unsafe init(_ ids: UnsafePointer<UInt16>, _ values: UnsafePointer<Int64>, _ count: Int, record: Int) {
        unsafe self.ids = ids
        unsafe self.values = values
        self.count = count
        self.record = record
    }

    /// The id of the next field; one that no field has at the end.
    private var next: UInt16 {
        @inline(__always) get { self.at < self.count ? unsafe self.ids[self.at] : .max }
    }

    mutating func record(
        _ plan: borrowing AsterixEncodePlan, _ bytes: Span<UInt8>, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let profile = plan.profiles[plan.selector == nil ? 0 : self.profile(plan)]
        // How long the specification is follows from the last field, whose slot is the last; but one within a random
        // sequence has a slot of its own.
        let hasSequence = self.hasSequence(plan)
        var length = 0
        if self.next == UInt16(AsterixLayout.FieldID.record) {
            length = unsafe Int(self.values[0] & 0xFFFF_FFFF)
            self.at = 1
        }
        guard self.at < self.count else { throw .noRecord }
        guard length <= Self.specificationMax else { throw .tooLong(plan.layout.fields[0].path) }
        let noted = length
        let last =
            hasSequence ? profile.count - 1 : try self.slot(of: self.count - 1, plan, profile.slots, 0, profile.count)
        length = max(length, last / 7 + 1)
        let specification = out.count
        self.specification(length, &out)
        var before = -1
        while self.at < self.count {
            let slot = try self.slot(of: self.at, plan, profile.slots, 0, profile.count)
            guard slot > before, slot <= last else { throw self.misplaced(plan) }
            before = slot
            out.set(0x80 >> UInt8(truncatingIfNeeded: slot % 7), at: specification &+ slot / 7)
            let node = unsafe Int(plan.children[profile.children &+ slot])
            try self.node(node, plan, profile, bytes, &out)
        }
        let needed = max(noted, before / 7 + 1)
        if needed < length {
            out.remove(length - needed, at: specification + needed)
            out[specification + needed - 1] &= 0xFE
        }
    }

    private func hasSequence(_ plan: borrowing AsterixEncodePlan) -> Bool {
        guard plan.hasSequences else { return false }
        for i in 0..<self.count where unsafe Int(self.ids[i]) == AsterixLayout.FieldID.sequence { return true }
        return false
    }

    /// The profile that the value of the selecting field names.
    private func profile(_ plan: borrowing AsterixEncodePlan) -> Int {
        guard let selector = plan.layout.selector else { return 0 }
        for i in 0..<self.count where unsafe Int(self.ids[i]) == plan.selector {
            let value = unsafe self.values[i]
            return value >= 0 && value < selector.profiles.count ? selector.profiles[Int(value)] : 0
        }
        return 0
    }

    /// Octets of a field specification that name nothing yet: all but the last with FX.
    @inline(__always) private func specification(_ length: Int, _ out: inout AsterixOctets) {
        if length <= 8 {
            out.append(word: 0x0101_0101_0101_0101 << UInt64(truncatingIfNeeded: 8 &* (9 &- length)), octets: length)
        } else {
            for i in 0..<length { out.append(i + 1 < length ? 1 : 0) }
        }
    }

    @inline(__always) private func slot(
        of index: Int, _ plan: borrowing AsterixEncodePlan, _ slots: Int, _ firstID: Int, _ count: Int
    ) throws(AsterixEncodingError) -> Int {
        let id = unsafe Int(self.ids[index])
        guard id < plan.idCount else { throw .unknownField("\(id)") }
        let slot = unsafe Int(plan.slots[slots &+ id &- firstID])
        guard slot < count else { throw .notInProfile(plan.layout.fields[id].path) }
        return slot
    }

    private mutating func node(
        _ index: Int, _ plan: borrowing AsterixEncodePlan, _ profile: AsterixEncodePlan.Profile, _ bytes: Span<UInt8>,
        _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let node = unsafe plan.nodes[index]
        switch node.kind {
        case AsterixLayout.Kind.fixed:
            try self.part(Int(node.first), plan, bytes, &out)
        case AsterixLayout.Kind.extended:
            var part = Int(node.first)
            let end = part &+ Int(node.count)
            try self.part(part, plan, bytes, &out)
            while part &+ 1 < end, unsafe self.next == plan.parts[part &+ 1].id {
                out.set(1, at: out.count &- 1)
                part &+= 1
                try self.part(part, plan, bytes, &out)
            }
            if self.next == node.firstID {
                guard part &+ 1 == end, unsafe plan.parts[part].hasFX else { throw self.misplaced(plan) }
                out.set(1, at: out.count &- 1)
                try self.place(plan, bytes, &out)
            }
        case AsterixLayout.Kind.repetitive:
            let count = try self.count(node.firstID, plan)
            guard count < 1 << (8 * Int(node.octets)) else {
                throw .tooLong(plan.layout.fields[Int(node.firstID)].path)
            }
            out.append(UInt64(count), octets: Int(node.octets))
            let element = Int(node.first)
            if unsafe plan.nodes[element].kind == AsterixLayout.Kind.fixed {
                let part = unsafe Int(plan.nodes[element].first)
                for _ in 0..<count { try self.part(part, plan, bytes, &out) }
            } else {
                for _ in 0..<count {
                    guard self.next == node.firstID + 1 else { throw self.missing(node.firstID + 1, plan) }
                    self.at &+= 1
                    try self.node(element, plan, profile, bytes, &out)
                }
            }
        case AsterixLayout.Kind.repetitiveFX:
            let count = try self.count(node.firstID, plan)
            guard count > 0 else { throw self.missing(node.firstID, plan) }
            for i in 0..<count {
                try self.part(Int(node.first), plan, bytes, &out)
                if i + 1 < count { out.set(1, at: out.count &- 1) }
            }
        case AsterixLayout.Kind.compound:
            try self.compound(node, plan, profile, bytes, &out)
        case AsterixLayout.Kind.explicit:
            let start = out.count
            out.append(0)
            if self.next == node.firstID {
                try self.place(plan, bytes, &out)
            } else {
                guard node.first >= 0 else { throw self.missing(node.firstID, plan) }
                try self.node(Int(node.first), plan, profile, bytes, &out)
            }
            guard out.count - start <= 255 else { throw .tooLong(plan.layout.fields[Int(node.firstID)].path) }
            out[start] = UInt8(truncatingIfNeeded: out.count - start)
        default:
            try self.randomSequence(plan, bytes, &out)
        }
    }

    private mutating func compound(
        _ node: AsterixEncodePlan.Node, _ plan: borrowing AsterixEncodePlan, _ profile: AsterixEncodePlan.Profile,
        _ bytes: Span<UInt8>, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        var length = Int(node.octets)
        let perOctet = length == 0 ? 7 : 8
        if self.next == node.firstID {
            let noted = unsafe Int(self.values[self.at] & 0xFFFF_FFFF)
            guard length == 0 || noted == length else { throw .tooLong(plan.layout.fields[Int(node.firstID)].path) }
            length = noted
            self.at &+= 1
        }
        var end = self.at
        while end < self.count, unsafe self.ids[end] >= node.firstID && self.ids[end] < node.lastID { end &+= 1 }
        let slots = Int(node.slots)
        let firstID = Int(node.firstID)
        if end > self.at, node.octets == 0 {
            length = max(length, try self.slot(of: end &- 1, plan, slots, firstID, Int(node.count)) / 7 &+ 1)
        }
        guard length > 0 else { throw self.missing(node.firstID, plan) }
        guard length <= Self.specificationMax else { throw .tooLong(plan.layout.fields[firstID].path) }
        let specification = out.count
        if node.octets == 0 { self.specification(length, &out) } else { out.append(zeros: length) }
        var before = -1
        while self.at < end {
            let slot = try self.slot(of: self.at, plan, slots, firstID, Int(node.count))
            let octet = slot / perOctet
            guard slot > before, octet < length else { throw self.misplaced(plan) }
            before = slot
            out.set(0x80 >> UInt8(truncatingIfNeeded: slot &- octet &* perOctet), at: specification &+ octet)
            let child = unsafe Int(plan.children[Int(node.first) &+ slot])
            try self.node(child, plan, profile, bytes, &out)
        }
    }

    private mutating func randomSequence(
        _ plan: borrowing AsterixEncodePlan, _ bytes: Span<UInt8>, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let count = try self.count(UInt16(AsterixLayout.FieldID.sequence), plan)
        guard count < 256 else { throw .tooLong(plan.layout.fields[AsterixLayout.FieldID.sequence].path) }
        out.append(UInt8(count))
        let profile = plan.profiles[0]
        for _ in 0..<count {
            let mark = UInt16(AsterixLayout.FieldID.sequenceSlot)
            guard self.next == mark else { throw self.missing(mark, plan) }
            let slot = try self.count(mark, plan)
            guard slot >= 1, slot <= profile.count else { throw .tooLong(plan.layout.fields[Int(mark)].path) }
            let node = unsafe Int(plan.children[profile.children &+ slot &- 1])
            guard node >= 0, unsafe plan.nodes[node].kind != AsterixLayout.Kind.randomSequence else {
                throw .notInProfile(plan.layout.fields[Int(mark)].path)
            }
            out.append(UInt8(slot))
            try self.node(node, plan, profile, bytes, &out)
        }
    }

    /// Takes the mark that is next, and answers with its number.
    private mutating func count(_ mark: UInt16, _ plan: borrowing AsterixEncodePlan) throws(AsterixEncodingError)
        -> Int
    {
        guard self.next == mark else { throw self.missing(mark, plan) }
        let count = unsafe self.values[self.at]
        guard count >= 0, count <= 0xFFFF else { throw .outOfRange(plan.layout.fields[Int(mark)].path, count) }
        self.at &+= 1
        return Int(count)
    }

    /// Fields side by side.
    @inline(__always) private mutating func part(
        _ index: Int, _ plan: borrowing AsterixEncodePlan, _ bytes: Span<UInt8>, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let part = unsafe plan.parts[index]
        let start = out.count
        for chunk in Int(part.chunks)..<Int(part.chunks &+ part.chunkCount) {
            let chunk = unsafe plan.chunks[chunk]
            if chunk.isPlace {
                let field = unsafe plan.fields[Int(chunk.fields)]
                guard self.next == field.id else { throw self.missing(field.id, plan) }
                let before = out.count
                try self.place(plan, bytes, &out)
                guard out.count - before == Int(chunk.octets) else {
                    throw .unfitValue(plan.layout.fields[Int(field.id)].path)
                }
                continue
            }
            let count = Int(chunk.fieldCount)
            guard self.at &+ count <= self.count else { throw self.missing(part.id, plan) }
            var word: UInt64 = 0
            var wrong: UInt64 = 0
            for i in 0..<count {
                let field = unsafe plan.fields[Int(chunk.fields) &+ i]
                let value = unsafe UInt64(bitPattern: self.values[self.at &+ i])
                let distance = unsafe self.ids[self.at &+ i] &- field.id
                word |= (value & field.mask) &<< field.shift
                wrong |= (value &+ field.half) & ~field.mask | (distance > field.alternatives ? 1 : 0)
            }
            guard wrong == 0 else { throw self.fault(chunk, plan) }
            self.at &+= count
            out.append(word: word, octets: Int(chunk.octets))
        }
        for i in 0..<Int(part.spareCount) {
            let spare = unsafe plan.spares[Int(part.spares) &+ i]
            guard self.next == spare.id else { continue }
            try self.spare(spare, at: start, plan, &out)
        }
    }

    /// Spare bits that are not zero.
    private mutating func spare(
        _ spare: AsterixEncodePlan.Spare, at start: Int, _ plan: borrowing AsterixEncodePlan, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let value = unsafe UInt64(bitPattern: self.values[self.at])
        guard spare.bits == 64 || value >> UInt64(spare.bits) == 0 else {
            throw .outOfRange(plan.layout.fields[Int(spare.id)].path, Int64(bitPattern: value))
        }
        for i in 0..<Int(spare.bits) where value >> UInt64(i) & 1 != 0 {
            let bit = Int(spare.bit) + Int(spare.bits) - 1 - i
            out.set(0x80 >> UInt8(bit % 8), at: start + bit / 8)
        }
        self.at &+= 1
    }

    /// The octets that the next field is the place of.
    private mutating func place(
        _ plan: borrowing AsterixEncodePlan, _ bytes: Span<UInt8>, _ out: inout AsterixOctets
    ) throws(AsterixEncodingError) {
        let value = unsafe self.values[self.at]
        let start = self.record &+ Int(value >> 32)
        let end = start &+ Int(value & 0xFFFF_FFFF)
        guard start >= 0, start <= end, end <= bytes.count else {
            throw unsafe .unfitValue(plan.layout.fields[Int(self.ids[self.at])].path)
        }
        out.append(bytes.extracting(start..<end))
        self.at &+= 1
    }

    // MARK: Errors

    private func misplaced(_ plan: borrowing AsterixEncodePlan) -> AsterixEncodingError {
        let id = Int(self.next)
        return id < plan.idCount ? .misplaced(plan.layout.fields[id].path) : .noRecord
    }

    private func missing(_ id: UInt16, _ plan: borrowing AsterixEncodePlan) -> AsterixEncodingError {
        .missing(plan.layout.fields[Int(id)].path)
    }

    /// Which field of a chunk is missing or too large.
    @inline(never)
    private func fault(_ chunk: AsterixEncodePlan.Chunk, _ plan: borrowing AsterixEncodePlan) -> AsterixEncodingError {
        for i in 0..<Int(chunk.fieldCount) {
            let field = unsafe plan.fields[Int(chunk.fields) &+ i]
            let path = plan.layout.fields[Int(field.id)].path
            let distance = unsafe self.ids[self.at &+ i] &- field.id
            guard distance <= field.alternatives else { return .missing(path) }
            let value = unsafe self.values[self.at &+ i]
            guard (UInt64(bitPattern: value) &+ field.half) & ~field.mask == 0 else { return .outOfRange(path, value) }
        }
        return self.misplaced(plan)
    }
}
