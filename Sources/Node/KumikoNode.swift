public import Air
internal import Geodesy
public import Logging
internal import Plausibility
public import SensorFormats
public import ServiceLifecycle
public import Storage
internal import Synchronization
internal import Tracking
internal import Transport

/// A node as it runs: feeds → decoders → tracker → picture → history, put together in one place.
///
///     socket → IngestQueue → FeedDecoder → TrackKeeper → Picture → readers, Outlets
///                (drops)     (counts, labels)  (one actor:   ↘ TrackHistory (drops)
///                                             marks, tracks)  ↘ ReleaseDesk → ReleasedPicture of each audience
///
/// Only here do a socket and a track meet.
public final class KumikoNode: NodeView, Service {
    /// Sees every slice of reports with the changes that it led to; for measuring.
    public typealias Observer = @Sendable ([SensorReport], [TrackChange]) -> Void

    /// The version of this program.
    public static let version = "0.1.0"

    public let configuration: Configuration
    public let info: NodeInfo
    /// What the node knows, from own sensors and partners: what screens show.
    public let picture: Picture
    /// What own sensors know: what may be released to others.
    public let own: Picture
    public let clock: NodeClock
    public let history: TrackHistory?
    /// Nil without agreements: nothing goes to a partner.
    public let release: ReleaseDesk?
    /// Nil without partners.
    let lattice: Lattice?
    let lines: [FeedLine]
    let outlets: Outlets
    private let keeper: TrackKeeper
    private let book: SensorBook
    private let log: Logger
    private let stopSignal: AsyncStream<Void>
    private let stop: AsyncStream<Void>.Continuation
    /// Figures that only an actor can tell, fetched once a second.
    private let fetched = Mutex(KeeperFigures())
    private let partners = Mutex<LatticeStatus?>(nil)

    /// Puts a node together; nothing runs yet.
    ///
    /// - Throws: `StorageError` when the history cannot be opened.
    public init(
        _ configuration: Configuration, clock: NodeClock = .real(), log: Logger, observer: Observer? = nil
    ) throws {
        self.configuration = configuration
        self.clock = clock
        self.log = log
        (self.stopSignal, self.stop) = AsyncStream.makeStream()
        self.info = NodeInfo(
            name: configuration.name, nation: configuration.nation, realm: configuration.realm, version: Self.version,
            startedAt: clock.now)
        let labels = LabelBook()
        let marks = configuration.release == nil ? nil : SensorLabels(configuration, book: labels)
        self.release = configuration.release.map {
            ReleaseDesk($0.policy, realm: configuration.realm, labels: labels, crosswalk: $0.crosswalk)
        }
        self.book = SensorBook(sensors: configuration.sensors, labels: marks)
        self.history = try configuration.history.map { history in
            try TrackHistory(
                in: DataDirectory(history.directory),
                limits: TrackHistory.Limits(keepHours: history.keepHours, sizeMaxBytes: history.sizeMaxBytes))
        }
        var parameters = TrackerParameters()
        parameters.lagMax = configuration.lagMax
        parameters.tracksMax = configuration.tracksMax
        parameters.registration.mode = configuration.registration
        parameters.firstID = self.history?.firstTrackID ?? TrackID(1)
        let chronicle = self.history.map { Chronicle($0, interval: configuration.history?.interval ?? 0) }
        self.own = Picture()
        if let settings = configuration.lattice {
            guard let release = configuration.release else {
                throw LatticeError("federation: needs agreements; add `release: {agreements: FOLDER}`")
            }
            self.picture = Picture()
            self.lattice = try Lattice(
                settings, policy: release.policy, labels: labels, system: self.picture, clock: clock,
                chronicle: chronicle, firstID: parameters.firstID, log: log)
            parameters.firstID = self.lattice?.firstOwnID ?? parameters.firstID
        } else {
            self.picture = self.own
            self.lattice = nil
        }
        self.keeper = TrackKeeper(
            tracker: Tracker(sensors: configuration.sensors, parameters: parameters), picture: self.own,
            watch: PlausibilityGuard(sensors: configuration.sensors), sensors: self.book,
            chronicle: self.lattice == nil ? chronicle : nil, lattice: self.lattice, observer: observer)
        let outlets = Outlets(configuration, desk: self.release, log: log)
        self.outlets = outlets
        self.lines = configuration.feeds.enumerated().map { number, feed in
            FeedLine(
                feed, number: UInt16(number), sensors: configuration.sensors, labels: marks, outlets: outlets,
                clock: clock, log: log)
        }
    }

