import Air
import BenchSupport
import Exercises
import Foundation
import Tracking

/// `kumiko-bench-tracker referee DIRECTORY… [--out NAME]`: the tracker over scenarios of the referee's form.
@main
struct Main {
    static func main() throws {
        var directories: [String] = []
        var out: String?
        var parameters = TrackerParameters()
        var rest = CommandLine.arguments.dropFirst()
        guard rest.popFirst() == "referee" else {
            say("usage: kumiko-bench-tracker referee DIRECTORY… [--out NAME]")
            exit(64)
        }
        while let next = rest.popFirst() {
            switch next {
            case "--out": out = rest.popFirst()
            case "--set": Tuning.set(rest.popFirst() ?? "", in: &parameters)
            default: directories.append(next)
            }
        }
        for directory in directories { try self.run(directory, parameters, out: out) }
    }

    static func run(_ directory: String, _ parameters: TrackerParameters, out: String?) throws {
        let scenario = try RefereeScenario(directory: directory)
        var tracker = Tracker(sensors: scenario.sensors, parameters: parameters)
        var lines = RefereeTracks()
        var changes: [TrackChange] = []
        var seconds = 0.0
        scenario.play { reports, now in
            let begin = Machine.threadTime
            tracker.process(reports, now: now, into: &changes)
            seconds += Machine.threadTime - begin
            changes.removeAll(keepingCapacity: true)
        } tell: { instant, time in
            if out != nil { tracker.forEachTrack(predictedTo: instant) { lines.append($0, time: time) } }
        }
        if let out { try lines.write(to: "\(directory)/\(out)") }
        say(
            "\(directory): \(text(scenario.reports.count)) plots, \(text(Double(scenario.reports.count) / seconds)) plots/s, "
                + "\(tracker.counts.confirmed) tracks at the end")
    }
}
