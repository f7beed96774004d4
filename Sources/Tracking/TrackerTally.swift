/// What a tracker has counted since it began.
public struct TrackerTally: Hashable, Sendable {
    /// Plots handed in.
    public var plots = 0
    /// Plots that updated a track.
    public var associated = 0
    /// Of these, by address (or system track number) alone.
    public var byIdentity = 0
    /// Of these, in a joint assignment of several plots and tracks.
    public var byAssignment = 0
    /// Echoes that were given to several tracks too near to each other to be resolved.
    public var unresolved = 0
    /// Of these, older than the state of their track.
    public var outOfOrder = 0
    /// Plots of a quarantined sensor that fitted a track and did not update it.
    public var setAside = 0
    /// Plots of a quarantined sensor that fitted no track and began none.
    public var quarantined = 0
    /// Plots dropped because they were older than a track near them, or off their sensor's other times, by more than the
    /// lag limit.
    public var late = 0
    /// Plots dropped because nothing is known of their sensor.
    public var unknownSensor = 0
    /// Plots dropped because their numbers were none or beyond reason.
    public var absurd = 0
    /// Plots held against a track and found outside its gate.
    public var gated = 0
    /// Plots with the address of a track that is somewhere else.
    public var addressConflicts = 0
    /// Looks of a sensor at a track in vain.
    public var misses = 0
    /// Plots that would have begun a track, had there not been as many as may be.
    public var full = 0
    /// Tracks begun.
    public var initiated = 0
    /// Tracks confirmed.
    public var confirmed = 0
    /// Tentative tracks given up.
    public var rejected = 0
    /// Confirmed tracks dropped.
    public var dropped = 0
    /// Confirmed tracks dropped because another one is the same aircraft.
    public var duplicates = 0

    public init() {}

    mutating func add(_ other: TrackerTally) {
        self.plots += other.plots
        self.associated += other.associated
        self.byIdentity += other.byIdentity
        self.byAssignment += other.byAssignment
        self.unresolved += other.unresolved
        self.outOfOrder += other.outOfOrder
        self.setAside += other.setAside
        self.quarantined += other.quarantined
        self.late += other.late
        self.unknownSensor += other.unknownSensor
        self.absurd += other.absurd
        self.gated += other.gated
        self.addressConflicts += other.addressConflicts
        self.misses += other.misses
        self.full += other.full
        self.initiated += other.initiated
        self.confirmed += other.confirmed
        self.rejected += other.rejected
        self.dropped += other.dropped
        self.duplicates += other.duplicates
    }
}
