/// The log of a lane, in the hands of the nation that writes it.
///
/// It holds the right edge alone, whatever the size; what it hands out to be kept is a tlog-tiles log. The order of work is:
/// append, `takeFiles`, make them durable, `head(signedBy:)`, make it durable, send.
public struct LaneLog: Sendable {
    /// Which log.
    public let lane: Lane
    private var tree = TileWriter()
    /// The bundle of entries that grows, and those that are full and not handed out.
    private var bundle: [UInt8] = []
    private var full: [(tile: Tile, octets: [UInt8])] = []
    private var takenSize: UInt64 = 0

    /// What is kept under a path of tlog-tiles.
    public struct File: Hashable, Sendable {
        /// Of tlog-tiles, below the log's prefix.
        public let path: String
        /// Its content; what is written under a path never changes.
        public let octets: [UInt8]
    }

    /// Why a log cannot go on.
    public enum ResumeError: Error {
        /// A tile is missing or broken.
        case tiles(any Error)
        /// The tiles are not those of the head that was signed: to sign another would be to say two things.
        case otherRoot(signed: LedgerHash, found: LedgerHash)
        /// The head is that of another lane.
        case otherLane(String)
        /// The bundle of the last entries is not the one whose hashes the tiles hold.
        case wrongBundle
    }

    /// A log without entries.
    public init(lane: Lane) { self.lane = lane }

    /// A log that goes on after its last head.
    ///
    /// - Parameters:
    ///   - head: what was signed last.
    ///   - tiles: those that were kept.
    ///   - lastBundle: the entries of the tile of level 0 that is not full, or nothing.
    public init<Source: TileSource>(
        lane: Lane, head: Checkpoint, tiles: Source, lastBundle: [UInt8]
    ) throws(ResumeError) {
        guard head.origin == lane.origin else { throw .otherLane(head.origin) }
        self.lane = lane
        var reader = TileReader(size: head.size, source: tiles)
        let hashes: [LedgerHash]
        do {
            self.tree = try TileWriter(size: head.size, tiles: &reader)
            var edge: [LedgerHash] = []
            for index in (head.size & ~255)..<head.size { edge.append(try reader.hash(level: 0, index: index)) }
            hashes = edge
        } catch { throw .tiles(error) }
        guard self.tree.root == head.root else { throw .otherRoot(signed: head.root, found: self.tree.root) }
        guard let entries = try? EntryBundle.entries(of: lastBundle),
            entries.map({ MerkleTree.leafHash($0.span) }) == hashes
        else { throw .wrongBundle }
        self.bundle = lastBundle
        self.takenSize = head.size
    }

    /// Entries, and so the sequence of the next one.
    public var size: UInt64 { self.tree.size }

    /// The head as it is now, not signed.
    public var head: Checkpoint {
        Checkpoint(origin: self.lane.origin, size: self.tree.size, root: self.tree.root)
    }

    /// Adds an entry.
    ///
    /// - Throws: `EntryRefusal`, and nothing is added, when it is not of this lane, or not the next one.
    public mutating func append(_ leaf: EntryLeaf) throws(EntryRefusal) {
        try leaf.verifyPlace(in: self.lane, at: self.size)
        guard EntryBundle.append(leaf.octets.span, to: &self.bundle) else { throw .cannotBe }
        self.tree.append(leaf.hash)
        if self.size & 255 == 0, let tile = Tile(level: 0, index: (self.size - 1) >> 8) {
            self.full.append((tile, self.bundle))
            self.bundle.removeAll(keepingCapacity: true)
        }
    }

    /// Adds entries, all or none.
    public mutating func append(_ leaves: some Sequence<EntryLeaf>) throws(EntryRefusal) {
        let before = self
        for leaf in leaves {
            do throws(EntryRefusal) { try self.append(leaf) } catch {
                self = before
                throw error
            }
        }
    }

    /// The tiles and bundles to make durable before a head of the present size is signed.
    public mutating func takeFiles() -> [File] {
        var files = self.tree.takeTiles().map { File(path: $0.tile.path, octets: $0.octets) }
        for (tile, octets) in self.full { files.append(File(path: tile.entriesPath, octets: octets)) }
        if self.size > self.takenSize,
            let tile = Tile(level: 0, index: self.size >> 8, width: Int(self.size & 255))
        {
            files.append(File(path: tile.entriesPath, octets: self.bundle))
        }
        self.full.removeAll()
        self.takenSize = self.size
        return files
    }

    /// The head, signed.
    ///
    /// - Parameter signer: of the nation, under the name of the origin.
    /// - Throws: `NoteError.notSigned` when the signer's name is not the log's.
    public func head(signedBy signer: NoteSigner) throws(NoteError) -> SignedNote {
        guard signer.key.algorithm == .ed25519, signer.key.name == self.lane.origin else { throw .notSigned }
        return try SignedNote(self.head.text, signedBy: signer)
    }
}
