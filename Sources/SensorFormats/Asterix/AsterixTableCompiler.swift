/// A table that is not in the notation: our own mistake, found by the tests.
struct AsterixTableError: Error, CustomStringConvertible {
    var edition: AsterixEdition
    var offset: Int
    var reason: String

    var description: String { "table \(self.edition), at byte \(self.offset): \(self.reason)" }
}

/// Turns the text of a table into the instructions of a layout.
struct AsterixTableCompiler {
    private let edition: AsterixEdition
    private let text: [UInt8]
    private var at = 0
    /// At offset 0 stands the node of random field sequencing, so that no node of the table has the offset 0.
    private var words: [UInt32] = [AsterixLayout.Kind.randomSequence, 0, 0]
    private var keys: [UInt8] = []
    private var fields: [AsterixField] = []
    private var keyWords: [String: UInt32] = [:]
    private var nodes: [String: Int] = [:]
    private var selectorFields: [String: (bit: Int, bits: Int)] = [:]

    /// - Parameter hot: the items whose offsets the walk shall note, in the order of their indices.
    static func compile(_ table: AsterixTable, hot: [String]) throws(AsterixTableError) -> AsterixLayout {
        try self.compile(text: table.text.description, edition: table.edition, hot: hot)
    }

    /// Compiles a table's text.
    static func compile(text: String, edition: AsterixEdition, hot: [String]) throws(AsterixTableError)
        -> AsterixLayout
    {
        var compiler = Self(text: text, edition: edition)
        return try compiler.layout(hot: hot)
    }

    private init(text: String, edition: AsterixEdition) {
        self.edition = edition
        self.text = Array(text.utf8)
        // In the order of `AsterixLayout.FieldID`.
        for kind in [AsterixField.Kind.specification, .sequence, .sequenceSlot] {
            self.fields.append(AsterixField(path: "I" + edition.description.prefix(3), kind: kind, bits: 0))
        }
    }

    // MARK: The whole

    private mutating func layout(hot: [String]) throws(AsterixTableError) -> AsterixLayout {
        var profileNames: [String] = []
        var profileItems: [[String]] = []
        var choice: (path: String, cases: [(Int, String)])?
        while self.skipSpace() {
            let word = try self.name()
            if word == "uap" {
                profileNames.append(self.take(":") ? try self.name() : "")
                profileItems.append(try self.slots())
            } else if word == "choose" {
                choice = try self.chooseLine()
            } else {
                self.nodes[word] = try self.item(key: "I\(self.categoryDigits)/\(word)", path: word)
            }
        }
        var profiles: [Int] = []
        for items in profileItems {
            profiles.append(self.words.count)
            self.words.append(UInt32(items.count))
            for item in items { self.slot(item, hot: hot) }
            for item in items where item != "-" && item != "rfs" && self.nodes[item] == nil {
                throw self.error("the profile names \(item), which is no item")
            }
        }
        guard !profiles.isEmpty else { throw self.error("no profile") }
        var selector: AsterixLayout.Selector?
        if let choice { selector = try self.selector(choice, profileNames, profileItems) }
        return AsterixLayout(
            edition: self.edition, words: self.words, keys: self.keys, fields: self.fields, slotNames: profileItems,
            profiles: profiles, selector: selector)
    }

    private var categoryDigits: Substring { self.edition.description.prefix(3) }

    private mutating func slot(_ item: String, hot: [String]) {
        let hotIndex = hot.firstIndex(of: item).map { UInt32($0) } ?? AsterixLayout.Slot.notHot
        if item == "rfs" {
            self.words += [0, AsterixLayout.Slot.general << 8 | hotIndex]
            return
        }
        guard let node = self.nodes[item] else {
            self.words += [0, AsterixLayout.Slot.none << 8 | hotIndex]
            return
        }
        let head = self.words[node]
        let fast: UInt32
        switch head & 0xFF {
        case AsterixLayout.Kind.fixed: fast = head & 0xFFFF_0000 | AsterixLayout.Slot.fixed << 8
        case AsterixLayout.Kind.extended where head & AsterixLayout.Kind.isOctets != 0:
            fast = AsterixLayout.Slot.octets << 8
        default: fast = AsterixLayout.Slot.general << 8
        }
        self.words += [UInt32(node), fast | hotIndex]
    }

