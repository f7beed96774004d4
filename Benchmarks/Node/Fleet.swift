import Air
import BenchSupport
import Foundation
import Geodesy
import SensorFormats

/// Aircraft that fly straight on, spread evenly, and sensors that report them when their turn has come.
///
/// Every aircraft is heard by one ADS-B receiver; radars look at those within their reach. Times are whole steps of
/// 1/128 s, as ASTERIX sends them, and no two plots of one aircraft have the same.
struct Fleet {
    private struct Aircraft {
        var latitude: Double
        var longitude: Double
        var height: Double
        /// Radians a second.
        var northRate: Double
        var eastRate: Double
        /// Metres a second.
        var velocity: Plot.Velocity
        var lastMeasured: Int64 = 0
    }

    /// A radar's targets in the order in which the beam meets them.
    private struct Radar {
        var sensor: SensorID
        var frame: LocalFrame
        /// Seconds since the begin, ascending from `next` on.
        var due: [(time: Double, aircraft: Int)] = []
        var next = 0
        var sector = 0
    }

    static let step: Int64 = 7_812_500  // 1/128 s
    private static let period = 10.0
    private static let reach = 300_000.0
    private static let receiver = SensorID(sac: 1, sic: 200)

    let start: Int64
    private var aircraft: [Aircraft] = []
    private var radars: [Radar] = []
    private var broadcasts = 0
    /// Plots of the receiver and of all radars in one second.
    private(set) var broadcastRate: Double
    private(set) var radarRate = 0.0
    private var broadcastsBegin = 0.0
    private let plotsPerDatagram: Int?
    private var writer = AsterixWriter()

    /// - Parameters:
    ///   - plotsPerDatagram: of the receiver, always so many; nil: what is due, as it fits.
    ///   - count: how many aircraft.
    ///   - start: nanoseconds since 1970.
    ///   - rate: plots in one second, of radars and receiver together.
    init(count: Int, start: Int64, rate: Double, hasRadars: Bool, plotsPerDatagram: Int? = nil) {
        self.plotsPerDatagram = plotsPerDatagram
        self.start = start - start % Self.step
        self.broadcastRate = rate
        // 90 km² each: in a square around the sites.
        let side = (Double(count) * 90e6).squareRoot() / 6_371_000
        let middle = Self.middle
        for index in 0..<count {
            let n = Double(index) + 0.5
            // The additive recurrence R2 (M. Roberts, 2018) spreads points evenly, whatever their number.
            let latitude = middle.latitude + side * (Self.fraction(n * 0.754_877_666_246_693) - 0.5)
            let longitude =
                middle.longitude + side * (Self.fraction(n * 0.569_840_290_998_053) - 0.5) / cos(middle.latitude)
            let track = 2 * Double.pi * Self.fraction(n * 0.618_033_988_749_895)
            let speed = 180 + 70 * Self.fraction(n * 0.414_213_562_373_095)
            self.aircraft.append(
                Aircraft(
                    latitude: latitude, longitude: longitude, height: 6000 + 304.8 * Double(index % 20),
                    northRate: speed * cos(track) / 6_371_000,
                    eastRate: speed * sin(track) / 6_371_000 / cos(latitude),
                    velocity: Plot.Velocity(north: speed * cos(track), east: speed * sin(track), deviation: 2)))
        }
        guard hasRadars else { return }
        for (number, site) in Self.radarSites.enumerated() {
            var radar = Radar(sensor: SensorID(sac: 1, sic: UInt8(number + 1)), frame: LocalFrame(origin: site))
            for index in self.aircraft.indices {
                let polar = self.polar(index, at: 0, radar.frame)
                guard polar.range < Self.reach * 0.9 else { continue }
                radar.due.append((polar.azimuth / (2 * .pi) * Self.period, index))
            }
            radar.due.sort { $0.time < $1.time }
            self.radarRate += Double(radar.due.count) / Self.period
            self.radars.append(radar)
        }
        self.broadcastRate = max(rate / 10, rate - self.radarRate)
    }

    private static let middle = Geodetic(latitudeDegrees: 36, longitudeDegrees: 137)
    private static let radarSites = [
        Geodetic(latitudeDegrees: 35.3, longitudeDegrees: 135.6, height: 400),
        Geodetic(latitudeDegrees: 36.7, longitudeDegrees: 138.4, height: 400),
    ]

    private static func fraction(_ value: Double) -> Double { value - value.rounded(.down) }

