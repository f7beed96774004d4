internal import Air
internal import Logging
internal import SensorFormats

/// What one feed has brought at once, for outlets that tell it onward.
struct FeedGoods: Sendable {
    /// The feed's name.
    var feed: String
    var reports: [SensorReport]
    /// The Mode S frames, in Beast binary, as they came; empty where no outlet asks for them.
    var frames: [UInt8]
    var frameCount: Int
}

/// A way by which goods leave the node.
protocol Outlet: AnyObject, Sendable {
    var configuration: Configuration.Outlet { get }
    /// Whether it wants the Mode S frames of a feed.
    func wantsFrames(of feed: String) -> Bool
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
    func wantsFrames(of feed: String) -> Bool { false }
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

    /// Whether any outlet wants the Mode S frames of a feed.
    func wantFrames(of feed: String) -> Bool { self.all.contains { $0.wantsFrames(of: feed) } }
}
