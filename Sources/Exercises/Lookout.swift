import Air
import Geodesy
import Glibc

/// A sensor at work: which aircraft it sees when, and what it makes of them.
///
/// The antenna's turn (or a receiver's period) is cut into parts, and each aircraft in reach waits in the part in
/// which the beam will meet it next, so that an aircraft is looked at once a turn.
struct Lookout: Sendable {
    /// Seconds between two searches for aircraft that came into reach.
    static let rollCallPeriod = 4
    /// Sectors of a turn.
    static let sectorCount = 32
    /// Aircraft are awaited a little earlier than foretold, radians: a turn may bring them nearer to the beam.
    private static let earliness = 0.02
    /// Effective radius of the Earth for radio waves, 4/3 of the mean one, metres.
    private static let effectiveRadius = 4.0 / 3 * 6_371_000

    private let site: Site
    private let frame: LocalFrame
    private let isRadar: Bool
    private let period: Double
    private let partCount: Int
    private let start: Timestamp
    private let seed: UInt64
    private let broadcastProbability: Double
    /// Seconds since the exercise began at which its first part begins.
    private let phase: Double
    /// Its first part; a radar's is not its first sector, so that not all point to the north at once.
    private let firstPart: Int
    /// Distance to the horizon at sea, metres.
    private let horizon: Double
    /// Middles of patches of weather, sea and birds: range, azimuth.
    private let clutter: [(range: Double, azimuth: Double)]
    private var random: SplitMix64
    /// The part that begins next, counted from a north before the exercise.
    private var part: Int
    private var waiting: [[Int32]]
    private var atWork: [Int32] = []
    /// Seconds at which each slot was last met by the beam; nil when it is out of reach.
    private var lastLook: [Double?] = []
    /// Whether the sensor is out of service in this turn.
    private var isOut = false

    init(_ site: Site, configuration: Scenario.Configuration) {
        let sensor = site.sensor
        self.site = site
        self.frame = LocalFrame(origin: sensor.site)
        self.start = configuration.start
        self.seed = configuration.seed
        self.broadcastProbability = configuration.broadcastProbability
        self.random = SplitMix64(seed: configuration.seed, stream: 1000 + UInt64(sensor.id.rawValue))
        if case .radar(let period) = sensor.kind {
            precondition(period >= 1, "an antenna does not turn faster than once a second")
            self.isRadar = true
            self.period = period
            self.partCount = Self.sectorCount
            self.phase = period * self.random.unit() / Double(Self.sectorCount)
            self.firstPart = self.random.index(below: Self.sectorCount)
        } else {
            self.isRadar = false
            self.period = configuration.broadcastPeriod
            self.partCount = 16
            self.phase = 0
            self.firstPart = 0
        }
        self.part = self.firstPart
        self.horizon = (2 * Self.effectiveRadius * max(sensor.site.height, 0)).squareRoot()
        let reach = min(sensor.coverage.upperBound, 90_000)
        var clutter: [(range: Double, azimuth: Double)] = []
        for _ in 0..<8 {
            clutter.append(
                (reach * (0.08 + 0.9 * self.random.unit()), self.random.uniform(0...(2 * .pi))))
        }
        self.clutter = clutter
        self.waiting = [[Int32]](repeating: [], count: self.partCount)
    }

    /// Takes up the aircraft that came into reach.
    ///
    /// - Parameter places: of all slots, now.
    mutating func rollCall(_ traffic: Traffic, places: [Geocentric]) {
        if self.lastLook.count != traffic.slots.count {
            self.lastLook = [Double?](repeating: nil, count: traffic.slots.count)
        }
        let reach = self.site.sensor.coverage.upperBound + 3000
        for index in traffic.slots.indices where self.lastLook[index] == nil {
            guard self.frame.centre.distance(to: places[index]) < reach else { continue }
            let aircraft = traffic.slots[index].aircraft
            guard self.isRadar || aircraft.broadcasts else { continue }
            self.lastLook[index] = -.infinity
            let part =
                self.isRadar
                ? self.sector(Polar(self.frame.displacement(of: places[index])).azimuth)
                : Int(aircraft.serial &* 0x9E37_79B9 >> 28) % self.partCount
            self.waiting[part].append(Int32(index))
        }
    }

