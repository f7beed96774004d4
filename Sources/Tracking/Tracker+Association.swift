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
