import SensorFormats

/// Writes Swift that turns the fields of one layout into octets: its `AsterixEncodePlan`, unrolled.
///
/// A part becomes a comparison of its ids, a load, a shift and an or for each field, and a store for each eight octets; an
/// item is there if its first field is next. What is not usual the code leaves to the plan (`AsterixOctetWriter`).
struct AsterixEncodeGenerator {
    private typealias Kind = AsterixLayout.Kind

    private let plan: AsterixEncodePlan
    private var lines: [String] = []
    private var functions: [[String]] = []
    private var names = 0

    /// The files by their names.
    static func files(_ editions: [AsterixEdition]) -> [(name: String, text: String)] {
        var files: [(name: String, text: String)] = []
        for edition in editions {
            guard let layout = AsterixLayouts.all[edition] else { preconditionFailure("no table \(edition)") }
            var generator = AsterixEncodeGenerator(plan: AsterixEncodePlan(layout))
            files.append(("Octets\(AsterixGenerator.typeName(edition)).swift", generator.file()))
        }
        var list =
            AsterixGenerator.head + """

                extension AsterixGenerated {
                    /// Writes one record by the code of that number, whose field specification has `length` octets.
                    @inline(__always) static func write(_ number: UInt8, _ writer: AsterixOctetWriter, _ length: Int)
                        -> AsterixOctetWriter.End
                    {
                        switch number {

                """
        for (index, edition) in editions.enumerated() {
            list += "        case \(index + 1): Octets\(AsterixGenerator.typeName(edition)).record(writer, length)\n"
        }
        list += "        default: AsterixOctetWriter.bad\n        }\n    }\n}\n"
        files.append(("AsterixGeneratedWriting.swift", list))
        return files
    }

    private init(plan: AsterixEncodePlan) { self.plan = plan }

    private mutating func line(_ depth: Int, _ text: String) {
        self.lines.append(String(repeating: "    ", count: depth) + text)
    }

    private mutating func fresh(_ prefix: String) -> String {
        self.names += 1
        return "\(prefix)\(self.names)"
    }

    private static let fail = "else { return AsterixOctetWriter.bad }"

    private func name(_ id: UInt16) -> String {
        self.plan.layout.fields[Int(id)].path.split(separator: "/").dropFirst().joined(separator: "/")
    }

    private mutating func file() -> String {
        let edition = self.plan.layout.edition
        let profile = self.plan.profiles[0]
        self.line(1, "static func record(_ writer: AsterixOctetWriter, _ length: Int) -> AsterixOctetWriter.End {")
        self.line(2, "var r = writer")
        self.line(2, "let start = r.open(length)")
        self.line(2, "var s: UInt64 = 0")
        for slot in 0..<profile.count {
            let node = self.plan.child(profile.children + slot)
            guard node >= 0 else { continue }
            self.slot(node, "s", AsterixGenerator.bit(slot, perOctet: 7), 2)
        }
        self.line(2, "guard s != 0, 8 &- s.trailingZeroBitCount &>> 3 == length \(Self.fail)")
        self.line(2, "r.close(start, length, s)")
        self.line(2, "return r.end")
        self.line(1, "}")
        var text =
            AsterixGenerator.head
            + "\n/// Fields of category \(edition) to octets.\nenum Octets\(AsterixGenerator.typeName(edition)) {\n"
        text += self.lines.joined(separator: "\n") + "\n"
        for function in self.functions { text += "\n" + function.joined(separator: "\n") + "\n" }
        return text + "}\n"
    }

    /// Code for an item or part that may be there: if its first field is next.
    private mutating func slot(_ index: Int, _ named: String, _ bit: String, _ depth: Int) {
        let node = self.plan.node(index)
        let condition: String
        switch node.kind {
        case Kind.fixed, Kind.extended:
            condition = "r.next == \(self.plan.part(Int(node.first)).id)"
        case Kind.repetitive, Kind.repetitiveFX: condition = "r.next == \(node.firstID)"
        default: condition = "r.isNext(\(node.firstID), \(node.lastID))"
        }
        self.line(depth, "if \(condition) {  // \(self.name(node.firstID))")
        self.line(depth + 1, "\(named) |= \(bit)")
        self.node(node, depth + 1)
        self.line(depth, "}")
    }