    /// Does all looks that begin before a time.
    mutating func work(
        until time: Double, traffic: inout Traffic, into outbox: inout Outbox
    ) {
        while self.partStart(self.part) < time {
            if self.isRadar {
                self.turn(&traffic, into: &outbox)
            } else {
                self.listen(&traffic, into: &outbox)
            }
            self.part += 1
        }
    }

    private func partStart(_ part: Int) -> Double {
        self.phase + Double(part - self.firstPart) * self.period / Double(self.partCount)
    }

    private func sector(_ azimuth: Double) -> Int {
        let sector = Int((azimuth / (2 * .pi) * Double(Self.sectorCount)).rounded(.down))
        return ((sector % Self.sectorCount) + Self.sectorCount) % Self.sectorCount
    }

    private func timestamp(_ time: Double) -> Timestamp { self.start.advanced(by: time) }

    // MARK: Radar

    /// One sector of a turn.
    private mutating func turn(_ traffic: inout Traffic, into outbox: inout Outbox) {
        let sector = self.part % Self.sectorCount
        let begin = self.partStart(self.part)
        let beginAzimuth = 2 * .pi * Double(sector) / Double(Self.sectorCount)
        let sensor = self.site.sensor
        if sector == 0 {
            let wasOut = self.isOut
            self.isOut = self.site.isOut(at: begin)
            if !self.isOut || !wasOut {
                // Its last word before it falls silent is that its data are not to be used.
                let status = SensorStatus(
                    sensor: sensor.id, measuredAt: self.timestamp(begin), receivedAt: self.timestamp(begin),
                    isOperational: !self.isOut, site: sensor.site)
                outbox.send(begin, .status(status))
            }
            if self.isOut, !wasOut { self.sendCrossing(begin, azimuth: 0, into: &outbox) }
        }
        guard !self.isOut else { return }
        self.sendCrossing(begin, azimuth: beginAzimuth, into: &outbox)

        swap(&self.atWork, &self.waiting[sector])
        for slot in self.atWork {
            let index = Int(slot)
            // When does the beam meet it? The beam is so much faster that two corrections are enough.
            var time = begin
            var motion = traffic.motion(index, at: time)
            var place = Polar(self.frame.displacement(of: motion.position))
            for _ in 0..<2 {
                let ahead = wrappedAngle(place.azimuth - beginAzimuth)
                time = begin + max(ahead, 0) / (2 * .pi) * self.period
                motion = traffic.motion(index, at: time)
                place = Polar(self.frame.displacement(of: motion.position))
            }
            guard place.range < sensor.coverage.upperBound + 3000 else {
                self.lastLook[index] = nil
                continue
            }
            let here = self.sector(place.azimuth)
            let ahead = wrappedAngle(place.azimuth - beginAzimuth)
            let isNext = here != sector && ahead > 0
            let isLost = ahead < -0.5
            if isNext || isLost {
                self.waiting[here].append(slot)
                continue
            }
            // An aircraft that flies before the beam is met once, not twice.
            let last = self.lastLook[index] ?? -.infinity
            if time - last < 0.5 * self.period {
                self.waiting[sector].append(slot)
                continue
            }
            self.lastLook[index] = time
            let foretold = self.azimuth(of: motion, after: self.period) - Self.earliness
            self.waiting[self.sector(foretold)].append(slot)
            guard traffic.slots[index].isAlive(at: time) else { continue }
            self.look(at: traffic.slots[index].aircraft, motion: motion, place: place, time: time, into: &outbox)
        }
        self.atWork.removeAll(keepingCapacity: true)
        self.sendClutter(begin: begin, sector: sector, beginAzimuth: beginAzimuth, into: &outbox)
    }

    private func sendCrossing(_ time: Double, azimuth: Double, into outbox: inout Outbox) {
        let crossing = SectorCrossing(
            sensor: self.site.sensor.id, measuredAt: self.timestamp(time), receivedAt: self.timestamp(time),
            azimuth: azimuth, period: azimuth == 0 ? self.period : nil)
        outbox.send(time, .sector(crossing))
    }

    /// Where a straight flight will be seen after some seconds.
    private func azimuth(of motion: Motion, after seconds: Double) -> Double {
        let d = self.frame.displacement(of: motion.position)
        // The aircraft's frame is turned against ours by less than five degrees: good enough to foretell a sector.
        return atan2(d.east + motion.velocity.east * seconds, d.north + motion.velocity.north * seconds)
    }

