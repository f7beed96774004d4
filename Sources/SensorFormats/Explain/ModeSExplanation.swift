import Air

/// Mode S frames taken apart.
///
/// Sources: ICAO Annex 10 vol. IV, 3.1.2 (the fields of the formats); RTCA DO-260B, 2.2.3.2 (extended squitters).
enum ModeSExplanation {
    /// Reads a line of AVR: `*…;`, `@` or `%` with a count before the frame, `<` with a count and a signal.
    static func avr(_ text: Substring, skipped: Int) throws(ExplanationError) -> Explanation {
        var frames: [ReceivedModeSFrame] = []
        var problem: (offset: Int, reason: AVRReader.Problem)?
        var reader = AVRReader()
        reader.read(Array(text.utf8).span, problem: { problem = problem ?? ($0, $1) }) { frames.append($0) }
        if let received = frames.first { return self.explain(received.frame, received: received) }
        let reason =
            switch problem?.reason {
            case .badDigit: "a character in the frame that is no hexadecimal digit"
            case .badLength: "a frame has 14 or 28 digits, with a count of 12 digits before it 26 or 40"
            case .notAFrame: "this begins no AVR frame"
            case nil where reader.otherCount > 0: "four digits are a Mode A/C reply, which has no fields to explain"
            case nil: "the frame does not end: there is no `;`"
            }
        throw ExplanationError(offset: skipped + (problem?.offset ?? 0), reason: reason)
    }

    static func explain(_ frame: ModeSFrame, received: ReceivedModeSFrame? = nil) -> Explanation {
        var list = FieldList(frame)
        list.explanation.lines.append(
            .heading("Mode S, downlink format \(frame.downlinkFormat), \(Self.format(frame.downlinkFormat))"))
        if let received, received.ticks != 0 {
            let place =
                received.isMultilaterated ? "made by a multilateration server" : "count \(received.ticks) of 12 MHz"
            list.explanation.lines.append(.note("received: \(place), signal \(received.signal)"))
        }
        guard let message = try? ModeSMessage(frame) else {
            list.explanation.lines.append(
                .fault("offset 0: a frame of \(counted(frame.byteCount, "octet")) cannot be DF \(frame.downlinkFormat)")
            )
            return list.explanation
        }
        list.part("DF \(frame.downlinkFormat) and what belongs to it", octets: Self.headOctets(frame.downlinkFormat))
        self.head(&list, message)
        if frame.downlinkFormat < 24 { self.content(&list, message) }
        list.part("parity", octets: 3)
        self.parity(&list, message)
        return list.explanation
    }

    private static func format(_ format: UInt8) -> String {
        switch format {
        case 0: "short air-air surveillance (ACAS)"
        case 4: "surveillance, altitude reply"
        case 5: "surveillance, identity reply"
        case 11: "all-call reply"
        case 16: "long air-air surveillance (ACAS)"
        case 17: "extended squitter (ADS-B)"
        case 18: "extended squitter of no transponder (ADS-B, TIS-B, ADS-R)"
        case 20: "Comm-B, altitude reply"
        case 21: "Comm-B, identity reply"
        case 24: "Comm-D, extended length message"
        default: "which is reserved"
        }
    }

    private static func headOctets(_ format: UInt8) -> Int {
        switch format {
        case 24: 11
        case 11, 17, 18, 0, 4, 5, 16, 20, 21: 4
        default: 4
        }
    }

    // MARK: Head and end

