import Air
import Federation
import Ledger

/// What a node's disk holds: the state that it starts from, and the entries and heads that it is asked for.
struct Store: Sendable {
    /// An own lane.
    struct Own: Sendable {
        var entries: [OwnEntry] = []
        var heads: [UInt64: SignedNote] = [:]
    }

    var state = FederationState()
    /// By the partners' places.
    private(set) var own: [Own]
    /// Entries of partners' lanes, by their places.
    private(set) var held: [[[UInt8]]]
    /// What no store should be given: gaps and places taken twice.
    private(set) var faults: [String] = []
    private let nations: [Nation]

    init(nations: [Nation]) {
        self.nations = nations
        self.own = nations.map { _ in Own() }
        self.held = nations.map { _ in [] }
    }

    func place(ofAudience lane: Lane) -> Int? { self.nations.firstIndex { $0.description == lane.audience } }
    func place(ofNation lane: Lane) -> Int? { self.nations.firstIndex(of: lane.nation) }

    mutating func apply(_ write: FederationWrite) {
        self.state.apply(write)
        for change in write.changes {
            switch change {
            case .ownEntry(let lane, let entry):
                guard let place = self.place(ofAudience: lane) else { continue }
                if entry.sequence != UInt64(self.own[place].entries.count) {
                    self.faults.append(
                        "entry \(entry.sequence) of \(lane) behind \(self.own[place].entries.count) others")
                }
                self.own[place].entries.append(entry)
            case .ownHead(let lane, let head, let frontier):
                guard let place = self.place(ofAudience: lane) else { continue }
                if frontier.size != UInt64(self.own[place].entries.count) {
                    self.faults.append("head \(frontier.size) of \(lane) over \(self.own[place].entries.count) entries")
                }
                self.own[place].heads[frontier.size] = head
            case .heldEntries(let lane, let from, let entries, _, let frontier):
                guard let place = self.place(ofNation: lane) else { continue }
                if from != UInt64(self.held[place].count) || frontier.size != from + UInt64(entries.count) {
                    self.faults.append(
                        "entries \(from)+\(entries.count) of \(lane) behind \(self.held[place].count) others")
                }
                self.held[place] += entries
            case .receipt, .urgentReceived, .heldUrgent, .convicted: break
            }
        }
    }

    /// Answers `load`: cut so that a durable head stands behind the last entry.
    func load(_ lane: Lane, from: UInt64, countMax: Int, octetsMax: Int) -> LoadedEntries {
        guard let place = self.place(ofAudience: lane) else {
            return LoadedEntries(lane: lane, from: from, entries: [], headBefore: nil, headAfter: nil)
        }
        let log = self.own[place]
        var end = min(Int(clamping: from), log.entries.count), octets = 0
        let begin = end
        while end < log.entries.count, end - begin < countMax {
            octets += log.entries[end].octets.count
            if octets > octetsMax, end > begin { break }
            end += 1
        }
        // Back to the last head; where one is not that near, on to the next.
        var cut = end
        while cut > begin, log.heads[UInt64(cut)] == nil { cut -= 1 }
        if cut == begin {
            cut = end
            while cut < log.entries.count, log.heads[UInt64(cut)] == nil { cut += 1 }
        }
        return LoadedEntries(
            lane: lane, from: from, entries: log.entries[begin..<cut].map(\.octets), headBefore: log.heads[from],
            headAfter: log.heads[UInt64(cut)])
    }
}
