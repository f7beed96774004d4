public import Air
import Geodesy
import Glibc

/// Makes one picture of what several nations tell: a pure value, `(tracklets and tracks, time) → changes`.
///
/// One is kept for each audience class and fed only with what is releasable to it, so what cannot be released cannot
/// show: non-interference is the structure and no rule. A nation's own sensors come in the same way, as tracklets of its own
/// tracker.
///
/// Tracklets are added to the picture's own prediction under the tracker's motion models, at their own time, those after
/// it once more; nothing is counted twice, as each holds only what was measured since the one before. Whole tracks, of
/// partners who speak nothing else, are joined to the outcome by inverse covariance intersection, which supposes nothing
/// of how the two are correlated, and are never fed back.
///
/// Which tracks are one aircraft: a contributor stays with its track until its measurements say otherwise; a new one joins by
/// its address where the place allows, else by state when both are each other's likeliest in several sweeps, and no
/// nation has two tracks in one.
///
/// Complexity: O(1) of the number of tracks a tracklet; no allocation in the steady state but for what is told.
///
/// Source: C.-Y. Chong, S. Mori, K.-C. Chang, "Distributed multitarget multisensor tracking", in Y. Bar-Shalom (ed.),
/// "Multitarget-Multisensor Tracking: Advanced Applications" (1990), 8; Y. Bar-Shalom, P. K. Willett, X. Tian, "Tracking and
/// Data Fusion" (2011), 9.
public struct FusedPicture: Sendable {
    /// What was tuned.
    public let parameters: FusionParameters
    /// What was counted.
    public internal(set) var tally = FusionTally()

    /// One track of the picture.
    struct Record: Sendable {
        var base: TrackRecord
        /// Its contributors, a chain in the order in which they joined.
        var first: Int32 = -1
        /// Whether tracklets made its state; else it is that of the newest whole track.
        var hasInformation = false
        /// Whether anybody was told of it.
        var isTold = false
        var isLive = true
        /// Whether it may be an aircraft that is told of already.
        var isVeiled = false
        /// The track that bears the same address elsewhere.
        var rival = TrackID(0)
        var place = SIMD3<Double>.zero
    }

    /// One nation's track in a track of the picture.
    struct Contributor: Sendable {
        var key: UInt64
        var nation: Nation
        var track: TrackID
        var epoch: UInt32
        var slot: Int32
        var next: Int32 = -1
        var sequence: UInt32
        var status: Track.Status
        var evidence = 0.0
        var measuredAt: Timestamp
        var receivedAt: Timestamp
        var address: Track.Aged<ICAOAddress>?
        var mode3A: Track.Aged<Mode3A>?
        var callsign: Track.Aged<Callsign>?
        var latitude: Double
        var longitude: Double
        var misfits = 0
        /// A place in `wholes`, or −1.
        var whole: Int32 = -1
    }

    /// What led to an entry of the history, in the frame in which it was taken in.
    struct Gain: Sendable {
        var lines: InformationLines
        var frame: TangentFrame

        /// The lines in the frame that a state is in now.
        func lines(in state: borrowing TrackState) -> InformationLines {
            guard state.frame.centre != self.frame.centre else { return self.lines }
            var lines = self.lines
            let place = self.frame.place(.zero, height: state.vertical.height)
            lines.reframe(self.frame.rotation(to: state.frame), origin: state.frame.coordinates(of: place).p)
            return lines
        }
    }

    let home: Nation?
    /// What was found of each partner's offsets, in the order in which they were first heard.
    var partners: [NationRegistration] = []
    var records: [Record] = []
    var freeSlots: [Int32] = []
    var contributors: [Contributor] = []
    var freeContributors: [Int32] = []
    var contributorOfKey = FlatTable()
    var slotOfAddress = FlatTable()
    var slotOfID = FlatTable()
    var grid = TrackGrid()
    var history = TrackHistory()
    /// What led to each entry of the history.
    var gains: [Gain] = []
    var wholes: [Track] = []
    var freeWholes: [Int32] = []
    var lastID: UInt32 = 0
    var sweptAt = Timestamp(nanoseconds: .min)
    var sweepNext = 0
    var sweepDue = 0.0
    /// The life that each nation is in.
    var epochs: [(nation: Nation, epoch: UInt32)] = []

    // Scratch.
    var state = TrackState.none
    var touched: [Int32] = []
    var near: [Int32] = []

