import Air
import Ledger
import Releasability
import Testing

@testable import Disclosure

/// Numbers that look random and are the same each time.
///
/// Source: S. Vigna, SplitMix64.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

let midnight = Timestamp(seconds: 1_795_219_200)

func hash(_ text: String) -> LedgerHash { LedgerHash(hashing: Array(text.utf8).span) }

func terms(_ rule: String = "jp-au-air", grid: UInt32 = 0, label: String = "rel au jp") -> DisclosureTerms {
    DisclosureTerms(
        kind: .tracks, rule: rule, redactions: Redactions(positionGrid: grid), onward: .never, label: hash(label))
}

/// A book, and the ledger that it writes to, durable at once.
struct Sender {
    var book: DisclosureBook
    var written: [DisclosureStatement] = []

    init(at time: Timestamp = midnight) { self.book = DisclosureBook(at: time) }

    mutating func write() -> [DisclosureStatement] {
        let (statements, ticket) = self.book.takeStatements()
        self.written += statements
        self.book.durable(through: ticket)
        return statements
    }

    /// Shows a track, with all that must be done before.
    mutating func show(_ number: UInt64, _ text: String, _ terms: DisclosureTerms, at time: Timestamp) {
        self.book.roll(at: time)
        let showing = Showing(
            number: number, local: number + 1000, terms: self.book.number(of: terms), digest: hash(text), time: time)
        if case .wait = self.book.show(showing) {
            _ = self.write()
            #expect(self.book.show(showing) == .covered)
        }
    }
}

@Suite("The sender's book") struct DisclosureBookTests {
    @Test("a track waits until its opening is durable, and then goes")
    func opening() {
        var book = DisclosureBook(at: midnight)
        let showing = Showing(
            number: 7, local: 1007, terms: book.number(of: terms()), digest: hash("a"), time: midnight)
        #expect(book.show(showing) == .wait(ticket: 1))
        #expect(book.show(showing) == .wait(ticket: 1))
        let (statements, ticket) = book.takeStatements()
        #expect(statements == [.opened([Opening(number: 7, local: 1007, terms: terms(), time: midnight)])])
        #expect(book.show(showing) == .wait(ticket: 1))
        book.durable(through: ticket)
        #expect(book.isDurable(ticket))
        #expect(book.show(showing) == .covered)
        #expect(!book.hasStatements)
        #expect(book.openCount == 1)
    }

    @Test("a ticket that was never given makes nothing durable")
    func falseTicket() {
        var book = DisclosureBook(at: midnight)
        book.durable(through: .max)
        let showing = Showing(
            number: 7, local: 7, terms: book.number(of: terms()), digest: hash("a"), time: midnight)
        #expect(book.show(showing) == .wait(ticket: 1))
    }

