/// Where a message lies in a stream: four bytes of length, the lowest first, and the message.
///
/// Source: BSI Flex 335 v2.0:2024.
enum SapientFrame {
    enum Found {
        /// The message, without its length.
        case whole(Range<Int>)
        /// More bytes are needed.
        case cutOff
        /// The length is beyond the limit.
        case tooLong(UInt32)
    }

    static func find(in bytes: Span<UInt8>, at start: Int, messageMax: Int) -> Found {
        guard bytes.count - start >= 4 else { return .cutOff }
        let length = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        guard length <= UInt32(clamping: messageMax) else { return .tooLong(length) }
        let end = start + 4 + Int(length)
        return end <= bytes.count ? .whole((start + 4)..<end) : .cutOff
    }
}

/// What was in a file of SAPIENT messages.
public struct SapientSummary: Hashable, Sendable, CustomStringConvertible {
    public var messages = 0
    public var problems = 0

    /// For example `120 messages, 2 problems`.
    public var description: String { "\(counted(self.messages, "message")), \(counted(self.problems, "problem"))" }
}

/// Decodes a recorded stream of SAPIENT, each message with its length before it, to JSON Lines.
///
/// One object for each message: `offset`, the message's fields by the standard's names, and `violations` where it breaks
/// the rules of edition 2.0. The stream is no session: nothing is left out for want of a registration.
///
/// - Parameters:
///   - showsBytes: adds `encoded`, the message as it is written again, in hexadecimal digits.
///   - sink: gets the text in pieces of whole lines, some 64 KiB each; after it has thrown it gets no more.
///   - problem: is told what is no message; a length beyond 1 MiB or the end of the file ends the reading.
/// - Throws: what `sink` threw first.
public func decodeSapientToJSONLines(
    _ recording: Span<UInt8>, showsBytes: Bool = false, sink: (Span<UInt8>) throws -> Void,
    problem: (SapientProblem) -> Void = { _ in }
) throws -> SapientSummary {
    var summary = SapientSummary()
    var writer = JSONWriter(capacity: 1 << 17)
    func note(_ fault: SapientProblem.Fault, _ range: Range<Int>) {
        summary.problems += 1
        problem(SapientProblem(offset: range.lowerBound, length: range.count, fault: fault))
    }
    var at = 0
    while at < recording.count {
        switch SapientFrame.find(in: recording, at: at, messageMax: 1 << 20) {
        case .cutOff:
            note(.malformed(.truncated(offset: recording.count - at)), at..<recording.count)
            at = recording.count
        case .tooLong(let length):
            note(.frameTooLong(length), at..<recording.count)
            at = recording.count
        case .whole(let range):
            do throws(ProtoError) {
                let message = try SapientMessage(recording.extracting(range))
                summary.messages += 1
                message.write(at: at, showsBytes: showsBytes, to: &writer)
            } catch {
                note(.malformed(error), at..<range.upperBound)
            }
            at = range.upperBound
        }
        if writer.count >= 1 << 16 || at >= recording.count {
            try writer.withBytes { try sink($0) }
            writer.removeAll()
        }
    }
    return summary
}

extension SapientMessage {
    fileprivate func write(at offset: Int, showsBytes: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("offset")
        writer.integer(offset)
        self.writeFields(to: &writer)
        let violations = self.violations()
        if !violations.isEmpty {
            writer.key("violations")
            writer.beginArray()
            for violation in violations { writer.string(violation.description) }
            writer.endArray()
        }
        if showsBytes {
            writer.key("encoded")
            writer.hex(self.bytes.span)
        }
        writer.endObject()
        writer.endLine()
    }
}
