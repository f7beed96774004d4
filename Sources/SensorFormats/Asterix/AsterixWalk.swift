/// Where a record could not be read.
struct AsterixRecordFault: Error {
    var fault: AsterixFault
    /// Offset of the item, or of the record where no item is to blame.
    var offset: Int
    /// The slot of the item, from 0; -1 is the record itself.
    var slot: Int
    var profile: Int
}

extension AsterixLayout {
    /// The profile of the record whose field specification begins at `start`.
    ///
    /// Where the edition has several, the selecting item is looked for first; a record without it follows the first.
    func profile(of bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int) -> Int {
        guard let selector = self.selector else { return 0 }
        var at = start
        while at < limit, bytes[at] & 1 != 0 { at += 1 }
        at += 1
        let profile = self.profiles[0]
        for slot in 0...selector.slot {
            let octet = start + slot / 7
            guard octet < limit, octet == start || bytes[octet - 1] & 1 != 0 else { return 0 }
            guard bytes[octet] & (0x80 >> UInt8(slot % 7)) != 0 else { continue }
            let node = Int(words[profile + 1 + 2 * slot])
            guard slot < selector.slot else {
                guard at + (selector.bit + selector.bits + 7) / 8 <= limit else { return 0 }
                let value = Int(truncatingIfNeeded: bits(bytes, at: at * 8 + selector.bit, count: selector.bits))
                return value < selector.profiles.count ? selector.profiles[value] : 0
            }
            guard node != 0, let next = self.skip(node, words, bytes, from: at, to: limit) else { return 0 }
            at = next
        }
        return 0
    }

    /// Walks over one record: finds its end and where the asked-for items begin.
    ///
    ///     | FSPEC: 7 slots and FX an octet | items in the order of their slots |
    ///
    /// - Parameters:
    ///   - words: the layout's own instructions, taken out once for many records.
    ///   - offsets: gets the offset of each asked-for item that is present; must be zero before.
    /// - Returns: the offset behind the record, greater than `start`.
    /// - Complexity: a few instructions for each item present; no allocation.
    ///
    /// Source: EUROCONTROL-SPEC-0149, part 1, paragraph 4.2.
    @inline(__always)
    func walk(_ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int, offsets: inout Offsets)
        throws(AsterixRecordFault) -> Int
    {
        let profileNumber = self.selector == nil ? 0 : self.profile(of: bytes, words, from: start, to: limit)
        let profile = self.profiles[profileNumber]
        let slots = Int(words[profile])
        var at = start
        var anyItem: UInt8 = 0
        while true {
            guard at < limit else {
                throw AsterixRecordFault(fault: .truncatedRecord, offset: start, slot: -1, profile: profileNumber)
            }
            let octet = bytes[at]
            anyItem |= octet & 0xFE
            at &+= 1
            if octet & 1 == 0 { break }
        }
        guard anyItem != 0 else {
            throw AsterixRecordFault(fault: .emptyRecord, offset: start, slot: -1, profile: profileNumber)
        }
        let specificationEnd = at
        var first = 0
        for octetAt in start..<specificationEnd {
            var present = bytes[octetAt] & 0xFE
            while present != 0 {
                let bit = present.leadingZeroBitCount
                present &= ~(0x80 >> UInt8(truncatingIfNeeded: bit))
                let slot = first &+ bit
                guard slot < slots else {
                    throw AsterixRecordFault(fault: .undefinedItem, offset: at, slot: slot, profile: profileNumber)
                }
                let fast = words[profile &+ 2 &+ 2 &* slot]
                let hot = Int(fast & 0xFF)
                if hot < Self.hotMax { offsets[hot] = Int32(truncatingIfNeeded: at) }
                var fault = AsterixFault.truncatedRecord
                switch (fast >> 8) & 0xFF {
                case Slot.fixed:
                    at &+= Int(fast >> 16)
                    if at <= limit { continue }
                case Slot.octets:
                    while at < limit, bytes[at] & 1 != 0 { at &+= 1 }
                    at &+= 1
                    if at <= limit { continue }
                case Slot.general:
                    let node = Int(words[profile &+ 1 &+ 2 &* slot])
                    if let next = self.skip(node, words, bytes, from: at, to: limit) {
                        at = next
                        continue
                    }
                    if self.isBadExplicit(node, words, bytes, at: at, to: limit) { fault = .badExplicitLength }
                default: fault = .undefinedItem
                }
                throw AsterixRecordFault(
                    fault: fault, offset: min(at, limit), slot: slot, profile: profileNumber)
            }
            first &+= 7
        }
        return at
    }

