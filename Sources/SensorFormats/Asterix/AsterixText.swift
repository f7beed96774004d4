/// The JSON text of a layout, prepared: for each field what stands before and behind its value.
///
/// Keys, brackets and units of a group are the same for each record and stand in one piece before and behind the values.
/// Only compounds, extended items and repetitions are opened and closed as a record demands: these are its containers.
/// Each knows the ids within it, so that a field outside of them closes it.
final class AsterixText: Sendable {
    /// What a field does to the text.
    enum Action {
        /// A value behind another of the same part.
        static let value: UInt8 = 0
        /// The first value of a part: containers are closed and opened before it.
        static let first: UInt8 = 1
        /// The first value of an extended item, which begins anew.
        static let begin: UInt8 = 2
        /// A mark that opens its container.
        static let open: UInt8 = 3
        /// A mark that closes all within its container.
        static let element: UInt8 = 4
        /// A mark that closes all.
        static let closeAll: UInt8 = 5
        /// A mark that says nothing here.
        static let none: UInt8 = 6
    }

    /// How a value is written.
    enum Form {
        static let unsigned: UInt8 = 0
        static let signed: UInt8 = 1
        /// raw × factor / 2^shift, exactly: the fraction times `multiplier` is so many 10⁻¹⁶.
        static let binary: UInt8 = 2
        /// raw × factor / 2^shift / 10^digits, rounded; 10^digits is `power`, the fraction times `multiplier` as above.
        static let decimal: UInt8 = 3
        static let octal: UInt8 = 4
        static let hex: UInt8 = 5
        static let eightCharacters: UInt8 = 6
        static let register: UInt8 = 7
        /// By `JSONWriter.value`.
        static let other: UInt8 = 8
        /// A register with what it holds, `"register":{…}`.
        static let registerWithFields: UInt8 = 10
        /// The second half of a register's number, behind the first and the register, and what that holds.
        static let registerNumber: UInt8 = 11
        /// A code with meanings: `multiplier` is the first of them in `meanings`, one for each value.
        static let meaning: UInt8 = 9
    }

    struct Entry {
        var action = Action.none
        var form = Form.other
        /// Digits of `octal` and `hex`.
        var digits: UInt8 = 0
        var shift: UInt8 = 0
        /// The container it stands in, or opens; -1 is the record.
        var container: Int16 = -1
        var before: (start: Int32, length: Int32) = (0, 0)
        var behind: (start: Int32, length: Int32) = (0, 0)
        var factor: UInt64 = 1
        var multiplier: UInt64 = 0
        var power: UInt64 = 1
    }

    struct Container {
        var ids: Range<Int>
        var before: (start: Int32, length: Int32)
        var close: UInt8
        var parent: Int16
        /// How many containers are open within it, itself counted.
        var depth: Int
    }

    static let depthMax = 16

    let entries: [Entry]
    let containers: [Container]
    /// All pieces, and `JSONCursor.slack` bytes.
    let pieces: [UInt8]
    /// The most bytes that one field can take, with all containers closed and opened, unless its value is `other`.
    let fieldMax: Int
    /// `{"category":48,"edition":"1.32","offset":`
    let head: (start: Int32, length: Int32)
    /// What stands behind the values of codes, `,"meaning":"…"}`.
    let meanings: [(start: Int32, length: Int32)]
    /// Of whose fields this is the text.
    let layout: AsterixLayout

    /// - Parameters:
    ///   - readsRegisters: whether Mode S registers have beside them what they hold.
    ///   - meanings: what the values of a field of codes mean; none leaves the codes as numbers.
    init(
        _ layout: AsterixLayout, readsRegisters: Bool = false,
        meanings: (AsterixField) -> [Int64: String] = { _ in [:] }
    ) {
        var builder = AsterixTextBuilder(layout, readsRegisters: readsRegisters, meanings: meanings)
        self.layout = layout
        self.head = builder.piece(
            "{\"category\":\(layout.edition.category),\"edition\":\"\(layout.edition.number)\",\"offset\":")
        self.entries = builder.entries
        self.containers = builder.containers
        self.meanings = builder.meaningPieces
        self.pieces = builder.pieces + [UInt8](repeating: 0, count: JSONCursor.slack)
        var longest = builder.entries.reduce(0) { max($0, Int($1.before.length) + Int($1.behind.length)) }
        longest += builder.containers.reduce(0) { max($0, Int($1.before.length)) } * Self.depthMax
        longest += builder.meaningPieces.reduce(0) { max($0, Int($1.length)) }
        self.fieldMax = longest + Self.depthMax + 64
    }
}

/// Lays out the pieces of text of a layout.
private struct AsterixTextBuilder {
    private typealias Kind = AsterixLayout.Kind
    private typealias Node = AsterixLayout.Node
    private typealias Action = AsterixText.Action
    private typealias Form = AsterixText.Form

