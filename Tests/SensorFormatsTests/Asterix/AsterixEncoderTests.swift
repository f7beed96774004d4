import Foundation
import Testing

@testable import SensorFormats

/// Encodes each record again and compares.
private struct Echo: ~Copyable {
    var encoder = AsterixEncoder()
    var records = 0
    var different: [String] = []

    mutating func take(_ fields: borrowing AsterixFields, _ bytes: Span<UInt8>) {
        self.records += 1
        self.encoder.clear()
        do {
            try self.encoder.appendBare(fields, bytes)
        } catch {
            self.different.append("\(fields.range) \(fields.edition?.description ?? ""): \(error)")
            return
        }
        let range = fields.range
        let isSame = self.encoder.withBytes { made in
            made.count == range.count && made.indices.allSatisfy { made[$0] == bytes[range.lowerBound + $0] }
        }
        if !isSame { self.different.append("\(range) \(fields.edition?.description ?? "")") }
    }
}

/// Decodes a recording and encodes every record of it.
private func echo(_ bytes: [UInt8], name: String) -> Echo {
    var decoder = AsterixFieldDecoder()
    var echo = Echo()
    var problems: [AsterixProblem] = []
    let format = RecordingFormat.detect(bytes.span, name: name) ?? .asterix
    guard var looking = DatagramReader(format: format), var reader = DatagramReader(format: format) else { return echo }
    for _ in 0..<2000 {
        guard let datagram = looking.next(in: bytes.span) else { break }
        decoder.prime(bytes.span, range: datagram.range)
    }
    var fields = AsterixFields()
    while let datagram = reader.next(in: bytes.span) {
        decoder.decode(bytes.span, range: datagram.range, into: &fields, problems: &problems)
        for index in 0..<fields.recordCount {
            fields.select(index)
            echo.take(fields, bytes.span)
        }
        problems.removeAll(keepingCapacity: true)
    }
    return echo
}

