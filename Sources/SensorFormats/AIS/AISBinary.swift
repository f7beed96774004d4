/// Message 6: binary data for one station.
///
/// Source: ITU-R M.1371-5, annex 8, 3.4.
public struct AISAddressedBinary: Hashable, Sendable {
    public var sequence: UInt8 = 0
    public var destination: UInt32 = 0
    public var isRetransmitted = false
    private var spare: UInt8 = 0
    /// Who defined the data: designated area code; 1 is international.
    public var areaCode: UInt16 = 0
    /// What the data are, by the area.
    public var function: UInt8 = 0
    public var data = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("sequence", &self.sequence, bits: 2)
        c.mmsi("destination", &self.destination)
        c.flag("isRetransmitted", &self.isRetransmitted)
        c.spare(&self.spare, bits: 1)
        c.field("areaCode", &self.areaCode, bits: 10)
        c.field("function", &self.function, bits: 6)
        c.data("data", &self.data, before: 0)
    }
}

/// Message 8: binary data for all.
///
/// Source: ITU-R M.1371-5, annex 8, 3.6.
public struct AISBroadcastBinary: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// Who defined the data: designated area code; 1 is international.
    public var areaCode: UInt16 = 0
    /// What the data are, by the area.
    public var function: UInt8 = 0
    public var data = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.field("areaCode", &self.areaCode, bits: 10)
        c.field("function", &self.function, bits: 6)
        c.data("data", &self.data, before: 0)
    }
}

/// Messages 25 and 26: binary data in one or several slots, for one station or all.
///
/// Source: ITU-R M.1371-5, annex 8, 3.23 and 3.24.
public struct AISSlotBinary: Hashable, Sendable {
    public var isAddressed = false
    /// The data begin with area code and function.
    public var isStructured = false
    public var destination: UInt32 = 0
    private var spare: UInt8 = 0
    public var areaCode: UInt16 = 0
    public var function: UInt8 = 0
    public var data = BitString()
    private var spare2: UInt8 = 0
    /// Message 26 only.
    public var state = AISCommunicationState()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C, hasState: Bool) {
        c.flag("isAddressed", &self.isAddressed)
        c.flag("isStructured", &self.isStructured)
        if self.isAddressed {
            c.mmsi("destination", &self.destination)
            c.spare(&self.spare, bits: 2)
        }
        if self.isStructured {
            c.field("areaCode", &self.areaCode, bits: 10)
            c.field("function", &self.function, bits: 6)
        }
        c.data("data", &self.data, before: hasState ? 24 : 0)
        if hasState {
            c.spare(&self.spare2, bits: 4)
            self.state.code(&c, hasSelector: true)
        }
    }
}

/// Messages 7 and 13: up to four messages that were received.
///
/// Source: ITU-R M.1371-5, annex 8, 3.5.
public struct AISAcknowledgement: Hashable, Sendable {
    /// Whose message, and which of its sequence.
    public struct Entry: Hashable, Sendable {
        public var destination: UInt32
        public var sequence: UInt8

        public init(destination: UInt32, sequence: UInt8) {
            self.destination = destination
            self.sequence = sequence
        }
    }

    private var spare: UInt8 = 0
    /// One to four.
    public var entries: [Entry] = []

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.beginArray("entries")
        for i in 0..<4 {
            // What is read ends with the message, what is written with the entries.
            guard i == 0 || (self.isKnown ? i < self.entries.count : c.has(32)) else { break }
            var entry = i < self.entries.count ? self.entries[i] : Entry(destination: 0, sequence: 0)
            c.nextElement()
            c.mmsi("destination", &entry.destination)
            c.field("sequence", &entry.sequence, bits: 2)
            if i < self.entries.count { self.entries[i] = entry } else { self.entries.append(entry) }
        }
        self.isKnown = true
        c.endArray()
    }

    /// Set once the entries are there, by reading or by hand.
    private var isKnown = false

    /// An acknowledgement to send.
    public init(_ entries: [Entry]) {
        self.entries = Array(entries.prefix(4))
        self.isKnown = true
    }
}

/// Message 12: text of safety for one station.
///
/// Source: ITU-R M.1371-5, annex 8, 3.10.
public struct AISAddressedSafetyText: Hashable, Sendable {
    public var sequence: UInt8 = 0
    public var destination: UInt32 = 0
    public var isRetransmitted = false
    private var spare: UInt8 = 0
    /// Six-bit characters.
    public var characters = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("sequence", &self.sequence, bits: 2)
        c.mmsi("destination", &self.destination)
        c.flag("isRetransmitted", &self.isRetransmitted)
        c.spare(&self.spare, bits: 1)
        c.text("text", &self.characters)
    }

    public var text: String { AISText.text(of: self.characters) }
}

/// Message 14: text of safety for all.
///
/// Source: ITU-R M.1371-5, annex 8, 3.12.
public struct AISBroadcastSafetyText: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// Six-bit characters.
    public var characters = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.text("text", &self.characters)
    }

    public var text: String { AISText.text(of: self.characters) }
}
