import Air
import Geodesy
import Glibc

/// The air traffic of an exercise: so many flights at any time, each followed by another.
///
/// Airliners and regional aircraft fly between airports and the gates of the area along the airways, light aircraft
/// and helicopters around their fields, fast ones in holding areas over the sea. Airports take no more than their
/// runways can: beyond that number, aircraft cross the area at en-route levels. Nobody separates them en route.
struct Traffic: Sendable {
    /// A place in the sky that is always taken by some flight.
    struct Slot: Sendable {
        var aircraft: Aircraft
        var flight: Flight

        func isAlive(at time: Double) -> Bool { time >= self.birth && time < (self.flight.end ?? .infinity) }
        /// Seconds since the exercise began; negative for what flew before.
        var birth: Double
    }

    private enum Task: Sendable { case scheduled, general, helicopter, fast, crossing }

    private(set) var slots: [Slot] = []
    /// Seconds since the exercise began that all flights have been flown to.
    private(set) var time = 0.0
    /// Slots that were given another flight in the last tick.
    private(set) var replaced: [Int] = []
    private var random: SplitMix64
    /// So many slots are taken again when their flight has ended; behind them are those of groups, which end.
    private let count: Int
    private let wind: Wind?
    private var serial: UInt32 = 0
    private var addresses: Set<UInt32> = []
    private var codes = [UInt16](repeating: 0, count: 4096)
    /// Times of take-off and of landing that are taken, per airport.
    private var departures = [[Double]](repeating: [], count: Airport.all.count)
    private var landings = [[Double]](repeating: [], count: Airport.all.count)

    /// Seconds between two movements on one runway.
    private static let runwaySpacing = 80.0

    init(seed: UInt64, count: Int, wind: Wind?) {
        precondition(count >= 0 && count <= 1_000_000, "an exercise has between none and a million aircraft")
        self.random = SplitMix64(seed: seed, stream: 1)
        self.count = count
        self.wind = wind
        self.slots.reserveCapacity(count)
        for index in 0..<count { self.slots.append(self.makeSlot(self.task(index), at: 0, isFirst: true)) }
    }

    /// The traffic of an exercise at its beginning.
    init(_ configuration: Scenario.Configuration) {
        self.init(seed: configuration.seed, count: configuration.aircraftCount, wind: configuration.wind)
        var muster = Muster(
            seed: configuration.seed, wind: configuration.wind,
            firstSerial: configuration.aircraftCount == 0 ? 1 : Self.groupSerial)
        for (index, group) in configuration.groups.enumerated() {
            for (aircraft, way) in muster.flights(of: group, index: index) {
                let flight = Flight(script: way)
                self.slots.append(Slot(aircraft: aircraft, flight: flight, birth: way[0].start))
            }
        }
    }

    /// The first number in the exercise of groups beside other traffic, whose numbers grow.
    private static let groupSerial: UInt32 = 10_000_001

    /// Flies all until a time; a flight that has ended is followed by another.
    ///
    /// - Complexity: one comparison a flight, some microseconds for each new stretch of flight.
    mutating func advance(to time: Double) {
        self.replaced.removeAll(keepingCapacity: true)
        self.time = time
        for index in self.slots.indices {
            self.slots[index].flight.advance(to: time)
            guard index < self.count, let end = self.slots[index].flight.end, end <= time else { continue }
            self.retire(self.slots[index].aircraft)
            self.slots[index] = self.makeSlot(self.task(index), at: time, isFirst: false)
            self.replaced.append(index)
        }
    }

    /// Where the aircraft of a slot is at a time near to now.
    mutating func motion(_ index: Int, at time: Double) -> Motion {
        self.slots[index].flight.advance(to: time)
        return self.slots[index].flight.motion(at: time)
    }

    /// All that are in the air at a time near to now.
    mutating func states(at time: Double) -> [AircraftState] {
        var states: [AircraftState] = []
        states.reserveCapacity(self.slots.count)
        for index in self.slots.indices {
            let motion = self.motion(index, at: time)
            guard self.slots[index].isAlive(at: time) else { continue }
            states.append(
                AircraftState(
                    aircraft: self.slots[index].aircraft, position: motion.position, velocity: motion.velocity))
        }
        return states
    }

    // MARK: Who flies