    /// A picture without tracks.
    ///
    /// - Parameter home: the nation against whose places and clock those of the others are registered; nil: none are.
    public init(home: Nation? = nil, parameters: FusionParameters = FusionParameters()) {
        self.home = home
        self.parameters = parameters
        self.lastID = parameters.tracker.firstID.rawValue &- 1
    }

    // MARK: Input

    /// Takes tracklets in the order of their arrival and tells what has changed.
    public mutating func process(
        _ tracklets: borrowing Span<Tracklet>, now: Timestamp, into changes: inout [SystemTrackChange]
    ) {
        for i in tracklets.indices { self.take(tracklets[i], now, into: &changes) }
        self.advance(to: now, into: &changes)
    }

    /// Takes a whole track of a partner that speaks no tracklets.
    ///
    /// - Parameter originator: whose it is; the number of the track is the originator's.
    public mutating func process(
        _ track: Track, from originator: Nation, now: Timestamp, into changes: inout [SystemTrackChange]
    ) {
        guard track.covariance[0, 0] > 0, track.covariance[1, 1] > 0, (try? track.covariance.cholesky()) != nil,
            abs(track.position.latitude) <= .pi / 2, abs(track.position.longitude) <= 7,
            abs(track.position.height) < 2_000_000,
            abs(track.velocity.east) < 1e5, abs(track.velocity.north) < 1e5
        else {
            self.tally.unsound += 1
            return
        }
        guard self.isTimely(track.measuredAt, now) else {
            self.tally.untimely += 1
            return
        }
        self.tally.wholeTracks += 1
        let key = Self.key(originator, track.id)
        var c = Int(self.contributorOfKey.value(key))
        if c < 0 {
            c = self.addContributor(
                Contributor(
                    key: key, nation: originator, track: track.id, epoch: 0, slot: -1, sequence: 0,
                    status: track.status, measuredAt: track.measuredAt, receivedAt: now,
                    latitude: track.position.latitude, longitude: track.position.longitude))
            self.contributors[c].whole = self.keepWhole(track)
            self.seat(c, address: track.address?.value, track.measuredAt)
        } else if self.contributors[c].whole >= 0 {
            guard track.measuredAt >= self.contributors[c].measuredAt else { return }
            self.wholes[Int(self.contributors[c].whole)] = track
            self.examine(c)
        } else {
            // It told tracklets before: what it may tell has changed.
            guard track.measuredAt >= self.contributors[c].measuredAt else { return }
            self.contributors[c].whole = self.keepWhole(track)
        }
        self.note(c, track, now)
        let slot = Int(self.contributors[c].slot)
        if !self.records[slot].hasInformation { self.borrowState(slot, of: track) }
        self.settle(slot)
    }

    /// A partner's whole track has ended.
    public mutating func end(
        _ track: TrackID, from originator: Nation, now: Timestamp, into changes: inout [SystemTrackChange]
    ) {
        let c = Int(self.contributorOfKey.value(Self.key(originator, track)))
        if c >= 0 { self.removeContributor(c, now, into: &changes) }
    }

    static func key(_ nation: Nation, _ track: TrackID) -> UInt64 {
        UInt64(nation.rawValue) << 32 | UInt64(track.rawValue)
    }

