import Geodesy
import Glibc

/// EUROCONTROL's surveillance performance measures, for 3 NM or 5 NM horizontal separation.
///
/// Only what truth and tracks can tell is measured; of the rest the table says why it is not. The bounds were not checked
/// against the text of the specification itself: docs/scoring.md says where each is from.
///
/// Source: EUROCONTROL-SPEC-147, "EUROCONTROL Specification for ATM Surveillance System Performance" (ESASSP), volume 1,
/// requirements 3N_C-R1 to R22 and 5N_C-R1 to R22 for cooperative surveillance; edition 1.3 (2024), annex D, tables 9 and
/// 10, requirements 3N_N-R1 to R3 and 5N_N-R1 to R3 for non-cooperative surveillance.
public struct Esassp: Sendable {
    /// The separation that the surveillance supports.
    public enum Separation: String, Sendable, CaseIterable {
        case threeMiles = "3 NM"
        case fiveMiles = "5 NM"

        /// The longest measurement interval, seconds (R1).
        var interval: Double { self == .threeMiles ? 5 : 8 }
        /// Bounds of the RMS horizontal error over all flights and of any one of them, metres (R4).
        var position: (all: Double, each: Double) { self == .threeMiles ? (300, 330) : (500, 550) }
        /// The error that three in a row must not exceed, metres: 0.3 NM or 0.5 NM (R5).
        var largeError: Double { self == .threeMiles ? 555.6 : 926 }
        /// The side of a square of 100 NM² or 900 NM², metres, and the false reports that it may have in an hour (R19).
        var falseReports: (side: Double, bound: Double) {
            self == .threeMiles ? (10 * 1852, 2) : (30 * 1852, 10)
        }
    }

    /// Which flights are judged.
    public enum Flights: Sendable {
        /// Those that send a 24-bit address, by the requirements for cooperative surveillance.
        case cooperative
        /// Those that send none, by the three requirements for non-cooperative surveillance.
        case nonCooperative
        /// All, by the requirements for cooperative surveillance.
        case all
    }

    /// One line of the table.
    public struct Requirement: Sendable {
        /// What came out.
        public enum Outcome: Sendable {
            /// Measured, and what the specification asks for.
            case judged(measured: Double, bound: Double, atLeast: Bool)
            /// Not measured, for this reason.
            case open(reason: String)
        }

        /// The specification's name of it.
        public var id: String
        /// What is measured.
        public var name: String
        public var unit: String
        /// Decimals that are worth printing.
        public var decimals: Int
        /// Whether the specification demands it rather than recommends.
        public var isMandatory: Bool
        public var outcome: Outcome
        /// What else there is to say.
        public var detail: String

        /// Whether it is met, nil if it was not measured.
        public var isMet: Bool? {
            guard case .judged(let measured, let bound, let atLeast) = self.outcome else { return nil }
            return atLeast ? measured >= bound : measured <= bound
        }

        /// How far the figure is on the good side of the bound, in its unit; below zero if it is missed.
        public var margin: Double? {
            guard case .judged(let measured, let bound, let atLeast) = self.outcome else { return nil }
            return atLeast ? measured - bound : bound - measured
        }
    }

    public let separation: Separation
    public let flights: Flights
    /// How many flights were judged.
    public let flightCount: Int
    public private(set) var requirements: [Requirement] = []

    /// Judges a score; without any flight of the kind nothing is judged.
    public init(_ score: Score, separation: Separation, flights: Flights) {
        self.separation = separation
        self.flights = flights
        let scene = score.scene
        let isJudged = scene.targets.map { flights == .all || ($0.identity != nil) == (flights == .cooperative) }
        self.flightCount = isJudged.count { $0 }
        let looks = Looks(score, isJudged: isJudged)
        let samples = score.samples.filter { isJudged[Int($0.target)] }
        guard flights != .nonCooperative else {
            self.nonCooperative(looks, samples)
            return
        }
        self.updates(looks)
        self.position(samples)
        self.identity(looks)
        self.velocity(samples)
        self.falseTracks(score)
    }

    /// How the specification's requirements begin.
    private var prefix: String {
        (self.separation == .threeMiles ? "3N" : "5N") + (self.flights == .nonCooperative ? "_N-R" : "_C-R")
    }

