public import Air

/// Why bits are no AIS message.
public enum AISError: Error, Hashable, Sendable {
    /// So many bits; fewer than any message, or than this type needs.
    case truncated(type: UInt8, bits: Int)
}

/// One message of the Automatic Identification System, all its fields as they are on the wire.
///
///     | type 6 | repeat indicator 2 | MMSI of the sender 30 | body |
///
/// A field in SI units or degrees has the wire's number beside it, so that encoding gives back the same bits. A field
/// behind the end of a message that was sent too short is zero; `bitCount` says which these are.
///
/// Source: ITU-R M.1371-5, annex 8.
public struct AISMessage: Hashable, Sendable {
    /// What a message says beyond its sender.
    public enum Body: Hashable, Sendable {
        /// 1, 2, 3: a class A ship's position.
        case position(AISPositionReport)
        /// 4, 11: a base station's time and position, or the answer to an inquiry.
        case baseStation(AISBaseStationReport)
        /// 5: a class A ship's name, size and voyage.
        case voyage(AISVoyageData)
        /// 6: binary, to one station.
        case addressedBinary(AISAddressedBinary)
        /// 7, 13: acknowledgement of 6 and 12.
        case acknowledgement(AISAcknowledgement)
        /// 8: binary, to all.
        case broadcastBinary(AISBroadcastBinary)
        /// 9: position of an aircraft of search and rescue.
        case aircraft(AISAircraftReport)
        /// 10: asks for the time.
        case timeInquiry(AISTimeInquiry)
        /// 12: text of safety, to one station.
        case addressedSafety(AISAddressedSafetyText)
        /// 14: text of safety, to all.
        case broadcastSafety(AISBroadcastSafetyText)
        /// 15: asks for messages.
        case interrogation(AISInterrogation)
        /// 16: a base station sets how often ships report.
        case assignment(AISAssignment)
        /// 17: corrections for satellite navigation.
        case differentialCorrections(AISDifferentialCorrections)
        /// 18: a class B ship's position.
        case classBPosition(AISClassBPosition)
        /// 19: a class B ship's position, name and size.
        case classBExtended(AISClassBExtended)
        /// 20: slots that base stations reserve.
        case slotReservation(AISSlotReservation)
        /// 21: a buoy, light or other aid to navigation.
        case aidToNavigation(AISAidToNavigation)
        /// 22: channels and power in an area.
        case channelManagement(AISChannelManagement)
        /// 23: how a group of ships reports.
        case groupAssignment(AISGroupAssignment)
        /// 24, part A: a ship's name.
        case staticName(AISStaticName)
        /// 24, part B: a ship's type, maker, call sign and size.
        case staticShip(AISStaticShip)
        /// 25: binary, one slot.
        case singleSlotBinary(AISSlotBinary)
        /// 26: binary, several slots.
        case multiSlotBinary(AISSlotBinary)
        /// 27: a position for satellites to hear.
        case longRange(AISLongRangePosition)
        /// A type or part that the standard does not define.
        case undefined
    }

    /// 1...27, or undefined.
    public var type: UInt8
    /// How often it was repeated; 3: not to be repeated.
    public var repeatIndicator: UInt8 = 0
    /// Who sends it.
    public var mmsi: MMSI
    public var body: Body
    /// Length on the wire; what lies beyond is not sent.
    public var bitCount: Int
    /// Bits behind the layout, which the standard does not define.
    public var rest = BitString()
    /// What was sent in the last armoured character behind the message's end, zero as a rule.
    public var padding: UInt8 = 0

    /// A message to send, of the length that the standard gives it.
    public init(type: UInt8, mmsi: MMSI, body: Body) {
        self.type = type
        self.mmsi = mmsi
        self.body = body
        self.bitCount = BitString.capacity
        var writer = FieldWriter(end: BitString.capacity)
        var copy = self
        copy.code(&writer)
        self.bitCount = writer.position
    }

    /// Reads a message.
    ///
    /// - Throws: `AISError.truncated` when it ends before the last field that its type must have.
    /// - Complexity: O(fields); allocates nothing.
    public init(_ bits: BitString) throws(AISError) {
        self.type = UInt8(truncatingIfNeeded: bits.number(at: 0, bits: 6))
        self.mmsi = MMSI(0)
        self.bitCount = bits.count
        self.body = Self.emptyBody(type: self.type, part: bits.number(at: 38, bits: 2))
        var reader = FieldReader(bits)
        self.code(&reader)
        guard !reader.isCutOff else { throw .truncated(type: self.type, bits: bits.count) }
    }

    /// The message's bits: those that it was read from, unless it has been changed.
    public var bits: BitString {
        var writer = FieldWriter(end: self.bitCount)
        var copy = self
        copy.code(&writer)
        return writer.bits
    }

