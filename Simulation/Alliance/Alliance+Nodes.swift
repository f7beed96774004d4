import Air
import Exercises
import Federation
import Ledger

extension Alliance {
    // MARK: - starts and crashes

    mutating func start(_ place: Int) {
        guard self.stations[place].core == nil, let identity = self.stations[place].keys.identity,
            let policy = self.policy(of: place)
        else { return }
        self.stations[place].start += 1
        self.stations[place].wakeAt = .max
        self.stations[place].isToCrash = false
        self.stations[place].saidEarly.removeAll()
        self.stations[place].disk.mayLie = self.mutant == .lostWrite
        self.stations[place].refold()
        self.oracle.policyChanged(
            of: place, to: self.stations[place].policy, at: self.stations[place].clock.reading(at: self.now))
        var state = self.stations[place].disk.durable.state
        if self.mutant == .forgetsHeld { state.held.removeAll() }
        self.say("\(self.name(place)): start \(self.stations[place].start)")
        let core = FederationNode(
            identity, limits: self.nodeLimits, policy: policy, partners: self.partners(of: place), source: Sky(),
            start: self.stations[place].start, recovering: state)
        self.stations[place].core = core
        var outputs: [FederationOutput] = []
        let reading = Timestamp(nanoseconds: self.stations[place].clock.reading(at: self.now))
        self.stations[place].core?.recover(at: reading, into: &outputs)
        self.perform(place, outputs)
        // What was given and is not known to be durable is given again, under the same number.
        for (number, id) in self.stations[place].submitted { self.give(place, number: number, id) }
        self.submit(place)
        for sender in self.stations.indices where sender != place {
            self.foretell(.dial(receiver: place, sender: sender), in: self.linkRandom.uniform(0.05...0.5))
        }
    }

    private var nodeLimits: FederationLimits {
        guard self.mutant == .noBackPressure else { return self.limits }
        var limits = self.limits
        limits.entriesUnreceiptedMax = 1 << 40
        limits.leavesCredit = 1 << 40
        limits.batchEntriesMax = 1 << 20
        limits.leavesMax = 1 << 20
        return limits
    }

    /// The process ends at once. Its partners may hear of it, or not.
    mutating func crash(_ place: Int) {
        guard self.stations[place].core != nil else { return }
        self.report.note(.crash)
        self.stations[place].core = nil
        self.stations[place].isToCrash = false
        let waiting = self.stations[place].disk.pending.count
        var lost = self.stations[place].disk.crash(&self.diskRandom)
        if waiting > lost { self.report.note(.writesKept) }
        if self.mutant == .lostWrite, self.stations[place].disk.forgetLast() { lost += 1 }
        if lost > 0 { self.report.note(.writesLost) }
        self.say("\(self.name(place)): crash; \(lost) of \(waiting) writes are lost")
        for link in self.wires.keys.sorted() {
            guard let wire = self.wires[link], wire.receiver == place || wire.sender == place else { continue }
            if wire.receiver == place { self.wires[link]?.isOpenAtReceiver = false }
            if wire.sender == place { self.wires[link]?.isOpenAtSender = false }
            self.breakWire(link)
        }
        self.foretell(.restart(place), in: self.faultRandom.exponential(mean: self.mix.downFor))
    }

    // MARK: - steps

    /// A node takes an input, and what it answers is done.
    mutating func step(_ place: Int, _ input: FederationInput) {
        guard self.stations[place].core != nil else { return }
        let reading = Timestamp(nanoseconds: self.stations[place].clock.reading(at: self.now))
        self.report.steps += 1
        self.trace.add(self.now)
        self.trace.add(place)
        var outputs: [FederationOutput] = []
        self.stations[place].core?.handle(input, at: reading, into: &outputs)
        self.perform(place, outputs)
    }

    private mutating func perform(_ place: Int, _ outputs: [FederationOutput]) {
        if self.stations[place].isToCrash, !outputs.isEmpty, !self.areFaultsOver {
            self.report.note(.crashMidStep)
            let kept = self.faultRandom.index(below: outputs.count + 1)
            for output in outputs.prefix(kept) { self.perform(place, output) }
            self.crash(place)
            return
        }
        let start = self.stations[place].start
        for output in outputs {
            self.perform(place, output)
            // A disk that fails ends the process in the middle of what it does.
            guard self.stations[place].core != nil, self.stations[place].start == start else { return }
        }
        self.plan(place)
    }

