import Air
import Federation
import FoundationEssentials
import Ledger

extension Delivery {
    /// Reads what a sender says.
    ///
    /// - Throws: `WireFault`, with the field. Whatever the octets are, nothing else happens.
    init(_ message: Kumiko_Federation_V1_Delivery) throws(WireFault) {
        switch message.say {
        case .welcome(let welcome): self = .welcome(try Welcome(welcome))
        case .refusal(let refusal): self = .refusal(LinkRefusal(refusal))
        case .entries(let entries): self = .entries(try EntryBatch(entries))
        case .urgent(let urgent):
            guard !urgent.entry.isEmpty else { throw WireFault("Urgent.entry", .missing) }
            self = .urgent(Array(urgent.entry))
        case .tracks(let tracks): self = .tracks(try TrackBatch(tracks))
        case .echo(let echo):
            guard echo.hasProbe else { throw WireFault("Echo.probe", .missing) }
            self = .echo(
                Echo(
                    probe: Probe(echo.probe), receivedAt: Timestamp(nanoseconds: echo.receivedAt),
                    sentAt: Timestamp(nanoseconds: echo.sentAt)))
        case nil: throw WireFault("Delivery.say", .missing)
        }
    }
}

extension Kumiko_Federation_V1_Delivery {
    init(_ delivery: Delivery) {
        self.init()
        switch delivery {
        case .welcome(let welcome): self.welcome = .init(welcome)
        case .refusal(let refusal): self.refusal = .init(refusal)
        case .entries(let batch): self.entries = .init(batch)
        case .urgent(let entry):
            var message = Kumiko_Federation_V1_Urgent()
            message.entry = Data(entry)
            self.urgent = message
        case .tracks(let batch): self.tracks = .init(batch)
        case .echo(let echo):
            var message = Kumiko_Federation_V1_Echo()
            message.probe = .init(echo.probe)
            message.receivedAt = echo.receivedAt.nanoseconds
            message.sentAt = echo.sentAt.nanoseconds
            self.echo = message
        }
    }
}

extension Welcome {
    init(_ welcome: Kumiko_Federation_V1_Welcome) throws(WireFault) {
        guard welcome.version >= 1 else { throw WireFault("Welcome.version", .notOfForm) }
        let name = try NodeOfWire(welcome.nation, welcome.realm, welcome.node, in: "Welcome")
        self.init(
            version: ProtocolVersion(welcome.version), nation: name.nation, realm: name.realm, node: welcome.node,
            head: welcome.hasHead ? try SignedNote(wire: welcome.head, in: "Welcome.head") : nil,
            epoch: welcome.epoch, bookBegan: Timestamp(nanoseconds: welcome.bookBegan))
    }
}

extension Kumiko_Federation_V1_Welcome {
    init(_ welcome: Welcome) {
        self.init()
        self.version = welcome.version.rawValue
        self.nation = welcome.nation.description
        self.realm = welcome.realm.description
        self.node = welcome.node
        if let head = welcome.head { self.head = head.description }
        self.epoch = welcome.epoch
        self.bookBegan = welcome.bookBegan.nanoseconds
    }
}

extension EntryBatch {
    init(_ batch: Kumiko_Federation_V1_Entries) throws(WireFault) {
        guard batch.entries.count <= WireBounds.entries else {
            throw WireFault("Entries.entries", .tooLong(batch.entries.count, most: WireBounds.entries))
        }
        guard batch.from.addingReportingOverflow(UInt64(batch.entries.count)).overflow == false else {
            throw WireFault("Entries.from", .notOfForm)
        }
        guard batch.entries.allSatisfy({ !$0.isEmpty }) else { throw WireFault("Entries.entries", .notOfForm) }
        self.init(
            from: batch.from, entries: batch.entries.map { Array($0) },
            head: try SignedNote(wire: batch.head, in: "Entries.head"))
    }
}

extension Kumiko_Federation_V1_Entries {
    init(_ batch: EntryBatch) {
        self.init()
        self.from = batch.from
        self.entries = batch.entries.map { Data($0) }
        self.head = batch.head.description
    }
}

extension TrackBatch {
    init(_ batch: Kumiko_Federation_V1_Tracks) throws(WireFault) {
        guard batch.lane.utf8.count <= WireBounds.laneOctets, let lane = Lane(origin: batch.lane) else {
            throw WireFault("Tracks.lane", .notOfForm)
        }
        guard Lane(nation: lane.nation, realm: lane.realm, audience: batch.node) != nil else {
            throw WireFault("Tracks.node", .notOfForm)
        }
        guard batch.hasNumber else { throw WireFault("Tracks.number", .missing) }
        guard batch.signature.count == 64 else { throw WireFault("Tracks.signature", .notOfForm) }
        guard batch.leaves.count <= WireBounds.leaves else {
            throw WireFault("Tracks.leaves", .tooLong(batch.leaves.count, most: WireBounds.leaves))
        }
        var leaves: [Leaf] = []
        leaves.reserveCapacity(batch.leaves.count)
        for leaf in batch.leaves {
            switch leaf.leaf {
            case .shown(let octets):
                guard octets.count <= WireBounds.leafOctets else {
                    throw WireFault("Leaf.shown", .tooLong(octets.count, most: WireBounds.leafOctets))
                }
                guard octets.count > WireBounds.saltOctets else { throw WireFault("Leaf.shown", .notOfForm) }
                leaves.append(.shown(Array(octets)))
            case .withheld(let octets):
                guard let hash = LedgerHash(octets) else { throw WireFault("Leaf.withheld", .notOfForm) }
                leaves.append(.withheld(hash))
            case nil: throw WireFault("Leaf.leaf", .missing)
            }
        }
        self.init(
            lane: lane, node: batch.node, number: BatchNumber(batch.number),
            sentAt: Timestamp(nanoseconds: batch.sentAt), leaves: leaves, keyID: batch.keyID,
            signature: Array(batch.signature))
    }
}

extension Kumiko_Federation_V1_Tracks {
    init(_ batch: TrackBatch) {
        self.init()
        self.lane = batch.lane.origin
        self.node = batch.node
        self.number = .init(batch.number)
        self.sentAt = batch.sentAt.nanoseconds
        self.leaves = batch.leaves.map { leaf in
            var message = Kumiko_Federation_V1_Leaf()
            switch leaf {
            case .shown(let octets): message.shown = Data(octets)
            case .withheld(let hash): message.withheld = Data(hash.octets)
            }
            return message
        }
        self.keyID = batch.keyID
        self.signature = Data(batch.signature)
    }
}
