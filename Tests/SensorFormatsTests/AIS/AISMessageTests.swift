import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("AIS messages")
struct AISMessageTests {
    @Test("a class A position is read as the tables of M.1371 say")
    func position() throws {
        let read = AISRead("!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30\r\n")
        let message = try #require(read.messages.first)
        guard case .position(let body) = message.body else { throw Wrong("no position") }
        #expect(message.mmsi == MMSI(367_033_650))
        #expect(message.mmsi.kind == .ship)
        #expect(body.navigationStatus == 0)
        #expect(body.turnDegreesPerMinute == nil)
        #expect(body.speedKnots == 8.6)
        #expect(body.longitudeRaw == -42_208_143)
        #expect(abs((body.latitudeDegrees ?? 0) - 42.79855) < 1e-6)
        #expect(body.courseDegrees == 35.9)
        #expect(body.headingDegrees == nil)
        #expect(body.second == 56)
        #expect(body.state.slotTimeout == 6)
        #expect(body.state.slotNumber == 2118)
        #expect(message.bitCount == 168)
    }

    /// Name in libais's output, path in ours.
    static let fields: [(String, String)] = [
        ("repeat", "repeatIndicator"), ("mmsi", "mmsi"), ("status", "navigationStatus"), ("speed", "speedKnots"),
        ("accuracy", "isAccurate"), ("lon", "longitudeDegrees"), ("lat", "latitudeDegrees"),
        ("course", "courseDegrees"), ("heading", "headingDegrees"), ("second", "second"), ("maneuver", "manoeuvre"),
        ("raim", "hasRAIM"), ("epfd", "positionDevice"), ("transmission_ctl", "asksForLongRange"),
        ("slot_timeout", "communicationState.slotTimeout"), ("sync_state", "communicationState.syncState"),
        ("slot_number", "communicationState.slotNumber"), ("slot_offset", "communicationState.slotOffset"),
        ("received_stations", "communicationState.receivedStations"),
        ("slot_increment", "communicationState.slotIncrement"),
        ("slots_to_allocate", "communicationState.slotCount"), ("keep_flag", "communicationState.keepsSlot"),
        ("callsign", "callsign"), ("shipname", "name"), ("name", "name"), ("shiptype", "shipType"),
        ("ais_version", "version"), ("destination", "destination"), ("draught", "draughtMetres"),
        ("to_bow", "toBowMetres"), ("to_stern", "toSternMetres"), ("to_port", "toPortMetres"),
        ("to_starboard", "toStarboardMetres"), ("dest_mmsi", "destination"), ("seqno", "sequence"),
        ("retransmit", "isRetransmitted"), ("dac", "areaCode"), ("fid", "function"), ("unit", "isCarrierSense"),
        ("display", "hasDisplay"), ("dsc", "hasDSC"), ("band", "usesWholeBand"), ("msg22", "obeysMessage22"),
        ("mode", "isAssigned"), ("part_num", "part"), ("alt", "altitudeMetres"),
        ("assigned_mode", "isAssigned"), ("aid_type", "aidType"), ("off_position", "isOffPosition"),
        ("virtual_aid", "isVirtual"), ("channel_a", "channelA"), ("channel_b", "channelB"), ("txrx", "mode"),
        ("station_type", "stationType"), ("interval", "interval"), ("quiet", "quietMinutes"),
        ("text", "text"),
    ]

    /// What libais reads otherwise (docs/ais.md): the sense of two flags, tenths of knots in message 9, two characters,
    /// no spare bits in 26, and the application's data, which are bits here.
    static let explained: Set<String> = ["6 retransmit", "6 text", "9 speed", "21 name", "26 dac", "26 fid"]

    /// The paths of `mmsi1` and `mmsi2`, by type.
    static let stations: [UInt8: [String]] = [
        7: ["entries.0.destination", "entries.1.destination"], 13: ["entries.0.destination", "entries.1.destination"],
        15: ["station1", "station2"], 16: ["stationA", "stationB"],
    ]

