internal import Synchronization

/// What came in one piece: a datagram, or a run of bytes of a stream.
public struct IngestItem: Hashable, Sendable {
    /// The number that the composition gave to the feed.
    public var feed: UInt16
    /// Which of the feed's simultaneous connections it came by; 0 for datagrams and for a client.
    public var slot: UInt16
    /// Counts the connections of a slot, from 1; 0 for datagrams.
    public var connection: UInt32
    /// Counts the items of a connection, from 0 and wrapping.
    ///
    /// A reader of a stream starts afresh when `connection` is new or `sequence` is not the one before plus one:
    /// something in between was lost.
    public var sequence: UInt32
    /// When it was read from the socket, nanoseconds of the clock that the receiver was given.
    public var receivedAt: Int64
    /// Who sent it.
    public var peer: PeerAddress

    public init(
        feed: UInt16, slot: UInt16 = 0, connection: UInt32 = 0, sequence: UInt32 = 0, receivedAt: Int64,
        peer: PeerAddress = .none
    ) {
        self.feed = feed
        self.slot = slot
        self.connection = connection
        self.sequence = sequence
        self.receivedAt = receivedAt
        self.peer = peer
    }
}

/// Everything that was waiting at one instant, oldest first: two rings, of items and of their bytes.
///
/// An item's bytes are never split over the end of the ring, so that a decoder gets one span.
///
///     bytes  | …free… | oldest | … | newest | …free… |      or, wrapped,
///            | … newest | …free… | oldest | … | unused |
public struct IngestBatch: ~Copyable, Sendable {
    private struct Slot: Sendable {
        var item: IngestItem
        var offset: Int
        var count: Int
    }

    private var bytes: [UInt8]
    private var slots: [Slot]
    private let slotsMax: Int
    private var head = 0
    private var tail = 0
    private var isWrapped = false

    /// How many items are in it.
    public private(set) var count = 0
    /// How many bytes its items have together.
    public private(set) var byteCount = 0

    fileprivate init(bytesMax: Int, itemsMax: Int) {
        // The bytes stay uninitialised, hence untouched memory, until an item is copied in, and only what was copied
        // in is ever read. A byte has no invalid value.
        self.bytes = unsafe [UInt8](unsafeUninitializedCapacity: bytesMax) { _, count in count = bytesMax }
        self.slots = []
        self.slotsMax = itemsMax
    }

    /// Whether nothing is in it.
    public var isEmpty: Bool { self.count == 0 }

    /// Index in `slots` of the oldest item; `slots` grows to its most and then is a ring.
    private var first = 0

    /// Hands over each item with its bytes, oldest first.
    public func forEach<Failure: Error>(
        _ body: (_ item: IngestItem, _ bytes: Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        for i in 0..<self.count {
            let slot = self.slots[self.index(i)]
            try body(slot.item, self.bytes.span.extracting(slot.offset..<(slot.offset + slot.count)))
        }
    }

    /// Hands over items with their bytes, oldest first, beginning with number `start`, until `body` wants no more.
    ///
    /// - Returns: the number of the next one; `count` when all were handed over.
    public func forEach(from start: Int, while body: (_ item: IngestItem, _ bytes: Span<UInt8>) -> Bool) -> Int {
        var i = start
        while i < self.count {
            let slot = self.slots[self.index(i)]
            i += 1
            if !body(slot.item, self.bytes.span.extracting(slot.offset..<(slot.offset + slot.count))) { break }
        }
        return i
    }

    private func index(_ i: Int) -> Int {
        let index = self.first + i
        return index < self.slotsMax ? index : index - self.slotsMax
    }

    fileprivate mutating func clear() {
        self.count = 0
        self.byteCount = 0
        self.first = 0
        self.head = 0
        self.tail = 0
        self.isWrapped = false
    }

    /// Where `size` bytes fit in one piece, and whether they lie before the oldest; nil if they don't fit.
    private func place(for size: Int) -> (offset: Int, wraps: Bool)? {
        guard self.count < self.slotsMax else { return nil }
        if self.isWrapped { return self.head - self.tail >= size ? (self.tail, true) : nil }
        if self.bytes.count - self.tail >= size { return (self.tail, false) }
        return self.head >= size ? (0, true) : nil
    }

    fileprivate mutating func append(_ item: IngestItem, _ payload: RawSpan) -> Bool {
        guard let (offset, wraps) = self.place(for: payload.byteCount) else { return false }
        self.isWrapped = wraps
        self.tail = offset + payload.byteCount
        let slot = Slot(item: item, offset: offset, count: payload.byteCount)
        let index = self.index(self.count)
        if index == self.slots.count { self.slots.append(slot) } else { self.slots[index] = slot }
        self.count += 1
        self.byteCount += payload.byteCount
        guard payload.byteCount > 0 else { return true }
        unsafe self.bytes.withUnsafeMutableBytes { target in
            unsafe payload.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<(offset + source.count)]).copyMemory(
                    from: source)
            }
        }
        return true
    }

    /// Lets the oldest item go and says whose it was.
    fileprivate mutating func dropOldest() -> UInt16 {
        let oldest = self.slots[self.first]
        self.first = self.index(1)
        self.count -= 1
        self.byteCount -= oldest.count
        if self.count == 0 {
            self.clear()
        } else {
            let next = self.slots[self.first].offset
            if next < self.head { self.isWrapped = false }
            self.head = next
        }
        return oldest.item.feed
    }
}

