public import Air
internal import Disclosure
internal import Ledger
public import Releasability

/// A node among its partners: what it tells them, and what it believes of what they tell.
///
/// A value: no clock, disk, task or chance. Whoever holds it hands it what happens, and does what it says, in its order.
public struct FederationNode<Source: TrackSource> {
    /// Where the node's own tracks are asked for.
    public var source: Source
    private var setting: Setting
    private var state: FederationState?
    private var nextWrite: UInt64
    /// By partner, in the order of their names.
    private var exporters: [Exporter] = []
    private var importers: [Importer] = []
    private var journals: [Journal] = []
    /// Records that are on their way into their lanes: how many lanes are left, and how many there were.
    private var pending: [UInt64: (left: Int, audiences: Int)] = [:]

    /// A node that starts.
    ///
    /// - Parameters:
    ///   - policy: what may go to whom.
    ///   - partners: who they are.
    ///   - start: a number that no earlier start of this node had, and larger than those; make it durable before.
    ///   - state: what is durable; nothing at the first start. Call `recover` next.
    public init(
        _ identity: FederationIdentity, limits: FederationLimits = FederationLimits(), policy: Policy,
        partners: [PartnerKeys], source: Source, start: UInt64, recovering state: FederationState = FederationState()
    ) {
        self.source = source
        self.setting = Setting(identity, limits, start, policy, partners)
        self.state = state
        self.nextWrite = state.writes + 1
    }

    public var identity: FederationIdentity { self.setting.identity }
    public var limits: FederationLimits { self.setting.limits }
    public var policy: Policy { self.setting.policy }
    /// Which start of the node this is.
    public var start: UInt64 { self.setting.start }

    /// Begins: what a crash left undone is taken up. Call it once, before the first `handle`.
    public mutating func recover(at now: Timestamp, into outputs: inout [FederationOutput]) {
        guard let state else { return }
        self.state = nil
        for keys in self.setting.partners where keys.isLinked { self.addPartner(keys.nation, state, at: now) }
        // Whoever was a partner and is none now keeps the lanes, and is not spoken to.
        for own in state.own {
            guard let nation = Nation(own.lane.audience), self.exporter(nation) == nil else { continue }
            self.addPartner(nation, state, at: now)
            self.revoke(nation, &outputs)
        }
        for held in state.held where self.exporter(held.lane.nation) == nil {
            self.addPartner(held.lane.nation, state, at: now)
            self.revoke(held.lane.nation, &outputs)
        }
        for place in self.exporters.indices {
            self.exporters[place].recover(self.setting, &self.journals[place], &outputs)
        }
        for place in self.importers.indices { self.importers[place].recover(&outputs) }
        self.finish(at: now, &outputs)
    }

    private mutating func addPartner(_ nation: Nation, _ state: FederationState, at now: Timestamp) {
        guard nation != self.identity.nation, self.exporter(nation) == nil,
            let out = self.identity.lane(to: nation), let back = self.identity.lane(from: nation)
        else { return }
        let place = self.exporters.firstIndex { nation < $0.partner } ?? self.exporters.count
        self.exporters.insert(
            Exporter(nation, out, self.setting, state.own.first { $0.lane == out }, at: now), at: place)
        self.importers.insert(
            Importer(nation, back, self.setting, state.held.first { $0.lane == back }), at: place)
        self.journals.insert(Journal(), at: place)
    }

    private func exporter(_ nation: Nation) -> Int? { self.exporters.firstIndex { $0.partner == nation } }

    private mutating func revoke(_ nation: Nation, _ outputs: inout [FederationOutput]) {
        guard let place = self.exporter(nation) else { return }
        self.exporters[place].revoke(&self.source, &outputs)
        self.importers[place].revoke(&outputs)
    }

    // MARK: What happens

    /// Takes what happened, and appends what is to be done.
    ///
    /// - Precondition: `recover` was called.
    public mutating func handle(
        _ input: FederationInput, at now: Timestamp, into outputs: inout [FederationOutput]
    ) {
        precondition(self.state == nil, "recover(at:into:) comes before the first input")
        switch input {
        case .record(let record): self.take(record, at: now, &outputs)
        case .tracks(let notices):
            for place in self.exporters.indices { self.exporters[place].note(notices, self.setting, at: now) }
        case .policy(let policy): self.adopt(policy, at: now)
        case .partners(let partners): self.adopt(partners, at: now, &outputs)
        case .dialled(let link, let nation):
            guard let place = self.exporter(nation) else {
                outputs.append(.close(link, .wrongNation))
                break
            }
            self.importers[place].dialled(link, self.setting, at: now, &outputs)
        case .accepted(let link, let nation, let node):
            guard let place = self.exporter(nation), !self.exporters[place].isRevoked,
                self.setting.keys(of: nation)?.nodes.contains(where: { $0.node == node }) == true
            else {
                let isKnown = self.exporter(nation) != nil
                outputs.append(.deliver(link, .refusal(isKnown ? .revoked : .wrongNation)))
                outputs.append(.close(link, isKnown ? .revoked : .wrongNation))
                break
            }
            self.exporters[place].accepted(link, node: node, &self.source, at: now, &outputs)
        case .closed(let link):
            if let place = self.outgoing(link) { self.exporters[place].closed(&self.source) }
            if let place = self.incoming(link) { self.importers[place].closed() }
        case .request(let link, let request):
            guard let place = self.outgoing(link) else { break }
            self.exporters[place].request(
                request, self.setting, &self.source, &self.journals[place], at: now, &outputs)
        case .delivery(let link, let delivery):
            guard let place = self.incoming(link) else { break }
            self.importers[place].delivery(delivery, self.setting, &self.journals[place], at: now, &outputs)
        case .sent(let link):
            if let place = self.outgoing(link) { self.exporters[place].sent() }
        case .written(let number): self.written(number, at: now, &outputs)
        case .loaded(let link, let entries):
            guard let place = self.outgoing(link) else { break }
            self.exporters[place].loaded(entries, self.setting, &self.source, at: now, &outputs)
        case .tick: break
        }
        self.finish(at: now, &outputs)
    }

