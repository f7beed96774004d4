public import Air
import Geodesy
import Glibc

/// Makes tracklets of a nation's own tracker for each audience: what each has not yet been told.
///
/// It takes the gain of every plot from the tracker's journal (never anything of a fused state) and adds it to what
/// waits for each audience. What is told is taken off; what is not asked for waits and sums, so that memory depends on the
/// number of tracks and not on how long an audience was away. A tracklet needs no memory of what the audience made of
/// the ones before: nothing in it rests on a prior.
///
/// Complexity: one 4 × 4 solution a plot and audience; a scan over the told tracks each time an audience is told.
///
/// Source: O. E. Drummond, "A hybrid sensor fusion algorithm architecture and tracklets", Proc. SPIE 3163 (1997), tracklets
/// from measurements; Y. Bar-Shalom, P. K. Willett, X. Tian, "Tracking and Data Fusion" (2011), 9.
public struct TrackletMaker: Sendable {
    /// Whose sensors the tracker has.
    public let originator: Nation
    /// Which life this is.
    public let epoch: UInt32

    /// What an audience was told of a track, and what waits for it.
    fileprivate struct Told: Sendable {
        var track: TrackID
        /// The number of the last tracklet, 0 before the first.
        var sequence: UInt32 = 0
        /// What waits: a place in `waiting`, or −1.
        var waiting: Int32 = -1
        /// Until when measurements were told.
        var until = Timestamp(nanoseconds: .min)
        /// When it was last told of.
        var toldAt = Timestamp(nanoseconds: .min)
        var evidence = 0.0
        var status = Track.Status.tentative
        var hasEnded = false
    }

    fileprivate struct Memory: Sendable {
        var told: [Told] = []
        var places = FlatTable()
        var waiting: [Tracklet] = []
        var free: [Int32] = []
        /// Tentative tracks with less evidence than this are not told; nil: none.
        var tentative: Double?
    }

    private var audiences: [Memory] = []

    /// A maker without an audience.
    ///
    /// - Parameter epoch: larger than that of every life before: the second in which it began serves.
    public init(originator: Nation, epoch: UInt32) {
        self.originator = originator
        self.epoch = epoch
    }

    /// Adds an audience, that is told of the tracks from now on.
    ///
    /// - Parameter tentative: evidence from which on it is also told of tracks that are not yet believed; nil: of none.
    /// - Returns: its number.
    public mutating func addAudience(tentative: Double? = nil) -> Int {
        self.audiences.append(Memory(tentative: tentative))
        return self.audiences.count - 1
    }

    /// Takes what the tracker's journal holds, and empties it: once after each turn of the tracker.
    public mutating func take(from tracker: inout Tracker) {
        // Taken out while it is read: an array held twice would be copied when it is emptied.
        var taken: TrackJournal?
        swap(&taken, &tracker.journal)
        guard var journal = taken else { return }
        taken = nil
        for gain in journal.gains {
            let tracklet = gain.tracklet(originator: self.originator, epoch: self.epoch, from: gain.measuredAt)
            for audience in self.audiences.indices { self.audiences[audience].add(tracklet) }
        }
        for id in journal.ended {
            for audience in self.audiences.indices { self.audiences[audience].end(id) }
        }
        journal.gains.removeAll(keepingCapacity: true)
        journal.ended.removeAll(keepingCapacity: true)
        tracker.journal = journal
    }

    /// Tells an audience all that it does not know yet: a tracklet for each track that took a plot, has gained or lost
    /// evidence, or has ended; in the order in which the tracks began.
    ///
    /// - Parameters:
    ///   - audience: its number.
    ///   - tracker: the one whose journal was taken.
    ///   - now: the time.
    ///   - period: a track that was told of since then waits and sums, seconds; a plot of one that was not is told at once.
    public mutating func tell(
        _ audience: Int, of tracker: borrowing Tracker, now: Timestamp, every period: Double = 0,
        into tracklets: inout [Tracklet]
    ) {
        self.audiences[audience].tell(
            of: tracker, self.originator, self.epoch, since: now.advanced(by: 1e-3 - period), now, into: &tracklets)
    }

    /// How many tracks an audience is kept in mind for, and for how many of them something waits.
    public func memory(of audience: Int) -> (tracks: Int, waiting: Int) {
        let memory = self.audiences[audience]
        return (memory.told.count, memory.waiting.count - memory.free.count)
    }
}

extension TrackletMaker.Memory {
    mutating func add(_ gain: Tracklet) {
        var place = Int(self.places.value(UInt64(gain.track.rawValue)))
        if place < 0 {
            place = self.told.count
            self.told.append(TrackletMaker.Told(track: gain.track))
            self.places.set(UInt64(gain.track.rawValue), Int32(place))
        }
        let at = Int(self.told[place].waiting)
        if at >= 0 {
            if gain.measuredAt > self.waiting[at].measuredAt {
                var sum = gain
                sum.add(informationOf: self.waiting[at])
                self.waiting[at] = sum
            } else {
                self.waiting[at].add(informationOf: gain)
            }
        } else if let free = self.free.popLast() {
            self.waiting[Int(free)] = gain
            self.told[place].waiting = free
        } else {
            self.told[place].waiting = Int32(self.waiting.count)
            self.waiting.append(gain)
        }
    }

