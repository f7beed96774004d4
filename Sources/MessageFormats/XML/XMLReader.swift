/// Steps through a document of XML 1.0 with namespaces, in UTF-8, without a document type declaration.
///
/// There is nothing to expand but the five entities and character references, and nothing outside the document is ever
/// looked at. Each step costs its own octets.
///
/// Source: W3C XML 1.0 (fifth edition), W3C Namespaces in XML 1.0 (third edition); the numbers are of their productions.
struct XMLReader {
    enum Event {
        case start(XMLElement)
        case text(String)
        case end
    }

    private let bytes: [UInt8]
    private let limits: XMLLimits
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var elements = 0
    /// Names of the open elements as they were written.
    private var open: [String] = []
    /// Prefixes in force, the innermost last, and how many of them each open element declared.
    private var bindings: [(prefix: String, namespace: String)] = [("xml", Self.xml)]
    private var declared: [Int] = []
    private var endsAtOnce = false
    private var started = false

    static let xml = "http://www.w3.org/XML/1998/namespace"
    static let xmlns = "http://www.w3.org/2000/xmlns/"

    init(_ bytes: [UInt8], limits: XMLLimits) throws(XMLError) {
        self.bytes = bytes
        self.limits = limits
        guard bytes.count <= limits.octets else { throw self.error(.tooLong) }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw self.error(.notUTF8) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            self.offset = 3
            self.lineStart = 3
        }
        try self.declaration()
    }

    var place: TextPlace { TextPlace(line: self.line, column: self.offset - self.lineStart + 1) }

    func error(_ code: XMLError.Code) -> XMLError { XMLError(code: code, place: self.place) }

    /// The next step inside the document's element; nil when the document ends before there is one.
    mutating func next() throws(XMLError) -> Event? {
        if self.endsAtOnce {
            self.endsAtOnce = false
            self.close()
            return .end
        }
        if !self.started {
            try self.miscellaneous()
            guard self.peek() != nil else { return nil }
            guard self.at("<") else { throw self.error(.malformed("an element")) }
            self.started = true
            return .start(try self.startTag())
        }
        while true {
            guard let octet = self.peek() else { throw self.error(.endsEarly) }
            guard octet == UInt8(ascii: "<") else { return .text(try self.characters()) }
            if self.take("<!--") {
                try self.comment()
            } else if self.take("<![CDATA[") {
                return .text(try self.section())
            } else if self.at("<!") {
                throw self.error(.malformed("a comment or CDATA section"))
            } else if self.take("<?") {
                try self.instruction()
            } else if self.at("</") {
                try self.endTag()
                return .end
            } else {
                return .start(try self.startTag())
            }
        }
    }

    /// After the document's element: only white space, comments and instructions may follow.
    mutating func finish() throws(XMLError) {
        try self.miscellaneous()
        if self.peek() != nil { throw self.error(.afterRoot) }
    }

    // MARK: Octets

    private func peek() -> UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    private func at(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { unsafe self.bytes[self.offset...].starts(with: $0) }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        guard self.at(word) else { return false }
        self.offset += word.utf8CodeUnitCount
        return true
    }

    /// One octet onwards, as the character it is part of allows; ends of lines come out as one line feed (2.11).
    private mutating func advance() throws(XMLError) -> UInt8 {
        guard let octet = self.peek() else { throw self.error(.endsEarly) }
        if octet < 0x20, octet != 0x09, octet != 0x0A, octet != 0x0D { throw self.error(.forbiddenCharacter) }
        if octet == 0xEF, self.at("\u{FFFE}") || self.at("\u{FFFF}") { throw self.error(.forbiddenCharacter) }
        self.offset += 1
        if octet == 0x0D {
            if self.peek() == 0x0A { self.offset += 1 }
            self.newLine()
            return 0x0A
        }
        if octet == 0x0A { self.newLine() }
        return octet
    }

    private mutating func newLine() {
        self.line += 1
        self.lineStart = self.offset
    }

    private mutating func space() throws(XMLError) -> Bool {
        var any = false
        while let octet = self.peek(), octet == 0x20 || octet == 0x09 || octet == 0x0A || octet == 0x0D {
            _ = try self.advance()
            any = true
        }
        return any
    }

    private mutating func expect(_ word: StaticString) throws(XMLError) {
        if !self.take(word) { throw self.error(self.peek() == nil ? .endsEarly : .malformed("\(word)")) }
    }

    // MARK: Names [4], [4a], [5]

    private mutating func name() throws(XMLError) -> String {
        let start = self.offset
        while let octet = self.peek() {
            if octet < 0x80 {
                let letter = (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7A
                let other = (octet >= 0x30 && octet <= 0x39) || octet == 0x2D || octet == 0x2E
                guard letter || octet == 0x5F || octet == 0x3A || (other && self.offset > start) else { break }
                self.offset += 1
            } else {
                let length = octet >= 0xF0 ? 4 : octet >= 0xE0 ? 3 : 2
                let end = min(self.offset + length, self.bytes.count)
                let text = String(decoding: self.bytes[self.offset..<end], as: UTF8.self)
                guard let scalar = text.unicodeScalars.first, Self.isNamed(scalar.value, first: self.offset == start)
                else { break }
                self.offset = end
            }
            if self.offset - start > self.limits.nameOctets { throw self.error(.nameTooLong) }
        }
        guard self.offset > start else { throw self.error(self.peek() == nil ? .endsEarly : .malformed("a name")) }
        return String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
    }

    private static func isNamed(_ scalar: UInt32, first: Bool) -> Bool {
        switch scalar {
        case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D, 0x2070...0x218F,
            0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF:
            true
        case 0xB7, 0x300...0x36F, 0x203F...0x2040: !first
        default: false
        }
    }

    // MARK: Prolog and what has no content [22] to [27]

    /// `<?xml version="1.0" encoding="UTF-8"?>`, if it is there.
    private mutating func declaration() throws(XMLError) {
        guard self.at("<?xml ") || self.at("<?xml\t") || self.at("<?xml\n") || self.at("<?xml\r") else { return }
        self.offset += 5
        var wanted = ["version", "encoding", "standalone"][...]
        while try self.space(), !self.at("?>") {
            let name = try self.name()
            guard let index = wanted.firstIndex(of: name) else { throw self.error(.malformed("?>")) }
            if wanted.first == "version", name != "version" { throw self.error(.malformed("version")) }
            wanted = wanted[(index + 1)...]
            _ = try self.space()
            try self.expect("=")
            _ = try self.space()
            let value = try self.quoted()
            switch name {
            case "version": if value != "1.0" { throw self.error(.otherVersion(value)) }
            case "encoding":
                let name = value.uppercased()
                if name != "UTF-8", name != "US-ASCII", name != "ASCII" { throw self.error(.otherEncoding(value)) }
            default: if value != "yes", value != "no" { throw self.error(.malformed("yes or no")) }
            }
        }
        if wanted.first == "version" { throw self.error(.malformed("version")) }
        try self.expect("?>")
    }

    private mutating func quoted() throws(XMLError) -> String {
        let quote = try self.advance()
        guard quote == 0x22 || quote == 0x27 else { throw self.error(.malformed("a quotation mark")) }
        var value: [UInt8] = []
        while self.peek() != quote { value.append(try self.advance()) }
        self.offset += 1
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func miscellaneous() throws(XMLError) {
        while true {
            if try self.space() { continue }
            if self.take("<!--") {
                try self.comment()
            } else if self.take("<?") {
                try self.instruction()
            } else if self.at("<!DOCTYPE") {
                throw self.error(.documentType)
            } else {
                return
            }
        }
    }

    private mutating func comment() throws(XMLError) {
        while !self.at("--") { _ = try self.advance() }
        try self.expect("-->")
    }

    private mutating func instruction() throws(XMLError) {
        let target = try self.name()
        if target.lowercased() == "xml" || target.contains(":") { throw self.error(.malformed("another target")) }
        if self.take("?>") { return }
        guard try self.space() else { throw self.error(.malformed("white space")) }
        while !self.take("?>") { _ = try self.advance() }
    }

    // MARK: Content [14], [20], [66], [68]

    private mutating func characters() throws(XMLError) -> String {
        var text: [UInt8] = []
        while let octet = self.peek(), octet != UInt8(ascii: "<") {
            if octet == UInt8(ascii: "&") {
                text.append(contentsOf: try self.reference())
            } else {
                if octet == UInt8(ascii: "]"), self.at("]]>") { throw self.error(.malformed("&gt; after ]]")) }
                text.append(try self.advance())
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func section() throws(XMLError) -> String {
        var text: [UInt8] = []
        while !self.take("]]>") { text.append(try self.advance()) }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func reference() throws(XMLError) -> [UInt8] {
        self.offset += 1
        guard self.take("#") else {
            let name = try self.name()
            try self.expect(";")
            switch name {
            case "amp": return [UInt8(ascii: "&")]
            case "lt": return [UInt8(ascii: "<")]
            case "gt": return [UInt8(ascii: ">")]
            case "apos": return [UInt8(ascii: "'")]
            case "quot": return [UInt8(ascii: "\"")]
            default: throw self.error(.unknownEntity(name))
            }
        }
        let radix = self.take("x") ? 16 : 10
        let start = self.offset
        while let octet = self.peek(), octet != UInt8(ascii: ";"), self.offset - start < 8 { self.offset += 1 }
        let digits = self.bytes[start..<self.offset]
        guard self.peek() == UInt8(ascii: ";"), digits.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: radix),
            let scalar = Unicode.Scalar(value),
            value >= 0x20 || value == 0x09 || value == 0x0A || value == 0x0D, value != 0xFFFE, value != 0xFFFF
        else { throw self.error(self.peek() == nil ? .endsEarly : .characterReference) }
        self.offset += 1
        return Array(String(Character(scalar)).utf8)
    }

    // MARK: Tags [40] to [44], and the namespaces in them

    private mutating func startTag() throws(XMLError) -> XMLElement {
        let place = self.place
        try self.expect("<")
        let written = try self.name()
        guard self.open.count < self.limits.depth else { throw self.error(.tooDeep) }
        self.elements += 1
        guard self.elements <= self.limits.elements else { throw self.error(.tooManyElements) }
        var attributes: [(name: String, value: String, place: TextPlace)] = []
        while true {
            let parted = try self.space()
            if self.take("/>") {
                self.endsAtOnce = true
                break
            }
            if self.take(">") { break }
            guard let octet = self.peek() else { throw self.error(.endsEarly) }
            if !parted || octet == UInt8(ascii: "/") { throw self.error(.malformed("> or an attribute")) }
            guard attributes.count < self.limits.attributes else { throw self.error(.tooManyAttributes) }
            let start = self.place
            let name = try self.name()
            _ = try self.space()
            try self.expect("=")
            _ = try self.space()
            attributes.append((name, try self.attributeValue(), start))
        }
        self.open.append(written)
        return try self.resolve(written, attributes, place)
    }

    /// With each white space as a space (3.3.3).
    private mutating func attributeValue() throws(XMLError) -> String {
        let quote = try self.advance()
        guard quote == 0x22 || quote == 0x27 else { throw self.error(.malformed("a quotation mark")) }
        var value: [UInt8] = []
        while let octet = self.peek(), octet != quote {
            switch octet {
            case UInt8(ascii: "<"): throw self.error(.malformed("&lt;"))
            case UInt8(ascii: "&"): value.append(contentsOf: try self.reference())
            default:
                let read = try self.advance()
                value.append(read == 0x09 || read == 0x0A ? 0x20 : read)
            }
        }
        guard self.peek() == quote else { throw self.error(.endsEarly) }
        self.offset += 1
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func resolve(
        _ written: String, _ attributes: [(name: String, value: String, place: TextPlace)], _ place: TextPlace
    ) throws(XMLError) -> XMLElement {
        var count = 0
        var prefixes: Set<String> = []
        for attribute in attributes {
            let (prefix, local) = try self.parts(attribute.name)
            guard prefix == "xmlns" || (prefix.isEmpty && local == "xmlns") else { continue }
            let declared = prefix.isEmpty ? "" : local
            guard prefixes.insert(declared).inserted else { throw self.error(.attributeTwice(attribute.name)) }
            let isXML = attribute.value == Self.xml
            guard declared != "xmlns", attribute.value != Self.xmlns, isXML == (declared == "xml"),
                declared.isEmpty || !attribute.value.isEmpty
            else { throw self.error(.namespace(attribute.name)) }
            guard self.bindings.count < self.limits.bindings else { throw self.error(.tooManyAttributes) }
            self.bindings.append((declared, attribute.value))
            count += 1
        }
        self.declared.append(count)

        let (prefix, local) = try self.parts(written)
        var element = XMLElement(
            namespace: try self.namespace(prefix, default: true), name: local, attributes: [], place: place)
        var seen: Set<String> = []
        for attribute in attributes {
            let (prefix, local) = try self.parts(attribute.name)
            if prefix == "xmlns" || (prefix.isEmpty && local == "xmlns") { continue }
            let namespace = try self.namespace(prefix, default: false)
            guard seen.insert("\(namespace)\n\(local)").inserted else {
                throw self.error(.attributeTwice(attribute.name))
            }
            element.attributes.append(
                XMLAttribute(namespace: namespace, name: local, value: attribute.value, place: attribute.place))
        }
        return element
    }

    private func parts(_ name: String) throws(XMLError) -> (prefix: String, local: String) {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return ("", name) }
        let prefix = String(name[..<colon])
        let local = String(name[name.utf8.index(after: colon)...])
        let first = local.utf8.first ?? 0x2D
        guard !prefix.isEmpty, !local.utf8.contains(UInt8(ascii: ":")), first != 0x2D, first != 0x2E,
            first < 0x30 || first > 0x39
        else { throw self.error(.malformed("a name with one colon at most")) }
        return (prefix, local)
    }

    private func namespace(_ prefix: String, default usesDefault: Bool) throws(XMLError) -> String {
        if prefix.isEmpty, !usesDefault { return "" }
        if let bound = self.bindings.last(where: { $0.prefix == prefix }) { return bound.namespace }
        if prefix.isEmpty { return "" }
        throw self.error(.unboundPrefix(prefix))
    }

    private mutating func endTag() throws(XMLError) {
        let place = self.place
        try self.expect("</")
        let found = try self.name()
        _ = try self.space()
        try self.expect(">")
        let expected = self.open.last ?? ""
        if found != expected { throw XMLError(code: .endTag(expected: expected, found: found), place: place) }
        self.close()
    }

    private mutating func close() {
        _ = self.open.popLast()
        self.bindings.removeLast(min(self.declared.popLast() ?? 0, self.bindings.count))
    }
}
