public import Air
public import Geodesy

/// An aircraft of an exercise: who it is and what it lets others know.
public struct Aircraft: Hashable, Sendable {
    /// How it flies.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case airliner, regional, general, helicopter, fast
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
}

/// The truth about one aircraft at one instant.
public struct AircraftState: Hashable, Sendable {
    public var aircraft: Aircraft
    /// The height is that above the ellipsoid and the pressure altitude: an exercise has a standard day.
    public var position: Geodetic
    /// In the frame at `position`, metres per second.
    public var velocity: EastNorthUp
}
