public import Air
internal import Synchronization

/// All tracks of the node at one instant. One writer, many readers; no reader can hold the writer up.
///
/// Tracks lie in chunks that are copied on write, so that a reader's snapshot costs a retain for each chunk and the
/// writer copies only chunks that it touches while a snapshot is still held.
public final class Picture: Sendable {
    /// Tracks of one chunk: 256 × some 500 bytes is what one copy-on-write may cost.
    private static let chunkSize = 256

    private struct State {
        var chunks: [[Track?]] = []
        var slots: [TrackID: Int] = [:]
        var free: [Int] = []
        var subscriptions: [UInt64: PictureSubscription.Inbox] = [:]
        var nextSubscription: UInt64 = 0
        var updates: UInt64 = 0
        var drops: UInt64 = 0

        subscript(slot: Int) -> Track? {
            get { self.chunks[slot / Picture.chunkSize][slot % Picture.chunkSize] }
            _modify { yield &self.chunks[slot / Picture.chunkSize][slot % Picture.chunkSize] }
        }
    }

    private let state = Mutex(State())

    /// A picture without tracks.
    public init() {}

    /// Enters what the tracker says has changed, and wakes the subscribers.
    public func apply(_ changes: [TrackChange]) {
        guard !changes.isEmpty else { return }
        self.state.withLock { state in
            for change in changes {
                switch change {
                case .updated(let track):
                    if let slot = state.slots[track.id] {
                        state[slot] = track
                    } else {
                        let slot = state.free.popLast() ?? Self.grow(&state)
                        state.slots[track.id] = slot
                        state[slot] = track
                    }
                    state.updates &+= 1
                    for inbox in state.subscriptions.values { inbox.note(updated: track.id) }
                case .dropped(let id, _):
                    guard let slot = state.slots.removeValue(forKey: id) else { continue }
                    state[slot] = nil
                    state.free.append(slot)
                    state.drops &+= 1
                    for inbox in state.subscriptions.values { inbox.note(dropped: id) }
                }
            }
            for inbox in state.subscriptions.values { inbox.ring() }
        }
    }

    private static func grow(_ state: inout State) -> Int {
        let first = state.chunks.count * Self.chunkSize
        state.chunks.append(Array(repeating: nil, count: Self.chunkSize))
        state.free.append(contentsOf: ((first + 1)..<(first + Self.chunkSize)).reversed())
        return first
    }

    /// Every track as it is now, in no order.
    public func snapshot() -> PictureSnapshot {
        self.state.withLock { PictureSnapshot(chunks: $0.chunks, count: $0.slots.count) }
    }

    /// One track as it is now; nil when it is unknown or was dropped.
    public func track(_ id: TrackID) -> Track? {
        self.state.withLock { state in state.slots[id].flatMap { state[$0] } }
    }

    /// How many tracks there are.
    public var count: Int { self.state.withLock { $0.slots.count } }

    /// How many updates and drops were ever entered.
    public var totals: (updates: UInt64, drops: UInt64) { self.state.withLock { ($0.updates, $0.drops) } }

    /// Begins to note changes for one reader; its first batch holds every track.
    ///
    /// What waits for a reader is bounded by the number of tracks: of each track only the newest state.
    public func subscribe() -> PictureSubscription {
        self.state.withLock { state in
            let inbox = PictureSubscription.Inbox(all: Array(state.slots.keys))
            let key = state.nextSubscription
            state.nextSubscription += 1
            state.subscriptions[key] = inbox
            inbox.ring()
            return PictureSubscription(picture: self, key: key, inbox: inbox)
        }
    }

    fileprivate func unsubscribe(_ key: UInt64) {
        _ = self.state.withLock { $0.subscriptions.removeValue(forKey: key) }
    }

    fileprivate func tracks(_ ids: [TrackID]) -> [Track] {
        self.state.withLock { state in
            var result: [Track] = []
            result.reserveCapacity(ids.count)
            for id in ids {
                if let slot = state.slots[id], let track = state[slot] { result.append(track) }
            }
            return result
        }
    }
}

/// The tracks of one instant; a value that no later change touches.
public struct PictureSnapshot: Sendable {
    fileprivate let chunks: [[Track?]]

    /// How many tracks.
    public let count: Int

    /// Visits every track, in no order.
    public func forEach(_ body: (borrowing Track) throws -> Void) rethrows {
        for chunk in self.chunks {
            for slot in chunk.indices where chunk[slot] != nil {
                if let track = chunk[slot] { try body(track) }
            }
        }
    }
}

/// What has changed since a reader last asked.
public struct PictureDelta: Sendable {
    /// True for the first batch, which holds every track.
    public var isSnapshot: Bool
    /// The newest state of each track that has changed.
    public var updated: [Track]
    /// Tracks that ended.
    public var dropped: [TrackID]
}

/// One reader's view of the changes, conflated: of each track only the newest state, however late the reader asks.
///
/// For one task; when it is let go the picture forgets it.
public final class PictureSubscription: Sendable {
    final class Inbox: Sendable {
        private struct Waiting {
            var updated: Set<TrackID>
            var dropped: Set<TrackID> = []
            /// Tracks that the reader knows: only their end is news to it.
            var told: Set<TrackID> = []
            var isSnapshot = true
        }

        private let waiting: Mutex<Waiting>
        let bell: AsyncStream<Void>
        private let ringer: AsyncStream<Void>.Continuation

        init(all: [TrackID]) {
            self.waiting = Mutex(Waiting(updated: Set(all)))
            (self.bell, self.ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        }

        func note(updated id: TrackID) {
            self.waiting.withLock { _ = $0.updated.insert(id) }
        }

        func note(dropped id: TrackID) {
            self.waiting.withLock { waiting in
                waiting.updated.remove(id)
                if waiting.told.remove(id) != nil { waiting.dropped.insert(id) }
            }
        }

        func ring() { self.ringer.yield() }

        func close() { self.ringer.finish() }

        func take() -> (updated: [TrackID], dropped: [TrackID], isSnapshot: Bool) {
            self.waiting.withLock { waiting in
                // In the order of their numbers: what a reader gets does not hang on the order of a set.
                let result = (waiting.updated.sorted(), waiting.dropped.sorted(), waiting.isSnapshot)
                waiting.told.formUnion(waiting.updated)
                waiting.updated.removeAll(keepingCapacity: true)
                waiting.dropped.removeAll(keepingCapacity: true)
                waiting.isSnapshot = false
                return result
            }
        }
    }

    private let picture: Picture
    private let key: UInt64
    private let inbox: Inbox

    fileprivate init(picture: Picture, key: UInt64, inbox: Inbox) {
        self.picture = picture
        self.key = key
        self.inbox = inbox
    }

    deinit { self.picture.unsubscribe(self.key) }

    /// A signal each time that something waits; signals nobody took collapse into one.
    public var signals: AsyncStream<Void> { self.inbox.bell }

    /// Everything that waits, at once; nil when nothing does.
    public func take() -> PictureDelta? {
        let (updated, dropped, isSnapshot) = self.inbox.take()
        guard isSnapshot || !updated.isEmpty || !dropped.isEmpty else { return nil }
        return PictureDelta(isSnapshot: isSnapshot, updated: self.picture.tracks(updated), dropped: dropped)
    }

    /// Ends `signals`.
    public func cancel() {
        self.picture.unsubscribe(self.key)
        self.inbox.close()
    }
}
