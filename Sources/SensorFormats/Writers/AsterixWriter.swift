public import Air
import Geodesy
import Glibc

/// Writes reports as ASTERIX: categories 034 and 048 (radars) and 021 (ADS-B), several records to a block, blocks of
/// one sensor to a datagram.
///
/// The order of a sensor's reports is kept. What a category has no item for is left out: elevation, and the rate of
/// climb of a radar's plot. A status rides on the sensor's next sector crossing or north marker, because category 034
/// has no message of its own for it.
///
/// - Complexity: no allocation for a record once the buffers have grown.
///
/// Source: EUROCONTROL-SPEC-0149-4 (CAT 048, ed. 1.32), -2b (CAT 034, ed. 1.29), -12 (CAT 021, ed. 2.6).
public struct AsterixWriter: Sendable {
    /// One sensor's datagram as it fills.
    private struct Draft: Sendable {
        var sensor: SensorID
        var bytes: [UInt8] = []
        /// Category of the block that is open.
        var category: UInt8 = 0
        /// Where that block begins in `bytes`.
        var block = 0
        var status: SensorStatus?
    }

    /// The largest datagram, bytes.
    public let datagramMax: Int
    /// Whether records say that they are of simulated targets (SIM in I048/020 and I021/040).
    public let isSimulated: Bool
    /// Reports that no category here can carry: other kinds of plots, ranges of 256 NM and more, no position.
    public private(set) var unwritten = 0
    private var drafts: [Draft] = []
    private var slots: [SensorID: Int] = [:]
    private var record = AsterixRecordBuffer()
    /// Finished datagrams, one behind the other, and which bytes are whose.
    private var finished: [UInt8] = []
    private var datagrams: [(sensor: SensorID, range: Range<Int>)] = []

    public init(datagramMax: Int = 1400, isSimulated: Bool = false) {
        precondition((128...65_507).contains(datagramMax), "a datagram takes at least one record, and is one of UDP")
        self.datagramMax = datagramMax
        self.isSimulated = isSimulated
    }

    /// Adds a report to its sensor's datagram.
    public mutating func append(_ report: SensorReport) {
        let slot = self.slot(report.sensor)
        self.record.clear()
        switch report {
        case .status(let status):
            self.drafts[slot].status = status
        case .sector(let crossing):
            let status = self.drafts[slot].status
            self.drafts[slot].status = nil
            self.record.write034(crossing, status: status)
            self.close(34, slot)
        case .plot(let plot):
            switch plot.kind {
            case .primary, .secondary, .modeS, .combined:
                guard self.record.write048(plot, isSimulated: self.isSimulated) else { break }
                self.close(48, slot)
                return
            case .broadcast:
                guard self.record.write021(plot, isSimulated: self.isSimulated) else { break }
                self.close(21, slot)
                return
            case .multilateration, .systemTrack: break
            }
            self.unwritten += 1
        }
    }

    /// Hands out all datagrams and begins new ones; those of one sensor come in order.
    public mutating func takeDatagrams(_ body: (SensorID, Span<UInt8>) throws -> Void) rethrows {
        for slot in self.drafts.indices { self.finish(slot) }
        defer {
            self.finished.removeAll(keepingCapacity: true)
            self.datagrams.removeAll(keepingCapacity: true)
        }
        for (sensor, range) in self.datagrams { try body(sensor, self.finished.span.extracting(range)) }
    }

    private mutating func slot(_ sensor: SensorID) -> Int {
        if let slot = self.slots[sensor] { return slot }
        self.drafts.append(Draft(sensor: sensor))
        self.slots[sensor] = self.drafts.count - 1
        return self.drafts.count - 1
    }

    /// Puts the record into a block of its category, in a new datagram if it does not fit.
    private mutating func close(_ category: UInt8, _ slot: Int) {
        let size = self.record.byteCount
        let header = self.drafts[slot].category == category ? 0 : 3
        if self.drafts[slot].bytes.count + header + size > self.datagramMax { self.finish(slot) }
        if self.drafts[slot].category != category {
            self.drafts[slot].category = category
            self.drafts[slot].block = self.drafts[slot].bytes.count
            self.drafts[slot].bytes.append(category)
            self.drafts[slot].bytes.append(0)
            self.drafts[slot].bytes.append(0)
        }
        self.record.append(to: &self.drafts[slot].bytes)
        let (block, length) = (
            self.drafts[slot].block, self.drafts[slot].bytes.count - self.drafts[slot].block
        )
        self.drafts[slot].bytes[block + 1] = UInt8(truncatingIfNeeded: length >> 8)
        self.drafts[slot].bytes[block + 2] = UInt8(truncatingIfNeeded: length)
    }

