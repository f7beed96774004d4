import Testing

@testable import SensorFormats

@Suite("The tables of ASTERIX") struct AsterixTableTests {
    @Test("every table compiles", arguments: AsterixTable.all.map(\.edition))
    func compiles(edition: AsterixEdition) throws {
        let table = try #require(AsterixTable.all.first { $0.edition == edition })
        let layout = try AsterixTableCompiler.compile(table, hot: [])
        #expect(!layout.words.isEmpty)
    }

    @Test("the 27 categories of the machine-readable set and 129 are there, and every edition is there once")
    func categories() {
        #expect(Set(AsterixTable.all.map(\.edition.category)).count == 28)
        #expect(Set(AsterixTable.all.map(\.edition)).count == AsterixTable.all.count)
        #expect(AsterixTable.all.count >= 70)
    }

    @Test("what the plot view asks for is in the tables it is asked of")
    func hotItems() throws {
        for category: UInt8 in [21, 34, 48, 62, 63, 65] {
            for table in AsterixTable.all where table.edition.category == category {
                guard let layout = AsterixLayouts.all[table.edition] else { continue }
                let names = AsterixHotItems.names(of: table.edition)
                #expect(names.count <= AsterixLayout.hotMax)
                // Slots stay where they are from edition to edition; items of later ones may be missing from earlier.
                let first = layout.slotNames[0]
                #expect(first.contains("010") && names.contains("010"))
                if table.edition == AsterixLayouts.newest[Int(category)]?.edition {
                    #expect(names.allSatisfy { first.contains($0) })
                }
                if category == 62, table.edition.major > 0 {
                    #expect(first[Category062.aircraftDataSlot] == "380")
                    #expect(first[Category062.flightPlanSlot] == "390")
                    #expect(first[Category062.accuracySlot] == "500")
                }
            }
        }
        let old = try #require(AsterixLayouts.older[62])
        #expect(old.slotNames[0][Category062Old.modeSSlot] == "380")
        #expect(old.slotNames[0][Category062Old.flightPlanSlot] == "390")
    }

    @Test(
        "a text that is not in the notation is refused with its place",
        arguments: [
            "uap 010\n010(SAC:8 SIC:7)", "uap 010\n010", "uap 010\n010:9u1/3\"s\"", "uap 010 020\n010:8", "010:8",
            "uap 010\n010<A:6 |>", "uap 010\n010[fx :8]", "uap 010\n010{A:8", "uap 010\n010:0",
        ])
    func refused(text: String) {
        let table = AsterixTable(category: 1, major: 0, minor: 0, text: "")
        #expect(throws: AsterixTableError.self) {
            try AsterixTableCompiler.compile(text: text, edition: table.edition, hot: [])
        }
    }

    @Test(
        "a scale gives exact decimals, and at most 14 of them",
        arguments: [
            (1, 128, 24, 3_686_509, "28800.8515625"), (1, 256, 16, 12_455, "48.65234375"),
            (360, 65_536, 16, 47_668, "261.84814453125"), (25, 4, 16, -3, "-18.75"), (1, 125, 16, 100, "0.8"),
            (3, 20, 8, 1, "0.15"), (180, 8_388_608, 24, -1, "-0.00002145767212"), (1, 1, 8, 7, "7"),
            (180, 1 << 31, 32, 2_147_483_647, "179.99999991618097"), (16, 1, 12, 3, "48"),
        ] as [(Int64, Int64, Int, Int64, String)])
    func scale(numerator: Int64, denominator: Int64, bits: Int, raw: Int64, expected: String) throws {
        let scale = try #require(DecimalScale(numerator: numerator, denominator: denominator, bits: bits))
        var writer = JSONWriter()
        writer.number(
            mantissa: DecimalScale.mantissa(of: raw, factor: scale.factor, shift: Int(scale.shift)),
            decimals: Int(scale.digits))
        #expect(writer.text == expected)
    }

    @Test("bits are taken from any place and of any width up to 64")
    func bitsAnywhere() {
        let bytes: [UInt8] = [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0, 0x0F]
        for at in 0..<72 {
            for count in 0...min(64, 72 - at) {
                var expected: UInt64 = 0
                for i in at..<at + count { expected = expected << 1 | UInt64(bytes[i / 8] >> UInt8(7 - i % 8) & 1) }
                #expect(bits(bytes.span, at: at, count: count) == expected)
            }
        }
    }
}
