public import Air
import Geodesy
import Glibc

/// A tracker whose region is cut into sectors, each a `Tracker` of its own: one value that behaves as one tracker, and
/// whose sectors may run side by side.
///
/// A sector takes the plots of its own area and of a halo around it, so that near a border it knows all that its neighbour
/// knows. A track is told by one sector, its keeper; in the halos of others it is a silent copy under the same number,
/// that takes the same plots and is there so that no neighbour begins a second track. When a track has crossed a border
/// the record itself moves, with number, identity, state and history, and replaces the copy. A new track is begun only
/// by the sector in whose own area the plot lies.
///
/// Complexity: as `Tracker`, and the plots of the halos twice: with sectors of 500 km and a halo of 30 km a quarter more.
public struct SectoredTracker: Sendable {
    /// What was tuned, for every sector.
    public let parameters: TrackerParameters
    /// How the region is cut.
    public let grid: SectorGrid
    /// How far beyond its border a sector sees, metres.
    public let halo: Double

    /// How far behind the border a track must be before its record moves, metres: no dithering along a border.
    static let hysteresis = 2_000.0

    /// One sector at work: a value that may be processed on any core, apart from the others.
    public struct Sector: Sendable {
        var tracker: Tracker
        var reports: [SensorReport] = []
        /// Whether a report is of the halo: its plot begins no track.
        var isForeign: [Bool] = []
        var changes: [TrackChange] = []
        /// Sensors that it knows, by their index.
        var knows: [Bool] = []
        /// The last track number that it may give.
        var lastNumber: UInt32

        /// Processes what was routed to it.
        public mutating func process(now: Timestamp) {
            // Taken out while they are read: an array held twice would be copied when it is emptied.
            var reports: [SensorReport] = [], isForeign: [Bool] = [], changes: [TrackChange] = []
            swap(&reports, &self.reports)
            swap(&isForeign, &self.isForeign)
            swap(&changes, &self.changes)
            self.tracker.process(reports.span, isForeign: isForeign.span, now: now, into: &changes)
            reports.removeAll(keepingCapacity: true)
            isForeign.removeAll(keepingCapacity: true)
            swap(&reports, &self.reports)
            swap(&isForeign, &self.isForeign)
            swap(&changes, &self.changes)
        }

        mutating func advance(to now: Timestamp) {
            var changes: [TrackChange] = []
            swap(&changes, &self.changes)
            self.tracker.advance(to: now, into: &changes)
            swap(&changes, &self.changes)
        }
    }

    private var sectors: [Sector] = []
    private var sensors: [Sensor] = []
    private var indexOfSensor = FlatTable()
    private var centres: [RoutingSite] = []
    /// The keeper of each track, by number.
    private var keepers = FlatTable()
    private var nextNumber: UInt32
    private var plots = 0
    private var dropped = 0

    /// What of a sensor is needed to see roughly where a plot is.
    private struct RoutingSite: Sendable {
        var centre: SIMD3<Double>
        var east: SIMD3<Double>
        var north: SIMD3<Double>
        var up: SIMD3<Double>
        var height: Double
    }

    /// A tracker without tracks.
    ///
    /// - Parameters:
    ///   - sensors: where sensors stand and how they see; more can be told later.
    ///   - halo: metres; less than the least edge of a sector.
    public init(
        sensors: [Sensor], grid: SectorGrid, halo: Double = 30_000, parameters: TrackerParameters = TrackerParameters()
    ) {
        self.parameters = parameters
        self.grid = grid
        self.halo = min(max(halo, 2 * Self.hysteresis), 200_000)
        self.nextNumber = parameters.firstID.rawValue
        for _ in 0..<grid.count {
            var tracker = Tracker(sensors: [], parameters: parameters)
            tracker.isSector = true
            self.sectors.append(Sector(tracker: tracker, lastNumber: 0))
        }
        for sector in self.sectors.indices { self.giveNumbers(to: sector, atLeast: 0) }
        for sensor in sensors { self.setSensor(sensor) }
    }

