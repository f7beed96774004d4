public import Air
public import Ledger

/// That something was shown to an audience, from when to when, and by which rule.
public struct Disclosed: Hashable, Sendable {
    /// What it is.
    public enum Subject: Hashable, Sendable {
        /// A track, by the audience's number, and the originator's own id where the copy of the ledger has it.
        case track(number: UInt64, local: UInt64?)
        /// A record or warning of another lane, by what the audience knows it by.
        case record(id: String, local: String?)
        /// An entry of the lane itself, which is its own disclosure.
        case entry(kind: String, leaf: LedgerHash)
    }

    /// To whom.
    public var audience: String
    /// What.
    public var subject: Subject
    /// The first time.
    public var from: Timestamp
    /// When it was withdrawn or its terms changed; nil while it is shown, and for what is shown once.
    public var to: Timestamp?
    /// By which rule, and how; nil for an entry of the lane itself.
    public var terms: DisclosureTerms?
    /// How often, as far as it was summed up.
    public var count: UInt64
    /// Whether a stop of the node left some of it uncounted.
    public var isUncounted: Bool
    /// The place in the lane of the statement that opened it.
    public var sequence: UInt64
}

/// Who was shown what: what the statements of lanes come to.
public struct DisclosureHistory: Sendable {
    private struct Track: Hashable {
        var audience: String
        var number: UInt64
    }
    private var shown: [Disclosed] = []
    /// The last period of each track.
    private var last: [Track: Int] = [:]
    private var locals: [UInt64: [Int]] = [:]
    private var texts: [String: [Int]] = [:]

    /// Nothing was shown.
    public init() {}

    /// All that was shown, in the order in which it was said.
    public var all: [Disclosed] { self.shown }

    /// Adds what an entry says. Entries of other kinds than disclosure are shown by standing in the lane.
    ///
    /// - Parameter entry: its signature and place are verified elsewhere.
    public mutating func apply(_ entry: Entry) throws(StatementError) {
        let statement = entry.leaf.statement
        guard DisclosureStatement.isKind(statement.kind) else {
            let hash = entry.leaf.hash
            let place = self.add(
                .entry(kind: statement.kind, leaf: hash), statement, from: statement.time, terms: nil, count: 1)
            self.texts[hash.description, default: []].append(place)
            if case .text(let id)? = entry.body["id"] { self.texts[id, default: []].append(place) }
            return
        }
        self.apply(try DisclosureStatement(entry), of: statement)
    }

    private mutating func add(
        _ subject: Disclosed.Subject, _ statement: EntryStatement, from: Timestamp, terms: DisclosureTerms?,
        count: UInt64 = 0
    ) -> Int {
        self.shown.append(
            Disclosed(
                audience: statement.lane.audience, subject: subject, from: from, to: nil, terms: terms, count: count,
                isUncounted: false, sequence: statement.sequence))
        return self.shown.count - 1
    }

    private mutating func apply(_ said: DisclosureStatement, of statement: EntryStatement) {
        let audience = statement.lane.audience
        func end(_ number: UInt64, _ time: Timestamp, isUncounted: Bool = false) {
            guard let place = self.last[Track(audience: audience, number: number)] else { return }
            if self.shown[place].to == nil { self.shown[place].to = time }
            if isUncounted { self.shown[place].isUncounted = true }
        }
        switch said {
        case .opened(let openings), .changed(let openings):
            for opening in openings {
                end(opening.number, opening.time)
                let place = self.add(
                    .track(number: opening.number, local: opening.local), statement, from: opening.time,
                    terms: opening.terms)
                self.last[Track(audience: audience, number: opening.number)] = place
                if let local = opening.local { self.locals[local, default: []].append(place) }
            }
        case .withdrawn(let withdrawals):
            for withdrawal in withdrawals { end(withdrawal.number, withdrawal.time) }
        case .summary(let summary):
            // An interval in which terms changed is counted for the last of them.
            for track in summary.tracks {
                guard let place = self.last[Track(audience: audience, number: track.tally.number)] else { continue }
                self.shown[place].count += UInt64(track.tally.count)
            }
        case .interrupted(let interruption):
            for number in interruption.numbers { end(number, interruption.to, isUncounted: true) }
        case .shown(let record):
            let place = self.add(
                .record(id: record.id, local: record.local), statement, from: record.time, terms: record.terms,
                count: 1)
            self.texts[record.id, default: []].append(place)
            if let local = record.local, local != record.id { self.texts[local, default: []].append(place) }
        }
    }

    /// Who was shown something, from when to when.
    ///
    /// - Parameter id: of a track the originator's own number, or `AUDIENCE/NUMBER` with the audience's; of a record its id;
    ///   of an entry the hash of its leaf.
    public func whoSaw(_ id: String) -> [Disclosed] {
        var places = self.texts[id] ?? []
        if let local = UInt64(id) { places += self.locals[local] ?? [] }
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let number = UInt64(parts[1]) {
            for (place, one) in self.shown.enumerated() where one.audience.utf8.elementsEqual(parts[0].utf8) {
                if case .track(number, _) = one.subject { places.append(place) }
            }
        }
        return Set(places).sorted().map { self.shown[$0] }
    }

    /// What tracks an audience was shown at a time.
    public func shown(to audience: String, at time: Timestamp) -> [Disclosed] {
        self.shown.filter {
            guard case .track = $0.subject else { return false }
            return $0.audience == audience && $0.from <= time && $0.to.map { time < $0 } ?? true
        }
    }
}
