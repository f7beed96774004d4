internal import Air
internal import SensorFormats
internal import Storage
internal import Tracking
internal import Transport

extension KumikoNode {
    /// Every figure of the node, for monitoring: what came, what became of it, and what was dropped, by cause.
    public var metrics: [Metric] {
        var metrics: [Metric] = []
        for line in self.lines { metrics += self.feedMetrics(line) }
        metrics += self.trackerMetrics()
        metrics += self.historyMetrics()
        metrics += self.sensors.flatMap(Self.sensorMetrics)
        metrics.append(Metric("kumiko_resident_bytes", .gauge, Double(residentBytes()), help: "Memory of the process."))
        return metrics
    }

    private func feedMetrics(_ line: FeedLine) -> [Metric] {
        let feed = (name: "feed", value: line.configuration.name)
        func counter(_ name: String, _ value: some BinaryInteger, _ help: String, cause: String? = nil) -> Metric {
            Metric(
                "kumiko_feed_\(name)_total", .counter, Double(value), help: help,
                labels: [feed] + (cause.map { [(name: "cause", value: $0)] } ?? []))
        }
        let queue = line.queue.counters
        let figures = line.figures
        let dropHelp = "Datagrams dropped before they were decoded, by cause."
        var metrics = [
            counter("items", queue.pushed, "Datagrams, or pieces of a stream, that a socket received."),
            counter("bytes", queue.pushedBytes, "Bytes that were received."),
            counter("reports", figures.reports, "Reports that were decoded."),
            counter("dropped", queue.dropped, dropHelp, cause: "queue full"),
            counter("dropped", line.kernelDrops, dropHelp, cause: "kernel buffer full"),
            Metric(
                "kumiko_feed_waiting_bytes", .gauge, Double(queue.waitingBytes), help: "Bytes that wait to be decoded.",
                labels: [feed]),
        ]
        let skippedHelp = "Records or messages that were not used, by cause."
        switch line.configuration.format {
        case .asterix:
            let tally = figures.asterix
            for (category, count) in tally.records.enumerated() where count > 0 {
                metrics.append(
                    Metric(
                        "kumiko_feed_records_total", .counter, Double(count), help: "ASTERIX records, by category.",
                        labels: [feed, (name: "category", value: "\(category)")]))
            }
            for fault in AsterixFault.allCases where tally.count(of: fault) > 0 {
                metrics.append(counter("unused", tally.count(of: fault), skippedHelp, cause: fault.text))
            }
            metrics += [
                counter("unused", tally.testTargets, skippedHelp, cause: "test or simulated target"),
                counter("unused", tally.withoutPosition, skippedHelp, cause: "no position"),
                counter("unused", tally.undecidedEdition, skippedHelp, cause: "edition not decided"),
                counter("trailer_bytes", tally.trailerBytes, "Bytes behind the last block of a datagram."),
            ]
        case .beast:
            if let counts = figures.modeS {
                for verdict in ModeSDecoder.Verdict.allCases where verdict != .accepted {
                    metrics.append(counter("unused", counts[verdict], skippedHelp, cause: "\(verdict)"))
                }
                metrics.append(counter("messages", counts.total, "Mode S messages."))
            }
            metrics.append(counter("garbage_bytes", figures.garbageBytes, "Bytes of a stream that were no frame."))
            if let status = line.streamStatus {
                var isConnected = false
                if case .connected = status.state { isConnected = true }
                metrics.append(
                    Metric(
                        "kumiko_feed_connected", .gauge, isConnected ? 1 : 0, help: "1 while a stream is connected.",
                        labels: [feed]))
                metrics.append(counter("connections", status.connections, "Connections of a stream."))
            }
        }
        return metrics
    }

    private func trackerMetrics() -> [Metric] {
        let (tally, confirmed, tentative) = self.trackerFigures
        let help = "Plots that the tracker did not use, by cause."
        func unused(_ value: Int, _ cause: String) -> Metric {
            Metric(
                "kumiko_plots_unused_total", .counter, Double(value), help: help,
                labels: [(name: "cause", value: cause)])
        }
        let tracks = "Tracks now, by where in their life they are."
        return [
            Metric("kumiko_plots_total", .counter, Double(tally.plots), help: "Plots that the tracker was given."),
            Metric(
                "kumiko_plots_associated_total", .counter, Double(tally.associated), help: "Plots that updated a track."
            ),
            unused(tally.late, "late"),
            unused(tally.unknownSensor, "unknown sensor"),
            unused(tally.absurd, "absurd"),
            unused(tally.full, "too many tracks"),
            Metric(
                "kumiko_tracks", .gauge, Double(confirmed), help: tracks, labels: [(name: "life", value: "confirmed")]),
            Metric(
                "kumiko_tracks", .gauge, Double(tentative), help: tracks, labels: [(name: "life", value: "tentative")]),
            Metric("kumiko_tracks_begun_total", .counter, Double(tally.initiated), help: "Tracks that were begun."),
            Metric(
                "kumiko_tracks_confirmed_total", .counter, Double(tally.confirmed), help: "Tracks that were confirmed."),
            Metric(
                "kumiko_tracks_dropped_total", .counter, Double(tally.dropped), help: "Confirmed tracks that ended."),
            Metric(
                "kumiko_tracks_duplicate_total", .counter, Double(tally.duplicates),
                help: "Confirmed tracks that ended because another one was the same aircraft."),
        ]
    }

    private func historyMetrics() -> [Metric] {
        guard let counters = self.history?.counters else { return [] }
        let dropHelp = "Track points that did not reach the disk, by cause."
        return [
            Metric(
                "kumiko_history_written_total", .counter, Double(counters.written), help: "Track points on the disk."),
            Metric(
                "kumiko_history_dropped_total", .counter, Double(counters.dropped), help: dropHelp,
                labels: [(name: "cause", value: "disk too slow")]),
            Metric(
                "kumiko_history_dropped_total", .counter, Double(counters.failed), help: dropHelp,
                labels: [(name: "cause", value: "disk refused")]),
        ]
    }

    private static func sensorMetrics(_ sensor: SensorHealth) -> [Metric] {
        let label = [(name: "sensor", value: sensor.id.description)]
        return [
            Metric(
                "kumiko_sensor_plots_total", .counter, Double(sensor.plots), help: "Plots of a sensor.", labels: label),
            Metric(
                "kumiko_sensor_operational", .gauge, sensor.state == .operational ? 1 : 0,
                help: "1 while a sensor's data come and may be used.", labels: label),
        ]
    }
}
