import Air
import Federation
import Geodesy
import Ledger
import Releasability

let noon = Timestamp(seconds: 1_900_000_000)
let jp = sure(Nation("jp")), us = sure(Nation("us")), au = sure(Nation("au"))

/// What cannot be missing.
func sure<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a constant of the tests is wrong") }
    return value
}

/// Secrets that everybody knows: 32 octets out of a word.
func secret(_ word: String) -> [UInt8] { hash(word).octets }

func hash(_ word: String) -> LedgerHash {
    let octets = Array(word.utf8)
    return LedgerHash(hashing: octets.span)
}

let words: Vocabulary = {
    var words = Vocabulary()
    _ = words.register(policy: "trilateral")
    _ = words.register(caveat: "eyes")
    return words
}()
let trilateral = words.policy("trilateral")

func label(
    _ originator: Nation, to nations: NationSet, level: UInt8 = 1, onward: Onward = .never
) -> Label {
    Label(
        policy: trilateral, classification: level, originators: [originator], releasableTo: nations, onward: onward)
}

/// The policy of a nation that shares everything its labels allow with its partners.
func policy(_ nation: Nation, with partners: [Nation], clauses: [Clause]? = nil, revoked: [Nation] = []) -> Policy {
    let kinds: Set<GoodsKind> = [.tracks, .tracklets, .warnings, .records("note")]
    return sure(
        try? Policy(
            nation: nation, realm: .live, vocabulary: words,
            orders: [ClassificationOrder(policy: trilateral, names: ["open", "restricted", "secret"])],
            clearances: partners.map { Clearance(.nation($0), policy: trilateral, classificationMax: 1) },
            agreements: partners.filter { !revoked.contains($0) }.map {
                Agreement(
                    "\(nation)-\($0)", between: NationSet([nation, $0]), realm: .live,
                    from: noon.advanced(by: -1e6), to: noon.advanced(by: 1e6), policy: trilateral, classificationMax: 1,
                    clauses: clauses ?? [Clause(.permit, kinds)])
            }))
}

func identity(_ nation: Nation, realm: Realm = .live, node: String = "one") -> FederationIdentity {
    sure(
        FederationIdentity(
            signer: sure(
                EntrySigner(nation: nation, realm: realm, node: node, secret: secret("node \(nation) \(node)"))),
            logSecret: secret("log \(nation)"),
            cosigner: sure(
                NoteSigner(
                    name: Lane.domain(nation, realm), algorithm: .cosignature, secret: secret("cosigner \(nation)"))),
            saltSecret: secret("salt \(nation)")))
}

func keys(_ nation: Nation, for receiver: Nation) -> PartnerKeys {
    let lane = sure(Lane(nation: nation, realm: .live, audience: receiver.description))
    return PartnerKeys(
        nation: nation,
        nodes: [sure(EntrySigner(nation: nation, realm: .live, node: "one", secret: secret("node \(nation) one"))).key],
        log: sure(NoteSigner(name: lane.origin, algorithm: .ed25519, secret: secret("log \(nation)"))).key,
        cosigner: sure(
            NoteSigner(
                name: Lane.domain(nation, .live), algorithm: .cosignature, secret: secret("cosigner \(nation)"))
        ).key)
}

/// Tracks that stand in a table.
struct TableSource: TrackSource, Sendable {
    var table: [TrackID: Labelled<Track>] = [:]
    var history: [TrackID: [Labelled<Track>]] = [:]
    var acknowledgedCount = 0
    var lostCount = 0

    var tracks: [TrackID] { self.table.keys.sorted() }
    var offersTracklets: Bool { false }

    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>? {
        if let past = self.history[track] { return past.last { $0.payload.receivedAt <= instant } }
        return self.table[track]
    }
    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>? { nil }
    mutating func acknowledged(_ track: TrackID, by partner: Nation) { self.acknowledgedCount += 1 }
    mutating func lost(_ track: TrackID, for partner: Nation) { self.lostCount += 1 }
    mutating func forget(_ track: TrackID, for partner: Nation) {}
    mutating func forget(for partner: Nation) {}

    mutating func set(_ id: UInt32, _ label: Label, at time: Timestamp, latitude: Double = 35) {
        var track = Track(
            id: TrackID(id), status: .confirmed, measuredAt: time, receivedAt: time,
            position: Geodetic(latitude: latitude * .pi / 180, longitude: 139 * .pi / 180, height: 9000))
        track.velocity = EastNorthUp(east: 200, north: Double(id % 100), up: 0)
        track.covariance = .identity
        track.heightVariance = 100
        track.climbVariance = 1
        self.table[TrackID(id)] = Labelled(track, label: label)
    }
}

