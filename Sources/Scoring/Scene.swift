import Geodesy
import Glibc

/// Truth and tracks on the grid of report times, in Earth-centred axes.
///
/// The grid is the set of the truth's times, in milliseconds. A report at another time, or one that is not finite, is
/// counted and left out; of two reports of a track at one time the later in the list counts; a track that skips a time of
/// the grid is judged as two.
struct Scene {
    /// A place on the ellipsoid and a velocity along it, both in Earth-centred axes.
    struct Point {
        var frame: LocalFrame
        var velocity: Geocentric

        init(latitude: Double, longitude: Double, north: Double, east: Double) {
            self.frame = LocalFrame(origin: Geodetic(latitude: latitude, longitude: longitude))
            let a = self.frame.axes
            self.velocity = Geocentric(
                x: a[0, 0] * east + a[1, 0] * north, y: a[0, 1] * east + a[1, 1] * north,
                z: a[0, 2] * east + a[1, 2] * north)
        }

        var place: Geocentric { self.frame.centre }
    }

    struct Target {
        var name: String
        var kind: String
        /// That of its last state; an empty text is none.
        var identity: String?
        /// Places in `states`, in order of time.
        var states: Range<Int>
    }

    /// An unbroken run of a track's reports.
    struct Piece {
        var track: String
        /// Of the first report, in the grid.
        var firstTime: Int
        /// Places in `reports`, one for each time from the first.
        var reports: Range<Int>

        var times: Range<Int> { self.firstTime..<self.firstTime + self.reports.count }
    }

    /// Milliseconds, ascending.
    let grid: [Int]
    let targets: [Target]
    let truth: [TruthState]
    let states: [Point]
    /// Place in the grid of each state.
    let stateTimes: [Int32]
    /// The target that each state is of.
    let targetOf: [Int32]
    /// States at each time of the grid: places in `states`.
    let statesAt: [[Int32]]
    let isManoeuvring: [Bool]
    let pieces: [Piece]
    let told: [TrackReport]
    let reports: [Point]
    /// The piece that each report belongs to.
    let pieceOf: [Int32]
    /// Reports at each time of the grid: places in `reports`.
    let reportsAt: [[Int32]]
    let ignored: Int
    let skips: Int

    /// Milliseconds, nil for what cannot be a time: differences of times must not overflow.
    private static func milliseconds(_ time: Double) -> Int? {
        abs(time) <= 1e12 ? Int(exactly: (1000 * time).rounded(.toNearestOrEven)) : nil
    }

