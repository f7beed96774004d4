import Foundation
import Testing

@testable import SensorFormats

/// Random records of any edition: every item, repetition, extent, compound and expansion field, with whatever values fit.
private struct RecordGenerator: ~Copyable {
    let layout: AsterixLayout
    private let profiles: [[AsterixShape?]]
    private let selector: (item: Int, id: Int, values: [[Int64]])?
    private let isPlace: [Bool]
    private let kinds: [AsterixField.Kind]
    private var state: UInt64
    /// What the places among the fields lie in.
    let pool: [UInt8]
    var fields = AsterixFields()
    /// How often each field was made.
    var made: [Int]

    init(_ layout: AsterixLayout, seed: UInt64) {
        self.layout = layout
        self.profiles = AsterixShapes.items(of: layout)
        self.state = seed
        self.made = [Int](repeating: 0, count: layout.fields.count)
        self.kinds = layout.fields.map(\.kind)
        self.isPlace = layout.fields.map(\.isPlace)
        var pool: [UInt8] = []
        for i in 0..<4096 { pool.append(UInt8(truncatingIfNeeded: (i &* 0x9E37_79B9) >> 12)) }
        self.pool = pool
        self.selector = Self.selector(layout, self.profiles)
    }

    /// The field that chooses the profile, and its values by profile.
    private static func selector(_ layout: AsterixLayout, _ profiles: [[AsterixShape?]])
        -> (item: Int, id: Int, values: [[Int64]])?
    {
        guard let selector = layout.selector else { return nil }
        var bit = 0
        for leaf in profiles[0][selector.slot]?.parts[0].leaves ?? [] {
            if bit == selector.bit {
                let values = layout.profiles.map { profile in
                    (0..<Int64(1) << Int64(leaf.bits)).filter {
                        ($0 < selector.profiles.count ? selector.profiles[Int($0)] : 0)
                            == layout.profiles.firstIndex(of: profile)
                    }
                }
                return (selector.slot, leaf.id, values)
            }
            bit += leaf.bits
        }
        return nil
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    private mutating func below(_ bound: Int) -> Int { Int(self.next() >> 33) % bound }

    private mutating func add(_ id: Int, _ value: Int64) {
        self.fields.append(id, value)
        self.made[id] += 1
    }

    /// A new record.
    mutating func record() {
        let profile = self.profiles.count == 1 ? 0 : self.below(self.profiles.count)
        self.fields.removeAll()
        let items = self.profiles[profile]
        // Some records have few items, some nearly all.
        let density = 1 + self.below(7)
        var chosen: [Int] = []
        for slot in items.indices where items[slot] != nil {
            if slot == self.selector?.item ? profile > 0 || self.below(2) == 0 : self.below(8) < density {
                chosen.append(slot)
            }
        }
        if chosen.isEmpty { chosen = [items.firstIndex { $0 != nil } ?? 0] }
        if self.below(16) == 0 {
            // A field specification longer than needed.
            self.add(AsterixLayout.FieldID.record, Int64((chosen.last ?? 0) / 7 + 2 + self.below(2)))
        }
        for slot in chosen { if let item = items[slot] { self.item(item, profile: profile) } }
        self.fields.endRecord(self.layout, 0..<0, first: 0)
    }

    private mutating func item(_ shape: AsterixShape, profile: Int) {
        switch shape.kind {
        case AsterixLayout.Kind.fixed: self.part(shape.parts[0], profile: profile)
        case AsterixLayout.Kind.extended:
            let last = self.below(shape.parts.count)
            for index in 0...last { self.part(shape.parts[index], profile: profile) }
            if last + 1 == shape.parts.count, shape.parts[last].hasFX, self.below(8) == 0 { self.more(shape.firstID) }
        case AsterixLayout.Kind.repetitive:
            let count = self.below(4)
            self.add(shape.firstID, Int64(count))
            guard let element = shape.children[0] else { return }
            for index in 0..<count {
                if element.kind != AsterixLayout.Kind.fixed { self.add(shape.firstID + 1, Int64(index)) }
                self.item(element, profile: profile)
            }
        case AsterixLayout.Kind.repetitiveFX:
            let count = 1 + self.below(3)
            self.add(shape.firstID, Int64(count))
            for _ in 0..<count { self.part(shape.parts[0], profile: profile) }
        case AsterixLayout.Kind.compound: self.compound(shape, profile: profile)
        case AsterixLayout.Kind.explicit:
            if let content = shape.children.first ?? nil, self.below(8) > 0 {
                self.item(content, profile: profile)
            } else {
                // Octets that fit a table would be read by it: where there is one, none.
                self.place(shape.firstID, shape.children.isEmpty ? self.below(200) : 0)
            }
        default:
            let count = self.below(4)
            self.add(AsterixLayout.FieldID.sequence, Int64(count))
            for _ in 0..<count {
                let slot = self.below(self.profiles[0].count)
                // The sequence itself cannot be in the sequence; nor the item that would choose another profile.
                guard let item = self.profiles[0][slot], item.kind != AsterixLayout.Kind.randomSequence else {
                    self.add(AsterixLayout.FieldID.sequenceSlot, 1)
                    if let first = self.profiles[0][0] { self.item(first, profile: profile) }
                    continue
                }
                self.add(AsterixLayout.FieldID.sequenceSlot, Int64(slot + 1))
                self.item(item, profile: profile)
            }
        }
    }

    private mutating func compound(_ shape: AsterixShape, profile: Int) {
        var chosen: [Int] = []
        for slot in shape.children.indices where shape.children[slot] != nil && self.below(3) == 0 {
            chosen.append(slot)
        }
        if chosen.isEmpty {
            self.add(shape.firstID, Int64(max(1, shape.octets)))
            return
        }
        if shape.octets == 0, self.below(16) == 0 {
            self.add(shape.firstID, Int64((chosen.last ?? 0) / 7 + 2))
        }
        for slot in chosen { if let child = shape.children[slot] { self.item(child, profile: profile) } }
    }

    private mutating func part(_ part: AsterixShape.Part, profile: Int) {
        var spares = false
        var chooser: (id: Int, value: Int64)?
        for leaf in part.leaves {
            if leaf.isSpare {
                spares = true
                continue
            }
            if self.isPlace[leaf.id] {
                self.place(leaf.id, leaf.bits / 8)
                continue
            }
            var id = leaf.id
            if let selector = leaf.selector, selector == chooser?.id {
                id = leaf.alternatives.first { $0.value == chooser?.value }?.id ?? leaf.id
            }
            var raw = self.next()
            // The ends of the range are met more often than by chance.
            if raw & 7 == 0 { raw = raw & 8 == 0 ? 0 : .max }
            if id == self.selector?.id, let values = self.selector?.values[profile] {
                self.add(id, values[self.below(values.count)])
                continue
            }
            let isSigned = self.kinds[id] == .signed || self.kinds[id] == .signedQuantity
            let unused = UInt64(64 - leaf.bits)
            let value = isSigned ? Int64(bitPattern: raw) >> Int64(unused) : Int64(bitPattern: raw >> unused)
            if part.hasChoice, chooser == nil { chooser = (id, value) }
            self.add(id, value)
        }
        guard spares, self.below(8) == 0 else { return }
        for leaf in part.leaves where leaf.isSpare && self.below(2) == 0 {
            self.add(leaf.id, Int64(bitPattern: self.next() >> UInt64(64 - leaf.bits) | 1))
        }
    }

    private mutating func place(_ id: Int, _ length: Int) {
        self.add(id, AsterixLayout.place(self.below(self.pool.count - length), length))
    }

    /// Octets that end with the first whose FX bit is not set.
    private mutating func more(_ id: Int) {
        var start = self.below(self.pool.count / 2)
        // The pool ends its chains soon: from `start` to the next even octet.
        while self.pool[start] & 1 == 0, self.below(2) == 0 { start += 1 }
        var end = start
        while self.pool[end] & 1 != 0 { end += 1 }
        self.add(id, AsterixLayout.place(start, end + 1 - start))
    }

    /// Whether a record is this one: the same fields, and the same octets in their places.
    func isSame(_ read: borrowing AsterixFields, _ bytes: Span<UInt8>) -> Bool {
        guard read.count == self.fields.count else { return false }
        for index in 0..<read.count {
            let id = read.id(index)
            guard id == self.fields.id(index) else { return false }
            let (mine, other) = (self.fields.raw(index), read.raw(index))
            if self.kinds[id] == .specification {
                guard mine & 0xFFFF_FFFF == other & 0xFFFF_FFFF else { return false }
            } else if self.isPlace[id] {
                let length = Int(mine & 0xFFFF_FFFF)
                guard length == Int(other & 0xFFFF_FFFF) else { return false }
                for i in 0..<length where self.pool[Int(mine >> 32) + i] != bytes[Int(other >> 32) + i] {
                    return false
                }
            } else if mine != other {
                return false
            }
        }
        return true
    }
}

@Suite("ASTERIX there and back") struct AsterixRoundTripTests {
    /// A million records in all.
    private static let perEdition = 14_400