    /// Moves a sensor's datagram to the finished ones.
    private mutating func finish(_ slot: Int) {
        guard !self.drafts[slot].bytes.isEmpty else { return }
        let start = self.finished.count
        self.finished.append(contentsOf: self.drafts[slot].bytes)
        self.datagrams.append((self.drafts[slot].sensor, start..<self.finished.count))
        self.drafts[slot].bytes.removeAll(keepingCapacity: true)
        self.drafts[slot].category = 0
    }
}

/// One record: its items in the order of the user application profile, and which they are.
struct AsterixRecordBuffer: Sendable {
    private var items: [UInt8] = []
    /// Bit n is set when the item with field reference number n is there, 1...62.
    private var present: UInt64 = 0

    mutating func clear() {
        self.items.removeAll(keepingCapacity: true)
        self.present = 0
    }

    /// Octets of the FSPEC: seven field reference numbers each.
    private var specificationCount: Int { (63 - self.present.leadingZeroBitCount + 6) / 7 }

    var byteCount: Int { self.specificationCount + self.items.count }

    /// Writes FSPEC and items.
    func append(to bytes: inout [UInt8]) {
        let count = self.specificationCount
        for octet in 0..<count {
            var value: UInt8 = octet == count - 1 ? 0 : 1
            for bit in 0..<7 where self.present >> UInt64(octet * 7 + bit + 1) & 1 == 1 { value |= 0x80 >> UInt8(bit) }
            bytes.append(value)
        }
        bytes.append(contentsOf: self.items)
    }

    /// Begins the item with a field reference number; items must come in their order.
    private mutating func item(_ number: UInt64) {
        assert(self.present >> number == 0, "items come in the order of the user application profile")
        self.present |= 1 << number
    }

    private mutating func put8(_ value: Int) { self.items.append(UInt8(truncatingIfNeeded: value)) }

    private mutating func put16(_ value: Int) {
        self.put8(value >> 8)
        self.put8(value)
    }

    private mutating func put24(_ value: Int) {
        self.put8(value >> 16)
        self.put16(value)
    }

    private mutating func put32(_ value: Int) {
        self.put16(value >> 16)
        self.put16(value)
    }

    /// A value in units of `unit`, held within `range`; what is no number counts as nought.
    private static func units(_ value: Double, _ unit: Double, _ range: ClosedRange<Int>) -> Int {
        let scaled = (value / unit).rounded()
        guard !scaled.isNaN else { return 0 }
        return Int(max(Double(range.lowerBound), min(Double(range.upperBound), scaled)))
    }

    private mutating func putSource(_ sensor: SensorID) {
        self.put8(Int(sensor.sac))
        self.put8(Int(sensor.sic))
    }

    /// Time of day, 24 bits, LSB 1/128 s; midnight is nought.
    private mutating func putTime(_ time: Timestamp) {
        self.put24(Self.units(time.secondsOfDay, 1 / 128, 0...86_400 * 128) % (86_400 * 128))
    }

    /// Eight characters of six bits: the lower six of ASCII.
    private mutating func putCharacters(_ callsign: Callsign) {
        var bits: UInt64 = 0
        for index in 0..<8 { bits = bits << 6 | (callsign.packed >> (56 - 8 * UInt64(index))) & 0x3F }
        for index in 0..<6 { self.put8(Int(truncatingIfNeeded: bits >> (40 - 8 * UInt64(index)))) }
    }

    /// A direction, 16 bits, LSB 360°/2¹⁶.
    private mutating func putDirection(_ azimuth: Double) {
        let turns = azimuth / (2 * .pi)
        self.put16(Self.units(turns - turns.rounded(.down), 1 / 65_536, 0...65_536) & 0xFFFF)
    }

