public import Air
public import SensorFormats
internal import Transport

extension Configuration {
    /// A machine and a port.
    public struct Address: Hashable, Sendable {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// Where a feed's data come from.
    public enum Source: Hashable, Sendable {
        /// UDP datagrams to an address of this machine, or to a multicast group that is joined.
        case datagrams(host: String, port: Int, group: String?, interface: String?)
        /// TCP connections that this node opens, and opens again when they break.
        case connections([Address])
        /// TCP connections that senders open to this node.
        case accepted(Address)
        /// Bytes that the program itself puts in: a replay or a scenario.
        case injected
    }

    /// An edition of a category, for all senders of a feed or for one of them.
    public struct EditionChoice: Hashable, Sendable {
        public var edition: AsterixEdition
        public var sensor: SensorID?

        public init(_ edition: AsterixEdition, for sensor: SensorID? = nil) {
            self.edition = edition
            self.sensor = sensor
        }
    }

    /// What the bytes of a feed are.
    public enum FeedFormat: Hashable, Sendable {
        /// ASTERIX blocks; the newest edition of each category, unless another is named.
        case asterix(editions: [EditionChoice] = [])
        /// Mode S frames in Beast binary, heard by one receiver.
        case beast(receiver: SensorID)
        /// Mode S frames as AVR text, heard by one receiver.
        case avr(receiver: SensorID)
        /// BaseStation lines of one receiver.
        case sbs(receiver: SensorID)
        /// AIS sentences that one station hears.
        case ais(receiver: SensorID)
        /// Remote ID that one receiver hears.
        case remoteID(receiver: SensorID, framing: RemoteIDFraming)
        /// SAPIENT messages; the identifier is this node's, for its answers.
        case sapient(sensor: SensorID, nodeID: String)
    }

    /// Which clock tells when a plot was measured.
    public enum TimeSource: String, Sendable {
        /// The sensor's, as it stands in the report.
        case sensor
        /// This node's, when the report arrives: for sensors without a good clock.
        case arrival
    }

    /// A connection that brings data.
    public struct Feed: Sendable {
        public var name: String
        public var source: Source
        public var format: FeedFormat
        public var time: TimeSource
        /// How many bytes may wait to be decoded before the oldest are dropped.
        public var queueBytesMax: Int
        /// The label of what it brings, where the sensor has none of its own; nil: that of the node.
        public var label: Label?

        public init(
            name: String, source: Source, format: FeedFormat, time: TimeSource = .sensor,
            queueBytesMax: Int = 4_000_000, label: Label? = nil
        ) {
            self.name = name
            self.source = source
            self.format = format
            self.time = time
            self.queueBytesMax = queueBytesMax
            self.label = label
        }

        /// How many receivers may send to one feed: what a merger can tell apart.
        static let receiversMax = 32
    }
}

/// The keys that say where a feed's data come from.
private enum SourceKey: String {
    /// UDP.
    case listen
    /// TCP, opened by this node.
    case connect
    /// TCP, opened by the sender.
    case accept
}

/// What `format:` of a feed may be: a new format is a line of `all`, a case of `FeedFormat` and its parser.
private struct FormatEntry: Sendable {
    var word: String
    /// The keys that it can have, the usual one first.
    var sources: [SourceKey]
    /// An address for the remedy of an error.
    var example: String
    /// Whether the data do not say which sensor they are of.
    var needsReceiver: Bool
    var make: @Sendable (Section, SensorID?) -> Configuration.FeedFormat?

