import Air
import Geodesy
import Glibc

/// Birth and death; looks in vain; duplicates.
extension Tracker {
    /// Begins a tentative track with a plot.
    mutating func initiate(_ index: Int) {
        guard !self.slice[index].isForeign else { return }
        guard !self.registration.isQuarantined(self.slice[index].site) else {
            self.tally.quarantined += 1
            return
        }
        let k = self.parameters
        let plot = self.slice[index].plot
        let frame = TangentFrame(below: self.slice[index].place)
        let prior = self.slice[index].heightPrior
        var vertical = Vertical(
            height: prior.mean, climb: 0, hh: prior.deviation * prior.deviation,
            cc: k.climbDeviation * k.climbDeviation)
        let site = self.slice[index].site
        let supposed = vertical
        let sighting = vertical.sight(self.slice.span[index].measured, from: self.sites.span[site], in: frame, k)
        let z = sighting.planar
        var motion = Motion(
            p: z.position, v: .zero, pp: z.noise, vv: .diagonal(k.speedDeviation * k.speedDeviation))
        if z.hasVelocity {
            motion.v = z.velocity
            motion.vv = z.velocityNoise
        }
        guard motion.isSound else {
            self.tally.absurd += 1
            return
        }
        guard self.records.count - self.freeSlots.count < k.tracksMax else {
            self.tally.full += 1
            return
        }
        self.lastID &+= 1
        let id = TrackID(self.lastID)
        var track = Track(
            id: id, status: .tentative, measuredAt: plot.measuredAt, receivedAt: plot.receivedAt,
            position: Geodetic(latitude: 0, longitude: 0))
        track.bornAt = plot.measuredAt
        let state = TrackState(
            time: plot.measuredAt, frame: frame,
            mixture: MotionMixture(
                motion, agile: self.slice[index].key != 0 ? k.agile.identified : k.agile.anonymous, parameters: k),
            vertical: vertical)
        self.states[0] = state
        var record = TrackRecord(
            track: track, newest: self.history.add(&self.states[0], self.slice.span[index].measured, after: -1),
            score: self.slice[index].odds, startScore: self.slice[index].odds)
        if !self.slice[index].isReply, case .polar(let range, let azimuth, _) = plot.measurement {
            record.birthSite = Int32(site)
            record.birthRange = range
            record.birthAzimuth = azimuth
        }
        let slot = self.freeSlot(for: record)
        self.looks.clear(slot)
        self.looks.renew(slot, at: self.slice[index].place, since: plot.measuredAt, self.sites)
        self.coarse[slot] = CoarseTrack(isLive: true)
        self.slotOfID.set(UInt64(id.rawValue), Int32(slot))
        self.tally.initiated += 1
        self.slice[index].isDone = true
        self.enter(index, slot, 0)
        self.journal?.gains.append(
            TrackGain(
                track: id, measuredAt: plot.measuredAt, frame: frame, planar: z, before: supposed, after: vertical,
                noise: self.states[0].mixture.noise(k)))
    }

    /// Puts a record into a slot that is free.
    mutating func freeSlot(for record: TrackRecord) -> Int {
        if let free = self.freeSlots.popLast() {
            self.records[Int(free)] = record
            return Int(free)
        }
        self.records.append(record)
        self.coarse.append(CoarseTrack())
        return self.records.count - 1
    }

    /// Gives a track the key of its identity.
    mutating func name(_ slot: Int, _ key: UInt64) {
        self.records[slot].key = key
        self.records[slot].nextOfKey = self.slotOfKey.value(key)
        self.slotOfKey.set(key, Int32(slot))
    }

    mutating func unname(_ slot: Int) {
        let key = self.records[slot].key
        guard key != 0 else { return }
        let next = self.records[slot].nextOfKey
        var at = Int(self.slotOfKey.value(key))
        if at == slot {
            if next >= 0 { self.slotOfKey.set(key, next) } else { self.slotOfKey.remove(key) }
        } else {
            while at >= 0, Int(self.records[at].nextOfKey) != slot { at = Int(self.records[at].nextOfKey) }
            if at >= 0 { self.records[at].nextOfKey = next }
        }
        self.records[slot].key = 0
        self.records[slot].nextOfKey = -1
    }

