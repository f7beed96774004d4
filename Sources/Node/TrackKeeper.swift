internal import Air
internal import Storage
internal import Tracking

/// The one keeper of the tracker: takes reports from all feeds in turn, and enters what changes into the picture.
actor TrackKeeper {
    /// How many reports the tracker takes at once: bounds what one turn costs and how much the changes hold.
    private static let sliceMax = 1024

    private var tracker: Tracker
    private var changes: [TrackChange] = []
    private let picture: Picture
    private let sensors: SensorBook
    private var chronicle: Chronicle?
    private let observer: (@Sendable ([SensorReport], [TrackChange]) -> Void)?

    /// - Parameter observer: sees every slice of reports with the changes that it led to; for measuring.
    init(
        tracker: consuming Tracker, picture: Picture, sensors: SensorBook, chronicle: Chronicle?,
        observer: (@Sendable ([SensorReport], [TrackChange]) -> Void)? = nil
    ) {
        self.tracker = tracker
        self.picture = picture
        self.sensors = sensors
        self.chronicle = chronicle
        self.observer = observer
    }

    /// Takes reports in the order of their arrival.
    func take(_ reports: [SensorReport], now: Timestamp) {
        for sensor in self.sensors.note(reports, now: now) { self.tracker.setSensor(sensor) }
        var start = 0
        while start < reports.count {
            let end = min(start + Self.sliceMax, reports.count)
            self.tracker.process(reports.span.extracting(start..<end), now: now, into: &self.changes)
            if let observer = self.observer { observer(Array(reports[start..<end]), self.changes) }
            self.enter(at: now)
            start = end
        }
    }

    /// Lets time pass: tracks that are no longer seen coast and end.
    func advance(to now: Timestamp) {
        self.tracker.advance(to: now, into: &self.changes)
        self.observer?([], self.changes)
        self.enter(at: now)
    }

    private func enter(at now: Timestamp) {
        self.picture.apply(self.changes)
        self.chronicle?.enter(self.changes)
        self.changes.removeAll(keepingCapacity: true)
    }

    var tally: TrackerTally { self.tracker.tally }
    var counts: (confirmed: Int, tentative: Int) { self.tracker.counts }
}
