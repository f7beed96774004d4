internal import Air
public import Ledger

/// What an auditor finds wrong in a copy of a lane.
public enum AuditFault: Error, Hashable, Sendable {
    /// A head is not signed by the log's key, or a signature under a known name does not hold, or it is no head.
    case head(NoteError, place: Int)
    /// A head is that of another log.
    case otherLog(String)
    /// The nation signed two roots of one size.
    case twoHeads(size: UInt64)
    /// The entries do not lead to the root that was signed.
    case wrongRoot(size: UInt64, signed: LedgerHash, found: LedgerHash)
    /// A head is of more entries than the copy has.
    case entriesMissing(head: UInt64, found: UInt64)
    /// The audience did not cosign the head: there is no receipt for what it adds.
    case notCosigned(size: UInt64)
    /// The entry is none, not of the lane, not in its place, or not signed by a node that is known.
    case entry(EntryRefusal, sequence: UInt64)
    /// The entry's statement of disclosure cannot be read.
    case statement(StatementError, sequence: UInt64)
    /// A statement contradicts those before it.
    case contradiction(OpenTracks.Fault, sequence: UInt64)
    /// The entry's time lies before that of the entry before it, by more than clocks differ.
    case timeWentBack(sequence: UInt64, seconds: Double)
    /// The entry says a later time than the audience's receipt for the head that has it.
    case postDated(sequence: UInt64, seconds: Double)
}

/// Verifies one copy of a lane, entry by entry, without its content where there is none.
///
/// Give it the heads of both copies: whoever's entries lead to the roots of both has the same entries as the other.
public struct LaneAuditor: Sendable {
    /// Whom the auditor believes, and how far clocks may differ.
    public struct Policy: Sendable {
        /// The log's key.
        public var log: NoteKey
        /// The audience's keys, any of which is its receipt.
        public var cosigners: [NoteKey]
        /// The nodes' keys; nil to leave the entries' own signatures out, for which the heads' vouch.
        public var nodes: KeyRing?
        /// Whether the last head may still wait for its receipt; of those before it each must have one.
        public var lastMayWait = true
        /// Seconds by which the times of entries and receipts may disagree.
        public var clockTolerance: Double

        public init(log: NoteKey, cosigners: [NoteKey], nodes: KeyRing?, clockTolerance: Double = 5) {
            self.log = log
            self.cosigners = cosigners
            self.nodes = nodes
            self.clockTolerance = clockTolerance
        }
    }

    private struct Head {
        var size: UInt64
        var root: LedgerHash
        /// Of the earliest receipt, seconds since 1970.
        var receipt: Double?
        var isOwn: Bool
    }

    /// What was found.
    public struct Report: Sendable {
        /// The lane.
        public let lane: Lane
        /// Entries.
        public var entries: UInt64 = 0
        /// Entries whose body is there.
        public var bodies: UInt64 = 0
        /// Heads that hold.
        public var heads = 0
        /// Of those, heads under which the audience's receipt stands.
        public var receipts = 0
        /// Entries before the last head that the audience cosigned.
        public var receiptedEntries: UInt64 = 0
        /// Entries behind the last head, each signed by itself alone: a node writes entries first and then their head, so a copy of
        /// one that runs, or was killed, may have some.
        public var unheaded: UInt64 = 0
        /// The root over all entries.
        public var root = MerkleTree.emptyRoot
        /// What is wrong, in the order in which it was found; not more than `faultsMax`.
        public var faults: [AuditFault] = []
        /// How much is wrong.
        public var faultCount = 0

        /// Whether all holds.
        public var holds: Bool { self.faultCount == 0 }
        /// Faults that are named; all are counted.
        public static var faultsMax: Int { 1000 }

        mutating func add(_ fault: AuditFault) {
            self.faultCount += 1
            if self.faults.count < Self.faultsMax { self.faults.append(fault) }
        }
    }

    private let policy: Policy
    private var heads: [Head] = []
    private var next = 0
    private var report: Report
    private var frontier = Frontier()
    private var open = OpenTracks()
    /// False once a body was missing: what is open is not known then.
    private var knowsAll = true
    private var latest: Timestamp?
    /// Who was shown what, as far as bodies are there.
    public private(set) var history = DisclosureHistory()

    /// An auditor of a copy.
    ///
    /// - Parameters:
    ///   - heads: those of this copy, with the cosignatures that it has.
    ///   - others: those of the partner's copy.
    public init(lane: Lane, policy: Policy, heads: [SignedNote], others: [SignedNote] = []) {
        self.policy = policy
        self.report = Report(lane: lane)
        for (place, note) in (heads + others).enumerated() {
            do throws(NoteError) {
                let verified = try SignaturePolicy(required: [policy.log], cosigners: policy.cosigners).verify(note)
                let head = try Checkpoint(parsing: note.text)
                guard head.origin.utf8.elementsEqual(lane.origin.utf8) else {
                    self.report.add(.otherLog(head.origin))
                    continue
                }
                let receipts = verified.filter { policy.cosigners.contains($0.key) }.compactMap { $0.timestamp }
                self.heads.append(
                    Head(
                        size: head.size, root: head.root, receipt: receipts.min().map { Double($0) },
                        isOwn: place < heads.count))
            } catch { self.report.add(.head(error, place: place)) }
        }
        self.heads.sort { $0.size < $1.size }
        // One head of each size: with the receipt, if either copy has it.
        var merged: [Head] = []
        for head in self.heads {
            guard let last = merged.last, last.size == head.size else {
                merged.append(head)
                continue
            }
            if last.root != head.root { self.report.add(.twoHeads(size: head.size)) }
            let receipts = [last.receipt, head.receipt].compactMap { $0 }
            merged[merged.count - 1].receipt = receipts.min()
            merged[merged.count - 1].isOwn = last.isOwn || head.isOwn
        }
        self.heads = merged
        for (place, head) in self.heads.enumerated() where head.receipt == nil && head.size > 0 {
            if policy.lastMayWait, place == self.heads.count - 1 { continue }
            self.report.add(.notCosigned(size: head.size))
        }
        self.check()
    }

