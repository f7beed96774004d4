internal import Air
public import Exercises
internal import SensorFormats

/// A scenario as a feed: its reports become ASTERIX and go the way that a radar's datagrams go.
public struct ScenarioFeed: Sendable {
    /// How often the scenario's reports are handed over, seconds: a radar sends a few times in a turn too.
    private static let step = 0.1

    private var scenario: Scenario
    private let end: Timestamp?

    /// - Parameter duration: seconds until it ends; nil: it goes on.
    public init(_ scenario: Scenario, duration: Double? = nil) {
        self.scenario = scenario
        self.end = duration.map { scenario.configuration.start.advanced(by: $0) }
    }

    /// The one feed that a node needs for it.
    public static var feed: Configuration.Feed {
        Configuration.Feed(name: "scenario", source: .injected, format: .asterix())
    }

    /// Plays into feed 0 of a node by the node's clock, until its end or cancelled.
    public mutating func play(into node: KumikoNode) async { await self.play(into: [node]) }

    /// Plays into feed 0 of several nodes by the first one's clock, to each what its sensors report, until its end or
    /// cancelled.
    public mutating func play(into nodes: [KumikoNode]) async {
        guard let clock = nodes.first?.clock else { return }
        let owners = nodes.map { Set($0.configuration.sensors.map(\.id)) }
        var writers = nodes.map { _ in AsterixWriter() }
        var instant = self.scenario.configuration.start
        var reports: [SensorReport] = []
        while !Task.isCancelled, self.end.map({ instant < $0 }) ?? true {
            instant = instant.advanced(by: Self.step)
            while !Task.isCancelled, let wait = clock.secondsUntil(instant) {
                try? await Task.sleep(for: .seconds(min(wait, 1)))
            }
            reports.removeAll(keepingCapacity: true)
            self.scenario.next(until: instant, into: &reports)
            for (number, node) in nodes.enumerated() {
                for report in reports where nodes.count == 1 || owners[number].contains(report.sensor) {
                    writers[number].append(report)
                }
                var datagrams: [[UInt8]] = []
                writers[number].takeDatagrams { _, bytes in
                    datagrams.append(unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) })
                }
                for datagram in datagrams { await node.inject(datagram, into: 0, receivedAt: instant) }
            }
        }
    }
}
