public import Air
import Federation
import GRPCCore
import GRPCNIOTransportHTTP2
import Identity
import NIOCore

/// Answers partners that dial: each stream is a link on which this nation's goods go out.
public final class FederationServer: Sendable {
    private let listening: WireAddress
    private let links: FederationLinks
    private let table: ConnectionTable
    private let identity: @Sendable () -> WireIdentity
    private let clock: @Sendable () -> Timestamp
    private let transport: HTTP2ServerTransport.Custom<Listener>
    private let service: LinkService

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - address: where to listen; port 0 takes any.
    ///   - links: where its links are found.
    ///   - delegate: who hears of them.
    ///   - identity: what to show and whom to let in; asked at each connection, so that a new certificate or partner counts from
    ///     the next one on, and after `review` for those that stand.
    ///   - clock: now.
    public init(
        address: WireAddress, links: FederationLinks, delegate: any FederationDelegate,
        identity: @escaping @Sendable () -> WireIdentity, clock: @escaping @Sendable () -> Timestamp
    ) {
        let table = ConnectionTable(limits: links.limits, counters: links.counters)
        self.listening = address
        self.links = links
        self.table = table
        self.identity = identity
        self.clock = clock
        let service = LinkService(
            links: links, table: table, delegate: delegate, identity: identity, clock: clock)
        self.service = service
        self.transport = HTTP2ServerTransport.Custom(
            listenerFactory: Listener(
                address: address, table: table, contexts: TLSContexts(.server), identity: identity, clock: clock),
            config: Self.config(links.limits, table, links.counters))
    }

    private static func config(
        _ limits: WireLimits, _ table: ConnectionTable, _ counters: WireCounters
    ) -> HTTP2ServerTransport.Custom<Listener>.Config {
        var config = HTTP2ServerTransport.Custom<Listener>.Config.defaults
        config.rpc.maxRequestPayloadSize = WireBounds.requestOctets
        config.http2.maxConcurrentStreams = limits.streamsPerConnection
        config.http2.maxFrameSize = 1 << 16
        config.http2.targetWindowSize = 1 << 20
        config.connection.keepalive.time = limits.keepAlive
        config.connection.keepalive.timeout = limits.keepAliveTimeout
        config.connection.keepalive.clientBehavior = .init(
            minPingIntervalWithoutCalls: .seconds(5), allowWithoutCalls: true)
        // A message is one write already; waiting for more would only delay it.
        config.connection.flushCoalescing = nil
        let paths = Set(Kumiko_Federation_V1_Federation.Method.descriptors.map { "/\($0.fullyQualifiedMethod)" })
        config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { stream in
            stream.eventLoop.makeCompletedFuture {
                guard
                    let connection = try stream.parent?.pipeline.syncOperations.handler(type: ConnectionGuard.self)
                        .connection
                else { throw ChannelError.ioOnClosedChannel }
                try stream.pipeline.syncOperations.addHandler(
                    StreamGate(connection, counters, paths: paths, stream.eventLoop), position: .first)
            }
        }
        return config
    }

    /// Listens until the task is cancelled; all links end with it.
    ///
    /// - Throws: when it cannot listen, or the listening socket fails.
    public func run() async throws {
        let server = GRPCServer(transport: self.transport, services: [self.service])
        // Not a child of this task: a connection that is being accepted when its server is cancelled ends the process in the
        // transport. So nobody new is let in, who is there is sent away, and then the server ends by itself.
        let serving = Task { try await server.serve() }
        let reviewing = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: self.links.limits.review)
                self.review()
            }
        }
        defer { reviewing.cancel() }
        try await withTaskCancellationHandler {
            do { try await serving.value } catch is CancellationError {}
        } onCancel: {
            self.table.end()
            server.beginGracefulShutdown()
        }
    }

    /// Where it listens; nil when it does not.
    public var address: WireAddress? {
        get async {
            guard let bound = await self.transport.listeningAddress else { return nil }
            if let address = bound.ipv4 { return WireAddress(host: address.host, port: address.port) }
            if let address = bound.ipv6 { return WireAddress(host: address.host, port: address.port) }
            return nil
        }
    }

    /// Connections that stand, whether or not there is a link on them.
    public var connectionCount: Int { self.table.count }

    /// Holds all connections that stand against the judge, as `identity` gives it now, and ends those that do not hold any
    /// more. Call it when a partner was revoked; certificates that end are found without.
    public func review() {
        let judge = self.identity().judge, now = self.clock()
        for connection in self.table.all {
            guard let peer = connection.peer else { continue }
            do throws(PeerRefusal) { try judge.review(peer, at: now) } catch {
                self.links.counters.count(.outlived(error))
                connection.close()
            }
        }
    }
}
