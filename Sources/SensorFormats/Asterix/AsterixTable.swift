/// The layout of one edition of one ASTERIX category, as text: a new edition is a new table and nothing else.
///
/// White space separates; a line that begins with `#` is a comment. A name (`010`, `RHO`, `3DH`) is followed by what it is:
///
///     :16            a field of 16 bits, as it is; its letter says how to read it:
///     :3t            a code             :14u  a count              :14s  a signed number
///     :16u1/2^8"NM"  a quantity: LSB and unit (s: signed)
///     :6u@0..59      the range that the standard declares for it (after the unit of a quantity; each end may be missing)
///     :12o  octal digits   :56a  ASCII   :48i  six-bit characters   :64b  a BDS register and its number   :56h  hex
///     :15?IM[0=u1/2^14"NM/s" 1=u1/1000"Mach"]  read by the value of the field IM of the same group
///     -4             four spare bits (among fields); a slot without an item (among items)
///     (A:8 B:8)      a group: fields side by side
///     <A:3 B:4 | C:7 |>   an extended item: each | is an FX bit, and what follows it comes only if it is set
///     [1 x]          a repetition: a count of one octet, then so many x;  [fx x]: x again while its FX bit is set
///     {A… - C…}      a compound: a field specification with FX bits, then the parts it names;  {=1 …}: of one octet
///     !re !sp        explicit: a length octet that counts itself, then octets;  !re{…}: with this content
///
/// Above the items stand `uap 010 - 140 …` (slot by slot; `rfs` is random field sequencing), or several of them as
/// `uap:plot …` with `choose 020/TYP 0=plot 1=track`.
///
/// An edition may be based on another of its category: it takes over each statement (item, profile, choice) that it does
/// not make itself; `without 055 100` leaves items out. An item that its base has not stands where its number belongs.
///
/// Source: EUROCONTROL-SPEC-0149, part 1, paragraph 4.3 (data field formats).
public struct AsterixTable: Sendable {
    /// Category, edition.
    public let edition: AsterixEdition
    /// What each edition says, from the one that this is in the end based on to this one.
    private let texts: [StaticString]

    init(
        category: UInt8, major: UInt8, minor: UInt8, basedOn base: AsterixTable? = nil, text: StaticString = ""
    ) {
        self.edition = AsterixEdition(category: category, major: major, minor: minor)
        self.texts = (base?.texts ?? []) + [text]
    }

    /// The whole layout in the notation above, with what it takes over from other editions.
    public var text: String {
        var statements: [(name: String, text: String)] = []
        for text in self.texts {
            // What the first edition says stays in its order.
            let isFirst = statements.isEmpty
            for (name, text) in Self.statements(of: text.description) {
                if name == "without" {
                    let names = text.split { $0 == " " || $0 == "\n" }
                    statements.removeAll { names.contains(Substring($0.name)) }
                } else if let known = statements.firstIndex(where: { $0.name == name }) {
                    statements[known].text = text
                } else {
                    // Capital letters and digits: an item; small ones, a profile, come before all items.
                    let next = isFirst ? nil : statements.firstIndex { $0.name > name && $0.name < "a" }
                    statements.insert((name, text), at: next ?? statements.count)
                }
            }
        }
        return statements.map(\.text).joined(separator: "\n")
    }

    /// What the items are called, by their numbers: the comments above them, the last edition's words.
    var titles: [String: String] {
        var titles: [String: String] = [:]
        for text in self.texts {
            for line in text.description.split(separator: "\n") where line.hasPrefix("# ") {
                let words = line.dropFirst(2).split(separator: " ", maxSplits: 1)
                if words.count == 2 { titles[String(words[0])] = String(words[1]) }
            }
        }
        return titles
    }

    /// A statement begins with a name at the beginning of a line; lines that begin with a blank continue it.
    private static func statements(of text: String) -> [(name: String, text: String)] {
        var statements: [(name: String, text: String)] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix(" "), !statements.isEmpty {
                statements[statements.count - 1].text += "\n" + line
                continue
            }
            // `uap:plot` is a name of two words; `020<…`, `140:24…` end where the item's kind begins.
            let name =
                line.hasPrefix("uap")
                ? line.prefix { $0 != " " } : line.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            statements.append((String(name), String(line)))
        }
        return statements
    }
}

/// Category and edition of a layout.
public struct AsterixEdition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The category, 1...255.
    public let category: UInt8
    /// The number before the point.
    public let major: UInt8
    /// The number after the point.
    public let minor: UInt8

    public init(category: UInt8, major: UInt8, minor: UInt8) {
        self.category = category
        self.major = major
        self.minor = minor
    }

    /// `1.32`.
    public var number: String { "\(self.major).\(self.minor)" }

    /// `048 1.32`.
    public var description: String {
        let digits = "\(self.category)"
        return String(repeating: "0", count: 3 - digits.count) + digits + " " + self.number
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.category, lhs.major, lhs.minor) < (rhs.category, rhs.major, rhs.minor)
    }
}