    private let layout: AsterixLayout
    private let readsRegisters: Bool
    private let words: [UInt32]
    var entries: [AsterixText.Entry]
    var containers: [AsterixText.Container] = []
    var pieces: [UInt8] = []
    var meaningPieces: [(start: Int32, length: Int32)] = []
    private var known: [String: (start: Int32, length: Int32)] = [:]
    // What stands before and behind the value of each field, before it becomes a piece.
    private var before: [String]
    private var behind: [String]

    init(_ layout: AsterixLayout, readsRegisters: Bool, meanings: (AsterixField) -> [Int64: String]) {
        self.layout = layout
        self.readsRegisters = readsRegisters
        self.words = layout.words
        self.entries = [AsterixText.Entry](repeating: AsterixText.Entry(), count: layout.fields.count)
        self.before = [String](repeating: "", count: layout.fields.count)
        self.behind = self.before
        self.entries[AsterixLayout.FieldID.sequenceSlot].action = Action.closeAll
        var done: Set<Int> = []
        for profile in layout.profiles {
            for slot in 0..<Int(self.words[profile]) {
                let node = Int(self.words[profile + 1 + 2 * slot])
                if node != 0, done.insert(node).inserted { self.node(node, in: -1) }
            }
        }
        for (id, field) in layout.fields.enumerated() {
            self.setForm(id, field)
            if self.readsRegisters, layout.endsRegister(id) { self.entries[id].form = Form.registerNumber }
            if field.kind == .code, field.bits <= 10 { self.setMeanings(id, field, meanings(field)) }
            self.entries[id].before = self.piece(self.before[id])
            self.entries[id].behind = self.piece(self.behind[id])
        }
    }

    mutating func piece(_ text: String) -> (start: Int32, length: Int32) {
        if let known = self.known[text] { return known }
        let piece = (start: Int32(self.pieces.count), length: Int32(text.utf8.count))
        self.pieces += Array(text.utf8)
        self.known[text] = piece
        return piece
    }

    // MARK: Values

    private mutating func setForm(_ id: Int, _ field: AsterixField) {
        var entry = self.entries[id]
        switch field.kind {
        case _ where field.isPlace: entry.form = Form.other
        case .code, .unsigned: entry.form = Form.unsigned
        case .signed: entry.form = Form.signed
        case .quantity, .signedQuantity: self.setScale(&entry, field)
        case .octal:
            entry.form = Form.octal
            entry.digits = UInt8((field.bits + 2) / 3)
        case .hex:
            entry.form = Form.hex
            entry.digits = UInt8((field.bits + 3) / 4)
        case .sixBit: entry.form = field.bits == 48 ? Form.eightCharacters : Form.other
        case .register: entry.form = self.readsRegisters ? Form.registerWithFields : Form.register
        default: entry.form = Form.other
        }
        self.entries[id] = entry
    }

