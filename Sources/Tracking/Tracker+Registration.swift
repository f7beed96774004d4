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

    /// Now and then: fades, solves and judges.
    mutating func register(_ now: Timestamp) {
        guard self.registration.isOn else { return }
        self.registration.advance(to: now)
    }
}

extension Registration {
    /// Takes a track for a witness; −1 if there are enough.
    mutating func callWitness(
        _ slot: Int, _ track: TrackID, at instant: Timestamp, _ coarse: borrowing CoarseTrack
    ) -> Int {
        let witness: Int
        if let free = self.freeWitnesses.popLast() {
            witness = Int(free)
        } else {
            guard self.witnesses.count < max(256, 32 * min(self.entries.count, self.parameters.sensorsMax)) else {
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
        if plot.isPolar {
            guard case .polar(let range, let azimuth, let elevation) = plot.plot.measurement else { return }
            sighting = Sighting(
                site: Int32(site), measuredAt: measuredAt,
                z: SIMD3(
                    range * (1 + applied[BiasIndex.gain]) + applied[BiasIndex.range],
                    azimuth + applied[BiasIndex.azimuth], (elevation ?? 0) + applied[BiasIndex.elevation]),
                first: plot.rangeVariance, second: plot.azimuthVariance)
            sighting.isPolar = true
            if plot.hasElevation {
                sighting.hasElevation = true
                let ground = max(range * range - plot.up * plot.up, 1)
                sighting.third = plot.upVariance / ground
            }
        } else {
            guard plot.plot.doubts.isEmpty,
                plot.positionVariance < self.parameters.witnessDeviationMax
                    * self.parameters.witnessDeviationMax
            else { return }
            // One place of each receiver every few seconds says all.
            for i in (first..<first + count).reversed()
            where Int(self.sightings[i].site) == site {
                if measuredAt.seconds(since: self.sightings[i].measuredAt) < 4.5 { return }
                break
            }
            sighting = Sighting(
                site: Int32(site), measuredAt: measuredAt, z: plot.place, first: plot.positionVariance,
                second: plot.velocityVariance)
            sighting.velocity = plot.velocity
            sighting.hasVelocity = plot.velocityVariance > 0
        }
        if let height = plot.plot.geometricHeight, height.isFinite, plot.hasHeight {
            sighting.heightKind = 1
            sighting.height = height
            sighting.heightVariance = 15 * 15
        } else if plot.plot.pressureAltitude != nil, plot.hasHeight {
            sighting.heightKind = 2
            sighting.height = plot.height
            sighting.heightVariance = plot.heightVariance
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
        guard dot(turned, turned) < min(100 + 9 * (coarse.velocityVariance + current.velocityVariance), 0.03 * speed2)
        else {
            self.tally.turns += 1
            return
        }
        self.evaluate(
            witness, place: coarse.place, velocity: coarse.velocity, time: coarse.time, sites: sites)
    }

    /// Fades, solves and judges when it is time; lets witnesses go whose tracks have ended.
    mutating func advance(to now: Timestamp) {
        let elapsed = now.seconds(since: self.solvedAt)
        guard abs(elapsed) >= self.parameters.period else { return }
        self.solvedAt = now
        self.fade(min(abs(elapsed), 10 * self.parameters.period))
        self.solve()
        self.judge(now)
        for witness in self.witnesses.indices where self.witnesses[witness].slot >= 0 {
            if abs(now.seconds(since: self.witnesses[witness].begin)) > 60 { self.dismiss(witness) }
        }
    }
}
