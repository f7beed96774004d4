internal import Foundation
internal import GRDB
public import Ledger

/// An entry as it is stored.
public struct StoredEntry: Hashable, Sendable {
    /// What stands in the log.
    public let leaf: EntryLeaf
    /// The octets of its body; nil where there is none.
    public let body: [UInt8]?

    /// The entry with its body, where it has one.
    ///
    /// - Throws: `EntryRefusal` when the body is none, or not the one that was signed.
    public func entry() throws(EntryRefusal) -> Entry? {
        guard let body else { return nil }
        let content: EntryBody
        do throws(CBORError) { content = try EntryBody(parsing: body) } catch { throw .malformed(error) }
        return try Entry(self.leaf, content)
    }
}

/// What a head that a partner cosigned is to the lane as it is stored.
public enum HeadComparison: Hashable, Sendable {
    /// The lane's beginning, or all of it.
    case held
    /// The partner has acknowledged entries that are not there: the store was put back to an older state.
    case rolledBack(stored: UInt64, acknowledged: UInt64)
    /// The entries that are there lead to another root.
    case forked(size: UInt64, stored: LedgerHash)
}

extension LedgerStore {
    private func reading<Value>(_ read: (Database) throws -> Value) throws(LedgerError) -> Value {
        do { return try self.reader.read(read) } catch { throw Self.ledgerError(error, self.path) }
    }

    private static func places(_ id: Int64, _ range: Range<UInt64>) -> (Int64, Int64) {
        let most = UInt64(1) << UInt64(Self.sequenceBits)
        let first = id << Self.sequenceBits
        return (first + Int64(min(range.lowerBound, most)), first + Int64(min(range.upperBound, most)))
    }

