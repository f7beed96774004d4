public import Air
public import Geodesy

/// Flights of one sort in an exercise: what is said of them, not yet where they go.
public struct TrafficGroup: Hashable, Sendable {
    /// What the aircraft of a group do together.
    public enum Pattern: Hashable, Sendable {
        /// Each on a way of its own through the area, with turns, climbs and changes of speed as its kind makes them.
        case random
        /// One behind the other along points, each with its height; so many seconds between two.
        case airway(points: [Geodetic], interval: Double)
        /// In a V, metres apart, behind a leader; wingmen leave it at these times, the outermost first.
        case formation(spacing: Double, splits: [Double])
        /// In pairs on straight ways that cross at an angle; so many metres apart when they meet, beside and above.
        case crossing(angle: Double, missDistance: Double, heightDifference: Double)
        /// From place to place, and standing still in the air between.
        case hovering
        /// Carried by the wind.
        case drifting
    }

    /// What the aircraft of a group let others know.
    public struct Equipment: Hashable, Sendable {
        /// Weights of what they carry.
        public struct Shares: Hashable, Sendable {
            /// ADS-B and Mode S.
            public var broadcast: Double
            /// Mode S without ADS-B.
            public var modeS: Double
            /// Mode A/C only.
            public var modeAC: Double
            public var none: Double

            public init(broadcast: Double = 0, modeS: Double = 0, modeAC: Double = 0, none: Double = 0) {
                self.broadcast = broadcast
                self.modeS = modeS
                self.modeAC = modeAC
                self.none = none
            }

            /// What a kind of aircraft usually carries.
            public static func usual(_ kind: Aircraft.Kind) -> Shares {
                switch kind {
                case .airliner: Shares(broadcast: 0.94, modeS: 0.06)
                case .regional: Shares(broadcast: 0.82, modeS: 0.15, modeAC: 0.03)
                case .general, .helicopter: Shares(broadcast: 0.2, modeS: 0.3, modeAC: 0.38, none: 0.12)
                case .fast: Shares(modeS: 0.25, modeAC: 0.5, none: 0.25)
                case .supersonic, .drone, .balloon: Shares(none: 1)
                }
            }
        }

        /// Nil: as usual for the kind.
        public var shares: Shares?
        /// The code of all of them; nil: each has its own.
        public var code: Mode3A?
        /// The share of aircraft that fly under the code of another one.
        public var duplicateCodeShare: Double
        /// The probability that one bit of a code is wrong in a reply of Mode A/C.
        public var garbledCodeProbability: Double

        public init(
            shares: Shares? = nil, code: Mode3A? = nil, duplicateCodeShare: Double = 0,
            garbledCodeProbability: Double = 0
        ) {
            self.shares = shares
            self.code = code
            self.duplicateCodeShare = duplicateCodeShare
            self.garbledCodeProbability = garbledCodeProbability
        }
    }

    public var pattern: Pattern
    /// Kinds of aircraft and their weights.
    public var kinds: [Aircraft.Kind: Double]
    /// How many; of pairs in crossings.
    public var count: Int
    /// The disk in which they fly; aircraft that leave it turn back.
    public var centre: Geodetic
    /// Metres.
    public var radius: Double
    /// Metres above the ellipsoid; nil: as the kind flies.
    public var heights: ClosedRange<Double>?
    /// Metres per second over ground; nil: as the kind flies.
    public var speeds: ClosedRange<Double>?
    /// Direction of flight at the beginning, radians from true north; nil: any.
    public var track: Double?
    /// When they are there, seconds since the exercise began.
    public var time: Range<Double>
    public var equipment: Equipment
    /// Whether of a formation only the leader answers and broadcasts.
    public var leaderReplies: Bool

