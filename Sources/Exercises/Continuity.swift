public import Air
import Geodesy
import Glibc

/// How well tracks follow aircraft, judged by Mode S address: one track for each, all the time that it is seen.
///
/// No truth is needed: the plots of an aircraft with an address say when it is seen. It is *seen* from a plot to the
/// next as long as they are no more than three turns apart; a plot alone is an instant, which counts for nothing. It
/// *has a track* while a confirmed or coasting track carries its address, and *two at once* while two such tracks do.
///
/// Plots and changes may come in any order that keeps each track's changes in theirs.
///
/// - Complexity: constant for a plot or change; memory grows with appearances and tracks, not with plots.
public struct Continuity: Sendable {
    /// A span of time.
    private struct Stretch: Sendable {
        var from: Timestamp
        var to: Timestamp
    }

    /// A span in which a track was confirmed and carried an address.
    private struct Carrying: Sendable {
        var track: TrackID
        var from: Timestamp
        /// nil as long as it goes on.
        var to: Timestamp?
    }

    /// What is known of one address.
    private struct Aircraft: Sendable {
        var stretches: [Stretch] = []
        var carryings: [Carrying] = []
        var plotCount = 0

        /// How often, while it is seen without a gap longer than `gapMax`, the track that carries it ends or leaves it
        /// and another one does instead.
        func numberChanges(gapMax: Double) -> Int {
            var appearances: [Stretch] = []
            for stretch in self.stretches {
                if let last = appearances.last, stretch.from.seconds(since: last.to) <= gapMax {
                    appearances[appearances.count - 1].to = stretch.to
                } else {
                    appearances.append(stretch)
                }
            }
            let inOrder = self.carryings.sorted { $0.from < $1.from }
            var changes = 0
            for appearance in appearances {
                var bearer: Carrying?
                for carrying in inOrder where carrying.from <= appearance.to {
                    if let to = carrying.to, to < appearance.from { continue }
                    guard let current = bearer else {
                        bearer = carrying
                        continue
                    }
                    // A second one that ends before the bearer does takes nothing over.
                    guard let end = current.to, carrying.to.map({ $0 > end }) ?? true else { continue }
                    if carrying.track != current.track, end < appearance.to { changes += 1 }
                    bearer = carrying
                }
            }
            return changes
        }

        /// The longest time that one track carried it without a break, seconds; of one that goes on, until `end`.
        func longest(until end: Timestamp) -> Double {
            self.carryings.reduce(0) { max($0, ($1.to ?? end).seconds(since: $1.from)) }
        }

        /// Prolongs a stretch or begins one; a plot that comes late finds its place.
        mutating func saw(at time: Timestamp, gapMax: Double) {
            self.plotCount += 1
            var index = self.stretches.count
            while index > 0, self.stretches[index - 1].from > time { index -= 1 }
            if index > 0, time.seconds(since: self.stretches[index - 1].to) <= gapMax {
                self.stretches[index - 1].to = max(self.stretches[index - 1].to, time)
                index -= 1
            } else {
                self.stretches.insert(.init(from: time, to: time), at: index)
            }
            // It may have closed the gap to the next one.
            if index + 1 < self.stretches.count,
                self.stretches[index + 1].from.seconds(since: self.stretches[index].to) <= gapMax
            {
                self.stretches[index].to = max(self.stretches[index].to, self.stretches[index + 1].to)
                self.stretches.remove(at: index + 1)
            }
        }
    }

    /// What is known of one track.
    private struct Life: Sendable {
        /// The address that it carries while confirmed.
        var address: ICAOAddress?
        /// Place in `carryings` of that address.
        var carrying = 0
        var last: Track
        var cell: Cell?
        /// How many updates running an anonymous track has been beside one with an address.
        var updatesBeside = 0
    }

    /// A square of the sky a hundredth of a degree of latitude wide: 1.1 km.
    private struct Cell: Hashable, Sendable {
        var latitude: Int32
        var longitude: Int32

        init(_ place: Geodetic) {
            func index(_ radians: Double) -> Int32 {
                let steps = (radians * 180 / .pi * 100).rounded(.down)
                return steps.isNaN ? 0 : Int32(max(-40_000, min(40_000, steps)))
            }
            self.latitude = index(place.latitude)
            self.longitude = index(place.longitude)
        }
    }

    /// Seconds of one turn of the radar, or the longest of several.
    public let turn: Double
    /// Whether plots of aircraft on the ground count as seeing them.
    public let includesGround: Bool
    private var aircraft: [ICAOAddress: Aircraft] = [:]
    private var lives: [TrackID: Life] = [:]
    /// Confirmed tracks with an address, by place.
    private var cells: [Cell: [TrackID]] = [:]
    private var anonymousDuplicates: Set<TrackID> = []
    private var swaps: [Summary.Swap] = []
    private var newest = Timestamp(nanoseconds: .min)

