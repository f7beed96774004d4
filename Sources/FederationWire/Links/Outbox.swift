import Synchronization

/// What waits to be said on one link.
///
/// Two lines: what is urgent or steers the link, in its order, and behind all of it what is bulk. Each has a bound. One task
/// takes; anybody puts.
final class Outbox<Message: Sendable>: Sendable {
    enum Rank: Sendable {
        case first, bulk
    }

    private struct State {
        var first: [Message] = []
        var bulk: [Message] = []
        var isEnded = false
        var taker: CheckedContinuation<Void, Never>?

        // The lines are short: moving what is left costs less than a ring would.
        mutating func take() -> (message: Message, rank: Rank)? {
            if !self.first.isEmpty { return (self.first.removeFirst(), .first) }
            if !self.bulk.isEmpty { return (self.bulk.removeFirst(), .bulk) }
            return nil
        }
    }

    private let state = Mutex(State())
    private let firstMax: Int
    private let bulkMax: Int

    init(firstMax: Int, bulkMax: Int) {
        self.firstMax = firstMax
        self.bulkMax = bulkMax
    }

    /// Adds to a line; false when the line is full. After the end nothing is added, and nobody told.
    func put(_ message: Message, _ rank: Rank) -> Bool {
        let (isTaken, taker) = self.state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard !state.isEnded else { return (true, nil) }
            switch rank {
            case .first:
                guard state.first.count < self.firstMax else { return (false, nil) }
                state.first.append(message)
            case .bulk:
                guard state.bulk.count < self.bulkMax else { return (false, nil) }
                state.bulk.append(message)
            }
            return (true, state.taker.take())
        }
        taker?.resume()
        return isTaken
    }

    /// Nothing is added from now on. What waits is dropped; a last word may be said instead.
    func end(saying last: Message? = nil) {
        let taker = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            state.first = last.map { [$0] } ?? []
            state.bulk = []
            return state.taker.take()
        }
        taker?.resume()
    }

    /// The next to be said; nil after the end. For one task only.
    func next() async -> (message: Message, rank: Rank)? {
        while true {
            let (taken, isEnded) = self.state.withLock { state in (state.take(), state.isEnded) }
            if let taken { return taken }
            if isEnded { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { taker in
                    let isReady = self.state.withLock { state in
                        if state.isEnded || !state.first.isEmpty || !state.bulk.isEmpty { return true }
                        state.taker = taker
                        return false
                    }
                    if isReady { taker.resume() }
                }
            } onCancel: {
                self.end()
            }
        }
    }
}
