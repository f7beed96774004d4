import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("AIS sentences")
struct AISReceiverTests {
    static let single = "!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30"
    static let first = "!AIVDM,2,1,3,B,55NBjP01mtGIL@CW;SM<D60P5Ld000000000000P0`<3557l0<50@kk@,0*66"

    @Test("every truncation of a sentence costs that sentence and nothing else")
    func truncations() {
        let bytes = Array(Self.single.utf8)
        for count in 0..<bytes.count {
            let read = AISRead([Array(bytes[..<count]) + [0x0A], bytes + [0x0A]])
            #expect(read.messages.count == 1)
            #expect(read.problems.count <= 1)
            #expect(
                read.tally.acceptedBytes + read.tally.otherBytes + read.tally.skippedBytes == count + 2 + bytes.count)
        }
    }

    @Test("every single damaged character is found by the checksum")
    func damage() {
        let bytes = Array(Self.single.utf8)
        for i in 1..<bytes.count - 3 {
            var damaged = bytes
            damaged[i] ^= 0x01
            #expect(AISRead([damaged]).messages == [])
        }
    }

    @Test("a feed may be cut anywhere", .enabled(if: AISFiles.areThere))
    func pieces() throws {
        let bytes = try AISFiles.bytes("libais_tagblock.nmea")
        let whole = AISRead([bytes])
        for cut in 1..<bytes.count {
            let read = AISRead([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(read.received == whole.received)
        }
        #expect(AISRead(bytes.map { [$0] }).received == whole.received)
    }

    @Test("parts of messages find each other through what lies between them, in any order")
    func assembly() throws {
        var one: [UInt8] = []
        var two: [UInt8] = []
        var body = AISVoyageData()
        body.destination = AISText("OSAKA", characters: 20) ?? AISText()
        AISMessage(type: 5, mmsi: MMSI(431_000_001), body: .voyage(body))
            .appendSentences(to: &one, channel: UInt8(ascii: "A"), sequence: 1)
        AISMessage(type: 5, mmsi: MMSI(431_000_002), body: .voyage(body))
            .appendSentences(to: &two, channel: UInt8(ascii: "A"), sequence: 2)
        let a = String(decoding: one, as: UTF8.self).split(whereSeparator: \.isNewline)
        let b = String(decoding: two, as: UTF8.self).split(whereSeparator: \.isNewline)
        for order in [[a[0], b[0], a[1], b[1]], [b[1], a[0], b[0], a[1]], [a[1], b[1], b[0], a[0]]] {
            let read = AISRead(order.joined(separator: "\n"))
            #expect(Set(read.messages.map(\.mmsi.rawValue)) == [431_000_001, 431_000_002])
            #expect(read.problems == [])
        }
        // The same part twice: the first message is given up.
        let doubled = AISRead([a[0], a[0], a[1]].joined(separator: "\n"))
        #expect(doubled.messages.count == 1)
        #expect(doubled.problems.map(\.fault) == [.incomplete])
    }

    @Test("a part whose others do not come is given up, and memory stays bounded")
    func lost() {
        var text = Self.first + "\n"
        for _ in 0..<300 { text += Self.single + "\n" }
        let read = AISRead(text)
        #expect(read.messages.count == 300)
        #expect(read.problems.map(\.fault) == [.incomplete])
        #expect(read.problems.first?.offset == 0)
        #expect(read.receiver.waitingCount == 0)

        var flood: [UInt8] = []
        for i in 0..<500 {
            let tag = AISTag(line: 1, lineCount: 2, group: UInt32(i))
            tag.appendBlock(to: &flood)
            flood += Array((Self.first + "\n").utf8)
        }
        let flooded = AISRead([flood])
        #expect(flooded.receiver.waitingCount == 64)
        #expect(flooded.tally.count(of: .incomplete) == 436)

        let endless = AISRead([[UInt8](repeating: 0x41, count: 5000), [UInt8](repeating: 0x42, count: 5000) + [0x0A]])
        #expect(endless.problems.map(\.fault) == [.lineTooLong])
        #expect(endless.tally.skippedBytes == 10_001)
    }

    @Test("tag blocks and fields behind the sentence say when and where it was heard", .enabled(if: AISFiles.areThere))
    func tags() throws {
        let read = AISRead([try AISFiles.bytes("libais_tagblock.nmea")])
        #expect(
            read.received.map { $0.sentence.tag.station?.description ?? "" }
                == ["rORBCOMM104", "rORBCOMM008", "rORBCOMM007", "rORBCOMM007"])
        #expect(
            read.received.map { $0.sentence.tag.receivedAt?.description ?? "" } == [
                "2014-12-10T00:41:53.000Z", "2014-12-10T00:00:01.000Z", "2014-12-10T00:35:22.000Z",
                "2014-12-10T00:32:41.000Z",
            ])
        let behind = AISRead(Self.single + ",d-080,S2118,t050056.00,T56.4837741,r003669946,1325394060,1325394001")
        #expect(behind.received.first?.sentence.tag.station?.description == "r003669946")
        #expect(behind.received.first?.sentence.tag.receivedAt?.description == "2012-01-01T05:01:00.000Z")

        var tagged: [UInt8] = []
        let tag = AISTag(
            receivedAt: Timestamp(seconds: 1_418_172_113), station: read.received[0].sentence.tag.station)
        read.messages[0].appendSentences(to: &tagged, tag: tag)
        #expect(AISRead([tagged]).received.first?.sentence.tag.receivedAt == tag.receivedAt)
        tagged[4] ^= 1
        #expect(AISRead([tagged]).problems.map(\.fault) == [.badTagBlock])
    }

    @Test("other sentences are counted and are no problem")
    func others() {
        let read = AISRead(
            "$GPRMC,081836,A,3751.65,S,14507.36,E*00\n\n# remark\nwords\n!BSVDO,1,1,,,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*6A\n"
        )
        #expect(read.tally.otherLines == 3)
        #expect(read.problems.map(\.fault) == [.noSentence])
        #expect(read.received.first?.sentence.word == "BSVDO")
        #expect(read.received.first?.sentence.isOwn == true)
    }

    @Test("text with sentences is known from other text and from bytes")
    func detection() {
        func detects(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return AISReceiver.detects(bytes.span)
        }
        #expect(detects(Self.single))
        #expect(detects("# log\r\n\r\n" + Self.single + "\r\n"))
        #expect(!detects(""))
        #expect(!detects("*8D4840D6202CC371C32CE0576098;"))
        #expect(!detects("!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*31"))
        #expect(!detects("$GPRMC,081836,A,3751.65,S,14507.36,E*00"))
    }

    @Test("random text is no message, traps nothing and is all accounted for", arguments: 0..<50 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededRandom(state: seed)
        let alphabet = Array("!AIVDMO,12345*\\g:s:c-.wW`0@\n\r$".utf8)
        var bytes = (0..<4000).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        for at in stride(from: 0, to: 3500, by: 500) {
            bytes.replaceSubrange(at..<(at + Self.first.utf8.count), with: Array(Self.first.utf8))
        }
        let read = AISRead([bytes])
        #expect(read.tally.acceptedBytes + read.tally.otherBytes + read.tally.skippedBytes == bytes.count)
    }

    @Test("the JSON view gives a line for each message", .enabled(if: AISFiles.areThere))
    func json() throws {
        let bytes = try AISFiles.bytes("libais_typeexamples.nmea")
        var text: [UInt8] = []
        let summary = try decodeAISToJSONLines(
            bytes.span, sink: { piece in for i in piece.indices { text.append(piece[i]) } })
        #expect(summary?.tally.messageCount == 26)
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 26)
        #expect(
            lines[1].hasPrefix(
                #"{"offset":117,"sentence":"AIVDM","channel":"A","time":1325394060,"station":"r003669946","type":1,"#))
        #expect(try decodeAISToJSONLines([1, 2, 3].span, sink: { _ in }) == nil)
    }
}

