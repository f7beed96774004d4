public import Air
internal import Geodesy
public import Releasability

/// What a node is told when it starts: the contents of `kumiko.yaml`.
public struct Configuration: Sendable {
    /// Where track history is kept and for how long.
    public struct History: Sendable {
        public var directory: String
        public var keepHours: Double
        public var sizeMaxBytes: Int
        /// The least time between two points of one track, seconds.
        public var interval: Double

        public init(
            directory: String, keepHours: Double = 24, sizeMaxBytes: Int = 2_000_000_000, interval: Double = 4
        ) {
            self.directory = directory
            self.keepHours = keepHours
            self.sizeMaxBytes = sizeMaxBytes
            self.interval = interval
        }
    }

    public var name = "kumiko"
    public var nation: Nation?
    public var realm = Realm.live
    public var httpHost = "127.0.0.1"
    public var httpPort = 8080
    public var history: History? = History(directory: "kumiko-data")
    public var sensors: [Sensor] = []
    public var feeds: [Feed] = []
    /// The path of an exercise that the node plays to itself.
    public var scenarioFile: String?
    /// What may go to whom; nil: nothing goes to a partner.
    public var release: Release?
    /// The labels of those sensors that have one of their own.
    public var sensorLabels: [SensorID: Label] = [:]
    /// By which other systems get data of this node.
    public var outlets: [Outlet] = []
    /// How it is linked to partners' nodes; nil: it is not.
    public var lattice: Lattice?
    /// Plots older than their track by more than this are dropped and counted, seconds.
    public var lagMax = 4.0
    /// How many tracks, tentative ones included, the node keeps; beyond, plots that would begin one are counted.
    public var tracksMax = 200_000
    /// What is done about the systematic errors of sensors.
    public var registration = SensorRegistration.Mode.correct

    /// While a file is read: its agreements cannot be used.
    var hasBadAgreements = false

    public init() {}

    /// What a node does without a file: map and API on this machine only, ASTERIX on port 8600.
    public static var standard: Configuration {
        var result = Configuration()
        result.feeds = [
            Feed(
                name: "asterix", source: .datagrams(host: "127.0.0.1", port: 8600, group: nil, interface: nil),
                format: .asterix())
        ]
        return result
    }
}

extension Configuration {
    /// Reads a configuration; what it does not say stays as in `Configuration()`.
    ///
    /// - Throws: `ConfigurationError` with every problem: its line, its key and the remedy.
    /// - Parameter policy: reads a folder of agreements.
    public init(
        yaml: String, policy: (String) throws(PolicyFolderError) -> Policy = { try Policy(folder: $0) }
    ) throws(ConfigurationError) {
        self.init()
        let reader = ConfigurationReader()
        if let root = reader.root(yaml) {
            self.read(root, policy)
            root.finish()
        }
        guard reader.problems.isEmpty else {
            throw ConfigurationError(problems: reader.problems.sorted { $0.line < $1.line })
        }
    }

    private mutating func read(_ root: Section, _ policy: (String) throws(PolicyFolderError) -> Policy) {
        if let node = root.section("node") {
            self.name = node.text("name") ?? self.name
            self.readNation(node)
            self.readRealm(node)
            node.finish()
        }
        self.readRelease(root, policy)
        if let http = root.section("http") {
            self.httpHost = http.text("host") ?? self.httpHost
            self.httpPort = http.integer("port", in: 0...65535) ?? self.httpPort
            http.finish()
        }
        if let history = root.section("history") {
            self.history = Self.history(history)
            history.finish()
        }
        if let tracker = root.section("tracker") {
            self.lagMax = tracker.number("lagMax", in: 0...600, unit: "seconds") ?? self.lagMax
            self.tracksMax = tracker.integer("tracksMax", in: 1...10_000_000) ?? self.tracksMax
            if let mode = tracker.choice("registration", of: SensorRegistration.Mode.allCases.map(\.rawValue)) {
                self.registration = SensorRegistration.Mode(rawValue: mode) ?? self.registration
            }
            tracker.finish()
        }
        for section in root.sections("sensors") {
            if let sensor = Self.sensor(section) {
                if self.sensors.contains(where: { $0.id == sensor.id }) {
                    section.report("id", "\(sensor.id) stands twice; each sensor has one entry")
                }
                self.sensors.append(sensor)
                if let label = self.label(section) { self.sensorLabels[sensor.id] = label }
            } else {
                _ = self.label(section)
            }
            section.finish()
        }
        self.readFeeds(root)
        self.readOutlets(root)
        self.readLattice(root)
        if let scenario = root.section("scenario") {
            self.scenarioFile = scenario.requiredText("file", example: "exercises/quiet-sky.yaml")
            if case .live = self.realm {
                scenario.report(
                    "file",
                    "is an exercise, which cannot be played into a live node; write `realm: exercise(NAME)` under node:"
                )
            }
            scenario.finish()
        }
    }

