public import Air
internal import Glibc
internal import Synchronization

/// The node's one clock: the real one, or that of a recording or scenario that is being played.
///
/// Nothing below `Node` reads a clock; every time that the cores are given comes from here.
public final class NodeClock: Sendable {
    private struct Anchor {
        var played: Timestamp
        var real: Timestamp
        var speed: Double
    }

    /// Nil: the real clock.
    private let anchor: Mutex<Anchor?>

    private init(_ anchor: Anchor?) { self.anchor = Mutex(anchor) }

    /// The clock of the machine, UTC.
    public static func real() -> NodeClock { NodeClock(nil) }

    /// A clock that starts at `start` and runs `speed` times as fast as the real one; 0 stands still between settings.
    public static func played(from start: Timestamp, speed: Double) -> NodeClock {
        NodeClock(Anchor(played: start, real: Self.machineTime, speed: speed))
    }

    /// What time it is.
    public var now: Timestamp {
        self.anchor.withLock { anchor in
            guard let anchor else { return Self.machineTime }
            guard anchor.speed > 0 else { return anchor.played }
            return anchor.played.advanced(by: Self.machineTime.seconds(since: anchor.real) * anchor.speed)
        }
    }

    /// Moves a played clock that stands still on to `instant`; it never goes back.
    func advance(to instant: Timestamp) {
        self.anchor.withLock { anchor in
            precondition(anchor != nil, "the real clock cannot be set")
            if let current = anchor, current.speed == 0, current.played < instant { anchor?.played = instant }
        }
    }

    /// Real seconds until a played clock shows `instant`; nil when it does already or stands still.
    func secondsUntil(_ instant: Timestamp) -> Double? {
        let speed = self.anchor.withLock { $0?.speed ?? 1 }
        guard speed > 0 else { return nil }
        let wait = instant.seconds(since: self.now) / speed
        return wait > 0 ? wait : nil
    }

    /// The machine's clock, UTC.
    private static var machineTime: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// Bytes of memory that the process has now; 0 where the system does not tell.
///
/// Source: proc(5), /proc/self/statm: the second number is resident pages.
func residentBytes() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard unsafe fgets(&line, 128, file) != nil else { return 0 }
    let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let words = String(decoding: text, as: UTF8.self).split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}
