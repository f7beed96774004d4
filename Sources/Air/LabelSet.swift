/// The labels of all that a value is made from, by their numbers in the table of the node that made it.
///
/// Making one value of several is a union, so nothing that ever went in is forgotten; the label of the value is the join of
/// those in the set. Numbers mean something only beside the table that gave them: they are never sent or stored.
@frozen public struct LabelSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of one label by its number; numbers above 63 are taken for `unlabelled`.
    @inlinable public init(number: Int) {
        self.rawValue = number > 0 && number < 64 ? 1 << UInt64(number) : 1
    }

    /// What has no label. Whatever is made from it, with whatever else, has none either.
    @inlinable public static var unlabelled: Self { Self(rawValue: 1) }

    /// Its numbers, the least first.
    public var numbers: [Int] {
        var numbers: [Int] = []
        var rest = self.rawValue
        while rest != 0 {
            numbers.append(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return numbers
    }
}