    /// Whether a place lies between the nearest range, the cone of silence and the radio horizon.
    private func covers(_ place: Polar, height: Double) -> Bool {
        let sensor = self.site.sensor
        return sensor.coverage.contains(place.range) && place.elevation < sensor.elevationMax
            && place.range < self.horizon + (2 * Self.effectiveRadius * max(height, 0)).squareRoot()
    }

    /// Whether the sensor could see an aircraft at a place.
    func sees(_ aircraft: Aircraft, _ place: Geocentric, height: Double) -> Bool {
        let sensor = self.site.sensor
        let isHeard = self.isRadar ? aircraft.transponder != .none && sensor.secondary != nil : aircraft.broadcasts
        guard isHeard || sensor.primary != nil,
            self.frame.centre.distance(to: place) <= sensor.coverage.upperBound
        else { return false }
        return self.covers(Polar(self.frame.displacement(of: place)), height: height)
    }

    /// When a radar's beam first passes the north, seconds since the exercise began.
    var firstNorth: Double { self.partStart(self.partCount) }

    /// One look at one aircraft.
    private mutating func look(
        at aircraft: Aircraft, motion: Motion, place: Polar, time: Double,
        into outbox: inout Outbox
    ) {
        guard self.covers(place, height: motion.position.height) else { return }
        let sensor = self.site.sensor
        let replies =
            aircraft.transponder != .none
            && sensor.secondary.map { self.random.chance($0.detectionProbability) } ?? false
        let echoes = sensor.primary.map { self.random.chance($0.detectionProbability) } ?? false
        guard replies || echoes, let channel = replies ? sensor.secondary : sensor.primary else { return }
        let isModeS = replies && self.site.hasModeS && aircraft.transponder == .modeS
        let azimuth = place.azimuth + channel.azimuthDeviation * self.random.gaussian()
        var plot = Plot(
            sensor: sensor.id, measuredAt: self.timestamp(time), receivedAt: self.timestamp(time),
            kind: !replies ? .primary : echoes ? .combined : isModeS ? .modeS : .secondary,
            measurement: .polar(
                range: max(place.range + channel.rangeDeviation * self.random.gaussian(), 1),
                azimuth: azimuth < 0 ? azimuth + 2 * .pi : azimuth >= 2 * .pi ? azimuth - 2 * .pi : azimuth,
                elevation: nil))
        if replies {
            self.reply(of: aircraft, height: motion.position.height, isModeS: isModeS, into: &plot)
        }
        outbox.send(time, .plot(plot), of: aircraft.serial)
    }

    /// What a transponder answers, and what is lost of it.
    private mutating func reply(of aircraft: Aircraft, height: Double, isModeS: Bool, into plot: inout Plot) {
        let step = isModeS ? 7.62 : 30.48  // 25 ft, 100 ft
        plot.pressureAltitude = (height / step).rounded() * step
        plot.identity.mode3A = aircraft.identity.mode3A
        if isModeS {
            plot.identity.address = aircraft.identity.address
            plot.identity.callsign = aircraft.identity.callsign
            return
        }
        // Replies of Mode A/C overlap with those of others: codes are garbled, and once in a while believed.
        if self.random.chance(0.01) { plot.identity.mode3A = nil }
        if self.random.chance(0.01) { plot.pressureAltitude = nil }
        if self.random.chance(0.001), let altitude = plot.pressureAltitude {
            plot.pressureAltitude = altitude + Double(self.random.index(below: 9) - 4) * 152.4
        }
    }

    /// False plots of one sector of a primary radar: most from everywhere, some from where they often come.
    private mutating func sendClutter(
        begin: Double, sector: Int, beginAzimuth: Double, into outbox: inout Outbox
    ) {
        let sensor = self.site.sensor
        guard sensor.primary != nil, sensor.falsePlotsPerScan > 0 else { return }
        let width = 2 * .pi / Double(Self.sectorCount)
        func echo(range: Double, azimuth: Double) {
            let ahead = azimuth - beginAzimuth
            guard ahead >= 0, ahead < width, sensor.coverage.contains(range) else { return }
            let time = begin + ahead / (2 * .pi) * self.period
            let plot = Plot(
                sensor: sensor.id, measuredAt: self.timestamp(time), receivedAt: self.timestamp(time), kind: .primary,
                measurement: .polar(range: range, azimuth: azimuth, elevation: nil))
            outbox.send(time, .plot(plot))
        }
        let reach = min(sensor.coverage.upperBound, 150_000)
        for _ in 0..<self.random.poisson(mean: 0.6 * sensor.falsePlotsPerScan / Double(Self.sectorCount)) {
            echo(
                range: reach * self.random.unit().squareRoot(),
                azimuth: beginAzimuth + width * self.random.unit() * 0.999_999)
        }
        for patch in self.clutter where self.sector(patch.azimuth) == sector {
            for _ in 0..<self.random.poisson(mean: 0.4 * sensor.falsePlotsPerScan / Double(self.clutter.count)) {
                let (along, across) = (4000 * self.random.gaussian(), 4000 * self.random.gaussian())
                echo(range: patch.range + along, azimuth: patch.azimuth + across / patch.range)
            }
        }
    }

