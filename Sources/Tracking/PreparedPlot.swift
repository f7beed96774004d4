import Air
import Geodesy
import Glibc

/// What a plot measures, made ready: all that the filters of a track need of it.
struct Measured: Sendable {
    var measuredAt: Timestamp
    var site: Int
    var isPolar = false
    /// Polar: slant range, metres, and where the beam points.
    var range = 0.0
    var sinAzimuth = 0.0
    var cosAzimuth = 0.0
    var rangeVariance = 0.0
    var azimuthVariance = 0.0
    /// Polar with elevation: the up-component seen from the radar, metres, and its variance.
    var hasElevation = false
    var up = 0.0
    var upVariance = 0.0
    /// Reported height, metres, and its variance.
    var hasHeight = false
    var height = 0.0
    var heightVariance = 0.0
    /// Reported rate of climb, metres per second; NaN where none is.
    var climbRate = Double.nan
    /// Polar: speed away from the radar, metres per second, and its variance.
    var hasRangeRate = false
    var rangeRate = 0.0
    var rangeRateVariance = 0.0
    /// Geodetic: the place in Earth-centred axes, metres, and its horizontal variance, m².
    var place = SIMD3<Double>.zero
    var positionVariance = 0.0
    /// Geodetic: velocity in Earth-centred axes, metres per second, and its variance; 0 where none is reported.
    var velocity = SIMD3<Double>.zero
    var velocityVariance = 0.0
}

/// A plot with what of its geometry does not depend on the track it is held against.
struct PreparedPlot {
    var plot: Plot
    var measured: Measured
    /// Next plot of the same sensor in the slice, or −1.
    var next: Int32 = -1
    var isReply: Bool
    /// What is supposed of the height where nothing is reported, metres.
    var heightPrior = (mean: 0.0, deviation: 0.0)
    /// About where it is, Earth-centred, metres; and how wrong that may be, metres.
    var place = SIMD3<Double>.zero
    var spread = 0.0
    /// Log density of false plots where this one is: 1/m² (of ground), 1/m³ if a height or elevation is measured.
    var falseDensity = 0.0
    /// Prior log odds that it is of a new target and not false.
    var odds = 0.0
    /// Address key of the identity, or 0.
    var key: UInt64 = 0
    /// A code that should identify its bearer, or nil.
    var code: Mode3A?
    var isDone = false
    /// Of a sector's halo: begins no track.
    var isForeign = false
    /// Too old for a track that it may have belonged to.
    var isLate = false
    /// Of an echo of several tracks, put where one of them is; and whether that one is not the likeliest of them.
    var isShared = false
    var isGuest = false

    var site: Int { self.measured.site }

