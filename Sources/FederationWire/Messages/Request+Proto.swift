import Air
import Federation
import FoundationEssentials
import Ledger

extension Request {
    /// Reads what a receiver says.
    ///
    /// - Throws: `WireFault`, with the field. Whatever the octets are, nothing else happens.
    init(_ message: Kumiko_Federation_V1_Request) throws(WireFault) {
        switch message.say {
        case .hello(let hello): self = .hello(try Hello(hello))
        case .credit(let credit):
            self = .credit(
                Credit(
                    leavesUpTo: credit.leavesUpTo,
                    taken: credit.hasTaken ? BatchNumber(credit.taken) : nil))
        case .receipt(let receipt):
            let line = receipt.cosignature
            guard line.utf8.count <= WireBounds.signatureLineOctets else {
                throw WireFault(
                    "Receipt.cosignature", .tooLong(line.utf8.count, most: WireBounds.signatureLineOctets))
            }
            guard let signature = NoteSignature(line: line) else { throw WireFault("Receipt.cosignature", .notOfForm) }
            self = .receipt(Receipt(size: receipt.size, signature: signature))
        case .urgentReceipt(let receipt):
            guard let leaf = LedgerHash(receipt.leaf) else { throw WireFault("UrgentReceipt.leaf", .notOfForm) }
            self = .urgentReceipt(sequence: receipt.sequence, leaf: leaf)
        case .probe(let probe): self = .probe(Probe(probe))
        case .conviction(let conviction):
            let octets = conviction.equivocation
            guard octets.count <= WireBounds.convictionOctets else {
                throw WireFault(
                    "Conviction.equivocation", .tooLong(octets.count, most: WireBounds.convictionOctets))
            }
            guard let proof = try? Equivocation(parsing: Array(octets)) else {
                throw WireFault("Conviction.equivocation", .notOfForm)
            }
            self = .conviction(proof)
        case nil: throw WireFault("Request.say", .missing)
        }
    }
}

extension Kumiko_Federation_V1_Request {
    init(_ request: Request) {
        self.init()
        switch request {
        case .hello(let hello): self.hello = .init(hello)
        case .credit(let credit):
            var message = Kumiko_Federation_V1_Credit()
            message.leavesUpTo = credit.leavesUpTo
            if let taken = credit.taken { message.taken = .init(taken) }
            self.credit = message
        case .receipt(let receipt):
            var message = Kumiko_Federation_V1_Receipt()
            message.size = receipt.size
            message.cosignature = String(receipt.signature.line.dropLast())
            self.receipt = message
        case .urgentReceipt(let sequence, let leaf):
            var message = Kumiko_Federation_V1_UrgentReceipt()
            message.sequence = sequence
            message.leaf = Data(leaf.octets)
            self.urgentReceipt = message
        case .probe(let probe): self.probe = .init(probe)
        case .conviction(let proof):
            var message = Kumiko_Federation_V1_Conviction()
            message.equivocation = Data(proof.encoded)
            self.conviction = message
        }
    }
}

extension Hello {
    init(_ hello: Kumiko_Federation_V1_Hello) throws(WireFault) {
        guard 1 <= hello.oldestVersion, hello.oldestVersion <= hello.newestVersion else {
            throw WireFault("Hello.oldest_version", .notOfForm)
        }
        let name = try NodeOfWire(hello.nation, hello.realm, hello.node, in: "Hello")
        self.init(
            versions: ProtocolVersion(hello.oldestVersion)...ProtocolVersion(hello.newestVersion),
            nation: name.nation, realm: name.realm, node: hello.node,
            partner: try Nation(wire: hello.partner, in: "Hello.partner"), incarnation: hello.incarnation,
            held: hello.hasHeld ? try SignedNote(wire: hello.held, in: "Hello.held") : nil,
            lastBatch: hello.hasLastBatch ? BatchNumber(hello.lastBatch) : nil)
    }
}

extension Kumiko_Federation_V1_Hello {
    init(_ hello: Hello) {
        self.init()
        self.oldestVersion = hello.versions.lowerBound.rawValue
        self.newestVersion = hello.versions.upperBound.rawValue
        self.nation = hello.nation.description
        self.realm = hello.realm.description
        self.node = hello.node
        self.partner = hello.partner.description
        self.incarnation = hello.incarnation
        if let held = hello.held { self.held = held.description }
        if let last = hello.lastBatch { self.lastBatch = .init(last) }
    }
}

extension BatchNumber {
    init(_ number: Kumiko_Federation_V1_BatchNumber) { self.init(epoch: number.epoch, number: number.number) }
}

extension Kumiko_Federation_V1_BatchNumber {
    init(_ number: BatchNumber) {
        self.init()
        self.epoch = number.epoch
        self.number = number.number
    }
}

extension Probe {
    init(_ probe: Kumiko_Federation_V1_Probe) {
        self.init(number: probe.number, sentAt: Timestamp(nanoseconds: probe.sentAt))
    }
}

extension Kumiko_Federation_V1_Probe {
    init(_ probe: Probe) {
        self.init()
        self.number = probe.number
        self.sentAt = probe.sentAt.nanoseconds
    }
}

/// A node as its own messages name it, each part of the form that a lane's name has.
struct NodeOfWire {
    let nation: Nation
    let realm: Realm

    init(_ nation: String, _ realm: String, _ node: String, in message: String) throws(WireFault) {
        self.nation = try Nation(wire: nation, in: "\(message).nation")
        guard realm.utf8.count <= WireBounds.realmOctets, let world = Realm(realm),
            world.description.utf8.elementsEqual(realm.utf8),
            Lane(nation: self.nation, realm: world, audience: "a") != nil
        else { throw WireFault("\(message).realm", .notOfForm) }
        // A lane's audience is a token, as a node's name is.
        guard Lane(nation: self.nation, realm: world, audience: node) != nil else {
            throw WireFault("\(message).node", .notOfForm)
        }
        self.realm = world
    }
}

extension Nation {
    /// Two small letters; unlike elsewhere capitals are not taken for them, so that each message has one form.
    init(wire text: String, in field: String) throws(WireFault) {
        guard let nation = Nation(text), nation.description == text else { throw WireFault(field, .notOfForm) }
        self = nation
    }
}

extension SignedNote {
    init(wire text: String, in field: String) throws(WireFault) {
        guard text.utf8.count <= WireBounds.noteOctets else {
            throw WireFault(field, .tooLong(text.utf8.count, most: WireBounds.noteOctets))
        }
        guard let note = try? SignedNote(parsing: Array(text.utf8)) else { throw WireFault(field, .notOfForm) }
        self = note
    }
}