    private mutating func node(_ node: AsterixEncodePlan.Node, _ depth: Int) {
        switch node.kind {
        case Kind.fixed: self.part(self.plan.part(Int(node.first)), depth)
        case Kind.extended:
            for index in 0..<Int(node.count) {
                let part = self.plan.part(Int(node.first) + index)
                if index > 0 {
                    self.line(depth + index - 1, "if r.next == \(part.id) {")
                    self.line(depth + index, "r.extend()")
                }
                self.part(part, depth + index)
            }
            for index in stride(from: Int(node.count) - 1, to: 0, by: -1) { self.line(depth + index - 1, "}") }
        case Kind.repetitive:
            let n = self.fresh("n")
            self.line(depth, "guard let \(n) = r.count(octets: \(node.octets)) \(Self.fail)")
            let element = self.plan.node(Int(node.first))
            if element.kind == Kind.fixed {
                let part = self.plan.part(Int(element.first))
                self.line(depth, "guard r.has(\(n) &* \(self.fieldCount(part))) \(Self.fail)")
                self.line(depth, "for _ in 0..<\(n) {")
                self.part(part, depth + 1)
            } else {
                self.line(depth, "for _ in 0..<\(n) {")
                self.line(depth + 1, "guard r.next == \(node.firstID + 1) \(Self.fail)")
                self.line(depth + 1, "r.advance(1)")
                self.node(element, depth + 1)
            }
            self.line(depth, "}")
        case Kind.repetitiveFX:
            let n = self.fresh("n"), i = self.fresh("i")
            let part = self.plan.part(Int(node.first))
            self.line(depth, "let \(n) = Int(truncatingIfNeeded: r.value(0))")
            self.line(
                depth, "guard \(n) > 0, \(n) <= 0xFFFF, r.has(1 &+ \(n) &* \(self.fieldCount(part))) \(Self.fail)")
            self.line(depth, "r.advance(1)")
            self.line(depth, "for \(i) in 0..<\(n) {")
            self.part(part, depth + 1)
            self.line(depth + 1, "if \(i) &+ 1 < \(n) { r.extend() }")
            self.line(depth, "}")
        case Kind.compound:
            if node.lastID - node.firstID > 24 {
                self.line(depth, "guard r.resume(Self.\(self.function(node))(r)) \(Self.fail)")
            } else {
                self.compound(node, depth)
            }
        case Kind.explicit:
            guard node.first >= 0 else {
                self.line(depth, "guard r.explicit() \(Self.fail)")
                return
            }
            let e = self.fresh("e")
            self.line(depth, "if r.next == \(node.firstID) {")
            self.line(depth + 1, "guard r.explicit() \(Self.fail)")
            self.line(depth, "} else {")
            self.line(depth + 1, "let \(e) = r.open(1)")
            self.line(
                depth + 1, "guard r.resume(Self.\(self.function(self.plan.node(Int(node.first))))(r)) \(Self.fail)")
            self.line(depth + 1, "guard r.closeExplicit(\(e)) \(Self.fail)")
            self.line(depth, "}")
        default: preconditionFailure("a layout with random field sequencing has no code of its own")
        }
    }

    /// Makes a function of a compound and answers with its name.
    private mutating func function(_ node: AsterixEncodePlan.Node) -> String {
        let path = self.name(node.firstID)
        let name = "write" + path.split(separator: "/").joined(separator: "_")
        let outside = self.lines
        self.lines = []
        self.line(1, "/// \(path).")
        self.line(
            1, "@inline(never) private static func \(name)(_ writer: AsterixOctetWriter) -> AsterixOctetWriter.End {")
        self.line(2, "var r = writer")
        self.compound(node, 2)
        self.line(2, "return r.end")
        self.line(1, "}")
        self.functions.append(self.lines)
        self.lines = outside
        return name
    }

