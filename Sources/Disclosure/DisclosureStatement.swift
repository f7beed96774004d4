public import Air
public import Ledger

/// That a track is shown from now on, or on other terms.
public struct Opening: Hashable, Sendable {
    /// The audience's own number of the track.
    public var number: UInt64
    /// The originator's own id; nil in a copy from which it is withheld.
    public var local: UInt64?
    /// On what terms.
    public var terms: DisclosureTerms
    /// From when on.
    public var time: Timestamp

    public init(number: UInt64, local: UInt64?, terms: DisclosureTerms, time: Timestamp) {
        self.number = number
        self.local = local
        self.terms = terms
        self.time = time
    }
}

/// That a track is shown no more.
public struct Withdrawal: Hashable, Sendable {
    /// The audience's own number of the track.
    public var number: UInt64
    /// The name of the rule that withholds it, or `ended`.
    public var reason: String
    /// From when on.
    public var time: Timestamp

    public init(number: UInt64, reason: String, time: Timestamp) {
        self.number = number
        self.reason = reason
        self.time = time
    }
}

/// What was shown of many tracks in one interval.
public struct IntervalSummary: Hashable, Sendable {
    /// One track of it.
    public struct Track: Hashable, Sendable {
        /// What was shown.
        public var tally: Tally
        /// On what terms, at the end of the interval.
        public var terms: DisclosureTerms

        public init(tally: Tally, terms: DisclosureTerms) {
            self.tally = tally
            self.terms = terms
        }
    }

    /// The begin of the interval.
    public var from: Timestamp
    /// Its end, the first instant that is no more in it.
    public var to: Timestamp
    /// The tracks, in the order of their numbers.
    public var tracks: [Track]

    public init(from: Timestamp, to: Timestamp, tracks: [Track]) {
        self.from = from
        self.to = to
        self.tracks = tracks
    }
}

/// That nobody counted what was shown of these tracks, because the node stopped; they are closed.
public struct Interruption: Hashable, Sendable {
    /// The end of the last interval that was summed up.
    public var from: Timestamp
    /// When the node was there again.
    public var to: Timestamp
    /// The tracks that were open.
    public var numbers: [UInt64]

    public init(from: Timestamp, to: Timestamp, numbers: [UInt64]) {
        self.from = from
        self.to = to
        self.numbers = numbers
    }
}

/// One showing of a record or a warning whose entry stands in another lane.
public struct RecordShowing: Hashable, Sendable {
    /// What the audience knows it by.
    public var id: String
    /// The originator's own id; nil in a copy from which it is withheld, and where there is no other.
    public var local: String?
    /// On what terms.
    public var terms: DisclosureTerms
    /// The hash of the octets that are shown.
    public var digest: LedgerHash
    /// When.
    public var time: Timestamp

    public init(id: String, local: String? = nil, terms: DisclosureTerms, digest: LedgerHash, time: Timestamp) {
        self.id = id
        self.local = local
        self.terms = terms
        self.digest = digest
        self.time = time
    }
}

/// Why an entry is no statement of disclosure.
public enum StatementError: Error, Hashable, Sendable {
    /// Its kind is another.
    case otherKind(String)
    /// A field is withheld, or was never there.
    case missing(field: String)
    /// A field does not hold what it must.
    case malformed(field: String)
}

/// What a ledger says of disclosure: the body of one entry.
///
/// docs/disclosure.md has the fields of each kind.
public enum DisclosureStatement: Hashable, Sendable {
    /// Tracks that are shown from now on.
    case opened([Opening])
    /// Tracks that are shown on other terms.
    case changed([Opening])
    /// Tracks that are shown no more.
    case withdrawn([Withdrawal])
    /// What was shown in an interval.
    case summary(IntervalSummary)
    /// What was not counted, because the node stopped.
    case interrupted(Interruption)
    /// A record or warning of another lane.
    case shown(RecordShowing)

