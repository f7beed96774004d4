import Air

/// What was in a file of AIS.
public struct AISSummary: Hashable, Sendable, CustomStringConvertible {
    public var tally = AISTally()
    /// Parts of messages whose others never came.
    public var waiting = 0

    public init(tally: AISTally = AISTally(), waiting: Int = 0) {
        self.tally = tally
        self.waiting = waiting
    }

    /// For example `345 messages (1: 120, 5: 14, …) in 361 sentences; 12 other lines; 3 problems`.
    public var description: String {
        let types = self.tally.messages.indices.filter { self.tally.messages[$0] > 0 }
            .map { "\($0): \(self.tally.messages[$0])" }
        return "\(self.tally.messageCount) messages (\(types.joined(separator: ", "))) in \(self.tally.sentences) "
            + "sentences; \(self.tally.otherLines) other lines; "
            + "\(self.tally.problemCount) problems, \(self.waiting) messages unfinished"
    }
}

/// Decodes a text with AIS sentences to JSON Lines: one object for each message, in the order they became whole.
///
/// Beside the message's fields there are `offset` (the line that made it whole), `sentence` (`AIVDM`), and, where the
/// text says it, `channel`, `time` and `station`. Quantities have the wire's unit in the key; null: not available.
/// Fields that a short message does not reach are left out.
///
/// - Parameters:
///   - sink: gets the text in pieces of whole lines, some 64 KiB each; after it has thrown it gets no more.
///   - problem: is told each line that gave no message.
/// - Returns: counts; nil if the bytes are no text with AIS sentences.
/// - Throws: what `sink` threw first.
public func decodeAISToJSONLines(
    _ recording: Span<UInt8>, sink: (Span<UInt8>) throws -> Void, problem: (AISProblem) -> Void = { _ in }
) throws -> AISSummary? {
    guard AISReceiver.detects(recording) else { return nil }
    var receiver = AISReceiver()
    var failure: (any Error)?
    var writer = JSONWriter(capacity: 1 << 17)
    func flush(_ writer: inout JSONWriter) {
        do { if failure == nil { try writer.withBytes { try sink($0) } } } catch { failure = error }
        writer.removeAll()
    }
    receiver.read(recording, isWhole: true, problem: problem) { received in
        received.write(to: &writer)
        if writer.count >= 1 << 16 { flush(&writer) }
    }
    flush(&writer)
    if let failure { throw failure }
    return AISSummary(tally: receiver.tally, waiting: receiver.waitingCount)
}

extension AISReceived {
    /// Writes the message as a line of JSON.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("offset")
        writer.integer(self.offset)
        writer.key("sentence")
        writer.string(self.sentence.word)
        if let channel = self.sentence.channel {
            writer.key("channel")
            let text: InlineArray<1, UInt8> = [channel]
            writer.string(latin1: text.span)
        }
        if let time = self.sentence.tag.receivedAt {
            writer.key("time")
            writer.number(mantissa: time.nanoseconds, decimals: 9)
        }
        if let station = self.sentence.tag.station {
            writer.key("station")
            writer.string(latin1: station.bytes.span)
        }
        self.message.writeFields(to: &writer)
        writer.endObject()
        writer.endLine()
    }
}