    /// The `sensors:` section of the configuration.
    static var sensorsYAML: String {
        var lines = [
            "  - id: 1/200", "    name: Receiver", "    kind: receiver",
            "    latitude: \(Self.middle.latitudeDegrees)", "    longitude: \(Self.middle.longitudeDegrees)",
        ]
        for (number, site) in Self.radarSites.enumerated() {
            lines += [
                "  - id: 1/\(number + 1)", "    name: Radar \(number + 1)", "    kind: radar",
                "    latitude: \(site.latitudeDegrees)", "    longitude: \(site.longitudeDegrees)",
                "    height: \(site.height)", "    period: \(Self.period)", "    rangeMax: \(Self.reach)",
                "    primary: off",
            ]
        }
        return lines.joined(separator: "\n")
    }

    private func place(_ index: Int, at time: Double) -> Geodetic {
        let one = self.aircraft[index]
        return Geodetic(
            latitude: one.latitude + time * one.northRate, longitude: one.longitude + time * one.eastRate,
            height: one.height)
    }

    private func polar(_ index: Int, at time: Double, _ frame: LocalFrame) -> Polar {
        Polar(frame.displacement(of: self.place(index, at: time)))
    }

    static func address(_ index: Int) -> UInt32 { 0x100000 + UInt32(index) }

    /// A time of measurement not after `time`, and after the aircraft's last one.
    private mutating func measured(_ index: Int, _ time: Double) -> Int64 {
        var measured = Int64(time * 128) * Self.step + self.start
        if measured <= self.aircraft[index].lastMeasured { measured = self.aircraft[index].lastMeasured + Self.step }
        self.aircraft[index].lastMeasured = measured
        return measured
    }

    /// Writes all plots that are due before an instant into datagrams, and hands these out.
    ///
    /// - Parameters:
    ///   - noted: is told address and time of each plot, before any datagram is handed out.
    mutating func emit(
        until now: Int64, noted: (_ address: UInt32, _ measuredAt: Int64) -> Void = { _, _ in },
        _ datagram: (Span<UInt8>) -> Void
    ) {
        let time = Double(now - self.start) / 1e9
        let ahead = (self.plotsPerDatagram ?? 1) - 1
        while self.broadcasts % (ahead + 1) != 0
            || self.broadcastsBegin + Double(self.broadcasts + ahead) / self.broadcastRate < time
        {
            let due = self.broadcastsBegin + Double(self.broadcasts) / self.broadcastRate
            let index = self.broadcasts % self.aircraft.count
            self.broadcasts += 1
            let measured = self.measured(index, due)
            noted(Self.address(index), measured)
            self.writer.append(.plot(self.broadcast(index, measured)))
            if ahead > 0, self.broadcasts % (ahead + 1) == 0 {
                self.writer.takeDatagrams { _, bytes in datagram(bytes) }
            }
        }
        for number in self.radars.indices { self.emitRadar(number, until: time, noted) }
        self.writer.takeDatagrams { _, bytes in datagram(bytes) }
    }

