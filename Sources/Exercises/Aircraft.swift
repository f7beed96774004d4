public import Air
public import Geodesy

/// An aircraft of an exercise: who it is and what it lets others know.
public struct Aircraft: Hashable, Sendable {
    /// How it flies.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case airliner, regional, general, helicopter, fast, supersonic, drone, balloon

        /// How far a primary radar sees it, as a share of its coverage.
        ///
        /// The radar equation: the reach goes with the fourth root of the radar cross-section. Coverage is meant for
        /// 1 m²; a small drone has 0.01 m², a balloon with its load 0.1 m².
        var primaryReach: Double {
            switch self {
            case .drone: 0.316
            case .balloon: 0.562
            default: 1
            }
        }
    }

    /// What answers a secondary radar.
    public enum Transponder: UInt8, Hashable, Sendable {
        case none, modeAC, modeS
    }

    /// Its number in the exercise, never used twice.
    public var serial: UInt32
    public var kind: Kind
    public var transponder: Transponder
    /// Whether it broadcasts its position (ADS-B).
    public var broadcasts: Bool
    /// Address, Mode 3/A code and identification, as far as its equipment sends them.
    public var identity: Identity
    /// One standard deviation of each axis of its own position, as it reports it, metres.
    public var navigationDeviation: Double
    /// The probability that one bit of its Mode 3/A code is wrong in a reply of Mode A/C.
    public var garbling = 0.0
}

/// The truth about one aircraft at one instant.
public struct AircraftState: Hashable, Sendable {
    public var aircraft: Aircraft
    /// The height is that above the ellipsoid and the pressure altitude: an exercise has a standard day.
    public var position: Geodetic
    /// In the frame at `position`, metres per second.
    public var velocity: EastNorthUp
}
