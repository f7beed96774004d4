public import Air
import Geodesy
import Glibc

/// Makes tracks of the plots of many sensors: a pure value, `(reports, time) → changes`.
///
/// Every plot is taken as it comes; none is held back. Plots that carry the address of a known track go to it at once
/// (if they lie where that track can be); the others are associated jointly with all others of the same sensor in the
/// same call, by the likeliest assignment of the whole cluster (a formation as one pattern, an unresolved echo to all of
/// its tracks), first to confirmed, then to tentative tracks; what is left begins a new track. A sensor's plots should therefore come together where they were measured together: all of a
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
    public internal(set) var tally = TrackerTally()

    var registration: Registration
    var sites: [Site] = []
    /// What was learned of each site: apart, as a copy of a site must not count references.
    var detections: [DetectionTable] = []
    var clutters: [ClutterMap] = []
    var siteOfSensor = FlatTable()
    var records: [TrackRecord] = []
    var coarse: [CoarseTrack] = []
    var freeSlots: [Int32] = []
    var grid = TrackGrid()
    var history = TrackHistory()
    /// Of the few tracks that report no height.
    var slants = SlantPool()
    var slotOfKey = FlatTable()
    var slotOfID = FlatTable()
    var looks = LookTable()
    var lastID: UInt32
    var sweptAt = Timestamp(nanoseconds: .min)
    /// Calls in a row whose time lay far from the last sweep's.
    var leaps = 0
    /// The slot that the sweep comes to next, and how many are due.
    var sweepNext = 0
    var sweepDue = 0.0

    // Scratch, kept from call to call.
    var slice: [PreparedPlot] = []
    var sliceHeads: [Int32] = []
    var sliceTails: [Int32] = []
    var sliceSites: [Int32] = []
    var group: [Int32] = []
    var near: [Int32] = []
    var hypotheses: [Hypothesis] = []
    /// What the track of each hypothesis would be; the first one also serves where a track is looked at.
    var states: [TrackState] = [.none]
    var touched: [Int32] = []
    var assignment = Assignment()
    var formation = Formation()
    var parents: [Int32] = []
    var trackNode: [Int32] = []
    var clusterRows: [Int32] = []
    var clusterColumns: [Int32] = []
    var chosen: [Int32] = []
    var sharers: [Int32] = []
    var sharerGains: [Double] = []
    /// Of a sector: the slots of the tracks that were updated or swept, and the tracks that are no more.
    var isSector = false
    var moved: [Int32] = []
    var ended: [TrackID] = []
    /// What its tracks gained, for those who make tracklets of it; kept only if somebody asks.
    var journal: TrackJournal?
    var gaining = TrackState.none

    /// A tracker without tracks.
    ///
    /// - Parameter sensors: where sensors stand and how they see; more can be told later.
    public init(sensors: [Sensor], parameters: TrackerParameters = TrackerParameters()) {
        self.parameters = parameters
        self.registration = Registration(parameters.registration)
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
            if old.rangeMax == site.rangeMax, old.rangeMin == site.rangeMin {
                site.dopplerVotes = old.dopplerVotes
                site.pairsResolved = old.pairsResolved
                site.pairsSingle = old.pairsSingle
            } else {
                self.detections[Int(known)] = DetectionTable(rangeMax: site.rangeMax)
                self.clutters[Int(known)] = ClutterMap(
                    rangeMin: site.rangeMin, rangeMax: site.rangeMax, perTurn: site.clutterPerTurn)
            }
            self.sites[Int(known)] = site
            self.registration.setSite(Int(known), site, isNew: false)
            self.looks.setSite(Int(known), site)
        } else {
            self.append(site)
        }
    }

    mutating func append(_ site: Site) {
        self.siteOfSensor.set(UInt64(site.id.rawValue), Int32(self.sites.count))
        self.looks.setSite(self.sites.count, site)
        self.sites.append(site)
        self.detections.append(DetectionTable(rangeMax: site.rangeMax))
        self.clutters.append(
            ClutterMap(rangeMin: site.rangeMin, rangeMax: site.rangeMax, perTurn: site.clutterPerTurn))
        self.registration.setSite(self.sites.count - 1, site, isNew: true)
        self.sliceHeads.append(-1)
        self.sliceTails.append(-1)
    }

    /// Adds a sensor of which nothing is known but that it sends.
    mutating func appendUnknown(_ sensor: SensorID, kind: Sensor.Kind) -> Int {
        var site = Site(
            Sensor(
                id: sensor, name: "", site: Geodetic(latitude: 0, longitude: 0), kind: kind, coverage: 0...400_000),
            parameters: self.parameters)
        site.isKnown = false
        self.append(site)
        return self.sites.count - 1
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
        self.process(reports, isForeign: Span(), now: now, into: &changes)
    }

    /// As above.
    ///
    /// - Parameter isForeign: for each report whether its plot may begin no track; empty: all may.
    mutating func process(
        _ reports: borrowing Span<SensorReport>, isForeign: borrowing Span<Bool>, now: Timestamp,
        into changes: inout [TrackChange]
    ) {
        var sliceBegin = Timestamp(nanoseconds: .min)
        for index in reports.indices {
            switch reports[index] {
            case .plot(let plot):
                if plot.receivedAt.seconds(since: sliceBegin) > self.parameters.slice {
                    self.associateSlice(into: &changes)
                    sliceBegin = plot.receivedAt
                }
                self.prepare(plot, isForeign: index < isForeign.count && isForeign[index])
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

    /// Counts looks in vain, drops what is lost, removes duplicates: for every track once in a sweep period, a share of
    /// them at each call, so that no call takes long.
    public mutating func advance(to now: Timestamp, into changes: inout [TrackChange]) {
        let elapsed = now.seconds(since: self.sweptAt)
        guard elapsed != 0 else { return }
        if abs(elapsed) > self.parameters.coastMax, self.sweptAt.nanoseconds != .min, self.leaps < 5 {
            // One block of a recording with a wrong time must not end every track: a leap is believed when it stays.
            self.leaps += 1
            return
        }
        self.leaps = 0
        self.sweptAt = now
        self.sweepDue += min(abs(elapsed) / self.parameters.sweepPeriod, 1) * Double(self.records.count)
        self.sweep(now, into: &changes)
        self.register(now)
        self.tellTouched(into: &changes)
    }

    /// Notes where a radar's beam is.
    mutating func note(_ crossing: SectorCrossing) {
        let site = Int(self.siteOfSensor.value(UInt64(crossing.sensor.rawValue)))
        guard site >= 0, self.sites[site].kind == .radar, crossing.azimuth.isFinite else { return }
        var crossing = crossing
        if self.registration.isCorrecting { self.registration.correct(&crossing, of: site) }
        if let period = crossing.period, period > 0.5, period < 60 { self.sites[site].period = period }
        guard crossing.measuredAt >= self.sites[site].beamAt else { return }
        self.sites[site].beamAt = crossing.measuredAt
        self.sites[site].beamAzimuth = crossing.azimuth
    }

    /// Puts a plot into the slice, in the list of its sensor.
    mutating func prepare(_ plot: Plot, isForeign: Bool = false) {
        self.tally.plots += 1
        var site = Int(self.siteOfSensor.value(UInt64(plot.sensor.rawValue)))
        if site < 0 {
            guard case .geodetic = plot.measurement else {
                self.tally.unknownSensor += 1
                return
            }
            site = self.appendUnknown(plot.sensor, kind: plot.kind == .systemTrack ? .system : .receiver)
        }
        var plot = plot
        if self.registration.isCorrecting {
            guard self.registration.keepsTime(plot, of: site) else {
                self.tally.late += 1
                return
            }
            self.registration.correct(&plot, of: site)
        }
        guard self.sites[site].fits(plot, lagMax: self.parameters.lagMax) else {
            self.tally.late += 1
            return
        }
        var clutter = 0.0
        if plot.kind == .primary, case .polar(let range, let azimuth, _) = plot.measurement, range.isFinite,
            azimuth.isFinite, abs(range) < 1e9, abs(azimuth) < 100
        {
            clutter = self.clutters[site].rate(
                range: range, azimuth: azimuth, at: plot.measuredAt.seconds, period: self.sites[site].period)
        }
        guard
            var prepared = PreparedPlot(plot, site: site, self.sites[site], clutter: clutter, self.parameters)
        else {
            self.tally.absurd += 1
            return
        }
        if self.registration.isQuarantined(site) {
            prepared.widen(by: self.registration.entries[site].deviation)
        }
        if plot.measuredAt > self.sites[site].beamAt {
            self.sites[site].beamAt = plot.measuredAt
            if case .polar(_, let azimuth, _) = plot.measurement { self.sites[site].beamAzimuth = azimuth }
        }
        prepared.isForeign = isForeign
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
    mutating func associateSlice(into changes: inout [TrackChange]) {
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
                self.doubtSplits()
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

    // MARK: The picture

    /// A confirmed track, its state moved to an instant; nil if there is none of this number.
    public func track(_ id: TrackID, predictedTo instant: Timestamp) -> Track? {
        let slot = Int(self.slotOfID.value(UInt64(id.rawValue)))
        guard slot >= 0, self.records[slot].isConfirmed else { return nil }
        var state = self.history.state(self.records[slot].newest)
        return self.records.span[slot].snapshot(
            &state, after: instant.seconds(since: state.time), self.parameters)
    }

    /// Calls `body` with every confirmed track, its state moved to an instant; in no order that means anything, but
    /// always the same one.
    public func forEachTrack(predictedTo instant: Timestamp, _ body: (Track) -> Void) {
        var state = TrackState.none
        for slot in self.records.indices where self.coarse[slot].isLive && self.coarse[slot].isConfirmed {
            self.history.read(self.records[slot].newest, into: &state)
            body(
                self.records.span[slot].snapshot(&state, after: instant.seconds(since: state.time), self.parameters))
        }
    }

    /// Stretches of flight that the registration used, that did not fit, and that were not straight.
    public var registrationTally: (fits: Int, misfits: Int, turns: Int) { self.registration.tally }

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
