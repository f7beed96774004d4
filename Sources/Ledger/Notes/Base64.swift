import FoundationEssentials

/// Base 64 of RFC 4648 §4 in its one canonical form.
enum Base64 {
    static func encode(_ octets: [UInt8]) -> String { Data(octets).base64EncodedString() }

    /// The octets; nil for any other alphabet, white space, missing padding, or bits left over that are not zero.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = String(text)
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        return [UInt8](data)
    }

    static func hash(_ text: some StringProtocol) -> LedgerHash? {
        guard text.utf8.count == 44 else { return nil }
        return self.decode(text).flatMap { LedgerHash($0) }
    }
}

extension UInt64 {
    /// A number as ASCII digits without sign or leading zeroes; nil for anything else.
    init?(strict digits: some StringProtocol) {
        guard let value = UInt64(digits), String(value) == digits else { return nil }
        self = value
    }
}
