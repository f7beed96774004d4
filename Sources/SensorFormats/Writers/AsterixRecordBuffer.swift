import Air
import Glibc

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
    mutating func item(_ number: UInt64) {
        assert(self.present >> number == 0, "items come in the order of the user application profile")
        self.present |= 1 << number
    }

    mutating func put8(_ value: Int) { self.items.append(UInt8(truncatingIfNeeded: value)) }

    mutating func put16(_ value: Int) {
        self.put8(value >> 8)
        self.put8(value)
    }

    mutating func put24(_ value: Int) {
        self.put8(value >> 16)
        self.put16(value)
    }

    mutating func put32(_ value: Int) {
        self.put16(value >> 16)
        self.put16(value)
    }

    /// A value in units of `unit`, held within `range`; what is no number counts as nought.
    static func units(_ value: Double, _ unit: Double, _ range: ClosedRange<Int>) -> Int {
        let scaled = (value / unit).rounded()
        guard !scaled.isNaN else { return 0 }
        return Int(max(Double(range.lowerBound), min(Double(range.upperBound), scaled)))
    }

    mutating func putSource(_ sensor: SensorID) {
        self.put8(Int(sensor.sac))
        self.put8(Int(sensor.sic))
    }

    /// Time of day, 24 bits, LSB 1/128 s; midnight is nought.
    mutating func putTime(_ time: Timestamp) {
        self.put24(Self.units(time.secondsOfDay, 1 / 128, 0...86_400 * 128) % (86_400 * 128))
    }

    /// Eight characters of six bits: the lower six of ASCII.
    mutating func putCharacters(_ callsign: Callsign) {
        var bits: UInt64 = 0
        for index in 0..<8 { bits = bits << 6 | (callsign.packed >> (56 - 8 * UInt64(index))) & 0x3F }
        for index in 0..<6 { self.put8(Int(truncatingIfNeeded: bits >> (40 - 8 * UInt64(index)))) }
    }

    /// A direction, 16 bits, LSB 360°/2¹⁶.
    mutating func putDirection(_ azimuth: Double) {
        let turns = azimuth / (2 * .pi)
        self.put16(Self.units(turns - turns.rounded(.down), 1 / 65_536, 0...65_536) & 0xFFFF)
    }

    /// Ground speed, LSB 2⁻¹⁴ NM/s, and direction, LSB 360°/2¹⁶.
    mutating func putGroundVector(_ velocity: Plot.Velocity, max: Int) {
        let speed = (velocity.north * velocity.north + velocity.east * velocity.east).squareRoot()
        self.put16(Self.units(speed, 1852 / 16_384, 0...max))
        let direction = atan2(velocity.east, velocity.north)
        self.putDirection(direction.isNaN ? 0 : direction)
    }
}
