import Air
import Testing

@testable import SensorFormats

/// Hands out bytes in pieces of a size.
private struct Source {
    let bytes: [UInt8]
    let size: Int
    var at = 0

    mutating func next(_ target: inout [UInt8]) {
        let count = min(self.size, self.bytes.count - self.at)
        target += self.bytes[self.at..<self.at + count]
        self.at += count
    }
}

private struct Outcome: Equatable {
    var text: [UInt8] = []
    var problems: [AsterixProblem] = []
    var summary = ""
    var held = 0

    static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.text == rhs.text && lhs.problems == rhs.problems && lhs.summary == rhs.summary
    }
}

@Suite("Recordings in pieces") struct RecordingWindowTests {
    private func whole(_ bytes: [UInt8], _ format: RecordingFormat) throws -> Outcome {
        var outcome = Outcome()
        outcome.summary = try decodeAsterixToJSONLines(
            bytes.span, format: format, sink: { append($0, 0..<$0.count, to: &outcome.text) },
            problem: { outcome.problems.append($0) }
        ).text
        return outcome
    }

    private func inPieces(_ bytes: [UInt8], _ format: RecordingFormat, of size: Int) throws -> Outcome {
        var outcome = Outcome()
        var source = Source(bytes: bytes, size: size)
        var window = RecordingWindow()
        var decoder = try AsterixRecordingDecoder(format: format)
        try window.forEachPiece(from: { source.next(&$0) }) { piece, base, isComplete in
            outcome.held = max(outcome.held, piece.count)
            return try decoder.read(
                piece, from: base, isComplete: isComplete, sink: { append($0, 0..<$0.count, to: &outcome.text) },
                problem: { outcome.problems.append($0) })
        }
        outcome.summary = decoder.summary.text
        return outcome
    }

    /// Blocks, with a stretch of noise, a lying length and a cut end now and then.
    private func damaged(_ format: RecordingFormat, seed: UInt64, bytes count: Int) -> [UInt8] {
        var random = Draw(state: seed)
        var bytes: [UInt8] = []
        guard var writer = DatagramWriter(format: format) else { return [] }
        while bytes.count < count {
            for _ in 0..<Int(random.next() % 200) {
                let payload = block(34, Worked.category034) + block(48, Worked.category048)
                writer.append(payload.span, at: Timestamp(seconds: 1_683_014_400))
            }
            writer.take { append($0, 0..<$0.count, to: &bytes) }
            let noise = random.next() % 40 == 0 ? 200_000 : Int(random.next() % 100)
            for _ in 0..<noise { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        }
        return bytes
    }

    @Test(
        "what a recording in pieces gives is what it gives whole, damaged too",
        arguments: [RecordingFormat.asterix, .final, .oradis, .hdlc, .pcap], [UInt64(1)])
    func same(format: RecordingFormat, seed: UInt64) throws {
        let bytes = self.damaged(format, seed: seed, bytes: 5 << 20)
        let whole = try self.whole(bytes, format)
        #expect(whole.problems.count > 1 && whole.text.count > 1 << 20)
        for size in [100_000, 1 << 20] {
            let pieces = try self.inPieces(bytes, format, of: size)
            #expect(pieces == whole, "pieces of \(size)")
            #expect(pieces.held < RecordingWindow.size + size)
        }
        // Every byte is accounted for.
        let total = whole.problems.reduce(0) { $0 + $1.length }
        #expect(total > 0 && total < bytes.count)
    }

    @Test("a long stretch that is no frame is one problem", arguments: [RecordingFormat.final, .pcap, .hdlc, .asterix])
    func noise(format: RecordingFormat) throws {
        guard var writer = DatagramWriter(format: format) else { return }
        let payload = block(34, Worked.category034)
        var bytes: [UInt8] = []
        writer.append(payload.span, at: Timestamp(seconds: 1_683_014_400))
        writer.append(payload.span, at: Timestamp(seconds: 1_683_014_400))
        writer.take { append($0, 0..<$0.count, to: &bytes) }
        let first = bytes.count
        bytes += [UInt8](repeating: 0, count: 6 << 20)
        writer.append(payload.span, at: Timestamp(seconds: 1_683_014_400))
        writer.append(payload.span, at: Timestamp(seconds: 1_683_014_400))
        writer.take { append($0, 0..<$0.count, to: &bytes) }
        let outcome = try self.inPieces(bytes, format, of: 1 << 20)
        #expect(outcome.problems.count == 1 && outcome.problems.first?.offset == first)
        #expect(outcome.problems.first?.length == 6 << 20)
        #expect(outcome.text.split(separator: UInt8(ascii: "\n")).count == 4)
    }

    @Test("a limit of records ends the reading")
    func limit() throws {
        let bytes = [[UInt8]](repeating: block(34, Worked.category034), count: 10).flatMap { $0 }
        var decoder = try AsterixRecordingDecoder(format: .asterix, countMax: 3)
        var lines = 0
        let next = try decoder.read(
            bytes.span, sink: { text in for i in text.indices where text[i] == 0x0A { lines += 1 } }, problem: { _ in })
        #expect(next == nil && lines == 3 && decoder.summary.written == 3)
    }
}
