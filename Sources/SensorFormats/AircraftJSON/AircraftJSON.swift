public import Air
import Glibc

/// Writes what a decoder knows as `aircraft.json`, the form in which readsb and dump1090 feed web maps.
///
///     {"now":1698140962.1,"messages":172432,"aircraft":[{"hex":"4010ee","type":"adsb_icao","flight":"EZY85MH ",…},…]}
///
/// Feet, knots, feet a minute, degrees, metres (`rc`), dBFS (`rssi`), seconds before `now` (`seen`, `seen_pos`). Keys of
/// which nothing is known are left out. An aircraft is listed if its position came within 60 s or any message within
/// 30 s. What a ground station or multilateration server says of an aircraft that is heard too goes into its object.
///
/// Source: wiedehopf/readsb, README-json.md.
public enum AircraftJSON {
    /// Seconds for which a value holds, and for which one without a position is listed.
    private static let ageMax = 60.0
    private static let silenceMax = 30.0

    /// Writes the whole object.
    ///
    /// - Parameter now: the time of the file.
    /// - Complexity: O(aircraft), no allocation once the writer's buffer has grown.
    public static func write(_ decoder: ModeSDecoder, now: Timestamp, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("now")
        writer.number(now.seconds, decimals: 1)
        writer.key("messages")
        writer.number(unsigned: decoder.counts[.accepted])
        writer.key("aircraft")
        writer.beginArray()
        decoder.forEachAircraft { one in
            let isOwn = one.source == .aircraft && !one.isMultilaterated
            var position = fresh(one.position, now)
            var from = one
            if isOwn {
                // The same aircraft by others' word.
                if position == nil, let other = decoder.otherWord(of: one.address, at: now, within: self.ageMax) {
                    position = fresh(other.position, now)
                    from = other
                }
            } else if one.source != .anonymous, !one.isAddressForeign, decoder.aircraft(one.address) != nil {
                return
            }
            guard position != nil || age(one.seenAt, now) <= self.silenceMax else { return }
            self.write(one, position, from, now, to: &writer)
        }
        writer.endArray()
        writer.endObject()
    }

    private static func age(_ time: Timestamp, _ now: Timestamp) -> Double { max(0, now.seconds(since: time)) }

    private static func fresh<Value>(_ said: Said<Value>?, _ now: Timestamp) -> Value? {
        said.flatMap { self.age($0.at, now) <= self.ageMax ? $0.value : nil }
    }

    private static func write(
        _ one: ModeSAircraftState, _ position: CompactPosition.Degrees?, _ from: ModeSAircraftState, _ now: Timestamp,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        let isForeign = one.isAddressForeign || one.source == .anonymous
        writer.key("hex")
        writer.hexAddress(one.address, hasTilde: isForeign)
        writer.key("type")
        writer.string(self.type(from, isForeign: isForeign, hasPosition: position != nil))
        if let callsign = one.callsign {
            writer.key("flight")
            var letters = InlineArray<8, UInt8>(repeating: 0)
            for i in 0..<8 { letters[i] = UInt8(truncatingIfNeeded: callsign.packed >> UInt64(56 - 8 * i)) }
            writer.string(latin1: letters.span)
        }
        let altitude = self.fresh(one.altitudeFeet, now)
        if one.isOnGround {
            writer.key("alt_baro")
            writer.string("ground")
        } else if let altitude {
            writer.key("alt_baro")
            writer.integer(altitude)
            if let difference = self.fresh(one.geometricMinusBarometricFeet, now) {
                writer.key("alt_geom")
                writer.integer(Int64(altitude) + Int64(difference))
            }
        }
        self.writeMotion(one, now, to: &writer)
        if let code = self.fresh(one.mode3A, now) {
            writer.key("squawk")
            writer.octal(UInt64(code.rawValue), digits: 4)
        }
        if let emergency = self.fresh(one.emergency, now) {
            writer.key("emergency")
            writer.string(self.emergency(emergency))
        }
        if let category = one.category {
            writer.key("category")
            let letters: InlineArray<2, UInt8> = [
                UInt8(ascii: "A") &+ (category >> 4 &- 10) & 3, UInt8(ascii: "0") &+ category & 7,
            ]
            writer.string(latin1: letters.span)
        }
        self.writeIntentions(one, now, to: &writer)
        if let position {
            writer.key("lat")
            writer.number(position.latitude, decimals: 6)
            writer.key("lon")
            writer.number(position.longitude, decimals: 6)
            writer.key("nic")
            writer.integer(from.integrityCategory)
            writer.key("rc")
            writer.number(Double(from.containment ?? 0), decimals: 0)
            writer.key("seen_pos")
            writer.number(from.position.map { self.age($0.at, now) } ?? 0, decimals: 1)
        }
        self.writeQuality(from.quality, to: &writer)
        if let alert = self.fresh(one.hasAlert, now) {
            writer.key("alert")
            writer.integer(alert ? 1 : 0)
        }
        if let ident = self.fresh(one.hasIdentPulse, now) {
            writer.key("spi")
            writer.integer(ident ? 1 : 0)
        }
        let isTraffic = from.source == .trafficService || from.source == .anonymousTrafficService
        self.writeOrigin("mlat", position != nil && from.isMultilaterated, to: &writer)
        self.writeOrigin("tisb", position != nil && isTraffic, to: &writer)
        writer.key("messages")
        writer.integer(one.messageCount)
        writer.key("seen")
        writer.number(self.age(one.seenAt, now), decimals: 1)
        if let signal = one.signal {
            writer.key("rssi")
            // The byte is the root of the power.
            writer.number(20 * log10(Double(signal) / 255), decimals: 1)
        }
        writer.endObject()
    }