    /// Nearer than this, metres, an anonymous track is another's double.
    private static let duplicateDistance = 500.0
    /// Altitudes nearer than this, metres (300 ft), are the same.
    private static let duplicateAltitude = 91.44
    /// Updates running that make it so.
    private static let duplicateUpdates = 3
    /// A gap longer than this, seconds, parts two appearances of an aircraft: it may come back under another number.
    private static let appearanceGap = 60.0

    public init(turn: Double, includesGround: Bool = true) {
        precondition(turn > 0, "an antenna turns in some time")
        self.turn = turn
        self.includesGround = includesGround
    }

    /// Takes a plot; those without an address tell nothing here.
    public mutating func add(_ plot: Plot) {
        guard let address = plot.identity.address, self.includesGround || !plot.isOnGround else { return }
        self.aircraft[address, default: Aircraft()].saw(at: plot.measuredAt, gapMax: 3 * self.turn)
        self.newest = max(self.newest, plot.measuredAt)
    }

    /// Takes a change of a track.
    public mutating func add(_ change: TrackChange) {
        switch change {
        case .dropped(let id, let time):
            guard let life = self.lives.removeValue(forKey: id) else { return }
            self.close(life, at: time)
            if let cell = life.cell { self.cells[cell]?.removeAll { $0 == id } }
        case .updated(let track):
            var life = self.lives[track.id] ?? Life(last: track)
            let address = track.status == .tentative ? nil : track.address?.value
            if address != life.address {
                if let before = life.address, let address {
                    self.swaps.append(.init(track: track.id, at: track.measuredAt, from: before, to: address))
                }
                self.close(life, at: track.measuredAt)
                life.address = address
                if let address { life.carrying = self.open(track.id, address, at: track.measuredAt) }
            }
            life.last = track
            self.place(&life)
            if address == nil, track.status != .tentative, track.address == nil {
                life.updatesBeside = self.isBeside(track) ? life.updatesBeside + 1 : 0
                if life.updatesBeside >= Self.duplicateUpdates { self.anonymousDuplicates.insert(track.id) }
            }
            self.lives[track.id] = life
        }
    }

    private mutating func open(_ track: TrackID, _ address: ICAOAddress, at time: Timestamp) -> Int {
        // A track that ended at a sweep and is picked up by a plot measured before that is no second one.
        let ended = self.aircraft[address]?.carryings.last { $0.track == track }?.to
        let from = max(time, ended ?? time)
        self.aircraft[address, default: Aircraft()].carryings.append(Carrying(track: track, from: from))
        return (self.aircraft[address]?.carryings.count ?? 1) - 1
    }

    private mutating func close(_ life: Life, at time: Timestamp) {
        guard let address = life.address, let from = self.aircraft[address]?.carryings[life.carrying].from else {
            return
        }
        self.aircraft[address]?.carryings[life.carrying].to = max(time, from)
    }

    // MARK: Anonymous doubles

    /// Keeps a confirmed track with an address where it can be found, and any other out of there.
    private mutating func place(_ life: inout Life) {
        let cell = life.address == nil ? nil : Cell(life.last.position)
        guard cell != life.cell else { return }
        let id = life.last.id
        if let old = life.cell {
            self.cells[old]?.removeAll { $0 == id }
            if self.cells[old]?.isEmpty == true { self.cells[old] = nil }
        }
        if let cell { self.cells[cell, default: []].append(id) }
        life.cell = cell
    }

    /// Whether a track with an address flies where this one does.
    private func isBeside(_ track: Track) -> Bool {
        // An old state is put forward by up to a turn's flight: two kilometres or so.
        let (rows, columns) = (-3...3 as ClosedRange<Int32>, -4...4 as ClosedRange<Int32>)
        let centre = Cell(track.position)
        for row in rows {
            for column in columns {
                var cell = centre
                cell.latitude += row
                cell.longitude += column
                guard let ids = self.cells[cell] else { continue }
                if ids.contains(where: { self.lives[$0].map { Self.areTogether(track, $0.last) } ?? false }) {
                    return true
                }
            }
        }
        return false
    }

    private static func areTogether(_ track: Track, _ other: Track) -> Bool {
        let seconds = track.measuredAt.seconds(since: other.measuredAt)
        guard abs(seconds) < 15 else { return false }
        if let a = track.pressureAltitude?.value, let b = other.pressureAltitude?.value,
            abs(a - b) > Self.duplicateAltitude
        {
            return false
        }
        let metre = 1 / 6_371_000.0
        let north = (track.position.latitude - other.position.latitude) / metre - other.velocity.north * seconds
        let east =
            wrappedAngle(track.position.longitude - other.position.longitude) * cos(track.position.latitude) / metre
            - other.velocity.east * seconds
        return north * north + east * east < Self.duplicateDistance * Self.duplicateDistance
    }

