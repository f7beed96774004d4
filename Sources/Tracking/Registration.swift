public import Air
import Geodesy
import Glibc

/// What can be tuned of the registration of sensors.
public struct RegistrationParameters: Hashable, Sendable {
    /// Whether biases are estimated, and whether the estimates are used.
    public var mode = SensorRegistration.Mode.correct

    /// One standard deviation of a radar's range error before anything is known, metres.
    public var rangeDeviation = 150.0
    /// The same of azimuth, radians.
    public var azimuthDeviation = 0.3 * .pi / 180
    /// The same of elevation, radians.
    public var elevationDeviation = 0.3 * .pi / 180
    /// The same of a radar's clock, seconds.
    public var clockDeviation = 0.15
    /// The same of a receiver's clock, seconds.
    public var receiverClockDeviation = 0.1
    /// The same of the growth of the range error with range, no unit.
    public var gainDeviation = 1e-4
    /// One standard deviation of what pressure altitude and height above the ellipsoid differ by everywhere, metres.
    public var altitudeDatumDeviation = 60.0

    /// Length of one stretch of flight, seconds.
    public var stretch = 16.0
    /// Acceleration that a flight held for straight may still have, one standard deviation, m/s².
    public var acceleration = 0.3
    /// Time in which what was learned loses its weight by e, seconds: biases drift.
    public var memory = 1_200.0
    /// The same of the short memory that jumps are looked for in, seconds.
    public var shortMemory = 30.0
    /// Seconds between two looks for jumps and two solutions; solutions come three times as seldom once all is known well.
    public var period = 5.0
    /// A broadcast place with a larger standard deviation is no witness, metres.
    public var witnessDeviationMax = 120.0
    /// Squared Mahalanobis distance of short from long memory at which errors are said to have jumped.
    public var jumpDistance = 60.0

    /// Seconds after which a sensor leaves quarantine if none of its aircraft was seen by another in the half minute before.
    public var solitude = 30.0

    /// One standard deviation of range below which a sensor is registered, metres.
    public var registeredRange = 20.0
    /// The same of azimuth, radians.
    public var registeredAzimuth = 0.02 * .pi / 180
    /// The same of elevation, radians.
    public var registeredElevation = 0.05 * .pi / 180
    /// The same of time against the mean of all clocks, seconds.
    public var registeredTime = 0.05

    /// How many sensors are registered jointly at most: the memory grows with the square of it (4 MB for 200), the work of
    /// a solution with the square of how many share aircraft with each.
    public var sensorsMax = 256
    /// How many aircraft are looked at at once at most, for all sensors together.
    public var witnessesMax = 2_048
    /// How many times its variance is taken off the square of an estimate before it is applied.
    public var shrinkage = 1.0

    public init() {}
}

/// Range, azimuth, elevation, time, gain: one bias of each for a sensor.
typealias Bias = SIMD8<Double>

enum BiasIndex {
    static let range = 0, azimuth = 1, elevation = 2, time = 3, gain = 4
    static let count = 5
}

/// Biases of all sensors, estimated jointly on line from aircraft that several of them see.
///
/// A stretch of straight flight that two or more sensors saw is fitted by a straight line together with the biases of
/// these sensors; the line is eliminated, and what remains is information on the biases alone. No plot is used twice,
/// and no track, which is made of the same biased plots, is used as a measurement: it only says which plots belong
/// together and about where to linearise.
///
/// Λ ← Λ + Λbb − Λbx Λxx⁻¹ Λxb, η likewise; b = (Λ + P₀⁻¹)⁻¹ (η + P₀⁻¹ b₀)
///
/// What no measurement shows (what all clocks have in common) stays at the priors' mean. Old information fades, so the
/// biases may drift.
///
/// Complexity: one comparison a plot, O(plots) when a stretch ends, O(sensors · neighbours²) every few seconds, a few
/// milliseconds of that a call; no allocation in the steady state.
///
/// Source: Bar-Shalom, Li, Kirubarajan 3.4 (information form); D. Simon, "Optimal State Estimation" (2006), 7.4 (fading
/// memory); Y. Zhou, H. Leung, P. Yip, "An exact maximum likelihood registration algorithm", IEEE Trans. Signal
/// Processing 45/6 (1997).
struct Registration: Sendable {
    /// What is kept of each sensor, in the order of the tracker's sites.
    struct Entry: Sendable {
        var state = SensorRegistration.State.unknown
        var since = Timestamp(nanoseconds: 0)
        /// Earth-centred.
        var place = SIMD3<Double>.zero
        /// Which biases there are, as bits of `BiasIndex`.
        var active: UInt8 = 0
        /// What is subtracted from plots: the estimate, or zero.
        var applied = Bias.zero
        var estimate = Bias.zero
        var deviation = Bias.zero
        var priorMean = Bias.zero
        var priorDeviation = Bias.zero
        var stretches = 0
        var stretchesSinceJump = 0
        var jumps = 0
        /// Every how many stretches of its plots one is used: more, once it is known.
        var thinning = 1
        /// Variances of range, azimuth, elevation and broadcast place against what they are said to be.
        var noise = SIMD4<Double>(repeating: 1)
        /// Information of the short memory on what the estimate is wrong by: matrix row by row, and vector.
        var recent = InlineArray<5, Bias>(repeating: .zero)
        var recentVector = Bias.zero
        /// Stamped less received time, smoothed, and how far single plots lie from that; and how many plots in a row lay
        /// elsewhere, where, and since when.
        var lag = Double.nan
        var lagSpread = 0.1
        var lagMisfits = 0
        var lagElsewhere = 0.0
        var lagElsewhereSince = Timestamp(nanoseconds: 0)
        /// By how much its clock has been found to have jumped, until that is acted upon; 0: not.
        var clockJump = 0.0
        /// Looks at tracks that gave a plot, and that were in vain; fading like the short memory.
        var hits = 0.0
        var vain = 0.0
        /// When a trusted sensor last saw an aircraft that this one found, or looked for.
        var comparedAt = Timestamp(nanoseconds: 0)
    }

