import Testing

@testable import Alliance

/// Whole alliances, from seeds.
@Suite struct AllianceTests {
    /// Of the first 2,000 seeds `kumiko-simulate` runs all; here is a part, so that the tests stay short.
    @Test("no rule is broken, and all come together after the last fault", arguments: [0..<20 as Range<UInt64>])
    func seeds(seeds: Range<UInt64>) async {
        let sweep = await Sweep.run(seeds: seeds, workers: 2)
        #expect(sweep.runs == seeds.count)
        for report in sweep.failures {
            Issue.record(
                "kumiko-simulate --seed \(report.seed) --trace: \(report.violations.first.map { "\($0)" } ?? "")")
        }
        #expect(sweep.entries > 500)
        #expect(sweep.tracks > 200)
    }

    @Test("a seed is one run: the same again, to the last octet", arguments: [3 as UInt64, 50])
    func deterministic(seed: UInt64) {
        var one = Alliance(seed: seed), other = Alliance(seed: seed)
        let first = one.run(), second = other.run()
        #expect(first.trace == second.trace)
        #expect(first.steps == second.steps)
        var another = Alliance(seed: seed + 1)
        #expect(another.run().trace != first.trace)
    }

    @Test("a planted bug is found, by the rule that it breaks", arguments: Mutant.allCases)
    func mutant(_ mutant: Mutant) async {
        let sweep = await Sweep.run(seeds: 0..<100, workers: 2, mutant: mutant, stopsAtFailure: true)
        #expect(!sweep.failures.isEmpty, "\(mutant.rawValue) was not found within 100 seeds")
    }

    @Test("what a nation receives depends on nothing that it may not see")
    func nonInterference() async {
        let result = await NonInterference.run(histories: 40, workers: 2)
        #expect(result.differences.isEmpty, "\(result.differences)")
        #expect(result.comparisons > 60)
        #expect(result.secrets > 300)
        #expect(result.messages > 1_000)
    }

    @Test("a number that is counted over all audiences is found out")
    func globalNumbers() async {
        let result = await NonInterference.run(histories: 10, workers: 2, plants: true)
        #expect(!result.differences.isEmpty)
    }
}
