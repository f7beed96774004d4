public import Air
import Geodesy
import Glibc

/// Who contributes to which track; birth and death of tracks.
extension FusedPicture {
    /// Puts a contributor into a place that is free.
    mutating func addContributor(_ contributor: Contributor) -> Int {
        let c: Int
        if let free = self.freeContributors.popLast() {
            c = Int(free)
            self.contributors[c] = contributor
        } else {
            c = self.contributors.count
            self.contributors.append(contributor)
        }
        self.contributorOfKey.set(contributor.key, Int32(c))
        return c
    }

    mutating func keepWhole(_ track: Track) -> Int32 {
        if let free = self.freeWholes.popLast() {
            self.wholes[Int(free)] = track
            return free
        }
        self.wholes.append(track)
        return Int32(self.wholes.count - 1)
    }

    /// Finds the track for a new contributor by the address, or begins one.
    mutating func seat(_ c: Int, with tracklet: Tracklet) {
        var rival = TrackID(0)
        if let address = tracklet.address?.value {
            var slot = self.slotOfAddress.value(Self.key(address))
            while slot >= 0 {
                let next = self.records[Int(slot)].base.nextOfKey
                if self.fits(tracklet, Int(slot)), self.add(tracklet, to: Int(slot), gate: .infinity) {
                    self.tally.joinedByIdentity += 1
                    self.records[Int(slot)].hasInformation = true
                    self.join(c, to: Int(slot))
                    return
                }
                rival = self.records[Int(slot)].base.track.id
                slot = next
            }
        }
        let slot = self.begin(at: tracklet.measuredAt)
        self.records[slot].rival = rival
        self.join(c, to: slot)
        self.beginState(slot, with: tracklet)
    }

    /// As above, for a whole track.
    mutating func seat(_ c: Int, address: ICAOAddress?, _ measuredAt: Timestamp) {
        let whole = self.wholes[Int(self.contributors[c].whole)]
        var rival = TrackID(0)
        if let address {
            var slot = self.slotOfAddress.value(Self.key(address))
            while slot >= 0 {
                if self.distance(Int(slot), whole).square < self.parameters.identityGate {
                    self.tally.joinedByIdentity += 1
                    self.join(c, to: Int(slot))
                    return
                }
                rival = self.records[Int(slot)].base.track.id
                slot = self.records[Int(slot)].base.nextOfKey
            }
        }
        let slot = self.begin(at: measuredAt)
        self.records[slot].rival = rival
        self.join(c, to: slot)
        self.borrowState(slot, of: whole)
    }

    /// Whether a tracklet can be of the aircraft of a track that bears its address.
    private mutating func fits(_ tracklet: Tracklet, _ slot: Int) -> Bool {
        self.history.read(self.records[slot].base.newest, into: &self.state)
        let instant = max(tracklet.measuredAt, self.state.time)
        let lines = InformationLines(tracklet.moved(to: instant), in: self.state.frame)
        let fit = self.state.takeOrWake(lines, at: instant, self.parameters.tracker)
        // Information without a place cannot say no, and where the sender says that it is must do.
        let place = SIMD3(Geocentric(tracklet.position))
        let d = place - self.records[slot].place
        return fit.distance < self.parameters.identityGate && dot(d, d) < 20_000 * 20_000
    }

    static func key(_ address: ICAOAddress) -> UInt64 { UInt64(address.rawValue) | 1 << 40 }

    /// A track without a state.
    mutating func begin(at instant: Timestamp) -> Int {
        self.lastID &+= 1
        let id = TrackID(self.lastID)
        var track = Track(
            id: id, status: .tentative, measuredAt: instant, receivedAt: instant,
            position: Geodetic(latitude: 0, longitude: 0))
        track.bornAt = instant
        let record = Record(base: TrackRecord(track: track, score: 0, startScore: 0))
        let slot: Int
        if let free = self.freeSlots.popLast() {
            slot = Int(free)
            self.records[slot] = record
        } else {
            slot = self.records.count
            self.records.append(record)
        }
        self.slotOfID.set(UInt64(id.rawValue), Int32(slot))
        return slot
    }

