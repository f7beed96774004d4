public import Air
internal import Disclosure
internal import Federation
internal import Geodesy
internal import Glibc
internal import Ledger
public import Releasability
internal import Storage
internal import Synchronization

/// What a partner was shown, as it was told: its view of this nation's tracks, now and at any second that is kept.
///
/// Which tracks, by which rule and until when is what the disclosure ledger says; where they were is what was told. What a
/// partner was told as tracklets has no velocity: it is that of the way between two tellings.
public final class ShownBook: Sendable {
    /// On what terms a track is shown.
    public struct Terms: Hashable, Sendable {
        /// As it was told; nil for one of a former run of the node.
        public var label: Label?
        /// The agreement that permits it.
        public var agreement: String
        public var redactions: Redactions
    }

    /// A track as it was shown at an instant.
    public struct Sight: Sendable {
        public var track: Track
        public var terms: Terms
    }

    private struct State {
        /// By the number of this node's own tracker, the partner's; of tracks that were opened in this run.
        var numbers: [UInt64: UInt64] = [:]
        var isRead = false
        /// By the partner's numbers, what the ledger leaves open.
        var open: [UInt64: DisclosureTerms] = [:]
        var labels: [TrackID: Label] = [:]
        /// As last told, of tracks that are shown now or were.
        var told: [TrackID: Track] = [:]
        var order: [TrackID] = []
    }

    /// Whose identities are kept after they are shown no more.
    private static let toldMax = 100_000
    /// How far back the last known place of a track is looked for, seconds.
    private static let recall = 90.0

    public let nation: Nation
    /// What it is shown now, under its own numbers.
    public let picture = Picture()
    let history: TrackHistory
    private let lane: Lane
    private let store: LatticeStore
    private let policy: Policy
    /// The first entry of this run of the node: numbers begin anew with each, and what is known of one is of this run's.
    private let first: UInt64
    private let state = Mutex(State())

    /// - Throws: `StorageError` when its history cannot be opened.
    init(_ nation: Nation, lane: Lane, store: LatticeStore, policy: Policy, folder: String) throws {
        self.nation = nation
        self.lane = lane
        self.store = store
        self.policy = policy
        self.first = store.ledger.size(of: lane)
        self.history = try TrackHistory(in: DataDirectory(folder))
    }

    // MARK: What was told

    /// Takes a statement of the lane that is on its way to the disk.
    func take(_ own: OwnEntry) {
        guard let entry = try? Entry(parsing: own.octets), let statement = try? DisclosureStatement(entry) else {
            return
        }
        self.state.withLock { state in
            Self.apply(statement, to: &state.open)
            if case .opened(let openings) = statement {
                for opening in openings { if let local = opening.local { state.numbers[local] = opening.number } }
            }
        }
    }

    /// What it is told of one of this node's own tracks, under its number; nil if it is told nothing of it now.
    public func told(of own: TrackID) -> Track? {
        let number = self.state.withLock { $0.numbers[UInt64(own.rawValue)] }
        return number.flatMap { self.picture.track(TrackID(UInt32(truncatingIfNeeded: $0))) }
    }

    /// Another question is being answered: each reads the lane from its beginning.
    public struct Busy: Error, CustomStringConvertible {
        public var description: String { "another question about what it was shown is being answered; ask again" }
    }

    /// Takes a batch that is delivered.
    func take(_ batch: TrackBatch, at now: Timestamp) {
        var changes: [TrackChange] = []
        self.state.withLock { state in
            for case .shown(let leaf) in batch.leaves {
                guard let (news, words) = TrackCodec.decode(leaf, from: 16, of: self.lane.nation) else { continue }
                if case .withdrawn(let number) = news {
                    changes.append(.dropped(number, at: now))
                    continue
                }
                let before = state.told[news.track]
                if before == nil { state.order.append(news.track) }
                let track = Self.track(news, after: before, at: now)
                state.told[track.id] = track
                state.labels[track.id] = words?.label(in: self.policy)
                changes.append(.updated(track))
            }
            while state.order.count > Self.toldMax {
                let oldest = state.order.removeFirst()
                state.told[oldest] = nil
                state.labels[oldest] = nil
            }
        }
        self.picture.apply(changes)
        self.history.append(
            changes.compactMap { change in
                guard case .updated(let track) = change else { return nil }
                // Under the time at which it was told: an agreement may ask for a delay.
                var point = TrackPoint(track)
                point.measuredAt = now
                return point
            })
    }

