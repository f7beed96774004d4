public import Air

/// Writes a recording in another framing, piece by piece: datagrams byte for byte, or what a filter leaves of them.
///
/// Times are those of the recorder. Bare blocks know none: they get the time of day of their records, on the day of
/// `start`; so do formats that know only a time of day.
public struct RecordingConverter: ~Copyable {
    /// What became of the recording.
    public struct Summary: Sendable, CustomStringConvertible {
        public var format: RecordingFormat
        public var target: RecordingFormat
        /// Datagrams read, written, and left out because nothing in them was wanted.
        public var read = 0
        public var written = 0
        public var leftOut = 0
        /// Records kept, of all.
        public var kept = 0
        public var records = 0
        /// Datagrams too long for the target's frames.
        public var tooLong = 0
        /// Octets behind the last block, which bare blocks cannot carry.
        public var trailerBytes = 0
        /// Problems met; what could not be read is carried over as it is, unless a filter is at work.
        public var problems = 0
        /// Plots kept back because the filter asks for an area and the radar's site is not known, by radar.
        public var unplaced: [SensorID: Int] = [:]

        public var description: String {
            var text =
                "\(self.format.rawValue) to \(self.target.rawValue): \(counted(self.read, "datagram")) read, \(self.written) written"
            if self.leftOut > 0 { text += ", \(self.leftOut) left out by the filter" }
            text += "; \(self.kept) of \(counted(self.records, "record"))"
            if self.tooLong > 0 { text += "; \(counted(self.tooLong, "datagram")) too long for the format" }
            if self.trailerBytes > 0 {
                text += "; \(counted(self.trailerBytes, "byte")) behind blocks not carried over"
            }
            if self.problems > 0 { text += "; \(counted(self.problems, "problem"))" }
            return text
        }
    }

    private var datagrams: DatagramReader
    private var raw: AsterixRawReader
    private var writer: DatagramWriter
    private var clock: RecordingClock
    private var last: Timestamp
    private let isFiltered: Bool
    private var kept: [UInt8] = []
    private var problems: [AsterixProblem] = []
    private var isPrimed = false
    private var counts: Summary

    /// - Parameters:
    ///   - start: an instant within twelve hours of the first datagram; captures bring their own.
    /// - Throws: `RecordingError` if datagrams cannot be read from the one or written to the other.
    public init(
        from format: RecordingFormat, to target: RecordingFormat, editions: AsterixEditions = AsterixEditions(),
        filter: AsterixFilter = AsterixFilter(), start: Timestamp
    ) throws(RecordingError) {
        guard let datagrams = DatagramReader(format: format) else { throw .notAsterix(format) }
        guard let writer = DatagramWriter(format: target) else { throw .notWritable(target) }
        self.datagrams = datagrams
        self.writer = writer
        self.raw = AsterixRawReader(editions: editions, filter: filter)
        self.clock = RecordingClock(start: start)
        self.last = start
        self.isFiltered = !filter.letsAll
        self.counts = Summary(format: format, target: target)
    }

    /// What became of the recording so far.
    public var summary: Summary {
        var summary = self.counts
        summary.written = self.writer.count
        summary.tooLong = self.writer.tooLong
        summary.records = self.raw.tally.recordCount
        summary.unplaced = self.raw.unplaced
        return summary
    }

    /// Converts the datagrams that lie in a piece of the recording.
    ///
    /// - Parameters:
    ///   - window: the piece, `from` the offset `base` of the recording; whether it reaches to the end.
    ///   - sink: gets what is to be written.
    ///   - problem: gets what could not be read.
    /// - Returns: the offset from which on the next piece must begin.
    /// - Throws: what `sink` throws.
    public mutating func read(
        _ window: Span<UInt8>, from base: Int = 0, isComplete: Bool = true, sink: (Span<UInt8>) throws -> Void,
        problem: (AsterixProblem) -> Void
    ) throws -> Int {
        if !self.isPrimed {
            self.isPrimed = true
            var looking = self.datagrams
            while looking.frames < 2000, let datagram = looking.next(in: window, from: base, isComplete: isComplete) {
                datagram.withBytes(in: window) { self.raw.prime($0, range: datagram.range) }
            }
        }
        while true {
            let datagram = self.datagrams.next(in: window, from: base, isComplete: isComplete)
            for framing in self.datagrams.problems {
                self.counts.problems += 1
                problem(framing)
            }
            self.datagrams.problems.removeAll(keepingCapacity: true)
            guard let datagram else { break }
            self.counts.read += 1
            let origin = datagram.assembled == nil ? base : datagram.assembledAt
            datagram.withBytes(in: window) { self.convert($0, datagram, origin) }
            self.counts.problems += self.problems.count
            for one in self.problems { problem(one) }
            self.problems.removeAll(keepingCapacity: true)
            if self.writer.waiting >= 1 << 16 { try self.writer.take(sink) }
        }
        try self.writer.take(sink)
        return self.datagrams.offset
    }

    private mutating func convert(_ bytes: Span<UInt8>, _ datagram: RecordedDatagram, _ origin: Int) {
        if let nanoseconds = datagram.capturedAt {
            self.last = Timestamp(nanoseconds: nanoseconds)
        } else if let seconds = datagram.secondsOfDay {
            self.last = Timestamp(secondsOfDay: seconds, nearest: self.last)
        } else {
            self.last = self.clock.time(of: datagram, in: bytes)
        }
        self.kept.removeAll(keepingCapacity: true)
        let trailerBytes = self.raw.tally.trailerBytes
        let count = self.raw.select(
            bytes, range: datagram.range, origin: origin, into: &self.kept, problems: &self.problems)
        self.counts.kept += count
        guard !self.isFiltered else {
            if count == 0 {
                self.counts.leftOut += 1
            } else {
                let kept = self.kept
                self.write(kept.span, datagram)
            }
            return
        }
        var range = datagram.range
        if self.writer.format == .asterix {
            // Blocks alone can be found again only without what stands behind them.
            let trailer = self.raw.tally.trailerBytes - trailerBytes
            self.counts.trailerBytes += trailer
            range = range.lowerBound..<range.upperBound - trailer
        }
        self.write(bytes.extracting(range), datagram)
    }

    private mutating func write(_ payload: Span<UInt8>, _ datagram: RecordedDatagram) {
        self.writer.append(
            payload, at: self.last, destination: datagram.destination, finalMark: datagram.finalMark)
    }
}
