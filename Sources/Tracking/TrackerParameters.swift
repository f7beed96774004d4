public import Air

/// What can be tuned of a tracker; the defaults were tuned on the referee's scenarios of seeds 7, 11 and 31 to 34.
public struct TrackerParameters: Sendable {
    /// One way to move.
    ///
    /// 48 octets, a multiple of 16: Swift 6.3 copies the elements of an `InlineArray` as if each were aligned as the
    /// whole that holds it, and traps where one is not.
    public struct Motion: Sendable {
        /// White acceleration noise, m²/s³.
        public var noise: Double
        /// Mean time until the motion changes, seconds.
        public var stay: Double
        /// How often a motion that ends in its class is followed by this one; the shares of a class add up to 1.
        public var share: Double
        /// Lateral acceleration with which a turn begins, to the left positive, and its standard deviation, m/s²; of a
        /// motion that does not turn 0.
        public var acceleration = 0.0
        public var accelerationDeviation = 0.0
        /// Drift of the turn rate in a turn, rad²/s³.
        public var turnRateNoise = 0.0

        /// Whether it turns, at a rate that is estimated.
        @inlinable public var turns: Bool { self.accelerationDeviation > 0 }
    }

    /// The motions of a transport: straight, left, right; and of an agile aircraft: straight, left, right, anything else.
    public var motions: InlineArray<7, Motion> = [
        Motion(noise: 0.1, stay: 100, share: 0.8),
        Motion(
            noise: 0.7, stay: 35, share: 0.1, acceleration: 2.5, accelerationDeviation: 1,
            turnRateNoise: 0.000007),
        Motion(
            noise: 0.7, stay: 35, share: 0.1, acceleration: -2.5, accelerationDeviation: 1,
            turnRateNoise: 0.000007),
        Motion(noise: 0.8, stay: 75, share: 0.6),
        Motion(
            noise: 30, stay: 8, share: 0.17, acceleration: 18, accelerationDeviation: 5.5,
            turnRateNoise: 0.0001),
        Motion(
            noise: 30, stay: 8, share: 0.17, acceleration: -18, accelerationDeviation: 5.5,
            turnRateNoise: 0.0001),
        Motion(noise: 2_000, stay: 10, share: 0.06),
    ]
    /// Longest time over which motions are foretold without interacting anew, seconds.
    public var interactionStep = 8.0
    /// Speed for which lateral accelerations are taken at least, metres per second: slower ones turn at a rate, not on a bank.
    public var turnSpeedMin = 40.0
    /// Prior probability that a target is agile: one that sends its address, and one that does not.
    public var agile: (identified: Double, anonymous: Double) = (0.05, 0.5)
    /// The probability of a class is never taken for less.
    public var classProbabilityMin = 0.0015
    /// Squared Mahalanobis distance of a plot from which on a class of motions that rests is tried again.
    public var wakeDistance = 8.0
    /// White acceleration noise of climb and descent, m²/s³.
    public var climbNoise = 15.0

    /// One standard deviation of the velocity components before any is known, metres per second.
    public var speedDeviation = 200.0
    /// One standard deviation of the rate of climb before any is known, metres per second.
    public var climbDeviation = 15.0
    /// Height taken where none was measured and its standard deviation, metres above the ellipsoid.
    public var heightPrior: (mean: Double, deviation: Double) = (5_000, 3_500)
    /// Error of a reported pressure altitude (100 ft steps), one standard deviation, metres.
    public var pressureAltitudeDeviation = 12.0
    /// Error of a reported geometric height, one standard deviation, metres.
    public var geometricHeightDeviation = 15.0
    /// Error of a Doppler speed, one standard deviation, metres per second.
    public var dopplerDeviation = 4.0
    /// How far pressure altitude and height above the ellipsoid may lie apart, one standard deviation, metres:
    /// it enters the ground range of a slant range, not the height of the track.
    public var heightDatumDeviation = 60.0
    /// Least error taken of a broadcast place that is itself doubted (`Doubts.ofPlace`), one standard deviation, metres.
    public var doubtedPlaceDeviation = 1_000.0

