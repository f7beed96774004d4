import Air
import Glibc

/// Finds out which register a reply holds, for the reply does not say: the likelihood of its 56 bits in each layout.
///
/// A layout whose reserved bits are not zero, or with a value where its status bit says that there is none, is
/// impossible. Of the others each field adds the logarithm of how likely its number is: by what aircraft do (rolls are
/// small, selected altitudes whole hundreds of feet), by physics (Mach from indicated airspeed and altitude in the
/// standard atmosphere, turn from roll and speed, wind between air and ground speed), and by what this aircraft said
/// before. The best layout is believed if it is likelier than all the others and than noise together by `oddsMin`;
/// else the register is unknown.
///
/// The densities are of the laws of Laplace, whose logarithm is linear, with widths of round numbers; an outlier has
/// the probability of `ε` spread evenly over the range.
///
/// Source: layouts ICAO Doc 9871; the idea of heuristics over status bits J. Sun, "The 1090 Megahertz Riddle", 2nd ed.,
/// chapter 16; standard atmosphere ICAO Doc 7488.
public enum CommBInference {
    /// The natural logarithm of the odds from which on a register is believed: 150 to 1.
    static let oddsMin: Float = 5

    /// The register of a payload, of which nothing is known but what `context` says; nil if it is uncertain.
    public static func register(of payload: UInt64, context: CommBContext = CommBContext()) -> CommBRegister? {
        self.infer(payload, context, CommBState(), 0)
    }

    /// The register of a payload of an aircraft with a history, which it becomes part of; nil if it is uncertain.
    ///
    /// - Parameter now: nanoseconds since 1970.
    /// - Complexity: constant, no allocation; some 50 ns.
    public static func register(
        of payload: UInt64, context: CommBContext, state: inout CommBState, at now: Int64
    ) -> CommBRegister? {
        let time = CommBState.tenths(now)
        let register = self.infer(payload, context, state, time)
        if let register { state.note(register, payload, at: time) }
        return register
    }

    // MARK: The choice

    /// The two likeliest layouts so far, and how likely all but the first are together.
    private struct Ballot {
        var best = CommBRegister(rawValue: 0)
        var bestScore: Float = -.infinity
        /// The greatest of the others'; being linear in the logarithm a sum would cost an `exp` for each.
        var otherScore: Float

        @inline(__always) mutating func add(_ register: CommBRegister, _ score: Float) {
            if score > self.bestScore {
                self.otherScore = max(self.otherScore, self.bestScore)
                self.bestScore = score
                self.best = register
            } else {
                self.otherScore = max(self.otherScore, score)
            }
        }
    }

    /// Noise, or a register that is not among the candidates: every payload as likely as another, and rare.
    private static let noise: Float = -44

