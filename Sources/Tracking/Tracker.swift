public import Air
import Geodesy
import Glibc

/// Makes tracks of the plots of many sensors: a pure value, `(reports, time) → changes`.
///
/// Every plot is taken as it comes; none is held back. Plots that carry the address of a known track go to it at once
/// (if they lie where that track can be); the others are associated jointly with all others of the same sensor in the
/// same call, by the cheapest assignment of the whole cluster, first to confirmed, then to tentative tracks; what is
/// left begins a new track. A sensor's plots should therefore come together where they were measured together: all of a
/// datagram, or of a quarter of a second.
///
/// Filter: two interacting multiple models side by side, of a transport and of an agile aircraft, in a tangent frame that
/// follows the track; the height in a filter of its own. Life: a log-likelihood ratio, raised by plots, and lowered by
/// looks in vain of the sensors whose coverage holds the track, counted by the sweep of each radar's beam
/// and not by the wall's time.
///
/// Complexity: O(1) of the number of tracks a plot; no allocation in the steady state.
///
/// Source: S. Blackman, R. Popoli, "Design and Analysis of Modern Tracking Systems" (1999), 6.2 (score), 6.4
/// (assignment); H. Blom, Y. Bar-Shalom (1988) (filter).
public struct Tracker: Sendable {
    /// What was tuned.
    public let parameters: TrackerParameters
    /// What was counted.
    public private(set) var tally = TrackerTally()

    private var sites: [Site] = []
    private var siteOfSensor = FlatTable()
    private var records: [TrackRecord] = []
    private var coarse: [CoarseTrack] = []
    private var freeSlots: [Int32] = []
    private var grid = TrackGrid()
    private var slotOfKey = FlatTable()
    private var slotOfID = FlatTable()
    /// Per slot and site: until when looks of this site at this track are accounted for; `Int64.min`: never seen by it.
    private var looks: [Int64] = []
    private var siteStride = 16
    private var lastID: UInt32
    private var sweptAt = Timestamp(nanoseconds: .min)
    /// Calls in a row whose time lay far from the last sweep's.
    private var leaps = 0

    // Scratch, kept from call to call.
    private var slice: [PreparedPlot] = []
    private var sliceHeads: [Int32] = []
    private var sliceTails: [Int32] = []
    private var sliceSites: [Int32] = []
    private var group: [Int32] = []
    private var near: [Int32] = []
    private var hypotheses: [Hypothesis] = []
    private var touched: [Int32] = []
    private var assignment = Assignment()
    private var parents: [Int32] = []
    private var trackNode: [Int32] = []
    private var clusterRows: [Int32] = []
    private var clusterColumns: [Int32] = []

    /// A tracker without tracks.
    ///
    /// - Parameter sensors: where sensors stand and how they see; more can be told later.
    public init(sensors: [Sensor], parameters: TrackerParameters = TrackerParameters()) {
        self.parameters = parameters
        self.lastID = parameters.firstID.rawValue &- 1
        for sensor in sensors { self.setSensor(sensor) }
    }

    /// Adds a sensor, or replaces what was known of it (its beam and its tracks go on).
    public mutating func setSensor(_ sensor: Sensor) {
        var site = Site(sensor, parameters: self.parameters)
        let known = self.siteOfSensor.value(UInt64(sensor.id.rawValue))
        if known >= 0 {
            let old = self.sites[Int(known)]
            if old.kind == site.kind {
                site.beamAt = old.beamAt
                site.beamAzimuth = old.beamAzimuth
            }
            site.isOperational = old.isOperational
            self.sites[Int(known)] = site
        } else {
            self.append(site)
        }
    }

    private mutating func append(_ site: Site) {
        self.siteOfSensor.set(UInt64(site.id.rawValue), Int32(self.sites.count))
        self.sites.append(site)
        self.sliceHeads.append(-1)
        self.sliceTails.append(-1)
        guard self.sites.count > self.siteStride else { return }
        let wider = 2 * self.siteStride
        var looks = [Int64](repeating: .min, count: self.records.count * wider)
        for slot in self.records.indices {
            for site in 0..<self.siteStride { looks[slot * wider + site] = self.looks[slot * self.siteStride + site] }
        }
        self.looks = looks
        self.siteStride = wider
    }

    // MARK: Reports

