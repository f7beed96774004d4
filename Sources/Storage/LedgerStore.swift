internal import Foundation
internal import GRDB
public import Ledger
internal import Synchronization

/// The ledgers that a nation holds, its own and its partners', in one SQLite file.
///
/// `write` returns when what it was given is on the disk (write-ahead log, `synchronous = FULL`), whole, or throws and nothing of
/// it is there. A head is written only where the entries lead to its root, so what is in the file always verifies; at the
/// start that is made sure of again.
///
/// One connection writes, and it alone checkpoints; others read. The directory's lock keeps other processes away. A leaf lies
/// under lane ‖ sequence, so that a lane is one run of the tree and appending touches its end; beside the leaves lies the root
/// of each full tile of 256, out of which all other tiles, proofs and the right edge come.
public final class LedgerStore: Sendable {
    /// What is looked at when a file is opened.
    public enum Verification: Sendable {
        /// Each leaf is hashed, and the pages of the file are checked: 1.2 s of processor time for a million entries.
        case everything
        /// The roots of full tiles are believed; the entries after them are hashed.
        case edge
    }

    struct LaneState: Sendable {
        var id: Int64
        /// Over the roots of full tiles.
        var tiles = Frontier()
        /// Over the leaves of the tile that grows.
        var leaves = Frontier()
        var head: SignedNote?
        var headSize: UInt64 = 0
        var receipt: SignedNote?
        var receiptSize: UInt64 = 0

        var size: UInt64 { self.tiles.size << 8 + self.leaves.size }

        /// The right edge of the whole tree: both parts of its size's bits, one behind the other.
        var frontier: Frontier {
            Frontier(size: self.size, hashes: self.tiles.hashes + self.leaves.hashes) ?? Frontier()
        }

        /// Adds a leaf.
        ///
        /// - Returns: the root of the tile that it fills.
        mutating func append(_ leaf: LedgerHash) -> LedgerHash? {
            self.leaves.append(leaf)
            guard self.leaves.size == 256 else { return nil }
            let root = self.leaves.root
            self.tiles.append(root)
            self.leaves = Frontier()
            return root
        }
    }

    private struct State {
        var lanes: [Lane: LaneState] = [:]
        /// Why nothing is written any more.
        var stopped: String?
    }

    /// "KUML": whose file it is.
    private static let applicationID: Int32 = 0x4B55_4D4C
    private static let version: Int32 = 1
    /// Entries of a lane, and lanes, at most: 2⁴⁰ and 2²².
    static let sequenceBits: Int64 = 40
    private static let lanesMax: Int64 = 1 << 22

    /// The name of the file in its directory.
    public static let fileName = "ledger.sqlite"

    /// The file.
    public let path: String
    let writer: (any DatabaseWriter)?
    let reader: any DatabaseReader
    private let directory: DataDirectory?
    private let state: Mutex<State>

    // MARK: Opening

    /// Opens the ledgers in `directory`, or begins them, and verifies that their entries lead to the last heads.
    public convenience init(
        in directory: DataDirectory, verify: Verification = .everything
    ) throws(LedgerError) {
        try self.init(in: directory, verify: verify, pagesMax: nil)
    }

    /// - Parameter pagesMax: a limit of the file that acts as a full disk, for tests.
    init(in directory: DataDirectory, verify: Verification, pagesMax: Int?) throws(LedgerError) {
        self.directory = directory
        let path = directory.file(Self.fileName)
        self.path = path
        do {
            try Self.check(path)
            var configuration = GRDB.Configuration()
            configuration.label = "kumiko.ledger"
            // Another process that reads may hold a lock for a moment.
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 2
            configuration.prepareDatabase { db in
                if let pagesMax { try db.execute(sql: "PRAGMA max_page_count = \(pagesMax)") }
                try db.execute(
                    sql:
                        "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864"
                )
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // The library asks for NORMAL in this mode, which a power cut may cost the last commits.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2,
                    try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
                else { throw StorageError.failed(path: path, reason: "no write-ahead log with synchronous = FULL") }
                try Self.makeTables(db)
            }
            self.writer = pool
            self.reader = pool
            self.state = Mutex(State(lanes: try pool.read { db in try Self.recover(db, path, verify) }))
        } catch { throw Self.ledgerError(error, path) }
    }

