public import Air
import Geodesy
import Glibc

/// Holds what sensors say against what can be, and marks each plot and track with the rules that it breaks.
///
/// It hides nothing: every report goes on to the tracker, marked or not. One guard stands in a node, before its tracker.
///
/// Memory is fixed when it is made: aircraft, messages, areas and sensors live in tables of bounded size that let the
/// oldest go. No allocation for a report.
///
/// The limits and where they come from: `docs/plausibility.md`.
public struct PlausibilityGuard: Sendable {
    /// How much is remembered.
    public struct Configuration: Hashable, Sendable {
        /// How many aircraft (of each kind of source) are followed at once; 480 bytes each.
        public var aircraftMax: Int
        /// Of how many plots the content is remembered, to know it again; 8 bytes each.
        public var messagesMax: Int
        /// How many areas of one degree have aircraft at once; 400 bytes each.
        public var areasMax: Int

        public init(aircraftMax: Int = 32_768, messagesMax: Int = 1 << 20, areasMax: Int = 1024) {
            self.aircraftMax = min(max(aircraftMax, 64), 1 << 22)
            self.messagesMax = min(max(messagesMax, 1024), 1 << 28)
            self.areasMax = min(max(areasMax, 64), 1 << 16)
        }
    }

    /// What was counted.
    public private(set) var tally = PlausibilityTally()

    private var watchers: [Watcher] = []
    /// Index into `watchers` by the sensor's number; −1: none.
    private var watcherOfSensor: [Int16]
    private var aircraft: AircraftTable
    private var messages: MessageMemory
    private var areas: AreaTable
    private var numbers: TrackNumberMemory

    /// More sensors than this share one place, and are then judged only by what needs no memory of them.
    static let sensorsMax = 4096

    /// A guard that has seen nothing.
    ///
    /// - Parameter sensors: where sensors stand and how far they see; more can be told later.
    public init(sensors: [Sensor], configuration: Configuration = Configuration()) {
        self.watcherOfSensor = Array(repeating: -1, count: 65_536)
        self.watchers = [Watcher(unknown: SensorID(rawValue: 0))]
        self.watchers.reserveCapacity(64)
        self.aircraft = AircraftTable(capacity: configuration.aircraftMax)
        self.messages = MessageMemory(capacity: configuration.messagesMax)
        self.areas = AreaTable(capacity: configuration.areasMax)
        self.numbers = TrackNumberMemory()
        for sensor in sensors { self.setSensor(sensor) }
    }

    /// Adds a sensor, or replaces what was known of its site and reach.
    public mutating func setSensor(_ sensor: Sensor) {
        let index = self.watcher(of: sensor.id)
        guard index > 0 else { return }
        self.watchers[index].learn(sensor)
    }

    /// Areas in which several aircraft's navigation is disturbed now.
    public func doubtfulAreas(at now: Timestamp) -> [DoubtfulArea] { self.areas.doubtful(at: now.nanoseconds) }

    /// The index of a sensor's watcher; a new one is made, 0 if there is no room.
    private mutating func watcher(of sensor: SensorID) -> Int {
        let known = Int(self.watcherOfSensor[Int(sensor.rawValue)])
        if known >= 0 { return known }
        guard self.watchers.count < Self.sensorsMax else { return 0 }
        self.watcherOfSensor[Int(sensor.rawValue)] = Int16(self.watchers.count)
        self.watchers.append(Watcher(unknown: sensor))
        return self.watchers.count - 1
    }

    // MARK: Plots

    /// Adds to each plot the rules that it breaks.
    ///
    /// - Parameter reports: in order of `receivedAt`; only `doubts` of plots are changed.
    /// - Complexity: O(1) a report, no allocation (but for the first report of a sensor).
    public mutating func judge(_ reports: inout [SensorReport]) {
        for index in reports.indices {
            switch reports[index] {
            case .plot(var plot):
                let doubts = self.doubts(of: plot)
                guard !doubts.isEmpty else { continue }
                plot.doubts.formUnion(doubts)
                reports[index] = .plot(plot)
            case .sector(let crossing):
                let watcher = self.watcher(of: crossing.sensor)
                self.watchers[watcher].hear(crossing)
            case .status(let status):
                let watcher = self.watcher(of: status.sensor)
                self.watchers[watcher].isOperational = status.isOperational
            }
        }
    }

