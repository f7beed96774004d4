import Air
import Foundation

@testable import SensorFormats

/// Files with AIS sentences beside the checkout; where they are absent, tests that need them are skipped.
enum AISFiles {
    static let names = ["libais_typeexamples.nmea", "libais_test.aivdm", "libais_tagblock.nmea"]

    static let areThere: Bool = {
        let found = FileManager.default.fileExists(atPath: Recordings.directory + "/other/" + names[0])
        if !found { print("No AIS under \(Recordings.directory)/other: the tests that read it are skipped.") }
        return found
    }()

    static func bytes(_ name: String) throws -> [UInt8] { try Recordings.bytes("other/" + name) }
}

/// What a receiver makes of bytes.
struct AISRead {
    var received: [AISReceived] = []
    var problems: [AISProblem] = []
    var receiver = AISReceiver()

    init(_ pieces: [[UInt8]], isWhole: Bool = true) {
        for (i, piece) in pieces.enumerated() {
            let (received, problems) = self.read(piece, isWhole: isWhole && i == pieces.count - 1)
            self.received += received
            self.problems += problems
        }
    }

    init(_ text: String) { self.init([Array(text.utf8)]) }

    private mutating func read(_ piece: [UInt8], isWhole: Bool) -> ([AISReceived], [AISProblem]) {
        var received: [AISReceived] = []
        var problems: [AISProblem] = []
        self.receiver.read(piece.span, isWhole: isWhole, problem: { problems.append($0) }) { received.append($0) }
        return (received, problems)
    }

    var messages: [AISMessage] { self.received.map(\.message) }
    var tally: AISTally { self.receiver.tally }
}

extension BitString {
    /// As `init(bytes)`, cut to a length; a span may not be handed to a macro.
    init(list: [UInt8], count: Int) {
        self = BitString(list.span) ?? BitString()
        self.resize(to: count)
    }
}

extension AISMessage {
    /// The message as JSON would be read.
    var json: [String: Any] {
        var writer = JSONWriter()
        writer.beginObject()
        self.writeFields(to: &writer)
        writer.endObject()
        return (try? JSONSerialization.jsonObject(with: Data(writer.text.utf8)) as? [String: Any]) ?? [:]
    }

    /// The message as sentences.
    var sentences: [UInt8] {
        var bytes: [UInt8] = []
        self.appendSentences(to: &bytes, channel: UInt8(ascii: "A"), sequence: 3)
        return bytes
    }
}

/// The value at a path of keys and indices, such as `entries.0.sequence`.
func value(_ object: [String: Any], _ path: String) -> Any? {
    var value: Any? = object
    for step in path.split(separator: ".") {
        if let array = value as? [Any] {
            let index = Int(step) ?? array.count
            value = index < array.count ? array[index] : nil
        } else {
            value = (value as? [String: Any])?[String(step)]
        }
    }
    return value is NSNull ? nil : value
}