    private func outgoing(_ link: LinkID) -> Int? { self.exporters.firstIndex { $0.linkID == link } }
    private func incoming(_ link: LinkID) -> Int? { self.importers.firstIndex { $0.linkID == link } }

    private mutating func take(_ record: Record, at now: Timestamp, _ outputs: inout [FederationOutput]) {
        guard self.pending[record.number] == nil else { return }
        let places = self.exporters.indices.filter { self.exporters[$0].mayTake(record, self.setting, at: now) }
        guard places.allSatisfy({ self.exporters[$0].hasRoom(self.limits) }) else {
            outputs.append(.refused(record.number, .full))
            return
        }
        for place in places {
            if let refusal = self.exporters[place].refusal(record, self.setting, at: now) {
                outputs.append(.refused(record.number, refusal))
                return
            }
        }
        guard !places.isEmpty else {
            outputs.append(.recorded(record.number, audiences: 0))
            return
        }
        for place in places { self.exporters[place].take(record, at: now) }
        self.pending[record.number] = (places.count, places.count)
    }

    private mutating func settle(_ numbers: [UInt64], _ outputs: inout [FederationOutput]) {
        for number in numbers {
            guard let (left, audiences) = self.pending[number] else { continue }
            if left > 1 {
                self.pending[number] = (left - 1, audiences)
            } else {
                self.pending[number] = nil
                outputs.append(.recorded(number, audiences: audiences))
            }
        }
    }

    private mutating func adopt(_ policy: Policy, at now: Timestamp) {
        self.setting.policy = policy
        for place in self.exporters.indices {
            self.exporters[place].adopt(self.setting, &self.source, at: now)
            self.importers[place].adoptPolicy()
        }
    }

    private mutating func adopt(
        _ partners: [PartnerKeys], at now: Timestamp, _ outputs: inout [FederationOutput]
    ) {
        self.setting = Setting(
            self.identity, self.limits, self.start, self.policy, partners)
        for exporter in self.exporters where self.setting.keys(of: exporter.partner)?.isLinked != true {
            self.revoke(exporter.partner, &outputs)
        }
        for keys in partners where keys.isLinked {
            self.addPartner(keys.nation, FederationState(), at: now)
            guard let place = self.exporter(keys.nation) else { continue }
            self.exporters[place].restore()
            self.importers[place].restore()
            self.importers[place].adopt(self.setting)
            if let node = self.exporters[place].linkNode, !keys.nodes.contains(where: { $0.node == node }) {
                self.exporters[place].end(.revoked, &self.source, &outputs)
            }
            if let node = self.importers[place].linkNode, !keys.nodes.contains(where: { $0.node == node }) {
                self.importers[place].end(.revoked, &outputs)
            }
        }
    }

    private mutating func written(_ number: UInt64, at now: Timestamp, _ outputs: inout [FederationOutput]) {
        for place in self.journals.indices {
            guard let tasks = self.journals[place].written(number) else { continue }
            for task in tasks {
                switch task {
                case .entered:
                    let records = self.exporters[place].entered(self.setting, &self.journals[place], at: now)
                    self.settle(records, &outputs)
                case .headed: self.exporters[place].headed(self.setting)
                case .held(let size): self.importers[place].held(size, self.setting, at: now, &outputs)
                case .heldUrgent(let leaf): self.importers[place].heldUrgent(leaf, &outputs)
                }
            }
        }
    }

    /// After each input: what may be sent is sent, and what waits for the disk is written when the disk is free.
    private mutating func finish(at now: Timestamp, _ outputs: inout [FederationOutput]) {
        for place in self.exporters.indices {
            self.exporters[place].pump(self.setting, &self.source, at: now, &outputs)
            self.importers[place].pump(self.setting, at: now, &outputs)
        }
        for place in self.journals.indices where !self.journals[place].isFlying {
            self.exporters[place].enter(self.setting, &self.journals[place], at: now)
            guard let write = self.journals[place].take(as: self.nextWrite) else { continue }
            self.nextWrite += 1
            outputs.append(.write(write))
        }
        for place in self.exporters.indices {
            let dropped = self.exporters[place].takeDropped()
            for number in dropped { self.pending[number]?.audiences -= 1 }
            self.settle(dropped, &outputs)
        }
    }

    /// When `tick` is wanted, if nothing happens before.
    public func nextWake(after now: Timestamp) -> Timestamp? {
        var wake: Timestamp?
        for place in self.exporters.indices {
            for time in [
                self.exporters[place].nextWake(self.limits), self.importers[place].nextWake(self.limits),
            ] {
                guard let time else { continue }
                wake = wake.map { min($0, time) } ?? time
            }
        }
        return wake.map { max($0, now) }
    }

    /// What was counted of a partner; nil where it is none.
    public func figures(of partner: Nation) -> PartnerFigures? {
        guard let place = self.exporter(partner) else { return nil }
        var figures = self.exporters[place].currentFigures
        self.importers[place].add(to: &figures)
        return figures
    }

    /// The partners, in the order of their names.
    public var partners: [Nation] { self.exporters.map(\.partner) }
}

extension FederationNode: Sendable where Source: Sendable {}
