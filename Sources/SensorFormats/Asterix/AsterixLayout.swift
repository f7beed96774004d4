/// A table made ready for the engine: one flat array of instructions. Made once, shared by all.
///
/// A node describes an item or a part of one and begins with three words:
///
///     kind (8 bits) | flags (8 bits) | length in octets if fixed (16 bits)
///     key: offset (20 bits) and length (12 bits) of its JSON key in `keys`
///     ids: the first id of its fields (16 bits) and the id behind the last (16 bits)
///
/// The first ids of a node are those of its marks of structure: `more` of an extended item, `count` of a repetition (and
/// `element`, where the elements are of no fixed length), `specification` of a compound, `octets` of an explicit item.
/// The fields follow, those of its parts in their order.
///
/// after which come, by kind:
///
///     fixed        fields, .end
///     extended     parts n, n × (octets | hasFX << 16, offset of its fields), fields of each part, .end each
///     repetitive   octets of the count, a node
///     repetitiveFX octets of one element with its FX bit, fields, .end
///     compound     octets of its field specification (0: by FX), slots n, n × offset of a node (0: none)
///     explicit     offset of a node that its content may be read by (0: none)
///
/// A field is one word, op (8 bits) | bits (16 bits) << 8, then its operands (see `FieldOp`).
package final class AsterixLayout: Sendable {
    package enum Kind {
        package static let fixed: UInt32 = 0
        package static let extended: UInt32 = 1
        package static let repetitive: UInt32 = 2
        package static let repetitiveFX: UInt32 = 3
        package static let compound: UInt32 = 4
        package static let explicit: UInt32 = 5
        package static let randomSequence: UInt32 = 6
        /// In the flags: the node's value is an object of named fields, not one value.
        package static let isObject: UInt32 = 1 << 8
        /// In the flags: every part of the extended item is one octet.
        package static let isOctets: UInt32 = 1 << 9
    }

    /// Where the words of a node are, from its offset.
    package enum Node {
        package static let key = 1
        package static let ids = 2
        package static let operands = 3
    }

    /// The ids that are not of an item.
    package enum FieldID {
        package static let record = 0
        package static let sequence = 1
        package static let sequenceSlot = 2
    }

    /// What a slot of a user application profile needs for a quick walk, in its second word.
    enum Slot {
        static let none: UInt32 = 0
        static let fixed: UInt32 = 1
        static let octets: UInt32 = 2
        static let general: UInt32 = 3
        /// No field of this slot is asked for by the plot view.
        static let notHot: UInt32 = 0xFF
    }

    /// How many items of a category the plot view can ask for.
    static let hotMax = 24
    /// Where the asked-for items of a record begin; 0 is absent.
    typealias Offsets = InlineArray<24, Int32>

    package let edition: AsterixEdition
    /// The instructions.
    package let words: [UInt32]
    /// Prepared pieces of JSON text.
    let keys: [UInt8]
    /// The fields by their ids.
    package let fields: [AsterixField]
    /// The ids of the fields of a path: more than one if it has alternatives.
    let fieldIDs: [String: Range<Int>]
    /// Names of items by slot of the first profile, for reports of problems.
    package let slotNames: [[String]]
    /// Where the profiles begin in `words`: slots n, n × (node, octets << 16 | kind << 8 | hot).
    package let profiles: [Int]
    /// How a record says which profile it follows.
    let selector: Selector?
    /// Its code in `AsterixGenerated`; 0 if it has none.
    let generated: UInt8

    struct Selector: Sendable {
        /// The slot of the item that says it; all profiles have the same items up to there.
        var slot: Int
        /// Its bits from the beginning of the item.
        var bit: Int
        var bits: Int
        /// Profile by value; values beyond follow the first.
        var profiles: [Int]
    }

    init(
        edition: AsterixEdition, words: [UInt32], keys: [UInt8], fields: [AsterixField], slotNames: [[String]],
        profiles: [Int], selector: Selector?
    ) {
        self.edition = edition
        self.words = words
        self.keys = keys
        self.fields = fields
        var fieldIDs: [String: Range<Int>] = [:]
        for (id, field) in fields.enumerated() where !field.kind.isStructure {
            fieldIDs[field.path] = (fieldIDs[field.path]?.lowerBound ?? id)..<id + 1
        }
        self.fieldIDs = fieldIDs
        self.slotNames = slotNames
        self.profiles = profiles
        self.selector = selector
        self.generated = AsterixGenerated.number(of: edition)
    }
}

