import Air
import Geodesy
import SensorFormats

/// Runs bytes through every reader and view of Mode S: as Beast (whole and cut in two), AVR and CSV, and as frames
/// side by side, with the state of a receiver kept from frame to frame.
///
/// Checks what must hold whatever the bytes are: each byte of a Beast stream is counted once, and cutting it changes
/// nothing.
func fuzzModeS(_ bytes: Span<UInt8>) {
    var writer = JSONWriter(capacity: 1 << 12)
    let site = Geodetic(latitudeDegrees: 52, longitudeDegrees: 4)
    for recording in ModeSRecording.allCases {
        let configuration = ModeSDecoder.Configuration(
            sensor: SensorID(sac: 0, sic: 1), site: recording == .avr ? nil : site, aircraftMax: 16)
        let summary = modeSJSONLines(
            bytes, recording: recording, configuration: configuration, into: &writer,
            flush: { $0.removeAll() })
        precondition(
            summary.counts.total == UInt64(summary.total), "each message must meet exactly one end")
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
    var start = 0
    while start + 14 <= bytes.count {
        let isLong = bytes[start] >= 0x80
        let length = isLong ? 14 : 7
        if let frame = ModeSFrame(bytes.extracting(start..<(start + length))) {
            // Some bits of the frame also say how much time passes, now and then backwards.
            now = now.advanced(by: Double(Int8(bitPattern: frame.byte(length - 1))) / 16)
            let overlay: UInt32 = frame.downlinkFormat == 11 || frame.downlinkFormat >= 17 ? 0 : 0x4840D6
            decoder.decode(frame, receivedAt: now, into: &reports)
            decoder.decode(ModeSParity.sealed(frame, overlay: overlay), receivedAt: now, into: &reports)
        }
        start += length
    }
    for case .plot(let plot) in reports {
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
        precondition(latitude.magnitude <= .pi / 2 && longitude.magnitude <= .pi, "a plot must lie on the globe")
        precondition(deviation > 0 && deviation.isFinite, "a plot must have an accuracy")
    }
    precondition(decoder.aircraftCount <= 8, "the table of aircraft must stay bounded")
}
