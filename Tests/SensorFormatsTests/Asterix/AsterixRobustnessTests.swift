import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("Damaged ASTERIX") struct AsterixRobustnessTests {
    static let whole: [[UInt8]] = [
        block(48, Worked.category048), block(34, Worked.category034), block(62, record(62, Worked.category062)),
        block(21, record(21, Worked.category021)),
    ]

    /// Every byte is accepted, skipped or trailer, and problems lie where the bytes are.
    private func expectAccounted(_ plotted: Plotted, _ bytes: [UInt8], _ comment: Comment? = nil) {
        let tally = plotted.tally
        #expect(tally.acceptedBytes + tally.skippedBytes + tally.trailerBytes == bytes.count, comment)
        #expect(tally.problemCount == plotted.problems.count, comment)
        for problem in plotted.problems {
            #expect(problem.offset >= 0 && problem.offset + problem.length <= bytes.count, comment)
        }
    }

    @Test("a block cut short anywhere gives no record, one problem, and the block behind it", arguments: whole)
    func everyTruncation(bytes: [UInt8]) throws {
        let next = block(34, Worked.category034)
        for count in 3..<bytes.count {
            // Cut by its own length: what follows stands at once behind it.
            var cut = Array(bytes[0..<count])
            cut[2] = UInt8(count)
            guard count > 3 else { continue }
            let plotted = Plotted(cut + next)
            #expect(plotted.problems.count == 1, "at \(count): \(plotted.problems)")
            #expect(plotted.problems.first?.fault == .truncatedRecord)
            #expect(plotted.tally.records[34] == 1 && plotted.tally.recordCount == 1, "at \(count)")
            self.expectAccounted(plotted, cut + next)
            // Cut by the end of the datagram.
            let short = Plotted(Array(bytes[0..<count]))
            #expect(short.tally.recordCount == 0)
            #expect(short.problems.first?.fault == .blockBeyondEnd, "at \(count): \(short.problems)")
            self.expectAccounted(short, Array(bytes[0..<count]))
        }
    }

    @Test("the whole records of a block that is longer than its data are kept")
    func beyondEnd() {
        var bytes = block(34, Worked.category034, Worked.category034)
        bytes[2] += 9
        let plotted = Plotted(bytes)
        #expect(plotted.tally.records[34] == 2)
        #expect(plotted.problems.map(\.fault) == [.blockBeyondEnd])
        self.expectAccounted(plotted, bytes)
    }

    @Test("a field specification that never ends is one problem")
    func endless() {
        let bytes = block(48, [UInt8](repeating: 0xFF, count: 300)) + block(34, Worked.category034)
        let plotted = Plotted(bytes)
        #expect(plotted.problems.map(\.fault) == [.truncatedRecord])
        #expect(plotted.tally.records[34] == 1)
        self.expectAccounted(plotted, bytes)
    }

    @Test("an item that the edition does not have is named by its slot")
    func undefined() {
        let bytes = block(62, [0x40, 1, 2, 3])
        let plotted = Plotted(bytes)
        #expect(plotted.problems.first?.fault == .undefinedItem)
        #expect(plotted.problems.first?.item == "I062, slot 2")
        #expect(
            plotted.problems.first?.description
                == "offset 3: category 062 1.21, I062, slot 2: item is not in this edition; 4 bytes skipped")
        self.expectAccounted(plotted, bytes)
    }

    @Test("an explicit item of length zero is named")
    func explicitZero() {
        let bytes = block(48, record(48, ["010": [1, 2], "SP": [0]]))
        let plotted = Plotted(bytes)
        #expect(plotted.problems.first?.fault == .badExplicitLength)
        #expect(plotted.problems.first?.item == "I048/SP")
    }

    @Test(
        "a length of less than a header ends the datagram, and is a problem unless blocks came before",
        arguments: 0..<3 as Range<UInt8>)
    func shortLength(length: UInt8) {
        let alone = Plotted([48, 0, length, 1, 2, 3])
        #expect(alone.problems.map(\.fault) == [.badBlockLength])
        let bytes = block(34, Worked.category034) + [48, 0, length, 1, 2, 3]
        let behind = Plotted(bytes)
        #expect(behind.problems.isEmpty && behind.tally.trailerBytes == 6 && behind.tally.records[34] == 1)
        self.expectAccounted(behind, bytes)
    }

    @Test("bytes behind the last block that are none are a trailer, not a problem")
    func trailer() {
        let bytes = block(34, Worked.category034) + [0x40, 0x02, 0x20, 0x0A, 0xE5, 0x18, 0x6C, 0x86]
        let plotted = Plotted(bytes)
        #expect(plotted.problems.isEmpty)
        #expect(plotted.tally.trailerBytes == 8)
        #expect(plotted.tally.records[34] == 1)
        self.expectAccounted(plotted, bytes)
    }

    @Test("a block of an unknown category is skipped by its length")
    func unknownCategory() {
        let bytes = [252, 0, 5, 1, 2] + block(34, Worked.category034)
        let plotted = Plotted(bytes)
        #expect(plotted.problems.map(\.fault) == [.unknownCategory])
        #expect(plotted.tally.unknownCategories[252] == 1 && plotted.tally.records[34] == 1)
        self.expectAccounted(plotted, bytes)
    }

    @Test("the six bytes that end other decoders are one problem")
    func sixBytes() {
        let bytes: [UInt8] = [0xF0, 0x00, 0x04, 0x80, 0x01, 0x01]
        let plotted = Plotted(bytes)
        #expect(plotted.tally.recordCount == 0)
        self.expectAccounted(plotted, bytes)
    }

    @Test("in a file, the blocks behind a length that lies are found again", arguments: [-9, -5, 4, 90, 30_000])
    func resynchronises(lie: Int) throws {
        let good = block(48, Worked.category048, Worked.category048)
        var bad = good
        let length = bad.count + lie
        bad[1] = UInt8(length >> 8)
        bad[2] = UInt8(length & 0xFF)
        let bytes = good + good + bad + good + good
        let decoded = try Decoded(bytes)
        // The blocks around the bad one come whole; of itself what stands before the place of the lie.
        #expect(decoded.lines.count >= 8, "\(decoded.problems)")
        #expect(!decoded.problems.isEmpty)
        let tally = try #require(decoded.summary?.tally)
        #expect(tally.acceptedBytes + tally.skippedBytes + tally.trailerBytes == bytes.count)
    }

    @Test("in a file, noise between blocks is skipped and said")
    func noise() throws {
        let good = block(48, Worked.category048)
        let decoded = try Decoded(good + [UInt8](repeating: 0, count: 41) + good + [7, 7])
        #expect(decoded.lines.count == 2)
        #expect(decoded.problems.map(\.fault) == [.noBlock, .noBlock])
        #expect(decoded.problems.map(\.length) == [41, 2])
    }

    @Test(
        "no mutation of the worked records traps, and all bytes stay accounted for", arguments: 0..<40 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for _ in 0..<500 {
            var bytes = Self.whole[random.below(4)] + Self.whole[random.below(4)]
            for _ in 0...random.below(6) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            bytes.removeLast(random.below(bytes.count))
            self.expectAccounted(Plotted(bytes), bytes, "\(bytes)")
            let decoded = try Decoded(bytes)
            let tally = try #require(decoded.summary?.tally)
            #expect(tally.acceptedBytes + tally.skippedBytes + tally.trailerBytes == bytes.count, "\(bytes)")
            #expect(decoded.lines.count == tally.recordCount)
            if let line = decoded.lines.first {
                #expect(throws: Never.self, "\(line)") { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
        }
    }

    @Test(
        "inputs that ended other decoders are decoded as far as they go", .enabled(if: Recordings.areThere),
        arguments: [
            "ASTERIXCodec_len_timeout_1.ast", "ASTERIXCodec_trunc_timeout_1.ast", "ASTERIXCodec_trunc_timeout_2.ast",
            "asterix_decoder_flip_signal11_1.ast", "asterix_decoder_flip_signal11_2.ast",
            "asterix_decoder_fspec_signal11_1.ast", "asterix_decoder_fspec_signal11_2.ast",
            "asterix_decoder_len_signal11_1.ast", "asterix_decoder_len_signal11_2.ast",
            "asterix_decoder_rand_signal11_1.ast", "jASTERIX_len_signal7_1.ast", "jASTERIX_len_signal7_2.ast",
            "jASTERIX_rand_signal7_1.ast", "jASTERIX_trunc_signal7_1.ast", "jASTERIX_trunc_signal7_2.ast",
        ])
    func peersSeeds(name: String) throws {
        let bytes = try Recordings.bytes("fuzz-seeds/" + name)
        let decoded = try Decoded(bytes)
        let tally = try #require(decoded.summary?.tally)
        #expect(tally.acceptedBytes + tally.skippedBytes + tally.trailerBytes == bytes.count)
        #expect(!decoded.problems.isEmpty || decoded.lines.count > 0)
    }
}
