internal import Air
internal import Geodesy
internal import Synchronization

/// What the node knows of each sensor: where it stands, when it was last heard, how much it says.
///
/// Written once for each batch of reports, read by screens; a small value behind a lock.
final class SensorBook: Sendable {
    private struct Page {
        var sensor: Sensor?
        var kind: Sensor.Kind
        var lastReportAt: Timestamp?
        var plots: UInt64 = 0
        var isOperational = true
        /// Plots in each of the last ten seconds, a ring by the second.
        var bySecond = InlineArray<10, Int>(repeating: 0)
        var second: Int64 = 0
        /// The best rate that was seen, falling by half in about ten minutes.
        var bestRate = 0.0
        /// The labels of its plots.
        var labels: LabelSet = []

        mutating func advance(to second: Int64) {
            guard second > self.second else { return }
            let rate = self.rate
            let elapsed = self.second == 0 ? 0 : min(second - self.second, 600)
            for _ in 0..<elapsed { self.bestRate *= 0.9989 }
            self.bestRate = max(self.bestRate, rate)
            for s in max(self.second + 1, second - 9)...second { self.bySecond[Int(s % 10)] = 0 }
            self.second = second
        }

        var rate: Double {
            var sum = 0
            for i in 0..<10 { sum += self.bySecond[i] }
            return Double(sum) / 10
        }
    }

    private let pages: Mutex<[SensorID: Page]>
    private let labels: SensorLabels?

    init(sensors: [Sensor], labels: SensorLabels? = nil) {
        self.labels = labels
        var pages: [SensorID: Page] = [:]
        for sensor in sensors { pages[sensor.id] = Page(sensor: sensor, kind: sensor.kind) }
        self.pages = Mutex(pages)
    }

    /// Enters a batch of reports as they arrived.
    ///
    /// - Returns: sensors that have just told where they stand, for the tracker.
    func note(_ reports: [SensorReport], now: Timestamp) -> [Sensor] {
        self.pages.withLock { pages in
            var learned: [Sensor] = []
            let second = max(0, now.nanoseconds / 1_000_000_000)
            for report in reports {
                let id = report.sensor
                if pages[id] == nil { pages[id] = Page(kind: Self.kind(of: report)) }
                pages[id]?.lastReportAt = now
                switch report {
                case .plot(let plot):
                    pages[id]?.labels.formUnion(plot.labels)
                    pages[id]?.advance(to: second)
                    pages[id]?.plots &+= 1
                    pages[id]?.bySecond[Int(second % 10)] += 1
                case .sector(let crossing):
                    if let period = crossing.period, pages[id]?.sensor == nil {
                        pages[id]?.kind = .radar(period: period)
                    }
                case .status(let status):
                    pages[id]?.isOperational = status.isOperational
                    if let site = status.site, let page = pages[id], page.sensor == nil {
                        let sensor = Sensor(id: id, name: id.description, site: site, kind: page.kind)
                        pages[id]?.sensor = sensor
                        learned.append(sensor)
                    }
                }
            }
            return learned
        }
    }

    private static func kind(of report: SensorReport) -> Sensor.Kind {
        guard case .plot(let plot) = report else { return .radar(period: 10) }
        return switch plot.kind {
        case .broadcast, .multilateration: .receiver
        case .systemTrack: .system
        default: .radar(period: 10)
        }
    }

    /// How every sensor does at `now`, in the order of their numbers.
    func health(at now: Timestamp) -> [SensorHealth] {
        self.pages.withLock { pages in
            let second = max(0, now.nanoseconds / 1_000_000_000)
            return pages.keys.sorted().compactMap { id -> SensorHealth? in
                pages[id]?.advance(to: second)
                guard let page = pages[id] else { return nil }
                return SensorHealth(
                    id: id, name: page.sensor?.name ?? id.description, kind: page.kind, site: page.sensor?.site,
                    rangeMax: page.sensor?.coverage.upperBound, state: Self.state(of: page, at: now),
                    lastReportAt: page.lastReportAt, plotsPerSecond: page.rate, plots: page.plots,
                    label: self.labels?.label(of: id, plots: page.labels))
            }
        }
    }

    private static func state(of page: Page, at now: Timestamp) -> SensorHealth.State {
        guard let last = page.lastReportAt else { return .unknown }
        let patience =
            switch page.kind {
            case .radar(let period): max(2.5 * period, 5)
            case .receiver, .system: 10.0
            }
        if now.seconds(since: last) > patience { return .silent }
        if !page.isOperational { return .failed }
        return page.bestRate > 1 && page.rate < page.bestRate / 2 ? .degraded : .operational
    }
}
