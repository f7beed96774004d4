import Testing

@testable import SensorFormats

/// The lint of the tables. That all octets are whole, that a profile names only items that are there, and that the bits of
/// a field reach the range which the standard declares, the compiler demands of every table (`compiles` in
/// AsterixTableTests); here stands that it does so, and what a table cannot say of itself.
@Suite("The facts of ASTERIX") struct AsterixFactsTests {
    private static let base = AsterixTable(
        category: 1, major: 1, minor: 0,
        text: """
            uap 010 030 020
            # 010 First
            010(SAC:8 SIC:8)
            020:8
            030:16u1/2"s"@..32768
            """)

    @Test("an edition takes over what it does not state, and a new item stands where its number belongs")
    func basedOn() {
        let next = AsterixTable(
            category: 1, major: 1, minor: 1, basedOn: Self.base,
            text: """
                uap 010 030 025
                without 020
                # 025 Later
                025(A:4
                    B:4)
                010:16
                """)
        #expect(next.text == "uap 010 030 025\n010:16\n025(A:4\n    B:4)\n030:16u1/2\"s\"@..32768")
        #expect(AsterixTable(category: 1, major: 1, minor: 2, basedOn: next).text == next.text)
    }

    @Test(
        "a scale whose bits cannot reach the range that the standard declares is refused",
        arguments: [
            "010:16s1/2^4\"m/s\"@-8192..8192", "010:24s180/2^25\"°\"@-90..90", "010:32s180/2^32\"°\"@-180..180",
            "010:16u1/100\"m/s²\"@..3355443/20", "010:16u360/2^16\"°\"@360..", "010:8s@0..129", "010:8u@-1..5",
            "010:16s180/2^16\"°\"@90..-90", "010:8u@1.5",
        ])
    func unreachable(item: String) {
        #expect(throws: AsterixTableError.self) {
            try AsterixTableCompiler.compile(
                text: "uap 010\n" + item, edition: AsterixEdition(category: 1, major: 0, minor: 0), hot: [])
        }
    }

    @Test(
        "a range that the bits reach to one step is accepted",
        arguments: [
            "010:16s1/2^2\"m/s\"@-8192..8192", "010:24s180/2^23\"°\"@-90..90", "010:8u@0..59", "010:8u@1..",
            "010:8s@..127", "010:32u1/10^6\"m²\"@1/10^6..10^3",
        ])
    func reachable(item: String) throws {
        _ = try AsterixTableCompiler.compile(
            text: "uap 010\n" + item, edition: AsterixEdition(category: 1, major: 0, minor: 0), hot: [])
    }

    @Test("every item of a table has a slot in a profile")
    func noIdleItem() {
        for table in AsterixTable.all {
            let slots = Set((AsterixLayouts.all[table.edition]?.slotNames ?? []).joined())
            for line in table.text.split(separator: "\n") where !line.hasPrefix(" ") && line.first?.isLowercase != true
            {
                let name = String(line.prefix { $0.isLetter || $0.isNumber })
                #expect(slots.contains(name), "\(table.edition): \(name)")
            }
        }
    }

    /// What recorded data refuted in the machine-readable set, by edition: see CORRECTIONS in the generator.
    @Test("scales and signs that recordings refuted are corrected in every edition")
    func corrected() {
        func all(_ category: UInt8, _ contain: String) -> Bool {
            let tables = AsterixTable.all.filter { $0.edition.category == category }
            return !tables.isEmpty && tables.allSatisfy { $0.text.contains(contain) }
        }
        #expect(all(48, "FL:14s1/2^2\"FL\""))
        #expect(all(10, "VX:16s1/2^2\"m/s\""))
        #expect(all(10, "AX:8s1/2^2\"m/s²\""))
        #expect(all(17, "LAT:24s180/2^23\"°\""))
        #expect(all(25, "LON:32s180/2^31\"°\""))
    }

    @Test(
        "the expansion fields of 021, 048 and 062 are read by their tables, those of others are not")
    func expansions() {
        for (edition, layout) in AsterixLayouts.all {
            guard let slot = layout.slotNames[0].firstIndex(of: "RE") else { continue }
            let node = layout.node(ofSlot: slot)
            #expect(layout.words[node] & 0xFF == AsterixLayout.Kind.explicit)
            let isKnown = [21, 48, 62].contains(edition.category) && edition.major > 0
            #expect((layout.words[node + AsterixLayout.Node.operands] != 0) == isKnown, "\(edition)")
        }
        #expect(AsterixLayouts.all.values.filter { $0.slotNames[0].contains("SP") }.count >= 60)
    }
}

@Suite("The meanings of codes") struct AsterixMeaningsTests {
    private func edition(_ category: UInt8, _ minor: UInt8, major: UInt8 = 1) -> AsterixEdition {
        AsterixEdition(category: category, major: major, minor: minor)
    }

    @Test("a code has the words of the standard, of the edition that it is read by")
    func words() {
        func text(_ edition: AsterixEdition, _ path: String, _ value: UInt64) -> String? {
            AsterixMeanings.text(edition: edition, path: path, value: value)
        }
        #expect(text(self.edition(48, 32), "I048/020/TYP", 5) == "Single ModeS Roll-Call")
        #expect(text(self.edition(48, 27), "I048/070/V", 1) == "Code not validated")
        #expect(text(self.edition(20, 9), "I020/170/CST", 1) == "Extrapolated")
        #expect(text(self.edition(20, 10), "I020/170/CST", 1) == "Coasted")
        #expect(text(self.edition(20, 99), "I020/170/CST", 1) == "Coasted")
        #expect(text(self.edition(21, 23, major: 0), "I021/210/VN", 7) == nil)
        #expect(text(self.edition(48, 32), "I048/RE/RTC/DLK/TYPE", 1 << 40) == nil)
        #expect(text(self.edition(48, 32), "I048/020/TYP", 8) == nil)
        #expect(text(self.edition(48, 32), "I048/040/RHO", 1) == nil)
        #expect(text(self.edition(62, 17, major: 0), "I062/080/MON", 1) == nil)
    }

    @Test("every field that the meanings name is a code of some edition, and every code's meanings are found by its id")
    func everyPlace() throws {
        var named = Set(AsterixMeanings.all.paths)
        let count = named.count
        for layout in AsterixLayouts.all.values {
            let lists = AsterixMeanings.all.lists(of: layout.fields, edition: layout.edition)
            for (field, list) in zip(layout.fields, lists) where list != 0 {
                named.remove(field.path)
                let label = (0..<256).lazy.compactMap { AsterixMeanings.all.label(Int(list), $0) }.first
                #expect(label != nil)
            }
        }
        #expect(named.isEmpty, "\(named)")
        #expect(count > 1000)
    }
}
