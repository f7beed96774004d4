/// A layout by the names of its parts, for making records: from JSON, from values set by path, at random in tests.
///
/// It is read out of the layout's instructions once; `AsterixEncodePlan` is the same for octets.
final class AsterixShape: Sendable {
    /// One field of a part.
    struct Leaf: Sendable {
        /// The names to it from the part's item: several in groups within groups; none if the item is one field.
        var names: [String]
        var id: Int
        var bits: Int
        /// The field whose value chooses the id of this one, and the ids by its value.
        var selector: Int?
        var alternatives: [(value: Int64, id: Int)] = []
        var isSpare: Bool
    }

    /// Fields side by side.
    struct Part: Sendable {
        var leaves: [Leaf] = []
        var hasFX = false
        /// Whether a field is read by the value of another.
        var hasChoice = false
    }

    /// One of `AsterixLayout.Kind`.
    let kind: UInt32
    /// The name by which it stands in what it is part of; an item's is `I048/040`.
    let name: String
    /// Its marks of structure begin here.
    let firstID: Int
    /// Of a count or of a field specification, in octets.
    let octets: Int
    let parts: [Part]
    /// Compound: by slot. Repetitive: the element. Explicit: the content, if it has a table.
    let children: [AsterixShape?]

    private init(
        kind: UInt32, name: String, firstID: Int, octets: Int = 0, parts: [Part] = [], children: [AsterixShape?] = []
    ) {
        self.kind = kind
        self.name = name
        self.firstID = firstID
        self.octets = octets
        self.parts = parts
        self.children = children
    }

    /// The items of a profile of a layout, by slot.
    static func items(of layout: AsterixLayout, profile: Int) -> [AsterixShape?] {
        let at = layout.profiles[profile]
        return (0..<Int(layout.words[at])).map { slot in
            guard (layout.words[at + 2 + 2 * slot] >> 8) & 0xFF != AsterixLayout.Slot.none else { return nil }
            let name = layout.slotNames[profile][slot]
            return self.shape(
                layout, Int(layout.words[at + 1 + 2 * slot]),
                path: ["I" + String(layout.edition.description.prefix(3)), name])
        }
    }

    /// The node at `at`, whose name is the end of `path`.
    private static func shape(_ layout: AsterixLayout, _ at: Int, path: [String]) -> AsterixShape {
        let words = layout.words
        let head = words[at]
        let kind = head & 0xFF
        let firstID = Int(words[at + AsterixLayout.Node.ids] & 0xFFFF)
        let operands = at + AsterixLayout.Node.operands
        let name = path.count == 2 ? path.joined(separator: "/") : path.last ?? ""
        switch kind {
        case AsterixLayout.Kind.fixed:
            return AsterixShape(
                kind: kind, name: name, firstID: firstID, parts: [self.part(layout, operands, path, hasFX: false)])
        case AsterixLayout.Kind.extended:
            let parts = (0..<Int(words[operands])).map { i in
                self.part(
                    layout, Int(words[operands + 2 + 2 * i]), path, hasFX: words[operands + 1 + 2 * i] >> 16 != 0)
            }
            return AsterixShape(kind: kind, name: name, firstID: firstID, parts: parts)
        case AsterixLayout.Kind.repetitive:
            return AsterixShape(
                kind: kind, name: name, firstID: firstID, octets: Int(words[operands]),
                children: [self.shape(layout, operands + 1, path: path)])
        case AsterixLayout.Kind.repetitiveFX:
            return AsterixShape(
                kind: kind, name: name, firstID: firstID, parts: [self.part(layout, operands + 1, path, hasFX: true)])
        case AsterixLayout.Kind.compound:
            let children = (0..<Int(words[operands + 1])).map { slot -> AsterixShape? in
                let node = Int(words[operands + 2 + slot])
                guard node != 0 else { return nil }
                return self.shape(layout, node, path: path + [self.name(of: node, in: layout, below: path)])
            }
            return AsterixShape(
                kind: kind, name: name, firstID: firstID, octets: Int(words[operands]), children: children)
        case AsterixLayout.Kind.explicit:
            let content = Int(words[operands])
            return AsterixShape(
                kind: kind, name: name, firstID: firstID,
                children: content == 0 ? [] : [self.shape(layout, content, path: path)])
        default:
            return AsterixShape(kind: kind, name: name, firstID: AsterixLayout.FieldID.sequence)
        }
    }

    /// The name of a part of a compound: what its ids' paths have behind the compound's.
    private static func name(of node: Int, in layout: AsterixLayout, below path: [String]) -> String {
        let first = Int(layout.words[node + AsterixLayout.Node.ids] & 0xFFFF)
        let last = Int(layout.words[node + AsterixLayout.Node.ids] >> 16)
        let names = layout.fields[first..<last].lazy.map { $0.path.split(separator: "/") }.first {
            $0.count > path.count
        }
        return names.map { String($0[path.count]) } ?? ""
    }

    private static func part(_ layout: AsterixLayout, _ at: Int, _ path: [String], hasFX: Bool) -> Part {
        let words = layout.words
        var part = Part(hasFX: hasFX)
        var bits: [Int: Int] = [:]
        var word = at
        var bit = 0
        while words[word] & 0xFF != FieldOp.end {
            let op = words[word] & 0xFF
            let count = Int(words[word] >> 8)
            if op != FieldOp.open, op != FieldOp.close {
                let id = Int(words[word + 1])
                let names = layout.fields[id].path.split(separator: "/").dropFirst(path.count).map { String($0) }
                var leaf = Leaf(names: names, id: id, bits: count, isSpare: op == FieldOp.spare)
                if op == FieldOp.choice {
                    part.hasChoice = true
                    leaf.selector = bits[bit - Int(words[word + 3])]
                    for i in 0..<Int(words[word + 5]) {
                        leaf.alternatives.append((Int64(words[word + 6 + 7 * i]), id + 1 + i))
                    }
                }
                part.leaves.append(leaf)
                bits[bit] = id
                bit += count
            }
            word += FieldOp.length(of: op, words.span, word)
        }
        return part
    }
}
