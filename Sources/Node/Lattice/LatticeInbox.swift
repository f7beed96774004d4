internal import Air
internal import Federation
internal import Synchronization

/// What one turn of the node's own tracker brought.
struct OwnNews: Sendable {
    /// Of the own tracks.
    var changes: [TrackChange] = []
    /// What they gained.
    var gains: [Tracklet] = []

    init(changes: [TrackChange] = [], gains: [Tracklet] = []) {
        self.changes = changes
        self.gains = gains
    }

    /// Several turns as one: of each track the last change, and the sum of what it gained.
    init(conflating turns: [OwnNews]) {
        var places: [TrackID: Int] = [:]
        for change in turns.lazy.flatMap(\.changes) {
            if let place = places[change.track] {
                self.changes[place] = change
            } else {
                places[change.track] = self.changes.count
                self.changes.append(change)
            }
        }
        places.removeAll(keepingCapacity: true)
        for gain in turns.lazy.flatMap(\.gains) {
            if let place = places[gain.track] {
                self.gains[place] = self.gains[place].combined(with: gain)
            } else {
                places[gain.track] = self.gains.count
                self.gains.append(gain)
            }
        }
    }

    var isEmpty: Bool { self.changes.isEmpty && self.gains.isEmpty }
}

/// What waits for the lattice: nobody who puts something in ever waits.
///
/// What the tracker brings is one entry for each turn; the keeper takes all at once, so it is short.
final class LatticeInbox: Sendable {
    struct Contents: Sendable {
        var inputs: [FederationInput] = []
        var news: [OwnNews] = []
    }

    private let waiting = Mutex(Contents())
    let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    init() { (self.bell, self.ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func put(_ input: FederationInput) {
        self.waiting.withLock { $0.inputs.append(input) }
        self.ringer.yield()
    }

    /// Turns that wait one by one; more are made one, so that what waits is bounded by the number of tracks.
    private static let turnsMax = 64

    func put(_ news: OwnNews) {
        self.waiting.withLock { waiting in
            waiting.news.append(news)
            if waiting.news.count > Self.turnsMax { waiting.news = [OwnNews(conflating: waiting.news)] }
        }
        self.ringer.yield()
    }

    func take() -> Contents {
        self.waiting.withLock { waiting in
            defer { waiting = Contents() }
            return waiting
        }
    }

    func ring() { self.ringer.yield() }

    func finish() { self.ringer.finish() }
}

extension TrackChange {
    fileprivate var track: TrackID {
        switch self {
        case .updated(let track): track.id
        case .dropped(let id, _): id
        }
    }
}
