/// Proof that a nation signed two things of one log that cannot both be; whoever has its keys can verify it, alone.
///
///     [ "kumiko/equivocation/v1", 0, << note >>, << note >> ]                          one size, two roots
///     [ "kumiko/equivocation/v1", 1, << note >>, << longer note >>, root, [ hash … ] ] two sizes
///     [ "kumiko/equivocation/v1", 2, << leaf >>, << leaf >> ]                          one place, two entries
///
/// Of two sizes it shows, by a consistency proof, which root the longer tree had at the size of the shorter: another one than
/// was signed.
public struct Equivocation: Hashable, Sendable {
    /// What the tree of the longer head was, at the size of the shorter.
    public struct Prefix: Hashable, Sendable {
        /// Its root there.
        public let root: LedgerHash
        /// The consistency proof from there to the longer head.
        public let proof: [LedgerHash]
    }

    /// The two things.
    public enum Evidence: Hashable, Sendable {
        /// Two heads; with a prefix, the second is the longer.
        case heads(SignedNote, SignedNote, prefix: Prefix?)
        /// Two entries.
        case entries(EntryLeaf, EntryLeaf)
    }

    /// Why something is no proof.
    public enum Refusal: Error, Hashable, Sendable {
        /// The octets are none.
        case malformed(CBORError)
        /// A head is not signed by the nation, or none.
        case note(NoteError)
        /// An entry is not signed by a node of the nation, or none.
        case entry(EntryRefusal)
        /// Both are not of the lane, or not of one size or place.
        case notComparable
        /// Both can be.
        case consistent
        /// The prefix is not that of the longer head.
        case prefix(MerkleTree.Refusal)
    }

    /// What proves it.
    public let evidence: Evidence

    /// Puts evidence forward; it proves nothing before `verify`.
    public init(evidence: Evidence) { self.evidence = evidence }

    /// What two heads of a log prove, when they cannot both be.
    ///
    /// - Parameter source: the hashes of the longer one's tree.
    /// - Returns: nil when the longer log begins with the shorter, or a note is no head.
    public static func between<Source: HashSource>(
        _ one: SignedNote, _ other: SignedNote, source: inout Source
    ) throws(Source.Failure) -> Self? {
        guard let first = try? Checkpoint(parsing: one.text), let second = try? Checkpoint(parsing: other.text) else {
            return nil
        }
        if first.size == second.size {
            return first.root == second.root ? nil : Self(evidence: .heads(one, other, prefix: nil))
        }
        let (shorter, longer) = first.size < second.size ? (first, second) : (second, first)
        let notes = first.size < second.size ? (one, other) : (other, one)
        guard shorter.size > 0 else { return nil }
        let root = try source.root(size: shorter.size)
        guard root != shorter.root, let proof = try source.consistencyProof(from: shorter.size, to: longer.size)
        else { return nil }
        return Self(evidence: .heads(notes.0, notes.1, prefix: Prefix(root: root, proof: proof)))
    }

    /// Verifies the proof.
    ///
    /// - Parameters:
    ///   - policy: who must have signed the heads: the log's key.
    ///   - keys: those of the nation's nodes.
    /// - Throws: `Refusal` when it proves nothing.
    public func verify(lane: Lane, policy: SignaturePolicy, keys: KeyRing) throws(Refusal) {
        switch self.evidence {
        case .heads(let one, let other, let prefix):
            let first: Checkpoint, second: Checkpoint
            do throws(NoteError) {
                try policy.verify(one)
                try policy.verify(other)
                first = try Checkpoint(parsing: one.text)
                second = try Checkpoint(parsing: other.text)
            } catch { throw .note(error) }
            guard first.origin.utf8.elementsEqual(lane.origin.utf8), second.origin == first.origin else {
                throw .notComparable
            }
            guard let prefix else {
                guard first.size == second.size else { throw .notComparable }
                guard first.root != second.root else { throw .consistent }
                return
            }
            guard first.size < second.size else { throw .notComparable }
            guard prefix.root != first.root else { throw .consistent }
            do {
                try MerkleTree.verifyConsistency(
                    from: first.size, prefix.root, to: second.size, second.root, proof: prefix.proof)
            } catch { throw .prefix(error) }
        case .entries(let one, let other):
            guard one.statement.sequence == other.statement.sequence else { throw .notComparable }
            do throws(EntryRefusal) {
                try one.verify(in: lane, at: one.statement.sequence, keys: keys)
                try other.verify(in: lane, at: one.statement.sequence, keys: keys)
            } catch { throw .entry(error) }
            // The same statement signed twice is no second one.
            guard one.statement != other.statement else { throw .consistent }
        }
    }

    private static let title = "kumiko/equivocation/v1"

    /// The proof's octets.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        switch self.evidence {
        case .heads(let one, let other, let prefix):
            writer.head(4, prefix == nil ? 4 : 6)
            writer.text(Self.title)
            writer.head(0, prefix == nil ? 0 : 1)
            writer.bytes(one.octets)
            writer.bytes(other.octets)
            if let prefix {
                writer.hash(prefix.root)
                writer.head(4, UInt64(prefix.proof.count))
                for hash in prefix.proof { writer.hash(hash) }
            }
        case .entries(let one, let other):
            writer.head(4, 4)
            writer.text(Self.title)
            writer.head(0, 2)
            writer.bytes(one.octets)
            writer.bytes(other.octets)
        }
        return writer.octets
    }

    /// Reads a proof. It proves nothing before `verify`.
    public init(parsing octets: [UInt8]) throws(Refusal) {
        let form: UInt64, one: [UInt8], other: [UInt8]
        var prefix: Prefix?
        do throws(CBORError) {
            var reader = try CBORReader(octets, octetsMax: 2 * SignedNote.octetsMax + 4096)
            let count = try reader.array()
            guard try reader.text().utf8.elementsEqual(Self.title.utf8) else {
                throw CBORError(reason: .unexpected, offset: 1)
            }
            form = try reader.unsigned()
            guard form < 3, count == (form == 1 ? 6 : 4) else { throw CBORError(reason: .unexpected, offset: 0) }
            one = try reader.bytes()
            other = try reader.bytes()
            if form == 1 {
                let root = try reader.hash()
                let start = reader.offset
                let hashes = try reader.array()
                guard hashes <= 65 else { throw CBORError(reason: .tooLong, offset: start) }
                var proof: [LedgerHash] = []
                for _ in 0..<hashes { proof.append(try reader.hash()) }
                prefix = Prefix(root: root, proof: proof)
            }
            try reader.end()
        } catch { throw .malformed(error) }
        if form == 2 {
            do throws(EntryRefusal) {
                self.evidence = .entries(try EntryLeaf(parsing: one), try EntryLeaf(parsing: other))
            } catch { throw .entry(error) }
        } else {
            do throws(NoteError) {
                self.evidence = .heads(
                    try SignedNote(parsing: one), try SignedNote(parsing: other), prefix: prefix)
            } catch { throw .note(error) }
        }
    }
}