    @Test("other terms are said before anything is shown on them, and withdrawing and coming back too")
    func changes() {
        var sender = Sender()
        let later = midnight.advanced(by: 1)
        sender.show(7, "a", terms(), at: midnight)
        sender.show(7, "b", terms(grid: 5000), at: later)
        sender.book.withdraw(7, reason: "outside-area", at: later)
        sender.book.withdraw(7, reason: "outside-area", at: later)
        sender.book.withdraw(8, reason: "ended", at: later)
        sender.show(7, "c", terms(), at: later)
        #expect(
            sender.written == [
                .opened([Opening(number: 7, local: 1007, terms: terms(), time: midnight)]),
                .changed([Opening(number: 7, local: 1007, terms: terms(grid: 5000), time: later)]),
                .withdrawn([Withdrawal(number: 7, reason: "outside-area", time: later)]),
                .opened([Opening(number: 7, local: 1007, terms: terms(), time: later)]),
            ])
    }

    @Test("an interval is summed up with the digest that anyone can make, in the order of the numbers")
    func summary() throws {
        var sender = Sender()
        for step in 0..<9 {
            sender.show(5, "five \(step)", terms(), at: midnight.advanced(by: Double(step) + 0.25))
            if step % 4 == 0 { sender.show(3, "three \(step)", terms(), at: midnight.advanced(by: Double(step) + 0.5)) }
        }
        _ = sender.write()
        sender.book.roll(at: sender.book.due)
        let zero = [UInt8](repeating: 0, count: 32)
        let eight = LedgerHash(hashing: (zero + (0..<8).flatMap { hash("five \($0)").octets }).span)
        let five = LedgerHash(hashing: (eight.octets + hash("five 8").octets).span)
        let three = LedgerHash(hashing: (zero + [0, 4, 8].flatMap { hash("three \($0)").octets }).span)
        #expect(
            sender.write() == [
                .summary(
                    IntervalSummary(
                        from: midnight, to: midnight.advanced(by: 60),
                        tracks: [
                            IntervalSummary.Track(
                                tally: Tally(
                                    number: 3, count: 3, first: midnight.advanced(by: 0.5),
                                    last: midnight.advanced(by: 8.5), digest: three), terms: terms()),
                            IntervalSummary.Track(
                                tally: Tally(
                                    number: 5, count: 9, first: midnight.advanced(by: 0.25),
                                    last: midnight.advanced(by: 8.25), digest: five), terms: terms()),
                        ]))
            ])
    }

    @Test("a showing after the interval's end asks for the sum first, and one before its begin is never counted")
    func bounds() {
        var sender = Sender(at: midnight.advanced(by: 10))
        sender.show(1, "a", terms(), at: midnight.advanced(by: 10))
        func showing(_ time: Timestamp) -> Showing {
            Showing(number: 1, local: 1001, terms: TermsID(rawValue: 0), digest: hash("x"), time: time)
        }
        #expect(sender.book.show(showing(midnight.advanced(by: 9))) == .late)
        #expect(sender.book.show(showing(midnight.advanced(by: 60))) == .due)
        #expect(sender.book.show(showing(Timestamp(nanoseconds: .max))) == .late)
        #expect(sender.book.show(showing(Timestamp(nanoseconds: .min))) == .late)
        #expect(sender.book.laneTime(midnight) == midnight.advanced(by: 10))
        sender.book.roll(at: Timestamp(nanoseconds: .max))
        #expect(!sender.book.hasStatements)
        // Two intervals in which nothing was shown are not summed up.
        sender.book.roll(at: midnight.advanced(by: 200))
        #expect(sender.write().map(\.kind) == ["disclosure.summary"])
        #expect(sender.book.show(showing(midnight.advanced(by: 179))) == .late)
        #expect(sender.book.show(showing(midnight.advanced(by: 180))) == .covered)
    }

    @Test("more tracks than an entry holds are parted, and of each track the order stays")
    func parts() {
        var book = DisclosureBook(at: midnight)
        let id = book.number(of: terms())
        for number in 0..<2500 as Range<UInt64> {
            _ = book.show(Showing(number: number, local: number, terms: id, digest: hash("a"), time: midnight))
        }
        book.withdraw(3, reason: "ended", at: midnight)
        _ = book.show(Showing(number: 3, local: 3, terms: id, digest: hash("a"), time: midnight))
        let (statements, ticket) = book.takeStatements()
        #expect(ticket == 2502)
        var open = OpenTracks()
        #expect(statements.flatMap { open.apply($0) } == [])
        #expect(open.numbers == Array(0..<2500))
        #expect(statements.allSatisfy { $0.numbers.count <= DisclosureStatement.tracksMax })
    }

    @Test("the end of a book closes every track, and sums up until then")
    func close() {
        var sender = Sender()
        sender.show(1, "a", terms(), at: midnight.advanced(by: 1))
        sender.show(2, "b", terms(), at: midnight.advanced(by: 2))
        sender.book.close(reason: "stopped", at: midnight.advanced(by: 3))
        #expect(sender.write().map(\.kind) == ["disclosure.withdrawn", "disclosure.summary"])
        var open = OpenTracks()
        #expect(sender.written.flatMap { open.apply($0) } == [])
        #expect(open.numbers == [] && open.uncounted == [])
        // Nothing was open: whoever comes after it has nothing to say, and begins where it ended.
        let next = DisclosureBook(recovering: sender.written, at: midnight)
        #expect(!next.hasStatements)
        #expect(next.began == midnight.advanced(by: 3))
    }

    @Test("after a crash what was open is said to be uncounted, and begins anew")
    func recovery() {
        var sender = Sender()
        for number in 1...3 as ClosedRange<UInt64> { sender.show(number, "a", terms(), at: midnight) }
        sender.book.roll(at: midnight.advanced(by: 61))
        sender.book.withdraw(2, reason: "ended", at: midnight.advanced(by: 62))
        sender.show(1, "b", terms(), at: midnight.advanced(by: 63))
        _ = sender.write()
        let back = midnight.advanced(by: 90)
        var book = DisclosureBook(recovering: sender.written, at: back)
        let (statements, ticket) = book.takeStatements()
        #expect(
            statements == [
                .interrupted(Interruption(from: midnight.advanced(by: 60), to: back, numbers: [1, 2, 3]))
            ])
        book.durable(through: ticket)
        let showing = Showing(number: 1, local: 1001, terms: book.number(of: terms()), digest: hash("c"), time: back)
        #expect(book.show(showing) == .wait(ticket: ticket + 1))
        var open = OpenTracks()
        #expect((sender.written + statements + book.takeStatements().statements).flatMap { open.apply($0) } == [])
        // A second crash before anything else has nothing left to say.
        #expect(!DisclosureBook(recovering: sender.written + statements, at: back).hasStatements)
    }

    @Test("a record of another lane is one statement, to be durable first")
    func record() {
        var book = DisclosureBook(at: midnight)
        let record = RecordShowing(
            id: "warning 12", local: "w-0815", terms: terms(), digest: hash("warning"), time: midnight)
        let ticket = book.show(record: record)
        #expect(!book.isDurable(ticket))
        #expect(book.takeStatements().statements == [.shown(record)])
        book.durable(through: ticket)
        #expect(book.isDurable(ticket))
    }
}

