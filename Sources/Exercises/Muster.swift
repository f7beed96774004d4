import Air
import Geodesy
import Glibc

/// Makes the flights of groups: who they are and which way they go, from the seed and nothing else.
///
/// Each member of a group has generators of its own, one for what it is and one for its way, so that a longer exercise
/// or another count leaves the others as they are.
struct Muster {
    private let seed: UInt64
    private let wind: Wind?
    private var serial: UInt32
    /// Codes that are taken, in the order in which they were given.
    private var codes: [Mode3A] = []

    init(seed: UInt64, wind: Wind?, firstSerial: UInt32) {
        self.seed = seed
        self.wind = wind
        self.serial = firstSerial
    }

    /// The aircraft of a group and the stretches of each, none without a stretch.
    mutating func flights(of group: TrafficGroup, index: Int) -> [(Aircraft, [Piece])] {
        guard group.time.lowerBound < group.time.upperBound else { return [] }
        var base = SplitMix64(seed: self.seed, stream: 100_000 + UInt64(index))
        let seed = base.next()
        func random(_ member: Int) -> SplitMix64 { SplitMix64(seed: seed, stream: UInt64(member) * 2 + 1) }
        var ways: [(Aircraft.Kind, [Piece])] = []
        switch group.pattern {
        case .airway(let points, let interval):
            ways = self.airway(group, points, interval: interval, &base)
        case .formation(let spacing, let splits):
            ways = self.formation(group, spacing: spacing, splits: splits, random)
        case .crossing(let angle, let missDistance, let heightDifference):
            for pair in 0..<group.count {
                var random = random(pair)
                let kind = Self.kind(group, &random)
                ways += self.pair(
                    group, kind, angle: angle, missDistance: missDistance, heightDifference: heightDifference, &random
                ).map { (kind, $0) }
            }
        case .random, .hovering, .drifting:
            for member in 0..<group.count {
                var random = random(member)
                let kind = Self.kind(group, &random)
                let bounds = Self.bounds(group, kind)
                var pilot = Self.pilot(group, bounds, &random)
                switch group.pattern {
                case .hovering:
                    pilot = Pilot(
                        time: pilot.time, position: pilot.position, track: pilot.track, speed: Pilot.stillness)
                    pilot.hover(bounds, &random)
                case .drifting:
                    pilot = Pilot(
                        time: pilot.time, position: pilot.position, track: self.wind?.towards ?? pilot.track,
                        speed: max(self.wind?.speed(pilot.position.height) ?? 2, Pilot.stillness))
                    pilot.drift(bounds, in: self.wind, &random)
                default: pilot.wander(bounds, &random)
                }
                ways.append((kind, pilot.way))
            }
        }
        var flights: [(Aircraft, [Piece])] = []
        for (member, (kind, way)) in ways.enumerated() where !way.isEmpty {
            var random = SplitMix64(seed: seed, stream: UInt64(member) * 2)
            let isWingman = if case .formation = group.pattern { member > 0 } else { false }
            let equipment = isWingman && group.leaderReplies ? .init(shares: .init(none: 1)) : group.equipment
            flights.append((self.aircraft(kind, equipment, &random), way))
        }
        return flights
    }

    // MARK: Who flies

    /// Addresses of the exercise are German (ICAO Annex 10 vol. III, table 9-1): 0x3C0000 and 18 bits.
    private static let addressBlock: UInt32 = 0x3C_0000

    private mutating func aircraft(
        _ kind: Aircraft.Kind, _ equipment: TrafficGroup.Equipment, _ random: inout SplitMix64
    ) -> Aircraft {
        let shares = equipment.shares ?? .usual(kind)
        let choice = random.index(weights: [shares.broadcast, shares.modeS, shares.modeAC, shares.none])
        let transponder: Aircraft.Transponder = choice < 2 ? .modeS : choice == 2 ? .modeAC : .none
        var identity = Identity()
        if transponder != .none { identity.mode3A = self.code(equipment, &random) }
        if transponder == .modeS {
            // An odd factor makes different numbers of different ones.
            identity.address = ICAOAddress(Self.addressBlock + (self.serial &* 0x1_F35D) & 0x3_FFFF)
            identity.callsign = Callsign("EXE\(self.serial % 100_000)")
        }
        defer { self.serial += 1 }
        return Aircraft(
            serial: self.serial, kind: kind, transponder: transponder, broadcasts: choice == 0, identity: identity,
            navigationDeviation: 30 / 2.4477, garbling: equipment.garbledCodeProbability)
    }