    /// Which fields others' word stands behind: the position, or none.
    private static func writeOrigin(_ key: StaticString, _ isIt: Bool, to writer: inout JSONWriter) {
        writer.key(key)
        writer.beginArray()
        if isIt {
            writer.string("lat")
            writer.string("lon")
        }
        writer.endArray()
    }

    private static func writeMotion(_ one: ModeSAircraftState, _ now: Timestamp, to writer: inout JSONWriter) {
        func number(_ key: StaticString, _ value: Double?, _ decimals: Int) {
            guard let value else { return }
            writer.key(key)
            writer.number(value, decimals: decimals)
        }
        let time = CommBState.tenths(now.nanoseconds)
        let turn = one.commB.track != 0 && Double(one.commB.trackAge(time)) <= self.ageMax ? one.commB.track : nil
        let air = one.commB.heading != 0 && Double(one.commB.headingAge(time)) <= self.ageMax ? one.commB.heading : nil
        let airspeed = turn.flatMap { CommB.Track.trueAirspeed.value(in: $0) }
        let mach = air.flatMap { CommB.Heading.mach.value(in: $0) }
        if let velocity = self.fresh(one.velocity, now) {
            let (north, east) = (Double(velocity.north), Double(velocity.east))
            number("gs", (north * north + east * east).squareRoot() * 3600 / 1852, 1)
        }
        number("ias", air.flatMap { CommB.Heading.indicatedAirspeed.value(in: $0) }, 0)
        number("tas", airspeed, 0)
        number("mach", mach, 3)
        if let velocity = self.fresh(one.velocity, now), velocity.north != 0 || velocity.east != 0 {
            let track = atan2(Double(velocity.east), Double(velocity.north)) * 180 / .pi
            // Rounded to hundredths, a track just short of north must not become 360.
            let rounded = ((track < 0 ? track + 360 : track) * 100).rounded() / 100
            number("track", rounded >= 360 ? 0 : rounded, 2)
        }
        number("track_rate", turn.flatMap { CommB.Track.trackRate.value(in: $0) }, 2)
        number("roll", turn.flatMap { CommB.Track.roll.value(in: $0) }, 2)
        number("mag_heading", air.flatMap { CommB.Heading.heading.value(in: $0) }, 2)
        if let climb = self.fresh(one.climbRate, now) {
            number(one.isClimbBarometric ? "baro_rate" : "geom_rate", (Double(climb) / 0.3048 * 60).rounded(), 0)
        } else {
            number("baro_rate", air.flatMap { CommB.Heading.barometricRate.value(in: $0) }, 0)
        }
        // v = M a₀ √(T/T₀); below Mach 0.395 both are too coarse.
        if let airspeed, let mach, mach >= 0.395, abs(one.commB.trackAge(time) - one.commB.headingAge(time)) < 5 {
            let ratio = airspeed / (mach * 661.479)
            let kelvin = 288.15 * ratio * ratio
            number("oat", kelvin - 273.15, 0)
            number("tat", kelvin * (1 + 0.2 * mach * mach) - 273.15, 0)
        }
    }

