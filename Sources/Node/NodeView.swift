public import Air
public import Geodesy
public import SensorFormats
public import Storage

/// What a node says of itself.
public struct NodeInfo: Hashable, Sendable {
    public var name: String
    /// Nil where none is configured.
    public var nation: Nation?
    public var realm: Realm
    public var version: String
    public var startedAt: Timestamp

    public init(name: String, nation: Nation?, realm: Realm, version: String, startedAt: Timestamp) {
        self.name = name
        self.nation = nation
        self.realm = realm
        self.version = version
        self.startedAt = startedAt
    }
}

/// A sensor as the node sees it.
public struct SensorHealth: Sendable {
    public enum State: String, Sendable {
        /// Data come, and the sensor does not object to their use.
        case operational
        /// Data come, but fewer than half of what it gave before.
        case degraded
        /// Nothing came for more than two and a half turns (a receiver: ten seconds).
        case silent
        /// The sensor says that its data are not for operational use.
        case failed
        /// Configured, never heard.
        case unknown
    }

    public var id: SensorID
    public var name: String
    public var kind: Sensor.Kind
    /// Where it stands; nil when neither configuration nor sensor has said so.
    public var site: Geodetic?
    /// Farthest range of coverage, metres.
    public var rangeMax: Double?
    public var state: State
    public var lastReportAt: Timestamp?
    /// Over the last ten seconds.
    public var plotsPerSecond: Double
    public var plots: UInt64
    /// Its systematic errors as far as they are known; nil when registration is off.
    public var registration: SensorRegistration?
    /// The label of what it says of itself; nil where it has none.
    public var label: Label?
}

/// One figure for monitoring, in the sense of Prometheus.
public struct Metric: Sendable {
    public enum Kind: String, Sendable {
        case counter
        case gauge
    }

    /// Lower case with underscores; counters end in `_total`.
    public var name: String
    /// One sentence.
    public var help: String
    public var kind: Kind
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(
        _ name: String, _ kind: Kind, _ value: Double, help: String, labels: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.kind = kind
        self.value = value
        self.help = help
        self.labels = labels
    }
}

/// What a screen may ask of a node.
public protocol NodeView: Sendable {
    var info: NodeInfo { get }
    var picture: Picture { get }
    /// The node's own clock: the real one, or that of a recording or scenario.
    var now: Timestamp { get }
    var sensors: [SensorHealth] { get }
    var metrics: [Metric] { get }
    /// Nil without agreements: nothing goes to a partner.
    var release: ReleaseDesk? { get }
    /// Nil when history is switched off.
    var history: TrackHistory? { get }
    /// Writes what a feed of Mode S frames has heard as `aircraft.json`; of nil, the first such feed.
    ///
    /// - Returns: false, and nothing is written, when there is no such feed.
    func writeAircraft(ofFeed feed: String?, to json: inout JSONWriter) -> Bool
    /// How the links to partners stand, a second ago at most; nil without partners.
    var federation: LatticeStatus? { get }
    /// Who contributed what to the tracks of the picture; nil without partners.
    var origins: OriginBook? { get }
    /// What a partner was shown, as it was told; nil for one that is not told.
    func shown(to nation: Nation) -> ShownBook?
    /// What own sensors know of a track of the picture; nil where that is nothing.
    func ownTrack(behind id: TrackID) -> Track?
    /// Nil while the node can do its work, otherwise what is wrong, in a sentence.
    var trouble: String? { get }
}
