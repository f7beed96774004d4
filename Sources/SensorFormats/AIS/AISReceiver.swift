/// One message as it came: with what stood beside its first sentence.
public struct AISReceived: Hashable, Sendable {
    public var message: AISMessage
    /// The first of its sentences.
    public var sentence: AISSentence
    /// From the start of the file or stream: the line that made it whole.
    public var offset: Int
}

/// Lines of a feed to messages: finds sentences, checks them, puts those of one message together.
///
/// Bounded: one line of 1,024 bytes waits for its end, and 64 messages for their other sentences, 256 sentences long.
public struct AISReceiver: Sendable {
    /// The longest line; IEC 61162-1 allows 82 characters, tag blocks and fields behind come on top.
    static let lineMax = 1024
    /// How many later sentences a part waits for the others.
    static let waitMax = 256
    static let groupsMax = 64

    /// What has been read so far.
    public private(set) var tally = AISTally()
    private var carry: [UInt8] = []
    private var carryStart = 0
    private var isSkippingLine = false
    private var position = 0
    private var groups: [Group] = []

    /// The parts of a message that came so far.
    private struct Group: Sendable {
        var sentence: AISSentence
        var offset: Int
        var length: Int
        var bornAt: Int
        var received: UInt16 = 0
        /// The bits of each part, in the order of its number.
        var parts: [BitString]
        var padding: UInt8 = 0
    }

    public init() {}

    /// How many messages wait for other sentences.
    public var waitingCount: Int { self.groups.count }

    /// Whether the bytes begin as text with AIS sentences: at least one is right among the first 64 KiB, and most
    /// lines that have a sentence at all are right.
    public static func detects(_ bytes: Span<UInt8>) -> Bool {
        let head = bytes.extracting(first: 1 << 16)
        var (right, wrong) = (0, 0)
        var start = 0
        for i in 0...head.count {
            let isEnd = i == head.count
            guard isEnd || head[i] == 0x0A || head[i] == 0x0D else { continue }
            // What the end of the head cuts off says nothing.
            if i > start, !isEnd || bytes.count <= head.count, i - start <= Self.lineMax {
                do throws(AISFault) {
                    if try AISSentence.read(head.extracting(start..<i)) != nil { right += 1 }
                } catch { if error != .noSentence { wrong += 1 } }
            } else if i - start > Self.lineMax {
                return false
            }
            start = i + 1
        }
        return right > 0 && right >= wrong
    }

    /// Reads the next bytes; hands over each message that they complete, and each problem.
    ///
    /// - Parameters:
    ///   - isWhole: the bytes end with a line though it has no end (a datagram, the last piece of a file).
    /// - Complexity: O(bytes).
    public mutating func read(
        _ bytes: Span<UInt8>, isWhole: Bool, problem: (AISProblem) -> Void, _ body: (AISReceived) -> Void
    ) {
        var start = 0
        for i in bytes.indices where bytes[i] == 0x0A || bytes[i] == 0x0D {
            self.endLine(bytes.extracting(start..<i), terminator: 1, at: self.position + start, problem, body)
            start = i + 1
        }
        let rest = bytes.extracting(start..<bytes.count)
        if isWhole, rest.count + self.carry.count > 0 {
            self.endLine(rest, terminator: 0, at: self.position + start, problem, body)
        } else if self.isSkippingLine {
            self.tally.skippedBytes += rest.count
        } else if self.carry.count + rest.count > Self.lineMax {
            if self.carry.isEmpty { self.carryStart = self.position + start }
            self.note(.lineTooLong, self.carryStart, self.carry.count + rest.count, nil, problem)
            self.tally.skippedBytes += self.carry.count + rest.count
            self.carry.removeAll(keepingCapacity: true)
            self.isSkippingLine = true
        } else if rest.count > 0 {
            if self.carry.isEmpty { self.carryStart = self.position + start }
            for i in rest.indices { self.carry.append(rest[i]) }
        }
        self.position += bytes.count
    }

    private mutating func endLine(
        _ piece: Span<UInt8>, terminator: Int, at offset: Int, _ problem: (AISProblem) -> Void,
        _ body: (AISReceived) -> Void
    ) {
        if self.isSkippingLine {
            self.isSkippingLine = false
            self.tally.skippedBytes += piece.count + terminator
        } else if self.carry.isEmpty {
            self.line(piece, terminator: terminator, at: offset, problem, body)
        } else {
            var whole: [UInt8] = []
            swap(&whole, &self.carry)
            // A line grows no longer than the carry may be, but for its last piece.
            for i in 0..<min(piece.count, Self.lineMax + 1) { whole.append(piece[i]) }
            let cut = piece.count - min(piece.count, Self.lineMax + 1)
            self.line(whole.span, terminator: terminator + cut, at: self.carryStart, problem, body)
            whole.removeAll(keepingCapacity: true)
            swap(&whole, &self.carry)
        }
    }

