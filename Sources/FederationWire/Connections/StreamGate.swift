import NIOCore
import NIOHPACK
import NIOHTTP2
import Synchronization

/// What of a stream was written and has not yet been given to the system.
final class Drain: Sendable {
    private struct State {
        var pending = 0
        var isGone = false
        var waiter: CheckedContinuation<Void, Never>?

        mutating func ready() -> CheckedContinuation<Void, Never>? {
            self.pending == 0 || self.isGone ? self.waiter.take() : nil
        }
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func writes() { self.state.withLock { $0.pending += 1 } }

    func wrote() {
        self.state.withLock { state in
            state.pending -= 1
            return state.ready()
        }?.resume()
    }

    func gone() {
        self.state.withLock { state in
            state.isGone = true
            return state.ready()
        }?.resume()
    }

    /// Waits until all that was written before has been given to the system, the stream is gone, or the task cancelled. For one
    /// task only.
    func empty() async {
        // What was written comes to the event loop before this does.
        try? await self.eventLoop.submit {}.get()
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isReady = self.state.withLock { state in
                    if state.pending == 0 || state.isGone || Task.isCancelled { return true }
                    state.waiter = waiter
                    return false
                }
                if isReady { waiter.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiter.take() }?.resume()
        }
    }
}

/// Stands between HTTP/2 and gRPC on a stream that was accepted: says to gRPC of which connection it is, and counts what has
/// not left.
///
/// gRPC tells a handler nothing of the connection but its address. So the number of the connection is put into the request's
/// headers here; what the client may have put there under that name is taken out.
final class StreamGate: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    static let header = "kumiko-connection"

    private let connection: Connection
    private let counters: WireCounters
    private let paths: Set<String>
    private let drain: Drain
    private let number: UInt64
    private var hasBegun = false
    /// It is one too many: gRPC hears nothing of it, and its connection ends.
    private var isRefused = false
    /// Of the message that is coming: its prefix, as far as it has come, and how many of its octets are to come.
    private var prefix: [UInt8] = []
    private var left = 0
    private var isBad = false

    init(_ connection: Connection, _ counters: WireCounters, paths: Set<String>, _ eventLoop: any EventLoop) {
        self.connection = connection
        self.counters = counters
        self.paths = paths
        self.drain = Drain(eventLoop)
        self.number = connection.opened(self.drain)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isRefused else { return }
        let payload = self.unwrapInboundIn(data)
        if case .data(let part) = payload, case .byteBuffer(let octets) = part.data { self.look(octets) }
        guard !self.hasBegun, case .headers(var head) = payload else { return context.fireChannelRead(data) }
        self.hasBegun = true
        // HTTP/2 itself holds the client to the bound only once it has acknowledged that it knows it.
        self.isRefused = !self.connection.mayOpen()
        guard !self.isRefused else { return }
        head.headers.replaceOrAdd(name: Self.header, value: "\(self.connection.number) \(self.number)")
        if !self.paths.contains(head.headers.first(name: ":path") ?? "") { self.counters.count(.unknownMethod) }
        context.fireChannelRead(self.wrapInboundOut(.headers(head)))
    }

    /// Counts a message that gRPC is about to refuse, which it does without saying why: each begins with 0, or 1 when it is
    /// compressed, and its length in four octets, the high one first.
    private func look(_ octets: ByteBuffer) {
        var octets = octets
        while !self.isBad, octets.readableBytes > 0 {
            if self.left > 0 {
                let count = min(self.left, octets.readableBytes)
                octets.moveReaderIndex(forwardBy: count)
                self.left -= count
            } else if let octet = octets.readInteger(as: UInt8.self) {
                self.prefix.append(octet)
                guard self.prefix.count == 5 else { continue }
                self.left = self.prefix.dropFirst().reduce(0) { $0 << 8 | Int($1) }
                self.isBad = self.prefix[0] != 0 || self.left > WireBounds.requestOctets
                if self.isBad { self.counters.count(.badFrame) }
                self.prefix.removeAll(keepingCapacity: true)
            }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .data = self.unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        let drain = self.drain
        drain.writes()
        promise.futureResult.whenComplete { _ in drain.wrote() }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.end() }

    private func end() {
        self.connection.closed(stream: self.number)
        self.drain.gone()
    }
}
