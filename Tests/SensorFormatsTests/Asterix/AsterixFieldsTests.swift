import Air
import Foundation
import GenerateAsterix
import Testing

@testable import SensorFormats

/// The fields of one record as text, `path value`, by either way of reading it.
private func lines(_ fields: borrowing AsterixFields, _ bytes: [UInt8]) -> [String] {
    (0..<fields.count).map { index in
        let field = fields.field(index)
        let mark = field.kind.isStructure ? " \(field.kind)" : ""
        return "\(field.path)\(mark) \(fields.text(index, bytes.span))\(field.unit)"
    }
}

/// Reads a record by the instructions of a table.
private func fields(_ category: UInt8, _ bytes: [UInt8], edition: AsterixEdition? = nil) throws -> [String] {
    let layout = try #require(edition.map { AsterixLayouts.all[$0] } ?? AsterixLayouts.newest[Int(category)])
    var fields = AsterixFields()
    let words = layout.words
    let end = layout.tableFields(bytes.span, words.span, from: 0, to: bytes.count, into: &fields)
    #expect(end == bytes.count)
    return lines(fields, bytes)
}

/// What both ways of reading make of the records of a block.
private struct Both: ~Copyable {
    var records = 0
    var faults = 0
    var differences: [String] = []
    private var first = AsterixFields()
    private var second = AsterixFields()

    /// Reads records until one is damaged or the block ends.
    mutating func read(_ layout: AsterixLayout, _ bytes: Span<UInt8>, from start: Int, to end: Int) {
        let storage = layout.words
        let words = storage.span
        var at = start
        while at < end {
            self.first.removeAll()
            self.second.removeAll()
            let generated = layout.generatedFields(bytes, from: at, to: end, into: &self.first)
            let table = layout.tableFields(bytes, words, from: at, to: end, into: &self.second)
            var offsets = AsterixLayout.Offsets(repeating: 0)
            let walked = try? layout.walk(bytes, words, from: at, to: end, offsets: &offsets)
            guard generated == table, table == walked, self.isSame() else {
                self.differences.append("\(layout.edition) at \(at)")
                return
            }
            guard let next = table else {
                self.faults += 1
                return
            }
            self.records += 1
            at = next
        }
    }

    private func isSame() -> Bool {
        guard self.first.recordCount == self.second.recordCount, self.first.count == self.second.count,
            self.first.range == self.second.range
        else { return false }
        for index in 0..<self.first.count
        where self.first.id(index) != self.second.id(index) || self.first.raw(index) != self.second.raw(index) {
            return false
        }
        return true
    }
}

