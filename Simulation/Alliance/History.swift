import Exercises
import Glibc
import Releasability

extension SplitMix64 {
    /// A time until the next of events that come by chance, with this mean.
    mutating func exponential(mean: Double) -> Double { -mean * log(1 - self.unit()) }
}

/// A record that a nation makes.
struct PlannedRecord: Hashable, Sendable {
    /// Counted over the whole run, so that a text with it in it is found wherever it turns up.
    var id: Int
    var nation: Int
    var kind: SmallKind
    var label: SmallLabel
    var spot: SmallSpot?

    var isUrgent: Bool { self.kind == .warning }
    /// The text to look for: in an audience's bytes, it is a disclosure.
    var marker: String { Self.marker(self.id) }
    static func marker(_ id: Int) -> String { "secret-" + String(100_000_000 + id) }
}

/// A state of an aircraft, as its nation's sensors know it.
struct PlannedState: Hashable, Sendable {
    var nation: Int
    /// Its number at home.
    var track: UInt32
    var label: SmallLabel
    var spot: SmallSpot
    /// Metres per second.
    var east: Double
    var north: Double
    var isEnded: Bool
}

/// What people and sensors do in a run.
enum Act: Sendable {
    case record(PlannedRecord)
    case states(nation: Int, [PlannedState])
    /// A nation's policy changes, at random.
    case changePolicy(Int)
    case revoke(Int, partner: Int)
    case restore(Int, partner: Int)
}

/// All acts of a run, with their times in nanoseconds. They follow from the seed and nothing that the nodes do.
struct History: Sendable {
    private(set) var acts: [(time: Int64, act: Act)] = []
    private(set) var records: [PlannedRecord] = []

    init(seed: UInt64, world: World, mix: FaultMix, seconds: Double, records: Int, flights: Int) {
        var random = SplitMix64(seed: seed, stream: 0x415)
        let nations = world.nations.count
        let begin = World.begin
        func spot(_ time: Double) -> SmallSpot {
            SmallSpot(
                latitude: random.uniform(20...50), longitude: random.uniform(120...160),
                measuredAt: begin + Int64(time * 1e9))
        }
        // Records: one at a time, and at saturation in bursts with a warning behind them.
        var id = 0
        func add(_ nation: Int, _ kind: SmallKind, at time: Double) {
            id += 1
            let label = world.label(of: nation, &random)
            let record = PlannedRecord(
                id: id, nation: nation, kind: kind, label: label, spot: random.chance(0.6) ? spot(time) : nil)
            self.records.append(record)
            self.acts.append((Int64(time * 1e9) + Int64(id), .record(record)))
        }
        while id < records {
            let time = random.uniform(0.5...seconds), nation = random.index(below: nations)
            if mix.isSaturated, random.chance(0.1) {
                for _ in 0..<random.index(below: 30) { add(nation, .report, at: time) }
                add(nation, .warning, at: time + 0.001)
            } else {
                add(nation, random.chance(0.2) ? .warning : .report, at: time)
            }
        }
        // Flights: each with a label of its own, which may change on the way.
        for number in 0..<flights {
            let nation = random.index(below: nations)
            var label = world.label(of: nation, &random)
            let first = random.uniform(0.5...seconds * 0.7)
            let last = random.chance(0.4) ? random.uniform(first...seconds) : seconds
            var place = spot(first)
            let east = random.uniform(-250...250), north = random.uniform(-250...250)
            var time = first, count: Int64 = 0
            while time < last {
                count += 1
                // No two states of a run are of one instant.
                place.measuredAt = begin + Int64(time * 1e3) * 1_000_000 + Int64(number) * 10_000 + count
                if random.chance(0.05) { label = world.label(of: nation, &random) }
                self.acts.append(
                    (
                        Int64(time * 1e9),
                        .states(
                            nation: nation,
                            [
                                PlannedState(
                                    nation: nation, track: UInt32(number + 1), label: label, spot: place, east: east,
                                    north: north, isEnded: false)
                            ])
                    ))
                let step = random.uniform(0.5...4)
                place.latitude += north * step / 111_000
                place.longitude += east * step / 90_000
                time += step
            }
            if last < seconds {
                place.measuredAt = begin + Int64(last * 1e3) * 1_000_000 + Int64(number) * 10_000 + count + 1
                self.acts.append(
                    (
                        Int64(last * 1e9),
                        .states(
                            nation: nation,
                            [
                                PlannedState(
                                    nation: nation, track: UInt32(number + 1), label: label, spot: place, east: east,
                                    north: north, isEnded: true)
                            ])
                    ))
            }
        }
        // Policies and partners.
        var time = 0.0
        while mix.policyEvery.isFinite {
            time += random.exponential(mean: mix.policyEvery)
            guard time < seconds else { break }
            self.acts.append((Int64(time * 1e9), .changePolicy(random.index(below: nations))))
        }
        time = 0
        while mix.revokeEvery.isFinite {
            time += random.exponential(mean: mix.revokeEvery)
            guard time < seconds else { break }
            let nation = random.index(below: nations)
            let partner = (nation + 1 + random.index(below: nations - 1)) % nations
            self.acts.append((Int64(time * 1e9), .revoke(nation, partner: partner)))
            if random.chance(0.6) {
                let back = min(time + random.uniform(1...15), seconds)
                self.acts.append((Int64(back * 1e9), .restore(nation, partner: partner)))
            }
        }
        // At one instant they happen as they stand here.
        let order = self.acts.indices.sorted { (self.acts[$0].time, $0) < (self.acts[$1].time, $1) }
        self.acts = order.map { self.acts[$0] }
    }
}