    /// Opens the ledgers in a directory for reading, also while a node writes them.
    public init(reading directory: String, verify: Verification = .edge) throws(LedgerError) {
        self.directory = nil
        let path = directory + "/" + Self.fileName
        self.path = path
        do {
            var configuration = GRDB.Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            guard FileManager.default.fileExists(atPath: path) else {
                throw StorageError.failed(path: path, reason: "there is no ledger")
            }
            try Self.check(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            self.writer = nil
            self.reader = queue
            self.state = Mutex(State(lanes: try queue.read { db in try Self.recover(db, path, verify) }))
        } catch { throw Self.ledgerError(error, path) }
    }

    /// Looks at a file that is already there, before anything is written to it.
    private static func check(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read { db in
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard tables > 0 else { return }
            guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == Self.applicationID else {
                throw StorageError.foreign(path: path)
            }
            guard try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0 <= Self.version else {
                throw StorageError.newer(path: path)
            }
        }
        try queue.close()
    }

    private static func makeTables(_ db: Database) throws {
        guard try Int32.fetchOne(db, sql: "PRAGMA user_version") == 0 else { return }
        try db.inTransaction {
            try db.execute(
                sql: """
                    CREATE TABLE lane (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE) STRICT;
                    -- A place is lane << 40 | sequence; of a tile, lane << 40 | its index.
                    CREATE TABLE leaf (place INTEGER PRIMARY KEY, octets BLOB NOT NULL) STRICT;
                    CREATE TABLE body (place INTEGER PRIMARY KEY, octets BLOB NOT NULL) STRICT;
                    CREATE TABLE tile (place INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT;
                    CREATE TABLE head (
                        lane INTEGER NOT NULL, size INTEGER NOT NULL, isReceipt INTEGER NOT NULL, note BLOB NOT NULL,
                        PRIMARY KEY (lane, size)
                    ) WITHOUT ROWID, STRICT;
                    CREATE TABLE state (
                        scope TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (scope, key)
                    ) WITHOUT ROWID, STRICT;
                    CREATE TABLE proof (id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, octets BLOB NOT NULL) STRICT;
                    PRAGMA application_id = \(Self.applicationID);
                    PRAGMA user_version = \(Self.version);
                    """)
            return .commit
        }
    }

    // MARK: Starting

    private static func recover(_ db: Database, _ path: String, _ verify: Verification) throws -> [Lane: LaneState] {
        if case .everything = verify {
            let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
            guard finding == "ok" else { throw StorageError.damaged(path: path, reason: finding) }
        }
        var lanes: [Lane: LaneState] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT id, origin FROM lane ORDER BY id") {
            guard let lane = Lane(origin: row[1]) else {
                throw StorageError.damaged(path: path, reason: "lane \(row[1] as String)")
            }
            lanes[lane] = try Self.recover(db, path, verify, lane, row[0])
        }
        return lanes
    }

