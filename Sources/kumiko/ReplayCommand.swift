import Air
import ArgumentParser
import Exercises
import Geodesy
import Node
import SensorFormats
import Synchronization

/// `kumiko replay`: recordings on their own clock.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Play recordings on their own clock, into a node with its map or out as UDP.",
        discussion: """
            Several files are played together, in the order of time. Without --to a node is started, fed and shown on its \
            map; it goes on after the end until it is stopped. Where a radar stands is taken from --config or --site, or \
            from its own data (I034/120).
            """)

    @Argument(help: "The recordings.", completion: .file())
    var files: [String]

    @Option(help: "How many times as fast as it was recorded.")
    var speed = 1.0

    @Flag(help: "As fast as the node takes it; the node's clock follows the recording.")
    var fast = false

    @Option(help: "Send the datagrams to this address, host:port, in the place of a node.")
    var to: String?

    @Option(help: "A configuration with the sensors; its feeds are not opened.")
    var config: String?

    @Option(help: "Where a radar stands, as SAC/SIC=latitude,longitude,height,period; may be repeated.")
    var site: [String] = []

    @Option(help: "The HTTP port; 0 takes any free one.")
    var port = 0

    @Flag(help: "End when the recordings do.")
    var once = false

    @Flag(help: "Print at the end how well tracks followed the aircraft, by Mode S address.")
    var continuity = false

    @OptionGroup var web: WebOptions

    func validate() throws {
        guard (0.001...1_000_000).contains(self.speed) else {
            throw ValidationError("--speed is from 0.001 to 1000000; --fast does not wait at all.")
        }
        guard (0...65_535).contains(self.port) else { throw ValidationError("--port is from 0 to 65535.") }
    }

    func run() async throws {
        let start = NodeClock.real().now
        let replay: Replay
        do { replay = try Replay(self.files, start: start) } catch { throw ExitMessage(error.description) }
        if let to {
            let sent = try await replay.send(to: to, speed: self.fast ? 0 : self.speed)
            say("\(counted(sent, "datagram")) sent to \(to).")
            return
        }
        try await self.playIntoNode(replay)
    }

    private func playIntoNode(_ replay: Replay) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var configuration = try self.config.map { try Configuration.read($0) } ?? Configuration()
        if case .live = configuration.realm { configuration.realm = .exercise("replay") }
        configuration.name = "Replay"
        configuration.httpPort = self.port
        configuration.feeds = replay.feeds
        configuration.history = Configuration.History(directory: folder.path)
        for text in self.site {
            let sensor = try Self.sensor(text)
            configuration.sensors.removeAll { $0.id == sensor.id }
            configuration.sensors.append(sensor)
        }
        let score = Score(turn: Self.longestTurn(configuration.sensors))
        let log = makeLog(self.web)
        let clock = NodeClock.played(from: replay.begin, speed: self.fast ? 0 : self.speed)
        var observer: KumikoNode.Observer?
        if self.continuity { observer = { reports, changes in score.note(reports, changes) } }
        let node = try KumikoNode(configuration, clock: clock, log: log, observer: observer)
        say("\(replay.count) datagrams and frames from \(replay.begin) to \(replay.end). The map:")
        let isOnce = self.once || self.continuity
        try await runNode(node, web: self.web, log: log) {
            await replay.play(into: node)
            if self.continuity { putLine(score.summary.description) }
            self.sayUnplaced(node)
            return isOnce
        }
    }

    /// Seconds of the slowest radar's turn; ten where none is known.
    private static func longestTurn(_ sensors: [Sensor]) -> Double {
        sensors.compactMap { sensor in
            if case .radar(let period) = sensor.kind { period } else { nil }
        }.max() ?? 10
    }

    /// Names the radars whose plots could not be tracked because nobody said where they stand.
    private func sayUnplaced(_ node: KumikoNode) {
        for sensor in node.sensors where sensor.site == nil && sensor.plots > 0 {
            guard case .radar = sensor.kind else { continue }
            say(
                "Radar \(sensor.id): \(counted(Int(clamping: sensor.plots), "plot")) not tracked, because nothing says where it stands. "
                    + "Add --site \(sensor.id)=latitude,longitude,height,period or an entry under sensors: in --config."
            )
        }
    }

    /// Reads `SAC/SIC=latitude,longitude[,height[,period]]`.
    private static func sensor(_ text: String) throws -> Sensor {
        let parts = text.split(separator: "=", maxSplits: 1)
        let numbers = parts.count == 2 ? parts[1].split(separator: ",").map { Double($0) ?? .nan } : []
        guard parts.count == 2, let id = SensorID(String(parts[0])), (2...4).contains(numbers.count),
            numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 90, abs(numbers[1]) <= 180
        else {
            throw ValidationError(
                "--site \(text): write SAC/SIC=latitude,longitude,height,period, for example 20/129=41.3007,2.1021,27,4."
            )
        }
        let period = numbers.count == 4 ? numbers[3] : 5
        guard (0.5...120).contains(period) else {
            throw ValidationError("--site \(text): a turn takes 0.5 to 120 seconds.")
        }
        return Sensor(
            id: id, name: id.description,
            site: Geodetic(
                latitudeDegrees: numbers[0], longitudeDegrees: numbers[1], height: numbers.count > 2 ? numbers[2] : 0),
            kind: .radar(period: period))
    }
}

/// Watches what the tracker makes of the plots.
private final class Score: Sendable {
    private let continuity: Mutex<Continuity>

    init(turn: Double) { self.continuity = Mutex(Continuity(turn: turn)) }

    func note(_ reports: [SensorReport], _ changes: [TrackChange]) {
        self.continuity.withLock { continuity in
            for case .plot(let plot) in reports { continuity.add(plot) }
            for change in changes { continuity.add(change) }
        }
    }

    var summary: Continuity.Summary { self.continuity.withLock { $0.summary } }
}