    private static func track(_ news: TrackNews, after before: Track?, at now: Timestamp) -> Track {
        switch news {
        case .state(let track): return track
        case .withdrawn(let number):
            return Track(
                id: number, status: .coasting, measuredAt: now, receivedAt: now,
                position: Geodetic(latitude: 0, longitude: 0))
        case .tracklet(let tracklet):
            var track = Track(
                id: tracklet.track, status: tracklet.status, measuredAt: tracklet.measuredAt, receivedAt: now,
                position: tracklet.position)
            track.bornAt = tracklet.bornAt
            track.address = tracklet.address ?? before?.address
            track.mode3A = tracklet.mode3A ?? before?.mode3A
            track.callsign = tracklet.callsign ?? before?.callsign
            track.pressureAltitude = tracklet.pressureAltitude ?? before?.pressureAltitude
            track.geometricHeight = tracklet.geometricHeight ?? before?.geometricHeight
            track.isOnGround = tracklet.isOnGround
            track.lastKind = tracklet.lastKind
            track.plotCount = (before?.plotCount ?? 0) &+ tracklet.plotCount
            if let before {
                track.velocity = before.velocity
                let seconds = track.measuredAt.seconds(since: before.measuredAt)
                if seconds > 0.5 {
                    let way = LocalFrame(origin: before.position).displacement(of: Geocentric(track.position))
                    track.velocity = EastNorthUp(
                        east: way.east / seconds, north: way.north / seconds, up: way.up / seconds)
                }
            }
            return track
        }
    }

    private static func apply(_ statement: DisclosureStatement, to open: inout [UInt64: DisclosureTerms]) {
        switch statement {
        case .opened(let openings), .changed(let openings):
            for opening in openings { open[opening.number] = opening.terms }
        case .withdrawn(let withdrawals): for withdrawal in withdrawals { open[withdrawal.number] = nil }
        case .interrupted(let interruption): for number in interruption.numbers { open[number] = nil }
        case .summary, .shown: break
        }
    }

    // MARK: What is asked

    /// On what terms a track is shown now.
    public func terms(of track: TrackID) -> Terms? {
        self.state.withLock { state in
            state.open[UInt64(track.rawValue)].map {
                Terms(label: state.labels[track], agreement: $0.rule, redactions: $0.redactions)
            }
        }
    }

    /// What it was shown at an instant, by the ledger.
    ///
    /// - Throws: `StorageError`, `LedgerError`, or `Busy`.
    /// - Complexity: reads the lane up to then, and for each track the minute before.
    public func shown(at instant: Timestamp) async throws -> [Sight] {
        let isFree = self.state.withLock { state in
            defer { state.isRead = true }
            return !state.isRead
        }
        guard isFree else { throw Busy() }
        defer { self.state.withLock { $0.isRead = false } }
        var open: [UInt64: DisclosureTerms] = [:]
        var isOfThisRun = false
        struct Later: Error {}
        do {
            try self.store.ledger.forEachEntry(of: self.lane, in: 0..<self.store.ledger.size(of: self.lane)) { stored in
                guard stored.leaf.statement.time <= instant else { throw Later() }
                if stored.leaf.statement.sequence >= self.first { isOfThisRun = true }
                guard DisclosureStatement.isKind(stored.leaf.statement.kind), let entry = try stored.entry() else {
                    return
                }
                Self.apply(try DisclosureStatement(entry), to: &open)
            }
        } catch is Later {}
        let (told, labels) = self.state.withLock { ($0.told, $0.labels) }
        var sights: [Sight] = []
        for (number, terms) in open.sorted(by: { $0.key < $1.key }) {
            let id = TrackID(UInt32(truncatingIfNeeded: number))
            let points = try await self.history.points(
                of: id, in: instant.advanced(by: -Self.recall)...instant, most: 1)
            guard let point = points.last else { continue }
            var track = Track(
                id: id, status: point.status, measuredAt: point.measuredAt, receivedAt: point.measuredAt,
                position: point.position)
            track.velocity = EastNorthUp(
                east: point.groundSpeed * sin(point.course), north: point.groundSpeed * cos(point.course),
                up: point.climbRate)
            track.pressureAltitude = point.pressureAltitude.map { Track.Aged($0, at: point.measuredAt) }
            track.isOnGround = point.isOnGround
            track.lastKind = point.kind
            if isOfThisRun, let known = told[id] {
                // Identities that were known by then.
                track.bornAt = min(known.bornAt, point.measuredAt)
                track.address = known.address.flatMap { $0.measuredAt <= instant ? $0 : nil }
                track.mode3A = known.mode3A.flatMap { $0.measuredAt <= instant ? $0 : nil }
                track.callsign = known.callsign.flatMap { $0.measuredAt <= instant ? $0 : nil }
            }
            sights.append(
                Sight(
                    track: track,
                    terms: Terms(
                        label: isOfThisRun ? labels[id] : nil, agreement: terms.rule, redactions: terms.redactions)))
        }
        return sights
    }
}
