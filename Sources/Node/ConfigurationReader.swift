internal import Yams

/// One thing wrong in a configuration: where, which key, and what to do about it.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// Line in the file, from 1.
    public var line: Int
    /// The path of the key, for example `feeds[1].listen`; empty for the whole document.
    public var key: String
    /// What is wrong, and the remedy.
    public var text: String

    public var description: String { "line \(self.line): \(self.key.isEmpty ? "" : "\(self.key): ")\(self.text)" }
}

/// A configuration that cannot be used; every problem at once, so that one reading mends them all.
public struct ConfigurationError: Error, CustomStringConvertible {
    public var problems: [ConfigurationProblem]

    public var description: String { self.problems.map(\.description).joined(separator: "\n") }
}

/// Gathers problems while values are read, so that reading goes on after the first.
final class ConfigurationReader {
    private(set) var problems: [ConfigurationProblem] = []

    /// The document's root as a section; nil (and a problem) when the text is no YAML mapping.
    func root(_ yaml: String) -> Section? {
        let node: Yams.Node?
        do {
            node = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            self.report(yaml: error)
            return nil
        } catch {
            self.report(line: 1, key: "", "cannot be read as YAML: \(error)")
            return nil
        }
        guard let node else { return Section(reader: self, path: "", line: 1, pairs: []) }
        return self.section(node, path: "", line: 1)
    }

    private func report(yaml error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.report(
                line: mark.line, key: "",
                "is no valid YAML here: \(problem); check the indentation (blanks, no tabs) and the colon after the key"
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.report(
                line: context.mark.line, key: duplicates.joined(separator: ", "),
                "stands twice in this section; keep one of them")
        case .reader(let problem, let offset, _, _):
            self.report(line: 1, key: "", "is no text at character \(offset ?? 0): \(problem); save it as UTF-8")
        default:
            self.report(line: 1, key: "", "cannot be read as YAML: \(error)")
        }
    }

    func report(line: Int, key: String, _ text: String) {
        self.problems.append(ConfigurationProblem(line: line, key: key, text: text))
    }

    fileprivate func section(_ node: Yams.Node, path: String, line: Int) -> Section? {
        if case .mapping(let mapping) = node {
            let pairs = mapping.map { key, value in
                Section.Pair(key: key.string ?? "", line: key.mark?.line ?? line, value: value)
            }
            return Section(reader: self, path: path, line: line, pairs: pairs)
        }
        if case .scalar(let scalar) = node, scalar.string.isEmpty || scalar.string == "null" || scalar.string == "~" {
            return Section(reader: self, path: path, line: line, pairs: [])
        }
        self.report(line: node.mark?.line ?? line, key: path, "must be a section of `key: value` lines")
        return nil
    }
}

/// A mapping that is being read. Keys that nobody asked for are problems: a misspelt key must not be ignored.
final class Section {
    struct Pair {
        var key: String
        var line: Int
        var value: Yams.Node
    }

    private let reader: ConfigurationReader
    private let path: String
    let line: Int
    private let pairs: [Pair]
    private var known: [String] = []

    fileprivate init(reader: ConfigurationReader, path: String, line: Int, pairs: [Pair]) {
        self.reader = reader
        self.path = path
        self.line = line
        self.pairs = pairs
    }

    private func pair(_ key: String) -> Pair? {
        self.known.append(key)
        return self.pairs.first { $0.key == key }
    }

    private func path(_ key: String) -> String { self.path.isEmpty ? key : "\(self.path).\(key)" }

    /// Says what is wrong with `key`, at its line, or at the section's where the key is missing.
    func report(_ key: String, _ text: String) {
        self.reader.report(line: self.pairs.first { $0.key == key }?.line ?? self.line, key: self.path(key), text)
    }

    func has(_ key: String) -> Bool { self.pair(key) != nil }

    /// A text; nil when the key is missing.
    func text(_ key: String) -> String? {
        guard let pair = self.pair(key) else { return nil }
        guard case .scalar(let scalar) = pair.value, !scalar.string.isEmpty else {
            self.report(key, "must be a text, for example `\(key): name`")
            return nil
        }
        return scalar.string
    }

    /// A text that has to be there.
    func requiredText(_ key: String, example: String) -> String? {
        if !self.has(key) { self.report(key, "is missing; add `\(key): \(example)`") }
        return self.text(key)
    }