    /// Opens the sockets; call it before `run`, so that an address in use is told at once.
    ///
    /// - Throws: `TransportError`.
    public func open() async throws {
        for line in self.lines { try await line.open() }
        for outlet in self.outlets.all { try await outlet.open() }
        try await self.lattice?.open()
    }

    /// Runs until the task is cancelled or the program is asked to stop.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                for line in self.lines { group.addTask { await line.run(keeper: self.keeper) } }
                for outlet in self.outlets.all {
                    group.addTask { await outlet.run(self) }
                }
                if let release = self.release {
                    group.addTask { await release.run(self.own, clock: self.clock) }
                }
                if let lattice = self.lattice { group.addTask { await lattice.run() } }
                group.addTask { await self.tick() }
                if let history = self.history {
                    let clock = self.clock
                    group.addTask { await history.run { clock.now } }
                }
                // A feed ends only when the node does: then the rest ends too.
                await self.stopped()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            for line in self.lines { line.queue.finish() }
            self.stop.finish()
        }
    }

    private func stopped() async { for await _ in self.stopSignal {} }

    /// Lets time pass for the tracker, and fetches figures, until cancelled.
    private func tick() async {
        var ticks = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await self.keeper.advance(to: self.clock.now)
            if ticks % 4 == 0 {
                for line in self.lines { await line.tick(keeper: self.keeper, now: self.clock.now) }
                await self.fetchFigures()
            }
            ticks += 1
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    private func fetchFigures() async {
        let figures = await self.keeper.figures
        for line in self.lines { line.sayStreams() }
        self.fetched.withLock { $0 = figures }
        if let status = await self.lattice?.status() { self.partners.withLock { $0 = status } }
    }

    /// Puts bytes into a feed past its queue: decoded and tracked when this returns, nothing dropped.
    ///
    /// - Parameters:
    ///   - bytes: whole ASTERIX blocks or whole Beast frames, as the feed's format says.
    ///   - feed: its index in the configuration.
    ///   - receivedAt: of the node's clock.
    public func inject(_ bytes: [UInt8], into feed: Int, receivedAt: Timestamp) async {
        await self.lines[feed].inject(bytes, receivedAt: receivedAt, keeper: self.keeper)
    }

    /// Lets the tracker's time pass to `now`: for recordings that are played faster than real time.
    public func advance(to now: Timestamp) async {
        self.clock.advance(to: now)
        await self.keeper.advance(to: now)
    }

    /// What was lost before it was decoded, over all feeds.
    var lostItems: UInt64 { self.lines.reduce(0) { $0 &+ $1.lostItems } }

    /// The address that an outlet listens on; nil if it does not listen.
    public func address(ofOutlet outlet: Int) -> String? {
        (self.outlets.all[outlet] as? FrameOutlet)?.listensOn?.description
    }

    /// The address that a feed listens on; nil if it does not listen.
    public func address(ofFeed feed: Int) -> String? { self.lines[feed].listensOn?.description }

    public var now: Timestamp { self.clock.now }

    public func writeAircraft(ofFeed feed: String?, to json: inout JSONWriter) -> Bool {
        let now = self.clock.now
        return self.lines.contains { line in
            (feed == nil || line.configuration.name == feed) && line.writeAircraft(now: now, to: &json)
        }
    }

    public var sensors: [SensorHealth] {
        let registrations = self.keeperFigures.registrations
        var sensors = self.book.health(at: self.clock.now)
        for i in sensors.indices { sensors[i].registration = registrations[sensors[i].id] }
        return sensors
    }

    public var federation: LatticeStatus? { self.partners.withLock { $0 } }

    public var origins: OriginBook? { self.lattice?.origins }

    public func shown(to nation: Nation) -> ShownBook? { self.lattice?.shown.first { $0.nation == nation } }

    public func ownTrack(behind id: TrackID) -> Track? {
        guard let lattice = self.lattice else { return self.picture.track(id) }
        return lattice.origins.origins(of: id)?.track(of: lattice.nation).flatMap { self.own.track($0) }
    }

    public var trouble: String? {
        if let error = self.history?.counters.lastError { return "Track history cannot be written: \(error)." }
        return self.lattice?.trouble
    }

    /// What the keeper of the tracks had counted, and held, a second ago at most.
    var keeperFigures: KeeperFigures { self.fetched.withLock { $0 } }
}
