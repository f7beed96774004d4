import Air

/// Reads a BaseStation feed that arrives in pieces. A value of fixed size; a bad line costs that line.
public struct BaseStationReader: Sendable {
    /// Messages handed over.
    public private(set) var messageCount = 0
    /// Lines that were none; blank ones are not counted.
    public private(set) var problemCount = 0
    // No line of this format has more than some 160 bytes.
    private var lines = LineReader(lengthMax: 512)
    private var day = DayCache()

    public init() {}

    /// Reads the next piece and hands over each message that it completes.
    ///
    /// - Complexity: O(bytes), no allocation.
    public mutating func read(
        _ bytes: Span<UInt8>, problem: (BaseStationProblem) -> Void = { _ in }, _ body: (BaseStationMessage) -> Void
    ) {
        var (messages, problems) = (0, 0)
        var day = self.day
        self.lines.read(
            bytes,
            tooLong: { place in
                problems += 1
                problem(BaseStationProblem(line: place.line, offset: place.offset, reason: .tooLong, field: 0))
            },
            { line, place in Self.take(line, place, &day, &messages, &problems, problem, body) })
        self.day = day
        self.messageCount += messages
        self.problemCount += problems
    }

    /// Reads a last line that has no end: the file ends, or the connection.
    public mutating func finish(
        problem: (BaseStationProblem) -> Void = { _ in }, _ body: (BaseStationMessage) -> Void
    ) {
        var (messages, problems) = (0, 0)
        var day = self.day
        self.lines.finish { line, place in Self.take(line, place, &day, &messages, &problems, problem, body) }
        self.day = day
        self.messageCount += messages
        self.problemCount += problems
    }

    /// Whether text begins with lines of this format.
    public static func detect(_ bytes: Span<UInt8>) -> Bool {
        var reader = BaseStationReader()
        reader.read(bytes.extracting(first: 4096)) { _ in }
        return reader.messageCount > reader.problemCount
    }

    @inline(__always)
    private static func take(
        _ line: Span<UInt8>, _ place: LineReader.Place, _ day: inout DayCache, _ messages: inout Int,
        _ problems: inout Int, _ problem: (BaseStationProblem) -> Void, _ body: (BaseStationMessage) -> Void
    ) {
        let fields = CommaSeparated(line)
        if fields.count == 1, fields.field(0, of: line).isEmpty { return }
        do throws(Fault) {
            let message = try self.message(fields, line, &day)
            messages += 1
            body(message)
        } catch {
            problems += 1
            problem(
                BaseStationProblem(line: place.line, offset: place.offset, reason: error.reason, field: error.field))
        }
    }

    private struct Fault: Error {
        var reason: BaseStationProblem.Reason
        var field: UInt8 = 0
    }

    /// The last date that was read: days are long.
    private struct DayCache: Sendable {
        /// Its first eight characters and its last eight, of ten.
        private var text: (UInt64, UInt64) = (0, 0)
        private var days: Int64?

        mutating func days(_ line: Span<UInt8>, _ range: Range<Int>) -> Int64? {
            guard range.count == 10 else { return nil }
            let text = (TextNumber.word(line, range.lowerBound), TextNumber.word(line, range.lowerBound + 2))
            if text == self.text { return self.days }
            guard let days = TextNumber.date(line, range) else { return nil }
            self.text = text
            self.days = days
            return days
        }
    }

    private static func kind(_ fields: CommaSeparated, _ line: Span<UInt8>) throws(Fault) -> BaseStationMessage.Kind {
        let range = fields.field(0, of: line)
        var letters: UInt32 = 0
        if range.count == 2 || range.count == 3 { for at in range { letters = letters << 8 | UInt32(line[at]) } }
        switch letters {
        case 0x4D_5347:  // MSG
            let type = fields.field(1, of: line)
            guard type.count == 1, line[type.lowerBound] >= 0x31, line[type.lowerBound] <= 0x38 else {
                throw Fault(reason: .unknownType, field: 2)
            }
            return .transmission(line[type.lowerBound] - 0x30)
        case 0x53_454C: return .selection  // SEL
        case 0x4944: return .identification  // ID
        case 0x41_4952: return .aircraft  // AIR
        case 0x434C4B: return .clock  // CLK
        case 0x53_5441:  // STA
            let status = fields.field(10, of: line)
            guard status.count == 2 else { throw Fault(reason: .unknownStatus, field: 11) }
            switch (line[status.lowerBound], line[status.lowerBound + 1]) {
            case (UInt8(ascii: "P"), UInt8(ascii: "L")): return .status(.positionLost)
            case (UInt8(ascii: "S"), UInt8(ascii: "L")): return .status(.signalLost)
            case (UInt8(ascii: "R"), UInt8(ascii: "M")): return .status(.removed)
            case (UInt8(ascii: "A"), UInt8(ascii: "D")): return .status(.deleted)
            case (UInt8(ascii: "O"), UInt8(ascii: "K")): return .status(.ok)
            default: throw Fault(reason: .unknownStatus, field: 11)
            }
        default: throw Fault(reason: .unknownKind, field: 1)
        }
    }