    /// Reads entries of a lane, in order, without keeping them.
    ///
    /// - Throws: `LedgerError.damaged` where one is missing or none; `E` as `body` throws.
    public func forEachEntry(
        of lane: Lane, in range: Range<UInt64>, _ body: (StoredEntry) throws -> Void
    ) throws {
        guard let state = self.laneState(lane) else { return }
        let range = range.clamped(to: 0..<state.size)
        guard !range.isEmpty else { return }
        let (from, to) = Self.places(state.id, range)
        do {
            try self.reader.read { db in
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT leaf.place, leaf.octets, body.octets FROM leaf LEFT JOIN body ON body.place = leaf.place
                        WHERE leaf.place >= ? AND leaf.place < ? ORDER BY leaf.place
                        """, arguments: [from, to])
                var next = range.lowerBound
                while let row = try rows.next() {
                    guard row[0] == from + Int64(next - range.lowerBound),
                        let leaf = try? EntryLeaf(parsing: Array(row[1] as Data))
                    else { throw LedgerError.damaged(path: self.path, lane: lane, sequence: next) }
                    try body(StoredEntry(leaf: leaf, body: (row[2] as Data?).map { Array($0) }))
                    next += 1
                }
                guard next == range.upperBound else {
                    throw LedgerError.damaged(path: self.path, lane: lane, sequence: next)
                }
            }
        } catch let error as DatabaseError { throw Self.ledgerError(error, self.path) }
    }

    /// Entries of a lane: those of `range` that are there.
    public func entries(of lane: Lane, in range: Range<UInt64>) throws(LedgerError) -> [StoredEntry] {
        var entries: [StoredEntry] = []
        do { try self.forEachEntry(of: lane, in: range) { entries.append($0) } } catch {
            throw Self.ledgerError(error, self.path)
        }
        return entries
    }

    /// The heads of a lane, the smallest first: each that somebody cosigned, and the last.
    public func heads(of lane: Lane, from size: UInt64 = 0) throws(LedgerError) -> [SignedNote] {
        guard let state = self.laneState(lane) else { return [] }
        return try self.reading { db in
            try Data.fetchAll(
                db, sql: "SELECT note FROM head WHERE lane = ? AND size >= ? ORDER BY size",
                arguments: [state.id, Int64(clamping: size)]
            ).map { octets in
                guard let note = try? SignedNote(parsing: Array(octets)) else { throw LedgerError.notAHead(lane: lane) }
                return note
            }
        }
    }

    /// A value of the state that goes with entries.
    public func value(scope: String, key: String) throws(LedgerError) -> [UInt8]? {
        try self.reading { db in
            try Data.fetchOne(
                db, sql: "SELECT value FROM state WHERE scope = ? AND key = ?", arguments: [scope, key]
            ).map { Array($0) }
        }
    }

    /// All values of a scope, in the order of their keys.
    public func values(scope: String) throws(LedgerError) -> [(key: String, octets: [UInt8])] {
        try self.reading { db in
            try Row.fetchAll(db, sql: "SELECT key, value FROM state WHERE scope = ? ORDER BY key", arguments: [scope])
                .map { ($0[0], Array($0[1] as Data)) }
        }
    }

    /// Proofs that a lane's nation signed two things that cannot both be, the first kept first.
    public func proofs(of lane: Lane) throws(LedgerError) -> [Equivocation] {
        guard let state = self.laneState(lane) else { return [] }
        return try self.reading { db in
            try Data.fetchAll(db, sql: "SELECT octets FROM proof WHERE lane = ? ORDER BY id", arguments: [state.id])
                .map { try Equivocation(parsing: Array($0)) }
        }
    }

    // MARK: The tree

    /// The root over the first `size` entries of a lane.
    static func root(
        _ db: Database, _ path: String, _ lane: Lane, _ state: LaneState, _ size: UInt64
    ) throws -> LedgerHash {
        if size == state.size { return state.frontier.root }
        guard size < state.size else { throw LedgerError.headAhead(lane: lane, size: size, entries: state.size) }
        var frontier = Frontier()
        for root in try Self.tileRoots(db, path, lane, state, 0..<size >> 8) { frontier.append(root) }
        var leaves = Frontier()
        for hash in try Self.leafHashes(db, path, lane, state, size & ~255..<size) { leaves.append(hash) }
        return (Frontier(size: size, hashes: frontier.hashes + leaves.hashes) ?? Frontier()).root
    }

    private static func tileRoots(
        _ db: Database, _ path: String, _ lane: Lane, _ state: LaneState, _ range: Range<UInt64>
    ) throws -> [LedgerHash] {
        let (from, to) = Self.places(state.id, range)
        let roots = try Data.fetchAll(
            db, sql: "SELECT root FROM tile WHERE place >= ? AND place < ? ORDER BY place", arguments: [from, to]
        ).compactMap { LedgerHash($0) }
        guard roots.count == range.count else {
            throw LedgerError.damaged(path: path, lane: lane, sequence: range.lowerBound << 8)
        }
        return roots
    }

    private static func leafHashes(
        _ db: Database, _ path: String, _ lane: Lane, _ state: LaneState, _ range: Range<UInt64>
    ) throws -> [LedgerHash] {
        let (from, to) = Self.places(state.id, range)
        let hashes = try Data.fetchAll(
            db, sql: "SELECT octets FROM leaf WHERE place >= ? AND place < ? ORDER BY place", arguments: [from, to]
        ).map { MerkleTree.leafHash(Array($0).span) }
        guard hashes.count == range.count else {
            throw LedgerError.damaged(path: path, lane: lane, sequence: range.lowerBound)
        }
        return hashes
    }

    /// What a head is to a lane as it is stored; whose signatures it bears is verified elsewhere.
    public func compare(_ head: Checkpoint, with lane: Lane) throws(LedgerError) -> HeadComparison {
        guard head.origin.utf8.elementsEqual(lane.origin.utf8) else { throw .notAHead(lane: lane) }
        let size = self.size(of: lane)
        guard head.size <= size else { return .rolledBack(stored: size, acknowledged: head.size) }
        let found = try self.root(of: lane, size: head.size)
        return found == head.root ? .held : .forked(size: head.size, stored: found)
    }

    /// The root over the first `size` entries of a lane.
    public func root(of lane: Lane, size: UInt64) throws(LedgerError) -> LedgerHash {
        guard let state = self.laneState(lane) else {
            guard size == 0 else { throw .headAhead(lane: lane, size: size, entries: 0) }
            return MerkleTree.emptyRoot
        }
        return try self.reading { db in try Self.root(db, self.path, lane, state, size) }
    }

    /// The tiles of a lane as it is now.
    public func tiles(of lane: Lane) -> LedgerTiles { LedgerTiles(store: self, lane: lane) }

    /// A file of the lane's tlog-tiles log, made when it is asked for: `checkpoint`, `tile/…` or `tile/entries/…`.
    ///
    /// - Returns: nil where the log has no such file.
    public func file(_ path: String, of lane: Lane) throws(LedgerError) -> [UInt8]? {
        if path == "checkpoint" { return self.head(of: lane)?.octets }
        switch Tile.Name(path: path) {
        case nil: return nil
        case .hashes(let tile): return try self.hashes(of: tile, lane)
        case .entries(let tile):
            let range = tile.index << 8..<tile.index << 8 + UInt64(tile.width)
            guard range.upperBound <= self.size(of: lane) else { return nil }
            var bundle: [UInt8] = []
            for entry in try self.entries(of: lane, in: range) {
                guard EntryBundle.append(entry.leaf.octets.span, to: &bundle) else {
                    throw .damaged(path: self.path, lane: lane, sequence: range.lowerBound)
                }
            }
            return bundle
        }
    }

    fileprivate func hashes(of tile: Tile, _ lane: Lane) throws(LedgerError) -> [UInt8]? {
        guard let state = self.laneState(lane) else { return nil }
        let shift = 8 * UInt64(tile.level)
        let (first, overflow) = tile.index.multipliedReportingOverflow(by: 256)
        guard !overflow, state.size >> shift >= first + UInt64(tile.width) else { return nil }
        let hashes: [LedgerHash] = try self.reading { db in
            guard tile.level > 0 else {
                return try Self.leafHashes(db, self.path, lane, state, first..<first + UInt64(tile.width))
            }
            // Each is the root of a power of 256 of full tiles.
            let count = UInt64(1) << (shift - 8)
            return try (first..<first + UInt64(tile.width)).map { index in
                MerkleTree.root(
                    of: try Self.tileRoots(db, self.path, lane, state, index * count..<(index + 1) * count))
            }
        }
        return hashes.flatMap(\.octets)
    }

    /// A lane of one's own as it goes on after its last head.
    ///
    /// - Throws: `LaneLog.ResumeError` when the entries behind the last head are there without one.
    public func log(of lane: Lane) throws -> LaneLog {
        guard let note = self.head(of: lane) else {
            guard self.size(of: lane) == 0 else {
                throw LedgerError.headAhead(lane: lane, size: 0, entries: self.size(of: lane))
            }
            return LaneLog(lane: lane)
        }
        let head = try Checkpoint(parsing: note.text)
        var log = try LaneLog(
            lane: lane, head: head, tiles: self.tiles(of: lane),
            lastBundle: Tile(level: 0, index: head.size >> 8, width: Int(head.size & 255))
                .flatMap { try self.file($0.entriesPath, of: lane) } ?? [])
        // Entries that became durable before their head was.
        for entry in try self.entries(of: lane, in: head.size..<max(head.size, self.size(of: lane))) {
            try log.append(entry.leaf)
        }
        return log
    }

    /// The lane's log as files, as of its last head: what tlog-tiles asks for, and `bodies` where all bodies are there.
    ///
    /// - Parameter put: takes a path and octets, to be put behind what the file has.
    /// - Throws: `LedgerError.headAhead` where there is no head; what `put` throws.
    public func export(_ lane: Lane, _ put: (_ path: String, _ octets: [UInt8]) throws -> Void) throws {
        guard let note = self.head(of: lane), let size = (try? Checkpoint(parsing: note.text))?.size else {
            throw LedgerError.notAHead(lane: lane)
        }
        for tile in Tile.added(to: size) {
            for path in tile.level == 0 ? [tile.path, tile.entriesPath] : [tile.path] {
                guard let octets = try self.file(path, of: lane) else {
                    throw LedgerError.damaged(path: self.path, lane: lane, sequence: tile.index << 8)
                }
                try put(path, octets)
            }
        }
        if try self.hasAllBodies(of: lane, before: size) {
            var octets: [UInt8] = []
            try self.forEachEntry(of: lane, in: 0..<size) { stored in
                let body = stored.body ?? []
                for shift in [24, 16, 8, 0] { octets.append(UInt8(truncatingIfNeeded: body.count >> shift)) }
                octets += body
                guard octets.count >= 1 << 20 else { return }
                try put("bodies", octets)
                octets.removeAll(keepingCapacity: true)
            }
            if !octets.isEmpty { try put("bodies", octets) }
        }
        // Last: whoever sees it finds the rest.
        try put("checkpoint", note.octets)
    }

    private func hasAllBodies(of lane: Lane, before size: UInt64) throws(LedgerError) -> Bool {
        guard let state = self.laneState(lane), size > 0 else { return false }
        let (from, to) = Self.places(state.id, 0..<size)
        return try self.reading { db in
            try Int64.fetchOne(
                db, sql: "SELECT count(*) FROM body WHERE place >= ? AND place < ?", arguments: [from, to])
        } == Int64(size)
    }

    /// A copy of the file as it is now, in another one, which must not be there.
    public func backUp(to path: String) throws(LedgerError) {
        do {
            guard let writer = self.writer else {
                throw LedgerError.stopped(path: self.path, reason: "it is open for reading")
            }
            try writer.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM INTO ?", arguments: [path])
            }
        } catch { throw Self.ledgerError(error, self.path) }
    }
}

/// The tiles of a lane, out of its store: proofs are read out of a `TileReader` over them.
public struct LedgerTiles: TileSource, Sendable {
    fileprivate let store: LedgerStore
    fileprivate let lane: Lane

    public func octets(of tile: Tile) throws(LedgerError) -> [UInt8]? { try self.store.hashes(of: tile, self.lane) }
}
