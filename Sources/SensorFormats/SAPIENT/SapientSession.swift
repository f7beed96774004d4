public import Air
import Geodesy

/// Bytes or a message of a SAPIENT connection that were not taken.
public struct SapientProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Fault: Hashable, Sendable {
        /// A length above the limit: nothing behind it can be found any more.
        case frameTooLong(UInt32)
        /// Not in the wire format of Protocol Buffers.
        case malformed(ProtoError)
        /// A mandatory field is missing; the message was dropped.
        case invalid(SapientViolation)
        /// A message before the node has registered, or from another node than the one that has.
        case notRegistered
        /// A detection whose place cannot be had: another north, unknown units, no range.
        case withoutPosition
    }

    /// From the start of the connection: the frame's length field.
    public var offset: Int
    /// The frame with its length field.
    public var length: Int
    public var fault: Fault

    public var description: String {
        let text =
            switch self.fault {
            case .frameTooLong(let length): "a message of \(length) bytes is beyond the limit; the connection is lost"
            case .malformed(let error): "no protobuf message: \(error)"
            case .invalid(let violation): "\(violation)"
            case .notRegistered: "the node has not registered"
            case .withoutPosition: "the place of the detection cannot be had"
            }
        return "offset \(self.offset): \(text); \(counted(self.length, "byte")) skipped"
    }
}

/// One connection of a SAPIENT node to this one, from the receiving end: bytes in, reports and bytes out.
///
///     connect → Registration → RegistrationAck → StatusReport, DetectionReport, Alert … → StatusReport GOODBYE
///
/// Each message has four bytes of length before it, the lowest first. The node must register first; a new registration
/// takes the place of the former. Tasks are counted and never read: this node tasks nobody and nobody tasks it.
///
/// Memory is bounded by the longest frame and by the numbers for objects. The time is an argument.
///
/// Source: BSI Flex 335 v2.0:2024.
public struct SapientSession: Sendable {
    /// What is fixed.
    public struct Configuration: Hashable, Sendable {
        /// Who the node's plots are of.
        public var sensor: SensorID
        /// The UUID of this node, for its answers.
        public var nodeID: String
        /// The longest message, bytes.
        public var messageMax: Int
        /// One standard deviation of a place without an error, metres.
        public var positionDeviation: Double
        /// The track numbers that are given to the node's objects, the last ones kept; nodes that share a sensor need
        /// different ones, or their objects are taken for each other.
        public var objectNumbers: ClosedRange<UInt16>

        public init(
            sensor: SensorID, nodeID: String, messageMax: Int = 1 << 20, positionDeviation: Double = 30,
            objectNumbers: ClosedRange<UInt16> = 0...4095
        ) {
            self.sensor = sensor
            self.nodeID = nodeID
            self.messageMax = max(1024, messageMax)
            self.positionDeviation = positionDeviation
            self.objectNumbers = objectNumbers
        }
    }

    /// Where the connection is in its life.
    public enum State: UInt8, Hashable, Sendable {
        case awaitingRegistration
        case registered
        /// The node has said goodbye.
        case left
        /// A length was beyond the limit; the owner should close.
        case lost
    }

    /// What happened that is no plot.
    public enum Event: Hashable, Sendable {
        /// The node is known now.
        case registered(nodeID: String, SapientRegistration)
        /// It was refused, for these rules.
        case refused([SapientViolation])
        case status(SapientStatusReport)
        case alert(SapientAlert)
        /// The node did not understand what it was sent.
        case error([String])
        /// The node has left.
        case left
        /// No status report for 2.5 intervals.
        case late
    }

    /// What became of all messages.
    public struct Tally: Hashable, Sendable {
        public internal(set) var messages = 0
        public internal(set) var plots = 0
        /// Detections that say that their object is lost: no plot.
        public internal(set) var lostObjects = 0
        /// Tasks and answers to tasks, which are not for us.
        public internal(set) var tasks = 0
        /// Messages that break a rule of form (UUID, ULID) and were taken all the same.
        public internal(set) var badForms = 0
        public internal(set) var problems = 0
        public internal(set) var bytes = 0
    }

    /// How many intervals a status report may be late.
    static let intervalsMax = 2.5
    /// How much of a message goes back with the error that it caused, and how many errors a connection is told.
    static let echoMax = 1024
    static let complaintsMax = 64
    /// How many reasons an answer to a registration names, and how many registrations a connection gets answered.
    static let reasonsMax = 16
    static let registrationsMax = 256

