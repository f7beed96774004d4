public import Air
public import Geodesy

/// Where a track was at one instant, as history keeps it.
public struct TrackPoint: Hashable, Sendable {
    /// Whose.
    public var track: TrackID
    /// The instant; history keeps milliseconds.
    public var measuredAt: Timestamp
    /// Where; history keeps 1e-7 degrees and decimetres.
    public var position: Geodetic
    /// Pressure altitude, metres, where it was reported; history keeps a quarter of a flight level.
    public var pressureAltitude: Double?
    /// Speed over ground, metres per second; history keeps decimetres per second.
    public var groundSpeed: Double
    /// Direction of movement, radians clockwise from true north, 0 ..< 2π; history keeps hundredths of a degree.
    public var course: Double
    /// Metres per second, up positive; history keeps decimetres per second.
    public var climbRate: Double
    /// Where in its life the track was.
    public var status: Track.Status
    /// Kind of the last plot.
    public var kind: Plot.Kind
    /// The aircraft said that it was on the ground.
    public var isOnGround: Bool

    public init(
        track: TrackID, measuredAt: Timestamp, position: Geodetic, pressureAltitude: Double? = nil,
        groundSpeed: Double = 0, course: Double = 0, climbRate: Double = 0, status: Track.Status = .confirmed,
        kind: Plot.Kind = .combined, isOnGround: Bool = false
    ) {
        self.track = track
        self.measuredAt = measuredAt
        self.position = position
        self.pressureAltitude = pressureAltitude
        self.groundSpeed = groundSpeed
        self.course = course
        self.climbRate = climbRate
        self.status = status
        self.kind = kind
        self.isOnGround = isOnGround
    }

    /// Where `track` is now.
    public init(_ track: borrowing Track) {
        let course = Polar(EastNorthUp(east: track.velocity.east, north: track.velocity.north, up: 0)).azimuth
        self.init(
            track: track.id, measuredAt: track.measuredAt, position: track.position,
            pressureAltitude: track.pressureAltitude?.value, groundSpeed: track.groundSpeed, course: course,
            climbRate: track.velocity.up, status: track.status, kind: track.lastKind, isOnGround: track.isOnGround)
    }
}

/// A point as the columns of its row: small whole numbers, most of one to four bytes in SQLite.
struct PointRow {
    /// Minutes since 1970; the first part of the key.
    var minute: Int64
    var track: Int64
    /// Milliseconds within the minute, 0 ..< 60,000.
    var millisecond: Int64
    /// 1e-7 degrees.
    var latitude: Int64
    /// 1e-7 degrees.
    var longitude: Int64
    /// Decimetres.
    var height: Int64
    /// Quarters of a flight level, 25 ft: the unit of I048/090 and of most Mode C and ADS-B altitudes.
    var quarterLevel: Int64?
    /// Decimetres per second.
    var speed: Int64
    /// Hundredths of a degree.
    var course: Int64
    /// Decimetres per second.
    var climb: Int64
    ///     | kind 4 bits | on ground 1 | status 2 |
    var flags: Int64

    init(_ point: TrackPoint) {
        let milliseconds = floorDivide(point.measuredAt.nanoseconds, 1_000_000)
        self.minute = floorDivide(milliseconds, 60_000)
        self.millisecond = milliseconds - self.minute * 60_000
        self.track = Int64(point.track.rawValue)
        self.latitude = scaled(point.position.latitudeDegrees, 1e7)
        self.longitude = scaled(point.position.longitudeDegrees, 1e7)
        self.height = scaled(point.position.height, 10)
        self.quarterLevel = point.pressureAltitude.map { scaled(Length.metres($0).flightLevel, 4) }
        self.speed = scaled(point.groundSpeed, 10)
        self.course = scaled(Angle.radians(point.course).degrees, 100)
        self.climb = scaled(point.climbRate, 10)
        self.flags =
            Int64(point.kind.rawValue) << 3 | (point.isOnGround ? 4 : 0) | Int64(point.status.rawValue)
    }

    /// The point; a number that this version does not know is read as the commonest one.
    var point: TrackPoint {
        TrackPoint(
            track: TrackID(UInt32(truncatingIfNeeded: self.track)),
            measuredAt: Timestamp(nanoseconds: (self.minute &* 60_000 &+ self.millisecond) &* 1_000_000),
            position: Geodetic(
                latitudeDegrees: Double(self.latitude) * 1e-7, longitudeDegrees: Double(self.longitude) * 1e-7,
                height: Double(self.height) / 10),
            pressureAltitude: self.quarterLevel.map { Length.flightLevel(Double($0) / 4).metres },
            groundSpeed: Double(self.speed) / 10, course: Angle.degrees(Double(self.course) / 100).radians,
            climbRate: Double(self.climb) / 10,
            status: Track.Status(rawValue: UInt8(truncatingIfNeeded: self.flags & 3)) ?? .confirmed,
            kind: Plot.Kind(rawValue: UInt8(truncatingIfNeeded: self.flags >> 3 & 15)) ?? .combined,
            isOnGround: self.flags & 4 != 0)
    }
}

/// `value · factor` as a whole number; what is no number or out of 40 bits becomes 0 or the end of the range.
private func scaled(_ value: Double, _ factor: Double) -> Int64 {
    let product = (value * factor).rounded()
    return product.isNaN ? 0 : Int64(max(-0x80_0000_0000, min(0x7F_FFFF_FFFF, product)))
}

/// The quotient rounded down, also below zero; `b` is above zero.
func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -1 - (-1 - a) / b }
