import Exercises
import Testing

@testable import Scoring

@Suite("Assignment")
struct AssignmentTests {
    /// The least sum over all ways to give each row a column of its own.
    static func exhaustive(_ cost: [Double], rows: Int, columns: Int) -> Double {
        func best(_ row: Int, _ free: Set<Int>) -> Double {
            row == rows ? 0 : free.map { cost[row * columns + $0] + best(row + 1, free.subtracting([$0])) }.min() ?? 0
        }
        return best(0, Set(0..<columns))
    }

    @Test(
        "the shortest augmenting paths cost as little as the best of all assignments",
        arguments: 0..<60 as Range<UInt64>)
    func exact(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let rows = 1 + Int(random.unit() * 5)
        let columns = rows + Int(random.unit() * 3)
        // Whole numbers, so that many assignments are equally good.
        let cost = (0..<rows * columns).map { _ in (random.unit() * 10).rounded() }
        let columnOf = shortestAugmentingPaths(cost: cost, rows: rows, columns: columns)
        #expect(Set(columnOf).count == rows)
        var sum = 0.0
        for (row, column) in columnOf.enumerated() { sum += cost[row * columns + column] }
        #expect(sum == Self.exhaustive(cost, rows: rows, columns: columns))
    }

    @Test("solved part by part, reports and states pair as well as in one piece", arguments: 0..<40 as Range<UInt64>)
    func parts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let reports = 1 + Int(random.unit() * 5), states = reports + Int(random.unit() * 3)
        let cutoff = 10.0, exponent = seed % 2 == 0 ? 1.0 : 2.0
        var edges: [Edge] = []
        var cost = [Double](repeating: cutoff, count: reports * states)
        for report in 0..<reports {
            for state in 0..<states where random.unit() < 0.4 {
                let distance = random.unit() * 12
                edges.append(Edge(report: Int32(report), state: Int32(state), distance: distance))
                cost[report * states + state] = min(distance, cutoff)
            }
        }
        cost = cost.map { exponent == 1 ? $0 : $0 * $0 }
        var assigner = Assigner()
        let pairs = assigner.assign(edges, cutoff: cutoff, exponent: exponent)
        #expect(Set(pairs.map(\.report)).count == pairs.count && Set(pairs.map(\.state)).count == pairs.count)
        let alone = exponent == 1 ? cutoff : cutoff * cutoff
        var sum = alone * Double(reports - pairs.count)
        for pair in pairs { sum += exponent == 1 ? pair.distance : pair.distance * pair.distance }
        #expect(abs(sum - Self.exhaustive(cost, rows: reports, columns: states)) < 1e-9)
    }
}