    @Test("each message type of libais has the values that libais says", .enabled(if: AISFiles.areThere))
    func libais() throws {
        let read = AISRead([try AISFiles.bytes("libais_typeexamples.nmea")])
        let expected = String(decoding: try AISFiles.bytes("libais_typeexamples.json"), as: UTF8.self)
            .split(separator: "\n")
            .compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        #expect(read.messages.count == expected.count)
        var compared = 0
        var differences: [String] = []
        for (message, theirs) in zip(read.messages, expected) {
            let ours = message.json
            #expect(Int(message.type) == theirs["type"] as? Int)
            var fields = Self.fields
            for (i, path) in (Self.stations[message.type] ?? []).enumerated() { fields.append(("mmsi\(i + 1)", path)) }
            for (name, path) in fields where !Self.explained.contains("\(message.type) \(name)") {
                guard let other = theirs[name] as? any Equatable else { continue }
                compared += 1
                if !Self.agree(value(ours, path), other, name, message) {
                    differences.append("type \(message.type) \(name): \(value(ours, path) ?? "nothing"), not \(other)")
                }
            }
        }
        #expect(compared > 190)
        #expect(differences == [])
    }

    /// Whether a value is what libais says; what is not available has a number there.
    private static func agree(_ mine: Any?, _ other: Any, _ name: String, _ message: AISMessage) -> Bool {
        let unavailable: [String: [Double]] = [
            "lon": [181], "lat": [91], "speed": [102.3, 1023, 63], "course": [360, 511], "heading": [511],
            "alt": [4095], "draught": [0],
        ]
        if let mine = mine as? String, let other = other as? String {
            // Filling of a text is cut off here.
            let cut = other.prefix { $0 != "@" }
            return mine == cut.trimmingCharacters(in: .whitespaces) || mine == other
        }
        guard let number = (other as? NSNumber)?.doubleValue else { return false }
        if let text = mine as? String { return Double(text) == number }
        // A station that the message does not name is 0 there.
        if mine == nil, name.hasPrefix("mmsi") { return number == 0 }
        if mine == nil { return unavailable[name]?.contains { abs($0 - number) < 0.01 } ?? false }
        guard let mine = (mine as? NSNumber)?.doubleValue else { return false }
        // libais computes in single precision.
        return abs(mine - number) <= max(abs(number) * 1e-6, 1e-5)
    }

    @Test(
        "every message of the recordings is encoded to its own bits", .enabled(if: AISFiles.areThere),
        arguments: AISFiles.names)
    func roundTrip(name: String) throws {
        let bytes = try AISFiles.bytes(name)
        let read = AISRead([bytes])
        #expect(read.messages.count >= 4)
        for received in read.received {
            let message = received.message
            // By way of sentences, with other breaks than the received ones.
            let again = AISRead([message.sentences])
            #expect(again.problems == [])
            #expect(again.messages == [message])
        }
        // What was received armoured is what is sent armoured, sentence by sentence of a single-sentence message.
        var lines = 0
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let start = line.range(of: "!AIVDM,1,1,,"), let star = line[start.upperBound...].firstIndex(of: "*")
            else { continue }
            let sentence = String(line[start.lowerBound..<line.index(star, offsetBy: 3, limitedBy: line.endIndex)!])
            let one = AISRead(sentence)
            guard let received = one.received.first else { continue }
            var text: [UInt8] = []
            received.message.appendSentences(to: &text, channel: received.sentence.channel)
            #expect(String(decoding: text.prefix { $0 != 0x0D }, as: UTF8.self) == sentence)
            lines += 1
        }
        #expect(lines >= 3)
    }

    @Test("random bits of every type come back as they were", arguments: 0..<54 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for _ in 0..<100 {
            let bytes = (0..<60).map { _ in UInt8.random(in: 0...255, using: &random) }
            var list = bytes
            list[0] = UInt8(seed % 27 + 1) << 2 | list[0] & 3
            let count = Int.random(in: 40...480, using: &random)
            let bits = BitString(list: list, count: count)
            guard let message = try? AISMessage(bits) else { continue }
            #expect(message.bits == bits)
            #expect(try AISMessage(message.bits) == message)
            #expect(!message.json.isEmpty)
        }
    }

    @Test("a message cut off anywhere is refused or read, and never more than there is", arguments: 1...27)
    func truncated(type: Int) {
        var full = BitString()
        full.append(UInt64(type), bits: 6)
        full.resize(to: 600)
        var accepted = 0
        for count in 0...600 {
            let bits = full.part(0, count)
            if let message = try? AISMessage(bits) {
                accepted += 1
                #expect(message.bits == bits)
                #expect(count >= 38)
            }
        }
        #expect(accepted > 0)
    }

    @Test("what is set is what is sent")
    func made() throws {
        var body = AISVoyageData()
        body.imoNumber = 9_383_663
        body.callsign = try #require(AISText("9HMQ9", characters: 7))
        body.name = try #require(AISText("RUTH THERESA", characters: 20))
        body.dimensions.toBowMetres = 78
        body.draughtRaw = 78
        let message = AISMessage(type: 5, mmsi: MMSI(249_190_000), body: .voyage(body))
        #expect(message.bitCount == 424)
        let read = AISRead([message.sentences])
        #expect(read.tally.sentences == 2)
        guard case .voyage(let back) = try #require(read.messages.first).body else { throw Wrong("no voyage") }
        #expect(back == body)
        #expect(back.name.description == "RUTH THERESA")
        #expect(back.draughtMetres == 7.8)
        #expect(AISText("lower", characters: 20) == nil)
        #expect(AISText("TOO LONG", characters: 3) == nil)

        let kept = AISAcknowledgement([.init(destination: 3_669_971, sequence: 2)])
        let acknowledgement = AISMessage(type: 7, mmsi: MMSI(3_669_971), body: .acknowledgement(kept))
        #expect(acknowledgement.bitCount == 72)
        #expect(value(acknowledgement.json, "entries.0.sequence") as? Int == 2)
    }

    @Test("numbers of the maritime service say what they are of")
    func numbers() {
        #expect(MMSI(3_669_739).kind == .coastStation)
        #expect(MMSI(3_669_739).description == "003669739")
        #expect(MMSI(111_232_506).kind == .aircraft)
        #expect(MMSI(993_669_740).kind == .aidToNavigation)
        #expect(MMSI(982_471_234).kind == .ship)
        #expect(MMSI(972_123_456).kind == .distressBeacon)
        #expect(MMSI(1_000_000_000).kind == .other)
    }
}

