import Air
import ArgumentParser
import Disclosure
import Foundation
import Ledger
import Storage

/// `kumiko ledger`: the ledgers of a node, verified and handed out.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Verify a node's ledgers, or export one for other people's tools.",
        subcommands: [Verify.self, Export.self])

    /// `kumiko ledger verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify the ledgers of a data directory: pages, leaves, roots, signatures, receipts, bodies.",
            discussion: """
                The status is 1 when anything does not hold. A node may run meanwhile: what is looked at is the ledger as it was \
                when the command began.
                """)

        @Argument(help: "The node's data directory.", completion: .directory)
        var directory: String

        @OptionGroup var keys: KeysOption

        func run() throws {
            let keys = try self.keys.read()
            let store = try opened(self.directory, verify: .everything)
            var findings = LaneTable()
            for lane in store.lanes {
                guard let policy = keys.policy(for: lane) else {
                    findings.add(lane, note: "no key of this log is known")
                    continue
                }
                findings.add(try audit(store, lane, policy).report)
            }
            try findings.finish()
        }
    }

    /// `kumiko ledger export`.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a lane as files of tlog-tiles, which scripts/check_ledger.py and other tools verify.")

        @Argument(help: "The node's data directory.", completion: .directory)
        var directory: String

        @Option(help: "The lane's origin, for example kumiko/jp/live/au.")
        var lane: String

        @Option(help: "The folder to write to, which is made.", completion: .directory)
        var out: String

        @Option(help: "A file of keys, of which those of the lane are put beside the log.", completion: .file())
        var keys: String?

        func run() throws {
            let keys = try self.keys.map { try KeysOption.read($0) }
            let store = try opened(self.directory, verify: .edge)
            guard let lane = Lane(origin: self.lane), store.lanes.contains(lane) else {
                throw ExitMessage(
                    "\(self.lane) is no lane of \(self.directory); there are: "
                        + store.lanes.map(\.origin).joined(separator: ", "))
            }
            guard !FileManager.default.fileExists(atPath: self.out) else {
                throw ExitMessage("\(self.out) is there already; name a folder to be made")
            }
            var files: Set<String> = []
            func put(_ path: String, _ octets: [UInt8]) throws {
                let file = URL(filePath: self.out).appending(path: path)
                if files.insert(path).inserted {
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try Data(octets).write(to: file)
                } else {
                    let handle = try FileHandle(forWritingTo: file)
                    try handle.seekToEnd()
                    try handle.write(contentsOf: Data(octets))
                    try handle.close()
                }
            }
            do {
                try store.export(lane, put)
                if let keys { try put("keys", Array(keys.text(for: lane).utf8)) }
            } catch { throw ExitMessage("\(error)") }
            say("\(self.out): lane \(lane), \(files.count) files")
        }
    }
}

/// `kumiko disclosure`: who was shown what.
struct DisclosureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disclosure",
        abstract: "Tell who was shown what, or hold two nations' ledgers against each other.",
        subcommands: [WhoSaw.self, Audit.self])

    /// `kumiko disclosure who-saw`.
    struct WhoSaw: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "who-saw",
            abstract: "Tell who was shown a track or a record, from when to when, and by which rule.",
            discussion: """
                ID is the originator's own number of a track (on a linked node that of its own sensors' track, which /api/tracks \
                has under `contributions`), AUDIENCE/NUMBER with the number that the audience knows it by, the id of a record, or \
                the hash of an entry's leaf. Times are those of the lane, UTC.
                """)

        @Argument(help: "A track, record or entry.")
        var id: String

        @Option(help: "The node's data directory.", completion: .directory)
        var data: String

        func run() throws {
            let store = try opened(self.data, verify: .edge)
            var rows: [[String]] = [["to", "from", "until", "rule", "taken out", "times", "lane", "entry"]]
            for lane in store.lanes {
                var history = DisclosureHistory()
                do {
                    try store.forEachEntry(of: lane, in: 0..<store.size(of: lane)) { stored in
                        guard let entry = try stored.entry() else { return }
                        // A statement of which a part is withheld from this copy tells what it does not withhold: nothing.
                        do { try history.apply(entry) } catch StatementError.missing { return }
                    }
                } catch { throw ExitMessage("\(error)") }
                for one in history.whoSaw(self.id) {
                    rows.append([
                        one.audience, "\(one.from)", one.to.map { "\($0)" } ?? (one.isOnce ? "once" : "still shown"),
                        one.terms?.rule ?? "stands in the lane", one.terms?.taken ?? "–",
                        "\(one.count)\(one.isUncounted ? " and more, uncounted" : "")", lane.origin, "\(one.sequence)",
                    ])
                }
            }
            guard rows.count > 1 else {
                say("Nobody was shown \(self.id), as far as the ledgers of \(self.data) say.")
                return
            }
            putTable(rows)
        }
    }

    /// `kumiko disclosure audit`.
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold two nations' copies of their common lanes against each other.",
            discussion: """
                Each copy is verified with the heads of both, so that whoever's entries lead to all of them has the same entries as \
                the other. No content is needed: bodies are read where a copy has them. The status is 1 when anything does not hold.
                """)

        @Argument(help: "The data directory of one.", completion: .directory)
        var ours: String

        @Argument(help: "The data directory of the other.", completion: .directory)
        var theirs: String

        @OptionGroup var keys: KeysOption

        func run() throws {
            let keys = try self.keys.read()
            let ours = try opened(self.ours, verify: .everything)
            let theirs = try opened(self.theirs, verify: .everything)
            let common = ours.lanes.filter { theirs.lanes.contains($0) }
            guard !common.isEmpty else { throw ExitMessage("there is no lane that both have") }
            var findings = LaneTable()
            for lane in common {
                guard let policy = keys.policy(for: lane) else {
                    findings.add(lane, note: "no key of this log is known")
                    continue
                }
                do {
                    let (one, other) = (try ours.heads(of: lane), try theirs.heads(of: lane))
                    let first = try audit(ours, lane, policy, others: other).report
                    let second = try audit(theirs, lane, policy, others: one).report
                    findings.add(first, copy: self.ours)
                    findings.add(second, copy: self.theirs)
                    let pair = LaneAudit(sender: first, receiver: second)
                    if first.holds, second.holds, !pair.holds {
                        findings.add(lane, note: "both copies hold, and they are not the same")
                    }
                } catch { throw ExitMessage("\(error)") }
            }
            try findings.finish()
        }
    }
}

