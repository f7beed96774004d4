import Geodesy
import Glibc

/// Errors of tracks against the targets that they hold.
struct Accuracy {
    private(set) var samples: [Score.Sample] = []
    private(set) var singular = 0
    private(set) var position95 = Double.nan
    private(set) var largeErrorShare = Double.nan
    private(set) var altitudeError: Double?
    private(set) var nees: (state: Double, position: Double, within: Double)?
    private(set) var errors: [(phase: String, errors: Score.Errors)] = []

    /// The 95 % point of χ² with 4 degrees of freedom.
    static let neesBound = 9.487729036781154

    /// Sums of squares of a phase or kind.
    private struct Sums {
        var position = 0.0, velocity = 0.0, nees = 0.0
        var count = 0, neesCount = 0

        mutating func add(_ sample: Score.Sample) {
            self.position += sample.position * sample.position
            self.velocity += sample.velocity * sample.velocity
            self.count += 1
            if let nees = sample.nees {
                self.nees += nees
                self.neesCount += 1
            }
        }

        var errors: Score.Errors {
            Score.Errors(
                position: (self.position / Double(self.count)).squareRoot(),
                velocity: (self.velocity / Double(self.count)).squareRoot(),
                nees: self.neesCount > 0 ? self.nees / Double(4 * self.neesCount) : nil, count: self.count)
        }
    }

    init(scene: Scene, associations: [Association], options: Score.Options) {
        var large = 0
        for (run, association) in associations.enumerated() {
            let piece = scene.pieces[association.piece]
            let begin = self.samples.count
            for span in association.spans {
                for time in span {
                    guard let state = scene.state(of: association.target, at: time) else { continue }
                    let report = piece.reports.lowerBound + time - piece.firstTime
                    self.add(scene, state: state, report: report, time: time, association, run: run)
                }
            }
            large += Self.inRuns(self.samples[begin...], above: options.largeError)
        }
        guard !self.samples.isEmpty else { return }
        self.sum(scene, large: large)
    }

    private mutating func add(
        _ scene: Scene, state: Int, report: Int, time: Int, _ association: Association, run: Int
    ) {
        let (truth, told) = (scene.truth[state], scene.told[report])
        let d = scene.states[state].frame.displacement(of: scene.reports[report].place)
        let north = told.velocityNorth - truth.velocityNorth, east = told.velocityEast - truth.velocityEast
        let speed = hypot(truth.velocityNorth, truth.velocityEast)
        let (courseNorth, courseEast) =
            speed > 0 ? (truth.velocityNorth / speed, truth.velocityEast / speed) : (1, 0)
        let turn = atan2(
            courseNorth * told.velocityEast - courseEast * told.velocityNorth,
            courseNorth * told.velocityNorth + courseEast * told.velocityEast)
        var sample = Score.Sample(
            time: Int32(time), target: Int32(association.target), track: Int32(association.piece), run: Int32(run),
            distance: scene.states[state].place.distance(to: scene.reports[report].place),
            position: hypot(d.north, d.east), along: d.north * courseNorth + d.east * courseEast,
            across: d.east * courseNorth - d.north * courseEast, velocity: hypot(north, east),
            speed: hypot(told.velocityNorth, told.velocityEast) - speed, course: turn,
            altitude: told.altitude.map { $0 - truth.position.height }, isManoeuvre: scene.isManoeuvring[state])
        if let covariance = told.covariance {
            let error: InlineArray<4, Double> = [d.north, d.east, north, east]
            sample.told = (covariance[0, 0] + covariance[1, 1], covariance[2, 2] + covariance[3, 3])
            sample.nees = Self.squaredDistance(error, covariance, 4)
            sample.positionNees = Self.squaredDistance(error, covariance, 2)
            if sample.nees == nil || sample.positionNees == nil {
                self.singular += 1
                sample.nees = nil
                sample.positionNees = nil
            }
        }
        self.samples.append(sample)
    }

