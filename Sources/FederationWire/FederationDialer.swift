public import Air
import Federation
import GRPCCore
import GRPCNIOTransportHTTP2
import Identity
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Dials a partner, again and again: each connection that stands is a link on which the partner's goods come in.
public final class FederationDialer: Sendable {
    /// Whom it dials.
    public let partner: Nation
    /// Where, each in its turn.
    public let addresses: [WireAddress]
    private let links: FederationLinks
    private let delegate: any FederationDelegate
    private let identity: @Sendable () -> WireIdentity
    private let clock: @Sendable () -> Timestamp
    private let contexts = TLSContexts(.client)
    /// The connection that stands, or is being made.
    private let current = Mutex<Dialling?>(nil)

    /// A dialer that does not dial yet.
    ///
    /// - Parameters:
    ///   - partner: the nation whose certificate the other end must show.
    ///   - addresses: where it is reached.
    ///   - links: where its links are found.
    ///   - delegate: who hears of them.
    ///   - identity: what to show and whom to believe; asked each time.
    ///   - clock: now.
    public init(
        partner: Nation, addresses: [WireAddress], links: FederationLinks, delegate: any FederationDelegate,
        identity: @escaping @Sendable () -> WireIdentity, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.partner = partner
        self.addresses = addresses
        self.links = links
        self.delegate = delegate
        self.identity = identity
        self.clock = clock
    }

    /// Dials until the task is cancelled; the link ends with it. After an end or a failure it waits from 0.2 s, doubled each
    /// time up to 5 s, half of it by chance; a link that stood begins anew at 0.2 s.
    public func run() async {
        await withTaskGroup { group in
            group.addTask {
                while (try? await Task.sleep(for: self.links.limits.review)) != nil { self.review() }
            }
            await self.dialOn()
            group.cancelAll()
        }
    }

    private func dialOn() async {
        var backoff = Backoff()
        var turn = 0
        while !Task.isCancelled, !self.addresses.isEmpty {
            let address = self.addresses[turn % self.addresses.count]
            turn += 1
            switch await self.dial(address) {
            case .stood: backoff.reset()
            case .replaced: backoff.exhaust()
            case .failed(let reason):
                guard !Task.isCancelled else { return }
                await self.delegate.unreachable(self.partner, address: address, reason: reason)
            }
            try? await Task.sleep(for: backoff.next(chance: .random(in: 0..<1)))
        }
    }

    /// Holds the partner's certificate against the judge, as `identity` gives it now, and ends the connection when it does not
    /// hold any more. Call it when a partner was revoked; a certificate that ends is found without.
    public func review() {
        guard let dialling = self.current.withLock({ $0 }), let peer = dialling.peer else { return }
        do throws(PeerRefusal) { try self.identity().judge.review(peer, at: self.clock()) } catch {
            self.links.counters.count(.outlived(error))
            dialling.failed("its certificate: \(error)")
            dialling.close()
        }
    }

    private enum Outcome {
        /// The partner said something, and the link is over.
        case stood
        /// Another link has the place.
        case replaced
        case failed(String)
    }

    private func dial(_ address: WireAddress) async -> Outcome {
        let dialling = Dialling()
        self.current.withLock { $0 = dialling }
        let result: Outcome
        do {
            let transport = try await self.connect(address, dialling)
            result = try await withGRPCClient(transport: transport) { client in
                let peer = try await dialling.identified()
                let outcome = await self.talk(client, peer, dialling)
                dialling.close()
                return outcome
            }
        } catch {
            result = .failed(dialling.failure ?? String(describing: error))
        }
        dialling.close()
        return result
    }

    /// Speaks TLS 1.3 alone, and lets the judge decide; the transport's own client lets the version be 1.2.
    private func connect(
        _ address: WireAddress, _ dialling: Dialling
    ) async throws -> HTTP2ClientTransport.WrappedChannel {
        let limits = self.links.limits
        var config = HTTP2ClientTransport.WrappedChannel.Config.defaults
        config.http2.maxFrameSize = 1 << 16
        config.http2.targetWindowSize = limits.window
        config.http2.authority = address.description
        config.connection.keepalive = .init(
            time: limits.keepAlive, timeout: limits.keepAliveTimeout, allowWithoutCalls: true)
        config.connection.flushCoalescing = nil
        let context = try self.contexts.context(self.identity().tls)
        return try await HTTP2ClientTransport.WrappedChannel.wrapping(config: config) { configure in
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(limits.handshake))
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context, serverHostname: nil,
                            customVerificationCallback: self.verification(dialling))
                        try channel.pipeline.syncOperations.addHandler(handler)
                        try channel.pipeline.syncOperations.addHandler(DialGuard(dialling, for: limits.welcome))
                    }.flatMap { SocketOptions.apply(to: channel) }.flatMap { configure(channel) }
                }
        }
    }

    private func verification(_ dialling: Dialling) -> NIOSSLCustomVerificationCallback {
        { certificates, promise in
            promise.completeWithTask {
                let chain = try certificates.map { try $0.toDERBytes() }
                do throws(PeerRefusal) {
                    let peer = try self.identity().judge.judge(
                        chain: chain, as: .server, expecting: self.partner, at: self.clock())
                    dialling.judged(.success(peer))
                    return .certificateVerified
                } catch {
                    self.links.counters.count(.peer(error))
                    dialling.judged(.failure(error))
                    return .failed
                }
            }
        }
    }

    /// Carries one link from its beginning to its end.
    private func talk(
        _ client: GRPCClient<HTTP2ClientTransport.WrappedChannel>, _ peer: Peer, _ dialling: Dialling
    ) async -> Outcome {
        let outbox = Outbox<Request>(firstMax: self.links.limits.waiting, bulkMax: 0)
        let link = self.links.number()
        self.links.open(link, .dialled(outbox, dialling))
        await self.delegate.dialled(link, peer: peer)
        var options = CallOptions.defaults
        // The transport takes the one for the other.
        options.maxRequestMessageBytes = WireBounds.deliveryOctets
        options.maxResponseMessageBytes = WireBounds.deliveryOctets
        let ending: LinkEnding
        var outcome = Outcome.stood
        do {
            ending = try await Kumiko_Federation_V1_Federation.Client(wrapping: client).receive(
                request: StreamingClientRequest { writer in
                    while let (message, _) = await outbox.next() {
                        try await writer.write(Kumiko_Federation_V1_Request(message))
                    }
                }, options: options
            ) { response in
                for try await message in response.messages {
                    let delivery = try Delivery(message)
                    dialling.answered()
                    await self.delegate.delivery(link, delivery)
                    if case .refusal(let refusal) = delivery { return .left(refusal) }
                }
                return .left(nil)
            }
            if case .left(.replaced?) = ending { outcome = .replaced }
        } catch let fault as WireFault {
            self.links.counters.count(.malformed)
            ending = .closed(.malformed(fault.description))
            outcome = .failed(fault.description)
        } catch {
            let reason = dialling.failure ?? String(describing: error)
            switch (error as? RPCError)?.code {
            // So the transport calls what it cannot take apart.
            case .internalError?, .resourceExhausted?: self.links.counters.count(.badFrame)
            case .invalidArgument?: self.links.counters.count(.malformed)
            default: break
            }
            ending = .broken(reason)
            outcome = dialling.hasAnswered ? .stood : .failed(reason)
        }
        outbox.end()
        let closed = self.links.remove(link)
        await self.delegate.closed(link, closed.map { .closed($0) } ?? ending)
        return outcome
    }
}
