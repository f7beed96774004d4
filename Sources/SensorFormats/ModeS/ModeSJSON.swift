public import Air

/// What was in a Mode S file.
public struct ModeSSummary: Sendable {
    /// Messages by downlink format, 0...24.
    public var byFormat = InlineArray<25, Int>(repeating: 0)
    /// What became of them.
    public var counts = ModeSDecoder.Counts()
    /// Stretches of the file that were no message.
    public var problems = 0
    /// Messages written: fewer than all where only those of an area, or so many, were wanted.
    public var written = 0

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
        return "\(counted(self.total, "message")) (\(formats.joined(separator: ", "))); "
            + (parts.isEmpty ? "" : parts.joined(separator: ", ") + "; ") + counted(self.problems, "problem")
            + (self.written < self.total ? "; \(self.written) written" : "")
    }
}

/// Decodes a whole recording of Mode S to JSON Lines: one object for every frame, in the file's order.
///
/// A frame that is corrupt or of unknown address is written too, with its verdict: the reader decides. Keys are the
/// standard's abbreviations (DF, CA, FS, TC, …) or words with the wire's unit (`altitudeFeet`, `groundSpeedKnots`).
/// What depends on the ADS-B version is read by the version of the aircraft, 0 until it says another. Of a message with
/// one wrong bit `frame` is what was received, the fields those of the mended message, and `mendedBit` says which.
/// With the last segment of an extended length message the whole of it is written (`ELM`).
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
    var decoder = ModeSRecordingDecoder(format, configuration: configuration, startedAt: startedAt)
    try decoder.read(recording, isLast: true, sink: sink, problem: problem)
    return decoder.summary
}

/// Decodes a recording of Mode S piece by piece to JSON Lines, as `decodeModeSToJSONLines` does one that is whole.
public struct ModeSRecordingDecoder: ~Copyable {
    private var reader: ModeSRecordingReader
    private var view: ModeSJSONView
    private var writer = JSONWriter(capacity: 1 << 17)
    private var problems = 0

    /// - Parameters:
    ///   - area: only messages are written that give a position in here.
    ///   - countMax: how many are written at most.
    public init(
        _ format: ModeSRecording, configuration: ModeSDecoder.Configuration,
        startedAt: Timestamp = Timestamp(nanoseconds: 0), area: AsterixFilter.Area? = nil, countMax: Int = .max
    ) {
        self.reader = ModeSRecordingReader(format)
        self.view = ModeSJSONView(
            configuration, startedAt: startedAt, selection: Selection(area: area, countMax: countMax))
    }

    /// Whether as many were written as are wanted.
    public var isDone: Bool { self.view.selection.isDone }

    /// What was in it so far.
    public var summary: ModeSSummary {
        ModeSSummary(
            byFormat: self.view.byFormat, counts: self.view.decoder.counts, problems: self.problems,
            written: self.view.selection.count)
    }

    /// Decodes the next piece.
    ///
    /// - Parameters:
    ///   - isLast: whether the recording ends with it.
    ///   - sink: gets the text in pieces of whole lines, some 64 KiB each; after it has thrown it gets no more.
    ///   - problem: is told each stretch that is no message.
    /// - Throws: what `sink` threw first.
    public mutating func read(
        _ piece: Span<UInt8>, isLast: Bool, sink: (Span<UInt8>) throws -> Void,
        problem: (ModeSProblem) -> Void = { _ in }
    ) throws {
        var failure: (any Error)?
        func flush(_ writer: inout JSONWriter) {
            do { if failure == nil { try writer.withBytes { try sink($0) } } } catch { failure = error }
            writer.removeAll()
        }
        func note(_ one: ModeSProblem) {
            self.problems += 1
            problem(one)
        }
        self.reader.read(piece, isLast: isLast, problem: { if !self.view.selection.isDone { note($0) } }) { recorded in
            guard !self.view.selection.isDone else { return }
            if let one = self.view.write(recorded, to: &self.writer) { note(one) }
            if self.writer.count >= 1 << 16 { flush(&self.writer) }
        }
        flush(&self.writer)
        if let failure { throw failure }
    }
}

/// Writes frames as JSON objects, with the state that positions need.
private struct ModeSJSONView {
    var decoder: ModeSDecoder
    var byFormat = InlineArray<25, Int>(repeating: 0)
    private var assembler = CommDAssembler()
    private let startedAt: Timestamp
    private var plots: [SensorReport] = []
    private(set) var selection: Selection

