public import Air
public import Geodesy
import Glibc

/// Which edition of the standard a node follows.
public enum SapientEdition: UInt8, Hashable, Sendable {
    /// BSI Flex 335 v1.0:2023; its messages are read by the same numbers, its rules are not checked beyond the envelope.
    case v1
    /// BSI Flex 335 v2.0:2024.
    case v2
}

/// One message of SAPIENT: who sent it when, and one of nine contents.
///
/// The whole message is kept as a tree, so that encoding gives back what was read, fields unknown here included; the
/// properties are views of it.
///
/// Source: BSI Flex 335 v2.0:2024.
public struct SapientMessage: Hashable, Sendable {
    /// What a message says.
    public enum Content: Hashable, Sendable {
        case registration(SapientRegistration)
        case registrationAck(isAccepted: Bool, reasons: [String])
        case statusReport(SapientStatusReport)
        case detectionReport(SapientDetectionReport)
        /// A task, which is never read: nobody tasks this node, and it tasks nobody.
        case task
        case taskAck
        case alert(SapientAlert)
        case alertAck(alertID: String)
        case error([String])
        case none
    }

    /// The message as it is on the wire.
    public var tree: ProtoMessage

    private static let type = SapientSchema.all.messages[0]

    /// Reads the bytes of one message, without the length before it.
    public init(_ bytes: Span<UInt8>) throws(ProtoError) {
        self.tree = try ProtoMessage(bytes, 0..<bytes.count, of: 0, in: SapientSchema.all)
    }

    private init(
        from nodeID: String, to destination: String?, at time: Timestamp, _ number: UInt32, _ content: ProtoMessage
    ) {
        self.tree = ProtoMessage()
        self.tree.set(1, time)
        self.tree.set(2, nodeID)
        if let destination { self.tree.set(3, destination) }
        self.tree.set(number, content)
    }

    /// The answer to a registration.
    public static func registrationAck(
        from nodeID: String, to destination: String, at time: Timestamp, isAccepted: Bool, reasons: [String] = []
    ) -> SapientMessage {
        var content = ProtoMessage()
        content.set(1, isAccepted)
        for reason in reasons { content.set(3, reason) }
        return SapientMessage(from: nodeID, to: destination, at: time, 5, content)
    }

    /// The answer to an alert: whether it is taken up.
    public static func alertAck(
        from nodeID: String, to destination: String, at time: Timestamp, alertID: String, isAccepted: Bool,
        reason: String? = nil
    ) -> SapientMessage {
        var content = ProtoMessage()
        content.set(1, alertID)
        if let reason { content.set(4, reason) }
        content.set(5, Int32(isAccepted ? 1 : 2))
        return SapientMessage(from: nodeID, to: destination, at: time, 11, content)
    }

    /// Tells a node that a message of its was not understood.
    public static func error(
        from nodeID: String, to destination: String?, at time: Timestamp, packet: [UInt8], sentences: [String]
    ) -> SapientMessage {
        var content = ProtoMessage()
        content.set(1, packet)
        for sentence in sentences { content.set(3, sentence) }
        return SapientMessage(from: nodeID, to: destination, at: time, 12, content)
    }

    /// The bytes, without the length before them.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        self.tree.append(to: &bytes, as: Self.type, in: SapientSchema.all)
        return bytes
    }

    /// Appends length (four bytes, the lowest first) and bytes.
    public func appendFrame(to output: inout [UInt8]) {
        let bytes = self.bytes
        for i in 0..<4 { output.append(UInt8(truncatingIfNeeded: bytes.count >> (8 * i))) }
        output += bytes
    }

    /// When it was sent.
    public var timestamp: Timestamp? { self.tree.time(1) }
    /// Who sent it: a UUID.
    public var nodeID: String? { self.tree.string(2) }
    /// For whom it is.
    public var destinationID: String? { self.tree.string(3) }

    public var content: Content {
        for field in self.tree.fields {
            switch (field.number, field.value) {
            case (4, .message(let inner)): return .registration(SapientRegistration(tree: inner))
            case (5, .message(let inner)):
                return .registrationAck(
                    isAccepted: inner.integer(1) == 1, reasons: inner.strings(2) + inner.strings(3))
            case (6, .message(let inner)): return .statusReport(SapientStatusReport(tree: inner))
            case (7, .message(let inner)): return .detectionReport(SapientDetectionReport(tree: inner))
            case (8, .bytes): return .task
            case (9, .bytes): return .taskAck
            case (10, .message(let inner)): return .alert(SapientAlert(tree: inner))
            case (11, .message(let inner)): return .alertAck(alertID: inner.string(1) ?? "")
            case (12, .message(let inner)): return .error(inner.strings(2) + inner.strings(3))
            default: break
            }
        }
        return .none
    }

    /// The rules of the standard that the message breaks, the first sixteen; empty: none.
    public func violations(_ edition: SapientEdition = .v2) -> [SapientViolation] {
        var found: [SapientViolation] = []
        switch edition {
        case .v2: self.tree.check(Self.type, SapientSchema.all, path: "", limit: 16, into: &found)
        case .v1:
            if self.tree.time(1) == nil { found.append(SapientViolation(path: "timestamp", rule: .missing)) }
            if self.nodeID?.isEmpty ?? true { found.append(SapientViolation(path: "node_id", rule: .missing)) }
            if self.content == .none { found.append(SapientViolation(path: "content", rule: .noChoice)) }
        }
        return found
    }

    /// Writes all fields as keys and values of an object that the caller has begun.
    public func writeFields(to writer: inout JSONWriter) {
        self.tree.writeFields(Self.type, SapientSchema.all, to: &writer)
    }
}