@Suite("Statements of disclosure") struct DisclosureStatementTests {
    static let all: [DisclosureStatement] = [
        .opened([
            Opening(number: 1, local: 1001, terms: terms(), time: midnight),
            Opening(number: .max, local: nil, terms: terms("b", grid: 5000), time: midnight),
            Opening(number: 3, local: 3, terms: terms(), time: midnight.advanced(by: 1)),
        ]),
        .changed([Opening(number: 1, local: 1001, terms: terms("other"), time: midnight)]),
        .withdrawn([Withdrawal(number: 1, reason: "ended", time: midnight)]),
        .summary(
            IntervalSummary(
                from: midnight, to: midnight.advanced(by: 60),
                tracks: [
                    IntervalSummary.Track(
                        tally: Tally(
                            number: 9, count: 12, first: midnight, last: midnight.advanced(by: 59.999),
                            digest: hash("x")), terms: terms()),
                    IntervalSummary.Track(
                        tally: Tally(
                            number: 4, count: 1, first: midnight.advanced(by: 1), last: midnight.advanced(by: 1),
                            digest: hash("y")), terms: terms("b")),
                ])),
        .interrupted(Interruption(from: midnight, to: midnight.advanced(by: 3), numbers: [2, 5])),
        .shown(RecordShowing(id: "warning 12", local: "w-0815", terms: terms(), digest: hash("w"), time: midnight)),
    ]

    static func body(_ fields: [(name: String, value: CBOR)]) throws -> EntryBody {
        try #require(EntryBody(fields) { Salt([UInt8](repeating: UInt8($0), count: 16)) })
    }

    static func body(_ statement: DisclosureStatement) throws -> EntryBody { try Self.body(statement.fields) }

    @Test("what is written is read back", arguments: all)
    func roundTrip(_ statement: DisclosureStatement) throws {
        let body = try EntryBody(parsing: Self.body(statement).encoded)
        #expect(try DisclosureStatement(kind: statement.kind, body: body) == statement)
        #expect(DisclosureStatement.isKind(statement.kind))
    }

    @Test("the partner's copy lacks the originator's ids and nothing else", arguments: all)
    func partner(_ statement: DisclosureStatement) throws {
        let body = try Self.body(statement)
        let copy = body.withholding(DisclosureStatement.isPrivate)
        #expect(copy.root == body.root)
        let read = try DisclosureStatement(kind: statement.kind, body: copy)
        #expect(read.numbers == statement.numbers)
        switch read {
        case .opened(let openings), .changed(let openings): #expect(openings.allSatisfy { $0.local == nil })
        case .shown(let record): #expect(record.local == nil)
        default: #expect(read == statement)
        }
    }

