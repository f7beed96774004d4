import Air
import Geodesy
import Glibc

/// Which plot belongs to which track.
extension Tracker {
    /// Gives a plot to the track with its address, if that track can be where the plot is.
    ///
    /// - Returns: whether the plot is done with.
    mutating func followIdentity(_ index: Int) -> Bool {
        let key = self.slice[index].key
        guard key != 0 else { return false }
        var slot = self.slotOfKey.value(key)
        guard slot >= 0 else { return false }
        let gate = self.parameters.identityGate * self.parameters.identityGate
        var best = -1
        self.hypotheses.removeAll(keepingCapacity: true)
        while slot >= 0 {
            if self.isTimely(index, Int(slot)), self.isNear(index, Int(slot)), self.hold(index, against: Int(slot)) {
                let last = self.hypotheses.count - 1
                if self.hypotheses[last].distance >= gate {
                    self.hypotheses.removeLast()
                } else if best < 0 || self.hypotheses[last].gain > self.hypotheses[best].gain {
                    best = last
                }
            }
            slot = self.records[Int(slot)].nextOfKey
        }
        guard best >= 0 else {
            if !self.slice[index].isLate {
                self.tally.addressConflicts += 1
                self.noteStray(index)
            }
            return false
        }
        self.tally.byIdentity += 1
        self.commit(best)
        return true
    }

    /// Whether a plot is not so much older than a track that it can no longer be taken in; notes it if it is.
    @inline(__always) mutating func isTimely(_ index: Int, _ slot: Int) -> Bool {
        let dt = self.slice[index].plot.measuredAt.seconds(since: self.coarse[slot].time)
        if dt < -self.parameters.lagMax { self.slice[index].isLate = true }
        return dt >= -self.parameters.lagMax && dt < 2 * self.parameters.coastMax
    }

    /// Whether a plot may lie within the gate of a track, by a look at distances alone.
    @inline(__always) func isNear(_ index: Int, _ slot: Int) -> Bool {
        let at = self.coarse[slot].at(self.slice[index].plot.measuredAt)
        let d = self.slice[index].place - at.place
        let spread = self.slice[index].spread
        return dot(d, d) < 25 * (at.variance + spread * spread) + 1e6
    }

    /// Whether what a plot and a track say of their identity can be one aircraft's; and what it is worth.
    ///
    /// - Returns: log-likelihood to be added, or nil.
    @inline(__always) func agreement(_ index: Int, _ slot: Int) -> Double? {
        let key = self.slice[index].key, other = self.records[slot].key
        if key != 0, other != 0 { return key == other ? 4 : nil }
        guard let code = self.slice[index].code, let known = self.records[slot].track.mode3A?.value, !known.isShared
        else { return 0 }
        // A code is one of 4096; a change of code in flight is rare.
        return code == known ? 6 : -6
    }

    /// Moves a track to the time of a plot and takes the plot in, on a copy: of its newest state, or, for a plot that came
    /// late, of the one that was the newest then.
    ///
    /// A track of one plot is only glanced at: it has no velocity yet, so all its motions foretell the same, and in clutter
    /// there are hundreds of them about every plot. `commit` makes good for it.
    ///
    /// - Returns: whether a hypothesis was added to the list; false if the numbers broke.
    mutating func hold(_ index: Int, against slot: Int) -> Bool {
        let h = self.hypotheses.count
        if h == self.states.count { self.states.append(.none) }
        var base = self.records[slot].newest
        if self.slice[index].plot.measuredAt < self.coarse[slot].time {
            base = self.history.earlier(self.slice[index].plot.measuredAt, from: base)
            guard base >= 0 else {
                self.slice[index].isLate = true
                return false
            }
        }
        let isGlance = self.records[slot].track.plotCount == 1
        let fit = self.foretell(h, from: base, taking: index, isGlance: isGlance)
        let gain = fit.likelihood - self.slice[index].falseDensity
        guard gain.isFinite, fit.distance.isFinite else { return false }
        self.hypotheses.append(
            Hypothesis(
                plot: Int32(index), slot: Int32(slot), base: base, isGlance: isGlance, distance: fit.distance,
                gain: gain))
        return true
    }