    /// Wakes the node when it wants to be.
    private mutating func plan(_ place: Int) {
        let reading = Timestamp(nanoseconds: self.stations[place].clock.reading(at: self.now))
        guard let wake = self.stations[place].core?.nextWake(after: reading) else { return }
        var instant = max(self.stations[place].clock.instant(of: wake.nanoseconds), self.now + 1000)
        while self.stations[place].clock.reading(at: instant) < wake.nanoseconds { instant += 1000 }
        guard instant < self.stations[place].wakeAt else { return }
        self.stations[place].wakeAt = instant
        self.heap.insert(.wake(place, start: self.stations[place].start), at: instant)
    }

    private mutating func perform(_ place: Int, _ output: FederationOutput) {
        let reading = self.stations[place].clock.reading(at: self.now)
        switch output {
        case .write(let write):
            self.trace.add(write.number)
            self.write(place, write)
        case .load(let link, let lane, let from, let countMax, let octetsMax):
            let entries = self.stations[place].disk.durable.load(
                lane, from: from, countMax: countMax, octetsMax: octetsMax)
            self.say("\(self.name(place)): loads \(lane) from \(from): \(entries.entries.count)")
            self.foretell(
                .loaded(place, start: self.stations[place].start, link, entries),
                in: self.diskRandom.uniform(0.0005...0.01))
        case .ask(let link, let request):
            self.trace.add(request)
            self.say("\(self.name(place)): asks \(self.other(link, than: place)) \(request.name)")
            guard let wire = self.wires[link], wire.receiver == place else { return }
            self.oracle.asks(place, wire.sender, request, store: self.stations[place].disk.durable)
            if case .receipt = request { self.report.note(.receipt) }
            if case .urgentReceipt = request { self.report.note(.urgentReceipt) }
            self.send(request, on: link)
        case .deliver(let link, let delivery):
            self.trace.add(delivery)
            self.say("\(self.name(place)): delivers to \(self.other(link, than: place)) \(delivery.name)")
            guard let wire = self.wires[link], wire.sender == place else { return }
            self.oracle.delivers(
                place, wire.receiver, link, delivery, at: reading, station: self.stations[place],
                &self.report)
            guard self.stations[place].hostile != nil else {
                self.send(delivery, on: link)
                return
            }
            let said = self.stations[place].hostile?.says(delivery) ?? (deliveries: [delivery], trick: nil)
            if let trick = said.trick {
                self.report.note(trick.event)
                self.say("\(self.name(place)): and lies (\(trick))")
            }
            for (count, lie) in said.deliveries.enumerated() { self.send(lie, on: link, isExtra: count > 0) }
        case .close(let link, let refusal):
            self.trace.add(refusal.name)
            self.report.note(.linkRefused)
            self.say("\(self.name(place)): closes \(link.rawValue) to \(self.other(link, than: place)): \(refusal)")
            self.oracle.closes(place, refusal)
            self.close(link, by: place)
        case .effect(let entry, let isUrgent):
            self.trace.add(entry.leaf.octets)
            let statement = entry.leaf.statement
            self.say(
                "\(self.name(place)): effect \(statement.lane) \(statement.sequence) \(statement.kind)"
                    + (isUrgent ? ", urgent" : ""))
            if isUrgent { self.report.note(.urgentBeforeItsTurn) }
            self.report.entries += 1
            if statement.kind == "warning" { self.report.warnings += 1 }
            if self.mutant == .gap, !isUrgent, self.report.entries % 10 == 0 { return }
            self.oracle.takes(&self.stations[place], entry, isUrgent: isUrgent)
            if self.mutant == .effectTwice, self.report.entries % 10 == 0 {
                self.oracle.takes(&self.stations[place], entry, isUrgent: isUrgent)
            }
        case .tracks(let tracks):
            self.trace.add(tracks.batch)
            self.trace.add(tracks.items.count)
            self.report.tracks += tracks.items.count
            self.say(
                "\(self.name(place)): tracks of \(tracks.nation) by \(tracks.via): batch "
                    + "\(tracks.batch?.number ?? 0), \(tracks.items.count) items" + (tracks.isReset ? ", reset" : ""))
            self.oracle.sees(&self.stations[place], tracks)
        case .recorded(let number, let audiences):
            self.trace.add(number)
            self.say("\(self.name(place)): recorded \(number), \(audiences) audiences")
            if let index = self.stations[place].submitted.firstIndex(where: { $0.number == number }) {
                let id = self.stations[place].submitted.remove(at: index).record
                self.oracle.isRecorded(id, audiences: audiences, store: self.stations[place].disk.durable)
            }
        case .refused(let number, let refusal):
            self.trace.add(number)
            self.say("\(self.name(place)): refuses record \(number): \(refusal)")
            if let index = self.stations[place].submitted.firstIndex(where: { $0.number == number }) {
                self.stations[place].queued.append(self.stations[place].submitted.remove(at: index).record)
            }
        case .alarm(let alarm):
            self.report.note(.alarm)
            self.say("\(self.name(place)): ALARM \(alarm.summary)")
            self.oracle.hears(place, alarm, &self.report)
        }
    }

