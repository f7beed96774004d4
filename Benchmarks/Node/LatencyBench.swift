import BenchSupport
import Foundation

/// How long it takes from a datagram sent to the event read by a reader of the stream.
enum LatencyBench {
    /// What was matched.
    struct Result: Sendable {
        var sent = 0
        var latencies: [Double] = []
    }

    /// Plots that were sent and not yet read, by address and time, and how long those took that were.
    final class Rows: Sendable {
        private struct Book: Sendable {
            var sentAt: [UInt64: UInt64] = [:]
            var result = Result()
            var isOn = false
        }

        private let book = MutexBox(Book())

        private static func key(_ address: UInt32, _ milliseconds: Int64) -> UInt64 {
            UInt64(address & 0xFF_FFFF) << 40 | UInt64(truncatingIfNeeded: milliseconds) & 0xFF_FFFF_FFFF
        }

        func sent(_ address: UInt32, _ milliseconds: Int64, at: UInt64) {
            self.book.exchange { book in
                book.sentAt[Self.key(address, milliseconds)] = at
                if book.isOn { book.result.sent += 1 }
            }
        }

        func read(_ address: UInt32, _ milliseconds: Int64, at: UInt64) {
            self.book.exchange { book in
                guard let sentAt = book.sentAt.removeValue(forKey: Self.key(address, milliseconds)), book.isOn else {
                    return
                }
                book.result.latencies.append(Double(at &- sentAt) / 1e6)
            }
        }

        func begin() {
            self.book.exchange { book in
                book.isOn = true
                book.sentAt.removeAll(keepingCapacity: true)
            }
        }

        func end() -> Result {
            self.book.exchange { book in
                book.isOn = false
                return book.result
            }
        }
    }

    /// Prints percentiles, ms, beside the limit of the 99th.
    static func table(_ name: String, _ latencies: [Double], limit: Double) {
        let sorted = latencies.sorted()
        func percentile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
        var table = Table(name, "ms", "goal")
        table.add("p50", text(percentile(0.5), 2), "")
        table.add("p99", text(percentile(0.99), 2), "< \(text(limit)) ms\(percentile(0.99) < limit ? "" : "  MISSED")")
        table.add("p99.9", text(percentile(0.999), 2), "")
        table.add("max", text(percentile(1), 2), "")
        table.print()
    }

    static func run(_ arguments: Arguments) throws {
        let (count, rate) = (5_000, 2_000.0)
        let fleet = Fleet(count: count, start: Machine.now, rate: rate, hasRadars: true)
        say(
            "\nLatency: \(text(count)) aircraft, \(text(rate)) plots/s over UDP (021: \(text(fleet.broadcastRate))/s, "
                + "048 of two radars: \(text(fleet.radarRate))/s), through the program to a reader of the stream "
                + "(\(Machine.load))\n")
        let child = try Child(arguments, sensors: Fleet.sensorsYAML)
        defer { child.stop() }
        let rows = Rows()
        let reader = try StreamReader(port: child.httpPort) { row, at in
            guard let address = row.address else { return }
            rows.read(address, row.measuredAtMilliseconds, at: at)
        }
        defer { reader.stop() }
        let feeder = try Feeder(fleet, port: child.udpPort) { address, measuredAt, at in
            rows.sent(address, measuredAt / 1_000_000, at: at)
        }
        defer { feeder.stop() }
        try Self.awaitTracks(count * 99 / 100, child, seconds: 60)
        sleep(5)
        rows.begin()
        _ = feeder.sent
        let before = (child: Machine.processTime(child.pid), events: reader.totals, metrics: try child.metrics())
        usleep(UInt32(arguments.seconds * 1e6))
        let result = rows.end()
        let metrics = try child.metrics()
        let late = feeder.sent.late
        guard result.latencies.count > 100 else {
            throw Failure("only \(result.latencies.count) rows could be matched to datagrams")
        }
        Self.table("datagram sent → event read", result.latencies, limit: 20)
        let events = reader.totals.events - before.events.events
        let busy = (Machine.processTime(child.pid) - before.child) / arguments.seconds * 100
        let drops = metrics.drops - before.metrics.drops
        say(
            """
              \(text(result.latencies.count)) of \(text(result.sent)) plots were matched to their row \
            (\(text(Double(result.sent - result.latencies.count) / Double(max(1, result.sent)) * 100, 2))% conflated away, late or \
            still on their way), \(text(arguments.seconds)) s, \(text(Int(events))) events, \
            \(text(drops)) datagrams dropped.
              The node used \(text(busy))% of a core, \(text(Double(child.memory.now) / 1e6)) MB; the sender was \
            \(text(late * 1000, 1)) ms late at most (\(Machine.load)).

            """)
    }

    /// Waits until so many tracks are confirmed.
    static func awaitTracks(_ count: Int, _ child: Child, seconds: Double) throws {
        let deadline = Machine.monotonic + UInt64(seconds * 1e9)
        var confirmed = 0
        while Machine.monotonic < deadline {
            confirmed = try child.metrics().confirmed
            if confirmed >= count { return }
            usleep(500_000)
        }
        throw Failure("only \(text(confirmed)) of \(text(count)) tracks were confirmed in \(text(seconds)) s")
    }
}
