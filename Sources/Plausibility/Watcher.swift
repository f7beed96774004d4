import Air
import Geodesy
import Glibc

/// What a guard knows of one sensor: where it stands, how far it sees, how its clock goes.
struct Watcher: Sendable {
    enum Kind: UInt8 { case radar, receiver, system }

    private(set) var kind = Kind.receiver
    /// False for a sensor that no one told us of: its reach is not judged, and polar plots have no place.
    private var isKnown = false
    var isOperational = true
    private var centre = SIMD3<Double>.zero
    private var east = SIMD3<Double>.zero
    private var north = SIMD3<Double>.zero
    private var up = SIMD3<Double>.zero
    private var height = 0.0
    /// Distance of the radio horizon of the antenna alone, metres.
    private var horizon = 0.0
    private var rangeMin = 0.0
    private var rangeMax = 0.0
    private var sinElevationMax = 1.0
    private var hasSecondary = false
    private var primary = Sensor.Channel.primary
    private var secondary = Sensor.Channel.secondary
    /// Seconds of one turn.
    private(set) var period = 10.0

    /// The newest of its stamps, nanoseconds; and when one near it last came.
    private var newest = Int64.min
    private var newestHeardAt = Int64.min
    /// Since when it has reported without a gap of some turns, and when it last did; nanoseconds of reception.
    private var aliveSince = Int64.max
    private var heardAt = Int64.min
    /// Whether each of its last 64 plots without an address came before, newest lowest.
    private var repeats: UInt64 = 0

    init(unknown: SensorID) {}

    mutating func learn(_ sensor: Sensor) {
        let frame = LocalFrame(origin: sensor.site)
        self.isKnown = true
        self.centre = SIMD3(frame.centre.x, frame.centre.y, frame.centre.z)
        self.east = SIMD3(frame.axes[0, 0], frame.axes[0, 1], frame.axes[0, 2])
        self.north = SIMD3(frame.axes[1, 0], frame.axes[1, 1], frame.axes[1, 2])
        self.up = SIMD3(frame.axes[2, 0], frame.axes[2, 1], frame.axes[2, 2])
        self.height = sensor.site.height
        self.horizon = (2 * Limits.effectiveRadius * max(sensor.site.height, 10)).squareRoot()
        self.rangeMin = sensor.coverage.lowerBound
        self.rangeMax = sensor.coverage.upperBound
        self.sinElevationMax = sin(min(max(sensor.elevationMax, 0), .pi / 2))
        self.hasSecondary = sensor.secondary != nil
        self.primary = sensor.primary ?? .primary
        self.secondary = sensor.secondary ?? .secondary
        switch sensor.kind {
        case .radar(let period):
            self.kind = .radar
            self.period = period > 0.1 && period < 120 ? period : 10
        case .receiver: self.kind = .receiver
        case .system: self.kind = .system
        }
    }

    // MARK: Time

    mutating func hear(_ crossing: SectorCrossing) {
        if let period = crossing.period, period > 0.5, period < 60 { self.period = period }
        self.hear(at: crossing.receivedAt.nanoseconds)
    }

    private mutating func hear(at now: Int64) {
        if self.heardAt == .min || Double(now &- self.heardAt) > 2.5e9 * self.period { self.aliveSince = now }
        self.heardAt = max(self.heardAt, now)
    }

    /// What the stamp of a plot says, against its reception and the sensor's other stamps.
    mutating func doubtsOfTime(_ plot: Plot) -> Doubts {
        let (measured, received) = (plot.measuredAt.nanoseconds, plot.receivedAt.nanoseconds)
        self.hear(at: received)
        let ahead = plot.measuredAt.seconds(since: plot.receivedAt)
        if ahead > Limits.future { return .fromFuture }
        var doubts: Doubts = []
        if ahead < -Limits.past { doubts.insert(.fromPast) }
        if self.newest == .min || measured >= self.newest {
            self.newest = measured
            self.newestHeardAt = received
        } else if Double(self.newest &- measured) > Limits.reversed * 1e9 {
            if Double(received &- self.newestHeardAt) > Limits.reversedBelieved * 1e9 {
                self.newest = measured
                self.newestHeardAt = received
            } else {
                doubts.insert(.timeReversed)
            }
        } else {
            self.newestHeardAt = received
        }
        return doubts
    }

    /// Whether a plot without an address, with the last 63, looks like a recording sent again.
    mutating func noteRepeat(_ isRepeated: Bool) -> Bool {
        self.repeats = self.repeats << 1 | (isRepeated ? 1 : 0)
        return self.repeats.nonzeroBitCount >= 16
    }

    // MARK: Place

