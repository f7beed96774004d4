internal import Air
internal import Plausibility
internal import SensorFormats
internal import Storage
internal import Tracking
internal import Transport

extension KumikoNode {
    /// Every figure of the node, for monitoring: what came, what became of it, and what was dropped, by cause.
    public var metrics: [Metric] {
        var metrics: [Metric] = []
        for line in self.lines { metrics += line.metrics }
        for outlet in self.outlets.all { metrics += outlet.metrics }
        metrics += self.trackerMetrics()
        metrics += self.historyMetrics()
        metrics += self.release?.metrics ?? []
        metrics += self.federation?.metrics ?? []
        metrics += self.sensors.flatMap(Self.sensorMetrics)
        metrics.append(Metric("kumiko_resident_bytes", .gauge, Double(residentBytes()), help: "Memory of the process."))
        return metrics
    }

    private func trackerMetrics() -> [Metric] {
        let figures = self.keeperFigures
        let (tally, confirmed, tentative) = (figures.tracker, figures.confirmed, figures.tentative)
        let help = "Plots that the tracker did not use, by cause."
        func unused(_ value: Int, _ cause: String) -> Metric {
            Metric(
                "kumiko_plots_unused_total", .counter, Double(value), help: help,
                labels: [(name: "cause", value: cause)])
        }
        let tracks = "Tracks now, by where in their life they are."
        let doubted = Doubt.allCases.map { doubt in
            Metric(
                "kumiko_plots_doubted_total", .counter, Double(figures.plausibility[doubt]),
                help: "Plots (of radar-silent, changes of tracks) that broke a rule of plausibility; none is hidden.",
                labels: [(name: "rule", value: doubt.name)])
        }
        return doubted + [
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

    private static func registrationMetrics(
        _ told: SensorRegistration, _ label: [(name: String, value: String)]
    ) -> [Metric] {
        var metrics = [
            Metric(
                "kumiko_sensor_quarantined", .gauge, told.state == .quarantined ? 1 : 0,
                help: "1 while a sensor is set aside because its systematic errors jumped.", labels: label),
            Metric(
                "kumiko_sensor_jumps_total", .counter, Double(told.jumps),
                help: "How many times the systematic errors of a sensor jumped.", labels: label),
        ]
        let errors: [(String, SensorRegistration.Estimate?)] = [
            ("range_metres", told.range), ("azimuth_radians", told.azimuth), ("elevation_radians", told.elevation),
            ("time_seconds", told.time), ("gain", told.gain),
        ]
        for case (let kind, let estimate?) in errors {
            let labels = label + [(name: "kind", value: kind)]
            metrics.append(
                Metric(
                    "kumiko_sensor_bias", .gauge, estimate.value, help: "Estimated systematic error of a sensor.",
                    labels: labels))
            metrics.append(
                Metric(
                    "kumiko_sensor_bias_deviation", .gauge, estimate.deviation,
                    help: "One standard deviation of the estimated systematic error of a sensor.", labels: labels))
        }
        return metrics
    }

    private static func sensorMetrics(_ sensor: SensorHealth) -> [Metric] {
        let label = [(name: "sensor", value: sensor.id.description)]
        let registration = sensor.registration.map { self.registrationMetrics($0, label) } ?? []
        return [
            Metric(
                "kumiko_sensor_plots_total", .counter, Double(sensor.plots), help: "Plots of a sensor.", labels: label),
            Metric(
                "kumiko_sensor_operational", .gauge, sensor.state == .operational ? 1 : 0,
                help: "1 while a sensor's data come and may be used.", labels: label),
        ] + registration
    }
}