    init(_ configuration: ModeSDecoder.Configuration, startedAt: Timestamp, selection: Selection) {
        self.selection = selection
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
        let receivedAt = recorded.receivedAt ?? self.startedAt.advanced(by: recorded.elapsed)
        let answer = self.decoder.decode(
            message, isMultilaterated: received.isMultilaterated, signal: received.signal, receivedAt: receivedAt,
            into: &self.plots)
        guard
            self.selection.takes(
                latitude: answer.position.map { $0.latitude * .pi / 180 },
                longitude: answer.position.map { $0.longitude * .pi / 180 })
        else {
            // A long message comes in parts, and this may be one.
            if answer.verdict == .accepted { self.assembler.take(message, receivedAt: receivedAt) { _ in } }
            return nil
        }
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
        let whole = answer.mendedBit == 0 ? message : message.mended?.message ?? message
        if answer.mendedBit != 0 {
            writer.key("mendedBit")
            writer.integer(answer.mendedBit)
        }
        let known =
            message.squitterSource == nil
            ? nil : self.decoder.known(whole, isMultilaterated: received.isMultilaterated)
        whole.writeFields(to: &writer, quality: known?.quality ?? NavigationQuality())
        if let register = answer.register, let payload = message.commB {
            writer.key("BDS")
            writer.string(register.description)
            writer.key("register")
            writer.beginObject()
            CommB.write(register, payload, quality: known?.quality ?? NavigationQuality(), to: &writer)
            writer.endObject()
        }
        if answer.verdict == .accepted, message.downlinkFormat == 24 || message.downlinkRequest ?? 0 >= 16 {
            self.assembler.take(message, receivedAt: receivedAt) { long in
                writer.key("ELM")
                writer.hex(long.bytes.span)
            }
        }
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
    ///
    /// - Parameter quality: what the aircraft said of its navigation before; its version says how to read the rest.
    public func writeFields(to writer: inout JSONWriter, quality: NavigationQuality = NavigationQuality()) {
        let format = self.downlinkFormat
        writer.field("DF", format)
        if let address = self.address, let source = self.addressSource {
            writer.key("address")
            writer.hex(UInt64(address.rawValue), digits: 6)
            writer.key("addressSource")
            writer.word(source == .announced ? "\"announced\"" : "\"parity\"")
        }
        switch format {
        case 11: self.writeAllCall(to: &writer)
        case 17: writer.field("CA", self.frame.bits(6, 3))
        case 18: writer.field("CF", self.frame.bits(6, 3))
        case 19: writer.field("AF", self.frame.bits(6, 3))
        case 4, 5, 20, 21:
            writer.field("FS", self.frame.bits(6, 3))
            writer.field("DR", self.frame.bits(9, 5))
            writer.field("UM", self.frame.bits(14, 6))
            // IIS and IDS, the two parts of UM.
            writer.field("IIS", self.frame.bits(14, 4))
            writer.field("IDS", self.frame.bits(18, 2))
        case 0, 16:
            writer.field("VS", self.frame.bits(6, 1))
            if format == 0 { writer.field("CC", self.frame.bits(7, 1)) }
            writer.field("SL", self.frame.bits(9, 3))
            writer.field("RI", self.frame.bits(14, 4))
        case 24:
            if let segment = self.commDSegment { segment.write(to: &writer) }
        default: break
        }
        self.altitude?.write(to: &writer, key: "altitudeFeet")
        if let code = self.mode3A {
            writer.key("mode3A")
            writer.octal(UInt64(code.rawValue), digits: 4)
        }
        if let onGround = self.isOnGround { writer.field("onGround", onGround) }
        switch format {
        case 20, 21:
            writer.key("MB")
            writer.hex(self.frame.payload, digits: 14)
        case 16:
            writer.key("MV")
            writer.hex(self.frame.payload, digits: 14)
            if let advisory = self.resolutionAdvisory { advisory.write(to: &writer) }
        case 17, 18:
            self.writeSquitter(to: &writer, quality)
        default: break
        }
    }

    private func writeAllCall(to writer: inout JSONWriter) {
        writer.field("CA", self.frame.bits(6, 3))
        if let code = self.interrogatorCode {
            writer.field("interrogatorCode", code)
            if let interrogator = self.interrogator, code != 0 {
                writer.key(interrogator.isSurveillance ? "SI" : "II")
                writer.integer(interrogator.code)
            }
        }
    }

    private func writeSquitter(to writer: inout JSONWriter, _ quality: NavigationQuality) {
        guard let squitter = self.extendedSquitter else {
            writer.key("ME")
            return writer.hex(self.frame.payload, digits: 14)
        }
        if self.squitterSource != .coarseTrafficService { writer.field("TC", self.frame.payload >> 51) }
        if let isForeign = self.isAddressForeign { writer.field("IMF", isForeign) }
        squitter.writeFields(to: &writer, quality, isStation: self.downlinkFormat == 18 && self.frame.bits(6, 3) >= 2)
    }
}

extension CommDSegment {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("KE", self.isAcknowledgement)
        writer.field("ND", self.number)
        var bytes = InlineArray<10, UInt8>(repeating: 0)
        for index in 0..<10 { bytes[index] = self.byte(index) }
        writer.key("MD")
        writer.hex(bytes.span)
        guard let segments = self.acknowledgedSegments else { return }
        writer.key("TAS")
        writer.hex(UInt64(segments), digits: 4)
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
    ///
    /// - Parameter isStation: a ground station sent it, which puts IMF in the place of some bits.
    func writeFields(to writer: inout JSONWriter, _ quality: NavigationQuality, isStation: Bool) {
        switch self {
        case .identification(let fields): fields.write(to: &writer)
        case .surfacePosition(let fields): fields.write(to: &writer, quality, isStation: isStation)
        case .airbornePosition(let fields): fields.write(to: &writer, quality, isStation: isStation)
        case .coarsePosition(let fields): fields.write(to: &writer)
        case .velocity(let fields): fields.write(to: &writer, quality, isStation: isStation)
        case .trafficVelocity(let fields): fields.write(to: &writer)
        case .status(let fields): fields.write(to: &writer)
        case .targetState(let fields): fields.write(to: &writer)
        case .operationalStatus(let fields): fields.write(to: &writer)
        case .reserved(let fields): fields.write(to: &writer)
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

    /// Writes the value if there is one.
    fileprivate mutating func known(_ key: StaticString, _ value: Bool?) {
        if let value { self.field(key, value) }
    }

    fileprivate mutating func known(_ key: StaticString, _ value: UInt8?) {
        if let value { self.field(key, value) }
    }

    /// NIC and its radius, or NUCp of a version 0 position.
    fileprivate mutating func integrity(typeCode: UInt8, bOrC: Bool, _ quality: NavigationQuality) {
        let version = quality.version ?? 0
        if version == 0 { self.field("NUCp", ModeSAccuracy.uncertaintyCategory(typeCode: typeCode)) }
        let integrity = ModeSAccuracy.integrity(
            typeCode: typeCode, a: quality.nicSupplementA, bOrC: bOrC, version: version)
        if version > 0 { self.field("NIC", integrity.category) }
        self.field("containmentRadiusMetres", integrity.containment, decimals: 1)
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
    fileprivate func write(to writer: inout JSONWriter, _ quality: NavigationQuality, isStation: Bool) {
        writer.integrity(typeCode: self.typeCode, bOrC: quality.nicSupplementC, quality)
        writer.field("movement", self.movement)
        writer.field("groundSpeedKnots", self.groundSpeedKnots, decimals: 3)
        writer.field("trackDegrees", self.trackDegrees, decimals: 4)
        if !isStation { writer.field("timeSynchronised", self.isTimeSynchronised) }
        writer.field(self.position)
    }
}

extension AirbornePosition {
    fileprivate func write(to writer: inout JSONWriter, _ quality: NavigationQuality, isStation: Bool) {
        if self.hasPosition {
            writer.integrity(typeCode: self.typeCode, bOrC: self.supplement && !isStation, quality)
        }
        writer.field("SS", self.surveillanceStatus)
        if !isStation {
            // The bit is the NIC supplement B from version 2 on, the single antenna flag before.
            writer.key(quality.version ?? 0 >= 2 ? "NICb" : "SAF")
            writer.bool(self.supplement)
        }
        self.altitude.write(to: &writer, key: self.isGeometric ? "geometricHeightFeet" : "altitudeFeet")
        guard self.hasPosition else { return }
        writer.field("timeSynchronised", self.isTimeSynchronised)
        writer.field(self.position)
    }
}

extension CoarsePosition {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("SS", self.surveillanceStatus)
        writer.field("SVID", self.serviceVolume)
        self.altitude.write(to: &writer, key: "altitudeFeet")
        writer.field("groundSpeedKnots", self.groundSpeedKnots)
        writer.field("trackDegrees", self.trackDegrees, decimals: 2)
        writer.field(self.position)
    }
}

extension AirborneVelocity {
    fileprivate func write(to writer: inout JSONWriter, _ quality: NavigationQuality, isStation: Bool) {
        writer.field("subtype", self.subtype)
        if !isStation { writer.field("intentChange", self.hasIntentChange) }
        if quality.version ?? 0 == 1 { writer.field("IFRCapability", self.hasIFRCapability) }
        writer.key(quality.version ?? 0 == 0 ? "NUCr" : "NACv")
        writer.integer(self.accuracyCategory)
        self.writeMotion(to: &writer)
        writer.field("geometricMinusBarometricFeet", self.geometricMinusBarometricFeet)
    }

    fileprivate func writeMotion(to writer: inout JSONWriter) {
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
    }
}

extension TrafficVelocity {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.velocity.subtype)
        writer.field("NACp", self.accuracyCategory)
        self.velocity.writeMotion(to: &writer)
        if let level = self.integrityLevel {
            writer.known("NICa", self.nicSupplementA)
            writer.field("NACv", self.velocity.accuracyCategory)
            writer.field("SIL", level)
        } else {
            writer.field("geometricMinusBarometricFeet", self.velocity.geometricMinusBarometricFeet)
        }
    }
}

extension AircraftStatus {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        if let code = self.mode3A {
            writer.field("emergency", self.emergency)
            writer.key("mode3A")
            writer.octal(UInt64(code.rawValue), digits: 4)
        }
        self.advisory?.write(to: &writer)
    }
}

