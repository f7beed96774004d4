import Alliance
import BenchSupport
import Foundation

// kumiko-simulate: a whole alliance in one process. docs/simulation.md says what it does and what it found.

let usage = """
    usage: kumiko-simulate [--seeds N] [--from SEED] [--workers N]
           kumiko-simulate --seed SEED [--trace] [--mutant NAME]
           kumiko-simulate --mutants [--seeds N]
           kumiko-simulate --noninterference N
    """

func fail(_ sentence: String) -> Never {
    FileHandle.standardError.write(Data((sentence + "\n" + usage + "\n").utf8))
    exit(2)
}

var arguments = Array(CommandLine.arguments.dropFirst())
@MainActor func flag(_ name: String) -> Bool {
    guard let place = arguments.firstIndex(of: name) else { return false }
    arguments.remove(at: place)
    return true
}
@MainActor func value(_ name: String) -> String? {
    guard let place = arguments.firstIndex(of: name) else { return nil }
    guard place + 1 < arguments.count else { fail("\(name) needs a value") }
    defer { arguments.removeSubrange(place...place + 1) }
    return arguments[place + 1]
}
@MainActor func number(_ name: String) -> UInt64? {
    value(name).map { text in
        guard let number = UInt64(text), number < 1 << 62 else { fail("\(name) needs a number, not \(text)") }
        return number
    }
}

let isTraced = flag("--trace"), huntsMutants = flag("--mutants")
let seed = number("--seed"), seeds = number("--seeds"), from = number("--from") ?? 0
let histories = number("--noninterference")
let workers = Int(number("--workers") ?? UInt64(ProcessInfo.processInfo.activeProcessorCount))
let mutant: Mutant? = value("--mutant").map { name in
    guard let mutant = Mutant(rawValue: name) else {
        fail("no mutant is named \(name): there are " + Mutant.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return mutant
}
if let rest = arguments.first { fail("\(rest) is not known") }
guard workers > 0 else { fail("--workers needs one or more") }

/// Prints a failing run: its seed, the first rule it broke, and what happened last before.
func show(_ report: Report, mutant: Mutant? = nil) {
    for violation in report.violations.prefix(3) { say("seed \(report.seed): \(violation)") }
    var lines: [String] = []
    var again = Alliance(seed: report.seed, mutant: mutant) { lines.append($0) }
    _ = again.run(stopsAtViolation: true)
    for line in lines.suffix(30) { say("    \(line)") }
    say("again: kumiko-simulate --seed \(report.seed) --trace" + (mutant.map { " --mutant \($0.rawValue)" } ?? ""))
}

let begin = Machine.monotonic
func spent() -> Double { Double(Machine.monotonic - begin) / 1e9 }
var failed = false

if let seed {
    var alliance = Alliance(seed: seed, mutant: mutant, log: isTraced ? { say($0) } : nil)
    let report = alliance.run()
    say(
        "seed \(seed): \(text(report.seconds, 1)) s, \(report.steps) steps, \(report.messages) messages, "
            + "\(report.entries) entries, trace \(String(report.trace, radix: 16))")
    for violation in report.violations { say("\(violation)") }
    failed = !report.violations.isEmpty
} else if huntsMutants {
    say(Machine.line)
    var table = Table("planted bug", "found at seed", "by the rule")
    for mutant in Mutant.allCases {
        let sweep = await Sweep.run(
            seeds: from..<from + (seeds ?? 100), workers: workers, mutant: mutant, stopsAtFailure: true)
        let first = sweep.failures.first
        table.add(
            mutant.rawValue, first.map { text(Int($0.seed - from)) } ?? "not found",
            first?.violations.first { mutant.rules.contains($0.rule) }?.rule.rawValue ?? "–")
        failed = failed || first == nil
    }
    table.print()
} else if let histories {
    say(Machine.line)
    let result = await NonInterference.run(histories: histories, from: from, workers: workers)
    say(
        "\(text(Int(histories))) histories, \(text(result.comparisons)) comparisons, "
            + "\(text(result.messages)) messages compared, \(text(result.secrets)) inputs taken away, "
            + "\(text(spent(), 1)) s: \(result.differences.count) differences")
    for difference in result.differences.prefix(5) { say("    \(difference)") }
    failed = !result.differences.isEmpty
} else {
    say(Machine.line)
    let count = seeds ?? 2_000
    let sweep = await Sweep.run(seeds: from..<from + count, workers: workers)
    let time = spent()
    var figures = Table("runs", "runs/s", "simulated hours", "steps", "messages", "entries", "warnings", "tracks")
    figures.add(
        text(sweep.runs), text(Double(sweep.runs) / time, 1), text(sweep.seconds / 3600, 1), text(sweep.steps),
        text(sweep.messages), text(sweep.entries), text(sweep.warnings), text(sweep.tracks))
    figures.print()
    var faults = Table("what came up", "times")
    for event in Sometimes.allCases { faults.add(event.words, text(sweep.count(event))) }
    faults.print()
    if !sweep.failures.isEmpty {
        var broken = Table("rule that was broken", "runs", "first seed")
        for rule in Rule.allCases {
            let reports = sweep.failures.filter { $0.violations.contains { $0.rule == rule } }
            if let first = reports.first { broken.add(rule.rawValue, text(reports.count), text(Int(first.seed))) }
        }
        broken.print()
    }
    for report in sweep.failures.prefix(3) { show(report) }
    if !sweep.never.isEmpty { say("never came up: " + sweep.never.map(\.words).joined(separator: ", ")) }
    say("\(sweep.runs) runs, \(sweep.failures.count) broke a rule, \(text(time, 1)) s")
    failed = !sweep.failures.isEmpty
}
exit(failed ? 1 : 0)
