/// What the values of coded fields mean, in the words of the standard.
///
/// Each list of meanings is written once, in `Tables/AllMeanings.swift`, with the fields that have it:
///
///     0 Code validated|1 Code not validated
///         048 050/V 070/V
///     0 Plot|1 Track
///         001 020/TYP@1.3-
///
/// behind `@` the first and the last edition that it holds for, where the editions of a category differ.
///
/// - Complexity: `text` looks a path up; `lists(of:edition:)` does so once for all fields of a layout, after which
///   `label` is a binary search in a few numbers, without allocation.
public struct AsterixMeanings: Sendable {
    /// All lists, read when first asked for.
    static let all = AsterixMeanings(text.description)

    /// The labels, in UTF-8, without quotation marks and backslashes, so that they can stand in JSON as they are.
    private(set) var letters: [UInt8] = []
    private var entries: [Entry] = []
    /// The entries of each list; list 0 is empty.
    private var lists: [Range<Int>] = [0..<0]
    private var places: [String: [Place]] = [:]

    private struct Entry {
        var value: UInt64
        var label: Range<Int>
    }

    private struct Place {
        var first: AsterixEdition
        var last: AsterixEdition
        var list: Int
    }

    /// The fields that have meanings.
    var paths: some Collection<String> { self.places.keys }

    /// What a value of a field means; nil if the standard gives it no meaning.
    ///
    /// - Parameter path: category, item and names, as `AsterixField.path`: `I048/020/TYP`.
    public static func text(edition: AsterixEdition, path: String, value: UInt64) -> String? {
        guard let label = all.label(all.list(of: path, edition), value) else { return nil }
        return String(decoding: all.letters[label], as: UTF8.self)
    }

    /// What each value of a field means; empty if the standard gives none a meaning.
    static func texts(edition: AsterixEdition, field: AsterixField) -> [Int64: String] {
        let list = field.kind == .code ? all.list(of: field.path, edition) : 0
        var texts: [Int64: String] = [:]
        for entry in all.entries[all.lists[list]] {
            texts[Int64(bitPattern: entry.value)] = String(decoding: all.letters[entry.label], as: UTF8.self)
        }
        return texts
    }

    /// The list of each field by its id, 0 if it has none, for `label`.
    func lists(of fields: [AsterixField], edition: AsterixEdition) -> [UInt16] {
        fields.map { $0.kind == .code ? UInt16(self.list(of: $0.path, edition)) : 0 }
    }

    /// Where in `letters` the label of a value is; nil if it has none.
    func label(_ list: Int, _ value: UInt64) -> Range<Int>? {
        var range = self.lists[list]
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            let entry = self.entries[middle]
            if entry.value == value { return entry.label }
            range = entry.value < value ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }

    private func list(of path: String, _ edition: AsterixEdition) -> Int {
        // Edition 0.17 of category 062 has items of the later numbers with other codes; it is not in the set.
        guard edition.category != 62 || edition.major > 0 else { return 0 }
        return self.places[path]?.first { $0.first <= edition && edition <= $0.last }?.list ?? 0
    }

    // MARK: Reading the notation

    init(_ text: String) {
        var labels = ""
        var category: Substring = ""
        for line in text.split(separator: "\n") {
            guard line.hasPrefix("    ") else {
                // The first line of a list follows the places of the one before it.
                labels = category.isEmpty && !labels.isEmpty ? labels + " " + line : String(line)
                category = ""
                continue
            }
            if category.isEmpty { self.add(labels) }
            var words = line.split(separator: " ")
            if !line.hasPrefix("        "), !words.isEmpty { category = words.removeFirst() }
            for word in words { self.place(word, category) }
        }
    }

    private mutating func add(_ labels: String) {
        let first = self.entries.count
        for label in labels.split(separator: "|") {
            let parts = label.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let value = UInt64(parts[0]) else { continue }
            let begin = self.letters.count
            self.letters += Array(parts[1].utf8)
            self.entries.append(Entry(value: value, label: begin..<self.letters.count))
        }
        self.lists.append(first..<self.entries.count)
    }

    private mutating func place(_ word: Substring, _ category: Substring) {
        let parts = word.split(separator: "@")
        let number = UInt8(category) ?? 0
        var first = AsterixEdition(category: number, major: 0, minor: 0)
        var last = AsterixEdition(category: number, major: .max, minor: .max)
        if parts.count == 2 {
            let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
            first = Self.edition(number, ends.first ?? "") ?? first
            last = Self.edition(number, ends.last ?? "") ?? last
        }
        self.places["I\(category)/\(parts[0])", default: []].append(
            Place(first: first, last: last, list: self.lists.count - 1))
    }

    private static func edition(_ category: UInt8, _ text: Substring) -> AsterixEdition? {
        let numbers = text.split(separator: ".").compactMap { UInt8($0) }
        return numbers.count == 2 ? AsterixEdition(category: category, major: numbers[0], minor: numbers[1]) : nil
    }
}
