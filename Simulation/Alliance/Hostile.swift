import Air
import Exercises
import Federation
import Ledger

/// A nation whose node breaks the rules. It holds its own keys and no other's, and knows all that it was sent.
///
/// It has an honest core, and changes what that one says on its way out.
struct Hostile: Sendable {
    enum Trick: CaseIterable, Sendable {
        case garbage, replay, foreignEntry, forgedSignature, secondHead, overrun
    }

    private let keys: SimulatedKeys
    private var random: SplitMix64
    /// It has had enough, and is honest from now on.
    var isTired = false
    /// Entries that others sent it, to be passed off as its own, or as others'.
    private var stolen: [[UInt8]] = []
    /// All entries that its lane to each audience ever had.
    private var lanes: [String: [EntryLeaf]] = [:]

    init(seed: UInt64, keys: SimulatedKeys) {
        self.keys = keys
        self.random = SplitMix64(seed: seed, stream: 0x6057)
    }

    mutating func hears(_ delivery: Delivery) {
        if case .entries(let batch) = delivery, self.stolen.count < 32 { self.stolen += batch.entries.prefix(4) }
    }

    /// What it says instead, or besides.
    mutating func says(_ delivery: Delivery) -> (deliveries: [Delivery], trick: Trick?) {
        if case .entries(let batch) = delivery {
            for octets in batch.entries {
                guard let entry = try? Entry(parsing: octets) else { continue }
                let origin = entry.leaf.statement.lane.origin
                if entry.leaf.statement.sequence == UInt64(self.lanes[origin, default: []].count) {
                    self.lanes[origin, default: []].append(entry.leaf)
                }
            }
        }
        guard !self.isTired, self.random.chance(0.1) else { return ([delivery], nil) }
        let trick = Trick.allCases[self.random.index(below: Trick.allCases.count)]
        switch (trick, delivery) {
        case (.garbage, _):
            let garbage = (0..<40).map { _ in UInt8(truncatingIfNeeded: self.random.next()) }
            return ([delivery, .urgent(garbage)], trick)
        case (.replay, .entries), (.replay, .tracks), (.replay, .urgent): return ([delivery, delivery], trick)
        case (.foreignEntry, .entries(var batch)) where !self.stolen.isEmpty:
            batch.entries = [self.stolen[self.random.index(below: self.stolen.count)]]
            return ([.entries(batch)], trick)
        case (.forgedSignature, .entries(var batch)) where !batch.entries.isEmpty:
            guard let entry = try? Entry(parsing: batch.entries[0]), let forged = self.otherwise(entry, isSigned: false)
            else { return ([delivery], nil) }
            batch.entries[0] = forged.encoded
            return ([.entries(batch)], trick)
        case (.secondHead, .entries(let batch)):
            guard let second = self.second(batch) else { return ([delivery], nil) }
            // Some get the second history first.
            return (self.random.chance(0.5) ? [second] : [delivery, second], trick)
        case (.overrun, .tracks(let batch)):
            return (Array(repeating: .tracks(batch), count: 50), trick)
        default: return ([delivery], nil)
        }
    }

    /// An entry that says something else in the place of another.
    private func otherwise(_ entry: Entry, isSigned: Bool) -> Entry? {
        let statement = entry.leaf.statement
        guard let body = EntryBody([("marker", .text("a lie"))], salt: { _ in Salt(Array(repeating: 7, count: 16)) }),
            let lie = try? self.keys.entrySigner.entry(
                lane: statement.lane, sequence: statement.sequence, kind: statement.kind, time: statement.time,
                label: statement.label, body: body)
        else { return nil }
        guard !isSigned else { return lie }
        var signature = lie.leaf.signature
        signature[Int(statement.sequence % 64)] ^= 1
        return try? Entry(EntryLeaf.assembled(lie.leaf.statement, keyID: lie.leaf.keyID, signature: signature), body)
    }

    /// The same batch with a lie at its end, and a head that holds for it.
    private func second(_ batch: EntryBatch) -> Delivery? {
        guard let last = batch.entries.last, let entry = try? Entry(parsing: last),
            let lie = self.otherwise(entry, isSigned: true), let before = self.lanes[entry.leaf.statement.lane.origin],
            before.count >= Int(entry.leaf.statement.sequence),
            let signer = self.keys.headSigner(entry.leaf.statement.lane)
        else { return nil }
        var log = LaneLog(lane: entry.leaf.statement.lane)
        guard (try? log.append(before.prefix(Int(entry.leaf.statement.sequence)))) != nil,
            (try? log.append(lie.leaf)) != nil, let head = try? log.head(signedBy: signer)
        else { return nil }
        var batch = batch
        batch.entries[batch.entries.count - 1] = lie.encoded
        batch.head = head
        return .entries(batch)
    }
}
