// What the pure rooms make of AIS text and SAPIENT frames, for those who compare it with other implementations.
//
//     kumiko-frames ais FILE        JSON Lines, as `kumiko decode` writes them
//     kumiko-frames sapient FILE    JSON Lines with each message as it is encoded again
//     kumiko-frames session FILE    the bytes that a session answers to the stream
import Air
import Glibc
import SensorFormats

func fail(_ sentence: String) -> Never {
    complain(sentence)
    exit(2)
}

func complain(_ sentence: String) {
    write(Array("kumiko-frames: \(sentence)\n".utf8).span, to: 2)
}

func write(_ bytes: Span<UInt8>, to descriptor: Int32 = 1) {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        var at = 0
        while at < buffer.count {
            let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + at }, buffer.count - at)
            guard count > 0 else { return }
            at += count
        }
    }
}

func read(_ path: String) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { fail("cannot read \(path)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fail("usage: kumiko-frames ais|sapient|session FILE") }
let bytes = read(arguments[2])
switch arguments[1] {
case "ais":
    guard let summary = try decodeAISToJSONLines(bytes.span, sink: { write($0) }, problem: { complain("\($0)") })
    else { fail("no AIS sentences in \(arguments[2])") }
    complain("\(summary)")
case "sapient":
    let summary = try decodeSapientToJSONLines(
        bytes.span, showsBytes: true, sink: { write($0) }, problem: { complain("\($0)") })
    complain("\(summary)")
case "session":
    var session = SapientSession(
        .init(sensor: SensorID(sac: 0, sic: 1), nodeID: "00000000-0000-4000-8000-000000000001"))
    var reports: [SensorReport] = []
    var events: [SapientSession.Event] = []
    var output: [UInt8] = []
    var problems: [SapientProblem] = []
    session.receive(
        bytes.span, receivedAt: Timestamp(seconds: 1_795_266_000), into: &reports, events: &events, output: &output,
        problems: &problems)
    write(output.span)
default: fail("unknown command \(arguments[1])")
}