    private mutating func add(
        _ number: Int, _ name: String, unit: String, decimals: Int, mandatory: Bool = true, measured: Double?,
        bound: Double, atLeast: Bool = false, detail: String = ""
    ) {
        let reason = self.flightCount == 0 ? "no such flight" : "nothing to measure it by"
        self.requirements.append(
            Requirement(
                id: "\(self.prefix)\(number)", name: name, unit: unit, decimals: decimals,
                isMandatory: mandatory,
                outcome: measured.map { .judged(measured: $0, bound: bound, atLeast: atLeast) }
                    ?? .open(reason: reason), detail: detail))
    }

    private mutating func leave(_ number: Int, _ name: String, mandatory: Bool = true, because reason: String) {
        self.requirements.append(
            Requirement(
                id: "\(self.prefix)\(number)", name: name, unit: "", decimals: 0, isMandatory: mandatory,
                outcome: .open(reason: reason), detail: ""))
    }

    // MARK: Updates

    /// What a flight's states were, by time: the basis of all that is counted by interval.
    private struct Looks {
        struct State {
            /// Milliseconds.
            var time: Int
            var isHeld = false
            /// Whether every track on it tells the right identity.
            var isIdentified = false
        }

        var flights: [[State]] = []
        var hasIdentity: [Bool] = []
        /// Reports on flights that tell a wrong identity, and those that tell any.
        var wrong = 0, told = 0

        init(_ score: Score, isJudged: [Bool]) {
            let scene = score.scene
            var place = [Int](repeating: -1, count: scene.targets.count)
            for (number, target) in scene.targets.enumerated() where isJudged[number] {
                place[number] = self.flights.count
                self.hasIdentity.append(target.identity != nil)
                self.flights.append(target.states.map { State(time: scene.grid[Int(scene.stateTimes[$0])]) })
            }
            for sample in score.samples where place[Int(sample.target)] >= 0 {
                let target = scene.targets[Int(sample.target)]
                guard let state = scene.state(of: Int(sample.target), at: Int(sample.time)) else { continue }
                let piece = scene.pieces[Int(sample.track)]
                let identity = scene.told[piece.reports.lowerBound + Int(sample.time) - piece.firstTime].identity
                let look = state - target.states.lowerBound
                let flight = place[Int(sample.target)]
                let isRight = identity != nil && identity == target.identity
                let isFirst = !self.flights[flight][look].isHeld
                self.flights[flight][look].isIdentified =
                    isRight && (isFirst || self.flights[flight][look].isIdentified)
                self.flights[flight][look].isHeld = true
                if identity != nil {
                    self.told += 1
                    if !isRight { self.wrong += 1 }
                }
            }
        }

        /// Of intervals of so many seconds, counted from the first state, those with a state that passes and all that
        /// have a state.
        static func intervals(_ states: ArraySlice<State>, _ length: Double, _ passes: (State) -> Bool) -> (Int, Int) {
            guard let begin = states.first?.time else { return (0, 0) }
            var good = 0, all = 0, last = -1, isGood = false
            for state in states {
                let interval = Int(Double(state.time - begin) / (1000 * length))
                if interval != last {
                    all += 1
                    isGood = false
                    last = interval
                }
                if !isGood, passes(state) {
                    good += 1
                    isGood = true
                }
            }
            return (good, all)
        }
    }

    private mutating func updates(_ looks: Looks) {
        let interval = self.separation.interval
        var worst: Double?
        var below = 0, good = 0, all = 0, goodHeld = 0, allHeld = 0, missed = 0, states = 0
        let longGap = 3.3 * interval
        for flight in looks.flights {
            let (updated, count) = Looks.intervals(flight[...], interval) { $0.isHeld }
            good += updated
            all += count
            let share = 100 * Double(updated) / Double(max(count, 1))
            worst = min(worst ?? share, share)
            if share < 97 { below += 1 }
            if let first = flight.firstIndex(where: \.isHeld), let last = flight.lastIndex(where: \.isHeld) {
                let held = Looks.intervals(flight[first...last], interval) { $0.isHeld }
                goodHeld += held.0
                allHeld += held.1
            }
            states += flight.count
            var begin = 0
            while begin < flight.count {
                guard !flight[begin].isHeld else {
                    begin += 1
                    continue
                }
                var end = begin
                while end < flight.count, !flight[end].isHeld { end += 1 }
                // From the last position before the gap to the first after it.
                let from = flight[max(begin - 1, 0)].time, to = flight[min(end, flight.count - 1)].time
                if Double(to - from) > 1000 * longGap { missed += end - begin }
                begin = end
            }
        }
        func percent(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? 100 * Double(part) / Double(whole) : nil }
        self.add(
            2, "Probability of update of horizontal position, worst flight", unit: "%", decimals: 2, measured: worst,
            bound: 97, atLeast: true,
            detail: "\(below) of \(looks.flights.count) flights below; all flights \(text(percent(good, all), 2)) %, "
                + "from first to last hold \(text(percent(goodHeld, allHeld), 2)) %")
        self.add(
            3, "Positions missed in gaps longer than \(text(longGap, 1)) s", unit: "%", decimals: 3,
            measured: percent(missed, states), bound: 0.5, detail: "a flight's first seconds without a track count too")
    }