    private func setScale(_ entry: inout AsterixText.Entry, _ field: AsterixField) {
        guard let scale = field.scale else { return }
        func power(_ base: UInt64, _ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * base } }
        var numerator = UInt64(field.numerator)
        var denominator = UInt64(field.denominator)
        while numerator % 2 == 0, denominator % 2 == 0 {
            numerator /= 2
            denominator /= 2
        }
        let shift = denominator.trailingZeroBitCount
        if scale.shift == 0, denominator == 1 << UInt64(shift), shift <= DecimalScale.digitsMax,
            64 - numerator.leadingZeroBitCount + field.bits <= 62
        {
            entry.form = Form.binary
            entry.factor = numerator
            entry.shift = UInt8(shift)
            entry.multiplier = power(5, shift) * power(10, 16 - shift)
        } else {
            entry.form = Form.decimal
            entry.factor = UInt64(scale.factor)
            entry.shift = scale.shift
            entry.power = power(10, Int(scale.digits))
            entry.multiplier = power(10, 16 - Int(scale.digits))
        }
    }

    private mutating func setMeanings(_ id: Int, _ field: AsterixField, _ meanings: [Int64: String]) {
        guard !meanings.isEmpty else { return }
        self.entries[id].form = Form.meaning
        self.entries[id].multiplier = UInt64(self.meaningPieces.count)
        self.before[id] += "{\"value\":"
        for value in 0..<Int64(1) << Int64(field.bits) {
            var writer = JSONWriter(capacity: 64)
            if let meaning = meanings[value] { writer.string(meaning) }
            self.meaningPieces.append(self.piece(writer.count > 0 ? ",\"meaning\":" + writer.text + "}" : "}"))
        }
    }

    // MARK: Structure

    /// A prepared piece of the layout's own.
    private func key(_ word: UInt32) -> String {
        let start = Int(word >> 12)
        return String(decoding: self.layout.keys[start..<start + Int(word & 0xFFF)], as: UTF8.self)
    }

    private func ids(_ node: Int) -> Range<Int> {
        let word = self.words[node + Node.ids]
        return Int(word & 0xFFFF)..<Int(word >> 16)
    }

    private mutating func container(_ node: Int, _ before: String, _ close: String, in parent: Int) -> Int {
        let depth = parent < 0 ? 1 : self.containers[parent].depth + 1
        precondition(depth <= AsterixText.depthMax, "containers within containers")
        let container = AsterixText.Container(
            ids: self.ids(node), before: self.piece(before), close: close.utf8.first ?? 0, parent: Int16(parent),
            depth: depth)
        self.containers.append(container)
        return self.containers.count - 1
    }

    private mutating func set(_ id: Int, _ action: UInt8, _ container: Int, before: String = "") {
        self.entries[id].action = action
        self.entries[id].container = Int16(container)
        self.before[id] = before
    }

    /// - Parameter key: that of the explicit item whose content this is.
    private mutating func node(_ node: Int, in parent: Int, key explicitKey: String = "") {
        let head = self.words[node]
        let isObject = head & Kind.isObject != 0
        let id = self.ids(node).lowerBound
        let operands = node + Node.operands
        let key = "," + explicitKey + self.key(self.words[node + Node.key])
        switch head & 0xFF {
        case Kind.fixed:
            self.part(operands, key + (isObject ? "{" : ""), isObject ? "}" : "", parent, Action.first)
        case Kind.extended:
            let container = self.container(node, key + "{", "}", in: parent)
            self.set(id, Action.first, container, before: ",\"_more\":")
            for part in 0..<Int(self.words[operands]) {
                self.part(
                    Int(self.words[operands + 2 + 2 * part]), ",", "", container,
                    part == 0 ? Action.begin : Action.first)
            }
        case Kind.repetitive:
            let container = self.container(node, key + "[", "]", in: parent)
            self.set(id, Action.open, container)
            self.set(id + 1, Action.element, container)
            self.node(operands + 1, in: container)
        case Kind.repetitiveFX:
            let container = self.container(node, key + "[", "]", in: parent)
            self.set(id, Action.open, container)
            self.part(operands + 1, isObject ? ",{" : ",", isObject ? "}" : "", container, Action.first)
        case Kind.compound:
            let container = self.container(node, key + "{", "}", in: parent)
            self.set(id, Action.open, container)
            for slot in 0..<Int(self.words[operands + 1]) {
                let part = Int(self.words[operands + 2 + slot])
                if part != 0 { self.node(part, in: container) }
            }
        case Kind.explicit:
            self.set(id, Action.first, parent, before: key)
            let content = Int(self.words[operands])
            if content != 0 { self.node(content, in: parent, key: self.key(self.words[node + Node.key])) }
        default: break
        }
    }

    /// A part whose fields are always all there.
    ///
    /// - Parameters:
    ///   - lead: what stands before its first field, behind a comma.
    ///   - tail: what stands behind its last.
    private mutating func part(_ first: Int, _ lead: String, _ tail: String, _ container: Int, _ action: UInt8) {
        var pending = lead
        var needsComma = false
        var action = action
        var last: [Int] = []
        func separated(_ text: String) -> String { (needsComma ? "," : "") + text }
        var word = first
        while self.words[word] & 0xFF != FieldOp.end {
            let op = self.words[word] & 0xFF
            switch op {
            case FieldOp.spare: break
            case FieldOp.open:
                pending += separated(self.key(self.words[word + 1])) + "{"
                needsComma = false
            case FieldOp.close:
                for id in last { self.behind[id] += pending + "}" }
                pending = ""
                needsComma = true
            default:
                let id = Int(self.words[word + 1])
                let alternatives = op == FieldOp.choice ? Int(self.words[word + 5]) : 0
                last = Array(id...id + alternatives)
                let start = pending + (needsComma ? "," : "")
                self.set(id, action, container, before: start + self.key(self.words[word + 2]))
                if op == FieldOp.quantity || op == FieldOp.signedQuantity {
                    self.behind[id] = self.key(self.words[word + 3])
                }
                for index in 0..<alternatives {
                    let alternative = word + 6 + 7 * index
                    self.set(
                        id + 1 + index, action, container, before: start + self.key(self.words[alternative + 2]))
                    self.behind[id + 1 + index] = self.key(self.words[alternative + 3])
                }
                pending = ""
                needsComma = true
                action = Action.value
            }
            word += FieldOp.length(of: op, self.words.span, word)
        }
        for id in last { self.behind[id] += pending + tail }
    }
}
