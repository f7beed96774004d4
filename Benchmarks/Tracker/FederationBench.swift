import Air
import BenchSupport
import Exercises
import Foundation
import Scoring
import Tracking

/// `kumiko-bench-tracker federation DIRECTORY… --share RULE`: what each nation's picture scores under a rule of sharing.
enum FederationBench {
    static func run(_ rest: ArraySlice<String>) throws {
        var rest = rest
        var directories: [String] = []
        var sharing = SharedSky.Sharing.tracklets
        var out: String?
        var delay = 0.1, period = 1.0
        var tentative: Double? = nil
        var tells = false
        var fusion = FusionParameters()
        while let next = rest.popFirst() {
            switch next {
            case "--share":
                guard let rule = rest.popFirst().flatMap(SharedSky.Sharing.init(rawValue:)) else { Main.usage() }
                sharing = rule
            case "--out-dir": out = rest.popFirst()
            case "--link-delay": delay = rest.popFirst().flatMap { Double($0) } ?? delay
            case "--share-period": period = rest.popFirst().flatMap { Double($0) } ?? period
            case "--tentative": tentative = rest.popFirst().flatMap { Double($0) }
            case "--tally": tells = true
            case "--set": Self.set(rest.popFirst() ?? "", in: &fusion)
            default:
                guard !next.hasPrefix("--") else { Main.usage() }
                directories.append(next)
            }
        }
        guard !directories.isEmpty else { Main.usage() }
        let columns = Main.Column.all.dropLast()
        say(Main.row("nation", 18, columns.map(\.name)))
        for directory in directories {
            let scenario = try RefereeScenario(directory: directory)
            var sky = SharedSky(
                nations: scenario.nations, sharing: sharing, linkDelay: delay, sharePeriod: period,
                tentative: tentative, fusion: fusion)
            var reports = [[TrackReport]](repeating: [], count: scenario.nodes.count)
            let begin = Machine.threadTime
            scenario.play { plots, now in
                sky.process(plots, now: now)
            } tell: { instant, time in
                for i in reports.indices {
                    sky.forEachTrack(of: i, predictedTo: instant) { reports[i].append(TrackReport($0, time: time)) }
                }
            }
            let seconds = Machine.threadTime - begin
            let name = URL(filePath: directory).lastPathComponent
            let truth = try RefereePicture.truth(path: "\(directory)/truth.jsonl")
            var sums = [Double](repeating: 0, count: columns.count)
            for i in reports.indices {
                let run = Main.Run(
                    plotsPerSecond: 0,
                    score: Score(truth: truth, tracks: reports[i]))
                let values = columns.map { $0.value(run) }
                for j in values.indices { sums[j] += values[j] / Double(reports.count) }
                say(Main.row("\(name) \(scenario.nodes[i])", 18, zip(columns, values).map { text($1, $0.decimals) }))
                if let out {
                    var lines = RefereeTracks()
                    for report in reports[i] { lines.append(report) }
                    try lines.write(to: "\(out)/tracks-\(scenario.nodes[i]).jsonl")
                }
                if tells {
                    say("  \(sky.tally(of: i))")
                    for partner in sky.registrations(of: i) {
                        say(
                            "  \(partner.nation): \(partner.offset) ± \(partner.deviation)"
                                + " \(partner.correctsPlace) \(partner.correctsClock) of \(partner.looks)")
                    }
                }
            }
            say(Main.row("\(name) mean", 18, zip(columns, sums).map { text($1, $0.decimals) }))
            say("  \(text(seconds, 2)) s of processor time")
        }
    }

    private static func set(_ text: String, in k: inout FusionParameters) {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let value = Double(parts[1]), abs(value) < 1e12 else { Main.usage() }
        switch parts[0] {
        case "alikeGate": k.alikeGate = value
        case "alikeSweeps": k.alikeSweeps = Int(value)
        case "misfitGate": k.misfitGate = value
        case "misfitsMax": k.misfitsMax = Int(value)
        case "priorEvidence": k.priorEvidence = value
        case "confirmEvidence": k.confirmEvidence = value
        case "wholeTrackNoise": k.wholeTrackNoise = value
        case "clearLead": k.clearLead = value
        case "veilGate": k.veilGate = value
        case "veilMax": k.veilMax = value
        case "veilMaxSeen": k.veilMaxSeen = value
        case "fusionLag": k.lagMax = value
        default: Tuning.set(text, in: &k.tracker)
        }
    }
}
