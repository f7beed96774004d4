package import Air
package import Federation
package import FederationWire
import Foundation
package import Identity
import Ledger
package import Synchronization

/// A folder of its own for nations that live as long as it does.
package final class Founding: Sendable {
    package let path: String
    /// 2026-11-21T13:00:00Z: the time of everything here.
    package static let now = Timestamp(seconds: 1_795_266_000)

    package init() throws {
        self.path =
            FileManager.default.temporaryDirectory.appending(
                path: "kumiko-wire-\(ProcessInfo.processInfo.processIdentifier)-\(UInt64.random(in: 0...UInt64.max))"
            ).path
        try FileManager.default.createDirectory(
            atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    /// A nation with its authority and one node; `folder` tells apart two of one code.
    package func nation(
        _ code: String, _ realm: Realm = .test, folder: String? = nil, hosts: [String] = ["localhost", "127.0.0.1"],
        at time: Timestamp = Founding.now
    ) throws -> NationFolder {
        guard let nation = Nation(code) else { throw IdentityError.argument(code) }
        return try NationFolder.create(
            at: "\(self.path)/\(folder ?? code)", nation: nation, realm: realm, node: "\(code)-1", hosts: hosts,
            at: time)
    }
}

extension NationFolder {
    /// Takes the other for a partner.
    package mutating func meet(_ other: NationFolder, at time: Timestamp = Founding.now) throws {
        _ = try self.partners.add(other.introduction.octets, at: time)
    }

    package var wire: WireIdentity { WireIdentity(tls: self.tls, judge: self.judge) }
}

/// What happened on links, in its order.
package enum LinkEvent: Sendable {
    case accepted(LinkID, Peer)
    case dialled(LinkID, Peer)
    case request(LinkID, Request)
    case delivery(LinkID, Delivery)
    case sent(LinkID)
    case closed(LinkID, LinkEnding)
    case unreachable(Nation, String)
}

/// Remembers what happens, and answers each `hello` with a welcome when it is told to.
package final class Recorder: FederationDelegate {
    private let events = Mutex<[LinkEvent]>([])
    private let answer: @Sendable (LinkEvent) -> Void

    /// - Parameter answer: what to do at each event, besides.
    package init(_ answer: @escaping @Sendable (LinkEvent) -> Void = { _ in }) { self.answer = answer }

    package var all: [LinkEvent] { self.events.withLock { $0 } }

    private func add(_ event: LinkEvent) {
        self.events.withLock { $0.append(event) }
        self.answer(event)
    }

    package func accepted(_ link: LinkID, peer: Peer) async { self.add(.accepted(link, peer)) }
    package func dialled(_ link: LinkID, peer: Peer) async { self.add(.dialled(link, peer)) }
    package func request(_ link: LinkID, _ request: Request) async { self.add(.request(link, request)) }
    package func delivery(_ link: LinkID, _ delivery: Delivery) async { self.add(.delivery(link, delivery)) }
    package func sent(_ link: LinkID) async { self.add(.sent(link)) }
    package func closed(_ link: LinkID, _ ending: LinkEnding) async { self.add(.closed(link, ending)) }
    package func unreachable(_ nation: Nation, address: WireAddress, reason: String) async {
        self.add(.unreachable(nation, reason))
    }

    /// What `find` makes of the first event of which it makes something; nil after the time.
    package func first<Found>(
        within seconds: Double = 15, _ find: (LinkEvent) -> Found?
    ) async -> Found? {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            for event in self.all { if let found = find(event) { return found } }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }

    package func acceptedLink() async -> LinkID? {
        await self.first { if case .accepted(let link, _) = $0 { link } else { nil } }
    }

    /// Whether so many links are accepted in time.
    package func accepted(_ count: Int) async -> Bool {
        for _ in 0..<5000 {
            if self.all.count(where: { if case .accepted = $0 { true } else { false } }) >= count { return true }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    package func dialledLink() async -> LinkID? {
        await self.first { if case .dialled(let link, _) = $0 { link } else { nil } }
    }

    package func ending() async -> LinkEnding? {
        await self.first { if case .closed(_, let ending) = $0 { ending } else { nil } }
    }
}

/// One nation's end of the wire.
package final class Site: Sendable {
    package let folder: Mutex<NationFolder>
    package let links: FederationLinks
    package let recorder: Recorder
    package let name: NodeName

    package init(_ folder: NationFolder, limits: WireLimits = WireLimits(), recorder: Recorder = Recorder()) {
        self.name = folder.name
        self.folder = Mutex(folder)
        self.links = FederationLinks(limits: limits)
        self.recorder = recorder
    }

    package func server(port: Int = 0) -> FederationServer {
        FederationServer(
            address: WireAddress(host: "127.0.0.1", port: port), links: self.links, delegate: self.recorder,
            identity: { self.folder.withLock { $0.wire } }, clock: { Founding.now })
    }

    package func dialer(to partner: Nation, at address: WireAddress) -> FederationDialer {
        FederationDialer(
            partner: partner, addresses: [address], links: self.links, delegate: self.recorder,
            identity: { self.folder.withLock { $0.wire } }, clock: { Founding.now })
    }

    package func hello(to partner: Nation) -> Hello {
        Hello(
            versions: .oldest ... .current, nation: self.name.nation, realm: self.name.realm, node: self.name.node,
            partner: partner, incarnation: 7, held: nil, lastBatch: nil)
    }

    package func welcome() -> Welcome {
        Welcome(
            version: .current, nation: self.name.nation, realm: self.name.realm, node: self.name.node, head: nil,
            epoch: 9, bookBegan: Founding.now)
    }

    /// A batch of tracks as this nation would send it, signed by nobody: the wire does not look.
    package func tracks(number: UInt64, leaves: Int, octets: Int = 220, for audience: String) -> TrackBatch? {
        guard let lane = Lane(nation: self.name.nation, realm: self.name.realm, audience: audience) else { return nil }
        let leaf = TrackBatch.Leaf.shown([UInt8](repeating: 0x5A, count: octets))
        return TrackBatch(
            lane: lane, node: self.name.node, number: BatchNumber(epoch: 9, number: number), sentAt: Founding.now,
            leaves: [TrackBatch.Leaf](repeating: leaf, count: leaves), keyID: 1,
            signature: [UInt8](repeating: 0x3C, count: 64))
    }
}

/// Runs a server and a dialer for as long as `body` does.
package func withWire<Result: Sendable>(
    _ server: FederationServer, _ dialer: ((WireAddress) -> FederationDialer)? = nil,
    _ body: (WireAddress) async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        guard let address = await server.address else { throw IdentityError.argument("the server does not listen") }
        if let dialer = dialer?(address) { group.addTask { await dialer.run() } }
        defer { group.cancelAll() }
        return try await body(address)
    }
}
