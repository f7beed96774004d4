/// The head of a log: how many entries it has, and their root.
///
///     origin ⏎
///     size ⏎
///     base64(root) ⏎
///
/// Source: C2SP tlog-checkpoint. Lines of extension are refused: none of ours has any, and nobody could audit them.
public struct Checkpoint: Hashable, Sendable {
    /// Which log.
    public let origin: String
    /// Leaves.
    public let size: UInt64
    /// The root over them.
    public let root: LedgerHash

    /// A head of these parts.
    public init(origin: String, size: UInt64, root: LedgerHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the text of a note.
    public init(parsing text: String) throws(NoteError) {
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
        guard let origin = lines.first, !origin.isEmpty else { throw .badCheckpointLine(1) }
        guard lines.count > 1, let size = UInt64(strict: lines[1]) else { throw .badCheckpointLine(2) }
        guard lines.count > 2, let root = Base64.hash(lines[2]) else { throw .badCheckpointLine(3) }
        guard lines.count == 4, lines[3].isEmpty else { throw .badCheckpointLine(4) }
        guard size > 0 || root == MerkleTree.emptyRoot else { throw .badCheckpointLine(3) }
        self.init(origin: origin, size: size, root: root)
    }

    /// The text that is signed.
    public var text: String { "\(self.origin)\n\(self.size)\n\(Base64.encode(self.root.octets))\n" }
}
