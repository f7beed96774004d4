import Air
import ArgumentParser
import Exercises

/// `kumiko scenario`: the built-in exercise as files, with its truth.
struct ScenarioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario",
        abstract: "Write the built-in scenario as files: its sensors, its plots, and the truth beside them.",
        discussion: """
            The directory gets sensors.json, plots.jsonl, truth.jsonl and hidden.json in the form of the referee, so that \
            `kumiko track` and other trackers can be run on it and scored.
            """)

    @Option(help: "The directory to write to.")
    var out: String

    @Option(help: "The seed: the same seed gives the same sky.")
    var seed: UInt64 = 1

    @Option(help: "How many aircraft are in the air.")
    var aircraft = 300

    @Option(help: "How long, seconds.")
    var duration = 600.0

    func validate() throws {
        guard (1...200_000).contains(self.aircraft) else { throw ValidationError("--aircraft is from 1 to 200000.") }
        guard (1...86_400).contains(self.duration) else { throw ValidationError("--duration is from 1 to 86400.") }
    }

    func run() throws {
        let scenario = Scenario(
            Scenario.Configuration(
                seed: self.seed, aircraftCount: self.aircraft, start: Timestamp(nanoseconds: 0)))
        try scenario.write(to: self.out, duration: self.duration)
        say("\(self.out): \(Int(self.duration)) s of \(self.aircraft) aircraft and \(scenario.sensors.count) sensors.")
    }
}
