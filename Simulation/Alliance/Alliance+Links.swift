import Air
import Exercises
import Federation
import Ledger

extension Alliance {
    // MARK: - links come and go

    /// A receiver dials a sender, unless it has a link; where it does not come through, it tries again.
    mutating func dial(_ receiver: Int, _ sender: Int) {
        guard self.stations[receiver].core != nil else { return }
        if let link = self.current[receiver][sender], self.wires[link]?.isOpenAtReceiver == true { return }
        guard self.cuts[receiver][sender] == 0, self.cuts[sender][receiver] == 0, self.stations[sender].core != nil
        else {
            self.foretell(.dial(receiver: receiver, sender: sender), in: self.linkRandom.uniform(0.3...1.5))
            return
        }
        self.lastLink += 1
        let link = LinkID(self.lastLink)
        if let old = self.current[receiver][sender] { self.bury(old) }
        self.current[receiver][sender] = link
        var wire = Wire(id: link, receiver: receiver, sender: sender)
        wire.up.send(.opened, arriving: self.arrival())
        self.wires[link] = wire
        self.say("\(self.name(receiver)): dials \(self.name(sender)), link \(self.lastLink)")
        self.expect(link, isDown: false)
        self.step(receiver, .dialled(link, self.world.nations[sender]))
    }

    /// Forgets a link that is gone, but for what was said on it.
    private mutating func bury(_ link: LinkID) {
        guard let wire = self.wires[link] else { return }
        var past = self.graveyard[wire.sender][wire.receiver] + wire.down.past
        if past.count > 24 { past.removeFirst(past.count - 24) }
        self.graveyard[wire.sender][wire.receiver] = past
        // An end that has not heard of it will.
        if wire.isOpenAtReceiver || wire.isOpenAtSender { return }
        self.wires[link] = nil
    }

    /// A link breaks: what is on its way is lost, and each end hears of it at its own time, or not at all.
    mutating func breakWire(_ link: LinkID) {
        guard let wire = self.wires[link], !wire.isBroken else { return }
        self.report.note(.linkBroken)
        self.say("link \(link.rawValue) of \(self.name(wire.receiver)) to \(self.name(wire.sender)) breaks")
        self.wires[link]?.isBroken = true
        self.wires[link]?.up.flight.removeAll()
        self.wires[link]?.down.flight.removeAll()
        self.wires[link]?.up.waiting.removeAll()
        self.wires[link]?.down.waiting.removeAll()
        for isAtReceiver in [true, false] {
            // Who hears nothing finds out by the silence.
            let hears = self.linkRandom.chance(0.7)
            if hears || self.areFaultsOver {
                self.foretell(
                    .closes(link, isAtReceiver: isAtReceiver), in: self.linkRandom.exponential(mean: 0.5))
            }
        }
    }

    /// An end hears that its link is gone.
    mutating func ends(_ link: LinkID, isAtReceiver: Bool) {
        guard let wire = self.wires[link] else { return }
        if isAtReceiver {
            guard wire.isOpenAtReceiver else { return }
            self.wires[link]?.isOpenAtReceiver = false
            self.step(wire.receiver, .closed(link))
            self.foretell(
                .dial(receiver: wire.receiver, sender: wire.sender), in: self.linkRandom.uniform(0.1...1))
        } else {
            guard wire.isOpenAtSender else { return }
            self.wires[link]?.isOpenAtSender = false
            self.step(wire.sender, .closed(link))
        }
    }

    /// A node ends a link; the other end hears of it behind all that was sent.
    mutating func close(_ link: LinkID, by place: Int) {
        guard let wire = self.wires[link] else { return }
        if wire.receiver == place {
            self.wires[link]?.isOpenAtReceiver = false
            let arrival = self.arrival()
            self.wires[link]?.up.send(.closed, arriving: arrival)
            self.expect(link, isDown: false)
            self.foretell(
                .dial(receiver: wire.receiver, sender: wire.sender), in: self.linkRandom.uniform(0.1...1))
        } else {
            self.wires[link]?.isOpenAtSender = false
            // What waits is not sent any more, but for the last words.
            for waiting in wire.down.waiting {
                if case .refusal = waiting.message {
                    let arrival = self.arrival()
                    self.wires[link]?.down.send(.message(waiting.message), arriving: arrival)
                    self.expect(link, isDown: true)
                }
            }
            self.wires[link]?.down.waiting.removeAll()
            let arrival = self.arrival()
            self.wires[link]?.down.send(.closed, arriving: arrival)
            self.expect(link, isDown: true)
        }
    }

