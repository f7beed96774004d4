/// What is systematically wrong with a sensor's plots, as estimated from what other sensors say of the same aircraft.
@frozen public struct SensorRegistration: Hashable, Sendable {
    /// How far the estimation has come.
    public enum State: UInt8, Hashable, Sendable, CaseIterable {
        /// Nothing is known: no other sensor has seen the same aircraft yet.
        case unknown
        /// There is an estimate, not yet a good one.
        case estimating
        /// The errors are known well enough.
        case registered
        /// The errors jumped: its plots are not used where other sensors see, until they are known again.
        case quarantined

        /// The state's name in messages.
        public var name: String {
            switch self {
            case .unknown: "unknown"
            case .estimating: "estimating"
            case .registered: "registered"
            case .quarantined: "quarantined"
            }
        }
    }

    /// Whether biases are estimated, and whether the estimates are used.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case off
        /// Estimated and told, not applied.
        case estimate
        /// Estimated, told and subtracted from every plot.
        case correct
    }

    /// A number and how sure it is.
    public struct Estimate: Hashable, Sendable {
        /// What is to be subtracted from what the sensor says.
        public var value: Double
        /// One standard deviation.
        public var deviation: Double

        public init(value: Double, deviation: Double) {
            self.value = value
            self.deviation = deviation
        }
    }

    /// How far the estimation has come.
    public var state: State
    /// Since when it is in this state; the time base of `Tracker.advance`.
    public var since: Timestamp
    /// Measured less true slant range at range zero, metres; nil for a receiver.
    public var range: Estimate?
    /// Measured less true azimuth, radians; nil for a receiver.
    public var azimuth: Estimate?
    /// Measured less true elevation, radians; nil without a channel that measures elevation.
    public var elevation: Estimate?
    /// Stamped less true time, seconds, against the mean of all sensors' clocks: nothing shows what all have in common.
    public var time: Estimate
    /// Growth of the range error with range, no unit; nil for a receiver.
    public var gain: Estimate?
    /// How many stretches of flight, seen together with another sensor, the estimates rest on.
    public var stretches: Int
    /// How many times its errors have jumped.
    public var jumps: Int
    /// Whether the estimates are subtracted from its plots.
    public var isApplied: Bool

    public init(
        state: State, since: Timestamp, range: Estimate?, azimuth: Estimate?, elevation: Estimate?, time: Estimate,
        gain: Estimate?, stretches: Int, jumps: Int, isApplied: Bool
    ) {
        self.state = state
        self.since = since
        self.range = range
        self.azimuth = azimuth
        self.elevation = elevation
        self.time = time
        self.gain = gain
        self.stretches = stretches
        self.jumps = jumps
        self.isApplied = isApplied
    }
}
