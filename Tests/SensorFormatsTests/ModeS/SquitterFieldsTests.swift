import Air
import Foundation
import Geodesy
import SensorFormats
import Testing

/// Messages made from the standards' bit tables: value and width, from the first bit of ME on.
@Suite("Fields of squitters by version") struct SquitterFieldsTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    private func payload(_ fields: [(UInt64, UInt64)]) -> UInt64 {
        #expect(fields.reduce(0) { $0 + $1.1 } == 56)
        return fields.reduce(0) { $0 << $1.1 | $1.0 }
    }

    /// DF 18 with CF, or DF 17 for nil.
    private func frame(_ fields: [(UInt64, UInt64)], cf: UInt64? = nil) -> ModeSFrame {
        var one = ModeSTransponder()
        if let cf { one.first = 0x90 | cf }
        return one.squitter(self.payload(fields))
    }

    private func json(_ message: ModeSMessage, _ quality: NavigationQuality = NavigationQuality()) throws -> [String:
        Any]
    {
        var writer = JSONWriter()
        writer.beginObject()
        message.writeFields(to: &writer, quality: quality)
        writer.endObject()
        return try #require(try JSONSerialization.jsonObject(with: Data(writer.text.utf8)) as? [String: Any])
    }

    private func json(_ fields: [(UInt64, UInt64)], cf: UInt64? = nil) throws -> [String: Any] {
        try self.json(try ModeSMessage(self.frame(fields, cf: cf)))
    }

    @Test("operational status, airborne, version 2") func airborneStatus2() throws {
        let fields: [(UInt64, UInt64)] = [
            (31, 5), (0, 3), (0, 2), (1, 1), (1, 1), (0, 2), (1, 1), (1, 1), (2, 2), (1, 1), (0, 5),
            (0, 2), (1, 1), (1, 1), (0, 1), (1, 1), (3, 2), (0, 8), (2, 3), (1, 1), (10, 4), (2, 2), (3, 2), (1, 1),
            (1, 1), (1, 1), (0, 1),
        ]
        let text = try self.json(fields)
        for (key, value) in [
            "version": 2, "subtype": 0, "NACp": 10, "GVA": 2, "SIL": 3, "SDA": 3, "trajectoryChange": 2,
        ] { #expect(text[key] as? Int == value, "\(key)") }
        for key in [
            "TCASOperational", "ESIn", "UATIn", "ARV", "TS", "resolutionAdvisoryActive", "IDENT", "SAF", "NICa",
            "NICbaro",
            "headingMagnetic", "SILperSample",
        ] { #expect(text[key] as? Bool == true, "\(key)") }
        #expect(text["receivingATC"] == nil && text["POA"] == nil && text["lengthWidthCode"] == nil)
    }

    @Test("operational status, on the surface, version 2, with the aircraft's size and antenna") func surfaceStatus2()
        throws
    {
        let fields: [(UInt64, UInt64)] = [
            (31, 5), (1, 3), (0, 2), (0, 1), (1, 1), (0, 2), (1, 1), (1, 1), (4, 3), (1, 1), (7, 4),
            (0, 6), (2, 2), (0b110, 3), (5, 5), (2, 3), (0, 1), (8, 4), (0, 2), (2, 2), (1, 1), (0, 1), (0, 1), (0, 1),
        ]
        let text = try self.json(fields)
        for (key, value) in [
            "NACv": 4, "lengthWidthCode": 7, "lengthMetres": 45, "widthMetres": 45, "antennaLateralMetres": 4,
            "antennaLongitudinalMetres": 8, "NACp": 8, "SIL": 2, "SDA": 2,
        ] { #expect(text[key] as? Int == value, "\(key)") }
        for key in ["ESIn", "B2low", "UATIn", "NICc", "trackIsHeading"] {
            #expect(text[key] as? Bool == true, "\(key)")
        }
        #expect(text["antennaOffsetApplied"] as? Bool == false && text["POA"] == nil && text["TCASOperational"] == nil)
    }

    @Test("operational status of versions 0 and 1: TCAS the other way round, and no more than was defined")
    func olderStatus() throws {
        let one: [(UInt64, UInt64)] = [
            (31, 5), (0, 3), (0, 2), (1, 1), (1, 1), (0, 12), (0, 2), (0, 2), (1, 1), (0, 11), (1, 3), (1, 1), (7, 4),
            (1, 2), (2, 2), (1, 1), (0, 3),
        ]
        let text = try self.json(one)
        #expect(text["TCASOperational"] as? Bool == false && text["ESIn"] as? Bool == true)
        #expect(text["receivingATC"] as? Bool == true && text["BAQ"] as? Int == 1 && text["GVA"] == nil)
        #expect(text["SDA"] == nil && text["UATIn"] == nil && text["SILperSample"] == nil && text["NACp"] as? Int == 7)
        let zero = try self.json([(31, 5), (0, 3), (0b0001, 4), (0, 44)])
        #expect(
            zero["version"] as? Int == 0 && zero["TCASOperational"] as? Bool == true && zero["ESIn"] as? Bool == true)
        #expect(zero["NACp"] == nil && zero["SIL"] == nil)
        let surface: [(UInt64, UInt64)] = [
            (31, 5), (1, 3), (0, 2), (1, 1), (0, 3), (0, 6), (0, 4), (0, 16), (1, 3), (0, 13),
        ]
        let ground = try self.json(surface)
        #expect(
            ground["POA"] as? Bool == true && ground["lengthMetres"] as? Int == 15
                && ground["widthMetres"] as? Double == 11.5)
        #expect(ground["NACv"] == nil && ground["NICc"] == nil)
    }

    @Test("target state of version 1") func targetState1() throws {
        let text = try self.json([
            (29, 5), (0, 2), (1, 2), (1, 1), (0, 1), (2, 2), (2, 2), (340, 10), (3, 2), (271, 9), (1, 1), (1, 2),
            (9, 4),
            (1, 1), (2, 2), (0, 5), (0b01, 2), (3, 3),
        ])
        for (key, value) in [
            "subtype": 0, "selectedAltitudeFeet": 33_000, "verticalDataSource": 1, "altitudeCapability": 2,
            "verticalMode": 2, "horizontalDataSource": 3, "targetTrackDegrees": 271, "horizontalMode": 1, "NACp": 9,
            "SIL": 2, "emergency": 3,
        ] { #expect(text[key] as? Int == value, "\(key)") }
        for key in ["altitudeAboveSeaLevel", "NICbaro", "TCASOperational", "resolutionAdvisoryActive"] {
            #expect(text[key] as? Bool == true, "\(key)")
        }
        #expect(text["autopilot"] == nil && text["pressureSettingMillibars"] == nil)
    }

    @Test("resolution advisories: broadcast with a threat by address or by place, and in a coordination reply")
    func advisories() throws {
        let byAddress = try self.json([
            (28, 5), (2, 3), (0b1101_0010_000000, 14), (0b0110, 4), (1, 1), (0, 1), (1, 2), (0x4B17E6, 24), (0, 2),
        ])
        let first = try #require(byAddress["resolutionAdvisory"] as? [String: Any])
        #expect(first["corrective"] as? Bool == true && first["downward"] as? Bool == false)
        #expect(first["increasedRate"] as? Bool == true && first["positive"] as? Bool == true)
        #expect(first["RAT"] as? Bool == true && first["MTE"] as? Bool == false && first["TTI"] as? Int == 1)
        #expect(first["threatAddress"] as? String == "4b17e6")
        let complements = try #require(first["RAC"] as? [String: Bool])
        #expect(complements["doNotPassAbove"] == true && complements["doNotTurnLeft"] == true)
        #expect(complements["doNotPassBelow"] == false && complements["doNotTurnRight"] == false)
        // 38,000 ft; 2.5 NM; 60°…66°.
        let byPlace = try self.json([
            (28, 5), (2, 3), (0b0010_0010_000000, 14), (0, 4), (0, 1), (1, 1), (2, 2), (0b110000_0_111000, 13), (26, 7),
            (11, 6),
        ])
        let second = try #require(byPlace["resolutionAdvisory"] as? [String: Any])
        #expect(second["correctDownward"] as? Bool == false && second["positiveClimb"] as? Bool == true)
        #expect(second["senseReversal"] as? Bool == true && second["MTE"] as? Bool == true)
        #expect(second["threatAltitudeFeet"] as? Int == 38_000)
        #expect(second["threatRangeNauticalMiles"] as? Double == 2.5 && second["threatBearingDegrees"] as? Int == 63)
        // DF 16, VDS 3,0: the bits of the threat do not exist there.
        let reply = ModeSParity.sealed(
            ModeSFrame(high: 16 << 59 | 0x30D2_0BFF, low: 0xFF_FFFF << 40, isLong: true), overlay: 0x4840D6)
        let message = try ModeSMessage(reply)
        let advisory = try #require(message.resolutionAdvisory)
        #expect(advisory.sense == .single && advisory.threatType == 0 && advisory.threatAddress == nil)
        #expect((try self.json(message)["resolutionAdvisory"] as? [String: Any])?["TTI"] as? Int == 0)
        let none = ModeSParity.sealed(ModeSFrame(high: 16 << 59 | 0x58B5_025B, low: 0, isLong: true))
        #expect(try ModeSMessage(none).resolutionAdvisory == nil)
    }

    @Test("the coarse position of TIS-B, all its fields and its place") func coarse() throws {
        let place = CompactPosition.Degrees(latitude: 52.1, longitude: 4.3)
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
        var reports: [SensorReport] = []
        for i: UInt64 in 0..<4 {
            let report = try #require(CompactPosition(place, isOdd: i % 2 == 1, coding: .coarse))
            let frame = self.frame(
                [
                    (1, 1), (3, 2), (9, 4), (0b1100_0011_1000, 12), (1, 1), (8, 5), (14, 6), (i % 2, 1),
                    (UInt64(report.latitude), 12), (UInt64(report.longitude), 12),
                ], cf: 3)
            let answer = decoder.decode(frame, receivedAt: Self.start.advanced(by: Double(i)), into: &reports)
            if i == 0 {
                let text = try self.json(try ModeSMessage(frame))
                for (key, value) in [
                    "SS": 3, "SVID": 9, "altitudeFeet": 38_000, "trackDegrees": 90, "groundSpeedKnots": 400,
                ] {
                    #expect(text[key] as? Int == value, "\(key)")
                }
                #expect(text["IMF"] as? Bool == true && text["TC"] == nil)
            } else {
                let got = try #require(answer.position)
                #expect(abs(got.latitude - 52.1) < 0.0008 && abs(got.longitude - 4.3) < 0.0014)
                #expect(answer.positionVerdict == (i == 3 ? .confirmed : .provisional))
            }
        }
        #expect(reports.isEmpty, "what a ground station computed is no plot of this receiver")
    }

    @Test("a velocity of TIS-B says its quality or the height difference") func trafficVelocity() throws {
        let head: [(UInt64, UInt64)] = [(19, 5), (1, 3), (1, 1), (9, 4), (1, 1), (101, 10), (0, 1), (201, 10)]
        let quality = try self.json(head + [(0, 1), (1, 1), (11, 9), (1, 1), (2, 3), (3, 2), (0, 4)], cf: 2)
        #expect(quality["eastVelocityKnots"] as? Int == -100 && quality["northVelocityKnots"] as? Int == 200)
        #expect(
            quality["verticalRateFeetPerMinute"] as? Int == -640
                && quality["verticalRateSource"] as? String == "barometric")
        #expect(quality["NACp"] as? Int == 9 && quality["NACv"] as? Int == 2 && quality["SIL"] as? Int == 3)
        #expect(quality["NICa"] as? Bool == true && quality["IMF"] as? Bool == true)
        #expect(quality["geometricMinusBarometricFeet"] == nil)
        let geometric = try self.json(head + [(1, 1), (0, 1), (11, 9), (0, 2), (1, 1), (5, 7)], cf: 5)
        #expect(geometric["geometricMinusBarometricFeet"] as? Int == -100 && geometric["SIL"] == nil)
    }

    @Test("IMF stands where each message of ADS-R and TIS-B has it, and nowhere in ADS-B") func foreignAddresses()
        throws
    {
        func isForeign(_ typeCode: UInt64, bit: UInt64?, cf: UInt64?) throws -> Bool? {
            var payload = typeCode << 51 | (typeCode >= 19 ? 1 << 48 : 0)
            if let bit { payload |= 1 << (56 - bit) }
            var one = ModeSTransponder()
            if let cf { one.first = 0x90 | cf }
            return try ModeSMessage(one.squitter(payload)).isAddressForeign
        }
        for (typeCode, bit) in [(11, 8), (7, 21), (19, 9), (28, 56), (29, 51), (31, 56)] as [(UInt64, UInt64)] {
            #expect(try isForeign(typeCode, bit: bit, cf: 6) == true)
            #expect(try isForeign(typeCode, bit: nil, cf: 6) == false)
            #expect(try isForeign(typeCode, bit: bit, cf: nil) == nil)
            #expect(try isForeign(typeCode, bit: bit, cf: 0) == nil)
            #expect(try isForeign(typeCode, bit: nil, cf: 1) == true)
            #expect(try isForeign(typeCode, bit: nil, cf: 5) == true)
            #expect(try isForeign(typeCode, bit: bit, cf: 2) == (typeCode < 20 ? true : nil))
        }
        #expect(try isForeign(4, bit: 8, cf: 6) == nil)
    }

    @Test("every kind of DF 18 is named, and what is for nobody is handed on as it is") func sources() throws {
        let sources: [ModeSMessage.SquitterSource] = [
            .aircraft, .anonymous, .trafficService, .coarseTrafficService, .management, .anonymousTrafficService,
            .rebroadcast, .reserved,
        ]
        for (cf, source) in sources.enumerated() {
            let message = try ModeSMessage(self.frame([(0xABCDEF, 24), (0x1234_5678, 32)], cf: UInt64(cf)))
            #expect(message.squitterSource == source && message.controlField == UInt8(cf))
            let isRead = source != .management && source != .reserved
            #expect((message.extendedSquitter != nil) == isRead)
            #expect(try self.json(message)["ME"] as? String == (isRead ? nil : "abcdef12345678"))
        }
        #expect(try ModeSMessage(self.frame([(0, 56)])).squitterSource == .aircraft)
        #expect(try ModeSMessage(ModeSTransponder().allCall()).squitterSource == nil)
        let military = try ModeSMessage(ModeSFrame(high: 19 << 59 | 5 << 56, low: 0, isLong: true))
        #expect(military.applicationField == 5 && military.address == nil)
        #expect(try self.json(military)["AF"] as? Int == 5)
    }

    @Test("type codes without a layout are named and their contents kept") func reserved() throws {
        for (typeCode, name) in [
            (23, "test"), (24, "surfaceSystemStatus"), (25, "reserved"), (26, "reserved"), (27, "trajectoryChange"),
            (30, "operationalCoordination"),
        ] as [(UInt64, String)] {
            let text = try self.json([(typeCode, 5), (1, 3), (0xC0FFEE, 48)])
            #expect(text["message"] as? String == name && text["TC"] as? Int == Int(typeCode))
            #expect(text["contents"] as? String == "000000c0ffee" && text["subtype"] as? Int == 1)
        }
        // 7500: A7 B5.
        let code = try self.json([(23, 5), (7, 3), (0b0_1_0_1_0_1_0_1_0_0_0_1_0, 13), (0, 35)])
        #expect(code["mode3A"] as? String == "7500")
    }

    @Test("the radar's code is told as II or SI") func interrogators() throws {
        for (overlay, code, isSurveillance) in [
            (0x05, 5, false), (0x11, 1, true), (0x20, 16, true), (0x3F, 47, true), (0x4F, 63, true),
        ] as [(UInt32, UInt8, Bool)] {
            let interrogator = try #require(try ModeSMessage(ModeSTransponder().allCall(code: overlay)).interrogator)
            #expect(interrogator.code == code && interrogator.isSurveillance == isSurveillance)
        }
        #expect(try ModeSMessage(ModeSTransponder().reply(4, 0)).interrogator == nil)
    }

    @Test("a position's integrity is told by the version of its aircraft") func integrityByVersion() throws {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
        var reports: [SensorReport] = []
        let one = ModeSTransponder()
        let position = try ModeSMessage(one.airborne(isOdd: false, typeCode: 13))
        func told(_ status: ModeSFrame?) throws -> [String: Any] {
            if let status { decoder.decode(status, receivedAt: Self.start, into: &reports) }
            return try self.json(position, decoder.aircraft(of: position)?.quality ?? NavigationQuality())
        }
        #expect(try told(nil)["NUCp"] as? Int == 5)
        let zero = try told(one.status(version: 0, nacp: 0))
        #expect(zero["NUCp"] as? Int == 5 && zero["NIC"] == nil && zero["SAF"] as? Bool == false)
        let two = try told(one.status(version: 2, nacp: 8))
        #expect(two["NIC"] as? Int == 6 && two["NUCp"] == nil && two["NICb"] as? Bool == false)
        #expect(two["containmentRadiusMetres"] as? Double == 926)
        let better = try told(one.status(version: 2, nacp: 8, nicA: 1))
        #expect(better["containmentRadiusMetres"] as? Double == 1111.2)
    }

    @Test("what an aircraft says of its navigation becomes the noise of its plots") func noise() throws {
        func deviation(_ status: ModeSFrame, typeCode: UInt64 = 11) throws -> Double {
            var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
            var reports: [SensorReport] = []
            let one = ModeSTransponder()
            decoder.decode(status, receivedAt: Self.start, into: &reports)
            for i in 0..<4 {
                decoder.decode(
                    one.airborne(isOdd: i % 2 == 1, typeCode: typeCode),
                    receivedAt: Self.start.advanced(by: 0.5 + Double(i) / 2), into: &reports)
            }
            guard case .plot(let plot) = try #require(reports.first),
                case .geodetic(_, _, let deviation) = plot.measurement
            else { return .nan }
            return deviation
        }
        let one = ModeSTransponder()
        func radius(_ metres: Double) -> Double { ((metres / 2.4477).squared + 1.5 * 1.5).squareRoot() }
        // NACp 9 and 7; the same claimed without assurance, without integrity, and where the NIC is unknown.
        #expect(abs(try deviation(one.status(version: 2, nacp: 9)) - radius(30)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 7)) - radius(185.2)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 9, sda: 0)) - radius(92.6)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 9, sil: 0)) - radius(92.6)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 9), typeCode: 18) - radius(92.6)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 7, sil: 0)) - radius(185.2)) < 0.01)
        // No accuracy: the containment of NIC 8, 185.2 m, by SIL 3 and 1; and neither.
        #expect(abs(try deviation(one.status(version: 2, nacp: 0)) - radius(185.2 / 5.6777 * 2.4477)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 0, sil: 1)) - radius(185.2 / 3.7169 * 2.4477)) < 0.01)
        #expect(abs(try deviation(one.status(version: 2, nacp: 0), typeCode: 18) - radius(18_520)) < 1)
        // Version 0 by the type code: NUCp 7.
        #expect(abs(try deviation(one.status(version: 0, nacp: 0)) - radius(92.6)) < 0.01)
    }

    @Test("a decoder tells what it knows of an aircraft, each with its time") func state() throws {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
        var reports: [SensorReport] = []
        let one = ModeSTransponder()
        let address = ICAOAddress(one.address)
        #expect(decoder.aircraft(address) == nil)
        let frames = [
            one.identification, one.velocity(), one.status(version: 2, nacp: 9),
            one.squitter(28 << 51 | 1 << 48 | 5 << 45 | 0x0AAA << 32), one.airborne(isOdd: false),
            one.airborne(isOdd: true), one.airborne(isOdd: false), one.airborne(isOdd: true),
            one.reply(4, 0b110000_0_111000),
        ]
        for (index, frame) in frames.enumerated() {
            decoder.decode(frame, receivedAt: Self.start.advanced(by: Double(index)), into: &reports)
        }
        let state = try #require(decoder.aircraft(address))
        #expect(state.address == address && state.source == .aircraft && !state.isAddressForeign)
        #expect(state.callsign?.description == "KLM1023" && state.category == 0xA0)
        #expect(state.emergency?.value == 5 && state.emergency?.at == Self.start.advanced(by: 3))
        #expect(state.mode3A?.value == Mode3A(identity13: 0x0AAA))
        #expect(state.altitudeFeet?.value == 38_000 && state.altitudeFeet?.at == Self.start.advanced(by: 8))
        #expect(state.geometricMinusBarometricFeet?.value == 100)
        #expect(abs(try #require(state.position?.value.latitude) - 52) < 1e-3)
        #expect(state.quality.version == 2 && state.quality.accuracyCategory == 9 && state.integrityCategory == 8)
        #expect(state.messageCount == 9 && state.seenAt == Self.start.advanced(by: 8) && !state.isOnGround)
        #expect(try decoder.aircraft(of: ModeSMessage(one.reply(20, 0))) == state)
        var all = 0
        decoder.forEachAircraft { all += $0 == state ? 1 : 0 }
        #expect(all == 1)
    }

    @Test("one bad report never makes a plot, even if it is part of the first pairs", arguments: [0, 1, 2, 3, 4, 5])
    func badReport(at bad: Int) {
        // Even reports come twice: the bad odd one pairs with both.
        for pattern in [
            [true, false, false, true, false, false], [false, true, false, true, false, true],
            [true, false, false, false, true, false],
        ] {
            var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
            var reports: [SensorReport] = []
            let one = ModeSTransponder()
            var other = one
            other.place = CompactPosition.Degrees(latitude: 53.4, longitude: 6.1)
            for i in 0..<24 {
                let sender = i == bad ? other : one
                decoder.decode(
                    sender.airborne(isOdd: pattern[i % 6]), receivedAt: Self.start.advanced(by: Double(i) / 2),
                    into: &reports)
            }
            #expect(reports.count > 8)
            for case .plot(let plot) in reports {
                guard case .geodetic(let latitude, let longitude, _) = plot.measurement else { continue }
                #expect(abs(latitude * 180 / .pi - 52) < 1e-3 && abs(longitude * 180 / .pi - 4) < 1e-3)
            }
        }
    }

    @Test("a receiver that hears less than half a zone far places a single report") func receiverRelative() throws {
        func first(_ rangeMax: Double, _ place: CompactPosition.Degrees) -> ModeSDecoder.Answer {
            var decoder = ModeSDecoder(
                ModeSDecoder.Configuration(
                    sensor: SensorID(sac: 7, sic: 9), site: Geodetic(latitudeDegrees: 52.3, longitudeDegrees: 4.7),
                    rangeMax: rangeMax))
            var reports: [SensorReport] = []
            var one = ModeSTransponder()
            one.place = place
            let answer = decoder.decode(one.airborne(isOdd: true), receivedAt: Self.start, into: &reports)
            #expect(reports.isEmpty)
            return answer
        }
        let near = CompactPosition.Degrees(latitude: 52, longitude: 4)
        let answer = first(300_000, near)
        #expect(answer.positionVerdict == .provisional)
        let got = try #require(answer.position)
        #expect(abs(got.latitude - 52) < 1e-4 && abs(got.longitude - 4) < 1e-4)
        #expect(first(400_000, near).positionVerdict == .waiting)
        #expect(first(200_000, CompactPosition.Degrees(latitude: 54.6, longitude: 4)).positionVerdict == .outOfRange)
    }

    @Test("the filling of a transponder without a position is none") func placeholder() {
        let payload: UInt64 = 15 << 51 | 0x5000 << 17
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 7, sic: 9)))
        var reports: [SensorReport] = []
        for i: UInt64 in 0..<6 {
            let answer = decoder.decode(
                ModeSTransponder().squitter(payload | (i % 2) << 34), receivedAt: Self.start.advanced(by: Double(i)),
                into: &reports)
            #expect(answer.verdict == .accepted && answer.positionVerdict == .none)
        }
    }
}

extension Double {
    fileprivate var squared: Double { self * self }
}
