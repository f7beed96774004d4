public import Air

/// Gives each datagram of a recording an instant, so that it can be replayed on its own clock.
///
/// A packet capture brings its own clock, FINAL frames a time of day, bare blocks the times of day in their records. A
/// recorder's clock that is more than a minute away from the records (set to local time, or wrong: some are) is put
/// right by the difference found at the first record with a time. Times of day are taken as the nearest to the datagram
/// before, so that midnight is passed.
public struct RecordingClock: Sendable {
    private var last: Timestamp
    private var correction: Double?
    private var reader = AsterixBlockReader(editions: AsterixEditions())
    /// A time of day far from the one before: it is believed when others follow that agree with it.
    private var doubted: (time: Timestamp, count: Int)?
    private var isStarted = false

    private static let toleranceSeconds = 60.0
    private static let jumpSeconds = 600.0
    private static let witnesses = 5

    /// - Parameter start: an instant within twelve hours of the first datagram; packet captures bring their own.
    public init(start: Timestamp) { self.last = start }

    /// The instant of a datagram; as that of the one before if nothing tells.
    ///
    /// - Parameter bytes: those in which its range lies.
    public mutating func time(of datagram: RecordedDatagram, in bytes: Span<UInt8>) -> Timestamp {
        datagram.withBytes(in: bytes) { self.time(of: datagram, within: $0) }
    }

    private mutating func time(of datagram: RecordedDatagram, within bytes: Span<UInt8>) -> Timestamp {
        let recorder: Timestamp
        if let nanoseconds = datagram.capturedAt {
            recorder = Timestamp(nanoseconds: nanoseconds)
        } else if let seconds = datagram.secondsOfDay {
            recorder = Timestamp(secondsOfDay: seconds, nearest: self.last.advanced(by: -(self.correction ?? 0)))
        } else {
            if let seconds = self.reader.secondsOfDay(bytes, range: datagram.range) {
                self.advance(to: Timestamp(secondsOfDay: seconds, nearest: self.last))
            }
            return self.last
        }
        if self.correction == nil, let seconds = self.reader.secondsOfDay(bytes, range: datagram.range) {
            let difference = Timestamp(secondsOfDay: seconds, nearest: recorder).seconds(since: recorder)
            self.correction = abs(difference) > Self.toleranceSeconds ? difference : 0
        }
        self.last = recorder.advanced(by: self.correction ?? 0)
        return self.last
    }

    /// Takes a time of the records, unless it is a jump that no others confirm: single records are wrong by hours.
    private mutating func advance(to time: Timestamp) {
        guard self.isStarted, abs(time.seconds(since: self.last)) > Self.jumpSeconds else {
            self.isStarted = true
            self.doubted = nil
            self.last = time
            return
        }
        if let (before, count) = self.doubted, abs(time.seconds(since: before)) <= Self.jumpSeconds {
            self.doubted = (time, count + 1)
            if count + 1 >= Self.witnesses {
                self.doubted = nil
                self.last = time
            }
        } else {
            self.doubted = (time, 1)
        }
    }
}