/// How a field is read and written, and its operands after the first word.
package enum FieldOp {
    package static let end: UInt32 = 0
    /// id
    package static let spare: UInt32 = 1
    /// id, key
    package static let unsigned: UInt32 = 2
    /// id, key
    package static let signed: UInt32 = 3
    /// id, key
    package static let hex: UInt32 = 4
    /// id, key
    package static let octal: UInt32 = 5
    /// id, key
    package static let ascii: UInt32 = 6
    /// id, key
    package static let sixBit: UInt32 = 7
    /// id, key
    package static let register: UInt32 = 8
    /// id, key, unit, then a scale of three words
    package static let quantity: UInt32 = 9
    package static let signedQuantity: UInt32 = 10
    /// key
    package static let open: UInt32 = 11
    package static let close: UInt32 = 12
    /// id, key, bits back to the selecting field, its bits, alternatives n, n × (value, op, key, unit, scale of three
    /// words); the alternatives have the ids behind its own, which is for a value that none of them has
    package static let choice: UInt32 = 13

    /// How many words an instruction has.
    @inline(__always) package static func length(of op: UInt32, _ words: Span<UInt32>, _ word: Int) -> Int {
        switch op {
        case self.end, self.close: 1
        case self.spare, self.open: 2
        case self.quantity, self.signedQuantity: 7
        case self.choice: 6 &+ 7 &* Int(words[word &+ 5])
        default: 3
        }
    }
}

/// A decimal scale: value = raw × factor / 2^shift / 10^digits.
///
/// An LSB a/b with b = 2^m 5^n has at most max(m, n) decimals. Up to 14 of them are written, so that all but the finest
/// angles come out exactly, and those rounded at 10⁻¹⁴ degrees, a nanometre.
struct DecimalScale: Hashable {
    var factor: Int64
    var shift: UInt8
    var digits: UInt8

    static let digitsMax = 14

    /// Nil if the denominator has prime factors other than 2 and 5, or the numbers are too large.
    init?(numerator: Int64, denominator: Int64, bits: Int) {
        guard numerator > 0, denominator > 0 else { return nil }
        var rest = denominator
        var twos = 0
        var fives = 0
        while rest % 2 == 0 {
            rest /= 2
            twos += 1
        }
        while rest % 5 == 0 {
            rest /= 5
            fives += 1
        }
        guard rest == 1 else { return nil }
        var numerator = numerator
        while numerator % 2 == 0, twos > 0 {
            numerator /= 2
            twos -= 1
        }
        // The value must fit: bits of raw, factor and digits together.
        var digits = min(Self.digitsMax, max(twos, fives))
        while true {
            var factor = numerator
            var overflow = false
            for _ in 0..<digits {
                (factor, overflow) = overflow ? (0, true) : factor.multipliedReportingOverflow(by: 5)
            }
            var remainingFives = fives
            while !overflow, remainingFives > 0, factor % 5 == 0 {
                factor /= 5
                remainingFives -= 1
            }
            let shift = twos - digits
            if !overflow, remainingFives == 0, shift >= 0 || factor.leadingZeroBitCount > -shift + 1 {
                if shift < 0 { factor <<= Int64(-shift) }
                let width = 64 - factor.leadingZeroBitCount + bits - max(0, shift)
                if width <= 62 {
                    self.factor = factor
                    self.shift = UInt8(max(0, shift))
                    self.digits = UInt8(digits)
                    return
                }
            }
            guard digits > 0 else { return nil }
            digits -= 1
        }
    }

    /// Rounded to the nearest multiple of 10^-digits, as a count of them.
    @inline(__always) static func mantissa(of raw: Int64, factor: Int64, shift: Int) -> Int64 {
        if shift == 0 { return raw &* factor }
        let (high, low) = raw.multipliedFullWidth(by: factor)
        let half = UInt64(1) << UInt64(shift - 1)
        let (sum, carry) = low.addingReportingOverflow(half)
        let top = high &+ (carry ? 1 : 0)
        return Int64(bitPattern: UInt64(bitPattern: top) << UInt64(64 - shift) | sum >> UInt64(shift))
    }
}