    /// Puts a contributor at the end of a track's chain.
    mutating func join(_ c: Int, to slot: Int) {
        self.contributors[c].slot = Int32(slot)
        self.contributors[c].next = -1
        self.contributors[c].misfits = 0
        guard self.records[slot].first >= 0 else {
            self.records[slot].first = Int32(c)
            return
        }
        var last = Int(self.records[slot].first)
        while self.contributors[last].next >= 0 { last = Int(self.contributors[last].next) }
        self.contributors[last].next = Int32(c)
    }

    /// Takes a contributor out of its track's chain.
    mutating func leave(_ c: Int) {
        let slot = Int(self.contributors[c].slot)
        if Int(self.records[slot].first) == c {
            self.records[slot].first = self.contributors[c].next
        } else {
            var at = Int(self.records[slot].first)
            while Int(self.contributors[at].next) != c { at = Int(self.contributors[at].next) }
            self.contributors[at].next = self.contributors[c].next
        }
        self.contributors[c].next = -1
    }

    /// Forgets a contributor; a track that has none left ends.
    mutating func removeContributor(_ c: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        let slot = Int(self.contributors[c].slot)
        self.leave(c)
        self.contributorOfKey.remove(self.contributors[c].key)
        if self.contributors[c].whole >= 0 { self.freeWholes.append(self.contributors[c].whole) }
        self.contributors[c].slot = -1
        self.freeContributors.append(Int32(c))
        if self.records[slot].first < 0 { self.drop(slot, now, into: &changes) } else { self.settle(slot) }
    }

    mutating func drop(_ slot: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        if self.records[slot].isTold { changes.append(.dropped(self.records[slot].base.track.id, at: now)) }
        self.unname(slot)
        self.history.remove(self.records[slot].base.newest)
        self.records[slot].base.newest = -1
        self.grid.remove(slot)
        self.slotOfID.remove(UInt64(self.records[slot].base.track.id.rawValue))
        self.records[slot].isLive = false
        self.records[slot].base.isConfirmed = false
        self.freeSlots.append(Int32(slot))
    }

    /// Gives a contributor that does not fit its track one of its own.
    mutating func split(_ c: Int, with tracklet: Tracklet) {
        let old = Int(self.contributors[c].slot)
        self.history.read(self.records[old].base.newest, into: &self.state)
        let motion = self.state.mixture.blended(self.parameters.tracker)
        let velocity = motion.v.x * self.state.frame.east + motion.v.y * self.state.frame.north
        self.tally.split += 1
        self.leave(c)
        let slot = self.begin(at: tracklet.measuredAt)
        self.records[slot].rival = self.records[old].base.track.id
        self.join(c, to: slot)
        self.beginState(slot, with: tracklet, velocity: velocity, deviation: 100)
        self.settle(old)
    }

    /// Looks whether a whole track still lies where its track of the picture is; gives it one of its own if not.
    mutating func examine(_ c: Int) {
        let slot = Int(self.contributors[c].slot)
        guard self.contributors[Int(self.records[slot].first)].next >= 0 else { return }
        let whole = self.wholes[Int(self.contributors[c].whole)]
        guard self.distance(slot, whole).square > self.parameters.wholeGate else {
            self.contributors[c].misfits = max(self.contributors[c].misfits - 1, 0)
            return
        }
        self.tally.misfits += 1
        self.contributors[c].misfits += 1
        guard self.contributors[c].misfits >= self.parameters.misfitsMax else { return }
        self.tally.split += 1
        self.leave(c)
        let own = self.begin(at: whole.measuredAt)
        self.records[own].rival = self.records[slot].base.track.id
        self.join(c, to: own)
        self.borrowState(own, of: whole)
        self.settle(slot)
    }