    public init(
        _ pattern: Pattern, kinds: [Aircraft.Kind: Double], count: Int, centre: Geodetic, radius: Double,
        heights: ClosedRange<Double>? = nil, speeds: ClosedRange<Double>? = nil, track: Double? = nil,
        time: Range<Double>, equipment: Equipment = Equipment(), leaderReplies: Bool = true
    ) {
        precondition(count >= 0 && radius > 0, "a group has a count and an area")
        self.pattern = pattern
        self.kinds = kinds
        self.count = count
        self.centre = centre
        self.radius = radius
        self.heights = heights
        self.speeds = speeds
        self.track = track
        self.time = time
        self.equipment = equipment
        self.leaderReplies = leaderReplies
    }
}

/// The ways of a kind of aircraft that flies as it pleases.
struct Manner: Sendable {
    /// Over ground, metres per second.
    var speeds: ClosedRange<Double>
    /// Metres.
    var heights: ClosedRange<Double>
    /// Across the track in a turn, metres per second squared.
    var lateral: ClosedRange<Double>
    /// Radians of one turn.
    var turns: ClosedRange<Double>
    /// Seconds between two turns.
    var straights: ClosedRange<Double>
    /// The fastest climb, metres per second.
    var climbMax: Double
    /// Along the track, the largest, metres per second squared.
    var acceleration: Double
    /// Seconds to roll into a turn or to begin a climb.
    var roll: Double

    init(_ kind: Aircraft.Kind) {
        let degree = Double.pi / 180
        func make(
            _ speeds: ClosedRange<Double>, _ heights: ClosedRange<Double>, lateral: ClosedRange<Double>,
            turns: ClosedRange<Double>, straights: ClosedRange<Double>, climb: Double, along: Double, roll: Double
        ) -> Manner {
            Manner(
                speeds: speeds, heights: heights, lateral: lateral,
                turns: turns.lowerBound * degree...turns.upperBound * degree, straights: straights, climbMax: climb,
                acceleration: along, roll: roll)
        }
        self =
            switch kind {
            case .airliner:
                make(
                    200...255, 7000...12_500, lateral: 1...4.5, turns: 10...90, straights: 40...240, climb: 12,
                    along: 0.3, roll: 5)
            case .regional:
                make(
                    80...140, 900...5500, lateral: 1...4, turns: 10...110, straights: 30...150, climb: 8, along: 0.5,
                    roll: 4)
            case .general:
                make(
                    40...70, 400...2500, lateral: 1...3, turns: 20...180, straights: 20...90, climb: 4, along: 0.4,
                    roll: 3)
            case .helicopter:
                make(
                    25...70, 150...900, lateral: 0.8...2.5, turns: 20...150, straights: 20...80, climb: 5, along: 1.5,
                    roll: 2)
            case .fast:
                make(
                    180...400, 1500...13_000, lateral: 10...30, turns: 20...180, straights: 15...80, climb: 80,
                    along: 6, roll: 1.5)
            case .supersonic:
                make(
                    400...650, 11_000...18_000, lateral: 8...25, turns: 10...90, straights: 40...180, climb: 60,
                    along: 4, roll: 2)
            case .drone:
                make(
                    8...25, 40...400, lateral: 1...4, turns: 20...180, straights: 5...30, climb: 3, along: 1,
                    roll: 0.5)
            case .balloon:
                make(
                    0...40, 1000...20_000, lateral: 0.1...0.5, turns: 1...10, straights: 60...120, climb: 3,
                    along: 0.1, roll: 5)
            }
    }

    private init(
        speeds: ClosedRange<Double>, heights: ClosedRange<Double>, lateral: ClosedRange<Double>,
        turns: ClosedRange<Double>, straights: ClosedRange<Double>, climbMax: Double, acceleration: Double,
        roll: Double
    ) {
        self.speeds = speeds
        self.heights = heights
        self.lateral = lateral
        self.turns = turns
        self.straights = straights
        self.climbMax = climbMax
        self.acceleration = acceleration
        self.roll = roll
    }
}
