public import Air
public import Geodesy
import Glibc

/// The plot view of AIS: lines of one feed to plots of ships, aircraft and aids to navigation.
///
/// A plot is `broadcast`, names its MMSI and says what it is about; of ships the call sign too, once it was heard.
/// One decoder serves one feed, in the order of arrival.
///
/// - Complexity: some hundred instructions a message; allocates nothing for one of a single sentence but the growth of
///   the arrays.
public struct AISDecoder: Sendable {
    /// How a feed is cut into pieces.
    public enum Framing: UInt8, Hashable, Sendable {
        /// A stream or file: a line may end in the next piece.
        case stream
        /// Datagrams: a piece ends with a line.
        case datagrams
    }

    /// Messages to plots, and the call signs that were heard: beside the receiver, so that one call can change both.
    private struct PlotMaker: Sendable {
        /// How many call signs are remembered.
        static let callsignsMax = 16_384

        var callsigns: [UInt32: Callsign] = [:]
        var withoutPosition = 0
        var plotCount = 0

        mutating func take(
            _ received: AISReceived, _ sensor: SensorID, _ receivedAt: Timestamp, _ reports: inout [SensorReport]
        ) {
            let message = received.message
            switch message.body {
            case .voyage(let body): self.remember(body.callsign, message.mmsi)
            case .staticShip(let body): self.remember(body.callsign, message.mmsi)
            case .position, .baseStation, .aircraft, .classBPosition, .classBExtended, .aidToNavigation, .longRange:
                guard
                    let plot = message.plot(
                        sensor: sensor, heardAt: received.sentence.tag.receivedAt ?? receivedAt,
                        receivedAt: receivedAt, callsign: self.callsigns[message.mmsi.rawValue])
                else {
                    self.withoutPosition += 1
                    return
                }
                self.plotCount += 1
                reports.append(.plot(plot))
            default: break
            }
        }

        private mutating func remember(_ text: AISText, _ mmsi: MMSI) {
            guard let callsign = Callsign(text.description) else { return }
            guard self.callsigns.count < Self.callsignsMax || self.callsigns[mmsi.rawValue] != nil else { return }
            self.callsigns[mmsi.rawValue] = callsign
        }
    }

    /// Who its plots are of.
    public let sensor: SensorID
    public let framing: Framing
    private var receiver = AISReceiver()
    private var maker = PlotMaker()

    public init(sensor: SensorID, framing: Framing = .stream) {
        self.sensor = sensor
        self.framing = framing
    }

    /// What has been read so far.
    public var tally: AISTally { self.receiver.tally }
    /// Messages with a position that says it is not available.
    public var withoutPosition: Int { self.maker.withoutPosition }
    /// Plots made so far.
    public var plotCount: Int { self.maker.plotCount }

    /// Decodes the next piece of the feed.
    ///
    /// - Parameters:
    ///   - receivedAt: when it came; a second of the minute is taken as the nearest to it, or to the time that the
    ///     feed itself gives (tag block, fields behind).
    ///   - reports: gets the plots appended.
    ///   - problems: gets what could not be decoded appended, with offsets in the feed.
    public mutating func decode(
        _ bytes: Span<UInt8>, receivedAt: Timestamp, into reports: inout [SensorReport], problems: inout [AISProblem]
    ) {
        let sensor = self.sensor
        // An empty one costs no allocation.
        var maker = PlotMaker()
        swap(&maker, &self.maker)
        self.receiver.read(bytes, isWhole: self.framing == .datagrams, problem: { problems.append($0) }) { received in
            maker.take(received, sensor, receivedAt, &reports)
        }
        swap(&maker, &self.maker)
    }
}

extension AISMessage {
    /// What a message with a position says of the place, in the words of its type.
    private struct Fix {
        var latitude: Double?
        var longitude: Double?
        var isAccurate: Bool
        /// Metres of one step of the position, where it is coarse.
        var step = 0.0
        var speedKnots: Double?
        var courseDegrees: Double?
        /// Metres per second, one standard deviation of each component.
        var speedDeviation = 0.3
        var second: UInt8 = 60
        var subject: Plot.Subject
    }

