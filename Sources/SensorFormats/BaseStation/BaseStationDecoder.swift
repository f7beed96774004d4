public import Air
import Glibc

/// Turns the messages of one BaseStation feed into plots: each position is one, with what its aircraft said before.
///
/// The feed does not say how good its positions are, nor whether an aircraft or a multilateration server made them: all
/// have the deviation of the configuration.
public struct BaseStationDecoder: Sendable {
    /// What is fixed for one feed.
    public struct Configuration: Hashable, Sendable {
        /// The receiver.
        public var sensor: SensorID
        /// How many aircraft are kept, 1...2²⁰.
        public var aircraftMax: Int
        /// Seconds without a message after which an aircraft is forgotten.
        public var silenceMax: Double
        /// Seconds for which velocity, altitude and rate of climb are put beside a later position.
        public var velocityAgeMax: Double
        /// One standard deviation of each axis of a position, metres; its rounding to 1.1 m included.
        public var positionDeviation: Double
        /// How far the clock of the lines is ahead of UTC, seconds (3600 in winter's Paris); nil: plots are measured when
        /// they were received, for the lines do not tell their zone.
        public var lineClockAhead: Double?

        public init(
            sensor: SensorID, aircraftMax: Int = 16_384, silenceMax: Double = 300, velocityAgeMax: Double = 5,
            positionDeviation: Double = 50, lineClockAhead: Double? = nil
        ) {
            self.sensor = sensor
            self.aircraftMax = aircraftMax
            self.silenceMax = silenceMax
            self.velocityAgeMax = velocityAgeMax
            self.positionDeviation = positionDeviation
            self.lineClockAhead = lineClockAhead
        }
    }

    /// What is fixed.
    public let configuration: Configuration
    /// Plots made.
    public private(set) var plotCount = 0
    /// Messages of aircraft for which the table has no room.
    public private(set) var refusedCount = 0
    /// How many aircraft are known now.
    public var aircraftCount: Int { self.table.aircraft.count }

    private var table: ModeSAircraftTable

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        self.table = ModeSAircraftTable(capacity: configuration.aircraftMax)
    }

    /// Takes one message; appends the plot that it is.
    ///
    /// - Complexity: constant but for a sweep of the table every ten seconds; no allocation but what `reports` needs.
    public mutating func decode(
        _ message: BaseStationMessage, receivedAt: Timestamp, into reports: inout [SensorReport]
    ) {
        var measuredAt = receivedAt
        if let ahead = self.configuration.lineClockAhead, let time = message.generatedAt ?? message.loggedAt {
            measuredAt = time.advanced(by: -ahead)
        }
        let now = measuredAt.nanoseconds
        self.table.sweepNowAndThen(at: now, silenceMax: self.configuration.silenceMax)
        guard let address = message.address else { return }
        let channel = message.isAddressForeign ? ModeSAircraft.Channel.anonymous : .direct
        let key = address.rawValue | UInt32(channel.rawValue) << 24
        guard
            let index = self.table.find(key)
                ?? self.table.insert(key, channel, at: now, silenceMax: self.configuration.silenceMax)
        else {
            self.refusedCount += 1
            return
        }
        self.note(message, at: now, in: &self.table[index])
        guard let latitude = message.latitude, let longitude = message.longitude else { return }
        let one = self.table[index]
        let freshFor = self.configuration.velocityAgeMax
        var plot = Plot(
            sensor: self.configuration.sensor, measuredAt: measuredAt, receivedAt: receivedAt, kind: .broadcast,
            measurement: .geodetic(
                latitude: latitude * .pi / 180, longitude: longitude * .pi / 180,
                deviation: self.configuration.positionDeviation),
            identity: Identity(
                address: message.isAddressForeign ? nil : address,
                mode3A: ModeSAircraft.isFresh(one.mode3AAt, now, within: 60) ? Mode3A(one.mode3A) : nil,
                callsign: one.callsign == 0 ? nil : Callsign(packed: one.callsign)),
            isOnGround: message.isOnGround ?? (message.kind == .transmission(2)),
            hasIdentPulse: message.hasIdentPulse ?? false)
        if ModeSAircraft.isFresh(one.altitudeAt, now, within: freshFor) {
            plot.pressureAltitude = Double(one.altitudeFeet) * 0.3048
        }
        if ModeSAircraft.isFresh(one.velocityAt, now, within: freshFor) {
            plot.velocity = Plot.Velocity(
                north: Double(one.north), east: Double(one.east), deviation: Double(one.velocityDeviation))
        }
        if ModeSAircraft.isFresh(one.climbAt, now, within: freshFor) { plot.climbRate = Double(one.climb) }
        self.plotCount += 1
        reports.append(.plot(plot))
    }

    private func note(_ message: BaseStationMessage, at now: Int64, in one: inout ModeSAircraft) {
        one.seenAt = now
        one.messageCount &+= 1
        if let callsign = message.callsign { one.callsign = callsign.packed }
        if let code = message.mode3A {
            one.mode3A = code.rawValue
            one.mode3AAt = now
        }
        if let feet = message.altitudeFeet {
            one.altitudeFeet = feet
            one.altitudeAt = now
        }
        if let speed = message.groundSpeedKnots, let track = message.trackDegrees {
            let speed = speed * (1852.0 / 3600)
            one.north = Float(speed * cos(track * .pi / 180))
            one.east = Float(speed * sin(track * .pi / 180))
            // Whole knots and degrees, of an accuracy that nobody tells: 10 m/s of 95 %, as NACv 1.
            let rounding = speed * (.pi / 180) * 0.29
            let deviation = ModeSAccuracy.velocityRadius(category: 1) / ModeSAccuracy.radius95
            one.velocityDeviation = Float((deviation * deviation + rounding * rounding).squareRoot())
            one.velocityAt = now
        }
        if let rate = message.verticalRateFeetPerMinute {
            one.climb = Float(Double(rate) * 0.3048 / 60)
            one.climbAt = now
        }
    }
}