    /// Makes the state that follows on an entry of the history with a plot, in a place of `states`.
    ///
    /// - Returns: squared Mahalanobis distance and log-likelihood.
    @inline(__always) mutating func foretell(
        _ h: Int, from base: Int32, taking index: Int, isGlance: Bool
    ) -> (distance: Double, likelihood: Double) {
        let site = self.slice[index].site
        self.history.read(base, single: isGlance, into: &self.states[h])
        let rested = self.states.span[h].mixture.rests
        let fit = self.states[h].take(self.slice.span[index].measured, from: self.sites.span[site], self.parameters)
        guard rested, !isGlance, fit.distance > self.parameters.wakeDistance else { return fit }
        // What the class at work does not foretell, the other one may.
        self.history.read(base, into: &self.states[h])
        self.states[h].mixture.wake(self.parameters)
        return self.states[h].take(self.slice.span[index].measured, from: self.sites.span[site], self.parameters)
    }

    /// Associates what is left of the group with confirmed or with tentative tracks, jointly.
    mutating func associateGroup(confirmed: Bool) {
        let gate = self.parameters.gate * self.parameters.gate
        self.hypotheses.removeAll(keepingCapacity: true)
        for index in self.group where !self.slice[Int(index)].isDone {
            self.findNear(Int(index), confirmed: confirmed)
            for slot in self.near {
                guard self.isTimely(Int(index), Int(slot)), let bonus = self.agreement(Int(index), Int(slot)),
                    !self.wasSeen(Int(slot), inScanOf: Int(index)), self.hold(Int(index), against: Int(slot))
                else { continue }
                let last = self.hypotheses.count - 1
                self.hypotheses[last].gain += bonus
                if self.hypotheses[last].distance >= gate {
                    self.tally.gated += 1
                    self.hypotheses.removeLast()
                } else if !(self.hypotheses[last].gain > 0) {
                    self.hypotheses.removeLast()
                }
            }
        }
        guard !self.hypotheses.isEmpty else { return }
        self.settle(confirmed: confirmed)
    }

    /// Doubts plots that no confirmed track took beside one that a track did take, within what the radar can resolve: rather
    /// than a second aircraft it may be a second echo of the first one, so false plots are denser there.
    mutating func doubtSplits() {
        let k = self.parameters.resolution
        for index in self.group {
            let i = Int(index)
            guard !self.slice[i].isDone, self.slice[i].measured.isPolar, !self.slice[i].isReply else { continue }
            let site = self.slice[i].site
            let range = self.slice[i].measured.range
            let deep = k.range * k.range * self.slice[i].measured.rangeVariance
            let wide = k.azimuth * k.azimuth * self.slice[i].measured.azimuthVariance
            for other in self.group {
                let j = Int(other)
                guard self.slice[j].isDone, !self.slice[j].isReply else { continue }
                let dr = range - self.slice[j].measured.range
                let sine =
                    self.slice[i].measured.sinAzimuth * self.slice[j].measured.cosAzimuth
                    - self.slice[i].measured.cosAzimuth * self.slice[j].measured.sinAzimuth
                guard dr * dr < deep, sine * sine < wide else { continue }
                let cell = 4 * (deep * wide).squareRoot() * range
                var density = log(max(self.parameters.splitEchoes * self.sites[site].mergeShare, 1e-9) / cell)
                if self.slice[i].measured.hasElevation {
                    density -= self.slice[i].measured.hasHeight ? 9.4 : log(0.17 * range)
                }
                let rise = log(1 + exp(density - self.slice[i].falseDensity))
                self.slice[i].falseDensity += rise
                self.slice[i].odds -= rise
                break
            }
        }
    }

    /// Lists the tracks that a plot may belong to.
    mutating func findNear(_ index: Int, confirmed: Bool) {
        self.near.removeAll(keepingCapacity: true)
        let reach = min(5 * self.slice[index].spread + 12_000, 45_000)
        var near = self.near
        self.near = []
        self.grid.forEach(near: self.slice[index].place, radius: reach) { slot in
            if self.coarse[slot].isConfirmed == confirmed, self.isNear(index, slot) { near.append(Int32(slot)) }
        }
        self.near = near
    }

