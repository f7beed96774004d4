import Air
import BenchSupport
import Federation
import Geodesy
import Ledger
import Releasability

let noon = Timestamp(seconds: 1_900_000_000)
let sender = sure(Nation("jp")), receiver = sure(Nation("us"))

/// What cannot be missing.
func sure<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a constant of the bench is wrong") }
    return value
}

func secret(_ word: String) -> [UInt8] {
    let octets = Array(word.utf8)
    return LedgerHash(hashing: octets.span).octets
}

func identity(_ nation: Nation) -> FederationIdentity {
    sure(
        FederationIdentity(
            signer: sure(EntrySigner(nation: nation, realm: .test, node: "one", secret: secret("node \(nation)"))),
            logSecret: secret("log \(nation)"),
            cosigner: sure(
                NoteSigner(
                    name: Lane.domain(nation, .test), algorithm: .cosignature, secret: secret("cosigner \(nation)"))),
            saltSecret: secret("salt \(nation)")))
}

func keys(_ nation: Nation, for other: Nation) -> PartnerKeys {
    let lane = sure(Lane(nation: nation, realm: .test, audience: other.description))
    return PartnerKeys(
        nation: nation,
        nodes: [sure(EntrySigner(nation: nation, realm: .test, node: "one", secret: secret("node \(nation)"))).key],
        log: sure(NoteSigner(name: lane.origin, algorithm: .ed25519, secret: secret("log \(nation)"))).key,
        cosigner: sure(
            NoteSigner(
                name: Lane.domain(nation, .test), algorithm: .cosignature, secret: secret("cosigner \(nation)"))
        ).key)
}

let vocabulary: Vocabulary = {
    var words = Vocabulary()
    _ = words.register(policy: "trilateral")
    return words
}()

let goodsLabel = Label(
    policy: vocabulary.policy("trilateral"), classification: 1, originators: [sender], releasableTo: [receiver])

func policy(_ nation: Nation, with partner: Nation) -> Policy {
    sure(
        try? Policy(
            nation: nation, realm: .test, vocabulary: vocabulary,
            orders: [ClassificationOrder(policy: vocabulary.policy("trilateral"), names: ["open", "restricted"])],
            clearances: [
                Clearance(.nation(partner), policy: vocabulary.policy("trilateral"), classificationMax: 1)
            ],
            agreements: [
                Agreement(
                    "two", between: [nation, partner], realm: .test, from: noon.advanced(by: -1e6),
                    to: noon.advanced(by: 1e7), policy: vocabulary.policy("trilateral"), classificationMax: 1,
                    clauses: [Clause(.permit, [.tracks, .warnings, .records("note")])])
            ]))
}

/// Tracks in a row, that fly straight on.
struct RowSource: TrackSource {
    let row: [Track]
    var now = noon

    init(count: Int) {
        self.row = (0..<count).map { index in
            var track = Track(
                id: TrackID(UInt32(index)), status: .confirmed, measuredAt: noon, receivedAt: noon,
                position: Geodetic(
                    latitude: 0.5 + Double(index % 317) / 2000, longitude: 2.2 + Double(index / 317) / 2000,
                    height: 9000 + Double(index % 40)))
            track.velocity = EastNorthUp(east: 200.25, north: Double(index % 91), up: 0.5)
            for i in 0..<4 { track.covariance[i, i] = 812.3 + Double(index % 7) }
            track.covariance[0, 2] = 31.7
            track.covariance[2, 0] = 31.7
            track.heightVariance = 62.5
            track.climbVariance = 1.75
            track.address = Track.Aged(ICAOAddress(UInt32(index) &* 2_654_435), at: noon.advanced(by: -0.5))
            track.mode3A = Track.Aged(Mode3A(UInt16(index & 0xFFF)), at: noon.advanced(by: -3.2))
            track.callsign = Callsign("ANA\(index % 10_000)").map { Track.Aged($0, at: noon.advanced(by: -5)) }
            track.pressureAltitude = Track.Aged(9100.5, at: noon.advanced(by: -1.1))
            track.contribute(sensor: SensorID(sac: 1, sic: 2), measuredAt: noon.advanced(by: -0.2))
            track.contribute(sensor: SensorID(sac: 1, sic: 3), measuredAt: noon.advanced(by: -0.1))
            track.plotCount = UInt32(index % 300)
            return track
        }
    }