    /// How many samples stand in runs of three or more above a limit.
    private static func inRuns(_ samples: ArraySlice<Score.Sample>, above limit: Double) -> Int {
        var total = 0, length = 0
        for sample in samples {
            if sample.position > limit {
                length += 1
            } else {
                if length >= 3 { total += length }
                length = 0
            }
        }
        return length >= 3 ? total + length : total
    }

    /// dᵀ C⁻¹ d over the first `n` components, by elimination with pivots; nil if C is singular or not finite.
    ///
    /// A tracker's covariance may be anything, so that no symmetry is asked of it.
    static func squaredDistance(_ d: InlineArray<4, Double>, _ covariance: Matrix<4, 4>, _ n: Int) -> Double? {
        var (a, x) = (covariance, d)
        for column in 0..<n {
            var pivot = column
            for row in column + 1..<max(n, column + 1) where abs(a[row, column]) > abs(a[pivot, column]) { pivot = row }
            guard a[pivot, column] != 0, a[pivot, column].isFinite else { return nil }
            if pivot != column {
                (a.elements[pivot], a.elements[column]) = (a.elements[column], a.elements[pivot])
                (x[pivot], x[column]) = (x[column], x[pivot])
            }
            for row in column + 1..<max(n, column + 1) {
                let factor = a[row, column] / a[column, column]
                for j in column..<n { a[row, j] -= factor * a[column, j] }
                x[row] -= factor * x[column]
            }
        }
        var sum = 0.0
        for i in stride(from: n - 1, through: 0, by: -1) {
            for j in i + 1..<max(n, i + 1) { x[i] -= a[i, j] * x[j] }
            x[i] /= a[i, i]
            sum += d[i] * x[i]
        }
        return sum.isFinite ? sum : nil
    }

    private mutating func sum(_ scene: Scene, large: Int) {
        var all = Sums(), straight = Sums(), manoeuvre = Sums()
        var kinds: [String: Sums] = [:]
        var altitude = (sum: 0.0, count: 0)
        var position = 0.0, within = 0, known = 0
        for sample in self.samples {
            all.add(sample)
            if sample.isManoeuvre { manoeuvre.add(sample) } else { straight.add(sample) }
            let state = scene.state(of: Int(sample.target), at: Int(sample.time))
            kinds[state.map { scene.truth[$0].kind } ?? "", default: Sums()].add(sample)
            if let error = sample.altitude {
                altitude.sum += error * error
                altitude.count += 1
            }
            if let nees = sample.nees, let first = sample.positionNees {
                known += 1
                position += first
                if nees < Self.neesBound { within += 1 }
            }
        }
        if known > 0, let state = all.errors.nees {
            self.nees = (state, position / Double(2 * known), Double(within) / Double(known))
        }
        if altitude.count > 0 { self.altitudeError = (altitude.sum / Double(altitude.count)).squareRoot() }
        self.errors = [("all", all.errors)]
        if straight.count > 0 { self.errors.append(("straight", straight.errors)) }
        if manoeuvre.count > 0 { self.errors.append(("manoeuvre", manoeuvre.errors)) }
        self.errors += kinds.sorted { $0.key < $1.key }.map { ($0.key, $0.value.errors) }
        self.position95 = Self.percentile(self.samples.map(\.position), 0.95)
        self.largeErrorShare = Double(large) / Double(self.samples.count)
    }

    /// The value that a share of the values is below, between the two nearest in order.
    static func percentile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
    }

    /// Puts the mean errors of each report time into the list of them.
    func close(_ instants: inout [Score.Instant]) {
        var sums = [Sums](repeating: Sums(), count: instants.count)
        for sample in self.samples { sums[Int(sample.time)].add(sample) }
        for (time, sum) in sums.enumerated() where sum.count > 0 {
            instants[time].positionError = sum.errors.position
            instants[time].nees = sum.errors.nees
            instants[time].neesCount = sum.neesCount
        }
    }
}
