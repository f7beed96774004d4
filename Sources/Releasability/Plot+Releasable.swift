public import Air
internal import Geodesy
internal import Glibc

extension Plot: Releasable {
    /// The sensor that the audience is told where an agreement withholds the true one.
    public typealias Number = SensorID

    public static var goodsKind: GoodsKind { .plots }

    /// Where and when. What a radar measured has no place here: it is one only beside the radar's.
    public var spot: Spot {
        guard case .geodetic(let latitude, let longitude, _) = self.measurement else {
            return Spot(position: nil, measuredAt: self.measuredAt)
        }
        return Spot(
            position: Geodetic(
                latitude: latitude, longitude: longitude,
                height: self.geometricHeight ?? self.pressureAltitude ?? .nan),
            measuredAt: self.measuredAt)
    }

    /// The plot as an audience may see it.
    ///
    /// What a radar measured is measured from the radar: it goes with its sensor, its time and as exact as it is, or not at
    /// all. Other places are put into the middle of their cell, as those of tracks are, and their sensors left out then.
    public func redacted(_ redactions: Redactions, numbered number: SensorID) -> Plot? {
        var plot = self
        plot.labels = .unlabelled
        guard !redactions.isEmpty else { return plot }
        let hidesSensor = redactions.positionGrid > 0 || redactions.parts.contains(.sensors)
        if redactions.parts.contains(.height) { plot.hideHeight() }
        if redactions.parts.contains(.identities) {
            plot.identity = Identity()
            plot.sensorTrackNumber = nil
            plot.hasIdentPulse = false
        }
        let step = Int64(max(redactions.timeGrid, redactions.positionGrid > 0 ? 1000 : 0)) * 1_000_000
        guard hidesSensor || step > 0 else { return plot }
        guard case .geodetic(let latitude, let longitude, let deviation) = self.measurement, deviation.isFinite else {
            return nil
        }
        let stated = step > 0 ? Timestamp(nanoseconds: Self.floor(self.measuredAt.nanoseconds, step)) : self.measuredAt
        var place = Geodetic(latitude: latitude, longitude: longitude, height: 0)
        var variance = deviation * deviation
        let back = self.measuredAt.seconds(since: stated)
        if let velocity = self.velocity {
            guard velocity.east.isFinite, velocity.north.isFinite, velocity.deviation.isFinite else { return nil }
            place = place.moved(
                distance: (velocity.east * velocity.east + velocity.north * velocity.north).squareRoot() * back,
                azimuth: atan2(-velocity.east, -velocity.north))
        } else {
            // As far as an aircraft may have flown since.
            variance += 300 * 300 * back * back
        }
        if redactions.positionGrid > 0 {
            let side = Double(redactions.positionGrid), motion = side / 600
            let cell = Cell(side: side, latitude: place.latitude, longitude: place.longitude)
            place = Geodetic(latitude: cell.latitude, longitude: cell.longitude, height: 0)
            // The same for every plot of a cell: the exact one would tell what the sensor is.
            variance = Self.steps(variance, side)
            plot.velocity = self.velocity.map {
                Velocity(
                    north: ($0.north / motion).rounded() * motion, east: ($0.east / motion).rounded() * motion,
                    deviation: Self.steps($0.deviation * $0.deviation, motion).squareRoot())
            }
        }
        plot.measurement = .geodetic(
            latitude: place.latitude, longitude: place.longitude, deviation: variance.squareRoot())
        plot.measuredAt = stated
        plot.receivedAt =
            step > 0 ? Timestamp(nanoseconds: Self.floor(self.receivedAt.nanoseconds, step)) : self.receivedAt
        if hidesSensor {
            plot.sensor = number
            plot.kind = .systemTrack
            plot.sensorTrackNumber = nil
            plot.dopplerSpeed = nil
        }
        return plot
    }

    private mutating func hideHeight() {
        self.pressureAltitude = nil
        self.geometricHeight = nil
        self.climbRate = nil
        if case .polar(let range, let azimuth, _) = self.measurement {
            self.measurement = .polar(range: range, azimuth: azimuth, elevation: nil)
        }
    }

    private static func floor(_ time: Int64, _ step: Int64) -> Int64 {
        let rest = time % step
        return time &- (rest < 0 ? rest &+ step : rest)
    }

    /// The variance of what is spread evenly over so many steps as hold the true one.
    private static func steps(_ variance: Double, _ step: Double) -> Double {
        let steps = ((max(variance, 0) * 12).squareRoot() / step).rounded(.up)
        let deviation = step / 12.0.squareRoot() * (steps.isFinite ? max(steps, 1) : 1e6)
        return deviation * deviation
    }
}