    private mutating func slots() throws(AsterixTableError) -> [String] {
        // The line may be continued: it ends where the next line begins with a comment or another keyword or an item.
        var items: [String] = []
        while self.skipBlanks() {
            if self.take("-") {
                items.append("-")
            } else {
                let before = self.at
                let item = try self.name()
                guard self.peek() == nil || self.isSpace(self.peek() ?? 0), item != "choose" else {
                    self.at = before
                    break
                }
                items.append(item)
            }
        }
        return items
    }

    private mutating func chooseLine() throws(AsterixTableError) -> (path: String, cases: [(Int, String)]) {
        _ = self.skipBlanks()
        var path = try self.name()
        if self.take("/") { path += "/" + (try self.name()) }
        var cases: [(Int, String)] = []
        while self.skipBlanks(), let value = self.peek(), value >= UInt8(ascii: "0"), value <= UInt8(ascii: "9") {
            let before = self.at
            let number = try self.number()
            guard self.take("=") else {
                self.at = before
                break
            }
            cases.append((Int(number), try self.name()))
        }
        return (path, cases)
    }

    private func selector(
        _ choice: (path: String, cases: [(Int, String)]), _ names: [String], _ items: [[String]]
    ) throws(AsterixTableError) -> AsterixLayout.Selector {
        let item = choice.path.split(separator: "/").first.map { String($0) } ?? ""
        guard let field = self.selectorFields[choice.path], let slot = items[0].firstIndex(of: item) else {
            throw self.error("the profile is chosen by \(choice.path), which is no field")
        }
        for other in items where Array(other.prefix(slot + 1)) != Array(items[0].prefix(slot + 1)) {
            throw self.error("profiles differ before the field that chooses among them")
        }
        var profiles = [Int](repeating: 0, count: (choice.cases.map(\.0).max() ?? 0) + 1)
        for (value, name) in choice.cases {
            guard let index = names.firstIndex(of: name) else { throw self.error("no profile \(name)") }
            profiles[value] = index
        }
        return AsterixLayout.Selector(slot: slot, bit: field.bit, bits: field.bits, profiles: profiles)
    }

    // MARK: Items

    /// Compiles what follows a name, and answers with the offset of its node.
    private mutating func item(key: String, path: String) throws(AsterixTableError) -> Int {
        switch self.peek() {
        case UInt8(ascii: ":"), UInt8(ascii: "("):
            let isObject = self.peek() == UInt8(ascii: "(")
            let node = self.begin(
                AsterixLayout.Kind.fixed | (isObject ? AsterixLayout.Kind.isObject : 0), key: key, path: path)
            let bits: Int
            let before = self.fields.count
            if isObject {
                self.at += 1
                var layout = FieldContext(path: path)
                bits = try self.fields(until: ")", in: &layout)
            } else {
                var layout = FieldContext(path: path)
                bits = try self.element(key: "", name: "", in: &layout)
            }
            self.words.append(FieldOp.end)
            guard bits % 8 == 0, bits < 8 << 16 else { throw self.error("\(path) has \(bits) bits") }
            self.words[node] |= UInt32(bits / 8) << 16
            try self.requireField(from: before, path)
            self.end(node)
            return node
        case UInt8(ascii: "<"): return try self.extended(key: key, path: path)
        case UInt8(ascii: "["): return try self.repetition(key: key, path: path)
        case UInt8(ascii: "{"): return try self.compound(key: key, path: path)
        case UInt8(ascii: "!"): return try self.explicit(key: key, path: path)
        default: throw self.error("\(path) is of no kind")
        }
    }

    /// Begins a node; its ids end where `end` is called.
    private mutating func begin(_ head: UInt32, key: String, path: String, marks: [AsterixField.Kind] = []) -> Int {
        let node = self.words.count
        self.words += [head, key.isEmpty ? 0 : self.key("\"\(key)\":"), UInt32(self.fields.count)]
        for mark in marks { _ = self.field(path, mark, bits: 0) }
        return node
    }

    private mutating func end(_ node: Int) {
        self.words[node + AsterixLayout.Node.ids] |= UInt32(self.fields.count) << 16
    }