    // MARK: Identity

    mutating func name(_ slot: Int, _ key: UInt64) {
        self.records[slot].base.key = key
        self.records[slot].base.nextOfKey = self.slotOfAddress.value(key)
        self.slotOfAddress.set(key, Int32(slot))
    }

    mutating func unname(_ slot: Int) {
        let key = self.records[slot].base.key
        guard key != 0 else { return }
        let next = self.records[slot].base.nextOfKey
        var at = Int(self.slotOfAddress.value(key))
        if at == slot {
            if next >= 0 { self.slotOfAddress.set(key, next) } else { self.slotOfAddress.remove(key) }
        } else {
            while at >= 0, Int(self.records[at].base.nextOfKey) != slot { at = Int(self.records[at].base.nextOfKey) }
            if at >= 0 { self.records[at].base.nextOfKey = next }
        }
        self.records[slot].base.key = 0
        self.records[slot].base.nextOfKey = -1
    }

    /// Notes in a contributor what its newest tracklet says.
    mutating func note(_ c: Int, _ tracklet: Tracklet, _ now: Timestamp) {
        self.contributors[c].sequence = tracklet.sequence.upperBound
        self.contributors[c].status = tracklet.status
        self.contributors[c].evidence = tracklet.evidence
        self.contributors[c].measuredAt = tracklet.measuredAt
        self.contributors[c].receivedAt = now
        self.contributors[c].address = tracklet.address
        self.contributors[c].mode3A = tracklet.mode3A
        self.contributors[c].callsign = tracklet.callsign
        self.contributors[c].latitude = tracklet.position.latitude
        self.contributors[c].longitude = tracklet.position.longitude
        let slot = Int(self.contributors[c].slot)
        self.records[slot].base.track.receivedAt = now
        self.records[slot].base.track.plotCount &+= tracklet.plotCount
        self.records[slot].base.track.bornAt = min(self.records[slot].base.track.bornAt, tracklet.bornAt)
        self.records[slot].base.track.lastKind = tracklet.lastKind
        self.records[slot].base.track.isOnGround = tracklet.isOnGround
        self.records[slot].base.track.doubtLog.note(tracklet.doubts, at: now)
        self.records[slot].base.track.pressureAltitude.renew(tracklet.pressureAltitude)
        self.records[slot].base.track.geometricHeight.renew(tracklet.geometricHeight)
    }

    /// As above, of a whole track.
    mutating func note(_ c: Int, _ track: Track, _ now: Timestamp) {
        self.contributors[c].status = track.status
        self.contributors[c].measuredAt = track.measuredAt
        self.contributors[c].receivedAt = now
        self.contributors[c].address = track.address
        self.contributors[c].mode3A = track.mode3A
        self.contributors[c].callsign = track.callsign
        self.contributors[c].latitude = track.position.latitude
        self.contributors[c].longitude = track.position.longitude
        let slot = Int(self.contributors[c].slot)
        self.records[slot].base.track.receivedAt = now
        self.records[slot].base.track.lastKind = track.lastKind
        self.records[slot].base.track.isOnGround = track.isOnGround
        self.records[slot].base.track.doubtLog.note(track.doubts, at: now)
        self.records[slot].base.track.pressureAltitude.renew(track.pressureAltitude)
        self.records[slot].base.track.geometricHeight.renew(track.geometricHeight)
    }

