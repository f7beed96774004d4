/// The errors of two trackers over the true states that both hold.
///
/// Of several tracks on one state the nearest counts. Each row is a phase or kind: `all`, `straight`, `manoeuvre`, then
/// the kinds by name.
public struct Versus: Sendable {
    /// Root mean squares over one part of the states.
    public struct Row: Sendable {
        public var phase: String
        /// Straight distance, metres, of the first and the second.
        public var position: (Double, Double)
        /// Velocity, m/s, of the first and the second.
        public var velocity: (Double, Double)
        /// States.
        public var count: Int
    }

    /// True states that both hold.
    public let common: Int
    public let rows: [Row]

    private struct Key: Hashable {
        var time: Int32
        var target: Int32
    }

    /// Sums of squares over one part of the states.
    private struct Sums {
        var count = 0
        var position = (0.0, 0.0), velocity = (0.0, 0.0)

        mutating func add(_ a: Score.Sample, _ b: Score.Sample) {
            self.count += 1
            self.position.0 += a.distance * a.distance
            self.position.1 += b.distance * b.distance
            self.velocity.0 += a.velocity * a.velocity
            self.velocity.1 += b.velocity * b.velocity
        }

        func row(_ phase: String) -> Row {
            func rms(_ sum: Double) -> Double { (sum / Double(self.count)).squareRoot() }
            return Row(
                phase: phase, position: (rms(self.position.0), rms(self.position.1)),
                velocity: (rms(self.velocity.0), rms(self.velocity.1)), count: self.count)
        }
    }

    /// Compares two scores of the same truth.
    public init(_ first: Score, _ second: Score) {
        let (a, b) = (Self.nearest(first), Self.nearest(second))
        var all = Sums(), straight = Sums(), manoeuvre = Sums()
        var kinds: [String: Sums] = [:]
        for (key, one) in a {
            guard let other = b[key] else { continue }
            all.add(one, other)
            if one.isManoeuvre { manoeuvre.add(one, other) } else { straight.add(one, other) }
            kinds[first.scene.targets[Int(key.target)].kind, default: Sums()].add(one, other)
        }
        self.common = all.count
        var rows: [Row] = []
        for (phase, sums) in [("all", all), ("straight", straight), ("manoeuvre", manoeuvre)] where sums.count > 0 {
            rows.append(sums.row(phase))
        }
        rows += kinds.sorted { $0.key < $1.key }.map { $0.value.row($0.key) }
        self.rows = rows
    }

    private static func nearest(_ score: Score) -> [Key: Score.Sample] {
        var best: [Key: Score.Sample] = [:]
        for sample in score.samples {
            let key = Key(time: sample.time, target: sample.target)
            if let known = best[key], (known.distance, known.velocity) <= (sample.distance, sample.velocity) {
                continue
            }
            best[key] = sample
        }
        return best
    }
}
