extension AsterixLayout {
    /// Reads one record to its fields: by the layout's own code where it has some, by its instructions otherwise.
    ///
    /// - Parameters:
    ///   - words: the layout's own instructions, taken out once for many records.
    ///   - limit: where the block ends; at most the end of `bytes`.
    /// - Returns: the offset behind the record, greater than `start`.
    /// - Throws: what `walk` throws for the same octets.
    @inline(__always) func fields(
        _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int, into fields: inout AsterixFields
    ) throws(AsterixRecordFault) -> Int {
        let end =
            self.generated != 0
            ? self.generatedFields(bytes, from: start, to: limit, into: &fields)
            : self.tableFields(bytes, words, from: start, to: limit, into: &fields)
        if let end { return end }
        return try self.fault(bytes, words, from: start, to: limit)
    }

    /// What is wrong, the walk says; for the ways to read fields it is enough that something is.
    @inline(never) private func fault(_ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int)
        throws(AsterixRecordFault) -> Int
    {
        var offsets = Offsets(repeating: 0)
        _ = try self.walk(bytes, words, from: start, to: limit, offsets: &offsets)
        throw AsterixRecordFault(fault: .truncatedRecord, offset: start, slot: -1, profile: 0)
    }

    /// One record by the layout's own code, which it must have; nil if it is damaged.
    @inline(__always) func generatedFields(
        _ bytes: Span<UInt8>, from start: Int, to limit: Int, into fields: inout AsterixFields
    ) -> Int? {
        precondition(start >= 0 && start <= limit && limit <= bytes.count, "the block lies beyond its bytes")
        let first = fields.total
        var end = AsterixFieldWriter.bad
        let isWhole = unsafe bytes.withUnsafeBufferPointer { octets in
            guard let base = octets.baseAddress else { return false }
            return unsafe fields.withRoom(8 * (limit - start)) { ids, values in
                end = AsterixGenerated.read(
                    self.generated, unsafe AsterixFieldWriter(base, from: start, to: limit, ids: ids, values: values))
                return end.at < 0 ? -1 : end.count
            }
        }
        guard isWhole else { return nil }
        fields.endRecord(self, start..<end.at, first: first)
        return end.at
    }

    /// One record by the layout's instructions; nil if it is damaged.
    func tableFields(
        _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int, into fields: inout AsterixFields
    ) -> Int? {
        let first = fields.total
        guard let end = self.emitRecord(bytes, words, from: start, to: limit, &fields) else {
            fields.truncate(to: first)
            return nil
        }
        fields.endRecord(self, start..<end, first: first)
        return end
    }

    private func emitRecord(
        _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int, _ fields: inout AsterixFields
    ) -> Int? {
        let profile = self.profiles[
            self.selector == nil ? 0 : self.profile(of: bytes, words, from: start, to: limit)]
        let slots = Int(words[profile])
        guard var at = self.specification(FieldID.record, bytes, from: start, to: limit, start, &fields) else {
            return nil
        }
        let specificationEnd = at
        var first = 0
        var anyItem = false
        for octetAt in start..<specificationEnd {
            var present = bytes[octetAt] & 0xFE
            while present != 0 {
                anyItem = true
                let bit = present.leadingZeroBitCount
                present &= ~(0x80 >> UInt8(truncatingIfNeeded: bit))
                let slot = first &+ bit
                guard slot < slots, (words[profile &+ 2 &+ 2 &* slot] >> 8) & 0xFF != Slot.none else { return nil }
                let node = Int(words[profile &+ 1 &+ 2 &* slot])
                guard let next = self.emit(node, words, bytes, from: at, to: limit, start, &fields) else {
                    return nil
                }
                at = next
            }
            first &+= 7
        }
        return anyItem ? at : nil
    }

    /// Reads a field specification with FX bits, and notes it if its last octet names nothing.
    private func specification(
        _ id: Int, _ bytes: Span<UInt8>, from start: Int, to limit: Int, _ record: Int, _ fields: inout AsterixFields
    ) -> Int? {
        var at = start
        while at < limit, bytes[at] & 1 != 0 { at &+= 1 }
        guard at < limit else { return nil }
        if bytes[at] == 0 { fields.append(id, Self.place(start - record, at + 1 - start)) }
        return at + 1
    }

    /// A place in the record as a number.
    @inline(__always) static func place(_ offset: Int, _ length: Int) -> Int64 { Int64(offset << 32 | length) }

