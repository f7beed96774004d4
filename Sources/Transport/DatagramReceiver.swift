internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Receives datagrams at one address, or of one multicast group, and puts them in a queue.
///
/// Reads up to sixteen datagrams with each system call (recvmmsg), copies each into the queue, and keeps no byte.
/// A datagram of any legal size arrives whole.
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
    private let channel: any Channel
    private let lastKernelDrops = Mutex<UInt32>(0)

    private init(configuration: Configuration, channel: any Channel) {
        self.configuration = configuration
        self.channel = channel
        self.localEndpoint = Endpoint(
            host: channel.localAddress?.ipAddress ?? configuration.endpoint.host,
            port: channel.localAddress?.port ?? configuration.endpoint.port)
    }

    /// Begins to receive.
    ///
    /// A socket for a group is bound to the group's address, not to any: so it gets that group's datagrams only, also
    /// when other sockets of this host have joined other groups on the same port.
    ///
    /// - Parameters:
    ///   - configuration: what to receive.
    ///   - queue: where to.
    ///   - clock: the time now, nanoseconds; called once for each datagram.
    /// - Throws: `TransportError`.
    public static func bind(
        _ configuration: Configuration, to queue: IngestQueue, clock: @escaping @Sendable () -> Int64
    ) async throws -> DatagramReceiver {
        let endpoint = configuration.endpoint
        let address = try await SocketAddress.resolved(endpoint)
        if configuration.interface != nil, !address.isMulticast { throw TransportError.notMulticast(endpoint) }
        let interface = try configuration.interface.map { try interfaceIndex($0) } ?? 0
        let feed = configuration.feed
        let channel: any Channel
        do {
            channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                // For groups only: with it a second unicast socket would take over all that comes to the first.
                .channelOption(.socketOption(.so_reuseaddr), value: address.isMulticast ? 1 : 0)
                .channelOption(.datagramVectorReadMessageCount, value: readBatch)
                .channelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readBatch * datagramMax)
                )
                .channelOption(.maxMessagesPerRead, value: 8)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            DatagramHandler(feed: feed, queue: queue, clock: clock))
                    }
                }
                .bind(to: address).get()
        } catch {
            throw TransportError.unusable(endpoint, reason: reason(error))
        }
        let receiver = DatagramReceiver(configuration: configuration, channel: channel)
        do {
            try await receiver.enlargeKernelBuffer(configuration.kernelBufferBytes)
            if address.isMulticast { try await receiver.join(PeerAddress(address), interface: interface) }
        } catch {
            await receiver.close()
            throw TransportError.unusable(endpoint, reason: reason(error))
        }
        return receiver
    }

    /// Joins a group; closing the socket leaves it.
    ///
    /// By the interface's number, which NIO's own call does not take: so an interface need not have an address of the
    /// family, nor say of itself that it can multicast (the loopback does not, and can).
    ///
    ///     ip_mreqn    | group 4 | own address 4 | interface 4 |      group in network order, interface of this machine
    ///     ipv6_mreq   | group 16 | interface 4 |
    private func join(_ group: PeerAddress, interface: UInt32) async throws {
        guard let options = self.channel as? any SocketOptionProvider else { return }
        if group.isIPv4 {
            let request: InlineArray<3, UInt32> = [UInt32(truncatingIfNeeded: group.low).bigEndian, 0, interface]
            try await options.unsafeSetSocketOption(level: .ip, name: .ip_add_membership, value: request).get()
        } else {
            let request: InlineArray<5, UInt32> = [
                UInt32(truncatingIfNeeded: group.high >> 32).bigEndian,
                UInt32(truncatingIfNeeded: group.high).bigEndian,
                UInt32(truncatingIfNeeded: group.low >> 32).bigEndian,
                UInt32(truncatingIfNeeded: group.low).bigEndian, interface,
            ]
            try await options.unsafeSetSocketOption(level: .ipv6, name: .ipv6_join_group, value: request).get()
        }
    }

    /// How many datagrams one system call reads at most.
    private static let readBatch = 16
    /// Room for each; the largest UDP payload is 65,527 bytes (IPv6).
    private static let datagramMax = 65_536

    private func enlargeKernelBuffer(_ bytes: Int) async throws {
        guard let options = self.channel as? any SocketOptionProvider else { return }
        let value = CInt(clamping: bytes)
        do {
            // SO_RCVBUFFORCE passes net.core.rmem_max and needs CAP_NET_ADMIN.
            try await options.unsafeSetSocketOption(
                level: .socket, name: NIOBSDSocket.Option(rawValue: SO_RCVBUFFORCE), value: value
            ).get()
        } catch {
            try await self.channel.setOption(.socketOption(.so_rcvbuf), value: numericCast(value)).get()
        }
    }

    /// How many bytes the kernel holds for this socket at most, its own bookkeeping included.
    public func kernelBufferBytes() async -> Int {
        let granted = try? await self.channel.getOption(.socketOption(.so_rcvbuf)).get()
        return granted.map { Int($0) } ?? 0
    }

    /// How many datagrams the kernel dropped at this socket, because its buffer was full or a checksum wrong.
    ///
    /// Of this one socket (SO_MEMINFO, SK_MEMINFO_DROPS), where /proc/net/udp needs a search by inode. After `close`
    /// the last count that was asked for.
    public func kernelDrops() async -> UInt64 {
        if let options = self.channel as? any SocketOptionProvider,
            let memory: InlineArray<9, UInt32> = try? await options.unsafeGetSocketOption(
                level: .socket, name: NIOBSDSocket.Option(rawValue: 55)
            ).get()
        {
            self.lastKernelDrops.withLock { $0 = memory[8] }
        }
        return UInt64(self.lastKernelDrops.withLock { $0 })
    }

    /// Waits until it is closed.
    public func closed() async { try? await self.channel.closeFuture.get() }

    /// Stops receiving, leaves the group and lets the port go.
    public func close() async {
        _ = await self.kernelDrops()
        try? await self.channel.close().get()
    }
}

