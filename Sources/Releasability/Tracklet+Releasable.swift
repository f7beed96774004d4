public import Air

extension Tracklet: Releasable {
    public static var goodsKind: GoodsKind { .tracklets }

    public var spot: Spot { Spot(position: self.position, measuredAt: self.measuredAt) }

    /// The tracklet under the audience's number. Information that is coarsened or lacks a part would be counted as more than
    /// it is: under any redaction nothing goes, and the sender tells states instead.
    public func redacted(_ redactions: Redactions, numbered number: TrackID) -> Tracklet? {
        guard redactions.isEmpty else { return nil }
        var tracklet = self
        tracklet.track = number
        return tracklet
    }
}