/// The bounded queue between the sockets and the one reader that decodes.
///
/// Sockets push from their event loops; the reader takes all that waits by exchanging two buffers, so that the lock is
/// held for one copy of a datagram at most and nothing is allocated for each. When there is no room a datagram drops
/// the oldest items, which are counted by feed; a stream stops reading instead (`offer`).
///
/// It holds at most twice (one buffer with the reader, one being filled) `bytesMax` bytes and `itemsMax` items.
public final class IngestQueue: Sendable {
    /// What has gone through, since the beginning.
    public struct Counters: Hashable, Sendable {
        /// Items put in.
        public var pushed: UInt64 = 0
        /// Bytes put in.
        public var pushedBytes: UInt64 = 0
        /// Items that the reader got.
        public var taken: UInt64 = 0
        /// Items that were dropped because newer ones needed the room.
        public var dropped: UInt64 = 0
        /// Items that wait now.
        public var waiting: Int = 0
        /// Bytes that wait now.
        public var waitingBytes: Int = 0
        /// The same as `dropped`, by feed; feeds of the highest numbers that lost nothing may be missing.
        public var droppedByFeed: [UInt64] = []

        fileprivate mutating func drop(of feed: UInt16) {
            self.dropped &+= 1
            while self.droppedByFeed.count <= Int(feed) { self.droppedByFeed.append(0) }
            self.droppedByFeed[Int(feed)] &+= 1
        }
    }

    private struct State: ~Copyable {
        var batch: IngestBatch
        var counters = Counters()
        var isFinished = false
        var reader: CheckedContinuation<Void, Never>?
        var blocked: [@Sendable () -> Void] = []

        /// Whom to call, outside of the lock.
        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { self.reader = nil }
            return self.reader
        }

        mutating func add(_ item: IngestItem, _ bytes: RawSpan) -> Bool {
            guard self.batch.append(item, bytes) else { return false }
            self.counters.pushed &+= 1
            self.counters.pushedBytes &+= UInt64(bytes.byteCount)
            return true
        }

