/// An attribute with its namespace; none has the empty one.
struct XMLAttribute: Hashable, Sendable {
    var namespace: String
    var name: String
    var value: String
    var place: TextPlace
}

/// An element with what is in it; comments and processing instructions are left out, text is joined.
struct XMLElement: Hashable, Sendable {
    var namespace: String
    var name: String
    var attributes: [XMLAttribute]
    var children: [XMLElement] = []
    /// The character data directly in it.
    var text = ""
    var place: TextPlace

    /// The value of an attribute without namespace.
    subscript(name: String) -> String? { self.attribute(name)?.value }

    func attribute(_ name: String, namespace: String = "") -> XMLAttribute? {
        self.attributes.first { $0.name == name && $0.namespace == namespace }
    }

    /// The text without white space at its ends and with single spaces in it (`xs:token`).
    var token: String { self.text.split(whereSeparator: { " \t\n\r".contains($0) }).joined(separator: " ") }

    /// The children of a name, in the element's own namespace.
    func children(_ name: String) -> [XMLElement] {
        self.children.filter { $0.name == name && $0.namespace == self.namespace }
    }

    /// The element of a document.
    ///
    /// - Complexity: linear in the octets; memory at most some hundred octets for each of the elements allowed.
    init(parsing bytes: [UInt8], limits: XMLLimits = XMLLimits()) throws(XMLError) {
        var reader = try XMLReader(bytes, limits: limits)
        var open: [XMLElement] = []
        while let event = try reader.next() {
            switch event {
            case .start(let element): open.append(element)
            case .text(let text): if let last = open.indices.last { open[last].text += text }
            case .end:
                guard let closed = open.popLast() else { continue }
                if let last = open.indices.last {
                    open[last].children.append(closed)
                } else {
                    try reader.finish()
                    self = closed
                    return
                }
            }
        }
        throw reader.error(.noRoot)
    }

    init(namespace: String, name: String, attributes: [XMLAttribute], place: TextPlace) {
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.place = place
    }
}
