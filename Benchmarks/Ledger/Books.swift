import Air
import Allocations
import BenchSupport
import Disclosure
import Ledger
import Releasability

/// What the books of disclosure cost for each showing: 100,000 tracks, 50,000 showings each second.
struct Books {
    private static let tracks = 100_000
    private static let showings = 3_000_000

    func run() throws {
        say(Machine.line)
        say("Processor time of one core; 100,000 tracks, 50,000 showings a second, intervals of 60 s.\n")
        let begin = Timestamp(seconds: 1_795_262_400)
        var order = (0..<Self.tracks).map { UInt64($0) }
        var dice = Seeded(state: 7)
        order.shuffle(using: &dice)
        var book = DisclosureBook(at: begin, seed: 1)
        let terms = book.number(
            of: DisclosureTerms(
                kind: .tracks, rule: "jp-au-air", redactions: Redactions(), onward: .never,
                label: LedgerHash(hashing: Array("rel au jp".utf8).span)))
        let digests = (0..<1024).map { LedgerHash(hashing: Array("\($0)".utf8).span) }

        var table = Table("step", "tracks", "ms", "ns each", "allocations")
        func row(_ name: String, _ count: Int, _ seconds: Double, _ allocations: UInt64) {
            table.add(
                name, text(count), text(seconds * 1e3, 1), text(seconds / Double(count) * 1e9),
                text(Int(allocations)))
        }
        func pass(_ body: () -> Void) -> (Double, UInt64) {
            let before = kumiko_allocations()
            let begin = Machine.threadTime
            body()
            return (Machine.threadTime - begin, kumiko_allocations() - before)
        }
        var (seconds, asked) = pass {
            for number in order {
                _ = book.show(
                    Showing(number: number, local: number, terms: terms, digest: digests[0], time: begin))
            }
        }
        row("opened", order.count, seconds, asked)
        var statements: [DisclosureStatement] = []
        (seconds, asked) = pass {
            let taken = book.takeStatements()
            book.durable(through: taken.ticket)
            statements = taken.statements
        }
        row("statements of the openings made", order.count, seconds, asked)
        guard let world = World() else { return }
        var octets = 0
        var sequence: UInt64 = 0
        func sign() {
            octets = 0
            for statement in statements {
                guard
                    let entry = try? statement.entry(
                        lane: world.lane, sequence: sequence, time: begin, signer: world.node, salts: world.salts)
                else { continue }
                octets += entry.leaf.octets.count + entry.body.encoded.count
                sequence += 1
            }
        }
        (seconds, asked) = pass { sign() }
        row(
            "signed, \(statements.count) entries, \(text(octets / order.count)) octets a track", order.count, seconds,
            asked)

        var receipts = ReceiptBook(at: begin, seed: 2)
        _ = receipts.began(at: book.began)
        for statement in statements { consume(receipts.compare(statement)) }
        var uncovered = 0
        var passes: [Double] = []
        for minute in 0..<3 {
            let from = begin.advanced(by: Double(60 * minute))
            book.roll(at: from)
            statements = book.takeStatements().statements
            (seconds, asked) = pass {
                for showing in 0..<Self.showings {
                    let time = Timestamp(nanoseconds: from.nanoseconds + Int64(showing) * 20_000)
                    let answer = book.show(
                        Showing(
                            number: order[showing % order.count], local: 0, terms: terms,
                            digest: digests[showing & 1023],
                            time: time))
                    if answer != .covered { uncovered += 1 }
                }
            }
            passes.append(seconds)
            row("covered, minute \(minute + 1)", Self.showings, seconds, asked)
        }
        (seconds, asked) = pass {
            var found = 0
            for showing in 0..<Self.showings {
                let time = Timestamp(nanoseconds: begin.advanced(by: 120).nanoseconds + Int64(showing) * 20_000)
                found +=
                    receipts.received(order[showing % order.count], digest: digests[showing & 1023], at: time).count
            }
            uncovered += found
        }
        row("received, the first minute of a receiver", Self.showings, seconds, asked)
        (seconds, asked) = pass {
            book.roll(at: begin.advanced(by: 180))
            statements = book.takeStatements().statements
        }
        row("summed up", order.count, seconds, asked)
        (seconds, asked) = pass { sign() }
        row(
            "signed, \(statements.count) entries, \(text(octets / order.count)) octets a track", order.count, seconds,
            asked)
        (seconds, asked) = pass {
            for statement in statements { uncovered += receipts.compare(statement).count }
            uncovered += receipts.settle(before: begin.advanced(by: 240)).count
        }
        row("compared by the receiver", order.count, seconds, asked)
        table.print()
        say("Not covered or not agreed: \(uncovered); agreed: \(receipts.agreed)")
        say("Memory, most: \(text(Machine.memory("VmHWM") / 1_000_000)) MB")
    }
}

/// Numbers that look random and are the same each time: SplitMix64.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