    /// A number within bounds; nil when the key is missing or wrong.
    func number(_ key: String, in bounds: ClosedRange<Double>, unit: String) -> Double? {
        guard let text = self.text(key) else { return nil }
        guard let value = Double(text), bounds.contains(value) else {
            self.report(
                key, "is `\(text)`; write a number of \(unit) from \(bounds.lowerBound) to \(bounds.upperBound)")
            return nil
        }
        return value
    }

    func requiredNumber(_ key: String, in bounds: ClosedRange<Double>, unit: String) -> Double? {
        if !self.has(key) {
            self.report(
                key,
                "is missing; add `\(key):` and a number of \(unit) from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return self.number(key, in: bounds, unit: unit)
    }

    /// A whole number within bounds.
    func integer(_ key: String, in bounds: ClosedRange<Int>) -> Int? {
        guard let text = self.text(key) else { return nil }
        guard let value = Int(text), bounds.contains(value) else {
            self.report(key, "is `\(text)`; write a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
            return nil
        }
        return value
    }

    /// Yes or no.
    func flag(_ key: String) -> Bool? {
        guard let text = self.text(key) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            self.report(key, "is `\(text)`; write true or false")
            return nil
        }
    }

    /// One of a few words.
    func choice(_ key: String, of words: [String]) -> String? {
        guard let text = self.text(key) else { return nil }
        guard words.contains(text) else {
            self.report(key, "is `\(text)`; write one of \(words.joined(separator: ", "))")
            return nil
        }
        return text
    }

    /// Whether the key is there and a plain value, not a section or list.
    func isText(_ key: String) -> Bool { self.pair(key)?.value.scalar != nil }

    /// A section below this one; an empty one is a section without keys.
    func section(_ key: String) -> Section? {
        guard let pair = self.pair(key) else { return nil }
        return self.reader.section(pair.value, path: self.path(key), line: pair.line)
    }

    /// A list of sections.
    func sections(_ key: String) -> [Section] {
        guard let pair = self.pair(key) else { return [] }
        if case .scalar(let scalar) = pair.value, scalar.string.isEmpty { return [] }
        guard case .sequence(let list) = pair.value else {
            self.report(key, "must be a list; begin each of its sections with `- `")
            return []
        }
        return list.enumerated().compactMap { index, node in
            self.reader.section(
                node, path: "\(self.path(key))[\(index)]", line: node.firstLine ?? pair.line)
        }
    }

    /// A list of texts; one text alone is a list of one. Nil when the key is missing or something else.
    func texts(_ key: String) -> [String]? {
        guard let pair = self.pair(key) else { return nil }
        if case .scalar(let scalar) = pair.value, !scalar.string.isEmpty { return [scalar.string] }
        if case .sequence(let list) = pair.value {
            let texts = list.compactMap { $0.scalar?.string }.filter { !$0.isEmpty }
            if texts.count == list.count, !texts.isEmpty { return texts }
        }
        self.report(key, "must be a list of texts, for example `\(key): [first, second]`")
        return nil
    }

    /// All `key: value` pairs as texts, for sections whose keys are data.
    func entries() -> [(key: String, value: String)] {
        self.pairs.compactMap { pair in
            self.known.append(pair.key)
            guard let value = pair.value.scalar?.string, !value.isEmpty else {
                self.report(pair.key, "must be a text")
                return nil
            }
            return (pair.key, value)
        }
    }

    /// The keys, for sections whose keys are data.
    var keys: [String] { self.pairs.map(\.key) }

    /// Takes all keys as known: what belongs here cannot be told until another error is mended.
    func ignoreRest() { self.known += self.pairs.map(\.key) }

    /// Reports every key that was never asked for; call it when all has been read.
    func finish() {
        for pair in self.pairs where !self.known.contains(pair.key) {
            let near = self.known.min { distance($0, pair.key) < distance($1, pair.key) }
            let hint =
                near.map { distance($0, pair.key) <= 2 ? "; did you mean `\($0)`?" : "" } ?? ""
            self.reader.report(
                line: pair.line, key: self.path(pair.key),
                "is no key of this section\(hint.isEmpty ? "; it knows \(self.known.sorted().joined(separator: ", "))" : hint)"
            )
        }
    }
}

extension Yams.Node {
    /// The line of a node; that of a mapping is where its first key stands.
    fileprivate var firstLine: Int? {
        if case .mapping(let mapping) = self { return mapping.first?.key.mark?.line ?? self.mark?.line }
        return self.mark?.line
    }
}

/// How many letters must be added, removed or changed to make `a` from `b` (Levenshtein).
private func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var previous = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, previous + (x == y ? 0 : 1))
            previous = above
        }
    }
    return row[b.count]
}
