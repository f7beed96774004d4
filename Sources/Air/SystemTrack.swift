/// A track of the fused picture, and who contributed what.
public struct SystemTrack: Sendable {
    /// On what nations do not agree: shown, never averaged away.
    @frozen public struct Disagreements: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Contributors tell different Mode S addresses.
        public static let address = Disagreements(rawValue: 1)
        /// Contributors tell different discrete Mode 3/A codes.
        public static let mode3A = Disagreements(rawValue: 2)
        /// Contributors tell different aircraft identifications.
        public static let callsign = Disagreements(rawValue: 4)
        /// A contributor's measurements lie beyond the gate, or another track bears the same address elsewhere.
        public static let position = Disagreements(rawValue: 8)

        /// Their names, in the order of their bits.
        public var names: [String] {
            zip([.address, .mode3A, .callsign, .position], ["address", "mode-3a", "callsign", "position"])
                .compactMap { self.contains($0.0) ? $0.1 : nil }
        }
    }

    /// What a nation contributed, as it told it.
    public struct Contribution: Sendable {
        /// In which form it came.
        public enum Form: UInt8, Hashable, Sendable {
            case tracklets
            case track
        }

        public var nation: Nation
        /// The originator's number, as given to this audience.
        public var track: TrackID
        public var form: Form
        /// Of the newest measurements in it.
        public var measuredAt: Timestamp
        public var status: Track.Status
        public var address: Track.Aged<ICAOAddress>?
        public var mode3A: Track.Aged<Mode3A>?
        public var callsign: Track.Aged<Callsign>?
        /// Where the nation says that it is; of `measuredAt`.
        public var latitude: Double
        public var longitude: Double
        /// Whether its measurements lie beyond the gate.
        public var isApart: Bool

        public init(
            nation: Nation, track: TrackID, form: Form, measuredAt: Timestamp, status: Track.Status,
            address: Track.Aged<ICAOAddress>?, mode3A: Track.Aged<Mode3A>?, callsign: Track.Aged<Callsign>?,
            latitude: Double, longitude: Double, isApart: Bool
        ) {
            self.nation = nation
            self.track = track
            self.form = form
            self.measuredAt = measuredAt
            self.status = status
            self.address = address
            self.mode3A = mode3A
            self.callsign = callsign
            self.latitude = latitude
            self.longitude = longitude
            self.isApart = isApart
        }
    }

    /// State, covariance, identity and number in the fused picture; `contributions` of it is empty.
    public var track: Track
    /// Who contributed, in the order in which they joined.
    public var contributions: [Contribution]
    public var disagreements: Disagreements
    /// The track that bears the same address elsewhere.
    public var rival: TrackID?

    public init(
        track: Track, contributions: [Contribution], disagreements: Disagreements, rival: TrackID?
    ) {
        self.track = track
        self.contributions = contributions
        self.disagreements = disagreements
        self.rival = rival
    }

    /// The nations whose data are in it.
    public var originators: NationSet { NationSet(self.contributions.map(\.nation)) }
}

/// What has changed in a fused picture.
public enum SystemTrackChange: Sendable {
    /// Begun or moved.
    case updated(SystemTrack)
    /// Ended, or joined with another one.
    case dropped(TrackID, at: Timestamp)
}
