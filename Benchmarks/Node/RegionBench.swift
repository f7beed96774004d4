import Air
import BenchSupport
import Foundation
import Geodesy
import Region
import SensorFormats

/// A region through the whole program in real time: 100,000 tracks from 200 sensors, ASTERIX over UDP.
///
/// The reports are made before the program starts and only written and sent while it runs: so the sender takes little of
/// the two cores that both share.
enum RegionBench {
    private static let warm = 45.0

    /// - Returns: the verdict.
    static func run(_ arguments: Arguments) throws -> Bool {
        let count = arguments.aircraft ?? 100_000
        // One in five or so is where no sensor sees it.
        let size = RegionSky.Size(
            aircraft: count * 124 / 100, edge: 4e6 * (Double(count) / 100_000).squareRoot(), sensors: 200)
        var sky = RegionSky(size)
        say(
            "\nRegion: \(text(count)) tracks, \(size.sensors) sensors, \(text(arguments.seconds)) s after "
                + "\(text(Self.warm)) s of warming up (\(Machine.load))\n")
        var batches: [[SensorReport]] = []
        var plots = 0
        let steps = Int((Self.warm + arguments.seconds + 1) / RegionSky.step)
        for _ in 0..<steps {
            var reports: [SensorReport] = []
            sky.advance(into: &reports)
            for case .plot in reports { plots += 1 }
            batches.append(reports)
        }
        let rate = Double(plots) / (Double(steps) * RegionSky.step)
        let child = try Child(arguments, sensors: Self.yaml(sky.sensors), queueMegabytes: arguments.queue)
        defer { child.stop() }
        let reader = try StreamReader(port: child.httpPort)
        defer { reader.stop() }
        let sent = MutexBox(Feeder.Sent())
        let socket = try DatagramSocket(child.udpPort)
        let begin = Machine.monotonic
        let feed = batches
        let start = Machine.now
        let thread = Thread { Self.send(feed, socket, begin: begin, start: start, sent) }
        thread.start()
        try Self.wait(until: Self.warm, from: begin, child)
        let before = (
            processor: Machine.processTime(child.pid), metrics: try child.metrics(), sent: sent.exchange { $0 },
            at: Machine.monotonic
        )
        sent.exchange { $0.late = 0 }
        let ageMax = try Self.watch(seconds: arguments.seconds, child, reader)
        let elapsed = Double(Machine.monotonic - before.at) / 1e9
        let busy = (Machine.processTime(child.pid) - before.processor) / elapsed
        let metrics = try child.metrics(), after = sent.exchange { $0 }
        let decoded = (metrics.records - before.metrics.records) / elapsed
        let drops = metrics.drops - before.metrics.drops
        let isLossless = drops == 0 && after.refused == before.sent.refused
        let isFull = metrics.confirmed >= count * 95 / 100
        say(
            """

              sent:               \(text(Double(after.plots - before.sent.plots) / elapsed)) plots/s (the scenario: \
            \(text(rate))), at most \(text(after.late * 1000)) ms late
              decoded:            \(text(decoded)) records/s, sectors' crossings among them
              tracks:             \(text(metrics.confirmed)) confirmed\(isFull ? "" : "  MISSED (goal: \(text(count)))")
              processor:          \(text(busy * 100))% of one core, \(text(busy * 50))% of two
              memory:             \(text(Double(child.memory.now) / 1e6)) MB, at most \
            \(text(Double(child.memory.peak) / 1e6)) MB
              newest state:       at most \(text(ageMax, 2)) s old (goal: < 2 s)
              datagrams dropped:  \(text(drops))\(isLossless ? "" : "  MISSED (goal: 0)")
              \(Machine.load)

            """)
        return isLossless && isFull && ageMax < 2
    }

