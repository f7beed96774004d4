import Air
import Geodesy
import Testing

@testable import SensorFormats

/// One record of each category, made by hand from the standard, and what must come of it.
enum Worked {
    /// 048: 010, 140, 020, 040, 070, 090, 220, 240, 161, 230.
    static let category048: [UInt8] = [
        0xFD, 0xD1, 0x02,  // 010 140 020 040 070 090 FX | 220 240 161 FX | 230
        20, 129,  // 010
        0x38, 0x40, 0x6D,  // 140: 28800.8515625 s
        0xE0,  // 020: TYP 7
        0x30, 0xA7, 0xBA, 0x34,  // 040: 48.65234375 NM, 261.84814453125°
        0x0F, 0xC0,  // 070: 7700
        0x3F, 0xFB,  // 090: -1.25 FL
        0x4A, 0x08, 0xEB,  // 220
        0x48, 0xF5, 0x34, 0xC7, 0x58, 0x20,  // 240: ROT415
        0x07, 0x83,  // 161: 1923
        0x20, 0xFD,  // 230: COM 1, STAT 0
    ]

    /// 034: 010, 000 north marker, 030, 041, 050 COM NOGO, 120.
    static let category034: [UInt8] = [
        0xED, 0x10,  // 010 000 030 041 050 FX | 120
        226, 210, 1, 0x63, 0xF6, 0x30, 0x02, 0x00, 0x80, 0x80, 0x00, 0x64, 0x40, 0x00, 0x00, 0xC0, 0x00, 0x00,
    ]

    /// 062: position, velocity, identity and accuracy.
    static let category062: [String: [UInt8]] = [
        "010": [70, 16], "070": [0x38, 0x40, 0x6D],
        // 45° north, 22.5° west; 180°/2²⁵.
        "105": [0x00, 0x80, 0x00, 0x00, 0xFF, 0xC0, 0x00, 0x00],
        // 25 m/s west, 50 m/s north.
        "185": [0xFF, 0x9C, 0x00, 0xC8], "060": [0x0E, 0x34],
        // ADR and ID.
        "380": [0xC0, 0x4A, 0x08, 0xEB, 0x48, 0xF5, 0x34, 0xC7, 0x58, 0x20], "040": [0x11, 0xBE], "080": [0x02],
        // FL 380, 6.25 ft/min × 4 down.
        "136": [0x05, 0xF0], "220": [0xFF, 0xFC],
        // APC 30 m and 40 m, ATV 3 m/s and 4 m/s: five parts between them are absent.
        "500": [0x84, 0x00, 0x3C, 0x00, 0x50, 0x0C, 0x10],
    ]

    /// 021, edition 2.x: an airborne aircraft of DO-260B.
    static let category021: [String: [UInt8]] = [
        "010": [20, 206], "040": [0x00], "071": [0x38, 0x40, 0x6D], "131": [0x10, 0, 0, 0, 0xF8, 0, 0, 0],
        "080": [0x40, 0x0C, 0x41], "140": [0x07, 0x28], "090": [0x41, 0x12], "210": [0x10], "145": [0x01, 0xB4],
        "157": [0x7F, 0x48], "160": [0x06, 0x00, 0x40, 0x00], "161": [0x0A, 0xB5], "200": [0x03],
        "170": [0x48, 0xF5, 0x34, 0xC7, 0x58, 0x20], "070": [0x0F, 0xC0],
    ]
}

@Suite("Records of ASTERIX") struct AsterixRecordTests {
    @Test(
        "the calculated Doppler speed reaches the plot, unless it is doubtful or only raw",
        arguments: [
            ([0x80, 0x03, 0x38], -200), ([0x80, 0x00, 0xC8], 200), ([0x80, 0xFF, 0xFF], nil),
            ([0x80, 0x02, 0x00], -512),
            ([0x40, 1, 0, 200, 0, 100, 10, 0], nil), ([0xC0, 0x00, 0x07, 1, 0, 200, 0, 100, 10, 0], 7),
        ] as [([UInt8], Double?)])
    func dopplerSpeed(item: [UInt8], expected: Double?) throws {
        // 010 140 020 040 FX | FX | 120
        let record: [UInt8] = [0xF1, 0x01, 0x04, 20, 129, 0x38, 0x40, 0x6D, 0x20, 0x30, 0xA7, 0xBA, 0x34] + item
        let plotted = Plotted(block(48, record))
        #expect(plotted.problems.isEmpty)
        #expect(try #require(plotted.plots.first).dopplerSpeed == expected)
        for length in 1..<record.count {
            #expect(Plotted(block(48, Array(record.prefix(length)))).plots.allSatisfy { $0.dopplerSpeed == nil })
        }
    }

