package import Air
package import Exercises
import Plausibility
package import Tracking

/// What the tracker, guarded as in a node, makes of a recording as it is.
package struct Followed: Sendable {
    /// Plots by kind, and by sensor.
    package var kinds: [Plot.Kind: Int] = [:]
    package var sensors: [SensorID: Int] = [:]
    package var tally = TrackerTally()
    package var summary: Continuity.Summary

    package var plots: Int { self.kinds.values.reduce(0, +) }

    /// - Parameter watch: gets each chunk of reports with the changes that it led to.
    package init(
        _ recording: Recording, _ reports: [SensorReport], watch: ([SensorReport], [TrackChange]) -> Void = { _, _ in }
    ) {
        var plausibility = PlausibilityGuard(sensors: recording.sensors)
        var continuity = Continuity(turn: recording.turn)
        var (kinds, sensors) = ([Plot.Kind: Int](), [SensorID: Int]())
        let tracker = play(
            reports, into: Tracker(sensors: recording.sensors, parameters: recording.parameters),
            mark: { plausibility.judge(&$0) }
        ) { chunk, changes, _ in
            for case .plot(let plot) in chunk {
                kinds[plot.kind, default: 0] += 1
                sensors[plot.sensor, default: 0] += 1
                continuity.add(plot)
            }
            for change in changes { continuity.add(change) }
            watch(chunk, changes)
        }
        self.kinds = kinds
        self.sensors = sensors
        self.tally = tracker.tally
        self.summary = continuity.summary
    }
}

/// Plays reports into a tracker.
///
/// - Parameters:
///   - together: what was received within so many seconds goes in at once; nought: one datagram at a time, as in a node.
///   - mark: may mark each chunk with doubts.
///   - step: sees each chunk, what it changed, and the tracker after it.
/// - Returns: the tracker after the last.
func play(
    _ reports: [SensorReport], into tracker: consuming Tracker, together: Double = 0,
    mark: (inout [SensorReport]) -> Void = { _ in },
    step: ([SensorReport], [TrackChange], borrowing Tracker) -> Void
) -> Tracker {
    var tracker = tracker
    var changes: [TrackChange] = []
    var chunk: [SensorReport] = []
    var start = 0
    while start < reports.count {
        let begin = reports[start].receivedAt
        var end = start + 1
        while end < reports.count, reports[end].receivedAt.seconds(since: begin) <= together { end += 1 }
        // Time passes where nothing is received, too; after two minutes there is nothing left to end.
        if start > 0 {
            var clock = reports[start - 1].receivedAt
            for _ in 0..<120 where begin.seconds(since: clock) > 1 {
                clock = clock.advanced(by: 1)
                tracker.advance(to: clock, into: &changes)
            }
        }
        chunk.replaceSubrange(chunk.indices, with: reports[start..<end])
        mark(&chunk)
        tracker.process(chunk.span, now: reports[end - 1].receivedAt, into: &changes)
        step(chunk, changes, tracker)
        changes.removeAll(keepingCapacity: true)
        start = end
    }
    return tracker
}