    mutating func take(_ received: Tracklet, _ now: Timestamp, into changes: inout [SystemTrackChange]) {
        guard received.isSound else {
            self.tally.unsound += 1
            return
        }
        let tracklet = self.registered(received)
        guard self.isOfThisLife(tracklet, now, into: &changes) else {
            self.tally.repeated += 1
            return
        }
        let key = Self.key(tracklet.originator, tracklet.track)
        var c = Int(self.contributorOfKey.value(key))
        if c >= 0 {
            let last = self.contributors[c].sequence
            guard tracklet.sequence.lowerBound > last else {
                self.tally.repeated += 1
                return
            }
            self.tally.lost += Int(tracklet.sequence.lowerBound - last) - 1
        } else if tracklet.isLast {
            return
        } else {
            self.tally.lost += Int(tracklet.sequence.lowerBound) - 1
        }
        // That nothing more was measured may be told of what was measured long ago.
        guard self.isTimely(tracklet.measuredAt, now) || tracklet.plotCount == 0 && c >= 0 else {
            self.tally.untimely += 1
            return
        }
        self.tally.taken += 1
        if c < 0 {
            c = self.addContributor(
                Contributor(
                    key: key, nation: tracklet.originator, track: tracklet.track, epoch: tracklet.epoch, slot: -1,
                    sequence: tracklet.sequence.upperBound, status: tracklet.status, measuredAt: tracklet.measuredAt,
                    receivedAt: now, latitude: tracklet.position.latitude, longitude: tracklet.position.longitude))
            self.seat(c, with: tracklet)
        } else if self.contributors[c].whole >= 0, tracklet.plotCount > 0 {
            // It told states before: what it may tell has changed.
            self.freeWholes.append(self.contributors[c].whole)
            self.contributors[c].whole = -1
            let slot = Int(self.contributors[c].slot)
            if self.records[slot].hasInformation {
                self.add(tracklet, of: c)
            } else {
                self.beginState(slot, with: tracklet)
            }
        } else if tracklet.plotCount > 0 {
            if self.contributors[c].misfits == 0 { self.observe(received, at: Int(self.contributors[c].slot)) }
            self.add(tracklet, of: c)
        }
        self.note(c, tracklet, now)
        let slot = Int(self.contributors[c].slot)
        self.settle(slot)
        if tracklet.isLast { self.removeContributor(c, now, into: &changes) }
    }

    /// Whether a time stamp is one of these seconds: a prediction over an hour takes long, and says nothing.
    private func isTimely(_ instant: Timestamp, _ now: Timestamp) -> Bool {
        let age = now.seconds(since: instant)
        return age < self.parameters.silenceMax && age > -self.parameters.aheadMax
    }

    /// Whether a tracklet is of its sender's present life; ends what is left of an older one.
    private mutating func isOfThisLife(
        _ tracklet: Tracklet, _ now: Timestamp, into changes: inout [SystemTrackChange]
    ) -> Bool {
        guard let place = self.epochs.firstIndex(where: { $0.nation == tracklet.originator }) else {
            self.epochs.append((tracklet.originator, tracklet.epoch))
            return true
        }
        guard tracklet.epoch != self.epochs[place].epoch else { return true }
        guard tracklet.epoch > self.epochs[place].epoch else { return false }
        self.epochs[place].epoch = tracklet.epoch
        for c in self.contributors.indices
        where self.contributors[c].slot >= 0 && self.contributors[c].nation == tracklet.originator
            && self.contributors[c].whole < 0
        {
            self.removeContributor(c, now, into: &changes)
        }
        return true
    }

    /// Adds a tracklet to the track of its contributor, if it fits.
    private mutating func add(_ tracklet: Tracklet, of c: Int) {
        let slot = Int(self.contributors[c].slot)
        let isAlone = self.contributors[Int(self.records[slot].first)].next < 0
        let gate = self.parameters.misfitGate
        guard self.add(tracklet, to: slot, gate: isAlone ? .infinity : gate) else {
            self.tally.misfits += 1
            self.contributors[c].misfits += 1
            if self.contributors[c].misfits >= self.parameters.misfitsMax { self.split(c, with: tracklet) }
            return
        }
        self.contributors[c].misfits = max(self.contributors[c].misfits - 1, 0)
    }

    /// Adds a tracklet to a track where it belongs in time.
    ///
    /// - Parameter gate: squared distance for each line of information beyond which nothing is done.
    /// - Returns: whether it was within the gate.
    mutating func add(_ tracklet: Tracklet, to slot: Int, gate: Double) -> Bool {
        let k = self.parameters.tracker
        var tracklet = tracklet
        let newest = self.records[slot].base.newest
        var base = newest
        if tracklet.measuredAt < self.history.time(newest) {
            base = self.history.earlier(tracklet.measuredAt, from: newest)
            if base < 0 { base = newest }
            if self.history.time(base) > tracklet.measuredAt {
                // Older than all that is remembered: what it says of the oldest instant that is.
                tracklet = tracklet.moved(to: self.history.time(base))
            }
        }
        self.history.read(base, into: &self.state)
        let lines = InformationLines(tracklet, in: self.state.frame)
        let fit = self.state.takeOrWake(lines, at: tracklet.measuredAt, k)
        guard fit.distance <= gate * Double(max(lines.count, 1)), fit.likelihood.isFinite,
            self.state.mixture.blended(k).isSound
        else { return false }
        var entry = self.remember(lines, after: base)
        if base != newest {
            self.tally.outOfOrder += 1
            entry = self.history.newer(than: entry)
            while entry >= 0 {
                let instant = self.history.time(entry)
                _ = self.state.takeOrWake(self.gains[Int(entry)].lines(in: self.state), at: instant, k)
                self.state.recentre(k)
                self.history.setState(entry, &self.state)
                entry = self.history.newer(than: entry)
            }
        } else {
            self.records[slot].base.newest = entry
        }
        let last = self.records[slot].base.newest
        self.history.trim(last, to: self.history.time(last).advanced(by: -self.parameters.lagMax))
        self.place(slot)
        return true
    }

