import Air
import Geodesy
import Glibc

/// Which tracks of several nations are one aircraft.
extension FusedPicture {
    /// Joins a track with its twin, if each is the other's likeliest: at once where nothing else comes near, else after some
    /// sweeps.
    mutating func joinTwin(_ slot: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        let mine = self.twin(of: slot, now)
        // What may be an aircraft that is told of already is not told of beside it, until it is known better.
        self.records[slot].isVeiled =
            !self.records[slot].isTold && now.seconds(since: self.records[slot].base.track.bornAt) < mine.veil
        guard mine.slot >= 0 else {
            self.records[slot].base.twinSweeps = 0
            return
        }
        let theirs = self.twin(of: mine.slot, now)
        guard theirs.slot == slot else {
            self.records[slot].base.twinSweeps = 0
            return
        }
        let id = self.records[mine.slot].base.track.id
        if self.records[slot].base.twin != id {
            self.records[slot].base.twin = id
            self.records[slot].base.twinSweeps = 0
        }
        self.records[slot].base.twinSweeps += 1
        let isSame = self.haveOneAddress(slot, mine.slot)
        let isClear = min(mine.lead, theirs.lead) > self.parameters.clearLead
        guard isSame || isClear || self.records[slot].base.twinSweeps >= self.parameters.alikeSweeps else { return }
        if isSame { self.tally.joinedByIdentity += 1 } else { self.tally.joinedByKinematics += 1 }
        let isElder = self.isBefore(slot, mine.slot)
        self.merge(isElder ? mine.slot : slot, into: isElder ? slot : mine.slot, now, into: &changes)
    }

