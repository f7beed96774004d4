import Air
import Disclosure
import Exercises
import Federation
import Ledger
import Releasability

/// What a nation receives is a function of what may be released to it, and of nothing else.
///
/// By self-composition: a history runs, and then, for each audience, once more without the inputs that this audience may not see.
/// All octets that left for it, and their order and times, must be the same. The disk is at once done: how long it keeps things
/// waiting depends on all that is written, and no node hides that.
///
/// Source: G. Barthe, P. R. D'Argenio, T. Rezk, "Secure information flow by self-composition", CSFW 2004.
public struct NonInterference: Sendable {
    /// Runs that were held against another.
    public private(set) var comparisons = 0
    /// Messages that were compared.
    public private(set) var messages = 0
    /// Inputs that were taken away.
    public private(set) var secrets = 0
    /// Where an audience received something else, the first ten.
    public private(set) var differences: [String] = []

    /// Runs histories, each with each audience.
    ///
    /// - Parameter plants: whether each record tells its number among all records of its nation: what must be found.
    public static func run(histories: UInt64, from: UInt64 = 0, workers: Int, plants: Bool = false) async -> Self {
        var result = Self()
        await withTaskGroup(of: Self.self) { group in
            // A few hundred at a time: a task costs more than a history.
            var next = from
            func start(_ group: inout TaskGroup<Self>) {
                guard next < from + histories else { return }
                let seeds = next..<min(next + 64, from + histories)
                next = seeds.upperBound
                group.addTask {
                    var part = Self()
                    for seed in seeds { part.compare(seed, plants: plants) }
                    return part
                }
            }
            for _ in 0..<workers { start(&group) }
            while let part = await group.next() {
                result.comparisons += part.comparisons
                result.messages += part.messages
                result.secrets += part.secrets
                result.differences = Array((result.differences + part.differences).prefix(10))
                start(&group)
            }
        }
        return result
    }

    private mutating func compare(_ seed: UInt64, plants: Bool) {
        let history = SecretHistory(seed: seed)
        let whole = history.run(without: [], plants: plants)
        for audience in history.world.nations.indices where audience != history.sender {
            let secrets = history.secrets(from: audience)
            guard !secrets.isEmpty else { continue }
            let part = history.run(without: secrets, plants: plants)
            self.comparisons += 1
            self.secrets += secrets.count
            self.messages += part[audience].count
            guard part[audience] != whole[audience] else { continue }
            let place = zip(part[audience], whole[audience]).enumerated().first { $1.0 != $1.1 }?.offset
            let first = place ?? min(part[audience].count, whole[audience].count)
            if self.differences.count < 10 {
                self.differences.append(
                    "history \(seed): \(history.world.nations[audience]) receives something else from message "
                        + "\(first) of \(whole[audience].count) on")
            }
        }
    }
}

/// What one nation's people and sensors do, with its partners listening.
private struct SecretHistory {
    enum Input {
        case record(PlannedRecord)
        case state(PlannedState)
    }

    let seed: UInt64
    let world: World
    let sender: Int
    private var inputs: [(time: Int64, input: Input)] = []
    /// When the node starts anew.
    private var restart: Int64?
    private let limits: FederationLimits

