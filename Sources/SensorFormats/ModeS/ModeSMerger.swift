public import Air

/// Who heard a transmission.
public struct ModeSHearing: Hashable, Sendable {
    /// The frame, mended where the first copy of it had one wrong bit.
    public var frame: ModeSFrame
    /// When its first copy came.
    public var firstAt: Timestamp
    /// Bit n: receiver n heard it.
    public var receivers: UInt32
    /// How many transmissions of these very bits there were in the window.
    public var transmissions: UInt8
    /// The greatest strength, 0...255 of a receiver's full scale.
    public var bestSignal: UInt8
    /// Who had it.
    public var bestReceiver: UInt8

    /// How many receivers heard it.
    public var receiverCount: Int { self.receivers.nonzeroBitCount }
}

/// Joins the frames of up to 32 receivers, so that each transmission is taken once.
///
/// Copies are told by their content: a transmission that several receivers heard brings the same bits from each within
/// the window (the spread of the networks' delays). An aircraft may send the same bits again, though, and then each
/// receiver brings them again. So for each content it is counted how often each receiver brought it, and the greatest of
/// these counts is the number of transmissions: a frame is a copy while its receiver has not brought it more often than
/// another has. The bits alone decide; the counters of receivers, which are not bound to one time, do not.
///
/// A frame with one wrong bit (DF 11, 17, 18) is a copy of the intact one that others heard, or the first of it.
///
/// A value of fixed size: contents wait in a ring in the order of their first copies and leave it when their window is
/// over, or early when it is full (`crowded`). Whoever wants to know all who heard a transmission is told then.
public struct ModeSMerger: Sendable {
    private struct Entry {
        var high: UInt64 = 0
        /// The rest of a long frame; 1 in a short one, which no long one has.
        var low: UInt64 = 0
        var firstAt = Int64.min
        /// How often receiver n brought it: four bits at 4 n.
        var counts: UInt128 = 0
        var transmissions: UInt8 = 0
        var bestSignal: UInt8 = 0
        var bestReceiver: UInt8 = 0
        /// Entry + 1 with the same hash that came before this one, 0 for none.
        var next: UInt32 = 0
    }

    private var entries: [Entry]
    /// Entry + 1 of the newest of each hash, 0 for none; as many as entries.
    private var heads: [UInt32]
    private var first = 0
    private var count = 0
    private let mask: Int
    private let shift: UInt64
    private let window: Int64

    /// Frames that were the first of their transmission.
    public private(set) var firstCount: UInt64 = 0
    /// Frames that were copies.
    public private(set) var copyCount: UInt64 = 0
    /// Contents that left before their window was over.
    public private(set) var crowded: UInt64 = 0

    /// - Parameters:
    ///   - window: seconds within which equal bits from different receivers are one transmission. Positions differ from
    ///     one second to the next, so that half a second joins nothing that is not the same.
    ///   - capacity: how many contents wait at once, rounded up to a power of two in 16...2²⁰.
    public init(window: Double = 0.5, capacity: Int = 16_384) {
        self.window = Int64(min(max(window, 0), 60) * 1e9)
        var bits: UInt64 = 4
        while 1 << bits < min(capacity, 1 << 20) { bits += 1 }
        self.mask = (1 << Int(bits)) - 1
        self.shift = 64 - bits
        self.entries = Array(repeating: Entry(), count: 1 << Int(bits))
        self.heads = Array(repeating: 0, count: 1 << Int(bits))
    }

