import Air
import GRPCNIOTransportHTTP2
import Identity
import NIOCore
import NIOPosix
import NIOSSL

/// Accepts connections for gRPC's server: TLS 1.3 alone, certificates judged by `PeerJudge`.
///
/// The transport's own listener lets the version of TLS be 1.2, and tells its server nothing of who the peer is.
struct Listener: HTTP2ServerTransport.ListenerFactory {
    let address: WireAddress
    let table: ConnectionTable
    let contexts: TLSContexts
    let identity: @Sendable () -> WireIdentity
    let clock: @Sendable () -> Timestamp

    var eventLoopGroup: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
        try await ServerBootstrap(group: self.eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrors())
                }.flatMap { listenerConfigurator.configure(channel: channel) }
            }
            .bind(host: self.address.host, port: self.address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let connection = self.table.take(channel) else { throw ChannelError.ioOnClosedChannel }
                    let handler = try NIOSSLServerHandler(
                        context: self.contexts.context(self.identity().tls),
                        customVerificationCallback: self.verification(of: connection))
                    try channel.pipeline.syncOperations.addHandler(handler)
                    try channel.pipeline.syncOperations.addHandler(ConnectionGuard(connection, self.table))
                }.flatMap {
                    SocketOptions.apply(to: channel)
                }.flatMap {
                    connectionConfigurator.configure(channel: channel, tls: .configured(requireALPN: true))
                }.flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
            }
    }

    private func verification(of connection: Connection) -> NIOSSLCustomVerificationCallback {
        { certificates, promise in
            let identity = self.identity, clock = self.clock
            promise.completeWithTask {
                let chain = try certificates.map { try $0.toDERBytes() }
                do throws(PeerRefusal) {
                    let peer = try identity().judge.judge(chain: chain, as: .client, at: clock())
                    connection.judged(.success(peer))
                    return .certificateVerified
                } catch {
                    connection.judged(.failure(error))
                    return .failed
                }
            }
        }
    }
}

/// Of sockets, at both ends.
enum SocketOptions {
    /// Linux: octets that the system takes beyond what it has sent. With few of them the link knows what has left, and an
    /// urgent message does not stand behind megabytes.
    static let notSentLow = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 25))
    /// Linux: milliseconds after which a connection is dead whose octets nobody acknowledges.
    static let userTimeout = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 18))

    static func apply(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.setOption(Self.notSentLow, value: 131_072)
            .flatMap { channel.setOption(Self.userTimeout, value: 15_000) }
            .flatMapError { _ in channel.eventLoop.makeSucceededVoidFuture() }
    }
}

/// A connection that could not be accepted, for want of descriptors for example, ends nothing else.
private final class AcceptErrors: ChannelInboundHandler {
    typealias InboundIn = any Channel

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
