import Air
import Exercises
import Federation
import Ledger

/// One nation's node in a run: the core that runs in earnest, and the disk, clock and people around it.
struct Station: Sendable {
    typealias Core = FederationNode<Sky>

    let place: Int
    let keys: SimulatedKeys
    /// Nil while the node is down.
    var core: Core?
    /// Which start of the process it is: what was meant for an earlier one does not reach it.
    var start: UInt64 = 0
    var clock = Clock()
    var disk: Disk<Store, FederationWrite>
    var isFull = false
    /// When it wants to be woken, an instant of the simulation.
    var wakeAt = Int64.max
    /// It ends within its next step that says anything.
    var isToCrash = false
    /// Writes of which it was told before they were durable: a planted bug.
    var saidEarly: Set<UInt64> = []
    var hostile: Hostile?
    /// It was set back to an older copy of its disk.
    var wasRolledBack = false

    /// What a policy officer has set: it outlives the process.
    var policy: SmallPolicy
    var revoked: Set<Int> = []

    /// Records that people gave it, and it has not yet said that they are durable. They are given again after a crash.
    var submitted: [(number: UInt64, record: Int)] = []
    var lastNumber: UInt64 = 0
    /// Records that wait because the node is down, or would not take them.
    var queued: [Int] = []

    /// What took effect, folded as a shell would: of each nation the leaf hashes, and the ids of records.
    var folds: [Fold]
    /// The partner tracks that it was told of, by who passed them on and whose they are: which state, where that can be told.
    var pictures: [[TrackID: Int?]]

    struct Fold: Sendable {
        var leaves: Set<LedgerHash> = []
        var records: Set<String> = []
        /// The sequence behind the last entry that took effect in its turn.
        var next: UInt64 = 0
    }

    init(place: Int, nations: [Nation], keys: SimulatedKeys, policy: SmallPolicy) {
        self.place = place
        self.keys = keys
        self.policy = policy
        self.disk = Disk(Store(nations: nations), apply: { $0.apply($1) })
        self.folds = nations.map { _ in Fold() }
        self.pictures = Array(repeating: [:], count: nations.count * nations.count)
    }

    /// What a shell does at a start: fold the entries that the store has, then the warnings whose turn has not come.
    mutating func refold() {
        let store = self.disk.durable
        for nation in self.folds.indices {
            var fold = Fold()
            for octets in store.held[nation] {
                guard let entry = try? Entry(parsing: octets) else { continue }
                fold.leaves.insert(entry.leaf.hash)
                if let id = entry.recordID { fold.records.insert(id) }
            }
            fold.next = UInt64(store.held[nation].count)
            self.folds[nation] = fold
        }
        for picture in self.pictures.indices { self.pictures[picture].removeAll() }
        for lane in store.state.held {
            guard let nation = store.place(ofNation: lane.lane) else { continue }
            for urgent in lane.urgents {
                self.folds[nation].leaves.insert(urgent.leaf)
                if let id = urgent.id { self.folds[nation].records.insert(id) }
            }
        }
    }
}
