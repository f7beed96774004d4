public import Air

/// Up to 24 bytes of text, stored inline: the name that a feed gives to a station.
public struct AISStation: Hashable, Sendable, CustomStringConvertible {
    private var words = (UInt64(0), UInt64(0), UInt64(0))
    public private(set) var count = 0

    /// The first 24 bytes of `text`.
    public init(_ text: Span<UInt8>) {
        for i in 0..<min(24, text.count) {
            let byte = UInt64(text[i]) << UInt64(56 - 8 * (i & 7))
            switch i >> 3 {
            case 0: self.words.0 |= byte
            case 1: self.words.1 |= byte
            default: self.words.2 |= byte
            }
            self.count += 1
        }
    }

    /// The bytes.
    public var bytes: [UInt8] {
        (0..<self.count).map { i in
            let word = i < 8 ? self.words.0 : i < 16 ? self.words.1 : self.words.2
            return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (i & 7)))
        }
    }

    public var description: String { String(decoding: self.bytes, as: UTF8.self) }

    public static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
        hasher.combine(self.words.2)
    }
}

/// What stands beside a sentence: from which station, when, and to which group of lines it belongs.
///
///     \g:1-2-1604,s:rORBCOMM008,c:1418169601*hh\!AIVDM,…            tag block (NMEA 0183 4.10)
///     !AIVDM,…*hh,d-109,S2105,t050056.00,r003669946,1325394060      fields behind (U.S. Coast Guard)
public struct AISTag: Hashable, Sendable {
    /// When the station received it.
    public var receivedAt: Timestamp?
    /// Who received it.
    public var station: AISStation?
    /// Number of the line within its group, how many there are, and the group's number.
    public var line: UInt8?
    public var lineCount: UInt8?
    public var group: UInt32?

    public init(
        receivedAt: Timestamp? = nil, station: AISStation? = nil, line: UInt8? = nil, lineCount: UInt8? = nil,
        group: UInt32? = nil
    ) {
        self.receivedAt = receivedAt
        self.station = station
        self.line = line
        self.lineCount = lineCount
        self.group = group
    }
}

/// One sentence of NMEA 0183 that carries an AIS message or a part of it.
///
///     !AIVDM,sentences,this one,sequence,channel,armoured bits,filling*checksum
///
/// Source: IEC 61162-1, VDM and VDO.
public struct AISSentence: Hashable, Sendable {
    /// Two characters, `AI`, `AB` and `BS` (base stations), `AN`, `SA`, …
    public var talker: UInt16
    /// VDO: what this station itself sends; else VDM: what it hears.
    public var isOwn: Bool
    /// How many sentences the message has, 1...9.
    public var count: UInt8
    /// Which of them this is, from 1.
    public var number: UInt8
    /// 0...9, the same in all sentences of a message.
    public var sequence: UInt8?
    /// `A`, `B`, `1`, `2` or whatever was sent.
    public var channel: UInt8?
    /// Bits at the end of the last character that are not of the message.
    public var filling: UInt8
    /// The armoured characters, as a range of the line.
    public var payload: Range<Int>
    public var tag = AISTag()

    /// Reads a line without its end; nil if it is a sentence of another kind, empty or a remark behind `#`.
    ///
    /// - Throws: `AISFault`.
    /// - Complexity: O(bytes); allocates nothing.
    public static func read(_ line: Span<UInt8>) throws(AISFault) -> AISSentence? {
        var tag = AISTag()
        var start = 0
        while start < line.count, line[start] == UInt8(ascii: " ") { start += 1 }
        // An empty line, or a remark of a log.
        guard start < line.count, line[start] != UInt8(ascii: "#") else { return nil }
        if line[start] == UInt8(ascii: "\\") {
            guard let end = find(UInt8(ascii: "\\"), in: line, from: start + 1) else { throw .badTagBlock }
            try tag.readBlock(line, start + 1, end)
            start = end + 1
        }
        guard let bang = find(UInt8(ascii: "!"), in: line, from: start) else {
            if find(UInt8(ascii: "$"), in: line, from: start) != nil { return nil }
            throw .noSentence
        }
        // `!` two letters of the talker, three of the sentence.
        guard line.count >= bang + 7 else { throw .noSentence }
        guard line[bang + 3] == UInt8(ascii: "V"), line[bang + 4] == UInt8(ascii: "D"),
            line[bang + 5] == UInt8(ascii: "M") || line[bang + 5] == UInt8(ascii: "O"),
            line[bang + 6] == UInt8(ascii: ",")
        else { return nil }
        guard let star = find(UInt8(ascii: "*"), in: line, from: bang) else { throw .noChecksum }
        guard star + 2 < line.count, let high = hexDigit(line[star + 1]), let low = hexDigit(line[star + 2]) else {
            throw .noChecksum
        }
        guard checksum(line, bang + 1, star) == high << 4 | low else { throw .badChecksum }

        var commas = InlineArray<6, Int>(repeating: 0)
        var found = 0
        for i in (bang + 6)..<star where line[i] == UInt8(ascii: ",") {
            guard found < 6 else { throw .badField }
            commas[found] = i
            found += 1
        }
        guard found == 6 else { throw .badField }
        guard let count = digit(line, commas[0] + 1, commas[1]), count > 0,
            let number = digit(line, commas[1] + 1, commas[2]), number > 0, number <= count,
            let filling = digit(line, commas[5] + 1, star), filling < 6
        else { throw .badField }
        let hasSequence = commas[2] + 1 < commas[3]
        let sequence = digit(line, commas[2] + 1, commas[3])
        guard hasSequence == (sequence != nil) else { throw .badField }
        if star + 3 < line.count { tag.readBehind(line, from: star + 3) }
        return AISSentence(
            talker: UInt16(line[bang + 1]) << 8 | UInt16(line[bang + 2]),
            isOwn: line[bang + 5] == UInt8(ascii: "O"), count: count, number: number, sequence: sequence,
            channel: commas[3] + 1 < commas[4] ? line[commas[3] + 1] : nil, filling: filling,
            payload: (commas[4] + 1)..<commas[5], tag: tag)
    }

