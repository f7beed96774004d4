public import Air
public import Geodesy
import Glibc

/// Turns the frames of one receiver into plots: knows the aircraft that it hears, and nothing else.
///
/// A message with its address in the clear and a right parity (DF 11 squitter, 17, 18) makes an aircraft known; a reply
/// whose address is hidden in the parity is believed only while that address is known. A position needs an even and an
/// odd report close in time; further ones follow locally. A position becomes a plot when a second decoding has agreed
/// with it that shares neither report with the first; each later one must be within the reach of the aircraft, and a
/// pair is compared with it every ten seconds. A message with one wrong bit is mended (`ModeSMessage.mended`), but makes
/// no aircraft known, and of what it says only a position that follows a trusted one is used.
///
/// The state of an aircraft is a value of fixed size in a table of bounded size: no allocation for a message.
/// An aircraft not heard for a while is forgotten; when the table is full newcomers are refused and counted, so that a
/// flood of invented addresses cannot push out those that are known.
///
/// The receiver's own count of 12 MHz is not bound to UTC: a plot is measured when it was received, which for a live
/// receiver in the same network is a few milliseconds late.
///
/// Source: RTCA DO-260B, 2.2.10 (report assembly) and A.1.7; filter of known addresses as in antirez/dump1090.
public struct ModeSDecoder: Sendable {
    /// What is fixed for one receiver.
    public struct Configuration: Hashable, Sendable {
        /// The receiver.
        public var sensor: SensorID
        /// Where it stands; without it surface positions need an airborne one first, and no range is checked.
        public var site: Geodetic?
        /// The farthest that it can hear, metres; a first position beyond is refused.
        public var rangeMax: Double
        /// How many aircraft are kept, 1...2²⁰.
        public var aircraftMax: Int
        /// Seconds without a message after which an aircraft is forgotten.
        public var silenceMax: Double
        /// Seconds for which an address once sent in the clear vouches for replies with address parity.
        public var addressAgeMax: Double
        /// Seconds for which velocity, rate of climb and height difference are put beside a later position.
        public var velocityAgeMax: Double
        /// One standard deviation of how late a position is, seconds; DO-260B, 2.2.5.2 allows the aircraft 0.6.
        public var latencyDeviation: Double
        /// Whether messages with one wrong bit are mended.
        public var mendsSingleBits: Bool

        public init(
            sensor: SensorID, site: Geodetic? = nil, rangeMax: Double = 650_000, aircraftMax: Int = 16_384,
            silenceMax: Double = 300, addressAgeMax: Double = 60, velocityAgeMax: Double = 5,
            latencyDeviation: Double = 0.1, mendsSingleBits: Bool = true
        ) {
            self.sensor = sensor
            self.site = site
            self.rangeMax = rangeMax
            self.aircraftMax = aircraftMax
            self.silenceMax = silenceMax
            self.addressAgeMax = addressAgeMax
            self.velocityAgeMax = velocityAgeMax
            self.latencyDeviation = latencyDeviation
            self.mendsSingleBits = mendsSingleBits
        }
    }

    /// What became of a message.
    public enum Verdict: UInt8, Hashable, Sendable, CaseIterable {
        /// Believed.
        case accepted
        /// The parity is wrong.
        case corrupt
        /// The parity hides an address, or an interrogator's code, and the address is not known here.
        case unknownAddress
        /// The length does not fit the format.
        case malformed
        /// A format without a meaning for us: DF 19 (military), DF 18 with CF 4 and 7, and the unused ones.
        case unsupported
        /// The table of aircraft is full.
        case tableFull
    }

    /// What became of the position in a message.
    public enum PositionVerdict: UInt8, Hashable, Sendable, CaseIterable {
        /// The message has none.
        case none
        /// Decoded and agreed with: a plot.
        case confirmed
        /// Decoded for the first time: no plot yet.
        case provisional
        /// There is no other half close enough in time, or of a surface pair nobody knows whereabouts.
        case waiting
        /// The two halves lie in different zones, or decode to no place on the globe.
        case inconsistent
        /// Farther from the receiver than it can hear.
        case outOfRange
        /// Farther from the last position than the aircraft can have moved.
        case implausible
    }

