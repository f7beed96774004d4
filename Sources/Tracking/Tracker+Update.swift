import Air
import Geodesy
import Glibc

/// What a plot does to its track.
extension Tracker {
    /// Makes a hypothesis true.
    mutating func commit(_ h: Int) {
        let index = Int(self.hypotheses[h].plot), slot = Int(self.hypotheses[h].slot)
        guard !self.isSetAside(index, slot) else {
            self.slice[index].isDone = true
            self.tally.setAside += 1
            self.witness(index, slot)
            return
        }
        self.tally.associated += 1
        if let speed = self.slice[index].plot.dopplerSpeed, self.coarse[slot].isConfirmed,
            self.coarse[slot].velocityVariance < 15 * 15
        {
            self.sites[self.slice[index].site].noteDoppler(
                speed, at: self.slice[index].place, velocity: self.coarse[slot].velocity)
        }
        if self.hypotheses[h].isGlance {
            _ = self.foretell(h, from: self.hypotheses[h].base, taking: index, isGlance: false)
        }
        if self.journal != nil { self.noteGain(h) }
        let isLate = self.slice[index].plot.measuredAt < self.coarse[slot].time
        self.noteHit(index, slot, age: self.slice[index].plot.measuredAt.seconds(since: self.coarse[slot].time))
        if isLate {
            self.tally.outOfOrder += 1
            self.replay(h)
        } else {
            self.states[h].recentre(self.parameters)
            let z = self.slice.span[index].measured
            if z.isPolar, !z.hasHeight, !z.hasElevation { self.findHeight(slot, h, self.slice.span[index]) }
            self.remember(slot, index, h)
        }
        self.records[slot].score = min(
            self.records[slot].score + self.hypotheses[h].gain - 0.1, self.parameters.scoreMax)
        self.slice[index].isDone = true
        self.enter(index, slot, h)
    }

    /// Notes the newest state of a track, and the plot that led to it.
    mutating func remember(_ slot: Int, _ index: Int, _ h: Int) {
        let entry = self.history.add(
            &self.states[h], self.slice.span[index].measured, after: self.records[slot].newest)
        self.records[slot].newest = entry
        self.history.trim(entry, to: self.states.span[h].time.advanced(by: -self.parameters.lagMax))
    }

    /// Finds the height of a track that reports none from the slant ranges of several radars.
    private mutating func findHeight(_ slot: Int, _ h: Int, _ plot: borrowing PreparedPlot) {
        if self.records[slot].slants < 0 { self.records[slot].slants = self.slants.take() }
        let slants = Int(self.records[slot].slants)
        self.slants.looks[slants].note(plot)
        guard self.states[h].vertical.hh > 150 * 150 else { return }
        let motion = self.states[h].mixture.blended(self.parameters)
        let variance = max(motion.vv.a, motion.vv.d)
        guard variance < 60 * 60,
            let found = self.slants.looks[slants].height(
                of: self.states.span[h], velocity: motion.v, velocityVariance: variance, at: motion.p, self.sites),
            found.variance < 3_000 * 3_000
        else { return }
        // The ranges have been used once for the place: what they say of the height is held for half as sure.
        let error = found.height - self.states[h].vertical.height
        guard error * error < 16 * (self.states[h].vertical.hh + 2 * found.variance) else { return }
        self.states[h].vertical.take(height: found.height, variance: 2 * found.variance + 100 * 100)
    }

    /// Takes a plot in where it belongs, and those that were measured after it once more.
    private mutating func replay(_ h: Int) {
        let index = Int(self.hypotheses[h].plot)
        let base = self.hypotheses[h].base
        self.states[h].recentre(self.parameters)
        var entry = base
        if self.history.time(base) > self.slice[index].plot.measuredAt {
            // Older than all that is remembered: the oldest state was mended.
            self.history.setState(base, &self.states[h])
        } else {
            entry = self.history.add(&self.states[h], self.slice.span[index].measured, after: base)
        }
        entry = self.history.newer(than: entry)
        while entry >= 0 {
            let plot = self.history.plot(entry)
            self.states[h].takeOrWake(plot, from: self.sites.span[plot.site], self.parameters)
            self.states[h].recentre(self.parameters)
            self.history.setState(entry, &self.states[h])
            entry = self.history.newer(than: entry)
        }
    }

