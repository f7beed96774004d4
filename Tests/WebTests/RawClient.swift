import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A browser's side of a connection, down to its bytes: it can read when it likes, and hang up when it likes.
final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    /// What came, and who waits for more. Runs on the event loop of its channel only, but for `state`.
    final class Inbox: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        struct State {
            var text: [UInt8] = []
            var isClosed = false
        }

        let state = Mutex(State())
        let (bell, ringer) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(self.unwrapInboundIn(data).readableBytesView)
            self.state.withLock { $0.text += bytes }
            self.ringer.yield()
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.state.withLock { $0.isClosed = true }
            self.ringer.yield()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// Connects, asks for `path`, and reads what comes if told so.
    static func get(_ path: String, port: Int, reads: Bool = true) async throws -> RawClient {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.socketOption(.so_rcvbuf), value: 1 << 16)
            .channelInitializer { $0.pipeline.addHandler(inbox) }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")).get()
        return RawClient(channel: channel, inbox: inbox)
    }

    /// Reads from now on.
    func read() async throws { try await self.channel.setOption(.autoRead, value: true).get() }

    /// All that came until `isEnough` says so of its last 256 KiB, or the other side closes.
    func text(until isEnough: (String) -> Bool) async -> String {
        while true {
            let (bytes, isClosed) = self.inbox.state.withLock { ($0.text, $0.isClosed) }
            if isEnough(String(decoding: bytes.suffix(1 << 18), as: UTF8.self)) || isClosed {
                return String(decoding: bytes, as: UTF8.self)
            }
            for await _ in self.inbox.bell { break }
        }
    }

    /// Waits until the other side closes.
    func closed() async { try? await self.channel.closeFuture.get() }

    func close() async { try? await self.channel.close().get() }
}

/// The events of a text that a stream sent: the name and the data of each, in order; the last may be cut short and is
/// left out. Chunk sizes of HTTP/1.1 are taken out first.
func events(_ text: String) -> [(name: String, data: String)] {
    guard let body = text.range(of: "\r\n\r\n") else { return [] }
    var rest = Substring(text[body.upperBound...])
    var plain = ""
    while let line = rest.range(of: "\r\n"), let size = Int(rest[..<line.lowerBound], radix: 16) {
        let chunk = rest[line.upperBound...].utf8
        guard let end = chunk.index(chunk.startIndex, offsetBy: size, limitedBy: chunk.endIndex) else { break }
        plain += rest[line.upperBound..<end]
        rest = rest[end...].dropFirst(1)
    }
    let blocks = plain.split(separator: "\n\n", omittingEmptySubsequences: false).dropLast()
    return blocks.compactMap { block in
        var (name, data) = ("", "")
        for line in block.split(separator: "\n") {
            if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
        }
        return name.isEmpty ? nil : (name, data)
    }
}