    /// Holds the entries so far against the heads of their count.
    private mutating func check() {
        while self.next < self.heads.count, self.heads[self.next].size == self.frontier.size {
            let head = self.heads[self.next]
            if head.root == self.frontier.root {
                self.report.heads += 1
                if head.receipt != nil {
                    self.report.receipts += 1
                    self.report.receiptedEntries = head.size
                }
            } else {
                self.report.add(.wrongRoot(size: head.size, signed: head.root, found: self.frontier.root))
            }
            self.next += 1
        }
    }

    /// Adds the next entry.
    ///
    /// - Parameters:
    ///   - octets: of the leaf.
    ///   - body: its octets, whole or in part withheld; nil where the copy has none.
    public mutating func add(_ octets: [UInt8], body: [UInt8]? = nil) {
        let sequence = self.frontier.size
        self.frontier.append(MerkleTree.leafHash(octets.span))
        defer { self.check() }
        do throws(EntryRefusal) {
            let leaf = try EntryLeaf(parsing: octets)
            try leaf.verify(in: self.report.lane, at: sequence, keys: self.policy.nodes)
            self.verifyTime(leaf.statement)
            guard let body else {
                self.knowsAll = false
                return
            }
            let content: EntryBody
            do throws(CBORError) { content = try EntryBody(parsing: body) } catch { throw .malformed(error) }
            self.read(try Entry(leaf, content))
            self.report.bodies += 1
        } catch {
            self.knowsAll = false
            self.report.add(.entry(error, sequence: sequence))
        }
    }

    private mutating func verifyTime(_ statement: EntryStatement) {
        let time = statement.time
        let tolerance = self.policy.clockTolerance
        if let latest, latest.seconds(since: time) > tolerance {
            self.report.add(.timeWentBack(sequence: statement.sequence, seconds: latest.seconds(since: time)))
        }
        self.latest = max(time, self.latest ?? time)
        // Cosignatures bear whole seconds.
        if self.next < self.heads.count, let receipt = self.heads[self.next].receipt,
            time.seconds - receipt > tolerance + 1
        {
            self.report.add(.postDated(sequence: statement.sequence, seconds: time.seconds - receipt))
        }
    }

    private mutating func read(_ entry: Entry) {
        let statement = entry.leaf.statement
        do throws(StatementError) {
            try self.history.apply(entry)
            guard DisclosureStatement.isKind(statement.kind) else { return }
            let faults = self.open.apply(try DisclosureStatement(entry))
            guard self.knowsAll else { return }
            for fault in faults { self.report.add(.contradiction(fault, sequence: statement.sequence)) }
        } catch {
            // What is withheld is no fault; what is open is not known any more.
            self.knowsAll = false
            if case .missing = error { return }
            self.report.add(.statement(error, sequence: statement.sequence))
        }
    }

    /// The finding, after the last entry.
    public consuming func finish() -> Report {
        var report = self.report
        report.entries = self.frontier.size
        report.root = self.frontier.root
        for head in self.heads[self.next...] where head.isOwn {
            report.add(.entriesMissing(head: head.size, found: self.frontier.size))
        }
        let signed = self.next > 0 ? self.heads[self.next - 1].size : 0
        report.unheaded = self.frontier.size - min(signed, self.frontier.size)
        return report
    }
}

/// The finding over the copies of both nations.
public struct LaneAudit: Sendable {
    /// Of the nation whose lane it is.
    public let sender: LaneAuditor.Report
    /// Of its audience.
    public let receiver: LaneAuditor.Report

    public init(sender: LaneAuditor.Report, receiver: LaneAuditor.Report) {
        self.sender = sender
        self.receiver = receiver
    }

    /// Entries that both have, up to the last head that both copies lead to.
    public var common: UInt64 { min(self.sender.entries, self.receiver.entries) }

    /// Entries that the audience has not got, or not acknowledged.
    public var outstanding: UInt64 { self.sender.entries - min(self.sender.entries, self.receiver.entries) }

    /// Whether both copies hold, and one is the beginning of the other.
    public var holds: Bool {
        self.sender.holds && self.receiver.holds
            && (self.sender.entries != self.receiver.entries || self.sender.root == self.receiver.root)
    }
}

extension AuditFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .head(let error, let place): "head \(place): \(error)"
        case .otherLog(let origin): "a head of another log: \(origin)"
        case .twoHeads(let size): "two heads of \(size) entries with different roots: two histories"
        case .wrongRoot(let size, let signed, let found):
            "the first \(size) entries have the root \(found), and signed is \(signed)"
        case .entriesMissing(let head, let found): "a head is of \(head) entries, and \(found) are there"
        case .notCosigned(let size): "the head of \(size) entries has no receipt of its audience"
        case .entry(let refusal, let sequence): "entry \(sequence): \(refusal)"
        case .statement(let error, let sequence): "entry \(sequence), what it says of disclosure: \(error)"
        case .contradiction(let fault, let sequence): "entry \(sequence) contradicts those before it: \(fault)"
        case .timeWentBack(let sequence, let seconds): "entry \(sequence) is \(seconds) s older than one before it"
        case .postDated(let sequence, let seconds):
            "entry \(sequence) says a time \(seconds) s after its audience's receipt for it"
        }
    }
}