    private func broadcast(_ index: Int, _ measured: Int64) -> Plot {
        let place = self.place(index, at: Double(measured - self.start) / 1e9)
        let measuredAt = Timestamp(nanoseconds: measured)
        return Plot(
            sensor: Self.receiver, measuredAt: measuredAt, receivedAt: measuredAt, kind: .broadcast,
            measurement: .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: 10),
            pressureAltitude: place.height, geometricHeight: place.height, velocity: self.aircraft[index].velocity,
            climbRate: 0, identity: Self.identity(index))
    }

    private static func identity(_ index: Int) -> Identity {
        // Eight characters, packed as `Callsign` packs them: "KM", then six digits.
        var packed = UInt64(UInt8(ascii: "K")) << 8 | UInt64(UInt8(ascii: "M"))
        var scale = 100_000
        for _ in 0..<6 {
            packed = packed << 8 | UInt64(48 + index / scale % 10)
            scale /= 10
        }
        return Identity(address: ICAOAddress(Self.address(index)), callsign: Callsign(packed: packed))
    }

    private mutating func emitRadar(
        _ number: Int, until time: Double, _ noted: (_ address: UInt32, _ measuredAt: Int64) -> Void
    ) {
        let sensor = self.radars[number].sensor, frame = self.radars[number].frame
        while self.radars[number].next < self.radars[number].due.count,
            self.radars[number].due[self.radars[number].next].time < time
        {
            let (due, index) = self.radars[number].due[self.radars[number].next]
            self.radars[number].next += 1
            let measured = self.measured(index, due)
            let polar = self.polar(index, at: Double(measured - self.start) / 1e9, frame)
            noted(Self.address(index), measured)
            let measuredAt = Timestamp(nanoseconds: measured)
            self.writer.append(
                .plot(
                    Plot(
                        sensor: sensor, measuredAt: measuredAt, receivedAt: measuredAt, kind: .modeS,
                        measurement: .polar(range: polar.range, azimuth: polar.azimuth, elevation: nil),
                        pressureAltitude: self.aircraft[index].height, identity: Self.identity(index))))
            self.await(index, after: due, number)
        }
        if self.radars[number].next > 100_000 {
            self.radars[number].due.removeFirst(self.radars[number].next)
            self.radars[number].next = 0
        }
        while Double(self.radars[number].sector) * Self.period / 32 < time {
            let sector = self.radars[number].sector
            self.radars[number].sector += 1
            let at = Timestamp(
                nanoseconds: self.start + Int64(Double(sector) * Self.period / 32 * 128) * Self.step)
            self.writer.append(
                .sector(
                    SectorCrossing(
                        sensor: sensor, measuredAt: at, receivedAt: at, azimuth: Double(sector % 32) / 32 * 2 * .pi,
                        period: Self.period)))
        }
    }

    /// Puts an aircraft where the beam meets it next: a turn later, or a little more or less as it has moved.
    private mutating func await(_ index: Int, after due: Double, _ number: Int) {
        let polar = self.polar(index, at: due + Self.period, self.radars[number].frame)
        guard polar.range < Self.reach * 0.97 else { return }
        let drift = Self.fraction(polar.azimuth / (2 * .pi) - due / Self.period + 0.5) - 0.5
        let next = due + Self.period * (1 + drift)
        var at = self.radars[number].due.count
        while at > self.radars[number].next, self.radars[number].due[at - 1].time > next { at -= 1 }
        self.radars[number].due.insert((next, index), at: at)
    }

    /// Changes how many broadcasts come in one second from now on.
    mutating func setBroadcastRate(_ rate: Double, at now: Int64) {
        self.broadcastsBegin = Double(now - self.start) / 1e9 - Double(self.broadcasts) / rate
        self.broadcastRate = rate
    }
}

/// Lets a fleet's datagrams go out in time, on a thread of its own.
final class Feeder: Sendable {
    private struct Wish {
        var rate: Double?
        var isStopped = false
    }
    /// What was sent, and what the kernel did not take.
    struct Sent {
        var datagrams = 0
        var plots = 0
        var refused = 0
        /// Seconds that the newest plots were late, the most since the last time it was asked.
        var late = 0.0
    }

    private let wish = MutexBox(Wish())
    private let counted = MutexBox(Sent())
    private let ended = MutexBox(false)

    /// - Parameter noted: is told of each plot before it is sent: address, time of measurement, monotonic time.
    init(
        _ fleet: Fleet, port: UInt16,
        noted: (@Sendable (_ address: UInt32, _ measuredAt: Int64, _ at: UInt64) -> Void)? = nil
    ) throws {
        let socket = try DatagramSocket(port)
        let thread = Thread { self.run(fleet, socket, noted) }
        thread.start()
    }

    private func run(
        _ fleet: Fleet, _ socket: DatagramSocket, _ noted: (@Sendable (UInt32, Int64, UInt64) -> Void)?
    ) {
        var fleet = fleet
        var until = Machine.now
        var isStopped = false
        while !isStopped {
            let now = Machine.now
            let wish = self.wish.exchange { wish in
                let result = wish
                wish.rate = nil
                return result
            }
            isStopped = wish.isStopped
            if let rate = wish.rate { fleet.setBroadcastRate(rate, at: until) }
            var sent = Sent()
            sent.late = Double(now - until) / 1e9
            // A little at a time, so that datagrams stay small and leave when they are due.
            until = min(now, until + 5_000_000)
            let monotonic = Machine.monotonic
            fleet.emit(
                until: until,
                noted: { address, measuredAt in
                    sent.plots += 1
                    noted?(address, measuredAt, monotonic)
                }
            ) { datagram in
                if socket.send(datagram) { sent.datagrams += 1 } else { sent.refused += 1 }
            }
            self.counted.exchange { counted in
                counted.datagrams += sent.datagrams
                counted.plots += sent.plots
                counted.refused += sent.refused
                counted.late = max(counted.late, sent.late)
            }
            if until >= now { usleep(1000) }
        }
        self.ended.exchange { $0 = true }
    }

    /// Everything sent so far.
    var sent: Sent {
        self.counted.exchange { counted in
            let result = counted
            counted.late = 0
            return result
        }
    }

    func setRate(_ rate: Double) { self.wish.exchange { $0.rate = rate } }

    func stop() {
        self.wish.exchange { $0.isStopped = true }
        while !self.ended.exchange({ $0 }) { usleep(1000) }
    }
}
