public import Air
public import Geodesy
import Glibc

/// An attack on sensors, for exercises: changes what they report, or adds to it, and says what is not true.
///
/// The same configuration and the same reports give the same attack.
public struct Deception: Sendable {
    /// What is done.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Aircraft that are not there broadcast where radars look.
        case ghosts
        /// Aircraft that are not there broadcast from where the receiver cannot hear them.
        case farGhosts
        /// Some aircraft's address is broadcast from a second place as well.
        case doubles
        /// Some aircraft's broadcast place jumps, and stays so far off.
        case teleport
        /// Some aircraft's broadcast place is dragged off its way, slowly.
        case drag
        /// Navigation is spoofed in an area: all places there are off by one vector.
        case spoofing
        /// Navigation fails in an area and the last place is broadcast on.
        case freezing
        /// Navigation is jammed in an area: the accuracy collapses, and a third of the positions are lost.
        case jamming
        /// What a receiver brought is brought once more, minutes later, with new stamps, by another.
        case replay
        /// The stamps of one radar go back.
        case clockBack
        /// The stamps of one radar lie ahead.
        case clockAhead
        /// The stamps of one radar lie far behind.
        case clockBehind
        /// Some aircraft's geometric height is forged.
        case heights
        /// Some aircraft say in flight that they are on the ground.
        case landed
        /// Some aircraft take another callsign in flight.
        case renamed
        /// Some aircraft bear addresses that nobody was given.
        case nobody