    /// A part without a field could not be told from an absent one in the typed view.
    private func requireField(from id: Int, _ path: String) throws(AsterixTableError) {
        guard self.fields[id...].contains(where: { !$0.kind.isStructure }) else {
            throw self.error("a part of \(path) has no field")
        }
    }

    /// Adds a field and answers with its id.
    private mutating func field(
        _ path: String, _ kind: AsterixField.Kind, bits: Int, numerator: Int64 = 1, denominator: Int64 = 1,
        unit: String = "", scale: DecimalScale? = nil
    ) -> UInt32 {
        self.fields.append(
            AsterixField(
                path: "I\(self.categoryDigits)/\(path)", kind: kind, bits: bits, numerator: numerator,
                denominator: denominator, unit: unit, scale: scale))
        return UInt32(self.fields.count - 1)
    }

    private struct FieldContext {
        var path: String
        /// Bits from the beginning of the item.
        var bit = 0
        var seen: [String: (bit: Int, bits: Int)] = [:]
    }

    private mutating func fields(until close: Unicode.Scalar, in context: inout FieldContext) throws(AsterixTableError)
        -> Int
    {
        let start = context.bit
        while true {
            guard self.skipSpace() else { throw self.error("\(context.path) does not end") }
            if self.take(close) { return context.bit - start }
            if close == ">", self.peek() == UInt8(ascii: "|") { return context.bit - start }
            if self.take("-") {
                let bits = Int(try self.number())
                guard bits <= 64 else { throw self.error("\(context.path) has \(bits) spare bits") }
                self.words += [FieldOp.spare | UInt32(bits) << 8, self.field(context.path, .spare, bits: bits)]
                context.bit += bits
                continue
            }
            let name = try self.name()
            if self.take("(") {
                self.words += [FieldOp.open, self.key("\"\(name)\":")]
                var inner = FieldContext(path: context.path + "/" + name, bit: context.bit)
                _ = try self.fields(until: ")", in: &inner)
                context.bit = inner.bit
                self.words.append(FieldOp.close)
            } else {
                _ = try self.element(key: name, name: name, in: &context)
            }
        }
    }

    private mutating func element(key: String, name: String, in context: inout FieldContext)
        throws(AsterixTableError) -> Int
    {
        guard self.take(":") else { throw self.error("\(context.path)/\(name) has no width") }
        let bits = Int(try self.number())
        guard bits > 0, bits < 1 << 16 else { throw self.error("\(context.path)/\(name) has \(bits) bits") }
        let place = (bit: context.bit, bits: bits)
        let path = name.isEmpty ? context.path : context.path + "/" + name
        if self.take("?") {
            try self.choice(key: key, path: path, bits: bits, in: context)
        } else {
            let content = try self.content(bits: bits)
            guard bits <= 64 || (context.bit % 8 == 0 && bits % 8 == 0) else {
                throw self.error("\(path) has more than 64 bits, but no whole octets")
            }
            self.words.append(content.op | UInt32(bits) << 8)
            self.words += [self.field(path, content, bits: bits)] + self.operands(content, key: key)
        }
        context.seen[name] = place
        context.bit += bits
        self.selectorFields[path] = place
        return bits
    }

    private enum Content {
        case plain(UInt32, AsterixField.Kind)
        case quantity(signed: Bool, DecimalScale, numerator: Int64, denominator: Int64, unit: String)

        var op: UInt32 {
            switch self {
            case .plain(let op, _): op
            case .quantity(let signed, _, _, _, _): signed ? FieldOp.signedQuantity : FieldOp.quantity
            }
        }
    }