    public let configuration: Configuration
    public private(set) var state = State.awaitingRegistration
    public private(set) var tally = Tally()
    /// The node's UUID and what it said of itself.
    public private(set) var node: (id: String, registration: SapientRegistration)?
    private var buffer: [UInt8] = []
    private var position = 0
    private var edition = SapientEdition.v2
    private var speedUnit = 1.0
    private var isRadar = false
    private var heardAt: Timestamp?
    private var isLate = false
    private var complaints = 0
    private var registrations = 0
    private var numbers: [String: UInt16] = [:]
    private var objects: [String] = []
    private var nextObject = 0

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Takes the next bytes of the connection.
    ///
    /// - Parameters:
    ///   - receivedAt: when they came.
    ///   - reports: gets plots and states of the node appended.
    ///   - events: gets what else happened appended.
    ///   - output: gets the bytes to send appended.
    ///   - problems: gets what was not taken appended.
    public mutating func receive(
        _ bytes: Span<UInt8>, receivedAt: Timestamp, into reports: inout [SensorReport], events: inout [Event],
        output: inout [UInt8], problems: inout [SapientProblem]
    ) {
        self.tally.bytes += bytes.count
        guard self.state != .lost else { return }
        for i in bytes.indices { self.buffer.append(bytes[i]) }
        var buffer: [UInt8] = []
        swap(&buffer, &self.buffer)
        var at = 0
        frames: while true {
            switch SapientFrame.find(in: buffer.span, at: at, messageMax: self.configuration.messageMax) {
            case .cutOff: break frames
            case .tooLong(let length):
                self.note(.frameTooLong(length), at, buffer.count - at, &problems)
                self.state = .lost
                return
            case .whole(let message):
                self.tally.messages += 1
                self.take(buffer.span.extracting(message), at, receivedAt, &reports, &events, &output, &problems)
                at = message.upperBound
            }
        }
        buffer.removeFirst(at)
        self.position += at
        swap(&buffer, &self.buffer)
    }

    /// Tells the session the time: a node that is late is reported as not operational, once.
    public mutating func tick(at now: Timestamp, into reports: inout [SensorReport], events: inout [Event]) {
        guard self.state == .registered, !self.isLate, let heardAt = self.heardAt,
            let interval = self.node?.registration.statusInterval,
            now.seconds(since: heardAt) > Self.intervalsMax * interval
        else { return }
        self.isLate = true
        events.append(.late)
        reports.append(
            .status(
                SensorStatus(
                    sensor: self.configuration.sensor, measuredAt: now, receivedAt: now, isOperational: false)))
    }

    /// The bytes that take up or refuse an alert.
    public func acknowledgement(
        of alert: SapientAlert, isAccepted: Bool, reason: String? = nil, at time: Timestamp
    ) -> [UInt8] {
        var output: [UInt8] = []
        SapientMessage.alertAck(
            from: self.configuration.nodeID, to: self.node?.id ?? "", at: time, alertID: alert.alertID,
            isAccepted: isAccepted, reason: reason
        ).appendFrame(to: &output)
        return output
    }

    private mutating func note(
        _ fault: SapientProblem.Fault, _ at: Int, _ length: Int, _ problems: inout [SapientProblem]
    ) {
        self.tally.problems += 1
        problems.append(SapientProblem(offset: self.position + at, length: length, fault: fault))
    }

    private mutating func take(
        _ bytes: Span<UInt8>, _ at: Int, _ receivedAt: Timestamp, _ reports: inout [SensorReport],
        _ events: inout [Event], _ output: inout [UInt8], _ problems: inout [SapientProblem]
    ) {
        let message: SapientMessage
        do throws(ProtoError) { message = try SapientMessage(bytes) } catch {
            self.note(.malformed(error), at, bytes.count + 4, &problems)
            return self.complain(bytes, "not a SAPIENT message: \(error)", nil, receivedAt, &output)
        }
        let content = message.content
        if case .registration(let registration) = content {
            let is1 = registration.edition.lowercased().contains("v1")
            self.register(registration, message, is1 ? .v1 : .v2, at, receivedAt, &events, &output, &problems)
            return
        }
        guard self.state == .registered, message.nodeID == self.node?.id else {
            self.note(.notRegistered, at, bytes.count + 4, &problems)
            return self.complain(bytes, "register first", message.nodeID, receivedAt, &output)
        }
        if let violation = self.firstMissing(message) {
            self.note(.invalid(violation), at, bytes.count + 4, &problems)
            return self.complain(bytes, violation.description, message.nodeID, receivedAt, &output)
        }
        switch content {
        case .statusReport(let status): self.take(status, message, receivedAt, &reports, &events)
        case .detectionReport(let detection):
            if detection.state?.lowercased().contains("lost") ?? false {
                self.tally.lostObjects += 1
            } else if let plot = self.plot(detection, message.timestamp ?? receivedAt, receivedAt) {
                self.tally.plots += 1
                reports.append(.plot(plot))
            } else {
                self.note(.withoutPosition, at, bytes.count + 4, &problems)
            }
        case .alert(let alert): events.append(.alert(alert))
        case .error(let sentences): events.append(.error(sentences))
        case .task, .taskAck: self.tally.tasks += 1
        case .registration, .registrationAck, .alertAck, .none: break
        }
    }