    // MARK: - messages

    private mutating func arrival() -> Int64 {
        self.now + Int64((self.mix.delay + self.mix.jitter * self.linkRandom.unit()) * 1e9)
    }

    private mutating func expect(_ link: LinkID, isDown: Bool) {
        guard let last = isDown ? self.wires[link]?.down.flight.last?.time : self.wires[link]?.up.flight.last?.time
        else { return }
        self.heap.insert(.arrives(link, isDown: isDown), at: last)
    }

    /// Requests are small: they leave at once.
    mutating func send(_ request: Request, on link: LinkID) {
        guard let wire = self.wires[link], wire.isOpenAtReceiver, !wire.isBroken else { return }
        let trick = self.forger.strikes(self.mix.forgery)
        if let trick { self.noteForgery(trick, link) }
        var messages = [request]
        switch trick {
        case .repeated: messages.append(request)
        case .reordered:
            if let last = wire.up.flight.last, case .message(let before) = last.item {
                self.wires[link]?.up.flight.removeLast()
                messages.append(before)
            }
        case .replayed:
            if !wire.up.past.isEmpty { messages.append(wire.up.past[self.forger.choose(wire.up.past.count)]) }
        case .changed: messages = [self.forger.changed(request)]
        case .madeUp: messages.append(self.forger.madeUpRequest())
        case nil: break
        }
        self.wires[link]?.up.past.append(request)
        if wire.up.past.count > 16 { self.wires[link]?.up.past.removeFirst() }
        for message in messages {
            let arrival = self.arrival()
            self.wires[link]?.up.send(.message(message), arriving: arrival)
            self.expect(link, isDown: false)
        }
    }

    /// Puts a delivery where it waits for its turn on the wire.
    mutating func send(_ delivery: Delivery, on link: LinkID, isExtra: Bool = false) {
        guard let wire = self.wires[link], wire.isOpenAtSender, !wire.isBroken else { return }
        var isBulk = false, isUrgent = false
        switch delivery {
        case .entries, .tracks: isBulk = !isExtra
        case .urgent: isUrgent = true
        case .welcome, .refusal, .echo: break
        }
        var place = wire.down.waiting.count
        if isUrgent {
            // Behind other urgent ones and what is being sent.
            place = wire.down.isSending ? 1 : 0
            while place < wire.down.waiting.count, case .urgent = wire.down.waiting[place].message { place += 1 }
        }
        self.wires[link]?.down.waiting.insert(
            (delivery, isBulk, delivery.octets), at: min(place, wire.down.waiting.count))
        let bulk = wire.down.waiting.count { $0.isBulk } + (isBulk ? 1 : 0)
        self.oracle.waits(wire.sender, bulk: bulk)
        if self.mutant == .noBackPressure, isBulk { self.heap.insert(.saidSent(link), at: self.now) }
        if !wire.down.isSending { self.begin(link) }
    }

    /// Begins to send the first that waits.
    private mutating func begin(_ link: LinkID) {
        guard let first = self.wires[link]?.down.waiting.first else { return }
        self.wires[link]?.down.isSending = true
        self.foretell(.leaves(link, isDown: true), in: Double(first.octets) / self.mix.rate)
    }

    /// The first that waited has left.
    mutating func leaves(_ link: LinkID, _ isDown: Bool) {
        guard let wire = self.wires[link], !wire.isBroken, wire.down.isSending, let first = wire.down.waiting.first
        else {
            self.wires[link]?.down.isSending = false
            return
        }
        self.wires[link]?.down.waiting.removeFirst()
        self.wires[link]?.down.isSending = false
        let trick = self.forger.strikes(self.mix.forgery)
        if let trick { self.noteForgery(trick, link) }
        var messages = [first.message]
        switch trick {
        case .repeated: messages.append(first.message)
        case .reordered:
            if let last = wire.down.flight.last, case .message(let before) = last.item {
                self.wires[link]?.down.flight.removeLast()
                messages.append(before)
            }
        case .replayed:
            let past = self.graveyard[wire.sender][wire.receiver] + wire.down.past
            if !past.isEmpty { messages.append(past[self.forger.choose(past.count)]) }
        case .changed: messages = [self.forger.changed(first.message)]
        case .madeUp:
            var head: SignedNote?
            for case .entries(let batch) in wire.down.past { head = batch.head }
            messages.append(self.forger.madeUpDelivery(head: head))
        case nil: break
        }
        self.wires[link]?.down.past.append(first.message)
        if wire.down.past.count > 16 { self.wires[link]?.down.past.removeFirst() }
        for message in messages {
            let arrival = self.arrival()
            self.wires[link]?.down.send(.message(message), arriving: arrival)
            self.expect(link, isDown: true)
        }
        self.begin(link)
        let isLast = !wire.down.waiting.dropFirst().contains { $0.isBulk }
        if first.isBulk, isLast, self.mutant != .noBackPressure { self.step(wire.sender, .sent(link)) }
    }