    private static func recover(
        _ db: Database, _ path: String, _ verify: Verification, _ lane: Lane, _ id: Int64
    ) throws -> LaneState {
        var state = LaneState(id: id)
        let first = id << Self.sequenceBits
        let places = first..<first + 1 << Self.sequenceBits
        var roots: [LedgerHash] = []
        let tiles = try Row.fetchCursor(
            db, sql: "SELECT place, root FROM tile WHERE place >= ? AND place < ? ORDER BY place",
            arguments: [places.lowerBound, places.upperBound])
        while let row = try tiles.next() {
            guard row[0] == first + Int64(roots.count), let root = LedgerHash(row[1] as Data) else {
                throw LedgerError.damaged(path: path, lane: lane, sequence: UInt64(roots.count) << 8)
            }
            roots.append(root)
        }
        var next = first
        if case .edge = verify {
            for root in roots { state.tiles.append(root) }
            next += Int64(roots.count) << 8
        }
        let leaves = try Row.fetchCursor(
            db, sql: "SELECT place, octets FROM leaf WHERE place >= ? AND place < ? ORDER BY place",
            arguments: [next, places.upperBound])
        while let row = try leaves.next() {
            let sequence = UInt64(next - first)
            guard row[0] == next else { throw LedgerError.damaged(path: path, lane: lane, sequence: sequence) }
            let hash = try row.withUnsafeData(atIndex: 1) { data in
                data.map { MerkleTree.leafHash(Array($0).span) }
            }
            guard let hash else { throw LedgerError.damaged(path: path, lane: lane, sequence: sequence) }
            if let root = state.append(hash) {
                let tile = Int(sequence >> 8)
                guard tile < roots.count, roots[tile] == root else {
                    throw LedgerError.damaged(path: path, lane: lane, sequence: UInt64(tile) << 8)
                }
            }
            next += 1
        }
        guard state.tiles.size == UInt64(roots.count) else {
            throw LedgerError.damaged(path: path, lane: lane, sequence: state.size)
        }
        func last(_ condition: String) throws -> (note: SignedNote, size: UInt64)? {
            guard
                let octets = try Data.fetchOne(
                    db, sql: "SELECT note FROM head WHERE lane = ? \(condition) ORDER BY size DESC LIMIT 1",
                    arguments: [id])
            else { return nil }
            guard let note = try? SignedNote(parsing: Array(octets)), let head = try? Checkpoint(parsing: note.text),
                head.origin.utf8.elementsEqual(lane.origin.utf8)
            else { throw LedgerError.notAHead(lane: lane) }
            return (note, head.size)
        }
        if let head = try last("") {
            (state.head, state.headSize) = (head.note, head.size)
            let found = try Self.root(db, path, lane, state, head.size)
            let signed = try Checkpoint(parsing: head.note.text).root
            guard found == signed else {
                throw LedgerError.wrongRoot(lane: lane, size: head.size, signed: signed, found: found)
            }
        }
        if let receipt = try last("AND isReceipt = 1") {
            (state.receipt, state.receiptSize) = (receipt.note, receipt.size)
        }
        return state
    }

    // MARK: Writing

    /// Writes a batch, and returns when it is on the disk.
    public func write(_ batch: LedgerBatch) throws(LedgerError) {
        if let error = self.write([batch])[0] { throw error }
    }

    /// Writes batches in one transaction; one that cannot be is left out, and the others are written.
    ///
    /// - Returns: for each nil, or why it is not there.
    public func write(_ batches: [LedgerBatch]) -> [LedgerError?] {
        func all(_ error: LedgerError) -> [LedgerError?] { batches.map { _ in error } }
        guard let writer else { return all(.stopped(path: self.path, reason: "it is open for reading")) }
        return writer.writeWithoutTransaction { db -> [LedgerError?] in
            var (lanes, stopped) = self.state.withLock { ($0.lanes, $0.stopped) }
            if let stopped { return all(.stopped(path: self.path, reason: stopped)) }
            do {
                try db.beginTransaction(.immediate)
                var results: [LedgerError?] = []
                for batch in batches { results.append(try self.apply(batch, &lanes, db)) }
                try db.commit()
                self.state.withLock { $0.lanes = lanes }
                return results
            } catch {
                if db.isInsideTransaction { try? db.rollback() }
                let error = Self.ledgerError(error, self.path)
                if case .full = error { return all(error) }
                let reason = if case .stopped(_, let reason) = error { reason } else { "\(error)" }
                self.state.withLock { $0.stopped = reason }
                return all(.stopped(path: self.path, reason: reason))
            }
        }
    }

