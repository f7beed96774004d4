import Foundation
import Geodesy
import Testing

@testable import Scoring

@Suite("ESASSP")
struct EsasspTests {
    /// A flight of 600 s with a report each 5 s, and its track with what `change` makes of each report; nil leaves it out.
    static func table(
        _ separation: Esassp.Separation, flights: Esassp.Flights = .cooperative, identity: String? = "4ca001",
        _ change: (inout TrackReport) -> Bool = { _ in true }
    ) -> [String: Esassp.Requirement] {
        let truth = (0...120).map { step in
            TruthState(
                time: Double(5 * step), target: "T",
                position: Geodetic(latitudeDegrees: 50 + 0.01 * Double(step), longitudeDegrees: 9),
                velocityNorth: 222, velocityEast: 0, identity: identity, kind: "airliner")
        }
        let tracks = truth.compactMap { state in
            var report = TrackReport(
                time: state.time, track: "1", latitude: state.position.latitude, longitude: state.position.longitude,
                velocityNorth: 222, velocityEast: 0, identity: identity)
            return change(&report) ? report : nil
        }
        let table = Esassp(Score(truth: truth, tracks: tracks), separation: separation, flights: flights)
        return Dictionary(
            table.requirements.map { ("\($0.id) \($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
    }

    static func find(_ table: [String: Esassp.Requirement], _ text: String) throws -> Esassp.Requirement {
        try #require(table.first { $0.key.contains(text) }?.value)
    }

    @Test("a perfect track meets all that is measured", arguments: Esassp.Separation.allCases)
    func perfect(separation: Esassp.Separation) {
        let judged = Self.table(separation).values.filter { $0.isMet != nil }
        #expect(judged.count == 10)
        for requirement in judged { #expect(requirement.isMet == true, "\(requirement.id)") }
    }

    @Test("a gap of 40 s is missed updates and missed positions, in 8 s and in 5 s")
    func gap() throws {
        // Reports at 200 s to 235 s are missing: eight of 121.
        let five = Self.table(.fiveMiles) { !(200..<240).contains($0.time) }
        let update = try Self.find(five, "R2 ")
        // 76 intervals of 8 s; those from 200 s to 240 s have no report.
        guard case .judged(let measured, _, _) = update.outcome else { throw CancellationError() }
        let updated: Double = 100 * 71 / 76
        #expect(abs(measured - updated) < 1e-9)
        #expect(update.isMet == false)
        let missed = try Self.find(five, "R3 ")
        guard case .judged(let share, _, _) = missed.outcome else { throw CancellationError() }
        let expected: Double = 100 * 8 / 121
        #expect(abs(share - expected) < 1e-9)
        // 20 s from hold to hold are a long gap at 5 s, not at 8 s.
        let short = { (report: inout TrackReport) in !(200..<215).contains(report.time) }
        #expect(try Self.find(Self.table(.threeMiles, short), "R3 ").isMet == false)
        #expect(try Self.find(Self.table(.fiveMiles, short), "R3 ").isMet == true)
    }

    @Test("an error of 400 m is within the bound for 5 NM and not for 3 NM")
    func error() throws {
        let shift = { (report: inout TrackReport) in
            report.latitude += 400 / 6_390_000.0
            return true
        }
        #expect(try Self.find(Self.table(.threeMiles, shift), "all flights").isMet == false)
        let five = try Self.find(Self.table(.fiveMiles, shift), "all flights")
        #expect(five.isMet == true)
        let margin = try #require(five.margin)
        #expect(abs(margin - 100) < 2)
    }

    @Test("a flight without an address is judged by the rules for non-cooperative surveillance, and by no other")
    func nonCooperative() throws {
        // The reports of twelve of 121 intervals are missing, and 400 m are too much for 3 NM.
        let change = { (report: inout TrackReport) in
            report.latitude += 400 / 6_390_000.0
            return !(200..<260).contains(report.time)
        }
        let table = Self.table(.threeMiles, flights: .nonCooperative, identity: nil, change)
        #expect(table.count == 2)
        let update = try Self.find(table, "3N_N-R2 ")
        guard case .judged(let measured, let bound, _) = update.outcome else { throw CancellationError() }
        let updated: Double = 100 * 109 / 121
        #expect(abs(measured - updated) < 1e-9)
        #expect(bound == 90)
        #expect(update.isMet == true)
        #expect(try Self.find(table, "3N_N-R3 ").isMet == false)
        #expect(Self.table(.threeMiles, flights: .nonCooperative).values.allSatisfy { $0.isMet == nil })
        #expect(Self.table(.fiveMiles, identity: nil).values.filter { $0.isMet == false }.isEmpty)
    }

    @Test("three large errors running count, two do not", arguments: [2, 3])
    func running(count: Int) throws {
        let table = Self.table(.fiveMiles) { report in
            if (100..<100 + 5 * Double(count)).contains(report.time) { report.latitude += 1000 / 6_390_000.0 }
            return true
        }
        #expect(try Self.find(table, "R5 ").isMet == (count == 2))
    }

    @Test("a wrong address is an incorrect identity, none is a missing one")
    func identity() throws {
        let wrong = Self.table(.fiveMiles) { report in
            if report.time < 50 { report.identity = "4ca002" }
            return true
        }
        #expect(try Self.find(wrong, "R14 ").isMet == false)
        #expect(try Self.find(wrong, "R15 ").isMet == false)
        let none = Self.table(.fiveMiles) { report in
            if report.time < 50 { report.identity = nil }
            return true
        }
        #expect(try Self.find(none, "R14 ").isMet == false)
        #expect(try Self.find(none, "R15 ").isMet == true)
    }

    @Test("what truth and tracks cannot tell is said to be not measured")
    func open() {
        let table = Self.table(.fiveMiles).values.filter { $0.isMet == nil }
        // The flight never turns: R17 and R18 have one line each.
        #expect(table.count == 13)
        for requirement in table {
            guard case .open(let reason) = requirement.outcome else { continue }
            #expect(!reason.isEmpty)
        }
    }
}