    /// Mahalanobis distance beyond which plot and track do not belong together.
    public var gate = 6.5
    /// The same for a plot that carries the track's own address.
    public var identityGate = 14.0
    /// A plot older than its track by more than this is late and dropped, seconds.
    public var lagMax = 3.0
    /// Plots of one sensor received within this time are associated jointly, seconds.
    public var slice = 0.25

    /// Difference of velocity below which tracks of one cluster may fly in formation, metres per second.
    public var formationLikeness = 100.0
    /// How fast two tracks in formation may drift apart, one standard deviation, metres per second.
    public var formationDrift = 20.0

    /// How near two targets are that a primary radar does not resolve, in standard deviations of its range and azimuth:
    /// a radar that finds the middle of a pulse or a beam finds it to some tenth of its width.
    public var resolution: (range: Double, azimuth: Double) = (3, 8)
    /// Log odds, against a missed detection, from which on an echo is held for one of several targets.
    public var unresolvedOdds = 2.5
    /// Second echoes of one aircraft, within the resolution of the radar, in one look.
    public var splitEchoes = 0.05
    /// How many times the variance of a plot in dispute is taken, where two assignments are equally likely; and the log-likelihood
    /// ratio of the second to the first from which on it is in dispute.
    public var disputeNoise = 4.0
    public var disputeOdds = -4.0

    /// Targets that appear in one scan of a radar, for the prior odds of a new track.
    public var birthsPerScan = 0.3
    /// False replies of a secondary radar in one scan.
    public var falseRepliesPerScan = 0.5
    /// Log-likelihood ratio at which a tentative track is confirmed.
    public var confirmScore = 5.0
    /// Fall of the log-likelihood ratio below its start at which a tentative track is dropped.
    public var rejectFall = 6.0
    /// The log-likelihood ratio is held at this value at most.
    public var scoreMax = 14.0
    /// Log-likelihood ratio below which a confirmed track is dropped.
    public var dropScore = 0.0
    /// Plots that a track without an address or code needs before it is confirmed.
    public var confirmPlots = 2
    /// Plots that a track with an address or a discrete code needs before it is confirmed.
    public var confirmPlotsIdentified = 2
    /// One standard deviation of the velocity above which a track is not confirmed, metres per second.
    public var confirmSpeedDeviation = 165.0
    /// Speeds of a track that no reply identifies, metres per second: what is slower is held for ground clutter.
    public var speedRange = 15.0...1_000.0
    /// One standard deviation of the position at which a track is dropped, metres.
    public var positionDeviationMax = 2_000.0
    /// A track without a plot for this time is dropped, seconds, even if no sensor looked at it.
    public var coastMax = 60.0
    /// A track without a plot for this time where no sensor can see it is dropped, seconds.
    public var blindMax = 15.0
    /// Log-likelihood ratio that a dropped track must gain to be taken up again under its number.
    public var resumeScore = 3.0
    /// How long two tracks that a radar saw in one turn are held for two aircraft, seconds.
    public var apartTime = 60.0
    /// Silence of a receiver that is one look in vain, seconds, at least: broadcasts are lost several in a row.
    public var broadcastPatience = 2.5
    /// Looks in vain, one after the other, from which on a track is said to coast.
    public var coastingMisses = 2
    /// The share of the nominal detection probability that a miss is counted with.
    public var detectionTrust = 0.98

    /// Squared Mahalanobis distance (position and velocity) below which two tracks may be one aircraft.
    public var duplicateGate = 12.0
    /// Sweeps in which they must have been so near, one after the other.
    public var duplicateSweeps = 3
    /// Seconds in which each track is looked after once: missed looks, duplicates, drops.
    public var sweepPeriod = 1.0

    /// Registration of sensors.
    public var registration = RegistrationParameters()

    /// The number of the first track; later ones follow.
    public var firstID = TrackID(1)
    /// How many tracks are kept at most, tentative ones included: beyond, none is begun, and that is counted.
    public var tracksMax = 200_000

    public init() {}
}