    /// What the crew selected: broadcast (TC 29) or asked for (BDS 4,0).
    private static func writeIntentions(_ one: ModeSAircraftState, _ now: Timestamp, to writer: inout JSONWriter) {
        let target = self.fresh(one.targetState, now)
        let time = CommBState.tenths(now.nanoseconds)
        let asked =
            one.commB.intention != 0 && Double(one.commB.intentionAge(time)) <= self.ageMax ? one.commB.intention : nil
        let current = target?.subtype == 1 ? target : nil
        if let setting = current?.pressureSettingMillibars ?? asked.flatMap({ CommB.Intention.setting.value(in: $0) }) {
            writer.key("nav_qnh")
            writer.number(setting, decimals: 1)
        }
        let selected = current.flatMap { $0.isAltitudeFromFMS ? nil : $0.selectedAltitudeFeet }.map { Double($0) }
        if let feet = selected ?? asked.flatMap({ CommB.Intention.panel.value(in: $0) }) {
            writer.key("nav_altitude_mcp")
            writer.number(feet, decimals: 0)
        }
        let managed = current.flatMap { $0.isAltitudeFromFMS ? $0.selectedAltitudeFeet : nil }.map { Double($0) }
        if let feet = managed ?? asked.flatMap({ CommB.Intention.management.value(in: $0) }) {
            writer.key("nav_altitude_fms")
            writer.number(feet, decimals: 0)
        }
        if let heading = current?.selectedHeadingDegrees {
            writer.key("nav_heading")
            writer.number(heading, decimals: 2)
        }
        if let current, current.areModesValid {
            writer.key("nav_modes")
            writer.beginArray()
            if current.hasAutopilot { writer.string("autopilot") }
            if current.hasVerticalNavigation { writer.string("vnav") }
            if current.hasAltitudeHold { writer.string("althold") }
            if current.isApproaching { writer.string("approach") }
            if current.hasLateralNavigation { writer.string("lnav") }
            if current.isACASOperational { writer.string("tcas") }
            writer.endArray()
        }
    }

    private static func writeQuality(_ quality: NavigationQuality, to writer: inout JSONWriter) {
        func code(_ key: StaticString, _ value: UInt8?) {
            guard let value else { return }
            writer.key(key)
            writer.integer(value)
        }
        code("version", quality.version)
        code("nic_baro", quality.isBarometricAltitudeChecked.map { $0 ? 1 : 0 })
        code("nac_p", quality.accuracyCategory)
        code("nac_v", quality.velocityAccuracyCategory)
        code("sil", quality.integrityLevel)
        if quality.integrityLevel != nil {
            writer.key("sil_type")
            writer.string(
                quality.version ?? 0 < 2 ? "unknown" : quality.isIntegrityPerSample ? "persample" : "perhour")
        }
        code("gva", quality.verticalAccuracy)
        code("sda", quality.designAssurance)
    }

    private static func type(_ one: ModeSAircraftState, isForeign: Bool, hasPosition: Bool) -> StaticString {
        switch one.source {
        case .aircraft:
            one.isMultilaterated ? "mlat" : hasPosition || one.quality.version != nil ? "adsb_icao" : "mode_s"
        case .anonymous: "adsb_other"
        case .rebroadcast: isForeign ? "adsr_other" : "adsr_icao"
        case .trafficService, .coarseTrafficService, .anonymousTrafficService:
            isForeign ? "tisb_other" : "tisb_icao"
        case .management, .reserved: "other"
        }
    }

    /// Source: RTCA DO-260B, 2.2.3.2.7.8.1.1, in readsb's words.
    private static func emergency(_ code: UInt8) -> StaticString {
        switch code {
        case 0: "none"
        case 1: "general"
        case 2: "lifeguard"
        case 3: "minfuel"
        case 4: "nordo"
        case 5: "unlawful"
        case 6: "downed"
        default: "reserved"
        }
    }
}

extension ModeSDecoder {
    /// What others say of an aircraft that is heard itself, if they know a position no older than `limit` seconds.
    fileprivate func otherWord(
        of address: ICAOAddress, at now: Timestamp, within limit: Double
    ) -> ModeSAircraftState? {
        for raw in ModeSAircraft.Channel.rebroadcast.rawValue...ModeSAircraft.Channel.multilaterated.rawValue {
            guard let index = self.table.find(address.rawValue | UInt32(raw) << 24) else { continue }
            let other = ModeSAircraftState(self.table[index])
            if !other.isAddressForeign, let position = other.position, now.seconds(since: position.at) <= limit {
                return other
            }
        }
        return nil
    }
}

extension JSONWriter {
    /// Writes text that needs no escape, known when the program is compiled.
    fileprivate mutating func string(_ text: StaticString) {
        // The buffer of a literal lives as long as the program.
        let letters = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe self.string(latin1: letters.span)
    }

    /// Six hexadecimal digits, after a tilde if the address is not ICAO's.
    fileprivate mutating func hexAddress(_ address: ICAOAddress, hasTilde: Bool) {
        guard hasTilde else { return self.hex(UInt64(address.rawValue), digits: 6) }
        var letters = InlineArray<7, UInt8>(repeating: UInt8(ascii: "~"))
        for i in 0..<6 {
            let nibble = UInt8(truncatingIfNeeded: address.rawValue >> UInt32(20 - 4 * i)) & 15
            letters[i + 1] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + (nibble - 10)
        }
        self.string(latin1: letters.span)
    }
}