        /// The rule that should find it.
        public var rule: Doubt {
            switch self {
            case .ghosts: .radarSilent
            case .farGhosts: .beyondHorizon
            case .doubles: .duplicateAddress
            case .teleport: .impossibleMotion
            case .drag: .radarDiffers
            case .spoofing: .commonShift
            case .freezing: .commonFreeze
            case .jamming: .integrityLoss
            case .replay: .replay
            case .clockBack: .timeReversed
            case .clockAhead: .fromFuture
            case .clockBehind: .fromPast
            case .heights: .altitudeMismatch
            case .landed: .groundInFlight
            case .renamed: .identityChange
            case .nobody: .reservedAddress
            }
        }
    }

    /// Who or what is attacked: an aircraft by the address that it is known under, or a sensor.
    public enum Subject: Hashable, Sendable {
        case aircraft(ICAOAddress)
        case sensor(SensorID)
    }

    /// A report as it comes out, and of what attacked subject it is; nil: it is honest.
    public struct Item: Sendable {
        public var report: SensorReport
        public var subject: Subject?
    }

    /// What an attack is made from.
    public struct Configuration: Sendable {
        public var kind: Kind
        public var seed: UInt64
        /// When it begins and how many seconds it lasts.
        public var begin: Timestamp
        public var duration: Double
        /// One of so many aircraft is attacked, where it is aircraft.
        public var oneOf: UInt64
        /// How many ghosts there are.
        public var ghostCount: Int
        /// The middle and the radius of the area, radians and metres.
        public var areaMiddle: Geodetic
        public var areaRadius: Double
        public var sensors: [Sensor]

        public init(
            kind: Kind, seed: UInt64 = 1, begin: Timestamp, duration: Double = 300, oneOf: UInt64 = 20,
            ghostCount: Int = 20, areaMiddle: Geodetic = Geodetic(latitudeDegrees: 35.6, longitudeDegrees: 139.8),
            areaRadius: Double = 150_000, sensors: [Sensor]
        ) {
            self.kind = kind
            self.seed = seed
            self.begin = begin
            self.duration = duration
            self.oneOf = max(oneOf, 1)
            self.ghostCount = ghostCount
            self.areaMiddle = areaMiddle
            self.areaRadius = areaRadius
            self.sensors = sensors
        }
    }

    public let configuration: Configuration
    private let receivers: [Sensor]
    private let victim: SensorID
    private let areaCentre: Geocentric
    private let shiftAzimuth: Double
    private var ghosts: [Ghost] = []
    /// When a radar last heard an address, seconds after the beginning.
    private var heardByRadar: [ICAOAddress: Double] = [:]
    /// Aircraft that the attack has met, and the place that it froze at.
    private var met: [ICAOAddress: Plot.Measurement] = [:]
    private var recorded: [Plot] = []
    private var replayed = 0
    private var random: SplitMix64

    private struct Ghost: Sendable {
        var address: ICAOAddress
        var callsign: Callsign?
        var receiver: SensorID
        var from: Geodetic
        var azimuth: Double
        var speed: Double
        var nextAt: Double
    }

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        self.random = SplitMix64(seed: configuration.seed, stream: 77)
        self.receivers = configuration.sensors.filter { $0.kind == .receiver }
        let radars = configuration.sensors.filter { if case .radar = $0.kind { true } else { false } }
        self.victim = radars.isEmpty ? SensorID(rawValue: 0) : radars[self.random.index(below: radars.count)].id
        self.areaCentre = Geocentric(configuration.areaMiddle)
        self.shiftAzimuth = self.random.uniform(0...(2 * .pi))
        guard configuration.kind == .ghosts || configuration.kind == .farGhosts, !self.receivers.isEmpty else { return }
        for index in 0..<configuration.ghostCount {
            let receiver = self.receivers[self.random.index(below: self.receivers.count)]
            let isFar = configuration.kind == .farGhosts
            var from = receiver.site.moved(
                distance: isFar ? self.random.uniform(280_000...340_000) : self.random.uniform(40_000...120_000),
                azimuth: self.random.uniform(0...(2 * .pi)))
            from.height = isFar ? 600 : self.random.uniform(8_000...11_500)
            self.ghosts.append(
                Ghost(
                    address: ICAOAddress(0x87_F000 + UInt32(index)), callsign: Callsign("GHO\(100 + index)"),
                    receiver: receiver.id, from: from, azimuth: self.random.uniform(0...(2 * .pi)),
                    speed: self.random.uniform(180...250), nextAt: self.random.unit()))
        }
    }

    /// Whether an aircraft is one of those that are attacked.
    private func isChosen(_ address: ICAOAddress) -> Bool {
        var random = SplitMix64(seed: self.configuration.seed, stream: UInt64(address.rawValue))
        return random.next() % self.configuration.oneOf == 0
    }

    /// Takes the reports of a stretch of time, and hands out what sensors would report under the attack.
    ///
    /// - Parameters:
    ///   - reports: in the order of `receivedAt`.
    ///   - instant: the end of the stretch.
    ///   - items: gets all of them, and the added ones, in the order of `receivedAt`.
    public mutating func apply(_ reports: [SensorReport], until instant: Timestamp, into items: inout [Item]) {
        let first = items.count
        for report in reports {
            guard case .plot(let plot) = report else {
                items.append(Item(report: report, subject: nil))
                continue
            }
            self.apply(plot, into: &items)
        }
        let added = items.count
        self.addGhosts(until: instant, into: &items)
        self.addReplay(until: instant, into: &items)
        guard items.count > added else { return }
        items[first...].sort { Self.receivedAt($0.report) < Self.receivedAt($1.report) }
    }

    private static func receivedAt(_ report: SensorReport) -> Timestamp {
        switch report {
        case .plot(let plot): plot.receivedAt
        case .sector(let crossing): crossing.receivedAt
        case .status(let status): status.receivedAt
        }
    }

    private mutating func apply(_ plot: Plot, into items: inout [Item]) {
        let time = plot.receivedAt.seconds(since: self.configuration.begin)
        let isOn = time >= 0 && time < self.configuration.duration
        var forged = plot
        var subject: Subject?
        switch self.configuration.kind {
        case .ghosts, .farGhosts: break
        case .clockBack, .clockAhead, .clockBehind:
            guard isOn, plot.sensor == self.victim else { break }
            let offset: Double =
                switch self.configuration.kind {
                case .clockBack: -25
                case .clockAhead: 20
                default: -90
                }
            forged.measuredAt = plot.measuredAt.advanced(by: offset)
            subject = .sensor(plot.sensor)
        case .replay:
            if plot.kind == .broadcast, plot.sensor == self.receivers.first?.id {
                if time >= -90, time < 0 { self.recorded.append(plot) }
            }
            if let address = plot.identity.address, isOn, self.met[address] != nil { subject = .aircraft(address) }
        default:
            guard let address = plot.identity.address else { break }
            if plot.kind != .broadcast {
                if plot.kind == .modeS || plot.kind == .combined { self.heardByRadar[address] = time }
                if self.met[address] != nil { subject = .aircraft(address) }
                break
            }
            if self.met[address] != nil { subject = .aircraft(address) }
            guard isOn, self.forge(&forged, address, at: time) else { break }
            if self.met[address] == nil { self.met[address] = plot.measurement }
            subject = .aircraft(address)
            if self.configuration.kind == .doubles {
                items.append(Item(report: .plot(plot), subject: subject))
            } else if self.configuration.kind == .jamming, self.random.chance(1.0 / 3) {
                return
            }
        }
        items.append(Item(report: .plot(forged), subject: subject))
    }

    /// Forges a broadcast.
    ///
    /// - Returns: false if this one is left as it is.
    private mutating func forge(_ plot: inout Plot, _ address: ICAOAddress, at time: Double) -> Bool {
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { return false }
        let place = Geodetic(latitude: latitude, longitude: longitude)
        func move(_ metres: Double, _ azimuth: Double) {
            let moved = place.moved(distance: metres, azimuth: azimuth)
            plot.measurement = .geodetic(latitude: moved.latitude, longitude: moved.longitude, deviation: deviation)
        }
        var own = SplitMix64(seed: self.configuration.seed, stream: UInt64(address.rawValue) | 1 << 32)
        let share = own.unit(), azimuth = own.uniform(0...(2 * .pi))
        switch self.configuration.kind {
        case .spoofing, .freezing, .jamming:
            guard Geocentric(place).distance(to: self.areaCentre) < self.configuration.areaRadius else { return false }
            switch self.configuration.kind {
            case .spoofing: move(8_000, self.shiftAzimuth)
            case .freezing: if let first = self.met[address] { plot.measurement = first }
            default: plot.measurement = .geodetic(latitude: latitude, longitude: longitude, deviation: 1_513)
            }
            return true
        default: break
        }
        guard self.isChosen(address) else { return false }
        switch self.configuration.kind {
        case .doubles: move(20_000 + 60_000 * share, azimuth)
        case .teleport:
            guard time > 60 * share else { return false }
            move(2_000 + 20_000 * share, azimuth)
        case .drag:
            // Only those that a Mode S radar sees can be told from the truth.
            guard let heard = self.heardByRadar[address], time - heard < 15 else { return self.met[address] != nil }
            move(40 * time, azimuth)
        case .heights: plot.geometricHeight = (plot.geometricHeight ?? 0) + (share < 0.5 ? -5_000 : 5_000)
        case .landed:
            guard (plot.pressureAltitude ?? 0) > 6_000 else { return self.met[address] != nil }
            plot.isOnGround = true
        case .renamed:
            guard time > 60 * share, plot.identity.callsign != nil else { return false }
            plot.identity.callsign = Callsign("FALSE\(address.rawValue % 100)")
        case .nobody:
            plot.identity.address = ICAOAddress(address.rawValue | 0xB0_0000 & ~0x40_0000)
        default: return false
        }
        return true
    }

    private mutating func addGhosts(until instant: Timestamp, into items: inout [Item]) {
        let until = min(instant.seconds(since: self.configuration.begin), self.configuration.duration)
        for index in self.ghosts.indices {
            while self.ghosts[index].nextAt < until {
                let ghost = self.ghosts[index]
                self.ghosts[index].nextAt += 0.9 + 0.2 * self.random.unit()
                let place = ghost.from.moved(distance: ghost.speed * ghost.nextAt, azimuth: ghost.azimuth)
                let at = self.configuration.begin.advanced(by: ghost.nextAt)
                var plot = Plot(
                    sensor: ghost.receiver, measuredAt: at, receivedAt: at, kind: .broadcast,
                    measurement: .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: 12.3),
                    pressureAltitude: place.height, geometricHeight: place.height + 10,
                    velocity: Plot.Velocity(
                        north: ghost.speed * cos(ghost.azimuth), east: ghost.speed * sin(ghost.azimuth), deviation: 1.2
                    ), climbRate: 0)
                plot.identity = Identity(address: ghost.address, callsign: ghost.callsign)
                items.append(Item(report: .plot(plot), subject: .aircraft(ghost.address)))
            }
        }
    }

    private mutating func addReplay(until instant: Timestamp, into items: inout [Item]) {
        guard self.configuration.kind == .replay, let other = self.receivers.last?.id else { return }
        while self.replayed < self.recorded.count {
            var plot = self.recorded[self.replayed]
            plot.receivedAt = plot.receivedAt.advanced(by: 200)
            guard plot.receivedAt < instant else { return }
            self.replayed += 1
            plot.measuredAt = plot.measuredAt.advanced(by: 200)
            plot.sensor = other
            guard let address = plot.identity.address else { continue }
            self.met[address] = plot.measurement
            items.append(Item(report: .plot(plot), subject: .aircraft(address)))
        }
    }
}