    init(seed: UInt64) {
        self.seed = seed
        var world = World(seed: seed)
        var random = SplitMix64(seed: seed, stream: 0x5EC)
        for nation in world.policies.indices {
            // In force all the time: what begins to be releasable is a change that its audience sees.
            for place in world.policies[nation].agreements.indices {
                world.policies[nation].agreements[place].from = World.begin - 1_000_000_000
                world.policies[nation].agreements[place].to = World.begin + 86_400_000_000_000
            }
        }
        self.world = world
        self.sender = random.index(below: world.nations.count)
        var limits = FederationLimits()
        limits.disclosure = .init(seconds: 2)
        self.limits = limits
        let flights = 1 + random.index(below: 4)
        var places = (0..<flights).map { _ in (random.uniform(20...50), random.uniform(120...160)) }
        var labels = (0..<flights).map { _ in world.label(of: self.sender, &random) }
        var isEnded = Array(repeating: false, count: flights)
        for id in 1...8 + random.index(below: 12) {
            // No two at one instant, and none at an instant at which tracks are sent.
            let time = Int64(random.uniform(0.3...5) * 1e6) * 1000 + Int64(id)
            if random.chance(0.5) {
                self.inputs.append(
                    (
                        time,
                        .record(
                            PlannedRecord(
                                id: id, nation: self.sender, kind: random.chance(0.3) ? .warning : .report,
                                label: world.label(of: self.sender, &random),
                                spot: random.chance(0.6)
                                    ? SmallSpot(
                                        latitude: random.uniform(20...50), longitude: random.uniform(120...160),
                                        measuredAt: World.begin + time) : nil))
                    ))
            } else {
                self.inputs.append(
                    (
                        time,
                        .state(
                            PlannedState(
                                nation: self.sender, track: UInt32(1 + random.index(below: flights)),
                                label: world.label(of: self.sender, &random),
                                spot: SmallSpot(latitude: 0, longitude: 0, measuredAt: World.begin + time),
                                east: random.uniform(-250...250), north: random.uniform(-250...250),
                                isEnded: random.chance(0.1)))
                    ))
            }
        }
        self.inputs.sort { $0.time < $1.time }
        // Along the way of each flight: places, and labels that seldom change; what has ended is not heard of again.
        for place in self.inputs.indices {
            guard case .state(var state) = self.inputs[place].input else { continue }
            let flight = Int(state.track) - 1
            if random.chance(0.2) { labels[flight] = state.label }
            places[flight].0 += random.uniform(-0.05...0.05)
            places[flight].1 += random.uniform(-0.05...0.05)
            state.label = labels[flight]
            state.spot.latitude = places[flight].0
            state.spot.longitude = places[flight].1
            if isEnded[flight] { state.track += 100 * UInt32(place + 1) }
            isEnded[flight] = isEnded[flight] || state.isEnded
            self.inputs[place].input = .state(state)
        }
        self.restart = random.chance(0.3) ? Int64(random.uniform(1...4) * 1e6) * 1000 + 777 : nil
    }

    /// The inputs that an audience may not see, and whose absence it may not see.
    func secrets(from audience: Int) -> Set<Int> {
        let policy = self.world.policies[self.sender]
        var secrets: Set<Int> = []
        var isShown: [UInt32: Bool] = [:]
        for (place, input) in self.inputs.enumerated() {
            let now = World.begin + input.time
            switch input.input {
            case .record(let record):
                if policy.permits(record.kind, record.label, record.spot, measuredAt: now, to: audience, at: now)
                    .isEmpty
                {
                    secrets.insert(place)
                }
            case .state(let state):
                let isPermitted =
                    !state.isEnded
                    && !policy.permits(.track, state.label, state.spot, measuredAt: now, to: audience, at: now).isEmpty
                if !isPermitted, isShown[state.track] != true { secrets.insert(place) }
                isShown[state.track] = isPermitted
            }
        }
        return secrets
    }

    private enum Event {
        case input(Int)
        case restart
        case wake(Int)
        case request(from: Int, LinkID, Request)
        case delivery(to: Int, LinkID, Delivery)
    }

