/// Bits of a record that belong together: a row of its layout, for people.
struct AsterixRow: Equatable {
    enum Content: Equatable {
        /// The field specification of a record or of a compound item.
        case specification
        /// An item begins, by its name in the edition; it goes on to the next item.
        case item(String)
        /// A field, by its id in the layout, and its raw number as `AsterixFields` has it.
        case field(Int, Int64)
        /// Spare bits.
        case spare
        /// The bit that says whether more octets follow.
        case more
        /// The count before a repetition.
        case count(Int)
        /// The length octet of an explicit item.
        case length
        /// An element of a repetition begins, from 0.
        case element(Int)
        /// The slot number before an item of random field sequencing.
        case slot(Int)
        /// Octets without a table.
        case octets
    }

    var content: Content
    /// The first bit and the number of bits, in the bytes that were read.
    var bit: Int
    var bits: Int
}

/// Goes through one record bit by bit, and puts a row for each thing that it meets.
///
/// What it reads is what `AsterixLayout.walk` reads; this is the slow and talkative way. A record that is cut off or
/// damaged gives the rows before the damage.
struct AsterixRowReader {
    private(set) var rows: [AsterixRow] = []
    private let layout: AsterixLayout
    private var profile = 0

    init(_ layout: AsterixLayout) { self.layout = layout }

