public import Air
import Geodesy

/// A sensor of an exercise, with what a node is not told of it.
public struct Site: Hashable, Sendable {
    /// What a node may know.
    public var sensor: Sensor
    /// Whether its secondary channel asks in Mode S; without, it hears Mode A/C only.
    public var hasModeS: Bool
    /// When it is out of service, seconds since the exercise began; repeated every `outagePeriod` seconds.
    public var outage: Range<Double>?
    /// Seconds from the beginning of one outage to that of the next.
    public var outagePeriod: Double
    /// When a radar's beam first passes the north, seconds since the exercise began; nil: the seed says when.
    public var firstNorth: Double?
    /// The probability that a receiver gets a broadcast in its coverage; nil: that of the exercise.
    public var broadcastProbability: Double?
    public var registration = Registration.perfect
    public var failures: [SensorFailure] = []
    public var jamming: [JammingStrobe] = []
    public var latency = Latency()
    /// Nil: every echo is a plot of its own.
    public var resolution: Resolution?

    public init(sensor: Sensor, hasModeS: Bool = true, outage: Range<Double>? = nil, outagePeriod: Double = 900) {
        precondition(outagePeriod > 0, "outages are repeated after some time")
        self.sensor = sensor
        self.hasModeS = hasModeS
        self.outage = outage
        self.outagePeriod = outagePeriod
    }

    /// Whether it is out of service at a time, seconds since the exercise began.
    func isOut(at time: Double) -> Bool {
        if self.failures.contains(where: { $0.kind == .outage && $0.time.contains(time) }) { return true }
        guard let outage = self.outage, time >= outage.lowerBound else { return false }
        let turns = ((time - outage.lowerBound) / self.outagePeriod).rounded(.down)
        return outage.contains(time - turns * self.outagePeriod)
    }

    /// Whether nothing at all comes from it.
    func isSilent(at time: Double) -> Bool {
        self.failures.contains { $0.kind == .silent && $0.time.contains(time) }
    }

    /// Whether it says that its data are not to be used, and sends them all the same.
    func isNoGo(at time: Double) -> Bool {
        self.failures.contains { $0.kind == .noGo && $0.time.contains(time) }
    }

    /// Which channels look in a direction.
    func works(at time: Double, azimuth: Double) -> (primary: Bool, secondary: Bool) {
        var (primary, secondary) = (true, true)
        for failure in self.failures where failure.time.contains(time) {
            switch failure.kind {
            case .primaryLost: primary = false
            case .secondaryLost: secondary = false
            case .blind(let from, let to):
                let turn = 2 * Double.pi
                func clockwise(_ angle: Double) -> Double { angle - (angle / turn).rounded(.down) * turn }
                if clockwise(azimuth - from) <= clockwise(to - from) { (primary, secondary) = (false, false) }
            case .outage, .silent, .noGo: break
            }
        }
        return (primary, secondary)
    }

    /// What failures and jamming leave of the probability of an echo and of a reply in a direction, 0...1.
    func shares(at time: Double, azimuth: Double) -> (primary: Double, secondary: Double) {
        let works = self.works(at: time, azimuth: azimuth)
        var shares = (primary: works.primary ? 1.0 : 0, secondary: works.secondary ? 1.0 : 0)
        for strobe in self.jamming
        where strobe.time.contains(time) && abs(wrappedAngle(azimuth - strobe.azimuth)) <= strobe.width / 2 {
            shares.primary *= 1 - strobe.primaryLoss
            shares.secondary *= 1 - strobe.secondaryLoss
        }
        return shares
    }

    /// Thirteen radars and four ADS-B receivers in Japan and Korea.
    ///
    /// The places are hills, capes and airports where such sensors could stand; what stands there in truth is not
    /// said. The system area codes 210 and 211 are the exercise's own.
    ///
    /// One radar, at Sangun, is out of service from the third to the fifth minute and each quarter of an hour again.
    public static let all: [Site] = [
        // En route, Mode S only.
        radar(1, "Yokotsu", 41.937, 140.785, 1150, period: 10, range: 250, primary: nil),
        radar(2, "Yamada", 35.830, 140.580, 60, period: 8, range: 220, primary: nil),
        radar(3, "Hachijo", 33.090, 139.810, 650, period: 10, range: 250, primary: nil),
        radar(4, "Imanoyama", 32.843, 132.865, 860, period: 10, range: 250, primary: nil),
        // En route, with a primary radar.
        radar(5, "Hachinohe", 40.450, 141.480, 150, period: 10, range: 200, primary: 20, hasModeS: false),
        radar(6, "Noto", 37.430, 137.020, 380, period: 12, range: 200, primary: 24, hasModeS: false),
        radar(7, "Sangun", 33.547, 130.583, 930, period: 10, range: 220, primary: 20, outage: 180..<300),
        radar(8, "Yaedake", 26.640, 127.930, 450, period: 10, range: 240, primary: 16),
        radar(9, "Kushiro", 43.070, 144.240, 120, period: 12, range: 200, primary: 16),
        // Around airports.
        radar(10, "Haneda", 35.556, 139.775, 35, period: 4, range: 60, primary: 12),
        radar(11, "Kansai", 34.436, 135.236, 35, period: 4, range: 60, primary: 12),
        radar(1, "Incheon", 37.455, 126.445, 60, period: 4.8, range: 80, primary: 14, korea: true),
        radar(2, "Hallim", 33.350, 126.330, 500, period: 6, range: 180, primary: 16, hasModeS: false, korea: true),
        radar(3, "Pohang", 36.030, 129.380, 250, period: 8, range: 220, primary: nil, korea: true),
        receiver(21, "Takao", 35.625, 139.243, 600), receiver(22, "Rokko", 34.778, 135.263, 930),
        receiver(23, "Naha", 26.210, 127.690, 120), receiver(21, "Gwanak", 37.445, 126.964, 630, korea: true),
    ]

    private static func radar(
        _ sic: UInt8, _ name: String, _ latitude: Double, _ longitude: Double, _ height: Double, period: Double,
        range: Double, primary falsePlots: Double?, hasModeS: Bool = true, outage: Range<Double>? = nil,
        korea: Bool = false
    ) -> Site {
        let degree = Double.pi / 180
        let isTerminal = range < 100
        let secondary = Sensor.Channel(
            rangeDeviation: isTerminal ? 30 : 40, azimuthDeviation: (isTerminal ? 0.06 : 0.07) * degree,
            detectionProbability: 0.97)
        let primary = Sensor.Channel(
            rangeDeviation: 60, azimuthDeviation: (isTerminal ? 0.12 : 0.15) * degree, detectionProbability: 0.88)
        return Site(
            sensor: Sensor(
                id: SensorID(sac: korea ? 211 : 210, sic: sic), name: name,
                site: Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height),
                kind: .radar(period: period), primary: falsePlots == nil ? nil : primary, secondary: secondary,
                coverage: 900...(range * 1852), elevationMax: 45 * degree, falsePlotsPerScan: falsePlots ?? 0),
            hasModeS: hasModeS, outage: outage)
    }

    private static func receiver(
        _ sic: UInt8, _ name: String, _ latitude: Double, _ longitude: Double, _ height: Double, korea: Bool = false
    ) -> Site {
        Site(
            sensor: Sensor(
                id: SensorID(sac: korea ? 211 : 210, sic: sic), name: name,
                site: Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height),
                kind: .receiver, primary: nil, secondary: nil, coverage: 0...380_000, elevationMax: .pi / 2,
                falsePlotsPerScan: 0))
    }
}