    /// A plot of a stretch as it was measured, nothing subtracted.
    struct Sighting: Sendable {
        var site: Int32
        var isPolar = false
        var hasElevation = false
        var hasVelocity = false
        /// 0: none, 1: above the ellipsoid, 2: pressure altitude.
        var heightKind: UInt8 = 0
        var measuredAt: Timestamp
        /// Slant range, azimuth, elevation; or an Earth-centred place.
        var z: SIMD3<Double>
        var velocity = SIMD3<Double>.zero
        /// Variances: range and azimuth, or place; elevation, or velocity; height.
        var first: Double
        var second: Double
        var third: Double = 0
        var height = 0.0
        var heightVariance = 0.0
    }

    /// An aircraft that is looked at for the length of a stretch.
    struct Witness: Sendable {
        var slot: Int32 = -1
        var track = TrackID(0)
        var begin = Timestamp(nanoseconds: 0)
        var count = 0
        /// Its velocity when the stretch began, and the variance of that.
        var velocity = SIMD3<Double>.zero
        var velocityVariance = 0.0
    }

    static let sightingsMax = 48

    let parameters: RegistrationParameters
    var entries: [Entry] = []
    var witnesses: [Witness] = []
    var freeWitnesses: [Int32] = []
    var sightings: [Sighting] = []
    /// Per slot of the tracker: its witness, or −1.
    var witnessOfSlot: [Int32] = []
    /// Stretches that could have begun.
    var offers = 0

    /// Information on the biases, without the priors: five rows a block, block 0 the altitude datum, then the sites; what
    /// is below the diagonal and on it, row by row.
    var information: [Double] = []
    var vector: [Double] = []
    /// The sites in the order of a coordinate.
    var siteOrder: [Int32] = []
    var solver = RegistrationSolver()
    /// Row of the information of each row of the equations being solved.
    var unknowns: [Int32] = []
    /// Marginal covariance of each block, 5 × 5.
    var covariance: [Double] = []
    /// What pressure altitude is too high by.
    var datum = (estimate: 0.0, deviation: 0.0)
    /// When it was last looked for jumps, and last solved; and whether all that is known is known well.
    var judgedAt = Timestamp(nanoseconds: .min)
    var isSettled = false
    var solvedAt = Timestamp(nanoseconds: .min)

    /// Stretches that fitted, did not fit, and were not straight.
    var tally = (fits: 0, misfits: 0, turns: 0)

    // Scratch, kept from call to call.
    var sums = StretchSums()
    var members: [Member] = []
    var corrections: [Double] = []
    var small: [Double] = []
    var factor: [Double] = []
    var order: [Int32] = []
    var solution: [Double] = []

    init(_ parameters: RegistrationParameters) {
        self.parameters = parameters
        self.datum.deviation = parameters.altitudeDatumDeviation
        guard parameters.mode != .off else { return }
        self.widen(to: 1)
        self.covariance[0] = parameters.altitudeDatumDeviation * parameters.altitudeDatumDeviation
    }

    var isOn: Bool { self.parameters.mode != .off }
    var isCorrecting: Bool { self.parameters.mode == .correct }

    /// Makes room for a number of blocks.
    private mutating func widen(to blocks: Int) {
        let rows = BiasIndex.count * blocks
        while self.covariance.count < 25 * blocks { self.covariance.append(0) }
        while self.vector.count < rows { self.vector.append(0) }
        let size = Self.entry(rows, 0)
        if self.information.count < size {
            self.information.append(contentsOf: repeatElement(0, count: size - self.information.count))
        }
    }