    /// Whether a track already has a plot of this radar from this turn of its antenna.
    @inline(__always) func wasSeen(_ slot: Int, inScanOf index: Int) -> Bool {
        let site = self.slice[index].site
        guard self.sites[site].kind == .radar, self.records[slot].track.plotCount > 0 else { return false }
        let seen = self.looks.until(slot, site)
        let measured = self.slice[index].plot.measuredAt.nanoseconds
        return Double(measured &- seen) < 0.5e9 * self.sites[site].period
            && self.hasContributed(slot, self.sites[site].id, within: 0.5 * self.sites[site].period, of: measured)
    }

    @inline(__always) func hasContributed(
        _ slot: Int, _ sensor: SensorID, within seconds: Double, of instant: Int64
    ) -> Bool {
        for i in 0..<Int(self.records[slot].track.contributionCount) {
            let contribution = self.records.span[slot].track.contributions[i]
            if contribution.sensor == sensor {
                return abs(Double(instant &- contribution.measuredAt.nanoseconds)) < seconds * 1e9
            }
        }
        return false
    }

    /// Chooses among the hypotheses: alone standing ones at once, the rest cluster by cluster.
    mutating func settle(confirmed: Bool) {
        if self.hypotheses.count == 1 {
            self.commit(0)
            return
        }
        while self.trackNode.count < self.records.count { self.trackNode.append(-1) }
        // Union of plots and tracks that share a hypothesis. Node of a hypothesis: its plot's; tracks point to nodes.
        self.parents.removeAll(keepingCapacity: true)
        for h in self.hypotheses.indices { self.parents.append(Int32(h)) }
        for h in self.hypotheses.indices {
            if h > 0, self.hypotheses[h].plot == self.hypotheses[h - 1].plot { self.unite(h, h - 1) }
            let slot = Int(self.hypotheses[h].slot)
            let node = self.trackNode[slot]
            if node >= 0 { self.unite(h, Int(node)) } else { self.trackNode[slot] = Int32(h) }
        }
        for h in self.hypotheses.indices { self.trackNode[Int(self.hypotheses[h].slot)] = -1 }
        for root in self.hypotheses.indices where self.root(root) == root {
            self.clusterRows.removeAll(keepingCapacity: true)
            self.clusterColumns.removeAll(keepingCapacity: true)
            var size = 0
            for h in root..<self.hypotheses.count where self.root(h) == root {
                size += 1
                let (plot, slot) = (self.hypotheses[h].plot, self.hypotheses[h].slot)
                if self.clusterRows.last != plot { self.clusterRows.append(plot) }
                if self.trackNode[Int(slot)] < 0 {
                    self.trackNode[Int(slot)] = Int32(self.clusterColumns.count)
                    self.clusterColumns.append(slot)
                }
            }
            if size == 1 {
                self.commit(root)
            } else {
                self.choose(root)
                if confirmed {
                    self.settleUnresolved(root)
                    self.soften(root)
                }
                for h in self.chosen where h >= 0 {
                    self.tally.byAssignment += 1
                    self.commit(Int(h))
                }
            }
            for slot in self.clusterColumns { self.trackNode[Int(slot)] = -1 }
        }
    }

    /// Chooses the hypothesis of each row of a cluster: that of the cheapest assignment, or of the one that fits a formation.
    private mutating func choose(_ root: Int) {
        self.chosen.removeAll(keepingCapacity: true)
        if self.chooseFormation(root) { return }
        let rows = self.clusterRows.count
        self.chosen.append(contentsOf: repeatElement(-1, count: rows))
        self.assignment.begin(rows: rows, tracks: self.clusterColumns.count)
        var row = 0
        for h in root..<self.hypotheses.count where self.root(h) == root {
            while self.clusterRows[row] != self.hypotheses[h].plot { row += 1 }
            self.assignment.setCost(
                row: row, column: Int(self.trackNode[Int(self.hypotheses[h].slot)]), -self.hypotheses[h].gain)
        }
        self.assignment.solve()
        row = 0
        for h in root..<self.hypotheses.count where self.root(h) == root {
            while self.clusterRows[row] != self.hypotheses[h].plot { row += 1 }
            if self.assignment.column(ofRow: row) == Int(self.trackNode[Int(self.hypotheses[h].slot)]) {
                self.chosen[row] = Int32(h)
            }
        }
    }