    /// Takes reports in the order of their arrival and tells what has changed.
    ///
    /// - Parameters:
    ///   - reports: in order of `receivedAt`.
    ///   - now: the newest `receivedAt`, or later.
    ///   - changes: what has changed is appended: each confirmed track that took a plot once, with its newest state,
    ///     and each track that ended.
    public mutating func process(
        _ reports: borrowing Span<SensorReport>, now: Timestamp, into changes: inout [TrackChange]
    ) {
        var sliceBegin = Timestamp(nanoseconds: .min)
        for index in reports.indices {
            switch reports[index] {
            case .plot(let plot):
                if plot.receivedAt.seconds(since: sliceBegin) > self.parameters.slice {
                    self.associateSlice(into: &changes)
                    sliceBegin = plot.receivedAt
                }
                self.prepare(plot)
            case .sector(let crossing):
                self.note(crossing)
            case .status(let status):
                let site = self.siteOfSensor.value(UInt64(status.sensor.rawValue))
                if site >= 0 { self.sites[Int(site)].isOperational = status.isOperational }
            }
        }
        self.associateSlice(into: &changes)
        self.tellTouched(into: &changes)
        self.advance(to: now, into: &changes)
    }

    /// Counts looks in vain, drops what is lost, removes duplicates; does nothing within one sweep period of the last.
    public mutating func advance(to now: Timestamp, into changes: inout [TrackChange]) {
        let elapsed = now.seconds(since: self.sweptAt)
        guard abs(elapsed) >= self.parameters.sweepPeriod else { return }
        if abs(elapsed) > self.parameters.coastMax, self.sweptAt.nanoseconds != .min, self.leaps < 5 {
            // One block of a recording with a wrong time must not end every track: a leap is believed when it stays.
            self.leaps += 1
            return
        }
        self.leaps = 0
        self.sweptAt = now
        self.sweep(now, into: &changes)
        self.tellTouched(into: &changes)
    }

    /// Notes where a radar's beam is.
    private mutating func note(_ crossing: SectorCrossing) {
        let site = Int(self.siteOfSensor.value(UInt64(crossing.sensor.rawValue)))
        guard site >= 0, self.sites[site].kind == .radar, crossing.azimuth.isFinite else { return }
        if let period = crossing.period, period > 0.5, period < 60 { self.sites[site].period = period }
        guard crossing.measuredAt >= self.sites[site].beamAt else { return }
        self.sites[site].beamAt = crossing.measuredAt
        self.sites[site].beamAzimuth = crossing.azimuth
    }

    /// Puts a plot into the slice, in the list of its sensor.
    private mutating func prepare(_ plot: Plot) {
        self.tally.plots += 1
        var site = Int(self.siteOfSensor.value(UInt64(plot.sensor.rawValue)))
        if site < 0 {
            guard case .geodetic = plot.measurement else {
                self.tally.unknownSensor += 1
                return
            }
            var unknown = Site(
                Sensor(
                    id: plot.sensor, name: "", site: Geodetic(latitude: 0, longitude: 0),
                    kind: plot.kind == .systemTrack ? .system : .receiver, coverage: 0...400_000),
                parameters: self.parameters)
            unknown.isKnown = false
            site = self.sites.count
            self.append(unknown)
        }
        guard self.sites[site].fits(plot, lagMax: self.parameters.lagMax) else {
            self.tally.late += 1
            return
        }
        guard let prepared = PreparedPlot(plot, site: site, self.sites[site], self.parameters) else {
            self.tally.absurd += 1
            return
        }
        if plot.measuredAt > self.sites[site].beamAt {
            self.sites[site].beamAt = plot.measuredAt
            if case .polar(_, let azimuth, _) = plot.measurement { self.sites[site].beamAzimuth = azimuth }
        }
        let index = Int32(self.slice.count)
        self.slice.append(prepared)
        if self.sliceHeads[site] < 0 {
            self.sliceHeads[site] = index
            self.sliceSites.append(Int32(site))
        } else {
            self.slice[Int(self.sliceTails[site])].next = index
        }
        self.sliceTails[site] = index
    }

