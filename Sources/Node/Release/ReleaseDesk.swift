public import Air
public import Releasability
internal import Synchronization

/// Where a node decides what of its picture may go to whom: a picture for each audience, kept up to date, and the reasons.
public final class ReleaseDesk: Sendable {
    /// The least time between two rounds, seconds.
    static let period = 0.1

    public let policy: Policy
    public let realm: Realm
    /// The labels of what comes in.
    public let labels: LabelBook
    /// What each partner that has a clearance may see, and the public if it has one; by their names.
    public let audiences: [ReleasedPicture]
    /// How labels are written for others; nil: they are not.
    public let crosswalk: Configuration.Crosswalk?
    private let releases: Mutex<[AudienceRelease]>
    private let told: Mutex<[(tally: ReleaseTally, lostStates: UInt64)]>

    /// - Parameter realm: of the node's data.
    public init(_ policy: Policy, realm: Realm, labels: LabelBook, crosswalk: Configuration.Crosswalk? = nil) {
        self.crosswalk = crosswalk
        self.policy = policy
        self.realm = realm
        self.labels = labels
        let audiences = policy.partners
        self.audiences = audiences.map { ReleasedPicture($0, policy: policy) }
        let releases = audiences.map { AudienceRelease($0, policy: policy, realm: realm, book: labels) }
        self.releases = Mutex(releases)
        self.told = Mutex(releases.map { ($0.tally, $0.lostStates) })
    }

    /// What an audience may see; nil for one that has no clearance.
    public func picture(for audience: Audience) -> ReleasedPicture? {
        self.audiences.first { $0.audience == audience }
    }

    /// Takes what has changed of the node's picture, and lets time pass.
    func take(_ delta: PictureDelta?, of picture: Picture, at now: Timestamp) {
        // In the order of their numbers, so that what an audience gets does not hang on the order of a set.
        let updated = (delta?.updated ?? []).sorted { $0.id < $1.id }
        let dropped = (delta?.dropped ?? []).sorted()
        self.releases.withLock { releases in
            for i in releases.indices {
                var changes: [ReleasedChange] = []
                releases[i].take(updated, dropped: dropped, at: now, into: &changes)
                releases[i].tick(now, live: picture.track, into: &changes)
                self.audiences[i].apply(changes)
            }
            let told = releases.map { ($0.tally, $0.lostStates) }
            self.told.withLock { $0 = told }
        }
    }

    /// Keeps the pictures of the audiences up to date until the task is cancelled.
    func run(_ picture: Picture, clock: NodeClock) async {
        let reader = picture.subscribe()
        while !Task.isCancelled {
            self.take(reader.take(), of: picture, at: clock.now)
            try? await Task.sleep(for: .seconds(Self.period))
        }
        reader.cancel()
    }

    /// How many tracks an audience sees, and why not the others.
    public func tally(of audience: Audience) -> ReleaseTally? {
        guard let index = self.audiences.firstIndex(where: { $0.audience == audience }) else { return nil }
        return self.told.withLock { $0[index].tally }
    }

    /// The label of a track of the node's own picture; nil if something unlabelled ever entered it.
    public func label(of track: borrowing Track) -> Label? { self.labels.label(of: track.labels) }

    /// What an audience is shown of a track now: its redacted state, under the audience's number; nil if nothing.
    public func shown(_ track: TrackID, to audience: Audience) -> Track? {
        guard let index = self.audiences.firstIndex(where: { $0.audience == audience }),
            let number = self.releases.withLock({ $0[index].number(of: track) })
        else { return nil }
        return self.audiences[index].picture.track(number)
    }

    /// What may go at a time of a track, and why.
    ///
    /// - Parameter spot: where it was then, and when that was measured.
    public func decide(_ spot: Spot, label: Label?, to audience: Audience, at time: Timestamp) -> Decision {
        self.policy.decide(
            Goods(
                .tracks, label: label, realm: self.realm, position: spot.hasPosition ? spot.position : nil,
                measuredAt: spot.measuredAt),
            to: audience, at: time)
    }

    var metrics: [Metric] {
        let told = self.told.withLock { $0 }
        var metrics: [Metric] = []
        for (audience, told) in zip(self.audiences, told) {
            let label = [(name: "audience", value: audience.name)]
            for row in told.tally.rows {
                let labels =
                    label + [(name: "answer", value: row.answer)]
                    + (row.reason.map { [(name: "rule", value: $0)] } ?? [])
                metrics.append(
                    Metric(
                        "kumiko_release_tracks", .gauge, Double(row.tracks),
                        help: "Tracks now by what an audience may see of them, and the rule that withholds.",
                        labels: labels))
                metrics.append(
                    Metric(
                        "kumiko_release_decisions_total", .counter, Double(row.decisions),
                        help: "Decisions on tracks by answer, and by the rule that withholds.", labels: labels))
            }
            metrics.append(
                Metric(
                    "kumiko_release_states_lost_total", .counter, Double(told.lostStates),
                    help:
                        "Former states of tracks that found no room, so that an audience with a delay sees older ones.",
                    labels: label))
        }
        metrics.append(
            Metric(
                "kumiko_labels_refused_total", .counter, Double(self.labels.refused),
                help: "Labels beyond the number that a node keeps; what carries them is withheld."))
        return metrics
    }
}

extension Policy {
    /// The nations that have a clearance here, and the public if it has one; by their names.
    public var partners: [Audience] {
        var seen: Set<Audience> = []
        return self.clearances.map(\.audience).filter { audience in
            switch audience {
            case .nation(let nation): nation != self.nation && seen.insert(audience).inserted
            case .everybody: seen.insert(audience).inserted
            case .operators: false
            }
        }.sorted { $0.name < $1.name }
    }
}