/// What a node is and can do, as it says when it connects.
public struct SapientRegistration: Hashable, Sendable {
    /// One thing that it can do, such as (`Radar`, `Maximum range`, `5000`, `m`).
    public struct Capability: Hashable, Sendable {
        public var category: String
        public var type: String
        public var value: String?
        public var units: String?
    }

    public var tree: ProtoMessage

    /// Numbers of `Registration.NodeType`: 2 radar, 3 lidar, 4 camera, 6 acoustic, 8 passive RF, 9 human, …
    public var nodeTypes: [Int32] { self.tree.messages(1).compactMap { $0.integer(1) } }
    /// The edition that it follows, as it writes it: `BSI Flex 335 v2.0`.
    public var edition: String { self.tree.string(2) ?? "" }
    public var name: String? { self.tree.string(3) }
    public var shortName: String? { self.tree.string(4) }

    public var capabilities: [Capability] {
        self.tree.messages(5).map {
            Capability(
                category: $0.string(1) ?? "", type: $0.string(2) ?? "", value: $0.string(3), units: $0.string(4))
        }
    }

    /// Seconds between its status reports; nil if it does not say.
    public var statusInterval: Double? {
        guard let duration = self.tree.message(6)?.message(1), let value = duration.float(3), value.isFinite,
            value > 0
        else { return nil }
        let units: [Double] = [0, 1e-9, 1e-6, 1e-3, 1, 60, 3600, 86_400]
        let unit = Int(duration.integer(1) ?? 0)
        guard unit > 0, unit < units.count else { return nil }
        return Double(value) * units[unit]
    }

    /// Metres per second of the unit in which it gives velocities: m/s unless it says km/h.
    public var speedUnit: Double {
        for mode in self.tree.messages(7) {
            for detection in mode.messages(10) {
                switch detection.message(6)?.message(4)?.integer(1) {
                case 1: return 1
                case 2: return 1 / 3.6
                default: break
                }
            }
        }
        return 1
    }
}

/// How a node is.
public struct SapientStatusReport: Hashable, Sendable {
    public enum System: Int32, Hashable, Sendable {
        case ok = 1
        case warning = 2
        case error = 3
        /// It is about to leave.
        case goodbye = 5
    }

    public var tree: ProtoMessage

    public var system: System? { self.tree.integer(2).flatMap { System(rawValue: $0) } }
    public var mode: String? { self.tree.string(5) }
    /// Where it stands.
    public var location: Geodetic? { self.tree.message(7).flatMap { SapientLocation(tree: $0).geodetic } }
}

/// What a node wants to be known at once.
public struct SapientAlert: Hashable, Sendable {
    public var tree: ProtoMessage

    public var alertID: String { self.tree.string(1) ?? "" }
    /// 1 information, 2 warning, 3 critical, 4 error, 5 fatal, 6 mode change.
    public var alertType: Int32? { self.tree.integer(2) }
    /// 1 active, 2 acknowledged, 3 rejected, 4 ignored, 5 cleared.
    public var status: Int32? { self.tree.integer(3) }
    public var text: String? { self.tree.string(4) }
    public var location: Geodetic? { self.tree.message(6).flatMap { SapientLocation(tree: $0).geodetic } }
}

/// A place as SAPIENT writes it.
public struct SapientLocation: Hashable, Sendable {
    public var tree: ProtoMessage

