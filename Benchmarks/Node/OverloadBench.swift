import BenchSupport
import Foundation

/// Twice what the node can take, for minutes: memory stays, drops are counted, the newest still arrives.
enum OverloadBench {
    /// So that datagrams that were dropped can be told in plots.
    private static let plotsPerDatagram = 25

    /// - Returns: the verdict.
    static func run(_ arguments: Arguments) throws -> Bool {
        let count = arguments.aircraft ?? 10_000
        say("\nOverload: \(text(count)) aircraft, 021 over UDP, one reader of the stream (\(Machine.load))\n")
        let child = try Child(arguments, sensors: Fleet.sensorsYAML, queueMegabytes: arguments.queue)
        defer { child.stop() }
        let reader = try StreamReader(port: child.httpPort)
        defer { reader.stop() }
        let begin = 20_000.0
        let feeder = try Feeder(
            Fleet(
                count: count, start: Machine.now, rate: begin, hasRadars: false,
                plotsPerDatagram: Self.plotsPerDatagram), port: child.udpPort)
        defer { feeder.stop() }
        try LatencyBench.awaitTracks(count * 99 / 100, child, seconds: 60)
        let capacity = try Self.ramp(from: begin, feeder, child)
        say(
            "  The node takes \(text(capacity)) plots/s; \(text(2 * capacity)) plots/s for \(text(arguments.minutes, 1)) min.\n"
        )
        feeder.setRate(2 * capacity)
        let watched = try Self.watch(minutes: arguments.minutes, feeder, child, reader)
        feeder.stop()
        let isAccounted = try Self.account(feeder, child)
        let isBounded = watched.growth < 0.05, isNew = watched.ageMax < 2
        say(
            """
              memory bounded:     \(isBounded ? "yes" : "NO"), \(text(watched.growth * 100, 1))% growth after the \
            first \(text(watched.settled)) s (goal: < 5%)
              drops accounted:    \(isAccounted ? "yes" : "NO")
              newest arrives:     \(isNew ? "yes" : "NO"), at most \(text(watched.ageMax, 2)) s old (goal: < 2 s)
              \(Machine.load)

            """)
        return isBounded && isAccounted && isNew
    }

    /// Raises the rate until datagrams are dropped, then lets the node decode what it can.
    ///
    /// - Returns: plots a second that it decodes while more than enough of them wait.
    private static func ramp(from begin: Double, _ feeder: Feeder, _ child: Child) throws -> Double {
        var rate = begin, isFull = false
        for _ in 0..<20 {
            feeder.setRate(rate)
            usleep(isFull ? 1_500_000 : 500_000)
            let before = (metrics: try child.metrics(), sent: feeder.sent.plots, at: Machine.monotonic)
            sleep(isFull ? 5 : 3)
            let (metrics, sent) = (try child.metrics(), feeder.sent.plots)
            let seconds = Double(Machine.monotonic - before.at) / 1e9
            let drops = metrics.drops - before.metrics.drops
            let real = Double(sent - before.sent) / seconds
            let decoded = (metrics.records - before.metrics.records) / seconds
            say(
                "  ramp: \(text(real)) plots/s sent, \(text(decoded)) decoded, \(text(drops)) datagrams dropped, "
                    + "\(text(metrics.waitingBytes / 1e6, 1)) MB wait")
            if isFull, drops > 0 { return decoded }
            isFull = drops > 0
            if real < 0.8 * rate { throw Failure("this machine cannot send more than \(text(real)) plots/s") }
            rate *= 1.4
        }
        throw Failure("the node takes more than \(text(rate)) plots/s")
    }

    private static func watch(
        minutes: Double, _ feeder: Feeder, _ child: Child, _ reader: StreamReader
    ) throws -> (growth: Double, settled: Double, ageMax: Double) {
        // Both buffers of the queue are filled, and their pages touched, in the first half minute.
        let seconds = minutes * 60, settled = min(60, seconds / 2)
        let start = Machine.monotonic
        var base = 0, peak = 0, ageMax = 0.0
        var next = 10.0
        say("  seconds   RSS MB    plots sent   decoded records   dropped: queue   kernel   newest state, s")
        while true {
            usleep(500_000)
            let elapsed = Double(Machine.monotonic - start) / 1e9
            let memory = child.memory.now
            let age = Double(Machine.now / 1_000_000 - reader.newestMilliseconds) / 1000
            if elapsed >= settled {
                if base == 0 { base = memory }
                peak = max(peak, memory)
            }
            if elapsed >= 3 { ageMax = max(ageMax, age) }
            if elapsed >= next {
                next += 10
                let (metrics, sent) = (try child.metrics(), feeder.sent)
                func cell(_ text: String, _ width: Int) -> String {
                    String(repeating: " ", count: max(0, width - text.count)) + text
                }
                say(
                    cell(text(elapsed), 9) + cell(text(Double(memory) / 1e6), 9) + cell(text(sent.plots), 14)
                        + cell(text(metrics.records), 18) + cell(text(metrics.queueDrops), 17)
                        + cell(text(metrics.kernelDrops), 9) + cell(text(age, 2), 19))
            }
            if elapsed >= seconds { break }
        }
        say("")
        return (base == 0 ? 1 : Double(peak) / Double(base) - 1, settled, ageMax)
    }

    /// Whether every datagram sent was decoded or counted as dropped, once the node has caught up.
    private static func account(_ feeder: Feeder, _ child: Child) throws -> Bool {
        var metrics = try child.metrics()
        for _ in 0..<40 {
            usleep(500_000)
            let next = try child.metrics()
            if next.waitingBytes == 0, next.records == metrics.records, next.kernelDrops == metrics.kernelDrops {
                metrics = next
                break
            }
            metrics = next
        }
        let sent = feeder.sent
        let received = Double(sent.datagrams) - metrics.items - metrics.kernelDrops
        let plots = Double(sent.plots) - metrics.records - metrics.drops * Double(Self.plotsPerDatagram)
        say(
            "  plots: \(text(sent.plots)) sent = \(text(metrics.records)) decoded "
                + "+ \(text(metrics.queueDrops * Double(Self.plotsPerDatagram))) dropped by the queue "
                + "+ \(text(metrics.kernelDrops * Double(Self.plotsPerDatagram))) by the kernel "
                + "+ \(text(plots)) unaccounted")
        say(
            "  datagrams: \(text(sent.datagrams)) sent = \(text(metrics.items)) received "
                + "+ \(text(metrics.kernelDrops)) dropped by the kernel + \(text(received)) unaccounted\n")
        return abs(plots) <= Double(sent.plots) * 0.0001 && abs(received) <= Double(sent.datagrams) * 0.0001
            && sent.refused == 0 && metrics.drops > 0
    }
}
