import Air
import ArgumentParser
import Exercises
import Node

/// `kumiko demo`: a node with a sky of its own.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a node with a built-in scenario around Japan and Korea, and print the address of its map.",
        discussion: """
            The scenario is an exercise: seeded aircraft on airways between real airports, radars and ADS-B receivers \
            with noise, clutter and misses, and one radar that fails and returns. Its reports go through the node as \
            ASTERIX, as a radar's would.
            """)

    @Option(help: "The seed: the same seed gives the same sky.")
    var seed: UInt64 = 1

    @Option(help: "How many aircraft are in the air.")
    var aircraft = 300

    @Option(help: "The HTTP port; 0 takes any free one.")
    var port = 0

    @Option(help: "How many times as fast as in truth.")
    var speed = 1.0

    @OptionGroup var web: WebOptions

    func validate() throws {
        guard (1...200_000).contains(self.aircraft) else { throw ValidationError("--aircraft is from 1 to 200000.") }
        guard (0.001...100).contains(self.speed) else { throw ValidationError("--speed is from 0.001 to 100.") }
        guard (0...65_535).contains(self.port) else { throw ValidationError("--port is from 0 to 65535.") }
    }

    func run() async throws {
        let start = NodeClock.real().now
        let scenario = Scenario(
            Scenario.Configuration(seed: self.seed, aircraftCount: self.aircraft, start: start))
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var configuration = Configuration()
        configuration.name = "Demonstration"
        configuration.realm = .exercise("demo")
        configuration.httpPort = self.port
        configuration.sensors = scenario.sensors
        configuration.feeds = [ScenarioFeed.feed]
        configuration.history = Configuration.History(directory: folder.path)
        let log = makeLog(self.web)
        let node = try KumikoNode(configuration, clock: .played(from: start, speed: self.speed), log: log)
        say("An exercise: \(self.aircraft) aircraft, \(scenario.sensors.count) sensors, seed \(self.seed). The map:")
        try await runNode(node, web: self.web, log: log) {
            var feed = ScenarioFeed(scenario)
            await feed.play(into: node)
            return true
        }
    }
}