@Suite("The encoder of ASTERIX") struct AsterixEncoderTests {
    @Test("every record of every recording is encoded to the octets that it was read from")
    func recordings() throws {
        guard Recordings.areThere else { return }
        var records = 0
        for folder in ["asterix", "asterix-unit"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: Recordings.directory + "/" + folder)
                .sorted()
            {
                let echo = echo(try Recordings.bytes(folder + "/" + name), name: name)
                records += echo.records
                #expect(echo.different.isEmpty, "\(name): \(echo.different.prefix(3))")
            }
        }
        print("\(records) records of recordings encoded")
        #expect(records > 300_000)
    }

    private static let radar = AsterixEdition(category: 48, major: 1, minor: 32)

    /// A record of category 048 with source, position and code.
    private static func plot() throws -> AsterixRecord {
        var record = try AsterixRecord(edition: self.radar)
        try record.set("I048/010/SAC", 20)
        try record.set("I048/010/SIC", 129)
        try record.set("I048/040/RHO", 75.3125)
        try record.set("I048/040/THETA", 12.5)
        try record.set("I048/070/MODE3A", text: "4004")
        return record
    }

    private static func bytes(_ encoder: borrowing AsterixEncoder) -> [UInt8] {
        encoder.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    @Test("a record composed by path has the octets of the standard's layout")
    func composed() throws {
        var encoder = AsterixEncoder()
        try Self.plot().append(to: &encoder)
        #expect(
            Self.bytes(encoder) == [0x30, 0, 12, 0x98, 0x14, 0x81, 0x4B, 0x50, 0x08, 0xE4, 0x08, 0x04])
        var second = try Self.plot()
        try second.set("I048/250[1]/MBDATA", text: "c84e4270a80000")
        try second.set("I048/250[1]/BDS1", 4)
        try second.set("I048/240", text: "ROT415")
        try second.set("I048/130/SAM", -70)
        try second.set("I048/020/FOEFRI", 2)
        encoder.clear()
        try second.append(to: &encoder)
        let made = Self.bytes(encoder)
        var fields = AsterixFields()
        var problems: [AsterixProblem] = []
        var decoder = AsterixFieldDecoder()
        decoder.decode(made.span, range: made.indices, into: &fields, problems: &problems)
        #expect(problems.isEmpty && fields.recordCount == 1)
        #expect(fields.value(of: "I048/040/RHO") == 75.3125)
        #expect(fields.value(of: "I048/130/SAM") == -70)
        #expect(fields.value(of: "I048/020/FOEFRI") == 2)
        let texts = ["I048/240", "I048/070/MODE3A", "I048/250/MBDATA"].map { path in
            fields.index(of: path).map { fields.text($0, made.span) }
        }
        #expect(texts == ["ROT415", "4004", "00000000000000"])
        let element = try #require(
            fields.index(of: "I048/250/MBDATA").flatMap { fields.index(of: "I048/250/MBDATA", from: $0 + 1) })
        #expect(fields.text(element, made.span) == "c84e4270a80000")
    }

    @Test("what cannot be encoded is a typed error that names the field, and leaves the blocks as they are")
    func errors() throws {
        func failure(_ change: (inout AsterixRecord) throws -> Void) -> AsterixEncodingError? {
            var encoder = AsterixEncoder()
            do {
                var record = try Self.plot()
                try record.append(to: &encoder)
                let before = encoder.count
                defer { #expect(encoder.count == before) }
                try change(&record)
                try record.append(to: &encoder)
                return nil
            } catch {
                return error as? AsterixEncodingError
            }
        }
        #expect(failure { try $0.set("I048/040/RHO", 256) } == .outOfRange("I048/040/RHO", 65_536))
        #expect(failure { try $0.set("I048/040/RHO", -1) } == .outOfRange("I048/040/RHO", -256))
        #expect(failure { try $0.set("I048/090/FL", 3000) } == .outOfRange("I048/090/FL", 12_000))
        #expect(failure { try $0.set("I048/040/RHO", .nan) } == .unfitValue("I048/040/RHO"))
        #expect(failure { try $0.set("I048/040/RHI", 1) } == .unknownField("I048/040/RHI"))
        #expect(failure { try $0.set("I062/040", 1) } == .unknownField("I062/040"))
        #expect(failure { try $0.set("I048/070/MODE3A", text: "4008") } == .unfitValue("I048/070/MODE3A"))
        #expect(failure { try $0.set("I048/240", text: "TOO LONG 1") } == .unfitValue("I048/240"))
        #expect(failure { try $0.set("I048/240", text: "small") } == .unfitValue("I048/240"))
        #expect(
            throws: AsterixEncodingError.unknownEdition("category 048 9.9"),
            performing: { try AsterixRecord(edition: AsterixEdition(category: 48, major: 9, minor: 9)) })
        var none = AsterixEncoder()
        #expect(throws: AsterixEncodingError.noRecord) { try AsterixRecord(edition: Self.radar).append(to: &none) }
        let nothing = AsterixFields()
        let bytes: [UInt8] = []
        #expect(throws: AsterixEncodingError.noRecord) { try none.append(nothing, bytes.span) }
    }

    @Test("records of one category share a block until it would be too long", arguments: [12, 13, 21, 100, 65_535])
    func blocks(blockMax: Int) throws {
        var encoder = AsterixEncoder(blockMax: blockMax)
        for _ in 0..<20 { try Self.plot().append(to: &encoder) }
        let made = Self.bytes(encoder)
        var at = 0
        var records = 0
        while at < made.count {
            let length = Int(made[at + 1]) << 8 | Int(made[at + 2])
            #expect(made[at] == 48 && length <= blockMax && (length - 3) % 9 == 0)
            records += (length - 3) / 9
            at += length
        }
        #expect(at == made.count && records == 20)
        var tight = AsterixEncoder(blockMax: 11)
        #expect(throws: AsterixEncodingError.recordTooLarge(9)) { try Self.plot().append(to: &tight) }
        #expect(tight.count == 0)
    }

    @Test("a line of JSON that is cut off or damaged is an error, never a trap")
    func damagedJSON() throws {
        let line = Array(
            """
            {"category":48,"edition":"1.32","I048/010":{"SAC":20,"SIC":129},"I048/020":{"TYP":5,"SIM":0,"RDP":0,"SPI":0,\
            "RAB":0},"I048/040":{"RHO":{"value":48.65234375,"unit":"NM"},"THETA":{"value":12.5,"unit":"°"}},\
            "I048/030":[{},7],"I048/240":"KLM\\u0031","I048/250":[{"MBDATA":"c84e4270a80000","BDS1":4,"BDS2":0}],\
            "I048/RE":"0102","I048/130":{"SRL":{"value":0.5,"unit":"°"}}}
            """.utf8)
        var encoder = AsterixEncoder()
        var state: UInt64 = 1
        for length in 0..<line.count {
            let part = Array(line[..<length])
            #expect(throws: (any Error).self) { try encodeAsterixJSONLine(part.span, into: &encoder) }
            for _ in 0..<20 {
                var changed = line
                for _ in 0..<2 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    changed[Int(state >> 33) % changed.count] = UInt8(truncatingIfNeeded: state >> 24)
                }
                try? encodeAsterixJSONLine(changed.span, into: &encoder)
            }
        }
    }

    @Test(
        "JSON is read as it is written",
        arguments: [
            ("12", 12, 0), ("-0.50", -50, -2), ("1e3", 1, 3), ("1.25E-2", 125, -4), ("0", 0, 0),
        ] as [(String, Int64, Int)])
    func numbers(text: String, mantissa: Int64, exponent: Int) throws {
        let bytes = Array(text.utf8)
        guard case .number(mantissa, exponent) = try JSONReader.read(bytes.span) else {
            Issue.record("\(text) is read otherwise")
            return
        }
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            "", "{", "[1,]", "{\"a\" 1}", "\"\\ud800\"", "\"\\x\"", "01x", "-", "1.", "1e", "tru", "[1 2]", "\"a",
            "1 2",
            "123456789012345678901", "\u{1}", String(repeating: "[", count: 100),
        ])
    func noJSON(text: String) {
        let bytes = Array(text.utf8)
        #expect(throws: JSONReadingError.self) { try JSONReader.read(bytes.span) }
    }
}