    private mutating func nonCooperative(_ looks: Looks, _ samples: [Score.Sample]) {
        var good = 0, all = 0
        for flight in looks.flights {
            let (updated, count) = Looks.intervals(flight[...], self.separation.interval) { $0.isHeld }
            good += updated
            all += count
        }
        self.add(
            2, "Probability of update of horizontal position, all flights", unit: "%", decimals: 2,
            measured: all > 0 ? 100 * Double(good) / Double(all) : nil, bound: 90, atLeast: true,
            detail:
                "in intervals of \(fixed(self.separation.interval, 0)) s; the seconds before the first track count too")
        self.add(
            3, "Horizontal position RMS error, all flights", unit: "m", decimals: 0,
            measured: samples.isEmpty ? nil : Self.rms(samples), bound: self.separation.position.all)
    }

    private static func rms(_ samples: [Score.Sample]) -> Double {
        (samples.reduce(0) { $0 + $1.position * $1.position } / Double(samples.count)).squareRoot()
    }

    private func text(_ value: Double?, _ decimals: Int) -> String { value.map { fixed($0, decimals) } ?? "–" }

    // MARK: Accuracy

    private mutating func position(_ samples: [Score.Sample]) {
        let bounds = self.separation.position
        var flights: [Int32: (sum: Double, count: Int)] = [:]
        for sample in samples {
            flights[sample.target, default: (0, 0)].sum += sample.position * sample.position
            flights[sample.target, default: (0, 0)].count += 1
        }
        let each = flights.values.map { ($0.sum / Double($0.count)).squareRoot() }
        let above = each.count { $0 > bounds.each }
        self.add(
            4, "Horizontal position RMS error, all flights", unit: "m", decimals: 0,
            measured: samples.isEmpty ? nil : Self.rms(samples), bound: bounds.all)
        self.add(
            4, "Horizontal position RMS error, worst flight", unit: "m", decimals: 0, measured: each.max(),
            bound: bounds.each, detail: "\(above) of \(each.count) flights above")
        // Samples are in order of association and time.
        var inRuns = 0, length = 0
        for (index, sample) in samples.enumerated() {
            let isLarge = sample.position > self.separation.largeError
            let isSameRun = index > 0 && samples[index - 1].run == sample.run
            if !isLarge || !isSameRun {
                if length >= 3 { inRuns += length }
                length = 0
            }
            if isLarge { length += 1 }
        }
        if length >= 3 { inRuns += length }
        self.add(
            5, "Positions in runs of three errors above \(fixed(self.separation.largeError, 0)) m", unit: "%",
            decimals: 3,
            mandatory: false, measured: samples.isEmpty ? nil : 100 * Double(inRuns) / Double(samples.count),
            bound: 0.03, detail: "whether the errors point the same way is not asked")
        self.leave(
            6, "Relative time of applicability of aircraft near each other", mandatory: false,
            because: "all reports are predicted to one time")
        let reason = "the truth has no pressure altitude"
        self.leave(7, "Probability of update of pressure altitude", because: reason)
        self.leave(8, "Average age of pressure altitude", because: reason)
        self.leave(9, "Maximum age of pressure altitude", because: reason)
        self.leave(10, "Ratio of incorrect pressure altitude", because: reason)
        self.leave(11, "Pressure altitude error", because: reason)
        self.leave(12, "Delay of emergency and SPI", because: "the scenario has none")
        self.leave(13, "Delay of a change of identity", because: "no aircraft changes its identity")
    }

    // MARK: Identity

    private mutating func identity(_ looks: Looks) {
        var good = 0, all = 0
        for (flight, hasIdentity) in zip(looks.flights, looks.hasIdentity) where hasIdentity {
            guard let first = flight.firstIndex(where: \.isHeld), let last = flight.lastIndex(where: \.isHeld) else {
                continue
            }
            let held = Looks.intervals(flight[first...last], self.separation.interval) { $0.isIdentified }
            good += held.0
            all += held.1
        }
        self.add(
            14, "Probability of update of correct identity", unit: "%", decimals: 2,
            measured: all > 0 ? 100 * Double(good) / Double(all) : nil, bound: 98, atLeast: true,
            detail: "by 24-bit address, from first to last hold")
        self.add(
            15, "Ratio of incorrect identity", unit: "%", decimals: 3,
            measured: looks.told > 0 ? 100 * Double(looks.wrong) / Double(looks.told) : nil, bound: 0.1,
            detail: "\(looks.wrong) of \(looks.told) reports with a 24-bit address")
    }

