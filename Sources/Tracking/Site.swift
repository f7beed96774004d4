import Air
import Geodesy
import Glibc

/// A sensor as the tracker works with it: plain numbers, no reference; and how far its beam has come.
struct Site {
    enum Kind: UInt8 { case radar, receiver, system }

    var id: SensorID
    var kind: Kind
    /// False for a receiver that no one told us of: its plots are taken, its coverage is not known.
    var isKnown = true
    var isOperational = true
    var centre: SIMD3<Double>
    var east: SIMD3<Double>
    var north: SIMD3<Double>
    var up: SIMD3<Double>
    /// Of the antenna above the ellipsoid, metres.
    var height: Double
    /// Metres.
    var rangeMin: Double
    var rangeMax: Double
    var sinElevationMax: Double
    /// Nearer than this, metres, a target says nothing of the errors of azimuth: 3 km, less of a radar of an aerodrome.
    var nearMin: Double { min(3_000, 0.05 * self.rangeMax) }
    /// Distance of the radio horizon of the antenna alone, metres.
    var horizon: Double
    var primary: Sensor.Channel?
    var secondary: Sensor.Channel?
    /// Logarithm of the density of false plots: reply (1/m of range and rad), broadcast (1/m²).
    var falseReply: Double
    var falseBroadcast: Double
    /// Prior log odds of a new target against a false reply.
    var oddsReply: Double
    /// Targets that appear in one turn, in a cell of the map of clutter.
    var birthsPerCell: Double
    /// Tracks whose Doppler speed had the sign of their range rate, less those with the other one.
    var dopplerVotes = 0
    /// Pairs of tracks near each other that got two primary plots, or one.
    var pairsResolved = 0.0
    var pairsSingle = 0.0
    /// Of a cell of the map of clutter, m rad.
    var clutterArea: Double
    /// False plots in a turn, as it was said.
    var clutterPerTurn: Double

    /// Seconds of one turn; of a receiver, the mean time between two plots of one aircraft.
    var period: Double
    /// The beam pointed at `beamAzimuth` at `beamAt`; of a receiver, its newest plot.
    var beamAt = Timestamp(nanoseconds: .min)
    var beamAzimuth = 0.0

    /// Measured less received time of its plots, smoothed, seconds; and how many plots in a row did not fit that.
    private var clockOffset = Double.nan
    private var misfits = 0

    /// Radius of a sphere on which a straight line is bent as the ray in a standard atmosphere, metres.
    static let effectiveRadius = 4.0 / 3 * 6_371_000

    init(_ sensor: Sensor, parameters k: borrowing TrackerParameters) {
        self.id = sensor.id
        let frame = LocalFrame(origin: sensor.site)
        self.centre = SIMD3(frame.centre)
        self.east = SIMD3(frame.axes[0, 0], frame.axes[0, 1], frame.axes[0, 2])
        self.north = SIMD3(frame.axes[1, 0], frame.axes[1, 1], frame.axes[1, 2])
        self.up = SIMD3(frame.axes[2, 0], frame.axes[2, 1], frame.axes[2, 2])
        self.height = sensor.site.height
        self.rangeMin = max(sensor.coverage.lowerBound, 0)
        self.rangeMax = max(sensor.coverage.upperBound, self.rangeMin + 1_000)
        self.sinElevationMax = sin(min(max(sensor.elevationMax, 0), .pi / 2))
        self.horizon = (2 * Self.effectiveRadius * max(self.height, 0)).squareRoot()
        self.primary = sensor.primary
        self.secondary = sensor.secondary
        switch sensor.kind {
        case .radar(let period):
            self.kind = .radar
            self.period = period.isFinite ? min(max(period, 0.1), 120) : 10
        case .receiver:
            self.kind = .receiver
            self.period = 1
        case .system:
            self.kind = .system
            self.period = 5
        }
        let area = 2 * Double.pi * (self.rangeMax - self.rangeMin)
        let clutter = max(sensor.falsePlotsPerScan, 0.1), replies = max(k.falseRepliesPerScan, 1e-3)
        self.falseReply = log((replies + k.birthsPerScan) / area)
        self.falseBroadcast = log(1e-3 / (Double.pi * self.rangeMax * self.rangeMax))
        self.birthsPerCell = k.birthsPerScan / Double(ClutterMap.ranges * ClutterMap.sectors)
        self.clutterArea = ClutterMap.area(rangeMin: self.rangeMin, rangeMax: self.rangeMax)
        self.clutterPerTurn = clutter
        self.oddsReply = log(k.birthsPerScan / replies)
    }