    @Test("a field that is withheld is named", arguments: all)
    func missing(_ statement: DisclosureStatement) throws {
        let body = try Self.body(statement)
        for (name, _) in statement.fields where !DisclosureStatement.isPrivate(name) {
            #expect(throws: StatementError.missing(field: name)) {
                try DisclosureStatement(kind: statement.kind, body: body.withholding { $0 == name })
            }
        }
        #expect(throws: StatementError.otherKind("warning")) {
            try DisclosureStatement(kind: "warning", body: body)
        }
    }

    @Test("a field of any other form is refused with its name, and nothing traps", arguments: all)
    func malformed(_ statement: DisclosureStatement) throws {
        let odd: [CBOR] = [
            .unsigned(.max), .negative(.max), .negative(0), .array([]), .text(""), .double(.nan), .null, .bytes([1]),
            .array([.array([.unsigned(1), .unsigned(.max), .unsigned(.max)])]),
            .array([.array([.unsigned(1), .negative(5), .unsigned(0), .unsigned(.max), .unsigned(7)])]),
            .array(Array(repeating: .unsigned(1), count: 1025)), .array([.unsigned(1), .unsigned(1)]),
        ]
        for (name, value) in statement.fields {
            for other in odd where other != value {
                var fields = statement.fields.filter { $0.name != name }
                fields.append((name, other))
                let body = try Self.body(fields)
                if name == "local", other == .null, statement.kind == "disclosure.shown" { continue }
                let error = #expect(throws: StatementError.self) {
                    _ = try DisclosureStatement(kind: statement.kind, body: body)
                }
                if name == "from" || name == "digests" { continue }
                #expect(error == .malformed(field: name), "\(name) = \(other)")
            }
        }
    }

    @Test("of a body with one bit changed nothing is read that was not said", arguments: all)
    func flipped(_ statement: DisclosureStatement) throws {
        let body = try Self.body(statement)
        let octets = body.encoded
        for place in octets.indices {
            for bit in 0..<8 as Range<UInt8> {
                var other = octets
                other[place] ^= 1 << bit
                guard let read = try? EntryBody(parsing: other) else { continue }
                // Whatever it says, it is not what was signed.
                #expect(read.root != body.root)
                _ = try? DisclosureStatement(kind: statement.kind, body: read)
            }
        }
        for count in 0..<octets.count {
            #expect(throws: CBORError.self) { try EntryBody(parsing: Array(octets[..<count])) }
        }
    }
}

@Suite("The receiver's book") struct ReceiptBookTests {
    /// Random showings of one hour, with openings, changes, withdrawals and restarts.
    ///
    /// - Parameter spoil: may change, drop or add what the receiver gets: the number of the showing, and it.
    static func trial(
        seed: UInt64, spoil: (Int, inout [Shown]) -> Void = { _, _ in }
    ) -> (found: [Discrepancy], receipts: ReceiptBook, shown: Int, statements: [DisclosureStatement]) {
        var dice = Dice(seed)
        var book = DisclosureBook(at: midnight, seed: dice.next())
        var ledger: [DisclosureStatement] = []
        var receipts = ReceiptBook(at: midnight, seed: dice.next())
        var found = receipts.began(at: book.began)
        var compared = 0
        var time = midnight
        var shown = 0
        func write() {
            let (statements, ticket) = book.takeStatements()
            ledger += statements
            book.durable(through: ticket)
        }
        for _ in 0..<600 {
            time = time.advanced(by: Double(UInt64.random(in: 0...12_000, using: &dice)) / 1000)
            book.roll(at: time)
            write()
            if Int.random(in: 0..<40, using: &dice) == 0 {
                book.withdraw(.random(in: 0..<20, using: &dice), reason: "too-young", at: time)
            }
            if Int.random(in: 0..<150, using: &dice) == 0 {
                // What was not written is gone with the process.
                book = DisclosureBook(recovering: ledger, at: time, seed: dice.next())
                write()
                found += receipts.began(at: book.began)
            }
            let rule = terms(grid: Int.random(in: 0..<30, using: &dice) == 0 ? 1000 : 0)
            for _ in 0..<Int.random(in: 0..<5, using: &dice) {
                let number = UInt64.random(in: 0..<20, using: &dice)
                let digest = hash("\(dice.next())")
                let showing = Showing(
                    number: number, local: number, terms: book.number(of: rule), digest: digest, time: time)
                if case .wait = book.show(showing) {
                    write()
                    guard book.show(showing) == .covered else { preconditionFailure("a durable track is covered") }
                }
                var arriving = [Shown(number: number, digest: digest, time: time)]
                spoil(shown, &arriving)
                shown += 1
                for item in arriving { found += receipts.received(item.number, digest: item.digest, at: item.time) }
            }
            // The ledger comes when it comes.
            while compared < ledger.count, Int.random(in: 0..<4, using: &dice) != 0 {
                found += receipts.compare(ledger[compared])
                compared += 1
            }
        }
        book.close(reason: "stopped", at: time)
        write()
        for statement in ledger[compared...] { found += receipts.compare(statement) }
        found += receipts.settle(before: time.advanced(by: 120))
        return (found, receipts, shown, ledger)
    }

