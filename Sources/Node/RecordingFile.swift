internal import Glibc

/// All bytes of a file, also of a pipe.
///
/// - Throws: `Replay.Failure` with the system's reason.
public func contents(ofFile path: String) throws(Replay.Failure) -> [UInt8] {
    func failure() -> Replay.Failure {
        Replay.Failure(description: "\(path) cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
    guard let file = unsafe fopen(path, "rb") else { throw failure() }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = unsafe fread(&piece, 1, 1 << 20, file)
        guard count > 0 else { break }
        bytes.append(contentsOf: piece[..<count])
    }
    guard unsafe ferror(file) == 0 else { throw failure() }
    return bytes
}