    private mutating func code(_ equipment: TrafficGroup.Equipment, _ random: inout SplitMix64) -> Mode3A {
        if let code = equipment.code { return code }
        if random.chance(equipment.duplicateCodeShare), !self.codes.isEmpty {
            return self.codes[random.index(below: self.codes.count)]
        }
        var code = Mode3A(UInt16(random.index(below: 4096)))
        for _ in 0..<4096 {
            if !code.isShared, self.codes.count > 3500 || !self.codes.contains(code) { break }
            code = Mode3A(code.rawValue &+ 1)
        }
        self.codes.append(code)
        return code
    }

    // MARK: Where they fly

    private static func kind(_ group: TrafficGroup, _ random: inout SplitMix64) -> Aircraft.Kind {
        // In the order of the declaration: a dictionary has none.
        let kinds = Aircraft.Kind.allCases.filter { group.kinds[$0] != nil }
        guard !kinds.isEmpty else { return .airliner }
        return kinds[random.index(weights: kinds.map { group.kinds[$0] ?? 0 })]
    }

    private static func bounds(_ group: TrafficGroup, _ kind: Aircraft.Kind) -> Pilot.Bounds {
        var manner = Manner(kind)
        if let heights = group.heights { manner.heights = heights }
        if let speeds = group.speeds { manner.speeds = speeds }
        return Pilot.Bounds(
            centre: group.centre, radius: group.radius, manner: manner, end: group.time.upperBound)
    }

    /// Somewhere in the area.
    private static func pilot(_ group: TrafficGroup, _ bounds: Pilot.Bounds, _ random: inout SplitMix64) -> Pilot {
        var position = group.centre.moved(
            distance: group.radius * random.unit().squareRoot(), azimuth: random.uniform(0...(2 * .pi)))
        position.height = random.uniform(bounds.manner.heights)
        let track = random.uniform(-.pi...(.pi))
        return Pilot(
            time: group.time.lowerBound, position: position, track: group.track ?? track,
            speed: random.uniform(bounds.manner.speeds))
    }

    private func formation(
        _ group: TrafficGroup, spacing: Double, splits: [Double], _ random: (Int) -> SplitMix64
    ) -> [(Aircraft.Kind, [Piece])] {
        guard group.count > 0 else { return [] }
        var own = random(0)
        let kind = Self.kind(group, &own)
        let bounds = Self.bounds(group, kind)
        let start = Self.pilot(group, bounds, &own)
        var leader = start
        leader.wander(bounds, &own)
        var ways = [(kind, leader.way)]
        for member in 1..<max(group.count, 1) {
            var own = random(member)
            // Right and left in turn, each pair farther out.
            let rank = Double((member + 1) / 2)
            let aside = start.track + (member % 2 == 1 ? 0.75 : -0.75) * .pi
            var place = start.position.moved(distance: spacing * rank, azimuth: aside)
            place.height = start.position.height
            var wingman = Pilot(time: start.time, position: place, track: start.track, speed: start.speed)
            let outermost = group.count - 1 - member
            let split = outermost < splits.count ? splits[outermost] : .infinity
            wingman.follow(leader.way, until: min(split, bounds.end))
            if wingman.time < bounds.end {
                wingman.turn(
                    by: (member % 2 == 1 ? 1 : -1) * own.uniform(0.5...1.5),
                    lateral: bounds.manner.lateral.upperBound, roll: bounds.manner.roll)
                wingman.wander(bounds, &own)
            }
            ways.append((kind, wingman.way))
        }
        return ways
    }