    struct Shown {
        var number: UInt64
        var digest: LedgerHash
        var time: Timestamp
    }

    @Test("the books of both sides agree", arguments: 1...25 as ClosedRange<UInt64>)
    func agree(seed: UInt64) {
        let trial = Self.trial(seed: seed)
        #expect(trial.found == [])
        #expect(trial.receipts.agreed > 200)
    }

    @Test(
        "one showing that is lost, altered or added is found, and it alone", arguments: 1...25 as ClosedRange<UInt64>)
    func found(seed: UInt64) {
        var dice = Dice(seed &+ 1000)
        let count = Self.trial(seed: seed).shown
        let chosen = Int.random(in: 0..<count, using: &dice)
        let other = hash("other")
        for form in 0..<3 {
            let trial = Self.trial(seed: seed) { place, shown in
                guard place == chosen else { return }
                switch form {
                case 0: shown = []
                case 1: shown[0].digest = other
                default: shown.append(shown[0])
                }
            }
            // What fell into an interval that a crash ended is not counted by anybody.
            if trial.found.isEmpty {
                #expect(trial.receipts.notCompared > 0)
                continue
            }
            #expect(trial.found.count == 1)
            switch (form, trial.found[0]) {
            case (0, .fewerReceived), (1, .otherContent), (2, .moreReceived): break
            default: Issue.record("\(form): \(trial.found)")
            }
        }
    }

    @Test("a track that the summaries leave out is found")
    func leftOut() {
        var trial = ReceiptBook(at: midnight, seed: 1)
        _ = trial.began(at: midnight)
        #expect(trial.received(5, digest: hash("a"), at: midnight) == [])
        #expect(trial.received(6, digest: hash("a"), at: midnight) == [])
        var sender = Sender()
        sender.show(5, "a", terms(), at: midnight)
        sender.book.roll(at: midnight.advanced(by: 60))
        _ = sender.write()
        for statement in sender.written { #expect(trial.compare(statement) == []) }
        #expect(
            trial.settle(before: midnight.advanced(by: 120)) == [
                .notSummedUp(number: 6, from: midnight, received: 1)
            ])
        #expect(trial.agreed == 1)
    }

    @Test("a sender that never sums up is found, and costs no more memory than the intervals that may wait")
    func silent() {
        var book = ReceiptBook(at: midnight, waitingMax: 3, seed: 1)
        _ = book.began(at: midnight)
        var found: [Discrepancy] = []
        for minute in 0..<6 {
            found += book.received(5, digest: hash("a"), at: midnight.advanced(by: Double(60 * minute)))
        }
        #expect(
            found == [
                .summaryMissing(from: midnight, tracks: 1),
                .summaryMissing(from: midnight.advanced(by: 60), tracks: 1),
            ])
    }

    @Test("times beyond all bounds are late, and nothing traps")
    func times() {
        var book = ReceiptBook(at: midnight, seed: 1)
        for time in [Int64.min, -1, .max, .max - 1] {
            let time = Timestamp(nanoseconds: time)
            #expect(book.received(5, digest: hash("a"), at: time) == [.late(number: 5, time: time)])
            _ = book.began(at: time)
            _ = book.settle(before: time)
        }
    }

    @Test("what began before the receiver listened is not compared")
    func joined() {
        var sender = Sender()
        for second in 0..<130 { sender.show(5, "\(second)", terms(), at: midnight.advanced(by: Double(second))) }
        sender.book.roll(at: midnight.advanced(by: 180))
        _ = sender.write()
        var book = ReceiptBook(at: midnight.advanced(by: 30), seed: 1)
        _ = book.began(at: midnight)
        var found: [Discrepancy] = []
        for second in 30..<130 {
            found += book.received(5, digest: hash("\(second)"), at: midnight.advanced(by: Double(second)))
        }
        for statement in sender.written { found += book.compare(statement) }
        found += book.settle(before: midnight.advanced(by: 200))
        #expect(found == [])
        #expect(book.notCompared == 1)
        #expect(book.agreed == 2)
    }

    @Test("numbers that the sender chooses find no slow table")
    func numbers() {
        var book = ReceiptBook(at: midnight, seed: 0x1234_5678_9ABC_DEF0)
        _ = book.began(at: midnight)
        for number in 0..<20_000 as Range<UInt64> {
            // All alike in their lower half.
            #expect(book.received(number << 32, digest: hash("a"), at: midnight).isEmpty)
        }
    }
}
