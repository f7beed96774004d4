import Air
import Glibc

/// Decodes recordings that give plots and nothing else, piece by piece, to JSON Lines: BaseStation and OpenSky.
///
///     {"time":1626098400.000000000,"address":"4b1805","callsign":"SWR1","latitudeDegrees":47.458,"longitudeDegrees":8.548,
///      "altitudeMetres":10972.8,"speedMetresPerSecond":231.5,"trackDegrees":271.2,"climbMetresPerSecond":0,"onGround":false}
public struct PlotRecordingDecoder: ~Copyable {
    /// Plots written.
    public var written: Int { self.selection.count }
    /// Whether as many were written as are wanted.
    public var isDone: Bool { self.selection.isDone }
    /// Lines that could not be read.
    public private(set) var problems = 0
    /// What the recording is.
    public let format: RecordingFormat
    private var baseStation = BaseStationReader()
    private var aircraft: BaseStationDecoder
    private var openSky: OpenSkyReader
    private var last = Timestamp(nanoseconds: 0)
    private var plots: [SensorReport] = []
    private var writer = JSONWriter(capacity: 1 << 17)
    private var selection: Selection

    /// Nil unless the format is `sbs` or `openSky`.
    ///
    /// - Parameters:
    ///   - area: only plots in here are written.
    ///   - countMax: how many are written at most.
    public init?(format: RecordingFormat, area: AsterixFilter.Area? = nil, countMax: Int = .max) {
        guard format == .sbs || format == .openSky else { return nil }
        self.format = format
        self.selection = Selection(area: area, countMax: countMax)
        let sensor = SensorID(sac: 0, sic: 1)
        self.aircraft = BaseStationDecoder(BaseStationDecoder.Configuration(sensor: sensor))
        self.openSky = OpenSkyReader(sensor: sensor)
    }

    /// Decodes the next piece.
    ///
    /// - Parameters:
    ///   - isLast: whether the recording ends with it.
    ///   - sink: gets the text in pieces of whole lines.
    ///   - problem: is told each line that could not be read, with its place, and the reason alone.
    /// - Throws: what `sink` throws.
    public mutating func read(
        _ piece: Span<UInt8>, isLast: Bool, sink: (Span<UInt8>) throws -> Void,
        problem: (_ text: String, _ reason: String) -> Void
    ) throws {
        var problems = 0
        func note(_ text: String, _ reason: String) {
            problems += 1
            problem(text, reason)
        }
        var start = 0
        // In stretches, so that the text of the plots stays small.
        repeat {
            let end = min(piece.count, start + 1 << 16)
            let stretch = piece.extracting(start..<end)
            let isEnd = isLast && end == piece.count
            if self.format == .sbs {
                self.readBaseStation(stretch, isEnd, note)
            } else {
                self.openSky.read(stretch, problem: { note("\($0)", $0.reason.text) }, into: &self.plots)
                if isEnd { self.openSky.finish(problem: { note("\($0)", $0.reason.text) }, into: &self.plots) }
            }
            for case .plot(let plot) in self.plots { self.write(plot) }
            self.plots.removeAll(keepingCapacity: true)
            try self.writer.withBytes { try sink($0) }
            self.writer.removeAll()
            start = end
        } while start < piece.count && !self.selection.isDone
        self.problems += problems
    }

    private mutating func readBaseStation(_ piece: Span<UInt8>, _ isEnd: Bool, _ note: (String, String) -> Void) {
        var reader = self.baseStation
        func take(_ message: BaseStationMessage) {
            self.last = message.generatedAt ?? message.loggedAt ?? self.last
            self.aircraft.decode(message, receivedAt: self.last, into: &self.plots)
        }
        reader.read(piece, problem: { note("\($0)", $0.reason.text) }, take)
        if isEnd { reader.finish(problem: { note("\($0)", $0.reason.text) }, take) }
        self.baseStation = reader
    }

    private mutating func write(_ plot: Plot) {
        guard case .geodetic(let latitude, let longitude, _) = plot.measurement,
            self.selection.takes(latitude: latitude, longitude: longitude)
        else { return }
        self.writer.beginObject()
        self.writer.key("time")
        self.writer.number(mantissa: plot.measuredAt.nanoseconds, decimals: 9)
        if let address = plot.identity.address {
            self.writer.key("address")
            self.writer.string("\(address)")
        }
        if let callsign = plot.identity.callsign {
            self.writer.key("callsign")
            self.writer.string("\(callsign)")
        }
        if let code = plot.identity.mode3A {
            self.writer.key("mode3A")
            self.writer.string("\(code)")
        }
        self.put("latitudeDegrees", latitude * 180 / .pi, 6)
        self.put("longitudeDegrees", longitude * 180 / .pi, 6)
        self.put("altitudeMetres", plot.pressureAltitude, 1)
        self.put("heightMetres", plot.geometricHeight, 1)
        if let velocity = plot.velocity {
            let speed = (velocity.east * velocity.east + velocity.north * velocity.north).squareRoot()
            self.put("speedMetresPerSecond", speed, 1)
            let track = atan2(velocity.east, velocity.north) * 180 / .pi
            self.put("trackDegrees", track < 0 ? track + 360 : track, 1)
        }
        self.put("climbMetresPerSecond", plot.climbRate, 1)
        self.writer.key("onGround")
        self.writer.bool(plot.isOnGround)
        self.writer.endObject()
        self.writer.endLine()
    }

    private mutating func put(_ key: StaticString, _ value: Double?, _ digits: Int) {
        guard let value else { return }
        self.writer.key(key)
        self.writer.number(value, decimals: digits)
    }
}
