import Air
import Tracking

/// What the benchmark needs of a tracker: of one, or of sectors.
protocol TrackerUnderTest {
    mutating func process(
        _ reports: borrowing Span<SensorReport>, now: Timestamp, into changes: inout [TrackChange])
    func forEachTrack(predictedTo instant: Timestamp, _ body: (Track) -> Void)
    var tally: TrackerTally { get }
    var counts: (confirmed: Int, tentative: Int) { get }
}

extension Tracker: TrackerUnderTest {}
extension SectoredTracker: TrackerUnderTest {}
