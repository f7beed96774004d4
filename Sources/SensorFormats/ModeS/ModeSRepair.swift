/// Mends the one wrong bit of a frame whose parity can be checked.
///
/// The check is linear: a wrong bit leaves what that bit is worth alone, and no two bits of a frame are worth the same.
/// The 51 and 107 values that a wrong bit after the format can leave lie in a table of 512 places, so that a damaged
/// frame costs one look-up more than a whole one. The code's distance is six: two to four wrong bits never look like
/// one. Five may, so a mended frame is believed less than a whole one (`ModeSDecoder`).
///
/// The format's own five bits are not mended: with one of them wrong a frame is taken for another kind, whose parity
/// means something else. Neither are the last seven of DF 11, where a wrong bit looks like an interrogator's code.
///
/// Source: ICAO Annex 10, vol. IV, 3.1.2.3.3; the table of syndromes as in antirez/dump1090 (fixSingleBitErrors).
enum ModeSRepair {
    /// Entries `syndrome << 8 | bit`, 0 where empty, found from `slot(of:)` onwards; short frames are told by bit 7.
    private static let table: InlineArray<512, UInt32> = {
        var table = InlineArray<512, UInt32>(repeating: 0)
        for isLong in [false, true] {
            let zero = ModeSFrame(high: 0, low: 0, isLong: isLong)
            for index in 6...(isLong ? 112 : 49) {
                let syndrome = ModeSParity.residual(zero.flipping(index))
                var place = slot(of: syndrome)
                while table[place] != 0 { place = (place + 1) & 511 }
                table[place] = syndrome << 8 | (isLong ? 0 : 0x80) | UInt32(index)
            }
        }
        return table
    }()

    @inline(__always) private static func slot(of syndrome: UInt32) -> Int {
        Int(truncatingIfNeeded: (syndrome &* 0x9E37_79B1) >> 23)
    }

    /// The bit, from 1, that a syndrome names in a frame of that length; nil if it names none.
    static func bit(of syndrome: UInt32, isLong: Bool) -> Int? {
        var place = self.slot(of: syndrome)
        while self.table[place] != 0 {
            let entry = self.table[place]
            if entry >> 8 == syndrome, (entry & 0x80 == 0) == isLong { return Int(entry & 0x7F) }
            place = (place + 1) & 511
        }
        return nil
    }
}

extension ModeSMessage {
    /// The message with its one wrong bit turned over, and which bit, from 1, that was; nil if it is intact, if more
    /// than a bit is wrong, or if its parity hides an address.
    ///
    /// DF 11 (as a squitter, interrogator code 0), 17 and 18.
    ///
    /// - Complexity: one look-up, for damaged messages only; no allocation.
    public var mended: (message: ModeSMessage, bit: Int)? {
        guard self.isIntact == false,
            let bit = ModeSRepair.bit(of: self.residual, isLong: self.frame.isLong)
        else { return nil }
        return (ModeSMessage(intact: self.frame.flipping(bit)), bit)
    }
}