    /// Reads the record that begins at `start`.
    ///
    /// - Returns: the offset behind it; nil if it is damaged.
    @discardableResult mutating func read(_ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int? {
        self.rows.removeAll(keepingCapacity: true)
        let storage = self.layout.words
        let words = storage.span
        self.profile = self.layout.selector == nil ? 0 : self.layout.profile(of: bytes, words, from: start, to: limit)
        let profile = self.layout.profiles[self.profile]
        guard var at = self.specification(bytes, from: start, to: limit) else { return nil }
        let specificationEnd = at
        for octet in start..<specificationEnd {
            for bit in 0..<7 where bytes[octet] & (0x80 >> UInt8(bit)) != 0 {
                let slot = 7 * (octet - start) + bit
                guard slot < Int(words[profile]) else { return nil }
                let node = Int(words[profile + 1 + 2 * slot])
                let names = self.layout.slotNames[self.profile]
                guard slot < names.count, names[slot] != "-" else { return nil }
                self.add(.item(names[slot]), 8 * at, 0)
                guard let next = self.node(node, words, bytes, from: at, to: limit) else { return nil }
                at = next
            }
        }
        return at
    }

    private mutating func add(_ content: AsterixRow.Content, _ bit: Int, _ bits: Int) {
        self.rows.append(AsterixRow(content: content, bit: bit, bits: bits))
    }

    private mutating func specification(_ bytes: Span<UInt8>, from start: Int, to limit: Int) -> Int? {
        var at = start
        while at < limit, bytes[at] & 1 != 0 { at += 1 }
        guard at < limit else { return nil }
        self.add(.specification, 8 * start, 8 * (at + 1 - start))
        return at + 1
    }

    private mutating func node(_ node: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int)
        -> Int?
    {
        typealias Kind = AsterixLayout.Kind
        let operands = node + AsterixLayout.Node.operands
        var at = start
        switch words[node] & 0xFF {
        case Kind.fixed:
            at += Int(words[node] >> 16)
            guard at <= limit else { return nil }
            self.fields(operands, words, bytes, 8 * start, 8 * at)
        case Kind.extended:
            let parts = Int(words[operands])
            var part = 0
            var more = true
            while more, part < parts {
                let known = words[operands + 1 + 2 * part]
                let octets = Int(known & 0xFFFF)
                guard at + octets <= limit else { return nil }
                let hasFX = known >> 16 != 0
                self.fields(Int(words[operands + 2 + 2 * part]), words, bytes, 8 * at, 8 * (at + octets))
                at += octets
                if hasFX { self.add(.more, 8 * at - 1, 1) }
                more = hasFX && bytes[at - 1] & 1 != 0
                part += 1
            }
            if more {
                let unknown = at
                while at < limit, bytes[at] & 1 != 0 { at += 1 }
                guard at < limit else { return nil }
                at += 1
                self.add(.octets, 8 * unknown, 8 * (at - unknown))
            }
        case Kind.repetitive:
            let octets = Int(words[operands])
            var count = 0
            for _ in 0..<octets {
                guard at < limit else { return nil }
                count = count << 8 | Int(bytes[at])
                at += 1
            }
            self.add(.count(count), 8 * start, 8 * octets)
            for index in 0..<count {
                self.add(.element(index), 8 * at, 0)
                guard let next = self.node(operands + 1, words, bytes, from: at, to: limit) else { return nil }
                at = next
            }
        case Kind.repetitiveFX:
            let octets = Int(words[operands])
            var index = 0
            repeat {
                guard at + octets <= limit else { return nil }
                self.add(.element(index), 8 * at, 0)
                self.fields(operands + 1, words, bytes, 8 * at, 8 * (at + octets))
                at += octets
                self.add(.more, 8 * at - 1, 1)
                index += 1
            } while bytes[at - 1] & 1 != 0
        case Kind.compound:
            return self.compound(operands, words, bytes, from: start, to: limit)
        case Kind.explicit:
            guard at < limit, bytes[at] > 0 else { return nil }
            let end = at + Int(bytes[at])
            guard end <= limit else { return nil }
            self.add(.length, 8 * at, 8)
            let content = Int(words[operands])
            if content != 0, self.layout.skip(content, words, bytes, from: at + 1, to: end) == end {
                return self.node(content, words, bytes, from: at + 1, to: end)
            }
            if end > at + 1 { self.add(.octets, 8 * (at + 1), 8 * (end - at - 1)) }
            return end
        default:
            guard at < limit else { return nil }
            let count = Int(bytes[at])
            self.add(.count(count), 8 * at, 8)
            at += 1
            for _ in 0..<count {
                guard at < limit, let node = self.layout.sequencedNode(Int(bytes[at]) - 1, words) else { return nil }
                self.add(.slot(Int(bytes[at])), 8 * at, 8)
                guard let next = self.node(node, words, bytes, from: at + 1, to: limit) else { return nil }
                at = next
            }
        }
        return at
    }

    private mutating func compound(
        _ operands: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, from start: Int, to limit: Int
    ) -> Int? {
        let fixedOctets = Int(words[operands])
        var at = start + fixedOctets
        if fixedOctets == 0 {
            guard let end = self.specification(bytes, from: start, to: limit) else { return nil }
            at = end
        } else {
            guard at <= limit else { return nil }
            self.add(.specification, 8 * start, 8 * fixedOctets)
        }
        let specificationEnd = at
        let perOctet = fixedOctets == 0 ? 7 : 8
        for octet in start..<specificationEnd {
            for bit in 0..<perOctet where bytes[octet] & (0x80 >> UInt8(bit)) != 0 {
                let slot = perOctet * (octet - start) + bit
                guard slot < Int(words[operands + 1]) else { return nil }
                let part = Int(words[operands + 2 + slot])
                guard part != 0, let next = self.node(part, words, bytes, from: at, to: limit) else { return nil }
                at = next
            }
        }
        return at
    }

    /// The fields that the instructions from `first` on describe; they are there.
    private mutating func fields(_ first: Int, _ words: Span<UInt32>, _ bytes: Span<UInt8>, _ bit: Int, _ end: Int) {
        var word = first
        var at = bit
        while true {
            let count = Int(words[word] >> 8)
            let op = words[word] & 0xFF
            switch op {
            case FieldOp.end: return
            case FieldOp.open, FieldOp.close:
                word += FieldOp.length(of: op, words, word)
                continue
            case FieldOp.spare:
                self.add(.spare, at, count)
            case FieldOp.choice:
                let selector = SensorFormats.bits(bytes, at: at - Int(words[word + 3]), count: Int(words[word + 4]))
                let raw = SensorFormats.bits(bytes, at: at, count: count)
                var id = Int(words[word + 1])
                var value = Int64(bitPattern: raw)
                for i in 0..<Int(words[word + 5]) {
                    let alternative = word + 6 + 7 * i
                    guard UInt64(words[alternative]) == selector else { continue }
                    id += 1 + i
                    if words[alternative + 1] == FieldOp.signedQuantity { value = signed(raw, count: count) }
                    break
                }
                self.add(.field(id, value), at, count)
            default:
                let id = Int(words[word + 1])
                if count > 64 {
                    self.add(.field(id, AsterixLayout.place(at / 8, count / 8)), at, count)
                } else {
                    let raw = SensorFormats.bits(bytes, at: at, count: count)
                    let isSigned = op == FieldOp.signed || op == FieldOp.signedQuantity
                    let value = isSigned ? signed(raw, count: count) : Int64(bitPattern: raw)
                    self.add(.field(id, value), at, count)
                }
            }
            at += count
            word += FieldOp.length(of: op, words, word)
        }
    }
}

/// What people are told of layouts beside the standard's short names.
struct AsterixWords {
    /// The layout of these words.
    let layout: AsterixLayout
    /// The category in words.
    let category: String
    private let titles: [String: String]