    static let all = [
        FormatEntry(word: "asterix", sources: [.listen], example: "0.0.0.0:8600", needsReceiver: false) { section, _ in
            .asterix(editions: Configuration.editions(section))
        },
        FormatEntry(
            word: "beast", sources: [.connect, .accept, .listen], example: "127.0.0.1:30005", needsReceiver: true
        ) { _, receiver in receiver.map { .beast(receiver: $0) } },
        FormatEntry(
            word: "avr", sources: [.connect, .accept, .listen], example: "127.0.0.1:30002", needsReceiver: true
        ) { _, receiver in receiver.map { .avr(receiver: $0) } },
        FormatEntry(word: "sbs", sources: [.connect, .accept], example: "127.0.0.1:30003", needsReceiver: true) {
            _, receiver in receiver.map { .sbs(receiver: $0) }
        },
        FormatEntry(word: "ais", sources: [.listen, .connect, .accept], example: "0.0.0.0:10110", needsReceiver: true) {
            _, receiver in receiver.map { .ais(receiver: $0) }
        },
        FormatEntry(word: "remote-id", sources: [.listen], example: "0.0.0.0:8630", needsReceiver: true) {
            section, receiver in
            let framing = section.choice("framing", of: ["message", "bluetooth", "wifi"])
            let framings: [String: RemoteIDFraming] = ["bluetooth": .bluetooth, "wifi": .wifi]
            return receiver.map { .remoteID(receiver: $0, framing: framing.flatMap { framings[$0] } ?? .message) }
        },
        FormatEntry(word: "sapient", sources: [.accept], example: "0.0.0.0:14000", needsReceiver: true) {
            section, receiver in
            let id = Configuration.uuid(section, "nodeID")
            guard let receiver, let id else { return nil }
            return .sapient(sensor: receiver, nodeID: id)
        },
    ]
}

extension Configuration.FeedFormat {
    /// Whether it brings Mode S frames, which an outlet can tell onward.
    var bringsFrames: Bool {
        switch self {
        case .beast, .avr: true
        default: false
        }
    }

    /// The sensor whose data they are, where the data do not say it.
    var receiver: SensorID? {
        switch self {
        case .asterix: nil
        case .beast(let receiver), .avr(let receiver), .sbs(let receiver), .ais(let receiver),
            .remoteID(let receiver, _), .sapient(let receiver, _):
            receiver
        }
    }
}

extension Configuration.Feed {
    /// What decodes it.
    func parser(sensors: [Sensor]) -> any FeedParser {
        let isMerged: Bool
        let isStream: Bool
        switch self.source {
        case .connections(let addresses): (isMerged, isStream) = (addresses.count > 1, true)
        case .accepted: (isMerged, isStream) = (true, true)
        case .datagrams: (isMerged, isStream) = (false, false)
        case .injected: (isMerged, isStream) = (false, true)
        }
        return switch self.format {
        case .asterix(let editions): AsterixParser(editions: editions)
        case .beast(let receiver):
            ModeSParser(BeastReader.self, receiver: receiver, sensors: sensors, isMerged: isMerged)
        case .avr(let receiver):
            ModeSParser(AVRReader.self, receiver: receiver, sensors: sensors, isMerged: isMerged)
        case .sbs(let receiver): BaseStationParser(receiver: receiver)
        case .ais(let receiver): AISParser(receiver: receiver, framing: isStream ? .stream : .datagrams)
        case .remoteID(let receiver, let framing): RemoteIDParser(receiver: receiver, framing: framing)
        case .sapient(let sensor, let nodeID): SapientParser(sensor: sensor, nodeID: nodeID)
        }
    }
}

extension Configuration {
    mutating func readFeeds(_ root: Section) {
        for section in root.sections("feeds") {
            let label = self.label(section)
            if var feed = Self.feed(section) {
                feed.label = label
                if let receiver = feed.format.receiver, !self.sensors.contains(where: { $0.id == receiver }) {
                    section.report(
                        "receiver", "\(receiver) is no entry under sensors:; add one, so that its place is known")
                }
                if self.feeds.contains(where: { $0.name == feed.name }) {
                    section.report("name", "`\(feed.name)` stands twice; give each feed a name of its own")
                }
                self.feeds.append(feed)
            }
            section.finish()
        }
    }

    private static func feed(_ section: Section) -> Feed? {
        let name = section.requiredText("name", example: "north radar")
        let time = section.choice("time", of: ["sensor", "arrival"]).flatMap(TimeSource.init(rawValue:)) ?? .sensor
        let megabytes = section.number("queueMegabytes", in: 0.1...10_000, unit: "megabytes")
        if !section.has("format") {
            section.report("format", "is missing; add one of \(FormatEntry.all.map(\.word).joined(separator: ", "))")
        }
        let word = section.choice("format", of: FormatEntry.all.map(\.word))
        guard let entry = FormatEntry.all.first(where: { $0.word == word }) else {
            // Without a format it is not known which keys belong to it: they are no errors of their own.
            for key in [
                "listen", "connect", "accept", "group", "interface", "receiver", "editions", "framing", "nodeID",
            ] {
                _ = section.has(key)
            }
            return nil
        }
        let source = self.source(section, entry)
        let receiver = entry.needsReceiver ? self.sensorID(section, "receiver") : nil
        let format = entry.make(section, receiver)
        guard let name, let format, let source else { return nil }
        return Feed(
            name: name, source: source, format: format, time: time,
            queueBytesMax: megabytes.map { Int($0 * 1_000_000) } ?? 4_000_000)
    }

