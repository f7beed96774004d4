import Air
import Federation
import Geodesy
import Releasability

/// A state of a track as it was made in a run: what the oracle holds what leaves against.
struct TrueState: Sendable {
    let nation: Int
    let track: TrackID
    let label: SmallLabel
    let spot: SmallSpot
    /// By the originator's clock; no two of a run are equal.
    let measuredAt: Int64
}

/// The tracks of one node's own sensors, as its tracker knows them. A crash empties it.
struct Sky: TrackSource, Sendable {
    private var states: [(track: TrackID, state: Labelled<Track>, truth: Int)] = []

    var tracks: [TrackID] { self.states.map(\.track) }
    var offersTracklets: Bool { false }

    /// The states that are newest, by their places in the list of true ones.
    var truths: [Int] { self.states.map(\.truth) }

    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>? {
        self.states.first { $0.track == track }?.state
    }

    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>? { nil }
    mutating func acknowledged(_ track: TrackID, by partner: Nation) {}
    mutating func lost(_ track: TrackID, for partner: Nation) {}
    mutating func forget(_ track: TrackID, for partner: Nation) {}
    mutating func forget(for partner: Nation) {}

    /// The callsign by which a state is known: its place in the list of true ones.
    static func callsign(_ truth: Int) -> Callsign? { Callsign("S\(1_000_000 + truth)") }

    static func truth(of callsign: Callsign) -> Int? {
        let text = callsign.description
        guard text.hasPrefix("S"), let number = Int(text.dropFirst()), number >= 1_000_000 else { return nil }
        return number - 1_000_000
    }

    /// Takes a state.
    ///
    /// - Returns: what is to be told of it.
    mutating func take(
        _ planned: PlannedState, truth: Int, label: Label, measuredAt: Timestamp
    ) -> TrackChangeNotice? {
        let id = TrackID(planned.track)
        let place = self.states.firstIndex { $0.track == id }
        if planned.isEnded {
            guard let place else { return nil }
            self.states.remove(at: place)
            return TrackChangeNotice(id, .dropped)
        }
        var track = Track(
            id: id, status: .confirmed, measuredAt: measuredAt, receivedAt: measuredAt,
            position: World.geodetic(planned.spot, height: 9_000))
        track.velocity = EastNorthUp(east: planned.east, north: planned.north, up: 0)
        for i in 0..<2 {
            track.covariance[i, i] = 10_000
            track.covariance[i + 2, i + 2] = 25
        }
        track.heightVariance = 900
        track.climbVariance = 4
        track.callsign = Self.callsign(truth).map { Track.Aged($0, at: measuredAt) }
        let state = Labelled(track, label: label)
        if let place {
            self.states[place] = (id, state, truth)
            return TrackChangeNotice(id, .moved)
        }
        let behind = self.states.firstIndex { $0.track > id } ?? self.states.count
        self.states.insert((id, state, truth), at: behind)
        return TrackChangeNotice(id, .new)
    }
}