    mutating func end(_ track: TrackID) {
        let place = Int(self.places.value(UInt64(track.rawValue)))
        if place >= 0 { self.told[place].hasEnded = true }
    }

    mutating func tell(
        of tracker: borrowing Tracker, _ originator: Nation, _ epoch: UInt32, since: Timestamp, _ now: Timestamp,
        into tracklets: inout [Tracklet]
    ) {
        var kept = 0
        for index in self.told.indices {
            let isHeld = self.told[index].toldAt > since && !self.told[index].hasEnded
            let goesOn = isHeld || self.tell(index, of: tracker, originator, epoch, now, into: &tracklets)
            guard goesOn else {
                if self.told[index].waiting >= 0 { self.free.append(self.told[index].waiting) }
                self.places.remove(UInt64(self.told[index].track.rawValue))
                continue
            }
            if kept != index {
                self.told[kept] = self.told[index]
                self.places.set(UInt64(self.told[kept].track.rawValue), Int32(kept))
            }
            kept += 1
        }
        self.told.removeLast(self.told.count - kept)
    }

    /// Tells of one track; false if there is no more to be told of it, ever.
    private mutating func tell(
        _ index: Int, of tracker: borrowing Tracker, _ originator: Nation, _ epoch: UInt32, _ now: Timestamp,
        into tracklets: inout [Tracklet]
    ) -> Bool {
        var told = self.told[index]
        let slot = Int(tracker.slotOfID.value(UInt64(told.track.rawValue)))
        guard !told.hasEnded, slot >= 0 else {
            guard told.sequence > 0 else { return false }
            var last = Tracklet(
                originator: originator, track: told.track, epoch: epoch, sequence: told.sequence + 1, from: told.until,
                measuredAt: told.until, position: Geodetic(latitude: 0, longitude: 0))
            if told.waiting >= 0 {
                let waiting = self.waiting[Int(told.waiting)]
                last = waiting
                last.sequence = told.sequence + 1...told.sequence + 1
                last.from = min(told.until, waiting.measuredAt)
            }
            last.status = told.status
            last.evidence = told.evidence
            last.isLast = true
            tracklets.append(last)
            return false
        }
        let (status, evidence) = tracker.standing(slot)
        if told.sequence == 0 {
            // Not yet told of: what it gains waits until it may be.
            guard status != .tentative || evidence >= self.tentative ?? .infinity else { return true }
        } else if told.waiting < 0, status == told.status, abs(evidence - told.evidence) < 0.5 {
            return true
        }
        let at = tracker.coarse[slot]
        let until = max(told.until, at.time)
        let place = at.place + until.seconds(since: at.time) * at.velocity
        var spot = Ground(below: place)
        spot.height = at.height
        var t: Tracklet
        if told.waiting >= 0 {
            t = self.waiting[Int(told.waiting)]
            let measured = t.measuredAt
            t = t.moved(to: until).replanted(at: spot.geodetic)
            t.from = told.sequence == 0 ? t.from : min(told.until, measured)
            self.free.append(told.waiting)
            told.waiting = -1
        } else {
            t = Tracklet(
                originator: originator, track: told.track, epoch: epoch, sequence: 1, from: told.until,
                measuredAt: until, position: spot.geodetic)
        }
        told.sequence += 1
        told.toldAt = now
        t.sequence = told.sequence...told.sequence
        tracker.describe(slot, in: &t)
        (t.status, t.evidence) = (status, evidence)
        (told.status, told.evidence, told.until) = (status, evidence, until)
        tracklets.append(t)
        self.told[index] = told
        return true
    }
}

extension Tracker {
    /// Where in its life a track is, and its log-likelihood ratio.
    func standing(_ slot: Int) -> (Track.Status, Double) {
        let record = self.records.span[slot]
        let status: Track.Status =
            !record.isConfirmed ? .tentative : record.misses >= self.parameters.coastingMisses ? .coasting : .confirmed
        return (status, max(record.score, -1e5))
    }

    /// What is known of a track beyond its state.
    func describe(_ slot: Int, in tracklet: inout Tracklet) {
        let track = self.records.span[slot].track
        tracklet.bornAt = track.bornAt
        tracklet.address = track.address
        tracklet.mode3A = track.mode3A
        tracklet.callsign = track.callsign
        tracklet.pressureAltitude = track.pressureAltitude
        tracklet.geometricHeight = track.geometricHeight
        tracklet.isOnGround = track.isOnGround
        tracklet.lastKind = track.lastKind
        tracklet.doubts = track.doubts
    }
}
