import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("Comm-B registers") struct CommBTests {
    private func payload(_ hex: String) throws -> UInt64 {
        try #require(try ModeSMessage(.hex(hex)).commB)
    }

    private func text(_ register: CommBRegister, _ payload: UInt64) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        CommB.write(register, payload, to: &writer)
        writer.endObject()
        return writer.text
    }

    /// Fields one behind the other: value and how many bits.
    private func packed(_ fields: [(UInt64, UInt64)]) -> UInt64 {
        #expect(fields.reduce(0) { $0 + $1.1 } == 56)
        return fields.reduce(0) { $0 << $1.1 | $1.0 }
    }

    // The replies are facts of J. Sun, "The 1090 Megahertz Riddle", 2nd ed., chapters 14 to 16.

    @Test("selected vertical intention, 4,0") func intention() throws {
        let text = self.text(.selectedVerticalIntention, try self.payload("A000029C85E42F313000007047D3"))
        #expect(
            text
                == #"{"selectedAltitudeFeet":3008,"managementAltitudeFeet":3008,"pressureSettingMillibars":1020,"#
                + #""verticalNavigation":null,"altitudeHold":null,"approach":null,"targetAltitudeSource":null}"#)
    }

    @Test("track and turn, 5,0, exact to the last digit") func track() throws {
        let text = self.text(.trackAndTurn, try self.payload("A000139381951536E024D4CCF6B5"))
        #expect(
            text
                == #"{"rollDegrees":2.109375,"trueTrackDegrees":114.2578125,"groundSpeedKnots":438,"#
                + #""trackRateDegreesPerSecond":0.125,"trueAirspeedKnots":424}"#)
    }

    @Test("heading and speed, 6,0") func heading() throws {
        #expect(
            self.text(.headingAndSpeed, try self.payload("A80004AAA74A072BFDEFC1D5CB4F"))
                == #"{"magneticHeadingDegrees":110.390625,"indicatedAirspeedKnots":259,"mach":0.7,"#
                + #""barometricRateFeetPerMinute":-2144,"inertialRateFeetPerMinute":-2016}"#)
        // A fact of pyModeS's tests.
        #expect(
            self.text(.headingAndSpeed, try self.payload("A00004128F39F91A7E27C46ADC21"))
                == #"{"magneticHeadingDegrees":42.71484375,"indicatedAirspeedKnots":252,"mach":0.42,"#
                + #""barometricRateFeetPerMinute":-1920,"inertialRateFeetPerMinute":-1920}"#)
    }

    @Test("identification, 2,0, and common usage capability, 1,7") func identification() throws {
        #expect(
            self.text(.identification, try self.payload("A000083E202CC371C31DE0AA1CCF")) == #"{"callsign":"KLM1017"}"#)
        #expect(
            self.text(.commonUsageCapability, try self.payload("A0000638FA81C10000000081A92F"))
                == #"{"registers":["0,5","0,6","0,7","0,8","0,9","2,0","4,0","5,0","5,1","5,2","6,0"]}"#)
    }

    @Test("data link capability, 1,0") func dataLink() throws {
        let values = CommB.fields(.dataLinkCapability, try self.payload("A800178D10010080F50000D5893C"))
        func value(_ name: String) -> CommB.Value.Content? { values.first { $0.name == name }?.content }
        #expect(value("ACASOperational") == .flag(true))
        #expect(value("subnetworkVersion") == .number(mantissa: 0, decimals: 0))
        #expect(value("specificServices") == .flag(true))
        #expect(value("identification") == .flag(true))
        #expect(value("surveillanceIdentifier") == .flag(true))
        #expect(value("ACASVersion") == .number(mantissa: 1, decimals: 0))
        #expect(value("dataTerminals") == .bits(0))
    }

    @Test("meteorology, 4,4") func meteorology() throws {
        #expect(
            self.text(.meteorologicalRoutine, try self.payload("A0001692185BD5CF400000DFC696"))
                == #"{"source":1,"windSpeedKnots":22,"windDirectionDegrees":344.53125,"#
                + #""staticAirTemperatureCelsius":-48.75,"staticPressureHectopascals":null,"turbulence":null,"#
                + #""humidityPercent":null}"#)
    }

    @Test("what the bit tables say of 2,1 3,0 4,5 5,3 and 0,7") func others() {
        // Status 1, "GABCD" and two blanks, status 1, "BA".
        let letters: [UInt64] = [7, 1, 2, 3, 4, 32, 32]
        let registration = self.packed([(1, 1)] + letters.map { ($0, 6) } + [(1, 1), (2, 6), (1, 6)])
        #expect(self.text(.registration, registration) == #"{"registration":"GABCD","airline":"BA"}"#)
        // An advisory against one aircraft by its address.
        let advisory = self.packed([(0x30, 8), (0x2000, 14), (4, 4), (0, 1), (0, 1), (1, 2), (0x4840D6, 24), (0, 2)])
        #expect(
            self.text(.resolutionAdvisory, advisory)
                == #"{"resolutionAdvisory":{"ARA":"2000","corrective":false,"downward":false,"increasedRate":false,"#
                + #""senseReversal":false,"altitudeCrossing":false,"positive":false,"RAC":{"doNotPassBelow":false,"#
                + #""doNotPassAbove":true,"doNotTurnLeft":false,"doNotTurnRight":false},"RAT":false,"MTE":false,"#
                + #""TTI":1,"threatAddress":"4840d6"}}"#)
        // Severe icing, -19.5 °C, 500 hPa, 3,200 ft of radio height.
        let hazard = self.packed([
            (0, 9), (1, 1), (3, 2), (0, 3), (1, 1), (1024 - 78, 10), (1, 1), (500, 11), (1, 1), (200, 12), (0, 5),
        ])
        #expect(
            self.text(.meteorologicalHazard, hazard)
                == #"{"turbulence":null,"windShear":null,"microburst":null,"icing":3,"wakeVortex":null,"#
                + #""staticAirTemperatureCelsius":-19.5,"staticPressureHectopascals":500,"radioHeightFeet":3200}"#)
        // 350 kt at Mach 0.8 (code 100) and 460.5 kt, heading 270°, climbing 640 ft/min.
        let air = self.packed([
            (1, 1), (1536, 11), (1, 1), (350, 10), (1, 1), (100, 9), (1, 1), (921, 12), (1, 1), (10, 9),
        ])
        #expect(
            self.text(.airReferencedState, air)
                == #"{"magneticHeadingDegrees":270,"indicatedAirspeedKnots":350,"mach":0.8,"#
                + #""trueAirspeedKnots":460.5,"altitudeRateFeetPerMinute":640}"#)
        #expect(self.text(.squitterStatus, 0b101 << 53) == #"{"TRS":2,"ATS":1}"#)
    }

    @Test("a register that is a squitter is read as one, if its type code fits") func squitter() throws {
        let payload = try #require(try ModeSMessage(.hex("8D4840D6202CC371C32CE0576098")).extendedSquitterPayload)
        #expect(self.text(.squitterIdentification, payload) == #"{"category":"A0","callsign":"KLM1023"}"#)
        #expect(self.text(.airbornePosition, payload) == "{}")
        #expect(self.text(CommBRegister(rawValue: 0xAB), payload) == "{}")
    }

    @Test("any 56 bits of any register are JSON", arguments: 0..<16 as Range<UInt64>) func any(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for number in UInt8.min...UInt8.max {
            let payload = random.next() >> 8
            let text = self.text(CommBRegister(rawValue: number), payload)
            #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil, "\(number) \(payload): \(text)")
            #expect(CommB.fields(CommBRegister(rawValue: number), payload).count < 20)
        }
    }

    @Test("fields of one register do not overlap") func overlap() {
        for (number, fields) in CommB.tables.enumerated() {
            var seen: UInt64 = 0
            for field in fields {
                #expect(seen & field.mask == 0, "\(number): \(field.key)")
                seen |= field.mask
                #expect(field.first >= 1 && field.first + field.count <= 57, "\(number): \(field.key)")
            }
            for field in fields { #expect(seen & field.statusBit == 0, "\(number): \(field.key)") }
        }
    }

    @Test("the values are those of pyModeS", .enabled(if: ModeSData.has("pymodes_golden_v2.json")))
    func golden() throws {
        let data = Data(try ModeSData.bytes("pymodes_golden_v2.json"))
        let golden = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
        let names: [CommBRegister: [String: CommBField]] = [
            .selectedVerticalIntention: [
                "selected_altitude_mcp": CommB.Intention.panel, "selected_altitude_fms": CommB.Intention.management,
                "baro_pressure_setting": CommB.Intention.setting,
            ],
            .trackAndTurn: [
                "roll": CommB.Track.roll, "true_track": CommB.Track.track, "groundspeed": CommB.Track.groundSpeed,
                "track_rate": CommB.Track.trackRate, "true_airspeed": CommB.Track.trueAirspeed,
            ],
            .headingAndSpeed: [
                "magnetic_heading": CommB.Heading.heading, "mach": CommB.Heading.mach,
                "indicated_airspeed": CommB.Heading.indicatedAirspeed,
                "baro_vertical_rate": CommB.Heading.barometricRate,
                "inertial_vertical_rate": CommB.Heading.inertialRate,
            ],
        ]
        let known = ["BDS40": 0x40, "BDS50": 0x50, "BDS60": 0x60] as [String: UInt8]
        var compared = 0
        for (hex, values) in golden {
            guard let number = (values["bds"] as? String).flatMap({ known[$0] }) else { continue }
            let payload = try self.payload(hex)
            for (name, field) in names[CommBRegister(rawValue: number)] ?? [:] {
                let ours = field.value(in: payload)
                guard let theirs = values[name] as? Double else {
                    #expect(ours == nil || values[name] == nil, "\(hex) \(name)")
                    continue
                }
                #expect(abs((ours ?? .nan) - theirs) < 1e-9, "\(hex) \(name): \(String(describing: ours)), \(theirs)")
                compared += 1
            }
        }
        #expect(compared > 1000)
    }
}
