internal import Air

/// The offset of a partner's clock and the round trip to it: of the last eight echoes, the one with the shortest round trip.
///
///     offset = ((T2 − T1) + (T3 − T4)) / 2,  round trip = (T4 − T1) − (T3 − T2)
///
/// Source: RFC 5905 §8 (on-wire protocol) and §10 (clock filter).
struct ClockFilter: Sendable {
    private var samples: [(offset: Double, roundTrip: Double)] = []

    mutating func add(_ echo: Echo, at now: Timestamp) {
        let there = echo.receivedAt.seconds(since: echo.probe.sentAt)
        let back = echo.sentAt.seconds(since: now)
        let roundTrip = now.seconds(since: echo.probe.sentAt) - echo.sentAt.seconds(since: echo.receivedAt)
        guard roundTrip >= 0 else { return }
        if self.samples.count == 8 { self.samples.removeFirst() }
        self.samples.append(((there + back) / 2, roundTrip))
    }

    var best: (offset: Double, roundTrip: Double)? { self.samples.min { $0.roundTrip < $1.roundTrip } }
}
