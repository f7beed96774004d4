public import Air
internal import Synchronization

/// The labels of what comes into a node, each with its number in a `LabelSet`, and the join of each set that was met.
public final class LabelBook: Sendable {
    private struct State {
        /// By their numbers; what has no label is 0.
        var labels: [Label?] = [nil]
        var numbers: [Label: Int] = [:]
        var joins: [LabelSet: Label?] = [:]
        var refused: UInt64 = 0
    }

    /// How many different labels have a number; what carries one more is treated as unlabelled, and counted.
    public static let labelsMax = 63
    private static let joinsMax = 1 << 16

    private let state = Mutex(State())

    /// A book that knows no label.
    public init() {}

    /// The set of one label.
    public func set(of label: Label?) -> LabelSet {
        guard let label else { return .unlabelled }
        return self.state.withLock { state in
            if let number = state.numbers[label] { return LabelSet(number: number) }
            guard state.labels.count <= Self.labelsMax else {
                state.refused &+= 1
                return .unlabelled
            }
            let number = state.labels.count
            state.labels.append(label)
            state.numbers[label] = number
            return LabelSet(number: number)
        }
    }

    /// The label of what is made from all that has the labels of a set; nil, which is for nobody, if one of them is missing
    /// or the set is empty.
    public func label(of set: LabelSet) -> Label? {
        self.state.withLock { state in
            if let known = state.joins[set] { return known }
            let label = Label.combine(set.numbers.map { $0 < state.labels.count ? state.labels[$0] : nil })
            if state.joins.count >= Self.joinsMax { state.joins.removeAll(keepingCapacity: true) }
            state.joins[set] = .some(label)
            return label
        }
    }

    /// How often a label had no room.
    var refused: UInt64 { self.state.withLock { $0.refused } }
}

/// Which label the data of a sensor get: its own, or else that of the feed which brings them, or else the node's.
struct SensorLabels: Sendable {
    let book: LabelBook
    private var own: [SensorID: LabelSet] = [:]
    private var feeds: [LabelSet] = []

    init(_ configuration: Configuration, book: LabelBook) {
        self.book = book
        for (sensor, label) in configuration.sensorLabels { self.own[sensor] = book.set(of: label) }
        self.feeds = configuration.feeds.map { book.set(of: $0.label ?? configuration.release?.label) }
    }

    /// Puts its label on each plot that a feed brought.
    ///
    /// - Complexity: one search in a table for each plot; no allocation.
    func mark(_ reports: inout [SensorReport], of feed: Int) {
        let otherwise = self.feeds.indices.contains(feed) ? self.feeds[feed] : .unlabelled
        for index in reports.indices {
            guard case .plot(var plot) = reports[index] else { continue }
            plot.labels = self.own[plot.sensor] ?? otherwise
            reports[index] = .plot(plot)
        }
    }

    /// The label of what a sensor says of itself: its own, or else that of the plots it has brought.
    func label(of sensor: SensorID, plots: LabelSet) -> Label? { self.book.label(of: self.own[sensor] ?? plots) }
}
