import Air
import BenchSupport
import Exercises
import GuardTrials
import Plausibility

/// How fast plots are judged, what attacks the rules find, and what they say of honest recordings.
enum GuardBench {
    static func run() throws {
        self.speed()
        try self.recordings()
    }

    /// Each attack of the exercises, found by its rule.
    static func attacks() {
        var table = Table(
            "Attacks", "rule", "attacked", "found", "median s", "honest plots", "marked by it", "by any rule")
        for kind in Deception.Kind.allCases {
            let score = GuardTrial.score(kind, seed: 3)
            table.add(
                kind.rawValue, kind.rule.name, text(score.attacked), text(score.detectionRate * 100, 1) + "%",
                score.medianDelay.map { text($0, 1) } ?? "–", text(score.honest),
                text(score.falseMarkRate * 100, 4) + "%",
                text(Double(score.honestMarkedByAny) / Double(max(score.honest, 1)) * 100, 4) + "%")
        }
        table.print()
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
            // A fresh guard for each pass, or it would all be a replay; to make one is not counted.
            var results: [Double] = []
            for _ in 0..<5 {
                var (spent, passes) = (0.0, 0.0)
                while spent < 0.3 {
                    var watch = PlausibilityGuard(sensors: sensors)
                    let begin = Machine.threadTime
                    watch.judge(&reports)
                    spent += Machine.threadTime - begin
                    passes += 1
                    consume(watch.tally)
                }
                results.append(spent / passes)
            }
            let each = results.sorted()[2] / Double(plots)
            table.add(
                "\(count) aircraft, 18 sensors", text(reports.count), text(plots), text(each * 1e9), text(1 / each),
                "2 millions/s")
        }
        table.print()
    }

    /// What the rules say of recordings in which nobody attacks, as far as is known.
    private static func recordings() throws {
        guard let folder = Recordings.folder else {
            say("  The recordings (../shared/data) are not here: the rates on honest ones are not shown.\n")
            return
        }
        var table = Table("Honest recordings", "plots", "marked", "share", "by rule")
        for recording in HonestRecording.all {
            guard let tally = try recording.judged(in: folder) else { continue }
            let rules = Doubt.allCases.filter { tally[$0] > 0 }.map { "\($0.name) \(tally[$0])" }
            table.add(
                recording.name, text(tally.plots), text(tally.marked),
                text(Double(tally.marked) / Double(max(tally.plots, 1)) * 100, 3) + "%", rules.joined(separator: ", "))
        }
        table.print()
    }
}