    /// The first slots are crossings' last: so that a small exercise has all the other kinds.
    private func task(_ index: Int) -> Task {
        let n = Double(self.count)
        let general = Int(min(0.10 * n, 600)), helicopter = Int(min(0.06 * n, 300)), fast = Int(min(0.06 * n, 160))
        let scheduled = min(self.count - general - helicopter - fast, 800)
        if index < scheduled { return .scheduled }
        if index < scheduled + general { return .general }
        if index < scheduled + general + helicopter { return .helicopter }
        if index < scheduled + general + helicopter + fast { return .fast }
        return .crossing
    }

    private mutating func retire(_ aircraft: Aircraft) {
        if let address = aircraft.identity.address { self.addresses.remove(address.rawValue) }
        if let code = aircraft.identity.mode3A { self.codes[Int(code.rawValue)] &-= 1 }
    }

    private mutating func makeSlot(_ task: Task, at time: Double, isFirst: Bool) -> Slot {
        switch task {
        case .scheduled: self.scheduled(at: time, isFirst: isFirst)
        case .crossing: self.crossing(at: time, isFirst: isFirst)
        case .general: self.local(.general, at: time, isFirst: isFirst)
        case .helicopter: self.local(.helicopter, at: time, isFirst: isFirst)
        case .fast: self.holding(at: time, isFirst: isFirst)
        }
    }

    /// An operator: its designator, the block of addresses of its State, and where it flies.
    ///
    /// Source: ICAO Doc 8585 (designators); Annex 10 vol. III, table 9-1 (blocks).
    private struct Operator {
        var designator: String
        var block: (first: UInt32, bits: UInt32)
        var weight: Double

        static let japan: (first: UInt32, bits: UInt32) = (0x84_0000, 18)
        static let korea: (first: UInt32, bits: UInt32) = (0x71_8000, 15)
        static let china: (first: UInt32, bits: UInt32) = (0x78_0000, 18)
        static let unitedStates: (first: UInt32, bits: UInt32) = (0xA0_0000, 20)
        static let australia: (first: UInt32, bits: UInt32) = (0x7C_0000, 18)
        static let singapore: (first: UInt32, bits: UInt32) = (0x76_8000, 15)

        static let japanese = [
            Operator(designator: "ANA", block: japan, weight: 8), Operator(designator: "JAL", block: japan, weight: 8),
            Operator(designator: "SKY", block: japan, weight: 3), Operator(designator: "APJ", block: japan, weight: 2),
            Operator(designator: "JJP", block: japan, weight: 1.5),
            Operator(designator: "ADO", block: japan, weight: 1), Operator(designator: "SNJ", block: japan, weight: 1),
            Operator(designator: "SFJ", block: japan, weight: 1), Operator(designator: "JTA", block: japan, weight: 1),
        ]
        static let korean = [
            Operator(designator: "KAL", block: korea, weight: 7), Operator(designator: "AAR", block: korea, weight: 5),
            Operator(designator: "JJA", block: korea, weight: 3), Operator(designator: "TWB", block: korea, weight: 2),
            Operator(designator: "JNA", block: korea, weight: 2),
            Operator(designator: "ABL", block: korea, weight: 1.5),
        ]
        static let others = [
            Operator(designator: "CCA", block: china, weight: 3), Operator(designator: "CES", block: china, weight: 3),
            Operator(designator: "CSN", block: china, weight: 2),
            Operator(designator: "UAL", block: unitedStates, weight: 3),
            Operator(designator: "DAL", block: unitedStates, weight: 2),
            Operator(designator: "FDX", block: unitedStates, weight: 1),
            Operator(designator: "QFA", block: australia, weight: 1),
            Operator(designator: "SIA", block: singapore, weight: 1.5),
        ]
        static let japaneseFeeders = [
            Operator(designator: "AKX", block: japan, weight: 3), Operator(designator: "JAC", block: japan, weight: 2),
            Operator(designator: "IBX", block: japan, weight: 1), Operator(designator: "ORC", block: japan, weight: 1),
        ]
    }

