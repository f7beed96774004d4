import Glibc

/// A number with so many decimals; a dash if it is none.
func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let whole = scaled / Int(scale), fraction = String(scaled % Int(scale))
    let sign = value < 0 && scaled != 0 ? "−" : ""
    return decimals == 0
        ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
}

/// A number with so many digits that count, as `%.5g` of C; a dash if it is none.
func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    let places = digits - 1 - Int(log10(abs(value)).rounded(.down))
    guard places > -3, places < 12 else { return "\(value)" }
    var text = fixed(value, max(0, places))
    if text.contains(".") {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text
}

extension Score {
    /// The measures as lines of text, the names to the left.
    public var text: String {
        let rows = self.measures.map { ($0.name, $0.value.text) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            "\(name)\(String(repeating: " ", count: width - name.count))  \(value)"
        }.joined(separator: "\n")
    }

    /// The measures as one JSON object with the referee's names; what is not a number is null.
    public var json: String {
        let rows = self.measures.map { name, value in
            switch value {
            case .count(let count): " \"\(name)\": \(count)"
            case .value(let value): " \"\(escaped(name, for: .json))\": \(value.isFinite ? "\(value)" : "null")"
            }
        }
        return "{\n\(rows.joined(separator: ",\n"))\n}\n"
    }
}

extension Versus {
    /// The rows as lines of text: the errors of the first and the second and their ratio.
    public var text: String {
        var table = TextTable(["RMS", "position m", "other", "ratio", "velocity m/s", "other", "ratio", "states"])
        for row in self.rows {
            table.add([
                row.phase, fixed(row.position.0, 2), fixed(row.position.1, 2),
                fixed(row.position.0 / row.position.1, 3),
                fixed(row.velocity.0, 2), fixed(row.velocity.1, 2), fixed(row.velocity.0 / row.velocity.1, 3),
                "\(row.count)",
            ])
        }
        return "states in common: \(self.common)\n\(table.text)"
    }

    /// One JSON object in the form of the referee: for each phase the two errors and their ratio.
    public var json: String {
        func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
        func three(_ pair: (Double, Double)) -> String {
            "[\(number(pair.0)), \(number(pair.1)), \(number(pair.0 / pair.1))]"
        }
        var lines = [" \"states in common\": \(self.common)"]
        for row in self.rows {
            let phase = escaped(row.phase, for: .json)
            lines.append(" \"position \(phase)\": \(three(row.position))")
            lines.append(" \"velocity \(phase)\": \(three(row.velocity))")
        }
        return "{\n\(lines.joined(separator: ",\n"))\n}\n"
    }
}

extension Esassp {
    /// What stands above the table.
    public var title: String {
        let flights =
            switch self.flights {
            case .cooperative: "cooperative flights"
            case .nonCooperative: "flights without an address, by the rules for non-cooperative surveillance"
            case .all: "flights, cooperative or not"
            }
        return "ESASSP, \(self.separation.rawValue) separation, \(self.flightCount) \(flights)"
    }

    /// The table as lines of text.
    public var text: String {
        var table = TextTable(["", "requirement", "bound", "measured", "margin", "", ""], left: [0, 1, 5, 6])
        for requirement in self.requirements { table.add([requirement.id] + requirement.cells) }
        return "\(self.title)\n\(table.text)\n\(self.caution)"
    }

    /// What must stand beside the table.
    var caution: String {
        self.flights == .nonCooperative
            ? "The bounds are those of edition 1.3 of EUROCONTROL-SPEC-147, annex D, as others quote them."
            : "The bounds are as commonly cited and were not checked against the text of EUROCONTROL-SPEC-147."
    }

    /// The tables that a score is judged by: for each separation the flights that send an address and those that send
    /// none, without tables of no flight.
    public static func tables(_ score: Score) -> [Esassp] {
        Separation.allCases.flatMap { separation in
            [Flights.cooperative, .nonCooperative].map { Esassp(score, separation: separation, flights: $0) }
        }.filter { $0.flightCount > 0 }
    }
}

extension Esassp.Requirement {
    /// Name, bound, measured, margin, verdict, and what else there is to say.
    var cells: [String] {
        let name = self.isMandatory ? self.name : "\(self.name) (recommended)"
        switch self.outcome {
        case .open(let reason): return [name, "", "", "", "not measured", reason]
        case .judged(let measured, let bound, let atLeast):
            let met = self.isMet == true ? "met" : "NOT MET"
            return [
                name, "\(atLeast ? "≥" : "≤") \(significant(bound, 5)) \(self.unit)",
                "\(fixed(measured, self.decimals)) \(self.unit)", fixed(self.margin ?? .nan, self.decimals), met,
                self.detail,
            ]
        }
    }
}

/// Cells in columns.
struct TextTable {
    private var rows: [[String]]
    private let left: Set<Int>

    /// - Parameter left: the columns that stand to the left.
    init(_ head: [String], left: Set<Int> = [0]) {
        self.rows = [head]
        self.left = left
    }

    mutating func add(_ cells: [String]) { self.rows.append(cells) }

    var text: String {
        let widths = (self.rows.first ?? []).indices.map { column in self.rows.map { $0[column].count }.max() ?? 0 }
        return self.rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let pad = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (self.left.contains(column) ? cell + pad : pad + cell)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

extension Score.Measure {
    /// Five digits that count, or a whole number.
    public var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .value(let value): significant(value, 5)
        }
    }
}

/// Where a foreign text is to stand.
enum Place { case json, html }

/// A foreign text that can stand within quotes or elements.
func escaped(_ text: String, for place: Place) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch (place, character) {
        case (.json, "\""): result += "\\\""
        case (.json, "\\"): result += "\\\\"
        case (.json, _) where character.value < 0x20:
            let digits = String(character.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        case (.html, "&"): result += "&amp;"
        case (.html, "<"): result += "&lt;"
        case (.html, ">"): result += "&gt;"
        case (.html, "\""): result += "&quot;"
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}