@Suite("AIS to plots")
struct AISDecoderTests {
    static let receivedAt = Timestamp(seconds: 1_700_000_010)

    private func plots(_ messages: [AISMessage], tag: AISTag = AISTag()) -> [Plot] {
        var bytes: [UInt8] = []
        for message in messages { message.appendSentences(to: &bytes, tag: tag) }
        var decoder = AISDecoder(sensor: SensorID(sac: 1, sic: 7))
        var reports: [SensorReport] = []
        var problems: [AISProblem] = []
        decoder.decode(bytes.span, receivedAt: Self.receivedAt, into: &reports, problems: &problems)
        return reports.compactMap {
            guard case .plot(let plot) = $0 else { return nil }
            return plot
        }
    }

    @Test("an aircraft of search and rescue becomes the plot of an aircraft")
    func aircraft() throws {
        var body = AISAircraftReport()
        body.altitudeRaw = 300
        body.speedRaw = 100
        body.courseRaw = 900
        body.latitudeRaw = 35 * 600_000
        body.longitudeRaw = 139 * 600_000
        body.second = 58
        body.isAccurate = true
        let message = AISMessage(type: 9, mmsi: MMSI(111_431_501), body: .aircraft(body))
        let plot = try #require(self.plots([message]).first)
        #expect(plot.subject == .aircraft)
        #expect(plot.kind == .broadcast)
        #expect(!plot.isOnGround)
        #expect(plot.identity.mmsi == MMSI(111_431_501))
        #expect(plot.geometricHeight == 300)
        #expect(plot.pressureAltitude == nil)
        #expect(abs((plot.velocity?.east ?? 0) - 100 * 1852 / 3600) < 1e-9)
        // 22:13:30 received, second 58: 32 s before, or 28 s after, which is nearer.
        #expect(plot.measuredAt == Timestamp(seconds: 1_700_000_038))
        guard case .geodetic(let latitude, _, let deviation) = plot.measurement else { throw Wrong("not geodetic") }
        #expect(abs(latitude - 35 * .pi / 180) < 1e-12)
        #expect(abs(deviation - 10 / 2.447746830680816) < 1e-12)
    }

