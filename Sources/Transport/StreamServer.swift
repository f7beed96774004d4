internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Accepts connections of receivers that send a stream of bytes to us (Beast, pushed).
///
/// Each connection has a slot for as long as it lives, so that a reader needs one decoder for each of a bounded number
/// of slots; a connection beyond them is closed at once and counted.
public final class StreamServer: Sendable {
    /// Where to listen, and for how many.
    public struct Configuration: Hashable, Sendable {
        /// The number that the composition gave to the feed.
        public var feed: UInt16
        /// Where to listen.
        public var endpoint: Endpoint
        /// How many connections at once.
        public var connectionsMax: Int
        /// Seconds without a byte until a connection is given up.
        public var idleTimeout: Double

        public init(feed: UInt16, endpoint: Endpoint, connectionsMax: Int = 64, idleTimeout: Double = 60) {
            self.feed = feed
            self.endpoint = endpoint
            self.connectionsMax = connectionsMax
            self.idleTimeout = idleTimeout
        }
    }

    /// What it has done, since the beginning.
    public struct Counters: Hashable, Sendable {
        /// Connections that are open.
        public var open = 0
        /// Connections that were accepted.
        public var accepted: UInt64 = 0
        /// Connections that were closed because all slots were in use.
        public var refused: UInt64 = 0
        /// Bytes that came.
        public var bytes: UInt64 = 0
    }

    /// The slots and the channels in them; `connections` counts those that a slot has had.
    private final class Slots: Sendable {
        struct State {
            var channels: [(any Channel)?]
            var connections: [UInt32]
            var counters = Counters()
        }

        let state: Mutex<State>

        init(count: Int) {
            self.state = Mutex(
                State(channels: Array(repeating: nil, count: count), connections: Array(repeating: 0, count: count)))
        }

        func take(_ channel: any Channel) -> (slot: Int, connection: UInt32)? {
            self.state.withLock { state in
                guard let slot = state.channels.firstIndex(where: { $0 == nil }) else {
                    state.counters.refused &+= 1
                    return nil
                }
                state.channels[slot] = channel
                state.connections[slot] &+= 1
                state.counters.accepted &+= 1
                state.counters.open += 1
                return (slot, state.connections[slot])
            }
        }

        func giveBack(_ slot: Int) {
            self.state.withLock { state in
                state.channels[slot] = nil
                state.counters.open -= 1
            }
        }
    }

    /// What it was told.
    public let configuration: Configuration
    /// Where it listens; the port is the one that the system chose if 0 was asked for.
    public let localEndpoint: Endpoint
    private let channel: any Channel
    private let slots: Slots

    private init(configuration: Configuration, channel: any Channel, slots: Slots) {
        self.configuration = configuration
        self.channel = channel
        self.slots = slots
        self.localEndpoint = Endpoint(
            host: channel.localAddress?.ipAddress ?? configuration.endpoint.host,
            port: channel.localAddress?.port ?? configuration.endpoint.port)
    }

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - configuration: where to listen.
    ///   - queue: where the bytes go.
    ///   - clock: the time now, nanoseconds; called once for each piece that is read.
    /// - Throws: `TransportError`.
    public static func bind(
        _ configuration: Configuration, to queue: IngestQueue, clock: @escaping @Sendable () -> Int64
    ) async throws -> StreamServer {
        precondition((1...65_536).contains(configuration.connectionsMax), "a slot is a number of sixteen bits")
        let address = try await SocketAddress.resolved(configuration.endpoint)
        let slots = Slots(count: configuration.connectionsMax)
        let events = StreamHandler.Events(
            received: { count in slots.state.withLock { $0.counters.bytes &+= UInt64(count) } }, failed: { _ in })
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelInitializer { channel in
                    guard let (slot, connection) = slots.take(channel) else {
                        return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
                    }
                    channel.closeFuture.whenComplete { _ in slots.giveBack(slot) }
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            IdleStateHandler(readTimeout: .nanoseconds(Int64(configuration.idleTimeout * 1e9))),
                            StreamHandler(
                                item: IngestItem(
                                    feed: configuration.feed, slot: UInt16(slot), connection: connection, receivedAt: 0),
                                queue: queue, clock: clock, events: events))
                    }
                }
                .bind(to: address).get()
            return StreamServer(configuration: configuration, channel: channel, slots: slots)
        } catch {
            throw TransportError.unusable(configuration.endpoint, reason: reason(error))
        }
    }

    /// Sends bytes back by one connection, if it is still the one that holds the slot.
    ///
    /// For short answers to what came. A reader that lets them pile up is disconnected.
    public func send(_ bytes: Span<UInt8>, to slot: UInt16, connection: UInt32, thenCloses: Bool) {
        let channel = self.slots.state.withLock { state -> (any Channel)? in
            guard Int(slot) < state.channels.count, state.connections[Int(slot)] == connection else { return nil }
            return state.channels[Int(slot)]
        }
        guard let channel else { return }
        guard channel.isWritable else { return channel.close(promise: nil) }
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        unsafe buffer.writeBytes(bytes.bytes)
        let written = channel.writeAndFlush(buffer)
        if thenCloses { written.whenComplete { _ in channel.close(promise: nil) } }
    }

    /// What it has done until now.
    public var counters: Counters { self.slots.state.withLock { $0.counters } }

    /// Waits until it is closed.
    public func closed() async { try? await self.channel.closeFuture.get() }

    /// Stops listening and closes all connections.
    public func close() async {
        try? await self.channel.close().get()
        for channel in self.slots.state.withLock({ $0.channels }) { try? await channel?.close().get() }
    }
}
