import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("BaseStation feeds") struct BaseStationTests {
    /// One line of each kind: the examples of the format's description, times and places made up.
    private static let lines = [
        "SEL,,496,2286,4CA4E5,27215,2010/02/19,18:06:07.710,2010/02/19,18:06:07.710,RYR1427",
        "ID,,496,7162,405637,27928,2010/02/19,18:06:07.115,2010/02/19,18:06:07.115,EZY691A",
        "AIR,,496,5906,400F01,27931,2010/02/19,18:06:07.128,2010/02/19,18:06:07.128",
        "STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM",
        "CLK,,496,-1,,-1,2010/02/19,18:18:19.036,2010/02/19,18:18:19.036",
        "MSG,1,145,256,7404F2,11267,2008/11/28,23:48:18.611,2008/11/28,23:53:19.161,RJA1118,,,,,,,,,,,",
        "MSG,2,496,603,400CB6,13168,2008/10/13,12:24:32.414,2008/10/13,12:28:52.074,,0,76.4,258.3,54.05735,-4.38826,,,,,,0",
        "MSG,3,496,211,4CA2D6,10057,2008/11/28,14:53:50.594,2008/11/28,14:58:51.153,,37000,,,51.45735,-1.02826,,,0,0,0,0",
        "MSG,4,496,469,4CA767,27854,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,,288.6,103.2,,,-832,,,,,",
        "MSG,5,496,329,394A65,27868,2010/02/19,17:58:12.644,2010/02/19,17:58:13.368,,10000,,,,,,,0,,0,0",
        "MSG,6,496,237,4CA215,27864,2010/02/19,17:58:12.846,2010/02/19,17:58:13.368,,33325,,,,,,0271,0,0,0,0",
        "MSG,7,496,742,51106E,27929,2011/03/06,07:57:36.523,2011/03/06,07:57:37.054,,3775,,,,,,,,,,0",
        "MSG,8,496,194,405F4E,27884,2010/02/19,17:58:13.244,2010/02/19,17:58:13.368,,,,,,,,,,,,0",
    ]

    private struct Read {
        var messages: [BaseStationMessage] = []
        var problems: [BaseStationProblem] = []

        init(_ text: String, pieces: Int = .max) {
            let bytes = [UInt8](text.utf8)
            var reader = BaseStationReader()
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + min(pieces, bytes.count))
                let piece = Array(bytes[start..<end])
                reader.read(piece.span, problem: { self.problems.append($0) }) { self.messages.append($0) }
                start = end
            }
            reader.finish(problem: { self.problems.append($0) }) { self.messages.append($0) }
            precondition(reader.messageCount == self.messages.count, "each message is counted")
            precondition(reader.problemCount == self.problems.count, "each problem is counted")
        }
    }

    @Test("each kind of line is read") func kinds() throws {
        let read = Read(Self.lines.joined(separator: "\r\n") + "\r\n")
        #expect(read.problems.isEmpty)
        #expect(
            read.messages.map(\.kind) == [.selection, .identification, .aircraft, .status(.removed), .clock]
                + (1...8).map { .transmission($0) })
        #expect(read.messages[0].callsign?.description == "RYR1427")
        #expect(read.messages[4].address == nil)
        let surface = read.messages[6]
        #expect(surface.groundSpeedKnots == 76.4)
        #expect(surface.trackDegrees == 258.3)
        #expect(surface.latitude == 54.05735)
        #expect(surface.longitude == -4.38826)
        #expect(surface.altitudeFeet == 0)
        let airborne = read.messages[7]
        #expect(airborne.address == ICAOAddress(0x4CA2D6))
        #expect(airborne.altitudeFeet == 37000)
        #expect(airborne.generatedAt?.description == "2008-11-28T14:53:50.594Z")
        #expect(airborne.loggedAt?.description == "2008-11-28T14:58:51.153Z")
        #expect(airborne.hasAlert == false && airborne.hasEmergency == false)
        #expect(read.messages[8].verticalRateFeetPerMinute == -832)
        #expect(read.messages[10].mode3A == Mode3A(0o271))
        #expect(read.messages[12].isOnGround == false)
    }

    @Test("a feed in pieces of any size is the same feed", arguments: [1, 2, 3, 7, 64, 200]) func pieces(size: Int) {
        let text = Self.lines.joined(separator: "\r\n") + "\nrubbish\n" + Self.lines[7]
        let (whole, parts) = (Read(text), Read(text, pieces: size))
        #expect(whole.messages == parts.messages)
        #expect(whole.problems == parts.problems)
        #expect(whole.messages.count == Self.lines.count + 1)
        #expect(whole.problems.map(\.line) == [14])
    }

    @Test("every truncation of a line is a message or a problem, and costs no other line") func truncations() {
        let good = Self.lines[7]
        for line in Self.lines {
            for count in 1..<line.utf8.count {
                let read = Read(line.prefix(count) + "\n" + good + "\n")
                #expect(read.messages.count + read.problems.count == 2, "\(line.prefix(count))")
                #expect(read.messages.last?.latitude == 51.45735)
            }
        }
    }

    @Test(
        "a bad line is told with its place, field and reason",
        arguments: [
            ("XYZ,1,2", .unknownKind, 1), ("MSG,9,1,1,400CB6,1,,,,,,,,,,,,,,,,", .unknownType, 2),
            ("MSG,3,1,1,400CB6,1", .tooFewFields, 0), ("MSG,3,1,1,400CZ6,1,,,,,,,,,,,,,,,,", .badAddress, 5),
            ("MSG,3,1,1,400CB6,1,,,,,,,,,91.0,0,,,,,,", .badField, 15),
            ("MSG,3,1,1,400CB6,1,,,,,,abc,,,,,,,,,,", .badField, 12),
            ("MSG,6,1,1,400CB6,1,,,,,,,,,,,,7778,,,,", .badField, 18),
            ("MSG,3,1,1,400CB6,1,,,,,,,,,,,,,5,,,", .badField, 19),
            ("STA,,5,179,400AE7,10103,,,,,XX", .unknownStatus, 11),
        ] as [(String, BaseStationProblem.Reason, UInt8)])
    func problems(line: String, reason: BaseStationProblem.Reason, field: UInt8) {
        let read = Read(Self.lines[0] + "\r\n" + line + "\r\n" + Self.lines[7] + "\r\n")
        #expect(
            read.problems == [
                BaseStationProblem(line: 2, offset: Self.lines[0].utf8.count + 2, reason: reason, field: field)
            ])
        #expect(read.messages.count == 2)
        #expect(read.problems.first?.description.isEmpty == false)
    }

    @Test("a line without end is skipped in bounded memory") func endless() {
        let read = Read(String(repeating: "MSG,3,", count: 5000) + "\n" + Self.lines[7], pieces: 100)
        #expect(read.problems.map(\.reason) == [.tooLong])
        #expect(read.messages.count == 1)
    }

    @Test("random bytes do no harm", arguments: 0..<20 as Range<UInt64>) func noise(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var reader = BaseStationReader()
        for _ in 0..<200 {
            var bytes = [UInt8](Self.lines[Int(random.next() % 13)].utf8)
            for _ in 0..<3 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.append(0x0A)
            reader.read(bytes.span) { _ in }
        }
        #expect(reader.messageCount + reader.problemCount > 0)
    }

    @Test("what is written is read as it was", arguments: 0..<50 as Range<UInt64>) func roundTrip(seed: UInt64) {
        var random = SeededRandom(state: seed)
        func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? { random.next() % 3 == 0 ? nil : value() }
        func whole(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        var message = BaseStationMessage(
            kind: .transmission(UInt8(whole(1..<9))), address: ICAOAddress(UInt32(whole(0..<1 << 24))))
        message.isAddressForeign = random.next() % 4 == 0
        message.generatedAt = maybe(Timestamp(nanoseconds: Int64(whole(0..<9_000_000_000_000)) * 1_000_000))
        message.loggedAt = maybe(Timestamp(nanoseconds: Int64(whole(0..<9_000_000_000_000)) * 1_000_000))
        message.callsign = maybe(Callsign("AB\(whole(0..<9999))")) ?? nil
        message.altitudeFeet = maybe(Int32(whole(-1200..<120_000)))
        message.groundSpeedKnots = maybe(Double(whole(0..<9999)) / 10)
        message.trackDegrees = maybe(Double(whole(0..<3600)) / 10)
        message.latitude = maybe(Double(whole(-9_000_000..<9_000_000)) / 1e5)
        message.longitude = maybe(Double(whole(-18_000_000..<18_000_000)) / 1e5)
        message.verticalRateFeetPerMinute = maybe(Int32(whole(-9000..<9000)))
        message.mode3A = maybe(Mode3A(UInt16(whole(0..<4096))))
        message.hasAlert = maybe(random.next() % 2 == 0)
        message.hasEmergency = maybe(random.next() % 2 == 0)
        message.hasIdentPulse = maybe(random.next() % 2 == 0)
        message.isOnGround = maybe(random.next() % 2 == 0)
        var others: [BaseStationMessage] = []
        for kind in [BaseStationMessage.Kind.selection, .identification, .aircraft] {
            var other = BaseStationMessage(kind: kind, address: message.address)
            other.callsign = message.callsign
            others.append(other)
        }
        others += BaseStationStatus.allCases.map { BaseStationMessage(kind: .status($0), address: message.address) }
        others.append(BaseStationMessage(kind: .clock))
        var writer = BaseStationWriter()
        for one in [message] + others { writer.append(one) }
        writer.take { text in
            var back: [BaseStationMessage] = []
            var reader = BaseStationReader()
            reader.read(text, problem: { Issue.record("\($0)") }) { back.append($0) }
            #expect(back == [message] + others)
        }
    }

    @Test("lines become plots, with what the aircraft said before") func plots() throws {
        let text = """
            MSG,1,1,1,4CA2D6,1,2008/11/28,14:53:49.000,2008/11/28,14:53:49.000,RYR12AB,,,,,,,,,,,
            MSG,4,1,1,4CA2D6,1,2008/11/28,14:53:50.000,2008/11/28,14:53:50.000,,,400,90,,,-1200,,,,,
            MSG,6,1,1,4CA2D6,1,2008/11/28,14:53:50.200,2008/11/28,14:53:50.200,,37000,,,,,,0271,0,0,0,0
            MSG,3,1,1,4CA2D6,1,2008/11/28,14:53:50.594,2008/11/28,14:53:50.594,,37000,,,51.5,-1,,,0,0,0,0

            """
        var decoder = BaseStationDecoder(
            BaseStationDecoder.Configuration(sensor: SensorID(sac: 1, sic: 2), lineClockAhead: 3600))
        var reports: [SensorReport] = []
        let received = Timestamp(seconds: 1_227_900_000)
        for message in Read(text).messages { decoder.decode(message, receivedAt: received, into: &reports) }
        guard case .plot(let plot) = try #require(reports.first), reports.count == 1 else {
            Issue.record("no plot")
            return
        }
        #expect(plot.measuredAt.description == "2008-11-28T13:53:50.594Z")
        #expect(plot.receivedAt == received)
        #expect(plot.identity.address == ICAOAddress(0x4CA2D6))
        #expect(plot.identity.callsign?.description == "RYR12AB")
        #expect(plot.identity.mode3A == Mode3A(0o271))
        #expect(abs(try #require(plot.pressureAltitude) - 37000 * 0.3048) < 1e-9)
        let velocity = try #require(plot.velocity)
        #expect(abs(velocity.east - 400 * 1852 / 3600) < 1e-3)
        #expect(abs(velocity.north) < 1e-3)
        #expect(abs(try #require(plot.climbRate) + 6.096) < 1e-5)
        guard case .geodetic(let latitude, let longitude, _) = plot.measurement else { Issue.record("polar"); return }
        #expect(abs(latitude * 180 / .pi - 51.5) < 1e-12)
        #expect(abs(longitude * 180 / .pi + 1) < 1e-12)
        #expect(!plot.isOnGround)
    }

    @Test(
        "the positions of a real flight go out as lines and come back",
        .enabled(if: ModeSData.has("rs1090_long_flight.csv.gz")))
    func flight() throws {
        let frames = ModeSData.frames(try ModeSData.unpacked("rs1090_long_flight.csv.gz"), .csv).frames
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        var writer = BaseStationWriter()
        var reports: [SensorReport] = []
        var positions = 0
        for frame in frames {
            guard let message = try? ModeSMessage(frame.received.frame), let time = frame.receivedAt else { continue }
            let answer = decoder.decode(message, receivedAt: time, into: &reports)
            writer.append(message, answer: answer, receivedAt: time)
            if answer.position != nil, message.extendedSquitterPayload != nil { positions += 1 }
        }
        var reader = BaseStationReader()
        var counts = [Int](repeating: 0, count: 9)
        var places = 0
        writer.take { text in
            reader.read(text, problem: { Issue.record("\($0)") }) { message in
                if case .transmission(let type) = message.kind { counts[Int(type)] += 1 }
                if message.latitude != nil { places += 1 }
            }
        }
        #expect(reader.messageCount == writer.messageCount)
        #expect(places == positions)
        #expect(positions > 10_000)
        #expect(counts.dropFirst().allSatisfy { $0 > 0 }, "\(counts)")
    }
}