    @Test("a worked record of category 048 gives every value of the standard")
    func worked048() throws {
        let plotted = Plotted(block(48, Worked.category048))
        let plot = try #require(plotted.plots.first)
        #expect(plotted.problems.isEmpty)
        #expect(plot.sensor == SensorID(sac: 20, sic: 129))
        #expect(plot.kind == .combined)
        #expect(plot.measuredAt.seconds == Plotted.receivedAt.seconds + 0.8515625)
        let range = 48.65234375 * 1852
        let azimuth = Double(0xBA34) * 2 * .pi / 65536
        #expect(plot.measurement == .polar(range: range, azimuth: azimuth, elevation: nil))
        #expect(plot.identity.mode3A == Mode3A(octal: "7700"))
        #expect(plot.pressureAltitude == -125 * 0.3048)
        #expect(plot.identity.address == ICAOAddress(hex: "4a08eb"))
        #expect(plot.identity.callsign?.description == "ROT415")
        #expect(plot.sensorTrackNumber == 1923)
        #expect(!plot.isOnGround)
        let json = try Decoded(block(48, Worked.category048))
        #expect(
            json.lines == [
                #"{"category":48,"edition":"1.32","offset":3,"length":30,"I048/010":{"SAC":20,"SIC":129},"#
                    + #""I048/140":{"value":28800.8515625,"unit":"s"},"I048/020":{"TYP":7,"SIM":0,"RDP":0,"SPI":0,"RAB":0},"#
                    + #""I048/040":{"RHO":{"value":48.65234375,"unit":"NM"},"THETA":{"value":261.84814453125,"unit":"°"}},"#
                    + #""I048/070":{"V":0,"G":0,"L":0,"MODE3A":"7700"},"I048/090":{"V":0,"G":0,"FL":{"value":-1.25,"unit":"FL"}},"#
                    + #""I048/220":"4a08eb","I048/240":"ROT415","I048/161":{"TRN":1923},"#
                    + #""I048/230":{"COM":1,"STAT":0,"SI":0,"MSSC":1,"ARC":1,"AIC":1,"B1A":1,"B1B":13}}"#
            ])
    }

    @Test("a code that is not validated or is garbled identifies nobody", arguments: [0x80, 0x40, 0xC0] as [UInt8])
    func garbled(flags: UInt8) throws {
        var record = Worked.category048
        record[13] |= flags
        record[15] |= flags
        let plot = try #require(Plotted(block(48, record)).plots.first)
        #expect(plot.identity.mode3A == nil)
        #expect(plot.pressureAltitude == nil)
    }

    @Test("simulated, test and field monitor reports make no plot and are counted")
    func tests() {
        for descriptor: [UInt8] in [[0xF0], [0xE2], [0xE1, 0x80]] {
            let plotted = Plotted(block(48, record(48, ["020": descriptor, "040": [0, 1, 2, 3]])))
            #expect(plotted.reports.isEmpty)
            #expect(plotted.tally.testTargets == 1)
            #expect(plotted.tally.records[48] == 1)
        }
    }

    @Test("a north marker is a crossing at azimuth 0 with its period, and NOGO is a state with the radar's site")
    func worked034() throws {
        let plotted = Plotted(block(34, Worked.category034))
        #expect(plotted.problems.isEmpty)
        #expect(plotted.reports.count == 2)
        guard case .sector(let crossing) = plotted.reports[0], case .status(let status) = plotted.reports[1] else {
            Issue.record("a crossing, then a state")
            return
        }
        #expect(crossing.azimuth == 0)
        #expect(crossing.period == 4)
        #expect(crossing.sensor == SensorID(sac: 226, sic: 210))
        #expect(!status.isOperational)
        let site = try #require(status.site)
        #expect(site.height == 100)
        #expect(abs(site.latitudeDegrees - 90) < 1e-9)
        #expect(abs(site.longitudeDegrees + 90) < 1e-9)
    }

    @Test("a sector crossing points where its sector begins")
    func sector() {
        let plotted = Plotted([0x22, 0x00, 0x0B, 0xF0, 0xE2, 0xD2, 0x02, 0x63, 0xF6, 0x30, 0xB8])
        guard case .sector(let crossing) = plotted.reports.first else {
            Issue.record("a crossing")
            return
        }
        #expect(abs(crossing.azimuth - 258.75 * .pi / 180) < 1e-12)
        #expect(crossing.period == nil)
    }

    @Test("the last octet of the known part of an extended item may be followed by more, which is kept raw")
    func moreOctets() throws {
        // I048/170 has two octets; here are four.
        let json = try Decoded(block(48, [0x01, 0x02, 0x41, 0x81, 0x21, 0x42]))
        #expect(json.problems.isEmpty)
        #expect(
            json.lines.first?.hasSuffix(
                #""I048/170":{"CNF":0,"RAD":2,"DOU":0,"MAH":0,"CDM":0,"TRE":1,"GHO":0,"SUP":0,"TCC":0,"_more":"2142"}}"#
            )
                == true)
    }

    @Test("the meaning of I062/380 IAS follows its first bit")
    func context() throws {
        func line(_ first: UInt8) throws -> String {
            try Decoded(block(62, [0x01, 0x10, 0x10, first, 0x40])).lines.joined()
        }
        #expect(try line(0x00).hasSuffix(#""I062/380":{"IAS":{"IM":0,"IAS":{"value":0.00390625,"unit":"NM/s"}}}}"#))
        #expect(try line(0x80).hasSuffix(#""I062/380":{"IAS":{"IM":1,"IAS":{"value":0.064,"unit":"Mach"}}}}"#))
    }

    @Test("repetitions, registers, six-bit codes that are none, and explicit octets keep what was sent")
    func rawParts() throws {
        let json = try Decoded(
            block(
                48,
                [0x01, 0x61, 0x01, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3F, 0x01]
                    + [1, 2, 3, 4, 5, 6, 7, 0x40] + [0x03, 0xAB, 0xCD]))
        // 240, 250 and SP: the field specification has four octets.
        #expect(json.problems.isEmpty, "\(json.problems)")
        #expect(json.lines.first?.contains(#""I048/240":"0x00000000003f""#) == true, "\(json.lines)")
        #expect(json.lines.first?.contains(#""I048/250":[{"MBDATA":"01020304050607","BDS1":4,"BDS2":0}]"#) == true)
        #expect(json.lines.first?.contains(#""I048/SP":"abcd""#) == true)
    }

    @Test("an expansion field is decoded by its table, or kept as octets where it does not fit it")
    func expansion() throws {
        let fits = try Decoded(block(48, [0x01, 0x01, 0x01, 0x02, 0x05, 0x08, 0x00, 0x01, 0x80]))
        #expect(fits.lines.first?.contains(#""I048/RE":{"ERR":{"value":1.5,"unit":"NM"}}"#) == true, "\(fits.lines)")
        let other = try Decoded(block(48, [0x01, 0x01, 0x01, 0x02, 0x05, 0x08, 0x00, 0x01]))
        #expect(other.lines.isEmpty)
        let raw = try Decoded(block(48, [0x01, 0x01, 0x01, 0x02, 0x04, 0x08, 0x00, 0x01]))
        #expect(raw.lines.first?.contains(#""I048/RE":"080001""#) == true, "\(raw.lines)")
    }

    @Test("category 001 follows the profile that its first item names, with items out of order too")
    func profiles() throws {
        // 020 TYP 0: plot, slot 3 is 040. TYP 1: track, slot 3 is 161.
        let plot = try Decoded(block(1, [0xF0, 1, 2, 0x00, 0x01, 0x00, 0x40, 0x00, 0x0F, 0xC0]))
        #expect(plot.problems.isEmpty)
        #expect(plot.lines.first?.contains(#""I001/040":{"RHO":"#) == true, "\(plot.lines)")
        let track = try Decoded(block(1, [0xE0, 1, 2, 0x80, 0x00, 0x07]))
        #expect(track.problems.isEmpty)
        #expect(track.lines.first?.contains(#""I001/161":"#) == true, "\(track.lines)")
    }

    @Test("a worked record of category 062 gives every value of the standard")
    func worked062() throws {
        let plotted = Plotted(block(62, record(62, Worked.category062)))
        #expect(plotted.problems.isEmpty)
        let plot = try #require(plotted.plots.first)
        #expect(plot.kind == .systemTrack)
        let deviation = 1250.0.squareRoot()
        let expected = Plot.Measurement.geodetic(latitude: .pi / 4, longitude: -.pi / 8, deviation: deviation)
        #expect(plot.measurement == expected)
        #expect(plot.velocity == Plot.Velocity(north: 50, east: -25, deviation: 12.5.squareRoot()))
        #expect(plot.identity.mode3A == Mode3A(octal: "7064"))
        #expect(plot.identity.address == ICAOAddress(hex: "4a08eb"))
        #expect(plot.identity.callsign?.description == "ROT415")
        #expect(plot.sensorTrackNumber == 4542)
        #expect(plot.pressureAltitude == 1520 * (25 * 0.3048))
        #expect(plot.climbRate == -25 * 0.3048 / 60)
        #expect(!plot.isOnGround && !plot.hasIdentPulse)
    }

    @Test("a system track's end makes no plot and is counted; a callsign is taken from the flight plan where need be")
    func trackEnd() throws {
        var items = Worked.category062
        items["080"] = [0x03, 0x40]
        let ended = Plotted(block(62, record(62, items)))
        #expect(ended.plots.isEmpty && ended.tally.trackEnds == 1)
        items["080"] = [0x03, 0x01, 0x01, 0x01, 0x01, 0x10]
        items["380"] = nil
        items["390"] = [0x40] + Array("JAL6 ".utf8) + [0x20, 0x20]
        let planned = try #require(Plotted(block(62, record(62, items))).plots.first)
        #expect(planned.identity.callsign?.description == "JAL6")
        #expect(planned.isOnGround)
    }

    @Test("a worked record of category 021 edition 2.x gives every value of the standard")
    func worked021() throws {
        var editions = AsterixEditions()
        editions.use(AsterixEdition(category: 21, major: 2, minor: 7))
        let plotted = Plotted(block(21, record(21, Worked.category021)), editions: editions)
        #expect(plotted.problems.isEmpty)
        let plot = try #require(plotted.plots.first)
        #expect(plot.kind == .broadcast)
        // NACp 9, but SIL 0 and NIC 0: no better than NACp 8, 92.6 m of 95 %.
        let deviation = 0.05 * 1852 / 2.4477468306808166
        let expected = Plot.Measurement.geodetic(latitude: .pi / 4, longitude: -.pi / 8, deviation: deviation)
        #expect(plot.measurement == expected)
        #expect(plot.geometricHeight == 11_450 * 0.3048)
        #expect(plot.pressureAltitude == 10_900 * 0.3048)
        #expect(plot.climbRate == -1150 * 0.3048 / 60)
        let velocity = try #require(plot.velocity)
        let east: Double = 1536.0 / 16384 * 1852
        #expect(abs(velocity.east - east) < 1e-9 && abs(velocity.north) < 1e-9)
        #expect(velocity.deviation == 3 / 2.4477468306808166)
        #expect(plot.identity.address == ICAOAddress(hex: "400c41"))
        #expect(plot.identity.callsign?.description == "ROT415")
        #expect(plot.identity.mode3A == Mode3A(octal: "7700"))
        #expect(plot.sensorTrackNumber == 0xAB5)
        #expect(plot.hasIdentPulse)
    }

    @Test("a place beyond the poles is none")
    func nowhere() {
        var items = Worked.category062
        items["105"] = [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        let plotted = Plotted(block(62, record(62, items)))
        #expect(plotted.plots.isEmpty && plotted.tally.withoutPosition == 1)
    }

    @Test("the states of 063 and 065 tell whether a sensor and its system work")
    func states() {
        let sensor = Plotted(block(63, record(63, ["010": [1, 2], "050": [3, 4], "060": [0xC0]])))
        let system = Plotted(block(65, record(65, ["010": [1, 2], "000": [1], "040": [0x40]])))
        guard case .status(let first) = sensor.reports.first, case .status(let second) = system.reports.first else {
            Issue.record("two states")
            return
        }
        #expect(first.sensor == SensorID(sac: 3, sic: 4) && !first.isOperational)
        #expect(second.sensor == SensorID(sac: 1, sic: 2) && second.isOperational)
    }

    @Test("midnight between measurement and reception is passed")
    func midnight() throws {
        // 86,399 s, received three seconds later, on the next day.
        let bytes = block(48, record(48, ["010": [1, 2], "140": [0xA8, 0xBF, 0x80], "040": [0, 1, 2, 3]]))
        let received = Timestamp(seconds: 1_683_072_002)
        let plot = try #require(Plotted(bytes, receivedAt: received).plots.first)
        #expect(received.seconds(since: plot.measuredAt) == 3)
    }
}