    /// The answer to one message.
    public struct Answer: Hashable, Sendable {
        public var verdict: Verdict
        public var positionVerdict: PositionVerdict
        /// Where the aircraft is, degrees, if the position is confirmed or provisional.
        public var position: CompactPosition.Degrees?
        /// The bit, from 1, that had to be turned over, 0 if none.
        public var mendedBit: UInt8 = 0
        /// Which register the reply holds (DF 20, 21); nil if there is none or it is uncertain.
        public var register: CommBRegister?

        init(_ verdict: Verdict, _ positionVerdict: PositionVerdict = .none, _ position: CompactPosition.Degrees? = nil)
        {
            self.verdict = verdict
            self.positionVerdict = positionVerdict
            self.position = position
        }
    }

    /// How many messages and positions met which end.
    public struct Counts: Sendable {
        private var messages = InlineArray<8, UInt64>(repeating: 0)
        private var positions = InlineArray<8, UInt64>(repeating: 0)

        public subscript(verdict: Verdict) -> UInt64 {
            get { self.messages[Int(verdict.rawValue)] }
            set { self.messages[Int(verdict.rawValue)] = newValue }
        }

        public subscript(verdict: PositionVerdict) -> UInt64 {
            get { self.positions[Int(verdict.rawValue)] }
            set { self.positions[Int(verdict.rawValue)] = newValue }
        }

        /// Messages accepted after one wrong bit was mended.
        public internal(set) var mended: UInt64 = 0

        /// All messages.
        public var total: UInt64 { Verdict.allCases.reduce(0) { $0 + self[$1] } }
    }

    /// What is fixed.
    public let configuration: Configuration
    /// What became of all messages so far.
    public private(set) var counts = Counts()
    /// How many aircraft are known now.
    public var aircraftCount: Int { self.table.aircraft.count }

    /// What is known of the aircraft that sent, or was spoken of in, a message: before `decode` what there was, after it
    /// with what the message says.
    ///
    /// It holds what was read out of the registers of DF 20 and 21 too.
    ///
    /// - Returns: nil if the aircraft is not known.
    /// - Complexity: one look-up.
    public func aircraft(of message: ModeSMessage, isMultilaterated: Bool = false) -> ModeSAircraftState? {
        self.known(message, isMultilaterated: isMultilaterated).map(ModeSAircraftState.init)
    }

    /// What is known of an aircraft by its own word.
    public func aircraft(_ address: ICAOAddress) -> ModeSAircraftState? {
        self.table.find(address.rawValue).map { ModeSAircraftState(self.table[$0]) }
    }

    /// Hands over each aircraft that is known, in no particular order.
    public func forEachAircraft(_ body: (ModeSAircraftState) throws -> Void) rethrows {
        for index in self.table.aircraft.indices { try body(ModeSAircraftState(self.table[index])) }
    }

    func known(_ message: ModeSMessage, isMultilaterated: Bool) -> ModeSAircraft? {
        guard let address = message.address?.rawValue else { return nil }
        var channel = ModeSAircraft.Channel.direct
        if message.squitterSource != nil {
            guard let own = ModeSAircraft.Channel(of: message, isMultilaterated: isMultilaterated) else { return nil }
            channel = own
        }
        return self.table.find(address | UInt32(channel.rawValue) << 24).map { self.table[$0] }
    }

    private(set) var table: ModeSAircraftTable
    private let siteDegrees: CompactPosition.Degrees?
    /// Strength of the message at hand.
    private var signal: UInt8 = 0