    /// Chooses in a cluster of several plots and tracks, if some of the tracks may fly in formation.
    ///
    /// - Returns: whether it has.
    private mutating func chooseFormation(_ root: Int) -> Bool {
        let rows = self.clusterRows.count, columns = self.clusterColumns.count
        guard rows > 1, columns > 1, rows <= Formation.most, columns <= Formation.most else { return false }
        let frame = TangentFrame(below: self.coarse[Int(self.clusterColumns[0])].place)
        self.formation.begin(rows: rows, columns: columns)
        for slot in self.clusterColumns {
            let velocity = self.coarse[Int(slot)].velocity
            let at = self.coarse[Int(slot)].at(self.slice[Int(self.clusterRows[0])].plot.measuredAt)
            self.formation.addTrack(
                velocity: SIMD2(dot(velocity, frame.east), dot(velocity, frame.north)),
                swerve: at.variance - self.coarse[Int(slot)].placeVariance)
        }
        var row = 0
        for h in root..<self.hypotheses.count where self.root(h) == root {
            while self.clusterRows[row] != self.hypotheses[h].plot { row += 1 }
            self.formation.set(row, Int(self.trackNode[Int(self.hypotheses[h].slot)]), self.pair(h, in: frame))
        }
        self.formation.solve(likeness: self.parameters.formationLikeness)
        for row in 0..<rows { self.chosen.append(Int32(self.formation.hypothesis(ofRow: row))) }
        return true
    }

    /// Finds the echoes of a cluster that may be of two tracks or more, too near to each other for the radar to resolve;
    /// what is of several is given to them all, and taken off the list of what is chosen.
    private mutating func settleUnresolved(_ root: Int) {
        for row in self.chosen.indices where self.chosen[row] >= 0 {
            self.noteResolved(row)
        }
        guard self.clusterColumns.count > 1 else { return }
        for h in self.chosen where h >= 0 { self.trackNode[Int(self.hypotheses[Int(h)].slot)] = -2 }
        var row = 0
        self.sharers.removeAll(keepingCapacity: true)
        let count = self.hypotheses.count
        for h in root..<count where self.root(h) == root {
            while self.clusterRows[row] != self.hypotheses[h].plot {
                self.share(row)
                row += 1
            }
            let slot = Int(self.hypotheses[h].slot)
            guard self.chosen[row] >= 0, self.trackNode[slot] >= 0,
                let odds = self.unresolvedOdds(Int(self.chosen[row]), h), odds > self.parameters.unresolvedOdds
            else { continue }
            self.trackNode[slot] = -2
            self.sharers.append(Int32(slot))
            // The echo would be there without this track too: it says no more of it than that it was not missed.
            self.sharerGains.append(-log(1 + exp(-odds)))
        }
        self.share(row)
    }

    /// Takes plots for noisier that nearly went to another track, or whose track nearly had another plot.
    ///
    /// A wrong assignment costs a track less so, and two tracks in dispute are not drawn together, as they would be by a mean
    /// over all assignments. With ρ the log-likelihood of the next best exchange less that of what was chosen, the noise
    /// grows by 1 + 2 (a − 1) / (1 + exp(−ρ)), a where both are equally likely.
    private mutating func soften(_ root: Int) {
        let most = Formation.most, k = self.parameters
        guard self.clusterColumns.count <= most, self.clusterRows.count <= most else { return }
        for choice in self.chosen where choice >= 0 {
            let h = Int(choice)
            let rivalry = self.rivalry(h, root)
            guard rivalry > k.disputeOdds else { continue }
            let index = Int(self.hypotheses[h].plot)
            let growth = 1 + 2 * (k.disputeNoise - 1) / (1 + exp(-rivalry))
            self.slice[index].measured.rangeVariance *= growth
            self.slice[index].measured.azimuthVariance *= growth
            self.slice[index].measured.positionVariance *= growth
            _ = self.foretell(h, from: self.hypotheses[h].base, taking: index, isGlance: self.hypotheses[h].isGlance)
        }
    }

