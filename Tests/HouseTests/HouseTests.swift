import Foundation
import Testing

/// The rules of the house, read off its sources: what the compiler does not keep, these tests keep.
@Suite("House")
struct HouseTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each room may import, beside the standard library: an arrow only ever points down.
    static let arrows: [String: Set<String>] = [
        "Geodesy": [],
        "Transport": ["CDatagrams", "NIOCore", "NIOPosix"],
        "Air": ["Geodesy"],
        "SensorFormats": ["Air", "Geodesy"],
        "Tracking": ["Air", "Geodesy"],
        "Plausibility": ["Air", "Geodesy"],
        "Scoring": ["Geodesy"],
        "Exercises": ["Air", "Geodesy", "Scoring"],
        "Releasability": ["Air", "Geodesy"],
        "MessageFormats": ["Air", "Geodesy", "Releasability"],
        "Ledger": ["Air", "Crypto"],
        "Disclosure": ["Air", "Ledger", "Releasability"],
        "Federation": ["Air", "Crypto", "Disclosure", "Geodesy", "Ledger", "Releasability"],
        "Identity": ["Air", "Crypto", "Ledger", "SwiftASN1", "X509"],
        "FederationWire": [
            "Air", "Federation", "Geodesy", "Identity", "Ledger", "Releasability", "GRPCCore", "GRPCNIOTransportHTTP2",
            "GRPCProtobuf", "NIOCore", "NIOHPACK", "NIOHTTP2", "NIOPosix", "NIOSSL", "NIOTLS", "SwiftProtobuf",
        ],
        "Storage": ["Air", "Geodesy", "GRDB", "Ledger"],
        "Node": [
            "Air", "Disclosure", "Exercises", "Federation", "FederationWire", "Geodesy", "Identity", "Ledger",
            "MessageFormats", "Plausibility", "Releasability", "SensorFormats", "Storage", "Tracking", "Transport",
            "Logging", "ServiceLifecycle", "Yams",
        ],
        "Web": [
            "Air", "Geodesy", "MessageFormats", "Node", "Releasability", "SensorFormats", "Storage", "Hummingbird",
            "HummingbirdCore", "HTTPTypes", "Logging", "NIOCore", "ServiceLifecycle",
        ],
        "kumiko": [
            "Air", "Disclosure", "Exercises", "Geodesy", "Identity", "Ledger", "Node", "Releasability", "Scoring",
            "SensorFormats", "Storage", "Tracking", "Web", "ArgumentParser", "Logging", "ServiceLifecycle",
            "UnixSignals",
        ],
    ]
    /// The language's own modules. Only `Node` and above may ask them for the time.
    static let language: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]
    /// Rooms that think: no socket, disk, clock or chance.
    static let pure: Set<String> = [
        "Geodesy", "Air", "SensorFormats", "Tracking", "Plausibility", "Exercises", "Scoring", "Releasability",
        "MessageFormats",
        "Ledger", "Disclosure", "Federation",
    ]

    struct Source: CustomStringConvertible {
        var room: String
        var path: String
        var lines: [String]
        var description: String { self.path }
    }

    static let sources: [Source] = {
        let folder = root.appending(path: "Sources")
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        return all.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.compactMap { file in
            let path = String(file.path.dropFirst(folder.path.count + 1))
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
            return Source(
                room: String(path.prefix { $0 != "/" }), path: path,
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }()

    /// Every line of code that `pattern` finds, as `path:line`; comments and what stands in quotes do not count.
    static func findings(_ pattern: String, in rooms: Set<String>? = nil) throws -> [String] {
        let expression = try Regex(pattern)
        var result: [String] = []
        for source in self.sources where rooms?.contains(source.room) ?? true {
            for (number, line) in source.lines.enumerated() {
                let code = line.replacing(/"[^"]*"/, with: "\"\"").replacing(/\/\/.*/, with: "")
                if code.contains(expression) { result.append("\(source.path):\(number + 1)") }
            }
        }
        return result
    }

    @Test("every room is in the table, and the table names no other")
    func rooms() {
        #expect(Set(Self.sources.map(\.room)) == Set(Self.arrows.keys))
    }

    @Test("a room imports only what lies below it")
    func imports() {
        for source in Self.sources {
            for (number, line) in source.lines.enumerated() {
                guard
                    let match = line.firstMatch(
                        of: /^\s*(?:@\w+(?:\(\w+\))? )?(?:public |internal |package |private )?import (?:\w+ )?(\w+)/)
                else { continue }
                let module = String(match.1)
                let allowed = Self.language.contains(module) || Self.arrows[source.room]?.contains(module) == true
                #expect(allowed, "\(source.path):\(number + 1) imports \(module)")
            }
        }
    }

    @Test("only Node holds both a socket and a track")
    func socketsAndTracks() {
        let users = Set(Self.sources.filter { $0.lines.contains { $0.hasSuffix("import Transport") } }.map(\.room))
        #expect(users == ["Node"])
    }

    @Test("a room that thinks reads no clock, and takes chance only from a seed")
    func noClock() throws {
        let clocks =
            #"\b(Date\(\)|Date\.now|ContinuousClock|SuspendingClock|clock_gettime|gettimeofday|DispatchTime|\btime\(nil\))"#
        #expect(try Self.findings(clocks, in: Self.pure) == [])
        #expect(
            try Self.findings(#"SystemRandomNumberGenerator|\.random\(in: [^,)]*\)|\bUUID\(\)"#, in: Self.pure) == [])
        #expect(
            try Self.findings(
                #"\b(FileHandle|FileManager|URLSession|Process)\b"#, in: Self.pure.subtracting(["Exercises"])) == [])
    }

    @Test("nothing prints but the command line")
    func noPrint() throws {
        #expect(try Self.findings(#"(^|[^.\w])print\("#, in: Set(Self.arrows.keys).subtracting(["kumiko"])) == [])
    }

    @Test("nothing is forced")
    func noForce() throws {
        #expect(try Self.findings(#"try!|\bas!|fatalError\("#) == [])
    }

    @Test("no declaration has the shape of fire control")
    func noFireControl() throws {
        let declaration = #"\b(struct|class|enum|actor|protocol|func|var|let|case|typealias)\s+`?\w*"#
        let shapes =
            "(intercept|firecontrol|weapon|strike|engage|launchpoint|aimpoint|impactpoint|targetlist|killchain|shooter)"
        #expect(try Self.findings("(?i)" + declaration + shapes) == [])
    }

    @Test("every room has its documentation catalogue", arguments: arrows.keys.sorted())
    func documentation(room: String) {
        let catalogue = Self.root.appending(path: "Sources/\(room)/Documentation.docc")
        let pages = (try? FileManager.default.contentsOfDirectory(atPath: catalogue.path)) ?? []
        #expect(pages.contains { $0.hasSuffix(".md") }, "Sources/\(room)/Documentation.docc has no page")
    }

    @Test("every file that the documents point to is there")
    func links() throws {
        let documents =
            ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
            + [
                "asterix", "asterix-differences", "consistency", "disclosure", "exercises", "federation",
                "federation-wire", "fusion", "linking", "identity", "labels", "ledger",
                "mode-s-differences",
                "plausibility", "recordings-tracked", "registration", "releasability", "scale", "scoring",
                "tracking-scores",
            ].map { "docs/\($0).md" }
        let decisions = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "docs/decisions").path)
        for document in documents + decisions.map({ "docs/decisions/\($0)" }) {
            let file = Self.root.appending(path: document)
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
                let target = file.deletingLastPathComponent().appending(path: String(match.1))
                #expect(FileManager.default.fileExists(atPath: target.path), "\(document) points to \(match.1)")
            }
        }
    }
}