    mutating func drop(_ slot: Int, at now: Timestamp, into changes: inout [TrackChange]) {
        self.unname(slot)
        self.history.remove(self.records[slot].newest)
        self.records[slot].newest = -1
        self.slants.release(self.records[slot].slants)
        self.records[slot].slants = -1
        self.grid.remove(slot)
        self.slotOfID.remove(UInt64(self.records[slot].track.id.rawValue))
        self.coarse[slot].isLive = false
        self.records[slot].isTouched = false
        self.freeSlots.append(Int32(slot))
        if self.isSector { self.ended.append(self.records[slot].track.id) }
        self.journal?.ended.append(self.records[slot].track.id)
        if self.records[slot].isConfirmed {
            self.tally.dropped += 1
            changes.append(.dropped(self.records[slot].track.id, at: now))
        } else {
            self.tally.rejected += 1
            self.noteClutter(slot)
        }
    }

    /// Looks after the tracks that are due.
    mutating func sweep(_ now: Timestamp, into changes: inout [TrackChange]) {
        var left = min(Int(self.sweepDue), self.records.count)
        self.sweepDue = min(self.sweepDue - Double(left), 1)
        while left > 0 {
            left -= 1
            if self.sweepNext >= self.records.count { self.sweepNext = 0 }
            let slot = self.sweepNext
            self.sweepNext += 1
            guard self.coarse[slot].isLive else { continue }
            self.countMisses(slot, now)
            switch self.fate(slot, now) {
            case .end: self.drop(slot, at: now, into: &changes)
            case .fade: self.fade(slot, at: now, into: &changes)
            case .goOn: break
            }
            guard self.coarse[slot].isLive else { continue }
            let place = self.coarse[slot].at(now).place
            if dot(place, place) < 1e15 { self.grid.move(slot, to: place) }
            if self.isSector { self.moved.append(Int32(slot)) }
            if self.coarse[slot].isConfirmed { self.removeDuplicate(slot, now, into: &changes) }
        }
    }

    /// Lowers the score of a track for each look since the last sweep that should have seen it and did not.
    ///
    /// Gone through is the list of its sensors only when a look may have come due: a radar's a turn after the last one.
    mutating func countMisses(_ slot: Int, _ now: Timestamp) {
        let here = self.coarse[slot].at(now).place
        if self.looks.isStale(slot, at: here) { self.looks.renew(slot, at: here, since: now, self.sites) }
        guard now.nanoseconds >= self.looks.due(slot) || now.nanoseconds < self.looks.due(slot) &- 20_000_000_000 else {
            return
        }
        let height = self.coarse[slot].height
        let replies = self.records[slot].repliedAt.nanoseconds != .min
        var due = now.nanoseconds &+ Self.looksDueMax
        var block = Int(self.looks.head(slot)), entry = -1
        while block >= 0 {
            entry += 1
            if entry == 5 {
                block = Int(self.looks.blocks[block].next)
                entry = -1
                continue
            }
            let index = Int(self.looks.blocks[block].sites[entry])
            guard index >= 0 else { continue }
            guard self.sites[index].isOperational, self.sites[index].beamAt.nanoseconds != .min else { continue }
            let accounted = self.looks.blocks[block].until[entry]
            let known = self.sites[index].beamAt.nanoseconds &- Self.looksMargin
            if self.sites[index].kind != .radar {
                let period = Int64(max(self.sites[index].period, self.parameters.broadcastPatience) * 1e9)
                let patience = period &+ period / 2
                if known &- accounted > patience {
                    self.looks.set(block: block, entry, until: accounted &+ period)
                    self.miss(slot, 0.8)
                    due = min(due, accounted &+ period &+ patience)
                } else {
                    due = min(due, accounted &+ patience)
                }
                continue
            }
            let d = here - self.sites[index].centre
            guard self.sites[index].covers(d, height: height) else { continue }
            let turn = Int64(1e9 * self.sites[index].period)
            guard known &- accounted > turn * 3 / 10 else {
                due = min(due, accounted &+ turn / 2)
                continue
            }
            var probability = 0.0
            if let channel = self.sites[index].primary { probability = channel.detectionProbability }
            if replies, let channel = self.sites[index].secondary {
                probability = 1 - (1 - probability) * (1 - channel.detectionProbability)
            }
            guard probability > 0.05 else { continue }
            let azimuth = atan2(dot(d, self.sites[index].east), dot(d, self.sites[index].north))
            let look = self.sites[index].lastLook(at: azimuth).nanoseconds
            // The beam comes by a turn after it did; some of that is left for a target that flies towards it.
            due = min(due, look &+ turn * 9 / 10)
            guard look <= known, look &- accounted > turn * 3 / 10 else {
                if look > known { due = min(due, look) }
                continue
            }
            let range = dot(d, d).squareRoot()
            let learned = self.detections[index].probability(
                probability, range: range, height: height, azimuth: azimuth, replies: replies)
            if self.isSurelyThere(slot, age: now.seconds(since: self.coarse[slot].time), index) {
                self.detections[index].note(
                    isHit: false, range: range, height: height, azimuth: azimuth, replies: replies)
            }
            probability = learned
            self.looks.set(block: block, entry, until: look)
            if probability > 0.5 { self.noteLookInVain(index, slot) }
            guard !self.registration.isQuarantined(index) else {
                self.noteCompany(index, slot)
                continue
            }
            self.miss(slot, probability)
        }
        self.looks.setDue(slot, due)
    }

