import Air
import Geodesy
import Glibc

extension AsterixRecordBuffer {
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
