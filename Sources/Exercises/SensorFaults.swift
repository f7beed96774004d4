/// What is wrong with a sensor's measurements of place and time, and how that changes; a node is not told of it.
public struct Registration: Hashable, Sendable {
    /// What is added to what a perfect sensor would say.
    public struct Offset: Hashable, Sendable {
        /// Metres.
        public var range: Double
        /// Radians.
        public var azimuth: Double
        /// Radians.
        public var elevation: Double
        /// A share of the range: 0.001 makes a kilometre a metre longer.
        public var rangeGain: Double
        /// Of the sensor's clock, seconds; positive stamps lie ahead.
        public var time: Double

        public init(
            range: Double = 0, azimuth: Double = 0, elevation: Double = 0, rangeGain: Double = 0, time: Double = 0
        ) {
            self.range = range
            self.azimuth = azimuth
            self.elevation = elevation
            self.rangeGain = rangeGain
            self.time = time
        }

        fileprivate mutating func add(_ other: Offset, times factor: Double = 1) {
            self.range += factor * other.range
            self.azimuth += factor * other.azimuth
            self.elevation += factor * other.elevation
            self.rangeGain += factor * other.rangeGain
            self.time += factor * other.time
        }
    }

    /// A change from one moment to the next, which stays.
    public struct Jump: Hashable, Sendable {
        /// Seconds since the exercise began.
        public var at: Double
        public var change: Offset

        public init(at: Double, change: Offset) {
            self.at = at
            self.change = change
        }
    }

    /// At the beginning of the exercise.
    public var offset: Offset
    /// The change in an hour, steady.
    public var hourlyDrift: Offset
    public var jumps: [Jump]

    public init(offset: Offset = Offset(), hourlyDrift: Offset = Offset(), jumps: [Jump] = []) {
        self.offset = offset
        self.hourlyDrift = hourlyDrift
        self.jumps = jumps
    }

    /// A sensor that is well set up.
    public static let perfect = Registration()

    /// The sum of beginning, drift and jumps at a time, seconds since the exercise began.
    public func offset(at time: Double) -> Offset {
        var sum = self.offset
        sum.add(self.hourlyDrift, times: time / 3600)
        for jump in self.jumps where jump.at <= time { sum.add(jump.change) }
        return sum
    }
}

/// A time in which a sensor does not work as it should.
public struct SensorFailure: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// It says that its data are not to be used, then nothing.
        case outage
        /// Nothing comes from it, without a word: the line is cut.
        case silent
        /// It says that its data are not to be used, and sends them on.
        case noGo
        /// A channel is lost.
        case primaryLost, secondaryLost
        /// It sees nothing from one azimuth clockwise to another, radians.
        case blind(from: Double, to: Double)
    }

    public var kind: Kind
    /// Seconds since the exercise began.
    public var time: Range<Double>

    public init(_ kind: Kind, time: Range<Double>) {
        self.kind = kind
        self.time = time
    }
}

/// How long reports are on their way, and how unevenly: what is drawn anew for each report puts them out of order.
public struct Latency: Hashable, Sendable {
    /// Seconds that every report takes.
    public var fixed: Double
    /// Mean of the exponential distribution that is added, seconds.
    public var exponentialMean: Double

    public init(fixed: Double = 0, exponentialMean: Double = 0) {
        precondition(fixed >= 0 && exponentialMean >= 0, "nothing is received before it is sent")
        self.fixed = fixed
        self.exponentialMean = exponentialMean
    }
}

/// How near in range and azimuth two primary echoes of one turn become one plot.
public struct Resolution: Hashable, Sendable {
    /// Metres.
    public var range: Double
    /// Radians.
    public var azimuth: Double

    public init(range: Double, azimuth: Double) {
        self.range = range
        self.azimuth = azimuth
    }
}

/// Noise that is beamed at a radar: false plots in a sector, and targets there that are lost in it.
public struct JammingStrobe: Hashable, Sendable {
    /// Seconds since the exercise began.
    public var time: Range<Double>
    /// Middle of the sector, radians from true north.
    public var azimuth: Double
    /// Radians.
    public var width: Double
    /// False plots expected in one turn.
    public var plotsPerScan: Double
    /// The share of echoes that are lost in the strobe, 0...1.
    public var primaryLoss: Double
    /// The share of replies that are lost in the strobe, 0...1.
    public var secondaryLoss: Double

    public init(
        time: Range<Double>, azimuth: Double, width: Double, plotsPerScan: Double, primaryLoss: Double = 0.7,
        secondaryLoss: Double = 0
    ) {
        self.time = time
        self.azimuth = azimuth
        self.width = width
        self.plotsPerScan = plotsPerScan
        self.primaryLoss = primaryLoss
        self.secondaryLoss = secondaryLoss
    }
}