    /// The place on the ellipsoid, if it is one; a missing height is 0.
    ///
    /// A height over the geoid (datum 2) is passed on as if it were over the ellipsoid, wrong by some 100 m at most.
    public var geodetic: Geodetic? {
        guard let x = self.tree.double(1), let y = self.tree.double(2), x.isFinite, y.isFinite else { return nil }
        let height = self.height ?? 0
        let place: Geodetic?
        switch self.tree.integer(7) {
        case 1: place = Geodetic(latitudeDegrees: y, longitudeDegrees: x, height: height)
        case 2: place = Geodetic(latitude: y, longitude: x, height: height)
        case 5:
            place = UniversalTransverseMercator.place(zone: self.tree.string(9) ?? "", easting: x, northing: y)
                .map { Geodetic(latitude: $0.latitude, longitude: $0.longitude, height: height) }
        default: place = nil
        }
        guard let place, place.latitude.magnitude <= .pi / 2, place.longitude.magnitude <= .pi else { return nil }
        return place
    }

    /// Metres; nil if it says none, or one that nothing detected from the ground has.
    public var height: Double? { self.tree.double(3).flatMap { (-11_000...1_000_000).contains($0) ? $0 : nil } }

    /// The larger of the two horizontal errors, metres, brought into 0.1 m...1,000 km; nil if none is said.
    ///
    /// It is taken as one standard deviation.
    public var deviation: Double? {
        guard let place = self.geodetic else { return nil }
        let errors = [self.tree.double(4), self.tree.double(5)]
        let radius = WGS84.semiMajorAxis
        // Errors are in the unit of the coordinate.
        let scales: [Double] =
            switch self.tree.integer(7) {
            case 1: [radius * cos(place.latitude) * .pi / 180, radius * .pi / 180]
            case 2: [radius * cos(place.latitude), radius]
            default: [1, 1]
            }
        let metres = zip(errors, scales).compactMap { error, scale -> Double? in
            guard let error, error.isFinite, error > 0 else { return nil }
            return error * scale
        }
        return metres.max().map { min(max($0, 0.1), 1_000_000) }
    }
}

/// One object that a node has detected.
public struct SapientDetectionReport: Hashable, Sendable {
    /// What it may be, with the node's confidence, 0...1.
    public struct Classification: Hashable, Sendable {
        public var type: String
        public var confidence: Float?
        /// Types of all sub-classes, from the coarse to the fine.
        public var subClasses: [String]
    }

    /// Range, azimuth and elevation from the node, metres and radians, from true north.
    public struct Bearing: Hashable, Sendable {
        public var range: Double
        public var azimuth: Double
        public var elevation: Double?
    }

    public var tree: ProtoMessage

    public var reportID: String { self.tree.string(1) ?? "" }
    /// The same for all reports of one object, as well as the node can tell.
    public var objectID: String { self.tree.string(2) ?? "" }
    /// A special case, such as that the object was lost; free text.
    public var state: String? { self.tree.string(4) }
    public var location: SapientLocation? { self.tree.message(6).map { SapientLocation(tree: $0) } }
    /// 0...1.
    public var confidence: Float? { self.tree.float(7) }
    /// What the object calls itself, such as its tail number.
    public var id: String? { self.tree.string(23) }

    /// The place as seen from the node; nil without range or azimuth, or from another north than the true one.
    public var bearing: Bearing? {
        guard let tree = self.tree.message(5), tree.integer(8) == 1, let azimuth = tree.double(2),
            let range = tree.double(3), azimuth.isFinite, (0...10_000_000).contains(range)
        else { return nil }
        let scales: (angle: Double, range: Double)
        switch tree.integer(7) {
        case 1: scales = (.pi / 180, 1)
        case 2: scales = (1, 1)
        case 3: scales = (.pi / 180, 1000)
        case 4: scales = (1, 1000)
        default: return nil
        }
        let turn = (azimuth * scales.angle).truncatingRemainder(dividingBy: 2 * .pi)
        let elevation = tree.double(1).flatMap { $0.isFinite ? $0 * scales.angle : nil }
        return Bearing(
            range: range * scales.range, azimuth: turn < 0 ? turn + 2 * .pi : turn,
            elevation: elevation.flatMap { $0.magnitude <= .pi / 2 ? $0 : nil })
    }

    public var classifications: [Classification] {
        self.tree.messages(11).map { tree in
            var types: [String] = []
            var level = tree.messages(3)
            while let first = level.first {
                types += level.map { $0.string(1) ?? "" }
                level = first.messages(4)
            }
            return Classification(type: tree.string(1) ?? "", confidence: tree.float(2), subClasses: types)
        }
    }