    /// Writes what a batch asks for, if it can be.
    ///
    /// - Returns: why it cannot be; then nothing was done.
    private func apply(_ batch: LedgerBatch, _ lanes: inout [Lane: LaneState], _ db: Database) throws -> LedgerError? {
        var states: [Lane: LaneState] = [:]
        var fresh: [Lane] = []
        var highest = lanes.values.map(\.id).max() ?? 0
        func state(_ lane: Lane) -> LaneState {
            if let state = states[lane] ?? lanes[lane] { return state }
            highest += 1
            fresh.append(lane)
            return LaneState(id: highest)
        }
        var tiles: [(place: Int64, root: LedgerHash)] = []
        for row in batch.rows {
            var lane = state(row.lane)
            let sequence = row.leaf.statement.sequence
            guard sequence == lane.size else {
                return .outOfOrder(lane: row.lane, expected: lane.size, found: sequence)
            }
            guard sequence < 1 << UInt64(Self.sequenceBits), lane.id < Self.lanesMax else {
                return .tooLong(lane: row.lane)
            }
            if let root = lane.append(row.leaf.hash) {
                tiles.append((lane.id << Self.sequenceBits | Int64(sequence >> 8), root))
            }
            states[row.lane] = lane
        }
        var heads: [(lane: Lane, size: UInt64, note: SignedNote)] = []
        for (name, note) in batch.heads {
            var lane = state(name)
            guard let head = try? Checkpoint(parsing: note.text), head.origin.utf8.elementsEqual(name.origin.utf8)
            else { return .notAHead(lane: name) }
            guard head.size <= lane.size else {
                return .headAhead(lane: name, size: head.size, entries: lane.size)
            }
            // A head of this batch's entries is that of their end, or of what was there before.
            let before = lanes[name] ?? LaneState(id: lane.id)
            guard head.size == lane.size || head.size <= before.size else {
                return .headAhead(lane: name, size: head.size, entries: before.size)
            }
            let found =
                head.size == lane.size
                ? lane.frontier.root : try Self.root(db, self.path, name, before, head.size)
            guard found == head.root else {
                return .wrongRoot(lane: name, size: head.size, signed: head.root, found: found)
            }
            var merged = note
            if let held = try self.note(db, lane.id, head.size) {
                merged = note.signatures.reduce(held) { $0.with($1) }
            }
            if head.size >= lane.headSize { (lane.head, lane.headSize) = (merged, head.size) }
            if Self.isReceipt(merged), head.size >= lane.receiptSize {
                (lane.receipt, lane.receiptSize) = (merged, head.size)
            }
            states[name] = lane
            heads.append((name, head.size, merged))
        }
        for (name, _) in batch.proofs where states[name] == nil { states[name] = state(name) }

        for lane in fresh {
            guard let id = states[lane]?.id else { continue }
            try db.execute(sql: "INSERT INTO lane (id, origin) VALUES (?, ?)", arguments: [id, lane.origin])
        }
        let leafs = try db.cachedStatement(sql: "INSERT INTO leaf (place, octets) VALUES (?, ?)")
        let bodies = try db.cachedStatement(sql: "INSERT INTO body (place, octets) VALUES (?, ?)")
        for row in batch.rows {
            guard let id = states[row.lane]?.id else { continue }
            let place = id << Self.sequenceBits | Int64(row.leaf.statement.sequence)
            leafs.setUncheckedArguments([place, Data(row.leaf.octets)])
            try leafs.execute()
            guard let body = row.body else { continue }
            bodies.setUncheckedArguments([place, Data(body)])
            try bodies.execute()
        }
        for (place, root) in tiles {
            try db.execute(
                sql: "INSERT INTO tile (place, root) VALUES (?, ?)", arguments: [place, Data(root.octets)])
        }
        for (name, size, note) in heads {
            guard let id = states[name]?.id else { continue }
            // A head that nobody cosigned, and that a later one covers, says nothing more.
            try db.execute(
                sql: "DELETE FROM head WHERE lane = ? AND size < ? AND isReceipt = 0",
                arguments: [id, Int64(states[name]?.headSize ?? 0)])
            try db.execute(
                sql: """
                    INSERT INTO head (lane, size, isReceipt, note) VALUES (?, ?, ?, ?)
                    ON CONFLICT (lane, size) DO UPDATE SET isReceipt = excluded.isReceipt, note = excluded.note
                    """, arguments: [id, Int64(size), Self.isReceipt(note), Data(note.octets)])
        }
        for value in batch.values {
            if let octets = value.octets {
                try db.execute(
                    sql: """
                        INSERT INTO state (scope, key, value) VALUES (?, ?, ?)
                        ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value
                        """, arguments: [value.scope, value.key, Data(octets)])
            } else {
                try db.execute(
                    sql: "DELETE FROM state WHERE scope = ? AND key = ?", arguments: [value.scope, value.key])
            }
        }
        for (name, octets) in batch.proofs {
            guard let id = states[name]?.id else { continue }
            try db.execute(sql: "INSERT INTO proof (lane, octets) VALUES (?, ?)", arguments: [id, Data(octets)])
        }
        for (lane, state) in states { lanes[lane] = state }
        return nil
    }