    var tracks: [TrackID] { self.row.map(\.id) }
    var offersTracklets: Bool { false }
    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>? {
        var state = self.row[Int(track.rawValue)]
        let moved = self.now.seconds(since: noon)
        state.measuredAt = self.now
        state.receivedAt = self.now
        state.position.longitude += moved * 200 / 6_371_000
        return Labelled(state, label: goodsLabel)
    }
    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>? { nil }
    mutating func acknowledged(_ track: TrackID, by partner: Nation) {}
    mutating func lost(_ track: TrackID, for partner: Nation) {}
    mutating func forget(_ track: TrackID, for partner: Nation) {}
    mutating func forget(for partner: Nation) {}
}

/// Two nodes, core to core: no wire and no disk between, and the processor time of each.
struct Pair {
    var sending: FederationNode<RowSource>
    var receiving: FederationNode<RowSource>
    var now = noon
    var senderSeconds = 0.0
    var receiverSeconds = 0.0
    var leaves = 0
    var leafOctets = 0
    var effects = 0
    var heard = 0
    var log: [[UInt8]] = []
    var heads: [UInt64: SignedNote] = [:]
    private var queue: [(isSender: Bool, input: FederationInput)] = []
    private var head = 0

    init(tracks: Int, limits: FederationLimits = FederationLimits()) {
        self.sending = FederationNode(
            identity(sender), limits: limits, policy: policy(sender, with: receiver),
            partners: [keys(receiver, for: sender)], source: RowSource(count: tracks), start: 1)
        self.receiving = FederationNode(
            identity(receiver), limits: limits, policy: policy(receiver, with: sender),
            partners: [keys(sender, for: receiver)], source: RowSource(count: 0), start: 1)
        var outputs: [FederationOutput] = []
        self.sending.recover(at: noon, into: &outputs)
        self.receiving.recover(at: noon, into: &outputs)
    }

    mutating func dial(_ number: UInt64) {
        self.queue.append((true, .accepted(LinkID(number), receiver, node: "one")))
        self.queue.append((false, .dialled(LinkID(number), sender)))
        self.run()
    }

    mutating func give(isSender: Bool, _ input: FederationInput) {
        self.queue.append((isSender, input))
        self.run()
    }

    mutating func run() {
        var outputs: [FederationOutput] = []
        while self.head < self.queue.count {
            let (isSender, input) = self.queue[self.head]
            self.head += 1
            outputs.removeAll(keepingCapacity: true)
            let begin = Machine.threadTime
            if isSender {
                self.sending.handle(input, at: self.now, into: &outputs)
                self.senderSeconds += Machine.threadTime - begin
            } else {
                self.receiving.handle(input, at: self.now, into: &outputs)
                self.receiverSeconds += Machine.threadTime - begin
            }
            for output in outputs { self.take(output, isSender) }
        }
        self.queue.removeAll(keepingCapacity: true)
        self.head = 0
    }

    private mutating func take(_ output: FederationOutput, _ isSender: Bool) {
        switch output {
        case .write(let write):
            if isSender {
                for change in write.changes {
                    switch change {
                    case .ownEntry(_, let entry): self.log.append(entry.octets)
                    case .ownHead(_, let note, let frontier): self.heads[frontier.size] = note
                    default: break
                    }
                }
            }
            self.queue.append((isSender, .written(write.number)))
        case .load(let link, let lane, let from, let countMax, _):
            let limit = from + UInt64(countMax)
            let end = stride(from: min(limit, UInt64(self.log.count)), to: from, by: -1).first {
                self.heads[$0] != nil
            }
            self.queue.append(
                (
                    true,
                    .loaded(
                        link,
                        LoadedEntries(
                            lane: lane, from: from, entries: Array(self.log[Int(from)..<Int(end ?? from)]),
                            headBefore: self.heads[from], headAfter: end.flatMap { self.heads[$0] }))
                ))
        case .ask(let link, let request): self.queue.append((true, .request(link, request)))
        case .deliver(let link, let delivery):
            switch delivery {
            case .entries: self.queue.append((true, .sent(link)))
            case .tracks(let batch):
                self.queue.append((true, .sent(link)))
                self.leaves += batch.leaves.count
                for case .shown(let octets) in batch.leaves { self.leafOctets += octets.count }
            default: break
            }
            self.queue.append((false, .delivery(link, delivery)))
        case .effect: self.effects += 1
        case .tracks(let tracks): self.heard += tracks.items.count
        case .alarm(let alarm): fatalError("\(alarm)")
        case .close(_, let reason): fatalError("\(reason)")
        case .recorded, .refused: break
        }
    }
}