    /// Tracks in one statement at most.
    public static var tracksMax: Int { 1024 }
    /// Octets of an id, reason or rule at most.
    static var textMax: Int { 256 }

    /// The kind of the entry.
    public var kind: String {
        switch self {
        case .opened: "disclosure.opened"
        case .changed: "disclosure.changed"
        case .withdrawn: "disclosure.withdrawn"
        case .summary: "disclosure.summary"
        case .interrupted: "disclosure.interrupted"
        case .shown: "disclosure.shown"
        }
    }

    /// Whether entries of a kind are statements of disclosure.
    public static func isKind(_ kind: String) -> Bool {
        switch kind {
        case "disclosure.opened", "disclosure.changed", "disclosure.withdrawn", "disclosure.summary",
            "disclosure.interrupted", "disclosure.shown":
            true
        default: false
        }
    }

    /// Whether a field is the originator's alone: `entry.withholding(DisclosureStatement.isPrivate)` is the partner's copy.
    public static func isPrivate(_ field: String) -> Bool { field == "local" }

    /// The digest of the label of the entries themselves: they go to their audience, and say nothing of the goods but numbers.
    public static let label = LedgerHash(hashing: Array("kumiko/disclosure/v1".utf8).span)

    // MARK: Writing

    /// The fields of the body.
    public var fields: [(name: String, value: CBOR)] {
        switch self {
        case .opened(let openings), .changed(let openings):
            var index = TermsIndex()
            let tracks = openings.map {
                CBOR.array([.unsigned($0.number), CBOR($0.time.nanoseconds), .unsigned(index.number(of: $0.terms))])
            }
            let local = openings.map { $0.local.map { CBOR.unsigned($0) } ?? .null }
            return [("local", .array(local)), ("terms", index.value), ("tracks", .array(tracks))]
        case .withdrawn(let withdrawals):
            return [
                (
                    "tracks",
                    .array(
                        withdrawals.map {
                            .array([.unsigned($0.number), CBOR($0.time.nanoseconds), .text($0.reason)])
                        })
                )
            ]
        case .summary(let summary):
            var index = TermsIndex()
            var digests: [UInt8] = []
            let begin = summary.from.nanoseconds
            let tracks = summary.tracks.map { track in
                digests += track.tally.digest.octets
                return CBOR.array([
                    .unsigned(track.tally.number), .unsigned(UInt64(track.tally.count)),
                    CBOR(Self.milliseconds(track.tally.first.nanoseconds, since: begin)),
                    CBOR(Self.milliseconds(track.tally.last.nanoseconds, since: begin)),
                    .unsigned(index.number(of: track.terms)),
                ])
            }
            return [
                ("digests", .bytes(digests)), ("from", CBOR(begin)), ("terms", index.value),
                ("to", CBOR(summary.to.nanoseconds)), ("tracks", .array(tracks)),
            ]
        case .interrupted(let interruption):
            return [
                ("from", CBOR(interruption.from.nanoseconds)), ("to", CBOR(interruption.to.nanoseconds)),
                ("tracks", .array(interruption.numbers.map { .unsigned($0) })),
            ]
        case .shown(let record):
            return [
                ("digest", .bytes(record.digest.octets)), ("id", .text(record.id)),
                ("local", record.local.map { .text($0) } ?? .null), ("terms", record.terms.value),
                ("time", CBOR(record.time.nanoseconds)),
            ]
        }
    }

    /// Whole milliseconds, rounded down.
    static func milliseconds(_ time: Int64, since begin: Int64) -> Int64 { (time - begin) / 1_000_000 }

    /// Signs the statement as the next entry of a lane.
    ///
    /// - Throws: `EntryRefusal`.
    public func entry(
        lane: Lane, sequence: UInt64, time: Timestamp, signer: EntrySigner, salts: SaltSecret
    ) throws(EntryRefusal) -> Entry {
        let salts = salts.salts(lane: lane, sequence: sequence)
        guard let body = EntryBody(self.fields, salt: { salts[$0] }) else { throw .cannotBe }
        return try signer.entry(
            lane: lane, sequence: sequence, kind: self.kind, time: time, label: Self.label, body: body)
    }

