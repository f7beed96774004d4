public import Air
internal import Synchronization

/// Who contributed what to a track of the picture of all nations.
public struct TrackOrigins: Sendable {
    public var contributions: [SystemTrack.Contribution]
    public var disagreements: SystemTrack.Disagreements
    /// The track that bears the same address elsewhere.
    public var rival: TrackID?

    init(_ track: SystemTrack) {
        self.contributions = track.contributions
        self.disagreements = track.disagreements
        self.rival = track.rival
    }

    /// The number under which the nation itself knows the track; nil if nothing of it is in.
    public func track(of nation: Nation) -> TrackID? { self.contributions.first { $0.nation == nation }?.track }
}

/// The origins of all tracks, beside the picture.
public final class OriginBook: Sendable {
    private let origins = Mutex<[TrackID: TrackOrigins]>([:])

    func enter(_ body: (inout sending [TrackID: TrackOrigins]) -> Void) { self.origins.withLock { body(&$0) } }

    /// Of one track; nil when it is unknown.
    public func origins(of track: TrackID) -> TrackOrigins? { self.origins.withLock { $0[track] } }

    /// Of all tracks.
    public var all: [TrackID: TrackOrigins] { self.origins.withLock { $0 } }
}