    /// Associates the plots of the slice, sensor by sensor in the order in which they came.
    private mutating func associateSlice(into changes: inout [TrackChange]) {
        for i in self.sliceSites.indices {
            let site = Int(self.sliceSites[i])
            self.group.removeAll(keepingCapacity: true)
            var index = self.sliceHeads[site]
            while index >= 0 {
                if !self.followIdentity(Int(index)) { self.group.append(index) }
                index = self.slice[Int(index)].next
            }
            if !self.group.isEmpty {
                self.associateGroup(confirmed: true)
                self.associateGroup(confirmed: false)
                for index in self.group where !self.slice[Int(index)].isDone {
                    if self.slice[Int(index)].isLate { self.tally.late += 1 } else { self.initiate(Int(index)) }
                }
            }
            self.sliceHeads[site] = -1
        }
        self.sliceSites.removeAll(keepingCapacity: true)
        self.slice.removeAll(keepingCapacity: true)
    }

    // MARK: Association

    /// Gives a plot to the track with its address, if that track can be where the plot is.
    ///
    /// - Returns: whether the plot is done with.
    private mutating func followIdentity(_ index: Int) -> Bool {
        let key = self.slice[index].key
        guard key != 0 else { return false }
        var slot = self.slotOfKey.value(key)
        guard slot >= 0 else { return false }
        let gate = self.parameters.identityGate * self.parameters.identityGate
        var best = -1
        self.hypotheses.removeAll(keepingCapacity: true)
        while slot >= 0 {
            if self.isTimely(index, Int(slot)), self.isNear(index, Int(slot)),
                let hypothesis = self.hold(index, against: Int(slot)), hypothesis.distance < gate
            {
                if best < 0 || hypothesis.gain > self.hypotheses[best].gain { best = self.hypotheses.count }
                self.hypotheses.append(hypothesis)
            }
            slot = self.records[Int(slot)].nextOfKey
        }
        guard best >= 0 else {
            if !self.slice[index].isLate { self.tally.addressConflicts += 1 }
            return false
        }
        self.tally.byIdentity += 1
        self.commit(best)
        return true
    }

    /// Whether a plot is not so much older than a track that it can no longer be taken in; notes it if it is.
    @inline(__always) private mutating func isTimely(_ index: Int, _ slot: Int) -> Bool {
        let dt = self.slice[index].plot.measuredAt.seconds(since: self.records[slot].time)
        if dt < -self.parameters.lagMax { self.slice[index].isLate = true }
        return dt >= -self.parameters.lagMax && dt < 2 * self.parameters.coastMax
    }

    /// Whether a plot may lie within the gate of a track, by a look at distances alone.
    @inline(__always) private func isNear(_ index: Int, _ slot: Int) -> Bool {
        let at = self.coarse[slot].at(self.slice[index].plot.measuredAt)
        let d = self.slice[index].place - at.place
        let spread = self.slice[index].spread
        return dot(d, d) < 25 * (at.variance + spread * spread) + 1e6
    }

    /// Whether what a plot and a track say of their identity can be one aircraft's; and what it is worth.
    ///
    /// - Returns: log-likelihood to be added, or nil.
    @inline(__always) private func agreement(_ index: Int, _ slot: Int) -> Double? {
        let key = self.slice[index].key, other = self.records[slot].key
        if key != 0, other != 0 { return key == other ? 4 : nil }
        guard let code = self.slice[index].code, let known = self.records[slot].track.mode3A?.value, !known.isShared
        else { return 0 }
        // A code is one of 4096; a change of code in flight is rare.
        return code == known ? 6 : -6
    }

    /// Moves a track to the time of a plot and takes the plot in, on a copy.
    ///
    /// - Returns: nil if the numbers broke.
    private func hold(_ index: Int, against slot: Int) -> Hypothesis? {
        let measuredAt = self.slice[index].plot.measuredAt
        let dt = measuredAt.seconds(since: self.records[slot].time)
        var result = Hypothesis(
            plot: Int32(index), slot: Int32(slot), time: self.records[slot].time, mixture: self.records[slot].mixture,
            vertical: self.records[slot].vertical, distance: 0, gain: 0)
        if dt >= 0 {
            result.time = measuredAt
            result.mixture.advance(dt, self.parameters)
        } else {
            result.mixture.shift(dt)
        }
        result.vertical.advance(dt, noise: self.parameters.climbNoise)
        var sighting = result.vertical.sight(
            self.slice[index], from: self.sites[self.slice[index].site], in: self.records[slot].frame,
            self.parameters)
        if dt < 0 {
            // What the target may have done between the plot and the state, as noise of the plot.
            let q = result.mixture.noise(self.parameters)
            sighting.planar.noise = sighting.planar.noise + .diagonal(-q * dt * dt * dt / 3)
            sighting.planar.velocityNoise = sighting.planar.velocityNoise + .diagonal(-q * dt)
        }
        let taken = result.mixture.take(sighting.planar, classMin: self.parameters.classProbabilityMin)
        if dt < 0 {
            result.mixture.shift(-dt)
            result.vertical.advance(-dt, noise: 0)
        }
        result.distance = taken.distance + sighting.distance
        result.gain = taken.likelihood + sighting.likelihood - self.slice[index].falseDensity
        guard result.gain.isFinite, result.distance.isFinite else { return nil }
        return result
    }

