public import Air

/// What was in a Mode S file.
public struct ModeSSummary: Sendable {
    /// Messages by downlink format, 0...24.
    public var byFormat = InlineArray<25, Int>(repeating: 0)
    /// What became of them.
    public var counts = ModeSDecoder.Counts()
    /// Stretches of the file that were no message.
    public var problems = 0

    /// All messages.
    public var total: Int { self.byFormat.indices.reduce(0) { $0 + self.byFormat[$1] } }
}

extension ModeSSummary: CustomStringConvertible {
    /// For example `172432 messages (DF0 21393, …); 1201 corrupt, 3310 of unknown address; 0 problems`.
    public var description: String {
        let formats = self.byFormat.indices.filter { self.byFormat[$0] > 0 }.map { "DF\($0) \(self.byFormat[$0])" }
        let parts = [
            (ModeSDecoder.Verdict.corrupt, "corrupt"), (.unknownAddress, "of unknown address"),
            (.malformed, "malformed"), (.unsupported, "without a meaning here"), (.tableFull, "beyond the table"),
        ].compactMap { self.counts[$0.0] > 0 ? "\(self.counts[$0.0]) \($0.1)" : nil }
        return "\(self.total) messages (\(formats.joined(separator: ", "))); "
            + (parts.isEmpty ? "" : parts.joined(separator: ", ") + "; ") + "\(self.problems) problems"
    }
}

/// Decodes a whole recording of Mode S to JSON Lines: one object for every frame, in the file's order.
///
/// A frame that is corrupt or of unknown address is written too, with its verdict: the reader decides. Keys are the
/// standard's abbreviations (DF, CA, FS, TC, …) or words with the wire's unit (`altitudeFeet`, `groundSpeedKnots`).
///
/// - Parameters:
///   - recording: the file's bytes.
///   - format: what it is; found out if nil.
///   - configuration: the receiver; its site, if known, is where surface positions are looked for.
///   - startedAt: the time of the first frame of a recording that has none (Beast, AVR).
///   - sink: gets the text in pieces of whole lines, some 64 KiB each; after it has thrown it gets no more.
///   - problem: is told each stretch that is no message.
/// - Returns: counts; nil if the bytes are no recording of Mode S.
/// - Throws: what `sink` threw first.
public func decodeModeSToJSONLines(
    _ recording: Span<UInt8>, format: ModeSRecording? = nil, configuration: ModeSDecoder.Configuration,
    startedAt: Timestamp = Timestamp(nanoseconds: 0), sink: (Span<UInt8>) throws -> Void,
    problem: (ModeSProblem) -> Void = { _ in }
) throws -> ModeSSummary? {
    guard let format = format ?? ModeSRecording.detect(recording) else { return nil }
    var view = ModeSJSONView(configuration, startedAt: startedAt)
    var failure: (any Error)?
    var writer = JSONWriter(capacity: 1 << 17)
    func flush(_ writer: inout JSONWriter) {
        do { if failure == nil { try writer.withBytes { try sink($0) } } } catch { failure = error }
        writer.removeAll()
    }
    var problems = 0
    func note(_ one: ModeSProblem) {
        problems += 1
        problem(one)
    }
    format.read(recording, problem: note) { recorded in
        if let one = view.write(recorded, to: &writer) { note(one) }
        if writer.count >= 1 << 16 { flush(&writer) }
    }
    flush(&writer)
    if let failure { throw failure }
    return ModeSSummary(byFormat: view.byFormat, counts: view.decoder.counts, problems: problems)
}

/// Writes frames as JSON objects, with the state that positions need.
private struct ModeSJSONView {
    var decoder: ModeSDecoder
    var byFormat = InlineArray<25, Int>(repeating: 0)
    private let startedAt: Timestamp
    private var plots: [SensorReport] = []

    init(_ configuration: ModeSDecoder.Configuration, startedAt: Timestamp) {
        self.decoder = ModeSDecoder(configuration)
        self.startedAt = startedAt
    }

