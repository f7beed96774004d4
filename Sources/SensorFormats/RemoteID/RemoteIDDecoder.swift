public import Air
import Glibc

/// Bytes that gave no message.
public struct RemoteIDProblem: Hashable, Sendable, CustomStringConvertible {
    /// How many bytes were given, none of which was used.
    public var length: Int
    public var fault: RemoteIDFault

    /// For example `27 bytes skipped: message or frame cut off`.
    public var description: String { "\(counted(self.length, "byte")) skipped: \(self.fault.text)" }
}

/// The plot view of Remote ID: what one receiver hears of unmanned aircraft, to plots.
///
/// A location becomes a plot; who it is of is taken from the same pack, or from the same transmitter's basic id not
/// long ago. The table of transmitters is bounded: who was silent is forgotten, newcomers to a full table are counted
/// and give plots without identity.
public struct RemoteIDDecoder: Sendable {
    /// What became of the bytes.
    public struct Tally: Hashable, Sendable {
        /// Messages by type, 0...15.
        public internal(set) var messages = [Int](repeating: 0, count: 16)
        public internal(set) var plots = 0
        /// Locations that say that the position is not available, or off the globe.
        public internal(set) var withoutPosition = 0
        /// Messages of transmitters beyond the table.
        public internal(set) var tableFull = 0
        /// Problems by `RemoteIDFault.rawValue`.
        public internal(set) var faults = [Int](repeating: 0, count: RemoteIDFault.allCases.count)
    }

    private struct Transmitter: Sendable {
        var identifier: UASIdentifier?
        var heardAt: Timestamp
    }

    /// Who its plots are of.
    public let sensor: SensorID
    /// How the bytes come.
    public let framing: RemoteIDFraming
    /// How many transmitters are known at once.
    public let transmittersMax: Int
    /// Seconds without a message after which a transmitter is forgotten.
    public let silenceMax: Double
    public private(set) var tally = Tally()
    private var transmitters: [UInt64: Transmitter] = [:]

    public init(
        sensor: SensorID, framing: RemoteIDFraming = .message, transmittersMax: Int = 4096, silenceMax: Double = 60
    ) {
        self.sensor = sensor
        self.framing = framing
        self.transmittersMax = max(1, transmittersMax)
        self.silenceMax = silenceMax
    }

    /// How many transmitters are known.
    public var transmitterCount: Int { self.transmitters.count }

    /// Decodes one message, pack or frame.
    ///
    /// - Parameters:
    ///   - transmitter: address of the sender where the frame does not say it.
    ///   - receivedAt: when it came; the tenths of the hour are taken as the nearest to it.
    ///   - reports: gets the plots appended.
    ///   - problems: gets what could not be decoded appended.
    public mutating func decode(
        _ bytes: Span<UInt8>, from transmitter: UInt64? = nil, receivedAt: Timestamp,
        into reports: inout [SensorReport], problems: inout [RemoteIDProblem]
    ) {
        do throws(RemoteIDFault) {
            let frame = try RemoteIDFrame.read(bytes, self.framing)
            let payload = bytes.extracting(frame.payload)
            let transmitter = frame.transmitter ?? transmitter
            guard payload.count > 0, payload[0] >> 4 == 15 else {
                let message = try RemoteIDMessage(payload)
                self.count(message)
                let known = self.identify(message.identifier, transmitter, receivedAt)
                return self.plot(message, known, receivedAt, &reports)
            }
            let count = try RemoteIDPack.messageCount(payload)
            self.tally.messages[15] += 1
            var identifier: UASIdentifier?
            for i in 0..<count {
                let message = try RemoteIDPack.message(i, of: payload)
                self.count(message)
                // Of several identifiers the serial number names the aircraft for good.
                if let own = message.identifier, identifier == nil || own.kind == .serialNumber { identifier = own }
            }
            identifier = self.identify(identifier, transmitter, receivedAt)
            for i in 0..<count {
                self.plot(try RemoteIDPack.message(i, of: payload), identifier, receivedAt, &reports)
            }
        } catch {
            self.tally.faults[Int(error.rawValue)] += 1
            problems.append(RemoteIDProblem(length: bytes.count, fault: error))
        }
    }

