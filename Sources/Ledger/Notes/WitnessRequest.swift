/// What a log sends to a witness: the size it last cosigned, the proof from there, and the new head.
///
///     old N ⏎
///     base64(hash) ⏎        of each hash of the proof
///     ⏎
///     signed checkpoint
///
/// Source: C2SP tlog-witness, "add-checkpoint".
public struct WitnessRequest: Hashable, Sendable, CustomStringConvertible {
    /// Where the proof begins.
    public let oldSize: UInt64
    /// The proof of consistency.
    public let proof: [LedgerHash]
    /// The new head.
    public let head: SignedNote

    /// A request of these parts.
    public init(oldSize: UInt64, proof: [LedgerHash], head: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.head = head
    }

    /// Reads a request.
    ///
    /// - Throws: `InclusionReceipt.Refusal`, `badLine` or `note`.
    public init(parsing octets: [UInt8]) throws(InclusionReceipt.Refusal) {
        let parts = try ProofText(parsing: octets, first: nil, number: "old ", hashesMax: 63)
        self.init(oldSize: parts.number, proof: parts.proof, head: parts.note)
    }

    public var description: String {
        ProofText(number: self.oldSize, proof: self.proof, note: self.head).text(first: nil, number: "old ")
    }
}

/// The form that a receipt and a request to a witness have in common.
struct ProofText {
    let number: UInt64
    let proof: [LedgerHash]
    let note: SignedNote

    init(number: UInt64, proof: [LedgerHash], note: SignedNote) {
        self.number = number
        self.proof = proof
        self.note = note
    }

    init(
        parsing octets: [UInt8], first: String?, number name: String, hashesMax: Int
    ) throws(InclusionReceipt.Refusal) {
        guard octets.count <= SignedNote.octetsMax else { throw .note(.tooLong(octets: octets.count)) }
        guard let text = String(validating: octets, as: UTF8.self) else { throw .note(.notText) }
        let lines = text.utf8.split(separator: 0x0A, maxSplits: hashesMax + 4, omittingEmptySubsequences: false)
        var line = 0
        if let first {
            guard lines[0].elementsEqual(first.utf8) else { throw .badLine(1) }
            line = 1
        }
        guard line < lines.count else { throw .badLine(line + 1) }
        let numbered = String(Substring(lines[line]))
        guard numbered.hasPrefix(name), let number = UInt64(strict: numbered.dropFirst(name.count)) else {
            throw .badLine(line + 1)
        }
        line += 1
        var proof: [LedgerHash] = []
        while line < lines.count, !lines[line].isEmpty {
            guard proof.count < hashesMax, let hash = Base64.hash(String(Substring(lines[line]))) else {
                throw .badLine(line + 1)
            }
            proof.append(hash)
            line += 1
        }
        guard line < lines.count - 1 else { throw .badLine(line + 1) }
        do {
            self.note = try SignedNote(parsing: Array(text.utf8[lines[line + 1].startIndex...]))
        } catch { throw .note(error) }
        self.number = number
        self.proof = proof
    }

    func text(first: String?, number name: String) -> String {
        (first.map { $0 + "\n" } ?? "") + "\(name)\(self.number)\n"
            + self.proof.map { Base64.encode($0.octets) + "\n" }.joined() + "\n\(self.note)"
    }
}
