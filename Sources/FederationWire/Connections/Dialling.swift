import Identity
import NIOCore
import NIOTLS
import Synchronization

/// Why a partner could not be reached.
struct DialFailure: Error, CustomStringConvertible {
    let description: String
}

/// One connection that was dialled: who is at the other end, and by when it must have said something.
final class Dialling: Sendable {
    private struct State {
        var channel: (any Channel)?
        var deadline: Scheduled<Void>?
        var peer: Peer?
        var failure: String?
        var isShaken = false
        var hasAnswered = false
        var waiter: CheckedContinuation<Result<Peer, DialFailure>, Never>?

        /// What who waits is told, once it is known.
        var result: Result<Peer, DialFailure>? {
            if let failure = self.failure { return .failure(DialFailure(description: failure)) }
            if self.isShaken, let peer = self.peer { return .success(peer) }
            return nil
        }
    }

    private let state = Mutex(State())

    private func change(_ body: (inout sending State) -> Void) {
        let waiting = self.state.withLock {
            state -> (CheckedContinuation<Result<Peer, DialFailure>, Never>, Result<Peer, DialFailure>)? in
            body(&state)
            guard let result = state.result, let waiter = state.waiter.take() else { return nil }
            return (waiter, result)
        }
        waiting?.0.resume(returning: waiting?.1 ?? .failure(DialFailure(description: "")))
    }

    /// The socket is connected; so long may it be silent.
    func connected(_ channel: any Channel, for time: Duration) {
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            self.failed("no answer in time")
            channel.close(promise: nil)
        }
        self.state.withLock { state in
            state.channel = channel
            state.deadline = deadline
        }
    }

    func judged(_ result: Result<Peer, PeerRefusal>) {
        self.change { state in
            switch result {
            case .success(let peer): state.peer = peer
            case .failure(let refusal): state.failure = state.failure ?? "its certificate: \(refusal)"
            }
        }
    }

    /// The handshake is done at this end.
    func shaken() {
        self.change { state in
            state.isShaken = true
            if state.peer == nil { state.failure = state.failure ?? "no certificate was judged" }
        }
    }

    /// The first reason counts.
    func failed(_ reason: String) { self.change { $0.failure = $0.failure ?? reason } }

    var failure: String? { self.state.withLock { $0.failure } }

    var peer: Peer? { self.state.withLock { $0.peer } }

    /// Whether the partner has said something.
    var hasAnswered: Bool { self.state.withLock { $0.hasAnswered } }

    /// The partner has said something: the deadline is off.
    func answered() {
        self.state.withLock { state in
            state.hasAnswered = true
            return state.deadline.take()
        }?.cancel()
    }

    /// The connection is gone.
    func gone() {
        self.failed("the connection was closed")
        self.state.withLock { $0.deadline.take() }?.cancel()
    }

    /// Waits for the end of the handshake. Every way out of it ends here: the deadline closes the channel.
    func identified() async throws(DialFailure) -> Peer {
        let result = await withCheckedContinuation { waiter in
            let result = self.state.withLock { state -> Result<Peer, DialFailure>? in
                if state.result == nil { state.waiter = waiter }
                return state.result
            }
            if let result { waiter.resume(returning: result) }
        }
        return try result.get()
    }

    func close(after time: Duration = .zero) {
        guard let channel = self.state.withLock({ $0.channel }) else { return }
        channel.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
    }
}

/// Stands behind TLS on a connection that was dialled.
final class DialGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let dialling: Dialling
    private let time: Duration

    init(_ dialling: Dialling, for time: Duration) {
        self.dialling = dialling
        self.time = time
    }

    func channelActive(context: ChannelHandlerContext) {
        self.dialling.connected(context.channel, for: self.time)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.dialling.gone()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            guard negotiated == "h2" else {
                self.dialling.failed("it does not speak HTTP/2")
                return context.close(promise: nil)
            }
            self.dialling.shaken()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.dialling.failed(String(describing: error))
        context.fireErrorCaught(error)
    }
}
