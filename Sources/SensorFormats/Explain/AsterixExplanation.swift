import Air

/// ASTERIX blocks taken apart.
enum AsterixExplanation {
    static func explain(_ bytes: [UInt8], editions: AsterixEditions) -> Explanation {
        var explanation = Explanation(kind: "ASTERIX", lines: [])
        let reader = AsterixBlockReader(editions: editions)
        let span = bytes.span
        var at = 0
        while at < bytes.count {
            if at > 0 { explanation.lines.append(.blank) }
            let rest = bytes.count - at
            guard rest >= 3 else {
                explanation.lines.append(
                    .fault("offset \(at): \(counted(rest, "octet")) left; a block begins with three"))
                break
            }
            let category = bytes[at]
            let length = Int(bigEndian16(span, at + 1))
            let end = min(at + max(length, 3), bytes.count)
            guard let layout = reader.layoutToExplain(category, span, from: at + 3, to: end) else {
                explanation.lines.append(
                    .heading("ASTERIX category \(category), of which nothing is known; its length is \(length)"))
                explanation.lines.append(.fault("offset \(at): no layout for this category"))
                break
            }
            let words = AsterixWords(layout)
            explanation.lines.append(
                .heading(
                    "ASTERIX category \(layout.edition.description.prefix(3)), \(words.category), "
                        + "read by edition \(layout.edition.number)"))
            explanation.lines.append(
                .part(offset: at, octets: hexText(span, at..<at + 1), name: "category \(category)"))
            explanation.lines.append(
                .part(offset: at + 1, octets: hexText(span, at + 1..<at + 3), name: "length \(length)"))
            if length < 3 {
                explanation.lines.append(.fault("offset \(at + 1): a block is at least three octets long"))
                break
            }
            if at + length > bytes.count {
                explanation.lines.append(
                    .fault("offset \(at + 1): the length is \(length), but only \(counted(rest, "octet")) there"))
            }
            if length == 3 {
                explanation.lines.append(.note("The block is empty: it has no record behind its header."))
            }
            guard records(of: bytes, layout, words, at + 3..<end, into: &explanation) else {
                explanation.suggest(category, bytes, at + 3..<end, not: layout.edition)
                break
            }
            at = max(end, at + length)
        }
        return explanation
    }

    /// The records of a block; false if one of them is damaged.
    private static func records(
        of bytes: [UInt8], _ layout: AsterixLayout, _ words: AsterixWords, _ range: Range<Int>,
        into explanation: inout Explanation
    ) -> Bool {
        let span = bytes.span
        var at = range.lowerBound
        var number = 0
        let storage = layout.words
        while at < range.upperBound {
            number += 1
            explanation.lines.append(.blank)
            var rows = AsterixRowReader(layout)
            let end = rows.read(span, from: at, to: range.upperBound)
            explanation.lines.append(
                .heading(
                    "Record \(number)"
                        + (end.map { ": \(counted($0 - at, "octet")) from offset \(at)" } ?? ", which is not whole")))
            explanation.add(rows.rows, words, span, end: end ?? range.upperBound)
            do throws(AsterixRecordFault) {
                at = try layout.end(of: span, storage.span, from: at, to: range.upperBound)
            } catch {
                let item = layout.itemName(profile: error.profile, slot: error.slot).map { "\($0): " } ?? ""
                explanation.lines.append(.fault("offset \(error.offset): \(item)\(error.fault.text)"))
                return false
            }
        }
        return true
    }
}

