import Exercises

/// A disk that keeps what was synced, in order, and may keep more: whole transactions, never one without those before it.
///
/// `State` is what a node folds its writes into; the disk holds one that is durable, and the writes that are on their way.
struct Disk<State: Sendable, Write: Sendable>: Sendable {
    /// What would be there after the power fails now.
    private(set) var durable: State
    /// Written and not yet durable, in order.
    private(set) var pending: [(ticket: UInt64, write: Write, due: Int64)] = []
    /// An older copy of `durable`, as an operator might put back.
    private(set) var backup: State?
    /// `durable` before the last write that was synced.
    private var before: State?
    /// Whether it keeps that: a planted bug.
    var mayLie = false
    /// When the last write on its way will be durable, nanoseconds of the simulation.
    private(set) var busyUntil: Int64 = 0
    private let apply: @Sendable (inout State, Write) -> Void

    init(_ state: State, apply: @escaping @Sendable (inout State, Write) -> Void) {
        self.durable = state
        self.apply = apply
    }

    /// Puts a write behind those that wait.
    ///
    /// - Returns: when it is durable.
    mutating func write(_ write: Write, ticket: UInt64, at now: Int64, taking time: Int64) -> Int64 {
        self.busyUntil = max(self.busyUntil, now) + time
        self.pending.append((ticket, write, self.busyUntil))
        return self.busyUntil
    }

    /// Whether the first write that waits is through.
    func isDue(at now: Int64) -> Bool { self.pending.first.map { $0.due <= now } ?? false }

    /// The first write that waits is durable.
    mutating func sync() -> UInt64? {
        guard !self.pending.isEmpty else { return nil }
        let first = self.pending.removeFirst()
        if self.mayLie { self.before = self.durable }
        self.apply(&self.durable, first.write)
        return first.ticket
    }

    /// The process ends: of the writes on their way some came through, the first ones.
    ///
    /// - Returns: how many were lost.
    mutating func crash(_ random: inout SplitMix64) -> Int {
        let kept = random.index(below: self.pending.count + 1)
        for (_, write, _) in self.pending.prefix(kept) { self.apply(&self.durable, write) }
        let lost = self.pending.count - kept
        self.pending.removeAll()
        self.busyUntil = 0
        return lost
    }

    /// A disk that lies: what it said was durable is gone.
    mutating func forgetLast() -> Bool {
        guard let before else { return false }
        self.durable = before
        self.before = nil
        return true
    }

    mutating func copy() { self.backup = self.durable }

    /// An operator puts the copy back.
    mutating func rollBack() { if let backup { self.durable = backup } }
}

/// A node's clock: wrong from the beginning, faster or slower than it should be, and set now and then.
struct Clock: Sendable {
    /// Nanoseconds by which it is ahead.
    var offset: Int64 = 0
    /// Seconds it gains in a second.
    var drift = 0.0

    /// - Parameter now: nanoseconds of the simulation.
    /// - Returns: nanoseconds since 1970, as the node believes.
    func reading(at now: Int64) -> Int64 { World.begin + now + self.offset + Int64(Double(now) * self.drift) }

    /// The instant of the simulation at which it shows `reading`.
    func instant(of reading: Int64) -> Int64 {
        Int64(Double(reading - World.begin - self.offset) / (1 + self.drift))
    }
}
