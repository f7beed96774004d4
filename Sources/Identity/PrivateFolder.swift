internal import FoundationEssentials
internal import Glibc

/// A folder that only its owner may read, with files that only its owner may read.
///
/// Each call opens the folder, never through a link, and asks its owner and mode, then reaches the file from there; so what was
/// checked is what is used. Modes are those of the call that makes the file, so that nothing is open even for an instant.
struct PrivateFolder: Hashable, Sendable {
    let path: String

    init(_ path: String) {
        // With a slash at its end a link would be followed.
        var path = path[...]
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        self.path = String(path)
    }

    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// Makes the folder, which must not be there; what lies above it must.
    func make() throws(IdentityError) {
        guard unsafe mkdir(self.path, 0o700) == 0 else {
            throw errno == EEXIST ? .exists(path: self.path) : .system(path: self.path, reason: Self.reason())
        }
        let above = self.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let parent = above.isEmpty ? (self.path.hasPrefix("/") ? "/" : ".") : above
        let descriptor = unsafe Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(path: parent, reason: Self.reason()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(path: parent, reason: Self.reason()) }
    }

    /// The names of its files, in order.
    func names() throws(IdentityError) -> [String] {
        close(try self.open())
        do { return try FileManager.default.contentsOfDirectory(atPath: self.path).sorted() } catch {
            throw .system(path: self.path, reason: "\(error)")
        }
    }

    /// Reads a file.
    ///
    /// - Throws: `IdentityError`: `missing`, `open`, `foreign`, `notPlain`, `malformed` when it is longer than `max`, `system`.
    func read(_ name: String, max: Int) throws(IdentityError) -> [UInt8] {
        let folder = try self.open()
        defer { close(folder) }
        return try Self.read(name, in: folder, path: self.file(name), max: max)
    }

    /// Reads a file by itself, in whatever folder; it must be as private.
    static func readAlone(_ path: String, max: Int) throws(IdentityError) -> [UInt8] {
        try self.read(path, in: AT_FDCWD, path: path, max: max)
    }

    /// Checks that a file is its owner's only, as reading does.
    func check(_ name: String) throws(IdentityError) {
        let folder = try self.open()
        defer { close(folder) }
        close(try Self.open(name, in: folder, path: self.file(name)))
    }

    private static func open(_ name: String, in folder: Int32, path: String) throws(IdentityError) -> Int32 {
        // Without O_NONBLOCK the opening of a named pipe would wait for a writer.
        let descriptor = unsafe openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.notOpened(path) }
        do { try Self.check(descriptor, path, kind: S_IFREG, needed: 0o600) } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func read(
        _ name: String, in folder: Int32, path: String, max: Int
    ) throws(IdentityError) -> [UInt8] {
        let descriptor = try Self.open(name, in: folder, path: path)
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path: path, reason: Self.reason()) }
            guard count > 0 else { return octets }
            octets += buffer[..<count]
            guard octets.count <= max else {
                throw .malformed(path: path, line: 0, reason: "longer than \(max) octets")
            }
        }
    }

    /// Writes a file that must not be there; it is durable when this returns.
    func create(_ name: String, _ octets: [UInt8]) throws(IdentityError) {
        let folder = try self.open()
        defer { close(folder) }
        try self.create(name, octets, in: folder)
        guard fsync(folder) == 0 else { throw .system(path: self.path, reason: Self.reason()) }
    }

    /// Writes a file in the place of another, whole or not at all; it is durable when this returns.
    func replace(_ name: String, _ octets: [UInt8]) throws(IdentityError) {
        let folder = try self.open()
        defer { close(folder) }
        let draft = name + ".new"
        // One that a crash left behind; under the lock it is nobody's.
        _ = unsafe unlinkat(folder, draft, 0)
        try self.create(draft, octets, in: folder)
        guard unsafe renameat(folder, draft, folder, name) == 0, fsync(folder) == 0 else {
            throw .system(path: self.file(name), reason: Self.reason())
        }
    }

    /// Deletes a file; one that is not there is no fault.
    func remove(_ name: String) throws(IdentityError) {
        let folder = try self.open()
        defer { close(folder) }
        guard unsafe unlinkat(folder, name, 0) == 0 || errno == ENOENT, fsync(folder) == 0 else {
            throw .system(path: self.file(name), reason: Self.reason())
        }
    }

    /// Does `work` while no other process does the like in this folder; the lock ends with the process in any case.
    func locked<Result>(_ work: () throws(IdentityError) -> Result) throws(IdentityError) -> Result {
        let folder = try self.open()
        defer { close(folder) }
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system(path: self.path, reason: Self.reason()) }
        }
        return try work()
    }

    private func create(_ name: String, _ octets: [UInt8], in folder: Int32) throws(IdentityError) {
        let path = self.file(name)
        let descriptor = unsafe openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? .exists(path: path) : .system(path: path, reason: Self.reason())
        }
        defer { close(descriptor) }
        var written = 0
        while written < octets.count {
            let count = unsafe octets.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(path: path, reason: Self.reason()) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw .system(path: path, reason: Self.reason()) }
    }

    private func open() throws(IdentityError) -> Int32 {
        let descriptor = unsafe Glibc.open(self.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.notOpened(self.path) }
        do { try Self.check(descriptor, self.path, kind: S_IFDIR, needed: 0o700) } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func notOpened(_ path: String) -> IdentityError {
        switch errno {
        case ENOENT: .missing(path: path)
        case ELOOP, ENOTDIR, ENXIO: .notPlain(path: path)
        default: .system(path: path, reason: self.reason())
        }
    }

    private static func check(
        _ descriptor: Int32, _ path: String, kind: mode_t, needed: mode_t
    ) throws(IdentityError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system(path: path, reason: self.reason()) }
        guard status.st_mode & S_IFMT == kind else { throw .notPlain(path: path) }
        guard status.st_uid == geteuid() else { throw .foreign(path: path, owner: status.st_uid) }
        // The mask of an access control list stands in the bits of the group, so this sees lists as well.
        guard status.st_mode & 0o077 == 0 else {
            throw .open(path: path, mode: status.st_mode & 0o7777, needed: needed)
        }
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}

/// The octets of an address of version 4 or 6; nil for any other text.
func addressOctets(_ text: String) -> [UInt8]? {
    var octets = [UInt8](repeating: 0, count: 16)
    if unsafe octets.withUnsafeMutableBytes({ unsafe inet_pton(AF_INET, text, $0.baseAddress) }) == 1 {
        return Array(octets[..<4])
    }
    if unsafe octets.withUnsafeMutableBytes({ unsafe inet_pton(AF_INET6, text, $0.baseAddress) }) == 1 { return octets }
    return nil
}
