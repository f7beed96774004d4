import Air
import FoundationEssentials
import Glibc
import Testing

@testable import Identity

/// A folder of its own for one test, gone at its end.
final class Workshop {
    let path: String

    init() throws {
        self.path =
            FileManager.default.temporaryDirectory.appending(
                path: "kumiko-identity-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
            ).path
        try FileManager.default.createDirectory(
            atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func nation(
        _ code: String, _ realm: Realm = .live, node: String? = nil, hosts: [String] = [],
        curve: NationFolder.Curve = .p256, terms: NationFolder.Terms = .init(), folder: String? = nil,
        at time: Timestamp = now
    ) throws -> NationFolder {
        try NationFolder.create(
            at: "\(self.path)/\(folder ?? code)", nation: #require(Nation(code)), realm: realm,
            node: node ?? "\(code)-1",
            hosts: hosts, curve: curve, terms: terms, at: time)
    }
}

/// 2026-11-21T13:00:00Z.
let now = Timestamp(seconds: 1_795_266_000)
let day = 86_400.0

extension NationFolder {
    mutating func meet(_ other: NationFolder, at time: Timestamp = now) throws {
        _ = try self.partners.add(other.introduction.octets, at: time)
    }
}

func setMode(_ path: String, _ mode: mode_t) { _ = unsafe chmod(path, mode) }
