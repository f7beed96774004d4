internal import Air
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import Node
internal import SensorFormats
internal import ServiceLifecycle
internal import Synchronization

/// The live picture as Server-Sent Events: a snapshot, then what changed, conflated for each reader.
///
/// A reader that is slow gets fewer, newer events: while one is being written the changes wait as track numbers, of each
/// track once. So what a reader holds is bounded by the number of tracks and one event's text.
///
/// Source: WHATWG HTML, 9.2 "Server-sent events".
struct TrackStream: Sendable {
    let view: any NodeView
    let source: PictureSource
    let readers: Readers

    /// How many readers there are, and may be.
    final class Readers: Sendable {
        private let count = Mutex(0)
        let most: Int

        init(most: Int) { self.most = most }

        var now: Int { self.count.withLock { $0 } }

        private func enter() -> Bool {
            self.count.withLock { count in
                guard count < self.most else { return false }
                count += 1
                return true
            }
        }

        /// A place for one reader; nil when all are taken.
        func place() -> Place? { self.enter() ? Place(readers: self) : nil }

        fileprivate func leave() { self.count.withLock { $0 -= 1 } }
    }

    /// One reader's place, given back when it is let go: also by an answer of which nobody took the body.
    final class Place: Sendable {
        private let readers: Readers

        fileprivate init(readers: Readers) { self.readers = readers }

        deinit { self.readers.leave() }
    }

    /// The least time from one event to the next, so that a flood of plots is not a flood of events.
    private static let pace = Duration.milliseconds(8)
    /// The time from one event about sensors to the next; it is the heartbeat too.
    private static let sensorPeriod = Duration.seconds(1)

    /// - Parameter hasBody: false for an answer to HEAD, which takes no place among the readers.
    func response(hasBody: Bool) throws -> Response {
        let headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        guard hasBody else { return Response(status: .ok, headers: headers) }
        guard let place = self.readers.place() else {
            throw Problem(
                status: .serviceUnavailable, detail: "All \(self.readers.most) streams are in use; try again later.")
        }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(place) {} }
                try await self.write(to: &writer)
                try await writer.finish(nil)
            })
    }

    private enum Wake { case picture, second, end }

    @concurrent private func write(to writer: inout any ResponseBodyWriter) async throws {
        let subscription = self.source.picture.subscribe()
        defer { subscription.cancel() }
        let (wakes, bell) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(2))
        let ringers = [
            Task {
                for await _ in subscription.signals { bell.yield(.picture) }
                bell.yield(.end)
            },
            Task {
                while !Task.isCancelled {
                    bell.yield(.second)
                    try? await Task.sleep(for: Self.sensorPeriod)
                }
            },
        ]
        defer { for ringer in ringers { ringer.cancel() } }
        var sensorsAt = ContinuousClock.now - Self.sensorPeriod
        // A node that is asked to stop does not wait for its readers to go.
        try await withGracefulShutdownHandler {
            // A new reader gets its snapshot at once, also of an empty picture.
            try await self.writeDelta(of: subscription, to: &writer)
            for await wake in wakes {
                if wake == .end || Task.isCancelled { break }
                let began = ContinuousClock.now
                try await self.writeDelta(of: subscription, to: &writer)
                if began - sensorsAt >= Self.sensorPeriod - .milliseconds(50) {
                    sensorsAt = began
                    try await self.writeSensors(to: &writer)
                }
                let rest = Self.pace - (ContinuousClock.now - began)
                if rest > .zero { try await Task.sleep(for: rest) }
            }
        } onGracefulShutdown: {
            bell.finish()
        }
    }

    @concurrent private func writeDelta(of subscription: PictureSubscription, to writer: inout any ResponseBodyWriter)
        async throws
    {
        guard let delta = subscription.take() else { return }
        let event: StaticString = delta.isSnapshot ? "event: snapshot\ndata: " : "event: delta\ndata: "
        try await writer.write(
            Self.event(event, capacity: 256 + delta.updated.count * 160) { json in
                TrackJSON.delta(delta, now: self.view.now, to: &json)
            })
    }

    @concurrent private func writeSensors(to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(
            Self.event("event: sensors\ndata: ", capacity: 4096) { json in
                TrackJSON.sensors(
                    self.source.sensors(at: self.view.now), now: self.view.now, beside: self.source.besideSensor,
                    to: &json)
            })
    }

    private static func event(_ head: StaticString, capacity: Int, _ body: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter(capacity: capacity)
        body(&json)
        return json.withBytes { bytes in
            var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + 64)
            buffer.writeStaticString(head)
            unsafe bytes.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\n\n")
            return buffer
        }
    }
}
