import ArgumentParser
import Exercises
import Foundation
import Scoring

/// `kumiko score`: how well tracks tell the truth of a scenario.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score tracks against the truth of a scenario.",
        discussion: """
            Prints SIAP, GOSPA, OSPA, errors by phase and kind, NEES, and EUROCONTROL's surveillance performance measures \
            (ESASSP) for 3 and 5 NM separation. docs/scoring.md says what each figure means.
            """)

    @Argument(help: "The directory of the scenario, with `truth.jsonl`.")
    var directory: String

    @Argument(help: "The tracks, one JSON object a line for each track and report time.")
    var tracks: String

    @Option(help: "Write the measures to this file, under the referee's names.")
    var json: String?

    @Option(help: "Write a report to this file: one page with maps and plots that needs no other file.")
    var html: String?

    @Option(help: "Other tracks: compare the errors over the true states that both hold.")
    var versus: String?

    @Option(help: "A track belongs to the nearest object within so many metres.")
    var gate = 1852.0

    @Option(help: "Cut-off of OSPA and GOSPA, metres.")
    var cutoff = 1852.0

    @Option(help: "Exponent of OSPA and GOSPA.")
    var exponent = 2.0

    func validate() throws {
        guard self.gate > 0, self.gate.isFinite, self.cutoff > 0, self.cutoff.isFinite else {
            throw ValidationError("--gate and --cutoff must be above 0.")
        }
        guard self.exponent >= 1, self.exponent <= 16 else { throw ValidationError("--exponent must be from 1 to 16.") }
    }

    func run() throws {
        var options = Score.Options()
        options.gate = self.gate
        options.cutoff = self.cutoff
        options.exponent = self.exponent
        let truth = try self.read { try RefereePicture.truth(path: "\(self.directory)/truth.jsonl") }
        guard !truth.isEmpty else { throw ExitMessage("\(self.directory)/truth.jsonl has no state") }
        let score = Score(
            truth: truth, tracks: try self.read { try RefereePicture.tracks(path: self.tracks) }, options: options)
        putLine(score.text)
        for table in Esassp.tables(score) { putLine("\n\(table.text)") }
        var comparison: Versus?
        if let versus = self.versus {
            let other = Score(
                truth: truth, tracks: try self.read { try RefereePicture.tracks(path: versus) }, options: options)
            let both = Versus(score, other)
            putLine("\n\(self.tracks) against \(versus)\n\(both.text)")
            comparison = both
        }
        if let json = self.json { try self.write(score.json, to: json) }
        if let html = self.html {
            let name = URL(filePath: self.directory).lastPathComponent
            let page = ScorePage(
                title: "\(name), \(URL(filePath: self.tracks).lastPathComponent)", score: score,
                versus: comparison.flatMap { both in self.versus.map { (URL(filePath: $0).lastPathComponent, both) } })
            try self.write(page.html, to: html)
        }
    }

    private func read<Rows>(_ rows: () throws -> Rows) throws -> Rows {
        do { return try rows() } catch { throw ExitMessage("\(error)") }
    }

    private func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path)) } catch {
            throw ExitMessage("\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