    /// Writes a line; or answers why the frame is no message.
    mutating func write(_ recorded: RecordedModeSFrame, to writer: inout JSONWriter) -> ModeSProblem? {
        let received = recorded.received
        let message: ModeSMessage
        do throws(ModeSError) { message = try ModeSMessage(received.frame) } catch {
            switch error {
            case .lengthMismatch(let format, let count):
                return ModeSProblem(
                    offset: received.offset, reason: .lengthMismatch(downlinkFormat: format, bytes: count))
            }
        }
        self.byFormat[Int(message.downlinkFormat)] += 1
        self.plots.removeAll(keepingCapacity: true)
        let answer = self.decoder.decode(
            message, isMultilaterated: received.isMultilaterated,
            receivedAt: recorded.receivedAt ?? self.startedAt.advanced(by: recorded.elapsed), into: &self.plots)
        writer.beginObject()
        writer.key("offset")
        writer.integer(received.offset)
        if let time = recorded.receivedAt {
            writer.key("time")
            writer.number(mantissa: time.nanoseconds, decimals: 9)
        }
        if let seconds = received.receiverSeconds {
            writer.key("receiverSeconds")
            writer.number(seconds, decimals: 7)
        }
        if received.signal > 0 {
            writer.key("signal")
            writer.integer(received.signal)
        }
        writer.key("frame")
        let bytes = received.frame.bytes
        writer.hex(bytes.span.extracting(first: received.frame.byteCount))
        message.writeFields(to: &writer)
        writer.key("verdict")
        writer.word(answer.verdict.json)
        if answer.positionVerdict != .none {
            writer.key("position")
            writer.word(answer.positionVerdict.json)
        }
        if let place = answer.position {
            writer.key("latitudeDegrees")
            writer.number(place.latitude, decimals: 6)
            writer.key("longitudeDegrees")
            writer.number(place.longitude, decimals: 6)
        }
        writer.endObject()
        writer.endLine()
        return nil
    }
}

extension ModeSDecoder.Verdict {
    /// The case as it is spelt, in quotes; an interpolation would look it up by reflection, for every line.
    fileprivate var json: StaticString {
        switch self {
        case .accepted: "\"accepted\""
        case .corrupt: "\"corrupt\""
        case .unknownAddress: "\"unknownAddress\""
        case .malformed: "\"malformed\""
        case .unsupported: "\"unsupported\""
        case .tableFull: "\"tableFull\""
        }
    }
}

extension ModeSDecoder.PositionVerdict {
    fileprivate var json: StaticString {
        switch self {
        case .none: "\"none\""
        case .confirmed: "\"confirmed\""
        case .provisional: "\"provisional\""
        case .waiting: "\"waiting\""
        case .inconsistent: "\"inconsistent\""
        case .outOfRange: "\"outOfRange\""
        case .implausible: "\"implausible\""
        }
    }
}

extension UInt64 {
    /// How many of the eight bytes, from the last on, are blanks.
    var trailingBlanks: Int { (self ^ 0x2020_2020_2020_2020).trailingZeroBitCount / 8 }
}

