public import Air
internal import Ledger
public import Releasability

/// A node among its partners: what it tells them, and what it believes of what they tell.
///
/// A value: no clock, disk, task or chance. Whoever holds it hands it what happens, and does what it says, in its order.
public struct FederationNode<Source: TrackSource> {
    public let identity: FederationIdentity
    public let limits: FederationLimits
    /// Where the node's own tracks are asked for.
    public var source: Source
    /// Which start of the node this is.
    public let start: UInt64

    /// A node that starts.
    ///
    /// - Parameters:
    ///   - policy: what may go to whom.
    ///   - partners: who they are.
    ///   - start: a number that no earlier start of this node had, and larger than those; make it durable before.
    ///   - state: what is durable; nothing at the first start. Call `recover` next.
    public init(
        _ identity: FederationIdentity, limits: FederationLimits = FederationLimits(), policy: Policy,
        partners: [PartnerKeys], source: Source, start: UInt64, recovering state: FederationState = FederationState()
    ) {
        self.identity = identity
        self.limits = limits
        self.source = source
        self.start = start
    }

    /// Begins: what a crash left undone is taken up. Call it once, before the first `handle`.
    public mutating func recover(at now: Timestamp, into outputs: inout [FederationOutput]) {}

    /// Takes what happened, and appends what is to be done.
    public mutating func handle(
        _ input: FederationInput, at now: Timestamp, into outputs: inout [FederationOutput]
    ) {}

    /// When `tick` is wanted, if nothing happens before.
    public func nextWake(after now: Timestamp) -> Timestamp? { nil }

    /// What was counted of a partner; nil where it is none.
    public func figures(of partner: Nation) -> PartnerFigures? { nil }
}

extension FederationNode: Sendable where Source: Sendable {}