    @inline(__always) private func slot(_ high: UInt64, _ low: UInt64) -> Int {
        // Multiply and fold: the payload's low bits must reach the hash's high ones.
        let mixed = (high ^ low &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: ((mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93) >> self.shift)
    }

    /// Takes the frame of a receiver; answers whether it is the first of its transmission, to be decoded.
    ///
    /// - Parameters:
    ///   - receiver: 0...31; numbers above are taken modulo 32.
    ///   - receivedAt: when this node received it; not decreasing but for jitter.
    ///   - left: is told who heard each content whose window is over.
    /// - Complexity: amortised constant; no allocation.
    public mutating func take(
        _ received: ReceivedModeSFrame, from receiver: Int, receivedAt: Timestamp,
        left: (ModeSHearing) -> Void = { _ in }
    ) -> Bool {
        let now = receivedAt.nanoseconds
        self.advance(to: receivedAt, left)
        let frame = Self.canonical(received.frame)
        let (high, low) = (frame.high, frame.isLong ? frame.low : 1)
        let slot = self.slot(high, low)
        let place = UInt128(receiver & 31) * 4
        var next = self.heads[slot]
        while next != 0 {
            let index = Int(next) - 1
            if self.entries[index].high == high, self.entries[index].low == low {
                return self.note(received.signal, receiver & 31, place, at: index)
            }
            next = self.entries[index].next
        }
        if self.count > self.mask {
            self.crowded += 1
            self.removeFirst(left)
        }
        let index = (self.first + self.count) & self.mask
        self.entries[index] = Entry(
            high: high, low: low, firstAt: now, counts: 1 << place, transmissions: 1, bestSignal: received.signal,
            bestReceiver: UInt8(truncatingIfNeeded: receiver & 31), next: self.heads[slot])
        self.heads[slot] = UInt32(truncatingIfNeeded: index + 1)
        self.count += 1
        self.firstCount += 1
        return true
    }

    /// Lets go of all contents whose window is over, and tells who heard them.
    public mutating func advance(to time: Timestamp, _ left: (ModeSHearing) -> Void) {
        while self.count > 0 {
            // A clock that was put back, too, ends a window.
            let age = time.nanoseconds &- self.entries[self.first].firstAt
            guard age > self.window || age < -self.window else { return }
            self.removeFirst(left)
        }
    }

    /// Lets go of all contents, and tells who heard them.
    public mutating func finish(_ left: (ModeSHearing) -> Void) {
        while self.count > 0 { self.removeFirst(left) }
    }

    /// Counts another frame of a content; whether it is a transmission more.
    private mutating func note(_ signal: UInt8, _ receiver: Int, _ place: UInt128, at index: Int) -> Bool {
        let times = UInt8(truncatingIfNeeded: self.entries[index].counts >> place & 15)
        if signal > self.entries[index].bestSignal {
            self.entries[index].bestSignal = signal
            self.entries[index].bestReceiver = UInt8(truncatingIfNeeded: receiver)
        }
        // Fifteen times in half a second: more is a receiver that stutters.
        guard times < 15 else {
            self.copyCount += 1
            return false
        }
        self.entries[index].counts += 1 << place
        guard times + 1 > self.entries[index].transmissions else {
            self.copyCount += 1
            return false
        }
        self.entries[index].transmissions = times + 1
        self.firstCount += 1
        return true
    }

    private mutating func removeFirst(_ left: (ModeSHearing) -> Void) {
        let index = self.first
        let entry = self.entries[index]
        // The oldest of its hash is the last of its chain.
        let slot = self.slot(entry.high, entry.low)
        var before = 0
        var next = Int(self.heads[slot])
        while next != index + 1, next != 0 {
            before = next
            next = Int(self.entries[next - 1].next)
        }
        if before == 0 { self.heads[slot] = 0 } else { self.entries[before - 1].next = 0 }
        self.first = (self.first + 1) & self.mask
        self.count -= 1
        var receivers: UInt32 = 0
        for receiver in 0..<32 where entry.counts >> UInt128(receiver * 4) & 15 != 0 {
            receivers |= 1 << UInt32(receiver)
        }
        left(
            ModeSHearing(
                frame: ModeSFrame(high: entry.high, low: entry.low == 1 ? 0 : entry.low, isLong: entry.low != 1),
                firstAt: Timestamp(nanoseconds: entry.firstAt), receivers: receivers,
                transmissions: entry.transmissions, bestSignal: entry.bestSignal, bestReceiver: entry.bestReceiver))
    }

    /// The frame as it was sent, if one wrong bit is all that changed it.
    @inline(__always) private static func canonical(_ frame: ModeSFrame) -> ModeSFrame {
        switch frame.downlinkFormat {
        case 11, 17, 18:
            guard let message = try? ModeSMessage(frame), message.residual != 0 else { return frame }
            return message.mended?.message.frame ?? frame
        default: return frame
        }
    }
}
