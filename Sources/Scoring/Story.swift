/// What became of one target: who held it, and when nobody did.
struct Story {
    /// A time during which one track, or none, held the target.
    struct Span {
        /// The track's number, nil while none held it.
        var track: String?
        /// Seconds since the scenario's start, of the first and the last state.
        var from: Double
        var to: Double
    }

    var target: Int
    var spans: [Span] = []
    /// States without a track.
    var missed = 0
    /// Changes of track number.
    var changes = 0
    /// Root mean square and largest of the horizontal errors, metres, nil if it was never held.
    var error: (rms: Double, most: Double)?
    /// Horizontal error at each of the target's states, metres, nil where no track held it.
    var errors: [Double?] = []
    /// What the target adds to Σ min(d, c)², metres²: the worst come first.
    var cost = 0.0

    /// The stories of all targets, the worst first.
    static func all(of score: Score) -> [Story] {
        let scene = score.scene
        var stories = scene.targets.indices.map { Story(target: $0) }
        var holders = [[Association]](repeating: [], count: stories.count)
        for association in score.associations { holders[association.target].append(association) }
        for target in stories.indices {
            stories[target].errors = [Double?](repeating: nil, count: scene.targets[target].states.count)
            let times = scene.targets[target].states.map { Int(scene.stateTimes[$0]) }
            stories[target].changes = max(0, SiapSums.tracksNeeded(times, holders[target]) - 1)
            stories[target].spans = Self.spans(scene, times, holders[target])
        }
        for sample in score.samples {
            let target = Int(sample.target)
            guard let state = scene.state(of: target, at: Int(sample.time)) else { continue }
            let place = state - scene.targets[target].states.lowerBound
            stories[target].errors[place] = min(stories[target].errors[place] ?? .infinity, sample.position)
        }
        let c = score.options.cutoff
        for target in stories.indices {
            let known = stories[target].errors.compactMap { $0 }
            let sum = known.reduce(0) { $0 + $1 * $1 }
            stories[target].missed = stories[target].errors.count - known.count
            stories[target].cost =
                known.reduce(0) { $0 + min($1, c) * min($1, c) } + Double(stories[target].missed) * c * c / 2
            if let most = known.max() {
                stories[target].error = ((sum / Double(known.count)).squareRoot(), most)
            }
        }
        return stories.sorted { ($0.cost, -$0.target) > ($1.cost, -$1.target) }
    }

    /// Who held the target, without overlap: a track stays until it ends, then comes the one that lasts longest.
    private static func spans(_ scene: Scene, _ times: [Int], _ holders: [Association]) -> [Span] {
        var spans: [Span] = []
        var current: Association?
        for time in times {
            let seconds = Double(scene.grid[time]) / 1000
            if current?.contains(time) != true {
                current = holders.filter { $0.contains(time) }.max {
                    $0.spans[$0.spans.count - 1].upperBound < $1.spans[$1.spans.count - 1].upperBound
                }
            }
            let track = current.map { scene.pieces[$0.piece].track }
            if spans.last?.track == track, !spans.isEmpty {
                spans[spans.count - 1].to = seconds
            } else {
                spans.append(Span(track: track, from: seconds, to: seconds))
            }
        }
        return spans
    }

    /// The story in words: no more than so many spans.
    func words(limit: Int) -> String {
        guard self.spans.contains(where: { $0.track != nil }) else { return "never held" }
        var words: [String] = []
        var previous: String?
        for span in self.spans.prefix(limit) {
            let time =
                span.from == span.to ? "at \(fixed(span.from, 0)) s" : "\(fixed(span.from, 0))–\(fixed(span.to, 0)) s"
            if let track = span.track {
                let change = previous == nil || previous == track ? "" : ", a new number"
                words.append("\(time) held by \(track)\(change)")
                previous = track
            } else {
                words.append("\(time) missed")
            }
        }
        if self.spans.count > limit { words.append("and \(self.spans.count - limit) more") }
        return words.joined(separator: "; ")
    }
}
