/// A file that proves, offline and for good, that an entry is in a log: place, proof, and signed head.
///
///     c2sp.org/tlog-proof@v1 ⏎
///     index N ⏎
///     base64(hash) ⏎        of each hash of the proof
///     ⏎
///     signed checkpoint
///
/// Source: C2SP tlog-proof.
public struct InclusionReceipt: Hashable, Sendable, CustomStringConvertible {
    /// Why a receipt is refused.
    public enum Refusal: Error, Hashable, Sendable {
        /// The line, counted from 1, is not what stands there.
        case badLine(Int)
        /// The head is not signed as it must be, or is none.
        case note(NoteError)
        /// The head is that of another log.
        case otherLog(String)
        /// The entry is not there.
        case proof(MerkleTree.Refusal)
    }

    public let index: UInt64
    public let proof: [LedgerHash]
    public let head: SignedNote

    public init(index: UInt64, proof: [LedgerHash], head: SignedNote) {
        self.index = index
        self.proof = proof
        self.head = head
    }

    /// Reads a receipt. Extra data are refused: nothing signs them.
    public init(parsing octets: [UInt8]) throws(Refusal) {
        guard octets.count <= SignedNote.octetsMax else { throw .note(.tooLong(octets: octets.count)) }
        guard let text = String(validating: octets, as: UTF8.self) else { throw .note(.notText) }
        let lines = text.utf8.split(separator: 0x0A, maxSplits: 68, omittingEmptySubsequences: false)
        guard lines.count > 3, String(Substring(lines[0])) == "c2sp.org/tlog-proof@v1" else { throw .badLine(1) }
        let second = String(Substring(lines[1]))
        guard second.hasPrefix("index "), let index = UInt64(strict: second.dropFirst(6)) else { throw .badLine(2) }
        var proof: [LedgerHash] = []
        var line = 2
        while line < lines.count, !lines[line].isEmpty {
            guard proof.count < 64, let hash = Base64.hash(String(Substring(lines[line]))) else {
                throw .badLine(line + 1)
            }
            proof.append(hash)
            line += 1
        }
        guard line < lines.count - 1 else { throw .badLine(line + 1) }
        let begin = lines[line + 1].startIndex
        do {
            self.init(index: index, proof: proof, head: try SignedNote(parsing: Array(text.utf8[begin...])))
        } catch { throw .note(error) }
    }

    public var description: String {
        "c2sp.org/tlog-proof@v1\nindex \(self.index)\n"
            + self.proof.map { Base64.encode($0.octets) + "\n" }.joined() + "\n\(self.head)"
    }

    /// Verifies that `entry` is in the log `origin`, whose head `policy` believes.
    public func verify(entry: Span<UInt8>, origin: String, policy: SignaturePolicy) throws(Refusal) {
        let head: Checkpoint
        do {
            try policy.verify(self.head)
            head = try Checkpoint(parsing: self.head.text)
        } catch { throw .note(error) }
        guard head.origin.utf8.elementsEqual(origin.utf8) else { throw .otherLog(head.origin) }
        do {
            try MerkleTree.verifyInclusion(
                of: MerkleTree.leafHash(entry), at: self.index, size: head.size, root: head.root, proof: self.proof)
        } catch { throw .proof(error) }
    }
}
