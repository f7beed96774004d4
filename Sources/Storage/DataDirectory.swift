internal import Glibc

/// The directory of a node's files, held by one process at a time.
///
/// The lock (`flock` on `kumiko.lock`) goes with the process however it ends; a file left behind locks nobody out.
public final class DataDirectory: Sendable {
    /// Where it is.
    public let path: String
    private let descriptor: Int32

    /// Makes the directory if it is not there, readable by its owner only, and takes its lock.
    ///
    /// - Throws: `StorageError.directory` or `.inUse`, which names the other process where that is known.
    public init(_ path: String) throws(StorageError) {
        self.path = path
        try Self.make(path)
        let lock = path + "/kumiko.lock"
        self.descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw .directory(path: path, reason: Self.systemReason()) }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(self.descriptor)
            let isHeld = errno == EWOULDBLOCK
            let reason = Self.systemReason()
            // `deinit` closes the descriptor: it runs for what throws once all is stored.
            throw isHeld ? .inUse(path: path, process: holder) : .directory(path: path, reason: reason)
        }
        // Only for the message that a second process gives; that it fails does no harm.
        let text = Array("\(getpid())\n".utf8)
        ftruncate(self.descriptor, 0)
        _ = unsafe text.withUnsafeBytes { unsafe pwrite(self.descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { Glibc.close(self.descriptor) }

    /// The path of a file in it.
    public func file(_ name: String) -> String { "\(self.path)/\(name)" }

    private static func make(_ path: String) throws(StorageError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else {
                throw .directory(path: path, reason: self.systemReason())
            }
        }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        let saved = errno
        defer { errno = saved }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func systemReason() -> String { unsafe String(cString: strerror(errno)) }
}
