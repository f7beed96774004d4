internal import Air
internal import Federation
internal import FederationWire
internal import Foundation
internal import Identity
internal import Ledger
internal import Logging
internal import Releasability
internal import Storage
internal import Synchronization

/// A node among its partners, as it runs: identity, ledger, links and the core that knows what goes over them.
///
///     FederationServer, FederationDialer → LatticeKeeper (the core, the fused picture) → LatticeStore
final class Lattice: Sendable {
    let settings: Configuration.Lattice
    /// Who contributed what to the tracks of the picture of all nations.
    let origins = OriginBook()
    let inbox = LatticeInbox()
    /// What each partner is shown.
    let shown: [ShownBook]
    /// Which start of the node this is.
    let start: UInt64
    private let folder: Mutex<NationFolder>
    let store: LatticeStore
    let links = FederationLinks()
    let keeper: LatticeKeeper
    private let clock: NodeClock
    private let log: Logger
    let nation: Nation
    /// Which life of the node's tracks this is.
    var epoch: UInt32 { UInt32(truncatingIfNeeded: self.start) }
    /// Where the numbers of the own tracker begin: beyond those of the picture, and others in each of a thousand starts, as the
    /// ledger names tracks by them.
    var firstOwnID: TrackID { TrackID(1 << 31 | UInt32(truncatingIfNeeded: self.start % 1024) << 21 | 1) }
    private let wrong = Mutex<String?>(nil)
    private let unreadable = Mutex<String?>(nil)
    private let serving = Mutex<Task<Void, Never>?>(nil)
    private let peers = Mutex<[LinkID: Peer]>([:])
    private let parts = Mutex<(server: FederationServer?, dialers: [FederationDialer])>((nil, []))
    private var server: FederationServer? { self.parts.withLock { $0.server } }
    private var dialers: [FederationDialer] { self.parts.withLock { $0.dialers } }

    /// Opens keys and ledger; nothing runs yet.
    ///
    /// - Throws: `IdentityError`, `LedgerError`, `StorageError`, or `LatticeError` where they do not fit the configuration.
    init(
        _ settings: Configuration.Lattice, policy: Policy, labels: LabelBook, system: Picture, clock: NodeClock,
        chronicle: Chronicle?, firstID: TrackID, log: Logger
    ) throws {
        let folder = try NationFolder(opening: settings.identity)
        guard folder.nation == policy.nation, folder.realm == policy.realm else {
            throw LatticeError(
                "\(settings.identity) is of \(folder.nation), \(folder.realm), and the node of \(policy.nation), "
                    + "\(policy.realm); name the folder of its own nation and realm")
        }
        for partner in settings.partners where folder.partners[partner.nation] == nil {
            throw LatticeError(
                "\(partner.nation) was never introduced; kumiko partner add FILE --folder \(settings.identity), "
                    + "with what it gave you")
        }
        guard
            let identity = FederationIdentity(
                signer: folder.entrySigner, logSecret: folder.logSecret, cosigner: folder.cosigner,
                saltSecret: folder.salt)
        else { throw LatticeError("\(settings.identity): the keys are not of one nation and realm") }
        let store = LatticeStore(
            try LedgerStore(in: try DataDirectory(settings.ledger)), identity: identity)
        self.start = try store.beginStart()
        self.shown = try settings.partners.compactMap { partner in
            try identity.lane(to: partner.nation).map { lane in
                try ShownBook(
                    partner.nation, lane: lane, store: store, policy: policy,
                    folder: "\(settings.ledger)/shown-\(partner.nation)")
            }
        }
        let delay =
            settings.partners.flatMap { partner in
                CompiledRelease(policy, to: .nation(partner.nation), kind: .tracks, realm: policy.realm).delays
            }.max() ?? 0
        let own = OwnTracks(
            labels: labels, policy: policy, partners: settings.partners.map(\.nation), offersTracklets: true,
            delay: Double(delay))
        let core = FederationNode(
            identity, policy: policy, partners: Self.keys(folder, settings), source: own, start: self.start,
            recovering: try store.recover())
        self.settings = settings
        self.nation = folder.nation
        self.folder = Mutex(folder)
        self.store = store
        self.clock = clock
        self.log = log
        self.keeper = LatticeKeeper(
            core: core, inbox: self.inbox, store: store, links: self.links, system: system,
            origins: self.origins, shown: self.shown, partners: settings.partners.map(\.nation), firstID: firstID,
            labels: labels,
            clock: clock, chronicle: chronicle, log: log)
    }

    private static func keys(_ folder: NationFolder, _ settings: Configuration.Lattice) -> [PartnerKeys] {
        folder.partners.partners.compactMap { partner in
            guard !partner.isRevoked, let log = partner.introduction.logKey(audience: folder.nation.description) else {
                return nil
            }
            return PartnerKeys(
                nation: partner.nation, nodes: partner.nodeKeys, log: log, cosigner: partner.introduction.cosigner,
                isLinked: settings.partners.contains { $0.nation == partner.nation })
        }
    }

