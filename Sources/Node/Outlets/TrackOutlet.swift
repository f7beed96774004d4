internal import Air
internal import Logging
internal import SensorFormats
internal import Synchronization
internal import Transport

/// Tells the picture as ASTERIX 062 by UDP, with sensors (063) and service (065), until the task is cancelled.
///
/// Tracks are conflated: in each period every track that has changed is told once, as it then is.
final class TrackOutlet: Outlet {
    let configuration: Configuration.Outlet
    let door: Door
    private let settings: Configuration.TrackOutlet
    private let link: DatagramLink
    private let writer: Mutex<SystemTrackWriter>
    private let told = Mutex(0)

    init(
        _ configuration: Configuration.Outlet, _ settings: Configuration.TrackOutlet, _ door: Door, realm: Realm,
        log: Logger
    ) {
        self.configuration = configuration
        self.door = door
        self.settings = settings
        self.link = DatagramLink(settings.destination, name: configuration.name, log: log)
        self.writer = Mutex(
            SystemTrackWriter(
                source: settings.source, service: settings.service, tellsTentative: settings.tellsTentative,
                isSimulated: realm != .live, datagramMax: settings.destination.datagramMax))
    }

    var takesFeeds: Bool { false }

    func open() async throws { try await self.link.open() }

    /// Writes what has changed and hands it to the kernel.
    func send(_ delta: Passed<PictureDelta>, at now: Timestamp) async {
        let goods = delta.goods
        let datagrams = self.writer.withLock { writer in
            for track in goods.updated { writer.append(track) }
            for id in goods.dropped { writer.drop(id, at: now) }
            self.told.withLock { $0 = writer.count }
            return Self.taken(&writer)
        }
        await self.link.send(datagrams)
    }

    /// Writes how sensors and service do, and hands it to the kernel.
    func send(_ status: Passed<NodeStatus>, at now: Timestamp) async {
        let goods = status.goods
        let datagrams = self.writer.withLock { writer in
            if let service = goods.service {
                writer.append(
                    AsterixServiceState(isDegraded: service.isDegraded, isOverloaded: service.isOverloaded), at: now)
            }
            for sensor in goods.sensors { writer.append(AsterixSensorState(sensor), at: now) }
            return Self.taken(&writer)
        }
        await self.link.send(datagrams)
    }

    private static func taken(_ writer: inout SystemTrackWriter) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        writer.takeDatagrams { bytes in
            datagrams.append(unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) })
        }
        return datagrams
    }

    func run(_ node: KumikoNode) async {
        let reader = self.door.subscribe(node.picture)
        var statusDue = 0.0
        var lost = node.lostItems
        while !Task.isCancelled {
            if let delta = reader.take() { await self.send(delta, at: node.now) }
            if statusDue <= 0 {
                let lostNow = node.lostItems
                let status = NodeStatus(
                    sensors: node.sensors,
                    service: NodeStatus.Service(isDegraded: node.trouble != nil, isOverloaded: lostNow > lost))
                lost = lostNow
                await self.send(self.door.pass(status, at: node.now), at: node.now)
                statusDue = self.settings.statusPeriod
            }
            statusDue -= self.settings.period
            try? await Task.sleep(for: .seconds(self.settings.period))
        }
        reader.cancel()
        await self.link.close()
    }

    var metrics: [Metric] {
        let label = [(name: "outlet", value: self.configuration.name)]
        return self.link.metrics(label) + [
            Metric(
                "kumiko_outlet_tracks", .gauge, Double(self.told.withLock { $0 }), help: "Tracks that an outlet tells.",
                labels: label),
            Metric(
                "kumiko_outlet_dropped_total", .counter, Double(self.writer.withLock { $0.unnumbered }),
                help: DatagramLink.dropHelp, labels: label + [(name: "cause", value: "no track number free")]),
        ]
    }
}

/// How a node and its sensors do.
struct NodeStatus: Sendable {
    /// How the node itself does.
    struct Service: Sendable {
        /// The node cannot do all of its work.
        var isDegraded: Bool
        /// It has dropped what came since the last time.
        var isOverloaded: Bool
    }

    var sensors: [SensorHealth]
    /// Nil where it is not to be told.
    var service: Service?
}

extension AsterixSensorState {
    /// What category 063 can say of a sensor's health.
    fileprivate init(_ health: SensorHealth) {
        switch health.state {
        case .operational: self.init(sensor: health.id, connection: .operational)
        case .degraded: self.init(sensor: health.id, connection: .degraded)
        case .silent: self.init(sensor: health.id, connection: .notConnected, hasNoPlots: true)
        case .failed: self.init(sensor: health.id, connection: .degraded, isInhibited: true)
        case .unknown: self.init(sensor: health.id, connection: .notConnected)
        }
    }
}
