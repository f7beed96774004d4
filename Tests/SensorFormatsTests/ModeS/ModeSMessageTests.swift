import Air
import Foundation
import SensorFormats
import Testing

@Suite("Mode S messages") struct ModeSMessageTests {
    private func message(_ hex: String) throws -> ModeSMessage { try ModeSMessage(.hex(hex)) }

    // The examples are facts of J. Sun, "The 1090 Megahertz Riddle", 2nd ed., unless said otherwise.

    @Test("identification") func identification() throws {
        let message = try self.message("8D4840D6202CC371C32CE0576098")
        #expect(message.downlinkFormat == 17)
        #expect(message.capability == 5)
        #expect(message.address == ICAOAddress(0x4840D6))
        #expect(message.isIntact == true)
        guard case .identification(let fields) = message.extendedSquitter else { Issue.record("not TC 1 to 4"); return }
        #expect(fields.typeCode == 4)
        #expect(fields.category == 0)
        #expect(fields.categorySet == UInt8(ascii: "A"))
        #expect(fields.callsign?.description == "KLM1023")
    }

    @Test("airborne position, both halves, globally and locally decoded") func airbornePosition() throws {
        guard case .airbornePosition(let even) = try self.message("8D40621D58C382D690C8AC2863A7").extendedSquitter,
            case .airbornePosition(let odd) = try self.message("8D40621D58C386435CC412692AD6").extendedSquitter
        else { Issue.record("no airborne positions"); return }
        #expect(even.typeCode == 11)
        #expect(even.altitude == .feet(38000))
        #expect(even.surveillanceStatus == 0)
        #expect(!even.isTimeSynchronised)
        #expect(even.position == CompactPosition(isOdd: false, latitude: 93000, longitude: 51372))
        #expect(odd.position == CompactPosition(isOdd: true, latitude: 74158, longitude: 50194))
        let place = try #require(
            CompactPosition.decoded(even: even.position, odd: odd.position, isOddNewer: false))
        #expect(abs(place.latitude - 52.25720) < 5e-6)
        #expect(abs(place.longitude - 3.91937) < 5e-6)
        let local = try #require(
            even.position.decoded(near: CompactPosition.Degrees(latitude: 52.258, longitude: 3.918)))
        #expect(abs(local.latitude - 52.25720) < 5e-6)
        #expect(abs(local.longitude - 3.91937) < 5e-6)
    }

    @Test("surface position") func surfacePosition() throws {
        guard case .surfacePosition(let even) = try self.message("8C4841753AAB238733C8CD4020B1").extendedSquitter,
            case .surfacePosition(let odd) = try self.message("8C4841753A8A35323FAEBDAC702D").extendedSquitter
        else { Issue.record("no surface positions"); return }
        #expect(even.groundSpeedKnots == 18)
        #expect(even.trackDegrees == 140.625)
        let near = CompactPosition.Degrees(latitude: 51.990, longitude: 4.375)
        let place = try #require(
            CompactPosition.decoded(
                even: even.position, odd: odd.position, isOddNewer: true, coding: .surface, reference: near))
        #expect(abs(place.latitude - 52.320607) < 5e-6)
        #expect(abs(place.longitude - 4.734735) < 5e-6)
        #expect(
            CompactPosition.decoded(even: even.position, odd: odd.position, isOddNewer: true, coding: .surface) == nil)
    }

    @Test("velocity over ground and through the air") func velocity() throws {
        guard case .velocity(let ground) = try self.message("8D485020994409940838175B284F").extendedSquitter,
            case .velocity(let air) = try self.message("8DA05F219B06B6AF189400CBC33F").extendedSquitter
        else { Issue.record("no velocities"); return }
        #expect(ground.motion == .overGround(eastKnots: -8, northKnots: -159))
        #expect(abs(try #require(ground.groundSpeedKnots) - 159.2) < 0.01)
        #expect(abs(try #require(ground.trackDegrees) - 182.88) < 0.01)
        #expect(ground.verticalRateFeetPerMinute == -832)
        #expect(!ground.isVerticalRateBarometric)
        #expect(ground.geometricMinusBarometricFeet == 550)
        #expect(air.subtype == 3)
        #expect(
            air.motion == .throughAir(headingDegrees: 243.984375, airspeedKnots: 375, isTrueAirspeed: true))
        #expect(air.verticalRateFeetPerMinute == -2304)
        #expect(air.isVerticalRateBarometric)
        #expect(air.groundSpeedKnots == nil)
    }

    @Test("operational status, target state and emergency") func status() throws {
        // 8DA05629EA21485CBF3F8CADAEEB: the riddle's example of target state.
        guard case .targetState(let target) = try self.message("8DA05629EA21485CBF3F8CADAEEB").extendedSquitter else {
            Issue.record("no target state")
            return
        }
        #expect(target.selectedAltitudeFeet == 16992)
        #expect(!target.isAltitudeFromFMS)
        #expect(abs(try #require(target.pressureSettingMillibars) - 1012.8) < 1e-9)
        #expect(abs(try #require(target.selectedHeadingDegrees) - 66.8) < 0.02)
        #expect(target.areModesValid && target.hasAutopilot && target.hasVerticalNavigation)
        #expect(!target.hasAltitudeHold && !target.isApproaching && target.hasLateralNavigation)
        #expect(target.isACASOperational)
        #expect(target.accuracyCategory == 9)
        #expect(target.integrityLevel == 3)
        // pyModeS tests/test_adsb.py: emergency none, squawk 6513.
        guard case .status(let status) = try self.message("8DA2C1B6E112B600000000760759").extendedSquitter else {
            Issue.record("no status")
            return
        }
        #expect(status.emergency == 0)
        #expect(status.mode3A == Mode3A(0o6513))
        // Version 2, airborne, NIC-A 0, NACp 9, GVA 2, SIL 3, NICbaro 1, made from the bit table.
        let frame = ModeSFrame.sealed("8D4840D6F82300020049B8")
        guard case .operationalStatus(let operational) = try ModeSMessage(frame).extendedSquitter else {
            Issue.record("no operational status")
            return
        }
        #expect(operational.version == 2)
        #expect(operational.subtype == 0)
        #expect(operational.accuracyCategory == 9)
        #expect(operational.verticalAccuracy == 2)
        #expect(operational.integrityLevel == 3)
        #expect(operational.isBarometricAltitudeChecked)
        #expect(!operational.nicSupplementA)
    }

    @Test("surveillance replies, address out of the parity") func replies() throws {
        // pyModeS tests/test_surv.py and test_commb.py (facts).
        let altitude = try self.message("2A00516D492B80")
        #expect(altitude.downlinkFormat == 5)
        #expect(altitude.mode3A == Mode3A(0o356))
        #expect(altitude.flightStatus == 2)
        #expect(altitude.downlinkRequest == 0)
        // IIS 0, IDS 2.
        #expect(altitude.utilityMessage == 2)
        let commB = try self.message("A02014B400000000000000F9D514")
        #expect(commB.downlinkFormat == 20)
        #expect(commB.altitude == .feet(32300))
        #expect(try self.message("A0001839CA3800315800007448D9").address == ICAOAddress(0x400940))
        #expect(try self.message("A0001839CA3800315800007448D9").commB == 0xCA38_0031_5800_00)
        let identity = try self.message("A800292DFFBBA9383FFCEB903D01")
        #expect(identity.mode3A == Mode3A(0o1346))
        let allCall = try self.message("5D484FDEA248F5")
        #expect(allCall.downlinkFormat == 11)
        #expect(allCall.address == ICAOAddress(0x484FDE))
        #expect(allCall.interrogatorCode == 22)
    }

    @Test("a Gillham altitude is what the standard's table says") func gillham() {
        // Annex 10, vol. IV, appendix to chapter 3: pulses of some altitudes, in the order of the 13-bit code.
        func code(_ pulses: String) -> UInt32 {
            let order = ["C1", "A1", "C2", "A2", "C4", "A4", "M", "B1", "Q", "B2", "D2", "B4", "D4"]
            let set = Set(pulses.split(separator: " ").map(String.init))
            return order.reduce(0) { $0 << 1 | (set.contains($1) ? 1 : 0) }
        }
        #expect(ModeSAltitude(code13: code("C4")) == .feet(-1200))
        #expect(ModeSAltitude(code13: code("C2 C4")) == .feet(-1100))
        #expect(ModeSAltitude(code13: code("C2")) == .feet(-1000))
        #expect(ModeSAltitude(code13: code("C1 C2")) == .feet(-900))
        #expect(ModeSAltitude(code13: code("C1")) == .feet(-800))
        #expect(ModeSAltitude(code13: code("C1 B4")) == .feet(-700))
        #expect(ModeSAltitude(code13: code("C1 C2 B4")) == .feet(-600))
        #expect(ModeSAltitude(code13: code("B4")) == .invalid)
        #expect(ModeSAltitude(code13: code("C1 C4")) == .invalid)
        #expect(ModeSAltitude(code13: code("C1 C2 C4")) == .invalid)
        #expect(ModeSAltitude(code13: 0) == .unavailable)
        #expect(ModeSAltitude(code13: 0x1FFF) == .metric(raw: 0xFFF))
    }

    @Test(
        "Gillham altitudes of pyModeS's tests (facts), as D2 D4 A1 A2 A4 B1 B2 B4 C1 C2 C4",
        arguments: [
            ("00000000010", -1000), ("00000001010", -500), ("00000011011", -100), ("00000011010", 0),
            ("00000011110", 100), ("00000010011", 600), ("00000110010", 1000), ("00001001001", 5800),
            ("00011100100", 10300), ("01100011010", 32000), ("01110000100", 46300), ("01010101100", 50200),
            ("11011110100", 73200), ("10000000011", 126_600), ("10000000001", 126_700),
        ])
    func gillhamExamples(pulses: String, feet: Int32) {
        let places: [UInt32] = [2, 0, 11, 9, 7, 5, 3, 1, 12, 10, 8]
        let code = zip(pulses, places).reduce(UInt32(0)) { $1.0 == "1" ? $0 | 1 << $1.1 : $0 }
        #expect(ModeSAltitude(code13: code) == .feet(feet))
    }

    @Test("the 1,280 Gillham altitudes are all different, 100 ft apart, from −1,200 to 126,700 but for D1")
    func gillhamIsComplete() {
        var seen: [Int32] = []
        for code: UInt32 in 1..<8192 where code & 0x50 == 0 {
            if case .feet(let feet) = ModeSAltitude(code13: code) { seen.append(feet) }
        }
        // Without D1 there are 256 steps of 500 ft with five of 100 ft each.
        #expect(seen.count == 1280)
        #expect(seen.sorted() == (0..<1280).map { Int32($0) * 100 - 1200 })
    }

    @Test("neighbouring Gillham altitudes differ in one pulse") func gillhamIsReflected() {
        var codes: [Int32: UInt32] = [:]
        for code: UInt32 in 1..<8192 where code & 0x50 == 0 {
            if case .feet(let feet) = ModeSAltitude(code13: code) { codes[feet] = code }
        }
        for feet in stride(from: Int32(-1200), to: 126_700, by: 100) {
            guard let a = codes[feet], let b = codes[feet + 100] else { Issue.record("\(feet) is missing"); return }
            #expect((a ^ b).nonzeroBitCount == 1)
        }
    }

    @Test("an altitude of 25 ft steps goes through every value of its eleven bits") func quarter() {
        for n: UInt32 in 0..<2048 {
            let code = (n >> 5) << 7 | (n >> 4 & 1) << 5 | 1 << 4 | n & 15
            #expect(ModeSAltitude(code13: code) == .feet(Int32(n) * 25 - 1000))
        }
    }

    @Test("every Mode 3/A code is read from its pulses") func identity() {
        for code: UInt16 in 0..<4096 {
            func bit(_ digit: Int, _ weight: Int) -> UInt32 {
                UInt32(code >> UInt16(9 - 3 * digit)) >> UInt32(weight) & 1
            }
            // C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4
            let order = [
                bit(2, 0), bit(0, 0), bit(2, 1), bit(0, 1), bit(2, 2), bit(0, 2), 0, bit(1, 0), bit(3, 0), bit(1, 1),
                bit(3, 1), bit(1, 2), bit(3, 2),
            ]
            #expect(Mode3A(identity13: order.reduce(0) { $0 << 1 | $1 }).rawValue == code)
        }
    }

    @Test("the movement of a surface position goes through the standard's steps") func movement() {
        func speed(_ code: UInt64) -> Double? { SurfacePosition(5 << 51 | code << 44).groundSpeedKnots }
        #expect(speed(0) == nil)
        #expect(speed(1) == 0)
        #expect(speed(2) == 0.125)
        #expect(speed(9) == 1)
        #expect(speed(13) == 2)
        #expect(speed(39) == 15)
        #expect(speed(94) == 70)
        #expect(speed(109) == 100)
        #expect(speed(124) == 175)
        #expect(speed(125) == nil)
        var last = -1.0
        for code: UInt64 in 1...124 {
            let now = speed(code) ?? -2
            #expect(now > last)
            last = now
        }
    }

    @Test("a frame of the wrong length is refused with its format, and every format has its length")
    func lengths() {
        for format: UInt64 in 0..<32 {
            for isLong in [false, true] {
                let frame = ModeSFrame(high: format << 59 | 0x1234_5678, low: 0, isLong: isLong)
                if isLong == (format >= 16) {
                    #expect(throws: Never.self) { try ModeSMessage(frame) }
                } else {
                    #expect(
                        throws: ModeSError.lengthMismatch(
                            downlinkFormat: UInt8(min(format, 24)), bytes: isLong ? 14 : 7)
                    ) { try ModeSMessage(frame) }
                }
            }
        }
    }

    @Test("only seven and fourteen bytes are a frame: every truncation is refused") func truncations() {
        let hex = "8D4840D6202CC371C32CE0576098"
        for count in 0..<28 where count != 14 { #expect(ModeSFrame(hex: hex.prefix(count)) == nil) }
        #expect(ModeSFrame(hex: hex + "0") == nil)
        #expect(ModeSFrame(hex: "8D4840D6202CC371C32CE057609G") == nil)
        let bytes = ModeSFrame.hex(hex).list
        for count in 0...14 {
            let frame = ModeSFrame(Array(bytes.prefix(count)).span)
            #expect((frame != nil) == (count == 7 || count == 14))
        }
        #expect(ModeSFrame.hex(hex).description == hex.lowercased())
    }

    @Test("no bits make a message trap, in any view", arguments: 0..<30 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var writer = JSONWriter()
        for format: UInt64 in 0..<32 {
            for _ in 0..<200 {
                let high = random.next() & 0x07FF_FFFF_FFFF_FFFF | format << 59
                guard
                    let message = try? ModeSMessage(
                        ModeSFrame(high: high, low: random.next(), isLong: format >= 16))
                else { Issue.record("length"); return }
                writer.removeAll()
                writer.beginObject()
                message.writeFields(to: &writer)
                writer.endObject()
                let text = writer.text
                #expect(
                    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any], "\(text)")
            }
        }
    }
}
