public import Air
internal import Federation
internal import FederationWire
internal import Foundation
public import Identity
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
    let origins: OriginBook
    let inbox = LatticeInbox()
    /// Which start of the node this is.
    let start: UInt64
    private let folder: Mutex<NationFolder>
    private let store: LatticeStore
    private let links = FederationLinks()
    private let keeper: LatticeKeeper
    private let clock: NodeClock
    private let log: Logger
    private let nation: Nation

    /// Opens keys and ledger; nothing runs yet.
    ///
    /// - Throws: `IdentityError`, `LedgerError`, `StorageError`, or `LatticeError` where they do not fit the configuration.
    init(
        _ settings: Configuration.Lattice, policy: Policy, labels: LabelBook, system: Picture, origins: OriginBook,
        clock: NodeClock, chronicle: Chronicle?, log: Logger
    ) throws {
        let folder = try NationFolder(opening: settings.identity)
        guard folder.nation == policy.nation, folder.realm == policy.realm else {
            throw LatticeError(
                "\(settings.identity) is of \(folder.nation), \(folder.realm), and the node of \(policy.nation), "
                    + "\(policy.realm); name the folder of its own nation and realm")
        }
        for partner in settings.partners where folder.partners[partner.nation] == nil {
            throw LatticeError(
                "\(partner.nation) was never introduced; kumiko partner add \(settings.identity) FILE, with what it gave you")
        }
        guard
            let identity = FederationIdentity(
                signer: folder.entrySigner, logSecret: folder.logSecret, cosigner: folder.cosigner,
                saltSecret: folder.salt)
        else { throw LatticeError("\(settings.identity): the keys are not of one nation and realm") }
        let store = LatticeStore(
            try LedgerStore(in: try DataDirectory(settings.ledger)), identity: identity)
        self.start = try store.beginStart()
        let delay = settings.partners.flatMap { partner in
            CompiledRelease(policy, to: .nation(partner.nation), kind: .tracks, realm: policy.realm).delays
        }.max() ?? 0
        let own = OwnTracks(
            labels: labels, partners: settings.partners.map(\.nation), offersTracklets: true, delay: Double(delay))
        let core = FederationNode(
            identity, policy: policy, partners: Self.keys(folder, settings), source: own, start: self.start,
            recovering: try store.recover())
        self.settings = settings
        self.origins = origins
        self.nation = folder.nation
        self.folder = Mutex(folder)
        self.store = store
        self.clock = clock
        self.log = log
        self.keeper = LatticeKeeper(
            core: core, inbox: self.inbox, store: store, links: self.links, system: system, origins: origins,
            labels: labels, clock: clock, chronicle: chronicle, log: log)
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
}

/// Keys, ledger and configuration do not fit; the text says what to do.
struct LatticeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
