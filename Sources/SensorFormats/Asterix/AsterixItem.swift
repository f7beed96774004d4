/// An item of a category: `I048/240`.
public struct AsterixItem: Hashable, Sendable, CustomStringConvertible {
    public let category: UInt8
    /// Its number in the standard, or `RE`, `SP`.
    public let name: String

    public init(category: UInt8, name: String) {
        self.category = category
        self.name = name
    }

    /// Reads `I048/240` or `048/240`; nil for anything else.
    public init?(_ text: String) {
        let parts = (text.hasPrefix("I") ? text.dropFirst() : text[...]).split(
            separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let category = UInt8(parts[0]), category > 0, !parts[1].isEmpty else { return nil }
        self.init(category: category, name: String(parts[1]))
    }

    /// Whether an edition of the category has it.
    public var isKnown: Bool {
        AsterixLayouts.all.contains { edition, layout in
            edition.category == self.category && layout.slotNames.contains { $0.contains(self.name) }
        }
    }

    public var description: String {
        let digits = "\(self.category)"
        return "I\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits)/\(self.name)"
    }
}
