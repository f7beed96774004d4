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
    /// What it wants to have of the Mode S frames of a feed.
    func wants(of feed: String) -> Decoded.Wants
    /// Opens the socket.
    ///
    /// - Throws: `TransportError`.
    func open() async throws
    /// Takes what a feed brought; called by the feed, so it does not wait for a reader.
    func take(_ goods: Passed<FeedGoods>)
    /// Works until the task is cancelled, then lets its socket go.
    func run(_ node: KumikoNode, door: Door) async
    var metrics: [Metric] { get }
}

extension Outlet {
    func wants(of feed: String) -> Decoded.Wants { Decoded.Wants() }
    func take(_ goods: Passed<FeedGoods>) {}
}

/// All outlets of a node, and the door before them.
struct Outlets: Sendable {
    let all: [any Outlet]
    let door = Door()

    init(_ configuration: Configuration, log: Logger) {
        self.all = configuration.outlets.map { outlet in
            switch outlet.kind {
            case .tracks(let settings):
                TrackOutlet(outlet, settings, realm: configuration.realm, log: log)
            case .plots(let settings):
                PlotOutlet(outlet, settings, realm: configuration.realm, log: log)
            case .frames(let settings): FrameOutlet(outlet, settings, log: log)
            }
        }
    }

    /// Gives what a feed brought to the outlets.
    func offer(_ goods: FeedGoods) {
        guard !self.all.isEmpty else { return }
        let passed = self.door.pass(goods)
        for outlet in self.all { outlet.take(passed) }
    }

    /// What outlets want to have of the Mode S frames of a feed.
    func wants(of feed: Configuration.Feed) -> Decoded.Wants {
        self.all.map { $0.wants(of: feed.name) }.reduce(into: Decoded.Wants()) { all, one in
            all.frames = all.frames || one.frames
            all.lines = all.lines || one.lines
        }
    }
}