    /// Notes the state and the lines that led to it as the entry after `base`.
    private mutating func remember(_ lines: InformationLines, after base: Int32) -> Int32 {
        let frame = self.state.frame
        self.state.recentre(self.parameters.tracker)
        let entry = self.history.add(&self.state, Self.noPlot, after: base)
        while self.gains.count <= Int(entry) { self.gains.append(Gain(lines: lines, frame: frame)) }
        self.gains[Int(entry)] = Gain(lines: lines, frame: frame)
        return entry
    }

    static let noPlot = Measured(measuredAt: Timestamp(nanoseconds: 0), site: 0)

    /// Begins the state of a track with a tracklet.
    ///
    /// - Parameter velocity: what is supposed of the velocity, Earth-centred, and its standard deviation.
    mutating func beginState(
        _ slot: Int, with tracklet: Tracklet, velocity: SIMD3<Double> = .zero, deviation: Double? = nil
    ) {
        let k = self.parameters.tracker
        let at = tracklet.position
        let frame = TangentFrame(below: SIMD3(Geocentric(Geodetic(latitude: at.latitude, longitude: at.longitude))))
        let spread = deviation ?? k.speedDeviation
        // Ten kilometres about where the sender says that it is, which its own measurements then narrow.
        var motion = Motion(
            p: .zero, v: SIMD2(dot(velocity, frame.east), dot(velocity, frame.north)), pp: .diagonal(1e8),
            vv: .diagonal(spread * spread))
        let lines = InformationLines(tracklet, in: frame)
        for i in 0..<lines.count {
            motion.take(
                lines.values[i], place: lines.places[i], velocity: lines.velocities[i], variance: lines.variances[i])
        }
        var vertical = Vertical(
            height: at.height, climb: 0, hh: k.heightPrior.deviation * k.heightPrior.deviation,
            cc: k.climbDeviation * k.climbDeviation)
        for i in 0..<lines.verticalCount {
            vertical.take(lines.verticalValues[i], along: lines.verticals[i], variance: lines.verticalVariances[i])
        }
        self.state = TrackState(
            time: tracklet.measuredAt, frame: frame,
            mixture: MotionMixture(
                motion, agile: tracklet.address != nil ? k.agile.identified : k.agile.anonymous, parameters: k),
            vertical: vertical)
        self.history.remove(self.records[slot].base.newest)
        self.records[slot].base.newest = self.remember(InformationLines(), after: -1)
        self.records[slot].hasInformation = true
        self.place(slot)
    }

    /// Takes the state of a whole track for that of a track of the picture.
    mutating func borrowState(_ slot: Int, of track: Track) {
        let k = self.parameters.tracker
        let frame = TangentFrame(
            below: SIMD3(Geocentric(Geodetic(latitude: track.position.latitude, longitude: track.position.longitude))))
        let c = track.covariance
        var motion = Motion(
            p: .zero, v: SIMD2(track.velocity.east, track.velocity.north),
            pp: Matrix2(c[0, 0], c[0, 1], c[1, 0], c[1, 1]), vv: Matrix2(c[2, 2], c[2, 3], c[3, 2], c[3, 3]))
        motion.pv = Matrix2(c[0, 2], c[0, 3], c[1, 2], c[1, 3])
        self.state = TrackState(
            time: track.measuredAt, frame: frame,
            mixture: MotionMixture(
                motion, agile: track.address != nil ? k.agile.identified : k.agile.anonymous, parameters: k),
            vertical: Vertical(
                height: track.position.height, climb: track.velocity.up, hh: max(track.heightVariance, 1),
                cc: max(track.climbVariance, 0.01)))
        self.history.remove(self.records[slot].base.newest)
        self.records[slot].base.newest = self.remember(InformationLines(), after: -1)
        self.place(slot)
    }