    // MARK: - disks

    private mutating func write(_ place: Int, _ write: FederationWrite) {
        self.oracle.writes(place, write)
        if self.diskRandom.chance(self.mix.writeError) {
            self.report.note(.writeError)
            self.say("\(self.name(place)): write \(write.number) fails")
            self.crash(place)
            return
        }
        var time = self.diskRandom.exponential(mean: self.mix.syncIn)
        if self.diskRandom.chance(self.mix.stall) {
            self.report.note(.diskStall)
            time += self.diskRandom.uniform(0.5...5)
        }
        let isDisclosure = write.changes.contains { change in
            guard case .ownEntry(_, let entry) = change, let parsed = try? Entry(parsing: entry.octets) else {
                return false
            }
            return parsed.leaf.statement.kind.hasPrefix("disclosure")
        }
        let isEarly =
            self.mutant == .writtenBeforeSync || self.mutant == .shownBeforeStated && isDisclosure
        let durableAt = self.stations[place].disk.write(
            write, ticket: write.number, at: self.now, taking: Int64((time + (isEarly ? 0.3 : 0)) * 1e9))
        self.heap.insert(.synced(place, start: self.stations[place].start), at: durableAt)
        self.say("\(self.name(place)): write \(write.number), \(write.changes.count) changes")
        if isEarly {
            self.stations[place].saidEarly.insert(write.number)
            // Not within the step that asks for it.
            self.heap.insert(.saidWritten(place, start: self.stations[place].start, write.number), at: self.now)
        }
    }

    /// The next write is durable, or all that waited while the disk was full.
    mutating func synced(_ place: Int, _ start: UInt64) {
        guard self.stations[place].start == start, self.stations[place].core != nil, !self.stations[place].isFull
        else { return }
        // A write that is due later has its own event.
        while self.stations[place].disk.isDue(at: self.now), let number = self.stations[place].disk.sync() {
            for fault in self.stations[place].disk.durable.faults { self.oracle.note(.order, fault) }
            self.say("\(self.name(place)): write \(number) is durable")
            if self.stations[place].saidEarly.remove(number) == nil { self.step(place, .written(number)) }
            guard self.stations[place].start == start, self.stations[place].core != nil else { return }
        }
    }

    func other(_ link: LinkID, than place: Int) -> String {
        guard let wire = self.wires[link] else { return "nobody" }
        return self.name(wire.receiver == place ? wire.sender : wire.receiver)
    }
}

extension FederationAlarm {
    var summary: String {
        switch self {
        case .equivocation(let lane, _): "two histories of \(lane)"
        case .rolledBack(let lane, _, _): "\(lane) is shorter than a head that was held"
        case .notShown(let lane, _, _): "nothing shows that \(lane) grew"
        case .unknownHead(let lane, _): "a partner holds an unknown head of \(lane)"
        case .receiverRolledBack(let lane, let receipted, let held):
            "the receiver of \(lane) holds \(held) and gave its receipt for \(receipted)"
        case .convicted(let nation, _): "\(nation) proves two histories of this nation"
        case .books(let nation, let discrepancy): "the books differ from \(nation)'s: \(discrepancy)"
        case .ownLog(let lane): "the store gives another log for \(lane)"
        }
    }
}

extension Hostile.Trick {
    var event: Sometimes {
        switch self {
        case .garbage: .hostileGarbage
        case .replay: .hostileReplay
        case .foreignEntry: .hostileForeignEntry
        case .forgedSignature: .hostileForgedSignature
        case .secondHead: .hostileSecondHead
        case .overrun: .hostileOverrun
        }
    }
}
