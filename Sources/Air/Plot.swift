public import Geodesy

/// One detection by one sensor at one time, in the sensor's own frame. Holds no reference: a copy is a copy.
@frozen public struct Plot: Hashable, Sendable {
    /// Which channels of a sensor made the detection.
    public enum Kind: UInt8, Hashable, Sendable {
        /// An echo of a primary radar.
        case primary
        /// A Mode A/C reply.
        case secondary
        /// A Mode S reply.
        case modeS
        /// Primary echo and reply (A/C or S) of one aircraft, combined by the radar.
        case combined
        /// A position that the aircraft broadcast.
        case broadcast
        /// A position found by multilateration.
        case multilateration
        /// A track that another system sends.
        case systemTrack
    }

    /// What a report says that it is about.
    public enum Subject: UInt8, Hashable, Sendable {
        case aircraft
        case unmannedAircraft
        /// On or under the water.
        case vessel
        case landVehicle
        case person
        case animal
        /// What stands still: a base station, a buoy, a mast.
        case fixedObject
    }

    /// What was measured of the place.
    public enum Measurement: Hashable, Sendable {
        /// By a radar: slant range in metres; azimuth clockwise from true north and elevation, in radians.
        case polar(range: Double, azimuth: Double, elevation: Double?)
        /// By the aircraft or a system: WGS-84, radians; one standard deviation of each horizontal axis, metres.
        case geodetic(latitude: Double, longitude: Double, deviation: Double)
    }

    /// A velocity over ground as it was reported.
    public struct Velocity: Hashable, Sendable {
        /// Metres per second.
        public var north: Double
        /// Metres per second.
        public var east: Double
        /// One standard deviation of each component, metres per second.
        public var deviation: Double

        public init(north: Double, east: Double, deviation: Double) {
            self.north = north
            self.east = east
            self.deviation = deviation
        }
    }

    /// The sensor that made it.
    public var sensor: SensorID
    /// When the sensor measured it.
    public var measuredAt: Timestamp
    /// When this node received it.
    public var receivedAt: Timestamp
    /// By which channels.
    public var kind: Kind
    /// What it is about, where the report says it; a radar mostly does not.
    public var subject: Subject?
    /// The measured place.
    public var measurement: Measurement
    /// Pressure altitude (Mode C, flight level, ADS-B barometric), metres in the standard atmosphere.
    public var pressureAltitude: Double?
    /// Height above the WGS-84 ellipsoid, metres.
    public var geometricHeight: Double?
    /// Reported velocity over ground.
    public var velocity: Velocity?
    /// Reported rate of climb, metres per second, up positive.
    public var climbRate: Double?
    /// Radial speed that a radar found from the Doppler shift, metres per second. Whether positive means away from the
    /// radar or towards it, the standard leaves open (I048/120) and each radar has its own way: the tracker finds it out.
    public var dopplerSpeed: Double?
    /// Who it says it is.
    public var identity: Identity
    /// The number that the sensor or system gave to its own track of this aircraft (I048/161, I062/040).
    public var sensorTrackNumber: UInt16?
    /// The aircraft says that it is on the ground.
    public var isOnGround: Bool
    /// A special position indication (SPI) is set.
    public var hasIdentPulse: Bool
    /// The rules of plausibility that it breaks.
    public var doubts: Doubts
    /// Its label. Whoever makes a plot does not know it: the node that receives it says it.
    public var labels: LabelSet

    public init(
        sensor: SensorID, measuredAt: Timestamp, receivedAt: Timestamp, kind: Kind, measurement: Measurement,
        pressureAltitude: Double? = nil, geometricHeight: Double? = nil, velocity: Velocity? = nil,
        climbRate: Double? = nil, identity: Identity = Identity(), sensorTrackNumber: UInt16? = nil,
        isOnGround: Bool = false, hasIdentPulse: Bool = false, subject: Subject? = nil, doubts: Doubts = []
    ) {
        self.sensor = sensor
        self.measuredAt = measuredAt
        self.receivedAt = receivedAt
        self.kind = kind
        self.subject = subject
        self.measurement = measurement
        self.pressureAltitude = pressureAltitude
        self.geometricHeight = geometricHeight
        self.velocity = velocity
        self.climbRate = climbRate
        self.identity = identity
        self.sensorTrackNumber = sensorTrackNumber
        self.isOnGround = isOnGround
        self.hasIdentPulse = hasIdentPulse
        self.doubts = doubts
        self.labels = .unlabelled
    }
}

/// The beam of a rotating radar passed a direction: what tells the tracker that a track was looked at in vain.
@frozen public struct SectorCrossing: Hashable, Sendable {
    /// The radar.
    public var sensor: SensorID
    /// When the beam was there.
    public var measuredAt: Timestamp
    /// When this node learned it.
    public var receivedAt: Timestamp
    /// Direction of the beam, radians from true north; a north marker is 0.
    public var azimuth: Double
    /// Seconds of one turn, where the message says it.
    public var period: Double?

    public init(sensor: SensorID, measuredAt: Timestamp, receivedAt: Timestamp, azimuth: Double, period: Double? = nil)
    {
        self.sensor = sensor
        self.measuredAt = measuredAt
        self.receivedAt = receivedAt
        self.azimuth = azimuth
        self.period = period
    }
}

/// What a sensor says of itself.
@frozen public struct SensorStatus: Hashable, Sendable {
    public var sensor: SensorID
    public var measuredAt: Timestamp
    public var receivedAt: Timestamp
    /// False when the sensor releases its data for no operational use (I034/050 NOGO, I062-side status).
    public var isOperational: Bool
    /// Where it says that it stands (I034/120).
    public var site: Geodetic?

    public init(
        sensor: SensorID, measuredAt: Timestamp, receivedAt: Timestamp, isOperational: Bool, site: Geodetic? = nil
    ) {
        self.sensor = sensor
        self.measuredAt = measuredAt
        self.receivedAt = receivedAt
        self.isOperational = isOperational
        self.site = site
    }
}

/// One thing that a feed brought, decoded: what goes from `SensorFormats` to `Tracking`.
public enum SensorReport: Hashable, Sendable {
    case plot(Plot)
    case sector(SectorCrossing)
    case status(SensorStatus)

    /// The sensor that it is from.
    public var sensor: SensorID {
        switch self {
        case .plot(let plot): plot.sensor
        case .sector(let crossing): crossing.sensor
        case .status(let status): status.sensor
        }
    }

    /// When it was measured.
    public var measuredAt: Timestamp {
        switch self {
        case .plot(let plot): plot.measuredAt
        case .sector(let crossing): crossing.measuredAt
        case .status(let status): status.measuredAt
        }
    }
}