    /// Category 034, a sector crossing or north marker, with the status if there is news of it.
    ///
    ///     | FRN 1 I010 | 2 I000 | 3 I030 | 4 I020 | 5 I041 | 6 I050 | 11 I120 |
    mutating func write034(_ crossing: SectorCrossing, status: SensorStatus?) {
        let isNorth = crossing.azimuth == 0
        self.item(1)
        self.putSource(crossing.sensor)
        self.item(2)
        self.put8(isNorth ? 1 : 2)
        self.item(3)
        self.putTime(crossing.measuredAt)
        if !isNorth {
            self.item(4)
            self.put8(Self.units(crossing.azimuth, 2 * .pi / 256, 0...256))
        }
        if let period = crossing.period {
            self.item(5)
            self.put16(Self.units(period, 1 / 128, 0...65_535))
        }
        guard let status else { return }
        self.item(6)
        self.put8(0x80)  // the common part only
        self.put8(status.isOperational ? 0 : 0x80)
        guard let site = status.site else { return }
        self.item(11)
        self.put16(Self.units(site.height, 1, -32_768...32_767))
        self.put24(Self.units(site.latitudeDegrees, 180 / 8_388_608, -4_194_304...4_194_304))
        self.put24(Self.units(site.longitudeDegrees, 180 / 8_388_608, -8_388_608...8_388_607))
    }

    /// Category 048, a monoradar target report.
    ///
    ///     | FRN 1 I010 | 2 I140 | 3 I020 | 4 I040 | 5 I070 | 6 I090 | 8 I220 | 9 I240 | 11 I161 | 13 I200 | 19 I110 |
    ///     | 21 I230 |
    ///
    /// - Returns: false when the plot has no range below 256 NM.
    mutating func write048(_ plot: Plot, isSimulated: Bool) -> Bool {
        guard case .polar(let range, let azimuth, _) = plot.measurement, range >= 0, azimuth.isFinite,
            (range / 1852 * 256).rounded() <= 65_535
        else { return false }
        let isModeS = plot.identity.address != nil
        self.item(1)
        self.putSource(plot.sensor)
        self.item(2)
        self.putTime(plot.measuredAt)
        self.item(3)
        // PSR 1, SSR 2, SSR + PSR 3, roll-call 5, roll-call + PSR 7.
        let type =
            switch plot.kind {
            case .primary: 1
            case .combined: isModeS ? 7 : 3
            default: isModeS || plot.kind == .modeS ? 5 : 2
            }
        self.put8(type << 5 | (isSimulated ? 0x10 : 0) | (plot.hasIdentPulse ? 0x04 : 0))
        self.item(4)
        self.put16(Self.units(range, 1852 / 256, 0...65_535))
        self.putDirection(azimuth)
        if let code = plot.identity.mode3A {
            self.item(5)
            self.put16(Int(code.rawValue))
        }
        if let altitude = plot.pressureAltitude {
            self.item(6)
            self.put16(Self.units(altitude, 30.48 / 4, -8192...8191) & 0x3FFF)
        }
        if let address = plot.identity.address {
            self.item(8)
            self.put24(Int(address.rawValue))
        }
        if let callsign = plot.identity.callsign {
            self.item(9)
            self.putCharacters(callsign)
        }
        if let number = plot.sensorTrackNumber, number < 4096 {
            self.item(11)
            self.put16(Int(number))
        }
        if let velocity = plot.velocity {
            self.item(13)
            self.putGroundVector(velocity, max: 65_535)
        }
        if let height = plot.geometricHeight {
            self.item(19)
            self.put16(Self.units(height, 25 * 0.3048, -8192...8191) & 0x3FFF)
        }
        if isModeS {
            // Comm-A and Comm-B; flight status; altitude in steps of 25 ft; identification if it was given.
            let flightStatus = plot.hasIdentPulse ? 5 : plot.isOnGround ? 1 : 0
            self.item(21)
            self.put16(1 << 13 | flightStatus << 10 | 1 << 6 | (plot.identity.callsign == nil ? 0 : 1 << 5))
        }
        return true
    }

    /// Ground speed, LSB 2⁻¹⁴ NM/s, and direction, LSB 360°/2¹⁶.
    private mutating func putGroundVector(_ velocity: Plot.Velocity, max: Int) {
        let speed = (velocity.north * velocity.north + velocity.east * velocity.east).squareRoot()
        self.put16(Self.units(speed, 1852 / 16_384, 0...max))
        let direction = atan2(velocity.east, velocity.north)
        self.putDirection(direction.isNaN ? 0 : direction)
    }

