/// An object identifier in its dotted form: `1.3.26.1.3.1`.
///
/// Source: ITU-T X.660 (07/2011), 7.6; the first arc is 0 to 2, the second below 40 under 0 and 1.
public struct OID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Arcs at most, and the digits of one: enough for a UUID arc (2.25) of 39 digits.
    public static let arcsMax = 64
    public static let digitsMax = 40

    /// The dotted form, without leading zeros, so that equal identifiers are equal texts.
    public let description: String

    /// An identifier by its dotted form; nil when it is none.
    public init?(_ text: some StringProtocol) {
        let arcs = text.split(separator: ".", omittingEmptySubsequences: false)
        guard arcs.count >= 2, arcs.count <= Self.arcsMax else { return nil }
        for arc in arcs {
            guard !arc.isEmpty, arc.utf8.count <= Self.digitsMax, arc.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                arc.utf8.count == 1 || arc.utf8.first != 0x30
            else { return nil }
        }
        guard let first = UInt8(arcs[0]), first <= 2 else { return nil }
        if first < 2 { guard let second = UInt8(arcs[1]), second < 40 else { return nil } }
        self.description = String(text)
    }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.description < rhs.description }
}
