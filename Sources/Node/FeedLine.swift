internal import Air
internal import Logging
internal import SensorFormats
internal import Synchronization
internal import Transport

/// One feed as it runs: its socket, its queue, its decoder.
final class FeedLine: Sendable {
    /// What has gone through.
    struct Figures: Sendable {
        var reports: UInt64 = 0
        var asterix = AsterixTally()
        var modeS: ModeSDecoder.Counts?
        var garbageBytes = 0
    }

    private enum Socket: Sendable {
        case datagrams(DatagramReceiver)
        case stream(StreamClient)
        case none
    }

    let configuration: Configuration.Feed
    let queue: IngestQueue
    private let number: UInt16
    private let clock: NodeClock
    private let decoder: Mutex<FeedDecoder>
    private let figuresNow = Mutex(Figures())
    private let socket = Mutex(Socket.none)
    private let log: Logger
    /// What was last logged of a stream.
    private let said = Mutex<String?>(nil)

    init(_ configuration: Configuration.Feed, number: UInt16, sensors: [Sensor], clock: NodeClock, log: Logger) {
        self.configuration = configuration
        self.number = number
        self.clock = clock
        self.queue = IngestQueue(bytesMax: configuration.queueBytesMax)
        self.decoder = Mutex(FeedDecoder(configuration, sensors: sensors))
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
            self.log.info("feed listens", metadata: ["feed": "\(self.configuration.name)", "address": "\(endpoint)"])
        case .connection(let host, let port):
            let client = StreamClient(
                StreamClient.Configuration(
                    feed: self.number, endpoint: Endpoint(host: host, port: port),
                    seed: UInt64(bitPattern: self.clock.now.nanoseconds)),
                to: self.queue, clock: now)
            self.socket.withLock { $0 = .stream(client) }
        case .injected: break
        }
    }

    /// The address that a datagram feed listens on; nil before `open` and for streams.
    var listensOn: Endpoint? {
        guard case .datagrams(let receiver) = self.socket.withLock({ $0 }) else { return nil }
        return receiver.localEndpoint
    }

    /// Brings bytes, decodes them and hands the reports to the keeper, until the task is cancelled.
    func run(keeper: TrackKeeper) async {
        await withTaskGroup(of: Void.self) { group in
            if case .stream(let client) = self.socket.withLock({ $0 }) {
                group.addTask { await client.run() }
            }
            group.addTask { await self.decodeAll(keeper: keeper) }
            await group.next()
            group.cancelAll()
        }
        if case .datagrams(let receiver) = self.socket.withLock({ $0 }) { await receiver.close() }
    }

    private func decodeAll(keeper: TrackKeeper) async {
        var batch = self.queue.makeBatch()
        while await self.queue.take(&batch) {
            var reports: [SensorReport] = []
            self.decoder.withLock { decoder in
                batch.forEach { item, bytes in decoder.decode(bytes, of: item, into: &reports) }
            }
            self.publishFigures(reports.count)
            await keeper.take(reports, now: self.clock.now)
        }
    }

    /// Decodes bytes that the program itself puts in, past the queue: nothing is dropped, the caller waits.
    func inject(_ bytes: [UInt8], receivedAt: Timestamp, keeper: TrackKeeper) async {
        var reports: [SensorReport] = []
        self.decoder.withLock { decoder in
            decoder.decode(
                bytes.span, of: IngestItem(feed: self.number, receivedAt: receivedAt.nanoseconds), into: &reports)
        }
        self.publishFigures(reports.count)
        await keeper.take(reports, now: receivedAt)
    }

    private func publishFigures(_ reports: Int) {
        let (asterix, modeS, garbage) = self.decoder.withLock { decoder in
            (decoder.asterix?.tally, decoder.modeS?.counts, decoder.garbageBytes)
        }
        self.figuresNow.withLock { figures in
            figures.reports &+= UInt64(reports)
            if let asterix { figures.asterix = asterix }
            if let modeS { figures.modeS = modeS }
            figures.garbageBytes = garbage
        }
    }

    /// What has gone through until now.
    var figures: Figures { self.figuresNow.withLock { $0 } }

    /// What the kernel dropped at this feed's socket because nobody read in time.
    var kernelDrops: UInt64 {
        guard case .datagrams(let receiver) = self.socket.withLock({ $0 }) else { return 0 }
        return receiver.kernelDrops
    }

    /// Logs when a stream connects, or fails for another reason than before.
    func sayStream() {
        guard let status = self.streamStatus else { return }
        var text = status.lastError
        if case .connected = status.state { text = "connected" }
        guard let text else { return }
        let isNew = self.said.withLock { said in
            defer { said = text }
            return said != text
        }
        if isNew { self.log.notice("feed \(self.configuration.name): \(text)") }
    }

    /// The state of a stream; nil for datagrams.
    var streamStatus: StreamStatus? {
        guard case .stream(let client) = self.socket.withLock({ $0 }) else { return nil }
        return client.status
    }
}
