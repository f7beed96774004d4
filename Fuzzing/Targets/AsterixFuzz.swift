import Air
import Glibc
import SensorFormats

/// Keeps the decoder from one input to the next, as a feed does.
private final class AsterixState {
    var decoder = AsterixDecoder()
    var reports: [SensorReport] = []
    var problems: [AsterixProblem] = []
}

/// Blocks of each category, made by hand, for when no recordings are at hand.
private let asterixSeeds: [[UInt8]] = [
    // 048: 010, 140, 020, 040, 070, 090
    [
        0x30, 0x00, 0x12, 0xFC, 0x14, 0x81, 0x3A, 0x5B, 0x80, 0x48, 0x4B, 0x50, 0x20, 0x00, 0x0F, 0xC0, 0x05, 0x78,
    ],
    // 034: 010, 000, 030, 020
    [0x22, 0x00, 0x0B, 0xF0, 0xE2, 0xD2, 0x02, 0x63, 0xF6, 0x30, 0xB8],
    // 062: 010, 105, 040 and a compound 380 with its address
    [
        0x3E, 0x00, 0x16, 0x8B, 0x18, 0x19, 0xC9, 0x00, 0x8B, 0x7A, 0x5C, 0x01, 0x10, 0x23, 0x44, 0x80, 0x4C, 0xA1,
        0xB2,
        0x00, 0x17, 0x00,
    ],
]

private func run(_ bytes: Span<UInt8>, _ state: AsterixState) {
    let before = state.decoder.tally
    state.decoder.decode(
        bytes, receivedAt: Timestamp(nanoseconds: 1_683_014_400_000_000_000), into: &state.reports,
        problems: &state.problems)
    // Every byte is accounted for, and every problem lies within the input.
    let after = state.decoder.tally
    let accounted =
        after.acceptedBytes + after.skippedBytes + after.trailerBytes - before.acceptedBytes - before.skippedBytes
        - before.trailerBytes
    precondition(accounted == bytes.count, "\(accounted) of \(bytes.count) bytes are accounted for")
    for problem in state.problems {
        precondition(
            problem.offset >= 0 && problem.length >= 0 && problem.offset + problem.length <= bytes.count,
            "a problem lies within the input")
    }
    state.reports.removeAll(keepingCapacity: true)
    state.problems.removeAll(keepingCapacity: true)
}

private func runJSON(_ bytes: Span<UInt8>) {
    var text = 0
    do {
        _ = try decodeAsterixToJSONLines(bytes, format: .asterix, sink: { text += $0.count }, problem: { _ in })
        // The same bytes as whatever they seem to be: packet captures and frames are cut up by other code.
        if let format = RecordingFormat.detect(bytes), format.holdsDatagrams, format != .asterix {
            _ = try decodeAsterixToJSONLines(bytes, format: format, sink: { text += $0.count }, problem: { _ in })
        }
    } catch {
        preconditionFailure("\(error)")
    }
}

/// Datagrams of a recording, and its first bytes as they are, so that frames are damaged too.
private func pieces(_ bytes: [UInt8], _ path: String) -> [[UInt8]] {
    guard let format = RecordingFormat.detect(bytes.span, name: path), var reader = DatagramReader(format: format)
    else { return [] }
    var found: [[UInt8]] = format == .asterix ? [] : [Array(bytes.prefix(600))]
    var count = 0
    while let datagram = reader.next(in: bytes.span), found.count < 400 {
        count += 1
        // The first ones, then fewer and fewer.
        guard count <= 100 || count % 50 == 0, datagram.range.count <= 2048 else { continue }
        found.append(Array(bytes[datagram.range]))
    }
    return found
}

func asterixTargets() -> [FuzzTarget] {
    let state = AsterixState()
    return [
        FuzzTarget(name: "asterix-plots", seeds: asterixSeeds, pieces: pieces) { run($0, state) },
        FuzzTarget(name: "asterix-json", seeds: asterixSeeds, pieces: pieces, run: runJSON),
    ]
}