    private mutating func aircraft(_ kind: Aircraft.Kind, operators: [Operator]?, isKorean: Bool) -> Aircraft {
        // Shares without transponder, with Mode A/C only, and of Mode S those with ADS-B.
        let (none, modeAC, broadcast): (Double, Double, Double) =
            switch kind {
            case .airliner: (0, 0.01, 0.94)
            case .regional: (0, 0.03, 0.85)
            case .general: (0.12, 0.43, 0.4)
            case .helicopter: (0.12, 0.43, 0.4)
            case .fast, .supersonic, .drone, .balloon: (0.25, 0.5, 0)
            }
        let draw = self.random.unit()
        let transponder: Aircraft.Transponder = draw < none ? .none : draw < none + modeAC ? .modeAC : .modeS
        var identity = Identity()
        let chosen = operators.map { $0[self.random.index(weights: $0.map(\.weight))] }
        if transponder != .none {
            identity.mode3A = self.code(isVisual: kind == .general || kind == .helicopter)
        }
        if transponder == .modeS {
            identity.address = self.address(chosen?.block ?? (isKorean ? Operator.korea : Operator.japan))
            if let chosen {
                identity.callsign = Callsign("\(chosen.designator)\(self.random.index(below: 1980) + 10)")
            } else if kind != .fast {
                let number = self.random.index(below: 9000) + 1000
                identity.callsign = Callsign(isKorean ? "HL\(number)" : "JA\(number)")
            }
        }
        self.serial += 1
        // Horizontal uncertainty for NACp 10, 9 and 8 is 10, 30 and 92.6 m with 95 %; σ = EPU / 2.4477.
        let uncertainty = [10.0, 30, 30, 30, 92.6][self.random.index(below: 5)]
        return Aircraft(
            serial: self.serial, kind: kind, transponder: transponder,
            broadcasts: transponder == .modeS && self.random.chance(broadcast), identity: identity,
            navigationDeviation: uncertainty / 2.4477)
    }

    private mutating func address(_ block: (first: UInt32, bits: UInt32)) -> ICAOAddress {
        let mask = UInt32(1) << block.bits - 1
        var offset = UInt32(truncatingIfNeeded: self.random.next()) & mask
        var tries = 0
        while !self.addresses.insert(block.first + offset).inserted, tries <= mask {
            offset = (offset + 1) & mask
            tries += 1
        }
        return ICAOAddress(block.first + offset)
    }

    /// A code of its own while there are any; those under visual rules share 1200.
    private mutating func code(isVisual: Bool) -> Mode3A {
        var code = Mode3A(0o1200)
        if !isVisual {
            for _ in 0..<64 {
                code = Mode3A(UInt16(self.random.index(below: 4096)))
                if !code.isShared, self.codes[Int(code.rawValue)] == 0 { break }
            }
            while code.isShared { code = Mode3A(UInt16(self.random.index(below: 4096))) }
        }
        self.codes[Int(code.rawValue)] &+= 1
        return code
    }

    // MARK: Where they fly

