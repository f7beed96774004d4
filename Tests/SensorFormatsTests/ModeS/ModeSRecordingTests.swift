import Air
import Foundation
import Geodesy
import SensorFormats
import Testing

/// Real recordings, and what other decoders make of them. Differences: docs/mode-s-differences.md.
@Suite("Mode S recordings") struct ModeSRecordingTests {
    private static let samples = [
        "pymodes_sample_data_adsb.csv", "pymodes_sample_data_commb_df20.csv", "pymodes_sample_data_commb_df21.csv",
    ]

    @Test(
        "every value of pyModeS's golden corpus is met", .enabled(if: ModeSData.has("pymodes_golden_v2.json")))
    func golden() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(ModeSData.bytes("pymodes_golden_v2.json")))
        let corpus = try #require(parsed as? [String: [String: Any]])
        #expect(corpus.count == 600)
        var compared = 0
        for (hex, fields) in corpus {
            let message = try ModeSMessage(#require(ModeSFrame(hex: hex)))
            for (name, value) in fields {
                let integer = value as? Int
                let isKnown =
                    switch name {
                    case "df": integer == Int(message.downlinkFormat)
                    case "icao": (value as? String)?.lowercased() == message.address?.description
                    case "squawk": value as? String == message.mode3A?.description
                    case "typecode": integer.map(UInt64.init) == message.extendedSquitterPayload.map { $0 >> 51 }
                    default: try self.matches(name, value, message)
                    }
                guard let isKnown else { continue }
                compared += 1
                #expect(isKnown, "\(hex) \(name) \(value)")
            }
        }
        print("pyModeS golden corpus: \(compared) values compared")
        #expect(compared > 2000)
    }

    /// Nil for a field of a Comm-B register: which one it is, nobody says.
    private func matches(_ name: String, _ value: Any, _ message: ModeSMessage) throws -> Bool? {
        let integer = value as? Int
        guard let squitter = message.extendedSquitter else {
            return name == "altitude" ? integer == message.altitude?.feet.map(Int.init) : nil
        }
        switch (squitter, name) {
        case (.identification(let fields), "callsign"):
            // pyModeS writes blanks as underscores.
            return (value as? String)?.replacingOccurrences(of: "_", with: " ")
                .trimmingCharacters(in: .whitespaces) == fields.callsign?.description
        case (.identification(let fields), "category"):
            return integer == Int(fields.category)
        case (.airbornePosition(let fields), "altitude"):
            return integer == fields.altitude.feet.map(Int.init)
        case (.airbornePosition(let fields), "cpr_format"):
            return integer == (fields.position.isOdd ? 1 : 0)
        case (.velocity(let fields), "groundspeed"):
            // pyModeS 2 cuts the decimals off.
            return integer == fields.groundSpeedKnots.map { Int($0) }
        case (.velocity(let fields), "track"):
            return abs((value as? Double ?? .nan) - (fields.trackDegrees ?? .nan)) < 1e-9
        case (.velocity(let fields), "vertical_rate"):
            return integer == fields.verticalRateFeetPerMinute.map(Int.init)
        default:
            return false
        }
    }

    /// Three replies of the DF 20 sample have wrong bits: the address in its column is not the one in the parity.
    private static let spoiltReplies = [
        "a03f40002ec423613a3527be77d1": "9cc565", "a000009cc6500030aa0000e16cc9": "4c8fe7",
        "a6faa2a000161db2c80030a40000": "f20493",
    ]

    @Test(
        "the address and type code in the samples' own columns are met", .enabled(if: ModeSData.has(samples[0])),
        arguments: samples)
    func columns(name: String) throws {
        let content = try ModeSData.bytes(name)
        let text = try ModeSData.text(name).replacingOccurrences(of: "\u{FEFF}", with: "")
        let lines = text.split(whereSeparator: \.isNewline)
        let (frames, problems) = ModeSData.frames(content, ModeSRecording.csv)
        #expect(problems.isEmpty)
        #expect(frames.count == lines.count)
        let kind = ModeSData.detect(content)
        #expect(kind == .csv)
        for (line, recorded) in zip(lines, frames) {
            let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: ["\"", "\r"]) }
            let message = try ModeSMessage(recorded.received.frame)
            let address = fields[name.contains("adsb") ? 2 : 1]
            if let spoilt = Self.spoiltReplies[fields.last?.lowercased() ?? ""] {
                #expect(message.address?.description == spoilt)
            } else {
                #expect(message.address?.description == address.lowercased())
            }
            if name.contains("adsb") {
                #expect(message.isIntact == true)
                #expect(message.extendedSquitterPayload.map { "\($0 >> 51)" } == fields[3])
            }
            #expect(recorded.receivedAt?.seconds == Double(fields[0]))
        }
    }

    @Test(
        "an aircraft that lands is followed onto the runway without a site, along one path",
        .enabled(if: ModeSData.has("lib1090_surface_positions_a53436.json")))
    func landing() throws {
        let parsed = try JSONSerialization.jsonObject(
            with: Data(ModeSData.bytes("lib1090_surface_positions_a53436.json")))
        let rows = try #require(parsed as? [[String: Any]])
        #expect(rows.count == 174)
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 1, sic: 1)))
        var plots: [SensorReport] = []
        var types: [UInt64: Int] = [:]
        for row in rows {
            let reply = try #require((row["reply"] as? [[String: Any]])?.first)
            let bytes = try #require(Data(base64Encoded: reply["reply"] as? String ?? ""))
            let frame = try #require(ModeSFrame(hex: bytes.map { String(format: "%02x", $0) }.joined()))
            let nanoseconds = try #require(Int64(row["referenceTimestamp"] as? String ?? ""))
            let time = Timestamp(nanoseconds: nanoseconds)
            let message = try ModeSMessage(frame)
            #expect(message.address == ICAOAddress(0xA53436))
            #expect(message.isIntact == true)
            types[message.extendedSquitterPayload.map { $0 >> 51 } ?? 99, default: 0] += 1
            decoder.decode(frame, receivedAt: time, into: &plots)
        }
        print("landing: \(types), \(plots.count) plots, counts \(PositionTally(decoder.counts))")
        let places = plots.compactMap { report -> (Geodetic, Plot)? in
            guard case .plot(let plot) = report, case .geodetic(let latitude, let longitude, _) = plot.measurement
            else { return nil }
            return (Geodetic(latitude: latitude, longitude: longitude), plot)
        }
        // 62 airborne and 5 surface positions; the first pair makes the place, the first pair without its reports
        // confirms it, at the sixth report.
        #expect(types[11] == 62 && types[7] == 5)
        #expect(places.count == 62)
        for (before, after) in zip(places, places.dropFirst()) {
            let distance = before.0.geodesic(to: after.0).distance
            let seconds = after.1.measuredAt.seconds(since: before.1.measuredAt)
            // Below 160 kt, and 10 m for the rounding of two reports.
            #expect(distance <= 82 * seconds + 10, "\(distance) m in \(seconds) s")
        }
        #expect(places.map(\.1.isOnGround) == places.indices.map { $0 >= 57 })
    }

    @Test(
        "the long flight decodes whole: counts, parity and known addresses",
        .enabled(if: ModeSData.has("rs1090_long_flight.csv.gz")))
    func longFlight() throws {
        let bytes = try ModeSData.unpacked("rs1090_long_flight.csv.gz")
        let kind = ModeSData.detect(bytes)
        #expect(kind == .csv)
        let (frames, problems) = ModeSData.frames(bytes, .csv)
        #expect(problems.isEmpty)
        #expect(frames.count == 172_432)
        var byFormat: [UInt8: Int] = [:]
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 1, sic: 1)))
        var reports: [SensorReport] = []
        var beast: [UInt8] = []
        for recorded in frames {
            recorded.received.appendBeast(to: &beast)
            byFormat[recorded.received.frame.downlinkFormat, default: 0] += 1
            decoder.decode(
                recorded.received.frame, receivedAt: try #require(recorded.receivedAt), into: &reports)
        }
        #expect(
            byFormat == [
                0: 21393, 4: 8841, 5: 2949, 11: 38456, 16: 2694, 17: 31395, 18: 18990, 20: 29460, 21: 18254,
            ])
        print(
            "long flight: \(PositionTally(decoder.counts)), \(reports.count) plots, \(decoder.aircraftCount) aircraft")
        // The same frames through Beast.
        var reader = BeastReader()
        var index = 0
        reader.read(beast.span) { received in
            if index < frames.count, received.frame != frames[index].received.frame { Issue.record("frame \(index)") }
            index += 1
        }
        #expect(index == frames.count)
        #expect(reader.garbageBytes == 0)
        var paths: [ICAOAddress: Plot] = [:]
        var worst = 0.0
        for case .plot(let plot) in reports {
            guard let address = plot.identity.address else { continue }
            if let before = paths[address], case .geodetic(let a, let b, _) = before.measurement,
                case .geodetic(let c, let d, _) = plot.measurement
            {
                let distance = Geodetic(latitude: a, longitude: b).geodesic(to: Geodetic(latitude: c, longitude: d))
                    .distance
                let seconds = plot.measuredAt.seconds(since: before.measuredAt)
                worst = max(worst, distance - 320 * seconds)
            }
            paths[address] = plot
        }
        print("long flight: \(paths.count) aircraft with plots, \(worst) m beyond 320 m/s at most")
        #expect(worst < 300)
        // All but the surface positions before take-off, for which no site is given here.
        #expect(reports.count > 11_400)
        #expect(decoder.counts[.corrupt] == 0)
        #expect(decoder.counts[.accepted] > 172_300)
    }

    @Test(
        "a Beast recording of dump1090 is read without garbage",
        .enabled(if: ModeSData.has("traffic_sample_dump1090.bin")))
    func dump1090() throws {
        let bytes = try ModeSData.bytes("traffic_sample_dump1090.bin")
        let kind = ModeSData.detect(bytes)
        #expect(kind == .beast)
        let (frames, problems) = ModeSData.frames(bytes, .beast)
        print("dump1090 sample: \(frames.count) frames, problems \(problems)")
        #expect(frames.count > 200)
    }
}

/// Counts as text.
struct PositionTally: CustomStringConvertible {
    let description: String

    init(_ counts: ModeSDecoder.Counts?) {
        guard let counts else {
            self.description = "none"
            return
        }
        let messages = ModeSDecoder.Verdict.allCases.map { "\($0) \(counts[$0])" }
        let positions = ModeSDecoder.PositionVerdict.allCases.dropFirst().map { "\($0) \(counts[$0])" }
        self.description = (messages + positions).joined(separator: ", ")
    }
}
