public import Air
public import Releasability

extension SensorHealth: Releasable {
    /// Sensors are known by their own numbers, which count nothing.
    public typealias Number = Void

    public static var goodsKind: GoodsKind { .sensorStatus }

    /// Where it stands, and when it was last heard.
    public var spot: Spot {
        Spot(position: self.site, measuredAt: self.lastReportAt ?? Timestamp(nanoseconds: 0))
    }

    /// The status as an audience may see it: without place where a place is to be coarser, times on a grid, and without
    /// the sensor's errors if anything is taken.
    ///
    /// A status of which the sensor is withheld says nothing, and does not go.
    public func redacted(_ redactions: Redactions, numbered number: Void) -> SensorHealth? {
        var health = self
        health.label = nil
        guard !redactions.isEmpty else { return health }
        guard !redactions.parts.contains(.sensors) else { return nil }
        health.registration = nil
        if redactions.positionGrid > 0 || redactions.parts.contains(.height) {
            health.site = nil
            health.rangeMax = nil
        }
        if redactions.timeGrid > 0, let at = self.lastReportAt {
            let step = Int64(redactions.timeGrid) * 1_000_000, rest = at.nanoseconds % step
            health.lastReportAt = Timestamp(nanoseconds: at.nanoseconds - (rest < 0 ? rest + step : rest))
        }
        return health
    }
}

extension ReleaseDesk {
    /// The sensors whose status an audience may see.
    public func released(
        _ sensors: [SensorHealth], to audience: Audience, at now: Timestamp
    ) -> [Released<SensorHealth>] {
        sensors.compactMap {
            self.policy.release(Labelled($0, label: $0.label), realm: self.realm, to: audience, at: now, numbered: ())
        }
    }
}