    /// Log-likelihood of the best exchange of a chosen hypothesis for others, less that of what was chosen.
    private func rivalry(_ h: Int, _ root: Int) -> Double {
        let (plot, slot, gain) = (self.hypotheses[h].plot, self.hypotheses[h].slot, self.hypotheses[h].gain)
        var best = -Double.infinity
        for g in root..<self.parents.count where g != h && self.root(g) == root {
            let (otherPlot, otherSlot) = (self.hypotheses[g].plot, self.hypotheses[g].slot)
            if otherPlot == plot {
                // To another track, which then leaves its own plot to this one.
                var difference = self.hypotheses[g].gain - gain
                for other in self.chosen where other >= 0 && self.hypotheses[Int(other)].slot == otherSlot {
                    difference -= self.hypotheses[Int(other)].gain
                    for f in root..<self.parents.count
                    where self.hypotheses[f].plot == self.hypotheses[Int(other)].plot && self.hypotheses[f].slot == slot
                    {
                        difference += self.hypotheses[f].gain
                    }
                }
                best = max(best, difference)
            } else if otherSlot == slot {
                // Another plot, which no track has.
                var isFree = true
                for other in self.chosen where other >= 0 && self.hypotheses[Int(other)].plot == otherPlot {
                    isFree = false
                }
                if isFree { best = max(best, self.hypotheses[g].gain - gain) }
            }
        }
        return best
    }

    /// Notes that a radar has resolved a plot from another one of the cluster where many radars would not have.
    private mutating func noteResolved(_ row: Int) {
        let index = Int(self.clusterRows[row])
        let site = self.slice[index].site
        guard self.slice[index].measured.isPolar, !self.slice[index].isReply else { return }
        for other in 0..<row where self.chosen[other] >= 0 {
            let second = Int(self.clusterRows[other])
            guard !self.slice[second].isReply else { continue }
            let k = self.parameters.resolution
            let dr = self.slice[index].measured.range - self.slice[second].measured.range
            let sine =
                self.slice[index].measured.sinAzimuth * self.slice[second].measured.cosAzimuth
                - self.slice[index].measured.cosAzimuth * self.slice[second].measured.sinAzimuth
            if dr * dr < 0.5 * k.range * k.range * self.slice[index].measured.rangeVariance,
                sine * sine < 0.5 * k.azimuth * k.azimuth * self.slice[index].measured.azimuthVariance
            {
                self.sites[site].pairsResolved += 1
            }
        }
    }

    /// How much likelier the plot of one hypothesis is of its track and that of another hypothesis together than of its own
    /// track while the other one is missed: logarithm of the odds, and nil if the two may be one aircraft.
    ///
    /// Two targets Δr and Δα apart are not resolved with probability exp(−½ (Δr/αr)² − ½ (Δα/αa)²), here averaged over
    /// the errors of both tracks; their echo lies about halfway.
    ///
    /// Source: W. Koch, G. van Keuk, IEEE Trans. AES 33/3 (1997).
    private mutating func unresolvedOdds(_ own: Int, _ other: Int) -> Double? {
        let index = Int(self.hypotheses[own].plot)
        let a = Int(self.hypotheses[own].slot), b = Int(self.hypotheses[other].slot)
        let site = self.slice[index].site
        guard self.slice[index].measured.isPolar, !self.slice[index].isReply, !self.slice[index].isForeign else {
            return nil
        }
        let now = self.slice[index].plot.measuredAt
        guard abs(now.seconds(since: self.coarse[a].time)) < 30, abs(now.seconds(since: self.coarse[b].time)) < 30
        else { return nil }
        let isYounger = self.records[a].track.id > self.records[b].track.id
        guard self.areApart(isYounger ? a : b, isYounger ? b : a, now) else { return nil }
        let frame = TangentFrame(below: self.coarse[a].place)
        let x = self.pair(own, in: frame), y = self.pair(other, in: frame)
        let beam =
            self.slice[index].measured.sinAzimuth * self.sites[site].east + self.slice[index].measured.cosAzimuth
            * self.sites[site].north
        var u = SIMD2(dot(beam, frame.east), dot(beam, frame.north))
        u /= max(dot(u, u).squareRoot(), 1e-3)
        let v = SIMD2(-u.y, u.x)
        let d = x.innovation - y.innovation
        let k = self.parameters.resolution
        let range = self.slice[index].measured.range
        let alphaRange = k.range * k.range * self.slice[index].measured.rangeVariance
        let alphaAcross = k.azimuth * k.azimuth * self.slice[index].measured.azimuthVariance * range * range
        let along = dot(u, d), across = dot(v, d)
        // Errors of the tracks alone, and not the two plots': there is but one.
        let alongVariance = dot(u, (x.noise + y.noise) * u) - 2 * self.slice[index].measured.rangeVariance + alphaRange
        let acrossVariance =
            dot(v, (x.noise + y.noise) * v) - 2 * self.slice[index].measured.azimuthVariance * range * range
            + alphaAcross
        guard alongVariance > alphaRange, acrossVariance > alphaAcross else { return nil }
        let closeness =
            (alphaRange * alphaAcross / (alongVariance * acrossVariance)).squareRoot()
            * exp(-0.5 * (along * along / alongVariance + across * across / acrossVariance))
        if closeness > 0.5 { self.sites[site].pairsSingle += 1 }
        let unresolved = min(closeness, 0.98) * self.sites[site].mergeShare
        guard unresolved > 0.02 else { return nil }
        let detection = min(self.sites[site].primary?.detectionProbability ?? 0.9, 0.97)
        let swerve = self.coarse[a].at(now).variance - self.coarse[a].placeVariance
        let inverse = (x.noise + .diagonal(swerve)).inverse
        let middle = 0.5 * (x.innovation + y.innovation)
        return log(unresolved / ((1 - unresolved) * (1 - detection))) - 0.5 * dot(middle, inverse * middle)
            + 0.5 * dot(x.innovation, inverse * x.innovation)
    }

