import Air
import ArgumentParser
import Foundation
import Geodesy
import Node
import Releasability

/// `kumiko release`: what may go to whom, and why.
struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Say what may go to whom, and why.",
        subcommands: [ReleaseExplainCommand.self, ReleaseTermsCommand.self, ReleaseCheckCommand.self])
}

/// Which policy is asked: that of a node that runs, or the files of a folder.
struct PolicyOptions: ParsableArguments {
    @Option(help: "The node to ask.")
    var node = "http://127.0.0.1:8080"

    @Option(help: ArgumentHelp("Ask no node, but the agreements of this folder.", valueName: "folder"))
    var agreements: String?

    @Option(help: "For whom: two letters of a nation, public, or operators/ROLE.")
    var to: String

    @Option(help: "The time of the decision, for example 2026-12-01T08:00:00Z; now if left out.")
    var at: String?

    func validate() throws {
        guard Audience(name: self.to) != nil else {
            throw ValidationError("--to is two letters of a nation, public, or operators/ROLE.")
        }
        if let at, Timestamp(iso8601: at) == nil {
            throw ValidationError("--at is an instant in UTC, for example 2026-12-01T08:00:00Z.")
        }
    }

    var audience: Audience {
        get throws {
            guard let audience = Audience(name: self.to) else { throw ValidationError("--to names no audience.") }
            return audience
        }
    }

    var time: Timestamp { self.at.flatMap { Timestamp(iso8601: $0) } ?? NodeClock.real().now }

    /// The part of an address that says for whom and when.
    var query: String {
        "?to=\(self.to)" + (self.at.map { "&at=\($0.replacing("+", with: "%2B"))" } ?? "")
    }

    /// The JSON object that the node answers with.
    ///
    /// - Throws: `ExitMessage` with what the node says is wrong.
    func ask(_ path: String) throws -> [String: Any] {
        let (status, body) = try HTTPGet.get(path, from: self.node)
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
            throw ExitMessage("\(self.node) gives no answer of a node.")
        }
        guard status == 200 else { throw ExitMessage("\(self.node): \(object["detail"] ?? "status \(status)")") }
        return object
    }
}

/// Reads the agreements of a folder.
///
/// - Throws: `ExitMessage` with every problem of every file.
private func policy(of folder: String) throws -> Policy {
    do { return try Policy(folder: folder) } catch {
        throw ExitMessage(error.problems.map { "\(folder)/\($0)" }.joined(separator: "\n"))
    }
}

struct ReleaseExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say whether a track may go to an audience, by which rule, and why.",
        discussion: """
            Of a node that runs, by the number of a track; at a former time by the node's history, with the label that the \
            track has now. With --agreements, of goods that are described: their label, kind, place and age.
            """)

    @Argument(help: "The track's number in the node.")
    var track: UInt32?

    @OptionGroup var policy: PolicyOptions

    @Option(
        help: ArgumentHelp(
            "With --agreements: the label, as {policy: trilateral, classification: restricted, releasable_to: [us]}.",
            valueName: "label"))
    var label: String?

    @Option(help: "With --agreements: tracks, tracklets, plots, warnings, sensor-status or records/TYPE.")
    var kind = "tracks"

    @Option(help: "With --agreements: latitude,longitude in degrees, or latitude,longitude,height with metres.")
    var position: String?

    @Option(help: "With --agreements: seconds since they were measured.")
    var age = 0.0

    func validate() throws {
        guard (self.track == nil) == (self.policy.agreements != nil) else {
            throw ValidationError("Give the number of a track, or --agreements and what is to be decided on.")
        }
        guard (0...1e9).contains(self.age) else { throw ValidationError("--age is from 0 to 1000000000 s.") }
    }

    func run() throws {
        if let folder = self.policy.agreements { return try self.explain(folder) }
        let answer = try self.policy.ask("/api/tracks/\(self.track ?? 0)/release\(self.policy.query)")
        for case let decision as [String: Any] in answer["decisions"] as? [Any] ?? [] {
            putLine(decision["sentence"] as? String ?? "")
            guard let shown = decision["shown"] as? [String: Any], let id = shown["id"], let at = shown["measuredAt"]
            else { continue }
            putLine("\(self.policy.to) is shown it now as its track \(id), as of \(at)")
        }
    }

    private func explain(_ folder: String) throws {
        let policy = try kumiko.policy(of: folder)
        guard let kind = GoodsKind(self.kind) else {
            throw ValidationError("--kind is tracks, tracklets, plots, warnings, sensor-status or records/TYPE.")
        }
        let label: Label?
        do {
            label = try self.label.map { text throws(ConfigurationError) in try Label(yaml: text, policy: policy) }
        } catch {
            throw ExitMessage(error.problems.map { "--label: \($0.key): \($0.text)" }.joined(separator: "\n"))
        }
        let time = self.policy.time
        let goods = Goods(
            kind, label: label, realm: policy.realm, position: try self.place,
            measuredAt: time.advanced(by: -self.age))
        putLine(policy.decide(goods, to: try self.policy.audience, at: time).explanation)
    }

    private var place: Geodetic? {
        get throws {
            guard let position else { return nil }
            let numbers = position.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
            guard (2...3).contains(numbers.count), numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 90,
                abs(numbers[1]) <= 180
            else { throw ValidationError("--position is latitude,longitude or latitude,longitude,height.") }
            return Geodetic(
                latitudeDegrees: numbers[0], longitudeDegrees: numbers[1],
                height: numbers.count == 3 ? numbers[2] : .nan)
        }
    }
}

struct ReleaseTermsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terms", abstract: "Say what an audience may be shown, a sentence for each agreement with it.")

    @OptionGroup var policy: PolicyOptions

    func run() throws {
        let terms: [String]
        if let folder = self.policy.agreements {
            terms = try kumiko.policy(of: folder).terms(for: try self.policy.audience, at: self.policy.time)
        } else {
            terms = try self.policy.ask("/api/release/terms\(self.policy.query)")["terms"] as? [String] ?? []
        }
        for sentence in terms { putLine(sentence) }
        if terms.isEmpty { putLine("There is no agreement with \(self.policy.to): nothing goes.") }
    }
}

struct ReleaseCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the files of a folder of agreements; every mistake with its line.")

    @Argument(help: "The folder: policy.yaml, and one agreement in each other .yaml.")
    var folder: String

    func run() throws {
        let policy = try kumiko.policy(of: self.folder)
        putLine(
            "\(self.folder): \(policy.agreements.count) agreements of \(policy.nation) in realm \(policy.realm), "
                + "clearances of \(policy.partners.map(\.name).joined(separator: ", "))")
        let now = NodeClock.real().now
        for audience in policy.partners {
            for sentence in policy.terms(for: audience, at: now) { putLine("\(audience.name): \(sentence)") }
        }
    }
}
