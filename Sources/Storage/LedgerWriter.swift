internal import Dispatch
internal import Synchronization

/// Writes the batches of many submitters with one sync of the disk.
///
/// The first batch that comes waits `window` for others, then all are written in one transaction; who submitted is told when
/// it is on the disk, in the order of submission. While one transaction is written the next one gathers. A batch that cannot
/// be is refused alone.
public final class LedgerWriter: Sendable {
    private struct Waiting {
        var batch: LedgerBatch
        var done: @Sendable (LedgerError?) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var weight = 0
        var isScheduled = false
        var counters = Counters()
    }

    /// What was written since the begin.
    public struct Counters: Hashable, Sendable {
        /// Transactions, and so syncs.
        public var transactions: UInt64 = 0
        /// Batches that are durable.
        public var batches: UInt64 = 0
        /// Batches that are not.
        public var refused: UInt64 = 0
    }

    /// Where it writes.
    public let store: LedgerStore
    private let window: DispatchTimeInterval
    private let weightMax: Int
    private let queue = DispatchQueue(label: "kumiko.ledger.writer", qos: .userInitiated)
    private let state = Mutex(State())

    /// A writer.
    ///
    /// - Parameters:
    ///   - windowMilliseconds: how long the first batch waits for others, 0 to 1,000.
    ///   - weightMax: rows at which none waits any longer.
    public init(store: LedgerStore, windowMilliseconds: Int = 5, weightMax: Int = 2000) {
        self.store = store
        self.window = .milliseconds(min(max(windowMilliseconds, 0), 1000))
        self.weightMax = weightMax
    }

    /// Submits a batch.
    ///
    /// - Parameter done: called when it is on the disk, with nil, or with why it is not; on the writer's own queue, where it must
    ///   not wait for anything.
    public func submit(_ batch: LedgerBatch, done: @escaping @Sendable (LedgerError?) -> Void) {
        let (begins, isHeavy) = self.state.withLock { state -> (Bool, Bool) in
            state.waiting.append(Waiting(batch: batch, done: done))
            let before = state.weight
            state.weight += batch.weight
            defer { state.isScheduled = true }
            return (!state.isScheduled, before < self.weightMax && state.weight >= self.weightMax)
        }
        if isHeavy {
            self.queue.async { self.flush() }
        } else if begins {
            self.queue.asyncAfter(deadline: .now() + self.window) { self.flush() }
        }
    }

    /// Submits a batch, and returns when it is on the disk.
    ///
    /// - Throws: `LedgerError` when it is not.
    public func write(_ batch: LedgerBatch) async throws(LedgerError) {
        let error = await withCheckedContinuation { continuation in
            self.submit(batch) { continuation.resume(returning: $0) }
        }
        if let error { throw error }
    }

    private func flush() {
        let taken = self.state.withLock { state -> [Waiting] in
            defer {
                state.waiting.removeAll()
                state.weight = 0
                state.isScheduled = false
            }
            return state.waiting
        }
        guard !taken.isEmpty else { return }
        let errors = self.store.write(taken.map(\.batch))
        self.state.withLock { state in
            state.counters.transactions += 1
            let refused = UInt64(errors.count { $0 != nil })
            state.counters.refused += refused
            state.counters.batches += UInt64(errors.count) - refused
        }
        for (waiting, error) in zip(taken, errors) { waiting.done(error) }
    }

    /// What was written until now.
    public var counters: Counters { self.state.withLock { $0.counters } }
}
