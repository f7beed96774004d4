internal import Air
internal import Storage

/// What of the changes goes to history: of each track a point now and then.
struct Chronicle: Sendable {
    private let history: TrackHistory
    private let interval: Double
    private var enteredAt: [TrackID: Timestamp] = [:]
    private var points: [TrackPoint] = []

    /// - Parameter interval: the least time between two points of one track, seconds.
    init(_ history: TrackHistory, interval: Double) {
        self.history = history
        self.interval = interval
    }

    mutating func enter(_ changes: [TrackChange]) {
        for change in changes {
            switch change {
            case .updated(let track):
                if let last = self.enteredAt[track.id], track.measuredAt.seconds(since: last) < self.interval {
                    continue
                }
                self.enteredAt[track.id] = track.measuredAt
                self.points.append(TrackPoint(track))
            case .dropped(let id, _):
                self.enteredAt[id] = nil
            }
        }
        guard !self.points.isEmpty else { return }
        self.history.append(self.points)
        self.points.removeAll(keepingCapacity: true)
    }
}