    /// What the most confident classification says that the object is.
    public var subject: Plot.Subject? {
        var best: Classification?
        for one in self.classifications where best == nil || (one.confidence ?? 0) > (best?.confidence ?? 0) {
            best = one
        }
        guard let best else { return nil }
        let words = ([best.type] + best.subClasses).joined(separator: " ").lowercased()
        if ["uav", "uas", "drone", "unmanned"].contains(where: { words.contains($0) }) { return .unmannedAircraft }
        let type = best.type.lowercased()
        if type.contains("air") || type.contains("helicopter") { return .aircraft }
        if type.contains("sea") || type.contains("vessel") || type.contains("ship") { return .vessel }
        if type.contains("land") || type.contains("vehicle") { return .landVehicle }
        if type.contains("human") || type.contains("person") { return .person }
        if type.contains("animal") || type.contains("bird") { return .animal }
        return nil
    }

    /// Velocity over ground and rate of climb, metres per second; nil beyond 15 km/s, which is no aircraft's.
    ///
    /// A velocity without an error is taken as good to 5 m/s.
    ///
    /// - Parameter unit: metres per second of the node's unit.
    public func velocity(unit: Double) -> (horizontal: Plot.Velocity, climb: Double?)? {
        func metresPerSecond(_ number: UInt32, _ tree: ProtoMessage) -> Double? {
            tree.double(number).map { $0 * unit }.flatMap { (-15_000...15_000).contains($0) ? $0 : nil }
        }
        guard let tree = self.tree.message(19), let east = metresPerSecond(1, tree),
            let north = metresPerSecond(2, tree)
        else { return nil }
        let error = [metresPerSecond(4, tree), metresPerSecond(5, tree)].compactMap { $0 }.filter { $0 > 0 }.max()
        return (
            Plot.Velocity(north: north, east: east, deviation: max(error ?? 5, 0.01)), metresPerSecond(3, tree)
        )
    }
}

/// Plane co-ordinates of the sixty zones to places on the ellipsoid.
///
/// Krüger's series to the third power of n: below 1 mm within a zone.
///
/// Source: L. Krüger, "Konforme Abbildung des Erdellipsoids in der Ebene", 1912, in the form of C. F. F. Karney,
/// "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011), equations 11 and 36.
enum UniversalTransverseMercator {
    /// - Parameter zone: `30N`, `30S` or with the letter of a band, `30U`; N and S mean the hemisphere.
    static func place(zone: String, easting: Double, northing: Double) -> Geodetic? {
        let digits = zone.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), (1...60).contains(number), zone.utf8.count == digits.utf8.count + 1,
            let letter = zone.uppercased().utf8.last, (UInt8(ascii: "C")...UInt8(ascii: "X")).contains(letter),
            (0...1_000_000).contains(easting), (0...10_000_000).contains(northing)
        else { return nil }
        // Bands C to M lie in the south; a lone S is the hemisphere, as the standard's example 30N is the other.
        let isSouth = letter <= UInt8(ascii: "M") || letter == UInt8(ascii: "S")
        let f = WGS84.flattening
        let n = f / (2 - f)
        let (n2, n3) = (n * n, n * n * n)
        let radius = WGS84.semiMajorAxis / (1 + n) * (1 + n2 / 4 + n2 * n2 / 64)
        let xi = (northing - (isSouth ? 10_000_000 : 0)) / (0.9996 * radius)
        let eta = (easting - 500_000) / (0.9996 * radius)
        let beta = [n / 2 - 2 * n2 / 3 + 37 * n3 / 96, n2 / 48 + n3 / 15, 17 * n3 / 480]
        var (xiPrime, etaPrime) = (xi, eta)
        for (j, b) in beta.enumerated() {
            let k = 2 * Double(j + 1)
            xiPrime -= b * sin(k * xi) * cosh(k * eta)
            etaPrime -= b * cos(k * xi) * sinh(k * eta)
        }
        let chi = asin(sin(xiPrime) / cosh(etaPrime))
        let delta = [2 * n - 2 * n2 / 3 - 2 * n3, 7 * n2 / 3 - 8 * n3 / 5, 56 * n3 / 15]
        var latitude = chi
        for (j, d) in delta.enumerated() { latitude += d * sin(2 * Double(j + 1) * chi) }
        let meridian = Double(6 * number - 183) * .pi / 180
        return Geodetic(
            latitude: latitude, longitude: wrappedAngle(meridian + atan2(sinh(etaPrime), cos(xiPrime))))
    }
}