    // MARK: Receiver

    /// One part of a receiver's period: the broadcasts of the aircraft whose turn it is.
    private mutating func listen(_ traffic: inout Traffic, into outbox: inout Outbox) {
        let part = self.part % self.partCount
        let begin = self.partStart(self.part)
        let sensor = self.site.sensor
        guard !self.site.isOut(at: begin) else { return }
        swap(&self.atWork, &self.waiting[part])
        for slot in self.atWork {
            let index = Int(slot)
            let aircraft = traffic.slots[index].aircraft
            // The same broadcast is heard by all receivers: its time and its errors are the aircraft's.
            var own = SplitMix64(
                seed: self.seed ^ UInt64(aircraft.serial) &* 0x9E37_79B9_7F4A_7C15,
                stream: UInt64(self.part))
            let time = begin + own.unit() * self.period / Double(self.partCount)
            let motion = traffic.motion(index, at: time)
            let place = Polar(self.frame.displacement(of: motion.position))
            guard aircraft.broadcasts, place.range < sensor.coverage.upperBound + 3000 else {
                self.lastLook[index] = nil
                continue
            }
            self.waiting[part].append(slot)
            guard traffic.slots[index].isAlive(at: time), self.covers(place, height: motion.position.height),
                self.random.chance(self.broadcastProbability)
            else { continue }
            // Navigation is usually better than it says.
            let error = 0.6 * aircraft.navigationDeviation
            var position = motion.position
            position.latitude += error * own.gaussian() / 6_371_000
            position.longitude += error * own.gaussian() / (6_371_000 * cos(position.latitude))
            let plot = Plot(
                sensor: sensor.id, measuredAt: self.timestamp(time), receivedAt: self.timestamp(time),
                kind: .broadcast,
                measurement: .geodetic(
                    latitude: position.latitude, longitude: position.longitude,
                    deviation: aircraft.navigationDeviation),
                pressureAltitude: (position.height / 7.62).rounded() * 7.62,
                geometricHeight: position.height + 6 * own.gaussian(),
                velocity: Plot.Velocity(
                    north: motion.velocity.north + 0.4 * own.gaussian(),
                    east: motion.velocity.east + 0.4 * own.gaussian(), deviation: 3 / 2.4477),
                climbRate: motion.velocity.up + 0.3 * own.gaussian(), identity: aircraft.identity)
            outbox.send(time, .plot(plot), of: aircraft.serial)
        }
        self.atWork.removeAll(keepingCapacity: true)
    }
}

/// What sensors have sent and nobody has taken yet.
struct Outbox: Sendable {
    /// A report on its way, and the aircraft behind it.
    struct Item: Sendable {
        /// Seconds since the exercise began.
        var time: Double
        /// Orders what has the same time.
        var sequence: UInt64
        var report: SensorReport
        /// The serial number of the aircraft; nil for a false plot and for what is no plot.
        var origin: UInt32?
    }

    private var items: [Item] = []
    /// How many of `items` were taken already.
    private var taken = 0
    private var isSorted = true
    private var sequence: UInt64 = 0

    mutating func send(_ time: Double, _ report: SensorReport, of origin: UInt32? = nil) {
        self.items.append(Item(time: time, sequence: self.sequence, report: report, origin: origin))
        self.sequence += 1
        self.isSorted = false
    }

    /// Takes out all before a time, in the order of their times.
    mutating func take(before time: Double, _ body: (Item) throws -> Void) rethrows {
        if !self.isSorted {
            self.items.removeFirst(self.taken)
            self.taken = 0
            self.items.sort { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
            self.isSorted = true
        }
        while self.taken < self.items.count, self.items[self.taken].time < time {
            self.taken += 1
            try body(self.items[self.taken - 1])
        }
    }
}