        /// Puts an item in that is no longer than the whole queue; if there is no room the oldest go.
        mutating func force(_ item: IngestItem, _ bytes: RawSpan) {
            while !self.add(item, bytes) { self.counters.drop(of: self.batch.dropOldest()) }
        }
    }

    private let state: Mutex<State>
    /// Most bytes that wait.
    public let bytesMax: Int
    /// Most items that wait.
    public let itemsMax: Int

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - bytesMax: at least 64 KiB, that the largest datagram has room.
    ///   - itemsMax: at least 1.
    public init(bytesMax: Int = 8 << 20, itemsMax: Int = 32_768) {
        precondition(bytesMax >= 1 << 16 && itemsMax >= 1, "an ingest queue has room for the largest datagram")
        self.bytesMax = bytesMax
        self.itemsMax = itemsMax
        self.state = Mutex(State(batch: IngestBatch(bytesMax: bytesMax, itemsMax: itemsMax)))
    }

    /// Puts a datagram in; if there is no room the oldest items go and are counted.
    public func push(_ bytes: Span<UInt8>, _ item: IngestItem) { unsafe self.push(bytes.bytes, item) }

    func push(_ bytes: RawSpan, _ item: IngestItem) {
        guard bytes.byteCount <= self.bytesMax else { return self.countDrop(item.feed) }
        let reader = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isFinished else { return nil }
            state.force(item, bytes)
            return state.takeReader()
        }
        reader?.resume()
    }

    private func countDrop(_ feed: UInt16) {
        self.state.withLock { state in
            state.counters.pushed &+= 1
            state.counters.drop(of: feed)
        }
    }

    /// Puts all datagrams of one read in, under one lock, with one time; if there is no room the oldest items go and
    /// are counted.
    func push(_ datagrams: borrowing DatagramBatch, feed: UInt16, receivedAt: Int64) {
        let reader = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isFinished else { return nil }
            var item = IngestItem(feed: feed, receivedAt: receivedAt)
            for index in 0..<datagrams.count {
                item.peer = datagrams.peer(index)
                // Every queue has room for the largest datagram: `init` sees to it.
                unsafe state.force(item, datagrams.bytes(index).bytes)
            }
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Puts a piece of a stream in if there is room; if not, answers false and calls `whenRoom` once when there may be.
    ///
    /// Nothing is dropped to make room: the caller stops reading, and TCP tells the sender. (A datagram of another
    /// feed may still push it out later; then `IngestItem.sequence` shows it.)
    public func offer(_ bytes: Span<UInt8>, _ item: IngestItem, whenRoom: @escaping @Sendable () -> Void) -> Bool {
        unsafe self.offer(bytes.bytes, item, whenRoom: whenRoom)
    }

    func offer(_ bytes: RawSpan, _ item: IngestItem, whenRoom: @escaping @Sendable () -> Void) -> Bool {
        precondition(bytes.byteCount <= self.bytesMax, "a piece of a stream is smaller than the queue")
        var reader: CheckedContinuation<Void, Never>?
        let isIn = self.state.withLock { state in
            guard !state.isFinished else { return true }
            guard state.add(item, bytes) else {
                state.blocked.append(whenRoom)
                return false
            }
            reader = state.takeReader()
            return true
        }
        reader?.resume()
        return isIn
    }

    /// A batch for the reader to take into; made once.
    public func makeBatch() -> IngestBatch { IngestBatch(bytesMax: self.bytesMax, itemsMax: self.itemsMax) }

    private enum Outcome { case taken, empty, finished }

    /// Waits until something is there, and exchanges all of it for what `batch` held. One reader only.
    ///
    /// - Returns: false when the queue is finished and empty, or the task is cancelled; `batch` is then empty.
    public func take(_ batch: inout IngestBatch) async -> Bool {
        while true {
            batch.clear()
            var blocked: [@Sendable () -> Void] = []
            let outcome = self.state.withLock { state -> Outcome in
                guard !state.batch.isEmpty else { return state.isFinished ? .finished : .empty }
                swap(&state.batch, &batch)
                swap(&state.blocked, &blocked)
                state.counters.taken &+= UInt64(batch.count)
                return .taken
            }
            for call in blocked { call() }
            switch outcome {
            case .taken: return true
            case .finished: return false
            case .empty:
                await self.somethingThere()
                guard !Task.isCancelled else { return false }
            }
        }
    }

    private func somethingThere() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state in
                    // A cancellation that came before is seen here; one that comes later finds the reader waiting.
                    guard state.batch.isEmpty, !state.isFinished, !Task.isCancelled else { return true }
                    precondition(state.reader == nil, "an ingest queue has one reader")
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.takeReader() }?.resume()
        }
    }

    /// Takes nothing more in; the reader gets what waits, then the end.
    public func finish() {
        var blocked: [@Sendable () -> Void] = []
        let reader = self.state.withLock { state in
            state.isFinished = true
            swap(&state.blocked, &blocked)
            return state.takeReader()
        }
        for call in blocked { call() }
        reader?.resume()
    }

    /// What has gone through until now.
    public var counters: Counters {
        self.state.withLock { state in
            var counters = state.counters
            counters.waiting = state.batch.count
            counters.waitingBytes = state.batch.byteCount
            return counters
        }
    }
}
