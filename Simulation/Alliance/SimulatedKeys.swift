import Air
import Federation
import Ledger

/// All that a nation signs with.
struct SimulatedKeys: Sendable {
    let seed: UInt64
    let nation: Nation
    let node: String
    let entrySigner: EntrySigner
    let cosigner: NoteSigner

    /// - Returns: nil when the library makes no key, which never happens.
    init?(seed: UInt64, nation: Nation) {
        self.seed = seed
        self.nation = nation
        self.node = "\(nation)-1"
        guard
            let entrySigner = EntrySigner(
                nation: nation, realm: World.realm, node: self.node,
                secret: World.secret(seed: seed, "\(nation) node")),
            let cosigner = NoteSigner(
                name: Lane.domain(nation, World.realm), algorithm: .cosignature,
                secret: World.secret(seed: seed, "\(nation) cosigner"))
        else { return nil }
        self.entrySigner = entrySigner
        self.cosigner = cosigner
    }

    /// The signer of the heads of a lane.
    func headSigner(_ lane: Lane) -> NoteSigner? {
        NoteSigner(
            name: lane.origin, algorithm: .ed25519, secret: self.logSecret)
    }

    private var logSecret: [UInt8] { World.secret(seed: self.seed, "\(self.nation) heads") }

    var identity: FederationIdentity? {
        FederationIdentity(
            signer: self.entrySigner, logSecret: self.logSecret, cosigner: self.cosigner,
            saltSecret: World.secret(seed: self.seed, "\(self.nation) salts"))
    }

    /// What a partner believes of this nation.
    func partnerKeys(for audience: Nation) -> PartnerKeys? {
        guard let lane = Lane(nation: self.nation, realm: World.realm, audience: audience.description),
            let log = self.headSigner(lane)?.key
        else { return nil }
        return PartnerKeys(nation: self.nation, nodes: [self.entrySigner.key], log: log, cosigner: self.cosigner.key)
    }
}