    init(_ layout: AsterixLayout) {
        self.layout = layout
        self.category = Self.categories[layout.edition.category] ?? "no name"
        self.titles = AsterixTable.all.first { $0.edition == layout.edition }?.titles ?? [:]
    }

    /// What an item is.
    func title(_ name: String) -> String {
        if let title = self.titles[name] { return title }
        switch name {
        case "RE": return "Reserved Expansion Field"
        case "SP": return "Special Purpose Field"
        case "rfs": return "Random Field Sequencing"
        default: return ""
        }
    }

    /// `I048/240` of an item's name.
    func item(_ name: String) -> String { AsterixItem(category: self.layout.edition.category, name: name).description }

    /// The name of a field within its item; nothing if the item is the field.
    func name(_ field: AsterixField) -> String {
        let parts = field.path.split(separator: "/", maxSplits: 2)
        return parts.count == 3 ? String(parts[2]) : ""
    }

    /// The value of a field, decimal, octal or hexadecimal digits or characters, without its unit.
    func value(_ field: AsterixField, _ raw: Int64, _ bytes: Span<UInt8>) -> String {
        var writer = JSONWriter(capacity: 64)
        writer.value(field, raw, bytes, record: 0)
        let text = writer.text
        return text.first == "\"" ? String(text.dropFirst().dropLast()) : text
    }

    /// What a value means, where it is a code with a meaning, or a time of day.
    func meaning(_ field: AsterixField, _ raw: Int64) -> String? {
        if field.kind == .code {
            return AsterixMeanings.text(
                edition: self.layout.edition, path: field.path, value: UInt64(bitPattern: raw))
        }
        guard field.kind == .quantity, field.unit == "s", field.bits == 24, field.denominator == 128 else { return nil }
        return Self.clock(Double(raw) / 128)
    }

    /// `08:00:00.852` of seconds since midnight.
    static func clock(_ seconds: Double) -> String? {
        guard seconds >= 0, seconds < 86_400 else { return nil }
        let milliseconds = Int((seconds * 1000).rounded(.down))
        func digits(_ value: Int, _ count: Int) -> String {
            let text = "\(value)"
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(milliseconds / 3_600_000, 2) + ":" + digits(milliseconds / 60_000 % 60, 2) + ":"
            + digits(milliseconds / 1000 % 60, 2) + "." + digits(milliseconds % 1000, 3)
    }

    /// The titles of the categories in EUROCONTROL-SPEC-0149.
    private static let categories: [UInt8: String] = [
        1: "Monoradar Target Reports (old)", 2: "Monoradar Service Messages (old)", 4: "Safety Net Messages",
        7: "Directed Interrogation Messages", 8: "Monoradar Derived Weather Information",
        9: "Composite Weather Reports", 10: "Monosensor Surface Movement Data", 11: "A-SMGCS Data",
        15: "Independent Non-Cooperative Surveillance Target Reports",
        16: "Independent Non-Cooperative Surveillance System Configuration Reports",
        17: "Mode S Surveillance Co-ordination Function Messages", 18: "Mode S Data-Link Function Messages",
        19: "Multilateration System Status Messages", 20: "Multilateration Target Reports", 21: "ADS-B Target Reports",
        23: "CNS/ATM Ground Station and Service Status Reports", 25: "CNS/ATM Ground System Status Reports",
        32: "Miniplan Reports to an SDPS", 34: "Monoradar Service Messages", 48: "Monoradar Target Reports",
        62: "SDPS Track Messages", 63: "Sensor Status Reports", 65: "SDPS Service Status Reports",
        129: "UAS Identification Reports", 150: "MADAP Plan Server Flight Data Messages",
        205: "Radio Direction Finder Reports", 240: "Radar Video Transmission", 247: "Version Number Exchange",
    ]
}
