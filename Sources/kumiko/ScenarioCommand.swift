import Air
import ArgumentParser
import Exercises
import Foundation
import Node

/// `kumiko scenario`: an exercise as files, with its truth.
struct ScenarioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario",
        abstract: "Write an exercise as files: its sensors, its plots, and the truth beside them.",
        discussion: """
            The exercise is that of a file (docs/exercises.md has its keys), or the built-in one around Japan and Korea. \
            The directory gets sensors.json, plots.jsonl, truth.jsonl and hidden.json in the form of the referee, so that \
            `kumiko track` and other trackers can be run on it and scored. With --wire it gets the bytes that the sensors \
            would send as well: `kumiko replay DIR/*.pcap --config DIR/kumiko.yaml` plays them.
            """)

    @Argument(help: "The exercise's file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Option(help: "The directory to write to.")
    var out: String

    @Flag(help: "Write what the sensors send too: ASTERIX in packet captures, and Beast of receivers.")
    var wire = false

    @Option(help: "The seed, in the place of the file's: the same seed gives the same sky.")
    var seed: UInt64?

    @Option(help: "How many aircraft are in the air, in the built-in exercise.")
    var aircraft: Int?

    @Option(help: "How long, seconds, in the place of the file's.")
    var duration: Double?

    func validate() throws {
        if let aircraft, !(1...200_000).contains(aircraft) {
            throw ValidationError("--aircraft is from 1 to 200000.")
        }
        if self.aircraft != nil, self.file != nil {
            throw ValidationError("--aircraft is for the built-in exercise; a file says its traffic itself.")
        }
        if let duration, !(1...86_400).contains(duration) {
            throw ValidationError("--duration is from 1 to 86400.")
        }
    }

    func run() throws {
        var exercise =
            try self.file.map { try ScenarioFile.read($0) }
            ?? ScenarioFile(
                Scenario.Configuration(
                    aircraftCount: self.aircraft ?? 300, start: Timestamp(nanoseconds: 0)))
        if let seed { exercise.configuration.seed = seed }
        if let duration { exercise.duration = duration }
        let scenario = Scenario(exercise.configuration)
        try scenario.write(to: self.out, duration: exercise.duration, reportPeriod: exercise.reportPeriod)
        say(
            "\(self.out): \(Int(exercise.duration)) s of \(exercise.configuration.name), \(scenario.aircraftCount) "
                + "aircraft and \(scenario.sensors.count) sensors.")
        guard self.wire else { return }
        for file in try ScenarioWire.write(exercise, to: self.out) {
            let unwritten = file.unwritten == 0 ? "" : ", \(file.unwritten) reports that it cannot carry"
            let unit = file.name.hasSuffix(".beast") ? "plots" : "datagrams"
            say("\(self.out)/\(file.name): \(file.count) \(unit)\(unwritten).")
        }
    }
}