    private static func infer(
        _ payload: UInt64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> CommBRegister? {
        if payload == 0 { return nil }
        // What was believed before and has not changed by a bit is believed again.
        if payload == state.intention, state.intentionAge(now) < 120 { return .selectedVerticalIntention }
        if payload == state.dataLink { return .dataLinkCapability }
        if payload == state.capability { return .commonUsageCapability }
        var ballot = Ballot(otherScore: Self.noise)
        let p = payload
        if CommBLayout.intention(p) { ballot.add(.selectedVerticalIntention, self.intention(p, context, state, now)) }
        if CommBLayout.track(p) { ballot.add(.trackAndTurn, self.track(p, context, state, now)) }
        if CommBLayout.heading(p) { ballot.add(.headingAndSpeed, self.heading(p, context, state, now)) }
        if p & 0xFFF_FFFF == 0 { ballot.add(.commonUsageCapability, self.capability(p)) }
        switch p >> 48 {
        case 0x10: ballot.add(.dataLinkCapability, self.dataLink(p))
        case 0x20: if let score = self.identification(p, context) { ballot.add(.identification, score) }
        case 0x30: if let score = self.advisory(p) { ballot.add(.resolutionAdvisory, score) }
        default: break
        }
        switch p >> 51 {
        case 1...4:
            if let score = self.squitterIdentification(p, context) { ballot.add(.squitterIdentification, score) }
        case 9...18: if let score = self.squitterPosition(p, context) { ballot.add(.airbornePosition, score) }
        default: break
        }
        if p >> 55 == 0, CommBLayout.meteorology(p) {
            ballot.add(.meteorologicalRoutine, self.meteorology(p, context, state))
        }
        if CommBLayout.hazard(p) { ballot.add(.meteorologicalHazard, self.hazard(p, context, state)) }
        if CommBLayout.air(p) { ballot.add(.airReferencedState, self.air(p, context, state, now)) }
        if let score = self.registration(p) { ballot.add(.registration, score) }
        return ballot.bestScore - ballot.otherScore >= Self.oddsMin ? ballot.best : nil
    }

    // MARK: Laws

    /// The logarithm of Laplace's density, `scale` wide, at `x` from its middle; `logScale` is ln 2·scale.
    @inline(__always) private static func laplace(_ x: Float, _ scale: Float, _ logScale: Float) -> Float {
        -logScale - abs(x) / scale
    }

    /// The same where the width is not fixed.
    @inline(__always) private static func laplace(_ x: Float, _ scale: Float) -> Float {
        -logf(2 * scale) - abs(x) / scale
    }

    /// A number that is nearly always small: three fifths within a few steps, the rest wide, and never quite impossible.
    @inline(__always) private static func small(_ x: Float) -> Float {
        let x = abs(x)
        return max(-2.6 - x * 0.3, max(-4.9 - x * 0.03, -12))
    }

    /// The difference of two directions of 11 bits, in steps of 90°/512, to either side.
    @inline(__always) private static func turn(_ a: Int64, _ b: Int64) -> Float {
        let difference = (a &- b) & 2047
        return Float(min(difference, 2048 &- difference))
    }

    /// Degrees in steps of 90°/512; any number does.
    @inline(__always) private static func steps(_ degrees: Float) -> Int64 {
        abs(degrees) < 1e6 ? Int64(degrees * (512.0 / 90)) : 0
    }

    private static let evenDirection: Float = -7.62

    // MARK: BDS 0,5 0,8

    /// Only the altitude shows it: it must be that of the reply, or the last one known.
    private static func squitterPosition(_ p: UInt64, _ context: CommBContext) -> Float? {
        guard let altitude = context.altitudeFeet, let feet = ModeSAltitude(code12: payloadBits(p, 9, 12)).feet else {
            return nil
        }
        let difference = feet.subtractingReportingOverflow(altitude).partialValue.magnitude
        return difference > 500 ? nil : -7 - 2 - 0.7 - 25 + self.laplace(Float(difference) * 0.04, 2, 1.39)
    }

    private static func squitterIdentification(_ p: UInt64, _ context: CommBContext) -> Float? {
        guard let score = self.identification(p, context) else { return nil }
        return score - 9
    }

    // MARK: BDS 1,0 1,7 2,0 2,1 3,0

    private static func dataLink(_ p: UInt64) -> Float {
        typealias Fields = CommB.DataLink
        var score: Float = -3 - 12
        if Fields.reserved.raw(in: p) != 0 { score -= 5 }
        if Fields.version.raw(in: p) > 8 { score -= 10 }
        if Fields.terminals.raw(in: p) != 0 { score -= 11 }
        return score
    }

    private static func capability(_ p: UInt64) -> Float {
        var score: Float = -3.5 - 7
        // All with Mode S of level 2 and more fill 2,0; the registers of enhanced surveillance come together; most
        // fill all of 0,5 0,6 0,8 0,9, or none.
        if p >> 49 & 1 == 0 { score -= 5 }
        let squitters = p >> 51 & 0b11011
        if squitters != 0, squitters != 0b11011 { score -= 3 }
        // The next way points are part of what 4,0 is part of.
        if p >> 47 & 1 == 0, p >> 44 & 0b111 != 0 { score -= 4 }
        let surveillance = p & (1 << 47 | 1 << 40 | 1 << 32)
        if surveillance != 0, surveillance.nonzeroBitCount < 3 { score -= 3 }
        if p >> 28 & 0b1111 != 0 { score -= 4 }
        return score
    }

    private static func identification(_ p: UInt64, _ context: CommBContext) -> Float? {
        guard let callsign = Callsign(sixBit: p & 0xFFFF_FFFF_FFFF) else { return nil }
        if context.callsign != 0 { return callsign.packed == context.callsign ? -5 : -25 }
        let blanks = callsign.packed.trailingBlanks
        // A blank within is none of an identification.
        for i in blanks..<8 where callsign.packed >> UInt64(8 * i) & 0xFF == 0x20 { return nil }
        return -3 - 3.6 * Float(8 - blanks)
    }

    private static func registration(_ p: UInt64) -> Float? {
        guard p >> 55 == 1, p >> 12 & 1 == 1 || p & 0xFFF == 0 else { return nil }
        guard let aircraft = CommB.Registration.aircraft.text(p >> 13 & 0x3FF_FFFF_FFFF) else { return nil }
        let airline = CommB.Registration.airline.isPresent(in: p) ? CommB.Registration.airline.text(p & 0xFFF) : nil
        if CommB.Registration.airline.isPresent(in: p), airline == nil { return nil }
        return -8 - 3.6 * Float(aircraft.count + (airline?.count ?? 0))
    }

    private static func advisory(_ p: UInt64) -> Float? {
        typealias Fields = CommB.Advisory
        let type = Fields.threatType.raw(in: p)
        // The first seven bits of the advisory are all that ACAS II uses.
        var score: Float = Fields.active.raw(in: p) & 0x7F == 0 ? -10 : -26
        switch type {
        case 0: if Fields.threat.raw(in: p) != 0 { return nil }
        case 1: if p & 3 != 0 { return nil } else { score -= 16.6 }
        case 2: score -= 18
        default: return nil
        }
        return score
    }

    // MARK: BDS 4,0

    private static func intention(
        _ p: UInt64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> Float {
        typealias Fields = CommB.Intention
        let last = state.intention
        // The crew changes a setting now and then: what was there before is likely still there.
        let known = last != 0 && state.intentionAge(now) < 120
        var score: Float = -1.2
        // Which of the five an aircraft fills is a matter of its make; nearly all have panel and setting.
        score += self.status(p, last, Fields.statusBits) { absent in
            self.missing(Fields.panel, absent, 2.5) + self.missing(Fields.setting, absent, 2.5)
        }
        if let panel = Fields.panel.rawIfPresent(in: p) {
            score +=
                known && Fields.panel.rawIfPresent(in: last) == panel
                ? -0.2 : self.selectedAltitude(panel, context) - (known ? 1.6 : 0)
        }
        if let management = Fields.management.rawIfPresent(in: p) {
            if known, Fields.management.rawIfPresent(in: last) == management {
                score -= 0.2
            } else {
                score +=
                    management == Fields.panel.rawIfPresent(in: p)
                    ? -0.7 : self.selectedAltitude(management, context) - 0.7
            }
        }
        if let setting = Fields.setting.rawIfPresent(in: p) {
            if known, Fields.setting.rawIfPresent(in: last) == setting {
                score -= 0.1
            } else {
                // 1013.2 mb above the transition, within some ten of it below.
                let off = Float(setting - 2132)
                score += abs(off) <= 2 ? -1.6 : max(self.laplace(off, 80, 5.1) - 1, -14)
            }
        }
        if p >> 8 & 1 == 1 { score -= 2.1 }
        if p >> 2 & 1 == 1 { score -= 1.4 }
        return score
    }

    /// The logarithm of how likely an altitude is selected: a whole hundred of feet, not too far from where one is.
    @inline(__always)
    private static func selectedAltitude(_ raw: Int64, _ context: CommBContext) -> Float {
        let feet = raw * 16
        let beyond = (feet + 50) % 100 - 50
        var score: Float = beyond.magnitude <= 8 ? 0 : -5
        if feet > 50_000 { score -= 6 }
        if let altitude = context.altitudeFeet {
            score += max(self.laplace(Float(feet - Int64(altitude)) * 0.01, 70, 4.94), -8.5)
        } else {
            score -= 6.1
        }
        return score
    }

    /// The logarithm of how likely a set of status bits is: as the aircraft had it before, or else by `cost`.
    @inline(__always)
    private static func status(_ p: UInt64, _ last: UInt64, _ bits: UInt64, _ cost: (UInt64) -> Float) -> Float {
        if last != 0, (p ^ last) & bits == 0 { return -0.05 }
        return -cost(~p & bits) - (last == 0 ? 0.3 : 2.5)
    }

    /// `cost` if the status bit of a field is among the absent ones.
    @inline(__always) private static func missing(_ field: CommBField, _ absent: UInt64, _ cost: Float) -> Float {
        absent >> (56 &- UInt64(field.status)) & 1 == 1 ? cost : 0
    }

    /// The cost of two fields that come of one source: `both` if neither is there, `one` if one is.
    @inline(__always)
    private static func missing(
        _ field: CommBField, _ other: CommBField, _ absent: UInt64, one: Float, both: Float
    ) -> Float {
        let count = absent >> (56 &- UInt64(field.status)) & 1 &+ absent >> (56 &- UInt64(other.status)) & 1
        return count == 0 ? 0 : count == 1 ? one : both
    }

    // MARK: BDS 5,0

    private static func track(
        _ p: UInt64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> Float {
        typealias Fields = CommB.Track
        let last = state.track
        let age = state.trackAge(now)
        let known = last != 0 && age < 60
        var score: Float = -1.2
        score += self.status(p, last, Fields.statusBits) { absent in
            // Inertial systems lose track and turn together at a standstill, and the ground speed last of all.
            self.missing(Fields.roll, absent, 3)
                + self.missing(Fields.track, Fields.trackRate, absent, one: 2, both: 2.5)
                + self.missing(Fields.groundSpeed, absent, 6) + self.missing(Fields.trueAirspeed, absent, 2)
        }
        if state.fills(bit: 16) == false { score -= 4 }
        let roll = Fields.roll.rawIfPresent(in: p)
        if let roll { score += self.small(Float(roll)) - (roll.magnitude > 285 ? 6 : 0) }
        let rate = Fields.trackRate.rawIfPresent(in: p)
        if let track = Fields.track.rawIfPresent(in: p) {
            if let degrees = context.trackDegrees {
                score += max(self.laplace(self.turn(track, self.steps(degrees)), 12, 3.2), -12)
            } else if known, let before = Fields.track.rawIfPresent(in: last) {
                score += max(self.laplace(self.turn(track, before), 12 + 2 * age), -12)
            } else if state.heading != 0, state.headingAge(now) < 30,
                let heading = CommB.Heading.heading.rawIfPresent(in: state.heading)
            {
                score += max(self.laplace(self.turn(track, heading), 50, 4.6), -11)
            } else {
                score += Self.evenDirection
            }
        }
        let speed = Fields.groundSpeed.rawIfPresent(in: p)
        let airspeed = Fields.trueAirspeed.rawIfPresent(in: p)
        if let speed {
            if let knots = context.groundSpeedKnots {
                score += max(self.laplace(Float(speed) - knots * 0.5, 4, 2.1), -14)
            } else if known, let before = Fields.groundSpeed.rawIfPresent(in: last) {
                score += max(self.laplace(Float(speed - before), 4 + 0.5 * age), -14)
            } else if let airspeed {
                // The wind: some 15 kt at the ground, 40 high up.
                let wind = 8 + 12 * self.height(context)
                score += max(self.laplace(Float(speed - airspeed), wind), -16)
            } else {
                score += self.airspeedPrior(Float(speed) * 2, context)
            }
        }
        if let airspeed {
            if known, let before = Fields.trueAirspeed.rawIfPresent(in: last) {
                score += max(self.laplace(Float(airspeed - before), 4 + 0.5 * age), -14)
            } else if state.heading != 0, state.headingAge(now) < 30, let altitude = context.altitudeFeet,
                let mach = CommB.Heading.mach.rawIfPresent(in: state.heading)
            {
                let knots = Float(mach) * 0.004 * StandardAir.soundKnots(feet: Float(altitude))
                score += max(self.laplace(Float(airspeed) - knots * 0.5, 6, 2.5), -14)
            } else {
                score += self.airspeedPrior(Float(airspeed) * 2, context)
            }
        }
        if let rate {
            // ω = g tan φ / v: 1091 °/s·kt, in steps of 1/32 °/s.
            let knots = Float(airspeed ?? speed ?? 0) * 2
            if let roll, knots > 50 {
                let angle = Float(max(-400, min(400, roll))) * (45.0 / 256 * Float.pi / 180)
                let tangent = angle * (1 + angle * angle * 0.36)
                score += max(self.laplace(Float(rate) - 32 * 1091 * tangent / knots, 4, 2.08), -11)
            } else {
                score += self.small(Float(rate))
            }
        }
        return score
    }

    /// Altitude as a part of 34,000 ft, 0...1; a half where it is not known.
    @inline(__always) private static func height(_ context: CommBContext) -> Float {
        context.altitudeFeet.map { min(1, max(0, Float($0)) * (1.0 / 34_000)) } ?? 0.5
    }

    /// The logarithm of how likely a true airspeed or ground speed is, by step of 2 kt.
    @inline(__always) private static func airspeedPrior(_ knots: Float, _ context: CommBContext) -> Float {
        if knots > 700 { return -16 }
        guard let altitude = context.altitudeFeet else { return -5.8 }
        // At a standstill, or as slow as an airspeed can be measured.
        if knots < 40, altitude < 8000 { return -4.5 }
        let usual = 150 + 300 * self.height(context)
        return max(self.laplace(knots - usual, 70, 4.25), -9)
    }

    // MARK: BDS 6,0 and 5,3

    private static func heading(
        _ p: UInt64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> Float {
        typealias Fields = CommB.Heading
        let last = state.heading
        let age = state.headingAge(now)
        let known = last != 0 && age < 60
        var score: Float = -1.2
        score += self.status(p, last, Fields.statusBits) { absent in
            // Air data are lost together below some 30 kt.
            self.missing(Fields.heading, absent, 3)
                + self.missing(Fields.indicatedAirspeed, Fields.mach, absent, one: 3.5, both: 2)
                + self.missing(Fields.barometricRate, absent, 3) + self.missing(Fields.inertialRate, absent, 2.5)
        }
        if state.fills(bit: 24) == false { score -= 4 }
        if let heading = Fields.heading.rawIfPresent(in: p) {
            if known, let before = Fields.heading.rawIfPresent(in: last) {
                score += max(self.laplace(self.turn(heading, before), 12 + 2 * age), -12)
            } else {
                score += self.headingPrior(heading, context, state, now)
            }
        }
        let airspeed = Fields.indicatedAirspeed.rawIfPresent(in: p)
        if let airspeed {
            if known, let before = Fields.indicatedAirspeed.rawIfPresent(in: last) {
                score += max(self.laplace(Float(airspeed - before), 6 + age), -14)
            } else {
                score += self.indicatedPrior(Float(airspeed))
            }
        }
        if let mach = Fields.mach.rawIfPresent(in: p) {
            if known, let before = Fields.mach.rawIfPresent(in: last) {
                score += max(self.laplace(Float(mach - before), 4 + 0.5 * age), -12)
                if let airspeed, let altitude = context.altitudeFeet {
                    let expected = StandardAir.mach(knots: Float(airspeed), feet: Float(altitude)) * 250
                    score += max(-abs(Float(mach) - expected) * 0.1, -10)
                }
            } else {
                score += self.machPrior(Float(mach), steps: 250, Float(airspeed ?? -1), context)
            }
        }
        let barometric = Fields.barometricRate.rawIfPresent(in: p)
        if let barometric { score += self.small(Float(barometric)) - (barometric.magnitude > 220 ? 6 : 0) }
        if let inertial = Fields.inertialRate.rawIfPresent(in: p) {
            let difference = Float(inertial - (barometric ?? 0))
            score += barometric == nil ? self.small(difference) : max(self.laplace(difference, 6, 2.5), -11)
            if inertial.magnitude > 220 { score -= 6 }
        }
        return score
    }

    private static func air(
        _ p: UInt64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> Float {
        typealias Fields = CommB.Air
        // Nearly nobody asks for it.
        var score: Float = state.fills(bit: 19) == true ? -5 : -8
        score += self.status(p, 0, Fields.statusBits) { 3.5 * Float($0.nonzeroBitCount) }
        if let heading = Fields.heading.rawIfPresent(in: p) {
            score += self.headingPrior(heading, context, state, now)
        }
        let airspeed = Fields.indicatedAirspeed.rawIfPresent(in: p)
        if let airspeed { score += self.indicatedPrior(Float(airspeed)) }
        let mach = Fields.mach.rawIfPresent(in: p)
        if let mach { score += self.machPrior(Float(mach), steps: 125, Float(airspeed ?? -1), context) }
        if let speed = Fields.trueAirspeed.rawIfPresent(in: p) {
            if let mach, let altitude = context.altitudeFeet {
                let knots = Float(mach) * 0.008 * StandardAir.soundKnots(feet: Float(altitude))
                score += max(self.laplace(Float(speed) * 0.5 - knots, 6, 3.2), -16)
            } else {
                score += self.airspeedPrior(Float(speed) * 0.5, context) - 1.4
            }
        }
        if let rate = Fields.altitudeRate.rawIfPresent(in: p) { score += self.small(Float(rate) * 2) }
        return score
    }

    /// A heading beside the track of the aircraft: the wind and the variation lie between.
    @inline(__always)
    private static func headingPrior(
        _ heading: Int64, _ context: CommBContext, _ state: CommBState, _ now: UInt32
    ) -> Float {
        if let degrees = context.trackDegrees {
            return max(self.laplace(self.turn(heading, self.steps(degrees)), 50, 4.6), -11)
        }
        if state.track != 0, state.trackAge(now) < 30, let track = CommB.Track.track.rawIfPresent(in: state.track) {
            return max(self.laplace(self.turn(heading, track), 50, 4.6), -11)
        }
        return Self.evenDirection
    }

    @inline(__always) private static func indicatedPrior(_ knots: Float) -> Float {
        max(self.laplace(knots - 250, 60, 4.8), -9) - (knots > 450 ? 6 : 0)
    }

    /// Mach beside indicated airspeed and altitude; `steps` of it are Mach 1.
    @inline(__always)
    private static func machPrior(_ mach: Float, steps: Float, _ airspeed: Float, _ context: CommBContext) -> Float {
        if mach > steps * 1.02 { return -14 }
        guard airspeed >= 0 else { return -5.3 }
        // So slow that the sensors measure little but their own errors.
        if airspeed < 80, mach < steps * 0.25 { return -4.2 }
        if let altitude = context.altitudeFeet {
            let expected = StandardAir.mach(knots: airspeed, feet: Float(altitude)) * steps
            return max(self.laplace(mach - expected, 2.5, 1.61), -14)
        }
        // Somewhere between the sea and 45,000 ft.
        let low = airspeed * (1 / 661.5) * steps
        if mach < low - 4 || mach > low * 2.4 + 4 { return -14 }
        return -5
    }

    // MARK: BDS 4,4 and 4,5

    private static func meteorology(_ p: UInt64, _ context: CommBContext, _ state: CommBState) -> Float {
        typealias Fields = CommB.Meteorology
        var score: Float = state.fills(bit: 13) == true ? -5 : -9
        if Fields.source.raw(in: p) > 4 { score -= 6 }
        score -= Fields.windSpeed.isPresent(in: p) ? 0.1 : 4
        if let speed = Fields.windSpeed.rawIfPresent(in: p) {
            score += max(self.laplace(Float(speed), 40, 4.4), -14) - 6.2
        }
        score += self.temperature(Fields.temperature.raw(in: p), context)
        if let pressure = Fields.pressure.rawIfPresent(in: p) {
            score += self.pressure(pressure, context) - 2
        }
        if Fields.turbulence.isPresent(in: p) { score -= 3.5 }
        if Fields.humidity.isPresent(in: p) { score -= 6 }
        return score
    }

    private static func hazard(_ p: UInt64, _ context: CommBContext, _ state: CommBState) -> Float {
        typealias Fields = CommB.Hazard
        var score: Float = state.fills(bit: 14) == true ? -5 : -9
        func level(_ field: CommBField) {
            if let level = field.rawIfPresent(in: p) { score -= level == 0 ? 1.5 : 3.5 }
        }
        level(Fields.turbulence)
        level(Fields.windShear)
        level(Fields.microburst)
        level(Fields.icing)
        level(Fields.wake)
        if let temperature = Fields.temperature.rawIfPresent(in: p) {
            score += self.temperature(temperature, context)
        } else {
            score -= 4
        }
        if let pressure = Fields.pressure.rawIfPresent(in: p) {
            score += self.pressure(pressure, context)
        } else {
            score -= 2
        }
        if let height = Fields.radioHeight.rawIfPresent(in: p) {
            score -= 5 + (height > 256 ? 5 : 0)
        }
        return score
    }

    /// Within some ten degrees of the standard atmosphere; in steps of 0.25 °C.
    private static func temperature(_ raw: Int64, _ context: CommBContext) -> Float {
        guard let altitude = context.altitudeFeet else {
            return raw < -320 || raw > 240 ? -14 : -6.3
        }
        return max(self.laplace(Float(raw) - StandardAir.celsius(feet: Float(altitude)) * 4, 30, 4.1), -14)
    }

    /// That of the standard atmosphere, hectopascals.
    private static func pressure(_ raw: Int64, _ context: CommBContext) -> Float {
        guard let altitude = context.altitudeFeet else { return raw > 1080 || raw < 100 ? -14 : -6.9 }
        return max(self.laplace(Float(raw) - 1013.25 * StandardAir.pressureRatio(feet: Float(altitude)), 4, 2.1), -14)
    }
}

extension CommBField {
    /// The bits as a number, where the status bit says that there is one.
    @inline(__always) func rawIfPresent(in register: UInt64) -> Int64? {
        self.isPresent(in: register) ? self.raw(in: register) : nil
    }

    /// The bits of the field that must be zero in `register`: all, if its status bit is 0.
    @inline(__always) func emptyMask(_ register: UInt64) -> UInt64 {
        (register >> (56 &- UInt64(self.status)) & 1 &- 1) & self.mask
    }
}

/// Whether 56 bits can be a register at all: reserved bits zero, and nothing where the status bit says so.
enum CommBLayout {
    @inline(__always) static func intention(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Intention
        return p
            & (Fields.reserved.mask | Fields.reservedToo.mask | Fields.panel.emptyMask(p)
                | Fields.management.emptyMask(p) | Fields.setting.emptyMask(p) | Fields.modes.emptyMask(p)
                | Fields.source.emptyMask(p)) == 0
    }

    @inline(__always) static func track(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Track
        return p
            & (Fields.roll.emptyMask(p) | Fields.track.emptyMask(p) | Fields.groundSpeed.emptyMask(p)
                | Fields.trackRate.emptyMask(p) | Fields.trueAirspeed.emptyMask(p)) == 0
    }

    @inline(__always) static func heading(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Heading
        return p
            & (Fields.heading.emptyMask(p) | Fields.indicatedAirspeed.emptyMask(p) | Fields.mach.emptyMask(p)
                | Fields.barometricRate.emptyMask(p) | Fields.inertialRate.emptyMask(p)) == 0
    }

    @inline(__always) static func air(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Air
        return p
            & (Fields.heading.emptyMask(p) | Fields.indicatedAirspeed.emptyMask(p) | Fields.mach.emptyMask(p)
                | Fields.trueAirspeed.emptyMask(p) | Fields.altitudeRate.emptyMask(p)) == 0
    }

    @inline(__always) static func meteorology(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Meteorology
        return p
            & (Fields.windSpeed.emptyMask(p) | Fields.windDirection.emptyMask(p) | Fields.pressure.emptyMask(p)
                | Fields.turbulence.emptyMask(p) | Fields.humidity.emptyMask(p)) == 0
    }

    @inline(__always) static func hazard(_ p: UInt64) -> Bool {
        typealias Fields = CommB.Hazard
        return p
            & (Fields.turbulence.emptyMask(p) | Fields.windShear.emptyMask(p) | Fields.microburst.emptyMask(p)
                | Fields.icing.emptyMask(p) | Fields.wake.emptyMask(p) | Fields.temperature.emptyMask(p)
                | Fields.pressure.emptyMask(p) | Fields.radioHeight.emptyMask(p) | Fields.reserved.mask) == 0
    }
}

/// The standard atmosphere up to 65,600 ft, to single precision: what a register's numbers are held against.
///
/// Source: ICAO Doc 7488, 3rd ed.
enum StandardAir {
    /// Temperature over that of the sea, 288.15 K.
    @inline(__always) private static func temperatureRatio(_ feet: Float) -> Float {
        1 - 6.875_59e-6 * max(-5000, min(36_089, feet))
    }

    /// °C.
    static func celsius(feet: Float) -> Float { 288.15 * self.temperatureRatio(feet) - 273.15 }

    /// Pressure over that of the sea.
    static func pressureRatio(feet: Float) -> Float {
        let below = powf(self.temperatureRatio(feet), 5.255_88)
        return feet <= 36_089 ? below : below * expf(-4.806_35e-5 * (min(65_600, feet) - 36_089))
    }

    /// Knots.
    static func soundKnots(feet: Float) -> Float { 661.479 * self.temperatureRatio(feet).squareRoot() }

    /// The Mach number of a calibrated airspeed, knots.
    ///
    /// q = (1 + 0.2 (v/a₀)²)^3.5 − 1; M² = 5 ((q/δ + 1)^(2/7) − 1)
    static func mach(knots: Float, feet: Float) -> Float {
        let ratio = knots * (1 / 661.479)
        let y = 1 + 0.2 * ratio * ratio
        let impact = y * y * y * y.squareRoot() - 1
        return (5 * (powf(impact / self.pressureRatio(feet: feet) + 1, 2 / 7) - 1)).squareRoot()
    }
}
