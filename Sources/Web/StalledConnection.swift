internal import NIOCore

/// Closes a connection whose reader has taken nothing for a while.
///
/// A reader that is only slow takes something in each period; one that takes nothing would hold an event, a place among
/// the streams and a connection for as long as its TCP stays open.
///
/// Runs on the event loop of its channel only.
final class StalledConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias OutboundIn = Any

    private let patience: TimeAmount
    private var watch: Scheduled<Void>?
    /// Bytes that waited when the watch looked last.
    private var waiting = 0

    /// - Parameter patience: how long a reader may take nothing.
    init(patience: TimeAmount) { self.patience = patience }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.watch?.cancel()
            self.watch = nil
        } else if self.watch == nil {
            self.waiting = self.bufferedBytes(context)
            self.lookLater(context)
        }
        context.fireChannelWritabilityChanged()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.watch?.cancel()
        self.watch = nil
    }

    private func lookLater(_ context: ChannelHandlerContext) {
        self.watch = context.eventLoop.assumeIsolated().scheduleTask(in: self.patience) {
            let waiting = self.bufferedBytes(context)
            // While it is not writable nothing is added but what was on its way: less than before means that some went.
            guard waiting < self.waiting else { return context.close(promise: nil) }
            self.waiting = waiting
            self.lookLater(context)
        }
    }

    private func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
