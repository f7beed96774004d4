import Identity
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind TLS on a connection that was accepted: nothing goes on before the handshake is done in time, HTTP/2 agreed
/// on, and the peer known.
final class ConnectionGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    let connection: Connection
    private let table: ConnectionTable
    private var deadline: Scheduled<Void>?
    private var isDone = false

    init(_ connection: Connection, _ table: ConnectionTable) {
        self.connection = connection
        self.table = table
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let counters = self.table.counters
        self.deadline = context.eventLoop.scheduleTask(in: TimeAmount(self.table.limits.handshake)) {
            counters.count(.handshakeTimeout)
            channel.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            self.deadline?.cancel()
            guard negotiated == "h2" else { return self.end(context, .noHTTP2) }
            // A resumed session is judged by nobody: without a verdict there is no peer, and without a peer no connection.
            guard let peer = self.connection.peer else { return self.end(context, .handshakeFailed) }
            self.isDone = true
            self.table.identified(self.connection, as: peer)
            self.connection.wait()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.isDone else { return context.fireErrorCaught(error) }
        self.end(context, HandshakeFailure.name(error, self.connection.refusal))
    }

    private func end(_ context: ChannelHandlerContext, _ refusal: WireRefusal) {
        self.deadline?.cancel()
        if !self.isDone {
            self.isDone = true
            self.table.counters.count(refusal)
        }
        context.close(promise: nil)
    }
}

/// What made a handshake fail.
enum HandshakeFailure {
    // The library's errors hold BoringSSL's reason as text only.
    static func name(_ error: any Error, _ refusal: PeerRefusal?) -> WireRefusal {
        if let refusal { return .peer(refusal) }
        let text = String(describing: error)
        let reasons: [(String, WireRefusal)] = [
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .peer(.noCertificate)),
            ("UNSUPPORTED_PROTOCOL", .oldTLS), ("WRONG_VERSION_NUMBER", .notTLS), ("HTTP_REQUEST", .notTLS),
            ("HTTPS_PROXY_REQUEST", .notTLS), ("NO_APPLICATION_PROTOCOL", .noHTTP2),
        ]
        return reasons.first { text.contains($0.0) }?.1 ?? .handshakeFailed
    }
}