    init(truth rows: [TruthState], tracks: [TrackReport]) {
        // The grid.
        var times: [Int] = []
        for row in rows {
            if let time = Self.milliseconds(row.time), times.last != time { times.append(time) }
        }
        let grid = Set(times).sorted()
        let order = Dictionary(uniqueKeysWithValues: grid.enumerated().map { ($1, $0) })

        // Truth, by target and time; of two states of one instant the later in the list counts.
        var number: [String: Int] = [:]
        var paths: [[(time: Int, row: Int)]] = []
        for (index, row) in rows.enumerated() {
            guard let time = Self.milliseconds(row.time).flatMap({ order[$0] }) else { continue }
            let path = number[row.target] ?? paths.count
            if path == paths.count {
                number[row.target] = path
                paths.append([])
            }
            paths[path].append((time, index))
        }
        var targets: [Target] = [], truth: [TruthState] = [], stateTimes: [Int32] = [], targetOf: [Int32] = []
        var statesAt = [[Int32]](repeating: [], count: grid.count)
        truth.reserveCapacity(rows.count)
        for (j, path) in paths.enumerated() {
            let begin = truth.count
            for (time, row) in path.sorted(by: { ($0.time, $0.row) < ($1.time, $1.row) }) {
                if truth.count > begin, Int(stateTimes[truth.count - 1]) == time {
                    truth[truth.count - 1] = rows[row]
                    continue
                }
                statesAt[time].append(Int32(truth.count))
                stateTimes.append(Int32(time))
                targetOf.append(Int32(j))
                truth.append(rows[row])
            }
            let last = truth[truth.count - 1]
            targets.append(
                Target(
                    name: last.target, kind: last.kind, identity: last.identity == "" ? nil : last.identity,
                    states: begin..<truth.count))
        }
        self.grid = grid
        self.targets = targets
        self.truth = truth
        self.states = truth.map {
            Point(
                latitude: $0.position.latitude, longitude: $0.position.longitude, north: $0.velocityNorth,
                east: $0.velocityEast)
        }
        self.stateTimes = stateTimes
        self.targetOf = targetOf
        self.statesAt = statesAt
        self.isManoeuvring = Self.manoeuvring(truth, targets)

        // Tracks, cut where a time of the grid is skipped.
        var tracksNumber: [String: Int] = [:]
        var lists: [[(time: Int, row: Int)]] = []
        var ignored = 0
        for (index, row) in tracks.enumerated() {
            guard let time = Self.milliseconds(row.time).flatMap({ order[$0] }), row.latitude.isFinite,
                row.longitude.isFinite, row.velocityNorth.isFinite, row.velocityEast.isFinite
            else {
                ignored += 1
                continue
            }
            let list = tracksNumber[row.track] ?? lists.count
            if list == lists.count {
                tracksNumber[row.track] = list
                lists.append([])
            }
            lists[list].append((time, index))
        }
        var pieces: [Piece] = [], told: [TrackReport] = [], pieceOf: [Int32] = []
        var reportsAt = [[Int32]](repeating: [], count: grid.count)
        told.reserveCapacity(tracks.count)
        var skips = 0
        for list in lists {
            var previous = -2
            let first = pieces.count
            for (time, row) in list.sorted(by: { ($0.time, $0.row) < ($1.time, $1.row) }) {
                if time == previous {
                    told[told.count - 1] = tracks[row]
                    continue
                }
                if time != previous + 1 || previous < 0 {
                    pieces.append(Piece(track: tracks[row].track, firstTime: time, reports: told.count..<told.count))
                }
                reportsAt[time].append(Int32(told.count))
                pieceOf.append(Int32(pieces.count - 1))
                told.append(tracks[row])
                let begin = pieces[pieces.count - 1].reports.lowerBound
                pieces[pieces.count - 1].reports = begin..<told.count
                previous = time
            }
            skips += pieces.count - first - 1
        }
        self.pieces = pieces
        self.told = told
        self.pieceOf = pieceOf
        self.reportsAt = reportsAt
        self.reports = told.map {
            Point(latitude: $0.latitude, longitude: $0.longitude, north: $0.velocityNorth, east: $0.velocityEast)
        }
        self.ignored = ignored
        self.skips = skips
    }

    /// The state of a target at a time of the grid, nil where it is not.
    func state(of target: Int, at time: Int) -> Int? {
        let states = self.targets[target].states
        // Without a gap in the truth the first guess is right.
        let guess = states.lowerBound + time - Int(self.stateTimes[states.lowerBound])
        if states.contains(guess), Int(self.stateTimes[guess]) == time { return guess }
        var low = states.lowerBound, high = states.upperBound
        while low < high {
            let middle = (low + high) / 2
            if Int(self.stateTimes[middle]) < time { low = middle + 1 } else { high = middle }
        }
        return low < states.upperBound && Int(self.stateTimes[low]) == time ? low : nil
    }

    /// States next to a change of course of more than 1° or of speed of more than 2 m/s between two states.
    private static func manoeuvring(_ truth: [TruthState], _ targets: [Target]) -> [Bool] {
        var flags = [Bool](repeating: false, count: truth.count)
        for target in targets {
            for i in target.states.dropLast() {
                let (a, b) = (truth[i], truth[i + 1])
                let cross = a.velocityNorth * b.velocityEast - a.velocityEast * b.velocityNorth
                let along = a.velocityNorth * b.velocityNorth + a.velocityEast * b.velocityEast
                let turn = atan2(cross, along)
                let speeds = (hypot(a.velocityNorth, a.velocityEast), hypot(b.velocityNorth, b.velocityEast))
                if abs(turn) > .pi / 180 || abs(speeds.0 - speeds.1) > 2 {
                    flags[i] = true
                    flags[i + 1] = true
                }
            }
        }
        return flags
    }
}