    /// Makes the server and the dialers; nothing listens yet.
    private func connect() {
        let identity: @Sendable () -> WireIdentity = { [self] in
            self.folder.withLock { WireIdentity(tls: $0.tls, judge: $0.judge) }
        }
        // Certificates end by the real time, also in an exercise that is played.
        let clock = NodeClock.real()
        let now: @Sendable () -> Timestamp = { clock.now }
        let server = self.settings.listen.map { address in
            FederationServer(
                address: WireAddress(host: address.host, port: address.port), links: self.links, delegate: self,
                identity: identity, clock: now)
        }
        let dialers = self.settings.partners.compactMap { partner in
            partner.address.map { address in
                FederationDialer(
                    partner: partner.nation, addresses: [WireAddress(host: address.host, port: address.port)],
                    links: self.links, delegate: self, identity: identity, clock: now)
            }
        }
        self.parts.withLock { $0 = (server, dialers) }
    }

    // MARK: Running

    /// Listens, so that an address in use is told at once.
    ///
    /// - Throws: `LatticeError`.
    func open() async throws {
        self.connect()
        await self.keeper.recover()
        guard let server = self.server, let listen = self.settings.listen else { return }
        let serving = Task { await self.serve(server) }
        self.serving.withLock { $0 = serving }
        guard await server.address != nil else {
            throw LatticeError(
                "federation.listen: nothing can listen on \(listen), another program may; choose another address or port"
            )
        }
    }

    /// Dials and keeps, until cancelled; call `open` before.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keeper.run() }
            group.addTask { await self.watchIdentity() }
            if let serving = self.serving.withLock({ $0 }) {
                group.addTask {
                    await withTaskCancellationHandler {
                        await serving.value
                    } onCancel: {
                        serving.cancel()
                    }
                }
            }
            for dialer in self.dialers { group.addTask { await dialer.run() } }
            let clock = self.clock
            for book in self.shown { group.addTask { await book.history.run { clock.now } } }
            await group.waitForAll()
        }
    }

    private func serve(_ server: FederationServer) async {
        do { try await server.run() } catch {
            let text = "partners cannot reach this node: \(self.settings.listen.map { "\($0)" } ?? ""): \(error)"
            self.wrong.withLock { $0 = text }
            self.log.error("federation", metadata: ["trouble": "\(text)"])
        }
    }

    /// Takes note of partners that were added or revoked, and of a new certificate, while the node runs.
    private func watchIdentity() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(2))
            do throws(IdentityError) {
                let folder = try NationFolder(opening: self.settings.identity)
                let keys = Self.keys(folder, self.settings)
                let isNews = self.folder.withLock { old in
                    defer { old = folder }
                    return Self.keys(old, self.settings) != keys || old.tls.serial != folder.tls.serial
                        || old.partners.denials != folder.partners.denials
                }
                // Also a partner's newer revocation list, which changes no key.
                self.server?.review()
                for dialer in self.dialers { dialer.review() }
                self.unreadable.withLock { $0 = nil }
                guard isNews else { continue }
                self.inbox.put(.partners(keys))
                self.log.notice("the folder of identity was read again")
            } catch {
                // What was known stays in force; a folder that is open to others is told.
                let isNew = self.unreadable.withLock { old in
                    defer { old = "\(error)" }
                    return old != "\(error)"
                }
                if isNew { self.log.error("the folder of identity is not read again: \(error)") }
            }
        }
    }

    /// What a person must mend; nil while all is well.
    var trouble: String? {
        if let wrong = self.wrong.withLock({ $0 }) { return wrong }
        if let unreadable = self.unreadable.withLock({ $0 }) { return "The folder of identity: \(unreadable)." }
        return self.store.trouble.map { "The ledger is not written any more: \($0)." }
    }
}

extension Lattice: FederationDelegate {
    func accepted(_ link: LinkID, peer: Peer) async {
        self.peers.withLock { $0[link] = peer }
        self.log.notice("a partner's node is linked and is told", metadata: ["peer": "\(peer.name)"])
        await self.keeper.handle(.accepted(link, peer.nation, node: peer.node))
    }

    func dialled(_ link: LinkID, peer: Peer) async {
        self.peers.withLock { $0[link] = peer }
        self.log.info("a partner's node is reached", metadata: ["peer": "\(peer.name)"])
        await self.keeper.handle(.dialled(link, peer.nation))
    }

    func request(_ link: LinkID, _ request: Request) async { await self.keeper.handle(.request(link, request)) }

    func delivery(_ link: LinkID, _ delivery: Delivery) async { await self.keeper.handle(.delivery(link, delivery)) }

    func sent(_ link: LinkID) async { await self.keeper.handle(.sent(link)) }

    func closed(_ link: LinkID, _ ending: LinkEnding) async {
        let peer = self.peers.withLock { $0.removeValue(forKey: link) }
        self.log.notice(
            "a link has ended",
            metadata: ["peer": "\(peer.map { "\($0.name)" } ?? "unknown")", "why": "\(ending.words)"])
        await self.keeper.handle(.closed(link))
    }

    func unreachable(_ nation: Nation, address: WireAddress, reason: String) async {
        self.log.info("a partner's node is not reached", metadata: ["nation": "\(nation)", "why": "\(reason)"])
    }
}

extension LinkEnding {
    /// For people.
    fileprivate var words: String {
        switch self {
        case .closed(let refusal): "this node ended it: \(refusal.name)"
        case .left(let refusal?): "the partner ended it: \(refusal.name)"
        case .left(nil): "the partner ended it"
        // A library's text names its own source files: the first words tell enough.
        case .broken(let reason):
            reason.contains("CERTIFICATE") || reason.contains("certificate")
                ? "the partner does not accept this node's certificate; ask there why" : "the connection broke"
        }
    }
}

/// Keys, ledger and configuration do not fit; the text says what to do.
struct LatticeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
