/// A hash over all that happened, the same on every machine and in every process, which `Hasher` is not.
///
/// FNV-1a, of whole words and with a last mixing; for comparing runs, not against anybody who wants a collision.
///
/// Source: G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, draft-eastlake-fnv.
struct TraceHash: Hashable, Sendable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0x0000_0100_0000_01B3
        self.value ^= self.value >> 29
    }

    mutating func add(_ word: Int64) { self.add(UInt64(bitPattern: word)) }
    mutating func add(_ count: Int) { self.add(UInt64(bitPattern: Int64(count))) }

    mutating func add(_ octets: [UInt8]) {
        self.add(octets.count)
        var word: UInt64 = 0
        for (place, octet) in octets.enumerated() {
            word = word << 8 | UInt64(octet)
            if place & 7 == 7 { self.add(word) }
        }
        self.add(word)
    }

    mutating func add(_ text: String) {
        var word: UInt64 = 0, place = 0
        for octet in text.utf8 {
            word = word << 8 | UInt64(octet)
            place += 1
            if place & 7 == 0 { self.add(word) }
        }
        self.add(word)
        self.add(place)
    }
}
