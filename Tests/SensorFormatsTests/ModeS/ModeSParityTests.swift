import SensorFormats
import Testing

@Suite("The parity of Mode S") struct ModeSParityTests {
    /// One bit after the other, as the standard draws the shift register.
    private func slow(_ bytes: [UInt8]) -> UInt32 {
        var remainder: UInt32 = 0
        for byte in bytes {
            for i in 0..<8 {
                let bit = UInt32(byte >> UInt8(7 - i) & 1)
                let carry = remainder >> 23 & 1 ^ bit
                remainder = remainder << 1 & 0xFF_FFFF
                if carry == 1 { remainder ^= ModeSParity.polynomial }
            }
        }
        return remainder
    }

    @Test("a published squitter leaves zero") func worked() {
        // J. Sun, "The 1090 Megahertz Riddle", 2nd ed., 8.2 (facts).
        #expect(ModeSParity.residual(.hex("8D406B902015A678D4D220AA4BDA")) == 0)
        #expect(ModeSParity.residual(.hex("8D4840D6202CC371C32CE0576098")) == 0)
        #expect(ModeSParity.residual(.hex("8d4ca251204994b1c36e60a5343d")) == 0x000010)
    }

    @Test("the look-up equals the shift register", arguments: 0..<50 as Range<UInt64>)
    func equalsRegister(seed: UInt64) {
        var random = SeededRandom(state: seed)
        for _ in 0..<100 {
            let frame = ModeSFrame(high: random.next(), low: random.next(), isLong: Bool.random(using: &random))
            #expect(ModeSParity.residual(frame) == self.slow(Array(frame.list.dropLast(3))) ^ frame.parity)
        }
    }

    @Test("the parity is linear: a wrong bit changes it by what the bit is worth alone", arguments: [false, true])
    func linear(isLong: Bool) {
        var random = SeededRandom(state: 7)
        let zero = ModeSFrame(high: 0, low: 0, isLong: isLong)
        var seen: Set<UInt32> = []
        for index in 1...(isLong ? 112 : 56) {
            let frame = ModeSFrame(high: random.next(), low: random.next(), isLong: isLong)
            let worth = ModeSParity.residual(zero.flipping(index))
            #expect(ModeSParity.residual(frame.flipping(index)) == ModeSParity.residual(frame) ^ worth)
            #expect(worth != 0)
            #expect(seen.insert(worth).inserted, "two single wrong bits must be told apart")
        }
    }

    @Test("a burst of up to 24 wrong bits never goes unseen") func bursts() {
        let good = ModeSFrame.hex("8D4840D6202CC371C32CE0576098")
        var random = SeededRandom(state: 1)
        for first in 1...112 {
            for length in 1...24 where first + length - 1 <= 112 {
                var frame = good.flipping(first)
                if length > 1 { frame = frame.flipping(first + length - 1) }
                for inner in (first + 1)..<max(first + length - 1, first + 1) where Bool.random(using: &random) {
                    frame = frame.flipping(inner)
                }
                #expect(ModeSParity.residual(frame) != 0)
            }
        }
    }

    @Test("a sealed frame leaves what was laid over it", arguments: [0, 1, 0x7F, 0x4840D6, 0xFFFFFF] as [UInt32])
    func sealed(overlay: UInt32) {
        var random = SeededRandom(state: UInt64(overlay))
        for isLong in [false, true] {
            let frame = ModeSFrame(high: random.next(), low: random.next(), isLong: isLong)
            let sealed = ModeSParity.sealed(frame, overlay: overlay)
            #expect(ModeSParity.residual(sealed) == overlay)
            #expect(sealed.list.dropLast(3) == frame.list.dropLast(3))
        }
    }
}
