internal import Logging
internal import Synchronization
internal import Transport

/// Tells the Mode S frames that feeds bring to programs that connect: byte for byte as Beast, or as lines of SBS.
final class FrameOutlet: Outlet {
    let configuration: Configuration.Outlet
    let door: Door
    private let settings: Configuration.FrameOutlet
    private let log: Logger
    private let broadcaster = Mutex<StreamBroadcaster?>(nil)

    init(_ configuration: Configuration.Outlet, _ settings: Configuration.FrameOutlet, _ door: Door, log: Logger) {
        self.configuration = configuration
        self.door = door
        self.settings = settings
        self.log = log
    }

    private func takes(_ feed: String) -> Bool { self.settings.feeds?.contains(feed) ?? true }

    func wants(of feed: String) -> Decoded.Wants {
        guard self.takes(feed) else { return Decoded.Wants() }
        return Decoded.Wants(frames: self.settings.form == .beast, lines: self.settings.form == .sbs)
    }

    func open() async throws {
        let endpoint = Endpoint(host: self.settings.host, port: self.settings.port)
        let broadcaster = try await StreamBroadcaster.bind(StreamBroadcaster.Configuration(endpoint: endpoint))
        self.broadcaster.withLock { $0 = broadcaster }
        self.log.info("outlet listens", metadata: ["outlet": "\(self.configuration.name)", "address": "\(endpoint)"])
    }

    /// The address that it listens on; nil before `open`.
    var listensOn: Endpoint? { self.broadcaster.withLock { $0?.localEndpoint } }

    func take(_ goods: Passed<FeedGoods>) {
        let goods = goods.goods
        guard self.takes(goods.feed) else { return }
        let run = self.settings.form == .beast ? goods.frames : goods.lines
        self.broadcaster.withLock { $0 }?.send(run.bytes.span, messages: run.count)
    }

    func run(_ node: KumikoNode) async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        await self.broadcaster.withLock { $0 }?.close()
    }

    var metrics: [Metric] {
        let label = [(name: "outlet", value: self.configuration.name)]
        let counters = self.broadcaster.withLock { $0?.counters } ?? StreamBroadcaster.Counters()
        return [
            Metric(
                "kumiko_outlet_sent_total", .counter, Double(counters.sent), help: DatagramLink.sentHelp, labels: label),
            Metric(
                "kumiko_outlet_dropped_total", .counter, Double(counters.dropped), help: DatagramLink.dropHelp,
                labels: label + [(name: "cause", value: "reader too slow")]),
            Metric(
                "kumiko_outlet_readers", .gauge, Double(counters.open), help: "Connections of an outlet that are open.",
                labels: label),
            Metric(
                "kumiko_outlet_refused_total", .counter, Double(counters.refused),
                help: "Connections that an outlet closed because there were too many.", labels: label),
        ]
    }
}
