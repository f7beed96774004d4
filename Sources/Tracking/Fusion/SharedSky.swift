public import Air
import Geodesy

/// Several nations in one process, each with a tracker of its own sensors and a fused picture of what the others share: a
/// pure value, for studies of what sharing brings.
///
/// Everything that a nation shares goes over a link of fixed delay, every share period (plots as they come); its own
/// sensors reach its own picture at once.
public struct SharedSky: Sendable {
    /// What nations share with each other.
    public enum Sharing: String, Hashable, Sendable, CaseIterable {
        /// Nothing: each has its own tracks.
        case none
        /// Tracks with covariance, as of partners that speak nothing else.
        case tracks
        /// What each gained since it last told.
        case tracklets
        /// Every plot; each nation has one tracker over all sensors.
        case plots
    }

    /// What nations share, and how it gets there.
    public var sharing: Sharing
    /// From sending to receiving, seconds.
    public var linkDelay: Double
    /// Between two tellings of a nation, seconds.
    public var sharePeriod: Double

    private struct Post: Sendable {
        var arrivesAt: Timestamp
        var from: Int
        var tracklets: [Tracklet] = []
        var tracks: [Track] = []
        var ended: [TrackID] = []
        var reports: [SensorReport] = []
    }

    private struct Node: Sendable {
        var nation: Nation
        var sac: UInt8
        var tracker: Tracker
        var maker: TrackletMaker
        var picture: FusedPicture
        var inbox: [Post] = []
        /// Tracks told to the others at the last telling.
        var told: [TrackID] = []

        mutating func makeTracklets(for audience: Int, into tracklets: inout [Tracklet]) {
            self.maker.take(from: &self.tracker)
            self.maker.tell(audience, of: self.tracker, into: &tracklets)
        }
    }

    private var nodes: [Node] = []
    private var sharedAt = Timestamp(nanoseconds: .min)
    private var changes: [TrackChange] = []
    private var systemChanges: [SystemTrackChange] = []

    /// Nations without tracks.
    ///
    /// - Parameters:
    ///   - nations: each with its sensors.
    ///   - tentative: evidence from which on partners are told of tracks that are not yet believed; nil: never.
    public init(
        nations: [(nation: Nation, sensors: [Sensor])], sharing: Sharing, linkDelay: Double = 0.1,
        sharePeriod: Double = 1, tentative: Double? = nil, fusion: FusionParameters = FusionParameters()
    ) {
        self.sharing = sharing
        self.linkDelay = linkDelay
        self.sharePeriod = sharePeriod
        let all = nations.flatMap(\.sensors)
        for (nation, sensors) in nations {
            var tracker = Tracker(sensors: sharing == .plots ? all : sensors, parameters: fusion.tracker)
            var maker = TrackletMaker(originator: nation, epoch: 1)
            if sharing == .tracklets || sharing == .tracks {
                tracker.keepJournal()
                // The nation itself is the first audience, and told at every turn.
                _ = maker.addAudience(tentative: tentative)
                if sharing == .tracklets { _ = maker.addAudience(tentative: tentative) }
            }
            self.nodes.append(
                Node(
                    nation: nation, sac: sensors.first?.id.sac ?? 0, tracker: tracker, maker: maker,
                    picture: FusedPicture(parameters: fusion)))
        }
    }

    /// The nations, in the order in which they were given.
    public var nations: [Nation] { self.nodes.map(\.nation) }

    /// What the picture of a nation counted.
    public func tally(of nation: Int) -> FusionTally { self.nodes[nation].picture.tally }