    private static func head(_ list: inout FieldList, _ message: ModeSMessage) {
        guard message.downlinkFormat != 24 else {
            list.field("DF", 2, "24")
            list.spare(1)
            list.field("KE", 1) { $0 == 0 ? "downlink message" : "acknowledgement of an uplink message" }
            list.field("ND", 4) { _ in "number of the segment" }
            list.hex("MD", 80)
            return
        }
        list.field("DF", 5, "\(message.downlinkFormat)")
        switch message.downlinkFormat {
        case 0, 16:
            list.field("VS", 1) { $0 == 0 ? "airborne" : "on the ground" }
            if message.downlinkFormat == 0 {
                list.field("CC", 1) { $0 == 0 ? "no crosslink" : "can crosslink" }
                list.spare(1)
            } else {
                list.spare(2)
            }
            list.field("SL", 3) { $0 == 0 ? "ACAS not at work" : "ACAS sensitivity level" }
            list.spare(2)
            list.field("RI", 4) { Self.replyInformation($0) }
            list.spare(2)
            list.field("AC", 13, value: message.altitude.map(Self.altitude) ?? "")
        case 4, 5, 20, 21:
            list.field("FS", 3) { Self.flightStatus($0) }
            list.field("DR", 5) { Self.downlinkRequest($0) }
            list.field("UM", 6) { $0 == 0 ? "nothing" : "utility message" }
            if message.downlinkFormat & 1 == 0 {
                list.field("AC", 13, value: message.altitude.map(Self.altitude) ?? "")
            } else {
                list.field("ID", 13, value: message.mode3A.map { "\($0)" } ?? "", meaning: "Mode 3/A code")
            }
        case 11, 17:
            list.field("CA", 3) { Self.capability($0) }
            list.hex("AA", 24, meaning: "aircraft address")
        case 18:
            list.field("CF", 3) { Self.control($0) }
            list.hex("AA", 24, meaning: "address")
        default: list.hex("", 27)
        }
    }

    private static func parity(_ list: inout FieldList, _ message: ModeSMessage) {
        let residual = AddressText.hex(message.residual)
        switch message.addressSource {
        case .announced:
            let verdict =
                switch message.isIntact {
                case true: message.downlinkFormat == 11 ? "right; interrogator code \(message.residual)" : "right"
                default: "wrong: \(residual) is left over, the frame is damaged"
                }
            list.hex("PI", 24, meaning: verdict)
            if message.isIntact != true {
                list.explanation.lines.append(.fault("offset \(message.frame.byteCount - 3): the parity is wrong"))
            }
        case .parity:
            list.hex("AP", 24, meaning: "overlaid with the address \(residual), if the frame is not damaged")
        case nil: list.hex("", 24)
        }
    }

    private static func content(_ list: inout FieldList, _ message: ModeSMessage) {
        switch message.downlinkFormat {
        case 16:
            list.part("MV, message of ACAS", octets: 7)
            list.resolution()
        case 17, 18:
            guard let squitter = message.extendedSquitter else {
                list.part("ME, in a coding that is not read here", octets: 7)
                list.hex("ME", 56)
                return
            }
            self.squitter(&list, squitter, typeCode: UInt64(message.frame.payload >> 51))
        case 20, 21:
            list.part("MB, a register that the interrogator asked for", octets: 7)
            self.commB(&list, message)
        default: break
        }
    }

    // MARK: Extended squitters

