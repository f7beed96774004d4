import Geodesy
import Glibc

/// The standard atmosphere, as far as flight needs it.
///
/// Source: ICAO Doc 7488, layers up to 20 km.
enum Atmosphere {
    /// Density over that of sea level, by height in metres.
    static func densityRatio(_ height: Double) -> Double {
        height < 11_000
            ? pow(1 - 2.25577e-5 * max(height, -1000), 4.2559) : 0.2971 * exp(-(height - 11_000) / 6341.6)
    }

    /// The speed of sound, metres per second, by height in metres.
    static func soundSpeed(_ height: Double) -> Double {
        (1.4 * 287.053 * max(216.65, 288.15 - 0.0065 * height)).squareRoot()
    }
}

/// How a kind of aircraft flies.
struct Performance: Sendable {
    /// What holds up to a height: the indicated speed reached at it, and the rates of climb and descent below it.
    struct Band: Sendable {
        var topFeet: Double
        var indicatedKnots: Double
        var climbFeetPerMinute: Double
        var descentFeetPerMinute: Double

        init(_ topFeet: Double, _ indicatedKnots: Double, climb: Double, descent: Double) {
            self.topFeet = topFeet
            self.indicatedKnots = indicatedKnots
            self.climbFeetPerMinute = climb
            self.descentFeetPerMinute = descent
        }
    }

    /// Lowest first; the last one has no top.
    var bands: [Band]
    /// Indicated speed at the surface, knots.
    var surfaceKnots: Double
    /// No unit.
    var machMax: Double
    /// Largest bank in a turn, radians.
    var bankMax: Double
    /// Seconds to roll into the bank.
    var rollTime: Double

    /// Largest rate of turn, radians per second: three degrees a second, "rate one".
    static let turnRateMax = 3 * Double.pi / 180

    /// Index of the band that a height in metres lies in; going up, its lower edge belongs to it, going down its upper.
    func band(_ height: Double, climbing: Bool) -> Int {
        let feet = height / 0.3048
        var index = 0
        while index < self.bands.count - 1,
            climbing ? feet >= self.bands[index].topFeet - 0.5 : feet > self.bands[index].topFeet + 0.5
        {
            index += 1
        }
        return index
    }

    /// True airspeed at a height, metres per second; indicated speed runs linearly within a band.
    func trueAirspeed(_ height: Double) -> Double {
        let feet = height / 0.3048
        let index = self.band(height, climbing: true)
        let (top, above) = (self.bands[index].topFeet, self.bands[index].indicatedKnots)
        let (bottom, below) =
            index == 0 ? (0, self.surfaceKnots) : (self.bands[index - 1].topFeet, self.bands[index - 1].indicatedKnots)
        let part = top > bottom ? min(max((feet - bottom) / (top - bottom), 0), 1) : 1
        let indicated = Speed.knots(below + (above - below) * part).metresPerSecond
        return min(
            indicated / Atmosphere.densityRatio(height).squareRoot(), self.machMax * Atmosphere.soundSpeed(height))
    }

    /// The fastest rate of turn at a speed over ground, radians per second: ω = g tan φ / v, at most rate one.
    func turnRate(_ speed: Double) -> Double {
        min(Self.turnRateMax, 9.80665 * tan(self.bankMax) / max(speed, 20))
    }

    /// Ground covered between two heights in still air, metres.
    func distance(from low: Double, to high: Double, climbing: Bool, factor: Double) -> Double {
        var (distance, height) = (0.0, low)
        while height < high - 1 {
            let band = self.bands[self.band(height, climbing: true)]
            let isLast = self.band(height, climbing: true) == self.bands.count - 1
            let top = isLast ? high : min(high, band.topFeet * 0.3048)
            let rate = Speed.feetPerMinute(climbing ? band.climbFeetPerMinute : band.descentFeetPerMinute)
                .metresPerSecond
            let speed = (self.trueAirspeed(height) + self.trueAirspeed(max(top, height + 1))) / 2
            distance += (top - height) / (rate * factor) * speed
            height = max(top, height + 1)
        }
        return distance
    }

    static let airliner = Performance(
        bands: [
            Band(1500, 190, climb: 2400, descent: 750), Band(3000, 215, climb: 2100, descent: 900),
            Band(9500, 250, climb: 2200, descent: 1400), Band(10_000, 250, climb: 1800, descent: 900),
            Band(12_500, 290, climb: 1200, descent: 800), Band(24_500, 290, climb: 1900, descent: 2100),
            Band(31_000, 290, climb: 1500, descent: 2300), Band(43_000, 290, climb: 900, descent: 2000),
        ], surfaceKnots: 150, machMax: 0.79, bankMax: 25 * .pi / 180, rollTime: 5)
    static let regional = Performance(
        bands: [
            Band(1500, 150, climb: 1500, descent: 600), Band(10_000, 190, climb: 1500, descent: 1200),
            Band(18_000, 210, climb: 1200, descent: 1500), Band(25_000, 205, climb: 800, descent: 1500),
        ], surfaceKnots: 115, machMax: 0.5, bankMax: 25 * .pi / 180, rollTime: 4)
    static let general = Performance(
        bands: [Band(2000, 95, climb: 700, descent: 500), Band(10_000, 115, climb: 500, descent: 500)],
        surfaceKnots: 75, machMax: 0.4, bankMax: 25 * .pi / 180, rollTime: 3)
    static let helicopter = Performance(
        bands: [Band(1000, 100, climb: 800, descent: 500), Band(6000, 125, climb: 800, descent: 600)],
        surfaceKnots: 60, machMax: 0.3, bankMax: 20 * .pi / 180, rollTime: 2)
    static let fast = Performance(
        bands: [
            Band(10_000, 300, climb: 6000, descent: 4000), Band(25_000, 330, climb: 6000, descent: 5000),
            Band(45_000, 300, climb: 5000, descent: 5000),
        ], surfaceKnots: 170, machMax: 0.9, bankMax: 50 * .pi / 180, rollTime: 2)
}

/// A wind that blows everywhere from one side and grows with height, as the westerlies over Japan do.
public struct Wind: Hashable, Sendable {
    /// Where it blows to, radians from true north.
    public var towards: Double
    /// Speed at 11 km, metres per second; below it goes down linearly to a fifth at the surface, above it stays.
    public var speedAloft: Double

    public init(towards: Double, speedAloft: Double) {
        self.towards = towards
        self.speedAloft = speedAloft
    }

    /// 45 m/s (87 kt) from the west at 11 km: an ordinary autumn day.
    public static let westerly = Wind(towards: .pi / 2, speedAloft: 45)

    /// The speed at a height in metres.
    func speed(_ height: Double) -> Double { self.speedAloft * (0.2 + 0.8 * min(max(height, 0) / 11_000, 1)) }

    /// Speed over ground on a track with true airspeed `airspeed`, the drift corrected by heading into the wind.
    func groundSpeed(airspeed: Double, track: Double, height: Double) -> Double {
        let (speed, angle) = (self.speed(height), self.towards - track)
        let across = speed * sin(angle)
        return max((max(airspeed * airspeed - across * across, 0)).squareRoot() + speed * cos(angle), 15)
    }
}
