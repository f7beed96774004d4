import Air
import Glibc

extension CommB {
    /// Writes what a register holds as members of an object that the caller has begun; nothing for one unknown here.
    ///
    /// Registers 0,5 0,6 0,8 0,9 6,1 6,2 and 6,5 are squitters and are written as those, provided that their type code
    /// fits the register; 1,7 is the list of registers that the aircraft fills.
    ///
    /// - Parameters:
    ///   - register: which one it is, as the radar asked (I048/250 BDS1, BDS2) or as `CommBInference` found.
    ///   - payload: its 56 bits.
    ///   - quality: what the aircraft said of its navigation: how a squitter is to be read.
    /// - Returns: whether anything was written.
    /// - Complexity: no allocation.
    @discardableResult
    public static func write(
        _ register: CommBRegister, _ payload: UInt64, quality: NavigationQuality = NavigationQuality(),
        to writer: inout JSONWriter
    ) -> Bool {
        switch register.rawValue {
        case 0x05, 0x06, 0x08, 0x09, 0x61, 0x62, 0x65:
            let squitter = ExtendedSquitter(payload)
            guard squitter.register == register.rawValue else { return false }
            squitter.writeFields(to: &writer, quality, isStation: false)
            return true
        case 0x30:
            ResolutionAdvisory(payload, hasThreat: true).write(to: &writer)
            return true
        case 0x17:
            writer.key("registers")
            writer.beginArray()
            for i in self.commonUsage.indices where self.commonUsage[i] != 0 && payload >> UInt64(55 - i) & 1 == 1 {
                let name: InlineArray<3, UInt8> = [
                    hexCharacter(self.commonUsage[i] >> 4), UInt8(ascii: ","), hexCharacter(self.commonUsage[i] & 15),
                ]
                writer.string(latin1: name.span)
            }
            writer.endArray()
            return true
        default:
            let fields = self.tables[Int(register.rawValue)]
            for field in fields { field.write(payload, to: &writer) }
            return !fields.isEmpty
        }
    }

    private static func hexCharacter(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + (nibble - 10)
    }

    /// What a register holds, as words for people: those fields that hold something.
    static func texts(_ register: CommBRegister, _ payload: UInt64) -> [(name: String, value: String)] {
        if register == .commonUsageCapability {
            let filled = self.commonUsage.enumerated().filter { $1 != 0 && payload >> UInt64(55 - $0) & 1 == 1 }
            let names = filled.map { CommBRegister(rawValue: $1).description }
            return [("registers", names.joined(separator: " "))]
        }
        return register.fields.compactMap { field in field.valueText(payload).map { ("\(field.key)", $0) } }
    }

    /// One field of one register, read.
    public struct Value: Hashable, Sendable {
        public enum Content: Hashable, Sendable {
            /// The number `mantissa` / 10^`decimals`, in the unit that the name ends in.
            case number(mantissa: Int64, decimals: UInt8)
            case flag(Bool)
            case bits(UInt64)
            case text(String)
            /// The status bit says that there is nothing.
            case absent
        }

        /// As the key of the JSON text.
        public var name: String
        public var content: Content
    }

    /// What a register holds, field by field; empty for one unknown here or with the layout of a squitter.
    public static func fields(_ register: CommBRegister, _ payload: UInt64) -> [Value] {
        self.tables[Int(register.rawValue)].map { field in
            let content: Value.Content =
                if let mantissa = field.mantissa(in: payload) {
                    switch field.kind {
                    case .unsigned, .signed, .code: .number(mantissa: mantissa, decimals: field.decimals)
                    case .flag: .flag(mantissa != 0)
                    case .bits: .bits(UInt64(bitPattern: mantissa))
                    case .text:
                        field.text(UInt64(bitPattern: mantissa)).map { text in
                            .text(String(decoding: (0..<text.count).map { text.letters[$0] }, as: UTF8.self))
                        } ?? .absent
                    }
                } else {
                    .absent
                }
            return Value(name: "\(field.key)", content: content)
        }
    }
}

extension CommB {
    /// The velocity over ground in BDS 5,0; nil if it lacks speed or track.
    ///
    /// One standard deviation of each component is that of inertial systems, 2.5 m/s, and in a turn what the register,
    /// filled every 1.3 s, is late: √(2.5² + (0.65 v ω)²).
    ///
    /// Source: ICAO Doc 9871, table A-2-80 (update interval).
    static func velocity(trackAndTurn payload: UInt64) -> Plot.Velocity? {
        guard let knots = Track.groundSpeed.value(in: payload), let track = Track.track.value(in: payload) else {
            return nil
        }
        let speed = knots * (1852.0 / 3600)
        let turn = (Track.trackRate.value(in: payload) ?? 0) * .pi / 180
        let late = 0.65 * speed * turn
        return Plot.Velocity(
            north: speed * cos(track * .pi / 180), east: speed * sin(track * .pi / 180),
            deviation: (2.5 * 2.5 + late * late).squareRoot())
    }
}

extension CommBContext {
    /// Takes track and speed out of a velocity over ground, metres per second.
    @inline(__always) mutating func setVelocity(north: Float, east: Float) {
        let knots = (north * north + east * east).squareRoot() * (3600 / 1852)
        self.groundSpeedKnots = knots
        if knots > 20 { self.trackDegrees = atan2f(east, north) * (180 / .pi) }
    }
}

extension ExtendedSquitter {
    /// The number of the register whose layout the squitter has; 0 where it is none of these.
    var register: UInt8 {
        switch self {
        case .airbornePosition: 0x05
        case .surfacePosition: 0x06
        case .identification: 0x08
        case .velocity: 0x09
        case .status: 0x61
        case .targetState: 0x62
        case .operationalStatus: 0x65
        case .coarsePosition, .trafficVelocity, .reserved: 0
        }
    }
}