    /// Where a plot is, and whether this sensor can see that far; nil if it has no place.
    ///
    /// - Parameters:
    ///   - height: of the plot or of its aircraft, metres; nil if not known.
    ///   - time: nanoseconds.
    func sighting(_ plot: Plot, height: Double?, time: Int64) -> Sighting? {
        switch plot.measurement {
        case .geodetic(let latitude, let longitude, let deviation):
            guard abs(latitude) <= .pi / 2, abs(longitude) <= 2 * .pi else { return nil }
            let (sinLatitude, cosLatitude) = sineCosine(latitude)
            let (sinLongitude, cosLongitude) = sineCosine(longitude)
            let place = Place(
                sinLatitude: sinLatitude, cosLatitude: cosLatitude, sinLongitude: sinLongitude,
                cosLongitude: cosLongitude)
            var velocity: SIMD3<Float>?
            var velocityDeviation = 0.0
            if let said = plot.velocity, abs(said.north) < 10_000, abs(said.east) < 10_000 {
                velocity = SIMD3<Float>(
                    said.east * SIMD3(-sinLongitude, cosLongitude, 0)
                        + said.north
                        * SIMD3(-sinLatitude * cosLongitude, -sinLatitude * sinLongitude, cosLatitude))
                velocityDeviation = Rules.bounded(said.deviation, 10)
            }
            let believed = Rules.bounded(deviation, Limits.deviationMax)
            var isWithinReach = true
            // Over the sea VHF is ducted far beyond the horizon day by day: that of ships says nothing.
            if self.isKnown, self.kind == .receiver, plot.kind == .broadcast, plot.subject ?? .aircraft == .aircraft {
                isWithinReach = self.reaches(length(place.ground - self.centre) - 5 * believed, height: height)
            }
            return Sighting(
                ground: place.ground, velocity: velocity, deviation: Float(believed),
                statedDeviation: Float(Rules.bounded(deviation, 1e6)), velocityDeviation: Float(velocityDeviation),
                height: height, time: time, range: 0,
                cell: AreaTable.cell(latitude: latitude, longitude: longitude), isWithinReach: isWithinReach)
        case .polar(let range, let azimuth, _):
            guard self.isKnown, range > 1, range < 5_000_000, abs(azimuth) < 100 else { return nil }
            let channel = plot.kind == .primary ? self.primary : self.secondary
            // The up-component at which a straight line of this length ends at the height: on a sphere, good to metres.
            let rise = (height ?? self.height) - self.height
            let radius = 6_371_000 + self.height
            let up = min(max((rise * (2 * radius + rise) - range * range) / (2 * radius), -range), range)
            let across = (range * range - up * up).squareRoot()
            let (sinAzimuth, cosAzimuth) = sineCosine(azimuth)
            let place = Place(
                below: self.centre + across * (sinAzimuth * self.east + cosAzimuth * self.north) + up * self.up,
                height: height ?? self.height)
            let aside = range * channel.azimuthDeviation
            var deviation = (channel.rangeDeviation * channel.rangeDeviation + aside * aside).squareRoot()
            // Without a height, the ground range of something high may be this much shorter.
            if height == nil { deviation += min(range, Limits.heightMax * Limits.heightMax / (2 * range)) / 2 }
            return Sighting(
                ground: place.ground, velocity: nil, deviation: Float(min(deviation, 5_000)), statedDeviation: 0,
                velocityDeviation: 0, height: height, time: time, range: range, cell: 0,
                isWithinReach: self.reaches(range - 5 * channel.rangeDeviation, height: height))
        }
    }

    /// Whether something can be seen at a distance: within the stated coverage, and above the radio horizon.
    ///
    /// d ≤ √(2 k R) (√h₁ + √h₂), k = 4/3, and a margin for what bends more.
    @inline(__always) private func reaches(_ distance: Double, height: Double?) -> Bool {
        let sight = self.horizon + (2 * Limits.effectiveRadius * max(height ?? Limits.heightMax, 0)).squareRoot()
        return distance <= Limits.horizonMargin.share * sight + Limits.horizonMargin.metres
            && distance <= 1.05 * self.rangeMax + Limits.slack
    }

    /// Whether this radar has turned over a place often enough that it should have seen what is there.
    ///
    /// The place must lie well inside: seven tenths of the horizon's and of the coverage's distance, a degree above the
    /// horizontal, five below the cone of silence.
    ///
    /// - Parameters:
    ///   - since: from when on the track and its contributions are known, nanoseconds.
    func hasLookedInVain(at place: Place, height: Double, since: Int64, now: Int64) -> Bool {
        guard self.kind == .radar, self.isKnown, self.isOperational, self.hasSecondary, self.heardAt != .min else {
            return false
        }
        let turns = Limits.looksInVain * self.period * 1e9 + 5e9
        guard Double(now &- self.heardAt) < 2.5e9 * self.period, Double(now &- max(self.aliveSince, since)) > turns
        else { return false }
        let d = place.ground + height * place.up - self.centre
        let range = length(d)
        let sight = self.horizon + (2 * Limits.effectiveRadius * max(height, 0)).squareRoot()
        let sine = dot(d, self.up) / range
        return range < 0.7 * min(sight, self.rangeMax) && range > 1.2 * self.rangeMin + 2_000 && sine > 0.0175
            && sine < self.sinElevationMax - 0.1
    }
}
