/// One message taken apart for people: what each bit of it is.
public struct Explanation: Sendable {
    /// A line of it.
    public enum Line: Sendable, Equatable {
        /// What follows.
        case heading(String)
        /// A part of the message: where it begins, its octets, its name.
        case part(offset: Int, octets: String, name: String)
        /// Bits and what they say: where other bits of the same octets are, points stand.
        case field(bits: String, name: String, value: String, meaning: String)
        /// What is to be said beside.
        case note(String)
        /// What is wrong.
        case fault(String)
        case blank
    }

    /// What the message is, such as `ASTERIX`.
    public let kind: String
    public internal(set) var lines: [Line]

    /// Whether something in it is wrong.
    public var hasFaults: Bool {
        self.lines.contains { if case .fault = $0 { true } else { false } }
    }

    /// The text.
    ///
    /// - Parameter isColoured: with colours of a terminal (ECMA-48), or in plain letters.
    public func text(isColoured: Bool) -> String {
        func paint(_ text: String, _ style: String) -> String {
            isColoured && !text.isEmpty ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
        }
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count))
        }
        var text = ""
        // Columns are as wide as they must be from one part to the next.
        var widths = (bits: 0, name: 0, value: 0)
        for (index, line) in self.lines.enumerated() {
            switch line {
            case .heading(let heading): text += paint(heading, "1")
            case .part(let offset, let octets, let name):
                widths = self.widths(behind: index)
                let number = "\(offset)"
                // Long parts show their first octets; the fields have all of them.
                let shown = octets.count > 24 ? "\(octets.prefix(21))..." : octets
                text += paint(padded(number, 5) + number, "2") + "  " + paint(shown, "36") + padded(shown, 24) + "  "
                text += paint(name, "1")
            case .field(let bits, let name, let value, let meaning):
                text += "         "
                for character in bits {
                    text += character == "." ? paint(".", "2") : paint(String(character), "33")
                }
                text += padded(bits, widths.bits) + "  " + name + padded(name, widths.name) + "  "
                text += paint(value, "32") + (meaning.isEmpty ? "" : padded(value, widths.value) + "  " + meaning)
            case .note(let note): text += "       " + paint(note, "2")
            case .fault(let fault): text += paint(fault, "1;31")
            case .blank: break
            }
            text += "\n"
        }
        guard isColoured else { return text }
        return text
    }

    /// The columns of the fields that follow a part.
    private func widths(behind part: Int) -> (bits: Int, name: Int, value: Int) {
        var widths = (bits: 0, name: 0, value: 0)
        for line in self.lines[(part + 1)...] {
            guard case .field(let bits, let name, let value, _) = line else {
                if case .note = line { continue }
                break
            }
            widths = (max(widths.bits, bits.count), max(widths.name, name.count), max(widths.value, value.count))
        }
        return (min(widths.bits, 44), min(widths.name, 34), min(widths.value, 28))
    }
}

/// Why a text is no message.
public struct ExplanationError: Error, Hashable, CustomStringConvertible, Sendable {
    /// Where in the text, in characters from its beginning.
    public let offset: Int
    public let reason: String

    public var description: String { "character \(self.offset + 1): \(self.reason)" }
}

extension Explanation {
    /// Takes a message apart: ASTERIX blocks, a Mode S frame in hexadecimal digits, AVR or Beast, AIS in its sentences.
    ///
    /// Digits may stand in groups, with blanks, line ends, commas, colons, `0x` between them. Seven or fourteen octets
    /// are a Mode S frame, unless the length in them says that they are ASTERIX blocks.
    ///
    /// - Parameters:
    ///   - text: the message.
    ///   - editions: by which blocks are read.
    /// - Throws: the first character that does not belong.
    public init(of text: String, editions: AsterixEditions = AsterixEditions()) throws(ExplanationError) {
        let trimmed = text.drop { $0.isWhitespace }
        let skipped = text.count - trimmed.count
        if let first = trimmed.first, "*@%<#".contains(first) {
            self = try ModeSExplanation.avr(trimmed, skipped: skipped)
            return
        }
        if let first = trimmed.first, "!\\".contains(first) {
            self = try AISExplanation.explain(text)
            return
        }
        let bytes = try Self.octets(text)
        guard !bytes.isEmpty else { throw ExplanationError(offset: 0, reason: "there is nothing to explain") }
        let isBlocks = BlockChain.fills(bytes.span, 0..<bytes.count)
        if !isBlocks, let frame = ModeSFrame(bytes.span) {
            self = ModeSExplanation.explain(frame)
            return
        }
        if !isBlocks, bytes[0] == 0x1A {
            var frames: [ReceivedModeSFrame] = []
            var reader = BeastReader()
            reader.read(bytes.span) { frames.append($0) }
            if let received = frames.first {
                self = ModeSExplanation.explain(received.frame, received: received)
                return
            }
        }
        self = AsterixExplanation.explain(bytes, editions: editions)
    }

    /// The octets of hexadecimal digits.
    private static func octets(_ text: String) throws(ExplanationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        var highAt = 0
        var previous: Character = " "
        for (offset, character) in text.enumerated() {
            if character.isWhitespace || ",:;-".contains(character) {
                previous = " "
                continue
            }
            // 0x before a group.
            if character == "x" || character == "X", previous == "0", high == 0 {
                high = nil
                previous = " "
                continue
            }
            guard let digit = character.asciiValue.flatMap({ hexDigit($0) }) else {
                throw ExplanationError(offset: offset, reason: "`\(character)` is no hexadecimal digit")
            }
            previous = character
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
                highAt = offset
            }
        }
        if high != nil { throw ExplanationError(offset: highAt, reason: "a digit without a second one: half an octet") }
        return bytes
    }
}

/// Makes the bit patterns of an explanation.
enum BitPattern {
    /// The octets that `bits` bits from `bit` on touch, other bits as points: `.....101 1.......`.
    ///
    /// Of more than four octets only the first and the last are shown.
    static func text(_ bytes: Span<UInt8>, bit: Int, bits: Int) -> String {
        guard bits > 0 else { return "" }
        let octets = bit / 8...(bit + bits - 1) / 8
        if octets.count > 4 { return "\(bits) bits" }
        var text = ""
        for octet in octets {
            if !text.isEmpty { text += " " }
            for place in 8 * octet..<8 * octet + 8 {
                let isSet = bytes[octet] & (0x80 >> UInt8(place & 7)) != 0
                text += place < bit || place >= bit + bits ? "." : isSet ? "1" : "0"
            }
        }
        return text
    }
}
