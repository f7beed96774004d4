package import Air
import Exercises
package import Geodesy
import Glibc

/// The traffic of a region and what its sensors report of it, 50 ms at a time: so cheap that it can be made while the
/// tracker runs, so small that the memory measured is the tracker's.
///
/// Aircraft fly straight and turn, and turn back at the border. Seven in ten send their place and answer in Mode S, one
/// and a half in ten answer in Mode A/C, the others are only echoes. Sensors, in equal parts: long-range primary radars
/// with elevation, en-route secondary radars, en-route radars of both kinds, approach radars of both kinds, receivers of
/// broadcasts. A radar sends the plots of a sector of 11.25° in the order of azimuth when its beam has left it.
package struct RegionSky {
    /// What of a scenario makes its size.
    package struct Size: Hashable, Sendable {
        package var aircraft: Int
        /// Edge of the square region, metres.
        package var edge: Double
        package var sensors: Int
        /// Factor on the false plots of primary radars; 1 is the referee's.
        package var clutter: Double
        package var seed: UInt64

        package init(aircraft: Int, edge: Double, sensors: Int, clutter: Double = 1, seed: UInt64 = 1) {
            self.aircraft = aircraft
            self.edge = edge
            self.sensors = sensors
            self.clutter = clutter
            self.seed = seed
        }
    }

    /// Seconds of one batch of reports.
    package static let step = 0.05
    private static let phases = 20
    private static let sectors = 32
    /// Edge of the cells in which aircraft are found, metres.
    private static let cellEdge = 125_000.0
    private static let middle = (latitude: 20.0 * Double.pi / 180, radius: 6_371_000.0)

    package struct Aircraft {
        var latitude: Double
        var longitude: Double
        var height: Double
        var speed: Double
        var course: Double
        /// Radians per second, until `changeAt`.
        var turnRate: Double
        var changeAt: Double
        var climb: Double
        /// The instant that the place is of.
        var at: Double
        /// When a sensor last reported it.
        package fileprivate(set) var seenAt = -1e9
        var identity: Identity
        var isBroadcasting: Bool
    }

    private struct Antenna {
        var sensor: Sensor
        var frame: LocalFrame
        var period: Double
        var phase: Double
        var clutter: Double
        var place: (x: Double, y: Double)
        /// The aircraft in coverage at the beginning of the turn, by the sector in which they were.
        var inSector: [Int32] = []
        var sectorStart: [Int32] = Array(repeating: 0, count: RegionSky.sectors + 1)
        /// The sector that is sent next, counted from the beginning.
        var next: Int
    }

    let size: Size
    package let sensors: [Sensor]
    package private(set) var aircraft: [Aircraft] = []
    package private(set) var time = 0.0
    private var steps = 0
    private var antennas: [Antenna] = []
    private var receiversOfCell: [[Int32]] = []
    private var random: SplitMix64
    private var side = 0
    private var cellStart: [Int32] = []
    private var inCell: [Int32] = []
    private var cellOf: [Int32] = []
    private var found: [(azimuth: Double, report: SensorReport)] = []
    private var scratch: [(sector: Int32, aircraft: Int32)] = []

    /// - Parameter size: everything follows from it.
    package init(_ size: Size) {
        self.size = size
        self.random = SplitMix64(seed: size.seed)
        let half = size.edge / 2
        for index in 0..<size.aircraft {
            let place = Self.place(
                x: self.random.uniform(-half...half), y: self.random.uniform(-half...half), height: 0)
            let kind = self.random.unit()
            var identity = Identity()
            if kind < 0.7 { identity.address = ICAOAddress(UInt32(0x10_0000 + index)) }
            if kind < 0.85 { identity.mode3A = Mode3A(UInt16(1 + (index * 7) % 4000)) }
            self.aircraft.append(
                Aircraft(
                    latitude: place.latitude, longitude: place.longitude,
                    height: 305 * Double(8 + self.random.index(below: 31)), speed: self.random.uniform(90...260),
                    course: self.random.uniform(0...(2 * .pi)), turnRate: 0,
                    changeAt: self.random.uniform(0...120), climb: 0, at: 0, identity: identity,
                    isBroadcasting: kind < 0.7))
        }
        var sensors: [Sensor] = []
        let ofKind = max(1, size.sensors / 5)
        let columns = Int(Double(ofKind).squareRoot().rounded(.up))
        let rows = (ofKind + columns - 1) / columns
        for index in 0..<size.sensors {
            let (kind, number) = (index % 5, index / 5)
            let jitter = 0.3
            let x = (Double(number % columns) + 0.5 + self.random.uniform(-jitter...jitter)) / Double(columns) - 0.5
            let y = (Double(number / columns % rows) + 0.5 + self.random.uniform(-jitter...jitter)) / Double(rows) - 0.5
            let site = Self.place(x: x * size.edge, y: y * size.edge, height: self.random.uniform(50...600))
            let sensor = Self.sensor(index, kind, site, size.clutter)
            sensors.append(sensor)
            var period = 1.0
            if case .radar(let seconds) = sensor.kind { period = seconds }
            self.antennas.append(
                Antenna(
                    sensor: sensor, frame: LocalFrame(origin: site), period: period,
                    phase: self.random.uniform(0...1), clutter: sensor.primary == nil ? 0 : sensor.falsePlotsPerScan,
                    place: (x * size.edge, y * size.edge), next: 0))
        }
        self.sensors = sensors
        for index in self.antennas.indices {
            self.antennas[index].next = Int((self.antennas[index].phase * Double(Self.sectors)).rounded(.up))
        }
        self.side = Int((size.edge / Self.cellEdge).rounded(.up)) + 2
        self.cellStart = Array(repeating: 0, count: self.side * self.side + 1)
        self.inCell = Array(repeating: 0, count: size.aircraft)
        self.cellOf = Array(repeating: 0, count: size.aircraft)
        self.receiversOfCell = Array(repeating: [], count: self.side * self.side)
        for (index, antenna) in self.antennas.enumerated() where antenna.sensor.kind == .receiver {
            let reach = antenna.sensor.coverage.upperBound
            self.forEachCell(around: antenna.place, reach: reach) { self.receiversOfCell[$0].append(Int32(index)) }
        }
    }

    private static func sensor(_ index: Int, _ kind: Int, _ site: Geodetic, _ clutter: Double) -> Sensor {
        let degree = Double.pi / 180
        func channel(_ range: Double, _ azimuth: Double, _ detection: Double, elevation: Double? = nil)
            -> Sensor.Channel
        {
            Sensor.Channel(
                rangeDeviation: range, azimuthDeviation: azimuth * degree,
                elevationDeviation: elevation.map { $0 * degree }, detectionProbability: detection)
        }
        let id = SensorID(sac: UInt8(1 + index / 250), sic: UInt8(1 + index % 250))
        func radar(
            _ period: Double, _ reach: ClosedRange<Double>, primary: Sensor.Channel?, secondary: Sensor.Channel?,
            falsePlots: Double
        ) -> Sensor {
            Sensor(
                id: id, name: "R\(index)", site: site, kind: .radar(period: period), primary: primary,
                secondary: secondary, coverage: reach, elevationMax: 40 * degree,
                falsePlotsPerScan: falsePlots * clutter)
        }
        switch kind {
        case 0:
            return radar(
                10, 2_000...470_000, primary: channel(60, 0.15, 0.9, elevation: 0.35), secondary: nil, falsePlots: 30)
        case 1:
            return radar(6, 1_000...440_000, primary: nil, secondary: channel(40, 0.07, 0.97), falsePlots: 0.1)
        case 2:
            return radar(
                8, 1_000...400_000, primary: channel(60, 0.15, 0.85), secondary: channel(40, 0.07, 0.97),
                falsePlots: 20)
        case 3:
            return radar(
                4, 500...150_000, primary: channel(60, 0.12, 0.9), secondary: channel(30, 0.06, 0.97), falsePlots: 10)
        default:
            return Sensor(
                id: id, name: "A\(index)", site: site, kind: .receiver, primary: nil, secondary: nil,
                coverage: 0...380_000, falsePlotsPerScan: 0)
        }
    }

    /// Metres east and north of the region's middle; equal areas stay equal.
    private static func place(x: Double, y: Double, height: Double) -> Geodetic {
        let latitude = Self.middle.latitude + y / Self.middle.radius
        return Geodetic(
            latitude: latitude, longitude: x / (Self.middle.radius * cos(latitude)), height: height)
    }

    private func cell(_ latitude: Double, _ longitude: Double) -> Int {
        let y = (latitude - Self.middle.latitude) * Self.middle.radius
        let x = longitude * Self.middle.radius * cos(latitude)
        func index(_ metres: Double) -> Int {
            min(max(Int((metres / Self.cellEdge + Double(self.side) / 2).rounded(.down)), 0), self.side - 1)
        }
        return index(y) * self.side + index(x)
    }

    private func forEachCell(around place: (x: Double, y: Double), reach: Double, _ body: (Int) -> Void) {
        // The region's plane is sheared away from its middle meridian: some cells more than the circle needs.
        let slack = 1.6 * reach + Self.cellEdge
        func range(_ metres: Double) -> ClosedRange<Int> {
            func index(_ metres: Double) -> Int {
                min(max(Int((metres / Self.cellEdge + Double(self.side) / 2).rounded(.down)), 0), self.side - 1)
            }
            return index(metres - slack)...index(metres + slack)
        }
        for y in range(place.y) { for x in range(place.x) { body(y * self.side + x) } }
    }

    // MARK: Time

    /// Moves on by one step and appends what is received in it.
    package mutating func advance(into reports: inout [SensorReport]) {
        if self.steps % Self.phases == 0 { self.sortIntoCells() }
        self.steps += 1
        self.time = Double(self.steps) * Self.step
        var index = self.steps % Self.phases
        while index < self.aircraft.count {
            self.fly(index)
            if self.aircraft[index].isBroadcasting { self.broadcast(index, into: &reports) }
            index += Self.phases
        }
        for index in self.antennas.indices where self.antennas[index].sensor.kind != .receiver {
            let sector = self.antennas[index].period / Double(Self.sectors)
            while true {
                let end = (Double(self.antennas[index].next + 1) - self.antennas[index].phase * Double(Self.sectors))
                guard end * sector <= self.time else { break }
                if self.antennas[index].inSector.isEmpty || self.antennas[index].next % Self.sectors == 0 {
                    self.beginTurn(index)
                }
                self.sweep(index, endingAt: end * sector, into: &reports)
                self.antennas[index].next += 1
            }
        }
    }

    private mutating func fly(_ index: Int) {
        var a = self.aircraft[index]
        let dt = self.time - a.at
        if a.changeAt <= self.time {
            if a.turnRate == 0 {
                // A bank of 10° to 30°.
                let rate = 9.81 * self.random.uniform(0.18...0.58) / a.speed
                a.turnRate = self.random.chance(0.5) ? rate : -rate
                a.changeAt = self.time + self.random.uniform(10...40)
                a.climb = self.random.chance(0.5) ? 0 : a.height > 6_000 ? -8 : 8
            } else {
                a.turnRate = 0
                a.changeAt = self.time + self.random.uniform(60...240)
                a.climb = 0
            }
        }
        let limit = 0.49 * self.size.edge
        let y = (a.latitude - Self.middle.latitude) * Self.middle.radius
        let x = a.longitude * Self.middle.radius * cos(a.latitude)
        if a.turnRate == 0, max(abs(x), abs(y)) > limit {
            let home = atan2(-x, -y)
            var turn = home - a.course
            turn -= 2 * .pi * (turn / (2 * .pi)).rounded()
            if abs(turn) > 1 {
                a.turnRate = (turn > 0 ? 1 : -1) * 9.81 * 0.4 / a.speed
                a.changeAt = self.time + abs(turn / a.turnRate)
            }
        }
        a.course += a.turnRate * dt
        a.height = min(max(a.height + a.climb * dt, 600), 12_500)
        (a.latitude, a.longitude) = Self.moved(a, dt)
        a.at = self.time
        self.aircraft[index] = a
    }

    private static func rates(_ a: Aircraft) -> (latitude: Double, longitude: Double) {
        let s = sin(a.latitude), w2 = 1 - WGS84.eccentricitySquared * s * s
        let n = WGS84.semiMajorAxis / w2.squareRoot()
        let m = n * (1 - WGS84.eccentricitySquared) / w2
        return (
            a.speed * cos(a.course) / (m + a.height), a.speed * sin(a.course) / ((n + a.height) * cos(a.latitude))
        )
    }

    private static func moved(_ a: Aircraft, _ dt: Double) -> (latitude: Double, longitude: Double) {
        let rates = self.rates(a)
        return (a.latitude + dt * rates.latitude, a.longitude + dt * rates.longitude)
    }

    /// Where an aircraft is at a time near that of its state.
    package func place(_ index: Int, at time: Double) -> Geodetic {
        let a = self.aircraft[index]
        let (latitude, longitude) = Self.moved(a, time - a.at)
        return Geodetic(latitude: latitude, longitude: longitude, height: a.height + a.climb * (time - a.at))
    }

    private mutating func sortIntoCells() {
        for i in self.cellStart.indices { self.cellStart[i] = 0 }
        for index in self.aircraft.indices {
            let cell = self.cell(self.aircraft[index].latitude, self.aircraft[index].longitude)
            self.cellOf[index] = Int32(cell)
            self.cellStart[cell] += 1
        }
        var sum: Int32 = 0
        for i in self.cellStart.indices {
            sum += self.cellStart[i]
            self.cellStart[i] = sum
        }
        for index in self.aircraft.indices {
            let cell = Int(self.cellOf[index])
            self.cellStart[cell] -= 1
            self.inCell[Int(self.cellStart[cell])] = Int32(index)
        }
    }

    // MARK: Sensors

    private mutating func broadcast(_ index: Int, into reports: inout [SensorReport]) {
        let a = self.aircraft[index]
        let cell = self.cell(a.latitude, a.longitude)
        for i in self.receiversOfCell[cell].indices {
            let antenna = Int(self.receiversOfCell[cell][i])
            guard self.random.chance(0.9) else { continue }
            let polar = Polar(
                self.antennas[antenna].frame.displacement(
                    of: Geodetic(latitude: a.latitude, longitude: a.longitude, height: a.height)))
            guard self.isSeen(polar, by: antenna) else { continue }
            self.aircraft[index].seenAt = self.time
            let north = 20 * self.random.gaussian(), east = 20 * self.random.gaussian()
            let plot = Plot(
                sensor: self.antennas[antenna].sensor.id, measuredAt: Timestamp(seconds: self.time),
                receivedAt: Timestamp(seconds: self.time), kind: .broadcast,
                measurement: .geodetic(
                    latitude: a.latitude + north / Self.middle.radius,
                    longitude: a.longitude + east / (Self.middle.radius * cos(a.latitude)), deviation: 20),
                geometricHeight: a.height + 12 * self.random.gaussian(),
                velocity: Plot.Velocity(
                    north: a.speed * cos(a.course) + 0.8 * self.random.gaussian(),
                    east: a.speed * sin(a.course) + 0.8 * self.random.gaussian(), deviation: 0.8),
                identity: Identity(address: a.identity.address))
            reports.append(.plot(plot))
        }
    }

    private func isSeen(_ polar: Polar, by antenna: Int) -> Bool {
        self.antennas[antenna].sensor.coverage.contains(polar.range) && polar.elevation > 0.002
            && polar.elevation < self.antennas[antenna].sensor.elevationMax
    }

    /// Finds the aircraft in coverage and sorts them by sector.
    private mutating func beginTurn(_ index: Int) {
        var scratch = self.scratch
        scratch.removeAll(keepingCapacity: true)
        let antenna = self.antennas[index]
        self.forEachCell(around: antenna.place, reach: antenna.sensor.coverage.upperBound) { cell in
            for i in self.cellStart[cell]..<self.cellStart[cell + 1] {
                let aircraft = self.inCell[Int(i)]
                let polar = Polar(antenna.frame.displacement(of: self.place(Int(aircraft), at: self.time)))
                guard antenna.sensor.coverage.contains(polar.range) else { continue }
                let sector = Int(polar.azimuth / (2 * .pi) * Double(Self.sectors)) % Self.sectors
                scratch.append((Int32(sector), aircraft))
            }
        }
        self.scratch = scratch
        for i in self.antennas[index].sectorStart.indices { self.antennas[index].sectorStart[i] = 0 }
        for entry in scratch { self.antennas[index].sectorStart[Int(entry.sector)] += 1 }
        var sum: Int32 = 0
        for i in self.antennas[index].sectorStart.indices {
            sum += self.antennas[index].sectorStart[i]
            self.antennas[index].sectorStart[i] = sum
        }
        self.antennas[index].inSector.removeAll(keepingCapacity: true)
        self.antennas[index].inSector.append(contentsOf: repeatElement(0, count: scratch.count))
        for entry in scratch {
            self.antennas[index].sectorStart[Int(entry.sector)] -= 1
            self.antennas[index].inSector[Int(self.antennas[index].sectorStart[Int(entry.sector)])] = entry.aircraft
        }
    }

    /// Sends the plots of the sector that the beam has just left.
    private mutating func sweep(_ index: Int, endingAt end: Double, into reports: inout [SensorReport]) {
        let antenna = self.antennas[index]
        let sector = antenna.next % Self.sectors
        let width = 2 * Double.pi / Double(Self.sectors), duration = antenna.period / Double(Self.sectors)
        let begin = end - duration
        var found = self.found
        found.removeAll(keepingCapacity: true)
        for i in antenna.sectorStart[sector]..<antenna.sectorStart[sector + 1] {
            let aircraft = Int(antenna.inSector[Int(i)])
            var time = begin + 0.5 * duration
            var polar = Polar(antenna.frame.displacement(of: self.place(aircraft, at: time)))
            var ahead = polar.azimuth - width * (Double(sector) + 0.5)
            ahead -= 2 * .pi * (ahead / (2 * .pi)).rounded()
            guard abs(ahead) < 1.5 * width else { continue }
            time += ahead / width * duration
            polar = Polar(antenna.frame.displacement(of: self.place(aircraft, at: time)))
            guard self.isSeen(polar, by: index) else { continue }
            let a = self.aircraft[aircraft]
            var plot: Plot?
            if a.identity.mode3A != nil, let channel = antenna.sensor.secondary,
                self.random.chance(channel.detectionProbability)
            {
                plot = self.plot(polar, channel, of: antenna.sensor.id, .modeS, at: time)
                plot?.identity = a.identity
                if a.identity.address == nil { plot?.kind = .secondary }
                plot?.pressureAltitude = (a.height / 30.48).rounded() * 30.48
            } else if let channel = antenna.sensor.primary, self.random.chance(channel.detectionProbability) {
                plot = self.plot(polar, channel, of: antenna.sensor.id, .primary, at: time)
            }
            if let plot {
                self.aircraft[aircraft].seenAt = time
                found.append((ahead, .plot(plot)))
            }
        }
        if let channel = antenna.sensor.primary {
            for _ in 0..<self.random.poisson(mean: antenna.clutter / Double(Self.sectors)) {
                let ahead = self.random.uniform(-0.5...0.5) * width
                let polar = Polar(
                    range: self.random.uniform(antenna.sensor.coverage),
                    azimuth: width * (Double(sector) + 0.5) + ahead, elevation: self.random.uniform(0.003...0.17))
                let time = begin + (0.5 + ahead / width) * duration
                found.append((ahead, .plot(self.plot(polar, channel, of: antenna.sensor.id, .primary, at: time))))
            }
        }
        found.sort { $0.azimuth < $1.azimuth }
        for entry in found { reports.append(entry.report) }
        self.found = found
        reports.append(
            .sector(
                SectorCrossing(
                    sensor: antenna.sensor.id, measuredAt: Timestamp(seconds: end),
                    receivedAt: Timestamp(seconds: self.time), azimuth: width * Double((sector + 1) % Self.sectors))))
    }

    private mutating func plot(
        _ polar: Polar, _ channel: Sensor.Channel, of sensor: SensorID, _ kind: Plot.Kind, at time: Double
    ) -> Plot {
        var elevation: Double?
        if let deviation = channel.elevationDeviation {
            elevation = polar.elevation + deviation * self.random.gaussian()
        }
        return Plot(
            sensor: sensor, measuredAt: Timestamp(seconds: time), receivedAt: Timestamp(seconds: self.time), kind: kind,
            measurement: .polar(
                range: polar.range + channel.rangeDeviation * self.random.gaussian(),
                azimuth: polar.azimuth + channel.azimuthDeviation * self.random.gaussian(), elevation: elevation))
    }
}