    /// Where the data come from: the one of the format's keys that is there.
    private static func source(_ section: Section, _ entry: FormatEntry) -> Source? {
        let present = entry.sources.filter { section.has($0.rawValue) }
        guard let key = present.first else {
            let others = entry.sources.dropFirst().map { ", or `\($0.rawValue):`" }.joined()
            section.report(
                entry.sources[0].rawValue, "is missing; add `\(entry.sources[0].rawValue): \(entry.example)`\(others)")
            return nil
        }
        if let second = present.dropFirst().first {
            section.report(second.rawValue, "stands beside `\(key.rawValue)`; a feed has one of them")
            return nil
        }
        switch key {
        case .listen: return self.datagrams(section)
        case .connect:
            guard let texts = section.texts("connect") else { return nil }
            let addresses = texts.compactMap { text -> Address? in
                if let endpoint = Endpoint(text), endpoint.port > 0 {
                    return Address(host: endpoint.host, port: endpoint.port)
                }
                section.report("connect", "is `\(text)`; write host:port, for example \(entry.example)")
                return nil
            }
            if texts.count > Feed.receiversMax {
                section.report("connect", "names \(texts.count) receivers; a feed has \(Feed.receiversMax) at most")
            }
            return addresses.count == texts.count ? .connections(addresses) : nil
        case .accept:
            guard let endpoint = self.endpoint(section, "accept", example: entry.example) else { return nil }
            return .accepted(Address(host: endpoint.host, port: endpoint.port))
        }
    }

    /// A UUID as people write it: 8-4-4-4-12 hexadecimal digits.
    fileprivate static func uuid(_ section: Section, _ key: String) -> String? {
        let example = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
        guard let text = section.requiredText(key, example: example) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], parts.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else {
            section.report(key, "is `\(text)`; write a UUID of your own, for example \(example)")
            return nil
        }
        return text.lowercased()
    }

    private static func endpoint(_ section: Section, _ key: String, example: String) -> Endpoint? {
        guard let text = section.text(key) else { return nil }
        guard let endpoint = Endpoint(text) else {
            section.report(key, "is `\(text)`; write address:port, for example \(example) or [::]:8600")
            return nil
        }
        return endpoint
    }

    private static func datagrams(_ section: Section) -> Source? {
        let endpoint = self.endpoint(section, "listen", example: "0.0.0.0:8600")
        let group = section.text("group")
        let interface = section.text("interface")
        if let group, !group.contains(":"), !(224...239).contains(Int(group.prefix { $0 != "." }) ?? 0) {
            section.report("group", "is `\(group)`; a multicast group lies in 224.0.0.0 to 239.255.255.255")
        }
        return endpoint.map { .datagrams(host: $0.host, port: $0.port, group: group, interface: interface) }
    }

    /// Editions by category, or by category and sender: `"021": "0.23"`, `"048 20/129": "1.30"`.
    fileprivate static func editions(_ section: Section) -> [EditionChoice] {
        guard let editions = section.section("editions") else { return [] }
        return editions.entries().compactMap { key, value in
            let words = key.split(separator: " ")
            let known = AsterixEditions.known.filter { words.first.flatMap { UInt8($0) } == $0.category }
            let sensor = words.count == 2 ? SensorID(String(words[1])) : nil
            guard !known.isEmpty, words.count == 1 || sensor != nil else {
                editions.report(
                    key,
                    "is no category with a layout; write for example `\"021\": \"0.23\"`, or for one sender only "
                        + "`\"021 20/129\": \"0.23\"`")
                return nil
            }
            guard let edition = known.first(where: { $0.number == value }) else {
                editions.report(
                    key,
                    "has no edition `\(value)`; write one of \(known.map(\.number).joined(separator: ", ")) in quotes")
                return nil
            }
            return EditionChoice(edition, for: sensor)
        }
    }
}