    private func isBadExplicit(_ node: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, at: Int, to limit: Int)
        -> Bool
    {
        words[node] & 0xFF == Kind.explicit && at < limit && bytes[at] == 0
    }

    /// The offset behind the item that begins at `start`; nil if it ends behind `limit`.
    func skip(_ node: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int? {
        let head = words[node]
        var at = start
        switch head & 0xFF {
        case Kind.fixed:
            at &+= Int(head >> 16)
        case Kind.extended:
            let parts = Int(words[node + Node.operands])
            var part = 0
            var more = true
            while more {
                // Beyond the parts that the edition knows, octets follow as long as their FX bit is set.
                let known = part < parts ? words[node &+ Node.operands &+ 1 &+ 2 &* part] : 1 << 16 | 1
                at &+= Int(known & 0xFFFF)
                guard at <= limit else { return nil }
                more = known >> 16 != 0 && bytes[at - 1] & 1 != 0
                part &+= 1
            }
        case Kind.repetitive:
            var count = 0
            for _ in 0..<Int(words[node + Node.operands]) {
                guard at < limit else { return nil }
                count = count << 8 | Int(bytes[at])
                at &+= 1
            }
            let element = words[node + Node.operands + 1]
            if element & 0xFF == Kind.fixed {
                at &+= count &* Int(element >> 16)
            } else {
                for _ in 0..<count {
                    guard let next = self.skip(node + Node.operands + 1, words, bytes, from: at, to: limit) else {
                        return nil
                    }
                    at = next
                }
            }
        case Kind.repetitiveFX:
            let octets = Int(words[node + Node.operands])
            repeat {
                at &+= octets
                guard at <= limit else { return nil }
            } while bytes[at - 1] & 1 != 0
        case Kind.compound:
            let fixedOctets = Int(words[node + Node.operands])
            let slots = Int(words[node + Node.operands + 1])
            var octetAt = at
            if fixedOctets == 0 {
                while at < limit, bytes[at] & 1 != 0 { at &+= 1 }
                at &+= 1
            } else {
                at &+= fixedOctets
            }
            guard at <= limit else { return nil }
            let specificationEnd = at
            var first = 0
            while octetAt < specificationEnd {
                var present = fixedOctets == 0 ? bytes[octetAt] & 0xFE : bytes[octetAt]
                while present != 0 {
                    let bit = present.leadingZeroBitCount
                    present &= ~(0x80 >> UInt8(truncatingIfNeeded: bit))
                    let slot = first &+ bit
                    guard slot < slots else { return nil }
                    let part = Int(words[node &+ Node.operands &+ 2 &+ slot])
                    guard part != 0 else { return nil }
                    let partHead = words[part]
                    if partHead & 0xFF == Kind.fixed {
                        at &+= Int(partHead >> 16)
                        guard at <= limit else { return nil }
                    } else {
                        guard let next = self.skip(part, words, bytes, from: at, to: limit) else { return nil }
                        at = next
                    }
                }
                octetAt &+= 1
                first &+= fixedOctets == 0 ? 7 : 8
            }
        case Kind.explicit:
            guard at < limit, bytes[at] > 0 else { return nil }
            at &+= Int(bytes[at])
        default:
            return self.skipRandomSequence(words, bytes, from: start, to: limit)
        }
        return at <= limit ? at : nil
    }

    /// Skips random field sequencing: a count, then so many times a slot number and the item of that slot.
    private func skipRandomSequence(_ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int)
        -> Int?
    {
        guard start < limit else { return nil }
        var at = start + 1
        for _ in 0..<bytes[start] {
            guard at < limit else { return nil }
            let slot = Int(bytes[at]) - 1
            guard let node = self.sequencedNode(slot, words) else { return nil }
            guard let next = self.skip(node, words, bytes, from: at + 1, to: limit) else { return nil }
            at = next
        }
        return at
    }

    /// The node of a slot as random field sequencing names it (in the first profile), never the sequence itself.
    func sequencedNode(_ slot: Int, _ words: Span<UInt32>) -> Int? {
        let profile = self.profiles[0]
        guard slot >= 0, slot < Int(words[profile]) else { return nil }
        let node = Int(words[profile + 1 + 2 * slot])
        return node == 0 ? nil : node
    }

    /// Where part `slot` (from 0) of the compound item at `start` begins; nil if it is absent.
    ///
    /// The item must have been walked over.
    func part(_ slot: Int, of node: Int, _ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int? {
        let storage = self.words
        let words = storage.span
        guard words[node] & 0xFF == Kind.compound, words[node + Node.operands] == 0,
            slot < Int(words[node + Node.operands + 1])
        else { return nil }
        let octet = start + slot / 7
        var at = start
        while at < limit, bytes[at] & 1 != 0 { at &+= 1 }
        at &+= 1
        guard octet < at, at <= limit, bytes[octet] & (0x80 >> UInt8(slot % 7)) != 0 else { return nil }
        for before in 0..<slot where bytes[start + before / 7] & (0x80 >> UInt8(before % 7)) != 0 {
            let part = Int(words[node + Node.operands + 2 + before])
            guard part != 0, let next = self.skip(part, words, bytes, from: at, to: limit) else { return nil }
            at = next
        }
        return at
    }

    /// The node of an item by the slot it has in the first profile.
    func node(ofSlot slot: Int) -> Int { Int(self.words[self.profiles[0] + 1 + 2 * slot]) }

    /// Whether records fill the block's content exactly.
    func fits(_ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Bool {
        start < limit && self.reach(bytes, from: start, to: limit) == limit
    }

    /// How far whole records reach from `start`.
    func reach(_ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int {
        let storage = self.words
        let words = storage.span
        var at = start
        while at < limit {
            var offsets = Offsets(repeating: 0)
            guard let next = try? self.walk(bytes, words, from: at, to: limit, offsets: &offsets) else { return at }
            at = next
        }
        return at
    }

    /// The name of an item for people: `I048/250`.
    func itemName(profile: Int, slot: Int) -> String? {
        guard slot >= 0 else { return nil }
        let category = self.edition.description.prefix(3)
        guard profile < self.slotNames.count, slot < self.slotNames[profile].count,
            self.slotNames[profile][slot] != "-"
        else { return "I\(category), slot \(slot + 1)" }
        return "I\(category)/\(self.slotNames[profile][slot])"
    }
}

/// `count` bits (0...64) from bit `at` of the bytes, most significant first. The bytes must be there.
@inline(__always) func bits(_ bytes: Span<UInt8>, at: Int, count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    var octet = at >> 3
    let skipped = at & 7
    let end = (at &+ count &+ 7) >> 3
    var value = UInt64(bytes[octet] & (0xFF >> UInt8(truncatingIfNeeded: skipped)))
    octet &+= 1
    while octet < end - 1 {
        value = value << 8 | UInt64(bytes[octet])
        octet &+= 1
    }
    // The last octet gives only its upper bits; up to 71 bits may be spanned, so it is not shifted in whole.
    let unused = UInt64(end &* 8 &- (at &+ count))
    if octet < end {
        return value << (8 - unused) | UInt64(bytes[octet]) >> unused
    }
    return value >> unused
}

/// The number whose two's complement the lowest `count` bits (1...64) are.
@inline(__always) func signed(_ value: UInt64, count: Int) -> Int64 {
    let shift = UInt64(64 &- count)
    return Int64(bitPattern: value << shift) >> Int64(shift)
}
