import Air
import BenchSupport
import Exercises
import Plausibility
import SensorFormats
import Tracking

/// How fast plots are judged, what attacks the rules find, and what they say of honest recordings.
enum GuardBench {
    static func run() throws {
        self.attacks()
        self.speed()
    }

    /// Each attack of the exercises, found by its rule.
    private static func attacks() {
        var table = Table(
            "Attacks", "rule", "attacked", "found", "median s", "honest plots", "marked by it", "by any rule")
        for kind in Deception.Kind.allCases {
            let score = self.score(kind, seed: 3)
            table.add(
                kind.rawValue, kind.rule.name, text(score.attacked), text(score.detectionRate * 100, 1) + "%",
                score.medianDelay.map { text($0, 1) } ?? "–", text(score.honest),
                text(score.falseMarkRate * 100, 4) + "%",
                text(Double(score.honestMarkedByAny) / Double(max(score.honest, 1)) * 100, 4) + "%")
        }
        table.print()
    }

    /// Seven minutes of an exercise, attacked from the third on.
    static func score(_ kind: Deception.Kind, seed: UInt64) -> DeceptionScore {
        let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: seed, aircraftCount: 1000, start: start))
        var deception = Deception(
            .init(kind: kind, seed: seed, begin: start.advanced(by: 120), sensors: scenario.sensors))
        var watch = PlausibilityGuard(sensors: scenario.sensors)
        var tracker = Tracker(sensors: scenario.sensors)
        var score = DeceptionScore(rule: kind.rule)
        var ghosts: Set<ICAOAddress> = []
        var reports: [SensorReport] = []
        var items: [Deception.Item] = []
        var changes: [TrackChange] = []
        for second in 1...420 {
            let now = start.advanced(by: Double(second))
            scenario.next(until: now, into: &reports)
            deception.apply(reports, until: now, into: &items)
            reports.removeAll(keepingCapacity: true)
            for item in items { reports.append(item.report) }
            watch.judge(&reports)
            for (item, report) in zip(items, reports) {
                guard case .plot(let plot) = report else { continue }
                if kind != .ghosts { score.note(plot.doubts, of: item.subject, at: plot.receivedAt) }
                if kind == .ghosts, item.subject != nil, let address = plot.identity.address { ghosts.insert(address) }
            }
            if kind == .ghosts {
                tracker.process(reports.span, now: now, into: &changes)
                watch.judge(&changes, now: now)
                for case .updated(let track) in changes {
                    let address = track.address?.value
                    let subject = address.flatMap { ghosts.contains($0) ? Deception.Subject.aircraft($0) : nil }
                    score.note(track.doubts, of: subject, at: now)
                }
                changes.removeAll(keepingCapacity: true)
            }
            reports.removeAll(keepingCapacity: true)
            items.removeAll(keepingCapacity: true)
        }
        return score
    }

    /// Plots a second.
    private static func speed() {
        let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
        var table = Table("Judging", "reports", "plots", "ns a plot", "plots/s", "goal")
        for count in [300, 3000] {
            var scenario = Scenario(Scenario.Configuration(seed: 1, aircraftCount: count, start: start))
            let sensors = scenario.sensors
            var reports: [SensorReport] = []
            scenario.next(until: start.advanced(by: count < 1000 ? 120 : 60), into: &reports)
            let plots = reports.count { if case .plot = $0 { true } else { false } }
            var watch = PlausibilityGuard(sensors: sensors)
            watch.judge(&reports)
            // A fresh guard each time: else it would all be a replay.
            let all = measure {
                watch = PlausibilityGuard(sensors: sensors)
                watch.judge(&reports)
                consume(watch.tally)
            }
            let empty = measure {
                watch = PlausibilityGuard(sensors: sensors)
                consume(watch.tally)
            }
            let each = (all - empty) / Double(plots)
            table.add(
                "\(count) aircraft, 18 sensors", text(reports.count), text(plots), text(each * 1e9), text(1 / each),
                "2 millions/s")
        }
        table.print()
    }
}
