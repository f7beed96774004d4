public import Geodesy

/// The number of a sensor: system area code and system identification code of ASTERIX I/010.
@frozen public struct SensorID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// SAC in the upper, SIC in the lower byte.
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public init(sac: UInt8, sic: UInt8) { self.rawValue = UInt16(sac) << 8 | UInt16(sic) }

    /// System area code: the nation or region.
    @inlinable public var sac: UInt8 { UInt8(self.rawValue >> 8) }
    /// System identification code: the sensor within it.
    @inlinable public var sic: UInt8 { UInt8(truncatingIfNeeded: self.rawValue) }

    /// `SAC/SIC`, decimal.
    public var description: String { "\(self.sac)/\(self.sic)" }

    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What measures: where it stands, how it looks and how well.
public struct Sensor: Hashable, Sendable {
    /// How a sensor looks at the sky.
    public enum Kind: Hashable, Sendable {
        /// A radar whose beam turns once in `period` seconds.
        case radar(period: Double)
        /// A receiver of what aircraft broadcast (ADS-B) or of multilaterated replies.
        case receiver
        /// Another system that sends finished tracks (ASTERIX 062).
        case system
    }

    /// Accuracy and detection of one channel of a radar, primary or secondary; one standard deviation each.
    public struct Channel: Hashable, Sendable {
        /// Slant range, metres.
        public var rangeDeviation: Double
        /// Azimuth, radians.
        public var azimuthDeviation: Double
        /// Elevation, radians, where it is measured.
        public var elevationDeviation: Double?
        /// The probability that a target in coverage is detected in one look, 0...1.
        public var detectionProbability: Double

        public init(
            rangeDeviation: Double, azimuthDeviation: Double, elevationDeviation: Double? = nil,
            detectionProbability: Double
        ) {
            self.rangeDeviation = rangeDeviation
            self.azimuthDeviation = azimuthDeviation
            self.elevationDeviation = elevationDeviation
            self.detectionProbability = detectionProbability
        }

        /// What an ordinary primary radar does: 60 m, 0.15°, 0.9.
        public static let primary = Channel(
            rangeDeviation: 60, azimuthDeviation: 0.15 * .pi / 180, detectionProbability: 0.9)
        /// What an ordinary monopulse secondary radar does: 40 m, 0.07°, 0.97.
        public static let secondary = Channel(
            rangeDeviation: 40, azimuthDeviation: 0.07 * .pi / 180, detectionProbability: 0.97)
    }

    /// Its number.
    public var id: SensorID
    /// What people call it.
    public var name: String
    /// Where it stands.
    public var site: Geodetic
    /// How it looks.
    public var kind: Kind
    /// The primary channel of a radar; nil if it has none.
    public var primary: Channel?
    /// The secondary (Mode A/C/S) channel of a radar; nil if it has none.
    public var secondary: Channel?
    /// Nearest and farthest slant range of coverage, metres.
    public var coverage: ClosedRange<Double>
    /// Highest elevation of coverage, radians: above it lies the cone of silence.
    public var elevationMax: Double
    /// False plots expected in one turn of the antenna (of a receiver: in one second).
    public var falsePlotsPerScan: Double

    public init(
        id: SensorID, name: String, site: Geodetic, kind: Kind, primary: Channel? = .primary,
        secondary: Channel? = .secondary, coverage: ClosedRange<Double> = 500...470_000,
        elevationMax: Double = 45 * .pi / 180, falsePlotsPerScan: Double = 10
    ) {
        self.id = id
        self.name = name
        self.site = site
        self.kind = kind
        self.primary = primary
        self.secondary = secondary
        self.coverage = coverage
        self.elevationMax = elevationMax
        self.falsePlotsPerScan = falsePlotsPerScan
    }
}
