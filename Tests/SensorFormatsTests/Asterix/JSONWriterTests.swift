import Testing

@testable import SensorFormats

@Suite("The JSON text writer") struct JSONWriterTests {
    @Test(
        "a decimal is written exactly, without trailing zeros",
        arguments: [
            (0, 0, "0"), (0, 4, "0"), (753_125, 4, "75.3125"), (120, 1, "12"), (-5, 1, "-0.5"), (7, 3, "0.007"),
            (-1200, 2, "-12"), (Int64.max, 18, "9.223372036854775807"), (Int64.min, 0, "-9223372036854775808"),
            (10, 0, "10"), (99, 1, "9.9"), (100_000, 0, "100000"),
        ] as [(Int64, Int, String)])
    func decimals(mantissa: Int64, decimals: Int, expected: String) {
        var writer = JSONWriter()
        writer.number(mantissa: mantissa, decimals: decimals)
        #expect(writer.text == expected)
    }

    @Test("objects, arrays, commas and lines come out as RFC 8259 has them")
    func structure() {
        var writer = JSONWriter(capacity: 1)
        writer.beginObject()
        writer.key("a")
        writer.integer(1)
        writer.key(String("b\"c"))
        writer.beginArray()
        writer.bool(true)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.number(2.25, decimals: 1)
        writer.number(.nan, decimals: 1)
        writer.endArray()
        writer.key("h")
        writer.hex(0xABC, digits: 6)
        writer.key("o")
        writer.octal(0o7700, digits: 4)
        let mark = writer.mark
        writer.key("gone")
        writer.integer(1)
        writer.rewind(to: mark)
        writer.endObject()
        writer.endLine()
        #expect(
            writer.text == #"{"a":1,"b\"c":[true,null,{},2.3,null],"h":"000abc","o":"7700"}"# + "\n")
    }

    @Test("control and foreign bytes are escaped")
    func escapes() {
        var writer = JSONWriter()
        writer.string(latin1: ([0x41, 0x22, 0x5C, 0x0A, 0xE9] as [UInt8]).span)
        #expect(writer.text == #""A\"\\\u000a\u00e9""#)
    }

    /// What a cursor writes.
    private func text(_ body: (inout JSONCursor) -> Void) -> String {
        var writer = JSONWriter(capacity: 64)
        var cursor = writer.cursor(room: 64)
        body(&cursor)
        writer.resume(cursor, needsComma: false)
        return writer.text
    }

    @Test("numbers of every length are written unchecked as checked", arguments: 0..<64 as Range<UInt64>)
    func numbers(bits: UInt64) {
        var random = SeededRandom(state: bits)
        for _ in 0..<200 {
            let number = random.next() >> bits
            #expect(self.text { $0.number(number) } == "\(number)")
            let digits = max(1, Int(67 - bits) / 4)
            let hex = String(number, radix: 16)
            #expect(
                self.text { $0.hex(number, digits: min(16, digits)) }
                    == "\"" + String(repeating: "0", count: max(0, min(16, digits) - hex.count)) + hex + "\"")
        }
        for edge in [1 << bits, (1 << bits) - 1] as [UInt64] { #expect(self.text { $0.number(edge) } == "\(edge)") }
    }

    @Test("powers of ten and their neighbours are written exactly")
    func powersOfTen() {
        var power: UInt64 = 1
        for _ in 0..<20 {
            for number in [power - 1, power, power + 1] { #expect(self.text { $0.number(number) } == "\(number)") }
            power = power.multipliedReportingOverflow(by: 10).overflow ? power : power * 10
        }
    }

    @Test("a fraction of 10⁻¹⁶ is written without zeros at the end")
    func fractions() {
        #expect(self.text { $0.fraction(0) } == "")
        #expect(self.text { $0.fraction(5_000_000_000_000_000) } == ".5")
        #expect(self.text { $0.fraction(1) } == ".0000000000000001")
        #expect(self.text { $0.fraction(30) } == ".000000000000003")
        #expect(self.text { $0.fraction(1_234_567_800_000_000) } == ".12345678")
        #expect(self.text { $0.fraction(1_234_567_890_000_000) } == ".123456789")
        #expect(self.text { $0.fraction(9_999_999_999_999_999) } == ".9999999999999999")
    }

    @Test("octal digits and six-bit characters are written unchecked as checked")
    func codes() {
        #expect(self.text { $0.octal(0o7010, digits: 4) } == "\"7010\"")
        #expect(self.text { $0.octal(0o52, digits: 2) } == "\"52\"")
        for (raw, text, isDone) in [
            (UInt64(0x48F5_34C7_5820), "\"ROT415\"", true), (0x8208_2082_0820, "\"\"", true), (0, "", false),
        ] {
            var done = !isDone
            #expect(self.text { done = $0.eightCharacters(raw) } == text)
            #expect(done == isDone)
        }
    }
}