    private mutating func readNation(_ node: Section) {
        guard let nation = node.text("nation") else { return }
        self.nation = Nation(nation)
        if self.nation?.description != nation {
            node.report("nation", "is `\(nation)`; write the two small letters of ISO 3166-1, for example jp")
        }
    }

    private mutating func readRealm(_ node: Section) {
        guard let realm = node.text("realm") else { return }
        if let known = Realm(realm) {
            self.realm = known
        } else {
            node.report("realm", "is `\(realm)`; write live, test or exercise(NAME)")
        }
    }

    private static func history(_ section: Section) -> History? {
        let isOn = section.flag("enabled") ?? true
        var history = History(directory: "kumiko-data")
        history.directory = section.text("directory") ?? history.directory
        history.keepHours = section.number("keepHours", in: 0.01...87_600, unit: "hours") ?? history.keepHours
        if let megabytes = section.number("sizeMaxMegabytes", in: 1...1_000_000, unit: "megabytes") {
            history.sizeMaxBytes = Int(megabytes * 1_000_000)
        }
        history.interval = section.number("interval", in: 0...3600, unit: "seconds") ?? history.interval
        return isOn ? history : nil
    }

    static func sensorID(_ section: Section, _ key: String) -> SensorID? {
        guard let text = section.requiredText(key, example: "20/129") else { return nil }
        guard let id = SensorID(text) else {
            section.report(key, "is `\(text)`; write SAC and SIC, two numbers from 0 to 255, for example 20/129")
            return nil
        }
        return id
    }

    private static func sensor(_ section: Section) -> Sensor? {
        let id = self.sensorID(section, "id")
        let name = section.text("name")
        let kind = section.choice("kind", of: ["radar", "receiver", "system"]) ?? "radar"
        let latitude = section.requiredNumber("latitude", in: -90...90, unit: "degrees")
        let longitude = section.requiredNumber("longitude", in: -180...180, unit: "degrees")
        let height = section.number("height", in: -500...20_000, unit: "metres above the ellipsoid")
        let near = section.number("rangeMin", in: 0...1_000_000, unit: "metres")
        let far = section.number("rangeMax", in: 1000...10_000_000, unit: "metres")
        let elevationMax = section.number("elevationMax", in: 1...90, unit: "degrees")
        let clutter = section.number("falsePlotsPerScan", in: 0...100_000, unit: "plots")
        var period: Double?
        var primary: Sensor.Channel?
        var secondary: Sensor.Channel?
        if kind == "radar" {
            period = section.requiredNumber("period", in: 0.5...120, unit: "seconds a turn")
            primary = self.channel(section, "primary", .primary)
            secondary = self.channel(section, "secondary", .secondary)
            if primary == nil, secondary == nil {
                section.report("primary", "and secondary are both off; a radar has at least one of them")
            }
        }
        let range = (near ?? 500)...max(far ?? 470_000, near ?? 500)
        if let near, let far, near >= far { section.report("rangeMax", "must be more than rangeMin") }
        guard let id, let latitude, let longitude else { return nil }
        return Sensor(
            id: id, name: name ?? id.description,
            site: Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height ?? 0),
            kind: kind == "radar" ? .radar(period: period ?? 10) : kind == "receiver" ? .receiver : .system,
            primary: primary, secondary: secondary, coverage: range,
            elevationMax: (elevationMax ?? 45) * .pi / 180, falsePlotsPerScan: clutter ?? 10)
    }

    /// A channel: absent means `standard`, `off` means none, a section changes what it names.
    private static func channel(_ section: Section, _ key: String, _ standard: Sensor.Channel) -> Sensor.Channel? {
        guard section.has(key) else { return standard }
        if section.isText(key) { return section.flag(key) == false ? nil : standard }
        guard let own = section.section(key) else { return standard }
        var channel = standard
        channel.rangeDeviation =
            own.number("rangeDeviation", in: 0.1...100_000, unit: "metres") ?? channel.rangeDeviation
        if let degrees = own.number("azimuthDeviation", in: 0.001...30, unit: "degrees") {
            channel.azimuthDeviation = degrees * .pi / 180
        }
        if let degrees = own.number("elevationDeviation", in: 0.001...30, unit: "degrees") {
            channel.elevationDeviation = degrees * .pi / 180
        }
        channel.detectionProbability =
            own.number("detectionProbability", in: 0.01...1, unit: "no unit") ?? channel.detectionProbability
        own.finish()
        return channel
    }
}

extension SensorID {
    /// Reads `SAC/SIC`, decimal; anything else is nil.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let sac = UInt8(parts[0]), let sic = UInt8(parts[1]) else { return nil }
        self.init(sac: sac, sic: sic)
    }
}
