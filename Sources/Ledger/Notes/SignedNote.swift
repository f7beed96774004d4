import FoundationEssentials

/// Why a note is refused.
public enum NoteError: Error, Hashable, Sendable {
    /// More octets than a note may have.
    case tooLong(octets: Int)
    /// Not UTF-8, or a control character other than the end of a line.
    case notText
    /// No empty line parts text from signatures, or one of them is missing.
    case noSignatures
    /// More signatures than a note may have.
    case tooManySignatures
    /// The line, counted from 1, is no signature line.
    case badSignatureLine(Int)
    /// A key that is known has not made the signature under its name.
    case wrongSignature(name: String)
    /// A signature that the policy asks for is not there.
    case missingSignature(name: String)
    /// Fewer cosigners than the policy asks for.
    case tooFewCosigners(needed: Int, found: Int)
    /// The cryptographic library did not sign.
    case notSigned
    /// The text is no checkpoint: the line, counted from 1.
    case badCheckpointLine(Int)
}

/// One signature line of a note.
public struct NoteSignature: Hashable, Sendable {
    /// The name of the key.
    public let name: String
    /// The id of the key.
    public let keyID: UInt32
    /// What follows the id: the signature, of a cosignature after its time.
    public let octets: [UInt8]

    init(trusted name: String, _ keyID: UInt32, _ octets: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.octets = octets
    }

    /// Reads a line without its end: `— name base64(id ‖ signature)`; nil when it is none.
    public init?(line: some StringProtocol) {
        guard line.hasPrefix("— ") else { return nil }
        let parts = line.dropFirst(2).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, NoteKey.isName(String(parts[0])), let octets = Base64.decode(parts[1]),
            octets.count > 4
        else { return nil }
        let id = octets.prefix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        self.init(trusted: String(parts[0]), id, Array(octets[4...]))
    }

    /// The line, with its end.
    public var line: String {
        let id = (0..<4).map { UInt8(truncatingIfNeeded: self.keyID >> (24 - 8 * $0)) }
        return "— \(self.name) \(Base64.encode(id + self.octets))\n"
    }
}

/// Text with signatures.
///
///     text, the last line ended ⏎
///     ⏎
///     — name base64(key id ‖ signature) ⏎
///     …
///
/// Source: C2SP signed-note.
public struct SignedNote: Hashable, Sendable, CustomStringConvertible {
    /// The text, with the end of its last line: what is signed.
    public let text: String
    /// The signatures, in their order.
    public private(set) var signatures: [NoteSignature]

    /// Octets that a note has at most.
    public static var octetsMax: Int { 1_000_000 }
    /// Signatures that a note has at most; the specification asks for 16 at least.
    public static var signaturesMax: Int { 100 }