/// Puts each datagram into the queue. Runs on the event loop of its channel only.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let feed: UInt16
    private let queue: IngestQueue
    private let clock: @Sendable () -> Int64

    init(feed: UInt16, queue: IngestQueue, clock: @escaping @Sendable () -> Int64) {
        self.feed = feed
        self.queue = queue
        self.clock = clock
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = self.unwrapInboundIn(data)
        self.queue.push(
            envelope.data.readableBytesSpan,
            IngestItem(feed: self.feed, receivedAt: self.clock(), peer: PeerAddress(envelope.remoteAddress)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An unconnected socket reports errors that an earlier datagram met (ICMP); receiving goes on.
    }
}

/// What an error says, for people.
func reason(_ error: any Error) -> String {
    if let error = error as? IOError { return unsafe String(cString: strerror(error.errnoCode)) }
    if let error = error as? NIOConnectionError {
        let reasons = error.connectionErrors.map { reason($0.error) }
        if let first = reasons.first { return first }
        if let failure = error.dnsAError ?? error.dnsAAAAError { return "the name cannot be resolved (\(failure))" }
    }
    if let error = error as? ChannelError, case .connectTimeout = error { return "no answer in time" }
    return "\(error)"
}

extension SocketAddress {
    /// The numeric address of an endpoint; a name is looked up on a thread that may block.
    static func resolved(_ endpoint: Endpoint) async throws(TransportError) -> SocketAddress {
        do {
            if let numeric = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) { return numeric }
            return try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(endpoint.host, port: endpoint.port)
            }
        } catch {
            throw .unresolvable(endpoint, reason: "\(error)")
        }
    }
}

/// The number of the network interface of that name.
func interfaceIndex(_ name: String) throws(TransportError) -> UInt32 {
    let index = unsafe if_nametoindex(name)
    guard index > 0 else {
        let present = (try? System.enumerateDevices().map(\.name)) ?? []
        throw .noInterface(name, present: Set(present).sorted())
    }
    return index
}

extension PeerAddress {
    /// The address of a socket; a path has none.
    ///
    ///     sockaddr_in   | family 2 | port 2 | address 4 |
    ///     sockaddr_in6  | family 2 | port 2 | flow 4 | address 16 | scope 4 |     port and address in network order
    init(_ address: SocketAddress) {
        let isIPv4 = address.protocol == .inet
        guard isIPv4 || address.protocol == .inet6 else {
            self = .none
            return
        }
        self = unsafe address.withSockAddr { pointer, size in
            let bytes = unsafe UnsafeRawBufferPointer(start: pointer, count: size)
            func word<Word: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: Word.Type) -> Word {
                unsafe Word(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Word.self))
            }
            let port = word(2, UInt16.self)
            if isIPv4 { return PeerAddress(high: 0, low: 0xFFFF << 32 | UInt64(word(4, UInt32.self)), port: port) }
            return PeerAddress(high: word(8, UInt64.self), low: word(16, UInt64.self), port: port)
        }
    }
}