    private mutating func scheduled(at time: Double, isFirst: Bool) -> Slot {
        let airports = Airport.all
        let points = AirwayPoint.all
        // Ends are airports, or one of them is a gate.
        var origin = 0
        var destination = 0
        var way: [Int] = []
        var length = 0.0
        repeat {
            origin = Airways.pointCount + self.random.index(weights: airports.map(\.weight))
            destination = Airways.pointCount + self.random.index(weights: airports.map(\.weight))
            if self.random.chance(0.3) {
                let gate = self.random.index(weights: points.map(\.gateWeight))
                if self.random.chance(0.5) { origin = gate } else { destination = gate }
            }
            way = Airways.shared.way(from: origin, to: destination)
            length = Self.place(origin).geodesic(to: Self.place(destination)).distance
        } while origin == destination || length < 200_000 || way.isEmpty
        let from = origin >= Airways.pointCount ? airports[origin - Airways.pointCount] : nil
        let to = destination >= Airways.pointCount ? airports[destination - Airways.pointCount] : nil

        let isRegional = length < 650_000 && self.random.chance(0.25)
        let isAbroad = from == nil || to == nil
        let isKorean = (from ?? to)?.isKorean ?? false
        let operators =
            isAbroad && self.random.chance(0.5)
            ? Operator.others
            : isKorean ? Operator.korean : isRegional ? Operator.japaneseFeeders : Operator.japanese
        let kind: Aircraft.Kind = isRegional ? .regional : .airliner
        let performance = isRegional ? Performance.regional : .airliner
        let vigour = self.random.uniform(0.85...1.1)

        // Everyone keeps to a line of his own beside the airway.
        let (side, bearing) = (3000 * self.random.unit().squareRoot(), self.random.uniform(0...(2 * .pi)))
        var places = way.map { points[$0].place.moved(distance: side, azimuth: bearing) }
        if from == nil { places.insert(Self.place(origin).moved(distance: side, azimuth: bearing), at: 0) }
        if to == nil { places.append(Self.place(destination).moved(distance: side, azimuth: bearing)) }
        var total = 0.0
        for (a, b) in zip(places, places.dropFirst()) { total += a.geodesic(to: b).distance }
        total += from.map { $0.place.geodesic(to: places[0]).distance } ?? 0
        total += to.map { $0.place.geodesic(to: places[places.count - 1]).distance } ?? 0
        let eastbound = sin(Self.place(origin).geodesic(to: Self.place(destination)).azimuth) >= 0
        let cruise = self.cruise(
            performance, isRegional: isRegional, eastbound: eastbound, length: total, vigour: vigour,
            climbs: from != nil, descends: to != nil)
        var waypoints = places.map { Flight.Plan.Waypoint(place: $0, height: cruise) }
        let airframe = self.aircraft(kind, operators: operators, isKorean: isKorean)

        var start = Self.place(origin)
        var track = places[0].geodesic(to: places.count > 1 ? places[1] : Self.place(destination)).azimuth
        var speed = performance.trueAirspeed(cruise)
        if let from {
            let runway = from.runway * .pi / 180
            start = self.threshold(from)
            track = runway
            speed = 72
            waypoints.insert(.init(place: start.moved(distance: 9000, azimuth: runway), height: cruise), at: 0)
        } else {
            start = places[0]
            start.height = cruise
            waypoints.removeFirst()
            if waypoints.isEmpty, let to { waypoints.append(.init(place: to.place, height: cruise)) }
        }
        if let to { self.appendApproach(to, to: &waypoints, finalLength: 18_000) }
        let plan = Flight.Plan(
            waypoints: waypoints, lands: to != nil, thresholdSpeed: isRegional ? 58 : 70, vigour: vigour,
            haste: self.random.uniform(0.97...1.03), wind: self.wind)
        if let wind = self.wind { speed = wind.groundSpeed(airspeed: speed, track: track, height: start.height) }
        let flight = Flight(
            performance: performance, plan: plan, start: 0, position: start, track: track, speed: speed)
        return self.slot(
            airframe, flight, at: time, isFirst: isFirst, from: from == nil ? nil : origin - Airways.pointCount,
            to: to == nil ? nil : destination - Airways.pointCount)
    }

    /// The highest level of the direction that leaves a fifth of the way for level flight.
    private mutating func cruise(
        _ performance: Performance, isRegional: Bool, eastbound: Bool, length: Double, vigour: Double, climbs: Bool,
        descends: Bool
    ) -> Double {
        // Odd thousands of feet to the east, even to the west (ICAO Annex 2, appendix 3).
        let lowest = isRegional ? 120 : 180
        var level = isRegional ? 190 + 10 * self.random.index(below: 6) : 320 + 10 * self.random.index(below: 10)
        if (level / 10) % 2 == (eastbound ? 0 : 1) { level -= 10 }
        while level > lowest + 20 {
            let height = Length.flightLevel(Double(level)).metres
            let up = climbs ? performance.distance(from: 0, to: height, climbing: true, factor: vigour) : 0
            let down = descends ? performance.distance(from: 900, to: height, climbing: false, factor: vigour) : 0
            if up + 1.25 * down + 30_000 < 0.85 * length { break }
            level -= 20
        }
        return Length.flightLevel(Double(level)).metres
    }