    /// Associates what is left of the group with confirmed or with tentative tracks, jointly.
    private mutating func associateGroup(confirmed: Bool) {
        let gate = self.parameters.gate * self.parameters.gate
        self.hypotheses.removeAll(keepingCapacity: true)
        for index in self.group where !self.slice[Int(index)].isDone {
            self.findNear(Int(index), confirmed: confirmed)
            for slot in self.near {
                guard self.isTimely(Int(index), Int(slot)), let bonus = self.agreement(Int(index), Int(slot)),
                    !self.wasSeen(Int(slot), inScanOf: Int(index)),
                    var hypothesis = self.hold(Int(index), against: Int(slot))
                else { continue }
                guard hypothesis.distance < gate else {
                    self.tally.gated += 1
                    continue
                }
                hypothesis.gain += bonus
                if hypothesis.gain > 0 { self.hypotheses.append(hypothesis) }
            }
        }
        guard !self.hypotheses.isEmpty else { return }
        self.settle()
    }

    /// Lists the tracks that a plot may belong to.
    private mutating func findNear(_ index: Int, confirmed: Bool) {
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
    @inline(__always) private func wasSeen(_ slot: Int, inScanOf index: Int) -> Bool {
        let site = self.slice[index].site
        guard self.sites[site].kind == .radar, self.records[slot].track.plotCount > 0 else { return false }
        let seen = self.looks[slot * self.siteStride + site]
        let measured = self.slice[index].plot.measuredAt.nanoseconds
        return Double(measured &- seen) < 0.5e9 * self.sites[site].period
            && self.hasContributed(slot, self.sites[site].id, within: 0.5 * self.sites[site].period, of: measured)
    }

    @inline(__always) private func hasContributed(
        _ slot: Int, _ sensor: SensorID, within seconds: Double, of instant: Int64
    ) -> Bool {
        for i in 0..<Int(self.records[slot].track.contributionCount) {
            let contribution = self.records[slot].track.contributions[i]
            if contribution.sensor == sensor {
                return abs(Double(instant &- contribution.measuredAt.nanoseconds)) < seconds * 1e9
            }
        }
        return false
    }

    /// Chooses among the hypotheses: alone standing ones at once, the rest cluster by cluster.
    private mutating func settle() {
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
                self.assignment.begin(rows: self.clusterRows.count, tracks: self.clusterColumns.count)
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
                        self.tally.byAssignment += 1
                        self.commit(h)
                    }
                }
            }
            for slot in self.clusterColumns { self.trackNode[Int(slot)] = -1 }
        }
    }

    private func root(_ node: Int) -> Int {
        var node = node
        while Int(self.parents[node]) != node { node = Int(self.parents[node]) }
        return node
    }

    /// The lower root wins, so that a root is its cluster's first hypothesis.
    private mutating func unite(_ a: Int, _ b: Int) {
        let (x, y) = (self.root(a), self.root(b))
        self.parents[max(x, y)] = Int32(min(x, y))
    }

    /// Makes a hypothesis true.
    private mutating func commit(_ h: Int) {
        let index = Int(self.hypotheses[h].plot), slot = Int(self.hypotheses[h].slot)
        self.tally.associated += 1
        if self.hypotheses[h].time > self.slice[index].plot.measuredAt { self.tally.outOfOrder += 1 }
        self.records[slot].mixture = self.hypotheses[h].mixture
        self.records[slot].vertical = self.hypotheses[h].vertical
        self.records[slot].time = self.hypotheses[h].time
        self.records[slot].score = min(
            self.records[slot].score + self.hypotheses[h].gain - 0.1, self.parameters.scoreMax)
        self.slice[index].isDone = true
        self.enter(index, slot)
    }

    /// Notes in a track what a plot says beyond its place, and looks whether the track is now believed.
    private mutating func enter(_ index: Int, _ slot: Int) {
        let plot = self.slice[index].plot
        let key = self.slice[index].key
        self.records[slot].recentre()
        self.records[slot].misses = 0
        self.records[slot].track.take(plot)
        if self.slice[index].isReply { self.records[slot].repliedAt = plot.measuredAt }
        if key != 0, self.records[slot].key == 0 { self.name(slot, key) }
        let look = slot * self.siteStride + self.slice[index].site
        let site = self.slice[index].site
        if self.sites[site].kind != .radar, self.looks[look] != .min {
            let interval = Double(plot.measuredAt.nanoseconds &- self.looks[look]) / 1e9
            if interval > 0.2, interval < 15 {
                let period = self.sites[site].period
                self.sites[site].period = min(max(period + 0.01 * (interval - period), 0.3), 10)
            }
        }
        self.looks[look] = max(self.looks[look], plot.measuredAt.nanoseconds)
        self.place(slot)
        if !self.records[slot].isConfirmed, self.isBelieved(slot) {
            self.records[slot].isConfirmed = true
            self.coarse[slot].isConfirmed = true
            self.tally.confirmed += 1
        }
        self.touch(slot)
    }

    /// Whether a tentative track has earned confirmation.
    private mutating func isBelieved(_ slot: Int) -> Bool {
        let k = self.parameters
        guard self.records[slot].score >= k.confirmScore else { return false }
        let isIdentified = self.records[slot].key != 0 || self.records[slot].track.mode3A != nil
        let needed = isIdentified ? k.confirmPlotsIdentified : k.confirmPlots
        guard Int(self.records[slot].track.plotCount) >= needed else { return false }
        let motion = self.records[slot].mixture.blended()
        let deviation = max(motion.vv.a, motion.vv.d).squareRoot()
        guard deviation < k.confirmSpeedDeviation else { return false }
        let speed = dot(motion.v, motion.v).squareRoot()
        return isIdentified || k.speedRange.contains(speed)
    }

    /// Brings the coarse place and the grid up to date with the filter.
    private mutating func place(_ slot: Int) {
        let motion = self.records[slot].mixture.blended()
        let vertical = self.records[slot].vertical
        let place = self.records[slot].frame.place(motion.p, height: vertical.height)
        guard motion.isSound, dot(place, place) < 1e15 else {
            // The numbers broke (a plot beyond reason got in): let the next sweep drop it.
            self.records[slot].score = -.infinity
            return
        }
        self.coarse[slot].place = place
        self.coarse[slot].velocity =
            motion.v.x * self.records[slot].frame.east + motion.v.y * self.records[slot].frame.north
            + vertical.climb * self.records[slot].frame.up
        self.coarse[slot].time = self.records[slot].time
        self.coarse[slot].placeVariance = max(motion.pp.a, motion.pp.d) + vertical.hh
        self.coarse[slot].velocityVariance = max(motion.vv.a, motion.vv.d)
        self.grid.move(slot, to: place)
    }

    private mutating func touch(_ slot: Int) {
        guard !self.records[slot].isTouched else { return }
        self.records[slot].isTouched = true
        self.touched.append(Int32(slot))
    }

    private mutating func tellTouched(into changes: inout [TrackChange]) {
        for slot in self.touched where self.records[Int(slot)].isTouched {
            self.records[Int(slot)].isTouched = false
            if self.records[Int(slot)].isConfirmed {
                changes.append(.updated(self.records[Int(slot)].snapshot(after: 0, self.parameters)))
            }
        }
        self.touched.removeAll(keepingCapacity: true)
    }

    // MARK: Birth and death

    /// Begins a tentative track with a plot.
    private mutating func initiate(_ index: Int) {
        let k = self.parameters
        let plot = self.slice[index].plot
        let frame = TangentFrame(below: self.slice[index].place)
        let prior = self.slice[index].heightPrior
        var vertical = Vertical(
            height: prior.mean, climb: 0, hh: prior.deviation * prior.deviation,
            cc: k.climbDeviation * k.climbDeviation)
        let site = self.slice[index].site
        let sighting = vertical.sight(self.slice[index], from: self.sites[site], in: frame, k)
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
        let record = TrackRecord(
            track: track, time: plot.measuredAt, frame: frame,
            mixture: MotionMixture(
                motion, agile: self.slice[index].key != 0 ? k.agile.identified : k.agile.anonymous, parameters: k),
            vertical: vertical, score: self.slice[index].odds, startScore: self.slice[index].odds)
        let slot: Int
        if let free = self.freeSlots.popLast() {
            slot = Int(free)
            self.records[slot] = record
        } else {
            slot = self.records.count
            self.records.append(record)
            self.coarse.append(CoarseTrack())
            self.looks.append(contentsOf: repeatElement(.min, count: self.siteStride))
        }
        for site in 0..<self.sites.count {
            let isRadar = self.sites[site].kind == .radar
            self.looks[slot * self.siteStride + site] =
                isRadar ? plot.measuredAt.nanoseconds &- Int64(0.2e9 * self.sites[site].period) : .min
        }
        self.coarse[slot] = CoarseTrack(isLive: true)
        self.slotOfID.set(UInt64(id.rawValue), Int32(slot))
        self.tally.initiated += 1
        self.slice[index].isDone = true
        self.enter(index, slot)
    }

    /// Gives a track the key of its identity.
    private mutating func name(_ slot: Int, _ key: UInt64) {
        self.records[slot].key = key
        self.records[slot].nextOfKey = self.slotOfKey.value(key)
        self.slotOfKey.set(key, Int32(slot))
    }

    private mutating func unname(_ slot: Int) {
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

    private mutating func drop(_ slot: Int, at now: Timestamp, into changes: inout [TrackChange]) {
        self.unname(slot)
        self.grid.remove(slot)
        self.slotOfID.remove(UInt64(self.records[slot].track.id.rawValue))
        self.coarse[slot].isLive = false
        self.records[slot].isTouched = false
        self.freeSlots.append(Int32(slot))
        if self.records[slot].isConfirmed {
            self.tally.dropped += 1
            changes.append(.dropped(self.records[slot].track.id, at: now))
        } else {
            self.tally.rejected += 1
        }
    }

    // MARK: Sweep

    private mutating func sweep(_ now: Timestamp, into changes: inout [TrackChange]) {
        for slot in self.records.indices where self.coarse[slot].isLive {
            self.countMisses(slot, now)
            if self.isLost(slot, now) {
                self.drop(slot, at: now, into: &changes)
            } else {
                let place = self.coarse[slot].at(now).place
                if dot(place, place) < 1e15 { self.grid.move(slot, to: place) }
            }
        }
        for slot in self.records.indices where self.coarse[slot].isLive && self.coarse[slot].isConfirmed {
            self.removeDuplicate(slot, now, into: &changes)
        }
    }

    /// Lowers the score of a track for each look since the last sweep that should have seen it and did not.
    private mutating func countMisses(_ slot: Int, _ now: Timestamp) {
        let here = self.coarse[slot].at(now).place
        let height = self.records[slot].vertical.height
        let replies = self.records[slot].repliedAt.nanoseconds != .min
        for index in self.sites.indices {
            guard self.sites[index].isOperational, self.sites[index].beamAt.nanoseconds != .min else { continue }
            let accounted = self.looks[slot * self.siteStride + index]
            let margin: Int64 = 400_000_000
            let known = self.sites[index].beamAt.nanoseconds &- margin
            if self.sites[index].kind != .radar {
                guard accounted != .min else { continue }
                let period = Int64(self.sites[index].period * 1e9)
                guard known &- accounted > period &+ period / 2 else { continue }
                self.looks[slot * self.siteStride + index] = accounted &+ period
                self.miss(slot, 0.8)
                continue
            }
            let quarter = Int64(0.3e9 * self.sites[index].period)
            guard known &- accounted > quarter else { continue }
            let d = here - self.sites[index].centre
            guard self.sites[index].covers(d, height: height) else { continue }
            var probability = 0.0
            if let channel = self.sites[index].primary { probability = channel.detectionProbability }
            if replies, let channel = self.sites[index].secondary {
                probability = 1 - (1 - probability) * (1 - channel.detectionProbability)
            }
            guard probability > 0.05 else { continue }
            let azimuth = atan2(dot(d, self.sites[index].east), dot(d, self.sites[index].north))
            let look = self.sites[index].lastLook(at: azimuth).nanoseconds
            guard look <= known, look &- accounted > quarter else { continue }
            self.looks[slot * self.siteStride + index] = look
            self.miss(slot, probability)
        }
    }

    private mutating func miss(_ slot: Int, _ probability: Double) {
        self.tally.misses += 1
        self.records[slot].score += log(1 - min(probability, 0.97) * self.parameters.detectionTrust)
        self.records[slot].misses += 1
        if self.records[slot].misses == self.parameters.coastingMisses { self.touch(slot) }
    }

    private func isLost(_ slot: Int, _ now: Timestamp) -> Bool {
        let k = self.parameters
        let score = self.records[slot].score
        let age = now.seconds(since: self.records[slot].time)
        // A track from the future is left over from a clock that has been put back.
        if age > k.coastMax || age < -60 || !(score > -1e6) { return true }
        if !self.records[slot].isConfirmed {
            return score < self.records[slot].startScore - k.rejectFall || age > 0.5 * k.coastMax
        }
        if score < k.dropScore { return true }
        let limit = k.positionDeviationMax * k.positionDeviationMax
        let at = self.coarse[slot]
        let variance = at.placeVariance - self.records[slot].vertical.hh + age * age * at.velocityVariance
        return variance > limit
    }

    /// Drops a confirmed track that is the same aircraft as an older one.
    private mutating func removeDuplicate(_ slot: Int, _ now: Timestamp, into changes: inout [TrackChange]) {
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
        // The older one keeps its number, and takes what the younger knew better.
        let key = self.records[slot].key
        if self.records[twin].track.mode3A == nil { self.records[twin].track.mode3A = self.records[slot].track.mode3A }
        if self.records[twin].track.callsign == nil {
            self.records[twin].track.callsign = self.records[slot].track.callsign
        }
        let younger = self.records[slot].mixture.blended().pp, older = self.records[twin].mixture.blended().pp
        if younger.determinant < older.determinant, self.records[slot].time >= self.records[twin].time {
            self.records[twin].mixture = self.records[slot].mixture
            self.records[twin].vertical = self.records[slot].vertical
            self.records[twin].frame = self.records[slot].frame
            self.records[twin].time = self.records[slot].time
            self.records[twin].misses = min(self.records[twin].misses, self.records[slot].misses)
            self.place(twin)
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

    /// Whether two tracks may be one aircraft: no contrary identity, no radar that saw both in one turn, one state.
    private func areAlike(_ a: Int, _ b: Int, _ now: Timestamp) -> Bool {
        let first = self.records[a].key, second = self.records[b].key
        if first != 0, second != 0 { return first == second }
        if let x = self.records[a].track.mode3A?.value, let y = self.records[b].track.mode3A?.value, x != y,
            !x.isShared, !y.isShared
        {
            return false
        }
        for i in 0..<Int(self.records[a].track.contributionCount) {
            let contribution = self.records[a].track.contributions[i]
            let site = Int(self.siteOfSensor.value(UInt64(contribution.sensor.rawValue)))
            guard site >= 0, self.sites[site].kind == .radar else { continue }
            if now.seconds(since: contribution.measuredAt) < 20,
                self.hasContributed(
                    b, contribution.sensor, within: 0.3 * self.sites[site].period,
                    of: contribution.measuredAt.nanoseconds)
            {
                return false
            }
        }
        let x = self.records[a].snapshot(after: now.seconds(since: self.records[a].time), self.parameters)
        let y = self.records[b].snapshot(after: now.seconds(since: self.records[b].time), self.parameters)
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

    // MARK: The picture

    /// A confirmed track, its state moved to an instant; nil if there is none of this number.
    public func track(_ id: TrackID, predictedTo instant: Timestamp) -> Track? {
        let slot = Int(self.slotOfID.value(UInt64(id.rawValue)))
        guard slot >= 0, self.records[slot].isConfirmed else { return nil }
        return self.records[slot].snapshot(after: instant.seconds(since: self.records[slot].time), self.parameters)
    }

    /// Calls `body` with every confirmed track, its state moved to an instant; in no order that means anything, but
    /// always the same one.
    public func forEachTrack(predictedTo instant: Timestamp, _ body: (Track) -> Void) {
        for slot in self.records.indices where self.coarse[slot].isLive && self.records[slot].isConfirmed {
            body(self.records[slot].snapshot(after: instant.seconds(since: self.records[slot].time), self.parameters))
        }
    }

    /// How many tracks there is room for: what was needed at most so far.
    var slotCount: Int { self.records.count }

    /// How many tracks there are: confirmed (also those that coast), and tentative.
    public var counts: (confirmed: Int, tentative: Int) {
        var confirmed = 0, tentative = 0
        for slot in self.coarse.indices where self.coarse[slot].isLive {
            if self.coarse[slot].isConfirmed { confirmed += 1 } else { tentative += 1 }
        }
        return (confirmed, tentative)
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
