import Air
import Exercises
import Federation
import Ledger

/// Somebody who should not be on a link, and is: repeats, moves, changes and makes up messages, without any key.
///
/// Mutual TLS keeps him out; the core must be right without it.
struct Forger: Sendable {
    enum Trick: CaseIterable, Sendable { case repeated, reordered, replayed, changed, madeUp }

    private var random: SplitMix64

    init(seed: UInt64) { self.random = SplitMix64(seed: seed, stream: 0xF0) }

    mutating func strikes(_ chance: Double) -> Trick? {
        guard chance > 0, self.random.chance(chance) else { return nil }
        return Trick.allCases[self.random.index(below: Trick.allCases.count)]
    }

    mutating func choose(_ count: Int) -> Int { self.random.index(below: count) }

    private mutating func flip(_ octets: [UInt8]) -> [UInt8] {
        guard !octets.isEmpty else { return [UInt8(truncatingIfNeeded: self.random.next())] }
        var octets = octets
        switch self.random.index(below: 4) {
        case 0: octets.removeLast(1 + self.random.index(below: octets.count))
        case 1: octets.append(UInt8(truncatingIfNeeded: self.random.next()))
        default: octets[self.random.index(below: octets.count)] ^= 1 << UInt8(self.random.index(below: 8))
        }
        return octets
    }

    private mutating func move(_ number: UInt64) -> UInt64 {
        switch self.random.index(below: 5) {
        case 0: number &+ 1
        case 1: number &- 1
        case 2: 0
        case 3: .max
        default: self.random.next()
        }
    }

    private mutating func moved(_ number: BatchNumber?) -> BatchNumber? {
        number.map { BatchNumber(epoch: $0.epoch, number: self.move($0.number)) }
    }

    private mutating func change(_ note: SignedNote) -> SignedNote {
        (try? SignedNote(parsing: self.flip(note.octets))) ?? note
    }

    mutating func changed(_ request: Request) -> Request {
        switch request {
        case .hello(var hello):
            switch self.random.index(below: 6) {
            case 0: hello.incarnation = self.move(hello.incarnation)
            case 1: hello.held = self.random.chance(0.2) ? nil : hello.held.map { self.change($0) }
            case 2: hello.lastBatch = self.moved(hello.lastBatch)
            case 3: hello.nation = hello.partner
            case 4: hello.realm = .live
            default: hello.node += "x"
            }
            return .hello(hello)
        case .credit(var credit):
            if self.random.chance(0.5) {
                credit.leavesUpTo = self.move(credit.leavesUpTo)
            } else {
                credit.taken = self.moved(credit.taken)
            }
            return .credit(credit)
        case .receipt(var receipt):
            if self.random.chance(0.5) {
                receipt.size = self.move(receipt.size)
            } else if let signature = NoteSignature(line: "— \(receipt.signature.name) AAAA\(Self.zeros)") {
                receipt.signature = signature
            }
            return .receipt(receipt)
        case .urgentReceipt(let sequence, let leaf):
            return self.random.chance(0.5)
                ? .urgentReceipt(sequence: self.move(sequence), leaf: leaf)
                : .urgentReceipt(sequence: sequence, leaf: LedgerHash(hashing: self.flip(leaf.octets).span))
        case .probe(var probe):
            probe.number = self.move(probe.number)
            return .probe(probe)
        case .conviction(let proof):
            return (try? Equivocation(parsing: self.flip(proof.encoded))).map { .conviction($0) } ?? request
        }
    }

    /// Base64 of 72 octets, all zero but for what stands before.
    private static let zeros = String(repeating: "A", count: 98) + "=="

    mutating func changed(_ delivery: Delivery) -> Delivery {
        switch delivery {
        case .welcome(var welcome):
            switch self.random.index(below: 5) {
            case 0: welcome.epoch = self.move(welcome.epoch)
            case 1: welcome.head = self.random.chance(0.2) ? nil : welcome.head.map { self.change($0) }
            case 2: welcome.realm = .live
            case 3: welcome.version = ProtocolVersion(welcome.version.rawValue + 1)
            default: welcome.node += "x"
            }
            return .welcome(welcome)
        case .refusal: return .refusal(.ending)
        case .entries(var batch):
            switch self.random.index(below: 5) {
            case 0: batch.from = self.move(batch.from)
            case 1: batch.head = self.change(batch.head)
            case 2: if !batch.entries.isEmpty { batch.entries.removeLast() }
            case 3: if batch.entries.count > 1 { batch.entries.swapAt(0, batch.entries.count - 1) }
            default:
                if !batch.entries.isEmpty {
                    let place = self.random.index(below: batch.entries.count)
                    batch.entries[place] = self.flip(batch.entries[place])
                }
            }
            return .entries(batch)
        case .urgent(let entry): return .urgent(self.flip(entry))
        case .tracks(var batch):
            switch self.random.index(below: 6) {
            case 0: batch.number.number = self.move(batch.number.number)
            case 1: batch.number.epoch = self.move(batch.number.epoch)
            case 2: batch.signature = self.flip(batch.signature)
            case 3: if !batch.leaves.isEmpty { batch.leaves.removeLast() }
            case 4: batch.sentAt.nanoseconds &+= 1_000_000_000
            default:
                if !batch.leaves.isEmpty {
                    let place = self.random.index(below: batch.leaves.count)
                    if case .shown(let octets) = batch.leaves[place] { batch.leaves[place] = .shown(self.flip(octets)) }
                }
            }
            return .tracks(batch)
        case .echo(var echo):
            echo.probe.number = self.move(echo.probe.number)
            return .echo(echo)
        }
    }

    mutating func madeUpRequest() -> Request {
        switch self.random.index(below: 3) {
        case 0: .credit(Credit(leavesUpTo: self.move(7), taken: BatchNumber(epoch: self.random.next(), number: 3)))
        case 1: .urgentReceipt(sequence: self.move(3), leaf: LedgerHash(hashing: [1, 2, 3].span))
        default: .probe(Probe(number: self.random.next(), sentAt: .init(nanoseconds: Int64.min)))
        }
    }

    mutating func madeUpDelivery(head: SignedNote?) -> Delivery {
        let garbage = (0..<self.random.index(below: 64)).map { _ in UInt8(truncatingIfNeeded: self.random.next()) }
        return switch self.random.index(below: 3) {
        case 0: .urgent(garbage)
        case 1:
            head.map { .entries(EntryBatch(from: self.move(2), entries: [garbage], head: $0)) } ?? .urgent(garbage)
        default:
            .echo(
                Echo(
                    probe: Probe(number: self.move(1), sentAt: .init(nanoseconds: Int64.max)),
                    receivedAt: .init(nanoseconds: Int64.min), sentAt: .init(nanoseconds: 0)))
        }
    }
}
