// Where ASTERIX has registers: I048/250 and its like in other categories.

extension AsterixLayout {
    /// Whether a field is the last of a register in three parts: 56 bits, BDS1 and BDS2.
    func endsRegister(_ id: Int) -> Bool {
        guard id >= 2, self.fields[id].path.hasSuffix("/BDS2") else { return false }
        return self.fields[id - 1].path.hasSuffix("/BDS1") && self.fields[id - 2].bits == 56
    }

    /// The register that a field ends, of its number and those of the two fields before it; nil if it ends none.
    func register(endingWith id: Int, _ first: Int64, _ second: Int64, _ raw: Int64)
        -> (number: CommBRegister, payload: UInt64)?
    {
        if self.fields[id].kind == .register {
            return (CommBRegister(rawValue: UInt8(truncatingIfNeeded: raw)), UInt64(bitPattern: raw) >> 8)
        }
        guard self.endsRegister(id) else { return nil }
        return (CommBRegister(rawValue: UInt8(truncatingIfNeeded: second << 4 | raw)), UInt64(bitPattern: first))
    }
}
