public import Geodesy

/// Where an object truly was at one instant.
public struct TruthState: Sendable {
    /// Seconds since the scenario's start.
    public var time: Double
    /// The object's name in the scenario.
    public var target: String
    /// Where it was.
    public var position: Geodetic
    /// Velocity over the ellipsoid to the north, m/s.
    public var velocityNorth: Double
    /// Velocity over the ellipsoid to the east, m/s.
    public var velocityEast: Double
    /// The identity that it sends, nil if it sends none.
    public var identity: String?
    /// What it is: scores are kept by kind.
    public var kind: String

    public init(
        time: Double, target: String, position: Geodetic, velocityNorth: Double, velocityEast: Double,
        identity: String? = nil, kind: String = "unknown"
    ) {
        self.time = time
        self.target = target
        self.position = position
        self.velocityNorth = velocityNorth
        self.velocityEast = velocityEast
        self.identity = identity
        self.kind = kind
    }
}

/// What a tracker said of one track at one instant.
public struct TrackReport: Sendable {
    /// Seconds since the scenario's start.
    public var time: Double
    /// The track's number.
    public var track: String
    /// Latitude, radians.
    public var latitude: Double
    /// Longitude, radians.
    public var longitude: Double
    /// Height above the ellipsoid, metres, nil if the track has none.
    public var altitude: Double?
    /// Velocity over the ellipsoid to the north, m/s.
    public var velocityNorth: Double
    /// Velocity over the ellipsoid to the east, m/s.
    public var velocityEast: Double
    /// The identity that the track is said to have, nil if unknown.
    public var identity: String?
    /// Over (north m, east m, north m/s, east m/s), nil if the tracker tells none.
    public var covariance: Matrix<4, 4>?

    public init(
        time: Double, track: String, latitude: Double, longitude: Double, altitude: Double? = nil,
        velocityNorth: Double, velocityEast: Double, identity: String? = nil, covariance: Matrix<4, 4>? = nil
    ) {
        self.time = time
        self.track = track
        self.latitude = latitude
        self.longitude = longitude
        self.altitude = altitude
        self.velocityNorth = velocityNorth
        self.velocityEast = velocityEast
        self.identity = identity
        self.covariance = covariance
    }
}