    private static func squitter(_ list: inout FieldList, _ squitter: ExtendedSquitter, typeCode: UInt64) {
        func begin(_ name: String) {
            list.part("ME, \(name)", octets: 7)
            list.field("TC", 5, "\(typeCode)", meaning: "type code")
        }
        switch squitter {
        case .identification(let identification):
            begin("identification and category (BDS 0,8)")
            let set = String(UnicodeScalar(identification.categorySet))
            list.field("CA", 3, "\(set)\(identification.category)", meaning: Self.emitter(set, identification.category))
            for index in 0..<8 {
                list.field("C\(index + 1)", 6) { _ in
                    ""
                } value: {
                    let letter = sixBitLetter(UInt8(truncatingIfNeeded: $0))
                    return letter == 0 ? "no character" : "`\(UnicodeScalar(letter))`"
                }
            }
            list.explanation.lines.append(.note("identification: \(identification.callsign?.description ?? "none")"))
        case .surfacePosition(let position):
            begin("position on the ground (BDS 0,6)")
            list.field(
                "MOV", 7, position.groundSpeedKnots.map { "\(Self.decimal($0, 3)) kt" } ?? "not known", meaning: "speed"
            )
            list.field("S", 1) { $0 == 0 ? "no track" : "track valid" }
            list.field("TRK", 7, position.trackDegrees.map { "\(Self.decimal($0, 2))°" } ?? "not known")
            self.compact(&list)
        case .airbornePosition(let position):
            begin(
                position.isGeometric
                    ? "position in the air, height above the ellipsoid" : "position in the air (BDS 0,5)")
            list.field("SS", 2) {
                ["nothing", "permanent alert: emergency", "temporary alert: code changed", "ident pulse"][Int($0)]
            }
            list.field("NICb", 1) { _ in "NIC supplement B; single antenna flag before version 2" }
            list.field("ALT", 12, Self.altitude(position.altitude))
            self.compact(&list)
        case .velocity(let velocity):
            begin("velocity (BDS 0,9)")
            self.velocity(&list, velocity)
        case .status(let status):
            begin("aircraft status (BDS 6,1)")
            list.field("ST", 3) { $0 == 1 ? "emergency" : "resolution advisory" }
            if status.subtype == 1 { self.emergency(&list) } else { list.resolution() }
        case .targetState(let state):
            begin("target state and status (BDS 6,2)")
            self.targetState(&list, state)
        case .operationalStatus:
            begin("operational status (BDS 6,5)")
            self.operationalStatus(&list)
        case .coarsePosition:
            list.part("ME, coarse position of TIS-B", octets: 7)
            list.hex("ME", 56)
        case .trafficVelocity:
            begin("velocity of TIS-B")
            list.hex("", 51)
        case .reserved(let reserved):
            let purposes = [
                "test message", "status of a system on the ground", "trajectory change", "operational co-ordination",
                "in a coding that is reserved",
            ]
            begin(purposes[Int(reserved.purpose.rawValue)])
            list.hex("", 51)
        }
    }

    private static func compact(_ list: inout FieldList) {
        list.field("T", 1) { $0 == 0 ? "not synchronised with UTC" : "synchronised with UTC" }
        list.field("F", 1) { $0 == 0 ? "even" : "odd" }
        list.field("LAT", 17) { _ in "compact latitude: with one of the other parity, a place" }
        list.field("LON", 17) { _ in "compact longitude" }
    }

    private static func velocity(_ list: inout FieldList, _ velocity: AirborneVelocity) {
        list.field("ST", 3) {
            ["", "over ground", "over ground, supersonic", "through the air", "through the air, supersonic"][
                min(4, Int($0))]
        }
        list.field("IC", 1) { $0 == 0 ? "" : "intent changed" }
        list.field("IFR", 1) { _ in "reserved since version 2" }
        list.field("NACv", 3) { ["not known", "< 10 m/s", "< 3 m/s", "< 1 m/s", "< 0.3 m/s"][min(4, Int($0))] }
        func knots(_ value: Int32?) -> String { value.map { "\($0) kt" } ?? "not known" }
        switch velocity.motion {
        case .overGround(let east, let north):
            list.field("Dew", 1) { $0 == 0 ? "to the east" : "to the west" }
            list.field("Vew", 10, knots(east), meaning: "east")
            list.field("Dns", 1) { $0 == 0 ? "to the north" : "to the south" }
            list.field("Vns", 10, knots(north), meaning: "north")
        case .throughAir(let heading, let airspeed, let isTrue):
            list.field("SH", 1) { $0 == 0 ? "no heading" : "heading valid" }
            list.field("HDG", 10, heading.map { "\(Self.decimal($0, 2))°" } ?? "not known")
            list.field("AST", 1, isTrue ? "1" : "0", meaning: isTrue ? "true airspeed" : "indicated airspeed")
            list.field("AS", 10, knots(airspeed))
        }
        list.field("VrSrc", 1) { $0 == 0 ? "rate by GNSS" : "rate by barometer" }
        list.field("Svr", 1) { $0 == 0 ? "up" : "down" }
        list.field("VR", 9, velocity.verticalRateFeetPerMinute.map { "\($0) ft/min" } ?? "not known")
        list.spare(2)
        list.field("SDif", 1) { $0 == 0 ? "above the pressure altitude" : "below the pressure altitude" }
        list.field("dAlt", 7, velocity.geometricMinusBarometricFeet.map { "\($0) ft" } ?? "not known")
        if let speed = velocity.groundSpeedKnots, let track = velocity.trackDegrees {
            list.explanation.lines.append(.note("\(Self.decimal(speed, 1)) kt, track \(Self.decimal(track, 1))°"))
        }
    }

