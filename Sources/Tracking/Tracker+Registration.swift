public import Air
import Geodesy
import Glibc

/// Registration of sensors: where it touches the tracker.
extension Tracker {
    /// What is known of the systematic errors of a sensor; nil if the sensor is not, or nothing is estimated.
    public func registration(of sensor: SensorID) -> SensorRegistration? {
        let site = Int(self.siteOfSensor.value(UInt64(sensor.rawValue)))
        guard site >= 0, self.registration.isOn else { return nil }
        return self.registration.told(site)
    }

    /// Calls `body` with what is known of the systematic errors of every sensor.
    public func forEachRegistration(_ body: (SensorID, SensorRegistration) -> Void) {
        guard self.registration.isOn else { return }
        for site in self.sites.indices { body(self.sites[site].id, self.registration.told(site)) }
    }

    /// Shows a plot that its track has taken to the registration.
    @inline(__always) mutating func witness(_ index: Int, _ slot: Int) {
        guard self.registration.isOn, self.records[slot].isConfirmed else { return }
        while self.registration.witnessOfSlot.count < self.records.count { self.registration.witnessOfSlot.append(-1) }
        var witness = Int(self.registration.witnessOfSlot[slot])
        if witness < 0 {
            witness = self.callWitness(index, slot)
            guard witness >= 0 else { return }
        }
        self.testify(index, slot, witness)
    }

    /// Chooses a track for a stretch; −1 if it is not worth it.
    private mutating func callWitness(_ index: Int, _ slot: Int) -> Int {
        guard self.records[slot].track.plotCount >= 6, self.records[slot].track.contributionCount >= 2 else {
            return -1
        }
        self.registration.offers += 1
        guard self.registration.offers % self.registration.entries[self.slice[index].site].thinning == 0 else {
            return -1
        }
        return self.registration.callWitness(
            slot, self.records[slot].track.id, at: self.slice[index].plot.measuredAt, self.coarse[slot])
    }

    /// Notes a plot in the stretch of its track; ends the stretch if it is long enough.
    private mutating func testify(_ index: Int, _ slot: Int, _ witness: Int) {
        let measuredAt = self.slice[index].plot.measuredAt
        let current = self.registration.witnesses[witness]
        let age = measuredAt.seconds(since: current.begin)
        if current.track != self.records[slot].track.id || age > 2 * self.registration.parameters.stretch {
            self.registration.dismiss(witness)
        } else if age > self.registration.parameters.stretch || current.count == Registration.sightingsMax {
            self.registration.close(witness, self.coarse[slot], self.sites)
        } else {
            self.registration.note(witness, self.slice[index])
            return
        }
        let next = self.callWitness(index, slot)
        if next >= 0 { self.registration.note(next, self.slice[index]) }
    }

    /// Whether a plot is of a quarantined sensor, and its track has other sensors to live on.
    @inline(__always) mutating func isSetAside(_ index: Int, _ slot: Int) -> Bool {
        let site = self.slice[index].site
        guard self.records[slot].isConfirmed, self.isSeen(slot, beside: site) else { return false }
        self.registration.entries[site].hits += 1
        self.registration.entries[site].comparedAt = self.coarse[slot].time
        return self.registration.isQuarantined(site)
    }

    /// Notes that a radar has looked at a track and not found it.
    mutating func noteLookInVain(_ site: Int, _ slot: Int) {
        // Looks at tentative tracks say nothing: most of these are false.
        guard self.records[slot].isConfirmed, self.isSeen(slot, beside: site) else { return }
        self.registration.entries[site].vain += 1
        self.registration.entries[site].comparedAt = self.coarse[slot].time
    }

    /// Notes that a quarantined radar has not found a track that others see, however seldom it was seen to find any.
    mutating func noteCompany(_ site: Int, _ slot: Int) {
        guard self.records[slot].isConfirmed, self.isSeen(slot, beside: site) else { return }
        self.registration.entries[site].comparedAt = self.coarse[slot].time
    }