    @Test(
        "what is encoded is decoded to the same fields, of every item of every edition",
        arguments: AsterixEditions.known)
    func generated(edition: AsterixEdition) throws {
        let layout = try #require(AsterixLayouts.all[edition])
        let seed = UInt64(edition.category) << 16 | UInt64(edition.major) << 8 | UInt64(edition.minor)
        var generator = RecordGenerator(layout, seed: seed)
        var encoder = AsterixEncoder()
        var read = AsterixFields()
        let words = layout.words
        var tooLong = 0
        var failures: [String] = []
        for number in 0..<Self.perEdition {
            generator.record()
            encoder.clear()
            do {
                try encoder.appendBare(generator.fields, generator.pool.span)
            } catch AsterixEncodingError.tooLong {
                // Too many parts at random for the length octet of an explicit item.
                tooLong += 1
                continue
            } catch {
                failures.append("record \(number): \(error)")
                continue
            }
            let isSame = encoder.withBytes { bytes in
                read.removeAll()
                let end = try? layout.fields(bytes, words.span, from: 0, to: bytes.count, into: &read)
                return end == bytes.count && generator.isSame(read, bytes)
            }
            if !isSame { failures.append("record \(number) is read otherwise") }
        }
        #expect(failures.isEmpty, "\(edition): \(failures.count): \(failures.prefix(2))")
        #expect(tooLong < Self.perEdition / 10, "\(tooLong)")
        let never = generator.made.indices.filter {
            generator.made[$0] == 0 && ![.element, .octets].contains(layout.fields[$0].kind)
        }
        #expect(never.allSatisfy { Self.cannotBe(layout, $0) }, "\(never.map { layout.fields[$0].path })")
    }

