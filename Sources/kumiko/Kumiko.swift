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
            ScenarioCommand.self, NationCommand.self, PartnerCommand.self, ReleaseCommand.self, LedgerCommand.self,
            DisclosureCommand.self,
        ])

    /// Runs the command that the arguments name; one whose arguments prove wrong only now tells its own usage.
    static func main() async {
        do {
            var command = try await Self.asyncParseAsRoot()
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            } catch let error as ValidationError {
                let kind = type(of: command)
                let usage = Self.usageString(for: kind).replacing("\n", with: "\n       ")
                let name = kind.configuration.commandName.map { " \($0)" } ?? ""
                say("Error: \(error.message)\nUsage: \(usage)\n  See 'kumiko\(name) --help' for more information.")
                throw ExitCode.validationFailure
            }
        } catch { Self.exit(withError: error) }
    }
}
