import Air
import SensorFormats
import Testing

@Suite("Altitudes and identities both ways") struct GillhamTests {
    @Test("each of the 8,192 altitude codes is read, and written again as it was") func everyAltitude() {
        var (fine, coarse) = (0, 0)
        for code: UInt32 in 0..<8192 {
            switch ModeSAltitude(code13: code) {
            case .unavailable: #expect(code == 0)
            case .metric: #expect(code & 0x40 != 0)
            case .invalid: #expect(code & 0x50 == 0)
            case .feet(let feet):
                if code & 0x10 != 0 {
                    #expect(ModeSAltitude.code13(feet: feet) == code)
                    fine += 1
                } else {
                    #expect(ModeSAltitude.gillham13(feet: feet) == code)
                    coarse += 1
                }
            }
        }
        #expect(fine == 2048)
        #expect(coarse == 1280)
    }

    @Test("each altitude of each scale is written, and what lies between or beyond is not") func everyFoot() {
        for feet: Int32 in -2000...130_000 {
            let (fine, coarse) = (ModeSAltitude.code13(feet: feet), ModeSAltitude.gillham13(feet: feet))
            #expect((fine != nil) == (feet % 25 == 0 && feet >= -1000 && feet <= 50_175))
            #expect((coarse != nil) == (feet % 100 == 0 && feet >= -1200 && feet <= 126_700))
            if let fine { #expect(ModeSAltitude(code13: fine).feet == feet) }
            if let coarse { #expect(ModeSAltitude(code13: coarse).feet == feet) }
        }
        #expect(ModeSAltitude.code13(feet: .min) == nil && ModeSAltitude.gillham13(feet: .max) == nil)
    }

    /// The first and last rows of the table in ICAO Annex 10, vol. IV, appendix to chapter 3.
    @Test(
        "Mode C replies of the standard's table",
        arguments: [
            (0o0040, -1200), (0o0060, -1100), (0o0020, -1000), (0o0030, -900), (0o0010, -800), (0o0410, -700),
            (0o0042, 126_700),
        ] as [(UInt16, Int32)])
    func pulses(code: UInt16, feet: Int32) {
        #expect(ModeSAltitude(pulses: Mode3A(code)) == .feet(feet))
    }

    @Test("a Mode C reply with D1 is none") func d1() {
        #expect(ModeSAltitude(pulses: Mode3A(0o0021)) == .invalid)
        #expect(ModeSAltitude(pulses: Mode3A(0)) == .unavailable)
    }

    @Test("each of the 4,096 identities is written and read again, whatever X is") func everyIdentity() {
        var seen = Set<UInt32>()
        for code: UInt16 in 0..<4096 {
            let bits = Mode3A(code).identity13
            #expect(bits & 0x40 == 0)
            #expect(Mode3A(identity13: bits).rawValue == code)
            #expect(Mode3A(identity13: bits | 0x40).rawValue == code)
            seen.insert(bits)
        }
        #expect(seen.count == 4096)
    }
}
