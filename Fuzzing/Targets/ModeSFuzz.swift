import Air
import Geodesy
import SensorFormats

/// Runs bytes through every reader and view of Mode S: as Beast (whole and cut in two), AVR and CSV, and as frames
/// side by side, with the state of a receiver kept from frame to frame.
///
/// Checks what must hold whatever the bytes are: each byte of a Beast stream is counted once, and cutting it changes
/// nothing.
func fuzzModeS(_ bytes: Span<UInt8>) {
    let site = Geodetic(latitudeDegrees: 52, longitudeDegrees: 4)
    for format in ModeSRecording.allCases {
        let configuration = ModeSDecoder.Configuration(
            sensor: SensorID(sac: 0, sic: 1), site: format == .avr ? nil : site, aircraftMax: 16)
        guard
            let summary = try? decodeModeSToJSONLines(
                bytes, format: format, configuration: configuration, sink: { _ in })
        else { preconditionFailure("a format that is given is not looked for") }
        precondition(summary.counts.total == UInt64(summary.total), "each message must meet exactly one end")
    }
    _ = ModeSRecording.detect(bytes)

    var whole = BeastReader()
    var frames = 0
    whole.read(bytes) { _ in frames += 1 }
    precondition(whole.bytesRead == bytes.count, "each byte of a Beast stream must be counted once")
    precondition(whole.frameCount == frames, "each Beast frame must be handed over once")
    var cut = BeastReader()
    cut.read(bytes.extracting(first: bytes.count / 2)) { _ in }
    cut.read(bytes.extracting((bytes.count / 2)..<bytes.count)) { _ in }
    precondition(cut == whole, "where a Beast stream is cut must not matter")

    // The bytes as frames without framing, each also with a right parity, so that its fields count.
    var decoder = ModeSDecoder(
        ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 2), site: site, aircraftMax: 8, silenceMax: 30))
    var reports: [SensorReport] = []
    var now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    var merger = ModeSMerger(capacity: 16)
    var told: UInt64 = 0
    var start = 0
    while start + 14 <= bytes.count {
        let isLong = bytes[start] >= 0x80
        let length = isLong ? 14 : 7
        if let frame = ModeSFrame(bytes.extracting(start..<(start + length))) {
            // Some bits of the frame also say how much time passes, now and then backwards.
            now = now.advanced(by: Double(Int8(bitPattern: frame.byte(length - 1))) / 16)
            _ = merger.take(
                ReceivedModeSFrame(frame: frame), from: Int(frame.byte(length - 2)), receivedAt: now
            ) { told += UInt64($0.transmissions) }
            let overlay: UInt32 = frame.downlinkFormat == 11 || frame.downlinkFormat >= 17 ? 0 : 0x4840D6
            decoder.decode(frame, receivedAt: now, into: &reports)
            decoder.decode(ModeSParity.sealed(frame, overlay: overlay), receivedAt: now, into: &reports)
        }
        start += length
    }
    check(reports)
    merger.finish { told += UInt64($0.transmissions) }
    precondition(told == merger.firstCount, "each transmission must be told once")
    precondition(decoder.aircraftCount <= 8, "the table of aircraft must stay bounded")
}

/// Inputs that are worth mutating: each kind of message with right parity, in each kind of framing.
func modeSFuzzSeeds() -> [[UInt8]] {
    let frames = [
        "8D4840D6202CC371C32CE0576098", "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6",
        "8C4841753AAB238733C8CD4020B1", "8C4841753A8A35323FAEBDAC702D", "8D485020994409940838175B284F",
        "8DA05F219B06B6AF189400CBC33F", "8DA05629EA21485CBF3F8CADAEEB", "8DA2C1B6E112B600000000760759",
        "2A00516D492B80", "A02014B400000000000000F9D514", "A800292DFFBBA9383FFCEB903D01", "5D484FDEA248F5",
        "804100bd5807d498e051b9344476", "903a23fff90200040049006c5021",
    ].compactMap { ModeSFrame(hex: $0) }
    var beast: [UInt8] = []
    var avr: [UInt8] = []
    var csv: [UInt8] = []
    var bare: [UInt8] = []
    for (i, frame) in frames.enumerated() {
        ReceivedModeSFrame(frame: frame, ticks: UInt64(i) * 6_000_000 + 0x1A, signal: 0x1A).appendBeast(to: &beast)
        avr += Array((i % 3 == 0 ? "@0000000000\(10 + i)" : "*").utf8) + Array("\(frame);\n".utf8)
        csv += Array("\(1_700_000_000 + i).5,\(frame)\n".utf8)
        for j in 0..<frame.byteCount { bare.append(frame.byte(j)) }
    }
    return [beast, avr, csv, bare]
}

/// Stretches of a recording that are worth mutating; none if the file is not Mode S.
func modeSFuzzPieces(_ bytes: [UInt8]) -> [[UInt8]] {
    guard ModeSRecording.detect(bytes.span) != nil else { return [] }
    return stride(from: 0, to: min(bytes.count, 1 << 20), by: 1024).map {
        Array(bytes[$0..<min($0 + 1024, bytes.count)])
    }
}