extension ModeSMessage {
    /// Writes the message's fields as keys and values of an object that the caller has begun.
    public func writeFields(to writer: inout JSONWriter) {
        func write(_ key: StaticString, _ value: (some BinaryInteger)?) {
            guard let value else { return }
            writer.key(key)
            writer.integer(value)
        }
        write("DF", self.downlinkFormat as UInt8?)
        if let address = self.address, let source = self.addressSource {
            writer.key("address")
            writer.hex(UInt64(address.rawValue), digits: 6)
            writer.key("addressSource")
            writer.word(source == .announced ? "\"announced\"" : "\"parity\"")
        }
        write("CA", self.capability)
        write("CF", self.controlField)
        write("interrogatorCode", self.interrogatorCode)
        write("FS", self.flightStatus)
        write("DR", self.downlinkRequest)
        write("UM", self.utilityMessage)
        write("VS", self.verticalStatus)
        write("CC", self.crosslinkCapability)
        write("SL", self.sensitivityLevel)
        write("RI", self.replyInformation)
        self.altitude?.write(to: &writer, key: "altitudeFeet")
        if let code = self.mode3A {
            writer.key("mode3A")
            writer.octal(UInt64(code.rawValue), digits: 4)
        }
        if let onGround = self.isOnGround {
            writer.key("onGround")
            writer.bool(onGround)
        }
        if let register = self.commB {
            writer.key("MB")
            writer.hex(register, digits: 14)
        }
        if let register = self.acasMessage {
            writer.key("MV")
            writer.hex(register, digits: 14)
        }
        if let payload = self.extendedSquitterPayload {
            write("TC", UInt8(truncatingIfNeeded: payload >> 51) as UInt8?)
            self.extendedSquitter?.writeFields(to: &writer)
        }
    }
}

extension ModeSAltitude {
    func write(to writer: inout JSONWriter, key: StaticString) {
        switch self {
        case .feet(let feet):
            writer.key(key)
            writer.integer(feet)
        case .unavailable:
            writer.key(key)
            writer.null()
        case .invalid:
            writer.key("altitudeInvalid")
            writer.bool(true)
        case .metric(let raw):
            writer.key("altitudeMetricRaw")
            writer.integer(raw)
        }
    }
}

extension ExtendedSquitter {
    /// Writes the register's fields as keys and values of an object that the caller has begun.
    func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .identification(let fields): fields.write(to: &writer)
        case .surfacePosition(let fields): fields.write(to: &writer)
        case .airbornePosition(let fields): fields.write(to: &writer)
        case .velocity(let fields): fields.write(to: &writer)
        case .status(let fields): fields.write(to: &writer)
        case .targetState(let fields): fields.write(to: &writer)
        case .operationalStatus(let fields): fields.write(to: &writer)
        case .other: break
        }
    }
}

extension JSONWriter {
    /// Writes a value that is already JSON, known when the program is compiled.
    fileprivate mutating func word(_ text: StaticString) {
        // The buffer of a literal lives as long as the program.
        let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe self.raw(bytes.span, isValue: true)
    }

    fileprivate mutating func field(_ key: StaticString, _ value: some BinaryInteger) {
        self.key(key)
        self.integer(value)
    }

    fileprivate mutating func field(_ key: StaticString, _ value: Bool) {
        self.key(key)
        self.bool(value)
    }

    fileprivate mutating func field(_ key: StaticString, _ value: Double?, decimals: Int) {
        self.key(key)
        if let value { self.number(value, decimals: decimals) } else { self.null() }
    }

    fileprivate mutating func field(_ key: StaticString, _ value: Int32?) {
        self.key(key)
        if let value { self.integer(value) } else { self.null() }
    }

    fileprivate mutating func field(_ position: CompactPosition) {
        self.key("CPR")
        self.beginObject()
        self.field("odd", position.isOdd)
        self.field("latitude", position.latitude)
        self.field("longitude", position.longitude)
        self.endObject()
    }
}

extension AircraftIdentification {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("category")
        let category: InlineArray<2, UInt8> = [self.categorySet, UInt8(ascii: "0") &+ self.category]
        writer.string(latin1: category.span)
        writer.key("callsign")
        guard let packed = self.callsign?.packed else { return writer.null() }
        var text = InlineArray<8, UInt8>(repeating: 0)
        for i in 0..<8 { text[i] = UInt8(truncatingIfNeeded: packed >> UInt64(56 - 8 * i)) }
        // Trailing blanks are filling.
        writer.string(latin1: text.span.extracting(first: 8 - packed.trailingBlanks))
    }
}

