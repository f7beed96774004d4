public import Ledger

/// Why the ledger's store did not do what was asked; after it nothing of the batch is there.
public enum LedgerError: Error, Sendable, CustomStringConvertible {
    /// The directory or the file cannot be used.
    case storage(StorageError)
    /// The disk is full. The store goes on when there is room.
    case full(path: String)
    /// Reading or writing failed below, now or before, and what is on the disk is not known: the store does nothing any more.
    /// An fsync that failed is never tried again, for the kernel forgets what it did not write.
    case stopped(path: String, reason: String)
    /// An entry is not the next one of its lane.
    case outOfOrder(lane: Lane, expected: UInt64, found: UInt64)
    /// An entry and its body do not belong together.
    case wrongBody(lane: Lane, sequence: UInt64)
    /// A head is of more entries than there are.
    case headAhead(lane: Lane, size: UInt64, entries: UInt64)
    /// A note is no head of the lane.
    case notAHead(lane: Lane)
    /// The entries do not lead to the root that was signed.
    case wrongRoot(lane: Lane, size: UInt64, signed: LedgerHash, found: LedgerHash)
    /// What is stored is not what was written: an entry is missing, or none.
    case damaged(path: String, lane: Lane, sequence: UInt64)
    /// A batch that asks for nothing that can be.
    case tooLong(lane: Lane)

    public var description: String {
        switch self {
        case .storage(let error): error.description
        case .full(let path): "\(path): the disk is full; nothing is acknowledged until there is room"
        case .stopped(let path, let reason):
            "\(path): reading or writing failed (\(reason)); nothing is acknowledged any more. Look at the disk, then start "
                + "the node again: it goes on from what was durable"
        case .outOfOrder(let lane, let expected, let found):
            "lane \(lane): entry \(found) was given where \(expected) is the next"
        case .wrongBody(let lane, let sequence):
            "lane \(lane): the body of entry \(sequence) is not the one that was signed"
        case .headAhead(let lane, let size, let entries):
            "lane \(lane): a head of \(size) entries, where there are \(entries)"
        case .notAHead(let lane): "lane \(lane): a note that is no head of it"
        case .wrongRoot(let lane, let size, let signed, let found):
            "lane \(lane): the first \(size) entries have the root \(found), and signed is \(signed)"
        case .damaged(let path, let lane, let sequence):
            "\(path) is damaged: entry \(sequence) of lane \(lane) is missing or none; restore a backup, and let the "
                + "partners' cosigned heads tell whether it is old"
        case .tooLong(let lane): "lane \(lane) is full"
        }
    }
}
