public import Air

extension BaseStationMessage {
    /// What a Mode S message is in a BaseStation feed; nil if it has no place there.
    ///
    /// DF 17 and 18: identification 1, surface position 2, airborne position 3, velocity 4; DF 4 and 20: 5; DF 5 and 21:
    /// 6; DF 0 and 16: 7; DF 11: 8. A position is written only once it is decoded.
    ///
    /// Source: as wiedehopf/readsb, net_io.c, modesSendSBSOutput.
    public init?(_ message: ModeSMessage, answer: ModeSDecoder.Answer, receivedAt: Timestamp) {
        guard answer.verdict == .accepted, let address = message.address else { return nil }
        let type: UInt8
        let squitter = message.extendedSquitter
        switch message.downlinkFormat {
        case 4, 20: type = 5
        case 5, 21: type = 6
        case 0, 16: type = 7
        case 11: type = 8
        default:
            switch squitter {
            case .identification: type = 1
            case .surfacePosition: type = 2
            case .airbornePosition: type = 3
            case .velocity: type = 4
            default: return nil
            }
        }
        self.init(kind: .transmission(type), address: address)
        self.generatedAt = receivedAt
        self.loggedAt = receivedAt
        self.isAddressForeign = message.downlinkFormat == 18 && message.controlField == 1
        self.altitudeFeet = message.altitude?.feet
        self.mode3A = message.mode3A
        self.isOnGround = message.isOnGround
        if let status = message.flightStatus, status <= 5 {
            self.hasAlert = status >= 2 && status <= 4
            self.hasIdentPulse = status >= 4
        }
        switch squitter {
        case .identification(let report): self.callsign = report.callsign
        case .surfacePosition(let report):
            self.groundSpeedKnots = report.groundSpeedKnots
            self.trackDegrees = report.trackDegrees
            self.isOnGround = true
        case .airbornePosition(let report):
            if !report.isGeometric { self.altitudeFeet = report.altitude.feet }
            self.hasAlert = report.surveillanceStatus == 1 || report.surveillanceStatus == 2
            self.hasIdentPulse = report.surveillanceStatus == 3
            self.isOnGround = false
        case .velocity(let report):
            self.groundSpeedKnots = report.groundSpeedKnots
            self.trackDegrees = report.trackDegrees
            self.verticalRateFeetPerMinute = report.verticalRateFeetPerMinute
        default: break
        }
        if let place = answer.position {
            self.latitude = place.latitude
            self.longitude = place.longitude
        }
        if let code = self.mode3A?.rawValue {
            self.hasEmergency = code == 0o7500 || code == 0o7600 || code == 0o7700
        }
    }
}

/// Writes a BaseStation feed: lines that end in CR LF, sessions and numbers being 1, addresses in upper case.
///
/// - Complexity: no allocation for a line once the buffer has grown.
public struct BaseStationWriter: Sendable {
    /// Lines written.
    public private(set) var messageCount = 0
    private var bytes: [UInt8] = []
    /// The day whose date is in `date`.
    private var day = Int64.min
    private var date: [UInt8] = []

    public init() {}

    /// Adds what a Mode S message is in such a feed, if it is anything.
    public mutating func append(_ message: ModeSMessage, answer: ModeSDecoder.Answer, receivedAt: Timestamp) {
        guard let line = BaseStationMessage(message, answer: answer, receivedAt: receivedAt) else { return }
        self.append(line)
    }

    /// Adds a line.
    ///
    /// Speeds and tracks with one decimal, places with five (1.1 m), times with milliseconds.
    public mutating func append(_ message: BaseStationMessage) {
        switch message.kind {
        case .selection: self.bytes.append(text: "SEL,,1,1,")
        case .identification: self.bytes.append(text: "ID,,1,1,")
        case .aircraft: self.bytes.append(text: "AIR,,1,1,")
        case .status: self.bytes.append(text: "STA,,1,1,")
        case .clock: self.bytes.append(text: "CLK,,1,-1,")
        case .transmission(let type):
            self.bytes.append(text: "MSG,")
            self.bytes.append(number: Int64(type))
            self.bytes.append(text: ",1,1,")
        }
        if let address = message.address, message.kind != .clock {
            if message.isAddressForeign { self.bytes.append(UInt8(ascii: "~")) }
            self.bytes.append(hex: address.rawValue, digits: 6)
        }
        self.bytes.append(text: message.kind == .clock ? ",-1," : ",1,")
        self.append(message.generatedAt)
        self.comma()
        self.append(message.loggedAt)
        switch message.kind {
        case .clock: break
        case .status(let status):
            self.comma()
            self.bytes.append(text: status.letters)
        case .selection, .identification, .aircraft:
            self.comma()
            if let callsign = message.callsign { self.bytes.append(callsign: callsign) }
        case .transmission: self.appendFields(message)
        }
        self.bytes.append(text: "\r\n")
        self.messageCount += 1
    }

    /// Hands out the text that was written since the last time.
    public mutating func take(_ body: (Span<UInt8>) throws -> Void) rethrows {
        defer { self.bytes.removeAll(keepingCapacity: true) }
        try body(self.bytes.span)
    }

    private mutating func appendFields(_ message: BaseStationMessage) {
        self.comma()
        if let callsign = message.callsign { self.bytes.append(callsign: callsign) }
        self.comma()
        if let feet = message.altitudeFeet { self.bytes.append(number: Int64(feet)) }
        self.comma()
        if let knots = message.groundSpeedKnots { self.bytes.append(decimal: knots, decimals: 1) }
        self.comma()
        if let degrees = message.trackDegrees { self.bytes.append(decimal: degrees, decimals: 1) }
        self.comma()
        if let degrees = message.latitude { self.bytes.append(decimal: degrees, decimals: 5) }
        self.comma()
        if let degrees = message.longitude { self.bytes.append(decimal: degrees, decimals: 5) }
        self.comma()
        if let rate = message.verticalRateFeetPerMinute { self.bytes.append(number: Int64(rate)) }
        self.comma()
        if let code = message.mode3A { self.bytes.append(squawk: code) }
        self.flag(message.hasAlert)
        self.flag(message.hasEmergency)
        self.flag(message.hasIdentPulse)
        self.flag(message.isOnGround)
    }

    private mutating func comma() { self.bytes.append(UInt8(ascii: ",")) }

    private mutating func flag(_ value: Bool?) {
        self.comma()
        if let value { self.bytes.append(text: value ? "-1" : "0") }
    }

    /// Date and time; two empty fields where there is none.
    private mutating func append(_ time: Timestamp?) {
        guard let time else { return self.comma() }
        let milliseconds = time.nanoseconds.flooredQuotient(by: 1_000_000)
        let day = milliseconds.flooredQuotient(by: 86_400_000)
        if day != self.day {
            // Once a day a string is made, for the calendar.
            self.date = time.description.utf8.prefix(10).map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "/") : $0 }
            self.day = day
        }
        self.bytes.append(contentsOf: self.date)
        self.comma()
        let rest = milliseconds - day * 86_400_000
        self.bytes.append(number: rest / 3_600_000, digits: 2)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(number: rest / 60_000 % 60, digits: 2)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(number: rest / 1000 % 60, digits: 2)
        self.bytes.append(UInt8(ascii: "."))
        self.bytes.append(number: rest % 1000, digits: 3)
    }
}

extension Int64 {
    /// The quotient rounded down.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, rest) = self.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