    /// Seconds between the halves of an airborne pair, and of a surface pair above and below 25 kt.
    ///
    /// Source: RTCA DO-260B, 2.2.10.3.1 and A.1.7.8.
    private static let pairAgeMax = (airborne: 10.0, surface: 25.0, slowSurface: 50.0)
    /// Seconds for which a position can be followed locally: at 600 m/s no half zone (180 NM, 45 NM) is left by far.
    private static let followMax = 300.0
    /// Metres that a position may be off beyond the aircraft's reach: bursts of a congested line come seconds late.
    private static let slack = (airborne: 2500.0, surface: 1000.0)

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        self.table = ModeSAircraftTable(capacity: configuration.aircraftMax)
        self.siteDegrees = configuration.site.map {
            CompactPosition.Degrees(latitude: $0.latitudeDegrees, longitude: $0.longitudeDegrees)
        }
    }

    /// Takes one frame; appends the plot that it completes.
    ///
    /// - Parameters:
    ///   - isMultilaterated: a multilateration server made it (`ReceivedModeSFrame.isMultilaterated`).
    ///   - signal: its strength (`ReceivedModeSFrame.signal`), 0 if unknown.
    ///   - receivedAt: when this node, or the recording, received it.
    /// - Complexity: constant but for a sweep of the table every ten seconds; no allocation but what `reports` needs.
    @discardableResult
    public mutating func decode(
        _ frame: ModeSFrame, isMultilaterated: Bool = false, signal: UInt8 = 0, receivedAt: Timestamp,
        into reports: inout [SensorReport]
    ) -> Answer {
        let message: ModeSMessage
        do throws(ModeSError) { message = try ModeSMessage(frame) } catch {
            self.counts[.malformed] += 1
            return Answer(.malformed)
        }
        return self.decode(
            message, isMultilaterated: isMultilaterated, signal: signal, receivedAt: receivedAt, into: &reports)
    }

    /// Takes one message; appends the plot that it completes.
    @discardableResult
    public mutating func decode(
        _ message: ModeSMessage, isMultilaterated: Bool = false, signal: UInt8 = 0, receivedAt: Timestamp,
        into reports: inout [SensorReport]
    ) -> Answer {
        let now = receivedAt.nanoseconds
        self.signal = signal
        self.table.sweepNowAndThen(at: now, silenceMax: self.configuration.silenceMax)
        var answer =
            switch message.downlinkFormat {
            case 17, 18:
                self.takeSquitter(message, isMultilaterated: isMultilaterated, receivedAt: receivedAt, &reports)
            case 11: self.takeAllCall(message, now)
            case 0, 4, 5, 16, 20, 21, 24: self.takeReply(message, now)
            default: Answer(.unsupported)
            }
        if answer.verdict == .corrupt, self.configuration.mendsSingleBits, let (mended, bit) = message.mended,
            let better = self.takeMended(mended, isMultilaterated: isMultilaterated, receivedAt: receivedAt, &reports)
        {
            answer = better
            answer.mendedBit = UInt8(truncatingIfNeeded: bit)
            self.counts.mended += 1
        }
        self.counts[answer.verdict] += 1
        if answer.positionVerdict != .none { self.counts[answer.positionVerdict] += 1 }
        return answer
    }

    // MARK: Formats

    private mutating func takeAllCall(_ message: ModeSMessage, _ now: Int64) -> Answer {
        guard message.residual & 0xFF_FF80 == 0 else { return Answer(.corrupt) }
        let key = message.frame.bits(9, 24)
        if message.residual == 0 {
            guard let index = self.reach(key, .direct, now) else { return Answer(.tableFull) }
            self.table[index].announcedAt = now
            return Answer(.accepted)
        }
        // With an interrogator's code seven bits of the parity prove nothing: only a known address is believed.
        guard let index = self.table.find(key), self.isAnnounced(index, now) else { return Answer(.unknownAddress) }
        self.touch(index, now)
        return Answer(.accepted)
    }

    private mutating func takeReply(_ message: ModeSMessage, _ now: Int64) -> Answer {
        guard let index = self.table.find(message.residual), self.isAnnounced(index, now) else {
            return Answer(.unknownAddress)
        }
        self.touch(index, now)
        if let status = message.flightStatus, status <= 5 {
            self.noteAlert(of: index, status >= 2 && status <= 4, hasIdentPulse: status >= 4, now)
        }
        if let altitude = message.altitude, case .feet(let feet) = altitude {
            self.table[index].altitudeFeet = feet
            self.table[index].altitudeAt = now
        }
        if let code = message.mode3A?.rawValue {
            // The parity cannot show a wrong bit that makes another known address, so the code must come twice.
            if code == self.table[index].mode3ASeenOnce {
                self.table[index].mode3A = code
                self.table[index].mode3AAt = now
            }
            self.table[index].mode3ASeenOnce = code
        }
        var answer = Answer(.accepted)
        if let payload = message.commB { answer.register = self.takeRegister(payload, of: index, now) }
        return answer
    }

    private mutating func noteAlert(of index: Int, _ hasAlert: Bool, hasIdentPulse: Bool, _ now: Int64) {
        self.table[index].hasAlert = hasAlert
        self.table[index].hasIdentPulse = hasIdentPulse
        self.table[index].alertAt = now
    }

    /// Finds out which register a reply holds, and takes the velocity out of BDS 5,0 if none was broadcast lately.
    private mutating func takeRegister(_ payload: UInt64, of index: Int, _ now: Int64) -> CommBRegister? {
        // Nothing asked for, or nothing there.
        if payload == 0 { return nil }
        var context = CommBContext(callsign: self.table[index].callsign)
        if ModeSAircraft.isFresh(self.table[index].altitudeAt, now, within: 20) {
            context.altitudeFeet = self.table[index].altitudeFeet
        }
        let hasVelocity = ModeSAircraft.isFresh(self.table[index].velocityAt, now, within: 5)
        if hasVelocity { context.setVelocity(north: self.table[index].north, east: self.table[index].east) }
        let register = CommBInference.register(of: payload, context: context, state: &self.table[index].commB, at: now)
        if register == .trackAndTurn, !hasVelocity, let velocity = CommB.velocity(trackAndTurn: payload) {
            self.table[index].north = Float(velocity.north)
            self.table[index].east = Float(velocity.east)
            self.table[index].velocityDeviation = Float(velocity.deviation)
            self.table[index].velocityAt = now
        }
        return register
    }

    private mutating func takeSquitter(
        _ message: ModeSMessage, isMultilaterated: Bool, receivedAt: Timestamp, _ reports: inout [SensorReport]
    ) -> Answer {
        guard message.residual == 0 else { return Answer(.corrupt) }
        let now = receivedAt.nanoseconds
        guard let channel = ModeSAircraft.Channel(of: message, isMultilaterated: isMultilaterated) else {
            return Answer(.unsupported)
        }
        guard let index = self.reach(message.frame.bits(9, 24), channel, now) else { return Answer(.tableFull) }
        if channel == .direct { self.table[index].announcedAt = now }
        if let isForeign = message.isAddressForeign { self.table[index].isAddressForeign = isForeign }
        let payload = message.frame.payload
        // By type code rather than by `ExtendedSquitter`: only what is needed is taken apart.
        if message.squitterSource == .coarseTrafficService {
            return self.take(CoarsePosition(payload), of: index, now)
        }
        let subtype = UInt8(truncatingIfNeeded: payload >> 48 & 7)
        switch payload >> 51 & 0x1F {
        case 0, 9...18, 20...22:
            return self.take(AirbornePosition(payload), of: index, receivedAt, &reports)
        case 5...8:
            return self.take(SurfacePosition(payload), of: index, receivedAt, &reports)
        case 19 where subtype >= 1 && subtype <= 4:
            if channel == .trafficService {
                self.take(TrafficVelocity(payload), of: index, now)
            } else {
                self.take(AirborneVelocity(payload), of: index, now)
            }
        case 1...4:
            let report = AircraftIdentification(payload)
            if let callsign = report.callsign { self.table[index].callsign = callsign.packed }
            self.table[index].category = (14 - report.typeCode) << 4 | report.category
        case 28 where subtype == 1 && channel != .trafficService:
            let report = AircraftStatus(payload)
            if let code = report.mode3A?.rawValue {
                self.table[index].mode3A = code
                self.table[index].mode3AAt = now
            }
            self.table[index].emergency = report.emergency
            self.table[index].emergencyAt = now
        case 29 where subtype >> 1 <= 1 && channel != .trafficService:
            self.table[index].quality.note(TargetState(payload))
            self.table[index].targetState = payload
            self.table[index].targetStateAt = now
        case 31 where subtype <= 1 && channel != .trafficService:
            self.table[index].quality.note(OperationalStatus(payload))
        default:
            break
        }
        return Answer(.accepted)
    }

    /// Takes a message of which one bit was mended, of an aircraft that is known by its own word; nil if it is not.
    ///
    /// Five wrong bits may look like one, so nothing is learned from it but a position that fits a trusted one.
    private mutating func takeMended(
        _ message: ModeSMessage, isMultilaterated: Bool, receivedAt: Timestamp, _ reports: inout [SensorReport]
    ) -> Answer? {
        let now = receivedAt.nanoseconds
        guard message.downlinkFormat == 11 || message.squitterSource == .aircraft, !isMultilaterated,
            let index = self.table.find(message.frame.bits(9, 24)), self.isAnnounced(index, now)
        else { return nil }
        self.touch(index, now)
        guard message.downlinkFormat != 11, self.table[index].confidence >= 2 else { return Answer(.accepted) }
        let before = self.table[index]
        var answer = Answer(.accepted)
        switch message.frame.payload >> 51 & 0x1F {
        case 9...18, 20...22:
            answer = self.take(AirbornePosition(message.frame.payload), of: index, receivedAt, &reports)
        case 5...8:
            answer = self.take(SurfacePosition(message.frame.payload), of: index, receivedAt, &reports)
        default: break
        }
        // Neither a half of a pair, nor an altitude, nor trust or doubt comes of it.
        self.table[index] = before
        return answer
    }

    // MARK: Fields

    private mutating func take(_ report: AirborneVelocity, of index: Int, _ now: Int64) {
        self.table[index].quality.velocityAccuracyCategory = report.accuracyCategory
        let knot = 1852.0 / 3600
        if case .overGround(let east?, let north?) = report.motion {
            self.table[index].east = Float(Double(east) * knot)
            self.table[index].north = Float(Double(north) * knot)
            // The category's 95 % radius, and the rounding to whole (or four) knots.
            let deviation = ModeSAccuracy.velocityRadius(category: report.accuracyCategory) / ModeSAccuracy.radius95
            let rounding = (report.subtype == 2 ? 4 : 1) * knot * 0.29
            self.table[index].velocityDeviation = Float((deviation * deviation + rounding * rounding).squareRoot())
            self.table[index].velocityAt = now
        }
        if let rate = report.verticalRateFeetPerMinute {
            self.table[index].climb = Float(Double(rate) * 0.3048 / 60)
            self.table[index].climbAt = now
            self.table[index].isClimbBarometric = report.isVerticalRateBarometric
        }
        if let difference = report.geometricMinusBarometricFeet {
            self.table[index].differenceFeet = difference
            self.table[index].differenceAt = now
        }
    }

    private mutating func take(_ report: TrafficVelocity, of index: Int, _ now: Int64) {
        self.take(report.velocity, of: index, now)
        self.table[index].quality.accuracyCategory = report.accuracyCategory
        if let level = report.integrityLevel { self.table[index].quality.integrityLevel = level }
        if let supplement = report.nicSupplementA { self.table[index].quality.nicSupplementA = supplement }
    }

    private mutating func take(_ report: CoarsePosition, of index: Int, _ now: Int64) -> Answer {
        if let feet = report.altitude.feet {
            self.table[index].altitudeFeet = feet
            self.table[index].altitudeAt = now
        }
        self.table[index].isOnGround = false
        let (verdict, place) = self.locate(report.position, of: index, coding: .coarse, now)
        return Answer(.accepted, verdict, place)
    }

    private mutating func noteIntegrity(of index: Int, typeCode: UInt8, bOrC: Bool) {
        let quality = self.table[index].quality
        let integrity = ModeSAccuracy.integrity(
            typeCode: typeCode, a: quality.nicSupplementA, bOrC: bOrC, version: quality.version ?? 0)
        self.table[index].integrityCategory = integrity.category
        self.table[index].containment = integrity.containment.map(Float.init)
    }

    private mutating func take(
        _ report: AirbornePosition, of index: Int, _ receivedAt: Timestamp, _ reports: inout [SensorReport]
    ) -> Answer {
        let now = receivedAt.nanoseconds
        let channel = self.table[index].channel
        self.table[index].isOnGround = false
        let status = report.surveillanceStatus
        self.noteAlert(of: index, status == 1 || status == 2, hasIdentPulse: status == 3, now)
        if !report.isGeometric, let feet = report.altitude.feet {
            self.table[index].altitudeFeet = feet
            self.table[index].altitudeAt = now
        }
        guard report.hasPosition, !report.isPlaceholder else { return Answer(.accepted) }
        // In ADS-R and TIS-B the bit is IMF.
        let nicB = (channel == .direct || channel == .anonymous) && report.supplement
        self.noteIntegrity(of: index, typeCode: report.typeCode, bOrC: nicB)
        let (verdict, place) = self.locate(report.position, of: index, coding: .airborne, now)
        guard verdict == .confirmed, let place, channel.makesPlots else { return Answer(.accepted, verdict, place) }
        let one = self.table[index]
        let freshFor = self.configuration.velocityAgeMax
        var plot = self.plot(of: one, at: place, receivedAt, typeCode: report.typeCode)
        let foot = 0.3048
        if ModeSAircraft.isFresh(one.altitudeAt, now, within: freshFor) {
            plot.pressureAltitude = Double(one.altitudeFeet) * foot
            if ModeSAircraft.isFresh(one.differenceAt, now, within: freshFor) {
                plot.geometricHeight = Double(one.altitudeFeet + one.differenceFeet) * foot
            }
        }
        if report.isGeometric, let feet = report.altitude.feet { plot.geometricHeight = Double(feet) * foot }
        if ModeSAircraft.isFresh(one.velocityAt, now, within: freshFor) {
            plot.velocity = Plot.Velocity(
                north: Double(one.north), east: Double(one.east), deviation: Double(one.velocityDeviation))
        }
        if ModeSAircraft.isFresh(one.climbAt, now, within: freshFor) { plot.climbRate = Double(one.climb) }
        plot.hasIdentPulse = report.surveillanceStatus == 3
        reports.append(.plot(plot))
        return Answer(.accepted, verdict, place)
    }

    private mutating func take(
        _ report: SurfacePosition, of index: Int, _ receivedAt: Timestamp, _ reports: inout [SensorReport]
    ) -> Answer {
        let now = receivedAt.nanoseconds
        let channel = self.table[index].channel
        self.table[index].isOnGround = true
        self.noteIntegrity(of: index, typeCode: report.typeCode, bOrC: self.table[index].quality.nicSupplementC)
        let speed = report.groundSpeedKnots.map { $0 * 1852 / 3600 }
        if let speed, let track = report.trackDegrees {
            self.table[index].north = Float(speed * cos(track * .pi / 180))
            self.table[index].east = Float(speed * sin(track * .pi / 180))
            // Half a step of the track, and the step of the speed code: an eighth of the speed at most.
            self.table[index].velocityDeviation = Float(0.3 + speed * 0.05)
            self.table[index].velocityAt = now
        }
        let (verdict, place) = self.locate(
            report.position, of: index, coding: .surface, isSlow: speed.map { $0 <= 25 * 1852.0 / 3600 } ?? false, now)
        guard verdict == .confirmed, let place, channel.makesPlots else { return Answer(.accepted, verdict, place) }
        let one = self.table[index]
        var plot = self.plot(of: one, at: place, receivedAt, typeCode: report.typeCode)
        plot.isOnGround = true
        if one.velocityAt == now {
            plot.velocity = Plot.Velocity(
                north: Double(one.north), east: Double(one.east), deviation: Double(one.velocityDeviation))
        } else if speed == 0 {
            plot.velocity = Plot.Velocity(north: 0, east: 0, deviation: 0.3)
        }
        reports.append(.plot(plot))
        return Answer(.accepted, verdict, place)
    }

    private func plot(
        of one: ModeSAircraft, at place: CompactPosition.Degrees, _ receivedAt: Timestamp, typeCode: UInt8
    ) -> Plot {
        let now = receivedAt.nanoseconds
        let hasForeignAddress = one.isAddressForeign
        let identity = Identity(
            address: hasForeignAddress ? nil : ICAOAddress(one.key),
            mode3A: ModeSAircraft.isFresh(one.mode3AAt, now, within: 60) ? Mode3A(one.mode3A) : nil,
            callsign: one.callsign == 0 ? nil : Callsign(packed: one.callsign))
        let deviation = one.quality.positionDeviation(
            typeCode: typeCode, containment: one.containment.map(Double.init))
        // The lateness is along the track; shared out to both axes it is 1/√2 of speed times time.
        let speedSquared = Double(one.north * one.north + one.east * one.east)
        let late = self.configuration.latencyDeviation
        let rounding = typeCode < 9 ? 0.4 : 1.5
        let variance = deviation * deviation + rounding * rounding + 0.5 * speedSquared * late * late
        return Plot(
            sensor: self.configuration.sensor, measuredAt: receivedAt, receivedAt: receivedAt, kind: .broadcast,
            measurement: .geodetic(
                latitude: place.latitude * .pi / 180, longitude: place.longitude * .pi / 180,
                deviation: variance.squareRoot()),
            identity: identity)
    }

    // MARK: Positions

    /// Decodes a position and judges it against the last one.
    private mutating func locate(
        _ report: CompactPosition, of index: Int, coding: CompactPosition.Coding, isSlow: Bool = false, _ now: Int64
    ) -> (PositionVerdict, CompactPosition.Degrees?) {
        let isSurface = coding == .surface
        let count = self.table[index].messageCount
        let half = ModeSAircraft.Half(report: report, at: now, coding: coding, count: count)
        if report.isOdd { self.table[index].odd = half } else { self.table[index].even = half }
        let one = self.table[index]

        var followed: CompactPosition.Degrees?
        if one.confidence > 0, ModeSAircraft.isFresh(one.positionAt, now, within: Self.followMax) {
            guard let place = report.decoded(near: one.position, coding: coding) else {
                return self.doubt(index, .inconsistent)
            }
            let elapsed = abs(ModeSAircraft.seconds(now, since: one.positionAt))
            let reach =
                one.speedMax(isSurface: isSurface, at: now) * elapsed
                + (isSurface ? Self.slack.surface : Self.slack.airborne)
            guard Self.distance(place, one.position) <= reach else { return self.doubt(index, .implausible) }
            followed = place
        }

        var paired: CompactPosition.Degrees?
        // Whether the pair shares no report with that which founded the position.
        var isIndependent = false
        if followed == nil || one.confidence < 2 || !ModeSAircraft.isFresh(one.pairAt, now, within: 10) {
            let other = report.isOdd ? one.even : one.odd
            let ageMax =
                isSurface
                ? (isSlow ? Self.pairAgeMax.slowSurface : Self.pairAgeMax.surface) : Self.pairAgeMax.airborne
            let reference = followed ?? self.siteDegrees
            // A surface pair says nothing to one who does not know in which quarter of the globe he is.
            if other.coding == coding, !isSurface || reference != nil,
                ModeSAircraft.isFresh(other.at, now, within: ageMax)
            {
                paired = CompactPosition.decoded(
                    even: report.isOdd ? other.report : report, odd: report.isOdd ? report : other.report,
                    isOddNewer: report.isOdd, coding: coding, reference: reference)
                if paired == nil, followed == nil { return (.inconsistent, nil) }
                isIndependent = Int32(bitPattern: other.count &- one.foundedCount) > 0
            }
        }

        switch (followed, paired) {
        case (nil, nil):
            // Nobody can be farther off than this receiver hears: if that is less than half a zone, one report will do.
            guard let site = self.siteDegrees, self.configuration.rangeMax < Self.halfZone(coding),
                let place = report.decoded(near: site, coding: coding)
            else { return (.waiting, nil) }
            return self.found(place, of: index, site, now)
        case (let place?, nil):
            self.table[index].position = place
            self.table[index].positionAt = now
            // One decoding alone is no ground for trust; a trusted position grows stronger with each that fits.
            guard one.confidence >= 2 else { return (.provisional, place) }
            self.table[index].confidence = min(one.confidence + 1, 4)
            return (.confirmed, place)
        case (let followed?, let place?):
            // The same bits in the same zone are the same place but for rounding; in another zone, many miles away.
            guard Self.distance(followed, place) < 100 else { return self.doubt(index, .implausible) }
            self.table[index].position = place
            self.table[index].positionAt = now
            guard one.confidence >= 2 || isIndependent else { return (.provisional, place) }
            self.table[index].pairAt = now
            self.table[index].confidence = min(max(one.confidence, 1) + 1, 4)
            return (.confirmed, place)
        case (nil, let place?):
            self.table[index].pairAt = now
            return self.found(place, of: index, self.siteDegrees, now)
        }
    }

    /// Puts the first position of an aircraft, which is not trusted yet.
    private mutating func found(
        _ place: CompactPosition.Degrees, of index: Int, _ site: CompactPosition.Degrees?, _ now: Int64
    ) -> (PositionVerdict, CompactPosition.Degrees?) {
        if let site, Self.distance(place, site) > self.configuration.rangeMax { return (.outOfRange, nil) }
        self.table[index].position = place
        self.table[index].positionAt = now
        self.table[index].confidence = 1
        self.table[index].foundedCount = self.table[index].messageCount
        return (.provisional, place)
    }

    /// Metres within which a single report has one place: 180 NM in the air, 45 NM on the ground.
    private static func halfZone(_ coding: CompactPosition.Coding) -> Double {
        coding == .surface ? 45 * 1852 : 180 * 1852
    }

    /// Takes trust away from the last position: after as many doubts as it has trust it is given up.
    private mutating func doubt(_ index: Int, _ verdict: PositionVerdict) -> (
        PositionVerdict, CompactPosition.Degrees?
    ) {
        if self.table[index].confidence > 0 { self.table[index].confidence -= 1 }
        return (verdict, nil)
    }

    /// The distance of two places on the mean sphere, metres: exact enough to tell a reach, not to navigate.
    private static func distance(_ a: CompactPosition.Degrees, _ b: CompactPosition.Degrees) -> Double {
        let metresPerDegree = 6_371_008.8 * Double.pi / 180
        let north = (b.latitude - a.latitude) * metresPerDegree
        var turn = (b.longitude - a.longitude).magnitude
        if turn > 180 { turn = 360 - turn }
        // Small steps, which nearly all are, need no spherical trigonometry: cos of the mean latitude by its series
        // would do, but one cosine is cheap enough.
        let radians = Double.pi / 180
        if turn < 2, north.magnitude < 300_000 {
            let east = turn * metresPerDegree * cos((a.latitude + b.latitude) * 0.5 * radians)
            return (north * north + east * east).squareRoot()
        }
        let (sinLat, sinLon) = (sin((b.latitude - a.latitude) / 2 * radians), sin(turn / 2 * radians))
        let h = sinLat * sinLat + cos(a.latitude * radians) * cos(b.latitude * radians) * sinLon * sinLon
        return 2 * 6_371_008.8 * asin(min(1, h.squareRoot()))
    }

    // MARK: The table

    private func isAnnounced(_ index: Int, _ now: Int64) -> Bool {
        ModeSAircraft.isFresh(self.table[index].announcedAt, now, within: self.configuration.addressAgeMax)
    }

    private mutating func touch(_ index: Int, _ now: Int64) {
        self.table[index].seenAt = now
        self.table[index].messageCount &+= 1
        if self.signal != 0 { self.table[index].signal = self.signal }
    }

    /// The aircraft of an address and channel, made if it is not there.
    private mutating func reach(_ address: UInt32, _ channel: ModeSAircraft.Channel, _ now: Int64) -> Int? {
        let key = address | UInt32(channel.rawValue) << 24
        guard
            let index = self.table.find(key)
                ?? self.table.insert(key, channel, at: now, silenceMax: self.configuration.silenceMax)
        else { return nil }
        self.touch(index, now)
        return index
    }
}

extension ModeSAircraft.Channel {
    /// By whom a squitter was sent; nil if it is not of an aircraft.
    @inline(__always) init?(of message: ModeSMessage, isMultilaterated: Bool) {
        switch message.squitterSource {
        case .aircraft: self = .direct
        case .anonymous: self = .anonymous
        case .trafficService, .coarseTrafficService, .anonymousTrafficService: self = .trafficService
        case .rebroadcast: self = .rebroadcast
        case .management, .reserved, nil: return nil
        }
        if isMultilaterated { self = .multilaterated }
    }

    /// Whether its positions are detections of this receiver: what ground stations and servers computed from others'
    /// measurements is not, and says nothing of its accuracy.
    var makesPlots: Bool {
        switch self {
        case .direct, .anonymous, .rebroadcast: true
        case .trafficService, .multilaterated: false
        }
    }
}