/// What is durable of a node, as a store would keep it.
struct Disk: Sendable {
    var state = FederationState()
    var own: [Lane: [[UInt8]]] = [:]
    var heads: [Lane: [UInt64: SignedNote]] = [:]
    var held: [Lane: [[UInt8]]] = [:]
    var writes: [FederationWrite] = []

    mutating func write(_ write: FederationWrite) {
        self.state.apply(write)
        self.writes.append(write)
        for change in write.changes {
            switch change {
            case .ownEntry(let lane, let entry): self.own[lane, default: []].append(entry.octets)
            case .ownHead(let lane, let note, let frontier): self.heads[lane, default: [:]][frontier.size] = note
            case .heldEntries(let lane, let from, let entries, _, _):
                precondition(UInt64(self.held[lane, default: []].count) == from)
                self.held[lane, default: []] += entries
            default: break
            }
        }
    }

    func load(_ lane: Lane, from: UInt64, countMax: Int) -> LoadedEntries {
        let sizes = (self.heads[lane] ?? [:]).keys.filter { $0 > from && $0 <= from + UInt64(countMax) }
        let end = sizes.max() ?? from
        return LoadedEntries(
            lane: lane, from: from, entries: Array((self.own[lane] ?? [])[Int(from)..<Int(end)]),
            headBefore: self.heads[lane]?[from], headAfter: self.heads[lane]?[end])
    }
}

/// A node, its disk, and what it has put out.
struct Member {
    let nation: Nation
    var node: FederationNode<TableSource>
    var disk = Disk()
    var isDiskStuck = false
    var unwritten: [FederationWrite] = []
    var effects: [(entry: Entry, isUrgent: Bool)] = []
    var alarms: [FederationAlarm] = []
    var heard: [PartnerTracks] = []
    var recorded: [UInt64] = []
    var refused: [(UInt64, RecordRefusal)] = []
    var closed: [(LinkID, LinkRefusal)] = []
    var start: UInt64 = 1
}

/// Nodes that speak to each other without a wire, and with all that they say kept.
struct Alliance {
    var members: [Nation: Member] = [:]
    var now = noon
    var limits = FederationLimits()
    private var nextLink: UInt64 = 0
    /// Who dialled, and whom.
    var links: [LinkID: (receiver: Nation, sender: Nation)] = [:]
    /// Everything that senders delivered, with the time.
    var deliveries: [(sender: Nation, receiver: Nation, at: Timestamp, delivery: Delivery)] = []
    var requests: [(receiver: Nation, sender: Nation, request: Request)] = []
    /// Links on which nothing arrives.
    var cut: Set<LinkID> = []
    private var queue: [(Nation, FederationInput)] = []
    private var head = 0

    init(_ nations: [Nation], limits: FederationLimits = FederationLimits(), policies: [Nation: Policy] = [:]) {
        self.limits = limits
        for nation in nations {
            let others = nations.filter { $0 != nation }
            let node = FederationNode(
                identity(nation), limits: limits, policy: policies[nation] ?? policy(nation, with: others),
                partners: others.map { keys($0, for: nation) }, source: TableSource(), start: 1)
            self.members[nation] = Member(nation: nation, node: node)
            self.recover(nation)
        }
    }

    mutating func recover(_ nation: Nation) {
        var outputs: [FederationOutput] = []
        self[nation].node.recover(at: self.now, into: &outputs)
        self.take(outputs, of: nation)
        self.run()
    }

    /// The node stops and starts again with what is durable.
    mutating func restart(_ nation: Nation, from state: FederationState? = nil, policy new: Policy? = nil) {
        for (link, ends) in self.links where ends.receiver == nation || ends.sender == nation {
            self.links[link] = nil
            let other = ends.receiver == nation ? ends.sender : ends.receiver
            self.queue.append((other, .closed(link)))
        }
        self.queue.removeAll { $0.0 == nation }
        let member = self[nation]
        self[nation].start += 1
        self[nation].unwritten = []
        let others = self.members.keys.filter { $0 != nation }.sorted()
        self[nation].node = FederationNode(
            identity(nation), limits: self.limits, policy: new ?? member.node.policy,
            partners: others.map { keys($0, for: nation) }, source: member.node.source, start: member.start + 1,
            recovering: state ?? member.disk.state)
        self.run()
        self.recover(nation)
    }

    mutating func dial(_ receiver: Nation, _ sender: Nation) -> LinkID {
        self.nextLink += 1
        let link = LinkID(self.nextLink)
        self.links[link] = (receiver, sender)
        self.give(sender, .accepted(link, receiver, node: "one"))
        self.give(receiver, .dialled(link, sender))
        return link
    }

    mutating func hangUp(_ link: LinkID) {
        guard let ends = self.links.removeValue(forKey: link) else { return }
        self.give(ends.receiver, .closed(link))
        self.give(ends.sender, .closed(link))
    }