/// A sentence that fails a test.
struct Wrong: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

@Suite("AIS positions of a day at sea")
struct AISSeaTests {
    static let name = "other/stonesoup_SolentAIS_20160112_130211.csv"

    @Test(
        "positions that others decoded come back from sentences within half a step",
        .enabled(if: FileManager.default.fileExists(atPath: Recordings.directory + "/" + name)))
    func solent() throws {
        let lines = String(decoding: try Recordings.bytes(Self.name), as: UTF8.self).split(separator: "\n").dropFirst()
        var bytes: [UInt8] = []
        var expected: [(mmsi: UInt32, values: [Double])] = []
        for line in lines {
            let fields = line.split(separator: ",")
            let values = fields.dropFirst(2).compactMap { Double($0) }
            guard let mmsi = UInt32(fields[1]), values.count == 4 else { continue }
            var body = AISPositionReport()
            body.latitudeRaw = AISQuantity.latitude.raw(values[0], in: -54_000_000...54_000_000)
            body.longitudeRaw = AISQuantity.longitude.raw(values[1], in: -108_000_000...108_000_000)
            body.courseRaw = AISQuantity.course.raw(values[2], in: 0...3600)
            body.speedRaw = AISQuantity.speed.raw(values[3], in: 0...1023)
            AISMessage(type: 1, mmsi: MMSI(mmsi), body: .position(body)).appendSentences(to: &bytes)
            expected.append((mmsi, values))
        }
        let read = AISRead([bytes])
        #expect(read.problems == [])
        #expect(read.messages.count == expected.count)
        #expect(expected.count > 18_000)
        var wrong = 0
        for (message, one) in zip(read.messages, expected) {
            guard case .position(let body) = message.body, message.mmsi.rawValue == one.mmsi else {
                wrong += 1
                continue
            }
            // They were AIS once: latitude and longitude are whole steps.
            if abs((body.latitudeDegrees ?? 0) - one.values[0]) > 1e-9
                || abs((body.longitudeDegrees ?? 0) - one.values[1]) > 1e-9
                || abs((body.courseDegrees ?? 360) - one.values[2]) > 0.051
                || abs((body.speedKnots ?? 102.3) - one.values[3]) > 0.051
            {
                wrong += 1
            }
        }
        #expect(wrong == 0)
    }
}
