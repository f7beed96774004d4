public import Geodesy

/// The number of a track, unique in its node for as long as the node runs.
@frozen public struct TrackID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    public var description: String { "\(self.rawValue)" }

    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// An estimate over time of one object: state, covariance, life, identity. Holds no reference.
@frozen public struct Track: Sendable {
    /// The life of a track.
    public enum Status: UInt8, Hashable, Sendable {
        /// Begun, not yet believed.
        case tentative
        /// Believed and seen at the last looks.
        case confirmed
        /// Believed, not seen at the last looks.
        case coasting
    }

    /// A sensor that contributed, and when it last did.
    public struct Contribution: Hashable, Sendable {
        public var sensor: SensorID
        public var measuredAt: Timestamp

        public init(sensor: SensorID, measuredAt: Timestamp) {
            self.sensor = sensor
            self.measuredAt = measuredAt
        }
    }

    /// A value and when it was last measured.
    public struct Aged<Value: Hashable & Sendable>: Hashable, Sendable {
        public var value: Value
        public var measuredAt: Timestamp

        public init(_ value: Value, at measuredAt: Timestamp) {
            self.value = value
            self.measuredAt = measuredAt
        }
    }

    /// How many contributions are kept: the most recent ones.
    public static let contributionsMax = 8

    /// Its number.
    public var id: TrackID
    /// Where in its life it is.
    public var status: Status
    /// The instant that state and covariance hold for.
    public var measuredAt: Timestamp
    /// When the node received the last plot that entered it.
    public var receivedAt: Timestamp
    /// When it was begun.
    public var bornAt: Timestamp
    /// Where it is. The height is above the ellipsoid, or the pressure altitude where only that is known.
    public var position: Geodetic
    /// Velocity in the frame at `position`: metres per second.
    public var velocity: EastNorthUp
    /// Covariance of (east, north, v east, v north) in the frame at `position`: m², m²/s, m²/s².
    public var covariance: Matrix<4, 4>
    /// Variance of the height, m².
    public var heightVariance: Double
    /// Variance of the rate of climb, m²/s².
    public var climbVariance: Double
    /// Pressure altitude as last reported, metres.
    public var pressureAltitude: Aged<Double>?
    /// Height above the ellipsoid as last reported, metres.
    public var geometricHeight: Aged<Double>?
    /// The Mode S address.
    public var address: Aged<ICAOAddress>?
    /// The Mode 3/A code.
    public var mode3A: Aged<Mode3A>?
    /// The aircraft identification.
    public var callsign: Aged<Callsign>?
    /// The aircraft says that it is on the ground.
    public var isOnGround: Bool
    /// Kind of the last plot that entered it.
    public var lastKind: Plot.Kind
    /// The sensors that saw it last, newest first; `contributionCount` of the slots are in use.
    public var contributions: InlineArray<8, Contribution>
    /// How many slots of `contributions` are in use, 0...8.
    public var contributionCount: UInt8
    /// How many plots have entered it.
    public var plotCount: UInt32
    /// Which rules of plausibility its recent plots broke, and when.
    public var doubtLog: DoubtLog
    /// The labels of all plots that ever entered it, and of those of duplicates that it took over.
    public var labels: LabelSet

    public init(id: TrackID, status: Status, measuredAt: Timestamp, receivedAt: Timestamp, position: Geodetic) {
        self.id = id
        self.status = status
        self.measuredAt = measuredAt
        self.receivedAt = receivedAt
        self.bornAt = measuredAt
        self.position = position
        self.velocity = EastNorthUp(east: 0, north: 0, up: 0)
        self.covariance = .zero
        self.heightVariance = 0
        self.climbVariance = 0
        self.isOnGround = false
        self.lastKind = .primary
        self.contributions = InlineArray(
            repeating: Contribution(sensor: SensorID(rawValue: 0), measuredAt: Timestamp(nanoseconds: 0)))
        self.contributionCount = 0
        self.plotCount = 0
        self.doubtLog = DoubtLog()
        self.labels = []
    }

    /// Puts a sensor's look in front of the contributions; the oldest beyond eight is let go.
    public mutating func contribute(sensor: SensorID, measuredAt: Timestamp) {
        var slot = Int(self.contributionCount)
        for i in 0..<Int(self.contributionCount) where self.contributions[i].sensor == sensor { slot = i }
        if slot == Int(self.contributionCount) {
            slot = min(slot, Self.contributionsMax - 1)
            self.contributionCount = UInt8(slot + 1)
        }
        while slot > 0 {
            self.contributions[slot] = self.contributions[slot - 1]
            slot -= 1
        }
        self.contributions[0] = Contribution(sensor: sensor, measuredAt: measuredAt)
    }

    /// The rules that its recent plots broke, each for `Doubt.hold` after the last plot that did.
    public var doubts: Doubts { self.doubtLog.doubts }

    /// Speed over ground, metres per second.
    @inlinable public var groundSpeed: Double {
        (self.velocity.east * self.velocity.east + self.velocity.north * self.velocity.north).squareRoot()
    }
}

/// What a tracker says has changed.
public enum TrackChange: Sendable {
    /// Begun or moved, with its new state.
    case updated(Track)
    /// Ended.
    case dropped(TrackID, at: Timestamp)
}
