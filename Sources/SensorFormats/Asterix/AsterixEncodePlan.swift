/// A layout turned round: how fields become octets. Made once for an encoder that meets the layout.
///
///     node ──▶ parts ──▶ chunks ──▶ fields
///       └────▶ children, by slot
///
/// A part is what stands side by side in an item; its octets are put together eight at a time: a chunk is a word of at
/// most 64 bits into which each of its fields is shifted. Which slot a field's id belongs to is looked up in `slots`.
@safe package final class AsterixEncodePlan {
    /// One field: `(value & mask) << shift` is its share of the chunk, `value + half` fits into the mask.
    package struct Field {
        package var mask: UInt64
        /// 2^(bits − 1) of a signed field: what moves its range to begin at zero.
        package var half: UInt64
        package var id: UInt16
        /// Ids behind its own that say the same bits by another scale.
        package var alternatives: UInt16
        package var shift: UInt64
    }

    package struct Chunk {
        package var fields: Int32
        package var fieldCount: Int32
        package var octets: Int32
        /// Its one field has more than 64 bits and is a place.
        package var isPlace: Bool
    }

    struct Spare {
        var id: UInt16
        var bits: UInt16
        /// From the beginning of the part.
        var bit: Int32
    }

    package struct Part {
        /// The id of its first field: the part is present if that is.
        package var id: UInt16
        package var hasFX: Bool
        package var octets: Int32
        package var chunks: Int32
        package var chunkCount: Int32
        package var spares: Int32
        package var spareCount: Int32
    }

    package struct Node {
        package var kind: UInt32
        /// Its ids, marks first.
        package var firstID: UInt16
        package var lastID: UInt16
        /// Of a count, or of a field specification (0: as many as FX bits say).
        package var octets: Int32 = 0
        /// Fixed, extended, repetitive by FX: its parts. Compound: its children. Others: the one child, -1 if there is none.
        package var first: Int32 = -1
        package var count: Int32 = 0
        /// Compound: where its ids' slots are in `slots`.
        package var slots: Int32 = 0
    }

    package let layout: AsterixLayout
    // Owned memory, written in `init` and never again, so that it can be read from anywhere; indices into it come from
    // the plan itself, and ids are checked against `idCount` before they are one.
    let nodes: UnsafePointer<Node>
    let parts: UnsafePointer<Part>
    let chunks: UnsafePointer<Chunk>
    let fields: UnsafePointer<Field>
    let spares: UnsafePointer<Spare>
    let children: UnsafePointer<Int32>
    let slots: UnsafePointer<UInt8>
    let idCount: Int
    package let profiles: [Profile]
    /// The field whose value chooses the profile.
    let selector: Int?
    /// Where the slots of the first profile are in `slots`.
    let firstSlots: Int
    /// Whether the layout has code of its own.
    let hasCode: Bool
    /// Whether an item of it is a random sequence of others.
    let hasSequences: Bool

    package struct Profile {
        /// Where the slots of all ids are in `slots`.
        package var slots: Int
        /// Where the nodes of its slots are in `children`.
        package var children: Int
        package var count: Int
    }

    /// No slot has it.
    static let noSlot: UInt8 = 0xFF

    package init(_ layout: AsterixLayout) {
        var draft = Draft(layout)
        self.layout = layout
        self.profiles = draft.profiles()
        self.selector = layout.selector.flatMap { draft.selector($0) }
        self.idCount = layout.fields.count
        self.firstSlots = self.profiles[0].slots
        self.hasCode = layout.generated != 0
        self.hasSequences = draft.nodes.contains { $0.kind == AsterixLayout.Kind.randomSequence }
        unsafe self.nodes = Self.copy(draft.nodes)
        unsafe self.parts = Self.copy(draft.parts)
        unsafe self.chunks = Self.copy(draft.chunks)
        unsafe self.fields = Self.copy(draft.fields)
        unsafe self.spares = Self.copy(draft.spares)
        unsafe self.children = Self.copy(draft.children)
        unsafe self.slots = Self.copy(draft.slots)
    }

    // What it holds, for the generator of code.
    package func node(_ index: Int) -> Node { unsafe self.nodes[index] }
    package func part(_ index: Int) -> Part { unsafe self.parts[index] }
    package func chunk(_ index: Int) -> Chunk { unsafe self.chunks[index] }
    package func field(_ index: Int) -> Field { unsafe self.fields[index] }
    package func child(_ index: Int) -> Int { unsafe Int(self.children[index]) }

    deinit {
        unsafe self.nodes.deallocate()
        unsafe self.parts.deallocate()
        unsafe self.chunks.deallocate()
        unsafe self.fields.deallocate()
        unsafe self.spares.deallocate()
        unsafe self.children.deallocate()
        unsafe self.slots.deallocate()
    }

    private static func copy<Element>(_ list: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, list.count))
        for (i, element) in list.enumerated() { unsafe (memory + i).initialize(to: element) }
        return unsafe UnsafePointer(memory)
    }

    /// The plan as it is made.
    private struct Draft {
        let layout: AsterixLayout
        let words: [UInt32]
        var nodes: [Node] = []
        var parts: [Part] = []
        var chunks: [Chunk] = []
        var fields: [Field] = []
        var spares: [Spare] = []
        var children: [Int32] = []
        var slots: [UInt8] = []
        /// Nodes by their offset in the words: an item of several profiles is one node.
        private var known: [Int: Int32] = [:]

        init(_ layout: AsterixLayout) {
            self.layout = layout
            self.words = layout.words
        }

        mutating func profiles() -> [Profile] {
            self.layout.profiles.map { at in
                let count = Int(self.words[at])
                let nodes = (0..<count).map { slot -> Int32 in
                    let kind = (self.words[at + 2 + 2 * slot] >> 8) & 0xFF
                    return kind == AsterixLayout.Slot.none ? -1 : self.node(Int(self.words[at + 1 + 2 * slot]))
                }
                let slots = self.slots(of: nodes, from: 0, to: self.layout.fields.count)
                let first = self.children.count
                self.children += nodes
                return Profile(slots: slots, children: first, count: count)
            }
        }

        func selector(_ selector: AsterixLayout.Selector) -> Int? {
            let node = self.layout.node(ofSlot: selector.slot)
            var (word, bit) = (node + AsterixLayout.Node.operands, 0)
            if self.words[node] & 0xFF == AsterixLayout.Kind.extended { word = Int(self.words[word + 2]) }
            while self.words[word] & 0xFF != FieldOp.end {
                let op = self.words[word] & 0xFF
                if op != FieldOp.open, op != FieldOp.close {
                    if bit == selector.bit { return Int(self.words[word + 1]) }
                    bit += Int(self.words[word] >> 8)
                }
                word += FieldOp.length(of: op, self.words.span, word)
            }
            return nil
        }

        /// The table of the slots to which the ids from `first` to `end` belong, by the nodes of the slots.
        private mutating func slots(of nodes: [Int32], from first: Int, to end: Int) -> Int {
            var table = [UInt8](repeating: AsterixEncodePlan.noSlot, count: end - first)
            for (slot, node) in nodes.enumerated() where node >= 0 {
                let node = self.nodes[Int(node)]
                for id in Int(node.firstID)..<Int(node.lastID) { table[id - first] = UInt8(slot) }
            }
            self.slots += table
            return self.slots.count - table.count
        }

        private mutating func node(_ at: Int) -> Int32 {
            if let known = self.known[at] { return known }
            let head = self.words[at]
            let ids = self.words[at + AsterixLayout.Node.ids]
            let operands = at + AsterixLayout.Node.operands
            var node = Node(kind: head & 0xFF, firstID: UInt16(ids & 0xFFFF), lastID: UInt16(ids >> 16))
            switch node.kind {
            case AsterixLayout.Kind.fixed:
                node.first = self.part(operands, octets: Int(head >> 16), hasFX: false)
                node.count = 1
            case AsterixLayout.Kind.extended:
                node.count = Int32(self.words[operands])
                for i in 0..<Int(node.count) {
                    let known = self.words[operands + 1 + 2 * i]
                    let part = self.part(
                        Int(self.words[operands + 2 + 2 * i]), octets: Int(known & 0xFFFF), hasFX: known >> 16 != 0)
                    if i == 0 { node.first = part }
                }
            case AsterixLayout.Kind.repetitive:
                node.octets = Int32(self.words[operands])
                node.first = self.node(operands + 1)
            case AsterixLayout.Kind.repetitiveFX:
                node.first = self.part(operands + 1, octets: Int(self.words[operands]), hasFX: true)
                node.count = 1
            case AsterixLayout.Kind.compound:
                node.octets = Int32(self.words[operands])
                node.count = Int32(self.words[operands + 1])
                let parts = (0..<Int(node.count)).map { slot -> Int32 in
                    let part = Int(self.words[operands + 2 + slot])
                    return part == 0 ? -1 : self.node(part)
                }
                node.first = Int32(self.children.count)
                self.children += parts
                node.slots = Int32(self.slots(of: parts, from: Int(node.firstID), to: Int(node.lastID)))
            case AsterixLayout.Kind.explicit:
                let content = Int(self.words[operands])
                if content != 0 { node.first = self.node(content) }
            default:
                // Random field sequencing: the node of that kind stands at offset 0 and has ids of its own.
                node.firstID = UInt16(AsterixLayout.FieldID.sequence)
                node.lastID = UInt16(AsterixLayout.FieldID.sequenceSlot + 1)
            }
            self.nodes.append(node)
            self.known[at] = Int32(self.nodes.count - 1)
            return Int32(self.nodes.count - 1)
        }

        private mutating func part(_ at: Int, octets: Int, hasFX: Bool) -> Int32 {
            let firstSpare = self.spares.count
            var listed: [(bit: Int, bits: Int, field: Field)] = []
            var (word, bit) = (at, 0)
            while self.words[word] & 0xFF != FieldOp.end {
                let op = self.words[word] & 0xFF
                let bits = Int(self.words[word] >> 8)
                if op == FieldOp.spare {
                    self.spares.append(Spare(id: UInt16(self.words[word + 1]), bits: UInt16(bits), bit: Int32(bit)))
                } else if op != FieldOp.open, op != FieldOp.close {
                    let isSigned = op == FieldOp.signed || op == FieldOp.signedQuantity
                    listed.append(
                        (
                            bit, bits,
                            Field(
                                mask: bits >= 64 ? .max : 1 << UInt64(bits) - 1,
                                half: isSigned && bits < 64 ? 1 << UInt64(bits - 1) : 0,
                                id: UInt16(self.words[word + 1]),
                                alternatives: op == FieldOp.choice ? UInt16(self.words[word + 5]) : 0, shift: 0)
                        ))
                }
                if op != FieldOp.open, op != FieldOp.close { bit += bits }
                word += FieldOp.length(of: op, self.words.span, word)
            }
            let firstChunk = self.chunks.count
            self.divide(listed, octets: octets)
            self.parts.append(
                Part(
                    id: listed[0].field.id, hasFX: hasFX, octets: Int32(octets), chunks: Int32(firstChunk),
                    chunkCount: Int32(self.chunks.count - firstChunk), spares: Int32(firstSpare),
                    spareCount: Int32(self.spares.count - firstSpare)))
            return Int32(self.parts.count - 1)
        }

        /// Divides a part into words of at most eight octets, none of which cuts through a field.
        private mutating func divide(_ listed: [(bit: Int, bits: Int, field: Field)], octets: Int) {
            var begin = 0
            var next = 0
            while begin < octets * 8 {
                let first = next
                if next < listed.count, listed[next].bits > 64 {
                    self.fields.append(listed[next].field)
                    self.chunks.append(
                        Chunk(
                            fields: Int32(self.fields.count - 1), fieldCount: 1, octets: Int32(listed[next].bits / 8),
                            isPlace: true))
                    begin += listed[next].bits
                    next += 1
                    continue
                }
                // The last whole octet at which no field goes on, within 64 bits.
                var end = min(begin + 64, octets * 8)
                while listed.contains(where: { $0.bit < end && $0.bit + $0.bits > end && $0.bit >= begin }) { end -= 8 }
                precondition(end > begin, "a part of \(self.layout.edition) cannot be divided into words")
                while next < listed.count, listed[next].bit + listed[next].bits <= end {
                    var field = listed[next].field
                    field.shift = UInt64(64 - (listed[next].bit - begin) - listed[next].bits)
                    self.fields.append(field)
                    next += 1
                }
                self.chunks.append(
                    Chunk(
                        fields: Int32(self.fields.count - (next - first)), fieldCount: Int32(next - first),
                        octets: Int32((end - begin) / 8), isPlace: false))
                begin = end
            }
        }
    }
}
