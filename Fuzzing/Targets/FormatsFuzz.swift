import Air
import SensorFormats

/// Recordings in any framing, text that people type, feeds of text, and fields of ASTERIX there and back.
func formatsTargets() -> [FuzzTarget] {
    [
        FuzzTarget(name: "framings", seeds: [], pieces: { bytes, _ in framingPieces(bytes) }, run: fuzzFramings),
        FuzzTarget(name: "explain", seeds: explainSeeds, pieces: { _, _ in [] }, run: fuzzExplain),
    ]
}

// MARK: Framings

/// The beginning of each recording of datagrams, whatever stands around them.
private func framingPieces(_ bytes: [UInt8]) -> [[UInt8]] {
    guard let format = RecordingFormat.detect(bytes.span), format.holdsDatagrams else { return [] }
    return [Array(bytes.prefix(400)), Array(bytes.prefix(2500))]
}

private func fuzzFramings(_ bytes: Span<UInt8>) {
    _ = RecordingFormat.detect(bytes)
    for format in RecordingFormat.allCases where format.holdsDatagrams {
        guard var reader = DatagramReader(format: format) else { preconditionFailure("it holds datagrams") }
        var count = 0
        while let datagram = reader.next(in: bytes) {
            datagram.withBytes(in: bytes) { precondition(datagram.range.upperBound <= $0.count, "within its bytes") }
            count += 1
            precondition(count <= bytes.count, "a datagram must take bytes of the recording")
        }
    }
}

// MARK: Explanations

private let explainSeeds: [[UInt8]] = [
    "8D4840D6202CC371C32CE0576098", "300012FC14813A5B80484B502000 0FC00578", "02E197B00179C3",
    "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A",
].map { Array($0.utf8) }

private func fuzzExplain(_ bytes: Span<UInt8>) {
    var text = ""
    for i in bytes.indices { text.unicodeScalars.append(Unicode.Scalar(bytes[i])) }
    _ = try? Explanation(of: text)
    // The bytes themselves in hexadecimal digits: nearly all inputs are hexadecimal then.
    var hex: [UInt8] = []
    let digits = Array("0123456789abcdef".utf8)
    for i in bytes.indices {
        hex.append(digits[Int(bytes[i] >> 4)])
        hex.append(digits[Int(bytes[i] & 15)])
    }
    _ = try? Explanation(of: String(decoding: hex, as: UTF8.self))
}