    /// Straight through the area at a level, around one or two points.
    private mutating func crossing(at time: Double, isFirst: Bool) -> Slot {
        let south = 23.0, north = 46.5, west = 121.5, east = 151.0
        func edge(_ side: Int, _ random: inout SplitMix64) -> Geodetic {
            switch side {
            case 0: Geodetic(latitudeDegrees: north, longitudeDegrees: random.uniform(west...east))
            case 1: Geodetic(latitudeDegrees: random.uniform(south...north), longitudeDegrees: east)
            case 2: Geodetic(latitudeDegrees: south, longitudeDegrees: random.uniform(west...east))
            default: Geodetic(latitudeDegrees: random.uniform(south...north), longitudeDegrees: west)
            }
        }
        let side = self.random.index(below: 4)
        var start = edge(side, &self.random)
        let middle = Geodetic(
            latitudeDegrees: self.random.uniform(27...44), longitudeDegrees: self.random.uniform(126...145))
        let exit = edge((side + 1 + self.random.index(below: 3)) % 4, &self.random)
        let eastbound = sin(start.geodesic(to: exit).azimuth) >= 0
        var level = 200 + 10 * self.random.index(below: 23)
        if (level / 10) % 2 == (eastbound ? 0 : 1) { level -= 10 }
        let height = Length.flightLevel(Double(level)).metres
        start.height = height
        let performance = Performance.airliner
        let airframe = self.aircraft(
            .airliner, operators: self.random.chance(0.5) ? Operator.others : Operator.japanese, isKorean: false)
        // Every third one changes level on its way.
        let second = self.random.chance(0.33) ? height + (self.random.chance(0.5) ? 609.6 : -609.6) : height
        let plan = Flight.Plan(
            waypoints: [.init(place: middle, height: height), .init(place: exit, height: second)], lands: false,
            thresholdSpeed: 0, vigour: 1, haste: self.random.uniform(0.94...1.03), wind: self.wind)
        let track = start.geodesic(to: middle).azimuth
        var speed = performance.trueAirspeed(height) * plan.haste
        if let wind = self.wind { speed = wind.groundSpeed(airspeed: speed, track: track, height: height) }
        return self.slot(
            airframe,
            Flight(performance: performance, plan: plan, start: 0, position: start, track: track, speed: speed),
            at: time, isFirst: isFirst, from: nil, to: nil)
    }

    /// Around a field, low and slow.
    private mutating func local(_ kind: Aircraft.Kind, at time: Double, isFirst: Bool) -> Slot {
        let isHelicopter = kind == .helicopter
        let near = Airport.all[self.random.index(weights: Airport.all.map(\.weight))]
        var home = near.place.moved(
            distance: self.random.uniform(4000...25_000), azimuth: self.random.uniform(0...(2 * .pi)))
        home.height = near.elevation
        let runway = self.random.uniform(0...(2 * .pi))
        let floor = near.elevation + (isHelicopter ? 150 : 450)
        let ceiling = isHelicopter ? 900.0 : 2900
        var waypoints = [
            Flight.Plan.Waypoint(place: home.moved(distance: 2500, azimuth: runway), height: floor + 200)
        ]
        for _ in 0..<(6 + self.random.index(below: 8)) {
            let place = home.moved(
                distance: (isHelicopter ? 35_000 : 70_000) * self.random.unit().squareRoot(),
                azimuth: self.random.uniform(0...(2 * .pi)))
            let height = self.random.chance(0.6) ? self.random.uniform(floor...max(ceiling, floor + 300)) : nil
            waypoints.append(.init(place: place, height: height ?? waypoints[waypoints.count - 1].height))
        }
        let final = home.moved(distance: isHelicopter ? 3000 : 6000, azimuth: runway + .pi)
        waypoints.append(.init(place: final, height: near.elevation + (isHelicopter ? 150 : 300)))
        waypoints.append(.init(place: home, height: near.elevation))
        let performance = isHelicopter ? Performance.helicopter : .general
        let plan = Flight.Plan(
            waypoints: waypoints, lands: true, thresholdSpeed: isHelicopter ? 15 : 33,
            vigour: self.random.uniform(0.8...1.2), haste: self.random.uniform(0.85...1.25), wind: self.wind)
        let airframe = self.aircraft(kind, operators: nil, isKorean: near.isKorean)
        return self.slot(
            airframe,
            Flight(performance: performance, plan: plan, start: 0, position: home, track: runway, speed: 35),
            at: time, isFirst: isFirst, from: nil, to: nil)
    }