    private mutating func noteForgery(_ trick: Forger.Trick, _ link: LinkID) {
        self.oracle.wasForged = true
        self.say("somebody on link \(link.rawValue): \(trick)")
        switch trick {
        case .repeated: self.report.note(.forgedRepeat)
        case .reordered: self.report.note(.forgedReorder)
        case .replayed: self.report.note(.forgedReplay)
        case .changed: self.report.note(.forgedChange)
        case .madeUp: self.report.note(.forgedMessage)
        }
    }

    /// The first on its way arrives, unless the way is cut: then all wait, in their order.
    mutating func arrives(_ link: LinkID, _ isDown: Bool) {
        guard let wire = self.wires[link] else { return }
        let (from, to) = isDown ? (wire.sender, wire.receiver) : (wire.receiver, wire.sender)
        guard self.cuts[from][to] == 0 else { return }
        if isDown {
            guard let first = wire.down.flight.first, first.time <= self.now else { return }
            self.wires[link]?.down.flight.removeFirst()
            guard wire.isOpenAtReceiver else { return }
            switch first.item {
            case .opened: break
            case .closed: self.ends(link, isAtReceiver: true)
            case .message(let message):
                self.report.messages += 1
                self.stations[to].hostile?.hears(message)
                self.step(to, .delivery(link, message))
            }
        } else {
            guard let first = wire.up.flight.first, first.time <= self.now else { return }
            self.wires[link]?.up.flight.removeFirst()
            switch first.item {
            case .opened:
                guard self.stations[to].core != nil else {
                    self.breakWire(link)
                    return
                }
                self.wires[link]?.isOpenAtSender = true
                self.step(
                    to, .accepted(link, self.world.nations[from], node: self.stations[from].keys.node))
            case .closed: self.ends(link, isAtReceiver: false)
            case .message(let message):
                guard wire.isOpenAtSender else { return }
                self.report.messages += 1
                self.step(to, .request(link, message))
            }
        }
    }

    // MARK: - cuts

    mutating func cut() {
        guard !self.areFaultsOver else { return }
        self.foretell(.cut, in: self.faultRandom.exponential(mean: self.mix.cutEvery))
        let from = self.faultRandom.index(below: self.stations.count)
        let to = (from + 1 + self.faultRandom.index(below: self.stations.count - 1)) % self.stations.count
        let isOneWay = self.faultRandom.chance(self.mix.oneWay)
        self.report.note(isOneWay ? .cutOneWay : .cutBothWays)
        self.say("cut from \(self.name(from)) to \(self.name(to))" + (isOneWay ? "" : " and back"))
        self.cuts[from][to] += 1
        if !isOneWay { self.cuts[to][from] += 1 }
        self.cutList.append((from, to, isOneWay))
        self.isHealed.append(false)
        self.foretell(.heal(self.cutList.count - 1), in: self.faultRandom.exponential(mean: self.mix.cutFor))
    }

    mutating func heal(_ number: Int) {
        guard !self.isHealed[number] else { return }
        self.isHealed[number] = true
        let cut = self.cutList[number]
        self.say("healed from \(self.name(cut.from)) to \(self.name(cut.to))")
        self.cuts[cut.from][cut.to] -= 1
        if !cut.isOneWay { self.cuts[cut.to][cut.from] -= 1 }
        // What waited goes on, in its order.
        for (receiver, sender) in [(cut.from, cut.to), (cut.to, cut.from)] {
            for link in self.wires.keys.sorted() {
                guard let wire = self.wires[link], wire.receiver == receiver, wire.sender == sender else { continue }
                for item in wire.down.flight {
                    self.heap.insert(.arrives(link, isDown: true), at: max(item.time, self.now + 1_000_000))
                }
                for item in wire.up.flight {
                    self.heap.insert(.arrives(link, isDown: false), at: max(item.time, self.now + 1_000_000))
                }
            }
        }
    }
}
