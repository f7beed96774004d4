import Air
import Foundation

@testable import SensorFormats

/// Recordings of others, which are not part of this repository: beside it, or where KUMIKO_DATA says.
enum Recordings {
    static let directory: String = {
        if let named = ProcessInfo.processInfo.environment["KUMIKO_DATA"] { return named }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/data").path
    }()

    /// Whether they are there; where not, the tests that need them say so and are skipped.
    static let areThere: Bool = {
        let found = FileManager.default.fileExists(atPath: directory + "/asterix")
        if !found { print("No recordings under \(directory): the tests that read them are skipped.") }
        return found
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name)))
    }
}

/// What the JSON view made of bytes.
struct Decoded {
    var lines: [String] = []
    var problems: [AsterixProblem] = []
    var summary: AsterixSummary?

    init(
        _ bytes: [UInt8], format: RecordingFormat? = .asterix, name: String? = nil,
        editions: AsterixEditions = AsterixEditions()
    ) throws {
        var text: [UInt8] = []
        var problems: [AsterixProblem] = []
        let recording = bytes.span
        self.summary = try decodeAsterixToJSONLines(
            recording, format: format, name: name, editions: editions,
            sink: { piece in for i in piece.indices { text.append(piece[i]) } }, problem: { problems.append($0) })
        self.problems = problems
        self.lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0) }
    }
}

/// What the plot view made of one datagram.
struct Plotted {
    var reports: [SensorReport] = []
    var problems: [AsterixProblem] = []
    var tally = AsterixTally()

    static let receivedAt = Timestamp(seconds: 1_683_014_400)

    init(
        _ bytes: [UInt8], receivedAt: Timestamp = Plotted.receivedAt, editions: AsterixEditions = AsterixEditions()
    ) {
        var decoder = AsterixDecoder(editions: editions)
        decoder.decode(bytes.span, receivedAt: receivedAt, into: &self.reports, problems: &self.problems)
        self.tally = decoder.tally
    }

    var plots: [Plot] {
        self.reports.compactMap {
            guard case .plot(let plot) = $0 else { return nil }
            return plot
        }
    }
}

/// A block of one category around records.
func block(_ category: UInt8, _ records: [UInt8]...) -> [UInt8] {
    let content = records.flatMap { $0 }
    let length = content.count + 3
    return [category, UInt8(length >> 8), UInt8(length & 0xFF)] + content
}

/// A record of the newest edition of a category: its items in the order of their slots behind their specification.
func record(_ category: UInt8, _ items: [String: [UInt8]]) -> [UInt8] {
    let slots = AsterixLayouts.newest[Int(category)]?.slotNames[0] ?? []
    var specification = [UInt8](repeating: 0, count: (slots.count + 6) / 7)
    var content: [UInt8] = []
    for (slot, name) in slots.enumerated() {
        guard let octets = items[name] else { continue }
        specification[slot / 7] |= 0x80 >> UInt8(slot % 7)
        content += octets
    }
    while specification.count > 1, specification.last == 0 { specification.removeLast() }
    for i in specification.indices.dropLast() { specification[i] |= 1 }
    return specification + content
}

extension SeededRandom {
    mutating func below(_ bound: Int) -> Int { Int(self.next() >> 33) % bound }
}