    /// A look is taken for one in vain only when its plot could have come, nanoseconds.
    private static let looksMargin: Int64 = 400_000_000
    /// A track may have flown into a sensor's coverage after this time, nanoseconds.
    private static let looksDueMax: Int64 = 4_000_000_000

    /// Whether a look at a track says something of the sensor, and not of the track: one that was seen by any sensor
    /// shortly before.
    @inline(__always) func isSurelyThere(_ slot: Int, age: Double, _ site: Int) -> Bool {
        self.records[slot].isConfirmed && self.records[slot].track.plotCount > 8
            && age < max(8, 1.3 * self.sites[site].period)
    }

    /// Notes that a look of a radar has found a confirmed track.
    ///
    /// - Parameter age: of the track before this plot, seconds.
    mutating func noteHit(_ index: Int, _ slot: Int, age: Double) {
        let site = self.slice[index].site
        guard self.sites[site].kind == .radar, self.isSurelyThere(slot, age: age, site),
            case .polar(let range, let azimuth, _) = self.slice[index].plot.measurement
        else { return }
        self.detections[site].note(
            isHit: true, range: range, height: self.coarse[slot].height, azimuth: azimuth,
            replies: self.records[slot].repliedAt.nanoseconds != .min)
    }

    /// Notes the echoes of a track of one radar that came to nothing: they were clutter.
    mutating func noteClutter(_ slot: Int) {
        let site = Int(self.records[slot].birthSite)
        guard site >= 0, self.sites[site].kind == .radar, self.records[slot].track.plotCount < 12,
            self.records[slot].track.contributionCount == 1, self.records[slot].key == 0,
            self.records[slot].track.mode3A == nil
        else { return }
        // Once: what has faded was counted then.
        self.records[slot].birthSite = -1
        self.clutters[site].note(
            Float(self.records[slot].track.plotCount), range: self.records[slot].birthRange,
            azimuth: self.records[slot].birthAzimuth, at: self.records[slot].track.bornAt.seconds,
            period: self.sites[site].period)
    }

    mutating func miss(_ slot: Int, _ probability: Double) {
        self.tally.misses += 1
        self.records[slot].score += log(1 - min(probability, 0.97) * self.parameters.detectionTrust)
        self.records[slot].misses += 1
        if self.records[slot].misses == self.parameters.coastingMisses { self.touch(slot) }
    }

