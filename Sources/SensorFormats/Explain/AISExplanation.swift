import Air

/// AIS messages taken apart: `!AIVDM,…`, all sentences of a message one below the other.
enum AISExplanation {
    static func explain(_ text: String) throws(ExplanationError) -> Explanation {
        let bytes = Array(text.utf8)
        var explanation = Explanation(kind: "AIS", lines: [])
        var problem: AISProblem?
        var receiver = AISReceiver()
        receiver.read(bytes.span, isWhole: true, problem: { problem = problem ?? $0 }) { received in
            if !explanation.lines.isEmpty { explanation.lines.append(.blank) }
            self.add(received, to: &explanation)
        }
        if let problem {
            guard !explanation.lines.isEmpty else {
                throw ExplanationError(offset: problem.offset, reason: problem.fault.text)
            }
            explanation.lines.append(.fault("\(problem)"))
        }
        guard !explanation.lines.isEmpty else {
            let isUnfinished = receiver.waitingCount > 0
            throw ExplanationError(
                offset: 0,
                reason: isUnfinished ? "other sentences of the message are missing" : "there is no AIS sentence")
        }
        return explanation
    }

    private static func add(_ received: AISReceived, to explanation: inout Explanation) {
        let message = received.message
        let name = self.names[message.type] ?? "undefined"
        explanation.lines.append(.heading("AIS message \(message.type), \(name)"))
        var told = "sentence \(received.sentence.word)"
        if let channel = received.sentence.channel { told += ", channel \(UnicodeScalar(channel))" }
        if let time = received.sentence.tag.receivedAt { told += ", received \(time)" }
        explanation.lines.append(.note(told))
        let bits = message.bits
        let octets = bits.bytes
        explanation.lines.append(
            .part(offset: 0, octets: hexText(octets.span, 0..<octets.count), name: "\(bits.count) bits"))
        var coder = FieldExplanation(octets, end: bits.count)
        message.walk(&coder)
        explanation.lines += coder.lines
    }

    /// Source: ITU-R M.1371-5, annex 8, table 46.
    private static let names: [UInt8: String] = [
        1: "position report", 2: "position report, assigned", 3: "position report, interrogated",
        4: "base station report", 5: "static and voyage data", 6: "binary, addressed", 7: "binary acknowledgement",
        8: "binary, broadcast", 9: "search and rescue aircraft position", 10: "time inquiry", 11: "time response",
        12: "safety text, addressed", 13: "safety acknowledgement", 14: "safety text, broadcast", 15: "interrogation",
        16: "assignment", 17: "differential corrections", 18: "class B position report",
        19: "class B position report, extended", 20: "slot reservation", 21: "aid to navigation",
        22: "channel management", 23: "group assignment", 24: "static data", 25: "binary, single slot",
        26: "binary, multiple slots", 27: "long-range position",
    ]
}

/// Shows the fields of a message that says its layout over a coder.
private struct FieldExplanation: FieldCoder {
    private(set) var lines: [Explanation.Line] = []
    private(set) var position = 0
    let end: Int
    private let octets: [UInt8]
    private var groups: [String] = []
    private var element = 0

    init(_ octets: [UInt8], end: Int) {
        self.octets = octets
        self.end = end
    }

    /// A row, if the message does not end before.
    private mutating func put(_ name: String, _ bits: Int, _ value: String, _ meaning: String = "") {
        let start = self.position
        self.position += bits
        guard bits > 0, self.position <= self.end, self.position <= 8 * self.octets.count else { return }
        self.lines.append(
            .field(
                bits: BitPattern.text(self.octets.span, bit: start, bits: bits),
                name: (self.groups + [name]).joined(separator: "/"), value: value, meaning: meaning))
    }

    mutating func field<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value, bits: Int, scale: FieldScale?
    ) {
        guard let scale else { return self.put("\(name)", bits, "\(value)") }
        let raw = Int64(truncatingIfNeeded: value)
        guard raw != scale.notAvailable, let quantity = scale.value(raw) else {
            return self.put("\(name)", bits, "not available", "\(raw)")
        }
        var writer = JSONWriter(capacity: 64)
        writer.number(quantity, decimals: scale.divisor == 1 ? scale.decimals : 7)
        self.put("\(name)", bits, writer.text, writer.text == "\(raw)" ? "" : "\(raw)")
    }

    mutating func flag(_ name: StaticString, _ value: inout Bool) { self.put("\(name)", 1, value ? "yes" : "no") }

    mutating func spare<Value: FixedWidthInteger>(_ value: inout Value, bits: Int) {
        self.put("-", bits, value == 0 ? "spare" : "spare, but not zero")
    }

    mutating func data(_ name: StaticString, _ value: inout BitString, before reserved: Int) {
        let octets = value.bytes
        self.put("\(name)", value.count, hexText(octets.span, 0..<octets.count))
    }

    mutating func text(_ name: StaticString, _ value: inout BitString) {
        self.put("\(name)", value.count, AISText.text(of: value))
    }

    mutating func text(_ name: StaticString, _ value: inout AISText, characters: Int) {
        self.put("\(name)", 6 * characters, value.description)
    }

    mutating func bytes(_ name: StaticString, _ value: inout BitString, count: Int, isText: Bool) {
        let octets = value.bytes
        self.put("\(name)", 8 * count, hexText(octets.span, 0..<octets.count))
    }

    mutating func mmsi(_ name: StaticString, _ value: inout UInt32) {
        self.put("\(name)", 30, AISText.digits(mmsi: value))
    }

    mutating func lookahead(_ value: inout Bool, at position: Int) {}
    mutating func mayEnd() {}
    mutating func beginObject(_ name: StaticString) { self.groups.append("\(name)") }
    mutating func endObject() { if !self.groups.isEmpty { self.groups.removeLast() } }

    mutating func beginArray(_ name: StaticString) {
        self.element = 0
        self.groups.append("\(name)")
    }

    mutating func nextElement() {
        self.element += 1
        guard let name = self.groups.popLast() else { return }
        self.groups.append("\(name.prefix { $0 != "[" })[\(self.element)]")
    }

    mutating func endArray() { if !self.groups.isEmpty { self.groups.removeLast() } }
}
