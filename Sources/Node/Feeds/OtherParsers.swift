internal import Air
internal import SensorFormats
internal import Transport

/// BaseStation lines (SBS) of one receiver, by one or several connections.
struct BaseStationParser: FeedParser {
    private var decoder: BaseStationDecoder
    private var readers: [UInt16: BaseStationReader] = [:]
    private var places = StreamPlaces()
    /// Of readers that were started afresh.
    private var lost = (messages: 0, problems: 0)

    init(receiver: SensorID) {
        self.decoder = BaseStationDecoder(BaseStationDecoder.Configuration(sensor: receiver))
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        let receivedAt = Timestamp(nanoseconds: item.receivedAt)
        var reader = self.readers[item.slot] ?? BaseStationReader()
        if !self.places.continues(item) {
            self.lost = (self.lost.messages + reader.messageCount, self.lost.problems + reader.problemCount)
            reader = BaseStationReader()
        }
        reader.read(bytes) { self.decoder.decode($0, receivedAt: receivedAt, into: &decoded.reports) }
        self.readers[item.slot] = reader
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        let messages = self.readers.values.reduce(self.lost.messages) { $0 + $1.messageCount }
        let problems = self.readers.values.reduce(self.lost.problems) { $0 + $1.problemCount }
        return [
            label.counter("messages", messages, "Messages of a feed, of whatever use."),
            label.counter("garbage_lines", problems, "Lines of a stream that were no message."),
            label.unused(self.decoder.refusedCount, "too many aircraft"),
        ]
    }
}

/// AIS sentences, in datagrams or by one or several connections.
struct AISParser: FeedParser {
    private let receiver: SensorID
    private let framing: AISDecoder.Framing
    private var decoders: [UInt16: AISDecoder] = [:]
    private var places = StreamPlaces()
    /// Of decoders that were started afresh.
    private var lost = Figures()
    private var problems: [AISProblem] = []

    private struct Figures {
        var messages = 0
        var withoutPosition = 0
        var faults = [Int](repeating: 0, count: AISFault.allCases.count)

        mutating func add(_ decoder: AISDecoder) {
            self.messages += decoder.tally.messageCount
            self.withoutPosition += decoder.withoutPosition
            for fault in AISFault.allCases { self.faults[Int(fault.rawValue)] += decoder.tally.count(of: fault) }
        }
    }

    init(receiver: SensorID, framing: AISDecoder.Framing) {
        self.receiver = receiver
        self.framing = framing
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        // Taken out, so that the dictionary holds no second copy, which a change would have to copy first.
        var decoder =
            self.decoders.removeValue(forKey: item.slot)
            ?? AISDecoder(sensor: self.receiver, framing: self.framing)
        if self.framing == .stream, !self.places.continues(item) {
            self.lost.add(decoder)
            decoder = AISDecoder(sensor: self.receiver, framing: self.framing)
        }
        self.problems.removeAll(keepingCapacity: true)
        decoder.decode(
            bytes, receivedAt: Timestamp(nanoseconds: item.receivedAt), into: &decoded.reports,
            problems: &self.problems)
        self.decoders[item.slot] = decoder
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        var figures = self.lost
        for decoder in self.decoders.values { figures.add(decoder) }
        return [
            label.counter("messages", figures.messages, "Messages of a feed, of whatever use."),
            label.unused(figures.withoutPosition, "no position"),
        ]
            + AISFault.allCases.filter { figures.faults[Int($0.rawValue)] > 0 }.map {
                label.unused(figures.faults[Int($0.rawValue)], $0.text)
            }
    }
}

/// Remote ID: a message, a pack or a frame with one in each datagram.
struct RemoteIDParser: FeedParser {
    private var decoder: RemoteIDDecoder
    private var problems: [RemoteIDProblem] = []

    init(receiver: SensorID, framing: RemoteIDFraming) {
        self.decoder = RemoteIDDecoder(sensor: receiver, framing: framing)
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        self.problems.removeAll(keepingCapacity: true)
        self.decoder.decode(
            bytes, receivedAt: Timestamp(nanoseconds: item.receivedAt), into: &decoded.reports,
            problems: &self.problems)
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        let tally = self.decoder.tally
        return [
            label.counter("messages", tally.messages.reduce(0, +), "Messages of a feed, of whatever use."),
            label.unused(tally.withoutPosition, "no position"),
            label.unused(tally.tableFull, "too many transmitters"),
        ] + RemoteIDFault.allCases.map { label.unused(tally.faults[Int($0.rawValue)], $0.text) }
    }
}

/// SAPIENT nodes that connect to this one, each with a session of its own.
///
/// All nodes of a feed are told apart by their objects only: they share the feed's sensor.
struct SapientParser: FeedParser {
    private let configuration: SapientSession.Configuration
    private var sessions: [UInt16: SapientSession] = [:]
    private var places = StreamPlaces()
    private var lost = Figures()
    private var events: [SapientSession.Event] = []
    private var problems: [SapientProblem] = []

    private struct Figures {
        var messages = 0
        var problems = 0
        var lostObjects = 0
        var tasks = 0

        mutating func add(_ session: SapientSession) {
            self.messages += session.tally.messages
            self.problems += session.tally.problems
            self.lostObjects += session.tally.lostObjects
            self.tasks += session.tally.tasks
        }
    }

    init(sensor: SensorID, nodeID: String) {
        self.configuration = SapientSession.Configuration(sensor: sensor, nodeID: nodeID)
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        var session = self.sessions.removeValue(forKey: item.slot) ?? self.session(of: item.slot)
        if !self.places.continues(item) {
            self.lost.add(session)
            session = self.session(of: item.slot)
        }
        var output: [UInt8] = []
        self.events.removeAll(keepingCapacity: true)
        self.problems.removeAll(keepingCapacity: true)
        session.receive(
            bytes, receivedAt: Timestamp(nanoseconds: item.receivedAt), into: &decoded.reports, events: &self.events,
            output: &output, problems: &self.problems)
        self.sessions[item.slot] = session
        let isOver = session.state == .lost || session.state == .left
        guard isOver || !output.isEmpty else { return }
        decoded.answers.append(
            Decoded.Answer(slot: item.slot, connection: item.connection, bytes: output, isLast: isOver))
    }

    /// A session whose objects have other numbers than those of the fifteen other slots.
    private func session(of slot: UInt16) -> SapientSession {
        var configuration = self.configuration
        let first = slot % 16 * 4096
        configuration.objectNumbers = first...(first + 4095)
        return SapientSession(configuration)
    }

    mutating func tick(at now: Timestamp, into decoded: inout Decoded) {
        for slot in self.sessions.keys {
            self.events.removeAll(keepingCapacity: true)
            self.sessions[slot]?.tick(at: now, into: &decoded.reports, events: &self.events)
        }
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        var figures = self.lost
        for session in self.sessions.values { figures.add(session) }
        return [
            label.counter("messages", figures.messages, "Messages of a feed, of whatever use."),
            label.unused(figures.problems, "not taken"),
            label.unused(figures.lostObjects, "object lost"),
            label.unused(figures.tasks, "tasks are not for this node"),
        ]
    }
}
