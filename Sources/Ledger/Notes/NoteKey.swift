import Crypto
import FoundationEssentials

/// A public key that signs notes, under a name.
///
/// The *vkey* of C2SP is its text: `name+keyid+base64(type ‖ key)`.
///
/// Source: C2SP signed-note, "Signatures", "Verifier keys"; tlog-cosignature, "Format".
public struct NoteKey: Hashable, Sendable, CustomStringConvertible {
    /// What the signature is made over.
    public enum Algorithm: UInt8, Hashable, Sendable {
        /// Ed25519 over the text of the note.
        case ed25519 = 0x01
        /// Ed25519 over `cosignature/v1`, a time, and the text of the checkpoint.
        case cosignature = 0x04
    }

    /// The name: no space, no plus sign.
    public let name: String
    /// What it signs, and so its type.
    public let algorithm: Algorithm
    /// The 32 octets of RFC 8032.
    public let octets: [UInt8]
    /// The first four octets of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    public let id: UInt32

    /// A key by its parts; nil when the name cannot be one, or `octets` are not 32 or of small order.
    public init?(name: String, algorithm: Algorithm, octets: [UInt8]) {
        guard Self.isName(name), octets.count == 32, !Self.isOfSmallOrder(octets) else { return nil }
        self.init(trusted: name, algorithm, octets)
    }

    init(trusted name: String, _ algorithm: Algorithm, _ octets: [UInt8]) {
        self.name = name
        self.algorithm = algorithm
        self.octets = octets
        let text = Array(name.utf8) + [0x0A, algorithm.rawValue] + octets
        self.id = LedgerHash(hashing: text.span).octets.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads a vkey; nil when it is none, is of another algorithm, or its key id is not that of its key.
    public init?(vkey: some StringProtocol) {
        let parts = vkey.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let material = Base64.decode(parts[2]), material.count == 33,
            let algorithm = Algorithm(rawValue: material[0]),
            let key = Self(name: String(parts[0]), algorithm: algorithm, octets: Array(material[1...])),
            parts[1] == key.idText
        else { return nil }
        self = key
    }

    /// The key as a vkey.
    public var description: String {
        "\(self.name)+\(self.idText)+" + Base64.encode([self.algorithm.rawValue] + self.octets)
    }

    private var idText: String { hexadecimal((0..<4).map { UInt8(truncatingIfNeeded: self.id >> (24 - 8 * $0)) }) }

    /// Whether a key is one of the eight points of small order, in any encoding. Under such a key one signature holds for
    /// any text, so that its owner could deny all.
    private static func isOfSmallOrder(_ octets: [UInt8]) -> Bool {
        // y, little-endian, without the sign of x: 0, 1, the two of order eight, and −1; and 0 and 1 as p and p + 1.
        var y = octets
        y[31] &= 0x7F
        let middle = y[1..<31]
        if middle.allSatisfy({ $0 == 0 }), y[31] == 0 { return y[0] <= 1 }
        if middle.allSatisfy({ $0 == 0xFF }), y[31] == 0x7F { return 0xEC...0xEE ~= y[0] }
        return y == Self.orderEight.0 || y == Self.orderEight.1
    }

    private static let orderEight: ([UInt8], [UInt8]) = (
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF,
            0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20,
            0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ]
    )

    /// Whether a name may stand in a signature line.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "+" && !$0.properties.isWhitespace }
    }

    /// What is signed, of a note's text.
    func message(text: String, timestamp: UInt64) -> [UInt8] {
        switch self.algorithm {
        case .ed25519: Array(text.utf8)
        case .cosignature: Array("cosignature/v1\ntime \(timestamp)\n\(text)".utf8)
        }
    }

    /// Whether `signature` was made by this key over `message`.
    func isValid(_ signature: some DataProtocol, over message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: self.octets) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

/// A private key that signs notes, under a name.
///
/// Signing takes no chance: by RFC 8032 the same text gives the same signature.
public struct NoteSigner: Sendable {
    /// The public half.
    public let key: NoteKey
    private let secret: Curve25519.Signing.PrivateKey

    /// A signer by the 32 octets of its private key; nil when the name cannot be one, or they are not 32.
    public init?(name: String, algorithm: NoteKey.Algorithm, secret: [UInt8]) {
        guard let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret),
            let key = NoteKey(name: name, algorithm: algorithm, octets: [UInt8](secret.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        self.secret = secret
    }

    /// Signs a note's text.
    ///
    /// - Parameter timestamp: of a cosignature, seconds since 1970; 0 in the other algorithm.
    /// - Throws: `NoteError.notSigned` when the cryptographic library fails.
    func sign(_ text: String, timestamp: UInt64) throws(NoteError) -> NoteSignature {
        let message = self.key.message(text: text, timestamp: timestamp)
        guard let signature = try? self.secret.signature(for: message) else { throw .notSigned }
        var octets: [UInt8] = []
        if self.key.algorithm == .cosignature {
            octets.append(bigEndian: timestamp)
        }
        octets += signature
        return NoteSignature(trusted: self.key.name, self.key.id, octets)
    }
}
