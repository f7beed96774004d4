internal import Air
internal import Federation
internal import Synchronization

/// What one turn of the node's own tracker brought.
struct OwnNews: Sendable {
    /// Of the own tracks.
    var changes: [TrackChange] = []
    /// What they gained.
    var gains: [Tracklet] = []

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

    func put(_ news: OwnNews) {
        self.waiting.withLock { $0.news.append(news) }
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