    /// Whether a sensor that is not quarantined, other than this one, has lately seen a track.
    private mutating func isSeen(_ slot: Int, beside site: Int) -> Bool {
        let now = self.coarse[slot].time, own = self.sites[site].id
        for i in 0..<Int(self.records[slot].track.contributionCount) {
            let contribution = self.records.span[slot].track.contributions[i]
            guard contribution.sensor != own, now.seconds(since: contribution.measuredAt) < 30 else { continue }
            let other = Int(self.siteOfSensor.value(UInt64(contribution.sensor.rawValue)))
            if other >= 0, !self.registration.isQuarantined(other) { return true }
        }
        return false
    }

    /// Tells the registration of a plot whose address belongs to a track that it lies too far from.
    ///
    /// A sensor whose azimuth or clock has jumped by more than the gate would else have no plot to show it by.
    mutating func noteStray(_ index: Int) {
        guard self.registration.isOn, self.slice[index].measured.isPolar else { return }
        let slot = Int(self.slotOfKey.value(self.slice[index].key))
        guard slot >= 0, self.coarse[slot].isConfirmed else { return }
        let age = self.slice[index].plot.measuredAt.seconds(since: self.coarse[slot].time)
        guard abs(age) < 15 else { return }
        let at = self.coarse[slot].at(self.slice[index].plot.measuredAt)
        self.registration.noteStray(
            self.slice[index], self.sites[self.slice[index].site], at: at.place, velocity: self.coarse[slot].velocity,
            variance: at.variance + 100 * 100)
    }

    /// Now and then: fades, solves and judges.
    mutating func register(_ now: Timestamp) {
        guard self.registration.isOn else { return }
        self.registration.advance(to: now)
    }
}

extension PreparedPlot {
    /// Adds to the noise what is not known of the sensor's errors.
    ///
    /// - Parameter deviation: one standard deviation of each bias; a clock's error counts as the way of an airliner.
    mutating func widen(by deviation: Bias) {
        let drift = 250 * deviation[BiasIndex.time]
        if self.measured.isPolar {
            let range = deviation[BiasIndex.range], azimuth = deviation[BiasIndex.azimuth]
            let elevation = deviation[BiasIndex.elevation]
            let length = self.measured.range
            let side = length * azimuth
            self.measured.rangeVariance += range * range + drift * drift
            self.measured.azimuthVariance += azimuth * azimuth + drift * drift / (length * length)
            if self.measured.hasElevation { self.measured.upVariance += length * length * elevation * elevation }
            self.spread = (self.spread * self.spread + range * range + side * side + drift * drift).squareRoot()
        } else {
            self.measured.positionVariance += drift * drift
            self.spread += drift
        }
    }
}

extension Registration {
    /// Whether the plots of a sensor are not to be trusted now.
    @inline(__always) func isQuarantined(_ site: Int) -> Bool {
        self.isCorrecting && self.entries[site].state == .quarantined
    }

    /// Follows the difference of stamped and received time, and believes that a clock has jumped when that has.
    ///
    /// A stamp that runs ahead of what came before cannot be a matter of transmission: a few plots are enough. One that
    /// falls behind may be held up on its way: that is believed when it lasts, the same, for ten seconds.
    ///
    /// - Returns: false for a plot whose time is so far off that it would harm its track.
    mutating func keepsTime(_ plot: borrowing Plot, of site: Int) -> Bool {
        // Acted upon between two slices: the plots of this one were corrected for the clock as it was.
        guard self.entries[site].clockJump == 0 else { return abs(self.entries[site].clockJump) < 1 }
        let lag = plot.measuredAt.seconds(since: plot.receivedAt)
        let old = self.entries[site].lag
        let difference = lag - old
        let limit = max(0.5, 8 * self.entries[site].lagSpread)
        guard abs(difference) > limit else {
            // Also the first plot: nothing compares with NaN.
            if old.isNaN {
                self.entries[site].lag = lag
            } else {
                self.entries[site].lag += 0.05 * difference
                self.entries[site].lagSpread += 0.05 * (abs(difference) - self.entries[site].lagSpread)
            }
            self.entries[site].lagMisfits = 0
            return true
        }
        if self.entries[site].lagMisfits == 0 || abs(lag - self.entries[site].lagElsewhere) > limit {
            self.entries[site].lagMisfits = 0
            self.entries[site].lagElsewhere = lag
            self.entries[site].lagElsewhereSince = plot.receivedAt
        }
        self.entries[site].lagMisfits += 1
        let lasts = plot.receivedAt.seconds(since: self.entries[site].lagElsewhereSince)
        let isBelieved = self.entries[site].lagMisfits > 4 && (difference > 0 || lasts > 10)
        guard isBelieved else { return abs(difference) < 1 }
        self.entries[site].lag = lag
        self.entries[site].lagMisfits = 0
        // Hours are no clock's jump but another recording: the tracker finds that out by itself.
        guard abs(difference) < 120, self.entries[site].active != 0 else { return true }
        self.entries[site].clockJump = difference
        return abs(difference) < 1
    }

