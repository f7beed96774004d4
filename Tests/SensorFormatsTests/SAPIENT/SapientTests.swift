import Air
import Foundation
import Geodesy
import Testing

@testable import SensorFormats

/// Messages as Google's protobuf runtime (Python 6.33) serialises them from the classes of BSI Flex 335 v2.0.
private enum Reference {
    static let envelope =
        "0a0b08d0ab86d8061080e59a77122437623166326331652d366135342d346630652d396133612d306431653266336134623563"
    static let nodeID = "7b1f2c1e-6a54-4f0e-9a3a-0d1e2f3a4b5c"
    /// A radar that reports every 5 s, velocities in km/h.
    static let registration =
        envelope
        + "22990"
        + "10a0a08021206582062616e64121142534920466c6578203333352076322e301a0a48696c6c2072616461722a1f0a055261646172120d"
        + "4d6178696d756d2072616e67651a043530303022016d32090a0708041d0000a0403a320a0744656661756c741001220708041d000080"
        + "3f520e0a040801180132062202080230015a0c120a0a0201021a0408011801520c0a054d616b657212034f6e65"
    static let detection =
        envelope
        + "3ab7010a1a3031485a58344d3351324a384b374e3650355234533354325631121a3031485a58344d3351324a384b374e365035523453"
        + "3354325632323109ebe2361ac05bc0bf11c5feb27bf2c04940190000000000205e40212d431cebe2361a3f292d431cebe2360a3f3801"
        + "40013d6666663f5a270a0b4169722056656869636c6515cdcc4c3f1a130a0f55415620526f746172792057696e6718019a011b090000"
        + "0000000042401100000000000032c019cdcccccccccc0c40"
    /// 3°, −90°, 2.5 km.
    static let bearing =
        envelope
        + "3a590a1a3031485a58344d3351324a384b374e3650355234533354325631121a3031485a58344d3351324a384b374e36503552345333"
        + "543256332a1f0900000000000008401100000000008056c019000000000000044038034001"
    static let status =
        envelope
        + "324a0a1a3031485a58344d3351324a384b374e3650355234533354325634100118012a0744656661756c743a1f09b81e85eb51b8bebf"
        + "110000000000c04940190000000000003e4038014001"
    static let goodbye =
        envelope + "32290a1a3031485a58344d3351324a384b374e3650355234533354325635100518012a0744656661756c74"
    static let task =
        envelope + "422e0a1a3031485a58344d3351324a384b374e36503552345333543256363001420e0a0c526567697374726174696f6e"
    static let alert =
        envelope + "522b0a1a3031485a58344d3351324a384b374e3650355234533354325637100218012209646f6f72206f70656e"
    static let all = [registration, detection, bearing, status, goodbye, task, alert]
}