@Suite("All leaf fields of a record") struct AsterixFieldsTests {
    @Test("a record of category 048 gives its fields in the order of the wire, with units")
    func worked() throws {
        let all = try fields(48, Worked.category048)
        #expect(
            all == [
                "I048/010/SAC 20", "I048/010/SIC 129", "I048/140 28800.8515625s", "I048/020/TYP 7", "I048/020/SIM 0",
                "I048/020/RDP 0", "I048/020/SPI 0", "I048/020/RAB 0", "I048/040/RHO 48.65234375NM",
                "I048/040/THETA 261.84814453125°", "I048/070/V 0", "I048/070/G 0", "I048/070/L 0",
                "I048/070/MODE3A 7700", "I048/090/V 0", "I048/090/G 0", "I048/090/FL -1.25FL", "I048/220 4a08eb",
                "I048/240 ROT415", "I048/161/TRN 1923", "I048/230/COM 1", "I048/230/STAT 0", "I048/230/SI 0",
                "I048/230/MSSC 1", "I048/230/ARC 1", "I048/230/AIC 1", "I048/230/B1A 1", "I048/230/B1B 13",
            ])
    }

    @Test("a field is found by its path, as a raw number and in its unit")
    func lookUp() throws {
        let bytes = block(48, Worked.category048)
        var decoder = AsterixFieldDecoder()
        var fields = AsterixFields()
        var problems: [AsterixProblem] = []
        decoder.decode(bytes.span, range: bytes.indices, into: &fields, problems: &problems)
        #expect(problems.isEmpty && fields.recordCount == 1 && fields.edition?.number == "1.32")
        #expect(fields.range == 3..<bytes.count)
        let found = fields.index(of: "I048/040/RHO")
        let range = try #require(found)
        #expect(fields.raw(range) == 0x30A7)
        #expect(fields.field(range).decimal(of: fields.raw(range)).description == "48.65234375")
        #expect(fields.value(of: "I048/040/RHO") == 48.65234375)
        #expect(fields.value(of: "I048/090/FL") == -1.25)
        #expect(fields.value(of: "I048/110/3DH") == nil)
        #expect(fields.index(of: "I048/999") == nil)
    }

    @Test("a datagram's records stand in one buffer, each with its own range")
    func records() {
        let bytes = block(48, Worked.category048, Worked.category048) + block(34, Worked.category034)
        var decoder = AsterixFieldDecoder()
        var fields = AsterixFields()
        var problems: [AsterixProblem] = []
        for _ in 0..<2 {
            decoder.decode(bytes.span, range: bytes.indices, into: &fields, problems: &problems)
            #expect(fields.recordCount == 3)
            fields.select(1)
            #expect(fields.edition?.category == 48 && fields.range.lowerBound == 3 + Worked.category048.count)
            #expect(fields.value(of: "I048/161/TRN") == 1923)
            fields.select(2)
            #expect(fields.edition?.category == 34 && fields.range.upperBound == bytes.count)
            #expect(fields.value(of: "I034/000") == 1)
        }
    }

    // MARK: What canonical octets would not say

    @Test("a field specification that is longer than needed is kept")
    func longSpecification() throws {
        #expect(
            try fields(48, [0x81, 0x01, 0x00, 1, 2])
                == ["I048 specification \"810100\"", "I048/010/SAC 1", "I048/010/SIC 2"].map {
                    $0.replacingOccurrences(of: "\"", with: "")
                })
        // An empty octet between others is as it must be.
        #expect(
            try fields(48, [0x81, 0x01, 0x01, 0x10, 1, 2, 0])
                .first == "I048/010/SAC 1")
    }

    @Test("a compound without a part is kept")
    func emptyCompound() throws {
        #expect(try fields(48, [0x01, 0x01, 0x04, 0x00]) == ["I048/120 specification 00"])
    }

    @Test("octets of an extended item that the edition does not know are kept")
    func more() throws {
        // 170: two octets are known.
        let all = try fields(48, [0x01, 0x02, 0x01, 0x01, 0x03, 0x02])
        #expect(all.last == "I048/170 more 0302")
    }

    @Test("spare bits that are not zero are kept behind the fields of their part")
    func spare() throws {
        #expect(try fields(48, [0x08, 0x1F, 0xC0]).last == "I048/070 spare 1")
        #expect(try fields(48, [0x01, 0x10, 0xF1, 0x23]) == ["I048/161/TRN 291", "I048/161 spare 15"])
    }

    @Test("a repetition says how often, also if never, and elements of no fixed length are told apart")
    func repetition() throws {
        // 120 RDS, of which there is none.
        #expect(try fields(48, [0x01, 0x01, 0x04, 0x40, 0x00]) == ["I048/120/RDS count 0"])
        #expect(
            try fields(48, [0x01, 0x01, 0x40, 0x03, 0x05, 0x02])
                == ["I048/030 count 3", "I048/030 1", "I048/030 2", "I048/030 1"])
    }

    @Test("an explicit item that does not fit its table is kept as it is")
    func explicit() throws {
        let slots = try #require(AsterixLayouts.newest[48]?.slotNames[0])
        let re = try #require(slots.firstIndex(of: "RE"))
        var specification = [UInt8](repeating: 1, count: re / 7 + 1)
        specification[re / 7] = 0x80 >> UInt8(re % 7)
        let unfitting = try fields(48, specification + [0x04, 0x80, 0xFF, 0xFF])
        #expect(unfitting == ["I048/RE 80ffff"])
        let empty = try fields(48, specification + [0x01])
        #expect(empty == ["I048/RE "])
        // ERR: a range error of 1/256 NM.
        #expect(try fields(48, specification + [0x05, 0x08, 0x00, 0x00, 0x01]) == ["I048/RE/ERR 0.00390625NM"])
    }

    @Test("random field sequencing keeps its order")
    func sequence() throws {
        let slots = try #require(AsterixLayouts.newest[1]?.slotNames[0])
        let rfs = try #require(slots.firstIndex(of: "rfs"))
        var specification = [UInt8](repeating: 1, count: rfs / 7 + 1)
        specification[rfs / 7] = 0x80 >> UInt8(rfs % 7)
        #expect(
            try fields(1, specification + [0x02, 0x03, 0x01, 0x00, 0x40, 0x00, 0x01, 0x05, 0x06])
                == [
                    "I001 sequence 2", "I001 sequenceSlot 3", "I001/040/RHO 2NM", "I001/040/THETA 90°",
                    "I001 sequenceSlot 1", "I001/010/SAC 5", "I001/010/SIC 6",
                ])
    }

    @Test("which scale a field has, another field may say")
    func choice() throws {
        // 150: knots by IM 0, Mach by IM 1.
        let slots = try #require(AsterixLayouts.newest[21]?.slotNames[0])
        let slot = try #require(slots.firstIndex(of: "150"))
        var specification = [UInt8](repeating: 1, count: slot / 7 + 1)
        specification[slot / 7] = 0x80 >> UInt8(slot % 7)
        #expect(try fields(21, specification + [0x20, 0x00]) == ["I021/150/IM 0", "I021/150/AS 0.5NM/s"])
        #expect(try fields(21, specification + [0x83, 0x20]) == ["I021/150/IM 1", "I021/150/AS 0.8Mach"])
    }

    // MARK: Generated code

    @Test("the generated code is what the tables give")
    func generated() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/SensorFormats/Asterix/Generated")
        for file in AsterixGenerator.files() {
            let text = try String(contentsOf: folder.appending(path: file.name), encoding: .utf8)
            #expect(text == file.text, "swift run GenerateAsterix has not been run: \(file.name)")
        }
    }

    @Test(
        "generated code reads what the table's instructions read, cut short anywhere", arguments: [48, 34] as [UInt8])
    func everyTruncation(category: UInt8) throws {
        let layout = try #require(AsterixLayouts.newest[Int(category)])
        let record = category == 48 ? Worked.category048 : Worked.category034
        var both = Both()
        for count in 1...record.count { both.read(layout, record.span, from: 0, to: count) }
        #expect(both.differences.isEmpty && both.records == 1 && both.faults == record.count - 1)
    }

    @Test("generated code reads noise as the table's instructions do", arguments: 0..<20 as Range<UInt64>)
    func noise(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var both = Both()
        for layout in AsterixLayouts.all.values.sorted(by: { $0.edition < $1.edition }) where layout.generated != 0 {
            for _ in 0..<300 {
                var bytes = (0...random.below(4)).map { _ in UInt8(random.below(256)) | 1 }
                bytes[bytes.count - 1] &= 0xFE
                let length = random.below(150)
                let isSparse = random.below(2) == 0
                for _ in 0..<length { bytes.append(UInt8(random.below(256) & (isSparse ? random.below(256) : 255))) }
                both.read(layout, bytes.span, from: 0, to: bytes.count)
            }
        }
        #expect(both.differences.isEmpty, "\(both.differences.prefix(3))")
        #expect(both.records > 500 && both.faults > 500)
    }

    @Test(
        "generated code reads the recordings, whole and damaged, as the table's instructions do",
        .enabled(if: Recordings.areThere), arguments: Counted.all)
    func recordings(recording: Counted) throws {
        let bytes = try Recordings.bytes("asterix/" + recording.name)
        var datagrams = try #require(DatagramReader(format: recording.format))
        var both = Both()
        var random = SeededRandom(state: UInt64(bytes.count))
        let original = bytes.span
        while let datagram = datagrams.next(in: original) {
            var at = datagram.range.lowerBound
            while at + 3 < datagram.range.upperBound {
                let end = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
                guard end > at + 3, end <= datagram.range.upperBound else { break }
                for layout in [AsterixLayouts.newest[Int(bytes[at])], AsterixLayouts.older[Int(bytes[at])]] {
                    guard let layout, layout.generated != 0 else { continue }
                    both.read(layout, original, from: at + 3, to: end)
                    guard random.below(8) == 0 else { continue }
                    var damaged = Array(bytes[at..<end])
                    for _ in 0...random.below(3) { damaged[random.below(damaged.count)] = UInt8(random.below(256)) }
                    both.read(layout, damaged.span, from: 3, to: damaged.count - random.below(3))
                }
                at = end
            }
        }
        #expect(both.differences.isEmpty, "\(both.differences.prefix(3))")
        // Sources of an older edition without code of its own are read by neither.
        let expected = recording.records.filter {
            AsterixLayouts.newest[Int($0.key)]?.generated != 0 && AsterixLayouts.older[Int($0.key)]?.generated != 0
        }
        #expect(both.records >= expected.values.reduce(0, +))
    }

    /// All that a decoder of fields makes of datagrams, as one text for each.
    private func read(
        _ bytes: [UInt8], _ datagrams: [Range<Int>], _ editions: AsterixEditions
    ) -> (texts: [String], problems: [AsterixProblem], tally: AsterixTally) {
        var decoder = AsterixFieldDecoder(editions: editions)
        var fields = AsterixFields()
        var problems: [AsterixProblem] = []
        var texts: [String] = []
        for range in datagrams {
            decoder.decode(bytes.span, range: range, into: &fields, problems: &problems)
            var text = ""
            for index in 0..<fields.recordCount {
                fields.select(index)
                text += "\(fields.edition?.description ?? "-") \(fields.range)"
                fields.withSpans { ids, values in
                    for field in ids.indices { text += " \(ids[field])=\(values[field])" }
                }
            }
            texts.append(text)
        }
        return (texts, problems, decoder.tally)
    }

    @Test(
        "whole blocks by code alone give what the layouts give, with good blocks and damaged in any order",
        arguments: 0..<20 as Range<UInt64>)
    func blocks(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var bytes: [UInt8] = []
        var datagrams: [Range<Int>] = []
        for _ in 0..<60 {
            let start = bytes.count
            for _ in 0...random.below(3) {
                var one =
                    switch random.below(4) {
                    case 0: block(48, Worked.category048, Worked.category048, Worked.category048)
                    case 1: block(34, Worked.category034)
                    case 2: block(62, record(62, Worked.category062))
                    default: block(200, [1, 2, 3])
                    }
                if random.below(3) == 0 { one[random.below(one.count)] = UInt8(random.below(256)) }
                bytes += one
            }
            if random.below(5) == 0 { bytes.removeLast(random.below(4)) }
            datagrams.append(start..<bytes.count)
        }
        // With one sender named, of which there is no block, each block is asked for its sender: that is the longer way.
        var editions = AsterixEditions()
        let edition = AsterixEdition(category: 48, major: 1, minor: 32)
        let isKnown = editions.use(edition, for: SensorID(sac: 250, sic: 250))
        #expect(isKnown)
        let short = self.read(bytes, datagrams, AsterixEditions())
        let long = self.read(bytes, datagrams, editions)
        #expect(short.texts == long.texts)
        #expect(short.problems == long.problems && !short.problems.isEmpty)
        #expect(short.tally == long.tally)
    }
}
