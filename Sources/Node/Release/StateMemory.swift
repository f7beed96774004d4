internal import Air

/// What was known of tracks at former times, for audiences that are shown the state of then.
///
/// Of each track a state now and then, in a pool of bounded size. Where a state may not go, or there was no room for it, a
/// gap is kept: an older state is never shown in the place of one that is withheld.
struct StateMemory: Sendable {
    private struct Entry: Sendable {
        /// From when on it was known.
        var at: Timestamp
        /// Its place in the pool; −1: nothing to show.
        var place: Int32
    }

    private struct Lane: Sendable {
        /// From the oldest to the newest.
        var entries: [Entry] = []
        var hasEnded = false
    }

    /// Seconds for which states are kept.
    let span: Double
    /// The least time between two states of one track, seconds.
    let interval: Double
    private let statesMax: Int
    private var pool: [Track] = []
    private var free: [Int32] = []
    private var lanes: [TrackID: Lane] = [:]
    /// States that found no room.
    private(set) var lost: UInt64 = 0

    /// - Parameters:
    ///   - span: the longest delay, seconds.
    ///   - statesMax: some 500 bytes each.
    init(span: Double, statesMax: Int) {
        self.span = span
        self.interval = max(span / 12, 1)
        self.statesMax = statesMax
    }

    /// Enters what is known now.
    ///
    /// - Parameters:
    ///   - isWanted: false if it may not go at any age.
    ///   - now: of the node's clock.
    /// - Returns: the time from which on the state holds, if it was kept.
    mutating func enter(_ track: Track, isWanted: Bool, at now: Timestamp) -> Timestamp? {
        // A sensor's clock may run ahead: the state is as old as it says when it is shown.
        let at = max(now, track.measuredAt)
        var lane = self.lanes[track.id] ?? Lane()
        defer { self.lanes[track.id] = lane }
        if let last = lane.entries.last {
            let isGap = last.place < 0
            if !isWanted, isGap { return nil }
            if isWanted, !isGap, at.seconds(since: last.at) < self.interval { return nil }
            // Entries stay in the order of their times.
            if at < last.at { return nil }
        } else if !isWanted {
            return nil
        }
        lane.entries.append(Entry(at: at, place: isWanted ? self.place(for: track) : -1))
        self.trim(&lane, now)
        return at
    }

    /// Enters that a track has ended.
    ///
    /// - Returns: whether states of it are left to show.
    mutating func end(_ id: TrackID, at now: Timestamp) -> Bool {
        guard var lane = self.lanes[id] else { return false }
        let at = max(now, lane.entries.last?.at ?? now)
        lane.entries.append(Entry(at: at, place: -1))
        lane.hasEnded = true
        self.trim(&lane, now)
        let isLeft = lane.entries.contains { $0.place >= 0 }
        self.lanes[id] = isLeft ? lane : nil
        return isLeft
    }

    /// What was known of a track at a time; nil if nothing that may be shown.
    func state(of id: TrackID, at then: Timestamp) -> Track? {
        guard let entry = self.lanes[id]?.entries.last(where: { $0.at <= then }), entry.place >= 0 else { return nil }
        return self.pool[Int(entry.place)]
    }

    /// Lets go what is too old to be asked for.
    ///
    /// - Returns: whether the track has ended and nothing of it is left.
    mutating func trim(_ id: TrackID, at now: Timestamp) -> Bool {
        guard var lane = self.lanes[id] else { return true }
        self.trim(&lane, now)
        let isOver = lane.hasEnded && lane.entries.count == 1
        self.lanes[id] = isOver ? nil : lane
        return isOver
    }

    private mutating func trim(_ lane: inout Lane, _ now: Timestamp) {
        let oldest = now.advanced(by: -self.span)
        guard let kept = lane.entries.lastIndex(where: { $0.at <= oldest }), kept > 0 else { return }
        for entry in lane.entries[..<kept] where entry.place >= 0 { self.free.append(entry.place) }
        lane.entries.removeFirst(kept)
    }

    private mutating func place(for track: Track) -> Int32 {
        if let free = self.free.popLast() {
            self.pool[Int(free)] = track
            return free
        }
        guard self.pool.count < self.statesMax else {
            self.lost &+= 1
            return -1
        }
        self.pool.append(track)
        return Int32(self.pool.count - 1)
    }
}