/// How well an attack was found: whom the rule marked, how soon, and how often it marked what is honest.
public struct DeceptionScore: Sendable {
    /// The rule that is scored.
    public let rule: Doubt
    private var firstForged: [Deception.Subject: Timestamp] = [:]
    private var firstMarked: [Deception.Subject: Timestamp] = [:]
    /// Honest plots (or changes of tracks), those that the rule marked, and those that any rule marked.
    public private(set) var honest = 0
    public private(set) var honestMarked = 0
    public private(set) var honestMarkedByAny = 0

    public init(rule: Doubt) { self.rule = rule }

    /// Notes what became of a plot, or of a track.
    public mutating func note(_ doubts: Doubts, of subject: Deception.Subject?, at instant: Timestamp) {
        guard let subject else {
            self.honest += 1
            if doubts.contains(self.rule) { self.honestMarked += 1 }
            if !doubts.isEmpty { self.honestMarkedByAny += 1 }
            return
        }
        if self.firstForged[subject] == nil { self.firstForged[subject] = instant }
        if doubts.contains(self.rule), self.firstMarked[subject] == nil { self.firstMarked[subject] = instant }
    }

    /// How many were attacked.
    public var attacked: Int { self.firstForged.count }
    /// How many of them the rule marked at least once.
    public var detected: Int { self.firstMarked.count }
    /// The share of the attacked that the rule marked.
    public var detectionRate: Double {
        self.attacked == 0 ? 0 : Double(self.detected) / Double(self.attacked)
    }
    /// The share of what is honest that the rule marked.
    public var falseMarkRate: Double { self.honest == 0 ? 0 : Double(self.honestMarked) / Double(self.honest) }

    /// Seconds until half of the detected were marked; nil if none was.
    public var medianDelay: Double? {
        let delays = self.firstMarked.map { $0.value.seconds(since: self.firstForged[$0.key] ?? $0.value) }.sorted()
        return delays.isEmpty ? nil : delays[delays.count / 2]
    }
}
