public import Air
internal import Dispatch
internal import GRDB
internal import Synchronization

/// The track history of a node, in one SQLite file.
///
/// History is a river: `append` never waits for the disk, what a slow disk cannot take is dropped, oldest first, and
/// counted, and a disk that is full or broken is counted too while the node lives on.
///
/// Rows lie in the order (minute, track, millisecond), without a rowid. So a batch, which is of the last seconds,
/// touches the few pages of the newest minute; a track's path is one search for each minute; and what is too old is the
/// beginning of the tree, deleted page by page without an index of its own.
///
/// One connection writes, in write-ahead-log mode with `synchronous = NORMAL`: the file is synced at checkpoints, not
/// at each commit. A power cut may take the last seconds of the river and leaves the file whole; that is the right
/// price for points of which the next ones come in seconds, and would be wrong for a ledger.
public final class TrackHistory: Sendable {
    /// What history may cost.
    public struct Limits: Hashable, Sendable {
        /// Points older than this are deleted, hours.
        public var keepHours: Double
        /// When the rows need more bytes than this, the oldest minutes are deleted.
        public var sizeMaxBytes: Int
        /// How many points may wait for the disk.
        public var waitingMax: Int
        /// Seconds between two batches.
        public var flushInterval: Double

        public init(
            keepHours: Double = 24, sizeMaxBytes: Int = 2 << 30, waitingMax: Int = 200_000, flushInterval: Double = 0.5
        ) {
            self.keepHours = keepHours
            self.sizeMaxBytes = sizeMaxBytes
            self.waitingMax = waitingMax
            self.flushInterval = flushInterval
        }
    }

    /// What has become of the points, since the beginning of this run.
    public struct Counters: Hashable, Sendable {
        /// Given to `append`.
        public var appended: UInt64 = 0
        /// On the disk.
        public var written: UInt64 = 0
        /// Dropped because the disk was slow.
        public var dropped: UInt64 = 0
        /// Lost because the disk refused them (full, broken).
        public var failed: UInt64 = 0
        /// Deleted because of their age or of the size of the file, in minutes of the river.
        public var expiredMinutes: UInt64 = 0
        /// Waiting to be written.
        public var waiting = 0
        /// Why the last batch failed; nil when it did not.
        public var lastError: String?
    }

    private struct State {
        var waiting: [TrackPoint] = []
        var counters = Counters()
        /// No track number up to this one was used, when the file says what may be used.
        var reservedUpTo: UInt32
        /// The highest number that was seen.
        var highest: UInt32
    }

    /// How many numbers are set aside in the file at once; a crash skips at most so many.
    private static let reservation: UInt32 = 65_536
    /// "KUMI": whose file it is.
    private static let applicationID: Int32 = 0x4B55_4D49

    /// The file.
    public let path: String
    /// What it may cost.
    public let limits: Limits
    /// The number that the first track of this run may have; no earlier run has used it or a later one.
    ///
    /// Numbers begin anew at 1 when all of the 32 bits are used up.
    public let firstTrackID: TrackID
    private let pool: DatabasePool
    private let directory: DataDirectory
    private let state: Mutex<State>

    /// Opens the history in `directory`, or begins one.
    ///
    /// - Throws: `StorageError` that says what is wrong with the file and what to do.
    public convenience init(in directory: DataDirectory, limits: Limits = Limits()) throws(StorageError) {
        try self.init(in: directory, limits: limits, pagesMax: nil)
    }

