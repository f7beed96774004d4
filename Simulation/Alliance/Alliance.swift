import Air
import Disclosure
import Exercises
import Federation
import Ledger
import Releasability

/// Three to five nations in one process, with all that goes wrong between them: one seed is one run, always the same.
///
/// Each nation's node is the very `FederationNode` that runs in earnest. Its disk, clock, links and people are simulated, faults
/// are drawn from the seed, and an oracle looks at every input and output. Faults end after 60 % of a run; then all must come
/// together.
public struct Alliance {
    /// Seconds of a run.
    static let seconds = 60.0
    /// When faults, people and sensors end; what is on its way then must arrive.
    static let activeSeconds = 36.0

    enum Event: Sendable {
        case act(Int)
        case wake(Int, start: UInt64)
        case synced(Int, start: UInt64)
        /// A planted bug.
        case saidWritten(Int, start: UInt64, UInt64)
        case saidSent(LinkID)
        case leaves(LinkID, isDown: Bool)
        case arrives(LinkID, isDown: Bool)
        case closes(LinkID, isAtReceiver: Bool)
        case loaded(Int, start: UInt64, LinkID, LoadedEntries)
        case dial(receiver: Int, sender: Int)
        case crash(Int)
        case restart(Int)
        case cut
        case heal(Int)
        case breakLink
        case fullDisk(Int)
        case freeDisk(Int)
        case jump(Int)
        case copyDisk(Int)
        case rollBack(Int)
        case urgentDue(UrgentDuty)
        case endOfFaults
        case lastCall
    }

    let seed: UInt64
    let mutant: Mutant?
    let log: ((String) -> Void)?
    var mix: FaultMix
    let world: World
    let history: History
    let limits: FederationLimits
    var stations: [Station]
    var wires: [LinkID: Wire] = [:]
    /// Open wires by receiver and sender; a new one takes the place of an old.
    var current: [[LinkID?]]
    var lastLink: UInt64 = 0
    /// By from and to: how many cuts hold that way.
    var cuts: [[Int]]
    var cutList: [(from: Int, to: Int, isOneWay: Bool)] = []
    var isHealed: [Bool] = []
    /// What passed on links that are gone, for replay.
    var graveyard: [[[Delivery]]]
    var heap = EventHeap<Event>()
    var now: Int64 = 0
    var areFaultsOver = false
    var trace = TraceHash()
    var oracle: Oracle
    var report: Report
    var forger: Forger
    var linkRandom: SplitMix64
    var diskRandom: SplitMix64
    var faultRandom: SplitMix64
    var peopleRandom: SplitMix64

    /// A run.
    ///
    /// - Parameters:
    ///   - mutant: a bug to plant in every node.
    ///   - log: is told each thing that happens, in a line.
    public init(seed: UInt64, mutant: Mutant? = nil, log: ((String) -> Void)? = nil) {
        self.seed = seed
        self.mutant = mutant
        self.log = log
        self.world = World(seed: seed)
        self.mix = FaultMix(seed: seed, seconds: Self.activeSeconds)
        self.linkRandom = SplitMix64(seed: seed, stream: 1)
        self.diskRandom = SplitMix64(seed: seed, stream: 2)
        self.faultRandom = SplitMix64(seed: seed, stream: 3)
        self.peopleRandom = SplitMix64(seed: seed, stream: 4)
        self.forger = Forger(seed: seed)
        var random = SplitMix64(seed: seed, stream: 5)
        self.history = History(
            seed: seed, world: self.world, mix: self.mix, seconds: Self.activeSeconds,
            records: 20 + random.index(below: 100), flights: 3 + random.index(below: 8))
        var limits = FederationLimits()
        limits.disclosure = .init(seconds: 5)
        if random.chance(0.5) {
            // Small bounds, so that they are reached.
            limits.batchEntriesMax = 1 + random.index(below: 8)
            limits.batchOctetsMax = 200 + random.index(below: 4000)
            limits.entriesUnreceiptedMax = UInt64(limits.batchEntriesMax + random.index(below: 16))
            limits.urgentsMax = 1 + random.index(below: 8)
            limits.leavesMax = 1 + random.index(below: 4)
            limits.leavesCredit = UInt64(limits.leavesMax + random.index(below: 16))
            limits.batchesUnacknowledgedMax = 1 + random.index(below: 4)
        }
        if self.mix.isSlow { limits.trackInterval = 500_000_000 }
        self.limits = limits
        let world = self.world
        let keys = world.nations.compactMap { SimulatedKeys(seed: seed, nation: $0) }
        precondition(keys.count == world.nations.count, "a secret of 32 octets is a key")
        self.stations = keys.enumerated().map { place, keys in
            Station(place: place, nations: world.nations, keys: keys, policy: world.policies[place])
        }
        let count = world.nations.count
        self.current = Array(repeating: Array(repeating: nil, count: count), count: count)
        self.cuts = Array(repeating: Array(repeating: 0, count: count), count: count)
        self.graveyard = Array(repeating: Array(repeating: [], count: count), count: count)
        self.oracle = Oracle(world: world, limits: limits)
        self.report = Report(seed: seed)
        if self.mix.hasHostile, mutant == nil {
            let last = count - 1
            self.stations[last].hostile = Hostile(seed: seed, keys: keys[last])
            self.oracle.suspects.insert(Members(last))
        }
        for place in self.stations.indices {
            self.stations[place].clock.offset = Int64(random.uniform(-self.mix.skew...self.mix.skew) * 1e9)
            self.stations[place].clock.drift = self.mix.drift * random.uniform(-1...1)
        }
    }

