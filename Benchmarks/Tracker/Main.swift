import Air
import BenchSupport
import Exercises
import Foundation
import Scoring
import Tracking

/// `kumiko-bench-tracker referee DIRECTORY… [--out NAME]`: the tracker over scenarios of the referee's form, its speed
/// and, where the truth is there, its scores.
@main
struct Main {
    static func main() {
        do {
            try Self.work()
        } catch {
            say("kumiko-bench-tracker: \(error)")
            exit(1)
        }
    }

    /// Says how it is used.
    static func usage() -> Never {
        say(
            "usage: kumiko-bench-tracker referee DIRECTORY… [--origins] [--consistency] [--mode off|estimate|correct]"
                + " [--set NAME=VALUE] [--out NAME] [--sectors N] | registration DIRECTORY… [--each]"
                + " | federation DIRECTORY… [--share none|tracks|tracklets|plots] [--out-dir OUT] [--link-delay S]"
                + " [--share-period S] | fusion [TRACKS] | scale [--quick] [--sectors N]")
        exit(64)
    }

    static func work() throws {
        var directories: [String] = []
        var out: String?
        var knowsOrigins = false
        var tellsConsistency = false
        var sectors = 0
        var parameters = TrackerParameters()
        var rest = CommandLine.arguments.dropFirst()
        let part = rest.popFirst()
        switch part {
        case "registration": return try RegistrationBench.run(rest)
        case "federation": return try FederationBench.run(rest)
        case "fusion": return FusionCost.run(rest)
        case "scale": return ScaleBench.run(rest)
        case "referee": break
        default: Self.usage()
        }
        while let next = rest.popFirst() {
            switch next {
            case "--out": out = rest.popFirst()
            case "--origins": knowsOrigins = true
            case "--consistency": tellsConsistency = true
            case "--sectors":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { Self.usage() }
                sectors = count
            case "--mode":
                guard let mode = rest.popFirst().flatMap(SensorRegistration.Mode.init(rawValue:)) else { Self.usage() }
                parameters.registration.mode = mode
            case "--set": Tuning.set(rest.popFirst() ?? "", in: &parameters)
            default:
                guard !next.hasPrefix("--") else { Self.usage() }
                directories.append(next)
            }
        }
        guard !directories.isEmpty else { Self.usage() }
        let names = directories.map { URL(filePath: $0).lastPathComponent }
        let width = max(8, names.map(\.count).max() ?? 0)
        say(Self.row("scenario", width, Column.all.map(\.name)))
        var runs: [Run] = []
        for (directory, name) in zip(directories, names) {
            let run = try Self.run(
                directory, parameters, knowsOrigins: knowsOrigins, sectors: sectors, out: out)
            runs.append(run)
            say(Self.row(name, width, Column.all.map { text($0.value(run), $0.decimals) }))
        }
        defer { if tellsConsistency { Consistency.tell(runs.compactMap(\.score)) } }
        guard runs.count > 1 else { return }
        say(
            Self.row(
                "mean", width,
                Column.all.map { column in
                    text(runs.map { column.value($0) }.reduce(0, +) / Double(runs.count), column.decimals)
                }))
    }

    /// One scenario's run.
    struct Run {
        var plotsPerSecond: Double
        /// Nil without a truth to compare with.
        var score: Score?
    }

    static func run(
        _ directory: String, _ parameters: TrackerParameters, knowsOrigins: Bool, sectors: Int, out: String?
    ) throws -> Run {
        var scenario = try RefereeScenario(directory: directory)
        if knowsOrigins { try Origins.tell(&scenario, directory) }
        guard sectors > 0 else {
            return try Self.run(
                Tracker(sensors: scenario.sensors, parameters: parameters), over: scenario, directory, out: out)
        }
        return try Self.run(
            SectoredTracker(
                sensors: scenario.sensors, grid: SectorGrid(around: scenario.sensors.map(\.site), count: sectors),
                parameters: parameters), over: scenario, directory, out: out)
    }

    static func run(
        _ tracker: some TrackerUnderTest, over scenario: RefereeScenario, _ directory: String, out: String?
    ) throws -> Run {
        var tracker = tracker
        var reports: [TrackReport] = []
        var changes: [TrackChange] = []
        var seconds = 0.0
        scenario.play { plots, now in
            let begin = Machine.threadTime
            tracker.process(plots, now: now, into: &changes)
            seconds += Machine.threadTime - begin
            changes.removeAll(keepingCapacity: true)
        } tell: { instant, time in
            tracker.forEachTrack(predictedTo: instant) { reports.append(TrackReport($0, time: time)) }
        }
        if let out {
            var lines = RefereeTracks()
            for report in reports { lines.append(report) }
            try lines.write(to: "\(directory)/\(out)")
        }
        let truth = "\(directory)/truth.jsonl"
        let hasTruth = FileManager.default.fileExists(atPath: truth)
        return Run(
            plotsPerSecond: Double(scenario.reports.count) / seconds,
            score: hasTruth ? Score(truth: try RefereePicture.truth(path: truth), tracks: reports) : nil)
    }

    /// A figure of a run.
    struct Column {
        var name: String
        var decimals: Int
        /// Not a number where there is no truth.
        var value: @Sendable (Run) -> Double

        init(_ name: String, _ decimals: Int, _ value: @escaping @Sendable (Score) -> Double?) {
            self.name = name
            self.decimals = decimals
            self.value = { run in run.score.flatMap(value) ?? .nan }
        }

        static let all: [Column] = [
            Column("compl.", 4) { $0.siap.completeness }, Column("ambig.", 4) { $0.siap.ambiguity },
            Column("spur.", 4) { $0.siap.spuriousness }, Column("pos m", 1) { $0.siap.positionAccuracy },
            Column("vel m/s", 2) { $0.siap.velocityAccuracy },
            Column("chg. /s", 5) { $0.siap.numberChangeRate },
            Column("GOSPA", 0) { $0.distance.gospa }, Column("missed", 2) { $0.distance.missed },
            Column("false", 2) { $0.distance.falseTracks }, Column("OSPA", 1) { $0.distance.ospa },
            Column("RMS str.", 1) { $0.errors(in: "straight")?.position },
            Column("RMS man.", 1) { $0.errors(in: "manoeuvre")?.position }, Column("NEES/4", 3) { $0.nees?.state },
            Column("str.", 3) { $0.errors(in: "straight")?.nees },
            Column("man.", 3) { $0.errors(in: "manoeuvre")?.nees },
            Column(speed: "plots/s"),
        ]

        private init(speed name: String) {
            self.name = name
            self.decimals = 0
            self.value = { $0.plotsPerSecond }
        }
    }

    /// A line of the table: the name to the left, figures to the right.
    static func row(_ name: String, _ width: Int, _ cells: [String]) -> String {
        func pad(_ text: String, to width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) }
        return cells.reduce(name + pad(name, to: width)) { $0 + "  " + pad($1, to: 8) + $1 }
    }
}