    /// - Parameter pagesMax: a limit of the file that acts as a full disk, for tests.
    init(in directory: DataDirectory, limits: Limits, pagesMax: Int?) throws(StorageError) {
        precondition(limits.waitingMax >= 4, "points wait for the disk in a queue")
        self.directory = directory
        self.limits = limits
        let path = directory.file("tracks.sqlite")
        self.path = path
        do {
            try Self.check(path)
            var configuration = GRDB.Configuration()
            configuration.label = "kumiko.history"
            configuration.qos = .utility
            configuration.maximumReaderCount = 2
            configuration.prepareDatabase { db in
                if let pagesMax { try db.execute(sql: "PRAGMA max_page_count = \(pagesMax)") }
                try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(pool)
            self.pool = pool
            let first = try pool.write { db -> UInt32 in
                let next = UInt32(
                    clamping: try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'nextTrack'") ?? 1)
                let first = next > UInt32.max - 2 * Self.reservation ? 1 : max(next, 1)
                try Self.reserve(db, first + Self.reservation)
                return first
            }
            self.firstTrackID = TrackID(first)
            self.state = Mutex(State(reservedUpTo: first + Self.reservation, highest: first - 1))
        } catch let error as StorageError {
            throw error
        } catch {
            throw Self.storageError(error, path)
        }
    }

    private static func reserve(_ db: Database, _ next: UInt32) throws {
        try db.execute(
            sql: """
                INSERT INTO counter (name, value) VALUES ('nextTrack', ?)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """, arguments: [Int64(next)])
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: points and counters") { db in
            try db.execute(
                sql: """
                    CREATE TABLE point (
                        minute INTEGER NOT NULL,       -- since 1970
                        track INTEGER NOT NULL,
                        millisecond INTEGER NOT NULL,  -- within the minute
                        latitude INTEGER NOT NULL,     -- 1e-7 degrees
                        longitude INTEGER NOT NULL,    -- 1e-7 degrees
                        height INTEGER NOT NULL,       -- decimetres above the ellipsoid
                        quarterLevel INTEGER,          -- 25 ft of pressure altitude
                        speed INTEGER NOT NULL,        -- decimetres per second over ground
                        course INTEGER NOT NULL,       -- 0.01 degrees from true north
                        climb INTEGER NOT NULL,        -- decimetres per second
                        flags INTEGER NOT NULL,        -- kind << 3 | onGround << 2 | status
                        PRIMARY KEY (minute, track, millisecond)
                    ) WITHOUT ROWID, STRICT;
                    CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
                    PRAGMA application_id = \(Self.applicationID);
                    """)
        }
        return migrator
    }

    /// Looks at a file that is already there, before anything is written to it.
    private static func check(_ path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            // Not there yet; a path that cannot be made is found by the pool.
            return
        }
        try queue.read { db in
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard tables > 0 else { return }
            let owner = try Int32.fetchOne(db, sql: "PRAGMA application_id")
            guard owner == Self.applicationID else { throw StorageError.foreign(path: path) }
            if try Self.migrator.hasBeenSuperseded(db) { throw StorageError.newer(path: path) }
        }
        try queue.close()
    }

