import Air
import Testing

@testable import SensorFormats

@Suite("Records as text") struct AsterixTextTests {
    private func text(
        _ bytes: [UInt8], _ view: AsterixView, only: [AsterixItem] = [], hasMeanings: Bool = false
    ) throws -> String {
        var decoder = try AsterixRecordingDecoder(format: .asterix, view: view, only: only, hasMeanings: hasMeanings)
        var text: [UInt8] = []
        _ = try decoder.read(bytes.span, sink: { append($0, 0..<$0.count, to: &text) }, problem: { _ in })
        return String(decoding: text, as: UTF8.self)
    }

    @Test("a tree has titles, values with units, and meanings")
    func tree() throws {
        let text = try self.text(block(48, Worked.category048), .text)
        #expect(text.hasPrefix("048 Monoradar Target Reports, edition 1.32, 20/129: offset 3, 30 octets\n"))
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines.contains("010 Data Source Identifier") && lines.contains("SIC 129"))
        #expect(lines.contains("140 Time of Day 28800.8515625 s, 08:00:00.851"))
        #expect(lines.contains("RHO 48.65234375 NM") && lines.contains("MODE3A 7700"))
        #expect(lines.contains("240 Aircraft Identification ROT415"))
        #expect(lines.contains { $0.hasPrefix("TYP 7, ") })
    }

    @Test("a line has all fields; what is asked for alone is all that it has then")
    func line() throws {
        let bytes = block(48, Worked.category048)
        let line = try self.text(bytes, .line)
        #expect(line.hasPrefix("@3 048 1.32 010/SAC=20 010/SIC=129 140=28800.8515625s 020/TYP=7 "))
        #expect(line.contains(" 040/RHO=48.65234375NM 040/THETA=261.84814453125° ") && line.hasSuffix("\n"))
        let identity = try #require(AsterixItem("I048/240"))
        #expect(try self.text(bytes, .line, only: [identity]) == "@3 048 1.32 240=ROT415\n")
        #expect(try self.text(bytes, .line, hasMeanings: true).contains("020/TYP=7("))
        #expect(try self.text(bytes, .text, only: [identity]).split(separator: "\n").count == 2)
    }

    @Test("JSON has meanings beside codes when they are asked for")
    func meanings() throws {
        let bytes = block(48, Worked.category048)
        #expect(try self.text(bytes, .json, hasMeanings: true).contains(#""meaning":"#))
        #expect(try !self.text(bytes, .json).contains("meaning"))
    }

    @Test(
        "a source whose blocks fit another edition than the named one is told once, with that edition",
        arguments: [nil, SensorID(sac: 20, sic: 206)])
    func wrongEdition(named: SensorID?) throws {
        var editions = AsterixEditions()
        editions.use(AsterixEdition(category: 21, major: 0, minor: 23), for: named)
        let new = block(21, Category021Sample.new)
        let bytes = [[UInt8]](repeating: new, count: 50).flatMap { $0 }
        var decoder = AsterixRawReader(editions: editions)
        var records: [AsterixRawRecord] = []
        var problems: [AsterixProblem] = []
        for at in stride(from: 0, to: bytes.count, by: new.count) {
            decoder.read(bytes.span, range: at..<at + new.count, into: &records, problems: &problems)
        }
        let told = problems.filter { $0.fault == .wrongEdition }
        #expect(told.count == 1 && decoder.foundEditions.isEmpty)
        #expect(told.first?.fitting.map { $0.category == 21 && $0.major == 2 } == true)
        #expect(told.first?.sensor == SensorID(sac: 20, sic: 206))
        #expect(told.first?.description.contains("the blocks of 20/206 do not fit it, but edition 2.") == true)
        // A single damaged block among good ones is no contradiction.
        let good = block(48, Worked.category048)
        var mixed = AsterixRawReader(editions: editions)
        problems = []
        for number in 0..<300 {
            var one = good
            if number % 100 == 0 { one[3] ^= 0x40 }
            mixed.read(one.span, range: 0..<one.count, into: &records, problems: &problems)
        }
        #expect(!problems.contains { $0.fault == .wrongEdition })
    }
}

enum Category021Sample {
    /// A record of edition 2.x that 0.23 cannot read: 010, 040, 161, 071, 131, 080.
    static let new = record(
        21,
        [
            "010": [20, 206], "040": [0x00], "161": [0, 1], "071": [0x4D, 0x2E, 0x10],
            "131": [UInt8](repeating: 0x11, count: 8), "080": [0x34, 0x12, 0x56], "140": [0x10, 0x00],
        ])
}