    private mutating func firstMissing(_ message: SapientMessage) -> SapientViolation? {
        let violations = message.violations(self.edition)
        let missing = violations.first { $0.rule == .missing || $0.rule == .noChoice }
        if missing == nil, !violations.isEmpty { self.tally.badForms += 1 }
        return missing
    }

    private mutating func register(
        _ registration: SapientRegistration, _ message: SapientMessage, _ edition: SapientEdition, _ at: Int,
        _ receivedAt: Timestamp, _ events: inout [Event], _ output: inout [UInt8],
        _ problems: inout [SapientProblem]
    ) {
        let violations = message.violations(edition).filter { $0.rule == .missing || $0.rule == .noChoice }
        let id = message.nodeID ?? ""
        // Who registers without end is told no more: answers that nobody reads would pile up.
        self.registrations += 1
        guard self.registrations <= Self.registrationsMax else {
            self.state = .lost
            return
        }
        SapientMessage.registrationAck(
            from: self.configuration.nodeID, to: id, at: receivedAt, isAccepted: violations.isEmpty,
            reasons: violations.prefix(Self.reasonsMax).map(\.description)
        ).appendFrame(to: &output)
        guard violations.isEmpty else {
            for violation in violations.prefix(1) {
                self.note(.invalid(violation), at, message.bytes.count + 4, &problems)
            }
            events.append(.refused(violations))
            return
        }
        self.state = .registered
        self.edition = edition
        self.node = (id, registration)
        self.speedUnit = registration.speedUnit
        self.isRadar = registration.nodeTypes.contains(2)
        self.heardAt = receivedAt
        self.isLate = false
        events.append(.registered(nodeID: id, registration))
    }

    private mutating func take(
        _ status: SapientStatusReport, _ message: SapientMessage, _ receivedAt: Timestamp,
        _ reports: inout [SensorReport], _ events: inout [Event]
    ) {
        self.heardAt = receivedAt
        self.isLate = false
        events.append(.status(status))
        reports.append(
            .status(
                SensorStatus(
                    sensor: self.configuration.sensor, measuredAt: message.timestamp ?? receivedAt,
                    receivedAt: receivedAt, isOperational: status.system == .ok || status.system == .warning,
                    site: status.location)))
        if status.system == .goodbye {
            self.state = .left
            events.append(.left)
        }
    }

    /// A detection as a plot: of a radar with range and bearing a primary one, else a track of another system.
    private mutating func plot(
        _ detection: SapientDetectionReport, _ measuredAt: Timestamp, _ receivedAt: Timestamp
    ) -> Plot? {
        let measurement: Plot.Measurement
        var height: Double?
        var kind = Plot.Kind.systemTrack
        if let location = detection.location {
            guard let place = location.geodetic else { return nil }
            measurement = .geodetic(
                latitude: place.latitude, longitude: place.longitude,
                deviation: location.deviation ?? self.configuration.positionDeviation)
            height = location.height
        } else {
            guard let bearing = detection.bearing else { return nil }
            measurement = .polar(range: bearing.range, azimuth: bearing.azimuth, elevation: bearing.elevation)
            if self.isRadar { kind = .primary }
        }
        let velocity = detection.velocity(unit: self.speedUnit)
        return Plot(
            sensor: self.configuration.sensor, measuredAt: measuredAt, receivedAt: receivedAt, kind: kind,
            measurement: measurement, geometricHeight: height, velocity: velocity?.horizontal,
            climbRate: velocity?.climb,
            identity: Identity(callsign: detection.id.flatMap { Callsign($0.uppercased()) }),
            sensorTrackNumber: self.number(of: detection.objectID), subject: detection.subject)
    }

    /// A number for an object's identifier: the same until as many others have come as there are numbers.
    private mutating func number(of object: String) -> UInt16? {
        // A ULID has 26 characters; longer ones would make the table large.
        guard object.utf8.count <= 64 else { return nil }
        if let number = self.numbers[object] { return number }
        let number = self.configuration.objectNumbers.lowerBound + UInt16(self.nextObject)
        if self.nextObject < self.objects.count {
            self.numbers[self.objects[self.nextObject]] = nil
            self.objects[self.nextObject] = object
        } else {
            self.objects.append(object)
        }
        self.numbers[object] = number
        self.nextObject = (self.nextObject + 1) % self.configuration.objectNumbers.count
        return number
    }

    private mutating func complain(
        _ bytes: Span<UInt8>, _ sentence: String, _ node: String?, _ now: Timestamp, _ output: inout [UInt8]
    ) {
        guard self.complaints < Self.complaintsMax else { return }
        self.complaints += 1
        let packet = (0..<min(bytes.count, Self.echoMax)).map { bytes[$0] }
        SapientMessage.error(
            from: self.configuration.nodeID, to: node, at: now, packet: packet, sentences: [sentence]
        ).appendFrame(to: &output)
    }
}