    /// Brings the grid up to date.
    mutating func place(_ slot: Int) {
        self.history.read(self.records[slot].base.newest, into: &self.state)
        let motion = self.state.mixture.blended(self.parameters.tracker)
        let place = self.state.frame.place(motion.p, height: self.state.vertical.height)
        guard motion.isSound, dot(place, place) < 1e15 else { return }
        self.records[slot].place = place
        self.grid.move(slot, to: place)
    }

    // MARK: The picture

    /// Calls `body` with every believed track, its state moved to an instant; in no order that means anything, but always
    /// the same one.
    public func forEachTrack(predictedTo instant: Timestamp, _ body: (SystemTrack) -> Void) {
        var state = TrackState.none
        for slot in self.records.indices where self.isShown(slot) {
            body(self.systemTrack(slot, at: instant, &state))
        }
    }

    /// How many tracks there are: believed ones, and others.
    public var counts: (confirmed: Int, tentative: Int) {
        var confirmed = 0, tentative = 0
        for slot in self.records.indices where self.records[slot].isLive {
            if self.records[slot].base.isConfirmed { confirmed += 1 } else { tentative += 1 }
        }
        return (confirmed, tentative)
    }

    /// Whether a track is believed and no other that may be the same aircraft is told in its place.
    func isShown(_ slot: Int) -> Bool {
        self.records[slot].isLive && self.records[slot].base.isConfirmed
            && (self.records[slot].isTold || !self.records[slot].isVeiled)
    }

    /// A track of the picture, moved to an instant, with the whole tracks joined to it.
    func systemTrack(_ slot: Int, at instant: Timestamp, _ state: inout TrackState) -> SystemTrack {
        let k = self.parameters.tracker
        self.history.read(self.records[slot].base.newest, into: &state)
        var track = self.records[slot].base.snapshot(&state, after: instant.seconds(since: state.time), k)
        var contributions: [SystemTrack.Contribution] = []
        var disagreements: SystemTrack.Disagreements = []
        var isCoasting = true
        var hasEstimate = self.records[slot].hasInformation
        var c = Int(self.records[slot].first)
        while c >= 0 {
            let contributor = self.contributors[c]
            if contributor.status == .confirmed { isCoasting = false }
            for other in contributions { disagreements.formUnion(contributor.disagreements(with: other)) }
            if contributor.misfits > 0 { disagreements.insert(.position) }
            contributions.append(contributor.contribution)
            if contributor.whole >= 0, contributor.misfits == 0 || !hasEstimate {
                let whole = self.wholes[Int(contributor.whole)].foretold(
                    at: instant, noise: self.parameters.wholeTrackNoise)
                if hasEstimate {
                    track.intersect(with: whole)
                } else {
                    track.assume(stateOf: whole)
                    hasEstimate = true
                }
            }
            c = Int(contributor.next)
        }
        let rival = self.records[slot].rival
        if rival.rawValue != 0 { disagreements.insert(.position) }
        track.status = !self.records[slot].base.isConfirmed ? .tentative : isCoasting ? .coasting : .confirmed
        return SystemTrack(
            track: track, contributions: contributions, disagreements: disagreements,
            rival: rival.rawValue != 0 ? rival : nil)
    }
}

extension FusedPicture.Contributor {
    var contribution: SystemTrack.Contribution {
        SystemTrack.Contribution(
            nation: self.nation, track: self.track, form: self.whole >= 0 ? .track : .tracklets,
            measuredAt: self.measuredAt, status: self.status, address: self.address, mode3A: self.mode3A,
            callsign: self.callsign, latitude: self.latitude, longitude: self.longitude, isApart: self.misfits > 0)
    }

    /// On what of the identity it does not agree with another one.
    func disagreements(with other: SystemTrack.Contribution) -> SystemTrack.Disagreements {
        var result: SystemTrack.Disagreements = []
        if let a = self.address?.value, let b = other.address?.value, a != b { result.insert(.address) }
        if let a = self.mode3A, let b = other.mode3A, a.value != b.value, !a.value.isShared, !b.value.isShared,
            // One that was told half a minute later may be a new code.
            abs(a.measuredAt.seconds(since: b.measuredAt)) < 30
        {
            result.insert(.mode3A)
        }
        if let a = self.callsign?.value, let b = other.callsign?.value, a != b { result.insert(.callsign) }
        return result
    }
}