extension Explanation {
    /// The rows of a record, item by item.
    fileprivate mutating func add(_ rows: [AsterixRow], _ words: AsterixWords, _ bytes: Span<UInt8>, end: Int) {
        var index = 0
        while index < rows.count {
            let row = rows[index]
            var next = index + 1
            switch row.content {
            case .specification:
                // That of the record: those of compounds stand among the rows of their item.
                let slots = AsterixLayout.slots(bytes, row.bit / 8..<(row.bit + row.bits) / 8)
                self.lines.append(
                    .part(
                        offset: row.bit / 8, octets: hexText(bytes, row.bit / 8..<(row.bit + row.bits) / 8),
                        name: "FSPEC, which items follow: \(slots.nonzeroBitCount) of them"))
            case .item(let name):
                while next < rows.count {
                    if case .item = rows[next].content { break }
                    next += 1
                }
                let start = row.bit / 8
                let last = rows[index..<next].last ?? row
                let behind = next < rows.count ? rows[next].bit / 8 : min(end, (last.bit + last.bits + 7) / 8)
                self.lines.append(
                    .part(
                        offset: start, octets: hexText(bytes, start..<max(start, behind)),
                        name: "\(words.item(name)) \(words.title(name))"))
                for row in rows[index + 1..<next] { self.add(row, words, bytes) }
            default:
                self.add(row, words, bytes)
            }
            index = next
        }
    }

    private mutating func add(_ row: AsterixRow, _ words: AsterixWords, _ bytes: Span<UInt8>) {
        let bits = BitPattern.text(bytes, bit: row.bit, bits: row.bits)
        let octets = row.bit / 8..<(row.bit + row.bits) / 8
        switch row.content {
        case .field(let id, let raw):
            let field = words.layout.fields[id]
            var value = words.value(field, raw, bytes)
            if !field.unit.isEmpty { value += field.unit == "°" ? "°" : " \(field.unit)" }
            var meaning = words.meaning(field, raw) ?? ""
            // The bits of a scaled number as the number that they are.
            if meaning.isEmpty, field.kind == .quantity || field.kind == .signedQuantity {
                let lsb =
                    field.denominator == 1 ? "\(field.numerator)" : "\(field.numerator)/\(field.denominator)"
                meaning = "\(raw) x \(lsb)\(field.unit == "°" ? "°" : " \(field.unit)")"
            }
            self.lines.append(.field(bits: bits, name: words.name(field), value: value, meaning: meaning))
        case .spare:
            let isZero = SensorFormats.bits(bytes, at: row.bit, count: min(64, row.bits)) == 0
            self.lines.append(
                .field(bits: bits, name: "-", value: isZero ? "spare" : "spare, but not zero", meaning: ""))
        case .more:
            let isSet = SensorFormats.bits(bytes, at: row.bit, count: 1) == 1
            self.lines.append(
                .field(bits: bits, name: "FX", value: isSet ? "1" : "0", meaning: isSet ? "more follows" : "the end"))
        case .specification:
            self.lines.append(.field(bits: bits, name: "parts", value: hexText(bytes, octets), meaning: ""))
        case .count(let count):
            self.lines.append(.field(bits: bits, name: "REP", value: "\(count)", meaning: "so many follow"))
        case .length:
            self.lines.append(
                .field(bits: bits, name: "length", value: "\(bytes[row.bit / 8])", meaning: "itself included"))
        case .element(let index): self.lines.append(.note("[\(index + 1)] at offset \(row.bit / 8)"))
        case .slot(let slot):
            self.lines.append(.field(bits: bits, name: "slot", value: "\(slot)", meaning: "the item of this slot"))
        case .octets:
            self.lines.append(
                .field(
                    bits: bits, name: "octets", value: hexText(bytes, octets), meaning: "without a table here"))
        case .item: break
        }
    }

    /// Says by which editions the records would fill their block.
    fileprivate mutating func suggest(
        _ category: UInt8, _ bytes: [UInt8], _ range: Range<Int>, not read: AsterixEdition
    ) {
        let span = bytes.span
        let fitting = AsterixLayouts.all.filter { edition, layout in
            edition.category == category && edition != read
                && layout.fits(span, from: range.lowerBound, to: range.upperBound)
        }.keys.sorted()
        guard let newest = fitting.last else { return }
        let numbers = fitting.map(\.number).joined(separator: ", ")
        self.lines.append(.note("The block fits edition \(numbers): --edition \(category)=\(newest.number)"))
    }
}
