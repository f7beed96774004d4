internal import Glibc
internal import NIOCore
internal import Synchronization

/// Receives datagrams at one address, or of one multicast group, and puts them in a queue.
///
/// A thread of its own reads up to 64 datagrams with each system call (recvmmsg) into buffers that it keeps, and puts
/// them into the queue together: no allocation, no clock and no lock for each. A datagram of any legal size arrives
/// whole. What is received has the time at which its batch was read.
///
/// Source: recvmmsg(2), socket(7); docs/decisions/0014-datagrams-have-a-thread.md says why not an event loop.
public final class DatagramReceiver: Sendable {
    /// What to receive.
    public struct Configuration: Hashable, Sendable {
        /// The number that the composition gave to the feed.
        public var feed: UInt16
        /// Where to listen: an own address, any (`0.0.0.0`, `::`), or a multicast group.
        public var endpoint: Endpoint
        /// The name of the network interface on which a group is joined; nil leaves it to the system.
        public var interface: String?
        /// How many bytes the kernel may hold for this socket; it grants less where its limits are lower.
        public var kernelBufferBytes: Int

        public init(feed: UInt16, endpoint: Endpoint, interface: String? = nil, kernelBufferBytes: Int = 8 << 20) {
            self.feed = feed
            self.endpoint = endpoint
            self.interface = interface
            self.kernelBufferBytes = kernelBufferBytes
        }
    }

    /// What it was told to receive.
    public let configuration: Configuration
    /// Where it listens; the port is the one that the system chose if 0 was asked for.
    public let localEndpoint: Endpoint
    private let socket: DatagramSocket

    private init(configuration: Configuration, socket: DatagramSocket, localEndpoint: Endpoint) {
        self.configuration = configuration
        self.socket = socket
        self.localEndpoint = localEndpoint
    }

    /// Begins to receive.
    ///
    /// A socket for a group is bound to the group's address, not to any: so it gets that group's datagrams only, also
    /// when other sockets of this host have joined other groups on the same port.
    ///
    /// - Parameters:
    ///   - configuration: what to receive.
    ///   - queue: where to.
    ///   - clock: the time now, nanoseconds; called once for each batch, on the receiver's thread.
    /// - Throws: `TransportError`.
    public static func bind(
        _ configuration: Configuration, to queue: IngestQueue, clock: @escaping @Sendable () -> Int64
    ) async throws -> DatagramReceiver {
        try await self.bind(configuration, to: queue, batchMax: DatagramSocket.batchMax, clock: clock)
    }

    /// The same with room for so many datagrams to be read at once.
    static func bind(
        _ configuration: Configuration, to queue: IngestQueue, batchMax: UInt32,
        clock: @escaping @Sendable () -> Int64
    ) async throws -> DatagramReceiver {
        let endpoint = configuration.endpoint
        let address = try await SocketAddress.resolved(endpoint)
        if configuration.interface != nil, !address.isMulticast { throw TransportError.notMulticast(endpoint) }
        var interface: UInt32 = 0
        if let name = configuration.interface { interface = try interfaceIndex(name) }
        let socket: DatagramSocket
        do throws(SystemError) {
            socket = try DatagramSocket(
                address, interface: interface, kernelBufferBytes: configuration.kernelBufferBytes)
        } catch {
            throw TransportError.unusable(endpoint, reason: error.description)
        }
        let local = socket.localAddress
        let receiver = DatagramReceiver(
            configuration: configuration, socket: socket,
            localEndpoint: Endpoint(host: local?.ipAddress ?? endpoint.host, port: local?.port ?? endpoint.port))
        let feed = configuration.feed
        do throws(SystemError) {
            try socket.start(batchMax: batchMax) { batch in queue.push(batch, feed: feed, receivedAt: clock()) }
        } catch {
            throw TransportError.unusable(endpoint, reason: "nothing can be received: \(error)")
        }
        return receiver
    }

    /// How many bytes the kernel holds for this socket at most, its own bookkeeping included; 0 when closed.
    public var kernelBufferBytes: Int { self.socket.kernelBufferBytes }

    /// How many datagrams the kernel dropped at this socket, because its buffer was full or a checksum wrong.
    ///
    /// Of this one socket (SO_MEMINFO, SK_MEMINFO_DROPS), where /proc/net/udp needs a search by inode and SO_RXQ_OVFL
    /// a control message with each datagram. After `close` the count at the end.
    public var kernelDrops: UInt64 { self.socket.kernelDrops }

    /// Seconds of processor time that the receiving thread has used; after `close` the sum at the end.
    public var processorTime: Double { self.socket.processorTime }

    /// Waits until it is closed.
    public func closed() async { await self.socket.closed() }

    /// Stops receiving, leaves the group and lets the port go.
    public func close() async {
        self.socket.stop()
        await self.socket.closed()
    }
}
