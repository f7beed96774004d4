import Air
import Federation
import Geodesy
import Ledger
import Releasability
import Testing

/// One track, and what own sensors gained on it since the partner was last told for sure.
struct TrackletSource: TrackSource, Sendable {
    var label: Label
    /// Plots that the partner surely has, that are on their way, and that wait.
    var had: UInt32 = 0
    var flying: UInt32 = 0
    var waiting: UInt32 = 0
    var isGone = false
    var sequence: UInt32 = 0

    var tracks: [TrackID] { self.isGone ? [] : [TrackID(5)] }
    var offersTracklets: Bool { true }
    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>? {
        if self.isGone { return nil }
        return Labelled(
            Track(
                id: track, status: .confirmed, measuredAt: instant, receivedAt: instant,
                position: Geodetic(latitude: 0.6, longitude: 2.4, height: 9000)), label: self.label)
    }
    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>? {
        precondition(self.flying == 0, "one is on its way at most")
        guard self.waiting > 0 || self.isGone else { return nil }
        self.sequence += 1
        var tracklet = Tracklet(
            originator: jp, track: track, epoch: 1, sequence: self.sequence, from: noon,
            measuredAt: max(now, noon), position: Geodetic(latitude: 0.6, longitude: 2.4, height: 9000))
        tracklet.information = .identity
        tracklet.plotCount = self.waiting
        tracklet.isLast = self.isGone
        self.flying = self.waiting
        self.waiting = 0
        return Labelled(tracklet, label: self.label)
    }
    mutating func acknowledged(_ track: TrackID, by partner: Nation) {
        self.had += self.flying
        self.flying = 0
    }
    mutating func lost(_ track: TrackID, for partner: Nation) {
        self.waiting += self.flying
        self.flying = 0
    }
    mutating func forget(_ track: TrackID, for partner: Nation) {}
    mutating func forget(for partner: Nation) {}
}

@Suite struct TrackletTests {
    /// A sender with tracklets and a receiver, with a link that can be cut.
    struct Pair {
        var sending: FederationNode<TrackletSource>
        var receiving: FederationNode<TableSource>
        var now = noon
        var link: LinkID?
        var isCut = false
        var plots: UInt32 = 0
        var states = 0
        var ended = 0
        private var count: UInt64 = 0

        init(clauses: [Clause]? = nil) {
            self.sending = FederationNode(
                identity(jp), policy: policy(jp, with: [us], clauses: clauses), partners: [keys(us, for: jp)],
                source: TrackletSource(label: label(jp, to: [us])), start: 1)
            self.receiving = FederationNode(
                identity(us), policy: policy(us, with: [jp]), partners: [keys(jp, for: us)], source: TableSource(),
                start: 1)
            var outputs: [FederationOutput] = []
            self.sending.recover(at: noon, into: &outputs)
            self.receiving.recover(at: noon, into: &outputs)
        }

        mutating func dial() {
            self.count += 1
            let link = LinkID(self.count)
            self.link = link
            self.give([(true, .accepted(link, us, node: "one")), (false, .dialled(link, jp))])
        }

        mutating func hangUp() {
            guard let link = self.link else { return }
            self.link = nil
            self.give([(true, .closed(link)), (false, .closed(link))])
        }

        mutating func give(_ inputs: [(isSender: Bool, input: FederationInput)]) {
            var queue = inputs
            while !queue.isEmpty {
                let (isSender, input) = queue.removeFirst()
                var outputs: [FederationOutput] = []
                if isSender {
                    self.sending.handle(input, at: self.now, into: &outputs)
                } else {
                    self.receiving.handle(input, at: self.now, into: &outputs)
                }
                for output in outputs {
                    switch output {
                    case .write(let write): queue.append((isSender, .written(write.number)))
                    case .ask(let link, let request): if !self.isCut { queue.append((true, .request(link, request))) }
                    case .deliver(let link, let delivery):
                        switch delivery {
                        case .entries, .tracks: queue.append((true, .sent(link)))
                        default: break
                        }
                        if !self.isCut { queue.append((false, .delivery(link, delivery))) }
                    case .tracks(let tracks):
                        for item in tracks.items {
                            switch item.news {
                            case .tracklet(let tracklet):
                                self.plots += tracklet.plotCount
                                if tracklet.isLast { self.ended += 1 }
                            case .state: self.states += 1
                            case .withdrawn: self.ended += 1
                            }
                        }
                    default: break
                    }
                }
            }
        }

        mutating func look(_ change: TrackChangeNotice.Change = .moved) {
            if change != .dropped { self.sending.source.waiting += 1 }
            self.give([(true, .tracks([TrackChangeNotice(TrackID(5), change)]))])
            self.now.nanoseconds += 20_000_000
            self.give([(true, .tick), (false, .tick)])
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func everyPlotReachesThePartnerOnceWhateverTheLinkLoses(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var pair = Pair()
        pair.dial()
        for step in 1...200 {
            pair.look(step == 1 ? .new : .moved)
            switch random.next() % 12 {
            case 0: pair.isCut = true
            case 1:
                pair.hangUp()
                pair.isCut = false
                pair.dial()
            default: break
            }
        }
        pair.hangUp()
        pair.isCut = false
        pair.dial()
        pair.look()
        pair.look()
        #expect(pair.plots == 202)
        #expect(pair.sending.source.had == 202)
        pair.sending.source.isGone = true
        pair.look(.dropped)
        pair.look(.dropped)
        #expect(pair.ended == 1)
        #expect(pair.states == 0)
        #expect(pair.sending.figures(of: us)?.tracksShown == 0)
    }

    @Test func whereTrackletsMayNotGoAStateDoes() {
        var pair = Pair(clauses: [Clause(.permit, [.tracks])])
        pair.dial()
        pair.look(.new)
        pair.look()
        #expect(pair.states > 0 && pair.plots == 0)
        #expect(pair.sending.source.waiting == 2)
    }
}