    /// Reads the item that begins at `start`; answers with the offset behind it, nil if it ends behind `limit`.
    ///
    /// It takes and refuses what `skip` does.
    private func emit(
        _ node: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int, _ record: Int,
        _ fields: inout AsterixFields
    ) -> Int? {
        let head = words[node]
        let id = Int(words[node &+ Node.ids] & 0xFFFF)
        var at = start
        switch head & 0xFF {
        case Kind.fixed:
            at &+= Int(head >> 16)
            guard at <= limit else { return nil }
            self.emitPart(node + Node.operands, words, bytes, start &* 8, record, &fields)
        case Kind.extended:
            let parts = Int(words[node + Node.operands])
            var part = 0
            var more = true
            while more, part < parts {
                let known = words[node &+ Node.operands &+ 1 &+ 2 &* part]
                let octets = Int(known & 0xFFFF)
                guard at &+ octets <= limit else { return nil }
                self.emitPart(
                    Int(words[node &+ Node.operands &+ 2 &+ 2 &* part]), words, bytes, at &* 8, record, &fields)
                at &+= octets
                more = known >> 16 != 0 && bytes[at - 1] & 1 != 0
                part &+= 1
            }
            if more {
                let unknown = at
                while at < limit, bytes[at] & 1 != 0 { at &+= 1 }
                guard at < limit else { return nil }
                at &+= 1
                fields.append(id, Self.place(unknown - record, at - unknown))
            }
        case Kind.repetitive:
            var count = 0
            for _ in 0..<Int(words[node + Node.operands]) {
                guard at < limit else { return nil }
                count = count << 8 | Int(bytes[at])
                at &+= 1
            }
            let element = node + Node.operands + 1
            let isFixed = words[element] & 0xFF == Kind.fixed
            if isFixed, at &+ count &* Int(words[element] >> 16) > limit { return nil }
            fields.append(id, Int64(count))
            for index in 0..<count {
                if !isFixed { fields.append(id + 1, Int64(index)) }
                guard let next = self.emit(element, words, bytes, from: at, to: limit, record, &fields) else {
                    return nil
                }
                at = next
            }
        case Kind.repetitiveFX:
            let octets = Int(words[node + Node.operands])
            let place = fields.total
            var count: Int64 = 0
            fields.append(id, 0)
            repeat {
                guard at &+ octets <= limit else { return nil }
                self.emitPart(node + Node.operands + 1, words, bytes, at &* 8, record, &fields)
                at &+= octets
                count += 1
            } while bytes[at - 1] & 1 != 0
            fields.set(place, count)
        case Kind.compound:
            return self.emitCompound(node, words, bytes, from: start, to: limit, record, &fields)
        case Kind.explicit:
            guard at < limit, bytes[at] > 0 else { return nil }
            let end = at &+ Int(bytes[at])
            guard end <= limit else { return nil }
            let content = Int(words[node + Node.operands])
            if content != 0, self.skip(content, words, bytes, from: at + 1, to: end) == end {
                return self.emit(content, words, bytes, from: at + 1, to: end, record, &fields)
            }
            fields.append(id, Self.place(at + 1 - record, end - at - 1))
            return end
        default:
            guard at < limit else { return nil }
            let count = bytes[at]
            at &+= 1
            fields.append(FieldID.sequence, Int64(count))
            for _ in 0..<count {
                guard at < limit else { return nil }
                let slot = Int(bytes[at])
                guard let node = self.sequencedNode(slot - 1, words) else { return nil }
                fields.append(FieldID.sequenceSlot, Int64(slot))
                guard let next = self.emit(node, words, bytes, from: at + 1, to: limit, record, &fields) else {
                    return nil
                }
                at = next
            }
        }
        return at
    }

    private func emitCompound(
        _ node: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int, _ record: Int,
        _ fields: inout AsterixFields
    ) -> Int? {
        let id = Int(words[node &+ Node.ids] & 0xFFFF)
        let fixedOctets = Int(words[node + Node.operands])
        let slots = Int(words[node + Node.operands + 1])
        var at: Int
        if fixedOctets == 0 {
            guard let end = self.specification(id, bytes, from: start, to: limit, record, &fields) else { return nil }
            at = end
        } else {
            at = start &+ fixedOctets
            guard at <= limit else { return nil }
            var named: UInt8 = 0
            for octet in start..<at { named |= bytes[octet] }
            if named == 0 { fields.append(id, Self.place(start - record, fixedOctets)) }
        }
        let specificationEnd = at
        var first = 0
        for octetAt in start..<specificationEnd {
            var present = fixedOctets == 0 ? bytes[octetAt] & 0xFE : bytes[octetAt]
            while present != 0 {
                let bit = present.leadingZeroBitCount
                present &= ~(0x80 >> UInt8(truncatingIfNeeded: bit))
                let slot = first &+ bit
                guard slot < slots else { return nil }
                let part = Int(words[node &+ Node.operands &+ 2 &+ slot])
                guard part != 0, let next = self.emit(part, words, bytes, from: at, to: limit, record, &fields) else {
                    return nil
                }
                at = next
            }
            first &+= fixedOctets == 0 ? 7 : 8
        }
        return at
    }

