internal import Air
internal import Logging
internal import SensorFormats

/// What one feed has brought at once, for outlets that tell it onward.
struct FeedGoods: Sendable {
    /// The feed's name.
    var feed: String
    var reports: [SensorReport]
    /// The Mode S frames, in Beast binary, as they came; empty where no outlet asks for them.
    var frames: MessageRun
    /// What they say, as BaseStation lines; empty where no outlet asks for them.
    var lines: MessageRun
}

/// A way by which goods leave the node.
protocol Outlet: AnyObject, Sendable {
    var configuration: Configuration.Outlet { get }
    /// What decides on all that it sends.
    var door: Door { get }
    /// What it wants to have of the Mode S frames of a feed.
    func wants(of feed: String) -> Decoded.Wants
    /// Opens the socket.
    ///
    /// - Throws: `TransportError`.
    func open() async throws
    /// Whether it tells what feeds bring.
    var takesFeeds: Bool { get }
    /// Takes what a feed brought; called by the feed, so it does not wait for a reader.
    func take(_ goods: Passed<FeedGoods>)
    /// Works until the task is cancelled, then lets its socket go.
    func run(_ node: KumikoNode) async
    var metrics: [Metric] { get }
}

extension Outlet {
    func wants(of feed: String) -> Decoded.Wants { Decoded.Wants() }
    var takesFeeds: Bool { true }
    func take(_ goods: Passed<FeedGoods>) {}
}

/// All outlets of a node, each behind its door.
struct Outlets: Sendable {
    let all: [any Outlet]

    init(_ configuration: Configuration, desk: ReleaseDesk?, log: Logger) {
        self.all = configuration.outlets.map { outlet in
            let door = Door(outlet.audience, desk: desk)
            return switch outlet.kind {
            case .tracks(let settings):
                TrackOutlet(outlet, settings, door, realm: configuration.realm, log: log)
            case .plots(let settings):
                PlotOutlet(outlet, settings, door, realm: configuration.realm, log: log)
            case .frames(let settings): FrameOutlet(outlet, settings, door, log: log)
            }
        }
    }

    /// Gives what a feed brought to the outlets.
    func offer(_ goods: FeedGoods, at now: Timestamp) {
        for outlet in self.all where outlet.takesFeeds { outlet.take(outlet.door.pass(goods, at: now)) }
    }

    /// What outlets want to have of the Mode S frames of a feed.
    func wants(of feed: Configuration.Feed) -> Decoded.Wants {
        self.all.map { $0.wants(of: feed.name) }.reduce(into: Decoded.Wants()) { all, one in
            all.frames = all.frames || one.frames
            all.lines = all.lines || one.lines
        }
    }
}
