/// Why bytes are no Remote ID message.
public enum RemoteIDFault: UInt8, Error, Hashable, Sendable, CaseIterable {
    /// Fewer bytes than a message or a frame around it has.
    case truncated
    /// A pack whose messages are not of 25 bytes, or that says to hold none or more than nine.
    case badPack
    /// A pack within a pack.
    case nestedPack
    /// A frame that is neither advertisement, beacon nor service discovery with Remote ID in it.
    case noRemoteID

    /// In words.
    public var text: String {
        switch self {
        case .truncated: "message or frame cut off"
        case .badPack: "impossible size or number of messages"
        case .nestedPack: "pack within a pack"
        case .noRemoteID: "no Remote ID in this frame"
        }
    }
}

/// The quantities of Remote ID.
///
/// Source: ASTM F3411-22a, section 5.4.5.
enum RemoteIDQuantity {
    /// 1/10,000,000 degree.
    static let degrees = FieldScale(decimals: 7)
    /// Half metres above −1,000 m; −1,000 m: not available.
    static let altitude = FieldScale(multiplier: 5, offset: -10_000, decimals: 1, notAvailable: 0)
    /// Half metres a second; 63 m/s: not available.
    static let climb = FieldScale(multiplier: 5, decimals: 1, notAvailable: 126)
    /// Tenths of a second after the full hour, UTC.
    static let secondsOfHour = FieldScale(decimals: 1, notAvailable: 0xFFFF)
    /// Tens of metres.
    static let radius = FieldScale(multiplier: 10)
}

/// One message of broadcast Remote ID: 25 bytes.
///
///     | type 4, version 4 | body 24 bytes |
///
/// Numbers of several bytes begin with the lowest. Encoding gives back the same bytes, reserved ones too.
///
/// Source: ASTM F3411-22a, section 5.4.5; ASD-STAN prEN 4709-002.
public struct RemoteIDMessage: Hashable, Sendable {
    /// The bytes of one message.
    public static let byteCount = 25

    public enum Body: Hashable, Sendable {
        /// Type 0.
        case basicID(RemoteIDBasicID)
        /// Type 1.
        case location(RemoteIDLocation)
        /// Type 2.
        case authentication(RemoteIDAuthentication)
        /// Type 3.
        case selfID(RemoteIDSelfID)
        /// Type 4.
        case system(RemoteIDSystem)
        /// Type 5.
        case operatorID(RemoteIDOperatorID)
        /// Another type.
        case undefined(BitString)
    }

    /// 0...14; 15 is a pack.
    public var type: UInt8
    /// 0: F3411-19, 1: prEN 4709-002 P1, 2: F3411-22 and 22a.
    public var version: UInt8 = 2
    public var body: Body

    /// A message to send.
    public init(_ body: Body, version: UInt8 = 2) {
        self.body = body
        self.version = version
        self.type =
            switch body {
            case .basicID: 0
            case .location: 1
            case .authentication: 2
            case .selfID: 3
            case .system: 4
            case .operatorID: 5
            case .undefined: 6
            }
    }

    /// Reads the first 25 bytes.
    ///
    /// - Throws: `RemoteIDFault.truncated`, or `.nestedPack` where a pack stands for a message.
    public init(_ bytes: Span<UInt8>) throws(RemoteIDFault) {
        guard bytes.count >= Self.byteCount, let bits = BitString(bytes.extracting(0..<Self.byteCount)) else {
            throw .truncated
        }
        self.type = bytes[0] >> 4
        guard self.type != 15 else { throw .nestedPack }
        self.body =
            switch self.type {
            case 0: .basicID(RemoteIDBasicID())
            case 1: .location(RemoteIDLocation())
            case 2: .authentication(RemoteIDAuthentication())
            case 3: .selfID(RemoteIDSelfID())
            case 4: .system(RemoteIDSystem())
            case 5: .operatorID(RemoteIDOperatorID())
            default: .undefined(BitString())
            }
        var reader = FieldReader(bits, isLittleEndian: true)
        self.code(&reader)
    }

    /// The 25 bytes.
    public var bytes: [UInt8] {
        var writer = FieldWriter(end: 8 * Self.byteCount, isLittleEndian: true)
        var copy = self
        copy.code(&writer)
        return writer.bits.bytes
    }

    /// Writes the fields as keys and values of an object that the caller has begun.
    public func writeFields(to writer: inout JSONWriter) {
        var coder = FieldJSON(writer, end: 8 * Self.byteCount)
        var copy = self
        copy.code(&coder)
        writer = coder.writer
    }

    private mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("type", &self.type, bits: 4)
        c.field("version", &self.version, bits: 4)
        switch self.body {
        case .basicID(var body):
            body.code(&c)
            self.body = .basicID(body)
        case .location(var body):
            body.code(&c)
            self.body = .location(body)
        case .authentication(var body):
            body.code(&c)
            self.body = .authentication(body)
        case .selfID(var body):
            body.code(&c)
            self.body = .selfID(body)
        case .system(var body):
            body.code(&c)
            self.body = .system(body)
        case .operatorID(var body):
            body.code(&c)
            self.body = .operatorID(body)
        case .undefined(var data):
            c.bytes("data", &data, count: 24, isText: false)
            self.body = .undefined(data)
        }
    }
}

/// Several messages in one transmission (Bluetooth 5 extended advertising, Wi-Fi).
///
///     | type 15, version 4 | size of a message 8 | number 8 | messages of 25 bytes, at most nine |
///
/// Source: ASTM F3411-22a, section 5.4.5.
public struct RemoteIDPack: Hashable, Sendable {
    public static let messagesMax = 9

    public var version: UInt8 = 2
    /// One to nine.
    public var messages: [RemoteIDMessage]

    /// A pack to send; nil if there are no messages or more than nine.
    public init?(_ messages: [RemoteIDMessage], version: UInt8 = 2) {
        guard (1...Self.messagesMax).contains(messages.count) else { return nil }
        self.messages = messages
        self.version = version
    }

    /// Reads a pack.
    ///
    /// - Throws: `RemoteIDFault.badPack`, `.truncated`, `.nestedPack`; or `.noRemoteID` if it is none.
    public init(_ bytes: Span<UInt8>) throws(RemoteIDFault) {
        let count = try Self.messageCount(bytes)
        self.version = bytes[0] & 15
        self.messages = []
        for i in 0..<count { self.messages.append(try Self.message(i, of: bytes)) }
    }

    /// How many messages a pack has, all of which are there and none of which is a pack.
    static func messageCount(_ bytes: Span<UInt8>) throws(RemoteIDFault) -> Int {
        guard bytes.count >= 3 else { throw .truncated }
        guard bytes[0] >> 4 == 15 else { throw .noRemoteID }
        let count = Int(bytes[2])
        guard bytes[1] == RemoteIDMessage.byteCount, (1...Self.messagesMax).contains(count) else { throw .badPack }
        guard bytes.count >= 3 + count * RemoteIDMessage.byteCount else { throw .truncated }
        for i in 0..<count where bytes[3 + i * RemoteIDMessage.byteCount] >> 4 == 15 { throw .nestedPack }
        return count
    }

    static func message(_ i: Int, of bytes: Span<UInt8>) throws(RemoteIDFault) -> RemoteIDMessage {
        try RemoteIDMessage(bytes.extracting((3 + i * RemoteIDMessage.byteCount)..<bytes.count))
    }

    /// The bytes, 28 to 228.
    public var bytes: [UInt8] {
        [0xF0 | self.version & 15, UInt8(RemoteIDMessage.byteCount), UInt8(self.messages.count)]
            + self.messages.flatMap(\.bytes)
    }
}