    /// Two straight ways that meet in the middle of the time, somewhere in the middle of the area.
    private func pair(
        _ group: TrafficGroup, _ kind: Aircraft.Kind, angle: Double, missDistance: Double, heightDifference: Double,
        _ random: inout SplitMix64
    ) -> [[Piece]] {
        let bounds = Self.bounds(group, kind)
        let start = group.time.lowerBound
        let duration = bounds.end - start
        let meeting = duration * random.uniform(0.3...0.7)
        var place = group.centre.moved(
            distance: 0.5 * group.radius * random.unit().squareRoot(), azimuth: random.uniform(0...(2 * .pi)))
        place.height = random.uniform(bounds.manner.heights)
        let drawn = random.uniform(-.pi...(.pi))
        let track = group.track ?? drawn
        let side = random.chance(0.5) ? 1.0 : -1
        let speed = random.uniform(bounds.manner.speeds)
        return [0.0, 1].map { second in
            let course = track + second * side * angle
            var meet = place.moved(distance: second * missDistance, azimuth: track + .pi / 2)
            let height = place.height + second * heightDifference
            var from = meet.moved(
                distance: speed * meeting / (1 + height / 6_371_000), azimuth: course + .pi)
            from.height = height
            meet.height = height
            var pilot = Pilot(time: start, position: from, track: from.geodesic(to: meet).azimuth, speed: speed)
            pilot.fly(duration)
            return pilot.way
        }
    }

    /// One behind the other; those who would have begun earlier are on their way.
    private func airway(
        _ group: TrafficGroup, _ points: [Geodetic], interval: Double, _ random: inout SplitMix64
    ) -> [(Aircraft.Kind, [Piece])] {
        guard points.count > 1, interval > 0 else { return [] }
        var ways: [(Aircraft.Kind, [Piece])] = []
        var begin = group.time.lowerBound
        var isFirst = true
        while begin < group.time.upperBound, ways.count < group.count {
            let kind = Self.kind(group, &random)
            let performance = Performance.of(kind)
            let (side, bearing) = (500 * random.unit(), random.uniform(0...(2 * .pi)))
            let places = points.map { point in
                var place = point.moved(distance: side, azimuth: bearing)
                place.height = point.height
                return place
            }
            let plan = Flight.Plan(
                waypoints: places.dropFirst().map { .init(place: $0, height: $0.height) }, lands: false,
                thresholdSpeed: 0, vigour: random.uniform(0.85...1.1), haste: random.uniform(0.97...1.03),
                wind: self.wind)
            let track = places[0].geodesic(to: places[1]).azimuth
            var speed = performance.trueAirspeed(places[0].height) * plan.haste
            if let wind { speed = wind.groundSpeed(airspeed: speed, track: track, height: places[0].height) }
            func flight(_ start: Double) -> Flight {
                Flight(
                    performance: performance, plan: plan, start: start, position: places[0], track: track,
                    speed: speed)
            }
            if isFirst, group.time.lowerBound <= 0 {
                // The airway is full when the exercise begins.
                isFirst = false
                let whole = flight(0).stretches(until: 1e6).last?.end ?? 0
                begin -= (whole / interval).rounded(.down) * interval
            }
            var way = flight(begin).stretches(until: group.time.upperBound).filter { $0.duration > 0 }
            if let last = way.last, last.end > group.time.upperBound {
                way[way.count - 1].duration = group.time.upperBound - last.start
            }
            if let last = way.last, last.end > group.time.lowerBound { ways.append((kind, way)) }
            begin += interval * random.uniform(0.85...1.15)
        }
        return ways
    }
}

extension Performance {
    /// How a kind of aircraft flies along a plan.
    static func of(_ kind: Aircraft.Kind) -> Performance {
        switch kind {
        case .airliner: .airliner
        case .regional: .regional
        case .general, .balloon: .general
        case .helicopter, .drone: .helicopter
        case .fast, .supersonic: .fast
        }
    }
}