    /// Out to a holding area, turns and race-tracks there, and home.
    private mutating func holding(at time: Double, isFirst: Bool) -> Slot {
        let area = HoldingArea.all[self.random.index(below: HoldingArea.all.count)]
        let near = Airport.all.indices.sorted {
            Airport.all[$0].place.geodesic(to: area.centre).distance
                < Airport.all[$1].place.geodesic(to: area.centre).distance
        }
        let airport = near[self.random.index(below: 3)]
        let home = Airport.all[airport]
        let start = self.threshold(home)
        let runway = home.runway * .pi / 180
        let base = self.random.uniform(3000...10_500)
        var waypoints = [Flight.Plan.Waypoint(place: start.moved(distance: 10_000, azimuth: runway), height: base)]
        let isRacetrack = self.random.chance(0.4)
        let corner = area.centre.moved(
            distance: area.radius * 0.6 * self.random.unit().squareRoot(), azimuth: self.random.uniform(0...(2 * .pi)))
        let axis = self.random.uniform(0...(2 * .pi))
        for turn in 0..<(12 + self.random.index(below: 10)) {
            if isRacetrack {
                let place = corner.moved(distance: turn % 2 == 0 ? 0 : 45_000, azimuth: axis)
                waypoints.append(.init(place: place, height: base))
            } else {
                let place = area.centre.moved(
                    distance: area.radius * self.random.unit().squareRoot(), azimuth: self.random.uniform(0...(2 * .pi))
                )
                waypoints.append(
                    .init(place: place, height: min(max(base + self.random.uniform(-2500...2500), 2000), 13_000)))
            }
        }
        self.appendApproach(home, to: &waypoints, finalLength: 18_000)
        let plan = Flight.Plan(
            waypoints: waypoints, lands: true, thresholdSpeed: 75, vigour: self.random.uniform(0.5...1),
            haste: self.random.uniform(0.85...1.1), wind: self.wind)
        let airframe = self.aircraft(.fast, operators: nil, isKorean: home.isKorean)
        return self.slot(
            airframe,
            Flight(performance: .fast, plan: plan, start: 0, position: start, track: runway, speed: 85),
            at: time, isFirst: isFirst, from: airport, to: airport)
    }

    private static func place(_ node: Int) -> Geodetic {
        node < Airways.pointCount ? AirwayPoint.all[node].place : Airport.all[node - Airways.pointCount].place
    }

    /// The beginning of one of the airport's runways, 1,500 m apart.
    private mutating func threshold(_ airport: Airport) -> Geodetic {
        let runway = Double(self.random.index(below: airport.runways))
        let along = airport.runway * .pi / 180
        var place = airport.place.moved(distance: 1500, azimuth: along + .pi)
        place = place.moved(distance: 1500 * runway, azimuth: along + .pi / 2)
        place.height = airport.elevation
        return place
    }

    /// A base leg if the runway is not ahead, the final point on a 3° path, and the threshold.
    private mutating func appendApproach(
        _ airport: Airport, to waypoints: inout [Flight.Plan.Waypoint], finalLength: Double
    ) {
        let along = airport.runway * .pi / 180
        let threshold = self.threshold(airport)
        var final = threshold.moved(distance: finalLength, azimuth: along + .pi)
        let height = airport.elevation + finalLength * tan(3 * .pi / 180)
        final.height = height
        let cruise = waypoints.last?.height ?? height
        if let last = waypoints.last {
            let inbound = last.place.geodesic(to: final).finalAzimuth
            let turn = wrappedAngle(along - inbound)
            if abs(turn) > 0.8 {
                // Come from the side: a turn to the right ends a base leg that was flown from the left.
                let base = final.moved(distance: 4000, azimuth: along + .pi)
                    .moved(distance: 11_000, azimuth: along + (turn > 0 ? -.pi / 2 : .pi / 2))
                waypoints.append(.init(place: base, height: cruise))
            }
        }
        waypoints.append(.init(place: final, height: height))
        waypoints.append(.init(place: threshold, height: airport.elevation))
    }

    /// Puts a flight on its way at a time when both runways are free; the first ones are somewhere on theirs.
    private mutating func slot(
        _ aircraft: Aircraft, _ flight: Flight, at time: Double, isFirst: Bool, from: Int?, to: Int?
    ) -> Slot {
        var rehearsal = flight
        rehearsal.advance(to: 40_000)
        let duration = rehearsal.end ?? 40_000
        var start = isFirst ? time - duration * self.random.unit() : time + self.random.uniform(0...20)
        func isFree(_ taken: [Double], _ instant: Double, _ airport: Int) -> Bool {
            let spacing = Self.runwaySpacing / Double(Airport.all[airport].runways)
            return !taken.contains { abs($0 - instant) < spacing }
        }
        for _ in 0..<400 {
            if let from, !isFree(self.departures[from], start, from) {
                start += 10
            } else if let to, !isFree(self.landings[to], start + duration, to) {
                start += 10
            } else {
                break
            }
        }
        if let from {
            self.departures[from].removeAll { $0 < time - 20_000 }
            self.departures[from].append(start)
        }
        if let to {
            self.landings[to].removeAll { $0 < time - 200 }
            self.landings[to].append(start + duration)
        }
        var flight = flight
        flight.delay(by: start)
        flight.advance(to: time)
        return Slot(aircraft: aircraft, flight: flight, birth: start)
    }
}