    private mutating func line(
        _ line: Span<UInt8>, terminator: Int, at offset: Int, _ problem: (AISProblem) -> Void,
        _ body: (AISReceived) -> Void
    ) {
        do throws(AISFault) {
            guard line.count <= Self.lineMax else { throw .lineTooLong }
            guard let sentence = try AISSentence.read(line) else {
                self.tally.otherLines += 1
                self.tally.otherBytes += line.count + terminator
                return
            }
            var part = try Self.bits(line, sentence)
            var padding: UInt8 = 0
            if sentence.number == sentence.count {
                let end = part.count - Int(sentence.filling)
                padding = UInt8(truncatingIfNeeded: part.number(at: end, bits: Int(sentence.filling)))
                part.resize(to: end)
            }
            self.tally.sentences += 1
            self.tally.acceptedBytes += line.count + terminator
            if sentence.count == 1 {
                self.finish(part, padding, sentence, offset, line.count, problem, body)
            } else {
                self.join(part, padding, sentence, offset, line.count, problem, body)
            }
        } catch {
            self.tally.skippedBytes += line.count + terminator
            self.note(error, offset, line.count, nil, problem)
        }
        while let first = self.groups.first, self.tally.sentences - first.bornAt > Self.waitMax {
            self.note(.incomplete, first.offset, first.length, nil, problem)
            self.groups.removeFirst()
        }
    }

    /// The bits of a sentence, the filling included.
    private static func bits(_ line: Span<UInt8>, _ sentence: AISSentence) throws(AISFault) -> BitString {
        var bits = BitString()
        guard !sentence.payload.isEmpty else { throw .badArmour }
        guard sentence.payload.count * 6 <= BitString.capacity else { throw .messageTooLong }
        for i in sentence.payload {
            guard let six = AISArmour.bits(line[i]) else { throw .badArmour }
            bits.append(UInt64(six), bits: 6)
        }
        return bits
    }

    /// Puts a part beside those of its message, by the group of its tag block or by sequence, channel and talker.
    private mutating func join(
        _ part: BitString, _ padding: UInt8, _ sentence: AISSentence, _ offset: Int, _ length: Int,
        _ problem: (AISProblem) -> Void, _ body: (AISReceived) -> Void
    ) {
        let bit = UInt16(1) << UInt16(sentence.number)
        var index = self.groups.firstIndex { Self.belong($0.sentence, sentence) }
        if let found = index, self.groups[found].received & bit != 0 {
            // The same number again: another message has begun.
            self.note(.incomplete, self.groups[found].offset, self.groups[found].length, nil, problem)
            self.groups.remove(at: found)
            index = nil
        }
        if index == nil {
            if self.groups.count >= Self.groupsMax {
                self.note(.incomplete, self.groups[0].offset, self.groups[0].length, nil, problem)
                self.groups.removeFirst()
            }
            self.groups.append(
                Group(
                    sentence: sentence, offset: offset, length: 0, bornAt: self.tally.sentences,
                    parts: [BitString](repeating: BitString(), count: Int(sentence.count))))
            index = self.groups.count - 1
        }
        guard let index else { return }
        self.groups[index].received |= bit
        self.groups[index].length += length
        self.groups[index].parts[Int(sentence.number) - 1] = part
        self.groups[index].padding |= padding
        if sentence.number == 1 { self.groups[index].sentence = sentence }
        guard self.groups[index].received.nonzeroBitCount == Int(sentence.count) else { return }
        let group = self.groups.remove(at: index)
        guard group.parts.reduce(0, { $0 + $1.count }) <= BitString.capacity else {
            return self.note(.messageTooLong, group.offset, group.length, nil, problem)
        }
        var whole = BitString()
        for part in group.parts { whole.append(part) }
        self.finish(whole, group.padding, group.sentence, offset, group.length, problem, body)
    }

    private static func belong(_ a: AISSentence, _ b: AISSentence) -> Bool {
        guard a.count == b.count, a.talker == b.talker, a.isOwn == b.isOwn else { return false }
        if let group = a.tag.group, let other = b.tag.group { return group == other }
        // Some receivers leave the channel out of all sentences but the first.
        return a.sequence == b.sequence && (a.channel == nil || b.channel == nil || a.channel == b.channel)
    }

    private mutating func finish(
        _ bits: BitString, _ padding: UInt8, _ sentence: AISSentence, _ offset: Int, _ length: Int,
        _ problem: (AISProblem) -> Void, _ body: (AISReceived) -> Void
    ) {
        do throws(AISError) {
            var message = try AISMessage(bits)
            message.padding = padding
            self.tally.messages[Int(message.type & 63)] += 1
            body(AISReceived(message: message, sentence: sentence, offset: offset))
        } catch {
            switch error {
            case .truncated(let type, _): self.note(.truncated, offset, length, type, problem)
            }
        }
    }

    private mutating func note(
        _ fault: AISFault, _ offset: Int, _ length: Int, _ type: UInt8?, _ problem: (AISProblem) -> Void
    ) {
        self.tally.faults[Int(fault.rawValue)] += 1
        problem(AISProblem(offset: offset, length: length, fault: fault, type: type))
    }
}
