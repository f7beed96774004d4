import ArgumentParser
import Node

/// The command line: each command reads its arguments and calls the rooms below.
@main
struct Kumiko: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kumiko",
        abstract: "A federated air picture for allied nations.",
        discussion: """
            Sensors' data become one track per object, on a live map. Kumiko surveils, warns and coordinates; it never \
            controls a weapon.
            """,
        version: KumikoNode.version,
        subcommands: [
            DemoCommand.self, ServeCommand.self, ReplayCommand.self, DecodeCommand.self, ConvertCommand.self,
            ExplainCommand.self, TrackCommand.self, ScoreCommand.self,
            ScenarioCommand.self,
        ])
}