extension SurfacePosition {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("groundSpeedKnots", self.groundSpeedKnots, decimals: 3)
        writer.field("trackDegrees", self.trackDegrees, decimals: 4)
        writer.field("timeSynchronised", self.isTimeSynchronised)
        writer.field(self.position)
    }
}

extension AirbornePosition {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("SS", self.surveillanceStatus)
        writer.field("supplement", self.supplement)
        self.altitude.write(to: &writer, key: self.isGeometric ? "geometricHeightFeet" : "altitudeFeet")
        guard self.hasPosition else { return }
        writer.field("timeSynchronised", self.isTimeSynchronised)
        writer.field(self.position)
    }
}

extension AirborneVelocity {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.field("NACv", self.accuracyCategory)
        switch self.motion {
        case .overGround(let east, let north):
            writer.field("eastVelocityKnots", east)
            writer.field("northVelocityKnots", north)
            writer.field("groundSpeedKnots", self.groundSpeedKnots, decimals: 3)
            writer.field("trackDegrees", self.trackDegrees, decimals: 4)
        case .throughAir(let heading, let speed, let isTrue):
            writer.field("headingDegrees", heading, decimals: 6)
            if isTrue {
                writer.field("trueAirspeedKnots", speed)
            } else {
                writer.field("indicatedAirspeedKnots", speed)
            }
        }
        writer.field("verticalRateFeetPerMinute", self.verticalRateFeetPerMinute)
        writer.key("verticalRateSource")
        writer.word(self.isVerticalRateBarometric ? "\"barometric\"" : "\"geometric\"")
        writer.field("geometricMinusBarometricFeet", self.geometricMinusBarometricFeet)
    }
}

extension AircraftStatus {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        if let code = self.mode3A {
            writer.field("emergency", self.emergency)
            writer.key("mode3A")
            writer.octal(UInt64(code.rawValue), digits: 4)
        } else {
            writer.key("resolutionAdvisory")
            writer.hex(self.advisory, digits: 12)
        }
    }
}

extension TargetState {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.field("selectedAltitudeFeet", self.selectedAltitudeFeet)
        writer.key("selectedAltitudeSource")
        writer.word(self.isAltitudeFromFMS ? "\"FMS\"" : "\"MCP/FCU\"")
        writer.field("selectedHeadingDegrees", self.selectedHeadingDegrees, decimals: 6)
        if self.subtype == 1 {
            writer.field("pressureSettingMillibars", self.pressureSettingMillibars, decimals: 1)
        }
        writer.field("NACp", self.accuracyCategory)
        writer.field("NICbaro", self.isBarometricAltitudeChecked)
        writer.field("SIL", self.integrityLevel)
        if self.areModesValid {
            writer.field("autopilot", self.hasAutopilot)
            writer.field("VNAV", self.hasVerticalNavigation)
            writer.field("altitudeHold", self.hasAltitudeHold)
            writer.field("approach", self.isApproaching)
            writer.field("LNAV", self.hasLateralNavigation)
        }
        writer.field("TCASOperational", self.isACASOperational)
    }
}

extension OperationalStatus {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.field("version", self.version)
        guard self.version > 0 else { return }
        writer.key("capability")
        writer.hex(UInt64(self.capability), digits: 4)
        writer.key("operationalMode")
        writer.hex(UInt64(self.mode), digits: 4)
        writer.field("NICa", self.nicSupplementA)
        if self.subtype == 1 {
            writer.field("NICc", self.nicSupplementC)
            writer.field("NACv", Int32(self.velocityAccuracyCategory ?? 0))
            writer.field("lengthWidthCode", Int32(self.sizeCode ?? 0))
        } else {
            writer.field("GVA", self.verticalAccuracy)
            writer.field("NICbaro", self.isBarometricAltitudeChecked)
        }
        writer.field("NACp", self.accuracyCategory)
        writer.field("SIL", self.integrityLevel)
        writer.field("SILperSample", self.isIntegrityPerSample)
        writer.field("headingMagnetic", self.isHeadingMagnetic)
    }
}
