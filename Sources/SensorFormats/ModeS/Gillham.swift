public import Air

// The way back: altitudes and identities as the codes that a transponder sends. The way there is in ModeSCodes.swift.

extension ModeSAltitude {
    /// The 13-bit code of an altitude in steps of 25 ft, −1,000 to 50,175 ft; nil for any other.
    ///
    ///     | N 6 | M 0 | N 1 | Q 1 | N 4 |      N = (altitude + 1000 ft) / 25 ft
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.6.5.4.
    public static func code13(feet: Int32) -> UInt32? {
        guard feet >= -1000, feet <= 50_175, feet % 25 == 0 else { return nil }
        let n = UInt32(feet + 1000) / 25
        return (n >> 5) << 7 | (n >> 4 & 1) << 5 | 0x10 | n & 0xF
    }

    /// The 13-bit Gillham (Mode C) code of an altitude in steps of 100 ft, −1,200 to 126,700 ft; nil for any other.
    ///
    /// The reflected binary number of 500 ft and the one of 100 ft, as `gillham(_:)` reads them.
    ///
    /// Source: ICAO Annex 10, vol. IV, appendix to chapter 3.
    public static func gillham13(feet: Int32) -> UInt32? {
        guard feet >= -1200, feet <= 126_700, feet % 100 == 0 else { return nil }
        let steps = UInt32(feet + 1200) / 100
        let fives = steps / 5
        var ones = steps % 5 + 1
        if fives & 1 == 1 { ones = 6 - ones }
        if ones == 5 { ones = 7 }
        let (high, low) = (fives ^ fives >> 1, ones ^ ones >> 1)
        func bit(_ of: UInt32, _ index: UInt32, to place: UInt32) -> UInt32 { (of >> index & 1) << place }
        // D2 D4 A1 A2 A4 B1 B2 B4, then C1 C2 C4; the places are those of C1 A1 C2 A2 C4 A4 M B1 Q B2 D2 B4 D4.
        let d = bit(high, 7, to: 2) | bit(high, 6, to: 0)
        let a = bit(high, 5, to: 11) | bit(high, 4, to: 9) | bit(high, 3, to: 7)
        let b = bit(high, 2, to: 5) | bit(high, 1, to: 3) | bit(high, 0, to: 1)
        let c = bit(low, 2, to: 12) | bit(low, 1, to: 10) | bit(low, 0, to: 8)
        return a | b | c | d
    }

    /// Reads a Mode C reply from its pulses, written as a Mode A code: 0o0020 is −1,000 ft.
    ///
    /// D1 is not used: a code with it is invalid.
    public init(pulses: Mode3A) {
        let code = pulses.identity13
        self = code & 0x10 != 0 ? .invalid : Self(code13: code)
    }
}

extension Mode3A {
    /// The 13 bits of DF 5 and 21, X being 0.
    ///
    ///     | C1 A1 C2 A2 C4 A4 | X | B1 D1 B2 D2 B4 D4 |
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.6.7.1.
    public var identity13: UInt32 {
        let code = UInt32(self.rawValue)
        // From A4 A2 A1 B4 B2 B1 C4 C2 C1 D4 D2 D1, bit 11 to 0.
        func bit(_ index: UInt32, to place: UInt32) -> UInt32 { (code >> index & 1) << place }
        let a = bit(11, to: 7) | bit(10, to: 9) | bit(9, to: 11)
        let b = bit(8, to: 1) | bit(7, to: 3) | bit(6, to: 5)
        let c = bit(5, to: 8) | bit(4, to: 10) | bit(3, to: 12)
        let d = bit(2, to: 0) | bit(1, to: 2) | bit(0, to: 4)
        return a | b | c | d
    }
}