    /// Whether of two tracks the first one keeps its number: what was told, then what is older.
    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        if self.records[a].isTold != self.records[b].isTold { return self.records[a].isTold }
        return self.records[a].base.track.id < self.records[b].base.track.id
    }

    private func haveOneAddress(_ a: Int, _ b: Int) -> Bool {
        self.records[a].base.key != 0 && self.records[a].base.key == self.records[b].base.key
    }

    /// The likeliest other track that may be the same aircraft.
    ///
    /// - Returns: its slot, or −1; how much likelier than the next one it is, as a difference of −2 log-likelihood; and for
    ///   how long after its birth this one is held back, as a track that is told of lies so near that it may be it.
    private mutating func twin(of slot: Int, _ now: Timestamp) -> (slot: Int, lead: Double, veil: Double) {
        let here = self.records[slot].place
        var near = self.near
        self.near = []
        near.removeAll(keepingCapacity: true)
        self.grid.forEach(near: here, radius: 8_000) { other in
            guard other != slot, self.records[other].isLive else { return }
            let d = self.records[other].place - here
            if dot(d, d) < 8_000 * 8_000 { near.append(Int32(other)) }
        }
        self.near = near
        guard !near.isEmpty else { return (-1, 0, 0) }
        var best = -1, bestID = TrackID(0)
        var least = Double.infinity, second = Double.infinity
        var veil = 0.0
        var own: Track?
        for other in near {
            let mayBeOne = self.mayBeOne(slot, Int(other))
            guard mayBeOne || self.records[Int(other)].isTold, !self.areContrary(slot, Int(other)) else { continue }
            if own == nil { own = self.snapshot(slot, now) }
            guard let mine = own else { break }
            let isSame = self.haveOneAddress(slot, Int(other))
            let (square, cost) = self.distance(Int(other), mine)
            if square < self.parameters.veilGate, self.records[Int(other)].isTold {
                veil = max(veil, mayBeOne ? self.parameters.veilMax : self.parameters.veilMaxSeen)
            }
            guard mayBeOne, square < (isSame ? self.parameters.identityGate : self.parameters.alikeGate) else {
                continue
            }
            let value = isSame ? cost - 1e6 : cost
            let id = self.records[Int(other)].base.track.id
            if value < least || value == least && id < bestID {
                (best, second, least, bestID) = (Int(other), least, value, id)
            } else {
                second = min(second, value)
            }
        }
        return (best, second - least, veil)
    }

    /// Whether the identities of two tracks are those of two aircraft.
    private func areContrary(_ a: Int, _ b: Int) -> Bool {
        let first = self.records[a].base.key, second = self.records[b].base.key
        if first != 0, second != 0 { return first != second }
        if let x = self.records[a].base.track.mode3A?.value, let y = self.records[b].base.track.mode3A?.value,
            x != y, !x.isShared, !y.isShared
        {
            return true
        }
        return false
    }

    /// Whether identity and contributors allow that two tracks are one aircraft.
    private func mayBeOne(_ a: Int, _ b: Int) -> Bool {
        if self.areContrary(a, b) { return false }
        let isSame = self.haveOneAddress(a, b)
        guard !isSame else { return true }
        // A nation that has two tracks has seen two aircraft.
        var c = Int(self.records[a].first)
        while c >= 0 {
            var d = Int(self.records[b].first)
            while d >= 0 {
                if self.contributors[c].nation == self.contributors[d].nation { return false }
                d = Int(self.contributors[d].next)
            }
            c = Int(self.contributors[c].next)
        }
        return true
    }

    private func contributor(of slot: Int) -> Contributor? {
        let c = Int(self.records[slot].first)
        return c >= 0 ? self.contributors[c] : nil
    }

    private mutating func snapshot(_ slot: Int, _ now: Timestamp) -> Track {
        self.history.read(self.records[slot].base.newest, into: &self.state)
        return self.records.span[slot].base.snapshot(
            &self.state, after: now.seconds(since: self.state.time), self.parameters.tracker)
    }

    /// The squared Mahalanobis distance of position and velocity between a track of the picture and a state, and that with
    /// the logarithm of the determinant: −2 log-likelihood.
    mutating func distance(_ slot: Int, _ other: Track) -> (square: Double, cost: Double) {
        let x = self.snapshot(slot, other.measuredAt)
        let frame = TangentFrame(below: SIMD3(Geocentric(other.position)))
        let d = frame.coordinates(of: SIMD3(Geocentric(x.position))).p
        var difference = Vector<4>.zero
        difference[0] = d.x
        difference[1] = d.y
        difference[2] = x.velocity.east - other.velocity.east
        difference[3] = x.velocity.north - other.velocity.north
        guard let factor = try? (x.covariance + other.covariance).cholesky() else { return (.infinity, .infinity) }
        let solved = factor.solvedAsCholeskyFactor(difference)
        var square = 0.0, logarithm = 0.0
        for i in 0..<4 {
            square += difference[i] * solved[i]
            logarithm += 2 * log(factor[i, i])
        }
        return (square, square + logarithm)
    }

    /// Makes one track of two: the elder keeps its number and takes what the younger has found.
    private mutating func merge(
        _ younger: Int, into elder: Int, _ now: Timestamp, into changes: inout [SystemTrackChange]
    ) {
        if self.records[younger].hasInformation {
            if self.records[elder].hasInformation {
                // The nations' plots are different ones, so their estimates are (but for the motion that both suppose)
                // independent, and the one is a measurement to the other.
                let time = max(
                    self.history.time(self.records[younger].base.newest),
                    self.history.time(self.records[elder].base.newest))
                let track = self.snapshot(younger, time)
                if let nation = self.contributor(of: younger)?.nation, let lines = track.asTracklet(of: nation) {
                    _ = self.add(lines, to: elder, gate: .infinity)
                }
            } else {
                let newest = self.records[younger].base.newest
                self.records[younger].base.newest = self.records[elder].base.newest
                self.records[elder].base.newest = newest
                self.records[elder].hasInformation = true
                self.place(elder)
            }
        }
        while self.records[younger].first >= 0 {
            let c = Int(self.records[younger].first)
            self.leave(c)
            self.join(c, to: elder)
        }
        self.records[elder].base.track.plotCount &+= self.records[younger].base.track.plotCount
        self.records[elder].base.track.bornAt = min(
            self.records[elder].base.track.bornAt, self.records[younger].base.track.bornAt)
        if self.records[elder].rival == self.records[younger].base.track.id { self.records[elder].rival = TrackID(0) }
        self.drop(younger, now, into: &changes)
        self.settle(elder)
    }
}

extension Track {
    /// The whole state as information; nil if the covariance has no inverse.
    func asTracklet(of nation: Nation) -> Tracklet? {
        guard let information = try? self.covariance.inverted() else { return nil }
        var t = Tracklet(
            originator: nation, track: self.id, epoch: 0, sequence: 1, from: self.measuredAt,
            measuredAt: self.measuredAt, position: self.position)
        t.information = information.symmetrised
        var x = Vector<4>.zero
        x[2] = self.velocity.east
        x[3] = self.velocity.north
        t.vector = t.information * x
        if self.heightVariance > 0 {
            t.vertical.heightInformation = 1 / self.heightVariance
            t.vertical.heightVector = self.position.height / self.heightVariance
        }
        return t
    }
}