    // MARK: The result

    /// What has come out so far.
    public var summary: Summary {
        var rows: [Summary.Row] = []
        for (address, aircraft) in self.aircraft {
            let stretches = aircraft.stretches.filter { $0.from < $0.to }
            guard !stretches.isEmpty else { continue }
            let settled = stretches.map {
                Stretch(from: min($0.from.advanced(by: 2 * self.turn), $0.to), to: $0.to)
            }
            let covered = Self.count(aircraft.carryings, atLeast: 1)
            let doubled = Self.count(aircraft.carryings, atLeast: 2)
            let end = max(self.newest, stretches[stretches.count - 1].to)
            rows.append(
                Summary.Row(
                    address: address, plotCount: aircraft.plotCount,
                    trackCount: Set(aircraft.carryings.map(\.track)).count, seen: Self.length(stretches),
                    tracked: Self.overlap(stretches, covered), seenSettled: Self.length(settled),
                    trackedSettled: Self.overlap(settled, covered), doubled: Self.length(doubled),
                    doubledSeen: Self.overlap(stretches, doubled), longest: aircraft.longest(until: end),
                    numberChanges: aircraft.numberChanges(gapMax: Self.appearanceGap)))
        }
        return Summary(
            turn: self.turn, rows: rows, swaps: self.swaps, anonymousDuplicates: self.anonymousDuplicates.count)
    }

    private static func length(_ stretches: [Stretch]) -> Double {
        stretches.reduce(0) { $0 + $1.to.seconds(since: $1.from) }
    }

    /// The stretches in which at least `atLeast` tracks carry the address, in order.
    private static func count(_ carryings: [Carrying], atLeast: Int) -> [Stretch] {
        let forever = Timestamp(nanoseconds: .max)
        // Ends before beginnings at one instant: a track that takes over at once was never a second one.
        let edges = carryings.flatMap { [($0.from, 1), ($0.to ?? forever, -1)] }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        var (stretches, depth, from) = ([Stretch](), 0, forever)
        for (time, step) in edges {
            if depth < atLeast, depth + step >= atLeast { from = time }
            if depth >= atLeast, depth + step < atLeast, from < time { stretches.append(Stretch(from: from, to: time)) }
            depth += step
        }
        return stretches
    }

    /// Seconds that lie in both; each list is in order and without overlap.
    private static func overlap(_ a: [Stretch], _ b: [Stretch]) -> Double {
        var (i, j, sum) = (0, 0, 0.0)
        while i < a.count, j < b.count {
            let (from, to) = (max(a[i].from, b[j].from), min(a[i].to, b[j].to))
            if from < to { sum += to.seconds(since: from) }
            if a[i].to < b[j].to { i += 1 } else { j += 1 }
        }
        return sum
    }
}

extension Continuity {
    /// The figures of continuity.
    public struct Summary: Hashable, Sendable, CustomStringConvertible {
        /// One aircraft; times in seconds.
        public struct Row: Hashable, Sendable {
            public var address: ICAOAddress
            public var plotCount: Int
            /// How many different tracks carried its address while confirmed.
            public var trackCount: Int
            /// How long it was seen.
            public var seen: Double
            /// How much of that it had a confirmed track.
            public var tracked: Double
            /// As `seen`, without the first two turns of each appearance.
            public var seenSettled: Double
            /// As `tracked`, within `seenSettled`.
            public var trackedSettled: Double
            /// How long two confirmed tracks carried its address at once, seen or not.
            public var doubled: Double
            /// How much of `seen` that was.
            public var doubledSeen: Double
            /// How long one track carried its address without a break, at most.
            public var longest: Double
            /// How often another track took over while it was seen without a gap longer than a minute.
            public var numberChanges: Int
        }

        /// A confirmed track that changed from one address to another.
        public struct Swap: Hashable, Sendable {
            public var track: TrackID
            public var at: Timestamp
            public var from: ICAOAddress
            public var to: ICAOAddress
        }

        /// At most so many of the aircraft may ever have two tracks at once.
        public static let doubledShareMax = 0.02
        /// At least so much of the time that aircraft are seen they have a track.
        public static let trackedShareMin = 0.97

        /// Seconds of one turn.
        public let turn: Double
        /// All aircraft that were seen for some time, the worst first: by time doubled, then by time without a track.
        public let rows: [Row]
        /// Tracks that changed from one address to another, in the order of time.
        public let swaps: [Swap]
        /// Confirmed tracks without an address that flew beside one with an address for three updates running.
        public let anonymousDuplicates: Int