extension ResolutionAdvisory {
    func write(to writer: inout JSONWriter) {
        writer.key("resolutionAdvisory")
        writer.beginObject()
        writer.key("ARA")
        writer.hex(UInt64(self.activeAdvisories), digits: 4)
        switch self.sense {
        case .none: break
        case .single:
            writer.field("corrective", self.bit(10))
            writer.field("downward", self.bit(11))
            writer.field("increasedRate", self.bit(12))
            writer.field("senseReversal", self.bit(13))
            writer.field("altitudeCrossing", self.bit(14))
            writer.field("positive", self.bit(15))
        case .several:
            writer.field("correctUpward", self.bit(10))
            writer.field("positiveClimb", self.bit(11))
            writer.field("correctDownward", self.bit(12))
            writer.field("positiveDescent", self.bit(13))
            writer.field("altitudeCrossing", self.bit(14))
            writer.field("senseReversal", self.bit(15))
        }
        writer.key("RAC")
        writer.beginObject()
        writer.field("doNotPassBelow", self.complements & 8 != 0)
        writer.field("doNotPassAbove", self.complements & 4 != 0)
        writer.field("doNotTurnLeft", self.complements & 2 != 0)
        writer.field("doNotTurnRight", self.complements & 1 != 0)
        writer.endObject()
        writer.field("RAT", self.isTerminated)
        writer.field("MTE", self.hasSeveralThreats)
        writer.field("TTI", self.threatType)
        if let address = self.threatAddress {
            writer.key("threatAddress")
            writer.hex(UInt64(address.rawValue), digits: 6)
        }
        if let altitude = self.threatAltitude {
            altitude.write(to: &writer, key: "threatAltitudeFeet")
            if let range = self.threatRangeTenths {
                writer.key("threatRangeNauticalMiles")
                writer.number(mantissa: Int64(range), decimals: 1)
            }
            if let bearing = self.threatBearingDegrees { writer.field("threatBearingDegrees", bearing) }
        }
        writer.endObject()
    }
}

