internal import Air
internal import Releasability
internal import Synchronization

/// Goods that may leave the node by an outlet. Only a `Door` makes one, and an outlet takes nothing else.
struct Passed<Goods: Sendable>: Sendable {
    let goods: Goods

    fileprivate init(_ goods: Goods) { self.goods = goods }
}

/// What stands between the node and an outlet.
///
/// An outlet for the own nation's systems gets everything. One for an audience gets what was released to it: tracks of its
/// `ReleasedPicture`, plots and sensors each by a decision of its own, and nothing that no decision is made of.
final class Door: Sendable {
    private final class Plots: Sendable {
        let state: Mutex<PlotRelease>

        init(_ state: PlotRelease) { self.state = Mutex(state) }
    }

    private struct PlotRelease: Sendable {
        var compiled: CompiledRelease
        var labels: [LabelSet: UInt32] = [:]
        /// By `Refusal.rawValue`.
        var withheld = Array(repeating: UInt64(0), count: 256)
    }

    private let desk: ReleaseDesk?
    private let picture: ReleasedPicture?
    private let plots: Plots?

    /// - Parameter audience: nil for the own nation.
    init(_ audience: Audience?, desk: ReleaseDesk?) {
        guard let audience else {
            self.desk = nil
            self.picture = nil
            self.plots = nil
            return
        }
        guard let desk, let picture = desk.picture(for: audience) else {
            preconditionFailure("the configuration names no audience that has no clearance")
        }
        self.desk = desk
        self.picture = picture
        self.plots = Plots(
            PlotRelease(compiled: CompiledRelease(desk.policy, to: audience, kind: .plots, realm: desk.realm)))
    }

    /// Tracks as they change.
    struct TrackReader: Sendable {
        fileprivate let subscription: PictureSubscription

        /// Everything that has changed since; nil when nothing has.
        func take() -> Passed<PictureDelta>? { self.subscription.take().map { Passed($0) } }

        func cancel() { self.subscription.cancel() }
    }

    /// Begins to note changes of the tracks that may pass.
    func subscribe(_ own: Picture) -> TrackReader {
        TrackReader(subscription: (self.picture?.picture ?? own).subscribe())
    }

    func pass(_ goods: FeedGoods, at now: Timestamp) -> Passed<FeedGoods> {
        guard let plots = self.plots else { return Passed(goods) }
        var passed = FeedGoods(feed: goods.feed, reports: [], frames: MessageRun(), lines: MessageRun())
        plots.state.withLock { plots in
            for case .plot(let plot) in goods.reports {
                let label: UInt32
                if let known = plots.labels[plot.labels] {
                    label = known
                } else {
                    label = plots.compiled.number(of: self.desk?.labels.label(of: plot.labels))
                    plots.labels[plot.labels] = label
                }
                let released = plots.compiled.release(plot, label: label, at: now, numbered: SensorID(rawValue: 0))
                if let released {
                    passed.reports.append(.plot(released.payload))
                } else {
                    // What may go, but only redacted as it cannot be, has no place that is its own.
                    let item = CompiledRelease.Item(label: label, plot.spot)
                    let refusal = plots.compiled.verdict(item, at: now).refusal ?? .badPosition
                    plots.withheld[Int(refusal.rawValue)] &+= 1
                }
            }
        }
        return Passed(passed)
    }

    func pass(_ status: NodeStatus, at now: Timestamp) -> Passed<NodeStatus> {
        guard let desk = self.desk, let picture = self.picture else { return Passed(status) }
        let sensors = desk.released(status.sensors, to: picture.audience, at: now).map(\.payload)
        // How the node itself does carries no label: it is not told.
        return Passed(NodeStatus(sensors: sensors, service: nil))
    }

    /// Plots that did not pass, by the rule that withheld them.
    func metrics(_ labels: [(name: String, value: String)]) -> [Metric] {
        guard let withheld = self.plots?.state.withLock({ $0.withheld }) else { return [] }
        return Refusal.allCases.filter { withheld[Int($0.rawValue)] > 0 }.map { refusal in
            Metric(
                "kumiko_outlet_withheld_total", .counter, Double(withheld[Int(refusal.rawValue)]),
                help: "Plots that an outlet's audience may not see, by rule.",
                labels: labels + [(name: "rule", value: refusal.name)])
        }
    }
}
