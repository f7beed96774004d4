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
    var out: String

    func run() throws {
        let run = try track(directory: self.directory, out: self.out, clock: processorTime)
        say(
            "\(counted(run.plots, "plot")) in \(run.seconds.formatted(digits: 3)) s of processor time: "
                + "\(Int(run.plotsPerSecond)) plots/s on one core; \(run.tracks) tracks at the end; "
                + "peak memory \(peakMemory() / 1_000_000) MB")
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
