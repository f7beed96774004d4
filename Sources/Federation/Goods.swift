public import Air
public import Geodesy
public import Ledger
public import Releasability

/// What a nation says once, for good: it enters the lane of each audience that may see it.
public struct Record: Sendable {
    /// One thing that a record says, and under which redactions it is left out.
    public struct Field: Hashable, Sendable {
        /// What is left out with it.
        @frozen public struct Parts: OptionSet, Hashable, Sendable {
            public let rawValue: UInt8
            @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
            /// Tells who it is: left out with `Redactions.Parts.identities`.
            @inlinable public static var identity: Self { Self(rawValue: 1) }
            /// Tells a height.
            @inlinable public static var height: Self { Self(rawValue: 2) }
            /// Tells of sensors.
            @inlinable public static var sensors: Self { Self(rawValue: 4) }
            /// Tells a place more exactly than any grid.
            @inlinable public static var place: Self { Self(rawValue: 8) }
            /// Tells a time more exactly than any grid.
            @inlinable public static var time: Self { Self(rawValue: 16) }
        }

        public var name: String
        public var value: CBOR
        public var parts: Parts

        public init(_ name: String, _ value: CBOR, tells parts: Parts = []) {
            self.name = name
            self.value = value
            self.parts = parts
        }
    }

    /// The shell's own number, which rises from record to record over all starts: a record that is given again after a crash
    /// is not entered twice. It is told to nobody.
    public var number: UInt64
    /// The name by which audiences know it: the same again is the same thing.
    public var id: String
    /// The kind of its entry: a token.
    public var kind: String
    public var goods: GoodsKind
    public var label: Label?
    /// Where; nil for what has no place.
    public var position: Geodetic?
    public var measuredAt: Timestamp
    /// What it says. The names `id`, `label`, `goods`, `place`, `measured`, `late` and `release` are taken.
    public var fields: [Field]
    /// The leaf hashes of entries that it answers.
    public var references: [LedgerHash]
    /// A warning: it goes before everything else.
    public var isUrgent: Bool
    /// Whose entry it passes on; nil for what is this nation's own.
    var originator: Nation?

    public init(
        number: UInt64, id: String, kind: String, goods: GoodsKind, label: Label?, position: Geodetic? = nil,
        measuredAt: Timestamp, fields: [Field], references: [LedgerHash] = [], isUrgent: Bool = false
    ) {
        self.number = number
        self.id = id
        self.kind = kind
        self.goods = goods
        self.label = label
        self.position = position
        self.measuredAt = measuredAt
        self.fields = fields
        self.references = references
        self.isUrgent = isUrgent
    }
}

/// That an own track has changed: what is needed to see whom it may concern.
@frozen public struct TrackChangeNotice: Sendable {
    public enum Change: UInt8, Hashable, Sendable {
        case new
        case moved
        case dropped
    }

    public var track: TrackID
    public var change: Change

    @inlinable public init(_ track: TrackID, _ change: Change) {
        self.track = track
        self.change = change
    }
}

/// What a partner is told about a track, under the audience's own number.
public enum TrackNews: Sendable {
    /// Its state.
    case state(Track)
    /// What own sensors gained on it since this partner was last told.
    case tracklet(Tracklet)
    /// It is shown no more: it ended, or may not be shown. Nothing tells which.
    case withdrawn(TrackID)

    /// The audience's number of the track.
    public var track: TrackID {
        switch self {
        case .state(let track): track.id
        case .tracklet(let tracklet): tracklet.track
        case .withdrawn(let track): track
        }
    }
}

/// Where a node's own tracks are asked for: at the moment at which they can be sent, so that waiting costs nothing.
public protocol TrackSource {
    /// All tracks that there are now, in the order of their numbers.
    var tracks: [TrackID] { get }
    /// Whether it keeps tracklets for partners; else states alone are sent.
    var offersTracklets: Bool { get }
    /// The state of a track as it was known at an instant; nil where there was none then.
    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>?
    /// What own sensors gained on a track since this partner was last told for sure; nil where that is nothing.
    ///
    /// It is the partner's from now on, until `acknowledged` or `lost` says what became of it.
    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>?
    /// The partner surely has the last news of a track that it was sent.
    mutating func acknowledged(_ track: TrackID, by partner: Nation)
    /// The last news of a track surely did not reach the partner, or was not sent.
    mutating func lost(_ track: TrackID, for partner: Nation)
    /// The partner does not have the track any more.
    mutating func forget(_ track: TrackID, for partner: Nation)
    /// The partner has no track any more.
    mutating func forget(for partner: Nation)
}

/// A label in words, as it crosses a border: numbers of a vocabulary mean nothing there.
public struct LabelWords: Hashable, Sendable {
    /// The policy's name.
    public var policy: String
    /// The level's name in that policy.
    public var classification: String
    /// In their order, each once.
    public var originators: [Nation]
    /// In their order, each once; nil where nobody has said it.
    public var releasableTo: [Nation]?
    public var isReleasableToPublic: Bool
    /// Names, in the order of their octets, each once.
    public var caveats: [String]
    public var onward: Onward

    public init(
        policy: String, classification: String, originators: [Nation], releasableTo: [Nation]?,
        isReleasableToPublic: Bool = false, caveats: [String] = [], onward: Onward = .never
    ) {
        self.policy = policy
        self.classification = classification
        self.originators = originators
        self.releasableTo = releasableTo
        self.isReleasableToPublic = isReleasableToPublic
        self.caveats = caveats
        self.onward = onward
    }
}

/// A partner's tracks as they were verified.
public struct PartnerTracks: Sendable {
    /// One track.
    public struct Item: Sendable {
        public var news: TrackNews
        /// As it came; nil for what was withdrawn.
        public var words: LabelWords?
        /// In this node's own numbers: whatever is not known is unknown; nil for what was withdrawn.
        public var label: Label?

        public init(_ news: TrackNews, words: LabelWords?, label: Label?) {
            self.news = news
            self.words = words
            self.label = label
        }
    }

    /// The originator.
    public var nation: Nation
    /// Its node that signed.
    public var node: String
    /// From whom it came: the originator, or who passed it on. Numbers of tracks are of both together.
    public var via: Nation
    /// Nil where nothing came but that all tracks that were heard of before, from `nation` by `via`, are gone.
    public var batch: BatchNumber?
    /// All tracks that were heard of before, from `nation` by `via`, are gone.
    public var isReset: Bool
    /// By the originator's clock.
    public var sentAt: Timestamp
    public var items: [Item]

    public init(
        nation: Nation, node: String, via: Nation, batch: BatchNumber?, isReset: Bool, sentAt: Timestamp, items: [Item]
    ) {
        self.nation = nation
        self.node = node
        self.via = via
        self.batch = batch
        self.isReset = isReset
        self.sentAt = sentAt
        self.items = items
    }
}