    private mutating func content(bits: Int) throws(AsterixTableError) -> Content {
        switch self.peek() {
        case UInt8(ascii: "t"):
            self.at += 1
            return bits <= 64 ? .plain(FieldOp.unsigned, .code) : .plain(FieldOp.hex, .hex)
        case UInt8(ascii: "o"):
            self.at += 1
            return .plain(FieldOp.octal, .octal)
        case UInt8(ascii: "a"):
            self.at += 1
            return .plain(FieldOp.ascii, .ascii)
        case UInt8(ascii: "i"):
            self.at += 1
            return .plain(FieldOp.sixBit, .sixBit)
        case UInt8(ascii: "b"):
            self.at += 1
            guard bits == 64 else { throw self.error("a register of \(bits) bits") }
            return .plain(FieldOp.register, .register)
        case UInt8(ascii: "h"):
            self.at += 1
            return .plain(FieldOp.hex, .hex)
        case UInt8(ascii: "u"), UInt8(ascii: "s"):
            let signed = self.take("s")
            if !signed { self.at += 1 }
            guard bits <= 64 else { throw self.error("a number of \(bits) bits") }
            guard let next = self.peek(), next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") else {
                try self.declaredRange(bits: bits, signed: signed, step: 1)
                return signed ? .plain(FieldOp.signed, .signed) : .plain(FieldOp.unsigned, .unsigned)
            }
            let numerator = try self.power()
            let denominator = self.take("/") ? try self.power() : 1
            guard let scale = DecimalScale(numerator: numerator, denominator: denominator, bits: bits) else {
                throw self.error("the scale \(numerator)/\(denominator) is no decimal")
            }
            guard self.take("\"") else { throw self.error("no unit") }
            let start = self.at
            while let byte = self.peek(), byte != UInt8(ascii: "\"") { self.at += 1 }
            let unit = String(decoding: self.text[start..<self.at], as: UTF8.self)
            self.at += 1
            try self.declaredRange(bits: bits, signed: signed, step: Double(numerator) / Double(denominator))
            if unit.isEmpty, numerator == 1, denominator == 1 {
                return signed ? .plain(FieldOp.signed, .signed) : .plain(FieldOp.unsigned, .unsigned)
            }
            return .quantity(
                signed: signed, scale, numerator: numerator, denominator: denominator, unit: unit)
        default:
            // As it is: addresses and other long bit strings are read as digits, short ones as numbers.
            return bits < 24 ? .plain(FieldOp.unsigned, .unsigned) : .plain(FieldOp.hex, .hex)
        }
    }

    /// Reads the range that the standard declares and refuses it if the field's bits cannot reach its ends.
    ///
    /// One step is allowed at the upper end: the standard writes 256 where 8 bits reach 255.
    private mutating func declaredRange(bits: Int, signed: Bool, step: Double) throws(AsterixTableError) {
        guard self.take("@") else { return }
        let least = try self.bound()
        guard self.take("."), self.take(".") else { throw self.error("a range without ..") }
        let most = try self.bound()
        let values = Double(sign: .plus, exponent: bits, significand: 1)
        let reach =
            signed ? (least: -values / 2 * step, most: (values / 2 - 1) * step) : (least: 0, most: (values - 1) * step)
        guard least ?? reach.least >= reach.least, most ?? reach.most <= reach.most + step,
            least ?? reach.least < most ?? reach.most
        else {
            throw self.error("\(bits) bits of \(step) reach from \(reach.least) to \(reach.most), not what is declared")
        }
    }

    /// An end of a range; nil if it is not given.
    private mutating func bound() throws(AsterixTableError) -> Double? {
        let isNegative = self.take("-")
        guard let next = self.peek(), next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") else { return nil }
        let numerator = try self.power()
        let denominator = self.take("/") ? try self.power() : 1
        return (isNegative ? -1 : 1) * Double(numerator) / Double(denominator)
    }

    private mutating func field(_ path: String, _ content: Content, bits: Int) -> UInt32 {
        switch content {
        case .plain(_, let kind): self.field(path, kind, bits: bits)
        case .quantity(let signed, let scale, let numerator, let denominator, let unit):
            self.field(
                path, signed ? .signedQuantity : .quantity, bits: bits, numerator: numerator,
                denominator: denominator, unit: unit, scale: scale)
        }
    }

    private mutating func operands(_ content: Content, key: String) -> [UInt32] {
        switch content {
        case .plain: [key.isEmpty ? 0 : self.key("\"\(key)\":")]
        case .quantity(_, let scale, _, _, let unit): self.quantity(scale, key: key, unit: unit)
        }
    }

    private mutating func quantity(_ scale: DecimalScale, key: String, unit: String) -> [UInt32] {
        let begin = key.isEmpty ? "" : "\"\(key)\":"
        let prefix = unit.isEmpty ? begin : begin + "{\"value\":"
        return [
            prefix.isEmpty ? 0 : self.key(prefix), unit.isEmpty ? 0 : self.key(",\"unit\":\"\(unit)\"}"),
            UInt32(truncatingIfNeeded: scale.factor), UInt32(truncatingIfNeeded: scale.factor >> 32),
            UInt32(scale.shift) | UInt32(scale.digits) << 8,
        ]
    }

    private mutating func choice(key: String, path: String, bits: Int, in context: FieldContext)
        throws(AsterixTableError)
    {
        let selector = try self.name()
        guard let place = context.seen[selector] else { throw self.error("no field \(selector) before its use") }
        guard self.take("[") else { throw self.error("no alternatives") }
        let id = self.field(path, .unsigned, bits: bits)
        var alternatives: [UInt32] = []
        var count: UInt32 = 0
        while try !self.ends(with: "]", context.path) {
            let value = try self.number()
            guard self.take("=") else { throw self.error("an alternative without =") }
            let content = try self.content(bits: bits)
            guard case .quantity = content else { throw self.error("an alternative that is no quantity") }
            _ = self.field(path, content, bits: bits)
            alternatives += [UInt32(value), content.op] + self.operands(content, key: key)
            count += 1
        }
        self.words += [
            FieldOp.choice | UInt32(bits) << 8, id, self.key("\"\(key)\":"), UInt32(context.bit - place.bit),
            UInt32(place.bits), count,
        ]
        self.words += alternatives
    }

    private mutating func extended(key: String, path: String) throws(AsterixTableError) -> Int {
        self.at += 1
        let node = self.begin(
            AsterixLayout.Kind.extended | AsterixLayout.Kind.isObject, key: key, path: path, marks: [.more])
        // The number of parts is not known yet: their fields are compiled first, then moved behind the list.
        let outside = self.words
        var parts: [(octets: Int, hasFX: Bool, words: [UInt32])] = []
        var context = FieldContext(path: path)
        while true {
            self.words = []
            let before = self.fields.count
            let bits = try self.fields(until: ">", in: &context)
            let hasFX = self.take("|")
            if bits == 0, !hasFX { break }
            try self.requireField(from: before, path)
            self.words.append(FieldOp.end)
            let whole = bits + (hasFX ? 1 : 0)
            guard whole % 8 == 0 else { throw self.error("a part of \(path) has \(whole) bits") }
            context.bit += hasFX ? 1 : 0
            parts.append((whole / 8, hasFX, self.words))
            if !hasFX { break }
        }
        self.words = outside
        if parts.allSatisfy({ $0.octets == 1 && $0.hasFX }) { self.words[node] |= AsterixLayout.Kind.isOctets }
        self.words.append(UInt32(parts.count))
        var offset = self.words.count + 2 * parts.count
        for part in parts {
            self.words += [UInt32(part.octets) | (part.hasFX ? 1 << 16 : 0), UInt32(offset)]
            offset += part.words.count
        }
        for part in parts { self.words += part.words }
        self.end(node)
        return node
    }

    private mutating func repetition(key: String, path: String) throws(AsterixTableError) -> Int {
        self.at += 1
        let how = try self.name()
        _ = self.skipSpace()
        let node: Int
        if how == "fx" {
            let isObject = self.peek() == UInt8(ascii: "(")
            node = self.begin(
                AsterixLayout.Kind.repetitiveFX | (isObject ? AsterixLayout.Kind.isObject : 0), key: key, path: path,
                marks: [.count])
            self.words.append(0)
            var context = FieldContext(path: path)
            let bits: Int
            if isObject {
                self.at += 1
                bits = try self.fields(until: ")", in: &context)
            } else {
                bits = try self.element(key: "", name: "", in: &context)
            }
            self.words.append(FieldOp.end)
            guard bits % 8 == 7 else { throw self.error("\(path) has \(bits) bits and FX") }
            self.words[node + AsterixLayout.Node.operands] = UInt32((bits + 1) / 8)
        } else {
            guard let octets = UInt32(how), octets == 1 || octets == 2 else { throw self.error("a count of \(how)") }
            node = self.begin(AsterixLayout.Kind.repetitive, key: key, path: path, marks: [.count, .element])
            self.words.append(octets)
            _ = try self.item(key: "", path: path)
        }
        guard self.skipSpace(), self.take("]") else { throw self.error("\(path) does not end") }
        self.end(node)
        return node
    }

    private mutating func compound(key: String, path: String) throws(AsterixTableError) -> Int {
        self.at += 1
        let octets: UInt32 = self.take("=") ? UInt32(try self.number()) : 0
        let node = self.begin(
            AsterixLayout.Kind.compound | AsterixLayout.Kind.isObject, key: key, path: path, marks: [.specification])
        var parts: [Int] = []
        let outside = self.words
        let fieldsOutside = self.fields.count
        // The slots come first; the nodes behind them carry offsets, so they are compiled twice: once to count them.
        let start = self.at
        var slots = 0
        while try !self.ends(with: "}", path) {
            slots += 1
            if self.take("-") { continue }
            let name = try self.name()
            _ = try self.item(key: name, path: path + "/" + name)
        }
        self.words = outside
        self.fields.removeLast(self.fields.count - fieldsOutside)
        self.at = start
        self.words += [octets, UInt32(slots)]
        let list = self.words.count
        self.words += [UInt32](repeating: 0, count: slots)
        while try !self.ends(with: "}", path) {
            if self.take("-") {
                parts.append(0)
                continue
            }
            let name = try self.name()
            parts.append(try self.item(key: name, path: path + "/" + name))
        }
        for (i, part) in parts.enumerated() { self.words[list + i] = UInt32(part) }
        self.end(node)
        return node
    }

    private mutating func explicit(key: String, path: String) throws(AsterixTableError) -> Int {
        self.at += 1
        _ = try self.name()
        let node = self.begin(AsterixLayout.Kind.explicit, key: key, path: path, marks: [.octets])
        self.words.append(0)
        if self.peek() == UInt8(ascii: "{") {
            self.words[node + AsterixLayout.Node.operands] = UInt32(try self.compound(key: "", path: path))
        }
        self.end(node)
        return node
    }

    // MARK: Letters

    /// Whether the closing bracket is next; a text that ends before it is an error.
    private mutating func ends(with close: Unicode.Scalar, _ path: String) throws(AsterixTableError) -> Bool {
        guard self.skipSpace() else { throw self.error("\(path) does not end") }
        return self.take(close)
    }

    private mutating func key(_ text: String) -> UInt32 {
        if let known = self.keyWords[text] { return known }
        let word = UInt32(self.keys.count) << 12 | UInt32(text.utf8.count)
        self.keys += Array(text.utf8)
        self.keyWords[text] = word
        return word
    }

    private func error(_ reason: String) -> AsterixTableError {
        AsterixTableError(edition: self.edition, offset: self.at, reason: reason)
    }

    private func peek() -> UInt8? { self.at < self.text.count ? self.text[self.at] : nil }

    private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard let byte = self.peek(), byte == UInt8(ascii: letter) else { return false }
        self.at += 1
        return true
    }

    /// Skips white space and comment lines; false at the end.
    private mutating func skipSpace() -> Bool {
        while let byte = self.peek() {
            if self.isSpace(byte) {
                self.at += 1
            } else if byte == UInt8(ascii: "#") {
                while let other = self.peek(), other != UInt8(ascii: "\n") { self.at += 1 }
            } else {
                return true
            }
        }
        return false
    }

    /// Skips white space; false at a comment line and at the end.
    private mutating func skipBlanks() -> Bool {
        while let byte = self.peek(), self.isSpace(byte) { self.at += 1 }
        return self.peek() != nil && self.peek() != UInt8(ascii: "#")
    }

    private mutating func name() throws(AsterixTableError) -> String {
        let start = self.at
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                self.at += 1
                continue
            default: break
            }
            break
        }
        guard self.at > start else { throw self.error("a name is missing") }
        return String(decoding: self.text[start..<self.at], as: UTF8.self)
    }

    private mutating func number() throws(AsterixTableError) -> Int64 {
        var value: Int64 = 0
        let start = self.at
        while let byte = self.peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), value < 1 << 50 {
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            self.at += 1
        }
        guard self.at > start else { throw self.error("a number is missing") }
        return value
    }

    private mutating func power() throws(AsterixTableError) -> Int64 {
        let base = try self.number()
        guard self.take("^") else { return base }
        let exponent = try self.number()
        var value: Int64 = 1
        for _ in 0..<min(exponent, 62) {
            let (next, overflow) = value.multipliedReportingOverflow(by: base)
            guard !overflow else { throw self.error("\(base)^\(exponent) is too large") }
            value = next
        }
        return value
    }
}
