internal import Air
public import Ledger

/// The public keys that an auditor believes, as vkeys, one a line:
///
///     log kumiko/jp/live/au+…
///     cosigner kumiko/au/live+…
///     node kumiko/jp/live/node/kasuga+…
///
/// The first word may be left out: name and type of a key tell what it is for. Empty lines and what follows a `#` do not count.
/// Source: C2SP signed-note, "Verifier keys".
public struct AuditKeys: Sendable {
    /// Why a file of keys is refused.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line, counted from 1.
        public let line: Int
        /// What is wrong with it, for people.
        public let reason: String

        public var description: String { "line \(self.line): \(self.reason)" }
    }

    /// Keys of logs, each under the origin of its lane.
    public private(set) var logs: [NoteKey] = []
    /// Keys of nations that cosign.
    public private(set) var cosigners: [NoteKey] = []
    /// Keys of nodes.
    public private(set) var nodes: [NodeKey] = []

    /// No key.
    public init() {}

    /// Reads keys.
    ///
    /// - Throws: `Fault`, with the line.
    public init(parsing text: String) throws(Fault) {
        for (place, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let last = words.last else { continue }
            func fault(_ reason: String) -> Fault { Fault(line: place + 1, reason: reason) }
            guard words.count <= 2 else { throw fault("more than a role and a key") }
            guard let key = NoteKey(vkey: last) else {
                throw fault("no key: it must be NAME+ID+BASE64, as `kumiko nation` prints it")
            }
            let kind = try self.insert(key, fault)
            guard words.count == 1 || words[0] == kind else {
                throw fault("the key is that of a \(kind), not a \(words[0])")
            }
        }
    }

    private mutating func insert(_ key: NoteKey, _ fault: (String) -> Fault) throws(Fault) -> String {
        if key.algorithm == .cosignature {
            guard Lane(origin: key.name + "/x") != nil else { throw fault("\(key.name) is no nation in a realm") }
            self.cosigners.append(key)
            return "cosigner"
        }
        let parts = key.name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count >= 5, parts[parts.count - 2] == "node" {
            let domain = parts.dropLast(2).joined(separator: "/")
            guard let lane = Lane(origin: domain + "/x"),
                let node = NodeKey(
                    nation: lane.nation, realm: lane.realm, node: String(parts[parts.count - 1]), octets: key.octets),
                node.key == key
            else { throw fault("\(key.name) is no node of a nation in a realm") }
            self.nodes.append(node)
            return "node"
        }
        guard Lane(origin: key.name) != nil else { throw fault("\(key.name) is the origin of no lane") }
        self.logs.append(key)
        return "log"
    }

    /// Whom an auditor of a lane believes; nil where the lane's own key is not known.
    ///
    /// Receipts of a lane are those of its audience: of the nation, or of any where the audience is a grouping.
    public func policy(for lane: Lane, clockTolerance: Double = 5) -> LaneAuditor.Policy? {
        guard let log = self.logs.first(where: { $0.name.utf8.elementsEqual(lane.origin.utf8) }) else { return nil }
        let audience = Nation(lane.audience).map { Lane.domain($0, lane.realm) }
        let own = Lane.domain(lane.nation, lane.realm)
        let cosigners = self.cosigners.filter { $0.name != own && (audience == nil || $0.name == audience) }
        return LaneAuditor.Policy(
            log: log, cosigners: cosigners, nodes: KeyRing(self.nodes), clockTolerance: clockTolerance)
    }

    /// The keys that a lane needs, as a file of keys.
    public func text(for lane: Lane) -> String {
        var lines: [String] = []
        if let policy = self.policy(for: lane) {
            lines.append("log \(policy.log)")
            lines += policy.cosigners.map { "cosigner \($0)" }
        }
        lines += self.nodes.filter { $0.nation == lane.nation && $0.realm == lane.realm }.map { "node \($0.key)" }
        return lines.map { $0 + "\n" }.joined()
    }
}