    private static func emergency(_ list: inout FieldList) {
        list.field("EMG", 3) {
            [
                "no emergency", "general emergency", "medical emergency", "minimum fuel", "no communications",
                "unlawful interference", "downed aircraft", "reserved",
            ][Int($0)]
        }
        list.field("ID", 13) { _ in
            "Mode 3/A code"
        } value: {
            "\(Mode3A(identity13: UInt32($0)))"
        }
        list.spare(32)
    }

    private static func targetState(_ list: inout FieldList, _ state: TargetState) {
        list.field("ST", 2) { $0 == 0 ? "version 1" : $0 == 1 ? "version 2" : "reserved" }
        guard state.subtype == 1 else { return list.hex("", 49) }
        list.field("SILs", 1) { $0 == 0 ? "per hour" : "per sample" }
        list.field("type", 1) { $0 == 0 ? "altitude of the control panel" : "altitude of the flight management system" }
        list.field(
            "ALT", 11, state.selectedAltitudeFeet.map { "\($0) ft" } ?? "not given", meaning: "selected altitude")
        list.field(
            "BARO", 9, state.pressureSettingMillibars.map { "\(Self.decimal($0, 1)) mb" } ?? "not given",
            meaning: "barometric setting")
        list.field("S", 1) { $0 == 0 ? "no heading" : "heading valid" }
        list.field("HDG", 9, state.selectedHeadingDegrees.map { "\(Self.decimal($0, 2))°" } ?? "not given")
        list.field("NACp", 4) { _ in "navigation accuracy category of the position" }
        list.field("NICbaro", 1) { $0 == 0 ? "altitude not cross-checked" : "altitude cross-checked" }
        list.field("SIL", 2) { _ in "source integrity level" }
        list.field("modes", 1) { $0 == 0 ? "mode bits hold nothing" : "mode bits valid" }
        for name in ["autopilot", "VNAV", "ALT hold", "IMF", "approach", "TCAS", "LNAV"] {
            list.field(name, 1) { _ in "" }
        }
        list.spare(2)
    }

    private static func operationalStatus(_ list: inout FieldList) {
        let subtype = list.value(of: 3)
        list.field("ST", 3) { $0 == 0 ? "airborne" : $0 == 1 ? "on the ground" : "reserved" }
        list.hex("CC", subtype == 1 ? 12 : 16, meaning: "capability class")
        if subtype == 1 { list.field("L/W", 4) { _ in "length and width" } }
        list.hex("OM", 16, meaning: "operational mode")
        list.field("VER", 3) { ["DO-260", "DO-260A", "DO-260B"][min(2, Int($0))] }
        list.field("NICa", 1) { _ in "NIC supplement A" }
        list.field("NACp", 4) { _ in "navigation accuracy category of the position" }
        list.field("GVA", 2) { _ in subtype == 0 ? "geometric vertical accuracy" : "reserved" }
        list.field("SIL", 2) { _ in "source integrity level" }
        list.field("NICbaro", 1) { _ in subtype == 0 ? "barometric altitude cross-checked" : "track or heading" }
        list.field("HRD", 1) { $0 == 0 ? "true north" : "magnetic north" }
        list.field("SILs", 1) { $0 == 0 ? "per hour" : "per sample" }
        list.spare(1)
    }

