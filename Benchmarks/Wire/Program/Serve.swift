import Air
import BenchSupport
import Federation
import FederationWire
import Foundation
import Identity
import Synchronization
import WireTrials

/// A node of Japan that welcomes Australia, for a client that nobody here wrote: `scripts/check_federation.py`.
enum Serve {
    static func run(_ directory: String, port: Int) async throws {
        let now: @Sendable () -> Timestamp = { Timestamp(nanoseconds: Machine.now) }
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        func make(_ code: String) throws -> NationFolder {
            guard let nation = Nation(code) else { throw IdentityError.argument(code) }
            return try NationFolder.create(
                at: "\(directory)/\(code)", nation: nation, realm: .test, node: "\(code)-1",
                hosts: ["localhost", "127.0.0.1"], at: now())
        }
        var jp = try make("jp")
        let au = try make("au")
        try jp.meet(au, at: now())
        try Self.pem(jp.introduction.certificate).write(
            toFile: "\(directory)/jp-ca.pem", atomically: true, encoding: .utf8)

        let links = FederationLinks()
        let name = jp.name, identity = jp.wire
        let sample = Site(jp).tracks(number: 1, leaves: 3, for: "au")
        let recorder = Recorder { event in
            guard case .request(let link, let request) = event else { return }
            switch request {
            case .hello(let hello):
                guard let version = [hello.versions.upperBound, .current].min(), hello.versions.contains(version) else {
                    return links.deliver(.refusal(.noCommonVersion(.oldest ... .current)), on: link)
                }
                links.deliver(
                    .welcome(
                        Welcome(
                            version: version, nation: name.nation, realm: name.realm, node: name.node, head: nil,
                            epoch: 1, bookBegan: now())), on: link)
                if let sample { links.deliver(.tracks(sample), on: link) }
            case .probe(let probe):
                links.deliver(.echo(Echo(probe: probe, receivedAt: now(), sentAt: now())), on: link)
            default: break
            }
        }
        let server = FederationServer(
            address: WireAddress(host: "127.0.0.1", port: port), links: links, delegate: recorder,
            identity: { identity }, clock: now)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            if let address = await server.address {
                say("listening on \(address); certificates in \(directory)")
            }
            try await group.waitForAll()
        }
    }

    private static func pem(_ der: [UInt8]) -> String {
        "-----BEGIN CERTIFICATE-----\n"
            + Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            + "\n-----END CERTIFICATE-----\n"
    }
}
