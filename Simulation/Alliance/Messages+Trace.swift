import Air
import Federation
import Ledger

extension TraceHash {
    mutating func add(_ number: BatchNumber?) {
        self.add(number?.epoch ?? .max)
        self.add(number?.number ?? .max)
    }

    mutating func add(_ note: SignedNote?) { self.add(note?.octets ?? []) }

    mutating func add(_ hash: LedgerHash) { self.add(hash.octets) }

    mutating func add(_ request: Request) {
        switch request {
        case .hello(let hello):
            self.add(1)
            self.add(UInt64(hello.versions.lowerBound.rawValue) << 32 | UInt64(hello.versions.upperBound.rawValue))
            self.add("\(hello.nation) \(hello.realm) \(hello.node) \(hello.partner)")
            self.add(hello.incarnation)
            self.add(hello.held)
            self.add(hello.lastBatch)
        case .credit(let credit):
            self.add(2)
            self.add(credit.leavesUpTo)
            self.add(credit.taken)
        case .receipt(let receipt):
            self.add(3)
            self.add(receipt.size)
            self.add(receipt.signature.line)
        case .urgentReceipt(let sequence, let leaf):
            self.add(4)
            self.add(sequence)
            self.add(leaf)
        case .probe(let probe):
            self.add(5)
            self.add(probe.number)
            self.add(probe.sentAt.nanoseconds)
        case .conviction(let proof):
            self.add(6)
            self.add(proof.encoded)
        }
    }

    mutating func add(_ delivery: Delivery) {
        switch delivery {
        case .welcome(let welcome):
            self.add(11)
            self.add(UInt64(welcome.version.rawValue))
            self.add("\(welcome.nation) \(welcome.realm) \(welcome.node)")
            self.add(welcome.head)
            self.add(welcome.epoch)
            self.add(welcome.bookBegan.nanoseconds)
        case .refusal(let refusal):
            self.add(12)
            self.add(refusal.name)
        case .entries(let batch):
            self.add(13)
            self.add(batch.from)
            for entry in batch.entries { self.add(entry) }
            self.add(batch.head)
        case .urgent(let entry):
            self.add(14)
            self.add(entry)
        case .tracks(let batch):
            self.add(15)
            self.add(batch.lane.origin)
            self.add(batch.node)
            self.add(batch.number)
            self.add(batch.sentAt.nanoseconds)
            for leaf in batch.leaves {
                switch leaf {
                case .shown(let octets): self.add(octets)
                case .withheld(let hash): self.add(hash)
                }
            }
            self.add(UInt64(batch.keyID))
            self.add(batch.signature)
        case .echo(let echo):
            self.add(16)
            self.add(echo.probe.number)
            self.add(echo.probe.sentAt.nanoseconds)
            self.add(echo.receivedAt.nanoseconds)
            self.add(echo.sentAt.nanoseconds)
        }
    }
}

extension Request {
    var name: String {
        switch self {
        case .hello(let hello): "hello(\(hello.nation) holds \(hello.held.flatMap(Self.size) ?? 0))"
        case .credit(let credit): "credit(\(credit.leavesUpTo))"
        case .receipt(let receipt): "receipt(\(receipt.size))"
        case .urgentReceipt(let sequence, _): "urgent-receipt(\(sequence))"
        case .probe: "probe"
        case .conviction: "conviction"
        }
    }

    static func size(_ note: SignedNote) -> UInt64? { (try? Checkpoint(parsing: note.text))?.size }
}

extension Delivery {
    var name: String {
        switch self {
        case .welcome(let welcome): "welcome(head \(welcome.head.flatMap(Request.size) ?? 0))"
        case .refusal(let refusal): "refusal(\(refusal))"
        case .entries(let batch):
            "entries(\(batch.from)+\(batch.entries.count), head \(Request.size(batch.head) ?? 0))"
        case .urgent: "urgent"
        case .tracks(let batch): "tracks(\(batch.number.number), \(batch.leaves.count) leaves)"
        case .echo: "echo"
        }
    }

    /// Octets on the wire, about: what a slow link takes its time by.
    var octets: Int {
        switch self {
        case .entries(let batch): batch.entries.reduce(256) { $0 + $1.count + 4 }
        case .urgent(let entry): entry.count + 16
        case .tracks(let batch):
            batch.leaves.reduce(192) { sum, leaf in
                if case .shown(let octets) = leaf { sum + octets.count + 4 } else { sum + 36 }
            }
        case .welcome: 320
        case .refusal, .echo: 64
        }
    }
}