    /// Category 021, an ADS-B target report.
    ///
    ///     | FRN 1 I010 | 2 I040 | 3 I161 | 5 I071 | 7 I131 | 11 I080 | 12 I073 | 16 I140 | 17 I090 | 18 I210 |
    ///     | 19 I070 | 21 I145 | 23 I200 | 24 I155 | 26 I160 | 28 I077 | 29 I170 |
    ///
    /// - Returns: false when the plot has no geodetic position.
    mutating func write021(_ plot: Plot, isSimulated: Bool) -> Bool {
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement,
            abs(latitude) <= .pi / 2, abs(longitude) <= 2 * .pi
        else { return false }
        self.item(1)
        self.putSource(plot.sensor)
        self.item(2)
        // 24-bit address, steps of 25 ft; the first extension only where it says something.
        let extended = (plot.isOnGround ? 0x40 : 0) | (isSimulated ? 0x20 : 0)
        let kind = plot.identity.address == nil ? 3 << 5 : 0
        self.put8(kind | (extended == 0 ? 0 : 1))
        if extended != 0 { self.put8(extended) }
        if let number = plot.sensorTrackNumber, number < 4096 {
            self.item(3)
            self.put16(Int(number))
        }
        self.item(5)
        self.putTime(plot.measuredAt)
        self.item(7)
        let unit = Double.pi / 0x4000_0000
        self.put32(Self.units(latitude, unit, -0x2000_0000...0x2000_0000))
        self.put32(Self.units(wrappedAngle(longitude), unit, -0x4000_0000...0x3FFF_FFFF))
        if let address = plot.identity.address {
            self.item(11)
            self.put24(Int(address.rawValue))
        }
        self.item(12)
        self.putTime(plot.receivedAt)
        if let height = plot.geometricHeight {
            self.item(16)
            self.put16(Self.units(height, 6.25 * 0.3048, -32_768...32_767))
        }
        self.item(17)
        let accuracy = NavigationAccuracy.position(deviation: deviation)
        let velocityAccuracy = plot.velocity.map { NavigationAccuracy.velocity(deviation: $0.deviation) } ?? 0
        self.put8(velocityAccuracy << 5 | NavigationAccuracy.integrity(accuracy) << 1 | 1)
        self.put8(3 << 5 | accuracy << 1)  // SIL 3: below 10⁻⁷ an hour
        self.item(18)
        self.put8(2 << 3 | 2)  // DO-260B, 1090 MHz
        if let code = plot.identity.mode3A {
            self.item(19)
            self.put16(Int(code.rawValue))
        }
        if let altitude = plot.pressureAltitude {
            self.item(21)
            self.put16(Self.units(altitude, 30.48 / 4, -32_768...32_767))
        }
        self.item(23)
        self.put8(0x40 | (plot.hasIdentPulse ? 3 : 0))  // lateral navigation mode: not known to be engaged
        if let rate = plot.climbRate {
            self.item(24)
            self.put16(Self.units(rate, 6.25 * 0.3048 / 60, -16_384...16_383) & 0x7FFF)
        }
        if let velocity = plot.velocity {
            self.item(26)
            self.putGroundVector(velocity, max: 32_767)
        }
        self.item(28)
        self.putTime(plot.receivedAt)
        if let callsign = plot.identity.callsign {
            self.item(29)
            self.putCharacters(callsign)
        }
        return true
    }
}

/// Accuracy categories of ADS-B, from standard deviations.
///
/// Source: RTCA DO-260B, 2.2.3.2.7.1.3.8 (NACp) and 2.2.3.2.6.1.5 (NACv).
enum NavigationAccuracy {
    /// The radius that holds 95 % of a circular normal distribution, in standard deviations of one axis.
    static let radius95 = (-2 * log(0.05)).squareRoot()

    /// NACp: the best category whose bound, metres with 95 %, the deviation keeps (a thousandth is let pass as rounding).
    static func position(deviation: Double) -> Int {
        let radius = deviation * Self.radius95 * 0.999
        let bounds = [3.0, 10, 30, 92.6, 185.2, 555.6, 926, 1852, 3704, 7408, 18_520]
        for (index, bound) in bounds.enumerated() where radius <= bound { return 11 - index }
        return 0
    }

    /// NACv: 1 below 10 m/s, 2 below 3, 3 below 1, 4 below 0.3 m/s.
    static func velocity(deviation: Double) -> Int {
        let radius = deviation * Self.radius95 * 0.999
        return radius <= 0.3 ? 4 : radius <= 1 ? 3 : radius <= 3 ? 2 : radius <= 10 ? 1 : 0
    }

    /// A containment that goes with an accuracy: NIC 8 (0.1 NM) from 92.6 m on, and one less below each.
    static func integrity(_ accuracy: Int) -> Int { accuracy >= 8 ? 8 : max(accuracy - 1, 0) }
}
