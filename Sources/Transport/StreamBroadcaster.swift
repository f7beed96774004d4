internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Sends a stream of messages to whoever connects (Beast, SBS): to each connection the same, from the time at which it
/// was made.
///
/// A reader that is too slow misses whole messages, which are counted; it holds back neither others nor the sender, and
/// what waits for it is bounded. What readers send is not looked at.
public final class StreamBroadcaster: Sendable {
    /// Where to listen, and for how many.
    public struct Configuration: Hashable, Sendable {
        /// Where to listen.
        public var endpoint: Endpoint
        /// How many connections at once; more are closed and counted.
        public var connectionsMax: Int
        /// How many bytes may wait for one reader.
        public var waitingBytesMax: Int

        public init(endpoint: Endpoint, connectionsMax: Int = 64, waitingBytesMax: Int = 1 << 20) {
            self.endpoint = endpoint
            self.connectionsMax = connectionsMax
            self.waitingBytesMax = waitingBytesMax
        }
    }

    /// What it has done, since the beginning.
    public struct Counters: Hashable, Sendable {
        /// Connections that are open.
        public var open = 0
        /// Connections that were accepted.
        public var accepted: UInt64 = 0
        /// Connections that were closed because there were too many.
        public var refused: UInt64 = 0
        /// Messages handed to the kernel, over all connections.
        public var sent: UInt64 = 0
        /// Messages that a connection missed because too much waited for it.
        public var dropped: UInt64 = 0

        public init() {}
    }

    private struct State {
        var channels: [ObjectIdentifier: (channel: any Channel, waitingBytes: Int)] = [:]
        var counters = Counters()
    }

    /// What it was told.
    public let configuration: Configuration
    /// Where it listens; the port is the one that the system chose if 0 was asked for.
    public let localEndpoint: Endpoint
    private let listener: any Channel
    private let state: Shared

    /// The state, which the listener's handlers share with this object.
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private init(configuration: Configuration, listener: any Channel, state: Shared) {
        self.configuration = configuration
        self.listener = listener
        self.state = state
        self.localEndpoint = Endpoint(
            host: listener.localAddress?.ipAddress ?? configuration.endpoint.host,
            port: listener.localAddress?.port ?? configuration.endpoint.port)
    }

    /// Begins to listen.
    ///
    /// - Throws: `TransportError`.
    public static func bind(_ configuration: Configuration) async throws -> StreamBroadcaster {
        let address = try await SocketAddress.resolved(configuration.endpoint)
        let shared = Shared()
        do {
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelInitializer { channel in
                    let isIn = shared.state.withLock { state in
                        guard state.counters.open < configuration.connectionsMax else {
                            state.counters.refused &+= 1
                            return false
                        }
                        state.counters.accepted &+= 1
                        state.counters.open += 1
                        state.channels[ObjectIdentifier(channel)] = (channel, 0)
                        return true
                    }
                    guard isIn else { return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported) }
                    channel.closeFuture.whenComplete { _ in
                        shared.state.withLock { state in
                            state.channels[ObjectIdentifier(channel)] = nil
                            state.counters.open -= 1
                        }
                    }
                    return channel.eventLoop.makeSucceededVoidFuture()
                }
                .bind(to: address).get()
            return StreamBroadcaster(configuration: configuration, listener: listener, state: shared)
        } catch {
            throw TransportError.unusable(configuration.endpoint, reason: reason(error))
        }
    }

    /// Whether anybody is connected: without a reader nothing need be made.
    public var hasReaders: Bool { self.state.state.withLock { $0.counters.open > 0 } }

    /// Sends whole messages to each connection that has room for them.
    ///
    /// - Parameter messages: how many messages the bytes are, for the counters.
    public func send(_ bytes: Span<UInt8>, messages: Int) {
        guard bytes.count > 0, self.hasReaders else { return }
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        unsafe buffer.writeBytes(bytes.bytes)
        let size = bytes.count
        let shared = self.state
        let ready = shared.state.withLock { state -> [any Channel] in
            var ready: [any Channel] = []
            for (key, reader) in state.channels {
                // One piece is let pass whatever its size: so a piece above the bound is not lost for ever.
                guard reader.waitingBytes == 0 || reader.waitingBytes + size <= self.configuration.waitingBytesMax
                else {
                    state.counters.dropped &+= UInt64(messages)
                    continue
                }
                state.channels[key]?.waitingBytes += size
                ready.append(reader.channel)
            }
            return ready
        }
        for channel in ready {
            channel.writeAndFlush(buffer).whenComplete { result in
                shared.state.withLock { state in
                    state.channels[ObjectIdentifier(channel)]?.waitingBytes -= size
                    if case .success = result {
                        state.counters.sent &+= UInt64(messages)
                    } else {
                        state.counters.dropped &+= UInt64(messages)
                    }
                }
            }
        }
    }

    /// What it has done until now.
    public var counters: Counters { self.state.state.withLock { $0.counters } }

    /// Stops listening and closes all connections.
    public func close() async {
        try? await self.listener.close().get()
        for (channel, _) in self.state.state.withLock({ Array($0.channels.values) }) {
            try? await channel.close().get()
        }
    }
}
