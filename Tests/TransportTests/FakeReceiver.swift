import NIOCore
import NIOPosix
import Synchronization

/// The other side of a stream: what a Beast receiver is to us, listening or pushing.
final class FakeReceiver: Sendable {
    let port: Int
    private let listener: (any Channel)?
    private let peers: Mutex<[any Channel]>
    private let arrivals: AsyncStream<any Channel>
    private let arrived: AsyncStream<any Channel>.Continuation

    private init(listener: (any Channel)?, peer: (any Channel)?) {
        self.listener = listener
        self.port = listener?.localAddress?.port ?? 0
        self.peers = Mutex(peer.map { [$0] } ?? [])
        (self.arrivals, self.arrived) = AsyncStream.makeStream()
    }

    /// Listens; a connection that comes is kept until `hangUp`.
    static func listen(port: Int) async throws -> FakeReceiver {
        let (stream, continuation) = AsyncStream<any Channel>.makeStream()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                continuation.yield(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: port).get()
        let receiver = FakeReceiver(listener: channel, peer: nil)
        Task {
            for await peer in stream {
                receiver.peers.withLock { $0.append(peer) }
                receiver.arrived.yield(peer)
            }
        }
        channel.closeFuture.whenComplete { _ in continuation.finish() }
        return receiver
    }

    /// Connects.
    static func connect(port: Int) async throws -> FakeReceiver {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        return FakeReceiver(listener: nil, peer: channel)
    }

    /// Sends bytes to whoever is connected; waits for somebody to be.
    func say(_ bytes: [UInt8]) async {
        while self.peers.withLock({ $0.isEmpty }) {
            for await _ in self.arrivals { break }
        }
        for peer in self.peers.withLock({ $0 }) {
            try? await peer.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        }
    }

    /// Closes the connections and stays listening.
    func hangUp() async {
        let peers = self.peers.withLock { peers in
            defer { peers.removeAll() }
            return peers
        }
        for peer in peers { try? await peer.close().get() }
    }

    /// Waits until the other side has closed.
    func closed() async {
        for peer in self.peers.withLock({ $0 }) { try? await peer.closeFuture.get() }
    }

    func close() async {
        try? await self.listener?.close().get()
        await self.hangUp()
    }
}

/// A TCP port of this host that nobody listens at.
func freePort() async throws -> Int {
    let receiver = try await FakeReceiver.listen(port: 0)
    await receiver.close()
    return receiver.port
}
