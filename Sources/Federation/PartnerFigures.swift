public import Air

/// How a partner's link stands.
public enum LinkState: UInt8, Hashable, Sendable {
    case down
    /// The link is there, and both have not yet agreed.
    case opening
    case open
}

/// What was counted of a partner since the node started.
public struct PartnerFigures: Hashable, Sendable {
    /// The link on which this node delivers, and the one on which it receives.
    public var outgoing = LinkState.down
    public var incoming = LinkState.down
    public var outgoingVersion: ProtocolVersion?
    public var incomingVersion: ProtocolVersion?

    // What is told.
    /// Entries of the own lane, and how many of them the partner gave its receipt for.
    public var laneEntries: UInt64 = 0
    public var laneReceipted: UInt64 = 0
    public var entriesSent: UInt64 = 0
    /// Entries that were sent without their body, because it may not be shown any more.
    public var entriesWithheld: UInt64 = 0
    public var urgentsSent: UInt64 = 0
    public var urgentsWaiting = 0
    /// Warnings that went out before the disk had them.
    public var urgentsEarly: UInt64 = 0
    public var batchesSent: UInt64 = 0
    public var leavesSent: UInt64 = 0
    public var leafOctetsSent: UInt64 = 0
    /// Changes that were replaced by newer ones before they were sent.
    public var conflated: UInt64 = 0
    /// News that was lost with a link, and told again.
    public var newsLost: UInt64 = 0
    /// Tracks that the partner is shown, and those of them that have news waiting.
    public var tracksShown = 0
    public var tracksWaiting = 0
    /// Entries of others that were passed on.
    public var relayed: UInt64 = 0

    // What is heard.
    public var heldEntries: UInt64 = 0
    public var entriesReceived: UInt64 = 0
    public var urgentsReceived: UInt64 = 0
    public var batchesReceived: UInt64 = 0
    public var leavesReceived: UInt64 = 0
    /// What came twice, and had no effect.
    public var duplicates: UInt64 = 0
    /// Showings that the partner counted and that did not come: lost on links that were cut.
    public var showingsMissed: UInt64 = 0
    /// Partner's clock less one's own, and the round trip, seconds; nil before the first echo.
    public var clockOffset: Double?
    public var roundTrip: Double?
    /// When something was last heard, on either link.
    public var heardAt: Timestamp?

    /// Links that this node ended, by the reason's name.
    public var refusals: [String: UInt64] = [:]

    public init() {}
}