    /// Adds a sensor, or replaces what was known of it (its beam and its tracks go on).
    public mutating func setSensor(_ sensor: Sensor) {
        var index = Int(self.indexOfSensor.value(UInt64(sensor.id.rawValue)))
        let frame = LocalFrame(origin: sensor.site)
        let site = RoutingSite(
            centre: SIMD3(frame.centre), east: SIMD3(frame.axes[0, 0], frame.axes[0, 1], frame.axes[0, 2]),
            north: SIMD3(frame.axes[1, 0], frame.axes[1, 1], frame.axes[1, 2]),
            up: SIMD3(frame.axes[2, 0], frame.axes[2, 1], frame.axes[2, 2]), height: sensor.site.height)
        if index < 0 {
            index = self.sensors.count
            self.indexOfSensor.set(UInt64(sensor.id.rawValue), Int32(index))
            self.sensors.append(sensor)
            self.centres.append(site)
            for sector in self.sectors.indices { self.sectors[sector].knows.append(false) }
        } else {
            self.sensors[index] = sensor
            self.centres[index] = site
        }
        // Only the sectors that it reaches: to the others its looks and its errors are nothing.
        let near = self.grid.near(site.centre, within: max(sensor.coverage.upperBound, 0) + self.halo)
        for row in near.rows {
            for column in near.columns { self.sectors[row * self.grid.columns + column].knows[index] = true }
        }
        for sector in self.sectors.indices where self.sectors[sector].knows[index] {
            self.sectors[sector].tracker.setSensor(sensor)
        }
    }

    // MARK: Reports

    /// Takes reports in the order of their arrival and tells what has changed, one sector after the other.
    ///
    /// - Parameters: as those of `Tracker.process`.
    public mutating func process(
        _ reports: borrowing Span<SensorReport>, now: Timestamp, into changes: inout [TrackChange]
    ) {
        self.route(reports)
        for sector in self.sectors.indices { self.sectors[sector].process(now: now) }
        self.settle(now, into: &changes)
    }

    /// As `process`, the sectors side by side: `run` is given all sectors, has each processed, and gives them back.
    ///
    ///     await tracker.process(reports, now: now, into: &changes) { sectors, now in
    ///         await withTaskGroup { … }
    ///     }
    ///
    /// - Parameter run: must call `process(now:)` of every sector once and keep their order.
    public mutating func process(
        _ reports: [SensorReport], now: Timestamp, into changes: inout [TrackChange],
        on run: (consuming [Sector], Timestamp) async -> [Sector]
    ) async {
        self.route(reports.span)
        var sectors: [Sector] = []
        swap(&sectors, &self.sectors)
        self.sectors = await run(sectors, now)
        self.settle(now, into: &changes)
    }

    /// Counts looks in vain, drops what is lost, removes duplicates, as `Tracker.advance`.
    public mutating func advance(to now: Timestamp, into changes: inout [TrackChange]) {
        for sector in self.sectors.indices { self.sectors[sector].advance(to: now) }
        self.settle(now, into: &changes)
    }

    /// Gives each report to the sectors that it concerns.
    private mutating func route(_ reports: borrowing Span<SensorReport>) {
        for i in reports.indices {
            switch reports[i] {
            case .plot(let plot):
                self.plots += 1
                self.route(plot)
            case .sector(let crossing):
                self.routeToAll(.sector(crossing), of: crossing.sensor)
            case .status(let status):
                self.routeToAll(.status(status), of: status.sensor)
            }
        }
        for sector in self.sectors.indices { self.giveNumbers(to: sector, atLeast: self.sectors[sector].reports.count) }
    }

    /// What is not of a place goes to the sectors that know the sensor.
    private mutating func routeToAll(_ report: SensorReport, of sensor: SensorID) {
        let index = Int(self.indexOfSensor.value(UInt64(sensor.rawValue)))
        guard index >= 0 else { return }
        for sector in self.sectors.indices where self.sectors[sector].knows[index] {
            self.sectors[sector].reports.append(report)
            self.sectors[sector].isForeign.append(true)
        }
    }

    private mutating func route(_ plot: Plot) {
        let sensor = Int(self.indexOfSensor.value(UInt64(plot.sensor.rawValue)))
        guard let place = self.place(of: plot, sensor) else {
            // One sector judges and counts what is of no place.
            self.give(.plot(plot), to: 0, isForeign: true)
            return
        }
        let near = self.grid.near(place, within: self.halo)
        for row in near.rows {
            for column in near.columns {
                let sector = row * self.grid.columns + column
                if sensor >= 0, !self.sectors[sector].knows[sensor] {
                    self.sectors[sector].knows[sensor] = true
                    self.sectors[sector].tracker.setSensor(self.sensors[sensor])
                }
                self.give(.plot(plot), to: sector, isForeign: sector != near.home)
            }
        }
    }

