/// Many seeds, on all cores, and what they came to together.
public struct Sweep: Sendable {
    public private(set) var runs = 0
    public private(set) var seconds = 0.0
    public private(set) var steps = 0
    public private(set) var messages = 0
    public private(set) var entries = 0
    public private(set) var warnings = 0
    public private(set) var tracks = 0
    private var counts = [Int](repeating: 0, count: Sometimes.allCases.count)
    /// The runs that broke a rule, by their seeds.
    public private(set) var failures: [Report] = []

    public init() {}

    /// Every how manieth seed runs twice; both runs must be one.
    public static let twiceEvery: UInt64 = 50

    /// Runs seeds.
    ///
    /// - Parameters:
    ///   - workers: tasks at a time.
    ///   - mutant: a bug to plant in all nodes.
    ///   - stopsAtFailure: whether the first broken rule is enough.
    public static func run(
        seeds: Range<UInt64>, workers: Int, mutant: Mutant? = nil, stopsAtFailure: Bool = false
    ) async -> Sweep {
        var sweep = Sweep()
        await withTaskGroup(of: Report.self) { group in
            var next = seeds.lowerBound
            func start(_ group: inout TaskGroup<Report>) {
                guard next < seeds.upperBound else { return }
                let seed = next
                next += 1
                group.addTask { Self.report(seed: seed, mutant: mutant) }
            }
            for _ in 0..<workers { start(&group) }
            while let report = await group.next() {
                sweep.add(report, mutant)
                if stopsAtFailure, report.isFound(mutant) { next = seeds.upperBound }
                start(&group)
            }
        }
        sweep.failures.sort { $0.seed < $1.seed }
        return sweep
    }

    private static func report(seed: UInt64, mutant: Mutant?) -> Report {
        var alliance = Alliance(seed: seed, mutant: mutant)
        var report = alliance.run()
        if mutant == nil, seed % Self.twiceEvery == 0 {
            var again = Alliance(seed: seed)
            let second = again.run()
            if second.trace != report.trace {
                report.note(
                    Violation(
                        rule: .determinism, time: report.seconds,
                        detail: "trace \(String(report.trace, radix: 16)), then \(String(second.trace, radix: 16))"))
            }
        }
        return report
    }

    private mutating func add(_ report: Report, _ mutant: Mutant?) {
        self.runs += 1
        self.seconds += report.seconds
        self.steps += report.steps
        self.messages += report.messages
        self.entries += report.entries
        self.warnings += report.warnings
        self.tracks += report.tracks
        for event in Sometimes.allCases { self.counts[event.rawValue] += report.count(event) }
        if report.isFound(mutant) { self.failures.append(report) }
    }

    public func count(_ event: Sometimes) -> Int { self.counts[event.rawValue] }

    /// What never came up.
    public var never: [Sometimes] { Sometimes.allCases.filter { self.count($0) == 0 } }
}

extension Report {
    /// Whether a rule was broken: with a planted bug, one that it breaks.
    public func isFound(_ mutant: Mutant?) -> Bool {
        self.violations.contains { mutant?.rules.contains($0.rule) ?? true }
    }
}