    // MARK: - the run

    /// Runs to the end.
    ///
    /// - Parameter stopsAtViolation: whether to end with the first rule that is broken.
    public mutating func run(stopsAtViolation: Bool = false) -> Report {
        self.schedule()
        for place in self.stations.indices { self.start(place) }
        let end = Int64(Self.seconds * 1e9)
        while let (time, event) = self.heap.pop(), time <= end {
            self.now = time
            self.happen(event)
            self.collect()
            if stopsAtViolation, !self.report.violations.isEmpty { return self.report }
            guard self.report.steps < 400_000 else {
                self.oracle.note(.bound, "more steps than any run should need")
                self.collect()
                break
            }
        }
        self.now = end
        self.oracle.judge(stations: self.stations, at: end)
        self.collect()
        self.report.seconds = Self.seconds
        self.report.trace = self.trace.value
        return self.report
    }

    /// Hands what the oracle found to the report.
    private mutating func collect() {
        guard !self.oracle.found.isEmpty else { return }
        for (rule, detail) in self.oracle.found {
            self.report.note(Violation(rule: rule, time: Double(self.now / 1_000_000) / 1e3, detail: detail))
            self.say("VIOLATION \(rule.rawValue): \(detail)")
        }
        self.oracle.reported()
    }

    func say(_ line: @autoclosure () -> String) {
        guard let log else { return }
        let micros = self.now / 1000
        let fraction = String(1_000_000 + micros % 1_000_000).dropFirst()
        log("\(micros / 1_000_000).\(fraction) \(line())")
    }

    func name(_ place: Int) -> String { self.world.nations[place].description }

    mutating func foretell(_ event: Event, in seconds: Double) {
        self.heap.insert(event, at: self.now + Int64(min(max(seconds, 0), 1e6) * 1e9))
    }

