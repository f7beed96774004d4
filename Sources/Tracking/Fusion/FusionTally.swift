/// What a fused picture has counted.
public struct FusionTally: Hashable, Sendable {
    /// Tracklets taken in.
    public var taken = 0
    /// Of these, those that came out of order.
    public var outOfOrder = 0
    /// Whole tracks taken in.
    public var wholeTracks = 0
    /// Refused: numbers that no track has.
    public var unsound = 0
    /// Left out: of a time too far from now.
    public var untimely = 0
    /// Left out: numbered as one that was taken before.
    public var repeated = 0
    /// Numbers that never came.
    public var lost = 0
    /// Not taken in, as they lay beyond the gate.
    public var misfits = 0
    /// Contributors that joined a track by identity, and by kinematics; and that were split from one.
    public var joinedByIdentity = 0
    public var joinedByKinematics = 0
    public var split = 0

    public init() {}
}