    /// Takes what the sensors of all nations reported, in the order of arrival; each nation gets its own.
    ///
    /// - Parameters:
    ///   - reports: in order of `receivedAt`.
    ///   - now: the newest `receivedAt`, or later.
    public mutating func process(_ reports: borrowing Span<SensorReport>, now: Timestamp) {
        for i in self.nodes.indices {
            var own: [SensorReport] = []
            for j in reports.indices where reports[j].sensor.sac == self.nodes[i].sac { own.append(reports[j]) }
            if self.sharing == .plots, !own.isEmpty {
                for j in self.nodes.indices where j != i {
                    self.nodes[j].inbox.append(
                        Post(arrivesAt: now.advanced(by: self.linkDelay), from: i, reports: own))
                }
            }
            if self.sharing == .plots {
                let from = own.count
                self.receivePlots(i, now, into: &own)
                // Theirs were received when they got here.
                for j in from..<own.count {
                    if case .plot(var plot) = own[j] {
                        plot.receivedAt = now
                        own[j] = .plot(plot)
                    }
                }
            }
            self.nodes[i].tracker.process(own.span, now: now, into: &self.changes)
            self.changes.removeAll(keepingCapacity: true)
            guard self.sharing == .tracklets || self.sharing == .tracks else { continue }
            var news: [Tracklet] = []
            self.nodes[i].makeTracklets(for: 0, into: &news)
            self.receive(i, now)
            self.nodes[i].picture.process(news.span, now: now, into: &self.systemChanges)
            self.systemChanges.removeAll(keepingCapacity: true)
        }
        let isDue =
            self.sharedAt.nanoseconds == .min || now.seconds(since: self.sharedAt) >= self.sharePeriod - 1e-6
        if isDue, self.sharing == .tracklets || self.sharing == .tracks {
            self.sharedAt = now
            for i in self.nodes.indices { self.share(i, now) }
        }
    }

    private mutating func receivePlots(_ i: Int, _ now: Timestamp, into reports: inout [SensorReport]) {
        var kept = 0
        for j in self.nodes[i].inbox.indices {
            if self.nodes[i].inbox[j].arrivesAt <= now {
                reports.append(contentsOf: self.nodes[i].inbox[j].reports)
            } else {
                self.nodes[i].inbox.swapAt(kept, j)
                kept += 1
            }
        }
        self.nodes[i].inbox.removeLast(self.nodes[i].inbox.count - kept)
    }

    private mutating func receive(_ i: Int, _ now: Timestamp) {
        var kept = 0
        for j in self.nodes[i].inbox.indices {
            guard self.nodes[i].inbox[j].arrivesAt <= now else {
                self.nodes[i].inbox.swapAt(kept, j)
                kept += 1
                continue
            }
            let post = self.nodes[i].inbox[j]
            let from = self.nodes[post.from].nation
            self.nodes[i].picture.process(post.tracklets.span, now: now, into: &self.systemChanges)
            for track in post.tracks {
                self.nodes[i].picture.process(track, from: from, now: now, into: &self.systemChanges)
            }
            for id in post.ended {
                self.nodes[i].picture.end(id, from: from, now: now, into: &self.systemChanges)
            }
        }
        self.nodes[i].inbox.removeLast(self.nodes[i].inbox.count - kept)
    }

    private mutating func share(_ i: Int, _ now: Timestamp) {
        var post = Post(arrivesAt: now.advanced(by: self.linkDelay), from: i)
        if self.sharing == .tracklets {
            self.nodes[i].makeTracklets(for: 1, into: &post.tracklets)
        } else {
            var told: [TrackID] = []
            self.nodes[i].tracker.forEachTrack(predictedTo: now) {
                post.tracks.append($0)
                told.append($0.id)
            }
            told.sort()
            var at = 0
            for id in self.nodes[i].told {
                while at < told.count, told[at] < id { at += 1 }
                if at == told.count || told[at] != id { post.ended.append(id) }
            }
            self.nodes[i].told = told
        }
        for j in self.nodes.indices where j != i { self.nodes[j].inbox.append(post) }
    }

    /// Calls `body` with every track of a nation's picture, its state moved to an instant.
    public func forEachTrack(of nation: Int, predictedTo instant: Timestamp, _ body: (Track) -> Void) {
        switch self.sharing {
        case .none, .plots: self.nodes[nation].tracker.forEachTrack(predictedTo: instant, body)
        case .tracks, .tracklets:
            self.nodes[nation].picture.forEachTrack(predictedTo: instant) { body($0.track) }
        }
    }
}
