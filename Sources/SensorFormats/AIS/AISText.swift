/// Up to twenty six-bit characters of AIS, stored inline as they were sent, the filling included.
///
/// Source: ITU-R M.1371-5, annex 8, table 47.
public struct AISText: Hashable, Sendable, CustomStringConvertible {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    /// How many characters it has, the filling included.
    public let count: Int

    /// `characters` (0...20) times `@`, which fills.
    public init(characters: Int = 0) { self.count = min(20, max(0, characters)) }

    /// Text in capitals, digits and punctuation, filled up with `@`; nil if it is too long or has another character.
    public init?(_ text: some StringProtocol, characters: Int) {
        self.init(characters: characters)
        var i = 0
        for byte in text.utf8 {
            guard i < self.count, let code = Self.code(of: byte) else { return nil }
            self.setCode(code, at: i)
            i += 1
        }
    }

    /// The six bits of character `i`.
    public func code(at i: Int) -> UInt8 {
        guard i >= 0, i < self.count else { return 0 }
        let word = i < 10 ? self.first : self.second
        return UInt8(truncatingIfNeeded: word >> UInt64(54 - 6 * (i % 10))) & 0x3F
    }

    mutating func setCode(_ code: UInt8, at i: Int) {
        guard i >= 0, i < self.count else { return }
        let shift = UInt64(54 - 6 * (i % 10))
        if i < 10 {
            self.first = self.first & ~(0x3F << shift) | UInt64(code & 0x3F) << shift
        } else {
            self.second = self.second & ~(0x3F << shift) | UInt64(code & 0x3F) << shift
        }
    }

    /// The text up to the first `@`, without blanks behind it.
    public var description: String { Self.text(self.count) { self.code(at: $0) } }

    /// The text of six-bit characters in a string of bits, up to the first `@`, without blanks behind it.
    public static func text(of bits: BitString) -> String {
        self.text(bits.count / 6) { UInt8(truncatingIfNeeded: bits.number(at: 6 * $0, bits: 6)) }
    }

    /// Text as a string of six-bit characters; nil if it has one that AIS lacks.
    public static func bits(of text: some StringProtocol) -> BitString? {
        var bits = BitString()
        for byte in text.utf8 {
            guard let code = self.code(of: byte) else { return nil }
            bits.append(UInt64(code), bits: 6)
        }
        return bits
    }

    private static func text(_ count: Int, _ code: (Int) -> UInt8) -> String {
        var bytes: [UInt8] = []
        for i in 0..<count {
            let code = code(i)
            guard code != 0 else { break }
            bytes.append(code < 32 ? code + 64 : code)
        }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func code(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x40...0x5F: byte - 64
        case 0x20...0x3F: byte
        default: nil
        }
    }

    /// The nine digits of a number of the maritime mobile service.
    static func digits(mmsi: UInt32) -> String {
        let digits = String(mmsi)
        return String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }
}
