public import Air
public import Ledger

/// What was shown of each track in one interval: how often, from when to when, and a digest of all the octets.
///
///     digest₀ = 32 octets of zero
///     digest  = SHA-256(digest ‖ d₁ ‖ … ‖ d₈)     after each eight shown, dᵢ the hash of what was shown
///             = SHA-256(digest ‖ d₁ ‖ … ‖ dₙ)     at the end of the interval, for the n < 8 that are left, unless none
///
/// Eight at a time take five blocks of SHA-256, so that a showing costs an eighth of a hash; the count stands beside the
/// digest, so no two lists of showings have one pair.
struct ShowTable: Sendable {
    /// Where a track stands.
    struct Row: Sendable {
        var number: UInt64
        /// The originator's own id, of the sender's books alone.
        var local: UInt64
        /// What must be durable before the track is shown.
        var ticket: UInt64
        var terms: TermsID
        var isOpen: Bool
        var count: UInt32 = 0
        var first: Int64 = 0
        var last: Int64 = 0

        /// - Returns: the count before.
        @inline(__always) mutating func count(at time: Int64) -> Int {
            let before = self.count
            if before == 0 { self.first = time }
            self.last = max(time, self.last)
            // A track that is shown four thousand million times in an interval stays at that count.
            self.count = before == .max ? .max : before &+ 1
            return Int(before)
        }
    }

    private struct Cell {
        var key: UInt64 = 0
        /// One more than the slot; 0 where there is none.
        var slot: UInt32 = 0
    }

    private let seed: UInt64
    private var cells: [Cell]
    private var mask: Int
    private(set) var rows: [Row] = []
    /// Of each row nine: the digest so far, and what is not in it yet.
    private var hashes: [LedgerHash] = []

    private static var batch: Int { 8 }
    private static var width: Int { Self.batch + 1 }

    /// - Parameter seed: of the places, so that whoever chooses numbers cannot choose those that collide.
    init(seed: UInt64) {
        self.seed = seed
        self.cells = Array(repeating: Cell(), count: 64)
        self.mask = 63
    }

    private func place(_ number: UInt64) -> Int {
        var x = number ^ self.seed
        x = (x ^ x >> 32) &* 0xD6E8_FEB8_6659_FD93
        x = (x ^ x >> 32) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: x ^ x >> 32) & self.mask
    }

    /// The row of a track.
    @inline(__always) func slot(of number: UInt64) -> Int? {
        var at = self.place(number)
        while self.cells[at].slot != 0 {
            if self.cells[at].key == number { return Int(self.cells[at].slot) - 1 }
            at = (at + 1) & self.mask
        }
        return nil
    }

    @inline(__always) subscript(slot: Int) -> Row {
        _read { yield self.rows[slot] }
        _modify { yield &self.rows[slot] }
    }

    /// Adds a track that is not there.
    mutating func insert(_ row: Row) -> Int {
        if 2 * (self.rows.count + 1) > self.cells.count { self.grow() }
        self.rows.append(row)
        self.hashes.append(contentsOf: repeatElement(LedgerHash.zero, count: Self.width))
        self.put(row.number, UInt32(self.rows.count))
        return self.rows.count - 1
    }

    private mutating func put(_ key: UInt64, _ slot: UInt32) {
        var at = self.place(key)
        while self.cells[at].slot != 0 { at = (at + 1) & self.mask }
        self.cells[at] = Cell(key: key, slot: slot)
    }

    private mutating func grow() {
        self.cells = Array(repeating: Cell(), count: 2 * self.cells.count)
        self.mask = self.cells.count - 1
        for (slot, row) in self.rows.enumerated() { self.put(row.number, UInt32(slot + 1)) }
    }

    /// Counts a showing. Where eight are together they are hashed, for which the library allocates its state.
    @inline(__always) mutating func count(_ slot: Int, _ digest: LedgerHash, at time: Int64) {
        let count = self.rows[slot].count(at: time)
        let begin = slot &* Self.width
        let waiting = count & (Self.batch - 1)
        self.hashes[begin &+ 1 &+ waiting] = digest
        if waiting == Self.batch - 1 {
            self.hashes[begin] = LedgerHash(hashing: self.hashes.span.extracting(begin..<begin + Self.width))
        }
    }

    /// The digest of what was shown.
    func digest(_ slot: Int) -> LedgerHash {
        let begin = slot * Self.width
        let waiting = Int(self.rows[slot].count) & (Self.batch - 1)
        guard waiting > 0 else { return self.hashes[begin] }
        return LedgerHash(hashing: self.hashes.span.extracting(begin..<begin + 1 + waiting))
    }

    /// What was shown, in the order of the tracks' numbers.
    func tallies() -> [(slot: Int, tally: Tally)] {
        var order: [(number: UInt64, slot: Int)] = []
        for (slot, row) in self.rows.enumerated() where row.count > 0 { order.append((row.number, slot)) }
        order.sort { $0.number < $1.number }
        return order.map { number, slot in
            let row = self.rows[slot]
            return (
                slot,
                Tally(
                    number: number, count: row.count, first: Timestamp(nanoseconds: row.first),
                    last: Timestamp(nanoseconds: row.last), digest: self.digest(slot))
            )
        }
    }

    /// Begins an interval: counts are 0, and tracks that are not open are gone.
    mutating func begin() {
        let before = self.rows.count
        self.rows.removeAll { !$0.isOpen }
        for slot in self.rows.indices {
            self.rows[slot].count = 0
            self.rows[slot].last = .min
            self.hashes[slot * Self.width] = LedgerHash.zero
        }
        self.hashes.removeLast((before - self.rows.count) * Self.width)
        guard before != self.rows.count else { return }
        for at in self.cells.indices { self.cells[at] = Cell() }
        for (slot, row) in self.rows.enumerated() { self.put(row.number, UInt32(slot + 1)) }
    }

    mutating func removeAll() {
        self.rows.removeAll(keepingCapacity: true)
        self.hashes.removeAll(keepingCapacity: true)
        for at in self.cells.indices { self.cells[at] = Cell() }
    }
}

/// What was shown of one track in one interval.
public struct Tally: Hashable, Sendable {
    /// The audience's own number of the track.
    public var number: UInt64
    /// How often it was shown.
    public var count: UInt32
    /// The first time.
    public var first: Timestamp
    /// The last.
    public var last: Timestamp
    /// The digest of all that was shown, in its order: docs/disclosure.md.
    public var digest: LedgerHash

    public init(number: UInt64, count: UInt32, first: Timestamp, last: Timestamp, digest: LedgerHash) {
        self.number = number
        self.count = count
        self.first = first
        self.last = last
        self.digest = digest
    }
}
