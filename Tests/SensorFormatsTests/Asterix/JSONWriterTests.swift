import SensorFormats
import Testing

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
}