    /// Gives a row's plot to its track and to those that share it: to each, a measurement of its own place.
    ///
    /// The plot is one of the middle, z = (x₁ + … + xₙ)/n + w; so xᵢ is measured by n z − Σ xⱼ of the others, with
    /// variance n² R + Σ Pⱼ: for each track alone this is the same as an update of all of them at once.
    private mutating func share(_ row: Int) {
        guard !self.sharers.isEmpty else { return }
        let h = Int(self.chosen[row])
        self.chosen[row] = -1
        let index = Int(self.hypotheses[h].plot), gain = self.hypotheses[h].gain
        let site = self.slice[index].site
        self.sharers.append(self.hypotheses[h].slot)
        let now = self.slice[index].plot.measuredAt
        let n = Double(self.sharers.count)
        var middle = SIMD2<Double>.zero, variance = SIMD2<Double>.zero
        for slot in self.sharers {
            let known = self.polar(Int(slot), of: site, near: index, now)
            middle += known.place / n
            variance += known.variance
        }
        guard case .polar(let range, let azimuth, let elevation) = self.slice[index].plot.measurement else { return }
        let innovation = SIMD2(range, 0) - middle
        self.slice[index].isDone = true
        self.tally.unresolved += 1
        for i in self.sharers.indices {
            let slot = Int(self.sharers[i])
            let known = self.polar(slot, of: site, near: index, now)
            let measured = known.place + n * innovation
            let others = variance - known.variance
            var plot = self.slice[index].plot
            plot.measurement = .polar(range: measured.x, azimuth: azimuth + measured.y, elevation: elevation)
            guard var prepared = PreparedPlot(plot, site: site, self.sites[site], clutter: 1, self.parameters) else {
                continue
            }
            prepared.measured.rangeVariance = n * n * self.slice[index].measured.rangeVariance + others.x
            prepared.measured.azimuthVariance = n * n * self.slice[index].measured.azimuthVariance + others.y
            prepared.measured.upVariance *= n * n
            prepared.falseDensity = self.slice[index].falseDensity
            prepared.odds = self.slice[index].odds
            prepared.isLate = self.slice[index].isLate
            prepared.isShared = true
            prepared.isGuest = i < self.sharers.count - 1
            let own = self.slice.count
            self.slice.append(prepared)
            guard self.hold(own, against: slot) else { continue }
            let last = self.hypotheses.count - 1
            self.hypotheses[last].gain = prepared.isGuest ? self.sharerGains[i] : gain
            self.commit(last)
            self.hypotheses.removeLast()
        }
        self.sharers.removeAll(keepingCapacity: true)
        self.sharerGains.removeAll(keepingCapacity: true)
    }

