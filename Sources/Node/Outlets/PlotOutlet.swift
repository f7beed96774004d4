internal import Air
internal import Logging
internal import SensorFormats
internal import Synchronization
internal import Transport

/// Tells ADS-B plots as ASTERIX 021 by UDP, under the number of the receiver that heard them.
final class PlotOutlet: Outlet {
    private struct Waiting {
        var writer: AsterixWriter
        var count = 0
        var dropped: UInt64 = 0
        var plots: UInt64 = 0
    }

    /// How many plots may wait to be sent: what a quarter of a second of a very busy sky brings, ten times.
    private static let waitingMax = 50_000
    /// Seconds between two sendings: bounds what a datagram waits to be filled.
    private static let period = 0.25

    let configuration: Configuration.Outlet
    let door: Door
    private let link: DatagramLink
    private let waiting: Mutex<Waiting>

    init(
        _ configuration: Configuration.Outlet, _ destination: Configuration.Destination, _ door: Door, realm: Realm,
        log: Logger
    ) {
        self.configuration = configuration
        self.door = door
        self.link = DatagramLink(destination, name: configuration.name, log: log)
        self.waiting = Mutex(
            Waiting(
                writer: AsterixWriter(datagramMax: destination.datagramMax, isSimulated: realm != .live)))
    }

    func open() async throws { try await self.link.open() }

    func take(_ goods: Passed<FeedGoods>) {
        self.waiting.withLock { waiting in
            for report in goods.goods.reports {
                // Category 021 is of aircraft: ships and drones broadcast too.
                guard case .plot(let plot) = report, plot.kind == .broadcast, plot.subject ?? .aircraft == .aircraft
                else { continue }
                guard waiting.count < Self.waitingMax else {
                    waiting.dropped &+= 1
                    continue
                }
                waiting.count += 1
                waiting.plots &+= 1
                waiting.writer.append(report)
            }
        }
    }

    func run(_ node: KumikoNode) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Self.period))
            await self.flush()
        }
        await self.link.close()
    }

    /// Hands what waits to the kernel.
    private func flush() async {
        var datagrams: [[UInt8]] = []
        self.waiting.withLock { waiting in
            waiting.count = 0
            waiting.writer.takeDatagrams { _, bytes in
                datagrams.append(unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) })
            }
        }
        await self.link.send(datagrams)
    }

    var metrics: [Metric] {
        let label = [(name: "outlet", value: self.configuration.name)]
        let (plots, dropped, unwritten) = self.waiting.withLock { ($0.plots, $0.dropped, $0.writer.unwritten) }
        return self.link.metrics(label) + self.door.metrics(label) + [
            Metric(
                "kumiko_outlet_plots_total", .counter, Double(plots), help: "Plots that an outlet took to send.",
                labels: label),
            Metric(
                "kumiko_outlet_dropped_total", .counter, Double(dropped), help: DatagramLink.dropHelp,
                labels: label + [(name: "cause", value: "too many wait")]),
            Metric(
                "kumiko_outlet_dropped_total", .counter, Double(unwritten), help: DatagramLink.dropHelp,
                labels: label + [(name: "cause", value: "no position to tell")]),
        ]
    }
}
