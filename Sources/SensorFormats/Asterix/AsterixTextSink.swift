import Air

/// The view for people: each record as a tree of items and fields, or as one line.
///
///     048 Monoradar Target Reports, edition 1.32, 20/129: offset 3, 30 octets
///       010 Data Source Identifier
///           SAC           20
///           SIC           129
///       140 Time of Day   28800.8515625 s, 08:00:00.851
///
///     @3 048 1.32 010/SAC=20 010/SIC=129 140=28800.8515625s …
struct AsterixTextSink: AsterixRecordSink {
    enum Form { case tree, line }

    var text: [UInt8] = []
    var capturedAt: Timestamp?
    var secondsOfDay: Double?
    /// Where in the recording the bytes begin.
    var origin = 0
    private let form: Form
    private let hasMeanings: Bool
    private var only: AsterixItemSet
    private var known: [ObjectIdentifier: AsterixWords] = [:]

    /// - Parameters:
    ///   - hasMeanings: whether codes in lines have their meaning behind them; trees always have it.
    ///   - only: the items that are written; all if there are none.
    init(_ form: Form, hasMeanings: Bool = false, only: [AsterixItem] = []) {
        self.form = form
        self.hasMeanings = hasMeanings
        self.only = AsterixItemSet(only)
    }

    var takesUndecided: Bool { true }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        let end = try layout.end(of: bytes, words, from: start, to: limit)
        let names = self.known[ObjectIdentifier(layout)] ?? AsterixWords(layout)
        self.known[ObjectIdentifier(layout)] = names
        var reader = AsterixRowReader(layout)
        reader.read(bytes, from: start, to: end)
        switch self.form {
        case .tree: self.tree(reader.rows, names, bytes, start..<end)
        case .line: self.line(reader.rows, names, bytes, start..<end)
        }
        return end
    }

    private mutating func put(_ piece: String) { self.text += piece.utf8 }

    /// Whether an item is to be written.
    private func isWanted(_ name: String, _ names: AsterixWords) -> Bool {
        self.only.items.isEmpty
            || self.only.items.contains { $0.category == names.layout.edition.category && $0.name == name }
    }

    private mutating func tree(
        _ rows: [AsterixRow], _ names: AsterixWords, _ bytes: Span<UInt8>, _ range: Range<Int>
    ) {
        let edition = names.layout.edition
        var head = "\(edition.description.prefix(3)) \(names.category), edition \(edition.number)"
        if let sensor = AsterixBlockReader.sensor(bytes, from: range.lowerBound, to: range.upperBound) {
            head += ", \(sensor)"
        }
        head += ": offset \(self.origin + range.lowerBound), \(counted(range.count, "octet"))"
        if let capturedAt { head += ", captured \(capturedAt)" }
        if let secondsOfDay, let clock = AsterixWords.clock(secondsOfDay) { head += ", captured at \(clock)" }
        self.put(head + "\n")
        var isWritten = false
        var title = ""
        var element: Int?
        var group = ""
        // The numbers of the last two fields.
        var before: (Int64, Int64) = (0, 0)
        for row in rows {
            switch row.content {
            case .item(let name):
                self.endTitle(&title)
                isWritten = self.isWanted(name, names)
                title = isWritten ? "  \(name) \(names.title(name))" : ""
                element = nil
                group = ""
            case .element(let index):
                element = index
            case .field(let id, let raw) where isWritten:
                let field = names.layout.fields[id]
                let register = names.layout.register(endingWith: id, before.0, before.1, raw)
                before = (before.1, raw)
                var value = names.value(field, raw, bytes)
                if !field.unit.isEmpty { value += field.unit == "°" ? "°" : " \(field.unit)" }
                if let meaning = names.meaning(field, raw) { value += ", \(meaning)" }
                let name = names.name(field)
                if name.isEmpty, element == nil {
                    self.put(Self.padded(title, 46) + " " + value + "\n")
                    title = ""
                    continue
                }
                self.endTitle(&title)
                var label = name
                if let known = element {
                    label = "[\(known + 1)] \(name)"
                    // The other fields of an element stand beneath its first.
                    if label.hasPrefix(group), !group.isEmpty {
                        label = String(repeating: " ", count: group.count) + name
                    }
                    group = "[\(known + 1)] "
                }
                self.put("      " + Self.padded(label, 40) + " " + value + "\n")
                for part in register.map({ CommB.texts($0.number, $0.payload) }) ?? [] {
                    self.put("        " + Self.padded(part.name, 38) + " " + part.value + "\n")
                }
            case .octets where isWritten:
                self.endTitle(&title)
                self.put("      " + Self.padded("octets without a table", 40) + " ")
                self.put(hexText(bytes, row.bit / 8..<(row.bit + row.bits) / 8) + "\n")
            default: break
            }
        }
        self.endTitle(&title)
        self.put("\n")
    }

    private mutating func endTitle(_ title: inout String) {
        if !title.isEmpty { self.put(title + "\n") }
        title = ""
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private mutating func line(
        _ rows: [AsterixRow], _ names: AsterixWords, _ bytes: Span<UInt8>, _ range: Range<Int>
    ) {
        self.put("@\(self.origin + range.lowerBound) \(names.layout.edition)")
        var item = ""
        var isWritten = false
        var element: Int?
        for row in rows {
            switch row.content {
            case .item(let name):
                (item, element) = (name, nil)
                isWritten = self.isWanted(name, names)
            case .element(let index): element = index
            case .field(let id, let raw) where isWritten:
                let field = names.layout.fields[id]
                let name = names.name(field)
                self.put(" \(item)")
                if let element { self.put("[\(element + 1)]") }
                if !name.isEmpty { self.put("/\(name)") }
                let value = names.value(field, raw, bytes)
                // What has blanks in it stands in quotes, so that a line can be divided at its blanks.
                self.put(value.contains(" ") || value.isEmpty ? "=\"\(value)\"" : "=\(value)")
                self.put(field.unit)
                if self.hasMeanings, let meaning = names.meaning(field, raw) { self.put("(\(meaning))") }
            case .octets where isWritten:
                self.put(" \(item)/_=" + hexText(bytes, row.bit / 8..<(row.bit + row.bits) / 8))
            default: break
            }
        }
        self.put("\n")
    }
}

/// Octets as hexadecimal digits, lower case.
func hexText(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var text = ""
    text.reserveCapacity(2 * range.count)
    for at in range {
        for nibble in [bytes[at] >> 4, bytes[at] & 15] {
            text.unicodeScalars.append(Unicode.Scalar(nibble < 10 ? 0x30 + nibble : 0x57 + nibble))
        }
    }
    return text
}