    /// Runs it without some inputs.
    ///
    /// - Returns: by audience, a hash of each message that left for it and of its time.
    func run(without secrets: Set<Int>, plants: Bool) -> [[TraceHash]] {
        let world = self.world
        var transcript: [[TraceHash]] = world.nations.map { _ in [] }
        let keys = world.nations.compactMap { SimulatedKeys(seed: self.seed, nation: $0) }
        var stores = world.nations.map { _ in FederationState() }
        var nodes: [FederationNode<Sky>?] = world.nations.map { _ in nil }
        var heap = EventHeap<Event>()
        var now: Int64 = 0
        var link: UInt64 = 0, start: UInt64 = 0
        var links: [LinkID] = world.nations.map { _ in LinkID(0) }
        var wakes = world.nations.map { _ in Int64.max }
        var full = Store(nations: world.nations)

        func time() -> Timestamp { Timestamp(nanoseconds: World.begin + now) }

        func perform(_ place: Int, _ outputs: [FederationOutput]) {
            var queue = outputs
            var next = 0
            while next < queue.count {
                let output = queue[next]
                next += 1
                var more: [FederationOutput] = []
                switch output {
                case .write(let write):
                    stores[place].apply(write)
                    if place == self.sender { full.apply(write) }
                    // Durable at once; what else the step says comes first.
                    nodes[place]?.handle(.written(write.number), at: time(), into: &more)
                case .load(let link, let lane, let from, let countMax, let octetsMax):
                    nodes[place]?.handle(
                        .loaded(link, full.load(lane, from: from, countMax: countMax, octetsMax: octetsMax)),
                        at: time(),
                        into: &more)
                case .ask(let link, let request):
                    heap.insert(.request(from: place, link, request), at: now + 10_000_000)
                case .deliver(let link, let delivery):
                    guard let receiver = links.firstIndex(of: link) else { continue }
                    var hash = TraceHash()
                    hash.add(now)
                    hash.add(delivery)
                    transcript[receiver].append(hash)
                    heap.insert(.delivery(to: receiver, link, delivery), at: now + 10_000_000)
                    switch delivery {
                    case .entries, .tracks: nodes[place]?.handle(.sent(link), at: time(), into: &more)
                    case .welcome, .refusal, .urgent, .echo: break
                    }
                case .close, .effect, .tracks, .recorded, .refused, .alarm: break
                }
                queue += more
            }
            if let wake = nodes[place]?.nextWake(after: time()) {
                let instant = max(wake.nanoseconds - World.begin, now + 1)
                if instant < wakes[place] || wakes[place] <= now {
                    wakes[place] = instant
                    heap.insert(.wake(place), at: instant)
                }
            }
        }

        func step(_ place: Int, _ input: FederationInput) {
            var outputs: [FederationOutput] = []
            nodes[place]?.handle(input, at: time(), into: &outputs)
            perform(place, outputs)
        }

        func begin(_ place: Int) {
            guard let identity = keys[place].identity, let policy = try? world.policy(world.policies[place]) else {
                return
            }
            start += 1
            let partners = world.nations.indices.filter { $0 != place }.compactMap {
                keys[$0].partnerKeys(for: world.nations[place])
            }
            var node = FederationNode(
                identity, limits: self.limits, policy: policy, partners: partners, source: Sky(), start: start,
                recovering: stores[place])
            var outputs: [FederationOutput] = []
            node.recover(at: time(), into: &outputs)
            nodes[place] = node
            wakes[place] = .max
            perform(place, outputs)
        }

        func connect() {
            for place in world.nations.indices where place != self.sender {
                if links[place] != LinkID(0) { step(place, .closed(links[place])) }
                link += 1
                links[place] = LinkID(link)
                step(self.sender, .accepted(LinkID(link), world.nations[place], node: keys[place].node))
                step(place, .dialled(LinkID(link), world.nations[self.sender]))
            }
        }

        for place in world.nations.indices { begin(place) }
        connect()
        for (place, input) in self.inputs.enumerated() where !secrets.contains(place) {
            heap.insert(.input(place), at: input.time)
        }
        if let restart { heap.insert(.restart, at: restart) }
        while let (instant, event) = heap.pop(), instant < 8_000_000_000 {
            now = instant
            switch event {
            case .wake(let place):
                guard wakes[place] == now else { continue }
                wakes[place] = .max
                step(place, .tick)
            case .restart:
                nodes[self.sender] = nil
                begin(self.sender)
                connect()
            case .request(let place, let link, let request):
                if links[place] == link { step(self.sender, .request(link, request)) }
            case .delivery(let place, let link, let delivery):
                if links[place] == link { step(place, .delivery(link, delivery)) }
            case .input(let place):
                switch self.inputs[place].input {
                case .record(let planned):
                    var fields = [
                        Record.Field("text", .text("what is said " + planned.marker)),
                        Record.Field("who", .text(Oracle.who(planned.id)), tells: .identity),
                    ]
                    if plants {
                        let before = self.inputs.prefix(place).indices.count { !secrets.contains($0) }
                        fields.append(Record.Field("serial", .unsigned(UInt64(before))))
                    }
                    step(
                        self.sender,
                        .record(
                            Record(
                                // Rising, and the same with and without those before it.
                                number: UInt64(place + 1), id: planned.marker,
                                kind: planned.isUrgent ? "warning" : "report", goods: planned.kind.goods,
                                label: world.label(planned.label), position: planned.spot.map { World.geodetic($0) },
                                measuredAt: time(), fields: fields, isUrgent: planned.isUrgent)))
                case .state(let state):
                    let notice = nodes[self.sender]?.source.take(
                        state, truth: place, label: world.label(state.label), measuredAt: time())
                    if let notice { step(self.sender, .tracks([notice])) }
                }
            }
        }
        return transcript
    }
}
