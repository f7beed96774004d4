import Air
import Testing

@testable import SensorFormats

@Suite("Messages explained bit by bit") struct ExplanationTests {
    private func explained(_ bytes: [UInt8]) throws -> Explanation {
        try Explanation(of: hexText(bytes.span, 0..<bytes.count))
    }

    private func fields(_ explanation: Explanation) -> [(bits: String, name: String, value: String, meaning: String)] {
        explanation.lines.compactMap { line in
            if case .field(let bits, let name, let value, let meaning) = line {
                (bits, name, value, meaning)
            } else {
                nil
            }
        }
    }

    @Test("an ASTERIX block is divided into its items, fields and bits")
    func asterix() throws {
        let explanation = try self.explained(block(48, Worked.category048))
        #expect(explanation.kind == "ASTERIX" && !explanation.hasFaults)
        let parts = explanation.lines.compactMap { line -> String? in
            if case .part(let offset, let octets, let name) = line { "\(offset) \(octets) \(name)" } else { nil }
        }
        #expect(parts.first == "0 30 category 48")
        #expect(parts.contains("3 fdd102 FSPEC, which items follow: 10 of them"))
        #expect(parts.contains("6 1481 I048/010 Data Source Identifier"))
        #expect(parts.contains("20 4a08eb I048/220 Aircraft Address"))
        #expect(parts.last == "31 20fd I048/230 Communications/ACAS Capability and Flight Status")
        let fields = self.fields(explanation)
        #expect(fields.contains { $0 == ("00010100", "SAC", "20", "") })
        #expect(fields.contains { $0 == ("....1111 11000000", "MODE3A", "7700", "") })
        #expect(fields.contains { $0.name == "TYP" && $0.bits == "111....." && $0.value == "7" && !$0.meaning.isEmpty })
        #expect(fields.contains { $0.name == "FX" && $0.value == "0" })
        #expect(fields.contains { $0.name.isEmpty && $0.value == "28800.8515625 s" && $0.meaning == "08:00:00.851" })
    }

    @Test("an empty block is said to be empty, a lone octet is one octet")
    func empty() throws {
        let explanation = try self.explained([0x30, 0, 3])
        #expect(!explanation.hasFaults && explanation.text(isColoured: false).contains("The block is empty"))
        let rest = try self.explained(block(48, Worked.category048) + [0x30])
        #expect(rest.hasFaults && rest.text(isColoured: false).contains("1 octet left;"))
    }

    @Test(
        "each bit of a record is in one row and no more",
        arguments: AsterixTable.all.map(\.edition).filter { $0.major > 0 })
    func everyBit(edition: AsterixEdition) throws {
        guard let layout = AsterixLayouts.all[edition], layout.slotNames[0].contains("010") else { return }
        // Items of random octets, until twenty records of the edition came of them.
        var random = Draw(state: UInt64(edition.category) << 16 | UInt64(edition.minor))
        var seen = 0
        for _ in 0..<4000 where seen < 20 {
            let bytes = (0..<120).map { $0 == 0 ? 0x80 : UInt8.random(in: 0...255, using: &random) }
            let storage = layout.words
            guard let end = try? layout.end(of: bytes.span, storage.span, from: 0, to: bytes.count) else { continue }
            seen += 1
            var reader = AsterixRowReader(layout)
            #expect(reader.read(bytes.span, from: 0, to: bytes.count) == end)
            var bit = 0
            for row in reader.rows.sorted(by: { ($0.bit, $0.bits) < ($1.bit, $1.bits) }) where row.bits > 0 {
                #expect(row.bit == bit, "\(row)")
                bit = row.bit + row.bits
            }
            #expect(bit == 8 * end)
        }
    }

    @Test("a damaged block is explained up to the damage, whatever its end", arguments: 0..<33)
    func truncated(count: Int) throws {
        let bytes = Array(block(48, Worked.category048).prefix(count))
        guard count > 0 else {
            #expect(throws: ExplanationError.self) { try self.explained(bytes) }
            return
        }
        // Seven octets are a Mode S frame unless the length in them says otherwise.
        let explanation = try self.explained(bytes)
        #expect(explanation.hasFaults || count == 7 && explanation.kind == "Mode S")
    }

    @Test("an edition that the block fits is named where the one it is read by does not")
    func otherEdition() throws {
        var editions = AsterixEditions()
        editions.use(AsterixEdition(category: 21, major: 2, minor: 1))
        let old = block(21, record021Old())
        let explanation = try Explanation(of: hexText(old.span, 0..<old.count), editions: editions)
        #expect(explanation.hasFaults)
        #expect(explanation.text(isColoured: false).contains("--edition 21=0."))
    }

