import Air
import SensorFormats

/// Feeds of text lines, and the registers of Comm-B.
func feedsTargets() -> [FuzzTarget] {
    [
        FuzzTarget(
            name: "basestation", seeds: baseStationSeeds,
            pieces: { bytes, _ in BaseStationReader.detect(bytes.span) ? linePieces(bytes) : [] },
            run: fuzzBaseStation),
        FuzzTarget(
            name: "opensky", seeds: openSkySeeds,
            pieces: { bytes, _ in OpenSkyReader.detect(bytes.span) ? linePieces(bytes) : [] }, run: fuzzOpenSky),
        FuzzTarget(name: "commb", seeds: commBSeeds, pieces: { _, _ in [] }, run: fuzzCommB),
    ]
}

/// A few lines at a time.
private func linePieces(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: min(bytes.count, 1 << 18), by: 512).map { Array(bytes[$0..<min($0 + 512, bytes.count)]) }
}

// MARK: BaseStation

private let baseStationSeeds: [[UInt8]] = [
    "MSG,3,496,211,4CA2D6,10057,2008/11/28,14:53:50.594,2008/11/28,14:58:51.153,,37000,,,51.45735,-1.02826,,,0,0,0,0\r\n"
        + "MSG,4,496,469,4CA2D6,27854,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,,288.6,103.2,,,-832,,,,,\r\n",
    "MSG,1,145,256,7404F2,11267,2008/11/28,23:48:18.611,2008/11/28,23:53:19.161,RJA1118,,,,,,,,,,,\r\n"
        + "STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\r\nCLK,,496,-1,,-1,,,,\r\n",
    "MSG,6,496,237,~4CA215,27864,2010/02/19,17:58:12.846,,,,33325,,,,,,0271,-1,0,1,0\nID,,1,1,405637,1,,,,,EZY691A\n",
].map { Array($0.utf8) }

private func fuzzBaseStation(_ bytes: Span<UInt8>) {
    let configuration = BaseStationDecoder.Configuration(
        sensor: SensorID(sac: 0, sic: 1), aircraftMax: 8, lineClockAhead: 0)
    var decoder = BaseStationDecoder(configuration)
    var reports: [SensorReport] = []
    let receivedAt = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    var messages: [BaseStationMessage] = []
    var problems: [BaseStationProblem] = []
    var whole = BaseStationReader()
    whole.read(bytes, problem: { problems.append($0) }) { messages.append($0) }
    whole.finish(problem: { problems.append($0) }) { messages.append($0) }
    var cutMessages: [BaseStationMessage] = []
    var cutProblems: [BaseStationProblem] = []
    var cut = BaseStationReader()
    for piece in [0..<bytes.count / 3, bytes.count / 3..<bytes.count] {
        cut.read(bytes.extracting(piece), problem: { cutProblems.append($0) }) { cutMessages.append($0) }
    }
    cut.finish(problem: { cutProblems.append($0) }) { cutMessages.append($0) }
    precondition(messages == cutMessages, "where a feed is cut must not matter")
    precondition(problems == cutProblems, "nor for its problems")
    precondition(problems.allSatisfy { $0.offset <= bytes.count }, "a problem lies within the feed")
    var writer = BaseStationWriter()
    for message in messages {
        decoder.decode(message, receivedAt: receivedAt, into: &reports)
        writer.append(message)
    }
    precondition(decoder.aircraftCount <= 8, "the table of aircraft must stay bounded")
    check(reports)
    var again = BaseStationReader()
    writer.take { text in
        again.read(text, problem: { preconditionFailure("what is written must be readable: \($0)") }) { _ in }
    }
    precondition(again.messageCount == messages.count, "each message is written as one line")
}

// MARK: OpenSky

private let openSkySeeds: [[UInt8]] = [
    "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,"
        + "lastposupdate,lastcontact\n1626098400,3c4591,51.5,-0.5,250,90,-1.5,BOX413  ,False,False,True,36.0,10668,"
        + "10843.26,1626098398.996,1626098400\n",
    "4b1814,SWR123  ,Switzerland,1626098398,1626098399,8.5,47.25,11000,false,230.5,180,0,,11200,1000,false,2,0\n",
].map { Array($0.utf8) }

private func fuzzOpenSky(_ bytes: Span<UInt8>) {
    _ = OpenSkyReader.detect(bytes)
    var whole = OpenSkyReader(sensor: SensorID(sac: 0, sic: 2))
    var reports: [SensorReport] = []
    whole.read(bytes, into: &reports)
    whole.finish(into: &reports)
    var cut = OpenSkyReader(sensor: SensorID(sac: 0, sic: 2))
    var cutReports: [SensorReport] = []
    for piece in [0..<bytes.count / 2, bytes.count / 2..<bytes.count] {
        cut.read(bytes.extracting(piece), into: &cutReports)
    }
    cut.finish(into: &cutReports)
    precondition(reports == cutReports && whole.problemCount == cut.problemCount, "where it is cut must not matter")
    check(reports)
}

// MARK: Comm-B

private let commBSeeds: [[UInt8]] = [
    [0x85, 0xE4, 0x2F, 0x31, 0x30, 0x00, 0x00, 0x30], [0x81, 0x95, 0x15, 0x36, 0xE0, 0x24, 0xD4, 0x20],
    [0x8F, 0x39, 0xF9, 0x1A, 0x7E, 0x27, 0xC4, 0x10], [0x18, 0x5B, 0xD5, 0xCF, 0x40, 0x00, 0x00, 0x60],
    [0x20, 0x2C, 0xC3, 0x71, 0xC3, 0x1D, 0xE0, 0x00], [0x10, 0x01, 0x00, 0x80, 0xF5, 0x00, 0x00, 0x00],
]

/// Payloads of seven octets, each with one of how the aircraft is: whatever they are, the answer is a register or none,
/// and each register writes JSON of some length.
private func fuzzCommB(_ bytes: Span<UInt8>) {
    var state = CommBState()
    var now: Int64 = 0
    var writer = JSONWriter(capacity: 1024)
    var start = 0
    while start + 8 <= bytes.count {
        var payload: UInt64 = 0
        for i in 0..<7 { payload = payload << 8 | UInt64(bytes[start + i]) }
        let mood = bytes[start + 7]
        let context = CommBContext(
            altitudeFeet: mood & 1 == 0 ? nil : Int32(mood) * 200, trackDegrees: mood & 2 == 0 ? nil : Float(mood),
            groundSpeedKnots: mood & 4 == 0 ? nil : Float(mood) * 3)
        now += Int64(Int8(bitPattern: mood)) * 500_000_000
        let register = CommBInference.register(of: payload, context: context, state: &state, at: now)
        precondition(payload != 0 || register == nil, "of nothing nothing is said")
        for number in [register?.rawValue ?? mood, mood] {
            writer.removeAll()
            writer.beginObject()
            CommB.write(CommBRegister(rawValue: number), payload, to: &writer)
            writer.endObject()
            precondition(writer.count < 1024, "a register is short")
        }
        start += 8
    }
}