    enum Fate { case goOn, fade, end }

    /// What is to become of a track.
    ///
    /// Changes nothing; `mutating`, like others here, because a value of kilobytes is copied for each call of a method
    /// that is not.
    mutating func fate(_ slot: Int, _ now: Timestamp) -> Fate {
        let score = self.records[slot].score
        let age = now.seconds(since: self.coarse[slot].time)
        // A track from the future is left over from a clock that has been put back.
        if age > self.parameters.coastMax || age < -60 || !(score > -1e6) { return .end }
        if !self.records[slot].isConfirmed {
            let patience = self.records[slot].hasFaded ? self.parameters.coastMax : 0.5 * self.parameters.coastMax
            return score < self.records[slot].startScore - self.parameters.rejectFall || age > patience ? .end : .goOn
        }
        if score < self.parameters.dropScore || age > self.parameters.blindMax && !self.isWatched(slot, now) {
            return .fade
        }
        let limit = self.parameters.positionDeviationMax * self.parameters.positionDeviationMax
        let at = self.coarse[slot]
        // What it was never known better than is no reason to give it up: some aircraft say that they may be miles off.
        let measured = at.placeVariance - self.coarse[slot].heightVariance
        return measured + age * age * at.velocityVariance > max(limit, 4 * measured) ? .fade : .goOn
    }

    /// Whether a track is where some sensor should see it, or in a radar's cone of silence, from where it comes back.
    mutating func isWatched(_ slot: Int, _ now: Timestamp) -> Bool {
        let here = self.coarse[slot].at(now).place
        let height = self.coarse[slot].height
        var block = self.looks.head(slot)
        while block >= 0 {
            for entry in 0..<5 {
                let index = Int(self.looks.blocks[Int(block)].sites[entry])
                guard index >= 0, self.sites[index].isOperational else { continue }
                if self.sites[index].kind != .radar, !self.sites[index].isKnown { return true }
                let d = here - self.sites[index].centre
                if self.sites[index].covers(d, height: height) || self.sites[index].hides(d) { return true }
            }
            block = self.looks.blocks[Int(block)].next
        }
        return false
    }

    /// Ends a track for all who are told, but keeps it in mind: a plot that fits takes it up again under its old number.
    mutating func fade(_ slot: Int, at now: Timestamp, into changes: inout [TrackChange]) {
        self.tally.dropped += 1
        changes.append(.dropped(self.records[slot].track.id, at: now))
        self.noteClutter(slot)
        self.records[slot].isConfirmed = false
        self.records[slot].hasFaded = true
        self.records[slot].isTouched = false
        self.records[slot].score = self.parameters.confirmScore - self.parameters.resumeScore
        self.records[slot].startScore = self.records[slot].score
        self.coarse[slot].isConfirmed = false
    }