    private static func storageError(_ error: any Error, _ path: String) -> StorageError {
        if let error = error as? StorageError { return error }
        guard let error = error as? DatabaseError else { return .failed(path: path, reason: "\(error)") }
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_SCHEMA: return .damaged(path: path, reason: reason)
        default: return .failed(path: path, reason: reason)
        }
    }

    // MARK: Writing

    /// Puts points behind those that wait; never waits itself. When too many wait, the oldest quarter goes.
    public func append(_ points: some Collection<TrackPoint>) {
        self.state.withLock { state in
            state.counters.appended &+= UInt64(points.count)
            for point in points { state.highest = max(state.highest, point.track.rawValue) }
            let room = self.limits.waitingMax - points.count
            if state.waiting.count > room {
                let excess = max(state.waiting.count - max(room, 0), self.limits.waitingMax / 4)
                let gone = min(excess, state.waiting.count)
                state.waiting.removeFirst(gone)
                state.counters.dropped &+= UInt64(gone)
            }
            state.waiting.append(contentsOf: points.suffix(self.limits.waitingMax))
            state.counters.dropped &+= UInt64(max(0, points.count - self.limits.waitingMax))
        }
    }

    /// Says that a number is in use, for tracks of which no point is kept.
    public func note(_ id: TrackID) {
        self.state.withLock { $0.highest = max($0.highest, id.rawValue) }
    }

    /// Writes what waits, as one transaction, and returns when that is done or has failed.
    public func flush() async {
        let (points, reserve) = self.state.withLock { state -> ([TrackPoint], UInt32?) in
            let points = state.waiting
            state.waiting.removeAll(keepingCapacity: points.count <= 1 << 16)
            // A block ahead is set aside while half of the last is still free.
            guard state.highest > state.reservedUpTo - Self.reservation / 2 else { return (points, nil) }
            return (points, state.highest > UInt32.max - Self.reservation ? nil : state.highest + Self.reservation)
        }
        guard !points.isEmpty || reserve != nil else { return }
        do {
            try await self.pool.write { db in
                if let reserve { try Self.reserve(db, reserve) }
                try Self.insert(points, db)
            }
            self.state.withLock { state in
                if let reserve { state.reservedUpTo = reserve }
                state.counters.written &+= UInt64(points.count)
                state.counters.lastError = nil
            }
        } catch  where Task.isCancelled {
            // A cancelled task's write is rolled back; what it held goes back to its place, for `close` to write.
            self.state.withLock { $0.waiting.insert(contentsOf: points, at: 0) }
        } catch {
            let reason = "\(Self.storageError(error, self.path))"
            self.state.withLock { state in
                state.counters.failed &+= UInt64(points.count)
                state.counters.lastError = reason
            }
        }
    }

    private static func insert(_ points: [TrackPoint], _ db: Database) throws {
        // In the order of the tree each page is found once.
        let rows = points.map(PointRow.init).sorted {
            ($0.minute, $0.track, $0.millisecond) < ($1.minute, $1.track, $1.millisecond)
        }
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO point VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for row in rows {
            statement.setUncheckedArguments([
                row.minute, row.track, row.millisecond, row.latitude, row.longitude, row.height, row.quarterLevel,
                row.speed, row.course, row.climb, row.flags,
            ])
            try statement.execute()
        }
    }

    /// Deletes what is older than the limits allow.
    ///
    /// A few minutes of the river at a time, that no transaction keeps the points of the present waiting.
    ///
    /// - Parameter now: the node's time, from which the age counts.
    public func expire(now: Timestamp) async {
        let oldest = floorDivide(now.advanced(by: -self.limits.keepHours * 3600).nanoseconds, 60_000_000_000)
        let sizeMax = self.limits.sizeMaxBytes
        while !Task.isCancelled {
            do {
                let isDone = try await self.pool.write { db -> Bool in
                    guard let first = try Int64.fetchOne(db, sql: "SELECT min(minute) FROM point") else { return true }
                    let isTooBig = try Self.usedBytes(db) > sizeMax
                    guard first < oldest || isTooBig else { return true }
                    try db.execute(sql: "DELETE FROM point WHERE minute = ?", arguments: [first])
                    return false
                }
                if isDone { return }
                self.state.withLock { $0.counters.expiredMinutes &+= 1 }
            } catch {
                guard !Task.isCancelled else { return }
                let reason = "\(Self.storageError(error, self.path))"
                return self.state.withLock { $0.counters.lastError = reason }
            }
        }
    }

    /// Bytes of the pages that hold something; the file keeps those that were freed, for what comes.
    private static func usedBytes(_ db: Database) throws -> Int {
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        let size = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
        return (pages - free) * size
    }

    /// Writes batch after batch and deletes what is too old, until the task is cancelled; then writes the rest.
    ///
    /// - Parameter clock: the node's time.
    public func run(clock: @escaping @Sendable () -> Timestamp) async {
        var flushes = 0
        let flushesPerExpiry = max(1, Int(60 / self.limits.flushInterval))
        while !Task.isCancelled {
            await self.flush()
            if flushes % flushesPerExpiry == 0 { await self.expire(now: clock()) }
            flushes += 1
            try? await Task.sleep(for: .seconds(self.limits.flushInterval))
        }
        await self.close()
    }

    /// Writes what waits and the next free track number, and closes the file.
    public func close() async {
        // In a task of its own: the last points are written although the caller's task is cancelled.
        await Task {
            await self.flush()
            let next = self.state.withLock { $0.highest == UInt32.max ? 1 : $0.highest + 1 }
            try? await self.pool.write { db in try Self.reserve(db, next) }
            try? self.pool.close()
        }.value
    }

    // MARK: Reading

    /// What has become of the points until now.
    public var counters: Counters {
        self.state.withLock { state in
            var counters = state.counters
            counters.waiting = state.waiting.count
            return counters
        }
    }

    /// Bytes of the rows on the disk.
    public func sizeBytes() async throws(StorageError) -> Int {
        do { return try await self.pool.read { db in try Self.usedBytes(db) } } catch {
            throw Self.storageError(error, self.path)
        }
    }

    /// The path of a track, oldest point first; what waits to be written (half a second) is not in it.
    ///
    /// - Parameters:
    ///   - track: whose.
    ///   - range: from when to when.
    ///   - most: when there are more points the newest of them.
    /// - Complexity: two searches in the tree for each minute of the range that history has.
    public func points(
        of track: TrackID, in range: ClosedRange<Timestamp>, most: Int = 100_000
    ) async throws(StorageError) -> [TrackPoint] {
        let (from, to) = (
            floorDivide(range.lowerBound.nanoseconds, 1_000_000), floorDivide(range.upperBound.nanoseconds, 1_000_000)
        )
        do {
            return try await self.pool.read { db in
                // From each minute to the one before it that has points: gaps, of a night or of years, cost nothing.
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        WITH RECURSIVE minutes (m) AS (
                            SELECT max(minute) FROM point WHERE minute <= ?
                            UNION ALL
                            SELECT (SELECT max(minute) FROM point WHERE minute < m) FROM minutes WHERE m > ?
                        )
                        SELECT point.* FROM minutes CROSS JOIN point ON point.minute = m AND point.track = ?
                        WHERE m * 60000 + millisecond BETWEEN ? AND ?
                        ORDER BY m DESC, millisecond DESC LIMIT ?
                        """,
                    arguments: [
                        floorDivide(to, 60_000), floorDivide(from, 60_000), Int64(track.rawValue), from, to,
                        max(0, most),
                    ])
                var points: [TrackPoint] = []
                while let row = try rows.next() { points.append(PointRow(row).point) }
                points.reverse()
                return points
            }
        } catch {
            throw Self.storageError(error, self.path)
        }
    }
}

extension PointRow {
    /// The columns in the order of the table.
    fileprivate init(_ row: Row) {
        self.minute = row[0]
        self.track = row[1]
        self.millisecond = row[2]
        self.latitude = row[3]
        self.longitude = row[4]
        self.height = row[5]
        self.quarterLevel = row[6]
        self.speed = row[7]
        self.course = row[8]
        self.climb = row[9]
        self.flags = row[10]
    }
}