    /// Reads the fields that the instructions from `first` on describe; `bit` is the first bit of them. They are there.
    private func emitPart(
        _ first: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, _ bit: Int, _ record: Int,
        _ fields: inout AsterixFields
    ) {
        var hasSpare = false
        var word = first
        var at = bit
        while true {
            let instruction = words[word]
            let count = Int(instruction >> 8)
            let op = instruction & 0xFF
            switch op {
            case FieldOp.end:
                if hasSpare { self.emitSpare(first, words, bytes, bit, &fields) }
                return
            case FieldOp.open, FieldOp.close:
                word &+= FieldOp.length(of: op, words, word)
                continue
            case FieldOp.spare:
                if bits(bytes, at: at, count: count) != 0 { hasSpare = true }
            case FieldOp.choice:
                let selector = bits(
                    bytes, at: at &- Int(words[word &+ 3]), count: Int(words[word &+ 4]))
                let raw = bits(bytes, at: at, count: count)
                var id = Int(words[word &+ 1])
                var value = Int64(bitPattern: raw)
                for i in 0..<Int(words[word &+ 5]) {
                    let alternative = word &+ 6 &+ 7 &* i
                    guard UInt64(words[alternative]) == selector else { continue }
                    id &+= 1 &+ i
                    if words[alternative &+ 1] == FieldOp.signedQuantity { value = signed(raw, count: count) }
                    break
                }
                fields.append(id, value)
            default:
                let id = Int(words[word &+ 1])
                if count > 64 {
                    fields.append(id, Self.place(at / 8 &- record, count / 8))
                } else {
                    let raw = bits(bytes, at: at, count: count)
                    let isSigned = op == FieldOp.signed || op == FieldOp.signedQuantity
                    fields.append(id, isSigned ? signed(raw, count: count) : Int64(bitPattern: raw))
                }
            }
            at &+= count
            word &+= FieldOp.length(of: op, words, word)
        }
    }

    /// The spare bits of a part that are not zero.
    private func emitSpare(
        _ first: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, _ bit: Int, _ fields: inout AsterixFields
    ) {
        var word = first
        var at = bit
        while true {
            let instruction = words[word]
            let count = Int(instruction >> 8)
            let op = instruction & 0xFF
            if op == FieldOp.end { return }
            if op == FieldOp.spare {
                let raw = bits(bytes, at: at, count: count)
                if raw != 0 { fields.append(Int(words[word &+ 1]), Int64(bitPattern: raw)) }
            }
            if op != FieldOp.open, op != FieldOp.close { at &+= count }
            word &+= FieldOp.length(of: op, words, word)
        }
    }
}

extension AsterixFields {
    /// Records by the code of a layout of `AsterixLayouts`, up to the end of the block or to one that is damaged.
    ///
    /// - Returns: the offset behind the last whole record, and how many there were.
    @inline(__always) mutating func generated(
        _ code: UInt8, _ bytes: Span<UInt8>, from start: Int, to limit: Int
    ) -> (at: Int, count: Int) {
        precondition(start >= 0 && limit <= bytes.count, "the block lies beyond its bytes")
        var at = start
        var count = 0
        while at < limit {
            let first = self.total
            var end = AsterixFieldWriter.bad
            let isWhole = unsafe bytes.withUnsafeBufferPointer { octets in
                guard let base = octets.baseAddress else { return false }
                return unsafe self.withRoom(8 * (limit - at)) { ids, values in
                    end = AsterixGenerated.read(
                        code, unsafe AsterixFieldWriter(base, from: at, to: limit, ids: ids, values: values))
                    return end.at < 0 ? -1 : end.count
                }
            }
            guard isWhole else { break }
            self.endRecord(code, at..<end.at, first: first)
            at = end.at
            count += 1
        }
        return (at, count)
    }
}
