/// A nation by the two letters of ISO 3166-1, lower case: `jp`.
///
/// Two octets, so that sets of nations and labels are cheap to compare.
@frozen public struct Nation: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The letters, the first one in the high octet.
    public let rawValue: UInt16

    /// A nation by two octets that are known to be letters.
    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// A nation by its code.
    ///
    /// - Parameter code: two letters a to z; capitals are taken for small ones. Nil for anything else.
    public init?(_ code: some StringProtocol) {
        var value: UInt16 = 0
        var count = 0
        for octet in code.utf8 {
            count += 1
            guard count <= 2, case UInt8(ascii: "a")...UInt8(ascii: "z") = octet | 0x20 else { return nil }
            value = value << 8 | UInt16(octet | 0x20)
        }
        guard count == 2 else { return nil }
        self.rawValue = value
    }

    public var description: String {
        String(decoding: [UInt8(self.rawValue >> 8), UInt8(truncatingIfNeeded: self.rawValue)], as: UTF8.self)
    }

    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
