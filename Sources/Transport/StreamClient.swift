internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Connects to a receiver that sends a stream of bytes (Beast), and connects again whenever it ends.
///
/// When the queue has no room it stops reading; TCP then holds the sender back, and no byte is lost on this side.
public final class StreamClient: Sendable {
    /// What to connect to, and how patiently.
    public struct Configuration: Hashable, Sendable {
        /// The number that the composition gave to the feed.
        public var feed: UInt16
        /// Which of the feed's receivers it is.
        public var slot: UInt16
        /// The receiver.
        public var endpoint: Endpoint
        /// Seconds until a try to connect is given up.
        public var connectTimeout: Double
        /// Seconds without a byte until a connection is given up.
        public var idleTimeout: Double
        /// Seconds of the first wait before the next try.
        public var firstWait: Double
        /// Seconds of the longest wait.
        public var longestWait: Double
        /// Of the jitter.
        public var seed: UInt64

        public init(
            feed: UInt16, slot: UInt16 = 0, endpoint: Endpoint, connectTimeout: Double = 5, idleTimeout: Double = 60,
            firstWait: Double = 0.5, longestWait: Double = 30, seed: UInt64 = 0
        ) {
            self.feed = feed
            self.slot = slot
            self.endpoint = endpoint
            self.connectTimeout = connectTimeout
            self.idleTimeout = idleTimeout
            self.firstWait = firstWait
            self.longestWait = longestWait
            self.seed = seed
        }
    }

    /// What it was told to connect to.
    public let configuration: Configuration
    private let queue: IngestQueue
    private let clock: @Sendable () -> Int64
    private let statusNow = Mutex(StreamStatus())

    /// A client that does nothing until `run`.
    ///
    /// - Parameters:
    ///   - configuration: what to connect to.
    ///   - queue: where the bytes go.
    ///   - clock: the time now, nanoseconds; called once for each piece that is read.
    public init(_ configuration: Configuration, to queue: IngestQueue, clock: @escaping @Sendable () -> Int64) {
        self.configuration = configuration
        self.queue = queue
        self.clock = clock
    }

    /// What it is doing.
    public var status: StreamStatus { self.statusNow.withLock { $0 } }

    /// Connects, and connects again, until the task is cancelled.
    public func run() async {
        var backoff = Backoff(
            first: self.configuration.firstWait, longest: self.configuration.longestWait,
            seed: self.configuration.seed)
        while !Task.isCancelled {
            let bytesBefore = self.status.bytes
            await self.oneConnection()
            guard !Task.isCancelled else { break }
            // A receiver that accepts and at once closes is not a good one: only bytes make the next wait a first one.
            if self.status.bytes != bytesBefore { backoff.reset() }
            let wait = backoff.next()
            let since = self.clock()
            self.statusNow.withLock { $0.state = .waiting(since: since, seconds: wait) }
            try? await Task.sleep(for: .seconds(wait))
        }
        self.statusNow.withLock { $0.state = .idle }
    }

    /// Connects once and returns when the connection has failed or ended, or the task is cancelled.
    private func oneConnection() async {
        let since = self.clock()
        self.statusNow.withLock { $0.state = .connecting(since: since) }
        let open = OpenChannels()
        let attempt = UInt32(truncatingIfNeeded: self.status.connections &+ 1)
        await withTaskCancellationHandler {
            do {
                let channel = try await self.bootstrap(connection: attempt, open: open)
                    .connect(host: self.configuration.endpoint.host, port: self.configuration.endpoint.port).get()
                let since = self.clock()
                self.statusNow.withLock { status in
                    status.state = .connected(since: since)
                    status.connections &+= 1
                    status.lastError = nil
                }
                try await channel.closeFuture.get()
                let reason = open.reason ?? "the receiver closed the connection"
                self.statusNow.withLock { $0.lastError = reason }
            } catch {
                self.statusNow.withLock { status in
                    status.failures &+= 1
                    status.lastError = reason(error)
                }
            }
        } onCancel: {
            open.close()
        }
    }

    private func bootstrap(connection: UInt32, open: OpenChannels) -> ClientBootstrap {
        let configuration = self.configuration
        let (queue, clock) = (self.queue, self.clock)
        let events = StreamHandler.Events(
            received: { count in self.statusNow.withLock { $0.bytes &+= UInt64(count) } },
            failed: { reason in open.fail(reason) })
        return ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.nanoseconds(Int64(configuration.connectTimeout * 1e9)))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    open.insert(channel)
                    try channel.pipeline.syncOperations.addHandlers(
                        IdleStateHandler(readTimeout: .nanoseconds(Int64(configuration.idleTimeout * 1e9))),
                        StreamHandler(
                            item: IngestItem(
                                feed: configuration.feed, slot: configuration.slot, connection: connection,
                                receivedAt: 0),
                            queue: queue, clock: clock, events: events))
                }
            }
    }
}

/// The channels of one try to connect (one for each address of the name), to be closed when the task is cancelled, and
/// why the one that connected ended.
private final class OpenChannels: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isClosed = false
        var reason: String?
    }

    private let state = Mutex(State())

    /// Why the connection ended, where that was this side's doing or an error.
    var reason: String? { self.state.withLock { $0.reason } }

    /// Says why it ends; the first reason stays.
    func fail(_ reason: String) { self.state.withLock { $0.reason = $0.reason ?? reason } }

    func insert(_ channel: any Channel) {
        let isClosed = self.state.withLock { state in
            state.channels.append(channel)
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    func close() {
        let channels = self.state.withLock { state in
            state.isClosed = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
