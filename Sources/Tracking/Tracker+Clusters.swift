import Air
import Geodesy
import Glibc

/// What a cluster of several plots and tracks needs beyond the cheapest assignment: formations, unresolved echoes, disputes.
///
/// Source: decision 16. Methods that change nothing are `mutating` for the reason given at `fate`.
extension Tracker {
    /// Chooses in a cluster of several plots and tracks, if some of the tracks may fly in formation.
    ///
    /// - Returns: whether it has.
    mutating func chooseFormation(_ root: Int) -> Bool {
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
    mutating func settleUnresolved(_ root: Int) {
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
    mutating func soften(_ root: Int) {
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
    private mutating func rivalry(_ h: Int, _ root: Int) -> Double {
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
    mutating func noteResolved(_ row: Int) {
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
    mutating func share(_ row: Int) {
        guard !self.sharers.isEmpty else { return }
        let h = Int(self.chosen[row])
        self.chosen[row] = -1
        let index = Int(self.hypotheses[h].plot), gain = self.hypotheses[h].gain
        let site = self.slice[index].site
        self.sharers.append(self.hypotheses[h].slot)
        let now = self.slice[index].plot.measuredAt
        let n = Double(self.sharers.count)
        var middle = SIMD2<Double>.zero, variance = SIMD2<Double>.zero
        // Each is measured against the places of the others, and so made from what they are made from.
        var labels = self.slice[index].plot.labels
        for slot in self.sharers {
            let known = self.polar(Int(slot), of: site, near: index, now)
            labels.formUnion(self.records[Int(slot)].track.labels)
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
            plot.labels = labels
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
    private mutating func polar(
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
    private mutating func uncertainty(_ slot: Int) -> Matrix2 {
        var state = self.history.state(self.records[slot].newest)
        return state.mixture.blended(self.parameters).pp
    }

    /// A hypothesis as the formation sees it.
    private mutating func pair(_ h: Int, in frame: TangentFrame) -> Formation.Pair {
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
}
