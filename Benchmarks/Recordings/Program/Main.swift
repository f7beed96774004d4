import Air
import BenchSupport
import Exercises
import Foundation
import RecordingTrials

/// `kumiko-bench-recordings [--data DIRECTORY] [--only NAME] [--trace ADDRESS]`: the tracker over recordings of real
/// sensors: continuity by address, tracks by position alone, the registration of each sensor.
@main
struct Main {
    static func main() throws {
        var folder = Recording.folder
        var only = ""
        var traced: [ICAOAddress] = []
        var isWorstShown = false
        var rest = CommandLine.arguments.dropFirst()
        while let next = rest.popFirst() {
            switch next {
            case "--data": folder = rest.popFirst() ?? folder
            case "--only": only = rest.popFirst() ?? ""
            case "--trace": traced += rest.popFirst().flatMap { ICAOAddress(hex: $0) }.map { [$0] } ?? []
            case "--worst": isWorstShown = true
            default:
                say("usage: kumiko-bench-recordings [--data DIRECTORY] [--only NAME] [--worst] [--trace ADDRESS]")
                exit(64)
            }
        }
        guard FileManager.default.fileExists(atPath: folder + "/asterix") else {
            say("No recordings in \(folder)/asterix; say where they are with --data or KUMIKO_DATA.")
            exit(66)
        }
        func isWanted(_ name: String) -> Bool { only.isEmpty || name.localizedCaseInsensitiveContains(only) }
        if !traced.isEmpty {
            for recording in Recording.all where isWanted(recording.name) {
                try Trace.print(recording, Set(traced), in: folder)
            }
            return
        }
        try Self.followed(folder, isWanted, isWorstShown: isWorstShown)
        try Self.withheld(folder, isWanted)
        if isWanted(Recording.barcelonaAll.name) { try Self.registered(folder) }
    }

    private static func followed(_ folder: String, _ isWanted: (String) -> Bool, isWorstShown: Bool) throws {
        say("\nEach aircraft with an address: one track, all the time that it is seen\n")
        var contents = Table("recording", "plots", "kinds", "sensors")
        var table = Table(
            "recording", "aircraft", "seen h", "one track", "two", "ever two", "tracked", "settled", "missed",
            "numbers", "in sight", "swaps", "longest s", "")
        for recording in Recording.all where isWanted(recording.name) {
            guard let reports = try recording.reports(in: folder) else {
                say("\(recording.name) is not there.")
                continue
            }
            let followed = Followed(recording, reports)
            let kinds = followed.kinds.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.key) \(text($0.value))" }
            contents.add(
                recording.name, text(followed.plots), kinds.joined(separator: ", "),
                followed.sensors.sorted { $0.key < $1.key }.map { "\($0.key)" }.joined(separator: ", "))
            let s = followed.summary
            guard !s.rows.isEmpty else { continue }
            table.add(
                recording.name, "\(s.rows.count)", text(s.rows.reduce(0) { $0 + $1.seen } / 3600, 2),
                percent(s.aloneShare), percent(s.doubledTimeShare), percent(s.doubledShare), percent(s.trackedShare),
                percent(s.trackedShareSettled), "\(s.missedCount)", "\(s.numberChanges)", "\(s.numberChangesInSight)",
                "\(s.swaps.count)", text(s.longest), s.isGood ? "good" : "misses")
            if isWorstShown { say("\(recording.name)\n\(s)\n\(followed.tally)\n") }
        }
        contents.print()
        table.print()
    }

    private static func withheld(_ folder: String, _ isWanted: (String) -> Bool) throws {
        say("By position alone: what the tracks are, judged by what was withheld\n")
        var table = Table(
            "recording", "withheld", "judged by", "aircraft", "one track", "two", "tracked", "missed", "in sight",
            "swaps", "strays", "nobody's", "against", "RMS m", "95 % m", "plots RMS m")
        for trial in try Recording.withheldTrials(in: folder, only: isWanted) {
            let s = trial.result.summary
            table.add(
                trial.name, trial.withholding.rawValue, trial.label, "\(s.rows.count)", percent(s.aloneShare),
                percent(s.doubledTimeShare), percent(s.trackedShare), "\(s.missedCount)", "\(s.numberChangesInSight)",
                "\(s.swaps.count)", "\(trial.result.strays)", "\(trial.result.nobodys)", trial.truth,
                text(trial.result.errors.rms, 1), text(trial.result.errors.quantile(0.95), 1),
                text(trial.result.plotErrors.rms, 1))
        }
        table.print()
    }

    private static func registered(_ folder: String) throws {
        guard let worth = try Recording.worthOfRegistration(in: folder) else { return }
        say("Registration: Barcelona's surface radar, multilateration and ADS-B of one evening\n")
        var table = Table("sensor", "over", "state", "stretches", "range m", "gain ‰", "azimuth °", "time ms")
        for (name, registered) in [("the first half hour", worth.early), ("two hours", worth.whole)] {
            for (sensor, known) in registered.sensors {
                table.add(
                    sensor.name, name, known.state.name, "\(known.stretches)", Self.estimate(known.range, 1, 1),
                    Self.estimate(known.gain, 1_000, 2), Self.estimate(known.azimuth, 180 / .pi, 3),
                    Self.estimate(known.time, 1_000, 0))
            }
        }
        table.print()
        var errors = Table("tracks of the surface radar alone, the later hour and a half", "RMS m", "95 % m", "of")
        for (name, run) in [("as it is", worth.before), ("corrected by the first half hour", worth.after)] {
            errors.add(
                name, text(run.errors.rms, 1), text(run.errors.quantile(0.95), 1), text(run.errors.count))
        }
        errors.print()
        let stretches = worth.whole.stretches
        say(
            "Stretches of two hours that fitted \(stretches.fits), that did not \(stretches.misfits), turns \(stretches.turns)"
        )
    }

    /// A value and one standard deviation.
    private static func estimate(_ estimate: SensorRegistration.Estimate?, _ scale: Double, _ decimals: Int) -> String {
        guard let estimate else { return "–" }
        return "\(text(scale * estimate.value, decimals)) ± \(text(scale * estimate.deviation, decimals))"
    }

    private static func percent(_ share: Double) -> String { text(100 * share, 2) + " %" }
}