    /// Judges and prepares a plot; nil if its numbers are none or beyond reason.
    ///
    /// - Parameter clutter: false echoes in a turn in the cell of the plot, of a radar.
    init?(
        _ plot: Plot, site: Int, _ s: borrowing Site, clutter: Double, _ k: borrowing TrackerParameters
    ) {
        self.plot = plot
        var m = Measured(measuredAt: plot.measuredAt, site: site)
        let identity = plot.identity
        if let address = identity.address {
            self.key = UInt64(address.rawValue) | 1 << 40
        } else if plot.kind == .systemTrack, let number = plot.sensorTrackNumber {
            self.key = UInt64(number) | UInt64(plot.sensor.rawValue) << 16 | 2 << 40
        }
        if let code = identity.mode3A, !code.isShared { self.code = code }
        if let height = plot.pressureAltitude, height.isFinite, height > -2_000, height < 60_000 {
            m.hasHeight = true
            m.height = height
            m.heightVariance = k.pressureAltitudeDeviation * k.pressureAltitudeDeviation
        } else if let height = plot.geometricHeight, height.isFinite, height > -2_000, height < 2_000_000 {
            m.hasHeight = true
            m.height = height
            m.heightVariance = k.geometricHeightDeviation * k.geometricHeightDeviation
        } else if plot.isOnGround {
            // On the ground, so about as high as the radar that sees it (or, of a receiver, as most airports).
            m.hasHeight = true
            m.height = s.isKnown ? s.height : 150
            m.heightVariance = 150 * 150
        }
        if let rate = plot.climbRate, rate.isFinite { m.climbRate = rate }
        self.heightPrior = k.heightPrior
        switch plot.measurement {
        case .polar(let range, let azimuth, let elevation):
            guard range.isFinite, azimuth.isFinite, range > 1, range < 5_000_000, abs(azimuth) < 100 else { return nil }
            m.isPolar = true
            self.isReply = plot.kind != .primary
            let known = self.isReply ? s.secondary : s.primary
            m.range = range
            (m.sinAzimuth, m.cosAzimuth) = (sin(azimuth), cos(azimuth))
            // A plot of a channel that the sensor was not known to have is taken for one of an ordinary radar.
            let channel = known ?? (self.isReply ? .secondary : .primary)
            if let speed = plot.dopplerSpeed, speed.isFinite, abs(speed) < 4_000, s.dopplerSign != 0 {
                m.hasRangeRate = true
                m.rangeRate = s.dopplerSign * speed
                m.rangeRateVariance = k.dopplerDeviation * k.dopplerDeviation
            }
            m.rangeVariance = channel.rangeDeviation * channel.rangeDeviation
            m.azimuthVariance = channel.azimuthDeviation * channel.azimuthDeviation
            var up: Double
            let sideVariance = range * range * m.azimuthVariance
            var blur = m.rangeVariance + sideVariance
            if self.isReply {
                self.falseDensity = s.falseReply - log(range)
                self.odds = s.oddsReply
            } else {
                self.falseDensity = log((clutter + s.birthsPerCell) / (s.clutterArea * range))
                self.odds = log(s.birthsPerCell / clutter)
            }
            if let elevation, elevation.isFinite, abs(elevation) < .pi / 2 {
                let deviation = channel.elevationDeviation ?? 0.01
                m.hasElevation = true
                up = range * sin(elevation)
                let ground = range * cos(elevation)
                m.upVariance =
                    ground * ground * deviation * deviation + m.rangeVariance * sin(elevation) * sin(elevation)
                // Elevations of false plots lie within some ten degrees.
                self.falseDensity -= m.hasHeight ? 9.4 : log(0.17 * range)
                blur += m.upVariance
            } else {
                // Near the radar it cannot be high: it would be overhead, in the cone of silence.
                self.heightPrior.mean = min(k.heightPrior.mean, s.height + 0.4 * range)
                self.heightPrior.deviation = min(k.heightPrior.deviation, 0.3 * range)
                let height = m.hasHeight ? m.height : self.heightPrior.mean
                let rise = height - s.height
                let radius = 6_371_000 + s.height
                up = min(max((rise * (2 * radius + rise) - range * range) / (2 * radius), -range), range)
                if m.hasHeight {
                    self.falseDensity -= 9.4
                } else {
                    blur += self.heightPrior.deviation * self.heightPrior.deviation
                }
            }
            m.up = up
            let ground = max(range * range - up * up, 0).squareRoot()
            self.place = s.centre + ground * (m.sinAzimuth * s.east + m.cosAzimuth * s.north) + up * s.up
            self.spread = blur.squareRoot()
        case .geodetic(let latitude, let longitude, let deviation):
            guard latitude.isFinite, longitude.isFinite, abs(latitude) <= .pi / 2, abs(longitude) <= 7 else {
                return nil
            }
            self.isReply = true
            var sigma = deviation.isFinite ? min(max(deviation, 1), 50_000) : 100
            // Its own accuracy says nothing of a place that is doubted as such: radar shall outweigh it.
            if !plot.doubts.isDisjoint(with: .ofPlace) { sigma = max(sigma, k.doubtedPlaceDeviation) }
            m.positionVariance = sigma * sigma
            let height = m.hasHeight ? m.height : k.heightPrior.mean
            let (sLat, cLat) = (sin(latitude), cos(latitude))
            let (sLon, cLon) = (sin(longitude), cos(longitude))
            let n = WGS84.semiMajorAxis / (1 - WGS84.eccentricitySquared * sLat * sLat).squareRoot()
            self.place = SIMD3(
                (n + height) * cLat * cLon, (n + height) * cLat * sLon,
                (n * (1 - WGS84.eccentricitySquared) + height) * sLat)
            self.spread = sigma + (m.hasHeight ? 0 : k.heightPrior.deviation)
            if let velocity = plot.velocity, velocity.north.isFinite, velocity.east.isFinite,
                abs(velocity.north) < 4_000, abs(velocity.east) < 4_000
            {
                let deviation = velocity.deviation.isFinite ? min(max(velocity.deviation, 0.3), 500) : 10
                m.velocityVariance = deviation * deviation
                m.velocity =
                    velocity.east * SIMD3(-sLon, cLon, 0)
                    + velocity.north * SIMD3(-sLat * cLon, -sLat * sLon, cLat)
            }
            self.falseDensity = s.falseBroadcast - (m.hasHeight ? 9.4 : 0) - (m.velocityVariance > 0 ? 12 : 0)
            self.odds = 1
            m.place = self.place
        }
        self.measured = m
    }
}