    /// Drops a confirmed track that is the same aircraft as an older one.
    mutating func removeDuplicate(_ slot: Int, _ now: Timestamp, into changes: inout [TrackChange]) {
        let id = self.records[slot].track.id
        let here = self.coarse[slot].at(now).place
        // Taken out first: an array held twice would be copied when it is emptied.
        var near = self.near
        self.near = []
        near.removeAll(keepingCapacity: true)
        self.grid.forEach(near: here, radius: 4_000) { other in
            guard other != slot, self.coarse[other].isConfirmed, self.records[other].track.id < id else { return }
            let d = self.coarse[other].at(now).place - here
            if dot(d, d) < 4_000 * 4_000 { near.append(Int32(other)) }
        }
        self.near = near
        var twin = -1
        for other in near where self.areAlike(slot, Int(other), now) {
            twin = Int(other)
            break
        }
        guard twin >= 0 else {
            self.records[slot].twinSweeps = 0
            return
        }
        let same = self.records[slot].key != 0 && self.records[slot].key == self.records[twin].key
        if self.records[slot].twin != self.records[twin].track.id {
            self.records[slot].twin = self.records[twin].track.id
            self.records[slot].twinSweeps = 0
        }
        self.records[slot].twinSweeps += 1
        guard same || self.records[slot].twinSweeps >= self.parameters.duplicateSweeps else { return }
        // The older one keeps its number, and takes what the younger knew better; so it is made from both.
        self.records[twin].track.labels.formUnion(self.records[slot].track.labels)
        let key = self.records[slot].key
        if self.records[twin].track.mode3A == nil { self.records[twin].track.mode3A = self.records[slot].track.mode3A }
        if self.records[twin].track.callsign == nil {
            self.records[twin].track.callsign = self.records[slot].track.callsign
        }
        self.history.read(self.records[twin].newest, into: &self.states[0])
        let older = self.states[0].mixture.blended(self.parameters).pp
        self.history.read(self.records[slot].newest, into: &self.states[0])
        let younger = self.states[0].mixture.blended(self.parameters).pp
        if younger.determinant < older.determinant, self.coarse[slot].time >= self.coarse[twin].time {
            (self.records[twin].newest, self.records[slot].newest) = (
                self.records[slot].newest, self.records[twin].newest
            )
            self.records[twin].misses = min(self.records[twin].misses, self.records[slot].misses)
            self.place(twin, 0)
        }
        let address = self.records[slot].track.address
        self.drop(slot, at: now, into: &changes)
        self.tally.duplicates += 1
        if key != 0, self.records[twin].key == 0 {
            self.name(twin, key)
            self.records[twin].track.address = address
        }
        self.touch(twin)
    }

    /// Whether a radar has seen two tracks in one turn of its antenna lately: then they are two aircraft, for some turns on.
    mutating func areApart(_ a: Int, _ b: Int, _ now: Timestamp) -> Bool {
        let other = self.records[b].track.id
        for i in 0..<Int(self.records[a].track.contributionCount) {
            let contribution = self.records.span[a].track.contributions[i]
            let site = Int(self.siteOfSensor.value(UInt64(contribution.sensor.rawValue)))
            guard site >= 0, self.sites[site].kind == .radar else { continue }
            if now.seconds(since: contribution.measuredAt) < 20,
                self.hasContributed(
                    b, contribution.sensor, within: 0.3 * self.sites[site].period,
                    of: contribution.measuredAt.nanoseconds)
            {
                self.records[a].apart.note(other, at: contribution.measuredAt)
                return true
            }
        }
        guard let seen = self.records.span[a].apart.time(other) else { return false }
        return now.seconds(since: seen) < self.parameters.apartTime
    }

    /// A track, moved to an instant.
    private mutating func snapshot(_ slot: Int, _ now: Timestamp) -> Track {
        self.history.read(self.records[slot].newest, into: &self.states[0])
        return self.records.span[slot].snapshot(
            &self.states[0], after: now.seconds(since: self.coarse[slot].time), self.parameters)
    }

    /// Whether two tracks may be one aircraft: no contrary identity, no radar that saw both in one turn, one state.
    mutating func areAlike(_ a: Int, _ b: Int, _ now: Timestamp) -> Bool {
        let first = self.records[a].key, second = self.records[b].key
        if first != 0, second != 0 { return first == second }
        if let x = self.records[a].track.mode3A?.value, let y = self.records[b].track.mode3A?.value, x != y,
            !x.isShared, !y.isShared
        {
            return false
        }
        if self.areApart(a, b, now) { return false }
        let x = self.snapshot(a, now), y = self.snapshot(b, now)
        let frame = TangentFrame(below: SIMD3(Geocentric(y.position)))
        let d = frame.coordinates(of: SIMD3(Geocentric(x.position))).p
        var difference = Vector<4>.zero
        difference[0] = d.x
        difference[1] = d.y
        difference[2] = x.velocity.east - y.velocity.east
        difference[3] = x.velocity.north - y.velocity.north
        guard let solved = try? (x.covariance + y.covariance).solved(difference) else { return false }
        var distance = 0.0
        for i in 0..<4 { distance += difference[i] * solved[i] }
        return distance < self.parameters.duplicateGate
    }
}
