import Air
import ArgumentParser
import Exercises
import Foundation
import Logging
import Node
import ServiceLifecycle
import Web

/// `kumiko serve`: a node.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a node: feeds, tracker, history, map and API.",
        discussion: """
            Without a configuration the node listens for ASTERIX on UDP port 8600 of this machine and serves the map on \
            http://127.0.0.1:8080. `kumiko.example.yaml` explains every key.
            """)

    @Option(help: "The configuration, kumiko.yaml.")
    var config: String?

    @Option(help: "The HTTP port, in the place of the configuration's; 0 takes any free one.")
    var port: Int?

    @OptionGroup var web: WebOptions

    func validate() throws {
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port is from 0 to 65535.") }
    }

    func run() async throws {
        var configuration = try Configuration.read(self.config)
        if let port { configuration.httpPort = port }
        if self.config == nil {
            say(
                """
                No configuration: listening for ASTERIX on udp://127.0.0.1:8600, keeping history in ./kumiko-data.
                Feed it, for example: kumiko replay recording.pcap --to 127.0.0.1:8600
                A radar without an entry under `sensors:` is tracked once it tells where it stands (I034/120).
                Write a kumiko.yaml (see kumiko.example.yaml) and start with: kumiko serve --config kumiko.yaml
                """)
        }
        let exercise = try self.addScenario(to: &configuration)
        if configuration.feeds.isEmpty {
            say("No feeds: nothing will come in. Add an entry under feeds: (see kumiko.example.yaml).")
        }
        let log = makeLog(self.web)
        let node = try KumikoNode(configuration, log: log)
        try await node.open()
        guard let exercise else { return try await runNode(node, web: self.web, log: log) }
        try await runNode(node, web: self.web, log: log) {
            var scenario = exercise.configuration
            scenario.start = node.clock.now
            var feed = ScenarioFeed(Scenario(scenario), duration: exercise.duration)
            await feed.play(into: node)
            say("The exercise \(scenario.name) has ended.")
            return false
        }
    }

    /// Makes the scenario of a configuration its first feed, and the scenario's sensors known.
    private func addScenario(to configuration: inout Configuration) throws -> ScenarioFile? {
        guard let path = configuration.scenarioFile else { return nil }
        let exercise = try ScenarioFile.read(path)
        let known = Set(configuration.sensors.map(\.id))
        configuration.sensors += exercise.configuration.sites.map(\.sensor).filter { !known.contains($0.id) }
        configuration.feeds.insert(ScenarioFeed.feed, at: 0)
        return exercise
    }
}

/// What all commands that serve the map take.
struct WebOptions: ParsableArguments {
    @Option(help: "The folder of the map's library and base map, made by `make assets`.")
    var assets: String?

    @Flag(help: "Say more of what happens.")
    var verbose = false
}

extension Configuration {
    /// Reads the file at `path`; nil gives the standard configuration.
    ///
    /// - Throws: `ValidationError` with every problem of the file.
    static func read(_ path: String?) throws -> Configuration {
        guard let path else { return .standard }
        let text = try textOfFile(path)
        do { return try Configuration(yaml: text) } catch { throw error.message(path) }
    }
}

extension ScenarioFile {
    /// Reads the file at `path`.
    ///
    /// - Throws: `ExitMessage` with every problem of the file.
    static func read(_ path: String) throws -> ScenarioFile {
        let text = try textOfFile(path)
        do { return try ScenarioFile(yaml: text) } catch { throw error.message(path) }
    }
}

private func textOfFile(_ path: String) throws(ExitMessage) -> String {
    do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
        throw ExitMessage("\(path) cannot be read: \(error.localizedDescription)")
    }
}

extension ConfigurationError {
    fileprivate func message(_ path: String) -> ExitMessage {
        ExitMessage(self.problems.map { "\(path):\($0)" }.joined(separator: "\n"))
    }
}

/// An error whose text is all that a user needs.
struct ExitMessage: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func makeLog(_ options: WebOptions) -> Logger {
    var log = Logger(label: "kumiko", factory: { StreamLogHandler.standardError(label: $0) })
    log.logLevel = options.verbose ? .debug : .notice
    return log
}
