/// Why bytes of a feed are no AIS message.
public enum AISFault: UInt8, Error, Hashable, Sendable, CaseIterable {
    /// A line that holds no NMEA sentence.
    case noSentence
    /// A line longer than 1,024 bytes.
    case lineTooLong
    /// A tag block that does not end, or whose checksum is wrong.
    case badTagBlock
    /// A sentence without a checksum.
    case noChecksum
    /// The checksum does not fit the sentence.
    case badChecksum
    /// Number of sentences, number of this one or filling is missing or impossible.
    case badField
    /// A character that stands for no six bits, or no character at all.
    case badArmour
    /// A message of more than 1,536 bits.
    case messageTooLong
    /// A part of a message whose other parts did not come within 256 sentences, or came anew.
    case incomplete
    /// A message that ends before its type's last field.
    case truncated

    /// In words.
    public var text: String {
        switch self {
        case .noSentence: "no NMEA sentence"
        case .lineTooLong: "line too long"
        case .badTagBlock: "damaged tag block"
        case .noChecksum: "no checksum"
        case .badChecksum: "wrong checksum"
        case .badField: "impossible count, number or filling"
        case .badArmour: "a character that stands for no six bits"
        case .messageTooLong: "message too long"
        case .incomplete: "the rest of the message did not come"
        case .truncated: "message ends before its last field"
        }
    }
}

/// Bytes that gave no message: where, how many, why.
public struct AISProblem: Hashable, Sendable, CustomStringConvertible {
    /// From the start of the file or stream.
    public var offset: Int
    /// The line without its end.
    public var length: Int
    public var fault: AISFault
    /// The type of the message, where it was read so far.
    public var type: UInt8?

    /// For example `offset 812: message 5: message ends before its last field; 47 bytes skipped`.
    public var description: String {
        "offset \(self.offset): " + (self.type.map { "message \($0): " } ?? "")
            + "\(self.fault.text); \(counted(self.length, "byte")) skipped"
    }
}

/// What a receiver of AIS has read, counted: every byte is of a message, of another sentence, skipped or waiting.
public struct AISTally: Hashable, Sendable {
    /// Messages by type, 0...63; 28 and above and 0 are undefined.
    public internal(set) var messages = [Int](repeating: 0, count: 64)
    /// Sentences with a whole AIS message or a part of one.
    public internal(set) var sentences = 0
    /// Sentences of other kinds, such as `$GPRMC`, remarks and empty lines.
    public internal(set) var otherLines = 0
    /// Problems by `AISFault.rawValue`.
    public internal(set) var faults = [Int](repeating: 0, count: AISFault.allCases.count)
    /// Bytes of lines with AIS sentences, line ends included.
    public internal(set) var acceptedBytes = 0
    /// Bytes of other lines.
    public internal(set) var otherBytes = 0
    /// Bytes of lines with a problem.
    public internal(set) var skippedBytes = 0

    public init() {}

    /// Messages of all types.
    public var messageCount: Int { self.messages.reduce(0, +) }
    /// Problems of all kinds.
    public var problemCount: Int { self.faults.reduce(0, +) }

    /// How often a fault occurred.
    public func count(of fault: AISFault) -> Int { self.faults[Int(fault.rawValue)] }
}
