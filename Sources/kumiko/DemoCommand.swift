import Air
import ArgumentParser
import Exercises
import Node

/// `kumiko demo`: a node with a sky of its own.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the nodes of three nations with a built-in scenario, and print the addresses of their maps.",
        discussion: """
            The scenario is an exercise around Japan and Korea: seeded aircraft on airways between real airports, radars \
            and ADS-B receivers with noise, clutter and misses, and one radar that fails and returns. Its reports go \
            through the nodes as ASTERIX, as a radar's would.

            Japan, the United States and Australia each have a part of the sensors, keys of their own, and agreements; \
            their nodes are linked over mutual TLS on this machine. Each map shows what its nation's node knows, \
            from its own sensors and from what its partners release to it. With --alone, one node has all sensors.
            """)

    @Option(help: "The seed: the same seed gives the same sky.")
    var seed: UInt64 = 1

    @Option(help: "How many aircraft are in the air.")
    var aircraft = 300

    @Option(help: "The HTTP port of the first map, the others follow; 0 takes any free ones.")
    var port = 0

    @Flag(help: "One node with all sensors, and no partners.")
    var alone = false

    @Option(help: "How many times as fast as in truth.")
    var speed = 1.0

    @OptionGroup var web: WebOptions

    func validate() throws {
        guard (1...200_000).contains(self.aircraft) else { throw ValidationError("--aircraft is from 1 to 200000.") }
        guard (0.001...100).contains(self.speed) else { throw ValidationError("--speed is from 0.001 to 100.") }
        // Links are found silent by the clock that is played.
        guard self.alone || (0.1...10).contains(self.speed) else {
            throw ValidationError("--speed is from 0.1 to 10 with three nations; add --alone for more.")
        }
        let portMax = self.alone ? 65_535 : 65_533
        guard (0...portMax).contains(self.port) else { throw ValidationError("--port is from 0 to \(portMax).") }
    }

    func run() async throws {
        let start = NodeClock.real().now
        let scenario = Scenario(
            Scenario.Configuration(seed: self.seed, aircraftCount: self.aircraft, start: start))
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let log = makeLog(self.web)
        let clock = NodeClock.played(from: start, speed: self.speed)
        var configurations: [Configuration] = []
        if self.alone {
            var configuration = Configuration()
            configuration.name = "Demonstration"
            configuration.realm = .exercise("demo")
            configuration.sensors = scenario.sensors
            configuration.feeds = [ScenarioFeed.feed]
            configuration.history = Configuration.History(directory: folder.path)
            configurations = [configuration]
        } else {
            let alliance = try DemoAlliance(
                in: folder.path, sensors: scenario.sensors, ports: try freePorts(3), at: start)
            configurations = try alliance.members.map { member in
                try alliance.configuration(of: member, label: alliance.label(of: member))
            }
        }
        for number in configurations.indices where self.port > 0 {
            configurations[number].httpPort = self.port + number
        }
        for number in configurations.indices where self.port == 0 { configurations[number].httpPort = 0 }
        let nodes = try configurations.map { try KumikoNode($0, clock: clock, log: log) }
        for node in nodes { try await node.open() }
        say("An exercise: \(self.aircraft) aircraft, \(scenario.sensors.count) sensors, seed \(self.seed).")
        say(nodes.count == 1 ? "The map:" : "The maps of Japan, the United States and Australia:")
        try await runNodes(nodes, web: self.web, log: log) {
            var feed = ScenarioFeed(scenario)
            await feed.play(into: nodes)
            return true
        }
    }
}