    private mutating func give(_ report: SensorReport, to sector: Int, isForeign: Bool) {
        self.sectors[sector].reports.append(report)
        self.sectors[sector].isForeign.append(isForeign)
    }

    /// About where a plot is, Earth-centred, metres; nil if that cannot be said.
    private func place(of plot: borrowing Plot, _ sensor: Int) -> SIMD3<Double>? {
        switch plot.measurement {
        case .geodetic(let latitude, let longitude, _):
            guard latitude.isFinite, longitude.isFinite, abs(latitude) <= .pi / 2, abs(longitude) <= 7 else {
                return nil
            }
            return SIMD3(Geocentric(Geodetic(latitude: latitude, longitude: longitude)))
        case .polar(let range, let azimuth, let elevation):
            guard sensor >= 0, range.isFinite, azimuth.isFinite, range > 1, range < 5_000_000, abs(azimuth) < 100
            else { return nil }
            let site = self.centres[sensor]
            var up: Double
            if let elevation, elevation.isFinite, abs(elevation) < .pi / 2 {
                up = range * sin(elevation)
            } else {
                var height = 5_000.0
                if let pressure = plot.pressureAltitude {
                    height = pressure
                } else if let geometric = plot.geometricHeight {
                    height = geometric
                }
                up = (height.isFinite ? min(max(height, -1_000), 60_000) : 5_000) - site.height
                up = min(max(up - range * range / 12_742_000, -range), range)
            }
            let ground = max(range * range - up * up, 0).squareRoot()
            return site.centre + ground * (sin(azimuth) * site.east + cos(azimuth) * site.north) + up * site.up
        }
    }

    /// Gives a sector a block of track numbers once those it has might not do.
    private mutating func giveNumbers(to sector: Int, atLeast needed: Int) {
        let left = Int(self.sectors[sector].lastNumber) - Int(self.sectors[sector].tracker.lastID)
        guard left < needed || self.sectors[sector].lastNumber == 0 else { return }
        let size = UInt32(truncatingIfNeeded: needed + 1_024)
        self.sectors[sector].tracker.lastID = self.nextNumber &- 1
        self.nextNumber = self.nextNumber &+ size
        self.sectors[sector].lastNumber = self.nextNumber &- 1
    }

    // MARK: Borders

    /// Tells what the keepers have told; moves records over borders, makes copies, removes those no longer needed.
    private mutating func settle(_ now: Timestamp, into changes: inout [TrackChange]) {
        for sector in self.sectors.indices {
            for i in self.sectors[sector].changes.indices {
                switch self.sectors[sector].changes[i] {
                case .updated(let track):
                    let keeper = self.keeper(of: track.id, toldBy: sector)
                    if keeper == sector { changes.append(.updated(track)) }
                case .dropped(let id, let instant):
                    guard self.keepers.value(UInt64(id.rawValue)) == Int32(sector) else { continue }
                    if self.handOver(id, from: sector, now) { continue }
                    self.keepers.remove(UInt64(id.rawValue))
                    self.releaseCopies(of: id, but: sector)
                    self.dropped += 1
                    changes.append(.dropped(id, at: instant))
                }
            }
            self.sectors[sector].changes.removeAll(keepingCapacity: true)
        }
        for sector in self.sectors.indices {
            for i in self.sectors[sector].tracker.ended.indices {
                // A tentative track, or one that had faded: no one was told of it, or they were told of its end.
                let id = self.sectors[sector].tracker.ended[i]
                guard self.keepers.value(UInt64(id.rawValue)) == Int32(sector) else { continue }
                self.keepers.remove(UInt64(id.rawValue))
                self.releaseCopies(of: id, but: sector)
            }
            self.sectors[sector].tracker.ended.removeAll(keepingCapacity: true)
            for i in self.sectors[sector].tracker.moved.indices {
                self.mind(Int(self.sectors[sector].tracker.moved[i]), of: sector, now)
            }
            self.sectors[sector].tracker.moved.removeAll(keepingCapacity: true)
        }
    }

    /// Who keeps a track: the first to tell of it.
    private mutating func keeper(of id: TrackID, toldBy sector: Int) -> Int {
        let known = self.keepers.value(UInt64(id.rawValue))
        guard known < 0 else { return Int(known) }
        self.keepers.set(UInt64(id.rawValue), Int32(sector))
        return sector
    }