    /// Range, metres, and azimuth less that of a plot, radians, of a track at an instant; and their variances.
    private func polar(
        _ slot: Int, of site: Int, near index: Int, _ now: Timestamp
    ) -> (place: SIMD2<Double>, variance: SIMD2<Double>) {
        let at = self.coarse[slot].at(now)
        let d = at.place - self.sites[site].centre
        let east = dot(d, self.sites[site].east), north = dot(d, self.sites[site].north)
        let (s, c) = (self.slice[index].measured.sinAzimuth, self.slice[index].measured.cosAzimuth)
        let range = dot(d, d).squareRoot()
        let frame = TangentFrame(below: at.place)
        let beam = s * self.sites[site].east + c * self.sites[site].north
        let u = SIMD2(dot(beam, frame.east), dot(beam, frame.north)), v = SIMD2(-u.y, u.x)
        let pp = self.uncertainty(slot)
        let since = at.variance - self.coarse[slot].placeVariance
        return (
            SIMD2(range, atan2(c * east - s * north, c * north + s * east)),
            SIMD2(dot(u, pp * u) + since, (dot(v, pp * v) + since) / (range * range))
        )
    }

    /// Covariance of the place of a track at its newest plot, east and north, m².
    private func uncertainty(_ slot: Int) -> Matrix2 {
        var state = self.history.state(self.records[slot].newest)
        return state.mixture.blended(self.parameters).pp
    }

    /// A hypothesis as the formation sees it.
    private func pair(_ h: Int, in frame: TangentFrame) -> Formation.Pair {
        let index = Int(self.hypotheses[h].plot), slot = Int(self.hypotheses[h].slot)
        let at = self.coarse[slot].at(self.slice[index].plot.measuredAt)
        let dt = self.slice[index].plot.measuredAt.seconds(since: self.coarse[slot].time)
        let d = self.slice[index].place - at.place
        var pair = Formation.Pair(hypothesis: Int32(h), gain: self.hypotheses[h].gain)
        pair.innovation = SIMD2(dot(d, frame.east), dot(d, frame.north))
        let vertical = self.coarse[slot].heightVariance
        pair.rest = (self.agreement(index, slot) ?? 0) - self.slice[index].falseDensity
        var noise = self.uncertainty(slot)
        let site = self.slice[index].site
        if self.slice[index].measured.isPolar {
            let beam =
                self.slice[index].measured.sinAzimuth * self.sites[site].east
                + self.slice[index].measured.cosAzimuth * self.sites[site].north
            let u = SIMD2(dot(beam, frame.east), dot(beam, frame.north))
            let across =
                self.slice[index].measured.range * self.slice[index].measured.range
                * self.slice[index].measured.azimuthVariance
            noise =
                noise + self.slice[index].measured.rangeVariance * outer(u, u) + across
                * outer(SIMD2(-u.y, u.x), SIMD2(-u.y, u.x))
        } else {
            noise = noise + .diagonal(self.slice[index].measured.positionVariance)
        }
        let drift = self.parameters.formationDrift
        pair.noise = noise + .diagonal(dt * dt * min(self.coarse[slot].velocityVariance, drift * drift))
        if self.slice[index].measured.hasHeight || self.slice[index].measured.hasElevation {
            let variance =
                vertical
                + (self.slice[index].measured.hasHeight
                    ? self.slice[index].measured.heightVariance : self.slice[index].measured.upVariance)
            let rise = dot(d, frame.up)
            pair.rest -= 0.5 * (rise * rise / variance + log(2 * .pi * variance))
        }
        return pair
    }

    @inline(__always) func root(_ node: Int) -> Int {
        var node = node
        while Int(self.parents[node]) != node { node = Int(self.parents[node]) }
        return node
    }

    /// The lower root wins, so that a root is its cluster's first hypothesis.
    mutating func unite(_ a: Int, _ b: Int) {
        let (x, y) = (self.root(a), self.root(b))
        self.parents[max(x, y)] = Int32(min(x, y))
    }
}