    /// Whether somebody beside the log signed: cosignatures bear a time, and so 72 octets.
    private static func isReceipt(_ note: SignedNote) -> Bool { note.signatures.contains { $0.octets.count == 72 } }

    private func note(_ db: Database, _ lane: Int64, _ size: UInt64) throws -> SignedNote? {
        try Data.fetchOne(
            db, sql: "SELECT note FROM head WHERE lane = ? AND size = ?", arguments: [lane, Int64(size)]
        ).flatMap { try? SignedNote(parsing: Array($0)) }
    }

    // MARK: Looking

    /// The lanes of which there is anything, in the order of their origins.
    public var lanes: [Lane] {
        self.state.withLock { state in
            state.lanes.keys.sorted { $0.origin.utf8.lexicographicallyPrecedes($1.origin.utf8) }
        }
    }

    func laneState(_ lane: Lane) -> LaneState? { self.state.withLock { $0.lanes[lane] } }

    /// Why nothing is written any more; nil while all is well.
    public var stopped: String? { self.state.withLock { $0.stopped } }

    /// Entries of a lane, and so the sequence of the next one.
    public func size(of lane: Lane) -> UInt64 { self.laneState(lane)?.size ?? 0 }

    /// The right edge of a lane: with the head what a `LaneFollower` goes on from.
    public func frontier(of lane: Lane) -> Frontier { self.laneState(lane)?.frontier ?? Frontier() }

    /// The last head of a lane.
    public func head(of lane: Lane) -> SignedNote? { self.laneState(lane)?.head }

    /// The last head of a lane that somebody cosigned.
    public func receipt(of lane: Lane) -> SignedNote? { self.laneState(lane)?.receipt }

    /// Closes the file. What is written afterwards is refused.
    public func close() throws(LedgerError) {
        self.state.withLock { $0.stopped = $0.stopped ?? "it is closed" }
        // The last connection that closes is one for reading, which cannot take the write-ahead log into the file: what is left
        // of it would be played into a backup that is put in the file's place.
        if let writer { _ = try? writer.writeWithoutTransaction { db in try db.checkpoint(.truncate) } }
        do { try self.reader.close() } catch { throw Self.ledgerError(error, self.path) }
    }

    static func ledgerError(_ error: any Error, _ path: String) -> LedgerError {
        if let error = error as? LedgerError { return error }
        if let error = error as? StorageError { return .storage(error) }
        guard let error = error as? DatabaseError else { return .stopped(path: path, reason: "\(error)") }
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL: return .full(path: path)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_SCHEMA:
            return .storage(.damaged(path: path, reason: reason))
        default: return .stopped(path: path, reason: "\(reason), \(error.extendedResultCode)")
        }
    }
}