    private mutating func compound(_ node: AsterixEncodePlan.Node, _ depth: Int) {
        let c = self.fresh("c"), s = self.fresh("s")
        let perOctet = node.octets == 0 ? 7 : 8
        let octets = node.octets == 0 ? (Int(node.count) + 6) / 7 : Int(node.octets)
        self.line(depth, "let \(c) = r.open(\(octets))")
        self.line(depth, "var \(s): UInt64 = 0")
        for slot in 0..<Int(node.count) {
            let child = self.plan.child(Int(node.first) + slot)
            guard child >= 0 else { continue }
            self.slot(child, s, AsterixGenerator.bit(slot, perOctet: perOctet), depth)
        }
        self.line(depth, "guard \(s) != 0 \(Self.fail)")
        self.line(depth, node.octets == 0 ? "r.close(\(c), \(octets), \(s))" : "r.closeFixed(\(c), \(octets), \(s))")
    }

    private func fieldCount(_ part: AsterixEncodePlan.Part) -> Int {
        (0..<Int(part.chunkCount)).reduce(0) { $0 + Int(self.plan.chunk(Int(part.chunks) + $1).fieldCount) }
    }

    /// Code for fields side by side; the first is next.
    private mutating func part(_ part: AsterixEncodePlan.Part, _ depth: Int) {
        let chunks = (0..<Int(part.chunkCount)).map { self.plan.chunk(Int(part.chunks) + $0) }
        let fields = chunks.flatMap { chunk in
            (0..<Int(chunk.fieldCount)).map { self.plan.field(Int(chunk.fields) + $0) }
        }
        // Up to eight fields may be read without a question, and a first one is there.
        if fields.count > 8 { self.line(depth, "guard r.has(\(fields.count)) \(Self.fail)") }
        for index in stride(from: 0, to: fields.count, by: 4) {
            var four: UInt64 = 0
            var mask: UInt64 = 0
            for (place, field) in fields[index..<min(index + 4, fields.count)].enumerated() {
                if field.alternatives > 0 {
                    self.line(
                        depth, "r.demand(\(index + place), from: \(field.id), to: \(field.id + field.alternatives))")
                    continue
                }
                four |= UInt64(field.id) << UInt64(16 * place)
                mask |= 0xFFFF << UInt64(16 * place)
            }
            self.line(depth, "r.demand(\(index), \(AsterixGenerator.hex(four)), \(AsterixGenerator.hex(mask)))")
        }
        var index = 0
        for chunk in chunks {
            guard !chunk.isPlace else {
                self.line(depth, "guard r.place(\(index), \(chunk.octets)) \(Self.fail)")
                index += 1
                continue
            }
            let w = self.fresh("w")
            self.line(depth, "var \(w): UInt64 = 0")
            for i in 0..<Int(chunk.fieldCount) {
                let field = self.plan.field(Int(chunk.fields) + i)
                let v = self.fresh("v")
                self.line(depth, "let \(v) = r.value(\(index))  // \(self.name(field.id))")
                if field.half != 0 {
                    let bits = 64 - field.mask.leadingZeroBitCount
                    self.line(
                        depth, "r.wrong |= (\(v) &+ 0x\(String(field.half, radix: 16, uppercase: true))) &>> \(bits)")
                    self.line(
                        depth, "\(w) |= (\(v) & 0x\(String(field.mask, radix: 16, uppercase: true))) &<< \(field.shift)"
                    )
                } else {
                    if field.mask != .max {
                        self.line(depth, "r.wrong |= \(v) &>> \(64 - field.mask.leadingZeroBitCount)")
                    }
                    self.line(depth, "\(w) |= \(v) &<< \(field.shift)")
                }
                index += 1
            }
            self.line(depth, "r.put(\(w), \(chunk.octets))")
        }
        self.line(depth, "r.advance(\(fields.count))")
    }
}