    // MARK: Velocity

    private mutating func velocity(_ samples: [Score.Sample]) {
        self.leave(16, "Rate of climb RMS error", mandatory: false, because: "the tracks do not tell it")
        func rms(_ isManoeuvre: Bool, _ value: (Score.Sample) -> Double) -> Double? {
            var sum = 0.0, count = 0
            for sample in samples where sample.isManoeuvre == isManoeuvre {
                sum += value(sample) * value(sample)
                count += 1
            }
            return count > 0 ? (sum / Double(count)).squareRoot() : nil
        }
        let note = "a turn is a change of course by 1° or of speed by 2 m/s between reports"
        self.add(
            17, "Track speed RMS error, straight", unit: "m/s", decimals: 2, mandatory: false,
            measured: rms(false) { $0.speed }, bound: 4)
        self.add(
            17, "Track speed RMS error, turn", unit: "m/s", decimals: 2, mandatory: false,
            measured: rms(true) { $0.speed }, bound: 8, detail: note)
        self.add(
            18, "Track angle RMS error, straight", unit: "°", decimals: 2, mandatory: false,
            measured: rms(false) { $0.course * 180 / .pi }, bound: 10)
        self.add(
            18, "Track angle RMS error, turn", unit: "°", decimals: 2, mandatory: false,
            measured: rms(true) { $0.course * 180 / .pi }, bound: 25, detail: note)
    }

    // MARK: False tracks

    private struct Cell: Hashable {
        var row: Int
        var column: Int
    }

    private mutating func falseTracks(_ score: Score) {
        let scene = score.scene
        let (side, bound) = self.separation.falseReports
        let isHeld = score.holdsTarget
        var cells: [Cell: Int] = [:]
        var withoutIdentity = 0
        for report in scene.reports.indices where !isHeld[report] {
            // A report without an identity is none of a cooperative sensor's.
            if self.flights == .cooperative, scene.told[report].identity == nil {
                withoutIdentity += 1
                continue
            }
            // Rows of latitude, and in each columns of its own width.
            let told = scene.told[report]
            let row = (told.latitude * 6_371_000 / side).rounded(.down)
            let width = max(cos((row + 0.5) * side / 6_371_000), 0.01)
            let column = (told.longitude * width * 6_371_000 / side).rounded(.down)
            guard let row = Int(exactly: row), let column = Int(exactly: column) else { continue }
            cells[Cell(row: row, column: column), default: 0] += 1
        }
        let seconds = Double((scene.grid.last ?? 0) - (scene.grid.first ?? 0)) / 1000
        let hours = max(seconds / 3600, 1)
        let most = Double(cells.values.max() ?? 0) / hours
        var detail: [String] = []
        if seconds < 3600 { detail.append("the scenario is shorter than the hour: \(fixed(seconds, 0)) s") }
        if withoutIdentity > 0 { detail.append("\(withoutIdentity) false reports without an identity left out") }
        self.requirements.append(
            Requirement(
                id: "\(self.prefix)19",
                name: "False reports an hour in the worst square of \(fixed(side / 1852, 0)) NM", unit: "", decimals: 1,
                isMandatory: true, outcome: .judged(measured: most, bound: bound, atLeast: false),
                detail: detail.joined(separator: "; ")))
        let falseTracks = scene.pieces.count { piece in !piece.reports.contains { isHeld[$0] } }
        self.leave(
            20, "Falsely confirmed tracks near true ones",
            because: "\(falseTracks) tracks in \(fixed(seconds, 0)) s never held a flight; the bound is not known here")
        self.leave(21, "Continuity: probability of critical failure", because: "not a matter of tracks")
    }
}

extension Score {
    /// Of each report whether its track holds a target then.
    var holdsTarget: [Bool] {
        var result = [Bool](repeating: false, count: self.scene.reports.count)
        for association in self.associations {
            let piece = self.scene.pieces[association.piece]
            for span in association.spans {
                for time in span { result[piece.reports.lowerBound + time - piece.firstTime] = true }
            }
        }
        return result
    }
}