    /// Lets a neighbour in whose own area a track is, and who still sees it, keep a track that its keeper has lost.
    private mutating func handOver(_ id: TrackID, from sector: Int, _ now: Timestamp) -> Bool {
        for other in self.sectors.indices where other != sector {
            let slot = Int(self.sectors[other].tracker.slotOfID.value(UInt64(id.rawValue)))
            guard slot >= 0, self.sectors[other].tracker.records[slot].isConfirmed,
                self.grid.sector(of: self.sectors[other].tracker.coarse[slot].at(now).place) == other
            else { continue }
            self.keepers.set(UInt64(id.rawValue), Int32(other))
            return true
        }
        return false
    }

    private mutating func releaseCopies(of id: TrackID, but keeper: Int) {
        for other in self.sectors.indices where other != keeper {
            let slot = Int(self.sectors[other].tracker.slotOfID.value(UInt64(id.rawValue)))
            if slot >= 0 { self.sectors[other].tracker.release(slot) }
        }
    }

    /// Sees whether a track that was updated or swept is near or beyond a border.
    private mutating func mind(_ slot: Int, of sector: Int, _ now: Timestamp) {
        guard self.sectors[sector].tracker.coarse[slot].isLive else { return }
        let id = self.sectors[sector].tracker.records[slot].track.id
        let place = self.sectors[sector].tracker.coarse[slot].at(now).place
        guard dot(place, place) < 1e15 else { return }
        let near = self.grid.near(place, within: self.halo)
        let keeper = self.keeper(of: id, toldBy: sector)
        guard keeper == sector else {
            // A copy: of use only as long as the track is in this sector's halo.
            let wide = self.grid.near(place, within: self.halo + 10_000)
            if !self.grid.contains(wide, sector) { self.sectors[sector].tracker.release(slot) }
            return
        }
        if near.isAlone, near.home == sector { return }
        if near.home != sector,
            !self.grid.contains(self.grid.near(place, within: Self.hysteresis), sector)
        {
            self.move(slot, from: sector, to: near.home, now)
            self.keepers.set(UInt64(id.rawValue), Int32(near.home))
        }
        for row in near.rows {
            for column in near.columns {
                let other = row * self.grid.columns + column
                guard other != sector,
                    self.sectors[other].tracker.slotOfID.value(UInt64(id.rawValue)) < 0
                else { continue }
                self.move(slot, from: sector, to: other, now)
            }
        }
    }

    /// Copies the record of a track into another sector, in the place of what is there under its number.
    private mutating func move(_ slot: Int, from sector: Int, to other: Int, _ now: Timestamp) {
        let passage = self.sectors[sector].tracker.passage(of: slot)
        for entry in passage.history {
            let index = Int(self.indexOfSensor.value(UInt64(entry.sensor.rawValue)))
            if index >= 0, !self.sectors[other].knows[index] {
                self.sectors[other].knows[index] = true
                self.sectors[other].tracker.setSensor(self.sensors[index])
            }
        }
        self.sectors[other].tracker.adopt(passage, now)
    }

    // MARK: The picture

    /// A confirmed track, its state moved to an instant; nil if there is none of this number.
    public func track(_ id: TrackID, predictedTo instant: Timestamp) -> Track? {
        let keeper = Int(self.keepers.value(UInt64(id.rawValue)))
        return keeper < 0 ? nil : self.sectors[keeper].tracker.track(id, predictedTo: instant)
    }

    /// Calls `body` with every confirmed track, its state moved to an instant; sector by sector.
    public func forEachTrack(predictedTo instant: Timestamp, _ body: (Track) -> Void) {
        for sector in self.sectors.indices {
            self.sectors[sector].tracker.forEachTrack(predictedTo: instant) { track in
                if self.keepers.value(UInt64(track.id.rawValue)) == Int32(sector) { body(track) }
            }
        }
    }

    /// How many tracks there are, copies not counted: confirmed (also those that coast), and tentative.
    public var counts: (confirmed: Int, tentative: Int) {
        var counts = (confirmed: 0, tentative: 0)
        for sector in self.sectors.indices {
            let tracker = self.sectors[sector].tracker
            for slot in tracker.coarse.indices where tracker.coarse[slot].isLive {
                let id = UInt64(tracker.records[slot].track.id.rawValue)
                guard self.keepers.value(id) == Int32(sector) else { continue }
                if tracker.coarse[slot].isConfirmed { counts.confirmed += 1 } else { counts.tentative += 1 }
            }
        }
        return counts
    }