    @Test("a squitter is explained: its head, its message, its parity")
    func squitter() throws {
        let explanation = try Explanation(of: "*8D4840D6202CC371C32CE0576098;")
        #expect(explanation.kind == "Mode S" && !explanation.hasFaults)
        let text = explanation.text(isColoured: false)
        #expect(text.contains("extended squitter (ADS-B)") && text.contains("identification: KLM1023"))
        let fields = self.fields(explanation)
        #expect(fields.contains { $0.name == "DF" && $0.bits == "10001..." && $0.value == "17" })
        #expect(fields.contains { $0.name == "AA" && $0.value == "4840d6" })
        #expect(fields.contains { $0.name == "PI" && $0.meaning == "right" })
        // Position, velocity.
        #expect(try Explanation(of: "8D40621D58C382D690C8AC2863A7").text(isColoured: false).contains("38000 ft"))
        let velocity = try Explanation(of: "8D485020994409940838175B284F").text(isColoured: false)
        #expect(velocity.contains("159.2 kt, track 182.9") && velocity.contains("-832 ft/min"))
    }

    @Test("every downlink format has a row for each of its bits", arguments: UInt64(0)...24)
    func formats(format: UInt64) throws {
        for isLong in [false, true] {
            for pattern in [UInt64(0), .max, 0x0123_4567_89AB_CDEF] {
                let frame = ModeSFrame(
                    high: format << 59 | pattern & 0x07FF_FFFF_FFFF_FFFF, low: pattern, isLong: isLong)
                let explanation = try Explanation(of: "\(frame)")
                guard (try? ModeSMessage(frame)) != nil else {
                    #expect(explanation.hasFaults)
                    continue
                }
                #expect(explanation.kind == "Mode S")
                #expect(!explanation.text(isColoured: true).isEmpty)
            }
        }
    }

    @Test("an AIS message is explained from its sentences; one of several alone is refused")
    func ais() throws {
        let one = try Explanation(of: "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C")
        #expect(one.kind == "AIS")
        let fields = self.fields(one)
        #expect(fields.contains { $0.name == "mmsi" && $0.value == "477553000" })
        #expect(fields.contains { $0.name == "type" && $0.bits == "000001.." })
        let two =
            "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n"
            + "!AIVDM,2,2,1,A,88888888880,2*25"
        #expect(try Explanation(of: two).text(isColoured: false).contains("static and voyage data"))
        #expect(throws: ExplanationError.self) { try Explanation(of: String(two.prefix(70))) }
        #expect(throws: ExplanationError.self) {
            try Explanation(of: "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D")
        }
    }

    @Test("what is no message is refused with the place of the first character that does not belong")
    func refused() {
        func refusal(_ text: String) -> String? {
            do throws(ExplanationError) {
                _ = try Explanation(of: text)
                return nil
            } catch { return error.description }
        }
        #expect(refusal("") == "character 1: there is nothing to explain")
        #expect(refusal("30 00 0g")?.hasPrefix("character 8: ") == true)
        #expect(refusal("30 00 0")?.hasPrefix("character 7: ") == true)
        #expect(refusal("*8D48AB;")?.contains("14 or 28 digits") == true)
        #expect(refusal("*8D48;")?.contains("Mode A/C reply") == true)
        #expect(refusal("*8D4840D6202CC371C32CE0576098")?.contains("no `;`") == true)
        #expect(refusal("0x30, 0x00, 0x03") == nil)
    }

    @Test("colours are in the text only when they are asked for, and nothing but ASCII and degrees is in it otherwise")
    func colours() throws {
        let explanation = try self.explained(block(48, Worked.category048))
        #expect(explanation.text(isColoured: true).contains("\u{1B}["))
        let plain = explanation.text(isColoured: false)
        #expect(plain.unicodeScalars.allSatisfy { $0.isASCII || $0 == "°" })
        #expect(plain.split(separator: "\n").allSatisfy { $0.count <= 160 && $0.last != " " })
    }
}

/// A record of category 021 edition 0.23 that no 2.x edition takes: 010, 040, 030 and 130, cut as only the old one cuts.
private func record021Old() -> [UInt8] {
    let slots = AsterixLayouts.older[21]?.slotNames[0] ?? []
    var specification = [UInt8](repeating: 0, count: 2)
    var content: [UInt8] = []
    let items: [String: [UInt8]] = [
        "010": [0, 107], "040": [0, 0], "030": [0x4D, 0x2E, 0x10], "130": [UInt8](repeating: 0x11, count: 6),
        "080": [0x34, 0x12, 0x56], "140": [0x10, 0x00], "090": [0, 0], "210": [0x10],
    ]
    for (slot, name) in slots.enumerated() where slot < 14 {
        guard let octets = items[name] else { continue }
        specification[slot / 7] |= 0x80 >> UInt8(slot % 7)
        content += octets
    }
    if specification[1] != 0 { specification[0] |= 1 } else { specification.removeLast() }
    return specification + content
}