extension TargetState {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.field("selectedAltitudeFeet", self.selectedAltitudeFeet)
        if let intent = self.intent {
            intent.write(to: &writer, direction: self.selectedHeadingDegrees)
        } else {
            writer.key("selectedAltitudeSource")
            writer.word(self.isAltitudeFromFMS ? "\"FMS\"" : "\"MCP/FCU\"")
            writer.field("selectedHeadingDegrees", self.selectedHeadingDegrees, decimals: 6)
            writer.field("pressureSettingMillibars", self.pressureSettingMillibars, decimals: 1)
        }
        writer.field("NACp", self.accuracyCategory)
        writer.field("NICbaro", self.isBarometricAltitudeChecked)
        writer.field("SIL", self.integrityLevel)
        if self.subtype == 1 { writer.field("SILperSample", self.isIntegrityPerSample) }
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

extension TargetIntent {
    fileprivate func write(to writer: inout JSONWriter, direction: Double?) {
        writer.field("verticalDataSource", self.verticalSource)
        writer.field("altitudeAboveSeaLevel", self.isAboveSeaLevel)
        writer.field("altitudeCapability", self.altitudeCapability)
        writer.field("verticalMode", self.verticalMode)
        writer.field("horizontalDataSource", self.horizontalSource)
        if self.isTrack {
            writer.field("targetTrackDegrees", direction, decimals: 0)
        } else {
            writer.field("targetHeadingDegrees", direction, decimals: 0)
        }
        writer.field("horizontalMode", self.horizontalMode)
        writer.field("resolutionAdvisoryActive", self.hasAdvisory)
        writer.field("emergency", self.emergency)
    }
}

extension OperationalStatus {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.field("version", self.version)
        writer.key("capability")
        writer.hex(UInt64(self.capability), digits: 4)
        writer.key("operationalMode")
        writer.hex(UInt64(self.mode), digits: 4)
        writer.known("TCASOperational", self.isACASOperational)
        writer.known("ESIn", self.has1090In)
        guard self.version > 0 else { return }
        writer.known("UATIn", self.hasUATIn)
        writer.known("ARV", self.hasAirReferencedVelocity)
        writer.known("TS", self.hasTargetState)
        writer.known("trajectoryChange", self.trajectoryChange)
        writer.known("POA", self.isPositionOffsetApplied)
        writer.known("B2low", self.isLowPower)
        if self.subtype == 1 {
            if self.version >= 2 { writer.field("NICc", self.nicSupplementC) }
            writer.known("NACv", self.velocityAccuracyCategory)
            writer.known("lengthWidthCode", self.sizeCode)
            if let size = self.sizeMetres {
                writer.field("lengthMetres", size.length, decimals: 0)
                writer.field("widthMetres", size.width, decimals: 1)
            }
            if let offset = self.antennaLateralMetres { writer.field("antennaLateralMetres", offset) }
            if let offset = self.antennaLongitudinalMetres { writer.field("antennaLongitudinalMetres", offset) }
            writer.known("antennaOffsetApplied", self.isAntennaOffsetApplied)
        }
        writer.known("resolutionAdvisoryActive", self.hasAdvisory)
        writer.known("IDENT", self.hasIdentPulse)
        writer.known("receivingATC", self.receivesATC)
        writer.known("SAF", self.hasSingleAntenna)
        writer.known("SDA", self.designAssurance)
        writer.field("NICa", self.nicSupplementA)
        writer.field("NACp", self.accuracyCategory)
        writer.field("SIL", self.integrityLevel)
        if self.version >= 2 { writer.field("SILperSample", self.isIntegrityPerSample) }
        if self.subtype == 0 {
            writer.key(self.version >= 2 ? "GVA" : "BAQ")
            writer.integer(self.verticalAccuracy)
            writer.field("NICbaro", self.isBarometricAltitudeChecked)
        } else {
            writer.field("trackIsHeading", self.isSurfaceTrackHeading)
        }
        writer.field("headingMagnetic", self.isHeadingMagnetic)
    }
}

extension ReservedSquitter {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("subtype", self.subtype)
        writer.key("message")
        switch self.purpose {
        case .test: writer.word("\"test\"")
        case .surfaceSystemStatus: writer.word("\"surfaceSystemStatus\"")
        case .trajectoryChange: writer.word("\"trajectoryChange\"")
        case .operationalCoordination: writer.word("\"operationalCoordination\"")
        case .reserved: writer.word("\"reserved\"")
        }
        if let code = self.mode3A {
            writer.key("mode3A")
            writer.octal(UInt64(code.rawValue), digits: 4)
        }
        writer.key("contents")
        writer.hex(self.contents, digits: 12)
    }
}
