import Foundation
import Testing

@testable import MessageFormats

/// Python, with its expat.
enum Expat {
    static let isThere: Bool = {
        let found = (try? run(["-c", "import xml.parsers.expat"], "")) != nil
        if !found { print("skipped: there is no python3 with expat") }
        return found
    }()

    /// Answers each document, in hexadecimal on a line of its own, with the names of its elements, or `-`.
    static let program = """
        import sys, xml.parsers.expat as expat
        sys.stdout.reconfigure(encoding='utf-8')
        for line in sys.stdin:
            parser, names = expat.ParserCreate(namespace_separator=chr(1)), []
            parser.StartElementHandler = lambda name, _: names.append(name.split(chr(1))[-1])
            try:
                parser.Parse(bytes.fromhex(line.strip()), True)
                print(' '.join(names))
            except Exception:
                print('-')
        """

    static func run(_ arguments: [String], _ input: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("kumiko-\(UUID().uuidString)")
        try Data(input.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        struct Failed: Error {}
        if process.terminationStatus != 0 { throw Failed() }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Expat, of Python's library, reads the same documents: what is taken here is well-formed to it too, with the same
/// elements, and what it takes is refused here only for what is ours to forbid.
@Suite("XML reader beside expat", .enabled(if: Expat.isThere))
struct SecondOpinionTests {
    static func names(_ element: XMLElement) -> [String] { [element.name] + element.children.flatMap(self.names) }

    @Test("of 1,800 changed documents both take the same")
    func same() throws {
        var documents: [[UInt8]] = []
        for seed in 0..<30 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            for document in [Documents.policy, Documents.label, Documents.clearance] {
                for _ in 0..<20 { documents.append(Mutations.mutated(Array(document.utf8), &random)) }
            }
        }
        let digits = Array("0123456789abcdef".utf8)
        let input = documents.map { bytes in
            String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }
        let answers = try Expat.run(["-c", Expat.program], input.joined(separator: "\n") + "\n")
            .split(separator: "\n", omittingEmptySubsequences: false)
        try #require(answers.count == documents.count + 1)
        var taken = 0
        var forbidden = 0
        for (bytes, answer) in zip(documents, answers) {
            do {
                let names = Self.names(try XMLElement(parsing: bytes)).joined(separator: " ")
                #expect(names == answer, "\(String(decoding: bytes, as: UTF8.self))")
                taken += 1
            } catch {
                if answer == "-" { continue }
                forbidden += 1
                let ours =
                    switch error.code {
                    case .documentType, .otherEncoding, .otherVersion, .nameTooLong: true
                    default: false
                    }
                #expect(ours, "\(error)\n\(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(taken > 60)
        #expect(forbidden < 20)
    }
}
