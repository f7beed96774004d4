internal import Air
internal import Logging
internal import SensorFormats
internal import Synchronization
internal import Transport

/// One feed as it runs: its sockets, its queue, its decoder.
final class FeedLine: Sendable {
    private enum Socket: Sendable {
        case datagrams(DatagramReceiver)
        case clients([StreamClient])
        case server(StreamServer)
        case none
    }

    let configuration: Configuration.Feed
    let queue: IngestQueue
    private let number: UInt16
    private let clock: NodeClock
    private let decoder: Mutex<FeedDecoder>
    private let labels: SensorLabels?
    private let outlets: Outlets
    private let wants: Decoded.Wants
    private let socket = Mutex(Socket.none)
    private let log: Logger
    /// What was last logged of each stream.
    private let said = Mutex<[Endpoint: String]>([:])

    init(
        _ configuration: Configuration.Feed, number: UInt16, sensors: [Sensor], labels: SensorLabels?,
        outlets: Outlets, clock: NodeClock, log: Logger
    ) {
        self.configuration = configuration
        self.number = number
        self.clock = clock
        self.queue = IngestQueue(bytesMax: configuration.queueBytesMax)
        self.decoder = Mutex(FeedDecoder(configuration, sensors: sensors))
        self.labels = labels
        self.outlets = outlets
        self.wants = outlets.wants(of: configuration)
        self.log = log
    }

    /// Opens the socket; a stream connects later, by itself.
    ///
    /// - Throws: `TransportError` when the address cannot be used.
    func open() async throws {
        let clock = self.clock
        let now: @Sendable () -> Int64 = { clock.now.nanoseconds }
        switch self.configuration.source {
        case .datagrams(let host, let port, let group, let interface):
            let endpoint = Endpoint(host: group ?? host, port: port)
            let receiver = try await DatagramReceiver.bind(
                DatagramReceiver.Configuration(feed: self.number, endpoint: endpoint, interface: interface),
                to: self.queue, clock: now)
            self.socket.withLock { $0 = .datagrams(receiver) }
            self.sayListens(endpoint)
        case .connections(let addresses):
            let clients = addresses.enumerated().map { index, address in
                StreamClient(
                    StreamClient.Configuration(
                        feed: self.number, slot: UInt16(truncatingIfNeeded: index),
                        endpoint: Endpoint(host: address.host, port: address.port),
                        seed: UInt64(bitPattern: self.clock.now.nanoseconds) &+ UInt64(index)),
                    to: self.queue, clock: now)
            }
            self.socket.withLock { $0 = .clients(clients) }
        case .accepted(let address):
            let endpoint = Endpoint(host: address.host, port: address.port)
            let server = try await StreamServer.bind(
                StreamServer.Configuration(
                    feed: self.number, endpoint: endpoint, connectionsMax: Configuration.Feed.receiversMax),
                to: self.queue, clock: now)
            self.socket.withLock { $0 = .server(server) }
            self.sayListens(endpoint)
        case .injected: break
        }
    }

    private func sayListens(_ endpoint: Endpoint) {
        self.log.info("feed listens", metadata: ["feed": "\(self.configuration.name)", "address": "\(endpoint)"])
    }

    /// The address that a feed listens on; nil before `open` and for streams that this node opens.
    var listensOn: Endpoint? {
        switch self.socket.withLock({ $0 }) {
        case .datagrams(let receiver): receiver.localEndpoint
        case .server(let server): server.localEndpoint
        case .clients, .none: nil
        }
    }

    /// Brings bytes, decodes them and hands the reports to the keeper, until the task is cancelled.
    func run(keeper: TrackKeeper) async {
        let socket = self.socket.withLock { $0 }
        await withTaskGroup(of: Void.self) { group in
            if case .clients(let clients) = socket {
                for client in clients { group.addTask { await client.run() } }
            }
            group.addTask { await self.decodeAll(keeper: keeper) }
            await group.next()
            group.cancelAll()
        }
        switch socket {
        case .datagrams(let receiver): await receiver.close()
        case .server(let server): await server.close()
        case .clients, .none: break
        }
    }

    /// How many reports are handed over at once, and a datagram's more: a full queue would make millions of bytes of them.
    private static let reportsMax = 4096

    private func decodeAll(keeper: TrackKeeper) async {
        var batch = self.queue.makeBatch()
        while await self.queue.take(&batch) {
            var next = 0
            while next < batch.count {
                var decoded = Decoded(wants: self.wants)
                let start = next
                next = self.decoder.withLock { decoder in
                    batch.forEach(from: start) { item, bytes in
                        decoder.decode(bytes, of: item, into: &decoded)
                        return decoded.reports.count < Self.reportsMax
                    }
                }
                await self.handOver(decoded, keeper: keeper, now: self.clock.now)
            }
        }
    }