/// The keys to believe.
struct KeysOption: ParsableArguments {
    @Option(help: "A file of the public keys to believe, one a line: [log|cosigner|node] VKEY.", completion: .file())
    var keys: String

    func read() throws -> AuditKeys { try Self.read(self.keys) }

    static func read(_ path: String) throws -> AuditKeys {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ExitMessage("\(path) cannot be read: \(error.localizedDescription)")
        }
        do { return try AuditKeys(parsing: text) } catch { throw ExitMessage("\(path): \(error)") }
    }
}

private func opened(_ directory: String, verify: LedgerStore.Verification) throws -> LedgerStore {
    do { return try LedgerStore(reading: directory, verify: verify) } catch { throw ExitMessage("\(error)") }
}

private func audit(
    _ store: LedgerStore, _ lane: Lane, _ policy: LaneAuditor.Policy, others: [SignedNote] = []
) throws -> (report: LaneAuditor.Report, history: DisclosureHistory) {
    do {
        var auditor = LaneAuditor(lane: lane, policy: policy, heads: try store.heads(of: lane), others: others)
        try store.forEachEntry(of: lane, in: 0..<store.size(of: lane)) { stored in
            auditor.add(stored.leaf.octets, body: stored.body)
        }
        let history = auditor.history
        return (auditor.finish(), history)
    } catch { throw ExitMessage("\(error)") }
}

/// Findings by lane, and whether all holds.
private struct LaneTable {
    private var rows: [[String]] = [["lane", "entries", "bodies", "heads", "receipts", "acknowledged", "finding"]]
    private var faults: [String] = []

    mutating func add(_ report: LaneAuditor.Report, copy: String? = nil) {
        let name = report.lane.origin + (copy.map { ", copy of \($0)" } ?? "")
        self.rows.append([
            name, "\(report.entries)", "\(report.bodies)", "\(report.heads)", "\(report.receipts)",
            "\(report.receiptedEntries)",
            (report.holds ? "holds" : "\(report.faultCount) faults")
                + (report.unheaded == 0 ? "" : ", \(report.unheaded) behind the last head"),
        ])
        for fault in report.faults.prefix(20) { self.faults.append("\(name): \(fault)") }
        if report.faultCount > 20 { self.faults.append("\(name): and \(report.faultCount - 20) more") }
    }

    mutating func add(_ lane: Lane, note: String) {
        self.rows.append([lane.origin, "–", "–", "–", "–", "–", note])
        self.faults.append("\(lane.origin): \(note)")
    }

    func finish() throws {
        putTable(self.rows)
        for fault in self.faults { say(fault) }
        guard self.faults.isEmpty else { throw ExitCode(1) }
    }
}

extension Disclosed {
    fileprivate var isOnce: Bool {
        if case .track = self.subject { false } else { true }
    }
}

/// Prints rows in columns.
private func putTable(_ rows: [[String]]) {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    for row in rows {
        let cells = row.enumerated().map { column, cell in
            column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
        }
        putLine(cells.joined(separator: "  "))
    }
}
