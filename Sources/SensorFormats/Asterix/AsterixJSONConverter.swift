public import Air

/// Makes a recording of lines of the JSON view, piece by piece: each record a block and a datagram of its own.
public struct AsterixJSONConverter: ~Copyable {
    /// No line is longer.
    static let lineMax = 1 << 20

    /// Records written.
    public private(set) var written = 0
    /// Lines that are no record.
    public private(set) var problems = 0
    private var encoder = AsterixEncoder()
    private var writer: DatagramWriter
    private var clock: RecordingClock
    private var offset = 0
    private var isSkipping = false

    /// - Parameter start: an instant within twelve hours of the first record.
    /// - Throws: `RecordingError` if the format cannot be written.
    public init(to target: RecordingFormat, start: Timestamp) throws(RecordingError) {
        guard let writer = DatagramWriter(format: target) else { throw .notWritable(target) }
        self.writer = writer
        self.clock = RecordingClock(start: start)
    }

    /// Converts the lines that lie in a piece of the text.
    ///
    /// - Parameters:
    ///   - window: the piece, `from` the offset `base` of the text; whether it reaches to the end.
    ///   - sink: gets what is to be written.
    ///   - problem: is told each line that is no record: its offset and why.
    /// - Returns: the offset from which on the next piece must begin.
    /// - Throws: what `sink` throws.
    public mutating func read(
        _ window: Span<UInt8>, from base: Int = 0, isComplete: Bool = true, sink: (Span<UInt8>) throws -> Void,
        problem: (Int, String) -> Void
    ) throws -> Int {
        var start = self.offset - base
        while start < window.count {
            var end = start
            while end < window.count, window[end] != 0x0A { end += 1 }
            if end == window.count, !isComplete {
                guard end - start > Self.lineMax else { break }
                if !self.isSkipping { self.note(base + start, "the line is too long", problem) }
                self.isSkipping = true
            } else if self.isSkipping {
                self.isSkipping = false
            } else {
                self.convert(window.extracting(start..<end), at: base + start, problem)
                if self.writer.waiting >= 1 << 16 { try self.writer.take(sink) }
            }
            start = min(end + 1, window.count)
        }
        self.offset = base + start
        try self.writer.take(sink)
        return self.offset
    }

    private mutating func note(_ offset: Int, _ reason: String, _ problem: (Int, String) -> Void) {
        self.problems += 1
        problem(offset, reason)
    }

    private mutating func convert(_ line: Span<UInt8>, at offset: Int, _ problem: (Int, String) -> Void) {
        guard line.indices.contains(where: { line[$0] > 0x20 }) else { return }
        self.encoder.clear()
        do { try encodeAsterixJSONLine(line, into: &self.encoder) } catch {
            return self.note(offset, "\(error)", problem)
        }
        var isWritten = false
        self.encoder.withBytes { block in
            let datagram = RecordedDatagram(range: 0..<block.count)
            isWritten = self.writer.append(block, at: self.clock.time(of: datagram, in: block))
        }
        if isWritten { self.written += 1 } else { self.note(offset, "the record is too long for the format", problem) }
    }
}
