import ArgumentParser
import SensorFormats

/// How many problems of each kind are told one by one.
struct ProblemOptions: ParsableArguments {
    /// A number, or all.
    struct Most: ExpressibleByArgument {
        let count: Int

        init?(argument: String) {
            if argument == "all" {
                self.count = .max
            } else {
                guard let count = Int(argument), count >= 0 else { return nil }
                self.count = count
            }
        }

        init(_ count: Int) { self.count = count }

        var defaultValueDescription: String { "\(self.count)" }
    }

    @Option(
        help: ArgumentHelp(
            "How many problems of each kind are told one by one, or all; of the others only their number.",
            valueName: "count"))
    var problems = Most(20)
}

/// Tells what could not be read on standard error: the first of each kind, and at the end how many more there were.
struct ProblemLog {
    private let name: String
    private let most: Int
    /// By kind: how many there were, and the order in which kinds were met.
    private var counts: [String: Int] = [:]
    private var kinds: [String] = []
    /// Kinds beyond so many are counted as one.
    private static let kindsMax = 200
    private static let others = "other problems"

    init(_ name: String, _ options: ProblemOptions) {
        self.name = name
        self.most = options.problems.count
    }

    /// Tells a problem, if it is among the first of its kind.
    ///
    /// - Parameters:
    ///   - kind: its reason, without place and numbers.
    ///   - text: it as a whole.
    mutating func note(kind: String, _ text: @autoclosure () -> String) {
        var kind = kind
        if self.counts[kind] == nil {
            if self.kinds.count >= Self.kindsMax { kind = Self.others }
            if self.counts[kind] == nil { self.kinds.append(kind) }
        }
        let count = self.counts[kind, default: 0] + 1
        self.counts[kind] = count
        if count <= self.most { say("\(self.name): \(text())") }
    }

    mutating func note(_ problem: AsterixProblem) { self.note(kind: problem.fault.text, problem.description) }
    mutating func note(_ problem: ModeSProblem) { self.note(kind: problem.reason.text, problem.description) }
    mutating func note(_ problem: AISProblem) { self.note(kind: problem.fault.text, problem.description) }

    /// Says how many were not told.
    func finish() {
        for kind in self.kinds {
            let count = self.counts[kind] ?? 0
            guard count > self.most else { continue }
            say("\(self.name): \(kind): \(count - self.most) more, \(count) in all; --problems all tells each")
        }
    }
}
