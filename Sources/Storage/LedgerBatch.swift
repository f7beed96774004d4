public import Ledger

/// What becomes durable together, or not at all: entries, heads, receipts, and the state of the session that goes with them.
public struct LedgerBatch: Sendable {
    struct Row: Sendable {
        var lane: Lane
        var leaf: EntryLeaf
        var body: [UInt8]?
    }
    struct Value: Sendable {
        var scope: String
        var key: String
        var octets: [UInt8]?
    }

    private(set) var rows: [Row] = []
    private(set) var heads: [(lane: Lane, note: SignedNote)] = []
    private(set) var values: [Value] = []
    private(set) var proofs: [(lane: Lane, octets: [UInt8])] = []

    /// Nothing.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool {
        self.rows.isEmpty && self.heads.isEmpty && self.values.isEmpty && self.proofs.isEmpty
    }

    /// Rows that it takes, about.
    public var weight: Int { 2 * self.rows.count + self.heads.count + self.values.count + self.proofs.count }

    /// Adds an entry behind those of its lane, with its body, whole or in part withheld.
    public mutating func append(_ entry: Entry) {
        self.rows.append(
            Row(lane: entry.leaf.statement.lane, leaf: entry.leaf, body: entry.body.encoded))
    }

    /// Adds an entry whose body this nation has not.
    public mutating func append(leaf: EntryLeaf) {
        self.rows.append(Row(lane: leaf.statement.lane, leaf: leaf, body: nil))
    }

    /// Adds a head of a lane, or further signatures under one.
    ///
    /// It must be of the entries that are there with this batch, or of their beginning.
    public mutating func add(head note: SignedNote, of lane: Lane) { self.heads.append((lane, note)) }

    /// Sets a value of the state that goes with entries; nil removes it.
    public mutating func set(_ octets: [UInt8]?, scope: String, key: String) {
        self.values.append(Value(scope: scope, key: key, octets: octets))
    }

    /// Keeps a proof that a nation signed two things that cannot both be.
    public mutating func keep(_ proof: Equivocation, of lane: Lane) { self.proofs.append((lane, proof.encoded)) }
}
