public import Air
public import Releasability
internal import Transport

extension Configuration {
    /// Where datagrams go.
    public struct Destination: Hashable, Sendable {
        /// An address of another machine, or a multicast group.
        public var host: String
        public var port: Int
        /// The network interface by which a group is reached; nil leaves it to the system.
        public var interface: String?
        /// How many routers a multicast datagram may pass (IPv4 TTL, IPv6 hop limit).
        public var hops: UInt8
        /// The largest datagram, bytes.
        public var datagramMax: Int

        public init(host: String, port: Int, interface: String? = nil, hops: UInt8 = 1, datagramMax: Int = 1400) {
            self.host = host
            self.port = port
            self.interface = interface
            self.hops = hops
            self.datagramMax = datagramMax
        }
    }

    /// How tracks are told.
    public struct TrackOutlet: Hashable, Sendable {
        public var destination: Destination
        /// SAC and SIC under which this node tells them.
        public var source: SensorID
        public var service: UInt8
        /// Seconds between two reports of a track at least.
        public var period: Double
        /// Seconds between two reports of how sensors and service do.
        public var statusPeriod: Double
        /// Whether tracks that are not yet believed are told too.
        public var tellsTentative: Bool

        public init(
            destination: Destination, source: SensorID, service: UInt8 = 1, period: Double = 1,
            statusPeriod: Double = 10, tellsTentative: Bool = false
        ) {
            self.destination = destination
            self.source = source
            self.service = service
            self.period = period
            self.statusPeriod = statusPeriod
            self.tellsTentative = tellsTentative
        }
    }

    /// How Mode S frames are told.
    public struct FrameOutlet: Hashable, Sendable {
        public enum Form: String, Hashable, Sendable {
            /// Beast binary, as the frames came.
            case beast
            /// BaseStation lines.
            case sbs
        }

        public var form: Form
        /// Where it listens for programs that want them.
        public var host: String
        public var port: Int
        /// Of which feeds; nil: of all that bring Mode S frames.
        public var feeds: [String]?

        public init(form: Form, host: String, port: Int, feeds: [String]? = nil) {
            self.form = form
            self.host = host
            self.port = port
            self.feeds = feeds
        }
    }

    /// A way by which other systems get data of this node.
    public struct Outlet: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            /// ASTERIX 062 with 063 and 065.
            case tracks(TrackOutlet)
            /// ASTERIX 021.
            case plots(Destination)
            case frames(FrameOutlet)
        }

        public var name: String
        public var kind: Kind
        /// Who gets it, and so only what is released to them; nil: systems of the own nation, which get everything.
        public var audience: Audience?

        public init(name: String, kind: Kind, audience: Audience? = nil) {
            self.name = name
            self.kind = kind
            self.audience = audience
        }
    }

    /// The words of `format:` in an outlet's section.
    private static let outletFormats = ["asterix-tracks", "asterix-plots", "beast", "sbs"]

    mutating func readOutlets(_ root: Section) {
        for section in root.sections("outlets") {
            let name = section.requiredText("name", example: "neighbour")
            let kind = self.outletKind(section)
            let audience = self.audience(section, kind)
            section.finish()
            guard let name, let kind else { continue }
            if self.outlets.contains(where: { $0.name == name }) {
                section.report("name", "`\(name)` stands twice; give each outlet a name of its own")
            }
            self.outlets.append(Outlet(name: name, kind: kind, audience: audience))
        }
    }

    private func audience(_ section: Section, _ kind: Outlet.Kind?) -> Audience? {
        guard let name = section.text("audience") else { return nil }
        guard let release = self.release else {
            if !self.hasBadAgreements {
                section.report("audience", "has no meaning without agreements; add `release: {agreements: FOLDER}`")
            }
            return nil
        }
        let cleared = release.policy.partners
        guard let audience = Audience(name: name), cleared.contains(audience) else {
            section.report(
                "audience",
                "is `\(name)`, for whom policy.yaml has no clearance; write one of "
                    + cleared.map(\.name).joined(separator: ", "))
            return nil
        }
        if case .frames = kind {
            section.report(
                "audience", "gets no frames: they have no place or time by which to decide; use asterix-plots")
        }
        return audience
    }

    private func outletKind(_ section: Section) -> Outlet.Kind? {
        if !section.has("format") {
            section.report("format", "is missing; add one of \(Self.outletFormats.joined(separator: ", "))")
        }
        switch section.choice("format", of: Self.outletFormats) {
        case "asterix-tracks": return self.trackOutlet(section).map { .tracks($0) }
        case "asterix-plots": return Self.destination(section).map { .plots($0) }
        case "beast": return self.frameOutlet(section, .beast, example: "127.0.0.1:30005").map { .frames($0) }
        case "sbs": return self.frameOutlet(section, .sbs, example: "127.0.0.1:30003").map { .frames($0) }
        default: return nil
        }
    }

    private static func destination(_ section: Section) -> Destination? {
        let text = section.requiredText("send", example: "239.255.10.62:8600")
        let interface = section.text("interface")
        let hops = section.integer("hops", in: 0...255)
        let size = section.integer("datagramBytes", in: 512...65_507)
        guard let text else { return nil }
        guard let endpoint = Endpoint(text), endpoint.port > 0 else {
            section.report("send", "is `\(text)`; write address:port, for example 239.255.10.62:8600")
            return nil
        }
        return Destination(
            host: endpoint.host, port: endpoint.port, interface: interface, hops: UInt8(hops ?? 1),
            datagramMax: size ?? 1400)
    }

    private func trackOutlet(_ section: Section) -> TrackOutlet? {
        let destination = Self.destination(section)
        let source = Self.sensorID(section, "source")
        let service = section.integer("service", in: 0...255)
        let period = section.number("period", in: 0.1...60, unit: "seconds")
        let statusPeriod = section.number("statusPeriod", in: 0.1...600, unit: "seconds")
        let tentative = section.flag("tentative")
        if let source, self.sensors.contains(where: { $0.id == source }) {
            section.report("source", "\(source) is an entry under sensors:; the node needs a number of its own")
        }
        guard let destination, let source else { return nil }
        return TrackOutlet(
            destination: destination, source: source, service: UInt8(service ?? 1), period: period ?? 1,
            statusPeriod: statusPeriod ?? 10, tellsTentative: tentative ?? false)
    }

    private func frameOutlet(_ section: Section, _ form: FrameOutlet.Form, example: String) -> FrameOutlet? {
        let text = section.requiredText("listen", example: example)
        let feeds = section.texts("feeds")
        if self.realm != .live {
            section.report(
                "format",
                "`\(form.rawValue)` has no mark for data of an exercise or a test, so it could be taken for live; "
                    + "leave this outlet out, or set `realm: live` if the data are")
        }
        for feed in feeds ?? [] where !self.feeds.contains(where: { $0.name == feed && $0.format.bringsFrames }) {
            section.report(
                "feeds", "`\(feed)` is no feed of Mode S frames; write the name of one, or leave the key out")
        }
        guard let text else { return nil }
        guard let endpoint = Endpoint(text) else {
            section.report("listen", "is `\(text)`; write address:port, for example \(example)")
            return nil
        }
        return FrameOutlet(form: form, host: endpoint.host, port: endpoint.port, feeds: feeds)
    }
}
