public import Air
public import Disclosure
public import Ledger

/// Who a node is, and with what it signs.
public struct FederationIdentity: Sendable {
    public let nation: Nation
    public let realm: Realm
    /// The node's name.
    public let node: String
    let signer: EntrySigner
    let cosigner: NoteSigner
    let salts: SaltSecret
    let logSecret: [UInt8]
    let saltSecret: [UInt8]

    /// An identity; nil when a part is of another nation or realm, or a secret has not 32 octets.
    ///
    /// - Parameters:
    ///   - signer: the node's key for entries and batches of tracks.
    ///   - logSecret: of the nation's log key, which signs each lane under the name of its origin.
    ///   - cosigner: the nation's key for receipts, `kumiko/jp/live`.
    ///   - saltSecret: 32 octets out of which salts and the order of tables come.
    public init?(signer: EntrySigner, logSecret: [UInt8], cosigner: NoteSigner, saltSecret: [UInt8]) {
        guard logSecret.count == 32, let salts = SaltSecret(saltSecret), cosigner.key.algorithm == .cosignature,
            cosigner.key.name == Lane.domain(signer.key.nation, signer.key.realm)
        else { return nil }
        self.nation = signer.key.nation
        self.realm = signer.key.realm
        self.node = signer.key.node
        self.signer = signer
        self.cosigner = cosigner
        self.salts = salts
        self.logSecret = logSecret
        self.saltSecret = saltSecret
    }

    /// The lane that this nation writes for a partner.
    public func lane(to partner: Nation) -> Lane? {
        Lane(nation: self.nation, realm: self.realm, audience: partner.description)
    }

    /// The lane that a partner writes for this nation.
    public func lane(from partner: Nation) -> Lane? {
        Lane(nation: partner, realm: self.realm, audience: self.nation.description)
    }

    /// Signs the heads of a lane of this nation; nil for a name that is no key.
    public func logSigner(_ lane: Lane) -> NoteSigner? {
        NoteSigner(name: lane.origin, algorithm: .ed25519, secret: self.logSecret)
    }
}

/// Whom to believe what for a nation.
public struct PartnerKeys: Hashable, Sendable {
    public var nation: Nation
    /// Of its nodes: who signs entries and tracks. Only they may link.
    public var nodes: [NodeKey]
    /// The key of the log that it writes for this nation, `kumiko/au/live/jp`.
    public var log: NoteKey
    /// The key with which it gives receipts, `kumiko/au/live`.
    public var cosigner: NoteKey
    /// Whether it is linked to; else its keys only serve to verify what others pass on.
    public var isLinked: Bool

    public init(nation: Nation, nodes: [NodeKey], log: NoteKey, cosigner: NoteKey, isLinked: Bool = true) {
        self.nation = nation
        self.nodes = nodes
        self.log = log
        self.cosigner = cosigner
        self.isLinked = isLinked
    }
}

/// Bounds of what a node holds, sends and takes.
public struct FederationLimits: Hashable, Sendable {
    /// Entries in one batch.
    public var batchEntriesMax = 1024
    /// Octets of entries in one batch, beyond one entry.
    public var batchOctetsMax = 1 << 20
    /// Entries that may be on their way to a receiver without its receipt.
    public var entriesUnreceiptedMax: UInt64 = 8192
    /// Entries in a batch up to which each one's own signature is verified; beyond, the head's vouches for them.
    public var entriesVerifiedMax = 256
    /// The versions that this node speaks.
    public var versions = ProtocolVersion.oldest...ProtocolVersion.current
    /// Records that wait for the disk.
    public var recordsWaitingMax = 16_384
    /// Warnings that wait for a partner's acknowledgement; the oldest beyond go in their turn alone.
    public var urgentsMax = 1024
    /// Leaves in one batch of tracks.
    public var leavesMax = 1024
    /// Leaves that a sender may have on their way.
    public var leavesCredit: UInt64 = 16_384
    /// Batches of tracks on their way.
    public var batchesUnacknowledgedMax = 64
    /// Tracks kept of one partner.
    public var partnerTracksMax = 250_000
    /// Nanoseconds between two batches of tracks: sent at its multiples.
    public var trackInterval: Int64 = 20_000_000
    /// Nanoseconds between two probes.
    public var probeInterval: Int64 = 1_000_000_000
    /// Nanoseconds without a message after which a link is closed.
    public var silentAfter: Int64 = 3_500_000_000
    /// Nanoseconds that a warning waits for the disk before it goes out all the same.
    public var urgentPatience: Int64 = 100_000_000
    /// Nanoseconds until a warning is repeated the first time, doubled each time up to the second one.
    public var urgentRetry: Int64 = 500_000_000
    public var urgentRetryMax: Int64 = 8_000_000_000
    /// How disclosure is summed up; a constant of the protocol.
    public var disclosure = DisclosureBook.Settings()

    public init() {}
}
