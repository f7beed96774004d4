internal import NIOCore
internal import Synchronization

/// What a stream connection is doing, for a status page.
public struct StreamStatus: Hashable, Sendable {
    /// Where in its life a client is; times in nanoseconds of the clock that it was given.
    public enum State: Hashable, Sendable {
        /// Not started, or ended.
        case idle
        /// Trying to connect.
        case connecting(since: Int64)
        /// Connected.
        case connected(since: Int64)
        /// Waiting before the next try.
        case waiting(since: Int64, seconds: Double)
    }

    /// What it is doing.
    public var state: State = .idle
    /// Why the last connection failed or ended.
    public var lastError: String?
    /// How many connections there were.
    public var connections: UInt64 = 0
    /// How many tries to connect failed.
    public var failures: UInt64 = 0
    /// How many bytes came, over all connections.
    public var bytes: UInt64 = 0
}

/// Puts what a connection brings into the queue, and stops reading while the queue has no room.
///
/// Runs on the event loop of its channel only.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What the owner wants to know.
    struct Events: Sendable {
        var received: @Sendable (Int) -> Void
        var failed: @Sendable (String) -> Void
    }

    private var item: IngestItem
    private let queue: IngestQueue
    private let clock: @Sendable () -> Int64
    private let events: Events
    /// What the queue had no room for, oldest first; at most what one read cycle brings.
    private var held: [(bytes: ByteBuffer, receivedAt: Int64)] = []

    init(item: IngestItem, queue: IngestQueue, clock: @escaping @Sendable () -> Int64, events: Events) {
        self.item = item
        self.queue = queue
        self.clock = clock
        self.events = events
    }

    func channelActive(context: ChannelHandlerContext) {
        if let peer = context.channel.remoteAddress { self.item.peer = PeerAddress(peer) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        self.events.received(buffer.readableBytes)
        self.held.append((buffer, self.clock()))
        if self.held.count == 1, !self.handOver(context) { self.setReading(false, context) }
    }

    /// Puts what is held into the queue; false when there is no room, in which case it is called again.
    private func handOver(_ context: ChannelHandlerContext) -> Bool {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        var done = 0
        defer { self.held.removeFirst(done) }
        for (bytes, receivedAt) in self.held {
            self.item.receivedAt = receivedAt
            let isIn = self.queue.offer(bytes.readableBytesSpan, self.item) {
                eventLoop.execute {
                    let (handler, context) = bound.value
                    if handler.handOver(context) { handler.setReading(true, context) }
                }
            }
            guard isIn else { return false }
            self.item.sequence &+= 1
            done += 1
        }
        return true
    }

    private func setReading(_ isReading: Bool, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
        if isReading { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A connection that we ourselves do not read from is not silent.
        if let event = event as? IdleStateHandler.IdleStateEvent, event == .read, self.held.isEmpty {
            self.events.failed("nothing came in time")
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.events.failed(reason(error))
        context.close(promise: nil)
    }
}