    /// The register, by the likelihood of its bits and of the altitude beside it.
    private static func commB(_ list: inout FieldList, _ message: ModeSMessage) {
        let payload = message.frame.payload
        let context = CommBContext(altitudeFeet: message.altitude?.feet)
        guard let register = CommBInference.register(of: payload, context: context) else {
            list.explanation.lines.append(
                .note(payload == 0 ? "empty" : "which register it is cannot be told from one reply"))
            return list.hex("MB", 56)
        }
        list.explanation.lines.append(.note("BDS \(register), as the bits tell"))
        switch register {
        case .resolutionAdvisory: list.resolution()
        case .commonUsageCapability:
            for number in CommB.commonUsage {
                list.field(number == 0 ? "-" : "BDS \(CommBRegister(rawValue: number))", 1) {
                    $0 == 0 ? "not filled" : "filled"
                }
            }
            list.spare(28)
        case _ where register.fields.isEmpty: list.hex("MB", 56)
        default: list.register(payload, register.fields)
        }
    }

    // MARK: Words

    private static func capability(_ value: UInt64) -> String {
        switch value {
        case 0: "level 1 transponder"
        case 4: "level 2 or above, on the ground"
        case 5: "level 2 or above, airborne"
        case 6: "level 2 or above, either"
        case 7: "downlink request, alert or ident"
        default: "reserved"
        }
    }

    private static func control(_ value: UInt64) -> String {
        [
            "ADS-B, ICAO address", "ADS-B, other address", "fine TIS-B, ICAO address", "coarse TIS-B",
            "TIS-B or ADS-R management", "fine TIS-B, other address", "ADS-R", "reserved",
        ][Int(value)]
    }

    private static func flightStatus(_ value: UInt64) -> String {
        [
            "airborne", "on the ground", "alert, airborne", "alert, on the ground", "alert and ident", "ident",
            "reserved",
            "not assigned",
        ][Int(value)]
    }

    private static func downlinkRequest(_ value: UInt64) -> String {
        switch value {
        case 0: "no request"
        case 1: "request to send Comm-B"
        case 2: "ACAS information available"
        case 3: "ACAS information and Comm-B"
        case 4: "Comm-B broadcast 1 available"
        case 5: "Comm-B broadcast 2 available"
        case 6: "broadcast 1 and ACAS information"
        case 7: "broadcast 2 and ACAS information"
        case 16...31: "extended length message of \(value - 15) segments"
        default: "not assigned"
        }
    }

    private static func replyInformation(_ value: UInt64) -> String {
        switch value {
        case 0: "no ACAS at work"
        case 2: "ACAS without resolutions"
        case 3: "ACAS with vertical resolutions only"
        case 4: "ACAS with vertical and horizontal resolutions"
        case 8: "no maximum airspeed"
        case 9: "maximum airspeed up to 75 kt"
        case 10: "maximum airspeed 75 to 150 kt"
        case 11: "maximum airspeed 150 to 300 kt"
        case 12: "maximum airspeed 300 to 600 kt"
        case 13: "maximum airspeed 600 to 1200 kt"
        case 14: "maximum airspeed above 1200 kt"
        default: "not assigned"
        }
    }

    private static func emitter(_ set: String, _ category: UInt8) -> String {
        let names: [String: [String]] = [
            "A": [
                "not told", "light", "small", "large", "large, high vortex", "heavy", "high performance", "rotorcraft",
            ],
            "B": [
                "not told", "glider", "lighter than air", "parachutist", "ultralight", "reserved", "unmanned", "space",
            ],
            "C": [
                "not told", "emergency vehicle", "service vehicle", "point obstacle", "cluster obstacle",
                "line obstacle", "reserved", "reserved",
            ],
        ]
        return names[set]?[Int(category & 7)] ?? "reserved"
    }

    static func altitude(_ altitude: ModeSAltitude) -> String {
        if let feet = altitude.feet { return "\(feet) ft" }
        return altitude == .unavailable ? "not available" : "not readable"
    }

    /// Decimal text with so many digits behind the point.
    static func decimal(_ value: Double, _ digits: Int) -> String {
        var writer = JSONWriter(capacity: 64)
        writer.number(value, decimals: digits)
        return writer.text
    }
}

