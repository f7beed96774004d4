import BenchSupport
import Foundation

/// `kumiko-bench-decode`: how fast bytes of sensors become plots, fields and text, on one core.
@main
struct DecodeBench {
    /// Each part by its name on the command line; without a name all run, in this order.
    static let parts: [(name: String, run: @Sendable () throws -> Void)] = [
        ("asterix", AsterixBench.run),
        ("modes", ModeSBench.run),
        ("encode", EncodeBench.run),
        ("commb", CommBBench.run),
        ("guard", GuardBench.run),
        ("attacks", GuardBench.attacks),
        ("others", OtherBench.run),
    ]

    static func main() {
        let names = CommandLine.arguments.dropFirst()
        let unknown = names.filter { name in !self.parts.contains { $0.name == name } }
        guard unknown.isEmpty else {
            say("usage: kumiko-bench-decode [\(self.parts.map(\.name).joined(separator: " | "))]…")
            exit(2)
        }
        say(Machine.line)
        say("\nOn one core, median of 5 runs\n")
        do {
            for part in self.parts where names.isEmpty || names.contains(part.name) { try part.run() }
        } catch {
            FileHandle.standardError.write(Data("kumiko-bench-decode: \(error)\n".utf8))
            exit(2)
        }
    }
}

/// The recordings that the project measures with, where this machine has them.
enum Recordings {
    /// Their folder: `KUMIKO_DATA`, or `../shared/data` beside the project.
    static var folder: String? {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let folders = [ProcessInfo.processInfo.environment["KUMIKO_DATA"], root + "/../shared/data", "../shared/data"]
        return folders.compactMap(\.self).first { FileManager.default.fileExists(atPath: $0 + "/asterix") }
    }
}