    /// Where the information of two rows is.
    @inline(__always) static func entry(_ row: Int, _ column: Int) -> Int {
        let high = max(row, column), low = min(row, column)
        return high * (high + 1) / 2 + low
    }

    // MARK: Sites

    /// Takes in a site that the tracker has added or replaced.
    mutating func setSite(_ index: Int, _ site: Site, isNew: Bool) {
        guard self.isOn, index < self.parameters.sensorsMax else {
            if isNew { self.entries.append(Entry()) }
            return
        }
        var entry = isNew ? Entry() : self.entries[index]
        let k = self.parameters
        var active: UInt8 = 0
        var deviation = Bias.zero
        switch site.kind {
        case .radar:
            active = 1 << BiasIndex.range | 1 << BiasIndex.azimuth | 1 << BiasIndex.time | 1 << BiasIndex.gain
            if site.primary?.elevationDeviation != nil || site.secondary?.elevationDeviation != nil {
                active |= 1 << BiasIndex.elevation
            }
            deviation[BiasIndex.range] = k.rangeDeviation
            deviation[BiasIndex.azimuth] = k.azimuthDeviation
            deviation[BiasIndex.elevation] = k.elevationDeviation
            deviation[BiasIndex.time] = k.clockDeviation
            deviation[BiasIndex.gain] = k.gainDeviation
        case .receiver:
            active = 1 << BiasIndex.time
            deviation[BiasIndex.time] = k.receiverClockDeviation
        case .system:
            active = 0
        }
        let differs = entry.active != active
        entry.active = active
        entry.place = site.centre
        self.siteOrder.removeAll(keepingCapacity: true)
        self.solver.stop()
        if isNew {
            self.entries.append(entry)
            self.widen(to: self.entries.count + 1)
        }
        guard isNew || differs else {
            self.entries[index] = entry
            return
        }
        entry.priorDeviation = deviation
        entry.deviation = deviation
        self.entries[index] = entry
        self.forget(index, mean: .zero, deviation: deviation)
    }

    /// Forgets what is known of one sensor, not what was learned by it of others.
    mutating func forget(_ site: Int, mean: Bias, deviation: Bias) {
        self.eliminate(site + 1)
        self.entries[site].priorMean = mean
        self.entries[site].priorDeviation = deviation
        self.entries[site].estimate = mean
        self.entries[site].deviation = deviation
        self.entries[site].applied = self.isCorrecting ? mean : .zero
        for i in 0..<25 { self.covariance[25 * (site + 1) + i] = 0 }
        for i in 0..<BiasIndex.count where self.entries[site].active & (1 << UInt8(i)) != 0 {
            self.covariance[25 * (site + 1) + 6 * i] = deviation[i] * deviation[i]
        }
    }

    // MARK: Plots

    /// Subtracts the biases of its sensor from a plot.
    @inline(__always) func correct(_ plot: inout Plot, of site: Int) {
        let bias = self.entries[site].applied
        plot.measuredAt = plot.measuredAt.advanced(by: -bias[BiasIndex.time])
        if case .polar(let range, let azimuth, let elevation) = plot.measurement {
            plot.measurement = .polar(
                range: (range - bias[BiasIndex.range]) / (1 + bias[BiasIndex.gain]),
                azimuth: azimuth - bias[BiasIndex.azimuth],
                elevation: elevation.map { $0 - bias[BiasIndex.elevation] })
        }
    }

    /// The same of where its beam was.
    func correct(_ crossing: inout SectorCrossing, of site: Int) {
        let bias = self.entries[site].applied
        crossing.measuredAt = crossing.measuredAt.advanced(by: -bias[BiasIndex.time])
        crossing.azimuth -= bias[BiasIndex.azimuth]
    }

    /// What is told of a sensor.
    func told(_ site: Int) -> SensorRegistration {
        let entry = self.entries[site]
        func estimate(_ index: Int) -> SensorRegistration.Estimate? {
            guard entry.active & (1 << UInt8(index)) != 0 else { return nil }
            return SensorRegistration.Estimate(value: entry.estimate[index], deviation: entry.deviation[index])
        }
        return SensorRegistration(
            state: entry.state, since: entry.since, range: estimate(BiasIndex.range),
            azimuth: estimate(BiasIndex.azimuth),
            // Of replies, a radar whose echoes have an elevation measures none.
            elevation: entry.deviation[BiasIndex.elevation] < 0.95 * entry.priorDeviation[BiasIndex.elevation]
                ? estimate(BiasIndex.elevation) : nil,
            time: estimate(BiasIndex.time)
                ?? SensorRegistration.Estimate(value: 0, deviation: self.parameters.clockDeviation),
            gain: estimate(BiasIndex.gain), stretches: entry.stretches, jumps: entry.jumps,
            isApplied: self.isCorrecting && entry.active != 0)
    }
}