    /// Adds to the short memory of a sensor how far from its track a plot lies that its address says is the track's.
    mutating func noteStray(
        _ plot: borrowing PreparedPlot, _ site: borrowing Site, at place: SIMD3<Double>, velocity: SIMD3<Double>,
        variance: Double
    ) {
        let d = place - site.centre
        let e = dot(d, site.east), n = dot(d, site.north), u = dot(d, site.up)
        let g = (e * e + n * n).squareRoot(), r = (g * g + u * u).squareRoot()
        guard g > site.nearMin, g > 0.3 * r else { return }
        let across = atan2(
            plot.measured.sinAzimuth * n - plot.measured.cosAzimuth * e,
            plot.measured.sinAzimuth * e + plot.measured.cosAzimuth * n)
        let speed = SIMD2(dot(velocity, d) / r, dot(velocity, (n * site.east - e * site.north) / g))
        self.addStray(
            plot.site, plot.measured.range - r, Bias(1, 0, 0, -speed.x, r, 0, 0, 0),
            plot.measured.rangeVariance + variance)
        self.addStray(
            plot.site, g * across, Bias(0, g, 0, -speed.y, 0, 0, 0, 0), g * g * plot.measured.azimuthVariance + variance
        )
    }

    private mutating func addStray(_ site: Int, _ y: Double, _ h: Bias, _ variance: Double) {
        for k in 0..<5 { self.entries[site].recent[k] += (h[k] / variance) * h }
        self.entries[site].recentVector += (y / variance) * h
    }

    /// Takes a track for a witness; −1 if there are enough.
    mutating func callWitness(
        _ slot: Int, _ track: TrackID, at instant: Timestamp, _ coarse: borrowing CoarseTrack
    ) -> Int {
        let witness: Int
        if let free = self.freeWitnesses.popLast() {
            witness = Int(free)
        } else {
            guard self.witnesses.count < min(max(256, 32 * self.entries.count), self.parameters.witnessesMax) else {
                return -1
            }
            witness = self.witnesses.count
            self.witnesses.append(Witness())
            let blank = Sighting(site: 0, measuredAt: instant, z: .zero, first: 0, second: 0)
            self.sightings.append(contentsOf: repeatElement(blank, count: Self.sightingsMax))
        }
        self.witnesses[witness] = Witness(
            slot: Int32(slot), track: track, begin: instant, count: 0, velocity: coarse.velocity,
            velocityVariance: coarse.velocityVariance)
        self.witnessOfSlot[slot] = Int32(witness)
        return witness
    }

    /// Lets a witness go.
    mutating func dismiss(_ witness: Int) {
        let slot = Int(self.witnesses[witness].slot)
        guard slot >= 0 else { return }
        self.witnessOfSlot[slot] = -1
        self.witnesses[witness].slot = -1
        self.freeWitnesses.append(Int32(witness))
    }