private func octets(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { hexDigit($0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func message(_ bytes: [UInt8]) throws -> SapientMessage { try SapientMessage(bytes.span) }

private func framed(_ hex: String...) -> [UInt8] {
    hex.flatMap { hex in
        let bytes = octets(hex)
        return (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }
}

@Suite("SAPIENT messages")
struct SapientMessageTests {
    @Test("a registration says what the node is and can do")
    func registration() throws {
        let one = try message(octets(Reference.registration))
        guard case .registration(let body) = one.content else { throw Wrong("no registration") }
        #expect(one.nodeID == Reference.nodeID)
        #expect(one.timestamp?.description == "2026-11-21T13:00:00.250Z")
        #expect(body.nodeTypes == [2])
        #expect(body.edition == "BSI Flex 335 v2.0")
        #expect(body.name == "Hill radar")
        #expect(body.statusInterval == 5)
        #expect(body.speedUnit == 1 / 3.6)
        #expect(
            body.capabilities == [
                .init(category: "Radar", type: "Maximum range", value: "5000", units: "m")
            ])
        #expect(one.violations() == [])
    }

    @Test("what Google's runtime wrote is written again byte for byte", arguments: Reference.all)
    func roundTrip(hex: String) throws {
        let bytes = octets(hex)
        #expect(try message(bytes).bytes == bytes)
        #expect(try message(bytes).violations() == [])
    }

    @Test("the JSON view names fields and enumerations as the standard does, and a task stays closed")
    func json() throws {
        func text(_ hex: String) throws -> String {
            var writer = JSONWriter()
            writer.beginObject()
            try message(octets(hex)).writeFields(to: &writer)
            writer.endObject()
            return writer.text
        }
        #expect(
            try text(Reference.bearing)
                == #"{"timestamp":1795266000.25,"node_id":"7b1f2c1e-6a54-4f0e-9a3a-0d1e2f3a4b5c","detection_report":"#
                + #"{"report_id":"01HZX4M3Q2J8K7N6P5R4S3T2V1","object_id":"01HZX4M3Q2J8K7N6P5R4S3T2V3","#
                + #""range_bearing":{"elevation":3.0,"azimuth":-90.0,"range":2.5,"#
                + #""coordinate_system":"RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM","#
                + #""datum":"RANGE_BEARING_DATUM_TRUE"}}}"#)
        #expect(try text(Reference.task).contains(#""task":"0a1a"#))
        #expect(
            try text(Reference.registration).contains(
                #""region_type":["REGION_TYPE_AREA_OF_INTEREST","REGION_TYPE_IGNORE"]"#))
    }

    @Test("a mandatory field that is missing is named with its path")
    func violations() throws {
        var one = try message(octets(Reference.detection))
        func without(_ number: UInt32, in tree: ProtoMessage, _ path: UInt32...) -> ProtoMessage {
            var tree = tree
            guard let first = path.first else {
                tree.fields.removeAll { $0.number == number }
                return tree
            }
            for i in tree.fields.indices where tree.fields[i].number == first {
                guard case .message(let inner) = tree.fields[i].value else { continue }
                var changed = inner
                changed.fields.removeAll { $0.number == number }
                tree.fields[i].value = .message(changed)
            }
            return tree
        }
        let tree = one.tree
        one.tree = without(2, in: tree, 7)
        #expect(one.violations().map(\.description) == ["detection_report.object_id is missing"])
        one.tree = without(6, in: tree, 7)
        #expect(
            one.violations().map(\.description) == ["detection_report.range_bearing|location has none of its choices"])
        one.tree = without(7, in: tree)
        #expect(
            one.violations().map(\.path) == [
                "registration|registration_ack|status_report|detection_report|task|task_ack|alert|alert_ack|error"
            ])
        one.tree = without(2, in: tree)
        one.tree.set(2, "me")
        #expect(one.violations().map(\.description) == ["node_id is no UUID"])
        #expect(one.violations(.v1) == [])
        #expect(try message([]).violations(.v1).count == 3)
    }

    @Test("unknown fields, wrong types and repeated single fields are kept, merged or replaced as by others")
    func wire() throws {
        // 1000: varint, 1001: fixed32; field 2 as a varint.
        let strange = octets(Reference.envelope) + [0xC0, 0x3E, 0x05, 0xCD, 0x3E, 1, 2, 3, 4, 0x10, 0x07]
        let kept = try message(strange)
        #expect(kept.bytes == strange)
        #expect(kept.nodeID == Reference.nodeID || kept.nodeID == nil)
        // The last of two node ids counts.
        let twice = try message([0x12, 1, 0x61, 0x12, 1, 0x62])
        #expect(twice.nodeID == "b")
        #expect(twice.bytes == [0x12, 1, 0x62])
        // The last of a choice counts: an alert after an error.
        let choice = try message([0x62, 2, 0x0A, 0, 0x52, 3, 0x0A, 1, 0x41])
        guard case .alert(let alert) = choice.content else { throw Wrong("no alert") }
        #expect(alert.alertID == "A")
        #expect(choice.tree.fields.count == 1)
        // Two halves of one message are merged.
        let merged = try message([0x52, 3, 0x0A, 1, 0x41, 0x52, 3, 0x22, 1, 0x42])
        #expect(merged.tree.fields.count == 1)
        #expect(merged.bytes == [0x52, 6, 0x0A, 1, 0x41, 0x22, 1, 0x42])
    }

    @Test("bytes that are no message are refused with their offset")
    func malformed() {
        func error(_ bytes: [UInt8]) -> ProtoError? {
            do throws(ProtoError) {
                _ = try SapientMessage(bytes.span)
                return nil
            } catch { return error }
        }
        #expect(error([0x12, 5, 0x61]) == .truncated(offset: 1))
        #expect(error([0x08]) == .truncated(offset: 1))
        #expect(error([UInt8](repeating: 0x80, count: 11)) == .badVarint(offset: 0))
        #expect(error([0x00, 0]) == .badFieldNumber(offset: 0))
        #expect(error([0x0B]) == .badWireType(offset: 0))
        #expect(error([0x0E]) == .badWireType(offset: 0))
        #expect(error([0x12, 1, 0xFF]) == .badText(offset: 0))
        // Sub-classes within sub-classes: 4 of 3 of 11 of 7.
        var deep: [UInt8] = []
        for _ in 0..<100 {
            var next: [UInt8] = [0x22]
            appendVarint(UInt64(deep.count), to: &next)
            deep = next + deep
        }
        for tag: UInt8 in [0x1A, 0x5A, 0x3A] {
            var next: [UInt8] = [tag]
            appendVarint(UInt64(deep.count), to: &next)
            deep = next + deep
        }
        guard case .tooDeep = error(deep) else {
            Issue.record("a hundred levels were taken")
            return
        }
        guard
            case .tooManyFields = error(
                (0..<20_000).flatMap { _ in [0x7D as UInt8, 0, 0, 0, 0] })
        else {
            Issue.record("20,000 fields were taken")
            return
        }
    }

    @Test("every truncation and random damage is refused or read again as written", arguments: Reference.all)
    func damaged(hex: String) {
        let bytes = octets(hex)
        for count in 0..<bytes.count { Self.check(Array(bytes[..<count])) }
        var random = SeededRandom(state: UInt64(bytes.count))
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            Self.check(damaged)
        }
    }

    /// What can be read means the same after it has been written.
    private static func check(_ bytes: [UInt8]) {
        guard let one = try? SapientMessage(bytes.span) else { return }
        let again = try? SapientMessage(one.bytes.span)
        #expect(again == one)
        var writer = JSONWriter()
        writer.beginObject()
        one.writeFields(to: &writer)
        writer.endObject()
        _ = one.violations()
    }

    @Test("plane co-ordinates of the CN Tower are its place")
    func plane() throws {
        let place = try #require(UniversalTransverseMercator.place(zone: "17T", easting: 630_084, northing: 4_833_438))
        #expect(abs(place.latitudeDegrees - 43.642567) < 1e-5)
        #expect(abs(place.longitudeDegrees - -79.387139) < 1e-5)
        let south = try #require(UniversalTransverseMercator.place(zone: "56S", easting: 334_000, northing: 6_250_000))
        #expect(abs(south.latitudeDegrees - -33.875) < 0.02)
        #expect(UniversalTransverseMercator.place(zone: "61N", easting: 500_000, northing: 0) == nil)
        #expect(UniversalTransverseMercator.place(zone: "", easting: 500_000, northing: 0) == nil)
        #expect(UniversalTransverseMercator.place(zone: "30N", easting: .nan, northing: 0) == nil)
    }
}

@Suite("SAPIENT session")
struct SapientSessionTests {
    static let receivedAt = Timestamp(seconds: 1_795_266_001)

    /// What a session made of pieces.
    private struct Run {
        var session = SapientSession(
            .init(sensor: SensorID(sac: 2, sic: 3), nodeID: "00000000-0000-4000-8000-000000000001"))
        var reports: [SensorReport] = []
        var events: [SapientSession.Event] = []
        var output: [UInt8] = []
        var problems: [SapientProblem] = []

        init(_ pieces: [UInt8]...) { for piece in pieces { self.feed(piece) } }

        mutating func feed(_ piece: [UInt8]) {
            self.session.receive(
                piece.span, receivedAt: SapientSessionTests.receivedAt, into: &self.reports, events: &self.events,
                output: &self.output, problems: &self.problems)
        }

        var plots: [Plot] {
            self.reports.compactMap {
                guard case .plot(let plot) = $0 else { return nil }
                return plot
            }
        }

        /// What was sent, message by message.
        var answers: [SapientMessage] {
            var found: [SapientMessage] = []
            var at = 0
            while at + 4 <= self.output.count {
                let length = Int(self.output[at]) | Int(self.output[at + 1]) << 8
                let end = at + 4 + length
                if let one = try? SapientMessage(self.output.span.extracting((at + 4)..<end)) { found.append(one) }
                at = end
            }
            return found
        }
    }

    @Test("a node registers, is acknowledged, and its detections become plots")
    func life() throws {
        let run = Run(
            framed(
                Reference.registration, Reference.status, Reference.detection, Reference.bearing, Reference.task,
                Reference.alert, Reference.goodbye))
        #expect(run.problems == [])
        #expect(run.session.state == .left)
        #expect(run.session.tally.tasks == 1)
        #expect(run.answers.map(\.content) == [.registrationAck(isAccepted: true, reasons: [])])
        #expect(run.answers.first?.violations() == [])
        #expect(run.answers.first?.destinationID == Reference.nodeID)
        guard case .registered(_, let registration)? = run.events.first else { throw Wrong("not registered") }
        #expect(registration.capabilities.count == 1)
        #expect(run.events.last == .left)

        let plot = run.plots[0]
        #expect(plot.subject == .unmannedAircraft)
        #expect(plot.kind == .systemTrack)
        #expect(plot.geometricHeight == 120.5)
        #expect(plot.sensorTrackNumber == 0)
        #expect(plot.measuredAt.description == "2026-11-21T13:00:00.250Z")
        // 36 km/h east, 18 km/h south, 3.6 km/h up.
        #expect(abs((plot.velocity?.east ?? 0) - 10) < 1e-12)
        #expect(abs((plot.velocity?.north ?? 0) - -5) < 1e-12)
        #expect(abs((plot.climbRate ?? 0) - 1) < 1e-12)
        guard case .geodetic(let latitude, _, let deviation) = plot.measurement else { throw Wrong("not geodetic") }
        #expect(abs(latitude - 51.5074 * .pi / 180) < 1e-12)
        // 0.0001° of longitude at 51.5° north: 6.93 m; 0.00005° of latitude: 5.57 m.
        #expect(abs(deviation - 6.93) < 0.01)

        #expect(run.plots[1].kind == .primary)
        #expect(run.plots[1].sensorTrackNumber == 1)
        guard case .polar(let range, let azimuth, let elevation) = run.plots[1].measurement else {
            throw Wrong("not polar")
        }
        #expect(range == 2500)
        #expect(abs(azimuth - 1.5 * .pi) < 1e-12)
        #expect(abs((elevation ?? 0) - 3 * .pi / 180) < 1e-12)

        guard case .status(let status) = run.reports[0] else { throw Wrong("no status") }
        #expect(status.isOperational)
        #expect(abs((status.site?.latitudeDegrees ?? 0) - 51.5) < 1e-12)
        guard case .status(let last)? = run.reports.last else { throw Wrong("no status") }
        #expect(!last.isOperational)
    }

    @Test("the bytes may come in any pieces")
    func pieces() {
        let bytes = framed(Reference.registration, Reference.status, Reference.detection)
        let whole = Run(bytes)
        var single = Run()
        for byte in bytes { single.feed([byte]) }
        #expect(single.reports == whole.reports)
        #expect(single.output == whole.output)
        for cut in stride(from: 1, to: bytes.count, by: 7) {
            #expect(Run(Array(bytes[..<cut]), Array(bytes[cut...])).reports == whole.reports)
        }
    }

    @Test("nobody is heard before the registration, and an incomplete registration is refused with reasons")
    func order() throws {
        let early = Run(framed(Reference.detection))
        #expect(early.plots == [])
        #expect(early.problems.map(\.fault) == [.notRegistered])
        #expect(early.answers.map(\.content) == [.error(["register first"])])
        #expect(early.answers.first?.violations() == [])

        var short = try message(octets(Reference.registration))
        short.tree.fields[2].value = .message(ProtoMessage())
        var bytes: [UInt8] = []
        short.appendFrame(to: &bytes)
        let refused = Run(bytes, framed(Reference.status))
        #expect(refused.session.state == .awaitingRegistration)
        guard case .registrationAck(let isAccepted, let reasons)? = refused.answers.first?.content else {
            throw Wrong("no answer")
        }
        #expect(!isAccepted)
        #expect(reasons.contains("registration.icd_version is missing"))
        #expect(refused.problems.count == 2)

        // Another node on the same connection is not the one that has registered.
        var other = try message(octets(Reference.status))
        other.tree.fields[1].value = .bytes(Array("11111111-2222-4333-8444-555555555555".utf8))
        var foreign: [UInt8] = []
        other.appendFrame(to: &foreign)
        #expect(Run(framed(Reference.registration), foreign).problems.map(\.fault) == [.notRegistered])
    }

    @Test("a length beyond the limit ends the connection, and damage costs its message")
    func damage() {
        let long = Run(framed(Reference.registration), [0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3])
        #expect(long.session.state == .lost)
        #expect(long.problems.map(\.fault) == [.frameTooLong(0x7FFF_FFFF)])
        let bad = Run(framed(Reference.registration, "12ff", Reference.detection))
        #expect(bad.problems.map(\.fault) == [.malformed(.truncated(offset: 1))])
        #expect(bad.plots.count == 1)
        #expect(bad.answers.count == 2)
    }

    @Test("a node that is silent for two and a half intervals is late, once")
    func late() {
        var run = Run(framed(Reference.registration, Reference.status))
        run.session.tick(at: Self.receivedAt.advanced(by: 12), into: &run.reports, events: &run.events)
        #expect(!run.events.contains(.late))
        for seconds in [13.0, 20, 30] {
            run.session.tick(
                at: Self.receivedAt.advanced(by: seconds), into: &run.reports, events: &run.events)
        }
        #expect(run.events.filter { $0 == .late }.count == 1)
        guard case .status(let status)? = run.reports.last else {
            Issue.record("no status")
            return
        }
        #expect(!status.isOperational)
    }

    @Test("an alert is answered as its owner decides")
    func alert() throws {
        let run = Run(framed(Reference.registration, Reference.alert))
        guard case .alert(let alert)? = run.events.last else { throw Wrong("no alert") }
        #expect(alert.text == "door open")
        #expect(alert.alertType == 2)
        let answer = run.session.acknowledgement(of: alert, isAccepted: false, reason: "known", at: Self.receivedAt)
        let one = try message(Array(answer.dropFirst(4)))
        #expect(one.content == .alertAck(alertID: alert.alertID))
        #expect(one.violations() == [])
    }

    @Test("objects keep their numbers, which are of the session's own and bounded")
    func numbers() throws {
        var run = Run(framed(Reference.registration))
        run.session = SapientSession(
            .init(
                sensor: SensorID(sac: 2, sic: 3), nodeID: "00000000-0000-4000-8000-000000000001",
                objectNumbers: 8192...8194))
        run.feed(framed(Reference.registration))
        for object in ["A", "B", "A", "C", "D", "B", "A"] {
            var one = try message(octets(Reference.bearing))
            guard case .message(var inner) = one.tree.fields[2].value else { throw Wrong("no detection") }
            inner.fields[1].value = .bytes(Array(object.utf8))
            one.tree.fields[2].value = .message(inner)
            var bytes: [UInt8] = []
            one.appendFrame(to: &bytes)
            run.feed(bytes)
        }
        // D takes the number of A, the oldest; A then that of B.
        #expect(run.plots.compactMap(\.sensorTrackNumber) == [8192, 8193, 8192, 8194, 8192, 8193, 8193])
    }

    @Test("random bytes trap nothing and are all counted", arguments: 0..<30 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var run = Run(framed(Reference.registration))
        for _ in 0..<20 {
            var frame = framed(Reference.detection)
            for _ in 0..<4 {
                frame[Int.random(in: 4..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            run.feed(frame)
        }
        #expect(run.session.tally.messages == 21)
        for plot in run.plots {
            guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
            #expect(latitude.magnitude <= .pi / 2 && longitude.magnitude <= .pi && deviation > 0)
        }
    }
}