        init(turn: Double, rows: [Row], swaps: [Swap], anonymousDuplicates: Int) {
            self.turn = turn
            self.swaps = swaps
            self.rows = rows.sorted {
                ($1.doubled, $1.seen - $1.tracked, $0.address.rawValue)
                    < ($0.doubled, $0.seen - $0.tracked, $1.address.rawValue)
            }
            self.anonymousDuplicates = anonymousDuplicates
        }

        /// How many aircraft ever had two confirmed tracks at once.
        public var doubledCount: Int { self.rows.filter { $0.doubled > 0 }.count }
        /// Their share of the aircraft, 0...1; nought when there are none.
        public var doubledShare: Double {
            self.rows.isEmpty ? 0 : Double(self.doubledCount) / Double(self.rows.count)
        }
        /// The share of the time seen that there was a confirmed track, 0...1; one when nothing was seen.
        public var trackedShare: Double { Self.share(self.rows, \.tracked, of: \.seen) }
        /// The same without the first two turns of each appearance, in which a track is begun.
        public var trackedShareSettled: Double { Self.share(self.rows, \.trackedSettled, of: \.seenSettled) }
        /// The share of the time seen that there was exactly one confirmed track, 0...1.
        public var aloneShare: Double {
            self.trackedShare - Self.share(self.rows, \.doubledSeen, of: \.seen, else: 0)
        }
        /// The share of the time seen that there were two or more, 0...1.
        public var doubledTimeShare: Double { Self.share(self.rows, \.doubledSeen, of: \.seen, else: 0) }
        /// How many aircraft never had a confirmed track.
        public var missedCount: Int { self.rows.filter { $0.tracked == 0 }.count }
        /// The longest time that one track carried one address without a break, seconds.
        public var longest: Double { self.rows.reduce(0) { max($0, $1.longest) } }
        /// How often an aircraft was given another track number, those after a gap among them.
        public var numberChanges: Int { self.rows.reduce(0) { $0 + max($1.trackCount - 1, 0) } }
        /// How often while it was seen without a gap longer than a minute.
        public var numberChangesInSight: Int { self.rows.reduce(0) { $0 + $1.numberChanges } }
        /// Whether both limits are kept, and there was something to judge.
        public var isGood: Bool {
            !self.rows.isEmpty && self.doubledShare <= Self.doubledShareMax
                && self.trackedShare >= Self.trackedShareMin
        }

        private static func share(
            _ rows: [Row], _ part: KeyPath<Row, Double>, of whole: KeyPath<Row, Double>, else none: Double = 1
        ) -> Double {
            let sum = rows.reduce(0) { $0 + $1[keyPath: whole] }
            return sum > 0 ? rows.reduce(0) { $0 + $1[keyPath: part] } / sum : none
        }

        /// The figures and the five worst aircraft, one statement a line.
        public var description: String {
            func decimal(_ value: Double, _ digits: Int) -> String {
                var scale = 1
                for _ in 0..<digits { scale *= 10 }
                let scaled = Int((min(max(value, 0), 1e12) * Double(scale)).rounded())
                guard digits > 0 else { return "\(scaled)" }
                return "\(scaled / scale)." + String("\(scale + scaled % scale)".dropFirst())
            }
            func percent(_ share: Double) -> String { decimal(100 * share, 2) + " %" }
            let seen = self.rows.reduce(0) { $0 + $1.seen }
            var lines = [
                "aircraft with a Mode S address: \(self.rows.count), seen for \(decimal(seen / 3600, 2)) h in all",
                "ever two confirmed tracks at once: \(self.doubledCount) = \(percent(self.doubledShare))"
                    + " (limit \(percent(Self.doubledShareMax)))",
                "with a confirmed track while seen: \(percent(self.trackedShare))"
                    + " (limit \(percent(Self.trackedShareMin)))",
                "the same without the first two turns (\(decimal(2 * self.turn, 1)) s): "
                    + percent(self.trackedShareSettled),
                "changes of track number: \(self.numberChanges), \(self.numberChangesInSight) of them while seen",
                "changes of a track's address: \(self.swaps.count)",
                "anonymous tracks beside one with an address: \(self.anonymousDuplicates)",
            ]
            let worst = self.rows.prefix(5).filter { $0.doubled > 0 || $0.seen > $0.tracked }
            if !worst.isEmpty { lines.append("worst:") }
            for row in worst {
                lines.append(
                    "  \(row.address)  seen \(decimal(row.seen, 0)) s in \(row.plotCount) plots, with a track "
                        + "\(percent(row.seen > 0 ? row.tracked / row.seen : 1)), doubled \(decimal(row.doubled, 0)) s, "
                        + "\(row.trackCount) track\(row.trackCount == 1 ? "" : "s")")
            }
            return lines.joined(separator: "\n")
        }
    }
}
