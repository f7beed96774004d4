import Air
import ArgumentParser
import Exercises
import Foundation
import SensorFormats
import Tracking

/// `kumiko track`: the tracker over a scenario of the referee's form.
struct TrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Run the tracker over a scenario directory and write its tracks.",
        discussion: """
            The directory holds `sensors.json` and `plots.jsonl` in the form of the referee; the tracks are written as \
            one JSON object a line for each track and report time.
            """)

    @Argument(help: "The directory of the scenario.")
    var directory: String

    @Option(help: "The file to write the tracks to.")
    var out: String?

    @Option(help: "Put each sensor into its nation's node and share: none, tracks, tracklets or plots.")
    var share: String?

    @Option(name: .customLong("out-dir"), help: "With --share: the directory for tracks-NATION.jsonl of each nation.")
    var outDirectory: String?

    @Option(name: .customLong("link-delay"), help: "With --share: from sending to receiving, seconds.")
    var linkDelay = 0.1

    @Option(
        name: .customLong("share-period"),
        help: "With --share: a track is told of at most once in so many seconds; plots as they come.")
    var sharePeriod = 1.0

    func validate() throws {
        guard let share = self.share else {
            guard self.out != nil else {
                throw ValidationError("--out FILE, or --share RULE with --out-dir DIRECTORY.")
            }
            guard self.outDirectory == nil else { throw ValidationError("--out-dir: only with --share.") }
            return
        }
        guard SharedSky.Sharing(rawValue: share) != nil else {
            let rules = SharedSky.Sharing.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--share \(share): write one of \(rules).")
        }
        guard self.out == nil, self.outDirectory != nil else {
            throw ValidationError(
                "--share: write --out-dir DIRECTORY and no --out, as each nation has tracks of its own.")
        }
        guard self.linkDelay >= 0, self.linkDelay <= 60, self.sharePeriod >= 0, self.sharePeriod <= 60 else {
            throw ValidationError("--link-delay and --share-period must be from 0 to 60.")
        }
    }

    func run() throws {
        if let share = self.share.flatMap(SharedSky.Sharing.init(rawValue:)), let directory = self.outDirectory {
            return try self.runNations(share, into: directory)
        }
        let run = try track(directory: self.directory, out: self.out, clock: processorTime)
        say(
            "\(counted(run.plots, "plot")) in \(run.seconds.formatted(digits: 3)) s of processor time: "
                + "\(Int(run.plotsPerSecond)) plots/s on one core; \(run.tracks) tracks at the end; "
                + "peak memory \(peakMemory() / 1_000_000) MB")
    }

    private func runNations(_ share: SharedSky.Sharing, into directory: String) throws {
        let scenario = try RefereeScenario(directory: self.directory)
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ExitMessage("\(directory) cannot be made: \(error.localizedDescription)")
        }
        let begin = processorTime()
        let pictures = SharedSky.run(
            scenario, sharing: share, linkDelay: self.linkDelay, sharePeriod: self.sharePeriod)
        let seconds = processorTime() - begin
        for (node, tracks) in pictures {
            let path = "\(directory)/tracks-\(node).jsonl"
            do { try tracks.write(to: path) } catch {
                throw ExitMessage("\(path) cannot be written: \(error.localizedDescription)")
            }
        }
        say(
            "\(counted(scenario.reports.count, "plot")) of \(counted(pictures.count, "nation")), sharing "
                + "\(share.rawValue): \(seconds.formatted(digits: 3)) s of processor time")
    }
}

/// What a run of the tracker over a referee's scenario came to.
struct TrackRun {
    /// Plots read.
    var plots: Int
    /// Seconds that the tracker took for them, reading and writing left out.
    var seconds: Double
    /// Confirmed tracks at the end.
    var tracks: Int
    /// What the tracker counted.
    var tally: TrackerTally

    /// Plots a second on one core.
    var plotsPerSecond: Double { self.seconds > 0 ? Double(self.plots) / self.seconds : 0 }
}

/// Runs the tracker over a directory in the referee's form and writes its tracks.
///
/// - Parameters:
///   - directory: with `sensors.json` and `plots.jsonl`.
///   - out: path of the `tracks.jsonl` to write; nil to write none.
///   - clock: seconds of processor time.
func track(
    directory: String, out: String?, parameters: TrackerParameters = TrackerParameters(), clock: () -> Double
) throws -> TrackRun {
    let scenario = try RefereeScenario(directory: directory)
    var tracker = Tracker(sensors: scenario.sensors, parameters: parameters)
    var lines = RefereeTracks()
    var changes: [TrackChange] = []
    var seconds = 0.0
    scenario.play { reports, now in
        let begin = clock()
        tracker.process(reports, now: now, into: &changes)
        seconds += clock() - begin
        changes.removeAll(keepingCapacity: true)
    } tell: { instant, time in
        if out != nil { tracker.forEachTrack(predictedTo: instant) { lines.append($0, time: time) } }
    }
    if let out {
        do { try lines.write(to: out) } catch {
            throw ExitMessage("\(out) cannot be written: \(error.localizedDescription)")
        }
    }
    return TrackRun(
        plots: scenario.reports.count, seconds: seconds, tracks: tracker.counts.confirmed, tally: tracker.tally)
}

extension SharedSky {
    /// Runs the nations of a scenario, each with the sensors of its node.
    ///
    /// - Returns: the name of each node with its tracks, in the order of `sensors.json`.
    fileprivate static func run(
        _ scenario: RefereeScenario, sharing: Sharing, linkDelay: Double, sharePeriod: Double
    ) -> [(node: String, tracks: RefereeTracks)] {
        var sky = SharedSky(
            nations: scenario.nations, sharing: sharing, linkDelay: linkDelay, sharePeriod: sharePeriod)
        var pictures = scenario.nodes.map { (node: $0, tracks: RefereeTracks()) }
        scenario.play { reports, now in
            sky.process(reports, now: now)
        } tell: { instant, time in
            for i in pictures.indices {
                sky.forEachTrack(of: i, predictedTo: instant) { pictures[i].tracks.append($0, time: time) }
            }
        }
        return pictures
    }
}
