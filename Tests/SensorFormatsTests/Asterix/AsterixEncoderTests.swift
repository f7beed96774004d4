import Foundation
import Testing

@testable import SensorFormats

/// Encodes each record again and compares.
private struct Echo: AsterixFieldSink, ~Copyable {
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
    while let datagram = reader.next(in: bytes.span) {
        decoder.decode(bytes.span, range: datagram.range, into: &echo, problems: &problems)
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
}