    // MARK: Reading

    /// Reads what an entry says of disclosure. Fields that are the originator's alone may be withheld.
    public init(_ entry: Entry) throws(StatementError) {
        try self.init(kind: entry.leaf.statement.kind, body: entry.body)
    }

    /// Reads what a body says.
    public init(kind: String, body: EntryBody) throws(StatementError) {
        let fields = StatementFields(body: body)
        switch kind {
        case "disclosure.opened": self = .opened(try fields.openings())
        case "disclosure.changed": self = .changed(try fields.openings())
        case "disclosure.withdrawn":
            self = .withdrawn(
                try fields.rows("tracks", of: 3) { row in
                    guard case .unsigned(let number) = row[0], let time = Self.time(row[1]),
                        case .text(let reason) = row[2], 1...Self.textMax ~= reason.utf8.count
                    else { return nil }
                    return Withdrawal(number: number, reason: reason, time: time)
                })
            try Self.ascending(self.numbers)
        case "disclosure.summary": self = .summary(try fields.summary())
        case "disclosure.interrupted":
            let from = try fields.time("from"), to = try fields.time("to")
            guard from <= to else { throw .malformed(field: "to") }
            var numbers: [UInt64] = []
            for item in try fields.array("tracks") {
                guard case .unsigned(let number) = item else { throw .malformed(field: "tracks") }
                numbers.append(number)
            }
            self = .interrupted(Interruption(from: from, to: to, numbers: numbers))
            try Self.ascending(numbers)
        case "disclosure.shown": self = .shown(try fields.record())
        default: throw .otherKind(kind)
        }
    }

    /// No number twice: one statement says one thing of a track.
    static func ascending(_ numbers: [UInt64]) throws(StatementError) {
        guard Set(numbers).count == numbers.count else { throw .malformed(field: "tracks") }
    }

    static func time(_ value: CBOR) -> Timestamp? {
        guard let nanoseconds = value.integer, DisclosureBook.Settings.isTime(nanoseconds) else { return nil }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// The tracks of which it speaks.
    public var numbers: [UInt64] {
        switch self {
        case .opened(let openings), .changed(let openings): openings.map(\.number)
        case .withdrawn(let withdrawals): withdrawals.map(\.number)
        case .summary(let summary): summary.tracks.map(\.tally.number)
        case .interrupted(let interruption): interruption.numbers
        case .shown: []
        }
    }
}

/// The terms of one statement, each once, in the order in which they come.
private struct TermsIndex {
    private var terms: [DisclosureTerms] = []
    private var numbers: [DisclosureTerms: UInt64] = [:]

    mutating func number(of terms: DisclosureTerms) -> UInt64 {
        if let number = self.numbers[terms] { return number }
        let number = UInt64(self.terms.count)
        self.terms.append(terms)
        self.numbers[terms] = number
        return number
    }

    var value: CBOR { .array(self.terms.map(\.value)) }
}

/// Reads the fields of a body.
private struct StatementFields {
    let body: EntryBody

    func value(_ name: String) throws(StatementError) -> CBOR {
        guard let value = self.body[name] else { throw .missing(field: name) }
        return value
    }

    func array(_ name: String) throws(StatementError) -> [CBOR] {
        guard case .array(let items) = try self.value(name), 1...DisclosureStatement.tracksMax ~= items.count else {
            throw .malformed(field: name)
        }
        return items
    }

    func rows<Row>(_ name: String, of count: Int, _ row: ([CBOR]) -> Row?) throws(StatementError) -> [Row] {
        var rows: [Row] = []
        for item in try self.array(name) {
            guard case .array(let values) = item, values.count == count, let read = row(values) else {
                throw .malformed(field: name)
            }
            rows.append(read)
        }
        return rows
    }

