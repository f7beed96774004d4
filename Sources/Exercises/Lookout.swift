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
    /// Whether failures or jamming lower what it detects.
    private let isTroubled: Bool
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
    private let weather: [WeatherCell]
    private var random: SplitMix64
    /// Of their own, so that neither lateness nor weather moves the noise.
    private var latencyRandom: SplitMix64
    private var weatherRandom: SplitMix64
    /// Echoes of weather and jamming that the beam will meet in this turn, by sector.
    private var nuisances: [[Polar]]
    /// Echoes that may still merge with one of the next sector, and those of this sector.
    private var held: [Echo] = []
    private var fresh: [Echo] = []
    /// The part that begins next, counted from a north before the exercise.
    private var part: Int
    private var waiting: [[Int32]]
    private var atWork: [Int32] = []
    /// Seconds at which each slot was last met by the beam; nil when it is out of reach.
    private var lastLook: [Double?] = []
    /// Whether the sensor is out of service in this turn.
    private var isOut = false

    /// A primary echo of an aircraft before it is a plot.
    private struct Echo: Sendable {
        var time: Double
        var range: Double
        var azimuth: Double
        var elevation: Double?
        var origin: UInt32
    }

    init(_ site: Site, configuration: Scenario.Configuration) {
        let sensor = site.sensor
        self.site = site
        self.frame = LocalFrame(origin: sensor.site)
        self.start = configuration.start
        self.seed = configuration.seed
        self.broadcastProbability = site.broadcastProbability ?? configuration.broadcastProbability
        self.isTroubled = !site.failures.isEmpty || !site.jamming.isEmpty
        self.weather = sensor.primary == nil ? [] : configuration.weather
        self.random = SplitMix64(seed: configuration.seed, stream: 1000 + UInt64(sensor.id.rawValue))
        self.latencyRandom = SplitMix64(seed: configuration.seed, stream: 200_000 + UInt64(sensor.id.rawValue))
        self.weatherRandom = SplitMix64(seed: configuration.seed, stream: 300_000 + UInt64(sensor.id.rawValue))
        if case .radar(let period) = sensor.kind {
            precondition(period >= 1, "an antenna does not turn faster than once a second")
            self.isRadar = true
            self.period = period
            self.partCount = Self.sectorCount
            let width = period / Double(Self.sectorCount)
            let phase = width * self.random.unit()
            let first = self.random.index(below: Self.sectorCount)
            if let north = site.firstNorth {
                let parts = (north / width).rounded(.down)
                precondition(parts >= 0 && parts < Double(Self.sectorCount), "the north is passed in the first turn")
                self.phase = north - parts * width
                self.firstPart = Self.sectorCount - Int(parts)
            } else {
                self.phase = phase
                self.firstPart = first
            }
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
        self.nuisances = [[Polar]](repeating: [], count: self.partCount)
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

    /// What the sensor's clock shows, when the report comes, and that in seconds since the exercise began.
    private mutating func stamps(_ time: Double, sentAt: Double? = nil) -> (Timestamp, Timestamp, Double) {
        let latency = self.site.latency
        var received = (sentAt ?? time) + latency.fixed
        if latency.exponentialMean > 0 {
            received -= latency.exponentialMean * log(1 - self.latencyRandom.unit())
        }
        let shown = time + self.site.registration.offset(at: time).time
        return (self.start.advanced(by: shown), self.start.advanced(by: received), received)
    }

    // MARK: Radar

    /// One sector of a turn.
    private mutating func turn(_ traffic: inout Traffic, into outbox: inout Outbox) {
        let sector = self.part % Self.sectorCount
        let begin = self.partStart(self.part)
        let beginAzimuth = 2 * .pi * Double(sector) / Double(Self.sectorCount)
        let sensor = self.site.sensor
        if sector == 0 || self.part == self.firstPart { self.prepareNuisances(begin) }
        guard !self.site.isSilent(at: begin) else {
            self.isOut = self.site.isOut(at: begin)
            self.held.removeAll()
            return
        }
        if sector == 0 {
            let wasOut = self.isOut
            self.isOut = self.site.isOut(at: begin)
            if !self.isOut || !wasOut {
                // Its last word before it falls silent is that its data are not to be used.
                let (measuredAt, receivedAt, received) = self.stamps(begin)
                let status = SensorStatus(
                    sensor: sensor.id, measuredAt: measuredAt, receivedAt: receivedAt,
                    isOperational: !self.isOut && !self.site.isNoGo(at: begin), site: sensor.site)
                outbox.send(received, .status(status))
            }
            if self.isOut, !wasOut { self.sendCrossing(begin, azimuth: 0, into: &outbox) }
        }
        guard !self.isOut else {
            self.settleEchoes(at: begin, into: &outbox)
            return
        }
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
        if self.site.resolution != nil { self.settleEchoes(at: self.partStart(self.part + 1), into: &outbox) }
    }

    private mutating func sendCrossing(_ time: Double, azimuth: Double, into outbox: inout Outbox) {
        let (measuredAt, receivedAt, received) = self.stamps(time)
        let crossing = SectorCrossing(
            sensor: self.site.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt,
            azimuth: azimuth, period: azimuth == 0 ? self.period : nil)
        outbox.send(received, .sector(crossing))
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
        let reach = isHeard ? 1 : aircraft.kind.primaryReach
        guard isHeard || sensor.primary != nil,
            self.frame.centre.distance(to: place) <= reach * sensor.coverage.upperBound
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
        let shares = self.isTroubled ? self.site.shares(at: time, azimuth: place.azimuth) : (primary: 1, secondary: 1)
        let replies =
            aircraft.transponder != .none
            && sensor.secondary.map { self.random.chance($0.detectionProbability * shares.secondary) } ?? false
        let echoes =
            sensor.primary.map { self.random.chance($0.detectionProbability * shares.primary) } ?? false
            && place.range <= aircraft.kind.primaryReach * sensor.coverage.upperBound
        guard replies || echoes, let channel = replies ? sensor.secondary : sensor.primary else { return }
        let isModeS = replies && self.site.hasModeS && aircraft.transponder == .modeS
        let bias = self.site.registration.offset(at: time)
        let azimuth = place.azimuth + bias.azimuth + channel.azimuthDeviation * self.random.gaussian()
        let range =
            place.range * (1 + bias.rangeGain) + bias.range + channel.rangeDeviation * self.random.gaussian()
        var echo = Echo(
            time: time, range: max(range, 1), azimuth: Self.turned(azimuth), elevation: nil, origin: aircraft.serial)
        if let deviation = channel.elevationDeviation {
            echo.elevation = place.elevation + bias.elevation + deviation * self.random.gaussian()
        }
        if !replies, self.site.resolution != nil {
            self.fresh.append(echo)
            return
        }
        var (plot, received) = self.plot(
            echo, kind: !replies ? .primary : echoes ? .combined : isModeS ? .modeS : .secondary)
        if replies {
            self.reply(of: aircraft, height: motion.position.height, isModeS: isModeS, into: &plot)
        }
        outbox.send(received, .plot(plot), of: aircraft.serial, at: time)
    }

    /// An azimuth within 0 ..< 2π.
    private static func turned(_ azimuth: Double) -> Double {
        azimuth < 0 ? azimuth + 2 * .pi : azimuth >= 2 * .pi ? azimuth - 2 * .pi : azimuth
    }

    private mutating func plot(_ echo: Echo, kind: Plot.Kind, sentAt: Double? = nil) -> (Plot, received: Double) {
        let (measuredAt, receivedAt, received) = self.stamps(echo.time, sentAt: sentAt)
        return (
            Plot(
                sensor: self.site.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt, kind: kind,
                measurement: .polar(range: echo.range, azimuth: echo.azimuth, elevation: echo.elevation)),
            received
        )
    }

    /// Merges the echoes of a sector that the radar cannot tell apart, and sends those of the sector before.
    ///
    /// Of two that merge, the plot lies between them and the nearer one is said to be behind it.
    ///
    /// - Parameter now: when the extractor knows that nothing more comes, seconds since the exercise began.
    private mutating func settleEchoes(at now: Double, into outbox: inout Outbox) {
        guard let resolution = self.site.resolution else { return }
        let old = self.held.count
        self.fresh.sort { ($0.range, $0.origin) < ($1.range, $1.origin) }
        for echo in self.fresh {
            let near = self.held.lastIndex {
                abs(echo.range - $0.range) <= resolution.range
                    && abs(wrappedAngle(echo.azimuth - $0.azimuth)) <= resolution.azimuth
            }
            guard let near else {
                self.held.append(echo)
                continue
            }
            let first = self.held[near]
            self.held[near].range = (first.range + echo.range) / 2
            self.held[near].azimuth = Self.turned(first.azimuth + wrappedAngle(echo.azimuth - first.azimuth) / 2)
            if let a = first.elevation, let b = echo.elevation { self.held[near].elevation = (a + b) / 2 }
        }
        self.fresh.removeAll(keepingCapacity: true)
        for index in 0..<old {
            let echo = self.held[index]
            let (plot, received) = self.plot(echo, kind: .primary, sentAt: now)
            outbox.send(received, .plot(plot), of: echo.origin, at: echo.time)
        }
        self.held.removeFirst(old)
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
        if aircraft.garbling > 0, self.random.chance(aircraft.garbling), let code = plot.identity.mode3A {
            plot.identity.mode3A = Mode3A(code.rawValue ^ 1 << UInt16(self.random.index(below: 12)))
        }
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
        guard sensor.primary != nil else { return }
        let width = 2 * .pi / Double(Self.sectorCount)
        func echo(range: Double, azimuth: Double) {
            let ahead = azimuth - beginAzimuth
            guard ahead >= 0, ahead < width, sensor.coverage.contains(range) else { return }
            // A false echo has a false height.
            let elevation = sensor.primary?.elevationDeviation.map { _ in self.random.unit() * 10 * .pi / 180 }
            self.sendFalse(
                Polar(range: range, azimuth: azimuth, elevation: elevation ?? 0), begin, beginAzimuth, into: &outbox)
        }
        for place in self.nuisances[sector] { self.sendFalse(place, begin, beginAzimuth, into: &outbox) }
        guard sensor.falsePlotsPerScan > 0 else { return }
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

    /// One false plot.
    private mutating func sendFalse(
        _ place: Polar, _ begin: Double, _ beginAzimuth: Double, into outbox: inout Outbox
    ) {
        let time = begin + (place.azimuth - beginAzimuth) / (2 * .pi) * self.period
        guard !self.isTroubled || self.site.works(at: time, azimuth: place.azimuth).primary else { return }
        let (measuredAt, receivedAt, received) = self.stamps(time)
        let isThreeDimensional = self.site.sensor.primary?.elevationDeviation != nil
        let plot = Plot(
            sensor: self.site.sensor.id, measuredAt: measuredAt, receivedAt: receivedAt, kind: .primary,
            measurement: .polar(
                range: place.range, azimuth: place.azimuth, elevation: isThreeDimensional ? place.elevation : nil))
        outbox.send(received, .plot(plot), at: time)
    }

    /// Lays out what weather and jamming will send in this turn.
    private mutating func prepareNuisances(_ begin: Double) {
        guard !self.weather.isEmpty || !self.site.jamming.isEmpty else { return }
        for sector in self.nuisances.indices { self.nuisances[sector].removeAll(keepingCapacity: true) }
        let coverage = self.site.sensor.coverage
        for cell in self.weather where cell.time.contains(begin) {
            let middle = cell.middle(at: begin)
            let distance = self.frame.centre.distance(to: Geocentric(middle))
            // The count is drawn in any case: that a cell comes into reach does not move another.
            let count = self.weatherRandom.poisson(mean: cell.plotsPerScan)
            guard distance < coverage.upperBound + cell.radius else { continue }
            for _ in 0..<count {
                let place = cell.place(around: middle, &self.weatherRandom)
                let seen = Polar(self.frame.displacement(of: place))
                guard self.covers(seen, height: place.height) else { continue }
                let azimuth = Self.turned(seen.azimuth)
                self.nuisances[self.sector(azimuth)].append(
                    Polar(range: seen.range, azimuth: azimuth, elevation: seen.elevation))
            }
        }
        for strobe in self.site.jamming where strobe.time.contains(begin) {
            for _ in 0..<self.weatherRandom.poisson(mean: strobe.plotsPerScan) {
                let azimuth = Self.turned(strobe.azimuth + strobe.width * (self.weatherRandom.unit() - 0.5))
                let range = self.weatherRandom.uniform(coverage)
                self.nuisances[self.sector(azimuth)].append(
                    Polar(range: range, azimuth: azimuth, elevation: self.weatherRandom.unit() * 10 * .pi / 180))
            }
        }
    }

    // MARK: Receiver

    /// One part of a receiver's period: the broadcasts of the aircraft whose turn it is.
    private mutating func listen(_ traffic: inout Traffic, into outbox: inout Outbox) {
        let part = self.part % self.partCount
        let begin = self.partStart(self.part)
        let sensor = self.site.sensor
        guard !self.site.isOut(at: begin), !self.site.isSilent(at: begin) else { return }
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
            let (measuredAt, receivedAt, received) = self.stamps(time)
            let plot = Plot(
                sensor: sensor.id, measuredAt: measuredAt, receivedAt: receivedAt, kind: .broadcast,
                measurement: .geodetic(
                    latitude: position.latitude, longitude: position.longitude,
                    deviation: aircraft.navigationDeviation),
                pressureAltitude: (position.height / 7.62).rounded() * 7.62,
                geometricHeight: position.height + 6 * own.gaussian(),
                velocity: Plot.Velocity(
                    north: motion.velocity.north + 0.4 * own.gaussian(),
                    east: motion.velocity.east + 0.4 * own.gaussian(), deviation: 3 / 2.4477),
                climbRate: motion.velocity.up + 0.3 * own.gaussian(), identity: aircraft.identity)
            outbox.send(received, .plot(plot), of: aircraft.serial, at: time)
        }
        self.atWork.removeAll(keepingCapacity: true)
    }
}