    /// Reads a note. What it says is not to be believed before `verify`.
    public init(parsing octets: [UInt8]) throws(NoteError) {
        guard octets.count <= Self.octetsMax else { throw .tooLong(octets: octets.count) }
        guard octets.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }), let all = String(validating: octets, as: UTF8.self)
        else { throw .notText }
        // The last empty line parts the text from the signatures.
        guard octets.last == 0x0A,
            let cut = (1..<octets.count).last(where: { octets[$0] == 0x0A && octets[$0 - 1] == 0x0A })
        else { throw .noSignatures }
        let text = String(decoding: octets[..<cut], as: UTF8.self)
        let before = text.utf8.count { $0 == 0x0A } + 1
        let lines = all.utf8.suffix(octets.count - cut - 1).split(separator: 0x0A, omittingEmptySubsequences: false)
            .dropLast()
        guard !lines.isEmpty else { throw .noSignatures }
        guard lines.count <= Self.signaturesMax else { throw .tooManySignatures }
        var signatures: [NoteSignature] = []
        for (number, line) in lines.enumerated() {
            guard let signature = NoteSignature(line: String(Substring(line))) else {
                throw .badSignatureLine(before + number + 1)
            }
            signatures.append(signature)
        }
        self.text = text
        self.signatures = signatures
    }

    /// Signs `text`, which must end its last line.
    ///
    /// - Throws: `NoteError.notText` when it does not, or holds control characters.
    public init(_ text: String, signedBy signer: NoteSigner, at timestamp: UInt64 = 0) throws(NoteError) {
        guard text.utf8.last == 0x0A, text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else { throw .notText }
        self.text = text
        self.signatures = [try signer.sign(text, timestamp: timestamp)]
    }

    /// The note with one more signature, or with a newer one of the same key.
    public func with(_ signature: NoteSignature) -> Self {
        var note = self
        note.signatures.removeAll { $0.name == signature.name && $0.keyID == signature.keyID }
        note.signatures.append(signature)
        return note
    }

    /// The note as it is sent.
    public var description: String { self.text + "\n" + self.signatures.map(\.line).joined() }

    /// The note's octets.
    public var octets: [UInt8] { Array(self.description.utf8) }

    /// A signature that holds.
    public struct Verified: Hashable, Sendable {
        /// Whose.
        public let key: NoteKey
        /// Of a cosignature, seconds since 1970.
        public let timestamp: UInt64?
    }

    /// The signatures of known keys; those of others do not count.
    ///
    /// - Throws: `NoteError.wrongSignature` when one under a known name and id does not hold: such a note is forged.
    public func verified(by keys: some Sequence<NoteKey>) throws(NoteError) -> [Verified] {
        var found: [Verified] = []
        for key in keys {
            for signature in self.signatures where signature.keyID == key.id && signature.name == key.name {
                guard !found.contains(where: { $0.key == key }) else { continue }
                var timestamp: UInt64?
                var octets = signature.octets[...]
                if key.algorithm == .cosignature {
                    guard octets.count == 72 else { throw .wrongSignature(name: key.name) }
                    let time = octets.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
                    guard time <= UInt64(Int64.max) else { throw .wrongSignature(name: key.name) }
                    timestamp = time
                    octets = octets.dropFirst(8)
                }
                guard octets.count == 64,
                    key.isValid(Array(octets), over: key.message(text: self.text, timestamp: timestamp ?? 0))
                else { throw .wrongSignature(name: key.name) }
                found.append(Verified(key: key, timestamp: timestamp))
            }
        }
        return found
    }
}

/// Which signatures a head must have before it is believed.
public struct SignaturePolicy: Hashable, Sendable {
    /// Keys each of which must have signed: the log's own.
    public var required: [NoteKey]
    /// Keys of those who may cosign.
    public var cosigners: [NoteKey]
    /// How many of them must have.
    public var cosignersNeeded: Int
    /// A cosignature whose time is later than this does not count; seconds since 1970.
    public var notAfter: UInt64

    /// A policy of these parts; one that asks for nothing refuses everything.
    public init(
        required: [NoteKey], cosigners: [NoteKey] = [], cosignersNeeded: Int = 0, notAfter: UInt64 = .max
    ) {
        self.required = required
        self.cosigners = cosigners
        self.cosignersNeeded = cosignersNeeded
        self.notAfter = notAfter
    }

    /// Holds a note against the policy.
    ///
    /// A policy that asks for nothing refuses everything.
    ///
    /// - Throws: `NoteError`, with what is missing or forged.
    @discardableResult
    public func verify(_ note: SignedNote) throws(NoteError) -> [SignedNote.Verified] {
        let found = try note.verified(by: self.required + self.cosigners)
        for key in self.required where !found.contains(where: { $0.key == key }) {
            throw .missingSignature(name: key.name)
        }
        let names = Set(
            found.filter { self.cosigners.contains($0.key) && ($0.timestamp ?? 0) <= self.notAfter }.map(\.key.name))
        guard names.count >= self.cosignersNeeded else {
            throw .tooFewCosigners(needed: self.cosignersNeeded, found: names.count)
        }
        guard !self.required.isEmpty || self.cosignersNeeded > 0 else { throw .noSignatures }
        return found
    }
}