    /// What was counted: plots handed in once each; what happened to them, summed over the sectors, so that a plot in a
    /// halo counts in each sector that took it.
    public var tally: TrackerTally {
        var sum = TrackerTally()
        for sector in self.sectors.indices { sum.add(self.sectors[sector].tracker.tally) }
        sum.plots = self.plots
        sum.dropped = self.dropped
        return sum
    }

    /// What is known of a sensor's errors by the sector in which it stands.
    public func registration(of sensor: SensorID) -> SensorRegistration? {
        let index = Int(self.indexOfSensor.value(UInt64(sensor.rawValue)))
        guard index >= 0 else { return nil }
        let home = self.grid.sector(of: self.centres[index].centre)
        return self.sectors[home].tracker.registration(of: sensor)
    }

    /// Calls `body` with what is known of the errors of each sensor, as `Tracker.forEachRegistration`.
    public func forEachRegistration(_ body: (SensorID, SensorRegistration) -> Void) {
        for sensor in self.sensors {
            if let known = self.registration(of: sensor.id) { body(sensor.id, known) }
        }
    }
}

/// A track on its way from one sector to another.
struct Passage: Sendable {
    var record: TrackRecord
    var coarse: CoarseTrack
    /// The radar whose echo it began with: its site has another number in another sector.
    var birthSensor: SensorID?
    /// From the oldest to the newest.
    var history: [(state: TrackState, plot: Measured, sensor: SensorID, isSystem: Bool)]
}

extension Tracker {
    /// All that is known of a track, for another sector.
    func passage(of slot: Int) -> Passage {
        var history: [(state: TrackState, plot: Measured, sensor: SensorID, isSystem: Bool)] = []
        var entry = self.records[slot].newest
        while entry >= 0 {
            let plot = self.history.plot(entry)
            history.append(
                (self.history.state(entry), plot, self.sites[plot.site].id, self.sites[plot.site].kind == .system))
            entry = self.history.older(than: entry)
        }
        history.reverse()
        let birthSite = Int(self.records[slot].birthSite)
        return Passage(
            record: self.records[slot], coarse: self.coarse[slot],
            birthSensor: birthSite < 0 ? nil : self.sites[birthSite].id, history: history)
    }

    /// Takes a track in under its own number, in the place of the copy that may be here.
    mutating func adopt(_ passage: Passage, _ now: Timestamp) {
        let id = passage.record.track.id
        var slot = Int(self.slotOfID.value(UInt64(id.rawValue)))
        if slot >= 0 {
            self.unname(slot)
            self.history.remove(self.records[slot].newest)
            self.slants.release(self.records[slot].slants)
            self.grid.remove(slot)
            self.records[slot] = passage.record
            self.coarse[slot] = passage.coarse
        } else {
            slot = self.freeSlot(for: passage.record)
            self.coarse[slot] = passage.coarse
            self.looks.clear(slot)
            self.looks.renew(slot, at: passage.coarse.at(now).place, since: now, self.sites)
            self.slotOfID.set(UInt64(id.rawValue), Int32(slot))
        }
        self.records[slot].isTouched = false
        self.records[slot].nextOfKey = -1
        let key = self.records[slot].key
        self.records[slot].key = 0
        if key != 0 { self.name(slot, key) }
        self.records[slot].newest = -1
        self.records[slot].birthSite =
            passage.birthSensor.map { self.siteOfSensor.value(UInt64($0.rawValue)) } ?? -1
        // Its slant ranges are of the other sector's sites; within a turn of the radars there are new ones.
        self.records[slot].slants = -1
        for entry in passage.history {
            var plot = entry.plot
            let site = Int(self.siteOfSensor.value(UInt64(entry.sensor.rawValue)))
            plot.site = site >= 0 ? site : self.appendUnknown(entry.sensor, kind: entry.isSystem ? .system : .receiver)
            self.states[0] = entry.state
            self.records[slot].newest = self.history.add(&self.states[0], plot, after: self.records[slot].newest)
        }
        self.grid.move(slot, to: passage.coarse.at(now).place)
    }

    /// Forgets a copy, telling no one.
    mutating func release(_ slot: Int) {
        var unheard: [TrackChange] = []
        // It goes on elsewhere: no clutter is learned from it.
        self.records[slot].birthSite = -1
        let tally = self.tally
        self.drop(slot, at: self.coarse[slot].time, into: &unheard)
        self.tally = tally
        self.ended.removeLast()
    }
}