    /// Looks at what the contributors say: identity, and whether the track is believed; and marks it as changed.
    mutating func settle(_ slot: Int) {
        var isBelieved = false
        var evidence = -self.parameters.priorEvidence
        var address: Track.Aged<ICAOAddress>?, code: Track.Aged<Mode3A>?, callsign: Track.Aged<Callsign>?
        var c = Int(self.records[slot].first)
        while c >= 0 {
            let contributor = self.contributors[c]
            if contributor.status != .tentative { isBelieved = true }
            if contributor.misfits == 0 {
                evidence += contributor.evidence + self.parameters.priorEvidence
                // Of the one who joined first: what others say beside it is a disagreement.
                if address == nil { address = contributor.address }
                if code == nil { code = contributor.mode3A }
                if callsign == nil { callsign = contributor.callsign }
            }
            c = Int(contributor.next)
        }
        if evidence >= self.parameters.confirmEvidence { isBelieved = true }
        self.records[slot].base.isConfirmed = isBelieved
        self.records[slot].base.track.address = address
        self.records[slot].base.track.mode3A = code
        self.records[slot].base.track.callsign = callsign
        let key = address.map { Self.key($0.value) } ?? 0
        if key != self.records[slot].base.key {
            self.unname(slot)
            if key != 0 { self.name(slot, key) }
        }
        if !self.records[slot].base.isTouched {
            self.records[slot].base.isTouched = true
            self.touched.append(Int32(slot))
        }
    }

    // MARK: The sweep

    /// Lets go who is silent, joins tracks that are one, and tells what has changed: every track once in a sweep period,
    /// a share of them at each call.
    public mutating func advance(to now: Timestamp, into changes: inout [SystemTrackChange]) {
        let elapsed = self.sweptAt.nanoseconds == .min ? 0 : now.seconds(since: self.sweptAt)
        self.sweptAt = now
        self.sweepDue += min(max(elapsed / self.parameters.sweepPeriod, 0), 1) * Double(self.records.count)
        var left = min(Int(self.sweepDue), self.records.count)
        self.sweepDue = min(self.sweepDue - Double(left), 1)
        while left > 0 {
            left -= 1
            if self.sweepNext >= self.records.count { self.sweepNext = 0 }
            let slot = self.sweepNext
            self.sweepNext += 1
            if self.records[slot].isLive { self.letGo(slot, now, into: &changes) }
            if self.records[slot].isLive { self.joinTwin(slot, now, into: &changes) }
        }
        for slot in self.touched where self.records[Int(slot)].base.isTouched {
            self.records[Int(slot)].base.isTouched = false
            self.tell(Int(slot), now, into: &changes)
        }
        self.touched.removeAll(keepingCapacity: true)
    }

    private mutating func tell(_ slot: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        guard self.records[slot].isLive else { return }
        if self.records[slot].base.isConfirmed, !self.records[slot].isTold {
            // Not a second track of an aircraft that is told of already.
            self.joinTwin(slot, now, into: &changes)
            guard self.records[slot].isLive else { return }
        }
        if self.isShown(slot) {
            self.records[slot].isTold = true
            changes.append(
                .updated(self.systemTrack(slot, at: self.history.time(self.records[slot].base.newest), &self.state)))
        } else if self.records[slot].isTold {
            // Nobody believes in it any more.
            self.records[slot].isTold = false
            changes.append(.dropped(self.records[slot].base.track.id, at: now))
        }
    }

    private mutating func letGo(_ slot: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        var c = Int(self.records[slot].first)
        while c >= 0 {
            let next = Int(self.contributors[c].next)
            // Neither one who is silent, nor one who tells again and again that nothing was measured.
            if now.seconds(since: self.contributors[c].receivedAt) > self.parameters.silenceMax
                || now.seconds(since: self.contributors[c].measuredAt) > 2 * self.parameters.silenceMax
            {
                self.removeContributor(c, now, into: &changes)
            }
            c = next
        }
        let rival = self.records[slot].rival
        if rival.rawValue != 0, self.slotOfID.value(UInt64(rival.rawValue)) < 0 {
            self.records[slot].rival = TrackID(0)
        }
    }
}

extension Optional {
    /// Takes the newer of two values.
    mutating func renew<Value>(_ other: Track.Aged<Value>?) where Wrapped == Track.Aged<Value> {
        guard let other else { return }
        if let own = self, own.measuredAt > other.measuredAt { return }
        self = other
    }
}