/// What a plot says in the frame of one track.
struct Sighting {
    var planar: PlanarMeasurement
    var distance: Double
    var likelihood: Double
}

extension Vertical {
    /// Takes in what a plot says of the height, then finds where in the plane of the track's frame the plot lies.
    ///
    /// A slant range is brought to the ground with the height of the track after the plot's own elevation or altitude
    /// has been taken in; the uncertainty of that height enters the noise along the beam:
    /// σ² = (r/g)² σr² + (u/g)² σh², across it g² σa²; g ground range, u height above the radar's horizontal plane.
    ///
    /// - Returns: the measurement in the plane, with distance and log-likelihood of the vertical part.
    @inline(__always) mutating func sight(
        _ z: borrowing Measured, from s: borrowing Site, in frame: borrowing TangentFrame,
        _ k: borrowing TrackerParameters
    ) -> Sighting {
        var distance = 0.0, likelihood = 0.0
        if z.hasHeight {
            (distance, likelihood) = self.take(height: z.height, variance: z.heightVariance)
            if abs(z.climbRate) < 500 { self.take(climb: z.climbRate, variance: 4) }
        }
        guard z.isPolar else {
            let (position, _) = frame.coordinates(of: z.place)
            var planar = PlanarMeasurement(position: position, noise: .diagonal(z.positionVariance))
            if z.velocityVariance > 0 {
                planar.hasVelocity = true
                planar.velocity = SIMD2(dot(z.velocity, frame.east), dot(z.velocity, frame.north))
                planar.velocityNoise = .diagonal(z.velocityVariance)
            }
            return Sighting(planar: planar, distance: distance, likelihood: likelihood)
        }
        let beam = z.sinAzimuth * s.east + z.cosAzimuth * s.north
        if z.hasElevation, !z.hasHeight {
            let ground = max(z.range * z.range - z.up * z.up, 0).squareRoot()
            let (_, height) = frame.coordinates(of: s.centre + ground * beam + z.up * s.up)
            (distance, likelihood) = self.take(height: height, variance: z.upVariance)
        }
        // The up-component at which a straight line of this length and azimuth ends at the height of the track.
        var up = z.up
        var position = SIMD2<Double>.zero
        var ground = 0.0
        let limit = 0.999 * z.range
        for _ in 0..<3 {
            up = min(max(up, -limit), limit)
            ground = (z.range * z.range - up * up).squareRoot()
            let (p, height) = frame.coordinates(of: s.centre + ground * beam + up * s.up)
            position = p
            let error = self.height - height
            if abs(error) < 0.5 { break }
            up += error
        }
        let slope = up / ground, secant = z.range / ground
        let datum = k.heightDatumDeviation
        let along = secant * secant * z.rangeVariance + slope * slope * (self.hh + datum * datum)
        let across = ground * ground * z.azimuthVariance
        var u = SIMD2(dot(beam, frame.east), dot(beam, frame.north))
        let length = dot(u, u).squareRoot()
        u = length > 1e-6 ? u / length : SIMD2(1, 0)
        let noise = Matrix2(
            along * u.x * u.x + across * u.y * u.y, (along - across) * u.x * u.y, (along - across) * u.x * u.y,
            along * u.y * u.y + across * u.x * u.x)
        var planar = PlanarMeasurement(position: position, noise: noise)
        if z.hasRangeRate {
            let sight = (ground * beam + up * s.up) / z.range
            planar.hasRadialSpeed = true
            planar.radial = SIMD2(dot(sight, frame.east), dot(sight, frame.north))
            let rise = dot(sight, frame.up)
            planar.radialSpeed = z.rangeRate - rise * self.climb
            planar.radialSpeedVariance = z.rangeRateVariance + rise * rise * self.cc
        }
        return Sighting(planar: planar, distance: distance, likelihood: likelihood)
    }
}