    /// Whether a plot's time fits those of the sensor's other plots, its transmission taken into account.
    ///
    /// The offset between the sensor's clock and ours is learned, so that a recording, or a radar with a wrong clock,
    /// is judged by its own; after a few plots that agree on another offset, that one is believed.
    mutating func fits(_ plot: borrowing Plot, lagMax: Double) -> Bool {
        let offset = plot.measuredAt.seconds(since: plot.receivedAt)
        if abs(offset - self.clockOffset) > lagMax {
            self.misfits += 1
            guard self.misfits > 4 else { return false }
            self.clockOffset = offset
            self.beamAt = plot.measuredAt
        } else {
            // Also the first plot: nothing compares with NaN.
            self.clockOffset = self.clockOffset.isNaN ? offset : self.clockOffset + 0.2 * (offset - self.clockOffset)
        }
        self.misfits = 0
        return true
    }

    /// When the beam last passed an azimuth, as far as the radar has told where its beam is.
    @inline(__always) func lastLook(at azimuth: Double) -> Timestamp {
        var turn = (self.beamAzimuth - azimuth) / (2 * .pi)
        turn -= turn.rounded(.down)
        return Timestamp(nanoseconds: self.beamAt.nanoseconds &- Int64(turn * self.period * 1e9))
    }

    /// Whether a place is well inside the coverage: range, cone of silence and radio horizon.
    ///
    /// - Parameters:
    ///   - d: displacement from the antenna, Earth-centred axes, metres.
    ///   - height: of the target above the ellipsoid, metres.
    @inline(__always) func covers(_ d: SIMD3<Double>, height: Double) -> Bool {
        let r2 = dot(d, d)
        let far = 0.985 * self.rangeMax, near = 1.02 * self.rangeMin + 100
        guard r2 < far * far, r2 > near * near else { return false }
        let r = r2.squareRoot()
        let reach = self.horizon + (2 * Self.effectiveRadius * max(height, 0)).squareRoot()
        return r < 0.97 * reach && dot(d, self.up) < (self.sinElevationMax - 0.03) * r
    }

    /// How far a radar fails to resolve what lies within a beam and a pulse: 1, as physics says, until it shows two plots of
    /// what should be one; a radar that always resolves misses one of two no more often than its detection says.
    @inline(__always) var mergeShare: Double {
        max(1 - self.pairsResolved / (2 + 0.8 * (self.pairsResolved + self.pairsSingle)), 0)
    }

    /// What a Doppler speed is multiplied with to be a range rate: 1, −1, or 0 as long as that is not known.
    @inline(__always) var dopplerSign: Double { self.dopplerVotes >= 15 ? 1 : self.dopplerVotes <= -15 ? -1 : 0 }

    /// Compares a Doppler speed with the range rate of the track that the plot belongs to.
    mutating func noteDoppler(_ speed: Double, at place: SIMD3<Double>, velocity: SIMD3<Double>) {
        let d = place - self.centre
        let rate = dot(d, velocity) / max(dot(d, d).squareRoot(), 1)
        guard abs(rate) > 40, abs(abs(speed) - abs(rate)) < 20 else { return }
        self.dopplerVotes = min(max(self.dopplerVotes + ((speed > 0) == (rate > 0) ? 1 : -1), -60), 60)
    }

    /// Whether a place is above the antenna's beam or too near: in the cone of silence.
    @inline(__always) func hides(_ d: SIMD3<Double>) -> Bool {
        let r2 = dot(d, d)
        guard r2 < self.rangeMax * self.rangeMax else { return false }
        return r2 < 1.1 * self.rangeMin * self.rangeMin
            || dot(d, self.up) > (self.sinElevationMax - 0.05) * r2.squareRoot()
    }
}