    func time(_ name: String) throws(StatementError) -> Timestamp {
        guard let time = DisclosureStatement.time(try self.value(name)) else { throw .malformed(field: name) }
        return time
    }

    func hash(_ name: String) throws(StatementError) -> LedgerHash {
        guard case .bytes(let octets) = try self.value(name), let hash = LedgerHash(octets) else {
            throw .malformed(field: name)
        }
        return hash
    }

    func terms() throws(StatementError) -> [DisclosureTerms] {
        var terms: [DisclosureTerms] = []
        for item in try self.array("terms") {
            guard let read = DisclosureTerms(item) else { throw .malformed(field: "terms") }
            terms.append(read)
        }
        return terms
    }

    func openings() throws(StatementError) -> [Opening] {
        let terms = try self.terms()
        var openings = try self.rows("tracks", of: 3) { row in
            guard case .unsigned(let number) = row[0], let time = DisclosureStatement.time(row[1]),
                case .unsigned(let index) = row[2], index < UInt64(terms.count)
            else { return nil as Opening? }
            return Opening(number: number, local: nil, terms: terms[Int(index)], time: time)
        }
        try DisclosureStatement.ascending(openings.map(\.number))
        if let value = self.body["local"] {
            guard case .array(let locals) = value, locals.count == openings.count else {
                throw .malformed(field: "local")
            }
            for (place, local) in locals.enumerated() {
                switch local {
                case .unsigned(let id): openings[place].local = id
                case .simple(22): break
                default: throw .malformed(field: "local")
                }
            }
        }
        return openings
    }

    func summary() throws(StatementError) -> IntervalSummary {
        let terms = try self.terms()
        let from = try self.time("from"), to = try self.time("to")
        guard from <= to else { throw .malformed(field: "to") }
        let length = DisclosureStatement.milliseconds(to.nanoseconds, since: from.nanoseconds)
        guard case .bytes(let digests) = try self.value("digests") else { throw .malformed(field: "digests") }
        var place = 0
        let tracks = try self.rows("tracks", of: 5) { row in
            defer { place += LedgerHash.byteCount }
            guard case .unsigned(let number) = row[0], case .unsigned(let times) = row[1],
                let count = UInt32(exactly: times), count > 0, let first = row[2].integer, let last = row[3].integer,
                0...length ~= first, first...length ~= last, case .unsigned(let index) = row[4],
                index < UInt64(terms.count), digests.count >= place + LedgerHash.byteCount,
                let digest = LedgerHash(digests[place..<place + LedgerHash.byteCount])
            else { return nil as IntervalSummary.Track? }
            return IntervalSummary.Track(
                tally: Tally(
                    number: number, count: count,
                    first: Timestamp(nanoseconds: from.nanoseconds + first * 1_000_000),
                    last: Timestamp(nanoseconds: from.nanoseconds + last * 1_000_000), digest: digest),
                terms: terms[Int(index)])
        }
        guard digests.count == place else { throw .malformed(field: "digests") }
        try DisclosureStatement.ascending(tracks.map(\.tally.number))
        return IntervalSummary(from: from, to: to, tracks: tracks)
    }

    func record() throws(StatementError) -> RecordShowing {
        guard case .text(let id) = try self.value("id"), 1...DisclosureStatement.textMax ~= id.utf8.count else {
            throw .malformed(field: "id")
        }
        guard let terms = DisclosureTerms(try self.value("terms")) else { throw .malformed(field: "terms") }
        let local: String?
        switch self.body["local"] {
        case nil, .some(.simple(22)): local = nil
        case .some(.text(let text)) where 1...DisclosureStatement.textMax ~= text.utf8.count: local = text
        default: throw .malformed(field: "local")
        }
        return RecordShowing(
            id: id, local: local, terms: terms, digest: try self.hash("digest"), time: try self.time("time"))
    }
}