/// Addresses as six digits.
enum AddressText {
    static func hex(_ value: UInt32) -> String {
        let digits = String(value & 0xFF_FFFF, radix: 16)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// Puts the fields of a frame one behind the other.
private struct FieldList {
    var explanation = Explanation(kind: "Mode S", lines: [])
    private let bytes: [UInt8]
    private var bit = 0

    init(_ frame: ModeSFrame) { self.bytes = (0..<frame.byteCount).map { frame.byte($0) } }

    /// A part begins at the present place.
    mutating func part(_ name: String, octets: Int) {
        let start = self.bit / 8
        let end = min(self.bytes.count, start + octets)
        self.explanation.lines.append(
            .part(offset: start, octets: hexText(self.bytes.span, start..<end), name: name))
    }

    /// The next `count` bits.
    func value(of count: Int) -> UInt64 { bits(self.bytes.span, at: self.bit, count: count) }

    private mutating func put(_ name: String, _ count: Int, _ value: String, _ meaning: String) {
        self.explanation.lines.append(
            .field(
                bits: BitPattern.text(self.bytes.span, bit: self.bit, bits: count), name: name, value: value,
                meaning: meaning))
        self.bit += count
    }

    mutating func field(_ name: String, _ count: Int, _ value: String, meaning: String = "") {
        self.put(name, count, value, meaning)
    }

    mutating func field(_ name: String, _ count: Int, value: String, meaning: String = "") {
        self.put(name, count, value, meaning)
    }

    mutating func field(_ name: String, _ count: Int, _ meaning: (UInt64) -> String) {
        let raw = self.value(of: count)
        self.put(name, count, "\(raw)", meaning(raw))
    }

    mutating func field(
        _ name: String, _ count: Int, _ meaning: (UInt64) -> String, value: (UInt64) -> String
    ) {
        let raw = self.value(of: count)
        self.put(name, count, value(raw), meaning(raw))
    }

    mutating func spare(_ count: Int) {
        let raw = self.value(of: count)
        self.put("-", count, raw == 0 ? "spare" : "spare, but not zero", "")
    }

    mutating func hex(_ name: String, _ count: Int, meaning: String = "") {
        var digits = ""
        var at = self.bit
        let end = self.bit + count
        while at < end {
            let width = (end - at) % 4 == 0 ? 4 : (end - at) % 4
            digits += String(bits(self.bytes.span, at: at, count: width), radix: 16)
            at += width
        }
        self.put(name, count, digits, meaning)
    }

    /// A register of Comm-B by its table: the fields in the order of their bits, each behind its status bit.
    mutating func register(_ payload: UInt64, _ fields: [CommBField]) {
        var at = 1
        while at <= 56 {
            if let field = fields.first(where: { Int($0.first) == at }) {
                self.field("\(field.key)", Int(field.count), value: field.valueText(payload) ?? "-")
                at += Int(field.count)
            } else if fields.contains(where: { Int($0.status) == at }) {
                self.field("status", 1) { $0 == 0 ? "nothing follows" : "what follows is valid" }
                at += 1
            } else if at == 1, fields.allSatisfy({ $0.first > 8 }) {
                self.hex("BDS", 8, meaning: "which register")
                at += 8
            } else {
                let next = fields.flatMap { [Int($0.first), Int($0.status)] }.filter { $0 > at }.min() ?? 57
                self.spare(next - at)
                at = next
            }
        }
    }

    /// A resolution advisory.
    mutating func resolution() {
        if self.bit == 32 { self.field("VDS", 8) { _ in "which register: 3,0 is 48" } }
        self.hex("ARA", 14, meaning: "active resolution advisories")
        self.hex("RAC", 4, meaning: "complements: do not pass below, above, turn left, turn right")
        self.field("RAT", 1) { $0 == 0 ? "active" : "ended" }
        self.field("MTE", 1) { $0 == 0 ? "one threat at most" : "several threats" }
        let type = self.value(of: 2)
        self.field("TTI", 2) { ["no threat identity", "address", "altitude, range, bearing", "not assigned"][Int($0)] }
        self.hex("TID", 26, meaning: type == 1 ? "address of the threat, and two spare bits" : "threat")
    }
}
