import Air
import Geodesy

/// Makes reports of records.
struct PlotSink: AsterixRecordSink, Sendable {
    var reports: [SensorReport] = []
    var receivedAt = Timestamp(nanoseconds: 0)

    var takesUndecided: Bool { false }

    mutating func read(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, _ words: Span<UInt32>, from start: Int, to limit: Int,
        tally: inout AsterixTally
    ) throws(AsterixRecordFault) -> Int {
        var offsets = AsterixLayout.Offsets(repeating: 0)
        let end = try layout.walk(bytes, words, from: start, to: limit, offsets: &offsets)
        self.take(layout, bytes, range: start..<end, offsets: offsets, tally: &tally)
        return end
    }

    private mutating func take(
        _ layout: AsterixLayout, _ bytes: Span<UInt8>, range: Range<Int>, offsets: borrowing AsterixLayout.Offsets,
        tally: inout AsterixTally
    ) {
        switch layout.edition.category {
        case 48: self.category048(bytes, offsets, &tally)
        case 34: self.category034(layout, bytes, range, offsets, &tally)
        case 21:
            if layout.edition.major == 0 {
                self.category021Old(bytes, offsets, &tally)
            } else {
                self.category021(bytes, range, offsets, &tally)
            }
        case 62:
            if layout.edition.major == 0 {
                self.category062Old(layout, bytes, range, offsets, &tally)
            } else {
                self.category062(layout, bytes, range, offsets, &tally)
            }
        case 63: self.category063(bytes, offsets, &tally)
        case 65: self.category065(bytes, offsets, &tally)
        default: break
        }
    }

    /// The sensor of item 010 at `offset`; 0/0 if it is absent.
    func sensor(_ bytes: Span<UInt8>, at offset: Int32) -> SensorID {
        SensorID(rawValue: offset == 0 ? 0 : bigEndian16(bytes, Int(offset)))
    }

    /// The instant of a time of day (24 bits, LSB 1/128 s) at `offset`; the time of reception if it is absent.
    func time(_ bytes: Span<UInt8>, at offset: Int32) -> Timestamp {
        guard offset != 0 else { return self.receivedAt }
        return Timestamp(secondsOfDay: Double(bigEndian24(bytes, Int(offset))) / 128, nearest: self.receivedAt)
    }

    mutating func add(_ plot: Plot, _ tally: inout AsterixTally) {
        self.reports.append(.plot(plot))
        tally.plots += 1
    }

    mutating func add(_ status: SensorStatus, _ tally: inout AsterixTally) {
        self.reports.append(.status(status))
        tally.statuses += 1
    }
}

// MARK: Reading

@inline(__always) func bigEndian16(_ bytes: Span<UInt8>, _ at: Int) -> UInt16 {
    UInt16(bytes[at]) << 8 | UInt16(bytes[at &+ 1])
}

@inline(__always) func bigEndian24(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
    UInt32(bytes[at]) << 16 | UInt32(bytes[at &+ 1]) << 8 | UInt32(bytes[at &+ 2])
}

@inline(__always) func bigEndian32(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
    bigEndian24(bytes, at) << 8 | UInt32(bytes[at &+ 3])
}

/// A signed number of 16 bits.
@inline(__always) func signed16(_ bytes: Span<UInt8>, _ at: Int) -> Double {
    Double(Int16(bitPattern: bigEndian16(bytes, at)))
}

/// A signed number of 24 bits.
@inline(__always) func signed24(_ bytes: Span<UInt8>, _ at: Int) -> Double {
    Double(Int32(bitPattern: bigEndian24(bytes, at) << 8) >> 8)
}

/// A signed number of 32 bits.
@inline(__always) func signed32(_ bytes: Span<UInt8>, _ at: Int) -> Double {
    Double(Int32(bitPattern: bigEndian32(bytes, at)))
}

/// A signed number in the lowest 14 bits of two octets.
@inline(__always) func signed14(_ bytes: Span<UInt8>, _ at: Int) -> Double {
    Double(Int16(bitPattern: bigEndian16(bytes, at) << 2) >> 2)
}

/// A signed number in the lowest 15 bits of two octets.
@inline(__always) func signed15(_ bytes: Span<UInt8>, _ at: Int) -> Double {
    Double(Int16(bitPattern: bigEndian16(bytes, at) << 1) >> 1)
}

/// Eight characters of six bits, the aircraft identification; nil if blank or with a code that is no character.
///
///     1...26 A-Z, 32 blank, 48...57 0-9
///
/// Some encoders fill with zeros instead of blanks; at the end that is let pass.
///
/// Source: ICAO Annex 10, vol. IV, table 3-9.
func sixBitCallsign(_ bytes: Span<UInt8>, _ at: Int) -> Callsign? {
    let raw = UInt64(bigEndian24(bytes, at)) << 24 | UInt64(bigEndian24(bytes, at &+ 3))
    var packed: UInt64 = 0
    var hasEnded = false
    for i in 0..<8 {
        let code = UInt8(truncatingIfNeeded: raw >> UInt64(42 &- 6 &* i)) & 0x3F
        var letter = sixBitLetter(code)
        if code == 0 {
            hasEnded = true
            letter = 0x20
        } else if letter == 0 || hasEnded {
            return nil
        }
        packed = packed << 8 | UInt64(letter)
    }
    return Callsign(packed: packed)
}

/// The ASCII letter of a six-bit code; 0 if the code is none.
@inline(__always) func sixBitLetter(_ code: UInt8) -> UInt8 {
    switch code {
    case 1...26: code &+ 0x40
    case 32: 0x20
    case 48...57: code
    default: 0
    }
}

/// Units of the wire.
enum Wire {
    static let nauticalMile = 1852.0
    static let foot = 0.3048
    /// A quarter of a flight level, the LSB of most altitudes.
    static let quarterFlightLevel = 25 * foot
    /// LSB of an azimuth of 16 bits, radians.
    static let azimuth16 = 2 * Double.pi / 65536
    /// 6.25 ft/min in metres per second, the LSB of rates of climb.
    static let climb = 6.25 * foot / 60
    /// 2⁻¹⁴ NM/s in metres per second, the LSB of ground speeds.
    static let groundSpeed = nauticalMile / 16384
    /// 1 mile of 95 % containment as one standard deviation of each axis: √(−2 ln 0.05), Rayleigh.
    static let containment95 = 2.4477468306808166
}