    mutating func give(_ nation: Nation, _ input: FederationInput) {
        self.queue.append((nation, input))
        self.run()
    }

    mutating func run() {
        while self.head < self.queue.count {
            let (nation, input) = self.queue[self.head]
            self.head += 1
            var outputs: [FederationOutput] = []
            self[nation].node.handle(input, at: self.now, into: &outputs)
            self.take(outputs, of: nation)
        }
        self.queue.removeAll()
        self.head = 0
    }

    private mutating func take(_ outputs: [FederationOutput], of nation: Nation) {
        for output in outputs {
            switch output {
            case .write(let write):
                if self[nation].isDiskStuck {
                    self[nation].unwritten.append(write)
                } else {
                    self[nation].disk.write(write)
                    self.queue.append((nation, .written(write.number)))
                }
            case .load(let link, let lane, let from, let countMax, _):
                let loaded = self[nation].disk.load(lane, from: from, countMax: countMax)
                self.queue.append((nation, .loaded(link, loaded)))
            case .ask(let link, let request):
                guard let ends = self.links[link], !self.cut.contains(link) else { continue }
                self.requests.append((nation, ends.sender, request))
                self.queue.append((ends.sender, .request(link, request)))
            case .deliver(let link, let delivery):
                guard let ends = self.links[link] else { continue }
                self.deliveries.append((nation, ends.receiver, self.now, delivery))
                switch delivery {
                case .entries, .tracks: self.queue.append((nation, .sent(link)))
                default: break
                }
                if !self.cut.contains(link) { self.queue.append((ends.receiver, .delivery(link, delivery))) }
            case .close(let link, let reason):
                self[nation].closed.append((link, reason))
                if let ends = self.links.removeValue(forKey: link) {
                    self.queue.append((ends.receiver == nation ? ends.sender : ends.receiver, .closed(link)))
                }
            case .effect(let entry, let isUrgent): self[nation].effects.append((entry, isUrgent))
            case .tracks(let tracks): self[nation].heard.append(tracks)
            case .recorded(let number, _): self[nation].recorded.append(number)
            case .refused(let number, let refusal): self[nation].refused.append((number, refusal))
            case .alarm(let alarm): self[nation].alarms.append(alarm)
            }
        }
    }

    /// The disk that was stuck writes again.
    mutating func unstick(_ nation: Nation) {
        self[nation].isDiskStuck = false
        let writes = self[nation].unwritten
        self[nation].unwritten = []
        for write in writes {
            self[nation].disk.write(write)
            self.give(nation, .written(write.number))
        }
    }

    /// Lets time pass, with a tick when a node wants one.
    mutating func pass(seconds: Double) {
        let end = self.now.advanced(by: seconds)
        while true {
            var next: Timestamp?
            for nation in self.members.keys.sorted() {
                guard let wake = self[nation].node.nextWake(after: self.now) else { continue }
                next = next.map { min($0, wake) } ?? wake
            }
            guard let next, next <= end else { break }
            self.now = max(next, Timestamp(nanoseconds: self.now.nanoseconds))
            for nation in self.members.keys.sorted() { self.give(nation, .tick) }
            if next == self.now,
                let again = self.members.values.compactMap({ $0.node.nextWake(after: self.now) }).min(),
                again <= self.now
            {
                self.now.nanoseconds += 1_000_000
            }
        }
        self.now = end
        for nation in self.members.keys.sorted() { self.give(nation, .tick) }
    }

    // MARK: Goods

    mutating func record(
        _ nation: Nation, _ number: UInt64, to audience: NationSet, isUrgent: Bool = false, text: String = "hello"
    ) {
        self.give(nation, .record(note(nation, number, to: audience, isUrgent: isUrgent, text: text)))
    }

    mutating func move(_ nation: Nation, _ id: UInt32, _ label: Label, latitude: Double = 35) {
        let isNew = self[nation].node.source.table[TrackID(id)] == nil
        self[nation].node.source.set(id, label, at: self.now, latitude: latitude)
        self.give(nation, .tracks([TrackChangeNotice(TrackID(id), isNew ? .new : .moved)]))
    }

    subscript(_ nation: Nation) -> Member {
        get { sure(self.members[nation]) }
        _modify { yield &self.members[nation, default: sure(nil)] }
    }
}

func note(
    _ nation: Nation, _ number: UInt64, to audience: NationSet, isUrgent: Bool = false, text: String = "hello"
) -> Record {
    Record(
        number: number, id: "\(nation)-\(number)", kind: isUrgent ? "warning.raise" : "note",
        goods: isUrgent ? .warnings : .records("note"), label: label(nation, to: audience), measuredAt: noon,
        fields: [Record.Field("text", .text(text))], isUrgent: isUrgent)
}

func text(_ entry: Entry) -> String? {
    if case .text(let text) = entry.body["text"] { text } else { nil }
}