    /// A mark that the layout has, but no record of it.
    private static func cannotBe(_ layout: AsterixLayout, _ id: Int) -> Bool {
        switch layout.fields[id].kind {
        case .sequence, .sequenceSlot: !layout.slotNames.joined().contains("rfs")
        case .more: true
        // A value of the choosing field that none of the alternatives has.
        default: layout.fieldIDs[layout.fields[id].path].map { $0.count > 1 && $0.lowerBound == id } ?? false
        }
    }

    @Test("a line of the JSON view gives back the octets of its record, but for what the view does not hold")
    func json() throws {
        guard Recordings.areThere else { return }
        var same = 0
        var others: [String: Int] = [:]
        let folder = Recordings.directory + "/asterix"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let bytes = try Recordings.bytes("asterix/" + name)
            var text: [UInt8] = []
            let recording = bytes.span
            _ = try? decodeAsterixToJSONLines(
                recording, name: name,
                sink: { piece in
                    // A part of each recording: the first lines.
                    if text.count < 2_000_000 { for i in piece.indices { text.append(piece[i]) } }
                },
                problem: { _ in })
            var encoder = AsterixEncoder()
            for line in text.split(separator: UInt8(ascii: "\n")).prefix(3000) {
                let line = Array(line)
                guard case .object(let object) = try JSONReader.read(line.span),
                    case .number(let offset, _)? = object["offset"], case .number(let length, _)? = object["length"]
                else { continue }
                encoder.clear()
                do {
                    try encodeAsterixJSONLine(line.span, into: &encoder)
                } catch {
                    others["\(name): \(error)", default: 0] += 1
                    continue
                }
                let record = bytes[Int(offset)..<Int(offset + length)]
                if encoder.withBytes({ made in
                    made.count == record.count + 3
                        && record.indices.allSatisfy { made[$0 - record.startIndex + 3] == bytes[$0] }
                }) {
                    same += 1
                } else {
                    others[try self.unheld(Array(record), object) ?? "\(name) at \(offset)", default: 0] += 1
                }
            }
        }
        print("\(same) lines of JSON encoded to their octets, otherwise: \(others)")
        #expect(same > 20_000)
        #expect(others.keys.allSatisfy { ["spare bits", "field specification", "random sequence"].contains($0) })
    }

    /// What a record has that the view does not hold; nil if nothing.
    private func unheld(_ record: [UInt8], _ line: JSONObject) throws -> String? {
        guard case .number(let category, _)? = line["category"], case .string(let edition)? = line["edition"],
            let layout = AsterixLayouts.all.values.first(where: {
                $0.edition.category == category && $0.edition.number == edition
            })
        else { return nil }
        var fields = AsterixFields()
        let words = layout.words
        _ = try layout.fields(record.span, words.span, from: 0, to: record.count, into: &fields)
        for index in 0..<fields.count {
            switch fields.field(index).kind {
            case .spare: return "spare bits"
            case .specification: return "field specification"
            case .sequence: return "random sequence"
            default: continue
            }
        }
        return nil
    }
}
