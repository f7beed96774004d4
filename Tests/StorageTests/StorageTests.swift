import Air
import GRDB
import Geodesy
import Glibc
import Testing

@testable import Storage

/// A directory of its own for a test, gone with it.
private final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/kumiko-storage-XXXXXX".utf8CString)
        self.path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = unsafe mkdtemp(base) else { return "" }
            return unsafe String(cString: made)
        }
        precondition(!self.path.isEmpty, "a test needs a scratch directory")
    }

    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) {
        let descriptor = unsafe open(self.file(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "a scratch file can be made")
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    deinit {
        for name in ["kumiko.lock", "tracks.sqlite", "tracks.sqlite-wal", "tracks.sqlite-shm", "plain"] {
            unsafe unlink(self.file(name))
        }
        unsafe rmdir(self.path)
    }
}

private let noon = Timestamp(seconds: 1_795_262_400)

private func point(_ track: UInt32, _ seconds: Double, latitude: Double = 35.5, level: Double? = 350) -> TrackPoint {
    TrackPoint(
        track: TrackID(track), measuredAt: noon.advanced(by: seconds),
        position: Geodetic(latitudeDegrees: latitude, longitudeDegrees: 139.75, height: 10_668),
        pressureAltitude: level.map { Length.flightLevel($0).metres }, groundSpeed: 240, course: 1.5, climbRate: -5,
        status: .coasting, kind: .modeS)
}

private func all(_ history: TrackHistory, _ track: UInt32, most: Int = 100_000) async throws -> [TrackPoint] {
    try await history.points(
        of: TrackID(track), in: Timestamp(nanoseconds: .min)...Timestamp(nanoseconds: .max), most: most)
}

@Suite("The data directory") struct DataDirectoryTests {
    @Test("a second holder is refused, and told who holds it")
    func lock() throws {
        let scratch = Scratch()
        let held = try DataDirectory(scratch.path)
        #expect(throws: StorageError.inUse(path: scratch.path, process: getpid())) {
            _ = try DataDirectory(scratch.path)
        }
        let sentence = StorageError.inUse(path: "/data", process: 42).description
        #expect(
            sentence
                == "the data directory /data is in use by process 42; end it, or give this node a directory of its own")
        withExtendedLifetime(held) {}
    }

    @Test("the lock goes with its holder")
    func release() throws {
        let scratch = Scratch()
        do { _ = try DataDirectory(scratch.path) }
        _ = try DataDirectory(scratch.path)
    }

    @Test("a path that is a file is refused with the reason")
    func noDirectory() {
        let scratch = Scratch()
        scratch.write([1], to: "plain")
        #expect(throws: StorageError.directory(path: scratch.file("plain"), reason: "Not a directory")) {
            _ = try DataDirectory(scratch.file("plain"))
        }
    }
}