    /// Notes a plot as it was measured, if it says something of its sensor.
    mutating func note(_ witness: Int, _ plot: borrowing PreparedPlot) {
        let site = plot.site
        guard self.entries[site].active != 0 else { return }
        let applied = self.entries[site].applied
        let measuredAt = plot.plot.measuredAt.advanced(by: applied[BiasIndex.time])
        let first = witness * Self.sightingsMax, count = self.witnesses[witness].count
        var sighting: Sighting
        if plot.measured.isPolar {
            guard case .polar(let range, let azimuth, let elevation) = plot.plot.measurement else { return }
            sighting = Sighting(
                site: Int32(site), measuredAt: measuredAt,
                z: SIMD3(
                    range * (1 + applied[BiasIndex.gain]) + applied[BiasIndex.range],
                    azimuth + applied[BiasIndex.azimuth], (elevation ?? 0) + applied[BiasIndex.elevation]),
                first: plot.measured.rangeVariance, second: plot.measured.azimuthVariance)
            sighting.isPolar = true
            if plot.measured.hasElevation {
                sighting.hasElevation = true
                let ground = max(range * range - plot.measured.up * plot.measured.up, 1)
                sighting.third = plot.measured.upVariance / ground
            }
        } else {
            guard plot.plot.doubts.isEmpty,
                plot.measured.positionVariance < self.parameters.witnessDeviationMax
                    * self.parameters.witnessDeviationMax
            else { return }
            // One place of each receiver every few seconds says all.
            for i in (first..<first + count).reversed()
            where Int(self.sightings[i].site) == site {
                if measuredAt.seconds(since: self.sightings[i].measuredAt) < 4.5 { return }
                break
            }
            sighting = Sighting(
                site: Int32(site), measuredAt: measuredAt, z: plot.place, first: plot.measured.positionVariance,
                second: plot.measured.velocityVariance)
            sighting.velocity = plot.measured.velocity
            sighting.hasVelocity = plot.measured.velocityVariance > 0
        }
        if let height = plot.plot.geometricHeight, height.isFinite, plot.measured.hasHeight {
            sighting.heightKind = 1
            sighting.height = height
            sighting.heightVariance = 15 * 15
        } else if plot.plot.pressureAltitude != nil, plot.measured.hasHeight {
            sighting.heightKind = 2
            sighting.height = plot.measured.height
            sighting.heightVariance = plot.measured.heightVariance
        }
        self.sightings[first + count] = sighting
        self.witnesses[witness].count = count + 1
    }

    /// Ends a stretch: takes in what it says if it was straight and several sensors saw it.
    mutating func close(_ witness: Int, _ coarse: borrowing CoarseTrack, _ sites: borrowing [Site]) {
        let current = self.witnesses[witness]
        self.dismiss(witness)
        guard current.count >= 3 else { return }
        let first = witness * Self.sightingsMax
        var isShared = false
        for i in first + 1..<first + current.count where self.sightings[i].site != self.sightings[first].site {
            isShared = true
        }
        guard isShared else { return }
        let turned = coarse.velocity - current.velocity
        let speed2 = dot(coarse.velocity, coarse.velocity)
        let change2 = dot(turned, turned)
        let isStraight =
            change2
            < min(
                100 + 9 * (coarse.velocityVariance + current.velocityVariance), 0.03 * speed2)
        let duration = coarse.time.seconds(since: current.begin)
        // Half a right angle: beyond that a parabola is no turn.
        guard isStraight || (change2 < 0.5 * speed2 && duration > 4) else {
            self.tally.turns += 1
            return
        }
        self.evaluate(
            witness, place: coarse.place, velocity: coarse.velocity,
            acceleration: isStraight ? .zero : turned / duration,
            turning: change2 / max(duration * duration, 16), time: coarse.time, sites: sites)
    }

    /// Fades, solves and judges when it is time; lets witnesses go whose tracks have ended.
    mutating func advance(to now: Timestamp) {
        for site in self.entries.indices where self.entries[site].clockJump != 0 {
            self.quarantineClock(site, self.entries[site].clockJump, now)
            self.entries[site].clockJump = 0
        }
        if self.solver.phase != .idle { _ = self.goOn() }
        let elapsed = now.seconds(since: self.judgedAt)
        guard abs(elapsed) >= self.parameters.period else { return }
        self.judgedAt = now
        self.fade(min(abs(elapsed), 10 * self.parameters.period))
        // What takes several calls is done as seldom as what is settled.
        let isOften = !self.isSettled && self.solver.count < 300
        if self.solver.phase == .idle, isOften || abs(now.seconds(since: self.solvedAt)) >= 3 * self.parameters.period {
            self.solvedAt = now
            self.beginSolution()
            _ = self.goOn()
        }
        self.judge(now)
        for witness in self.witnesses.indices where self.witnesses[witness].slot >= 0 {
            if abs(now.seconds(since: self.witnesses[witness].begin)) > 60 { self.dismiss(witness) }
        }
    }
}