    private static func message(
        _ fields: CommaSeparated, _ line: Span<UInt8>, _ day: inout DayCache
    ) throws(Fault) -> BaseStationMessage {
        var message = BaseStationMessage(kind: try self.kind(fields, line))
        guard fields.count >= 10 else { throw Fault(reason: .tooFewFields) }
        if message.kind != .clock {
            var address = fields.field(4, of: line)
            if let first = address.first, line[first] == UInt8(ascii: "~") {
                message.isAddressForeign = true
                address = (first + 1)..<address.upperBound
            }
            guard let value = TextNumber.address(line, address) else { throw Fault(reason: .badAddress, field: 5) }
            message.address = ICAOAddress(value)
        }
        // A time that is none, as some writers have it, is no ground to lose the rest.
        message.generatedAt = self.time(fields, 6, line, &day)
        message.loggedAt = self.time(fields, 8, line, &day)
        switch message.kind {
        case .clock, .status: return message
        case .selection, .identification, .aircraft:
            message.callsign = try self.callsign(fields, line)
            return message
        case .transmission: break
        }
        guard fields.count >= 22 else { throw Fault(reason: .tooFewFields) }
        message.callsign = try self.callsign(fields, line)
        message.altitudeFeet = try self.integer(fields, 11, line, -100_000...200_000)
        message.groundSpeedKnots = try self.number(fields, 12, line, 0...10_000)
        message.trackDegrees = try self.number(fields, 13, line, -360...360)
        message.latitude = try self.number(fields, 14, line, -90...90)
        message.longitude = try self.number(fields, 15, line, -180...180)
        message.verticalRateFeetPerMinute = try self.integer(fields, 16, line, -100_000...100_000)
        let squawk = fields.field(17, of: line)
        if !squawk.isEmpty {
            guard let code = TextNumber.squawk(line, squawk) else { throw Fault(reason: .badField, field: 18) }
            message.mode3A = Mode3A(code)
        }
        message.hasAlert = try self.flag(fields, 18, line)
        message.hasEmergency = try self.flag(fields, 19, line)
        message.hasIdentPulse = try self.flag(fields, 20, line)
        message.isOnGround = try self.flag(fields, 21, line)
        return message
    }

    @inline(__always)
    private static func time(
        _ fields: CommaSeparated, _ index: Int, _ line: Span<UInt8>, _ day: inout DayCache
    ) -> Timestamp? {
        guard let days = day.days(line, fields.field(index, of: line)),
            let time = TextNumber.timeOfDay(line, fields.field(index + 1, of: line))
        else { return nil }
        return Timestamp(nanoseconds: days * 86_400_000_000_000 + time)
    }

    /// A blank one is none; so is one of question marks or at signs, which some writers have for unknown letters.
    @inline(__always)
    private static func callsign(_ fields: CommaSeparated, _ line: Span<UInt8>) throws(Fault) -> Callsign? {
        let range = fields.field(10, of: line)
        if range.isEmpty { return nil }
        if line[range.lowerBound] == UInt8(ascii: "?") || line[range.lowerBound] == UInt8(ascii: "@") { return nil }
        guard let packed = TextNumber.callsign(line, range) else { throw Fault(reason: .badField, field: 11) }
        return Callsign(packed: packed)
    }

    @inline(__always)
    private static func number(
        _ fields: CommaSeparated, _ index: Int, _ line: Span<UInt8>, _ bounds: ClosedRange<Double>
    ) throws(Fault) -> Double? {
        let range = fields.field(index, of: line)
        if range.isEmpty { return nil }
        guard let value = TextNumber.decimal(line, range), bounds.contains(value) else {
            throw Fault(reason: .badField, field: UInt8(truncatingIfNeeded: index + 1))
        }
        return value
    }

    /// Whole feet, though some writers have decimals.
    @inline(__always)
    private static func integer(
        _ fields: CommaSeparated, _ index: Int, _ line: Span<UInt8>, _ bounds: ClosedRange<Double>
    ) throws(Fault) -> Int32? {
        try self.number(fields, index, line, bounds).map { Int32($0.rounded()) }
    }

    /// 0 is no, 1 and −1 are yes.
    @inline(__always)
    private static func flag(_ fields: CommaSeparated, _ index: Int, _ line: Span<UInt8>) throws(Fault) -> Bool? {
        let range = fields.field(index, of: line)
        if range.isEmpty { return nil }
        switch TextNumber.integer(line, range) {
        case 0: return false
        case 1, -1: return true
        default: throw Fault(reason: .badField, field: UInt8(truncatingIfNeeded: index + 1))
        }
    }
}
