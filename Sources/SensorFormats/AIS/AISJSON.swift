import Air
import Geodesy

/// What was in a file of AIS.
public struct AISSummary: Hashable, Sendable, CustomStringConvertible {
    public var tally = AISTally()
    /// Parts of messages whose others never came.
    public var waiting = 0
    /// Messages written: fewer than all where only those of an area, or so many, were wanted.
    public var written = 0

    public init(tally: AISTally = AISTally(), waiting: Int = 0, written: Int = 0) {
        self.tally = tally
        self.waiting = waiting
        self.written = written
    }

    /// For example `345 messages (1: 120, 5: 14, …) in 361 sentences; 12 other lines; 3 problems`.
    public var description: String {
        let types = self.tally.messages.indices.filter { self.tally.messages[$0] > 0 }
            .map { "\($0): \(self.tally.messages[$0])" }
        return "\(counted(self.tally.messageCount, "message")) (\(types.joined(separator: ", "))) in "
            + "\(counted(self.tally.sentences, "sentence")); \(counted(self.tally.otherLines, "other line")); "
            + "\(counted(self.tally.problemCount, "problem")), \(counted(self.waiting, "message")) unfinished"
            + (self.written < self.tally.messageCount ? "; \(self.written) written" : "")
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
    var decoder = AISRecordingDecoder()
    try decoder.read(recording, isLast: true, sink: sink, problem: problem)
    return decoder.summary
}

/// Decodes a text with AIS sentences piece by piece to JSON Lines, as `decodeAISToJSONLines` does one that is whole.
public struct AISRecordingDecoder: ~Copyable {
    private var receiver = AISReceiver()
    private var writer = JSONWriter(capacity: 1 << 17)
    private var selection: Selection

    /// - Parameters:
    ///   - area: only messages are written that give a position in here.
    ///   - countMax: how many are written at most.
    public init(area: AsterixFilter.Area? = nil, countMax: Int = .max) {
        self.selection = Selection(area: area, countMax: countMax)
    }

    /// Whether as many were written as are wanted.
    public var isDone: Bool { self.selection.isDone }

    /// What was in it so far.
    public var summary: AISSummary {
        AISSummary(tally: self.receiver.tally, waiting: self.receiver.waitingCount, written: self.selection.count)
    }

    /// Decodes the next piece.
    ///
    /// - Parameters:
    ///   - isLast: whether the text ends with it.
    ///   - sink: gets the text in pieces of whole lines, some 64 KiB each; after it has thrown it gets no more.
    ///   - problem: is told each line that gave no message.
    /// - Throws: what `sink` threw first.
    public mutating func read(
        _ piece: Span<UInt8>, isLast: Bool, sink: (Span<UInt8>) throws -> Void,
        problem: (AISProblem) -> Void = { _ in }
    ) throws {
        var failure: (any Error)?
        func flush(_ writer: inout JSONWriter) {
            do { if failure == nil { try writer.withBytes { try sink($0) } } } catch { failure = error }
            writer.removeAll()
        }
        self.receiver.read(piece, isWhole: isLast, problem: { if !self.selection.isDone { problem($0) } }) { received in
            let place = self.selection.hasArea ? received.message.place : nil
            guard self.selection.takes(latitude: place?.latitude, longitude: place?.longitude) else { return }
            received.write(to: &self.writer)
            if self.writer.count >= 1 << 16 { flush(&self.writer) }
        }
        flush(&self.writer)
        if let failure { throw failure }
    }
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