    /// The rules that a plot breaks, in the light of all that was judged before it.
    public mutating func doubts(of plot: Plot) -> Doubts {
        let watcher = self.watcher(of: plot.sensor)
        let now = plot.receivedAt.nanoseconds
        var doubts = self.watchers[watcher].doubtsOfTime(plot)
        doubts.formUnion(Rules.doubtsAlone(of: plot))
        // A stamp that is doubted is no measure of how long something took.
        let isTimely = doubts.isDisjoint(with: [.fromFuture, .fromPast, .timeReversed])
        let time = isTimely ? plot.measuredAt.nanoseconds : now
        self.tally.plots += 1

        let key = Aircraft.key(of: plot)
        var slot = -1
        var isNew = false
        if key != 0 {
            (slot, isNew) = self.aircraft.find(key, at: now)
            if slot < 0 { self.tally.untracked += 1 }
        }
        let isRepeated = !plot.isOnGround && self.messages.isKnown(plot, at: now)
        let height: Double? = Rules.height(of: plot) ?? (slot >= 0 ? self.aircraft.entries[slot].knownHeight() : nil)
        if let sighting = self.watchers[watcher].sighting(plot, height: height, time: time) {
            if !sighting.isWithinReach { doubts.insert(.beyondHorizon) }
            if slot >= 0 {
                doubts.formUnion(self.aircraft.entries[slot].doubts(of: plot, sighting))
                switch plot.kind {
                case .broadcast:
                    doubts.formUnion(
                        self.areas.doubts(
                            sighting, &self.aircraft.entries[slot], isRepeated: isRepeated, now: now))
                case .systemTrack: break
                default: self.compareWithBroadcast(plot, sighting)
                }
                doubts.formUnion(self.numbers.doubts(of: plot, sighting, isNew: isNew))
            }
        }
        // One report like another is chance; several are a recording.
        let isReplay: Bool
        if slot >= 0 {
            isReplay =
                self.aircraft.entries[slot].noteRepeat(isRepeated && !self.aircraft.entries[slot].isSlow(plot))
        } else {
            isReplay = self.watchers[watcher].noteRepeat(isRepeated)
        }
        if isReplay, isRepeated { doubts.insert(.replay) }
        if !doubts.isEmpty { self.tally.count(doubts) }
        return doubts
    }

    /// Holds a measured place against where the same address says that it is; the verdict stays with the broadcasts.
    private mutating func compareWithBroadcast(_ plot: Plot, _ sighting: Sighting) {
        guard let address = plot.identity.address else { return }
        let slot = self.aircraft.look(Aircraft.broadcastKey(address))
        guard slot >= 0 else { return }
        self.aircraft.entries[slot].compare(withMeasured: sighting)
    }

    // MARK: Tracks

    /// Adds to each track that the tracker tells of the rules that need a track: a broadcaster that no radar sees.
    ///
    /// The mark holds as long as the state that raised it; the tracker itself is not told.
    ///
    /// - Parameters:
    ///   - changes: what the tracker has just told; only the doubts of tracks are changed.
    ///   - now: as was given to the tracker.
    /// - Complexity: O(number of radars) for a track on which no radar has reported lately, else O(1).
    public mutating func judge(_ changes: inout [TrackChange], now: Timestamp) {
        for index in changes.indices {
            guard case .updated(let track) = changes[index], track.lastKind == .broadcast, !track.isOnGround,
                self.isUnseen(track, now: now)
            else { continue }
            var marked = track
            marked.doubtLog.note(.radarSilent, at: track.receivedAt)
            changes[index] = .updated(marked)
            self.tally.count(.radarSilent)
        }
    }

    /// Whether some radar that works and covers the place has looked in vain several times, and no other has seen it.
    private func isUnseen(_ track: Track, now: Timestamp) -> Bool {
        // What the tracker has forgotten of older contributions cannot be held against the track.
        let count = Int(track.contributionCount)
        var knownSince = track.bornAt.nanoseconds
        if count == Track.contributionsMax {
            knownSince = max(knownSince, track.contributions[count - 1].measuredAt.nanoseconds)
        }
        for i in 0..<count {
            let contribution = track.contributions[i]
            let index = Int(self.watcherOfSensor[Int(contribution.sensor.rawValue)])
            guard index > 0, self.watchers[index].kind == .radar else { continue }
            let age = Double(track.measuredAt.nanoseconds &- contribution.measuredAt.nanoseconds) / 1e9
            if age < Limits.looksInVain * self.watchers[index].period + 5 { return false }
        }
        let place = Place(track.position)
        for index in self.watchers.indices
        where self.watchers[index].hasLookedInVain(
            at: place, height: track.position.height, since: knownSince, now: now.nanoseconds)
        {
            return true
        }
        return false
    }
}

/// What a guard has counted since it began.
public struct PlausibilityTally: Sendable {
    /// Plots judged.
    public var plots = 0
    /// Plots of aircraft for which there was no room in the table.
    public var untracked = 0
    /// Plots (of `radarSilent`, changes of tracks) that broke one rule or more.
    public var marked = 0
    private var byRule = InlineArray<16, Int>(repeating: 0)

    public init() {}

    /// Plots, or changes of tracks, that broke this rule.
    public subscript(_ doubt: Doubt) -> Int { self.byRule[Int(doubt.rawValue)] }

    mutating func count(_ doubts: Doubts) {
        self.marked += 1
        var bits = doubts.rawValue
        while bits != 0 {
            self.byRule[bits.trailingZeroBitCount] += 1
            bits &= bits &- 1
        }
    }
}

/// A part of the map in which several aircraft's navigation is disturbed.
public struct DoubtfulArea: Hashable, Sendable {
    /// `commonShift`, `commonFreeze`, `integrityLoss`, or several of them.
    public var doubts: Doubts
    /// Bounds, degrees; west is less than east, each within −180...180.
    public var southDegrees: Double
    public var northDegrees: Double
    public var westDegrees: Double
    public var eastDegrees: Double
    /// How many aircraft were heard in it in the last minute or two.
    public var aircraftCount: Int
}
