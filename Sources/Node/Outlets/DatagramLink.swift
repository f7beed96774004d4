internal import Logging
internal import Synchronization
internal import Transport

/// The sending side of an outlet that speaks UDP, with what it has sent and lost.
final class DatagramLink: Sendable {
    static let dropHelp = "Records, messages or datagrams that an outlet did not send, by cause."

    static let sentHelp = "Datagrams, or messages to a connection, that an outlet sent."

    private struct Figures {
        var sent: UInt64 = 0
        var failed: UInt64 = 0
        /// What was last logged.
        var failure: String?
    }

    private let destination: Configuration.Destination
    private let name: String
    private let log: Logger
    private let sender = Mutex<DatagramSender?>(nil)
    private let figures = Mutex(Figures())

    init(_ destination: Configuration.Destination, name: String, log: Logger) {
        self.destination = destination
        self.name = name
        self.log = log
    }

    /// - Throws: `TransportError`.
    func open() async throws {
        let sender = try await DatagramSender.open(
            to: Endpoint(host: self.destination.host, port: self.destination.port),
            interface: self.destination.interface, hops: self.destination.hops)
        self.sender.withLock { $0 = sender }
    }

    /// Hands datagrams to the kernel; what it does not take is counted, and its reason logged when it is a new one.
    func send(_ datagrams: [[UInt8]]) async {
        guard !datagrams.isEmpty, let sender = self.sender.withLock({ $0 }) else { return }
        let (failed, failure) = await sender.send(datagrams)
        let isNews = self.figures.withLock { figures in
            figures.sent &+= UInt64(datagrams.count - failed)
            figures.failed &+= UInt64(failed)
            defer { figures.failure = failure }
            return failure != nil && figures.failure != failure
        }
        if isNews, let failure { self.log.warning("outlet \(self.name): a datagram was not sent: \(failure)") }
    }

    func close() async { await self.sender.withLock { $0 }?.close() }

    func metrics(_ labels: [(name: String, value: String)]) -> [Metric] {
        let figures = self.figures.withLock { $0 }
        return [
            Metric(
                "kumiko_outlet_sent_total", .counter, Double(figures.sent), help: Self.sentHelp, labels: labels),
            Metric(
                "kumiko_outlet_dropped_total", .counter, Double(figures.failed), help: Self.dropHelp,
                labels: labels + [(name: "cause", value: "network refused")]),
        ]
    }
}
