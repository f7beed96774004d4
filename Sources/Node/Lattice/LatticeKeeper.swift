internal import Air
internal import Federation
internal import FederationWire
internal import Ledger
internal import Logging
internal import Releasability
internal import Tracking

/// The one keeper of the federation's core and of the picture of all nations.
///
///     own tracker → tracklets ─┬→ fused picture → Picture (what screens see)
///     partner → links → core ──┘        core → store, links
///
/// Writes go to the store's thread and come back by the inbox; nothing here waits for a disk or a partner.
actor LatticeKeeper {
    private var core: FederationNode<OwnTracks>
    private var fused: FusedPicture
    private let inbox: LatticeInbox
    private let store: LatticeStore
    private let links: FederationLinks
    private let system: Picture
    private let origins: OriginBook
    private let labels: LabelBook
    private let nation: Nation
    let partners: [Nation]
    /// By the audience of the lane.
    private let shown: [String: ShownBook]
    private let clock: NodeClock
    private let log: Logger
    private var chronicle: Chronicle?
    private var outputs: [FederationOutput] = []
    private var changes: [SystemTrackChange] = []
    /// The labels of what each nation told of its tracks.
    private var told: [Told: LabelSet] = [:]
    /// The labels of all that ever entered a track of the picture.
    private var worn: [TrackID: LabelSet] = [:]
    private(set) var alarms: [FederationAlarm] = []
    private(set) var alarmCount: UInt64 = 0

    private struct Told: Hashable {
        var nation: Nation
        var track: TrackID
    }

    init(
        core: FederationNode<OwnTracks>, inbox: LatticeInbox, store: LatticeStore, links: FederationLinks,
        system: Picture, origins: OriginBook, shown: [ShownBook], partners: [Nation], firstID: TrackID,
        labels: LabelBook,
        clock: NodeClock, chronicle: Chronicle?, log: Logger
    ) {
        var parameters = FusionParameters()
        parameters.tracker.firstID = firstID
        self.fused = FusedPicture(home: core.identity.nation, parameters: parameters)
        self.core = core
        self.nation = core.identity.nation
        self.inbox = inbox
        self.store = store
        self.links = links
        self.system = system
        self.origins = origins
        self.labels = labels
        self.clock = clock
        self.chronicle = chronicle
        self.log = log
        self.partners = partners
        self.shown = Dictionary(uniqueKeysWithValues: shown.map { ($0.nation.description, $0) })
    }

    /// Takes up what a crash left undone; once, before anything else.
    func recover() {
        self.core.recover(at: self.clock.now, into: &self.outputs)
        self.perform()
    }

    /// Takes what waits, and lets time pass, until cancelled.
    func run() async {
        let bell = self.inbox.bell
        let timer = Task { [inbox] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(20))
                inbox.ring()
            }
        }
        for await _ in bell {
            if Task.isCancelled { break }
            self.turn()
        }
        timer.cancel()
    }

    private func turn() {
        let now = self.clock.now
        let waiting = self.inbox.take()
        for news in waiting.news { self.take(news, now) }
        for input in waiting.inputs { self.core.handle(input, at: now, into: &self.outputs) }
        if let wake = self.core.nextWake(after: now), wake <= now {
            self.core.handle(.tick, at: now, into: &self.outputs)
        }
        self.fused.advance(to: now, into: &self.changes)
        self.perform()
        self.show(at: now)
    }

    private func take(_ news: OwnNews, _ now: Timestamp) {
        // What waits to be shown wears the labels of tracks that end here.
        self.show(at: now)
        var notices: [TrackChangeNotice] = []
        notices.reserveCapacity(news.changes.count)
        for change in news.changes {
            notices.append(self.core.source.take(change, at: now))
            if case .updated(let track) = change {
                self.told[Told(nation: self.nation, track: track.id)] = track.labels
            }
            if case .dropped(let id, _) = change { self.told[Told(nation: self.nation, track: id)] = nil }
        }
        for gain in news.gains { self.core.source.take(gain, at: now) }
        self.fused.process(news.gains.span, now: now, into: &self.changes)
        if !notices.isEmpty { self.core.handle(.tracks(notices), at: now, into: &self.outputs) }
    }

    /// Hands something to the core at once: what comes by a link waits here, and so slows down who sends too much.
    func handle(_ input: FederationInput) {
        let now = self.clock.now
        self.core.handle(input, at: now, into: &self.outputs)
        self.perform()
        self.show(at: now)
    }

    /// What was counted of a partner, and what waits.
    func figures(of partner: Nation) -> PartnerFigures? { self.core.figures(of: partner) }

    var fusion: FusionTally { self.fused.tally }

    /// How many tracks a nation tells now.
    func heard(of nation: Nation) -> Int { self.told.keys.count { $0.nation == nation } }

    // MARK: What the core wants done

    private func perform() {
        while !self.outputs.isEmpty {
            let outputs = self.outputs
            self.outputs.removeAll(keepingCapacity: true)
            for output in outputs { self.perform(output) }
        }
    }

    private func perform(_ output: FederationOutput) {
        switch output {
        case .write(let write):
            let inbox = self.inbox
            let number = write.number
            for case .ownEntry(let lane, let own) in write.changes { self.shown[lane.audience]?.take(own) }
            self.store.submit(write) { inbox.put(.written(number)) }
        case .load(let link, let lane, let from, let countMax, let octetsMax):
            let inbox = self.inbox
            self.store.load(lane, from: from, countMax: countMax, octetsMax: octetsMax) {
                inbox.put(.loaded(link, $0))
            }
        case .ask(let link, let request): self.links.ask(request, on: link)
        case .deliver(let link, let delivery):
            if case .tracks(let batch) = delivery, batch.lane.nation == self.nation {
                self.shown[batch.lane.audience]?.take(batch, at: self.clock.now)
            }
            self.links.deliver(delivery, on: link)
        case .close(let link, let refusal):
            self.log.notice("a link is ended", metadata: ["reason": "\(refusal)"])
            self.links.close(link, refusal)
        case .effect(let entry, let isUrgent):
            self.log.info(
                "a partner's entry",
                metadata: [
                    "lane": "\(entry.leaf.statement.lane)", "sequence": "\(entry.leaf.statement.sequence)",
                    "kind": "\(entry.leaf.statement.kind)", "urgent": "\(isUrgent)",
                ])
        case .tracks(let tracks): self.take(tracks)
        case .recorded, .refused: break
        case .alarm(let alarm):
            self.alarmCount += 1
            if self.alarms.count >= 100 { self.alarms.removeFirst() }
            self.alarms.append(alarm)
            self.log.error("federation", metadata: ["alarm": "\(alarm)"])
        }
    }

    // MARK: Partners' tracks

    private func take(_ tracks: PartnerTracks) {
        let now = self.clock.now
        if tracks.isReset {
            // In the order of their numbers, so that the picture does not hang on the order of a table.
            for track in self.told.keys.filter({ $0.nation == tracks.nation }).map(\.track).sorted() {
                self.told[Told(nation: tracks.nation, track: track)] = nil
                self.fused.end(track, from: tracks.nation, now: now, into: &self.changes)
            }
        }
        var tracklets: [Tracklet] = []
        for item in tracks.items {
            let key = Told(nation: tracks.nation, track: item.news.track)
            let labels = self.labels.set(of: item.label)
            switch item.news {
            case .state(let track):
                self.told[key] = labels
                self.fused.process(track, from: tracks.nation, now: now, into: &self.changes)
            case .tracklet(var tracklet):
                self.told[key] = labels
                tracklet.originator = tracks.nation
                tracklets.append(tracklet)
            case .withdrawn(let id):
                self.told[key] = nil
                self.fused.end(id, from: tracks.nation, now: now, into: &self.changes)
            }
        }
        self.fused.process(tracklets.span, now: now, into: &self.changes)
    }

    /// Tells the node's picture what has changed of the picture of all nations.
    private func show(at now: Timestamp) {
        guard !self.changes.isEmpty else { return }
        var changes: [TrackChange] = []
        changes.reserveCapacity(self.changes.count)
        self.origins.enter { origins in
            for change in self.changes {
                switch change {
                case .updated(let system):
                    var track = system.track
                    var labels = self.worn[track.id] ?? []
                    for contribution in system.contributions {
                        labels.formUnion(
                            self.told[Told(nation: contribution.nation, track: contribution.track)] ?? .unlabelled)
                    }
                    self.worn[track.id] = labels
                    track.labels = labels
                    origins[track.id] = TrackOrigins(system)
                    changes.append(.updated(track))
                case .dropped(let id, let instant):
                    self.worn[id] = nil
                    origins[id] = nil
                    changes.append(.dropped(id, at: instant))
                }
            }
        }
        self.changes.removeAll(keepingCapacity: true)
        self.system.apply(changes)
        self.chronicle?.enter(changes)
    }
}
