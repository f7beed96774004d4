/// Why a store cannot be opened or read.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The directory cannot be made or used.
    case directory(path: String, reason: String)
    /// Another process, or another part of this one, holds the directory.
    case inUse(path: String, process: Int32?)
    /// The file is no database, or it is damaged.
    case damaged(path: String, reason: String)
    /// The file is a database, but not one of Kumiko.
    case foreign(path: String)
    /// The file was written by a later version of Kumiko.
    case newer(path: String)
    /// Reading or writing failed for another reason.
    case failed(path: String, reason: String)

    public var description: String {
        switch self {
        case .directory(let path, let reason): "the data directory \(path) cannot be used: \(reason)"
        case .inUse(let path, let process):
            "the data directory \(path) is in use by \(process.map { "process \($0)" } ?? "another process"); "
                + "end it, or give this node a directory of its own"
        case .damaged(let path, let reason):
            "\(path) is damaged or no database (\(reason)); move it away, and a new one is begun"
        case .foreign(let path): "\(path) is a database, but not one of Kumiko; move it away, and a new one is begun"
        case .newer(let path): "\(path) was written by a later version of Kumiko; run that version, or move it away"
        case .failed(let path, let reason): "\(path): \(reason)"
        }
    }
}
