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
    /// Why a receipt, or a request to a witness, is refused.
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

    /// The place of the entry, from 0.
    public let index: UInt64
    /// The proof of inclusion.
    public let proof: [LedgerHash]
    /// The signed head.
    public let head: SignedNote

    /// A receipt of these parts.
    public init(index: UInt64, proof: [LedgerHash], head: SignedNote) {
        self.index = index
        self.proof = proof
        self.head = head
    }

    /// Reads a receipt. Extra data are refused: nothing signs them.
    public init(parsing octets: [UInt8]) throws(Refusal) {
        let parts = try ProofText(parsing: octets, first: Self.title, number: "index ", hashesMax: 64)
        self.init(index: parts.number, proof: parts.proof, head: parts.note)
    }

    private static let title = "c2sp.org/tlog-proof@v1"

    public var description: String {
        ProofText(number: self.index, proof: self.proof, note: self.head).text(first: Self.title, number: "index ")
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
