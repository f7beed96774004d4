/// Writes elements in the order they are told, with every text and value escaped.
struct XMLWriter {
    private(set) var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    private var open: [String] = []

    var bytes: [UInt8] { Array(self.text.utf8) }

    mutating func start(_ name: String, _ attributes: [(String, String)] = []) {
        self.indent()
        self.tag(name, attributes)
        self.text += ">\n"
        self.open.append(name)
    }

    mutating func end() {
        guard let name = self.open.popLast() else { return }
        self.indent()
        self.text += "</\(name)>\n"
    }

    /// An element with text in it.
    mutating func element(_ name: String, _ attributes: [(String, String)] = [], text: String) {
        self.indent()
        self.tag(name, attributes)
        self.text += ">" + Self.escaped(text) + "</\(name)>\n"
    }

    private mutating func indent() { self.text += String(repeating: "  ", count: self.open.count) }

    private mutating func tag(_ name: String, _ attributes: [(String, String)]) {
        self.text += "<" + name
        for (name, value) in attributes { self.text += " \(name)=\"" + Self.escaped(value) + "\"" }
    }

    /// Characters that XML 1.0 does not allow at all (2.2) come out as U+FFFD.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
