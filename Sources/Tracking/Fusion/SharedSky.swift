public import Air
import Geodesy

/// Several nations in one process, each with a tracker of its own sensors and a fused picture of what the others share: a
/// pure value, for studies of what sharing brings.
///
/// Everything that a nation shares goes over a link of fixed delay as it comes, of each track at most once in a share period;
/// its own sensors reach its own picture at once.
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
    /// Between two tellings of one track, at least, seconds.
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
        /// Tracks told to the others, by number.
        var told: [Told] = []

        struct Told: Sendable {
            var id: TrackID
            /// When it was last told of, and when because of a plot.
            var at: Timestamp
            var plotAt: Timestamp
            /// With the plots received until then.
            var until: Timestamp
        }

        mutating func makeTracklets(
            for audience: Int, _ now: Timestamp, every period: Double, into tracklets: inout [Tracklet]
        ) {
            self.maker.take(from: &self.tracker)
            self.maker.tell(audience, of: self.tracker, now: now, every: period, into: &tracklets)
        }

        /// The tracks that took a plot since they were last told of or were not told of for a period, and those that are no
        /// more.
        mutating func wholeTracks(
            _ now: Timestamp, every period: Double, into tracks: inout [Track], ended: inout [TrackID]
        ) {
            var all: [Track] = []
            self.tracker.forEachTrack(predictedTo: now) { all.append($0) }
            all.sort { $0.id < $1.id }
            var told: [Told] = []
            var at = 0
            for track in all {
                while at < self.told.count, self.told[at].id < track.id {
                    ended.append(self.told[at].id)
                    at += 1
                }
                var known: Told?
                if at < self.told.count, self.told[at].id == track.id {
                    known = self.told[at]
                    at += 1
                }
                let hasPlot = known.map { track.receivedAt > $0.until } ?? true
                func isDue(_ last: Timestamp?) -> Bool { last.map { now.seconds(since: $0) > period - 1e-3 } ?? true }
                if hasPlot && isDue(known?.plotAt) || isDue(known?.at) {
                    tracks.append(track)
                    let plotAt = hasPlot ? now : known?.plotAt ?? now
                    told.append(Told(id: track.id, at: now, plotAt: plotAt, until: track.receivedAt))
                } else if let known {
                    told.append(known)
                }
            }
            ended += self.told[at...].map(\.id)
            self.told = told
        }
    }

    private var nodes: [Node] = []
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
                    picture: FusedPicture(home: nation, parameters: fusion)))
        }
    }

    /// The nations, in the order in which they were given.
    public var nations: [Nation] { self.nodes.map(\.nation) }

    /// What the picture of a nation found of the others' offsets.
    public func registrations(of nation: Int) -> [NationRegistration] { self.nodes[nation].picture.registrations }

    /// What the picture of a nation counted.
    public func tally(of nation: Int) -> FusionTally { self.nodes[nation].picture.tally }

    /// Takes what the sensors of all nations reported, in the order of arrival; each nation gets its own.
    ///
    /// - Parameters:
    ///   - reports: in order of `receivedAt`.
    ///   - now: the newest `receivedAt`, or later.
    public mutating func process(_ reports: borrowing Span<SensorReport>, now: Timestamp) {
        if self.sharing == .plots { self.sendPlots(reports) }
        for i in self.nodes.indices {
            var own: [SensorReport] = []
            for j in reports.indices where reports[j].sensor.sac == self.nodes[i].sac { own.append(reports[j]) }
            if self.sharing == .plots { self.receivePlots(i, now, into: &own) }
            self.nodes[i].tracker.process(own.span, now: now, into: &self.changes)
            self.changes.removeAll(keepingCapacity: true)
            guard self.sharing == .tracklets || self.sharing == .tracks else { continue }
            var news: [Tracklet] = []
            self.nodes[i].makeTracklets(for: 0, now, every: 0, into: &news)
            self.receive(i, now)
            self.nodes[i].picture.process(news.span, now: now, into: &self.systemChanges)
            self.systemChanges.removeAll(keepingCapacity: true)
        }
        guard self.sharing == .tracklets || self.sharing == .tracks else { return }
        for i in self.nodes.indices { self.share(i, now) }
    }

    /// Sends plots on, each as it comes.
    private mutating func sendPlots(_ reports: borrowing Span<SensorReport>) {
        for j in reports.indices {
            guard case .plot(var plot) = reports[j] else { continue }
            plot.receivedAt = plot.receivedAt.advanced(by: self.linkDelay)
            for i in self.nodes.indices where plot.sensor.sac != self.nodes[i].sac {
                self.nodes[i].inbox.append(Post(arrivesAt: plot.receivedAt, from: i, reports: [.plot(plot)]))
            }
        }
    }

    /// Puts the partners' plots that have come among the own ones, in the order of their arrival.
    private mutating func receivePlots(_ i: Int, _ now: Timestamp, into reports: inout [SensorReport]) {
        var own: [SensorReport] = []
        swap(&own, &reports)
        var next = 0, come = 0
        while come < self.nodes[i].inbox.count, self.nodes[i].inbox[come].arrivesAt <= now {
            let post = self.nodes[i].inbox[come]
            while next < own.count, case .plot(let plot) = own[next], plot.receivedAt <= post.arrivesAt {
                reports.append(own[next])
                next += 1
            }
            reports.append(contentsOf: post.reports)
            come += 1
        }
        reports.append(contentsOf: own[next...])
        self.nodes[i].inbox.removeFirst(come)
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
            self.nodes[i].makeTracklets(for: 1, now, every: self.sharePeriod, into: &post.tracklets)
        } else {
            self.nodes[i].wholeTracks(now, every: self.sharePeriod, into: &post.tracks, ended: &post.ended)
        }
        guard !post.tracklets.isEmpty || !post.tracks.isEmpty || !post.ended.isEmpty else { return }
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
