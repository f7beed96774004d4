import Air
import Geodesy
import Glibc

@testable import Tracking

/// A seeded generator: the same numbers in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number of the standard normal distribution.
    mutating func gauss() -> Double {
        let u = Double.random(in: 1e-12..<1, using: &self), v = Double.random(in: 0..<1, using: &self)
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
}

/// One aircraft of a test: where it is at any time, and what it answers.
struct Flight {
    var place: (Double) -> Geodetic
    var identity = Identity()
    /// Which looks of a sensor see it: number of the scan → seen.
    var isSeen: (Int) -> Bool = { _ in true }

    /// Straight along a geodesic, metres per second and radians from north.
    static func straight(
        from origin: Geodetic, speed: Double, course: Double, identity: Identity = Identity()
    ) -> Flight {
        Flight(place: { origin.moved(distance: speed * $0, azimuth: course) }, identity: identity)
    }
}

/// A radar with both channels, good to 50 m and 0.1°.
func radar(
    _ sic: UInt8, at site: Geodetic, period: Double = 4, elevation: Bool = false, falsePlots: Double = 5
) -> Sensor {
    Sensor(
        id: SensorID(sac: 1, sic: sic), name: "R\(sic)", site: site, kind: .radar(period: period),
        primary: Sensor.Channel(
            rangeDeviation: 50, azimuthDeviation: 0.1 * .pi / 180,
            elevationDeviation: elevation ? 0.3 * .pi / 180 : nil, detectionProbability: 0.9),
        secondary: Sensor.Channel(
            rangeDeviation: 30, azimuthDeviation: 0.06 * .pi / 180, detectionProbability: 0.97),
        coverage: 500...400_000, falsePlotsPerScan: falsePlots)
}

/// A receiver of broadcasts.
func receiver(_ sic: UInt8, at site: Geodetic) -> Sensor {
    Sensor(
        id: SensorID(sac: 2, sic: sic), name: "A\(sic)", site: site, kind: .receiver, primary: nil, secondary: nil,
        coverage: 0...400_000)
}

/// What the sensors report of the flights.
struct Sky {
    var sensors: [Sensor]
    var flights: [Flight]
    var random: SplitMix64
    /// False plots of each radar in each scan.
    var clutter = 0
    /// When a radar is silent, by its SIC.
    var isSilent: (UInt8, Double) -> Bool = { _, _ in false }
    /// Metres added to each measured range, by SIC and time.
    var rangeBias: (UInt8, Double) -> Double = { _, _ in 0 }

    init(_ sensors: [Sensor], _ flights: [Flight], seed: UInt64) {
        self.sensors = sensors
        self.flights = flights
        self.random = SplitMix64(state: seed)
    }

    /// All reports of so many seconds, in the order of their times; radars also send 32 sectors a turn.
    mutating func reports(seconds: Double) -> [SensorReport] {
        var reports: [(Double, SensorReport)] = []
        for sensor in self.sensors {
            let sic = sensor.id.sic
            guard case .radar(let period) = sensor.kind else {
                var t = 0.3
                while t < seconds {
                    for (index, flight) in self.flights.enumerated() where flight.identity.address != nil {
                        let at = t + 0.01 * Double(index)
                        let a = flight.place(at), b = flight.place(at + 1)
                        let moved = a.moved(
                            distance: abs(20 * self.random.gauss()), azimuth: .random(in: 0..<6.28, using: &self.random)
                        )
                        let course = a.geodesic(to: b)
                        var plot = Plot(
                            sensor: sensor.id, measuredAt: Timestamp(seconds: at), receivedAt: Timestamp(seconds: at),
                            kind: .broadcast,
                            measurement: .geodetic(
                                latitude: moved.latitude, longitude: moved.longitude, deviation: 15),
                            geometricHeight: a.height, identity: flight.identity)
                        plot.velocity = Plot.Velocity(
                            north: course.distance * cos(course.azimuth) + 0.5 * self.random.gauss(),
                            east: course.distance * sin(course.azimuth) + 0.5 * self.random.gauss(), deviation: 0.5)
                        reports.append((at, .plot(plot)))
                    }
                    t += 1
                }
                continue
            }
            let frame = LocalFrame(origin: sensor.site)
            var scan = 0
            while Double(scan) * period < seconds {
                let start = Double(scan) * period
                for sector in 0..<32 {
                    let t = start + period * Double(sector) / 32
                    guard !self.isSilent(sic, t) else { continue }
                    let crossing = SectorCrossing(
                        sensor: sensor.id, measuredAt: Timestamp(seconds: t), receivedAt: Timestamp(seconds: t),
                        azimuth: 2 * .pi * Double(sector) / 32)
                    reports.append((t, .sector(crossing)))
                }
                for flight in self.flights where flight.isSeen(scan) {
                    var t = start
                    var polar = Polar(frame.displacement(of: flight.place(t)))
                    for _ in 0..<4 {
                        t = start + period * polar.azimuth / (2 * .pi)
                        polar = Polar(frame.displacement(of: flight.place(t)))
                    }
                    guard !self.isSilent(sic, t) else { continue }
                    let isReply = flight.identity != Identity()
                    guard let channel = isReply ? sensor.secondary : sensor.primary else { continue }
                    var elevation: Double?
                    if let deviation = channel.elevationDeviation {
                        elevation = polar.elevation + deviation * self.random.gauss()
                    }
                    let plot = Plot(
                        sensor: sensor.id, measuredAt: Timestamp(seconds: t), receivedAt: Timestamp(seconds: t),
                        kind: flight.identity.address != nil ? .modeS : isReply ? .secondary : .primary,
                        measurement: .polar(
                            range: polar.range + channel.rangeDeviation * self.random.gauss() + self.rangeBias(sic, t),
                            azimuth: polar.azimuth + channel.azimuthDeviation * self.random.gauss(),
                            elevation: elevation),
                        pressureAltitude: isReply ? (flight.place(t).height / 30.48).rounded() * 30.48 : nil,
                        identity: flight.identity)
                    reports.append((t, .plot(plot)))
                }
                for _ in 0..<self.clutter {
                    let azimuth = Double.random(in: 0..<(2 * .pi), using: &self.random)
                    let t = start + period * azimuth / (2 * .pi)
                    guard !self.isSilent(sic, t) else { continue }
                    let plot = Plot(
                        sensor: sensor.id, measuredAt: Timestamp(seconds: t), receivedAt: Timestamp(seconds: t),
                        kind: .primary,
                        measurement: .polar(
                            range: .random(in: 500..<400_000, using: &self.random), azimuth: azimuth,
                            elevation: sensor.primary?.elevationDeviation == nil
                                ? nil : .random(in: 0..<0.17, using: &self.random)))
                    reports.append((t, .plot(plot)))
                }
                scan += 1
            }
        }
        // Equal times keep the order in which they were made.
        return reports.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
    }
}