    /// Decodes bytes that the program itself puts in, past the queue: nothing is dropped, the caller waits.
    func inject(_ bytes: [UInt8], receivedAt: Timestamp, keeper: TrackKeeper) async {
        var decoded = Decoded(wants: self.wants)
        self.decoder.withLock { decoder in
            decoder.decode(
                bytes.span, of: IngestItem(feed: self.number, receivedAt: receivedAt.nanoseconds), into: &decoded)
        }
        await self.handOver(decoded, keeper: keeper, now: receivedAt)
    }

    private func handOver(_ decoded: consuming Decoded, keeper: TrackKeeper, now: Timestamp) async {
        self.labels?.mark(&decoded.reports, of: Int(self.number))
        if case .server(let server) = self.socket.withLock({ $0 }) {
            for answer in decoded.answers {
                server.send(
                    answer.bytes.span, to: answer.slot, connection: answer.connection, thenCloses: answer.isLast)
            }
        }
        self.outlets.offer(
            FeedGoods(
                feed: self.configuration.name, reports: decoded.reports, frames: decoded.frames, lines: decoded.lines),
            at: now)
        guard !decoded.reports.isEmpty else { return }
        await keeper.take(decoded.reports, now: now)
    }

    /// Lets time pass for the decoder.
    func tick(keeper: TrackKeeper, now: Timestamp) async {
        var decoded = Decoded()
        self.decoder.withLock { $0.tick(at: now, into: &decoded) }
        self.labels?.mark(&decoded.reports, of: Int(self.number))
        if !decoded.reports.isEmpty { await keeper.take(decoded.reports, now: now) }
    }

    /// Writes what the feed's decoder knows as `aircraft.json`; false when it knows nothing of that kind.
    func writeAircraft(now: Timestamp, to json: inout JSONWriter) -> Bool {
        self.decoder.withLock { $0.writeAircraft(now: now, to: &json) }
    }

    /// What the kernel dropped at this feed's socket because nobody read in time.
    var kernelDrops: UInt64 {
        guard case .datagrams(let receiver) = self.socket.withLock({ $0 }) else { return 0 }
        return receiver.kernelDrops
    }

    /// Logs when a stream connects, or fails for another reason than before.
    func sayStreams() {
        guard case .clients(let clients) = self.socket.withLock({ $0 }) else { return }
        for client in clients {
            let (status, endpoint) = (client.status, client.configuration.endpoint)
            var text = status.lastError
            if case .connected = status.state { text = "connected" }
            guard let text else { continue }
            let isNew = self.said.withLock { $0.updateValue(text, forKey: endpoint) != text }
            if isNew { self.log.notice("feed \(self.configuration.name), \(endpoint): \(text)") }
        }
    }

    // MARK: Figures

    /// What came, what became of it, and what was dropped, by cause. May wait until a batch is decoded.
    var metrics: [Metric] {
        let label = FeedLabel(feed: self.configuration.name)
        let queue = self.queue.counters
        let dropHelp = "Datagrams dropped before they were decoded, by cause."
        var metrics = [
            label.counter("items", queue.pushed, "Datagrams, or pieces of a stream, that a socket received."),
            label.counter("bytes", queue.pushedBytes, "Bytes that were received."),
            label.counter("dropped", queue.dropped, dropHelp, (name: "cause", value: "queue full")),
            label.counter("dropped", self.kernelDrops, dropHelp, (name: "cause", value: "kernel buffer full")),
            label.gauge("waiting_bytes", queue.waitingBytes, "Bytes that wait to be decoded."),
        ]
        switch self.socket.withLock({ $0 }) {
        case .datagrams(let receiver):
            metrics.append(
                label.gauge("kernel_buffer_bytes", receiver.kernelBufferBytes, "What the kernel may hold for a feed."))
        case .clients(let clients):
            let statuses = clients.map(\.status)
            metrics += [
                label.gauge("connected", statuses.filter(\.isConnected).count, "Streams of a feed that are connected."),
                label.counter(
                    "connections", statuses.reduce(0) { $0 &+ $1.connections }, "Connections that a feed has had."),
            ]
        case .server(let server):
            let counters = server.counters
            metrics += [
                label.gauge("connected", counters.open, "Streams of a feed that are connected."),
                label.counter("connections", counters.accepted, "Connections that a feed has had."),
                label.counter(
                    "refused_connections", counters.refused, "Connections that were closed: there were too many."),
            ]
        case .none: break
        }
        return metrics + self.decoder.withLock { $0.metrics(label) }
    }

    /// What was lost before it was decoded.
    var lostItems: UInt64 { self.queue.counters.dropped &+ self.kernelDrops }
}

extension StreamStatus {
    fileprivate var isConnected: Bool {
        if case .connected = self.state { true } else { false }
    }
}
