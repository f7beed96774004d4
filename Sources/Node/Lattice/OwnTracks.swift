internal import Air
internal import Federation
internal import Releasability

/// What the node's own sensors know, as federation asks for it: states, and for each partner what it has not been told.
///
/// Tracklets that wait for a partner add, so a partner that is away costs one for each track and not one for each plot.
struct OwnTracks: TrackSource, Sendable {
    /// A track's tracklets for one partner.
    fileprivate struct Gain: Sendable {
        /// Not yet asked for.
        var waiting: Tracklet?
        /// Asked for; what became of it is not known.
        var sent: Tracklet?
        /// The number of the last one that was asked for. Numbers are of the partner: those of the track would tell what was
        /// withheld.
        var number: UInt32 = 0
    }

    /// Decides about the tracklets for one partner.
    private struct Judge: Sendable {
        var compiled: CompiledRelease
        var numbers: [LabelSet: UInt32] = [:]

        mutating func mayGo(_ tracklet: Tracklet, _ labels: LabelSet, _ book: LabelBook, at now: Timestamp) -> Bool {
            let number: UInt32
            if let known = self.numbers[labels] {
                number = known
            } else {
                number = self.compiled.number(of: book.label(of: labels))
                self.numbers[labels] = number
            }
            let verdict = self.compiled.verdict(CompiledRelease.Item(label: number, tracklet.spot), at: now)
            return verdict.isReleased && verdict.redactions.isEmpty
        }
    }

    let offersTracklets: Bool
    private let labels: LabelBook
    private var live: [TrackID: (track: Track, knownAt: Timestamp)] = [:]
    private var memory: StateMemory?
    /// Tracks that have ended and whose former states are kept, and from when on nobody may ask for these.
    private var ended: [(until: Timestamp, track: TrackID)] = []
    /// Who is told. Its own, since whoever goes through the keys of `gains` holds them, and each change would copy all.
    private let partners: [Nation]
    /// Whether a tracklet may go: asked when it is gained, so that what may not be told now is not told later in a sum.
    private var judges: [Judge]
    private var gains: [Nation: [TrackID: Gain]]

    /// - Parameters:
    ///   - partners: who is told.
    ///   - delay: the longest that an agreement asks for, seconds.
    ///   - statesMax: how many former states are kept, some 500 bytes each.
    init(
        labels: LabelBook, policy: Policy, partners: [Nation], offersTracklets: Bool, delay: Double,
        statesMax: Int = 200_000
    ) {
        self.judges = partners.map {
            Judge(
                compiled: CompiledRelease(policy, to: .nation($0), kind: .tracklets, realm: policy.realm))
        }
        self.labels = labels
        self.partners = partners
        self.gains = Dictionary(uniqueKeysWithValues: partners.map { ($0, [:]) })
        self.offersTracklets = offersTracklets
        self.memory = delay > 0 ? StateMemory(span: delay, statesMax: statesMax) : nil
    }

    /// Takes a change of an own track.
    mutating func take(_ change: TrackChange, at now: Timestamp) -> TrackChangeNotice {
        self.letGo(at: now)
        switch change {
        case .updated(let track):
            let isNew = self.live.updateValue((track, now), forKey: track.id) == nil
            _ = self.memory?.enter(track, isWanted: true, at: now)
            return TrackChangeNotice(track.id, isNew ? .new : .moved)
        case .dropped(let id, _):
            self.live[id] = nil
            for partner in self.partners { self.gains[partner]?[id] = nil }
            if self.memory?.end(id, at: now) == true, let span = self.memory?.span {
                self.ended.append((now.advanced(by: span), id))
            }
            return TrackChangeNotice(id, .dropped)
        }
    }

    /// Lets go of the former states of tracks that ended so long ago that no delay reaches them: the pool is of bounded size.
    private mutating func letGo(at now: Timestamp) {
        var count = 0
        while count < self.ended.count, self.ended[count].until <= now {
            // A sensor's clock that ran ahead makes the end a later one.
            if self.memory?.trim(self.ended[count].track, at: now) == false {
                self.ended.append((now.advanced(by: 1), self.ended[count].track))
            }
            count += 1
        }
        if count > 0 { self.ended.removeFirst(count) }
    }

    /// Takes what own sensors gained, for each partner. A track's last tracklet tells only that it ended.
    mutating func take(_ tracklet: Tracklet, at now: Timestamp) {
        guard self.offersTracklets, !tracklet.isLast, let live = self.live[tracklet.track] else { return }
        for (place, partner) in self.partners.enumerated() {
            if self.judges[place].mayGo(tracklet, live.track.labels, self.labels, at: now) {
                self.gains[partner]?[tracklet.track, default: Gain()].add(tracklet)
            } else {
                self.gains[partner]?[tracklet.track]?.clear()
            }
        }
    }

    var tracks: [TrackID] { self.live.keys.sorted() }

    func state(of track: TrackID, at instant: Timestamp) -> Labelled<Track>? {
        let state: Track? =
            if let live = self.live[track], live.knownAt <= instant { live.track } else {
                self.memory?.state(of: track, at: instant)
            }
        return state.map { Labelled($0, label: self.labels.label(of: $0.labels)) }
    }

    mutating func tracklet(of track: TrackID, for partner: Nation, at now: Timestamp) -> Labelled<Tracklet>? {
        guard let tracklet = self.gains[partner]?[track]?.take() else { return nil }
        return Labelled(tracklet, label: self.live[track].flatMap { self.labels.label(of: $0.track.labels) })
    }

    mutating func acknowledged(_ track: TrackID, by partner: Nation) { self.gains[partner]?[track]?.sent = nil }

    mutating func lost(_ track: TrackID, for partner: Nation) { self.gains[partner]?[track]?.takeBack() }

    mutating func forget(_ track: TrackID, for partner: Nation) { self.gains[partner]?[track]?.clear() }

    mutating func forget(for partner: Nation) { self.gains[partner]?.removeAll() }
}

extension OwnTracks.Gain {
    mutating func add(_ tracklet: Tracklet) {
        self.waiting = self.waiting.map { $0.combined(with: tracklet) } ?? tracklet
    }

    mutating func take() -> Tracklet? {
        guard var taken = self.waiting else { return nil }
        self.waiting = nil
        self.number += 1
        taken.sequence = self.number...self.number
        self.sent = taken
        return taken
    }

    /// Lets go of what was gained; numbers go on, as the partner has seen those before.
    mutating func clear() {
        self.waiting = nil
        self.sent = nil
    }

    mutating func takeBack() {
        guard let sent = self.sent else { return }
        self.sent = nil
        self.number -= 1
        guard let waiting = self.waiting else {
            self.waiting = sent
            return
        }
        // Numbers are given when it is asked for.
        var (older, newer) = (sent, waiting)
        older.sequence = 1...1
        newer.sequence = 2...2
        self.waiting = older.combined(with: newer)
    }
}