    private mutating func count(_ message: RemoteIDMessage) { self.tally.messages[Int(message.type & 15)] += 1 }

    private mutating func identify(
        _ identifier: UASIdentifier?, _ transmitter: UInt64?, _ now: Timestamp
    ) -> UASIdentifier? {
        guard let transmitter else { return identifier }
        return self.remember(identifier, transmitter, now)
    }

    private mutating func plot(
        _ message: RemoteIDMessage, _ identifier: UASIdentifier?, _ receivedAt: Timestamp,
        _ reports: inout [SensorReport]
    ) {
        guard case .location(let body) = message.body else { return }
        guard let plot = body.plot(sensor: self.sensor, receivedAt: receivedAt, identifier: identifier) else {
            self.tally.withoutPosition += 1
            return
        }
        self.tally.plots += 1
        reports.append(.plot(plot))
    }

    /// Keeps what a transmitter says of itself; answers with what is known of it.
    private mutating func remember(
        _ identifier: UASIdentifier?, _ transmitter: UInt64, _ now: Timestamp
    ) -> UASIdentifier? {
        var known = self.transmitters[transmitter]
        if let present = known, now.seconds(since: present.heardAt) > self.silenceMax { known = nil }
        if known == nil, self.transmitters[transmitter] == nil, self.transmitters.count >= self.transmittersMax {
            self.transmitters = self.transmitters.filter { now.seconds(since: $0.value.heardAt) <= self.silenceMax }
            guard self.transmitters.count < self.transmittersMax else {
                self.tally.tableFull += 1
                return identifier
            }
        }
        var entry = known ?? Transmitter(identifier: nil, heardAt: now)
        // A serial number once heard is not given up for a session's name.
        if let identifier, entry.identifier?.kind != .serialNumber || identifier.kind == .serialNumber {
            entry.identifier = identifier
        }
        entry.heardAt = now
        self.transmitters[transmitter] = entry
        return entry.identifier
    }
}

extension RemoteIDMessage {
    /// Who the message says that it is of.
    fileprivate var identifier: UASIdentifier? {
        guard case .basicID(let body) = self.body else { return nil }
        return body.identifier
    }
}

extension RemoteIDLocation {
    /// The location as a plot; nil if the position is not available or off the globe.
    ///
    /// The deviation of one axis is the 95 % radius / 2.448; 100 m where the accuracy is unknown. A velocity without
    /// accuracy is taken as good to 10 m/s (95 %).
    public func plot(sensor: SensorID, receivedAt: Timestamp, identifier: UASIdentifier?) -> Plot? {
        guard let position = self.position else { return nil }
        var plot = Plot(
            sensor: sensor,
            measuredAt: self.secondsOfHour.map { receivedAt.nearest(secondsOfHour: $0) } ?? receivedAt,
            receivedAt: receivedAt, kind: .broadcast,
            measurement: .geodetic(
                latitude: position.latitude * .pi / 180, longitude: position.longitude * .pi / 180,
                deviation: (self.positionRadius ?? 100) / ModeSAccuracy.radius95),
            pressureAltitude: self.pressureAltitudeMetres, geometricHeight: self.geodeticAltitudeMetres,
            climbRate: self.climbMetresPerSecond, identity: Identity(uas: identifier), isOnGround: self.status == 1,
            subject: .unmannedAircraft)
        if let speed = self.speedMetresPerSecond, let direction = self.directionDegrees {
            let angle = direction * .pi / 180
            plot.velocity = Plot.Velocity(
                north: speed * cos(angle), east: speed * sin(angle),
                deviation: ModeSAccuracy.velocityRadius(category: self.speedAccuracy) / ModeSAccuracy.radius95)
        }
        return plot
    }
}

extension Timestamp {
    /// The instant with this time after a full hour that lies nearest.
    func nearest(secondsOfHour: Double) -> Timestamp {
        let hour: Int64 = 3_600_000_000_000
        let remainder = self.nanoseconds % hour
        var difference = Int64((secondsOfHour * 1e9).rounded()) - (remainder < 0 ? remainder + hour : remainder)
        if difference > hour / 2 { difference -= hour }
        if difference < -hour / 2 { difference += hour }
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(difference)
        return overflow ? self : Timestamp(nanoseconds: sum)
    }
}