    /// Sends each batch when its time has come, its times moved to now.
    private static func send(
        _ batches: [[SensorReport]], _ socket: DatagramSocket, begin: UInt64, start: Int64,
        _ sent: MutexBox<Feeder.Sent>
    ) {
        var writer = AsterixWriter()
        for (index, batch) in batches.enumerated() {
            let due = begin + UInt64(Double(index + 1) * RegionSky.step * 1e9)
            while Machine.monotonic < due { usleep(UInt32(min((due - min(Machine.monotonic, due)) / 1000, 5_000)) + 1) }
            var done = Feeder.Sent()
            done.late = Double(Machine.monotonic - due) / 1e9
            for report in batch {
                switch report {
                case .plot(var plot):
                    plot.measuredAt = Timestamp(nanoseconds: plot.measuredAt.nanoseconds + start)
                    writer.append(.plot(plot))
                    done.plots += 1
                case .sector(var crossing):
                    crossing.measuredAt = Timestamp(nanoseconds: crossing.measuredAt.nanoseconds + start)
                    writer.append(.sector(crossing))
                case .status: break
                }
            }
            writer.takeDatagrams { _, bytes in
                if socket.send(bytes) { done.datagrams += 1 } else { done.refused += 1 }
            }
            let more = done
            sent.exchange {
                $0.datagrams += more.datagrams
                $0.plots += more.plots
                $0.refused += more.refused
                $0.late = max($0.late, more.late)
            }
        }
    }

    private static func wait(until seconds: Double, from begin: UInt64, _ child: Child) throws {
        while Double(Machine.monotonic - begin) / 1e9 < seconds {
            sleep(5)
            let metrics = try child.metrics()
            say(
                "  warming up: \(text(metrics.confirmed)) tracks, \(text(Double(child.memory.now) / 1e6)) MB, "
                    + "\(text(metrics.drops)) datagrams dropped")
        }
    }

    /// - Returns: the greatest age of the newest state on the stream, seconds.
    private static func watch(seconds: Double, _ child: Child, _ reader: StreamReader) throws -> Double {
        let begin = Machine.monotonic
        var ageMax = 0.0, next = 5.0
        while true {
            usleep(100_000)
            let elapsed = Double(Machine.monotonic - begin) / 1e9
            ageMax = max(ageMax, Double(Machine.now / 1_000_000 - reader.newestMilliseconds) / 1000)
            if elapsed >= next {
                next += 5
                let metrics = try child.metrics()
                say(
                    "  \(text(elapsed)) s: \(text(metrics.confirmed)) tracks, \(text(Double(child.memory.now) / 1e6)) MB, "
                        + "\(text(metrics.waitingBytes / 1e6, 1)) MB wait, \(text(metrics.drops)) datagrams dropped")
            }
            if elapsed >= seconds { return ageMax }
        }
    }

    private static func yaml(_ sensors: [Sensor]) -> String {
        var lines: [String] = []
        func channel(_ name: String, _ channel: Sensor.Channel?) -> [String] {
            guard let channel else { return ["    \(name): off"] }
            return [
                "    \(name):", "      rangeDeviation: \(channel.rangeDeviation)",
                "      azimuthDeviation: \(channel.azimuthDeviation * 180 / .pi)",
                "      detectionProbability: \(channel.detectionProbability)",
            ]
        }
        for sensor in sensors {
            lines += [
                "  - id: \(sensor.id)", "    name: \(sensor.name)", "    latitude: \(sensor.site.latitudeDegrees)",
                "    longitude: \(sensor.site.longitudeDegrees)", "    height: \(sensor.site.height)",
                "    rangeMax: \(sensor.coverage.upperBound)",
            ]
            guard case .radar(let period) = sensor.kind else {
                lines.append("    kind: receiver")
                continue
            }
            lines += [
                "    kind: radar", "    period: \(period)", "    rangeMin: \(sensor.coverage.lowerBound)",
                "    elevationMax: \(sensor.elevationMax * 180 / .pi)",
                "    falsePlotsPerScan: \(sensor.falsePlotsPerScan)",
            ]
            lines += channel("primary", sensor.primary) + channel("secondary", sensor.secondary)
        }
        return lines.joined(separator: "\n")
    }
}