    /// Notes in a track what a plot says beyond its place, and looks whether the track is now believed.
    mutating func enter(_ index: Int, _ slot: Int, _ h: Int) {
        let plot = self.slice[index].plot
        let key = self.slice[index].key
        self.records[slot].misses = 0
        // A guest of another track's echo was not seen apart from it.
        if !self.slice[index].isGuest { self.records[slot].track.take(plot) }
        self.records[slot].track.labels.formUnion(plot.labels)
        if self.slice[index].isReply { self.records[slot].repliedAt = plot.measuredAt }
        if key != 0, self.records[slot].key == 0 { self.name(slot, key) }
        let site = self.slice[index].site
        let accounted = self.looks.until(slot, site)
        if self.sites[site].kind != .radar, accounted != .min {
            let interval = Double(plot.measuredAt.nanoseconds &- accounted) / 1e9
            if interval > 0.2, interval < 15 {
                let period = self.sites[site].period
                self.sites[site].period = min(max(period + 0.01 * (interval - period), 0.3), 10)
            }
        }
        if plot.measuredAt.nanoseconds > accounted { self.looks.set(slot, site, until: plot.measuredAt.nanoseconds) }
        self.place(slot, h)
        if !self.slice[index].isShared { self.witness(index, slot) }
        if !self.coarse[slot].isConfirmed, self.isBelieved(slot, h) {
            self.records[slot].isConfirmed = true
            self.coarse[slot].isConfirmed = true
            self.tally.confirmed += 1
        }
        self.touch(slot)
    }

    /// Whether a tentative track has earned confirmation.
    mutating func isBelieved(_ slot: Int, _ h: Int) -> Bool {
        let k = self.parameters
        guard self.records[slot].score >= k.confirmScore else { return false }
        let isIdentified = self.records[slot].key != 0 || self.records[slot].track.mode3A != nil
        let needed = isIdentified ? k.confirmPlotsIdentified : k.confirmPlots
        guard Int(self.records[slot].track.plotCount) >= needed else { return false }
        let motion = self.states[h].mixture.blended(self.parameters)
        let deviation = max(motion.vv.a, motion.vv.d).squareRoot()
        guard deviation < k.confirmSpeedDeviation else { return false }
        let speed = dot(motion.v, motion.v).squareRoot()
        return isIdentified || k.speedRange.contains(speed)
    }

    /// Brings the coarse place and the grid up to date with the filter.
    ///
    /// - Parameter h: where the track's newest state stands in `states`.
    mutating func place(_ slot: Int, _ h: Int) {
        let motion = self.states[h].mixture.blended(self.parameters)
        let vertical = self.states.span[h].vertical
        let place = self.states.span[h].frame.place(motion.p, height: vertical.height)
        self.coarse[slot].time = self.states.span[h].time
        guard motion.isSound, dot(place, place) < 1e15 else {
            // The numbers broke (a plot beyond reason got in): let the next sweep drop it.
            self.records[slot].score = -.infinity
            return
        }
        self.coarse[slot].place = place
        self.coarse[slot].velocity =
            motion.v.x * self.states.span[h].frame.east + motion.v.y * self.states.span[h].frame.north
            + vertical.climb * self.states.span[h].frame.up
        self.coarse[slot].placeVariance = max(motion.pp.a, motion.pp.d) + vertical.hh
        self.coarse[slot].velocityVariance = max(motion.vv.a, motion.vv.d)
        self.coarse[slot].height = vertical.height
        self.coarse[slot].heightVariance = vertical.hh
        self.grid.move(slot, to: place)
    }

    mutating func touch(_ slot: Int) {
        guard !self.records[slot].isTouched else { return }
        self.records[slot].isTouched = true
        self.touched.append(Int32(slot))
    }

    mutating func tellTouched(into changes: inout [TrackChange]) {
        for slot in self.touched where self.records[Int(slot)].isTouched {
            self.records[Int(slot)].isTouched = false
            if self.isSector { self.moved.append(slot) }
            // A track whose numbers broke waits for the sweep to drop it.
            if self.coarse[Int(slot)].isConfirmed, self.records[Int(slot)].score > -.infinity {
                self.history.read(self.records[Int(slot)].newest, into: &self.states[0])
                changes.append(
                    .updated(self.records.span[Int(slot)].snapshot(&self.states[0], after: 0, self.parameters)))
            }
        }
        self.touched.removeAll(keepingCapacity: true)
    }
}

extension Track {
    /// Notes a plot: times, identity, heights, doubts and the sensor.
    mutating func take(_ plot: Plot) {
        self.receivedAt = max(self.receivedAt, plot.receivedAt)
        self.plotCount &+= 1
        self.lastKind = plot.kind
        self.contribute(sensor: plot.sensor, measuredAt: plot.measuredAt)
        self.doubtLog.note(plot.doubts, at: plot.receivedAt)
        if let address = plot.identity.address { self.address = Aged(address, at: plot.measuredAt) }
        if let code = plot.identity.mode3A { self.mode3A = Aged(code, at: plot.measuredAt) }
        if let callsign = plot.identity.callsign { self.callsign = Aged(callsign, at: plot.measuredAt) }
        if let height = plot.pressureAltitude, height.isFinite {
            self.pressureAltitude = Aged(height, at: plot.measuredAt)
        }
        if let height = plot.geometricHeight, height.isFinite {
            self.geometricHeight = Aged(height, at: plot.measuredAt)
        }
        if plot.kind != .primary { self.isOnGround = plot.isOnGround }
    }
}
