internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Sends datagrams to one address or multicast group, as a replay does.
///
/// `send` only puts a datagram behind the others; `flush` hands them to the kernel and waits until it has them all. So
/// a sender that flushes once in a while holds back by itself.
public final class DatagramSender: Sendable {
    /// Where it sends to.
    public let destination: Endpoint
    private let address: SocketAddress
    private let channel: any Channel
    private let unsent = Mutex<[AddressedEnvelope<ByteBuffer>]>([])

    private init(destination: Endpoint, address: SocketAddress, channel: any Channel) {
        self.destination = destination
        self.address = address
        self.channel = channel
    }

    /// Makes a socket to send to `destination`.
    ///
    /// - Parameters:
    ///   - destination: a unicast or multicast address.
    ///   - interface: the name of the network interface by which a group is reached; nil leaves it to the system.
    ///   - hops: how many routers a multicast datagram may pass (IPv4 TTL, IPv6 hop limit); 0 stays on this host.
    /// - Throws: `TransportError`.
    public static func open(
        to destination: Endpoint, interface: String? = nil, hops: UInt8 = 1
    ) async throws -> DatagramSender {
        let address = try await SocketAddress.resolved(destination)
        if interface != nil, !address.isMulticast { throw TransportError.notMulticast(destination) }
        let index = try interface.map { try interfaceIndex($0) }
        do {
            let own = try SocketAddress(ipAddress: address.protocol == .inet6 ? "::" : "0.0.0.0", port: 0)
            let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.socketOption(.so_sndbuf), value: 1 << 20)
                .bind(to: own).get()
            if address.isMulticast, let options = channel as? any SocketOptionProvider {
                if address.protocol == .inet6 {
                    try await options.setIPv6MulticastHops(CInt(hops)).get()
                    if let index { try await options.setIPv6MulticastIF(CUnsignedInt(index)).get() }
                } else {
                    try await options.setIPMulticastTTL(CUnsignedChar(hops)).get()
                    if let index {
                        // ip_mreqn, of which only the interface's number counts here.
                        let request: InlineArray<3, UInt32> = [0, 0, index]
                        try await options.unsafeSetSocketOption(level: .ip, name: .ip_multicast_if, value: request)
                            .get()
                    }
                }
            }
            return DatagramSender(destination: destination, address: address, channel: channel)
        } catch {
            throw TransportError.unusable(destination, reason: reason(error))
        }
    }

    /// Puts a datagram behind those that wait for `flush`.
    public func send(_ bytes: Span<UInt8>) {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        unsafe buffer.writeBytes(bytes.bytes)
        self.unsent.withLock { $0.append(AddressedEnvelope(remoteAddress: self.address, data: buffer)) }
    }

    /// Hands all that wait to the kernel and returns when it has taken them.
    ///
    /// - Throws: the first error of a datagram (too long for the network, no route); the others are still sent.
    public func flush() async throws {
        let (_, error) = try await self.flushed()
        if let error { throw error }
    }

    /// Sends datagrams behind those that wait, and returns when the kernel has taken them all.
    ///
    /// - Returns: how many it did not take, and why the first of them.
    public func send(_ datagrams: [[UInt8]]) async -> (failed: Int, reason: String?) {
        for datagram in datagrams { self.send(datagram.span) }
        do {
            let (failed, error) = try await self.flushed()
            return (failed, error.map { Transport.reason($0) })
        } catch {
            return (datagrams.count, Transport.reason(error))
        }
    }

    private func flushed() async throws -> (failed: Int, first: (any Error)?) {
        let unsent = self.unsent.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
        guard !unsent.isEmpty else { return (0, nil) }
        let channel = self.channel
        let results = try await channel.eventLoop.flatSubmit {
            let writes = unsent.map { channel.write($0) }
            channel.flush()
            return EventLoopFuture.whenAllComplete(writes, on: channel.eventLoop)
        }.get()
        var failed = 0
        var first: (any Error)?
        for case .failure(let error) in results {
            failed += 1
            first = first ?? error
        }
        return (failed, first)
    }

    /// Lets the socket go; what waits for `flush` is not sent.
    public func close() async { try? await self.channel.close().get() }
}