    /// The word behind the `!`, `AIVDM` for example.
    public var word: String {
        let bytes = [UInt8(truncatingIfNeeded: self.talker >> 8), UInt8(truncatingIfNeeded: self.talker)]
        return String(decoding: bytes, as: UTF8.self) + (self.isOwn ? "VDO" : "VDM")
    }
}

extension AISTag {
    /// Fields between two backslashes: `s:` station, `c:` Unix time in seconds or milliseconds, `g:` line-lines-group;
    /// the older `1G2:1604` too.
    fileprivate mutating func readBlock(_ line: Span<UInt8>, _ start: Int, _ end: Int) throws(AISFault) {
        guard end - start >= 3, line[end - 3] == UInt8(ascii: "*"), let high = hexDigit(line[end - 2]),
            let low = hexDigit(line[end - 1]), checksum(line, start, end - 3) == high << 4 | low
        else { throw .badTagBlock }
        var at = start
        while at < end - 3 {
            let next = min(find(UInt8(ascii: ","), in: line, from: at) ?? end, end - 3)
            if let colon = find(UInt8(ascii: ":"), in: line, from: at), colon < next {
                let (value, text) = (colon + 1, line.extracting((colon + 1)..<next))
                switch line[at] {
                case UInt8(ascii: "c") where colon == at + 1: self.receivedAt = time(line, value, next)
                case UInt8(ascii: "s") where colon == at + 1: self.station = AISStation(text)
                case UInt8(ascii: "g") where colon == at + 1:
                    guard let first = find(UInt8(ascii: "-"), in: line, from: value), first < next,
                        let second = find(UInt8(ascii: "-"), in: line, from: first + 1), second < next
                    else { throw .badTagBlock }
                    self.line = digit(line, value, first)
                    self.lineCount = digit(line, first + 1, second)
                    self.group = number(line, second + 1, next)
                case UInt8(ascii: "1")...UInt8(ascii: "9") where colon == at + 3 && line[at + 1] == UInt8(ascii: "G"):
                    self.line = digit(line, at, at + 1)
                    self.lineCount = digit(line, at + 2, at + 3)
                    self.group = number(line, value, next)
                default: break
                }
            }
            at = next + 1
        }
    }

    /// Fields behind the checksum: `r…` or `b…` the station, and the first of nine or more digits the Unix time.
    fileprivate mutating func readBehind(_ line: Span<UInt8>, from start: Int) {
        var at = start
        while at < line.count {
            let next = find(UInt8(ascii: ","), in: line, from: at) ?? line.count
            if next - at >= 4, line[at] == UInt8(ascii: "r") || line[at] == UInt8(ascii: "b"), self.station == nil {
                self.station = AISStation(line.extracting(at..<next))
            } else if next - at >= 9, self.receivedAt == nil {
                self.receivedAt = time(line, at, next)
            }
            at = next + 1
        }
    }

    /// The tag block's text with both backslashes; empty if there is nothing to say.
    func appendBlock(to bytes: inout [UInt8]) {
        var fields: [String] = []
        if let line = self.line, let count = self.lineCount, let group = self.group {
            fields.append("g:\(line)-\(count)-\(group)")
        }
        if let station = self.station { fields.append("s:\(station)") }
        if let time = self.receivedAt { fields.append("c:\(time.nanoseconds / 1_000_000_000)") }
        guard !fields.isEmpty else { return }
        let text = Array(fields.joined(separator: ",").utf8)
        bytes.append(UInt8(ascii: "\\"))
        bytes += text
        appendChecksum(of: text.span, to: &bytes)
        bytes.append(UInt8(ascii: "\\"))
    }
}

