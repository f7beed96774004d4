/// The times during which an unbroken run of a track is held to be one target.
struct Association {
    var piece: Int
    var target: Int
    /// Times of the grid, both ends included; in order, apart from each other.
    var spans: [ClosedRange<Int>]

    func contains(_ time: Int) -> Bool { self.spans.contains { $0.contains(time) } }
}

/// Gives tracks to targets: to the nearest within a gate for three reports running, until two fail.
///
/// A track belongs to one target at a time, save while one association gives way to the next, where both may hold it for
/// a report or two; a target may have many tracks. The count of failures is not set back when an association begins
/// after one has ended: the rule is kept to the letter, as scores are compared by it.
///
/// Source: `TrackToTruth`, dstl/Stone-Soup v1.9.1:stonesoup/dataassociator/tracktotrack.py.
struct TrackToTruth {
    private var current: Int?
    private var potential: Int?
    private var successes = 0
    private var failures = 0
    private var potentialStart = 0
    private var start = 0
    private var end = 0

    static let confirm = 3
    static let finish = 2

    /// The associations of a piece, one for each target.
    ///
    /// - Parameter nearest: of each report the nearest target within the gate, −1 for none.
    static func associations(of piece: Int, in scene: Scene, nearest: [Int32]) -> [Association] {
        let run = scene.pieces[piece]
        let targets = run.reports.lazy.map { nearest[$0] < 0 ? nil : Int(nearest[$0]) }
        var found: [Association] = []
        for (target, span) in Self.spans(targets, from: run.firstTime) {
            if let known = found.firstIndex(where: { $0.target == target }) {
                found[known].spans.append(span)
            } else {
                found.append(Association(piece: piece, target: target, spans: [span]))
            }
        }
        return found
    }

    /// When a track belongs to which target, from the nearest at each time running.
    static func spans(_ nearest: some Sequence<Int?>, from first: Int) -> [(target: Int, times: ClosedRange<Int>)] {
        var rule = TrackToTruth()
        var spans: [(target: Int, times: ClosedRange<Int>)] = []
        var time = first
        for target in nearest {
            if let ended = rule.take(target, at: time) { spans.append(ended) }
            time += 1
        }
        if let open = rule.current { spans.append((open, rule.start...rule.end)) }
        return spans
    }

    /// Takes the nearest target of the next report; answers with the association that this ends.
    private mutating func take(_ nearest: Int?, at time: Int) -> (target: Int, times: ClosedRange<Int>)? {
        guard let current = self.current else {
            if nearest == nil {
                self.successes = 0
                self.potential = nil
            } else if self.potential != nearest {
                self.potential = nearest
                self.successes = 1
                self.potentialStart = time
            } else {
                self.successes += 1
            }
            if self.successes >= Self.confirm {
                self.current = nearest
                self.start = self.potentialStart
                self.end = time
                self.potential = nil
                self.successes = 0
            }
            return nil
        }
        if nearest == current {
            self.failures = 0
            self.end = time
            return nil
        }
        self.failures += 1
        if nearest != nil, self.potential == nearest {
            self.successes += 1
        } else {
            self.potential = nearest
            self.potentialStart = time
            self.successes = 1
        }
        guard self.failures >= Self.finish else { return nil }
        let ended = (target: current, times: self.start...self.end)
        if self.successes >= Self.confirm {
            self.current = self.potential
            self.start = self.potentialStart
            self.end = time
        } else {
            self.current = nil
        }
        return ended
    }
}