    private mutating func schedule() {
        for (place, act) in self.history.acts.enumerated() { self.heap.insert(.act(place), at: act.time) }
        self.heap.insert(.endOfFaults, at: Int64(Self.activeSeconds * 1e9))
        self.heap.insert(.lastCall, at: Int64((Self.seconds - 3) * 1e9))
        for receiver in self.stations.indices {
            for sender in self.stations.indices where sender != receiver {
                self.foretell(.dial(receiver: receiver, sender: sender), in: self.linkRandom.uniform(0...1))
            }
        }
        if self.mix.cutEvery.isFinite { self.foretell(.cut, in: self.faultRandom.exponential(mean: self.mix.cutEvery)) }
        if self.mix.resetEvery.isFinite {
            self.foretell(.breakLink, in: self.faultRandom.exponential(mean: self.mix.resetEvery))
        }
        for place in self.stations.indices {
            if self.mix.crashEvery.isFinite {
                self.foretell(.crash(place), in: self.faultRandom.exponential(mean: self.mix.crashEvery))
            }
            if self.mix.fullEvery.isFinite {
                self.foretell(.fullDisk(place), in: self.faultRandom.exponential(mean: self.mix.fullEvery))
            }
            if self.mix.jumpEvery.isFinite {
                self.foretell(.jump(place), in: self.faultRandom.exponential(mean: self.mix.jumpEvery))
            }
        }
        if self.mix.rollsBack || self.mutant == .silentRollBack {
            let place = self.faultRandom.index(below: self.stations.count)
            let copied = self.faultRandom.uniform(3...Self.activeSeconds / 2)
            self.foretell(.copyDisk(place), in: copied)
            self.foretell(.rollBack(place), in: copied + self.faultRandom.uniform(2...12))
        }
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .act(let place): self.act(self.history.acts[place].act)
        case .wake(let place, let start):
            guard self.stations[place].start == start, self.stations[place].wakeAt == self.now else { return }
            self.stations[place].wakeAt = .max
            self.step(place, .tick)
        case .synced(let place, let start): self.synced(place, start)
        case .saidWritten(let place, let start, let number):
            guard self.stations[place].start == start else { return }
            self.step(place, .written(number))
        case .saidSent(let link):
            guard let wire = self.wires[link], wire.isOpenAtSender else { return }
            self.step(wire.sender, .sent(link))
        case .leaves(let link, let isDown): self.leaves(link, isDown)
        case .arrives(let link, let isDown): self.arrives(link, isDown)
        case .closes(let link, let isAtReceiver): self.ends(link, isAtReceiver: isAtReceiver)
        case .loaded(let place, let start, let link, let entries):
            guard self.stations[place].start == start else { return }
            self.report.note(.caughtUpFromDisk)
            self.step(place, .loaded(link, entries))
        case .dial(let receiver, let sender): self.dial(receiver, sender)
        case .crash(let place):
            guard !self.areFaultsOver else { return }
            self.foretell(.crash(place), in: self.faultRandom.exponential(mean: self.mix.crashEvery))
            if self.faultRandom.chance(self.mix.midStep) {
                self.stations[place].isToCrash = true
            } else {
                self.crash(place)
            }
        case .restart(let place): self.start(place)
        case .cut: self.cut()
        case .heal(let cut): self.heal(cut)
        case .breakLink:
            guard !self.areFaultsOver else { return }
            self.foretell(.breakLink, in: self.faultRandom.exponential(mean: self.mix.resetEvery))
            let receiver = self.faultRandom.index(below: self.stations.count)
            let sender = (receiver + 1 + self.faultRandom.index(below: self.stations.count - 1)) % self.stations.count
            if let link = self.current[receiver][sender] { self.breakWire(link) }
        case .fullDisk(let place):
            guard !self.areFaultsOver else { return }
            self.report.note(.diskFull)
            self.say("\(self.name(place)): disk full")
            self.stations[place].isFull = true
            self.foretell(.freeDisk(place), in: self.faultRandom.uniform(0.5...6))
            self.foretell(.fullDisk(place), in: 6 + self.faultRandom.exponential(mean: self.mix.fullEvery))
        case .freeDisk(let place):
            guard self.stations[place].isFull else { return }
            self.stations[place].isFull = false
            self.synced(place, self.stations[place].start)
        case .jump(let place):
            guard !self.areFaultsOver else { return }
            self.report.note(.clockJump)
            let leap =
                self.faultRandom.chance(0.3) ? self.faultRandom.uniform(0...3600) : self.faultRandom.uniform(-3...3)
            self.say("\(self.name(place)): clock jumps by \(leap) s")
            self.stations[place].clock.offset += Int64(leap * 1e9)
            if leap < 0 { self.oracle.setBack.insert(Members(place)) }
            self.stations[place].wakeAt = .max
            self.step(place, .tick)
            self.foretell(.jump(place), in: self.faultRandom.exponential(mean: self.mix.jumpEvery))
        case .copyDisk(let place): self.stations[place].disk.copy()
        case .rollBack(let place):
            guard self.stations[place].disk.backup != nil, self.stations[place].hostile == nil else { return }
            self.say("\(self.name(place)): an older copy of the disk is put back")
            self.report.note(.rolledBack)
            if self.stations[place].core != nil { self.crash(place) }
            self.stations[place].disk.rollBack()
            if self.mutant != .silentRollBack {
                self.stations[place].wasRolledBack = true
                self.oracle.suspects.insert(Members(place))
                self.oracle.rolledBack.insert(Members(place))
            }
        // What was given and never said to be durable is given again; the rest is gone with the disk.
        case .urgentDue(let duty):
            let station = self.stations[duty.nation]
            // Nothing is due on a link that is gone, by a node that is down, or to a partner who is none.
            guard station.start == duty.start, station.core != nil, station.clock.offset == duty.clock,
                !station.revoked.contains(duty.partner), self.wires[duty.link]?.isOpenAtSender == true
            else { return }
            self.oracle.isDue(duty)
        case .endOfFaults: self.endFaults()
        case .lastCall: self.oracle.lastCall(self.stations)
        }
    }

    /// Everything heals: nodes are up, links carry, disks are quick, clocks go on as they are.
    private mutating func endFaults() {
        self.areFaultsOver = true
        self.say("faults end")
        var calm = FaultMix.none
        calm.delay = min(self.mix.delay, 0.1)
        calm.jitter = min(self.mix.jitter, 0.05)
        self.mix = calm
        for place in self.stations.indices {
            self.stations[place].isToCrash = false
            self.stations[place].isFull = false
            self.stations[place].hostile?.isTired = true
            if self.stations[place].core == nil { self.start(place) }
        }
        for cut in self.cutList.indices { self.heal(cut) }
        // What somebody took away or changed on a link is said again on the next one alone.
        if self.oracle.wasForged { for link in self.wires.keys.sorted() { self.breakWire(link) } }
        for place in self.stations.indices { self.synced(place, self.stations[place].start) }
    }

    // MARK: - people and sensors

    private mutating func act(_ act: Act) {
        switch act {
        case .record(let record):
            self.oracle.planned[record.id] = record
            self.stations[record.nation].queued.append(record.id)
            self.submit(record.nation)
        case .states(let nation, let states): self.see(nation, states)
        case .changePolicy(let nation):
            self.report.note(.policyChanged)
            self.stations[nation].policy = self.changed(self.stations[nation].policy)
            self.say("\(self.name(nation)): policy changes")
            self.givePolicy(nation)
        case .revoke(let nation, let partner):
            self.report.note(.partnerRevoked)
            self.say("\(self.name(nation)): revokes \(self.name(partner))")
            self.stations[nation].revoked.insert(partner)
            self.oracle.revokes(nation, partner)
            self.givePartners(nation)
        case .restore(let nation, let partner):
            self.report.note(.partnerRestored)
            self.say("\(self.name(nation)): believes \(self.name(partner)) again")
            self.stations[nation].revoked.remove(partner)
            self.givePartners(nation)
        }
    }

    private mutating func givePolicy(_ nation: Int) {
        self.oracle.policyChanged(
            of: nation, to: self.stations[nation].policy, at: self.stations[nation].clock.reading(at: self.now))
        guard self.mutant != .lateRevocation, let policy = self.policy(of: nation) else { return }
        self.step(nation, .policy(policy))
    }

    private mutating func givePartners(_ nation: Int) {
        guard self.mutant != .ignoredRevocation else { return }
        self.step(nation, .partners(self.partners(of: nation)))
    }

    func policy(of nation: Int) -> Policy? {
        var small = self.stations[nation].policy
        switch self.mutant {
        case .blindToLevels:
            small.levels = small.levels.map { _ in 2 }
            for place in small.agreements.indices { small.agreements[place].levelMax = 2 }
        case .noRedaction:
            for place in small.agreements.indices {
                small.agreements[place].grid = 0
                small.agreements[place].hidesIdentities = false
            }
        default: break
        }
        return try? self.world.policy(small)
    }

    func partners(of nation: Int) -> [PartnerKeys] {
        self.stations.indices.filter {
            $0 != nation
                && (self.mutant == .ignoredRevocation || !self.stations[nation].revoked.contains($0))
        }.compactMap {
            self.stations[$0].keys.partnerKeys(for: self.world.nations[nation])
        }
    }

    /// A policy officer changes one thing.
    private mutating func changed(_ policy: SmallPolicy) -> SmallPolicy {
        var policy = policy
        let partner = self.peopleRandom.index(below: self.stations.count)
        switch self.peopleRandom.index(below: 5) {
        case 0: policy.levels[partner] = self.peopleRandom.index(below: 4) - 1
        case 1: policy.caveats[partner] = self.peopleRandom.index(below: 4)
        case 2:
            let parties: Members = [Members(policy.nation), Members(partner)]
            guard partner != policy.nation else { return policy }
            let name = "new-\(policy.agreements.count)"
            guard !policy.agreements.contains(where: { $0.name == name }) else { return policy }
            policy.agreements.append(
                World.agreement(
                    name, parties: parties, nations: self.stations.count, isWide: false, &self.peopleRandom))
        case 3:
            if !policy.agreements.isEmpty {
                let place = self.peopleRandom.index(below: policy.agreements.count)
                policy.agreements[place].hidesIdentities.toggle()
            }
        default:
            if policy.agreements.count > 2 {
                policy.agreements.remove(at: self.peopleRandom.index(below: policy.agreements.count))
            }
        }
        return policy
    }

    /// Gives a node what people wrote.
    mutating func submit(_ nation: Int) {
        while self.stations[nation].core != nil, !self.stations[nation].queued.isEmpty {
            let id = self.stations[nation].queued.removeFirst()
            self.stations[nation].lastNumber += 1
            let number = self.stations[nation].lastNumber
            self.stations[nation].submitted.append((number, id))
            self.give(nation, number: number, id)
        }
    }

    /// Hands over a record, the first time or again.
    mutating func give(_ nation: Int, number: UInt64, _ id: Int) {
        guard let planned = self.oracle.planned[id] else { return }
        let reading = self.stations[nation].clock.reading(at: self.now)
        var label = planned.label
        if self.mutant == .blindToNames { label.releasableTo = Members(rawValue: UInt8(1 << self.stations.count - 1)) }
        self.oracle.submitted(
            planned, by: nation, at: reading, policy: self.stations[nation].policy,
            revoked: self.stations[nation].revoked)
        if self.oracle.isWithheld(id) { self.report.note(.recordWithheld) }
        for partner in self.stations.indices where partner != nation {
            if let duty = self.oracle.duty(
                planned, to: partner, link: self.current[partner][nation], start: self.stations[nation].start,
                clock: self.stations[nation].clock.offset),
                !self.stations[nation].revoked.contains(partner)
            {
                self.heap.insert(.urgentDue(duty), at: self.now + self.limits.urgentPatience + 30_000_000)
            }
        }
        self.say("\(self.name(nation)): record \(id) (\(planned.kind)), number \(number)")
        self.step(
            nation,
            .record(
                Record(
                    number: number, id: planned.marker, kind: planned.isUrgent ? "warning" : "report",
                    goods: planned.kind.goods, label: self.world.label(label),
                    position: planned.spot.map { World.geodetic($0) },
                    measuredAt: Timestamp(nanoseconds: self.oracle.measuredAt(id) ?? reading),
                    fields: [
                        Record.Field("text", .text("what is said " + planned.marker)),
                        Record.Field("who", .text(Oracle.who(id)), tells: .identity),
                        Record.Field("exactly", .text(Oracle.exactly(id)), tells: .place),
                    ], isUrgent: planned.isUrgent && self.mutant != .urgentInTurn)))
    }

    private mutating func see(_ nation: Int, _ states: [PlannedState]) {
        guard self.stations[nation].core != nil else { return }
        var notices: [TrackChangeNotice] = []
        for state in states {
            let reading = self.stations[nation].clock.reading(at: self.now)
            let truth = self.oracle.states.count
            // Unequal, so that a state is known by its time alone.
            let measuredAt = reading / 1_000_000 * 1_000_000 + Int64(truth % 1_000_000)
            self.oracle.states.append(
                TrueState(
                    nation: nation, track: TrackID(state.track), label: state.label, spot: state.spot,
                    measuredAt: measuredAt))
            var label = state.label
            if self.mutant == .blindToNames {
                label.releasableTo = Members(rawValue: UInt8(1 << self.stations.count - 1))
            }
            let notice = self.stations[nation].core?.source.take(
                state, truth: truth, label: self.world.label(label), measuredAt: Timestamp(nanoseconds: measuredAt))
            if let notice {
                if notice.change == .dropped {
                    self.report.note(.trackEnded)
                    if self.mutant == .ghost { continue }
                }
                notices.append(notice)
            }
        }
        if !notices.isEmpty { self.step(nation, .tracks(notices)) }
    }
}
