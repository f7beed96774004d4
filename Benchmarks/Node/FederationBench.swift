import Air
import BenchSupport
import Foundation
import Identity

/// How long it takes from a datagram at one nation's node to the event that a reader of another nation's map gets: tracker,
/// release, disclosure, TLS, verification and fusion lie between.
enum FederationBench {
    private static let nations = ["jp", "au"]

    static func run(_ arguments: Arguments) throws {
        let (count, rate) = (arguments.aircraft ?? 5_000, 2_000.0)
        let fleet = Fleet(count: count, start: Machine.now, rate: rate, hasRadars: true)
        say(
            "\nFederation: \(text(count)) aircraft, \(text(rate)) plots/s at one nation's node, read at another's "
                + "(\(Machine.load))\n")
        let folder = FileManager.default.temporaryDirectory.appending(path: "kumiko-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let ports = [try Loopback.freePort(), try Loopback.freePort()]
        try Self.introduce(folder)
        let own = try Child(
            arguments, sensors: Fleet.sensorsYAML, nation: "  nation: jp", sections: Self.sections(folder, 0, ports))
        defer { own.stop() }
        let other = try Child(
            arguments, sensors: Fleet.sensorsYAML, nation: "  nation: au", sections: Self.sections(folder, 1, ports))
        defer { other.stop() }
        let rows = LatencyBench.Rows()
        let reader = try StreamReader(port: other.httpPort) { row, at in
            guard let address = row.address else { return }
            rows.read(address, row.measuredAtMilliseconds, at: at)
        }
        defer { reader.stop() }
        let feeder = try Feeder(fleet, port: own.udpPort) { address, measuredAt, at in
            rows.sent(address, measuredAt / 1_000_000, at: at)
        }
        defer { feeder.stop() }
        try Self.awaitPartner(count * 99 / 100, other, seconds: 90)
        sleep(5)
        rows.begin()
        _ = feeder.sent
        let before = (own: try own.metrics(), used: [own, other].map { Machine.processTime($0.pid) })
        usleep(UInt32(arguments.seconds * 1e6))
        let result = rows.end()
        let after = try own.metrics()
        let used = zip([own, other], before.used).map { Machine.processTime($0.pid) - $1 }
        guard result.latencies.count > 100 else {
            throw Failure("only \(result.latencies.count) rows could be matched to datagrams")
        }
        LatencyBench.table("datagram at one nation → event at the other", result.latencies, limit: 50)
        let leaves = Self.events(after, "leaves_sent") - Self.events(before.own, "leaves_sent")
        let octets = Self.events(after, "leaf_octets_sent") - Self.events(before.own, "leaf_octets_sent")
        say(
            """
              \(text(result.latencies.count)) of \(text(result.sent)) plots were matched to their row. Over the link \
            \(text(leaves / arguments.seconds)) updates/s of \(text(octets / max(leaves, 1))) octets.
              The sender's node used \(text(used[0] / arguments.seconds * 100))% of a core and \
            \(text(Double(own.memory.now) / 1e6)) MB, the receiver's \(text(used[1] / arguments.seconds * 100))% and \
            \(text(Double(other.memory.now) / 1e6)) MB (\(Machine.load)).

            """)
    }

    private static func events(_ metrics: Metrics, _ kind: String) -> Double {
        metrics.sum("kumiko_partner_events_total", "kind=\"\(kind)\"")
    }

    /// Waits until so many tracks of the partner are heard.
    private static func awaitPartner(_ count: Int, _ child: Child, seconds: Double) throws {
        let deadline = Machine.monotonic + UInt64(seconds * 1e9)
        var heard = 0
        while Machine.monotonic < deadline {
            heard = Int(try child.metrics().sum("kumiko_partner_tracks_heard"))
            if heard >= count { return }
            usleep(500_000)
        }
        throw Failure("only \(text(heard)) of \(text(count)) tracks were heard in \(text(seconds)) s")
    }

    /// Keys of both, and each other's introduction.
    private static func introduce(_ folder: URL) throws {
        let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
        var folders: [NationFolder] = []
        for name in Self.nations {
            guard let nation = Nation(name) else { continue }
            let home = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: home.appending(path: "agreements"), withIntermediateDirectories: true)
            folders.append(
                try NationFolder.create(
                    at: home.appending(path: "identity").path, nation: nation, realm: .test, node: "bench",
                    hosts: ["127.0.0.1"], at: now))
            let other = Self.nations[name == Self.nations[0] ? 1 : 0]
            try """
            nation: \(name)
            realm: test
            policies:
              - {name: bench, classifications: [unclassified]}
            clearances:
              - {audience: \(other), policy: bench, classification_max: unclassified}
            """.write(to: home.appending(path: "agreements/policy.yaml"), atomically: true, encoding: .utf8)
            try """
            name: au-jp
            between: [au, jp]
            realm: test
            from: 2020-01-01T00:00:00Z
            to: 2100-01-01T00:00:00Z
            policy: bench
            classification_max: unclassified
            onward: never
            clauses:
              - {permit: [tracks, tracklets], areas: everywhere}
            """.write(to: home.appending(path: "agreements/au-jp.yaml"), atomically: true, encoding: .utf8)
        }
        for number in folders.indices {
            _ = try folders[number].partners.add(folders[1 - number].introduction.octets, at: now)
        }
    }

    private static func sections(_ folder: URL, _ number: Int, _ ports: [UInt16]) -> String {
        let home = folder.appending(path: Self.nations[number]).path, other = Self.nations[1 - number]
        return """
            release:
              agreements: \(home)/agreements
              label: {policy: bench, classification: unclassified, releasable_to: [\(other)]}
            federation:
              identity: \(home)/identity
              ledger: \(home)/ledger
              listen: 127.0.0.1:\(ports[number])
              partners:
                - {nation: \(other), address: "127.0.0.1:\(ports[1 - number])"}
            """
    }
}
