extension CommB {
    /// Writes what a register holds as members of an object that the caller has begun; nothing for one unknown here.
    ///
    /// Registers 0,5 0,6 0,8 0,9 6,1 6,2 and 6,5 are squitters and are written as those, provided that their type code
    /// fits the register; 1,7 is the list of registers that the aircraft fills.
    ///
    /// - Parameters:
    ///   - register: which one it is, as the radar asked (I048/250 BDS1, BDS2) or as `CommBInference` found.
    ///   - payload: its 56 bits.
    /// - Returns: whether anything was written.
    /// - Complexity: no allocation.
    @discardableResult
    public static func write(_ register: CommBRegister, _ payload: UInt64, to writer: inout JSONWriter) -> Bool {
        switch register.rawValue {
        case 0x05, 0x06, 0x08, 0x09, 0x61, 0x62, 0x65:
            let squitter = ExtendedSquitter(payload)
            guard squitter.register == register.rawValue else { return false }
            squitter.writeFields(to: &writer)
            return true
        case 0x17:
            writer.key("registers")
            writer.beginArray()
            for i in 0..<28 where self.commonUsage[i] != 0 && payload >> UInt64(55 - i) & 1 == 1 {
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
            if register.rawValue == 0x30 { self.writeThreat(payload, to: &writer) }
            return !fields.isEmpty
        }
    }

    /// Writes who the threat of an advisory is, or where.
    ///
    /// Range n is (n − 1)/10 NM (1: below 0.05 NM, 127: above 12.55), bearing n is 6 (n − 1) + 3 degrees.
    private static func writeThreat(_ payload: UInt64, to writer: inout JSONWriter) {
        switch Advisory.threatType.raw(in: payload) {
        case 1:
            writer.key("threatAddress")
            writer.hex(payload >> 2 & 0xFF_FFFF, digits: 6)
        case 2:
            ModeSAltitude(code13: payloadBits(payload, 31, 13)).write(to: &writer, key: "threatAltitudeFeet")
            let (range, bearing) = (payloadBits(payload, 44, 7), payloadBits(payload, 51, 6))
            writer.key("threatRangeNauticalMiles")
            if range == 0 { writer.null() } else { writer.number(mantissa: Int64(range) - 1, decimals: 1) }
            writer.key("threatBearingDegrees")
            if bearing == 0 || bearing > 60 { writer.null() } else { writer.integer(6 * (bearing - 1) + 3) }
        default: break
        }
    }

    private static func hexCharacter(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + (nibble - 10)
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
        case .other: 0
        }
    }
}