extension SensorReport {
    var receivedAt: Timestamp {
        switch self {
        case .plot(let plot): plot.receivedAt
        case .sector(let crossing): crossing.receivedAt
        case .status(let status): status.receivedAt
        }
    }
}

extension Tracker {
    /// Feeds reports a quarter of a second at a time, and calls `look` at the end of every `period` seconds.
    ///
    /// - Returns: all changes.
    @discardableResult
    mutating func run(
        _ reports: [SensorReport], seconds: Double, every period: Double = 1, look: (Double, Tracker) -> Void
    ) -> [TrackChange] {
        var changes: [TrackChange] = []
        var next = 0
        let steps = Int((seconds * 4).rounded())
        for step in 1...max(steps, 1) {
            let now = Timestamp(seconds: Double(step) / 4)
            var end = next
            while end < reports.count, reports[end].receivedAt <= now { end += 1 }
            self.process(reports.span.extracting(next..<end), now: now, into: &changes)
            next = end
            let time = Double(step) / 4
            if (time / period).rounded() * period == time { look(time, self) }
        }
        return changes
    }

    /// All confirmed tracks at an instant.
    func picture(at seconds: Double) -> [Track] {
        var tracks: [Track] = []
        self.forEachTrack(predictedTo: Timestamp(seconds: seconds)) { tracks.append($0) }
        return tracks
    }
}

/// The squared error of a track in units of its covariance, over its four dimensions: 1 in the mean if it is consistent.
func normalisedError(_ track: Track, _ truth: Flight, at t: Double) -> Double {
    let place = truth.place(t)
    let frame = LocalFrame(origin: track.position)
    var flat = place
    flat.height = track.position.height
    let d = frame.displacement(of: flat)
    let ahead = place.geodesic(to: truth.place(t + 0.5)), behind = truth.place(t - 0.5).geodesic(to: place)
    var error = Vector<4>.zero
    error[0] = -d.east
    error[1] = -d.north
    error[2] =
        track.velocity.east - ahead.distance * sin(ahead.azimuth) - behind.distance * sin(behind.finalAzimuth)
    error[3] =
        track.velocity.north - ahead.distance * cos(ahead.azimuth) - behind.distance * cos(behind.finalAzimuth)
    guard let solved = try? track.covariance.solved(error) else { return .infinity }
    var sum = 0.0
    for i in 0..<4 { sum += error[i] * solved[i] }
    return sum / 4
}

/// Metres over ground between a track and a flight.
func distance(_ track: Track, _ flight: Flight, at t: Double) -> Double {
    track.position.geodesic(to: flight.place(t)).distance
}

let home = Geodetic(latitudeDegrees: 52, longitudeDegrees: 10, height: 100)

func address(_ value: UInt32) -> Identity { Identity(address: ICAOAddress(value)) }