@Suite("Track history") struct TrackHistoryTests {
    @Test("a point comes back to the resolution that history keeps")
    func resolution() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        let given = TrackPoint(
            track: TrackID(7), measuredAt: Timestamp(nanoseconds: noon.nanoseconds + 123_456_789),
            position: Geodetic(latitudeDegrees: -33.946_123_44, longitudeDegrees: -179.999_999_9, height: -12.34),
            pressureAltitude: Length.feet(24_075).metres, groundSpeed: 231.46, course: 6.1, climbRate: -12.34,
            status: .tentative, kind: .systemTrack, isOnGround: true)
        history.append([given])
        await history.flush()
        let read = try #require(try await all(history, 7).first)
        #expect(read.measuredAt == Timestamp(nanoseconds: noon.nanoseconds + 123_000_000))
        #expect(abs(read.position.latitudeDegrees - given.position.latitudeDegrees) <= 0.5e-7)
        #expect(abs(read.position.longitudeDegrees - given.position.longitudeDegrees) <= 0.5e-7)
        #expect(abs(read.position.height - -12.34) <= 0.05)
        #expect(abs(try #require(read.pressureAltitude) - Length.feet(24_075).metres) < 1e-6)
        #expect(abs(read.groundSpeed - 231.46) <= 0.05 && abs(read.climbRate - -12.34) <= 0.05)
        #expect(abs(read.course - 6.1) <= 0.005 * .pi / 180 + 1e-12)
        #expect(read.status == .tentative && read.kind == .systemTrack && read.isOnGround)
        await history.close()
    }

    @Test("what is no number does not trap and does not lose the batch")
    func notANumber() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        var strange = point(1, 0)
        strange.position = Geodetic(latitude: .nan, longitude: .infinity, height: -.infinity)
        strange.groundSpeed = .greatestFiniteMagnitude
        strange.pressureAltitude = .nan
        var early = point(1, 0)
        early.measuredAt = Timestamp(nanoseconds: .min)
        var late = point(1, 0)
        late.measuredAt = Timestamp(nanoseconds: .max)
        history.append([strange, early, late, point(2, 0)])
        await history.flush()
        #expect(history.counters.written == 4)
        #expect(try await all(history, 1).count == 3)
        #expect(try await all(history, 2).count == 1)
        await history.close()
    }

    @Test("a query gives one track, within its times, oldest first, the newest when there are too many")
    func query() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        for track in 1...3 as ClosedRange<UInt32> {
            history.append((0..<300).map { point(track, Double($0) * 4) })
        }
        await history.flush()
        let found = try await history.points(of: TrackID(2), in: noon.advanced(by: 100)...noon.advanced(by: 500))
        #expect(found.map { $0.measuredAt.seconds(since: noon) } == Array(stride(from: 100, through: 500, by: 4)))
        #expect(found.allSatisfy { $0.track == TrackID(2) })
        let newest = try await all(history, 2, most: 3)
        #expect(newest.map { $0.measuredAt.seconds(since: noon) } == [1188, 1192, 1196])
        #expect(try await all(history, 9).isEmpty)
        await history.close()
    }

    @Test("of two points of one track in one millisecond the later given stays")
    func sameInstant() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        history.append([point(1, 0, level: 100)])
        await history.flush()
        history.append([point(1, 0, level: 200)])
        await history.flush()
        let read = try await all(history, 1)
        #expect(read.compactMap(\.pressureAltitude).map { Length.metres($0).flightLevel.rounded() } == [200])
        await history.close()
    }

    @Test("points survive a restart, and track numbers go on behind those that were used")
    func restart() async throws {
        let scratch = Scratch()
        do {
            let history = try TrackHistory(in: DataDirectory(scratch.path))
            #expect(history.firstTrackID == TrackID(1))
            history.append([point(17, 0), point(40, 1)])
            history.note(TrackID(41))
            await history.close()
        }
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        #expect(history.firstTrackID == TrackID(42))
        #expect(try await all(history, 17).count == 1)
        await history.close()
    }

    @Test("a number is not given again after a crash, however many were used")
    func crash() async throws {
        let scratch = Scratch()
        var highest: UInt32 = 0
        for _ in 0..<3 {
            let history = try TrackHistory(in: DataDirectory(scratch.path))
            #expect(history.firstTrackID.rawValue > highest)
            highest = history.firstTrackID.rawValue
            for _ in 0..<5 {
                highest += 30_000
                history.append([point(highest, 0)])
                await history.flush()
            }
            // What a process uses after its last flush is lost with it.
            highest += 30_000
            history.append([point(highest, 0)])
        }
    }

    @Test("what is too old is deleted, whole minutes at a time, and nothing younger")
    func age() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(
            in: DataDirectory(scratch.path), limits: .init(keepHours: 1))
        history.append((0..<120).map { point(1, Double($0) * 60) })
        await history.flush()
        await history.expire(now: noon.advanced(by: 119 * 60))
        let left = try await all(history, 1)
        #expect(left.count == 61 && left.first?.measuredAt == noon.advanced(by: 59 * 60))
        #expect(history.counters.expiredMinutes == 59)
        await history.close()
    }

    @Test("when the rows are too many bytes the oldest minutes go")
    func size() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(
            in: DataDirectory(scratch.path), limits: .init(keepHours: 1e6, sizeMaxBytes: 1_000_000))
        for minute in 0..<20 {
            history.append((0..<3000).map { point(UInt32($0 + 1), Double(minute) * 60) })
            await history.flush()
        }
        #expect(try await history.sizeBytes() > 1_000_000)
        await history.expire(now: noon)
        #expect(try await history.sizeBytes() <= 1_000_000)
        let left = try await all(history, 5)
        #expect(!left.isEmpty && left.last?.measuredAt == noon.advanced(by: 19 * 60))
        await history.close()
    }

    @Test("when the disk is slow the oldest that wait are dropped and counted")
    func slowDisk() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(
            in: DataDirectory(scratch.path), limits: .init(waitingMax: 100))
        for i in 0..<1000 { history.append([point(1, Double(i))]) }
        history.append((1000..<1250).map { point(1, Double($0)) })
        let waiting = history.counters.waiting
        #expect(waiting <= 100 && history.counters.dropped == 1250 - UInt64(waiting))
        await history.flush()
        let seconds = try await all(history, 1).map { $0.measuredAt.seconds(since: noon) }
        #expect(seconds == Array(stride(from: 1250 - Double(waiting), to: 1250, by: 1)))
        await history.close()
    }

    @Test("a full disk costs points, which are counted; when there is room again the river goes on")
    func fullDisk() async throws {
        let scratch = Scratch()
        let history = try TrackHistory(
            in: DataDirectory(scratch.path), limits: .init(keepHours: 0.5), pagesMax: 30)
        for i in 0..<20 {
            history.append((0..<500).map { point(UInt32($0 + 1), Double(i) * 120) })
            await history.flush()
        }
        let counters = history.counters
        #expect(counters.written > 0 && counters.failed > 0 && counters.written + counters.failed == 10_000)
        #expect(counters.lastError?.contains("full") == true)
        await history.expire(now: noon.advanced(by: 86_400))
        history.append([point(1, 86_400)])
        await history.flush()
        #expect(history.counters.lastError == nil)
        #expect(try await all(history, 1).last?.measuredAt == noon.advanced(by: 86_400))
        await history.close()
    }

    @Test("a file that is no database is refused in words, and left as it was")
    func noDatabase() throws {
        let scratch = Scratch()
        scratch.write(
            Array("This is not a database, but long enough to be looked at as one.".utf8), to: "tracks.sqlite")
        let directory = try DataDirectory(scratch.path)
        #expect {
            _ = try TrackHistory(in: directory)
        } throws: { error in
            if case .damaged(let path, let reason)? = error as? StorageError {
                path == scratch.file("tracks.sqlite") && reason == "file is not a database"
            } else {
                false
            }
        }
    }

    @Test("a database of another program is refused and left as it was")
    func foreign() throws {
        let scratch = Scratch()
        let directory = try DataDirectory(scratch.path)
        do {
            let queue = try DatabaseQueue(path: scratch.file("tracks.sqlite"))
            try queue.write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
            try queue.close()
        }
        #expect(throws: StorageError.foreign(path: scratch.file("tracks.sqlite"))) {
            _ = try TrackHistory(in: directory)
        }
        let queue = try DatabaseQueue(path: scratch.file("tracks.sqlite"))
        #expect(try queue.read { try String.fetchAll($0, sql: "SELECT name FROM sqlite_master") } == ["theirs"])
    }

    @Test("a file of a later version is refused")
    func newer() async throws {
        let scratch = Scratch()
        let directory = try DataDirectory(scratch.path)
        await (try TrackHistory(in: directory)).close()
        do {
            let queue = try DatabaseQueue(path: scratch.file("tracks.sqlite"))
            try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2: what is to come')") }
            try queue.close()
        }
        #expect(throws: StorageError.newer(path: scratch.file("tracks.sqlite"))) {
            _ = try TrackHistory(in: directory)
        }
    }

    @Test(
        "a file with a page overwritten never traps: it is refused or its points are counted as failed",
        arguments: [0, 1, 2, 3])
    func damaged(page: Int) async throws {
        let scratch = Scratch()
        let directory = try DataDirectory(scratch.path)
        do {
            let history = try TrackHistory(in: directory)
            history.append((0..<5000).map { point(UInt32($0 % 50 + 1), Double($0)) })
            await history.close()
        }
        let descriptor = unsafe open(scratch.file("tracks.sqlite"), O_WRONLY)
        let garbage = [UInt8](repeating: 0xA5, count: 4096)
        let count = unsafe garbage.withUnsafeBytes {
            unsafe pwrite(descriptor, $0.baseAddress, $0.count, page * 4096)
        }
        #expect(count == 4096)
        close(descriptor)
        do {
            let history = try TrackHistory(in: directory)
            history.append([point(1, 1)])
            await history.flush()
            let counters = history.counters
            #expect(counters.written + counters.failed == 1)
            if let error = counters.lastError { #expect(error.contains("damaged")) }
            await history.close()
        } catch {
            if case .damaged = error {} else { Issue.record("\(error)") }
        }
    }

    @Test("a cancelled writer writes what waits before it ends")
    func cancelled() async throws {
        let scratch = Scratch()
        do {
            let history = try TrackHistory(in: DataDirectory(scratch.path), limits: .init(flushInterval: 100))
            let running = Task { await history.run(clock: { noon }) }
            while history.counters.waiting > 0 { await Task.yield() }
            history.append((0..<1000).map { point(1, Double($0)) })
            running.cancel()
            await running.value
        }
        let history = try TrackHistory(in: DataDirectory(scratch.path))
        #expect(try await all(history, 1).count == 1000)
        await history.close()
    }
}