extension AISMessage {
    /// Appends the message as sentences, each with its line end.
    ///
    /// - Parameters:
    ///   - talker: two letters.
    ///   - isOwn: VDO instead of VDM.
    ///   - channel: `A` or `B`; nil leaves it out.
    ///   - sequence: 0...9, used where the message needs more than one sentence.
    ///   - tag: is written in front of the first sentence; its group is numbered for all of them.
    public func appendSentences(
        to bytes: inout [UInt8], talker: (UInt8, UInt8) = (UInt8(ascii: "A"), UInt8(ascii: "I")), isOwn: Bool = false,
        channel: UInt8? = nil, sequence: UInt8 = 0, tag: AISTag = AISTag()
    ) {
        let bits = self.bits
        let filling = (6 - bits.count % 6) % 6
        let characters = (bits.count + filling) / 6
        // 82 characters with all around them, as the standard says.
        let longest = 60
        let count = max(1, (characters + longest - 1) / longest)
        for number in 1...count {
            var tag = number == 1 ? tag : AISTag(group: tag.group)
            tag.line = UInt8(number)
            tag.lineCount = UInt8(count)
            tag.appendBlock(to: &bytes)
            var text: [UInt8] = [talker.0, talker.1, UInt8(ascii: "V"), UInt8(ascii: "D")]
            text.append(isOwn ? UInt8(ascii: "O") : UInt8(ascii: "M"))
            text += Array(",\(count),\(number),".utf8)
            if count > 1 { text.append(UInt8(ascii: "0") + sequence % 10) }
            text.append(UInt8(ascii: ","))
            if let channel { text.append(channel) }
            text.append(UInt8(ascii: ","))
            for i in ((number - 1) * longest)..<min(number * longest, characters) {
                let six = UInt8(truncatingIfNeeded: bits.number(at: 6 * i, bits: 6))
                let padding = i == characters - 1 ? self.padding & (1 << UInt8(filling) - 1) : 0
                text.append(AISArmour.character(six | padding))
            }
            text += Array(",\(number == count ? filling : 0)".utf8)
            bytes.append(UInt8(ascii: "!"))
            bytes += text
            appendChecksum(of: text.span, to: &bytes)
            bytes += [0x0D, 0x0A]
        }
    }
}

/// Six bits as a printable character: 0...39 from `0` on, 40...63 from `` ` `` on.
///
/// Source: IEC 61162-1, table of six-bit binary fields; ITU-R M.1371-5 needs nothing of it.
enum AISArmour {
    static func bits(_ character: UInt8) -> UInt8? {
        switch character {
        case 48...87: character - 48
        case 96...119: character - 56
        default: nil
        }
    }

    static func character(_ bits: UInt8) -> UInt8 { bits < 40 ? bits + 48 : (bits & 0x3F) + 56 }
}

// MARK: Text

/// The first place of a byte from `start` on.
private func find(_ byte: UInt8, in line: Span<UInt8>, from start: Int) -> Int? {
    var i = start
    while i < line.count {
        if line[i] == byte { return i }
        i += 1
    }
    return nil
}

/// The exclusive or of all bytes.
private func checksum(_ line: Span<UInt8>, _ start: Int, _ end: Int) -> UInt8 {
    var sum: UInt8 = 0
    for i in start..<end { sum ^= line[i] }
    return sum
}

private func appendChecksum(of text: Span<UInt8>, to bytes: inout [UInt8]) {
    let sum = checksum(text, 0, text.count)
    let digits = Array("0123456789ABCDEF".utf8)
    bytes += [UInt8(ascii: "*"), digits[Int(sum >> 4)], digits[Int(sum & 15)]]
}

/// One decimal digit that fills the field.
private func digit(_ line: Span<UInt8>, _ start: Int, _ end: Int) -> UInt8? {
    guard end == start + 1, start < line.count, (0x30...0x39).contains(line[start]) else { return nil }
    return line[start] - 0x30
}

/// Decimal digits that fill the field.
private func number(_ line: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    guard end > start, end - start <= 9, end <= line.count else { return nil }
    var value: UInt32 = 0
    for i in start..<end {
        guard (0x30...0x39).contains(line[i]) else { return nil }
        value = value * 10 + UInt32(line[i] - 0x30)
    }
    return value
}

/// A Unix time: seconds up to ten digits (a fraction is passed over), milliseconds from thirteen on.
private func time(_ line: Span<UInt8>, _ start: Int, _ end: Int) -> Timestamp? {
    var value: Int64 = 0
    var digits = 0
    for i in start..<end {
        if line[i] == UInt8(ascii: "."), digits > 0 { break }
        guard (0x30...0x39).contains(line[i]), digits < 13 else { return nil }
        value = value * 10 + Int64(line[i] - 0x30)
        digits += 1
    }
    switch digits {
    case 1...10:
        guard value < 9_000_000_000 else { return nil }
        return Timestamp(nanoseconds: value * 1_000_000_000)
    case 13:
        guard value < 9_000_000_000_000 else { return nil }
        return Timestamp(nanoseconds: value * 1_000_000)
    default: return nil
    }
}
