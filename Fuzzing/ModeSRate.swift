import Air
import Geodesy
import SensorFormats

/// Prints how many Mode S messages a second one core takes, of a recording and of a synthetic sky, by processor time.
///
/// Four stages, each with all before it: Beast framing; parity and fields; state, positions and plots; and JSON Lines of
/// the file itself. Then 5,000 aircraft that each send two positions and a velocity a second.
func rateModeS(_ bytes: [UInt8], rounds: Int = 20) {
    guard let recording = ModeSRecording.detect(bytes.span) else { return print("no recording of Mode S") }
    var beast: [UInt8] = []
    var times: [Timestamp] = []
    recording.read(bytes.span, problem: { _ in }) { recorded in
        recorded.received.appendBeast(to: &beast)
        times.append(recorded.receivedAt ?? Timestamp(seconds: recorded.elapsed))
    }
    func report(_ name: String, _ messages: Int, _ size: Int, since start: Double, _ what: String) {
        let seconds = max(processorSeconds() - start, 1e-9)
        let rate = (Double(messages) / seconds / 1e4).rounded() / 100
        print("\(name): \(rate) M messages/s, \(Int(Double(size) / seconds / 1e6)) MB/s (\(what))")
    }

    var start = processorSeconds()
    var count = 0
    var mixed: UInt64 = 0
    for _ in 0..<rounds {
        var reader = BeastReader()
        reader.read(beast.span) { mixed &+= $0.frame.high }
        count += reader.frameCount
    }
    report("Beast framing", count, beast.count * rounds, since: start, "\(mixed)")

    start = processorSeconds()
    for _ in 0..<rounds {
        var reader = BeastReader()
        reader.read(beast.span) { mixed &+= modeSFieldsMixed($0.frame) }
    }
    report("Beast, parity, fields", count, beast.count * rounds, since: start, "\(mixed)")

    let site = Geodetic(latitudeDegrees: 46, longitudeDegrees: 3)
    var reports: [SensorReport] = []
    reports.reserveCapacity(1024)
    var plots = 0
    start = processorSeconds()
    for _ in 0..<rounds {
        var decoder = ModeSDecoder(
            ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1), site: site, rangeMax: 20e6))
        var reader = BeastReader()
        var index = 0
        reader.read(beast.span) { received in
            decoder.decode(received.frame, receivedAt: times[index], into: &reports)
            index += 1
            if reports.count > 1000 {
                plots += reports.count
                reports.removeAll(keepingCapacity: true)
            }
        }
    }
    report("Beast to plots", count, beast.count * rounds, since: start, "\(plots + reports.count) plots")

    var size = 0
    start = processorSeconds()
    let summary = try? decodeModeSToJSONLines(
        bytes.span, configuration: ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)),
        sink: { size += $0.count })
    report("file to JSON Lines", summary?.total ?? 0, size, since: start, "\(size) bytes of text")

    let sky = modeSSky(aircraft: 5000, seconds: 20)
    reports.removeAll(keepingCapacity: true)
    plots = 0
    var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
    start = processorSeconds()
    for (frame, time) in sky {
        decoder.decode(frame, receivedAt: time, into: &reports)
        if reports.count > 1000 {
            plots += reports.count
            reports.removeAll(keepingCapacity: true)
        }
    }
    report(
        "frames of \(decoder.aircraftCount) aircraft to plots", sky.count, sky.count * 14, since: start,
        "\(plots + reports.count) plots")
}

/// All fields that a tracker could want, mixed so that none is optimised away.
private func modeSFieldsMixed(_ frame: ModeSFrame) -> UInt64 {
    guard let message = try? ModeSMessage(frame) else { return 0 }
    var mixed = UInt64(message.address?.rawValue ?? 0) ^ (message.isIntact == false ? 1 : 0)
    if case .feet(let feet) = message.altitude { mixed ^= UInt64(truncatingIfNeeded: feet) << 24 }
    if let code = message.mode3A { mixed ^= UInt64(code.rawValue) << 40 }
    switch message.extendedSquitter {
    case .identification(let fields): mixed ^= fields.callsign?.packed ?? 0
    case .surfacePosition(let fields):
        mixed ^= UInt64(fields.position.latitude) << 17 ^ UInt64(fields.position.longitude) ^ UInt64(fields.movement)
    case .airbornePosition(let fields):
        mixed ^= UInt64(fields.position.latitude) << 17 ^ UInt64(fields.position.longitude)
        if case .feet(let feet) = fields.altitude { mixed ^= UInt64(truncatingIfNeeded: feet) }
    case .velocity(let fields):
        if case .overGround(let east?, let north?) = fields.motion {
            mixed ^= UInt64(truncatingIfNeeded: east) << 32 ^ UInt64(truncatingIfNeeded: north)
        }
        mixed ^= UInt64(truncatingIfNeeded: fields.verticalRateFeetPerMinute ?? 0)
    case .targetState(let fields): mixed ^= UInt64(truncatingIfNeeded: fields.selectedAltitudeFeet ?? 0)
    case .operationalStatus(let fields): mixed ^= UInt64(fields.accuracyCategory)
    case .status, .other, nil: break
    }
    return mixed
}

/// What aircraft spread over a thousand kilometres send, in the order of time.
private func modeSSky(aircraft: Int, seconds: Int) -> [(ModeSFrame, Timestamp)] {
    var frames: [(ModeSFrame, Timestamp)] = []
    frames.reserveCapacity(aircraft * seconds * 3)
    let perSecond = aircraft * 3
    for number in 0..<(seconds * perSecond) {
        let time = Double(number) / Double(perSecond)
        let one = number % aircraft
        let turn = number / aircraft
        let place = CompactPosition.Degrees(
            latitude: 40 + Double(one % 71) * 0.14 + time * 0.002, longitude: Double(one / 71) * 0.14 + time * 0.001)
        let payload: UInt64
        if turn % 3 == 2 {
            payload = 19 << 51 | 1 << 48 | 2 << 43 | 151 << 32 | 433 << 21 | 1 << 20 | 11 << 10 | 5
        } else {
            let isOdd = turn % 3 == 1
            guard let report = CompactPosition(place, isOdd: isOdd) else { continue }
            payload =
                11 << 51 | 0xC38 << 36 | (isOdd ? 1 << 34 : 0) | UInt64(report.latitude) << 17
                | UInt64(report.longitude)
        }
        // Addresses as registers hand them out: in blocks.
        let address = UInt64(0x40_0000 + one * 3)
        let bare = ModeSFrame(
            high: 0x8D << 56 | address << 32 | payload >> 24, low: (payload & 0xFF_FFFF) << 40, isLong: true)
        frames.append((ModeSParity.sealed(bare), Timestamp(seconds: 1_700_000_000 + time)))
    }
    return frames
}