    /// Writes type, sender and fields as keys and values of an object that the caller has begun.
    public func writeFields(to writer: inout JSONWriter) {
        var coder = FieldJSON(writer, end: self.bitCount)
        var copy = self
        copy.code(&coder)
        writer = coder.writer
    }

    /// Walks over type, sender and fields.
    func walk<C: FieldCoder & ~Copyable>(_ coder: inout C) {
        var copy = self
        copy.code(&coder)
    }

    private static func emptyBody(type: UInt8, part: UInt64) -> Body {
        switch type {
        case 1, 2, 3: .position(AISPositionReport())
        case 4, 11: .baseStation(AISBaseStationReport())
        case 5: .voyage(AISVoyageData())
        case 6: .addressedBinary(AISAddressedBinary())
        case 7, 13: .acknowledgement(AISAcknowledgement())
        case 8: .broadcastBinary(AISBroadcastBinary())
        case 9: .aircraft(AISAircraftReport())
        case 10: .timeInquiry(AISTimeInquiry())
        case 12: .addressedSafety(AISAddressedSafetyText())
        case 14: .broadcastSafety(AISBroadcastSafetyText())
        case 15: .interrogation(AISInterrogation())
        case 16: .assignment(AISAssignment())
        case 17: .differentialCorrections(AISDifferentialCorrections())
        case 18: .classBPosition(AISClassBPosition())
        case 19: .classBExtended(AISClassBExtended())
        case 20: .slotReservation(AISSlotReservation())
        case 21: .aidToNavigation(AISAidToNavigation())
        case 22: .channelManagement(AISChannelManagement())
        case 23: .groupAssignment(AISGroupAssignment())
        case 24 where part == 0: .staticName(AISStaticName())
        case 24 where part == 1: .staticShip(AISStaticShip())
        case 25: .singleSlotBinary(AISSlotBinary())
        case 26: .multiSlotBinary(AISSlotBinary())
        case 27: .longRange(AISLongRangePosition())
        default: .undefined
        }
    }

    /// The layout, for whatever walks over it.
    private mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("type", &self.type, bits: 6)
        c.field("repeatIndicator", &self.repeatIndicator, bits: 2)
        var mmsi = self.mmsi.rawValue
        c.mmsi("mmsi", &mmsi)
        self.mmsi = MMSI(mmsi)
        switch self.body {
        case .position(var body):
            body.code(&c, type: self.type)
            self.body = .position(body)
        case .baseStation(var body):
            body.code(&c)
            self.body = .baseStation(body)
        case .voyage(var body):
            body.code(&c)
            self.body = .voyage(body)
        case .addressedBinary(var body):
            body.code(&c)
            self.body = .addressedBinary(body)
        case .acknowledgement(var body):
            body.code(&c)
            self.body = .acknowledgement(body)
        case .broadcastBinary(var body):
            body.code(&c)
            self.body = .broadcastBinary(body)
        case .aircraft(var body):
            body.code(&c)
            self.body = .aircraft(body)
        case .timeInquiry(var body):
            body.code(&c)
            self.body = .timeInquiry(body)
        case .addressedSafety(var body):
            body.code(&c)
            self.body = .addressedSafety(body)
        case .broadcastSafety(var body):
            body.code(&c)
            self.body = .broadcastSafety(body)
        case .interrogation(var body):
            body.code(&c)
            self.body = .interrogation(body)
        case .assignment(var body):
            body.code(&c)
            self.body = .assignment(body)
        case .differentialCorrections(var body):
            body.code(&c)
            self.body = .differentialCorrections(body)
        case .classBPosition(var body):
            body.code(&c)
            self.body = .classBPosition(body)
        case .classBExtended(var body):
            body.code(&c)
            self.body = .classBExtended(body)
        case .slotReservation(var body):
            body.code(&c)
            self.body = .slotReservation(body)
        case .aidToNavigation(var body):
            body.code(&c)
            self.body = .aidToNavigation(body)
        case .channelManagement(var body):
            body.code(&c)
            self.body = .channelManagement(body)
        case .groupAssignment(var body):
            body.code(&c)
            self.body = .groupAssignment(body)
        case .staticName(var body):
            body.code(&c)
            self.body = .staticName(body)
        case .staticShip(var body):
            body.code(&c, mmsi: self.mmsi)
            self.body = .staticShip(body)
        case .singleSlotBinary(var body):
            body.code(&c, hasState: false)
            self.body = .singleSlotBinary(body)
        case .multiSlotBinary(var body):
            body.code(&c, hasState: true)
            self.body = .multiSlotBinary(body)
        case .longRange(var body):
            body.code(&c)
            self.body = .longRange(body)
        case .undefined: break
        }
        c.data("rest", &self.rest, before: 0)
    }
}
