internal import Air
internal import Plausibility
internal import Storage
internal import Tracking

/// What the keeper of the tracks has counted, and what it holds.
struct KeeperFigures: Sendable {
    var tracker = TrackerTally()
    var plausibility = PlausibilityTally()
    var confirmed = 0
    var tentative = 0
    var registrations: [SensorID: SensorRegistration] = [:]
}

/// The one keeper of the tracker: takes reports from all feeds in turn, has them marked where they cannot be, and enters
/// what changes into the picture.
actor TrackKeeper {
    /// How many reports the tracker takes at once: bounds what one turn costs and how much the changes hold.
    private static let sliceMax = 1024

    private var tracker: Tracker
    private var watch: PlausibilityGuard
    private var changes: [TrackChange] = []
    private let picture: Picture
    private let sensors: SensorBook
    private var chronicle: Chronicle?
    private let observer: (@Sendable ([SensorReport], [TrackChange]) -> Void)?
    /// Where what own sensors gained goes, when the node is linked to partners.
    private let lattice: LatticeInbox?
    private var maker: TrackletMaker?

    /// - Parameters:
    ///   - lattice: where what own sensors gain goes.
    ///   - observer: sees every slice of reports with the changes that it led to; for measuring.
    init(
        tracker: consuming Tracker, picture: Picture, watch: PlausibilityGuard, sensors: SensorBook,
        chronicle: Chronicle?, lattice: Lattice? = nil,
        observer: (@Sendable ([SensorReport], [TrackChange]) -> Void)? = nil
    ) {
        var tracker = tracker
        self.lattice = lattice?.inbox
        if let lattice {
            tracker.keepJournal()
            var maker = TrackletMaker(originator: lattice.nation, epoch: lattice.epoch)
            // The node's own picture of all nations.
            _ = maker.addAudience()
            self.maker = maker
        }
        self.tracker = tracker
        self.watch = watch
        self.picture = picture
        self.sensors = sensors
        self.chronicle = chronicle
        self.observer = observer
    }

    /// Takes reports in the order of their arrival.
    func take(_ reports: consuming [SensorReport], now: Timestamp) {
        for sensor in self.sensors.note(reports, now: now) {
            self.tracker.setSensor(sensor)
            self.watch.setSensor(sensor)
        }
        self.watch.judge(&reports)
        var start = 0
        while start < reports.count {
            let end = min(start + Self.sliceMax, reports.count)
            self.tracker.process(reports.span.extracting(start..<end), now: now, into: &self.changes)
            self.watch.judge(&self.changes, now: now)
            if let observer = self.observer { observer(Array(reports[start..<end]), self.changes) }
            self.enter(at: now)
            start = end
        }
    }

    /// Lets time pass: tracks that are no longer seen coast and end.
    func advance(to now: Timestamp) {
        self.tracker.advance(to: now, into: &self.changes)
        self.watch.judge(&self.changes, now: now)
        self.observer?([], self.changes)
        self.enter(at: now)
    }

    private func enter(at now: Timestamp) {
        self.picture.apply(self.changes)
        self.chronicle?.enter(self.changes)
        self.tellLattice(at: now)
        self.changes.removeAll(keepingCapacity: true)
    }

    /// Hands over what own sensors gained since the last turn.
    private func tellLattice(at now: Timestamp) {
        guard let lattice = self.lattice, self.maker != nil else { return }
        self.maker?.take(from: &self.tracker)
        var news = OwnNews(changes: self.changes)
        self.maker?.tell(0, of: self.tracker, now: now, into: &news.gains)
        if !news.isEmpty { lattice.put(news) }
    }

    var figures: KeeperFigures {
        let counts = self.tracker.counts
        var registrations: [SensorID: SensorRegistration] = [:]
        self.tracker.forEachRegistration { registrations[$0] = $1 }
        return KeeperFigures(
            tracker: self.tracker.tally, plausibility: self.watch.tally, confirmed: counts.confirmed,
            tentative: counts.tentative, registrations: registrations)
    }
}