    private var fix: Fix? {
        switch self.body {
        case .position(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                speedKnots: body.speedRaw < 1022 ? body.speedKnots : nil, courseDegrees: body.courseDegrees,
                second: body.second, subject: .vessel)
        case .baseStation(let body):
            // Message 11 is a ship's answer.
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                second: body.second, subject: self.type == 4 ? .fixedObject : .vessel)
        case .aircraft(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                speedKnots: body.speedRaw < 1022 ? body.speedKnots : nil, courseDegrees: body.courseDegrees,
                speedDeviation: 1, second: body.second, subject: .aircraft)
        case .classBPosition(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                speedKnots: body.speedRaw < 1022 ? body.speedKnots : nil, courseDegrees: body.courseDegrees,
                second: body.second, subject: .vessel)
        case .classBExtended(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                speedKnots: body.speedRaw < 1022 ? body.speedKnots : nil, courseDegrees: body.courseDegrees,
                second: body.second, subject: .vessel)
        case .aidToNavigation(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                second: body.second, subject: .fixedObject)
        case .longRange(let body):
            Fix(
                latitude: body.latitudeDegrees, longitude: body.longitudeDegrees, isAccurate: body.isAccurate,
                step: 185.2, speedKnots: body.speedRaw < 63 ? body.speedKnots : nil,
                courseDegrees: body.courseDegrees.flatMap { $0 < 360 ? $0 : nil }, speedDeviation: 0.5,
                subject: .vessel)
        default: nil
        }
    }

    /// Where the message says that its subject is; nil if it has no position, or says that it is not available or off
    /// the globe.
    public var place: Geodetic? {
        guard let fix = self.fix, let latitude = fix.latitude, let longitude = fix.longitude,
            latitude.magnitude <= 90, longitude.magnitude <= 180
        else { return nil }
        return Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude)
    }

    /// The message as a plot; nil if it has no position, or says that it is not available or off the globe.
    ///
    /// The deviation of one axis is 10 m / 2.448 with the accuracy flag, and 30 m / 2.448 without it: the standard says
    /// only "more than 10 m" (95 %), and a receiver without corrections does some 30. The step of message 27 comes on
    /// top as a uniform error. A ship is "on the ground": it is on the surface.
    ///
    /// - Parameters:
    ///   - heardAt: when a station received it; the second of the minute is the nearest to it.
    public func plot(
        sensor: SensorID, heardAt: Timestamp, receivedAt: Timestamp, callsign: Callsign? = nil
    ) -> Plot? {
        guard let place = self.place, let fix = self.fix else { return nil }
        let radius = (fix.isAccurate ? 10 : 30) / ModeSAccuracy.radius95
        let deviation = (radius * radius + fix.step * fix.step / 12).squareRoot()
        var subject = fix.subject
        if subject == .vessel {
            if self.mmsi.kind == .aircraft { subject = .aircraft }
            if self.mmsi.rawValue / 1_000_000 == 972 { subject = .person }
        }
        var plot = Plot(
            sensor: sensor, measuredAt: heardAt.nearest(second: fix.second), receivedAt: receivedAt,
            kind: .broadcast,
            measurement: .geodetic(
                latitude: place.latitude, longitude: place.longitude, deviation: deviation),
            identity: Identity(callsign: callsign, mmsi: self.mmsi), isOnGround: subject != .aircraft,
            subject: subject)
        if let knots = fix.speedKnots, let course = fix.courseDegrees, course < 360 {
            let speed = Speed.knots(knots).metresPerSecond
            let angle = course * .pi / 180
            plot.velocity = Plot.Velocity(
                north: speed * cos(angle), east: speed * sin(angle), deviation: fix.speedDeviation)
        }
        if case .aircraft(let body) = self.body, body.altitudeRaw < 4094 {
            if body.isAltitudeBarometric {
                plot.pressureAltitude = body.altitudeMetres
            } else {
                plot.geometricHeight = body.altitudeMetres
            }
        }
        return plot
    }
}

extension Timestamp {
    /// The instant with this second of the minute that lies nearest; itself if there is no such second.
    func nearest(second: UInt8) -> Timestamp {
        guard second < 60 else { return self }
        let minute: Int64 = 60_000_000_000
        let remainder = self.nanoseconds % minute
        var difference = Int64(second) * 1_000_000_000 - (remainder < 0 ? remainder + minute : remainder)
        if difference > minute / 2 { difference -= minute }
        if difference < -minute / 2 { difference += minute }
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(difference)
        return overflow ? self : Timestamp(nanoseconds: sum)
    }
}
