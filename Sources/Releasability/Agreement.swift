public import Air

/// What can be shared. A kind that no clause names is not.
public enum GoodsKind: Hashable, Sendable, CustomStringConvertible {
    case tracks
    /// The information gained on a track since the last one that the partner got.
    case tracklets
    case plots
    case warnings
    case sensorStatus
    /// Records of the ledger, by the name of their type.
    case records(String)

    /// A kind by its name in files: `tracks`, `tracklets`, `plots`, `warnings`, `sensor-status`, `records/TYPE`.
    public init?(_ name: some StringProtocol) {
        switch name {
        case "tracks": self = .tracks
        case "tracklets": self = .tracklets
        case "plots": self = .plots
        case "warnings": self = .warnings
        case "sensor-status": self = .sensorStatus
        default:
            guard name.hasPrefix("records/"), name.utf8.count > 8 else { return nil }
            self = .records(String(name.dropFirst(8)))
        }
    }

    public var description: String {
        switch self {
        case .tracks: "tracks"
        case .tracklets: "tracklets"
        case .plots: "plots"
        case .warnings: "warnings"
        case .sensorStatus: "sensor-status"
        case .records(let type): "records/\(type)"
        }
    }
}

/// What is taken from goods before they go.
@frozen public struct Redactions: Hashable, Sendable {
    /// Parts that are left out.
    @frozen public struct Parts: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Address, code, callsign: who it is.
        @inlinable public static var identities: Self { Self(rawValue: 4) }
        /// Height and rate of climb.
        @inlinable public static var height: Self { Self(rawValue: 2) }
        /// Which sensors saw it, when and how often.
        @inlinable public static var sensors: Self { Self(rawValue: 1) }

        /// The words of files and texts.
        public static let names: [(name: String, part: Self)] = [
            ("identities", .identities), ("height", .height), ("sensors", .sensors),
        ]
    }

    /// Side of the cell that a place is put in the middle of, metres; 0 leaves it.
    public var positionGrid: UInt32
    /// Times are put back to a multiple of this many milliseconds; 0 leaves them.
    public var timeGrid: UInt32
    /// What is left out.
    public var parts: Parts

    @inlinable public init(positionGrid: UInt32 = 0, timeGrid: UInt32 = 0, parts: Parts = []) {
        self.positionGrid = positionGrid
        self.timeGrid = timeGrid
        self.parts = parts
    }

    @inlinable public var isEmpty: Bool { self == Self() }

    /// What is taken by either: the larger grids, the parts of both.
    @inlinable public func combined(with other: Self) -> Self {
        Self(
            positionGrid: max(self.positionGrid, other.positionGrid), timeGrid: max(self.timeGrid, other.timeGrid),
            parts: self.parts.union(other.parts))
    }

    /// Whether it takes less: the first difference among position, time, identities, height and sensors decides.
    @inlinable public func isWider(than other: Self) -> Bool {
        (self.positionGrid, self.timeGrid, self.parts.rawValue)
            < (other.positionGrid, other.timeGrid, other.parts.rawValue)
    }
}

/// One sentence of an agreement: which goods, where, how.
public struct Clause: Hashable, Sendable {
    public enum Effect: Hashable, Sendable {
        case permit
        /// What others permit goes under these terms too; alone it permits nothing.
        case restrict
        /// Nothing that it may apply to goes under its agreement.
        case forbid
    }

    public var effect: Effect
    public var kinds: Set<GoodsKind>
    /// Nil is everywhere, also for goods that have no place; an empty list is nowhere.
    public var areas: [Area]?
    /// Heights above the ellipsoid, metres, or pressure altitudes where only they are known; nil is any or none.
    public var heights: ClosedRange<Double>?
    /// How old goods must be, seconds.
    public var delay: UInt32
    public var redactions: Redactions

    public init(
        _ effect: Effect = .permit, _ kinds: Set<GoodsKind>, areas: [Area]? = nil,
        heights: ClosedRange<Double>? = nil, delay: UInt32 = 0, redactions: Redactions = Redactions()
    ) {
        self.effect = effect
        self.kinds = kinds
        self.areas = areas
        self.heights = heights
        self.delay = delay
        self.redactions = redactions
    }
}

/// What two or more nations have agreed to share, or one shares with the public.
///
/// Goods go under it when each of its parts allows them and a clause permits them. Where several clauses apply, the most
/// restrictive of each of their terms holds; a clause that forbids outweighs all. A clause that permits must be known to
/// apply, one that restricts or forbids must be known not to.
public struct Agreement: Hashable, Sendable {
    /// The name by which decisions cite it.
    public var name: String
    /// Who is bound by it; each may be shown what another releases under it.
    public var parties: NationSet
    public var realm: Realm
    /// In force from this instant…
    public var from: Timestamp
    /// …until just before this one.
    public var to: Timestamp
    /// Whose goods may go under it: every originator must be among them.
    public var originators: NationSet
    /// The policy whose words it uses.
    public var policy: PolicyID
    /// The highest level that goes under it.
    public var classificationMax: UInt8
    /// The caveats that goods may carry.
    public var caveats: CaveatSet
    /// What a receiver may do with what it gets, if the label allows as much.
    public var onward: Onward
    /// Those originators who have consented that goods under their control are passed on under it.
    public var consents: NationSet
    public var clauses: [Clause]

    public init(
        _ name: String, between parties: NationSet, realm: Realm, from: Timestamp, to: Timestamp,
        originators: NationSet? = nil, policy: PolicyID, classificationMax: UInt8, caveats: CaveatSet = [],
        onward: Onward = .never, consents: NationSet = [], clauses: [Clause]
    ) {
        self.name = name
        self.parties = parties
        self.realm = realm
        self.from = from
        self.to = to
        var nations = parties
        nations.includesPublic = false
        self.originators = originators ?? nations
        self.policy = policy
        self.classificationMax = classificationMax
        self.caveats = caveats
        self.onward = onward
        self.consents = consents
        self.clauses = clauses
    }
}