    @Test("a ship is a vessel on the surface, and is called as it said")
    func ship() throws {
        var voyage = AISVoyageData()
        voyage.callsign = AISText("7JAB", characters: 7) ?? AISText()
        var body = AISPositionReport()
        body.latitudeRaw = 34 * 600_000
        body.longitudeRaw = -600_000
        let messages = [
            AISMessage(type: 1, mmsi: MMSI(431_000_001), body: .position(body)),
            AISMessage(type: 5, mmsi: MMSI(431_000_001), body: .voyage(voyage)),
            AISMessage(type: 1, mmsi: MMSI(431_000_001), body: .position(body)),
        ]
        let heard = AISTag(receivedAt: Timestamp(seconds: 1_600_000_000))
        let plots = self.plots(messages, tag: heard)
        #expect(plots.count == 2)
        #expect(plots[0].identity.callsign == nil)
        #expect(plots[1].identity.callsign?.description == "7JAB")
        #expect(plots[1].subject == .vessel)
        #expect(plots[1].isOnGround)
        #expect(plots[1].velocity == nil)
        #expect(plots[1].measuredAt == heard.receivedAt)
        #expect(plots[1].receivedAt == Self.receivedAt)
    }

    @Test("a position that is not available, or off the globe, is no plot")
    func unavailable() {
        var body = AISClassBPosition()
        #expect(self.plots([AISMessage(type: 18, mmsi: MMSI(1), body: .classBPosition(body))]) == [])
        body.latitudeRaw = 95 * 600_000
        body.longitudeRaw = 0
        #expect(self.plots([AISMessage(type: 18, mmsi: MMSI(1), body: .classBPosition(body))]) == [])
        var coarse = AISLongRangePosition()
        coarse.latitudeRaw = 600
        coarse.longitudeRaw = 600
        let plots = self.plots([AISMessage(type: 27, mmsi: MMSI(1), body: .longRange(coarse))])
        guard case .geodetic(_, _, let deviation)? = plots.first?.measurement else {
            Issue.record("no plot")
            return
        }
        #expect(deviation > 54 && deviation < 55)
    }
}
